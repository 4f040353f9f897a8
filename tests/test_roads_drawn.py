"""Roads drawn as text and written as real OpenStreetMap files: which are open, and how long.

A step is 1 km. A primary takes 45 s a kilometre by car (80 km/h in `plain` and `finland-car`),
225 s by bicycle (16 km/h) and 720 s on foot (5 km/h).
"""

from __future__ import annotations

import copy
import gzip

import networkx as nx
import numpy as np
import osmium
import osmnx
import pytest
import shapely
from osmium.osm.mutable import Node, Way
from pyproj import Transformer
from world import CRS, World

from accessibility import read_network
from accessibility.errors import DataError, NetworkError
from accessibility.network import drive_times, search_graph
from accessibility.sources.graphs import graph_from_network, network_from_graph
from accessibility.sources.networks import read_network_file
from accessibility.sources.osm import read_osm
from accessibility.sources.speed_tables import built_in_table
from accessibility.speeds import SpeedTable

TABLES = ("bicycle", "finland-car", "plain", "walk")
PRIMARY_S = {"bicycle": 225, "finland-car": 45, "plain": 45, "walk": 720}

# A car's table without any delay, for drawings about turns alone.
TURNS = SpeedTable(name="turns", mode="car", speed_km_h={"primary": 80}, turn_restrictions=True)


def one_road(tags, table, *, season="summer"):
    """Time 1 km of a road from a to b and from b to a; ordinary roads lead on at both ends."""
    world = World("s-a-b-t", {"sa": "primary", "ab": tags})
    found = world.times("ab", "ab", speeds=table, season=season, max_leg_m=1)
    back = world.times("ab", "ab", speeds=table, season=season, max_leg_m=1, direction="from_sites")
    assert found["a"]["b"] == back["b"]["a"]
    assert found["b"]["a"] == back["a"]["b"]
    return found["a"]["b"], found["b"]["a"]


# --- the map as it is drawn ----------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2"])
def test_every_form_of_openstreetmap_file_gives_the_same_times(tmp_path, suffix):
    world = World(
        """
        a-b-c
          |
          d
        """,
        {"bd": {"oneway": "yes"}},
        nodes={"b": {"highway": "traffic_signals"}},
        turns=[("ab", "b", "bd", "no_right_turn")],
    )
    path = world.write_osm(tmp_path / f"drawn{suffix}")
    network = read_network(path, speeds="finland-car", cache=False)
    assert (network.nodes, network.edges, len(network.turns.via)) == (4, 3, 1)
    # 45 s a kilometre and 7 s for passing b; to d over c, as one may not turn right at b, where
    # the U-turn takes 20 s
    expected = {"a": {"a": 0, "c": 97, "d": 214}, "c": {"a": 97, "c": 0, "d": 97}}
    found = world.times("ac", "acd", speeds="finland-car", network=network, max_leg_m=1)
    assert found == expected


def test_a_road_takes_as_long_as_it_is_drawn():
    world = World("a-----b")
    assert world.length_m("ab") == pytest.approx(3000, abs=0.02)
    assert world.network().segment_m.tolist() == pytest.approx([3000], abs=0.02)
    world.expect("""
        |   |   a |   b |
        | a |   0 | 135 |
        | b | 135 |   0 |
    """)


def test_ways_that_share_a_node_meet_there():
    world = World(
        """
          a
          |
        b-m-c
          |
          d
        """,
        {"amd": "primary", "bmc": "residential"},  # 45 and 90 s a kilometre
    )
    world.expect("""
        |   |   a |   b |   c |   d |
        | a |   0 | 135 | 135 |  90 |
        | b | 135 |   0 | 180 | 135 |
        | c | 135 | 180 |   0 | 135 |
        | d |  90 | 135 | 135 |   0 |
    """)


def test_a_bridge_does_not_meet_the_road_below():
    world = World("""
          a
          |
        b-+-c
          |
          d
    """)
    world.expect(
        """
        |   |   a |   b |   c |   d |
        | a |   0 |     |     |  90 |
        | b |     |   0 |  90 |     |
        | c |     |  90 |   0 |     |
        | d |  90 |     |     |   0 |
        """,
        max_leg_m=1,
    )


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("table", ["plain", "finland-car"])
def test_of_parallel_roads_the_faster_counts(order, table):
    parallel = [("ab", {"highway": "service"}), ("ab", {"highway": "primary"})]
    world = World("s-a-b-t", [parallel[place] for place in order])
    # never the sum, which an unguarded sparse matrix would make of them
    world.expect(
        """
        |   |  s |  t |
        | s |    | 135 |
        | t | 135 |    |
        """.replace("|    |", "|  0 |"),
        speeds=table,
    )


def test_each_direction_has_its_own_fastest_of_parallel_roads():
    world = World("s-a-b-t", [("ab", {"oneway": "yes"}), ("ba", "residential"), ("ab", "service")])
    world.expect("""
        |   |   s |   t |
        | s |   0 | 135 |
        | t | 180 |   0 |
    """)  # back over the residential road: 90 s instead of 45 s


def test_nodes_at_the_same_place_are_no_teleport():
    # ten steps of no length: a tenth of a second each, and not nothing
    names = "abcdefghijk"
    world = World(
        places=dict.fromkeys(names, (0, 0)) | {"y": (-1000, 0), "z": (1000, 0)},
        roads={f"y{names}z": "primary"},
    )
    world.expect("""
        |   |  y |  z |
        | y |  0 | 91 |
        | z | 91 |  0 |
    """)


def test_a_way_may_pass_a_place_twice():
    world = World(
        """
        a-b-c
          | |
          e-d
        """,
        {"abcdeb": {"highway": "primary"}},
    )
    world.expect("""
        |   |   a |   c |   d |   e |
        | a |   0 |  90 | 135 |  90 |
        | c |  90 |   0 |  45 |  90 |
        | d | 135 |  45 |   0 |  45 |
        | e |  90 |  90 |  45 |   0 |
    """)


def test_what_the_map_calls_a_road_is_kept():
    world = World("a-b-c", {"ab": {"ref": "9", "name": "Äänekoskentie"}, "bc": "residential"})
    network = world.network()
    assert dict(zip(network.way_name, network.way_ref, strict=True)) == {
        "Äänekoskentie": "9",
        "": "",
    }
    assert network.way_id.tolist() == [101, 102]


# --- one-way roads -------------------------------------------------------------------------------

BOTH, FORWARD, BACKWARD, NEITHER = (True, True), (True, False), (False, True), (False, False)


@pytest.mark.parametrize("table", ["plain", "finland-car", "bicycle"])
@pytest.mark.parametrize(
    ("tags", "open_ways"),
    [
        ({}, BOTH),
        ({"oneway": "no"}, BOTH),
        ({"oneway": "yes"}, FORWARD),
        ({"oneway": "true"}, FORWARD),
        ({"oneway": "1"}, FORWARD),
        ({"oneway": " yes "}, FORWARD),
        ({"oneway": "-1"}, BACKWARD),
        ({"oneway": "reverse"}, BACKWARD),
        ({"oneway": "reversible"}, NEITHER),
        ({"oneway": "alternating"}, NEITHER),
        ({"junction": "roundabout"}, FORWARD),
        ({"junction": "circular"}, FORWARD),
        ({"junction": "roundabout", "oneway": "-1"}, BACKWARD),
        ({"junction": "roundabout", "oneway": "no"}, BOTH),
        ({"junction": "jughandle"}, BOTH),
    ],
)
def test_one_ways_bind_those_who_drive(table, tags, open_ways):
    expected = tuple(PRIMARY_S[table] if is_open else None for is_open in open_ways)
    assert one_road(tags, table) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"oneway": "yes"}, (720, 720)),
        ({"oneway": "-1"}, (720, 720)),
        ({"junction": "roundabout"}, (720, 720)),
        ({"oneway": "reversible"}, (720, 720)),
        ({"oneway:foot": "yes"}, (720, None)),
        ({"oneway:foot": "-1"}, (None, 720)),
    ],
)
def test_only_a_sign_for_walkers_binds_walkers(tags, expected):
    assert one_road(tags, "walk") == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"oneway": "yes", "oneway:bicycle": "no"}, (225, 225)),
        ({"oneway:bicycle": "yes"}, (225, None)),
        ({"oneway": "yes", "oneway:bicycle": "-1"}, (None, 225)),
        ({"junction": "roundabout", "oneway:bicycle": "no"}, (225, 225)),
        ({"oneway": "reversible", "oneway:bicycle": "no"}, (225, 225)),
    ],
)
def test_a_sign_for_bicycles_goes_before_the_one_for_all(tags, expected):
    assert one_road(tags, "bicycle") == expected


@pytest.mark.parametrize(
    ("tags", "plain", "finland"),
    [
        ({"highway": "motorway"}, (36, None), (34, None)),  # 100 and 107 km/h
        ({"highway": "motorway", "oneway": "no"}, (36, 36), (34, 34)),
        ({"highway": "motorway", "oneway": "-1"}, (None, 36), (None, 34)),
        ({"highway": "motorway_link"}, (60, 60), (60, 60)),  # a ramp says so itself
    ],
)
def test_a_motorway_is_one_way_unless_it_says_otherwise(tags, plain, finland):
    assert one_road(tags, "plain") == plain
    assert one_road(tags, "finland-car") == finland


def test_a_roundabout_is_driven_round():
    world = World(
        """
          n
          |
          a
         / \\
        d   b
         \\ /
          c-s
        """,
        {"adcba": {"junction": "roundabout"}, "na": "primary", "cs": "primary"},
    )
    # sides of 1.414 km: 63.6 s each, two of them either way round; 45 s on each arm
    world.expect("""
        |   |   n |   s |   b |   d |
        | n |   0 | 217 | 236 | 109 |
        | s | 217 |   0 | 109 | 236 |
    """)


# --- access --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "plain", "finland"),
    [
        # seconds for 1 km; 180: a private road at 20 km/h
        ({}, 45, 45),
        ({"access": "yes"}, 45, 45),
        ({"access": "no"}, None, None),
        ({"vehicle": "no"}, None, None),
        ({"motor_vehicle": "no"}, None, None),
        ({"motorcar": "no"}, None, None),
        ({"motorcar": " no "}, None, None),
        # the most specific key decides, or any closed value closes
        ({"access": "no", "vehicle": "yes"}, None, 45),
        ({"access": "no", "motor_vehicle": "yes"}, None, 45),
        ({"access": "no", "motorcar": "yes"}, None, 45),
        ({"vehicle": "no", "motor_vehicle": "destination"}, None, 45),
        ({"motor_vehicle": "no", "motorcar": "yes"}, None, 45),
        ({"access": "yes", "vehicle": "no"}, None, None),
        ({"vehicle": "yes", "motor_vehicle": "no"}, None, None),
        ({"motor_vehicle": "yes", "motorcar": "no"}, None, None),
        ({"access": "no", "vehicle": "no", "motor_vehicle": "no", "motorcar": "yes"}, None, 45),
        # private roads lead to homes
        ({"access": "private"}, None, 180),
        ({"motor_vehicle": "private"}, None, 180),
        ({"access": "no", "motor_vehicle": "private"}, None, 180),
        ({"access": "private", "motor_vehicle": "yes"}, None, 45),
        ({"access": "private", "motor_vehicle": "no"}, None, None),
        ({"access": "private", "highway": "service"}, None, 240),  # 15 km/h: never faster
        # who else is let in
        ({"access": "destination"}, 45, 45),
        ({"access": "customers"}, 45, 45),
        ({"access": "permissive"}, 45, 45),
        ({"motor_vehicle": "agricultural"}, 45, None),
        ({"motor_vehicle": "forestry"}, 45, None),
        ({"access": "emergency"}, 45, None),
        ({"access": "military"}, 45, None),
        ({"motor_vehicle": "delivery"}, 45, None),
        ({"motor_vehicle": "bus"}, 45, None),
        ({"access": "psv"}, 45, None),
        # keys of others
        ({"foot": "no", "bicycle": "no", "hgv": "no"}, 45, 45),
    ],
)
def test_access_for_cars(tags, plain, finland):
    assert one_road(tags, "plain") == (plain, plain)
    assert one_road(tags, "finland-car") == (finland, finland)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"access": "no"}, None),
        ({"access": "no", "bicycle": "yes"}, 225),
        ({"vehicle": "no"}, None),
        ({"vehicle": "no", "bicycle": "yes"}, 225),
        ({"access": "yes", "bicycle": "no"}, None),
        ({"bicycle": "use_sidepath"}, None),
        ({"bicycle": "dismount"}, None),
        ({"access": "agricultural"}, None),
        ({"access": "private"}, 300),  # 12 km/h
        ({"motor_vehicle": "no", "motorcar": "no", "foot": "no"}, 225),
    ],
)
def test_access_for_bicycles(tags, expected):
    assert one_road(tags, "bicycle") == (expected, expected)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"access": "no"}, None),
        ({"access": "no", "foot": "yes"}, 720),
        ({"access": "yes", "foot": "no"}, None),
        ({"foot": "use_sidepath"}, None),
        ({"access": "military"}, None),
        ({"access": "private"}, 720),
        ({"foot": "private", "highway": "steps"}, 1440),  # 2.5 km/h: never faster
        ({"vehicle": "no", "motor_vehicle": "no", "bicycle": "no"}, 720),
    ],
)
def test_access_for_walkers(tags, expected):
    assert one_road(tags, "walk") == (expected, expected)


@pytest.mark.parametrize(
    ("tags", "closed_to"),
    [
        ({"motorroad": "yes"}, {"walk", "bicycle"}),
        ({"motorroad": "no"}, set()),
        ({"impassable": "yes"}, {"walk", "bicycle", "finland-car"}),
        ({"smoothness": "impassable"}, {"walk", "bicycle", "finland-car"}),
        ({"smoothness": "very_horrible"}, {"bicycle", "finland-car"}),
        ({"4wd_only": "yes"}, {"finland-car"}),
        ({"service": "emergency_access"}, {"finland-car"}),
        ({"service": "driveway"}, set()),
        ({"impassable": "yes", "motor_vehicle": "yes", "bicycle": "yes", "foot": "yes"},
         {"walk", "bicycle", "finland-car"}),
    ],
)  # fmt: skip
def test_some_tags_close_a_way_whatever_else_it_says(tags, closed_to):
    for table in TABLES:
        expected = None if table in closed_to else PRIMARY_S[table]
        assert one_road(tags, table) == (expected, expected), table


# --- roads that are not there, or not always -----------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "state", ["construction", "proposed", "planned", "abandoned", "razed", "disused"]
)
def test_a_road_that_is_not_built_or_no_more_is_closed(table, state):
    tags = {"highway": state, state: "primary", "access": "yes", "motor_vehicle": "yes"}
    assert one_road(tags, table) == (None, None)


@pytest.mark.parametrize(
    "tags", [{"ice_road": "yes"}, {"winter_road": "yes"}, {"seasonal": "winter"}]
)
def test_an_ice_road_is_open_in_winter_only_and_only_where_a_table_says_so(tags):
    assert one_road(tags, "finland-car", season="summer") == (None, None)
    assert one_road(tags, "finland-car", season="winter") == (47, 47)  # 76 km/h
    for table in ("plain", "bicycle", "walk"):
        assert one_road(tags, table, season="summer") == (None, None)
        assert one_road(tags, table, season="winter") == (None, None)


def test_a_table_may_close_ice_roads():
    table = SpeedTable(
        name="t", mode="car", speed_km_h={"primary": 80}, winter={"ice_roads": False}
    )
    assert one_road({"ice_road": "yes"}, table, season="winter") == (None, None)


@pytest.mark.parametrize("table", TABLES)
def test_a_summer_road_is_closed_in_winter(table):
    summer_s = PRIMARY_S[table]
    assert one_road({"seasonal": "summer"}, table, season="summer") == (summer_s, summer_s)
    assert one_road({"seasonal": "summer"}, table, season="winter") == (None, None)


@pytest.mark.parametrize("tags", [{"ice_road": "no"}, {"seasonal": "no"}])
def test_a_road_that_is_no_ice_road_is_open_all_year(tags):
    assert one_road(tags, "plain", season="winter") == (45, 45)
    assert one_road(tags, "plain", season="summer") == (45, 45)


@pytest.mark.parametrize(
    ("table", "expected"), [("plain", 45), ("finland-car", 75), ("bicycle", 285), ("walk", 780)]
)
def test_a_ford_on_a_way_costs_its_delay(table, expected):
    assert one_road({"ford": "yes"}, table) == (expected, expected)
    assert one_road({"ford": "no"}, table) == (PRIMARY_S[table],) * 2


def test_half_a_ford_costs_half_its_delay():
    # the way's middle piece of 1 km holds the ford: 45 s of driving and 30 s of delay there
    world = World(
        "s-a-b-1-c-d",
        [("sa", "primary"), ("abcd", {"ford": "yes"})],
    )
    world.expect(
        """
        |   |   a |   b |   1 |   c |   d |
        | a |   0 |  45 | 105 | 165 | 210 |
        | 1 | 105 |  60 |   0 |  60 | 105 |
        | d | 210 | 165 | 105 |  45 |   0 |
        """,
        speeds="finland-car",
    )


@pytest.mark.parametrize(
    ("table", "expected"), [("plain", 90), ("finland-car", 120), ("bicycle", 510), ("walk", 1500)]
)
def test_a_ford_at_a_node_costs_its_delay_once(table, expected):
    world = World("a-b-c", {"abc": "primary"}, nodes={"b": {"ford": "yes"}})
    world.expect(
        f"""
        |   |          a |          c |
        | a |          0 | {expected} |
        | c | {expected} |          0 |
        """,
        speeds=table,
    )


def test_a_table_without_a_ford_delay_closes_fords_on_ways_and_at_nodes():
    table = SpeedTable(name="t", mode="car", speed_km_h={"primary": 80})
    assert one_road({"ford": "yes"}, table) == (None, None)
    assert one_road({"ford": "stepping_stones"}, table) == (None, None)
    world = World("a-b-c", {"abc": "primary"}, nodes={"b": {"ford": "yes"}})
    assert world.times("a", "c", speeds=table, max_leg_m=1) == {"a": {"c": None}}


# --- barriers ------------------------------------------------------------------------------------

PASSED = {
    "finland-car": {
        "cattle_grid", "border_control", "toll_booth", "sally_port", "entrance", "arch",
        "height_restrictor", "kerb", "no", "gate", "lift_gate", "swing_gate", "sliding_gate",
        "bump_gate", "hampshire_gate",
    },
    "walk": {
        "arch", "block", "bollard", "border_control", "bump_gate", "bus_trap", "cattle_grid",
        "chain", "cycle_barrier", "debris", "entrance", "full-height_turnstile", "gate",
        "hampshire_gate", "height_restrictor", "horse_stile", "jersey_barrier", "kerb",
        "kissing_gate", "lift_gate", "log", "motorcycle_barrier", "no", "planter", "rope",
        "sally_port", "sliding_gate", "spikes", "stile", "sump_buster", "swing_gate", "toll_booth",
        "turnstile", "wicket_gate",
    },
    "bicycle": {
        "arch", "block", "bollard", "border_control", "bump_gate", "bus_trap", "cattle_grid",
        "chain", "cycle_barrier", "entrance", "gate", "hampshire_gate", "height_restrictor",
        "jersey_barrier", "kerb", "lift_gate", "motorcycle_barrier", "no", "planter", "sally_port",
        "sliding_gate", "sump_buster", "swing_gate", "toll_booth",
    },
}  # fmt: skip
STOPPING = {"wall", "fence", "yes", "hedge", "guard_rail", "ditch"}
KINDS = sorted(STOPPING.union(*PASSED.values()))


@pytest.mark.parametrize("table", TABLES)
def test_what_a_barrier_lets_pass(table):
    # one road a kind, all on one map, 90 s or 450 s or 1440 s from end to end
    names = (
        "ABCDEFGHIJKLMNOPQRSTUVWXYZÅÄÖÆØÐÞabcdefghijklmnopqrstuvwxyzåäöæøðþαβγδεζηθικλμνξοπρστυφχψω"
    )
    names += "абвгдежзийклмнопрстуфхцчшщъыьэюяЖ"
    places, roads, nodes, triples = {}, {}, {}, {}
    for row, kind in enumerate(KINDS):
        west, middle, east = names[3 * row : 3 * row + 3]
        for column, name in enumerate((west, middle, east)):
            places[name] = (1000 * column, -1000 * row)
        roads[west + middle + east] = "primary"
        nodes[middle] = {"barrier": kind}
        triples[kind] = west, east
    world = World(places=places, roads=roads, nodes=nodes)
    for there, back in ((0, 1), (1, 0)):
        starts, ends = ([pair[side] for pair in triples.values()] for side in (there, back))
        found = world.times(starts, ends, speeds=table, max_leg_m=1)
        passed = {kind for kind, pair in triples.items() if found[pair[there]][pair[back]]}
        assert passed == PASSED.get(table, set(KINDS))  # the plain model has no barriers
        for kind in passed:
            pair = triples[kind]
            assert found[pair[there]][pair[back]] == 2 * PRIMARY_S[table]


@pytest.mark.parametrize("table", ["finland-car", "walk", "bicycle"])
def test_every_barrier_that_a_table_opens_has_a_drawn_road(table):
    assert set(built_in_table(table).barrier_open) == PASSED[table]
    assert not built_in_table("plain").barriers


@pytest.mark.parametrize(
    ("table", "tags", "passes"),
    [
        ("finland-car", {"barrier": "bollard", "motor_vehicle": "yes"}, True),
        ("finland-car", {"barrier": "bollard", "access": "permissive"}, True),
        ("finland-car", {"barrier": "bollard", "foot": "yes", "bicycle": "yes"}, False),
        ("finland-car", {"barrier": "bollard", "access": "private"}, False),
        ("finland-car", {"barrier": "gate", "access": "private"}, True),
        ("finland-car", {"barrier": "gate", "access": "no"}, False),
        ("finland-car", {"barrier": "gate", "motor_vehicle": "no"}, False),
        ("finland-car", {"barrier": "gate", "access": "no", "motorcar": "yes"}, True),
        ("finland-car", {"barrier": "lift_gate", "vehicle": "emergency"}, False),
        ("bicycle", {"barrier": "gate", "bicycle": "no"}, False),
        ("bicycle", {"barrier": "stile", "bicycle": "yes"}, True),
        ("bicycle", {"barrier": "gate", "motor_vehicle": "no"}, True),
        ("walk", {"barrier": "fence", "foot": "yes"}, True),
        ("walk", {"barrier": "gate", "foot": "no"}, False),
        ("walk", {"barrier": "gate", "vehicle": "no"}, True),
        ("plain", {"barrier": "gate", "access": "no"}, True),
    ],
)
def test_the_access_tags_of_a_barrier_go_before_its_kind(table, tags, passes):
    world = World("a-b-c", {"abc": "primary"}, nodes={"b": tags})
    expected = 2 * PRIMARY_S[table] if passes else None
    assert world.times("ac", "ac", speeds=table, max_leg_m=1) == {
        "a": {"a": 0, "c": expected},
        "c": {"a": expected, "c": 0},
    }


def test_a_closed_barrier_is_a_dead_end_on_either_side():
    world = World(
        """
        a-1-b-2-c
            |
            d
        """,
        step_m=1000,
        nodes={"b": {"barrier": "bollard"}},
    )
    # 1 and 2 stand 500 m from the bollard: they reach their own road's end and nobody else's
    world.expect(
        """
        |   |  a |  c |  d |  1 |  2 |
        | a |  0 |    |    | 45 |    |
        | c |    |  0 |    |    | 45 |
        | d |    |    |  0 |    |    |
        | 1 | 45 |    |    |  0 |    |
        | 2 |    | 45 |    |    |  0 |
        """,
        speeds="finland-car",
        max_leg_m=1,
    )


# --- delays at junctions and signals -------------------------------------------------------------

CROSS = """
      n
      |
    w-x-e
      |
      s
"""


@pytest.mark.parametrize(
    ("table", "straight"), [("plain", 90), ("finland-car", 97), ("bicycle", 450), ("walk", 1440)]
)
def test_passing_a_junction_costs_its_delay(table, straight):
    World(CROSS).expect(
        f"""
        |   |          w |          e |          n |
        | w |          0 | {straight} | {straight} |
        | e | {straight} |          0 | {straight} |
        """,
        speeds=table,
    )


@pytest.mark.parametrize(
    ("table", "straight"), [("plain", 90), ("finland-car", 97), ("bicycle", 460), ("walk", 1450)]
)
@pytest.mark.parametrize("drawing", [CROSS, "w-x-e"])
def test_passing_signals_costs_their_delay_once(table, straight, drawing):
    world = World(drawing, {"wxe": "primary"}, nodes={"x": {"highway": "traffic_signals"}})
    world.expect(
        f"""
        |   |          w |          e |
        | w |          0 | {straight} |
        | e | {straight} |          0 |
        """,
        speeds=table,
    )


@pytest.mark.parametrize(
    ("third", "straight"),
    [
        ("primary", 97),
        ("trunk", 97),
        ("secondary", 97),
        ("tertiary", 97),
        ("unclassified", 97),
        ("residential", 97),
        # yards, tracks, ramps and what cars may not use make no junction
        ("service", 90),
        ("track", 90),
        ("living_street", 90),
        ("road", 90),
        ("motorway_link", 90),
        ("primary_link", 90),
        ("footway", 90),
    ],
)
def test_only_roads_and_streets_make_a_junction(third, straight):
    world = World(CROSS, {"wxe": "primary", "nx": third, "xs": "footway"})
    assert world.times("w", "e", speeds="finland-car") == {"w": {"e": straight}}


def test_a_bend_is_no_junction():
    world = World("a-b-c", {"ab": "primary", "bc": "secondary"})
    assert world.times("a", "c", speeds="finland-car") == {"a": {"c": 94}}  # 45.0 + 48.6 s


def test_the_delay_is_for_passing_not_for_starting_or_arriving():
    world = World("""
            n
            |
            3
            |
    v---w-1-x-2-e
            |
            s
    """)
    # letters are 90 s apart; x is passed at 7 s, or starts or ends a drive
    world.expect(
        """
        |   |   x |   w |   e |   n |   1 |   2 |   3 |
        | v | 180 |  90 | 277 | 277 | 135 | 232 | 232 |
        | x |   0 |  90 |  90 |  90 |  45 |  45 |  45 |
        | w |  90 |   0 | 187 | 187 |  45 | 142 | 142 |
        | 1 |  45 |  45 | 142 | 142 |   0 |  97 |  97 |
        | 2 |  45 | 142 |  45 | 142 |  97 |   0 |  97 |
        | 3 |  45 | 142 | 142 |  45 |  97 |  97 |   0 |
        """,
        speeds="finland-car",
    )


# --- turn restrictions ---------------------------------------------------------------------------


def test_without_restrictions_every_turn_is_free():
    World(CROSS).expect(
        """
        |   |  w |  n |  e |
        | s | 90 | 90 | 90 |
        | n | 90 |  0 | 90 |
        """,
        speeds=TURNS,
    )


@pytest.mark.parametrize(
    ("restriction", "table"),
    [
        # from the south: the forbidden turn costs a drive on to the next road's end and back
        ({"turns": [("xs", "x", "wx", "no_left_turn")]}, {"w": 180, "n": 90, "e": 90}),
        ({"turns": [("xs", "x", "xe", "no_right_turn")]}, {"w": 90, "n": 90, "e": 180}),
        ({"turns": [("xs", "x", "nx", "no_straight_on")]}, {"w": 90, "n": 180, "e": 90}),
        ({"turns": [("xs", "x", "nx", "only_straight_on")]}, {"w": 180, "n": 90, "e": 180}),
        ({"turns": [("xs", "x", "wx", "only_left_turn")]}, {"w": 90, "n": 180, "e": 180}),
        ({"turns": [("xs", "x", "xe", "only_right_turn")]}, {"w": 180, "n": 180, "e": 90}),
        ({"turns": [("xs", "x", "xe nx", "no_exit")]}, {"w": 90, "n": 180, "e": 180}),
        ({"turns": [("xe xs", "x", "wx", "no_entry")]}, {"w": 180, "n": 90, "e": 90}),
        (
            {"turns": [("xs", "x", "wx", "only_left_turn"), ("xs", "x", "xe", "only_right_turn")]},
            {"w": 90, "n": 180, "e": 90},
        ),
        (
            {"turns": [("xs", "x", "wx", "no_left_turn"), ("xs", "x", "xe", "no_right_turn")]},
            {"w": 180, "n": 90, "e": 180},
        ),
        # of another road, another mode, or none
        ({"turns": [("wx", "x", "xs", "no_right_turn")]}, {"w": 90, "n": 90, "e": 90}),
        (
            {"turns": [("xs", "x", "wx", {"restriction:motorcar": "no_left_turn"})]},
            {"w": 180, "n": 90, "e": 90},
        ),
        (
            {"turns": [("xs", "x", "wx", {"restriction:hgv": "no_left_turn"})]},
            {"w": 90, "n": 90, "e": 90},
        ),
        (
            {
                "turns": [
                    ("xs", "x", "wx", {"restriction": "no_left_turn", "except": "psv;motorcar"})
                ]
            },
            {"w": 90, "n": 90, "e": 90},
        ),
        (
            {"turns": [("xs", "x", "wx", {"restriction": "no_left_turn", "except": "bicycle"})]},
            {"w": 180, "n": 90, "e": 90},
        ),
        (
            {"turns": [("xs", "x", "wx", {"restriction:conditional": "no_left_turn @ (07-09)"})]},
            {"w": 90, "n": 90, "e": 90},
        ),
        ({"turns": [("xs", "x", "wx", "straight_ahead")]}, {"w": 90, "n": 90, "e": 90}),
    ],
)
def test_a_turn_restriction_holds_for_the_road_that_it_names(restriction, table):
    world = World(CROSS, {"wx": "primary", "xe": "primary", "nx": "primary", "xs": "primary"},
                  **restriction)  # fmt: skip
    assert world.times("s", "wne", speeds=TURNS) == {"s": table}
    back = world.times("wne", "s", speeds=TURNS, direction="from_sites")
    assert {cell: times["s"] for cell, times in back.items()} == table


def test_a_turn_restriction_does_not_bind_the_way_back():
    world = World(CROSS, turns=[("xs", "x", "wx", "no_left_turn")])
    world.expect(
        """
        |   |  w |   s |
        | w |  0 |  90 |
        | s | 180 |  0 |
        """,
        speeds=TURNS,
    )


@pytest.mark.parametrize("table", ["plain", "bicycle", "walk"])
def test_turn_restrictions_bind_only_where_the_table_asks(table):
    world = World(CROSS, turns=[("xs", "x", "wx", "no_left_turn")])
    assert world.times("s", "w", speeds=table) == {"s": {"w": 2 * PRIMARY_S[table]}}
    # 45 s, 7 s at x, 90 s to an end and back and 20 s to turn round there, 7 s, 45 s
    assert world.times("s", "w", speeds="finland-car") == {"s": {"w": 214}}


def test_u_turns_may_be_forbidden():
    roads = {"wx": "primary", "xs": "primary", "nx": "primary"}
    drawing = """
          n
          |
        w-x
          |
          s
    """
    left = ("xs", "x", "wx", "no_left_turn")
    world = World(drawing, roads, turns=[left, ("nx", "n", "nx", "no_u_turn")])
    # nowhere to turn round: w cannot be reached, and is moved to x, 1 km away (45 and 180 s) ...
    assert world.times("s", "w", speeds=TURNS) == {"s": {"w": 225}}
    # ... where legs are long enough; else there is no way
    assert world.times("s", "w", speeds=TURNS, max_leg_m=1) == {"s": {"w": None}}
    world = World(drawing, roads, turns=[left, ("xs", "x", "xs", "no_u_turn")])
    assert world.times("s", "w", speeds=TURNS) == {"s": {"w": 180}}


def test_a_restriction_binds_from_and_to_the_middle_of_its_roads():
    world = World(
        """
            n
            |
        w-1-x-e
            |
            2
            |
            s
        """,
        turns=[("xs", "x", "wx", "no_left_turn")],
    )
    # from the middle of the one road to the middle of the other; x itself may be reached
    world.expect(
        """
        |   |   1 |   w |   x |   e |   2 |
        | 2 | 180 | 225 |  45 |  90 |   0 |
        | 1 |   0 |  45 |  45 |  90 |  90 |
        | x |  45 |  90 |   0 |  45 |  45 |
        """,
        speeds=TURNS,
    )


def test_restrictions_that_cannot_be_applied_are_counted():
    world = World(
        CROSS + "      |\n      t\n",
        turns=[
            ("xs", "x", "wx", "no_left_turn"),
            ("st", "xs", "wx", "no_left_turn"),  # via a way
            ("xs", "x", "wx", {"restriction:hgv": "no_left_turn"}),
        ],
    )
    counts = world.network("finland-car").counts
    assert counts["turn_restrictions"] == 2
    assert counts["turn_restrictions_left_out"] == 1


def test_a_way_is_cut_where_a_restriction_stands():
    world = World("a-b-c", {"abc": "primary"}, turns=[("abc", "b", "abc", "no_u_turn")])
    network = world.network("finland-car")
    assert (network.nodes, network.edges) == (3, 2)
    assert network.node_lon[network.turns.via] == world.lonlat("b")[:, 0]


def test_an_only_restriction_to_a_closed_road_forces_nobody():
    world = World(
        CROSS,
        {"nx": {"access": "no"}},
        turns=[("xs", "x", "nx", "only_straight_on")],
    )
    assert world.times("s", "w", speeds=TURNS) == {"s": {"w": 90}}


# --- ferries -------------------------------------------------------------------------------------

FERRY = {"route": "ferry", "motor_vehicle": "yes", "bicycle": "yes", "foot": "yes"}
SHORES = "a-b.c-d"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        # 45 s to the quay, 300 s of waiting, the crossing, 45 s: at 10 km/h, or the stated time
        ({}, 750),
        ({"duration": "00:10"}, 990),
        ({"duration": "10"}, 990),
        ({"duration": "PT1H"}, 3990),
        ({"duration": "soon"}, 750),
        ({"motor_vehicle": "destination"}, 750),
        ({"maxspeed": "50", "surface": "mud"}, 750),
        ({"access": "no"}, 750),  # the ferry's own key goes before
        ({"motor_vehicle": "no"}, None),
        ({"motor_vehicle": ""}, None),  # says nothing of cars: an excursion boat
        ({"motor_vehicle": "", "access": "yes"}, None),
        ({"motor_vehicle": "private"}, None),
        ({"motorcar": "no"}, None),
        ({"seasonal": "winter"}, None),
        ({"highway": "proposed"}, None),
    ],
)
def test_a_car_ferry_costs_its_wait_and_its_crossing(tags, expected):
    ferry = {key: value for key, value in (FERRY | tags).items() if value}
    world = World(SHORES, {"ab": "primary", "bc": ferry, "cd": "primary"})
    found = world.times("ad", "ad", speeds="finland-car", max_leg_m=1)
    assert found == {"a": {"a": 0, "d": expected}, "d": {"a": expected, "d": 0}}


@pytest.mark.parametrize(
    ("table", "expected"),
    [("walk", 2100), ("bicycle", 1110), ("plain", None)],  # 660 s beside the roads
)
def test_ferries_for_others(table, expected):
    world = World(SHORES, {"ab": "primary", "bc": FERRY, "cd": "primary"})
    assert world.times("a", "d", speeds=table, max_leg_m=1) == {"a": {"d": expected}}
    cars_only = {"route": "ferry", "motor_vehicle": "yes"}
    world = World(SHORES, {"ab": "primary", "bc": cars_only, "cd": "primary"})
    assert world.times("a", "d", speeds=table, max_leg_m=1) == {"a": {"d": None}}


def test_a_one_way_ferry_goes_one_way():
    world = World(SHORES, {"ab": "primary", "bc": FERRY | {"oneway": "yes"}, "cd": "primary"})
    assert world.times("ad", "ad", speeds="finland-car", max_leg_m=1) == {
        "a": {"a": 0, "d": 750},
        "d": {"a": None, "d": 0},
    }


def test_a_summer_ferry_does_not_go_in_winter():
    world = World(SHORES, {"ab": "primary", "bc": FERRY | {"seasonal": "summer"}, "cd": "primary"})
    assert world.times("a", "d", speeds="finland-car", season="winter", max_leg_m=1) == {
        "a": {"d": None}
    }


def test_one_waits_at_the_quay_and_not_at_sea():
    # two ferries that meet at m, where there is no road, and share the stretch to the shore
    world = World(
        """
        a-b...m.c-d
        """,
        {"ab": "primary", "bm": FERRY | {"duration": "20"}, "mc": FERRY, "cd": "primary"},
    )
    # 45 + 300 + 1200 + 360 + 45
    assert world.times("ad", "ad", speeds="finland-car", max_leg_m=1)["a"]["d"] == 1950
    assert world.times("ad", "ad", speeds="finland-car", max_leg_m=1)["d"]["a"] == 1950


def test_one_waits_again_on_an_island_with_a_road():
    world = World(
        "a-b.i-j.c-d",
        {"ab": "primary", "bi": FERRY, "ij": "primary", "jc": FERRY, "cd": "primary"},
    )
    # 45 + 660 + 45 + 660 + 45
    assert world.times("a", "d", speeds="finland-car") == {"a": {"d": 1455}}


def test_a_duration_is_for_the_whole_ferry():
    # the ferry calls at q on its way, a third along: 10 of its 30 minutes
    world = World(
        "a-b.q...c-d",
        {"ab": "primary", "bqc": FERRY | {"duration": "00:30"}, "cd": "primary", "qr": "primary"},
        places={"r": (2000, 1000)},
    )
    # 45 + 300 + 600 + 45, and from the other shore 45 + 300 + 1200 + 45
    assert world.times("ad", "r", speeds="finland-car") == {"a": {"r": 990}, "d": {"r": 1590}}


def test_slower_roads_do_not_slow_a_ferry():
    world = World(SHORES, {"ab": "primary", "bc": FERRY, "cd": "primary"})
    # 50 s a kilometre of road at 0.9 of 80 km/h
    assert world.times("a", "d", speeds="finland-car", speed_factor=0.9) == {"a": {"d": 760}}


# --- files that cannot be roads ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.osm.pbf", b"", r"the file is empty \(0 bytes\)"),
        ("page.osm.pbf", b"<!DOCTYPE html><html>404</html>", "looks like a web page"),
        ("noise.osm.pbf", bytes(range(256)) * 8, "cannot be read as OpenStreetMap data"),
        ("cut.osm", b'<osm version="0.6"><node id="1"', "cannot be read as OpenStreetMap data"),
        (
            "bomb.osm",
            b'<!DOCTYPE osm [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><osm version="0.6">&b;</osm>',
            "cannot be read as OpenStreetMap data",
        ),
        ("nothing.osm", b'<osm version="0.6"></osm>', "holds no road that the speed table"),
        ("past.osh.pbf", b"x", "history or change file"),
        ("change.osc.gz", gzip.compress(b"<osmChange/>", mtime=0), "history or change file"),
        ("cut.graphml", b"<graphml><graph>", "cannot be read as GraphML"),
        ("roads.shp", b"x", "of no known kind"),
    ],
)
def test_a_file_that_cannot_be_a_road_network_is_refused(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_network(path, speeds="plain", cache=False)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_file_cut_short_is_refused(tmp_path, share):
    path = World(CROSS).write_osm(tmp_path / "whole.osm.pbf")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(NetworkError, match=r"cannot be read|holds no road"):
        read_osm(path, built_in_table("plain"))


def test_an_extract_without_relations_is_read_and_counted(tmp_path):
    # osmium tags-filter leaves the relations out; so does a cut right after the last way
    dated = {"osmosis_replication_timestamp": "2026-11-01T00:00:00Z"}
    path = World(CROSS).write_osm(tmp_path / "filtered.osm.pbf", header=dated)
    assert read_osm(path, built_in_table("plain")).counts["files_without_relations"] == 1
    undated = World(CROSS).write_osm(tmp_path / "undated.osm.pbf")
    assert "files_without_relations" not in read_osm(undated, built_in_table("plain")).counts
    turns = [("xs", "x", "wx", "no_left_turn")]
    whole = World(CROSS, turns=turns).write_osm(tmp_path / "whole.osm.pbf", header=dated)
    assert "files_without_relations" not in read_osm(whole, built_in_table("plain")).counts


def written(path, ways, nodes):
    """Write a PBF of straight roads between two nodes each, among nodes of a straight line."""
    writer = osmium.SimpleWriter(str(path), overwrite=True)
    for number in range(1, nodes + 1):
        writer.add_node(Node(id=number, location=(26 + number * 1e-5, 62), version=1))
    for number in range(1, ways + 1):
        refs = [number, number + 1]
        writer.add_way(Way(id=number, nodes=refs, tags={"highway": "primary"}, version=1))
    writer.close()
    return path


@pytest.mark.parametrize(
    ("ways", "nodes", "reason"),
    [(8_000, 8_001, "last block of ways is full"), (90, 200, "no way uses 55% of its nodes")],
)
def test_an_extract_cut_between_blocks_is_refused(tmp_path, ways, nodes, reason):
    path = written(tmp_path / "cut.osm.pbf", ways, nodes)  # 109 of 200 nodes: 54.5 %
    with pytest.raises(NetworkError, match=f"{reason}: the download stopped at a block boundary"):
        read_osm(path, built_in_table("plain"))


def test_an_extract_is_whole_where_its_ways_use_all_nodes(tmp_path):
    path = written(tmp_path / "whole.osm.pbf", 7_999, 8_000)
    assert read_osm(path, built_in_table("plain")).edges == 7_999


def test_a_file_that_does_not_match_its_checksum_is_refused(tmp_path):
    path = World(CROSS).write_osm(tmp_path / "roads.osm.pbf")
    (tmp_path / "roads.osm.pbf.md5").write_text("0" * 32 + "  roads.osm.pbf\n")
    with pytest.raises(DataError, match=r"roads\.osm\.pbf\.md5 says 0000"):
        read_network_file(path, built_in_table("plain"))
    with pytest.raises(NetworkError, match="the study states ffff"):
        read_network_file(path, built_in_table("plain"), expected_sha256="ffff")


def test_ways_with_many_missing_nodes_are_refused(tmp_path):
    text = """<osm version="0.6">
    <node id="1" lat="62" lon="26"/><node id="2" lat="62.01" lon="26"/>
    <way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/></way></osm>"""
    path = tmp_path / "clipped.osm"
    path.write_text(text)
    with pytest.raises(NetworkError, match=r"1 of the 3 nodes .* complete_ways"):
        read_osm(path, built_in_table("plain"))


def test_a_way_ends_at_a_missing_node_and_goes_on_after_it(tmp_path):
    nodes = "".join(f'<node id="{n}" lat="62" lon="{26 + n / 1000}"/>' for n in range(1, 200))
    refs = "".join(f'<nd ref="{n}"/>' for n in (*range(1, 100), 999, *range(100, 200)))
    text = f'<way id="1">{refs}<tag k="highway" v="primary"/></way>'
    path = tmp_path / "clipped.osm"
    path.write_text(f'<osm version="0.6">{nodes}{text}</osm>')
    network = read_osm(path, built_in_table("plain"))
    assert network.counts["way_nodes_missing"] == 1
    assert network.counts["ways_cut_at_missing_nodes"] == 1
    assert (network.edges, len(network.point_lon)) == (2, 199)
    assert network.origin["share_of_road_missing"] == "0.0101"  # 2 of 199 stretches
    assert network.segment_m.max() < 60  # 52 m from node to node, and no bridge of 104 m


def test_a_way_with_a_single_known_node_is_counted_and_left_out(tmp_path):
    text = """<osm version="0.6"><node id="1" lat="62" lon="26"/><node id="2" lat="62" lon="26.1"/>
    <way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way>
    <way id="2"><nd ref="1"/><nd ref="1"/><tag k="highway" v="primary"/></way></osm>"""
    path = tmp_path / "dots.osm"
    path.write_text(text)
    network = read_osm(path, built_in_table("plain"))
    assert (network.edges, network.counts["ways_without_length"]) == (1, 1)


def test_a_history_file_by_any_name_is_refused(tmp_path):
    path = tmp_path / "past.osh.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        writer.add_node(osmium.osm.mutable.Node(id=1, location=(26.0, 62.0), version=1))
    path = path.rename(tmp_path / "now.osm.pbf")
    with pytest.raises(NetworkError, match="a history file holds no single state"):
        read_osm(path, built_in_table("plain"))


def test_a_map_without_a_usable_road_says_which_classes_it_met(tmp_path):
    path = World("a-b-c", {"ab": "footway", "bc": "steps"}).write_osm(tmp_path / "paths.osm.pbf")
    with pytest.raises(NetworkError, match=r'"plain" opens .*footway, steps'):
        read_osm(path, built_in_table("plain"))


def test_a_network_that_is_closed_this_season_says_so():
    world = World("a-b", {"ab": {"ice_road": "yes"}})
    with pytest.raises(NetworkError, match='"finland-car" opens no road'):
        world.times("a", "b", speeds="finland-car", season="summer")
    assert world.times("a", "b", speeds="finland-car", season="winter") == {"a": {"b": 47}}


# --- exchange with osmnx and networkx ------------------------------------------------------------

TOWN = """
    a-b-c
    | | |
    d-e-f
"""


def town(**nodes) -> World:
    return World(
        TOWN,
        {
            "ab": {"maxspeed": "100", "ref": "4", "name": "Valtatie 4"},
            "bc": {"oneway": "yes"},
            "be": {"oneway": "-1", "highway": "residential"},
            "da": {"maxspeed:forward": "50", "maxspeed:backward": "70"},
            "def": {"highway": "tertiary", "surface": "gravel"},
            "cf": {"highway": "unclassified", "ford": "yes"},
        },
        nodes={"b": {"highway": "traffic_signals"}} | nodes,
    )


def small_graph(**changes) -> nx.MultiDiGraph:
    """A road of 1.2 km between two nodes 1 km apart, as osmnx writes it; no line drawn."""
    lonlat = World("a-b").lonlat("ab")
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for node, (lon, lat) in zip((1, 2), lonlat, strict=True):
        graph.add_node(node, x=float(lon), y=float(lat))
    tags = {"osmid": 7, "highway": "primary", "oneway": False, "length": 1200.0} | changes
    tags = {key: value for key, value in tags.items() if value is not None}
    graph.add_edge(1, 2, **tags)
    graph.add_edge(2, 1, **tags)
    return graph


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("season", ["summer", "winter"])
def test_a_graph_and_back_keeps_travel_times(table, season):
    world = town(e={"barrier": "gate", "bicycle": "no"})
    speeds = built_in_table(table)
    network = world.network(table)
    graph = graph_from_network(network, speeds, season=season)
    again = network_from_graph(graph, speeds)
    options = {"speeds": table, "season": season, "max_leg_m": 1}
    assert world.times(network=again, **options) == world.times(**options)
    twice = network_from_graph(graph_from_network(again, speeds, season=season), speeds)
    assert world.times(network=twice, **options) == world.times(**options)


def test_a_graph_written_as_graphml_by_osmnx_keeps_travel_times(tmp_path):
    world = town()
    speeds = built_in_table("finland-car")
    graph = graph_from_network(world.network(speeds), speeds)
    osmnx.save_graphml(graph, tmp_path / "town.graphml")
    read = read_network(tmp_path / "town.graphml", speeds=speeds, cache=False)
    assert world.times(network=read, speeds=speeds) == world.times(speeds=speeds)


def test_osmnx_routes_on_our_graph_in_our_times():
    world = World(TOWN, {"bc": {"oneway": "yes"}, "be": "residential"})
    graph = graph_from_network(world.network(), built_in_table("plain"))
    found = world.times()
    places = np.array([(data["x"], data["y"]) for _, data in graph.nodes(data=True)])
    node = {
        letter: int(np.hypot(*(places - lonlat).T).argmin())
        for letter, lonlat in zip("abcdef", world.lonlat("abcdef"), strict=True)
    }
    for start, end in ("ab", "bc", "cb", "af", "fa"):
        route = osmnx.shortest_path(graph, node[start], node[end], weight="travel_time")
        assert nx.path_weight(graph, route, "travel_time") == pytest.approx(found[start][end])
    assert graph.edges[node["b"], node["c"], 0]["length"] == pytest.approx(1000, abs=0.02)
    assert graph.edges[node["b"], node["c"], 0]["oneway"] is True
    assert not graph.has_edge(node["c"], node["b"])


def test_the_length_of_an_edge_is_kept_whatever_its_line():
    # 1.2 km at 80 km/h; halfway along the line is halfway along the length
    network = network_from_graph(small_graph(), built_in_table("plain"))
    world = World("a-1-b", step_m=500)
    assert world.times("ab1", "ab", network=network) == {
        "a": {"a": 0, "b": 54},
        "b": {"a": 54, "b": 0},
        "1": {"a": 27, "b": 27},
    }


@pytest.mark.parametrize("length", [None, float("nan"), float("inf"), -1.0, "long"])
def test_an_edge_without_a_length_is_refused(length):
    graph = small_graph(length=length)
    with pytest.raises(NetworkError, match=r"2 edges of the graph have no length.*1-2, 2-1"):
        network_from_graph(graph, built_in_table("plain"))


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda graph: graph.nodes[1].pop("x"), "nodes need numbers x and y"),
        (lambda graph: graph.nodes[1].update(x="west"), "nodes need numbers x and y"),
        (lambda graph: graph.nodes[1].update(x=float("nan")), "node_lon .* not a number"),
        (lambda graph: graph.nodes[1].update(x=434_567.0), "outside the globe"),
        (lambda graph: graph.remove_edges_from(list(graph.edges)), "no edges"),
    ],
)
def test_a_graph_that_cannot_be_roads_is_refused(break_it, message):
    graph = small_graph()
    break_it(graph)
    with pytest.raises(NetworkError, match=message):
        network_from_graph(graph, built_in_table("plain"))


def test_an_undirected_graph_is_refused():
    with pytest.raises(NetworkError, match="must be a MultiDiGraph"):
        network_from_graph(nx.MultiGraph(small_graph()), built_in_table("plain"))


@pytest.mark.parametrize(
    ("tags", "table", "expected"),
    [
        # 1.2 km; osmnx puts what it has merged into lists: the mean of their speeds
        ({"maxspeed": ["100", "60"]}, "plain", 54),  # 80 km/h
        ({"maxspeed": "['100', '60']"}, "plain", 54),
        ({"maxspeed": "[100, 60, 60]"}, "plain", 54),  # each value once, as osmnx has them
        ({"maxspeed": ["50", "60", "70"]}, "plain", 72),  # 60 km/h
        ({"maxspeed": ["30", float("nan")]}, "plain", 79),  # 30 and the class's 80: 55 km/h
        ({"maxspeed": "60"}, "plain", 72),
        ({"maxspeed": float("nan")}, "plain", 54),
        ({"highway": ["residential", "primary"]}, "plain", 72),  # 40 and 80 km/h: 60
        ({"highway": "['primary', 'residential']"}, "plain", 72),
        # four ways it may be: 40, 50, 80 and 50 km/h are 55
        ({"highway": ["residential", "primary"], "maxspeed": ["50", ""]}, "plain", 79),
        ({"osmid": [7, 8], "name": ["Kauppakatu", "Torikatu"], "ref": ["4", "9"]}, "plain", 54),
        # an assumed driving speed, where the table uses it: 0.95 of it is kept on a journey
        ({"speed_kph": 92.0}, "finland-car", 49),  # 87.4 km/h
        ({"speed_kph": "92.0"}, "finland-car", 49),
        ({"speed_kph": 92.0, "maxspeed": "50"}, "finland-car", 49),
        ({"speed_kph": 92.0}, "plain", 54),
        ({"speed_kph": float("nan")}, "finland-car", 54),
        ({"speed_kph": 0.0}, "finland-car", 54),
        ({"speed_kph": 1e9}, "finland-car", 54),
        ({"speed_kph": 92.0, "maxspeed": ["100", "30"]}, "finland-car", 49),
        # osmnx adds travel times up over the ways that it merges: 1.2 km in 46.957 s are 92 km/h
        ({"speed_kph": [100.0, 60.0], "travel_time": 46.957}, "finland-car", 49),
        ({"travel_time": 46.957}, "finland-car", 49),
        ({"speed_kph": 92.0, "travel_time": 1.0}, "finland-car", 49),
        ({"speed_kph": "[104.0, 80.0]"}, "finland-car", 49),  # their mean, where that is all
        ({"speed_kph": ["fast", 80.0]}, "finland-car", 54),
        ({"travel_time": 0.5}, "finland-car", 54),  # 8,640 km/h: in another unit
        ({"travel_time": 46.957}, "plain", 54),
        # what the graph's directions say goes before what the class implies
        ({"highway": "motorway", "oneway": True}, "plain", None),  # nobody stands there
        ({"junction": "roundabout"}, "plain", 54),
    ],
)
def test_what_osmnx_writes_on_edges_is_understood(tags, table, expected):
    speeds = built_in_table(table)
    network = network_from_graph(small_graph(**tags), speeds)
    found = World("a-b").times("ab", "ab", network=network, speeds=table, max_leg_m=1)
    here = 0 if expected else None
    assert found == {"a": {"a": here, "b": expected}, "b": {"a": expected, "b": here}}


def test_nothing_is_called_nan():
    tags = {"name": float("nan"), "ref": float("nan"), "osmid": 7.0, "geometry": float("nan")}
    network = network_from_graph(small_graph(**tags), built_in_table("plain"))
    assert (list(network.way_name), list(network.way_ref)) == ([""], [""])
    assert network.way_id.tolist() == [7]
    assert "nan" not in {value for tags in network.tagsets for value in tags.values()}


def test_the_two_directions_of_a_road_become_one_edge():
    network = network_from_graph(small_graph(), built_in_table("plain"))
    assert (network.nodes, network.edges) == (2, 1)
    graph = small_graph()
    graph.remove_edge(2, 1)
    alone = network_from_graph(graph, built_in_table("plain"))
    found = World("a-b").times("ab", "ab", network=alone)
    assert found == {"a": {"a": 0, "b": 54}, "b": {"a": None, "b": 0}}


def test_parallel_edges_of_a_graph_keep_the_faster():
    graph = small_graph()
    graph.add_edge(1, 2, highway="primary", length=1000.0)  # 45 s, one way only
    graph.add_edge(1, 2, highway="service", length=1000.0)
    network = network_from_graph(graph, built_in_table("plain"))
    assert network.edges == 3
    found = search_graph(drive_times(network, built_in_table("plain")))
    pairs = zip(found.tail.tolist(), found.head.tolist(), found.weight_ds.tolist(), strict=True)
    assert sorted(pairs) == [(0, 1, 450), (0, 1, 540), (0, 1, 1800), (1, 0, 540)]
    world = World(places={"s": (0, 0), "t": (1000, 0)})
    # off the ends by a hair, so that no edge in particular is stood on
    times = world.times("st", "st", network=network)
    assert (times["s"]["t"], times["t"]["s"]) == (45, 54)


def test_a_projected_graph_is_brought_to_degrees():
    speeds = built_in_table("finland-car")
    world = town()
    graph = graph_from_network(world.network(speeds), speeds)
    projected = osmnx.project_graph(graph, to_crs=CRS)
    assert max(abs(data["x"]) for _, data in projected.nodes(data=True)) > 1000
    network = network_from_graph(projected, speeds)
    assert world.times(network=network, speeds=speeds) == world.times(speeds=speeds)


def test_the_graph_passed_in_is_never_changed():
    graph = small_graph(maxspeed=["100", "60"], geometry=shapely.LineString([(0, 0), (1, 1)]))
    before = copy.deepcopy(graph)
    network_from_graph(graph, built_in_table("finland-car"))
    assert graph.graph == before.graph
    assert dict(graph.nodes(data=True)) == dict(before.nodes(data=True))
    assert list(graph.edges(keys=True, data=True)) == list(before.edges(keys=True, data=True))


def test_a_line_is_followed_from_its_edges_start_even_if_it_is_drawn_the_other_way():
    (west, north), (east, _) = World("a-b").lonlat("ab")
    quarter, middle = west + (east - west) / 4, (west + east) / 2
    drawn = shapely.LineString([(east, north), (middle, north), (quarter, north), (west, north)])
    network = network_from_graph(small_graph(geometry=drawn), built_in_table("plain"))
    assert network.point_lon.tolist() == pytest.approx([west, quarter, middle, east])
    # the edge's 1.2 km, shared out as the line is drawn
    assert network.segment_m.tolist() == pytest.approx([300, 300, 600], abs=0.1)


def test_degrees_and_metres_of_a_drawing_agree():
    world = World("a-----b")
    back = Transformer.from_crs(4326, CRS, always_xy=True).transform(*world.lonlat("ab").T)
    assert np.abs(np.column_stack(back) - world.xy("ab")).max() < 0.01
