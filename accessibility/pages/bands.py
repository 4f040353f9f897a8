"""People per travel-time zone, tier by tier: bars and the table behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from accessibility.findings import tiers_without_site
from accessibility.pages.cells import SIGN, figure_cell, number_column, text_cell, text_column
from accessibility.pages.figures import EVERYBODY_THERE, REACHED, Figure, Figures
from accessibility.pages.svg import Series, bars
from accessibility.pages.tables import Column, Table
from accessibility.pages.voice import Voice
from accessibility.reports.phrases import not_reached
from accessibility.services import WHOLE_AREA


@dataclass(frozen=True, slots=True, kw_only=True)
class TierBands:
    """A tier's bars and table."""

    tier: str
    heading: Markup
    chart: Markup
    table: Table


def bands_by_tier(figures: Figures, voice: Voice) -> list[TierBands]:
    """Show the residents of the whole region by zone, for every tier and option."""
    tiers = figures.options[0].run.tiers.ids
    return [_tier(figures, voice, tier, place) for place, tier in enumerate(tiers)]


def zone_name(voice: Voice, low: str, high: str, nothing: str) -> str:
    """Name a zone: 15–30 min, over 180 min, and `nothing`, such as no road connection."""
    say, words = voice.words.gettext, voice.words
    if high == REACHED:
        return say("over {limit}", limit=words.minutes(float(low)))
    if high == EVERYBODY_THERE:
        return nothing
    if not low:
        return say("at most {limit}", limit=words.minutes(float(high)))
    return f"{words.shortest(float(low))}–{words.minutes(float(high))}"


def _tier(figures: Figures, voice: Voice, tier: str, place: int) -> TierBands:
    say = voice.words.gettext
    name = voice.text(voice.tier(tier))
    caption = say(
        "Residents by travel time {by_mode} to the nearest service point: {tier}",
        by_mode=voice.phrases.by_mode(),
        tier=voice.tier(tier),
    )
    numbers = range(len(figures.options))
    nothing = nothing_of(figures, voice, tier, numbers)
    zones = [(zone, [figures.between(one, tier, WHOLE_AREA, *zone) for one in numbers])
             for zone in figures.zones]  # fmt: skip
    drawn = [(zone, found) for zone, found in zones if any(one.people != 0 for one in found)]
    series = [
        Series(
            name=option.label,
            values=[found[one].people for _, found in drawn],
            written=[
                SIGN if found[one].people is None else _written(voice, found[one])
                for _, found in drawn
            ],
        )
        for one, option in enumerate(figures.options)
    ]
    chart = bars(
        id=f"bars-{place}",
        title=voice.text(caption),
        description=say(
            "The table after the chart holds the same figures; zones where nobody lives have no "
            "bar."
        ),
        labels=[zone_name(voice, *zone, nothing) for zone, _ in drawn],
        series=series,
        top=max((value or 0.0 for one in series for value in one.values), default=0.0),
    )
    table = Table(
        id=f"residents-{place + 1}",
        caption=voice.html(caption),
        columns=[text_column(say("travel time")), *_columns(figures, voice)],
        rows=[
            [
                text_cell(voice, zone_name(voice, *zone, nothing)),
                *(
                    cell
                    for one in numbers
                    for cell in (
                        figure_cell(voice, found[one]),
                        figure_cell(voice, figures.within(one, tier, WHOLE_AREA, zone[1])),
                    )
                ),
            ]
            for zone, found in zones
        ],
    )
    return TierBands(tier=tier, heading=voice.html(name), chart=chart, table=table)


def nothing_of(figures: Figures, voice: Voice, tier: str, options: Iterable[int]) -> str:
    """Name those who reach no site of a tier in some options, by why that is."""
    without = [tier in tiers_without_site(figures.options[one].run) for one in options]
    return not_reached(voice.phrases, without_site=any(without), some=not all(without))


def _columns(figures: Figures, voice: Voice) -> Sequence[Column]:
    say = voice.words.gettext
    headings = (say("residents in the zone"), say("cumulatively"))
    before = [f"{option.short}: " if len(figures.options) > 1 else "" for option in figures.options]
    return [
        number_column(start + heading, f"{start}{heading}, {say('share')}")
        for start in before
        for heading in headings
    ]


def _written(voice: Voice, figure: Figure) -> str:
    people = voice.words.whole(figure.people or 0)
    if figure.share is None:
        return people
    return f"{people} ({voice.words.percent(figure.share, digits=1)})"
