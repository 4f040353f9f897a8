"""What a scenario does to the people: factors by municipality and group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from accessibility.errors import did_you_mean, examples
from accessibility.population import Population
from accessibility.scenarios.changes import ChangePopulation
from accessibility.services import EVERYBODY

Floats = npt.NDArray[np.float64]


def change_people(
    population: Population, changes: Sequence[ChangePopulation]
) -> tuple[Population, list[str]]:
    """Multiply people, in order; a change of one group changes the cell's people by as many.

    A factor multiplies the hidden part of a group as it multiplies the known one. Where a group is
    hidden, the people of its cell are then known only by bounds: the grid's `people` are the fewest
    and `Population.ranges` has both ends.

    Parameters
    ----------
    population
        The grid.
    changes
        Changes with a factor.

    Returns
    -------
    tuple
        The grid after them, and the problems.
    """
    problems, growth = [], _Growth.of(population)
    for change in changes:
        problem = _problem(change, population)
        if problem:
            problems.append(problem)
            continue
        rows = np.ones(len(population.cells), dtype=bool)
        if change.municipality is not None:
            rows = (population.cells["municipality"] == change.municipality).to_numpy(dtype=bool)
        growth = growth.multiplied(rows, float(change.factor or 0), change.group)
    return (population if problems or not changes else growth.applied(population)), problems


@dataclass(frozen=True, slots=True, kw_only=True)
class _Growth:
    """Factors as they stand after some changes.

    With x(g) the people of a group g in a cell before all changes and p all its people, the group
    has f(g) x(g) people afterwards and the cell a p + sum over g of k(g) x(g). Both are linear, so
    that a hidden x(g) between two bounds gives exact bounds of both.

    Parameters
    ----------
    everybody
        a, shape (cells,).
    own, more
        f and k by group, shape (cells,) each.
    """

    everybody: Floats
    own: Mapping[str, Floats]
    more: Mapping[str, Floats]

    @classmethod
    def of(cls, population: Population) -> _Growth:
        """Start with factors that alter nothing."""
        one = np.ones(len(population.cells))
        return cls(
            everybody=one,
            own=dict.fromkeys(population.groups, one),
            more=dict.fromkeys(population.groups, np.zeros_like(one)),
        )

    def multiplied(self, rows: npt.NDArray[np.bool_], factor: float, group: str | None) -> _Growth:
        """Multiply one group, or everybody, in some cells."""
        by_cell = np.where(rows, factor, 1.0)
        if group is None:
            return _Growth(
                everybody=self.everybody * by_cell,
                own={name: one * by_cell for name, one in self.own.items()},
                more={name: one * by_cell for name, one in self.more.items()},
            )
        own = self.own[group]
        more = self.more[group] + (by_cell - 1) * own
        return replace(
            self, own={**self.own, group: own * by_cell}, more={**self.more, group: more}
        )

    def applied(self, population: Population) -> Population:
        """Give the grid with these factors."""
        before = {group: population.bounds(group) for group in population.groups}
        low, high = self._people(population, before)
        cells = population.cells.copy()
        cells["people"] = low
        for group in population.groups:
            cells[group] = cells[group] * self.own[group]
        grown = replace(population, cells=cells, ranges={})
        is_hidden = any(population.cells[group].isna().any() for group in population.groups)
        alters_groups = any(one.any() for one in self.more.values())
        if not population.ranges and not (is_hidden and alters_groups):
            return grown  # the bounds follow from the cells as before
        ranges = {
            group: (one[0] * self.own[group], one[1] * self.own[group])
            for group, one in before.items()
        }
        return replace(grown, ranges={**ranges, EVERYBODY: (low, high)})

    def _people(
        self, population: Population, before: Mapping[str, tuple[Floats, Floats]]
    ) -> tuple[Floats, Floats]:
        """Work out the fewest and the most people of each cell."""
        low, high = (self.everybody * one for one in population.bounds(EVERYBODY))
        alone = set(population.groups)
        for part in population.partition:
            if population.ranges:  # bounds of bounds: each group by itself, never too narrow
                break
            alone -= set(part)
            few, most = _of_partition(population, part, [self.more[group] for group in part])
            low, high = low + few, high + most
        for group in sorted(alone):
            ends = [self.more[group] * one for one in before[group]]
            low, high = low + np.minimum(*ends), high + np.maximum(*ends)
        return np.maximum(low, 0.0), np.maximum(high, 0.0)


def _of_partition(
    population: Population, part: Sequence[str], more: Sequence[Floats]
) -> tuple[Floats, Floats]:
    """Add up what the groups of a partition bring, at least and at most.

    What the known groups leave over is one sum, spread over the hidden ones in any way: it brings
    the least where all of it is in the hidden group that grows least.
    """
    known, grows = population.known(*part), np.column_stack(more)
    hidden = np.isnan(known)
    rest = np.maximum(population.people - np.nansum(known, axis=1), 0.0)
    sure = np.nansum(known * grows, axis=1)
    any_hidden = hidden.any(axis=1)
    least = np.where(hidden, grows, np.inf).min(axis=1)
    most = np.where(hidden, grows, -np.inf).max(axis=1)
    return (
        sure + np.where(any_hidden, rest * np.where(any_hidden, least, 0.0), 0.0),
        sure + np.where(any_hidden, rest * np.where(any_hidden, most, 0.0), 0.0),
    )


def _problem(change: ChangePopulation, population: Population) -> str:
    """Say why a change cannot be applied; nothing where it can."""
    if change.factor is None:
        return "population: factor is missing"
    if change.factor == 1:
        return "population: factor = 1 alters nothing"
    return unknown_names(change, population)


def unknown_names(change: ChangePopulation, population: Population) -> str:
    """Say that a change names a municipality or group that the grid does not have; "" if it has."""
    municipality = population.municipalities
    if change.municipality is not None:
        names = [] if municipality is None else sorted(pd.unique(municipality.dropna()))
        if change.municipality not in names:
            return (
                f'population: there is no municipality "{change.municipality}" in the grid'
                f"{did_you_mean(change.municipality, names)}"
            )
    if change.group is not None and change.group not in population.groups:
        return (
            f'population: there is no group "{change.group}"'
            f"{did_you_mean(change.group, population.groups)}; known: {examples(population.groups)}"
        )
    return ""
