"""Maps of regions over 180 degrees: both maps show the region, not the globe."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from browser import chromium, visit

from accessibility.maps.compact import extent, line_steps, point_steps
from accessibility.pages.figures import figures_of
from accessibility.pages.map_data import map_data
from accessibility.pages.map_lattice import lattice_of, to_world
from accessibility.pages.options import options_of
from accessibility.projections import transformer
from accessibility.reports.words import Words
from accessibility.run_folder import write_run
from accessibility.run_reading import StoredRun, read_run
from accessibility.runs import run_study
from accessibility.study import load_study

FIJI = "EPSG:3460"
STUDY = """
schema_version = 1
name = "small"
crs = "{crs}"
language = "en"
[network]
source = "roads.osm"
speeds = "plain"
[population]
source = "cells.gpkg"
id = "id"
people = "people"
{population}
[sites]
source = "sites.csv"
[[tiers]]
id = "L"
name = "Local"
[isochrones]
bands_min = [2, 5, 10, 30]
[[targets]]
id = "near"
name = "Near"
tier = "L"
within_min = 5
share = 0.9
"""


def middle_of(crs: str, lon: float, lat: float) -> np.ndarray:
    """Give a place in whole kilometres of a CRS."""
    return np.round(np.array(transformer(4326, crs).transform(lon, lat)), -3)


def write_small_study(
    folder: Path, crs: str, at: np.ndarray, cells: list[shapely.Geometry], population: str = ""
) -> Path:
    """Write a study of given cells, a road of 8 km from west to east through `at`, a site there."""
    folder.mkdir(parents=True, exist_ok=True)
    frame = gpd.GeoDataFrame(
        {"id": [f"c{n}" for n in range(len(cells))], "people": np.arange(len(cells)) + 20},
        geometry=cells,
        crs=crs,
    )
    frame.to_file(folder / "cells.gpkg", layer="cells")
    places = at + np.column_stack([np.linspace(-4000, 4000, 9), np.zeros(9)])
    lon, lat = transformer(crs, 4326).transform(*places.T)
    nodes = "".join(
        f'<node id="{n + 1}" lon="{x:.7f}" lat="{y:.7f}" version="1"/>'
        for n, (x, y) in enumerate(zip(lon, lat, strict=True))
    )
    way = "".join(f'<nd ref="{n + 1}"/>' for n in range(9))
    (folder / "roads.osm").write_text(
        f'<osm version="0.6">{nodes}<way id="1" version="1">{way}'
        '<tag k="highway" v="primary"/></way></osm>'
    )
    (folder / "sites.csv").write_text(f"id,name,tier,lon,lat\nS1,Alpha,L,{lon[4]},{lat[4]}\n")
    study = folder / "study.toml"
    study.write_text(STUDY.format(crs=crs, population=population))
    return study


def made(study: Path, folder: Path) -> StoredRun:
    """Run a study, write its folder, and read it."""
    return read_run(write_run(run_study(load_study(study)), folder))


def squares(at: np.ndarray, size: float = 1000, count: int = 4) -> list[shapely.Geometry]:
    """Lay squares around a place."""
    return [
        shapely.box(x, y, x + size, y + size)
        for x in at[0] + (np.arange(count) - count / 2) * size
        for y in at[1] + (np.arange(count) - count / 2) * size
    ]


@pytest.mark.parametrize(
    ("crs", "lat"),
    [
        (FIJI, -16.8),  # made for an area over 180 degrees
        ("EPSG:32701", -16.8),  # the zone to the east of it
        ("EPSG:32660", 65.0),  # and to the west, whose area ends there
        ("EPSG:3338", 52.0),  # Alaska's, whose middle is far from it
        ("+proj=laea +lat_0=-44 +lon_0=180 +units=m", -44.0),  # which names no area
    ],
)
def test_a_region_over_180_degrees_is_one_piece_in_every_layer(crs: str, lat: float) -> None:
    at = middle_of(crs, 180.0, lat)
    cells = gpd.GeoDataFrame(geometry=squares(at), crs=crs)
    (south, west), (north, east) = extent(cells)[0]
    assert 0 < east - west < 0.2  # 4 km: at 65 degrees 0.09, and as much again where askew
    assert 0 < north - south < 0.1
    points = np.array(point_steps(cells.geometry.centroid.get_coordinates().to_numpy(), crs))
    assert ((points[:, 0] > west) & (points[:, 0] < east)).all()
    line = shapely.LineString([at, at + np.array([2000, 0])])
    first, _, step, _ = line_steps([line], crs)[0]
    assert west <= first / 1e4 <= east
    assert abs(step / 1e4) < 0.1
    lattice = lattice_of(cells, [crs])
    assert lattice is not None
    fitted = to_world(lattice)
    assert fitted is not None
    assert west <= fitted[1][0] / 256 * 360 - 180 <= east  # the middle of the lattice


def test_a_grid_of_another_system_lies_where_the_studys_layers_do() -> None:
    at = middle_of("EPSG:32701", -179.9, -16.8)
    grid = gpd.GeoDataFrame(geometry=squares(at), crs="EPSG:32701")
    cells = grid.to_crs(FIJI)
    (_, west), (_, east) = extent(cells)[0]
    assert west > 180  # Fiji's longitudes run from 178.75 - 180 to 178.75 + 180
    lattice = lattice_of(cells, ["EPSG:32701"])
    assert lattice is not None
    fitted = to_world(lattice, cells.crs)
    assert fitted is not None
    assert west < fitted[1][0] / 256 * 360 - 180 < east


def test_elsewhere_longitudes_are_the_usual_ones() -> None:
    for crs, lon, lat in (("EPSG:3067", 25.0, 62.0), ("EPSG:31982", -51.2, -30.0), (4326, 25, 62)):
        x, y = transformer(4326, crs).transform(lon, lat)
        assert point_steps(np.array([[x, y]]), crs) == [[pytest.approx(lon), pytest.approx(lat)]]


def test_both_maps_show_the_region_over_180_degrees(tmp_path: Path) -> None:
    at = middle_of(FIJI, 180.0, -16.8)
    study = write_small_study(tmp_path / "study", FIJI, at, squares(at, 2000))
    run = made(study, tmp_path / "out")
    options = options_of([run], "en")
    data = map_data(figures_of(options, min_people=1), Words("en"))
    assert isinstance(data["roads"], list)
    assert abs(data["roads"][0][0] / 1e4 - 180) < 1
    with chromium() as browser:
        for name in ("map.html", "index.html"):
            with visit(browser, tmp_path / "out" / name) as seen:
                scale = seen.page.locator(".leaflet-control-scale-line").first
                scale.wait_for(state="attached")
                assert scale.inner_text() in ("1 km", "2 km", "500 m"), name
                seen.assert_quiet()
