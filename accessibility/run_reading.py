"""Reads run folders back, to compare them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from accessibility.comparison import Outcome
from accessibility.errors import DataError, ScenarioError
from accessibility.population import Population
from accessibility.services import Target, Text, Tier, Tiers
from accessibility.sites import Sites
from accessibility.targets import AreaShare, Verdict

#: What may differ between two runs that are compared: the list of sites, and a scenario.
MAY_DIFFER = frozenset({"sites"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run folder: its outcome, and what its figures rest on."""

    folder: Path
    outcome: Outcome
    provenance: Mapping[str, Any]

    @property
    def language(self) -> str:
        """The study's language."""
        return str(self.provenance["settings"]["language"])

    @property
    def study_name(self) -> str:
        """The study's name in its language."""
        return Text(self.provenance["settings"]["name"]).in_language(self.language)


def read_run(folder: str | Path, language: str | None = None) -> StoredRun:
    """Read a run folder.

    Parameters
    ----------
    folder
        As `accessibility run` wrote it.
    language
        Of its names; the study's unless given.

    Raises
    ------
    DataError
        If it is no run folder, or another version's.
    """
    place = Path(folder)
    try:
        provenance = json.loads((place / "run.json").read_text(encoding="utf-8"))
        verdicts = json.loads((place / "targets.json").read_text(encoding="utf-8"))["targets"]
        cells = gpd.read_parquet(place / "cells.parquet").set_index("cell_id")
        settings = provenance["settings"]
        spoken = language or settings["language"]
        tiers = Tiers(
            tuple(
                Tier(id=one["id"], name=Text(one["name"]), includes=tuple(one["includes"]))
                for one in settings["tiers"]
            )
        )
        targets = {one["id"]: _target(one) for one in settings["targets"]}
        scenario = provenance["scenario"]
        name = Text(scenario["name"]) if scenario else Text(settings["name"])
        outcome = Outcome(
            name=name.in_language(spoken),
            population=_population(cells),
            sites=_sites(provenance["sites"], str(cells.crs)),
            tiers=tiers,
            nearest=pd.DataFrame(cells[[c for c in cells if c.startswith(("time_s_", "site_"))]]),
            verdicts=[_verdict(one, targets[one["id"]]) for one in verdicts],
            bands_min=settings["isochrones"]["bands_min"],
        )
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise DataError(
            f"{place}: is no run folder of this version ({type(problem).__name__}: {problem}); "
            "give a folder that `accessibility run` wrote"
        ) from problem
    return StoredRun(folder=place, outcome=outcome, provenance=provenance)


def check_comparable(before: StoredRun, after: StoredRun) -> None:
    """Refuse two runs whose inputs or settings differ in more than their sites and scenario.

    Raises
    ------
    ScenarioError
        Naming everything that differs.
    """
    differences = []
    old, new = before.provenance, after.provenance
    for what in sorted(set(old["inputs"]) | set(new["inputs"])):
        first = old["inputs"].get(what, {}).get("sha256")
        second = new["inputs"].get(what, {}).get("sha256")
        if first != second and what not in MAY_DIFFER and what != "study":
            differences.append(f"the {what} file")
    differences += [
        f"the study's {part}"
        for part in sorted(old["settings"])
        if part not in ("name", "sites") and old["settings"][part] != new["settings"].get(part)
    ]
    if old["speeds"] != new["speeds"]:
        differences.append("the speed table")
    if differences:
        raise ScenarioError(
            f"{before.folder} and {after.folder} cannot be compared: they differ in "
            f"{', '.join(differences)}; run both with the same, save sites and scenario"
        )


def _population(cells: gpd.GeoDataFrame) -> Population:
    own = {"x", "y", "people", "municipality", "geometry", "status", "access_leg_m"}
    groups = [
        str(column)
        for column in cells
        if column not in own and not str(column).startswith(("time_s_", "site_"))
    ]
    kept = [column for column in ("x", "y", "people", *groups, "municipality") if column in cells]
    return Population(cells=cells[[*kept, "geometry"]], groups=tuple(groups))


def _sites(records: list[dict[str, Any]], crs: str) -> Sites:
    frame = pd.DataFrame(records).set_index("id").rename_axis("site_id")
    points = gpd.GeoSeries([None] * len(frame), index=frame.index, crs=crs)
    return Sites(frame=gpd.GeoDataFrame(frame, geometry=points, crs=crs).sort_index())


def _target(data: Mapping[str, Any]) -> Target:
    return Target(**{**data, "name": Text(data["name"])})


def _verdict(data: Mapping[str, Any], target: Target) -> Verdict:
    return Verdict(
        target=target,
        word=data["verdict"],
        required=data["required"],
        measured_low=data["measured_low"],
        measured_high=data["measured_high"],
        people=data.get("people", 0.0),
        people_missing=data["people_missing"],
        sensitivity=data["sensitivity"],
        sensitivity_high=data.get("sensitivity_high", {}),
        by_municipality=tuple(AreaShare(**one) for one in data["by_municipality"]),
        reason=data.get("reason", ""),
    )
