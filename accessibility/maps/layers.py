"""What every map of travel times draws: its classes, their people, and lines for orientation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from accessibility.maps.compact import line_steps
from accessibility.maps.palette import BEYOND_COLOUR, OPEN_COLOUR, MapClass, viridis
from accessibility.services import EVERYBODY, WHOLE_AREA
from accessibility.study import Study

#: A line strays at most this part of the region's longer side.
LINE_TOLERANCE = 1 / 4000
OSM_SUFFIXES = (".pbf", ".osm", ".osm.bz2", ".osm.gz")

Texts = Mapping[str, str]


def travel_classes(
    bands_min: Sequence[float], words: Texts, *, without_site: bool = False
) -> list[MapClass]:
    """Name and colour the classes: the bands, beyond the last of them, and not reached.

    Parameters
    ----------
    bands_min
        Rising minutes.
    words
        Words of the map's language.
    without_site
        Whether some tier has no site, so that no road is to blame.
    """
    lows = [0, *bands_min[:-1]]
    classes = [
        MapClass(label=f"{low:g}–{high:g} min", colour=colour)
        for low, high, colour in zip(lows, bands_min, viridis(len(bands_min)), strict=True)
    ]
    beyond = words["beyond"].format(minutes=f"{bands_min[-1]:g}")
    return [
        *classes,
        MapClass(label=beyond, colour=BEYOND_COLOUR, fill="hatched"),
        MapClass(
            label=words["nothing" if without_site else "unreachable"],
            colour=OPEN_COLOUR,
            fill="open",
        ),
    ]


def people_by_class(coverage: pd.DataFrame, tier: str) -> tuple[list[float], list[float]]:
    """Give people and shares by class: the cumulative bands' steps, then beyond and unreachable.

    Parameters
    ----------
    coverage
        The table of `accessibility.coverage_table.coverage`.
    tier
        The tier.
    """
    rows = coverage[
        (coverage["tier"] == tier)
        & (coverage["group"] == EVERYBODY)
        & (coverage["area"] == WHOLE_AREA)
    ]
    steps = []
    for column in ("people_low", "share_low"):
        figures = rows[column].to_numpy(dtype=np.float64)
        bands = np.diff(figures[:-2], prepend=0.0)
        steps.append([float(one) for one in (*bands, *figures[-2:])])
    return steps[0], steps[1]


def attribution(study: Study) -> str:
    """Name OpenStreetMap where the roads come from its files; nothing is made up for others."""
    from_osm = study.file.network.source.lower().endswith(OSM_SUFFIXES)
    return "© OpenStreetMap contributors" if from_osm else ""


def land_lines(areas: gpd.GeoDataFrame | None, tolerance_m: float) -> list[list[int]]:
    """Write the outline of all areas together."""
    if areas is None or not len(areas):
        return []
    region = shapely.union_all(np.asarray(areas.geometry.array))
    return line_steps([region], areas.crs, tolerance_m=tolerance_m)


def border_lines(areas: gpd.GeoDataFrame | None, tolerance_m: float) -> list[list[int]]:
    """Write the borders of areas, each common border once."""
    if areas is None or not len(areas):
        return []
    rings = shapely.union_all(shapely.boundary(np.asarray(areas.geometry.array)))
    return line_steps([shapely.line_merge(rings)], areas.crs, tolerance_m=tolerance_m)
