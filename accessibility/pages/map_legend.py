"""What the colours of the page's map mean, and how many people each stands for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from accessibility.maps.palette import BEYOND_COLOUR, OPEN_COLOUR, MapClass
from accessibility.pages.figures import Figures
from accessibility.reports.words import Words
from accessibility.services import WHOLE_AREA

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Upper limits, in minutes and inclusive, of the classes of a travel time that grows.
LONGER_MIN = (5, 15, 30, 60)
SHORTER, SAME, FIRST_LONGER = 0, 1, 2
CUT_OFF = FIRST_LONGER + len(LONGER_MIN) + 1
NO_WAY = CUT_OFF + 1
#: Blue: shorter; grey: as before; from light to dark orange: longer.
CHANGE_COLOURS = ("#2f86c8", "#dcdcdc", "#fdd49e", "#fdae4b", "#e6710f", "#a83c03", "#4f1203")


def change_classes(words: Words) -> list[MapClass]:
    """Name and colour the classes of a change in travel time."""
    say = words.gettext
    lows = (0, *LONGER_MIN[:-1])
    longer = [
        say("{low}–{high} min longer", low=low, high=high)
        for low, high in zip(lows, LONGER_MIN, strict=True)
    ]
    labels = [
        say("shorter, or reached only now"),
        say("no change"),
        *longer,
        say("over {minutes} min longer", minutes=LONGER_MIN[-1]),
    ]
    plain = [
        MapClass(label=label, colour=colour)
        for label, colour in zip(labels, CHANGE_COLOURS, strict=True)
    ]
    return [
        *plain,
        MapClass(
            label=say("reaches no service point any more"), colour=BEYOND_COLOUR, fill="hatched"
        ),
        MapClass(
            label=say("reaches no service point before or after"), colour=OPEN_COLOUR, fill="open"
        ),
    ]


def change_class(before_s: Floats, after_s: Floats) -> Ints:
    """Class changes of travel time by exact seconds; infinite: no way.

    Examples
    --------
    >>> inf = np.inf
    >>> change_class(
    ...     np.array([60, 60, 0, 0, 60, inf, inf]), np.array([59, 60, 300, 301, inf, inf, 60])
    ... ).tolist()
    [0, 1, 2, 3, 7, 8, 0]
    """
    had, has = np.isfinite(before_s), np.isfinite(after_s)
    added = np.where(had & has, np.where(has, after_s, 0) - np.where(had, before_s, 0), 0.0)
    limits = np.asarray(LONGER_MIN) * 60
    longer = FIRST_LONGER + np.searchsorted(limits, added, side="left")
    known = np.where(added > 0, longer, np.where(added < 0, SHORTER, SAME))
    return np.select([had & has, had, has], [known, CUT_OFF, SHORTER], NO_WAY).astype(np.int64)


def time_rows(figures: Figures, words: Words, option: int, tier: str) -> list[list[str]]:
    """Write people and shares by class of travel time: the figures of the page's tables."""
    rows = []
    for low, high in figures.zones:
        figure = figures.between(option, tier, WHOLE_AREA, low, high)
        share = figure.roughly if figure.share is None else figure.share
        rows.append([_people(figure.people, words), "" if share is None else _share(share, words)])
    return rows


def change_rows(figures: Figures, words: Words, option: int, tier: str) -> list[list[str]]:
    """Write people and shares by class of change: tens of people, as far as they may be told.

    These sums stand in no table. A class that would tell of a single small cell is withheld, and
    another with it; tens keep them from being set off against the tables.
    """
    classes = change_class(figures.seconds(0, tier), figures.seconds(option, tier))
    people = figures.people(option)
    parts = [classes == kind for kind in range(NO_WAY + 1)]
    total = float(people.sum())
    rows = []
    for part, is_shown in zip(parts, figures.guard.shown_parts(parts), strict=True):
        counted = float(people[part].sum())
        if not is_shown:
            rows.append([_people(None, words), ""])
        elif figures.guard.min_people > 1:
            rows.append([words.tens(counted), _share(counted / total, words)])
        else:
            rows.append([_people(counted, words), _share(counted / total, words)])
    return rows


def _people(people: float | None, words: Words) -> str:
    return words.gettext("withheld") if people is None else words.whole(people)


def _share(share: float, words: Words) -> str:
    return words.percent(share) if share > 0 else "–"
