"""Maps show a region over 180 degrees in one piece, and cells of every shape as what they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from browser import chromium, visit

from accessibility.maps.compact import (
    CELL_STEPS,
    cell_places,
    extent,
    line_steps,
    lon_lat,
    point_steps,
)
from accessibility.pages.figures import figures_of
from accessibility.pages.map_data import map_data
from accessibility.pages.map_lattice import lattice_of, to_world
from accessibility.pages.options import options_of
from accessibility.pages.static_map import Squares, _coarse_lattice, sheet_of, static_map
from accessibility.projections import transformer
from accessibility.reports.words import Words
from accessibility.run_folder import write_run
from accessibility.run_reading import StoredRun, read_run
from accessibility.runs import run_study
from accessibility.study import load_study

FIJI = "EPSG:3460"
# notes every shape that is filled on a canvas
RECORD_SHAPES = """
window.filled = [];
const own = (one) => (one.rings ??= [[]]);
const P = CanvasRenderingContext2D.prototype;
const [begin, move, line, fill] = [P.beginPath, P.moveTo, P.lineTo, P.fill];
P.beginPath = function () { this.rings = []; return begin.call(this); };
P.moveTo = function (x, y) { own(this).push([[x, y]]); return move.call(this, x, y); };
P.lineTo = function (x, y) { own(this).at(-1)?.push([x, y]); return line.call(this, x, y); };
P.fill = function (...rest) {
  window.filled.push(...own(this));
  return fill.apply(this, rest);
};
"""
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


# ---- cells that are no squares of one size


def hexagon(x: float, y: float, radius: float) -> shapely.Polygon:
    """Draw a hexagon around a place."""
    turn = np.radians(np.arange(0, 360, 60))
    return shapely.Polygon(np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)]))


def read_outlines(places: dict[str, Any], cell: int) -> list[np.ndarray]:
    """Read a cell's rings back, in degrees."""
    return [
        np.cumsum(np.reshape(ring, (-1, 2)), axis=0) / CELL_STEPS
        for ring in places["outlines"][cell]
    ]


FINNISH = "EPSG:3067"
HOME = np.array([500_000.0, 6_900_000.0])


def test_hexagons_tracts_and_holes_are_written_as_what_they_are() -> None:
    x, y = HOME
    hole = shapely.box(x, y, x + 3000, y + 3000) - shapely.box(
        x + 1000, y + 1000, x + 2000, y + 2000
    )
    two = shapely.MultiPolygon(
        [shapely.box(x, y, x + 9, y + 9), shapely.box(x + 50, y, x + 59, y + 9)]
    )
    shapes = [hexagon(x, y, 500), shapely.box(x, y, x + 1000, y + 1000), hole, two]
    cells = gpd.GeoDataFrame(geometry=shapes, crs=FINNISH)
    places = cell_places(cells)
    assert [len(rings) for rings in places["outlines"]] == [1, 0, 2, 2]  # type: ignore[arg-type]
    (ring,) = read_outlines(places, 0)
    wanted = lon_lat(shapely.get_coordinates(shapes[0]), FINNISH)
    assert np.abs(ring - wanted).max() <= 1 / CELL_STEPS
    assert "outlines" not in cell_places(cells.iloc[1:2])


def test_the_drawing_shows_hexagons_and_two_sizes_as_what_they_are(tmp_path: Path) -> None:
    hexagons = [hexagon(HOME[0] + dx, HOME[1], 600) for dx in (-3000, 0, 3000)]
    sizes = [
        shapely.box(*HOME, *(HOME + 2000)),
        *(shapely.box(*(HOME - [d, 250]), *(HOME - [d - 250, 0])) for d in (250, 500, 750, 1000)),
    ]
    for name, cells, corners in (("hexagons", hexagons, 6), ("sizes", sizes, 4)):
        run = made(
            write_small_study(tmp_path / name, FINNISH, HOME, cells), tmp_path / f"{name}-out"
        )
        drawing = str(static_map(options_of([run], "en"), Words("en")))
        drawn = re.findall(
            r"M([-\d ]+)l([-\d ]+)z", drawing.split('stroke-width="0.8"')[1].split("</g>")[0]
        )
        assert len(drawn) == len(cells), name
        unit_m = sheet_of(run, Squares.of(run, _coarse_lattice(run), "L").side_m).unit_m
        areas = []
        for start, moves in drawn:
            steps = [int(one) for text in (start, moves) for one in re.findall(r"-?\d+", text)]
            places = np.cumsum(np.reshape(steps, (-1, 2)), axis=0)
            assert len(places) == corners
            areas.append(shapely.Polygon(places).area * unit_m**2)
        true = sorted(one.area for one in cells)
        assert np.allclose(sorted(areas), true, rtol=0.1), name


@pytest.mark.parametrize("name", ["map.html", "index.html"])
def test_a_browser_paints_hexagons_as_hexagons_and_sizes_as_sizes(
    tmp_path: Path, name: str
) -> None:
    x, y = HOME
    cells = [
        hexagon(x - 3000, y, 1000),
        shapely.box(x + 1000, y - 1000, x + 3000, y + 1000),
        shapely.box(x + 3500, y - 125, x + 3750, y + 125),
    ]
    made(write_small_study(tmp_path / "study", FINNISH, HOME, cells), tmp_path / "out")
    with chromium() as browser, visit(browser, tmp_path / "out" / name) as seen:
        seen.page.add_init_script(RECORD_SHAPES)
        seen.page.reload()
        seen.page.wait_for_timeout(1500)
        shapes = seen.page.evaluate("window.filled")
        hexagons = [shapely.Polygon(one) for one in shapes if len(one) in (6, 7)]
        assert hexagons
        large = max(shapely.Polygon(one).area for one in shapes if len(one) == 4)
        small = min(shapely.Polygon(one).area for one in shapes if len(one) == 4)
        # on paper: 1.5 sqrt(3) r2 = 2.598 km2 against 4 km2, and 64 small squares in a large one
        assert max(one.area for one in hexagons) / large == pytest.approx(2.598 / 4, rel=0.02)
        assert large / small == pytest.approx(64, rel=0.05)
