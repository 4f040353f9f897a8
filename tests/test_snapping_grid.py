"""The compiled grid finds the very edges that shapely's tree finds, ties included."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from world import CRS, World

from accessibility import read_network
from accessibility.network import NOWHERE, RoadNetwork, Snapped, Snapper, drive_times, snapping
from accessibility.network.edge_grid import EdgeGrid
from accessibility.sources.speed_tables import built_in_table

MILLIMETRE = 0.001


def tree_nearest(xy, point_from, edges, way_id, points):
    """Find nearest edges with GEOS, and of those within a millimetre the smallest way and edge."""
    lines = [shapely.LineString(xy[point_from[edge] : point_from[edge + 1]]) for edge in edges]
    tree = shapely.STRtree(lines)
    spots = shapely.points(points)
    (_, _), near_m = tree.query_nearest(spots, all_matches=False, return_distance=True)
    rows, found = tree.query(spots, predicate="dwithin", distance=near_m + MILLIMETRE)
    edge = np.asarray(edges)[found]
    order = np.lexsort((edge, way_id[edge], rows))
    _, first = np.unique(rows[order], return_index=True)
    return edge[order][first]


def grid_nearest(xy, point_from, edges, way_id, points):
    grid = EdgeGrid(xy, point_from, np.asarray(edges), way_id)
    return grid.nearest(points, same_m=MILLIMETRE)


def drawn(*lines, ways=None):
    """Give lines of (x, y) as arrays: points, where each edge's begin, and ids of ways."""
    xy = np.array([point for line in lines for point in line], dtype=float)
    point_from = np.concatenate([[0], np.cumsum([len(line) for line in lines])])
    return xy, point_from, np.array(ways or range(len(lines)))


def test_the_nearest_edge_is_found_however_far_it_is():
    xy, point_from, ways = drawn([(0, 0), (100, 0)], [(0, 50), (40, 60), (100, 50)])
    points = np.array([[50.0, 10], [50, 45], [-1e7, 3e6], [1e4, 60], [50, -1e6], [40, 1e6]])
    found = grid_nearest(xy, point_from, [0, 1], ways, points)
    assert found.tolist() == [0, 1, 1, 1, 0, 1]


def test_of_edges_equally_near_to_a_millimetre_the_smaller_way_id_is_taken():
    # the point lies half a millimetre nearer to the first, which has the larger id
    near = [(0, 1), (10, 1)], [(0, -1.0005), (10, -1.0005)]
    far = [(0, 1), (10, 1)], [(0, -1.002), (10, -1.002)]
    point = np.array([[5.0, 0.0]])
    for lines, nearest in ((near, 1), (far, 0)):
        xy, point_from, ways = drawn(*lines, ways=[20, 10])
        assert grid_nearest(xy, point_from, [0, 1], ways, point).tolist() == [nearest]


def test_of_two_edges_of_one_way_the_first_is_taken():
    xy, point_from, ways = drawn([(0, 0), (5, 0)], [(5, 0), (10, 0)], ways=[7, 7])
    at_their_junction = np.array([[5.0, 3.0]])
    assert grid_nearest(xy, point_from, [0, 1], ways, at_their_junction).tolist() == [0]
    assert grid_nearest(xy, point_from, [1], ways, at_their_junction).tolist() == [1]


def test_an_edge_without_length_is_a_point():
    xy, point_from, ways = drawn([(3, 4), (3, 4)], [(9, 9), (9, 9)])
    points = np.array([[0.0, 0], [100, 100]])
    assert grid_nearest(xy, point_from, [0, 1], ways, points).tolist() == [0, 1]


def test_a_point_that_is_nowhere_has_no_edge():
    xy, point_from, ways = drawn([(0, 0), (5, 0)])
    points = np.array([[np.nan, 0], [0, np.inf], [1, 1]])
    assert grid_nearest(xy, point_from, [0], ways, points).tolist() == [NOWHERE, NOWHERE, 0]


# whole metres give many ties; thousandths give ties to within the millimetre; wide spans give long
# roads across many cells
PLACES = st.one_of(
    st.integers(-6, 6).map(float),
    st.integers(-3000, 3000).map(lambda mm: mm / 1000),
    st.floats(-1e5, 1e5, allow_nan=False).map(lambda m: round(m, 3)),
)
POINT = st.tuples(PLACES, PLACES)
LINE = st.lists(POINT, min_size=2, max_size=5)


@given(
    lines=st.lists(LINE, min_size=1, max_size=12),
    points=st.lists(POINT, min_size=1, max_size=20),
    data=st.data(),
)
def test_the_grid_agrees_with_the_tree_on_every_drawing(lines, points, data):
    ways = data.draw(st.lists(st.integers(1, 4), min_size=len(lines), max_size=len(lines)))
    edges = data.draw(st.sets(st.integers(0, len(lines) - 1), min_size=1).map(sorted))
    east_north = data.draw(st.sampled_from([(0.0, 0.0), (500_000.0, 7_000_000.0)]))
    xy, point_from, way_id = drawn(*lines, ways=ways)
    xy, points = xy + east_north, np.array(points) + east_north
    by_tree = tree_nearest(xy, point_from, edges, way_id, points)
    assert grid_nearest(xy, point_from, edges, way_id, points).tolist() == by_tree.tolist()


def test_between_two_segments_equally_near_the_first_is_taken():
    world = World("""
        a-b
          |
          c
    """, {"abc": "primary"})  # fmt: skip
    times = drive_times(world.network(built_in_table("plain")), built_in_table("plain"))
    snapper = Snapper(times, CRS, access_speed_km_h=20, max_leg_m=5000, min_component_m=1000)
    beyond_the_corner = world.xy("b") + np.array([300.0, 300.0])
    found = snapper.snap_sites(beyond_the_corner)
    assert found.segment.tolist() == [0]
    assert found.fraction.tolist() == [1.0]


# --- behind the Snapper --------------------------------------------------------------------------


def snap_both_ways(
    network: RoadNetwork, crs: str, sites: np.ndarray, cells: np.ndarray, table: str
) -> dict[str, tuple[Snapped, Snapped]]:
    """Snap sites and cells with the tree and with the grid."""
    times = drive_times(network, built_in_table(table))
    options = {"access_speed_km_h": 20, "max_leg_m": 5000, "min_component_m": 1000}
    found = {}
    for name, from_points in (("tree", sys.maxsize), ("grid", 0)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(snapping, "GRID_FROM_POINTS", from_points)
            patch.setattr(snapping, "GRID_FROM_SEGMENTS", sys.maxsize)
            snapper = Snapper(times, crs, **options)
            site_points = snapper.snap_sites(sites)
            found[name] = site_points, snapper.snap_cells(cells, site_points)
            assert bool(snapper._grids) == (name == "grid")
            assert bool(snapper._trees) == (name == "tree")
    return found


def assert_equal(found: dict[str, tuple[Snapped, Snapped]]) -> None:
    for tree, grid in zip(found["tree"], found["grid"], strict=True):
        for part in fields(tree):
            before, after = getattr(tree, part.name), getattr(grid, part.name)
            np.testing.assert_array_equal(before, after, err_msg=part.name)


def test_small_and_large_networks_snap_alike():
    world = World("""
        a-1-b---c
        |   |  /
        d-2-e-f  3
    """)
    network = world.network(built_in_table("plain"))
    found = snap_both_ways(network, CRS, world.xy("ab"), world.xy("123def"), "plain")
    assert_equal(found)
    assert (found["grid"][1].edge != NOWHERE).all()


def test_without_numba_the_tree_serves_and_finds_the_same(monkeypatch):
    world = World("a-1-b")
    network = world.network(built_in_table("plain"))
    times = drive_times(network, built_in_table("plain"))
    monkeypatch.setattr(snapping, "GRID_FROM_POINTS", 0)
    monkeypatch.setitem(sys.modules, "accessibility.network.edge_grid", None)  # no such module
    monkeypatch.setattr(snapping, "_compiled_grid", snapping._compiled_grid.__wrapped__)
    snapper = Snapper(times, CRS, access_speed_km_h=20, max_leg_m=5000, min_component_m=1000)
    assert snapper.snap_sites(world.xy("1")).edge.tolist() == [0]
    assert not snapper._grids


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("extract", "crs"),
    [("iceland-latest.osm.pbf", "EPSG:3057"), ("porto_portugal.osm.pbf", "EPSG:3763")],
)
def test_a_real_network_snaps_alike(data_folder: Path, extract: str, crs: str):
    network = read_network(data_folder / "data/osm-extracts" / extract, speeds="finland-car")
    points = network.points_in(crs)
    drawer = np.random.default_rng(7)
    around = points[drawer.integers(0, len(points), 20_000)]
    around = around + drawer.normal(0, 400, around.shape)
    junctions = points[network.point_from[:-1]][::20]  # where several edges are equally near
    low, high = points.min(axis=0), points.max(axis=0)
    anywhere = drawer.uniform(low - 50_000, high + 50_000, (2_000, 2))
    cells = np.concatenate([around, junctions, anywhere])
    found = snap_both_ways(network, crs, around[:300], cells, "finland-car")
    assert_equal(found)
    assert found["grid"][1].moved.any()
