"""The report of a run in Markdown: the answer first, then the figures, then how they were made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from accessibility.coverage_table import BEYOND, UNREACHABLE_BAND, coverage
from accessibility.findings import Findings, tiers_without_site
from accessibility.reports.escaping import markdown_text
from accessibility.reports.facts import ReportFacts
from accessibility.reports.firmness import closeness, firmness, variant_heading
from accessibility.reports.method import (
    audit_section,
    method_section,
    population_section,
    sources_section,
)
from accessibility.reports.network import network_section
from accessibility.reports.phrases import Phrases, is_range, not_reached, phrases_of
from accessibility.reports.tables import markdown_table
from accessibility.reports.words import Words
from accessibility.services import EVERYBODY, WHOLE_AREA
from accessibility.targets import Verdict, at_least

HEADLINE_MIN = (30, 60)
_FINNISH_ORDER = str.maketrans({"Å": "Z\x01", "Ä": "Z\x02", "Ö": "Z\x03"})


def report(run: Findings, *, language: str, facts: ReportFacts) -> str:
    """Write the report of a run.

    Whole per cents and tens of people stand in sentences, exact figures in tables. Names from the
    data are shown as text, whatever they hold.

    Parameters
    ----------
    run
        The run.
    language
        "fi", "sv" or "en".
    facts
        What the run itself does not know: versions, the isochrones' accuracy, notes.

    Raises
    ------
    StudyError
        If there are no words in that language.
    """
    phrases = phrases_of(run, language, safe=markdown_text)
    sections = [
        _opening(run, phrases),
        _targets_section(run, phrases),
        sensitivity_section(run, phrases),
        _bands_section(run, phrases),
        _municipalities_section(run, phrases),
        audit_section(run, phrases),
        network_section(run, phrases),
        population_section(run, phrases),
        method_section(run, phrases, facts),
        sources_section(run, phrases),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _opening(run: Findings, phrases: Phrases) -> str:
    say = phrases.words.gettext
    name = phrases.safe(run.study.name.in_language(phrases.words.language))
    season = say("Speeds are those of summer.")
    if run.season == "winter" and run.speeds.winter is not None:
        season = say("Speeds are those of winter.")
    topic = say("Geographical access to services.")
    lines = [f"# {name}", f"{topic} {phrases.not_assessed()} {season}"]
    if run.scenario is not None:
        option = phrases.safe(run.scenario.name.in_language(phrases.words.language))
        lines.insert(
            1,
            say(
                "**These are the figures of an option, not of the current situation: {option}.**",
                option=option,
            ),
        )
    return "\n\n".join(lines)


# --- targets --------------------------------------------------------------------------------------


def _targets_section(run: Findings, phrases: Phrases) -> str:
    say = phrases.words.gettext
    heading = "## " + say("Are the targets met?")
    if not run.verdicts:
        return heading + "\n\n" + say("The study sets no target.")
    items = "\n".join(_target_item(run, verdict, phrases) for verdict in run.verdicts)
    tally = f"**{phrases.tally(run.verdicts)}**"
    parts = [heading, tally, items]
    if any(one.target.kind == "share" for one in run.verdicts):
        parts.append(
            say(
                "A time limit is inclusive to the second. Where a source says “about” or "
                "“the great majority” without a number, the limit and the share required are "
                "assumptions of this calculation."
            )
        )
    return "\n\n".join(parts)


def _target_item(run: Findings, verdict: Verdict, phrases: Phrases) -> str:
    """Say all that there is to say of one target, the verdict first."""
    target = verdict.target
    name = phrases.name(target)
    if target.kind == "min_sites":
        title = f"**{name}:**"
        if verdict.word != "met":
            title = f"**{name}: {phrases.verdict(verdict)}.**"
        said = [title, phrases.sites(verdict), phrases.why_undecided(verdict)]
        return f"- {' '.join(one for one in said if one)}\n  - {phrases.standing(target)}"
    first = f"- **{name}: {phrases.verdict(verdict)}**, {phrases.condition(verdict)}. "
    sentences = [phrases.reach(verdict)]
    if verdict.measured_low is not None:
        sentences.append(phrases.outside(*run.people_outside[target.id], target.group))
    sentences += [phrases.why_undecided(verdict), phrases.missing(verdict)]
    sentences.append(closeness(verdict, phrases))
    lines = [
        first + " ".join(one for one in sentences if one),
        phrases.municipalities(verdict),
        firmness(verdict, phrases),
        phrases.standing(target),
    ]
    return "\n  - ".join(line for line in lines if line)


def sensitivity_section(run: Findings, phrases: Phrases) -> str:
    """Draw the shares under other limits and speeds, side by side."""
    words, say = phrases.words, phrases.words.gettext
    shares = [one for one in run.verdicts if one.sensitivity and one.measured_low is not None]
    keys = list(dict.fromkeys(key for one in shares for key in one.sensitivity))
    if not keys:
        return ""
    header = [say("target"), say("required"), say("measured")]
    header += [variant_heading(key, phrases) for key in keys]
    rows = []
    for one in shares:
        cells = [phrases.name(one.target), phrases.required(one), _table_share(one, words)]
        for key in keys:
            share = one.sensitivity.get(key)
            cells.append("–" if share is None else _marked_share(share, one, words))
        rows.append(cells)
    parts = [
        "## " + say("How firm is the result?"),
        say(
            "Share of residents within the target time {by_mode}: as measured, and with other "
            "limits and speeds. Bold: the share required is not reached. The share measured is "
            "also the highest required share at which a target would be met.",
            by_mode=phrases.by_mode(),
        ),
        markdown_table(header, rows),
    ]
    if any(is_range(one) for one in shares):
        parts.append(
            say("Where age groups are withheld, the other columns hold the lowest share possible.")
        )
    if "winter" not in keys and run.speeds.winter is None:
        parts.append(say("The speed table says nothing of winter, so winter was not worked out."))
    elif "winter" not in keys:
        parts.append(say("Other speeds were not worked out."))
    return "\n\n".join(parts)


def _table_share(verdict: Verdict, words: Words) -> str:
    low, high = verdict.measured_low or 0.0, verdict.measured_high or 0.0
    if is_range(verdict):
        text = words.percent_range(low, high, digits=1)
    else:
        text = _share_apart(low, verdict.required, words)
    return text if at_least(low, verdict.required) else f"**{text}**"


def _marked_share(share: float, verdict: Verdict, words: Words) -> str:
    text = _share_apart(share, verdict.required, words)
    return text if at_least(share, verdict.required) else f"**{text}**"


def _share_apart(share: float, required: float, words: Words) -> str:
    """Write a share with one decimal, or with more where one would hide which side it is on."""
    text = words.percent(share, digits=1)
    if text == words.percent(required, digits=1):
        return words.percent_apart(share, required)
    return text


# --- who reaches what -----------------------------------------------------------------------------


def _bands_section(run: Findings, phrases: Phrases) -> str:
    """Draw people and shares per tier and band, for the whole region and everybody."""
    words, say = phrases.words, phrases.words.gettext
    whole = run.coverage[(run.coverage["area"] == WHOLE_AREA)]
    whole = whole[whole["group"] == EVERYBODY].set_index(["tier", "band_min"])
    rows = [
        [_band_name(band, run, phrases)]
        + [_people_and_share(whole.loc[(tier, band)], words) for tier in run.tiers.ids]
        for band in whole.loc[run.tiers.ids[0]].index
    ]
    header = [say("travel time"), *[phrases.tier(tier) for tier in run.tiers.ids]]
    total = words.whole(run.population.total)
    rows.append([say("all residents"), *[f"{total} ({words.percent(1)})" for _ in run.tiers.ids]])
    return "\n\n".join(
        [
            "## " + say("How far is it to the services?"),
            say(
                "Residents by travel time {by_mode} to the nearest service point of each level. "
                "Each row “at most” includes the rows above it; the row “at most {limit}” and the "
                "two rows below it add up to all residents.",
                by_mode=phrases.by_mode(),
                limit=words.minutes(run.study.bands_min[-1]),
            ),
            markdown_table(header, rows),
            *(
                say("{tier}: no service point in the region.", tier=phrases.tier(tier))
                for tier in tiers_without_site(run)
            ),
            say(
                "“No road connection” includes homes too far from a road, which are counted below. "
                "Age groups and municipalities, band by band: coverage.csv."
            ),
        ]
    )


def _band_name(band: str, run: Findings, phrases: Phrases) -> str:
    say, words = phrases.words.gettext, phrases.words
    if band == BEYOND:
        return say("over {limit}", limit=words.minutes(run.study.bands_min[-1]))
    if band == UNREACHABLE_BAND:
        return not_reached(phrases, without_site=bool(tiers_without_site(run)))
    return say("at most {limit}", limit=words.minutes(float(band)))


def _people_and_share(row: pd.Series, words: Words) -> str:
    """Write everybody's figures: they are never withheld, so low and high are one."""
    people = words.whole(float(row["people_low"]))
    share = float(row["share_low"])
    return people if np.isnan(share) else f"{people} ({words.percent(share, digits=1)})"


def _municipalities_section(run: Findings, phrases: Phrases) -> str:
    """Draw the share within the target minutes by municipality and tier."""
    words, say = phrases.words, phrases.words.gettext
    if run.population.municipalities is None:
        return ""
    minutes = _target_minutes(run)
    shown = _coverage_within(run, minutes)
    columns = [(tier, f"{limit:g}") for limit in minutes for tier in run.tiers.ids]
    header = [say("municipality"), say("residents")]
    header += [f"{phrases.safe(tier)}, {words.minutes(float(band))}" for tier, band in columns]
    names = sorted(
        (name for name in shown.index.get_level_values("area").unique() if name != WHOLE_AREA),
        key=lambda name: phrases.area_names.get(name, name).translate(_FINNISH_ORDER),
    )
    people = run.population.cells.groupby(run.population.municipalities, observed=True)["people"]
    residents = {str(name): float(total) for name, total in people.sum().items()}
    rows = []
    for name in (*names, WHOLE_AREA):
        is_whole = name == WHOLE_AREA
        label = say("the whole region") if is_whole else phrases.area(name)
        count = run.population.total if is_whole else residents[name]
        shares = [float(shown.loc[(name, *column), "share_low"]) for column in columns]
        written = ["–" if np.isnan(one) else words.percent(one, digits=1) for one in shares]
        cells = [label, words.whole(count), *written]
        rows.append([f"**{cell}**" for cell in cells] if is_whole else cells)
    legend = "; ".join(f"{phrases.safe(tier)} = {phrases.tier(tier)}" for tier in run.tiers.ids)
    return "\n\n".join(
        [
            "## " + say("Municipalities"),
            say(
                "Share of residents within the time limit {by_mode} from the nearest service "
                "point of each level ({legend}).",
                by_mode=phrases.by_mode(),
                legend=legend,
            ),
            markdown_table(header, rows),
        ]
    )


def _target_minutes(run: Findings) -> list[float]:
    """Give the minutes of the study's targets; without any, the headline minutes or last band."""
    asked = {one.within_min for one in run.study.targets if one.within_min is not None}
    if not asked:
        asked = {float(band) for band in run.study.bands_min if band in HEADLINE_MIN}
    return sorted(asked or {run.study.bands_min[-1]})


def _coverage_within(run: Findings, minutes: Sequence[float]) -> pd.DataFrame:
    """Give everybody's coverage by area, tier and band, at minutes that may be no band."""
    frame = run.coverage
    if not set(minutes) <= set(run.study.bands_min):
        frame = coverage(run.nearest, run.population, run.tiers, bands_min=minutes)
    frame = frame[frame["group"] == EVERYBODY]
    return frame.set_index(["area", "tier", "band_min"]).sort_index()
