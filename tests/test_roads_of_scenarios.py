"""Roads in scenarios and in lists of pairs, drawn: which are meant, and who still drives there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from world import CRS, World

from accessibility.network import Snapper, at_edge_speeds, drive_times, search_graph
from accessibility.point_matrix import Points, point_matrix
from accessibility.scenarios import Roads, select_edges
from accessibility.sources.speed_tables import built_in_table
from accessibility.traveltime import PointTimes, SearchBy, node_times

PLAIN = built_in_table("plain")

# --- which roads a scenario means ----------------------------------------------------------------


def test_a_road_number_is_matched_as_a_whole() -> None:
    numbers = {"ab": "61", "bc": "610", "cd": "E61", "de": "9; 61", "ef": "61a", "fg": ""}
    network = World(
        "a-b-c-d-e-f-g",
        {way: {"highway": "primary", "ref": ref} for way, ref in numbers.items()},
    ).network(PLAIN)
    chosen = select_edges(network, Roads(ref="61"), CRS)
    ways = {network.way_ref[way] for way in network.edge_way[np.flatnonzero(chosen)]}
    assert ways == {"61", "9; 61"}


# --- closed roads --------------------------------------------------------------------------------

CUTS = {
    "one way": [("abcd", {})],
    "three ways": [("ab", {}), ("bc", {"maxspeed": "80"}), ("cd", {})],
    "three ways, one turned": [("ab", {}), ("cb", {}), ("cd", {})],
    "all turned": [("ba", {}), ("cb", {}), ("dc", {})],
}


@pytest.mark.parametrize("engine", ["scipy", "buckets", "hierarchy"])
@pytest.mark.parametrize("direction", ["to_sites", "from_sites"])
@pytest.mark.parametrize("cut", CUTS)
def test_a_closed_road_is_one_however_it_is_cut_into_ways(
    cut: str, direction: str, engine: str
) -> None:
    # road 9 from a to d is closed; s lies west of a, t east of d, and 5 km of other road join them
    world = World(
        """
        s-a     d-t
          |     |
          e-----f
        """,
        [(way, {"highway": "primary", "ref": "9", **tags}) for way, tags in CUTS[cut]],
        places={"b": (2000, 0), "c": (3000, 0), "1": (1600, 0), "2": (3400, 0), "3": (2500, 0)},
    )
    table = built_in_table("plain")
    network = world.network(table)
    closed = at_edge_speeds(
        drive_times(network, table),
        *[getattr(drive_times(network, table), f"{way}_km_h") for way in ("forward", "backward")],
        through=~select_edges(network, Roads(ref="9"), CRS),
    )
    snapper = Snapper(
        closed, CRS, access_speed_km_h=20, max_leg_m=5000, min_component_m=1000
    )  # fmt: skip
    names = "12stb3"
    points = snapper.snap_sites(world.xy(names))
    graph = search_graph(closed)
    found = node_times(graph, points, direction=direction, by=SearchBy(engine=engine))
    ds = PointTimes(graph, points, direction=direction).of_sites(found, np.arange(len(names)))
    times = {
        (one, two): int(ds[names.index(two), names.index(one)]) / 10
        for one in names
        for two in "stb13"
    }
    # 45 s a kilometre. From 1, 600 m from a and 2,400 m from d, out at either end
    assert times["1", "s"] == pytest.approx(72, abs=0.2)
    assert times["1", "t"] == pytest.approx(153, abs=0.2)
    assert times["2", "s"] == pytest.approx(153, abs=0.2)
    assert times["2", "t"] == pytest.approx(72, abs=0.2)
    # along the road to one another, across the places where it is cut
    assert times["1", "3"] == pytest.approx(40.5, abs=0.2)
    assert times["2", "1"] == pytest.approx(81, abs=0.2)
    assert times["1", "b"] == pytest.approx(18, abs=0.2)
    # nobody drives through: 1 + 1 + 3 + 1 + 1 km from s to t
    assert times["s", "t"] == pytest.approx(315, abs=0.2)
    assert times["s", "1"] == pytest.approx(72, abs=0.2)
    assert times["t", "b"] == pytest.approx(135, abs=0.2)


# --- lists of pairs ------------------------------------------------------------------------------


def points(world: World, names: str) -> Points:
    lon, lat = world.lonlat(names).T
    return Points(ids=pd.Index(list(names), dtype="object"), lon=lon, lat=lat)


def test_a_destination_on_a_road_that_nothing_joins_is_named_and_moves_no_origin() -> None:
    # the hospital 1 is 5 m from a road of 1.2 km that nothing joins, 25 m from the main road
    world = World(
        places={
            "a": (0, 0), "b": (2000, 0), "c": (400, 30), "d": (1600, 30), "1": (1000, 25),
            "2": (1500, 0),
        },
        roads=[("ab", "primary"), ("cd", "primary")],
    )  # fmt: skip
    found = point_matrix(
        world.network(PLAIN), points(world, "ab"), points(world, "12"), speeds=PLAIN
    )
    (note,) = found.attrs["notes"]
    assert "1 destinations stand on a part of the road network that nothing joins" in note
    assert "1 (1.2 km of road)" in note
    # 1,500 m and 500 m at 80 km/h; nobody was moved to the other road
    times = dict(zip(found["from_id"] + found["to_id"], found["travel_time_s"], strict=True))
    assert times == {"a2": pytest.approx(68, abs=1), "b2": pytest.approx(23, abs=1)}


def test_an_origin_by_a_slip_of_the_map_is_moved_to_the_road_that_leads_on() -> None:
    world = World(
        places={"a": (0, 0), "b": (3000, 0), "c": (400, 40), "d": (600, 40), "1": (500, 40)},
        roads=[("ab", "primary"), ("cd", "primary")],
    )
    found = point_matrix(world.network(PLAIN), points(world, "1"), points(world, "b"), speeds=PLAIN)
    assert found.attrs["notes"] == [
        "1 origins stand by a road that is cut off and were moved to the nearest other: 1"
    ]
    assert found["travel_time_s"].tolist() == [pytest.approx(120, abs=1)]  # 2.5 km, and 40 m
