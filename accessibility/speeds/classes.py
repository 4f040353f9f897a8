"""OpenStreetMap's highway classes, so that a misspelt one closes no roads without a word.

Source: https://wiki.openstreetmap.org/wiki/Key:highway.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

HIGHWAY_CLASSES = frozenset({
    "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary",
    "secondary_link", "tertiary", "tertiary_link", "unclassified", "residential", "living_street",
    "service", "road", "track", "pedestrian", "footway", "cycleway", "bridleway", "path", "steps",
    "corridor", "platform", "elevator", "ladder", "via_ferrata", "busway", "bus_guideway",
    "raceway", "escape", "rest_area", "services", "emergency_bay",
})  # fmt: skip
#: How alike two words are (0 to 1, difflib) for one to be the other misspelt: `primry` is 0.92 of
#: `primary`; a map's own `mainroad` is 0.67 of `road`, and is left as it is.
MISSPELT = 0.8


def unknown_classes(names: Iterable[str]) -> list[str]:
    """List the classes that OpenStreetMap does not have.

    >>> unknown_classes(["primary", "primry", "*"])
    ['primry']
    """
    return sorted(set(names) - HIGHWAY_CLASSES - {"*"})


def misspelt_classes(names: Iterable[str]) -> dict[str, str]:
    """Return the classes that can only be a known one misspelt, and which it is.

    >>> misspelt_classes(["primary", "primry", "Track", "mainroad"])
    {'Track': 'track', 'primry': 'primary'}
    """
    found = {}
    for name in unknown_classes(names):
        alike = {
            one: SequenceMatcher(None, name.casefold(), one).ratio() for one in HIGHWAY_CLASSES
        }
        nearest = max(sorted(alike), key=alike.__getitem__)
        if alike[nearest] >= MISSPELT:
            found[name] = nearest
    return found
