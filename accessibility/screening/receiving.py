"""Receiving: which sites take in the people of closed ones, and whether they have room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from accessibility.screening.closing import Floats
from accessibility.screening.closures import Receiver
from accessibility.screening.effects import PEOPLE_DECIMALS
from accessibility.screening.labels import NO_SITE, Ints, Labels
from accessibility.sites import Sites
from accessibility.traveltime import TravelTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Where people of a tier go when their nearest site, or that and the next, is closed.

    Parameters
    ----------
    load
        People by column of the matrix whose nearest site it is.
    to_next
        By closed site: the receiving sites and their people.
    to_third
        By nearest and second nearest site, both closed.
    """

    load: Mapping[int, float]
    to_next: Mapping[int, Sequence[tuple[int, float]]]
    to_third: Mapping[tuple[int, int], Sequence[tuple[int, float]]]

    def received(self, closed: tuple[int, ...]) -> dict[int, float]:
        """Give the people whom each other site receives when these (at most two) are closed."""
        moved: dict[int, float] = {}
        for one in closed:
            for site, people in self.to_next.get(one, ()):
                if site not in closed:
                    moved[site] = moved.get(site, 0.0) + people
        if len(closed) == 2:
            for both in (closed, closed[::-1]):
                for site, people in self.to_third.get((both[0], both[1]), ()):
                    moved[site] = moved.get(site, 0.0) + people
        return moved


def flows(labels: Labels, people: Floats) -> Flows:
    """Sum people up by their nearest, second and third nearest site."""
    depth = labels.site.shape[1]
    names = [f"site_{rank}" for rank in range(depth)]
    table = pd.DataFrame(labels.site, columns=names).assign(people=people)
    table = table[(people > 0) & (labels.site[:, 0] != NO_SITE)]
    to_next: dict[int, list[tuple[int, float]]] = {}
    to_third: dict[tuple[int, int], list[tuple[int, float]]] = {}
    sums = table.groupby(names[:2])["people"].sum()
    for (one, other), moved in zip(sums.index, sums.tolist(), strict=True):
        if other != NO_SITE:
            to_next.setdefault(int(one), []).append((int(other), moved))
    if depth > 2:
        sums = table.groupby(names[:3])["people"].sum()
        for (one, other, third), moved in zip(sums.index, sums.tolist(), strict=True):
            if third != NO_SITE:
                to_third.setdefault((int(one), int(other)), []).append((int(third), moved))
    load = table.groupby(names[0])["people"].sum()
    return Flows(
        load=dict(zip(map(int, load.index), load.tolist(), strict=True)),
        to_next=to_next,
        to_third=to_third,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiving:
    """What is known of each column of the matrix as a receiver.

    Parameters
    ----------
    ids, names, tiers, capacity
        By column; empty or None where the column is no site of the list.
    base_tier
        By column: of the tiers that the site serves, the one that most sites serve; "" for none.
    flows
        By base tier.
    """

    ids: Sequence[str] = field(repr=False)
    names: Sequence[str] = field(repr=False)
    tiers: Sequence[str] = field(repr=False)
    capacity: Sequence[float | None] = field(repr=False)
    base_tier: Sequence[str] = field(repr=False)
    flows: Mapping[str, Flows] = field(repr=False)

    @staticmethod
    def of(texts: Sequence[str], columns: tuple[int, ...]) -> tuple[str, ...]:
        """Give the texts of some columns."""
        return tuple(texts[column] for column in columns)

    def receivers(self, closed: tuple[int, ...]) -> tuple[Receiver, ...]:
        """List the receivers of closed sites, most people first, then by id."""
        found = []
        for tier in dict.fromkeys(self.of(self.base_tier, closed)):
            if tier not in self.flows:
                continue
            flow = self.flows[tier]
            for site, people in flow.received(closed).items():
                found.append(
                    Receiver(
                        site=self.ids[site],
                        name=self.names[site],
                        tier=tier,
                        people=round(people, PEOPLE_DECIMALS),
                        load=round(flow.load.get(site, 0.0) + people, PEOPLE_DECIMALS),
                        capacity=self.capacity[site],
                    )
                )
        return tuple(sorted(found, key=lambda one: (-one.people, one.site, one.tier)))


def receiving_sites(
    times: TravelTimes,
    sites: Sites,
    by_tier: Mapping[str, Labels],
    serving: Mapping[str, Ints],
    people: Floats,
) -> Receiving:
    """Gather what is needed to say where people go.

    Parameters
    ----------
    times, sites
        The matrix and the list of sites.
    by_tier, serving
        Labels, and columns of the sites that serve, by tier in the study's order.
    people
        People by cell.
    """
    base_tier = [""] * len(times.site_ids)
    for tier, columns in sorted(serving.items(), key=lambda one: -len(one[1])):  # stable
        for column in columns.tolist():
            base_tier[column] = base_tier[column] or tier
    frame = pd.DataFrame(sites.frame.drop(columns="geometry")).reindex(times.site_ids)
    room = frame["capacity"] if "capacity" in frame else pd.Series(np.nan, index=frame.index)
    return Receiving(
        ids=list(times.site_ids),
        names=frame["name"].fillna("").astype(str).tolist(),
        tiers=frame["tier"].fillna("").astype(str).tolist(),
        capacity=[None if pd.isna(one) else float(one) for one in room],
        base_tier=base_tier,
        flows={tier: flows(by_tier[tier], people) for tier in set(base_tier) - {""}},
    )
