"""Runs a study as far as a benchmark asks: `python -m benchmarks.whole_run STUDY FOLDER PART...`.

Parts: `verdicts` (always), `tables` (coverage.csv, targets.json), `times` (times.parquet),
`isochrones` (the tiers' layer, as GeoParquet), `sensitivity` (verdicts in winter and at slower
speeds too). `--no-cache` reads the source anew.
"""

from __future__ import annotations

import argparse
import atexit
import gc
from pathlib import Path

import accessibility as acc
from accessibility.reports import coverage_csv, targets_json
from accessibility.run_folder import write_times

PARTS = ("verdicts", "tables", "times", "isochrones", "sensitivity")


def main() -> None:
    """Run a study and write the parts that are asked for."""
    atexit.register(gc.freeze)  # as the command line does
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parser.add_argument("--no-cache", action="store_true")
    asked = parser.parse_args()
    study = acc.load_study(asked.study)
    sensitive = "sensitivity" in asked.parts
    run = acc.run_study(study, cache=not asked.no_cache, sensitivity=sensitive)
    (asked.folder / "targets.json").write_text(targets_json(run.verdicts), encoding="utf-8")
    if "tables" in asked.parts:
        table = coverage_csv(run.coverage)
        (asked.folder / "coverage.csv").write_text(table, encoding="utf-8")
    if "times" in asked.parts:
        write_times(run.times, asked.folder / "times.parquet")
    if "isochrones" in asked.parts:
        bands = acc.isochrones(
            run.times,
            run.population,
            run.sites,
            run.tiers,
            bands_min=study.bands_min,
            resolution_m=study.file.isochrones.resolution_m,
        )
        bands.to_parquet(asked.folder / "isochrones.parquet")


if __name__ == "__main__":
    main()
