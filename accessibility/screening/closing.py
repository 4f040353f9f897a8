"""Closing: sums and maxima over cells, for every single closure and every pair at once.

A cell feels the closing of a site only where that site is its nearest, and feels a pair as more
than its two sites apart only where

- both are nearest sites of the cell (each for another kind of service), or
- one is its nearest and the other its second nearest site of a kind.

There are at most a handful of such pairs a cell, whatever the number of sites. With f(c, S) what
closing the set S does to the cell c, and F(S) its sum over the cells,

    F({a, b}) = F({a}) + F({b}) + sum over those cells of [f(c, {a, b}) - f(c, {a}) - f(c, {b})]

so all pairs cost about as much as one look at the cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from accessibility.screening.labels import NO_SITE, Ints, Labels

Floats = npt.NDArray[np.float64]
#: What closing the sites a and b (the same for one) does to cells: shape (measures, cells).
Measure = Callable[[Ints, Ints, Ints], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closings:
    """Which sites are closed: all singles, then all pairs, each in the order of the ids.

    Parameters
    ----------
    first, second
        Columns of the matrix; `second` is `NO_SITE` for a single closure.
    width
        How many columns the matrix has.
    """

    first: Ints
    second: Ints
    width: int

    def __len__(self) -> int:
        return len(self.first)

    @property
    def is_pair(self) -> npt.NDArray[np.bool_]:
        """Whether two sites are closed."""
        return self.second != NO_SITE

    def columns(self) -> list[tuple[int, ...]]:
        """Give the columns of each closure."""
        return [
            (a,) if b == NO_SITE else (a, b)
            for a, b in zip(self.first.tolist(), self.second.tolist(), strict=True)
        ]

    def count(self, columns: Ints) -> Ints:
        """Count how many of some sites each closure takes away."""
        return np.isin(self.first, columns).astype(np.int64) + np.isin(self.second, columns)


def all_closings(columns: Ints, *, width: int, pairs: bool) -> Closings:
    """List every single closure of some sites, and every pair if asked.

    >>> all_closings(np.array([2, 5, 7]), width=9, pairs=True).columns()
    [(2,), (5,), (7,), (2, 5), (2, 7), (5, 7)]
    """
    one, other = np.triu_indices(len(columns) if pairs else 0, k=1)
    return Closings(
        first=np.concatenate([columns, columns[one]]),
        second=np.concatenate([np.full_like(columns, NO_SITE), columns[other]]),
        width=width,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Felt:
    """Where closures are felt: which cells by which single site, and by which pair as a pair.

    Parameters
    ----------
    closings
        What is closed.
    single_cell, single_site
        A row for each cell and site that is its nearest of some kind.
    pair_cell, pair_first, pair_second
        A row for each cell and pair that it feels as a pair; first < second.
    """

    closings: Closings
    single_cell: Ints
    single_site: Ints
    pair_cell: Ints
    pair_first: Ints
    pair_second: Ints

    def sums(self, measure: Measure) -> Floats:
        """Add a measure up over the cells, for every closure; shape (measures, closures)."""
        cell, site = self.single_cell, self.single_site
        singles = [_sum_by(site, row, self.closings.width) for row in measure(cell, site, site)]
        totals = np.array([single[self.closings.first] for single in singles])
        pair = self.closings.is_pair
        if pair.any():
            other, key = self.closings.second[pair], self._key(pair)
            extras = self._extras(measure)
            for total, single, extra in zip(totals, singles, extras, strict=True):
                total[pair] += single[other] + extra[key]
        return totals

    def maxima(self, measure: Measure) -> Floats:
        """Find the largest value of one measure over the cells, for every closure.

        The measure must never fall when one site more is closed; 0 where nobody feels it.
        """
        cell, site = self.single_cell, self.single_site
        single = np.zeros(self.closings.width)
        np.maximum.at(single, site, measure(cell, site, site)[0])
        most = single[self.closings.first]
        pair = self.closings.is_pair
        if pair.any():
            cell, a, b = self.pair_cell, self.pair_first, self.pair_second
            together = np.zeros(self.closings.width**2)
            np.maximum.at(together, a * self.closings.width + b, measure(cell, a, b)[0])
            apart = np.maximum(most[pair], single[self.closings.second[pair]])
            most[pair] = np.maximum(apart, together[self._key(pair)])
        return most

    def _extras(self, measure: Measure) -> list[Floats]:
        """Work out by how much each pair differs from its two sites apart, by key."""
        cell, a, b = self.pair_cell, self.pair_first, self.pair_second
        extra = measure(cell, a, b) - measure(cell, a, a) - measure(cell, b, b)
        key, size = a * self.closings.width + b, self.closings.width**2
        return [_sum_by(key, row, size) for row in extra]

    def _key(self, pair: npt.NDArray[np.bool_]) -> Ints:
        return self.closings.first[pair] * self.closings.width + self.closings.second[pair]


def _sum_by(key: Ints, weights: Floats, size: int) -> Floats:
    # of no rows at all, bincount makes integers
    return np.bincount(key, weights=weights, minlength=size).astype(np.float64)


def felt(kinds: Sequence[Labels], closings: Closings, *, cells: Ints) -> Felt:
    """Find where closures are felt.

    Parameters
    ----------
    kinds
        The labels of each kind of service; at least 2 deep, 3 for pairs.
    closings
        What is closed.
    cells
        The rows that count.
    """
    width = closings.width
    nearest = [kind.site[cells, 0] for kind in kinds]
    none = np.empty(0, dtype=np.int64)
    if len(kinds) == 1 and not closings.is_pair.any():  # nothing comes twice: no need to sort
        some = nearest[0] != NO_SITE
        return Felt(
            closings=closings,
            single_cell=cells[some],
            single_site=nearest[0][some],
            pair_cell=none,
            pair_first=none,
            pair_second=none,
        )
    keys = [cells[near != NO_SITE] * width + near[near != NO_SITE] for near in nearest]
    single_cell, single_site = np.divmod(np.unique(np.concatenate([none, *keys])), width)
    couples: list[tuple[Ints, Ints]] = []
    if closings.is_pair.any():
        couples = [(kind.site[cells, 0], kind.site[cells, 1]) for kind in kinds]
        couples += combinations(nearest, 2)
    pair_keys = [none]
    for one, other in couples:
        real = (one != NO_SITE) & (other != NO_SITE) & (one != other)
        low, high = np.minimum(one, other)[real], np.maximum(one, other)[real]
        pair_keys.append((cells[real] * width + low) * width + high)
    rest, pair_second = np.divmod(np.unique(np.concatenate(pair_keys)), width)
    pair_cell, pair_first = np.divmod(rest, width)
    return Felt(
        closings=closings,
        single_cell=single_cell,
        single_site=single_site,
        pair_cell=pair_cell,
        pair_first=pair_first,
        pair_second=pair_second,
    )
