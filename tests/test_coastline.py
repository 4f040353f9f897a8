"""The sea: isochrones end at the coastline of the file that the roads come from, or say not."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from world import CRS, ORIGIN

from accessibility.coasts import AT_SEA, NONE, NOT_CLOSED
from accessibility.isochrone import CUT, mismatch
from accessibility.isochrone.sea import land_share
from accessibility.projections import transformer
from accessibility.reports.words import Words
from accessibility.run_folder import draw_shapes, write_run
from accessibility.run_reading import read_run
from accessibility.runs import run_study
from accessibility.sources.coastline import read_coastline
from accessibility.study import load_study

# An island of 4 x 2 km around a road of 3 km; the cells and the site stand on the road. At 20 km/h
# off the road and 90 on it the bands of 15 and 30 minutes end at the longest leg, 5 km from it.
ISLAND = [(-2000, -1000), (2000, -1000), (2000, 1000), (-2000, 1000)]
LAKE = [(-500, 300), (-500, 800), (500, 800), (500, 300)]  # sea in it: clockwise
STUDY = f"""
schema_version = 1
name = "island"
crs = "{CRS}"
language = "en"
[network]
source = "roads.osm"
speeds = "plain"
[population]
source = "people.csv"
id = "id"
x = "x"
y = "y"
crs = "{CRS}"
cell_size_m = 100
people = "people"
[sites]
source = "sites.csv"
[[tiers]]
id = "L"
name = "Local"
[isochrones]
bands_min = [2, 15, 30]
resolution_m = 50
[[targets]]
id = "near"
name = "Near"
tier = "L"
within_min = 15
share = 0.9
"""


def write_island(
    folder: Path, lines: list[list[tuple[float, float]]], road_m: float = 1500
) -> Path:
    """Write a study of a straight road, with some lines of coast; each is closed if it says so."""
    folder.mkdir(parents=True, exist_ok=True)
    road = [(-road_m, 0.0), (0.0, 0.0), (road_m, 0.0)]
    to_degrees = transformer(CRS, 4326)
    nodes, ways, known = [], [], dict[tuple[float, float], int]()
    tags = ["highway=primary", *["natural=coastline"] * len(lines)]
    for number, (line, tag) in enumerate(zip([road, *lines], tags, strict=True), 1):
        for place in line:
            if place not in known:
                known[place] = len(known) + 1
                lon, lat = to_degrees.transform(*(np.array(place) + ORIGIN))
                nodes.append(
                    f'<node id="{known[place]}" version="1" lon="{lon:.7f}" lat="{lat:.7f}"/>'
                )
        refs = "".join(f'<nd ref="{known[place]}"/>' for place in line)
        key, value = tag.split("=")
        ways.append(f'<way id="{number}" version="1">{refs}<tag k="{key}" v="{value}"/></way>')
    text = "".join([*nodes, *ways])
    (folder / "roads.osm").write_text(f'<osm version="0.6">{text}</osm>')
    x, y = np.array(ORIGIN)
    (folder / "people.csv").write_text(f"id,x,y,people\na,{x - 1400},{y},10\nb,{x + 1400},{y},20\n")
    lon, lat = to_degrees.transform(x, y)
    (folder / "sites.csv").write_text(f"id,name,tier,lon,lat\nS,Site,L,{lon},{lat}\n")
    (folder / "study.toml").write_text(STUDY)
    return folder / "study.toml"


def drawn(study: Path, out: Path) -> tuple[gpd.GeoDataFrame, str, str]:
    """Run a study: its bands, what run.json says of the coast, and the report."""
    write_run(run_study(load_study(study)), out)
    said = json.loads((out / "run.json").read_text(encoding="utf-8"))["isochrones"]["land"]
    return read_run(out).isochrones, said, (out / "report.md").read_text(encoding="utf-8")


def closed(line: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Close a line."""
    return [*line, line[0]]


def test_bands_end_at_the_coast_and_lie_within_each_other(tmp_path: Path) -> None:
    # the island's coast in two ways, and a lake of the sea within
    ways = [ISLAND[:3], [ISLAND[2], ISLAND[3], ISLAND[0]], closed(LAKE)]
    bands, said, report = drawn(write_island(tmp_path / "study", ways), tmp_path / "out")
    assert said == CUT
    assert "They are cut at the coastline; cells whose middle lies at sea" in report
    with sqlite3.connect(tmp_path / "out" / "isochrones.gpkg") as file:
        told = file.execute("SELECT table_name, description FROM gpkg_contents").fetchall()
    assert dict(told) == {"tiers": CUT, "sites": CUT}
    areas = dict(zip(bands["band_min"], bands.area / 1e6, strict=True))
    # on paper: 4 x 2 km less 1 x 0.5 km; everything of it is within 15 minutes
    assert areas[15.0] == pytest.approx(7.5, rel=0.01)
    assert areas[30.0] == pytest.approx(7.5, rel=0.01)
    shapes = [bands.geometry[bands["band_min"] == one].item() for one in (2, 15, 30)]
    assert all(shapely.is_valid(one) for one in shapes)
    assert shapes[1].covers(shapes[0])
    assert shapes[2].covers(shapes[1])
    island = shapely.transform(shapely.Polygon(ISLAND), lambda xy: xy + np.array(ORIGIN))
    assert shapes[2].difference(island.buffer(15)).is_empty  # a quarter of a pixel of 50 m


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], NONE),
        ([ISLAND], NOT_CLOSED),  # its last side is missing
        ([[(-9000, -700), (9000, -700)]], NOT_CLOSED),  # a mainland's, cut off by the extract
        ([closed([(x + 400, y + 2000) for x, y in LAKE[::-1]])], AT_SEA),  # an islet alone
    ],
)
def test_a_coastline_that_is_not_whole_cuts_nothing_and_is_said(
    lines: list[list[tuple[float, float]]], said: str, tmp_path: Path
) -> None:
    bands, found, report = drawn(write_island(tmp_path / "study", lines), tmp_path / "out")
    assert found == said
    sentence = "They are not cut at a coastline, and may reach over water."
    assert Words("en").gettext(sentence) in report
    # on paper: 3 km of road and 5 km around it, 3 x 10 + pi 25 km2
    widest = float(bands.area[bands["band_min"] == 30].item()) / 1e6
    assert widest == pytest.approx(30 + np.pi * 25, rel=0.01)


def test_an_open_line_far_away_does_not_matter(tmp_path: Path) -> None:
    far = [(x + 50_000, y) for x, y in ISLAND]
    study = write_island(tmp_path / "study", [closed(ISLAND), far])
    assert drawn(study, tmp_path / "out")[1] == CUT
    found = read_coastline(tmp_path / "study" / "roads.osm")
    assert (len(found.rings), len(found.open_lines)) == (1, 1)


def test_the_share_of_land_follows_the_lines_direction() -> None:
    x, y = np.arange(5.0, 100, 10), np.arange(5.0, 60, 10)
    outer = np.array([(12, 10), (58, 10), (58, 50), (12, 50), (12, 10)], float)
    lake = np.array([(20, 20), (20, 40), (40, 40), (40, 20), (20, 20)], float)
    islet = np.array([(25, 25), (35, 25), (35, 35), (25, 35), (25, 25)], float)
    share = land_share([outer, lake, islet], x, y)
    assert share.sum() * 100 == pytest.approx(46 * 40 - 400 + 100)
    assert share[1, 1] == pytest.approx(0.8)
    assert land_share([], x, y).sum() == 0
    beyond = outer - [40, 0]  # begins west of the raster
    assert land_share([beyond], x, y).sum() * 100 == pytest.approx(18 * 40)


def test_people_of_a_cell_whose_middle_is_at_sea_are_no_disagreement(tmp_path: Path) -> None:
    study = write_island(tmp_path / "study", [closed(ISLAND)])
    x, y = ORIGIN
    with (tmp_path / "study" / "people.csv").open("a", encoding="utf-8") as file:
        file.write(f"c,{x},{y + 1600},70\n")
    run = run_study(load_study(study))
    shapes = draw_shapes(run)
    assert shapes.mismatch.outside == 0
    every = mismatch(shapes.tiers, run.nearest, run.population, run.tiers)
    assert every.outside == pytest.approx(0.7)  # 70 of 100 people
