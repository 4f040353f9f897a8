"""Reads speed tables: built in, or a study's own file."""

from __future__ import annotations

import logging
import tomllib
from functools import lru_cache
from importlib import resources
from pathlib import Path

from accessibility.checks import path_of
from accessibility.errors import StudyError, did_you_mean, examples
from accessibility.sources.toml import checked, read_toml
from accessibility.speeds import SpeedTable
from accessibility.speeds.classes import unknown_classes

log = logging.getLogger(__name__)


def built_in_tables() -> list[str]:
    """Name the built-in speed tables."""
    folder = resources.files("accessibility.speeds")
    return sorted(one.name[:-5] for one in folder.iterdir() if one.name.endswith(".toml"))


@lru_cache
def built_in_table(name: str) -> SpeedTable:
    """Read a built-in speed table by its name."""
    text = (resources.files("accessibility.speeds") / f"{name}.toml").read_text(encoding="utf-8")
    return checked(SpeedTable, tomllib.loads(text), f"built-in speed table {name}")


def read_speeds(name: str | Path, *, folder: Path = Path()) -> SpeedTable:
    """Read a speed table.

    Parameters
    ----------
    name
        The name of a built-in table, or the path of a TOML file.
    folder
        Where a relative path starts.

    Raises
    ------
    StudyError
        If there is neither, or the table is wrong.
    """
    text = str(path_of(name, "speeds"))
    if text in built_in_tables():
        return built_in_table(text)
    path = folder / text
    if path.suffix.lower() != ".toml":
        known = built_in_tables()
        raise StudyError(
            f'network.speeds: "{text}" is no built-in speed table{did_you_mean(text, known)}; '
            f"built in: {', '.join(known)}; or give the path of a .toml file"
        )
    table = checked(SpeedTable, read_toml(path, "network.speeds"), str(path))
    if own := unknown_classes(table.classes_named):
        log.warning(
            "%s: highway classes that OpenStreetMap does not have, taken for the map's own: %s",
            path,
            examples(own),
        )
    return table
