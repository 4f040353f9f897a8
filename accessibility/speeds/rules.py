"""What a speed table says of one way: open or closed, how fast, in each direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import TypeGuard

from accessibility.speeds.access import GENERAL_KEYS, OPENED, Access, access_of, is_private
from accessibility.speeds.conditional import SUFFIX, at_season
from accessibility.speeds.ferries import FERRY, carries
from accessibility.speeds.maxspeed import HIGHEST_KM_H, LOWEST_KM_H, parse_maxspeed
from accessibility.speeds.merged import alternatives
from accessibility.speeds.oneway import CYCLEWAY_KEYS, open_directions
from accessibility.speeds.table import Season, SpeedTable, Winter

Tags = Mapping[str, str]

IMPLYING_KEYS = ("maxspeed:type", "source:maxspeed", "zone:traffic")
UNBUILT = frozenset({"construction", "proposed", "planned", "abandoned", "razed", "disused"})
FORDS = frozenset({"yes", "stepping_stones", "boat"})
SEASONS = frozenset({"winter", "spring", "summer", "autumn"})
DIRECTIONS = ("forward", "backward")
LIMIT_KEYS = ("maxspeed", "maxspeed:forward", "maxspeed:backward")

#: The keys that `way_speed` reads, besides those that the table names.
KEYS = (
    "highway", "route", "maxspeed", "maxspeed:forward", "maxspeed:backward", "maxspeed:type",
    "source:maxspeed", "zone:traffic", "speed_kph",
    "junction", "oneway", "ice_road", "winter_road", "seasonal", "surface", "tracktype",
    "smoothness", "ford", "duration", "ferry_route",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WaySpeed:
    """The speed of one way in km/h each way (0: closed), and how it came about.

    Parameters
    ----------
    forward_km_h, backward_km_h
        Speed along the way as it is drawn, and against it; 0 where it is closed.
    forward_destination, backward_destination
        Whether the way is open only to those who start or end there: not for through traffic.
    counts
        What had to be assumed (`maxspeed_unreadable` and the like).
    """

    forward_km_h: float = 0.0
    backward_km_h: float = 0.0
    forward_destination: bool = False
    backward_destination: bool = False
    counts: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the way may be used in any direction."""
        return self.forward_km_h > 0 or self.backward_km_h > 0


CLOSED = WaySpeed()


def keys_read(table: SpeedTable) -> tuple[str, ...]:
    """List the tag keys that can change what `table` says of a way."""
    access = table.keys_of_access
    keys = [
        *KEYS,
        *access,
        *(f"{key}:{direction}" for key in access for direction in DIRECTIONS),
        *table.keys_of_oneway,
        *table.closed_tags,
        *table.no_stopping_tags,
    ]
    if table.conditional:
        keys += [key + SUFFIX for key in _conditional_keys(table)]
    if table.mode == "bicycle":
        keys += CYCLEWAY_KEYS
    return tuple(dict.fromkeys(keys))


def _conditional_keys(table: SpeedTable) -> tuple[str, ...]:
    """List the keys whose `:conditional` is read."""
    sided = ("maxspeed", *table.keys_of_access) if table.use_maxspeed else table.keys_of_access
    return (
        *sided,
        *(f"{key}:{direction}" for key in sided for direction in DIRECTIONS),
        *table.keys_of_oneway,
    )


def way_speed(tags: Tags, table: SpeedTable, season: Season = "summer") -> WaySpeed:
    """Say how fast a way is in each direction.

    Parameters
    ----------
    tags
        The way's OSM tags.
    table
        The speed table of the mode.
    season
        Winter applies the table's `winter` part and opens ice roads.

    Returns
    -------
    WaySpeed
        Speeds in km/h; 0 where the way is closed in that direction.

    Examples
    --------
    >>> table = SpeedTable(name="t", mode="car", speed_km_h={"primary": 80}, use_maxspeed=True)
    >>> speed = way_speed({"highway": "primary", "oneway": "yes", "maxspeed": "60"}, table)
    >>> speed.forward_km_h, speed.backward_km_h
    (60.0, 0.0)
    >>> way_speed({"highway": "footway"}, table).is_open
    False
    """
    if several := alternatives(tags):
        return _mean([way_speed(one, table, season) for one in several])
    counts: tuple[str, ...] = ()
    own_limit = False
    if table.conditional:
        tagged = tags
        tags, counts = at_season(tags, _conditional_keys(table), season)
        own_limit = any(tags.get(key) != tagged.get(key) for key in LIMIT_KEYS)
    if not _is_usable(tags, table, season):
        return CLOSED
    along, against = open_directions(tags, table)
    speeds, destination = [0.0, 0.0], [False, False]
    for side, (direction, is_open) in enumerate(zip(DIRECTIONS, (along, against), strict=True)):
        if not is_open:
            continue
        if tags.get("route") == FERRY:
            found = _ferry_speed(tags, table, direction)
        else:
            found = _road_speed(tags, table, season, direction, has_winter_limit=own_limit)
        if found is not None:
            speeds[side], destination[side] = found.km_h, found.destination
            counts += found.counts
    if speeds == [0.0, 0.0]:
        return CLOSED
    return WaySpeed(
        forward_km_h=speeds[0],
        backward_km_h=speeds[1],
        forward_destination=destination[0],
        backward_destination=destination[1],
        counts=tuple(dict.fromkeys(counts)),
    )


@dataclass(frozen=True, slots=True)
class _Speed:
    """The speed of one direction that is open."""

    km_h: float
    destination: bool = False
    counts: tuple[str, ...] = ()


def _ferry_speed(tags: Tags, table: SpeedTable, direction: str) -> _Speed | None:
    """Give a ferry's default speed; a tagged duration replaces it once the length is known."""
    if not table.ferries or table.ferry is None or not carries(tags, table, direction):
        return None
    return _Speed(table.ferry.speed_km_h, counts=("ferry",))


def _road_speed(
    tags: Tags, table: SpeedTable, season: Season, direction: str, *, has_winter_limit: bool
) -> _Speed | None:
    """Give the speed of a road in one direction; nothing where it is closed."""
    road_class = tags.get("highway", "")
    access, key, value = access_of(tags, table, direction)
    class_km_h = table.speed_km_h.get(road_class)
    is_signed = bool(key) and key not in GENERAL_KEYS  # by a key of the mode
    if is_signed and (class_km_h is None or value in OPENED):
        class_km_h = table.designated_km_h.get(road_class, class_km_h)
    if class_km_h is None or access is Access.CLOSED:
        return None
    km_h, counts = _driven(tags, table, season, road_class, class_km_h, direction, has_winter_limit)
    if table.private_km_h is not None and is_private(value):
        km_h = min(km_h, table.private_km_h)
        counts = (*counts, "private_open")
    return _Speed(km_h, access is Access.DESTINATION, counts)


def _mean(parts: Sequence[WaySpeed]) -> WaySpeed:
    """Give the speed of an edge whose parts are of unknown length; closed where one of them is.

    The mean of their speeds, as osmnx takes it of several limits. On edges that osmnx merges in
    Helsinki's centre, Porto and Liechtenstein it gives 0.97, 0.98 and 1.00 of their minutes part by
    part, the mean of their minutes 1.00, 1.03 and 1.06, the lowest limit 1.15, 1.21 and 1.30.
    """
    ways_km_h = [(one.forward_km_h, one.backward_km_h) for one in parts]
    forward_km_h, backward_km_h = (
        fsum(speeds) / len(speeds) if min(speeds) > 0 else 0.0
        for speeds in zip(*ways_km_h, strict=True)
    )
    counts = tuple(dict.fromkeys(name for one in parts for name in one.counts))
    return WaySpeed(
        forward_km_h=forward_km_h,
        backward_km_h=backward_km_h,
        forward_destination=any(one.forward_destination for one in parts),
        backward_destination=any(one.backward_destination for one in parts),
        counts=counts,
    )


def _is_usable(tags: Tags, table: SpeedTable, season: Season) -> bool:
    """Tell whether the way exists for traffic at all: built, in season, not closed by a tag."""
    if tags.get("highway", "") in UNBUILT:
        return False
    if any(tags.get(key) in values for key, values in table.closed_tags.items()):
        return False
    if tags.get("ford") in FORDS and table.ford_delay_s is None:
        return table.access == "any"  # the plain model has no fords: they cost nothing
    seasons = {one.strip() for one in tags.get("seasonal", "").split(";")} & SEASONS
    is_winter_way = (
        tags.get("ice_road") == "yes" or tags.get("winter_road") == "yes" or seasons == {"winter"}
    )
    if is_winter_way:
        return season == "winter" and table.winter is not None and table.winter.ice_roads
    return not seasons or season in seasons


def _driven(
    tags: Tags,
    table: SpeedTable,
    season: Season,
    road_class: str,
    class_km_h: float,
    direction: str,
    has_winter_limit: bool,
) -> tuple[float, tuple[str, ...]]:
    """Give the speed driven in one direction, in km/h, and what had to be assumed."""
    counts: tuple[str, ...] = ()
    speed_km_h, winter = class_km_h, table.winter if season == "winter" else None
    assumed_km_h = _assumed(tags, table, direction) if table.use_speed_kph else None
    posted_km_h = None
    if assumed_km_h is not None:
        speed_km_h = assumed_km_h
    elif table.use_maxspeed:
        posted_km_h, implied_km_h, counts = _limit(tags, table, direction)
        if posted_km_h is not None:
            if winter is not None and not has_winter_limit:
                posted_km_h = winter.limits_km_h.get(f"{posted_km_h:g}", posted_km_h)
            cap_km_h = table.limit_cap_km_h.get(road_class, posted_km_h)
            share = table.maxspeed_share
            if winter is not None and not has_winter_limit:
                share *= _posted_factor(winter, posted_km_h)
            speed_km_h = min(posted_km_h * share, cap_km_h)
        elif _is_urban(tags) and road_class in table.urban_km_h:
            speed_km_h = table.urban_km_h[road_class]
        elif implied_km_h is not None:
            speed_km_h = min(class_km_h, implied_km_h * table.maxspeed_share)
    if winter is not None and posted_km_h is None:
        speed_km_h *= winter.factor.get(road_class, winter.factor.get("*", 1.0))
    caps = (
        table.surface_cap_km_h.get(tags.get("surface", "")),
        table.tracktype_cap_km_h.get(tags.get("tracktype", "")),
        table.smoothness_cap_km_h.get(tags.get("smoothness", "")),
    )
    return min([float(speed_km_h), *(cap for cap in caps if cap is not None)]), counts


def _posted_factor(winter: Winter, posted_km_h: float) -> float:
    """Return winter over summer speed on a road with a posted limit."""
    below = [float(limit) for limit in winter.posted_factor if float(limit) <= posted_km_h]
    return winter.posted_factor[f"{max(below):g}"] if below else 1.0


def _assumed(tags: Tags, table: SpeedTable, direction: str) -> float | None:
    """Read `speed_kph`, the assumed driving speed that a prepared graph may carry."""
    text = tags.get(f"speed_kph:{direction}", tags.get("speed_kph", "nan"))
    try:
        km_h = float(text)
    except ValueError:
        return None
    return km_h * table.speed_kph_share if is_driving_speed(km_h) else None


def is_driving_speed(km_h: float | None) -> TypeGuard[float]:
    """Tell whether a number can be the speed of a road, in km/h."""
    return km_h is not None and LOWEST_KM_H <= km_h <= HIGHEST_KM_H


def _limit(
    tags: Tags, table: SpeedTable, direction: str
) -> tuple[float | None, float | None, tuple[str, ...]]:
    """Read the limit in one direction: posted as a number, or implied by a text such as `FI:urban`.

    Returns
    -------
    tuple
        Posted and implied limit in km/h (None: there is none), and what was counted.
    """
    implicit = table.maxspeed_implicit_km_h
    by_direction = (f"maxspeed:{direction}",) if table.maxspeed_by_direction else ()
    counts: tuple[str, ...] = ("maxspeed_absent",)
    for key in (*by_direction, "maxspeed"):
        text = tags.get(key, "").strip()
        if text in implicit:
            return None, implicit[text], ("maxspeed_implied",)
        if text:
            posted_km_h = parse_maxspeed(text)
            if posted_km_h is not None:
                return posted_km_h, None, ()
            counts = ("maxspeed_unreadable",)
    for key in IMPLYING_KEYS:
        if tags.get(key, "") in implicit:
            return None, implicit[tags[key]], (*counts, "maxspeed_implied")
    return None, None, counts


def _is_urban(tags: Tags) -> bool:
    """Tell whether the way is tagged as inside a built-up area."""
    return any(tags.get(key, "").endswith(":urban") for key in ("maxspeed", *IMPLYING_KEYS))


def node_keys_read(table: SpeedTable) -> tuple[str, ...]:
    """List the tag keys that can change what `table` says of a node."""
    keys = ("barrier", "highway", "ford", "bollard", "traffic_signals:direction")
    return (*keys, *table.keys_of_access)


def node_stops(tags: Tags, table: SpeedTable) -> bool:
    """Tell whether a node stops the mode: a closed barrier, or a ford where fords are closed.

    A barrier of a kind in `barrier_open` lets pass unless an access key closes it; any other kind
    stops unless one opens it. Source: https://wiki.openstreetmap.org/wiki/Key:barrier.

    Examples
    --------
    >>> table = SpeedTable(name="t", mode="car", speed_km_h={"road": 50}, barriers=True,
    ...                    barrier_open=("cattle_grid",))
    >>> [node_stops({"barrier": kind}, table) for kind in ("bollard", "cattle_grid")]
    [True, False]
    >>> node_stops({"barrier": "bollard", "motor_vehicle": "yes"}, table)
    False
    """
    if several := alternatives(tags):
        return any(node_stops(one, table) for one in several)
    if tags.get("ford") in FORDS and table.ford_delay_s is None and table.access != "any":
        return True
    if not table.barriers or "barrier" not in tags:
        return False
    access, key, value = access_of(tags, table)
    kind = tags["barrier"]
    lets_pass = kind in table.barrier_open or tags.get(kind, "") in table.barrier_open_kind
    if not key or is_private(value):
        return not (lets_pass and access is not Access.CLOSED)
    return access is Access.CLOSED
