"""Small tables that once gave a wrong figure or a fault: each is read rightly, refused, or said.

The inputs lie in the data folder's `cases/data`; what is right stands in each one's README.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from studies import Answer, accessibility

pytestmark = pytest.mark.data


@pytest.fixture
def case(data_folder: Path, tmp_path: Path) -> Any:
    """Give a function that runs a command on a copy of a case."""

    def run(name: str, command: str, *options: str) -> Answer:
        folder = tmp_path / name
        if not folder.exists():
            folder.mkdir()
            for path in (data_folder / "cases" / "data" / name).iterdir():
                shutil.copyfile(path, folder / path.name)
        placed = [
            str(folder / option) if option == "out" or option.endswith(".toml") else option
            for option in options
        ]
        return accessibility(command, folder / "study.toml", *placed)

    return run


def target(answer: Answer) -> dict[str, Any]:
    """Read the first target of `check --format json`."""
    return dict(json.loads(answer.out)["targets"][0])


# --- refused, with the reason --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "command", "options", "code", "words"),
    [
        ("areas-empty", "run", ("--out", "out"), 3, ["a.geojson", "no"]),
        ("areas-in-metres", "run", ("--out", "out"), 3, ["a.geojson", "metres", "TM35FIN"]),
        ("keep-typo", "check", (), 3, ["Äänkoski", "Äänekoski"]),
        ("saving-nan", "run", ("--scenario", "saving.toml", "--out", "out"), 2, ["saving_eur"]),
        ("scenario-source-with-municipality", "check", ("--scenario", "f3.toml"), 2, ["Nowhere"]),
        ("guess-metres-hemisphere", "check", (), 3, ["sites.csv"]),
    ],
)
def test_what_cannot_be_read_is_refused(case, name, command, options, code, words):
    answer = case(name, command, *options)
    assert answer.code == code, answer.err
    assert answer.err.count("error: ") == 1
    assert "a fault of ours" not in answer.err
    for word in words:
        assert word in answer.err


def test_a_guess_at_metres_names_no_wrong_hemisphere(case):
    assert "zone 35N (EPSG:32635)" not in case("guess-metres-hemisphere", "check").err


# --- read rightly --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "areas-in-parts",
        "csv-sep-line",
        "csv-short-rows",
        "external-in-finnish-excel",
        "grid-csv-with-wkt",
        "grid-geoparquet-geom",
        "grid-geoparquet-index",
        "grid-gpkg-fid",
        "group-code-dots",
        "short-id-100m",
        "short-id-10km",
        "sites-csv-with-wkt",
        "two-households-one-address",
    ],
)
def test_it_is_read(case, name):
    answer = case(name, "check")
    assert answer.code in (0, 1), answer.err
    assert "error" not in answer.err


@pytest.mark.parametrize("name", ["thousands-point-semicolon", "thousands-comma-semicolon"])
def test_thousands_are_thousands_or_refused(case, name):
    answer = case(name, "check", "--format", "json")
    if answer.code == 3:
        assert "people" in answer.err
    else:
        assert target(answer)["people"] == 37_585


def test_a_capacity_with_thousands_is_no_fraction(case):
    answer = case("capacity-thousands-point", "run", "--close", "S2", "--out", "out")
    assert answer.code in (0, 3)
    assert "12.5 residents" not in answer.out
    if answer.code == 3:
        assert "capacity" in answer.err


def test_cells_stand_apart_in_the_unit_of_their_crs(case, tmp_path):
    assert case("cell-size-in-feet", "run", "--out", "out").code == 0
    cells = gpd.read_parquet(tmp_path / "cell-size-in-feet" / "out" / "cells.parquet")
    first = cells[cells["cell_id"] == "c00"].geometry.iloc[0]
    assert first.centroid.x == pytest.approx(740_486, abs=2)
    assert first.centroid.y == pytest.approx(3_740_514, abs=2)
    assert first.area**0.5 == pytest.approx(1000, rel=0.002)


def test_two_cell_sizes_are_never_one_of_neither(case):
    answer = case("two-cell-sizes-in-csv", "inspect")
    assert "125 m" not in answer.out
    assert "size" in answer.err


def test_squares_cut_at_a_border_count_nobody_twice(case):
    assert "twice" not in case("border-cells-clipped", "check").err


def test_a_register_of_nobody_is_warned_of(case):
    answer = case("register-zero", "run", "--out", "out")
    assert answer.code == 0, answer.err
    assert "register" in answer.err


# --- areas and names -----------------------------------------------------------------------------


def test_keys_that_lost_their_zeros_are_matched_or_said(case, tmp_path):
    answer = case("areas-key-mismatch", "run", "--out", "out")
    report = (tmp_path / "areas-key-mismatch" / "out" / "report.md").read_text(encoding="utf-8")
    named = all(f"| {name} |" in report for name in "AB")
    assert named or "area" in answer.err.replace("leaves the region's", "")


def test_cells_without_a_municipality_get_one_from_the_areas_or_it_is_said(case):
    answer = case("areas-without-municipality-column", "check")
    assert "municipal" in answer.err + answer.out


def test_a_municipality_called_star_is_not_the_whole(case, tmp_path):
    answer = case("municipality-star", "run", "--out", "out")
    if answer.code == 0:
        path = tmp_path / "municipality-star" / "out" / "coverage.csv"
        table = pd.read_csv(path, encoding="utf-8-sig")
        whole = table[(table["area"] == "*") & (table["group"] == "*")]
        assert whole["people_high"].max() == 1600
    else:
        assert answer.code == 3
        assert "*" in answer.err


def test_a_site_is_closed_by_its_name_or_its_id_is_named(case):
    answer = case("close-by-name", "check", "--close", "Alpha")
    assert answer.code in (0, 1) or 'did you mean "S1"' in answer.err


def test_a_layer_of_a_geopackage_can_be_named(case, tmp_path):
    assert case("sites-gpkg-two-layers", "check").code == 3
    study = tmp_path / "sites-gpkg-two-layers" / "study.toml"
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace("[sites]", '[sites]\nlayer = "asemat"'), encoding="utf-8")
    assert case("sites-gpkg-two-layers", "check").code in (0, 1)


def test_a_tier_without_any_site_says_so(case, tmp_path):
    answer = case("tier-without-site", "run", "--out", "out")
    assert answer.code == 0
    assert "no site" in answer.err
    report = (tmp_path / "tier-without-site" / "out" / "report.md").read_text(encoding="utf-8")
    assert "no road connection in the model | 1,360" not in report


# --- groups and forecasts ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["overlapping-groups-false-met", "overlapping-groups-alone"])
def test_groups_that_overlap_decide_nothing(case, name):
    found = target(case(name, "check", "--format", "json"))
    assert found["verdict"] == "undecided"
    assert found["measured_low"] == pytest.approx(0.077, abs=0.001)
    assert found["measured_high"] == 1


def test_a_factor_applies_to_hidden_people_as_to_known_ones(case):
    baseline = target(case("group-factor-hidden-cells", "check", "--format", "json"))
    doubled = target(
        case("group-factor-hidden-cells", "check", "--scenario", "f2.toml", "--format", "json")
    )
    assert doubled["verdict"] == "undecided"
    for key in ("measured_low", "measured_high"):
        assert doubled[key] == pytest.approx(baseline[key])


def test_a_forecast_is_not_scaled_back_to_the_register_of_today(case):
    answer = case("forecast-with-scaled-register", "check", "--scenario", "f.toml",
                  "--format", "json")  # fmt: skip
    assert target(answer)["people"] == 860


def test_a_forecast_may_have_its_cells_in_any_order(case):
    answer = case("scenario-grid-other-order", "check", "--scenario", "f4.toml",
                  "--format", "json")  # fmt: skip
    assert target(answer)["people"] == 860


# --- hours, limits, places -----------------------------------------------------------------------


def test_sites_are_closed_on_a_public_holiday(case):
    assert target(case("holiday-hours", "check", "--format", "json"))["verdict"] == "not_met"


def test_hours_by_appointment_are_not_known(case):
    assert target(case("by-appointment", "check", "--format", "json"))["verdict"] == "undecided"


def test_no_limit_is_negative(case):
    answer = case("negative-limit", "check")
    assert "limit of -" not in answer.out
    assert "limit of \N{MINUS SIGN}" not in answer.out


def test_a_site_opens_in_alaska(case):
    assert case("open-site-alaska", "check", "--scenario", "open.toml").code in (0, 1)
