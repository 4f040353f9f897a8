"""Lists of sites of every kind: CSV, GeoJSON, GeoPackage; what each optional column says."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Transformer
from studies import ROAD, accessibility, put, put_column, write_tiny_study

from accessibility import SitesError, Text, Tier, Tiers, read_sites
from accessibility.sites import Sites

CRS = "EPSG:3067"
TIERS = Tiers(
    (
        Tier(id="L", name=Text({"": "local"})),
        Tier(id="A", name=Text({"": "area"}), includes=("L",)),
        Tier(id="E", name=Text({"": "special"}), includes=("A", "L")),
    )
)
LON = [25.745683, 26.43473, 25.181484]
LAT = [62.239407, 62.39033, 61.863142]
PLACES = np.column_stack(Transformer.from_crs(4326, CRS, always_xy=True).transform(LON, LAT))
BASE = {
    "id": ["S179", "S077", "S182"],
    "name": ["Jyväskylä", "Hankasalmi", "Jämsä"],
    "tier": ["E", "L", "A"],
    "lon": LON,
    "lat": LAT,
}
IN_ORDER_OF_IDS = ["S077", "S179", "S182"]


def write_csv(path: Path, columns: dict[str, list[object]], *, delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def read(path: Path, **columns: str) -> Sites:
    return read_sites(path, crs=CRS, tiers=TIERS, **columns)


def read_with(folder: Path, **more: list[object]) -> Sites:
    """Read the three sites with more columns, each under its own name."""
    return read(write_csv(folder / "s.csv", BASE | more), **{key: key for key in more})


def assert_the_three_sites(sites: Sites, *, within_m: float = 1e-6) -> None:
    assert list(sites.ids) == IN_ORDER_OF_IDS
    assert sites.frame["name"].tolist() == ["Hankasalmi", "Jyväskylä", "Jämsä"]
    assert sites.frame["tier"].tolist() == ["L", "E", "A"]
    assert np.abs(sites.xy - PLACES[[1, 0, 2]]).max() <= within_m
    assert sites.frame.crs == CRS
    assert sites.counts["sites_at_the_same_place"] == 0


# --- kinds of file -------------------------------------------------------------------------------


def test_csv_stands_in_degrees(tmp_path: Path) -> None:
    assert_the_three_sites(read(write_csv(tmp_path / "s.csv", BASE)))


def test_a_finnish_csv_reads_alike_and_says_so(tmp_path: Path) -> None:
    decimals = {key: [str(one).replace(".", ",") for one in BASE[key]] for key in ("lon", "lat")}
    path = write_csv(tmp_path / "s.csv", BASE | decimals, delimiter=";")
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp1252"))
    sites = read(path)
    assert_the_three_sites(sites)
    assert sites.notes == (
        "s.csv: read as cp1252",
        "s.csv: columns are separated by semicolon",
        "s.csv: numbers are written with a decimal comma",
    )


def frame_of(crs: int) -> gpd.GeoDataFrame:
    points = gpd.points_from_xy(LON, LAT, crs=4326)
    columns = {key: BASE[key] for key in ("id", "name", "tier")}
    return gpd.GeoDataFrame(columns, geometry=points).to_crs(crs)


@pytest.mark.parametrize(
    ("name", "crs"),
    [("s.geojson", 4326), ("s.gpkg", 4326), ("s.gpkg", 3067), ("s.gpkg", 3880), ("s.gpkg", 3035)],
)
def test_points_may_stand_in_any_crs_that_the_file_names(
    tmp_path: Path, name: str, crs: int
) -> None:
    frame_of(crs).to_file(tmp_path / name)
    assert_the_three_sites(read(tmp_path / name), within_m=0.02)


def test_points_count_and_not_the_coordinates_that_someone_once_wrote_beside_them(
    tmp_path: Path,
) -> None:
    frame = frame_of(4326).assign(lon=[24.0, 24.0, 24.0], lat=[61.0, 61.0, 61.0])
    frame.to_file(tmp_path / "s.gpkg")
    assert_the_three_sites(read(tmp_path / "s.gpkg"), within_m=0.02)


def test_heights_and_single_points_in_collections_are_taken_as_points(tmp_path: Path) -> None:
    frame = frame_of(4326)
    high = [shapely.MultiPoint([[point.x, point.y, 99.0]]) for point in frame.geometry]
    frame.set_geometry(gpd.GeoSeries(high, crs=4326)).to_file(tmp_path / "s.gpkg")
    sites = read(tmp_path / "s.gpkg")
    assert_the_three_sites(sites, within_m=0.02)
    assert not sites.frame.geometry.has_z.any()


def test_numbers_as_ids_become_text(tmp_path: Path) -> None:
    frame_of(4326).assign(id=[179, 77, 182]).to_file(tmp_path / "s.geojson")
    assert list(read(tmp_path / "s.geojson").ids) == ["179", "182", "77"]


def test_columns_may_have_other_names(tmp_path: Path) -> None:
    names = {"id": "tunnus", "name": "nimi", "tier": "taso", "lon": "x", "lat": "y"}
    path = write_csv(tmp_path / "s.csv", {names[key]: values for key, values in BASE.items()})
    assert_the_three_sites(read(path, **names))


def test_a_study_names_the_columns(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path, settings={"sites": {"name": "nimi"}})
    text = (tmp_path / "sites.csv").read_text(encoding="utf-8").replace("name,", "nimi,", 1)
    (tmp_path / "sites.csv").write_text(text, encoding="utf-8")
    assert accessibility("check", study).code == 0


# --- ids and names -------------------------------------------------------------------------------


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        shuffled = {key: [values[row] for row in order] for key, values in BASE.items()}
        assert_the_three_sites(read(write_csv(tmp_path / "s.csv", shuffled)))


def test_ids_are_text_trimmed_and_never_numbers(tmp_path: Path) -> None:
    sites = read(write_csv(tmp_path / "s.csv", BASE | {"id": ["007", " 7 ", "7.0"]}))
    assert list(sites.ids) == ["007", "7", "7.0"]


def test_an_id_twice_is_refused_with_its_rows(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "s.csv", BASE | {"id": ["7", "8", " 7"]})
    with pytest.raises(SitesError, match=r"s\.csv: site id 7 comes more than once \(row 2, 4\)"):
        read(path)


def test_ids_that_differ_by_capitals_only_are_two_sites_but_told(tmp_path: Path) -> None:
    sites = read(write_csv(tmp_path / "s.csv", BASE | {"id": ["s1", "S1", "S2"]}))
    assert list(sites.ids) == ["S1", "S2", "s1"]
    assert sites.notes == ("s.csv: site ids S1, s1 differ by capitals only",)


def test_names_are_the_same_however_their_letters_are_composed(tmp_path: Path) -> None:
    decomposed = [unicodedata.normalize("NFD", one) for one in BASE["name"]]
    assert decomposed != BASE["name"]
    sites = read_with(tmp_path, name=decomposed, municipality=decomposed)
    assert_the_three_sites(sites)
    assert sites.frame["municipality"].tolist() == ["Hankasalmi", "Jyväskylä", "Jämsä"]


def test_a_decomposed_id_is_the_same_id(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "s.csv", BASE | {"id": ["Ä1", unicodedata.normalize("NFD", "Ä1"), "B"]}
    )
    with pytest.raises(SitesError, match=r"site id Ä1 comes more than once \(row 2, 3\)"):
        read(path)


def test_line_breaks_in_names_become_spaces(tmp_path: Path) -> None:
    sites = read_with(tmp_path, name=["Jyväskylä\nkeskus", "Hanka\tsalmi", "Jämsä\x1b[31m"])
    assert sites.frame["name"].tolist() == ["Hanka salmi", "Jyväskylä keskus", "Jämsä [31m"]


def test_sites_may_share_a_name_but_a_shared_place_is_told(tmp_path: Path) -> None:
    sites = read_with(tmp_path, name=["Terveysasema"] * 3, lon=[25.5] * 3, lat=[62.0] * 3)
    assert sites.counts["sites_at_the_same_place"] == 3
    study = write_tiny_study(tmp_path / "study")
    put_column(tmp_path / "study" / "sites.csv", "lon", [26.0, 26.0])
    put_column(tmp_path / "study" / "sites.csv", "lat", [62.207, 62.207])
    assert "warning: 2 sites share their place" in accessibility("check", study).err


# --- optional columns ----------------------------------------------------------------------------


def test_optional_columns_are_read_where_they_are_named(tmp_path: Path) -> None:
    sites = read_with(
        tmp_path,
        municipality=["Jyväskylä", "Hankasalmi", "Jämsä"],
        capacity=[1000, "", "24,5"],
        visits=[5000, 300, 0],
        hours=["Mo-Fr 08:00-16:00", "24/7", ""],
        provider=["Region", "Region", "Company"],
        languages=["fi;sv", "fi", "fi"],
    )
    frame = sites.frame
    assert frame.loc["S179", "capacity"] == 1000
    assert frame.loc["S182", "capacity"] == 24.5
    assert np.isnan(frame.loc["S077", "capacity"]), "an unknown capacity is not a capacity of 0"
    assert frame["visits"].tolist() == [300, 5000, 0]
    assert frame["hours"].tolist() == ["24/7", "Mo-Fr 08:00-16:00", ""]
    assert frame["provider"].tolist() == ["Region", "Region", "Company"]
    assert frame["languages"].tolist() == ["fi", "fi;sv", "fi"]


def test_optional_columns_are_left_where_they_are_not_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "s.csv", BASE | {"capacity": [-1, "many", ""]})
    assert list(read(path).frame.columns) == ["name", "tier", "geometry"]


def test_a_site_serves_its_tier_and_those_below(tmp_path: Path) -> None:
    sites = read(write_csv(tmp_path / "s.csv", BASE))
    assert sites.serving("E", TIERS) == ["S179"]
    assert sites.serving("A", TIERS) == ["S179", "S182"]
    assert sites.serving("L", TIERS) == ["S077", "S179", "S182"]


def test_a_list_of_services_says_otherwise_for_its_site_alone(tmp_path: Path) -> None:
    sites = read_with(tmp_path, services=["E; A", "", "A,L"])
    assert sites.serving("E", TIERS) == ["S179"]
    assert sites.serving("A", TIERS) == ["S179", "S182"]
    assert sites.serving("L", TIERS) == ["S077", "S182"], "S179 lists no L"


@pytest.mark.parametrize("yes", ["1", "true", "Yes", "x", "kyllä", "JA"])
@pytest.mark.parametrize("no", ["0", "False", "no", "ei", "nej", ""])
def test_external_in_the_words_of_three_languages(tmp_path: Path, yes: str, no: str) -> None:
    sites = read_with(tmp_path, external=[no, yes, no])
    assert sites.is_external.tolist() == [True, False, False]
    assert sites.serving("L", TIERS) == ["S179", "S182"], "verdicts are on the region's own"
    assert sites.serving("L", TIERS, external=True) == IN_ORDER_OF_IDS


def test_an_external_site_serves_nobody_in_a_verdict(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path, settings={"sites": {"external": "external"}})
    put_column(tmp_path / "sites.csv", "external", ["no", "no"])
    assert accessibility("check", study).code == 0
    put(tmp_path / "sites.csv", 2, "external", "yes")
    answer = accessibility("check", study)
    assert answer.code == 1, "the only hospital stands outside the region"


# --- write, then read ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["w.csv", "w.geojson", "w.gpkg"])
def test_what_was_written_is_read_back(tmp_path: Path, name: str) -> None:
    before = read_with(
        tmp_path, municipality=["A", "B", "C"], capacity=[5, 0, 2.5], services=["E;L", "", "A"]
    )
    frame = before.frame.reset_index()
    if name == "w.csv":
        degrees = frame.to_crs(4326)
        table = frame.drop(columns="geometry").assign(
            lon=degrees.geometry.x, lat=degrees.geometry.y
        )
        table.to_csv(tmp_path / name, index=False)
    else:
        (frame.to_crs(4326) if name.endswith("geojson") else frame).to_file(tmp_path / name)
    columns = {key: key for key in ("municipality", "capacity", "services")}
    after = read(tmp_path / name, id="site_id", **columns)
    assert list(after.ids) == list(before.ids)
    for column in ("name", "tier", *columns):
        assert after.frame[column].tolist() == before.frame[column].tolist()
    assert np.abs(after.xy - before.xy).max() < 0.02


def test_the_same_sites_give_the_same_verdicts_from_any_file(tmp_path: Path) -> None:
    found = set()
    points = [shapely.Point(*place) for place in ROAD.lonlat("ad")]
    frame = gpd.GeoDataFrame(
        {"id": ["a", "d"], "name": ["a", "d"], "tier": ["E", "L"]}, geometry=points, crs=4326
    )
    for name in ("sites.csv", "s.geojson", "s.gpkg"):
        folder = tmp_path / name.replace(".", "-")
        study = write_tiny_study(folder, settings={"sites": {"source": name}})
        if name != "sites.csv":
            frame.to_file(folder / name)
        answer = accessibility("check", study, "--format", "json")
        assert answer.code == 0
        found.add(answer.out)
    assert len(found) == 1


def test_hours_that_nobody_can_read_are_refused_by_site(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_text("id,name,tier,lon,lat,hours\nS1,a,L,25,62,Mo-Fr 8 to 4\n", encoding="utf-8")
    tiers = [Tier(id="L", name=Text({"": "l"}))]
    with pytest.raises(SitesError, match='site S1: opening hours "Mo-Fr 8 to 4"'):
        read_sites(path, crs="EPSG:3067", tiers=tiers, hours="hours")
