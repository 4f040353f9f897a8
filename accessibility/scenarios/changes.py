"""What a scenario may say, one value a kind of change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accessibility.errors import ScenarioError
from accessibility.services import Text
from accessibility.speeds import Season


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSite:
    """Close a site: all its services go."""

    site: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveSite:
    """Move a site to another longitude and latitude in degrees."""

    site: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTier:
    """Give a site another tier."""

    site: str
    tier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCapacity:
    """Give a site another capacity, in residents."""

    site: str
    capacity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHours:
    """Give a site other opening hours, as OpenStreetMap writes them."""

    site: str
    hours: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Roads:
    """A choice of roads: by number, by the map's way id, near a point, or in a polygon.

    Of several conditions all must hold. `near` and `polygon` are longitudes and latitudes in
    degrees, `within_m` is in metres.

    Raises
    ------
    ScenarioError
        If there is no condition, or `near` and `within_m` do not come together.
    """

    ref: str | None = None
    way: int | None = None
    near: tuple[float, float] | None = None
    within_m: float | None = None
    polygon: tuple[tuple[float, float], ...] | None = None

    def __post_init__(self) -> None:
        if (self.near is None) != (self.within_m is None):
            raise ScenarioError("road: near = [lon, lat] and within_m go together")
        if self.polygon is not None and len(self.polygon) < 3:
            raise ScenarioError("road: polygon needs at least three [lon, lat] corners")
        if all(one is None for one in (self.ref, self.way, self.near, self.polygon)):
            raise ScenarioError("road: give ref, way, near with within_m, or polygon")


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRoad:
    """Close roads to through traffic; those who live or work along them still drive in and out."""

    road: Roads


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSpeed:
    """Give open roads this speed in km/h."""

    road: Roads
    km_h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleSpeed:
    """Multiply the speed of open roads."""

    road: Roads
    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseFerry:
    """Close ferries: those of a choice, or all."""

    road: Roads | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSeason:
    """Drive in another season."""

    value: Season


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePopulation:
    """Take another grid, or multiply people by a factor in a municipality or a group."""

    source: str | None = None
    factor: float | None = None
    municipality: str | None = None
    group: str | None = None
    year: int | None = None


SiteChange = CloseSite | OpenSite | MoveSite | SetTier | SetCapacity | SetHours
RoadChange = CloseRoad | SetSpeed | ScaleSpeed | CloseFerry
Change = SiteChange | RoadChange | SetSeason | ChangePopulation


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A named list of changes, applied in order; without any it is the baseline."""

    name: Text
    changes: tuple[Change, ...] = ()
    proposal: Proposal | None = None

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

    >>> closing(["S148"]).changes
    (CloseSite(site='S148'),)
    """
    called = ", ".join(names or sites)
    return Scenario(
        name=Text(
            {"fi": f"Lakkautetaan {called}", "sv": f"{called} dras in", "en": f"Closing {called}"}
        ),
        changes=tuple(CloseSite(site=site) for site in sites),
    )
