"""Keeps read road networks on disk, so that the same file is taken apart once.

An entry is named by the checksum of the file's content, the speed table and the reader's version.
It is a folder of arrays (see `array_folders`), checked whenever it is read and mapped by every
process that uses it; whatever cannot be read is read anew from the source. What else takes long to
make from a network is kept beside it by `save_arrays`. The cache may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
import platformdirs

from accessibility.network import RoadNetwork, Turns
from accessibility.sources.array_folders import (
    Arrays,
    BrokenFolderError,
    load_folder,
    save_folder,
)
from accessibility.sources.files import sha256
from accessibility.speeds import SpeedTable

#: Raised whenever readers read something else from the same file.
LAYOUT = 6
FOLDER_VARIABLE = "ACCESSIBILITY_CACHE"
_TEXTS = "texts"
_TURNS = "turns."
_JSON_FIELDS = ("way_ref", "way_name", "tagsets", "node_tagsets", "counts", "origin")

log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Name the folder of cached networks: `ACCESSIBILITY_CACHE`, else the user's cache folder."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else Path(platformdirs.user_cache_dir("accessibility"))


def network_entry(path: Path, speeds: SpeedTable) -> Path:
    """Name the cache entry of a file's network: where it is, or would be."""
    table = hashlib.sha256(speeds.model_dump_json().encode()).hexdigest()
    return cache_folder() / f"network-{LAYOUT}-{sha256(path)[:32]}-{table[:16]}"


def cached_network(
    path: Path, speeds: SpeedTable, read: Callable[[Path, SpeedTable], RoadNetwork]
) -> tuple[RoadNetwork, bool]:
    """Read a network from the cache, or from its file and into the cache.

    Returns
    -------
    tuple
        The network, and whether it came from the cache.
    """
    entry = network_entry(path, speeds)
    try:
        return load_network(entry), True
    except FileNotFoundError:
        pass
    except Exception as problem:  # whatever is wrong with it: the source is there
        log.warning("the cached network %s is broken (%s); reading the source", entry, problem)
    network = read(path, speeds)
    try:
        save_network(network, entry)
    except OSError as problem:
        log.warning("the network could not be cached in %s (%s)", entry.parent, problem)
    return network, False


def save_network(network: RoadNetwork, folder: Path) -> None:
    """Write a network as a folder of arrays, for `load_network` in this or any other process.

    Raises
    ------
    OSError
        If it cannot be written; nothing is left behind.
    """
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    texts: dict[str, object] = {}
    for field in (one for one in fields(network) if one.init):
        value = getattr(network, field.name)
        if field.name == "turns":
            for part in fields(value):
                arrays[_TURNS + part.name] = getattr(value, part.name)
        elif field.name == "read_for":
            texts[field.name] = None if value is None else value.model_dump(mode="json")
        elif field.name in _JSON_FIELDS:
            texts[field.name] = dict(value) if isinstance(value, Mapping) else _plain(value)
        else:
            arrays[field.name] = value
    arrays[_TEXTS] = np.frombuffer(json.dumps(texts).encode(), dtype=np.uint8)
    save_folder(folder, arrays, layout=LAYOUT)


def _plain(values: object) -> list[object]:
    return [value if isinstance(value, str) else dict(value) for value in values]  # type: ignore[attr-defined]


def load_network(folder: Path) -> RoadNetwork:
    """Map a network that `save_network` wrote: its arrays are checked, read-only and shared.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If it is not as it was written, or was written by another version.
    """
    arrays = load_folder(folder, layout=LAYOUT)
    texts = json.loads(arrays.pop(_TEXTS).tobytes())
    read_for = texts.pop("read_for")
    turns = {
        name.removeprefix(_TURNS): arrays.pop(name)
        for name in list(arrays)
        if name.startswith(_TURNS)
    }
    texts["read_for"] = (
        None if read_for is None else SpeedTable.model_validate_json(json.dumps(read_for))
    )
    return RoadNetwork(turns=Turns(**turns), **arrays, **texts)  # type: ignore[arg-type]


def save_arrays(key: str, name: str, arrays: Arrays, *, layout: int = 1) -> None:
    """Keep what was worked out from a network, for `load_arrays`; failing to is only reported.

    Parameters
    ----------
    key
        A checksum in hexadecimal of everything that the arrays follow from.
    name
        What they are, such as "topology".
    arrays
        By name; no Python objects.
    layout
        A number that the caller raises when the arrays' meaning changes.
    """
    folder = _arrays_entry(key, f"{name}-{layout}")
    try:
        save_folder(folder, arrays, layout=layout)
    except OSError as problem:
        log.warning("the %s could not be cached in %s (%s)", name, folder.parent, problem)


def load_arrays(
    key: str, name: str, *, layout: int = 1
) -> dict[str, npt.NDArray[np.generic]] | None:
    """Map the arrays that `save_arrays` wrote; None, and a warning, where they are broken.

    They are read-only and shared with every process that maps them. None, without a warning, where
    there are none or the layout is another.
    """
    folder = _arrays_entry(key, f"{name}-{layout}")
    try:
        return load_folder(folder, layout=layout)
    except FileNotFoundError:
        return None
    except BrokenFolderError as problem:
        log.warning("the cached %s %s is broken (%s); making it anew", name, folder, problem)
        return None


def _arrays_entry(key: str, name: str) -> Path:
    return cache_folder() / f"{name}-{key}"
