"""Chooses what searches a job, once for all its batches.

A single process would choose by all sites, a batch by its own few; the choice is stated in
`run.json`, so it is made here and handed to the workers. Where the hierarchy searches, its topology
is contracted here too, and left in the job's folder; workers contract again only where a profile
has other links.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from accessibility.network import search_graph
from accessibility.speed_profiles import Standing
from accessibility.traveltime import Engine, SearchBy
from accessibility.traveltime.engines import Arrays, TopologyStore, choose_engine
from accessibility.traveltime.links import search_links
from accessibility.traveltime.topology import contract, topology_key


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderStore:
    """Keeps topologies in a folder; see `accessibility.traveltime.engines.TopologyStore`."""

    folder: Path

    def load(self, key: str) -> Arrays | None:
        """Give the arrays of a topology; None where they are not there, or not yet whole."""
        try:
            with np.load(self._entry(key), allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            return None

    def save(self, key: str, arrays: Arrays) -> None:
        """Keep the arrays of a topology, unless another worker does."""
        entry = self._entry(key)
        if not entry.exists():
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".writing-")
            with os.fdopen(handle, "wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]
            Path(name).replace(entry)  # whole or not at all: others may be looking

    def _entry(self, key: str) -> Path:
        return self.folder / f"topology-{key}.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A store that has one topology at hand."""

    key: str
    arrays: Arrays
    others: TopologyStore | None

    def load(self, key: str) -> Arrays | None:
        """Give the arrays of a topology."""
        if key == self.key:
            return self.arrays
        return None if self.others is None else self.others.load(key)

    def save(self, key: str, arrays: Arrays) -> None:
        """Leave the arrays of another topology to the store behind this one."""
        if self.others is not None:
            self.others.save(key, arrays)


def engine_of(standing: Standing, folder: Path) -> tuple[Engine, SearchBy]:
    """Choose the engine of a job.

    Parameters
    ----------
    standing
        Where everybody stands.
    folder
        The job's, for the topology where there is one.

    Returns
    -------
    tuple
        The engine, and how later searches on the same roads are asked for.
    """
    by = standing.by
    links = search_links(search_graph(standing.times), standing.settings.direction)
    size = {"nodes": links.nodes, "sites": len(standing.sites)}
    engine = choose_engine(by.engine, **size)
    if engine == "hierarchy":
        key = topology_key(links.nodes, links.tail, links.head)
        arrays = by.topologies.load(key) if by.topologies is not None else None
        if arrays is None:
            arrays = contract(links.nodes, links.tail, links.head).to_arrays()
            if by.topologies is not None:
                by.topologies.save(key, arrays)
        FolderStore(folder=folder).save(key, arrays)
        by = replace(by, topologies=Remembered(key=key, arrays=arrays, others=by.topologies))
    return engine, by
