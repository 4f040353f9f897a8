"""A job: what all batches share, as plain files in a private folder.

`job.json` names the network's file, the speed table, the profiles and the direction;
`standing.npz` says where cells and sites stand. Both are written once and read by every worker.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from accessibility.errors import OutputError
from accessibility.network import DriveTimes, RoadNetwork, Snapped, stand
from accessibility.scenarios.changes import (
    CloseFerry,
    CloseRoad,
    RoadChange,
    Roads,
    ScaleSpeed,
    SetSpeed,
)
from accessibility.sources.network_cache import (
    FOLDER_VARIABLE,
    cache_folder,
    load_network,
    save_network,
)
from accessibility.speed_profiles import SpeedProfile, Standing
from accessibility.speeds import SpeedTable
from accessibility.traveltime import Direction, Engine

JOB, STANDING, NETWORK = "job.json", "standing.npz", "network"
PREFIX = "searching-"
_STANDS = ("edge", "segment", "fraction", "leg_m", "moved", "too_far")
_CHANGES = {kind.__name__: kind for kind in (CloseRoad, SetSpeed, ScaleSpeed, CloseFerry)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as a worker reads it.

    Parameters
    ----------
    network, table
        The roads, and how fast they are.
    profiles
        What is searched, by number.
    engine
        What searches.
    direction, crs, access_speed_km_h
        As in `accessibility.speed_profiles.Standing`.
    places
        Arrays of where cells and sites stand: "cells.edge", "sites.fraction" ...
    """

    network: RoadNetwork
    table: SpeedTable
    profiles: tuple[SpeedProfile, ...]
    engine: Engine
    direction: Direction
    crs: str
    access_speed_km_h: float
    places: dict[str, np.ndarray]

    def standing(self, what: str, times: DriveTimes, rows: slice = slice(None)) -> Snapped:
        """Let some cells or sites stand on roads with other times."""
        part = {name: self.places[f"{what}.{name}"][rows] for name in _STANDS}
        return stand(times, access_speed_km_h=self.access_speed_km_h, **part)


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give a folder of our own beside the cached networks, and remove it in the end."""
    place = cache_folder()
    try:
        place.mkdir(parents=True, exist_ok=True)
        _remove_left_over(place)
        owner = f"{socket.gethostname()}-{os.getpid()}-"
        folder = Path(tempfile.mkdtemp(prefix=PREFIX + owner, dir=place)).absolute()
    except OSError as problem:
        raise OutputError(
            f"{place}: workers cannot be given their work there ({problem.strerror}); "
            f"name another folder in {FOLDER_VARIABLE}"
        ) from problem
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left_over(place: Path) -> None:
    """Remove the folders of processes of this machine that were killed."""
    if os.name != "posix":
        return
    start = f"{PREFIX}{socket.gethostname()}-"
    for folder in place.glob(f"{start}*"):
        owner = re.fullmatch(re.escape(start) + r"(\d+)-[a-z0-9_]+", folder.name)
        if owner and not _is_running(int(owner[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's: leave it alone
        return True
    return True


def write_job(
    folder: Path, standing: Standing, profiles: Sequence[SpeedProfile], *, engine: Engine
) -> None:
    """Write what the batches share.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    places = {
        f"{what}.{name}": getattr(points, name)
        for what, points in (("cells", standing.cells), ("sites", standing.sites))
        for name in _STANDS
    }
    words = {
        "network": str(folder / NETWORK),
        "speeds": standing.times.table.model_dump_json(),
        "profiles": [_in_words(profile) for profile in profiles],
        "engine": engine,
        "direction": standing.settings.direction,
        "crs": standing.settings.crs,
        "access_speed_km_h": standing.settings.access_speed_km_h,
    }
    try:
        save_network(standing.times.network, folder / NETWORK)
        with (folder / STANDING).open("wb") as file:
            np.savez(file, **places)
        (folder / JOB).write_text(json.dumps(words), encoding="utf-8")
    except OSError as problem:
        raise OutputError(f"{folder}: cannot be written ({problem.strerror})") from problem


def read_job(folder: Path) -> Job:
    """Read what the batches share."""
    words = json.loads((folder / JOB).read_text(encoding="utf-8"))
    with np.load(folder / STANDING, allow_pickle=False) as archive:
        places = {name: archive[name] for name in archive.files}
    return Job(
        network=load_network(Path(words["network"])),
        table=SpeedTable.model_validate_json(words["speeds"]),
        profiles=tuple(_from_words(one) for one in words["profiles"]),
        engine=words["engine"],
        direction=words["direction"],
        crs=words["crs"],
        access_speed_km_h=words["access_speed_km_h"],
        places=places,
    )


def _in_words(profile: SpeedProfile) -> dict[str, Any]:
    changes = [
        {"action": type(change).__name__, **asdict(change)} for change in profile.road_changes
    ]
    return {
        "season": profile.season,
        "speed_factor": profile.speed_factor,
        "road_changes": changes,
    }


def _from_words(words: dict[str, Any]) -> SpeedProfile:
    changes = tuple(_change(dict(one)) for one in words["road_changes"])
    return SpeedProfile(
        season=words["season"], speed_factor=words["speed_factor"], road_changes=changes
    )


def _change(words: dict[str, Any]) -> RoadChange:
    kind: Any = _CHANGES[words.pop("action")]
    road = words.pop("road")
    chosen = None if road is None else Roads(**{key: _fixed(one) for key, one in road.items()})
    change: RoadChange = kind(road=chosen, **words)
    return change


def _fixed(value: Any) -> Any:
    return tuple(_fixed(one) for one in value) if isinstance(value, list) else value
