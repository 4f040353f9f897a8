"""Charts: who is within how many minutes, option by option, and where an option takes time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from accessibility.pages.cells import SIGN, number_column, text_cell, text_column, withheld
from accessibility.pages.figures import Figures
from accessibility.pages.municipalities import loss_table, losses
from accessibility.pages.svg import Series, bars, lines
from accessibility.pages.tables import Cell, Table
from accessibility.pages.voice import Voice
from accessibility.services import cutoff_s

#: Points of the curves, in minutes, where the last band is not shorter than ten of them.
STEP_MIN = 5
MOST_BARS = 15
#: What the shares of a curve are rounded to: a tenth of a per cent, or a whole one.
STEPS = (0.001, 0.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart and the table with the same figures."""

    heading: Markup
    drawing: Markup
    table: Table


def curve_charts(figures: Figures, voice: Voice) -> list[Chart]:
    """Draw the share of residents within any number of minutes: a line an option."""
    tiers = figures.options[0].run.tiers.ids
    return [_curve(figures, voice, tier, place) for place, tier in enumerate(tiers)]


def _curve(figures: Figures, voice: Voice, tier: str, place: int) -> Chart:
    say, words = voice.words.gettext, voice.words
    minutes = _points(float(figures.bands[-1]))
    shares = [_shares(figures, one, tier, minutes) for one in range(len(figures.options))]
    caption = say(
        "Share of residents within a number of minutes {by_mode} of the nearest service point: "
        "{tier}",
        by_mode=voice.phrases.by_mode(),
        tier=voice.tier(tier),
    )
    drawing = lines(
        id=f"curve-{place}",
        title=voice.text(caption),
        description=say("The table after the chart holds the same figures."),
        x=minutes,
        series=[
            Series(name=option.label, values=found)
            for option, found in zip(figures.options, shares, strict=True)
        ],
        x_marks=[(float(band), words.shortest(float(band))) for band in figures.bands],
        y_marks=[(share, words.percent(share)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)],
        x_title=say("minutes {by_mode}", by_mode=voice.phrases.by_mode()),
    )
    rows = [
        [
            text_cell(voice, say("at most {limit}", limit=words.minutes(minute))),
            *(_share(voice, found[number]) for found in shares),
        ]
        for number, minute in enumerate(minutes)
        if minute > 0
    ]
    table = Table(
        id=f"minutes-{place + 1}",
        caption=voice.html(caption),
        columns=[
            text_column(say("travel time")),
            *(number_column(option.label) for option in figures.options),
        ],
        rows=rows,
    )
    return Chart(heading=voice.html(voice.tier(tier)), drawing=drawing, table=table)


def _points(last_min: float) -> list[float]:
    step = STEP_MIN if last_min >= 10 * STEP_MIN else last_min / 10
    return [*np.arange(0, last_min, step).tolist(), last_min]


def _shares(figures: Figures, option: int, tier: str, minutes: list[float]) -> list[float | None]:
    """Give the shares so coarsely that no small cell moves one; none where that is too coarse."""
    time_s, people = figures.seconds(option, tier), figures.people(option)
    total = float(people.sum())
    coarse = [step for step in STEPS if total * step >= 2 * figures.guard.min_people]
    if total <= 0 or not coarse:
        return [None] * len(minutes)
    return [
        _rounded(float(people[time_s <= cutoff_s(minute)].sum()) / total, coarse[0])
        for minute in minutes
    ]


def _rounded(share: float, step: float) -> float:
    """Round a share to steps; a few people are never nobody, and nearly everybody never all.

    >>> _rounded(0.12345, 0.001), _rounded(0.99999, 0.001), _rounded(1.0, 0.001)
    (0.123, 0.9995, 1.0)
    """
    if share in (0.0, 1.0):
        return share
    rounded = round(np.floor(share / step + 0.5) * step, 9)
    return float(min(max(rounded, step / 2), 1 - step / 2))


def _share(voice: Voice, share: float | None) -> Cell:
    if share is None:
        return withheld(1)
    return Cell(shown=voice.words.percent(share, digits=1), values=(share,))


def change_charts(figures: Figures, voice: Voice) -> list[Chart]:
    """Draw who loses time by municipality: a chart an option and tier where anybody loses."""
    found = []
    for number, option in enumerate(figures.options[1:], start=1):
        for place, tier in enumerate(option.run.tiers.ids):
            table = loss_table(figures, voice, option, tier, f"change-{number}-{place + 1}")
            if table is None:
                continue
            rows = losses(figures, option, tier)[:MOST_BARS]
            drawing = bars(
                id=f"loss-{number}-{place}",
                title=voice.text(str(table.caption)),
                description=voice.words.gettext(
                    "The table after the chart holds the same figures."
                ),
                labels=[voice.text(voice.area(one.area)) for one in rows],
                series=[
                    Series(
                        name=option.label,
                        values=[one.lose for one in rows],
                        written=[
                            SIGN if one.lose is None else _written(voice, one.lose, one.mean_min)
                            for one in rows
                        ],
                    )
                ],
                top=max((one.lose or 0.0 for one in rows), default=0.0),
            )
            heading = voice.html(f"{option.label}: {voice.tier(tier)}")
            found.append(Chart(heading=heading, drawing=drawing, table=table))
    return found


def _written(voice: Voice, people: float, minutes: float | None) -> str:
    if minutes is None:
        return f"{voice.words.whole(people)}: {voice.words.gettext('no longer reach any')}"
    return f"{voice.words.whole(people)} (+{voice.words.minutes(round(minutes))})"
