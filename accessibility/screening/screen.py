"""Screen every closure of a region, and put them in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from accessibility.errors import PopulationError, SitesError, StudyError, did_you_mean, examples
from accessibility.population import Population
from accessibility.screening.closing import Closings, Floats, all_closings
from accessibility.screening.closures import (
    OBJECTIVES,
    Closure,
    Objective,
    Screening,
    TargetEffect,
)
from accessibility.screening.effects import (
    Minutes,
    count_effects,
    minutes_lost,
    rounded,
    share_effects,
    with_possible,
)
from accessibility.screening.labels import Ints, Labels, nearest_labels
from accessibility.screening.receiving import Receiving, receiving_sites
from accessibility.services import Target, Tiers
from accessibility.sites import Sites
from accessibility.traveltime import TravelTimes


def screen_closures(
    times: TravelTimes,
    population: Population,
    sites: Sites,
    tiers: Tiers,
    targets: Sequence[Target],
    *,
    tier: str | None = None,
    pairs: bool = False,
    objective: Objective = "people-outside",
    sites_of_target: Mapping[str, Sequence[str]] | None = None,
    perhaps_of_target: Mapping[str, Sequence[str]] | None = None,
) -> Screening:
    """Rank every single closure, and every pair if asked, from the least to the most harmful.

    Everything comes from the travel-time matrix; no road is searched again. A cell keeps its
    nearest site of a tier unless that one is closed; then it takes its second nearest, and its
    third where the second is closed as well. Ties on whole seconds go to the smaller id. People
    go to the region's own sites, as verdicts count them; sites outside it are never closed.

    Parameters
    ----------
    times
        The matrix; it has a column for every site.
    population, sites, tiers, targets
        The study.
    tier
        Only sites whose own tier (the highest they offer) is this one are closed; what they mean
        to the tiers below counts all the same. None: all sites.
    pairs
        Whether every pair of sites is ranked too, among the single closures.
    objective
        What harm is, where closures are alike in what comes first for every objective: a tier that
        no site would serve any more; a target for a number of sites that would break; people who
        would reach no site of a tier:

        - ``people-outside``: the sum over the share targets of the people of the target's group
          (at most, where small groups are hidden) who are within its limit now and beyond it
          afterwards. Somebody for whom two targets break counts twice.
        - ``mean-minutes``: minutes added, summed over all people and tiers, divided by all people
          of the grid, affected or not: one minute for everybody weighs as much as two for half of
          them. Infinite where somebody is left without a tier.
        - ``worst``: the most minutes that anybody loses. Infinite where somebody is left without
          a tier.

        Minutes are added up tier by tier, also of people who are left without another tier.
        Closures of equal harm are ranked by the number of verdicts that flip, then by the
        person-minutes added; then fewer sites and smaller ids come first.
    sites_of_target
        By target id, the ids of the sites that count for it (such as those open at its hour);
        sites outside the region are left out. A target not named counts the sites that serve its
        tier.
    perhaps_of_target
        The same with the sites that may count besides, such as those whose hours are not known: the
        highest shares and numbers, and so the verdicts, reckon with them.

    Returns
    -------
    Screening
        Every closure once. Receivers and their loads are counted at the *base tier*: of the tiers
        that the closed site serves, the one that most of the region's sites serve (among equals,
        the first in the study's order). A load is everybody whose nearest site it is, and is held
        against the `capacity` of the list of sites.

    Raises
    ------
    StudyError
        If the objective, the tier, or a target of `sites_of_target` is unknown.
    SitesError
        If a site has no column in the matrix, or `sites_of_target` names one that does not exist.
    PopulationError
        If the matrix and the grid have different cells.
    """
    _check(times, population, sites, objective)
    serving = {one: _columns(times, sites.serving(one, tiers)) for one in tiers.ids}
    counted = _counted(times, sites, targets, sites_of_target or {}, serving)
    named = {**(sites_of_target or {}), **(perhaps_of_target or {})}
    perhaps = _counted(times, sites, targets, named, serving)
    candidates = _columns(times, _candidates(sites, tiers, tier))
    closings = all_closings(candidates, width=len(times.site_ids), pairs=pairs)
    sets = [*serving.values(), *counted.values(), *perhaps.values()]
    kinds = _labels(times, sets, depth=3 if pairs else 2)
    by_tier = {one: kinds[columns.tobytes()] for one, columns in serving.items()}

    def effects_of(target: Target, columns: Ints) -> list[TargetEffect]:
        if target.kind == "min_sites":
            return count_effects(target, columns, closings)
        bounds = population.bounds(target.group)
        return share_effects(target, kinds[columns.tobytes()], bounds, closings)

    effects = []
    for target in targets:
        certain = effects_of(target, counted[target.id])
        if np.array_equal(counted[target.id], perhaps[target.id]):
            effects.append(certain)
        else:
            possible = effects_of(target, perhaps[target.id])
            effects.append(with_possible(target, certain, possible))
    by_closure = list(zip(*effects, strict=True)) if effects else [()] * len(closings)
    lost = minutes_lost(by_tier, population.people, closings)
    harm = _harm(objective, by_closure, lost, people=population.total)
    lost_tiers = _lost_tiers(serving, closings)
    receiving = receiving_sites(times, sites, by_tier, serving, population.people)
    broken = [_broken(targets, effects) for effects in by_closure]
    order = _order(harm, by_closure, lost, lost_tiers, broken)
    closures = _closures(order, harm, closings, by_closure, lost, receiving, lost_tiers, broken)
    return Screening(objective=objective, tier=tier, closures=closures)


def _check(times: TravelTimes, population: Population, sites: Sites, objective: str) -> None:
    if objective not in OBJECTIVES:
        raise StudyError(
            f'"{objective}" is no objective of a screening{did_you_mean(objective, OBJECTIVES)}; '
            f"known: {examples(OBJECTIVES)}"
        )
    if not times.cell_ids.equals(population.cells.index):
        raise PopulationError(
            "the travel times and the population grid have different cells, or in another order; "
            "compute the times for this grid"
        )
    absent = sites.ids[~sites.ids.isin(times.site_ids)]
    if len(absent):
        raise SitesError(
            f"the travel times have no column for the sites {examples(absent)}; compute them for "
            "this list of sites"
        )


def _columns(times: TravelTimes, site_ids: Iterable[str]) -> Ints:
    """Give the columns of some sites, rising."""
    return np.flatnonzero(times.site_ids.isin(list(site_ids)))


def _candidates(sites: Sites, tiers: Tiers, tier: str | None) -> list[str]:
    """List the region's own sites, of one own tier if asked."""
    wanted = ~sites.is_external
    if tier is not None:
        wanted = wanted & (sites.frame["tier"] == tiers[tier].id).to_numpy()
    return list(sites.ids[wanted])


def _counted(
    times: TravelTimes,
    sites: Sites,
    targets: Sequence[Target],
    sites_of_target: Mapping[str, Sequence[str]],
    serving: Mapping[str, Ints],
) -> dict[str, Ints]:
    """Give the columns of the sites that count for each target."""
    known = [target.id for target in targets]
    unknown = [one for one in sites_of_target if one not in known]
    if unknown:
        raise StudyError(
            f"sites_of_target names {examples(unknown)}, which is no target"
            f"{did_you_mean(unknown[0], known)}"
        )
    own = _columns(times, sites.ids[~sites.is_external])
    return {
        target.id: np.intersect1d(
            _columns(times, [sites.check_id(one) for one in sites_of_target[target.id]]), own
        )
        if target.id in sites_of_target
        else serving[target.tier]
        for target in targets
    }


def _labels(times: TravelTimes, sets: Sequence[Ints], *, depth: int) -> dict[bytes, Labels]:
    """Find the nearest sites of each set of columns, once a set."""
    different = {columns.tobytes(): columns for columns in sets}
    return {
        key: nearest_labels(times.time_s, columns, depth=depth)
        for key, columns in different.items()
    }


def _harm(
    objective: Objective,
    by_closure: Sequence[Sequence[TargetEffect]],
    lost: Minutes,
    *,
    people: float,
) -> Floats:
    """Measure each closure's harm; see `screen_closures`."""
    if objective == "people-outside":
        newly = [sum(one.newly_outside_high for one in effects) for effects in by_closure]
        return rounded(np.array(newly, dtype=np.float64))
    if objective == "worst":
        return lost.worst_s / 60
    mean_min = lost.person_s / 60 / people if people > 0 else lost.person_s
    return np.where(lost.left_without > 0, np.inf, mean_min)


def _lost_tiers(serving: Mapping[str, Ints], closings: Closings) -> list[tuple[str, ...]]:
    """Name, for each closure, the tiers all of whose sites it takes away."""
    taken = [(one, closings.count(columns) == len(columns)) for one, columns in serving.items()
             if len(columns)]  # fmt: skip
    found: list[tuple[str, ...]] = [()] * len(closings)
    for tier, is_lost in taken:
        for row in np.flatnonzero(is_lost):
            found[row] = (*found[row], tier)
    return found


def _broken(targets: Sequence[Target], effects: Sequence[TargetEffect]) -> tuple[str, ...]:
    """Name the targets for a number of sites that are met now and would not be."""
    return tuple(
        target.id
        for target, effect in zip(targets, effects, strict=True)
        if target.kind == "min_sites" and effect.before == "met" and effect.after != "met"
    )


def _order(
    harm: Floats,
    by_closure: Sequence[Sequence[TargetEffect]],
    lost: Minutes,
    lost_tiers: Sequence[tuple[str, ...]],
    broken: Sequence[tuple[str, ...]],
) -> npt.NDArray[np.intp]:
    """Put closures in order; those equal in everything stay as they are: fewest sites, then ids."""
    flips = np.array([sum(one.flips for one in effects) for effects in by_closure], dtype=np.int64)
    first = [
        np.array([len(one) for one in found], dtype=np.int64) for found in (broken, lost_tiers)
    ]
    return np.lexsort((lost.person_s, flips, harm, lost.left_without, *first))


def _closures(
    order: npt.NDArray[np.intp],
    harm: Floats,
    closings: Closings,
    by_closure: Sequence[tuple[TargetEffect, ...]],
    lost: Minutes,
    receiving: Receiving,
    lost_tiers: Sequence[tuple[str, ...]],
    broken: Sequence[tuple[str, ...]],
) -> tuple[Closure, ...]:
    """Build the closures in their order."""
    columns = closings.columns()
    person_min = lost.person_s / 60
    mean_min = np.divide(
        person_min, lost.trips, out=np.full(len(closings), np.nan), where=lost.trips > 0
    )
    return tuple(
        Closure(
            rank=rank,
            sites=receiving.of(receiving.ids, columns[row]),
            names=receiving.of(receiving.names, columns[row]),
            tiers=receiving.of(receiving.tiers, columns[row]),
            lost_tiers=lost_tiers[row],
            broken=broken[row],
            harm=float(harm[row]),
            targets=tuple(by_closure[row]),
            people_affected=float(lost.affected[row]),
            people_left_without=float(lost.left_without[row]),
            left_without={
                tier: float(people[row])
                for tier, people in lost.left_without_by_tier.items()
                if people[row] > 0
            },
            mean_added_min=None if np.isnan(mean_min[row]) else float(mean_min[row]),
            person_minutes=float(person_min[row]),
            person_minutes_by_tier={
                tier: float(seconds[row] / 60) for tier, seconds in lost.person_s_by_tier.items()
            },
            worst_added_min=float(lost.worst_s[row] / 60),
            receivers=receiving.receivers(columns[row]),
        )
        for rank, row in enumerate(order.tolist(), start=1)
    )
