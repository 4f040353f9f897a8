"""Who may enter a way or pass a node: access tags, value by value and direction by direction.

Source: https://wiki.openstreetmap.org/wiki/Key:access. The most specific key that is tagged decides
(`motorcar` over `motor_vehicle` over `vehicle` over `access`); a key with `:forward` or `:backward`
goes before the same key without. A list (`agricultural;forestry`) lets in everybody whom one of its
values lets in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum

from accessibility.speeds.table import SpeedTable

Tags = Mapping[str, str]

OPENED = frozenset({"yes", "designated", "permissive", "official"})
#: Keys that speak of everybody: on a footway `access=yes` means walkers.
GENERAL_KEYS = frozenset({"access", "vehicle"})
#: Lists are written with `;`; some mappers write `,` or `|`, which no single value holds.
_SEPARATORS = re.compile(r"[;,|]")


class Access(IntEnum):
    """What a way is to a mode, the more open the greater."""

    CLOSED = 0
    #: Open to those who start or end there, not to others who would pass through.
    DESTINATION = 1
    OPEN = 2


def access_of(tags: Tags, table: SpeedTable, direction: str = "") -> tuple[Access, str, str]:
    """Tell whether a mode may enter, and which key and value decide.

    Parameters
    ----------
    tags
        Of a way or node.
    table
        The speed table: its keys, and the values that close or restrict.
    direction
        "forward" or "backward" along the way; empty: neither.

    Returns
    -------
    tuple
        The access, the deciding key and its value (empty where no key is tagged: open).
    """
    said = [
        (key, value) for key in table.keys_of_access if (value := value_of(tags, key, direction))
    ]
    if not said:
        return Access.OPEN, "", ""
    if table.access == "any":
        closed = [(key, value) for key, value in said if value in table.closed_values]
        if closed and not (closed[0][1] == "private" and table.private_km_h is not None):
            return Access.CLOSED, *closed[0]
    key, value = said[-1]
    return access_by(value, table), key, value


def value_of(tags: Tags, key: str, direction: str = "") -> str:
    """Return a key's value in one direction, empty where it is not tagged."""
    if direction:
        own = tags.get(f"{key}:{direction}", "").strip().lower()
        if own:
            return own
    return tags.get(key, "").strip().lower()


def access_by(text: str, table: SpeedTable) -> Access:
    """Read one access value, or a list of them: the most open of its values counts.

    Examples
    --------
    >>> table = SpeedTable(name="t", mode="car", speed_km_h={"road": 50})
    >>> [access_by(text, table).name for text in ("yes", "agricultural;forestry", "no;destination")]
    ['OPEN', 'CLOSED', 'DESTINATION']
    """
    values = [value.strip() for value in _SEPARATORS.split(text) if value.strip()]
    return max((_access_by_one(value, table) for value in values), default=Access.OPEN)


def _access_by_one(value: str, table: SpeedTable) -> Access:
    if value == "private" and table.private_km_h is not None:
        return Access.DESTINATION if value in table.destination_values else Access.OPEN
    if value in table.closed_values:
        return Access.CLOSED
    return Access.DESTINATION if value in table.destination_values else Access.OPEN


def is_private(text: str) -> bool:
    """Tell whether a value lets in residents alone."""
    values = {value.strip() for value in _SEPARATORS.split(text)}
    return "private" in values and not values & OPENED
