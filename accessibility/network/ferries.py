"""How fast ferries are: a tagged duration is that of a whole crossing, however it is cut."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from accessibility.network.roads import Floats, Ints, RoadNetwork
from accessibility.speeds import SpeedTable, parse_duration_s
from accessibility.speeds.ferries import IMPLAUSIBLE, UNREADABLE

M_S_PER_KM_H = 1 / 3.6


def ferry_speeds_km_h(
    network: RoadNetwork, ferry: npt.NDArray[np.bool_], speeds: SpeedTable
) -> tuple[Floats, Mapping[str, int]]:
    """Return the speed of each ferry by its tagged duration, and what could not be used.

    Ways that carry the same duration and meet at sea, where nothing else meets them, are one
    crossing, as are the ways that take it from one route relation: the duration is that of the
    whole. A duration that cannot be read, or means a speed outside the table's limits, is not
    used; the table's own speed stands.

    Parameters
    ----------
    network
        The roads.
    ferry
        Whether each edge is a ferry.
    speeds
        The speed table.

    Returns
    -------
    tuple
        km/h per edge (0 where it is no ferry), and crossings counted by what was wrong.
    """
    km_h = np.zeros(network.edges)
    edges = np.flatnonzero(ferry)
    table = speeds.ferry
    if not len(edges) or table is None:
        return km_h, {}
    km_h[edges] = table.speed_km_h
    counts: Counter[str] = Counter()
    edge_m = network.edge_m
    for members, text in _crossings(network, edges):
        duration_s = parse_duration_s(text)
        if duration_s is None:
            counts[UNREADABLE] += 1
            continue
        speed_km_h = edge_m[members].sum() / duration_s / M_S_PER_KM_H
        if table.least_km_h <= speed_km_h <= table.most_km_h:
            km_h[members] = speed_km_h
        else:
            counts[IMPLAUSIBLE] += 1
    return km_h, dict(counts)


def _crossings(network: RoadNetwork, edges: Ints) -> list[tuple[Ints, str]]:
    """Group the edges of ferries with a duration into crossings.

    Returns
    -------
    list
        The edges of each crossing, and its duration as tagged.
    """
    tags = [network.tagsets[network.way_tags[way]] for way in network.edge_way[edges]]
    start, end = network.edge_start[edges], network.edge_end[edges]
    meeting = np.bincount(
        np.concatenate([network.edge_start, network.edge_end]), minlength=network.nodes
    )
    joins: list[tuple[int, int]] = []
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, one in enumerate(tags):
        same_way = str(network.edge_way[edges[place]])
        groups["way", same_way].append(place)
        if one.get("ferry_route"):
            groups["route", one["ferry_route"]].append(place)
        for node in (int(start[place]), int(end[place])):
            if meeting[node] == 2:  # at sea: one ferry goes over into the next
                groups[f"at {node}", one.get("duration", "")].append(place)
    for several in groups.values():
        joins += [(several[0], other) for other in several[1:]]
    pairs = np.array(joins, dtype=np.int64).reshape(-1, 2)
    size = len(edges)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(size, size))
    number, label = connected_components(graph, directed=False)
    found = []
    for group in range(number):
        members = np.flatnonzero(label == group)
        text = tags[members[0]].get("duration", "").strip()
        if text:
            found.append((edges[members], text))
    return found
