"""The council page: every figure is the run's, names are text, small cells stay hidden."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browser import chromium, visit
from hypothesis import given
from hypothesis import strategies as st
from pages_made import demo_runs, stored_runs, trapped_runs
from studies import write_tiny_study

from accessibility.comparison import load_by_site
from accessibility.coverage_table import areas_of, seconds
from accessibility.errors import OutputError, StudyError
from accessibility.pages import page_html, write_page
from accessibility.pages.charts import STEPS
from accessibility.pages.disclosure import Guard, safe_sums
from accessibility.pages.figures import figures_of
from accessibility.pages.options import Option, options_of
from accessibility.pages.receivers import names_itself
from accessibility.reports import Words
from accessibility.run_reading import StoredRun
from accessibility.scenarios import closing
from accessibility.services import EVERYBODY, WHOLE_AREA, Text

LANGUAGES = ("fi", "sv", "en")
MIN_PEOPLE = 10
PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{ 7*191 }} {% print 1 %} {% raw %}",
    "</script><b>`${alert(1)}`",
    "\"'><svg onload=alert(1)> &lt &#60 &amp",
    "[x](javascript:alert(1)) | *b* _i_ # http://example.org",
    "=1+1",
)
VOID = {"meta", "br", "input", "path", "rect", "circle", "line", "link", "use", "img", "hr", "col"}


# --- reading the page -----------------------------------------------------------------------------


@dataclass
class Node:
    """An element, or a text where `tag` is empty."""

    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    data: str = ""

    def all(self, tag: str = "", **attrs: str) -> list[Node]:
        found = []
        for one in self.children:
            wanted = one.tag and (not tag or one.tag == tag)
            if wanted and all(
                value in one.attrs.get(key.strip("_"), "").split()
                or value == one.attrs.get(key.strip("_"))
                for key, value in attrs.items()
            ):
                found.append(one)
            found += one.all(tag, **attrs)
        return found

    def by_id(self, name: str) -> Node:
        found = self.all(id=name)
        assert len(found) == 1, f"{len(found)} elements with id {name}"
        return found[0]

    @property
    def text(self) -> str:
        return self.data + "".join(one.text for one in self.children)

    def own(self) -> str:
        """Read a cell's first line."""
        hidden = ("under", "quiet")
        inside = [one for one in self.children if one.attrs.get("class") not in hidden]
        return (self.data + "".join(one.text for one in inside)).strip()

    def under(self) -> str:
        found = self.all(_class="under")
        return found[0].text if found else ""


class Reader(HTMLParser):
    """Reads a page into nodes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {key: value or "" for key, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(Node("", data=data))


def parsed(html: str) -> Node:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert len(reader.open) == 1
    return reader.root


def table(page: Node, name: str) -> tuple[list[str], list[list[Node]]]:
    """Read a table: its headings and its rows of cells."""
    box = page.by_id(f"table-{name}")
    heads = [one.text for one in box.all("thead")[0].all("th")]
    rows = [
        [one for one in row.children if one.tag in ("th", "td")]
        for row in box.all("tbody")[0].all("tr")
    ]
    return heads, rows


def value(cell: Node) -> float | None:
    """Read a cell's exact value; None where it is withheld or missing."""
    return float(cell.attrs["data-v"]) if cell.attrs["data-v"] else None


def is_withheld(cell: Node) -> bool:
    return "none" in cell.attrs.get("class", "").split()


# --- worlds ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[StoredRun]:
    """Run the demo, and its closure."""
    return demo_runs(tmp_path_factory.mktemp("content") / "demo")


@pytest.fixture(scope="module")
def written(runs: list[StoredRun], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write the demo's page in every language."""
    folder = tmp_path_factory.mktemp("pages")
    found = {language: folder / f"{language}.html" for language in LANGUAGES}
    for language, path in found.items():
        write_page(runs, path, language=language)
    return found


@pytest.fixture(scope="module")
def pages(written: Mapping[str, Path]) -> dict[str, Node]:
    return {key: parsed(path.read_text(encoding="utf-8")) for key, path in written.items()}


@pytest.fixture(scope="module")
def options(runs: list[StoredRun]) -> list[Option]:
    return options_of(runs, "en")


def within(run: StoredRun, tier: str, area: str, limit: str) -> float:
    """Look a figure up in the run's coverage table."""
    rows = run.coverage
    chosen = (rows["tier"] == tier) & (rows["area"] == area) & (rows["group"] == EVERYBODY)
    return float(rows[chosen & (rows["band_min"] == limit)]["people_low"].iloc[0])


def share_within(run: StoredRun, tier: str, area: str, limit: str) -> float:
    rows = run.coverage
    chosen = (rows["tier"] == tier) & (rows["area"] == area) & (rows["group"] == EVERYBODY)
    return float(rows[chosen & (rows["band_min"] == limit)]["share_low"].iloc[0])


# --- figures --------------------------------------------------------------------------------------


def test_residents_by_zone_are_those_of_the_coverage_table(
    pages: dict[str, Node], runs: list[StoredRun]
) -> None:
    bands = [f"{band:g}" for band in runs[0].study.bands_min]
    for place, tier in enumerate(runs[0].tiers.ids, start=1):
        _, rows = table(pages["en"], f"residents-{place}")
        assert len(rows) == len(bands) + 2
        for number, run in enumerate(runs):
            sums = [within(run, tier, WHOLE_AREA, band) for band in bands]
            beyond, cut = (within(run, tier, WHOLE_AREA, one) for one in ("beyond", "unreachable"))
            cumulative = [*sums, sums[-1] + beyond, sums[-1] + beyond + cut]
            zones = np.diff([0.0, *cumulative])
            for row, zone, total in zip(rows, zones, cumulative, strict=True):
                own, summed = row[1 + 2 * number], row[2 + 2 * number]
                assert value(own) == zone
                assert value(summed) == total
                assert own.own() == Words("en").whole(zone)
                assert summed.under() == Words("en").percent(total / cumulative[-1], digits=1)
            assert cumulative[-1] == run.population.total


def test_municipal_shares_are_those_of_the_coverage_table(
    pages: dict[str, Node], runs: list[StoredRun]
) -> None:
    shown = withheld = 0
    bands = [f"{band:g}" for band in runs[0].study.bands_min]
    for number, run in enumerate(runs):
        names = sorted(areas_of(run.population))
        for place, tier in enumerate(run.tiers.ids, start=1):
            _, rows = table(pages["fi"], f"municipalities-{number}-{place}")
            assert len(rows) == len(names)
            for row in rows:
                name = row[0].text if row[0].text != "koko alue" else WHOLE_AREA
                for limit, cell in zip([*bands, "beyond", "unreachable"], row[2:], strict=True):
                    if is_withheld(cell):
                        withheld += 1
                        continue
                    shown += 1
                    assert value(cell) == share_within(run, tier, name, limit)
                    people = within(run, tier, name, limit)
                    assert cell.under() == Words("fi").whole(people)
    assert withheld
    assert withheld < 0.15 * (shown + withheld)


def test_residents_by_service_point_are_the_runs(
    pages: dict[str, Node], runs: list[StoredRun]
) -> None:
    for place, tier in enumerate(runs[0].tiers.ids, start=1):
        _, rows = table(pages["en"], f"service-points-{place}")
        loads = [load_by_site(run.outcome("en"), tier) for run in runs]
        assert {row[0].text.rsplit(", ", 1)[1] for row in rows} == set(loads[0].index)
        for row in rows:
            site = row[0].text.rsplit(", ", 1)[1]
            for cell, load, run in zip(row[1:3], loads, runs, strict=True):
                if site not in run.sites.frame.index:
                    assert cell.text == "closed"
                elif not is_withheld(cell):
                    assert value(cell) == load.get(site, 0.0)


def test_places_and_changes_are_those_of_the_comparison(
    pages: dict[str, Node], options: list[Option]
) -> None:
    comparison = options[1].comparison
    assert comparison is not None
    _, rows = table(pages["en"], "places-1-1")
    places = comparison.places[comparison.places["tier"] == "L"].to_dict("records")
    assert len(rows) == len(places)
    for row, place in zip(rows, places, strict=True):
        if not is_withheld(row[2]):
            assert value(row[2]) == place["people"]
        assert value(row[3]) == pytest.approx(place["mean_added_min"], abs=1e-12)
        assert value(row[4]) == place["worst_added_min"]
    _, rows = table(pages["en"], "change-1-1")
    summary = comparison.summary
    summary = summary[(summary["tier"] == "L") & (summary["group"] == EVERYBODY)]
    by_area = {str(row["area"]): row for row in summary.to_dict("records")}
    bands = comparison.bands
    bands = bands[(bands["tier"] == "L") & (bands["group"] == EVERYBODY)]
    crossing = bands[bands["band_min"] == 30].set_index("area")["newly_outside"]
    assert len(rows) == sum(row["lose"] > 0 for key, row in by_area.items() if key != "*")
    for row in rows:
        known = by_area[row[0].text]
        assert is_withheld(row[1]) or value(row[1]) == known["lose"]
        assert value(row[2]) == known["mean_added_min"]
        assert is_withheld(row[4]) or value(row[4]) == crossing[row[0].text]


def test_curves_are_the_shares_rounded_to_tenths_of_a_per_cent(
    pages: dict[str, Node], runs: list[StoredRun]
) -> None:
    for place, tier in enumerate(runs[0].tiers.ids, start=1):
        _, rows = table(pages["en"], f"minutes-{place}")
        assert len(rows) == 36
        for minute, row in zip(range(5, 181, 5), rows, strict=True):
            for cell, run in zip(row[1:], runs, strict=True):
                people = run.population.people
                inside = seconds(run.nearest, tier) <= minute * 60
                exact = people[inside].sum() / people.sum()
                assert value(cell) == pytest.approx(exact, abs=STEPS[0] / 2 + 1e-9)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answer_says_the_runs_verdicts(
    pages: dict[str, Node], runs: list[StoredRun], language: str
) -> None:
    words = Words(language)
    articles = pages[language].by_id("answer").all("article")
    assert len(articles) == len(runs[0].verdicts)
    for number, (article, verdict) in enumerate(zip(articles, runs[0].verdicts, strict=True)):
        assert article.attrs["data-verdict"] == verdict.word
        assert article.attrs["data-target"] == verdict.target.id
        after = runs[1].verdicts[number]
        assert [one.attrs["data-verdict"] for one in article.all("div")] == [after.word]
        if verdict.target.kind == "min_sites":
            assert not article.all("svg"), "a number of sites is a fact, not a tick"
            continue
        assert article.all("svg")[0].attrs["class"] == f"icon {verdict.word}"
        low, high = verdict.measured_low, verdict.measured_high
        assert low is not None
        assert high is not None
        shown = words.spanned(
            words.percent_apart(low, verdict.required), words.percent_apart(high, verdict.required)
        )
        assert shown.casefold() in article.text.casefold()
        outside = runs[0].people_outside[verdict.target.id][1]
        assert words.tens(outside) in article.text
        assert words.percent_exactly(verdict.required) in article.text


def test_the_options_stand_side_by_side_with_the_runs_figures(
    pages: dict[str, Node], runs: list[StoredRun], options: list[Option]
) -> None:
    words, comparison = Words("en"), options[1].comparison
    assert comparison is not None
    tables = pages["en"].by_id("options").all("table")
    assert len(tables) == len(runs[0].verdicts) + len(runs[0].tiers.ids)
    for number, verdict in enumerate(runs[0].verdicts):
        rows = tables[number].all("tbody")[0].all("tr")
        shown = [one.text for one in rows[0].all("td")]
        for text, run in zip(shown, runs, strict=True):
            measured = run.verdicts[number].measured_low
            assert measured is not None
            if verdict.target.kind == "min_sites":
                assert text == words.whole(measured)
                continue
            assert words.percent_apart(measured, verdict.required).rstrip("%") in text
            mark = rows[0].all("span", _class="mark")
            assert mark[0].attrs["class"] == f"mark {runs[0].verdicts[number].word}"
    row = comparison.of_everybody("L")
    lines = tables[len(runs[0].verdicts)].all("tbody")[0].all("tr")
    assert lines[0].all("td")[1].text == words.tens(float(row["lose"]))
    worst = f"{words.whole(float(row['mean_added_min']))} / "
    assert lines[1].all("td")[1].text.startswith(worst)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_files_beside_the_page_hold_its_tables(
    written: Mapping[str, Path], pages: dict[str, Node], language: str
) -> None:
    folder = written[language].with_name(f"{language}-tables")
    boxes = pages[language].all("div", _class="table-box")
    assert {one.attrs["id"].removeprefix("table-") for one in boxes} == {
        one.stem for one in folder.iterdir()
    }
    for box in boxes:
        name = box.attrs["id"].removeprefix("table-")
        raw = (folder / f"{name}.csv").read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf"), "spreadsheets need the mark to read letters right"
        header, *lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
        heads = box.all("thead")[0].all("th")
        wide = [1 + ("data-under" in one.attrs) for one in heads]
        assert len(header) == sum(wide)
        _, rows = table(pages[language], name)
        for row, line in zip(rows, lines, strict=True):
            place = 1
            for cell, width in zip(row[1:], wide[1:], strict=True):
                if is_withheld(cell):
                    told = Words(language).gettext(
                        "withheld to protect privacy (fewer than {count})", count="10"
                    )
                    assert line[place : place + width] == [told] * width
                elif value_or_none(cell) is not None:
                    assert float(line[place]) == value_or_none(cell)
                place += width


def value_or_none(cell: Node) -> float | None:
    try:
        return value(cell)
    except ValueError:
        return None


# --- language -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "topic", "heading"),
    [
        ("fi", "Palvelujen alueellinen saavutettavuus", "Vaihtoehdot rinnakkain"),
        ("sv", "Tjänsternas nåbarhet", "Alternativen sida vid sida"),
        ("en", "Geographical access to services", "The options side by side"),
    ],
)
def test_the_page_speaks_its_language(
    pages: dict[str, Node], language: str, topic: str, heading: str
) -> None:
    page = pages[language]
    assert page.all("html")[0].attrs["lang"] == language
    title = page.all("title")[0].text
    assert title.endswith(f" – {topic}")
    assert page.all("h1")[0].text in title
    assert page.by_id("options-heading").text == heading
    others = {"The options side by side", "Vaihtoehdot rinnakkain", "Alternativen sida vid sida"}
    assert not any(one in page.text for one in others - {heading})


def test_travel_times_are_always_by_car(pages: dict[str, Node]) -> None:
    for language, by_car in (("fi", "autolla"), ("sv", "med bil"), ("en", "by car")):
        captions = [
            box.all("caption")[0].text for box in pages[language].all("div", _class="table-box")
        ]
        assert all(by_car in one for one in captions)


def test_a_name_in_another_language_is_marked(
    pages: dict[str, Node], runs: list[StoredRun]
) -> None:
    marked = {one.text for one in pages["en"].all("span", lang="fi")}
    assert {
        "Hankasalmi",
        "Jyväskylä",
        "Esimerkki: Hankasalmen terveysasema suljetaan (keksitty)",
    } <= marked
    assert not pages["fi"].all(lang="fi")[1:], "the page itself is Finnish"
    rows = pages["en"].by_id("table-municipalities-0-1").all("tbody")[0].all("th")
    assert all(row.all("span", lang="fi") for row in rows if row.text != "the whole region")
    assert runs[0].areas is not None
    swedish = runs[0].areas.loc["Jämsä", "name_sv"]
    names = [
        row.text for row in pages["sv"].by_id("table-municipalities-0-1").all("tbody")[0].all("th")
    ]
    assert swedish in names
    assert not pages["sv"].by_id("table-municipalities-0-1").all("span", lang="fi")


@pytest.mark.parametrize(
    ("language", "one", "two"),
    [
        ("en", "Closure of a service point:", "Closure of service points:"),
        ("fi", "Lakkautettava palvelupiste:", "Lakkautettavat palvelupisteet:"),
    ],
)
def test_one_closure_and_two_are_told_apart(
    runs: list[StoredRun], language: str, one: str, two: str
) -> None:
    both = replace(runs[1], scenario=closing(["KS-HAN", "KS-KON"]))
    page = parsed(page_html([*runs, both], language=language))
    cards = [article.text for article in page.all("article", _class="card")]
    assert [one in cards[0], two in cards[1]] == [True, True]
    assert two not in cards[0]


# --- structure ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_built_for_those_who_do_not_see_it(
    pages: dict[str, Node], language: str
) -> None:
    page = pages[language]
    assert len(page.all("h1")) == 1
    for landmark in ("header", "nav", "main", "footer"):
        assert page.all(landmark), landmark
    levels = [int(one.tag[1]) for one in page.all() if re.fullmatch(r"h[1-6]", one.tag)]
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    ids = [one.attrs["id"] for one in page.all() if "id" in one.attrs]
    assert len(ids) == len(set(ids))
    for one in page.all():
        for key in ("aria-labelledby", "aria-describedby", "aria-controls"):
            assert set(one.attrs.get(key, "").split()) <= set(ids), one.attrs[key]
    for link in page.all("a"):
        assert link.attrs["href"].removeprefix("#") in ids
    for one in page.all("table"):
        if one.attrs.get("class") == "map-legend":
            continue  # filled in by the script
        assert one.all("caption")[0].text.strip()
        assert all(head.attrs["scope"] == "col" for head in one.all("thead")[0].all("th"))
        for row in one.all("tbody")[0].all("tr"):
            assert row.all("th")[0].attrs["scope"] == "row"
    regions = page.all("div", role="region")
    names = [one.attrs.get("aria-label") or one.attrs["aria-labelledby"] for one in regions]
    assert len(names) == len(set(names))
    assert all(one.attrs["tabindex"] == "0" for one in regions)
    for chart in page.all("svg", role="img"):
        assert chart.all("title")[0].text
        assert chart.all("desc")[0].text


def test_nothing_is_fetched_and_only_the_pages_own_code_may_run(
    written: Mapping[str, Path], pages: dict[str, Node]
) -> None:
    html, page = written["fi"].read_text(encoding="utf-8"), pages["fi"]
    policy = next(one.attrs["content"] for one in page.all("meta") if "http-equiv" in one.attrs)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        codes = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        assert len(codes) == 3
        for code in codes:
            digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy
    assert not [one for one in page.all() if "style" in one.attrs], "the policy forbids these"
    assert not [one for one in page.all() if any(key.startswith("on") for key in one.attrs)]
    assert not [one for one in page.all() if "src" in one.attrs]
    assert not [one for one in page.all("a") if not one.attrs["href"].startswith("#")]


def test_the_statement_claims_no_conformance(pages: dict[str, Node]) -> None:
    text = pages["en"].by_id("statement").text
    assert "Whether it conforms has not been established" in text
    assert "valmistelija@example.org" in text
    assert "valmistelija@example.org" in pages["en"].by_id("paper").text


def test_whose_paper_it_is_stands_first(pages: dict[str, Node], runs: list[StoredRun]) -> None:
    text = pages["fi"].by_id("paper").text
    for known in ("Esimerkkilautakunta (keksitty)", "ESIM/1/2026", "Esimerkki Valmistelija"):
        assert known in text
    assert "15.1.2026" in text
    assert "Ei päätöksenteon perusteeksi." in text
    card = pages["fi"].by_id("card").text
    assert "Korvaava palvelu valmistelijan sanoin" in card
    assert "ESIM/1/2026" not in card, "it has been said"


def test_a_card_of_another_proposal_says_whose_it_is(runs: list[StoredRun]) -> None:
    scenario = runs[1].scenario
    assert scenario is not None
    assert scenario.proposal is not None
    other = replace(scenario, proposal=replace(scenario.proposal, diary_number="TOINEN/2"))
    page = parsed(page_html([*runs, replace(runs[1], scenario=other)], language="fi"))
    assert "ESIM/1/2026" in page.by_id("paper").text
    assert "TOINEN/2" not in page.by_id("paper").text
    card = page.by_id("card").text
    assert "ESIM/1/2026" not in card
    assert card.count("TOINEN/2") == 1


def test_the_head_says_the_answer_in_short(
    pages: dict[str, Node], runs: list[StoredRun], options: list[Option]
) -> None:
    comparison = options[1].comparison
    assert comparison is not None
    now, then = pages["en"].all("dl", _class="tally")[0].all("div")
    for part, run in ((now, runs[0]), (then, runs[1])):
        shares = [one for one in run.verdicts if one.target.kind == "share"]
        met = sum(one.word == "met" for one in shares)
        assert f"{met} of {len(shares)}" in part.text
    assert "No target changes its result." in then.text
    assert f"about {Words('en').tens(float(comparison.of_everybody('L')['lose']))}" in then.text
    assert len(now.all("dd")) == 1


def test_the_head_says_which_verdict_flips(runs: list[StoredRun]) -> None:
    verdict = runs[1].verdicts[0]
    lost = replace(verdict, word="not_met")
    option = replace(runs[1], verdicts=[lost, *runs[1].verdicts[1:]])
    page = parsed(page_html([runs[0], option], language="en"))
    said = page.all("dl", _class="tally")[0].all("strong")[0].text
    assert said.startswith("Met now but no longer:")
    assert verdict.target.name.in_language("en") in said


def test_a_site_named_after_its_id_is_not_named_twice() -> None:
    assert names_itself("Unnamed clinic n12", "n12")
    assert names_itself("n12", "n12")
    assert not names_itself("Clinic 12", "2")


def test_a_page_of_the_current_situation_alone_is_whole(runs: list[StoredRun]) -> None:
    page = parsed(page_html(runs[:1], language="en"))
    ids = {one.attrs.get("id") for one in page.all("section")}
    assert {"paper", "answer", "people", "map", "tables", "charts", "method", "statement"} <= ids
    assert not {"card", "options"} & ids
    assert "nobody has put this forward" in page.by_id("paper").text
    _, rows = table(page, "longest-1")
    minutes = [value(row[2]) for row in rows]
    assert minutes == sorted(minutes, reverse=True)  # type: ignore[type-var]
    assert "adds its own contact details" in page.by_id("statement").text


def test_a_page_without_municipalities_or_targets_is_whole(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path / "study")
    text = study.read_text(encoding="utf-8")
    study.write_text(re.sub(r"\[\[targets\]\].*?(?=\n\[|\Z)", "", text, flags=re.DOTALL))
    page = parsed(page_html(stored_runs(study, tmp_path), language="en", min_people=0))
    assert "The study sets no target." in page.text or not page.by_id("answer").all("article")
    assert not page.all("div", id="table-municipalities-0-1")
    _, rows = table(page, "residents-1")
    assert value(rows[-1][2]) == 15


def test_the_same_runs_give_the_same_bytes(
    runs: list[StoredRun], written: Mapping[str, Path], tmp_path: Path
) -> None:
    again = tmp_path / "sv.html"
    files = write_page(runs, again, language="sv")
    assert again.read_bytes() == written["sv"].read_bytes()
    folder = written["sv"].with_name("sv-tables")
    for one in files[1:]:
        assert one.read_bytes() == (folder / one.name).read_bytes()


def test_a_folder_with_other_files_is_never_replaced(runs: list[StoredRun], tmp_path: Path) -> None:
    foreign = tmp_path / "page-tables" / "notes.txt"
    foreign.parent.mkdir()
    foreign.write_text("mine")
    with pytest.raises(OutputError, match=r"holds other files than tables \(notes\.txt\)"):
        write_page(runs[:1], tmp_path / "page.html")
    assert foreign.read_text() == "mine"
    assert not (tmp_path / "page.html").exists()
    assert [one.name for one in tmp_path.iterdir()] == ["page-tables"]


def test_a_page_of_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="needs at least one run"):
        write_page([], tmp_path / "page.html")


# --- names from the data --------------------------------------------------------------------------


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_name_is_text_wherever_it_stands(payload: str, tmp_path: Path) -> None:
    runs = trapped_runs(tmp_path / "study", payload)
    path = tmp_path / "page.html"
    files = write_page(runs, path, language="en", min_people=0)
    page = parsed(path.read_text(encoding="utf-8"))
    for tag in ("img", "b", "i", "em", "a"):
        assert not [one for one in page.all(tag) if not one.attrs.get("href", "").startswith("#")]
    assert not [one for one in page.all("svg") if "onload" in one.attrs]
    shown = " ".join(payload.split())
    _, rows = table(page, "service-points-1")
    opened = next(row for row in rows if row[0].text.startswith("New "))
    assert opened[1].text == "–", "what an option opens is not closed now"
    for place in ("paper", "answer", "card", "people", "options", "tables", "charts", "method"):
        assert shown in " ".join(page.by_id(place).text.split()), place
    assert "Study " + shown in page.all("h1")[0].text
    scripts = [one for one in page.all("script") if one.attrs.get("type") != "application/json"]
    assert len(scripts) == 3
    for one in files[1:]:
        with one.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "@", "\t", "+"))]


# --- disclosure -----------------------------------------------------------------------------------

N = 10


def chains(
    time_min: list[float], limits: list[float]
) -> dict[tuple[int, str], dict[str, np.ndarray]]:
    times = np.array(time_min)
    nested = {f"{limit:g}": times <= limit for limit in limits}
    return {(0, "L"): nested | {"all": np.ones(len(times), dtype=bool)}}


def test_a_small_cell_alone_in_its_zone_cannot_be_found_from_the_totals() -> None:
    # North: 40 and 4 people near, 3 far. South: 30, 8 and 5 near, 20, 7 and 4 far.
    people = np.array([40.0, 4.0, 3.0, 30.0, 8.0, 5.0, 20.0, 7.0, 4.0])
    areas = {"*": np.arange(9), "north": np.arange(3), "south": np.arange(3, 9)}
    asked = chains([5, 5, 40, 5, 5, 5, 40, 40, 40], [30])
    sums = safe_sums(Guard(people=people, min_people=N), areas, asked, whole="*")
    # Who lives where is seen on a map that gives 40, 30 and 20 exactly. 44 people near in the
    # north would tell the 4; 87 near in all, less 43 near in the south, would tell them too.
    assert {area: sums.shows(area, (0, "L"), "30") for area in areas} == {
        "*": True, "north": False, "south": False,
    }  # fmt: skip
    assert all(sums.shows(area, (0, "L"), "all") for area in areas)


def test_a_small_cell_alone_in_its_area_hides_the_areas_total() -> None:
    people = np.array([40.0, 12.0, 3.0, 30.0, 8.0, 5.0])
    areas = {"*": np.arange(6), "north": np.arange(3), "south": np.arange(3, 6)}
    asked = chains([5, 5, 40, 5, 5, 40], [30])
    sums = safe_sums(Guard(people=people, min_people=N), areas, asked, whole="*")
    assert sums.shows("*", (0, "L"), "all")
    assert not sums.shows("north", (0, "L"), "all")
    assert not sums.shows("south", (0, "L"), "all"), "the rest of 98 would tell north's 55"
    assert sums.shows("north", (0, "L"), "30"), "52 people in large cells alone"


def test_large_numbers_are_all_shown() -> None:
    people = np.array([40.0, 12.0, 30.0, 20.0])
    areas = {"*": np.arange(4), "north": np.arange(2), "south": np.arange(2, 4)}
    asked = chains([5, 40, 5, 40], [30])
    sums = safe_sums(Guard(people=people, min_people=N), areas, asked, whole="*")
    assert all(sums.shows(area, (0, "L"), limit) for area in areas for limit in ("30", "all"))


def test_without_a_limit_everything_is_shown() -> None:
    people = np.array([1.0, 2.0, 4.0])
    areas = {"*": np.arange(3), "north": np.arange(1), "south": np.arange(1, 3)}
    asked = chains([5, 40, 5], [30])
    sums = safe_sums(Guard(people=people, min_people=0), areas, asked, whole="*")
    assert all(sums.shows(area, (0, "L"), limit) for area in areas for limit in ("30", "all"))


def given_away(rows: list[np.ndarray], small: np.ndarray) -> np.ndarray:
    """Find, by plain linear algebra, which small cells a set of published sums determines."""
    if not rows:
        return np.zeros(int(small.sum()), dtype=bool)
    known = np.array(rows, dtype=float)[:, small]
    _, size, vectors = np.linalg.svd(known, full_matrices=False)
    space = vectors[size > 1e-9]
    return np.asarray((space**2).sum(axis=0) > 1 - 1e-7)


cells = st.lists(
    st.tuples(
        st.sampled_from([1.0, 3.0, 9.0, 10.0, 40.0]),
        st.sampled_from(["north", "south", "east"]),
        st.sampled_from([5.0, 20.0, 40.0, 90.0]),
        st.sampled_from([5.0, 20.0, 40.0, 90.0]),
    ),
    min_size=2,
    max_size=24,
)


@given(cells=cells)
def test_no_small_cell_can_be_worked_out_from_what_is_shown(
    cells: list[tuple[float, str, float, float]],
) -> None:
    people = np.array([one[0] for one in cells])
    names = [one[1] for one in cells]
    areas = {"*": np.arange(len(cells))}
    areas |= {
        name: np.array([place for place, one in enumerate(names) if one == name])
        for name in sorted(set(names))
    }
    asked = {
        (place, "L"): chains([one[2 + place] for one in cells], [15, 30, 60])[(0, "L")]
        for place in range(2)
    }
    guard = Guard(people=people, min_people=N)
    sums = safe_sums(guard, areas, asked, whole="*")
    rows = []
    for area, chosen in areas.items():
        here = np.zeros(len(cells), dtype=bool)
        here[chosen] = True
        for chain, nested in asked.items():
            rows += [
                here & inside for limit, inside in nested.items() if sums.shows(area, chain, limit)
            ]
    total = given_away([np.ones(len(cells), dtype=bool)], guard.small)
    assert not (given_away(rows, guard.small) & ~total).any()
    assert all(sums.shows("*", chain, "all") for chain in asked), "totals of the region stay"


def test_no_small_cell_of_the_demo_can_be_worked_out_from_its_page(
    pages: dict[str, Node], runs: list[StoredRun]
) -> None:
    people = runs[0].population.people
    small = (people > 0) & (people < MIN_PEOPLE)
    assert small.sum() > 1000
    areas = areas_of(runs[0].population)
    rows = []
    for number, run in enumerate(runs):
        for place, tier in enumerate(run.tiers.ids, start=1):
            time_s = seconds(run.nearest, tier)
            limits = [time_s <= band * 60 for band in run.study.bands_min]
            for row in table(pages["fi"], f"municipalities-{number}-{place}")[1]:
                name = row[0].text if row[0].text != "koko alue" else WHOLE_AREA
                here = np.zeros(len(people), dtype=bool)
                here[areas[name]] = True
                if not is_withheld(row[1]):
                    rows.append(here)
                rows += [
                    here & inside
                    for inside, cell in zip(limits, row[2:-2], strict=True)
                    if not is_withheld(cell)
                ]
    # cells that no sum tells apart are one unknown
    kinds, first, count = np.unique(
        np.array(rows)[:, small], axis=1, return_index=True, return_counts=True
    )
    del kinds
    chosen = np.flatnonzero(small)[first]
    mask = np.zeros(len(people), dtype=bool)
    mask[chosen] = True
    order = np.argsort(chosen)
    assert not (given_away(rows, mask) & (count[order] == 1)).any()


def test_figures_of_few_people_are_never_shown(pages: dict[str, Node]) -> None:
    for language in LANGUAGES:
        for box in pages[language].all("div", _class="table-box"):
            name = box.attrs["id"].removeprefix("table-")
            if name.startswith("minutes"):
                continue
            heads, rows = table(pages[language], name)
            for row in rows:
                for head, cell in zip(heads, row, strict=True):
                    if "residents" in head and not is_withheld(cell):
                        assert not 0 < (value_or_none(cell) or 0) < MIN_PEOPLE, (name, head)


def test_a_share_stays_in_whole_per_cents_where_that_tells_nothing(
    options: list[Option], pages: dict[str, Node]
) -> None:
    figures = figures_of(options, min_people=MIN_PEOPLE)
    rough = {
        name: found
        for name in figures.municipalities
        if (found := figures.within(0, "L", name, "30")).people is None and found.roughly
    }
    assert rough, "no municipality has a few people beyond the limit: nothing is tested"
    assert all(found.share is None for found in rough.values())
    _, rows = table(pages["en"], "municipalities-0-1")
    for name in rough:
        cell = next(row for row in rows if row[0].text == name)[3]
        assert cell.own().removeprefix("over ").rstrip("%").isdigit()
        assert cell.attrs["data-v"] == ""
    tiny = figures.within(0, "L", "Luhanka", "15")
    assert tiny.people is None
    assert tiny.roughly is None


def test_a_page_may_tell_everything_where_asked(tmp_path: Path) -> None:
    runs = stored_runs(write_tiny_study(tmp_path / "study"), tmp_path, closing(["d"]))
    open_page = parsed(page_html(runs, language="en", min_people=0))
    assert not open_page.all("td", _class="none")
    closed_page = parsed(page_html(runs, language="en", min_people=10))
    _, rows = table(closed_page, "service-points-1")
    assert all(is_withheld(row[1]) for row in rows if row[1].text != "closed")


def test_a_scenario_without_effect_on_a_tier_says_so(pages: dict[str, Node]) -> None:
    block = pages["en"].by_id("options").all("table")[-1]
    assert [one.text for one in block.all("tbody")[0].all("td")] == ["–", "0"]


def test_a_changed_name_of_an_option_does_not_hide_what_changes(
    runs: list[StoredRun],
) -> None:
    scenario = runs[1].scenario
    assert scenario is not None
    renamed = replace(
        runs[1], scenario=replace(scenario, name=Text({"sv": "Förslag", "fi": "Esitys"}))
    )
    page = parsed(page_html([runs[0], renamed], language="sv"))
    assert "Alternativ 1 (alt. 1): Förslag" in " ".join(page.by_id("paper").text.split())
    assert not page.by_id("paper").all("span", lang="sv")


# --- in a browser ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_width_scrolls_sideways(
    browser: object, written: Mapping[str, Path], language: str
) -> None:
    for width in (320, 1280):
        with visit(browser, written[language], width=width) as seen:  # type: ignore[arg-type]
            wide = seen.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width
            seen.assert_quiet()


def test_a_heading_sorts_its_table_and_says_so(
    browser: object, written: Mapping[str, Path]
) -> None:
    with visit(browser, written["en"]) as seen:  # type: ignore[arg-type]
        box = seen.page.locator("#table-municipalities-0-1")
        button = box.locator("thead th").nth(2).locator("button")
        button.focus()
        seen.page.keyboard.press("Enter")
        head = box.locator("thead th").nth(2)
        assert head.get_attribute("aria-sort") == "descending"
        values = box.locator("tbody tr:not(.total) td:nth-child(3)").evaluate_all(
            "cells => cells.map(cell => cell.dataset.v)"
        )
        numbers = [float(one) for one in values if one]
        assert numbers == sorted(numbers, reverse=True)
        assert values[len(numbers) :] == [""] * (len(values) - len(numbers))
        assert box.locator("tbody tr").last.get_attribute("class") == "total"
        seen.page.wait_for_function(
            "() => document.getElementById('page-status').textContent !== ''"
        )
        said = seen.page.locator("#page-status").text_content()
        assert said == "Sorted by at most 15\N{NO-BREAK SPACE}min, the highest first."
        button.click()
        assert head.get_attribute("aria-sort") == "ascending"
        seen.assert_quiet()


def test_a_table_is_copied_for_a_spreadsheet(browser: object, written: Mapping[str, Path]) -> None:
    with visit(browser, written["en"]) as seen:  # type: ignore[arg-type]
        seen.page.evaluate(
            "() => { window.copied = []; Object.defineProperty(navigator, 'clipboard', { value: "
            "{ writeText: async (text) => { window.copied.push(text); } } }); }"
        )
        seen.page.locator("#table-residents-1 button.copy").click()
        seen.page.wait_for_function(
            "() => document.getElementById('page-status').textContent !== ''"
        )
        assert seen.page.locator("#page-status").text_content() == "The table was copied."
        lines = [line.split("\t") for line in seen.page.evaluate("window.copied[0]").split("\n")]
        frame = pd.DataFrame(lines[1:], columns=lines[0])
        assert len(frame.columns) == 9
        assert frame.iloc[0, :3].tolist() == ["at most 15 min", "239,123", "87.7%"]


def test_everything_is_there_without_scripts_and_folded_parts_open_in_print(
    browser: object, written: Mapping[str, Path]
) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(written["fi"].resolve().as_uri())
    assert page.locator("#table-municipalities-0-1").is_visible()
    assert page.locator("#people svg.chart").first.is_visible()
    assert page.locator("button.sort").count() == 0
    context.close()
    with visit(browser, written["fi"]) as seen:  # type: ignore[arg-type]
        seen.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert seen.page.locator("details:not([open])").count() == 0
        seen.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        assert seen.page.locator("details[open]").count() == 0
