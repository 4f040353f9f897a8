"""Reports: true to the figures, in three languages, whatever the data's names hold."""

from __future__ import annotations

import ast
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from string import Formatter

import numpy as np
import pandas as pd
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from markdown_it import MarkdownIt
from studies import write_tiny_study

from accessibility.errors import StudyError
from accessibility.reports import (
    ReportFacts,
    Words,
    coverage_csv,
    csv_table,
    render,
    render_run,
    report,
    targets_json,
)
from accessibility.reports.escaping import csv_text, markdown_text, plain
from accessibility.reports.phrases import Phrases, people_outside, phrases_of
from accessibility.runs import Run, run_study
from accessibility.scenarios import closing
from accessibility.services import LANGUAGES, Target, Text
from accessibility.study import load_study
from accessibility.targets import AreaShare, Verdict, check_targets

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "accessibility"
LOCALES = PACKAGE / "reports" / "locales"
KEYWORDS = {"gettext": None, "say": None, "ngettext": (1, 2)}
FACTS = ReportFacts(
    version="1.2.3", engine="test-engine", isochrone_mismatch=0.012, isochrone_resolution_m=250
)
BY_CAR = {"fi": "auto", "sv": "med bil", "en": "by car"}
PAYLOADS = (
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[click](javascript:alert(1))",
    "![x](http://example.org/x.png)",
    "a | b | c",
    "`code` **bold** _it_ ~~no~~ # head",
    "\x1b[31mred\x1b[0m\x07 \x9b2J",
    "line\nbreak\r\n::error::hello",
    "\u202eevil\u202c \ufeff",
    "{name} {0} {{7*191}} ${x} %s %(x)s",
    '=HYPERLINK("http://example.org")',
    "&lt;b&gt; & &#60;",
    "@everybody www.example.org",
)


# --- worlds ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo() -> Run:
    """Run the demo study."""
    return run_study(load_study(ROOT / "data" / "demo" / "demo.toml"))


@pytest.fixture(scope="module")
def lapland(data_folder: Path) -> Run:
    """Run Lapland, whose grid is scaled to the register."""
    return run_study(load_study(data_folder / "studies" / "lappi.toml"))


def target(**changes: object) -> Target:
    """Make a target of 90 % within 30 minutes."""
    given = {"id": "t", "name": Text({"": "Reception"}), "tier": "L"}
    if "min_sites" not in changes:
        given |= {"within_min": 30, "share": 0.9}
    return Target(**(given | changes))  # type: ignore[arg-type]


def verdict(word: str, low: float | None, high: float | None, **changes: object) -> Verdict:
    """Make a verdict on 1000 people."""
    given = {
        "target": target(),
        "word": word,
        "required": 0.9,
        "measured_low": low,
        "measured_high": high,
        "people": 1000.0,
    }
    return Verdict(**(given | changes))  # type: ignore[arg-type]


MET = verdict("met", 0.95, 0.95, sensitivity={"-5_min": 0.91, "winter": 0.85, "+5_min": None})
NOT_MET = verdict("not_met", 0.7, 0.7, people_missing=200.0)
UNDECIDED = verdict("undecided", 0.8, 0.95, people_missing=100.0, reason="suppressed")
NOBODY = verdict("undecided", None, None, reason="nobody", people=0.0)
SITES = Verdict(
    target=target(id="s", min_sites=2), word="not_met", required=2.0,
    measured_low=1.0, measured_high=1.0,
)  # fmt: skip
EVERY = [MET, replace(NOT_MET, target=target(id="n")), UNDECIDED, NOBODY, SITES]
AREAS = (
    AreaShare(name="Utsjoki", people=10, measured_low=0, measured_high=0, people_outside=10),
    AreaShare(name="Ranua", people=90, measured_low=0.05, measured_high=0.05, people_outside=85.5),
    AreaShare(name="Kemi", people=900, measured_low=1, measured_high=1, people_outside=0),
    AreaShare(name="Simo", people=0, measured_low=None, measured_high=None, people_outside=0),
)
MARKUP = {
    "h1", "h2", "h3", "p", "ul", "li", "strong", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
JUNIT = {"testsuites", "testsuite", "testcase", "failure", "skipped", "system-out"}
FORMATS = ("text", "json", "junit", "github", "markdown")


def parsed(text: str) -> ET.Element:
    """Read XML, or HTML that happens to be XML, of our own making."""
    return ET.fromstring(text)  # noqa: S314


# --- catalogs -------------------------------------------------------------------------------------


def said_in_code() -> dict[str | tuple[str, ...], set[str]]:
    """Extract every sentence of the package, with the names of its placeholders."""
    methods = [("**.py", "python"), ("**.html", "jinja2"), ("**.md.j2", "jinja2")]
    found = extract_from_dir(PACKAGE, methods, keywords=KEYWORDS)
    return {
        message: set().union(*map(placeholders, sentences(message)))
        for _, _, message, _, _ in found
    }


def sentences(message: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Give a message's forms: one, or singular and plural."""
    return (message,) if isinstance(message, str) else tuple(message)


def placeholders(text: str) -> set[str]:
    """Name the placeholders of a sentence."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def catalog(language: str) -> Catalog:
    """Read a catalog as it is in the repository."""
    path = LOCALES / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_every_sentence_is_translated_with_its_placeholders(language: str) -> None:
    said, known = said_in_code(), catalog(language)
    assert len(said) > 100
    by_id = {message.id: message for message in known if message.id}
    assert set(said) - set(by_id) == set(), "sentences that the catalog lacks"
    assert set(by_id) - set(said) == set(), "sentences that no code says"
    assert not known.obsolete
    for message in by_id.values():
        assert not message.fuzzy, f"fuzzy: {message.id}"
        forms, translated = sentences(message.id), sentences(message.string)
        assert len(translated) == (known.num_plurals if len(forms) > 1 else 1)
        for form in translated:
            assert form.strip(), f"untranslated: {message.id}"
            assert placeholders(form) == said[message.id], f"placeholders: {message.id}"
        assert message.id[0] == " " or translated[0][0] != " "


def test_a_missing_translation_would_be_found() -> None:
    known = {message.id for message in catalog("fi")}
    assert "this sentence is in no catalog" not in known
    assert "by car" in said_in_code()


def test_sentences_are_literals_outside_f_strings() -> None:
    for path in sorted((PACKAGE / "reports").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if path.name != "words.py":
            for call in calls(tree):
                assert isinstance(call.args[0], ast.Constant), f"{path.name}:{call.lineno}"
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                assert not calls(node), f"{path.name}:{node.lineno}: a sentence in an f-string"


def calls(tree: ast.AST) -> list[ast.Call]:
    """List the calls that say a sentence."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (getattr(node.func, "id", None) or getattr(node.func, "attr", None)) in KEYWORDS
    ]


# --- numbers --------------------------------------------------------------------------------------


def test_each_language_writes_its_numbers() -> None:
    fi, sv, en = (Words(language) for language in LANGUAGES)
    assert fi.whole(1234567) == "1\xa0234\xa0567" == sv.whole(1234567)
    assert en.whole(1234567) == "1,234,567"
    assert (fi.decimal(0.25, digits=2), en.decimal(0.25, digits=2)) == ("0,25", "0.25")
    assert [one.percent(0.87) for one in (fi, sv, en)] == ["87\xa0%", "87\xa0%", "87%"]
    assert [one.date("2021-12-31") for one in (fi, sv, en)] == [
        "31.12.2021", "31.12.2021", "31 December 2021",
    ]  # fmt: skip
    assert [one.listed(["A", "B", "C"]) for one in (fi, sv, en)] == [
        "A, B ja C", "A, B och C", "A, B and C",
    ]  # fmt: skip
    assert (fi.minutes(30), fi.minutes(7.5)) == ("30\xa0min", "7,5\xa0min")
    assert en.date("in 2021") == "in 2021"


def test_numbers_are_rounded_half_up() -> None:
    en = Words("en")
    assert (en.whole(0.5), en.whole(2.5), en.tens(25), en.tens(44.9)) == ("1", "3", "30", "40")
    assert (en.decimal(-0.04), en.decimal(0.05)) == ("0.0", "0.1")


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"),
        (1e-9, "under 1%"),
        (0.005, "1%"),
        (0.994, "99%"),
        (0.99999, "over 99%"),
        (1, "100%"),
    ],
)
def test_nearly_everybody_is_not_everybody(share: float, text: str) -> None:
    assert Words("en").percent(share) == text


@pytest.mark.parametrize(
    ("share", "required", "text"),
    [
        (0.8998, 0.9, "89.98%"),
        (0.9002, 0.9, "90.02%"),
        (0.9, 0.9, "90%"),
        (0.1 + 0.2, 0.3, "30%"),
        (0.924, 0.9235, "92.4%"),
        (0.5, 0.9, "50%"),
        (0.9999, 1, "99.99%"),
    ],
)
def test_a_written_share_stays_on_its_side_of_the_share_required(
    share: float, required: float, text: str
) -> None:
    assert Words("en").percent_apart(share, required) == text


def test_an_unknown_language_is_refused_with_the_nearest() -> None:
    with pytest.raises(StudyError, match='did you mean "fi"'):
        Words("fin")


# --- names from the data --------------------------------------------------------------------------


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_name_is_shown_as_text(payload: str) -> None:
    shown = plain(payload)
    assert shown.isprintable()
    assert "<" not in markdown_text(payload)
    assert ">" not in markdown_text(payload)
    cell = f"| x | y |\n| --- | --- |\n| {markdown_text(payload)} | 1 |"
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    html = parsed(reader.render(cell))
    first = html.find("tbody/tr/td")
    assert first is not None
    assert "".join(first.itertext()).replace("\u200b", "") == shown
    assert {one.tag for one in html.iter()} == {"table", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"), ("+cmd", "'+cmd"), ("-x", "'-x"), ("@sum", "'@sum"), ("\tx", "'x"),
        ("\r=x", "'=x"), (" =x", "'=x"), ("-5", "-5"), ("65+", "65+"), ("Inari", "Inari"),
    ],
)  # fmt: skip
def test_no_csv_cell_is_a_formula(cell: str, written: str) -> None:
    assert csv_text(cell) == written


def hostile(folder: Path, payload: str) -> Run:
    """Run a tiny study whose names all are the payload."""
    names = {"": payload}
    study = load_study(write_tiny_study(folder, settings={"population": {"date": "2021-12-31"}}))
    file = study.file.model_copy(update={"name": names})
    targets = tuple(replace(one, name=Text(names), source=payload) for one in study.targets)
    run = run_study(replace(study, file=file, targets=targets))
    tiers = replace(
        run.study.tiers, tiers=tuple(replace(one, name=Text(names)) for one in run.tiers.tiers)
    )
    area = AreaShare(name=payload, people=15, measured_low=0, measured_high=0, people_outside=15)
    return replace(
        run,
        study=replace(run.study, tiers=tiers),
        verdicts=[replace(one, by_municipality=(area,)) for one in run.verdicts],
    )


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_name_becomes_markup_in_any_format(payload: str, tmp_path: Path) -> None:
    run = hostile(tmp_path, payload)
    texts = {one: render_run(run, format=one, language="en") for one in FORMATS}
    texts["report"] = report(run, language="en", facts=replace(FACTS, notes=(payload,)))
    for text in texts.values():
        assert all(one.isprintable() or one in "\n\u200b\xa0" for one in text)
    for text in (texts["report"], texts["markdown"]):
        html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
        assert set(re.findall(r"<(\w+)", html)) <= MARKUP
    assert {one.tag for one in parsed(texts["junit"]).iter()} <= JUNIT
    found = json.loads(texts["json"])
    assert found["targets"][0]["source"] == payload
    assert all(line.startswith("::") for line in texts["github"].splitlines())
    assert texts["github"].count("\n") == len(run.verdicts)


# --- the report -----------------------------------------------------------------------------------


def tables(text: str) -> list[list[list[str]]]:
    """Read the tables of a Markdown text, their rule left out, bold taken off."""
    found: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        if line.startswith("| "):
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            if not set(line) <= set("|-: "):
                found[-1].append([cell.strip().strip("*") for cell in cells])
        elif found[-1]:
            found.append([])
    return [one for one in found if one]


def number(text: str) -> float:
    """Read a number as any of the languages writes it."""
    digits = re.sub(r"[^\d.,+-]", "", text.replace("−", "-"))
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+", digits):  # English thousands
        digits = digits.replace(",", "")
    return float(digits.replace(",", "."))


def is_share(text: str, share: float) -> bool:
    """Tell whether a written share is the one expected, to its own decimals."""
    if re.match(r"over|yli|över", text):
        return number(text) / 100 < share < 1
    if re.match(r"under|alle", text):
        return 0 < share < number(text) / 100
    return abs(number(text) / 100 - share) <= 0.0005 + 1e-9


def check_bands(run: Run, table: list[list[str]]) -> None:
    """Compare the table of bands with the coverage table; each column adds up to everybody."""
    everybody = run.coverage.query("group == '*' and area == '*'").set_index(["tier", "band_min"])
    order = [f"{band:g}" for band in run.study.bands_min] + ["beyond", "unreachable"]
    assert len(table) == len(order) + 2
    for band, row in zip(order, table[1:-1], strict=True):
        for tier, cell in zip(run.tiers.ids, row[1:], strict=True):
            people, share = cell.rstrip(")").split(" (")
            expected = everybody.loc[(tier, band)]
            assert abs(number(people) - expected["people_low"]) <= 0.5
            assert is_share(share, expected["share_low"]), (band, tier, cell)
    for column in range(1, len(run.tiers.ids) + 1):
        *parts, whole = [number(row[column].split(" (")[0]) for row in table[-4:]]
        assert abs(sum(parts) - whole) <= 1.5  # each is rounded by itself
        assert abs(whole - run.population.total) <= 0.5


def check_municipalities(run: Run, table: list[list[str]], language: str) -> None:
    """Compare the table of municipalities with the coverage table and the grid."""
    everybody = run.coverage.query("group == '*'").set_index(["area", "tier", "band_min"])
    people = run.population.cells.groupby(run.population.municipalities)["people"].sum()
    names = phrases_of(run, language).area_names
    by_name = {names.get(key, key): key for key in people.index}
    columns = [(tier, band) for band in ("30", "60") for tier in run.tiers.ids]
    assert [row[0] for row in table[1:-1]] == sorted(by_name)
    for row in table[1:]:
        area = by_name.get(row[0], "*")
        residents = run.population.total if area == "*" else people[area]
        assert abs(number(row[1]) - residents) <= 0.5
        for (tier, band), cell in zip(columns, row[2:], strict=True):
            assert is_share(cell, everybody.loc[(area, tier, band), "share_low"]), (area, cell)


def check_audit(run: Run, table: list[list[str]]) -> None:
    """Compare the table of statuses with the run's audit."""
    rows = [*table[1:6], *table[7:]]
    for row, (_, expected) in zip(rows, run.audit().iterrows(), strict=True):
        assert abs(number(row[1]) - expected["cells"]) <= 0.5
        assert abs(number(row[2]) - expected["people"]) <= 0.5
    assert (
        number(table[6][1]) == len(run.population.cells) == sum(number(row[1]) for row in rows[:5])
    )


def check_sensitivity(run: Run, table: list[list[str]]) -> None:
    """Compare the table of other limits and speeds with the verdicts."""
    shares = [one for one in run.verdicts if one.target.kind == "share"]
    for row, one in zip(table[1:], shares, strict=True):
        for cell, share in zip(row[3:], one.sensitivity.values(), strict=True):
            assert share is not None
            assert is_share(cell, share), (one.target.id, cell)


def check_figures(run: Run, language: str) -> None:
    """Compare every figure of a report's tables with the run's own tables."""
    text = report(run, language=language, facts=FACTS)
    sensitivity, bands, municipalities, audit, *_ = tables(text)
    check_sensitivity(run, sensitivity)
    check_bands(run, bands)
    check_municipalities(run, municipalities, language)
    check_audit(run, audit)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_of_the_demo_report_is_the_runs(demo: Run, language: str) -> None:
    check_figures(demo, language)


@pytest.mark.data
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_of_the_lapland_report_is_the_runs(lapland: Run, language: str) -> None:
    check_figures(lapland, language)


@pytest.mark.data
def test_the_lapland_report_says_what_must_not_stay_silent(lapland: Run) -> None:
    text = report(lapland, language="en", facts=FACTS)
    assert "The grid was scaled to the register" in text
    assert "9 municipalities differ by more than 3%" in text
    assert "| Ylitornio | 6,351 | 3,830 | +65.8% |" in text
    assert "Nobody is within the target time by car here: Enontekiö and Utsjoki." in text
    assert "The verdict flips at -1 minute" in text  # 65+: 90.1 % of the 90 % that are required
    assert "further than 5 km from a road | 77 | 408 |" in text
    assert "In 3,303 cells the age groups do not add up" in text
    swedish = report(lapland, language="sv", facts=FACTS)
    assert "| Torneå |" in swedish
    assert "målet uppnås" in swedish


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_speaks_its_language(demo: Run, language: str) -> None:
    demo = replace(demo, population=replace(demo.population, notes=()))  # notes are in English
    text = report(demo, language=language, facts=FACTS)
    assert text.startswith("# " + demo.study.name.in_language(language))
    assert BY_CAR[language] in text
    assert "None" not in text
    assert "nan" not in text.split()
    assert str(ROOT) not in text
    if language != "en":
        english = report(demo, language="en", facts=FACTS)
        prose = {line for line in english.splitlines() if len(line) > 60 and line[0] != "|"}
        assert not prose & set(text.splitlines())


@pytest.mark.parametrize("language", LANGUAGES)
def test_reach_is_always_told_with_the_mode(demo: Run, language: str) -> None:
    text = report(demo, language=language, facts=FACTS)
    limit = {"fi": "tavoiteaja", "sv": "måltiden", "en": "target time"}[language]
    for sentence in re.split(r"(?<=[.!?:])\s", text):
        if limit in sentence and "%" in sentence:
            assert BY_CAR[language] in sentence, sentence


def test_the_demo_report_gives_unknown_groups_as_a_range(demo: Run) -> None:
    text = report(demo, language="en", facts=FACTS)
    assert "96–99% of residents in group 65+ live at most 30 minutes by car" in text
    assert "the age groups of up to 3,641 small cells are withheld (14,888 residents" in text
    assert "No municipality differs by more than 3%" in text


def test_the_report_says_how_it_was_made(demo: Run) -> None:
    facts = replace(FACTS, notes=("read as a grid", "read as a grid"))
    text = report(demo, language="en", facts=facts)
    for words in (
        "Speed table: finland-car; season: summer", "at 20 km/h and at most 5 km",
        "accessibility 1.2.3, search engine test-engine", "1.2% of the residents live in cells",
        "spacing of 250 m", "Not assessed: people without a car, waiting times, staffing",
        "31 December 2021", "roads.graphml", "if the great majority means at least 90%",
    ):  # fmt: skip
        assert words in text
    assert text.count("read as a grid") == 1
    assert "OpenStreetMap" not in text


def test_openstreetmap_is_credited_where_the_roads_are_its(tmp_path: Path) -> None:
    run = run_study(load_study(write_tiny_study(tmp_path)))
    text = report(run, language="fi", facts=FACTS)
    assert "© OpenStreetMap contributors, ODbL" in text
    assert "ei ole verrattu väestörekisteriin" in text


def test_a_report_without_municipalities_or_targets_is_whole(tmp_path: Path) -> None:
    run = replace(run_study(load_study(write_tiny_study(tmp_path))), verdicts=[])
    text = report(run, language="en", facts=ReportFacts(version="1", engine="e"))
    assert "The study sets no target." in text
    assert "## Municipalities" not in text
    assert "drawn on maps" not in text


def test_a_limit_that_is_no_band_still_has_its_column(demo: Run) -> None:
    study = replace(demo.study, targets=(target(within_min=45),))
    text = report(replace(demo, study=study), language="en", facts=FACTS)
    assert "L, 45\xa0min" in text


def test_opening_hours_decide_who_is_outside(demo: Run) -> None:
    evening = target(name=Text({"": "Evening"}), open_at="Tu 20:00", tier="L")
    (found,) = check_targets(demo.times, demo.population, demo.sites, demo.study.tiers, [evening])
    text = report(replace(demo, verdicts=[found]), language="en", facts=FACTS)
    assert found.measured_low is not None
    outside = Words("en").tens(found.people * (1 - found.measured_low))
    assert f"About {outside} residents are beyond the target time by car." in text
    assert "open Tue 20:00" in text


def test_an_option_is_never_taken_for_the_current_situation(demo: Run) -> None:
    run = replace(demo, scenario=closing(["*X*"]), season="winter", effects=("a thing happens",))
    text = report(run, language="fi", facts=FACTS)
    assert text.splitlines()[2].startswith("**Luvut koskevat vaihtoehtoa, eivät nykytilaa: ")
    assert "\\*X\\*" in text
    assert "Nopeudet ovat talven nopeuksia." in text
    assert "- a thing happens" in text
    assert "vaihtoehtoa" not in report(demo, language="fi", facts=FACTS)


def test_the_report_is_the_same_every_time(demo: Run) -> None:
    assert report(demo, language="sv", facts=FACTS) == report(demo, language="sv", facts=FACTS)


# --- verdicts -------------------------------------------------------------------------------------


def shown(verdicts: list[Verdict], form: str, language: str = "en") -> str:
    """Print verdicts of a study named Lapland."""
    return render(verdicts, format=form, language=language, study_name="Lapland")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fi", ("toteutuu", "EI TOTEUDU", "ei ratkaistavissa")),
        ("sv", ("uppnås", "UPPNÅS INTE", "kan inte avgöras")),
        ("en", ("met", "NOT MET", "cannot be decided")),
    ],
)
def test_every_verdict_has_its_word(language: str, words: tuple[str, ...]) -> None:
    for one, word in zip((MET, NOT_MET, UNDECIDED), words, strict=True):
        row = next(line for line in shown([one], "text", language).splitlines() if line[:2] == "t ")
        assert f"  {word}  " in row


def test_the_text_is_an_aligned_table_without_escapes() -> None:
    text = shown([replace(MET, by_municipality=AREAS[:2]), NOT_MET], "text")
    header, rule, met, not_met = text.splitlines()[5:9]
    assert re.split(r"\s{2,}", header) == [
        "target", "result", "measured", "required", "margin, pp", "outside", "missing",
        "lowest municipality",
    ]  # fmt: skip
    assert set(rule) == {"-", " "}
    assert re.split(r"\s{2,}", met) == ["t", "met", "95%", "90%", "+5.0", "50", "Utsjoki 0%"]
    assert re.split(r"\s{2,}", not_met) == ["t", "NOT MET", "70%", "90%", "-20.0", "300", "200"]
    assert met.index("90%") == not_met.index("90%")
    assert "\x1b" not in text
    assert "\xa0" not in text


def test_wide_letters_do_not_break_the_alignment() -> None:
    rows = shown([replace(MET, target=target(id="北")), MET], "text").splitlines()[7:9]
    assert rows[0].index("met") + 1 == rows[1].index("met")


def test_a_number_of_sites_is_a_fact_and_counts_apart() -> None:
    kept = replace(SITES, word="met", measured_low=2.0, measured_high=2.0)
    text = shown([MET, kept], "text")
    assert "Targets for travel time by car that are met: 1 of 1." in text
    assert "2 service points in the region (L); at least 2 required. This is a fact" in text
    lost = shown([SITES], "text", "fi")
    assert "Palvelupisteiden määrää koskevia tavoitteita jää toteutumatta 1." in lost
    assert "Alueella on 1 palvelupiste (L)" in lost


def test_other_assumptions_that_turn_the_verdict_are_named() -> None:
    assert "the verdict would change: in winter (85%)." in shown([MET], "text")
    firm = replace(MET, sensitivity={"-5_min": 0.91, "slower_10_percent": 0.93})
    text = shown([firm], "text")
    assert "stays the same: with a limit of 25 minutes and on roads 10% slower" in text


def test_a_close_share_is_called_close() -> None:
    close = replace(NOT_MET, measured_low=0.8999, measured_high=0.8999, people_missing=1.0)
    text = shown([close], "text")
    assert "89.99%" in text
    assert "-0.01" in text
    assert "less than 1 percentage point" in text
    assert "percentage point" not in shown([NOT_MET], "text")


def test_municipalities_that_nobody_reaches_from_stand_beside_the_verdict() -> None:
    phrases = Phrases(words=Words("en"))
    said = phrases.municipalities(replace(MET, by_municipality=AREAS))
    assert said == (
        "In 2 municipalities of 3 fewer than 90% are within the target time by car. "
        "Nobody is within the target time by car here: Utsjoki. "
        "Hardly anybody (under 10%): Ranua 5%. Lowest of the others: Kemi 100%."
    )
    assert phrases.municipalities(MET) == ""
    many = tuple(replace(AREAS[0], name=f"M{place:02}") for place in range(12))
    assert "M09 and 2 others." in phrases.municipalities(replace(MET, by_municipality=many))
    assert phrases.municipalities(replace(MET, by_municipality=AREAS[2:])).startswith(
        "In every municipality at least 90%"
    )


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0, 0, "Nobody is beyond"),
        (9, 9, "Fewer than 10 residents are"),
        (13561, 13561, "About 13,560 residents are"),
        (100, 250, "At most 250 residents are"),
    ],
)
def test_people_outside_are_told_in_tens(low: float, high: float, said: str) -> None:
    phrases = Phrases(words=Words("en"))
    assert phrases.outside(low, high, "*").startswith(said)
    assert "in group 65+" in phrases.outside(90, 90, "65+")


def test_people_missing_are_told_exactly_while_few() -> None:
    phrases = Phrases(words=Words("fi"))
    few, many = replace(NOT_MET, people_missing=1.0), replace(NOT_MET, people_missing=1234.0)
    assert "1 asukas enemmän" in phrases.missing(few)
    assert "1\xa0230 asukasta enemmän" in phrases.missing(many)
    assert "varmasti" in phrases.missing(UNDECIDED)
    assert phrases.missing(MET) == ""


def test_people_outside_follow_from_the_verdict_where_it_tells() -> None:
    assert people_outside(NOT_MET) == pytest.approx(300)
    assert people_outside(UNDECIDED) is None
    assert people_outside(replace(UNDECIDED, by_municipality=AREAS)) == pytest.approx(95.5)
    assert people_outside(SITES) is None


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("preliminary", "preliminär riktlinje"),
        ("adopted", "fastställt mål"),
        ("illustrative", "exempel"),
    ],
)
def test_the_status_stands_beside_the_verdict(status: str, words: str) -> None:
    one = replace(MET, target=target(status=status, source="Plan 4/5."))
    assert f"{words}. Källa: Plan 4/5." in shown([one], "text", "sv")


def test_an_adopted_share_is_no_assumption_about_the_great_majority() -> None:
    phrases = Phrases(words=Words("en"))
    adopted = replace(MET, target=target(status="adopted"))
    assert phrases.condition(adopted) == "when the required share is 90%"
    assert phrases.condition(MET) == "if the great majority means at least 90%"


@pytest.mark.parametrize(("mode", "words"), [("walk", "on foot"), ("bicycle", "by bicycle")])
def test_another_mode_is_never_called_a_car(mode: str, words: str) -> None:
    text = render([MET], format="text", language="en", study_name="X", mode=mode)
    assert words in text
    assert "car" not in text.replace("Lapland", "")


def test_an_ambulance_drives_from_its_station() -> None:
    phrases = Phrases(words=Words("en"), direction="from_sites")
    assert "travelling from the service point to the resident" in phrases.reach(MET)


def test_a_target_says_when_sites_must_be_open() -> None:
    evening = target(open_at="Tu 20:00")
    finnish = " ".join(shown([replace(MET, target=evening)], "text", "fi").split())
    assert "(L; auki ti 20.00)" in finnish
    english = " ".join(shown([replace(MET, target=evening)], "text").split())
    assert "(L; open Tue 20:00)" in english
    sites = replace(
        SITES,
        target=target(id="s", min_sites=2, open_at="24/7"),
        word="undecided", measured_high=3.0, reason="hours",
    )  # fmt: skip
    text = " ".join(shown([sites], "text").split())
    assert "1-3 service points in the region (L; open 24/7); at least 2 required." in text
    assert "The opening hours of some service points are not known." in text
    assert "Cannot be decided from these data: 1." in text
    assert "not met" not in text


def test_a_verdict_that_turns_within_the_uncertainty_says_so() -> None:
    unsure = replace(MET, word="undecided", reason="uncertainty: speed x 0.9")
    text = shown([unsure], "text")
    assert "turns within the uncertainty of driving speeds" in text
    assert "verdict would change" not in text


# --- formats --------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_takes_every_verdict(form: str, language: str) -> None:
    text = shown(EVERY, form, language)
    assert text.endswith("\n")
    assert "None" not in text
    assert shown([], form, language) is not None


def test_an_unknown_format_is_refused_with_the_nearest() -> None:
    with pytest.raises(StudyError, match='did you mean "junit"'):
        shown(EVERY, "junitt")


def test_json_has_the_shape_of_targets_json_and_no_nan() -> None:
    odd = replace(NOT_MET, measured_low=float("nan"), sensitivity={"winter": float("inf")})
    content = json.loads(targets_json([odd, NOBODY]), parse_constant=pytest.fail)
    assert content["schema_version"] == 1
    first, second = content["targets"]
    assert (first["measured_low"], first["margin"], first["sensitivity"]) == (
        None, None, {"winter": None},
    )  # fmt: skip
    assert (second["measured_low"], second["verdict"]) == (None, "undecided")
    assert shown([odd, NOBODY], "json") == targets_json([odd, NOBODY])


def test_json_keeps_every_digit(demo: Run) -> None:
    content = json.loads(targets_json(demo.verdicts))
    assert content["targets"] == [json.loads(json.dumps(one.to_dict())) for one in demo.verdicts]


def test_json_on_a_terminal_obeys_no_name() -> None:
    name = AreaShare(
        name="\x1b[2J\x9b\u202eÄ", people=1, measured_low=1, measured_high=1, people_outside=0
    )
    text = targets_json([replace(MET, by_municipality=(name,))])
    assert all(one.isprintable() or one == "\n" for one in text)
    assert "Ä" in text
    assert json.loads(text)["targets"][0]["by_municipality"][0]["name"] == name.name


def test_junit_fails_the_region_and_skips_municipalities() -> None:
    root = parsed(shown([replace(NOT_MET, by_municipality=AREAS), MET, UNDECIDED], "junit"))
    first, second, third = root.findall("testsuite")
    region, *areas = first.findall("testcase")
    assert region.get("name") == "the whole region"
    assert region.find("failure").get("type") == "not_met"  # type: ignore[union-attr]
    assert [one.get("name") for one in areas] == ["Utsjoki", "Ranua", "Kemi", "Simo"]
    assert [one.find("skipped") is not None for one in areas] == [True, True, False, True]
    assert not any(one.find("failure") is not None for one in areas)
    assert (first.get("tests"), first.get("failures"), first.get("skipped")) == ("5", "1", "3")
    assert second.get("failures") == "0"
    assert third.find("testcase/failure").get("type") == "undecided"  # type: ignore[union-attr]
    assert (root.get("tests"), root.get("failures")) == ("7", "2")


def test_junit_is_read_by_a_junit_reader() -> None:
    junitparser = pytest.importorskip("junitparser", reason="junitparser is not installed")
    found = junitparser.JUnitXml.fromstring(shown(EVERY, "junit", "fi").encode())
    assert (found.tests, found.failures, found.errors) == (5, 4, 0)


def test_github_commands_are_escaped_and_graded() -> None:
    lines = shown([MET, NOT_MET, UNDECIDED], "github").splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::notice", "::error", "::error"]
    assert lines[0].startswith("::notice title=Reception%3A target met::Lapland%0A95%25 of")
    assert all(not re.search(r"%(?!25|0A|0D|3A|2C)", line) for line in lines)


def test_the_markdown_comment_has_a_table_and_the_mode() -> None:
    text = shown(EVERY, "markdown")
    (table,) = tables(text)
    assert [len(row) for row in table] == [8] * 6
    assert "by car" in text


# --- tables ---------------------------------------------------------------------------------------


def test_the_coverage_file_reads_back_as_it_was(demo: Run, tmp_path: Path) -> None:
    path = tmp_path / "coverage.csv"
    path.write_text(coverage_csv(demo.coverage), encoding="utf-8", newline="")
    back = pd.read_csv(path, dtype={"band_min": str, "group": str}, keep_default_na=True)
    assert list(back.columns) == list(demo.coverage.columns)
    for column in ("tier", "group", "area", "band_min"):
        assert list(back[column]) == list(demo.coverage[column])
    for column in ("share_low", "share_high"):
        assert np.array_equal(back[column], demo.coverage[column], equal_nan=True)
    assert np.allclose(back["people_low"], demo.coverage["people_low"], atol=1e-6)


def test_a_table_writes_tidy_numbers_and_guards_only_text() -> None:
    frame = pd.DataFrame(
        {
            "=name": ["=A", "b,c", None],
            "people_low": [1789.0000000000002, -1.5, 3.0],
            "share_low": [0.1, np.nan, np.inf],
            "n": pd.array([1, None, 3], dtype="Int64"),
        }
    )
    assert coverage_csv(frame).splitlines() == [
        "'=name,people_low,share_low,n", "'=A,1789,0.1,1", '"b,c",-1.5,,', ",3,,3",
    ]  # fmt: skip
    assert csv_table(frame[["people_low"]]).splitlines()[1] == "1789.0000000000002"
