"""Which direction of a way a mode may take.

Source: https://wiki.openstreetmap.org/wiki/Key:oneway and Key:cycleway. Roundabouts and motorways
imply one-way; `reversible` and `alternating` are open part of the time only, and closed here.
"""

from __future__ import annotations

from collections.abc import Mapping

from accessibility.speeds.table import SpeedTable

Tags = Mapping[str, str]

YES = frozenset({"yes", "true", "1"})
NO = frozenset({"no", "false", "0"})
BACKWARD = frozenset({"-1", "reverse"})
PART_OF_THE_TIME = frozenset({"reversible", "alternating"})
ROUNDABOUTS = frozenset({"roundabout", "circular"})
CYCLEWAY_SIDES = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
CYCLEWAY_KEYS = (*CYCLEWAY_SIDES, *(f"{side}:oneway" for side in CYCLEWAY_SIDES))


def open_directions(tags: Tags, table: SpeedTable) -> tuple[bool, bool]:
    """Tell which directions are open: along the way as it is drawn, and against it.

    Examples
    --------
    >>> table = SpeedTable(name="t", mode="car", speed_km_h={"road": 50})
    >>> open_directions({"oneway": "yes"}, table)
    (True, False)
    >>> open_directions({"oneway": "yes", "oneway:motor_vehicle": "no"}, table)
    (True, True)
    """
    keys = table.keys_of_oneway
    value = next((tags[key].strip().lower() for key in reversed(keys) if key in tags), "")
    implied = "oneway" in keys and (
        tags.get("junction") in ROUNDABOUTS or tags.get("highway") == "motorway"
    )
    if value in PART_OF_THE_TIME:
        return False, False
    if value in BACKWARD:
        forward, backward = False, True
    elif value in YES or (implied and value not in NO):
        forward, backward = True, False
    else:
        return True, True
    if table.mode == "bicycle" and has_contraflow(tags, against=BACKWARD if forward else YES):
        return True, True
    return forward, backward


def has_contraflow(tags: Tags, *, against: frozenset[str]) -> bool:
    """Tell whether cyclists have a lane or leave against the one-way street.

    >>> has_contraflow({"cycleway:left": "opposite_lane"}, against=BACKWARD)
    True
    """
    for side in CYCLEWAY_SIDES:
        if tags.get(side, "").startswith("opposite"):
            return True
        if tags.get(f"{side}:oneway", "").strip() in against | NO and tags.get(side) != "no":
            return True
    return False
