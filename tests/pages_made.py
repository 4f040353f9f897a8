"""Pages for tests to open: of the demo and its closure, of real studies, of data full of traps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from world import CRS, World

import accessibility as acc
from accessibility.pages import write_page
from accessibility.run_folder import draw_shapes, write_record
from accessibility.run_reading import StoredRun, read_run
from accessibility.runs import Run
from accessibility.scenarios import Scenario, closing
from accessibility.what_if import run_scenario

LANGUAGES = ("fi", "sv", "en")
#: Names that are code for a template, a browser, a Markdown reader, a spreadsheet or a terminal.
TRAPS = (
    "{{ 7*191 }}{% print 7*191 %}",
    "{% raw %}{# never closed",
    '<img src=x onerror="window.ran=1">',
    "</script><script>window.ran=1</script><!--",
    "</title></style></textarea><svg onload=window.ran=1>",
    "`${window.ran=1}`'\";window.ran=1;//",
    "&lt;img src=x onerror=window.ran=1&gt; \\u003cscript\\u003e",
    "[a](javascript:window.ran=1) **b** | <b>_c_</b>",
    "=1+1\u2028\u202egnp\x1b[31mred",
)
#: What the trapped names begin with, where the page says them in a sentence, a heading or a table.
TRAPPED = (
    "Study", "Local", "Target", "For the old", "old", "Source", "Station a", "Station d", "New",
    "west", "east", "Scenario", "body", "diary_number", "preparer", "contact", "replacement",
)  # fmt: skip


def stored(run: Run, folder: Path) -> StoredRun:
    """Write a run's record and read it back."""
    folder.mkdir(parents=True)
    write_record(run, draw_shapes(run, sites=False), folder)
    return read_run(folder)


def stored_runs(study: Path, folder: Path, *scenarios: Scenario) -> list[StoredRun]:
    """Run a study and what would change it; give the runs as they lie in their folders."""
    base = acc.run_study(acc.load_study(study))
    runs = [base, *(run_scenario(base, one) for one in scenarios)]
    return [stored(run, folder / f"run-{number}") for number, run in enumerate(runs)]


def demo_runs(folder: Path) -> list[StoredRun]:
    """Give the demo and its closure."""
    study = Path(acc.demo_study())
    return stored_runs(study, folder, acc.load_scenario(study.parent / "closure.toml"))


def real_runs(data_folder: Path, name: str, folder: Path, close: str = "") -> list[StoredRun]:
    """Give a study on real data, and the closure of one of its sites."""
    scenarios = [closing([close])] if close else []
    return stored_runs(data_folder / "studies" / f"{name}.toml", folder, *scenarios)


def pages_of(runs: Sequence[StoredRun], folder: Path, stem: str) -> dict[str, Path]:
    """Write the page of some runs in every language."""
    found = {}
    for language in LANGUAGES:
        found[language] = folder / f"{stem}-{language}.html"
        write_page(runs, found[language], language=language)
    return found


def _named(text: str) -> dict[str, str]:
    """Give a text in every language of a page, so that it is shown in each."""
    return dict.fromkeys(LANGUAGES, text)


def trapped_runs(folder: Path, payload: str) -> list[StoredRun]:
    """Run a tiny study with a payload in every text that its files may hold, and a scenario.

    The payload stands in the names of the study, tiers, groups, targets, sites, municipalities,
    settlements and files, in the ids of cells, sites and targets, in the roads' own tags, in the
    scenario's name and in what its preparer wrote.
    """
    # a name of a file cannot have every character, nor an id of a site in a scenario file
    in_file = "".join("_" if one in "/\0" else one for one in payload)[:60]
    # in OpenStreetMap a semicolon lies between two references
    tags = {"ref": payload.split(";")[0], "name": payload}
    road = World("a-b-c-d", {"ab": tags, "bcd": tags})
    squares = {"west": road.xy("ab"), "east": road.xy("cd")}
    places = [f"{side} {payload}" for side in squares]
    sites = folder / f"sites {in_file}.csv"
    settings: dict[str, Any] = {
        "name": _named(f"Study {payload}"),
        "language": "en",
        "population": {"groups": {f"old {payload}": "old"}, "municipality": "town"},
        "sites": {"source": sites.name, "municipality": "town"},
        "areas": {"source": "areas.geojson", "key": "name", "name": {"fi": "name"}},
        "places": {"source": "places.geojson", "name": {"fi": "name"}, "people": "people"},
        "tiers": [
            {"id": "L", "name": _named(f"Local {payload}")},
            {"id": "E", "name": _named(f"Hospital {payload}"), "includes": ["L"]},
        ],
    }
    rule = {"tier": "L", "within_min": 15, "share": 0.9, "source": f"Source {payload}"}
    study = road.write_study(
        folder,
        cells="abcd",
        sites={"a": "E", "d": "L"},
        targets=[
            {"id": f"t1 {payload}", "name": _named(f"Target {payload}")} | rule,
            {"name": _named(f"For the old {payload}"), "group": f"old {payload}"} | rule,
        ],
        cell_columns={
            "id": [f"{one} {payload}" for one in "abcd"],
            "people": [100, 200, 400, 800],
            "old": [50, 100, 200, 400],
            "town": [places[0], places[0], places[1], places[1]],
        },
        site_columns={
            "name": [f"Station {one} {payload}" for one in "ad"],
            "town": places,
        },
        settings=settings,
    )
    (folder / "sites.csv").rename(sites)
    frame = gpd.GeoDataFrame(
        {"name": places, "people": [300, 1200]},
        geometry=[shapely.MultiPoint(points).envelope.buffer(900) for points in squares.values()],
        crs=CRS,
    )
    frame.to_crs(4326).to_file(folder / "areas.geojson")
    frame.set_geometry(frame.centroid).to_crs(4326).to_file(folder / "places.geojson")
    said = acc.Proposal(
        **{
            name: f"{name} {payload}"
            for name in ("body", "diary_number", "preparer", "contact", "replacement")
        }
    )
    scenario = Scenario(
        name=acc.Text(_named(f"Scenario {payload}")),
        changes=(
            acc.CloseSite(site="d"),
            acc.SetSpeed(road=acc.Roads(ref=tags["ref"]), km_h=40.0),
            acc.OpenSite(
                id=f"new {payload}", name=f"New {payload}", tier="L",
                lon=float(road.lonlat("c")[0, 0]), lat=float(road.lonlat("c")[0, 1]),
            ),
        ),
        proposal=said,
    )  # fmt: skip
    return stored_runs(study, folder, scenario)
