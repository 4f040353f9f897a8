"""The studies on real data: they run as written, and their shares are known from elsewhere.

The expected shares are an independent calculation's (edge snapping, access legs at 20 km/h and at
most 5 km, the plain speed table), stated to a tenth of a per cent; half a per cent is allowed.
"""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from accessibility.coverage_table import BEYOND, UNREACHABLE_BAND
from accessibility.isochrone import isochrones, mismatch
from accessibility.point_matrix import point_matrix, read_points
from accessibility.reading import read_network
from accessibility.run_folder import write_run
from accessibility.runs import Run, run_study
from accessibility.sources.speed_tables import read_speeds
from accessibility.study import Study, load_study

pytestmark = pytest.mark.data

HALF_A_POINT = 0.005
PLAIN_SHARES = {
    "keski-suomi": {"L": (0.991, 1.000), "A": (0.926, 0.999), "E": (0.646, 0.905)},
    "lappi": {"L": (0.926, 0.989), "A": (0.793, 0.916), "E": (0.595, 0.675)},
}


def with_speeds(study: Study, speeds: str) -> Study:
    """Give the study with another speed table."""
    network = study.file.network.model_copy(update={"speeds": speeds})
    return dataclasses.replace(study, file=study.file.model_copy(update={"network": network}))


@pytest.fixture(scope="module")
def runs(data_folder: Path) -> dict[str, Run]:
    """Run every study once."""
    found = {}
    for name in ("keski-suomi", "lappi", "iceland", "finland"):
        study = load_study(data_folder / "studies" / f"{name}.toml")
        found[name] = run_study(study, sensitivity=name != "finland")
        if name in PLAIN_SHARES:
            plain = with_speeds(study, "plain_speeds.toml")
            found[f"{name} plain"] = run_study(plain, sensitivity=False)
    return found


def share(run: Run, tier: str, band: int) -> float:
    """Read one share of everybody from the coverage table."""
    rows = run.coverage.query(f"tier == '{tier}' and group == '*' and area == '*'")
    return float(rows.set_index("band_min").at[str(band), "share_low"])


@pytest.mark.parametrize("name", PLAIN_SHARES)
@pytest.mark.parametrize("tier", ["L", "A", "E"])
def test_plain_shares_agree_with_an_independent_calculation(
    runs: dict[str, Run], name: str, tier: str
) -> None:
    within_30, within_60 = PLAIN_SHARES[name][tier]
    run = runs[f"{name} plain"]
    assert share(run, tier, 30) == pytest.approx(within_30, abs=HALF_A_POINT)
    assert share(run, tier, 60) == pytest.approx(within_60, abs=HALF_A_POINT)


@pytest.mark.parametrize(
    ("name", "people"),
    [("keski-suomi", 270_043), ("lappi", 176_494), ("iceland", 348_342), ("finland", 5_548_241)],
)
def test_people_in_are_people_out(runs: dict[str, Run], name: str, people: int) -> None:
    run = runs[name]
    assert run.population.total == pytest.approx(people, abs=1e-3)
    last = f"{run.study.bands_min[-1]:g}"
    table = run.coverage[run.coverage["band_min"].isin([last, BEYOND, UNREACHABLE_BAND])]
    per_area = table.groupby(["tier", "group", "area"])["people_low"].sum().unstack("area")
    everybody = per_area.xs("*", level="group")
    np.testing.assert_allclose(everybody["*"], people, rtol=0, atol=1e-3)
    if len(everybody.columns) > 1:
        np.testing.assert_allclose(everybody.drop(columns="*").sum(axis=1), people, atol=1e-3)
    statuses = run.audit()["people"][["reached", "beyond", "moved", "too_far", "unreachable"]]
    assert statuses.sum() == pytest.approx(people, abs=1e-3)
    assert run.cells()["people"].sum() == pytest.approx(people, abs=1e-3)


def test_a_study_without_ids_makes_them_and_tells_islanders_apart(runs: dict[str, Run]) -> None:
    cells = runs["iceland"].cells()
    assert cells.index.is_unique
    assert len(cells) == 1153
    heimaey = cells.to_crs(4326).cx[-20.4:-20.1, 63.3:63.5]
    assert heimaey["people"].sum() == 4287
    assert set(heimaey["status"]) == {"unreachable"}  # the plain model has no ferries


def test_the_ferry_takes_islanders_to_the_mainland(data_folder: Path) -> None:
    study = load_study(data_folder / "studies" / "iceland.toml")
    run = run_study(with_speeds(study, "finland-car"), sensitivity=False)
    heimaey = run.cells().to_crs(4326).cx[-20.4:-20.1, 63.3:63.5]
    assert set(heimaey["status"]) == {"reached"}
    assert (heimaey["time_s_L"] > 30 * 60).all()


@pytest.mark.parametrize("name", ["keski-suomi", "lappi", "iceland", "finland"])
def test_isochrones_nest_are_valid_and_agree_with_the_cells(
    runs: dict[str, Run], name: str
) -> None:
    run = runs[name]
    shapes = isochrones(
        run.times, run.population, run.sites, run.tiers, bands_min=run.study.bands_min
    )
    assert shapes.is_valid.all()
    for _, layer in shapes.groupby("tier"):
        bands = list(layer.sort_values("band_min").geometry)
        for inner, outer in pairwise(bands):
            assert outer.covers(inner)
    found = mismatch(shapes, run.nearest, run.population, run.tiers)
    assert 0 < found.outside < 0.01


@pytest.mark.parametrize("name", ["lappi", "iceland"])
def test_the_run_folder_holds_what_the_run_found(
    runs: dict[str, Run], name: str, tmp_path: Path
) -> None:
    run = runs[name]
    folder = write_run(run, tmp_path / "out")
    cells = gpd.read_parquet(folder / "cells.parquet").set_index("cell_id")
    times = pd.read_parquet(folder / "times.parquet").astype({"cell_id": str, "site_id": str})
    local = run.sites.serving("L", run.tiers)
    nearest = times[times["site_id"].isin(local)].groupby("cell_id")["travel_time_s"].min()
    reached = cells["time_s_L"].dropna()
    pd.testing.assert_series_equal(
        nearest.sort_index().astype("Int32"), reached.sort_index(), check_names=False
    )
    verdicts = json.loads((folder / "targets.json").read_text(encoding="utf-8"))["targets"]
    for verdict in verdicts:
        if verdict["kind"] == "share" and verdict["group"] == "*":
            inside = cells[f"time_s_{verdict['tier']}"] <= verdict["within_min"] * 60
            counted = cells.loc[inside.fillna(False), "people"].sum() / cells["people"].sum()
            assert verdict["measured_low"] == pytest.approx(counted, abs=1e-12)


def test_the_matrix_agrees_with_osrm_on_liechtenstein(data_folder: Path) -> None:
    reference = data_folder / "data" / "reference" / "osrm" / "liechtenstein"
    speeds = read_speeds(data_folder / "studies" / "plain_speeds.toml")
    extract = data_folder / "data" / "osm-extracts" / "liechtenstein-latest.osm.pbf"
    network = read_network(extract, speeds=speeds)
    points = read_points(reference / "points.csv")
    ours = point_matrix(network, points, points, speeds=speeds)
    theirs = pd.read_csv(
        reference / "matrix.csv.gz", compression="gzip", dtype={"from": str, "to": str}
    )
    both = theirs.merge(ours, left_on=["from", "to"], right_on=["from_id", "to_id"], how="outer")
    assert len(both) == len(theirs) == 6400
    far = (both["travel_time_s"] - both["osrm_plain_s"]).abs()
    within = (far <= 0.01 * both["osrm_plain_s"]) | (far <= 0.5)  # ours are whole seconds
    assert within.mean() >= 0.99
    assert (far <= 0.01 * both["osrm_plain_s"]).mean() >= 0.99
