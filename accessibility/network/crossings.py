"""Crossings: where roads meet or signals stand, however many nodes the map draws them with.

A crossing of two dual carriageways is drawn with four nodes, a roundabout with one for each entry
and exit, a crossing with signals often with one more on each approach. Who drives through meets it
once: its delay is a cost of the arc that enters its group of nodes, and nothing is due inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accessibility.network.roads import Ints, RoadNetwork

Mask = npt.NDArray[np.bool_]

FEWEST_EDGES_OF_JUNCTION = 3
SIGNALS = "traffic_signals"
SIGNAL_SIDE = "traffic_signals:direction"
ROUNDABOUTS = frozenset({"roundabout", "circular"})
RIGHT_ANGLE = 90.0
M_PER_DEGREE = 111_195  # of a sphere of 6371 km: crossings are small, and only compared


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRoads:
    """What of a network is open to a mode.

    Parameters
    ----------
    network
        The roads.
    start, end, nodes
        Junctions of each edge, and their number, dead ends at barriers included.
    forward, backward
        Whether each edge is open each way, shape (edges,).
    counted
        Whether each edge is open and of a class whose meetings are junctions.
    """

    network: RoadNetwork
    start: Ints
    end: Ints
    nodes: int
    forward: Mask
    backward: Mask
    counted: Mask

    def ends_of(self, edges: Mask) -> Ints:
        """Count the ends of some edges at each node."""
        return np.bincount(self.start[edges], minlength=self.nodes) + np.bincount(
            self.end[edges], minlength=self.nodes
        )


def passing_delay_ds(
    roads: OpenRoads, *, junction_ds: int, signal_ds: int, piece_m: float, extent_m: float
) -> Ints:
    """Say what passing on costs at the end of each arc.

    A signal that stands on the arc's own end costs only those whom it faces; signals of the rest
    of the crossing hold for all who enter it
    (https://wiki.openstreetmap.org/wiki/Key:traffic_signals:direction).

    Parameters
    ----------
    roads
        The open roads.
    junction_ds, signal_ds
        Delay of a junction and of signals, deciseconds; where both are, the longer.
    piece_m
        Longest piece of road inside a crossing: between the carriageways of a road, or from a
        signal to the junction that it guards. 0: every node is a crossing of its own.
    extent_m
        Longest extent of a crossing; roundabouts may be wider.

    Returns
    -------
    Ints
        Deciseconds, shape (2 * edges,): arc 2e runs from the start of edge e to its end, arc
        2e + 1 back.
    """
    network = roads.network
    head = np.column_stack([roads.end, roads.start]).ravel()
    if not junction_ds and not signal_ds:
        return np.zeros(len(head), dtype=np.int64)
    signals = np.zeros(roads.nodes, dtype=bool)
    tagged = np.array([tags.get("highway") == SIGNALS for tags in network.node_tagsets])
    signals[: network.nodes] = tagged[network.node_tags]
    is_open = roads.forward | roads.backward
    round_ways = np.array([tags.get("junction") in ROUNDABOUTS for tags in network.tagsets])
    roundabout = round_ways[network.way_tags[network.edge_way]] & is_open
    meeting = roads.ends_of(roads.counted)
    junctions = (meeting >= FEWEST_EDGES_OF_JUNCTION) & ~_partings(roads, meeting, roundabout)

    short = is_open & (network.edge_m <= piece_m)
    one_way = is_open & (roads.forward != roads.backward)
    beside_one_way = roads.ends_of(one_way) > 0
    drawn_apart = one_way | (beside_one_way[roads.start] & beside_one_way[roads.end])
    guarded = signals[roads.start] | signals[roads.end]
    members = junctions | signals | (meeting >= FEWEST_EDGES_OF_JUNCTION)
    both = members[roads.start] & members[roads.end]
    joins = short & both & (drawn_apart | guarded)
    crossing = _group(roads, roundabout if piece_m else np.zeros_like(short), joins, extent_m)
    inside = (crossing[roads.start] == crossing[roads.end]) & (short | roundabout)
    if not piece_m:
        inside[:] = False

    has_junction = _anywhere(crossing, junctions)
    has_signals = _anywhere(crossing, signals)
    waits = has_signals[head] & ~_faces_away(network, head)
    delay = np.where(has_junction[head], junction_ds, 0)
    delay = np.where(waits, np.maximum(delay, signal_ds), delay)
    return np.where(np.repeat(inside, 2), 0, delay).astype(np.int64)


def _partings(roads: OpenRoads, meeting: Ints, roundabout: Mask) -> Mask:
    """Mark the nodes where a two-way road parts into its carriageways: nothing is crossed there.

    Two one-way roads, one in and one out, that leave the node within a right angle of one another;
    a wider angle is a one-way street that goes on past a side road.
    """
    network = roads.network
    one_way = roads.counted & (roads.forward != roads.backward) & ~roundabout
    leaving = np.bincount(
        np.where(roads.forward, roads.start, roads.end)[one_way], minlength=roads.nodes
    )
    maybe = (meeting == FEWEST_EDGES_OF_JUNCTION) & (roads.ends_of(one_way) == 2) & (leaving == 1)
    maybe &= roads.ends_of(roads.counted & roads.forward & roads.backward) == 1
    edges = np.flatnonzero(one_way)
    first, last = network.point_from[edges], network.point_from[edges + 1] - 1
    node = np.concatenate([roads.start[edges], roads.end[edges]])
    here = np.concatenate([first, last])
    there = np.concatenate([first + 1, last - 1])
    at = maybe[node]
    node, here, there = node[at], here[at], there[at]
    north = network.point_lat[there] - network.point_lat[here]
    east = (network.point_lon[there] - network.point_lon[here]) * np.cos(
        np.radians(network.point_lat[here])
    )
    bearing = np.degrees(np.arctan2(east, north))
    order = np.argsort(node, kind="stable")
    pairs, bearing = node[order][::2], bearing[order]
    apart = np.abs(bearing[::2] - bearing[1::2])
    found = np.zeros(roads.nodes, dtype=bool)
    found[pairs[np.minimum(apart, 360 - apart) < RIGHT_ANGLE]] = True
    return found


def _group(roads: OpenRoads, always: Mask, joins: Mask, extent_m: float) -> Ints:
    """Group nodes over edges, the shortest first, as far as a group's extent allows.

    The order is that of lengths and places, so that it does not depend on the map's numbers.
    """
    group = np.arange(roads.nodes)
    network = roads.network
    at = np.minimum(np.arange(roads.nodes), network.nodes - 1)  # dead ends join nothing
    y = network.node_lat[at] * M_PER_DEGREE
    x = network.node_lon[at] * M_PER_DEGREE * np.cos(np.radians(network.node_lat[at]))
    boxes: dict[int, tuple[float, float, float, float]] = {}

    def root(node: int) -> int:
        while group[node] != node:
            group[node] = group[group[node]]
            node = int(group[node])
        return node

    def box(node: int) -> tuple[float, float, float, float]:
        return boxes.get(node) or (x[node], y[node], x[node], y[node])

    edges = np.flatnonzero(joins & ~always)
    start, end = roads.start[edges], roads.end[edges]
    order = np.lexsort(
        (
            np.round(y[start] + y[end], 2),
            np.round(x[start] + x[end], 2),
            np.round(network.edge_m[edges], 2),
        )
    )
    for edge in [*np.flatnonzero(always).tolist(), *edges[order].tolist()]:
        one, other = root(int(roads.start[edge])), root(int(roads.end[edge]))
        if one == other:
            continue
        (west, south, east, north), second = box(one), box(other)
        west, south = min(west, second[0]), min(south, second[1])
        east, north = max(east, second[2]), max(north, second[3])
        if always[edge] or np.hypot(east - west, north - south) <= extent_m:
            group[other] = one
            boxes[one] = west, south, east, north
    return np.array([root(node) for node in range(roads.nodes)]) if len(boxes) else group


def _anywhere(crossing: Ints, mask: Mask) -> Mask:
    """Tell of each node whether the mask holds anywhere in its crossing."""
    found = np.zeros(len(crossing), dtype=bool)
    found[crossing[mask]] = True
    return found[crossing]


def _faces_away(network: RoadNetwork, head: Ints) -> Mask:
    """Mark the arcs at whose end stands a signal for the other direction alone."""
    sides = {"forward": 0, "backward": 1}
    of_tags = np.array([sides.get(tags.get(SIGNAL_SIDE, ""), -1) for tags in network.node_tagsets])
    side = np.full(max(int(head.max()) + 1, network.nodes), -1)
    side[: network.nodes] = of_tags[network.node_tags]
    faced = side[head]
    return (faced >= 0) & (faced != np.arange(len(head)) % 2)
