"""What if: a scenario applied to a run, with as little work as gives the same as all of it."""

from __future__ import annotations

from pathlib import Path

from accessibility.errors import InputError, ScenarioError
from accessibility.network import DriveTimes, drive_times
from accessibility.population import Population
from accessibility.reading import read_population
from accessibility.runs import Run, at_other_speeds, judged, speed_variants, uncertain_times
from accessibility.scenarios import (
    ChangePopulation,
    CloseFerry,
    CloseRoad,
    CloseSite,
    MoveSite,
    OpenSite,
    ScaleSpeed,
    Scenario,
    SetCapacity,
    SetHours,
    SetSeason,
    SetSpeed,
    SetTier,
    change_people,
    change_roads,
    change_sites,
    on_other_roads,
    with_sites,
)
from accessibility.scenarios.changes import RoadChange
from accessibility.sites import Sites
from accessibility.speeds import Season
from accessibility.traveltime import TravelTimes

SITE_KINDS = (CloseSite, OpenSite, MoveSite, SetTier, SetCapacity, SetHours)
ROAD_KINDS = (CloseRoad, SetSpeed, ScaleSpeed, CloseFerry)


def run_scenario(base: Run, scenario: Scenario) -> Run:
    """Apply a scenario to a run; the run itself is never changed.

    Everything is checked first and all problems are reported at once. Changes of sites search
    nothing but the columns of new sites; changes of roads search the sites they can affect.

    Parameters
    ----------
    base
        The baseline, or the outcome of another scenario.
    scenario
        The changes, in order.

    Returns
    -------
    Run
        The run after the changes; `effects` says what they bring with them.

    Raises
    ------
    ScenarioError
        If a change cannot be applied, or alters nothing.
    """
    problems: list[str] = []
    sites = change_sites(base.sites, scenario.of_kind(*SITE_KINDS), base.tiers)  # type: ignore[arg-type]
    problems += sites.problems
    population = _people(base, scenario, problems)
    season = _season(base, scenario, problems)
    roads: tuple[RoadChange, ...] = tuple(
        change for change in scenario.changes if isinstance(change, ROAD_KINDS)
    )
    driven = _roads(base, season, roads, problems)
    if problems:
        raise ScenarioError("\n".join(f"scenario: {one}" for one in problems))
    all_roads = (*base.road_changes, *roads)
    times, effects = base.times, list(sites.effects)
    if driven is not None and base.times.snapper is not None:
        if season != base.season:
            times = at_other_speeds(
                times,
                season=season,
                speed_factor=1.0,
                access_speed_km_h=base.study.file.snapping.access_speed_km_h,
                road_changes=all_roads,
                crs=base.study.crs,
            )
        else:
            times, searched = on_other_roads(times, driven, base.times.snapper)
            effects.append(
                f"the change of roads touches the shortest paths of {searched} of "
                f"{len(base.sites.frame)} sites"
            )
    after = _on_sites(times, sites.sites, sites.searched, sites.closed)
    if driven is None:
        variants = {
            name: _on_sites(one, sites.sites, sites.searched, sites.closed)
            for name, one in base.variants.items()
        }
        uncertain = {
            name: _on_sites(one, sites.sites, sites.searched, sites.closed)
            for name, one in base.uncertain.items()
        }
    else:
        study = base.study
        variants = (
            speed_variants(study, after, season=season, road_changes=all_roads)
            if base.variants
            else {}
        )
        uncertain = uncertain_times(study, after, season=season, road_changes=all_roads)
    return judged(
        study=base.study,
        network=base.network,
        speeds=base.speeds,
        population=population,
        sites=sites.sites,
        areas=base.areas,
        places=base.places,
        times=after,
        variants=variants,
        uncertain=uncertain,
        from_cache=base.from_cache,
        season=season,
        road_changes=all_roads,
        scenario=scenario,
        effects=tuple(effects),
    )


def _on_sites(
    times: TravelTimes, sites: Sites, searched: tuple[str, ...], closed: tuple[str, ...]
) -> TravelTimes:
    """Bring a matrix up to date with the sites; untouched, it stays the very same."""
    if not searched and not closed:
        return times
    if times.snapper is None:
        raise ScenarioError("scenarios need a run with its searches; run the study anew")
    return with_sites(times, sites, searched, times.snapper)


def _people(base: Run, scenario: Scenario, problems: list[str]) -> Population:
    """Apply the changes of people: another grid first, then factors."""
    population = base.population
    factors = []
    for change in scenario.of_kind(ChangePopulation):
        assert isinstance(change, ChangePopulation)  # noqa: S101
        if (change.source is None) == (change.factor is None):
            problems.append("population: give either source or factor")
        elif change.source is not None:
            population = _other_grid(base, change.source, population, problems)
        else:
            factors.append(change)
    changed, found = change_people(population, factors)
    problems += found
    return changed


def _other_grid(base: Run, source: str, before: Population, problems: list[str]) -> Population:
    """Read another grid of the same cells, with the study's own columns."""
    part = base.study.file.population.model_copy(update={"source": source})
    file = base.study.file.model_copy(update={"population": part})
    try:
        from dataclasses import replace

        after = read_population(replace(base.study, file=file))
    except InputError as problem:
        problems.append(str(problem))
        return before
    if not after.cells.index.equals(before.cells.index):
        problems.append(
            f"population: {Path(source).name} has other cells than the baseline; a scenario needs "
            "the same cells, so that before and after can be compared one by one"
        )
        return before
    return after


def _season(base: Run, scenario: Scenario, problems: list[str]) -> Season:
    season = base.season
    for change in scenario.of_kind(SetSeason):
        assert isinstance(change, SetSeason)  # noqa: S101
        if change.value == season:
            problems.append(f'season: it is "{season}" already: setting it alters nothing')
        elif base.speeds.winter is None:
            problems.append(
                f'season: the speed table "{base.speeds.name}" knows no winter: it alters nothing'
            )
        season = change.value
    return season


def _roads(
    base: Run, season: Season, changes: tuple[RoadChange, ...], problems: list[str]
) -> DriveTimes | None:
    """Time the roads after the changes; None where roads and season stay as they are."""
    if not changes and season == base.season:
        return None
    if base.times.search is None or base.times.snapper is None:
        problems.append("roads: the run does not carry its searches; run the study anew")
        return None
    before = base.times.search.graph.times
    if season == base.season:
        times = before
    else:
        times = drive_times(base.network, base.speeds, season=season)
        times, _ = change_roads(times, base.road_changes, base.study.crs)
    driven, found = change_roads(times, changes, base.study.crs)
    problems += found
    return driven
