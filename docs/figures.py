"""Reprints the figures of README.md and docs/method.md from the real data, and writes them there.

Usage: python docs/figures.py [--write | --check]. The data folder is the one that
ACCESSIBILITY_DATA names, else `shared` beside this checkout. `--check` fails where a page says
something else; times and memory are printed but never compared: they belong to the machine.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

import accessibility as acc
from accessibility.isochrone import mismatch
from accessibility.point_matrix import point_matrix, read_points

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("ACCESSIBILITY_DATA") or ROOT.parent / "shared")
PAGES = (ROOT / "docs" / "method.md",)
REGIONS = {
    "keski-suomi": "Keski-Suomi",
    "lappi": "Lapland",
    "iceland": "Iceland",
    "finland": "Finland",
}
KNOWN = {
    "keski-suomi": {"L": "99.1 / 100.0", "A": "92.6 / 99.9", "E": "64.6 / 90.5"},
    "lappi": {"L": "92.6 / 98.9", "A": "79.3 / 91.6", "E": "59.5 / 67.5"},
}


def with_speeds(study: acc.Study, speeds: str) -> acc.Study:
    """Give a study with another speed table."""
    network = study.file.network.model_copy(update={"speeds": speeds})
    return dataclasses.replace(study, file=study.file.model_copy(update={"network": network}))


def shares(run: acc.Run) -> dict[str, str]:
    """Give, per tier, the per cent of people within 30 and 60 minutes."""
    table = run.coverage.query("group == '*' and area == '*'")
    wide = table.pivot(index="tier", columns="band_min", values="share_low")
    return {
        tier: f"{row['30']:.1%} / {row['60']:.1%}".replace("%", "") for tier, row in wide.iterrows()
    }


def table(head: list[str], rows: list[list[str]]) -> str:
    """Lay out a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def liechtenstein() -> str:
    """Say how near the matrix is to OSRM's on the plain cost model."""
    folder = DATA / "data" / "reference" / "osrm" / "liechtenstein"
    speeds = acc.read_speeds(DATA / "studies" / "plain_speeds.toml")
    network = acc.read_network(
        DATA / "data" / "osm-extracts" / "liechtenstein-latest.osm.pbf", speeds=speeds
    )
    points = read_points(folder / "points.csv")
    ours = point_matrix(network, points, points, speeds=speeds)
    theirs = pd.read_csv(
        folder / "matrix.csv.gz", dtype={"from": str, "to": str}, compression="gzip"
    )
    both = theirs.merge(ours, left_on=["from", "to"], right_on=["from_id", "to_id"])
    near = (both["travel_time_s"] - both["osrm_plain_s"]).abs() <= 0.01 * both["osrm_plain_s"]
    return (
        f"On Liechtenstein's OpenStreetMap extract, {near.mean():.1%} of {len(both):,} travel "
        "times lie within 1 % of OSRM's for the same plain cost model (ours are whole seconds: "
        "most of the others are drives under a minute)."
    )


def figures() -> dict[str, str]:
    """Work out every block of figures."""
    agreement, tables, drawn = [], [], []
    for name, region in REGIONS.items():
        study = acc.load_study(DATA / "studies" / f"{name}.toml")
        plain = shares(acc.run_study(with_speeds(study, "plain"), sensitivity=False))
        run = acc.run_study(with_speeds(study, "finland-car"), sensitivity=False)
        car = shares(run)
        for tier in study.tiers.ids:
            if name in KNOWN:
                agreement.append([region, tier, plain[tier], KNOWN[name][tier]])
            tables.append([region, tier, plain[tier], car[tier]])
        own = acc.run_study(study, sensitivity=False)
        bands = acc.isochrones(
            own.times, own.population, own.sites, own.tiers, bands_min=study.bands_min
        )
        found = mismatch(bands, own.nearest, own.population, own.tiers)
        drawn.append([region, f"{bands.attrs['resolution_m']:g} m", f"{found.outside:.2%}"])
    per_cent = "per cent within 30 / 60 min"
    return {
        "mismatch": table(["study", "raster", "people outside their band's polygon"], drawn),
        "agreement": table(
            ["study", "tier", f"`plain`, {per_cent}", "independent calculation"], agreement
        )
        + "\n\n"
        + liechtenstein(),
        "tables": table(["study", "tier", f"`plain`, {per_cent}", "`finland-car`"], tables),
    }


def timings() -> str:
    """Time whole runs from the command line, with their peak memory."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, region in REGIONS.items():
            for cache in ("cold", "warm"):
                command = [sys.executable, "-m", "accessibility", "run", "-q", "--force"]
                command += [str(DATA / "studies" / f"{name}.toml"), "--out", f"{folder}/{name}"]
                environment = os.environ | {"ACCESSIBILITY_CACHE": f"{folder}/cache"}
                before = time.perf_counter()
                subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
                took_s = time.perf_counter() - before
                peak_gib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
                rows.append([region, cache, f"{took_s:.1f}", f"{peak_gib:.2f}"])
    return table(["study", "cache", "seconds", "peak GiB so far"], rows)


def main() -> int:
    """Print every figure; write them or compare them with the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write them into the pages")
    parser.add_argument("--check", action="store_true", help="fail where a page differs")
    asked = parser.parse_args()
    wrong = 0
    blocks = figures()
    for name, text in blocks.items():
        print(f"\n{name}\n{text}")
    for page in PAGES:
        old = new = page.read_text(encoding="utf-8")
        for name, text in blocks.items():
            pattern = rf"(<!-- figures: {name} -->\n).*?(<!-- end -->)"
            new = re.sub(
                pattern, lambda found, text=text: f"{found[1]}{text}\n{found[2]}", new, flags=re.S
            )
        if asked.write:
            page.write_text(new, encoding="utf-8")
        elif asked.check and new != old:
            print(f"{page} says something else; run with --write", file=sys.stderr)
            wrong = 1
    if not asked.check:
        print(f"\nwhole runs from the command line\n{timings()}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
