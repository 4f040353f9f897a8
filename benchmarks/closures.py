"""Closures: what closing each of two hundred sites does, against searching again and again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import dijkstra

from accessibility.screening.closing import all_closings, felt
from accessibility.screening.labels import Ints, Labels, OpenSites, nearest_labels
from accessibility.traveltime import SearchBy, whole_seconds
from accessibility.traveltime.engines import find_times
from benchmarks.measuring import Case, Work
from benchmarks.networks import Streets, load_streets
from benchmarks.rows import Row, Size
from benchmarks.searches import cell_nodes, graph_of, junction_seeds, links_of, one_way_links

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int32]

#: Metrics of a closure: people within these seconds of an open site, and person-seconds.
WITHIN_S = (1800, 3600)
NAIVE_CLOSURES = 10
OPEN_SHARE = 0.9
OPEN_SETS = 20


def metrics(time_s: npt.NDArray[np.int64], people: Floats) -> Floats:
    """Count people within each limit, and add up everybody's seconds; all cells are reached."""
    within = [people[time_s <= limit].sum() for limit in WITHIN_S]
    return np.array([*within, (people * time_s).sum()])


def nearest_pass(junctions: int, sites: int, cells: int) -> Work:
    """Find the nearest site of every cell once, with SciPy."""
    streets = load_streets(junctions)
    links, wanted = links_of(graph_of(streets)), cell_nodes(streets, cells)
    at = streets.site[:sites]
    return Work(
        run=lambda: dijkstra(links, indices=at, min_only=True)[wanted],
        compared=lambda ds: {"open_s": whole_seconds(ds.astype(np.int64))},
    )


def naive_repeat(junctions: int, sites: int, cells: int) -> Work:
    """Close sites one by one: find the nearest of the others with SciPy, and count."""
    streets = load_streets(junctions)
    links, wanted = links_of(graph_of(streets)), cell_nodes(streets, cells)
    people = np.array(streets.people[:cells])
    at = streets.site[:sites]

    def close(site: int) -> Floats:
        ds = dijkstra(links, indices=np.delete(at, site), min_only=True)[wanted]
        return metrics(whole_seconds(ds.astype(np.int64)), people)

    closed = range(min(NAIVE_CLOSURES, sites))
    return Work(
        run=lambda: np.array([close(site) for site in closed]),
        compared=lambda found: {"metrics": found},
        warm_up=lambda: close(0),
        share=len(closed) / sites,
        subset=f"{len(closed)} of {sites} closures, scaled",
    )


def matrix_of(streets: Streets, sites: int, cells: int) -> Times:
    """Fill the matrix of whole seconds, cells x sites, laid out as the package keeps it."""
    graph = graph_of(streets)
    found = find_times(
        one_way_links(graph),
        junction_seeds(streets, sites),
        by=SearchBy(engine="hierarchy"),
        nodes=cell_nodes(streets, cells),
    )
    return np.asfortranarray(whole_seconds(found.ds.T.astype(np.int64)).astype(np.int32))


def every_closure(junctions: int, sites: int, cells: int) -> Work:
    """Close every site alone, with the metrics of each, from the matrix of a run."""
    streets = load_streets(junctions)
    time_s, people = matrix_of(streets, sites, cells), np.array(streets.people[:cells])
    columns, every_cell = np.arange(sites), np.arange(cells)
    closings = all_closings(columns, width=sites, pairs=False)

    def close() -> tuple[Labels, Floats]:
        labels = nearest_labels(time_s, columns, depth=2)

        def lost(cell: Ints, a: Ints, b: Ints) -> Floats:
            before_s, after_s = labels.time_s[cell, 0], labels.time_after(cell, a, b)
            gone = [(before_s <= limit) & (after_s > limit) for limit in WITHIN_S]
            return people[cell] * np.vstack([*gone, before_s - after_s])

        now = metrics(labels.time_s[:, 0], people)
        sums = felt([labels], closings, cells=every_cell).sums(lost)
        return labels, now - sums.T

    return Work(
        run=close,
        compared=lambda found: {"open_s": found[0].time_s[:, 0], "metrics": found[1]},
    )


def column_minimum(junctions: int, sites: int, cells: int, order: str) -> Work:
    """Take the least of the open columns of the matrix with NumPy, set after set."""
    time_s = np.array(matrix_of(load_streets(junctions), sites, cells), order=order)  # type: ignore[call-overload]
    sets = open_sets(sites)
    return Work(
        run=lambda: [time_s[:, one].min(axis=1) for one in sets],
        compared=lambda found: {"time_s": np.array(found)},
        share=float(len(sets)),
    )


def first_open(junctions: int, sites: int, cells: int) -> Work:
    """Look the nearest open site of every cell up among its labels, set after set."""
    time_s = matrix_of(load_streets(junctions), sites, cells)
    known = OpenSites(time_s, np.arange(sites))
    masks = [np.isin(np.arange(sites), one) for one in open_sets(sites)]
    return Work(
        run=lambda: [known.nearest(mask)[1] for mask in masks],
        compared=lambda found: {"time_s": np.array(found)},
        share=float(len(masks)),
    )


def open_sets(sites: int) -> list[npt.NDArray[np.intp]]:
    """Draw sets of open sites: nine in ten each."""
    rng = np.random.default_rng(sites)
    count = int(OPEN_SHARE * sites)
    return [np.sort(rng.permutation(sites)[:count]) for _ in range(OPEN_SETS)]


def _case(function: str, **settings: object) -> Case:
    return Case(module="closures", function=function, settings=settings)


def rows(size: Size) -> list[Row]:
    """Give the rows of this family."""
    found = []
    for name, junctions in (("small", size.small), ("large", size.large)):
        common = {"junctions": junctions, "sites": size.sites, "cells": size.many_cells}
        work = (
            f"all {size.sites} single closures with metrics, {size.many_cells:,} cells, "
            f"{junctions:,} junctions, from the matrix of a run"
        )
        for peer, against, least in (
            ("nearest_pass", "one SciPy pass for the nearest site", 1 / 1.2),
            ("naive_repeat", "SciPy, a pass a closure", 100),
        ):
            found.append(
                Row(
                    name=f"closures-{name}-{peer.split('_')[0]}",
                    work=work,
                    ours=_case("every_closure", **common),
                    peer=_case(peer, **common),
                    against=against,
                    at_least=least,
                    quick=name == "large",
                )
            )
    return [*found, *_any_set(size)]


def _any_set(size: Size) -> list[Row]:
    common = {"junctions": size.small, "sites": size.sites, "cells": size.many_cells}
    return [
        Row(
            name=f"any-set-{name}",
            work=(
                f"any set of open sites: nearest of {int(OPEN_SHARE * size.sites)} open ones of "
                f"{size.sites} for {size.many_cells:,} cells, after labels (mean of "
                f"{OPEN_SETS} sets)"
            ),
            ours=_case("first_open", **common),
            peer=_case("column_minimum", **common, order=order),
            against=f"NumPy minimum of columns, {words}",
            at_least=30,
            at_most_s=0.005,
        )
        for name, order, words in (
            ("rows", "C", "a row a cell"),
            ("columns", "F", "a column a site, as our matrix"),
        )
    ]
