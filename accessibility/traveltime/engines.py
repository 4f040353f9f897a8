"""Engines: what does the searching, and which of them when.

All give the same integers. SciPy's Dijkstra is the reference, and serves small networks, where
loading compiled kernels would take longer than the search. The bucket queue serves a few sites on a
large network; the contraction hierarchy serves many.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt

from accessibility.checks import Limits, whole_number, word
from accessibility.traveltime.hierarchy import (
    Hierarchy,
    HierarchySearch,
    LinkArcs,
    arcs_of_links,
    customized,
    customized_again,
)
from accessibility.traveltime.links import Ints, Links, Seeds
from accessibility.traveltime.search import UNREACHABLE, Times, seeded_dijkstra
from accessibility.traveltime.topology import Topology, contract, topology_key

Engine = Literal["scipy", "buckets", "hierarchy"]
EngineChoice = Literal["auto", "scipy", "buckets", "hierarchy"]
ENGINES: tuple[EngineChoice, ...] = get_args(EngineChoice)
Progress = Callable[[int, int], None]
Arrays = Mapping[str, npt.NDArray[np.generic]]

#: Fewer node times than this are left to SciPy: it finds them in less than half a second, the time
#: that loading the kernels from disk takes (compiling them, once a machine, takes 2 to 10 seconds).
LEAST_NODE_TIMES = 3_000_000
#: From so many sites on the hierarchy pays. On synthetic networks of 100,000 and a million nodes,
#: customizing it took as long as 9 and 18 searches with the bucket queue save, and contracting as
#: long as 100 and 150; but a run with targets searches three times, and later runs find the
#: contraction on disk.
SITES_TO_CONTRACT = 60
#: Fewer pairs of cells and sites than this are left to NumPy, for the same reason.
LEAST_PAIRS = 2_000_000
#: SciPy finds at most so many node times in one go.
BATCH_NODE_TIMES = 32_000_000
#: With a weight of more than this (19 days) the circle of buckets would grow too long.
LONGEST_LINK_DS = 2**24

log = logging.getLogger(__name__)


class TopologyStore(Protocol):
    """Keeps the arrays of topologies from run to run, by their key."""

    def load(self, key: str) -> Arrays | None:
        """Give the arrays of a topology, None where there are none."""

    def save(self, key: str, arrays: Arrays) -> None:
        """Keep the arrays of a topology."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchBy:
    """How to search.

    Parameters
    ----------
    engine
        "auto" chooses by the size of the network and the number of sites.
    threads
        How many searches run at once; None: as many as there are processors. SciPy runs one.
    topologies
        Where topologies are kept from run to run; None: nowhere.
    """

    engine: EngineChoice = "auto"
    threads: int | None = None
    topologies: TopologyStore | None = None

    def __post_init__(self) -> None:
        word(self.engine, "engine", ENGINES)
        if self.threads is not None:
            whole_number(self.threads, "threads", Limits(at_least=1))


AUTO = SearchBy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found.

    Parameters
    ----------
    ds
        Deciseconds, shape (sites, nodes asked for); `UNREACHABLE` where there is no way.
    engine
        What searched.
    hierarchy
        With the hierarchy: it, for the next search on the same network.
    """

    ds: Times
    engine: Engine
    hierarchy: Hierarchy | None = None


def numba_problem() -> str:
    """Say why compiled kernels cannot be used; nothing where they can."""
    try:
        import numba  # noqa: F401
    except ImportError as problem:  # it is not there, or does not know this NumPy yet
        return f"numba cannot be loaded ({problem})"
    return ""


def choose_engine(choice: EngineChoice, *, nodes: int, sites: int) -> Engine:
    """Choose what searches: by the work alone, so that the same run says the same everywhere.

    Parameters
    ----------
    choice
        What is asked for.
    nodes, sites
        Size of the network, and number of searches.

    Examples
    --------
    >>> choose_engine("auto", nodes=5_000, sites=20)
    'scipy'
    >>> choose_engine("auto", nodes=1_000_000, sites=200)
    'hierarchy'
    """
    if choice == "scipy" or (choice == "auto" and nodes * sites < LEAST_NODE_TIMES):
        return "scipy"
    problem = numba_problem()
    if problem:
        log.warning("%s: SciPy searches instead, with the same result, more slowly", problem)
        return "scipy"
    if choice != "auto":
        return choice
    return "hierarchy" if sites >= SITES_TO_CONTRACT else "buckets"


def find_times(
    links: Links,
    seeds: Seeds,
    *,
    by: SearchBy,
    nodes: Ints | None = None,
    cutoff_ds: int | None = None,
    known: Hierarchy | None = None,
    progress: Progress | None = None,
) -> Found:
    """Search from every site.

    Parameters
    ----------
    links, seeds
        The network in the direction of the search, and where each site joins it.
    by
        How to search.
    nodes
        The nodes whose times are wanted; None: all.
    cutoff_ds
        Longer times count as unreachable; None: there is no limit.
    known
        A hierarchy of the same network at other weights, if there is one.
    progress
        Called with the sites done and all sites.
    """
    engine, laid = _engine_and_arcs(links, seeds, by, known)
    shape = (len(seeds), links.nodes if nodes is None else len(nodes))
    # the bucket queue starts from rows that say so; the others write every time themselves
    found = np.empty(shape, dtype=np.int32)
    if engine == "buckets":
        found[:] = UNREACHABLE
    hierarchy = None
    threads = by.threads or _processors()
    if engine == "scipy":
        search, batch, threads = _scipy(links, seeds, nodes, cutoff_ds)
    elif engine == "buckets":
        search, batch = _buckets(links, seeds, nodes, cutoff_ds), 1
    else:
        hierarchy = _hierarchy(links, laid, by, known)
        search, batch = _lanes(hierarchy, seeds, nodes, cutoff_ds)
    _in_batches(search, found, batch=batch, threads=threads, progress=progress)
    return Found(ds=found, engine=engine, hierarchy=hierarchy)


def _engine_and_arcs(
    links: Links, seeds: Seeds, by: SearchBy, known: Hierarchy | None
) -> tuple[Engine, LinkArcs | None]:
    """Choose the engine; give the arcs of the links too where their topology is at hand."""
    laid = None if known is None else arcs_of_links(known.topology, links, like=known.laid)
    engine = choose_engine(by.engine, nodes=links.nodes, sites=len(seeds))
    if engine == "scipy":
        return engine, None
    longest_ds = max(int(links.weight_ds.max(initial=0)), int(seeds.ds.max(initial=0)))
    if longest_ds >= LONGEST_LINK_DS or _farthest_ds(links) + longest_ds >= UNREACHABLE:
        log.warning("times on this network may be too long for compiled kernels: SciPy searches")
        return "scipy", None
    if laid is None and engine == "hierarchy" and by.topologies is not None:
        laid = _stored(links, by.topologies)
    return engine, laid


def _farthest_ds(links: Links) -> int:
    """Give a time that no shortest way exceeds: it leaves every node at most once."""
    total_ds = int(links.weight_ds.sum())
    if total_ds < UNREACHABLE // 2:
        return total_ds
    order = np.lexsort((links.weight_ds, links.tail))
    last = np.flatnonzero(np.diff(links.tail[order], append=-1))
    return int(links.weight_ds[order][last].sum())


def _stored(links: Links, store: TopologyStore) -> LinkArcs | None:
    key = topology_key(links.nodes, links.tail, links.head)
    arrays = store.load(key)
    if arrays is None:
        return None
    try:
        topology = Topology.from_arrays(arrays, key=key)
    except (ValueError, KeyError) as problem:
        log.warning("the stored topology %s is broken (%s); contracting anew", key, problem)
        return None
    return arcs_of_links(topology, links)


def _hierarchy(
    links: Links, laid: LinkArcs | None, by: SearchBy, known: Hierarchy | None
) -> Hierarchy:
    if known is not None and laid is not None and laid.topology is known.topology:
        return customized_again(known, links, known=laid)
    if laid is not None:
        return customized(laid.topology, links, known=laid)
    topology = contract(links.nodes, links.tail, links.head)
    if by.topologies is not None:
        by.topologies.save(topology.key, topology.to_arrays())
    return customized(topology, links)


#: Writes the times of the sites from one number to before another into rows of the result.
Search = Callable[[int, int, Times], None]


def _scipy(
    links: Links, seeds: Seeds, nodes: Ints | None, cutoff_ds: int | None
) -> tuple[Search, int, int]:
    dijkstra = seeded_dijkstra(links, seeds, cutoff_ds=cutoff_ds)

    def search(begin: int, end: int, found_ds: Times) -> None:
        times_ds = dijkstra(begin, end)
        found_ds[:] = times_ds if nodes is None else times_ds[:, nodes]

    return search, max(1, BATCH_NODE_TIMES // (links.nodes + len(seeds))), 1


def _buckets(links: Links, seeds: Seeds, nodes: Ints | None, cutoff_ds: int | None) -> Search:
    from accessibility.traveltime.kernels.buckets import (
        WIDTH_BITS,
        pack_links,
        search_from_seeds,
    )

    first, packed = pack_links(links.nodes, links.tail, links.head, links.weight_ds)
    longest_ds = max(int(links.weight_ds.max(initial=0)), int(seeds.ds.max(initial=0)))
    buckets = (longest_ds >> WIDTH_BITS) + 2
    limit_ds = UNREACHABLE - 1 if cutoff_ds is None else cutoff_ds

    def search(begin: int, end: int, found_ds: Times) -> None:
        for site in range(begin, end):
            own = seeds.part(site, site + 1)
            row = found_ds[site - begin] if nodes is None else _unreached(links.nodes)
            room = 4096
            while not search_from_seeds(
                first, packed, own.node, own.ds, limit_ds, buckets,
                np.empty(room, np.uint32), np.empty(room, np.uint32), row,
            ):  # fmt: skip
                room *= 4
                row[:] = UNREACHABLE
            if nodes is not None:
                found_ds[site - begin] = row[nodes]

    return search


def _unreached(nodes: int) -> Times:
    return np.full(nodes, UNREACHABLE, dtype=np.int32)


def _lanes(
    hierarchy: Hierarchy, seeds: Seeds, nodes: Ints | None, cutoff_ds: int | None
) -> tuple[Search, int]:
    from accessibility.traveltime.kernels.lanes import LANES

    searching = HierarchySearch(hierarchy, nodes)

    def search(begin: int, end: int, found_ds: Times) -> None:
        searching.search(seeds.part(begin, end), found_ds)
        if cutoff_ds is not None:
            found_ds[found_ds > cutoff_ds] = UNREACHABLE

    return search, LANES


def _in_batches(
    search: Search, found: Times, *, batch: int, threads: int, progress: Progress | None
) -> None:
    """Search batch after batch, some at once; whichever comes first, rows are the sites'."""
    sites = len(found)
    starts = range(0, sites, batch)

    def one(begin: int) -> int:
        end = min(begin + batch, sites)
        search(begin, end, found[begin:end])
        return end - begin

    def done() -> Iterator[int]:
        if threads == 1 or len(starts) < 2:
            yield from map(one, starts)
            return
        with ThreadPoolExecutor(max_workers=min(threads, len(starts))) as pool:
            yield from pool.map(one, starts)

    so_far = 0
    for count in done():
        so_far += count
        if progress is not None:
            progress(so_far, sites)


def in_threads(work: Callable[[slice], None], count: int, threads: int | None) -> None:
    """Share out work on `count` things to threads, in runs of them."""
    threads = max(1, min(threads or _processors(), count))
    step = -(-count // threads) if count else 1
    parts = [slice(begin, min(begin + step, count)) for begin in range(0, count, step)]
    if len(parts) < 2:
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(max_workers=threads) as pool:
        list(pool.map(work, parts))


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
