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
from accessibility.speeds import ACCESS_LEGS, Season, SpeedTable
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


def settings_for(
    speeds: SpeedTable,
    *,
    crs: str,
    access_speed_km_h: float | None = None,
    max_leg_m: float | None = None,
    min_component_m: float = 1000,
    direction: Direction = "to_sites",
    season: Season = "summer",
    speed_factor: float = 1.0,
) -> TravelSettings:
    """Make settings; access legs that are not given are those of the table's mode.

    Parameters
    ----------
    speeds
        The speed table.
    crs, access_speed_km_h, max_leg_m, min_component_m, direction, season, speed_factor
        See `TravelSettings`.

    Raises
    ------
    StudyError
        If a number is out of its limits, or a word is none of those.

    Examples
    --------
    >>> on_foot = SpeedTable(name="w", mode="walk", speed_km_h={"footway": 5})
    >>> found = settings_for(on_foot, crs="EPSG:3067")
    >>> found.access_speed_km_h, found.max_leg_m
    (5.0, 1250.0)
    """
    leg = ACCESS_LEGS[of_kind(speeds, "speeds", SpeedTable, "name a table, or read it").mode]
    return TravelSettings(
        access_speed_km_h=leg.speed_km_h if access_speed_km_h is None else access_speed_km_h,
        max_leg_m=leg.max_m if max_leg_m is None else max_leg_m,
        min_component_m=min_component_m,
        crs=crs,
        speeds=speeds,
        direction=direction,
        season=season,
        speed_factor=speed_factor,
    )
