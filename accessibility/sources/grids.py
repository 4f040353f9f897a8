"""Reads population grids: points or squares, StatFin and Eurostat columns, any lattice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from accessibility.checks import CELL_SIZE_M, FINITE, number, text
from accessibility.errors import PopulationError, StudyError, did_you_mean, examples
from accessibility.partition import SAME_PEOPLE, Partition, taken_partition
from accessibility.population import FEWEST, MOST, OWN_COLUMNS, Population, compare_with_register
from accessibility.projections import transformer
from accessibility.sources.doubts import (
    alike_names,
    like_a_total,
    more_than_all,
    refuse_totals,
)
from accessibility.sources.lattices import Lattice, count_overlapping, lattice_of
from accessibility.sources.places import projected_crs, to_study
from accessibility.sources.tables import Table, plain_text, read_table

Floats = npt.NDArray[np.float64]

GRID_ID = re.compile(
    r"(?:[A-Z]{2}_)?(?:CRS(?P<crs>\d+))?RES(?P<size>\d+)mN(?P<north>\d+)E(?P<east>\d+)"
)
SHORT_GRID_ID = re.compile(r"(?P<size>\d+)(?P<unit>k?m)N(?P<north>\d+)E(?P<east>\d+)")

#: How the names of our own columns in tables of cells begin.
RESERVED = ("time_s_", "site_", FEWEST, MOST)
#: Cells so small are addresses: several households may share one, but not most of them.
LARGEST_ADDRESS_M = 50.0
MOST_SHARED = 0.5
ANCHORS = ("centre", "lower-left")
#: Cells that differ more than this in size are said to.
MIXED_SIZES = 1.05

#: Groups that add up in half of the cells, or whose sum over all cells is within this share of the
#: people, are meant to add up: cells where they do not are perturbed (said; it changes no figure).
BLURRED = 0.02

#: Columns of well-known grids: people, groups, id, municipality, x, y (lower left), crs.
KNOWN_COLUMNS: tuple[Mapping[str, object], ...] = (
    {
        "name": "Eurostat census grid 2021",
        "people": "T",
        "groups": {"0-14": "Y_LT15", "15-64": "Y_1564", "65+": "Y_GE65"},
        "id": "GRD_ID",
    },
    {
        "name": "Statistics Finland population grid",
        "people": "vaesto",
        "groups": {"0-14": "ika_0_14", "15-64": "ika_15_64", "65+": "ika_65_"},
        "id": "grd_id",
        "municipality": "kunta",
        "suppressed": -1,
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridColumns:
    """Which columns of a grid file hold what; see CONTRACT in the documentation of a study."""

    people: str | None = None
    id: str | None = None
    x: str | None = None
    y: str | None = None
    crs: str | None = None
    anchor: str = "centre"
    cell_size_m: float | str | None = None
    layer: str | None = None
    groups: Mapping[str, str] | None = None
    partition: Sequence[Sequence[str]] | None = None
    municipality: str | None = None
    suppressed: float | str | Sequence[float | str] | None = None
    keep: Mapping[str, Sequence[object]] | None = None

    def __post_init__(self) -> None:
        if self.anchor not in ANCHORS:
            raise StudyError(f'anchor is "{self.anchor}"; expected one of {examples(ANCHORS)}')
        for name in ("people", "id", "x", "y", "municipality", "layer"):
            if getattr(self, name) is not None:
                text(getattr(self, name), f"population.{name}")
        if self.cell_size_m is not None and not isinstance(self.cell_size_m, str):
            number(self.cell_size_m, "population.cell_size_m", CELL_SIZE_M)
        hidden = self.suppressed
        if hidden is not None:
            is_one = isinstance(hidden, str) or not isinstance(hidden, Iterable)
            for code in [hidden] if is_one else hidden:  # type: ignore[union-attr]
                if not isinstance(code, str):
                    number(code, "population.suppressed", FINITE)
        for name, kind in (("groups", "column"), ("keep", "list of values")):
            value = getattr(self, name)
            if value is not None and not isinstance(value, Mapping):
                raise StudyError(f"population.{name} must be a table: a {kind} by name")
        for name, column in (self.groups or {}).items():
            text(column, f"population.groups.{name}")
        for name, values in (self.keep or {}).items():
            if isinstance(values, str) or not isinstance(values, Iterable):
                raise StudyError(
                    f'population.keep.{name} is "{values}", expected a list: ["{values}"]'
                )


def read_grid(path: Path, columns: GridColumns, *, crs: str) -> Population:
    """Read a population grid.

    Parameters
    ----------
    path
        .csv, .parquet, .gpkg or .geojson; points or squares.
    columns
        Which column holds what; where `people` is not named, the columns of well-known grids
        (Statistics Finland, Eurostat) are looked for.
    crs
        The study's CRS.

    Raises
    ------
    DataError
        Naming the file, the rows and the mend.
    """
    table = read_table(path, "population.source", layer=columns.layer)
    columns, notes = _recognise(table, columns)
    table, dropped = _keep(table, columns)
    named = [one for one in (columns.id, columns.municipality) if one in table.frame.columns]
    refuse_totals(table, [one for one in named if one is not None])
    people = _people(table, columns)
    groups, group_counts = _groups(table, columns, people)
    lattice = _places(table, columns, crs)
    centre = lattice.centre
    ids = _ids(table, columns, centre)
    frame: dict[str, object] = {"x": centre[:, 0], "y": centre[:, 1], "people": people}
    frame |= groups
    known = {name: one.to_numpy(dtype=np.float64, na_value=np.nan) for name, one in groups.items()}
    doubts = [like_a_total(table, people), more_than_all(people, known)]
    if columns.municipality:
        name = table.text(columns.municipality, "population.municipality")
        doubts.append(alike_names(one for one in name if one))
        frame["municipality"] = pd.array([one or pd.NA for one in name], dtype="string")
    cells = gpd.GeoDataFrame(frame, geometry=lattice.squares, crs=crs, index=ids)
    _check_unique(cells, table, lattice.size_m)
    try:
        population = Population(cells=cells, groups=tuple(groups))
    except PopulationError as problem:
        raise PopulationError(f"{path}: {problem}") from None
    partition, partition_note = _partition(table, population, columns)
    return replace(
        population,
        partition=partition,
        counts={
            "cells": len(cells),
            "people": float(people.sum()),
            "cell_size_m": lattice.size_m,
            "overlapping_cells": lattice.overlapping,
            **dropped,
            **group_counts,
            **_hidden_people(replace(population, partition=partition)),
            "cells_without_people": int((people == 0).sum()),
        },
        notes=(
            *table.notes,
            *notes,
            *(f"{path.name}: {note}" for note in (*lattice.notes, *doubts, partition_note) if note),
        ),
    )


def _partition(table: Table, population: Population, columns: GridColumns) -> tuple[Partition, str]:
    """Decide which groups partition the people; see `accessibility.partition`."""
    try:
        return taken_partition(
            population.people,
            population.known(*population.groups),
            population.groups,
            columns.partition,
            cell_ids=list(population.cells.index),
        )
    except PopulationError as problem:
        raise PopulationError(f"{table.path}: {problem}") from None


def _hidden_people(population: Population) -> dict[str, float]:
    """Count people whose group is not known: in each cell, those of the least known group."""
    widths = [high - low for low, high in map(population.bounds, population.groups)]
    return {"suppressed_people": float(np.max(widths, axis=0).sum())} if widths else {}


def read_register(path: Path, municipality: str, people: str) -> pd.Series:
    """Read the register's residents by municipality."""
    table = read_table(path, "population.register.source")
    names = table.text(municipality, "population.register.municipality")
    counts = table.numbers(people, "population.register.people", counts=True)
    twice = names[names.duplicated()]
    if len(twice):
        raise PopulationError(f"{path}: municipality {examples(twice)} comes more than once")
    if (counts < 0).any():
        raise PopulationError(
            f"{path}: row {table.rows(counts < 0)} has negative people; expected 0 or more"
        )
    return pd.Series(counts, index=pd.Index(names, dtype="object"))


def with_register(
    population: Population, path: Path, *, municipality: str, people: str, scale: bool
) -> Population:
    """Compare a grid with the register that a study names, and scale it if asked."""
    register = read_register(path, municipality, people)
    try:
        compared = compare_with_register(population, register, scale=scale)
    except PopulationError as problem:
        raise PopulationError(f"{path}: {problem}") from problem
    if not compared.total > 0:
        raise PopulationError(
            f"{path}: scaled to this register (population.register), nobody is left: its "
            "municipalities that are in the grid have 0 people"
        )
    return compared


def _recognise(table: Table, columns: GridColumns) -> tuple[GridColumns, list[str]]:
    """Find the columns of a well-known grid where the study names none."""
    if columns.people is not None:
        return columns, []
    for known in KNOWN_COLUMNS:
        if known["people"] in table.frame.columns:
            found = {
                key: value
                for key, value in known.items()
                if key != "name" and getattr(columns, key) is None and _present(table, value)
            }
            return replace(columns, **found), [f"{table.path.name}: read as {known['name']}"]  # type: ignore[arg-type]
    raise PopulationError(
        f"{table.path}: population.people names no column, and no well-known grid's is there; "
        f"columns: {', '.join(map(str, table.frame.columns[:30]))}"
    )


def _present(table: Table, value: object) -> bool:
    if isinstance(value, str):
        return value in table.frame.columns
    if isinstance(value, Mapping):
        return all(column in table.frame.columns for column in value.values())
    return True


def _keep(table: Table, columns: GridColumns) -> tuple[Table, dict[str, int]]:
    """Keep the rows that `keep` asks for; count what is left out."""
    if not columns.keep:
        return table, {}
    chosen = np.ones(len(table.frame), dtype=bool)
    for column, values in columns.keep.items():
        texts = table.text(column, f"population.keep.{column}")
        wanted = {plain_text(value) for value in values}
        there = set(texts)
        lacking = sorted(wanted - there)
        if lacking:
            raise PopulationError(
                f"{table.path}: no row has {column} = {examples(lacking)} (population.keep)"
                f"{did_you_mean(lacking[0], there)}; values there: {examples(sorted(there))}"
            )
        chosen &= texts.isin(wanted).to_numpy()
    return table.where(chosen), {"cells_left_out_by_keep": int((~chosen).sum())}


def _people(table: Table, columns: GridColumns) -> Floats:
    if not len(table.frame):
        raise PopulationError(f"{table.path}: the grid has no cell (no row of data)")
    assert columns.people is not None  # noqa: S101  (see _recognise)
    people = table.numbers(columns.people, "population.people", counts=True)
    if (people < 0).any():
        raise PopulationError(
            f'{table.path}: column "{columns.people}" has negative people in row '
            f"{table.rows(people < 0)} ({people[people < 0][0]:g}); expected 0 or more: "
            "a hidden figure is possible in groups only"
        )
    if not people.sum() > 0:
        raise PopulationError(f"{table.path}: nobody lives in the grid: every cell has 0 people")
    return people


def _groups(
    table: Table, columns: GridColumns, people: Floats
) -> tuple[dict[str, pd.arrays.FloatingArray], dict[str, float]]:
    """Read the groups; the suppressed value becomes missing, never a number of people."""
    found: dict[str, pd.arrays.FloatingArray] = {}
    counts: dict[str, float] = {}
    known = np.zeros(len(people))
    codes, numbers = _codes(columns.suppressed)
    for name, column in (columns.groups or {}).items():
        if name in OWN_COLUMNS or name.startswith(RESERVED):
            raise PopulationError(f'population.groups: "{name}" is a column of our own; rename it')
        values = table.numbers(
            column, f"population.groups.{name}", missing="keep", counts=True, codes=codes
        )
        hidden = np.isnan(values) | np.isin(values, numbers)
        wrong = ~hidden & (values < 0)
        if wrong.any():
            hint = "" if columns.suppressed is not None else "; is it population.suppressed?"
            raise PopulationError(
                f'{table.path}: column "{column}" has negative people in row {table.rows(wrong)} '
                f"({values[wrong][0]:g}){hint}"
            )
        found[name] = pd.arrays.FloatingArray(np.where(hidden, 0.0, values), hidden)
        known += np.where(hidden, 0.0, values)
        counts[f"suppressed_cells_{name}"] = int(hidden.sum())
    if found:
        all_known = np.ones(len(people), dtype=bool)
        for group in found.values():
            all_known &= ~np.asarray(group.isna())
        all_people = people[all_known].sum()
        off = np.abs(known - people)[all_known]
        # groups that overlap, or leave people out, are not perturbed: their sums are far off
        is_meant = abs(known[all_known].sum() - all_people) <= BLURRED * all_people
        is_meant |= (off <= SAME_PEOPLE).sum() * 2 >= len(off)
        counts["perturbed_cells"] = int((off > SAME_PEOPLE).sum()) if is_meant else 0
        counts["groups_exceed_cell"] = int((known > people + 1e-6).sum())
    return found, counts


def _codes(
    suppressed: float | str | Sequence[float | str] | None,
) -> tuple[frozenset[str], list[float]]:
    """Return what stands for a hidden figure: as text, and as numbers."""
    if suppressed is None:
        return frozenset(), []
    several = [suppressed] if isinstance(suppressed, (str, float, int)) else suppressed
    texts = {plain_text(one) for one in several}
    numbers = []
    for one in several:
        try:
            numbers.append(float(one))
        except ValueError:
            continue
    return frozenset(texts), numbers


def _places(table: Table, columns: GridColumns, crs: str) -> Lattice:
    """Find every cell's centre and true square in the study's CRS."""
    projected_crs(crs)
    if columns.x and columns.y:
        x = table.numbers(columns.x, "population.x")
        y = table.numbers(columns.y, "population.y")
        if not columns.crs:
            raise PopulationError(
                f"{table.path}: population.crs is missing: say in which CRS x and y are"
            )
        size_m = _cell_size_m(table, columns)
        return lattice_of(table, x, y, columns.crs, columns.anchor, size_m, crs)
    geometry = table.geometry
    if geometry is not None:
        return _from_geometry(table, geometry, columns, crs)
    if columns.id and columns.id in table.frame.columns:
        return _from_ids(table, columns, crs)
    raise PopulationError(
        f"{table.path}: cells have no place: give population.x and population.y, "
        "or a file with geometry"
    )


def _cell_size_m(table: Table, columns: GridColumns) -> float | Floats | None:
    """Return the size of the cells: one for all, or a column's; nothing where none is named."""
    if not isinstance(columns.cell_size_m, str):
        return columns.cell_size_m
    sizes = table.numbers(columns.cell_size_m, "population.cell_size_m", counts=True)
    wrong = np.array([not CELL_SIZE_M.hold(size) for size in sizes])
    if wrong.any():
        raise PopulationError(
            f"{table.path}: row {table.rows(wrong)} has a cell of no size "
            f"({columns.cell_size_m}: {sizes[wrong][0]:g}); expected metres, {CELL_SIZE_M}"
        )
    return sizes


def _from_geometry(
    table: Table, geometry: npt.NDArray[np.object_], columns: GridColumns, crs: str
) -> Lattice:
    """Take the file's cells, corner by corner, or build squares around its points."""
    declared = columns.crs or table.crs
    if declared is None:
        raise PopulationError(f"{table.path}: the file names no CRS; give it as population.crs")
    geometry = shapely.force_2d(geometry)
    empty = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    if empty.any():
        raise PopulationError(f"{table.path}: row {table.rows(empty)} has no geometry")
    lines = shapely.get_dimensions(geometry) == 1
    if lines.any() or len(np.unique(shapely.get_dimensions(geometry))) > 1:
        raise PopulationError(
            f"{table.path}: row {table.rows(lines) if lines.any() else '1'}: expected points or "
            "squares, all of one kind"
        )
    centre = shapely.centroid(geometry)
    x, y = shapely.get_x(centre), shapely.get_y(centre)
    if (shapely.get_dimensions(geometry) == 0).all():
        return lattice_of(table, x, y, declared, columns.anchor, _cell_size_m(table, columns), crs)
    centre_x, centre_y = to_study(x, y, source=declared, target=crs, table=table, what="cells")
    single = shapely.get_num_geometries(geometry) == 1
    geometry = np.where(single, shapely.get_geometry(geometry, 0), geometry)
    to_crs = transformer(declared, crs)
    squares = shapely.transform(geometry, lambda xy: np.column_stack(to_crs.transform(*xy.T)))
    sizes = np.sqrt(shapely.area(squares))
    if not sizes.all():
        raise PopulationError(
            f"{table.path}: row {table.rows(sizes == 0)} has a shape without area; expected "
            "squares or other areas, or points"
        )
    notes = []
    if sizes.max() > sizes.min() * MIXED_SIZES:
        notes.append(f"cells are of different sizes, {sizes.min():.0f} to {sizes.max():.0f} m")
    return Lattice(
        centre=np.column_stack([centre_x, centre_y]),
        squares=squares,
        size_m=round(float(np.median(sizes)), 1),
        overlapping=count_overlapping(squares),
        notes=tuple(notes),
    )


def _from_ids(table: Table, columns: GridColumns, crs: str) -> Lattice:
    """Read the lattice from INSPIRE grid ids such as CRS3035RES1000mN4365000E5107000."""
    ids = table.text(str(columns.id), "population.id")
    found = [GRID_ID.fullmatch(one) or SHORT_GRID_ID.fullmatch(one) for one in ids]
    kinds = [None if one is None else _kind_of_id(one) for one in found]
    unread = np.array([kind is None for kind in kinds])
    if unread.any():
        raise PopulationError(
            f"{table.path}: cells have no place: row {table.rows(unread)} has no id of a known "
            "grid; give population.x and population.y"
        )
    different = np.array([kind != kinds[0] for kind in kinds])
    if different.any():
        raise PopulationError(
            f"{table.path}: row {table.rows(different)} is of another grid than the first row, by "
            "its id; keep the cells of one grid"
        )
    matches = [match for match in found if match is not None]
    size_m = float(matches[0]["size"])
    scale = 1.0
    if "unit" in matches[0].groupdict():
        size_m *= 1000 if matches[0]["unit"] == "km" else 1
        # INSPIRE leaves out as many zeros of the coordinates as the size has (250 m: one)
        scale = 10.0 ** (len(f"{size_m:.0f}") - len(f"{size_m:.0f}".rstrip("0")))
    declared = columns.crs or f"EPSG:{matches[0].groupdict().get('crs') or 3067}"
    x = np.array([float(match["east"]) for match in matches]) * scale
    y = np.array([float(match["north"]) for match in matches]) * scale
    return lattice_of(table, x, y, declared, "lower-left", size_m, crs)


def _kind_of_id(match: re.Match[str]) -> tuple[str | None, ...]:
    """Tell grids apart by their ids: CRS and size, without the place."""
    parts = match.groupdict()
    return parts.get("crs"), parts["size"], parts.get("unit")


def _ids(table: Table, columns: GridColumns, centre: Floats) -> pd.Index:
    """Take the file's ids, or make them from the centres' coordinates."""
    if columns.id:
        ids = table.text(columns.id, "population.id")
        empty = ids.eq("").to_numpy()
        if empty.any():
            raise PopulationError(f"{table.path}: row {table.rows(empty)} has no id")
        return pd.Index(ids, name="cell_id", dtype="object")
    made = pd.Series([f"N{round(y)}E{round(x)}" for x, y in centre], dtype="object")
    again = made.groupby(made).cumcount()  # several households may share an address
    made = made.where(again == 0, made + "-" + (again + 1).astype(str))
    return pd.Index(made, name="cell_id", dtype="object")


def _check_unique(cells: gpd.GeoDataFrame, table: Table, size_m: float) -> None:
    """Refuse a cell that comes twice; several households may share an address."""
    repeated = cells.index.duplicated(keep=False)
    if repeated.any():
        raise PopulationError(
            f"{table.path}: row {table.rows(repeated)} have the same id "
            f"({cells.index[repeated][0]}); every cell must come once"
        )
    places = cells[["x", "y"]].round(2).duplicated(keep=False).to_numpy()
    if places.any() and (size_m > LARGEST_ADDRESS_M or places.mean() > MOST_SHARED):
        raise PopulationError(
            f"{table.path}: row {table.rows(places)} have the same place "
            f"({cells['x'].to_numpy()[places][0]:.0f}, {cells['y'].to_numpy()[places][0]:.0f}); "
            "every cell must come once: several years or groups in one table?"
        )
