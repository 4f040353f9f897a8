"""Turns, U-turns and roads not for through traffic: against a search over whole drives, and drawn.

The reference knows nothing of copies of junctions: it searches over the last arcs that a drive has
come along, and over whether it has entered a road that it may not pass.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_engines import COMPILED
from test_travel_times import AT_NODES, arcs_of, as_seconds, worlds
from world import World

from accessibility.network import DS_PER_S, drive_times
from accessibility.network.parts import find_parts
from accessibility.speeds import SpeedTable

DESTINATION = {"highway": "primary", "motor_vehicle": "destination"}


def table(u_turn_delay_s: float = 0) -> SpeedTable:
    return SpeedTable(
        name=f"rules {u_turn_delay_s:g}",
        mode="car",
        speed_km_h={"primary": 80},
        use_maxspeed=True,
        turn_restrictions=True,
        u_turn_delay_s=u_turn_delay_s,
    )


# --- the reference -------------------------------------------------------------------------------


@st.composite
def ruled_worlds(draw: st.DrawFn) -> World:
    """Draw a world with restrictions at nodes and over ways, and roads not for through traffic."""
    world = draw(worlds(parallel=False))
    for _, tags in world.roads:
        key = draw(
            st.sampled_from(
                [*[None] * 3, "motor_vehicle", "motor_vehicle:forward", "motor_vehicle:backward"]
            )
        )
        if key is not None:
            tags[key] = "destination"
    ways = [way for way, _ in world.roads]
    turns = [
        (start, via, end)
        for start, end in itertools.product(ways, ways)
        for via in set(start) & set(end)
    ]
    turns += [
        (start, via, end)
        for start, via, end in itertools.permutations(ways, 3)
        if len(set(start) & set(via)) == 1
        and len(set(via) & set(end)) == 1
        and set(start) & set(via) != set(via) & set(end)
    ]
    kinds = ("no_left_turn", "no_straight_on", "only_right_turn", "only_straight_on")
    chosen = draw(st.lists(st.sampled_from(turns), max_size=4, unique=True))
    world.turns = [
        (start, via, end, "no_u_turn" if start == end else draw(st.sampled_from(kinds)))
        for start, via, end in chosen
    ]
    return world


def forbidden_in(world: World, arcs: list) -> set[tuple[int, ...]]:
    """List the sequences of arcs that the world's restrictions forbid."""
    names = {way: number for number, (way, _) in enumerate(world.roads)}
    into, out = defaultdict(list), defaultdict(list)
    for number, (start, end, _, _) in enumerate(arcs):
        out[start].append(number)
        into[end].append(number)
    forbidden, forced = set(), defaultdict(set)
    for start, via, end, kind in world.turns:
        if len(via) == 1:
            middles, last = [()], via
            first = via
        else:
            (first,) = set(start) & set(via)
            (last,) = set(via) & set(end)
            middles = [(arc,) for arc in out[first] if arcs[arc][3] == names[via]]
        to_arcs = {arc for arc in out[last] if arcs[arc][3] == names[end]}
        for arc, middle in itertools.product(into[first], middles):
            if arcs[arc][3] != names[start] or not to_arcs:
                continue
            path = (arc, *middle)
            if kind.startswith("only"):
                if middle:
                    forced[arc,].add(middle[0])
                forced[path] |= to_arcs
            else:
                back = {one for one in to_arcs if arcs[one][3] == arcs[path[-1]][3]}
                spared = set() if kind == "no_u_turn" else back
                forbidden |= {(*path, one) for one in to_arcs - spared}
    for path, choice in forced.items():
        forbidden |= {(*path, one) for one in out[arcs[path[-1]][1]] if one not in choice}
    return forbidden


def barred_in(world: World, arcs: list) -> list[bool]:
    """Say which arcs no drive may pass: the tagged, and those that only the tagged lead to."""
    tagged = []
    for start, _, _, road in arcs:
        way, tags = world.roads[road]
        direction = "forward" if start == way[0] else "backward"
        tagged.append("motor_vehicle" in tags or f"motor_vehicle:{direction}" in tags)
    if not any(tagged):
        return tagged
    whole, free = nx.Graph(), nx.DiGraph()
    for number, (start, end, _, _) in enumerate(arcs):
        whole.add_edge(start, end)
        if not tagged[number]:
            free.add_edge(start, end)
    free.add_nodes_from(whole)
    in_core = [False] * len(arcs)
    for part in nx.connected_components(whole):
        most_m, best = 0.0, []
        for component in nx.strongly_connected_components(free.subgraph(part)):
            inside = [
                number
                for number, (start, end, _, _) in enumerate(arcs)
                if not tagged[number] and start in component and end in component
            ]
            length_m = sum(world.length_m(world.roads[arcs[one][3]][0]) for one in inside)
            if length_m > most_m:
                most_m, best = length_m, inside
        for one in best:
            in_core[one] = True
    core = {place for one in range(len(arcs)) if in_core[one] for place in arcs[one][:2]}
    others = nx.Graph()
    for number, (start, end, _, road) in enumerate(arcs):
        if not in_core[number]:
            others.add_edge(number, ("road", road))
            for place in (start, end):
                if place not in core:
                    others.add_edge(number, place)
    barred = [False] * len(arcs)
    for group in nx.connected_components(others):
        members = [one for one in group if isinstance(one, int)]
        if any(tagged[one] for one in members):
            for one in members:
                barred[one] = True
    return barred


def by_whole_drives(world: World, u_turn_ds: int) -> dict[str, dict[str, int | None]]:
    """Search over the last arcs of each drive, and over where it has been."""
    arcs = arcs_of(world)
    forbidden, barred = forbidden_in(world, arcs), barred_in(world, arcs)
    out = defaultdict(list)
    open_places = set()
    for number, (start, end, _, _) in enumerate(arcs):
        out[start].append(number)
        if not barred[number]:
            open_places |= {start, end}
    names = sorted(world.places)
    found = {}
    for start in names:
        best: dict[str, int] = {start: 0}
        phase = "on" if start in open_places else "leaving"
        queue = [(0, start, (), phase)]
        seen = set()
        while queue:
            ds, place, last, phase = heapq.heappop(queue)
            if (place, last, phase) in seen:
                continue
            seen.add((place, last, phase))
            if phase != "entered" or place not in open_places:
                best[place] = min(best.get(place, ds), ds)
            for arc in out[place]:
                path = (*last, arc)
                if any(path[-size:] in forbidden for size in (2, 3)):
                    continue
                if phase == "entered" and not barred[arc]:
                    continue
                then = "on" if not barred[arc] else "leaving" if phase == "leaving" else "entered"
                if place == start and not last and barred[arc]:
                    then = "entered" if start in open_places else "leaving"
                turns_back = bool(last) and arcs[last[-1]][3] == arcs[arc][3]
                cost = arcs[arc][2] + (u_turn_ds if turns_back else 0)
                heapq.heappush(queue, (ds + cost, arcs[arc][1], path[-2:], then))
        found[start] = {end: as_seconds(best.get(end)) for end in names}
    return found


def found_in(world: World, speeds: SpeedTable, **options: object) -> dict:
    names = sorted(world.places)
    return world.times(names, names, speeds=speeds, **(AT_NODES | options))


@given(world=ruled_worlds(), u_turn_s=st.sampled_from([0, 2, 10, 30, 200]))
def test_law_times_are_those_of_a_search_over_whole_drives(world: World, u_turn_s: int) -> None:
    speeds = table(u_turn_s)
    expected = by_whole_drives(world, u_turn_s * DS_PER_S)
    assert found_in(world, speeds) == expected
    come = found_in(world, speeds, direction="from_sites")
    assert {one: {two: come[two][one] for two in come} for one in come} == expected


@given(
    world=ruled_worlds(),
    u_turn_s=st.sampled_from([0, 10]),
    direction=st.sampled_from(["to_sites", "from_sites"]),
)
def test_law_so_says_every_engine(world: World, u_turn_s: int, direction: str) -> None:
    names = sorted(world.places)
    options = {"speeds": table(u_turn_s), "direction": direction, **AT_NODES}
    wanted = world.travel_times(names, names, engine="scipy", **options)
    for engine in COMPILED:
        found = world.travel_times(names, names, engine=engine, **options)
        np.testing.assert_array_equal(found.time_s, wanted.time_s)


# --- on paper: 45 s a kilometre ------------------------------------------------------------------

SHORTCUT = """
s-a---b-t
  |   |
  c---d
"""


@pytest.mark.parametrize("direction", ["to_sites", "from_sites"])
@pytest.mark.parametrize("engine", ["scipy", *COMPILED])
def test_nobody_drives_through_a_road_for_destination_traffic(engine: str, direction: str) -> None:
    # s to t: 1 + 1 + 2 + 1 + 1 km round; along ab it would be 4 km. 1 is in the middle of ab
    world = World(SHORTCUT, {"ab": DESTINATION}, places={"1": (2000, 0)})
    found = world.times("st1", "st1", speeds=table(), engine=engine, direction=direction)
    assert found == {
        "s": {"s": 0, "t": 270, "1": 90},
        "t": {"s": 270, "t": 0, "1": 90},
        "1": {"s": 90, "t": 90, "1": 0},
    }


def test_roads_that_only_destination_traffic_reaches_are_left_and_reached() -> None:
    # ab is for destination traffic, the streets behind it are not: all of them lie behind
    world = World("s-t-a-b-c-d", {"ab": DESTINATION})
    assert world.times("scd", "sd", speeds=table()) == {
        "s": {"s": 0, "d": 225},
        "c": {"s": 180, "d": 45},
        "d": {"s": 225, "d": 0},
    }


def test_a_restriction_over_a_way_forbids_the_whole_way() -> None:
    # from s over xy to w is forbidden, from t is not; s drives on to n, and back over y
    drawing = """
    w-y-n
      |
    t-x
      |
      s
    """
    roads = dict.fromkeys(("wy", "yn", "xy", "tx", "sx"), "primary")
    world = World(drawing, roads, turns=[("sx", "xy", "wy", "no_u_turn")])
    assert world.times("st", "wn", speeds=table(20)) == {
        "s": {"w": 245, "n": 135},  # 135 s to n, 20 s to turn round there, 90 s back to w
        "t": {"w": 135, "n": 135},
    }
    forced = World(drawing, roads, turns=[("sx", "xy", "yn", "only_right_turn")])
    # from s neither to t nor to w: back from n (or from w, whom t reaches) at 20 s a turn
    assert forced.times("s", "wn", speeds=table(20)) == {"s": {"w": 245, "n": 135}}


def test_a_site_that_nobody_may_turn_in_to_is_moved_to_where_it_can_be_reached() -> None:
    turns = [("ab", "b", "bd", "no_left_turn"), ("bc", "b", "bd", "no_right_turn")]
    world = World(
        """
          d
          |
        a-b-c
        """,
        {"ab": "primary", "bc": "primary", "bd": "primary"},
        turns=turns,
    )
    speeds = table(20)
    parts = find_parts(drive_times(world.network(speeds), speeds))
    assert parts.core.tolist() == [True, True, False]
    # d is moved to b: 45 s, and 1 km at 20 km/h
    assert world.times("ac", "d", speeds=speeds) == {"a": {"d": 225}, "c": {"d": 225}}


@pytest.mark.parametrize(("price_s", "expected"), [(0, 93), (20, 113), (300, 180)])
def test_a_u_turn_that_dodges_a_restriction_costs_time(price_s: float, expected: int) -> None:
    # s to v: left at b is forbidden; 30 m on is a side street, c. By d and e it is 4 km in all
    world = World(
        places={
            "s": (0, 0), "b": (1000, 0), "c": (1030, 0), "k": (1030, -30), "d": (2000, 0),
            "e": (2000, 1000), "v": (1000, 1000),
        },
        roads=[(way, "primary") for way in ("sb", "bcd", "ck", "de", "ev", "bv")],
        turns=[("sb", "b", "bv", "no_left_turn")],
    )  # fmt: skip
    # 2.06 km (45 + 1.4 + 1.4 + 45 s) and the U-turn at c; or 4 km by the block
    assert world.times("s", "v", speeds=table(price_s)) == {"s": {"v": expected}}
