"""Comparison: what a scenario does to people, gross and by place, never only on balance.

A region-wide share hides a closure: a few thousand people who drive an hour more move it by a
point or two. So people who lose and people who gain are counted apart, municipalities and places
are named, and the worst is always said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from accessibility.coverage_table import areas_of, seconds
from accessibility.errors import ScenarioError
from accessibility.population import Population
from accessibility.services import EVERYBODY, Target, Tiers
from accessibility.sites import Sites
from accessibility.targets import Verdict

if TYPE_CHECKING:
    import geopandas as gpd

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MOST_PLACES = 10
#: A cell belongs to the nearest named settlement within this distance, else to its municipality.
PLACE_RADIUS_M = 5000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One side of a comparison: what a run found, free of how it was read.

    Parameters
    ----------
    name
        What it is called.
    population, sites, tiers
        People, the sites that stand, and the tiers.
    nearest
        Per cell: `time_s_<tier>`, `site_<tier>`.
    verdicts
        One a target.
    bands_min
        The bands.
    inside
        Per share target: who is inside its limit for certain, shape (cells,); where it is not
        given, the nearest site of the tier decides.
    places
        Named settlements: `name`, `geometry` (points) and `people`, where known.
    """

    name: str
    population: Population
    sites: Sites
    tiers: Tiers
    nearest: pd.DataFrame
    verdicts: Sequence[Verdict]
    bands_min: Sequence[float]
    inside: Mapping[str, Mask] = field(default_factory=dict)
    places: gpd.GeoDataFrame | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What changes from one outcome to another.

    Parameters
    ----------
    before, after
        The two sides.
    cells
        Per cell and tier: `minutes_before_<tier>`, `minutes_after_<tier>` (infinite: no way),
        `site_before_<tier>`, `site_after_<tier>`.
    summary
        One row a tier, group and area (`*`: all): `people`, `lose`, `gain` (people whose time
        grows or shrinks), `mean_added_min`, `p90_added_min`, `worst_added_min` (over those who
        lose and still reach a site; people-weighted), `cut_off` (people who reach nothing any
        more), `mean_saved_min`; of a suppressed group only the certain people count.
    bands
        People who cross each band, out of it and into it: `tier`, `group`, `area`, `band_min`,
        `newly_outside`, `newly_inside`.
    targets
        One row a target: verdict and share before and after, people newly outside and inside.
    places
        The hardest hit settlements (or municipalities): `tier`, `place`, `municipality`, `people`,
        `mean_added_min`, `worst_added_min`, the most person-minutes first.
    flows
        Where people go whose nearest site changes: `tier`, `from_site`, `to_site` (empty: nowhere),
        `people`.
    loads
        Per site that receives people: `site`, `tier`, `people_before`, `people_after`,
        `capacity`, `over_capacity`.
    yearly
        With `visits` per person and year: person-minutes a year, by tier; else empty.
    """

    before: Outcome
    after: Outcome
    cells: pd.DataFrame = field(repr=False)
    summary: pd.DataFrame = field(repr=False)
    bands: pd.DataFrame = field(repr=False)
    targets: pd.DataFrame
    places: pd.DataFrame = field(repr=False)
    flows: pd.DataFrame = field(repr=False)
    loads: pd.DataFrame = field(repr=False)
    yearly: Mapping[str, float] = field(default_factory=dict)

    def of_everybody(self, tier: str) -> pd.Series:
        """Give the row of `summary` for everybody in the whole region."""
        rows = self.summary
        chosen = (rows["tier"] == tier) & (rows["group"] == EVERYBODY) & (rows["area"] == "*")
        return rows[chosen].iloc[0]

    def to_dict(self) -> dict[str, object]:
        """Give the comparison in the shape of comparison.json."""
        return {
            "schema_version": 1,
            "before": self.before.name,
            "after": self.after.name,
            "targets": _records(self.targets),
            "summary": _records(self.summary),
            "bands": _records(self.bands),
            "places": _records(self.places),
            "loads": _records(self.loads),
            "yearly_person_minutes": dict(self.yearly),
        }

    def __repr__(self) -> str:
        parts = []
        for tier in self.before.tiers.ids:
            row = self.of_everybody(tier)
            parts.append(f"{tier}: {row['lose']:,.0f} lose, {row['gain']:,.0f} gain")
        return f"<Comparison of {self.after.name!r} with {self.before.name!r}: {'; '.join(parts)}>"

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self)[1:-1])}</p>{self.targets.to_html()}"


def compare(
    before: Outcome, after: Outcome, *, visits_per_year: Mapping[str, float] | None = None
) -> Comparison:
    """Compare two outcomes cell by cell.

    Parameters
    ----------
    before, after
        Two outcomes on the same cells.
    visits_per_year
        Visits per person and year by tier, where the study gives them.

    Raises
    ------
    ScenarioError
        If the cells differ.

    Notes
    -----
    People are those of `after` where a scenario changes them (`before` counts the same cells).
    """
    if not before.population.cells.index.equals(after.population.cells.index):
        raise ScenarioError("the two runs have different cells: they cannot be compared")
    cells = _cells(before, after)
    return Comparison(
        before=before,
        after=after,
        cells=cells,
        summary=_summary(cells, after),
        bands=_bands(cells, after),
        targets=_targets(before, after),
        places=_places(cells, after),
        flows=_flows(cells, after),
        loads=_loads(before, after),
        yearly=_yearly(cells, after, visits_per_year or {}),
    )


def _cells(before: Outcome, after: Outcome) -> pd.DataFrame:
    columns: dict[str, object] = {}
    for tier in before.tiers.ids:
        for side, outcome in (("before", before), ("after", after)):
            columns[f"minutes_{side}_{tier}"] = seconds(outcome.nearest, tier) / 60
            columns[f"site_{side}_{tier}"] = outcome.nearest[f"site_{tier}"]
    return pd.DataFrame(columns, index=before.nearest.index)


def _added_min(cells: pd.DataFrame, tier: str) -> Floats:
    """Minutes added per cell: 0 where nothing changes, infinite where all reach is lost."""
    old = cells[f"minutes_before_{tier}"].to_numpy(dtype=np.float64)
    new = cells[f"minutes_after_{tier}"].to_numpy(dtype=np.float64)
    both_none = np.isinf(old) & np.isinf(new)
    return np.where(both_none, 0.0, np.where(both_none, 0.0, new) - np.where(both_none, 0.0, old))


def weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """Give the smallest value that at least a share of the weights does not exceed.

    >>> weighted_quantile(np.array([1.0, 2.0, 3.0]), np.array([8.0, 1.0, 1.0]), 0.9)
    2.0
    """
    if not weights.sum() > 0:
        return 0.0
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) >= share * weights.sum() - 1e-9
    return float(values[order][np.argmax(reached)])


def _summary(cells: pd.DataFrame, after: Outcome) -> pd.DataFrame:
    rows = []
    areas = areas_of(after.population)
    for tier in after.tiers.ids:
        added = _added_min(cells, tier)
        for group in (EVERYBODY, *after.population.groups):
            people, _ = after.population.bounds(group)
            for area, where in areas.items():
                rows.append((tier, group, area, *_losses(added[where], people[where])))
    return pd.DataFrame(
        rows,
        columns=[
            "tier", "group", "area", "people", "lose", "gain", "cut_off", "mean_added_min",
            "p90_added_min", "worst_added_min", "mean_saved_min",
        ],
    )  # fmt: skip


def _losses(added_min: Floats, people: Floats) -> tuple[float, ...]:
    """Count who loses and gains, and by how much, over those who keep a way."""
    lose, gain = added_min > 0, added_min < 0
    cut_off = np.isposinf(added_min)
    measured = lose & ~cut_off & (people > 0)
    saved = gain & np.isfinite(added_min)
    mean = (
        float(np.average(added_min[measured], weights=people[measured])) if measured.any() else 0.0
    )
    helped = people[saved].sum() > 0
    return (
        float(people.sum()),
        float(people[lose].sum()),
        float(people[gain].sum()),
        float(people[cut_off].sum()),
        mean,
        weighted_quantile(added_min[measured], people[measured], 0.9),
        float(added_min[measured].max()) if measured.any() else 0.0,
        float(-np.average(added_min[saved], weights=people[saved])) if helped else 0.0,
    )


def _bands(cells: pd.DataFrame, after: Outcome) -> pd.DataFrame:
    rows = []
    areas = areas_of(after.population)
    for tier in after.tiers.ids:
        old = cells[f"minutes_before_{tier}"].to_numpy(dtype=np.float64)
        new = cells[f"minutes_after_{tier}"].to_numpy(dtype=np.float64)
        for group in (EVERYBODY, *after.population.groups):
            people, _ = after.population.bounds(group)
            for band in after.bands_min:
                leaves, enters = (old <= band) & (new > band), (old > band) & (new <= band)
                for area, where in areas.items():
                    out = float(people[where][leaves[where]].sum())
                    into = float(people[where][enters[where]].sum())
                    rows.append((tier, group, area, band, out, into))
    columns = ["tier", "group", "area", "band_min", "newly_outside", "newly_inside"]
    return pd.DataFrame(rows, columns=columns)


def _targets(before: Outcome, after: Outcome) -> pd.DataFrame:
    """Say how each target fares before and after."""
    rows = []
    for old, new in zip(before.verdicts, after.verdicts, strict=True):
        target = new.target
        out = into = 0.0
        if target.kind == "share":
            people, _ = after.population.bounds(target.group)
            was, now = _inside(before, target), _inside(after, target)
            out, into = float(people[was & ~now].sum()), float(people[~was & now].sum())
        rows.append(
            {
                "id": target.id,
                "tier": target.tier,
                "group": target.group,
                "verdict_before": old.word,
                "verdict_after": new.word,
                "flips": old.word != new.word,
                "measured_before": old.measured_low,
                "measured_after": new.measured_low,
                "required": new.required,
                "newly_outside": out,
                "newly_inside": into,
            }
        )
    return pd.DataFrame(rows)


def _inside(outcome: Outcome, target: Target) -> Mask:
    """Mark the cells inside a target's limit."""
    if target.id in outcome.inside:
        return outcome.inside[target.id]
    return np.asarray(seconds(outcome.nearest, target.tier) <= target.cutoff_s)


def _places(cells: pd.DataFrame, after: Outcome) -> pd.DataFrame:
    """List the hardest hit places of each tier, the most person-minutes first."""
    population = after.population
    municipality = population.municipalities
    area = municipality.fillna("") if municipality is not None else pd.Series("", cells.index)
    place = place_of_cells(after, area)
    people = population.people
    tables = []
    for tier in after.tiers.ids:
        added = _added_min(cells, tier)
        hit = (added > 0) & (people > 0)
        if not hit.any():
            continue
        finite = np.where(np.isinf(added), 0.0, added)
        frame = pd.DataFrame(
            {
                "place": place[hit].to_numpy(),
                "municipality": area[hit].to_numpy(),
                "people": people[hit],
                "cut_off": np.where(np.isinf(added[hit]), people[hit], 0.0),
                "person_min": finite[hit] * people[hit],
                "worst_added_min": finite[hit],
            }
        )
        by_place = frame.groupby(["place", "municipality"], as_index=False).agg(
            people=("people", "sum"),
            cut_off=("cut_off", "sum"),
            person_min=("person_min", "sum"),
            worst_added_min=("worst_added_min", "max"),
        )
        by_place["mean_added_min"] = by_place["person_min"] / (
            by_place["people"] - by_place["cut_off"]
        ).replace(0, np.nan)
        order = ["cut_off", "person_min", "place"]
        by_place = by_place.sort_values(order, ascending=[False, False, True]).head(MOST_PLACES)
        by_place.insert(0, "tier", tier)
        tables.append(by_place.drop(columns="person_min"))
    columns = [
        "tier", "place", "municipality", "people", "cut_off", "worst_added_min", "mean_added_min",
    ]  # fmt: skip
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def place_of_cells(after: Outcome, municipality: pd.Series) -> pd.Series:
    """Name each cell's place: the nearest settlement within five kilometres, else its area."""
    if after.places is None or not len(after.places):
        return municipality
    from scipy.spatial import cKDTree

    points = np.column_stack([after.places.geometry.x, after.places.geometry.y])
    distance, nearest = cKDTree(points).query(after.population.xy)
    names = after.places["name"].to_numpy(dtype=object)
    named = np.where(
        distance <= PLACE_RADIUS_M, names[nearest], municipality.to_numpy(dtype=object)
    )
    return pd.Series(named, index=municipality.index)


def _flows(cells: pd.DataFrame, after: Outcome) -> pd.DataFrame:
    """Count people by the site they had and the site they get, where it is another."""
    tables = []
    for tier in after.tiers.ids:
        old = cells[f"site_before_{tier}"].fillna("").astype(str)
        new = cells[f"site_after_{tier}"].fillna("").astype(str)
        moves = (old != new).to_numpy()
        frame = pd.DataFrame(
            {
                "from_site": old[moves].to_numpy(),
                "to_site": new[moves].to_numpy(),
                "people": after.population.people[moves],
            }
        )
        counted = frame.groupby(["from_site", "to_site"], as_index=False)["people"].sum()
        counted.insert(0, "tier", tier)
        tables.append(counted)
    flows = pd.DataFrame(pd.concat(tables, ignore_index=True))
    order = np.lexsort((flows["to_site"], -flows["people"], flows["from_site"], flows["tier"]))
    return pd.DataFrame(flows.iloc[order].reset_index(drop=True))


def load_by_site(outcome: Outcome, tier: str) -> pd.Series:
    """Count, per site, the people whose nearest site of a tier it is."""
    site = outcome.nearest[f"site_{tier}"].fillna("").astype(str)
    people = pd.Series(outcome.population.people, index=site.index)
    load = people.groupby(site).sum()
    return load.drop(index="", errors="ignore")


def _loads(before: Outcome, after: Outcome) -> pd.DataFrame:
    """Compare each site's people before and after, with its capacity where it has one.

    Capacity is in residents and compared with the tier that most sites serve.
    """
    base = base_tier(after)
    rows = []
    for tier in after.tiers.ids:
        old, new = load_by_site(before, tier), load_by_site(after, tier)
        table = pd.DataFrame({"people_before": old, "people_after": new}).fillna(0.0)
        changed = table[table["people_before"] != table["people_after"]]
        for site, row in zip(map(str, changed.index), changed.to_dict("records"), strict=True):
            capacity = _capacity(after.sites, site) if tier == base else None
            rows.append(
                {
                    "site": site,
                    "tier": tier,
                    **row,
                    "capacity": capacity,
                    "over_capacity": capacity is not None and row["people_after"] > capacity,
                }
            )
    columns = ["site", "tier", "people_before", "people_after", "capacity", "over_capacity"]
    return pd.DataFrame(rows, columns=columns)


def base_tier(outcome: Outcome) -> str:
    """Name the tier that most sites serve; of equals the first of the study."""
    ids = outcome.tiers.ids
    return max(
        ids, key=lambda tier: (len(outcome.sites.serving(tier, outcome.tiers)), -ids.index(tier))
    )


def _capacity(sites: Sites, site: str) -> float | None:
    if "capacity" not in sites.frame or site not in sites.frame.index:
        return None
    value = sites.frame.at[site, "capacity"]
    return None if pd.isna(value) else float(value)


def _yearly(
    cells: pd.DataFrame, after: Outcome, visits_per_year: Mapping[str, float]
) -> dict[str, float]:
    """Person-minutes that are added a year: people x added minutes x visits, there and back."""
    found = {}
    for tier, visits in visits_per_year.items():
        added = _added_min(cells, tier)
        finite = np.isfinite(added)
        found[tier] = float((after.population.people[finite] * added[finite]).sum() * visits * 2)
    return found


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Give a table as plain records: no NaN, no infinity, no NumPy types."""
    return [
        {str(key): _plain(value) for key, value in row.items()} for row in frame.to_dict("records")
    ]


def _plain(value: object) -> object:
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, (int, np.integer)):
        return int(value)
    return None if value is None or value is pd.NA else str(value)
