"""Reads run folders back: to compare runs, and to make pages of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from accessibility.checks import path_of
from accessibility.comparison import Outcome
from accessibility.coverage_table import coverage
from accessibility.errors import DataError, InputError, ScenarioError
from accessibility.isochrone import CUT
from accessibility.network_audit import NetworkAudit, audit_of
from accessibility.opening_times import sites_open_at
from accessibility.population import FEWEST, MOST, OWN_COLUMNS, Population, ranges_of
from accessibility.reports.facts import ReportFacts
from accessibility.scenarios import Proposal, Scenario, change_of
from accessibility.services import Target, Text, Tiers
from accessibility.sites import Sites
from accessibility.sources.areas import named_places
from accessibility.speeds import Season, SpeedTable
from accessibility.study import Study, StudyFile, study_of
from accessibility.surroundings import read_layer, sites_with_points
from accessibility.targets import AreaShare, Verdict

#: Of run.json and targets.json.
SCHEMA_VERSION = 1
#: What may differ between two runs that are compared: the list of sites, and a scenario.
MAY_DIFFER = frozenset({"sites"})
CELL_COLUMNS = ("time_s_", "site_")
NO_GROUPS = (*CELL_COLUMNS, FEWEST, MOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run folder, read back; see `accessibility.runs.Run` for what its parts are.

    Parameters
    ----------
    folder
        Where it lies.
    provenance
        run.json.
    study
        The study as it was in force; its paths name files, which need not be there.
    roads
        Main roads for orientation: `highway`, geometry; simplified.
    isochrones
        Bands by tier: `tier`, `band_min`, `people`, geometry.
    inside
        For targets that ask who is open when: whether each cell is within the limit.
    people_outside
        By target with a time limit: people beyond it, fewest and most.
    network_audit
        What the network holds, and whom it sends a long way round.
    """

    folder: Path
    provenance: Mapping[str, Any] = field(repr=False)
    study: Study
    speeds: SpeedTable = field(repr=False)
    season: Season
    scenario: Scenario | None
    population: Population = field(repr=False)
    sites: Sites = field(repr=False)
    areas: gpd.GeoDataFrame | None = field(repr=False)
    places: gpd.GeoDataFrame | None = field(repr=False)
    roads: gpd.GeoDataFrame = field(repr=False)
    isochrones: gpd.GeoDataFrame = field(repr=False)
    nearest: pd.DataFrame = field(repr=False)
    status: pd.Series[str] = field(repr=False)
    coverage: pd.DataFrame = field(repr=False)
    verdicts: list[Verdict]
    inside: Mapping[str, np.ndarray] = field(repr=False)
    people_outside: Mapping[str, tuple[float, float]] = field(repr=False)
    network_audit: NetworkAudit = field(repr=False)

    @property
    def language(self) -> str:
        """The study's language."""
        return self.study.language

    @property
    def study_name(self) -> str:
        """The study's name in its language."""
        return self.study.name.in_language(self.language)

    @property
    def tiers(self) -> Tiers:
        """The study's tiers."""
        return self.study.tiers

    @property
    def effects(self) -> Sequence[str]:
        """Sentences on what a scenario's changes bring with them."""
        scenario = self.provenance["scenario"]
        return tuple(scenario["effects"]) if scenario else ()

    @property
    def network_origin(self) -> Mapping[str, Any]:
        """What the road file says of itself, such as its date."""
        return dict(self.provenance["network"])

    @property
    def stranded_sites(self) -> Mapping[str, str]:
        """Names, by id, of sites too far from any road to serve anybody."""
        return dict(self.provenance["stranded_sites"])

    @property
    def facts(self) -> ReportFacts:
        """What the run was made with."""
        drawn = self.provenance["isochrones"]
        return ReportFacts(
            version=self.provenance["accessibility"],
            engine=self.provenance["engine"],
            isochrone_mismatch=drawn["share_of_people_outside_own_band"],
            isochrone_resolution_m=drawn["resolution_m"]["tiers"],
            isochrone_on_land=drawn["land"] == CUT if "land" in drawn else None,
        )

    def audit(self) -> pd.DataFrame:
        """Count cells and people by status, and those whose access leg is long."""
        counts = self.provenance["counts"]
        people = counts["people"]
        frame = pd.DataFrame(
            {
                "cells": [int(counts["cells"][what]) for what in people],
                "people": [float(number) for number in people.values()],
            },
            index=pd.Index(list(people), name="what"),
        )
        return frame

    def outcome(self, language: str | None = None) -> Outcome:
        """Take what a comparison needs, with its names in a language."""
        spoken = language or self.language
        name = self.scenario.name if self.scenario is not None else self.study.name
        return Outcome(
            name=name.in_language(spoken),
            population=self.population,
            sites=self.sites,
            tiers=self.tiers,
            nearest=self.nearest,
            verdicts=self.verdicts,
            bands_min=self.study.bands_min,
            inside=self.inside,
            places=None if self.places is None else named_places(self.places, spoken),
        )


def read_run(folder: str | Path) -> StoredRun:
    """Read a run folder.

    Parameters
    ----------
    folder
        As `accessibility run` wrote it.

    Raises
    ------
    DataError
        If it is no run folder, or another version's.
    """
    place = path_of(folder, "folder")
    try:
        return _read(place)
    except (
        OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError,
    ) as problem:  # RuntimeError: what GDAL says of a file  # fmt: skip
        raise DataError(
            f"{place}: is no run folder of this version ({type(problem).__name__}: {problem}); "
            "give a folder that `accessibility run` wrote"
        ) from problem


def _read(place: Path) -> StoredRun:
    import pyogrio

    provenance = _json(place / "run.json")
    judged = _json(place / "targets.json")["targets"]
    cells = gpd.read_parquet(place / "cells.parquet").set_index("cell_id")
    drawn = place / "surroundings.gpkg"
    study = _study(provenance)
    targets = {target.id: target for target in study.targets}
    points = read_layer(drawn, "sites", index="site_id")
    sites = replace(_sites(provenance, points, study.crs), country=study.file.country)
    population = _population(cells, provenance)
    roads = read_layer(drawn, "roads")
    nearest = pd.DataFrame(cells[[c for c in cells if str(c).startswith(CELL_COLUMNS)]])
    return StoredRun(
        folder=place,
        provenance=provenance,
        study=study,
        speeds=SpeedTable.model_validate_json(json.dumps(provenance["speeds"])),
        season=provenance["season"],
        scenario=_scenario(provenance["scenario"]),
        population=population,
        sites=sites,
        areas=read_layer(drawn, "areas", index="area"),
        places=read_layer(drawn, "places"),
        roads=_no_roads(study.crs) if roads is None else roads,
        isochrones=gpd.GeoDataFrame(
            pyogrio.read_dataframe(place / "isochrones.gpkg", layer="tiers")
        ),
        nearest=nearest,
        status=cells["status"],
        coverage=coverage(nearest, population, study.tiers, bands_min=study.bands_min),
        verdicts=[_verdict(one, targets[one["id"]]) for one in judged],
        inside={
            target.id: _inside_when_open(place, target, sites, study.tiers, cells.index)
            for target in study.targets
            if target.kind == "share" and target.open_at is not None
        },
        people_outside={
            name: (float(low), float(high))
            for name, (low, high) in provenance["people_outside"].items()
        },
        network_audit=audit_of(provenance["network_audit"]),
    )


def _json(path: Path) -> dict[str, Any]:
    """Read a file of a run folder whose schema is the one that this version writes."""
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} is no JSON object")
    version = found.get("schema_version")
    if isinstance(version, bool) or version != SCHEMA_VERSION:
        raise ValueError(
            f"{path.name} has schema_version {version!r}, this version reads {SCHEMA_VERSION}"
        )
    return found


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
    if old["accessibility"] != new["accessibility"]:
        differences.append("the version of accessibility")
    if differences:
        raise ScenarioError(
            f"{before.folder} and {after.folder} cannot be compared: they differ in "
            f"{', '.join(differences)}; run both with the same, save sites and scenario"
        )


def _study(provenance: Mapping[str, Any]) -> Study:
    """Make the study anew from the settings that were in force."""
    settings = {key: _as_written(value) for key, value in provenance["settings"].items()}
    name = provenance["inputs"]["study"]["file"]
    try:
        return study_of(Path(name), StudyFile.model_validate(settings))
    except InputError as problem:
        raise ValueError(str(problem)) from problem


def _as_written(value: Any) -> Any:
    """Undo what reading a study does to texts: a name in no language becomes plain text again."""
    if isinstance(value, Mapping):
        if set(value) == {""}:
            return value[""]
        return {key: _as_written(one) for key, one in value.items()}
    return [_as_written(one) for one in value] if isinstance(value, list) else value


def _population(cells: gpd.GeoDataFrame, provenance: Mapping[str, Any]) -> Population:
    groups = [
        str(column)
        for column in cells
        if column not in OWN_COLUMNS and not str(column).startswith(NO_GROUPS)
    ]
    kept = [column for column in ("x", "y", "people", *groups, "municipality") if column in cells]
    records = provenance["register"]
    register = None
    if records is not None:
        register = pd.DataFrame(records).set_index("municipality").astype("float64")
    return Population(
        cells=cells[[*kept, "geometry"]],
        groups=tuple(groups),
        counts=provenance["counts"]["population"],
        notes=tuple(provenance["notes"]),
        partition=tuple(tuple(part) for part in provenance.get("partition", [])),
        ranges=ranges_of(cells, groups),
        register=register,
    )


def _sites(provenance: Mapping[str, Any], points: gpd.GeoDataFrame | None, crs: str) -> Sites:
    records = pd.DataFrame(provenance["sites"], columns=_site_columns(provenance["sites"]))
    frame = records.set_index("id").rename_axis("site_id")
    return sites_with_points(frame, points, crs)


def _site_columns(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name the columns of the list of sites, also where a scenario closed every one."""
    return list(dict.fromkeys(["id", "name", "tier", *(key for row in records for key in row)]))


def _no_roads(crs: str) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"highway": []}, geometry=[], crs=crs)


def _scenario(record: Mapping[str, Any] | None) -> Scenario | None:
    if record is None:
        return None
    proposal = record.get("proposal")
    return Scenario(
        name=Text(record["name"]),
        changes=tuple(change_of(one) for one in record["changes"]),
        proposal=None if proposal is None else Proposal(**proposal),
    )


def _inside_when_open(
    place: Path, target: Target, sites: Sites, tiers: Tiers, cell_ids: pd.Index[str]
) -> np.ndarray:
    """Mark the cells within the limit of a target that counts sites open at a time."""
    serving = sites.serving(target.tier, tiers)
    counting = list(sites_open_at(sites, serving, target.open_at).certain)
    if not counting:
        return np.zeros(len(cell_ids), dtype=bool)
    table = pq.read_table(place / "times.parquet", filters=[("site_id", "in", counting)])
    times = table.to_pandas()
    near = times.loc[times["travel_time_s"] <= target.cutoff_s, "cell_id"].astype(str)
    return np.asarray(cell_ids.isin(set(near)))


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
        flips_at_min=data.get("flips_at_min"),
    )
