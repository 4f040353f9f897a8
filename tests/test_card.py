"""The card of a scenario: its figures are the comparison's, and no harm is left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from markdown_it import MarkdownIt
from world import World

from accessibility.comparison import Comparison
from accessibility.reports import Words, card, change_lines
from accessibility.reports.changes import changes_of
from accessibility.reports.phrases import Phrases, phrases_of
from accessibility.runs import Run, run_study
from accessibility.scenarios import (
    ChangePopulation,
    CloseFerry,
    CloseRoad,
    MoveSite,
    OpenSite,
    Proposal,
    Roads,
    ScaleSpeed,
    Scenario,
    SetCapacity,
    SetHours,
    SetSeason,
    SetSpeed,
    SetTier,
    closing,
)
from accessibility.services import LANGUAGES, Text
from accessibility.study import load_study
from accessibility.what_if import compare_runs, run_scenario

ROOT = Path(__file__).parent.parent
BY_CAR = {"fi": "autolla", "sv": "med bil", "en": "by car"}
NOBODY_GROWS = {
    "fi": "Matka-aika autolla ei pitene kenelläkään.",
    "sv": "Restiden med bil förlängs inte för någon.",
    "en": "Nobody's travel time by car grows.",
}
NOBODY_SHRINKS = {
    "fi": "Matka-aika autolla ei lyhene kenelläkään.",
    "sv": "Restiden med bil förkortas inte för någon.",
    "en": "Nobody's travel time by car shrinks.",
}
REACH_NOTHING = {
    "fi": "Alle 5 asukasta ei enää pääse autolla mihinkään tämän palvelutason palvelupisteeseen.",
    "sv": "Färre än 5 invånare når inte längre något serviceställe på denna nivå med bil.",
    "en": "Fewer than 5 residents no longer reach any service point of this level by car.",
}
NOTHING = {"fi": "Mikään ei muutu", "sv": "Ingenting ändras", "en": "Nothing changes"}
MARKUP = {
    "h1", "h2", "h3", "p", "ul", "li", "strong", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
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
    "&lt;b&gt; & &#60;",
    "@everybody www.example.org",
)
#: 20 km a step: 15 minutes; e and f stand alone, on an island.
ROAD = World(
    """
    a-b-c-d

    e-f
    """,
    step_m=20_000,
)
PEOPLE = {"a": 1000, "b": 200, "c": 60, "d": 8, "e": 1}
AREAS = {"a": "Alku", "b": "Alku", "c": "Cee", "d": "Dee", "e": "Eka"}
TARGETS = (
    {"id": "reception", "name": "Reception", "tier": "L", "within_min": 30, "share": 0.999},
    {"id": "old", "name": "Old", "tier": "L", "group": "old", "within_min": 30, "share": 0.9},
    {"id": "hospital", "name": "Hospital", "tier": "E", "min_sites": 1},
)


# --- worlds ---------------------------------------------------------------------------------------


def road(
    folder: Path,
    *,
    people: Mapping[str, float] = PEOPLE,
    targets: tuple[dict[str, Any], ...] = TARGETS,
    capacity: Mapping[str, float] | None = None,
    visits: Mapping[str, float] | None = None,
    old: float = 0.25,
) -> Run:
    """Run the study of the drawn road: sites a (E), d and f (L)."""
    sites = {"a": "E", "d": "L", "f": "L"}
    columns: dict[str, Any] = {}
    for name, values in (("capacity", capacity), ("visits", visits)):
        if values is not None:
            columns[name] = [values[site] for site in sites]
    study = ROAD.write_study(
        folder,
        cells=people,
        sites=sites,
        targets=targets,
        cell_columns={
            "municipality": [AREAS[one] for one in people],
            "old": [round(count * old) for count in people.values()],
        },
        site_columns=columns,
        settings={
            "population": {"groups": {"old": "old"}, "municipality": "municipality"},
            "sites": {name: name for name in columns},
        },
    )
    return run_study(load_study(study))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the road as it is."""
    return road(tmp_path_factory.mktemp("road"))


@pytest.fixture(scope="module")
def demo() -> Run:
    """Run the demo study, with capacities, places, and groups withheld in small cells."""
    return run_study(load_study(ROOT / "data" / "demo" / "demo.toml"))


def changed(base: Run, scenario: Scenario, language: str = "en") -> Comparison:
    """Compare a run with itself after a scenario."""
    return compare_runs(base, run_scenario(base, scenario), language)


def written(base: Run, scenario: Scenario, language: str = "en") -> str:
    """Write the card of a scenario."""
    after = run_scenario(base, scenario)
    return card(
        compare_runs(base, after, language),
        language=language,
        study_name="A study",
        scenario=scenario,
        effects=after.effects,
    )


def spaced(text: str) -> str:
    """Give a text with plain spaces, to be compared with one typed by hand."""
    return text.replace("\xa0", " ")


def named(*changes: Any, proposal: Proposal | None = None, name: str = "An option") -> Scenario:
    """Make a scenario with a name."""
    return Scenario(name=Text({"": name}), changes=changes, proposal=proposal)


def opening(at: str, tier: str = "L", **more: Any) -> OpenSite:
    """Open a site at a letter."""
    lon, lat = ROAD.lonlat([at])[0]
    return OpenSite(id="new", name="New site", tier=tier, lon=float(lon), lat=float(lat), **more)


# --- reading a card back --------------------------------------------------------------------------

NUMBER = re.compile(r"\d{1,3}(?:[\xa0,]\d{3})+|\d+(?:[.,]\d+)?")


def numbers(text: str) -> list[float]:
    """Read all numbers of a text, as any of the languages writes them."""
    found = []
    for digits in NUMBER.findall(text):
        grouped = re.fullmatch(r"\d{1,3}(?:[\xa0,]\d{3})+", digits)
        bare = re.sub(r"[\xa0,]", "", digits) if grouped else digits.replace(",", ".")
        found.append(float(bare))
    return found


def rounded(number: float, step: int = 1) -> float:
    """Round half up to a step."""
    exact = Decimal(repr(round(float(number), 9))) / step
    return float(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP) * step)


def people_said(people: float) -> float:
    """Give the number that stands in a sentence."""
    return 5 if people < 5 else rounded(people, 10)


def minutes_said(minutes: float) -> float:
    """Give the minutes that stand in a sentence: under one minute is 1."""
    return max(rounded(minutes), 1)


def tables(text: str) -> list[list[list[str]]]:
    """Read the tables of a Markdown text, headings first."""
    found: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        if line.startswith("| "):
            if not set(line) <= set("|-: "):
                found[-1].append([one.strip() for one in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif found[-1]:
            found.append([])
    return [one for one in found if one]


def section(text: str, place: int) -> str:
    """Give a section of a card, counted from 1; 0 is its head."""
    return text.split("\n## ")[place]


def rows_of(comparison: Comparison, tier: str) -> tuple[pd.Series, list[dict[str, Any]]]:
    """Give a tier's figures for everybody, and by municipality the most person-minutes first."""
    table = comparison.summary
    areas = table[(table["tier"] == tier) & (table["group"] == "*") & (table["area"] != "*")]
    areas = areas.assign(slower=areas["lose"] - areas["cut_off"])
    harm = areas["slower"] * areas["mean_added_min"]
    ranked = areas.assign(harm=harm).sort_values("harm", ascending=False, kind="stable")
    return comparison.of_everybody(tier), ranked[ranked["slower"] > 0].to_dict("records")


def growth_said(comparison: Comparison, tier: str) -> list[float]:
    """List the numbers that a tier's sentences on growth hold, in order."""
    whole, areas = rows_of(comparison, tier)
    slower = whole["lose"] - whole["cut_off"]
    said: list[float] = []
    if whole["cut_off"] > 0:
        said.append(people_said(whole["cut_off"]))
        summary = comparison.summary
        cut = summary[(summary["tier"] == tier) & (summary["group"] == "*")]
        cut = cut[(cut["area"] != "*") & (cut["cut_off"] > 0)].sort_values(
            "cut_off", ascending=False, kind="stable"
        )
        said += [people_said(one) for one in cut["cut_off"].head(10)]
        if len(cut) > 10:
            said += [len(cut) - 10, people_said(cut["cut_off"].iloc[10:].sum())]
    if slower > 0:
        mean, most, worst = (
            minutes_said(whole[f"{key}_added_min"]) for key in ("mean", "p90", "worst")
        )
        said.append(people_said(slower))
        said += [worst] if mean == worst else [mean, worst]
        if most not in (mean, worst):
            said.insert(-1, most)
        for one in areas[:10]:
            said += [people_said(one["slower"]), minutes_said(one["mean_added_min"])]
        if len(areas) > 10:
            said += [len(areas) - 10, people_said(sum(one["slower"] for one in areas[10:]))]
    return said


def check_growth(text: str, comparison: Comparison, language: str) -> None:
    """Compare the first section with the summary, tier by tier."""
    bullets = [one for one in section(text, 1).splitlines() if one.startswith("- ")]
    losing = [
        tier for tier in comparison.after.tiers.ids if comparison.of_everybody(tier)["lose"] > 0
    ]
    for tier, bullet in zip(losing, bullets, strict=False):
        assert numbers(bullet) == growth_said(comparison, tier)
    if len(losing) < len(comparison.after.tiers.ids):
        assert NOBODY_GROWS[language] in section(text, 1)


def check_places(text: str, comparison: Comparison, words: Words) -> None:
    """Compare the table of places with the comparison's, cell by cell."""
    places = comparison.places
    tiers = [one for one in comparison.after.tiers.ids if one in set(places["tier"])]
    header, *rows = next(one for one in tables(text) if "/" in one[0][-1])
    first = len(header) - 2 * len(tiers)
    shown = 0
    for row in rows:
        for place, tier in enumerate(tiers):
            people, minutes = row[first + 2 * place : first + 2 * place + 2]
            if minutes in ("–", "…"):
                continue
            shown += 1
            of_tier = places[places["tier"] == tier]
            assert any(
                people == words.whole(one["people"])
                and numbers(minutes)
                == [
                    float(Decimal(str(rounded(value * 10))) / 10)
                    for value in (one["mean_added_min"], one["worst_added_min"])
                    if pd.notna(one["mean_added_min"])
                ]
                + ([rounded(one["cut_off"])] if one["cut_off"] > 0 else [])
                for one in of_tier.to_dict("records")
            ), row
    assert shown


def check_flows(text: str, comparison: Comparison, words: Words) -> None:
    """Compare the table of receiving sites with flows and loads."""
    found = tables(text)[-1]
    flows = comparison.flows[comparison.flows["people"] > 0].to_dict("records")
    loads = comparison.loads.set_index(["site", "tier"])
    lines = [" | ".join(row) for row in found[1:]]
    single = len({one["tier"] for one in flows}) == 1
    for flow in flows if len(flows) <= 10 else []:
        cells = [] if single else [flow["tier"]]
        cells.append(words.whole(flow["people"]))
        if flow["to_site"]:
            load = loads.loc[(flow["to_site"], flow["tier"])]
            cells += [words.whole(load["people_before"]), words.whole(load["people_after"])]
        line = " | ".join(cells)
        assert any(line in one and flow["to_site"] in one for one in lines), (line, lines)
    total = found[0].index(words.gettext("residents who change"))
    shown = sum(numbers(row[total])[0] for row in found[1:])
    assert shown == pytest.approx(sum(one["people"] for one in flows), abs=0.5 * len(found))


# --- the figures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("site", ["KS-VII", "KS-JYV"])
def test_every_figure_is_the_comparisons(demo: Run, site: str, language: str) -> None:
    comparison = changed(demo, closing([site]), language)
    words = Words(language)
    text = card(comparison, language=language, study_name="Demo", scenario=closing([site]))
    check_growth(text, comparison, language)
    check_places(text, comparison, words)
    check_flows(text, comparison, words)
    for row in comparison.targets.to_dict("records"):
        if row["newly_outside"] > 0:
            assert words.tens(row["newly_outside"]) in section(text, 2)
    over = comparison.loads[comparison.loads["over_capacity"].astype(bool)]
    assert len(over)
    for one in over.to_dict("records"):
        said = [line for line in text.splitlines() if f"{one['site']}" in line and "**" in line]
        assert any(words.shortest(one["capacity"]) in line for line in said)
        assert any(words.tens(one["people_after"]) in line for line in said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_the_same_numbers(base: Run, language: str) -> None:
    text = written(base, closing(["d"]), language)
    # 60 in c drive 30 min instead of 15, 8 in d 45 instead of none; a and b stay
    growth, targets, places, flows, savings = (section(text, one) for one in range(1, 6))
    # 70 people: 19 min on average, 45 at worst; 60 of them 15 min, 10 of them 45 min
    assert numbers(growth.splitlines()[2]) == [70, 19, 45, 60, 15, 10, 45]
    assert NOBODY_GROWS[language] in growth
    assert NOBODY_SHRINKS[language] in savings
    assert BY_CAR[language] in text.split("\n## ")[0]
    assert "10" in targets  # 8 people are told as about 10
    assert numbers(places)[-6:] == [60, 15, 15, 8, 45, 45]
    assert numbers(flows)[-3:] == [68, 1200, 1268]


def test_municipalities_and_targets_are_told_in_english(base: Run) -> None:
    text = spaced(written(base, closing(["d"])))
    assert "Service point to be closed: Sote-asema d, d." in text
    assert "Cee about 60 (15 min) and Dee about 10 (45 min)" in text
    assert "**Met now but no longer: Reception.**" in text
    assert "**Now: target met (100%). After the change: target not met (99%).**" in text
    assert (
        "About 10 residents who are now within the target time (30 min by car) end up beyond it. "
        "By group: old: fewer than 5." in text
    )
    assert "Fewer than 5 residents in group old who are now within the target time" in text
    assert "falls most here: Dee 100% → 0%." in text
    assert "Unchanged: Hospital (target met)." in text


def test_every_sentence_about_reach_says_by_car(base: Run) -> None:
    for language in LANGUAGES:
        text = written(base, closing(["d"]), language)
        for line in text.splitlines():
            if re.search(r"[Mm]atka-aika|[Rr]estid|[Tt]ravel time", line):
                assert BY_CAR[language] in line, line


# --- harm is never left out -----------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_person_who_loses_everything_is_told(tmp_path: Path, language: str) -> None:
    base = road(tmp_path, people={"a": 100_000, "b": 50_000, "c": 20_000, "d": 9_999, "e": 1})
    text = written(base, closing(["f"]), language)
    growth = section(text, 1)
    assert f"**{REACH_NOTHING[language]}**" in growth
    assert "Eka" in growth
    assert numbers(growth.splitlines()[2]) == [5, 5]
    assert NOBODY_GROWS[language] in growth  # on the levels above
    lines = change_lines(changed(base, closing(["f"]), language), language=language)
    assert REACH_NOTHING[language] in lines
    assert "Eka" in lines


@pytest.mark.parametrize("people", [0.2, 1, 4, 4.9])
def test_a_few_people_are_never_nobody(tmp_path: Path, people: float) -> None:
    base = road(tmp_path, people=PEOPLE | {"d": people, "c": 0}, targets=(), old=0)
    text = written(base, closing(["d"]))
    assert "Travel time by car grows for fewer than 5 residents: by 45 minutes for each" in text
    assert not re.search(r"\b0 (people|residents)", text)
    cell = "under 1" if people < 0.5 else Words("en").whole(people)
    assert f"| {cell} | 45.0 / 45.0 |" in text


def test_loss_and_gain_are_told_apart(base: Run) -> None:
    lon, lat = ROAD.lonlat(["b"])[0]
    text = written(base, named(MoveSite(site="d", lon=float(lon), lat=float(lat))))
    assert "Move of a service point: effects on travel times by car" in text
    assert "Travel time by car grows for about 10 residents: by 30 minutes for each" in text
    assert "Travel time by car shrinks for about 200 residents, by 15 minutes" in text
    assert text.index("Whose travel time by car grows") < text.index("shrinks for about")


# --- kinds of scenarios ---------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_opening_tells_gains_first_and_that_nobody_loses(base: Run, language: str) -> None:
    text = written(base, named(opening("c")), language)
    assert f"**{NOBODY_GROWS[language]}**" in section(text, 1)
    assert numbers(section(text, 2).splitlines()[2]) == [60, 15, 60, 15]
    assert len(tables(text)) == 1  # no table of places that lose
    assert "New site, new" in text
    lines = change_lines(changed(base, named(opening("c")), language), language=language)
    assert numbers(lines.splitlines()[0]) == [60, 15]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_changes(base: Run, language: str) -> None:
    scenario = named(SetCapacity(site="d", capacity=900))
    text = written(base, scenario, language)
    assert f"**{NOTHING[language]}" in text
    assert "900" in text
    assert "\n## " not in text
    lines = change_lines(changed(base, scenario, language), language=language)
    assert lines.startswith(NOTHING[language])
    assert "\n" not in lines


def test_people_who_reach_a_site_at_last_are_gains(tmp_path: Path) -> None:
    base = road(tmp_path)
    cut = run_scenario(base, closing(["f"]))
    scenario = named(opening("f"))
    comparison = compare_runs(cut, run_scenario(cut, scenario))
    text = card(comparison, language="en", study_name="A study", scenario=scenario)
    assert "After the change fewer than 5 residents who now reach no service point" in text
    assert "By municipality: Eka fewer than 5." in text


def test_singular_and_plural(base: Run) -> None:
    one, two = written(base, closing(["d"])), written(base, closing(["d", "f"]))
    assert "Closure of a service point: effects" in one
    assert "Closure of service points: effects" in two
    assert "Service points to be closed: Sote-asema d, d; Sote-asema f, f." in two
    assert "Palvelupisteiden lakkauttaminen" in written(base, closing(["d", "f"]), "fi")
    assert "Indragning av serviceställe:" in written(base, closing(["d"]), "sv")


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0.2, ("alle minuutin", "mindre än 1 minut", "less than 1 minute")),
        (1.2, ("1 minuutin", "1 minut", "1 minute")),
        (1.5, ("2 minuuttia", "2 minuter", "2 minutes")),
        (1234.5, ("1\xa0235 minuuttia", "1\xa0235 minuter", "1,235 minutes")),
    ],
)
def test_minutes_are_inflected(base: Run, minutes: float, said: tuple[str, ...]) -> None:
    comparison = changed(base, closing(["d"]))
    for language, expected in zip(LANGUAGES, said, strict=True):
        changes = changes_of(comparison, Phrases(words=Words(language)), "car", None)
        assert changes.minutes(minutes) == expected


def test_a_closed_hospital_names_the_levels_that_go_with_it(base: Run) -> None:
    text = written(base, closing(["a"]))
    assert (
        "Service levels that go with it: Local level; Sub-regional level; Specialised level."
        in text
    )
    assert "About 1,270 residents no longer reach any service point of this level by car." in text
    assert "(service points: 1). After the change: target not met (service points: 0)." in text
    assert "none |" in text
    assert "Notes of the programme" not in text


def test_changes_of_roads_are_named(base: Run) -> None:
    comparison = changed(base, closing(["d"]))
    near = Roads(near=(25.5, 62.25), within_m=500)
    square = Roads(polygon=((25, 62), (26, 62), (26, 63)))
    roads = named(
        CloseRoad(road=Roads(ref="E75")),
        CloseRoad(road=Roads(way=7)),
        SetSpeed(road=near, km_h=40),
        ScaleSpeed(road=square, factor=0.8),
        CloseFerry(),
    )
    text = card(comparison, language="en", study_name="A study", scenario=roads)
    assert (
        "Closed to through traffic: road E75; way 7 of the map. "
        "Speeds change (per cent of today's): roads within 500 m of the point 62.25 25.5: 40 km/h; "
        "roads in an area drawn on the map: 80%. Ferries that do not run: all." in text
    )
    assert "Change of roads: effects on travel times by car" in text
    winter = SetSeason(value="winter")
    for scenario, said in (
        (named(winter), "Winter: effects on travel times by car"),
        (named(winter, CloseFerry()), "Effects of the change on travel times by car"),
    ):
        assert said in card(comparison, language="en", study_name="A study", scenario=scenario)


def test_changes_of_sites_and_people_are_named(base: Run) -> None:
    text = written(
        base,
        named(
            SetTier(site="d", tier="A"),
            SetCapacity(site="d", capacity=1500),
            SetHours(site="d", hours="Mo-Fr 08:00-16:00"),
            ChangePopulation(factor=2, municipality="Cee"),
        ),
    )
    assert "The service level changes: Sote-asema d, d: Local level → Sub-regional level." in text
    assert "The capacity in residents changes: Sote-asema d, d: 1500." in text.replace(
        ",500", "500"
    )
    assert "The opening hours change: Sote-asema d, d: Mo-Fr 08:00-16:00." in text
    assert "The numbers of residents are those of the option, not today's." in text


def test_a_study_without_targets_tells_the_headline_limits(tmp_path: Path) -> None:
    text = spaced(written(road(tmp_path, targets=()), closing(["d"])))
    assert "The study sets no target." in text
    assert (
        "About 10 residents who are now within 30 min by car of the nearest service point "
        "(Local level) end up beyond it. By group: old: fewer than 5." in text
    )


def test_over_capacity_and_yearly_hours_are_told(tmp_path: Path) -> None:
    base = road(
        tmp_path,
        capacity={"a": 1250, "d": 100, "f": 100},
        visits={"a": 0.1, "d": 3, "f": 3},
    )
    comparison = changed(base, closing(["d"]))
    text = card(comparison, language="en", study_name="A study", scenario=closing(["d"]))
    assert "**Over capacity: Sote-asema a, a has room for 1,250 residents and is the " in (text)
    assert "| Sote-asema a, a | 68 | 1,200 | 1,268 | 1,250 |" in text
    # (60 x 15 + 8 x 45) minutes, there and back, three times
    assert comparison.yearly["L"] == pytest.approx(7560, rel=0.01)
    assert "In all, about 130 hours more are spent on the way by car in a year" in text
    assert "room at the service points" not in text


def test_opening_hours_decide_who_is_outside(tmp_path: Path) -> None:
    asked = {"id": "evening", "name": "Evening", "tier": "L", "within_min": 30, "share": 0.9}
    study = ROAD.write_study(
        tmp_path,
        cells={"a": 60, "d": 40},
        sites={"a": "E", "d": "L"},
        targets=[asked | {"open_at": "Tu 18:00"}],
        site_columns={"hours": ["24/7", "24/7"]},
        settings={"sites": {"hours": "hours"}},
    )
    base = run_study(load_study(study))
    text = spaced(written(base, named(SetHours(site="d", hours="Mo-Fr 08:00-16:00"))))
    assert "Met now but no longer: Evening." in text
    assert (
        "Residents beyond the target time (30 min by car): now 0, after the change about 40."
        in (text)
    )


# --- whose paper, whose words ---------------------------------------------------------------------

PROPOSAL = Proposal(
    body="The council", diary_number="D/1/2026", preparer="A. Preparer", date="2026-03-01",
    contact="prep@example.org", replacement="A bus comes on Mondays", saving_eur=412_000,
)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_preparers_words_are_marked_as_theirs(base: Run, language: str) -> None:
    scenario = replace(closing(["d"]), proposal=PROPOSAL)
    text = written(base, scenario, language)
    head, own = section(text, 0), section(text, -1)
    for part in ("The council", "D/1/2026", "A. Preparer", Words(language).date("2026-03-01")):
        assert part in head
    assert "A bus comes on Mondays" in own
    assert Words(language).whole(412_000) in own
    theirs = {"fi": "valmistelijan omia", "sv": "beredarens egna", "en": "preparer's own"}
    assert theirs[language] in own
    assert "A bus" not in written(base, closing(["d"]), language)


def test_the_last_line_says_what_was_not_assessed(base: Run) -> None:
    last = written(base, closing(["d"])).splitlines()[-1]
    assert last.startswith("Travel times are modelled travel times by car. Not assessed: people")
    for thing in ("waiting times", "staffing", "quality", "room at the service points"):
        assert thing in last


def test_notes_that_the_card_says_itself_are_not_repeated(base: Run) -> None:
    scenario = closing(["a"])
    after = run_scenario(base, scenario)
    assert any("also removes" in one for one in after.effects)
    text = card(
        compare_runs(base, after, "fi"),
        language="fi",
        study_name="A study",
        scenario=scenario,
        effects=(*after.effects, "the change of roads touches <b>3</b> of 5 sites"),
    )
    assert "also removes" not in text
    assert "- the change of roads touches &lt;b&gt;3&lt;/b&gt; of 5 sites" in text


def test_a_comparison_without_its_scenario_has_a_card(base: Run) -> None:
    text = card(changed(base, closing(["d"])), language="en", study_name="A study")
    assert text.startswith("# Closing d\n\n**Effects of the change on travel times by car.**")
    assert "grows for about 70 residents" in text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_name_becomes_markup(tmp_path: Path, payload: str) -> None:
    base = road(tmp_path, capacity={"a": 100, "d": 100, "f": 100})
    frame = base.sites.frame.assign(name=payload)
    cells = base.population.cells.assign(municipality=payload)
    texts = Text({"": payload})
    tiers = replace(
        base.study.tiers, tiers=tuple(replace(one, name=texts) for one in base.tiers.tiers)
    )
    targets = tuple(replace(one, name=texts) for one in base.study.targets)
    base = replace(
        base,
        study=replace(base.study, tiers=tiers, targets=targets),
        sites=replace(base.sites, frame=frame),
        population=replace(base.population, cells=cells),
        verdicts=[replace(one, target=replace(one.target, name=texts)) for one in base.verdicts],
    )
    proposal = Proposal(
        body=payload, diary_number=payload, preparer=payload, date=payload, contact=payload,
        replacement=payload, saving_eur=1,
    )  # fmt: skip
    edits = (*closing(["d"]).changes, replace(opening("b"), name=payload))
    scenario = named(*edits, proposal=proposal, name=payload)
    after = run_scenario(base, scenario)
    comparison = compare_runs(base, after)
    text = card(
        comparison, language="en", study_name=payload, scenario=scenario, effects=(payload,)
    )
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert set(re.findall(r"<(\w+)", html)) <= MARKUP
    lines = change_lines(comparison, language="en")
    for one in (text, lines):
        assert all(sign.isprintable() or sign in "\n\u200b\xa0" for sign in one)
    assert len(lines.splitlines()) <= 10
    for table in tables(text):
        assert len({len(row) for row in table}) == 1


# --- the lines ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lines_are_few_and_plain(demo: Run, language: str) -> None:
    winter = named(SetSeason(value="winter"))
    assert Words(language).gettext("Speeds are those of winter.") in written(demo, winter, language)
    for scenario in (closing(["KS-VII"]), closing(["KS-JYV"]), winter):
        lines = change_lines(changed(demo, scenario, language), language=language)
        assert 4 <= len(lines.splitlines()) <= 10
        assert not set("*#|\xa0–−") & set(lines)
        assert BY_CAR[language] in lines


def test_the_lines_say_the_figures(base: Run) -> None:
    assert change_lines(changed(base, closing(["d"])), language="en").splitlines() == [
        "Local level. Travel time by car grows for about 70 residents: by 19 minutes on average "
        "and by 45 minutes at worst.",
        "No travel time by car changes here: Sub-regional level; Specialised level.",
        "Met now but no longer: Reception.",
        "Newly outside the target time by car: Reception: about 10 residents; Old: fewer than 5 "
        "residents in group old.",
        "Hardest-hit municipality (by car): Cee, about 60 residents, +15 min (Local level).",
    ]


# --- real data ------------------------------------------------------------------------------------


@pytest.mark.data
def test_the_card_of_ivalo(data_folder: Path) -> None:
    base = run_study(load_study(data_folder / "studies" / "lappi.toml"))
    scenario = closing(["S148"])
    after = run_scenario(base, scenario)
    for language in LANGUAGES:
        names = phrases_of(base, language).area_names
        comparison = compare_runs(base, after, language)
        text = card(
            comparison, language=language, study_name="Lapland", scenario=scenario,
            effects=after.effects, area_names=names,
        )  # fmt: skip
        check_growth(text, comparison, language)
        check_places(text, comparison, Words(language))
        check_flows(text, comparison, Words(language))
        for said in ("Ivalo", "Utsjoki", "S148", "S758", "S890", names["Inari"], "65+"):
            assert said in text
        assert len(text.splitlines()) < 60
    assert comparison.of_everybody("L")["lose"] == pytest.approx(7290, abs=150)
    assert comparison.of_everybody("A")["mean_added_min"] == pytest.approx(111, abs=5)
    assert list(comparison.targets["flips"][:2]) == [True, True]
    assert "Enare" in card(
        compare_runs(base, after, "sv"), language="sv", study_name="Lappland",
        area_names=phrases_of(base, "sv").area_names,
    )  # fmt: skip
