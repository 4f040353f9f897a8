"""The wheel carries everything that an installed package needs, and the command line starts."""

from __future__ import annotations

import subprocess
import sys
import time
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_the_demo_region_and_every_data_file(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    study = tomllib.loads((ROOT / "data" / "demo" / "demo.toml").read_text(encoding="utf-8"))
    parts = ["network", "population", "sites", "areas", "places"]
    sources = [study[part]["source"] for part in parts]
    sources.append(study["population"]["register"]["source"])
    for source in ["demo.toml", "closure.toml", *sources]:
        assert f"accessibility/demo/{source}" in names
    package = ROOT / "accessibility"
    data = [
        path
        for path in package.rglob("*")
        if path.suffix in {".toml", ".po", ".css", ".js", ".csv"}
    ]
    assert len(data) > 8
    assert {f"accessibility/{path.relative_to(package).as_posix()}" for path in data} <= names
    assert "accessibility/py.typed" in names


def test_the_wheel_runs_the_demo_from_somewhere_else(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import accessibility, accessibility.cli\n"
        f"assert accessibility.__file__.startswith({str(tmp_path)!r}), accessibility.__file__\n"
        "accessibility.cli.main(['demo', '-q', '--out', 'out'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "reception-30" in done.stdout
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written >= {
        "cells.parquet", "times.parquet", "isochrones.gpkg", "coverage.csv", "targets.json",
        "report.md", "map.html", "run.json",
    }  # fmt: skip


def test_a_second_demo_replaces_the_first_with_the_same_bytes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "accessibility", "demo", "-q"]
    found = []
    for _ in range(2):
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        folder = tmp_path / "accessibility-demo"
        found.append(
            {
                str(path.relative_to(folder)): path.read_bytes()
                for path in folder.rglob("*")
                if path.is_file()
            }
        )
    assert "index-tables/residents-1.csv" in found[0]
    assert [name for name in found[0] if found[0][name] != found[1].get(name)] == []
    assert len(list(tmp_path.iterdir())) == 1  # nothing else is left behind


def test_help_starts_at_once() -> None:
    taken = []
    for _ in range(3):
        before = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "accessibility", "--help"], check=True, capture_output=True
        )
        taken.append(time.perf_counter() - before)
    bare = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import click"], check=True, capture_output=True)
    bare = time.perf_counter() - bare
    assert min(taken) < max(1.0, 5 * bare)
