"""Ways that were merged: one edge whose tags have several values, each on an unknown part of it.

Simplified graphs (osmnx) put the values of the ways that they merge into lists, without their
lengths. A tagset holds one of them under the key itself, for all that asks what kind of road this
is, and all of them under `merged:<key>`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod

MERGED = "merged:"
#: Merged edges hold two or three values of two or three keys; more than this is no road.
MOST_ALTERNATIVES = 1024


def merged(key: str, values: Sequence[str], shown: str) -> dict[str, str]:
    """Put several values of a key into tags: an empty one stands for parts without the key.

    Parameters
    ----------
    key
        The key.
    values
        Its values, in any order.
    shown
        The one that the key itself is to have.

    Examples
    --------
    >>> merged("maxspeed", ["80", "30"], "30")
    {'maxspeed': '30', 'merged:maxspeed': '["30", "80"]'}
    """
    return {key: shown, MERGED + key: json.dumps(sorted(set(values)))}


def alternatives(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """List what a merged way may be at one place, each key by itself; nothing if it is not merged.

    Raises
    ------
    ValueError
        If there are more than `MOST_ALTERNATIVES`.

    Examples
    --------
    >>> alternatives({"highway": "primary"} | merged("maxspeed", ["80", "30"], "30"))
    [{'highway': 'primary', 'maxspeed': '30'}, {'highway': 'primary', 'maxspeed': '80'}]
    >>> alternatives({"highway": "primary"})
    []
    """
    several = {
        key.removeprefix(MERGED): json.loads(values)
        for key, values in tags.items()
        if key.startswith(MERGED)
    }
    if not several:
        return []
    if prod(map(len, several.values())) > MOST_ALTERNATIVES:
        raise ValueError(f"{', '.join(several)} have too many values together")
    same = {key: value for key, value in tags.items() if not key.startswith(MERGED)}
    found = []
    for values in product(*several.values()):
        one = same | dict(zip(several, values, strict=True))
        found.append({key: value for key, value in one.items() if value})
    return found
