"""What is in a network or a study's data, in a few lines: the first look of an analyst."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from accessibility.network import CLOSED, DriveTimes, RoadNetwork, drive_times, find_parts, holdings
from accessibility.network.holdings import LONG_ROAD_M
from accessibility.network_audit import NEAR_M
from accessibility.runs import Run
from accessibility.speeds import SpeedTable


def inspect_network(network: RoadNetwork, speeds: SpeedTable) -> str:
    """Describe a network under a speed table: extent, parts, classes, speeds, what was assumed.

    Parameters
    ----------
    network
        The roads.
    speeds
        The speed table.
    """
    times = drive_times(network, speeds)
    west, south, east, north = network.bounds
    parts = find_parts(times)
    order = np.argsort(parts.length_m)[::-1]
    cut_off_m = float(parts.length_m.sum() - parts.length_m[order[:1]].sum())
    open_m = float(parts.length_m.sum())
    lines = [
        f"extent        {west:.3f}-{east:.3f} E, {south:.3f}-{north:.3f} N",
        f"size          {network.edges:,} edges, {network.nodes:,} junctions, "
        f"{network.segment_m.sum() / 1000:,.0f} km",
    ]
    lines += [f"{what:13s} {text}" for what, text in network.origin.items()]
    lines += [
        f"speed table   {speeds.name} ({speeds.mode})",
        f"open          {open_m / 1000:,.0f} km in {len(order):,} separate parts; "
        f"{cut_off_m / 1000:,.1f} km outside the largest",
        f"holds         {_held(times)}",
        f"traps         {_trap_km(times, parts.core):,.1f} km can be entered or left only one way",
        "counts        "
        + ", ".join(
            f"{what} {number:,}" for what, number in {**network.counts, **times.counts}.items()
        ),
        "",
        _classes(times).to_string(),
    ]
    return "\n".join(lines) + "\n"


def _held(times: DriveTimes) -> str:
    """Say whether streets are there and how roads are drawn; the classes follow as a table."""
    held = holdings(times)
    streets = "main roads only, next to no streets" if held.main_roads_only else "streets too"
    return (
        f"{streets}; {held.straight_share:.0%} of the length of roads over {LONG_ROAD_M:g} m is "
        "drawn as a straight line"
    )


def _trap_km(times: DriveTimes, core: np.ndarray) -> float:
    is_open = (times.edge_forward_ds != CLOSED) | (times.edge_backward_ds != CLOSED)
    return float(times.network.edge_m[is_open & ~core].sum()) / 1000


def _classes(times: DriveTimes) -> pd.DataFrame:
    """Kilometres and speeds by highway class, open roads only."""
    network = times.network
    tags = [one.get("highway", one.get("route", "?")) for one in network.tagsets]
    road_class = np.array(tags)[network.way_tags[network.edge_way]]
    ds = np.where(times.edge_forward_ds != CLOSED, times.edge_forward_ds, times.edge_backward_ds)
    length_m = network.edge_m
    is_open = ds != CLOSED
    frame = pd.DataFrame(
        {
            "class": road_class[is_open],
            "km": length_m[is_open] / 1000,
            "hours": ds[is_open] / 36_000,
            "oneway_km": np.where(
                (times.edge_forward_ds == CLOSED) | (times.edge_backward_ds == CLOSED),
                length_m / 1000,
                0,
            )[is_open],
        }
    )
    table = frame.groupby("class")[["km", "hours", "oneway_km"]].sum()
    table["mean_km_h"] = table["km"] / table["hours"]
    table = table.drop(columns="hours").sort_values("km", ascending=False)
    return table.round({"km": 1, "oneway_km": 1, "mean_km_h": 1})


def inspect_run(run: Run) -> str:
    """Describe a study's data as it was read: people, groups, sites, and where they stand."""
    population, counts = run.population, run.population.counts
    lines = [
        f"study         {run.study.name.in_language('en')} ({run.study.path.name})",
        f"people        {population.total:,.0f} in {len(population.cells):,} cells of "
        f"{counts.get('cell_size_m', 0):,.0f} m",
    ]
    lines += [f"note          {note}" for note in (*population.notes, *run.sites.notes)]
    for group in population.groups:
        low, high = population.bounds(group)
        hidden = counts.get(f"suppressed_cells_{group}", 0)
        lines.append(
            f"group {group:8s}{low.sum():,.0f} to {high.sum():,.0f} people"
            f" ({hidden:,.0f} cells suppressed)"
        )
    for what in ("perturbed_cells", "groups_exceed_cell", "cells_without_people"):
        if counts.get(what):
            lines.append(f"{what.replace('_', ' ')}: {counts[what]:,.0f}")
    tiers = run.sites.frame["tier"].value_counts()
    lines.append(
        "sites         " + ", ".join(f"{tiers.get(one, 0)} {one}" for one in run.tiers.ids)
    )
    lines += ["", run.audit().to_string(float_format=lambda value: f"{value:,.0f}")]
    lines += ["", *_near_and_far(run)]
    return "\n".join(lines) + "\n"


def _near_and_far(run: Run) -> list[str]:
    """Say how many people live by a road, and how many near a site are far from it by the roads."""
    audit, limits = run.network_audit, run.network_audit.limits
    lines = []
    if audit.near_share is not None:
        lines.append(f"by a road     {audit.near_share:.1%} of people within {NEAR_M:g} m of one")
    lines += [
        f"detours {tier:5s} {audit.people(tier):,.0f} people within {limits.within_m / 1000:g} km "
        f"of a site in a straight line but over {limits.over_min:g} min from it"
        + "".join(f"; {name} {people:,.0f}" for name, people in list(areas.items())[:5])
        for tier, areas in ((tier, audit.areas(tier)) for tier in run.tiers.ids)
    ]
    return lines


def is_study(path: Path) -> bool:
    """Tell a study from a network file by its name."""
    return path.suffix.lower() == ".toml"
