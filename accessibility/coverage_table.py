"""Coverage: how many people reach each tier within each band, by group and area."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from accessibility.checks import flag, of_kind
from accessibility.errors import InputError
from accessibility.population import Population, check_same_cells
from accessibility.services import EVERYBODY, WHOLE_AREA, Tiers, check_bands, cutoff_s
from accessibility.sites import Sites
from accessibility.traveltime import TravelTimes

Floats = npt.NDArray[np.float64]
BEYOND = "beyond"
UNREACHABLE_BAND = "unreachable"


def nearest_by_tier(
    times: TravelTimes, sites: Sites, tiers: Tiers, *, external: bool = False
) -> pd.DataFrame:
    """Find each cell's nearest site of every tier.

    Parameters
    ----------
    times
        The matrix; its sites are those that exist.
    sites
        The sites, with their tiers.
    tiers
        The study's tiers.
    external
        Whether sites outside the region count.

    Returns
    -------
    DataFrame
        Indexed by cell: `time_s_<tier>` (Int32, missing where none is reached) and
        `site_<tier>` (text).

    Raises
    ------
    StudyError
        If the matrix has no column for a site.
    """
    of_kind(times, "times", TravelTimes, "compute them with travel_times")
    of_kind(sites, "sites", Sites, "read them with read_sites")
    of_kind(tiers, "tiers", Tiers, "make them with Tiers((Tier(...), ...))")
    flag(external, "external")
    columns: dict[str, pd.Series] = {}
    for tier in tiers.ids:
        found = times.nearest(sites.serving(tier, tiers, external=external))
        columns[f"time_s_{tier}"] = found["time_s"]
        columns[f"site_{tier}"] = found["site"]
    return pd.DataFrame(columns, index=times.cell_ids)


def seconds(nearest: pd.DataFrame, tier: str) -> Floats:
    """Give each cell's seconds to its nearest site of a tier; infinite where there is none."""
    return nearest[f"time_s_{tier}"].to_numpy(dtype=np.float64, na_value=np.inf)


def joint_share(
    inside: npt.NDArray[np.bool_], low: Floats, high: Floats
) -> tuple[float, float, float, float]:
    """Count people inside and their share, where some are known only by bounds.

    Hidden people are either inside or outside, so the lowest share counts the fewest inside and
    the most outside, and the other way round.

    Returns
    -------
    tuple
        People low and high; share low and high (NaN where there may be nobody at all).

    Examples
    --------
    >>> joint_share(np.array([True, False]), np.array([0.0, 4.0]), np.array([4.0, 4.0]))
    (0.0, 4.0, 0.0, 0.5)
    """
    in_low, in_high = float(low[inside].sum()), float(high[inside].sum())
    out_low, out_high = float(low[~inside].sum()), float(high[~inside].sum())
    share_low = in_low / (in_low + out_high) if in_low + out_high > 0 else np.nan
    share_high = in_high / (in_high + out_low) if in_high + out_low > 0 else np.nan
    if np.isnan(share_low) != np.isnan(share_high):  # nobody for certain, somebody perhaps
        share_low = 0.0 if np.isnan(share_low) else share_low
        share_high = 1.0 if np.isnan(share_high) else share_high
    return in_low, in_high, share_low, share_high


def areas_of(population: Population) -> dict[str, npt.NDArray[np.intp]]:
    """List the rows of each area: the whole (`*`) first, then the municipalities by name."""
    areas = {WHOLE_AREA: np.arange(len(population.cells))}
    municipality = population.municipalities
    if municipality is not None:
        rows = municipality.groupby(municipality, observed=True).indices
        areas |= {str(name): np.asarray(rows[name]) for name in sorted(rows, key=str)}
    return areas


def coverage(
    nearest: pd.DataFrame, population: Population, tiers: Tiers, *, bands_min: Sequence[float]
) -> pd.DataFrame:
    """Count people by tier, group, area and band.

    Bands are cumulative and inclusive (<= band). People beyond the last band and people without any
    way follow as rows of their own, so that the last band, `beyond` and `unreachable` add up to
    all.

    Parameters
    ----------
    nearest
        From `nearest_by_tier`.
    population
        The grid.
    tiers
        The study's tiers.
    bands_min
        Rising minutes.

    Returns
    -------
    DataFrame
        `tier`, `group`, `area`, `band_min` (minutes as text, `beyond`, `unreachable`),
        `people_low`, `people_high`, `share_low`, `share_high` (0..1; missing where the area has
        nobody of the group).

    Raises
    ------
    InputError
        If `nearest` has other cells than the grid, or lacks a tier.
    StudyError
        If the bands do not rise, or are not positive and finite.
    """
    of_kind(nearest, "nearest", pd.DataFrame, "find it with nearest_by_tier")
    of_kind(tiers, "tiers", Tiers, "make them with Tiers((Tier(...), ...))")
    check_same_cells(nearest.index, population, "nearest")
    bands_min = check_bands(bands_min)
    lacking = [tier for tier in tiers.ids if f"time_s_{tier}" not in nearest]
    if lacking:
        raise InputError(f"nearest has no column time_s_{lacking[0]}; find it with nearest_by_tier")
    areas = areas_of(population)
    rows = []
    for tier in tiers.ids:
        time_s = seconds(nearest, tier)
        inside = [(f"{band:g}", time_s <= cutoff_s(band)) for band in bands_min]
        inside.append((BEYOND, np.isfinite(time_s) & (time_s > cutoff_s(bands_min[-1]))))
        inside.append((UNREACHABLE_BAND, ~np.isfinite(time_s)))
        for group in (EVERYBODY, *population.groups):
            low, high = population.bounds(group)
            for area, cells in areas.items():
                for band, is_inside in inside:
                    counted = joint_share(is_inside[cells], low[cells], high[cells])
                    rows.append((tier, group, area, band, *counted))
    return pd.DataFrame(
        rows,
        columns=[
            "tier", "group", "area", "band_min",
            "people_low", "people_high", "share_low", "share_high",
        ],
    )  # fmt: skip
