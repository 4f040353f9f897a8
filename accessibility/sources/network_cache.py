"""Keeps read road networks on disk, so that the same file is taken apart once.

An entry is named by the checksum of the file's content, the speed table and the reader's version.
It is one NumPy archive (its parts carry checksums of their own) and is never unpickled; whatever
cannot be read is read anew from the source. Entries appear whole or not at all, so that processes
may share the folder. It may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import platformdirs

from accessibility.network import RoadNetwork, Turns
from accessibility.sources.files import sha256
from accessibility.speeds import SpeedTable

#: Raised whenever readers read something else from the same file.
LAYOUT = 2
FOLDER_VARIABLE = "ACCESSIBILITY_CACHE"
_JSON_FIELDS = ("way_ref", "way_name", "tagsets", "node_tagsets", "counts", "origin")

log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Name the folder of cached networks: `ACCESSIBILITY_CACHE`, else the user's cache folder."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else Path(platformdirs.user_cache_dir("accessibility"))


def cached_network(
    path: Path, speeds: SpeedTable, read: Callable[[Path, SpeedTable], RoadNetwork]
) -> tuple[RoadNetwork, bool]:
    """Read a network from the cache, or from its file and into the cache.

    Returns
    -------
    tuple
        The network, and whether it came from the cache.
    """
    table = hashlib.sha256(speeds.model_dump_json().encode()).hexdigest()
    entry = cache_folder() / f"network-{LAYOUT}-{sha256(path)[:32]}-{table[:16]}.npz"
    if entry.is_file():
        try:
            return _load(entry), True
        except Exception as problem:  # whatever is wrong with it: the source is there
            log.warning("the cached network %s is broken (%s); reading the source", entry, problem)
    network = read(path, speeds)
    try:
        _save(network, entry)
    except OSError as problem:
        log.warning("the network could not be cached in %s (%s)", entry.parent, problem)
    return network, False


def _save(network: RoadNetwork, entry: Path) -> None:
    arrays: dict[str, np.ndarray] = {}
    texts: dict[str, object] = {}
    for field in fields(network):
        value = getattr(network, field.name)
        if field.name == "turns":
            for part in fields(value):
                arrays[f"turns.{part.name}"] = getattr(value, part.name)
        elif field.name in _JSON_FIELDS:
            is_mapping = field.name in ("counts", "origin")
            texts[field.name] = dict(value) if is_mapping else _plain(value)
        else:
            arrays[field.name] = value
    arrays["texts"] = np.frombuffer(json.dumps(texts).encode(), dtype=np.uint8)
    entry.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=entry.parent, prefix=".writing-", suffix=".npz")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(entry)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _plain(values: object) -> list[object]:
    return [value if isinstance(value, str) else dict(value) for value in values]  # type: ignore[attr-defined]


def _load(entry: Path) -> RoadNetwork:
    with entry.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    texts = json.loads(arrays.pop("texts").tobytes())
    turns = {
        name.removeprefix("turns."): arrays.pop(name)
        for name in list(arrays)
        if name.startswith("turns.")
    }
    return RoadNetwork(turns=Turns(**turns), **arrays, **texts)
