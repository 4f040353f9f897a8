"""Travel times between sites and the nodes of the network, and from there to any point on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from accessibility.network import CLOSED, NOWHERE, SearchGraph, Snapped, sparse
from accessibility.traveltime.search import UNREACHABLE, Times, one_to_all

Direction = Literal["to_sites", "from_sites"]
Ints = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]

#: A batch of searches holds at most this many node times at once.
BATCH_NODE_TIMES = 32_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTimes:
    """Deciseconds between each site and every node, shape (sites, nodes); access legs left out.

    `to_sites`: from the node to the site; `from_sites`: from the site to the node.
    """

    graph: SearchGraph
    sites: Snapped
    direction: Direction
    ds: Times


def node_times(
    graph: SearchGraph, sites: Snapped, *, direction: Direction, progress: Progress | None = None
) -> NodeTimes:
    """Search once from each site.

    Every site becomes a node of its own, joined to the ends of the edge that it stands on, so that
    it changes nobody else's way.

    Parameters
    ----------
    graph
        The search graph.
    sites
        Where the sites stand.
    direction
        "to_sites" searches the reversed graph.
    progress
        Called with the sites done and all sites.
    """
    nodes, count = graph.nodes, len(sites)
    tail, head, weight_ds = _site_links(graph, sites, direction)
    through = graph.through
    tail = np.concatenate([graph.tail[through], tail])
    head = np.concatenate([graph.head[through], head])
    weight_ds = np.concatenate([graph.weight_ds[through], weight_ds])
    if direction == "to_sites":
        tail, head = head, tail
    links = sparse(nodes + count, tail, head, weight_ds)
    found = np.full((count, nodes), UNREACHABLE, dtype=np.int32)
    batch = max(1, BATCH_NODE_TIMES // (nodes + count))
    for first in range(0, count, batch):
        rows = np.arange(first, min(first + batch, count))
        found[rows] = one_to_all(links, nodes + rows)[:, :nodes]
        if progress is not None:
            progress(int(rows[-1]) + 1, count)
    found[(sites.edge == NOWHERE) | sites.too_far] = UNREACHABLE
    return NodeTimes(graph=graph, sites=sites, direction=direction, ds=found)


def _site_links(
    graph: SearchGraph, sites: Snapped, direction: Direction
) -> tuple[Ints, Ints, Ints]:
    """Links between the sites' own nodes and the network, driven in the direction of travel."""
    tails, heads, weights = [], [], []
    on_edge = np.flatnonzero(sites.edge != NOWHERE)
    for side, before_ds, after_ds in (
        (0, sites.before_forward_ds, sites.after_forward_ds),
        (1, sites.before_backward_ds, sites.after_backward_ds),
    ):
        rows = on_edge[before_ds[on_edge] != CLOSED]
        arcs = 2 * sites.edge[rows] + side
        if direction == "to_sites":
            places, links = graph.links_of(arcs)
            tails.append(graph.tail[links])
            heads.append(graph.nodes + rows[places])
            weights.append(before_ds[rows][places])
        else:
            delay_ds = graph.times.node_delay_ds[graph.junction[graph.arc_head[arcs]]]
            tails.append(graph.nodes + rows)
            heads.append(graph.arc_head[arcs])
            weights.append(after_ds[rows] + delay_ds)
    at_node = np.flatnonzero(sites.node != NOWHERE)
    places, copies = _copies(graph, sites.node[at_node])
    if direction == "to_sites":  # arrive over any approach, without the delay of passing on
        for row, node in zip(at_node, sites.node[at_node], strict=True):
            links = np.flatnonzero(graph.junction[graph.head] == node)
            tails.append(graph.tail[links])
            heads.append(np.full(len(links), graph.nodes + row))
            weights.append(graph.weight_ds[links] - graph.times.node_delay_ds[node])
        tails.append(copies)
        heads.append(graph.nodes + at_node[places])
        weights.append(np.zeros(len(places), dtype=np.int64))
    else:
        tails.append(graph.nodes + at_node)
        heads.append(sites.node[at_node])
        weights.append(np.zeros(len(at_node), dtype=np.int64))
    return np.concatenate(tails), np.concatenate(heads), np.concatenate(weights)


def _copies(graph: SearchGraph, junctions: Ints) -> tuple[Ints, Ints]:
    """Find every node that stands for some junctions: positions in `junctions`, and the nodes."""
    order = np.argsort(graph.junction, kind="stable")
    ranked = graph.junction[order]
    first = np.searchsorted(ranked, junctions, side="left")
    sizes = np.searchsorted(ranked, junctions, side="right") - first
    places = np.repeat(np.arange(len(junctions)), sizes)
    start = np.repeat(first - (np.cumsum(sizes) - sizes), sizes)
    return places, order[np.arange(len(places)) + start]


class PointTimes:
    """Reads the times of points on the network from node times, site by site.

    Everything that does not depend on the site is worked out once.

    Parameters
    ----------
    graph
        The search graph.
    points
        Where the points stand.
    direction
        Direction of travel.
    """

    def __init__(self, graph: SearchGraph, points: Snapped, *, direction: Direction) -> None:
        self.points = points
        self.direction = direction
        rows, nodes, extra_ds = [], [], []
        on_edge = np.flatnonzero(points.edge != NOWHERE)
        for side, before_ds, after_ds in (
            (0, points.before_forward_ds, points.after_forward_ds),
            (1, points.before_backward_ds, points.after_backward_ds),
        ):
            usable = on_edge[before_ds[on_edge] != CLOSED]
            arcs = 2 * points.edge[usable] + side
            if direction == "to_sites":  # leave along the arc, on to its head
                rows.append(usable)
                nodes.append(graph.arc_head[arcs])
                delay_ds = graph.times.node_delay_ds[graph.junction[graph.arc_head[arcs]]]
                extra_ds.append(after_ds[usable] + delay_ds)
            else:  # arrive along the arc, from any node that may turn into it
                places, links = graph.links_of(arcs)
                rows.append(usable[places])
                nodes.append(graph.tail[links])
                extra_ds.append(before_ds[usable][places])
        at_node = np.flatnonzero(points.node != NOWHERE)
        places, copies = _copies(graph, points.node[at_node])
        if direction == "to_sites":
            rows.append(at_node)
            nodes.append(points.node[at_node])
            extra_ds.append(np.zeros(len(at_node), dtype=np.int64))
        else:  # arriving there ends the drive: the delay of passing on is not paid
            rows.append(at_node[places])
            nodes.append(copies)
            extra_ds.append(-graph.times.node_delay_ds[points.node[at_node]][places])
        all_rows = np.concatenate(rows)
        order = np.argsort(all_rows, kind="stable")
        self._rows, self._first = np.unique(all_rows[order], return_index=True)
        self._nodes = np.concatenate(nodes)[order]
        self._extra_ds = np.concatenate(extra_ds)[order]
        self._note_ends(graph, on_edge)
        edge_order = np.argsort(points.edge, kind="stable")
        self._edges, self._by_edge = points.edge[edge_order], edge_order

    def _note_ends(self, graph: SearchGraph, on_edge: Ints) -> None:
        """Note the junctions at the ends of the points' own edges, and the time that far."""
        points, rows, ends, times_ds = self.points, [], [], []
        for side, after_ds in enumerate((points.after_forward_ds, points.after_backward_ds)):
            usable = on_edge[after_ds[on_edge] != CLOSED]
            rows.append(usable)
            ends.append(graph.junction[graph.arc_head[2 * points.edge[usable] + side]])
            times_ds.append(after_ds[usable])
        junction = np.concatenate(ends)
        order = np.argsort(junction, kind="stable")
        self._end_junction = junction[order]
        self._end_row = np.concatenate(rows)[order]
        self._end_ds = np.concatenate(times_ds)[order]

    def of_site(self, times: NodeTimes, site: int) -> Times:
        """Give the deciseconds of every point to or from one site, access legs left out."""
        found = np.full(len(self.points), UNREACHABLE, dtype=np.int64)
        self._read_nodes(found, times.ds[site].astype(np.int64))
        self._along_the_same_edge(found, times.sites, site)
        if self.direction == "to_sites":
            self._to_the_end_of_the_edge(found, times.sites, site)
        return found.astype(np.int32)

    def of_nearest(self, times: NodeTimes, sites: npt.NDArray[np.intp]) -> Times:
        """Give the deciseconds of every point to the nearest of some sites, their legs included."""
        nearest = np.full(len(self.points), UNREACHABLE, dtype=np.int64)
        if not len(sites):
            return nearest.astype(np.int32)
        leg_ds = times.sites.leg_ds
        best = np.full(times.ds.shape[1], UNREACHABLE, dtype=np.int64)
        for site in sites:
            node_ds = times.ds[site].astype(np.int64)
            with_leg_ds = np.where(node_ds == UNREACHABLE, node_ds, node_ds + leg_ds[site])
            np.minimum(best, with_leg_ds, out=best)
        self._read_nodes(nearest, best)
        for site in sites:
            own = np.full(len(self.points), UNREACHABLE, dtype=np.int64)
            rows = self._along_the_same_edge(own, times.sites, int(site))
            own[rows] = np.where(own[rows] == UNREACHABLE, own[rows], own[rows] + leg_ds[site])
            nearest[rows] = np.minimum(nearest[rows], own[rows])
        return nearest.astype(np.int32)

    def _read_nodes(self, found: Ints, node_ds: Ints) -> None:
        """Write each point's time over the nodes that it can leave to, or arrive from."""
        if len(self._rows):
            ds = node_ds[self._nodes]
            total = np.where(ds != UNREACHABLE, np.maximum(ds + self._extra_ds, 0), UNREACHABLE)
            found[self._rows] = np.minimum.reduceat(total, self._first)

    def _to_the_end_of_the_edge(self, found: Ints, sites: Snapped, site: int) -> None:
        """Let points drive to a site at the end of their edge: no delay of passing is due there."""
        if sites.node[site] == NOWHERE or sites.too_far[site]:
            return
        first = np.searchsorted(self._end_junction, sites.node[site], side="left")
        last = np.searchsorted(self._end_junction, sites.node[site], side="right")
        np.minimum.at(found, self._end_row[first:last], self._end_ds[first:last])

    def _along_the_same_edge(self, found: Ints, sites: Snapped, site: int) -> Ints:
        """Let points on the site's own edge drive straight along it; give their rows."""
        if sites.edge[site] == NOWHERE or sites.too_far[site]:
            return np.empty(0, dtype=np.int64)
        first = np.searchsorted(self._edges, sites.edge[site], side="left")
        last = np.searchsorted(self._edges, sites.edge[site], side="right")
        rows = self._by_edge[first:last]
        points = self.points
        sign = 1 if self.direction == "to_sites" else -1
        for before_ds, site_before_ds in (
            (points.before_forward_ds, sites.before_forward_ds[site]),
            (points.before_backward_ds, sites.before_backward_ds[site]),
        ):
            between = sign * (site_before_ds - before_ds[rows])
            usable = (before_ds[rows] != CLOSED) & (site_before_ds != CLOSED) & (between >= 0)
            found[rows[usable]] = np.minimum(found[rows[usable]], between[usable])
        if sites.node[site] != NOWHERE:
            here = np.flatnonzero(points.node == sites.node[site])
            found[here] = 0
            rows = np.union1d(rows, here)
        return rows
