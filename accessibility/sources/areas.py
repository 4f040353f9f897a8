"""Reads municipal borders and named settlements."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from accessibility.errors import DataError, examples
from accessibility.projections import transformer
from accessibility.services import Text
from accessibility.sources.places import to_study
from accessibility.sources.tables import Table, read_table

#: No coordinate of any CRS is as large, in degrees, metres or feet.
FARTHEST = 1e9


def read_areas(
    path: Path, *, key: str, name: Mapping[str, str], crs: str, layer: str | None = None
) -> gpd.GeoDataFrame:
    """Read municipal borders; one drawn in several rows (an island) is put together.

    Returns
    -------
    GeoDataFrame
        In the study's CRS, indexed by the municipality's name as the grid has it (`key`), with
        `name_<language>` for each language and `geometry`.

    Raises
    ------
    DataError
        If the file has no CRS, no such column, or no polygon.
    """
    table, geometry = _with_geometry(path, "areas.source", crs, layer)
    index = table.text(key, "areas.key")
    columns = {
        f"name_{language or 'any'}": table.text(column, "areas.name").to_numpy()
        for language, column in name.items()
    }
    no_area = shapely.get_dimensions(geometry) != 2
    if no_area.any():
        raise DataError(
            f"{path}: row {table.rows(no_area)} (areas.source) is no polygon; expected one a "
            "municipality"
        )
    nameless = index.eq("").to_numpy()
    if nameless.any():
        raise DataError(f"{path}: row {table.rows(nameless)} has no {key} (areas.key)")
    geometry = shapely.make_valid(geometry)
    areas = gpd.GeoDataFrame(columns, geometry=geometry, crs=crs, index=index.to_numpy())
    for column in columns:
        names = areas.groupby(level=0)[column].nunique()
        if (names > 1).any():
            raise DataError(
                f"{path}: area {examples(names.index[names > 1])} comes more than once, with "
                f"different names ({column})"
            )
    if areas.index.duplicated().any():
        areas = gpd.GeoDataFrame(areas.dissolve(level=0, sort=True))
    return areas.sort_index()


def read_places(
    path: Path,
    *,
    name: Mapping[str, str],
    people: str | None,
    crs: str,
    layer: str | None = None,
) -> gpd.GeoDataFrame:
    """Read named settlements: `name_<language>`, `people` and points in the study's CRS."""
    table, given = _with_geometry(path, "places.source", crs, layer)
    columns: dict[str, object] = {
        f"name_{language or 'any'}": table.text(column, "places.name").to_numpy()
        for language, column in name.items()
    }
    if people is not None:
        columns["people"] = table.numbers(people, "places.people", missing="keep", counts=True)
    nowhere = shapely.is_missing(given) | shapely.is_empty(given)
    if nowhere.any():
        raise DataError(f"{path}: row {table.rows(nowhere)} (places.source) has no geometry")
    points = shapely.point_on_surface(given)
    return gpd.GeoDataFrame(columns, geometry=points, crs=crs)


def place_name(row: Mapping[str, object], language: str) -> str:
    """Give the name of an area or settlement in a language, as `Text` falls back."""
    names = {
        key.removeprefix("name_").replace("any", ""): str(value)
        for key, value in row.items()
        if str(key).startswith("name_") and value
    }
    return Text(names).in_language(language) if names else ""


def named_places(places: gpd.GeoDataFrame, language: str) -> gpd.GeoDataFrame:
    """Give settlements with their `name` in a language."""
    records = places.drop(columns="geometry").to_dict("records")
    named = [
        place_name({str(key): value for key, value in row.items()}, language) for row in records
    ]
    return gpd.GeoDataFrame(places.assign(name=named))


def _with_geometry(
    path: Path, what: str, crs: str, layer: str | None
) -> tuple[Table, npt.NDArray[np.object_]]:
    """Read a file and its geometry in the study's CRS, refusing what cannot lie there."""
    table = read_table(path, what, layer=layer)
    if not len(table.frame):
        raise DataError(f"{path}: holds nothing ({what}: it has no row); fill it, or leave it out")
    geometry = table.geometry
    if geometry is None:
        raise DataError(f"{path}: {what} needs geometry (.gpkg, .geojson or GeoParquet)")
    if table.crs is None:
        raise DataError(f"{path}: the file names no CRS; save it with one")
    bounds = shapely.bounds(geometry)
    there = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    wild = there & ~(np.abs(bounds) < FARTHEST).all(axis=1)
    if wild.any():
        raise DataError(
            f"{path}: row {table.rows(wild)} ({what}) has a corner that is no place "
            f"({np.abs(bounds[wild]).max():g})"
        )
    middle = (bounds[:, :2] + bounds[:, 2:]) / 2
    to_study(
        middle[there, 0], middle[there, 1], source=table.crs, target=crs,
        table=table.where(there), what=what.removesuffix(".source"),
    )  # fmt: skip
    to_crs = transformer(table.crs, crs)
    moved = shapely.transform(geometry, lambda xy: np.column_stack(to_crs.transform(*xy.T)))
    lost = there & ~np.isfinite(shapely.bounds(moved)).all(axis=1)
    if lost.any():
        raise DataError(
            f"{path}: row {table.rows(lost)} ({what}) has a corner outside what {crs} can show"
        )
    return table, moved
