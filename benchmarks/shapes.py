"""Shapes: the bands of twenty sites as polygons."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse.csgraph import dijkstra

from accessibility.isochrone import isochrones
from accessibility.runs import travel_times
from benchmarks.measuring import Case, Work
from benchmarks.networks import (
    SEED,
    Streets,
    load_streets,
    population_of,
    road_network,
    sites_of,
    speed_table,
    three_tiers,
)
from benchmarks.rows import Row, Size, nothing_to_compare
from benchmarks.searches import BANDS_MIN, graph_of, links_of

Floats = npt.NDArray[np.float64]

SITES = 20
ACCESS_KM_H = 5.0
LONGEST_LEG_M = 1000.0
#: The recipe's width; at half a kilometre it comes nearest to the reference and is fastest.
BUFFER_M = 500.0
RECIPE_BANDS_MIN = (15, 30, 60)
RASTER_M = 50
REFERENCE_SITES = 4
REFERENCE_POINTS = 10_000


def time_raster(junctions: int, cells: int) -> Work:
    """Draw the bands of every site with the package."""
    streets = load_streets(junctions)
    population, sites = population_of(streets, cells), sites_of(streets, SITES)
    times = travel_times(
        road_network(streets),
        population,
        sites,
        speeds=speed_table(),
        access_speed_km_h=ACCESS_KM_H,
        max_leg_m=LONGEST_LEG_M,
    )

    def draw() -> gpd.GeoDataFrame:
        return isochrones(
            times,
            population,
            sites,
            three_tiers(),
            bands_min=BANDS_MIN,
            by="site",
        )

    return Work(run=draw, facts=lambda drawn: _quality(streets, drawn))


def buffered_edges(junctions: int, bands_min: list[int]) -> Work:
    """Draw one site's first bands as the osmnx recipe does: buffered roads, united."""
    streets = load_streets(junctions)
    xy = np.column_stack([streets.x, streets.y])
    far_ds = dijkstra(links_of(graph_of(streets)), indices=streets.site[0])

    def draw() -> list[shapely.Geometry]:
        shapes = []
        for band in bands_min:
            within = far_ds <= band * 600
            roads = within[streets.start] & within[streets.end]
            ends = np.stack([xy[streets.start[roads]], xy[streets.end[roads]]], axis=1)
            wide = shapely.buffer(shapely.linestrings(ends), BUFFER_M)
            nodes = shapely.buffer(shapely.points(xy[within]), BUFFER_M)
            shapes.append(shapely.union_all(np.concatenate([wide, nodes])))
        return shapes

    return Work(
        run=draw,
        warm_up=lambda: None,
        share=len(bands_min) / (SITES * len(BANDS_MIN)),
        subset=(
            f"1 site, {' '.join(map(str, bands_min))} min: {len(bands_min)} of "
            f"{SITES * len(BANDS_MIN)} polygons, scaled by number although longer bands take longer"
        ),
    )


def _quality(streets: Streets, drawn: gpd.GeoDataFrame) -> Mapping[str, float]:
    """Compare the polygons with the definition itself, at pixels of a 50 m raster drawn at random.

    The definition: the time at the nearest point of a road and the walk from there, up to the
    longest leg. It is worked out point by point, without any raster of ours.
    """
    rng = np.random.default_rng(SEED + 2)
    xy = np.column_stack([streets.x, streets.y])
    ends = xy[np.column_stack([streets.start, streets.end])]
    tree = shapely.STRtree(shapely.linestrings(ends))
    graph = graph_of(streets)
    road_ds = graph.times.edge_forward_ds  # all roads are two-way and equally fast
    links = links_of(graph)
    shares = []
    for site in range(REFERENCE_SITES):
        far_ds = dijkstra(links, indices=streets.site[site])
        bands = drawn[drawn["site_id"] == f"s{site:04d}"].set_index("band_min").geometry
        for band in BANDS_MIN:
            shape = bands[float(band)]
            pixels = _pixels(shape, rng)
            seconds = _seconds(pixels, tree, ends, far_ds, road_ds, streets)
            inside = shapely.contains_xy(shape, *pixels.T)
            wanted = seconds <= band * 60 + 0.5
            shares.append((inside & wanted).sum() / max((inside | wanted).sum(), 1))
    valid = shapely.is_valid(np.asarray(drawn.geometry.array))
    return {
        "IoU": float(np.mean(shares)),
        "least IoU": float(np.min(shares)),
        "invalid": float((~valid).sum()),
        "vertices": float(shapely.get_num_coordinates(np.asarray(drawn.geometry.array)).sum()),
        "raster_m": float(drawn.attrs["resolution_m"]),
    }


def _pixels(shape: shapely.Geometry, rng: np.random.Generator) -> Floats:
    """Draw pixel centres around a shape, a little beyond its bounds."""
    west, south, east, north = shape.buffer(2 * LONGEST_LEG_M).bounds
    drawn = rng.uniform((west, south), (east, north), (REFERENCE_POINTS, 2))
    return np.floor(drawn / RASTER_M) * RASTER_M + RASTER_M / 2


def _seconds(
    pixels: Floats,
    tree: shapely.STRtree,
    ends: Floats,
    far_ds: Floats,
    road_ds: npt.NDArray[np.int64],
    streets: Streets,
) -> Floats:
    """Give the seconds from a site to each pixel; infinite beyond the longest leg."""
    road = tree.query_nearest(shapely.points(pixels), all_matches=False)[1]
    start, along = ends[road, 0], ends[road, 1] - ends[road, 0]
    share = (((pixels - start) * along).sum(axis=1) / (along**2).sum(axis=1)).clip(0, 1)
    leg_m = np.hypot(*(start + along * share[:, None] - pixels).T)
    drive_ds = np.minimum(
        far_ds[streets.start[road]] + share * road_ds[road],
        far_ds[streets.end[road]] + (1 - share) * road_ds[road],
    )
    seconds = drive_ds / 10 + leg_m / (ACCESS_KM_H / 3.6)
    return np.where(leg_m <= LONGEST_LEG_M, seconds, np.inf)


def rows(size: Size) -> list[Row]:
    """Give the rows of this family."""
    recipe = list(RECIPE_BANDS_MIN if size.name == "full" else RECIPE_BANDS_MIN[:2])
    return [
        Row(
            name="shapes",
            work=f"{SITES} sites x {len(BANDS_MIN)} bands as polygons, {size.small:,} junctions",
            ours=Case(
                module="shapes",
                function="time_raster",
                settings={"junctions": size.small, "cells": size.cells},
            ),
            peer=Case(
                module="shapes",
                function="buffered_edges",
                settings={"junctions": size.small, "bands_min": recipe},
            ),
            against="buffered roads, the osmnx recipe (vectorised, without its search)",
            at_least=200,
            facts_at_least={"IoU": 0.95},
            facts_at_most={"invalid": 0},
            same=nothing_to_compare,
            binds=(
                "Half of the time keeps each band exactly inside the next, to the last bit of a "
                "coordinate; a quarter draws and simplifies the borders."
            ),
        )
    ]
