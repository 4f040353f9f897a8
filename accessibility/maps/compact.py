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
Steps = Sequence[int] | Sequence[Sequence[Sequence[int]]]
Geometries = npt.NDArray[np.object_] | Sequence[shapely.Geometry]

#: Steps in a degree: five decimals (about a metre) for cells, four for lines.
CELL_STEPS = 100_000
LINE_STEPS = 10_000
#: The outline of a cell that is no square strays at most these parts of the region and the cell.
OUTLINE_PART, CELL_PART = 1 / 10_000, 1 / 200


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


def cell_places(cells: gpd.GeoDataFrame) -> dict[str, Steps]:
    """Write where cells are: their corners and, where some are no squares, what they are.

    Returns
    -------
    dict
        `corners`, see `cell_steps`, and where some cell is of another shape `outlines`: by cell its
        rings (holes too), each as steps of a hundred-thousandth of a degree; none for four-sided
        cells, which their corners say.
    """
    found: dict[str, Steps] = {"corners": cell_steps(cells)}
    shapes = np.asarray(cells.geometry.array)
    odd = np.flatnonzero(~_four_sided(shapes))
    if not len(odd):
        return found
    west, south, east, north = cells.total_bounds
    side_m = np.sqrt(shapely.area(shapes[odd]))
    allowed_m = np.minimum(max(east - west, north - south) * OUTLINE_PART, side_m * CELL_PART)
    outlines: list[list[list[int]]] = [[] for _ in shapes]  # by cell, by ring
    for place, shape in zip(odd, shapely.simplify(shapes[odd], allowed_m), strict=True):
        for ring in shapely.get_rings(shapely.get_parts(shape)):
            steps = np.rint(lon_lat(shapely.get_coordinates(ring), cells.crs) * CELL_STEPS)
            outlines[place].append(_moves(steps.astype(np.int64)))
    found["outlines"] = outlines
    return found


def _four_sided(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    """Tell which shapes are one ring of four corners."""
    polygons = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
    return np.asarray(polygons & (shapely.get_num_coordinates(shapes) == 5))


def _corners(squares: npt.NDArray[np.object_]) -> Floats:
    """Give the four corners of each square (else of its box), shape (cells, 4, 2)."""
    rings = shapely.get_exterior_ring(squares)
    four = _four_sided(squares)
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
