"""Road files as editors, servers and tools write them: in any order, edited, clipped, joined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import osmium
import pytest
from osmium.osm.mutable import Node, Way
from studies import accessibility
from world import World

from accessibility.errors import NetworkError
from accessibility.network import RoadNetwork, drive_times
from accessibility.notices import network_notices
from accessibility.sources.osm import read_osm
from accessibility.sources.speed_tables import built_in_table
from accessibility.speeds import SpeedTable

DEGREE_M = 111_412.0  # of latitude at 60 N, roughly: the roads of this file run north
PRIMARY = '<tag k="highway" v="primary"/>'


def node(number: int, north: int, *, more: str = "", version: int = 1) -> str:
    """A node so many thousandths of a degree north of 60, 25."""
    return f'<node id="{number}" version="{version}" lat="{60 + north / 1000}" lon="25" {more}/>'


def way(number: int, *refs: int, more: str = "", version: int = 1, tags: str = PRIMARY) -> str:
    nodes = "".join(f'<nd ref="{ref}"/>' for ref in refs)
    return f'<way id="{number}" version="{version}" {more}>{nodes}{tags}</way>'


def read(folder: Path, *elements: str, table: str = "plain") -> RoadNetwork:
    path = folder / "roads.osm"
    path.write_text(f'<osm version="0.6">{"".join(elements)}</osm>', encoding="utf-8")
    return read_osm(path, built_in_table(table))


def thousandths(network: RoadNetwork) -> float:
    """Length of all roads in thousandths of a degree of latitude."""
    return round(float(network.segment_m.sum()) / DEGREE_M * 1000, 1)


NODES = [node(number, number) for number in range(1, 7)]


# --- order, ids ----------------------------------------------------------------------------------


def test_nodes_may_come_after_the_ways(tmp_path):
    assert thousandths(read(tmp_path, way(1, 1, 2, 3), *NODES)) == 2


def test_new_roads_of_an_editor_have_negative_ids(tmp_path):
    network = read(tmp_path, *NODES, node(-1, 10), node(-2, 12), way(-3, 1, -1, -2), way(4, 1, 2))
    assert thousandths(network) == 12  # 1 to 10, 10 to 12, and 1 to 2
    assert "way_nodes_missing" not in network.counts
    assert set(network.way_id.tolist()) == {-3, 4}


def test_a_file_of_negative_ids_alone_is_read(tmp_path):
    assert thousandths(read(tmp_path, node(-1, 0), node(-2, 3), way(-1, -1, -2))) == 3


@pytest.mark.parametrize("suffix", [".osm.gz", ".osm.bz2", ".osm.pbf"])
def test_negative_ids_are_read_from_every_kind_of_file(tmp_path, suffix):
    path = tmp_path / f"roads{suffix}"
    writer = osmium.SimpleWriter(str(path))
    writer.add_node(Node(id=-1, location=(25, 60), version=1))
    writer.add_node(Node(id=-2, location=(25, 60.003), version=1))
    writer.add_way(Way(id=-9, nodes=[-1, -2], tags={"highway": "primary"}, version=1))
    writer.close()
    assert thousandths(read_osm(path, built_in_table("plain"))) == 3


# --- what is gone --------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", ['action="delete"', "action='delete'", 'visible="false"'])
def test_a_deleted_way_is_no_road(tmp_path, gone):
    assert thousandths(read(tmp_path, *NODES, way(1, 1, 2), way(2, 3, 6, more=gone))) == 1


@pytest.mark.parametrize("gone", ['action="delete"', 'visible="false"'])
def test_a_deleted_node_ends_its_way(tmp_path, gone):
    nodes = [node(n, n) for n in range(1, 40)]
    nodes[19] = node(20, 20, more=gone)
    network = read(tmp_path, *nodes, way(1, *range(1, 40)))
    assert network.counts["way_nodes_missing"] == 1
    assert thousandths(network) == 36  # 38 stretches but the two at node 20


def test_what_is_only_modified_stays(tmp_path):
    assert thousandths(read(tmp_path, *NODES, way(1, 1, 4, more='action="modify"'))) == 3


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_newest_version_of_a_way_counts(tmp_path, order):
    versions = way(1, 1, 2, 3), way(1, 1, 2, version=2)
    assert thousandths(read(tmp_path, *NODES, *(versions[one] for one in order))) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_newest_version_of_a_node_counts(tmp_path, order):
    versions = node(9, 20), node(9, 5, version=2)
    places = [versions[one] for one in order]
    assert thousandths(read(tmp_path, *NODES, *places, way(1, 1, 9))) == 4


def test_a_way_that_its_newest_version_closes_is_no_road(tmp_path):
    closed = way(1, 1, 5, version=2, tags='<tag k="highway" v="footway"/>')
    assert thousandths(read(tmp_path, *NODES, way(1, 1, 5), closed, way(2, 1, 2))) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize(
    "newest",
    [
        '<way id="2" version="2" visible="false"/>',  # the server tells no tags of what is gone
        way(2, 3, 6, version=2, tags='<tag k="railway" v="rail"/>'),
        way(2, 3, 6, version=2, tags=""),
    ],
)
def test_a_way_that_its_newest_version_makes_no_road_is_none(tmp_path, newest, order):
    versions = way(2, 3, 6), newest
    places = [versions[one] for one in order]
    assert thousandths(read(tmp_path, *NODES, way(1, 1, 2), *places)) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_gate_that_the_newest_version_has_taken_away_stops_nobody(tmp_path, order):
    gate = node(2, 2).replace("/>", '><tag k="barrier" v="bollard"/></node>')
    versions = gate, node(2, 2, version=2)
    places = [versions[one] for one in order]
    network = read(tmp_path, NODES[0], *places, *NODES[2:], way(1, 1, 2, 3), table="finland-car")
    assert (network.edges, len(network.node_tagsets)) == (1, 2)
    assert not network.node_tags.any()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_restriction_that_the_newest_version_has_taken_away_binds_nobody(tmp_path, order):
    members = (
        '<member type="way" ref="1" role="from"/><member type="node" ref="2" role="via"/>'
        '<member type="way" ref="2" role="to"/>'
    )
    tags = '<tag k="type" v="restriction"/><tag k="restriction" v="no_left_turn"/>'
    versions = (
        f'<relation id="1" version="1">{members}{tags}</relation>',
        '<relation id="1" version="2"><tag k="type" v="site"/></relation>',
    )
    places = [versions[one] for one in order]
    network = read(tmp_path, *NODES, way(1, 1, 2), way(2, 2, 3), *places, table="finland-car")
    assert not len(network.turns.via)


def written(path: Path, *objects: Node | Way) -> RoadNetwork:
    """Write a PBF of objects in this order, and read it."""
    writer = osmium.SimpleWriter(str(path), overwrite=True)
    for one in objects:
        (writer.add_node if isinstance(one, Node) else writer.add_way)(one)
    writer.close()
    return read_osm(path, built_in_table("plain"))


def test_a_packed_file_may_have_any_order_and_versions_too(tmp_path):
    def at(number: int, north: int, version: int = 1) -> Node:
        return Node(id=number, location=(25, 60 + north / 1000), version=version)

    def road(number: int, *refs: int) -> Way:
        return Way(id=number, nodes=refs, tags={"highway": "primary"}, version=1)

    path = tmp_path / "roads.osm.pbf"
    assert thousandths(written(path, road(1, 1, 9), at(1, 1), at(9, 20))) == 19
    for versions in ((at(9, 20), at(9, 5, 2)), (at(9, 5, 2), at(9, 20))):
        assert thousandths(written(path, at(1, 1), *versions, road(1, 1, 9))) == 4
    joined = at(1, 1), at(9, 20), road(1, 1, 9), at(9, 5, 2), at(10, 6), road(2, 9, 10)
    assert thousandths(written(path, *joined)) == 5


def test_a_deletion_is_told_from_what_only_looks_like_one(tmp_path):
    there = way(2, 3, 6, more='user="action=&quot;delete&quot;"')
    comment = '<!-- <way id="2" action="delete"> -->'
    assert thousandths(read(tmp_path, *NODES, way(1, 1, 2), comment, there)) == 4
    gone = way(2, 3, 6, more='user="a>b" action="delete"')
    assert thousandths(read(tmp_path, *NODES, way(1, 1, 2), gone)) == 1
    text = f'<?xml version="1.0" encoding="UTF-16"?><osm version="0.6">{"".join(NODES)}'
    path = tmp_path / "utf16.osm"
    path.write_bytes((text + way(1, 1, 2) + gone + "</osm>").encode("utf-16"))
    assert thousandths(read_osm(path, built_in_table("plain"))) == 1


# --- what servers write --------------------------------------------------------------------------


def test_ways_that_carry_their_places_need_no_nodes(tmp_path):
    # Overpass: out geom; the nodes themselves are not there
    refs = "".join(f'<nd ref="{n}" lat="{60 + n / 1000}" lon="25"/>' for n in (1, 2, 5))
    road = f'<way id="1">{refs}{PRIMARY}</way>'
    assert thousandths(read(tmp_path, road)) == 4
    assert thousandths(read(tmp_path, node(5, 7), road)) == 6, "a node's own place goes first"


def test_a_packed_file_may_keep_the_places_of_nodes_in_its_ways(tmp_path):
    # osmium add-locations-to-ways: nodes without tags are gone
    whole = World("a-b-c", {"abc": "primary"}, nodes={"b": {"barrier": "gate"}})
    plain = whole.write_osm(tmp_path / "whole.osm.pbf")
    header = osmium.io.Reader(str(plain)).header()
    path = tmp_path / "ways.osm.pbf"
    file = osmium.io.File(str(path), "pbf,locations_on_ways=true")
    writer = osmium.SimpleWriter(file, header=header)
    for item in osmium.FileProcessor(str(plain)).with_locations():
        if not item.is_node() or len(item.tags):
            writer.add(item)
    writer.close()
    table = built_in_table("plain")
    ways, nodes = read_osm(path, table), read_osm(plain, table)
    assert ways.edges == nodes.edges == 2, "cut at the gate"
    assert np.array_equal(ways.point_lon, nodes.point_lon)
    assert np.array_equal(ways.segment_m, nodes.segment_m)


def test_an_answer_that_the_server_broke_off_is_refused(tmp_path):
    remark = "<remark> runtime error: Query timed out in &quot;query&quot; at line 3 </remark>"
    with pytest.raises(NetworkError, match=r"stopped before it was whole \(runtime error: Query"):
        read(tmp_path, *NODES, way(1, 1, 2), remark)


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        (('<node id="1" lat="" lon="25"/>', *NODES[1:], way(1, 2, 3)), "wrong format for coord"),
        (('<node id="1" lat="100" lon="25"/>', *NODES[1:], way(1, 1, 2)), "nodes that its roads"),
        (('<node id="a" lat="60" lon="25"/>', *NODES[1:], way(1, 2, 3)), "illegal id"),
        ((*NODES, way(2**80, 1, 2)), "illegal id"),
    ],
)
def test_what_is_no_map_is_refused_by_its_name(tmp_path, elements, message):
    with pytest.raises(NetworkError, match=rf"roads.osm.*({message})"):
        read(tmp_path, *elements)


# --- missing nodes -------------------------------------------------------------------------------


def test_a_gap_is_never_bridged(tmp_path):
    nodes = [node(n, n) for n in range(1, 41) if n != 20]
    network = read(tmp_path, *nodes, way(7, *range(1, 41)))
    assert network.edges == 2
    assert set(network.edge_way.tolist()) == {0}, "both pieces are the same way"
    assert network.counts["ways_cut_at_missing_nodes"] == 1
    assert network.origin["ways_cut"] == "way 7"
    times = drive_times(network, built_in_table("plain"))
    assert len(np.unique(np.concatenate([times.start, times.end]))) == 4, "nothing joins them"


def test_every_command_says_which_roads_are_cut(tmp_path):
    nodes = "".join(node(n, n) for n in range(1, 41) if n != 20)
    path = tmp_path / "clip.osm"
    path.write_text(f'<osm version="0.6">{nodes}{way(7, *range(1, 41))}</osm>', encoding="utf-8")
    points = tmp_path / "points.csv"
    points.write_text("id,lon,lat\na,25,60.002\nb,25,60.01\n", encoding="utf-8")
    told = "1 nodes of roads are not in the file: 1 ways end there (5.1% of the road): way 7"
    options = ("--speeds", "plain")
    assert told in accessibility("inspect", path, *options).err
    answer = accessibility(
        "matrix", "--network", path, *options, "--origins", points, "--destinations", points,
        "--out", tmp_path / "out.csv",
    )  # fmt: skip
    assert told in answer.err


# --- the same road twice -------------------------------------------------------------------------


def test_the_same_way_twice_is_one_road_without_junctions(tmp_path):
    network = read(tmp_path, *NODES, way(1, 1, 2, 3, 4), way(1, 1, 2, 3, 4))
    assert (network.edges, network.nodes) == (1, 2)
    assert network.counts["ways_met_again"] == 1


@pytest.mark.parametrize("second", [(1, 2, 3, 4), (4, 3, 2, 1)])
def test_two_ways_on_the_same_nodes_are_one_road(tmp_path, second):
    network = read(tmp_path, *NODES, way(1, 1, 2, 3, 4), way(2, *second))
    assert (network.edges, network.nodes) == (1, 2)
    assert network.counts["edges_drawn_twice"] == 1


def test_two_ways_that_run_together_for_a_while_part_at_a_junction(tmp_path):
    side = node(8, 3).replace('lon="25"', 'lon="25.01"')
    network = read(tmp_path, *NODES, side, way(1, 1, 2, 3, 4, 5), way(2, 1, 2, 3, 8))
    assert network.nodes == 4  # 1, 3, 5 and 8: 2 is no junction
    assert network.edges == 3  # 1-3 once, 3-5, 3-8


def test_one_ways_drawn_on_the_same_nodes_in_both_directions_both_stay(tmp_path):
    tags = PRIMARY + '<tag k="oneway" v="yes"/>'
    network = read(tmp_path, *NODES, way(1, 1, 2, 3, tags=tags), way(2, 3, 2, 1, tags=tags))
    assert (network.edges, network.nodes) == (2, 2)


def test_a_faster_road_on_the_same_nodes_stays(tmp_path):
    slow = '<tag k="highway" v="residential"/>'
    network = read(tmp_path, *NODES, way(1, 1, 2, 3, tags=slow), way(2, 1, 2, 3))
    assert (network.edges, network.nodes) == (2, 2)


@pytest.mark.parametrize(
    "ways",
    [
        (("bcd", {"highway": "primary", "maxspeed": "80"}), ("bcd", {"highway": "residential"})),
        (("bcd", {"highway": "primary", "oneway": "yes"}),
         ("dcb", {"highway": "primary", "oneway": "yes"})),
    ],
)  # fmt: skip
def test_a_road_of_two_ways_on_the_same_nodes_meets_others_as_one(ways):
    world = World("a-b-c-d-e", list(ways))
    table = SpeedTable(
        name="t", mode="car", speed_km_h={"primary": 80, "residential": 40}, junction_delay_s=8
    )
    # four kilometres at 80 km/h; b and d would be junctions of three roads: 16 s
    assert world.times("ae", "ae", speeds=table)["a"]["e"] == 180
    assert world.times("ae", "ae", speeds=table)["e"]["a"] == 180
    fork = World("""
        a-b-c-d-e
          |
          f
    """, list(ways))  # fmt: skip
    assert fork.times("ae", "ae", speeds=table)["a"]["e"] == 188


def test_of_several_roads_between_two_junctions_each_counts_once(tmp_path):
    bend = [f'<node id="{20 + n}" lat="{60 + n / 1000}" lon="25.001"/>' for n in (2, 3)]
    straight, bent = (1, 2, 3, 4), (1, 22, 23, 4)
    ways = way(1, *straight), way(2, *bent), way(3, *straight), way(4, *bent)
    network = read(tmp_path, *NODES, *bend, *ways)
    assert (network.edges, network.nodes) == (2, 2)
    assert network.counts["edges_drawn_twice"] == 2


# --- restrictions over ways ----------------------------------------------------------------------


def test_a_restriction_over_ways_knows_where_they_begin_and_end(tmp_path):
    members = (
        '<member type="way" ref="1" role="from"/><member type="way" ref="2" role="via"/>'
        '<member type="way" ref="3" role="via"/><member type="way" ref="4" role="to"/>'
    )
    relation = (
        f'<relation id="1" version="1">{members}<tag k="type" v="restriction"/>'
        '<tag k="restriction" v="no_u_turn"/></relation>'
    )
    ways = way(1, 1, 2), way(2, 3, 2), way(3, 3, 4), way(4, 5, 4)
    network = read(tmp_path, *NODES, *ways, relation, table="finland-car")
    turns = network.turns
    assert turns.via_ways.tolist() == [1, 2]
    north = np.round((network.node_lat[[turns.via[0], turns.via_end[0]]] - 60) * 1000)
    assert north.tolist() == [2, 4]


@pytest.mark.parametrize(
    "tags",
    [
        {"day_on": "Monday", "hour_on": "07:00", "restriction": "no_left_turn"},
        {"restriction:conditional": "no_left_turn @ (Mo-Fr 07:00-09:00)"},
        {"restriction:motorcar:conditional": "no_left_turn @ (07:00-09:00)"},
        {"restriction:motor_vehicle": "no_left_turn", "hour_on": "07:00", "hour_off": "09:00"},
    ],
)
def test_a_restriction_of_some_hours_is_left_out_and_counted(tmp_path, tags):
    members = (
        '<member type="way" ref="1" role="from"/><member type="node" ref="2" role="via"/>'
        '<member type="way" ref="2" role="to"/>'
    )
    written = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
    relation = (
        f'<relation id="1" version="1">{members}<tag k="type" v="restriction"/>{written}</relation>'
    )
    network = read(tmp_path, *NODES, way(1, 1, 2), way(2, 2, 3), relation, table="finland-car")
    assert len(network.turns.via) == 0
    assert network.counts["turn_restrictions_timed"] == 1
    assert network_notices(network) == ["1 turn restrictions hold at some hours only: left out"]


@pytest.mark.parametrize(
    ("value", "only", "u_turn"),
    [
        ("no_left_turn;no_u_turn", False, False),
        (" only_straight_on ", True, False),
        ("no_u_turn", False, True),
    ],
)
def test_a_restriction_of_several_kinds_is_read_value_by_value(tmp_path, value, only, u_turn):
    members = (
        '<member type="way" ref="1" role="from"/><member type="node" ref="2" role="via"/>'
        '<member type="way" ref="2" role="to"/>'
    )
    tags = f'<tag k="type" v="restriction"/><tag k="restriction" v="{value}"/>'
    relation = f'<relation id="1" version="1">{members}{tags}</relation>'
    network = read(tmp_path, *NODES, way(1, 1, 2), way(2, 2, 3), relation, table="finland-car")
    assert (network.turns.only.tolist(), network.turns.u_turn.tolist()) == ([only], [u_turn])


# --- clips ---------------------------------------------------------------------------------------


def test_how_much_is_missing_is_told_by_length_not_by_the_number_of_nodes(tmp_path):
    # 40 stretches of 1 lack a node, and a road of 600 is whole: 2 of 40 known ones in 640
    far = [node(100, 100), node(101, 700)]
    nodes = [node(n, n) for n in range(1, 42) if n % 5]  # 8 of 41 nodes are missing
    network = read(tmp_path, *nodes, *far, way(1, *range(1, 42)), way(2, 100, 101))
    assert network.counts["way_nodes_missing"] == 8
    # 16 stretches end at one, as long as the other 24: 16 of 16 + 24 + 600
    assert network.origin["share_of_road_missing"] == "0.0250"
    with pytest.raises(NetworkError, match=r"40% of its roads; at most 10%"):
        read(tmp_path, *nodes, way(1, *range(1, 42)))
