"""Speed tables: which roads a mode of travel may use, how fast, and with what delays.

A table is data with its sources (one TOML file a country and mode); `SpeedTable` is its checked
form and `WaySpeed` what it says of one way. `access`, `oneway`, `maxspeed`, `conditional` and
`ferries` each read one family of tags, `merged` holds what simplified graphs say of several ways at
once, and `rules` puts them together.
"""

from accessibility.speeds.access_legs import ACCESS_LEGS, AccessLeg
from accessibility.speeds.ferries import parse_duration_s
from accessibility.speeds.read_for import what_is_lacking
from accessibility.speeds.rules import (
    WaySpeed,
    is_driving_speed,
    keys_read,
    node_keys_read,
    node_stops,
    way_speed,
)
from accessibility.speeds.table import Mode, Season, SpeedTable, Winter

__all__ = [
    "ACCESS_LEGS",
    "AccessLeg",
    "Mode",
    "Season",
    "SpeedTable",
    "WaySpeed",
    "Winter",
    "is_driving_speed",
    "keys_read",
    "node_keys_read",
    "node_stops",
    "parse_duration_s",
    "way_speed",
    "what_is_lacking",
]
