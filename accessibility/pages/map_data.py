"""Everything that the page's script draws the map from, as plain JSON numbers and texts."""

from __future__ import annotations

from collections.abc import Sequence

from accessibility.findings import tiers_without_site
from accessibility.maps.compact import extent
from accessibility.maps.layers import LINE_TOLERANCE, border_lines, travel_classes
from accessibility.maps.palette import MapClass
from accessibility.maps.sheet import Json
from accessibility.maps.words import sentence, words_in
from accessibility.pages.figures import Figures
from accessibility.pages.map_around import (
    first_tier,
    ground_lines,
    other_language,
    outlines_data,
    places_data,
    road_lines,
    said_name,
    site_list,
    sites_data,
    towns_data,
)
from accessibility.pages.map_cells import cells_data, lattice_of_run, order_of, steps
from accessibility.pages.map_legend import change_classes, change_rows, time_rows
from accessibility.pages.options import Option
from accessibility.reports.words import LOCALES, Words
from accessibility.run_reading import StoredRun
from accessibility.services import Text

TIME, CHANGE = "time", "change"


def map_data(figures: Figures, words: Words) -> dict[str, Json]:
    """Gather what the script draws.

    Parameters
    ----------
    figures
        The page's options, and which of their figures may be told.
    words
        The page's language.
    """
    options, min_people = figures.options, figures.guard.min_people
    runs = [option.run for option in options]
    first, language = runs[0], words.language
    without_site = any(tiers_without_site(run) for run in runs)
    bounds, side_m = extent(first.population.cells)
    tolerance_m = side_m * LINE_TOLERANCE
    sites = site_list(runs)
    index = {site: at for at, site in enumerate(sites)}
    towns, town = towns_data(first, language)
    order = order_of(lattice_of_run(first), len(first.population.cells))
    return {
        "locale": LOCALES.get(language, language).replace("_", "-"),
        "bounds": bounds,
        "bands": [float(band) for band in first.study.bands_min],
        "least": min_people,
        "tiers": tier_marks(first, language),
        "firstTier": first_tier(first),
        "views": _views(options, words),
        "options": [option.label for option in options],
        "classes": {
            TIME: classes_data(
                travel_classes(first.study.bands_min, words_in(language), without_site=without_site)
            ),
            CHANGE: classes_data(change_classes(words)),
        },
        "legends": legends(figures, words),
        "cells": cells_data(runs, index, language, min_people=min_people),
        "towns": towns,
        "town": steps([town[at] for at in order]) if town else [],
        "sites": sites_data(runs, sites),
        "siteLanguage": other_language(language, first.study.language),
        "places": places_data(first, language),
        "land": ground_lines(first, tolerance_m),
        "borders": border_lines(first.areas, tolerance_m),
        "roads": road_lines(first),
        "outlines": outlines_data(runs, tolerance_m),
        "words": _words(words, min_people, without_site=without_site),
    }


def tier_marks(run: StoredRun, language: str) -> list[Json]:
    """Give each tier's letter, name, rank and the name's language, where it is another.

    The rank is the number of other tiers that its sites serve.
    """
    return [
        [
            tier.id if len(tier.id) <= 2 else tier.id[:1],
            tier.name.in_language(language),
            len(run.tiers.served_by(tier.id)) - 1,
            said_name(_columns(tier.name), language, run.study.language)[1],
        ]
        for tier in run.tiers.tiers
    ]


def _columns(text: Text) -> dict[str, object]:
    return {f"name_{key or 'any'}": name for key, name in text.by_language.items()}


def classes_data(classes: Sequence[MapClass]) -> list[Json]:
    """Write classes: label, colour, fill."""
    return [[one.label, one.colour, one.fill] for one in classes]


def views(options: Sequence[Option]) -> list[tuple[str, int]]:
    """List what a map can show: each option's times, then what each option changes."""
    times = [(TIME, at) for at in range(len(options))]
    return times + [(CHANGE, at) for at in range(1, len(options))]


def _views(options: Sequence[Option], words: Words) -> list[Json]:
    """Name the views: kind, option, name."""
    found: list[Json] = []
    for kind, at in views(options):
        name = options[at].label
        if kind == CHANGE:
            name = words.gettext("Change: {option}", option=options[at].label)
        found.append([kind, at, name])
    return found


def legends(figures: Figures, words: Words) -> list[Json]:
    """Write people and shares by class, for each view and tier."""
    rows_of = {TIME: time_rows, CHANGE: change_rows}
    tiers = figures.options[0].run.tiers.ids
    found: list[Json] = []
    for kind, option in views(figures.options):
        found.append([rows_of[kind](figures, words, option, tier) for tier in tiers])
    return found


def _words(words: Words, min_people: int, *, without_site: bool) -> dict[str, Json]:
    """Give the sentences that the script says; it fills in `{placeholders}` itself."""
    say, known = words.gettext, words_in(words.language)
    return {
        "unreachable": sentence(known["nothing" if without_site else "unreachable"]),
        "external": sentence(known["external"]),
        "onePerson": known["one_person"],
        "people": known["people"],
        "fewer": say("Fewer than {number} residents", number=min_people),
        "close": sentence(known["close"]),
        "zoomIn": sentence(known["zoom_in"]),
        "zoomOut": sentence(known["zoom_out"]),
        "site": sentence(known["site"]),
        "band": sentence(known["band"]),
        "change": say("Change in travel time"),
        "municipality": say("municipality"),
        "settlement": say("settlement"),
        "noChange": say("no change"),
        "closed": say("closed in this option"),
        "opened": say("new in this option"),
        "thisCell": say("Travel time in the grid cell of the service point"),
        "nothing": say("No resident lives at this place."),
        "shows": say("The map shows: {what}"),
        "moved": say("The map has moved to: {what}"),
        "noMatch": say("Nothing by that name"),
        "oneMatch": words.ngettext("{number} match", "{number} matches", 1),
        "matches": words.ngettext("{number} match", "{number} matches", 2),
        "up": say("Move the map north"),
        "down": say("Move the map south"),
        "left": say("Move the map west"),
        "right": say("Move the map east"),
        "home": say("Show the whole region"),
        "siteKeys": say("Service points on the map: the arrow keys go from one to the next"),
        "minutes": say("{minutes} min"),
    }
