"""Times of points on the network, read off the times of nodes; and their sum with access legs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from accessibility.traveltime.kernels.compiling import compiled

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

UNREACHABLE = 2**31 - 1


@compiled
def read_nodes(
    node_ds: Int32s,
    site_of: Int64s,
    rows: Int64s,
    first: Int64s,
    columns: Int64s,
    extra_ds: Int64s,
    found_ds: Int32s,
) -> None:
    """Give points the best of their times over the nodes that they leave to or arrive from.

    Parameters
    ----------
    node_ds
        Shape (searches, nodes).
    site_of
        Per row of the result: the search that it is read from.
    rows, first
        The points that are on the network, and where their nodes begin; one more `first`.
    columns, extra_ds
        The nodes, as columns of `node_ds`, and the time between node and point.
    found_ds
        Shape (sites, points), all `UNREACHABLE`; overwritten.
    """
    for place in range(len(site_of)):
        site = site_of[place]
        for point in range(len(rows)):
            best = np.int64(UNREACHABLE)
            for entry in range(first[point], first[point + 1]):
                ds = node_ds[site, columns[entry]]
                if ds != UNREACHABLE:
                    best = min(best, max(ds + extra_ds[entry], np.int64(0)))
            found_ds[place, rows[point]] = best


@compiled
def add_legs(
    found_ds: Int32s, leg_ds: Int64s, cut_off: npt.NDArray[np.bool_], site_leg_ds: Int64s
) -> None:
    """Add access legs at both ends and round half up to whole seconds, in place."""
    for site in range(found_ds.shape[0]):
        for point in range(found_ds.shape[1]):
            ds = found_ds[site, point]
            if cut_off[point]:
                found_ds[site, point] = UNREACHABLE
            elif ds != UNREACHABLE:
                found_ds[site, point] = (ds + leg_ds[point] + site_leg_ds[site] + 5) // 10
