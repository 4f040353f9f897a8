"""The coast that a run's isochrones are cut at, from the file that its roads come from."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from accessibility.isochrone import CUT
from accessibility.isochrone.sea import land_share
from accessibility.projections import transformer

if TYPE_CHECKING:
    from accessibility.runs import Run

Floats = npt.NDArray[np.float64]

log = logging.getLogger(__name__)

NO_FILE = "not cut: the network's file is no OpenStreetMap file"
NONE = "not cut: the network's file holds no coastline"
NOT_CLOSED = "not cut: the coastline of the network's file is not closed here"
AT_SEA = "not cut: many roads lie outside the coastline of the network's file"
#: More of the roads outside every closed coastline than bridges and causeways account for: the
#: mainland's own coastline is not in the file (Iceland, most of whose roads are coastal: 0.02 %).
MOST_ROAD_AT_SEA = 0.02
#: Pixels, in metres, in which roads and cells are compared with land, and most of them.
PIXEL_M, MOST_PIXELS = 250.0, 8_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Coast:
    """Closed lines of the coast in a study's CRS, land on their left, or why there are none.

    Parameters
    ----------
    rings
        None: isochrones are not cut.
    said
        Which of the two holds, in words.
    """

    rings: tuple[Floats, ...] | None
    said: str

    def inland(self, xy: Floats) -> npt.NDArray[np.bool_] | None:
        """Tell which places lie neither at sea nor at the shore; None where no coast is known."""
        return None if self.rings is None else _land_at(self.rings, xy) >= 1


def coast_of(run: Run) -> Coast:
    """Find the coast of a run's region; one that is not whole there is not used.

    Half a coastline would make land of sea or sea of land, so lines that do not close within reach
    of the roads leave the isochrones as they are, and so do roads that would lie at sea.
    """
    from accessibility.sources.coastline import read_coastline
    from accessibility.sources.networks import OSM_SUFFIXES

    path = run.study.inputs["network"]
    if not path.name.lower().endswith(OSM_SUFFIXES):
        return Coast(rings=None, said=NO_FILE)
    try:
        found = read_coastline(path)
    except (RuntimeError, OSError) as problem:  # gone since, or what libosmium says of it
        log.warning("the coastline of %s could not be read (%s)", path.name, problem)
        return Coast(rings=None, said=NOT_CLOSED)
    if not found.rings and not found.open_lines:
        return Coast(rings=None, said=NONE)
    xy = run.network.points_in(run.study.crs)
    reach_m = run.study.file.snapping.max_leg_m
    box = (xy.min(axis=0) - reach_m, xy.max(axis=0) + reach_m)
    to_crs = transformer(4326, run.study.crs)
    opened, rings = (
        [one for line in lines if _meets(one := np.column_stack(to_crs.transform(*line.T)), box)]
        for lines in (found.open_lines, found.rings)
    )
    if opened:
        return Coast(rings=None, said=NOT_CLOSED)
    if not rings:
        return Coast(rings=None, said=NONE)
    if _share_at_sea(run, xy, rings) > MOST_ROAD_AT_SEA:
        return Coast(rings=None, said=AT_SEA)
    return Coast(rings=tuple(rings), said=CUT)


def _meets(line: Floats, box: tuple[Floats, Floats]) -> bool:
    """Tell whether a line's box meets another; one that the CRS has no place for is far away."""
    known = line[np.isfinite(line).all(axis=1)]
    if len(known) < len(line):
        return False
    return bool((known.max(axis=0) >= box[0]).all() and (known.min(axis=0) <= box[1]).all())


def _share_at_sea(run: Run, xy: Floats, rings: list[Floats]) -> float:
    """Measure the share of the roads' length, ferries left out, in pixels without any land."""
    network = run.network
    ferry = np.array([tags.get("route") == "ferry" for tags in network.tagsets], dtype=bool)
    edges = np.flatnonzero(~ferry[network.way_tags[network.edge_way]])
    segments = np.diff(network.segment_from)
    row = np.repeat(np.arange(network.edges), segments)
    start = np.arange(len(row)) + row  # one more point than segments an edge
    middle = (xy[start] + xy[start + 1]) / 2
    on_road = np.isin(row, edges)
    middle, length_m = middle[on_road], np.asarray(network.segment_m)[on_road]
    if not len(middle) or not length_m.sum() > 0:
        return 0.0
    at_sea = _land_at(rings, middle) <= 0
    return float(length_m[at_sea].sum() / length_m.sum())


def _land_at(rings: Sequence[Floats], xy: Floats) -> Floats:
    """Give the share of land of the pixel that each place lies in."""
    if not len(xy):
        return np.zeros(0)
    low, high = xy.min(axis=0), xy.max(axis=0)
    pixel_m = max(PIXEL_M, float(np.sqrt(np.prod((high - low) / MOST_PIXELS**0.5))))
    count = ((high - low) // pixel_m).astype(int) + 2
    x, y = (low[axis] + np.arange(count[axis]) * pixel_m for axis in (0, 1))
    land = land_share(rings, x, y)
    column, line = np.rint((xy - low) / pixel_m).astype(int).T
    return land[line, column]
