"""`accessibility page`: run folders in, one page out; what cannot be a page is refused."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
from studies import Answer, accessibility, assert_refused, replace, write_tiny_study

STUDY, DATA = 2, 3
SCENARIO = """schema_version = 1
name = "Half of the east"
[[changes]]
action = "close_site"
site = "d"
[proposal]
body = "The council of the east"
"""


def page(*arguments: object) -> Answer:
    return accessibility("page", "-q", *arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny study with its run beside it."""
    study = write_tiny_study(tmp_path)
    assert accessibility("run", "-q", study, "--out", tmp_path / "run").code == 0
    return tmp_path


def test_a_run_writes_its_page_and_the_tables_beside_it(folder: Path) -> None:
    html = (folder / "run" / "index.html").read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert list((folder / "run" / "index-tables").glob("*.csv"))


def test_the_page_is_the_same_as_the_runs_own(folder: Path) -> None:
    done = page(folder / "run", "--out", folder / "index.html")
    assert done.code == 0
    assert str(folder / "index.html") in done.out
    own = (folder / "run" / "index.html").read_bytes()
    assert (folder / "index.html").read_bytes() == own


def test_a_closure_is_an_option_beside_the_run(folder: Path) -> None:
    assert page(folder / "run", "--close", "d", "--out", folder / "p.html").code == 0
    html = (folder / "p.html").read_text(encoding="utf-8")
    assert "Option 1" in html
    assert "Option 2" not in html


def test_a_page_of_a_closure_equals_the_page_of_its_own_run(folder: Path) -> None:
    study = folder / "study.toml"
    done = accessibility("run", "-q", study, "--close", "d", "--out", folder / "closed")
    assert done.code == 0
    page(folder / "run", "--close", "d", "--out", folder / "index.html")
    own = (folder / "closed" / "index.html").read_bytes()
    assert (folder / "index.html").read_bytes() == own
    page(folder / "run", folder / "closed", "--out", folder / "index.html")
    assert (folder / "index.html").read_bytes() == own


def test_runs_scenarios_and_closures_are_options_in_this_order(folder: Path) -> None:
    study, scenario = folder / "study.toml", folder / "east.toml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    accessibility("run", "-q", study, "--close", "a", "--out", folder / "other")
    done = page(
        folder / "run", folder / "other", "--scenario", scenario, "--close", "a", "--close", "d",
        "--out", folder / "p.html",
    )  # fmt: skip
    assert done.code == 0, done.err
    html = (folder / "p.html").read_text(encoding="utf-8")
    places = [html.index(name) for name in ("Option 1", "Option 2", "Option 3")]
    assert places == sorted(places)
    assert "Half of the east" in html
    assert "The council of the east" in html


def test_a_closure_on_top_of_a_decided_one_keeps_both(folder: Path) -> None:
    study = folder / "study.toml"
    accessibility("run", "-q", study, "--close", "a", "--out", folder / "decided")
    done = page(folder / "decided", "--close", "d", "--out", folder / "p.html")
    assert done.code == 0, done.err
    both = accessibility(
        "run", "-q", study, "--close", "a", "--close", "d", "--out", folder / "both"
    )
    assert both.code == 0
    html = (folder / "p.html").read_text(encoding="utf-8")
    assert "no longer reach any service point" in html


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_page_speaks_the_language_asked_for(folder: Path, language: str) -> None:
    page(folder / "run", "--language", language, "--out", folder / "p.html")
    assert f'<html lang="{language}"' in (folder / "p.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--out", "p.txt"], STUDY, ["--out", "p.txt", ".html"]),
        (["--pdf", "p.html"], STUDY, ["--pdf", ".pdf"]),
        (["--out", "run"], STUDY, ["--out", ".html"]),
        (["--close", "dd"], STUDY, ["dd"]),
        (["--scenario", "none.toml"], STUDY, ["none.toml"]),
        (["--study", "none.toml", "--close", "d"], STUDY, ["none.toml"]),
    ],
)
def test_what_cannot_be_a_page_is_refused(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    words: list[str],
) -> None:
    monkeypatch.chdir(folder)
    assert_refused(folder, ["page", "run", *arguments], code=code, words=words)


@pytest.mark.parametrize("option", [["--min-people", "-1"], ["--language", "de"]])
def test_options_with_impossible_values_are_refused(folder: Path, option: list[str]) -> None:
    done = page(folder / "run", *option, "--out", folder / "p.html")
    assert done.code == STUDY
    assert option[0] in done.err
    assert not (folder / "p.html").exists()


def test_a_folder_that_is_no_run_is_refused(folder: Path) -> None:
    (folder / "empty").mkdir()
    assert_refused(
        folder, ["page", folder / "empty"], code=DATA, words=["empty", "no run folder", "run"]
    )


def test_without_its_study_a_scenario_says_how_to_name_it(folder: Path) -> None:
    (folder / "study.toml").rename(folder / "elsewhere.toml")
    arguments = ["page", folder / "run", "--close", "d", "--out", folder / "p.html"]
    assert_refused(folder, arguments, code=STUDY, words=["study.toml", "--study"])
    done = page(*arguments[1:], "--study", folder / "elsewhere.toml")
    assert done.code == 0, done.err


def test_files_that_changed_since_the_run_are_named(folder: Path) -> None:
    people = folder / "people.csv"
    people.write_text(people.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    arguments = ["page", folder / "run", "--close", "d", "--out", folder / "p.html"]
    words = ["changed since", "population", "people.csv"]
    assert_refused(folder, arguments, code=STUDY, words=words)


def test_runs_of_different_studies_are_not_put_side_by_side(folder: Path) -> None:
    replace(folder / "study.toml", "within_min = 30", "within_min = 15")
    accessibility("run", "-q", folder / "study.toml", "--out", folder / "other")
    arguments = ["page", folder / "run", folder / "other", "--out", folder / "p.html"]
    assert_refused(folder, arguments, code=STUDY, words=["cannot be compared", "targets"])


def test_without_a_browser_a_pdf_is_refused_before_any_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMIUM", "no-such-browser")
    arguments = ["page", folder / "run", "--out", folder / "p.html", "--pdf", folder / "p.pdf"]
    assert_refused(folder, arguments, code=DATA, words=["--pdf", "no-such-browser", "CHROMIUM"])


def test_a_folder_with_files_of_others_is_left_alone(folder: Path) -> None:
    beside = folder / "p-tables"
    beside.mkdir()
    (beside / "mine.txt").write_text("keep", encoding="utf-8")
    page(folder / "run", "--out", folder / "p.html")
    assert (beside / "mine.txt").read_text(encoding="utf-8") == "keep"


def test_a_target_that_no_site_is_open_for_still_has_its_page(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path)
    replace(study, "within_min = 30", 'within_min = 30\nopen_at = "Su 03:00"')
    done = accessibility("run", "-q", study, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    assert (tmp_path / "run" / "index.html").is_file()


def test_a_scenario_is_not_taken_for_the_current_situation(folder: Path) -> None:
    study = folder / "study.toml"
    accessibility("run", "-q", study, "--close", "d", "--out", folder / "closed")
    arguments = ["page", folder / "closed", folder / "run", "--out", folder / "p.html"]
    assert_refused(folder, arguments, code=STUDY, words=["closed", "current situation first"])
    page(folder / "closed", "--language", "en", "--out", folder / "p.html")
    html = (folder / "p.html").read_text(encoding="utf-8")
    assert "Starting point (VE0)" in html
    assert "Current situation (VE0)" not in html


def test_runs_of_different_versions_are_not_put_side_by_side(folder: Path) -> None:
    study = folder / "study.toml"
    accessibility("run", "-q", study, "--close", "d", "--out", folder / "closed")
    marker = folder / "closed" / "run.json"
    content = json.loads(marker.read_text(encoding="utf-8"))
    marker.write_text(json.dumps({**content, "accessibility": "0.0.1"}), encoding="utf-8")
    arguments = ["page", folder / "run", folder / "closed", "--out", folder / "p.html"]
    assert_refused(folder, arguments, code=STUDY, words=["the version of accessibility"])


def test_a_run_that_comes_out_otherwise_now_takes_no_scenario(
    folder: Path,
) -> None:
    table = folder / "run" / "cells.parquet"
    cells = gpd.read_parquet(table)
    cells.assign(time_s_L=cells["time_s_L"] + 1).to_parquet(table)
    arguments = ["page", folder / "run", "--close", "d", "--out", folder / "p.html"]
    assert_refused(folder, arguments, code=STUDY, words=["comes out otherwise now", "time_s_L"])


def test_a_run_folder_without_its_shapes_is_refused(folder: Path) -> None:
    (folder / "run" / "isochrones.gpkg").unlink()
    arguments = ["page", folder / "run", "--out", folder / "p.html"]
    assert_refused(folder, arguments, code=DATA, words=["run", "no run folder of this version"])
