"""What is drawn around a run's figures: sites, borders, settlements and main roads.

A run keeps them in `surroundings.gpkg`, so that a page can be made from the run folder alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from accessibility.network import RoadNetwork
from accessibility.sites import Sites

if TYPE_CHECKING:
    from accessibility.runs import Run

#: Roads drawn for orientation; the lesser ones only where the region is small enough, in metres.
MAIN_ROADS = ("motorway", "trunk", "primary")
LESSER_ROADS, LESSER_ROADS_WITHIN_M = ("secondary",), 600_000
#: A drawn road strays at most this part of the region's longer side.
LINE_TOLERANCE = 1 / 4000
#: Settlements further than this part of the region's longer side from its cells are not kept.
PLACES_MARGIN = 0.05


def main_roads(network: RoadNetwork, crs: str, *, side_m: float) -> gpd.GeoDataFrame:
    """Draw the main roads of a network, simplified: for orientation, never for measuring.

    Parameters
    ----------
    network
        The roads.
    crs
        The study's.
    side_m
        The longer side of the region; a line strays at most 1/4000 of it.

    Returns
    -------
    GeoDataFrame
        `highway` and `geometry`, one row a class that occurs.
    """
    shown = MAIN_ROADS + (LESSER_ROADS if side_m < LESSER_ROADS_WITHIN_M else ())
    kinds = np.array([str(tags.get("highway", "")) for tags in network.tagsets], dtype=object)
    kind = kinds[network.way_tags[network.edge_way]]
    points = network.points_in(crs)
    found = {}
    for name in shown:
        lines = [
            shapely.linestrings(points[network.point_from[edge] : network.point_from[edge + 1]])
            for edge in np.flatnonzero(kind == name)
        ]
        if lines:
            merged = shapely.line_merge(shapely.multilinestrings(lines))
            found[name] = shapely.simplify(merged, side_m * LINE_TOLERANCE)
    return gpd.GeoDataFrame({"highway": list(found)}, geometry=list(found.values()), crs=crs)


def surroundings(run: Run) -> dict[str, gpd.GeoDataFrame]:
    """Give the layers of surroundings.gpkg; a layer without a row is left out."""
    west, south, east, north = run.population.cells.total_bounds
    side_m = float(max(east - west, north - south))
    frame = run.sites.frame
    layers = {
        "sites": frame[["name", "tier", "geometry"]].rename_axis("site_id").reset_index(),
        "roads": main_roads(run.network, run.study.crs, side_m=side_m),
    }
    if run.areas is not None:
        layers["areas"] = run.areas.rename_axis("area").reset_index()
    if run.places is not None:
        margin = side_m * PLACES_MARGIN
        layers["places"] = run.places.cx[
            west - margin : east + margin, south - margin : north + margin
        ].reset_index(drop=True)
    return {name: layer for name, layer in layers.items() if len(layer)}


def read_layer(path: Path, layer: str, *, index: str | None = None) -> gpd.GeoDataFrame | None:
    """Read a layer of surroundings.gpkg; None where the run has none."""
    import pyogrio

    if layer not in set(pyogrio.list_layers(path)[:, 0]):
        return None
    frame = gpd.GeoDataFrame(pyogrio.read_dataframe(path, layer=layer))
    return frame if index is None else gpd.GeoDataFrame(frame.set_index(index))


def sites_with_points(records: pd.DataFrame, points: gpd.GeoDataFrame | None, crs: str) -> Sites:
    """Put the stored list of sites and their points together."""
    places = [None] * len(records) if points is None else points.geometry.reindex(records.index)
    geometry = gpd.GeoSeries(list(places), index=records.index, crs=crs)
    return Sites(frame=gpd.GeoDataFrame(records, geometry=geometry, crs=crs).sort_index())
