"""Geometry in few bytes: whole steps of a fraction of a degree, each from the point before."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from accessibility.projections import map_degrees

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_] | Sequence[shapely.Geometry]

#: Steps in a degree: five decimals (about a metre) for cells, four for lines.
CELL_STEPS = 100_000
LINE_STEPS = 10_000


def lon_lat(xy: Floats, crs: object) -> Floats:
    """Bring coordinates from a CRS to a map's degrees, shape (points, 2); see `map_degrees`."""
    return np.column_stack(map_degrees(xy[:, 0], xy[:, 1], crs))


def cell_steps(cells: gpd.GeoDataFrame) -> list[int]:
    """Write the corners of cells, eight numbers a cell.

    The first corner is counted from the first corner of the cell before; the other three from the
    corner before in the same cell, less what that was in the cell before: on a lattice mostly 0.

    Parameters
    ----------
    cells
        Squares (four-sided polygons; of another shape the bounding box is taken), in their CRS.
    """
    corners = lon_lat(_corners(np.asarray(cells.geometry.array)).reshape(-1, 2), cells.crs)
    steps = np.rint(corners * CELL_STEPS).astype(np.int64).reshape(-1, 4, 2)
    sides = np.diff(steps, axis=1).reshape(-1, 6)
    rows = np.column_stack([steps[:, 0], sides])
    return [int(one) for one in np.diff(rows, axis=0, prepend=np.zeros((1, 8), np.int64)).ravel()]


def _corners(squares: npt.NDArray[np.object_]) -> Floats:
    """Give the four corners of each square, shape (cells, 4, 2)."""
    rings = shapely.get_exterior_ring(squares)
    four = shapely.get_num_coordinates(rings) == 5
    boxes = shapely.box(*shapely.bounds(squares).T)
    rings = np.where(four, rings, shapely.get_exterior_ring(boxes))
    return np.asarray(shapely.get_coordinates(rings)).reshape(-1, 5, 2)[:, :4]


def line_steps(lines: Geometries, crs: object, *, tolerance_m: float = 0.0) -> list[list[int]]:
    """Write the lines (or the rings of polygons), each as its first point and the steps from there.

    Parameters
    ----------
    lines
        Lines or polygons, single or multiple.
    crs
        Theirs.
    tolerance_m
        How far a simplified line may stray.
    """
    parts = shapely.get_parts(np.asarray(lines, dtype=object))
    polygons = shapely.get_dimensions(parts) == 2
    singles = np.concatenate([shapely.get_rings(parts[polygons]), parts[~polygons]])
    if tolerance_m:
        singles = shapely.simplify(singles, tolerance_m)
    singles = singles[shapely.get_num_coordinates(singles) > 1]
    if not len(singles):
        return []
    points, line = shapely.get_coordinates(singles, return_index=True)
    steps = np.rint(lon_lat(points, crs) * LINE_STEPS).astype(np.int64)
    first = np.flatnonzero(np.diff(line, prepend=-1))
    return [moves for part in np.split(steps, first[1:]) if len(moves := _moves(part)) > 2]


def _moves(steps: Ints) -> list[int]:
    """Give the first point and the steps from point to point, without standing still."""
    moves = np.diff(steps, axis=0)
    kept = np.concatenate([steps[:1], moves[(moves != 0).any(axis=1)]])
    return [int(one) for one in kept.ravel()]


def point_steps(xy: Floats, crs: object) -> list[list[float]]:
    """Write points as longitude and latitude with five decimals."""
    return [[float(lon), float(lat)] for lon, lat in np.round(lon_lat(xy, crs), 5)]


def extent(shapes: gpd.GeoDataFrame) -> tuple[list[list[float]], float]:
    """Give the bounds as [[south, west], [north, east]], and the longer side in metres."""
    west, south, east, north = shapes.total_bounds
    edge = np.linspace(0, 1, 9)
    x, y = west + (east - west) * edge, south + (north - south) * edge
    border = np.concatenate(
        [np.column_stack([x, np.full(9, side)]) for side in (south, north)]
        + [np.column_stack([np.full(9, side), y]) for side in (west, east)]
    )
    degrees = lon_lat(border, shapes.crs)
    (lon_low, lat_low), (lon_high, lat_high) = degrees.min(axis=0), degrees.max(axis=0)
    bounds = [[float(lat_low), float(lon_low)], [float(lat_high), float(lon_high)]]
    rounded = [[round(one, 4) for one in corner] for corner in bounds]
    return rounded, float(max(east - west, north - south))
