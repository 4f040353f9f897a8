"""Snapping drawn as text: where cells and sites stand, and what the way to the road costs.

A step is 1 km: 45 s on a primary by car, and 180 s as an access leg at 20 km/h.
"""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import CRS, World

from accessibility import load_study, run_study
from accessibility.errors import NetworkError
from accessibility.network import Snapped, Snapper, drive_times
from accessibility.sources.graphs import graph_from_network, network_from_graph
from accessibility.sources.speed_tables import built_in_table
from accessibility.speeds import SpeedTable

# 100 s a kilometre one way and 50 s the other, where the limits say so
SLOPE = SpeedTable(
    name="slope",
    mode="car",
    speed_km_h={"primary": 80},
    use_maxspeed=True,
    maxspeed_by_direction=True,
)


def snapper(world: World, speeds: str | SpeedTable = "plain", **options) -> Snapper:
    table = built_in_table(speeds) if isinstance(speeds, str) else speeds
    settings = {"access_speed_km_h": 20, "max_leg_m": 5000, "min_component_m": 1000} | options
    return Snapper(drive_times(world.network(table), table), CRS, **settings)


def cells_of(world: World, cells: str, sites: str, **options) -> Snapped:
    """Snap cells to a drawn world with some sites."""
    snaps = snapper(world, **options)
    return snaps.snap_cells(world.xy(cells), snaps.snap_sites(world.xy(sites)))


def sites_of(world: World, sites: str, **options) -> Snapped:
    return snapper(world, **options).snap_sites(world.xy(sites))


# --- on an edge, and beside it -------------------------------------------------------------------


def test_a_place_on_a_road_drives_its_part_of_the_road_both_ways():
    World("a-1---b", step_m=1000).expect("""
        |   |   a |   b |   1 |
        | a |   0 | 135 |  45 |
        | b | 135 |   0 |  90 |
        | 1 |  45 |  90 |   0 |
    """)


def test_each_direction_of_the_part_has_its_own_speed():
    world = World("a-1---b", {"ab": {"maxspeed:forward": "36", "maxspeed:backward": "72"}})
    # a to b at 36 km/h: 100 s a kilometre; back at 72 km/h: 50 s
    world.expect(
        """
        |   |   a |   b |   1 |
        | a |   0 | 300 | 100 |
        | b | 150 |   0 | 100 |
        | 1 |  50 | 200 |   0 |
        """,
        speeds=SLOPE,
    )


def test_a_place_exactly_between_two_junctions_is_halfway_from_each():
    World("a-1-b").expect("""
        |   |  a |  b |  1 |
        | a |  0 | 90 | 45 |
        | b | 90 |  0 | 45 |
        | 1 | 45 | 45 |  0 |
    """)


def test_a_place_exactly_on_a_junction_stands_on_the_junction():
    world = World("""
        a-b-c
          |
          d
    """)
    on_it = cells_of(world, "b", "a")
    assert on_it.node[0] >= 0
    assert on_it.leg_m[0] < 0.01
    beside = cells_of(World("a-1-b"), "1", "a")
    assert beside.node[0] == -1
    assert beside.fraction[0] == pytest.approx(0.5, abs=1e-5)


def test_the_nearest_point_lies_on_an_edge_and_not_at_a_junction():
    # 1 stands 1 km north of the middle of a road of 4 km: 180 s to it, and 90 s either way
    World(
        """
            1

        a-------b
        """
    ).expect("""
        |   |   a |   b |
        | 1 | 270 | 270 |
        | a |   0 | 180 |
    """)


def test_a_place_beyond_the_end_of_a_road_goes_to_its_end():
    World("a-b.1").expect("""
        |   |   a |   b |   1 |
        | 1 | 225 | 180 | 360 |
    """)  # there and back on foot of the leg: 1 to 1 has two legs


def test_the_bend_of_a_road_is_followed():
    world = World(
        """
            b-1-c
            |
          2 |
            |
        a---+
        """,
        {"aebc": "primary"},
        places={"e": (2000, -2000)},
    )
    # e is the corner; 1 is 1 km east of b on the last stretch, 2 is 1 km west of the upright one
    world.expect("""
        |   |   a |   c |   1 |   2 |
        | a |   0 | 270 | 225 | 315 |
        | 2 | 315 | 315 | 270 | 360 |
    """)


def test_both_access_legs_count_at_the_studys_speed():
    world = World(
        """
        1   2

        a---b
        """
    )
    for speed_km_h, expected in ((20, 450), (5, 1530), (40, 270)):
        found = world.times("1", "2", access_speed_km_h=speed_km_h)
        assert found == {"1": {"2": expected}}


def test_a_site_and_a_cell_at_the_same_place_are_only_their_legs_apart():
    world = World(
        """
          1
        a---b
        """
    )
    assert world.times("a", "a") == {"a": {"a": 0}}
    assert world.times("1", "1") == {"1": {"1": 180}}  # 90 s to the road, 90 s back
    World("a-1-b").expect("""
        |   | 1 |
        | 1 | 0 |
    """)


def test_a_leg_may_be_just_as_long_as_allowed():
    world = World("1.a-b")
    near = world.times("1", "b", max_leg_m=1000.5)
    far = world.times("1", "b", max_leg_m=999.5)
    assert near == {"1": {"b": 225}}
    assert far == {"1": {"b": None}}
    assert cells_of(world, "1", "b", max_leg_m=1000.5).too_far.tolist() == [False]
    assert cells_of(world, "1", "b", max_leg_m=999.5).too_far.tolist() == [True]
    # the same for a site: nobody reaches it
    assert world.times("ab", "1", max_leg_m=999.5) == {"a": {"1": None}, "b": {"1": None}}
    assert world.times("ab", "1", max_leg_m=1000.5) == {"a": {"1": 180}, "b": {"1": 225}}


def test_closed_roads_are_not_stood_on():
    world = World(
        """
        c---d
          1

        a---b
        """,
        {"cd": {"access": "no"}, "ab": "primary"},
    )
    # 1 is 500 m from the closed road and 1 km from the open one
    assert cells_of(world, "1", "a").leg_m.tolist() == pytest.approx([1000], abs=0.1)
    assert world.times("1", "a") == {"1": {"a": 225}}


def test_nobody_gets_out_on_a_motorway():
    world = World(
        """
        a---b
          1

        c---d
        """,
        {"ab": "motorway", "ba": "motorway", "ac": "primary", "bd": "primary", "cd": "primary"},
    )
    # 500 m from the motorway, 1 km from the road: in every table of cars it is the road's
    for speeds in ("plain", "finland-car"):
        found = cells_of(world, "1", "c", speeds=speeds)
        assert found.leg_m.tolist() == pytest.approx([1000], abs=0.1)
        assert not found.moved.any()


def test_nobody_boards_a_ferry_at_sea():
    world = World(
        """
           1
        a-b...c-d
        """,
        {
            "ab": "primary",
            "bc": {"route": "ferry", "motor_vehicle": "yes"},
            "cd": "primary",
        },
    )
    # 1 floats 500 m beside the ferry's line, 707 m from the quay: 127.3 s
    assert world.times("1", "a", speeds="finland-car") == {"1": {"a": 172}}


# --- one-way roads -------------------------------------------------------------------------------

RING = """
    a-1-2-b
    |     |
    d-----c
"""


def test_a_site_upstream_on_the_same_one_way_is_reached_the_long_way_round():
    world = World(RING, {"abcda": {"oneway": "yes"}}, step_m=1000)
    # 8 km round; sides of 3 km and 1 km; 1 and 2 stand a third and two thirds along ab
    world.expect("""
        |   |   1 |   2 |   a |   b |
        | 1 |   0 |  45 | 315 |  90 |
        | 2 | 315 |   0 | 270 |  45 |
        | a |  45 |  90 |   0 | 135 |
    """)


def test_directions_of_travel_differ_on_one_ways():
    world = World(RING, {"abcda": {"oneway": "yes"}})
    drive = world.times("12", "12", direction="to_sites")
    come = world.times("12", "12", direction="from_sites")
    assert drive == {"1": {"1": 0, "2": 45}, "2": {"1": 315, "2": 0}}
    assert come == {"1": {"1": 0, "2": 315}, "2": {"1": 45, "2": 0}}


TRAP = """
    a-b
    | |
    d-c-e---f
            2
"""


@pytest.mark.parametrize("oneway", ["yes", "-1"])
def test_a_place_in_a_one_way_trap_is_moved_out_of_it(oneway):
    # ef can be entered but not left, or left but not entered: 2 lives 500 m from its end
    world = World(TRAP, {"ef": {"oneway": oneway}}, step_m=1000)
    found = cells_of(world, "2", "a")
    assert found.moved.tolist() == [True]
    # the nearest point where one can come and go is e: 2 km west and 500 m north, 2062 m, 371 s
    assert found.leg_m.tolist() == pytest.approx([2061.6], abs=0.1)
    for direction in ("to_sites", "from_sites"):
        assert world.times("2", "c", direction=direction) == {"2": {"c": 416}}  # 371.1 + 45 s
    site = sites_of(world, "2")
    assert site.moved.tolist() == [True]
    assert site.leg_m.tolist() == pytest.approx([2061.6], abs=0.1)


def test_a_place_stays_in_a_trap_when_the_way_out_is_too_long():
    world = World(TRAP, {"ef": {"oneway": "yes"}})
    found = cells_of(world, "2", "a", max_leg_m=2000)
    assert (found.moved.tolist(), found.too_far.tolist()) == ([False], [False])
    # one can drive in but not out: 90 s of leg, 90 s from e, 45 s from c
    assert world.times("2", "c", max_leg_m=2000, direction="to_sites") == {"2": {"c": None}}
    assert world.times("2", "c", max_leg_m=2000, direction="from_sites") == {"2": {"c": 225}}


@pytest.mark.parametrize("trap", ["ae", "af"])
@pytest.mark.parametrize("first", ["trap", "road"])
def test_a_place_whose_nearest_point_is_the_way_out_of_a_trap_is_not_moved(trap, first):
    # 1 is nearest to a itself, where the trap begins and a two-way road ends: it stands on a
    road = {"ae": "af", "af": "ae"}[trap]
    roads = [(trap, {"oneway": "yes"}), (road, "primary")]
    world = World(
        """
        1
        a---e
        |
        f
        """,
        roads if first == "trap" else roads[::-1],
    )
    network = world.network()
    for found in (cells_of(world, "1", road), sites_of(world, "1")):
        assert found.moved.tolist() == [False]
        on = [network.node_lon[found.node[0]], network.node_lat[found.node[0]]]
        assert on == pytest.approx(world.lonlat("a")[0], abs=1e-7)
        assert network.edge_way[found.edge[0]] == (1 if first == "trap" else 0)
    assert world.times("1", "a") == {"1": {"a": 90}}


# --- islands and slips of the map ----------------------------------------------------------------

ISLAND = """
    a---b
    |   |
    d---c

      1
    e---f
"""


def test_islanders_with_a_site_of_their_own_do_not_drive_over_water():
    world = World(ISLAND, step_m=1000)
    found = cells_of(world, "1", "de")
    assert found.moved.tolist() == [False]
    assert world.times("1", "def") == {"1": {"d": None, "e": 135, "f": 135}}


def test_islanders_with_a_ferry_wait_for_it():
    # a ferry that takes no cars: it tells that there is water between
    world = World(ISLAND, [("de", {"route": "ferry", "foot": "yes"})])
    found = cells_of(world, "1", "c")
    assert found.moved.tolist() == [False]
    assert world.times("1", "c") == {"1": {"c": None}}
    # one that takes cars: 90 + 45 s to e, 300 s of waiting, 1.5 km at 10 km/h, 90 s from d to c
    world = World(ISLAND, [("de", {"route": "ferry", "motor_vehicle": "yes"})])
    found = cells_of(world, "1", "c", speeds="finland-car")
    assert found.moved.tolist() == [False]
    assert world.times("1", "c", speeds="finland-car") == {"1": {"c": 1065}}


def test_a_part_without_site_or_ferry_is_reached_from_the_nearest_road_that_has_one():
    world = World(ISLAND)
    found = cells_of(world, "1e", "c")
    assert found.moved.tolist() == [True, True]
    # 1 is 1 km from the middle of dc: 180 s and 45 s; e is 1.5 km from d: 270 s and 90 s
    assert world.times("1e", "c") == {"1": {"c": 225}, "e": {"c": 360}}


def test_nobody_is_moved_further_than_the_longest_leg():
    world = World(ISLAND)
    found = cells_of(world, "1e", "c", max_leg_m=1200)
    assert found.moved.tolist() == [True, False]
    assert found.too_far.tolist() == [False, False]  # e stands on its own road
    assert world.times("1e", "c", max_leg_m=1200) == {"1": {"c": 225}, "e": {"c": None}}


def test_who_is_moved_goes_to_a_part_with_a_site_past_one_without():
    world = World(
        """
        a---b

        g---h

          1
        e---f
        """
    )
    # 1 km to the road gh, which leads nowhere; 2 km to ab
    assert world.times("1", "a", max_leg_m=3000) == {"1": {"a": 405}}
    assert world.times("1", "ag", max_leg_m=3000) == {"1": {"a": None, "g": 225}}


@pytest.mark.parametrize(
    ("min_component_m", "moved"), [(1000, True), (501, True), (499, False), (0, False)]
)
def test_a_site_on_a_slip_of_the_map_is_moved_to_real_roads(min_component_m, moved):
    # xy is 500 m of road that the map forgot to join, 500 m north of a road
    world = World(
        """
          x-y

        a-----b
        """,
        step_m=500,
    )
    options = {"min_component_m": min_component_m}
    assert sites_of(world, "x", **options).moved.tolist() == [moved]
    # 500 m of leg, and 500 m along ab
    expected = {"a": {"x": 90 + 23 if moved else None}}
    assert world.times("a", "x", max_leg_m=600, **options) == expected


def test_a_short_island_with_a_ferry_is_no_slip():
    drawing = """
          x-y

        a-----b
    """
    ferry = ("xa", {"route": "ferry", "foot": "yes"})
    world = World(drawing, [("xy", "primary"), ferry], step_m=500)
    assert sites_of(world, "x").moved.tolist() == [False]
    assert sites_of(World(drawing, {"xy": "primary"}, step_m=500), "x").moved.tolist() == [True]


def test_a_cell_on_a_slip_is_moved_like_any_other_without_a_site():
    world = World(
        """
          x-y

        a-----b
        """,
        step_m=500,
    )
    assert cells_of(world, "x", "a").moved.tolist() == [True]
    assert world.times("x", "a") == {"x": {"a": 113}}  # 90 s and 22.5 s


def test_a_small_world_of_one_part_is_no_slip():
    world = World("x-y", step_m=100)
    assert sites_of(world, "x").moved.tolist() == [False]
    assert world.times("y", "x") == {"y": {"x": 5}}  # 4.5 s


def test_of_small_parts_the_largest_counts_as_real_roads():
    world = World(
        """
        x-y

        a---b
        """,
        step_m=200,
    )
    assert sites_of(world, "xa").moved.tolist() == [True, False]
    assert world.times("b", "x") == {"b": {"x": 54}}  # 400 m: 18 s, and 200 m of leg: 36 s


def test_a_site_far_from_real_roads_stays_on_its_slip():
    world = World(
        """
        x-y




        a---b
        """,
        step_m=500,
    )
    assert sites_of(world, "x", max_leg_m=1000).moved.tolist() == [False]
    assert world.times("ya", "x", max_leg_m=1000) == {"y": {"x": 23}, "a": {"x": None}}


def test_every_person_has_one_status(tmp_path):
    # in the order of a study's cells: 1, 2, 4, 8 and 16 people
    world = World(
        """
        a---b
        |   |
        d---c...............5

          2
        e---f.g---h




        4
        """,
        [("gi", {"route": "ferry", "foot": "yes"})],
        places={"i": (3000, -3500)},
    )
    path = world.write_study(
        tmp_path,
        cells="a2g45",
        sites={"c": "E"},
        settings={"snapping": {"max_leg_m": 3000}},
    )
    run = run_study(load_study(path), cache=False)
    assert run.status.to_dict() == {
        "a": "reached",
        "2": "moved",  # over the gap, to the road with the site
        "g": "unreachable",  # a ferry lands there that takes no cars
        "4": "unreachable",  # 2.5 km from a road without a site, 4 km from one with
        "5": "too_far",
    }
    people = run.audit()["people"]
    assert people[["reached", "beyond", "moved", "unreachable", "too_far"]].tolist() == [
        1, 0, 2, 4 + 8, 16,
    ]  # fmt: skip


# --- ties, rounding and order --------------------------------------------------------------------


def test_a_segment_splits_into_parts_that_add_up_to_the_whole():
    # 70 km/h: 1 km takes 51.43 s, rounded to 51.4 s; a third of it is 17.13, rounded to 17.1 s
    world = World(
        places={"a": (0, 0), "b": (1000, 0), "1": (1000 / 3, 0)}, roads={"ab": "secondary"}
    )
    found = cells_of(world, "1", "a")
    assert found.before_forward_ds.tolist() == [171]
    assert found.after_forward_ds.tolist() == [343]
    assert found.before_backward_ds.tolist() == [343]
    assert found.after_backward_ds.tolist() == [171]


@given(along=st.floats(0, 3000), off=st.floats(-400, 400))
def test_law_the_two_parts_of_an_edge_always_add_up(along, off):
    world = World(
        places={"a": (0, 0), "b": (700, 0), "c": (1900, 0), "d": (3000, 0)},
        roads={"abcd": {"highway": "secondary", "maxspeed": "70"}},
    )
    snaps = snapper(world)
    xy = world.xy("a") + np.array([along, off])
    one = snaps.snap_cells(xy, snaps.snap_sites(world.xy("a")))
    whole = snaps.times.edge_forward_ds[one.edge[0]]
    assert one.before_forward_ds[0] + one.after_forward_ds[0] == whole
    assert one.before_backward_ds[0] + one.after_backward_ds[0] == whole
    assert 0 <= one.before_forward_ds[0] <= whole
    assert one.leg_m[0] == pytest.approx(abs(off), abs=0.02)
    # 51.43 s a kilometre; three segments, each within half a tenth
    assert one.before_forward_ds[0] == pytest.approx(along * 0.514286, abs=2)


def test_of_two_roads_on_the_same_line_the_faster_is_taken_whatever_their_ids():
    world = World("a-1-b", [("ab", "residential"), ("ab", "primary")])
    assert world.times("1", "ab") == {"1": {"a": 45, "b": 45}}
    # a road in one direction only is as fast as in that one
    oneway = World(
        "a-1-b", [("ab", "residential"), ("ab", {"highway": "primary", "oneway": "yes"})]
    )
    assert oneway.times("1", "b") == {"1": {"b": 45}}
    world = World("a-1-b", [("ab", "primary"), ("ab", "residential")])
    assert world.times("1", "ab") == {"1": {"a": 45, "b": 45}}
    # and in a graph, whatever its order
    graph = graph_from_network(world.network(), built_in_table("plain"))
    turned = nx.MultiDiGraph(crs="EPSG:4326")
    turned.add_nodes_from(reversed([*graph.nodes(data=True)]))
    turned.add_edges_from(reversed([*graph.edges(data=True)]))
    network = network_from_graph(turned, built_in_table("plain"))
    assert network.way_id.tolist() == [102, 101]
    assert world.times("1", "ab", network=network) == {"1": {"a": 45, "b": 45}}


@pytest.mark.parametrize("metres", [(3000, 1000), (1000, 3000)])
def test_of_two_roads_without_lines_the_shorter_takes_the_points(metres):
    # both are drawn as the straight line of 1 km; half of 1,000 m at 80 km/h is 22.5 s
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    (west, south), (east, north) = World("a-b").lonlat("ab")
    graph.add_node(1, x=west, y=south)
    graph.add_node(2, x=east, y=north)
    for way, length in enumerate(metres, start=11):
        for tail, head in ((1, 2), (2, 1)):
            graph.add_edge(tail, head, key=way, osmid=way, highway="primary", length=length)
    network = network_from_graph(graph, built_in_table("plain"))
    world = World("a1b")
    snaps = Snapper(
        drive_times(network, built_in_table("plain")), CRS,
        access_speed_km_h=20, max_leg_m=5000, min_component_m=100,
    )  # fmt: skip
    middle = (world.xy("a") + world.xy("b")) / 2
    found = snaps.snap_sites(middle)
    assert network.edge_m[found.edge[0]] == pytest.approx(1000)
    assert found.before_forward_ds[0] + found.after_forward_ds[0] == 450


def test_where_a_cell_stands_does_not_depend_on_other_cells_or_their_order():
    world = World(ISLAND)
    together = cells_of(world, "1abcdef", "c")
    backwards = cells_of(world, "fedcba1", "c")
    np.testing.assert_array_equal(together.edge, backwards.edge[::-1])
    np.testing.assert_array_equal(together.leg_m, backwards.leg_m[::-1])
    alone = cells_of(world, "1", "c")
    assert alone.edge[0] == together.edge[0]
    assert alone.moved[0] == together.moved[0]


def test_a_network_of_another_part_of_the_world_does_not_fit_the_crs():
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    graph.add_node(1, x=116.0, y=0.0)
    graph.add_node(2, x=116.1, y=0.0)
    graph.add_edge(1, 2, highway="primary", length=11_000.0)
    network = network_from_graph(graph, built_in_table("plain"))
    with pytest.raises(NetworkError, match=f"does not fit the study's crs {CRS}"):
        network.points_in(CRS)
