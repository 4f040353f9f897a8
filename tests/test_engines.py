"""Engines: which one searches, that all give the same figures, and what is kept between runs."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from studies import accessibility, write_tiny_study
from test_travel_times import AT_NODES, TURNS, restricted_worlds, worlds
from world import World

from accessibility import load_study, run_study
from accessibility.cli.shared import ENGINES as CLI_ENGINES
from accessibility.hierarchy_cache import TopologyCache
from accessibility.network import drive_times, search_graph
from accessibility.network.drive_times import at_edge_speeds
from accessibility.runs import Run, at_other_speeds
from accessibility.scenarios import CloseRoad, CloseSite, OpenSite, Roads, Scenario
from accessibility.services import Text
from accessibility.starters import demo_study
from accessibility.traveltime import (
    ENGINES,
    UNREACHABLE,
    PointTimes,
    SearchBy,
    TravelTimes,
    choose_engine,
    engines,
    node_times,
)
from accessibility.traveltime.engines import find_times
from accessibility.traveltime.links import search_links, site_seeds
from accessibility.what_if import candidate_times, run_scenario

COMPILED = ("buckets", "hierarchy")

#: A ring road with a one-way side, a no-left-turn at b, and a dead end at e.
TOWN = World(
    """
    a-b-c
    |   |
    d---f-e
    """,
    {"ab": "primary", "bc": "primary", "cf": {"highway": "primary", "oneway": "yes"}},
    turns=[("ab", "b", "bc", "no_straight_on")],
)


# --- the same figures ----------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["to_sites", "from_sites"])
@pytest.mark.parametrize("engine", ["scipy", *COMPILED])
def test_a_town_with_a_forbidden_turn_on_paper(engine: str, direction: str) -> None:
    # from a to c straight on at b is forbidden, and cf is one-way: c is reached from b alone
    found = TOWN.times("abd", "c", engine=engine, direction=direction, speeds=TURNS, **AT_NODES)
    if direction == "to_sites":
        assert found == {"a": {"c": None}, "b": {"c": 45}, "d": {"c": None}}
    else:  # from c round by f and d, or back over b
        assert found == {"a": {"c": 90}, "b": {"c": 45}, "d": {"c": 135}}


@given(world=worlds(), direction=st.sampled_from(["to_sites", "from_sites"]))
def test_law_every_engine_gives_the_same_matrix(world: World, direction: str) -> None:
    _same_matrices(world, direction=direction)


@given(world=restricted_worlds(), direction=st.sampled_from(["to_sites", "from_sites"]))
def test_law_so_it_is_with_turn_restrictions(world: World, direction: str) -> None:
    _same_matrices(world, direction=direction, speeds=TURNS)


@given(world=restricted_worlds(), factor=st.sampled_from([1.0, 0.5]), data=st.data())
def test_law_a_graph_made_like_another_is_the_one_made_anew(
    world: World, factor: float, data: st.DataObject
) -> None:
    before = drive_times(world.network(TURNS), TURNS)
    times = drive_times(before.network, TURNS, speed_factor=factor)
    if data.draw(st.booleans()):  # some edges closed altogether, some one way
        ways = st.lists(st.booleans(), min_size=before.network.edges, max_size=before.network.edges)
        forward, backward = (
            np.where(data.draw(ways), 0.0, km_h)
            for km_h in (times.forward_km_h, times.backward_km_h)
        )
        times = at_edge_speeds(times, forward, backward, through=times.through)
    anew, like = search_graph(times), search_graph(times, like=search_graph(before))
    assert like.times is times
    assert like.nodes == anew.nodes
    for name in ("tail", "head", "weight_ds", "arc", "arc_head", "junction"):
        np.testing.assert_array_equal(getattr(like, name), getattr(anew, name))


def _same_matrices(world: World, **options: object) -> None:
    names = sorted(world.places)
    wanted = world.travel_times(names, names, engine="scipy", **options)
    for engine in COMPILED:
        found = world.travel_times(names, names, engine=engine, **options)
        assert found.search is not None
        assert found.search.engine == engine
        np.testing.assert_array_equal(found.time_s, wanted.time_s)
        np.testing.assert_array_equal(found.search.ds, wanted.search.ds)
    with pytest.MonkeyPatch.context() as patch:
        _leave_nothing_to_numpy(patch)
        found = world.travel_times(names, names, engine="scipy", **options)
        np.testing.assert_array_equal(found.time_s, wanted.time_s)
        nearest = found.nearest(names[1:])
    assert nearest.equals(wanted.nearest(names[1:]))


def _leave_nothing_to_numpy(patch: pytest.MonkeyPatch) -> None:
    """Let compiled kernels read points and find the nearest sites, however small the world."""
    for name in ("node_times", "matrix"):  # the modules; functions hide them in the package
        patch.setattr(sys.modules[f"accessibility.traveltime.{name}"], "LEAST_PAIRS", 0)


def test_points_are_read_by_compiled_kernels_as_without(monkeypatch: pytest.MonkeyPatch) -> None:
    # 1 and 2 stand on one edge: 30 % and 60 % along 1 km; 3 is 6 km from any road
    world = World("a---b", places={"1": (600, 40), "2": (1200, 0), "3": (0, -6000)}, step_m=1000)
    wanted = {
        "1": {"2": 34, "b": 70},  # 600 m in 27 s, and a leg of 40 m in 7.2 s; 1,400 m in 63 s
        "2": {"2": 0, "b": 36},
        "3": {"2": None, "b": None},
    }
    assert world.times("123", "2b") == wanted
    _leave_nothing_to_numpy(monkeypatch)
    assert world.times("123", "2b") == wanted


@pytest.fixture(scope="module")
def demo_runs() -> dict[str, Run]:
    study = load_study(demo_study())
    return {engine: run_study(study, engine=engine) for engine in ("scipy", *COMPILED)}


@pytest.mark.parametrize("engine", COMPILED)
def test_the_demo_has_the_same_times_with_every_engine(
    demo_runs: dict[str, Run], engine: str
) -> None:
    wanted, found = demo_runs["scipy"], demo_runs[engine]
    np.testing.assert_array_equal(found.times.time_s, wanted.times.time_s)
    assert [one.measured_low for one in found.verdicts] == [
        one.measured_low for one in wanted.verdicts
    ]
    for name, times in wanted.variants.items():
        np.testing.assert_array_equal(found.variants[name].time_s, times.time_s)


def test_variants_take_the_hierarchy_of_the_run_at_other_weights(
    demo_runs: dict[str, Run],
) -> None:
    found = demo_runs["hierarchy"]
    own = found.times.search
    assert own is not None
    assert own.hierarchy is not None
    for times in found.variants.values():
        assert times.search is not None
        assert times.search.hierarchy is not None
        assert times.search.hierarchy.topology is own.hierarchy.topology
        assert not np.array_equal(times.search.hierarchy.up_ds, own.hierarchy.up_ds)


@pytest.mark.parametrize("engine", COMPILED)
def test_scenarios_are_searched_as_the_baseline_was(demo_runs: dict[str, Run], engine: str) -> None:
    wanted, base = demo_runs["scipy"], demo_runs[engine]
    site = base.sites.ids[0]
    lon, lat = base.sites.frame.to_crs(4326).geometry[base.sites.ids[1]].coords[0]
    scenario = Scenario(
        name=Text({"en": "new"}),
        changes=(
            CloseSite(site=site),
            OpenSite(id="new", name="New", tier=base.tiers.ids[0], lon=lon + 0.1, lat=lat + 0.05),
        ),
    )
    after, expected = run_scenario(base, scenario), run_scenario(wanted, scenario)
    assert after.times.search is not None
    assert after.times.search.engine == engine
    np.testing.assert_array_equal(after.times.time_s, expected.times.time_s)


@pytest.mark.parametrize("engine", COMPILED)
def test_other_speeds_and_back_again(demo_runs: dict[str, Run], engine: str) -> None:
    base = demo_runs[engine].times
    slow = at_other_speeds(base, season="summer", speed_factor=0.5)
    back = at_other_speeds(slow, season="summer", speed_factor=1.0)
    np.testing.assert_array_equal(back.time_s, base.time_s)
    assert (slow.time_s >= base.time_s).all()


@pytest.mark.parametrize("engine", ["scipy", *COMPILED])
def test_after_a_road_was_closed_the_same_season_opens_it_again(
    demo_runs: dict[str, Run], engine: str
) -> None:
    base = demo_runs[engine].times
    assert base.search is not None
    network = base.search.graph.times.network
    way = int(network.way_id[network.edge_way[0]])
    common = {"season": "summer", "speed_factor": 1.0}
    change = (CloseRoad(road=Roads(way=way)),)
    closed = at_other_speeds(base, **common, road_changes=change)
    assert closed.search is not None
    assert not closed.search.graph.times.as_tagged
    assert (closed.time_s != base.time_s).any()
    back = at_other_speeds(closed, **common)
    np.testing.assert_array_equal(back.time_s, base.time_s)


def test_a_run_is_written_with_the_same_times_by_every_engine(tmp_path: Path) -> None:
    study = demo_study()
    written = {}
    for engine in ("scipy", *COMPILED):
        folder = tmp_path / engine
        answer = accessibility("run", study, "--out", folder, "--engine", engine, "-q")
        assert answer.code == 0, answer.err
        written[engine] = (folder / "times.parquet").read_bytes()
        assert json.loads((folder / "run.json").read_text("utf-8"))["engine"] == engine
    assert written["buckets"] == written["scipy"]
    assert written["hierarchy"] == written["scipy"]


def test_candidates_keep_the_times_of_the_nodes_that_cells_use_alone(
    demo_runs: dict[str, Run],
) -> None:
    run = demo_runs["hierarchy"]
    xy, ids = (
        run.population.xy[::40],
        [f"{place:04d}" for place in range(0, len(run.times.cell_ids), 40)],
    )
    few = candidate_times(run, xy, ids)
    assert few.search is not None
    assert few.search.nodes is not None
    assert few.search.ds.shape == (len(ids), len(few.search.nodes))
    assert len(few.search.nodes) < few.search.graph.nodes
    wanted = candidate_times(demo_runs["scipy"], xy, ids)
    np.testing.assert_array_equal(few.time_s, wanted.time_s)
    everywhere = np.arange(few.search.graph.nodes)
    with pytest.raises(ValueError, match="other nodes only"):
        few.search.columns_of(everywhere)


# --- the choice ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nodes", "sites", "engine"),
    [
        (3_000, 50, "scipy"),
        (1_000_000, 1, "scipy"),
        (77_061, 38, "scipy"),
        (77_061, 55, "buckets"),
        (1_000_000, 8, "buckets"),
        (1_000_000, 59, "buckets"),
        (1_000_000, 60, "hierarchy"),
    ],
)
def test_auto_chooses_by_size(nodes: int, sites: int, engine: str) -> None:
    assert choose_engine("auto", nodes=nodes, sites=sites) == engine


def test_who_names_an_engine_gets_it() -> None:
    for engine in ENGINES[1:]:
        assert choose_engine(engine, nodes=10, sites=1) == engine


def test_without_numba_scipy_searches_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.setattr(logging.getLogger("accessibility"), "propagate", True)
    for engine in ("auto", "hierarchy"):
        caplog.clear()
        found = choose_engine(engine, nodes=1_000_000, sites=500)
        assert found == "scipy"
        assert "numba cannot be loaded" in caplog.text
        assert "SciPy searches instead" in caplog.text
    caplog.clear()
    assert choose_engine("auto", nodes=100, sites=5) == "scipy"
    assert caplog.text == ""  # small networks need none


def test_times_too_long_for_32_bits_are_left_to_scipy() -> None:
    chain = World("a-b-c-d").travel_times("a", "d").search
    assert chain is not None
    links = search_links(chain.graph, "to_sites")
    seeds = site_seeds(chain.graph, chain.sites, "to_sites")
    links.weight_ds[:] = 2**30
    for engine in COMPILED:
        found = find_times(links, seeds, by=SearchBy(engine=engine))
        assert found.engine == "scipy"
        assert UNREACHABLE > found.ds[found.ds < UNREACHABLE].max() >= 2**30


def test_the_command_line_knows_the_same_engines() -> None:
    assert CLI_ENGINES == ENGINES


def test_an_unknown_engine_is_refused(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path)
    answer = accessibility("check", study, "--engine", "magic")
    assert answer.code == 2
    assert "'magic' is not one of 'auto', 'scipy', 'buckets', 'hierarchy'" in answer.err


# --- topologies on disk --------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ACCESSIBILITY_CACHE", str(tmp_path))
    return tmp_path


def _town(engine: str = "hierarchy", **options: object) -> TravelTimes:
    return TOWN.travel_times("abcdef", "ace", engine=engine, **options)


def test_a_topology_is_contracted_once_and_read_back(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _town()
    assert [path.name[:11] for path in cache.iterdir()] == ["topology-1-"]
    monkeypatch.setattr(engines, "contract", lambda *_: pytest.fail("contracted twice"))
    again = _town()
    np.testing.assert_array_equal(again.time_s, first.time_s)
    slower = _town(speed_factor=0.5)  # other weights, the same topology
    assert (slower.time_s >= first.time_s).all()


@pytest.mark.parametrize("fault", ["cut", "flipped", "empty", "other arrays"])
def test_a_broken_topology_is_made_anew(
    cache: Path, fault: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("accessibility"), "propagate", True)
    wanted = _town()
    (entry,) = cache.iterdir()
    part = entry / "up_head.npy"
    whole = part.read_bytes()
    if fault == "cut":
        part.write_bytes(whole[: len(whole) // 2])
    elif fault == "flipped":
        part.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    elif fault == "empty":
        part.write_bytes(b"")
    else:
        TopologyCache().save(entry.name.removeprefix("topology-1-"), {"place": np.arange(3)})
    caplog.clear()
    np.testing.assert_array_equal(_town().time_s, wanted.time_s)
    assert "is broken" in caplog.text
    assert part.read_bytes() == whole


def test_a_cache_that_cannot_be_written_to_is_only_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("ACCESSIBILITY_CACHE", str(blocked / "folder"))
    monkeypatch.setattr(logging.getLogger("accessibility"), "propagate", True)
    np.testing.assert_array_equal(_town().time_s, _town("scipy").time_s)
    assert "could not be cached" in caplog.text


# --- real roads ----------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("extract", ["porto_portugal.osm.pbf", "iceland-latest.osm.pbf"])
def test_law_every_engine_gives_the_same_on_real_roads(data_folder: Path, extract: str) -> None:
    from accessibility import read_network
    from accessibility.network import Snapper, drive_times
    from accessibility.sources.speed_tables import read_speeds

    table = read_speeds("finland-car")
    network = read_network(data_folder / "data" / "osm-extracts" / extract, speeds=table)
    times = drive_times(network, table)
    crs = "EPSG:3035"
    snapper = Snapper(times, crs, access_speed_km_h=20, max_leg_m=5000, min_component_m=1000)
    xy = network.points_in(crs)
    points = np.random.default_rng(7).choice(len(xy), 40, replace=False)
    sites = snapper.snap_sites(xy[points] + 25.0)
    cells = snapper.snap_cells(xy[::501] + 40.0, sites)
    graph = search_graph(times)
    for direction in ("to_sites", "from_sites"):
        wanted = node_times(graph, sites, direction=direction, by=SearchBy(engine="scipy"))
        assert (wanted.ds < UNREACHABLE).mean() > 0.5
        reader = PointTimes(graph, cells, direction=direction)
        for engine in COMPILED:
            found = node_times(graph, sites, direction=direction, by=SearchBy(engine=engine))
            np.testing.assert_array_equal(found.ds, wanted.ds)
        few = node_times(graph, sites, direction=direction, nodes=reader.nodes, like=found)
        for site in range(len(sites.edge)):
            np.testing.assert_array_equal(reader.of_site(few, site), reader.of_site(wanted, site))


@pytest.mark.data
@pytest.mark.slow
def test_a_closed_road_of_iceland_is_searched_again_with_every_engine(data_folder: Path) -> None:
    study = load_study(data_folder / "studies" / "iceland.toml")
    changes = (CloseRoad(road=_ring_road()),)
    after = {}
    for engine in ("scipy", *COMPILED):
        base = run_study(study, engine=engine, sensitivity=False)
        found = run_scenario(base, Scenario(name=Text({"en": "closed"}), changes=changes))
        after[engine] = found.times.time_s
        assert (found.times.time_s != base.times.time_s).any()
    for engine in COMPILED:
        np.testing.assert_array_equal(after[engine], after["scipy"])


def _ring_road() -> object:
    from accessibility.scenarios.changes import Roads

    return Roads(near=(-19.0, 63.42), within_m=2000)
