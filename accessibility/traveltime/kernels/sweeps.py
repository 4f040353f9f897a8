"""Searches on a contraction: up from the seeds, then down to every node in one sweep (PHAST).

A sweep goes through the nodes from the top of the order to its bottom and takes, for each, the best
of the ways over its arcs upward. It does so for `LANES` searches at once: a node's times of all of
them lie side by side and fill one line of the processor's cache. Where only some nodes are asked
for, it goes through these and their ancestors alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from accessibility.traveltime.kernels.compiling import compiled
from accessibility.traveltime.kernels.lanes import LANES, UNREACHABLE, lay_columns, relax_arcs

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
UInt32s = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.uint8]

#: Digest of lanes.py. A change there changes this file so, and numba compiles what is here anew.
LANES_STAMP = "42be9b42bf91"


@compiled
def ancestors(up_first: Int64s, up_head: Int32s, wanted: Int64s) -> Int64s:
    """List some nodes and all that lie above them in the elimination tree, rising."""
    flag = np.zeros(len(up_first) - 1, dtype=np.uint8)
    count = 0
    for place in range(len(wanted)):
        node = np.int64(wanted[place])
        while flag[node] == 0:
            flag[node] = 1
            count += 1
            if up_first[node] == up_first[node + 1]:
                break
            node = np.int64(up_head[up_first[node]])
    found = np.empty(count, dtype=np.int64)
    count = 0
    for other in range(len(flag)):
        if flag[other]:
            found[count] = other
            count += 1
    return found


@compiled
def search_lanes(
    climb_first: Int64s,
    climb_head: Int32s,
    climb_ds: UInt32s,
    seed_first: Int64s,
    seeds: Int64s,
    seed_ds: Int64s,
    place_of: Int32s,
    sweep_first: Int64s,
    sweep_head: Int32s,
    sweep_ds: UInt32s,
    scratch_ds: UInt32s,
    visited: Int32s,
    touched: Flags,
    lanes_ds: UInt32s,
    column_of: Int32s,
    found_ds: Int32s,
) -> None:
    """Search from up to `LANES` sites at once.

    Parameters
    ----------
    climb_first, climb_head, climb_ds
        All arcs upward, with their weights in the direction of the search.
    seed_first, seeds, seed_ds
        Per site, where its search begins, and the times there.
    place_of
        Per node: its place in the sweep, -1 where the sweep leaves it out.
    sweep_first, sweep_head, sweep_ds
        Arcs upward of the nodes of the sweep, with their weights against the arcs.
    scratch_ds, visited
        Room per node; all `UNREACHABLE`, and anything.
    touched, lanes_ds
        Room per node of the sweep; all 0, and anything of shape (nodes, LANES).
    column_of
        Per column of the result: its node's place in the sweep.
    found_ds
        Shape (sites, columns), overwritten with the times.
    """
    sites = len(seed_first) - 1
    for lane in range(sites):
        begin, end = seed_first[lane], seed_first[lane + 1]
        count = _climb(
            climb_first, climb_head, climb_ds, seeds[begin:end], seed_ds[begin:end],
            scratch_ds, visited,
        )  # fmt: skip
        for rank in range(count):
            node = visited[rank]
            place = place_of[node]
            if place >= 0:
                if touched[place] == 0:
                    touched[place] = 1
                    for other in range(LANES):
                        lanes_ds[place, other] = UNREACHABLE
                lanes_ds[place, lane] = scratch_ds[node]
            scratch_ds[node] = UNREACHABLE
    _sweep(sweep_first, sweep_head, sweep_ds, touched, lanes_ds)
    whole = len(column_of) // LANES * LANES
    for begin in range(0, whole, LANES):
        lay_columns(lanes_ds, column_of, found_ds, begin, sites)
    for column in range(whole, len(column_of)):
        for lane in range(sites):
            found_ds[lane, column] = lanes_ds[column_of[column], lane]


@compiled
def _climb(
    up_first: Int64s,
    up_head: Int32s,
    up_ds: UInt32s,
    seeds: Int64s,
    seed_ds: Int64s,
    scratch_ds: UInt32s,
    visited: Int32s,
) -> int:
    """Search upward from some nodes: of all that lie above them, `scratch_ds` gets the times."""
    unseen = np.uint32(UNREACHABLE)
    marked = np.uint32(UNREACHABLE + 1)
    count = 0
    for place in range(len(seeds)):
        node = np.int64(seeds[place])
        while scratch_ds[node] == unseen:
            scratch_ds[node] = marked
            visited[count] = node
            count += 1
            if up_first[node] == up_first[node + 1]:
                break
            node = np.int64(up_head[up_first[node]])
    visited[:count].sort()
    for rank in range(count):
        scratch_ds[visited[rank]] = unseen
    for place in range(len(seeds)):
        scratch_ds[seeds[place]] = min(scratch_ds[seeds[place]], np.uint32(seed_ds[place]))
    for rank in range(count):
        node = np.int64(visited[rank])
        here_ds = scratch_ds[node]
        if here_ds < unseen:
            for arc in range(up_first[node], up_first[node + 1]):
                way = np.uint32(here_ds + up_ds[arc])
                if way < scratch_ds[up_head[arc]]:
                    scratch_ds[up_head[arc]] = way
    return count


@compiled
def _sweep(
    up_first: Int64s, up_head: Int32s, down_ds: UInt32s, touched: Flags, lanes_ds: UInt32s
) -> None:
    """Go down through all nodes; where `touched`, they hold times already."""
    for node in range(len(up_first) - 2, -1, -1):
        fresh = touched[node] == 0
        touched[node] = 0
        relax_arcs(lanes_ds, up_head, down_ds, up_first[node], up_first[node + 1], node, fresh)
