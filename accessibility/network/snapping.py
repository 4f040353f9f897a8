"""Snapping: where on the road network a cell or a site stands.

A point is snapped to the nearest point of an edge, in the part of the network from which sites can
be reached and left. The straight line between the two is its access leg.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from accessibility.network.drive_times import CLOSED, DriveTimes, whole_deciseconds
from accessibility.network.parts import Parts, find_parts
from accessibility.network.roads import Floats, Ints

if TYPE_CHECKING:
    from accessibility.network.edge_grid import EdgeGrid

AT_NODE_M = 0.05
SAME_DISTANCE_M = 0.001
NOWHERE = -1
#: From so many points, or segments of road, on the compiled grid is used: below, shapely's tree has
#: found the edges before the compiled code is loaded (half a second; seconds the first time ever).
GRID_FROM_POINTS = 50_000
GRID_FROM_SEGMENTS = 1_000_000

log = logging.getLogger(__name__)


@cache
def _compiled_grid() -> type[EdgeGrid] | None:
    """Load the compiled grid; nothing where Numba cannot be used here."""
    try:
        from accessibility.network.edge_grid import EdgeGrid
    except (ImportError, OSError) as problem:
        log.debug("no compiled snapping (%s); shapely's tree finds the same edges", problem)
        return None
    return EdgeGrid


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapped:
    """Where points stand on the network; arrays of shape (points,).

    Parameters
    ----------
    edge, segment, fraction
        The edge (-1: there is none), its raw segment, and how far along that segment (0..1).
    node
        The junction, where the point stands on one (within 5 cm), else -1.
    leg_m, leg_ds
        The access leg: metres, and deciseconds at the access speed.
    before_forward_ds, after_forward_ds
        Deciseconds from the edge's start to the point, and on to its end; -1 where closed.
    before_backward_ds, after_backward_ds
        Deciseconds from the edge's end to the point, and on to its start; -1 where closed.
    moved
        Whether the nearest road lies in another part of the network.
    too_far
        Whether the access leg is longer than allowed.
    """

    edge: Ints
    segment: Ints
    fraction: Floats
    node: Ints
    leg_m: Floats
    leg_ds: Ints
    before_forward_ds: Ints
    after_forward_ds: Ints
    before_backward_ds: Ints
    after_backward_ds: Ints
    moved: npt.NDArray[np.bool_]
    too_far: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.edge)


class Snapper:
    """Snaps points to one network, in one projected CRS.

    Parameters
    ----------
    times
        Driving times of the network.
    crs
        The study's CRS: projected, in metres.
    access_speed_km_h, max_leg_m
        Speed and longest length of access legs.
    min_component_m
        A part of the network with less road than this, and no ferry, is a slip of the map, not an
        island: sites are moved away from it.
    """

    def __init__(
        self,
        times: DriveTimes,
        crs: str,
        *,
        access_speed_km_h: float,
        max_leg_m: float,
        min_component_m: float,
    ) -> None:
        self.times = times
        self.access_speed_km_h = access_speed_km_h
        self.max_leg_m = max_leg_m
        self.parts: Parts = find_parts(times)
        self._xy = times.network.points_in(crs)
        self._rank = rank_of_edges(times)
        self._large = len(times.network.segment_m) >= GRID_FROM_SEGMENTS
        part = self.parts
        own = (part.length_m >= min_component_m) | part.has_ferry
        if len(part.length_m):
            own[int(np.argmax(part.length_m))] = True
        self._own_part = own
        self._drawn: npt.NDArray[np.object_] | None = None
        self._trees: dict[bytes, tuple[shapely.STRtree, Ints]] = {}
        self._grids: dict[bytes, EdgeGrid] = {}

    def snap_sites(self, xy: Floats) -> Snapped:
        """Snap sites: to the nearest road where one can arrive and leave, but not to a slip.

        Parameters
        ----------
        xy
            Shape (sites, 2), in the CRS.
        """
        everywhere = self.times.snappable
        allowed = everywhere & self.parts.core & self._own_part[self.parts.part]
        first = self._nearest(xy, everywhere)
        second = self._nearest(xy, allowed)
        stays = allowed[first] & (first != NOWHERE)
        # an edge that none of the allowed comes near keeps its site: better cut off than teleported
        leg_m = self._leg_m(xy, second)
        moves = ~stays & (second != NOWHERE) & (leg_m <= self.max_leg_m)
        moved = moves & (leg_m > self._leg_m(xy, first) + AT_NODE_M)
        return self._stand(xy, np.where(moves, second, first), moved=moved)

    def snap_cells(self, xy: Floats, sites: Snapped) -> Snapped:
        """Snap cells: inside the part of the network from which sites can be reached.

        A cell is moved to another part only within the longest access leg, and never away from a
        part that has its own site or ferry: islanders do not drive over water.

        Parameters
        ----------
        xy
            Shape (cells, 2), in the CRS.
        sites
            Where the study's sites stand.
        """
        parts = self.parts
        everywhere = self.times.snappable
        served = np.zeros(len(parts.length_m), dtype=bool)
        standing = sites.edge[(sites.edge != NOWHERE) & ~sites.too_far]
        served[parts.part[standing]] = True

        first = self._nearest(xy, everywhere)
        edge, moved = first.copy(), np.zeros(len(xy), dtype=bool)
        home = np.where(first == NOWHERE, NOWHERE, parts.part[first])
        stays = (first == NOWHERE) | (parts.core[first] & (served | parts.has_ferry)[home])
        bound = ~stays & (served | parts.has_ferry)[home]  # a trap within a part that keeps its own
        for part in np.unique(home[bound]):
            rows = np.flatnonzero(bound & (home == part))
            self._move(xy, rows, everywhere & parts.core & (parts.part == part), edge, moved)
        free = np.flatnonzero(~stays & ~bound)
        if len(free):
            self._move(xy, free, everywhere & parts.core & served[parts.part], edge, moved)
        return self._stand(xy, edge, moved=moved)

    def distance_m(self, xy: Floats) -> Floats:
        """Measure how far points are from the nearest road that they could be snapped to.

        Parameters
        ----------
        xy
            Shape (points, 2), in the CRS.

        Returns
        -------
        Floats
            Metres, shape (points,); infinite where there is no such road.
        """
        return self._leg_m(xy, self._nearest(xy, self.times.snappable))

    def _move(
        self, xy: Floats, rows: Ints, allowed: npt.NDArray[np.bool_], edge: Ints,
        moved: npt.NDArray[np.bool_],
    ) -> None:  # fmt: skip
        """Move some points to the nearest allowed edge, where the longest leg reaches one."""
        nearest = self._nearest(xy[rows], allowed)
        leg_m = self._leg_m(xy[rows], nearest)
        within = leg_m <= self.max_leg_m
        further = leg_m > self._leg_m(xy[rows], edge[rows]) + AT_NODE_M  # else on the same spot
        edge[rows[within]] = nearest[within]
        moved[rows[within & further]] = True

    def _nearest(self, xy: Floats, allowed: npt.NDArray[np.bool_]) -> Ints:
        """Find the nearest allowed edge of each point (-1: there is none).

        Of edges that are equally near, to a millimetre, that of the smaller way id is taken, in
        whatever order they come; of roads drawn as the same straight line, the fastest.
        """
        if not len(xy) or not allowed.any():
            return np.full(len(xy), NOWHERE, dtype=np.int64)
        grid = self._grid(allowed) if self._large or len(xy) >= GRID_FROM_POINTS else None
        if grid is not None:
            return grid.nearest(xy, same_m=SAME_DISTANCE_M)
        return self._nearest_in_tree(xy, allowed)

    def _grid(self, allowed: npt.NDArray[np.bool_]) -> EdgeGrid | None:
        key = np.packbits(allowed).tobytes()
        compiled = _compiled_grid()
        if compiled is not None and key not in self._grids:
            self._grids[key] = compiled(
                self._xy, self.times.network.point_from, np.flatnonzero(allowed), self._rank
            )
        return self._grids.get(key)

    def _nearest_in_tree(self, xy: Floats, allowed: npt.NDArray[np.bool_]) -> Ints:
        """Find the nearest edges with shapely's tree, without compiled code."""
        nearest = np.full(len(xy), NOWHERE, dtype=np.int64)
        key = np.packbits(allowed).tobytes()
        if key not in self._trees:
            if self._drawn is None:  # once for all trees
                self._drawn = self._lines(np.arange(len(allowed)))
            edges = np.flatnonzero(allowed)
            self._trees[key] = (shapely.STRtree(self._drawn[edges]), edges)
        tree, edges = self._trees[key]
        points = shapely.points(xy)
        (near_rows, _), near_m = tree.query_nearest(points, all_matches=False, return_distance=True)
        reach_m = np.zeros(len(xy))
        reach_m[near_rows] = near_m + SAME_DISTANCE_M
        rows, found = tree.query(points, predicate="dwithin", distance=reach_m)
        edge = edges[found]
        order = np.lexsort((self._rank[edge], rows))
        _, first = np.unique(rows[order], return_index=True)
        nearest[rows[order][first]] = edge[order][first]
        return nearest

    def _lines(self, edges: Ints) -> npt.NDArray[np.object_]:
        """Draw some edges as lines."""
        if self._drawn is not None:
            return self._drawn[edges]
        point_from = self.times.network.point_from
        sizes = (point_from[edges + 1] - point_from[edges]).astype(np.int64)
        row = np.repeat(np.arange(len(edges)), sizes)
        places = np.arange(len(row)) + np.repeat(
            point_from[edges] - np.cumsum(sizes) + sizes, sizes
        )
        return np.asarray(shapely.linestrings(self._xy[places], indices=row))

    def _leg_m(self, xy: Floats, edge: Ints) -> Floats:
        leg_m = np.full(len(xy), np.inf)
        known = edge != NOWHERE
        leg_m[known] = shapely.distance(shapely.points(xy[known]), self._lines(edge[known]))
        return leg_m

    def _stand(self, xy: Floats, edge: Ints, *, moved: npt.NDArray[np.bool_]) -> Snapped:
        """Find the segment and fraction on each point's edge, and the times on either side."""
        known = np.flatnonzero(edge != NOWHERE)
        segment = np.full(len(xy), NOWHERE, dtype=np.int64)
        fraction, leg_m = np.zeros(len(xy)), np.full(len(xy), np.inf)
        if len(known):
            segment[known], fraction[known], leg_m[known] = self._project(xy[known], edge[known])
        return stand(
            self.times,
            edge=edge,
            segment=segment,
            fraction=fraction,
            leg_m=leg_m,
            access_speed_km_h=self.access_speed_km_h,
            moved=moved,
            too_far=leg_m > self.max_leg_m,
        )

    def _project(self, xy: Floats, edge: Ints) -> tuple[Ints, Floats, Floats]:
        """Project points onto their edges: nearest segment, fraction along it, distance.

        Of segments equally near the first is taken.
        """
        grid = next(iter(self._grids.values()), None)
        if grid is not None:
            return grid.project(xy, edge)
        network = self.times.network
        sizes = np.diff(network.segment_from)[edge]
        begin = np.cumsum(sizes) - sizes
        rows = np.repeat(np.arange(len(xy)), sizes)
        offset = np.arange(len(rows)) - begin[rows]
        point = network.point_from[edge][rows] + offset
        start, along = self._xy[point], self._xy[point + 1] - self._xy[point]
        square = (along**2).sum(axis=1)
        toward = ((xy[rows] - start) * along).sum(axis=1)
        share = np.clip(np.divide(toward, square, out=np.zeros(len(rows)), where=square > 0), 0, 1)
        distance = np.hypot(*(start + along * share[:, None] - xy[rows]).T)
        least = np.flatnonzero(distance == np.minimum.reduceat(distance, begin)[rows])
        best = least[np.searchsorted(rows[least], np.arange(len(xy)))]
        return network.segment_from[edge] + offset[best], share[best], distance[best]


def rank_of_edges(times: DriveTimes) -> Ints:
    """Rank the edges: of those equally near to a point, the first takes it.

    The smaller way id comes first, and of one way the edge nearer to its beginning. Roads between
    the same two junctions that the map draws as one straight line (state roads without their
    lines) cannot be told apart by where they run: of those the fastest comes first, then the
    shortest, in the place of the smallest way id among them.

    Returns
    -------
    Ints
        Shape (edges,): each rank once.
    """
    network = times.network
    way_id, every = network.way_id[network.edge_way], np.arange(network.edges)
    low = np.minimum(network.edge_start, network.edge_end)
    high = np.maximum(network.edge_start, network.edge_end)
    straight = np.diff(network.point_from) == 2
    group = np.where(straight, low * network.nodes + high, -1 - every)
    order = np.lexsort((every, way_id, group))
    begins = np.flatnonzero(np.diff(group[order], prepend=group[order[0]] - 1) != 0)
    leader = np.empty(network.edges, dtype=np.int64)
    leader[order] = np.repeat(order[begins], np.diff(begins, append=network.edges))
    ds = np.minimum(  # one way closed is the other way's time; both closed: last
        times.edge_forward_ds.astype(np.uint64), times.edge_backward_ds.astype(np.uint64)
    )
    order = np.lexsort((every, way_id, network.edge_m, ds, leader, way_id[leader]))
    rank = np.empty(network.edges, dtype=np.int64)
    rank[order] = every
    return rank


def take(points: Snapped, rows: Ints) -> Snapped:
    """Take some points, in the order of `rows`."""
    return Snapped(**{part.name: getattr(points, part.name)[rows] for part in fields(points)})


def join(first: Snapped, second: Snapped) -> Snapped:
    """Put two lists of points after one another."""
    return Snapped(
        **{
            part.name: np.concatenate([getattr(first, part.name), getattr(second, part.name)])
            for part in fields(first)
        }
    )


def restand(times: DriveTimes, points: Snapped, *, access_speed_km_h: float) -> Snapped:
    """Keep points where they stand and take other driving times of the same network."""
    return stand(
        times,
        edge=points.edge,
        segment=points.segment,
        fraction=points.fraction,
        leg_m=points.leg_m,
        access_speed_km_h=access_speed_km_h,
        moved=points.moved,
        too_far=points.too_far,
    )


def stand(
    times: DriveTimes,
    *,
    edge: Ints,
    segment: Ints,
    fraction: Floats,
    leg_m: Floats,
    access_speed_km_h: float,
    moved: npt.NDArray[np.bool_],
    too_far: npt.NDArray[np.bool_],
) -> Snapped:
    """Split each point's edge there: the times before and after it, each way.

    A segment of t deciseconds splits at fraction f into round-half-up(f t) and the rest, so that
    the parts always add up to the whole.
    """
    network = times.network
    known = edge != NOWHERE
    safe_edge, safe_segment = np.where(known, edge, 0), np.where(known, segment, 0)
    before: dict[str, Ints] = {}
    after: dict[str, Ints] = {}
    first, last = network.segment_from[safe_edge], network.segment_from[safe_edge + 1]
    for direction, per_segment in (
        ("forward", times.segment_forward_ds),
        ("backward", times.segment_backward_ds),
    ):
        is_open = known & (per_segment[safe_segment] != CLOSED)
        total = np.concatenate([[0], np.cumsum(np.maximum(per_segment, 0))])
        inside = np.floor(fraction * per_segment[safe_segment] + 0.5).astype(np.int64)
        up_to = total[safe_segment] + inside - total[first]
        rest = total[last] - total[first] - up_to
        before[direction] = np.where(is_open, up_to, CLOSED)
        after[direction] = np.where(is_open, rest, CLOSED)
    segment_m = network.segment_m[safe_segment]
    at_start = known & (safe_segment == first) & (fraction * segment_m <= AT_NODE_M)
    at_end = known & (safe_segment == last - 1) & ((1 - fraction) * segment_m <= AT_NODE_M)
    node = np.where(at_start, times.start[safe_edge], NOWHERE)
    node = np.where(at_end & ~at_start, times.end[safe_edge], node)
    for side, direction in enumerate(("forward", "backward")):
        shut = _beside_its_road(times, safe_edge, node, side)
        before[direction] = np.where(shut, CLOSED, before[direction])
        after[direction] = np.where(shut, CLOSED, after[direction])
    metres = np.where(np.isfinite(leg_m), leg_m, 0.0)
    return Snapped(
        edge=edge,
        segment=segment,
        fraction=fraction,
        node=node,
        leg_m=leg_m,
        leg_ds=whole_deciseconds(metres / (access_speed_km_h / 3.6)),
        before_forward_ds=before["forward"],
        after_forward_ds=after["forward"],
        before_backward_ds=after["backward"],
        after_backward_ds=before["backward"],
        moved=moved,
        too_far=too_far,
    )


def _beside_its_road(times: DriveTimes, edge: Ints, node: Ints, side: int) -> npt.NDArray[np.bool_]:
    """Mark points on a junction whose own road is closed to passing while another leads there.

    They stand on the junction, not along the road that is closed, or not for through traffic:
    nobody drives that from end to end.
    """
    barred = ~times.through | times.no_through[side::2]
    if not barred.any():
        return np.zeros(len(edge), dtype=bool)
    joined = np.zeros(times.nodes, dtype=bool)
    for one, edge_ds in enumerate((times.edge_forward_ds, times.edge_backward_ds)):
        passed = times.through & ~times.no_through[one::2] & (edge_ds != CLOSED)
        joined[times.start[passed]] = True
        joined[times.end[passed]] = True
    on_junction = node != NOWHERE
    return on_junction & barred[edge] & joined[np.where(on_junction, node, 0)]
