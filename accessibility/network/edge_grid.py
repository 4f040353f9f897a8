"""The nearest edge of many points, found on a uniform grid: compiled, and exact.

Only `snapping` asks for it, and only where so much is snapped that loading compiled code pays; for
the rest shapely's tree finds the same edges. Distances are worked out in the very order of steps in
which GEOS does (`algorithm::Distance::pointToSegment`), so that both give the same last bit and
ties are the same ties.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from accessibility.network.roads import Floats, Ints

NOWHERE = -1
#: A segment is entered in every cell within this share of a cell, far more than rounding moves it.
PAD = 1e-6
MOST_CELLS = 16_000_000

Entries = npt.NDArray[np.int32]
F = TypeVar("F", bound=Callable[..., Any])


def _compiled(function: F) -> F:
    """Compile a function at its first call and keep the code on disk, where there is a place."""
    try:
        made = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # neither beside the module nor in the user's cache folder
        made = numba.njit(nogil=True, error_model="numpy")(function)
    return cast("F", made)


class EdgeGrid:
    """The segments of some edges by square cells of a grid.

    Parameters
    ----------
    xy
        Shape points of the whole network, shape (points, 2), metres.
    point_from
        Points of edge i are `point_from[i]:point_from[i + 1]`.
    edges
        The edges to find, at least one.
    rank
        Of edges equally near the one of the smallest rank is taken, shape (all edges,).
    """

    def __init__(self, xy: Floats, point_from: Ints, edges: Ints, rank: Ints) -> None:
        self._xy = xy
        self._from = point_from
        self._rank = rank
        sizes = np.diff(point_from)
        self._edge_of_point = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        low_x, high_x = xy[:, 0].min(), xy[:, 0].max()  # by column: far faster than along axis 0
        low_y, high_y = xy[:, 1].min(), xy[:, 1].max()
        self._low = np.array([low_x, low_y])
        span_m = np.maximum([high_x - low_x, high_y - low_y], 1.0)
        cells = min(int(sizes[edges].sum()), MOST_CELLS)  # about one segment begins in each
        self._cell_m = float(max(math.sqrt(span_m[0] * span_m[1] / cells), span_m.max() / cells))
        self._shape = np.floor(span_m / self._cell_m).astype(np.int64) + 1
        place = np.zeros(int(self._shape.prod()) + 1, dtype=np.int64)
        entry = np.empty(0, dtype=np.int32)
        _enter(xy, point_from, edges, self._low, self._cell_m, self._shape, place, entry)
        self._cell_from = np.cumsum(place)
        place, entry = self._cell_from.copy(), np.empty(int(self._cell_from[-1]), dtype=np.int32)
        _enter(xy, point_from, edges, self._low, self._cell_m, self._shape, place, entry)
        self._entry = entry

    def nearest(self, xy: Floats, *, same_m: float) -> Ints:
        """Find the nearest edge of each point.

        Parameters
        ----------
        xy
            Shape (points, 2).
        same_m
            Of edges at most this much further than the nearest, that of the smallest rank is
            taken, and of one rank the first.

        Returns
        -------
        Ints
            Edges; -1 where a point has no place.
        """
        places = np.ascontiguousarray(xy, dtype=np.float64)
        order = np.argsort(self._cells_of(places), kind="stable")  # neighbours next to each other
        found = np.empty(len(places), dtype=np.int64)
        found[order] = _nearest(
            places[order],
            self._xy,
            self._edge_of_point,
            self._rank,
            self._low,
            self._cell_m,
            self._shape,
            self._cell_from,
            self._entry,
            same_m,
        )
        return found

    def _cells_of(self, places: Floats) -> Ints:
        """Number the cells that places lie in, or come nearest to; any cell where one has none."""
        with np.errstate(invalid="ignore"):
            cell = np.clip((places - self._low) / self._cell_m, 0, self._shape - 1)
        column, row = np.nan_to_num(cell).astype(np.int64).T
        return np.asarray(row * self._shape[0] + column)

    def project(self, xy: Floats, edge: Ints) -> tuple[Ints, Floats, Floats]:
        """Project points onto edges of the network, those of this grid or not.

        Returns
        -------
        tuple
            Per point: nearest segment, how far along it (0..1), distance in metres.
        """
        places = np.ascontiguousarray(xy, dtype=np.float64)
        return _project(places, edge, self._xy, self._from)


@_compiled
def _enter(
    xy: Floats,
    point_from: Ints,
    edges: Ints,
    low: Floats,
    cell_m: float,
    shape: Ints,
    place: Ints,
    entry: Entries,
) -> None:
    """Count the segments of each cell into `place[1:]`, or write them where `place` says.

    A segment is known by its first point. An empty `entry` asks for counts.
    """
    columns, rows = shape
    pad_m = cell_m * PAD
    for edge in edges:
        for point in range(np.uint64(point_from[edge]), np.uint64(point_from[edge + 1] - 1)):
            x0, y0 = xy[point, 0], xy[point, 1]
            x1, y1 = xy[point + np.uint64(1), 0], xy[point + np.uint64(1), 1]
            bottom, top = min(y0, y1) - pad_m, max(y0, y1) + pad_m
            first = max(math.floor((bottom - low[1]) / cell_m), 0)
            last = min(math.floor((top - low[1]) / cell_m), rows - 1)
            for row in range(first, last + 1):
                left, right = min(x0, x1), max(x0, x1)
                if last > first and y0 != y1:  # the part of the segment within this row
                    slope = (x1 - x0) / (y1 - y0)
                    at_bottom = x0 + (low[1] + row * cell_m - pad_m - y0) * slope
                    at_top = x0 + (low[1] + (row + 1) * cell_m + pad_m - y0) * slope
                    left = max(left, min(at_bottom, at_top))
                    right = min(right, max(at_bottom, at_top))
                begin = max(math.floor((left - pad_m - low[0]) / cell_m), 0)
                end = min(math.floor((right + pad_m - low[0]) / cell_m), columns - 1)
                first_cell, last_cell = row * columns + begin, row * columns + end
                for cell in range(np.uint64(first_cell), np.uint64(last_cell + 1)):
                    if len(entry):
                        entry[np.uint64(place[cell])] = point
                        place[cell] += 1
                    else:
                        place[cell + np.uint64(1)] += 1


@_compiled
def _distance_m(x: float, y: float, xy: Floats, point: np.uint64) -> float:
    """Measure from a place to the segment after a shape point, step by step as GEOS does."""
    ax, ay = xy[point, 0], xy[point, 1]
    bx, by = xy[point + np.uint64(1), 0], xy[point + np.uint64(1), 1]
    if ax == bx and ay == by:
        return math.sqrt((x - ax) * (x - ax) + (y - ay) * (y - ay))
    square = (bx - ax) * (bx - ax) + (by - ay) * (by - ay)
    along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / square
    if along <= 0.0:
        return math.sqrt((x - ax) * (x - ax) + (y - ay) * (y - ay))
    if along >= 1.0:
        return math.sqrt((x - bx) * (x - bx) + (y - by) * (y - by))
    across = ((ay - y) * (bx - ax) - (ax - x) * (by - ay)) / square
    return abs(across) * math.sqrt(square)


@_compiled
def _beyond_m(
    x: float, y: float, column: int, row: int, ring: int, low: Floats, cell_m: float, shape: Ints
) -> float:
    """Say how near anything outside the rings looked through may lie; infinite: there is none."""
    columns, rows = shape
    beyond_m = np.inf
    if column - ring > 0:
        beyond_m = min(beyond_m, x - (low[0] + (column - ring) * cell_m))
    if column + ring < columns - 1:
        beyond_m = min(beyond_m, low[0] + (column + ring + 1) * cell_m - x)
    if row - ring > 0:
        beyond_m = min(beyond_m, y - (low[1] + (row - ring) * cell_m))
    if row + ring < rows - 1:
        beyond_m = min(beyond_m, low[1] + (row + ring + 1) * cell_m - y)
    return beyond_m - 2 * cell_m * PAD


@_compiled
def _nearest(
    places: Floats,
    xy: Floats,
    edge_of_point: Entries,
    rank: Ints,
    low: Floats,
    cell_m: float,
    shape: Ints,
    cell_from: Ints,
    entry: Entries,
    same_m: float,
) -> Ints:
    """Look through ring after ring of cells around each place, until none nearer can follow.

    `second_m` is the least distance of any edge but the best: only where that is as good as the
    best are the rings looked through again for the smallest rank.
    """
    columns, rows = shape
    found = np.full(len(places), NOWHERE, dtype=np.int64)
    for at in range(len(places)):
        x, y = places[at]
        if not (math.isfinite(x) and math.isfinite(y)):
            continue
        column = int(min(max((x - low[0]) / cell_m, 0.0), columns - 1.0))
        row = int(min(max((y - low[1]) / cell_m, 0.0), rows - 1.0))
        best, best_m, second_m = NOWHERE, np.inf, np.inf
        ring, beyond_m = -1, -np.inf
        while beyond_m <= best_m + same_m and beyond_m != np.inf:
            ring += 1
            for j in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
                step = 1 if j in (row - ring, row + ring) else 2 * ring
                for i in range(column - ring, column + ring + 1, step):
                    if i < 0 or i >= columns:
                        continue
                    cell = np.uint64(j * columns + i)
                    for place in range(cell_from[cell], cell_from[cell + np.uint64(1)]):
                        point = np.uint64(entry[place])
                        distance_m = _distance_m(x, y, xy, point)
                        if distance_m < second_m:
                            edge = edge_of_point[point]
                            if distance_m < best_m:
                                second_m = best_m if edge != best else second_m
                                best, best_m = edge, distance_m
                            elif edge != best:
                                second_m = distance_m
            beyond_m = _beyond_m(x, y, column, row, ring, low, cell_m, shape)
        if second_m <= best_m + same_m:
            for j in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
                for i in range(max(column - ring, 0), min(column + ring, columns - 1) + 1):
                    cell = j * columns + i
                    for point in entry[cell_from[cell] : cell_from[cell + 1]]:
                        edge = edge_of_point[point]
                        is_before = (rank[edge], edge) < (rank[best], best)
                        if is_before and _distance_m(x, y, xy, np.uint64(point)) <= best_m + same_m:
                            best = edge
        found[at] = best
    return found


@_compiled
def _project(
    places: Floats, edge: Ints, xy: Floats, point_from: Ints
) -> tuple[Ints, Floats, Floats]:
    """Find each place's nearest segment of its edge, of equals the first, as `snapping` does."""
    segment = np.empty(len(places), dtype=np.int64)
    fraction, leg_m = np.empty(len(places)), np.empty(len(places))
    for row in range(len(places)):
        x, y = places[row]
        best, best_share, best_m = NOWHERE, 0.0, np.inf
        for point in range(point_from[edge[row]], point_from[edge[row] + 1] - 1):
            start_x, start_y = xy[point]
            along_x, along_y = xy[point + 1, 0] - start_x, xy[point + 1, 1] - start_y
            square = along_x * along_x + along_y * along_y
            share = 0.0
            if square > 0:
                share = ((x - start_x) * along_x + (y - start_y) * along_y) / square
                share = min(max(share, 0.0), 1.0)
            distance_m = math.hypot(start_x + along_x * share - x, start_y + along_y * share - y)
            if distance_m < best_m:
                best, best_share, best_m = point, share, distance_m
        segment[row] = best - edge[row]  # an edge has one point more than it has segments
        fraction[row], leg_m[row] = best_share, best_m
    return segment, fraction, leg_m
