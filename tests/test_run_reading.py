"""Run folders, read back: what was written is found again, all of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import accessibility as acc
from accessibility.comparison import compare
from accessibility.errors import DataError
from accessibility.pages.map_around import sites_data
from accessibility.reports import report
from accessibility.run_folder import write_run
from accessibility.run_reading import read_run
from accessibility.runs import Run
from accessibility.starters import demo_study
from accessibility.what_if import compare_runs, run_scenario


@pytest.fixture(scope="module")
def base() -> Run:
    return acc.run_study(acc.load_study(demo_study()))


@pytest.fixture(scope="module")
def closed(base: Run) -> Run:
    scenario = acc.load_scenario(Path(demo_study()).parent / "closure.toml")
    return run_scenario(base, scenario)


@pytest.fixture(scope="module")
def folder(base: Run, closed: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(closed, tmp_path_factory.mktemp("runs") / "closed", baseline=base)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_report_of_a_run_read_back_is_the_same_byte_for_byte(
    closed: Run, folder: Path, language: str
) -> None:
    stored = read_run(folder)
    assert report(stored, language=language, facts=stored.facts) == report(
        closed, language=language, facts=stored.facts
    )


def test_a_run_read_back_has_its_values(closed: Run, folder: Path) -> None:
    stored = read_run(folder)
    assert stored.scenario == closed.scenario
    assert stored.scenario is not None
    assert stored.scenario.proposal is not None
    assert stored.study.targets == closed.study.targets
    assert stored.people_outside == closed.people_outside
    assert np.allclose(stored.sites.xy, closed.sites.xy, atol=0.01)
    assert stored.sites.serving("L", stored.tiers) == closed.sites.serving("L", closed.tiers)
    assert stored.areas is not None
    assert closed.areas is not None
    assert list(stored.areas.index) == list(closed.areas.index)
    assert len(stored.roads)
    assert set(stored.isochrones["tier"]) == set(closed.tiers.ids)
    pd.testing.assert_frame_equal(stored.coverage, closed.coverage)


def test_a_comparison_of_runs_read_back_names_the_same_places(
    base: Run, closed: Run, folder: Path, tmp_path: Path
) -> None:
    before = read_run(write_run(base, tmp_path / "base"))
    found = compare(before.outcome("fi"), read_run(folder).outcome("fi"))
    expected = compare_runs(base, closed, "fi")
    pd.testing.assert_frame_equal(found.places, expected.places)
    pd.testing.assert_frame_equal(found.targets, expected.targets)


def test_every_change_of_a_scenario_is_found_again(base: Run, tmp_path: Path) -> None:
    scenario = acc.Scenario(
        name=acc.Text({"fi": "Monta", "en": "Many"}),
        changes=(
            acc.SetTier(site="KS-HAN", tier="A"),
            acc.CloseRoad(road=acc.Roads(near=(25.6717, 62.0056), within_m=300.0)),
        ),
    )
    after = run_scenario(base, scenario)
    assert read_run(write_run(after, tmp_path / "run")).scenario == scenario


def test_a_moved_site_stands_in_its_new_place_on_the_options_map(base: Run, tmp_path: Path) -> None:
    move = acc.MoveSite(site="KS-HAN", lon=27.0, lat=62.4)
    moved = run_scenario(base, acc.Scenario(name=acc.Text({"en": "Move"}), changes=(move,)))
    stored = [
        read_run(write_run(run, tmp_path / str(number))) for number, run in enumerate((base, moved))
    ]
    (now, then) = sites_data(stored, ["KS-HAN"])[0][6]
    assert len(now) == 2
    assert then[2:] == pytest.approx([27.0, 62.4], abs=1e-4)


def test_a_folder_of_another_version_is_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    marker = other / "run.json"
    content = json.loads(marker.read_text(encoding="utf-8"))
    del content["people_outside"]
    marker.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError, match=r"no run folder of this version .*people_outside"):
        read_run(other)
