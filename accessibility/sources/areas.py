"""Reads municipal borders and named settlements."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from accessibility.errors import DataError, examples
from accessibility.services import Text
from accessibility.sources.tables import Table, read_table


def read_areas(path: Path, *, key: str, name: Mapping[str, str], crs: str) -> gpd.GeoDataFrame:
    """Read municipal borders.

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
    table, frame = _with_geometry(path, "areas.source", crs)
    index = table.text(key, "areas.key")
    columns = {
        f"name_{language or 'any'}": table.text(column, "areas.name").to_numpy()
        for language, column in name.items()
    }
    given = np.asarray(frame.geometry.array)
    no_area = shapely.get_dimensions(given) != 2
    if no_area.any():
        raise DataError(
            f"{path}: row {table.rows(no_area)} (areas.source) is no polygon; expected one a "
            "municipality"
        )
    geometry = shapely.make_valid(given)
    areas = gpd.GeoDataFrame(columns, geometry=geometry, crs=crs, index=index.to_numpy())
    repeated = areas.index[areas.index.duplicated()].unique()
    if len(repeated):
        raise DataError(f"{path}: area {examples(repeated)} comes more than once")
    return areas.sort_index()


def read_places(
    path: Path, *, name: Mapping[str, str], people: str | None, crs: str
) -> gpd.GeoDataFrame:
    """Read named settlements: `name_<language>`, `people` and points in the study's CRS."""
    table, frame = _with_geometry(path, "places.source", crs)
    columns: dict[str, object] = {
        f"name_{language or 'any'}": table.text(column, "places.name").to_numpy()
        for language, column in name.items()
    }
    if people is not None:
        columns["people"] = table.numbers(people, "places.people", missing="keep")
    given = np.asarray(frame.geometry.array)
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


def _with_geometry(path: Path, what: str, crs: str) -> tuple[Table, gpd.GeoDataFrame]:
    table = read_table(path, what)
    if "geometry" not in table.frame.columns:
        raise DataError(f"{path}: {what} needs geometry (.gpkg, .geojson or GeoParquet)")
    frame = gpd.GeoDataFrame(table.frame)
    if frame.crs is None:
        raise DataError(f"{path}: the file names no CRS; save it with one")
    return table, frame.to_crs(crs)
