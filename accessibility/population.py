"""The population grid: who lives where, and what is not known about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from accessibility.checks import check_frame, of_kind, texts
from accessibility.errors import PopulationError, examples
from accessibility.partition import Partition, check_partition, hidden_bounds

if TYPE_CHECKING:
    import folium
    import geopandas as gpd

Floats = npt.NDArray[np.float64]

#: A municipality whose grid and register differ by more than this share is warned of.
REGISTER_WARNING = 0.03
#: A hundred times all people on Earth: a slip of the hand or of a unit.
MOST_PEOPLE = 1e12
#: Columns of both ends where people are known by bounds alone, before a group's name or `people`.
FEWEST, MOST = "fewest_", "most_"
OWN_COLUMNS = frozenset({"x", "y", "people", "municipality", "geometry", "status", "access_leg_m"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """People by grid cell.

    Parameters
    ----------
    cells
        GeoDataFrame in the study's CRS, indexed by `cell_id` (text, unique): `x`, `y` (centre,
        metres), `people` (float >= 0), one Float64 column a group (missing: suppressed),
        `municipality` (text, where known) and `geometry` (the true square of the grid's lattice).
    groups
        Names of the group columns.
    counts
        What was assumed, dropped, perturbed.
    notes
        Sentences about what reading assumed.
    partition
        Lists of groups; everybody is in exactly one group of each list.
    ranges
        Fewest and most people by cell, by group and for `*`, where a scenario multiplied a group
        that is hidden somewhere; empty: they follow from the cells.
    register
        Per municipality: `grid` and `register` people, `difference` (share; missing where one is
        missing or the register has nobody), where a register was given; the grid's people are
        those before scaling.

    Raises
    ------
    PopulationError
        If there is no cell, an id is no text or comes twice, the CRS is missing or in degrees, a
        column is missing, or people, groups or coordinates are not numbers that can be,
        or the partition names a group that there is not.
    """

    cells: gpd.GeoDataFrame
    groups: tuple[str, ...] = ()
    counts: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    partition: Partition = ()
    ranges: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict, repr=False)
    register: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        groups = texts(self.groups, "groups", error=PopulationError)
        object.__setattr__(self, "groups", groups)
        check_frame(
            self.cells,
            "the population grid",
            ("x", "y", "people", *groups),
            rows="cells",
            error=PopulationError,
        )
        if not len(self.cells):
            raise PopulationError("the population grid has no cell")
        for column, most in (("x", np.inf), ("y", np.inf), ("people", MOST_PEOPLE)):
            least = 0.0 if column == "people" else -np.inf
            self._check_column(column, least, most, missing=False)
        for group in groups:
            self._check_column(group, 0.0, MOST_PEOPLE, missing=True)
        check_partition(self.partition, groups)
        self._check_names(groups)

    def _check_names(self, groups: tuple[str, ...]) -> None:
        """Refuse names that mean the whole: sums would be taken for them, and they for sums."""
        if "*" in groups:
            raise PopulationError('a group is called "*", which means everybody; rename it')
        names = self.cells.get("municipality")
        star = np.zeros(len(self.cells), dtype=bool)
        if names is not None:
            star = (names.astype("string").str.strip() == "*").fillna(False).to_numpy(dtype=bool)
        if star.any():
            raise PopulationError(
                f'{int(star.sum())} cells have a municipality called "*" '
                f"({examples(self.cells.index[star])}), which means the whole region in every "
                "table; give its name, or nothing where it is not known"
            )

    def _check_column(self, column: str, least: float, most: float, *, missing: bool) -> None:
        """Refuse numbers that cannot be; a missing one is a hidden group, where that may be."""
        try:
            values = self.cells[column].to_numpy(dtype=np.float64, na_value=np.nan)
        except (ValueError, TypeError) as problem:
            raise PopulationError(
                f'the population grid\'s column "{column}" must hold numbers ({problem})'
            ) from problem
        inside = np.isfinite(values) & (values >= least) & (values <= most)
        bad = ~inside & ~(missing & np.isnan(values))
        if bad.any():
            what = "a number of people" if least == 0 else "a coordinate"
            expected = f"0 to {most:g}" if least == 0 else "metres"
            raise PopulationError(
                f"{int(bad.sum())} cells have {what} that is negative, too large or no number "
                f'(column "{column}"): {examples(self.cells.index[bad])}; expected {expected}'
            )

    @property
    def people(self) -> Floats:
        """People by cell."""
        return self.cells["people"].to_numpy(dtype=np.float64)

    @property
    def total(self) -> float:
        """All people of the grid."""
        return float(self.people.sum())

    @property
    def xy(self) -> Floats:
        """Cell centres, shape (cells, 2), metres in the study's CRS."""
        return self.cells[["x", "y"]].to_numpy(dtype=np.float64)

    @property
    def municipalities(self) -> pd.Series[str] | None:
        """Municipality by cell, where the grid names them."""
        return self.cells.get("municipality")

    def bounds(self, group: str) -> tuple[Floats, Floats]:
        """Return the fewest and the most people of a group in each cell.

        A hidden group is anything from nobody to everybody of its cell; inside a partition, the
        hidden groups together are what the known ones leave over, so that a single hidden one is
        known exactly. A perturbed figure is kept as it stands, even where it exceeds the cell's
        people.

        Parameters
        ----------
        group
            A group's name, or `*` for everybody.

        Returns
        -------
        tuple
            Low and high, shape (cells,).

        Raises
        ------
        PopulationError
            If there is no such group.
        """
        if group != "*" and group not in self.groups:
            raise PopulationError(
                f'the population grid has no group "{group}"; known: {examples(self.groups)}'
            )
        if group in self.ranges:
            return self.ranges[group]
        if group == "*":
            return self.people, self.people
        part = next((one for one in self.partition if group in one), None)
        partners = None if part is None else self.known(*(one for one in part if one != group))
        return hidden_bounds(self.people, self.known(group)[:, 0], partners)

    def known(self, *groups: str) -> Floats:
        """Return the people of some groups, shape (cells, groups); NaN where they are hidden."""
        return self.cells[list(groups)].to_numpy(dtype=np.float64, na_value=np.nan)

    def range_columns(self) -> dict[str, Floats]:
        """Return `ranges` as columns of a table of cells; see `ranges_of`."""
        columns: dict[str, Floats] = {}
        for group, (low, high) in self.ranges.items():
            name = "people" if group == "*" else group
            columns |= {FEWEST + name: low, MOST + name: high}
        return columns

    def explore(self) -> folium.Map:
        """Show the grid on a folium map."""
        from accessibility.maps import explore_population

        return explore_population(self)

    def __repr__(self) -> str:
        groups = f", groups {', '.join(self.groups)}" if self.groups else ""
        return f"<Population: {self.total:,.0f} people in {len(self.cells):,} cells{groups}>"

    def _repr_html_(self) -> str:
        shown = pd.DataFrame(self.cells.drop(columns="geometry").head())
        return f"<p>{escape(repr(self)[1:-1])}</p>{shown.to_html()}"


def check_same_cells(cell_ids: pd.Index[str], population: Population, what: str) -> None:
    """Refuse figures whose rows are not the grid's cells in the grid's order.

    Raises
    ------
    PopulationError
        Naming cells that one has and the other lacks, or that the order differs.
    """
    of_kind(population, "population", Population, "read it with read_population")
    cells = population.cells.index
    if cell_ids is cells or cell_ids.equals(cells):
        return
    missing, foreign = cells.difference(cell_ids), cell_ids.difference(cells)
    differs = (
        f"cells without a row: {examples(missing)}; rows without a cell: {examples(foreign)}"
        if len(missing) or len(foreign)
        else "the cells are the same, in another order"
    )
    raise PopulationError(
        f"{what} and the population have different cells ({differs}); take both from one reading"
    )


def ranges_of(cells: pd.DataFrame, groups: Sequence[str]) -> dict[str, tuple[Floats, Floats]]:
    """Return `Population.ranges` from a table of cells that has their columns; else none."""
    named = {"*": "people", **{group: group for group in groups}}
    return {
        group: (
            cells[FEWEST + name].to_numpy(dtype=np.float64),
            cells[MOST + name].to_numpy(dtype=np.float64),
        )
        for group, name in named.items()
        if FEWEST + name in cells and MOST + name in cells
    }


def far_off(register: pd.DataFrame) -> pd.Series[bool]:
    """Mark the municipalities whose grid is far from the register, or has people it knows none of.

    Parameters
    ----------
    register
        As `Population.register` has it.
    """
    unknown_people = (register["register"] == 0) & (register["grid"] > 0)
    return (register["difference"].abs() > REGISTER_WARNING) | unknown_people


def register_factors(register: pd.DataFrame) -> pd.Series[float]:
    """Return register / grid by municipality; 1 where one of them is not known or has nobody.

    Parameters
    ----------
    register
        As `Population.register` has it.
    """
    factor = (register["register"] / register["grid"]).where(register["grid"] > 0)
    return factor.fillna(1.0)


def compare_with_register(
    population: Population, register: pd.Series[float], *, scale: bool
) -> Population:
    """Compare a grid with the register's residents by municipality, and scale it if asked.

    Parameters
    ----------
    population
        A grid with municipalities.
    register
        Residents by municipality.
    scale
        Whether every cell's people and groups are multiplied by register / grid.

    Returns
    -------
    Population
        With `register` filled in; scaled if asked.

    Raises
    ------
    PopulationError
        If the grid has no municipalities, or shares none with the register.

    Notes
    -----
    Grids near a border hold foreign residents, and perturbed grids drift: both show here.
    """
    municipality = population.municipalities
    if municipality is None:
        raise PopulationError(
            "a register needs the grid's municipality column; name it in population.municipality"
        )
    grid = population.cells.groupby(municipality, observed=True)["people"].sum()
    table = pd.DataFrame({"grid": grid, "register": register}).rename_axis("municipality")
    if table.notna().all(axis=1).sum() == 0:
        raise PopulationError(
            "the register and the grid have no municipality in common: the register has "
            f"{examples(register.index)}, the grid {examples(grid.index)}"
        )
    # of nobody in the register no share can be taken: a merged municipality, say
    table["difference"] = table["grid"] / table["register"].where(table["register"] > 0) - 1
    far = table.index[far_off(table)]
    unknown = table.index[table["register"].isna()]
    empty = table.index[table["grid"].isna() & (table["register"] > 0)]
    counts = {
        **population.counts,
        "register_municipalities_far_off": len(far),
        "register_municipalities_unknown": len(unknown),
        "register_people_without_cell": float(table.loc[empty, "register"].sum()),
    }
    cells = population.cells
    if scale:
        by_cell = municipality.map(register_factors(table)).fillna(1.0).to_numpy(dtype=np.float64)
        cells = cells.copy()
        for column in ("people", *population.groups):
            cells[column] = cells[column] * by_cell
        counts["people_before_scaling"] = population.total
        counts["people"] = float(cells["people"].sum())
    return replace(population, cells=cells, counts=counts, register=table.sort_index())
