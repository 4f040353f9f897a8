"""Values small enough to count on paper: cells c0, c1, ..., sites, a matrix, a target."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from accessibility.population import Population
from accessibility.services import Target, Text, Tier, Tiers
from accessibility.sites import Sites
from accessibility.traveltime import UNREACHABLE, TravelTimes

TIERS = Tiers(
    (
        Tier(id="L", name=Text({"": "local"})),
        Tier(id="A", name=Text({"": "area"}), includes=("L",)),
        Tier(id="E", name=Text({"": "special"}), includes=("A", "L")),
    )
)
NO_WAY = UNREACHABLE


def people(
    counts: list[float],
    municipality: list[str] | None = None,
    partition: tuple[tuple[str, ...], ...] = (),
    **groups: list[float | None],
) -> Population:
    """Give a grid of cells c0, c1, ... with so many people."""
    frame = {
        "x": np.arange(len(counts), dtype=float),
        "y": np.zeros(len(counts)),
        "people": np.array(counts, dtype=float),
        **{name: pd.array(values, "Float64") for name, values in groups.items()},
    }
    if municipality:
        frame["municipality"] = pd.array(municipality, "string")
    index = pd.Index([f"c{number}" for number in range(len(counts))], name="cell_id", dtype=object)
    cells = gpd.GeoDataFrame(
        frame,
        geometry=gpd.points_from_xy(frame["x"], frame["y"]),
        crs="EPSG:3067",
        index=index,
    )
    return Population(cells=cells, groups=tuple(groups), partition=partition)


def sites(**tier_by_id: str) -> Sites:
    """Give sites of these tiers."""
    ids = sorted(tier_by_id)
    frame = gpd.GeoDataFrame(
        {"name": ids, "tier": [tier_by_id[one] for one in ids]},
        geometry=gpd.points_from_xy(range(len(ids)), [0] * len(ids)),
        crs="EPSG:3067",
        index=pd.Index(ids, name="site_id", dtype=object),
    )
    return Sites(frame=frame)


def matrix(**column_by_site: list[int]) -> TravelTimes:
    """Give a matrix from one column of seconds a site."""
    ids = sorted(column_by_site)
    table = np.array([column_by_site[one] for one in ids], dtype=np.int32).T
    cells = pd.Index([f"c{number}" for number in range(len(table))], name="cell_id", dtype=object)
    return TravelTimes(cell_ids=cells, site_ids=pd.Index(ids, dtype=object), time_s=table)


def share_target(share: float = 0.9, **changes: object) -> Target:
    """Give a target of tier L within 30 minutes."""
    asked = {"id": "t", "name": Text({"": "t"}), "tier": "L", "within_min": 30, "share": share}
    return Target(**(asked | changes))  # type: ignore[arg-type]
