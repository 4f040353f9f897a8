"""A tiny study in a folder, ways to spoil its files, and the command line as a user meets it.

The study is the same everywhere: a straight road of three kilometres, a site at either end, four
cells with 1, 2, 4 and 8 people.

    a-b-c-d        sites: a (E), d (L); cells: a 1, b 2, c 4, d 8; 45 seconds a kilometre
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from world import CRS, World

from accessibility.cli import main

ROAD = World("a-b-c-d")
TARGETS = (
    {"id": "reception", "tier": "L", "within_min": 30, "share": 0.9},
    {"id": "hospital", "tier": "E", "min_sites": 1},
)
GROUPS = {"young": "young", "old": "old"}


def write_tiny_study(
    folder: Path, *, network: str = "network.osm.pbf", settings: Mapping[str, Any] | None = None
) -> Path:
    """Write the tiny study; `settings` as `World.write_study` takes them.

    Young people are 1, 1, 2, 4 and old ones 0, 1, 2, 4 in the cells a, b, c, d.
    """
    base: dict[str, Any] = {"population": {"groups": GROUPS}, "language": "en"}
    for key, value in (settings or {}).items():
        both = isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
        base[key] = base[key] | dict(value) if both else value
    return ROAD.write_study(
        folder,
        cells="abcd",
        sites={"a": "E", "d": "L"},
        targets=TARGETS,
        cell_columns={"young": [1, 1, 2, 4], "old": [0, 1, 2, 4]},
        network=network,
        settings=base,
    )


# --- spoiling files ------------------------------------------------------------------------------


def put(path: Path, row: int, column: str, value: object) -> None:
    """Write a value into a CSV file; the header is row 1, as an editor counts."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows[row - 1][rows[0].index(column)] = str(value)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def put_column(path: Path, column: str, values: Iterable[object]) -> None:
    """Write a whole column of a CSV file, which may be new."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    if column not in header:
        header.append(column)
        rows = [[*row, ""] for row in rows]
    place = header.index(column)
    for row, value in zip(rows, values, strict=True):
        row[place] = str(value)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def replace(path: Path, old: str, new: str) -> None:
    """Replace text that must be in a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} has no {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


# --- the command line ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What a command gave back."""

    code: int
    out: str
    err: str


def accessibility(*arguments: object) -> Answer:
    """Run the command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as left,
    ):
        main([str(argument) for argument in arguments])
    assert isinstance(left.value.code, int)
    return Answer(left.value.code, out.getvalue(), err.getvalue())


def python_command(*arguments: object, code: str = "") -> list[str]:
    """Give the command that runs the command line in a process of its own."""
    start = f"{code}\nimport sys\nfrom accessibility.cli import main\nmain(sys.argv[1:])"
    return [sys.executable, "-c", start, *map(str, arguments)]


def state_of(folder: Path) -> dict[str, str]:
    """Give the checksum of every file below a folder, and name its folders and links."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}"  # noqa: PTH115
        elif path.is_dir():
            found[name] = "folder"
        else:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def assert_refused(
    folder: Path, arguments: Sequence[object], *, code: int, words: Iterable[str]
) -> str:
    """Run a command that must stop with one clear message, and change nothing in a folder.

    Returns
    -------
    str
        The message.
    """
    before = state_of(folder)
    answer = accessibility(*arguments)
    message = answer.err
    assert answer.code == code, (answer.code, message)
    assert answer.out == "", "a refused command printed a result"
    assert [line[:7] for line in message.splitlines()].count("error: ") == 1, message
    assert "Traceback" not in message
    assert "a fault of ours" not in message
    assert all(one.isprintable() or one == "\n" for one in message), repr(message)
    for word in words:
        assert word in message, f"{word!r} is not in: {message}"
    assert state_of(folder) == before, "a refused command left something behind"
    return message


__all__ = [
    "CRS",
    "ROAD",
    "Answer",
    "accessibility",
    "assert_refused",
    "put",
    "put_column",
    "python_command",
    "replace",
    "state_of",
    "write_tiny_study",
]
