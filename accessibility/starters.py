"""Where a new region starts: the built-in demo, and a commented study to fill in."""

from __future__ import annotations

from contextlib import suppress
from importlib import resources
from pathlib import Path

from accessibility.checks import path_of
from accessibility.errors import OutputError, StudyError

STARTER_FILES = ("study.toml", "sites.csv")


def demo_folder() -> Path:
    """Find the demo region's files: inside an installed package, or in a source tree.

    Raises
    ------
    OutputError
        If the installation lacks them.
    """
    package = Path(str(resources.files("accessibility")))
    for folder in (package / "demo", package.parent / "data" / "demo"):
        if (folder / "demo.toml").is_file():
            return folder
    raise OutputError("this installation lacks the demo region; install the package again")


def demo_study() -> Path:
    """Name the demo region's study: a simplified model, not for decisions."""
    return demo_folder() / "demo.toml"


def write_starter(folder: str | Path) -> list[Path]:
    """Write a commented study and a template for sites into a folder.

    Parameters
    ----------
    folder
        Made if it is not there; files that are there are never replaced.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    StudyError
        If one of the files is there already.
    OutputError
        If they cannot be written.
    """
    place = path_of(folder, "folder")
    if place.is_file():
        raise StudyError(f"{place}: is a file; name a folder")
    taken = [name for name in STARTER_FILES if (place / name).exists()]
    if taken:
        raise StudyError(f"{place}: {', '.join(taken)} is there already; name another folder")
    templates = resources.files("accessibility") / "templates"
    texts = {name: (templates / name).read_text(encoding="utf-8") for name in STARTER_FILES}
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (place / name).write_text(text, encoding="utf-8")
    except OSError as problem:
        for name in STARTER_FILES:  # a full disk leaves no half of a study behind
            with suppress(OSError):
                (place / name).unlink()
        raise OutputError(f"{place}: cannot be written ({problem.strerror})") from problem
    return [place / name for name in STARTER_FILES]
