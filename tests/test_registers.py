"""Registers and names: a merged municipality, and names that mean the whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from on_paper import people
from studies import accessibility, assert_refused, put_column, write_tiny_study

from accessibility.errors import PopulationError
from accessibility.population import compare_with_register, far_off, register_factors
from accessibility.run_reading import read_run


def test_of_nobody_in_the_register_no_share_is_taken_and_it_is_far_off() -> None:
    grid = people([1, 2, 4, 8], ["Aa", "Bb", "Cc", "Dd"])
    residents = pd.Series({"Aa": 0.0, "Bb": 2.0, "Cc": 8.0, "Ee": 0.0})
    table = compare_with_register(grid, residents, scale=False).register
    assert table is not None
    assert table["difference"].round(3).tolist()[1:3] == [0, -0.5]
    assert np.isnan(table["difference"][["Aa", "Dd", "Ee"]]).all()
    assert far_off(table).to_dict() == {
        "Aa": True, "Bb": False, "Cc": True, "Dd": False, "Ee": False,
    }  # fmt: skip
    assert register_factors(table).to_dict() == {"Aa": 0, "Bb": 1, "Cc": 2, "Dd": 1, "Ee": 1}


@pytest.mark.parametrize("scale", [False, True])
def test_a_register_of_nobody_is_warned_of_in_every_output(tmp_path: Path, *, scale: bool) -> None:
    register = {"source": "r.csv", "municipality": "m", "people": "p", "scale": scale}
    study = write_tiny_study(
        tmp_path / "in", settings={"population": {"municipality": "kunta", "register": register}}
    )
    put_column(tmp_path / "in" / "people.csv", "kunta", ["Aa", "Aa", "Bb", "Bb"])
    (tmp_path / "in" / "r.csv").write_text("m,p\nAa,0\nBb,12\n", encoding="utf-8")
    answer = accessibility("run", study, "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    done = "scaled to the register" if scale else "not scaled"
    assert f"Aa: the grid has 3 people, the register 0; {done}" in answer.err
    assert "| Aa | 3 | 0 | – |" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    text = (tmp_path / "out" / "run.json").read_text(encoding="utf-8")
    json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert read_run(tmp_path / "out").population.total == (12 if scale else 15)


@pytest.mark.parametrize("name", ["*", " * "])
def test_a_municipality_that_is_called_as_the_whole_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PopulationError, match=r'1 cells have a municipality called "\*" \(c1\)'):
        people([1, 2], ["Aa", name])
    study = write_tiny_study(tmp_path, settings={"population": {"municipality": "kunta"}})
    put_column(tmp_path / "people.csv", "kunta", [name, "Aa", "Aa", "Aa"])
    assert_refused(tmp_path, ["run", study, "--dry-run"], code=3, words=["people.csv", '"*" (a)'])


def test_a_group_that_is_called_as_everybody_is_refused() -> None:
    with pytest.raises(PopulationError, match="means everybody"):
        people([1], **{"*": [1]})


def test_keys_that_no_figure_uses_yet_are_said_to_be_kept(tmp_path: Path) -> None:
    settings = {"sites": {"provider": "who", "languages": "spoken"}}
    study = write_tiny_study(tmp_path / "in", settings=settings)
    put_column(tmp_path / "in" / "sites.csv", "who", ["county", "x"])
    put_column(tmp_path / "in" / "sites.csv", "spoken", ["fi", "fi;sv"])
    answer = accessibility("run", study, "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    told = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["notes"]
    assert "sites.provider, sites.languages: kept in the list, but no figure uses it yet" in told
    assert told == [one for one in told if one], "nothing else is told twice or empty"
    plain = write_tiny_study(tmp_path / "plain")
    assert "no figure uses" not in accessibility("run", plain, "--out", tmp_path / "b").err
