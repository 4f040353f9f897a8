"""The lattice that a grid's cells stand on: a column and a row in place of four corners.

Most grids are squares in a projected system, often not the study's own. A page then needs two whole
numbers a cell, and two polynomials that bring any column and row to the map.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from accessibility.projections import map_degrees, transformer

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: A corner may lie this part of a side from its place on the lattice.
TOLERANCE = 2e-3
#: A page's unit is 1/256 of Web Mercator's world, as in Leaflet's zoom 0.
WORLD = 256.0
#: The polynomials may err by this part of a side.
FIT = 1e-3
DEGREES = (2, 4, 6, 8, 10, 12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lattice:
    """Squares of one size in one system.

    Parameters
    ----------
    crs
        The system in which they stand straight.
    size
        Their side, in its unit.
    west, south
        The corner of column 0 and row 0.
    column, row
        By cell.
    """

    crs: CRS
    size: float
    west: float
    south: float
    column: Ints
    row: Ints

    @property
    def columns(self) -> int:
        """The number of columns."""
        return int(self.column.max()) + 1

    @property
    def rows(self) -> int:
        """The number of rows."""
        return int(self.row.max()) + 1

    def points(self, column: Floats, row: Floats, crs: object) -> Floats:
        """Bring places of the lattice to another system, shape (places, 2)."""
        return np.column_stack(transformer(self.crs, crs).transform(*self.places(column, row)))

    def places(self, column: Floats, row: Floats) -> tuple[Floats, Floats]:
        """Give x and y of places of the lattice, in its own system."""
        return self.west + column * self.size, self.south + row * self.size


def lattice_of(cells: gpd.GeoDataFrame, systems: Iterable[str | None]) -> Lattice | None:
    """Find the lattice of cells.

    Parameters
    ----------
    cells
        Squares, in any system.
    systems
        Where they may stand straight, the likeliest first.

    Returns
    -------
    Lattice or None
        None where they stand on no lattice in any of them.
    """
    squares = np.asarray(cells.geometry.array)
    if not (shapely.get_num_coordinates(squares) == 5).all():
        return None
    corners = shapely.get_coordinates(squares).reshape(-1, 5, 2)[:, :4]
    for system in systems:
        try:
            crs = CRS.from_user_input(system or cells.crs)
        except CRSError:
            continue
        x, y = transformer(cells.crs, crs).transform(corners[..., 0], corners[..., 1])
        found = _on_lattice(np.asarray(x), np.asarray(y), crs)
        if found is not None:
            return found
    return None


def _on_lattice(x: Floats, y: Floats, crs: CRS) -> Lattice | None:
    """Count columns and rows of squares given by four corners, if they are straight and equal."""
    side = float(np.median(np.ptp(x, axis=1)))
    if not np.isfinite(side) or side <= 0:
        return None
    whole = round(side)
    size = float(whole) if whole and abs(side - whole) < TOLERANCE * side else side
    west, south = float(x.min()), float(y.min())
    across, along = (x - west) / size, (y - south) / size
    off = max(np.abs(part - np.rint(part)).max() for part in (across, along))
    column, row = np.rint(across).astype(np.int64), np.rint(along).astype(np.int64)
    one = all((np.ptp(part, axis=1) == 1).all() for part in (column, row))
    if off > TOLERANCE or not one:
        return None
    return Lattice(
        crs=crs,
        size=size,
        west=west,
        south=south,
        column=column.min(axis=1),
        row=row.min(axis=1),
    )


def to_world(
    lattice: Lattice, around: object = None
) -> tuple[int, list[float], list[float]] | None:
    """Fit the polynomials that bring columns and rows to the map.

    Both take the column and the row as numbers from -1 to 1 (0 .. columns, 0 .. rows), and give x
    and y in 1/256 of Web Mercator's world, y southwards.

    Parameters
    ----------
    lattice
        The lattice.
    around
        The CRS of the rest of the map, where the lattice's is another; see `map_degrees`.

    Returns
    -------
    tuple or None
        Degree in each of the two; coefficients of x and of y, the powers of the row outside, those
        of the column inside. None where no polynomial is true to a thousandth of a side.
    """
    column = np.concatenate(
        [lattice.column, lattice.column + 1, lattice.column, lattice.column + 1]
    )
    row = np.concatenate([lattice.row, lattice.row, lattice.row + 1, lattice.row + 1])
    truth = _world(lattice, column.astype(float), row.astype(float), around)
    count = len(lattice.column)
    side = float(np.median(np.hypot(*(truth[count : 2 * count] - truth[:count]).T)))
    u, v = _scaled(column, lattice.columns), _scaled(row, lattice.rows)
    for degree in DEGREES:
        factors = _fitted(lattice, degree, around)
        found = np.column_stack([np.polynomial.polynomial.polyval2d(v, u, one) for one in factors])
        if np.abs(found - truth).max() <= FIT * side:
            x, y = ([float(one) for one in part.ravel()] for part in factors)
            return degree, x, y
    return None


def _fitted(lattice: Lattice, degree: int, around: object) -> tuple[Floats, Floats]:
    """Fit one degree at Chebyshev's points over the whole lattice; index: row, then column."""
    nodes = np.cos(np.pi * (np.arange(2 * degree + 2) + 0.5) / (2 * degree + 2))
    v, u = (part.ravel() for part in np.meshgrid(nodes, nodes, indexing="ij"))
    places = _world(lattice, (u + 1) / 2 * lattice.columns, (v + 1) / 2 * lattice.rows, around)
    terms = np.polynomial.polynomial.polyvander2d(v, u, [degree, degree])
    solved = np.asarray(np.linalg.lstsq(terms, places, rcond=None)[0], dtype=np.float64)
    shape = (degree + 1, degree + 1)
    return solved[:, 0].reshape(shape), solved[:, 1].reshape(shape)


def _scaled(steps: Ints, count: int) -> Floats:
    return 2 * steps / count - 1


def _world(lattice: Lattice, column: Floats, row: Floats, around: object) -> Floats:
    """Bring places of the lattice to 1/256 of Web Mercator's world, over 180 degrees and on."""
    lon, lat = map_degrees(*lattice.places(column, row), lattice.crs, around=around)
    turn = np.arcsinh(np.tan(np.radians(lat)))
    return np.column_stack([lon / 360 + 0.5, (1 - turn / np.pi) / 2]) * WORLD
