"""Maps: true to the run, the same every time, whole without a network, and never run by data."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from branca.element import Figure
from browser import Visit, chromium, visit
from playwright.sync_api import Browser

from accessibility import maps
from accessibility.errors import OutputError
from accessibility.maps import (
    explore_population,
    explore_run,
    explore_sites,
    html_text,
    map_html,
    plain_text,
    run_map,
    save_map,
)
from accessibility.maps.compact import CELL_STEPS, cell_steps, line_steps, lon_lat
from accessibility.maps.escaping import ACTIVE
from accessibility.maps.palette import viridis
from accessibility.maps.words import WORDS
from accessibility.population import Population
from accessibility.runs import Run, run_study
from accessibility.services import Text, Tiers
from accessibility.sites import Sites
from accessibility.study import load_study
from accessibility.traveltime import TravelTimes

DEMO = Path(__file__).parent.parent / "data" / "demo" / "demo.toml"
PAYLOADS = (
    "{{ 'zq' * 6 }}",
    "{% print 'zq' * 6 %}",
    "{% raw %}",
    "{# never closed",
    "{{ ''.__class__.__mro__ }}",
    '<img src=x onerror="window.ran=1">',
    "</script><script>window.ran=1</script>",
    "</title></textarea></bdi><svg onload=window.ran=1>",
    "--><!--",
    "`",
    "${window.ran=1}",
    "'\"; window.ran=1; //",
    "\\u003cimg src=x onerror=window.ran=1\\u003e",
    "&lt;img src=x onerror=window.ran=1&gt;",
    "javascript:window.ran=1",
    "a\u2028b\u2029c",
    "\u202egnp.exe\u2066",
    "nul\x00bell\x07esc\x1b[31m",
    "Äänekoski, Ťažký, 東京, ירושלים",
)
RAN = "zqzqzqzqzqzq"


def shown(text: str) -> str:
    """Give a text as a page must show it: unprintable characters are spaces."""
    return "".join(one if one.isprintable() else " " for one in text)


@pytest.fixture(scope="module")
def run() -> Run:
    return run_study(load_study(DEMO), sensitivity=False)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def small(run: Run, cells: int = 30) -> Run:
    """Keep the first cells of a run."""
    rows = np.arange(cells)
    snapped = run.times.cells
    assert snapped is not None
    fields = {one.name: getattr(snapped, one.name)[rows] for one in dataclasses.fields(snapped)}
    return dataclasses.replace(
        run,
        population=dataclasses.replace(run.population, cells=run.population.cells.iloc[rows]),
        times=TravelTimes(
            cell_ids=run.times.cell_ids[rows],
            site_ids=run.times.site_ids,
            time_s=run.times.time_s[rows].copy(),
            cells=type(snapped)(**fields),
        ),
        nearest=run.nearest.iloc[rows],
        status=run.status.iloc[rows],
    )


def poisoned(run: Run, payload: str) -> Run:
    """Put a payload into every text of a run that a map could show."""
    tier = {one: f"{one}{payload}" for one in run.tiers.ids}
    site = {one: f"{one}{payload}" for one in run.sites.ids}
    name = {"fi": f"Study {payload}"}
    tiers = Tiers(
        tuple(
            dataclasses.replace(
                one,
                id=tier[one.id],
                name=Text({"": f"Tier {one.id} {payload}"}),
                includes=tuple(tier[other] for other in one.includes),
            )
            for one in run.tiers.tiers
        )
    )
    study = dataclasses.replace(
        run.study, file=run.study.file.model_copy(update={"name": name}), tiers=tiers
    )
    frame = run.sites.frame.rename(index=site)
    frame["name"] = f"Site {payload}"
    frame["municipality"] = f"Town {payload}"
    frame["tier"] = frame["tier"].map(tier)
    cells = run.population.cells.rename(columns={"65+": f"65+{payload}"})
    cells.index = pd.Index([f"{one}{payload}" for one in cells.index], name="cell_id")
    cells["municipality"] = f"Town {payload}"
    nearest = run.nearest.set_axis(cells.index)
    nearest = nearest.rename(
        columns={
            f"{what}_{old}": f"{what}_{new}"
            for old, new in tier.items()
            for what in ("time_s", "site")
        }
    )
    for one in tiers.ids:
        nearest[f"site_{one}"] = nearest[f"site_{one}"].map(site)
    places = None if run.places is None else run.places.copy()
    if places is not None:
        places["name_fi"] = f"Place {payload}"
    return dataclasses.replace(
        run,
        study=study,
        sites=Sites(frame=frame.sort_index()),
        population=Population(cells=cells, groups=("0-14", "15-64", f"65+{payload}")),
        places=places,
        nearest=nearest,
        status=run.status.set_axis(cells.index),
        coverage=run.coverage.assign(tier=run.coverage["tier"].map(tier)),
    )


def squares_for_bands(run: Run) -> gpd.GeoDataFrame:
    """Draw one box for each tier and band around the region's middle."""
    west, south, east, north = run.population.cells.total_bounds
    middle = shapely.Point((west + east) / 2, (south + north) / 2)
    rows = [(tier, band) for tier in run.tiers.ids for band in run.study.bands_min]
    return gpd.GeoDataFrame(
        {
            "tier": [tier for tier, _ in rows],
            "band_min": [float(band) for _, band in rows],
            "people": 1.0,
        },
        geometry=[middle.buffer(200 * band, quad_segs=4) for _, band in rows],
        crs=run.study.crs,
    )


def drawn_data(page: str) -> dict[str, object]:
    """Read the data block of a page."""
    found = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    assert isinstance(data, dict)
    return data


MAPS: dict[str, Callable[[Run], folium.Map]] = {
    "run": lambda run: run_map(run, isochrones=squares_for_bands(run), language="fi"),
    "explore_run": explore_run,
    "population": lambda run: explore_population(run.population),
    "sites": lambda run: explore_sites(run.sites),
}

# ---- escaping


@pytest.mark.parametrize("payload", PAYLOADS)
def test_escaped_text_has_nothing_active_and_decodes_to_itself(payload: str) -> None:
    from html import unescape

    escaped = html_text(payload)
    assert not re.search(r"[<>\"'`${}\\%=/]|#(?!\d+;)|&(?!#\d+;)", escaped)
    assert unescape(escaped) == shown(payload)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_plain_text_has_no_active_character_at_all(payload: str) -> None:
    plain = plain_text(payload)
    assert not set(plain) & set(ACTIVE)
    assert plain.isprintable()


def test_half_a_surrogate_pair_becomes_a_space() -> None:
    assert html_text("a\ud800b") == plain_text("a\ud800b") == "a b"


def test_a_missing_text_is_empty() -> None:
    assert [html_text(one) for one in (None, float("nan"), pd.NA, "")] == ["", "", "", ""]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_map_evaluates_a_payload(run: Run, payload: str) -> None:
    bad = poisoned(small(run), payload)
    for what, make in MAPS.items():
        page = map_html(make(bad))
        assert RAN not in page, what
        assert "window.ran=1" not in page, what


def test_a_notebook_evaluates_no_payload_either(run: Run) -> None:
    for make in MAPS.values():
        page = make(poisoned(small(run), " ".join(PAYLOADS)))._repr_html_()
        assert "<iframe srcdoc=" in page
        assert RAN not in page
        assert "window.ran=1" not in page


def test_a_plain_folium_figure_evaluates_no_payload_either(run: Run) -> None:
    figure = Figure(height="400px")
    figure.add_child(run_map(poisoned(small(run), " ".join(PAYLOADS)), language="fi"))
    page = figure.render()
    assert "drawSheet(" in page
    assert RAN not in page
    assert "window.ran=1" not in page


@pytest.mark.parametrize("what", list(MAPS))
def test_in_the_browser_a_payload_is_text(
    run: Run, browser: Browser, tmp_path: Path, what: str
) -> None:
    payload = " ".join(PAYLOADS)
    path = tmp_path / "map.html"
    save_map(MAPS[what](poisoned(small(run), payload)), path)
    with visit(browser, path) as seen:
        page, text = seen.page, shown(payload)
        for popup in open_every_kind_of_popup(seen):
            assert text in popup
        if what.endswith("run"):
            assert page.title() == " ".join(f"Study {text}".split())
            assert page.locator("h1").text_content() == f"Study {text}"
            assert page.locator("label").first.text_content() == f"LTier L {text}"
            assert f"Place {text}" in page.evaluate("window.drawnTexts")
        assert page.evaluate("window.ran") is None
        assert page.locator("img").count() == 0
        seen.assert_quiet()


def open_every_kind_of_popup(seen: Visit) -> list[str]:
    """Open the popup of a site and of a cell, as far as there are any; give their texts."""
    page = seen.page
    texts = []
    if page.locator(".site").count():
        page.locator(".site").first.dispatch_event("click")
        texts.append(page.locator(".leaflet-popup-content").last.text_content() or "")
    data = page.evaluate(
        "JSON.parse(document.querySelector('script[type=\"application/json\"]').textContent)"
    )
    if "cells" in data:
        lon = (data["cells"]["corners"][0] + data["cells"]["corners"][2] / 2) / CELL_STEPS
        lat = (data["cells"]["corners"][1] + data["cells"]["corners"][5] / 2) / CELL_STEPS
        page.evaluate(
            "([lat, lon]) => { const name = Object.keys(window).find(k => k.startsWith('map_'));"
            "window[name].fire('click', { latlng: L.latLng(lat, lon) }); }",
            [lat, lon],
        )
        texts.append(page.locator(".leaflet-popup-content").last.text_content() or "")
    return texts


# ---- the page


def test_no_module_hides_a_function() -> None:
    modules = {one.stem for one in Path(str(maps.__file__)).parent.glob("*.py")}
    assert not set(maps.__all__) & modules
    assert all(callable(getattr(maps, name)) for name in maps.__all__)


def test_the_same_run_gives_the_same_bytes(run: Run) -> None:
    chart = run_map(run, isochrones=squares_for_bands(run), language="sv")
    first = map_html(chart)
    assert map_html(chart) == first
    assert map_html(run_map(run, isochrones=squares_for_bands(run), language="sv")) == first
    assert not re.search(r"_(?!0{20})[0-9a-f]{32}", first)


def test_the_page_names_nothing_on_a_network(run: Run) -> None:
    page = map_html(run_map(run, language="en"))
    assert not re.search(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", page)
    assert "sourceMappingURL" not in page
    assert "jquery" not in page.lower()
    assert "Redistribution and use in source and binary forms" in page


def test_the_page_is_a_whole_document(run: Run) -> None:
    page = map_html(run_map(run, language="sv"))
    for part in ('<html lang="sv">', "<title>Mellersta Finland", "<h1>", "<main>", "</html>"):
        assert part in page
    assert "user-scalable" not in page
    assert "maximum-scale" not in page


def test_nothing_is_made_up_about_the_source_of_roads(run: Run) -> None:
    assert "OpenStreetMap" not in map_html(run_map(run, language="en"))
    part = run.study.file.network.model_copy(update={"source": "extract.osm.pbf"})
    study = dataclasses.replace(run.study, file=run.study.file.model_copy(update={"network": part}))
    page = map_html(run_map(dataclasses.replace(run, study=study), language="en"))
    assert "© OpenStreetMap contributors" in page


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fi", ("Palvelutaso", "henkilöautolla", "yli 180 min", "ei tieyhteyttä laskennassa",
                "Palvelujen alueellinen saavutettavuus: laskennallinen matka-aika")),
        ("sv", ("Servicenivå", "med bil", "över 180 min", "ingen vägförbindelse i beräkningen",
                "Tjänsternas nåbarhet: beräknad restid")),
        ("en", ("Service level", "by car", "over 180 min", "no road connection in the model",
                "Geographical access to services: modelled travel time")),
    ],
)  # fmt: skip
def test_the_legend_speaks_the_readers_language(
    run: Run, language: str, words: tuple[str, ...]
) -> None:
    page = map_html(run_map(run, language=language))
    for word in (*words, "0–15 min", "150–180 min"):
        assert word in page


def test_every_language_has_every_word() -> None:
    assert WORDS["fi"].keys() == WORDS["sv"].keys() == WORDS["en"].keys()
    for key, finnish in WORDS["fi"].items():
        holes = re.findall(r"\{\w+\}", finnish)
        assert all(re.findall(r"\{\w+\}", words[key]) == holes for words in WORDS.values()), key


def test_an_unknown_language_is_refused(run: Run) -> None:
    with pytest.raises(ValueError, match='no map in "de"; languages: fi, sv, en'):
        run_map(run, language="de")


def test_an_older_page_stays_where_the_new_one_cannot_be_written(run: Run, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="the map cannot be written"):
        save_map(explore_run(run), tmp_path / "nowhere" / "map.html")
    taken = tmp_path / "map.html"
    taken.mkdir()
    with pytest.raises(OutputError, match="the map cannot be written"):
        save_map(explore_run(run), taken)
    assert [one.name for one in tmp_path.iterdir()] == ["map.html"]


# ---- folium


def test_folium_layers_can_be_added(run: Run, browser: Browser, tmp_path: Path) -> None:
    chart = explore_run(run)
    chart._repr_html_()
    folium.CircleMarker([62.2, 25.7], radius=30, color="red").add_to(chart)
    save_map(chart, tmp_path / "map.html")
    with visit(browser, tmp_path / "map.html") as seen:
        assert seen.page.evaluate("window.drawnTexts.length") > 0
        seen.assert_quiet()
    assert (tmp_path / "map.html").read_text(encoding="utf-8").count("L.circleMarker(\n") == 1


def test_layers_that_need_the_network_are_refused_for_files_only(run: Run) -> None:
    chart = explore_run(run)
    folium.Marker([62.2, 25.7], popup="seen").add_to(chart)
    with pytest.raises(OutputError, match=r"need files from the network .*jquery"):
        map_html(chart)
    assert "jquery" in chart._repr_html_()


def test_a_map_of_folium_itself_is_refused() -> None:
    with pytest.raises(OutputError, match=r"only maps made by accessibility\.maps"):
        map_html(folium.Map(tiles=None))


# ---- what is drawn


def test_cells_are_the_true_squares(run: Run) -> None:
    cells = run.population.cells
    rows = np.cumsum(np.array(cell_steps(cells)).reshape(-1, 8), axis=0)
    corners = np.cumsum(rows.reshape(-1, 4, 2), axis=1) / CELL_STEPS
    true = shapely.get_coordinates(cells.geometry.array).reshape(-1, 5, 2)[:, :4]
    true = lon_lat(true.reshape(-1, 2), cells.crs).reshape(-1, 4, 2)
    assert np.abs(corners - true).max() <= 0.5 / CELL_STEPS + 1e-9


def test_a_cell_that_is_no_square_is_drawn_as_its_bounding_box() -> None:
    cells = gpd.GeoDataFrame(
        geometry=[shapely.Point(500_000, 6_900_000).buffer(500)], crs="EPSG:3067"
    )
    corners = np.cumsum(np.array(cell_steps(cells)).reshape(4, 2), axis=0) / CELL_STEPS
    box = lon_lat(shapely.get_coordinates(shapely.box(*cells.total_bounds))[:4], cells.crs)
    assert np.abs(corners - box).max() < 1e-5


def test_lines_are_steps_from_their_first_point() -> None:
    line = shapely.LineString([(24.0, 61.0), (24.0, 61.00001), (24.5, 61.25), (24.4, 61.25)])
    assert line_steps([line], "EPSG:4326") == [[240000, 610000, 5000, 2500, -1000, 0]]
    ring = shapely.box(24.0, 61.0, 24.1, 61.1)
    assert len(line_steps([shapely.MultiPolygon([ring])], "EPSG:4326")) == 1
    assert line_steps([shapely.MultiPolygon()], "EPSG:4326") == []


def test_classes_hold_their_upper_limit_and_minutes_are_rounded_up(run: Run) -> None:
    edge = small(run, 8)
    seconds = [0, 899, 900, 901, 1800, 10800, 10801, None]
    nearest = edge.nearest.copy()
    nearest["time_s_L"] = pd.array(seconds, "Int32")
    nearest.loc[nearest.index[-1], "site_L"] = pd.NA
    data = drawn_data(map_html(explore_run(dataclasses.replace(edge, nearest=nearest))))
    assert data["choices"][0][1] == [0, 0, 0, 1, 1, 6, 7, 8]  # type: ignore[index]
    assert data["cells"]["minutes"][0] == [0, 15, 15, 16, 30, 180, 181, -1]  # type: ignore[index]
    assert data["cells"]["nearest"][0][-1] == -1  # type: ignore[index]


def test_the_legend_shows_the_runs_own_coverage(run: Run, browser: Browser, tmp_path: Path) -> None:
    save_map(run_map(run, language="en"), tmp_path / "map.html")
    table = run.coverage
    rows = table[(table["tier"] == "E") & (table["group"] == "*") & (table["area"] == "*")]
    people = rows["people_low"].to_list()
    expected = [*np.diff([0, *people[:-2]]), *people[-2:]]
    with visit(browser, tmp_path / "map.html") as seen:
        seen.page.check("input[name=choice][value='2']")
        cells = seen.page.locator("tbody .of2:visible").all_inner_texts()[::2]
        assert [int(one.replace(",", "")) for one in cells] == [round(one) for one in expected]
        assert sum(expected) == run.population.total
        seen.assert_quiet()


def test_colours_grow_darker_with_the_minutes() -> None:
    for count in (1, 2, 5, 7, 12):
        light = [sum(int(one[k : k + 2], 16) for k in (1, 3, 5)) for one in viridis(count)]
        assert all(near > far for near, far in pairwise(light)), count


def test_a_tier_recolours_the_cells_and_shows_its_bands(
    run: Run, browser: Browser, tmp_path: Path
) -> None:
    save_map(MAPS["run"](run), tmp_path / "map.html")
    with visit(browser, tmp_path / "map.html") as seen:
        page = seen.page
        first = page.evaluate(CELL_COLOURS)
        assert first["253,231,37"] > 1000  # near: the lightest of viridis
        page.check("input[name=choice][value='2']")
        second = page.evaluate(CELL_COLOURS)
        assert second["253,231,37"] < first["253,231,37"]
        assert second["33,145,140"] > 1000  # an hour to an hour and a half
        assert page.locator(".band").count() == 0
        page.check("input[value=outlines]")
        assert page.locator(".band").all_inner_texts() == [
            f"{band:g} min" for band in run.study.bands_min
        ]
        seen.assert_quiet()


CELL_COLOURS = """() => {
  const canvas = document.querySelector('.leaflet-cells-pane canvas');
  const copy = document.createElement('canvas');
  copy.width = canvas.width;
  copy.height = canvas.height;
  const context = copy.getContext('2d', { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const pixels = context.getImageData(0, 0, copy.width, copy.height).data;
  const counts = {};
  for (let i = 0; i < pixels.length; i += 4) {
    if (pixels[i + 3] !== 255) continue;
    const key = [pixels[i], pixels[i + 1], pixels[i + 2]].join(',');
    counts[key] = (counts[key] || 0) + 1;
  }
  return counts;
}"""


def test_a_cells_popup_says_minutes_site_people_and_status(
    run: Run, browser: Browser, tmp_path: Path
) -> None:
    save_map(run_map(run, language="en"), tmp_path / "map.html")
    cell = run.cells().iloc[0]
    site = run.sites.frame.loc[cell["site_L"]]
    with visit(browser, tmp_path / "map.html") as seen:
        site_text, cell_text = open_every_kind_of_popup(seen)
    assert f"{cell['people']:g} residents, {cell['municipality']}" in cell_text
    assert f"{int(np.ceil(cell['time_s_L'] / 60))} min {site['name']} ({site.name})" in cell_text
    assert "Reached by road" in cell_text
    first = run.sites.frame.iloc[0]
    for part in (first["name"], first.name, first["municipality"], "Sub-regional level"):
        assert part in site_text


def test_without_borders_places_or_bands_the_map_still_shows(run: Run) -> None:
    bare = dataclasses.replace(run, areas=None, places=None)
    data = drawn_data(map_html(run_map(bare, isochrones=None, language="en")))
    assert data["land"] == data["borders"] == data["places"] == data["outlines"] == []
    assert 'value="borders"' not in map_html(run_map(bare, language="en"))


# ---- reading it by keyboard and on a telephone


def test_sites_open_and_close_by_keyboard(run: Run, browser: Browser, tmp_path: Path) -> None:
    save_map(explore_run(run), tmp_path / "map.html")
    with visit(browser, tmp_path / "map.html") as seen:
        page = seen.page
        site = page.locator(".site").first
        assert site.get_attribute("role") == "button"
        assert site.get_attribute("aria-label") == "Äänekosken sote-keskus (KS-AAN)"
        site.focus()
        page.keyboard.press("Enter")
        assert page.locator(".leaflet-popup").count() == 1
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Sulje"
        page.keyboard.press("Escape")
        page.wait_for_selector(".leaflet-popup", state="detached")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Ääne")
        seen.assert_quiet()


def test_a_telephone_needs_no_sideways_scrolling(
    run: Run, browser: Browser, tmp_path: Path
) -> None:
    save_map(explore_run(run), tmp_path / "map.html")
    with visit(browser, tmp_path / "map.html", width=320, height=640) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 320
        seen.assert_quiet()


def test_without_scripts_the_figures_can_still_be_read(
    run: Run, browser: Browser, tmp_path: Path
) -> None:
    save_map(run_map(run, language="en"), tmp_path / "map.html")
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto((tmp_path / "map.html").as_uri())
        assert page.locator("tbody .of:visible").count() == 9 * 2 * len(run.tiers.ids)
    finally:
        context.close()


# ---- size


def test_the_demo_is_small(run: Run) -> None:
    assert len(map_html(explore_run(run)).encode()) < 800_000


@pytest.mark.data
@pytest.mark.parametrize(
    ("study", "most_bytes"),
    [("keski-suomi", 3e6), pytest.param("finland", 12e6, marks=pytest.mark.slow)],
)
def test_regions_and_the_country_stay_within_their_size(
    data_folder: Path, browser: Browser, tmp_path: Path, study: str, most_bytes: float
) -> None:
    found = run_study(load_study(data_folder / "studies" / f"{study}.toml"), sensitivity=False)
    path = tmp_path / "map.html"
    save_map(run_map(found, isochrones=squares_for_bands(found), language="fi"), path)
    assert path.stat().st_size <= most_bytes
    with visit(browser, path) as seen:
        assert seen.page.locator(".site").count() == len(found.sites.frame)
        seen.assert_quiet()


def test_the_map_of_an_option_says_which_option_it_is() -> None:
    import accessibility as acc

    base = run_study(load_study(acc.demo_study()), sensitivity=False)
    option = acc.Scenario(name=Text({"": "{{7*191}} VE1"}), changes=(acc.CloseSite(site="KS-HAN"),))
    page = map_html(run_map(acc.run_scenario(base, option), isochrones=None, language="en"))
    assert "VE1" in page
    assert "1337 VE1" not in page
    assert "VE1" not in map_html(run_map(base, isochrones=None, language="en"))
