"""Maps: a run, its people or its sites on a folium map that opens without a network.

The only package that imports folium. Names load on first use, so that importing it stays cheap; no
module may have the name of a function, or importing it would hide the function.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accessibility.maps.escaping import html_text, plain_text
    from accessibility.maps.grid_map import explore_population
    from accessibility.maps.page import map_html, save_map
    from accessibility.maps.site_map import explore_sites
    from accessibility.maps.travel_map import explore_run, run_map

_HOMES = {
    "explore_population": "grid_map",
    "explore_run": "travel_map",
    "explore_sites": "site_map",
    "html_text": "escaping",
    "map_html": "page",
    "plain_text": "escaping",
    "run_map": "travel_map",
    "save_map": "page",
}

__all__ = [
    "explore_population",
    "explore_run",
    "explore_sites",
    "html_text",
    "map_html",
    "plain_text",
    "run_map",
    "save_map",
]


def __getattr__(name: str) -> object:
    """Load a name's module when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
