"""Isochrones by tier or by site, with the people within each band."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from accessibility.checks import RESOLUTION_M, number, of_kind, word
from accessibility.errors import StudyError
from accessibility.isochrone.bands import band_polygons
from accessibility.isochrone.sea import land_share
from accessibility.isochrone.surface import Floats, make_surface
from accessibility.population import Population, check_same_cells
from accessibility.services import Tiers, check_bands
from accessibility.sites import Sites
from accessibility.traveltime import UNREACHABLE, TravelSettings, TravelTimes

if TYPE_CHECKING:
    import geopandas as gpd

Ints = npt.NDArray[np.int64]

CUT, NOT_CUT = "cut at the coastline", "not cut: no coastline was given"


def isochrones(
    times: TravelTimes,
    population: Population,
    sites: Sites,
    tiers: Tiers,
    *,
    bands_min: Sequence[float],
    by: str = "tier",
    access_speed_km_h: float | None = None,
    max_leg_m: float | None = None,
    resolution_m: float | None = None,
    coast: Sequence[Floats] | None = None,
) -> gpd.GeoDataFrame:
    """Draw the area within each band, by tier or by site.

    Parameters
    ----------
    times
        The matrix, with the searches behind it.
    population, sites, tiers
        The study.
    bands_min
        Rising minutes.
    by
        "tier": around the nearest of a tier's own sites; "site": around each site.
    access_speed_km_h, max_leg_m
        Those that the matrix was made with, which it carries: they need not be given, and others
        are refused.
    resolution_m
        Spacing of the raster; None takes one that fits the shortest band (25 m for five minutes
        on foot, 250 m for a quarter of an hour by car), or what the size of the region allows.
    coast
        Closed lines of the coast in the study's CRS, shape (points, 2), with land on their left:
        the bands are cut there. None: they may reach over water, up to the longest access leg.

    Returns
    -------
    GeoDataFrame
        In the study's CRS: `tier` or `site_id`, `band_min`, `people` (within the band, from the
        cells) and `geometry` (valid MultiPolygons, each inside the next band's; islands and holes
        kept, specks of less than four pixels not; empty where nobody is within).
        `attrs["resolution_m"]` says the spacing, `attrs["land"]` whether they are cut at a coast.

    Raises
    ------
    ValueError
        If `times` does not carry its searches, or `by` is something else.
    """
    import geopandas as gpd

    if times.search is None or times.cells is None:
        raise ValueError("isochrones need travel times with their searches; compute them anew")
    word(by, "by", ("tier", "site"))
    of_kind(tiers, "tiers", Tiers, "make them with Tiers((Tier(...), ...))")
    of_kind(sites, "sites", Sites, "read them with read_sites")
    check_same_cells(times.cell_ids, population, "the travel times")
    bands_min = check_bands(bands_min)
    if resolution_m is not None:
        resolution_m = number(resolution_m, "resolution_m", RESOLUTION_M)
    settings = _settings(times, access_speed_km_h=access_speed_km_h, max_leg_m=max_leg_m)
    search, crs = times.search, str(population.cells.crs)
    places = len(tiers.ids) if by == "tier" else len(times.site_ids)
    surface = make_surface(
        times,
        crs,
        access_speed_km_h=settings.access_speed_km_h,
        max_leg_m=settings.max_leg_m,
        resolution_m=resolution_m,
        layers=places * len(bands_min),
        shortest_band_min=min(bands_min),
    )
    if coast is not None:
        surface = replace(surface, sea=1 - 2 * land_share(coast, surface.x, surface.y))
    column = "tier" if by == "tier" else "site_id"
    rows: list[dict[str, object]] = []
    shapes: list[shapely.Geometry] = []
    layers = list(_layers(times, sites, tiers, by))

    def draw(layer: tuple[str, Ints, Floats]) -> list[shapely.Geometry]:
        point_ds = surface.points.of_nearest(search, layer[1])
        return list(band_polygons(surface, point_ds, bands_min))

    with ThreadPoolExecutor(max_workers=2) as pool:  # geometry runs outside Python
        drawn = pool.map(draw, layers)
        for (name, _, time_s), bands in zip(layers, drawn, strict=True):
            for band, shape in zip(bands_min, bands, strict=True):
                people = float(population.people[time_s <= band * 60].sum())
                rows.append({column: name, "band_min": float(band), "people": people})
                shapes.append(shape)
    table = pd.DataFrame(rows, columns=[column, "band_min", "people"])
    frame = gpd.GeoDataFrame(table, geometry=shapes, crs=crs)
    frame.attrs["resolution_m"] = surface.resolution_m
    frame.attrs["land"] = NOT_CUT if coast is None else CUT
    return frame


def _settings(times: TravelTimes, **given: float | None) -> TravelSettings:
    """Return what a matrix was made with; other access legs would draw another matrix's areas."""
    settings = times.settings
    if settings is None:
        raise ValueError("isochrones need travel times with their settings; compute them anew")
    for name, value in given.items():
        made_with = getattr(settings, name)
        if value is not None and value != made_with:
            raise StudyError(
                f"{name} is {value:g}, but the travel times were made with {made_with:g}; leave it "
                "out, or compute the travel times anew"
            )
    return settings


def _layers(
    times: TravelTimes, sites: Sites, tiers: Tiers, by: str
) -> Iterator[tuple[str, Ints, Floats]]:
    """Give, for each tier or site: its name, the columns of its sites, and the cells' seconds."""
    # the searches keep the order of the sites' ids, as the matrix does
    if by == "site":
        for column, site in enumerate(times.site_ids):
            yield str(site), np.array([column]), _as_seconds(times.time_s[:, column])
        return
    for tier in tiers.ids:
        columns = times.columns_of(sites.serving(tier, tiers))
        nearest = times.time_s[:, columns].min(axis=1, initial=UNREACHABLE)
        yield tier, columns, _as_seconds(nearest)


def _as_seconds(time_s: npt.NDArray[np.int32]) -> Floats:
    return np.where(time_s == UNREACHABLE, np.inf, time_s.astype(np.float64))
