"""The page's map: true to the tables, by mouse and by keyboard, with scripts and without."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from browser import Visit, chromium, visit
from playwright.sync_api import Browser

from accessibility.coverage_table import coverage
from accessibility.maps.layers import travel_classes
from accessibility.maps.offline import as_json, content_hash
from accessibility.maps.words import words_in
from accessibility.pages import page_html
from accessibility.pages.map_around import ground_of
from accessibility.pages.map_cells import lattice_of_run, order_of
from accessibility.pages.map_lattice import WORLD, lattice_of, to_world
from accessibility.pages.map_legend import (
    CUT_OFF,
    NO_WAY,
    SAME,
    SHORTER,
    change_class,
    change_classes,
)
from accessibility.pages.map_section import MapSection, map_section
from accessibility.pages.options import Option, options_of
from accessibility.pages.static_map import static_map
from accessibility.population import Population
from accessibility.reports.escaping import plain
from accessibility.reports.words import Words
from accessibility.run_folder import write_run
from accessibility.run_reading import StoredRun, read_run
from accessibility.runs import run_study
from accessibility.scenarios import CloseSite, Scenario
from accessibility.services import Text
from accessibility.sites import Sites
from accessibility.study import load_study
from accessibility.what_if import run_scenario

DEMO = Path(__file__).parent.parent / "data" / "demo" / "demo.toml"
CLOSED = "KS-VII"
LEAST = 10
PAYLOADS = (
    '<img src=x onerror="window.ran=1">',
    "</script><script>window.ran=1</script>",
    "</title></textarea></bdi><svg onload=window.ran=1>",
    "{{ 7 * 191 }}{% raw %}{# open",
    "--><!--",
    "`${window.ran=1}`",
    "'\"; window.ran=1; //",
    "&lt;img src=x onerror=window.ran=1&gt;",
    "a\u2028b\u2029c",
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[StoredRun, StoredRun]:
    """The demo as it is, and with Viitasaari's site closed."""
    folder = tmp_path_factory.mktemp("runs")
    now = run_study(load_study(DEMO), sensitivity=False)
    closing = Scenario(name=Text({"": "Viitasaari"}), changes=(CloseSite(site=CLOSED),))
    write_run(now, folder / "now")
    write_run(run_scenario(now, closing), folder / "closed", baseline=now)
    return read_run(folder / "now"), read_run(folder / "closed")


@pytest.fixture(scope="module")
def options(runs: tuple[StoredRun, StoredRun]) -> list[Option]:
    return options_of(runs, "fi")


@pytest.fixture(scope="module")
def section(options: list[Option]) -> MapSection:
    return map_section(options, Words("fi"), min_people=LEAST)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def page(section: MapSection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The map alone on a page with a policy that allows its own scripts and styles and no more."""
    path = tmp_path_factory.mktemp("page") / "map.html"
    path.write_text(bare(section), encoding="utf-8")
    return path


def bare(section: MapSection, language: str = "fi") -> str:
    scripts = [section.leaflet_script, section.script]
    styles = [section.leaflet_style, section.style]
    policy = (
        f"default-src 'none'; script-src {' '.join(map(content_hash, scripts))}; "
        f"style-src {' '.join(map(content_hash, styles))}"
    )
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>map</title>'
        + "".join(f"<style>{one}</style>" for one in styles)
        + f'</head><body><main><h1>map</h1>{section.html}<a id="after" href="#x">x</a></main>'
        f'<script type="application/json" id="{section.data_id}">{as_json(section.data)}</script>'
        + "".join(f"<script>{one}</script>" for one in scripts)
        + "</body></html>"
    )


def painted(seen: Visit, view: int = 0, tier: int = 0) -> None:
    seen.page.wait_for_selector(f'#map-figure[data-painted="{view}-{tier}"]')


def status(seen: Visit) -> str:
    return (seen.page.text_content("#map-status") or "").strip("\u00a0")


def chosen(seen: Visit, name: str, kind: str) -> None:
    """Search for a name and take the match of a kind."""
    seen.page.fill("#map-find", name)
    rows = seen.page.locator("#map-found li").filter(has_text=re.compile(f"^{name} {kind}"))
    rows.first.click()


def focused(seen: Visit) -> str:
    found: str = seen.page.evaluate("document.activeElement.id || document.activeElement.className")
    return found


def cells_in_order(run: StoredRun) -> list[int]:
    lattice = lattice_of_run(run)
    return [int(one) for one in order_of(lattice, len(run.population.cells))]


def minutes(run: StoredRun, tier: str) -> list[int]:
    """Whole minutes, rounded up, straight from the table; -1 without a way."""
    time_s = run.nearest[f"time_s_{tier}"]
    return [-1 if pd.isna(one) else -(-int(one) // 60) for one in time_s]


def without_people(run: StoredRun, people: np.ndarray) -> StoredRun:
    """Give a run other people."""
    cells = run.population.cells.copy()
    cells["people"] = people
    population = Population(cells=cells)
    table = coverage(run.nearest, population, run.tiers, bands_min=run.study.bands_min)
    return dataclasses.replace(run, population=population, coverage=table)


# --- the data -------------------------------------------------------------------------------------


def test_every_cell_has_the_tables_minutes_and_sites_in_every_option(
    runs: tuple[StoredRun, StoredRun], section: MapSection
) -> None:
    data: Any = section.data
    order = cells_in_order(runs[0])
    ids = [one[3] for one in data["sites"]]
    assert data["cells"]["tick"] == 60
    for at, tier in enumerate(runs[0].tiers.ids):
        time = np.cumsum(data["cells"]["time"][at])
        site = np.cumsum(data["cells"]["site"][at])
        for number, run in enumerate(runs):
            if number:
                change = data["cells"]["options"][0][at]
                rows = np.cumsum(change["cell"], dtype=np.int64)
                time[rows], site[rows] = change["time"], change["site"]
            wanted = minutes(run, tier)
            assert time.tolist() == [wanted[one] for one in order]
            nearest = run.nearest[f"site_{tier}"].iloc[order]
            assert [ids[one] if one >= 0 else None for one in site] == [
                None if pd.isna(one) else one for one in nearest
            ]


def test_an_option_sends_only_the_cells_that_it_changes(
    runs: tuple[StoredRun, StoredRun], section: MapSection
) -> None:
    data: Any = section.data
    for at, tier in enumerate(runs[0].tiers.ids):
        columns = [f"time_s_{tier}", f"site_{tier}"]
        before, after = (run.nearest[columns].astype(object).fillna(-1) for run in runs)
        changed = int((before != after).any(axis=1).sum())
        assert len(data["cells"]["options"][0][at]["cell"]) == changed
    assert data["cells"]["options"][0][2]["cell"] == []  # the hospital stays: its tier is the same
    first, second = (len(as_json(one)) for one in data["outlines"]["options"])
    assert first > 0
    assert second > 0


def test_a_cells_place_is_true_to_a_metre(runs: tuple[StoredRun, StoredRun]) -> None:
    run = runs[0]
    lattice = lattice_of_run(run)
    assert lattice is not None
    assert lattice.size == 1000
    fitted = to_world(lattice)
    assert fitted is not None
    degree, *coefficients = fitted
    u = 2 * (lattice.column + 0.5) / lattice.columns - 1
    v = 2 * (lattice.row + 0.5) / lattice.rows - 1
    x, y = (
        np.polynomial.polynomial.polyval2d(v, u, np.reshape(one, (degree + 1, degree + 1)))
        for one in coefficients
    )
    points = gpd.GeoSeries(gpd.points_from_xy(*run.population.xy.T), crs=run.study.crs).to_crs(3857)
    metres = 2 * np.pi * 6_378_137 / WORLD
    assert np.abs((x - WORLD / 2) * metres - points.x).max() < 2.5  # Mercator's metres: 2.2 to one
    assert np.abs((WORLD / 2 - y) * metres - points.y).max() < 2.5


def test_cells_on_no_lattice_are_sent_corner_by_corner(
    runs: tuple[StoredRun, StoredRun], browser: Browser, tmp_path: Path
) -> None:
    run = runs[0]
    cells = run.population.cells.copy()
    moved = cells.geometry.iloc[0]
    cells.loc[cells.index[0], "geometry"] = shapely.transform(moved, lambda xy: xy + 333)
    assert lattice_of(cells, [run.study.file.population.crs, run.study.crs]) is None
    odd = dataclasses.replace(run, population=dataclasses.replace(run.population, cells=cells))
    found = map_section(options_of([odd], "fi"), Words("fi"), min_people=LEAST)
    assert len(found.data["cells"]["place"]["corners"]) == 8 * len(cells)  # type: ignore[index,call-overload]
    path = tmp_path / "odd.html"
    path.write_text(bare(found), encoding="utf-8")
    with visit(browser, path) as seen:
        painted(seen)
        chosen(seen, "Jyväskylä", "kunta")
        seen.assert_quiet()


def test_a_change_is_classed_by_exact_seconds() -> None:
    inf = np.inf
    before = np.array([600, 600, 600, 600, 600, 600, 600, 600, inf, inf])
    after = np.array([599, 600, 601, 900, 901, 600 + 3600, 600 + 3601, inf, 600, inf])
    assert change_class(before, after).tolist() == [
        SHORTER, SAME, 2, 2, 3, 5, 6, CUT_OFF, SHORTER, NO_WAY,
    ]  # fmt: skip


def test_bands_of_broken_minutes_are_kept_exactly(runs: tuple[StoredRun, StoredRun]) -> None:
    run = runs[0]
    file = run.study.file.model_copy(
        update={"isochrones": run.study.file.isochrones.model_copy(update={"bands_min": [7.5, 30]})}
    )
    study = dataclasses.replace(run.study, file=file, targets=())
    if list(study.bands_min) != [7.5, 30]:
        study = dataclasses.replace(study, bands_min=(7.5, 30))
    found = map_section(
        options_of([dataclasses.replace(run, study=study)], "fi"), Words("fi"), min_people=0
    )
    data: Any = found.data
    assert data["cells"]["tick"] == 1
    time_s = run.nearest["time_s_L"].iloc[cells_in_order(run)].to_numpy(dtype=float)
    assert (np.cumsum(data["cells"]["time"][0]) == time_s).all()


def test_legends_count_the_people_of_the_runs_own_coverage(
    runs: tuple[StoredRun, StoredRun], options: list[Option]
) -> None:
    words = Words("fi")
    data: Any = map_section(options, words, min_people=0).data
    for number, run in enumerate(runs):
        for at, tier in enumerate(run.tiers.ids):
            table = run.coverage[
                (run.coverage["tier"] == tier)
                & (run.coverage["group"] == "*")
                & (run.coverage["area"] == "*")
            ]
            people = table["people_low"].to_numpy()
            steps = [*np.diff(people[:-2], prepend=0), *people[-2:]]
            assert [row[0] for row in data["legends"][number][at]] == [
                words.whole(one) for one in steps
            ]
    changed = [row[0] for row in data["legends"][2][0]]
    added = options[1].comparison.cells  # type: ignore[union-attr]
    by_minutes = added["minutes_after_L"] - added["minutes_before_L"]
    people = runs[0].population.people
    assert changed[SAME] == words.whole(people[by_minutes == 0].sum())
    assert changed[5] == words.whole(people[(by_minutes > 30) & (by_minutes <= 60)].sum())


def test_no_number_of_a_small_cell_is_sent(
    runs: tuple[StoredRun, StoredRun], section: MapSection
) -> None:
    data: Any = section.data
    people = runs[0].population.people[cells_in_order(runs[0])]
    sent = np.array(data["cells"]["people"])
    assert (people < LEAST).sum() > 1000
    assert (sent[people < LEAST] == -1).all()
    assert (sent[people >= LEAST] == np.floor(people[people >= LEAST] + 0.5)).all()


def test_a_class_with_one_small_cell_is_withheld_and_another_with_it(
    runs: tuple[StoredRun, StoredRun],
) -> None:
    run = runs[0]
    people = np.full(len(run.population.cells), 40.0)
    time_s = run.nearest["time_s_L"].to_numpy(dtype=float)
    band = time_s > 3600
    near = time_s <= 900
    people[[np.flatnonzero(band)[0], np.flatnonzero(near)[0]]] = 3  # one small cell in each
    found = map_section(
        options_of([without_people(run, people)], "en"), Words("en"), min_people=LEAST
    )
    data: Any = found.data
    rows = [row[0] for row in data["legends"][0][0]]
    assert rows[:4] == ["withheld"] * 4  # each sum up to 60 min holds the first alone
    assert rows[4:] == ["0"] * 5


def test_the_same_runs_give_the_same_section(options: list[Option], section: MapSection) -> None:
    again = map_section(options, Words("fi"), min_people=LEAST)
    assert again.html == section.html
    assert as_json(again.data) == as_json(section.data)


def test_names_come_in_the_pages_language_or_say_which_they_are_in(
    runs: tuple[StoredRun, StoredRun],
) -> None:
    data: Any = map_section(options_of(runs[:1], "sv"), Words("sv"), min_people=LEAST).data
    assert data["siteLanguage"] == "fi"  # site names are the Finnish study's own
    named = {one[2]: one[3] for one in data["places"]}
    assert named["Hankasalmi station"] == ""


def test_data_reach_the_page_as_text_alone(section: MapSection) -> None:
    for word in ("innerHTML", "insertAdjacentHTML", "outerHTML", "document.write", "eval("):
        assert word not in section.script
    assert "url(" not in section.style + section.leaflet_style.replace("url(#default#VML)", "")
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", section.script)


# --- colours --------------------------------------------------------------------------------------

# Machado, Oliveira and Fernandes (2009), A physiologically-based model for simulation of color
# vision deficiency, severity 1.0, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
     [0.0193339, 0.1191920, 0.9503041]]
)  # fmt: skip
LEAST_DIFFERENCE = 11


def as_lab(colour: str, vision: np.ndarray) -> np.ndarray:
    """Give CIE Lab (D65) of a colour as seen."""
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    seen = XYZ @ np.clip(vision @ linear, 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(seen > (6 / 29) ** 3, np.cbrt(seen), seen / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def nearest_pair(colours: Sequence[str], vision: str) -> float:
    labs = [as_lab(one, VISION[vision]) for one in colours]
    return min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(labs, 2))


@pytest.mark.parametrize("vision", VISION)
def test_any_two_classes_are_told_apart_with_any_colour_vision(vision: str) -> None:
    bands = [15, 30, 60, 90, 120, 150, 180]
    for classes in (travel_classes(bands, words_in("en")), change_classes(Words("en"))):
        assert nearest_pair([one.colour for one in classes], vision) >= LEAST_DIFFERENCE


def test_the_measure_of_colours_would_find_red_beside_green() -> None:
    assert nearest_pair(["#1a9850", "#d73027"], "normal") > 60
    assert nearest_pair(["#a6d96a", "#fdae61"], "deutan") < LEAST_DIFFERENCE


# --- the drawing ----------------------------------------------------------------------------------


def path_area(path: str) -> float:
    """Add up the areas of a path's four-sided shapes."""
    total = 0.0
    for shape in re.findall(r"l([^z]+)z", path):
        numbers = [int(one) for one in re.findall(r"-?\d+", shape)]
        corners = np.cumsum(np.array([0, 0, *numbers]).reshape(-1, 2), axis=0)
        total += abs(shapely.Polygon(corners).area)
    return total


def test_the_drawing_has_every_cell_in_its_class(runs: tuple[StoredRun, StoredRun]) -> None:
    run = runs[0]
    svg = str(static_map(options_of([run], "fi"), Words("fi")))
    classes = travel_classes(run.study.bands_min, words_in("fi"))
    limits = np.asarray(run.study.bands_min) * 60
    kind = np.searchsorted(limits, run.nearest["time_s_L"].to_numpy(dtype=float), side="left")
    unit = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert unit is not None
    found = {
        colour: path_area(path)
        for colour, path in re.findall(r'<path fill="([^"]+)" stroke="[^"]+" d="(m[^"]+)"', svg)
    }
    cell = sum(found.values()) / len(kind)
    for at, one in enumerate(classes):
        count = int((kind == at).sum())
        assert found.get(one.colour, 0.0) / cell == pytest.approx(count, rel=0.03, abs=0.2)


def test_the_drawing_speaks_and_is_small(section: MapSection, runs: Sequence[StoredRun]) -> None:
    html = str(section.html)
    assert '<title id="map-title">' in html
    assert '<desc id="map-desc">' in html
    assert html.count("<use ") == len(runs[0].sites.frame)
    assert ">Jyväskylä</text>" in html
    assert len(html.encode()) < 150_000


def test_more_squares_than_fit_are_put_together_by_the_class_of_most_people(
    runs: tuple[StoredRun, StoredRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    from accessibility.pages import static_map as module

    run = runs[0]
    lattice = lattice_of_run(run)
    assert lattice is not None
    monkeypatch.setattr(module, "MOST_SQUARES", 1000)
    squares = module.Squares.of(run, lattice, "L")
    assert squares.factor > 1
    assert len(squares.column) <= 1000
    limits = np.asarray(run.study.bands_min) * 60
    kind = np.searchsorted(limits, run.nearest["time_s_L"].to_numpy(dtype=float), side="left")
    frame = pd.DataFrame(
        {
            "column": lattice.column // squares.factor,
            "row": lattice.row // squares.factor,
            "kind": kind,
            "people": run.population.people,
        }
    )
    sums = frame.groupby(["column", "row", "kind"])["people"].sum()
    for column, row, chosen_kind in zip(
        squares.column[:50], squares.row[:50], squares.kind[:50], strict=True
    ):
        own = sums.loc[(column, row)]
        assert own[chosen_kind] == own.max()
    html = str(static_map(options_of([run], "en"), Words("en")))
    assert f"{squares.factor} × {squares.factor} grid cells" in html


def test_without_scripts_the_drawing_is_there_and_no_dead_control(
    page: Path, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    try:
        opened = context.new_page()
        opened.goto(page.as_uri())
        assert opened.locator("svg.map-drawing").is_visible()
        assert not opened.locator(".map-live").is_visible()
        assert opened.locator("input:visible, button:visible").count() == 0
    finally:
        context.close()


def test_on_paper_the_drawing_stands_for_the_map(page: Path, browser: Browser) -> None:
    with visit(browser, page) as seen:
        painted(seen)
        assert not seen.page.locator("svg.map-drawing").is_visible()
        seen.page.emulate_media(media="print")
        assert seen.page.locator("svg.map-drawing").is_visible()
        assert not seen.page.locator("#map-canvas").is_visible()
        seen.assert_quiet()


# --- the map in a browser -------------------------------------------------------------------------


def expected(run: StoredRun, x: float, y: float) -> dict[str, str]:
    """Say what a popup must tell of the cell at a place: minutes and nearest site by tier."""
    cells = run.population.cells
    row = int(np.flatnonzero(cells.geometry.contains(shapely.Point(x, y)))[0])
    found = {}
    for tier in run.tiers.ids:
        site = run.nearest[f"site_{tier}"].iloc[row]
        name = run.sites.frame["name"].get(site, "")
        found[tier] = f"{minutes(run, tier)[row]} min, {name} ({site})"
    return found


def test_a_click_tells_what_the_tables_hold_before_and_after(
    runs: tuple[StoredRun, StoredRun], page: Path, browser: Browser
) -> None:
    places = runs[0].places
    assert places is not None
    with visit(browser, page) as seen:
        painted(seen)
        seen.page.uncheck('input[value="sites"]')
        box = seen.page.locator("#map-canvas").bounding_box()
        assert box is not None
        for name in ("Viitasaari", "Kymönkoski", "Jämsä", "Jyväskylä"):
            point = places[places["name_fi"] == name].geometry.iloc[0]
            before, after = (expected(run, point.x, point.y) for run in runs)
            chosen(seen, name, "taajama")
            seen.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            told = seen.page.locator(".map-popup dd").all_text_contents()
            wanted = []
            for tier in runs[0].tiers.ids:
                same = before[tier] == after[tier]
                wanted.append(f"Nykytila (VE0): {before[tier]}")
                wanted.append(f"Vaihtoehto 1 (VE1): {'ei muutosta' if same else after[tier]}")
            assert told == wanted, name
            seen.page.keyboard.press("Escape")
        seen.assert_quiet()


def test_a_small_cell_says_fewer_than(
    runs: tuple[StoredRun, StoredRun], tmp_path: Path, browser: Browser
) -> None:
    run = without_people(runs[0], np.full(len(runs[0].population.cells), 7.0))
    path = tmp_path / "few.html"
    found = map_section(options_of([run], "fi"), Words("fi"), min_people=LEAST)
    path.write_text(bare(found), encoding="utf-8")
    with visit(browser, path) as seen:
        painted(seen)
        chosen(seen, "Jämsä", "taajama")
        seen.page.focus("#map-canvas")
        seen.page.keyboard.press("Enter")
        assert seen.page.text_content(".map-popup h3") == "Jämsä, alle 10 asukasta"
        assert seen.page.locator(".map-popup dd").count() == 3
        seen.assert_quiet()


def test_layers_colour_the_cells_and_say_so(page: Path, browser: Browser) -> None:
    def colours(seen: Visit) -> set[str]:
        found: list[str] = seen.page.evaluate(
            """() => { const c = document.querySelector('.leaflet-ground-pane canvas');
            const copy = new OffscreenCanvas(c.width, c.height)
              .getContext('2d', { willReadFrequently: true });
            copy.drawImage(c, 0, 0);
            const p = copy.getImageData(0, 0, c.width, c.height).data;
            const found = new Set();
            for (let at = 0; at < p.length; at += 4) if (p[at + 3] === 255) found.add('#' +
              [p[at], p[at + 1], p[at + 2]].map(x => x.toString(16).padStart(2, '0')).join(''));
            return [...found]; }"""
        )
        return set(found)

    with visit(browser, page) as seen:
        painted(seen)
        assert {"#fde725", "#90d743", "#35b779"} <= colours(seen)
        assert "#443983" not in colours(seen)
        seen.page.check('input[name="map-tier"][value="2"]')
        painted(seen, 0, 2)
        assert "#443983" in colours(seen)
        assert status(seen) == (
            "Kartalla näkyy: Erityistaso: sairaalapalvelut ja päivystys – Nykytila (VE0)"
        )
        seen.page.check('input[name="map-tier"][value="0"]')
        seen.page.check('input[name="map-view"][value="2"]')
        painted(seen, 2, 0)
        assert {"#dcdcdc", "#e6710f", "#a83c03"} <= colours(seen)
        assert "#90d743" not in colours(seen)
        assert "Muutos: Vaihtoehto 1 (VE1)" in status(seen)
        assert seen.page.text_content("#map-legend tr:nth-child(2) th") == "ei muutosta"
        seen.page.check('input[value="outlines"]')
        seen.page.wait_for_function("() => window.drawnTexts.includes('60 min')")
        seen.page.wait_for_function("() => window.drawnTexts.includes('Jyväskylä')")
        seen.assert_quiet()


def test_a_closed_site_is_crossed_out_in_its_option_alone(page: Path, browser: Browser) -> None:
    with visit(browser, page) as seen:
        painted(seen)
        site = seen.page.locator(f'.map-site[aria-label*="({CLOSED})"]')
        assert site.get_attribute("aria-label") == f"A Viitasaaren sote-keskus ({CLOSED})"
        assert "map-closed" not in (site.get_attribute("class") or "")
        seen.page.check('input[name="map-view"][value="1"]')
        assert "map-closed" in (site.get_attribute("class") or "")
        assert (site.get_attribute("aria-label") or "").endswith(
            ", lakkautetaan tässä vaihtoehdossa"
        )


def test_a_closed_site_is_named_on_the_map_and_in_the_legend(page: Path, browser: Browser) -> None:
    with visit(browser, page) as seen:
        painted(seen)
        key = seen.page.locator(".map-closed-key")
        assert not key.is_visible()
        seen.page.uncheck('input[name="map-layer"][value="places"]')
        seen.page.evaluate("window.drawnTexts = []")
        seen.page.check('input[name="map-view"][value="1"]')
        assert key.inner_text() == "Lakkautetaan tässä vaihtoehdossa"
        seen.page.wait_for_function("() => window.drawnTexts.length > 0")
        assert set(seen.page.evaluate("window.drawnTexts")) == {"Viitasaaren sote-keskus"}


def test_ground_lies_under_every_cell_where_no_area_is_known(
    runs: tuple[StoredRun, StoredRun],
) -> None:
    ground = ground_of(dataclasses.replace(runs[0], areas=None))
    assert ground is not None
    cells = shapely.points(runs[0].population.xy)
    assert shapely.contains(ground, cells).all()
    assert ground.area < shapely.box(*ground.bounds).area
    note = "ei ole rantaviiva"
    html = page_html([dataclasses.replace(runs[0], areas=None)], language="fi")
    assert note in html
    assert note not in page_html(runs[:1], language="fi")


def test_search_by_keyboard_moves_the_map_and_says_so(page: Path, browser: Browser) -> None:
    with visit(browser, page) as seen:
        painted(seen)
        find = seen.page.locator("#map-find")
        find.focus()
        seen.page.keyboard.type("äänek")
        assert find.get_attribute("aria-expanded") == "true"
        rows = seen.page.locator("#map-found li").all_text_contents()
        assert rows[:2] == ["Äänekoski kunta", "Äänekoski taajama"]
        assert status(seen) == f"{len(rows)} osumaa"
        seen.page.keyboard.press("ArrowDown")
        seen.page.keyboard.press("ArrowDown")
        active = find.get_attribute("aria-activedescendant")
        assert seen.page.get_attribute(f"#{active}", "aria-selected") == "true"
        seen.page.keyboard.press("ArrowUp")
        seen.page.keyboard.press("Enter")
        assert status(seen) == "Kartta on siirretty kohteeseen: Äänekoski, kunta"
        assert find.get_attribute("aria-expanded") == "false"
        assert find.input_value() == "Äänekoski"
        seen.page.keyboard.press("ArrowDown")
        seen.page.keyboard.press("Escape")
        assert find.get_attribute("aria-expanded") == "false"
        find.fill("aanek")  # letters without dots find it too
        assert seen.page.locator("#map-found li").count() >= 2
        find.fill("no such place")
        assert status(seen) == "Sennimistä kohdetta ei löydy"
        seen.assert_quiet()


def test_choosing_a_site_opens_its_popup_and_esc_leads_back(page: Path, browser: Browser) -> None:
    with visit(browser, page) as seen:
        painted(seen)
        seen.page.focus("#map-find")
        seen.page.keyboard.type(CLOSED.lower())
        seen.page.keyboard.press("Enter")
        title = seen.page.text_content(".map-popup h3")
        assert title == f"Viitasaaren sote-keskus ({CLOSED})"
        assert focused(seen) == "map-popup"
        assert seen.page.locator(".map-popup dd").count() == 6  # its cell: 3 levels, 2 options
        seen.page.keyboard.press("Tab")
        assert focused(seen) == "map-close"
        seen.page.keyboard.press("Escape")
        assert seen.page.locator(".map-popup").count() == 0
        assert focused(seen) == "map-find"


def test_the_map_is_walked_by_keyboard(page: Path, browser: Browser) -> None:
    with visit(browser, page) as seen:
        painted(seen)
        seen.page.focus("#map-find")
        stops = []
        for _ in range(30):
            seen.page.keyboard.press("Tab")
            stops.append(focused(seen))
            if stops[-1] == "after":
                break
        assert stops[0].startswith("map-canvas") or stops[0] == "map-canvas"
        assert sum("map-site" in one for one in stops) == 1  # one stop for all sites
        assert stops[-1] == "after"
        site = seen.page.locator('.map-site[tabindex="0"]')
        site.focus()
        first = site.get_attribute("aria-label")
        seen.page.keyboard.press("ArrowRight")
        second: str = seen.page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert second != first
        assert seen.page.locator('.map-site[tabindex="0"]').count() == 1
        seen.page.keyboard.press("Enter")
        assert seen.page.locator(".map-popup h3").text_content() in second
        seen.page.keyboard.press("Escape")
        assert seen.page.evaluate("document.activeElement.getAttribute('aria-label')") == second
        seen.page.keyboard.press("ArrowLeft")
        assert seen.page.evaluate("document.activeElement.getAttribute('aria-label')") == first
        seen.assert_quiet()


def test_enter_opens_the_cell_under_the_cross(page: Path, browser: Browser) -> None:
    with visit(browser, page) as seen:
        painted(seen)
        chosen(seen, "Jämsä", "taajama")
        seen.page.focus("#map-find")
        seen.page.keyboard.press("Tab")
        assert seen.page.locator(".map-cross").is_visible()
        seen.page.keyboard.press("Enter")
        assert (seen.page.text_content(".map-popup h3") or "").startswith("Jämsä, ")
        assert focused(seen) == "map-popup"
        seen.page.keyboard.press("Escape")
        assert focused(seen) == "map-canvas"
        seen.page.keyboard.press("ArrowUp")
        seen.page.wait_for_selector('#map-status:has-text("Jämsä, ")', state="attached")
        for _ in range(40):
            seen.page.keyboard.press("ArrowLeft")
        seen.page.keyboard.press("Enter")
        assert status(seen) == "Tässä kohdassa ei ole asukkaita."
        assert seen.page.locator(".map-popup").count() == 0


def test_a_narrow_page_fits_and_its_targets_are_large_enough(page: Path, browser: Browser) -> None:
    with visit(browser, page, width=320, height=640) as seen:
        painted(seen)
        width = "document.documentElement.scrollWidth"
        assert seen.page.evaluate(width) <= 320
        chosen(seen, "Jämsä", "taajama")
        seen.page.focus("#map-canvas")
        seen.page.keyboard.press("Enter")
        popup = seen.page.locator(".map-popup").bounding_box()
        assert popup is not None
        assert popup["x"] >= 0
        assert popup["x"] + popup["width"] <= 320
        title = seen.page.locator(".map-popup h3").bounding_box()
        assert title is not None
        on_top = "([x, y]) => document.elementFromPoint(x, y).closest('.map-popup') !== null"
        assert seen.page.evaluate(on_top, [title["x"] + 4, title["y"] + 8])
        assert seen.page.evaluate(width) <= 320
        for one in seen.page.locator(".map button, .map label:has(input), .map-site").all():
            box = one.bounding_box()
            assert box is None or min(box["width"], box["height"]) >= 24
        seen.assert_quiet()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_every_control_speaks_the_pages_language(
    runs: tuple[StoredRun, StoredRun], language: str, browser: Browser, tmp_path: Path
) -> None:
    found = map_section(options_of(runs[:1], language), Words(language), min_people=LEAST)
    path = tmp_path / "page.html"
    path.write_text(bare(found, language), encoding="utf-8")
    zoom = {"fi": "Lähennä", "sv": "Zooma in", "en": "Zoom in"}[language]
    with visit(browser, path) as seen:
        painted(seen)
        assert seen.page.locator(f'button[aria-label="{zoom}"]').count() == 1
        labels = seen.page.locator("[aria-label]").evaluate_all(
            "all => all.map(one => one.getAttribute('aria-label'))"
        )
        if language != "en":
            assert not [
                one for one in labels if re.search(r"\b(Zoom in|Close popup|Marker)\b", one)
            ]
        assert seen.page.locator("a[href^=http]").count() == 0
        seen.assert_quiet()


def test_names_from_data_are_shown_as_text(
    runs: tuple[StoredRun, StoredRun], browser: Browser, tmp_path: Path
) -> None:
    for payload in PAYLOADS:
        run = poisoned(runs[0], payload)
        found = map_section(options_of([run, run], "fi"), Words("fi"), min_people=LEAST)
        path = tmp_path / "page.html"
        path.write_text(bare(found), encoding="utf-8")
        with visit(browser, path) as seen:
            painted(seen)
            seen.page.fill("#map-find", "Site")
            seen.page.locator("#map-found li").first.click()
            title = seen.page.text_content(".map-popup h3") or ""
            assert title.startswith(f"Site {plain(payload)} (")
            told = seen.page.text_content(".map-popup dl") or ""
            assert f"Tier {payload}" in told
            seen.page.fill("#map-find", "Place")
            assert f"Place {plain(payload)}" in (seen.page.text_content("#map-found") or "")
            seen.page.check('input[name="map-view"][value="2"]')
            assert seen.page.evaluate("window.ran") is None
            assert seen.page.locator("img").count() == 0
            seen.assert_quiet()


def poisoned(run: StoredRun, payload: str) -> StoredRun:
    """Put a payload into every name of a run that its map shows."""
    frame = run.sites.frame.copy()
    frame["name"] = f"Site {payload}"
    frame["municipality"] = f"Town {payload}"
    cells = run.population.cells.copy()
    cells["municipality"] = f"Town {payload}"
    assert run.places is not None
    places = run.places.copy()
    places["name_fi"] = f"Place {payload}"
    tiers = tuple(
        dataclasses.replace(one, name=Text({"": f"Tier {payload}"})) for one in run.tiers.tiers
    )
    study = dataclasses.replace(
        run.study, tiers=dataclasses.replace(run.study.tiers, tiers=tiers), targets=()
    )
    population = dataclasses.replace(run.population, cells=cells)
    return dataclasses.replace(
        run,
        study=study,
        sites=Sites(frame=frame),
        population=population,
        places=places,
        areas=None,
        verdicts=[],
        coverage=coverage(run.nearest, population, study.tiers, bands_min=study.bands_min),
    )


def no_sites(run: StoredRun) -> StoredRun:
    nearest = run.nearest.copy()
    for column in nearest:
        nearest[column] = pd.array(
            [pd.NA] * len(nearest), "Int32" if str(column).startswith("time") else "string"
        )
    return dataclasses.replace(
        run,
        sites=Sites(frame=run.sites.frame.iloc[:0]),
        nearest=nearest,
        isochrones=run.isochrones.iloc[:0],
        coverage=coverage(nearest, run.population, run.tiers, bands_min=run.study.bands_min),
    )


def no_surroundings(run: StoredRun) -> StoredRun:
    return dataclasses.replace(
        run, areas=None, places=None, roads=run.roads.iloc[:0], isochrones=run.isochrones.iloc[:0]
    )


def no_municipalities(run: StoredRun) -> StoredRun:
    cells = run.population.cells.drop(columns="municipality")
    population = dataclasses.replace(run.population, cells=cells)
    table = coverage(run.nearest, population, run.tiers, bands_min=run.study.bands_min)
    return no_surroundings(dataclasses.replace(run, population=population, coverage=table))


@pytest.mark.parametrize("change", [no_sites, no_surroundings, no_municipalities])
def test_a_run_that_lacks_something_still_has_a_map(
    runs: tuple[StoredRun, StoredRun],
    change: Callable[[StoredRun], StoredRun],
    browser: Browser,
    tmp_path: Path,
) -> None:
    found = map_section(options_of([change(runs[0])], "fi"), Words("fi"), min_people=LEAST)
    path = tmp_path / "page.html"
    path.write_text(bare(found), encoding="utf-8")
    with visit(browser, path) as seen:
        painted(seen)
        seen.page.focus("#map-canvas")
        seen.page.keyboard.press("Enter")
        boxes = seen.page.locator("input[name=map-layer]")
        for at in range(boxes.count()):
            boxes.nth(at).click()
        seen.assert_quiet()


def test_four_options_stand_side_by_side(
    runs: tuple[StoredRun, StoredRun], browser: Browser, tmp_path: Path
) -> None:
    several = [runs[0], runs[1], runs[0], runs[1], runs[1]]
    found = map_section(options_of(several, "fi"), Words("fi"), min_people=LEAST)
    data: Any = found.data
    assert [one[:2] for one in data["views"]] == [
        *(["time", at] for at in range(5)),
        *(["change", at] for at in range(1, 5)),
    ]
    assert data["cells"]["options"][1] == data["cells"]["options"][1]
    assert data["cells"]["options"][1][0]["cell"] == []  # the same as the first: nothing changes
    path = tmp_path / "page.html"
    path.write_text(bare(found), encoding="utf-8")
    with visit(browser, path) as seen:
        painted(seen)
        seen.page.check('input[name="map-view"][value="8"]')
        painted(seen, 8, 0)
        chosen(seen, "Viitasaari", "taajama")
        seen.page.focus("#map-canvas")
        seen.page.keyboard.press("Enter")
        assert seen.page.locator('.map-popup dd[data-option="4"]').count() == 3
        seen.assert_quiet()


@pytest.mark.data
def test_a_region_is_ready_in_time_and_small(
    data_folder: Path, tmp_path: Path, browser: Browser
) -> None:
    now = run_study(load_study(data_folder / "studies" / "keski-suomi.toml"), sensitivity=False)
    write_run(now, tmp_path / "run")
    found = map_section(
        options_of([read_run(tmp_path / "run")], "fi"), Words("fi"), min_people=LEAST
    )
    path = tmp_path / "page.html"
    path.write_text(bare(found), encoding="utf-8")
    assert path.stat().st_size < 900_000  # the rest of a page is at most 300 kB
    with visit(browser, path) as seen:
        painted(seen)
        ready: float = seen.page.evaluate("window.__mapReady")
        assert ready < 5000  # 0.6 s on a quiet machine
        seen.assert_quiet()
    assert json.loads(as_json(found.data))
