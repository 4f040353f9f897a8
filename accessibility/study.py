"""The study: a TOML file that says what is asked of which data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812
from html import escape
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from accessibility.checks import (
    ACCESS_SPEED_KM_H,
    CELL_SIZE_M,
    ERROR_MIN,
    MAX_LEG_M,
    MIN_COMPONENT_M,
    RESOLUTION_M,
    path_of,
)
from accessibility.errors import PopulationError, StudyError, did_you_mean, examples
from accessibility.opening_times import ALWAYS, check_country, parse_moment
from accessibility.partition import check_partition
from accessibility.services import (
    EVERYBODY,
    LANGUAGES,
    MODEL_ERROR_MIN,
    Target,
    TargetStatus,
    Text,
    Tier,
    Tiers,
    check_bands,
)
from accessibility.sources.places import checked_crs, projected_crs
from accessibility.sources.toml import check_version, checked, read_toml
from accessibility.speeds import ACCESS_LEGS

Language = Literal["fi", "sv", "en"]


def _text(value: object) -> object:
    """Take a plain string as a name in no particular language."""
    if isinstance(value, str):
        return {"": value}
    if isinstance(value, Mapping) and value and set(value) <= set(LANGUAGES):
        return dict(value)
    raise ValueError("expected text, or { fi = ..., sv = ..., en = ... }")


LocalText = Annotated[dict[str, str], BeforeValidator(_text)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class NetworkPart(_Part):
    """`[network]`."""

    source: str
    mode: Literal["car", "bicycle", "walk"] = "car"
    speeds: str | None = None
    season: Literal["summer", "winter"] = "summer"
    direction: Literal["to_sites", "from_sites"] = "to_sites"
    sha256: str | None = None


class SnappingPart(_Part):
    """`[snapping]`; what it leaves out is the mode's own, filled in when the file is read."""

    access_speed_km_h: Annotated[float, Field(**ACCESS_SPEED_KM_H.field)]
    max_leg_m: Annotated[float, Field(**MAX_LEG_M.field)]
    min_component_m: Annotated[float, Field(**MIN_COMPONENT_M.field)] = 1000


class RegisterPart(_Part):
    """`[population.register]`."""

    source: str
    municipality: str
    people: str
    scale: bool = False


class PopulationPart(_Part):
    """`[population]`."""

    source: str
    id: str | None = None
    x: str | None = None
    y: str | None = None
    crs: str | None = None
    anchor: Literal["centre", "lower-left"] = "centre"
    cell_size_m: Annotated[float, Field(**CELL_SIZE_M.field)] | str | None = None
    layer: str | None = None
    people: str | None = None
    groups: dict[str, str] = {}
    partition: list[list[str]] | None = None
    municipality: str | None = None
    suppressed: float | str | list[float | str] | None = None
    date: str | Date | None = None
    keep: dict[str, list[str | int | float]] = {}
    register_: RegisterPart | None = Field(None, alias="register")


class SitesPart(_Part):
    """`[sites]`."""

    source: str
    layer: str | None = None
    crs: str | None = None
    id: str = "id"
    name: str = "name"
    tier: str = "tier"
    lon: str = "lon"
    lat: str = "lat"
    municipality: str | None = None
    external: str | None = None
    capacity: str | None = None
    hours: str | None = None
    services: str | None = None
    provider: str | None = None
    languages: str | None = None
    visits: str | None = None


class AreasPart(_Part):
    """`[areas]`."""

    source: str
    layer: str | None = None
    key: str
    name: LocalText = {}


class PlacesPart(_Part):
    """`[places]`."""

    source: str
    layer: str | None = None
    name: LocalText
    people: str | None = None


class TierPart(_Part):
    """`[[tiers]]`."""

    id: str = Field(min_length=1)
    name: LocalText
    includes: list[str] = []


class IsochronesPart(_Part):
    """`[isochrones]`."""

    bands_min: list[float | int] = [15, 30, 60, 90, 120, 150, 180]
    resolution_m: Annotated[float, Field(**RESOLUTION_M.field)] | None = None


class TargetPart(_Part):
    """`[[targets]]`."""

    id: str = Field(min_length=1)
    name: LocalText
    tier: str
    group: str = EVERYBODY
    within_min: float | int | None = None
    share: float | int | None = None
    min_sites: int | None = None
    open_at: str | None = None
    status: TargetStatus = "illustrative"
    source: str = ""


class UncertaintyPart(_Part):
    """`[uncertainty]`."""

    speed_factor: list[float | int] | None = Field(None, min_length=2, max_length=2)
    model_error_min: Annotated[float | int, Field(**ERROR_MIN.field)] = MODEL_ERROR_MIN

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.speed_factor or (1, 1)
        if not 0 < low <= 1 <= high <= 2:
            raise ValueError("speed_factor must be [low, high] with low <= 1 <= high")
        return self


class StudyFile(_Part):
    """The whole file."""

    schema_version: Literal[1]
    name: LocalText
    crs: str
    language: Language = "fi"
    country: str | None = None
    network: NetworkPart
    snapping: SnappingPart
    population: PopulationPart
    sites: SitesPart
    areas: AreasPart | None = None
    places: PlacesPart | None = None
    tiers: list[TierPart]
    isochrones: IsochronesPart = Field(default_factory=lambda: IsochronesPart.model_validate({}))
    targets: list[TargetPart] = []
    uncertainty: UncertaintyPart | None = None

    @model_validator(mode="before")
    @classmethod
    def _access_legs_of_the_mode(cls, data: Any) -> Any:
        """Fill in the access legs of the mode, so that all that follows sees those in force."""
        if not isinstance(data, Mapping):
            return data
        network, snapping = data.get("network", {}), data.get("snapping", {})
        mode = network.get("mode", "car") if isinstance(network, Mapping) else None
        if mode not in ACCESS_LEGS or not isinstance(snapping, Mapping):
            return data  # what is wrong is said where it stands
        leg = ACCESS_LEGS[mode]
        own = {"access_speed_km_h": leg.speed_km_h, "max_leg_m": leg.max_m}
        return {**data, "snapping": own | dict(snapping)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A study as its file says, checked as a whole.

    Parameters
    ----------
    path
        The file; relative paths start from its folder.
    file
        Its tables and keys, defaults filled in.
    tiers, targets, bands_min
        The same as values of the domain.
    """

    path: Path
    file: StudyFile
    tiers: Tiers
    targets: tuple[Target, ...]
    bands_min: tuple[float, ...]

    @property
    def name(self) -> Text:
        """The study's name in its languages."""
        return Text(self.file.name)

    @property
    def crs(self) -> str:
        """The study's CRS."""
        return self.file.crs

    @property
    def model_error_min(self) -> float:
        """Minutes by which its modelled times may be off."""
        part = self.file.uncertainty
        return float(MODEL_ERROR_MIN if part is None else part.model_error_min)

    @property
    def language(self) -> str:
        """The language of its reports."""
        return self.file.language

    def source(self, text: str) -> Path:
        """Resolve a path that the study names, from the study's own folder."""
        if "://" in text:
            return Path(text)
        return (self.path.parent / text).resolve()

    @property
    def inputs(self) -> dict[str, Path]:
        """Every file that the study reads, by what it is."""
        file = self.file
        named = {
            "study": str(self.path.resolve()),
            "network": file.network.source,
            "population": file.population.source,
            "sites": file.sites.source,
        }
        if file.network.speeds is not None and file.network.speeds.endswith(".toml"):
            named["speeds"] = file.network.speeds
        if file.population.register_ is not None:
            named["register"] = file.population.register_.source
        if file.areas is not None:
            named["areas"] = file.areas.source
        if file.places is not None:
            named["places"] = file.places.source
        return {what: self.source(text) for what, text in named.items()}

    def __repr__(self) -> str:
        return (
            f"<Study {self.name.in_language('en')!r}: tiers {', '.join(self.tiers.ids)}, "
            f"{len(self.targets)} targets, {self.path.name}>"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self)[1:-1])}</p>"


def load_study(path: str | Path) -> Study:
    """Read a study and check it as a whole; its data files are not opened yet.

    Parameters
    ----------
    path
        The study's TOML file.

    Raises
    ------
    StudyError
        With every problem found, one a line.
    """
    place = path_of(path, "study")
    data = read_toml(place, "study")
    check_version(data, str(place))
    file = checked(StudyFile, data, str(place))
    try:
        return study_of(place, file)
    except StudyError as problem:
        raise StudyError(f"{place}: {problem}") from None


def study_of(path: Path, file: StudyFile) -> Study:
    """Make a study of a file's tables, and check that they fit together.

    Raises
    ------
    StudyError
        If a table names something that another does not know.
    """
    projected_crs(file.crs)
    _check_places(file.population)
    _check_groups(file.population)
    if file.country is not None:
        check_country(file.country)
    tiers = Tiers(
        tuple(
            Tier(id=tier.id, name=Text(tier.name), includes=tuple(tier.includes))
            for tier in file.tiers
        )
    )
    bands = check_bands(file.isochrones.bands_min)
    targets = tuple(_target(part, file, tiers, bands) for part in file.targets)
    _check_distinct(targets)
    return Study(path=path, file=file, tiers=tiers, targets=targets, bands_min=bands)


def _check_groups(part: PopulationPart) -> None:
    """Check that the partition names groups of the study; those of a known grid are found later."""
    if part.partition and part.groups:
        try:
            check_partition(tuple(map(tuple, part.partition)), list(part.groups))
        except PopulationError as problem:
            raise StudyError(str(problem)) from None


def _check_places(part: PopulationPart) -> None:
    """Check that the grid's coordinates come in a pair, with their CRS."""
    if (part.x is None) != (part.y is None):
        raise StudyError("population: x and y go together; give both, or neither")
    if part.crs is not None:
        checked_crs(part.crs, "population.crs")
    elif part.x is not None:
        raise StudyError("population.crs is missing: say in which CRS x and y are")


def _target(part: TargetPart, file: StudyFile, tiers: Tiers, bands: tuple[float, ...]) -> Target:
    if part.tier not in tiers.ids:
        raise StudyError(
            f'target "{part.id}": "{part.tier}" is no tier{did_you_mean(part.tier, tiers.ids)}; '
            f"known: {examples(tiers.ids)}"
        )
    target = Target(
        id=part.id,
        name=Text(part.name),
        tier=part.tier,
        group=part.group,
        within_min=part.within_min,
        share=part.share,
        min_sites=part.min_sites,
        open_at=part.open_at,
        status=part.status,
        source=part.source,
    )
    groups = list(file.population.groups)
    # without named groups, those of a well-known grid are found when it is read
    if part.group != EVERYBODY and groups and part.group not in groups:
        raise StudyError(
            f'target "{part.id}": there is no group "{part.group}"'
            f"{did_you_mean(part.group, groups)}; known: {examples(groups)}"
        )
    if target.open_at is not None and target.open_at != ALWAYS:
        parse_moment(target.open_at)
    if target.within_min is not None and target.within_min > bands[-1]:
        raise StudyError(
            f'target "{part.id}": within_min = {target.within_min:g} lies beyond the last band '
            f"({bands[-1]:g} min); add a band or lower the target"
        )
    return target


def _check_distinct(targets: tuple[Target, ...]) -> None:
    seen: dict[Any, str] = {}
    for target in targets:
        if target.id in seen.values():
            raise StudyError(f'two targets have the id "{target.id}"')
        asked = (target.kind, target.tier, target.group, target.within_min, target.open_at)
        if asked in seen:
            raise StudyError(
                f'targets "{seen[asked]}" and "{target.id}" ask the same of the same people: '
                "which one counts would be unclear; keep one"
            )
        seen[asked] = target.id
