"""Graphs that osmnx has simplified: edges that join several ways, with lists of their values."""

from __future__ import annotations

import itertools
from pathlib import Path

import networkx as nx
import numpy as np
import osmnx
import pytest
import shapely
from studies import accessibility
from world import World

import accessibility as acc
from accessibility.errors import NetworkError
from accessibility.network import RoadNetwork, drive_times
from accessibility.notices import network_notices
from accessibility.sources.graphs import graph_from_network, network_from_graph
from accessibility.sources.speed_tables import built_in_table
from accessibility.speeds import SpeedTable, way_speed
from accessibility.speeds.merged import alternatives, merged

# Four places 1 km apart; the middle edge is what a test says of it. 80 km/h: 45 s a kilometre.
LINE = World("s-a-b-t")
MOST = {"tier": "L", "within_min": 30, "share": 0.9}


def graph(there: dict, back: dict | None = None, **attributes) -> nx.MultiDiGraph:
    """The line as a graph with two-way edges; the middle one has these attributes each way."""
    found = nx.MultiDiGraph(crs="EPSG:4326", **attributes)
    for name, (lon, lat) in zip("sabt", LINE.lonlat("sabt"), strict=True):
        found.add_node(name, x=float(lon), y=float(lat))
    plain = {"osmid": 1, "highway": "primary", "length": 1000.0}
    for start, end in itertools.pairwise("sabt"):
        middle = start == "a"
        found.add_edge(start, end, **plain | (there if middle else {}), reversed=False)
        way_back = (there if back is None else back) if middle else {}
        found.add_edge(end, start, **plain | way_back, reversed=True)
    return found


def both_ways(network: RoadNetwork, table: str | SpeedTable = "plain") -> tuple:
    times = LINE.times("st", "st", network=network, speeds=table, max_leg_m=1)
    return times["s"]["t"], times["t"]["s"]


def read(*tags: dict, table: str = "plain", **attributes) -> RoadNetwork:
    return network_from_graph(graph(*tags, **attributes), built_in_table(table))


# --- the mean of what an edge may be -------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "back", "table", "expected"),
    [
        # residential 40 and primary 80 km/h: 60 km/h, 60 s; the order of a list says nothing
        ({"highway": ["residential", "primary"]}, {"highway": ["primary", "residential"]},
         "plain", 150),
        ({"maxspeed": ["30", "80"]}, {"maxspeed": "['80', '30']"}, "plain", 156),  # 65.5 s
        ({"ref": ["4", "9"]}, {"ref": ["9", "4"]}, "plain", 135),
        ({"name": ["A", "B"]}, {"name": ["B", "A"]}, "plain", 135),
        ({"osmid": [1, 2]}, {"osmid": [2, 1]}, "plain", 135),
        # osmnx guesses a speed from a list's first class: another each way, but one road
        ({"speed_kph": 80.0}, {"speed_kph": 40.0}, "plain", 135),
    ],
)  # fmt: skip
def test_a_list_turned_on_the_way_back_is_one_road(there, back, table, expected):
    network = read(there, back, table=table)
    assert network.edges == 3, "two one-way edges would make false junctions"
    assert both_ways(network, table) == (expected, expected)


def test_speeds_that_differ_each_way_are_driven_each_way():
    # 0.95 of 100 and of 50 km/h; s-a and b-t are primaries without a limit: 80 km/h
    network = read({"speed_kph": 100.0}, {"speed_kph": 50.0}, table="finland-car")
    times = drive_times(network, built_in_table("finland-car"))
    assert network.edges == 3
    middle = [edge for edge in range(3) if times.forward_km_h[edge] != times.backward_km_h[edge]]
    assert [times.forward_km_h[edge] for edge in middle] == pytest.approx([95.0])
    assert [times.backward_km_h[edge] for edge in middle] == pytest.approx([47.5])
    # and so they stay in a graph that is written and read again
    table = built_in_table("finland-car")
    again = network_from_graph(graph_from_network(network, table), table)
    assert both_ways(again, "finland-car") == both_ways(network, "finland-car")


def test_a_merged_edge_is_written_as_it_was_read():
    table = built_in_table("plain")
    network = read({"maxspeed": ["30", "80"], "highway": ["primary", "secondary"]})
    again = network_from_graph(graph_from_network(network, table), table)
    assert both_ways(again) == both_ways(network)
    assert again.counts["edges_merged"] == 1


def test_limits_by_direction_turn_with_the_way():
    table = SpeedTable(
        name="t", mode="car", speed_km_h={"primary": 80}, use_maxspeed=True,
        maxspeed_by_direction=True,
    )  # fmt: skip
    tags = {"maxspeed:forward": "40", "maxspeed:backward": "80"}  # of the way, whoever drives
    assert both_ways(network_from_graph(graph(tags), table), table) == (180, 135)
    # where an edge joins ways that are drawn against one another, each direction may be either
    found = graph(tags)
    for start, end in ("ab", "ba"):
        found.edges[start, end, 0]["reversed"] = [True, False]
    assert both_ways(network_from_graph(found, table), table) == (150, 150)  # 60 km/h


@pytest.mark.parametrize("values", [["yes", "no"], "['no', 'yes']", ["no", "", "yes"]])
@pytest.mark.parametrize("key", ["access", "motor_vehicle"])
@pytest.mark.parametrize("table", ["plain", "finland-car"])
def test_an_edge_with_a_closed_part_lets_nobody_through(key, values, table):
    network = read({key: values}, table=table)
    assert both_ways(network, table) == (None, None)
    assert network.counts["edges_closed_by_a_part"] == 1


def test_a_class_that_the_table_does_not_open_closes_the_edge():
    assert both_ways(read({"highway": ["primary", "footway"]})) == (None, None)


def test_a_gate_among_joined_nodes_stops():
    found = graph({})
    found.nodes["a"].update(barrier=["bollard", "cattle_grid"])
    table = built_in_table("finland-car")
    assert both_ways(network_from_graph(found, table), table) == (None, None)
    found.nodes["a"].update(barrier=None, highway=["crossing", "traffic_signals"])
    network = network_from_graph(found, table)
    delayed = drive_times(network, table).arc_delay_ds
    assert delayed.max() == table.signal_delay_s * 10 > 0


def test_what_a_merged_way_may_be_is_spelt_out():
    tags = {"highway": "primary"} | merged("maxspeed", ["80", ""], "80") | merged("x", "ab", "a")
    assert alternatives(tags) == [
        {"highway": "primary", "x": "a"},
        {"highway": "primary", "x": "b"},
        {"highway": "primary", "maxspeed": "80", "x": "a"},
        {"highway": "primary", "maxspeed": "80", "x": "b"},
    ]
    speed = way_speed(tags, built_in_table("plain"))
    assert speed.forward_km_h == 80


def test_lists_without_end_are_refused():
    many = [str(number) for number in range(10, 60)]
    with pytest.raises(NetworkError, match=r"edge a-b of the graph: .* too many values"):
        read({"maxspeed": many, "highway": [*many, "primary"]})


# --- the same road twice -------------------------------------------------------------------------


def test_an_edge_that_is_in_the_graph_twice_is_one_road():
    found = graph({})
    for start, end in ("ab", "ba"):
        found.add_edge(start, end, **found.edges[start, end, 0] | {"osmid": 7})
    network = network_from_graph(found, built_in_table("finland-car"))
    assert network.edges == 3
    assert network.counts["edges_drawn_twice"] == 1


def test_two_roads_of_one_length_drawn_apart_both_stay():
    found = graph({})
    (west, north), (east, _) = LINE.lonlat("ab")
    middle = (west + east) / 2
    for sign in (1, -1):
        line = shapely.LineString([(west, north), (middle, north + sign * 0.001), (east, north)])
        found.add_edge("a", "b", highway="primary", length=1100.0, geometry=line)
        found.add_edge("b", "a", highway="primary", length=1100.0, geometry=line.reverse())
    assert network_from_graph(found, built_in_table("plain")).edges == 5


# --- what is said --------------------------------------------------------------------------------


def test_every_command_says_how_much_road_is_merged_and_what_to_do(tmp_path):
    # one kilometre of three
    path = tmp_path / "town.graphml"
    osmnx.save_graphml(graph({"maxspeed": ["30", "80"], "osmid": [1, 2]}), path)
    points = tmp_path / "points.csv"
    rows = "".join(f"{n},{x},{y}\n" for n, (x, y) in zip("st", LINE.lonlat("st"), strict=True))
    points.write_text("id,lon,lat\n" + rows, encoding="utf-8")
    told = (
        "1 edges (33.3% of the road) have several values of maxspeed without their lengths: each "
        "is driven at the mean of its values' speeds"
    )
    inspected = accessibility("inspect", path, "--speeds", "plain")
    assert told in inspected.err
    assert "edges_merged 1" in inspected.out
    answer = accessibility(
        "matrix", "--network", path, "--speeds", "plain", "--origins", points,
        "--destinations", points, "--out", tmp_path / "out.csv", "--max-leg", "20",
    )  # fmt: skip
    assert told in answer.err
    assert "download_network" in answer.err
    study = LINE.write_study(tmp_path / "study", cells="st", sites="s", targets=[MOST])
    path.rename(study.parent / "town.graphml")
    text = study.read_text(encoding="utf-8").replace("network.osm.pbf", "town.graphml")
    study.write_text(text, encoding="utf-8")
    assert told in accessibility("check", study).err


@pytest.mark.parametrize(
    ("tags", "attributes", "expected"),
    [
        ({"highway": ["primary", "primary_link"], "maxspeed": "60"}, {}, 0),  # alike in speed
        ({"name": ["A", "B"]}, {}, 0),
        ({"osmid": [1, 2]}, {}, 1),  # what one of them says may hold for a part only
        ({"osmid": [1, 2]}, {"edge_attrs_differ": "maxspeed access"}, 0),
        ({"osmid": [1, 2], "speed_kph": 60.0}, {}, 1),  # a table that does not use it
        ({"speed_kph": 3600.0}, {}, 1),
    ],
)
def test_only_what_may_matter_is_said(tags, attributes, expected):
    assert len(network_notices(read(tags, **attributes))) == expected


# --- lengths, ids --------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1e308, 1e9, "1e400", -0.1, [500.0, 500.0]])
def test_a_length_that_no_road_has_is_refused(length):
    with pytest.raises(NetworkError, match=r"2 edges of the graph have no length.*a-b, b-a"):
        read({"length": length})


def test_directions_pair_whatever_rounding_does_to_their_lengths():
    # 1000.0025 m is halfway between two marks of 5 mm
    assert read({"length": 1000.0024999}, {"length": 1000.0025001}).edges == 3


def test_an_id_too_long_for_a_number_is_no_id():
    assert -1 in read({"osmid": 10**30}).way_id.tolist()


# --- osmnx itself --------------------------------------------------------------------------------

#: 3 km at 80 km/h but for 100 m at 30, with a side road at either end, so that osmnx joins it.
SLOW = World(
    places={
        "s": (0, 0), "a": (1000, 0), "b": (1100, 0), "c": (2000, 0), "t": (3000, 0),
        "u": (0, 500), "v": (3000, 500), "w": (-500, 0), "x": (3500, 0),
    },
    roads={
        "sa": {"maxspeed": "80"}, "ab": {"maxspeed": "30", "motor_vehicle": "yes"},
        "bct": {"maxspeed": "80"}, "us": "primary", "vt": "primary", "sw": "primary",
        "tx": "primary",
    },
    nodes={"c": {"highway": "traffic_signals"}, "b": {"highway": "crossing"}},
)  # fmt: skip


@pytest.fixture
def no_internet(monkeypatch, tmp_path):
    """Have osmnx take its roads from a drawn file."""
    path = SLOW.write_osm(tmp_path / "slow.osm")
    settings = osmnx.settings.useful_tags_way, osmnx.settings.useful_tags_node

    def from_file(place: str, *, network_type: str, simplify: bool, retain_all: bool):
        return osmnx.graph_from_xml(path, simplify=simplify, retain_all=retain_all)

    monkeypatch.setattr(osmnx, "graph_from_place", from_file)
    yield path
    assert settings == (osmnx.settings.useful_tags_way, osmnx.settings.useful_tags_node)


@pytest.mark.parametrize("table", ["plain", "finland-car"])
def test_a_download_keeps_what_simplifying_would_lose(no_internet, tmp_path, table):
    # 2.9 km at 80 km/h and 0.1 km at 30: 130.5 + 12 = 142.5 s under the plain model
    wanted = SLOW.times("st", "st", speeds=table, max_leg_m=1)["s"]["t"]
    assert table != "plain" or wanted in (142, 143)
    path = Path(tmp_path) / "roads.graphml"
    downloaded = acc.download_network("Somewhere", path, speeds=table)
    times = SLOW.times("st", "st", network=downloaded, speeds=table, max_leg_m=1)
    # osmnx measures on a sphere: up to 0.5 % otherwise
    assert times["s"]["t"] == times["t"]["s"] == pytest.approx(wanted, abs=1)
    assert network_notices(downloaded) == []
    again = acc.read_network(path, speeds=table, cache=False)
    assert SLOW.times("st", "st", network=again, speeds=table, max_leg_m=1) == times
    assert network_notices(again) == []
    assert again.nodes == 9, "cut at a, b and the signals at c, and nowhere else"


def test_osmnx_own_simplifying_is_read_at_the_mean_and_said(no_internet):
    simplified = osmnx.graph_from_xml(no_internet, simplify=True, retain_all=True)
    network = network_from_graph(simplified, built_in_table("plain"))
    times = SLOW.times("st", "st", network=network, max_leg_m=1)
    assert times["s"]["t"] == times["t"]["s"] == 196  # 3 km at 55 km/h: 196.4 s
    said = network_notices(network)
    assert "1 edges (60.0% of the road) have several values of maxspeed" in said[0]


def test_speeds_of_osmnx_are_used_where_the_table_says_so(no_internet):
    raw = osmnx.graph_from_xml(no_internet, simplify=False, retain_all=True)
    timed = osmnx.add_edge_travel_times(osmnx.add_edge_speeds(raw))
    table = SpeedTable(name="t", mode="car", speed_km_h={"primary": 10}, use_speed_kph=True)
    network = network_from_graph(osmnx.simplify_graph(timed), table)
    times = SLOW.times("st", "st", network=network, speeds=table, max_leg_m=1)
    assert times["s"]["t"] == pytest.approx(142.5, abs=1)
    assert network_notices(network) == []
    assert np.isfinite(network.segment_m).all()
