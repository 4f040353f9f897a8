"""Cells on the page's map: where they are, who lives there, minutes and nearest site, by option."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from accessibility.coverage_table import seconds
from accessibility.errors import ScenarioError
from accessibility.findings import Findings
from accessibility.maps.compact import cell_places
from accessibility.maps.sheet import Json
from accessibility.maps.words import sentence, words_in
from accessibility.pages.map_lattice import Lattice, lattice_of, to_world
from accessibility.pages.map_legend import change_class

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Stands for a number of people that is withheld.
WITHHELD = -1
#: Stands for no way, and for no site.
NONE = -1
REACHED = "reached"


def lattice_of_run(run: Findings) -> Lattice | None:
    """Find the lattice of a run's cells, in the grid's own system or in the study's."""
    systems = [run.study.file.population.crs, run.study.crs]
    return lattice_of(run.population.cells, systems)


def order_of(lattice: Lattice | None, cells: int) -> npt.NDArray[np.intp]:
    """Give the order in which a page lists cells: by row, then by column."""
    if lattice is None:
        return np.arange(cells)
    return np.lexsort((lattice.column, lattice.row))


def steps(values: npt.ArrayLike) -> list[int]:
    """Write whole numbers as steps, each from the one before; the first from 0.

    Examples
    --------
    >>> steps([7, 8, 8, 3])
    [7, 1, 0, -5]
    >>> steps([])
    []
    """
    return [int(one) for one in np.diff(np.asarray(values, dtype=np.int64), prepend=0)]


def tick_s(bands_min: Sequence[float]) -> int:
    """Give the seconds in which a page counts time: whole minutes, unless a band is no whole one.

    Times are rounded up to it, so that nobody beyond a band seems to be within.

    Examples
    --------
    >>> tick_s([15, 30]), tick_s([7.5, 15])
    (60, 1)
    """
    return 60 if all(float(band).is_integer() for band in bands_min) else 1


def ticks(time_s: Floats, tick: int) -> Ints:
    """Round seconds up to ticks; `NONE` where there is no way."""
    known = np.isfinite(time_s)
    return np.where(known, np.ceil(np.where(known, time_s, 0) / tick), NONE).astype(np.int64)


def placed(
    cells: gpd.GeoDataFrame, lattice: Lattice | None, order: npt.NDArray[np.intp]
) -> Mapping[str, Json]:
    """Write where cells are: on their lattice where they have one, else corner by corner."""
    fitted = None if lattice is None else to_world(lattice, cells.crs)
    if lattice is None or fitted is None:
        return cell_places(cells.iloc[order])
    degree, x, y = fitted
    at = lattice.row[order] * lattice.columns + lattice.column[order]
    return {
        "columns": lattice.columns,
        "rows": lattice.rows,
        "degree": degree,
        "x": x,
        "y": y,
        "at": steps(at),
    }


def people_shown(people: Floats, min_people: int) -> list[int]:
    """Round people to whole; fewer than the least number that may be shown are withheld.

    Examples
    --------
    >>> people_shown(np.array([0.0, 9.9, 10.2]), 10)
    [-1, -1, 10]
    """
    whole = np.floor(people + 0.5).astype(np.int64)
    return [int(one) for one in np.where(people < min_people, WITHHELD, whole)]


def cells_data(
    runs: Sequence[Findings], site_index: Mapping[str, int], language: str, *, min_people: int
) -> dict[str, Json]:
    """Write the cells of all options: those of the first whole, of the others what differs.

    Parameters
    ----------
    runs
        The current situation first; all on the same cells.
    site_index
        Place of each site in the page's list.
    language
        Of the page.
    min_people
        Cells with fewer people are sent without their number.

    Raises
    ------
    ScenarioError
        If the cells differ.
    """
    first = runs[0]
    cells = first.population.cells
    if not all(run.population.cells.index.equals(cells.index) for run in runs[1:]):
        raise ScenarioError("the runs have different cells: they cannot be on one map")
    lattice = lattice_of_run(first)
    order = order_of(lattice, len(cells))
    tiers, tick = first.tiers.ids, tick_s(first.study.bands_min)
    return {
        "count": len(cells),
        "tick": tick,
        "place": placed(cells, lattice, order),
        "people": people_shown(first.population.people[order], min_people),
        "time": [steps(ticks(seconds(first.nearest, tier)[order], tick)) for tier in tiers],
        "site": [steps(_sites(first, tier, site_index)[order]) for tier in tiers],
        "status": _statuses(first, order, language),
        "options": [
            [_differing(first, run, tier, site_index, order, tick) for tier in tiers]
            for run in runs[1:]
        ],
    }


def _sites(run: Findings, tier: str, site_index: Mapping[str, int]) -> Ints:
    """Give each cell's nearest site by its place in the page's list."""
    nearest = run.nearest[f"site_{tier}"]
    return np.asarray(nearest.map(site_index).fillna(NONE), dtype=np.int64)


def _differing(
    before: Findings,
    after: Findings,
    tier: str,
    site_index: Mapping[str, int],
    order: npt.NDArray[np.intp],
    tick: int,
) -> Json:
    """Write the cells whose time or site an option changes: where, time, site, class of change."""
    old_s, new_s = (seconds(run.nearest, tier)[order] for run in (before, after))
    old_site, new_site = (_sites(run, tier, site_index)[order] for run in (before, after))
    rows = np.flatnonzero((old_s != new_s) | (old_site != new_site))
    return {
        "cell": steps(rows),
        "time": [int(one) for one in ticks(new_s[rows], tick)],
        "site": [int(one) for one in new_site[rows]],
        "change": [int(one) for one in change_class(old_s[rows], new_s[rows])],
    }


def _statuses(run: Findings, order: npt.NDArray[np.intp], language: str) -> Json:
    """Write how cells fare that are not simply reached: the words, the cells, and their word."""
    words = words_in(language)
    km = f"{run.study.file.snapping.max_leg_m / 1000:g}"
    status = pd.Series(run.status).to_numpy(dtype=object)[order]
    kinds = sorted(set(status) - {REACHED})
    rows = np.flatnonzero(status != REACHED)
    return {
        "words": [sentence(words[f"status_{one}"].format(km=km)) for one in kinds],
        "cell": steps(rows),
        "word": [kinds.index(one) for one in status[rows]],
    }
