"""What `check` prints: verdicts for a person, a script, a CI server, GitHub, a merge request."""

from __future__ import annotations

import json
import math
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import TYPE_CHECKING

from accessibility.errors import StudyError, did_you_mean
from accessibility.reports.escaping import json_text, markdown_text, plain, workflow_text
from accessibility.reports.firmness import closeness, firmness
from accessibility.reports.phrases import Phrases, people_outside, phrases_of
from accessibility.reports.tables import markdown_table
from accessibility.reports.words import NO_BREAK_SPACE, Words
from accessibility.targets import AreaShare, Verdict, at_least

if TYPE_CHECKING:
    from accessibility.findings import Findings

GAP = "  "
TEXT_WIDTH = 100


def render(
    verdicts: Sequence[Verdict],
    *,
    format: str,
    language: str,
    study_name: str,
    mode: str = "car",
    tier_names: Mapping[str, str] | None = None,
) -> str:
    """Print verdicts in one of the formats of `check`.

    Parameters
    ----------
    verdicts
        In the study's order, which is kept.
    format
        `text`: a table to read; `json`: the shape of targets.json; `junit`: XML for a CI server;
        `github`: workflow commands that annotate a run; `markdown`: a comment on a merge request.
    language
        "fi", "sv" or "en"; json is the same in all.
    study_name
        What the study is called.
    mode
        "car", "bicycle" or "walk".
    tier_names
        Names of tiers by id.

    Raises
    ------
    StudyError
        If there is no such format, or no words in that language.
    """
    phrases = Phrases(words=Words(language), mode=mode, tier_names=tier_names or {})
    return _rendered(verdicts, format, phrases, study_name)


def render_run(run: Findings, *, format: str, language: str) -> str:
    """Print a run's verdicts as `render` does, with all names in the language.

    Parameters
    ----------
    run
        The run.
    format, language
        See `render`.
    """
    phrases = phrases_of(run, language)
    return _rendered(run.verdicts, format, phrases, run.study.name.in_language(language))


def _rendered(verdicts: Sequence[Verdict], form: str, phrases: Phrases, study_name: str) -> str:
    renderer = RENDERERS.get(form)
    if renderer is None:
        raise StudyError(
            f'there is no format "{form}"{did_you_mean(form, RENDERERS)}; '
            f"known: {', '.join(RENDERERS)}"
        )
    if form == "markdown":
        phrases = replace(phrases, safe=markdown_text)
    return renderer(verdicts, phrases, phrases.safe(study_name))


def targets_json(verdicts: Sequence[Verdict]) -> str:
    """Write verdicts as targets.json has them: keys as CONTRACT lists them, floats unrounded.

    Whatever is no finite number is null. The same verdicts give the same bytes.
    """
    content = {"schema_version": 1, "targets": [_finite(one.to_dict()) for one in verdicts]}
    return json_text(json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)) + "\n"


def _finite(value: object) -> object:
    """Replace numbers that JSON does not know by None, at any depth."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    return value


# --- text and Markdown ----------------------------------------------------------------------------


def _json(verdicts: Sequence[Verdict], phrases: Phrases, study_name: str) -> str:
    del phrases, study_name
    return targets_json(verdicts)


def _text(verdicts: Sequence[Verdict], phrases: Phrases, study_name: str) -> str:
    """Draw an aligned table, then say what each target is and how firm its verdict."""
    lines = [study_name, phrases.not_assessed(), ""]
    if not verdicts:
        return _narrow("\n".join([*lines, phrases.words.gettext("The study sets no target."), ""]))
    lines += [phrases.tally(verdicts), ""]
    header, rows = _columns(verdicts, phrases, lambda one: phrases.safe(one.target.id))
    lines += _aligned(header, rows)
    for one in verdicts:
        lines += ["", f"{phrases.safe(one.target.id)}: {phrases.name(one.target)}"]
        for sentence in _remarks(one, phrases):
            lines += wrap(
                sentence, TEXT_WIDTH, initial_indent=GAP, subsequent_indent=GAP * 2,
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
    return _narrow("\n".join([*lines, ""]))


def _markdown(verdicts: Sequence[Verdict], phrases: Phrases, study_name: str) -> str:
    """Draw a table for a comment on a merge request, with remarks under it."""
    parts = [f"### {study_name}"]
    if not verdicts:
        return "\n\n".join([*parts, phrases.words.gettext("The study sets no target.")]) + "\n"
    header, rows = _columns(verdicts, phrases, lambda one: phrases.name(one.target))
    parts += [f"**{phrases.tally(verdicts)}**", markdown_table(header, rows, text_columns=2)]
    remarks = [
        f"- **{phrases.name(one.target)}:** {' '.join(_remarks(one, phrases))}" for one in verdicts
    ]
    return "\n\n".join([*parts, "\n".join(remarks), phrases.not_assessed()]) + "\n"


def _columns(
    verdicts: Sequence[Verdict], phrases: Phrases, named: Callable[[Verdict], str]
) -> tuple[list[str], list[list[str]]]:
    """Give the columns that the text and the Markdown table share."""
    say = phrases.words.gettext
    header = [
        say("target"), say("result"), say("measured"), say("required"), say("margin, pp"),
        say("outside"), say("missing"), say("lowest municipality"),
    ]  # fmt: skip
    return header, [_row(one, phrases, named(one)) for one in verdicts]


def _row(verdict: Verdict, phrases: Phrases, name: str) -> list[str]:
    words = phrases.words
    is_share = verdict.target.kind == "share"
    outside = people_outside(verdict)
    known = [one for one in verdict.by_municipality if one.measured_low is not None]
    margin = ""
    if verdict.margin is not None:
        margin = (
            words.points(verdict.margin)
            if is_share
            else words.decimal(verdict.margin, digits=0, sign=True)
        )
    return [
        name,
        phrases.verdict_shortly(verdict),
        phrases.measured(verdict),
        phrases.required(verdict),
        margin if is_share else "",
        "" if outside is None else words.whole(outside),
        words.whole(verdict.people_missing)
        if verdict.people_missing and verdict.word != "met"
        else "",
        phrases.area_share(known[0], verdict.required) if known else "",
    ]


def _remarks(verdict: Verdict, phrases: Phrases) -> list[str]:
    """Say what a table cannot: of what, how firm, and where it stands."""
    if verdict.target.kind == "min_sites":
        said = [phrases.sites(verdict), phrases.why_undecided(verdict)]
    else:
        said = [
            phrases.reach(verdict),
            phrases.why_undecided(verdict),
            closeness(verdict, phrases),
            firmness(verdict, phrases),
        ]
    return [one for one in (*said, phrases.standing(verdict.target)) if one]


def _aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Align columns: text to the left, numbers to the right; empty columns are left out."""
    used = [place for place in range(len(header)) if any(row[place] for row in rows)]
    table = [[row[place] for place in used] for row in (header, *rows)]
    widths = [max(_width(cell) for cell in column) for column in zip(*table, strict=True)]
    is_text = [place in (0, 1, len(header) - 1) for place in used]
    table.insert(1, ["-" * width for width in widths])
    return [
        GAP.join(
            cell + " " * (width - _width(cell)) if left else " " * (width - _width(cell)) + cell
            for cell, width, left in zip(row, widths, is_text, strict=True)
        ).rstrip()
        for row in table
    ]


def _width(text: str) -> int:
    """Count the columns that a text takes in a terminal."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
    )


def _narrow(text: str) -> str:
    """Write plain spaces and hyphens, which every terminal and search understands."""
    return text.replace(NO_BREAK_SPACE, " ").replace("−", "-").replace("–", "-")


# --- machines -------------------------------------------------------------------------------------


def _junit(verdicts: Sequence[Verdict], phrases: Phrases, study_name: str) -> str:
    """Write JUnit XML: a suite a target; a case for the whole region and for each municipality.

    Only the whole region can fail, because that is what a target promises: not met and undecided
    are failures, as in the exit code. A municipality passes where it reaches the share required;
    elsewhere it is *skipped*, with its figures as the message: CI servers list skipped cases
    beside the passed ones without turning the build red.
    """
    root = ET.Element("testsuites")
    totals = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for one in verdicts:
        suite = ET.SubElement(root, "testsuite")
        cases = [_region_case(one, phrases)]
        cases += [_municipality_case(one, area, phrases) for area in one.by_municipality]
        suite.extend(cases)
        counts = {
            "tests": len(cases),
            "failures": sum(case.find("failure") is not None for case in cases),
            "errors": 0,
            "skipped": sum(case.find("skipped") is not None for case in cases),
        }
        suite.attrib |= {"name": _xml(f"{one.target.id}: {phrases.name(one.target)}")}
        suite.attrib |= {key: str(count) for key, count in counts.items()} | {"time": "0"}
        totals = {key: totals[key] + count for key, count in counts.items()}
    root.attrib |= {"name": _xml(study_name)}
    root.attrib |= {key: str(count) for key, count in totals.items()} | {"time": "0"}
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(verdict: Verdict, name: str) -> ET.Element:
    named = {"classname": _xml(verdict.target.id), "name": _xml(name), "time": "0"}
    return ET.Element("testcase", named)


def _region_case(verdict: Verdict, phrases: Phrases) -> ET.Element:
    case = _case(verdict, phrases.words.gettext("the whole region"))
    message = f"{phrases.name(verdict.target)}: {phrases.verdict(verdict)}"
    details = " ".join(_summary(verdict, phrases))
    if verdict.word != "met":
        failure = ET.SubElement(case, "failure", {"type": verdict.word, "message": _xml(message)})
        failure.text = _xml(details)
    ET.SubElement(case, "system-out").text = _xml(details)
    return case


def _municipality_case(verdict: Verdict, area: AreaShare, phrases: Phrases) -> ET.Element:
    say, words = phrases.words.gettext, phrases.words
    case = _case(verdict, phrases.area(area.name))
    if area.measured_low is None or area.measured_high is None:
        ET.SubElement(case, "skipped", {"message": _xml(say("nobody"))})
        return case
    figures = say(
        "{measured} within the target time {by_mode}; {required} required of the whole region",
        measured=phrases.share(area.measured_low, area.measured_high, verdict.required),
        by_mode=phrases.by_mode(),
        required=words.percent_exactly(verdict.required),
    )
    if not at_least(area.measured_low, verdict.required):
        ET.SubElement(case, "skipped", {"message": _xml(figures)})
    ET.SubElement(case, "system-out").text = _xml(figures)
    return case


def _summary(verdict: Verdict, phrases: Phrases) -> list[str]:
    """Say a verdict in full, municipalities included."""
    said = _remarks(verdict, phrases)
    if verdict.target.kind == "share":
        said[1:1] = [
            sentence
            for sentence in (
                phrases.words.gettext("Required: {share}.", share=phrases.required(verdict)),
                phrases.missing(verdict),
                phrases.municipalities(verdict),
            )
            if sentence
        ]
    return said


def _xml(text: str) -> str:
    """Give a text without the characters that XML forbids; `plain` leaves only a few."""
    return "".join(one for one in _narrow(plain(text)) if one not in "\ufffe\uffff")


def _github(verdicts: Sequence[Verdict], phrases: Phrases, study_name: str) -> str:
    """Write workflow commands: an error for each target that is not met, else a notice."""
    lines = []
    for one in verdicts:
        level = "notice" if one.word == "met" else "error"
        title = _narrow(f"{phrases.name(one.target)}: {phrases.verdict(one)}")
        message = _narrow("\n".join([study_name, *_summary(one, phrases)]))
        lines.append(
            f"::{level} title={workflow_text(title, is_property=True)}::{workflow_text(message)}\n"
        )
    return "".join(lines)


Renderer = Callable[[Sequence[Verdict], Phrases, str], str]
RENDERERS: Mapping[str, Renderer] = {
    "text": _text,
    "json": _json,
    "junit": _junit,
    "github": _github,
    "markdown": _markdown,
}
