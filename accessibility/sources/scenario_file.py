"""Reads scenarios: TOML files with an ordered list of changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date as Date  # noqa: N812
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from accessibility import scenarios
from accessibility.checks import (
    CAPACITY,
    LATITUDE,
    LONGITUDE,
    SAVING_EUR,
    SET_SPEED_KM_H,
    SPEED_FACTOR,
    path_of,
)
from accessibility.errors import ScenarioError, StudyError, did_you_mean
from accessibility.scenarios import Proposal, Roads, Scenario
from accessibility.services import LANGUAGES, Text
from accessibility.sources.toml import check_version, checked, read_toml

Longitude = Annotated[float | int, Field(**LONGITUDE.field)]
Latitude = Annotated[float | int, Field(**LATITUDE.field)]


def _text(value: object) -> object:
    if isinstance(value, str):
        return {"": value}
    if isinstance(value, Mapping) and value and set(value) <= set(LANGUAGES):
        return dict(value)
    raise ValueError("expected text, or { fi = ..., sv = ..., en = ... }")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class RoadsPart(_Part):
    """`road = { ... }`."""

    ref: str | int | None = None
    way: int | None = None
    near: list[float | int] | None = Field(None, min_length=2, max_length=2)
    within_m: float | int | None = Field(None, gt=0)
    polygon: list[list[float | int]] | None = None

    def value(self) -> Roads:
        """Give the choice of roads."""
        return Roads(
            ref=None if self.ref is None else str(self.ref),
            way=self.way,
            near=None if self.near is None else (float(self.near[0]), float(self.near[1])),
            within_m=None if self.within_m is None else float(self.within_m),
            polygon=None
            if self.polygon is None
            else tuple((float(lon), float(lat)) for lon, lat in self.polygon),
        )


class _CloseSite(_Part):
    action: Literal["close_site"]
    site: str


class _OpenSite(_Part):
    action: Literal["open_site"]
    id: str = Field(min_length=1)
    name: str
    tier: str
    lon: Longitude
    lat: Latitude
    municipality: str | None = None
    capacity: Annotated[float | int, Field(**CAPACITY.field)] | None = None
    hours: str | None = None


class _MoveSite(_Part):
    action: Literal["move_site"]
    site: str
    lon: Longitude
    lat: Latitude


class _SetTier(_Part):
    action: Literal["set_tier"]
    site: str
    tier: str


class _SetCapacity(_Part):
    action: Literal["set_capacity"]
    site: str
    capacity: Annotated[float | int, Field(**CAPACITY.field)]


class _SetHours(_Part):
    action: Literal["set_hours"]
    site: str
    hours: str


class _CloseRoad(_Part):
    action: Literal["close_road"]
    road: RoadsPart


class _SetSpeed(_Part):
    action: Literal["set_speed"]
    road: RoadsPart
    km_h: Annotated[float | int, Field(**SET_SPEED_KM_H.field)]


class _ScaleSpeed(_Part):
    action: Literal["scale_speed"]
    road: RoadsPart
    factor: Annotated[float | int, Field(**SPEED_FACTOR.field)]


class _CloseFerry(_Part):
    action: Literal["close_ferry"]
    road: RoadsPart | None = None


class _SetSeason(_Part):
    action: Literal["season"]
    value: Literal["summer", "winter"]


class ForecastRegisterPart(_Part):
    """`register = { ... }` of a population change."""

    source: str
    municipality: str | None = None
    people: str | None = None
    scale: bool = True


class _ChangePopulation(_Part):
    action: Literal["population"]
    source: str | None = None
    factor: float | int | None = None
    municipality: str | None = None
    group: str | None = None
    year: int | None = None
    register_: ForecastRegisterPart | Literal[False] | None = Field(None, alias="register")


class ProposalPart(_Part):
    """`[proposal]`."""

    body: str = ""
    diary_number: str = ""
    preparer: str = ""
    date: str | Date = ""
    contact: str = ""
    replacement: str = ""
    saving_eur: Annotated[float | int, Field(**SAVING_EUR.field)] | None = None


class ScenarioFile(_Part):
    """The head of the file; its changes are checked one by one."""

    schema_version: Literal[1]
    name: Annotated[dict[str, str], BeforeValidator(_text)]
    changes: list[dict[str, Any]] = []
    proposal: ProposalPart | None = None


ACTIONS: Mapping[str, tuple[type[_Part], type]] = {
    "close_site": (_CloseSite, scenarios.CloseSite),
    "open_site": (_OpenSite, scenarios.OpenSite),
    "move_site": (_MoveSite, scenarios.MoveSite),
    "set_tier": (_SetTier, scenarios.SetTier),
    "set_capacity": (_SetCapacity, scenarios.SetCapacity),
    "set_hours": (_SetHours, scenarios.SetHours),
    "close_road": (_CloseRoad, scenarios.CloseRoad),
    "set_speed": (_SetSpeed, scenarios.SetSpeed),
    "scale_speed": (_ScaleSpeed, scenarios.ScaleSpeed),
    "close_ferry": (_CloseFerry, scenarios.CloseFerry),
    "season": (_SetSeason, scenarios.SetSeason),
    "population": (_ChangePopulation, scenarios.ChangePopulation),
}


def load_scenario(path: str | Path) -> Scenario:
    """Read a scenario and check its form; whether it fits a study is checked when it is applied.

    Raises
    ------
    ScenarioError
        With every problem found, one a line.
    """
    place = path_of(path, "scenario", error=ScenarioError)
    try:
        data = read_toml(place, "scenario")
        check_version(data, str(place))
        file = checked(ScenarioFile, data, str(place))
    except StudyError as problem:
        raise ScenarioError(str(problem)) from None
    changes, problems = [], []
    for number, change in enumerate(file.changes):
        try:
            changes.append(_change(change, f"{place}: changes[{number}]", place.parent))
        except StudyError as problem:
            problems.append(str(problem))
    if problems:
        raise ScenarioError("\n".join(problems))
    try:
        return Scenario(
            name=Text(file.name),
            changes=tuple(changes),
            proposal=_proposal(file.proposal),
        )
    except ScenarioError as problem:
        raise ScenarioError(f"{place}: {problem}") from None


def _change(data: dict[str, Any], where: str, folder: Path) -> scenarios.changes.Change:
    action = data.get("action")
    known = ", ".join(ACTIONS)
    if action is not None and not isinstance(action, str):
        raise ScenarioError(
            f"{where}.action: expected text, found {type(action).__name__}; known: {known}"
        )
    if action is None or action not in ACTIONS:
        found = "is missing" if action is None else f'"{action}" is none'
        raise ScenarioError(
            f"{where}.action: {found}{did_you_mean(action or '', ACTIONS)}; known: {known}"
        )
    form, kind = ACTIONS[action]
    part = checked(form, data, where)
    values = {
        name.rstrip("_"): getattr(part, name)
        for name in type(part).model_fields
        if name != "action"
    }
    try:
        if isinstance(values.get("road"), RoadsPart):
            values["road"] = values["road"].value()
    except (ScenarioError, ValueError) as problem:
        raise ScenarioError(f"{where}: {problem}") from None
    if values.get("source") is not None:
        values["source"] = str((folder / values["source"]).resolve())
    register = values.get("register")
    if isinstance(register, ForecastRegisterPart):
        named = register.model_dump() | {"source": str((folder / register.source).resolve())}
        values["register"] = scenarios.ForecastRegister(**named)
    try:
        change: scenarios.changes.Change = kind(**values)
    except ScenarioError as problem:
        raise ScenarioError(f"{where}: {problem}") from None
    return change


def _proposal(part: ProposalPart | None) -> Proposal | None:
    if part is None:
        return None
    values = part.model_dump()
    values["date"] = str(values["date"])
    return Proposal(**values)
