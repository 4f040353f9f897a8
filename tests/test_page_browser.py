"""The council page in a real browser: quiet, sound for axe, walked by keyboard, safe from data."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import page_checks as checks
import pytest
from axe import assert_sound
from browser import Visit, chromium, visit
from pages_made import LANGUAGES, TRAPPED, TRAPS, demo_runs, pages_of, real_runs, trapped_runs
from playwright.sync_api import Browser, Page

from accessibility.pages import page_html, write_page
from accessibility.reports.escaping import plain
from accessibility.run_reading import StoredRun

DOCS = Path(__file__).resolve().parent.parent / "docs"
CASES = ("demo", "closure")
STUDIES = {"keski-suomi": "", "lappi": "S148", "iceland": ""}
NARROW = 320
#: axe cannot see what lies under some elements; every text's and control's own test below can.
JUDGED_HERE = ("color-contrast", "target-size")
STEADY = {"reduced_motion": "reduce"}

Pages = Mapping[tuple[str, str], Path]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[StoredRun]:
    """The demo, and its closure."""
    return demo_runs(tmp_path_factory.mktemp("runs") / "demo")


@pytest.fixture(scope="module")
def pages(runs: list[StoredRun], tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """The pages of the demo alone and with its closure, in every language."""
    folder = tmp_path_factory.mktemp("pages")
    made = {
        "demo": pages_of(runs[:1], folder, "demo"),
        "closure": pages_of(runs, folder, "closure"),
    }
    return {(case, one): path for case, found in made.items() for one, path in found.items()}


@pytest.fixture(scope="module")
def real_pages(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """The pages of studies on real data, in every language."""
    folder = tmp_path_factory.mktemp("real")
    found: dict[tuple[str, str], Path] = {}
    for name, close in STUDIES.items():
        made = pages_of(real_runs(data_folder, name, folder / name, close), folder, name)
        found |= {(name, language): path for language, path in made.items()}
    return found


def ready(seen: Visit) -> Page:
    """Wait until the map stands."""
    seen.page.wait_for_selector("#map-figure[data-painted]", state="attached")
    return seen.page


def map_states(page: Page) -> Iterator[str]:
    """Show every tier in every view of the map, in turn."""
    for view in range(page.locator("input[name=map-view]").count()):
        for tier in range(page.locator("input[name=map-tier]").count()):
            for name, value in (("map-view", view), ("map-tier", tier)):
                chosen = page.locator(f"input[name={name}][value='{value}']")
                if chosen.is_visible():
                    chosen.check()
            page.wait_for_selector(f"#map-figure[data-painted='{view}-{tier}']", state="attached")
            yield f"view {view}, tier {tier}"


def open_site(page: Page) -> None:
    """Open a site by keyboard: the map's one stop for the Tab key."""
    page.locator(".map-site[tabindex='0']").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".map-popup")


def search(page: Page, text: str) -> None:
    """Type into the search field, and wait for what is found."""
    page.locator("#map-find").fill(text)
    page.wait_for_selector("#map-found:not([hidden]) [role=option]")


def use_everything(page: Page) -> None:
    """Use the page as a reader may: every layer, a popup, search, a sorted and copied table."""
    for _ in map_states(page):
        pass
    for box in page.locator("input[name=map-layer]").all():
        box.click()
        box.click()
    open_site(page)
    page.keyboard.press("Escape")
    search(page, "a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    for button in page.locator(".map-buttons button").all():
        button.click()
    page.locator("#map-canvas").click(position={"x": 150, "y": 150})
    page.keyboard.press("Escape")
    page.locator("button.sort").first.click()
    page.locator("button.copy").first.click()
    page.emulate_media(media="print")
    page.emulate_media(media="screen")


# --- nothing fetched, nothing broken -------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_the_page_is_quiet_whatever_is_done_with_it(
    browser: Browser, pages: Pages, case: str, language: str
) -> None:
    with visit(browser, pages[case, language]) as seen:
        use_everything(ready(seen))
        seen.assert_quiet()
        outside = (
            "[...document.querySelectorAll('[src], [href], [action]')].map((one) => "
            "one.getAttribute('src') ?? one.getAttribute('href') ?? one.getAttribute('action'))"
        )
        assert all(one.startswith("#") for one in seen.page.evaluate(outside))


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", STUDIES)
def test_pages_of_real_studies_are_quiet(
    browser: Browser, real_pages: Pages, name: str, language: str
) -> None:
    with visit(browser, real_pages[name, language]) as seen:
        use_everything(ready(seen))
        seen.assert_quiet()


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_pages_of_real_studies_fit_a_narrow_window_and_are_sound(
    browser: Browser, real_pages: Pages, name: str
) -> None:
    with visit(browser, real_pages[name, "sv"], width=NARROW) as seen:
        page = ready(seen)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= NARROW
        assert page.evaluate(checks.CLIPPED_TEXTS) == []
        assert page.evaluate(checks.FAINT_TEXTS) == []
        assert page.evaluate(checks.SMALL_TARGETS) == []
        assert_sound(page, within="#map-figure", judged_elsewhere=JUDGED_HERE)


def test_a_script_that_is_not_the_pages_own_is_stopped_and_noted(
    browser: Browser, pages: Pages, tmp_path: Path
) -> None:
    foreign = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'></body>"
    path = tmp_path / "page.html"
    html = pages["demo", "fi"].read_text(encoding="utf-8")
    path.write_text(html.replace("</body>", foreign), encoding="utf-8")
    with visit(browser, path) as seen:
        ready(seen)
        assert seen.page.evaluate("window.ran") is None
        assert seen.page.evaluate("window.stopped")
        with pytest.raises(AssertionError):
            seen.assert_quiet()


# --- axe -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1280, NARROW])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_axe_finds_nothing_in_the_page_and_in_any_state_of_its_map(
    browser: Browser, pages: Pages, case: str, language: str, width: int
) -> None:
    with visit(browser, pages[case, language], width=width) as seen:
        page = ready(seen)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert_sound(page, judged_elsewhere=JUDGED_HERE)
        for _ in map_states(page):
            assert_sound(page, within="#map-figure", judged_elsewhere=JUDGED_HERE)
        for box in page.locator("input[name=map-layer]").all():
            box.click()
        assert_sound(page, within="#map-figure", judged_elsewhere=JUDGED_HERE)
        for box in page.locator("input[name=map-layer]").all():
            box.check()
        open_site(page)
        assert_sound(page, within="#map-figure", judged_elsewhere=JUDGED_HERE)
        assert page.evaluate(checks.FAINT_TEXTS) == []
        page.keyboard.press("Escape")
        search(page, "a")
        page.keyboard.press("ArrowDown")
        assert_sound(page, within="#map-figure", judged_elsewhere=JUDGED_HERE)
        assert page.evaluate(checks.FAINT_TEXTS) == []


def test_axe_sees_what_is_wrong(browser: Browser, pages: Pages) -> None:
    with visit(browser, pages["demo", "en"]) as seen:
        page = ready(seen)
        page.evaluate(
            "document.querySelector('#map-find').closest('div').previousElementSibling.remove()"
        )
        with pytest.raises(AssertionError, match="label"):
            assert_sound(page, within="#map-figure", judged_elsewhere=JUDGED_HERE)


# --- by keyboard ---------------------------------------------------------------------------------


def walk(page: Page, *, most: int, backwards: bool = False) -> list[dict[str, Any]]:
    """Press Tab until the page is left or a place comes again."""
    stops: list[dict[str, Any]] = []
    for _ in range(most):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        at = page.evaluate(checks.FOCUS)
        if at is None or any(at["at"] == one["at"] for one in stops):
            return stops
        stops.append(at)
    raise AssertionError(f"no end after {most} stops, the last {stops[-1]['name']}")


@pytest.mark.parametrize("width", [1280, NARROW])
@pytest.mark.parametrize("case", CASES)
def test_tab_goes_to_every_control_in_order_and_its_focus_is_seen(
    browser: Browser, pages: Pages, case: str, width: int
) -> None:
    with visit(browser, pages[case, "fi"], width=width, **STEADY) as seen:
        page = ready(seen)
        expected = page.evaluate(checks.TAB_STOPS)
        stops = walk(page, most=len(expected) + 5)
        assert stops[0]["name"].startswith("a#.skip")
        assert [(one["name"], one["wrong"]) for one in stops if one["wrong"]] == []
        assert [one["at"] for one in stops] == expected


def test_tab_goes_backwards_through_the_map_as_well(browser: Browser, pages: Pages) -> None:
    with visit(browser, pages["closure", "fi"], **STEADY) as seen:
        page = ready(seen)
        page.locator("#tables .scroll").first.focus()
        names = [one["name"] for one in walk(page, most=600, backwards=True)]
        for part in ("#map-find", "#map-canvas", "map-site", ".skip"):
            assert any(part in one for one in names), part


def test_the_skip_link_leads_to_the_answer(browser: Browser, pages: Pages) -> None:
    with visit(browser, pages["demo", "fi"], **STEADY) as seen:
        page = ready(seen)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#answer"
        page.keyboard.press("Tab")
        at = page.evaluate(
            "document.activeElement.compareDocumentPosition(document.querySelector('#answer'))"
        )
        assert at & 2 or at & 8  # the next stop comes after the answer's beginning


def test_a_site_opens_takes_the_focus_and_gives_it_back(browser: Browser, pages: Pages) -> None:
    with visit(browser, pages["closure", "fi"], **STEADY) as seen:
        page = ready(seen)
        open_site(page)
        assert page.evaluate("document.activeElement.closest('.map-popup') !== null")
        dialog = page.get_by_role("dialog")
        assert dialog.locator("h3").inner_text().strip()
        assert re.search(r"\d+ min", dialog.inner_text())
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "map-close"
        page.keyboard.press("Escape")
        assert page.locator(".map-popup").count() == 0
        assert page.evaluate("document.activeElement.classList.contains('map-site')")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.locator(".map-popup").count() == 0
        assert page.evaluate("document.activeElement.classList.contains('map-site')")
        seen.assert_quiet()


def test_arrow_keys_go_to_every_site_and_each_is_seen(browser: Browser, pages: Pages) -> None:
    with visit(browser, pages["closure", "fi"], **STEADY) as seen:
        page = ready(seen)
        page.locator(".map-site[tabindex='0']").focus()
        page.keyboard.press("Home")
        count = page.locator(".map-site").count()
        met = []
        for _ in range(count):
            at = page.evaluate(checks.FOCUS)
            assert at["wrong"] == [], at["name"]
            met.append(at["at"])
            page.keyboard.press("ArrowRight")
        assert len(set(met)) == count > 20


def test_a_cell_opens_by_keyboard_and_closes(browser: Browser, pages: Pages) -> None:
    with visit(browser, pages["demo", "fi"], **STEADY) as seen:
        page = ready(seen)
        search(page, "Jyväskylä")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        page.locator("#map-canvas").focus()
        page.keyboard.press("+")
        for _ in range(30):
            page.keyboard.press("Enter")
            if page.locator(".map-popup").count():
                break
            page.keyboard.press("ArrowUp")
        assert re.search(r"\d+ min", page.get_by_role("dialog").inner_text())
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.id") == "map-canvas"


def test_search_by_keyboard_moves_the_map_and_says_so(browser: Browser, pages: Pages) -> None:
    with visit(browser, pages["closure", "fi"], **STEADY) as seen:
        page = ready(seen)
        page.locator("#map-find").focus()
        page.keyboard.type("hankas")
        page.wait_for_selector("#map-found:not([hidden]) [role=option]")
        count = page.locator("#map-found [role=option]").count()
        assert str(count) in page.locator("#map-status").inner_text()
        page.keyboard.press("ArrowDown")
        active = page.locator("#map-find").get_attribute("aria-activedescendant")
        assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
        page.keyboard.press("Escape")
        assert page.locator("#map-found").is_hidden()
        assert page.evaluate("document.activeElement.id") == "map-find"
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert "Hankasalm" in page.locator("#map-status").inner_text()
        page.locator("#map-find").fill("qqqq")
        page.wait_for_selector("#map-found", state="hidden")
        assert page.locator("#map-status").inner_text().strip()


def test_a_table_is_sorted_by_keyboard_and_says_so(browser: Browser, pages: Pages) -> None:
    with visit(browser, pages["demo", "fi"], **STEADY) as seen:
        page = ready(seen)
        table = page.locator("#tables table.data").first
        head = table.locator("thead th").nth(1)
        total = table.locator("tr.total th").inner_text()
        values = (
            "(one) => [...one.tBodies[0].querySelectorAll('tr:not(.total)')]"
            ".map((row) => Number(row.cells[1].dataset.v))"
        )
        for key, direction in (("Enter", "descending"), ("Space", "ascending")):
            head.locator("button").focus()
            page.keyboard.press(key)
            assert head.get_attribute("aria-sort") == direction
            found = table.evaluate(values)
            assert found == sorted(found, reverse=direction == "descending")
            assert len(set(found)) > 5
            assert table.locator("tr").last.locator("th").inner_text() == total
            page.wait_for_selector("#page-status:not(:empty)", state="attached")
            assert page.evaluate("document.activeElement.tagName") == "BUTTON"
        assert table.locator("[aria-sort]").count() == 1


@pytest.mark.parametrize("allowed", [True, False])
def test_a_table_is_copied_by_keyboard(browser: Browser, pages: Pages, allowed: bool) -> None:
    granted = ["clipboard-read", "clipboard-write"] if allowed else []
    with visit(browser, pages["demo", "fi"], permissions=granted, **STEADY) as seen:
        page = ready(seen)
        page.locator("button.copy").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#page-status:not(:empty)", state="attached")
        assert page.evaluate("document.activeElement.className") == "copy"
        if allowed:
            copied = page.evaluate("navigator.clipboard.readText()").splitlines()
            table = page.locator("table.data").first
            assert len(copied) == table.locator("tr").count()
            assert len({line.count("\t") for line in copied}) == 1
            first = table.locator("tbody th").first.inner_text()
            assert copied[1].split("\t")[0] == " ".join(first.split())
        seen.assert_quiet()


# --- narrow, large, still, in few colours --------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "change"),
    [
        (NARROW, ""),
        (390, ""),
        (1280, checks.LARGE_TEXT),
        (640, checks.LARGE_TEXT),
        (1280, checks.SPACED_TEXT),
        (NARROW, checks.SPACED_TEXT),
    ],
    ids=["320", "390", "large", "large-640", "spaced", "spaced-320"],
)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_no_text_is_cut_and_nothing_scrolls_sideways(
    browser: Browser, pages: Pages, case: str, language: str, width: int, change: str
) -> None:
    with visit(browser, pages[case, language], width=width) as seen:
        page = ready(seen)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        if change:
            page.evaluate(change)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        assert page.evaluate(checks.CLIPPED_TEXTS) == []
        open_site(page)
        popup = page.locator(".map-popup")
        assert popup.evaluate("(one) => one.scrollWidth <= one.clientWidth + 1")
        inner, outer = popup.bounding_box(), page.locator("#map-canvas").bounding_box()
        assert inner is not None
        assert outer is not None
        assert outer["x"] <= inner["x"]
        assert inner["x"] + inner["width"] <= outer["x"] + outer["width"] + 1


def test_nothing_moves_for_those_who_ask_for_stillness(browser: Browser, pages: Pages) -> None:
    moving = "document.getAnimations().map((one) => one.effect.target?.className ?? '')"
    with visit(browser, pages["closure", "fi"], **STEADY) as seen:
        page = ready(seen)
        page.locator("nav a").last.click()
        top = page.evaluate("document.scrollingElement.scrollTop")
        assert top > 1000, "the jump glides"
        open_site(page)
        assert page.evaluate(moving) == []
        page.keyboard.press("Escape")
        for button in page.locator(".map-buttons button").all():
            button.click()
            assert page.evaluate(moving) == []
        page.locator("button.sort").first.click()
        assert page.evaluate(moving) == []
        still = (
            "[...document.querySelectorAll('*')].every((one) => "
            "getComputedStyle(one).transitionDuration.split(', ').every((s) => s === '0s'))"
        )
        assert page.evaluate(still)


def test_forced_colours_keep_controls_classes_and_verdicts(browser: Browser, pages: Pages) -> None:
    with visit(browser, pages["closure", "fi"], forced_colors="active") as seen:
        page = ready(seen)
        assert page.evaluate("matchMedia('(forced-colors: active)').matches")
        assert_sound(page, judged_elsewhere=JUDGED_HERE)
        edged = (
            "[...document.querySelectorAll('button.copy, .map-buttons button, #map-find')]"
            ".map((one) => getComputedStyle(one))"
            ".every((one) => parseFloat(one.borderTopWidth) >= 1 && one.borderTopStyle !== 'none')"
        )
        assert page.evaluate(edged)
        swatches = page.locator(".map-swatch").evaluate_all(
            "(all) => all.map((one) => getComputedStyle(one).backgroundColor)"
        )
        assert len(set(swatches)) >= len(swatches) - 1 >= 7
        icons = page.locator(".answer .icon").evaluate_all(
            "(all) => all.map((one) => [getComputedStyle(one).stroke, getComputedStyle(one).fill])"
        )
        assert all(stroke != fill for stroke, fill in icons)


def test_texts_controls_and_signs_stand_out(browser: Browser, pages: Pages) -> None:
    signs = [
        ("button.copy", "borderTopColor"), ("#map-find", "borderTopColor"),
        (".map-buttons button", "borderTopColor"), (".map-swatch", "borderTopColor"),
        (".answer.met", "borderLeftColor"), (".answer .icon", "stroke"),
        (".chart .axis", "stroke"), (".chart rect", "fill"),
    ]  # fmt: skip
    with visit(browser, pages["closure", "fi"]) as seen:
        page = ready(seen)
        assert page.evaluate(checks.FAINT_TEXTS) == []
        assert page.evaluate(checks.FAINT_SHAPES, signs) == []


@pytest.mark.parametrize(("width", "height"), [(1280, 860), (390, 844)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_screen_holds_the_answer(
    browser: Browser, pages: Pages, language: str, width: int, height: int
) -> None:
    with visit(browser, pages["closure", language], width=width, height=height) as seen:
        box = ready(seen).locator(".tally").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height


def test_on_a_phone_every_option_of_a_comparison_is_in_sight(
    browser: Browser, pages: Pages
) -> None:
    with visit(browser, pages["closure", "fi"], width=NARROW) as seen:
        page = ready(seen)
        for box in page.locator("#options .scroll").all():
            assert box.evaluate("(one) => one.scrollWidth <= one.clientWidth")
        table = page.get_by_role("table", name="Tavanomainen vastaanotto 30 min").first
        assert table.get_by_role("columnheader").all_text_contents() == [
            "Nykytila (VE0)",
            "Vaihtoehto 1 (VE1)",
        ]
        row = table.get_by_role("row").nth(1)
        assert row.get_by_role("rowheader").count() == 1
        labels = row.get_by_role("cell").evaluate_all(
            "(all) => all.map((one) => getComputedStyle(one, '::before').content)"
        )
        assert [one.split(":")[0].strip('"') for one in labels] == ["VE0", "VE1"]


def test_a_table_that_goes_on_shows_it_until_its_end(browser: Browser, pages: Pages) -> None:
    with visit(browser, pages["closure", "fi"], width=700) as seen:
        page = ready(seen)
        box = page.locator(".sheets .scroll").first
        page.wait_for_selector(".sheets .scroll.goes-on")
        assert "inset" in box.evaluate("(one) => getComputedStyle(one).boxShadow")
        box.evaluate("(one) => { one.scrollLeft = one.scrollWidth; }")
        page.wait_for_function(
            "() => !document.querySelector('.sheets .scroll').matches('.goes-on')"
        )
        assert "goes-on" not in (box.get_attribute("class") or "").split()


def test_at_1280_no_table_is_cut(browser: Browser, pages: Pages) -> None:
    with visit(browser, pages["closure", "sv"]) as seen:
        page = ready(seen)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        page.wait_for_timeout(100)
        assert page.locator(".goes-on").count() == 0


# --- without scripts, and on paper ---------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_without_scripts_the_drawn_map_and_every_table_can_be_read(
    browser: Browser, pages: Pages, case: str
) -> None:
    with visit(browser, pages[case, "fi"], java_script_enabled=False) as seen:
        page = seen.page
        drawing = page.locator(".map-static svg").first.bounding_box()
        assert drawing is not None
        assert drawing["width"] > 300
        assert drawing["height"] > 300
        assert page.locator("button:visible, input:visible, select:visible").count() == 0
        folded = page.locator("details:not([open]) table")
        tables = page.locator("main table:not(.map-legend)")
        assert tables.count() > 8
        assert page.locator("main table:visible").count() == tables.count() - folded.count()
        for summary in page.locator("summary").all():
            summary.click()
        assert page.locator("main table:visible").count() == tables.count()
        assert "undefined" not in page.locator("main").inner_text()
        seen.assert_quiet()


def test_on_paper_the_drawn_map_stands_for_the_live_one(browser: Browser, pages: Pages) -> None:
    with visit(browser, pages["closure", "fi"]) as seen:
        page = ready(seen)
        assert not page.locator(".map-static").is_visible()
        page.emulate_media(media="print")
        assert page.locator(".map-static svg").first.is_visible()
        assert not page.locator("#map-canvas").is_visible()
        assert page.locator("button.copy:visible").count() == 0


# --- sizes, languages, structure -----------------------------------------------------------------


@pytest.mark.parametrize("width", [1280, NARROW])
def test_every_control_is_large_enough_to_hit(browser: Browser, pages: Pages, width: int) -> None:
    with visit(browser, pages["closure", "sv"], width=width) as seen:
        page = ready(seen)
        assert page.evaluate(checks.SMALL_TARGETS) == []
        search(page, "a")
        assert page.evaluate(checks.SMALL_TARGETS) == []
        page.keyboard.press("Escape")
        open_site(page)
        assert page.evaluate(checks.SMALL_TARGETS) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_in_its_language_and_finnish_names_are_marked(
    browser: Browser, runs: list[StoredRun], pages: Pages, language: str
) -> None:
    assert runs[1].scenario is not None
    names = [*sorted(runs[0].sites.frame["name"]), runs[1].scenario.name.in_language("fi")]
    with visit(browser, pages["closure", language]) as seen:
        page = ready(seen)
        assert page.locator("html").get_attribute("lang") == language
        open_site(page)
        found = page.evaluate(checks.WRONG_LANGUAGE, [names, "fi"])
        assert found["wrong"] == []
        assert len(found["met"]) > 10
        assert page.get_by_role("dialog").inner_text()
        labelled = page.locator(".map-site").first
        said = labelled.evaluate("(one) => one.closest('[lang]').lang")
        assert said == "fi"


@pytest.mark.parametrize("case", CASES)
def test_title_headings_and_tables_have_their_structure(
    browser: Browser, pages: Pages, case: str
) -> None:
    titles = set()
    for language in LANGUAGES:
        with visit(browser, pages[case, language]) as seen:
            page = ready(seen)
            titles.add(page.title())
            heads = page.locator("h1, h2, h3, h4, h5, h6").evaluate_all(
                "(all) => all.map((one) => [Number(one.tagName[1]), one.textContent.trim()])"
            )
            levels = [level for level, _ in heads]
            assert levels.count(1) == 1
            assert all(later - level <= 1 for level, later in pairwise(levels))
            assert all(text for _, text in heads)
            lacking = (
                "(all) => all.filter((one) => !one.caption?.textContent.trim() || "
                "[...one.querySelectorAll('th')].some((head) => !head.scope) || "
                "[...one.tBodies[0].rows].some((row) => row.cells[0].tagName !== 'TH'))"
                ".map((one) => one.outerHTML.slice(0, 300))"
            )
            assert page.locator("main table").evaluate_all(lacking) == []
    assert len(titles) == len(LANGUAGES)


def test_the_pictures_in_the_docs_show_the_page_as_it_is(runs: list[StoredRun]) -> None:
    spec = importlib.util.spec_from_file_location("screenshots", DOCS / "screenshots.py")
    assert spec is not None
    assert spec.loader is not None
    screenshots = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(screenshots)
    pages = {
        "page": page_html(runs[:1], language="fi"),
        "page-closure": page_html(runs, language="fi"),
    }
    assert screenshots.stale(pages) == [], "take them anew: make screenshots"
    changed = {name: html.replace("</h1>", "!</h1>") for name, html in pages.items()}
    assert len(screenshots.stale(changed)) == 4
    for picture in DOCS.glob("page*.png"):
        assert picture.stat().st_size <= screenshots.LARGEST_BYTES


# --- data is never code --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "language"),
    [(payload, LANGUAGES[number % len(LANGUAGES)]) for number, payload in enumerate(TRAPS)],
)
def test_a_trap_in_the_data_is_shown_as_text_and_runs_nowhere(
    browser: Browser, tmp_path: Path, payload: str, language: str
) -> None:
    runs = trapped_runs(tmp_path / "study", payload)
    write_page(runs, tmp_path / "page.html", language=language)
    trap = plain(payload)
    with visit(browser, tmp_path / "page.html") as seen:
        page = ready(seen)
        said = " ".join(page.locator("body").inner_text().split())
        # what does not print goes, or becomes a space
        spaced = " ".join("".join(one if one.isprintable() else " " for one in payload).split())
        missing = [
            name
            for name in TRAPPED
            if f"{name} {trap}" not in said and f"{name} {spaced}" not in said
        ]
        assert missing == []
        assert f"Study {trap}" in page.title()
        for site in page.locator(".map-site").all():
            site.focus()
            page.keyboard.press("Enter")
            title = page.locator(".map-popup h3").inner_text()
            assert trap in (words := " ".join(title.split())) or spaced in words
            page.keyboard.press("Escape")
        search(page, "station")
        listed = " ".join(page.locator("#map-found").inner_text().split())
        assert f"Station a {trap}" in listed or f"Station a {spaced}" in listed
        use_everything(page)
        everything = page.content() + "".join(page.evaluate("window.drawnTexts"))
        assert "1337" not in everything
        assert page.evaluate("window.ran") is None
        seen.assert_quiet()
