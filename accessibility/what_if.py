"""What if: a scenario applied to a run, with as little work as gives the same as all of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from accessibility.checks import flag, of_kind, word
from accessibility.comparison import Comparison, Outcome, compare
from accessibility.errors import ScenarioError
from accessibility.findings import Findings
from accessibility.forecasts import changed_people
from accessibility.location import Restoration, restore
from accessibility.network import DriveTimes, drive_times, restand
from accessibility.opening_times import OpenSites, sites_open_at
from accessibility.population import Population
from accessibility.runs import Run, judged, uncertain_profiles, variant_profiles
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
    SiteChanges,
    change_roads,
    change_sites,
    on_other_roads,
    with_sites,
)
from accessibility.scenarios.changes import RoadChange
from accessibility.screening import Screening, screen_closures
from accessibility.services import LANGUAGES, Target
from accessibility.sources.areas import named_places
from accessibility.speed_profiles import Searcher, SpeedProfile, search_here, standing_of
from accessibility.speeds import Season
from accessibility.traveltime import PointTimes, TravelTimes, node_times, travel_time_matrix

#: Of populated cells at most so many are tried as places for a new site.
MOST_CANDIDATES = 3000
CANDIDATES = ("closed", "centres", "cells")
SITE_KINDS = (CloseSite, OpenSite, MoveSite, SetTier, SetCapacity, SetHours)
ROAD_KINDS = (CloseRoad, SetSpeed, ScaleSpeed, CloseFerry)


def run_scenario(base: Run, scenario: Scenario, *, searcher: Searcher = search_here) -> Run:
    """Apply a scenario to a run; the run itself is never changed.

    Everything is checked first and all problems are reported at once. Changes of sites search
    nothing but the columns of new sites; changes of roads search the sites they can affect.

    Parameters
    ----------
    base
        The baseline, or the outcome of another scenario.
    scenario
        The changes, in order.
    searcher
        Who searches where every site is searched again; see `accessibility.runs.run_study`.

    Returns
    -------
    Run
        The run after the changes; `effects` says what they bring with them.

    Raises
    ------
    ScenarioError
        If a change cannot be applied, or alters nothing.
    """
    of_kind(base, "base", Run, "run the study with run_study")
    of_kind(scenario, "scenario", Scenario, "such as closing([...]) or load_scenario")
    problems: list[str] = []
    sites = change_sites(base.sites, scenario.of_kind(*SITE_KINDS), base.tiers)  # type: ignore[arg-type]
    problems += sites.problems
    population, said_of_people = _people(base, scenario, problems)
    season = _season(base, scenario, problems)
    roads: tuple[RoadChange, ...] = tuple(
        change for change in scenario.changes if isinstance(change, ROAD_KINDS)
    )
    driven = _roads(base, season, roads, problems)
    if problems:
        raise ScenarioError("\n".join(f"scenario: {one}" for one in problems))
    all_roads = (*base.road_changes, *roads)
    effects = [*sites.effects, *said_of_people]
    times = base.times
    if driven is not None:
        times, effect = _on_roads(base, driven, season, all_roads, searcher)
        effects += effect
    after = _on_sites(times, sites)
    if driven is None:
        variants = {name: _on_sites(one, sites) for name, one in base.variants.items()}
        uncertain = {name: _on_sites(one, sites) for name, one in base.uncertain.items()}
    else:
        variants, uncertain = _other_speeds(base, after, season, all_roads, searcher)
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


def _on_roads(
    base: Run,
    driven: DriveTimes,
    season: Season,
    all_roads: tuple[RoadChange, ...],
    searcher: Searcher,
) -> tuple[TravelTimes, list[str]]:
    """Search the sites that a change of roads can touch; in another season, all of them."""
    snapper = base.times.snapper
    if season == base.season and snapper is not None:
        times, searched = on_other_roads(base.times, driven, snapper)
        effect = (
            f"the change of roads touches the shortest paths of {searched} of "
            f"{len(base.sites.frame)} sites"
        )
        return times, [effect]
    standing = standing_of(base.times)
    profile = SpeedProfile(season=season, road_changes=all_roads)
    return searcher(standing, [profile])[profile], []


def _other_speeds(
    base: Run,
    after: TravelTimes,
    season: Season,
    all_roads: tuple[RoadChange, ...],
    searcher: Searcher,
) -> tuple[dict[str, TravelTimes], dict[str, TravelTimes]]:
    """Search other roads at other speeds: for sensitivity, and for uncertainty."""
    study, own = base.study, SpeedProfile(season=season, road_changes=all_roads)
    variants = variant_profiles(study, base.speeds, own) if base.variants else {}
    uncertain = uncertain_profiles(study, own)
    found = {own: after}
    wanted = [one for one in (*variants.values(), *uncertain.values()) if one != own]
    if wanted:
        found |= searcher(standing_of(after), wanted)
    return (
        {name: found[profile] for name, profile in variants.items()},
        {name: found[profile] for name, profile in uncertain.items()},
    )


def _on_sites(times: TravelTimes, sites: SiteChanges) -> TravelTimes:
    """Bring a matrix up to date with the sites; untouched, it stays the very same."""
    if not sites.searched and not sites.closed:
        return times
    if times.snapper is None:
        raise ScenarioError("scenarios need a run with its searches; run the study anew")
    return with_sites(times, sites.sites, sites.searched, times.snapper)


def _people(base: Run, scenario: Scenario, problems: list[str]) -> tuple[Population, list[str]]:
    """Apply the changes of people; see `accessibility.forecasts`."""
    changes = [one for one in scenario.changes if isinstance(one, ChangePopulation)]
    population, effects, found = changed_people(base.study, base.population, changes)
    problems += found
    return population, effects


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


def outcome(run: Run, language: str = "en") -> Outcome:
    """Take from a run what a comparison needs, with its names in a language.

    Parameters
    ----------
    run
        The run.
    language
        fi, sv or en.
    """
    name = run.scenario.name if run.scenario is not None else run.study.name
    return Outcome(
        name=name.in_language(language),
        population=run.population,
        sites=run.sites,
        tiers=run.tiers,
        nearest=run.nearest,
        verdicts=run.verdicts,
        bands_min=run.study.bands_min,
        inside={
            target.id: _inside_when_open(run, target)
            for target in run.study.targets
            if target.kind == "share" and target.open_at is not None
        },
        places=None if run.places is None else named_places(run.places, language),
    )


def _inside_when_open(run: Run, target: Target) -> np.ndarray:
    """Mark the cells inside the limit of a target that counts sites open at a time."""
    serving = run.sites.serving(target.tier, run.tiers)
    counting = sites_open_at(run.sites, serving, target.open_at).certain
    time_s = run.times.nearest(counting)["time_s"].to_numpy(dtype=np.float64, na_value=np.inf)
    return np.asarray(time_s <= target.cutoff_s)


def compare_runs(before: Run, after: Run, language: str = "en") -> Comparison:
    """Compare two runs of one study cell by cell; see `accessibility.comparison.compare`."""
    for name, run in (("before", before), ("after", after)):
        of_kind(run, name, Run, "run the study with run_study")
    word(language, "language", LANGUAGES)
    if before.tiers != after.tiers:
        raise ScenarioError(
            "the two runs have different tiers: they cannot be compared; run both with the same "
            "study, save sites and scenario"
        )
    return compare(
        outcome(before, language), outcome(after, language), visits_per_year=visits_by_tier(before)
    )


def visits_by_tier(run: Findings) -> dict[str, float]:
    """Give visits per person and year by tier: the mean of the sites of that own tier."""
    if "visits" not in run.sites.frame:
        return {}
    visits = run.sites.frame.groupby("tier")["visits"].mean().dropna()
    return {tier: float(visits[tier]) for tier in run.tiers.ids if tier in visits.index}


def candidate_times(run: Run, xy: np.ndarray, ids: Sequence[str]) -> TravelTimes:
    """Search from places where a site might be opened.

    Parameters
    ----------
    run
        The run; cells keep the places where they stand.
    xy, ids
        Places, shape (candidates, 2), metres in the study's CRS, and their names.

    Returns
    -------
    TravelTimes
        Cells x candidates.
    """
    search, cells, snapper = run.times.search, run.times.cells, run.times.snapper
    if search is None or cells is None or snapper is None:
        raise ScenarioError("candidates need a run with its searches; run the study anew")
    points = snapper.snap_sites(xy)
    points = restand(search.graph.times, points, access_speed_km_h=snapper.access_speed_km_h)
    # candidates may be a thousand and more: only the nodes that cells drive over are kept
    nodes = PointTimes(search.graph, cells, direction=search.direction).nodes
    found = node_times(search.graph, points, direction=search.direction, nodes=nodes, like=search)
    return travel_time_matrix(
        found,
        cells,
        cell_ids=run.times.cell_ids,
        site_ids=pd.Index(list(ids), dtype="object"),
        settings=run.times.settings,
    )


def repair_candidates(base: Run, run: Run, kind: str) -> tuple[np.ndarray, list[str]]:
    """List places where a site might be opened.

    Parameters
    ----------
    base, run
        The baseline and the run whose targets fail.
    kind
        "closed": the baseline's sites that are closed now; "centres": each municipality's most
        peopled cell (the most peopled cells where the grid names no municipalities); "cells": the
        most peopled cells.

    Returns
    -------
    tuple
        Places, shape (candidates, 2), and names.

    Raises
    ------
    ScenarioError
        If there is none.
    StudyError
        If `kind` is something else.
    """
    word(kind, "kind", CANDIDATES)
    if kind == "closed":
        gone = base.sites.frame[~base.sites.frame.index.isin(run.sites.frame.index)]
        xy, ids = (
            np.column_stack([gone.geometry.x, gone.geometry.y]),
            [str(one) for one in gone.index],
        )
    else:
        cells = run.population.cells.sort_values("people", ascending=False, kind="stable")
        municipality = run.population.municipalities
        if kind == "centres" and municipality is not None:
            cells = cells[~cells["municipality"].duplicated() & cells["municipality"].notna()]
            ids = [f"centre of {name}" for name in cells["municipality"]]
        else:
            cells = cells[cells["people"] > 0].head(MOST_CANDIDATES)
            ids = [f"cell {name}" for name in cells.index]
        xy = cells[["x", "y"]].to_numpy(dtype=np.float64)
    if not len(ids):
        raise ScenarioError(
            "there is no closed site to reopen; name other candidates: centres or cells"
        )
    return xy, ids


def screen_run(
    run: Run, *, tier: str | None = None, pairs: bool = False, objective: str = "people-outside"
) -> Screening:
    """Rank every closure of a run's sites; see `accessibility.screening.screen_closures`.

    A target with `open_at` counts the sites that are open then; those whose hours are not known
    count in its highest figures.
    """
    of_kind(run, "run", Run, "run the study with run_study")
    flag(pairs, "pairs")
    counting = {
        target.id: found
        for target in run.study.targets
        if (found := _open_then(run, target)) is not None
    }
    return screen_closures(
        run.times,
        run.population,
        run.sites,
        run.tiers,
        run.study.targets,
        tier=tier,
        pairs=pairs,
        objective=objective,  # type: ignore[arg-type]
        sites_of_target={name: one.certain for name, one in counting.items()},
        perhaps_of_target={name: one.possible for name, one in counting.items()},
    )


def repair_run(base: Run, run: Run, kind: str) -> list[Restoration]:
    """Restore every target of a run that is not met; see `accessibility.location.restore`.

    Parameters
    ----------
    base, run
        The baseline and the run whose targets fail; the same run twice where nothing was closed.
    kind
        See `repair_candidates`. What is opened is taken to be open when a target asks.
    """
    of_kind(base, "base", Run, "run the study with run_study")
    of_kind(run, "run", Run, "run the study with run_study")
    word(kind, "kind", CANDIDATES)
    failed = [verdict.target for verdict in run.verdicts if verdict.word != "met"]
    if not failed:
        return []
    xy, ids = repair_candidates(base, run, kind)
    candidates = candidate_times(run, xy, ids)
    return [
        restore(
            target,
            candidates,
            run.times,
            run.population,
            run.sites,
            run.tiers,
            counted=None if (then := _open_then(run, target)) is None else then.certain,
        )
        for target in failed
    ]


def _open_then(run: Run, target: Target) -> OpenSites | None:
    """List the sites that are open when a target asks; None where it asks no time."""
    if target.open_at is None:
        return None
    return sites_open_at(run.sites, run.sites.serving(target.tier, run.tiers), target.open_at)
