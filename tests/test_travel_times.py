"""Travel times: rounding, ties, directions, and laws on random small worlds.

Random worlds are written as real map files. Their oracles are written here: networkx where any
turn is free, and a search over directed roads where turns are restricted.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import World

from accessibility import coverage, load_study, nearest_by_tier, run_study, travel_times
from accessibility.errors import DataError
from accessibility.network import DS_PER_S, sparse
from accessibility.runs import at_other_speeds
from accessibility.scenarios import CloseRoad, Roads
from accessibility.services import Text, Tier, Tiers
from accessibility.speeds import SpeedTable
from accessibility.traveltime import (
    UNREACHABLE,
    TravelTimes,
    engines,
    node_times,
    whole_seconds,
)
from accessibility.traveltime.search import one_to_all

TURNS = SpeedTable(
    name="turns",
    mode="car",
    speed_km_h={"primary": 80},
    use_maxspeed=True,
    turn_restrictions=True,
)
AT_NODES = {"max_leg_m": 0.5}  # who stands on a junction is never moved away from it

# --- rounding ------------------------------------------------------------------------------------


def test_each_segment_is_rounded_before_any_sum():
    # 25 segments of 100 m at 70 km/h: 5.143 s each, rounded to 5.1 s; 127.5 s in all, so 128 s.
    # Summed first it would be 128.57 s, so 129 s.
    names = "abcdefghijklmnopqrstuvwxyz"
    world = World(
        places={name: (100 * place, 0) for place, name in enumerate(names)},
        roads={names: "secondary"},
    )
    world.expect("""
        |   |   a |   z |
        | a |   0 | 128 |
        | z | 128 |   0 |
    """)
    assert World(places={"a": (0, 0), "z": (2500, 0)}, roads={"az": "secondary"}).times(
        "a", "z"
    ) == {"a": {"z": 129}}


def test_the_sum_is_rounded_once_at_the_end():
    # 1 km at 70 km/h is 51.4 s; leg 40 m at 20 km/h is 7.2 s, on both sides: 65.8 s
    world = World(
        places={"a": (0, 0), "b": (1000, 0), "1": (0, 40), "2": (1000, 40)},
        roads={"ab": "secondary"},
    )
    assert world.times("1", "2") == {"1": {"2": 66}}  # and not 7 + 51 + 7


@pytest.mark.parametrize(("deciseconds", "seconds"), [(0, 0), (4, 0), (5, 1), (14, 1), (15, 2)])
def test_halves_are_rounded_up(deciseconds, seconds):
    assert whole_seconds(np.array([deciseconds])).tolist() == [seconds]


def tiers() -> Tiers:
    return Tiers((Tier(id="L", name=Text({"en": "L"})),))


def people_within(world: World, cells: str, sites: str, band_min: float) -> float:
    """Count the people within a band; cells hold 1, 2, 4 ... people."""
    times = world.travel_times(cells, sites)
    nearest = nearest_by_tier(times, world.sites(sites), tiers())
    table = coverage(nearest, world.population(cells), tiers(), bands_min=(band_min,))
    row = table[table["band_min"].astype(str).isin([str(band_min), f"{band_min:g}"])]
    return float(row["people_low"].iloc[0])


def test_exactly_thirty_minutes_is_within_thirty_minutes():
    # 40 km at 80 km/h are 1800 s; 40.02 km are 1800.9 s, so 1801 s
    world = World(
        places={"a": (0, 0), "b": (40_000, 0), "c": (40_020, 0)}, roads={"abc": "primary"}
    )
    assert world.times("abc", "a") == {"a": {"a": 0}, "b": {"a": 1800}, "c": {"a": 1801}}
    assert people_within(world, "abc", "a", 30) == 1 + 2


# --- ties ----------------------------------------------------------------------------------------


def test_a_tie_goes_to_the_smaller_id_as_text():
    # as numbers 9 would be smaller; as text "10" comes first
    places = {"a": (0, 0), "9": (-1000, 0), "10": (1000, 0), "b": (-2000, 0), "c": (2000, 0)}
    world = World(places=places, roads={"bac": "primary"})
    for sites in (["9", "10"], ["10", "9"]):
        nearest = world.travel_times("abc", sites).nearest(sites)
        assert nearest["site"].tolist() == ["10", "9", "10"]
        assert nearest["time_s"].tolist() == [45, 45, 45]


def test_a_tie_is_one_on_whole_seconds():
    # 2 is a third of a second nearer, which nobody can tell in whole seconds
    places = {"a": (0, 0), "2": (-1000, 0), "1": (1008, 0), "b": (-2000, 0), "c": (2000, 0)}
    world = World(places=places, roads={"bac": "primary"})
    nearest = world.travel_times("a", "12").nearest(["1", "2"])
    assert world.times("a", "12") == {"a": {"1": 45, "2": 45}}
    assert nearest["site"].tolist() == ["1"]
    assert World(places=places | {"1": (1020, 0)}, roads={"bac": "primary"}).travel_times(
        "a", "12"
    ).nearest(["1", "2"])["site"].tolist() == ["2"]


def test_where_nothing_is_reached_the_nearest_is_missing_and_not_zero():
    world = World("a-b\n\nc-d")
    times = world.travel_times("ac", "b", **AT_NODES)
    nearest = times.nearest(["b"])
    assert nearest["time_s"].isna().tolist() == [False, True]
    assert nearest["site"].isna().tolist() == [False, True]
    assert times.nearest([])["time_s"].isna().all()
    assert times.reached.tolist() == [[True], [False]]
    frame = times.to_frame()
    assert frame.astype(str).to_numpy().tolist() == [["a", "b", "45"]]


# --- the matrix ----------------------------------------------------------------------------------

ONE_WAYS = World(
    """
    a-b-c
    | | |
    d-e-f
    """,
    {
        "ab": {"oneway": "yes"},
        "bc": {"oneway": "yes"},
        "cf": {"oneway": "yes"},
        "da": {"oneway": "yes"},
        "be": "residential",
    },
)


def test_a_one_way_town_on_paper():
    # sides of 45 s, be 90 s; ab, bc, cf and da are one-way
    ONE_WAYS.expect("""
        |   |   a |   b |   c |   d |   e |   f |
        | a |   0 |  45 |  90 | 180 | 135 | 135 |
        | b | 180 |   0 |  45 | 135 |  90 |  90 |
        | c | 180 | 180 |   0 | 135 |  90 |  45 |
        | d |  45 |  90 | 135 |   0 |  45 |  90 |
        | e |  90 |  90 | 135 |  45 |   0 |  45 |
        | f | 135 | 135 | 180 |  90 |  45 |   0 |
    """)


def test_sites_are_searched_in_batches_without_a_difference(monkeypatch):
    whole = ONE_WAYS.travel_times("abcdef", "abcdef")
    monkeypatch.setattr(engines, "BATCH_NODE_TIMES", 25)  # two sites a batch
    steps: list[tuple[int, int]] = []
    parts = ONE_WAYS.travel_times(
        "abcdef", "abcdef", progress=lambda done, of: steps.append((done, of))
    )
    assert steps == [(2, 6), (4, 6), (6, 6)]
    np.testing.assert_array_equal(whole.time_s, parts.time_s)


def test_sites_and_cells_keep_their_names_in_any_order():
    straight = ONE_WAYS.times("abcdef", "abcdef")
    assert ONE_WAYS.times("fbdaec", "ecabfd") == straight


def test_a_matrix_must_fit_its_names():
    fine = ONE_WAYS.travel_times("ab", "cd")
    with pytest.raises(ValueError, match="one row a cell and one column a site"):
        replace(fine, cell_ids=pd.Index(["a"]))
    with pytest.raises(ValueError, match="sites must be in the order of their ids"):
        replace(fine, site_ids=pd.Index(["d", "c"]))
    with pytest.raises(ValueError, match="read-only"):
        fine.time_s[0, 0] = 1


def test_a_matrix_shows_itself_without_names_becoming_html():
    times = TravelTimes(
        cell_ids=pd.Index(["<b>"]),
        site_ids=pd.Index(["s"]),
        time_s=np.array([[UNREACHABLE]], dtype=np.int32),
    )
    assert repr(times) == "<TravelTimes: 1 cells x 1 sites, 0.0% of pairs reached>"
    assert "no way" in times._repr_html_()
    assert "<b>" not in times._repr_html_()


def test_cells_and_sites_of_different_crs_are_refused():
    world = World("a-b")
    population, sites = world.population("a"), world.sites("b")
    moved = replace(sites, frame=sites.frame.to_crs("EPSG:3067"))
    with pytest.raises(DataError, match=r"grid is in EPSG:3880, the sites in EPSG:3067"):
        travel_times(world.network(), population, moved, speeds="plain")


def test_a_sparse_matrix_keeps_the_smaller_of_parallel_links():
    links = sparse(2, np.array([0, 0, 1]), np.array([1, 1, 0]), np.array([14, 10, 7]))
    assert links.toarray().tolist() == [[0, 10], [7, 0]]  # scipy would make 24 of them
    assert one_to_all(links, np.array([0])).tolist() == [[0, 10]]


def test_no_site_is_no_search():
    links = sparse(2, np.array([0]), np.array([1]), np.array([14]))
    assert one_to_all(links, np.array([], dtype=np.int64)).shape == (0, 2)


@pytest.mark.parametrize("direction", ["to_sites", "from_sites"])
@pytest.mark.parametrize(("season", "factor"), [("winter", 1.0), ("summer", 0.9), ("winter", 0.8)])
def test_searching_again_at_other_speeds_equals_a_fresh_search(direction, season, factor):
    world = World(
        """
        a-1-b.2.c
        |   |   |
        d---e-3-f
        """,
        {"bc": {"oneway": "yes"}, "de": {"maxspeed": "100"}, "ef": "tertiary"},
        nodes={"b": {"highway": "traffic_signals"}},
        turns=[("be", "b", "ab", "no_left_turn")],
    )
    options = {"speeds": "finland-car", "direction": direction}
    base = world.travel_times("abcdef123", "ae2", **options)
    again = at_other_speeds(base, season=season, speed_factor=factor)
    fresh = world.travel_times("abcdef123", "ae2", season=season, speed_factor=factor, **options)
    np.testing.assert_array_equal(again.time_s, fresh.time_s)
    assert (again.time_s != base.time_s).any()


def test_ten_percent_slower_on_paper():
    # 45 s a kilometre become 50 s; legs stay as they are
    world = World(
        """
        1

        a-b-c
        """
    )
    assert world.times("1", "c") == {"1": {"c": 270}}
    assert world.times("1", "c", speed_factor=0.9) == {"1": {"c": 280}}
    base = world.travel_times("1", "c")
    slower = at_other_speeds(base, season="summer", speed_factor=0.9)
    assert slower.time_s.tolist() == [[280]]


def test_another_crs_of_the_study_moves_no_time_by_more_than_a_second(tmp_path):
    world = World(
        """
        a-1-b...c
        |   |   |
        d---e---f.2
        """,
        {"bc": {"oneway": "yes"}, "de": "tertiary"},
    )
    found = []
    for crs in ("EPSG:3880", "EPSG:3067", "EPSG:3035"):
        path = world.write_study(
            tmp_path / crs.replace(":", "-"),
            cells="abcdef12",
            sites={"a": "E", "f": "L"},
            settings={"crs": crs},
        )
        run = run_study(load_study(path), cache=False, sensitivity=False)
        assert run.population.people.tolist() == [1, 2, 4, 8, 16, 32, 64, 128]
        found.append(run.times.time_s.astype(int))
    assert abs(found[0] - found[1]).max() <= 1
    assert abs(found[0] - found[2]).max() <= 1


# --- random worlds -------------------------------------------------------------------------------

LIMITS = (20, 36, 50, 80, 100)
NAMES = "abcdefg"


@st.composite
def worlds(draw: st.DrawFn, *, parallel: bool = True, one_ways: bool = True) -> World:
    """Draw places on a bow, so that no road passes over a place that is not its own, and roads."""
    count = draw(st.integers(3, len(NAMES)))
    spots = draw(st.lists(st.integers(0, 12), min_size=count, max_size=count, unique=True))
    names = NAMES[:count]
    pairs = ["".join(pair) for pair in itertools.permutations(names, 2)]
    ways = st.lists(
        st.sampled_from(pairs),
        min_size=2,
        max_size=12,
        unique_by=None if parallel else lambda pair: "".join(sorted(pair)),
    )
    kinds = ("no", "yes", "-1") if one_ways else ("no",)
    roads = [
        (
            pair,
            {
                "maxspeed": str(draw(st.sampled_from(LIMITS))),
                "oneway": draw(st.sampled_from(kinds)),
            },
        )
        for pair in draw(ways)
    ]
    used = {letter for pair, _ in roads for letter in pair}
    places = {
        name: (50.0 * spot, 5.0 * spot**2)
        for name, spot in zip(names, spots, strict=True)
        if name in used
    }
    return World(places=places, roads=roads)


@st.composite
def restricted_worlds(draw: st.DrawFn) -> World:
    """Draw a world with turn restrictions, U-turns among them."""
    world = draw(worlds(parallel=False))
    ways = [way for way, _ in world.roads]
    turns = [
        (start, via, end)
        for start, end in itertools.product(ways, ways)
        for via in set(start) & set(end)
    ]
    kinds = ("no_left_turn", "no_straight_on", "only_right_turn", "only_straight_on")
    chosen = draw(st.lists(st.sampled_from(turns), max_size=4, unique=True))
    world.turns = [
        (start, via, end, "no_u_turn" if start == end else draw(st.sampled_from(kinds)))
        for start, via, end in chosen
    ]
    return world


def arcs_of(world: World) -> list[tuple[str, str, int, int]]:
    """List every direction that a road is driven in: from, to, deciseconds, number of the road."""
    arcs = []
    for number, (way, tags) in enumerate(world.roads):
        seconds = world.length_m(way) / (float(tags["maxspeed"]) / 3.6)
        ds = max(math.floor(round(seconds * DS_PER_S, 6) + 0.5), 1)
        if tags["oneway"] != "-1":
            arcs.append((way[0], way[1], ds, number))
        if tags["oneway"] != "yes":
            arcs.append((way[1], way[0], ds, number))
    return arcs


def as_seconds(ds: float | None) -> int | None:
    return None if ds is None else math.floor(ds / DS_PER_S + 0.5)


def by_networkx(world: World) -> dict[str, dict[str, int | None]]:
    """Ask networkx for every travel time."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(world.places)
    for start, end, ds, _ in arcs_of(world):
        graph.add_edge(start, end, ds=ds)
    found = dict(nx.all_pairs_dijkstra_path_length(graph, weight="ds"))
    names = sorted(world.places)
    return {start: {end: as_seconds(found[start].get(end)) for end in names} for start in names}


def by_trying_turns(world: World) -> dict[str, dict[str, int | None]]:
    """Search from road to road, asking at each junction whether the turn is allowed."""
    arcs = arcs_of(world)
    number_of = {way: number for number, (way, _) in reversed([*enumerate(world.roads)])}
    leaving = {(start, number) for start, _, _, number in arcs}
    banned, only = set(), {}
    for from_way, via, to_way, kind in world.turns:
        turn = number_of[from_way], via, number_of[to_way]
        if kind.startswith("no_"):
            banned.add(turn)
        elif (via, turn[2]) in leaving:  # a road that nobody may drive forces nobody
            only.setdefault(turn[:2], set()).add(turn[2])

    def may_follow(first: tuple[str, str, int, int], then: tuple[str, str, int, int]) -> bool:
        via = first[1]
        turn = first[3], via, then[3]
        choice = only.get(turn[:2])
        return then[0] == via and turn not in banned and (choice is None or then[3] in choice)

    names = sorted(world.places)
    found: dict[str, dict[str, int | None]] = {}
    for start in names:
        best: dict[str, int] = {start: 0}
        done: set[tuple[str, str, int, int]] = set()
        queue = [(arc[2], place) for place, arc in enumerate(arcs) if arc[0] == start]
        heapq.heapify(queue)
        while queue:
            ds, place = heapq.heappop(queue)
            arc = arcs[place]
            if arc in done:
                continue
            done.add(arc)
            best.setdefault(arc[1], ds)
            for after, then in enumerate(arcs):
                if may_follow(arc, then):
                    heapq.heappush(queue, (ds + then[2], after))
        found[start] = {end: as_seconds(best.get(end)) for end in names}
    return found


def all_times(world: World, **options) -> dict[str, dict[str, int | None]]:
    names = sorted(world.places)
    return world.times(names, names, **(AT_NODES | options))


def turned(times: dict[str, dict[str, int | None]]) -> dict[str, dict[str, int | None]]:
    """Swap rows and columns."""
    return {
        end: {start: row[end] for start, row in times.items()} for end in next(iter(times.values()))
    }


# --- laws, each with its worked example ----------------------------------------------------------


def test_the_oracles_agree_with_paper():
    roads = [
        ("ab", {"maxspeed": "36", "oneway": "yes"}),  # 100 m at 10 m/s: 10 s
        ("ab", {"maxspeed": "100", "oneway": "-1"}),  # 3.6 s back
        ("bc", {"maxspeed": "36", "oneway": "no"}),
    ]
    world = World(places={"a": (0, 0), "b": (100, 0), "c": (200, 0)}, roads=roads)
    paper = {
        "a": {"a": 0, "b": 10, "c": 20},
        "b": {"a": 4, "b": 0, "c": 10},
        "c": {"a": 14, "b": 10, "c": 0},
    }
    assert by_networkx(world) == paper
    assert by_trying_turns(world) == paper
    assert all_times(world) == paper
    world = World(places=world.places, roads=roads[1:] + roads[:1])
    world.turns = [("bc", "b", "ab", "no_left_turn")]
    assert by_trying_turns(world)["c"] == {"a": None, "b": 10, "c": 0}
    assert all_times(world, speeds=TURNS) == by_trying_turns(world)


@given(world=worlds())
def test_law_travel_times_equal_those_of_networkx(world):
    assert all_times(world) == by_networkx(world)


@given(world=restricted_worlds())
def test_law_turn_restrictions_equal_a_search_from_road_to_road(world):
    expected = by_trying_turns(world)
    assert all_times(world, speeds=TURNS) == expected
    come = all_times(world, speeds=TURNS, direction="from_sites")
    assert turned(come) == expected
    # tables that do not ask for them drive on as if there were none
    assert all_times(world) == by_networkx(world)


@given(world=worlds())
def test_law_there_and_back_are_each_others_transpose(world):
    assert turned(all_times(world, direction="from_sites")) == all_times(world)


BACK = {"no": "no", "yes": "-1", "-1": "yes"}


def backwards(world: World) -> World:
    """Turn every one-way round."""
    roads = [(way, tags | {"oneway": BACK[tags["oneway"]]}) for way, tags in world.roads]
    return World(places=world.places, roads=roads)


def with_homes(world: World, homes: Sequence[tuple[float, float]]) -> tuple[World, list[str]]:
    """Add places beside the roads."""
    named = {str(number): place for number, place in enumerate(homes)}
    return World(places=world.places | named, roads=world.roads), list(named)


HOMES = st.lists(
    st.tuples(st.floats(-150, 750), st.floats(-150, 850)), min_size=1, max_size=4, unique=True
)


def test_driving_to_a_site_on_turned_one_ways_on_paper():
    world = World("a-b-c", {"abc": {"oneway": "yes"}})
    back = World("a-b-c", {"abc": {"oneway": "-1"}})
    assert world.times("a", "c", direction="to_sites") == {"a": {"c": 90}}
    assert back.times("a", "c", direction="from_sites") == {"a": {"c": 90}}
    assert back.times("a", "c", direction="to_sites") == {"a": {"c": None}}


@given(world=worlds(parallel=False), homes=HOMES)
def test_law_driving_to_sites_equals_coming_from_them_when_all_one_ways_turn_round(world, homes):
    there, cells = with_homes(world, homes)
    back, _ = with_homes(backwards(world), homes)
    sites = sorted(world.places)
    drive = there.times([*cells, *sites], sites, direction="to_sites")
    assert drive == back.times([*cells, *sites], sites, direction="from_sites")


@given(world=worlds(one_ways=False))
def test_law_without_one_ways_there_is_as_long_as_back(world):
    found = all_times(world)
    assert found == turned(found)


@given(world=worlds())
def test_law_a_detour_is_never_shorter(world):
    found = all_times(world)
    for start, via, end in itertools.permutations(found, 3):
        if found[start][via] is not None and found[via][end] is not None:
            # whole seconds: each of the three is rounded by half a second at most
            assert found[start][end] <= found[start][via] + found[via][end] + 1


def test_any_order_of_the_map_gives_the_same_times_on_paper():
    roads = [("ab", {"oneway": "yes"}), ("bc", "residential"), ("ca", "secondary")]
    paper = {"a": {"a": 0, "b": 45}, "b": {"a": 163, "b": 0}}  # 90 + 72.7 s back over c
    for order in itertools.permutations(roads):
        world = World("a-b\n\n  c", list(order))
        assert world.times("ab", "ab") == paper


@given(world=worlds(parallel=False), homes=HOMES, data=st.data())
def test_law_the_order_of_roads_cells_and_sites_changes_nothing(world, homes, data):
    there, cells = with_homes(world, homes)
    sites = sorted(world.places)
    shuffled = World(places=there.places, roads=data.draw(st.permutations(there.roads)))
    found = there.times([*cells, *sites], sites)
    mixed = shuffled.times(
        data.draw(st.permutations([*cells, *sites])), data.draw(st.permutations(sites))
    )
    assert mixed == found


@given(world=worlds(parallel=False), homes=HOMES)
def test_law_a_way_drawn_from_its_other_end_is_the_same_way(world, homes):
    there, cells = with_homes(world, homes)
    roads = [(way[::-1], tags | {"oneway": BACK[tags["oneway"]]}) for way, tags in world.roads]
    other = World(places=there.places, roads=roads)
    sites = sorted(world.places)
    first, second = there.times([*cells, *sites], sites), other.times([*cells, *sites], sites)
    for cell, site in itertools.product(first, sites):
        one, two = first[cell][site], second[cell][site]
        # a segment is split from its start: the halves may differ by a tenth of a second
        assert (one is None) == (two is None)
        assert one is None or abs(one - two) <= 1


def test_doubling_speeds_halves_driving_on_paper():
    world = World("a-b-c", {"abc": {"maxspeed": "40"}})
    assert world.times("a", "c") == {"a": {"c": 180}}
    assert world.times("a", "c", speed_factor=2.0) == {"a": {"c": 90}}
    assert World("a-b-c", {"abc": {"maxspeed": "80"}}).times("a", "c") == {"a": {"c": 90}}


@given(world=worlds())
def test_law_doubling_speeds_halves_driving_within_the_rounding(world):
    slow, fast = all_times(world), all_times(world, speed_factor=2.0)
    # each segment is rounded by 0.05 s at most, a way has no more of them than there are roads,
    # and the least that a segment takes is a tenth of a second; whole seconds round by half
    slack = 0.15 * len(world.roads) + 1.5
    for start, end in itertools.product(slow, slow):
        if slow[start][end] is None:
            assert fast[start][end] is None
        else:
            assert abs(slow[start][end] - 2 * fast[start][end]) <= slack


def test_a_new_road_shortens_on_paper():
    roads = {"ab": "primary", "bc": "primary"}
    world = World("a-b\n\n  c", roads)
    assert world.times("a", "c") == {"a": {"c": 90}}
    assert World("a-b\n\n  c", roads | {"ac": "primary"}).times("a", "c") == {"a": {"c": 64}}


@given(world=worlds(), data=st.data())
def test_law_a_new_road_lengthens_nothing_and_a_closed_one_shortens_nothing(world, data):
    names = sorted(world.places)
    pair = data.draw(st.sampled_from(["".join(two) for two in itertools.permutations(names, 2)]))
    tags = {
        "maxspeed": str(data.draw(st.sampled_from(LIMITS))),
        "oneway": data.draw(st.sampled_from(["no", "yes"])),
    }
    more = World(places=world.places, roads=[*world.roads, (pair, tags)])
    before, after = all_times(world), all_times(more)
    for start, end in itertools.product(names, names):
        if before[start][end] is not None:
            assert after[start][end] is not None
            assert after[start][end] <= before[start][end]


@given(world=worlds(), data=st.data())
def test_law_a_higher_speed_lengthens_nothing(world, data):
    place = data.draw(st.integers(0, len(world.roads) - 1))
    way, tags = world.roads[place]
    faster = [*world.roads]
    faster[place] = way, tags | {"maxspeed": "120"}
    before = all_times(world)
    after = all_times(World(places=world.places, roads=faster))
    for start, end in itertools.product(before, before):
        assert (before[start][end] is None) == (after[start][end] is None)
        assert before[start][end] is None or after[start][end] <= before[start][end]


def test_a_town_of_square_blocks_takes_blocks_times_the_time_of_a_block():
    # 5 x 5 junctions 1 km apart: the time is the number of blocks between two of them
    names = "ABCDEFGHIJKLMNOPQRSTUVWXY"
    rows = [names[place : place + 5] for place in range(0, 25, 5)]
    columns = ["".join(column) for column in zip(*rows, strict=True)]
    places = {
        name: (1000.0 * column, -1000.0 * row)
        for row, line in enumerate(rows)
        for column, name in enumerate(line)
    }
    world = World(places=places, roads=dict.fromkeys([*rows, *columns], "primary"))
    found = world.times(names, "AMY")
    for name, (x, y) in places.items():
        for site in "AMY":
            blocks = abs(x - places[site][0]) + abs(y - places[site][1])
            assert found[name][site] == 45 * blocks / 1000


def test_times_of_nodes_leave_access_legs_out():
    base = World("a-b-c").travel_times("ab", "c")
    assert base.search is not None
    again = node_times(base.search.graph, base.search.sites, direction="to_sites")
    np.testing.assert_array_equal(again.ds, base.search.ds)
    assert sorted(again.ds[0].tolist()) == [0, 450, 900]


@pytest.mark.parametrize("order", [("ab", "bc", "cd", "de"), ("cd", "de", "ab", "bc")])
@pytest.mark.parametrize("engine", ["scipy", "buckets", "hierarchy"])
@pytest.mark.parametrize("site", ["b", "c"])
@pytest.mark.parametrize("direction", ["to_sites", "from_sites"])
def test_a_closed_bridge_is_not_crossed_by_those_who_stand_at_its_ends(
    order: tuple[str, ...], engine: str, site: str, direction: str
) -> None:
    """a-b=c-d-e, the bridge b-c closed: whoever stands at b or c stays on that side."""
    ways = {way: {"highway": "primary", "ref": "9" if way == "bc" else way} for way in order}
    world = World("a-b-c-d-e", ways)
    base = world.travel_times("abcde", [site], direction=direction, engine=engine)
    closed = at_other_speeds(
        base,
        season="summer",
        speed_factor=1.0,
        road_changes=(CloseRoad(road=Roads(ref="9")),),
    )
    side = "ab" if site == "b" else "cde"
    found = dict(zip("abcde", closed.time_s[:, 0].tolist(), strict=True))
    before = dict(zip("abcde", base.time_s[:, 0].tolist(), strict=True))
    wanted = {cell: before[cell] if cell in side else UNREACHABLE for cell in "abcde"}
    assert found == wanted


def test_who_lives_on_a_closed_dead_end_still_drives_out() -> None:
    world = World("a-b-c", {"ab": "primary", "bc": {"highway": "primary", "ref": "9"}})
    base = world.travel_times("abc", ["a"])
    closed = at_other_speeds(
        base,
        season="summer",
        speed_factor=1.0,
        road_changes=(CloseRoad(road=Roads(ref="9")),),
    )
    assert closed.time_s.tolist() == base.time_s.tolist()
