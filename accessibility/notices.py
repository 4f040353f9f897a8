"""What a careful reader should know before trusting a run's figures."""

from __future__ import annotations

import pandas as pd

from accessibility.errors import examples
from accessibility.findings import tiers_without_site
from accessibility.network import NOWHERE, RoadNetwork, region_problem
from accessibility.network_audit import NEAR_M, SHORT_MIN
from accessibility.opening_times import hours_of, is_holiday_unsaid, turns_on_season, where_is
from accessibility.population import far_off
from accessibility.runs import LONG_LEG_M, Run

_KEEP_APART = (
    ". Keep them apart: accessibility.download_network does, and so does osmnx.simplify_graph(..., "
    "edge_attrs_differ=[...]); or let osmnx.add_edge_speeds set speed_kph and name a speed table "
    "with use_speed_kph = true"
)

NOTICE_TEXTS = {
    "moved": "live by a road that is cut off from the rest and were moved to the nearest other",
    "too_far": "live further from any road than the longest access leg: counted as not reached",
    "unreachable": "have no way to any site: counted as not reached",
    "beyond": "are beyond the last band of every tier",
    "leg_over_1_km": "live over 1 km from the road they are assigned to",
    "leg_over_border": "have an access leg that leaves the region's borders",
}


def notices(run: Run) -> list[str]:
    """Say in English what a careful reader should know before trusting the figures."""
    found = []
    register = run.population.register
    if register is not None:
        far = register[far_off(register)]
        scaled = run.study.file.population.register_
        after = "scaled to the register" if scaled is not None and scaled.scale else "not scaled"
        for name, row in zip(map(str, far.index), far.to_dict("records"), strict=True):
            share = "" if pd.isna(row["difference"]) else f" ({row['difference']:+.1%})"
            found.append(
                f"{name}: the grid has {row['grid']:,.0f} people, the register "
                f"{row['register']:,.0f}{share}; {after}"
            )
        unknown = register.index[register["register"].isna()]
        found += [f"{name}: is in the grid but not in the register; left" for name in unknown]
        empty = register.index[register["grid"].isna() & (register["register"] > 0)]
        found += [
            f"{name}: is in the register with {register['register'][name]:,.0f} people but has no "
            "cell in the grid; they are left out"
            for name in empty
        ]
    municipality = run.population.municipalities
    if municipality is not None and municipality.isna().any():
        nowhere = municipality.isna().to_numpy(dtype=bool)
        found.append(
            f"{run.population.people[nowhere].sum():,.0f} people in {int(nowhere.sum()):,} cells "
            "have no municipality: they count in the whole only"
        )
    found += _network(run)
    if run.areas is not None:
        found += run.areas.attrs.get("notes", [])
    if run.season == "winter" and run.speeds.winter is None:
        found.append(
            f'the speed table "{run.speeds.name}" knows no winter: the speeds are those of summer'
        )
    found += [
        f"no site of the region serves tier {tier}: all people count as not reached there"
        for tier in tiers_without_site(run)
    ]
    found += _cut_off_sites(run)
    overlapping = run.population.counts.get("overlapping_cells", 0)
    if overlapping:
        found.append(f"{overlapping:,.0f} cells of the grid overlap others: people may count twice")
    audit = run.audit()
    for what, text in NOTICE_TEXTS.items():
        if what in audit.index and audit.at[what, "cells"]:
            people, cells = _number(audit, what, "people"), _number(audit, what, "cells")
            found.append(f"{people} people in {cells} cells {text}")
    search = run.times.search
    if search is not None:
        ids = run.sites.ids.to_numpy()
        stand = search.sites
        for mask, text in (
            (stand.moved, "stand on a fragment of road and were moved to the nearest other road"),
            (
                stand.too_far | (stand.edge == NOWHERE),
                "are too far from any road: they serve nobody",
            ),
            (stand.leg_m > LONG_LEG_M, "are over 1 km from the nearest road"),
        ):
            if mask.any():
                found.append(f"{int(mask.sum())} sites {text}: {examples(ids[mask])}")
    found += _unsaid_holidays(run)
    if run.sites.counts.get("sites_at_the_same_place"):
        found.append(f"{run.sites.counts['sites_at_the_same_place']} sites share their place")
    found += network_notices(run.network)
    return found


def network_notices(network: RoadNetwork) -> list[str]:
    """Say in English what a road file lacks, or holds in a way that had to be read with care."""
    counts, origin = network.counts, network.origin
    elsewhere = "" if network.read_for is None else region_problem(network, network.read_for)
    found = [elsewhere] if elsewhere else []
    if counts.get("way_nodes_missing"):
        found.append(
            f"{counts['way_nodes_missing']:,} nodes of roads are not in the file: "
            f"{counts.get('ways_cut_at_missing_nodes', 0):,} ways end there "
            f"({float(origin.get('share_of_road_missing', 0)):.1%} of the road): "
            f"{origin.get('ways_cut', '')}. Clip with complete ways "
            "(osmium extract --strategy complete_ways)"
        )
    if counts.get("files_without_relations"):
        found.append(
            "the road file holds no relation at all: no turn restriction, no ferry's route. "
            "A filtered extract? Keep its relations (osmium tags-filter ... r/restriction)"
        )
    obeys_turns = network.read_for is not None and network.read_for.turn_restrictions
    if counts.get("turn_restrictions_timed") and obeys_turns:
        found.append(
            f"{counts['turn_restrictions_timed']:,} turn restrictions hold at some hours only: "
            "left out"
        )
    if counts.get("edges_drawn_twice"):
        found.append(
            f"{counts['edges_drawn_twice']:,} pieces of road are drawn twice on the same nodes; "
            "each counts once"
        )
    return found + _simplified(network)


def _simplified(network: RoadNetwork) -> list[str]:
    """Say how much of a simplified graph is read with care, and how to keep it apart."""
    counts, origin = network.counts, network.origin
    found = []
    if counts.get("edges_merged"):
        closed = counts.get("edges_closed_by_a_part", 0)
        found.append(
            f"{counts['edges_merged']:,} edges ({float(origin['share_of_road_merged']):.1%} of the "
            f"road) have several values of {origin['merged_tags']} without their lengths: each is "
            "driven at the mean of its values' speeds, and closed where one of them closes it "
            f"({closed:,} edges)"
        )
    if counts.get("edges_of_several_ways"):
        found.append(
            f"{counts['edges_of_several_ways']:,} edges "
            f"({float(origin['share_of_road_joined']):.1%} of the road) join several ways: a limit "
            f"or a closure that only one of them has holds for all of the edge"
        )
    if found:
        found[-1] += _KEEP_APART
    if counts.get("edge_speeds_unusable"):
        found.append(
            f"{counts['edge_speeds_unusable']:,} edges have a speed_kph or travel_time that no "
            "road has (km/h and seconds are expected): it is left out"
        )
    return found


def _unsaid_holidays(run: Run) -> list[str]:
    """Name the sites whose hours say nothing of the public holiday that a target asks for."""
    found = []
    for target in run.study.targets:
        if target.open_at is None:
            continue
        serving = run.sites.serving(target.tier, run.tiers)
        silent = [
            site
            for site in serving
            if is_holiday_unsaid(
                hours_of(run.sites, site), target.open_at, where=where_is(run.sites, site)
            )
        ]
        if silent:
            found.append(
                f'target "{target.id}": {target.open_at} is a public holiday, of which the hours '
                f"of {len(silent)} sites say nothing ({examples(silent)}): they are taken as on "
                "any such weekday; add PH off, or PH and the hours"
            )
        turning = [
            one for one in serving if turns_on_season(hours_of(run.sites, one), target.open_at)
        ]
        if turning:
            found.append(
                f'target "{target.id}": the hours of {len(turning)} sites at {target.open_at} are '
                f"others in further weeks of the year ({examples(turning)}): they are taken as in "
                "the week of 2 February 2026; give open_at a date for another season"
            )
    return found


def _network(run: Run) -> list[str]:
    """Say what the network lacks for the study's targets, and whom it sends a long way round."""
    audit, limits, found = run.network_audit, run.network_audit.limits, []
    short = audit.short_targets(run.study.targets)
    if short:
        near = audit.near_share
        share = "" if near is None else f" ({near:.0%} of people live within {NEAR_M:g} m of one)"
        found.append(
            f"the network holds main roads only{share}: the shares of targets of at most "
            f"{SHORT_MIN:g} minutes are rough, on a map with all streets they may differ by 20 "
            f"points: {examples(one.id for one in short)}"
        )
    for tier in run.tiers.ids:
        people, areas = audit.people(tier), audit.areas(tier)
        if not people:
            continue
        where = f" ({examples(f'{name} {n:,.0f}' for name, n in areas.items())})" if areas else ""
        found.append(
            f"{people:,.0f} people live within {limits.within_m / 1000:g} km of a site that serves "
            f"tier {tier} in a straight line, but over {limits.over_min:g} minutes from that site "
            f"by the network, or without a way to it{where}: does the map lack a street?"
        )
    return found


def _cut_off_sites(run: Run) -> list[str]:
    """Name the sites on a part of the network that nothing joins to its largest part."""
    search, snapper = run.times.search, run.times.snapper
    if search is None or snapper is None:
        return []
    parts = snapper.parts
    largest = int(parts.length_m.argmax())
    found = []
    for row, site in enumerate(run.times.site_ids):
        edge = int(search.sites.edge[row])
        if edge == NOWHERE or search.sites.too_far[row] or parts.part[edge] == largest:
            continue
        reached = run.times.reached[:, row]
        found.append(
            f"site {site} ({run.sites.frame.at[site, 'name']}, tier "
            f"{run.sites.frame.at[site, 'tier']}) stands on "
            f"{parts.length_m[parts.part[edge]] / 1000:,.1f} km of road that no road joins to the "
            f"rest: {run.population.people[reached].sum():,.0f} people can reach it. An island? "
            "If not, mend the map, or raise snapping.min_component_m"
        )
    return found


def _number(audit: pd.DataFrame, what: str, column: str) -> str:
    return f"{float(audit[column][what]):,.0f}"
