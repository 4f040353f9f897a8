"""Closures: what closing one or two sites does, and all of them in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from math import isfinite
from typing import Literal, get_args

import pandas as pd

from accessibility.targets import VerdictWord

Objective = Literal["people-outside", "mean-minutes", "worst"]
OBJECTIVES: tuple[str, ...] = get_args(Objective)
#: How closures are ranked, as it is printed; `accessibility.screening.screen` does it.
RULE_FIRST = (
    "ranked first by tiers that no site would serve any more, then by targets for a number of "
    "sites that would break, then by people who would reach no site of a tier"
)
RULES: Mapping[str, str] = {
    "people-outside": "by people newly outside a target's limit, summed over the targets",
    "mean-minutes": "by minutes added over all people, summed over the tiers",
    "worst": "by the most minutes that anybody loses",
}
RULE_LAST = "by verdicts that turn, by person-minutes, by fewer sites, by ids"
SCHEMA_VERSION = 1


def _number(value: float | None) -> float | None:
    """Give a number as JSON can hold it: nothing where it is infinite."""
    return value if value is not None and isfinite(value) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetEffect:
    """What a closure does to one target.

    Parameters
    ----------
    target
        Its id.
    newly_outside_low, newly_outside_high
        People of its group, at least and at most, who were within its limit and no longer are;
        0 for a target that counts sites.
    measured_low, measured_high
        The share (0..1) or number of sites afterwards; None where there is nobody to measure.
    now_low, now_high
        The same before.
    before, after
        The verdict before and after.
    """

    target: str
    newly_outside_low: float
    newly_outside_high: float
    measured_low: float | None
    measured_high: float | None
    before: VerdictWord
    after: VerdictWord
    now_low: float | None = None
    now_high: float | None = None

    @property
    def flips(self) -> bool:
        """Whether the verdict changes."""
        return self.before != self.after

    def to_dict(self) -> dict[str, object]:
        """Give the effect as JSON has it."""
        return {
            "id": self.target,
            "newly_outside_low": self.newly_outside_low,
            "newly_outside_high": self.newly_outside_high,
            "measured_low": self.measured_low,
            "measured_high": self.measured_high,
            "before": self.before,
            "after": self.after,
            "flips": self.flips,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A site that people of a closed one would go to.

    Parameters
    ----------
    site, name
        Which it is.
    tier
        The tier at which people are counted: the closed site's base tier.
    people
        People whose nearest site of that tier was a closed one and now is this one.
    load
        All people whose nearest site of that tier is this one afterwards.
    capacity
        The room it has, in people; None where that is not known.
    """

    site: str
    name: str
    tier: str
    people: float
    load: float
    capacity: float | None = None

    @property
    def is_over_capacity(self) -> bool:
        """Whether its load would exceed its capacity; never where that is not known."""
        return self.capacity is not None and self.load > self.capacity

    def to_dict(self) -> dict[str, object]:
        """Give the receiver as JSON has it."""
        return {
            "site": self.site,
            "name": self.name,
            "tier": self.tier,
            "people": self.people,
            "load": self.load,
            "capacity": self.capacity,
            "over_capacity": self.is_over_capacity,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """What closing one site, or two, does.

    Minutes and affected people are counted over every tier that the closed sites serve, each tier
    by itself: who loses the hospital and drives longer to the reception loses the minutes as well.

    Parameters
    ----------
    rank
        Place in the order, 1 for the least harmful.
    sites, names, tiers
        Ids, names and own tiers of the closed sites, in the order of their ids.
    lost_tiers
        Tiers that the region's sites serve now and none would serve.
    broken
        Ids of the targets for a number of sites that are met now and would not be.
    harm
        What counts, after lost tiers, broken numbers of sites and people left without, under the
        screening's objective; infinite where somebody would be left without a tier and the
        objective counts minutes.
    targets
        In the study's order.
    people_affected
        People whose nearest site of some tier would change.
    people_left_without
        People who reach a site of some tier now and would reach none; of these, per tier that
        anybody loses, `left_without`.
    mean_added_min
        Minutes added on average over the tiers and the people affected there, those left without
        apart; None where that is nobody.
    person_minutes
        The same summed up: one trip of everybody affected to each tier; by tier in
        `person_minutes_by_tier`.
    worst_added_min
        The most minutes that anybody loses; infinite where somebody is left without, 0 where
        nobody lives who would notice.
    receivers
        Where people go at the base tier, most people first.
    """

    rank: int
    sites: tuple[str, ...]
    names: tuple[str, ...]
    tiers: tuple[str, ...]
    lost_tiers: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    harm: float
    targets: tuple[TargetEffect, ...]
    people_affected: float
    people_left_without: float
    left_without: Mapping[str, float] = field(default_factory=dict)
    mean_added_min: float | None
    person_minutes: float
    person_minutes_by_tier: Mapping[str, float] = field(default_factory=dict)
    worst_added_min: float
    receivers: tuple[Receiver, ...]

    @property
    def flips(self) -> tuple[str, ...]:
        """Ids of the targets whose verdict changes."""
        return tuple(effect.target for effect in self.targets if effect.flips)

    @property
    def over_capacity(self) -> tuple[str, ...]:
        """Ids of the receivers that would have more people than room."""
        return tuple(one.site for one in self.receivers if one.is_over_capacity)

    def to_dict(self) -> dict[str, object]:
        """Give the closure as JSON has it; what is infinite is null."""
        return {
            "rank": self.rank,
            "sites": list(self.sites),
            "names": list(self.names),
            "tiers": list(self.tiers),
            "lost_tiers": list(self.lost_tiers),
            "broken": list(self.broken),
            "harm": _number(self.harm),
            "targets": [effect.to_dict() for effect in self.targets],
            "flips": list(self.flips),
            "people_affected": self.people_affected,
            "people_left_without": self.people_left_without,
            "left_without": dict(self.left_without),
            "mean_added_min": self.mean_added_min,
            "person_minutes": self.person_minutes,
            "person_minutes_by_tier": dict(self.person_minutes_by_tier),
            "worst_added_min": _number(self.worst_added_min),
            "receivers": [one.to_dict() for one in self.receivers],
            "over_capacity": list(self.over_capacity),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """Every closure, from the least to the most harmful.

    Parameters
    ----------
    objective
        What the ranking is by; see `accessibility.screening.screen_closures`.
    tier
        Only sites of this own tier were candidates; None for all.
    closures
        In the order of their rank; empty where the region has no such site.
    """

    objective: Objective
    tier: str | None = None
    closures: tuple[Closure, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.closures)

    @property
    def rule(self) -> str:
        """What the ranking is by, in a sentence."""
        return f"{RULE_FIRST}; then {RULES[self.objective]}; then {RULE_LAST}"

    def to_dict(self) -> dict[str, object]:
        """Give the screening as JSON has it; an infinite number is null."""
        return {
            "schema_version": SCHEMA_VERSION,
            "objective": self.objective,
            "rule": self.rule,
            "tier": self.tier,
            "closures": [closure.to_dict() for closure in self.closures],
        }

    def to_frame(self) -> pd.DataFrame:
        """Give one row a closure.

        Returns
        -------
        DataFrame
            Indexed by `rank`: `sites`, `names`, `tiers`, `lost_tiers`, `broken`, `flips`,
            `over_capacity` (text, joined by "; "), `harm`, `people_affected`,
            `people_left_without`, `mean_added_min` (missing where nobody is affected),
            `person_minutes`, `person_minutes_<tier>`, `worst_added_min` (`inf` where somebody is
            left without) and, for each share target, `outside_<target>` (at most).
        """
        rows = [
            {
                "rank": one.rank,
                "sites": "; ".join(one.sites),
                "names": "; ".join(one.names),
                "tiers": "; ".join(one.tiers),
                "lost_tiers": "; ".join(one.lost_tiers),
                "broken": "; ".join(one.broken),
                "harm": one.harm,
                **{f"outside_{at.target}": at.newly_outside_high for at in one.targets},
                "flips": "; ".join(one.flips),
                "people_affected": one.people_affected,
                "people_left_without": one.people_left_without,
                "mean_added_min": one.mean_added_min,
                "person_minutes": one.person_minutes,
                **{
                    f"person_minutes_{tier}": minutes
                    for tier, minutes in one.person_minutes_by_tier.items()
                },
                "worst_added_min": one.worst_added_min,
                "over_capacity": "; ".join(one.over_capacity),
            }
            for one in self.closures
        ]
        columns = None if rows else ["rank", "sites", "names", "tiers", "harm"]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.astype({"harm": float}).set_index("rank")

    def __repr__(self) -> str:
        if not self.closures:
            return f"<Screening by {self.objective}: no closure>"
        first, last = self.closures[0], self.closures[-1]
        return (
            f"<Screening by {self.objective}: {len(self):,} closures, least harmful "
            f"{' + '.join(first.names)} ({first.harm:,.4g}), most harmful "
            f"{' + '.join(last.names)} ({last.harm:,.4g})>"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self)[1:-1])}</p>{self.to_frame().head(10).to_html()}"
