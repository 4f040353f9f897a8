"""Closed roads: nobody drives through, those who live along them drive out towards both ends.

A mapper may cut a road into any number of ways. Where just two pieces meet and both are closed, and
no other road leads there, they are one road: a *closed road* runs from one junction with another
road, or dead end, to the next.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from accessibility.network.drive_times import CLOSED, DriveTimes
from accessibility.network.roads import Ints

if TYPE_CHECKING:
    from accessibility.network.snapping import Snapped

PIECES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedRoads:
    """Which edges are pieces of one closed road; every other edge is a road of its own.

    Parameters
    ----------
    road
        Per edge: the edge that stands for its road and gives it its direction.
    turned
        Per edge: whether it runs against its road.
    before_ds, after_ds
        Deciseconds from where a drive enters the road to where it enters the edge, and from where
        it leaves the edge to the road's end; -1 where it may not be driven. Shape (2, edges): along
        the road and back.
    entry, exit
        Per arc of the edge that stands for a road: the first and the last arc of a drive along it.
    start, end
        Per edge that stands for a road: the junctions at the road's ends.
    """

    road: Ints
    turned: npt.NDArray[np.bool_]
    before_ds: Ints
    after_ds: Ints
    entry: Ints
    exit: Ints
    start: Ints
    end: Ints

    def along(self, points: Snapped) -> Snapped:
        """Let points stand on their road: its edge, and the times from and to its ends."""
        edge = np.maximum(points.edge, 0)
        if (self.road[edge] == edge).all() and not self.turned[edge].any():
            return points
        turned = self.turned[edge]
        pairs = []
        for side, (ahead, back) in enumerate(
            (
                ("before_forward_ds", "before_backward_ds"),
                ("after_forward_ds", "after_backward_ds"),
            )
        ):
            further = (self.before_ds, self.after_ds)[side]
            own = getattr(points, ahead), getattr(points, back)
            for way in (0, 1):
                mine = np.where(turned, own[1 - way], own[way])
                more = further[way][edge]
                known = (mine != CLOSED) & (more != CLOSED)
                pairs.append(np.where(known, mine + more, CLOSED))
        return replace(
            points,
            edge=np.where(points.edge < 0, points.edge, self.road[edge]),
            before_forward_ds=pairs[0],
            before_backward_ds=pairs[1],
            after_forward_ds=pairs[2],
            after_backward_ds=pairs[3],
        )

    def differs(self, other: ClosedRoads, edges: Ints) -> npt.NDArray[np.bool_]:
        """Say of some edges whether they lie otherwise on their roads than on another's."""
        return np.asarray(
            (self.road[edges] != other.road[edges])
            | (self.before_ds[:, edges] != other.before_ds[:, edges]).any(axis=0)
            | (self.after_ds[:, edges] != other.after_ds[:, edges]).any(axis=0)
        )


def closed_roads(times: DriveTimes) -> ClosedRoads:
    """Join the pieces of the roads that let no traffic through."""
    edges = times.network.edges
    roads = ClosedRoads(
        road=np.arange(edges),
        turned=np.zeros(edges, dtype=bool),
        before_ds=np.zeros((2, edges), dtype=np.int64),
        after_ds=np.zeros((2, edges), dtype=np.int64),
        entry=np.arange(2 * edges),
        exit=np.arange(2 * edges),
        start=times.start,
        end=times.end,
    )
    if times.through.all():
        return roads
    roads = replace(roads, start=times.start.copy(), end=times.end.copy())
    for arcs in _pieces(times):
        road = arcs[0] // 2
        ahead = arcs if arcs[0] % 2 == 0 else [arc ^ 1 for arc in reversed(arcs)]
        back = [arc ^ 1 for arc in reversed(ahead)]
        for way, driven in enumerate((ahead, back)):
            _lay(times, roads, driven, way)
            roads.entry[2 * road + way], roads.exit[2 * road + way] = driven[0], driven[-1]
        for arc in ahead:
            roads.road[arc // 2], roads.turned[arc // 2] = road, arc % 2
        roads.start[road], roads.end[road] = _tail(times, ahead[0]), _tail(times, back[0])
    return roads


def _tail(times: DriveTimes, arc: int) -> int:
    return int((times.end if arc % 2 else times.start)[arc // 2])


def _pieces(times: DriveTimes) -> list[list[int]]:
    """List the arcs of each closed road of several pieces, from one of its ends to the other."""
    is_open = (times.edge_forward_ds != CLOSED) | (times.edge_backward_ds != CLOSED)
    closed = np.flatnonzero(is_open & ~times.through)
    meeting = np.bincount(
        np.concatenate([times.start[is_open], times.end[is_open]]), minlength=times.nodes
    )
    at: dict[int, list[int]] = defaultdict(list)  # closed arcs that leave each junction
    for edge in closed.tolist():
        at[int(times.start[edge])].append(2 * edge)
        at[int(times.end[edge])].append(2 * edge + 1)
    inner = {
        junction: arcs
        for junction, arcs in at.items()
        if meeting[junction] == PIECES
        and len(arcs) == PIECES
        and arcs[0] // 2 != arcs[1] // 2
    }  # fmt: skip
    found, seen = [], set()
    for junction, leaving in at.items():
        if junction in inner:
            continue
        for arc in leaving:
            if arc // 2 in seen:
                continue
            road = [arc]
            there = _tail(times, arc ^ 1)
            while there in inner:
                one, other = inner[there]
                road.append(other if one == road[-1] ^ 1 else one)
                there = _tail(times, road[-1] ^ 1)
            seen |= {piece // 2 for piece in road}
            if len(road) > 1:
                found.append(road)
    return found


def _lay(times: DriveTimes, roads: ClosedRoads, driven: list[int], way: int) -> None:
    """Write the times before and after each piece, the delays of passing on among them."""
    arc_ds = [
        int((times.edge_backward_ds if arc % 2 else times.edge_forward_ds)[arc // 2])
        for arc in driven
    ]
    delay_ds = [int(times.arc_delay_ds[arc]) for arc in driven]
    before = 0
    for place, arc in enumerate(driven):
        roads.before_ds[way, arc // 2] = before
        passes = before != CLOSED and arc_ds[place] != CLOSED
        before = before + arc_ds[place] + delay_ds[place] if passes else CLOSED
    after = 0
    for place in range(len(driven) - 1, -1, -1):
        roads.after_ds[way, driven[place] // 2] = after
        passes = place > 0 and after != CLOSED and arc_ds[place] != CLOSED
        after = after + arc_ds[place] + delay_ds[place - 1] if passes else CLOSED
