"""Isochrones of small worlds, whose areas are worked out on paper.

    a-b-c-d        one road of three kilometres at 80 km/h (plain): 45 seconds a kilometre

From a site at `a`, t seconds reach v t along the road (v = 22.2 m/s), and off it, at x from the
site, w (t - x / v) to either side (w = 5.56 m/s, 20 km/h): two triangles of v t by w t, and half a
circle of w t around the end of the road.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from world import World

from accessibility import isochrones, travel_times
from accessibility.isochrone.surface import _spacing, make_surface
from accessibility.network import RoadNetwork
from accessibility.services import Text, Tier, Tiers
from accessibility.sites import Sites
from accessibility.sources.speed_tables import read_speeds
from accessibility.speeds import SpeedTable

V, W = 80 / 3.6, 20 / 3.6  # metres a second on the road and off it
ROAD = "a-b-c-d"
TIERS = Tiers(
    (
        Tier(id="L", name=Text({"": "Local"})),
        Tier(id="E", name=Text({"": "Special"}), includes=("L",)),
    )
)


def drawn(
    world: World,
    sites: Sites,
    *,
    bands_min: tuple[float, ...] = (1,),
    by: str = "tier",
    resolution_m: float | None = 20,
    network: RoadNetwork | None = None,
    **options: Any,
) -> gpd.GeoDataFrame:
    """Draw the isochrones of a world whose cells are all its letters."""
    speeds = options.pop("speeds", "plain")
    table = speeds if isinstance(speeds, SpeedTable) else read_speeds(speeds)
    names = "".join(sorted(name for name in world.places if name.isalpha()))
    people = world.population(names)
    roads = network or world.network(table)
    times = travel_times(roads, people, sites, speeds=table, **options)
    return isochrones(
        times, people, sites, TIERS, bands_min=bands_min, by=by, resolution_m=resolution_m
    )


def shape(layer: gpd.GeoDataFrame, band_min: float, **where: str) -> shapely.Geometry:
    for column, value in where.items():
        layer = layer[layer[column] == value]
    return layer[layer["band_min"] == band_min].geometry.iloc[0]


def moved(world: World, sites: Mapping[str, str], east: float = 0, north: float = 0) -> Sites:
    """Sites at places of the world, moved off them by so many metres."""
    placed = world.sites(sites)
    frame = placed.frame.set_geometry(placed.frame.geometry.translate(east, north))
    return replace(placed, frame=frame)


def at(world: World, name: str, east: float = 0, north: float = 0) -> shapely.Point:
    x, y = world.xy(name)[0]
    return shapely.Point(x + east, y + north)


def from_the_end(seconds: float) -> float:
    """Area that is reached in so many seconds from the end of a straight road.

    A time within the limit rounds to it: half a second less a tenth's half is reached beyond.
    """
    seconds += 0.45
    return V * seconds * W * seconds + math.pi / 2 * (W * seconds) ** 2


# --- one site on a road --------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [30, 60, 90])
def test_a_band_reaches_as_far_as_its_minutes_on_the_road_and_off_it(seconds):
    world = World(ROAD)
    band = shape(drawn(world, world.sites("a"), bands_min=(seconds / 60,)), seconds / 60)
    assert band.area == pytest.approx(from_the_end(seconds), rel=0.02)
    for reach, inside in ((0.97, True), (1.03, False)):
        assert band.contains(at(world, "a", east=V * seconds * reach)) is inside
        assert band.contains(at(world, "a", north=W * seconds * reach)) is inside
        assert band.contains(at(world, "a", east=-W * seconds * reach)) is inside
        half_way = at(world, "a", east=V * seconds / 2, north=-W * seconds / 2 * reach)
        assert band.contains(half_way) is inside


def test_a_site_off_the_road_pays_its_own_leg_first():
    world = World(ROAD)
    # 200 m north of the end: 36 s to the road, 24 s are left
    band = shape(drawn(world, moved(world, {"a": "L"}, north=200)), 1)
    assert band.area == pytest.approx(from_the_end(24), rel=0.03)
    assert not band.contains(at(world, "a", north=W * 24 * 1.1))


@pytest.mark.parametrize("by", ["tier", "site"])
def test_the_leg_of_a_site_counts_by_tier_and_by_site(by):
    world = World(ROAD)
    layer = drawn(world, moved(world, {"a": "L"}, north=200), by=by)
    column, value = ("tier", "L") if by == "tier" else ("site_id", "a")
    assert shape(layer, 1, **{column: value}).area == pytest.approx(from_the_end(24), rel=0.03)


def test_no_band_is_wider_than_the_longest_leg():
    world = World(ROAD)
    band = shape(drawn(world, world.sites("a"), max_leg_m=100), 1)
    x, y = world.xy("a")[0]
    strip = shapely.box(x - 100, y - 100, x + V * 60, y + 100)
    assert strip.buffer(12).contains(band)
    assert not band.contains(at(world, "a", north=110))
    assert band.contains(at(world, "a", east=600, north=90))


def test_nobody_within_reach_is_an_empty_band():
    world = World(ROAD)
    layer = drawn(world, world.sites({"a": "L"}))
    assert shape(layer, 1, tier="E").is_empty
    assert layer.loc[layer["tier"] == "E", "people"].tolist() == [0]


# --- directions, delays, several sites -----------------------------------------------------------


def test_a_one_way_is_reached_from_where_it_may_be_driven():
    ring = """
    a-b
    | |
    d-c
    """
    world = World(ring, {"ab": {"oneway": "yes"}})
    there = shape(drawn(world, world.sites("b"), max_leg_m=50), 1)
    away = shape(drawn(world, world.sites("b"), max_leg_m=50, direction="from_sites"), 1)
    half_way = at(world, "a", east=500)
    assert there.contains(half_way)  # 500 m along the one-way to b: 22 s
    assert not away.contains(half_way)  # from b round the ring: 3.5 km


def test_the_site_does_not_pay_for_the_junction_that_it_stands_on():
    slow = SpeedTable(
        name="slow", mode="car", speed_km_h={"primary": 80}, junction_delay_s=30,
        junction_classes=("primary",),
    )  # fmt: skip
    world = World("a-b-c-e\n  |\n  d")
    for direction in ("to_sites", "from_sites"):
        layer = drawn(world, world.sites("b"), speeds=slow, direction=direction)
        assert shape(layer, 1).contains(at(world, "b", east=V * 58))
        assert not shape(layer, 1).contains(at(world, "b", east=V * 63))


def test_passing_a_junction_costs_its_delay():
    slow = SpeedTable(
        name="slow", mode="car", speed_km_h={"primary": 80}, junction_delay_s=10,
        junction_classes=("primary",),
    )  # fmt: skip
    world = World("a-b-c-e\n  |\n  d")
    band = shape(drawn(world, world.sites("a"), speeds=slow, bands_min=(1.5,)), 1.5)
    # 90 s: 45 to b, 10 there, 35 on the way to c: 778 m
    assert band.contains(at(world, "b", east=V * 33))
    assert not band.contains(at(world, "b", east=V * 38))


def test_a_tier_is_around_the_nearest_of_its_sites_and_of_those_above():
    world = World(ROAD)
    layer = drawn(world, world.sites({"a": "L", "d": "E"}), bands_min=(0.5,))
    local, special = shape(layer, 0.5, tier="L"), shape(layer, 0.5, tier="E")
    assert special.area == pytest.approx(from_the_end(30), rel=0.03)
    assert local.area == pytest.approx(2 * from_the_end(30), rel=0.03)
    assert len(local.geoms) == 2
    by_site = drawn(world, world.sites({"a": "L", "d": "E"}), bands_min=(0.5,), by="site")
    assert shape(by_site, 0.5, site_id="a").area == pytest.approx(from_the_end(30), rel=0.03)


def test_people_of_a_band_are_those_whose_cells_are_within_it():
    world = World(ROAD)
    layer = drawn(world, world.sites("a"), bands_min=(0.5, 0.75, 1.5, 3))
    # cells a, b, c, d: 1, 2, 4 and 8 people, 0, 45, 90 and 135 s away; the limit itself counts
    assert layer.loc[layer["tier"] == "L", "people"].tolist() == [1, 3, 7, 15]


def test_bands_nest():
    world = World(ROAD)
    layer = drawn(world, world.sites("b"), bands_min=(0.5, 1, 2, 3))
    bands = [shape(layer, band, tier="L") for band in (0.5, 1, 2, 3)]
    assert all(outer.covers(inner) for inner, outer in pairwise(bands))
    assert all(band.is_valid for band in bands)


def test_a_part_that_no_road_joins_has_no_band():
    world = World("a-b\n\n\n\n\nc-d")
    band = shape(drawn(world, world.sites("a"), bands_min=(3,), max_leg_m=500), 3)
    assert not band.intersects(at(world, "c").buffer(300))


# --- the raster ----------------------------------------------------------------------------------


@pytest.mark.parametrize("offset_m", [0, 3, 31, 62])
def test_the_leg_starts_at_the_road_itself_wherever_the_raster_lies(offset_m):
    world = World(ROAD)
    sites = moved(world, {"a": "L"}, east=offset_m)
    band = shape(drawn(world, sites, resolution_m=250, max_leg_m=300, bands_min=(2,)), 2)
    # 250 m pixels, and yet the border beside the road is a straight one, at most 300 m off
    middle = at(world, "b", east=200).x
    cut = band.intersection(shapely.LineString([(middle, 6_890_000), (middle, 6_910_000)]))
    assert cut.length == pytest.approx(600, abs=30)


@pytest.mark.parametrize(
    ("reach_m", "size_m", "layers", "spacing_m"),
    [
        (375, 9_000, 5, 25),  # five minutes on foot in a town
        (375, 40_000, 5, 25),  # in a large one: 2.6 M pixels, and needed
        (5_000, 9_000, 21, 25),  # a quarter of an hour by car in a town: cheap
        (5_000, 150_000, 21, 250),  # in a region
        (1_667, 150_000, 21, 100),  # five minutes by car there
        (5_000, 1_000_000, 21, 500),  # a country: what the memory allows
    ],
)
def test_the_raster_fits_the_shortest_band_and_the_region(reach_m, size_m, layers, spacing_m):
    low, high = np.zeros(2), np.full(2, float(size_m))
    assert _spacing(low, high, layers, fitting_m=reach_m / 15) == spacing_m


def test_a_pixel_is_as_far_from_the_road_as_it_is():
    world = World(ROAD)
    people, sites = world.population("abcd"), world.sites("a")
    times = travel_times(world.network("plain"), people, sites, speeds="plain")
    surface = make_surface(
        times, str(people.cells.crs), access_speed_km_h=20, max_leg_m=400, resolution_m=170,
        layers=1, shortest_band_min=1,
    )  # fmt: skip
    (west, y), (east, _) = world.xy("a")[0], world.xy("d")[0]
    beside = (surface.x > west) & (surface.x < east)
    wanted = np.abs(surface.y - y)[:, None] * np.ones(beside.sum())
    found = surface.leg_m[:, beside]
    near = wanted < 400
    assert found[near] == pytest.approx(wanted[near], abs=0.5)  # the drawn road bends by cm
