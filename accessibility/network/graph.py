"""The search graph: what a shortest-path search walks on.

Its nodes are junctions, and copies of some: of those among roads that are not for through traffic
(`destinations`), and of those that a drive reaches over a turn restriction (`turns`). An *arc* is
one direction of an edge: arc 2e runs from the start of edge e to its end, arc 2e + 1 back. The
delay of a junction is paid on arriving there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from accessibility.network.destinations import Joined, join_arcs
from accessibility.network.drive_times import CLOSED, DriveTimes, whole_deciseconds
from accessibility.network.roads import Ints
from accessibility.network.turns import Arcs, Enough, Memory, Path, forbidden_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchGraph:
    """Links between nodes, with the arc that each stands for.

    Parameters
    ----------
    times
        The driving times it was made from.
    nodes
        Number of nodes, copies included.
    tail, head, weight_ds, arc
        Per link: from node, to node, deciseconds (the delay of the head included), and arc.
    u_turn_ds
        Per link: what of that is the price of a U-turn at its tail.
    arc_head
        Per arc: the node at which a drive arrives that begins on it (-1: closed).
    junction
        Per node: the junction it stands for.
    standing
        Per node: the junction at which a drive may end there; -1 for a junction that the drive
        reached over roads it may not pass.
    enough
        What must hold at other driving times for the graph to be exact there too.
    """

    times: DriveTimes
    nodes: int
    tail: Ints
    head: Ints
    weight_ds: Ints
    arc: Ints
    u_turn_ds: Ints
    arc_head: Ints
    junction: Ints
    standing: Ints
    enough: Enough

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

    def serves(self, times: DriveTimes) -> bool:
        """Say whether the graph is exact at other times of the same network."""
        return _same_roads(times, self.times) and self.enough.holds(_passing_ds(times))

    def at(self, times: DriveTimes) -> SearchGraph:
        """Take other driving times; nodes and links keep their numbers."""
        weight_ds = _passing_ds(times)[self.arc] + self.u_turn_ds
        return replace(self, times=times, weight_ds=weight_ds)


def search_graph(times: DriveTimes, *, like: SearchGraph | None = None) -> SearchGraph:
    """Make the graph that searches walk on from driving times.

    `like` is the graph of other times: where the same roads are open, it takes the new weights.
    """
    if like is not None and like.serves(times):
        return like.at(times)
    tail, head = arc_ends(times)
    is_open = arcs_open(times)
    passing_ds = _passing_ds(times)
    joined = join_arcs(times.nodes, tail, head, is_open, times.no_through)
    forbidden: frozenset[Path] = frozenset()
    if times.table.turn_restrictions and len(times.network.turns.via):
        way = np.repeat(times.network.edge_way, 2)
        forbidden = forbidden_paths(
            times.network, Arcs(tail=tail, head=head, is_open=is_open, way=way)
        )
    u_turn = int(whole_deciseconds(np.array([times.table.u_turn_delay_s]))[0])
    memory = Memory(forbidden=forbidden, arc_ds=passing_ds, is_open=is_open, u_turn_ds=u_turn)
    joined, u_turn_ds = _with_memory(joined, memory)
    return SearchGraph(
        times=times,
        nodes=joined.nodes,
        tail=joined.tail,
        head=joined.head,
        weight_ds=passing_ds[joined.arc] + u_turn_ds,
        arc=joined.arc,
        u_turn_ds=u_turn_ds,
        arc_head=joined.arc_head,
        junction=joined.junction,
        standing=joined.standing,
        enough=Enough.of(memory),
    )


def arcs_open(times: DriveTimes) -> npt.NDArray[np.bool_]:
    """Say of each arc whether it may be driven."""
    return np.column_stack([times.edge_forward_ds, times.edge_backward_ds]).ravel() != CLOSED


def arc_ends(times: DriveTimes) -> tuple[Ints, Ints]:
    """Give the junctions that each arc leads from and to."""
    return (
        np.column_stack([times.start, times.end]).ravel(),
        np.column_stack([times.end, times.start]).ravel(),
    )


def _passing_ds(times: DriveTimes) -> Ints:
    """Time each arc, the delay at its end included."""
    arc_ds = np.column_stack([times.edge_forward_ds, times.edge_backward_ds]).ravel()
    return np.asarray(arc_ds + times.arc_delay_ds, dtype=np.int64)


def _same_roads(times: DriveTimes, others: DriveTimes) -> bool:
    """Say whether the same roads of a network are open at two times, for the same turns."""
    return (
        times.network is others.network
        and times.table == others.table
        and np.array_equal(times.edge_forward_ds == CLOSED, others.edge_forward_ds == CLOSED)
        and np.array_equal(times.edge_backward_ds == CLOSED, others.edge_backward_ds == CLOSED)
        and np.array_equal(times.no_through, others.no_through)
    )


def _with_memory(plain: Joined, memory: Memory) -> tuple[Joined, Ints]:
    """Give nodes the copies that remember the last arcs; and the price of U-turns of each link."""
    if not memory.forbidden:
        return plain, np.zeros(len(plain.arc), dtype=np.int64)
    order = np.argsort(plain.tail, kind="stable")
    first = np.searchsorted(plain.tail[order], np.arange(plain.nodes + 1))
    head, arc_head = plain.head.copy(), plain.arc_head.copy()
    copies: dict[tuple[int, Path], int] = {}

    def place(node: int, path: Path) -> int:
        if not path:
            return node
        return copies.setdefault((node, path), plain.nodes + len(copies))

    begin = np.array(sorted({path[0] for path in memory.forbidden}), dtype=np.int64)
    for link in np.flatnonzero(np.isin(plain.arc, begin)).tolist():
        head[link] = place(int(plain.head[link]), (int(plain.arc[link]),))
    for arc in begin.tolist():
        arc_head[arc] = place(int(plain.arc_head[arc]), (arc,))
    more: list[tuple[int, int, int, int]] = []
    done = 0
    while done < len(copies):
        fresh = list(copies.items())[done:]
        done += len(fresh)
        for (node, path), copy in fresh:
            for link in order[first[node] : first[node + 1]].tolist():
                arc = int(plain.arc[link])
                if memory.forbids(path, arc):
                    continue
                to = place(int(plain.head[link]), memory.of((*path, arc)))
                more.append((copy, to, arc, memory.u_turn_ds if arc == path[-1] ^ 1 else 0))
    links = np.array(more, dtype=np.int64).reshape(-1, 4)
    copied = np.array([node for node, _ in copies], dtype=np.int64)
    none = np.zeros(len(plain.arc), dtype=np.int64)
    return Joined(
        nodes=plain.nodes + len(copies),
        tail=np.concatenate([plain.tail, links[:, 0]]),
        head=np.concatenate([head, links[:, 1]]),
        arc=np.concatenate([plain.arc, links[:, 2]]),
        arc_head=arc_head,
        junction=np.concatenate([plain.junction, plain.junction[copied]]),
        standing=np.concatenate([plain.standing, plain.standing[copied]]),
    ), np.concatenate([none, links[:, 3]])


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
