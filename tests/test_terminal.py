"""What the command line prints of names that mean harm, and what it never deletes."""

from __future__ import annotations

import json
import os
import subprocess
import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from studies import accessibility, put_column, python_command, write_tiny_study
from world import World

PEOPLE, SITES = "people.csv", "sites.csv"
#: A title for the terminal, a colour by a C1 control, and letters that run backwards.
EVIL = "Ko\x1b]0;owned\x07e\x9b31m\u202eevil"


def evil_study(folder: Path) -> Path:
    """Write the tiny study with names that a terminal would obey."""
    study = write_tiny_study(folder)
    text = study.read_text(encoding="utf-8")
    name = json.dumps(EVIL)  # escaped, as TOML reads it too
    study.write_text(
        text.replace('en = "A drawn world"', f"en = {name}").replace(
            'name = "Target 1"', f"name = {name}"
        ),
        encoding="utf-8",
    )
    put_column(folder / SITES, "name", [EVIL, EVIL])
    return study


@pytest.mark.parametrize(
    "command",
    [
        ["run", "--dry-run"],
        ["inspect"],
        ["check"],
        ["check", "--close", "d", "--format", "json"],
        ["check", "--close", "d"],
        ["screen"],
        ["screen", "--format", "json"],
        ["repair", "--close", "d"],
        ["repair", "--close", "d", "--format", "json"],
    ],
    ids=" ".join,
)
def test_no_command_prints_what_a_terminal_obeys(tmp_path: Path, command: list[str]) -> None:
    done = accessibility(command[0], evil_study(tmp_path), *command[1:])
    printed = done.out + done.err
    bad = {one for one in printed if unicodedata.category(one) in ("Cc", "Cf") and one != "\n"}
    assert bad == set()
    assert "error" not in done.err
    if "json" in command:
        json.loads(done.out)


def test_ids_that_are_formulas_get_an_apostrophe_in_csv_and_stay_in_parquet(tmp_path: Path) -> None:
    world = World("a-b")
    world.write_osm(tmp_path / "roads.osm")
    ids = ["=HYPERLINK(1)", " two  spaces"]
    rows = zip(ids, world.lonlat("ab").tolist(), strict=True)
    lines = ["id,lon,lat", *(f"{one},{lon!r},{lat!r}" for one, (lon, lat) in rows)]
    (tmp_path / "p.csv").write_text("\n".join(lines), encoding="utf-8")
    for name in ("m.csv", "m.parquet"):
        done = accessibility(
            "matrix", "--network", tmp_path / "roads.osm", "--speeds", "plain", "--origins",
            tmp_path / "p.csv", "--destinations", tmp_path / "p.csv", "--out", tmp_path / name,
        )  # fmt: skip
        assert done.code == 0
    written = (tmp_path / "m.csv").read_text(encoding="utf-8").splitlines()
    assert written[1] == "'=HYPERLINK(1),'=HYPERLINK(1),0"
    assert "'=HYPERLINK(1),two  spaces,45" in [line.replace(" two", "two") for line in written]
    assert set(pd.read_parquet(tmp_path / "m.parquet")["from_id"]) >= {"=HYPERLINK(1)"}


def test_force_replaces_an_earlier_run_and_nothing_else(tmp_path: Path) -> None:
    study, out = write_tiny_study(tmp_path / "in"), tmp_path / "out"
    scenario = "schema_version = 1\nname = 'x'\n[[changes]]\naction = 'close_site'\nsite = 'd'\n"
    (tmp_path / "s.toml").write_text(scenario, encoding="utf-8")
    run = ("run", study, "--out", out)
    assert accessibility(*run, "--scenario", tmp_path / "s.toml").code == 0
    assert accessibility(*run, "--force").code == 0  # also what only a scenario writes
    (out / "s.toml").write_text(scenario, encoding="utf-8")
    done = accessibility(*run, "--scenario", out / "s.toml", "--force")
    assert (done.code, (out / "s.toml").exists()) == (2, True)
    assert "holds the scenario that is read" in done.err
    done = accessibility(*run, "--force")
    assert (done.code, (out / "s.toml").exists()) == (2, True)
    assert "holds what no run wrote, which --force would delete: s.toml" in done.err
    (out / "s.toml").unlink()
    assert accessibility(*run, "--force").code == 0


@pytest.mark.skipif(os.name != "posix", reason="closes streams as a shell does")
@pytest.mark.parametrize("closed", ["2>&-", "2>&- >&-", "<&- 2>&- >&-"])
def test_closed_streams_change_no_verdict_and_no_file(tmp_path: Path, closed: str) -> None:
    """As some services start programs; a file must not take the place of standard error."""
    study = write_tiny_study(tmp_path / "in")
    put_column(tmp_path / "in" / PEOPLE, "people", [90, 6, 4, 0])
    words = [str(one) for one in python_command("run", study, "--out", tmp_path / "out")]
    done = subprocess.run(["sh", "-c", f'"$@" {closed}', "sh", *words], check=False, timeout=300)
    assert done.returncode == 0
    assert (tmp_path / "out" / "report.md").read_text(encoding="utf-8").startswith("# ")
    json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
