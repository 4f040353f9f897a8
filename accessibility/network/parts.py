"""The separate parts of a network, and where in each one can both arrive and leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import breadth_first_order, connected_components

from accessibility.network.drive_times import CLOSED, DriveTimes
from accessibility.network.graph import SearchGraph, arcs_open, search_graph, sparse
from accessibility.network.roads import Floats, Ints

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The separate parts of a network.

    Parameters
    ----------
    part
        Per edge: its part, edges that no road joins lie in different parts (closed edges: -1).
    core
        Per edge: whether one can both arrive there and leave, from and to the largest strongly
        connected component of its part, without a forbidden turn or driving through where that is
        not allowed.
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
    graph = search_graph(times)
    is_open = arcs_open(times).reshape(-1, 2).any(axis=1)
    junctions = _junction_parts(times)
    parts = int(junctions.max()) + 1
    edge_m = times.network.edge_m
    part = np.where(is_open, junctions[times.start], -1).astype(np.int64)
    has_ferry = np.zeros(parts, dtype=bool)
    has_ferry[junctions[times.start[times.ferry]]] = True
    has_ferry[junctions[times.end[times.ferry]]] = True
    return Parts(
        part=part,
        core=is_open & _core(graph, junctions[graph.junction]),
        length_m=np.bincount(part[is_open], weights=edge_m[is_open], minlength=parts).astype(
            np.float64
        ),
        has_ferry=has_ferry,
    )


def _junction_parts(times: DriveTimes) -> Ints:
    """Number the part of each junction, whatever turns are forbidden there."""
    is_open = (times.edge_forward_ds != CLOSED) | (times.edge_backward_ds != CLOSED)
    tail, head = times.start[is_open], times.end[is_open]
    graph = sparse(times.nodes, tail, head, np.ones(len(tail), dtype=np.int64))
    return np.asarray(
        connected_components(graph, directed=True, connection="weak")[1], dtype=np.int64
    )


def _core(graph: SearchGraph, part_of_node: Ints) -> Mask:
    """Mark the edges where one can arrive from the network at large and leave to it.

    The network at large is the largest strongly connected component of each part; roads that are
    not for through traffic count only where there are no others.
    """
    links = sparse(graph.nodes, graph.tail, graph.head, np.ones(len(graph.tail), dtype=np.int64))
    _, strong = connected_components(links, directed=True, connection="strong")
    inside = strong[graph.tail] == strong[graph.head]
    edges = graph.times.network.edges
    number = np.unique(strong[graph.tail[inside]] * np.int64(edges) + graph.arc[inside] // 2)
    component, edge = np.divmod(number, edges)
    closed_to_most = graph.times.no_through.reshape(-1, 2).any(axis=1)
    length_m = graph.times.network.edge_m * np.where(closed_to_most, 1e-9, 1.0)
    components = int(strong.max()) + 1
    strong_m = np.bincount(component, weights=length_m[edge], minlength=components)
    part_of = np.zeros(components, dtype=np.int64)
    part_of[strong] = part_of_node
    order = np.lexsort((-np.arange(components), strong_m))  # the largest of each part comes last
    largest = np.full(int(part_of_node.max()) + 1, -1)
    largest[part_of[order]] = order
    at_large = strong == largest[part_of_node]

    core = np.zeros(edges, dtype=bool)
    if graph.nodes == graph.times.nodes:  # no copies: what lies between two of its nodes
        core[graph.arc[at_large[graph.tail] & at_large[graph.head] & inside] // 2] = True
        return core
    after = _reached(graph.nodes, graph.tail, graph.head, at_large)
    before = _reached(graph.nodes, graph.head, graph.tail, at_large)
    core[graph.arc[after[graph.tail]] // 2] = True
    leaves = np.zeros(edges, dtype=bool)
    is_open = graph.arc_head >= 0
    leaves[np.flatnonzero(is_open)[before[graph.arc_head[is_open]]] // 2] = True
    return core & leaves


def _reached(nodes: int, tail: Ints, head: Ints, begin: Mask) -> Mask:
    """Mark the nodes that links lead to from some of them, those included."""
    sources = np.flatnonzero(begin)
    every = np.concatenate([tail, np.full(len(sources), nodes)])
    links = sparse(
        nodes + 1, every, np.concatenate([head, sources]), np.ones(len(every), dtype=np.int64)
    )
    found = np.zeros(nodes + 1, dtype=bool)
    found[breadth_first_order(links, nodes, directed=True, return_predecessors=False)] = True
    return found[:-1]
