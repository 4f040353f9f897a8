"""The search graph: what a shortest-path search walks on.

Its nodes are junctions; a turn restriction gives the restricted approach a copy of its junction
from which only the allowed turns leave. An *arc* is one direction of an edge: arc 2e runs from the
start of edge e to its end, arc 2e + 1 back. The delay of a junction is paid with the
arc that arrives there.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from accessibility.network.drive_times import CLOSED, DriveTimes
from accessibility.network.roads import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchGraph:
    """Links between nodes, with the arc that each stands for.

    Parameters
    ----------
    times
        The driving times it was made from.
    nodes
        Number of nodes, copies for turn restrictions included.
    tail, head, weight_ds, arc
        Per link: from node, to node, deciseconds (the delay of the head included), and arc.
    arc_head
        Per arc: the node it arrives at (-1: closed).
    junction
        Per node: the junction it stands for.
    """

    times: DriveTimes
    nodes: int
    tail: Ints
    head: Ints
    weight_ds: Ints
    arc: Ints
    arc_head: Ints
    junction: Ints

    @property
    def through(self) -> npt.NDArray[np.bool_]:
        """Whether traffic may pass along each link from end to end."""
        return self.times.through[self.arc // 2]

    def links_of(self, arcs: Ints) -> tuple[Ints, Ints]:
        """Find the links that stand for some arcs.

        Returns
        -------
        tuple
            Positions in `arcs`, and the links there: parallel arrays.
        """
        order = np.argsort(self.arc, kind="stable")
        first = np.searchsorted(self.arc[order], arcs, side="left")
        last = np.searchsorted(self.arc[order], arcs, side="right")
        sizes = last - first
        places = np.repeat(np.arange(len(arcs)), sizes)
        start = np.repeat(first - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)
        return places, order[np.arange(len(places)) + start]


def search_graph(times: DriveTimes, *, like: SearchGraph | None = None) -> SearchGraph:
    """Make the graph that searches walk on from driving times.

    `like` is the graph of other times: where the same roads are open, it takes the new weights.
    """
    arc_ds = np.column_stack([times.edge_forward_ds, times.edge_backward_ds]).ravel()
    if like is not None and _same_roads(times, like.times):
        weight_ds = arc_ds[like.arc] + times.arc_delay_ds[like.arc]
        return replace(like, times=times, weight_ds=weight_ds)
    arc_tail = np.column_stack([times.start, times.end]).ravel()
    arc_head = np.column_stack([times.end, times.start]).ravel()
    is_open = arc_ds != CLOSED
    arcs = np.flatnonzero(is_open)
    head = np.where(is_open, arc_head, -1)
    forbidden = _forbidden_turns(times, arc_tail, arc_head, is_open)
    extra_tail: list[int] = []
    extra_arc: list[int] = []
    copied: list[int] = []
    if forbidden:
        leaving: dict[int, list[int]] = defaultdict(list)
        vias = {int(arc_head[arc]) for arc in forbidden}
        for arc in arcs[np.isin(arc_tail[arcs], list(vias))].tolist():
            leaving[int(arc_tail[arc])].append(arc)
        for arc in sorted(forbidden):
            copy = times.nodes + len(copied)
            copied.append(int(arc_head[arc]))
            head[arc] = copy
            allowed = [out for out in leaving[int(arc_head[arc])] if out not in forbidden[arc]]
            extra_tail += [copy] * len(allowed)
            extra_arc += allowed
    link_arc = np.concatenate([arcs, np.array(extra_arc, dtype=np.int64)])
    link_tail = np.concatenate([arc_tail[arcs], np.array(extra_tail, dtype=np.int64)])
    weight_ds = arc_ds[link_arc] + times.arc_delay_ds[link_arc]
    return SearchGraph(
        times=times,
        nodes=times.nodes + len(copied),
        tail=link_tail,
        head=head[link_arc],
        weight_ds=weight_ds,
        arc=link_arc,
        arc_head=head,
        junction=np.concatenate([np.arange(times.nodes), np.array(copied, dtype=np.int64)]),
    )


def _same_roads(times: DriveTimes, others: DriveTimes) -> bool:
    """Say whether the same roads of a network are open at two times, for the same turns."""
    return (
        times.network is others.network
        and times.table == others.table
        and np.array_equal(times.edge_forward_ds == CLOSED, others.edge_forward_ds == CLOSED)
        and np.array_equal(times.edge_backward_ds == CLOSED, others.edge_backward_ds == CLOSED)
    )


def _forbidden_turns(
    times: DriveTimes, arc_tail: Ints, arc_head: Ints, is_open: npt.NDArray[np.bool_]
) -> dict[int, set[int]]:
    """Say, for each restricted arc, which arcs may not follow it."""
    turns = times.network.turns
    forbidden: dict[int, set[int]] = defaultdict(set)
    if not times.table.turn_restrictions or not len(turns.via):
        return forbidden
    way = np.repeat(times.network.edge_way, 2)
    vias = set(turns.via.tolist())
    arriving: dict[int, list[int]] = defaultdict(list)
    leaving: dict[int, list[int]] = defaultdict(list)
    for arc in np.flatnonzero(is_open & np.isin(arc_head, list(vias))).tolist():
        arriving[int(arc_head[arc])].append(arc)
    for arc in np.flatnonzero(is_open & np.isin(arc_tail, list(vias))).tolist():
        leaving[int(arc_tail[arc])].append(arc)
    forced: dict[int, set[int]] = defaultdict(set)  # several "only" leave a choice between them
    for row in range(len(turns.via)):
        via = int(turns.via[row])
        from_arcs = [arc for arc in arriving[via] if way[arc] == turns.from_way[row]]
        to_arcs = {arc for arc in leaving[via] if way[arc] == turns.to_way[row]}
        if not to_arcs:
            continue  # the turn leads where nobody may drive: nothing to forbid or to force
        for arc in from_arcs:
            back = arc ^ 1
            if turns.only[row]:
                forced[arc] |= to_arcs
            elif turns.u_turn[row] and turns.from_way[row] == turns.to_way[row]:
                forbidden[arc].add(back)
            else:
                forbidden[arc] |= to_arcs - ({back} if not turns.u_turn[row] else set())
    for arc, to_arcs in forced.items():
        forbidden[arc] |= set(leaving[int(arc_head[arc])]) - to_arcs
    return forbidden


def sparse(nodes: int, tail: Ints, head: Ints, weight_ds: Ints) -> csr_array:
    """Make a sparse matrix of links in which the fastest of parallel links is kept.

    SciPy would add them up.
    """
    order = np.lexsort((weight_ds, head, tail))
    tail, head, weight_ds = tail[order], head[order], weight_ds[order]
    keep = np.ones(len(tail), dtype=bool)
    keep[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    counts = np.bincount(tail[keep], minlength=nodes)
    return csr_array(
        (
            weight_ds[keep].astype(np.float64),
            head[keep].astype(np.int32),
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        ),
        shape=(nodes, nodes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The separate parts of a network.

    Parameters
    ----------
    part
        Per edge: its part, edges that no road joins lie in different parts (closed edges: -1).
    core
        Per edge: whether it lies where one can both arrive and leave: in the largest strongly
        connected component of its part.
    length_m
        Per part: length of its open roads.
    has_ferry
        Per part: whether a ferry lands there, in service for this mode or not.
    """

    part: Ints
    core: npt.NDArray[np.bool_]
    length_m: Floats
    has_ferry: npt.NDArray[np.bool_]


def find_parts(times: DriveTimes) -> Parts:
    """Find the parts of a network, and where in each one can both arrive and leave."""
    is_open = (times.edge_forward_ds != CLOSED) | (times.edge_backward_ds != CLOSED)
    forward = times.edge_forward_ds != CLOSED
    backward = times.edge_backward_ds != CLOSED
    tail = np.concatenate([times.start[forward], times.end[backward]])
    head = np.concatenate([times.end[forward], times.start[backward]])
    graph = sparse(times.nodes, tail, head, np.ones(len(tail), dtype=np.int64))
    parts, part_of_node = connected_components(graph, directed=True, connection="weak")
    _, strong = connected_components(graph, directed=True, connection="strong")

    edge_m = times.network.edge_m
    part = np.where(is_open, part_of_node[times.start], -1).astype(np.int64)
    inside = is_open & (strong[times.start] == strong[times.end])
    strong_m = np.bincount(strong[times.start[inside]], weights=edge_m[inside])
    strong_m = np.pad(strong_m, (0, int(strong.max()) + 1 - len(strong_m)))
    part_of_strong = np.zeros(len(strong_m), dtype=np.int64)
    part_of_strong[strong] = part_of_node
    order = np.lexsort((-np.arange(len(strong_m)), strong_m))  # the largest of each part comes last
    largest = np.full(parts, -1)
    largest[part_of_strong[order]] = order
    has_ferry = np.zeros(parts, dtype=bool)
    has_ferry[part_of_node[times.start[times.ferry]]] = True
    has_ferry[part_of_node[times.end[times.ferry]]] = True
    return Parts(
        part=part,
        core=inside & (largest[part_of_node[times.start]] == strong[times.start]),
        length_m=np.bincount(part[is_open], weights=edge_m[is_open], minlength=parts).astype(
            np.float64
        ),
        has_ferry=has_ferry,
    )
