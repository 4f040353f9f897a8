"""Roads in scenarios and in lists of pairs, drawn: which are meant, and who still drives there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from world import CRS, World

from accessibility.point_matrix import Points, point_matrix
from accessibility.scenarios import Roads, select_edges
from accessibility.sources.speed_tables import built_in_table

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
