"""The map of a run: minutes to the nearest site of each tier, cell by cell."""

from __future__ import annotations

import folium
import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from babel.numbers import format_decimal, format_percent

from accessibility.checks import of_kind
from accessibility.findings import tiers_without_site
from accessibility.maps.compact import cell_places, extent, line_steps, point_steps
from accessibility.maps.escaping import html_text
from accessibility.maps.layers import (
    LINE_TOLERANCE,
    Texts,
    attribution,
    border_lines,
    land_lines,
    people_by_class,
    travel_classes,
)
from accessibility.maps.page import sheet_map
from accessibility.maps.sheet import Choice, Json, Mark, Sheet, site_rows, text_table
from accessibility.maps.words import sentence, words_in
from accessibility.runs import Run
from accessibility.services import Tiers
from accessibility.sources.areas import place_name
from accessibility.surroundings import main_roads

#: The largest settlements that get a label.
MOST_PLACES = 600


def run_map(
    run: Run, *, isochrones: gpd.GeoDataFrame | None = None, language: str = "fi"
) -> folium.Map:
    """Map the travel times of a run.

    Every cell is drawn as its true square, however many there are: the page holds corners and
    minutes as short lists of whole numbers and paints them on a canvas.

    Parameters
    ----------
    run
        The run.
    isochrones
        Outlines to draw when asked for: `tier`, `band_min`, `people`, `geometry`; None: none.
    language
        "fi", "sv" or "en".

    Returns
    -------
    folium.Map
        Its page opens without a network; further folium layers can be added.

    Raises
    ------
    ValueError
        If the language is not known.
    """
    words = words_in(language)
    cells = run.cells()
    bounds, side_m = extent(cells)
    borders = run.areas is not None and len(run.areas) > 0
    data: dict[str, Json] = {
        "cells": _cells(run, cells, words),
        "sites": site_rows(run.sites.frame, _mark_of(run.tiers), _served(run)),
        "places": _places(run, language),
        "roads": _main_roads(run, side_m),
        "land": land_lines(run.areas, side_m * LINE_TOLERANCE),
        "borders": border_lines(run.areas, side_m * LINE_TOLERANCE),
        "outlines": _outlines(run, isochrones, side_m * LINE_TOLERANCE),
    }
    overlays = [
        ("sites", "sites", True),
        ("outlines", "outlines", False),
        ("borders", "borders", borders),
        ("roads", "roads", True),
        ("places", "places", True),
    ]
    return sheet_map(
        Sheet(
            language=language,
            title=html_text(_title(run, language)),
            subtitle=_subtitle(run, words),
            caption=_caption(run, words),
            bounds=bounds,
            choices=_choices(run, cells, language),
            classes=travel_classes(
                run.study.bands_min, words, without_site=bool(tiers_without_site(run))
            ),
            marks=tier_marks(run.tiers, language),
            overlays=[(key, words[word], on) for key, word, on in overlays if data[key]],
            notes=[words["note_bands"], words["note_click"]],
            attribution=attribution(run.study),
            data=data,
        )
    )


def explore_run(run: Run) -> folium.Map:
    """Show a run on a folium map, in its study's language."""
    of_kind(run, "run", Run, "run the study with run_study")
    return run_map(run, language=run.study.language)


def tier_marks(tiers: Tiers, language: str) -> list[Mark]:
    """Give each tier's letter, name and rank: the number of other tiers that its sites serve."""
    return [
        Mark(
            letter=html_text(tier.id if len(tier.id) <= 2 else tier.id[:1]),
            name=html_text(tier.name.in_language(language)),
            rank=len(tiers.served_by(tier.id)) - 1,
        )
        for tier in tiers.tiers
    ]


def _mark_of(tiers: Tiers) -> dict[str, int]:
    return {tier: index for index, tier in enumerate(tiers.ids)}


def _served(run: Run) -> list[list[int]]:
    """List the tiers that each site's column counts for, by index."""
    serving = [set(run.sites.serving(tier, run.tiers)) for tier in run.tiers.ids]
    return [
        [index for index, members in enumerate(serving) if site in members]
        for site in run.sites.ids
    ]


def _seconds(cells: pd.DataFrame, tier: str) -> npt.NDArray[np.float64]:
    return cells[f"time_s_{tier}"].to_numpy(dtype=np.float64, na_value=np.inf)


def _cells(run: Run, cells: gpd.GeoDataFrame, words: Texts) -> dict[str, Json]:
    """Write cells: corners, people, municipality, status, and per tier minutes and nearest site."""
    towns, town = text_table(list(cells["municipality"]) if "municipality" in cells else [])
    statuses = sorted(set(cells["status"]))
    site_index = {one: index for index, one in enumerate(run.sites.ids)}
    km = f"{run.study.file.snapping.max_leg_m / 1000:g}"
    return {
        **cell_places(cells),
        "people": [_whole(one) for one in cells["people"]],
        "towns": towns,
        "town": town,
        "statuses": [sentence(words[f"status_{one}"].format(km=km)) for one in statuses],
        "status": [statuses.index(one) for one in cells["status"]],
        "minutes": [_minutes(_seconds(cells, tier)) for tier in run.tiers.ids],
        "nearest": [
            [-1 if pd.isna(one) else site_index[one] for one in cells[f"site_{tier}"]]
            for tier in run.tiers.ids
        ],
    }


def _whole(people: float) -> float:
    """Give people without decimals where there are none."""
    return int(people) if float(people).is_integer() else round(float(people), 1)


def _minutes(time_s: npt.NDArray[np.float64]) -> list[int]:
    """Round minutes up, so that nobody beyond a band seems to be within; -1: none."""
    known = np.isfinite(time_s)
    return [int(one) for one in np.where(known, np.ceil(np.where(known, time_s, 0) / 60), -1)]


def _choices(run: Run, cells: gpd.GeoDataFrame, language: str) -> list[Choice]:
    """Class the cells by each tier, with the people by class from the run's own coverage."""
    bands_s = np.asarray(run.study.bands_min) * 60
    choices = []
    for index, tier in enumerate(run.tiers.tiers):
        time_s = _seconds(cells, tier.id)
        classes = np.searchsorted(bands_s, time_s, side="left")
        classes = np.where(np.isfinite(time_s), classes, len(bands_s) + 1)
        people, shares = people_by_class(run.coverage, tier.id)
        choices.append(
            Choice(
                name=html_text(tier.name.in_language(language)),
                mark=index,
                classes=[int(one) for one in classes],
                people=[format_decimal(round(one), locale=language) for one in people],
                shares=[share_text(share, language) for share in shares],
            )
        )
    return choices


def share_text(share: float, language: str) -> str:
    """Write a share with one decimal; a dash for nobody.

    Examples
    --------
    >>> share_text(0.852, "fi"), share_text(0.0, "fi")
    ('85,2 &#37;', '–')
    """
    if not share > 0:
        return "–"
    least = 0.001
    text = format_percent(max(share, least), "0.0 %", locale=language)
    return html_text(f"< {text}" if share < least / 2 else text)


def _title(run: Run, language: str) -> str:
    """Name the study, and the option where it is not the current situation."""
    name = run.study.name.in_language(language)
    if run.scenario is None:
        return name
    return f"{name} – {run.scenario.name.in_language(language)}"


def _subtitle(run: Run, words: Texts) -> str:
    part = run.study.file.network
    said = [sentence(words["topic"]), words[f"time_{part.mode}"]]
    if part.season == "winter":
        said.append(words["winter"])
    return f"{said[0]}: {', '.join(said[1:])}"


def _caption(run: Run, words: Texts) -> str:
    part = run.study.file.network
    return sentence(f"{words[f'time_{part.mode}']} {words[part.direction]}")


def _places(run: Run, language: str) -> list[Json]:
    """Write the settlements of the region, the largest first: place and name."""
    places = run.places
    if places is None or not len(places):
        return []
    west, south, east, north = run.population.cells.total_bounds
    near = places.cx[west:east, south:north]
    if run.areas is not None and len(run.areas):
        region = shapely.union_all(np.asarray(run.areas.geometry.array))
        near = near[near.within(region)]
    if "people" in near:
        near = near.sort_values("people", ascending=False, kind="stable")
    near = near.head(MOST_PLACES)
    points = point_steps(near.geometry.get_coordinates().to_numpy(), near.crs)
    names = [html_text(place_name(row, language)) for row in near.to_dict("records")]
    return [[*point, name] for point, name in zip(points, names, strict=True) if name.strip()]


def _main_roads(run: Run, side_m: float) -> list[list[int]]:
    """Write the main roads, for orientation."""
    roads = main_roads(run.network, run.study.crs, side_m=side_m)
    return line_steps(np.asarray(roads.geometry.array), run.study.crs)


def _outlines(run: Run, isochrones: gpd.GeoDataFrame | None, tolerance_m: float) -> list[Json]:
    """Write the outlines of bands: tier, class, minutes, and lines."""
    if isochrones is None or not len(isochrones):
        return []
    marks = _mark_of(run.tiers)
    bands = list(run.study.bands_min)
    rows = zip(isochrones["tier"], isochrones["band_min"], isochrones.geometry, strict=True)
    return [
        [marks[tier], bands.index(band), f"{band:g} min",
         line_steps([shape], isochrones.crs, tolerance_m=tolerance_m)]
        for tier, band, shape in rows
        if tier in marks and band in bands and not shape.is_empty
    ]  # fmt: skip
