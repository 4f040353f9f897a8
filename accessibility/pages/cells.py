"""Cells of the page's tables: people, shares and minutes as they are read, with exact values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from accessibility.pages.figures import Figure
from accessibility.pages.tables import Cell, Column
from accessibility.pages.voice import Voice

NONE = "–"
#: Stands for a figure that is withheld; the words are there for those who hear the page.
SIGN = "••"


def text_cell(voice: Voice, text: str) -> Cell:
    """Write a name or a sentence, which may be marked."""
    return Cell(shown=voice.html(text) or NONE, values=(voice.text(text),))


def people_cell(voice: Voice, people: float | None) -> Cell:
    """Write people; None is withheld."""
    if people is None:
        return withheld(1)
    return Cell(shown=_whole(voice, people), values=(people,))


def figure_cell(voice: Voice, figure: Figure) -> Cell:
    """Write people and, under them, their share."""
    if figure.people is None:
        return _withheld_pair(voice, figure)
    share = NONE if figure.share is None else voice.words.percent(figure.share, digits=1)
    return Cell(
        shown=_whole(voice, figure.people), under=share, values=(figure.people, figure.share)
    )


def share_cell(voice: Voice, figure: Figure) -> Cell:
    """Write a share and, under it, the people."""
    if figure.people is None or figure.share is None:
        return _withheld_pair(voice, figure)
    return Cell(
        shown=voice.words.percent(figure.share, digits=1),
        under=_whole(voice, figure.people),
        values=(figure.share, figure.people),
    )


def minutes_cell(voice: Voice, minutes: float | None) -> Cell:
    """Write minutes with one decimal; infinite or missing ones are a dash."""
    if minutes is None or not np.isfinite(minutes):
        return Cell(shown=NONE, values=(None,))
    return Cell(shown=voice.words.decimal(minutes), values=(minutes,))


def _withheld_pair(voice: Voice, figure: Figure) -> Cell:
    """Withhold people and the exact share; a whole per cent stays where it tells nothing."""
    if figure.roughly is None:
        return withheld(2)
    near = voice.words.percent(figure.roughly)
    return Cell(shown=near, under=SIGN, values=(None, None), is_withheld=True)


def withheld(values: int) -> Cell:
    """Withhold a figure."""
    return Cell(shown=SIGN, values=(None,) * values, is_withheld=True)


def withheld_note(voice: Voice) -> str:
    """Explain the sign of withheld figures."""
    return voice.words.gettext(
        "{sign} = withheld to protect privacy: the figure would tell how many people live in an "
        "area of fewer than {count}.",
        sign=SIGN,
        count=voice.words.whole(voice.min_people),
    )


def text_column(heading: str) -> Column:
    """Head a column of names."""
    return Column(heading=heading, files=(heading,), is_text=True)


def number_column(heading: str, *more: str) -> Column:
    """Head a column of numbers; `more` names the further values in a file."""
    return Column(heading=heading, files=(heading, *more))


def columns(voice: Voice, texts: Sequence[str], numbers: Sequence[str]) -> list[Column]:
    """Head some columns of names, then some of numbers."""
    del voice
    return [*map(text_column, texts), *map(number_column, numbers)]


def _whole(voice: Voice, people: float) -> str:
    """Write people as a whole number; part of a person, which scaling leaves, is not nobody."""
    if 0 < people < 0.5:
        return voice.words.gettext("under {share}", share=voice.words.whole(1))
    return voice.words.whole(people)
