"""The shortest-path search: from each site to every node, behind one function.

SciPy's Dijkstra serves today; a faster kernel can replace it here without anybody noticing, as the
weights are whole deciseconds and every exact search gives the same integers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

ENGINE = "scipy-dijkstra"
#: No way: larger than any travel time, and still a 32-bit integer.
UNREACHABLE = np.iinfo(np.int32).max

Times = npt.NDArray[np.int32]


def one_to_all(links: csr_array, sources: npt.NDArray[np.int64]) -> Times:
    """Search from each source along the links.

    Parameters
    ----------
    links
        Weights in whole deciseconds, shape (nodes, nodes); see `accessibility.network.sparse`.
    sources
        Node of each search.

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
    found = dijkstra(links, directed=True, indices=sources)
    return np.where(np.isfinite(found), found, UNREACHABLE).astype(np.int32)
