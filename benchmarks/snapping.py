"""Snapping: a hundred thousand points to their nearest roads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from accessibility.network.edge_grid import EdgeGrid
from benchmarks.measuring import Arrays, Case, Work
from benchmarks.networks import SEED, Streets, load_streets
from benchmarks.rows import Row, Size

Floats = npt.NDArray[np.float64]
SAME_M = 0.001


def points_near(streets: Streets, points: int) -> Floats:
    """Draw points around junctions, within about a kilometre."""
    rng = np.random.default_rng(SEED + 1)
    at = rng.integers(0, streets.junctions, points)
    xy = np.column_stack([streets.x[at], streets.y[at]])
    return xy + rng.normal(size=xy.shape) * 400


def _lines(streets: Streets) -> npt.NDArray[np.object_]:
    xy = np.column_stack([streets.x, streets.y])
    return shapely.linestrings(np.stack([xy[streets.start], xy[streets.end]], axis=1))


def strtree(junctions: int, points: int) -> Work:
    """Build shapely's tree of the roads and ask it for the nearest of every point."""
    streets = load_streets(junctions)
    lines, xy = _lines(streets), points_near(streets, points)
    at = shapely.points(xy)

    def snap() -> npt.NDArray[np.int64]:
        return shapely.STRtree(lines).query_nearest(at, all_matches=False)[1]

    return Work(run=snap, compared=lambda edge: _legs(lines, xy, edge))


def edge_grid(junctions: int, points: int) -> Work:
    """Enter the roads on our grid and find the nearest of every point."""
    streets = load_streets(junctions)
    roads = len(streets.start)
    ends = np.column_stack([streets.start, streets.end]).ravel()
    shape_xy = np.column_stack([streets.x, streets.y])[ends]
    xy = points_near(streets, points)

    def snap() -> npt.NDArray[np.int64]:
        every = np.arange(roads)
        return EdgeGrid(shape_xy, 2 * np.arange(roads + 1), every, every).nearest(xy, same_m=SAME_M)

    return Work(run=snap, compared=lambda edge: _legs(_lines(streets), xy, edge))


def _legs(lines: npt.NDArray[np.object_], xy: Floats, edge: npt.NDArray[np.int64]) -> Arrays:
    return {"leg_m": shapely.distance(shapely.points(xy), lines[edge])}


def same_legs(ours: Arrays, peer: Arrays) -> str:
    """Check that both found edges equally near, to the millimetre within which ours takes an id."""
    apart_m = float(np.abs(ours["leg_m"] - peer["leg_m"]).max())
    if not apart_m <= SAME_M:
        raise AssertionError(f"distances differ by up to {apart_m:g} m")
    return "distances within 1 mm"


def rows(size: Size) -> list[Row]:
    """Give the rows of this family."""
    return [
        Row(
            name=f"snap-{name}",
            work=f"{size.points:,} points to {junctions:,} junctions' roads, index included",
            ours=Case(module="snapping", function="edge_grid", settings=settings),
            peer=Case(module="snapping", function="strtree", settings=settings),
            against="shapely STRtree",
            at_least=8,
            same=same_legs,
            quick=name == "small",
        )
        for name, junctions in (("small", size.small), ("large", size.large))
        for settings in ({"junctions": junctions, "points": size.points},)
    ]
