"""The Python door: what the study's file refuses, a call refuses too, with the same words."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from studies import accessibility
from world import World

import accessibility as acc
from accessibility.errors import InputError
from accessibility.notices import notices
from accessibility.population import Population
from accessibility.projections import transformer
from accessibility.services import Text, Tier, Tiers
from accessibility.sites import Sites
from accessibility.speeds import ACCESS_LEGS
from accessibility.traveltime import TravelTimes

LINE = World("a-b-c")
TIERS = Tiers((Tier(id="L", name=Text({"": "local"})),))


# --- a matrix carries what it was made with -------------------------------------------------------


def test_a_matrix_says_what_it_was_made_with() -> None:
    times = LINE.travel_times(
        "ac", "b", access_speed_km_h=5, max_leg_m=1500, season="winter", speed_factor=0.5,
        direction="from_sites",
    )  # fmt: skip
    made = times.settings
    assert made is not None
    assert (made.access_speed_km_h, made.max_leg_m, made.min_component_m) == (5, 1500, 1000)
    assert (made.season, made.direction, made.speed_factor) == ("winter", "from_sites", 0.5)
    assert (made.speeds.name, made.crs) == ("plain", "EPSG:3880")


def test_isochrones_are_drawn_with_the_access_legs_of_their_matrix() -> None:
    """People walk 1,000 m at 6 km/h to the road: 10 minutes, so the 5-minute band ends at 500 m."""
    people, sites = LINE.population("ac"), LINE.sites("b")
    times = LINE.travel_times("ac", "b", access_speed_km_h=6)
    options = {"bands_min": [5], "resolution_m": 50}
    drawn = acc.isochrones(times, people, sites, TIERS, **options)
    told = acc.isochrones(times, people, sites, TIERS, access_speed_km_h=6, **options)
    assert drawn.geometry.iloc[0].equals(told.geometry.iloc[0])
    south, north = drawn.total_bounds[[1, 3]]
    assert (north - south) / 2 == pytest.approx(500, abs=20)  # 5 min at 6 km/h are 500 m


@pytest.mark.parametrize("given", [{"access_speed_km_h": 20}, {"max_leg_m": 5000}])
def test_isochrones_refuse_access_legs_that_the_matrix_was_not_made_with(given: dict) -> None:
    times = LINE.travel_times("ac", "b", access_speed_km_h=6, max_leg_m=800)
    with pytest.raises(InputError, match=r"were made with (6|800)"):
        acc.isochrones(times, LINE.population("ac"), LINE.sites("b"), TIERS, bands_min=[5], **given)


# --- travel_times ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["access_speed_km_h", "max_leg_m", "speed_factor"])
@pytest.mark.parametrize("value", [0, -5, float("nan"), float("inf"), 1e300, "20", None, True])
def test_a_setting_of_travel_times_that_is_no_sensible_number_is_refused(
    name: str, value: object
) -> None:
    if value is None and name != "speed_factor":
        pytest.skip("None stands for the mode's own")
    with pytest.raises(InputError, match=name):
        LINE.travel_times("a", "b", **{name: value})


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "1000"])
def test_a_least_component_that_is_no_sensible_number_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="min_component_m"):
        LINE.travel_times("a", "b", min_component_m=value)


@pytest.mark.parametrize(
    ("setting", "meant"),
    [
        ({"direction": "to_site"}, "to_sites"),
        ({"direction": "From_Sites"}, "from_sites"),
        ({"season": "Winter"}, "winter"),
        ({"season": "sumer"}, "summer"),
    ],
)
def test_a_word_that_nothing_knows_is_refused_with_the_one_that_was_meant(
    setting: dict, meant: str
) -> None:
    with pytest.raises(InputError, match=f'did you mean "{meant}"'):
        LINE.travel_times("a", "b", **setting)


def test_numbers_of_numpy_are_numbers() -> None:
    plain = LINE.travel_times("ac", "b", access_speed_km_h=5, speed_factor=0.5)
    for number in (np.float32, np.float64):
        again = LINE.travel_times("ac", "b", access_speed_km_h=number(5), speed_factor=number(0.5))
        assert again.time_s.tolist() == plain.time_s.tolist()
    assert LINE.travel_times("ac", "b", access_speed_km_h=np.int64(5)).settings is not None


# --- a network knows what it was read for ---------------------------------------------------------

#: People walk 1 km of footway from a to b; by car it is 3 km round by c and d.
PATH = World(
    """
    a-b
    | |
    c-d
    """,
    {"ab": "footway"},
)


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize("asked", ["walk", "bicycle", "plain"])
def test_a_network_read_for_cars_is_refused_to_a_table_that_opens_more(
    tmp_path: Path, asked: str, cache: bool
) -> None:
    PATH.write_osm(tmp_path / "roads.osm")
    people, sites = PATH.population("a"), PATH.sites("b")
    for _ in range(2 if cache else 1):  # from the file, then from the cache
        cars = acc.read_network(tmp_path / "roads.osm", speeds="finland-car", cache=cache)
        with pytest.raises(InputError, match=r'read for the speed table "finland-car"'):
            acc.travel_times(cars, people, sites, speeds=asked)
    with pytest.raises(InputError, match="read it again"):
        acc.graph_from_network(cars, asked)


def test_travel_times_take_the_table_that_the_network_was_read_for(tmp_path: Path) -> None:
    """No table named: the one on foot, since the roads were read for it."""
    PATH.write_osm(tmp_path / "roads.osm")
    people, sites = PATH.population("a"), PATH.sites("b")
    on_foot = acc.read_network(tmp_path / "roads.osm", speeds="walk")
    own = acc.travel_times(on_foot, people, sites)
    told = acc.travel_times(on_foot, people, sites, speeds="walk")
    assert own.settings == told.settings
    assert own.settings is not None
    assert own.settings.speeds.name == "walk"
    assert own.time_s.tolist() == told.time_s.tolist()


def test_a_table_that_opens_no_more_may_drive_on_a_network_read_for_another(
    tmp_path: Path,
) -> None:
    PATH.write_osm(tmp_path / "roads.osm")
    table = acc.read_speeds("finland-car")
    slower = table.model_copy(update={"name": "slower", "maxspeed_share": 0.5})
    fewer = {name: 30.0 for name in table.speed_km_h if name != "track"}
    cars = acc.read_network(tmp_path / "roads.osm", speeds=table)
    for other in (slower, table.model_copy(update={"speed_km_h": fewer})):
        acc.travel_times(cars, PATH.population("a"), PATH.sites("b"), speeds=other)
    more = table.model_copy(update={"speed_km_h": {**table.speed_km_h, "footway": 5.0}})
    with pytest.raises(InputError, match="roads of the class footway"):
        acc.travel_times(cars, PATH.population("a"), PATH.sites("b"), speeds=more)


def test_a_graph_without_the_tags_of_a_mode_is_refused_to_it() -> None:
    graph = acc.graph_from_network(PATH.network(acc.read_speeds("plain")), "plain")
    cars = acc.read_network(graph, speeds="finland-car")
    with pytest.raises(InputError, match="what the mode walk uses"):
        acc.travel_times(cars, PATH.population("a"), PATH.sites("b"), speeds="walk")


# --- access legs are those of the mode ------------------------------------------------------------

#: A straight road of 2 km past b; 1 lives 600 m off it, 2 1,200 m, 3 1,300 m, 4 4,100 m.
OFF_ROAD = World(
    places={"a": (-1000, 0), "b": (0, 0), "c": (1000, 0), "1": (0, 600), "2": (0, -1200),
            "3": (0, 1300), "4": (0, -4100)},
    roads=[("abc", "residential")],
)  # fmt: skip
#: Seconds to a site at b, of the access leg alone: 600 m at 20 km/h are 108 s; too far: None.
LEGS_S = {
    "plain": {"1": 108, "2": 216, "3": 234, "4": 738},
    "bicycle": {"1": 135, "2": 270, "3": 293, "4": None},  # 16 km/h, at most 4 km
    "walk": {"1": 432, "2": 864, "3": None, "4": None},  # 5 km/h, at most 1,250 m
}


@pytest.mark.parametrize("speeds", sorted(LEGS_S))
def test_access_legs_are_those_of_the_mode_where_none_are_given(
    speeds: str, tmp_path: Path
) -> None:
    found = OFF_ROAD.times("1234", "b", speeds=speeds)
    assert {cell: row["b"] for cell, row in found.items()} == LEGS_S[speeds]
    # by a study that leaves them out
    study = OFF_ROAD.write_study(
        tmp_path, cells="1234", sites={"b": "L"}, speeds=speeds, settings={"snapping": None}
    )
    run = acc.run_study(acc.load_study(study))
    by_study = run.nearest["time_s_L"].astype(object).where(run.nearest["time_s_L"].notna(), None)
    assert by_study.to_dict() == LEGS_S[speeds]
    folder = acc.write_run(run, tmp_path / "run")
    snapping = json.loads((folder / "run.json").read_text(encoding="utf-8"))["settings"]["snapping"]
    leg = ACCESS_LEGS[run.speeds.mode]
    assert (snapping["access_speed_km_h"], snapping["max_leg_m"]) == (leg.speed_km_h, leg.max_m)
    # and by `matrix`
    for name, places in (("from", "1234"), ("to", "b")):
        rows = zip(places, OFF_ROAD.lonlat(places).tolist(), strict=True)
        lines = ["id,lon,lat", *(f"{place},{lon!r},{lat!r}" for place, (lon, lat) in rows)]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")
    done = accessibility(
        "matrix", "--network", tmp_path / "network.osm.pbf", "--speeds", speeds, "--origins",
        tmp_path / "from.csv", "--destinations", tmp_path / "to.csv", "--out", tmp_path / "m.csv",
    )  # fmt: skip
    assert done.code == 0
    pairs = pd.read_csv(tmp_path / "m.csv", dtype={"from_id": str})
    told = dict(zip(pairs["from_id"], pairs["travel_time_s"], strict=True))
    assert told == {cell: time_s for cell, time_s in LEGS_S[speeds].items() if time_s is not None}


# --- no silent country ----------------------------------------------------------------------------

#: Where a study lies: a metric CRS, and the middle of its sites in degrees.
PORTO_ALEGRE = ("EPSG:32722", -51.2, -30.0)


def write_abroad(folder: Path, **network: object) -> Path:
    """Write a study of two homes and a site on a straight road of 1 km in Porto Alegre."""
    crs, lon, lat = PORTO_ALEGRE
    x, y = transformer(4326, crs).transform(lon, lat)
    east = transformer(crs, 4326).transform(x + 1000, y)
    folder.mkdir(exist_ok=True)
    (folder / "roads.osm").write_text(
        "<osm version='0.6'>"
        f"<node id='1' lon='{lon}' lat='{lat}' version='1'/>"
        f"<node id='2' lon='{east[0]}' lat='{east[1]}' version='1'/>"
        "<way id='1' version='1'><nd ref='1'/><nd ref='2'/>"
        "<tag k='highway' v='residential'/></way></osm>",
        encoding="utf-8",
    )
    (folder / "people.csv").write_text(f"id,x,y,people\na,{x},{y},5\nb,{x + 1000},{y},7\n")
    (folder / "sites.csv").write_text(f"id,name,tier,lon,lat\nS,Posto,L,{lon},{lat}\n")
    keys = "".join(f"{key} = {value!r}\n" for key, value in network.items())
    (folder / "study.toml").write_text(
        f"schema_version = 1\nname = 'Porto Alegre'\ncrs = '{crs}'\n"
        f"[network]\nsource = 'roads.osm'\n{keys}"
        f"[population]\nsource = 'people.csv'\nid = 'id'\nx = 'x'\ny = 'y'\ncrs = '{crs}'\n"
        "cell_size_m = 100\npeople = 'people'\n"
        "[sites]\nsource = 'sites.csv'\n[[tiers]]\nid = 'L'\nname = 'posto'\n",
        encoding="utf-8",
    )
    return folder / "study.toml"


@pytest.mark.parametrize(
    ("network", "table", "seconds"),
    [
        ({}, "generic-car", 144),  # 1 km at 25 km/h
        ({"mode": "walk"}, "walk", 720),  # 5 km/h
        ({"mode": "bicycle"}, "bicycle", 225),  # 16 km/h
        ({"speeds": "finland-car"}, "finland-car", 120),  # 30 km/h: as told, and warned of
    ],
)
def test_a_study_abroad_that_names_no_speeds_takes_no_countrys(
    network: dict, table: str, seconds: int, tmp_path: Path
) -> None:
    run = acc.run_study(acc.load_study(write_abroad(tmp_path, **network)))
    assert run.speeds.name == table
    assert run.study.file.network.speeds == table
    assert run.times.time_s[:, 0].tolist() == [0, seconds]
    warned = [text for text in notices(run) if "made for 19-31.6 E" in text]
    assert len(warned) == (table == "finland-car")


def test_a_study_in_finland_that_names_no_speeds_takes_finlands(tmp_path: Path) -> None:
    study = LINE.write_study(
        tmp_path, cells="ac", sites={"b": "L"}, settings={"network": {"speeds": None}}
    )
    run = acc.run_study(acc.load_study(study))
    assert run.speeds.name == "finland-car"
    assert not [text for text in notices(run) if "made for" in text]


def test_roads_abroad_are_read_for_no_country_and_finlands_table_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    study = acc.load_study(write_abroad(tmp_path))
    file = study.inputs["network"]
    abroad = acc.read_network(file)
    assert abroad.read_for is not None
    assert abroad.read_for.name == "generic-car"
    people, sites = acc.read_population(study), acc.read_sites(study)
    acc.travel_times(abroad, people, sites)
    assert "made for" not in caplog.text
    acc.travel_times(acc.read_network(file, speeds="finland-car"), people, sites)
    assert "100% of the network lies outside" in caplog.text
    looked = accessibility("inspect", file)
    assert "speed table   generic-car (car)" in looked.out
    looked = accessibility("inspect", file, "--speeds", "finland-car")
    assert "made for 19-31.6 E" in looked.err


# --- changes and scenarios ------------------------------------------------------------------------

ROAD = acc.Roads(ref="9")
NOT_NUMBERS = [float("nan"), float("inf"), "5", None, True]


def test_one_text_is_not_a_list_of_sites() -> None:
    """closing("12") would close the sites 1 and 2."""
    with pytest.raises(InputError, match=r'sites is the text "12", expected a list: \["12"\]'):
        acc.closing("12")
    assert acc.closing(iter(["12"])).changes == (acc.CloseSite(site="12"),)
    assert acc.closing(np.array(["12"])).changes == (acc.CloseSite(site="12"),)


@pytest.mark.parametrize("sites", [[], [1, 2], None, {"S1": 1}, 12, b"12", [None]])
def test_only_a_list_of_ids_that_are_text_closes_sites(sites: object) -> None:
    with pytest.raises(InputError, match="sites"):
        acc.closing(sites)


OPENED = {"id": "N", "name": "New", "tier": "L", "lon": 24.0, "lat": 60.0}


@pytest.mark.parametrize("value", [*NOT_NUMBERS, 181, -181, 1e300])
def test_a_longitude_is_a_number_of_degrees(value: object) -> None:
    with pytest.raises(InputError, match="lon"):
        acc.OpenSite(**OPENED | {"lon": value})
    with pytest.raises(InputError, match="lon"):
        acc.MoveSite(site="S", lon=value, lat=60)
    with pytest.raises(InputError, match="lon"):
        acc.Roads(near=(value, 60), within_m=100)
    with pytest.raises(InputError, match="lon"):
        acc.Roads(polygon=[(value, 60), (24, 61), (25, 60)])


@pytest.mark.parametrize("value", [*NOT_NUMBERS[:3], True, -1])
def test_a_capacity_is_a_number_of_residents(value: object) -> None:
    with pytest.raises(InputError, match="capacity"):
        acc.OpenSite(**OPENED, capacity=value)
    with pytest.raises(InputError, match="capacity"):
        acc.SetCapacity(site="S", capacity=value)


@pytest.mark.parametrize("value", [*NOT_NUMBERS, 0, -1, 1000])
def test_a_speed_or_factor_of_roads_is_above_0(value: object) -> None:
    with pytest.raises(InputError, match="km_h"):
        acc.SetSpeed(road=ROAD, km_h=value)
    with pytest.raises(InputError, match="factor"):
        acc.ScaleSpeed(road=ROAD, factor=value)
    if value not in (None, 1000):
        with pytest.raises(InputError, match="within_m"):
            acc.Roads(near=(24, 60), within_m=value)


@pytest.mark.parametrize("value", [*NOT_NUMBERS[:3], True, -1, 101])
def test_a_factor_of_people_is_0_to_100(value: object) -> None:
    with pytest.raises(InputError, match="factor"):
        acc.ChangePopulation(factor=value)


@pytest.mark.parametrize("value", [*NOT_NUMBERS[:3], True])
def test_a_saving_is_a_number(value: object) -> None:
    with pytest.raises(InputError, match="saving_eur"):
        acc.Proposal(saving_eur=value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: acc.CloseSite(site=12),
        lambda: acc.CloseSite(site=""),
        lambda: acc.CloseSite(site=["S1", "S2"]),
        lambda: acc.SetTier(site="S", tier=None),
        lambda: acc.SetHours(site="S", hours=None),
        lambda: acc.SetSeason(value="Winter"),
        lambda: acc.CloseRoad(road="9"),
        lambda: acc.CloseFerry(road="9"),
        lambda: acc.Roads(way="12"),
        lambda: acc.Roads(way=1.5),
        lambda: acc.Roads(near="24,60", within_m=100),
        lambda: acc.Roads(polygon=[(24, 60), (25, 60)]),
        lambda: acc.Roads(polygon="24,60"),
        lambda: acc.Scenario(name="A", changes=()),
        lambda: acc.Scenario(name=acc.Text({"": "A"}), changes=acc.CloseSite(site="S")),
        lambda: acc.Scenario(name=acc.Text({"": "A"}), changes=["S"]),
        lambda: acc.Text("A"),
        lambda: acc.Text({}),
        lambda: acc.Text({"FI": "A"}),
        lambda: acc.Text({"fi": None}),
        lambda: acc.Tier(id="E", name=acc.Text({"": "E"}), includes="LA"),
        lambda: acc.Tier(id="", name=acc.Text({"": "E"})),
        lambda: acc.Tiers(("L", "A")),
        lambda: acc.Tiers("LA"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_where_it_is_made(make: Callable[[], object]) -> None:
    with pytest.raises(InputError):
        make()


def test_a_road_number_may_be_a_number() -> None:
    assert acc.Roads(ref=9) == acc.Roads(ref="9")


TARGET = {"id": "T", "name": acc.Text({"": "T"}), "tier": "L"}


@pytest.mark.parametrize(
    "asked",
    [
        {"within_min": value, "share": 0.5}
        for value in (0, -30, float("nan"), float("inf"), "30", True)
    ]
    + [
        {"within_min": 30, "share": value}
        for value in (0, -0.5, 80, float("nan"), float("inf"), "0.5", True)
    ]
    + [{"min_sites": value} for value in (0, -1, 1.5, float("nan"), "1", True)]
    + [{"min_sites": 1, "status": "Adopted"}, {"min_sites": 1, "group": None}],
)
def test_a_target_by_hand_asks_what_a_study_may_ask(asked: dict) -> None:
    with pytest.raises(InputError):
        acc.Target(**TARGET, **asked)


# --- figures from a matrix ------------------------------------------------------------------------


def matrix() -> tuple[TravelTimes, Population, Sites]:
    return LINE.travel_times("ac", "bc"), LINE.population("ac"), LINE.sites("bc")


@pytest.mark.parametrize(
    "bands", [[-5, 10], [float("nan")], [30, 15], [15, 15], [], "30", 30, ["30"]]
)
def test_bands_rise_and_are_minutes(bands: object) -> None:
    times, people, sites = matrix()
    nearest = acc.nearest_by_tier(times, sites, TIERS)
    with pytest.raises(InputError, match="band"):
        acc.coverage(nearest, people, TIERS, bands_min=bands)
    with pytest.raises(InputError, match="band"):
        acc.isochrones(times, people, sites, TIERS, bands_min=bands)


def test_an_unknown_site_is_not_one_that_nobody_reaches() -> None:
    times = LINE.travel_times("ac", "bc")
    with pytest.raises(InputError, match='no site "B" in the travel times'):
        times.nearest(["B"])
    with pytest.raises(InputError, match="expected a list"):
        times.nearest("bc")
    assert times.nearest([])["time_s"].isna().all()


def test_sites_without_a_column_are_refused_by_every_figure() -> None:
    times, people = LINE.travel_times("ac", "b"), LINE.population("ac")
    more = LINE.sites("bc")
    target = acc.Target(**TARGET, within_min=30, share=0.5)
    with pytest.raises(InputError, match='no site "c"'):
        acc.nearest_by_tier(times, more, TIERS)
    with pytest.raises(InputError, match='no site "c"'):
        acc.check_targets(times, people, more, TIERS, [target])
    with pytest.raises(InputError, match='no site "c"'):
        acc.isochrones(times, people, more, TIERS, bands_min=[30])


@pytest.mark.parametrize("cells", ["ca", "a", "abc"])
def test_people_of_other_cells_or_in_another_order_are_refused(cells: str) -> None:
    times, _, sites = matrix()
    other = LINE.population("abc")
    other = replace(other, cells=other.cells.loc[list(cells)])
    nearest = acc.nearest_by_tier(times, sites, TIERS)
    target = acc.Target(**TARGET, within_min=30, share=0.5)
    with pytest.raises(InputError, match="different cells"):
        acc.coverage(nearest, other, TIERS, bands_min=[30])
    with pytest.raises(InputError, match="different cells"):
        acc.check_targets(times, other, sites, TIERS, [target])
    with pytest.raises(InputError, match="different cells"):
        acc.isochrones(times, other, sites, TIERS, bands_min=[30])


def test_people_or_sites_of_another_region_are_refused() -> None:
    """The study's file is checked so; a call gave a matrix that reached nobody."""
    far = World(places={"a": (0, 0), "b": (1000, 0), "9": (90_000, 0)}, roads=[("ab", "primary")])
    network, near = far.network(), far.population("ab")
    with pytest.raises(InputError, match="no cell of the population lies in the region"):
        acc.travel_times(network, far.population("9"), far.sites("a"), speeds="plain")
    with pytest.raises(InputError, match="no site of the list lies in the region"):
        acc.travel_times(network, near, far.sites("9"), speeds="plain")
    some = acc.travel_times(network, far.population("a9"), far.sites("a"), speeds="plain")
    assert some.reached[:, 0].tolist() == [True, False]


def test_a_winter_that_the_table_does_not_know_is_warned_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    LINE.travel_times("a", "b", season="winter", speeds="plain")
    assert 'the speed table "plain" knows no winter' in caplog.text


@pytest.mark.parametrize("engine", ["dijkstra", "Scipy", "", None, 1])
def test_an_engine_that_is_none_is_refused(engine: object) -> None:
    with pytest.raises(InputError, match="engine"):
        LINE.travel_times("a", "b", engine=engine)


# --- people and sites by hand ---------------------------------------------------------------------


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), 1e300, "many"])
@pytest.mark.parametrize("column", ["people", "old"])
def test_people_that_cannot_be_are_refused(column: str, value: object) -> None:
    if column == "old" and value != value:
        pytest.skip("a missing group is a hidden one")
    cells = LINE.population("ab").cells.assign(old=[0.0, 1.0])
    cells[column] = cells[column].astype(object)
    cells.loc["a", column] = value
    with pytest.raises(InputError, match=column):
        Population(cells=cells, groups=("old",))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cells: cells.assign(x=[float("nan"), 1.0]),
        lambda cells: cells.drop(columns="y"),
        lambda cells: cells.set_axis([1, 2], axis=0),
        lambda cells: cells.set_axis(["a", "a"], axis=0),
        lambda cells: cells.to_crs("EPSG:4326"),
        lambda cells: cells.set_crs(None, allow_override=True),
        lambda cells: cells.iloc[:0],
        lambda cells: list(cells.index),
    ],
)
def test_a_grid_by_hand_has_ids_places_and_a_crs_in_metres(spoil: Callable) -> None:
    with pytest.raises(InputError):
        Population(cells=spoil(LINE.population("ab").cells))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sites: sites.assign(capacity=[-1.0, 5.0]),
        lambda sites: sites.assign(capacity=[float("inf"), 5.0]),
        lambda sites: sites.assign(visits=["many", 5.0]),
        lambda sites: sites.set_geometry([shapely.Point(), shapely.Point(0, 0)]),
        lambda sites: sites.set_geometry([shapely.Point(np.inf, 0), shapely.Point(0, 0)]),
        lambda sites: sites.buffer(10).to_frame("geometry").join(sites[["name", "tier"]]),
        lambda sites: sites.drop(columns="tier"),
        lambda sites: sites.set_axis([1, 2], axis=0),
        lambda sites: sites.to_crs("EPSG:4326"),
    ],
)
def test_sites_by_hand_stand_somewhere_and_have_numbers_that_can_be(spoil: Callable) -> None:
    with pytest.raises(InputError):
        Sites(frame=spoil(LINE.sites("ab").frame))


@pytest.mark.parametrize(
    "by_hand",
    [
        {"time_s": np.array([[60.0, np.nan]])},
        {"time_s": np.array([[60, -1]], dtype=np.int32)},
        {"time_s": np.array([[60, 120]], dtype=np.int64)},
        {"time_s": [[60, 120]]},
        {"site_ids": pd.Index(["a", "a"])},
        {"cell_ids": ["x"]},
    ],
)
def test_a_matrix_by_hand_holds_whole_seconds_by_ids(by_hand: dict) -> None:
    good = {
        "cell_ids": pd.Index(["x"]),
        "site_ids": pd.Index(["a", "b"]),
        "time_s": np.array([[60, 120]], dtype=np.int32),
    }
    assert TravelTimes(**good).reached.all()
    with pytest.raises(InputError):
        TravelTimes(**good | by_hand)


# --- every other function of the package ----------------------------------------------------------


@pytest.fixture(scope="module")
def run() -> acc.Run:
    return acc.run_study(acc.load_study(acc.demo_study()), sensitivity=False)


def read_demo_people(run: acc.Run, **given: object) -> Population:
    """Read the demo's grid with its own columns, and what is given otherwise."""
    part = run.study.file.population
    own = {"people": part.people, "id": part.id, "x": part.x, "y": part.y, "grid_crs": part.crs}
    return acc.read_population(
        run.study.inputs["population"], **{"crs": "EPSG:3067", **own, **given}
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda run, tmp: acc.load_study(1),
        lambda run, tmp: acc.load_scenario(None),
        lambda run, tmp: acc.read_speeds(None),
        lambda run, tmp: acc.read_speeds("walkk"),
        lambda run, tmp: acc.read_network(None),
        lambda run, tmp: acc.read_network(run.network),
        lambda run, tmp: acc.read_network(""),
        lambda run, tmp: acc.read_population(3, crs="EPSG:3067"),
        lambda run, tmp: acc.read_population(
            run.study.inputs["population"], crs="EPSG:3067", peple="p"
        ),
        lambda run, tmp: acc.read_sites(
            run.study.inputs["sites"], crs="EPSG:3067", tiers=run.tiers, names="n"
        ),
        lambda run, tmp: acc.read_sites(run.study.inputs["sites"], crs="EPSG:3067", tiers="LA"),
        lambda run, tmp: read_demo_people(run, cell_size_m=float("nan")),
        lambda run, tmp: read_demo_people(run, cell_size_m=-1000),
        lambda run, tmp: read_demo_people(run, groups="old"),
        lambda run, tmp: read_demo_people(run, groups={"old": None}),
        lambda run, tmp: read_demo_people(run, keep={"municipality": "Jyväskylä"}),
        lambda run, tmp: read_demo_people(run, crs="EPSG:4326"),
        lambda run, tmp: acc.check_targets(
            run.times, run.population, run.sites, run.tiers, [], variants={"winter": 1}
        ),
        lambda run, tmp: acc.read_run(1),
        lambda run, tmp: acc.run_study("demo.toml"),
        lambda run, tmp: acc.run_study(run.study, cache="no"),
        lambda run, tmp: acc.run_study(run.study, sensitivity=1),
        lambda run, tmp: acc.run_study(run.study, engine="fast"),
        lambda run, tmp: acc.travel_times("roads", run.population, run.sites),
        lambda run, tmp: acc.travel_times(run.network, run.sites, run.population),
        lambda run, tmp: acc.travel_times(run.network, run.population, run.sites, progress=1),
        lambda run, tmp: acc.run_scenario(run, ["KS-HAN"]),
        lambda run, tmp: acc.run_scenario(run.study, acc.closing(["KS-HAN"])),
        lambda run, tmp: acc.compare_runs(run, run, language="de"),
        lambda run, tmp: acc.compare_runs(run, run.study),
        lambda run, tmp: acc.card(run, language="en", study_name="x"),
        lambda run, tmp: acc.screen_run(run, tier="l"),
        lambda run, tmp: acc.screen_run(run, objective="people_outside"),
        lambda run, tmp: acc.screen_run(run, pairs="no"),
        lambda run, tmp: acc.repair_run(run, run, "centre"),
        lambda run, tmp: acc.speed_margins(run.study),
        lambda run, tmp: acc.write_run(run, tmp / "r", language="de"),
        lambda run, tmp: acc.write_run(run, tmp / "r", force="no"),
        lambda run, tmp: acc.write_run(run, None),
        lambda run, tmp: acc.write_run(run.study, tmp / "r"),
        lambda run, tmp: acc.write_page(run, tmp / "page.html"),
        lambda run, tmp: acc.write_page([run], tmp / "page.html"),
        lambda run, tmp: acc.write_starter(None),
        lambda run, tmp: acc.explore_run(run.study),
        lambda run, tmp: acc.graph_from_network(run.network, "walk", season="Winter"),
        lambda run, tmp: acc.download_network(["Helsinki"]),
        lambda run, tmp: acc.download_network("Helsinki", "roads.osm"),
        lambda run, tmp: acc.isochrones(
            run.times, run.population, run.sites, run.tiers, bands_min=[30], by="tiers"
        ),
        lambda run, tmp: acc.isochrones(
            run.times, run.population, run.sites, run.tiers, bands_min=[30], resolution_m=0
        ),
        lambda run, tmp: acc.nearest_by_tier(run.times, run.sites, run.tiers, external="no"),
        lambda run, tmp: acc.check_targets(
            run.times, run.population, run.sites, run.tiers, run.study.targets[0]
        ),
    ],
)
def test_a_call_with_a_wrong_value_says_so_and_writes_nothing(
    call: Callable, run: acc.Run, tmp_path: Path
) -> None:
    with pytest.raises(InputError):
        call(run, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("tier", [None, float("nan"), "", " ", 1])
def test_a_site_without_a_tier_is_refused(tier: object) -> None:
    frame = matrix()[2].frame
    with pytest.raises(InputError, match="no tier"):
        Sites(frame=frame.assign(tier=[tier, *frame["tier"][1:]]))
