"""What a network that was read for one speed table lacks under another."""

from __future__ import annotations

from accessibility.errors import examples
from accessibility.speeds.rules import keys_read
from accessibility.speeds.table import SpeedTable


def what_is_lacking(read: SpeedTable, table: SpeedTable) -> str:
    """Say what a table may open, or needs to know, that a network read for another left out.

    A reader keeps the ways that its own table opens in any season, and the tags that this table
    reads. Another table's times on such a network are right only where it opens no more.

    Parameters
    ----------
    read
        The table that the network was read for.
    table
        The table that is asked for now.

    Returns
    -------
    str
        What would be missing, in words; empty where nothing is.

    Examples
    --------
    >>> car = SpeedTable(name="a", mode="car", speed_km_h={"primary": 80})
    >>> what_is_lacking(car, car.model_copy(update={"speed_km_h": {"primary": 60}}))
    ''
    >>> what_is_lacking(car, car.model_copy(update={"speed_km_h": {"track": 20}}))
    'roads of the class track'
    >>> what_is_lacking(car, SpeedTable(name="b", mode="walk", speed_km_h={"primary": 5}))
    'what the mode walk uses'
    """
    if read == table:
        return ""
    if read.mode != table.mode:
        return f"what the mode {table.mode} uses"
    known = {*read.speed_km_h, *read.designated_km_h}
    lacking = (
        ("roads of the class", set(table.speed_km_h) - set(read.speed_km_h)),
        ("designated roads of the class", set(table.designated_km_h) - known),
        ("roads with the access value", set(read.closed_values) - set(table.closed_values)),
        ("roads of the one-way key", set(read.keys_of_oneway) - set(table.keys_of_oneway)),
        ("the tag", set(keys_read(table)) - set(keys_read(read))),
        ("roads with the tag", _closed_tags(read) - _closed_tags(table)),
    )
    found = [f"{what} {examples(sorted(names))}" for what, names in lacking if names]
    opened = (
        ("private roads", table.private_km_h is not None and read.private_km_h is None),
        ("fords", _fords_open(table) and not _fords_open(read)),
        ("winter and ice roads", _ice_roads_open(table) and not _ice_roads_open(read)),
        ("roads that a condition closes", read.conditional and not table.conditional),
        ("roads that only a general key closes", read.access == "any" != table.access),
    )
    return "; ".join([*found, *(what for what, is_lacking in opened if is_lacking)])


def _closed_tags(table: SpeedTable) -> set[str]:
    return {f"{key}={value}" for key, values in table.closed_tags.items() for value in values}


def _fords_open(table: SpeedTable) -> bool:
    return table.ford_delay_s is not None or table.access == "any"


def _ice_roads_open(table: SpeedTable) -> bool:
    return table.winter is not None and table.winter.ice_roads
