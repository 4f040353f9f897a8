"""Reprint the table of method.md that holds the drawn isochrones against the exact times.

    python docs/isochrones_check.py STUDY...    # prints one table row a study and band

At random points around each band the travel time is worked out as for a cell that stands there; the
drawn polygon should hold just those within the band. Shares are of the points within it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import shapely

import accessibility as acc
from accessibility.traveltime import UNREACHABLE, PointTimes, whole_seconds

POINTS = 60_000


def rows(path: Path) -> list[str]:
    """Measure the first tier's bands of a study."""
    study = acc.load_study(path)
    run = acc.run_study(study, sensitivity=False)
    drawn = acc.isochrones(
        run.times, run.population, run.sites, study.tiers, bands_min=study.bands_min,
        resolution_m=study.file.isochrones.resolution_m,
    )  # fmt: skip
    search, snapper, tier = run.times.search, run.times.snapper, study.tiers.ids[0]
    assert search is not None
    assert snapper is not None
    columns = run.times.columns_of(run.sites.serving(tier, study.tiers))
    chance = np.random.default_rng(1)
    found = []
    for band in study.bands_min:
        of_band = (drawn["tier"] == tier) & (drawn["band_min"] == band)
        shape = drawn[of_band].geometry.iloc[0]
        west, south, east, north = shape.bounds
        pad = 0.1 * max(east - west, north - south) + 200
        low, high = (west - pad, south - pad), (east + pad, north + pad)
        xy = chance.uniform(low, high, (POINTS, 2))
        stand = snapper.snap_cells(xy, search.sites)
        reader = PointTimes(search.graph, stand, direction=search.direction)
        drive_ds = reader.of_nearest(search, columns).astype(np.int64)
        reached = (drive_ds != UNREACHABLE) & ~stand.too_far
        exact = reached & (whole_seconds(drive_ds + stand.leg_ds) <= band * 60)
        shapely.prepare(shape)
        inside = shapely.intersects_xy(shape, xy[:, 0], xy[:, 1])
        agree = (exact & inside).sum() / (exact | inside).sum()
        false_in, false_out = (inside & ~exact).sum(), (exact & ~inside).sum()
        found.append(
            f"| {path.stem} | {drawn.attrs['resolution_m']:g} m | {band:g} min | {agree:.3f} | "
            f"{false_in / exact.sum():.1%} | {false_out / exact.sum():.1%} |"
        )
    return found


def main() -> None:
    print("| study | raster | band | intersection over union | falsely inside | falsely outside |")
    print("| --- | --- | --- | --- | --- | --- |")
    for path in map(Path, sys.argv[1:]):
        print("\n".join(rows(path)))


if __name__ == "__main__":
    main()
