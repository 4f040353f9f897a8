"""Scenarios: an ordered list of changes, checked as a whole and applied to a copy of the study.

`changes` holds what a scenario may say, `on_sites` and `on_roads` what that does to the sites and
to the roads, and `on_times` brings the travel-time matrix up to date with as little searching as
gives exactly what a full search gives.
"""

from accessibility.scenarios.changes import (
    ChangePopulation,
    CloseFerry,
    CloseRoad,
    CloseSite,
    ForecastRegister,
    MoveSite,
    OpenSite,
    Proposal,
    Roads,
    ScaleSpeed,
    Scenario,
    SetCapacity,
    SetHours,
    SetSeason,
    SetSpeed,
    SetTier,
    change_of,
    closing,
)
from accessibility.scenarios.on_people import change_people, unknown_names
from accessibility.scenarios.on_roads import change_roads, select_edges
from accessibility.scenarios.on_sites import SiteChanges, change_sites, closing_of
from accessibility.scenarios.on_times import on_other_roads, with_sites

__all__ = [
    "ChangePopulation",
    "CloseFerry",
    "CloseRoad",
    "CloseSite",
    "ForecastRegister",
    "MoveSite",
    "OpenSite",
    "Proposal",
    "Roads",
    "ScaleSpeed",
    "Scenario",
    "SetCapacity",
    "SetHours",
    "SetSeason",
    "SetSpeed",
    "SetTier",
    "SiteChanges",
    "change_of",
    "change_people",
    "change_roads",
    "change_sites",
    "closing",
    "closing_of",
    "on_other_roads",
    "select_edges",
    "unknown_names",
    "with_sites",
]
