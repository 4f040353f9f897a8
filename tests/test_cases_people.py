"""Small studies that once gave a wrong figure of people, hours or limits without a word."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from studies import accessibility

CASES = {
    # folder: scenario, verdict, lowest and highest figure, people
    "data/overlapping-groups-false-met": ("", "undecided", 9 / 117, 1.0, 126),
    "data/overlapping-groups-alone": ("", "undecided", 9 / 117, 1.0, 126),
    "data/group-factor-hidden-cells": ("f2.toml", "undecided", 40 / 812, 488 / 728, 2032),
    "data/forecast-with-scaled-register": ("f.toml", "not_met", 210 / 860, 210 / 860, 860),
    "data/scenario-grid-other-order": ("f4.toml", "not_met", 210 / 860, 210 / 860, 860),
    "data/holiday-hours": ("", "not_met", 0, 0, 0),
    "data/by-appointment": ("", "undecided", 0, 2, 0),
    "data/register-zero": ("", "not_met", 420 / 1720, 420 / 1720, 1720),
    "truth/one-hidden-group": ("", "not_met", 20 / 22, 20 / 22, 22),
}
REFUSED = {
    "data/scenario-source-with-municipality": ("f3.toml", 2, 'no municipality "Nowhere"'),
    "data/municipality-star": ("", 3, 'have a municipality called "*"'),
    "reliability/scenario-action-table": ("s.toml", 2, "expected text, found dict"),
}


def checked(
    folder: Path, cases: Path, case: str, scenario: str, *more: str
) -> tuple[int, str, str]:
    """Check a case's study from a copy of its folder."""
    if not (cases / case).is_dir():
        pytest.skip(f"the folder of data has no cases/{case}")
    copy = folder / "case"
    shutil.copytree(cases / case, copy)
    options = ["--scenario", copy / scenario] if scenario else []
    answer = accessibility("check", copy / "study.toml", *options, *more)
    return answer.code, answer.out, answer.err


@pytest.mark.data
@pytest.mark.parametrize("case", CASES)
def test_the_figure_is_right(case: str, tmp_path: Path, data_folder: Path) -> None:
    scenario, word, low, high, people = CASES[case]
    _, out, err = checked(tmp_path, data_folder / "cases", case, scenario, "--format", "json")
    (found,) = json.loads(out)["targets"]
    assert found["verdict"] == word, err
    assert found["measured_low"] == pytest.approx(low, abs=1e-3)
    assert found["measured_high"] == pytest.approx(high, abs=1e-3)
    assert found["people"] == people


@pytest.mark.data
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_for_certain_is_refused(
    case: str, tmp_path: Path, data_folder: Path
) -> None:
    scenario, code, message = REFUSED[case]
    found, out, err = checked(tmp_path, data_folder / "cases", case, scenario)
    assert (found, out) == (code, ""), err
    assert message in err


@pytest.mark.data
@pytest.mark.parametrize("case", ["data/negative-limit", "reliability/limit-minus-4-minutes"])
def test_no_limit_of_no_minutes_is_spoken_of(case: str, tmp_path: Path, data_folder: Path) -> None:
    _, out, _ = checked(tmp_path, data_folder / "cases", case, "")
    assert "limit of -" not in out
    assert "limit of 0 " not in out


@pytest.mark.data
def test_a_tier_without_any_site_is_named(tmp_path: Path, data_folder: Path) -> None:
    _, _, err = checked(tmp_path, data_folder / "cases", "data/tier-without-site", "")
    assert "no site of the region serves tier E" in err
