"""The table "What the map says and what we do" of docs/method.md, row by row, on a drawn road.

    s-a-b-t        one kilometre from a to b carries the tags; a primary road leads on at both ends

A kilometre takes 45 s at 80 km/h (a primary without a limit), 225 s on a bicycle, 720 s on foot.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from world import World

from accessibility.network import drive_times
from accessibility.sources.speed_tables import built_in_table

CAR, BICYCLE, WALK, PLAIN = "finland-car", "bicycle", "walk", "plain"
METHOD = Path(__file__).parent.parent / "docs" / "method.md"


def both(seconds: int | None) -> tuple[int | None, int | None]:
    return seconds, seconds


#: Row of the table -> tags, speed table, season, seconds along the way and against it.
ROWS = {
    "`access`, `vehicle`, `motor_vehicle`, `motorcar`, `bicycle`, `foot`": [
        ({"access": "no", "motorcar": "yes"}, CAR, "summer", both(45)),
        ({"access": "yes", "motor_vehicle": "no"}, CAR, "summer", both(None)),
        ({"vehicle": "no"}, BICYCLE, "summer", both(None)),
        ({"vehicle": "no"}, WALK, "summer", both(720)),
    ],
    "lists of users: `agricultural;forestry`": [
        ({"motor_vehicle": "agricultural;forestry"}, CAR, "summer", both(None)),
        ({"motor_vehicle": "agricultural; yes"}, CAR, "summer", both(45)),
        ({"vehicle": "bus;psv"}, BICYCLE, "summer", both(None)),
        ({"access": "agricultural;forestry"}, WALK, "summer", both(None)),
        ({"access": "bus", "foot": "yes"}, WALK, "summer", both(720)),
    ],
    "one direction: `motor_vehicle:forward=no`": [
        ({"motor_vehicle:forward": "no"}, CAR, "summer", (None, 45)),
        ({"access:backward": "no"}, CAR, "summer", (45, None)),
        ({"vehicle:forward": "no"}, BICYCLE, "summer", (None, 225)),
        ({"motor_vehicle": "no", "motor_vehicle:backward": "yes"}, CAR, "summer", (None, 45)),
    ],
    "`destination`, `customers`, `permit`, `private`": [
        ({"motor_vehicle": "destination"}, CAR, "summer", both(45)),
        ({"access": "customers"}, CAR, "summer", both(45)),
        ({"access": "permit"}, CAR, "summer", both(45)),
        ({"access": "private"}, CAR, "summer", both(180)),  # 20 km/h
        ({"access": "private"}, PLAIN, "summer", both(None)),
    ],
    "`oneway`, `oneway:motor_vehicle`, `oneway:bicycle`": [
        ({"oneway": "yes"}, CAR, "summer", (45, None)),
        ({"oneway": "-1"}, CAR, "summer", (None, 45)),
        ({"oneway": "yes", "oneway:motor_vehicle": "no"}, CAR, "summer", both(45)),
        ({"oneway": "yes", "oneway:motorcar": "no"}, CAR, "summer", both(45)),
        ({"oneway": "yes", "oneway:vehicle": "no"}, CAR, "summer", both(45)),
        ({"oneway:vehicle": "yes"}, BICYCLE, "summer", (225, None)),
        ({"oneway": "yes", "oneway:bicycle": "no"}, CAR, "summer", (45, None)),
        ({"oneway": "yes"}, WALK, "summer", both(720)),
    ],
    "`cycleway=opposite_lane` and its like": [
        ({"oneway": "yes", "cycleway": "opposite"}, BICYCLE, "summer", both(225)),
        ({"oneway": "yes", "cycleway": "opposite_track"}, BICYCLE, "summer", both(225)),
        ({"oneway": "yes", "cycleway:left": "opposite_lane"}, BICYCLE, "summer", both(225)),
        ({"oneway": "yes", "cycleway:left": "lane", "cycleway:left:oneway": "-1"},
         BICYCLE, "summer", both(225)),
        ({"oneway": "yes", "cycleway:right": "track", "cycleway:right:oneway": "no"},
         BICYCLE, "summer", both(225)),
        ({"oneway": "-1", "cycleway": "opposite_lane"}, BICYCLE, "summer", both(225)),
        ({"oneway": "yes", "cycleway": "lane"}, BICYCLE, "summer", (225, None)),
        ({"oneway": "yes", "cycleway": "opposite_lane"}, CAR, "summer", (45, None)),
    ],
    "`highway=pedestrian` (footway, cycleway, path) with a key of cars": [
        ({"highway": "pedestrian"}, CAR, "summer", both(None)),
        ({"highway": "pedestrian", "access": "yes"}, CAR, "summer", both(None)),
        ({"highway": "pedestrian", "motor_vehicle": "yes"}, CAR, "summer", both(360)),  # 10 km/h
        ({"highway": "pedestrian", "motor_vehicle": "destination"}, CAR, "summer", both(360)),
        ({"highway": "pedestrian", "motorcar": "permissive"}, CAR, "summer", both(360)),
        ({"highway": "footway", "motor_vehicle": "private"}, CAR, "summer", both(360)),
        ({"highway": "cycleway", "motor_vehicle": "no"}, CAR, "summer", both(None)),
        ({"highway": "steps", "motor_vehicle": "yes"}, CAR, "summer", both(None)),
    ],
    "`maxspeed`": [
        ({"maxspeed": "50"}, CAR, "summer", both(76)),  # 47.5 km/h: 75.8 s
        ({"maxspeed": "3 mph"}, CAR, "summer", both(785)),  # 4.83 km/h, 0.95 of it
        ({"maxspeed": "walk"}, CAR, "summer", both(758)),  # 5 km/h, 0.95 of it
        ({"maxspeed": "50;80"}, CAR, "summer", both(45)),
        ({"maxspeed:forward": "40", "maxspeed": "80"}, CAR, "summer", (95, 47)),
    ],
    "`:conditional`": [
        ({"motor_vehicle:conditional": "no @ (Nov-Apr)"}, CAR, "winter", both(None)),
        ({"motor_vehicle:conditional": "no @ (Nov-Apr)"}, CAR, "summer", both(45)),
        ({"access:conditional": "no @ (Nov 15-Apr 15)"}, CAR, "winter", both(None)),
        ({"access:conditional": "no @ winter"}, CAR, "winter", both(None)),
        ({"motor_vehicle": "no", "motor_vehicle:conditional": "yes @ (May-Oct)"},
         CAR, "summer", both(45)),
        ({"maxspeed": "50", "maxspeed:conditional": "40 @ (May-Sep)"}, CAR, "summer", both(95)),
        ({"maxspeed": "50", "maxspeed:conditional": "30 @ (07:00-16:00)"}, CAR, "summer", both(76)),
        ({"access:conditional": "no @ snow; no @ (Mo-Fr)"}, CAR, "winter", both(47)),
        ({"motor_vehicle:conditional": "no @ (Nov-Apr)"}, PLAIN, "winter", both(45)),
    ],
    "`seasonal`, `ice_road`, `winter_road`": [
        ({"seasonal": "winter"}, CAR, "summer", both(None)),
        ({"seasonal": "spring;summer;autumn"}, CAR, "winter", both(None)),
        ({"seasonal": "spring;summer;autumn"}, CAR, "summer", both(45)),
        ({"ice_road": "yes"}, CAR, "winter", both(47)),  # 80 km/h x 0.95: 47.4 s
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "tags", "table", "season", "expected"),
    [(row, *case) for row, cases in ROWS.items() for case in cases],
)
def test_the_map_is_read_as_the_table_says(row, tags, table, season, expected):
    world = World("s-a-b-t", {"sa": "primary", "ab": {"highway": "primary"} | tags})
    found = world.times("ab", "ab", speeds=table, season=season, max_leg_m=1)
    assert (found["a"]["b"], found["b"]["a"]) == expected


def test_every_row_of_the_table_is_tested():
    text = METHOD.read_text(encoding="utf-8")
    table = text.split("## What the map says and what we do")[1].split("\n## ")[0]
    rows = [line.split(" | ")[0].strip("| ") for line in table.splitlines() if line[:2] == "| "]
    assert set(rows[2:]) == {*ROWS, *ELSEWHERE}


#: Rows whose tests need another drawing than one road.
ELSEWHERE = {
    "barriers: `gate`, `bollard`, `bollard=rising`": "test_what_a_barrier_says",
    "`route=ferry`, `duration`": "test_a_ferry_lasts_as_long_as_it_says",
    "`motorroad=yes`, `tunnel=yes`, motorways": "test_nobody_stands_in_a_tunnel",
    "the same road twice, missing nodes": "test_osm_files.py",
    "turn restrictions": "test_osm_files.py, test_travel_times.py",
}


@pytest.mark.parametrize(
    ("tags", "passes"),
    [
        ({"barrier": "gate"}, True),
        ({"barrier": "gate", "motor_vehicle": "agricultural;forestry"}, False),
        ({"barrier": "gate", "access": "permit"}, True),
        ({"barrier": "bollard"}, False),
        ({"barrier": "bollard", "bollard": "rising"}, True),
        ({"barrier": "bollard", "bollard": "removable"}, False),
        ({"barrier": "bollard", "bollard": "rising", "motor_vehicle": "no"}, False),
        ({"barrier": "bollard", "motor_vehicle": "agricultural;destination"}, True),
    ],
)
def test_what_a_barrier_says(tags, passes):
    world = World("a-b-c", nodes={"b": tags})
    assert world.times("a", "c", speeds=CAR, max_leg_m=1)["a"]["c"] == (90 if passes else None)


# --- ferries -------------------------------------------------------------------------------------

#   a-b..c..d-e    45 s to the quay at b, 300 s of waiting, the crossing, 45 s from the quay at d
SHIP = {"route": "ferry", "motor_vehicle": "yes"}


def crossing(**tags: str) -> int | None:
    world = World("a-b.c.d-e", {"bc": SHIP | tags, "cd": SHIP | tags, "ab": "primary",
                                "de": "primary"})  # fmt: skip
    found = world.times("a", "e", speeds=CAR, max_leg_m=1)
    assert found == world.times("a", "e", speeds=CAR, max_leg_m=1)
    return found["a"]["e"]


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("00:40", 45 + 300 + 2400 + 45),  # once, though two ways carry it
        ("PT40M", 2790),
        ("PT0.5H", 2190),
        ("P1DT1H", 390 + 720),  # 2 km in a day and an hour are 0.08 km/h: 10 km/h instead
        ("00:01", 390 + 720),  # 120 km/h: no ship; 2 km at 10 km/h
        ("40 minutes", 390 + 720),
    ],
)
def test_a_ferry_lasts_as_long_as_it_says(duration, expected):
    assert crossing(duration=duration) == expected


def test_a_duration_that_cannot_be_used_is_counted():
    for duration, what in (("00:00:20", "implausible"), ("40 minutes", "unreadable")):
        world = World("a-b.c-d", {"bc": SHIP | {"duration": duration}, "ab": "primary",
                                  "cd": "primary"})  # fmt: skip
        table = built_in_table(CAR)
        assert drive_times(world.network(CAR), table).counts[f"ferry_duration_{what}"] == 1


def test_two_ferries_that_meet_at_a_port_take_their_time_each():
    tags = SHIP | {"duration": "00:10"}
    drawing = """
    a-b.c.d-e
        |
        f
    """
    world = World(drawing, {"bc": tags, "cd": tags, "ab": "primary", "de": "primary",
                            "cf": "primary"})  # fmt: skip
    found = world.times("a", "e", speeds=CAR, max_leg_m=1)
    assert found["a"]["e"] == 45 + 300 + 600 + 300 + 600 + 45


# --- where people stand --------------------------------------------------------------------------


@pytest.mark.parametrize("table", [CAR, PLAIN])
@pytest.mark.parametrize(
    "tags", [{"highway": "motorway", "oneway": "no"}, {"motorroad": "yes"}, {"tunnel": "yes"}]
)
def test_nobody_stands_in_a_tunnel(table, tags):
    world = World("a-b-c", {"ab": {"highway": "trunk"} | tags, "bc": "primary"})
    found = world.times("a", "c", speeds=table, max_leg_m=2000)
    assert found["a"]["c"] == 180 + 45  # 1 km on foot to b at the legs' 20 km/h, 1 km of road
