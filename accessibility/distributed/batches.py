"""What a worker does: search from a batch of sites at one profile, and leave the times in files.

The partition of a batch is a Parquet file with one column a site and one row a cell, whole seconds.
The node times behind it, which isochrones and scenarios read, lie beside it as one NumPy array.
Files appear whole or not at all: a worker may be killed at any moment.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from accessibility.distributed.engines import FolderStore
from accessibility.distributed.job import JOB, Job, read_job
from accessibility.network import SearchGraph, Snapped, search_graph
from accessibility.speed_profiles import times_at
from accessibility.traveltime import (
    Engine,
    NodeTimes,
    SearchBy,
    node_times,
    travel_time_matrix,
)
from accessibility.traveltime.search import Times

PARTITION, NODES = ".parquet", ".npy"
#: Dictionaries and statistics, which nobody reads, would cost as much as the search; splitting the
#: bytes of numbers halves the file at no cost.
AS_FAST_AS_RAW: dict[str, Any] = {
    "compression": "lz4",
    "use_byte_stream_split": True,
    "use_dictionary": False,
    "write_statistics": False,
}


#: The last search in this process, without its times: its hierarchy may serve the next batch.
_earlier: dict[str, NodeTimes] = {}


def search_batch(folder: str, profile: int, first: int, last: int) -> str:
    """Search from sites `first` to `last` (exclusive) of a job, at one of its profiles.

    Returns
    -------
    str
        Path of the partition.
    """
    job = _job(folder)
    graph, cells = _roads(folder, profile)
    found = node_times(
        graph,
        job.standing("sites", graph.times, slice(first, last)),
        direction=job.direction,
        by=SearchBy(engine=job.engine, threads=1, topologies=FolderStore(folder=Path(folder))),
        like=_earlier.get(folder),
    )
    _earlier.clear()
    _earlier[folder] = replace(found, ds=found.ds[:0])
    matrix = travel_time_matrix(
        found,
        cells,
        cell_ids=pd.RangeIndex(len(cells)),  # type: ignore[arg-type]
        site_ids=pd.Index([column_of(site) for site in range(first, last)]),
    )
    path = Path(folder) / f"profile-{profile}-sites-{first}-{last}{PARTITION}"
    _write_whole(path.with_suffix(NODES), lambda file: np.save(file, found.ds))
    table = pa.table(
        {name: matrix.time_s[:, at] for at, name in enumerate(matrix.site_ids)},
        metadata={"engine": found.engine},
    )
    _write_whole(path, lambda file: pq.write_table(table, file, **AS_FAST_AS_RAW))
    return str(path)


def column_of(site: int) -> str:
    """Name the column of a site, so that names are in the order of the sites.

    >>> column_of(17)
    '0000017'
    """
    return f"{site:07d}"


def read_partition(path: Path, *, cells: int, sites: int) -> tuple[Times, Times, Engine]:
    """Read a batch: seconds (cells, sites), node times (sites, nodes), and what searched."""
    table = pq.read_table(path)
    if (table.num_rows, table.num_columns) != (cells, sites):
        raise ValueError(f"{path} has {table.num_rows} rows, {table.num_columns} columns")
    time_s = np.empty((cells, sites), dtype=np.int32, order="F")
    for at, column in enumerate(table.columns):
        time_s[:, at] = column.to_numpy()
    engine = table.schema.metadata[b"engine"].decode()
    return time_s, np.load(path.with_suffix(NODES), allow_pickle=False), engine


def drop_partition(path: Path) -> None:
    """Remove a batch's files."""
    path.unlink(missing_ok=True)
    path.with_suffix(NODES).unlink(missing_ok=True)


def look(folder: str) -> tuple[str, str]:
    """Tell, on a worker, what it is: its version of this package, and the job that it sees there.

    Returns
    -------
    tuple
        The version, and the content of the job's file; empty where it cannot be read.
    """
    from accessibility import __version__

    try:
        return __version__, (Path(folder) / JOB).read_text(encoding="utf-8")
    except OSError:
        return __version__, ""


@lru_cache(maxsize=1)
def _job(folder: str) -> Job:
    return read_job(Path(folder))


@lru_cache(maxsize=1)
def _roads(folder: str, profile: int) -> tuple[SearchGraph, Snapped]:
    """Time the roads at a profile; the batches of one profile mostly follow one another."""
    job = _job(folder)
    times = times_at(job.network, job.table, job.profiles[profile], crs=job.crs)
    return search_graph(times), job.standing("cells", times)


def _write_whole(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
