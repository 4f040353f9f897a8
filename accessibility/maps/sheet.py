"""A sheet: what one map shows, with every text from data already escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd

from accessibility.maps.compact import point_steps
from accessibility.maps.escaping import html_text
from accessibility.maps.palette import MapClass

#: What JSON can hold.
Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One way to colour the cells, chosen by a radio button.

    Parameters
    ----------
    name
        What the button says, escaped.
    mark
        Index of the sites' mark beside it; None: none.
    classes
        Class by cell.
    people, shares
        By class, as the legend shows them.
    """

    name: str
    mark: int | None = None
    classes: Sequence[int] = ()
    people: Sequence[str] = ()
    shares: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How the sites of a tier are drawn: a letter (escaped) in a shape, larger by rank."""

    letter: str
    name: str
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What one map shows. Texts are escaped; see `accessibility.maps.escaping`.

    Parameters
    ----------
    language
        "fi", "sv" or "en".
    title, subtitle
        What is shown, and how it was measured.
    caption
        What the classes measure.
    bounds
        [[south, west], [north, east]].
    choices, classes, marks
        How cells are coloured and sites drawn.
    overlays
        Layers to switch on and off: key, words, whether they start on.
    notes
        Sentences under the legend.
    attribution
        Whose data are drawn.
    data
        What the page's script draws.
    """

    language: str
    title: str
    subtitle: str
    caption: str
    bounds: Sequence[Sequence[float]]
    choices: Sequence[Choice] = ()
    classes: Sequence[MapClass] = ()
    marks: Sequence[Mark] = ()
    overlays: Sequence[tuple[str, str, bool]] = ()
    notes: Sequence[str] = ()
    attribution: str = ""
    data: Mapping[str, Json] = field(default_factory=dict)


def text_table(values: Sequence[object]) -> tuple[list[str], list[int]]:
    """Write repeated texts once, escaped: the distinct ones, sorted, and the index of each value.

    Examples
    --------
    >>> text_table(["Jämsä", "Joutsa", "Jämsä", None])
    (['', 'Joutsa', 'Jämsä'], [2, 1, 2, 0])
    """
    escaped = {value: html_text(value) for value in set(values)}
    table = sorted(set(escaped.values()))
    place = {text: index for index, text in enumerate(table)}
    return table, [place[escaped[value]] for value in values]


def site_rows(
    frame: gpd.GeoDataFrame, marks: Mapping[str, int], serves: Sequence[Sequence[int]]
) -> list[Json]:
    """Write sites: place, name, id, mark, municipality, whether external, choices that it serves.

    Parameters
    ----------
    frame
        See `Sites.frame`.
    marks
        Index of each tier's mark.
    serves
        Per site, the indices of the choices that it counts for.
    """
    points = point_steps(frame.geometry.get_coordinates().to_numpy(), frame.crs)
    empty = [""] * len(frame)
    towns = frame.get("municipality", empty)
    external = frame.get("external", [False] * len(frame))
    columns = zip(
        points, frame.index, frame["name"], frame["tier"], towns, external, serves, strict=True
    )
    return [
        [*point, html_text(name), html_text(one), marks[tier], html_text(town), int(bool(out)),
         list(served)]
        for point, one, name, tier, town, out, served in columns
    ]  # fmt: skip
