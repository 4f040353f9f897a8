"""Restoration: the smallest set of openings that restores a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from accessibility.errors import DataError, ScenarioError, examples
from accessibility.location.covering import Task, smallest_cover
from accessibility.population import Population
from accessibility.services import Target, Tiers
from accessibility.sites import Sites
from accessibility.targets import VerdictWord, verdict_word
from accessibility.traveltime import TravelTimes

Proof = Literal["optimal", "gap", "impossible"]

#: How long each search may take unless told: an answer in time, with its gap, beats none.
TIME_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """The smallest set of openings that restores a target.

    Parameters
    ----------
    target
        The target.
    opened
        Ids of the candidates to open, sorted; empty where none is needed or none helps.
    proof
        "optimal": fewer openings cannot do. "gap": the time ran out; no set of fewer than
        `at_least` can do, `opened` has more. "impossible": all candidates together cannot do.
    at_least
        No set of fewer openings than this restores the target; where it is impossible, 0.
    before_low, before_high
        The share (0..1) or number of sites now; None where there is nobody to measure.
    after_low, after_high
        The same with `opened`; where it is impossible, with all candidates open.
    people_gained
        People of the group, at least, who come within the limit.
    candidates, useful
        How many candidates there were, and how many of them reach anybody outside whom no other
        candidate reaches as well and more.
    """

    target: Target
    opened: tuple[str, ...]
    proof: Proof
    at_least: int
    before_low: float | None
    before_high: float | None
    after_low: float | None
    after_high: float | None
    people_gained: float = 0.0
    candidates: int = 0
    useful: int = 0

    @property
    def gap(self) -> int:
        """Openings that may be too many: those proposed less those proved necessary."""
        return len(self.opened) - self.at_least if self.proof != "impossible" else 0

    @property
    def after(self) -> VerdictWord:
        """The verdict afterwards."""
        if self.after_low is None or self.after_high is None:
            return "undecided"
        target = self.target
        required = target.share if target.min_sites is None else target.min_sites
        return verdict_word(self.after_low, self.after_high, float(required or 0))

    def to_dict(self) -> dict[str, object]:
        """Give the restoration as JSON has it."""
        return {
            "target": self.target.id,
            "kind": self.target.kind,
            "opened": list(self.opened),
            "proof": self.proof,
            "at_least": self.at_least,
            "gap": self.gap,
            "before_low": self.before_low,
            "before_high": self.before_high,
            "after_low": self.after_low,
            "after_high": self.after_high,
            "after": self.after,
            "people_gained": self.people_gained,
            "candidates": self.candidates,
            "useful": self.useful,
        }

    def __repr__(self) -> str:
        reached = "nobody to measure" if self.after_low is None else f"{self.after_low:.4g}"
        if self.proof == "impossible":
            return (
                f"<Restoration of {self.target.id}: impossible; all {self.candidates} candidates "
                f"reach {reached}>"
            )
        proof = "optimal" if self.proof == "optimal" else f"at least {self.at_least} are needed"
        opened = ", ".join(self.opened) or "nothing"
        return f"<Restoration of {self.target.id}: open {opened} ({proof}); then {reached}>"


def restore(
    target: Target,
    candidates: TravelTimes,
    times: TravelTimes,
    population: Population,
    sites: Sites,
    tiers: Tiers,
    *,
    counted: Sequence[str] | None = None,
    time_limit_s: float = TIME_LIMIT_S,
) -> Restoration:
    """Find the smallest set of openings that restores a target.

    A candidate is opened at the target's tier. Where several sets are equally small, the one that
    gains most people is taken (by the weights of the verdict, where people are hidden); of equal
    ones the one whose ids come first in the order of all ids, summed up. A candidate all of whose
    people another one reaches too is never proposed, save that of equals the smaller id is.

    Parameters
    ----------
    target
        The target to be met.
    candidates
        Travel times of the same cells to the places that might be opened; its `site_ids` are
        theirs.
    times, population, sites, tiers
        The region as it is, with what is closed left out of `sites`.
    counted
        Ids of the sites that count for the target; those that serve its tier unless told. Sites
        outside the region never count.
    time_limit_s
        Most seconds for each of the three searches (how few, which gains most, which ids); the
        answer may depend on the machine only where it is exceeded.

    Returns
    -------
    Restoration
        With no openings where the target is met already. For a target that counts sites, the first
        candidates by id that are needed.

    Raises
    ------
    DataError
        If the cells differ.
    ScenarioError
        If a candidate counts for the target already.

    Notes
    -----
    Cells that the same candidates cover are one cell to the search, and candidates that another
    makes superfluous are left out first; neither changes the smallest number.
    """
    own = _counted(sites, sites.serving(target.tier, tiers) if counted is None else counted)
    _check(target, candidates, times, population, own)
    if target.kind == "min_sites":
        return _restore_count(target, candidates, len(own))
    now_s = times.time_s[:, times.site_ids.isin(own)]
    task = Task(
        inside=np.asarray((now_s <= target.cutoff_s).any(axis=1)),
        reach=candidates.time_s <= target.cutoff_s,
        low=population.bounds(target.group)[0],
        high=population.bounds(target.group)[1],
        required=float(target.share or 0),
    )
    return _restore_share(target, candidates, task, time_limit_s)


def _counted(sites: Sites, ids: Sequence[str]) -> list[str]:
    """Leave out the sites outside the region."""
    external = set(sites.ids[sites.is_external])
    return [sites.check_id(one) for one in ids if one not in external]


def _check(
    target: Target,
    candidates: TravelTimes,
    times: TravelTimes,
    population: Population,
    counted: Sequence[str],
) -> None:
    for what, matrix in (("the candidates", candidates), ("the sites", times)):
        if not matrix.cell_ids.equals(population.cells.index):
            raise DataError(
                f"the travel times to {what} and the population grid have different cells, or in "
                "another order; compute the times for this grid"
            )
    twice = candidates.site_ids[candidates.site_ids.isin(list(counted))]
    if len(twice):
        raise ScenarioError(
            f'the candidates {examples(twice)} count for the target "{target.id}" already; leave '
            "them out, or close them first"
        )


def _restore_count(target: Target, candidates: TravelTimes, count: int) -> Restoration:
    """Open as many candidates as sites are missing."""
    missing = max((target.min_sites or 0) - count, 0)
    ids = list(candidates.site_ids)
    enough = missing <= len(ids)
    after = float(count + min(missing, len(ids)))
    return Restoration(
        target=target,
        opened=tuple(ids[:missing]) if enough else (),
        proof="optimal" if enough else "impossible",
        at_least=missing if enough else 0,
        before_low=float(count),
        before_high=float(count),
        after_low=after,
        after_high=after,
        candidates=len(ids),
        useful=len(ids),
    )


def _restore_share(
    target: Target, candidates: TravelTimes, task: Task, time_limit_s: float
) -> Restoration:
    every, nothing = np.arange(task.reach.shape[1]), np.empty(0, dtype=np.int64)
    useful = 0
    chosen, least = nothing, 0
    if not task.is_met(every):
        proof: Proof = "impossible"
        chosen = every
    elif task.is_met(nothing):
        proof = "optimal"
    else:
        found = smallest_cover(task, time_limit_s=time_limit_s)
        chosen, least, useful = found.chosen, found.at_least, found.useful
        proof = "optimal" if least == len(chosen) else "gap"
    before, after = task.shares(nothing), task.shares(chosen)
    nobody = bool(np.isnan(before[0]))
    return Restoration(
        target=target,
        opened=() if proof == "impossible" else tuple(candidates.site_ids[np.sort(chosen)]),
        proof=proof,
        at_least=least,
        before_low=None if nobody else before[0],
        before_high=None if nobody else before[1],
        after_low=None if nobody else after[0],
        after_high=None if nobody else after[1],
        people_gained=task.gained(chosen),
        candidates=len(every),
        useful=useful,
    )
