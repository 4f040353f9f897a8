"""How far the drawn bands and the cells agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from accessibility.population import Population
from accessibility.services import Tiers

if TYPE_CHECKING:
    import geopandas as gpd


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """How far polygons and cells disagree: shares (0..1) of all people, of the worst tier.

    `outside`: the cell's centre lies outside the polygon of the cell's own band. `inside_shorter`:
    it lies inside that of a shorter one.
    """

    outside: float
    inside_shorter: float


def mismatch(
    bands: gpd.GeoDataFrame,
    nearest: pd.DataFrame,
    population: Population,
    tiers: Tiers,
    *,
    counted: npt.NDArray[np.bool_] | None = None,
) -> Mismatch:
    """Measure how far the polygons of the tiers disagree with the cells.

    Parameters
    ----------
    bands
        Isochrones by tier.
    nearest
        From `accessibility.coverage_table.nearest_by_tier`.
    population, tiers
        The study.
    counted
        Cells that are compared; None: all. Where bands are cut at a coast, a cell with its middle
        in the sea has people all the same, and no band.
    """
    points = shapely.points(population.xy)
    everybody = population.people.sum()
    people = population.people if counted is None else population.people * counted
    outside = inside_shorter = 0.0
    for tier in tiers.ids:
        layer = bands[bands["tier"] == tier].sort_values("band_min")
        limits_s = layer["band_min"].to_numpy() * 60
        time_s = nearest[f"time_s_{tier}"].to_numpy(dtype=np.float64, na_value=np.inf)
        own = np.searchsorted(limits_s, time_s, side="left")
        drawn = np.full(len(points), len(limits_s))
        for place in range(len(limits_s) - 1, -1, -1):
            shape = layer.geometry.iloc[place]
            shapely.prepare(shape)
            drawn[shapely.intersects(shape, points)] = place
        outside = max(outside, float(people[drawn > own].sum() / everybody))
        inside_shorter = max(inside_shorter, float(people[drawn < own].sum() / everybody))
    return Mismatch(outside=outside, inside_shorter=inside_shorter)
