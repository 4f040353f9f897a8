"""What a search starts from: the links of the network, and where each site joins them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from accessibility.network import CLOSED, NOWHERE, SearchGraph, Snapped, closed_roads

Direction = Literal["to_sites", "from_sites"]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """One-way links between nodes, in the direction of the search.

    Parameters
    ----------
    nodes
        Number of nodes.
    tail, head
        Per link: where it leads from and to. Links may be parallel.
    weight_ds
        Whole deciseconds, 0 or more.
    """

    nodes: int
    tail: Ints
    head: Ints
    weight_ds: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """Where the search of each site begins: some nodes, each some time away from it.

    Parameters
    ----------
    first
        Seeds of site s are first[s] to first[s + 1] - 1; a site without any reaches nothing.
    node, ds
        Per seed: the node, and the deciseconds between it and the site.
    """

    first: Ints
    node: Ints
    ds: Ints

    def __len__(self) -> int:
        return len(self.first) - 1

    def part(self, begin: int, end: int) -> Seeds:
        """Give the seeds of the sites from `begin` to before `end`."""
        first = self.first[begin : end + 1]
        chosen = slice(first[0], first[-1])
        return Seeds(first=first - first[0], node=self.node[chosen], ds=self.ds[chosen])


def search_links(graph: SearchGraph, direction: Direction) -> Links:
    """Take the links that traffic may pass, reversed where the search ends at the sites."""
    tail, head, weight_ds = graph.tail, graph.head, graph.weight_ds
    if not graph.times.through.all():
        through = graph.through
        tail, head, weight_ds = tail[through], head[through], weight_ds[through]
    if direction == "to_sites":
        tail, head = head, tail
    return Links(
        nodes=graph.nodes,
        tail=tail.astype(np.int64, copy=False),  # compiled kernels are made for one kind of array
        head=head.astype(np.int64, copy=False),
        weight_ds=weight_ds.astype(np.int64, copy=False),
    )


def site_seeds(graph: SearchGraph, sites: Snapped, direction: Direction) -> Seeds:
    """Find the nodes where sites join the network, and the time between the two.

    A site that is too far from any road, or has none, gets no seed.
    """
    rows, nodes, times_ds = _on_edges(graph, sites, direction)
    more_rows, more_nodes, more_ds = _on_junctions(graph, sites, direction)
    row = np.concatenate([*rows, *more_rows])
    node = np.concatenate([*nodes, *more_nodes])
    ds = np.concatenate([*times_ds, *more_ds])
    usable = ~((sites.edge == NOWHERE) | sites.too_far)[row]
    row, node, ds = row[usable], node[usable], ds[usable]
    order = np.lexsort((ds, node, row))
    first = np.searchsorted(row[order], np.arange(len(sites) + 1))
    return Seeds(first=first.astype(np.int64), node=node[order], ds=ds[order])


def _on_edges(
    graph: SearchGraph, sites: Snapped, direction: Direction
) -> tuple[list[Ints], list[Ints], list[Ints]]:
    """Join sites to the ends of the edges that they stand on: sites, nodes, deciseconds."""
    rows, nodes, times_ds = [], [], []
    roads = closed_roads(graph.times)
    sites = roads.along(sites)
    on_edge = np.flatnonzero(sites.edge != NOWHERE)
    for side, before_ds, after_ds in (
        (0, sites.before_forward_ds, sites.after_forward_ds),
        (1, sites.before_backward_ds, sites.after_backward_ds),
    ):
        if direction == "to_sites":
            usable = on_edge[before_ds[on_edge] != CLOSED]
            places, links = graph.links_of(roads.entry[2 * sites.edge[usable] + side])
            rows.append(usable[places])
            nodes.append(graph.tail[links])
            times_ds.append(before_ds[usable][places] + graph.u_turn_ds[links])
        else:
            usable = on_edge[after_ds[on_edge] != CLOSED]
            arcs = roads.exit[2 * sites.edge[usable] + side]
            rows.append(usable)
            nodes.append(graph.arc_head[arcs])
            times_ds.append(after_ds[usable] + graph.times.arc_delay_ds[arcs])
    return rows, nodes, times_ds


def _on_junctions(
    graph: SearchGraph, sites: Snapped, direction: Direction
) -> tuple[list[Ints], list[Ints], list[Ints]]:
    """Join sites to the junctions that they stand on: sites, nodes, deciseconds."""
    at_node = np.flatnonzero(sites.node != NOWHERE)
    junctions = sites.node[at_node]
    none_ds = np.zeros(len(at_node), dtype=np.int64)
    if direction == "from_sites":
        return [at_node], [junctions], [none_ds]
    places, nodes, ds = arrivals(graph, junctions)
    copy_places, copies = positions_of(graph.standing, junctions)
    return (
        [at_node[places], at_node[copy_places]],
        [nodes, copies],
        [ds, none_ds[copy_places]],
    )


def arrivals(graph: SearchGraph, junctions: Ints) -> tuple[Ints, Ints, Ints]:
    """Find the links that end at some junctions, for drives that end there too.

    Any approach will do, without the delay of passing on; but a road that is closed to through
    traffic only where no other leads there.

    Returns
    -------
    tuple
        Positions in `junctions`, the nodes that the links come from, and their deciseconds:
        parallel arrays.
    """
    ends = graph.standing[graph.head]
    if not graph.times.through.all():
        passed = graph.through
        joined = np.zeros(graph.times.nodes, dtype=bool)
        joined[graph.junction[graph.head[passed]]] = True
        joined[graph.junction[graph.tail[passed]]] = True
        ends = np.where(passed | ~joined[ends], ends, NOWHERE)
    places, links = positions_of(ends, junctions)
    ds = graph.weight_ds[links] - graph.times.arc_delay_ds[graph.arc[links]]
    return places, graph.tail[links], ds


def positions_of(values: Ints, wanted: Ints) -> tuple[Ints, Ints]:
    """Find where some values stand: positions in `wanted`, and the places of that value.

    Values are counted from 0; -1 stands for none.

    >>> positions_of(np.array([7, 5, 7]), np.array([7]))
    (array([0, 0]), array([0, 2]))
    """
    most = max(int(values.max(initial=-1)), int(wanted.max(initial=-1)))
    is_wanted = np.zeros(most + 2, dtype=bool)  # the last place, -1, belongs to no value
    is_wanted[wanted] = True
    candidates = np.flatnonzero(is_wanted[values])
    order = candidates[np.argsort(values[candidates], kind="stable")]
    ranked = values[order]
    begin = np.searchsorted(ranked, wanted, side="left")
    sizes = np.searchsorted(ranked, wanted, side="right") - begin
    places = np.repeat(np.arange(len(wanted)), sizes)
    start = np.repeat(begin - (np.cumsum(sizes) - sizes), sizes)
    return places, order[np.arange(len(places)) + start]
