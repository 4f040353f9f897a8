"""Starting: what importing the package and asking for help cost, interpreter included."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.measuring import Case, Work
from benchmarks.rows import Row, Size

LONGEST_S = 0.3


def process(arguments: list[str]) -> Work:
    """Start Python with some arguments and wait for its end."""

    def start() -> None:
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)

    def profiled(place: Path) -> None:
        under = ["-c", f"import cProfile; cProfile.run('import accessibility.cli', {str(place)!r})"]
        subprocess.run([sys.executable, *under], check=True)

    return Work(run=start, in_children=True, profiled=profiled)


def rows(size: Size) -> list[Row]:
    """Give the rows of this family."""
    if not size.timed:
        return []
    return [
        Row(
            name=name,
            work=f"{words}, interpreter included",
            ours=Case(module="start", function="process", settings={"arguments": arguments}),
            at_most_s=LONGEST_S,
            quick=False,
        )
        for name, words, arguments in (
            ("import", "`import accessibility`", ["-c", "import accessibility"]),
            ("help", "`accessibility --help`", ["-m", "accessibility", "--help"]),
        )
    ]
