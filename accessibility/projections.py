"""Transformations between coordinate reference systems, each made once a process."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer


def transformer(source: object, target: object) -> Transformer:
    """Give what turns coordinates of one CRS into another's, longitude before latitude.

    Both may be whatever pyproj understands as a CRS.

    Finding the best operation between two systems takes PROJ some hundredths of a second, as long
    as the coordinates of a whole region.

    >>> x, y = transformer(4326, "EPSG:3067").transform(27, 0)
    >>> round(x), round(y)
    (500000, 0)
    """
    return _between(CRS.from_user_input(source), CRS.from_user_input(target))


@lru_cache(maxsize=32)
def _between(source: CRS, target: CRS) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def in_area_of_use(
    lon: npt.ArrayLike, lat: npt.ArrayLike, crs: object, *, margin_deg: float = 0.0
) -> npt.NDArray[np.bool_]:
    """Tell which places lie in the area that a CRS is made for; everywhere, where it names none.

    Parameters
    ----------
    lon, lat
        Degrees (EPSG:4326).
    crs
        Whatever pyproj understands as a CRS; its area may lie across 180 degrees.
    margin_deg
        How far outside a place may lie.

    >>> in_area_of_use([-149.8, 25.0], [61.2, 62.0], "EPSG:3338").tolist()
    [True, False]
    """
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    inside = np.isfinite(x) & np.isfinite(y)
    area = CRS.from_user_input(crs).area_of_use
    if area is None:
        return inside
    west, east = area.west - margin_deg, area.east + margin_deg
    across = area.west > area.east
    inside &= ((x >= west) | (x <= east)) if across else ((x >= west) & (x <= east))
    return inside & (y >= area.south - margin_deg) & (y <= area.north + margin_deg)


def middle_longitude(crs: object) -> float:
    """Give the longitude that a CRS is drawn around: its projection's origin, else its area's.

    Degrees; 0 where it is neither projected nor made for an area across 180 degrees.

    >>> round(middle_longitude("EPSG:3460"), 2), middle_longitude(4326)
    (178.75, 0.0)
    """
    return _middle_longitude(CRS.from_user_input(crs))


@lru_cache(maxsize=32)
def _middle_longitude(crs: CRS) -> float:
    operation = crs.coordinate_operation
    for one in () if operation is None or crs.is_geographic else operation.params:
        if one.name.startswith("Longitude of") and "standard parallel" not in one.name:
            return float(np.degrees(float(one.value) * one.unit_conversion_factor))
    area = crs.area_of_use
    if area is None or (area.west <= area.east and crs.is_geographic):
        return 0.0
    return (area.west + area.east + (360.0 if area.west > area.east else 0.0)) / 2


def map_degrees(
    x: npt.ArrayLike, y: npt.ArrayLike, crs: object, *, around: object = None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Bring coordinates to degrees for a map: longitudes run on over 180 around a CRS's middle.

    A region on both sides of 180 degrees stays in one piece, and a map shows it, not the globe.

    Parameters
    ----------
    x, y
        In the CRS.
    crs
        Whatever pyproj understands as a CRS.
    around
        The CRS of the rest of the map, where `crs` is another.

    Returns
    -------
    tuple
        Longitudes, at most 180 degrees from `middle_longitude`, and latitudes.

    >>> lon, lat = map_degrees([2_000_000, 2_200_000], [4_000_000, 4_000_000], "EPSG:3460")
    >>> [round(float(one)) for one in lon]
    [179, 181]
    """
    lon, lat = (np.asarray(one, np.float64) for one in transformer(crs, 4326).transform(x, y))
    middle = middle_longitude(crs if around is None else around)
    # whole turns only: other digits stay as they are
    return lon + 360.0 * np.round((middle - lon) / 360.0), lat
