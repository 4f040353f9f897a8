"""Dijkstra's search with a queue of buckets in a circle, each some deciseconds wide.

Nodes of one bucket are taken in any order; one that is reached faster later, from within the same
bucket, is taken once more, so the times are exact. Entries of buckets are linked lists in arrays,
and a place that falls free is the next to be used: the entries of the search's front, and the links
of neighbours, which come next to each other, stay in the processor's cache.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from accessibility.traveltime.kernels.compiling import compiled

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
UInt32s = npt.NDArray[np.uint32]

#: A bucket is two to the power of this many deciseconds wide: 3.2 s. Of 1 to 102 s it was among
#: the fastest on networks of 100,000 and a million nodes (0.8 to 25 s: within a fifth of it).
WIDTH_BITS = 5
#: No entry.
NONE = 2**32 - 1


@compiled
def pack_links(
    nodes: int, tail: Int64s, head: Int64s, weight_ds: Int64s
) -> tuple[UInt32s, UInt32s]:
    """Sort links by their tails: where those of each node begin; and head and weight of each."""
    first = np.zeros(nodes + 1, dtype=np.uint32)
    for link in range(len(tail)):
        first[tail[link] + 1] += 1
    for node in range(nodes):
        first[node + 1] += first[node]
    links = np.empty((len(tail), 2), dtype=np.uint32)
    free = first[:-1].copy()
    for link in range(len(tail)):
        place = free[tail[link]]
        free[tail[link]] = place + 1
        links[place, 0], links[place, 1] = head[link], weight_ds[link]
    return first, links


@compiled
def search_from_seeds(
    first: UInt32s,
    links: UInt32s,
    seeds: Int64s,
    seed_ds: Int64s,
    cutoff_ds: int,
    buckets: int,
    node_of: UInt32s,
    after: UInt32s,
    found_ds: Int32s,
) -> bool:
    """Search from some nodes that are a given time away already.

    Parameters
    ----------
    first
        Links of node v are first[v] to first[v + 1] - 1.
    links
        Per link: the node it leads to and its weight; shape (links, 2).
    seeds, seed_ds
        Where the search begins, and the times there.
    cutoff_ds
        Longer times are not looked for.
    buckets
        So many cover more than the largest weight, and more than the largest of `seed_ds`.
    node_of, after
        Room for the entries of buckets, of equal length.
    found_ds
        Per node, all `UNREACHABLE`; overwritten with the times.

    Returns
    -------
    bool
        Whether there was room enough; if not, `found_ds` holds no times.
    """
    front = np.full(buckets, NONE, dtype=np.uint32)
    room = len(node_of)
    used, free, waiting = np.uint32(0), np.uint32(NONE), 0
    for place in range(len(seeds)):
        node, ds = np.uint32(seeds[place]), seed_ds[place]
        if ds <= cutoff_ds and ds < found_ds[node]:
            found_ds[node] = ds
            if used == room:
                return False
            slot = np.uint32(ds >> WIDTH_BITS)
            node_of[used], after[used] = node, front[slot]
            front[slot] = used
            used = np.uint32(used + 1)
            waiting += 1
    now, bucket = 0, np.uint32(0)
    while waiting:
        entry = front[bucket]
        while entry != NONE:
            front[bucket] = after[entry]
            node = node_of[entry]
            after[entry] = free
            free = entry
            waiting -= 1
            here_ds = found_ds[node]
            if here_ds >> WIDTH_BITS == now:  # else it was reached faster, and taken, before
                for link in range(first[node], first[np.uint32(node + 1)]):
                    head, ds = links[link, 0], np.int32(here_ds + links[link, 1])
                    if ds < found_ds[head] and ds <= cutoff_ds:
                        found_ds[head] = ds
                        if free != NONE:
                            entry = free
                            free = after[entry]
                        else:
                            if used == room:
                                return False
                            entry = used
                            used = np.uint32(used + 1)
                        ahead = (ds >> WIDTH_BITS) - now + bucket
                        if ahead >= buckets:
                            ahead -= buckets
                        slot = np.uint32(ahead)
                        node_of[entry], after[entry] = head, front[slot]
                        front[slot] = entry
                        waiting += 1
            entry = front[bucket]
        now += 1
        bucket = np.uint32(bucket + 1)
        if bucket == buckets:
            bucket = np.uint32(0)
    return True
