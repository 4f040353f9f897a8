"""Nodes of a road file: where they are, and what the map says of them.

libosmium places the nodes of ways in one pass where each node comes once, before the ways, and with
a positive id. An editor's new nodes have negative ids, Overpass may write nodes last, and joined
extracts hold several versions of a node: for these the nodes of ways are read by themselves.
"""

from __future__ import annotations

import shutil
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import osmium

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Tags = tuple[tuple[str, str], ...]

#: A node takes 16 bytes in libosmium's index, and 3 to 6 bytes of a PBF file.
_ROOM_FOR_INDEX = 16


class NodeTags:
    """Sets of tags of the nodes that may stop or delay: signals, barriers, fords."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = keys
        self.tagsets: dict[Tags, int] = {(): 0}

    def of(self, node: osmium.osm.Node) -> int:
        """Return the index of a node's set of tags; 0 where they say nothing to traffic."""
        tags = node.tags
        is_signal = tags.get("highway") == "traffic_signals"  # most are lamps, stops and crossings
        if not (is_signal or "barrier" in tags or "ford" in tags):
            return 0
        chosen = tuple((key, tags[key]) for key in self._keys if key in tags)
        return self.tagsets.setdefault(chosen, len(self.tagsets))


@dataclass(frozen=True)
class Nodes:
    """Nodes as the newest version of each says.

    Parameters
    ----------
    ids
        Ascending, each once.
    lon, lat
        Degrees; NaN for a node that is deleted, or has no place.
    tags
        Index of each node's set of tags.
    """

    ids: Ints
    lon: Floats
    lat: Floats
    tags: Ints

    def find(self, ids: Ints) -> tuple[Ints, Mask]:
        """Find the rows of some nodes, and whether each is there at all."""
        if not len(self.ids):
            return np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=bool)
        row = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return row, self.ids[row] == ids


def read_nodes(
    path: Path, wanted: Ints, tags: NodeTags, is_gone: Callable[[osmium.osm.Node], bool]
) -> Nodes:
    """Read nodes from a file, in any order and in several versions.

    Parameters
    ----------
    path
        An OSM file.
    wanted
        The ids to look for.
    tags
        Collects their tags.
    is_gone
        Tells whether a node is deleted.
    """
    processor = osmium.FileProcessor(str(path), osmium.osm.NODE)
    if (wanted > 0).all():  # libosmium's filter knows positive ids only
        processor = processor.with_filter(osmium.filter.IdFilter(np.unique(wanted).tolist()))
    ids, versions, tagged_as = array("q"), array("q"), array("q")
    lon, lat = array("d"), array("d")
    for node in processor:
        assert isinstance(node, osmium.osm.Node)  # noqa: S101  (the processor reads nothing else)
        gone = is_gone(node)
        is_there = not gone and node.location.valid()
        ids.append(node.id)
        versions.append(node.version)
        tagged_as.append(0 if gone else tags.of(node))
        lon.append(node.location.lon if is_there else np.nan)
        lat.append(node.location.lat if is_there else np.nan)
    every = np.array(ids, dtype=np.int64)
    order = np.lexsort((np.arange(len(every)), np.array(versions, dtype=np.int64), every))
    newest = np.ones(len(every), dtype=bool)
    newest[:-1] = every[order][1:] != every[order][:-1]
    kept = order[newest]
    return Nodes(
        ids=every[kept],
        lon=np.array(lon, dtype=np.float64)[kept],
        lat=np.array(lat, dtype=np.float64)[kept],
        tags=np.array(tagged_as, dtype=np.int64)[kept],
    )


def tagged_nodes(tags_of: Mapping[int, int]) -> Nodes:
    """Give nodes of which only the tags are known."""
    ids = np.fromiter(tags_of, dtype=np.int64, count=len(tags_of))
    tags = np.fromiter(tags_of.values(), dtype=np.int64, count=len(tags_of))
    order = np.argsort(ids)
    nowhere = np.full(len(ids), np.nan)
    return Nodes(ids=ids[order], lon=nowhere, lat=nowhere, tags=tags[order])


def node_index(path: Path, folder: Path) -> tuple[str, Path | None]:
    """Name the index in which libosmium is to keep the places of nodes while it reads a file.

    Returns
    -------
    tuple
        The name, and the file that then says which nodes were met (None: there is no room for it).
    """
    if shutil.disk_usage(folder).free < _ROOM_FOR_INDEX * path.stat().st_size:
        return "flex_mem", None
    file = folder / "nodes"
    return f"sparse_file_array,{file}", file


def come_once(index: Path) -> bool:
    """Tell whether the nodes of a file came in ascending order of their ids, each once."""
    if not index.stat().st_size:
        return True
    ids = np.memmap(index, dtype=np.int64, mode="r").reshape(-1, 2)[:, 0]
    unused = ids == 0  # room that was made for more
    met = ids[: int(unused.argmax())] if unused.any() else ids
    return bool((met[1:] > met[:-1]).all())
