"""What travel times were worked out with: a matrix carries it, so that nobody is asked twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from accessibility.checks import (
    ACCESS_SPEED_KM_H,
    MAX_LEG_M,
    MIN_COMPONENT_M,
    SPEED_FACTOR,
    number,
    of_kind,
    word,
)
from accessibility.speeds import Season, SpeedTable
from accessibility.traveltime.links import Direction

SEASONS: tuple[str, ...] = get_args(Season)
DIRECTIONS: tuple[str, ...] = get_args(Direction)


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelSettings:
    """Everything that a matrix was made with, roads, people and sites apart.

    Parameters
    ----------
    access_speed_km_h, max_leg_m
        Speed of the straight line between a cell or site and its road, and its longest length.
    min_component_m
        Least road of a part of the network that sites may stand on; see
        `accessibility.network.Snapper`.
    crs
        The projected CRS that cells and sites stand in.
    speeds
        The speed table.
    direction, season, speed_factor
        "to_sites" or "from_sites", "summer" or "winter", and what every driving speed is
        multiplied by.

    Raises
    ------
    StudyError
        If a number is out of its limits, or a word is none of those.
    """

    access_speed_km_h: float
    max_leg_m: float
    min_component_m: float
    crs: str
    speeds: SpeedTable
    direction: Direction = "to_sites"
    season: Season = "summer"
    speed_factor: float = 1.0

    def __post_init__(self) -> None:
        for name, limits in (
            ("access_speed_km_h", ACCESS_SPEED_KM_H),
            ("max_leg_m", MAX_LEG_M),
            ("min_component_m", MIN_COMPONENT_M),
            ("speed_factor", SPEED_FACTOR),
        ):
            object.__setattr__(self, name, number(getattr(self, name), name, limits))
        of_kind(self.speeds, "speeds", SpeedTable, "name a table, or read it")
        word(self.season, "season", SEASONS)
        word(self.direction, "direction", DIRECTIONS)
