"""The map of a population grid: people by cell."""

from __future__ import annotations

import folium
import numpy as np
import pandas as pd
from babel.numbers import format_decimal

from accessibility.maps.compact import cell_places, extent
from accessibility.maps.escaping import html_text
from accessibility.maps.page import sheet_map
from accessibility.maps.palette import OPEN_COLOUR, MapClass, viridis
from accessibility.maps.sheet import Choice, Json, Sheet, text_table
from accessibility.maps.travel_map import share_text
from accessibility.maps.words import sentence, words_in
from accessibility.population import Population

#: The least people of each class after the empty one.
CLASSES_FROM = (0, 10, 50, 200, 1000, 5000)


def explore_population(population: Population, *, language: str = "en") -> folium.Map:
    """Show a population grid on a folium map.

    Parameters
    ----------
    population
        The grid.
    language
        "fi", "sv" or "en".

    Returns
    -------
    folium.Map
        Its page opens without a network.
    """
    words = words_in(language)
    cells = population.cells
    people = population.people
    classes = np.where(people > 0, np.searchsorted(CLASSES_FROM, people, side="right"), 0)
    by_class = np.bincount(classes, weights=people, minlength=len(CLASSES_FROM) + 1)
    shares = by_class / max(population.total, 1)
    choice = Choice(
        name=sentence(words["population"]),
        classes=[int(one) for one in classes],
        people=[format_decimal(round(one), locale=language) for one in by_class],
        shares=[share_text(float(one), language) for one in shares],
    )
    towns = population.municipalities
    table, town = text_table([] if towns is None else list(towns))
    ids = [html_text(one) for one in cells.index]
    data: dict[str, Json] = {
        "cells": {
            **cell_places(cells),
            "people": [round(float(one), 1) for one in people],
            "towns": table,
            "town": town,
            "ids": ids,
            "groups": [html_text(one) for one in population.groups],
            "grouped": [
                [None if pd.isna(one) else round(float(one), 1) for one in cells[group]]
                for group in population.groups
            ],
        }
    }
    total = format_decimal(round(population.total), locale=language)
    return sheet_map(
        Sheet(
            language=language,
            title=sentence(words["population"]),
            subtitle=f"{total} {words['residents']}",
            caption=sentence(words["population"]),
            bounds=extent(cells)[0],
            choices=[choice],
            classes=_classes(words["nobody"]),
            data=data,
        )
    )


def _classes(nobody: str) -> list[MapClass]:
    lows = (1, *CLASSES_FROM[1:])
    labels = [f"{low}–{high - 1}" for low, high in zip(lows, CLASSES_FROM[1:], strict=False)]
    labels.append(f"{CLASSES_FROM[-1]}+")
    colours = viridis(len(labels))
    return [
        MapClass(label=nobody, colour=OPEN_COLOUR, fill="open"),
        *(
            MapClass(label=label, colour=colour)
            for label, colour in zip(labels, colours, strict=True)
        ),
    ]
