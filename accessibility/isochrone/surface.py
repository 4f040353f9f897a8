"""The raster that isochrones are drawn from: for each pixel, the nearest road and the leg to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from accessibility.network import DS_PER_S, DriveTimes, Snapped, find_parts, stand
from accessibility.traveltime import PointTimes, TravelTimes

Floats = npt.NDArray[np.float64]

RESOLUTIONS_M = (25.0, 50.0, 100.0, 250.0, 350.0, 500.0, 1000.0, 2000.0)
#: What is travelled off the road within the shortest band spans at least so many pixels: at fewer
#: the border of a band is a matter of the raster (walking 5 minutes at 250 m: a quarter is lost).
PIXELS_OF_SHORTEST_BAND = 15
#: Up to so many pixels, and pixels x sites x bands, a raster is made finer than it need be.
CHEAP_PIXELS = 400_000
CHEAP_PIXEL_BANDS = 12_000_000
#: However long the bands, this is the spacing wanted.
COARSEST_WANTED_M = 250.0
#: No road is within reach of a pixel.
NO_ROAD = -1
#: Most pixels of the raster, and most pixels x sites x bands, before it is made coarser; a pixel
#: takes about 90 bytes while it is drawn: 0.7 GB at most.
MOST_PIXELS = 8_000_000
MOST_PIXEL_BANDS = 250_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A raster over the region: for each pixel, the nearest point on a road and the leg to it.

    Parameters
    ----------
    x, y
        Pixel centres, metres in the study's CRS.
    sample, other, share
        Per pixel, shape (rows, columns): the nearest sampled point of a road, or `NO_ROAD`; the
        one beside it towards which the road's nearest point lies; and how far towards it (0..1).
    leg_m, leg_ds
        The access leg from that nearest point.
    points
        Reads the times of the sampled points.
    resolution_m, max_leg_m
        Spacing of the pixels, and the longest access leg.
    sea
        Per pixel, from -1 (all land) to 1 (all sea); None where no coastline is at hand.
    """

    x: Floats
    y: Floats
    sample: npt.NDArray[np.int64]
    other: npt.NDArray[np.int64]
    share: Floats
    leg_m: Floats
    leg_ds: Floats
    points: PointTimes
    resolution_m: float
    max_leg_m: float
    access_speed_km_h: float
    sea: Floats | None = None


def make_surface(
    times: TravelTimes,
    crs: str,
    *,
    access_speed_km_h: float,
    max_leg_m: float,
    resolution_m: float | None,
    layers: int,
    shortest_band_min: float,
) -> Surface:
    """Lay a raster over the roads that can be reached and left, up to the longest access leg.

    Parameters
    ----------
    resolution_m
        Spacing of the pixels; None takes one that fits the shortest band and the region's size.
    layers
        Number of bands of all tiers or sites.
    shortest_band_min
        The shortest band, minutes.
    """
    assert times.search is not None  # noqa: S101
    drive = times.search.graph.times
    xy = drive.network.points_in(crs)
    edges = _edges_in_use(drive, times.search.sites)
    used = np.zeros(drive.network.edges, dtype=bool)
    used[edges] = True
    used_xy = xy[used[_point_edges(drive)]]
    low, high = used_xy.min(axis=0) - max_leg_m, used_xy.max(axis=0) + max_leg_m
    reach_m = access_speed_km_h / 3.6 * shortest_band_min * 60
    spacing_m = resolution_m or _spacing(
        low, high, layers, fitting_m=reach_m / PIXELS_OF_SHORTEST_BAND
    )
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
    sample[sample == len(sample_xy)] = NO_ROAD
    other, share = _towards(pixels, sample, leg_m, samples.edge, sample_xy)
    np.minimum(leg_m, reach_m, out=leg_m)
    return Surface(
        x=x,
        y=y,
        sample=sample,
        other=other,
        share=share,
        leg_m=leg_m,
        leg_ds=leg_m * (DS_PER_S / (access_speed_km_h / 3.6)),
        points=PointTimes(times.search.graph, samples, direction=times.search.direction),
        resolution_m=spacing_m,
        max_leg_m=max_leg_m,
        access_speed_km_h=access_speed_km_h,
    )


def _towards(
    pixels: Floats,
    sample: npt.NDArray[np.int64],
    leg_m: Floats,
    edge: npt.NDArray[np.int64],
    sample_xy: Floats,
) -> tuple[npt.NDArray[np.int64], Floats]:
    """Find the nearest point of the road between each pixel's nearest sample and those beside it.

    Returns
    -------
    tuple
        The sample beside it and the share of the way towards it; `leg_m` is shortened in place.
    """
    other, share = sample.copy(), np.zeros(sample.shape)
    known = np.flatnonzero(sample.ravel() != NO_ROAD)
    here = sample.ravel()[known]
    xy = pixels.reshape(-1, 2)[known]
    best_m = leg_m.ravel()[known]
    best_other, best_share = here.copy(), np.zeros(len(here))
    for step in (-1, 1):
        beside = np.clip(here + step, 0, len(edge) - 1)
        along = sample_xy[beside] - sample_xy[here]
        length2 = (along**2).sum(axis=1)
        usable = (edge[beside] == edge[here]) & (length2 > 0)
        offset = xy - sample_xy[here]
        part = np.divide(
            (offset * along).sum(axis=1), length2, out=np.zeros(len(here)), where=usable
        ).clip(0.0, 1.0)
        foot_m = np.hypot(*(offset - along * part[:, None]).T)
        nearer = usable & (foot_m < best_m)
        best_m = np.where(nearer, foot_m, best_m)
        best_other = np.where(nearer, beside, best_other)
        best_share = np.where(nearer, part, best_share)
    other.ravel()[known], share.ravel()[known], leg_m.ravel()[known] = (
        best_other,
        best_share,
        best_m,
    )
    return other, share


def _spacing(low: Floats, high: Floats, layers: int, *, fitting_m: float) -> float:
    """Choose a spacing: fine enough for the bands, and no finer than the region's size allows."""
    for spacing_m in RESOLUTIONS_M:
        pixels = float(np.prod((high - low) / spacing_m + 1))
        if pixels <= CHEAP_PIXELS and pixels * layers <= CHEAP_PIXEL_BANDS:
            return spacing_m
        is_possible = pixels <= MOST_PIXELS and pixels * layers <= MOST_PIXEL_BANDS
        finest_m = min(fitting_m, COARSEST_WANTED_M)
        coarser = [one for one in RESOLUTIONS_M if spacing_m < one <= finest_m]
        if is_possible and not coarser:
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
