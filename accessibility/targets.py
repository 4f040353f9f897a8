"""Targets: whether what a region promised holds, by how much, and where it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from accessibility.checks import ERROR_MIN, list_of, number, of_kind
from accessibility.coverage_table import areas_of, joint_share
from accessibility.opening_times import OpenSites, sites_open_at
from accessibility.population import Population, check_same_cells
from accessibility.services import MODEL_ERROR_MIN, WHOLE_AREA, Target, Tiers
from accessibility.sites import Sites
from accessibility.traveltime import TravelTimes

Floats = npt.NDArray[np.float64]
VerdictWord = Literal["met", "not_met", "undecided"]
SHIFT_MIN = 5
#: How the reason begins of a verdict that flips at an end of what is not known.
WITHIN_UNCERTAINTY = "uncertainty: "


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
        Share (low, and high) at 5 minutes less (where that leaves a limit) and more, in winter, and
        on roads 10 % slower; None where there is nobody to measure.
    by_municipality
        Worst first.
    reason
        Why it is undecided.
    flips_at_min
        The change of the limit in minutes, no larger than the model's error, at which the verdict
        is another; None: it holds within that error, or is undecided already.
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
    flips_at_min: float | None = None

    @property
    def is_within_uncertainty(self) -> bool:
        """Whether it is undecided because it flips within the study's uncertainty."""
        return self.reason.startswith(WITHIN_UNCERTAINTY)

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
            "flips_at_min": self.flips_at_min,
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
    model_error_min: float = MODEL_ERROR_MIN,
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
    model_error_min
        Minutes by which modelled times may be off; a verdict that another limit so near would turn
        says so in `flips_at_min`. 0: none.

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
    model_error_min = number(model_error_min, "model_error_min", ERROR_MIN)
    for matrix in (times, *(variants or {}).values(), *(uncertain or {}).values()):
        of_kind(matrix, "each matrix of variants and uncertain", TravelTimes)
        check_same_cells(matrix.cell_ids, population, "the travel times")
    verdicts = []
    for target in targets:
        serving = sites.serving(target.tier, tiers)
        counting = sites_open_at(sites, serving, target.open_at)
        if target.kind == "min_sites":
            verdicts.append(_count_verdict(target, counting))
            continue
        verdict = _share_verdict(
            target, counting, times, variants or {}, population, model_error_min
        )
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
    """How far people are from the sites that count, and the shares within a limit that follow.

    Parameters
    ----------
    certain_s, possible_s
        Seconds to the nearest site that is open for certain, and to the nearest that may be.
    low, high
        Fewest and most people of the target's group.
    """

    certain_s: Floats
    possible_s: Floats
    low: Floats
    high: Floats

    def shares(
        self, cutoff_s: int, rows: npt.NDArray[np.intp] | slice = slice(None)
    ) -> tuple[float, float] | None:
        """Return the lowest and the highest share; None where there is nobody to measure."""
        low, high = self.low[rows], self.high[rows]
        share_low = joint_share(self.certain_s[rows] <= cutoff_s, low, high)[2]
        share_high = joint_share(self.possible_s[rows] <= cutoff_s, low, high)[3]
        return None if np.isnan(share_low) else (share_low, share_high)


def _measured(
    target: Target, counting: OpenSites, times: TravelTimes, population: Population
) -> _Measured:
    low, high = population.bounds(target.group)
    certain_s = _seconds_to(times, counting.certain)
    is_sure = counting.possible == counting.certain
    possible_s = certain_s if is_sure else _seconds_to(times, counting.possible)
    return _Measured(certain_s=certain_s, possible_s=possible_s, low=low, high=high)


def _seconds_to(times: TravelTimes, site_ids: Sequence[str]) -> Floats:
    nearest = times.nearest(site_ids)["time_s"]
    return nearest.to_numpy(dtype=np.float64, na_value=np.inf)


def _share_verdict(
    target: Target,
    counting: OpenSites,
    times: TravelTimes,
    variants: Mapping[str, TravelTimes],
    population: Population,
    model_error_min: float,
) -> Verdict:
    required = float(target.share or 0)
    found = _measured(target, counting, times, population)
    shares = found.shares(target.cutoff_s)
    if shares is None:
        return Verdict(
            target=target, word="undecided", required=required, measured_low=None,
            measured_high=None, reason="nobody",
        )  # fmt: skip
    sensitivity = {
        f"{shift:+d}_min": found.shares(target.cutoff_s + 60 * shift)
        for shift in (-SHIFT_MIN, SHIFT_MIN)
        if target.cutoff_s + 60 * shift > 0  # there is no limit of no minutes, or of less
    }
    for name, other in variants.items():
        there = _measured(target, counting, other, population)
        sensitivity[name] = there.shares(target.cutoff_s)
    word = verdict_word(*shares, required)
    inside, low, high = found.certain_s <= target.cutoff_s, found.low, found.high
    worst_people = float(low[inside].sum() + high[~inside].sum())
    missing = required * worst_people - float(low[inside].sum())
    unknown = "hours" if counting.possible != counting.certain else "suppressed"
    return Verdict(
        target=target,
        word=word,
        required=required,
        measured_low=shares[0],
        measured_high=shares[1],
        people=float(high.sum()),
        people_missing=float(np.ceil(max(missing - 1e-6, 0.0))),
        sensitivity={name: None if one is None else one[0] for name, one in sensitivity.items()},
        sensitivity_high={
            name: None if one is None else one[1] for name, one in sensitivity.items()
        },
        by_municipality=_by_municipality(found, target.cutoff_s, population),
        reason=unknown if word == "undecided" else "",
        flips_at_min=_flip_within(found, target, required, word, model_error_min),
    )


def _flip_within(
    found: _Measured, target: Target, required: float, word: VerdictWord, error_min: float
) -> float | None:
    """Find the change of the limit, within the model's error, at which a verdict is another."""
    if word == "undecided" or not error_min > 0:
        return None
    shift_min = -error_min if word == "met" else error_min
    shares = found.shares(target.cutoff_s + round(60 * shift_min))
    if shares is None or verdict_word(*shares, required) == word:
        return None
    return shift_min


def _with_uncertainty(verdict: Verdict, ends: Mapping[str, _Measured]) -> Verdict:
    """Call a verdict undecided that flips at an end of what is not known."""
    words = {
        name: verdict_word(*shares, verdict.required)
        for name, end in ends.items()
        if (shares := end.shares(verdict.target.cutoff_s)) is not None
    }
    flips = [name for name, word in words.items() if word != verdict.word]
    if not flips or verdict.word == "undecided":
        return verdict
    why = WITHIN_UNCERTAINTY + ", ".join(flips)
    return replace(verdict, word="undecided", reason=why, flips_at_min=None)


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


def _by_municipality(
    found: _Measured, cutoff_s: int, population: Population
) -> tuple[AreaShare, ...]:
    """Work out every municipality's share, the worst first."""
    shares = []
    for name, rows in areas_of(population).items():
        if name == WHOLE_AREA:
            continue
        low, high = found.shares(cutoff_s, rows) or (None, None)
        outside = found.certain_s[rows] > cutoff_s
        shares.append(
            AreaShare(
                name=name,
                people=float(found.high[rows].sum()),
                measured_low=low,
                measured_high=high,
                people_outside=float(found.high[rows][outside].sum()),
            )
        )
    return tuple(
        sorted(
            shares,
            key=lambda one: (1.0 if one.measured_low is None else one.measured_low, one.name),
        )
    )
