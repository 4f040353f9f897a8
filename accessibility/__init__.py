"""Who reaches which service in how many minutes, and whether a region's own targets hold.

The names below are loaded when they are first used, so that importing the package costs nothing.

>>> import accessibility as acc
>>> study = acc.load_study(acc.demo_study())
>>> study.tiers.ids
('L', 'A', 'E')
"""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accessibility.coverage_table import coverage, nearest_by_tier
    from accessibility.errors import (
        AccessibilityError,
        DataError,
        InputError,
        NetworkError,
        OutputError,
        PopulationError,
        ScenarioError,
        SitesError,
        StudyError,
    )
    from accessibility.isochrone import isochrones
    from accessibility.maps import explore_run
    from accessibility.margins import speed_margins
    from accessibility.pages import write_page
    from accessibility.reading import read_network, read_population, read_sites
    from accessibility.reports import card
    from accessibility.run_folder import write_run
    from accessibility.run_reading import StoredRun, read_run
    from accessibility.runs import Run, run_study, travel_times
    from accessibility.scenarios import (
        ChangePopulation,
        CloseFerry,
        CloseRoad,
        CloseSite,
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
        closing,
    )
    from accessibility.services import Target, Text, Tier, Tiers
    from accessibility.sources.download import download_network
    from accessibility.sources.graphs import graph_from_network
    from accessibility.sources.scenario_file import load_scenario
    from accessibility.sources.speed_tables import read_speeds
    from accessibility.speeds import SpeedTable
    from accessibility.starters import demo_study, write_starter
    from accessibility.study import Study, load_study
    from accessibility.targets import check_targets
    from accessibility.what_if import compare_runs, repair_run, run_scenario, screen_run

try:
    __version__ = version("accessibility")
except PackageNotFoundError:  # pragma: no cover - a source tree that was never installed
    __version__ = "0"

_HOMES = {
    "accessibility.coverage_table": ("coverage", "nearest_by_tier"),
    "accessibility.errors": (
        "AccessibilityError", "DataError", "InputError", "NetworkError", "OutputError",
        "PopulationError", "ScenarioError", "SitesError", "StudyError",
    ),
    "accessibility.isochrone": ("isochrones",),
    "accessibility.maps": ("explore_run",),
    "accessibility.pages": ("write_page",),
    "accessibility.run_reading": ("StoredRun", "read_run"),
    "accessibility.run_folder": ("write_run",),
    "accessibility.reading": ("read_network", "read_population", "read_sites"),
    "accessibility.runs": ("Run", "run_study", "travel_times"),
    "accessibility.services": ("Target", "Text", "Tier", "Tiers"),
    "accessibility.sources.download": ("download_network",),
    "accessibility.sources.graphs": ("graph_from_network",),
    "accessibility.sources.speed_tables": ("read_speeds",),
    "accessibility.speeds": ("SpeedTable",),
    "accessibility.starters": ("demo_study", "write_starter"),
    "accessibility.study": ("Study", "load_study"),
    "accessibility.targets": ("check_targets",),
    "accessibility.margins": ("speed_margins",),
    "accessibility.reports": ("card",),
    "accessibility.scenarios": (
        "ChangePopulation", "CloseFerry", "CloseRoad", "CloseSite", "MoveSite", "OpenSite",
        "Proposal", "Roads", "ScaleSpeed", "Scenario", "SetCapacity", "SetHours", "SetSeason",
        "SetSpeed", "SetTier", "closing",
    ),
    "accessibility.sources.scenario_file": ("load_scenario",),
    "accessibility.what_if": ("compare_runs", "repair_run", "run_scenario", "screen_run"),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AccessibilityError",
    "ChangePopulation",
    "CloseFerry",
    "CloseRoad",
    "CloseSite",
    "DataError",
    "InputError",
    "MoveSite",
    "NetworkError",
    "OpenSite",
    "OutputError",
    "PopulationError",
    "Proposal",
    "Roads",
    "Run",
    "ScaleSpeed",
    "Scenario",
    "ScenarioError",
    "SetCapacity",
    "SetHours",
    "SetSeason",
    "SetSpeed",
    "SetTier",
    "SitesError",
    "SpeedTable",
    "StoredRun",
    "Study",
    "StudyError",
    "Target",
    "Text",
    "Tier",
    "Tiers",
    "card",
    "check_targets",
    "closing",
    "compare_runs",
    "coverage",
    "demo_study",
    "download_network",
    "explore_run",
    "graph_from_network",
    "isochrones",
    "load_scenario",
    "load_study",
    "nearest_by_tier",
    "read_network",
    "read_population",
    "read_run",
    "read_sites",
    "read_speeds",
    "repair_run",
    "run_scenario",
    "run_study",
    "screen_run",
    "speed_margins",
    "travel_times",
    "write_page",
    "write_run",
    "write_starter",
]


def __getattr__(name: str) -> object:
    # no submodule may bear one of these names: importing it would put the module in its place
    if name not in _HOME_OF:
        raise AttributeError(f"module 'accessibility' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
