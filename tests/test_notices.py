"""What a careful reader is told, and `--strict` stops at."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from world import World

from accessibility.cli import main
from accessibility.notices import notices
from accessibility.runs import run_study
from accessibility.study import load_study

# two roads of 2 km each, 300 m apart, that nothing joins; two characters or lines are 200 m
APART = """
    a-------------------b


    c-------------------d
"""


def test_a_site_on_a_road_that_nothing_joins_is_named_with_who_reaches_it(tmp_path: Path) -> None:
    world = World(APART, step_m=200)
    folder, out = tmp_path / "in", tmp_path / "out"
    study = world.write_study(folder, cells={"a": 1, "b": 2, "c": 4}, sites={"b": "L", "d": "E"})
    run = run_study(load_study(study))
    (found,) = [one for one in notices(run) if "that no road joins" in one]
    assert found.startswith("site d (") or found.startswith("site b (")
    only_part = 4 if found.startswith("site d") else 3
    assert f": {only_part} people can reach it" in found
    with pytest.raises(SystemExit) as left:
        main(["run", str(study), "--out", str(out), "--strict", "-q"])
    assert left.value.code == 3
    assert not out.exists()
    with pytest.raises(SystemExit) as left:
        main(["run", str(study), "--out", str(out), "-q"])
    assert left.value.code == 0


def test_a_joined_network_raises_no_such_notice(tmp_path: Path) -> None:
    world = World("a-----b-----c", step_m=100)
    study = world.write_study(tmp_path, cells="ac", sites={"a": "L", "c": "E"})
    assert not [one for one in notices(run_study(load_study(study))) if "no road joins" in one]


def test_winter_without_a_winter_table_says_that_it_is_summer(tmp_path: Path) -> None:
    world = World("a-----b-----c", step_m=100)
    study = world.write_study(
        tmp_path,
        cells="ac",
        sites="b",
        targets=[{"tier": "L", "within_min": 30, "share": 0.9}],
        settings={"network": {"season": "winter"}},
    )
    run = run_study(load_study(study))
    assert any("knows no winter" in one for one in notices(run))
    assert "winter" not in run.verdicts[0].sensitivity


def test_scaled_people_are_the_people_of_run_json(tmp_path: Path) -> None:
    world = World("a-----b-----c", step_m=100)
    study = world.write_study(
        tmp_path / "in",
        cells={"a": 10, "c": 30},
        sites="b",
        cell_columns={"municipality": ["Aa", "Cc"]},
        settings={
            "population": {
                "municipality": "municipality",
                "register": {
                    "source": "register.csv",
                    "municipality": "name",
                    "people": "people",
                    "scale": True,
                },
            }
        },
    )
    register = pd.DataFrame({"name": ["Aa", "Cc", "Dd"], "people": [20, 15, 7]})
    register.to_csv(tmp_path / "in" / "register.csv", index=False)
    with pytest.raises(SystemExit):
        main(["run", str(study), "--out", str(tmp_path / "out"), "-q"])
    found = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert found["counts"]["population"]["people"] == 35
    assert found["counts"]["population"]["people_before_scaling"] == 40
    assert any("Dd" in one and "7 people" in one for one in found["warnings"])
