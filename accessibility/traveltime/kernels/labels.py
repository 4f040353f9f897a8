"""Nearest sites of cells, read off the matrix; a row of it is a site, a column a cell."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from accessibility.traveltime.kernels.compiling import compiled

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

NO_SITE = -1
UNREACHABLE = 2**31 - 1
#: Cells looked at in one go, so that their labels stay in the cache while sites pass by.
CHUNK = 2048


@compiled
def nearest_sites(
    by_site: Int32s, sites: Int64s, start: int, stop: int, site: Int32s, time_s: Int32s
) -> None:
    """Find the nearest of some sites for every cell, nearest first; the first of equals first.

    Parameters
    ----------
    by_site
        Seconds, shape (all sites, cells).
    sites
        Rows of it, rising.
    start, stop
        The cells from the first number to before the second are labelled.
    site, time_s
        Shape (depth, cells), overwritten there; `NO_SITE` and `UNREACHABLE` where there is none.
    """
    depth = len(site)
    of_chunk = np.empty((depth, CHUNK), dtype=np.int32)
    s_of_chunk = np.empty((depth, CHUNK), dtype=np.int32)
    coming, coming_s = np.empty(CHUNK, dtype=np.int32), np.empty(CHUNK, dtype=np.int32)
    for begin in range(start, stop, CHUNK):
        end = min(begin + CHUNK, stop)
        of_chunk[:], s_of_chunk[:] = NO_SITE, UNREACHABLE
        for place in range(len(sites)):
            _enter_site(
                by_site[sites[place], begin:end], np.int32(sites[place]), of_chunk, s_of_chunk,
                coming, coming_s,
            )  # fmt: skip
        site[:, begin:end] = of_chunk[:, : end - begin]
        time_s[:, begin:end] = s_of_chunk[:, : end - begin]


@compiled
def _enter_site(
    those_s: Int32s,
    row: np.int32,
    site: Int32s,
    time_s: Int32s,
    coming: Int32s,
    coming_s: Int32s,
) -> None:
    """Enter one more site, of a larger number than all before, among the labels of some cells.

    What a label loses to comes on to the next, and the last drops out. There are no branches, so
    four to sixteen cells pass in one instruction: faster than asking first which it concerns.
    """
    for cell in range(len(those_s)):
        coming[cell], coming_s[cell] = row, those_s[cell]
    for rank in range(len(site)):
        there, there_s = site[rank], time_s[rank]
        for cell in range(len(those_s)):
            new, new_s, old, old_s = coming[cell], coming_s[cell], there[cell], there_s[cell]
            before = (new_s < old_s) | ((new_s == old_s) & (new < old))
            there[cell] = new if before else old
            there_s[cell] = new_s if before else old_s
            coming[cell] = old if before else new
            coming_s[cell] = old_s if before else new_s


@compiled
def first_open(
    by_site: Int32s,
    open_sites: Int64s,
    label_site: Int32s,
    label_s: Int32s,
    is_open: npt.NDArray[np.bool_],
    site: Int32s,
    time_s: Int32s,
) -> None:
    """Find the nearest open site of every cell: the first open label, else the whole column.

    Parameters
    ----------
    by_site
        As for `nearest_sites`.
    open_sites
        Rows of it, rising.
    label_site, label_s
        What `nearest_sites` found among these and the closed ones.
    is_open
        Per site.
    site, time_s
        Per cell, overwritten.
    """
    depth, cells = label_site.shape
    unknown = np.empty(cells, dtype=np.int32)
    count = 0
    for cell in range(cells):
        rank = 0
        while rank < depth and label_site[rank, cell] >= 0 and not is_open[label_site[rank, cell]]:
            rank += 1
        if rank < depth:  # open, or there is no further site at all
            site[cell], time_s[cell] = label_site[rank, cell], label_s[rank, cell]
            continue
        site[cell], time_s[cell] = NO_SITE, UNREACHABLE
        unknown[count] = cell
        count += 1
    for begin in range(0, count, CHUNK):
        for place in range(len(open_sites)):
            row = open_sites[place]
            for at in range(begin, min(begin + CHUNK, count)):
                cell = unknown[at]
                if by_site[row, cell] < time_s[cell]:
                    site[cell], time_s[cell] = row, by_site[row, cell]
