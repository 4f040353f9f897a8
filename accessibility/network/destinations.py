"""Roads that are not for through traffic: open to those alone who start or end there.

A drive may leave such roads, drive on those open to everybody, and enter such roads again; having
entered it goes out no more. So the junctions among them have two copies: a *leaving* one, for
drives that have been on such roads ever since they began, and an *entering* one. Where roads open
to everybody meet them there is a third, the plain one. Only what is restricted is split, and only
where anybody could drive through at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from accessibility.network.roads import Floats, Ints

Mask = npt.NDArray[np.bool_]


def _components(nodes: int, tail: Ints, head: Ints, connection: str) -> Ints:
    joined = csr_array((np.ones(len(tail), dtype=bool), (tail, head)), shape=(nodes, nodes))
    return np.asarray(
        connected_components(joined, directed=True, connection=connection)[1], dtype=np.int64
    )


def no_through_arcs(
    nodes: int, start: Ints, end: Ints, *, is_open: Mask, flagged: Mask, edge_m: Floats,
    restricted: Ints,
) -> Mask:  # fmt: skip
    """Mark the arcs that drives may enter and leave, but not pass.

    Those are the arcs that the map flags. A road that is open to all, but that only such roads join
    to the network at large (the largest strongly connected part of the roads open to all), lies
    among them and goes with them: else nobody who lives there could get out. Where nobody could
    pass in any case (a dead end of such roads, or a part of the network that has no others) none
    is marked.

    Parameters
    ----------
    nodes
        Number of junctions.
    start, end
        Junctions of each edge.
    is_open, flagged
        Per arc.
    edge_m
        Length of each edge.
    restricted
        Junctions with turn restrictions: a dead end might be driven into to dodge one.
    """
    flagged = flagged & is_open
    marked = np.zeros(len(flagged), dtype=bool)
    if not flagged.any():
        return marked
    tail, head = np.column_stack([start, end]).ravel(), np.column_stack([end, start]).ravel()
    free = is_open & ~flagged
    part = _components(nodes, tail[is_open], head[is_open], "weak")
    strong = _components(nodes, tail[free], head[free], "strong")
    in_core = _in_largest(part, strong, tail, head, free, np.repeat(edge_m, 2))
    core = np.zeros(nodes, dtype=bool)
    core[tail[in_core]] = core[head[in_core]] = True

    # roads off the core that meet one another off the core: with a flagged one among them, all go
    others = is_open & ~in_core
    edge = np.flatnonzero(others.reshape(-1, 2).any(axis=1))
    group = _groups(nodes, start[edge], end[edge], apart=core)
    has_flag = np.zeros(len(edge), dtype=bool)
    has_flag[:] = flagged.reshape(-1, 2)[edge].any(axis=1)
    with_flag = np.bincount(group, weights=has_flag) > 0
    edge = edge[with_flag[group]]

    # of those, all that hang together: can anybody pass?
    group = _groups(nodes, start[edge], end[edge], apart=np.zeros(nodes, dtype=bool))
    groups = int(group.max(initial=-1)) + 1
    junction, of = _distinct(np.concatenate([start[edge], end[edge]]), np.concatenate([group] * 2))
    contacts = np.bincount(of, weights=core[junction], minlength=groups)
    is_restricted = np.zeros(nodes, dtype=bool)
    is_restricted[restricted] = True
    turns = np.bincount(of, weights=is_restricted[junction], minlength=groups)
    is_tree = np.bincount(group, minlength=groups) == np.bincount(of, minlength=groups) - 1
    passable = ~((contacts == 0) | ((contacts == 1) & is_tree & (turns == 0)))
    edge = edge[passable[group]]
    marked[2 * edge], marked[2 * edge + 1] = others[2 * edge], others[2 * edge + 1]
    return marked


def _in_largest(
    part: Ints, strong: Ints, tail: Ints, head: Ints, free: Mask, arc_m: Floats
) -> Mask:
    """Mark the free arcs within the largest strongly connected component of each part."""
    inside = free & (strong[tail] == strong[head])
    length_m = np.bincount(strong[tail[inside]], weights=arc_m[inside], minlength=strong.max() + 1)
    part_of = np.zeros(len(length_m), dtype=np.int64)
    part_of[strong] = part
    order = np.lexsort((-np.arange(len(length_m)), length_m))  # the largest of each part comes last
    largest = np.full(int(part.max()) + 1, -1)
    largest[part_of[order]] = order
    return np.asarray(inside & (largest[part[tail]] == strong[tail]), dtype=bool)


def _groups(nodes: int, start: Ints, end: Ints, *, apart: Mask) -> Ints:
    """Number the groups of edges that meet at junctions, but for those that keep edges apart."""
    every = nodes + np.arange(len(start))
    ends, edges = np.concatenate([start, end]), np.concatenate([every, every])
    meets = ~apart[ends]
    component = _components(nodes + len(start), ends[meets], edges[meets], "weak")
    return np.unique(component[nodes:], return_inverse=True)[1].astype(np.int64)


def _distinct(values: Ints, groups: Ints) -> tuple[Ints, Ints]:
    pairs = np.unique(np.column_stack([groups, values]), axis=0)
    return pairs[:, 1], pairs[:, 0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Links between nodes, before turn restrictions.

    Parameters
    ----------
    nodes
        Number of nodes: the junctions, then their copies.
    tail, head, arc
        Per link. The first links are those of the drives that begin on each open arc, in order.
    arc_head
        Per arc: the node at which a drive arrives that begins on it (-1: closed).
    junction
        Per node: the junction it stands for.
    standing
        Per node: the junction where a drive may end there; -1 where it may not.
    """

    nodes: int
    tail: Ints
    head: Ints
    arc: Ints
    arc_head: Ints
    junction: Ints
    standing: Ints


def join_arcs(nodes: int, tail: Ints, head: Ints, is_open: Mask, marked: Mask) -> Joined:
    """Join junctions by the open arcs, and copies of them by those not for through traffic."""
    arcs = np.flatnonzero(is_open)
    junction = np.arange(nodes)
    if not marked.any():
        return Joined(
            nodes=nodes, tail=tail[arcs], head=head[arcs], arc=arcs,
            arc_head=np.where(is_open, head, -1), junction=junction, standing=junction,
        )  # fmt: skip
    free = is_open & ~marked
    with_free, with_marked = np.zeros(nodes, dtype=bool), np.zeros(nodes, dtype=bool)
    with_free[tail[free]] = with_free[head[free]] = True
    with_marked[tail[marked]] = with_marked[head[marked]] = True
    mixed = np.flatnonzero(with_free & with_marked)
    entered = np.unique(head[marked])
    leaving, entering = junction.copy(), np.full(nodes, -1)
    leaving[mixed] = nodes + np.arange(len(mixed))
    entering[entered] = nodes + len(mixed) + np.arange(len(entered))

    free_arcs, marked_arcs = np.flatnonzero(free), np.flatnonzero(marked)
    is_mixed = with_free & with_marked
    out = free_arcs[is_mixed[tail[free_arcs]]]  # from marked roads on to those open to all
    into = marked_arcs[is_mixed[tail[marked_arcs]]]
    on = marked_arcs[entering[tail[marked_arcs]] >= 0]
    begins = np.where(marked[arcs], leaving[tail[arcs]], tail[arcs])
    arrives = np.where(marked[arcs], leaving[head[arcs]], head[arcs])
    arc_head = np.full(len(is_open), -1)
    arc_head[arcs] = arrives
    may_stand = np.where(is_mixed[entered], -1, entered)
    return Joined(
        nodes=nodes + len(mixed) + len(entered),
        tail=np.concatenate([begins, leaving[tail[out]], tail[into], entering[tail[on]]]),
        head=np.concatenate([arrives, head[out], entering[head[into]], entering[head[on]]]),
        arc=np.concatenate([arcs, out, into, on]),
        arc_head=arc_head,
        junction=np.concatenate([junction, mixed, entered]),
        standing=np.concatenate([junction, mixed, may_stand]),
    )
