"""Lattices of cells: where the cells of a grid lie, how large they are, which of them overlap."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import KDTree

from accessibility.errors import PopulationError
from accessibility.projections import transformer
from accessibility.sources.places import checked_crs, to_study
from accessibility.sources.tables import Table

Floats = npt.NDArray[np.float64]

#: Cells that share less than this part of the smaller one only touch (projecting bends a lattice).
SLIVER = 0.01
#: Cells may be as many times as large as the smallest: 10 km and 1 km, 1 km and 250 m.
COARSER = (10, 8, 5, 4, 3, 2)
#: Chance below which cells do not keep to a coarser lattice by accident.
UNLIKELY = 1e-6
#: A place further than this share of a cell from its lattice stands on no lattice.
OFF_LATTICE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Lattice:
    """Where cells lie, in the study's CRS, and what was assumed.

    Parameters
    ----------
    centre
        Shape (cells, 2).
    squares
        Their shapes.
    size_m
        Side of the middle one of them, by area.
    overlapping
        How many share area with another.
    notes
        What was assumed.
    """

    centre: Floats
    squares: npt.NDArray[np.object_]
    size_m: float
    overlapping: int = 0
    notes: tuple[str, ...] = ()


def lattice_of(
    table: Table,
    x: Floats,
    y: Floats,
    declared: str,
    anchor: str,
    size_m: float | Floats | None,
    crs: str,
) -> Lattice:
    """Place cells on their own lattice; the squares' corners are projected one by one.

    Parameters
    ----------
    table
        Where they come from, for messages.
    x, y
        Coordinates in the CRS that the file declares, in its own unit.
    declared, crs
        That CRS, and the study's.
    anchor
        What x and y mark: "centre" or "lower-left".
    size_m
        Metres: one size, or each cell's; None: as large as they stand apart.

    Raises
    ------
    PopulationError
        If no size is given and none, or more than one, can be told.
    """
    grid_crs = checked_crs(declared, "population.crs")
    if size_m is not None and grid_crs.is_geographic:
        centre_x, centre_y = to_study(x, y, source=declared, target=crs, table=table, what="cells")
        lattice = lattice_of(table, centre_x, centre_y, crs, anchor, size_m, crs)
        note = "cells stand in degrees; squares of their size are drawn along the study's axes"
        return replace(lattice, notes=(*lattice.notes, note))
    notes = []
    unit_m = 1.0 if grid_crs.is_geographic else grid_crs.axis_info[0].unit_conversion_factor
    size: float | Floats
    if size_m is None:
        size = _spacing(x, y, table)
        apart = f"{size:.6g} degrees" if grid_crs.is_geographic else f"{size * unit_m:.6g} m"
        notes.append(f"cells are taken to be as large as they stand apart, {apart}")
    else:
        size = size_m / unit_m
    if isinstance(size_m, float | int) and (coarser := _coarser(x, y, size_m / unit_m)):
        notes.append(
            f"some cells stand on a lattice of {coarser * unit_m:.6g} m: is population.cell_size_m "
            f"= {size_m:g} right for all of them?"
        )
    if anchor == "lower-left":
        x, y = x + size / 2, y + size / 2
    centre_x, centre_y = to_study(x, y, source=declared, target=crs, table=table, what="cells")
    half = size / 2
    corners = np.stack(
        [
            np.column_stack([x + dx * half, y + dy * half])
            for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ],
        axis=1,
    )
    to_crs = transformer(declared, crs)
    corner_x, corner_y = to_crs.transform(corners[..., 0].ravel(), corners[..., 1].ravel())
    squares = shapely.polygons(np.column_stack([corner_x, corner_y]).reshape(-1, 4, 2))
    overlapping = count_overlapping(squares)
    if overlapping:
        notes.append(
            f"{overlapping} cells overlap another: is population.cell_size_m right, and does "
            "everybody come once?"
        )
    return Lattice(
        centre=np.column_stack([centre_x, centre_y]),
        squares=squares,
        size_m=round(float(np.median(np.sqrt(shapely.area(squares)))), 1),
        overlapping=overlapping,
        notes=tuple(notes),
    )


def count_overlapping(cells: npt.NDArray[np.object_]) -> int:
    """Count the cells that share more than a sliver of their area with another.

    Squares cut at a border have their centres near one another and share nothing.
    """
    if len(cells) < 2:
        return 0
    one, other = shapely.STRtree(cells).query(cells, predicate="intersects")
    pairs = one < other
    one, other = one[pairs], other[pairs]
    # most neighbours only touch: their boxes share next to nothing, and need no closer look
    west, south, east, north = shapely.bounds(cells).T
    width = np.minimum(east[one], east[other]) - np.maximum(west[one], west[other])
    height = np.minimum(north[one], north[other]) - np.maximum(south[one], south[other])
    area = shapely.area(cells)
    smaller = np.minimum(area[one], area[other])
    near = width * height > SLIVER * smaller
    one, other, smaller = one[near], other[near], smaller[near]
    shared = shapely.area(shapely.intersection(cells[one], cells[other]))
    over = shared > SLIVER * smaller
    return len(np.unique(np.concatenate([one[over], other[over]])))


def _spacing(x: Floats, y: Floats, table: Table) -> float:
    """Find the lattice's spacing where the study gives no cell size.

    Raises
    ------
    PopulationError
        If the places stand on no lattice: their least distance says nothing then.
    """
    steps = np.concatenate([np.diff(np.unique(x)), np.diff(np.unique(y))])
    steps = steps[steps > 0]
    size = float(steps.min()) if len(steps) else 0.0
    offsets = np.concatenate([x - x.min(), y - y.min()])
    if size:  # the least step is rounded; all of them together say more
        whole = np.rint(offsets / size)
        size = float(offsets @ whole / (whole @ whole))
    if not size or np.abs(offsets / size - whole).max() > OFF_LATTICE:
        raise PopulationError(
            f"{table.path}: the size of the grid's cells cannot be told from their places; "
            "give population.cell_size_m"
        )
    points = np.column_stack([x, y])
    nearest = KDTree(points).query(points, k=2, p=np.inf)[0][:, 1]
    if len(points) > 1 and nearest.min() > size * (1 + OFF_LATTICE):
        raise PopulationError(
            f"{table.path}: the grid's cells seem to be of several sizes: their places lie on a "
            f"lattice of {size:.6g}, but no two of them are nearer than {nearest.min():.6g}; give "
            "population.cell_size_m, as a number or as the column that holds each cell's size"
        )
    coarser = _coarser(x, y, size)
    if coarser:
        raise PopulationError(
            f"{table.path}: the grid's cells seem to be of several sizes: some stand {size:.6g} "
            f"apart, the others on a lattice of {coarser:.6g}; give population.cell_size_m, as a "
            "number or as the column that holds each cell's size"
        )
    return size


def _coarser(x: Floats, y: Floats, size: float) -> float:
    """Return the spacing of cells that keep to a lattice of their own, several times as coarse.

    Cells that are left out because nobody lives there leave the others at any place of the one
    lattice. Where those that stand at least k cells from any other all keep to every k-th place,
    by chance one in k^2 a cell, they are cells of k times the size.

    Returns
    -------
    float
        The largest such spacing; 0 where there is none.
    """
    points = np.rint(np.column_stack([x - x.min(), y - y.min()]) / size)
    if len(points) < 3:
        return 0.0
    nearest = KDTree(points).query(points, k=2, p=np.inf)[0][:, 1]
    if not (nearest <= 1).any():  # of one coarse size: said by the size that the study gives
        return 0.0
    for times in COARSER:
        lone = points[nearest >= times]
        by_chance = float(times) ** (-2 * (len(lone) - 1)) if len(lone) else 1.0
        if by_chance < UNLIKELY and not ((lone - lone[0]) % times).any():
            return times * size
    return 0.0
