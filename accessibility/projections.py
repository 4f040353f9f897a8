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
