"""The travel-time matrix, cells x sites: the value that every figure is worked out from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape

import numpy as np
import numpy.typing as npt
import pandas as pd

from accessibility.checks import texts
from accessibility.errors import InputError, StudyError, did_you_mean, examples
from accessibility.network import DS_PER_S, NOWHERE, Snapped, Snapper
from accessibility.traveltime.engines import LEAST_PAIRS, in_threads, numba_problem
from accessibility.traveltime.node_times import NodeTimes, PointTimes
from accessibility.traveltime.search import UNREACHABLE, Times
from accessibility.traveltime.settings import TravelSettings


def whole_seconds(deciseconds: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Round whole deciseconds half up to whole seconds.

    >>> whole_seconds(np.array([0, 4, 5, 14, 15]))
    array([0, 0, 1, 1, 2])
    """
    return (deciseconds + DS_PER_S // 2) // DS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelTimes:
    """Travel times from every cell to every site (or back), in whole seconds.

    Parameters
    ----------
    cell_ids, site_ids
        Names of the rows and columns; the sites are in the order of their ids as text.
    time_s
        Shape (cells, sites), int32; `UNREACHABLE` where there is no way.
    cells, search, snapper
        Where the cells stand, the searches it was read from and what snapped them, where they are
        still known: isochrones and scenarios need them.
    settings
        What it was made with; None in a matrix made by hand.
    """

    cell_ids: pd.Index[str]
    site_ids: pd.Index[str]
    time_s: Times = field(repr=False)
    cells: Snapped | None = field(default=None, repr=False)
    search: NodeTimes | None = field(default=None, repr=False)
    snapper: Snapper | None = field(default=None, repr=False)
    settings: TravelSettings | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.search is None:
            self._check_by_hand()
        if self.time_s.shape != (len(self.cell_ids), len(self.site_ids)):
            raise ValueError("time_s must have one row a cell and one column a site")
        if list(self.site_ids) != sorted(self.site_ids):
            raise ValueError("sites must be in the order of their ids: ties go to the first")
        self.time_s.flags.writeable = False

    def _check_by_hand(self) -> None:
        """Check what somebody filled in: whole seconds, ids that are text and come once."""
        if not (isinstance(self.time_s, np.ndarray) and self.time_s.dtype == np.int32):
            raise InputError(
                "time_s must be an array of whole seconds of the kind int32, with "
                f"{UNREACHABLE} where there is no way"
            )
        if self.time_s.size and self.time_s.min() < 0:
            raise InputError("time_s holds negative seconds")
        for what, ids in (("cell_ids", self.cell_ids), ("site_ids", self.site_ids)):
            if not isinstance(ids, pd.Index):
                raise InputError(f"{what} must be a pandas Index of ids")
            if not ids.is_unique:
                raise InputError(f"{what}: ids come twice: {examples(ids[ids.duplicated()])}")

    @property
    def reached(self) -> npt.NDArray[np.bool_]:
        """Whether there is a way, shape (cells, sites)."""
        return self.time_s != UNREACHABLE

    def nearest(self, sites: Iterable[str]) -> pd.DataFrame:
        """Find the nearest of some sites for every cell.

        Parameters
        ----------
        sites
            Ids; a tie on whole seconds goes to the smaller id. Of no site at all nobody is near.

        Returns
        -------
        DataFrame
            Indexed by cell; `time_s` (Int32, missing where none is reached) and `site` (text,
            missing there).

        Raises
        ------
        StudyError
            If one of them has no column here, or `sites` is one text.
        """
        columns = self.columns_of(sites)
        if not len(columns):
            missing = np.full(len(self.cell_ids), pd.NA, dtype=object)
            return pd.DataFrame(
                {"time_s": pd.array(missing, "Int32"), "site": pd.array(missing, "string")},
                index=self.cell_ids,
            )
        best, time_s = _nearest_columns(self.time_s, columns)
        unreached = time_s == UNREACHABLE
        site = self.site_ids.to_numpy(dtype=object)[best]
        site[unreached] = pd.NA
        return pd.DataFrame(
            {
                "time_s": pd.arrays.IntegerArray(np.where(unreached, 0, time_s), unreached),
                "site": pd.array(site, "string"),
            },
            index=self.cell_ids,
        )

    def columns_of(self, sites: Iterable[str]) -> npt.NDArray[np.intp]:
        """Return the columns of some sites, rising; an id that has none is an error."""
        wanted = texts(sites, "sites")
        columns = self.site_ids.get_indexer(pd.Index(wanted, dtype=object))
        unknown = [site for site, column in zip(wanted, columns, strict=True) if column < 0]
        if unknown:
            raise StudyError(
                f'there is no site "{unknown[0]}" in the travel times'
                f"{did_you_mean(unknown[0], self.site_ids)}; {len(unknown)} of the "
                f"{len(wanted)} sites asked for have no column: {examples(unknown)}. Compute the "
                "travel times with the same sites"
            )
        return np.unique(columns)

    def to_frame(self) -> pd.DataFrame:
        """List every pair that has a way: `cell_id`, `site_id` (categories), `travel_time_s`."""
        rows, columns = np.nonzero(self.reached)
        return pd.DataFrame(
            {
                "cell_id": pd.Categorical.from_codes(rows, categories=self.cell_ids),
                "site_id": pd.Categorical.from_codes(columns, categories=self.site_ids),
                "travel_time_s": self.time_s[rows, columns],
            }
        )

    def __repr__(self) -> str:
        share = self.reached.mean() if self.time_s.size else 0.0
        return (
            f"<TravelTimes: {len(self.cell_ids):,} cells x {len(self.site_ids):,} sites, "
            f"{share:.1%} of pairs reached>"
        )

    def _repr_html_(self) -> str:
        shown = self.time_s[:5, :8]
        minutes = pd.DataFrame(
            np.where(shown == UNREACHABLE, np.nan, shown / 60).round(1),
            index=self.cell_ids[:5],
            columns=self.site_ids[:8],
        )
        return f"<p>{escape(repr(self)[1:-1])}; minutes:</p>{minutes.to_html(na_rep='no way')}"


def _nearest_columns(
    time_s: Times, columns: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.intp], Times]:
    """Find each row's smallest value among some columns, the first of equals, and its column."""
    if len(time_s) * len(columns) >= LEAST_PAIRS and not numba_problem():
        site, found_s = compiled_labels(time_s, columns, depth=1)
        return np.maximum(site[0], 0), found_s[0]
    part = time_s[:, columns]
    best = part.argmin(axis=1)
    return columns[best], part[np.arange(len(part)), best]


def compiled_labels(
    time_s: Times, columns: npt.NDArray[np.intp], *, depth: int
) -> tuple[Times, Times]:
    """Find the nearest sites of every cell among some columns, nearest first.

    Returns
    -------
    tuple
        Columns (-1: there is none) and seconds (`UNREACHABLE` there), shape (depth, cells).
    """
    from accessibility.traveltime.kernels.labels import nearest_sites

    site = np.empty((depth, len(time_s)), dtype=np.int32)
    found_s = np.empty((depth, len(time_s)), dtype=np.int32)
    turned, wanted = by_site(time_s), np.asarray(columns, dtype=np.int64)

    def some(cells: slice) -> None:
        nearest_sites(turned, wanted, cells.start, cells.stop, site, found_s)

    in_threads(some, len(time_s), None)
    return site, found_s


def by_site(time_s: Times) -> Times:
    """Turn a matrix round, without a copy where its columns lie in one piece; read-only."""
    turned = np.ascontiguousarray(time_s.T).view()
    turned.flags.writeable = False  # compiled kernels are made for one kind of array
    return turned


def travel_time_matrix(
    found: NodeTimes,
    cells: Snapped,
    *,
    cell_ids: pd.Index[str],
    site_ids: pd.Index[str],
    snapper: Snapper | None = None,
    settings: TravelSettings | None = None,
) -> TravelTimes:
    """Put searches and access legs together to the matrix of whole seconds.

    Parameters
    ----------
    found
        Times between sites and nodes.
    cells
        Where the cells stand; a cell that is too far from any road reaches nothing.
    cell_ids, site_ids
        Names, as `cells` and `found.sites` are ordered.
    snapper, settings
        Kept with the result.
    """
    points = PointTimes(found.graph, cells, direction=found.direction)
    order = np.argsort(site_ids.to_numpy(dtype=object), kind="stable")
    drive_ds = points.of_sites(found, order)
    cut_off = (cells.edge == NOWHERE) | cells.too_far
    return TravelTimes(
        cell_ids=cell_ids,
        site_ids=site_ids[order],
        time_s=_with_legs(drive_ds, cells.leg_ds, cut_off, found.sites.leg_ds[order]).T,
        cells=cells,
        search=found,
        snapper=snapper,
        settings=settings,
    )


def _with_legs(
    drive_ds: Times,
    leg_ds: npt.NDArray[np.int64],
    cut_off: npt.NDArray[np.bool_],
    site_leg_ds: npt.NDArray[np.int64],
) -> Times:
    """Add access legs to driving times, shape (sites, cells), and round; in place."""
    if drive_ds.size >= LEAST_PAIRS and not numba_problem():
        from accessibility.traveltime.kernels.points import add_legs

        add_legs(drive_ds, leg_ds, cut_off, site_leg_ds)
        return drive_ds
    for row, own_leg_ds in zip(drive_ds, site_leg_ds, strict=True):
        reached = (row != UNREACHABLE) & ~cut_off
        row[reached] = whole_seconds(row[reached].astype(np.int64) + leg_ds[reached] + own_leg_ds)
        row[cut_off] = UNREACHABLE
    return drive_ds
