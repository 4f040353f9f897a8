"""The map as a drawing in the page, for print and for readers without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from markupsafe import Markup, escape
from pyproj import CRS

from accessibility.coverage_table import seconds
from accessibility.findings import tiers_without_site
from accessibility.maps.layers import travel_classes
from accessibility.maps.palette import BEYOND_COLOUR, MapClass
from accessibility.maps.panel import SHAPES
from accessibility.maps.words import sentence, words_in
from accessibility.pages.map_around import first_tier, ground_of, inside_areas, said_name
from accessibility.pages.map_cells import lattice_of_run
from accessibility.pages.map_lattice import Lattice
from accessibility.pages.options import Option
from accessibility.reports.words import Words
from accessibility.run_reading import StoredRun

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: More squares than these are put together, so that the page stays small.
MOST_SQUARES = 40_000
MOST_NAMES = 14
GROUND = "#f1efea"
#: Units across a square, so that whole numbers keep its shape, and units along the longer side.
UNITS_A_SQUARE = 8
LEAST_UNITS = 1000
#: A border strays at most this part of the longer side.
BORDER_TOLERANCE = 1 / 1200
#: Parts of the longer side: the height of letters, and the side of a mark.
LETTER, MARK = 1 / 52, 1 / 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """From the study's metres to the drawing's units: whole numbers, y downwards."""

    west: float
    north: float
    unit_m: float
    width: int
    height: int

    @property
    def side(self) -> int:
        """The longer side."""
        return max(self.width, self.height)

    def units(self, xy: Floats) -> Ints:
        """Bring places to units."""
        moved = (xy - [self.west, self.north]) * [1, -1] / self.unit_m
        return np.rint(moved).astype(np.int64)


def static_map(options: Sequence[Option], words: Words) -> Markup:
    """Draw the current situation for the tier of the first target.

    Parameters
    ----------
    options
        The current situation first; the others are in the page's tables.
    words
        The page's language.

    Returns
    -------
    Markup
        One SVG with its title and description, and its legend as a list.
    """
    run, known = options[0].run, words_in(words.language)
    tier = run.tiers.tiers[first_tier(run)]
    known_lattice = lattice_of_run(run)
    lattice = known_lattice or _coarse_lattice(run)
    as_they_are = known_lattice is None and len(run.population.cells) <= MOST_SQUARES
    classes = travel_classes(
        run.study.bands_min, known, without_site=any(tiers_without_site(one.run) for one in options)
    )
    squares = Squares.of(run, lattice, tier.id)
    sheet = sheet_of(run, squares.side_m)
    say = words.gettext
    title = say(
        "Map: {tier}, {option}",
        tier=tier.name.in_language(words.language),
        option=options[0].label,
    )
    desc = _description(run, squares, words)
    inside = [
        f'<title id="map-title">{escape(title)}</title><desc id="map-desc">{escape(desc)}</desc>',
        _definitions(run, sheet),
        _ground(run, sheet),
        *(
            _shape_paths(run, tier.id, classes, sheet)
            if as_they_are
            else _cell_paths(squares, classes, lattice, sheet, run.study.crs)
        ),
        _borders(run.areas, sheet),
        _marks(run, sheet),
        _names(run, sheet, words.language),
    ]
    drawing = (
        f'<svg class="map-drawing" viewBox="0 0 {sheet.width} {sheet.height}" role="img" '
        f'aria-labelledby="map-title" aria-describedby="map-desc">{"".join(inside)}</svg>'
    )
    together = "" if as_they_are else squares.note(words)
    note = f'<p class="map-note">{escape(title)}. {escape(together)}</p>'
    return Markup(drawing + _legend(run, classes, words.language) + note)  # noqa: S704


@dataclass(frozen=True, slots=True, kw_only=True)
class Squares:
    """Cells put together to squares: column, row (in squares) and class; cells a square's side."""

    column: Ints
    row: Ints
    kind: Ints
    factor: int
    side_m: float

    @classmethod
    def of(cls, run: StoredRun, lattice: Lattice, tier: str) -> Squares:
        """Put cells together until they are few enough; a square has the class of most people."""
        kind = _kinds(run, tier)
        factor = 1
        while True:
            place = (lattice.row // factor) * (lattice.columns + 1) + lattice.column // factor
            if len(np.unique(place)) <= MOST_SQUARES:
                break
            factor += 1
        # people decide; of equals (such as nobody at all), the longer time
        weights = run.population.people
        kinds = len(run.study.bands_min) + 2
        pair, inverse = np.unique(place * kinds + kind, return_inverse=True)
        people = np.bincount(inverse, weights=weights)
        order = np.lexsort((pair % kinds, people, pair // kinds))
        last = np.append(np.diff(pair[order] // kinds) != 0, True)
        chosen = pair[order][last]
        row, column = np.divmod(chosen // kinds, lattice.columns + 1)
        area = np.median(shapely.area(np.asarray(run.population.cells.geometry.array)))
        return cls(
            column=column,
            row=row,
            kind=chosen % kinds,
            factor=factor,
            side_m=float(np.sqrt(area)) * factor,
        )

    def note(self, words: Words) -> str:
        """Say how much a square stands for, where cells were put together."""
        if self.factor == 1:
            return ""
        return words.gettext(
            "To keep the drawing small, a square stands for {number} × {number} grid cells and has "
            "the colour of most of its residents.",
            number=self.factor,
        )


def _coarse_lattice(run: StoredRun) -> Lattice:
    """Lay squares of the study's system over cells that stand on no lattice."""
    xy = run.population.xy
    size = float(np.sqrt(np.median(shapely.area(np.asarray(run.population.cells.geometry.array)))))
    west, south = xy.min(axis=0) - size / 2
    column, row = np.floor((xy - [west, south]) / size).astype(np.int64).T
    return Lattice(
        crs=CRS.from_user_input(run.study.crs),
        size=size,
        west=float(west),
        south=float(south),
        column=column,
        row=row,
    )


def sheet_of(run: StoredRun, square_m: float) -> Sheet:
    """Lay the drawing's sheet over a region: its cells and areas, with a margin."""
    bounds = [run.population.cells.total_bounds]
    if run.areas is not None and len(run.areas):
        bounds.append(run.areas.total_bounds)
    if len(run.sites.frame):
        bounds.append(run.sites.frame.total_bounds)
    west, south = np.min(bounds, axis=0)[:2]
    east, north = np.max(bounds, axis=0)[2:]
    margin = 0.02 * max(east - west, north - south) + square_m
    unit_m = min(square_m / UNITS_A_SQUARE, (max(east - west, north - south)) / LEAST_UNITS)
    return Sheet(
        west=float(west - margin),
        north=float(north + margin),
        unit_m=float(unit_m),
        width=int(np.ceil((east - west + 2 * margin) / unit_m)),
        height=int(np.ceil((north - south + 2 * margin) / unit_m)),
    )


def _cell_paths(
    squares: Squares, classes: Sequence[MapClass], lattice: Lattice, sheet: Sheet, crs: str
) -> list[str]:
    """Draw one path a class: neighbours in a row are one shape."""
    paths = []
    for place, one in enumerate(classes):
        mine = squares.kind == place
        if not mine.any():
            continue
        shapes = _row_runs(squares.column[mine], squares.row[mine])
        corners = _corners(shapes, squares.factor, lattice, sheet, crs)
        paths.append(_class_path(one, _path(corners)))
    width = 0.8
    return [f'<g stroke-width="{width}" stroke-linejoin="round">{"".join(paths)}</g>']


def _kinds(run: StoredRun, tier: str) -> Ints:
    """Give each cell's class: its band, beyond the last, or not reached."""
    time_s = seconds(run.nearest, tier)
    bands_s = np.asarray(run.study.bands_min) * 60
    kind = np.searchsorted(bands_s, time_s, side="left")
    return np.where(np.isfinite(time_s), kind, len(bands_s) + 1).astype(np.int64)


def _shape_paths(run: StoredRun, tier: str, classes: Sequence[MapClass], sheet: Sheet) -> list[str]:
    """Draw cells that stand on no lattice (tracts, hexagons, several sizes) as what they are."""
    kind, shapes = _kinds(run, tier), np.asarray(run.population.cells.geometry.array)
    paths = []
    for place, one in enumerate(classes):
        mine = shapely.simplify(shapes[kind == place], sheet.unit_m / 2)
        drawn = []
        for ring in shapely.get_rings(shapely.get_parts(mine)):
            places = sheet.units(shapely.get_coordinates(ring)[:-1])
            moves = np.diff(places, axis=0)
            drawn.append(f"M{_numbers(places[0])}l{_numbers(moves.ravel())}z")
        if drawn:
            paths.append(_class_path(one, "".join(drawn)))
    drawn_together = "".join(paths)
    return [
        f'<g fill-rule="evenodd" stroke-width="0.8" stroke-linejoin="round">{drawn_together}</g>'
    ]


def _class_path(one: MapClass, drawn: str) -> str:
    fill = "url(#map-hatch)" if one.fill == "hatched" else one.colour
    edge = "#4a4a4a" if one.fill != "plain" else one.colour
    return f'<path fill="{fill}" stroke="{edge}" d="{drawn}"/>'


def _row_runs(column: Ints, row: Ints) -> Ints:
    """Join neighbours in a row: first column, last column, row.

    Examples
    --------
    >>> _row_runs(np.array([2, 1, 4]), np.array([0, 0, 0])).tolist()
    [[1, 2, 0], [4, 4, 0]]
    """
    order = np.lexsort((column, row))
    column, row = column[order], row[order]
    starts = np.append(True, (np.diff(row) != 0) | (np.diff(column) != 1))
    ends = np.append(starts[1:], True)
    return np.column_stack([column[starts], column[ends], row[starts]])


def _corners(shapes: Ints, factor: int, lattice: Lattice, sheet: Sheet, crs: str) -> Ints:
    """Give the four corners of shapes in units, shape (shapes, 4, 2)."""
    first, last, row = shapes.T.astype(np.float64) * factor
    sides = [(first, row), (last + factor, row), (last + factor, row + factor),
             (first, row + factor)]  # fmt: skip
    return np.stack([sheet.units(lattice.points(x, y, crs)) for x, y in sides], axis=1)


def _path(corners: Ints) -> str:
    """Write four-sided shapes, each from the one before."""
    starts = np.diff(corners[:, 0], axis=0, prepend=np.zeros((1, 2), np.int64))
    sides = np.diff(corners, axis=1).reshape(-1, 6)
    return "".join(
        f"m{_numbers(start)}l{_numbers(side)}z" for start, side in zip(starts, sides, strict=True)
    )


def _numbers(values: Ints) -> str:
    """Write numbers as a path takes them: a minus sign parts as well as a space.

    Examples
    --------
    >>> _numbers(np.array([1, -2, 3]))
    '1-2 3'
    """
    return "".join(
        f"{value}" if at == 0 or value < 0 else f" {value}" for at, value in enumerate(values)
    )


def _borders(areas: gpd.GeoDataFrame | None, sheet: Sheet) -> str:
    """Draw municipal borders, each common border once."""
    if areas is None or not len(areas):
        return ""
    lines = shapely.union_all(shapely.boundary(np.asarray(areas.geometry.array)))
    lines = shapely.simplify(
        shapely.line_merge(lines), sheet.side * sheet.unit_m * BORDER_TOLERANCE
    )
    drawn = []
    for line in shapely.get_parts(lines):
        places = sheet.units(shapely.get_coordinates(line))
        moves = np.diff(places, axis=0)
        moves = moves[(moves != 0).any(axis=1)]
        if len(moves):
            drawn.append(f"M{_numbers(places[0])}l{_numbers(moves.ravel())}")
    width = max(1, round(sheet.side / 900))
    return (
        f'<path fill="none" stroke="#4a4a46" stroke-width="{width}" stroke-linejoin="round" '
        f'd="{"".join(drawn)}"/>'
    )


def _ground(run: StoredRun, sheet: Sheet) -> str:
    """Tint the ground under the cells."""
    ground = ground_of(run)
    if ground is None:
        return ""
    rings = shapely.simplify(
        shapely.get_rings(shapely.get_parts(ground)), sheet.side * sheet.unit_m * BORDER_TOLERANCE
    )
    drawn = []
    for ring in rings:
        places = sheet.units(shapely.get_coordinates(ring))
        moves = np.diff(places, axis=0)
        moves = moves[(moves != 0).any(axis=1)]
        if len(moves) > 2:
            drawn.append(f"M{_numbers(places[0])}l{_numbers(moves.ravel())}z")
    return f'<path fill="{GROUND}" fill-rule="evenodd" d="{"".join(drawn)}"/>'


def _definitions(run: StoredRun, sheet: Sheet) -> str:
    """Define the hatching and the marks of tiers."""
    step = max(4, round(sheet.side / 220))
    hatch = (
        f'<pattern id="map-hatch" width="{step}" height="{step}" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)">'
        f'<rect width="{step}" height="{step}" fill="{BEYOND_COLOUR}"/>'
        f'<rect width="{step / 4:g}" height="{step}" fill="#3a3a3a"/></pattern>'
    )
    marks = "".join(
        f'<symbol id="map-mark-{at}" viewBox="-1 -1 26 26">{mark_shape(run, at)}</symbol>'
        for at in range(len(run.tiers.ids))
    )
    return f"<defs>{hatch}{marks}</defs>"


def mark_shape(run: StoredRun, place: int) -> str:
    """Draw a tier's mark: its shape by rank, with its letter."""
    tier = run.tiers.ids[place]
    letter = tier if len(tier) <= 2 else tier[:1]
    rank = len(run.tiers.served_by(tier)) - 1
    return (
        f'<g fill="#1d1d1b" stroke="#ffffff" stroke-width="2">{SHAPES[rank % len(SHAPES)]}</g>'
        '<text x="12" y="16.4" text-anchor="middle" font-size="12.5" font-weight="700" '
        f'font-family="system-ui, sans-serif" fill="#ffffff">{escape(letter)}</text>'
    )


def _marks(run: StoredRun, sheet: Sheet) -> str:
    """Draw the sites: the higher the tier, the later and larger."""
    frame = run.sites.frame
    if not len(frame):
        return ""
    ranks = {tier: len(run.tiers.served_by(tier)) for tier in run.tiers.ids}
    places = sheet.units(frame.geometry.get_coordinates().to_numpy())
    crowded = min(1.0, np.sqrt(60 / len(frame)) + 0.25)
    drawn = []
    for at in sorted(range(len(frame)), key=lambda at: (ranks[frame["tier"].iloc[at]], at)):
        tier = str(frame["tier"].iloc[at])
        side = round(sheet.side * MARK * (0.85 + 0.15 * ranks[tier]) * crowded)
        x, y = places[at] - side // 2
        drawn.append(
            f'<use href="#map-mark-{run.tiers.ids.index(tier)}" x="{x}" y="{y}" '
            f'width="{side}" height="{side}"/>'
        )
    return f"<g>{''.join(drawn)}</g>"


def _names(run: StoredRun, sheet: Sheet, language: str) -> str:
    """Name the largest settlements, where there is room."""
    places = run.places
    if places is None or not len(places):
        return ""
    places = inside_areas(places, run.areas)
    if "people" in places:
        places = places.sort_values("people", ascending=False, kind="stable")
    size = round(sheet.side * LETTER)
    taken: list[tuple[float, float, float, float]] = []
    drawn = []
    points = sheet.units(places.geometry.get_coordinates().to_numpy())
    for (x, y), row in zip(points[:200], places.head(200).to_dict("records"), strict=True):
        name, spoken = said_name(row, language, run.study.language)
        width = 0.55 * size * len(name)
        left = x + size if x + size + width < sheet.width else x - size - width
        box = (left, y - size, left + width, y + size)
        free = all(
            box[0] > other[2] or box[2] < other[0] or box[1] > other[3] or box[3] < other[1]
            for other in taken
        )
        if not name.strip() or left < 0 or not free:
            continue
        taken.append(box)
        tongue = f' lang="{escape(spoken)}"' if spoken else ""
        drawn.append(f'<text x="{round(left)}" y="{y + size // 3}"{tongue}>{escape(name)}</text>')
        if len(drawn) == MOST_NAMES:
            break
    return (
        f'<g font-size="{size}" font-family="system-ui, sans-serif" fill="#1d1d1b" '
        f'stroke="#ffffff" stroke-width="{size / 5:g}" stroke-linejoin="round" '
        f'paint-order="stroke">{"".join(drawn)}</g>'
    )


def _legend(run: StoredRun, classes: Sequence[MapClass], language: str) -> str:
    """List the classes with their colour, then the tiers with their mark."""
    colours = "".join(
        '<li><svg viewBox="0 0 26 16" aria-hidden="true"><rect x="1" y="1" width="24" height="14" '
        f'fill="{"url(#map-hatch)" if one.fill == "hatched" else one.colour}" stroke="#4a4a4a"/>'
        f"</svg>{escape(one.label)}</li>"
        for one in classes
    )
    marks = "".join(
        f'<li><svg viewBox="-1 -1 26 26" aria-hidden="true">{mark_shape(run, at)}</svg>'
        f"{escape(tier.name.in_language(language))}</li>"
        for at, tier in enumerate(run.tiers.tiers)
    )
    return f'<ul class="map-key">{colours}</ul><ul class="map-key">{marks}</ul>'


def _description(run: StoredRun, squares: Squares, words: Words) -> str:
    """Say in words what the drawing shows."""
    known = words_in(words.language)
    part = run.study.file.network
    measured = sentence(f"{known[f'time_{part.mode}']} {known[part.direction]}")
    return words.gettext(
        "{measured}, in coloured squares where people live; service points are marked with their "
        "level's letter. The tables hold the same facts.",
        measured=measured,
    )
