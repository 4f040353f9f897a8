"""Where nodes are, for those that one pass over a file cannot place.

libosmium places the nodes of ways in one pass where nodes come first, have positive ids and come
once. An editor's new nodes have negative ids, Overpass may write nodes last, and a file may hold
several versions of a node: for these the nodes are read once more, in any order.
"""

from __future__ import annotations

from array import array
from pathlib import Path

import numpy as np
import numpy.typing as npt
import osmium

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Places:
    """Places of nodes by id; of several versions of a node the newest counts.

    Parameters
    ----------
    ids, versions
        Nodes as met, shape (nodes,).
    lon, lat
        Degrees; NaN for a node that is deleted.
    """

    def __init__(self, ids: Ints, versions: Ints, lon: Floats, lat: Floats) -> None:
        order = np.lexsort((np.arange(len(ids)), versions, ids))
        ids = ids[order]
        last = np.ones(len(ids), dtype=bool)
        last[:-1] = ids[1:] != ids[:-1]
        self._ids = ids[last]
        self._lon, self._lat = lon[order][last], lat[order][last]

    def find(self, ids: Ints) -> tuple[Floats, Floats]:
        """Return longitude and latitude of nodes, NaN where a node has no place."""
        if not len(self._ids):
            return np.full(len(ids), np.nan), np.full(len(ids), np.nan)
        place = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        known = self._ids[place] == ids
        return np.where(known, self._lon[place], np.nan), np.where(known, self._lat[place], np.nan)


def read_places(
    path: Path, wanted: Ints | None, deleted: frozenset[tuple[str, int]] = frozenset()
) -> Places:
    """Read the places of nodes from a file.

    Parameters
    ----------
    path
        An OSM file.
    wanted
        The ids to look for; None: all.
    deleted
        Kind and id of objects that an editor has deleted.
    """
    processor = osmium.FileProcessor(str(path), osmium.osm.NODE)
    if wanted is not None and (wanted > 0).all():  # libosmium's filter knows positive ids only
        processor = processor.with_filter(osmium.filter.IdFilter(wanted.tolist()))
    ids, versions, lon, lat = array("q"), array("q"), array("d"), array("d")
    for node in processor:
        assert isinstance(node, osmium.osm.Node)  # noqa: S101  (the processor reads nothing else)
        is_there = node.visible and not node.deleted and node.location.valid()
        is_there = is_there and ("node", node.id) not in deleted
        ids.append(node.id)
        versions.append(node.version)
        lon.append(node.location.lon if is_there else np.nan)
        lat.append(node.location.lat if is_there else np.nan)
    return Places(
        np.array(ids, dtype=np.int64), np.array(versions, dtype=np.int64),
        np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64),
    )  # fmt: skip
