"""Speed profiles: the same cells and sites, driven to in another season or at other speeds.

Everybody is snapped once; each profile is then a search of its own. Who searches is one function
(`Searcher`): `search_here` does it in this process, `accessibility.distributed` in many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import pandas as pd

from accessibility.network import (
    DriveTimes,
    RoadNetwork,
    Snapped,
    Snapper,
    drive_times,
    restand,
    search_graph,
)
from accessibility.scenarios.changes import RoadChange
from accessibility.scenarios.on_roads import change_roads
from accessibility.speeds import Season, SpeedTable
from accessibility.traveltime import (
    AUTO,
    PointTimes,
    SearchBy,
    TravelSettings,
    TravelTimes,
    node_times,
    travel_time_matrix,
)
from accessibility.traveltime.node_times import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedProfile:
    """How fast is driven.

    Parameters
    ----------
    season
        "summer" or "winter".
    speed_factor
        Multiplies every driving speed, ferries apart.
    road_changes
        Changes of roads, in order.
    """

    season: Season
    speed_factor: float = 1.0
    road_changes: tuple[RoadChange, ...] = ()

    def __hash__(self) -> int:  # a change may hold lists, which have no hash; equality sees all
        return hash((self.season, self.speed_factor, len(self.road_changes)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where everybody stands on the roads: what the search of any profile starts from.

    Parameters
    ----------
    times
        The roads that they were snapped at.
    profile
        The profile of `times`, where it is known: it needs no other driving times.
    cells, sites
        Where they stand.
    cell_ids, site_ids
        Their names, in the same order.
    settings
        What the times are worked out with; kept with the results.
    snapper
        Kept with the results.
    by
        How to search.
    """

    times: DriveTimes
    profile: SpeedProfile | None = None
    cells: Snapped
    sites: Snapped
    cell_ids: pd.Index[str]
    site_ids: pd.Index[str]
    settings: TravelSettings
    snapper: Snapper | None = None
    by: SearchBy = AUTO


class Searcher(Protocol):
    """Searches from every site at each profile."""

    def __call__(
        self,
        standing: Standing,
        profiles: Sequence[SpeedProfile],
        *,
        progress: Progress | None = None,
    ) -> dict[SpeedProfile, TravelTimes]:
        """Give the matrix of each profile; `progress` is called with searches done and all."""
        ...


def standing_of(found: TravelTimes) -> Standing:
    """Take from a matrix, which must carry its searches, where everybody stands."""
    assert found.settings is not None  # noqa: S101  (a matrix with searches has them)
    assert found.search is not None  # noqa: S101
    assert found.cells is not None  # noqa: S101
    return Standing(
        times=found.search.graph.times,
        cells=found.cells,
        sites=found.search.sites,
        cell_ids=found.cell_ids,
        site_ids=found.site_ids,
        settings=found.settings,
        snapper=found.snapper,
        by=found.search.by,
    )


def times_at(
    network: RoadNetwork,
    table: SpeedTable,
    profile: SpeedProfile,
    *,
    crs: str,
    known: DriveTimes | None = None,
) -> DriveTimes:
    """Time the roads of a network at a profile; `known` are its times at another, or at this."""
    asked = (profile.season, profile.speed_factor)
    if known is not None and known.as_tagged and (known.season, known.speed_factor) == asked:
        times = known
    else:
        times = drive_times(
            network, table, season=profile.season, speed_factor=profile.speed_factor
        )
    if profile.road_changes:
        times, _ = change_roads(times, profile.road_changes, crs)
    return times


def stand_at(standing: Standing, profile: SpeedProfile) -> Standing:
    """Take the driving times of a profile; cells and sites keep the places where they stand."""
    if profile == standing.profile:
        return standing
    before, settings = standing.times, standing.settings
    access = settings.access_speed_km_h
    times = times_at(before.network, before.table, profile, crs=settings.crs, known=before)
    return replace(
        standing,
        times=times,
        profile=profile,
        cells=restand(times, standing.cells, access_speed_km_h=access),
        sites=restand(times, standing.sites, access_speed_km_h=access),
        settings=replace(settings, season=profile.season, speed_factor=profile.speed_factor),
    )


def search_from(
    standing: Standing,
    *,
    progress: Progress | None = None,
    like: TravelTimes | None = None,
    cells_only: bool = False,
) -> TravelTimes:
    """Search from every site at the driving times at which everybody stands.

    Parameters
    ----------
    standing
        Where everybody stands.
    progress
        Called with the searches done and all of them.
    like
        A matrix of the same network at other times: its search may make this one shorter.
    cells_only
        Whether the search keeps the times of those nodes alone that cells read: the matrix is the
        same, isochrones and changes of roads cannot start from it.
    """
    before = like.search if like is not None else None
    graph = search_graph(standing.times, like=None if before is None else before.graph)
    direction = standing.settings.direction
    points = PointTimes(graph, standing.cells, direction=direction) if cells_only else None
    found = node_times(
        graph,
        standing.sites,
        direction=direction,
        progress=progress,
        by=standing.by,
        nodes=None if points is None else points.nodes,
        like=before,
    )
    return travel_time_matrix(
        found,
        standing.cells,
        cell_ids=standing.cell_ids,
        site_ids=standing.site_ids,
        snapper=standing.snapper,
        settings=standing.settings,
    )


def search_here(
    standing: Standing, profiles: Sequence[SpeedProfile], *, progress: Progress | None = None
) -> dict[SpeedProfile, TravelTimes]:
    """Search every profile in this process, one after another."""
    distinct = list(dict.fromkeys(profiles))
    every = len(standing.sites) * len(distinct)
    found: dict[SpeedProfile, TravelTimes] = {}
    last = None
    for place, profile in enumerate(distinct):
        before = place * len(standing.sites)
        shown = None if progress is None else _counting_on(progress, before, every)
        last = search_from(stand_at(standing, profile), progress=shown, like=last)
        found[profile] = last
    return found


def _counting_on(progress: Progress, before: int, every: int) -> Progress:
    """Count the searches of one profile on top of those done before."""
    return lambda done, _: progress(before + done, every)
