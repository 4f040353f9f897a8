"""Travel times between sites and the nodes of the network, and from there to any point on it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from accessibility.network import CLOSED, NOWHERE, SearchGraph, Snapped, closed_roads
from accessibility.traveltime.engines import (
    AUTO,
    LEAST_PAIRS,
    Engine,
    Progress,
    SearchBy,
    find_times,
    in_threads,
    numba_problem,
)
from accessibility.traveltime.hierarchy import Hierarchy
from accessibility.traveltime.links import (
    Direction,
    Ints,
    arrivals,
    search_links,
    site_seeds,
)
from accessibility.traveltime.search import UNREACHABLE, Times

__all__ = ["Direction", "NodeTimes", "PointTimes", "Progress", "node_times"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTimes:
    """Deciseconds between each site and the nodes; access legs left out.

    Parameters
    ----------
    graph, sites
        The network, and where the sites stand on it.
    direction
        `to_sites`: from the node to the site; `from_sites`: from the site to the node.
    ds
        Shape (sites, nodes).
    nodes
        The nodes that the columns of `ds` stand for, rising; None: all of the graph's.
    by, engine
        How the search was asked for, and what searched.
    hierarchy
        Where the hierarchy searched: it, for the next search on the same roads.
    """

    graph: SearchGraph
    sites: Snapped
    direction: Direction
    ds: Times
    nodes: Ints | None = None
    by: SearchBy = AUTO
    engine: Engine = "scipy"
    hierarchy: Hierarchy | None = field(default=None, repr=False)

    def columns_of(self, nodes: Ints) -> Ints:
        """Find the columns of some nodes.

        Raises
        ------
        ValueError
            If the times of one of them were not asked for.
        """
        if self.nodes is None:
            return nodes
        columns = np.searchsorted(self.nodes, nodes)
        if not np.array_equal(self.nodes[np.minimum(columns, len(self.nodes) - 1)], nodes):
            raise ValueError("these searches hold the times of other nodes only; search again")
        return columns


def node_times(
    graph: SearchGraph,
    sites: Snapped,
    *,
    direction: Direction,
    progress: Progress | None = None,
    by: SearchBy = AUTO,
    nodes: Ints | None = None,
    like: NodeTimes | None = None,
) -> NodeTimes:
    """Search once from each site.

    A site is joined to the ends of the edge that it stands on, and changes nobody else's way.

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
    by
        How to search.
    nodes
        Nodes whose times are wanted, rising (see `PointTimes.nodes`); None: all. Where sites are
        many and points few, this takes far less memory.
    like
        An earlier search in the same direction: it is searched as it was (`by` is not looked at),
        and its hierarchy, if any, takes the weights of this graph.
    """
    if like is not None:
        by = like.by
    found = find_times(
        search_links(graph, direction),
        site_seeds(graph, sites, direction),
        by=by,
        nodes=nodes,
        known=like.hierarchy if like is not None and like.direction == direction else None,
        progress=progress,
    )
    return NodeTimes(
        graph=graph,
        sites=sites,
        direction=direction,
        ds=found.ds,
        nodes=nodes,
        by=by,
        engine=found.engine,
        hierarchy=found.hierarchy,
    )


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
        self._roads = closed_roads(graph.times)
        points = self._roads.along(points)
        self.points = points
        self.direction = direction
        self._sites_given: Snapped | None = None
        self._sites: Snapped | None = None
        rows, nodes, extra_ds = [], [], []
        on_edge = np.flatnonzero(points.edge != NOWHERE)
        for side, before_ds, after_ds in (
            (0, points.before_forward_ds, points.after_forward_ds),
            (1, points.before_backward_ds, points.after_backward_ds),
        ):
            if direction == "to_sites":  # leave along the arc, on to its head
                usable = on_edge[after_ds[on_edge] != CLOSED]
                arcs = self._roads.exit[2 * points.edge[usable] + side]
                rows.append(usable)
                nodes.append(graph.arc_head[arcs])
                extra_ds.append(after_ds[usable] + graph.times.arc_delay_ds[arcs])
            else:  # arrive along the arc, from any node that may turn into it
                usable = on_edge[before_ds[on_edge] != CLOSED]
                places, links = graph.links_of(self._roads.entry[2 * points.edge[usable] + side])
                rows.append(usable[places])
                nodes.append(graph.tail[links])
                extra_ds.append(before_ds[usable][places] + graph.u_turn_ds[links])
        at_node = np.flatnonzero(points.node != NOWHERE)
        if direction == "to_sites":
            rows.append(at_node)
            nodes.append(points.node[at_node])
            extra_ds.append(np.zeros(len(at_node), dtype=np.int64))
        else:  # arriving there ends the drive: the delay of passing on is not paid
            places, tails, link_ds = arrivals(graph, points.node[at_node])
            rows.append(at_node[places])
            nodes.append(tails)
            extra_ds.append(link_ds)
        all_rows = np.concatenate(rows)
        order = np.argsort(all_rows, kind="stable")
        self._rows, self._first = np.unique(all_rows[order], return_index=True)
        self._nodes = np.concatenate(nodes)[order]
        self._extra_ds = np.concatenate(extra_ds)[order]
        self._columns = self._nodes
        self._column_nodes: Ints | None = None
        self._by_node = np.argsort(points.node, kind="stable")
        self._node_of = points.node[self._by_node]
        order = np.argsort(points.edge, kind="stable")
        self._by_edge, edges = order, points.edge[order]
        first = np.flatnonzero(np.diff(edges, prepend=NOWHERE - 1) != 0)
        self._edges, self._edge_from = edges[first], np.append(first, len(edges))
        on_road = np.maximum(self._edges, 0)  # of points that have none, no end is ever asked
        self._edge_start, self._edge_end = self._roads.start[on_road], self._roads.end[on_road]

    def _rows_on(self, edge: int) -> Ints:
        """List the points on an edge."""
        place = int(np.searchsorted(self._edges, edge))
        if place == len(self._edges) or self._edges[place] != edge:
            return np.empty(0, dtype=np.int64)
        return self._by_edge[self._edge_from[place] : self._edge_from[place + 1]]

    @property
    def nodes(self) -> Ints:
        """The nodes whose times are read, rising."""
        return np.unique(self._nodes)

    def of_site(self, times: NodeTimes, site: int) -> Times:
        """Give the deciseconds of every point to or from one site, access legs left out."""
        found = np.full(len(self.points), UNREACHABLE, dtype=np.int64)
        self._read_nodes(found, times, times.ds[site])
        sites = self._on_roads(times.sites)
        self._along_the_same_edge(found, sites, site)
        self._to_the_end_of_the_edge(found, sites, site)
        return found.astype(np.int32)

    def of_sites(self, times: NodeTimes, sites: Ints) -> Times:
        """Give what `of_site` gives, for many sites at once; shape (sites, points)."""
        if len(sites) * len(self.points) < LEAST_PAIRS or numba_problem():
            rows = [self.of_site(times, int(site)) for site in sites]
            return np.array(rows, dtype=np.int32).reshape(len(sites), len(self.points))
        from accessibility.traveltime.kernels.points import read_nodes

        found = np.full((len(sites), len(self.points)), UNREACHABLE, dtype=np.int32)
        first = np.append(self._first, len(self._nodes)).astype(np.int64)
        columns = self._columns_in(times)
        standing = self._on_roads(times.sites)

        def some(part: slice) -> None:
            read_nodes(
                times.ds, sites[part], self._rows, first, columns, self._extra_ds, found[part]
            )
            for place in range(len(sites))[part]:
                site = int(sites[place])
                self._along_the_same_edge(found[place], standing, site)
                self._to_the_end_of_the_edge(found[place], standing, site)

        in_threads(some, len(sites), times.by.threads)
        return found

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
        self._read_nodes(nearest, times, best)
        standing = self._on_roads(times.sites)
        for site in sites:
            own = np.full(len(self.points), UNREACHABLE, dtype=np.int64)
            rows = self._along_the_same_edge(own, standing, int(site))
            ends = self._to_the_end_of_the_edge(own, standing, int(site))
            rows = np.union1d(rows, ends)
            own[rows] = np.where(own[rows] == UNREACHABLE, own[rows], own[rows] + leg_ds[site])
            nearest[rows] = np.minimum(nearest[rows], own[rows])
        return nearest.astype(np.int32)

    def _on_roads(self, sites: Snapped) -> Snapped:
        """Let sites stand on their closed roads, once for many searches."""
        if self._sites is None or self._sites_given is not sites:
            self._sites_given, self._sites = sites, self._roads.along(sites)
        return self._sites

    def _read_nodes(self, found: Ints, times: NodeTimes, node_ds: Ints | Times) -> None:
        """Write each point's time over the nodes that it can leave to, or arrive from."""
        if len(self._rows):
            ds = node_ds[self._columns_in(times)].astype(np.int64)
            total = np.where(ds != UNREACHABLE, np.maximum(ds + self._extra_ds, 0), UNREACHABLE)
            found[self._rows] = np.minimum.reduceat(total, self._first)

    def _columns_in(self, times: NodeTimes) -> Ints:
        """Find the columns of the nodes that are read, once for many sites."""
        if self._column_nodes is not times.nodes:
            self._columns, self._column_nodes = times.columns_of(self._nodes), times.nodes
        return self._columns

    def _to_the_end_of_the_edge(self, found: Ints | Times, sites: Snapped, site: int) -> Ints:
        """Let points drive to a site at the end of their edge, or sites to a point there.

        No delay of passing is due there. Gives the points' rows.
        """
        if self.direction == "from_sites":
            return self._from_sites_edge(found, sites, site)
        if sites.node[site] == NOWHERE or sites.too_far[site]:
            return np.empty(0, dtype=np.int64)
        points, junction, found_rows = self.points, sites.node[site], []
        for ends, after_ds in (
            (self._edge_end, points.after_forward_ds),
            (self._edge_start, points.after_backward_ds),
        ):
            for edge in self._edges[(ends == junction) & (self._edges != NOWHERE)]:
                rows = self._rows_on(edge)
                rows = rows[after_ds[rows] != CLOSED]
                found[rows] = np.minimum(found[rows], after_ds[rows])
                found_rows.append(rows)
        return np.concatenate([np.empty(0, dtype=np.int64), *found_rows])

    def _from_sites_edge(self, found: Ints | Times, sites: Snapped, site: int) -> Ints:
        """Let a site drive to points that stand on the ends of its edge."""
        edge = sites.edge[site]
        if edge == NOWHERE or sites.too_far[site]:
            return np.empty(0, dtype=np.int64)
        found_rows = []
        for end, after_ds in (
            (self._roads.end[edge], sites.after_forward_ds[site]),
            (self._roads.start[edge], sites.after_backward_ds[site]),
        ):
            first, last = np.searchsorted(self._node_of, [end, end + 1])
            if after_ds != CLOSED and last > first:
                rows = self._by_node[first:last]
                found[rows] = np.minimum(found[rows], after_ds)
                found_rows.append(rows)
        return np.concatenate([np.empty(0, dtype=np.int64), *found_rows])

    def _along_the_same_edge(self, found: Ints | Times, sites: Snapped, site: int) -> Ints:
        """Let points on the site's own edge drive straight along it; give their rows."""
        if sites.edge[site] == NOWHERE or sites.too_far[site]:
            return np.empty(0, dtype=np.int64)
        rows, points = self._rows_on(sites.edge[site]), self.points
        sign = 1 if self.direction == "to_sites" else -1
        for before_ds, site_before_ds, ahead in (
            (points.before_forward_ds, sites.before_forward_ds[site], sign),
            (points.before_backward_ds, sites.before_backward_ds[site], sign),
            # on a closed road with a one-way piece, one may know but the times to its end
            (points.after_forward_ds, sites.after_forward_ds[site], -sign),
            (points.after_backward_ds, sites.after_backward_ds[site], -sign),
        ):
            between = ahead * (site_before_ds - before_ds[rows])
            usable = (before_ds[rows] != CLOSED) & (site_before_ds != CLOSED) & (between >= 0)
            found[rows[usable]] = np.minimum(found[rows[usable]], between[usable])
        if sites.node[site] != NOWHERE:
            here = np.flatnonzero(points.node == sites.node[site])
            found[here] = 0
            rows = np.union1d(rows, here)
        return rows
