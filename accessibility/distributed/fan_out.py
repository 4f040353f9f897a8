"""The searcher that farms searches out: cuts them into batches and puts the times together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np

from accessibility.distributed.batches import drop_partition, read_partition, search_batch
from accessibility.distributed.engines import engine_of
from accessibility.distributed.job import private_folder, write_job
from accessibility.distributed.workers import Task, Workers
from accessibility.network import search_graph
from accessibility.speed_profiles import SpeedProfile, Standing, stand_at
from accessibility.traveltime import UNREACHABLE, Engine, NodeTimes, SearchBy, TravelTimes
from accessibility.traveltime.node_times import Progress
from accessibility.traveltime.search import Times

#: A worker that dies loses at most one batch; a worker that is slow holds up at most one.
BATCHES_PER_WORKER = 4
#: Batches are whole multiples of this many sites: what the widest engine searches in one sweep.
LANES, MOST_LANES = 16, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOut:
    """Searches by workers; see `accessibility.speed_profiles.Searcher`.

    Parameters
    ----------
    workers
        Who works.
    batch_sites
        Sites a batch; chosen by their number unless given. The result does not depend on it.
    """

    workers: Workers
    batch_sites: int | None = None

    def __call__(
        self,
        standing: Standing,
        profiles: Sequence[SpeedProfile],
        *,
        progress: Progress | None = None,
    ) -> dict[SpeedProfile, TravelTimes]:
        """Give the matrix of each profile; `progress` is called with searches done and all."""
        distinct = list(dict.fromkeys(profiles))
        sites = len(standing.sites)
        size = self.batch_sites or batch_size(sites, len(distinct), self.workers.count)
        found = [_Gathered(standing) for _ in distinct]
        left = sites * len(distinct)
        searched = 0

        def gather(task: Task, path: str) -> None:
            nonlocal searched
            _, profile, first, last = task
            found[profile].take(Path(path), first, last)
            searched += last - first
            if progress is not None:
                progress(searched, left)

        def name(task: Task) -> str:
            _, profile, first, last = task
            return name_batch(standing, distinct[profile], first, last)

        with private_folder() as folder:
            engine, by = engine_of(standing, folder)
            write_job(folder, standing, distinct, engine=engine)
            tasks = [
                (str(folder), profile, first, min(first + size, sites))
                for profile in range(len(distinct))
                for first in range(0, sites, size)
            ]
            self.workers.run(search_batch, tasks, done=gather, name=name)
        return {
            profile: one.matrix(stand_at(standing, profile), by)
            for profile, one in zip(distinct, found, strict=True)
        }


def batch_size(sites: int, profiles: int, workers: int) -> int:
    """Say how many sites a batch has: so few that every worker gets several batches.

    >>> batch_size(309, profiles=3, workers=2)
    64
    >>> batch_size(55, profiles=3, workers=2)
    32
    """
    batches = ceil(BATCHES_PER_WORKER * workers / max(profiles, 1))
    lanes = ceil(max(sites, 1) / batches / LANES) * LANES
    return min(lanes, MOST_LANES)


def name_batch(standing: Standing, profile: SpeedProfile, first: int, last: int) -> str:
    """Say in words which sites are searched at which profile."""
    ids = standing.site_ids
    sites = f"site {ids[first]}" if last - first == 1 else f"sites {ids[first]} to {ids[last - 1]}"
    changed = f", {len(profile.road_changes)} changes of roads" if profile.road_changes else ""
    return f"{sites} ({profile.season}, speed x {profile.speed_factor:g}{changed})"


class _Gathered:
    """The times of one profile, filled batch by batch."""

    def __init__(self, standing: Standing) -> None:
        shape = (len(standing.cells), len(standing.sites))
        self.time_s = np.full(shape, UNREACHABLE, dtype=np.int32, order="F")
        self.node_ds: Times = np.empty((len(standing.sites), 0), dtype=np.int32)
        ids = standing.site_ids.to_numpy(dtype=object)
        self.order = np.argsort(ids, kind="stable")
        self.column = np.empty(len(ids), dtype=np.int64)
        self.column[self.order] = np.arange(len(ids))
        self.engine: Engine = "scipy"

    def take(self, path: Path, first: int, last: int) -> None:
        """Take a batch's times from its files, and remove them."""
        time_s, node_ds, self.engine = read_partition(
            path, cells=len(self.time_s), sites=last - first
        )
        self.time_s[:, self.column[first:last]] = time_s
        if not self.node_ds.shape[1]:
            shape = (len(self.column), node_ds.shape[1])
            self.node_ds = np.full(shape, UNREACHABLE, dtype=np.int32)
        self.node_ds[first:last] = node_ds
        drop_partition(path)

    def matrix(self, standing: Standing, by: SearchBy) -> TravelTimes:
        """Give the matrix, with its searches."""
        search = NodeTimes(
            graph=search_graph(standing.times),
            sites=standing.sites,
            direction=standing.settings.direction,
            ds=self.node_ds,
            by=by,
            engine=self.engine,
        )
        return TravelTimes(
            cell_ids=standing.cell_ids,
            site_ids=standing.site_ids[self.order],
            time_s=self.time_s,
            cells=standing.cells,
            search=search,
            snapper=standing.snapper,
            settings=standing.settings,
        )
