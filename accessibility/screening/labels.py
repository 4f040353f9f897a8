"""Labels: each cell's nearest sites, from one pass over the matrix.

With k labels a cell, closing up to k - 1 sites is a lookup; for any other set of open sites the
first open label is the nearest, and only cells without an open label are looked up in the matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accessibility.traveltime import LEAST_PAIRS, UNREACHABLE, numba_problem
from accessibility.traveltime.matrix import by_site, compiled_labels

Ints = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]

#: The label of a cell that reaches no (further) site.
NO_SITE = -1
#: Rows looked at in one go, so that the copy of a part of the matrix stays small.
CHUNK = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The nearest sites of one kind, nearest first; ties go to the smaller id.

    Parameters
    ----------
    site
        Shape (cells, depth): the site's column of the matrix, `NO_SITE` where there is none.
    time_s
        Shape (cells, depth): whole seconds, `UNREACHABLE` where there is none.
    """

    site: Ints
    time_s: Ints

    def is_hit(self, cell: Ints, a: Ints, b: Ints) -> npt.NDArray[np.bool_]:
        """Tell whether closing the sites `a` and `b` takes each cell's nearest site."""
        nearest = self.site[cell, 0]
        return (nearest == a) | (nearest == b)

    def time_after(self, cell: Ints, a: Ints, b: Ints) -> Ints:
        """Give the seconds to the nearest site that stands once `a` and `b` are closed.

        Parameters
        ----------
        cell, a, b
            Rows and columns of the matrix, pairwise; `b` is `a` where one site alone is closed.
            Exact as long as no more sites are closed than `depth` - 1.
        """
        time_s = self.time_s[cell, -1]
        for rank in range(self.site.shape[1] - 2, -1, -1):
            site = self.site[cell, rank]
            time_s = np.where((site != a) & (site != b), self.time_s[cell, rank], time_s)
        return time_s


def nearest_labels(time_s: Int32s, columns: Ints, *, depth: int) -> Labels:
    """Find the nearest sites of every cell among some columns of the matrix.

    Parameters
    ----------
    time_s
        The matrix, cells x sites, in the order of the sites' ids.
    columns
        Rising; may be empty.
    depth
        How many sites to find.

    Examples
    --------
    >>> found = nearest_labels(np.array([[60, 60, 5], [90, 30, 5]], dtype=np.int32),
    ...                        np.array([0, 1]), depth=3)
    >>> found.site.tolist()
    [[0, 1, -1], [1, 0, -1]]
    """
    if len(time_s) * len(columns) >= LEAST_PAIRS and not numba_problem():
        site, found_s = compiled_labels(time_s, columns, depth=depth)
    else:
        site, found_s = _plain_labels(time_s, columns, depth)
    return Labels(site=site.T.astype(np.int64), time_s=found_s.T.astype(np.int64))


class OpenSites:
    """Answers, for any set of open sites, which is every cell's nearest and how far it is.

    Parameters
    ----------
    time_s
        The matrix, cells x sites, in the order of the sites' ids.
    columns
        The sites that may be open; rising.
    depth
        Labels a cell. More take longer to find and leave fewer cells to look up.
    """

    def __init__(self, time_s: Int32s, columns: Ints, *, depth: int = 10) -> None:
        self._matrix = time_s
        self._by_site = by_site(time_s)
        self._columns = np.asarray(columns, dtype=np.int64)
        self._compiled = len(time_s) * len(columns) >= LEAST_PAIRS and not numba_problem()
        self._site, self._time_s = (
            compiled_labels(time_s, self._columns, depth=depth)
            if self._compiled
            else _plain_labels(time_s, self._columns, depth)
        )

    def nearest(self, is_open: npt.NDArray[np.bool_]) -> tuple[Int32s, Int32s]:
        """Find every cell's nearest open site; ties go to the smaller id.

        Parameters
        ----------
        is_open
            By column of the matrix.

        Returns
        -------
        tuple
            By cell: the site's column (`NO_SITE` where none is reached), and the seconds to it
            (`UNREACHABLE` there).
        """
        cells = self._site.shape[1]
        site, time_s = np.empty(cells, dtype=np.int32), np.empty(cells, dtype=np.int32)
        open_columns = self._columns[is_open[self._columns]]
        if self._compiled:
            from accessibility.traveltime.kernels.labels import first_open

            first_open(self._by_site, open_columns, self._site, self._time_s, is_open, site, time_s)
            return site, time_s
        site[:], time_s[:] = NO_SITE, UNREACHABLE
        for rank in range(len(self._site) - 1, -1, -1):
            label = self._site[rank]
            usable = (label != NO_SITE) & is_open[label]
            site[usable], time_s[usable] = label[usable], self._time_s[rank][usable]
        unknown = np.flatnonzero((site == NO_SITE) & (self._site[-1] != NO_SITE))
        found, found_s = _plain_labels(self._matrix[unknown], open_columns, 1)
        site[unknown], time_s[unknown] = found[0], found_s[0]
        return site, time_s


def _plain_labels(time_s: Int32s, columns: Ints, depth: int) -> tuple[Int32s, Int32s]:
    """Find labels with NumPy: the reference."""
    site = np.full((depth, len(time_s)), NO_SITE, dtype=np.int32)
    found_s = np.full((depth, len(time_s)), UNREACHABLE, dtype=np.int32)
    for start in range(0, len(time_s) if len(columns) else 0, CHUNK):
        rows = slice(start, start + CHUNK)
        part = np.array(time_s[rows, columns], order="C")
        every = np.arange(len(part))
        for rank in range(depth):
            best = part.argmin(axis=1)
            found_s[rank, rows] = part[every, best]
            site[rank, rows] = columns[best]
            part[every, best] = UNREACHABLE
    site[found_s == UNREACHABLE] = NO_SITE
    return site, found_s
