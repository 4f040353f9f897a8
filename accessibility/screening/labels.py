"""Labels: each cell's nearest, second and third nearest site, from one pass over the matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accessibility.traveltime import UNREACHABLE

Ints = npt.NDArray[np.int64]

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


def nearest_labels(time_s: npt.NDArray[np.int32], columns: Ints, *, depth: int) -> Labels:
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
    site = np.full((len(time_s), depth), NO_SITE, dtype=np.int64)
    found_s = np.full((len(time_s), depth), UNREACHABLE, dtype=np.int64)
    for start in range(0, len(time_s) if len(columns) else 0, CHUNK):
        rows = slice(start, start + CHUNK)
        part = np.array(time_s[rows, columns], order="C")
        every = np.arange(len(part))
        for rank in range(depth):
            best = part.argmin(axis=1)
            found_s[rows, rank] = part[every, best]
            site[rows, rank] = columns[best]
            part[every, best] = UNREACHABLE
    site[found_s == UNREACHABLE] = NO_SITE
    return Labels(site=site, time_s=found_s)
