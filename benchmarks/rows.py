"""Rows of the table: which work is measured against what, and what must come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from benchmarks.measuring import Arrays, Case, CaseError, Measured

GIB = 1024.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large the synthetic work is.

    Parameters
    ----------
    name
        "full" for the page, "quick" for the check, "tiny" for the tests.
    small, large, huge
        Junctions of the three networks.
    sites, cells, many_cells, points
        How many there are of each.
    timed
        Whether whole runs on real data and process starts are measured as well.
    """

    name: str
    small: int
    large: int
    huge: int
    sites: int
    cells: int
    many_cells: int
    points: int
    timed: bool = True


FULL = Size(
    name="full", small=100_000, large=1_000_000, huge=4_000_000,
    sites=200, cells=10_000, many_cells=100_000, points=100_000,
)  # fmt: skip
QUICK = Size(
    name="quick", small=20_000, large=100_000, huge=100_000,
    sites=100, cells=5_000, many_cells=20_000, points=20_000,
)  # fmt: skip
TINY = Size(
    name="tiny", small=400, large=500, huge=600,
    sites=12, cells=60, many_cells=120, points=50, timed=False,
)  # fmt: skip


def prefix_equal(ours: Arrays, peer: Arrays) -> str:
    """Check that every array of the peer equals the beginning of ours; say so.

    A peer that did a part of the work has fewer rows.
    """
    if not peer:
        raise AssertionError("the peer gave nothing to compare")
    for name, theirs in peer.items():
        mine = ours[name][: len(theirs)]
        if mine.shape != theirs.shape or not np.array_equal(mine, theirs):
            differing = (
                f"{np.count_nonzero(mine != theirs):,} of {theirs.size:,} values"
                if mine.shape == theirs.shape
                else f"shape {mine.shape} and {theirs.shape}"
            )
            raise AssertionError(f"{name} differs: {differing}")
    return "equal"


def nothing_to_compare(ours: Arrays, peer: Arrays) -> str:
    """Accept rows whose work has no result that both sides share."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the table.

    Parameters
    ----------
    name
        Short and unique, for `--rows`.
    work
        What is done, in words, with its sizes.
    ours
        Our case.
    peer, against
        The case of the tool or way that it is measured against, and its name; None where a limit
        alone is held.
    at_least
        Least ratio of the peer's time to ours.
    at_most_s, at_most_gib
        Longest time and largest memory of ours.
    facts_at_least, facts_at_most
        Bounds of further figures of ours, by name.
    same
        Checks that both did the same work: raises AssertionError, or says how they agree.
    quick
        Whether `bench-check` measures it.
    binds
        What keeps it from its target, where that is known: printed if it is missed.
    """

    name: str
    work: str
    ours: Case
    peer: Case | None = None
    against: str = ""
    at_least: float | None = None
    at_most_s: float | None = None
    at_most_gib: float | None = None
    facts_at_least: Mapping[str, float] = field(default_factory=dict)
    facts_at_most: Mapping[str, float] = field(default_factory=dict)
    same: Callable[[Arrays, Arrays], str] = prefix_equal
    quick: bool = True
    binds: str = ""

    @property
    def has_target(self) -> bool:
        """Whether anything is asked of it."""
        limits = (self.at_least, self.at_most_s, self.at_most_gib)
        return any((*limits, self.facts_at_least, self.facts_at_most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What measuring a row gave.

    Parameters
    ----------
    row
        The row.
    ours, peer
        What was measured; None where it failed, or where there is no peer.
    agreement
        How the results agree.
    failure
        Why the row failed; empty if it did not.
    profile
        Where our time goes; only for a missed target.
    """

    row: Row
    ours: Measured | None
    peer: Measured | None = None
    agreement: str = ""
    failure: str = ""
    profile: tuple[str, ...] = ()

    @property
    def ratio(self) -> float | None:
        """How many times as long the peer takes."""
        if self.ours is None or self.peer is None:
            return None
        return self.peer.median_s / self.ours.median_s

    @property
    def misses(self) -> tuple[str, ...]:
        """Say which parts of the target are not met."""
        row, ours = self.row, self.ours
        if ours is None:
            return ()
        found = []
        if row.at_least is not None and (self.ratio or 0.0) < row.at_least:
            found.append("ratio")
        if row.at_most_s is not None and ours.median_s > row.at_most_s:
            found.append("time")
        if row.at_most_gib is not None and ours.peak_mib > row.at_most_gib * GIB:
            found.append("memory")
        found += [k for k, least in row.facts_at_least.items() if ours.facts[k] < least]
        found += [k for k, most in row.facts_at_most.items() if ours.facts[k] > most]
        return tuple(found)

    @property
    def word(self) -> str:
        """Say in a word or two how the row came out."""
        if self.failure:
            return "**failed**"
        if self.misses:
            return f"**missed** ({', '.join(self.misses)})"
        return "met" if self.row.has_target else "no target"


def compare(row: Row, ours: Measured, peer: Measured | None) -> Outcome:
    """Hold what was measured against the row: same work first."""
    if peer is None:
        return Outcome(row=row, ours=ours)
    try:
        agreement = row.same(ours.compared, peer.compared)
    except (AssertionError, KeyError) as problem:
        return Outcome(row=row, ours=ours, peer=peer, failure=f"results differ: {problem}")
    return Outcome(row=row, ours=ours, peer=peer, agreement=agreement)


__all__ = ["FULL", "QUICK", "TINY", "CaseError", "Outcome", "Row", "Size", "compare"]
