"""The people of a scenario: another grid in any order, its own register, factors in their order.

The tiny study has four cells a, b, c, d with 1, 2, 4 and 8 people: a and b in Aa, c and d in Bb.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from studies import accessibility, put_column, write_tiny_study

import accessibility as acc
from accessibility.errors import ScenarioError
from accessibility.run_reading import read_run
from accessibility.scenarios import ChangePopulation, ForecastRegister, change_of


def study_of(folder: Path, *, register: str | None = None, scale: bool = False) -> Path:
    """Write the tiny study with municipalities, and a register where it is given."""
    settings = {"population": {"municipality": "kunta"}}
    if register is not None:
        (folder).mkdir(parents=True, exist_ok=True)
        (folder / "r.csv").write_text(register, encoding="utf-8")
        settings["population"]["register"] = {
            "source": "r.csv", "municipality": "m", "people": "p", "scale": scale,
        }  # type: ignore[assignment]  # fmt: skip
    study = write_tiny_study(folder, settings=settings)
    put_column(folder / "people.csv", "kunta", ["Aa", "Aa", "Bb", "Bb"])
    return study


def forecast(folder: Path, name: str = "f.csv", *, times: float = 1, rows: str = "abcd") -> Path:
    """Write the study's grid with so many times the people, in this order of rows."""
    table = pd.read_csv(folder / "people.csv", dtype={"id": str}).set_index("id")
    for column in ("people", "young", "old"):
        table[column] = table[column] * times
    table.loc[list(rows)].reset_index().to_csv(folder / name, index=False)
    return folder / name


def people_after(study: Path, *changes: ChangePopulation) -> dict[str, float]:
    """Give each cell's people after some changes."""
    base = acc.run_study(acc.load_study(study), sensitivity=False)
    after = acc.run_scenario(base, acc.Scenario(name=acc.Text({"": "x"}), changes=changes))
    return dict(zip(after.population.cells.index, after.population.people.tolist(), strict=True))


def source(path: Path, **more: object) -> ChangePopulation:
    """Give the change that takes another grid."""
    return ChangePopulation(source=str(path), **more)  # type: ignore[arg-type]


REGISTER = "m,p\nAa,6\nBb,6\n"  # today's grid has 3 and 12: factors 2 and 0.5


def test_a_forecast_is_never_scaled_back_to_todays_register(tmp_path: Path) -> None:
    study = study_of(tmp_path, register=REGISTER, scale=True)
    today = people_after(study)
    assert today == {"a": 2, "b": 4, "c": 2, "d": 4}
    assert people_after(study, source(forecast(tmp_path))) == today
    half = people_after(study, source(forecast(tmp_path, times=0.5)))
    assert half == {"a": 1, "b": 2, "c": 1, "d": 2}


def test_a_forecast_may_be_taken_as_it_stands(tmp_path: Path) -> None:
    study = study_of(tmp_path, register=REGISTER, scale=True)
    found = people_after(study, source(forecast(tmp_path, times=3), register=False))
    assert found == {"a": 3, "b": 6, "c": 12, "d": 24}


def test_a_forecast_may_name_its_own_register(tmp_path: Path) -> None:
    study = study_of(tmp_path, register=REGISTER, scale=True)
    (tmp_path / "r2040.csv").write_text("m,p\nAa,30\nBb,3\n", encoding="utf-8")
    own = ForecastRegister(source=str(tmp_path / "r2040.csv"))
    found = people_after(study, source(forecast(tmp_path), register=own))
    assert found == pytest.approx({"a": 10, "b": 20, "c": 1, "d": 2})


def test_cells_of_a_forecast_may_stand_in_any_order(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    found = people_after(study, source(forecast(tmp_path, times=2, rows="dbca")))
    assert found == {"a": 2, "b": 4, "c": 8, "d": 16}


def test_a_forecast_of_a_municipality_changes_no_other(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    path = forecast(tmp_path, times=10)
    found = people_after(study, source(path, municipality="Aa"))
    assert found == {"a": 10, "b": 20, "c": 4, "d": 8}
    other = source(forecast(tmp_path, "g.csv", times=100), municipality="Bb")
    both = people_after(study, source(path, municipality="Aa"), other)
    assert both == {"a": 10, "b": 20, "c": 400, "d": 800}


def test_factors_follow_the_forecast_that_they_multiply(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    doubled = ChangePopulation(factor=2.0, municipality="Bb")
    found = people_after(study, source(forecast(tmp_path, times=10)), doubled)
    assert found == {"a": 10, "b": 20, "c": 80, "d": 160}


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        (
            {"municipality": "Nowhere", "group": "none"},
            ['no municipality "Nowhere"', 'no group "none"'],
        ),
        ({"group": "old"}, ['source with group = "old"', "give a factor"]),
        ({"factor": 2.0}, ["either source or factor"]),
    ],
)
def test_what_a_forecast_cannot_be_limited_to_is_refused(
    tmp_path: Path, change: dict[str, object], messages: list[str]
) -> None:
    study = study_of(tmp_path)
    with pytest.raises(ScenarioError) as refused:
        people_after(study, source(forecast(tmp_path), **change))
    for message in messages:
        assert message in str(refused.value)


def test_cells_that_are_missing_new_or_moved_are_named(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    with pytest.raises(ScenarioError, match=r"2 are missing \(c, d\)"):
        people_after(study, source(forecast(tmp_path, rows="ab")))
    table = pd.read_csv(tmp_path / "people.csv")
    new = table.iloc[[0]].assign(id="e", x=table["x"].max() + 1000)
    pd.concat([table, new]).to_csv(tmp_path / "more.csv", index=False)
    with pytest.raises(ScenarioError, match=r"1 are new \(e\)"):
        people_after(study, source(tmp_path / "more.csv"))
    table.assign(x=table["x"] + 50).to_csv(tmp_path / "moved.csv", index=False)
    with pytest.raises(ScenarioError, match="at other places: a, b, c, d"):
        people_after(study, source(tmp_path / "moved.csv"))


def test_a_forecast_that_would_undo_another_change_is_refused(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    path = forecast(tmp_path)
    with pytest.raises(ScenarioError, match="put source first"):
        people_after(study, ChangePopulation(factor=2.0), source(path))
    with pytest.raises(ScenarioError, match="replace the people of another source"):
        people_after(study, source(path, municipality="Aa"), source(path))


def test_the_file_of_a_scenario_says_the_same_and_the_run_tells_it(tmp_path: Path) -> None:
    study = study_of(tmp_path / "in", register=REGISTER, scale=True)
    forecast(tmp_path / "in", times=0.5)
    (tmp_path / "in" / "r40.csv").write_text("kunta,vaki\nAa,30\nBb,3\n", encoding="utf-8")
    scenario = tmp_path / "in" / "s.toml"
    scenario.write_text(
        'schema_version = 1\nname = "x"\n[[changes]]\naction = "population"\nsource = "f.csv"\n'
        'year = 2040\nregister = { source = "r40.csv", municipality = "kunta", people = "vaki" }\n',
        encoding="utf-8",
    )
    answer = accessibility("run", study, "--scenario", scenario, "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    told = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert told["counts"]["population"]["people"] == pytest.approx(33)
    assert "2040" in told["scenario"]["effects"][0]
    assert "its own register r40.csv" in told["scenario"]["effects"][0]
    stored = read_run(tmp_path / "out").scenario
    assert stored is not None
    assert stored.changes == acc.load_scenario(scenario).changes


@pytest.mark.parametrize("action", ["{}", "[]", "1", '"clos_site"'])
def test_an_action_that_is_none_is_refused(tmp_path: Path, action: str) -> None:
    path = tmp_path / "s.toml"
    path.write_text(f'schema_version = 1\nname = "x"\n[[changes]]\naction = {action}\n')
    with pytest.raises(ScenarioError, match=r"changes\[0\].action: .*known: close_site"):
        acc.load_scenario(path)


@pytest.mark.parametrize("action", ["Scenario", "closing", "__class__", "annotations", None, {}])
def test_a_stored_change_names_a_kind_and_never_code(action: object) -> None:
    with pytest.raises(ScenarioError, match="there is no change"):
        change_of({"action": action, "site": "a"})


@pytest.mark.parametrize("file", ["run.json", "targets.json"])
@pytest.mark.parametrize("version", [99, None, True, "1"])
def test_a_run_folder_of_another_schema_is_refused(
    tmp_path: Path, file: str, version: object
) -> None:
    study = study_of(tmp_path / "in")
    assert accessibility("run", study, "--out", tmp_path / "out").code == 0
    path = tmp_path / "out" / file
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"schema_version": version}), encoding="utf-8")
    with pytest.raises(acc.DataError, match=rf"{file} has schema_version"):
        read_run(tmp_path / "out")


@pytest.mark.data
def test_lapland_with_every_cell_halved_has_half_the_people(
    tmp_path: Path, data_folder: Path
) -> None:
    study = acc.load_study(data_folder / "studies" / "lappi.toml")
    table = pd.read_csv(study.inputs["population"])
    for column in ("T", "Y_LT15", "Y_1564", "Y_GE65"):
        table[column] = table[column] / 2
    table.sample(frac=1, random_state=1).to_csv(tmp_path / "half.csv", index=False)
    from accessibility.forecasts import changed_people

    today = acc.read_population(study)
    after, _, problems = changed_people(study, today, [source(tmp_path / "half.csv")])
    assert not problems
    assert after.total == pytest.approx(today.total / 2)
    assert list(after.cells.index) == list(today.cells.index)
