"""Posted speed limits: a strict reading of OSM's `maxspeed`.

Anything that is not one clear limit is no limit at all, and is counted, so that a slip of the pen
(`50;80`, `30 knots`, `1e21`) never becomes a driving speed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

KM_H_PER_MPH = 1.609344
LOWEST_KM_H = 1.0
HIGHEST_KM_H = 150.0  # the highest posted anywhere is 140 km/h
#: Limits in words that mean the same everywhere. Source:
#: https://wiki.openstreetmap.org/wiki/Key:maxspeed ("walk"; German courts read it as 4 to 7 km/h).
WORDS_KM_H = {"walk": 5.0}
_LIMIT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,2})?)\s*(km/h|kmh|kph|mph)?")


def parse_maxspeed(text: str, implicit_km_h: Mapping[str, float] | None = None) -> float | None:
    """Read one posted limit in km/h, or None where the text is not one clear limit.

    Parameters
    ----------
    text
        The value of a `maxspeed` key.
    implicit_km_h
        The limits behind texts such as `FI:urban`; a text that is not listed is no limit.

    Returns
    -------
    float | None
        A limit from 1 to 150 km/h.

    Notes
    -----
    Source: https://wiki.openstreetmap.org/wiki/Key:maxspeed. A bare number is in km/h.

    Examples
    --------
    >>> parse_maxspeed("80"), parse_maxspeed("50 mph")
    (80.0, 80.4672)
    >>> parse_maxspeed("FI:urban", {"FI:urban": 50})
    50.0
    >>> [parse_maxspeed(text) for text in ("50;80", "80|60", "30 knots", "0", "999", "")]
    [None, None, None, None, None, None]
    >>> parse_maxspeed("3 mph"), parse_maxspeed("walk")
    (4.828032, 5.0)
    """
    cleaned = text.strip()
    if implicit_km_h and cleaned in implicit_km_h:
        return float(implicit_km_h[cleaned])
    if cleaned in WORDS_KM_H:
        return WORDS_KM_H[cleaned]
    found = _LIMIT.fullmatch(cleaned)
    if not found:
        return None
    limit_km_h = float(found[1]) * (KM_H_PER_MPH if found[2] == "mph" else 1.0)
    return limit_km_h if LOWEST_KM_H <= limit_km_h <= HIGHEST_KM_H else None
