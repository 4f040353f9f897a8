"""Tables as people keep them: thousands, hidden figures, titles, layers, names, several shapes.

The grid is four cells of 250 m in a square, with 1, 2, 4 and 8 people unless told.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from studies import accessibility, put_column, write_tiny_study

from accessibility import load_study, read_population, read_sites
from accessibility.errors import DataError, PopulationError, StudyError
from accessibility.reading import with_areas
from accessibility.services import Text, Tier, Tiers
from accessibility.sources.areas import read_areas
from accessibility.sources.numbers import how_written, parse
from accessibility.sources.site_lists import read_site_list

CRS = "EPSG:3067"
LOCAL = Tier(id="L", name=Text({"": "Local"}))
PLACES = [(435_000, 6_900_000), (435_250, 6_900_000), (435_000, 6_900_250), (435_250, 6_900_250)]
GRID = {"x": "x", "y": "y", "grid_crs": CRS, "cell_size_m": 250, "people": "people"}


def grid(folder: Path, people: list[str], *, separator: str = ";", more: str = "") -> Path:
    """Write four cells with people as written, and perhaps another column of ones."""
    path = folder / "grid.csv"
    head = separator.join(["x", "y", "people", *([more] if more else [])])
    rows = [
        separator.join([str(x), str(y), f'"{text}"' if separator in text else text]
                       + (["1"] if more else []))
        for (x, y), text in zip(PLACES, people, strict=True)
    ]  # fmt: skip
    path.write_text("\n".join([head, *rows]), encoding="utf-8")
    return path


# --- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("people", "total"),
    [
        (["1.234.567", "1.000", "20", "3"], 1_235_590),  # two points: they separate thousands
        (["1,234,567", "1,000", "20", "3"], 1_235_590),
        (["1.234,5", "1.000", "20", "3"], 2_257.5),  # both signs in one value
        (["1,234.5", "1,000", "20", "3"], 2_257.5),
        (["1.234", "2,5", "20", "3"], 1_259.5),  # 2,5 is a decimal, so the point is none
        (["1 234", "1 000", "20", "3"], 2_257),
        (["1\u00a0234", "1\u202f000", "20", "3"], 2_257),
        (["1'234", "1\u2019000", "20", "3"], 2_257),
        (["1.234", "1.5", "20", "3"], 25.734),  # 1.5 is no thousand: decimals
        (["0.123", "1.234", "20", "3"], 24.357),  # nor is 0.123
        (["1,25", "2", "20", "3"], 26.25),
    ],
)
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_column_says_how_its_numbers_are_written(tmp_path, people, total, separator):
    path = grid(tmp_path, people, separator=separator)
    assert read_population(path, crs=CRS, **GRID).total == pytest.approx(total)


@pytest.mark.parametrize(
    "people",
    [
        ["1.234", "567", "20", "3"],
        ["1,234", "567", "20", "3"],
        ["15.020", "1.000", "20.500", "3.000"],
        ["1.234", "1,234", "20", "3"],
    ],
)
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_what_could_be_thousands_or_decimals_is_refused(tmp_path, people, separator):
    with pytest.raises(DataError, match=r'"people" \(population.people\).*read in two ways'):
        read_population(grid(tmp_path, people, separator=separator), crs=CRS, **GRID)


def test_coordinates_are_never_in_thousands():
    assert how_written(["25.123", "26.456"], counts=False).decimal == "."
    assert how_written(["25,123", "26,456"], counts=False).decimal == ","
    assert how_written(["25,123"], counts=False, comma_separated=True).unclear.all()


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=8), st.sampled_from([",", ".", " "]))
def test_thousands_are_read_back_or_refused(numbers, sign):
    texts = [f"{number:,}".replace(",", sign) for number in numbers]
    values, bad, written = parse(texts, counts=True)
    assert not bad.any()
    if not written.unclear.any():
        assert values.tolist() == numbers


@pytest.mark.parametrize("text", ["2147483647", "4294967295", "1e300", "-9999", "-200"])
def test_what_stands_for_no_data_in_rasters_is_no_number_of_people(tmp_path, text):
    with pytest.raises(DataError, match=r'"people".*row 2'):
        read_population(grid(tmp_path, [text, "2", "4", "8"]), crs=CRS, **GRID)


def test_a_size_of_cells_is_never_a_thousandth(tmp_path):
    path = tmp_path / "grid.csv"
    rows = [f"{435_000 + 1000 * place};6900000;1;1.000" for place in range(4)]
    path.write_text("\n".join(["x;y;people;size", *rows]), encoding="utf-8")
    with pytest.raises(DataError, match=r'"size" \(population.cell_size_m\).*two ways'):
        read_population(path, crs=CRS, **GRID | {"cell_size_m": "size"})


def test_room_and_visits_are_possible_numbers(tmp_path):
    path = tmp_path / "sites.csv"
    path.write_text("id;name;tier;lon;lat;beds\n1;A;L;25,75;62,24;1e300\n", encoding="utf-8")
    with pytest.raises(DataError, match=r'"beds" \(sites.capacity\) has 1e\+300 in row 2'):
        read_sites(path, crs=CRS, tiers=[LOCAL], capacity="beds")


def test_every_column_of_people_is_read_alike(tmp_path):
    path = tmp_path / "sites.csv"
    path.write_text("id;name;tier;lon;lat;beds\n1;A;L;25,75;62,24;12.500\n", encoding="utf-8")
    with pytest.raises(DataError, match=r'"beds" \(sites.capacity\).*read in two ways'):
        read_sites(path, crs=CRS, tiers=[LOCAL], capacity="beds")


# --- hidden figures ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suppressed", "written"),
    [("..", ".."), (["..", "-"], "-"), ("<10", "<10"), (-1, "-1"), ([-1, ".."], "-1"), ("x", "x")],
)
def test_codes_stand_for_hidden_groups(tmp_path, suppressed, written):
    path = tmp_path / "grid.csv"
    rows = [
        f"{x},{y},10,{old}" for (x, y), old in zip(PLACES, ["1", written, "2", "3"], strict=True)
    ]
    path.write_text("\n".join(["x,y,people,old", *rows]), encoding="utf-8")
    columns = GRID | {"groups": {"75+": "old"}, "suppressed": suppressed}
    population = read_population(path, crs=CRS, **columns)
    assert population.bounds("75+")[0].tolist() == [1, 0, 2, 3]
    assert population.bounds("75+")[1].tolist() == [1, 10, 2, 3]


@pytest.mark.parametrize("code", ["..", ".", "-", ":", "<10", "x", "n/a"])
def test_a_code_that_nobody_named_is_refused_with_the_key(tmp_path, code):
    path = tmp_path / "grid.csv"
    rows = [f"{x},{y},10,{old}" for (x, y), old in zip(PLACES, ["1", code, "2", "3"], strict=True)]
    path.write_text("\n".join(["x,y,people,old", *rows]), encoding="utf-8")
    with pytest.raises(DataError, match=r"row 3.*population.suppressed"):
        read_population(path, crs=CRS, **GRID, groups={"75+": "old"})


# --- CSV as it is --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\nx;y;people\n",
        '"sep=;"\nx;y;people\n',
        "SEP=;;;\nx;y;people\n",
        "Title;;\n;;\nx;y;people\n",
        '"Population, by cell"\n\nx;y;people\n',
        "Väestö ruuduittain\nx;y;people\n",
        '"x";"y";"people"\n',
        "x;y;people;;\n",
    ],
)
def test_what_stands_above_the_table_is_no_row_of_it(tmp_path, text):
    path = tmp_path / "grid.csv"
    rows = [f"{x};{y};{people}" for (x, y), people in zip(PLACES, (1, 2, 4, 8), strict=True)]
    path.write_text(text + "\n".join(rows), encoding="utf-8")
    assert read_population(path, crs=CRS, **GRID).total == 15


def test_a_header_may_hold_the_separator_of_others(tmp_path):
    path = tmp_path / "grid.csv"
    rows = [f"{x};{y};{people}" for (x, y), people in zip(PLACES, (1, 2, 4, 8), strict=True)]
    path.write_text('x;y;"people, all, both"\n' + "\n".join(rows), encoding="utf-8")
    columns = GRID | {"people": "people, all, both"}
    assert read_population(path, crs=CRS, **columns).total == 15


def test_a_row_without_its_last_values_is_read_but_never_without_people(tmp_path):
    path = tmp_path / "grid.csv"
    rows = [f"{x};{y};{people}" for (x, y), people in zip(PLACES, (1, 2, 4, 8), strict=True)]
    path.write_text("x;y;people;note\n" + "\n".join(rows), encoding="utf-8")
    population = read_population(path, crs=CRS, **GRID)
    assert population.total == 15
    assert any("4 rows lack values at their end" in note for note in population.notes)
    path.write_text("x;y;people;note\n" + "\n".join([*rows[:3], "435250;6900250"]))
    with pytest.raises(DataError, match="no number in row 5"):
        read_population(path, crs=CRS, **GRID)


def test_thousands_without_quotes_are_no_two_columns(tmp_path):
    path = tmp_path / "grid.csv"
    rows = [f"{x},{y},1,234" for x, y in PLACES]  # 1,234 people, and no note
    path.write_text("\n".join(["x,y,people,note,source", *rows]), encoding="utf-8")
    with pytest.raises(DataError, match=r"row 2 lacks values.*1,234 may be one number or two"):
        read_population(path, crs=CRS, **GRID)


# --- shapes and layers ---------------------------------------------------------------------------


def squares() -> list[shapely.Polygon]:
    return [shapely.box(x - 125, y - 125, x + 125, y + 125) for x, y in PLACES]


@pytest.mark.parametrize("name", ["geometry", "geom", "WKT"])
@pytest.mark.parametrize("form", ["wkt", "wkb", "hex"])
def test_geometry_may_be_text(tmp_path, name, form):
    shapes = squares()
    texts = {
        "wkt": [shape.wkt for shape in shapes],
        "wkb": [shapely.to_wkb(shape) for shape in shapes],
        "hex": [shapely.to_wkb(shape, hex=True) for shape in shapes],
    }[form]
    frame = pd.DataFrame({"people": [1, 2, 4, 8], name: texts})
    path = tmp_path / ("grid.parquet" if form == "wkb" else "grid.csv")
    if form == "wkb":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    population = read_population(path, crs=CRS, people="people", grid_crs=CRS)
    assert population.cells.geometry.area.tolist() == [62_500] * 4


def test_text_that_is_no_geometry_is_refused(tmp_path):
    path = tmp_path / "grid.csv"
    path.write_text("people,geometry\n1,somewhere\n", encoding="utf-8")
    with pytest.raises(DataError, match='"geometry" holds no geometry'):
        read_population(path, crs=CRS, people="people", grid_crs=CRS)


def test_a_named_index_is_a_column(tmp_path):
    frame = gpd.GeoDataFrame({"people": [1, 2, 4, 8]}, geometry=squares(), crs=CRS)
    frame.index = pd.Index(["a", "b", "c", "d"], name="id")
    frame.rename_geometry("geom").to_parquet(tmp_path / "grid.parquet")
    found = read_population(tmp_path / "grid.parquet", crs=CRS, people="people", id="id")
    assert found.cells.index.tolist() == ["a", "b", "c", "d"]


@pytest.mark.parametrize("column", ["fid", "tunnus"])
def test_the_key_of_a_geopackage_is_a_column_by_the_name_it_has(tmp_path, column):
    frame = gpd.GeoDataFrame({"people": [1, 2, 4, 8]}, geometry=squares(), crs=CRS)
    pyogrio.write_dataframe(frame, tmp_path / "grid.gpkg", FID=column)
    found = read_population(tmp_path / "grid.gpkg", crs=CRS, people="people", id=column)
    assert found.cells.index.tolist() == ["1", "2", "3", "4"]


@pytest.mark.parametrize("ids", [[11, 12, 13, 14], ["a", "b", "c", "d"]])
def test_ids_of_geojson_features_are_a_column(tmp_path, ids):
    frame = gpd.GeoDataFrame({"people": [1, 2, 4, 8]}, geometry=squares(), crs=CRS)
    written = json.loads(frame.to_crs(4326).to_json())
    for feature, one in zip(written["features"], ids, strict=True):
        feature["id"] = one
    path = tmp_path / "grid.geojson"
    path.write_text(json.dumps(written), encoding="utf-8")
    found = read_population(path, crs=CRS, people="people", id="id")
    assert found.cells.index.tolist() == [str(one) for one in ids]


def test_every_named_level_of_an_index_is_a_column(tmp_path):
    frame = gpd.GeoDataFrame({"people": [1, 2, 4, 8]}, geometry=squares(), crs=CRS)
    levels = [("W", 1), ("E", 1), ("W", 2), ("E", 2)]
    frame.index = pd.MultiIndex.from_tuples(levels, names=["kunta", "number"])
    frame.to_parquet(tmp_path / "grid.parquet")
    found = read_population(
        tmp_path / "grid.parquet", crs=CRS, people="people", municipality="kunta"
    )
    assert found.municipalities.tolist() == ["W", "E", "W", "E"]


@pytest.mark.parametrize("form", ["wkt", "hex"])
def test_geometry_as_postgis_writes_it_names_its_crs(tmp_path, form):
    shapes = [shapely.set_srid(shape, 3067) for shape in squares()]
    texts = [
        f"SRID=3067;{shape.wkt}"
        if form == "wkt"
        else shapely.to_wkb(shape, hex=True, include_srid=True)
        for shape in shapes
    ]
    path = tmp_path / "grid.csv"
    pd.DataFrame({"people": [1, 2, 4, 8], "geom": texts}).to_csv(path, index=False)
    read = read_population(path, crs=CRS, people="people")
    assert read.xy.tolist() == [list(place) for place in PLACES]
    texts[0] = texts[0].replace("SRID=3067", "SRID=3035")
    pd.DataFrame({"people": [1, 2, 4, 8], "geom": texts}).to_csv(path, index=False)
    if form == "wkt":
        with pytest.raises(DataError, match=r"several CRS \(EPSG 3035, 3067\)"):
            read_population(path, crs=CRS, people="people")


def test_a_ring_that_does_not_close_is_refused_with_its_row(tmp_path):
    frame = gpd.GeoDataFrame({"people": [1, 2, 4, 8]}, geometry=squares(), crs=CRS)
    written = json.loads(frame.to_crs(4326).to_json())
    written["features"][2]["geometry"]["coordinates"][0].pop()
    path = tmp_path / "grid.geojson"
    path.write_text(json.dumps(written), encoding="utf-8")
    with pytest.raises(DataError, match=r"grid.geojson: row 3 has a shape.*close it"):
        read_population(path, crs=CRS, people="people")


def test_points_of_a_file_may_be_lower_left_corners(tmp_path):
    corners = [shapely.Point(x - 125, y - 125) for x, y in PLACES]
    frame = gpd.GeoDataFrame({"people": [1, 2, 4, 8]}, geometry=corners, crs=CRS)
    frame.to_parquet(tmp_path / "grid.parquet")
    columns = {"people": "people", "cell_size_m": 250, "anchor": "lower-left"}
    read = read_population(tmp_path / "grid.parquet", crs=CRS, **columns)
    assert read.xy.tolist() == [list(place) for place in PLACES]


def test_layers_are_chosen_by_name(tmp_path):
    frame = gpd.GeoDataFrame({"people": [1, 2, 4, 8]}, geometry=squares(), crs=CRS)
    path = tmp_path / "grid.gpkg"
    frame.to_file(path, layer="now")
    frame.assign(people=[2, 4, 8, 16]).to_file(path, layer="later")
    assert read_population(path, crs=CRS, people="people", layer="later").total == 30
    with pytest.raises(DataError, match=r'no layer "latter".*did you mean "later"'):
        read_population(path, crs=CRS, people="people", layer="latter")
    with pytest.raises(DataError, match=r'population.layer = "now"'):
        read_population(path, crs=CRS, people="people")


def test_squares_cut_at_a_border_do_not_overlap(tmp_path):
    left, right, *rest = squares()
    border = left.bounds[2] - 20  # 20 m of the left square lie over the border, in the right cell
    cut = [shapely.box(*left.bounds[:2], border, left.bounds[3]),
           shapely.box(border, *right.bounds[1:]), *rest]  # fmt: skip
    frame = gpd.GeoDataFrame({"people": [1, 2, 4, 8]}, geometry=cut, crs=CRS)
    frame.to_file(tmp_path / "grid.gpkg")
    read = read_population(tmp_path / "grid.gpkg", crs=CRS, people="people")
    assert read.counts["overlapping_cells"] == 0
    frame.loc[1, "geometry"] = right.union(left)
    frame.to_file(tmp_path / "over.gpkg")
    read = read_population(tmp_path / "over.gpkg", crs=CRS, people="people")
    assert read.counts["overlapping_cells"] == 2


def test_cells_of_several_sizes_take_a_column_of_sizes(tmp_path):
    path = tmp_path / "grid.csv"
    centres = [(435_500, 6_900_500, 1000), (436_125, 6_900_125, 250), (436_375, 6_900_125, 250)]
    rows = [f"{x},{y},1,{size}" for x, y, size in centres]
    path.write_text("\n".join(["x,y,people,size", *rows]), encoding="utf-8")
    read = read_population(path, crs=CRS, **GRID | {"cell_size_m": "size"})
    assert read.cells.geometry.area.tolist() == [1_000_000, 62_500, 62_500]
    with pytest.raises(PopulationError, match=r"give population.cell_size_m"):
        read_population(path, crs=CRS, **GRID | {"cell_size_m": None})


def lattice(folder: Path, cells: list[tuple[int, int]], spacing_m: int = 250) -> Path:
    """Write cells by their place on a lattice, lower-left corners, one person each."""
    path = folder / "grid.csv"
    rows = [f"{435_000 + x * spacing_m},{6_900_000 + y * spacing_m},1" for x, y in cells]
    path.write_text("\n".join(["x,y,people", *rows]), encoding="utf-8")
    return path


SMALL = [(x, y) for x in range(4) for y in range(4)]


@pytest.mark.parametrize("times", [2, 4, 10])
def test_corners_of_two_sizes_of_cells_are_told_apart(tmp_path, times):
    # 16 cells of 250 m, and 16 several times as large to the north of them: all on one lattice
    large = [(times * x, times * (y + 4)) for x in range(4) for y in range(4)]
    path = lattice(tmp_path, [*SMALL, *large])
    columns = GRID | {"anchor": "lower-left"}
    with pytest.raises(PopulationError, match=f"several sizes.*lattice of {250 * times}"):
        read_population(path, crs=CRS, **columns | {"cell_size_m": None})
    told = read_population(path, crs=CRS, **columns).notes
    assert any(f"stand on a lattice of {250 * times} m" in note for note in told)


@pytest.mark.parametrize(
    "alone", [[(9, 9), (15, 12), (21, 6)], [(8, 8), (12, 13), (16, 8), (8, 17)]]
)
def test_cells_of_one_size_with_gaps_are_of_one_size(tmp_path, alone):
    path = lattice(tmp_path, [*SMALL, *alone])
    columns = GRID | {"cell_size_m": None, "anchor": "lower-left"}
    assert read_population(path, crs=CRS, **columns).counts["cell_size_m"] == 250


@pytest.mark.parametrize("size_m", [float("nan"), float("inf"), 1e300, 1e-300, 0, -250, True])
def test_a_size_of_cells_is_a_possible_number(tmp_path, size_m):
    with pytest.raises(StudyError, match="cell_size_m"):
        read_population(lattice(tmp_path, SMALL), crs=CRS, **GRID | {"cell_size_m": size_m})


def test_a_shape_without_area_is_no_cell(tmp_path):
    flat = [shapely.box(x, y, x, y + 250) if x == 435_250 else shapely.box(x, y, x + 250, y + 250)
            for x, y in PLACES]  # fmt: skip
    gpd.GeoDataFrame({"people": [1, 2, 4, 8]}, geometry=flat, crs=CRS).to_parquet(
        tmp_path / "grid.parquet"
    )
    with pytest.raises(PopulationError, match=r"row 2, 4 has a shape without area"):
        read_population(tmp_path / "grid.parquet", crs=CRS, people="people")


@pytest.mark.parametrize(
    ("short", "size_m", "x", "y"),
    [
        ("100mN31495E43530", 100, 4_353_000, 3_149_500),
        ("250mN314950E435300", 250, 4_353_000, 3_149_500),
        ("500mN31495E43530", 500, 4_353_000, 3_149_500),
        ("1kmN3149E4353", 1_000, 4_353_000, 3_149_000),
        ("5kmN3145E4350", 5_000, 4_350_000, 3_145_000),
        ("10kmN314E435", 10_000, 4_350_000, 3_140_000),
    ],
)
def test_short_ids_leave_out_the_zeros_of_their_size(tmp_path, short, size_m, x, y):
    path = tmp_path / "grid.csv"
    path.write_text(f"id,people\n{short},5\n", encoding="utf-8")
    read = read_population(path, crs="EPSG:3035", people="people", id="id", grid_crs="EPSG:3035")
    assert read.xy.round(3).tolist() == [[x + size_m / 2, y + size_m / 2]]
    assert read.cells.geometry.area.round(3).tolist() == [size_m**2]


# --- areas ---------------------------------------------------------------------------------------


def borders(folder: Path, keys: list[str]) -> Path:
    shapes = [shapely.box(434_000, 6_899_000, 435_125, 6_901_000),
              shapely.box(435_125, 6_899_000, 436_000, 6_901_000)]  # fmt: skip
    frame = gpd.GeoDataFrame({"key": keys, "name": ["West", "East"]}, geometry=shapes, crs=CRS)
    frame.to_file(folder / "areas.gpkg")
    return folder / "areas.gpkg"


def test_cells_without_a_municipality_take_the_area_of_their_centre(tmp_path):
    population = read_population(grid(tmp_path, ["1", "2", "4", "8"]), crs=CRS, **GRID)
    areas = read_areas(borders(tmp_path, ["W", "E"]), key="key", name={"": "name"}, crs=CRS)
    found, _ = with_areas(population, areas, "areas.gpkg")
    assert found.municipalities is not None
    assert found.municipalities.tolist() == ["W", "E", "W", "E"]
    assert "take their municipality from areas.gpkg" in found.notes[-1]


@pytest.mark.parametrize(
    ("keys", "names", "note"),
    [
        (["5", "16"], ["005", "016"], "taken by their number: 16 as 016, 5 as 005"),
        (["X", "Y"], ["X", "Y"], None),
        (["A", "B"], ["X", "Y"], "none of its areas (A, B) is a municipality of the grid (X, Y)"),
        (["X", "B"], ["X", "Y"], "has no area for 1 municipalities of the grid: Y"),
    ],
)
def test_areas_are_matched_with_the_grid_or_it_is_said(tmp_path, keys, names, note):
    path = tmp_path / "grid.csv"
    rows = [f"{x},{y},1,{names[place % 2]}" for place, (x, y) in enumerate(PLACES)]
    path.write_text("\n".join(["x,y,people,kunta", *rows]), encoding="utf-8")
    population = read_population(path, crs=CRS, **GRID, municipality="kunta")
    areas = read_areas(borders(tmp_path, keys), key="key", name={"": "name"}, crs=CRS)
    _, matched = with_areas(population, areas, "areas.gpkg")
    assert matched is not None
    told = matched.attrs["notes"]
    assert (told == []) if note is None else (note in told[0])


@pytest.fixture
def bordered(tmp_path):
    """Write the tiny study with borders around a, b (West) and c, d (East); no municipalities."""
    path = write_tiny_study(tmp_path, settings={
        "areas": {"source": "areas.gpkg", "key": "key", "name": "name"},
        "population": {"register": {"source": "register.csv", "municipality": "m",
                                    "people": "people", "scale": True}},
    })  # fmt: skip
    (tmp_path / "register.csv").write_text("m,people\nW,3\nE,24\n", encoding="utf-8")
    (tmp_path / "plain").mkdir()
    xy = read_population(load_study(write_tiny_study(tmp_path / "plain"))).xy
    middle = xy[1:3, 0].mean()
    shapes = [shapely.box(xy[0, 0] - 500, xy[0, 1] - 500, middle, xy[0, 1] + 500),
              shapely.box(middle, xy[0, 1] - 500, xy[3, 0] + 500, xy[0, 1] + 500)]  # fmt: skip
    crs = load_study(path).crs
    frame = gpd.GeoDataFrame(
        {"key": ["W", "E"], "name": ["West", "East"]}, geometry=shapes, crs=crs
    )
    frame.to_file(tmp_path / "areas.gpkg")
    return path


def test_a_register_is_compared_by_the_areas_where_the_grid_names_none(bordered):
    # a 1 and b 2 are the 3 of West; c 4 and d 8 are 12, twice as many by the register
    population = read_population(load_study(bordered))
    assert population.municipalities.tolist() == ["W", "W", "E", "E"]
    assert population.people.tolist() == [1, 2, 8, 16]


def test_a_forecast_takes_its_municipalities_from_the_areas_too(bordered):
    # West alone is forecast: a 1 and b 2 become 10 and 20; c and d stay 4 x 2 and 8 x 2
    folder = bordered.parent
    shutil.copyfile(folder / "people.csv", folder / "later.csv")
    put_column(folder / "later.csv", "people", [10, 20, 40, 80])
    put_column(folder / "later.csv", "young", [10, 10, 20, 40])
    put_column(folder / "later.csv", "old", [0, 10, 20, 40])
    (folder / "later.toml").write_text(
        'schema_version = 1\nname = "Later"\n[[changes]]\naction = "population"\n'
        'source = "later.csv"\nmunicipality = "W"\nyear = 2040\n', encoding="utf-8"
    )  # fmt: skip
    answer = accessibility("run", bordered, "--scenario", folder / "later.toml",
                           "--out", folder / "out")  # fmt: skip
    assert answer.code == 0, answer.err
    cells = gpd.read_parquet(next((folder / "out").rglob("cells.parquet")))
    assert sorted(cells["people"]) == [8, 10, 16, 20]


def test_a_dry_run_reads_borders_as_a_run_does(bordered):
    answer = accessibility("run", bordered, "--dry-run")
    assert answer.code == 0, answer.err
    assert "areas       2" in answer.out
    path = bordered.parent / "areas.gpkg"
    frame = gpd.read_file(path)
    swapped = frame.set_geometry(frame.geometry.map(lambda one: shapely.transform(
        one, lambda xy: xy[:, ::-1])), crs=frame.crs)  # fmt: skip
    swapped.to_file(path)
    answer = accessibility("run", bordered, "--dry-run")
    assert answer.code == 3
    assert "2 of 2 areas lie outside" in answer.err
    assert "swapped" in answer.err


@pytest.mark.parametrize(
    ("crs", "lon", "lat", "word"),
    [
        ("EPSG:32635", 28.3, -15.4, "EPSG:32735"),  # Zambia, with the zone of the north
        ("EPSG:32735", 28.3, 55.4, "EPSG:32635"),
        ("EPSG:3067", 28.3, -15.4, "Check the file's crs"),  # degrees are no metres of another CRS
        ("EPSG:32635", 60.0, -40.0, "Check the file's crs"),  # though 60 m from a false origin fit
    ],
)
def test_a_guess_at_misplaced_sites_names_a_crs_they_lie_in(tmp_path, crs, lon, lat, word):
    path = tmp_path / "sites.csv"
    path.write_text(f"id,name,tier,lon,lat\n1,A,L,{lon},{lat}\n", encoding="utf-8")
    with pytest.raises(DataError, match=word) as refusal:
        read_sites(path, crs=crs, tiers=[LOCAL])
    assert "ETRS-TM35FIN" not in str(refusal.value)


def test_borders_in_metres_without_a_crs_are_refused(tmp_path):
    frame = gpd.read_file(borders(tmp_path, ["W", "E"]))
    written = json.loads(frame.to_json())
    written.pop("crs", None)
    path = tmp_path / "areas.geojson"
    path.write_text(json.dumps(written), encoding="utf-8")
    with pytest.raises(DataError, match=r"2 of 2 areas lie outside.*look like metres of.*TM35FIN"):
        read_areas(path, key="key", name={"": "name"}, crs=CRS)


def test_a_kept_value_that_never_occurs_is_refused(tmp_path):
    path = grid(tmp_path, ["1", "2", "4", "8"], more="kunta")
    with pytest.raises(PopulationError, match=r"no row has kunta = 2 \(population.keep\)"):
        read_population(path, crs=CRS, **GRID, keep={"kunta": [1, 2]})
    assert read_population(path, crs=CRS, **GRID, keep={" kunta ": [1.0]}).total == 15


# --- sites ---------------------------------------------------------------------------------------


def test_sites_may_stand_in_metres_of_a_named_crs(tmp_path):
    path = tmp_path / "sites.csv"
    path.write_text("id,name,tier,lon,lat\n1,A,L,435000,6900000\n", encoding="utf-8")
    columns = {key: key for key in ("id", "name", "tier", "lon", "lat")}
    tiers = Tiers([LOCAL])
    read = read_site_list(path, columns | {"crs": CRS}, crs=CRS, tiers=tiers)
    assert read.xy.tolist() == [[435_000, 6_900_000]]
    with pytest.raises(DataError, match=r"look like metres of .*: give it as sites.crs"):
        read_site_list(path, columns, crs=CRS, tiers=tiers)


def test_python_names_the_crs_of_sites_as_a_study_does(tmp_path):
    path = tmp_path / "sites.csv"
    path.write_text("id,name,tier,lon,lat\n1,A,L,435000,6900000\n", encoding="utf-8")
    read = read_sites(path, crs=CRS, tiers=[LOCAL], sites_crs=CRS)
    assert read.xy.tolist() == [[435_000, 6_900_000]]
    with pytest.raises(StudyError, match='"nowhere" is no CRS'):
        read_sites(path, crs=CRS, tiers=[LOCAL], sites_crs="nowhere")


@pytest.mark.parametrize(
    ("word", "external"),
    [("TOSI", True), ("EPÄTOSI", False), ("WAHR", True), ("falsch", False), ("ja", True),
     ("nein", False), ("kyllä", True), ("ei", False), ("sant", True), ("", False), ("t", True),
     ("f", False), ("SANN", True), ("usann", False), ("sand", True), ("falsk", False),
     ("WAAR", True), ("1.0", True), ("0.0", False)],
)  # fmt: skip
def test_yes_and_no_in_the_languages_of_spreadsheets(tmp_path, word, external):
    path = tmp_path / "sites.csv"
    path.write_text(f"id,name,tier,lon,lat,away\n1,A,L,25.75,62.24,{word}\n", encoding="utf-8")
    read = read_sites(path, crs=CRS, tiers=[LOCAL], external="away")
    assert read.frame["external"].tolist() == [external]
