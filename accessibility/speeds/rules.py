"""What a speed table says of one way: open or closed, how fast, in each direction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from accessibility.speeds.maxspeed import HIGHEST_KM_H, LOWEST_KM_H, parse_maxspeed
from accessibility.speeds.table import Season, SpeedTable

Tags = Mapping[str, str]

YES = frozenset({"yes", "true", "1"})
BACKWARD = frozenset({"-1", "reverse"})
ROUNDABOUTS = frozenset({"roundabout", "circular"})
OPENED = frozenset({"yes", "designated", "permissive"})
IMPLYING_KEYS = ("maxspeed:type", "source:maxspeed", "zone:traffic")
UNBUILT = frozenset({"construction", "proposed", "planned", "abandoned", "razed", "disused"})
FORDS = frozenset({"yes", "stepping_stones", "boat"})
FERRY = "ferry"

#: The keys that `way_speed` reads, besides the access, one-way and closing keys of the table.
KEYS = (
    "highway", "route", "maxspeed", "maxspeed:forward", "maxspeed:backward", "maxspeed:type",
    "source:maxspeed", "zone:traffic", "speed_kph",
    "junction", "oneway", "ice_road", "winter_road", "seasonal", "surface", "tracktype",
    "smoothness", "ford", "duration",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WaySpeed:
    """The speed of one way in km/h each way (0: closed), and how it came about.

    `counts` names what had to be assumed (`maxspeed_unreadable` and the like).
    """

    forward_km_h: float = 0.0
    backward_km_h: float = 0.0
    counts: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the way may be used in any direction."""
        return self.forward_km_h > 0 or self.backward_km_h > 0


CLOSED = WaySpeed()


def keys_read(table: SpeedTable) -> tuple[str, ...]:
    """List the tag keys that can change what `table` says of a way."""
    keys = (*KEYS, *table.keys_of_access, *table.keys_of_oneway, *table.closed_tags)
    return tuple(dict.fromkeys(keys))


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
    >>> way_speed({"highway": "primary", "oneway": "yes", "maxspeed": "60"}, table)
    WaySpeed(forward_km_h=60.0, backward_km_h=0.0, counts=())
    >>> way_speed({"highway": "footway"}, table).is_open
    False
    """
    if not _is_usable(tags, table, season):
        return CLOSED
    if tags.get("route") == FERRY:
        return _ferry_speed(tags, table)
    road_class = tags.get("highway", "")
    access = _access(tags, table)
    class_km_h = table.speed_km_h.get(road_class)
    if tags.get(table.keys_of_access[-1]) in OPENED:
        class_km_h = table.designated_km_h.get(road_class, class_km_h)
    if class_km_h is None or not _may_enter(table, access):
        return CLOSED
    forward_km_h, counts = _driven(tags, table, season, road_class, class_km_h, "forward")
    backward_km_h, more = _driven(tags, table, season, road_class, class_km_h, "backward")
    speed = WaySpeed(
        forward_km_h=forward_km_h,
        backward_km_h=backward_km_h,
        counts=tuple(dict.fromkeys((*counts, *more))),
    )
    if access == "private" and table.private_km_h is not None:
        limit = table.private_km_h
        speed = replace(
            speed,
            forward_km_h=min(speed.forward_km_h, limit),
            backward_km_h=min(speed.backward_km_h, limit),
            counts=(*speed.counts, "private_open"),
        )
    return _one_way(speed, tags, table)


def _is_usable(tags: Tags, table: SpeedTable, season: Season) -> bool:
    """Tell whether the way exists for traffic at all: built, in season, not closed by a tag."""
    if tags.get("highway", "") in UNBUILT:
        return False
    if any(tags.get(key) in values for key, values in table.closed_tags.items()):
        return False
    if tags.get("ford") in FORDS and table.ford_delay_s is None:
        return table.access == "any"  # the plain model has no fords: they cost nothing
    is_winter_way = (
        tags.get("ice_road") == "yes"
        or tags.get("winter_road") == "yes"
        or tags.get("seasonal") == "winter"
    )
    if is_winter_way:
        return season == "winter" and table.winter is not None and table.winter.ice_roads
    return not (tags.get("seasonal") == "summer" and season == "winter")


def _access(tags: Tags, table: SpeedTable) -> str:
    """Find the access value that decides, under the rule that the table names."""
    values = [tags[key].strip() for key in table.keys_of_access if key in tags]
    if table.access == "any":
        closed = [value for value in values if value in table.closed_values]
        return closed[0] if closed else (values[-1] if values else "")
    return values[-1] if values else ""


def _may_enter(table: SpeedTable, access: str) -> bool:
    if access == "private" and table.private_km_h is not None:
        return True
    return access not in table.closed_values


def _driven(
    tags: Tags,
    table: SpeedTable,
    season: Season,
    road_class: str,
    class_km_h: float,
    direction: str,
) -> tuple[float, tuple[str, ...]]:
    """Give the speed driven in one direction, in km/h, and what had to be assumed."""
    counts: tuple[str, ...] = ()
    speed_km_h, winter = class_km_h, table.winter if season == "winter" else None
    assumed_km_h = _assumed(tags, table) if table.use_speed_kph else None
    posted_km_h = None
    if assumed_km_h is not None:
        speed_km_h = assumed_km_h
    elif table.use_maxspeed:
        posted_km_h, implied_km_h, counts = _limit(tags, table, direction)
        if posted_km_h is not None:
            if winter is not None:
                posted_km_h = winter.limits_km_h.get(f"{posted_km_h:g}", posted_km_h)
            cap_km_h = table.limit_cap_km_h.get(road_class, posted_km_h)
            speed_km_h = min(posted_km_h * table.maxspeed_share, cap_km_h)
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


def _assumed(tags: Tags, table: SpeedTable) -> float | None:
    """Read `speed_kph`, the assumed driving speed that a prepared graph may carry."""
    try:
        km_h = float(tags.get("speed_kph", "nan"))
    except ValueError:
        return None
    return km_h * table.speed_kph_share if LOWEST_KM_H <= km_h <= HIGHEST_KM_H else None


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


def _one_way(speed: WaySpeed, tags: Tags, table: SpeedTable) -> WaySpeed:
    """Close the direction that traffic may not take.

    Source: https://wiki.openstreetmap.org/wiki/Key:oneway (roundabouts and motorways imply it;
    `reversible` and `alternating` are open part of the time only: closed here).
    """
    keys = table.keys_of_oneway
    value = next((tags[key].strip() for key in reversed(keys) if key in tags), "")
    implied = "oneway" in keys and (
        tags.get("junction") in ROUNDABOUTS or tags.get("highway") == "motorway"
    )
    if value in {"reversible", "alternating"}:
        return CLOSED
    if value in BACKWARD:
        return replace(speed, forward_km_h=0.0)
    if value in YES or (implied and value != "no"):
        return replace(speed, backward_km_h=0.0)
    return speed


def _ferry_speed(tags: Tags, table: SpeedTable) -> WaySpeed:
    """Give a ferry's default speed; a tagged duration replaces it once the length is known.

    A ferry is open only where a key of the mode says so (`motor_vehicle=yes` for cars).
    """
    if not table.ferries or table.ferry is None:
        return CLOSED
    named = [tags[key].strip() for key in table.keys_of_access[1:] if key in tags]
    if not named or named[-1] not in {*OPENED, "destination"}:
        return CLOSED  # silent ferries are mostly excursion boats
    speed_km_h = table.ferry.speed_km_h
    return _one_way(
        WaySpeed(forward_km_h=speed_km_h, backward_km_h=speed_km_h, counts=("ferry",)), tags, table
    )


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
    if tags.get("ford") in FORDS and table.ford_delay_s is None and table.access != "any":
        return True
    if not table.barriers or "barrier" not in tags:
        return False
    access, lets_pass = _access(tags, table), tags["barrier"] in table.barrier_open
    if not access or access == "private":
        return not (lets_pass and _may_enter(table, access))
    return not _may_enter(table, access)


def parse_duration_s(text: str) -> float | None:
    """Read a ferry's `duration` in seconds: `HH:MM`, `HH:MM:SS`, minutes, or ISO 8601 hours.

    Source: https://wiki.openstreetmap.org/wiki/Key:duration.

    Examples
    --------
    >>> parse_duration_s("00:35"), parse_duration_s("35"), parse_duration_s("PT1H5M")
    (2100.0, 2100.0, 3900.0)
    >>> parse_duration_s("soon") is None
    True
    """
    cleaned = text.strip().upper()
    parts = cleaned.split(":")
    if all(part.isascii() and part.isdigit() for part in parts) and 1 <= len(parts) <= 3:
        numbers = [int(part) for part in parts]
        if len(numbers) == 1:
            return numbers[0] * 60.0 or None
        hours, minutes, seconds = (*numbers, 0)[:3]
        return float(hours * 3600 + minutes * 60 + seconds) or None
    if cleaned.startswith("PT"):
        rest, total_s = cleaned[2:], 0.0
        for unit, unit_s in (("H", 3600), ("M", 60), ("S", 1)):
            if unit in rest:
                number, rest = rest.split(unit, 1)
                if not (number.isascii() and number.isdigit()):
                    return None
                total_s += int(number) * unit_s
        return total_s or None if not rest else None
    return None
