"""What a report tells and a run does not know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """What a report tells and a run does not know.

    Parameters
    ----------
    version
        This package's version.
    engine
        The search that was used.
    isochrone_mismatch
        Share (0..1) of people whose cell's centre lies outside the polygon of its own band; None
        where no polygons were drawn.
    isochrone_resolution_m
        Spacing of the raster that the polygons were drawn from.
    isochrone_on_land
        Whether they were cut at the coastline; None where that is not known.
    notes
        Sentences about what was assumed, printed as they are.
    """

    version: str
    engine: str
    isochrone_mismatch: float | None = None
    isochrone_resolution_m: float | None = None
    isochrone_on_land: bool | None = None
    notes: tuple[str, ...] = ()
