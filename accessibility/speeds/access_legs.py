"""Access legs: the straight line between a cell or site and its road, by mode of travel."""

from __future__ import annotations

from dataclasses import dataclass

from accessibility.speeds.table import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLeg:
    """How fast an access leg is travelled (km/h), and how long it may be at most (metres)."""

    speed_km_h: float
    max_m: float


#: By car 20 km/h, the speed of a yard or a forest road that no map shows, and at most 5 km. On foot
#: and by bicycle the mode's own speed (the built-in tables' on an ordinary street), and as long as
#: a car's in time: a quarter of an hour, 1,250 m and 4,000 m.
ACCESS_LEGS: dict[Mode, AccessLeg] = {
    "car": AccessLeg(speed_km_h=20, max_m=5000),
    "bicycle": AccessLeg(speed_km_h=16, max_m=4000),
    "walk": AccessLeg(speed_km_h=5, max_m=1250),
}
