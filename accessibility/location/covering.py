"""Covering: the fewest candidates that bring enough people within the limit.

A target that asks for a share is a partial covering problem. With cells i that are outside now and
within the limit of some candidate, y_j = 1 where candidate j is opened and x_i = 1 where cell i is
covered,

    minimise    sum_j y_j
    subject to  x_i <= sum of y_j over the candidates j that cover i
                sum_i g_i x_i >= need,      x_i in [0, 1], y_j in {0, 1}

A verdict is "met" where in / (in + out) >= r, counting the fewest people inside (low) and the most
outside (high). Covering the cell i adds low_i to `in` and takes high_i from `out`, so its weight is
g_i = (1 - r) low_i + r high_i and need = r out - (1 - r) in: met means met whatever the hidden
people of small groups are. Without hidden people g_i is the people of the cell.

Notes
-----
Source: set covering (LSCP), Toregas, Swain, ReVelle and Bergman (1971), Operations Research 19(6);
maximal covering (MCLP), Church and ReVelle (1974), Papers of the Regional Science Association 32.
Solved exactly by HiGHS through `scipy.optimize.milp`, its gap tolerances set to zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

from accessibility.coverage_table import joint_share
from accessibility.targets import at_least

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

#: How far `at_least` lets a share fall below what is required.
SHARE_TOLERANCE = 1e-12
#: Slack of a sum of people in the search: it may let a set pass that falls short by less than a
#: millionth of a person, never hold back one that does not. Every answer is counted again.
PEOPLE_TOLERANCE = 1e-6
#: Candidates compared with all others in one go, so that the table stays small.
CHUNK = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Who is inside now, whom each candidate reaches (cells x candidates), and what is required."""

    inside: Bools
    reach: Bools
    low: Floats
    high: Floats
    required: float

    def shares(self, opened: Ints) -> tuple[float, float]:
        """Give the lowest and the highest share once these candidates are open."""
        inside = self.inside | self._reached(opened)
        return joint_share(inside, self.low, self.high)[2:]

    def is_met(self, opened: Ints) -> bool:
        """Tell whether the target is met once these candidates are open."""
        return at_least(self.shares(opened)[0], self.required)

    def gained(self, opened: Ints) -> float:
        """Count the people (at least) who come within the limit."""
        return float(self.low[~self.inside & self._reached(opened)].sum())

    def _reached(self, opened: Ints) -> Bools:
        return np.asarray(self.reach[:, opened].any(axis=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cover:
    """The covering problem, made small.

    `gain` is the weight of each class of cells that the same candidates cover, `reach` says who
    covers it (classes x candidates), `candidates` are their columns, and `need` is the weight that
    must be covered.
    """

    gain: Floats
    reach: Bools
    candidates: Ints
    need: float


def _cover(task: Task) -> _Cover:
    """Put cells together that the same candidates cover; leave superfluous candidates out."""
    required = task.required - SHARE_TOLERANCE
    gain = (1 - required) * task.low + required * task.high
    out_high, in_low = task.high[~task.inside].sum(), task.low[task.inside].sum()
    open_cells = ~task.inside & (gain > 0) & task.reach.any(axis=1)
    gain, reach = _classes(gain[open_cells], task.reach[open_cells])
    kept = _undominated(reach)
    gain, reach = _classes(gain, reach[:, kept])
    need = float(required * out_high - (1 - required) * in_low)
    return _Cover(gain=gain, reach=reach, candidates=kept, need=need)


def _classes(gain: Floats, reach: Bools) -> tuple[Floats, Bools]:
    """Add up the cells that the same candidates cover."""
    _, first, which = np.unique(
        np.packbits(reach, axis=1), axis=0, return_index=True, return_inverse=True
    )
    return np.bincount(which.reshape(-1), weights=gain).astype(np.float64), reach[first]


def _undominated(reach: Bools) -> Ints:
    """List the candidates whose cells no other covers as well; of equals, the first.

    >>> _undominated(np.array([[True, True, True, False], [False, True, True, False]])).tolist()
    [1]
    """
    table = reach.astype(np.float32)
    size = table.sum(axis=0)
    number = np.arange(reach.shape[1])
    keep = size > 0
    for start in range(0, len(number), CHUNK):
        some = slice(start, start + CHUNK)
        within = table[:, some].T @ table == size[some, np.newaxis]
        better = (size > size[some, np.newaxis]) | (
            (size == size[some, np.newaxis]) & (number < number[some, np.newaxis])
        )
        keep[some] &= ~(within & better).any(axis=1)
    return np.flatnonzero(keep)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The candidates to open, how many are needed at least, and how many were useful at all."""

    chosen: Ints
    at_least: int
    useful: int


def smallest_cover(task: Task, *, time_limit_s: float) -> Found:
    """Find the fewest candidates that meet a task; of equal sets, that which gains most.

    Parameters
    ----------
    task
        One that is not met now and would be with all candidates.
    time_limit_s
        Most seconds for each of three searches: how few, which gains most, which ids.
    """
    search = _Search(task=task, cover=_cover(task), time_limit_s=time_limit_s)
    chosen, least = search.fewest()
    if least == len(chosen):
        chosen = search.best_of(chosen)
    return Found(chosen=chosen, at_least=least, useful=len(search.cover.candidates))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    task: Task
    cover: _Cover
    time_limit_s: float

    def fewest(self) -> tuple[Ints, int]:
        """Find a smallest set, and how many candidates are needed at least."""
        chosen = self._greedy()
        most = np.sort(self.cover.gain @ self.cover.reach)[::-1].cumsum()  # as if none overlapped
        least = 1 + int(np.searchsorted(most, self.cover.need - PEOPLE_TOLERANCE))
        cuts: list[Floats] = []
        while least < len(chosen):
            found = self._solve(self._ones, size=(least, len(chosen)), cuts=cuts)
            if found.mip_dual_bound is not None and np.isfinite(found.mip_dual_bound):
                least = max(least, int(np.ceil(found.mip_dual_bound - PEOPLE_TOLERANCE)))
            if found.x is None:
                break
            opened = self._opened(found)
            if self.task.is_met(opened):
                chosen = opened if len(opened) < len(chosen) else chosen
                break
            # short by less than the solver sees: whatever is met opens something outside this set
            cuts.append(np.where(np.isin(self.cover.candidates, opened), 0.0, 1.0))
        return chosen, min(least, len(chosen))

    def best_of(self, chosen: Ints) -> Ints:
        """Among the sets of this size, take the one that gains most; of equals, by the ids."""
        size = (0, len(chosen))
        best = self._counted(self._solve(0 * self._ones, size=size, gaining=True), len(chosen))
        if best is None:
            return chosen
        covered = self.cover.reach[:, np.isin(self.cover.candidates, best)].any(axis=1)
        most = float(self.cover.gain[covered].sum())
        places = np.arange(1.0, len(self._ones) + 1)
        first = self._counted(self._solve(places, size=size, need=most), len(chosen))
        return best if first is None else first

    @property
    def _ones(self) -> Floats:
        return np.ones(len(self.cover.candidates))

    def _greedy(self) -> Ints:
        """Open whoever adds most, one after the other, until the target is met."""
        left, chosen = self.cover.gain.copy(), np.empty(0, dtype=np.int64)
        while not self.task.is_met(chosen):
            added = left @ self.cover.reach
            best = int(added.argmax())
            if not added[best] > 0:  # all that can be gained is: only every candidate is left
                return self.cover.candidates
            chosen = np.append(chosen, self.cover.candidates[best])
            left[self.cover.reach[:, best]] = 0
        return chosen

    def _opened(self, found: OptimizeResult) -> Ints:
        """Read the opened candidates off an answer."""
        return self.cover.candidates[found.x[: len(self.cover.candidates)] > 0.5]

    def _counted(self, found: OptimizeResult, size: int) -> Ints | None:
        """Give the answer of a search that came to its end, if it holds when counted again."""
        if found.status != 0:
            return None
        opened = self._opened(found)
        return opened if len(opened) <= size and self.task.is_met(opened) else None

    def _solve(
        self,
        weights: Floats,
        *,
        size: tuple[int, int],
        need: float | None = None,
        cuts: list[Floats] | None = None,
        gaining: bool = False,
    ) -> OptimizeResult:
        """Search for the openings of least weight, or of the largest gain.

        `size` bounds their number, `need` is the weight to cover, of each of `cuts` one is opened.
        """
        classes, width = self.cover.reach.shape
        need = self.cover.need if need is None else need
        cuts = cuts or []
        on_candidates = csr_array(np.array([self._ones, *cuts]))
        covering = hstack([csr_array(-self.cover.reach.astype(np.float64)), eye_array(classes)])
        enough = np.concatenate([np.zeros(width), self.cover.gain])[np.newaxis]
        padded = hstack([on_candidates, csr_array((1 + len(cuts), classes))])
        lowest = [*[-np.inf] * classes, need - PEOPLE_TOLERANCE, size[0], *[1.0] * len(cuts)]
        highest = [*[0.0] * classes, np.inf, size[1], *[np.inf] * len(cuts)]
        return milp(
            np.concatenate([weights, -self.cover.gain if gaining else np.zeros(classes)]),
            integrality=np.concatenate([np.ones(width), np.zeros(classes)]),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(
                vstack([covering, csr_array(enough), padded], format="csr"), lowest, highest
            ),
            options={"time_limit": self.time_limit_s, "mip_rel_gap": 0.0},
        )
