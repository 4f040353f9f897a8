"""Driving times: a road network under one speed table, season and speed factor.

Times are integer deciseconds. Each raw segment is rounded half up, at least 1, before anything is
summed, so that every search works on the same integers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
import numpy.typing as npt

from accessibility.checks import SPEED_FACTOR, number, word
from accessibility.errors import NetworkError
from accessibility.network.crossings import OpenRoads, passing_delay_ds
from accessibility.network.destinations import no_through_arcs
from accessibility.network.ferries import ferry_speeds_km_h
from accessibility.network.roads import Floats, Ints, RoadNetwork
from accessibility.network.turns import restricted_junctions
from accessibility.speeds import (
    Season,
    SpeedTable,
    WaySpeed,
    node_stops,
    way_speed,
    what_is_lacking,
)

DS_PER_S = 10
CLOSED = -1
M_S_PER_KM_H = 1 / 3.6
NO_JUNCTION_CLASSES = frozenset({"service", "track", "ferry", ""})


def whole_deciseconds(seconds: Floats) -> Ints:
    """Round seconds half up to deciseconds.

    >>> whole_deciseconds(np.array([0.04, 0.05, 1.25]))
    array([ 0,  1, 13])
    """
    scaled = np.round(seconds * DS_PER_S, 6)  # 0.05 s is 0.5 ds, whatever the float says
    return np.floor(scaled + 0.5).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveTimes:
    """How long each segment and edge takes each way, in deciseconds (-1: closed).

    Parameters
    ----------
    network
        The roads.
    segment_forward_ds, segment_backward_ds
        Per raw segment, shape (segments,); the delay of a ford lies on its way's middle segment.
    edge_forward_ds, edge_backward_ds
        Per edge, ferry waits included, shape (edges,).
    arc_delay_ds
        Delay of passing on at the end of each arc, shape (2 * edges,): arc 2e runs from the start
        of edge e to its end, arc 2e + 1 back.
    start, end
        Junctions of each edge; a junction with a barrier is a dead end of each of its edges, with
        a number of its own from `network.nodes` on.
    nodes
        Number of junctions, those dead ends included.
    snappable
        Whether a point may be snapped to the edge.
    ferry
        Whether the edge is a ferry, open or not.
    forward_destination, backward_destination
        Whether each edge is open only to those who start or end on it or on its like around it:
        not for through traffic.
    no_through
        Per arc (2e: edge e forward, 2e + 1: backward): whether a drive may end or begin there, or
        go on to the like, but never pass; see `destinations.no_through_arcs`.
    forward_km_h, backward_km_h
        Speed of each edge (0: closed), before `speed_factor`.
    through
        Whether each edge lets traffic pass from end to end; a road closed by a scenario does not,
        but those who live or work along it still drive in and out.
    ford_ds, wait_forward_ds, wait_backward_ds
        Delay of each segment at a ford, and wait of boarding each edge that is a ferry.
    table, season, speed_factor
        What the times were made with.
    as_tagged
        Whether these are the times of the tags and the table alone: no scenario has been there.
    counts
        Edges open, and what was assumed for them.
    """

    network: RoadNetwork
    segment_forward_ds: Ints
    segment_backward_ds: Ints
    edge_forward_ds: Ints
    edge_backward_ds: Ints
    arc_delay_ds: Ints
    start: Ints
    end: Ints
    nodes: int
    snappable: npt.NDArray[np.bool_]
    ferry: npt.NDArray[np.bool_]
    forward_destination: npt.NDArray[np.bool_]
    backward_destination: npt.NDArray[np.bool_]
    no_through: npt.NDArray[np.bool_]
    forward_km_h: Floats
    backward_km_h: Floats
    through: npt.NDArray[np.bool_]
    ford_ds: Ints
    wait_forward_ds: Ints
    wait_backward_ds: Ints
    table: SpeedTable
    season: Season
    speed_factor: float
    as_tagged: bool = True
    counts: Mapping[str, int]


def drive_times(
    network: RoadNetwork,
    speeds: SpeedTable,
    *,
    season: Season = "summer",
    speed_factor: float = 1.0,
) -> DriveTimes:
    """Apply a speed table to a road network.

    Parameters
    ----------
    network
        The roads.
    speeds
        The table of the mode of travel.
    season
        "summer" or "winter".
    speed_factor
        Multiplies every driving speed, ferries apart (0.9: 10 % slower).

    Returns
    -------
    DriveTimes
        Per segment, edge and junction, in deciseconds.

    Raises
    ------
    NetworkError
        If the table opens no road of the network, or opens or reads more than the table that the
        network was read for.
    """
    word(season, "season", get_args(Season))
    number(speed_factor, "speed_factor", SPEED_FACTOR)
    lacking = "" if network.read_for is None else what_is_lacking(network.read_for, speeds)
    if lacking and network.read_for is not None:
        raise NetworkError(
            f'the network was read for the speed table "{network.read_for.name}" '
            f'({network.read_for.mode}) and lacks {lacking}, which "{speeds.name}" needs; read it '
            "again for that table: read_network(..., speeds=...)"
        )
    rules = [way_speed(tags, speeds, season) for tags in network.tagsets]
    tagset = network.way_tags[network.edge_way]
    forward_km_h = np.array([rule.forward_km_h for rule in rules])[tagset]
    backward_km_h = np.array([rule.backward_km_h for rule in rules])[tagset]
    ferry = np.array([tags.get("route") == "ferry" for tags in network.tagsets])[tagset]
    crossing_km_h, ferry_counts = ferry_speeds_km_h(network, ferry, speeds)
    forward_km_h = np.where(ferry & (forward_km_h > 0), crossing_km_h, forward_km_h)
    backward_km_h = np.where(ferry & (backward_km_h > 0), crossing_km_h, backward_km_h)
    ford_ds = _ford_ds(network, speeds)
    start, end, nodes = _with_barriers(network, speeds)
    wait_ds = _ferry_wait_ds(speeds, ferry, start, end, nodes)
    waits_ds = wait_ds[start] * ferry, wait_ds[end] * ferry
    factor = np.where(ferry, 1.0, speed_factor)
    segment_forward_ds, edge_forward_ds = _one_way(
        network, forward_km_h * factor, ford_ds, waits_ds[0]
    )
    segment_backward_ds, edge_backward_ds = _one_way(
        network, backward_km_h * factor, ford_ds, waits_ds[1]
    )
    is_open = (edge_forward_ds != CLOSED) | (edge_backward_ds != CLOSED)
    if not is_open.any():
        met = {tags.get("highway", "?") for tags in network.tagsets}
        raise NetworkError(
            f'the speed table "{speeds.name}" opens no road of the network; highway classes there: '
            + ", ".join(sorted(met))
        )
    classes = np.array([tags.get("highway", "") for tags in network.tagsets])[tagset]
    arc_delay_ds = _arc_delay_ds(
        network,
        speeds,
        classes,
        open_ways=(edge_forward_ds != CLOSED, edge_backward_ds != CLOSED),
        ends=(start, end, nodes),
    )
    destination = [
        np.array([rule.forward_destination for rule in rules])[tagset],
        np.array([rule.backward_destination for rule in rules])[tagset],
    ]
    no_through = no_through_arcs(
        nodes,
        start,
        end,
        is_open=np.column_stack([edge_forward_ds, edge_backward_ds]).ravel() != CLOSED,
        flagged=np.column_stack(destination).ravel(),
        edge_m=network.edge_m,
        restricted=restricted_junctions(network),
    )
    return DriveTimes(
        network=network,
        segment_forward_ds=segment_forward_ds,
        segment_backward_ds=segment_backward_ds,
        edge_forward_ds=edge_forward_ds,
        edge_backward_ds=edge_backward_ds,
        arc_delay_ds=arc_delay_ds,
        start=start,
        end=end,
        nodes=nodes,
        snappable=is_open
        & ~ferry
        & np.array([_may_stop(tags, speeds) for tags in network.tagsets])[tagset],
        ferry=ferry,
        forward_destination=destination[0],
        backward_destination=destination[1],
        no_through=no_through,
        forward_km_h=forward_km_h,
        backward_km_h=backward_km_h,
        through=np.ones(network.edges, dtype=bool),
        ford_ds=ford_ds,
        wait_forward_ds=waits_ds[0],
        wait_backward_ds=waits_ds[1],
        table=speeds,
        season=season,
        speed_factor=speed_factor,
        counts={**_count(rules, tagset, is_open), **ferry_counts},
    )


def at_edge_speeds(
    times: DriveTimes,
    forward_km_h: Floats,
    backward_km_h: Floats,
    *,
    through: npt.NDArray[np.bool_],
) -> DriveTimes:
    """Take other speeds on some edges of a network that has its times already.

    Junctions keep their delays, and points may be snapped where they might before: a road closed
    for a while is still there.

    Parameters
    ----------
    times
        The times so far.
    forward_km_h, backward_km_h
        Speed of every edge (0: closed), shape (edges,).
    through
        Whether each edge lets traffic pass from end to end.
    """
    if np.array_equal(forward_km_h, times.forward_km_h) and np.array_equal(
        backward_km_h, times.backward_km_h
    ):
        return replace(times, through=through, as_tagged=False)
    factor = np.where(times.ferry, 1.0, times.speed_factor)
    network, ford_ds = times.network, times.ford_ds
    segment_forward_ds, edge_forward_ds = _one_way(
        network, forward_km_h * factor, ford_ds, times.wait_forward_ds
    )
    segment_backward_ds, edge_backward_ds = _one_way(
        network, backward_km_h * factor, ford_ds, times.wait_backward_ds
    )
    return replace(
        times,
        segment_forward_ds=segment_forward_ds,
        segment_backward_ds=segment_backward_ds,
        edge_forward_ds=edge_forward_ds,
        edge_backward_ds=edge_backward_ds,
        forward_km_h=forward_km_h,
        backward_km_h=backward_km_h,
        through=through,
        as_tagged=False,
    )


def _one_way(
    network: RoadNetwork, speed_km_h: Floats, ford_ds: Ints, wait_ds: Ints
) -> tuple[Ints, Ints]:
    """Time one direction of every segment and every edge, in deciseconds (-1: closed)."""
    segment_ds = _segment_ds(network.segment_m, speed_km_h[network.segment_edge])
    segment_ds += np.where(segment_ds != CLOSED, ford_ds, 0)
    return segment_ds, _edge_ds(segment_ds, network.segment_from[:-1], wait_ds)


def _segment_ds(segment_m: Floats, speed_km_h: Floats) -> Ints:
    """Time of each segment, rounded half up to deciseconds, at least 1; -1 where closed."""
    is_open = speed_km_h > 0
    speed_m_s = np.where(is_open, speed_km_h, 1.0) * M_S_PER_KM_H
    return np.where(is_open, np.maximum(whole_deciseconds(segment_m / speed_m_s), 1), CLOSED)


def _edge_ds(segment_ds: Ints, first: Ints, extra_ds: Ints) -> Ints:
    """Sum segments to edges; all segments of an edge are open or all are closed."""
    return np.where(
        segment_ds[first] == CLOSED, CLOSED, np.add.reduceat(segment_ds, first) + extra_ds
    )


def _may_stop(tags: Mapping[str, str], speeds: SpeedTable) -> bool:
    """Tell whether people can step onto a way: no motorway, no tunnel."""
    if tags.get("highway", "") in speeds.no_stopping:
        return False
    return not any(tags.get(key) in values for key, values in speeds.no_stopping_tags.items())


def _ferry_wait_ds(
    speeds: SpeedTable, ferry: npt.NDArray[np.bool_], start: Ints, end: Ints, nodes: int
) -> Ints:
    """Wait of boarding a ferry at each junction: where a road meets it, nowhere at sea."""
    wait = np.zeros(nodes, dtype=np.int64)
    if speeds.ferry is not None:
        ashore = np.concatenate([start[~ferry], end[~ferry]])
        wait[ashore] = whole_deciseconds(np.array([speeds.ferry.wait_s]))[0]
    return wait


def _ford_ds(network: RoadNetwork, speeds: SpeedTable) -> Ints:
    """Delay of each segment: that of a ford on the middle segment of each edge of such a way."""
    ways = np.array([tags.get("ford", "no") != "no" for tags in network.tagsets])
    edges = np.flatnonzero(ways[network.way_tags[network.edge_way]])
    middle = (network.segment_from[edges] + network.segment_from[edges + 1] - 1) // 2
    delay = np.zeros(len(network.segment_m), dtype=np.int64)
    delay[middle] = whole_deciseconds(np.array([speeds.ford_delay_s or 0.0]))[0]
    return delay


def _with_barriers(network: RoadNetwork, speeds: SpeedTable) -> tuple[Ints, Ints, int]:
    """Give every edge that ends at a closed barrier a dead end of its own there."""
    stops = np.array([node_stops(tags, speeds) for tags in network.node_tagsets])[network.node_tags]
    start, end = network.edge_start.copy(), network.edge_end.copy()
    nodes = network.nodes
    for ends in (start, end):
        at = np.flatnonzero(stops[np.minimum(ends, network.nodes - 1)] & (ends < network.nodes))
        ends[at] = nodes + np.arange(len(at))
        nodes += len(at)
    return start, end, nodes


def _arc_delay_ds(
    network: RoadNetwork,
    speeds: SpeedTable,
    classes: npt.NDArray[np.str_],
    *,
    open_ways: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]],
    ends: tuple[Ints, Ints, int],
) -> Ints:
    """Delay of passing on at the end of each arc: on entering a crossing, and at fords."""
    forward, backward = open_ways
    start, end, nodes = ends
    counted = (forward | backward) & (
        np.isin(classes, speeds.junction_classes)
        if speeds.junction_classes
        else ~np.isin(classes, list(NO_JUNCTION_CLASSES))
    )
    once = np.flatnonzero(counted)
    once = once[np.unique(network.drawn_as[once], return_index=True)[1]]  # each line once
    counted = np.isin(np.arange(network.edges), once)
    junction_ds, signal_ds, ford_ds = whole_deciseconds(
        np.array([speeds.junction_delay_s, speeds.signal_delay_s, speeds.ford_delay_s or 0.0])
    )
    roads = OpenRoads(
        network=network,
        start=start,
        end=end,
        nodes=nodes,
        forward=forward,
        backward=backward,
        counted=counted,
    )
    delay = passing_delay_ds(
        roads,
        junction_ds=int(junction_ds),
        signal_ds=int(signal_ds),
        piece_m=speeds.crossing_piece_m,
        extent_m=speeds.crossing_extent_m,
    )
    fords = np.zeros(nodes, dtype=bool)
    tagged = np.array([tags.get("ford", "no") != "no" for tags in network.node_tagsets])
    fords[: network.nodes] = tagged[network.node_tags]
    return delay + ford_ds * fords[np.column_stack([end, start]).ravel()]


def _count(rules: list[WaySpeed], tagset: Ints, is_open: npt.NDArray[np.bool_]) -> dict[str, int]:
    """Count the open edges by what had to be assumed for them."""
    used = np.bincount(tagset[is_open], minlength=len(rules))
    counts: Counter[str] = Counter(
        edges_open=int(is_open.sum()), edges_closed=int((~is_open).sum())
    )
    for rule, edges in zip(rules, used, strict=True):
        for name in rule.counts:
            counts[name] += int(edges)
    return dict(sorted(counts.items()))
