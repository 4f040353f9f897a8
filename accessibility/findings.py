"""What reports and pages are told from: a run in memory, or one read back from its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from accessibility.network_audit import NetworkAudit
    from accessibility.population import Population
    from accessibility.scenarios import Scenario
    from accessibility.services import Tiers
    from accessibility.sites import Sites
    from accessibility.speeds import Season, SpeedTable
    from accessibility.study import Study
    from accessibility.targets import Verdict


class Findings(Protocol):
    """What a run found, as far as it is told to readers; see `accessibility.runs.Run`."""

    @property
    def study(self) -> Study:
        """What was asked."""

    @property
    def tiers(self) -> Tiers:
        """The study's tiers."""

    @property
    def speeds(self) -> SpeedTable:
        """How fast the roads are."""

    @property
    def season(self) -> Season:
        """The season driven in."""

    @property
    def scenario(self) -> Scenario | None:
        """What was changed; None in the current situation."""

    @property
    def effects(self) -> Sequence[str]:
        """Sentences on what the changes bring with them."""

    @property
    def population(self) -> Population:
        """Who lives where."""

    @property
    def sites(self) -> Sites:
        """What stands where."""

    @property
    def areas(self) -> gpd.GeoDataFrame | None:
        """Municipal borders."""

    @property
    def places(self) -> gpd.GeoDataFrame | None:
        """Named settlements."""

    @property
    def nearest(self) -> pd.DataFrame:
        """Per cell: `time_s_<tier>`, `site_<tier>`."""

    @property
    def status(self) -> pd.Series[str]:
        """Per cell: how it fares with its nearest site of any tier."""

    @property
    def coverage(self) -> pd.DataFrame:
        """People by tier, group, area and band."""

    @property
    def verdicts(self) -> list[Verdict]:
        """One a target."""

    @property
    def network_origin(self) -> Mapping[str, Any]:
        """What the road file says of itself, such as its date."""

    @property
    def stranded_sites(self) -> Mapping[str, str]:
        """Names, by id, of sites too far from any road to serve anybody."""

    @property
    def people_outside(self) -> Mapping[str, tuple[float, float]]:
        """By target with a time limit: people beyond it, fewest and most."""

    @property
    def network_audit(self) -> NetworkAudit:
        """What the network holds, and whom it sends a long way round."""

    def audit(self) -> pd.DataFrame:
        """Count cells and people by status."""


def tiers_without_site(run: Findings) -> tuple[str, ...]:
    """Return the tiers that no site of the region serves, in the study's order.

    Nobody reaches them, and no road is to blame.
    """
    return tuple(one for one in run.tiers.ids if not run.sites.serving(one, run.tiers))
