"""Isochrones: the area within each band of a tier's or a site's nearest drive.

They are drawn from the same routed times as the cells: points along every road carry the time from
there, a raster carries the time from the nearest such point plus the access leg, and each band is
the part of the raster at or under its minutes. Coverage never comes from them: they are for the eye
and for export, and how far they disagree with the cells is measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import contourpy
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from accessibility.network import DS_PER_S, DriveTimes, Snapped, find_parts, stand
from accessibility.population import Population
from accessibility.services import Tiers
from accessibility.sites import Sites
from accessibility.traveltime import UNREACHABLE, PointTimes, TravelTimes

if TYPE_CHECKING:
    import geopandas as gpd

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

RESOLUTIONS_M = (250.0, 350.0, 500.0, 1000.0, 2000.0)
#: Most pixels of the raster, and most pixels x sites x bands, before it is made coarser.
MOST_PIXELS = 8_000_000
MOST_PIXEL_BANDS = 250_000_000
#: A time is at most a band if it rounds half up to at most its seconds.
ROUNDS_UP_AT_DS = 0.5 * DS_PER_S - 0.5
NESTING_GAP_M = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A raster over the region: for each pixel, the nearest point on a road and the leg to it.

    Parameters
    ----------
    x, y
        Pixel centres, metres in the study's CRS.
    sample
        Per pixel, shape (rows, columns): the nearest point on a road.
    leg_m, leg_ds
        The access leg from there.
    points
        Reads the times of those points.
    resolution_m, max_leg_m
        Spacing of the pixels, and the longest access leg.
    """

    x: Floats
    y: Floats
    sample: npt.NDArray[np.int64]
    leg_m: Floats
    leg_ds: Floats
    points: PointTimes
    resolution_m: float
    max_leg_m: float
    access_speed_km_h: float


def isochrones(
    times: TravelTimes,
    population: Population,
    sites: Sites,
    tiers: Tiers,
    *,
    bands_min: Sequence[float],
    by: str = "tier",
    access_speed_km_h: float = 20,
    max_leg_m: float = 5000,
    resolution_m: float | None = None,
) -> gpd.GeoDataFrame:
    """Draw the area within each band, by tier or by site.

    Parameters
    ----------
    times
        The matrix, with the searches behind it.
    population, sites, tiers
        The study.
    bands_min
        Rising minutes.
    by
        "tier": around the nearest of a tier's own sites; "site": around each site.
    access_speed_km_h, max_leg_m
        As the matrix was made with.
    resolution_m
        Spacing of the raster; None takes 250 m, or what the size of the region allows.

    Returns
    -------
    GeoDataFrame
        In the study's CRS: `tier` or `site_id`, `band_min`, `people` (within the band, from the
        cells) and `geometry` (valid MultiPolygons, each inside the next band's; islands and holes
        kept; empty where nobody is within). `attrs["resolution_m"]` says the spacing.

    Raises
    ------
    ValueError
        If `times` does not carry its searches, or `by` is something else.
    """
    import geopandas as gpd

    if times.search is None or times.cells is None:
        raise ValueError("isochrones need travel times with their searches; compute them anew")
    if by not in ("tier", "site"):
        raise ValueError(f'by is "{by}"; expected "tier" or "site"')
    crs = str(population.cells.crs)
    places = len(tiers.ids) if by == "tier" else len(times.site_ids)
    surface = make_surface(
        times,
        crs,
        access_speed_km_h=access_speed_km_h,
        max_leg_m=max_leg_m,
        resolution_m=resolution_m,
        layers=places * len(bands_min),
    )
    column = "tier" if by == "tier" else "site_id"
    rows: list[dict[str, object]] = []
    shapes: list[shapely.Geometry] = []
    with ThreadPoolExecutor(max_workers=2) as pool:  # contouring and geometry run outside Python
        layers = list(_layers(times, sites, tiers, surface, by))
        drawn = pool.map(lambda one: list(band_polygons(surface, one[1], bands_min)), layers)
        for (name, _, time_s), bands in zip(layers, drawn, strict=True):
            for band, shape in zip(bands_min, bands, strict=True):
                people = float(population.people[time_s <= band * 60].sum())
                rows.append({column: name, "band_min": float(band), "people": people})
                shapes.append(shape)
    frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=crs)
    frame.attrs["resolution_m"] = surface.resolution_m
    return frame


def _layers(
    times: TravelTimes, sites: Sites, tiers: Tiers, surface: Surface, by: str
) -> Iterator[tuple[str, npt.NDArray[np.int32], Floats]]:
    """Give, for each tier or site, the times of the road points and of the cells."""
    assert times.search is not None  # noqa: S101  (checked by isochrones)
    # the searches keep the order of the sites' ids, as the matrix does
    if by == "site":
        for row, site in enumerate(times.site_ids):
            column = times.time_s[:, row]
            yield (
                str(site),
                surface.points.of_nearest(times.search, np.array([row])),
                _as_seconds(column),
            )
        return
    for tier in tiers.ids:
        rows = np.flatnonzero(times.site_ids.isin(sites.serving(tier, tiers)))
        nearest = times.time_s[:, rows].min(axis=1, initial=UNREACHABLE)
        yield tier, surface.points.of_nearest(times.search, rows), _as_seconds(nearest)


def _as_seconds(time_s: npt.NDArray[np.int32]) -> Floats:
    return np.where(time_s == UNREACHABLE, np.inf, time_s.astype(np.float64))


def make_surface(
    times: TravelTimes,
    crs: str,
    *,
    access_speed_km_h: float,
    max_leg_m: float,
    resolution_m: float | None,
    layers: int,
) -> Surface:
    """Lay a raster over the roads that can be reached and left, up to the longest access leg."""
    assert times.search is not None  # noqa: S101
    drive = times.search.graph.times
    xy = drive.network.points_in(crs)
    edges = _edges_in_use(drive, times.search.sites)
    low = xy[np.isin(_point_edges(drive), edges)].min(axis=0) - max_leg_m
    high = xy[np.isin(_point_edges(drive), edges)].max(axis=0) + max_leg_m
    spacing_m = resolution_m or _spacing(low, high, layers)
    samples, sample_xy = _sample_roads(drive, xy, edges, spacing_m / 2)
    first = np.floor(low / spacing_m) * spacing_m
    count = np.ceil((high - first) / spacing_m).astype(int) + 1
    x = first[0] + np.arange(count[0]) * spacing_m
    y = first[1] + np.arange(count[1]) * spacing_m
    pixels = np.column_stack([np.tile(x, len(y)), np.repeat(y, len(x))])
    tree = cKDTree(sample_xy)
    reach_m = max_leg_m + 2 * spacing_m
    leg_m, sample = tree.query(pixels, distance_upper_bound=reach_m, workers=-1)
    shape = (len(y), len(x))
    leg_m = np.minimum(leg_m, reach_m)
    return Surface(
        x=x,
        y=y,
        sample=np.where(sample == len(sample_xy), -1, sample).reshape(shape),
        leg_m=leg_m.reshape(shape),
        leg_ds=(leg_m / (access_speed_km_h / 3.6) * DS_PER_S).reshape(shape),
        points=PointTimes(times.search.graph, samples, direction=times.search.direction),
        resolution_m=spacing_m,
        max_leg_m=max_leg_m,
        access_speed_km_h=access_speed_km_h,
    )


def _spacing(low: Floats, high: Floats, layers: int) -> float:
    """Choose the finest spacing that the size of the region and the number of layers allow."""
    for spacing_m in RESOLUTIONS_M:
        pixels = float(np.prod((high - low) / spacing_m + 1))
        if pixels <= MOST_PIXELS and pixels * layers <= MOST_PIXEL_BANDS:
            return spacing_m
    return RESOLUTIONS_M[-1]


def _point_edges(drive: DriveTimes) -> npt.NDArray[np.int64]:
    network = drive.network
    return np.repeat(np.arange(network.edges), np.diff(network.point_from))


def _edges_in_use(drive: DriveTimes, sites: Snapped) -> npt.NDArray[np.int64]:
    """List the edges that cells may stand on: where one can arrive and leave, and a site is."""
    parts = find_parts(drive)
    served = np.zeros(len(parts.length_m), dtype=bool)
    standing = sites.edge[(sites.edge >= 0) & ~sites.too_far]
    served[parts.part[standing]] = True
    allowed = drive.snappable & parts.core & (served | parts.has_ferry)[parts.part]
    allowed[standing] = True
    return np.flatnonzero(allowed)


def _sample_roads(
    drive: DriveTimes, xy: Floats, edges: npt.NDArray[np.int64], spacing_m: float
) -> tuple[Snapped, Floats]:
    """Put points along roads, at most `spacing_m` apart, the ends of every edge included."""
    network = drive.network
    first, last = network.segment_from[edges], network.segment_from[edges + 1]
    step_m = np.hypot(*np.diff(xy, axis=0).T)
    drawn_m = np.delete(step_m, network.point_from[1:-1] - 1)  # no step from edge to edge
    along_m = np.concatenate([[0.0], np.cumsum(drawn_m)])
    edge_m = along_m[last] - along_m[first]
    pieces = np.maximum(np.ceil(edge_m / spacing_m).astype(int), 1) + 1
    row = np.repeat(np.arange(len(edges)), pieces)
    step = np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    at_m = along_m[first][row] + step / (pieces[row] - 1) * edge_m[row]
    segment = np.searchsorted(along_m, at_m, side="right") - 1
    segment = np.clip(segment, first[row], last[row] - 1)
    length_m = drawn_m[segment]
    fraction = np.divide(
        at_m - along_m[segment], length_m, out=np.zeros(len(row)), where=length_m > 0
    ).clip(0.0, 1.0)
    edge = edges[row]
    start = segment + edge  # a segment's first point: one more point an edge
    points = xy[start] + (xy[start + 1] - xy[start]) * fraction[:, None]
    none = np.zeros(len(row), dtype=bool)
    samples = stand(
        drive,
        edge=edge,
        segment=segment,
        fraction=fraction,
        leg_m=np.zeros(len(row)),
        access_speed_km_h=1.0,
        moved=none,
        too_far=none,
    )
    return samples, points


def band_polygons(
    surface: Surface, point_ds: npt.NDArray[np.int32], bands_min: Sequence[float]
) -> Iterator[shapely.Geometry]:
    """Draw one layer's bands, the shortest first, each inside the next.

    Notes
    -----
    Where two neighbouring pixels belong to different roads the time jumps; the border is drawn
    half-way, as for cells, by cutting the difference from the band off at one pixel's leg.
    """
    known = surface.sample >= 0
    ds = np.full(surface.sample.shape, np.inf)
    sample_ds = np.where(point_ds == UNREACHABLE, np.inf, point_ds.astype(np.float64))
    ds[known] = sample_ds[surface.sample[known]] + surface.leg_ds[known]
    cap_ds = surface.resolution_m / (surface.access_speed_km_h / 3.6) * DS_PER_S
    m_to_ds = cap_ds / surface.resolution_m
    over_ds = (surface.leg_m - surface.max_leg_m) * m_to_ds
    rows, columns = _window(ds <= bands_min[-1] * 60 * DS_PER_S + cap_ds)
    if rows is None or columns is None:
        yield from (shapely.MultiPolygon() for _ in bands_min)
        return
    x, y = surface.x[columns], surface.y[rows]
    ds, over_ds = ds[rows, columns], over_ds[rows, columns]
    shapes = []
    for band in bands_min:
        limit_ds = band * 60 * DS_PER_S + ROUNDS_UP_AT_DS
        height = np.clip(np.maximum(ds - limit_ds, over_ds), -cap_ds, cap_ds)
        shapes.append(_area_under_zero(x, y, height, simplify_m=surface.resolution_m / 4))
    for place in range(len(shapes) - 2, -1, -1):
        shapes[place] = _inside(shapes[place], shapes[place + 1])
    yield from shapes


def _window(mask: Mask) -> tuple[slice | None, slice | None]:
    """Find the rows and columns that hold all of a mask, and one more on each side."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None, None
    return (
        slice(max(rows[0] - 1, 0), rows[-1] + 2),
        slice(max(columns[0] - 1, 0), columns[-1] + 2),
    )


def _area_under_zero(
    x: Floats, y: Floats, height: Floats, *, simplify_m: float
) -> shapely.Geometry:
    """Draw the area where a raster is at most zero, as a valid MultiPolygon."""
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
    simple = shapely.simplify(shapes, simplify_m, preserve_topology=True)
    return _as_multipolygon(shapely.union_all(shapely.make_valid(simple)))


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
    """Keep a band inside the next, at least a metre from its edge, so that bands truly nest."""
    room = shapely.buffer(outer, -NESTING_GAP_M, quad_segs=1)
    return _as_multipolygon(shapely.intersection(inner, room))


def _as_multipolygon(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shapely.make_valid(shape))
    parts = shapely.get_parts(parts)
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """How far polygons and cells disagree: shares (0..1) of all people, of the worst tier.

    `outside`: the cell's centre lies outside the polygon of the cell's own band. `inside_shorter`:
    it lies inside that of a shorter one.
    """

    outside: float
    inside_shorter: float


def mismatch(
    bands: gpd.GeoDataFrame, nearest: pd.DataFrame, population: Population, tiers: Tiers
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
    """
    points = shapely.points(population.xy)
    people = population.people
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
        outside = max(outside, float(people[drawn > own].sum() / people.sum()))
        inside_shorter = max(inside_shorter, float(people[drawn < own].sum() / people.sum()))
    return Mismatch(outside=outside, inside_shorter=inside_shorter)
