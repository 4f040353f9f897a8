"""The run folder: every file of a run, written whole or not at all.

Everything is written into a folder beside the wanted one, which then takes its place, so that a
reader meets the old run or the new one, never half of either. The same run gives the same bytes:
there is no clock in any file.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from accessibility.checks import flag, of_kind, path_of, word
from accessibility.coasts import Coast, coast_of
from accessibility.errors import OutputError, StudyError, examples
from accessibility.isochrone import CUT, Mismatch, isochrones, mismatch
from accessibility.notices import notices
from accessibility.runs import Run
from accessibility.scenarios import ChangePopulation, ForecastRegister, Scenario
from accessibility.services import LANGUAGES
from accessibility.sources.files import sha256
from accessibility.surroundings import surroundings
from accessibility.traveltime import UNREACHABLE, TravelTimes

if TYPE_CHECKING:
    import geopandas as gpd

    from accessibility.study import Study

MARKER = "run.json"
SCHEMA_VERSION = 1
LIBRARIES = (
    "contourpy", "folium", "geopandas", "networkx", "numpy", "osmium", "osmnx", "pandas",
    "pyarrow", "pyogrio", "pyproj", "scipy", "shapely",
)  # fmt: skip
#: Everything that a run writes; whatever else lies in its folder is somebody's own.
RUN_FILES = frozenset(
    {
        MARKER, "cells.parquet", "times.parquet", "coverage.csv", "targets.json", "report.md",
        "isochrones.gpkg", "surroundings.gpkg", "map.html", "index.html", "index-tables",
        "comparison.json", "flows.csv", *(f"card.{language}.md" for language in LANGUAGES),
    }
)  # fmt: skip
CELLS_PER_BATCH = 20_000
#: GDAL stamps GeoPackages with the clock unless told what time it is.
NO_CLOCK = "2000-01-01T00:00:00.000Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """The isochrones of a run, by tier and by site, and how far they disagree with the cells."""

    tiers: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame | None
    mismatch: Mismatch


def draw_shapes(run: Run, *, sites: bool = True) -> Shapes:
    """Draw the isochrones of a run, on land; those by site only where they are wanted."""
    coast = coast_of(run)
    tiers = _isochrones(run, "tier", coast)
    return Shapes(
        tiers=tiers,
        sites=_isochrones(run, "site", coast) if sites else None,
        mismatch=mismatch(
            tiers,
            run.nearest,
            run.population,
            run.tiers,
            counted=coast.inland(run.population.xy),
        ),
    )


def _isochrones(run: Run, by: Literal["tier", "site"], coast: Coast) -> gpd.GeoDataFrame:
    study = run.study
    frame = isochrones(
        run.times,
        run.population,
        run.sites,
        run.tiers,
        bands_min=study.bands_min,
        by=by,
        resolution_m=study.file.isochrones.resolution_m,
        coast=coast.rings,
    )
    frame.attrs["land"] = coast.said
    return frame


def check_folder(folder: Path, *, force: bool, inputs: Mapping[str, Path] | None = None) -> None:
    """Check, before any work, that a run may be written to a folder.

    Raises
    ------
    StudyError
        If it holds something and `force` is not given, holds anything but an earlier run, is a
        file, or holds an input of the run.
    """
    try:
        _check_free(folder, force=force, inputs=inputs or {})
    except (OSError, ValueError) as problem:
        if isinstance(problem, StudyError):
            raise
        reason = problem.strerror if isinstance(problem, OSError) else problem
        raise OutputError(f"--out: {folder}: cannot be used ({reason})") from problem


def inputs_of(study: Study, scenario: Scenario | None) -> dict[str, Path]:
    """List every file that a run and its scenario are made from, by what it is."""
    files = [] if scenario is None else scenario_inputs(scenario)
    return {**study.inputs, **{f"scenario's {path.name}": path.resolve() for path in files}}


def _check_free(folder: Path, *, force: bool, inputs: Mapping[str, Path]) -> None:
    folder = folder.absolute()
    if folder.is_symlink():
        raise StudyError(f"--out: {folder} is a link; name the folder itself")
    folder = folder.resolve()
    for place in (folder, *folder.parents):
        if place.is_file():
            raise StudyError(f"--out: {place} is a file; name a folder")
    for what, path in inputs.items():
        if folder == path or folder in path.parents:
            raise StudyError(
                f"--out: {folder} holds the {what} that is read ({path}); name another"
            )
    if folder.is_dir() and any(folder.iterdir()):
        if not force:
            raise StudyError(
                f"--out: {folder} is not empty; name another folder, or replace an earlier run: "
                "give --force (in Python force=True)"
            )
        if not (folder / MARKER).is_file():
            raise StudyError(
                f"--out: {folder} is not empty and is no earlier run (it has no {MARKER}), so "
                "--force does not replace it; name another folder"
            )
        foreign = sorted(
            one.name
            for one in folder.iterdir()
            if one.name not in RUN_FILES and not one.name.startswith(".")
        )
        if foreign:
            raise StudyError(
                f"--out: {folder} holds what no run wrote, which --force would delete: "
                f"{examples(foreign)}; move it, or name another folder"
            )


def write_run(
    run: Run,
    folder: str | Path,
    *,
    force: bool = False,
    language: str | None = None,
    baseline: Run | None = None,
) -> Path:
    """Write every file of a run.

    Parameters
    ----------
    run
        The run.
    folder
        Where; made if it is not there.
    force
        Whether an earlier run there is replaced.
    language
        Of the report and the map: fi, sv or en; the study's unless given.
    baseline
        For a scenario: the run that it is compared with.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    StudyError
        If the folder is not free.
    OutputError
        If something cannot be written; the folder is as it was before.
    """
    of_kind(run, "run", Run, "run the study with run_study")
    if baseline is not None:
        of_kind(baseline, "baseline", Run, "the run that the scenario is compared with")
    if language is not None:
        word(language, "language", LANGUAGES)
    place = path_of(folder, "folder")
    force = flag(force, "force")
    check_folder(place, force=force, inputs=inputs_of(run.study, run.scenario))
    shapes = draw_shapes(run)
    with _whole_folder(place) as new:
        _write_files(run, shapes, new, language or run.study.language)
        if baseline is not None:
            _write_comparison(baseline, run, new)
        _write_page(baseline, new, language or run.study.language)
    return place


def _write_page(baseline: Run | None, folder: Path, language: str) -> None:
    """Write the council page of what is in the folder; of a scenario, beside its baseline."""
    from accessibility.pages import write_page
    from accessibility.run_reading import read_run

    runs = [read_run(folder)]
    with tempfile.TemporaryDirectory(prefix="accessibility-") as other:
        if baseline is not None:
            write_record(baseline, draw_shapes(baseline, sites=False), Path(other))
            runs.insert(0, read_run(other))
        write_page(runs, folder / "index.html", language=language)


def _write_comparison(baseline: Run, run: Run, folder: Path) -> None:
    """Write what a scenario changes: comparison.json, flows.csv and the cards."""
    from accessibility.reports import area_names_of, card, csv_table
    from accessibility.what_if import compare_runs

    for language in LANGUAGES:
        found = compare_runs(baseline, run, language)
        text = card(
            found,
            language=language,
            study_name=run.study.name.in_language(language),
            scenario=run.scenario,
            effects=run.effects,
            mode=run.study.file.network.mode,
            area_names=area_names_of(run, language),
        )
        (folder / f"card.{language}.md").write_text(text, encoding="utf-8")
        if language == run.study.language:
            data = {**found.to_dict(), "effects": list(run.effects)}
            text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
            (folder / "comparison.json").write_text(text + "\n", encoding="utf-8")
            flows = found.flows[["from_site", "to_site", "people", "tier"]]
            (folder / "flows.csv").write_text(csv_table(flows), encoding="utf-8", newline="")


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of the wanted one once it is full."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-writing-", dir=folder.parent))
        new.chmod(0o755)
    except OSError as problem:
        raise OutputError(f"{folder}: cannot be written there ({problem.strerror})") from problem
    try:
        yield new
        old = None
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
            folder.replace(old / "run")
        new.replace(folder)
        if old is not None:
            shutil.rmtree(old, ignore_errors=True)
    except OSError as problem:
        raise OutputError(
            f"{folder}: cannot be written ({problem.strerror or problem}); nothing was changed"
        ) from problem
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _write_files(run: Run, shapes: Shapes, folder: Path, language: str) -> None:
    from accessibility import __version__
    from accessibility.maps import run_map, save_map
    from accessibility.reports import ReportFacts, report

    write_record(run, shapes, folder)
    facts = ReportFacts(
        version=__version__,
        engine=_engine(run),
        isochrone_mismatch=shapes.mismatch.outside,
        isochrone_resolution_m=shapes.tiers.attrs["resolution_m"],
        isochrone_on_land=shapes.tiers.attrs["land"] == CUT,
    )
    (folder / "report.md").write_text(report(run, language=language, facts=facts), encoding="utf-8")
    save_map(run_map(run, isochrones=shapes.tiers, language=language), folder / "map.html")


def write_record(run: Run, shapes: Shapes, folder: Path) -> None:
    """Write the files that a run is read back from; see `accessibility.run_reading.read_run`.

    Parameters
    ----------
    run, shapes
        The run and its isochrones.
    folder
        An empty folder.
    """
    from accessibility.reports import coverage_csv, targets_json

    run.cells().reset_index().to_parquet(folder / "cells.parquet", index=False)
    write_times(run.times, folder / "times.parquet")
    layers = {"tiers": shapes.tiers, "sites": shapes.sites}
    _write_layers(
        {name: layer for name, layer in layers.items() if layer is not None},
        folder / "isochrones.gpkg",
    )
    _write_layers(surroundings(run), folder / "surroundings.gpkg")
    (folder / "coverage.csv").write_text(coverage_csv(run.coverage), encoding="utf-8", newline="")
    (folder / "targets.json").write_text(targets_json(run.verdicts), encoding="utf-8")
    provenance = json.dumps(
        provenance_of(run, shapes), indent=1, sort_keys=True, ensure_ascii=False
    )
    (folder / MARKER).write_text(provenance + "\n", encoding="utf-8")


def write_times(times: TravelTimes, path: Path) -> None:
    """Write the pairs that have a way: `cell_id`, `site_id` (dictionaries), `travel_time_s`."""
    cells = pa.array(times.cell_ids.to_list(), pa.string())
    sites = pa.array(times.site_ids.to_list(), pa.string())
    schema = pa.schema(
        [
            ("cell_id", pa.dictionary(pa.int32(), pa.string())),
            ("site_id", pa.dictionary(pa.int32(), pa.string())),
            ("travel_time_s", pa.int32()),
        ]
    )
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for first in range(0, len(cells), CELLS_PER_BATCH):
            part = np.ascontiguousarray(times.time_s[first : first + CELLS_PER_BATCH])
            rows, columns = np.nonzero(part != UNREACHABLE)
            row_codes = pa.array((rows + first).astype(np.int32))
            column_codes = pa.array(columns.astype(np.int32))
            writer.write_table(
                pa.Table.from_arrays(
                    [
                        pa.DictionaryArray.from_arrays(row_codes, cells),
                        pa.DictionaryArray.from_arrays(column_codes, sites),
                        pa.array(part[rows, columns]),
                    ],
                    schema=schema,
                )
            )


def _write_layers(layers: Mapping[str, gpd.GeoDataFrame], path: Path) -> None:
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": NO_CLOCK})
    try:
        for name, frame in layers.items():
            land = frame.attrs.get("land")
            said = {} if land is None else {"layer_options": {"DESCRIPTION": str(land)}}
            frame.to_file(path, layer=name, driver="GPKG", engine="pyogrio", **said)
    except (DataSourceError, DataLayerError) as problem:  # a full disk, as GDAL puts it
        raise OutputError(f"{path.name}: {str(problem).split(';')[0]}. Is the disk full?") from (
            problem
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def provenance_of(run: Run, shapes: Shapes | None = None) -> dict[str, Any]:
    """Give everything that the figures rest on: inputs, settings, versions, counts; no clock."""
    from accessibility import __version__

    study = run.study
    settings = study.file.model_dump(mode="json", by_alias=True)
    audit = run.audit()
    found: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "accessibility": __version__,
        "engine": _engine(run),
        "inputs": {
            what: {"file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)}
            for what, path in study.inputs.items()
        },
        "dates": {
            "population": settings["population"]["date"],
            "network": run.network.origin.get("timestamp"),
        },
        "settings": settings,
        "speeds": run.speeds.model_dump(mode="json"),
        "versions": {
            "python": f"{sys.version_info.major}.{sys.version_info.minor}",
            **{name: version(name) for name in LIBRARIES},
        },
        "counts": {
            "population": dict(run.population.counts),
            "network": {
                "edges": run.network.edges,
                "junctions": run.network.nodes,
                "length_km": round(float(run.network.segment_m.sum()) / 1000, 3),
                **run.network.counts,
                **_drive_counts(run),
            },
            "sites": {
                "sites": len(run.sites.frame),
                "moved": _moved_sites(run),
                **run.sites.counts,
            },
            "cells": {str(what): int(number) for what, number in audit["cells"].items()},
            "people": {str(what): float(number) for what, number in audit["people"].items()},
        },
        "notes": [*run.population.notes, *run.sites.notes],
        "network": dict(run.network_origin),
        "network_audit": run.network_audit.to_dict(),
        "season": run.season,
        "register": _register_records(run),
        "partition": [list(part) for part in run.population.partition],
        "stranded_sites": dict(run.stranded_sites),
        "people_outside": {name: list(both) for name, both in run.people_outside.items()},
        "scenario": _scenario_of(run),
        "sites": _site_records(run),
        "warnings": notices(run),
    }
    if shapes is not None:
        found["isochrones"] = {
            "resolution_m": {
                name: layer.attrs["resolution_m"]
                for name, layer in (("tiers", shapes.tiers), ("sites", shapes.sites))
                if layer is not None
            },
            "land": shapes.tiers.attrs["land"],
            "share_of_people_outside_own_band": shapes.mismatch.outside,
            "share_of_people_inside_a_shorter_band": shapes.mismatch.inside_shorter,
        }
    return found


def scenario_inputs(scenario: Scenario) -> list[Path]:
    """List the files that a scenario reads: grids, and registers of their own."""
    found: list[Path] = []
    for change in scenario.changes:
        if isinstance(change, ChangePopulation) and change.source is not None:
            found.append(Path(change.source))
            if isinstance(change.register, ForecastRegister):
                found.append(Path(change.register.source))
    return found


def _scenario_of(run: Run) -> dict[str, Any] | None:
    """Give a scenario's name, changes and effects; None for a baseline."""
    if run.scenario is None:
        return None
    return {
        "name": dict(run.scenario.name.by_language),
        "changes": [
            {"action": type(change).__name__, **asdict(change)} for change in run.scenario.changes
        ],
        "effects": list(run.effects),
        "inputs": {
            path.name: {"bytes": path.stat().st_size, "sha256": sha256(path)}
            for path in scenario_inputs(run.scenario)
        },
        "proposal": None if run.scenario.proposal is None else asdict(run.scenario.proposal),
    }


def _register_records(run: Run) -> list[dict[str, Any]] | None:
    """List the municipalities of the grid and the register, with None for what one lacks."""
    register = run.population.register
    if register is None:
        return None
    rows = register.astype(object).where(register.notna(), None).to_dict("records")
    return [
        {"municipality": str(name), **{str(key): value for key, value in row.items()}}
        for name, row in zip(register.index, rows, strict=True)
    ]


def _site_records(run: Run) -> list[dict[str, Any]]:
    """List the sites that stand; their places are in surroundings.gpkg."""
    frame = run.sites.frame.drop(columns="geometry")
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [
        {"id": str(site), **{str(key): value for key, value in row.items()}}
        for site, row in zip(frame.index, records, strict=True)
    ]


def _engine(run: Run) -> str:
    """Name what searched; "scipy" where that is no longer known, as every run can do with it."""
    return run.times.search.engine if run.times.search is not None else "scipy"


def _drive_counts(run: Run) -> Mapping[str, int]:
    return run.times.search.graph.times.counts if run.times.search is not None else {}


def _moved_sites(run: Run) -> int:
    return int(run.times.search.sites.moved.sum()) if run.times.search is not None else 0
