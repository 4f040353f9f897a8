"""From a raster of times to the polygons of bands: valid, without specks, each inside the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import contourpy
import numpy as np
import numpy.typing as npt
import shapely

from accessibility.isochrone.surface import Floats, Surface
from accessibility.network import DS_PER_S
from accessibility.traveltime import UNREACHABLE

Mask = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]

#: A time is at most a band if it rounds half up to at most its seconds.
ROUNDS_UP_AT_DS = 0.5 * DS_PER_S - 0.5
NESTING_GAP_M = 1.0
FEWEST_CORNERS = 3
#: Least area that counts as lost where a point is left out: a strip of a metre along a kilometre.
LOST_M2 = 1000.0
#: Separate pieces of a band smaller than so many pixels are noise of the raster.
SPECK_PIXELS = 4


def band_polygons(
    surface: Surface, point_ds: npt.NDArray[np.int32], bands_min: Sequence[float]
) -> Iterator[shapely.Geometry]:
    """Draw one layer's bands, the shortest first, each inside the next.

    Notes
    -----
    Where two neighbouring pixels belong to different roads the time jumps; the border is drawn
    half-way, as for cells, by cutting the difference from the band off at one pixel's leg.
    """
    ds = _pixel_ds(surface, point_ds)
    cap_ds = surface.resolution_m / (surface.access_speed_km_h / 3.6) * DS_PER_S
    m_to_ds = cap_ds / surface.resolution_m
    over_ds = (surface.leg_m - surface.max_leg_m) * m_to_ds
    if surface.sea is not None:  # the coast lies where half a pixel is land
        np.maximum(over_ds, surface.sea * cap_ds, out=over_ds)
    rows, columns = _window(ds <= bands_min[-1] * 60 * DS_PER_S + cap_ds)
    if rows is None or columns is None:
        yield from (shapely.MultiPolygon() for _ in bands_min)
        return
    ds, over_ds = ds[rows, columns], over_ds[rows, columns]
    # laid out once for all bands: new memory takes longer than what is written to it
    x, y = np.meshgrid(surface.x[columns], surface.y[rows])
    height = np.empty_like(x)
    shapes = []
    for band in bands_min:
        limit_ds = band * 60 * DS_PER_S + ROUNDS_UP_AT_DS
        np.subtract(ds, limit_ds, out=height)
        np.maximum(height, over_ds, out=height)
        np.clip(height, -cap_ds, cap_ds, out=height)
        shapes.append(_area_under_zero(x, y, height, surface.resolution_m))
    for place in range(len(shapes) - 2, -1, -1):
        shapes[place] = _inside(shapes[place], shapes[place + 1])
    yield from shapes


def _pixel_ds(surface: Surface, point_ds: npt.NDArray[np.int32]) -> Floats:
    """Time each pixel: the road's nearest point, between two sampled ones, and the leg to it."""
    known = surface.sample >= 0
    ds = np.full(surface.sample.shape, np.inf)
    sample_ds = np.where(point_ds == UNREACHABLE, np.inf, point_ds.astype(np.float64))
    here_ds = sample_ds[surface.sample[known]]
    with np.errstate(invalid="ignore"):  # a road that leads out of reach half-way
        drift_ds = sample_ds[surface.other[known]] - here_ds
        drift_ds *= surface.share[known]
    drift_ds[~np.isfinite(drift_ds)] = 0.0
    ds[known] = here_ds + drift_ds + surface.leg_ds[known]
    return ds


def _window(mask: Mask) -> tuple[slice | None, slice | None]:
    """Find the rows and columns that hold all of a mask, and one more on each side."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None, None
    return (
        slice(max(rows[0] - 1, 0), rows[-1] + 2),
        slice(max(columns[0] - 1, 0), columns[-1] + 2),
    )


def _area_under_zero(x: Floats, y: Floats, height: Floats, spacing_m: float) -> shapely.Geometry:
    """Draw the area where a raster is at most zero, as a valid MultiPolygon without specks."""
    generator = contourpy.contour_generator(
        x, y, height, fill_type=contourpy.FillType.ChunkCombinedOffsetOffset
    )
    filled = generator.filled(-np.inf, 0.0)
    if filled[0][0] is None:
        return shapely.MultiPolygon()
    points, rings, polygons = (np.asarray(parts[0]) for parts in filled)
    shapes = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, points, (rings, rings_of(rings, polygons))
    )
    area_m2 = shapely.area(shapes)
    kept = area_m2 >= min(SPECK_PIXELS * spacing_m**2, area_m2.max())
    # one ring of a hundred thousand crosses another then: cheaper mended than watched
    simple = shapely.simplify(shapes[kept], spacing_m / 4, preserve_topology=False)
    simple = np.where(shapely.is_empty(simple), shapes[kept], simple)  # narrow, and yet an area
    whole = shapely.multipolygons(_polygons(simple))
    if shapely.is_valid(whole):
        return whole
    return shapely.multipolygons(_polygons(shapely.union_all(shapely.make_valid(simple))))


def rings_of(
    rings: npt.NDArray[np.integer], polygons: npt.NDArray[np.integer]
) -> npt.NDArray[np.integer]:
    """Turn polygon offsets that count points into offsets that count rings, if they do.

    >>> rings_of(np.array([0, 4, 8]), np.array([0, 2])).tolist()
    [0, 2]
    """
    counts_rings = polygons[-1] == len(rings) - 1
    return polygons if counts_rings else np.searchsorted(rings, polygons)


def _inside(inner: shapely.Geometry, outer: shapely.Geometry) -> shapely.Geometry:
    """Keep a band inside the next: cut off where it pokes out, and a metre around."""
    shapely.prepare(outer)
    if shapely.covers(outer, inner):
        return inner
    poking = shapely.buffer(shapely.difference(inner, outer), NESTING_GAP_M, quad_segs=1)
    trimmed = shapely.multipolygons(_polygons(shapely.difference(inner, poking)))
    straight = _without_points_outside(trimmed, outer)
    if straight is not None and shapely.covers(outer, straight):
        return straight
    room = shapely.buffer(outer, -NESTING_GAP_M, quad_segs=1)  # slower, and always inside
    return shapely.multipolygons(_polygons(shapely.intersection(inner, room)))


def _without_points_outside(
    shape: shapely.Geometry, outer: shapely.Geometry
) -> shapely.Geometry | None:
    """Leave out the points of a shape that rounding has put outside another.

    Where a shape is cut, a new point on a border that both share comes to lie a hair outside; the
    next corner of that border is some metres on, and little is lost. None where more would be, as
    where the point is a corner itself, or where too few stay.
    """
    _, points, (rings, polygons, shapes) = shapely.to_ragged_array([shape])
    inside = shapely.covers(outer, shapely.points(points))
    inside[rings[1:] - 1] = False  # a ring's last point, its first again, is put back at the end
    counts = np.add.reduceat(inside, rings[:-1])
    if (counts < FEWEST_CORNERS).any():
        return None
    last = np.cumsum(counts)
    kept = np.insert(points[inside], last, points[inside][last - counts], axis=0)
    rings = np.concatenate([[0], np.cumsum(counts + 1)])
    found = shapely.from_ragged_array(
        shapely.GeometryType.MULTIPOLYGON, kept, (rings, polygons, shapes)
    )[0]
    lost_m2 = shapely.area(shape) - shapely.area(found)
    left_out = len(points) - len(kept)
    return found if lost_m2 <= left_out * LOST_M2 and shapely.is_valid(found) else None


def _polygons(shapes: shapely.Geometry | Shapes) -> Shapes:
    """List the polygons within shapes; lines and points that an overlay left are dropped."""
    parts = shapely.get_parts(shapely.get_parts(shapes))
    is_area = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    return parts[is_area & ~shapely.is_empty(parts)]
