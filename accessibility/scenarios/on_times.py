"""Brings the travel-time matrix up to date after changes of sites and roads.

A closed site loses its column; a new one is searched, alone. After a change of roads only those
sites are searched again whose shortest paths the change can touch, and the result is exactly that
of searching them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from accessibility.network import (
    NOWHERE,
    DriveTimes,
    SearchGraph,
    Snapped,
    Snapper,
    closed_roads,
    join,
    restand,
    search_graph,
    take,
)
from accessibility.sites import Sites
from accessibility.traveltime import (
    UNREACHABLE,
    NodeTimes,
    TravelTimes,
    node_times,
    travel_time_matrix,
)

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def with_sites(
    times: TravelTimes, sites: Sites, searched: Sequence[str], snapper: Snapper
) -> TravelTimes:
    """Give the matrix of other sites on the same roads.

    Parameters
    ----------
    times
        The baseline's matrix, with its searches.
    sites
        The sites that stand now.
    searched
        Those of them that are new or stand elsewhere; only these are searched.
    snapper
        The baseline's snapper; cells keep the places where they stand.
    """
    search, cells = _known(times)
    fresh = [site for site in sites.ids if site in set(searched)]
    kept = [site for site in sites.ids if site not in set(searched)]
    rows = times.site_ids.get_indexer(pd.Index(kept, dtype=object)).astype(np.int64)
    if (rows < 0).any():
        raise ValueError("sites stand that the travel times have no column for; compute them anew")
    points, ds = take(search.sites, rows), search.ds[rows]
    if fresh:
        places = sites.ids.get_indexer(pd.Index(fresh, dtype=object))
        new = snapper.snap_sites(sites.xy[places])
        new = restand(search.graph.times, new, access_speed_km_h=snapper.access_speed_km_h)
        found = node_times(search.graph, new, direction=search.direction, like=search)
        points, ds = join(points, new), np.vstack([ds, found.ds])
    order = np.argsort(np.array([*kept, *fresh], dtype=object), kind="stable")
    after = replace(search, sites=take(points, order), ds=np.ascontiguousarray(ds[order]))
    if not fresh:  # columns are only left out: nothing is worked out again
        return TravelTimes(
            cell_ids=times.cell_ids,
            site_ids=sites.ids,
            time_s=np.asfortranarray(times.time_s[:, rows]),
            cells=cells,
            search=after,
            snapper=times.snapper,
            settings=times.settings,
        )
    return travel_time_matrix(
        after,
        cells,
        cell_ids=times.cell_ids,
        site_ids=sites.ids,
        snapper=snapper,
        settings=times.settings,
    )


def on_other_roads(
    times: TravelTimes,
    roads: DriveTimes,
    snapper: Snapper,
) -> tuple[TravelTimes, int]:
    """Give the matrix after a change of roads that opens no closed direction.

    Parameters
    ----------
    times
        The matrix before, with its searches.
    roads
        The driving times after.
    snapper
        The baseline's snapper: cells and sites keep the places where they stand.

    Returns
    -------
    tuple
        The matrix after, and how many sites were searched again.
    """
    search, cells = _known(times)
    before, graph = search.graph, search_graph(roads, like=search.graph)
    speed = snapper.access_speed_km_h
    sites = restand(roads, search.sites, access_speed_km_h=speed)
    cells = restand(roads, cells, access_speed_km_h=speed)
    if graph.nodes == before.nodes and np.array_equal(graph.arc, before.arc):
        affected = _affected(search, before, roads)
        affected |= _on_changed_edges(search.sites, before, roads)
    else:  # so much faster that U-turns have to be remembered further on: other nodes
        affected = np.ones(len(sites), dtype=bool)
    rows = np.flatnonzero(affected)
    again = take(sites, rows)
    found = node_times(graph, again, direction=search.direction, like=search)
    if len(rows) == len(affected):
        ds = found.ds
    else:
        ds = search.ds.copy()
        ds[rows] = found.ds
    hierarchy = found.hierarchy or search.hierarchy
    after = replace(search, graph=graph, sites=sites, ds=ds, hierarchy=hierarchy)
    matrix = travel_time_matrix(
        after,
        cells,
        cell_ids=times.cell_ids,
        site_ids=times.site_ids,
        snapper=snapper,
        settings=times.settings,
    )
    return matrix, len(rows)


def _known(times: TravelTimes) -> tuple[NodeTimes, Snapped]:
    if times.search is None or times.cells is None:
        raise ValueError("scenarios need travel times with their searches; compute them anew")
    if times.search.nodes is not None:
        raise ValueError("scenarios need the times of all nodes; compute them anew")
    return times.search, times.cells


def _affected(search: NodeTimes, before: SearchGraph, roads: DriveTimes) -> Mask:
    """Mark the sites whose shortest paths a change can touch.

    A slower or closed link matters only where a shortest path may use it (it is tight: its weight
    is just the difference of its ends' times); a faster one only where it now beats that
    difference. Where no link does either, every shortest path and time stays as it is.
    """
    after = before.at(roads)
    after_ds = np.where(after.through, after.weight_ds, UNREACHABLE)
    before_ds = np.where(before.through, before.weight_ds, UNREACHABLE)
    changed = np.flatnonzero(after_ds != before_ds)
    if not len(changed):
        return np.zeros(len(search.ds), dtype=bool)
    near, far = before.head[changed], before.tail[changed]
    if search.direction == "from_sites":
        near, far = far, near
    near_ds = search.ds[:, near].astype(np.int64)
    far_ds = search.ds[:, far].astype(np.int64)
    known = near_ds != UNREACHABLE
    was_tight = known & (near_ds + before_ds[changed] == far_ds)
    slower = after_ds[changed] > before_ds[changed]
    beats = known & ~slower & (near_ds + after_ds[changed] < far_ds)
    return ((was_tight & slower) | beats).any(axis=1)


def _on_changed_edges(points: Snapped, before: SearchGraph, roads: DriveTimes) -> Mask:
    """Mark the points whose own edge changes."""
    old = before.times
    same = (
        (old.edge_forward_ds == roads.edge_forward_ds)
        & (old.edge_backward_ds == roads.edge_backward_ds)
        & (old.through == roads.through)
    )
    edge = np.maximum(points.edge, 0)
    changed = ~same[edge] | closed_roads(old).differs(closed_roads(roads), edge)
    changed &= points.edge != NOWHERE
    # a site on a junction is joined to every edge that meets there
    ends = np.concatenate([old.start[~same], old.end[~same]])
    return changed | ((points.node != NOWHERE) & np.isin(points.node, ends))
