"""Tables by municipality: who is within which minutes, tier by tier, and what an option changes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from accessibility.comparison import weighted_quantile
from accessibility.pages.bands import nothing_of
from accessibility.pages.cells import (
    minutes_cell,
    number_column,
    people_cell,
    share_cell,
    text_cell,
    text_column,
    withheld_note,
)
from accessibility.pages.figures import EVERYBODY_THERE, REACHED, Figures
from accessibility.pages.options import Option
from accessibility.pages.tables import Cell, Table
from accessibility.pages.voice import Voice
from accessibility.services import EVERYBODY, WHOLE_AREA, cutoff_s


def municipality_tables(figures: Figures, voice: Voice, option: int) -> list[Table]:
    """Show residents and shares within every band by municipality: a table a tier."""
    run = figures.options[option].run
    if not figures.municipalities:
        return []
    return [
        _within(figures, voice, option, tier, place) for place, tier in enumerate(run.tiers.ids)
    ]


def ordered(figures: Figures, voice: Voice) -> list[str]:
    """Name the municipalities in the order of their shown names, the whole region last."""
    return [*sorted(figures.municipalities, key=voice.sort_key), WHOLE_AREA]


def area_cell(voice: Voice, area: str) -> Cell:
    """Name an area."""
    if area == WHOLE_AREA:
        return text_cell(voice, voice.words.gettext("the whole region"))
    return text_cell(voice, voice.area(area))


def _within(figures: Figures, voice: Voice, option: int, tier: str, place: int) -> Table:
    say, words = voice.words.gettext, voice.words
    one = figures.options[option]
    last = words.minutes(float(figures.bands[-1]))
    limits = [say("at most {limit}", limit=words.minutes(float(band))) for band in figures.bands]
    limits += [say("over {limit}", limit=last), nothing_of(figures, voice, tier, [option])]
    columns = [text_column(say("municipality")), number_column(say("residents"))]
    columns += [number_column(limit, f"{limit}, {say('residents')}") for limit in limits]
    rows = []
    for area in ordered(figures, voice):
        cells = [area_cell(voice, area), people_cell(voice, figures.residents(option, area).people)]
        cells += [
            share_cell(voice, figures.within(option, tier, area, band)) for band in figures.bands
        ]
        ends = (figures.bands[-1], REACHED), (REACHED, EVERYBODY_THERE)
        cells += [share_cell(voice, figures.between(option, tier, area, *end)) for end in ends]
        rows.append(cells)
    prefix = f"{one.label}. " if len(figures.options) > 1 else ""
    caption = prefix + say(
        "Share of residents by travel time {by_mode} to the nearest service point, and their "
        "number: {tier}",
        by_mode=voice.phrases.by_mode(),
        tier=voice.tier(tier),
    )
    return Table(
        id=f"municipalities-{option}-{place + 1}",
        caption=voice.html(caption),
        columns=columns,
        rows=rows,
        total=True,
        notes=_note(voice, rows),
    )


def _note(voice: Voice, rows: list[list[Cell]]) -> tuple[str, ...]:
    hidden = any(cell.is_withheld for row in rows for cell in row)
    return (withheld_note(voice),) if hidden else ()


# --- the worst off --------------------------------------------------------------------------------


def worst_off_tables(figures: Figures, voice: Voice) -> list[Table]:
    """Show where the current situation is worst: municipalities by the time that is usual there."""
    run = figures.options[0].run
    if not figures.municipalities:
        return []
    return [_worst_off(figures, voice, tier, place) for place, tier in enumerate(run.tiers.ids)]


MOST_ROWS = 10


def _worst_off(figures: Figures, voice: Voice, tier: str, place: int) -> Table:
    say = voice.words.gettext
    limit = _limit(figures, tier)
    time_s, people = figures.seconds(0, tier), figures.people(0)
    found = []
    for area in figures.municipalities:
        rows = figures.areas[area]
        weights, minutes = people[rows], time_s[rows] / 60
        if not weights.sum() > 0:
            continue
        usual = weighted_quantile(minutes, weights, 0.5)
        longest = float(minutes[weights > 0].max())
        found.append((area, usual, weighted_quantile(minutes, weights, 0.9), longest))
    found.sort(key=lambda one: (-one[1], voice.sort_key(one[0])))
    rows_shown = [
        [
            area_cell(voice, area),
            share_cell(voice, figures.between(0, tier, area, limit, EVERYBODY_THERE)),
            minutes_cell(voice, usual),
            minutes_cell(voice, most),
            minutes_cell(voice, longest),
        ]
        for area, usual, most, longest in found[:MOST_ROWS]
    ]
    heading = say("beyond {limit}", limit=voice.words.minutes(float(limit)))
    caption = say(
        "The longest ways now, {by_mode} to the nearest service point: {tier}",
        by_mode=voice.phrases.by_mode(),
        tier=voice.tier(tier),
    )
    return Table(
        id=f"longest-{place + 1}",
        caption=voice.html(caption),
        columns=[
            text_column(say("municipality")),
            number_column(heading, f"{heading}, {say('residents')}"),
            number_column(say("half of the residents: at most, min")),
            number_column(say("nine in ten: at most, min")),
            number_column(say("the longest, min")),
        ],
        rows=rows_shown,
        notes=_note(voice, rows_shown),
    )


def _limit(figures: Figures, tier: str) -> str:
    """Give the minutes that a tier's target asks; without one, the lowest headline limit."""
    for target in figures.options[0].run.study.targets:
        if target.tier == tier and target.within_min is not None:
            return f"{float(target.within_min):g}"
    known = [limit for limit in figures.limits if float(limit) >= 30]
    return (known or list(figures.limits))[0]


# --- what an option changes -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What an option changes in a municipality: people who lose minutes, and how many.

    Without minutes where nobody of them reaches anything any more.
    """

    area: str
    lose: float | None
    mean_min: float | None
    worst_min: float | None
    cut_off: float
    newly_outside: float | None


def losses(figures: Figures, option: Option, tier: str) -> list[Loss]:
    """List the municipalities where travel time grows, with what may be told; the most first."""
    comparison = option.comparison
    if comparison is None:
        return []
    place = list(figures.options).index(option)
    before, after = figures.seconds(0, tier), figures.seconds(place, tier)
    summary = comparison.summary
    chosen = (summary["tier"] == tier) & (summary["group"] == EVERYBODY)
    rows = {str(row["area"]): row for row in summary[chosen].to_dict("records")}
    limit_s = cutoff_s(float(_limit(figures, tier)))
    leaves = (before <= limit_s) & (after > limit_s)
    names = [area for area in figures.municipalities if rows[area]["lose"] > 0]
    grows, crosses = [], []
    for area in names:
        inside = np.zeros(len(before), dtype=bool)
        inside[figures.areas[area]] = True
        grows.append(inside & (after > before))
        crosses.append(inside & leaves)
    told = figures.guard.shown_parts(grows)
    told_crossing = [
        shown and (not told[number] or figures.guard.shows(grows[number] & ~crosses[number]))
        for number, shown in enumerate(figures.guard.shown_parts(crosses))
    ]  # the difference of two figures in a row tells too
    people = figures.people(place)
    found = [
        Loss(
            area=area,
            lose=float(rows[area]["lose"]) if told[number] else None,
            mean_min=_unless_cut_off(rows[area], "mean_added_min"),
            worst_min=_unless_cut_off(rows[area], "worst_added_min"),
            cut_off=float(rows[area]["cut_off"]) if told[number] else 0.0,
            newly_outside=(float(people[crosses[number]].sum()) if told_crossing[number] else None),
        )
        for number, area in enumerate(names)
    ]
    order = {area: float(rows[area]["lose"] * rows[area]["mean_added_min"]) for area in names}
    cut = {area: float(rows[area]["cut_off"]) for area in names}
    return sorted(found, key=lambda one: (-cut[one.area], -order[one.area], one.area))


def _unless_cut_off(row: Mapping[Hashable, Any], figure: str) -> float | None:
    """Give minutes; None where nobody is left whose minutes could be counted."""
    return None if row["cut_off"] >= row["lose"] else float(row[figure])


def loss_table(figures: Figures, voice: Voice, option: Option, tier: str, id: str) -> Table | None:
    """Show what an option changes by municipality; None where nobody of a tier loses."""
    found = losses(figures, option, tier)
    if not found:
        return None
    say = voice.words.gettext
    limit = voice.words.minutes(float(_limit(figures, tier)))
    rows = [
        [
            area_cell(voice, one.area),
            people_cell(voice, one.lose),
            minutes_cell(voice, one.mean_min),
            minutes_cell(voice, one.worst_min),
            people_cell(voice, one.newly_outside),
        ]
        for one in found
    ]
    caption = f"{option.label}. " + say(
        "Whose travel time {by_mode} grows, by municipality: {tier}",
        by_mode=voice.phrases.by_mode(),
        tier=voice.tier(tier),
    )
    return Table(
        id=id,
        caption=voice.html(caption),
        columns=[
            text_column(say("municipality")),
            number_column(say("residents whose travel time grows")),
            number_column(say("more minutes: mean")),
            number_column(say("more minutes: worst")),
            number_column(say("newly beyond {limit}", limit=limit)),
        ],
        rows=rows,
        notes=_note(voice, rows),
    )
