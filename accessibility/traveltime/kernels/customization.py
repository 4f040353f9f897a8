"""Weights of the arcs of a contraction: the shortest ways over the nodes below them.

Every arc has two weights: from its lower end up, and from its upper end down. All are unsigned, see
`accessibility.traveltime.kernels`.
"""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt

from accessibility.traveltime.kernels.compiling import compiled

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
UInt32s = npt.NDArray[np.uint32]


@compiled
def lay_weights(
    arcs: Int64s,
    upward: npt.NDArray[np.bool_],
    weights_ds: Int64s,
    up_ds: UInt32s,
    down_ds: UInt32s,
) -> None:
    """Put the weights of links on their arcs; the fastest of parallel links counts."""
    for link in range(len(arcs)):
        arc, ds = np.uint64(arcs[link]), np.uint32(weights_ds[link])
        if upward[link]:
            up_ds[arc] = min(up_ds[arc], ds)
        else:
            down_ds[arc] = min(down_ds[arc], ds)


@compiled
def customize(up_first: Int64s, up_head: Int32s, up_ds: UInt32s, down_ds: UInt32s) -> None:
    """Relax every lower triangle: node < a < b, all three joined; the lowest node first."""
    nodes = len(up_first) - 1
    for node in range(nodes):
        begin, end = np.uint64(up_first[node]), np.uint64(up_first[node + 1])
        for to_a in range(begin, end):
            a = np.uint64(up_head[to_a])
            into_a, out_of_a = up_ds[to_a], down_ds[to_a]
            a_to_b = np.uint64(up_first[a])
            for to_b in range(to_a + np.uint64(1), end):
                b = up_head[to_b]
                while up_head[a_to_b] < b:
                    a_to_b += np.uint64(1)
                # a, node, b; and b, node, a
                up_ds[a_to_b] = min(up_ds[a_to_b], np.uint32(out_of_a + up_ds[to_b]))
                down_ds[a_to_b] = min(down_ds[a_to_b], np.uint32(down_ds[to_b] + into_a))


@compiled
def customize_again(
    up_first: Int64s,
    up_head: Int32s,
    down_first: Int64s,
    low: Int32s,
    low_arc: Int32s,
    base_up_ds: UInt32s,
    base_down_ds: UInt32s,
    changed: Int64s,
    up_ds: UInt32s,
    down_ds: UInt32s,
) -> int:
    """Bring weights up to date after a change of some arcs' own weights.

    Parameters
    ----------
    up_first, up_head
        Arcs by their lower ends.
    down_first, low, low_arc
        The same arcs by their upper ends: where each node's begin, the lower ends, the arcs.
    base_up_ds, base_down_ds
        The arcs' own weights, after the change.
    changed
        Arcs whose own weights changed.
    up_ds, down_ds
        The weights before; overwritten.

    Returns
    -------
    int
        How many arcs were looked at.

    Notes
    -----
    An arc depends on triangles whose lowest node lies below its own lower end, so arcs are taken in
    the order of their lower ends. One that changes matters to an arc above only where it was part
    of its shortest way, or now makes a shorter one.
    """
    dirty = np.zeros(len(up_head), dtype=np.uint8)
    tail_of = np.empty(len(changed), dtype=np.int64)
    queue = [np.int64(0) for _ in range(0)]
    for place in range(len(changed)):
        tail_of[place] = np.searchsorted(up_first, changed[place], side="right") - 1
        dirty[changed[place]] = 1
        heapq.heappush(queue, tail_of[place])
    seen, last = 0, np.int64(-1)
    while len(queue) > 0:
        a = heapq.heappop(queue)
        if a == last:
            continue
        last = a
        for arc in range(up_first[a], up_first[a + 1]):
            if not dirty[arc]:
                continue
            dirty[arc] = 0
            seen += 1
            b = up_head[arc]
            up, down = base_up_ds[arc], base_down_ds[arc]
            of_b, end_b = down_first[b], down_first[b + 1]
            for of_a in range(down_first[a], down_first[a + 1]):
                while of_b < end_b and low[of_b] < low[of_a]:
                    of_b += 1
                if of_b < end_b and low[of_b] == low[of_a]:
                    to_a, to_b = low_arc[of_a], low_arc[of_b]
                    up = min(up, np.uint32(down_ds[to_a] + up_ds[to_b]))
                    down = min(down, np.uint32(down_ds[to_b] + up_ds[to_a]))
            was_up, was_down = up_ds[arc], down_ds[arc]
            if up == was_up and down == was_down:
                continue
            up_ds[arc], down_ds[arc] = up, down
            for other in range(up_first[a], up_first[a + 1]):
                c = up_head[other]
                if c == b:
                    continue
                lower, upper = min(b, c), max(b, c)
                begin, end = up_first[lower], up_first[lower + 1]
                above = begin + np.searchsorted(up_head[begin:end], upper)
                into_b, into_c = up_ds[above], down_ds[above]  # c to b, and b to c, where c < b
                if b < c:
                    into_b, into_c = into_c, into_b
                # from b down to a and up to c; from c down to a and up to b
                touched = into_c == np.uint32(was_down + up_ds[other])
                touched |= np.uint32(down + up_ds[other]) < into_c
                touched |= into_b == np.uint32(down_ds[other] + was_up)
                touched |= np.uint32(down_ds[other] + up) < into_b
                if touched and not dirty[above]:
                    dirty[above] = 1
                    heapq.heappush(queue, np.int64(lower))
    return seen
