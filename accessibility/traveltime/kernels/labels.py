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
CHUNK = 4096
#: Neighbouring cells that are compared in one go.
FEW = 32


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
    site[:, start:stop] = NO_SITE
    time_s[:, start:stop] = UNREACHABLE
    for begin in range(start, stop, CHUNK):
        end = min(begin + CHUNK, stop)
        for place in range(len(sites)):
            row = sites[place]
            for few in range(begin, end, FEW):
                those = by_site[row, few : min(few + FEW, end)]
                worst = time_s[depth - 1, few : min(few + FEW, end)]
                nearer = np.int32(0)
                for at in range(len(those)):  # eight and more in one instruction
                    nearer |= np.int32(those[at] < worst[at])
                if nearer == 0:  # so it mostly is, as neighbours have the same nearest sites
                    continue
                for cell in range(few, min(few + FEW, end)):
                    seconds = by_site[row, cell]
                    rank = depth - 1
                    if seconds >= time_s[rank, cell]:
                        continue
                    while rank > 0 and time_s[rank - 1, cell] > seconds:
                        time_s[rank, cell] = time_s[rank - 1, cell]
                        site[rank, cell] = site[rank - 1, cell]
                        rank -= 1
                    time_s[rank, cell] = seconds
                    site[rank, cell] = row


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
