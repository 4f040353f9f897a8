"""Searches: from one site or two hundred to every node, or to the cells."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from accessibility.network import SearchGraph, drive_times, search_graph, sparse
from accessibility.traveltime import UNREACHABLE
from accessibility.traveltime.engines import SearchBy, find_times
from accessibility.traveltime.hierarchy import HierarchySearch, customized
from accessibility.traveltime.links import Links, Seeds
from accessibility.traveltime.topology import contract
from benchmarks.measuring import Arrays, Case, Work
from benchmarks.networks import Streets, load_streets, road_network, speed_table
from benchmarks.rows import Row, Size

Ints = npt.NDArray[np.int64]

#: What the recipes for isochrones stop at: 180 minutes.
LIMIT_DS = 180 * 60 * 10
#: Sites that a slow peer searches from; its time is scaled to all.
SCIPY_SITES = 20
NETWORKX_SITES = 2
ROWS_COMPARED = 2
SITES_ON_HUGE = 3
LANES = 16
BANDS_MIN = (15, 30, 60, 90, 120, 150, 180)


def graph_of(streets: Streets) -> SearchGraph:
    """Make the package's search graph of a synthetic network."""
    return search_graph(drive_times(road_network(streets), speed_table()))


def links_of(graph: SearchGraph) -> csr_array:
    """Give its links as a sparse matrix of deciseconds."""
    return sparse(graph.nodes, graph.tail, graph.head, graph.weight_ds)


def cell_nodes(streets: Streets, cells: int) -> Ints:
    """Find the junction nearest to each of the first cells."""
    tree = cKDTree(np.column_stack([streets.x, streets.y]))
    return tree.query(np.column_stack([streets.cell_x[:cells], streets.cell_y[:cells]]))[1]


def limited(ds: npt.NDArray[Any], limit_ds: int | None) -> npt.NDArray[np.int32]:
    """Give whole deciseconds, `UNREACHABLE` beyond a limit."""
    most = UNREACHABLE if limit_ds is None else limit_ds
    return np.where(ds <= most, np.minimum(ds, UNREACHABLE), UNREACHABLE).astype(np.int32)


def digest(ds: npt.NDArray[Any], *limits_ds: int | None) -> Arrays:
    """Reduce times, a row a site, to what must be equal: their sums, and the first rows whole.

    For each limit apart, so that a search without one can be compared with any other.
    """
    found = {}
    for limit_ds in limits_ds:
        sums = [int(limited(row, limit_ds).sum(dtype=np.int64)) for row in ds]
        found[f"sum_ds, limit {limit_ds}"] = np.array(sums)
        found[f"rows_ds, limit {limit_ds}"] = limited(ds[:ROWS_COMPARED], limit_ds)
    return found


def scipy_to_nodes(junctions: int, sites: int, searched: int, limit_ds: int | None) -> Work:
    """Search with SciPy from some sites to every node."""
    streets = load_streets(junctions)
    links = links_of(graph_of(streets))
    at = streets.site[: min(searched, sites)]
    limit = np.inf if limit_ds is None else limit_ds
    return Work(
        run=lambda: dijkstra(links, indices=at, limit=limit),
        compared=lambda found: digest(found, limit_ds),
        warm_up=lambda: dijkstra(links, indices=at[:1], limit=limit),
        share=len(at) / sites,
        subset=_from_some(len(at), sites),
    )


def scipy_to_cells(
    junctions: int, sites: int, searched: int, cells: int, limit_ds: int | None
) -> Work:
    """Search with SciPy from some sites and keep the times of cells."""
    streets = load_streets(junctions)
    links = links_of(graph_of(streets))
    at, wanted = streets.site[: min(searched, sites)], cell_nodes(streets, cells)
    limit = np.inf if limit_ds is None else limit_ds

    def search(sources: Ints) -> npt.NDArray[np.float64]:
        return np.concatenate(
            [dijkstra(links, indices=[source], limit=limit)[:, wanted] for source in sources]
        )

    return Work(
        run=lambda: search(at),
        compared=lambda found: digest(found, limit_ds),
        warm_up=lambda: search(at[:1]),
        share=len(at) / sites,
        subset=_from_some(len(at), sites),
    )


def networkx_to_cells(
    junctions: int, sites: int, searched: int, cells: int, limit_ds: int | None
) -> Work:
    """Search with networkx from some sites and keep the times of cells."""
    import networkx as nx

    streets = load_streets(junctions)
    graph = graph_of(streets)
    wanted = cell_nodes(streets, cells).tolist()
    roads = nx.DiGraph()
    roads.add_weighted_edges_from(
        zip(graph.tail.tolist(), graph.head.tolist(), graph.weight_ds.tolist(), strict=True)
    )
    del graph
    at = streets.site[: min(searched, sites)].tolist()

    def search() -> npt.NDArray[np.int64]:
        rows = []
        for source in at:
            found = nx.single_source_dijkstra_path_length(roads, source, cutoff=limit_ds)
            rows.append([found.get(cell, UNREACHABLE) for cell in wanted])
        return np.array(rows)

    return Work(
        run=search,
        compared=lambda found: digest(found, limit_ds),
        warm_up=lambda: None,
        share=len(at) / sites,
        subset=_from_some(len(at), sites),
        once=junctions > 200_000,
    )


def _from_some(searched: int, sites: int) -> str:
    return "" if searched >= sites else f"{searched} of {sites} sites, scaled"


def bucket_queue(junctions: int, limit_ds: int | None) -> Work:
    """Search with our bucket queue from one site to every node."""
    from accessibility.traveltime.kernels.buckets import WIDTH_BITS, search_from_seeds

    streets = load_streets(junctions)
    links = links_of(graph_of(streets))
    first = links.indptr.astype(np.uint32)
    packed = np.column_stack([links.indices, links.data]).astype(np.uint32)
    buckets = (int(packed[:, 1].max()) >> WIDTH_BITS) + 2
    limit = UNREACHABLE - 1 if limit_ds is None else limit_ds
    source, start = streets.site[:1].astype(np.int64), np.zeros(1, dtype=np.int64)

    def search() -> npt.NDArray[np.int32]:
        found = np.full((1, links.shape[0]), UNREACHABLE, dtype=np.int32)
        room = 1 << 20
        done = search_from_seeds(
            first, packed, source, start, limit, buckets,
            np.empty(room, np.uint32), np.empty(room, np.uint32), found[0],
        )  # fmt: skip
        assert done, "the search's front has more places than expected"
        return found

    return Work(run=search, compared=lambda found: digest(found, limit_ds))


def seven_bands(junctions: int) -> Work:
    """Count the nodes of each band around one site, from one search with our bucket queue."""
    search = bucket_queue(junctions, LIMIT_DS).run

    def count() -> list[int]:
        found = search()
        return [int((found <= band * 600).sum()) for band in BANDS_MIN]

    return Work(run=count, compared=lambda counts: {"nodes": np.array(counts)})


def ego_graphs(junctions: int) -> Work:
    """Count them as the osmnx recipe does: an ego graph a band, on a graph as osmnx has it."""
    import networkx as nx

    streets = load_streets(junctions)
    graph = graph_of(streets)
    roads = nx.MultiDiGraph()
    roads.add_edges_from(
        (tail, head, {"time": ds})
        for tail, head, ds in zip(
            graph.tail.tolist(), graph.head.tolist(), graph.weight_ds.tolist(), strict=True
        )
    )
    site = int(streets.site[0])

    def count() -> list[int]:
        return [
            len(nx.ego_graph(roads, site, radius=band * 600, distance="time")) for band in BANDS_MIN
        ]

    return Work(
        run=count, compared=lambda counts: {"nodes": np.array(counts)}, warm_up=lambda: None,
        once=True,
    )  # fmt: skip


def one_way_links(graph: SearchGraph) -> Links:
    """Give a graph's links as searches take them."""
    return Links(nodes=graph.nodes, tail=graph.tail, head=graph.head, weight_ds=graph.weight_ds)


def junction_seeds(streets: Streets, sites: int) -> Seeds:
    """Begin searches at the junctions of the first sites."""
    node = streets.site[:sites].astype(np.int64)
    return Seeds(first=np.arange(len(node) + 1), node=node, ds=np.zeros(len(node), dtype=np.int64))


def hierarchy(junctions: int, sites: int, threads: int, cells: int | None) -> Work:
    """Search with our hierarchy, its weights brought from other speeds to these first.

    The order and the shortcuts are there, as after the first run on a network.
    """
    streets = load_streets(junctions)
    network = road_network(streets)
    winter = one_way_links(search_graph(drive_times(network, speed_table(), season="winter")))
    summer = one_way_links(search_graph(drive_times(network, speed_table())))
    known = customized(contract(winter.nodes, winter.tail, winter.head), winter)
    seeds, by = junction_seeds(streets, sites), SearchBy(engine="hierarchy", threads=threads)
    wanted = None if cells is None else cell_nodes(streets, cells)
    return Work(
        run=lambda: find_times(summer, seeds, by=by, nodes=wanted, known=known).ds,
        compared=lambda found: digest(found, None, LIMIT_DS),
    )


def hierarchy_by_batches(junctions: int, sites: int) -> Work:
    """Set a hierarchy up on a huge network, then search in batches that are summed up and left.

    All times at once would take 3 GB.
    """
    streets = load_streets(junctions)
    links = one_way_links(graph_of(streets))
    before = time.perf_counter()
    searching = HierarchySearch(customized(contract(links.nodes, links.tail, links.head), links))
    set_up_s = time.perf_counter() - before
    seeds = junction_seeds(streets, sites)
    found = np.empty((LANES, links.nodes), dtype=np.int32)

    def search() -> list[int]:
        sums = []
        for begin in range(0, sites, LANES):
            end = min(begin + LANES, sites)
            searching.search(seeds.part(begin, end), found[: end - begin])
            sums += [int(row.sum(dtype=np.int64)) for row in found[: end - begin]]
        return sums

    return Work(
        run=search,
        compared=lambda sums: {"sum_ds": np.array(sums)},
        facts=lambda _: {"set-up s": set_up_s},
    )


def scipy_sums(junctions: int, sites: int, searched: int) -> Work:
    """Search with SciPy from some sites of a huge network, one after the other."""
    streets = load_streets(junctions)
    links = links_of(graph_of(streets))
    at = streets.site[: min(searched, sites)]

    def search() -> list[int]:
        return [int(dijkstra(links, indices=source).astype(np.int64).sum()) for source in at]

    return Work(
        run=search,
        compared=lambda sums: {"sum_ds": np.array(sums)},
        share=len(at) / sites,
        subset=_from_some(len(at), sites),
        once=True,
    )


def rows(size: Size) -> list[Row]:
    """Give the rows of this family."""
    return [*_one_site(size), *_all_nodes(size), *_to_cells(size), *_huge(size)]


def _case(function: str, **settings: object) -> Case:
    return Case(module="searches", function=function, settings=settings)


def _one_site(size: Size) -> list[Row]:
    settings = {"junctions": size.large, "limit_ds": LIMIT_DS}
    return [
        Row(
            name="one-site",
            work=f"one site to all nodes within 180 min, {size.large:,} junctions",
            ours=_case("bucket_queue", **settings),
            peer=_case("scipy_to_nodes", **settings, sites=1, searched=1),
            against="SciPy",
            at_least=2.5,
        ),
        Row(
            name="seven-bands",
            work=f"nodes in each of one site's seven bands, {size.small:,} junctions",
            ours=_case("seven_bands", junctions=size.small),
            peer=_case("ego_graphs", junctions=size.small),
            against="networkx ego_graph, the osmnx recipe",
            quick=False,
        ),
    ]


def _all_nodes(size: Size) -> list[Row]:
    work = f"{size.sites} sites to all nodes, {size.large:,} junctions, customization included"
    found = []
    for threads, least in ((1, 10), (2, 20)):
        for name, limit_ds, words in (
            ("", LIMIT_DS, "SciPy that stops at 180 min (ours does not)"),
            ("-no-limit", None, "SciPy"),
        ):
            ours = {"junctions": size.large, "sites": size.sites, "cells": None}
            peer = {"junctions": size.large, "sites": size.sites, "searched": SCIPY_SITES}
            found.append(
                Row(
                    name=f"all-nodes-{threads}-thread{'s' * (threads > 1)}{name}",
                    work=f"{work}, {threads} thread{'s' * (threads > 1)}",
                    ours=_case("hierarchy", **ours, threads=threads),
                    peer=_case("scipy_to_nodes", **peer, limit_ds=limit_ds),
                    against=words,
                    at_least=least,
                    quick=threads == 1 and not name,
                )
            )
    return found


def _to_cells(size: Size) -> list[Row]:
    common = {"junctions": size.large, "sites": size.sites, "cells": size.cells}
    ours = _case("hierarchy", **common, threads=1)
    return [
        Row(
            name=f"cells-{name}",
            work=(
                f"{size.sites} sites to {size.cells:,} cells, {size.large:,} junctions, "
                "customization included, 1 thread"
            ),
            ours=ours,
            peer=_case(function, **common, searched=searched, limit_ds=LIMIT_DS),
            against=f"{words} that stops at 180 min (ours does not)",
            at_least=least,
            quick=name == "scipy",
        )
        for name, function, words, searched, least in (
            ("scipy", "scipy_to_cells", "SciPy", SCIPY_SITES, 20),
            ("networkx", "networkx_to_cells", "networkx", NETWORKX_SITES, 300),
        )
    ]


def _huge(size: Size) -> list[Row]:
    common = {"junctions": size.huge, "sites": size.sites}
    return [
        Row(
            name="huge",
            work=f"{size.sites} sites to all nodes, {size.huge:,} junctions, 1 thread",
            ours=_case("hierarchy_by_batches", **common),
            peer=_case("scipy_sums", **common, searched=SITES_ON_HUGE),
            against="SciPy",
            at_most_s=8,
            at_most_gib=4,
            facts_at_most={"set-up s": 60},
            quick=False,
        )
    ]
