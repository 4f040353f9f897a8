"""Batches that go wrong, as workers meet them: each is called like `search_batch`.

The folder that the variable BATCHES names holds a note for every batch that was begun: its process.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from accessibility import __version__
from accessibility.distributed.batches import search_batch
from accessibility.errors import NetworkError

FOLDER_VARIABLE = "BATCHES"
LONG_S = 900.0


def begun(name: str) -> bool:
    """Note that a batch is begun; say whether it is the first time."""
    folder = Path(os.environ[FOLDER_VARIABLE])
    first = not list(folder.glob(f"{name}-*"))
    note = folder / f".{name}-{os.getpid()}"
    note.write_text(str(os.getpid()), encoding="utf-8")
    note.replace(folder / f"{name}-{os.getpid()}-{time.monotonic_ns()}")
    return first


def hangs_at_first(folder: str, profile: int, first: int, last: int) -> str:
    """Hang over the very first sites until somebody kills the process; later, search them."""
    if begun(f"{profile}-{first}") and (profile, first) == (0, 0):
        time.sleep(LONG_S)
    return search_batch(folder, profile, first, last)


def hangs(folder: str, profile: int, first: int, last: int) -> str:
    """Hang over everything."""
    begun(f"{profile}-{first}")
    time.sleep(LONG_S)
    return ""


def dies_over_one(folder: str, profile: int, first: int, last: int) -> str:
    """Die over the first sites of the first profile, every time."""
    begun(f"{profile}-{first}")
    if (profile, first) == (0, 0):
        os.kill(os.getpid(), signal.SIGKILL)
    return search_batch(folder, profile, first, last)


def cannot_read(folder: str, profile: int, first: int, last: int) -> str:
    """Meet roads that cannot be used."""
    raise NetworkError("the roads are gone")


def has_a_fault(folder: str, profile: int, first: int, last: int) -> str:
    """Meet a fault of the program."""
    return {}[folder]


def sees_nothing(folder: str) -> tuple[str, str]:
    """Look like a machine that does not have the disk."""
    return __version__, ""


def is_older(folder: str) -> tuple[str, str]:
    """Look like a machine with another version."""
    return "0.0.1", (Path(folder) / "job.json").read_text(encoding="utf-8")
