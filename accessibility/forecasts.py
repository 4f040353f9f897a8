"""Forecasts: the people of a scenario, from another grid of the same cells or by factors.

A forecast is never scaled to today's register: that would undo it. Where the study scales today's
grid, the same factors (register / grid, by municipality) correct the forecast, so that a file equal
to today's gives today's people, and one with half of them gives half. A forecast may name a
register of its own year instead, or be taken as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from accessibility.errors import InputError, examples
from accessibility.population import Population, register_factors
from accessibility.reading import read_population
from accessibility.scenarios import ChangePopulation, change_people, unknown_names
from accessibility.services import EVERYBODY
from accessibility.sources.grids import with_register
from accessibility.study import Study

#: Cells of two grids are the same if their centres are no further apart: files round coordinates.
SAME_PLACE_M = 1.0


def changed_people(
    study: Study, today: Population, changes: Sequence[ChangePopulation]
) -> tuple[Population, list[str], list[str]]:
    """Apply the changes of people: another grid first, then factors.

    Parameters
    ----------
    study
        The study, whose columns the other grid has.
    today
        The people before.
    changes
        In the order of the scenario.

    Returns
    -------
    tuple
        The people after, sentences on what was taken, and problems; with problems, the people are
        those before.
    """
    problems: list[str] = []
    effects: list[str] = []
    population, factors = today, []
    taken: list[str | None] = []
    for change in changes:
        if (change.source is None) == (change.factor is None):
            problems.append("population: give either source or factor")
        elif change.source is None:
            factors.append(change)
            if change.register is not None:
                problems.append("population: a register goes with source, not with a factor")
        elif factors:
            problems.append(
                f"population: {Path(change.source).name} comes after a factor and would replace "
                "what it does; put source first"
            )
        elif None in taken or change.municipality in taken or (taken and not change.municipality):
            problems.append(
                f"population: {Path(change.source).name} would replace the people of another "
                "source; give each municipality one source"
            )
        else:
            taken.append(change.municipality)
            population, said = _forecast(study, today, population, change, problems)
            effects += said
    grown, found = change_people(population, factors)
    if not problems and not found and not grown.people.sum() > 0:
        found = ["population: nobody is left after these changes: no share can be told"]
    for change in factors if not problems and not found else ():
        effects += _said_of_factor(change)
    if grown.ranges and not problems and not found:
        effects.append(_said_of_ranges(grown))
    problems += found
    return (today if problems else grown), effects, problems


def _said_of_ranges(grown: Population) -> str:
    """Say that a group is hidden where it was multiplied, so that people are known by bounds."""
    low, high = grown.bounds(EVERYBODY)
    return (
        f"population: a group is hidden in cells where a factor multiplies it: there are "
        f"{low.sum():,.0f} to {high.sum():,.0f} people; where one number stands it is the fewest"
    )


def _said_of_factor(change: ChangePopulation) -> list[str]:
    """Name the year that a factor stands for, where it is given."""
    if change.year is None:
        return []
    who = "everybody" if change.group is None else f"the group {change.group}"
    where = "" if change.municipality is None else f" in {change.municipality}"
    return [f"population: {who}{where} multiplied by {change.factor:g} stands for {change.year}"]


def _forecast(
    study: Study,
    today: Population,
    before: Population,
    change: ChangePopulation,
    problems: list[str],
) -> tuple[Population, list[str]]:
    """Read another grid of the same cells, with the study's own columns."""
    assert change.source is not None  # noqa: S101
    name = Path(change.source).name
    unknown = _unknown(change, before)
    if unknown:
        problems += unknown
        return before, []
    part = study.file.population.model_copy(update={"source": change.source, "register_": None})
    file = study.file.model_copy(update={"population": part})
    try:
        read = read_population(replace(study, file=file))
        problem = _other_cells(read, before, name)
        if problem:
            problems.append(problem)
            return before, []
        after = replace(read, cells=read.cells.loc[before.cells.index])
        after, how = _corrected(study, today, after, change)
    except InputError as error:
        problems.append(str(error))
        return before, []
    year = "" if change.year is None else f" of {change.year}"
    where = "" if change.municipality is None else f" of {change.municipality}"
    if change.municipality is not None:
        after = _in_municipality(before, after, change.municipality)
    return after, [f"population: the people{year}{where} are those of {name}, {how}"]


def _unknown(change: ChangePopulation, population: Population) -> list[str]:
    """Say what a source cannot be limited to."""
    found = [
        problem
        for problem in (
            unknown_names(replace(change, group=None), population),
            unknown_names(replace(change, municipality=None), population),
        )
        if problem
    ]
    if not found and change.group is not None:
        found.append(
            f'population: source with group = "{change.group}": the figures of one group say '
            "nothing of the others and of all people; leave group out, or give a factor"
        )
    return found


def _other_cells(after: Population, before: Population, name: str) -> str:
    """Say that two grids have different cells; nothing where they are the same, in any order."""
    here, there = before.cells.index, after.cells.index
    missing, more = here.difference(there), there.difference(here)
    if len(missing) or len(more):
        said = [
            f"{len(ids):,} {what} ({examples(ids)})"
            for ids, what in ((missing, "are missing"), (more, "are new"))
            if len(ids)
        ]
        return (
            f"population: {name} has other cells than the baseline: {', '.join(said)}; a scenario "
            "needs the same cells, so that before and after can be compared one by one: give "
            "0 people where nobody lives, in both"
        )
    moved = np.abs(after.cells.loc[here, ["x", "y"]].to_numpy() - before.xy).max(axis=1)
    far = moved > SAME_PLACE_M
    if far.any():
        return (
            f"population: {name} has the baseline's cells at other places: {examples(here[far])}; "
            "the same id must be the same cell"
        )
    return ""


def _corrected(
    study: Study, today: Population, after: Population, change: ChangePopulation
) -> tuple[Population, str]:
    """Scale a forecast to its own register, or by today's factors, or take it as it stands."""
    own, part = change.register, study.file.population.register_
    if own is False:
        return after, "as they stand"
    if own is not None:
        compared = with_register(
            after,
            Path(own.source),
            municipality=own.municipality or (part.municipality if part else "municipality"),
            people=own.people or (part.people if part else "people"),
            scale=own.scale,
        )
        done = "scaled to" if own.scale else "compared with"
        return compared, f"{done} its own register {Path(own.source).name}"
    if part is None or not part.scale or today.register is None:
        return after, "as they stand"
    factor = register_factors(today.register)
    by_cell = today.municipalities  # the same cells: names may have merged by then
    assert by_cell is not None  # noqa: S101  (a register needs municipalities)
    values = by_cell.map(factor).fillna(1.0).to_numpy(dtype=np.float64)
    cells = after.cells.copy()
    for column in ("people", *after.groups):
        cells[column] = cells[column] * values
    counts = {**after.counts, "people": float(cells["people"].sum())}
    said = (
        f"multiplied by today's register / grid by municipality ({factor.min():.2f} to "
        f"{factor.max():.2f}), as today's are; they are not scaled to today's register. "
        "register = false takes them as they stand, register = { source = ... } names their own"
    )
    return replace(after, cells=cells, counts=counts, register=today.register), said


def _in_municipality(before: Population, after: Population, name: str) -> Population:
    """Take the people of one municipality from another grid, all others from the one before."""
    rows = (before.cells["municipality"] == name).to_numpy(dtype=bool)
    cells = before.cells.copy()
    for column in ("people", *before.groups):
        cells[column] = pd.array(
            np.where(
                rows,
                after.cells[column].to_numpy(dtype=np.float64, na_value=np.nan),
                cells[column].to_numpy(dtype=np.float64, na_value=np.nan),
            ),
            "float64" if column == "people" else "Float64",
        )
    ranges = {
        group: tuple(
            np.where(rows, new, old)
            for new, old in zip(after.bounds(group), before.bounds(group), strict=True)
        )
        for group in before.ranges
    }
    common = tuple(part for part in before.partition if part in after.partition)
    return replace(before, cells=cells, ranges=ranges, partition=common)  # type: ignore[arg-type]
