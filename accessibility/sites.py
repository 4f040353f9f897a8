"""Sites: the service points, their tiers and what else is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from accessibility.checks import check_frame, of_kind
from accessibility.errors import SitesError, did_you_mean, examples
from accessibility.services import Tiers

if TYPE_CHECKING:
    import folium
    import geopandas as gpd

OPTIONAL_COLUMNS = (
    "municipality", "external", "capacity", "hours", "services", "provider", "languages", "visits",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """The service points of a study; none are left where a scenario closes them all.

    Parameters
    ----------
    frame
        GeoDataFrame in the study's CRS, indexed by `site_id` (text, unique), in the order of the
        ids: `name`, `tier` (text), `geometry` (points), and any of `municipality`, `external`
        (bool), `capacity` (float), `hours`, `services`, `provider`, `languages`, `visits`.
    counts
        What reading changed or left out.
    notes
        Sentences about what reading assumed.
    country
        ISO code of the country whose public holidays their hours mean; None: that of each place.

    Raises
    ------
    SitesError
        If an id is no text or comes twice, the CRS is missing or in degrees, a column is missing,
        a tier is no text, a place is empty or not finite, or a capacity or number of visits is
        negative.
    """

    frame: gpd.GeoDataFrame
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    country: str | None = None

    def __post_init__(self) -> None:
        check_frame(self.frame, "the sites", ("name", "tier"), rows="sites", error=SitesError)
        if list(self.frame.index) != sorted(self.frame.index):
            raise SitesError("sites must be in the order of their ids")
        tier = self.frame["tier"]
        without = np.array([not isinstance(one, str) or not one.strip() for one in tier])
        if without.any():
            raise SitesError(
                f"sites {examples(self.frame.index[without])} have no tier (text is expected): "
                "they would serve nobody"
            )
        self._check_places()
        for column in ("capacity", "visits"):
            if column not in self.frame:
                continue
            values = pd.to_numeric(self.frame[column], errors="coerce").to_numpy(
                dtype=np.float64, na_value=np.nan
            )
            known = self.frame[column].notna().to_numpy()
            bad = known & ~(np.isfinite(values) & (values >= 0))
            if bad.any():
                raise SitesError(
                    f"{column} of sites {examples(self.frame.index[bad])} is negative or no "
                    "number; expected 0 or more, or nothing where it is not known"
                )

    def _check_places(self) -> None:
        points = self.frame.geometry
        odd = (points.geom_type != "Point").to_numpy() | points.is_empty.to_numpy()
        if not odd.any():
            odd = ~np.isfinite(self.xy).all(axis=1)
        if odd.any():
            raise SitesError(
                f"sites {examples(self.frame.index[odd])} have no point to stand at; expected "
                "one point each, in metres in the study's CRS"
            )

    @property
    def ids(self) -> pd.Index[str]:
        """Site ids as text, sorted."""
        return self.frame.index

    @property
    def xy(self) -> npt.NDArray[np.float64]:
        """Places, shape (sites, 2), metres in the study's CRS."""
        return np.column_stack([self.frame.geometry.x, self.frame.geometry.y])

    @property
    def is_external(self) -> npt.NDArray[np.bool_]:
        """Whether each site lies outside the region and is left out of verdicts."""
        if "external" not in self.frame:
            return np.zeros(len(self.frame), dtype=bool)
        return self.frame["external"].to_numpy(dtype=bool)

    def serving(self, tier: str, tiers: Tiers, *, external: bool = False) -> list[str]:
        """List the sites that serve a tier.

        Parameters
        ----------
        tier
            A tier's id.
        tiers
            The study's tiers; a site serves its own and those that it includes, unless its
            `services` list says otherwise.
        external
            Whether sites outside the region count.

        Returns
        -------
        list of str
            Site ids, sorted; empty where nobody serves the tier.
        """
        of_kind(tiers, "tiers", Tiers, "make them with Tiers((Tier(...), ...))")
        offering = tiers.offering(tier)
        serves = self.frame["tier"].isin(offering).to_numpy()
        if "services" in self.frame:
            own = self.frame["services"].fillna("").astype(str).str.replace(",", ";").str.split(";")
            listed = own.map(lambda services: [one.strip() for one in services if one.strip()])
            serves = np.array(
                [
                    tier in services if services else by_tier
                    for services, by_tier in zip(listed, serves, strict=True)
                ]
            )
        if not external:
            serves = serves & ~self.is_external
        return list(self.frame.index[serves])

    def check_id(self, site_id: str) -> str:
        """Return a site's id, or say that there is none, and which was perhaps meant.

        Raises
        ------
        SitesError
            If there is no such site.
        """
        if site_id in self.frame.index:
            return site_id
        raise SitesError(f'there is no site "{site_id}"{site_meant(site_id, self.frame)}')

    def explore(self) -> folium.Map:
        """Show the sites on a folium map."""
        from accessibility.maps import explore_sites

        return explore_sites(self)

    def __repr__(self) -> str:
        tiers = self.frame["tier"].value_counts().sort_index()
        return (
            f"<Sites: {len(self.frame)}, "
            + ", ".join(f"{count} of tier {tier}" for tier, count in tiers.items())
            + ">"
        )

    def _repr_html_(self) -> str:
        shown = pd.DataFrame(self.frame.drop(columns="geometry").head())
        return f"<p>{escape(repr(self)[1:-1])}</p>{shown.to_html()}"


def check_tiers(sites: Sites, tiers: Tiers) -> None:
    """Check that every site's tier, and every service that it lists, is one of the study's.

    Raises
    ------
    SitesError
        Naming the sites and the nearest tier.
    """
    tier = sites.frame["tier"]
    unknown = ~tier.isin(tiers.ids)
    if unknown.any():
        first = tier[unknown].iloc[0]
        raise SitesError(
            f'sites {examples(sites.frame.index[unknown])} have tier "{first}", which the study '
            f"does not define{did_you_mean(first, tiers.ids)}; known: {examples(tiers.ids)}"
        )


def site_meant(word: str, frame: gpd.GeoDataFrame) -> str:
    """Give a hint that names the site whose id or name is nearest to a word, or nothing.

    Parameters
    ----------
    word
        What was taken for a site's id.
    frame
        Sites, indexed by id, with `name`.
    """
    by_name = {str(name).casefold(): str(site) for site, name in frame["name"].items()}
    if word.casefold() in by_name:
        site = by_name[word.casefold()]
        return f' (did you mean "{site}", the id of {frame.at[site, "name"]}?)'
    near = get_close_matches(word.casefold(), by_name, n=1, cutoff=0.6)
    by_id = did_you_mean(word, frame.index)
    if by_id or not near:
        return by_id
    site = by_name[near[0]]
    return f' (did you mean "{site}", the id of {frame.at[site, "name"]}?)'
