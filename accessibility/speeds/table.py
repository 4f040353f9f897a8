"""The speed table: every number that turns a road into minutes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from accessibility.speeds.classes import misspelt_classes

Season = Literal["summer", "winter"]
Mode = Literal["car", "bicycle", "walk"]
Speed = Annotated[float, Field(gt=0, le=130, allow_inf_nan=False)]
Delay = Annotated[float, Field(ge=0, le=7200, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Metres = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
Factor = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]

ACCESS_KEYS: dict[str, tuple[str, ...]] = {
    "car": ("access", "vehicle", "motor_vehicle", "motorcar"),
    "bicycle": ("access", "vehicle", "bicycle"),
    "walk": ("access", "foot"),
}
ACCESS_CLOSED: dict[str, tuple[str, ...]] = {
    "any": ("no", "private"),
    "hierarchy": ("no", "private", "agricultural", "forestry", "emergency"),
}
ACCESS_DESTINATION: dict[str, tuple[str, ...]] = {
    "any": (),
    "hierarchy": ("destination", "customers", "permit", "private", "residents"),
}
ONEWAY_KEYS: dict[str, tuple[str, ...]] = {
    "car": ("oneway", "oneway:vehicle", "oneway:motor_vehicle", "oneway:motorcar"),
    "bicycle": ("oneway", "oneway:vehicle", "oneway:bicycle"),
    "walk": ("oneway:foot",),
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Winter(_Part):
    """What winter does to driving.

    Parameters
    ----------
    factor
        Winter speed over summer speed by highway class, for roads whose limit is not posted;
        the key `*` stands for every class not named.
    posted_factor
        The same for roads with a posted limit, by the limit from which on it holds, as text
        keys ("80" -> 0.98: from 80 km/h up to the next key). A limit that the map gives for winter
        is driven as it is.
    limits_km_h
        Posted summer limit -> winter limit, as text keys ("100" -> 80).
    ice_roads
        Whether ice and winter roads are open.
    """

    factor: dict[str, Factor] = {}
    posted_factor: dict[str, Factor] = {}
    limits_km_h: dict[str, Speed] = {}
    ice_roads: bool = True


class Ferry(_Part):
    """Ferries.

    Parameters
    ----------
    speed_km_h
        The speed where no duration is tagged, or where the tagged one cannot be.
    wait_s
        The wait at the quay.
    least_km_h, most_km_h
        A tagged duration that means another speed is not believed. The fastest car ferry does
        107 km/h (58 knots, HSC Francisco).
    """

    speed_km_h: Speed
    wait_s: Delay
    least_km_h: Speed = 1
    most_km_h: Speed = 110


class SpeedTable(_Part):
    """What a mode of travel may use, and how fast it goes there.

    A highway class that `speed_km_h` does not name is closed. Speeds are in km/h, delays in
    seconds.

    Parameters
    ----------
    speed_km_h
        Free speed by OSM highway class, where nothing better is known.
    urban_km_h
        The same inside built-up areas, for ways that are tagged as urban.
    designated_km_h
        Speed on classes that are closed unless the most specific access key opens them
        (a footway for bicycles).
    use_maxspeed, maxspeed_share, maxspeed_by_direction
        Whether posted limits replace class speeds, the share of the limit that is driven, and
        whether `maxspeed:forward` and `:backward` are read.
    maxspeed_implicit_km_h
        The limits behind texts such as `FI:urban`; they only ever lower a class speed.
    limit_cap_km_h
        Highest speed on a class however high its posted limit (a track that nobody drives at 80).
    use_speed_kph, speed_kph_share
        Whether an edge's `speed_kph` (an assumed driving speed, not a limit) replaces them, and the
        share of it that a whole journey keeps.
    access, access_keys, access_closed, private_km_h
        "hierarchy": the most specific of `access_keys` that is tagged decides; "any": one closed
        value (unless told, no or private) on any key closes. Where `private_km_h` is given,
        private roads are open at that speed.
    access_destination
        Values that open a way to those alone who start or end there: no through traffic. Unless
        told: destination, customers, permit, private and residents under "hierarchy", none under
        "any".
    conditional
        Whether conditions on access, one-ways and limits that hold a whole season are applied.
    closed_tags
        Tags that close a way whatever else it says.
    oneway_keys
        Keys that bind the mode to one direction, the most specific last; empty: none do.
    turn_restrictions, barriers, barrier_open, barrier_open_kind
        Whether turn restrictions hold and barriers stop; the kinds of barrier that let pass, and
        the finer kinds (`bollard=rising`) that do though their kind stops.
    u_turn_delay_s
        Price of a U-turn at a junction, where it could dodge a turn restriction; without any, no
        shortest way has one.
    ferry
        Car ferries; None closes them.
    ford_delay_s
        Delay at a ford; None closes fords.
    junction_delay_s, junction_classes, signal_delay_s
        Delay at a node where at least three edges of `junction_classes` meet (empty: every class
        but service roads and tracks), and at traffic signals; at a junction with signals the
        longer of the two.
    crossing_piece_m, crossing_extent_m
        Nodes of one crossing, which costs its delay once, lie on pieces of road no longer than
        this, between carriageways or from signals to the junction, and within this extent in
        metres (roundabouts may be wider). 0: every node is a crossing of its own.
    surface_cap_km_h, tracktype_cap_km_h, smoothness_cap_km_h
        Highest speed on a surface, track grade or smoothness.
    no_stopping, no_stopping_tags
        Classes and tags of ways that nobody steps onto: cells and sites are not snapped there.
    winter
        None: the season makes no difference.
    region
        West, south, east and north in degrees of the place that the numbers hold in; None: they
        are no place's in particular.
    sources
        Where each number comes from, by key.
    """

    name: str
    mode: Mode
    note: str = ""
    speed_km_h: dict[str, Speed]
    urban_km_h: dict[str, Speed] = {}
    designated_km_h: dict[str, Speed] = {}
    use_maxspeed: bool = False
    maxspeed_share: Factor = 1.0
    maxspeed_by_direction: bool = False
    maxspeed_implicit_km_h: dict[str, Speed] = {}
    limit_cap_km_h: dict[str, Speed] = {}
    use_speed_kph: bool = False
    speed_kph_share: Factor = 1.0
    access: Literal["hierarchy", "any"] = "hierarchy"
    access_keys: tuple[str, ...] = ()
    access_closed: tuple[str, ...] = ()
    access_destination: tuple[str, ...] | None = None
    conditional: bool = True
    private_km_h: Speed | None = None
    closed_tags: dict[str, tuple[str, ...]] = {}
    oneway_keys: tuple[str, ...] | None = None
    turn_restrictions: bool = False
    u_turn_delay_s: Delay = 0
    barriers: bool = False
    barrier_open: tuple[str, ...] = ()
    barrier_open_kind: tuple[str, ...] = ()
    ferries: bool = False
    ferry: Ferry | None = None
    ford_delay_s: Delay | None = None
    junction_delay_s: Delay = 0
    junction_classes: tuple[str, ...] = ()
    signal_delay_s: Delay = 0
    crossing_piece_m: Metres = 0
    crossing_extent_m: Metres = 0
    surface_cap_km_h: dict[str, Speed] = {}
    tracktype_cap_km_h: dict[str, Speed] = {}
    smoothness_cap_km_h: dict[str, Speed] = {}
    no_stopping: tuple[str, ...] = ()
    no_stopping_tags: dict[str, tuple[str, ...]] = {}
    winter: Winter | None = None
    region: tuple[Longitude, Latitude, Longitude, Latitude] | None = None
    sources: dict[str, str] = {}

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        if not self.speed_km_h:
            raise ValueError("speed_km_h names no highway class: every road would be closed")
        if wrong := misspelt_classes(self.classes_named):
            raise ValueError(
                "; ".join(
                    f'"{name}" is no highway class (did you mean "{right}"?)'
                    for name, right in wrong.items()
                )
            )
        if self.region is not None and self.region[1] >= self.region[3]:
            raise ValueError("region is [west, south, east, north]: south must lie below north")
        if self.ferries and self.ferry is None:
            raise ValueError("ferries = true needs a [ferry] table with speed_km_h and wait_s")
        return self

    @property
    def classes_named(self) -> tuple[str, ...]:
        """The highway classes that any key of the table names."""
        winter = self.winter.factor if self.winter is not None else {}
        by_class = (self.speed_km_h, self.urban_km_h, self.designated_km_h, self.limit_cap_km_h)
        listed = (self.junction_classes, self.no_stopping, winter)
        return tuple(dict.fromkeys(name for names in (*by_class, *listed) for name in names))

    @property
    def closed_values(self) -> tuple[str, ...]:
        """The values of an access key that close a way, `private` among them."""
        return self.access_closed or ACCESS_CLOSED[self.access]

    @property
    def destination_values(self) -> tuple[str, ...]:
        """The values of an access key that let in those alone who start or end there."""
        if self.access_destination is None:
            return ACCESS_DESTINATION[self.access]
        return self.access_destination

    @property
    def keys_of_access(self) -> tuple[str, ...]:
        """The access keys that bind the mode, the most general first."""
        return self.access_keys or ACCESS_KEYS[self.mode]

    @property
    def keys_of_oneway(self) -> tuple[str, ...]:
        """The keys that bind the mode to one direction, the most general first."""
        return ONEWAY_KEYS[self.mode] if self.oneway_keys is None else self.oneway_keys
