"""Ways of a road file: their tags and nodes, and where they are cut for want of a node's place."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import osmium

from accessibility.speeds import SpeedTable, keys_read, way_speed

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NOT_KEPT = -1


class Ways:
    """Collects the ways that a speed table can open in some season, and every ferry.

    Of several versions of a way the newest counts, and of the same way twice (as overlapping
    extracts hold it) the first.
    """

    def __init__(self, speeds: SpeedTable) -> None:
        self.speeds = speeds
        self.keys = keys_read(speeds)
        self.tagsets: dict[tuple[tuple[str, str], ...], int] = {}
        self.is_kept: list[bool] = []
        self.ids, self.tags, self.versions = array("q"), array("q"), array("q")
        self.refs: list[str] = []
        self.names: list[str] = []
        self.nodes, self.sizes = array("q"), array("q")
        self.lon, self.lat = array("d"), array("d")
        self.counts: Counter[str] = Counter()
        self.classes: Counter[str] = Counter()
        #: Share of road, by stretches from node to node, that ends at a node without a place.
        self.share_missing = 0.0
        self.cut_ways: list[str] = []
        self._seen: dict[int, tuple[int, int]] = {}  # version and place of each way
        self._dropped: set[int] = set()

    def __len__(self) -> int:
        return len(self.ids)

    def drop(self, way_id: int, version: int) -> None:
        """Forget a way that is deleted, and its older versions that are still to come."""
        before = self._seen.get(way_id)
        if before is None or before[0] <= version:
            if before is not None:
                self._dropped.add(before[1])
            self._seen[way_id] = (version, NOT_KEPT)

    def take(self, way: osmium.osm.Way) -> None:
        """Take a way, if the table can open it."""
        tags = way.tags
        kind = tags.get("highway") or ""
        if not kind and tags.get("route") != "ferry":
            return
        before = self._seen.get(way.id)
        if before is not None:
            self.counts["ways_met_again"] += 1
            if before[0] >= way.version:
                return
            self._dropped.add(before[1])
        chosen = tuple((key, tags[key]) for key in self.keys if key in tags)
        index = self.tagset(chosen)
        if not self.is_kept[index]:
            self.classes[kind] += 1
            self._seen[way.id] = (way.version, NOT_KEPT)
            return
        self._seen[way.id] = (way.version, len(self.ids))
        size = 0
        last = None
        for node in way.nodes:
            if node.ref == last:
                continue
            last = node.ref
            self.nodes.append(last)
            if node.location.valid():
                self.lon.append(node.lon)
                self.lat.append(node.lat)
            else:
                self.lon.append(np.nan)
                self.lat.append(np.nan)
            size += 1
        self.sizes.append(size)
        self.ids.append(way.id)
        self.tags.append(index)
        self.versions.append(way.version)
        self.refs.append(tags.get("ref") or "")
        self.names.append(tags.get("name") or "")

    def tagset(self, chosen: tuple[tuple[str, str], ...]) -> int:
        """Return the index of a set of tags."""
        index = self.tagsets.get(chosen)
        if index is None:
            index = self.tagsets[chosen] = len(self.tagsets)
            self.is_kept.append(_is_ever_open(dict(chosen), self.speeds))
        return index

    def places(self) -> dict[int, int]:
        """Return the index of each way by its id."""
        return {way: place for way, (_, place) in self._seen.items() if place != NOT_KEPT}

    def unplaced(self) -> Ints:
        """Return the ids of nodes that have no place yet, ascending."""
        return np.unique(np.array(self.nodes, dtype=np.int64)[np.isnan(np.array(self.lon))])

    def finish(self, lon: Floats, lat: Floats) -> Pieces:
        """Cut ways where a node has no place: the gap is never bridged.

        Parameters
        ----------
        lon, lat
            Place of every node of every way, degrees; NaN where it is not known.
        """
        nodes = np.array(self.nodes, dtype=np.int64)
        sizes = np.array(self.sizes, dtype=np.int64)
        way = np.repeat(np.arange(len(sizes)), sizes)
        kept = np.ones(len(sizes), dtype=bool)
        kept[[place for place in self._dropped if place != NOT_KEPT]] = False
        known = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
        known &= kept[way]
        self._count_missing(way, known, kept)
        joined = np.zeros(len(nodes), dtype=bool)  # whether a node follows the one before it
        joined[1:] = known[1:] & known[:-1] & (way[1:] == way[:-1])
        in_piece = known & (joined | np.append(joined[1:], False))
        begins = in_piece & ~joined
        place = np.flatnonzero(in_piece)
        starts = np.flatnonzero(begins[place])
        self.counts["ways_without_length"] += int(kept.sum()) - len(np.unique(way[in_piece]))
        return Pieces(
            node_from=np.append(starts, len(place)).astype(np.int64),
            nodes=nodes[place],
            lon=lon[place],
            lat=lat[place],
            way=way[place][starts],
        )

    def _count_missing(self, way: Ints, known: Mask, kept: Mask) -> None:
        """Count the nodes without a place, and the stretches of road that end at them."""
        lost = kept[way] & ~known
        if not lost.any():
            return
        cut = np.unique(way[lost])
        self.counts["way_nodes_missing"] = int(lost.sum())
        self.counts["ways_cut_at_missing_nodes"] = len(cut)
        stretches = (way[1:] == way[:-1]) & kept[way[1:]]
        broken = stretches & (lost[1:] | lost[:-1])
        self.share_missing = float(broken.sum() / max(stretches.sum(), 1))
        self.cut_ways = [self.names[one] or self.refs[one] or f"way {self.ids[one]}" for one in cut]


@dataclass(frozen=True)
class Pieces:
    """Stretches of ways whose nodes all have places.

    Parameters
    ----------
    node_from
        Nodes of piece i are `node_from[i]:node_from[i + 1]`, at least two.
    nodes, lon, lat
        Id and place of each, degrees.
    way
        The way of each piece.
    """

    node_from: Ints
    nodes: Ints
    lon: Floats
    lat: Floats
    way: Ints


def _is_ever_open(tags: Mapping[str, str], speeds: SpeedTable) -> bool:
    if tags.get("route") == "ferry":
        return True
    return any(way_speed(tags, speeds, season).is_open for season in ("summer", "winter"))
