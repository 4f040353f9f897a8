"""What a scenario may say, one value a kind of change."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal, get_args

from accessibility.checks import (
    CAPACITY,
    LATITUDE,
    LONGITUDE,
    PEOPLE_FACTOR,
    SAVING_EUR,
    SET_SPEED_KM_H,
    SPEED_FACTOR,
    WITHIN_M,
    Limits,
    number,
    of_kind,
    text,
    texts,
    whole_number,
    word,
)
from accessibility.errors import ScenarioError
from accessibility.services import Text
from accessibility.speeds import Season

FEWEST_CORNERS = 3


def _set_number(change: object, name: str, limits: Limits, *, optional: bool = False) -> None:
    """Keep a field as a checked float; one that need not be given may be None."""
    value = getattr(change, name)
    if value is not None or not optional:
        what = f"{type(change).__name__}: {name}"
        object.__setattr__(change, name, number(value, what, limits, error=ScenarioError))


def _check_texts(change: object, *names: str, optional: bool = False) -> None:
    """Refuse fields that are no text, or empty; those that need not be given may be None.

    Names are kept trimmed and in Unicode's composed form, as those of tables are; a path as it is.
    """
    for name in names:
        value = getattr(change, name)
        if value is not None or not optional:
            said = text(value, f"{type(change).__name__}: {name}", error=ScenarioError)
            if name != "source":
                object.__setattr__(change, name, unicodedata.normalize("NFC", said).strip())


def _set_place(change: object) -> None:
    _set_number(change, "lon", LONGITUDE)
    _set_number(change, "lat", LATITUDE)


def _lon_lat(point: object, what: str) -> tuple[float, float]:
    """Return a place as longitude and latitude in degrees."""
    pair = tuple(point) if isinstance(point, Iterable) and not isinstance(point, str) else ()
    if len(pair) != 2:
        raise ScenarioError(f"road: {what} must be [lon, lat] (it is {point!r:.80})")
    lon, lat = pair
    return (
        number(lon, f"road: {what}: lon", LONGITUDE, error=ScenarioError),
        number(lat, f"road: {what}: lat", LATITUDE, error=ScenarioError),
    )


def _check_road(change: CloseRoad | SetSpeed | ScaleSpeed | CloseFerry) -> None:
    of_kind(
        change.road,
        f"{type(change).__name__}: road",
        Roads,
        'choose roads as in Roads(ref="9")',
        error=ScenarioError,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSite:
    """Close a site: all its services go."""

    site: str

    def __post_init__(self) -> None:
        _check_texts(self, "site")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSite:
    """Open a new site at a longitude and latitude in degrees."""

    id: str
    name: str
    tier: str
    lon: float
    lat: float
    municipality: str | None = None
    capacity: float | None = None
    hours: str | None = None

    def __post_init__(self) -> None:
        _check_texts(self, "id", "name", "tier")
        _check_texts(self, "municipality", "hours", optional=True)
        _set_place(self)
        _set_number(self, "capacity", CAPACITY, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveSite:
    """Move a site to another longitude and latitude in degrees."""

    site: str
    lon: float
    lat: float

    def __post_init__(self) -> None:
        _check_texts(self, "site")
        _set_place(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTier:
    """Give a site another tier."""

    site: str
    tier: str

    def __post_init__(self) -> None:
        _check_texts(self, "site", "tier")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCapacity:
    """Give a site another capacity, in residents."""

    site: str
    capacity: float

    def __post_init__(self) -> None:
        _check_texts(self, "site")
        _set_number(self, "capacity", CAPACITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHours:
    """Give a site other opening hours, as OpenStreetMap writes them."""

    site: str
    hours: str

    def __post_init__(self) -> None:
        _check_texts(self, "site")
        of_kind(self.hours, "SetHours: hours", str, error=ScenarioError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roads:
    """A choice of roads: by number, by the map's way id, near a point, or in a polygon.

    A road's number may be given as a number or as text.

    Of several conditions all must hold. `near` and `polygon` are longitudes and latitudes in
    degrees, `within_m` is in metres.

    Raises
    ------
    ScenarioError
        If there is no condition, `near` and `within_m` do not come together, or a number or a
        place is none.
    """

    ref: str | None = None
    way: int | None = None
    near: tuple[float, float] | None = None
    within_m: float | None = None
    polygon: tuple[tuple[float, float], ...] | None = None

    def __post_init__(self) -> None:
        if (self.near is None) != (self.within_m is None):
            raise ScenarioError("road: near = [lon, lat] and within_m go together")
        if isinstance(self.ref, int) and not isinstance(self.ref, bool):
            object.__setattr__(self, "ref", str(self.ref))
        _check_texts(self, "ref", optional=True)
        if self.way is not None:
            way = whole_number(self.way, "Roads: way", error=ScenarioError)
            object.__setattr__(self, "way", way)
        _set_number(self, "within_m", WITHIN_M, optional=True)
        if self.near is not None:
            object.__setattr__(self, "near", _lon_lat(self.near, "near"))
        if self.polygon is not None:
            if isinstance(self.polygon, str) or not isinstance(self.polygon, Iterable):
                raise ScenarioError("road: polygon must be a list of [lon, lat] corners")
            corners = tuple(_lon_lat(one, "polygon") for one in self.polygon)
            if len(corners) < FEWEST_CORNERS:
                raise ScenarioError("road: polygon needs at least three [lon, lat] corners")
            object.__setattr__(self, "polygon", corners)
        if all(one is None for one in (self.ref, self.way, self.near, self.polygon)):
            raise ScenarioError("road: give ref, way, near with within_m, or polygon")


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRoad:
    """Close roads to through traffic; those who live or work along them still drive in and out."""

    road: Roads

    def __post_init__(self) -> None:
        _check_road(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSpeed:
    """Give open roads this speed in km/h."""

    road: Roads
    km_h: float

    def __post_init__(self) -> None:
        _check_road(self)
        _set_number(self, "km_h", SET_SPEED_KM_H)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleSpeed:
    """Multiply the speed of open roads."""

    road: Roads
    factor: float

    def __post_init__(self) -> None:
        _check_road(self)
        _set_number(self, "factor", SPEED_FACTOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseFerry:
    """Close ferries: those of a choice, or all."""

    road: Roads | None = None

    def __post_init__(self) -> None:
        if self.road is not None:
            _check_road(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSeason:
    """Drive in another season."""

    value: Season

    def __post_init__(self) -> None:
        word(self.value, "SetSeason: value", get_args(Season), error=ScenarioError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRegister:
    """Residents by municipality in a forecast's own year.

    Parameters
    ----------
    source
        A table.
    municipality, people
        Its columns; those of the study's register unless given.
    scale
        Whether the forecast is scaled to it, or only compared with it.
    """

    source: str
    municipality: str | None = None
    people: str | None = None
    scale: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.source, PathLike):
            object.__setattr__(self, "source", str(self.source))
        _check_texts(self, "source")
        _check_texts(self, "municipality", "people", optional=True)
        of_kind(self.scale, "ForecastRegister: scale", bool, error=ScenarioError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePopulation:
    """Take another grid, or multiply people by a factor in a municipality or a group.

    Parameters
    ----------
    source
        Another grid of the same cells, in any order of rows.
    factor
        Instead: by how much people are multiplied.
    municipality
        Only its people change.
    group
        Only its people change; with a factor alone.
    year
        What year the figures are for; said in the run.
    register
        Of a `source`: the register of its own year; False: it is taken as it stands; None: where
        the study scales today's grid, today's factors correct it.
    """

    source: str | None = None
    factor: float | None = None
    municipality: str | None = None
    group: str | None = None
    year: int | None = None
    register: ForecastRegister | Literal[False] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.source, PathLike):
            object.__setattr__(self, "source", str(self.source))
        _check_texts(self, "source", "municipality", "group", optional=True)
        _set_number(self, "factor", PEOPLE_FACTOR, optional=True)
        if self.year is not None:
            whole_number(self.year, "ChangePopulation: year", error=ScenarioError)
        if self.register is not None and self.register is not False:
            of_kind(self.register, "ChangePopulation: register", ForecastRegister)


SiteChange = CloseSite | OpenSite | MoveSite | SetTier | SetCapacity | SetHours
RoadChange = CloseRoad | SetSpeed | ScaleSpeed | CloseFerry
Change = SiteChange | RoadChange | SetSeason | ChangePopulation
CHANGES: tuple[type, ...] = get_args(Change)
#: Every kind of change by the name that a stored run has for it.
KINDS: Mapping[str, type] = {kind.__name__: kind for kind in CHANGES}


def change_of(record: Mapping[str, Any]) -> Change:
    """Make a change from what a run folder says of it.

    Parameters
    ----------
    record
        `action`, the kind's name, and its fields.

    Raises
    ------
    ScenarioError
        If there is no such kind, or it has no such fields.
    """
    values = {key: value for key, value in record.items() if key != "action"}
    action = record.get("action")
    kind = KINDS.get(action) if isinstance(action, str) else None
    if kind is None:
        raise ScenarioError(f"there is no change {action!r}; known: {', '.join(KINDS)}")
    try:
        for name, part in (("road", Roads), ("register", ForecastRegister)):
            if isinstance(values.get(name), Mapping):
                values[name] = part(**values[name])
        made: Change = kind(**values)
    except TypeError as problem:
        raise ScenarioError(f"{action}: {problem}") from problem
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Whose proposal it is, in the preparer's own words; shown as given, marked as theirs."""

    body: str = ""
    diary_number: str = ""
    preparer: str = ""
    date: str = ""
    contact: str = ""
    replacement: str = ""
    saving_eur: float | None = None

    def __post_init__(self) -> None:
        for name in ("body", "diary_number", "preparer", "date", "contact", "replacement"):
            of_kind(getattr(self, name), f"Proposal: {name}", str, error=ScenarioError)
        _set_number(self, "saving_eur", SAVING_EUR, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A named list of changes, applied in order; without any it is the baseline."""

    name: Text
    changes: tuple[Change, ...] = ()
    proposal: Proposal | None = None

    def __post_init__(self) -> None:
        of_kind(self.name, "Scenario: name", Text, 'such as Text({"en": "..."})')
        if isinstance(self.changes, (str, *CHANGES)) or not isinstance(self.changes, Iterable):
            raise ScenarioError("Scenario: changes must be a list of changes, in order")
        object.__setattr__(self, "changes", tuple(self.changes))
        for place, change in enumerate(self.changes):
            if not isinstance(change, CHANGES):
                known = ", ".join(kind.__name__ for kind in CHANGES)
                raise ScenarioError(
                    f"Scenario: changes[{place}] is a {type(change).__name__}, which is no change; "
                    f"known: {known}"
                )
        if self.proposal is not None:
            of_kind(self.proposal, "Scenario: proposal", Proposal, error=ScenarioError)

    def of_kind(self, *kinds: type) -> list[Change]:
        """List the changes of some kinds, in order."""
        return [change for change in self.changes if isinstance(change, kinds)]


def closing(sites: Sequence[str], names: Sequence[str] | None = None) -> Scenario:
    """Make the scenario that closes some sites and changes nothing else.

    Parameters
    ----------
    sites
        Their ids.
    names
        What its name calls them; the ids unless given.

    Raises
    ------
    ScenarioError
        If `sites` is one text, not a list of ids, holds none, or holds one twice.

    Examples
    --------
    >>> closing(["S148"]).changes
    (CloseSite(site='S148'),)
    """
    ids = texts(sites, "sites", error=ScenarioError)
    if not ids:
        raise ScenarioError("sites is empty; name at least one site to close")
    called = ", ".join(texts(names, "names", error=ScenarioError) if names else ids)
    return Scenario(
        name=Text(
            {"fi": f"Lakkautetaan {called}", "sv": f"{called} dras in", "en": f"Closing {called}"}
        ),
        changes=tuple(CloseSite(site=site) for site in ids),
    )
