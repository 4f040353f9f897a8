"""SciPy's Dijkstra: the search that every other engine must equal.

Weights are whole deciseconds, so every exact search gives the same integers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from accessibility.network import sparse
from accessibility.traveltime.links import Links, Seeds

#: No way: larger than any travel time, and still a 32-bit integer.
UNREACHABLE = np.iinfo(np.int32).max

Times = npt.NDArray[np.int32]


def one_to_all(
    links: csr_array, sources: npt.NDArray[np.int64], *, limit_ds: float = np.inf
) -> Times:
    """Search from each source along the links.

    Parameters
    ----------
    links
        Weights in whole deciseconds, shape (nodes, nodes); see `accessibility.network.sparse`.
    sources
        Node of each search.
    limit_ds
        Longer times count as unreachable.

    Returns
    -------
    Times
        Deciseconds, shape (sources, nodes); `UNREACHABLE` where there is no way.

    Examples
    --------
    >>> from accessibility.network import sparse
    >>> chain = sparse(3, np.array([0]), np.array([1]), np.array([25]))
    >>> one_to_all(chain, np.array([0])).tolist() == [[0, 25, UNREACHABLE]]
    True
    """
    if not len(sources):
        return np.empty((0, links.shape[0]), dtype=np.int32)
    found = dijkstra(links, directed=True, indices=sources, limit=limit_ds)
    return np.minimum(found, UNREACHABLE).astype(np.int32)


def seeded_dijkstra(
    links: Links, seeds: Seeds, *, cutoff_ds: int | None = None
) -> Callable[[int, int], Times]:
    """Prepare searches from sites: each becomes a node of its own, joined to its seeds.

    Returns
    -------
    Callable
        Called with the first site and the one after the last, it gives deciseconds to or from
        every node, shape (sites, nodes).
    """
    site = np.repeat(np.arange(len(seeds)), np.diff(seeds.first))
    matrix = sparse(
        links.nodes + len(seeds),
        np.concatenate([links.tail, links.nodes + site]),
        np.concatenate([links.head, seeds.node]),
        np.concatenate([links.weight_ds, seeds.ds]),
    )
    limit = np.inf if cutoff_ds is None else float(cutoff_ds)

    def search(begin: int, end: int) -> Times:
        sources = links.nodes + np.arange(begin, end)
        return one_to_all(matrix, sources, limit_ds=limit)[:, : links.nodes]

    return search
