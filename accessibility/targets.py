"""Targets: whether what a region promised holds, by how much, and where it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from accessibility.checks import list_of, of_kind
from accessibility.coverage_table import areas_of, joint_share
from accessibility.opening_times import OpenSites, sites_open_at
from accessibility.population import Population, check_same_cells
from accessibility.services import WHOLE_AREA, Target, Tiers
from accessibility.sites import Sites
from accessibility.traveltime import TravelTimes

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
VerdictWord = Literal["met", "not_met", "undecided"]
SHIFT_MIN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaShare:
    """How one municipality does: people, share inside (low and high), people outside at most."""

    name: str
    people: float
    measured_low: float | None
    measured_high: float | None
    people_outside: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict on one target.

    Parameters
    ----------
    target
        What was asked.
    word
        "met", "not_met", or "undecided" where what is not known could tip it.
    required
        The share (0..1) or number of sites asked for.
    measured_low, measured_high
        The share or number found; None where there is nobody to measure.
    people, people_missing
        People of the target's group (at most), and how many more would have to be inside.
    sensitivity, sensitivity_high
        Share (low, and high) at 5 minutes less and more, in winter, and on roads 10 % slower; None
        where there is nobody to measure.
    by_municipality
        Worst first.
    reason
        Why it is undecided.
    """

    target: Target
    word: VerdictWord
    required: float
    measured_low: float | None
    measured_high: float | None
    people: float = 0.0
    people_missing: float = 0.0
    sensitivity: Mapping[str, float | None] = field(default_factory=dict)
    sensitivity_high: Mapping[str, float | None] = field(default_factory=dict)
    by_municipality: tuple[AreaShare, ...] = ()
    reason: str = ""

    @property
    def margin(self) -> float | None:
        """Measured (low) less required."""
        return None if self.measured_low is None else self.measured_low - self.required

    def to_dict(self) -> dict[str, object]:
        """Give the verdict in the shape of targets.json."""
        target = self.target
        return {
            "id": target.id,
            "kind": target.kind,
            "tier": target.tier,
            "group": target.group,
            "within_min": target.within_min,
            "required": self.required,
            "measured_low": self.measured_low,
            "measured_high": self.measured_high,
            "verdict": self.word,
            "margin": self.margin,
            "people": self.people,
            "people_missing": self.people_missing,
            "sensitivity": dict(self.sensitivity),
            "sensitivity_high": dict(self.sensitivity_high),
            "status": target.status,
            "source": target.source,
            "reason": self.reason,
            "by_municipality": [
                {
                    "name": one.name,
                    "people": one.people,
                    "measured_low": one.measured_low,
                    "measured_high": one.measured_high,
                    "people_outside": one.people_outside,
                }
                for one in self.by_municipality
            ],
        }


def check_targets(
    times: TravelTimes,
    population: Population,
    sites: Sites,
    tiers: Tiers,
    targets: Sequence[Target],
    *,
    variants: Mapping[str, TravelTimes] | None = None,
    uncertain: Mapping[str, TravelTimes] | None = None,
) -> list[Verdict]:
    """Give a verdict on every target.

    Figures come from the cells' travel times to the region's own sites; the cutoff is inclusive.
    A target with `open_at` counts the sites that are open then; one whose hours are not known is
    left out of the lowest share and counted in the highest.

    Parameters
    ----------
    times
        The matrix.
    population, sites, tiers, targets
        The study.
    variants
        Matrices under other speeds, by the name that `sensitivity` gives them (`winter`,
        `slower_10_percent`), on the same cells and sites.
    uncertain
        Matrices at the ends of what is not known, by their names; a verdict that flips in one of
        them is undecided.

    Returns
    -------
    list of Verdict
        In the order of `targets`.

    Raises
    ------
    InputError
        If a matrix has other cells than the grid, or a target's tier or group is not there.
    """
    of_kind(times, "times", TravelTimes, "compute them with travel_times")
    of_kind(sites, "sites", Sites, "read them with read_sites")
    of_kind(tiers, "tiers", Tiers, "make them with Tiers((Tier(...), ...))")
    targets = list_of(targets, "targets", Target)
    for matrix in (times, *(variants or {}).values(), *(uncertain or {}).values()):
        check_same_cells(matrix.cell_ids, population, "the travel times")
    verdicts = []
    for target in targets:
        serving = sites.serving(target.tier, tiers)
        counting = sites_open_at(sites, serving, target.open_at)
        if target.kind == "min_sites":
            verdicts.append(_count_verdict(target, counting))
            continue
        verdict = _share_verdict(target, counting, times, variants or {}, population)
        ends = {
            name: _measured(target, counting, matrix, population)
            for name, matrix in (uncertain or {}).items()
        }
        verdicts.append(_with_uncertainty(verdict, ends))
    return verdicts


def _count_verdict(target: Target, counting: OpenSites) -> Verdict:
    low, high = float(len(counting.certain)), float(len(counting.possible))
    required = float(target.min_sites or 0)
    word = verdict_word(low, high, required)
    return Verdict(
        target=target,
        word=word,
        required=required,
        measured_low=low,
        measured_high=high,
        reason="hours" if word == "undecided" else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """Who is inside a target's limit for certain and perhaps, and the shares that follow."""

    inside: Mask
    perhaps: Mask
    time_s: Floats
    share_low: float
    share_high: float


def _measured(
    target: Target, counting: OpenSites, times: TravelTimes, population: Population
) -> _Measured:
    low, high = population.bounds(target.group)
    time_s = _seconds_to(times, counting.certain)
    inside = time_s <= target.cutoff_s
    perhaps = inside
    if counting.possible != counting.certain:
        perhaps = _seconds_to(times, counting.possible) <= target.cutoff_s
    return _Measured(
        inside=inside,
        perhaps=perhaps,
        time_s=time_s,
        share_low=joint_share(inside, low, high)[2],
        share_high=joint_share(perhaps, low, high)[3],
    )


def _seconds_to(times: TravelTimes, site_ids: Sequence[str]) -> Floats:
    nearest = times.nearest(site_ids)["time_s"]
    return nearest.to_numpy(dtype=np.float64, na_value=np.inf)


def _share_verdict(
    target: Target,
    counting: OpenSites,
    times: TravelTimes,
    variants: Mapping[str, TravelTimes],
    population: Population,
) -> Verdict:
    required = float(target.share or 0)
    low, high = population.bounds(target.group)
    found = _measured(target, counting, times, population)
    if np.isnan(found.share_low):
        return Verdict(
            target=target, word="undecided", required=required, measured_low=None,
            measured_high=None, reason="nobody",
        )  # fmt: skip
    sensitivity = {
        f"{shift:+d}_min": _share_within(found.time_s, target.cutoff_s + 60 * shift, low, high)
        for shift in (-SHIFT_MIN, SHIFT_MIN)
    }
    for name, other in variants.items():
        time_s = _seconds_to(other, counting.certain)
        sensitivity[name] = _share_within(time_s, target.cutoff_s, low, high)
    word = verdict_word(found.share_low, found.share_high, required)
    inside = found.inside
    worst_people = float(low[inside].sum() + high[~inside].sum())
    missing = required * worst_people - float(low[inside].sum())
    unknown = "hours" if counting.possible != counting.certain else "suppressed"
    return Verdict(
        target=target,
        word=word,
        required=required,
        measured_low=found.share_low,
        measured_high=found.share_high,
        people=float(high.sum()),
        people_missing=float(np.ceil(max(missing - 1e-6, 0.0))),
        sensitivity={name: one[0] for name, one in sensitivity.items()},
        sensitivity_high={name: one[1] for name, one in sensitivity.items()},
        by_municipality=_by_municipality(found, low, high, population),
        reason=unknown if word == "undecided" else "",
    )


def _with_uncertainty(verdict: Verdict, ends: Mapping[str, _Measured]) -> Verdict:
    """Call a verdict undecided that flips at an end of what is not known."""
    words = {
        name: verdict_word(end.share_low, end.share_high, verdict.required)
        for name, end in ends.items()
    }
    flips = [name for name, word in words.items() if word != verdict.word]
    if not flips or verdict.word == "undecided":
        return verdict
    return replace(verdict, word="undecided", reason=f"uncertainty: {', '.join(flips)}")


def verdict_word(share_low: float, share_high: float, required: float) -> VerdictWord:
    """Decide a target from the lowest and highest share that the data allow.

    >>> verdict_word(0.9, 0.95, 0.9), verdict_word(0.8, 0.85, 0.9), verdict_word(0.8, 0.95, 0.9)
    ('met', 'not_met', 'undecided')
    """
    if at_least(share_low, required):
        return "met"
    return "undecided" if at_least(share_high, required) else "not_met"


def at_least(share: float, required: float) -> bool:
    """Tell whether a share reaches what is required, blind to the last bits of its float.

    >>> at_least(0.1 + 0.2, 0.3), at_least(0.3 - 1e-9, 0.3)
    (True, False)
    """
    return share >= required - 1e-12


def _share_within(
    time_s: Floats, cutoff_s: int, low: Floats, high: Floats
) -> tuple[float | None, float | None]:
    _, _, share_low, share_high = joint_share(time_s <= cutoff_s, low, high)
    return (None, None) if np.isnan(share_low) else (share_low, share_high)


def _by_municipality(
    found: _Measured, low: Floats, high: Floats, population: Population
) -> tuple[AreaShare, ...]:
    """Work out every municipality's share, the worst first."""
    shares = []
    for name, rows in areas_of(population).items():
        if name == WHOLE_AREA:
            continue
        share_low = joint_share(found.inside[rows], low[rows], high[rows])[2]
        share_high = joint_share(found.perhaps[rows], low[rows], high[rows])[3]
        shares.append(
            AreaShare(
                name=name,
                people=float(high[rows].sum()),
                measured_low=None if np.isnan(share_low) else share_low,
                measured_high=None if np.isnan(share_high) else share_high,
                people_outside=float(high[rows][~found.inside[rows]].sum()),
            )
        )
    return tuple(
        sorted(
            shares,
            key=lambda one: (1.0 if one.measured_low is None else one.measured_low, one.name),
        )
    )
