"""The sea on the raster of isochrones: how much of each pixel is land."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Lines across each pixel on which land is measured.
LINES = 4


def land_share(rings: Sequence[Floats], x: Floats, y: Floats) -> Floats:
    """Measure how much of each pixel is land.

    Parameters
    ----------
    rings
        Closed lines, shape (points, 2), metres: around land counter-clockwise, around sea
        clockwise.
    x, y
        Pixel centres, rising, equally spaced.

    Returns
    -------
    array
        Shares (0..1), shape (rows, columns).

    Notes
    -----
    Along lines from west to east each crossing of the coast adds or takes what lies east of it:
    winding numbers, so that islands in lakes of the sea come out right without any polygon.

    >>> square = np.array([[0, 0], [15, 0], [15, 10], [0, 10], [0, 0]], float)
    >>> land_share([square], np.array([-5.0, 5.0, 15.0]), np.array([5.0, 15.0])).tolist()
    [[0.0, 1.0, 0.5], [0.0, 0.0, 0.0]]
    """
    spacing_m = float(x[1] - x[0])
    rows, columns = len(y), len(x)
    found = np.zeros((rows, columns + 1))
    west, south = x[0] - spacing_m / 2, y[0] - spacing_m / 2
    if len(rings):
        starts = np.concatenate([ring[:-1] for ring in rings])
        ends = np.concatenate([ring[1:] for ring in rings])
        to_raster = (np.array([west, south]), np.array([1, LINES]) / spacing_m)
        _add(found, *((part - to_raster[0]) * to_raster[1] - [0, 0.5] for part in (starts, ends)))
    found.cumsum(axis=1, out=found)
    return np.asarray((found[:, :columns] / LINES).clip(0.0, 1.0))


def _add(found: Floats, start: Floats, end: Floats) -> None:
    """Add where stretches of coast cross the lines; their ends are columns and lines."""
    rows, columns = found.shape[0], found.shape[1] - 1
    low, high = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
    first = np.maximum(np.floor(low).astype(np.int64) + 1, 0)
    last = np.minimum(np.floor(high).astype(np.int64), rows * LINES - 1)
    count = np.maximum(last - first + 1, 0)
    piece = np.repeat(np.arange(len(count)), count)
    at = first[piece] + np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    run, rise = (end - start)[piece].T
    cross = start[piece, 0] + (at - start[piece, 1]) / rise * run
    sign = np.where(rise < 0, 1.0, -1.0)  # downwards: land on the left is land to the east
    cross = np.maximum(cross, 0.0)
    seen = cross < columns
    at, cross, sign = at[seen], cross[seen], sign[seen]
    pixel = np.floor(cross).astype(np.int64)
    east = pixel + 1 - cross
    place = at // LINES * (columns + 1) + pixel
    flat = found.ravel()
    flat += np.bincount(place, weights=sign * east, minlength=len(flat))
    flat += np.bincount(place + 1, weights=sign * (1 - east), minlength=len(flat))
