"""The raster that isochrones are drawn from: for each pixel, the nearest road and the leg to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from accessibility.network import DS_PER_S, DriveTimes, Snapped, find_parts, stand
from accessibility.traveltime import PointTimes, TravelTimes

Floats = npt.NDArray[np.float64]

RESOLUTIONS_M = (250.0, 350.0, 500.0, 1000.0, 2000.0)
#: No road is within reach of a pixel.
NO_ROAD = -1
#: Most pixels of the raster, and most pixels x sites x bands, before it is made coarser.
MOST_PIXELS = 8_000_000
MOST_PIXEL_BANDS = 250_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A raster over the region: for each pixel, the nearest point on a road and the leg to it.

    Parameters
    ----------
    x, y
        Pixel centres, metres in the study's CRS.
    sample
        Per pixel, shape (rows, columns): the nearest point on a road, or `NO_ROAD`.
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
    used = np.zeros(drive.network.edges, dtype=bool)
    used[edges] = True
    used_xy = xy[used[_point_edges(drive)]]
    low, high = used_xy.min(axis=0) - max_leg_m, used_xy.max(axis=0) + max_leg_m
    spacing_m = resolution_m or _spacing(low, high, layers)
    samples, sample_xy = _sample_roads(drive, xy, edges, spacing_m / 2)
    first = np.floor(low / spacing_m) * spacing_m
    count = np.ceil((high - first) / spacing_m).astype(int) + 1
    x = first[0] + np.arange(count[0]) * spacing_m
    y = first[1] + np.arange(count[1]) * spacing_m
    shape = (len(y), len(x))
    pixels = np.empty((*shape, 2))
    pixels[..., 0], pixels[..., 1] = x, y[:, None]
    # a tree whose boxes are not drawn tight: pixels far from any road leave it sooner, 1.5x faster
    tree = cKDTree(sample_xy, balanced_tree=False, compact_nodes=False)
    reach_m = max_leg_m + 2 * spacing_m
    leg_m, sample = tree.query(pixels, distance_upper_bound=reach_m, workers=-1)
    np.minimum(leg_m, reach_m, out=leg_m)
    sample[sample == len(sample_xy)] = NO_ROAD
    return Surface(
        x=x,
        y=y,
        sample=sample,
        leg_m=leg_m,
        leg_ds=leg_m * (DS_PER_S / (access_speed_km_h / 3.6)),
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
    if not allowed.any():  # no site is left: the raster covers all roads, and every band is empty
        allowed = drive.snappable
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
