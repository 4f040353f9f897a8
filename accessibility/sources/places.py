"""Coordinates: from the CRS that a file declares to the study's; a guess at what went wrong."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyproj import CRS
from pyproj.exceptions import CRSError

from accessibility.errors import DataError, StudyError
from accessibility.projections import in_area_of_use, transformer
from accessibility.sources.tables import Table

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

#: How far outside the CRS's area of use a place may lie before it counts as misplaced, degrees.
MARGIN_DEG = 2.0
#: EPSG codes of the UTM zones of WGS 84, before zone 1.
UTM_NORTH, UTM_SOUTH = 32600, 32700


@lru_cache
def checked_crs(text: str, key: str) -> CRS:
    """Understand a CRS, or say that the study names none.

    Raises
    ------
    StudyError
        If the text is no CRS.
    """
    try:
        return CRS.from_user_input(text)
    except CRSError as problem:
        raise StudyError(f'{key}: "{text}" is no CRS; expected something like "EPSG:3067"') from (
            problem
        )


@lru_cache
def projected_crs(text: str) -> CRS:
    """Understand a study's CRS: projected, in metres.

    Raises
    ------
    StudyError
        If it is not.
    """
    crs = checked_crs(text, "crs")
    metres = all(axis.unit_name in ("metre", "meter") for axis in crs.axis_info[:2])
    if not crs.is_projected or not metres:
        raise StudyError(
            f'crs: "{text}" is not a projected CRS in metres; '
            'give the region\'s own, such as "EPSG:3067" for Finland'
        )
    method = crs.coordinate_operation.method_name if crs.coordinate_operation else ""
    if "Pseudo Mercator" in method:
        raise StudyError(
            f'crs: the metres of "{text}" (web maps) are not metres on the ground; '
            'give the region\'s own CRS, such as "EPSG:3067" for Finland'
        )
    return crs


def to_study(
    x: Floats, y: Floats, *, source: str, target: str, table: Table, what: str
) -> tuple[Floats, Floats]:
    """Bring coordinates to the study's CRS, refusing those that cannot be right.

    Parameters
    ----------
    x, y
        Coordinates in the CRS that the file declares; longitude first where it is geographic.
    source, target
        Declared CRS, and the study's.
    table
        Where they come from, for messages.
    what
        What they are: "sites", "cells".

    Raises
    ------
    DataError
        If places lie outside the area that the study's CRS is made for, with a guess at the cause:
        swapped, metres labelled as degrees, another CRS.
    """
    crs = projected_crs(target)
    declared = checked_crs(source, f"crs of the {what} in {table.path}")
    outside = ~_inside(x, y, declared, crs)
    if outside.any():
        from_text = bool(table.delimiter)
        named = "population.crs" if what == "cells" else f"the CRS of {table.path.name}"
        if what == "sites" and from_text:
            named = "sites.crs"
        mend = f"give it as {named}"
        guess = _guess(x[outside], y[outside], declared, crs, mend)
        first = int(np.flatnonzero(outside)[0])
        raise DataError(
            f"{table.path}: {int(outside.sum())} of {len(x)} {what} lie outside the area of "
            f"{crs.name} (row {table.rows(outside)}; the first at {x[first]:g}, {y[first]:g} in "
            f"{declared.name}). {guess}"
        )
    projected = transformer(declared, crs).transform(x, y)
    return np.asarray(projected[0], dtype=np.float64), np.asarray(projected[1], dtype=np.float64)


def _inside(x: Floats, y: Floats, declared: CRS, crs: CRS) -> Mask:
    """Tell which places lie in the area of use of the study's CRS, with a margin."""
    lon, lat = transformer(declared, 4326).transform(x, y)
    lon, lat = np.asarray(lon), np.asarray(lat)
    inside = np.isfinite(lon) & np.isfinite(lat)
    if declared.is_geographic:
        inside &= (np.abs(x) <= 180) & (np.abs(y) <= 90)
    return inside & in_area_of_use(lon, lat, crs, margin_deg=MARGIN_DEG)


def _are_degrees(x: Floats, y: Floats) -> bool:
    return bool((np.abs(x) <= 180).all() and (np.abs(y) <= 90).all())


def _guess(x: Floats, y: Floats, declared: CRS, crs: CRS, mend: str) -> str:
    """Guess what went wrong with misplaced coordinates, and say how to mend that."""
    if ((x == 0) & (y == 0)).all():
        return "They stand at 0, 0: their coordinates are missing"
    if _inside(y, x, declared, crs).all():
        first, second = ("longitude", "latitude") if declared.is_geographic else ("x", "y")
        return f"Are {first} and {second} swapped? Swapped, they fit"
    if declared.is_geographic and not _are_degrees(x, y) and _inside(x, y, crs, crs).all():
        known = f" (EPSG:{crs.to_epsg()})" if crs.to_epsg() else ""
        return f"They look like metres of {crs.name}{known}: {mend}"
    if not declared.is_geographic and _inside(x, y, CRS.from_epsg(4326), crs).all():
        return f"They look like degrees (EPSG:4326): {mend}"
    twin = _other_hemisphere(crs)
    if twin is not None and _inside(x, y, declared, twin).all():
        return (
            f"They lie in {twin.name} (EPSG:{twin.to_epsg()}), of the other hemisphere: is that "
            "the study's crs?"
        )
    if _are_degrees(x, y):  # a few metres from a false origin are no place of these CRS
        return "Check the file's crs, the order of its columns, and that it is the right region's"
    for code, name in ((3067, "ETRS-TM35FIN"), (3035, "the European grid"), (2393, "KKJ 3")):
        if _inside(x, y, CRS.from_epsg(code), crs).all():
            return f"They look like EPSG:{code} ({name}): {mend}"
    return "Check the file's crs, the order of its columns, and that it is the right region's"


@lru_cache
def _other_hemisphere(crs: CRS) -> CRS | None:
    """Return the same UTM zone on the other side of the equator; nothing for any other CRS."""
    code = crs.to_epsg() or 0
    if UTM_NORTH < code <= UTM_NORTH + 60:
        return CRS.from_epsg(code - UTM_NORTH + UTM_SOUTH)
    if UTM_SOUTH < code <= UTM_SOUTH + 60:
        return CRS.from_epsg(code - UTM_SOUTH + UTM_NORTH)
    return None
