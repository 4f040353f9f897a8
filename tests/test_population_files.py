"""Population grids of every kind: the same people in the same cells, whatever file they come in.

Most tests read one grid of four cells of 250 m with 1, 2, 4 and 8 people, which stands in
EPSG:3067 and is drawn like this, with the lower left corner of the first cell at (435000, 6900000):

    4 8
    1 2
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Proj
from studies import accessibility, put_column, replace, write_tiny_study

from accessibility import PopulationError, StudyError, read_population
from accessibility.population import Population

CRS = "EPSG:3067"
WEST, SOUTH, SIZE = 435_000, 6_900_000, 250
PEOPLE = [1.0, 2.0, 4.0, 8.0]
LEFT = [WEST, WEST + SIZE, WEST, WEST + SIZE]
LOWER = [SOUTH, SOUTH, SOUTH + SIZE, SOUTH + SIZE]
CENTRES = [(x + 125.0, y + 125.0) for x, y in zip(LEFT, LOWER, strict=True)]
IDS_OF_CENTRES = [
    "N6900125E435125", "N6900125E435375", "N6900375E435125", "N6900375E435375",
]  # fmt: skip
POINTS = {"x": "x", "y": "y", "grid_crs": CRS}


def write_csv(path: Path, columns: dict[str, list[object]], *, delimiter: str = ",") -> Path:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path


def corners() -> dict[str, list[object]]:
    return {"id": list("abcd"), "x": LEFT, "y": LOWER, "people": PEOPLE}


def squares_of(crs: str = CRS) -> gpd.GeoDataFrame:
    boxes = [shapely.box(x, y, x + SIZE, y + SIZE) for x, y in zip(LEFT, LOWER, strict=True)]
    frame = gpd.GeoDataFrame({"id": list("abcd"), "people": PEOPLE}, geometry=boxes, crs=CRS)
    return frame.to_crs(crs)


def points_of(crs: str = CRS) -> gpd.GeoDataFrame:
    frame = squares_of()
    return frame.set_geometry(frame.geometry.centroid).to_crs(crs)


def assert_the_four_cells(population: Population, *, within_m: float = 1e-6) -> None:
    cells = population.cells
    assert list(cells.index) == list("abcd")
    assert list(cells["people"]) == PEOPLE
    assert population.total == 15
    assert np.abs(population.xy - CENTRES).max() <= within_m
    for cell, square in zip(cells.geometry, squares_of().geometry, strict=True):
        assert cell.symmetric_difference(square).area <= within_m * 4 * SIZE + 1e-6
    assert cells.crs == CRS
    assert population.counts["cell_size_m"] == pytest.approx(SIZE, abs=0.1)
    assert population.counts["overlapping_cells"] == 0


# --- kinds of file -------------------------------------------------------------------------------


def to_csv(folder: Path) -> Path:
    return write_csv(folder / "g.csv", corners())


def to_parquet(folder: Path) -> Path:
    pd.DataFrame(corners()).to_parquet(folder / "g.parquet")
    return folder / "g.parquet"


@pytest.mark.parametrize("write", [to_csv, to_parquet])
def test_a_table_with_corners_gives_the_four_cells(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    columns = {"people": "people", "id": "id", "anchor": "lower-left", "cell_size_m": 250}
    assert_the_four_cells(read_population(write(tmp_path), crs=CRS, **POINTS, **columns))


@pytest.mark.parametrize("name", ["g.gpkg", "g.parquet", "g.geojson"])
def test_a_file_of_squares_gives_the_four_cells(tmp_path: Path, name: str) -> None:
    squares = squares_of("EPSG:4326" if name.endswith("geojson") else CRS)
    write_features(squares, tmp_path / name)
    population = read_population(tmp_path / name, crs=CRS, people="people", id="id")
    within_m = 0.02 if name.endswith("geojson") else 1e-6  # GeoJSON keeps seven decimals
    assert_the_four_cells(population, within_m=within_m)


@pytest.mark.parametrize("name", ["g.gpkg", "g.parquet"])
def test_a_file_of_points_gives_the_four_cells(tmp_path: Path, name: str) -> None:
    write_features(points_of(), tmp_path / name)
    columns = {"people": "people", "id": "id", "cell_size_m": 250}
    assert_the_four_cells(read_population(tmp_path / name, crs=CRS, **columns))


def test_points_in_degrees_get_squares_along_the_axes_and_say_so(tmp_path: Path) -> None:
    write_features(points_of("EPSG:4326"), tmp_path / "g.geojson")
    columns = {"people": "people", "id": "id", "cell_size_m": 250}
    population = read_population(tmp_path / "g.geojson", crs=CRS, **columns)
    assert_the_four_cells(population, within_m=0.02)
    assert "g.geojson: cells stand in degrees" in population.notes[0]


def test_squares_in_another_crs_land_on_the_same_ground(tmp_path: Path) -> None:
    write_features(squares_of("EPSG:3880"), tmp_path / "g.gpkg")
    population = read_population(tmp_path / "g.gpkg", crs=CRS, people="people", id="id")
    assert_the_four_cells(population, within_m=0.01)


def write_features(frame: gpd.GeoDataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path)


def test_the_layer_styles_of_a_desktop_program_are_no_second_layer(tmp_path: Path) -> None:
    import pyogrio

    squares_of().to_file(tmp_path / "g.gpkg", layer="grid")
    pyogrio.write_dataframe(
        pd.DataFrame({"style": ["x"]}), tmp_path / "g.gpkg", layer="layer_styles"
    )
    assert len(pyogrio.list_layers(tmp_path / "g.gpkg")) == 2
    assert_the_four_cells(
        read_population(tmp_path / "g.gpkg", crs=CRS, people="people", id="id"), within_m=1e-6
    )


# --- dialects of CSV -----------------------------------------------------------------------------

COLUMNS = {"people": "väkeä", "id": "id", "anchor": "lower-left", "cell_size_m": 250, **POINTS}
FINNISH = (
    "id;x;y;väkeä\r\n"
    "a;435 000,0;6900000,0;1,0\r\n"
    "b;435250;6\u00a0900\u00a0000;2\r\n"
    "c;435000,00;6900250;4\r\n"
    "d;435250;6900250;8,000\r\n"
)
DIALECTS: dict[str, tuple[bytes, list[str]]] = {
    "plain": (
        b"id,x,y,v\xc3\xa4ke\xc3\xa4\na,435000,6900000,1\nb,435250,6900000,2\n"
        b"c,435000,6900250,4\nd,435250,6900250,8\n",
        [],
    ),
    "Finnish Excel": (
        FINNISH.encode("cp1252"),
        ["read as cp1252", "semicolon", "decimal comma", "separate thousands"],
    ),
    "UTF-8 with its mark": (
        FINNISH.encode("utf-8-sig"),
        ["semicolon", "decimal comma", "separate thousands"],
    ),
    "Unicode text of Excel": (
        FINNISH.replace(";", "\t").encode("utf-16"),
        ["read as utf-16", "tab", "decimal comma", "separate thousands"],
    ),
    "bars and blank lines": (
        FINNISH.replace(";", "|").replace("\r\n", "\r\n\r\n").encode(),
        ["bar", "decimal comma", "separate thousands"],
    ),
    "empty columns at the end": (
        FINNISH.replace("\r\n", ";;\r\n").encode(),
        ["semicolon", "decimal comma", "separate thousands"],
    ),
    "quoted": (
        ('"id","x","y","väkeä"\n"a","435000,0","6900000","1"\n"b","435250","6900000","2,0"\n'
         '"c","435000","6900250","4"\n"d","435250","6900250","8"\n').encode(),
        ["decimal comma"],
    ),
    "decomposed letters": (
        unicodedata.normalize("NFD", FINNISH).encode(),
        ["semicolon", "decimal comma", "separate thousands"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_is_detected_and_stated(tmp_path: Path, dialect: str) -> None:
    raw, stated = DIALECTS[dialect]
    (tmp_path / "g.csv").write_bytes(raw)
    population = read_population(tmp_path / "g.csv", crs=CRS, **COLUMNS)
    assert_the_four_cells(population)
    assert len(population.notes) == len(stated), population.notes
    for note, words in zip(population.notes, stated, strict=True):
        assert note.startswith("g.csv: ")
        assert words in note


def test_the_command_states_the_dialect(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path)
    text = (tmp_path / "people.csv").read_text(encoding="utf-8").replace(",", ";")
    (tmp_path / "people.csv").write_text(text.replace(".0;", ",0;"), encoding="utf-8")
    answer = accessibility("check", study)
    assert answer.code == 0
    assert "info: people.csv: columns are separated by semicolon" in answer.err
    assert "info: people.csv: numbers are written with a decimal comma" in answer.err


def test_ids_that_look_like_numbers_stay_text(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "g.csv", corners() | {"id": ["007", "7", "7.0", " 1e3 "]})
    columns = {"people": "people", "id": "id", "cell_size_m": 250}
    population = read_population(path, crs=CRS, **POINTS, **columns)
    assert list(population.cells.index) == ["007", "7", "7.0", "1e3"]


def test_fractions_of_people_are_kept(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "g.csv", corners() | {"people": [0.5, 0.25, 0, 1e-3]})
    population = read_population(path, crs=CRS, **POINTS, people="people", cell_size_m=250)
    assert population.total == 0.751
    assert population.counts["cells_without_people"] == 1


# --- the lattice ---------------------------------------------------------------------------------


def test_an_anchor_moves_every_cell_by_half_its_size(tmp_path: Path) -> None:
    path = to_csv(tmp_path)
    columns = {"people": "people", "id": "id", "cell_size_m": 250, **POINTS}
    by_corner = read_population(path, crs=CRS, anchor="lower-left", **columns)
    by_centre = read_population(path, crs=CRS, anchor="centre", **columns)
    assert (by_corner.xy - by_centre.xy == 125).all()
    assert by_corner.cells.total_bounds.tolist() == [WEST, SOUTH, WEST + 500, SOUTH + 500]
    assert by_centre.cells.total_bounds.tolist() == [
        WEST - 125, SOUTH - 125, WEST + 375, SOUTH + 375,
    ]  # fmt: skip


def test_an_unknown_anchor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match='anchor is "left"; expected one of centre, lower-left'):
        read_population(to_csv(tmp_path), crs=CRS, **POINTS, people="people", anchor="left")


def test_the_cells_size_is_found_from_their_distance_and_said(tmp_path: Path) -> None:
    columns = {"people": "people", "id": "id", "anchor": "lower-left", **POINTS}
    population = read_population(to_csv(tmp_path), crs=CRS, **columns)
    assert_the_four_cells(population)
    assert population.notes == ("g.csv: cells are taken to be as large as they stand apart, 250 m",)


def test_cells_that_overlap_are_counted_and_said(tmp_path: Path) -> None:
    columns = {"people": "people", "id": "id", "cell_size_m": 251, **POINTS}
    assert read_population(to_csv(tmp_path), crs=CRS, **columns).counts["overlapping_cells"] == 0
    population = read_population(to_csv(tmp_path), crs=CRS, **columns | {"cell_size_m": 260})
    assert population.counts["overlapping_cells"] == 4
    assert "4 cells overlap another" in population.notes[-1]


def test_squares_of_two_sizes_are_kept_as_they_are_and_said(tmp_path: Path) -> None:
    shapes = [shapely.box(0, 0, 1000, 1000), shapely.box(1000, 0, 1250, 250)]
    shapes = [shapely.transform(shape, lambda xy: xy + np.array([WEST, SOUTH])) for shape in shapes]
    frame = gpd.GeoDataFrame({"people": [1, 2]}, geometry=shapes, crs=CRS)
    write_features(frame, tmp_path / "g.gpkg")
    population = read_population(tmp_path / "g.gpkg", crs=CRS, people="people")
    assert population.cells.geometry.area.tolist() == [1_000_000, 62_500]
    assert "g.gpkg: cells are of different sizes, 250 to 1000 m" in population.notes


def test_a_european_square_is_drawn_true_in_the_finnish_system(tmp_path: Path) -> None:
    """EPSG:3035 keeps areas and is turned against EPSG:3067; the square is turned, not resized."""
    x, y = 5_107_000, 4_365_000
    path = write_csv(tmp_path / "g.csv", {"x": [x], "y": [y], "T": [3]})
    population = read_population(
        path, crs=CRS, x="x", y="y", grid_crs="EPSG:3035", people="T", cell_size_m=1000,
        anchor="lower-left",
    )  # fmt: skip
    (square,) = population.cells.geometry
    lon, lat = Proj("EPSG:3035")(x + 500, y + 500, inverse=True)
    assert population.xy[0] == pytest.approx(Proj(CRS)(lon, lat), abs=0.01)
    found = shapely.get_coordinates(square)
    side = found[1] - found[0]  # from the lower left corner to the lower right one
    assert np.degrees(np.arctan2(side[1], side[0])) == pytest.approx(-14.0, abs=0.1)
    on_the_ground = abs(Geod(ellps="GRS80").polygon_area_perimeter(*to_degrees(found).T)[0])
    assert on_the_ground == pytest.approx(1e6, rel=1e-5)
    scale = Proj(CRS).get_factors(lon, lat).areal_scale
    assert square.area == pytest.approx(1e6 * scale, rel=1e-4)
    assert len(found) == 5


def to_degrees(xy: np.ndarray) -> np.ndarray:
    return np.column_stack(Proj(CRS)(xy[:, 0], xy[:, 1], inverse=True))


def test_squares_that_stand_askew_in_a_file_stay_askew(tmp_path: Path) -> None:
    """A European grid that someone saved in EPSG:3067 keeps its turn of 14 degrees."""
    square = shapely.box(5_107_000, 4_365_000, 5_108_000, 4_366_000)
    frame = gpd.GeoDataFrame({"T": [3]}, geometry=[square], crs="EPSG:3035").to_crs(CRS)
    write_features(frame, tmp_path / "g.gpkg")
    population = read_population(tmp_path / "g.gpkg", crs=CRS, people="T")
    (found,) = population.cells.geometry
    assert found.equals(frame.geometry[0])
    assert found.area < 0.7 * shapely.box(*found.bounds).area, "the square was straightened"


# --- ids made from centres -----------------------------------------------------------------------


def test_ids_are_made_from_centres_whatever_the_file_and_the_anchor(tmp_path: Path) -> None:
    plain = {"crs": CRS, "people": "people", "cell_size_m": 250}
    found = [read_population(to_csv(tmp_path), anchor="lower-left", **POINTS, **plain)]
    centres = corners() | {"x": [x for x, _ in CENTRES], "y": [y for _, y in CENTRES]}
    path = write_csv(tmp_path / "centres.csv", centres)
    found.append(read_population(path, anchor="centre", **POINTS, **plain))
    for name, frame in (("s.gpkg", squares_of()), ("p.parquet", points_of())):
        write_features(frame, tmp_path / name)
        found.append(read_population(tmp_path / name, **plain))
    for population in found:
        assert list(population.cells.index) == IDS_OF_CENTRES


def test_two_cells_at_one_place_are_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "g.csv", corners() | {"x": [WEST] * 4})
    with pytest.raises(PopulationError, match=r"row 2, 3, 4, 5 .*same place.* come once"):
        read_population(path, crs=CRS, **POINTS, people="people", cell_size_m=250)


@settings(max_examples=15)
@given(order=st.permutations(range(4)))
def test_the_order_of_rows_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("order")
    shuffled = {name: [values[row] for row in order] for name, values in corners().items()}
    columns = {"people": "people", "crs": CRS, "anchor": "lower-left", **POINTS}
    before = read_population(to_csv(folder), **columns).cells
    after = read_population(write_csv(folder / "s.csv", shuffled), **columns).cells
    assert list(after.index) == [IDS_OF_CENTRES[row] for row in order]
    pd.testing.assert_frame_equal(after.sort_index(), before.sort_index())


# --- well-known grids ----------------------------------------------------------------------------


def test_the_columns_of_statistics_finland_are_found(tmp_path: Path) -> None:
    """-1 hides a group of a small cell: it is unknown, and never a number of people."""
    frame = squares_of().drop(columns=["id", "people"])
    frame["grd_id"] = ["250mN2760000E174000", "b", "c", "d"]
    frame["kunta"] = ["179", "179", "992", "049"]
    frame["vaesto"] = [1, 20, 40, 80]
    frame["ika_0_14"] = [-1, 5, 10, 20]
    frame["ika_15_64"] = [-1, 10, 20, 40]
    frame["ika_65_"] = [-1, 5, 10, 20]
    write_features(frame, tmp_path / "vaki2024.gpkg")
    population = read_population(tmp_path / "vaki2024.gpkg", crs=CRS)
    assert population.total == 141
    assert population.groups == ("0-14", "15-64", "65+")
    assert list(population.cells.index) == ["250mN2760000E174000", "b", "c", "d"]
    assert population.cells["municipality"].tolist() == ["179", "179", "992", "049"]
    assert population.cells["65+"].isna().tolist() == [True, False, False, False]
    low, high = population.bounds("65+")
    assert (low.tolist(), high.tolist()) == ([0, 5, 10, 20], [1, 5, 10, 20])
    assert population.counts["suppressed_cells_65+"] == 1
    assert population.counts["suppressed_people"] == 1
    assert population.counts["perturbed_cells"] == 0
    assert population.notes[0] == "vaki2024.gpkg: read as Statistics Finland population grid"
    assert "are taken to partition the people" in population.notes[1]
    assert population.partition == (("0-14", "15-64", "65+"),)


def test_the_columns_and_the_lattice_of_eurostat_are_found(tmp_path: Path) -> None:
    """A GRD_ID says where its cell lies: no coordinates are needed."""
    path = write_csv(
        tmp_path / "census.csv",
        {
            "GRD_ID": ["CRS3035RES1000mN4365000E5107000", "CRS3035RES1000mN4365000E5108000"],
            "T": [3, 4],
            "Y_LT15": [0, 1],
            "Y_1564": [3, 2],
            "Y_GE65": [0, 2],
        },
    )
    population = read_population(path, crs="EPSG:3035")
    assert population.groups == ("0-14", "15-64", "65+")
    assert population.xy.tolist() == [[5_107_500, 4_365_500], [5_108_500, 4_365_500]]
    assert population.cells.geometry.area.tolist() == [1e6, 1e6]
    assert population.cells.total_bounds.tolist() == [5_107_000, 4_365_000, 5_109_000, 4_366_000]
    assert population.notes == ("census.csv: read as Eurostat census grid 2021",)
    assert population.counts["perturbed_cells"] == 1
    assert population.counts["groups_exceed_cell"] == 1


@pytest.mark.parametrize(
    ("ids", "centre", "size"),
    [
        (["250mN690000E43500", "250mN690000E43525"], [435_125, 6_900_125], 250),
        (["1kmN6900E435", "1kmN6900E436"], [435_500, 6_900_500], 1000),
    ],
    ids=["250 m", "1 km"],
)
def test_the_short_ids_of_finnish_grids_say_where_cells_lie(
    tmp_path: Path, ids: list[str], centre: list[float], size: float
) -> None:
    path = write_csv(tmp_path / "g.csv", {"grd_id": ids, "vaesto": [1, 2]})
    population = read_population(path, crs=CRS)
    assert population.xy[0].tolist() == centre
    assert population.xy[1].tolist() == [centre[0] + size, centre[1]]
    assert population.cells.geometry.area.tolist() == [size**2] * 2


def test_ids_of_two_grids_are_not_mixed(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "g.csv", {"grd_id": ["1kmN6900E435", "250mN690000E43500"], "vaesto": [1, 2]}
    )
    with pytest.raises(PopulationError, match="row 3 is of another grid than the first row"):
        read_population(path, crs=CRS)


def test_a_grid_of_nobody_we_know_needs_its_columns_named(tmp_path: Path) -> None:
    with pytest.raises(PopulationError, match=r"population.people .*columns: id, x, y, people"):
        read_population(to_csv(tmp_path), crs=CRS, **POINTS)


def test_keep_takes_the_rows_that_it_names_and_counts_the_others(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "g.csv",
        corners() | {"country": ["FI", "FI", "SE", "FI"], "year": [2021, 2020, 2021, 2021]},
    )
    columns = {"crs": CRS, "people": "people", "cell_size_m": 250, **POINTS}
    keep = {"country": ["FI"], "year": [2021]}
    population = read_population(path, keep=keep, **columns)
    assert population.total == 1 + 8
    assert population.counts["cells_left_out_by_keep"] == 2
    both = read_population(path, keep={"country": ["FI", "SE"]}, **columns)
    assert both.total == 15


# --- what is not known ---------------------------------------------------------------------------


def test_a_hidden_group_lies_between_nobody_and_everybody_of_its_cell(
    tmp_path: Path,
) -> None:
    groups = {"young": [3, -1, 1, 4], "old": [-1, -1, 3, 6]}
    path = write_csv(tmp_path / "g.csv", corners() | {"people": [10, 2, 4, 8]} | groups)
    population = read_population(
        path, crs=CRS, people="people", cell_size_m=250, suppressed=-1,
        groups={name: name for name in groups}, **POINTS,
    )  # fmt: skip
    low, high = population.bounds("old")
    assert (low.tolist(), high.tolist()) == ([0, 0, 3, 6], [10, 2, 3, 6])
    low, high = population.bounds("young")
    assert (low.tolist(), high.tolist()) == ([3, 0, 1, 4], [3, 2, 1, 4])
    assert population.counts["suppressed_cells_young"] == 1
    assert population.counts["suppressed_cells_old"] == 2
    assert population.counts["suppressed_people"] == 10 + 2
    assert population.counts["perturbed_cells"] == 1, "the last cell has 10 in groups, 8 in all"
    assert population.counts["groups_exceed_cell"] == 1


def test_an_empty_figure_hides_a_group_as_well(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "g.csv", corners() | {"old": ["", 1, 1, 1]})
    population = read_population(
        path, crs=CRS, people="people", cell_size_m=250, groups={"old": "old"}, **POINTS
    )
    assert population.bounds("old")[0].tolist() == [0, 1, 1, 1]
    assert population.bounds("old")[1].tolist() == [1, 1, 1, 1]


def test_hidden_people_are_inside_or_outside_never_both(tmp_path: Path) -> None:
    """The share's bounds are joint: in_low / (in_low + out_high) and the other way round.

    Within a minute of the hospital live a (10 people, the old hidden: 0 to 10) and b (4 old);
    further away c (6 old) and d (20 people, the old hidden: 0 to 20). So 4 / (4 + 6 + 20) is the
    least and (4 + 10) / (4 + 10 + 6) the most.
    """
    study = write_tiny_study(
        tmp_path / "in",
        settings={
            "population": {"suppressed": -1},
            "isochrones": {"bands_min": [1]},
            "targets": [
                {"id": "old", "name": "old", "tier": "E", "group": "old", "within_min": 1,
                 "share": share} for share in (0.13,)
            ],
        },
    )  # fmt: skip
    for name, values in {
        "people": [10, 4, 8, 20], "young": [3, 0, 2, 5], "old": [-1, 4, 6, -1],
    }.items():  # fmt: skip
        put_column(tmp_path / "in" / "people.csv", name, values)
    answer = accessibility("run", study, "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    table = pd.read_csv(tmp_path / "out" / "coverage.csv", keep_default_na=False, dtype=str)
    rows = table[(table["tier"] == "E") & (table["group"] == "old") & (table["area"] == "*")]
    inside = rows[rows["band_min"] == "1"].iloc[0]
    assert (float(inside["people_low"]), float(inside["people_high"])) == (4, 14)
    assert float(inside["share_low"]) == pytest.approx(4 / 30, abs=1e-9)
    assert float(inside["share_high"]) == pytest.approx(14 / 20, abs=1e-9)
    outside = rows[rows["band_min"] == "beyond"].iloc[0]
    assert (float(outside["people_low"]), float(outside["people_high"])) == (6, 26)
    assert float(outside["share_low"]) == pytest.approx(6 / 20, abs=1e-9)
    assert float(outside["share_high"]) == pytest.approx(26 / 30, abs=1e-9)
    met = accessibility("check", study)
    assert met.code == 0, "13 % are inside even at worst"
    replace(study, "share = 0.13", "share = 0.14")
    assert accessibility("check", study).code == 1, "between the bounds nothing is certain"


# --- the register --------------------------------------------------------------------------------


def with_register(folder: Path, register: str, *, scale: bool) -> Path:
    """Give the tiny study two municipalities: Äänekoski with 1 + 2 people, Muurame with 4 + 8."""
    entry = {"source": "r.csv", "municipality": "m", "people": "p", "scale": scale}
    settings = {"population": {"municipality": "kunta", "register": entry}}
    study = write_tiny_study(folder, settings=settings)
    put_column(folder / "people.csv", "kunta", ["Äänekoski", "Äänekoski", "Muurame", "Muurame"])
    (folder / "r.csv").write_text(register, encoding="utf-8")
    return study


def test_a_municipality_more_than_3_percent_off_its_register_is_warned_of(tmp_path: Path) -> None:
    study = with_register(tmp_path, "m,p\nÄänekoski,3\nMuurame,11\n", scale=False)
    answer = accessibility("check", study)
    assert answer.code == 0
    (warning,) = [line for line in answer.err.splitlines() if line.startswith("warning")]
    assert "Muurame: the grid has 12 people, the register 11" in warning
    assert accessibility("check", study, "--strict").code == 3


def test_3_percent_is_near_enough(tmp_path: Path) -> None:
    study = with_register(tmp_path, "m,p\nÄänekoski,3\nMuurame,11.7\n", scale=False)
    assert "warning" not in accessibility("check", study).err


def test_scaling_to_the_register_is_right_to_the_last_person(tmp_path: Path) -> None:
    """Äänekoski: 1 + 2 people become 4 + 8 (times 4); Muurame 4 + 8 become 2 + 4 (half)."""
    study = with_register(tmp_path / "in", "m,p\nÄänekoski,12\nMuurame,6\n", scale=True)
    from accessibility import load_study

    population = read_population(load_study(study))
    assert population.cells["people"].tolist() == [4, 8, 2, 4]
    assert population.cells["young"].tolist() == [4, 4, 1, 2]
    assert population.cells["old"].tolist() == [0, 4, 1, 2]
    assert population.counts["people_before_scaling"] == 15
    assert population.register is not None
    assert population.register["grid"].to_dict() == {"Muurame": 12, "Äänekoski": 3}
    answer = accessibility("run", study, "--out", tmp_path / "out")
    assert answer.code == 0
    cells = gpd.read_parquet(tmp_path / "out" / "cells.parquet").set_index("cell_id")
    assert cells["people"].tolist() == [4, 8, 2, 4]


def test_scaling_by_thirds_keeps_the_register_to_the_last_person(tmp_path: Path) -> None:
    study = with_register(tmp_path, "m,p\nÄänekoski,10\nMuurame,7\n", scale=True)
    from accessibility import load_study

    population = read_population(load_study(study))
    assert population.total == pytest.approx(17, abs=1e-12)
    people = population.cells.groupby("municipality")["people"].sum()
    assert people["Äänekoski"] == pytest.approx(10, abs=1e-12)


def test_a_municipality_that_one_of_the_two_lacks_is_named(tmp_path: Path) -> None:
    study = with_register(tmp_path, "m,p\nÄänekoski,3\nToivakka,9\n", scale=True)
    answer = accessibility("check", study)
    assert "warning: Muurame: is in the grid but not in the register; left" in answer.err
    assert "warning: Toivakka: is in the register with 9 people but has no cell" in answer.err


def test_names_match_however_their_letters_are_composed(tmp_path: Path) -> None:
    register = unicodedata.normalize("NFD", "m,p\nÄänekoski,3\nMuurame,12\n")
    study = with_register(tmp_path, register, scale=False)
    answer = accessibility("check", study)
    assert (answer.code, answer.err) == (0, "")


# --- write, then read ----------------------------------------------------------------------------


def every_column(folder: Path) -> Population:
    path = write_csv(
        folder / "source.csv",
        corners()
        | {"people": [10, 2.5, 4, 8], "old": [-1, 1, 2, 3]}
        | {"kunta": ["Äänekoski", "Muurame", "Muurame", "Äänekoski"]},
    )
    return read_population(
        path, crs=CRS, people="people", id="id", anchor="lower-left", cell_size_m=250,
        municipality="kunta", groups={"65+": "old"}, suppressed=-1, **POINTS,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["g.csv", "g.gpkg", "g.geojson", "g.parquet"])
def test_what_was_written_is_read_back(tmp_path: Path, name: str) -> None:
    before = every_column(tmp_path)
    frame = before.cells.reset_index()
    columns: dict[str, object] = {
        "people": "people", "id": "cell_id", "municipality": "municipality",
        "groups": {"65+": "65+"},
    }  # fmt: skip
    if name == "g.csv":
        frame.drop(columns="geometry").to_csv(tmp_path / name, index=False)
        columns |= POINTS | {"cell_size_m": 250}
    elif name == "g.geojson":
        write_features(frame.to_crs(4326), tmp_path / name)
    else:
        write_features(frame, tmp_path / name)
    after = read_population(tmp_path / name, crs=CRS, **columns)
    within_m = 0.02 if name == "g.geojson" else 1e-6
    pd.testing.assert_frame_equal(
        after.cells.drop(columns=["geometry", "x", "y"]),
        before.cells.drop(columns=["geometry", "x", "y"]),
    )
    assert np.abs(after.xy - before.xy).max() <= within_m
    for one, other in zip(after.cells.geometry, before.cells.geometry, strict=True):
        assert one.symmetric_difference(other).area <= within_m * 4 * SIZE + 1e-6
    assert after.groups == before.groups
    assert after.counts["suppressed_cells_65+"] == 1


# --- real grids ----------------------------------------------------------------------------------


@pytest.mark.data
def test_the_grid_of_central_helsinki_reads(data_folder: Path) -> None:
    """Squares of the city's own system (GK25), saved in degrees, turned 1.7 degrees here."""
    path = data_folder / "data/finland-population/helsinki_centre_population_grid_250m_2020.gpkg"
    population = read_population(path, crs=CRS, people="population", id="id")
    assert (len(population.cells), population.total) == (92, 71_724)
    sides = np.sqrt(population.cells.geometry.area)
    assert sides.between(249.9, 250.1).all()
    lon, lat = Proj(CRS)(*population.xy[0], inverse=True)
    turn = Proj("EPSG:3879").get_factors(lon, lat).meridian_convergence
    turn -= Proj(CRS).get_factors(lon, lat).meridian_convergence
    sides_xy = np.diff(shapely.get_coordinates(population.cells.geometry.iloc[0]), axis=0)
    angles = np.degrees(np.arctan2(sides_xy[:, 1], sides_xy[:, 0]))
    off = (angles + turn + 45) % 90 - 45
    assert np.abs(off).max() < 0.05
    assert abs(turn) > 1.5
    assert population.counts["overlapping_cells"] == 0


@pytest.mark.data
def test_the_census_grid_of_central_finland_reads(data_folder: Path) -> None:
    path = data_folder / "data/finland-population/fi_census2021_1km_keski-suomi.csv"
    population = read_population(path, crs=CRS, municipality="municipality")
    assert (len(population.cells), population.total) == (6_788, 270_043)
    assert population.groups == ("0-14", "15-64", "65+")
    assert population.counts["cell_size_m"] == pytest.approx(1000, abs=1)
    assert population.counts["perturbed_cells"] > 0
    assert population.counts["overlapping_cells"] == 0
    assert len(set(population.cells["municipality"])) == 22
    by_place = read_population(
        path, crs=CRS, people="T", x="x_3035", y="y_3035", grid_crs="EPSG:3035",
        anchor="lower-left", cell_size_m=1000, id="GRD_ID",
    )  # fmt: skip
    assert (by_place.xy == population.xy).all()


# --- rows and columns that can hardly be meant, in the line of cells of tests/studies.py ---------


def with_row(folder: Path, *values: object) -> Path:
    """Write the tiny study with one row more in its grid."""
    study = write_tiny_study(folder, settings={"population": {"municipality": "kunta"}})
    put_column(folder / "people.csv", "kunta", ["Aa", "Aa", "Bb", "Bb"])
    with (folder / "people.csv").open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(values)
    return study


@pytest.mark.parametrize("name", ["Total", "Yhteens\u00e4", "YHTEENSA\u0308 ", "insgesamt"])
def test_a_row_named_as_total_is_no_cell(tmp_path: Path, name: str) -> None:
    for row in (
        (name, 26504000, 6900000, 15, 8, 7, "Bb"),
        ("e", 26504000, 6900000, 15, 8, 7, name),
    ):
        answer = accessibility("check", with_row(tmp_path / row[0].strip(), *row))
        assert answer.code == 3
        assert "row 6 is a total" in answer.err


def test_a_row_with_as_many_people_as_all_others_is_said(tmp_path: Path) -> None:
    study = with_row(tmp_path / "a", "e", 26504000, 6900000, 15, 8, 7, "Bb")  # 1 + 2 + 4 + 8
    assert (
        "row 6 has as many people as all other rows together" in accessibility("check", study).err
    )
    study = with_row(tmp_path / "b", "e", 26504000, 6900000, 16, 9, 7, "Bb")
    assert "as all other rows" not in accessibility("check", study).err


def test_a_group_of_more_people_than_all_is_said(tmp_path: Path) -> None:
    study = with_row(tmp_path, "e", 26504000, 6900000, 3, 0, 12, "Bb")  # old: 7 + 12 of 15 + 3
    assert (
        "more people than all its cells together (old 19 of 18)"
        in accessibility("check", study).err
    )


@pytest.mark.parametrize("name", ["bB", "B\u200bb", "Bb"])
def test_municipalities_that_differ_by_case_alone_are_said(tmp_path: Path, name: str) -> None:
    study = with_row(tmp_path, "e", 26504000, 6900000, 3, 0, 1, name)
    said = "differ by case, spaces or leading zeros alone" in accessibility("check", study).err
    assert said is (name != "Bb")


@pytest.mark.parametrize("code", [True, float("nan"), 1j, [True], [-1, None]])
def test_a_code_that_is_neither_number_nor_text_is_refused(tmp_path: Path, code: object) -> None:
    path = write_csv(tmp_path / "g.csv", corners() | {"old": [1, 1, 1, 1]})
    with pytest.raises(StudyError, match=r"population\.suppressed"):
        read_population(
            path, crs=CRS, people="people", cell_size_m=250, groups={"old": "old"},
            suppressed=code, **POINTS,  # type: ignore[arg-type]
        )  # fmt: skip


@pytest.mark.parametrize(("east_end", "said"), [(26501500, False), (26502500, True)])
def test_a_cell_in_two_areas_is_said(tmp_path: Path, east_end: int, said: bool) -> None:
    study = write_tiny_study(
        tmp_path, settings={"areas": {"source": "a.gpkg", "key": "k", "name": "k"}}
    )
    boxes = [
        shapely.box(26499000, 6899000, east_end, 6901000),
        shapely.box(26501500, 6899000, 26504000, 6901000),  # the cell c, 4 people, is at 26502000
    ]
    gpd.GeoDataFrame({"k": ["Aa", "Bb"]}, geometry=boxes, crs=3880).to_file(tmp_path / "a.gpkg")
    answer = accessibility("check", study)
    assert answer.code == 0
    assert ("1 cells with 4 people (c) lie in several" in answer.err) is said
