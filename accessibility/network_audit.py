"""What a run's network holds, and whom it sends a long way round to a place near by.

The detour audit counts who lives near a site in a straight line and far from the same site by the
network. Such people are there in earnest (a river, a fjord) and by mistake (a street that the map
lacks, a home assigned to the wrong road). Nothing in the times tells one from the other, so they
are counted and named in every run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from accessibility.coverage_table import areas_of
from accessibility.network import Holdings, holdings
from accessibility.population import Population
from accessibility.services import WHOLE_AREA, Target, Tiers
from accessibility.sites import Sites
from accessibility.speeds import Mode
from accessibility.traveltime import TravelTimes

#: A home so near to a street stands on it, at the precision of cells.
NEAR_M = 100.0
#: Targets up to so long are short: main roads only and all streets of the same region gave shares
#: up to 21 points apart at 10 minutes, 0 to 2 at 30 and 60 (docs/method.md, section 5).
SHORT_MIN = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DetourLimits:
    """At most so far in a straight line (metres), and over so long by the network (minutes)."""

    within_m: float
    over_min: float


#: By car 5 km and 20 minutes: 15 km/h as the crow flies, what no town's streets cost (chosen on
#: Tornio, where 12,297 people within 5 km of a health centre are sent 20 km round). By bicycle and
#: on foot the same against the mode's own speed: a third of it, 5 and 1.6 km/h.
DETOUR_LIMITS: dict[Mode, DetourLimits] = {
    "car": DetourLimits(within_m=5000, over_min=20),
    "bicycle": DetourLimits(within_m=5000, over_min=60),
    "walk": DetourLimits(within_m=2000, over_min=75),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAudit:
    """What a run's network holds, and whom it sends a long way round.

    Parameters
    ----------
    holdings
        The roads that are open to the mode.
    near_share
        Share (0..1) of people within 100 m of a road that one may stop on; None where that is not
        known.
    limits, detours
        What the detour audit calls near and far, and the table of `detours`.
    """

    holdings: Holdings
    near_share: float | None
    limits: DetourLimits
    detours: pd.DataFrame = field(repr=False)

    def people(self, tier: str) -> float:
        """Return the people of the whole region that a tier's detours concern."""
        whole = self.detours[self.detours["area"] == WHOLE_AREA].set_index("tier")["people"]
        return float(whole[tier])

    def areas(self, tier: str) -> dict[str, float]:
        """Return the people by municipality that a tier's detours concern, most first."""
        own = self.detours[(self.detours["tier"] == tier) & (self.detours["area"] != WHOLE_AREA)]
        return {str(area): float(n) for area, n in zip(own["area"], own["people"], strict=True)}

    def short_targets(self, targets: tuple[Target, ...]) -> list[Target]:
        """List the targets that are too short for a network of main roads; none for another."""
        if not self.holdings.main_roads_only:
            return []
        return [
            one for one in targets if one.within_min is not None and one.within_min <= SHORT_MIN
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as run.json has it."""
        return {
            "km_by_class": {name: round(km, 3) for name, km in self.holdings.km_by_class.items()},
            "straight_share": round(self.holdings.straight_share, 4),
            "main_roads_only": self.holdings.main_roads_only,
            "share_of_people_within_100_m": self.near_share,
            "detours": {
                "within_m": self.limits.within_m,
                "over_min": self.limits.over_min,
                "people": self.detours.to_dict("records"),
            },
        }


def audit_of(record: Mapping[str, Any]) -> NetworkAudit:
    """Read an audit back from run.json."""
    km = dict(sorted(record["km_by_class"].items(), key=lambda one: (-one[1], one[0])))
    found = record["detours"]
    return NetworkAudit(
        holdings=Holdings(km_by_class=km, straight_share=record["straight_share"]),
        near_share=record["share_of_people_within_100_m"],
        limits=DetourLimits(within_m=found["within_m"], over_min=found["over_min"]),
        detours=pd.DataFrame(found["people"], columns=["tier", "area", "cells", "people"]),
    )


def audit_network(
    times: TravelTimes, population: Population, sites: Sites, tiers: Tiers
) -> NetworkAudit:
    """Say what the network behind a matrix holds, and whom it sends a long way round.

    Parameters
    ----------
    times
        The matrix, with its searches.
    population, sites, tiers
        The study.
    """
    assert times.search is not None  # noqa: S101  (a run keeps its searches)
    drive = times.search.graph.times
    near_share = None
    if times.snapper is not None and population.total > 0:
        near = times.snapper.distance_m(population.xy) <= NEAR_M
        near_share = round(float(population.people[near].sum()) / population.total, 4)
    limits = DETOUR_LIMITS[drive.table.mode]
    return NetworkAudit(
        holdings=holdings(drive),
        near_share=near_share,
        limits=limits,
        detours=detours(times, population, sites, tiers, limits),
    )


def detours(
    times: TravelTimes, population: Population, sites: Sites, tiers: Tiers, limits: DetourLimits
) -> pd.DataFrame:
    """Count the people near a site in a straight line and far from the same one by the network.

    Parameters
    ----------
    times
        The matrix.
    population, sites, tiers
        The study; only the region's own sites count.
    limits
        What is near and what is far; both bounds belong to "near", an unreachable site is far.

    Returns
    -------
    DataFrame
        `tier`, `area` (`*`: the whole; else a municipality, most people first), `cells`, `people`;
        a row for the whole for every tier, for a municipality only where somebody is concerned.
    """
    areas = areas_of(population)
    rows = []
    for tier in tiers.ids:
        concerned = _concerned(times, population, sites, sites.serving(tier, tiers), limits)
        found = []
        for area, cells in areas.items():
            mask = concerned[cells]
            people = float(population.people[cells][mask].sum())
            if area == WHOLE_AREA or people > 0:
                found.append((tier, area, int(mask.sum()), people))
        rows += [found[0], *sorted(found[1:], key=lambda row: (-row[3], row[1]))]
    return pd.DataFrame(rows, columns=["tier", "area", "cells", "people"])


def _concerned(
    times: TravelTimes,
    population: Population,
    sites: Sites,
    site_ids: list[str],
    limits: DetourLimits,
) -> npt.NDArray[np.bool_]:
    """Mark the cells that are near some site and far from that very one."""
    concerned = np.zeros(len(population.cells), dtype=bool)
    places = sites.xy[sites.ids.get_indexer(pd.Index(site_ids, dtype=object))]
    xy, over_s = population.xy, round(limits.over_min * 60)
    for site, place in zip(site_ids, places, strict=True):
        near = np.flatnonzero(np.hypot(*(xy - place).T) <= limits.within_m)
        column = times.columns_of([site])[0]
        concerned[near] |= times.time_s[near, column] > over_s
    return concerned
