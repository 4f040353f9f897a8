"""The options side by side: verdicts, people outside, worst municipalities, minutes added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from accessibility.pages.answer import changes_between
from accessibility.pages.cells import NONE
from accessibility.pages.figures import Figures
from accessibility.pages.municipalities import losses
from accessibility.pages.options import Option
from accessibility.pages.svg import icon
from accessibility.pages.voice import Voice
from accessibility.targets import Verdict

MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the comparison: what it is, and a cell an option."""

    heading: Markup
    cells: tuple[Markup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Lines about one target or one tier."""

    heading: Markup
    lines: tuple[Line, ...]


def side_by_side(figures: Figures, voice: Voice) -> list[Block]:
    """Set the options side by side, target by target, then tier by tier."""
    first = figures.options[0].run
    blocks = [_target(figures, voice, place) for place in range(len(first.verdicts))]
    return blocks + [_tier(figures, voice, tier) for tier in first.tiers.ids]


def _target(figures: Figures, voice: Voice, place: int) -> Block:
    say = voice.words.gettext
    verdicts = [option.run.verdicts[place] for option in figures.options]
    target = verdicts[0].target
    lines = [
        Line(
            heading=voice.html(
                say("result") if target.kind == "share" else say("number of service points")
            ),
            cells=tuple(_verdict(voice, one) for one in verdicts),
        )
    ]
    if target.kind == "share":
        lines.append(
            Line(
                heading=voice.html(say("residents beyond the target time")),
                cells=tuple(_outside(voice, option, target.id) for option in figures.options),
            )
        )
        lines.append(
            Line(
                heading=voice.html(say("newly beyond it")),
                cells=tuple(_newly(voice, option, place) for option in figures.options),
            )
        )
        lines.append(
            Line(
                heading=voice.html(say("lowest municipalities")),
                cells=tuple(_lowest(voice, one) for one in verdicts),
            )
        )
    return Block(heading=voice.html(voice.phrases.name(target)), lines=tuple(lines))


def _verdict(voice: Voice, verdict: Verdict) -> Markup:
    word = voice.html(voice.phrases.verdict(verdict))
    measured = voice.html(voice.phrases.measured(verdict))
    if verdict.target.kind == "min_sites":
        return measured if verdict.word == "met" else Markup("{} ({})").format(measured, word)
    return Markup('<span class="mark {}">{}<span>{}</span></span> {}').format(
        verdict.word, icon(verdict.word), word, measured
    )


def _outside(voice: Voice, option: Option, target: str) -> Markup:
    low, high = option.run.people_outside[target]
    if high - low > 0.5:
        text = voice.words.gettext("at most {people}", people=voice.people(high))
    else:
        text = voice.people(high)
    return voice.html(text)


def _newly(voice: Voice, option: Option, place: int) -> Markup:
    if option.comparison is None:
        return voice.html(NONE)
    people = float(option.comparison.targets["newly_outside"].iloc[place])
    return voice.html(voice.people(people))


def _lowest(voice: Voice, verdict: Verdict) -> Markup:
    known = [one for one in verdict.by_municipality if one.measured_low is not None]
    shown = [voice.phrases.area_share(one, verdict.required) for one in known[:MOST_NAMED]]
    return voice.html("; ".join(shown) or NONE)


def _tier(figures: Figures, voice: Voice, tier: str) -> Block:
    say = voice.words.gettext
    rows = [one.comparison.of_everybody(tier) for one in figures.options if one.comparison]
    if not any(row["lose"] > 0 or row["gain"] > 0 for row in rows):
        line = Line(
            heading=voice.html(say("residents whose travel time changes")),
            cells=(voice.html(NONE), *(voice.html("0") for _ in rows)),
        )
        return Block(heading=voice.html(voice.tier(tier)), lines=(line,))
    headings = [
        say("residents whose travel time grows"),
        say("more minutes: mean / worst"),
        say("hardest-hit municipalities"),
        say("residents whose travel time shrinks"),
    ]
    cells = [_changes(figures, voice, option, tier) for option in figures.options]
    return Block(
        heading=voice.html(voice.tier(tier)),
        lines=tuple(
            Line(heading=voice.html(heading), cells=tuple(column))
            for heading, column in zip(headings, zip(*cells, strict=True), strict=True)
        ),
    )


def _changes(figures: Figures, voice: Voice, option: Option, tier: str) -> Sequence[Markup]:
    if option.comparison is None:
        return [voice.html(NONE)] * 4
    row, words = option.comparison.of_everybody(tier), voice.words
    changes = changes_between(option, voice)
    if row["lose"] > 0:
        mean, worst = (
            words.whole(float(row[key])) for key in ("mean_added_min", "worst_added_min")
        )
        minutes = NONE if row["cut_off"] >= row["lose"] else f"{mean} / {worst}"
    else:
        minutes = NONE
    hit = [
        f"{voice.area(one.area)} ({words.gettext('no longer reach any')})"
        if one.mean_min is None
        else f"{voice.area(one.area)} (+{changes.minutes_shortly(one.mean_min)})"
        for one in losses(figures, option, tier)[:MOST_NAMED]
    ]
    cut = float(row["cut_off"])
    loses = voice.people(float(row["lose"]))
    if cut > 0:
        loses += "; " + words.gettext("no longer reach any: {people}", people=voice.people(cut))
    return [
        voice.html(loses),
        voice.html(minutes),
        voice.html("; ".join(hit) or NONE),
        voice.html(voice.people(float(row["gain"]))),
    ]
