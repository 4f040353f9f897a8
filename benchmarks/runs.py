"""Runs: a matrix again at other speeds, and whole studies on real data from file to verdicts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

import accessibility as acc
from accessibility.network import Snapper, drive_times, search_graph
from accessibility.reading import study_speeds
from accessibility.runs import at_other_speeds, travel_times
from accessibility.scenarios.changes import CloseRoad, RoadChange
from accessibility.sources.network_cache import (
    FOLDER_VARIABLE,
    cache_folder,
    cached_network,
)
from accessibility.speeds import Season
from accessibility.traveltime import (
    NodeTimes,
    PointTimes,
    SearchBy,
    TravelTimes,
    node_times,
    travel_time_matrix,
)
from accessibility.traveltime.links import search_links, site_seeds
from accessibility.traveltime.search import seeded_dijkstra
from benchmarks.measuring import ROOT, Arrays, Case, Work
from benchmarks.networks import (
    load_streets,
    population_of,
    road_network,
    sites_of,
    speed_table,
)
from benchmarks.rows import Row, Size

DATA = Path(os.environ.get("ACCESSIBILITY_DATA") or ROOT.parent / "shared")
STUDIES = DATA / "studies"
ACCESS_KM_H = 20.0
LONGEST_LEG_M = 5000.0
#: Candidate sites that SciPy searches from; its time is scaled to all.
SCIPY_SITES = 100
#: The plain script snaps and times the map more simply: shares may differ by this much.
NEARLY = 0.01
PLAIN_SCRIPT = Path(__file__).with_name("plain_script.py")


def has_data() -> bool:
    """Whether the real studies are there."""
    return STUDIES.is_dir()


def _matrix(times: TravelTimes) -> Arrays:
    columns = times.time_s.astype(np.int64).sum(axis=0)
    return {"sum_s": columns, "first_rows_s": np.asarray(times.time_s[:50])}


def _own_run(junctions: int, sites: int, cells: int) -> Any:
    """Prepare a run on a synthetic network that is in the cache: a function of the season."""
    streets, table = load_streets(junctions), speed_table()
    population, places = population_of(streets, cells), sites_of(streets, sites)
    source = cache_folder() / "benchmarks" / f"{junctions}.txt"
    source.write_text(f"{junctions} junctions\n", encoding="utf-8")

    @patch.dict(os.environ, {FOLDER_VARIABLE: str(source.parent / "cache")})
    def run(season: Season) -> TravelTimes:
        network, _ = cached_network(source, table, lambda *_: road_network(streets))
        return travel_times(network, population, places, speeds=table, season=season)

    return run


def run_from_cache(junctions: int, sites: int, cells: int, change: str) -> Work:
    """Run once more from the cached network: read, snap, search, fill the matrix."""
    run = _own_run(junctions, sites, cells)
    season: Season = "winter" if change == "winter" else "summer"

    def searched_anew(times: TravelTimes) -> Arrays:
        if change == "winter":
            return _matrix(times)
        return _matrix(_other_speeds(times, change, by=SearchBy(engine="buckets")))

    return Work(run=lambda: run(season), compared=searched_anew)


def at_changed_speeds(junctions: int, sites: int, cells: int, change: str) -> Work:
    """Search again from where everybody stands, in winter or with a road closed."""
    base = _own_run(junctions, sites, cells)("summer")
    return Work(run=lambda: _other_speeds(base, change), compared=_matrix)


def _other_speeds(base: TravelTimes, change: str, by: SearchBy | None = None) -> TravelTimes:
    assert base.search is not None
    season: Season = "winter" if change == "winter" else "summer"
    closed: tuple[RoadChange, ...] = ()
    if change == "bridge":
        closed = (CloseRoad(road=acc.Roads(way=_busy_way(base))),)
    if by is not None:  # the reference: without anything that the first search left behind
        base = replace(base, search=replace(base.search, by=by, hierarchy=None))
    return at_other_speeds(
        base,
        season=season,
        speed_factor=1.0,
        road_changes=closed,
    )


def _busy_way(base: TravelTimes) -> int:
    """Choose a road of the fastest class, in the middle of the list: ways between towns use it."""
    assert base.search is not None
    network = base.search.graph.times.network
    fastest = np.flatnonzero(network.way_tags == 0)
    return int(network.way_id[fastest[len(fastest) // 2]])


def candidates(engine: str, searched: int | None) -> Work:
    """Search from every populated cell of Iceland, as a candidate site, for every cell."""
    study = acc.load_study(STUDIES / "iceland.toml")
    network, population = acc.read_network(study), acc.read_population(study)
    drive, snapping = drive_times(network, study_speeds(study)), study.file.snapping
    snapper = Snapper(
        drive,
        study.crs,
        access_speed_km_h=snapping.access_speed_km_h,
        max_leg_m=snapping.max_leg_m,
        min_component_m=snapping.min_component_m,
    )
    count = len(population.cells)
    xy = population.xy[:searched]
    site_points = snapper.snap_sites(xy)
    cell_points = snapper.snap_cells(population.xy, snapper.snap_sites(population.xy))
    graph = search_graph(drive)
    names = pd.Index([f"{row:05d}" for row in range(len(xy))])
    ids = population.cells.index
    wanted = PointTimes(graph, cell_points, direction="to_sites").nodes
    dijkstra = seeded_dijkstra(
        search_links(graph, "to_sites"), site_seeds(graph, site_points, "to_sites")
    )

    def search() -> TravelTimes:
        if engine == "scipy":  # prepared: what does not grow with the sites is not scaled
            ds = np.concatenate([dijkstra(row, row + 1)[:, wanted] for row in range(len(xy))])
            found = NodeTimes(
                graph=graph, sites=site_points, direction="to_sites", ds=ds, nodes=wanted
            )
        else:
            found = node_times(graph, site_points, direction="to_sites", nodes=wanted)
        return travel_time_matrix(found, cell_points, cell_ids=ids, site_ids=names)

    return Work(
        run=search,
        compared=lambda times: {"time_s": np.ascontiguousarray(times.time_s.T)},
        facts=lambda _: {"nodes": float(graph.nodes)},
        share=len(xy) / count,
        subset="" if len(xy) == count else f"{len(xy)} of {count:,} candidates, scaled",
    )


def whole_run(study: str, parts: list[str], cache: str) -> Work:
    """Run a study in a process: imports, reading, searching and writing are all counted.

    The cache of networks is this case's own: "cold" empties it before every repetition.
    """
    scratch = tempfile.TemporaryDirectory(prefix="whole-run-")
    folder = Path(scratch.name)
    program = ["-m", "benchmarks.whole_run", str(STUDIES / f"{study}.toml"), str(folder), *parts]

    def run(*under: str) -> None:
        own_cache = folder / "cache"
        if cache == "cold":
            own_cache = Path(tempfile.mkdtemp(dir=scratch.name))
        environment = os.environ | {"ACCESSIBILITY_CACHE": str(own_cache)}
        subprocess.run(
            [sys.executable, *under, *program], check=True, cwd=ROOT, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    return Work(
        run=run,
        compared=lambda _: _verdicts(folder / "targets.json"),
        in_children=True,
        profiled=lambda place: run("-m", "cProfile", "-o", str(place)),
    )


def plain_script(study: str) -> Work:
    """Run the plain pyosmium and SciPy script in a process, from file to verdicts.

    Its last line is JSON: the share within each target's limit, by the target's id.
    """
    command = [sys.executable, str(PLAIN_SCRIPT), str(STUDIES / f"{study}.toml")]

    def run() -> Arrays:
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
        shares = json.loads(done.stdout.splitlines()[-1])
        return {"measured": np.array(list(shares.values()), dtype=np.float64)}

    return Work(run=run, compared=lambda found: found, in_children=True)


def same_shares(ours: Arrays, peer: Arrays) -> str:
    """Check that the plain script, which knows less of the map, comes to nearly the same shares."""
    apart = float(np.abs(ours["measured"] - peer["measured"]).max())
    if not apart <= NEARLY:
        raise AssertionError(f"shares differ by up to {apart:.2%}")
    return f"shares within {apart:.2%}"


def _verdicts(path: Path) -> Arrays:
    targets = json.loads(path.read_text(encoding="utf-8"))["targets"]
    return {"measured": np.array([one["measured_low"] for one in targets])}


def _runs_case(function: str, **settings: object) -> Case:
    return Case(module="runs", function=function, settings=settings)


def rows(size: Size) -> list[Row]:
    """Give the rows of this family; those on real data only where it is."""
    found = _again(size)
    return [*found, *_real()] if size.timed and has_data() else found


def _again(size: Size) -> list[Row]:
    common = {"junctions": size.large, "sites": size.sites, "cells": size.cells}
    return [
        Row(
            name=f"again-{change}",
            work=(
                f"{words}: {size.sites} sites x {size.cells:,} cells again, "
                f"{size.large:,} junctions"
            ),
            ours=_runs_case("at_changed_speeds", **common, change=change),
            peer=_runs_case("run_from_cache", **common, change=change),
            against="our own run from the cache",
            at_least=5,
            quick=change == "winter",
            binds=(
                "Our own run takes 1.9 to 3.1 s, as the system hands out memory for its 800 MB of "
                "node times: of the faster ones this is no fifth. A quarter is timing the roads, a "
                "tenth the weights of shortcuts; the rest is passes over arrays."
            ),
        )
        for change, words in (("winter", "winter"), ("bridge", "one road closed"))
    ]


def _real() -> list[Row]:
    iceland = ["tables", "isochrones", "sensitivity"]
    finland = ["tables", "times", "sensitivity"]
    cold = [
        Row(
            name="iceland-cold",
            work="Iceland, nothing cached: PBF to verdicts, no sensitivity; whole process",
            ours=_runs_case("whole_run", study="iceland", parts=["verdicts"], cache="cold"),
            peer=_runs_case("plain_script", study="iceland"),
            against="a plain pyosmium and SciPy script",
            at_least=1.5,
            same=same_shares,
            quick=False,
        )
    ]
    return [
        *(cold if PLAIN_SCRIPT.is_file() else []),
        Row(
            name="iceland-candidates",
            work="Iceland: each of 1,153 cells as a site for every cell, network cached",
            ours=_runs_case("candidates", engine="auto", searched=None),
            peer=_runs_case("candidates", engine="scipy", searched=SCIPY_SITES),
            against="SciPy in our place of search",
            at_least=10,
            at_most_gib=1,
            quick=False,
        ),
        Row(
            name="iceland-warm",
            work="Iceland, network cached: verdicts, tables, tiers' isochrones; whole process",
            ours=_runs_case("whole_run", study="iceland", parts=iceland, cache="warm"),
            at_most_s=5,
            quick=False,
        ),
        Row(
            name="finland",
            work=("finland.toml, nothing cached: verdicts, tables, times.parquet; whole process"),
            ours=_runs_case("whole_run", study="finland", parts=finland, cache="cold"),
            at_most_s=30,
            at_most_gib=3,
            quick=False,
        ),
    ]
