"""One run: from a study's files to travel times, coverage and verdicts.

The recipe that the command line and the notebooks share. Reading comes from `sources`, every
figure from the layers below; this module only puts them in order.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from accessibility.checks import flag, of_kind
from accessibility.coverage_table import coverage, nearest_by_tier
from accessibility.errors import DataError, StudyError
from accessibility.hierarchy_cache import TopologyCache
from accessibility.network import (
    NOWHERE,
    RoadNetwork,
    Snapped,
    Snapper,
    drive_times,
    region_problem,
)
from accessibility.network_audit import NetworkAudit, audit_network
from accessibility.opening_times import sites_open_at
from accessibility.population import Population
from accessibility.reading import (
    check_region,
    check_same_region,
    named_speeds,
    network_and_cache,
    read_population,
    read_sites,
    read_surroundings,
    study_speeds,
    with_areas,
)
from accessibility.scenarios import Scenario
from accessibility.scenarios.changes import RoadChange
from accessibility.services import Target, Tiers
from accessibility.sites import Sites
from accessibility.sources.speed_tables import read_speeds
from accessibility.speed_profiles import (
    Searcher,
    SpeedProfile,
    Standing,
    search_from,
    search_here,
    stand_at,
    standing_of,
)
from accessibility.speeds import Season, SpeedTable
from accessibility.study import Study
from accessibility.targets import Verdict, check_targets
from accessibility.traveltime import (
    Direction,
    EngineChoice,
    SearchBy,
    TravelTimes,
    settings_for,
)
from accessibility.traveltime.node_times import Progress

log = logging.getLogger(__name__)
NO_WINTER = 'the speed table "%s" knows no winter: the speeds are those of summer'

SLOWER = 0.9
LONG_LEG_M = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run found.

    Parameters
    ----------
    study
        What was asked.
    network, speeds
        The roads, and how fast they are.
    population, sites
        Who lives where, and what stands where.
    areas, places
        Municipal borders and named settlements, where the study names them.
    times
        The travel-time matrix, with the searches behind it.
    nearest
        Per cell: `time_s_<tier>`, `site_<tier>`, from the region's own sites.
    status
        Per cell: reached, beyond, moved, too_far or unreachable.
    coverage
        The table of `accessibility.coverage_table.coverage`.
    verdicts
        One a target.
    from_cache
        Whether the network came from the cache.
    variants, uncertain
        Matrices at other speeds: for the sensitivity of verdicts, and the two ends of the study's
        `[uncertainty]`, within which a verdict must not flip.
    season, road_changes, scenario, effects
        What a scenario changed: the season driven in, changes of roads, the scenario itself and
        sentences on what its changes bring with them.
    network_audit
        What the network holds, and whom it sends a long way round.
    """

    study: Study
    network: RoadNetwork
    speeds: SpeedTable
    population: Population
    sites: Sites
    areas: gpd.GeoDataFrame | None = None
    places: gpd.GeoDataFrame | None = None
    times: TravelTimes
    nearest: pd.DataFrame
    status: pd.Series[str]
    coverage: pd.DataFrame
    verdicts: list[Verdict]
    from_cache: bool = False
    variants: Mapping[str, TravelTimes] = field(default_factory=dict)
    uncertain: Mapping[str, TravelTimes] = field(default_factory=dict)
    season: Season = "summer"
    road_changes: tuple[RoadChange, ...] = ()
    scenario: Scenario | None = None
    effects: tuple[str, ...] = ()
    network_audit: NetworkAudit

    @property
    def tiers(self) -> Tiers:
        """The study's tiers."""
        return self.study.tiers

    def cells(self) -> gpd.GeoDataFrame:
        """Give the table of cells as cells.parquet has it; here it is indexed by `cell_id`."""
        assert self.times.cells is not None  # noqa: S101  (a run keeps what it snapped)
        leg_m = self.times.cells.leg_m
        frame = self.population.cells.copy()
        for name, values in self.population.range_columns().items():
            frame[name] = values
        frame["status"] = self.status
        frame["access_leg_m"] = pd.array(
            np.where(np.isfinite(leg_m), leg_m.round(1), np.nan), "Float64"
        )
        return gpd.GeoDataFrame(frame.join(self.nearest))

    def audit(self) -> pd.DataFrame:
        """Count cells and people by status, and those whose access leg is long."""
        people, status = self.population.people, self.status.to_numpy()
        assert self.times.cells is not None  # noqa: S101
        rows = [(name, status == name) for name in STATUSES]
        long = (self.times.cells.leg_m > LONG_LEG_M) & ~self.times.cells.too_far
        rows.append(("leg_over_1_km", long))
        if self.areas is not None:
            rows.append(("leg_over_border", self._legs_over_border()))
        return pd.DataFrame(
            {
                "cells": [int(mask.sum()) for _, mask in rows],
                "people": [float(people[mask].sum()) for _, mask in rows],
            },
            index=pd.Index([name for name, _ in rows], name="what"),
        )

    @property
    def network_origin(self) -> Mapping[str, Any]:
        """What the road file says of itself, such as its date."""
        return self.network.origin

    @property
    def stranded_sites(self) -> Mapping[str, str]:
        """Names, by id, of sites too far from any road to serve anybody."""
        if self.times.search is None:
            return {}
        stand = self.times.search.sites
        names = self.sites.frame["name"][stand.too_far | (stand.edge == NOWHERE)]
        return {str(site): str(name) for site, name in names.items()}

    @property
    def people_outside(self) -> Mapping[str, tuple[float, float]]:
        """By target with a time limit: people beyond it, fewest and most.

        Sites whose opening hours are not known count for the fewest, not for the most.
        """
        return {
            verdict.target.id: self._outside(verdict.target)
            for verdict in self.verdicts
            if verdict.target.kind == "share"
        }

    def _outside(self, target: Target) -> tuple[float, float]:
        low, high = self.population.bounds(target.group)
        serving = self.sites.serving(target.tier, self.tiers)
        counting = sites_open_at(self.sites, serving, target.open_at)
        perhaps, certain = (
            self.times.nearest(sites)["time_s"].to_numpy(dtype=np.float64, na_value=np.inf)
            for sites in (counting.possible, counting.certain)
        )
        fewest = float(low[perhaps > target.cutoff_s].sum())
        return fewest, float(high[certain > target.cutoff_s].sum())

    def _legs_over_border(self) -> np.ndarray:
        """Mark cells whose access leg leaves the region's borders."""
        assert self.areas is not None  # noqa: S101
        snapped = self.times.cells
        assert snapped is not None  # noqa: S101
        legs = leg_lines(self.network, self.study.crs, self.population.xy, snapped)
        region = shapely.union_all(np.asarray(self.areas.geometry.array))
        shapely.prepare(region)
        starts_inside = shapely.covers(region, shapely.points(self.population.xy))
        return starts_inside & ~shapely.covers(region, legs) & ~snapped.too_far

    def __repr__(self) -> str:
        words = ", ".join(f"{one.target.id} {one.word}" for one in self.verdicts)
        return (
            f"<Run of {self.study.path.name}: {self.population.total:,.0f} people, "
            f"{len(self.sites.frame)} sites; {words or 'no targets'}>"
        )


STATUSES = ("reached", "beyond", "moved", "too_far", "unreachable")


def leg_lines(network: RoadNetwork, crs: str, xy: np.ndarray, points: Snapped) -> np.ndarray:
    """Draw the access legs of points, from the point to the road (empty where there is no road)."""
    shape_points = network.points_in(crs)
    known = points.edge != NOWHERE
    edge = np.where(known, points.edge, 0)
    first = np.where(known, points.segment, 0) + edge
    along = shape_points[first + 1] - shape_points[first]
    foot = shape_points[first] + along * points.fraction[:, None]
    return shapely.linestrings(np.stack([xy, np.where(known[:, None], foot, xy)], axis=1))


def travel_times(
    network: RoadNetwork,
    population: Population,
    sites: Sites,
    *,
    speeds: SpeedTable | str | None = None,
    season: Season = "summer",
    direction: Direction = "to_sites",
    access_speed_km_h: float | None = None,
    max_leg_m: float | None = None,
    min_component_m: float = 1000,
    speed_factor: float = 1.0,
    progress: Progress | None = None,
    engine: EngineChoice = "auto",
) -> TravelTimes:
    """Compute the travel time from every cell to every site.

    Parameters
    ----------
    network, population, sites
        Roads, people and service points; people and sites in the same projected CRS.
    speeds
        The speed table, by name or value; None takes the one that the network was read for, or
        "finland-car". A table made for another place is warned of, one that opens more than the
        network was read for is refused.
    season
        "summer" or "winter".
    direction
        "to_sites" (residents drive to a site) or "from_sites" (an ambulance comes).
    access_speed_km_h, max_leg_m
        Speed of the straight line between a cell or site and its road, and its longest length;
        None takes those of the table's mode (`accessibility.speeds.ACCESS_LEGS`).
    min_component_m
        See `accessibility.network.Snapper`.
    speed_factor
        Multiplies every driving speed.
    progress
        Called with the sites done and all sites.
    engine
        What searches: "scipy", "buckets" or "hierarchy", all with the same result; "auto" chooses
        by the size of the network and the number of sites.

    Returns
    -------
    TravelTimes
        Whole seconds, cells x sites; nobody is left out.

    Raises
    ------
    StudyError
        If a setting is out of its limits, or a word is none of those named here.
    DataError
        If people and sites are in different CRS, or the roads cannot be used.
    """
    of_kind(network, "network", RoadNetwork, "read it with read_network")
    of_kind(population, "population", Population, "read it with read_population")
    of_kind(sites, "sites", Sites, "read them with read_sites")
    if progress is not None and not callable(progress):
        raise StudyError("progress must be a function of the sites done and all sites")
    by = SearchBy(engine=engine, topologies=TopologyCache())
    if speeds is None:
        speeds = network.read_for or "finland-car"
    table = speeds if isinstance(speeds, SpeedTable) else read_speeds(speeds)
    elsewhere = region_problem(network, table)
    if elsewhere:
        log.warning(elsewhere)
    if season == "winter" and table.winter is None:
        log.warning(NO_WINTER, table.name)
    standing = _stand(
        network,
        population,
        sites,
        table,
        SpeedProfile(season=season, speed_factor=speed_factor),
        direction=direction,
        access_speed_km_h=access_speed_km_h,
        max_leg_m=max_leg_m,
        min_component_m=min_component_m,
        by=by,
    )
    return search_from(standing, progress=progress)


def _stand(
    network: RoadNetwork,
    population: Population,
    sites: Sites,
    table: SpeedTable,
    profile: SpeedProfile,
    *,
    direction: Direction,
    access_speed_km_h: float | None,
    max_leg_m: float | None,
    min_component_m: float,
    by: SearchBy,
) -> Standing:
    """Snap cells and sites to the roads at one speed profile."""
    crs = str(population.cells.crs)
    if population.cells.crs != sites.frame.crs:
        raise DataError(
            f"the grid is in {crs}, the sites in {sites.frame.crs}; bring them to the same CRS"
        )
    settings = settings_for(
        table,
        access_speed_km_h=access_speed_km_h,
        max_leg_m=max_leg_m,
        min_component_m=min_component_m,
        crs=crs,
        direction=direction,
        season=profile.season,
        speed_factor=profile.speed_factor,
    )
    check_same_region(network, population, sites, settings.max_leg_m)
    times = drive_times(network, table, season=settings.season, speed_factor=settings.speed_factor)
    snapper = Snapper(
        times,
        crs,
        access_speed_km_h=settings.access_speed_km_h,
        max_leg_m=settings.max_leg_m,
        min_component_m=settings.min_component_m,
    )
    site_points = snapper.snap_sites(sites.xy)
    return Standing(
        times=times,
        profile=profile,
        cells=snapper.snap_cells(population.xy, site_points),
        sites=site_points,
        cell_ids=population.cells.index,
        site_ids=sites.ids,
        settings=settings,
        snapper=snapper,
        by=by,
    )


def at_other_speeds(
    base: TravelTimes,
    *,
    season: Season,
    speed_factor: float,
    road_changes: tuple[RoadChange, ...] = (),
) -> TravelTimes:
    """Search again at other speeds, for the cells alone; all keep the places where they stand."""
    profile = SpeedProfile(season=season, speed_factor=speed_factor, road_changes=road_changes)
    return search_from(stand_at(standing_of(base), profile), like=base, cells_only=True)


def run_study(
    study: Study,
    *,
    cache: bool = True,
    sensitivity: bool = True,
    progress: Progress | None = None,
    searcher: Searcher = search_here,
    engine: EngineChoice = "auto",
) -> Run:
    """Run a study: read its files, search, count, judge.

    Parameters
    ----------
    study
        The study.
    cache
        Whether the network may come from the cache.
    sensitivity
        Whether winter and 10 % slower roads are worked out beside the verdicts.
    progress
        Called with the searches done and all of them.
    searcher
        Who searches: this process, or those of `accessibility.distributed`.
    engine
        What searches; see `travel_times`.

    Raises
    ------
    InputError
        If a file cannot be used; nothing is written.
    """
    of_kind(study, "study", Study, "read it with load_study")
    for name, value in (("cache", cache), ("sensitivity", sensitivity)):
        flag(value, name)
    by = SearchBy(engine=engine, topologies=TopologyCache() if cache else None)
    study = named_speeds(study)
    speeds = study_speeds(study)
    sites = read_sites(study)
    population = read_population(study)
    areas, places = read_surroundings(study)
    if study.file.areas is not None:
        population, areas = with_areas(population, areas, study.file.areas.source)
    network, from_cache = network_and_cache(study, cache=cache)
    check_region(study, network, population, sites)
    part, snapping = study.file.network, study.file.snapping
    own = SpeedProfile(season=part.season)
    standing = _stand(
        network,
        population,
        sites,
        speeds,
        own,
        direction=part.direction,
        access_speed_km_h=snapping.access_speed_km_h,
        max_leg_m=snapping.max_leg_m,
        min_component_m=snapping.min_component_m,
        by=by,
    )
    variants = variant_profiles(study, speeds, own) if sensitivity else {}
    uncertain = uncertain_profiles(study, own)
    every = [own, *variants.values(), *uncertain.values()]
    found = searcher(standing, every, progress=progress)
    return judged(
        study=study,
        network=network,
        speeds=speeds,
        population=population,
        sites=sites,
        areas=areas,
        places=places,
        times=found[own],
        variants={name: found[profile] for name, profile in variants.items()},
        uncertain={name: found[profile] for name, profile in uncertain.items()},
        from_cache=from_cache,
        season=part.season,
    )


def judged(
    *,
    study: Study,
    population: Population,
    sites: Sites,
    times: TravelTimes,
    variants: Mapping[str, TravelTimes],
    uncertain: Mapping[str, TravelTimes],
    **known: Any,
) -> Run:
    """Count and judge: everything that follows from the matrix by arithmetic."""
    nearest = nearest_by_tier(times, sites, study.tiers)
    return Run(
        study=study,
        population=population,
        sites=sites,
        times=times,
        variants=variants,
        uncertain=uncertain,
        nearest=nearest,
        status=cell_status(times, nearest, study),
        coverage=coverage(nearest, population, study.tiers, bands_min=study.bands_min),
        verdicts=check_targets(
            times,
            population,
            sites,
            study.tiers,
            study.targets,
            variants=variants,
            uncertain=uncertain,
            model_error_min=study.model_error_min,
        ),
        network_audit=audit_network(times, population, sites, study.tiers),
        **known,
    )


def variant_profiles(study: Study, table: SpeedTable, own: SpeedProfile) -> dict[str, SpeedProfile]:
    """Name the profiles of winter and of roads 10 % slower, where there are targets to judge.

    Parameters
    ----------
    study
        The study.
    table
        Its speed table.
    own
        The profile that the verdicts are given at.
    """
    if not study.targets:
        return {}
    winter = {"winter": replace(own, season="winter")} if table.winter is not None else {}
    return {**winter, "slower_10_percent": replace(own, speed_factor=SLOWER)}


def uncertain_profiles(study: Study, own: SpeedProfile) -> dict[str, SpeedProfile]:
    """Name the profiles of both ends of the study's `[uncertainty]`; none where it has none."""
    part = study.file.uncertainty
    if part is None or part.speed_factor is None or not study.targets:
        return {}
    return {
        f"speed x {factor:g}": replace(own, speed_factor=factor)
        for factor in part.speed_factor
        if factor != 1
    }


def cell_status(times: TravelTimes, nearest: pd.DataFrame, study: Study) -> pd.Series[str]:
    """Say of every cell how it fares with its nearest site of any tier."""
    columns = [column for column in nearest if str(column).startswith("time_s_")]
    best = nearest[columns].min(axis=1).to_numpy(dtype=np.float64, na_value=np.inf)
    snapped = times.cells
    assert snapped is not None  # noqa: S101
    status = np.where(best > study.bands_min[-1] * 60, "beyond", "reached")
    status = np.where((status == "reached") & snapped.moved, "moved", status)
    status = np.where(~np.isfinite(best), "unreachable", status)
    status = np.where(snapped.too_far | (snapped.edge == NOWHERE), "too_far", status)
    return pd.Series(status, index=nearest.index, dtype="object")
