"""Transformations between coordinate reference systems, each made once a process."""

from __future__ import annotations

from functools import lru_cache

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
