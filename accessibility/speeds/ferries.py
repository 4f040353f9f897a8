"""Ferries: whether one carries a mode, and how long it takes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from accessibility.speeds.access import OPENED, Access, access_by, value_of
from accessibility.speeds.table import SpeedTable

Tags = Mapping[str, str]

FERRY = "ferry"
FOR_THE_PUBLIC = OPENED | {"destination", "customers", "permit"}
UNREADABLE = "ferry_duration_unreadable"
IMPLAUSIBLE = "ferry_duration_implausible"
_NUMBER = r"([0-9]+(?:[.,][0-9]+)?)"
_ISO = re.compile(
    rf"P(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?"
)
_ISO_S = (7 * 86_400, 86_400, 3_600, 60, 1)


def carries(tags: Tags, table: SpeedTable, direction: str) -> bool:
    """Tell whether a ferry carries a mode: only where a key of the mode says so.

    Silent ferries are mostly excursion boats. A key that speaks of everybody (`access`) opens none.
    """
    own = [key for key in table.keys_of_access if key != "access"]
    said = [(key, value) for key in own if (value := value_of(tags, key, direction))]
    if not said:
        return False
    values = {value.strip() for value in said[-1][1].split(";")}
    if not values & FOR_THE_PUBLIC:
        return False
    return table.access == "any" or access_by(said[-1][1], table) is not Access.CLOSED


def parse_duration_s(text: str) -> float | None:
    """Read a ferry's `duration` in seconds: `HH:MM`, `HH:MM:SS`, minutes, or ISO 8601.

    Sources: https://wiki.openstreetmap.org/wiki/Key:duration; ISO 8601-1:2019, 5.5.2 (weeks, days,
    hours, minutes and seconds; months and years have no fixed length and are not read).

    Examples
    --------
    >>> parse_duration_s("00:35"), parse_duration_s("35"), parse_duration_s("PT1H5M")
    (2100.0, 2100.0, 3900.0)
    >>> parse_duration_s("P1DT2H"), parse_duration_s("PT1.5H"), parse_duration_s("PT90M")
    (93600.0, 5400.0, 5400.0)
    >>> [parse_duration_s(text) for text in ("soon", "P", "PT", "P1M", "00:00", "00:75")]
    [None, None, None, None, None, None]
    """
    cleaned = text.strip().upper()
    parts = cleaned.split(":")
    if all(part.isascii() and part.isdigit() for part in parts) and 1 <= len(parts) <= 3:
        numbers = [int(part) for part in parts]
        if len(numbers) == 1:
            return numbers[0] * 60.0 or None
        hours, minutes, seconds = (*numbers, 0)[:3]
        if minutes >= 60 or seconds >= 60:
            return None
        return float(hours * 3600 + minutes * 60 + seconds) or None
    found = _ISO.fullmatch(cleaned)
    if not found or cleaned.endswith(("P", "T")):
        return None
    given = [float((number or "0").replace(",", ".")) for number in found.groups()]
    return sum(number * unit for number, unit in zip(given, _ISO_S, strict=True)) or None
