"""Ways of a road file: their tags and nodes, and where they are cut for want of a node's place."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import osmium

from accessibility.network.roads import geodesic_m
from accessibility.speeds import SpeedTable, keys_read, way_speed

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NOT_KEPT = -1
PER_DEGREE = 10_000_000
NOWHERE = 2**31 - 1  # libosmium's coordinate of a node without a place


class Ways:
    """Collects the ways that a speed table can open in some season, and every ferry.

    Of several versions of a way the newest counts, and of the same way twice (as overlapping
    extracts hold it) the first.
    """

    def __init__(self, speeds: SpeedTable) -> None:
        self.speeds = speeds
        self.keys = keys_read(speeds)
        # keys such as motorcar:forward:conditional are many and rare: looked up only where a way
        # has more tags than the others account for
        self._rare = tuple(key for key in self.keys if ":" in key)
        self._usual = tuple(key for key in self.keys if ":" not in key)
        self.tagsets: dict[tuple[tuple[str, str], ...], int] = {}
        self.is_kept: list[bool] = []
        self.ids, self.tags, self.versions = array("q"), array("q"), array("q")
        self.refs: list[str] = []
        self.names: list[str] = []
        self.nodes, self.sizes = array("q"), array("q")
        self._x, self._y = array("i"), array("i")  # 1e-7 degrees, as OpenStreetMap keeps them
        self.counts: Counter[str] = Counter()
        self.classes: Counter[str] = Counter()
        #: Share of the length of roads that ends at a node without a place.
        self.share_missing = 0.0
        self.cut_ways: list[str] = []
        self._seen: dict[int, tuple[int, int]] = {}  # version and place of each way
        self._dropped: set[int] = set()

    def __len__(self) -> int:
        return len(self.ids)

    def drop(self, way_id: int, version: int) -> None:
        """Forget a way that is deleted, and its older versions that are still to come."""
        before = self._seen.get(way_id)
        self.counts["ways_met_again"] += before is not None
        if before is None or before[0] <= version:
            if before is not None:
                self._dropped.add(before[1])
            self._seen[way_id] = (version, NOT_KEPT)

    def take(self, way: osmium.osm.Way) -> None:
        """Take a way, if the table can open it."""
        tags = way.tags
        kind = tags.get("highway") or ""
        if not kind and tags.get("route") != "ferry":
            self.drop(way.id, way.version)  # it may have been a road once
            return
        before = self._seen.get(way.id)
        if before is not None:
            self.counts["ways_met_again"] += 1
            if before[0] >= way.version:
                return
            self._dropped.add(before[1])
        chosen = [(key, tags[key]) for key in self._usual if key in tags]
        if len(tags) > len(chosen) + ("name" in tags) + ("ref" in tags):
            chosen += [(key, tags[key]) for key in self._rare if key in tags]
        index = self.tagset(tuple(chosen))
        if not self.is_kept[index]:
            self.classes[kind] += 1
            self._seen[way.id] = (way.version, NOT_KEPT)
            return
        self._seen[way.id] = (way.version, len(self.ids))
        before_it = len(self.nodes)
        for node in way.nodes:
            place = node.location
            self.nodes.append(node.ref)
            self._x.append(place.x)
            self._y.append(place.y)
        size = len(self.nodes) - before_it
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

    def own_places(self) -> tuple[Floats, Floats]:
        """Return longitude and latitude of every node as its way has them; NaN where unknown."""
        x, y = np.array(self._x, dtype=np.float64), np.array(self._y, dtype=np.float64)
        nowhere = (np.abs(x) > 180 * PER_DEGREE) | (np.abs(y) > 90 * PER_DEGREE)
        x[nowhere] = y[nowhere] = np.nan
        return x / PER_DEGREE, y / PER_DEGREE

    def are_placed(self) -> bool:
        """Tell whether every node of every way has a place."""
        return bool((np.frombuffer(self._x, dtype=np.int32) != NOWHERE).all()) if self._x else True

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
        fresh = np.ones(len(nodes), dtype=bool)  # a node that follows itself is there once
        fresh[1:] = (nodes[1:] != nodes[:-1]) | (way[1:] != way[:-1])
        nodes, way, lon, lat = nodes[fresh], way[fresh], lon[fresh], lat[fresh]
        kept = np.ones(len(sizes), dtype=bool)
        kept[[place for place in self._dropped if place != NOT_KEPT]] = False
        known = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
        known &= kept[way]
        self._count_missing(way, known, kept, lon, lat)
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

    def _count_missing(self, way: Ints, known: Mask, kept: Mask, lon: Floats, lat: Floats) -> None:
        """Count the nodes without a place, and measure how much road ends at them.

        Nobody knows how long a stretch to a missing node is: it counts as long as the others of its
        way on average, or of all ways where none of its own is known.
        """
        lost = kept[way] & ~known
        if not lost.any():
            return
        cut = np.unique(way[lost])
        self.counts["way_nodes_missing"] = int(lost.sum())
        self.counts["ways_cut_at_missing_nodes"] = len(cut)
        self.cut_ways = [self.names[one] or self.refs[one] or f"way {self.ids[one]}" for one in cut]
        stretch = np.flatnonzero((way[1:] == way[:-1]) & kept[way[1:]])
        is_lost = lost[stretch] | lost[stretch + 1]
        there, ways = stretch[~is_lost], len(self.ids)
        if not len(there):
            self.share_missing = 1.0
            return
        length_m = geodesic_m(lon[there], lat[there], lon[there + 1], lat[there + 1])
        number = np.bincount(way[there], minlength=ways)
        whole_m = np.bincount(way[there], weights=length_m, minlength=ways)
        mean_m = np.where(number > 0, whole_m / np.maximum(number, 1), length_m.mean())
        lost_m = float(mean_m[way[stretch[is_lost]]].sum())
        self.share_missing = lost_m / max(lost_m + float(length_m.sum()), 1e-9)


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
