"""What crossings cost: once each, however many nodes the map draws them with.

Places are in metres. Every road is a primary without a limit, 80 km/h: 200 m are 9 s, 20 m 0.9 s.
Passing a crossing costs the table's `junction_delay_s` or `signal_delay_s`.
"""

from __future__ import annotations

import pytest
from world import World

from accessibility.sources.speed_tables import built_in_table

TABLE = built_in_table("finland-car")
JUNCTION, SIGNALS = TABLE.junction_delay_s, TABLE.signal_delay_s
ONE_WAY = {"highway": "primary", "oneway": "yes"}


def drive(world, start, goal, **other):
    """Time one drive in seconds; `other` alters the table."""
    table = TABLE.model_copy(update=other)
    return world.times(start, goal, speeds=table)[start][goal]


def whole(seconds):
    return int(seconds + 0.5)


# Two dual carriageways; the western one becomes a two-way road at k.
#
#            n
#          p-q
#   a-k    r-s    e
#          m
DUAL = {
    "places": {
        "p": (-10, 10), "q": (10, 10), "r": (-10, -10), "s": (10, -10), "k": (-210, -10),
        "a": (-410, -10), "e": (210, -10), "n": (10, 210), "m": (-10, -210),
    },
    "roads": {"krse": ONE_WAY, "eqpk": ONE_WAY, "nprm": ONE_WAY, "msqn": ONE_WAY, "ak": "primary"},
}  # fmt: skip


def test_a_crossing_of_dual_carriageways_costs_its_delay_once():
    world = World(**DUAL)
    assert drive(world, "a", "e") == whole(27.9 + JUNCTION)  # a-k 9, k-r 9, r-s 0.9, s-e 9
    assert drive(world, "a", "n") == whole(28.8 + JUNCTION)  # left: s-q 0.9, q-n 9
    assert drive(world, "a", "e", crossing_piece_m=0.0) == whole(27.9 + 2 * JUNCTION)


def test_a_crossing_of_four_nodes_with_four_signals_costs_them_once():
    world = World(**DUAL, nodes={one: {"highway": "traffic_signals"} for one in "pqrs"})
    assert drive(world, "a", "e", signal_delay_s=20.0) == 48  # 27.9 + 20
    assert drive(world, "a", "n", signal_delay_s=20.0) == 49


def test_a_wide_crossing_is_two():
    # carriageways 40 m apart, more than the 30 m of the table: r-s is 1.8 s
    places = DUAL["places"] | {"s": (30, -10), "q": (30, 10), "e": (230, -10), "n": (30, 210)}
    assert drive(World(places=places, roads=DUAL["roads"]), "a", "e") == whole(28.8 + 2 * JUNCTION)


def test_crossings_do_not_depend_on_where_the_map_begins():
    turned = {name: (-x, -y) for name, (x, y) in DUAL["places"].items()}
    roads = dict(reversed(DUAL["roads"].items()))
    assert drive(World(places=turned, roads=roads), "a", "e") == whole(27.9 + JUNCTION)


# A roundabout of four nodes in a square of 20 m; each arm parts into an entry and an exit.
RING = {"highway": "primary", "junction": "roundabout"}
ROUND = {
    "places": {
        "p": (-10, 10), "q": (10, 10), "r": (-10, -10), "s": (10, -10),
        "k": (-30, -10), "a": (-230, -10), "e": (30, -10), "b": (230, -10),
    },
    "roads": {
        "rsqpr": RING, "ak": "primary", "kr": ONE_WAY, "pk": ONE_WAY,
        "se": ONE_WAY, "eq": ONE_WAY, "eb": "primary",
    },
}  # fmt: skip


def test_a_roundabout_costs_its_delay_once_however_its_arms_part():
    # a-k 9, k-r 0.9, r-s 0.9, s-e 0.9, e-b 9
    assert drive(World(**ROUND), "a", "b") == whole(20.7 + JUNCTION)
    # back: b-e 9, e-q 28.3 m 1.3, q-p 0.9, p-k 1.3, k-a 9
    assert drive(World(**ROUND), "b", "a") == whole(21.5 + JUNCTION)


def test_a_wide_roundabout_is_one_crossing():
    wide = {name: (10 * x, 10 * y) for name, (x, y) in ROUND["places"].items()}
    # ten times as far: the ring lies within, the partings 200 m off are none
    assert drive(World(places=wide, roads=ROUND["roads"]), "a", "b") == whole(207 + JUNCTION)


def signals_on_approaches(**facing):
    """Draw w-u-x-v-e, crossed by n-x-s at x, with signals 20 m before x on both sides."""
    places = {"w": (-220, 0), "u": (-20, 0), "x": (0, 0), "v": (20, 0), "e": (220, 0),
              "n": (0, 200), "s": (0, -200)}  # fmt: skip
    nodes = {
        node: {"highway": "traffic_signals"} | ({"traffic_signals:direction": side} if side else {})
        for node, side in facing.items()
    }
    return World(places=places, roads={"wuxve": "primary", "nxs": "primary"}, nodes=nodes)


@pytest.mark.parametrize(
    "facing", [{"u": "forward", "v": "backward"}, {"u": "", "v": ""}, {"u": "both", "v": "both"}]
)
def test_signals_on_both_approaches_are_one_crossing(facing):
    world = signals_on_approaches(**facing)
    # 9, 0.9, 0.9, 9
    assert drive(world, "w", "e") == drive(world, "e", "w") == whole(19.8 + max(SIGNALS, JUNCTION))
    assert drive(world, "w", "e", signal_delay_s=20.0) == 40


@pytest.mark.parametrize(
    ("side", "there", "back"),
    [("forward", 8, 0), ("backward", 0, 8), ("both", 8, 8), ("", 8, 8), ("?", 8, 8)],
)
def test_signals_cost_those_whom_they_face(side, there, back):
    signal = {"highway": "traffic_signals", "traffic_signals:direction": side}
    world = World("w-x-e", {"wxe": "primary"}, nodes={"x": signal})
    assert drive(world, "w", "e", signal_delay_s=8.0) == 90 + there
    assert drive(world, "e", "w", signal_delay_s=8.0) == 90 + back


def test_a_side_road_of_a_one_way_street_is_a_crossing():
    # the street goes straight on: no road parts here
    places = {"w": (-200, 0), "x": (0, 0), "e": (200, 0), "s": (0, -200)}
    roads = {"wx": ONE_WAY, "xe": ONE_WAY, "xs": "primary", "es": "primary", "sw": "primary"}
    assert drive(World(places=places, roads=roads), "w", "e") == whole(18 + JUNCTION)


def test_a_drive_that_ends_at_a_crossing_does_not_pay_for_passing_it():
    world = World(**DUAL)
    assert drive(world, "a", "r") == 18
    back = world.times("r", "a", speeds=TABLE, direction="from_sites")
    assert back["r"]["a"] == 18
