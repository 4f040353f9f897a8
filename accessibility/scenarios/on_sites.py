"""What a scenario does to the sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from accessibility.errors import SitesError, did_you_mean, examples
from accessibility.opening_times import parse_hours
from accessibility.projections import in_area_of_use, transformer
from accessibility.scenarios.changes import (
    CloseSite,
    MoveSite,
    OpenSite,
    SetCapacity,
    SetHours,
    SetTier,
    SiteChange,
)
from accessibility.services import Tiers
from accessibility.sites import Sites, site_meant

if TYPE_CHECKING:
    import geopandas as gpd

#: How far outside the area of the study's CRS a site may be opened, degrees.
MARGIN_DEG = 2.0
SAME_PLACE_M = 1.0


def closing_of(site: str) -> str:
    """Return how the sentence on a site's closing begins, by which a card knows it."""
    return f"closing {site} "


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteChanges:
    """The sites after a scenario.

    Parameters
    ----------
    sites
        The sites that stand then.
    searched
        Ids that are new or stand elsewhere: their columns must be searched.
    closed
        Ids that are gone.
    effects
        English sentences on what the changes bring with them.
    problems
        What cannot be applied, one sentence each; then `sites` is not to be used.
    """

    sites: Sites
    searched: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def change_sites(sites: Sites, changes: Sequence[SiteChange], tiers: Tiers) -> SiteChanges:
    """Apply changes to a copy of the sites, in order; problems are collected, not raised.

    Parameters
    ----------
    sites
        The baseline's.
    changes
        Changes of sites.
    tiers
        The study's tiers.
    """
    work = _Work(sites, tiers)
    for change in changes:
        work.apply(change)
    return work.finish()


class _Work:
    def __init__(self, sites: Sites, tiers: Tiers) -> None:
        self.before = sites
        self.tiers = tiers
        self.frame: gpd.GeoDataFrame = sites.frame.copy()
        self.to_crs = transformer(4326, sites.frame.crs)
        self.touched: set[str] = set()
        self.effects: list[str] = []
        self.problems: list[str] = []

    def apply(self, change: SiteChange) -> None:
        """Apply one change, or note why it cannot be."""
        if isinstance(change, OpenSite):
            self._open(change)
            return
        if change.site not in self.frame.index:
            was_there = change.site in self.before.frame.index
            self.problems.append(
                f'site "{change.site}" is closed already'
                if was_there
                else f'there is no site "{change.site}"{site_meant(change.site, self.frame)}'
            )
            return
        if isinstance(change, CloseSite):
            self._close(change)
        elif isinstance(change, MoveSite):
            self._move(change)
        elif isinstance(change, SetTier):
            if change.tier not in self.tiers.ids:
                self.problems.append(self._unknown_tier(change.site, change.tier))
            else:
                self._set(change.site, "tier", change.tier)
        elif isinstance(change, SetCapacity):
            self._set(change.site, "capacity", change.capacity)
        elif isinstance(change, SetHours) and self._reads(change.hours, change.site):
            self._set(change.site, "hours", change.hours)

    def _close(self, change: CloseSite) -> None:
        tier = str(self.frame.at[change.site, "tier"])
        lower = [one for one in self.tiers.served_by(tier) if one != tier]
        if lower:
            self.effects.append(
                f"{closing_of(change.site)}({self.frame.at[change.site, 'name']}), a site of tier "
                f"{tier}, also removes its services of tier {examples(lower)}"
            )
        self.frame = self.frame.drop(index=change.site)
        self.touched.discard(change.site)

    def _open(self, change: OpenSite) -> None:
        if change.id in self.frame.index:
            self.problems.append(
                f'there is already a site "{change.id}"; give the new one its own id'
            )
            return
        if change.tier not in self.tiers.ids:
            self.problems.append(self._unknown_tier(change.id, change.tier))
            return
        point = self._place(change.id, change.lon, change.lat)
        if point is None or not self._reads(change.hours, change.id):
            return
        row: dict[str, object] = dict.fromkeys(self.frame.columns)
        row |= {"name": change.name, "tier": change.tier, "geometry": point}
        for column in ("municipality", "capacity", "hours"):
            value = getattr(change, column)
            if value is not None:
                self._need_column(column)
                row[column] = value
        if "external" in self.frame:
            row["external"] = False
        if change.id in self.before.frame.index:
            before = self.before.frame.loc[change.id]
            if before.geometry.distance(point) > SAME_PLACE_M:
                self.touched.add(change.id)
        else:
            self.touched.add(change.id)
        self.frame = self._with_row(change.id, row)

    def _reads(self, hours: str | None, site: str) -> bool:
        """Tell whether opening hours can be read; where not, say so."""
        try:
            if hours:
                parse_hours(hours, site)
        except SitesError as problem:
            self.problems.append(str(problem))
            return False
        return True

    def _with_row(self, site: str, row: dict[str, object]) -> gpd.GeoDataFrame:
        import geopandas as gpd
        import pandas as pd

        index = pd.Index([site], name=self.frame.index.name, dtype=self.frame.index.dtype)
        columns = {name: [row.get(name)] for name in self.frame.columns}
        new = gpd.GeoDataFrame(columns, geometry="geometry", crs=self.frame.crs, index=index)
        kept = {name: self.frame[name].dtype for name in self.frame.columns if name != "geometry"}
        merged = pd.DataFrame(
            {
                name: pd.array([*self.frame[name], *new[name]], dtype=kind)
                for name, kind in kept.items()
            },
            index=self.frame.index.append(index),
        )
        points = [*self.frame.geometry, *new.geometry]
        return gpd.GeoDataFrame(merged, geometry=points, crs=self.frame.crs)

    def _move(self, change: MoveSite) -> None:
        point = self._place(change.site, change.lon, change.lat)
        if point is None:
            return
        if self.frame.geometry[change.site].distance(point) <= SAME_PLACE_M:
            self.problems.append(
                f'site "{change.site}" stands there already: moving it alters nothing'
            )
            return
        self.frame.loc[[change.site], "geometry"] = [point]
        self.touched.add(change.site)

    def _place(self, site: str, lon: float, lat: float) -> shapely.Point | None:
        x, y = self.to_crs.transform(lon, lat)
        inside = in_area_of_use(lon, lat, self.frame.crs, margin_deg=MARGIN_DEG)
        if not (np.isfinite(x) and np.isfinite(y) and inside):
            self.problems.append(
                f'site "{site}" would stand at lon {lon:g}, lat {lat:g}, outside the region; '
                "are longitude and latitude swapped?"
            )
            return None
        return shapely.Point(x, y)

    def _set(self, site: str, column: str, value: object) -> None:
        if column in self.frame and self.frame.at[site, column] == value:
            self.problems.append(
                f'site "{site}" has {column} = {value} already: setting it alters nothing'
            )
            return
        self._need_column(column)
        self.frame.loc[site, column] = value

    def _need_column(self, column: str) -> None:
        if column not in self.frame:
            self.frame[column] = np.nan if column == "capacity" else ""

    def _unknown_tier(self, site: str, tier: str) -> str:
        known = self.tiers.ids
        return (
            f'site "{site}": "{tier}" is no tier{did_you_mean(tier, known)}; '
            f"known: {examples(known)}"
        )

    def finish(self) -> SiteChanges:
        """Give what came of it."""
        after = replace(self.before, frame=self.frame.sort_index())
        closed = [one for one in self.before.frame.index if one not in self.frame.index]
        return SiteChanges(
            sites=after,
            searched=tuple(sorted(self.touched)),
            closed=tuple(closed),
            effects=tuple(self.effects),
            problems=tuple(self.problems),
        )
