"""Contraction of nodes in a given order: which shortcuts there are, whatever the weights.

Nodes are numbered by their place in the order. Contracting a node joins all its neighbours above
it; the lowest of them is its parent in the elimination tree. This is symbolic Cholesky
factorisation: the arcs are the pattern of the factor.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from accessibility.traveltime.kernels.compiling import compiled

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


@compiled
def elimination_tree(first: Int64s, neighbours: Int32s) -> Int32s:
    """Find each node's parent (-1: a root) from the neighbours of every node (Liu's algorithm)."""
    nodes = len(first) - 1
    parent = np.full(nodes, -1, dtype=np.int32)
    ancestor = np.full(nodes, -1, dtype=np.int32)
    for node in range(nodes):
        for place in range(first[node], first[node + 1]):
            below = neighbours[place]
            while below < node:
                up = ancestor[below]
                if up == node:
                    break
                ancestor[below] = node
                if up == -1:
                    parent[below] = node
                    break
                below = up
    return parent


@compiled
def postorder(parent: Int32s) -> Int32s:
    """Number the nodes of a forest so that each subtree is a run, its root last."""
    nodes = len(parent)
    child = np.full(nodes, -1, dtype=np.int32)
    sibling = np.full(nodes, -1, dtype=np.int32)
    for node in range(nodes - 1, -1, -1):
        if parent[node] >= 0:
            sibling[node] = child[parent[node]]
            child[parent[node]] = node
    place = np.empty(nodes, dtype=np.int32)
    done = 0
    for root in range(nodes):
        if parent[root] >= 0:
            continue
        node = root
        while True:
            while child[node] >= 0:  # down to the first leaf that is left
                down = child[node]
                child[node] = sibling[down]
                node = down
            place[node] = done
            done += 1
            if node == root:
                break
            node = parent[node]
    return place


@compiled
def count_arcs(first: Int64s, neighbours: Int32s, parent: Int32s) -> Int64s:
    """Count each node's arcs upward, shortcuts included: row by row of the factor."""
    nodes = len(first) - 1
    counts = np.zeros(nodes, dtype=np.int64)
    seen = np.full(nodes, -1, dtype=np.int32)
    for node in range(nodes):
        seen[node] = node
        for place in range(first[node], first[node + 1]):
            below = neighbours[place]
            while below < node and seen[below] != node:
                seen[below] = node
                counts[below] += 1
                below = parent[below]
    return counts


@compiled
def fill_arcs(
    first: Int64s, neighbours: Int32s, parent: Int32s, up_first: Int64s, up_head: Int32s
) -> None:
    """Write the heads of each node's arcs upward, rising; `up_first` says where they begin."""
    nodes = len(first) - 1
    free = up_first[:-1].copy()
    seen = np.full(nodes, -1, dtype=np.int32)
    for node in range(nodes):  # heads come in rising order, as the outer loop rises
        seen[node] = node
        for place in range(first[node], first[node + 1]):
            below = neighbours[place]
            while below < node and seen[below] != node:
                seen[below] = node
                up_head[free[below]] = node
                free[below] += 1
                below = parent[below]


@compiled
def arcs_between(up_first: Int64s, up_head: Int32s, low: Int32s, high: Int32s) -> Int64s:
    """Find the arc of each pair of nodes, low < high; -1 where there is none."""
    found = np.full(len(low), -1, dtype=np.int64)
    for pair in range(len(low)):
        node, wanted = np.uint64(low[pair]), high[pair]
        begin, after = np.uint64(up_first[node]), np.uint64(up_first[node + np.uint64(1)])
        end = after
        while begin < end:
            middle = (begin + end) >> np.uint64(1)
            if up_head[middle] < wanted:
                begin = middle + np.uint64(1)
            else:
                end = middle
        if begin < after and up_head[begin] == wanted:
            found[pair] = begin
    return found


@compiled
def arcs_by_head(up_first: Int64s, up_head: Int32s) -> tuple[Int64s, Int32s, Int32s]:
    """List the arcs by their upper ends: where each node's begin, their lower ends, the arcs."""
    nodes = len(up_first) - 1
    down_first = np.zeros(nodes + 1, dtype=np.int64)
    for arc in range(len(up_head)):
        down_first[up_head[arc] + 1] += 1
    for node in range(nodes):
        down_first[node + 1] += down_first[node]
    free = down_first[:-1].copy()
    low = np.empty(len(up_head), dtype=np.int32)
    arcs = np.empty(len(up_head), dtype=np.int32)
    for node in range(nodes):
        for arc in range(up_first[node], up_first[node + 1]):
            place = free[up_head[arc]]
            free[up_head[arc]] = place + 1
            low[place], arcs[place] = node, arc
    return down_first, low, arcs
