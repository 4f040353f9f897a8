"""What a scenario does to the people: factors by municipality and group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from accessibility.errors import did_you_mean, examples
from accessibility.population import Population
from accessibility.scenarios.changes import ChangePopulation


def change_people(
    population: Population, changes: Sequence[ChangePopulation]
) -> tuple[Population, list[str]]:
    """Multiply people, in order; a change of one group changes the cell's people by as many.

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
    cells, problems = population.cells.copy(), []
    for change in changes:
        problem = _problem(change, population)
        if problem:
            problems.append(problem)
            continue
        factor = float(change.factor or 0)
        rows = np.ones(len(cells), dtype=bool)
        if change.municipality is not None:
            rows = (cells["municipality"] == change.municipality).to_numpy(dtype=bool)
        if change.group is None:
            for column in ("people", *population.groups):
                cells.loc[rows, column] = cells.loc[rows, column] * factor
        else:
            more = cells[change.group].fillna(0.0) * (factor - 1)
            cells.loc[rows, change.group] = cells.loc[rows, change.group] * factor
            people = cells["people"] + more.to_numpy(dtype=np.float64)
            cells.loc[rows, "people"] = np.maximum(people, 0.0)[rows]
    return (population if problems else replace(population, cells=cells)), problems


def _problem(change: ChangePopulation, population: Population) -> str:
    """Say why a change cannot be applied; nothing where it can."""
    if change.factor is None:
        return "population: factor is missing"
    if change.factor == 1:
        return "population: factor = 1 alters nothing"
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
