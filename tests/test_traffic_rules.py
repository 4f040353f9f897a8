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
from hypothesis import given
from hypothesis import strategies as st
from test_engines import COMPILED
from test_travel_times import AT_NODES, arcs_of, as_seconds, worlds
from world import World

from accessibility.network.drive_times import DS_PER_S
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
    if not u_turn_s:  # a U-turn for nothing
        expected = by_whole_drives(world, 0)
    else:
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
