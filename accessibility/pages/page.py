"""Puts the page together: sections, style, scripts, and the policy that forbids all others."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from accessibility.checks import Limits, list_of, path_of, whole_number, word
from accessibility.errors import OutputError, StudyError
from accessibility.maps.offline import as_json, content_hash
from accessibility.pages.answer import answers, in_short
from accessibility.pages.bands import bands_by_tier
from accessibility.pages.charts import change_charts, curve_charts
from accessibility.pages.figures import Figures, figures_of
from accessibility.pages.map_section import map_section
from accessibility.pages.method import cards, is_only_an_example, method, proposal_of
from accessibility.pages.municipalities import municipality_tables, worst_off_tables
from accessibility.pages.options import Option, options_of
from accessibility.pages.receivers import load_tables, place_tables
from accessibility.pages.said import contents, made, said, statement
from accessibility.pages.side_by_side import side_by_side
from accessibility.pages.svg import icon
from accessibility.pages.tables import Table
from accessibility.pages.voice import Voice, voice_of
from accessibility.run_reading import StoredRun
from accessibility.services import LANGUAGES

MIN_PEOPLE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page: its HTML, and its tables as CSV by file name."""

    html: str
    tables: Mapping[str, str]


def page_html(
    runs: Sequence[StoredRun], *, language: str, min_people: int = MIN_PEOPLE, files: str = ""
) -> str:
    """Write the council page of some stored runs.

    Parameters
    ----------
    runs
        The current situation, then the options.
    language
        "fi", "sv" or "en".
    min_people
        Cells with fewer people are never told, nor anything that they could be worked out from.
    files
        The folder beside the page that holds its tables as CSV; "" where there is none.

    Raises
    ------
    StudyError
        If there is no run, or there are no words in that language.
    ScenarioError
        If the runs cannot be compared.
    """
    return _page(runs, language, min_people, files).html


def write_page(
    runs: Sequence[StoredRun],
    path: str | Path,
    *,
    language: str | None = None,
    min_people: int = MIN_PEOPLE,
) -> list[Path]:
    """Write the page to a file, and its tables as CSV to a folder beside it.

    Parameters
    ----------
    runs
        The current situation, then the options.
    path
        The page; its tables go to `<stem>-tables/`.
    language
        "fi", "sv" or "en"; the study's unless given.
    min_people
        As of `page_html`.

    Returns
    -------
    list of Path
        What was written, the page first.

    Raises
    ------
    OutputError
        If it cannot be written; an older page and its tables then stay.
    """
    target = path_of(path, "path")
    runs = list_of(runs, "runs", StoredRun)
    if language is not None:
        word(language, "language", LANGUAGES)
    min_people = whole_number(min_people, "min_people", Limits(at_least=0))
    folder = target.with_name(f"{target.stem}-tables")
    if not runs:
        raise StudyError("a page needs at least one run; give a folder that `run` wrote")
    page = _page(runs, language or runs[0].language, min_people, folder.name)
    try:
        _write_tables(page.tables, folder)
        _write_text(page.html, target)
    except OSError as problem:
        raise OutputError(f"{target}: the page cannot be written: {problem}") from problem
    return [target, *(folder / name for name in page.tables)]


# --- content --------------------------------------------------------------------------------------


def _page(runs: Sequence[StoredRun], language: str, min_people: int, files: str) -> Page:
    options = options_of(runs, language)
    voice = voice_of(options, language, min_people=min_people)
    figures = figures_of(options, min_people=min_people)
    chart = map_section(options, voice.words, min_people=min_people, figures=figures)
    sections = _sections(figures, voice)
    tables = _tables_in(sections)
    data = {"words": _script_words(voice)}
    scripts = [chart.leaflet_script, chart.script, _asset("page.js")]
    styles = [chart.leaflet_style, chart.style, _asset("page.css")]
    html = (
        _environment()
        .get_template("page.html.jinja")
        .render(
            language=language,
            said=said(voice, options),
            contents=contents(voice, options),
            statement=statement(voice, proposal_of(options)),
            made=made(voice, options[0].run.facts),
            has_shares=any(one.target.kind == "share" for one in options[0].run.verdicts),
            title=voice.text(voice.safe(options[0].name)),
            name=voice.name(options[0].name),
            options=_heads(options, voice),
            shorts=[one.short for one in options],
            paper=_paper(options, voice),
            example=is_only_an_example(options),
            not_assessed=voice.html(voice.phrases.not_assessed()),
            map=chart,
            icon=icon,
            files=files,
            data=[("page-words", _json(data)), (chart.data_id, _json(chart.data))],
            scripts=[Markup(script) for script in scripts],  # noqa: S704  (the package's own files)
            styles=[Markup(style) for style in styles],  # noqa: S704
            policy=_policy(scripts, styles),
            withheld=voice.withheld(),
            in_short=in_short(options, voice),
            answers=answers(options, voice),
            cards=cards(options, voice),
            method=method(figures, voice),
            **sections,
        )
    )
    written = {f"{table.id}.csv": table.csv(voice.withheld()) for table in tables}
    return Page(html=str(html), tables=written)


def _sections(figures: Figures, voice: Voice) -> dict[str, Any]:
    options = figures.options
    return {
        "bands": bands_by_tier(figures, voice),
        "blocks": side_by_side(figures, voice) if len(options) > 1 else [],
        "municipalities": [
            municipality_tables(figures, voice, number) for number in range(len(options))
        ],
        "worst": [
            *(() if len(options) > 1 else worst_off_tables(figures, voice)),
            *(
                table
                for number, option in enumerate(options)
                for table in place_tables(figures, voice, option, number)
            ),
        ],
        "loads": load_tables(figures, voice),
        "curves": curve_charts(figures, voice),
        "changes": change_charts(figures, voice),
    }


def _tables_in(sections: Mapping[str, Any]) -> list[Table]:
    """List the tables of the sections, in the page's order."""
    found = [one.table for one in sections["bands"]]
    found += [table for tables in sections["municipalities"] for table in tables]
    found += [*sections["worst"], *sections["loads"]]
    return found + [one.table for one in (*sections["curves"], *sections["changes"])]


def _heads(options: Sequence[Option], voice: Voice) -> list[tuple[Markup, Markup]]:
    """Give each option's label and name; the current situation has no name of its own."""
    return [
        (voice.html(one.label), voice.name(one.name) if one.run.scenario is not None else Markup())
        for one in options
    ]


def _paper(options: Sequence[Option], voice: Voice) -> list[tuple[str, Markup]]:
    """Say whose paper it is, field by field."""
    proposal, say = proposal_of(options), voice.words.gettext
    if proposal is None:
        return []
    fields = [
        (say("Proposed by"), proposal.body),
        (say("Diary number"), proposal.diary_number),
        (say("Preparer"), proposal.preparer),
        (say("Date"), voice.words.date(proposal.date) if proposal.date else ""),
        (say("Contact"), proposal.contact),
    ]
    return [(label, voice.name(value)) for label, value in fields if value]


def _script_words(voice: Voice) -> dict[str, str]:
    say = voice.words.gettext
    return {
        "copy": say("copy table"),
        "copied": say("The table was copied."),
        "not_copied": say("The table could not be copied; it is selected now: copy it yourself."),
        "sorted_up": say("Sorted by {column}, the lowest first."),
        "sorted_down": say("Sorted by {column}, the highest first."),
        "language": voice.words.language,
    }


# --- the file -------------------------------------------------------------------------------------


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("accessibility.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _asset(name: str) -> str:
    return resources.files("accessibility.pages").joinpath(name).read_text(encoding="utf-8")


def _json(data: Any) -> Markup:
    return Markup(as_json(data))  # noqa: S704  (escaped for a script element)


def _policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    """Allow the page's own scripts and styles, by their hash, and nothing from anywhere else."""
    return (
        f"default-src 'none'; script-src {_hashes(scripts)}; style-src {_hashes(styles)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hashes(texts: Sequence[str]) -> str:
    return " ".join(content_hash(one) for one in texts)


def _write_text(text: str, target: Path) -> None:
    """Write a file so that afterwards the old one is there or the new one, never half of it."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _write_tables(tables: Mapping[str, str], folder: Path) -> None:
    """Write the tables into a new folder that takes the place of the old one."""
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        new.chmod(0o755)
        for name, text in tables.items():
            # with a byte order mark, so that spreadsheets read the letters right
            (new / name).write_text(text, encoding="utf-8-sig", newline="")
        if folder.exists():
            _check_own(folder)
            old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
            folder.replace(old / "old")
            new.replace(folder)
            shutil.rmtree(old, ignore_errors=True)
        else:
            new.replace(folder)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _check_own(folder: Path) -> None:
    """Refuse to replace a folder that holds anything but tables."""
    foreign = [one.name for one in folder.iterdir() if one.suffix != ".csv"]
    if foreign:
        raise OutputError(
            f"{folder}: holds other files than tables ({', '.join(sorted(foreign)[:5])}); "
            "move them, or give the page another name"
        )
