"""What a road network holds: which classes of road, how much of each, and how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from accessibility.network.drive_times import CLOSED, DriveTimes

#: The classes of streets that homes stand by; a map without them holds main roads only.
STREETS = frozenset(
    {
        "residential", "living_street", "service", "pedestrian", "footway", "path", "cycleway",
        "steps",
    }
)  # fmt: skip
#: Below this share of streets in the open road length a network counts as main roads only. The
#: Finnish state-road networks hold 0.4 % (residential alone); whole OpenStreetMap extracts more
#: than a quarter (Iceland 28 %), those filtered to a car's roads 15 % and more.
LEAST_STREETS = 0.05
#: Roads at least this long have shape points wherever they are drawn as they run: of their length
#: 0.5 % is straight in Iceland, all of it in the Finnish state-road networks.
LONG_ROAD_M = 500.0
MOSTLY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What a network holds that is open to the mode.

    Parameters
    ----------
    km_by_class
        Kilometres by highway class (`ferry` for ferries, `?` where none is tagged), longest first.
    straight_share
        Share (0..1) of the length of roads over 500 m that is drawn as one straight line between
        junctions; 0 where there is none so long.
    """

    km_by_class: Mapping[str, float]
    straight_share: float

    @property
    def km(self) -> float:
        """All of them, ferries apart."""
        return sum(km for name, km in self.km_by_class.items() if name != "ferry")

    @property
    def main_roads_only(self) -> bool:
        """Whether next to no street is there; never where classes are not tagged."""
        untagged = self.km_by_class.get("?", 0.0)
        streets = sum(km for name, km in self.km_by_class.items() if name in STREETS)
        return untagged < self.km * MOSTLY and streets < self.km * LEAST_STREETS

    @property
    def is_straight(self) -> bool:
        """Whether most long roads are straight lines: places beside them are only rough."""
        return self.straight_share > MOSTLY


def holdings(times: DriveTimes) -> Holdings:
    """Measure what a network holds under its speed table.

    Parameters
    ----------
    times
        The driving times: a road counts that they open in any direction.
    """
    network = times.network
    is_open = (times.edge_forward_ds != CLOSED) | (times.edge_backward_ds != CLOSED)
    names = [
        "ferry" if tags.get("route") == "ferry" else str(tags.get("highway") or "?")
        for tags in network.tagsets
    ]
    tagset = network.way_tags[network.edge_way]
    edge_m = network.edge_m
    by_tagset_m = np.bincount(tagset[is_open], edge_m[is_open], minlength=len(names))
    km: dict[str, float] = {}
    for name, metres in zip(names, by_tagset_m, strict=True):
        if metres > 0:
            km[name] = km.get(name, 0.0) + float(metres) / 1000
    is_road = is_open & ~times.ferry & (edge_m >= LONG_ROAD_M)
    straight = is_road & (np.diff(network.point_from) == 2)  # its two ends and nothing between
    long_m = float(edge_m[is_road].sum())
    return Holdings(
        km_by_class=dict(sorted(km.items(), key=lambda one: (-one[1], one[0]))),
        straight_share=float(edge_m[straight].sum()) / long_m if long_m > 0 else 0.0,
    )
