"""Reads OpenStreetMap files (.osm.pbf, .osm, .osm.bz2, .osm.gz) into a road network."""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import numpy as np
import osmium

from accessibility.errors import NetworkError, examples
from accessibility.network import RoadNetwork, Turns, build_network
from accessibility.speeds import SpeedTable, keys_read, way_speed

#: Of the nodes that roads use, at most this share may lack a place before the file is refused.
MOST_MISSING_NODES = 0.01
NODE_KEYS = ("barrier", "highway", "ford")
RESTRICTION = re.compile(r"(no|only)_(\w+)")
HISTORY_SUFFIXES = (".osh", ".osc", ".osh.pbf", ".osc.gz", ".osc.bz2", ".osh.bz2", ".osh.gz")


def read_osm(path: Path, speeds: SpeedTable) -> RoadNetwork:
    """Read the roads of an OpenStreetMap file that a speed table can open in some season.

    Parameters
    ----------
    path
        An OSM file: PBF or XML, plain or packed.
    speeds
        The speed table; ways of classes that it never opens are left in the file. Ferries are
        always read: an island that one serves is not moved ashore.

    Raises
    ------
    NetworkError
        If the file is broken, cut short, a history file, or holds no usable road.
    """
    reading = _Reading(speeds)
    try:
        header = _header(path)
        processor = osmium.FileProcessor(str(path)).with_locations()
        processor = processor.with_filter(
            osmium.filter.KeyFilter("highway", "route", "barrier", "ford", "type")
        )
        for item in processor:
            reading.take(item)
    except (RuntimeError, ValueError, OSError) as problem:
        size = path.stat().st_size
        raise NetworkError(
            f"{path}: cannot be read as OpenStreetMap data ({problem}; {size:,} bytes). "
            "A broken or unfinished download? Fetch it again and compare its size or checksum"
        ) from problem
    return reading.finish(path, header)


def _header(path: Path) -> dict[str, str]:
    """Read what the file says of itself: date and generator."""
    reader = osmium.io.Reader(str(path))
    header = reader.header()
    try:
        if header.has_multiple_object_versions:
            raise NetworkError(
                f"{path}: a history file holds no single state of the map; give an extract"
            )
        return {
            "timestamp": header.get("osmosis_replication_timestamp") or header.get("timestamp"),
            "generator": header.get("generator"),
        }
    finally:
        reader.close()


class _Reading:
    """Collects ways, the nodes that matter and turn restrictions in one pass over a file."""

    def __init__(self, speeds: SpeedTable) -> None:
        self.speeds = speeds
        self.keys = keys_read(speeds)
        self.tagsets: dict[tuple[tuple[str, str], ...], int] = {}
        self.is_kept: list[bool] = []
        self.node_tagsets: dict[tuple[tuple[str, str], ...], int] = {(): 0}
        self.node_tags: dict[int, int] = {}
        self.way_id, self.way_tags = array("q"), array("q")
        self.way_ref: list[str] = []
        self.way_name: list[str] = []
        self.way_nodes, self.way_sizes = array("q"), array("q")
        self.lon, self.lat = array("d"), array("d")
        self.restrictions: list[tuple[int, int, int, bool, bool]] = []
        self.counts: Counter[str] = Counter()
        self.classes: Counter[str] = Counter()

    def take(self, item: object) -> None:
        """Take one object of the file."""
        if isinstance(item, osmium.osm.Way):
            self._take_way(item)
        elif isinstance(item, osmium.osm.Node):
            self._take_node(item)
        elif isinstance(item, osmium.osm.Relation):
            self.counts["relations_seen"] += 1
            self._take_restriction(item)

    def _take_way(self, way: osmium.osm.Way) -> None:
        tags = way.tags
        kind = tags.get("highway") or ""
        if not kind and tags.get("route") != "ferry":
            return
        chosen = tuple((key, tags[key]) for key in self.keys if key in tags)
        index = self.tagsets.get(chosen)
        if index is None:
            index = self.tagsets[chosen] = len(self.tagsets)
            self.is_kept.append(_is_ever_open(dict(chosen), self.speeds))
        if not self.is_kept[index]:
            self.classes[kind] += 1
            return
        before = len(self.way_nodes)
        last = None
        for node in way.nodes:
            if not node.location.valid():
                self.counts["way_nodes_missing"] += 1
                continue
            if node.ref != last:
                last = node.ref
                self.way_nodes.append(last)
                self.lon.append(node.lon)
                self.lat.append(node.lat)
        size = len(self.way_nodes) - before
        if size < 2:
            del self.way_nodes[before:], self.lon[before:], self.lat[before:]
            self.counts["ways_without_length"] += 1
            return
        self.way_sizes.append(size)
        self.way_id.append(way.id)
        self.way_tags.append(index)
        self.way_ref.append(tags.get("ref") or "")
        self.way_name.append(tags.get("name") or "")

    def _take_node(self, node: osmium.osm.Node) -> None:
        tags = node.tags
        is_signal = tags.get("highway") == "traffic_signals"  # most are lamps, stops and crossings
        if is_signal or "barrier" in tags or "ford" in tags:
            keys = (*NODE_KEYS, *self.speeds.keys_of_access)
            chosen = tuple((key, tags[key]) for key in keys if key in tags)
            self.node_tags[node.id] = self.node_tagsets.setdefault(chosen, len(self.node_tagsets))

    def _take_restriction(self, relation: osmium.osm.Relation) -> None:
        tags = relation.tags
        if tags.get("type") != "restriction":
            return
        modes = self.speeds.keys_of_access[1:]  # the most general first
        keys = [*(f"restriction:{mode}" for mode in reversed(modes)), "restriction"]
        value = next((tags[key] for key in keys if key in tags), "")
        found = RESTRICTION.fullmatch(value)
        spared = {one.strip() for one in (tags.get("except") or "").split(";")}
        if found is None or spared & set(modes):
            self.counts["turn_restrictions_left_out"] += 1
            return
        members: dict[tuple[str, str], list[int]] = defaultdict(list)
        for one in relation.members:
            members[one.type, one.role].append(one.ref)
        from_ways, vias, to_ways = members["w", "from"], members["n", "via"], members["w", "to"]
        if not from_ways or len(vias) != 1 or not to_ways:
            self.counts["turn_restrictions_left_out"] += 1  # via a way, or incomplete
            return
        only, u_turn = found[1] == "only", found[2] == "u_turn"
        for from_way, to_way in product(from_ways, to_ways):  # no_entry, no_exit have several
            self.restrictions.append((from_way, vias[0], to_way, only, u_turn))

    def finish(self, path: Path, header: Mapping[str, str]) -> RoadNetwork:
        """Check what was read as a whole, and cut it at its junctions."""
        self._check(path, header)
        way_node_from = np.concatenate([[0], np.cumsum(np.array(self.way_sizes, dtype=np.int64))])
        refs, first, nodes = np.unique(
            np.array(self.way_nodes), return_index=True, return_inverse=True
        )
        tagged = np.fromiter(self.node_tags, dtype=np.int64, count=len(self.node_tags))
        tagged_as = np.fromiter(self.node_tags.values(), dtype=np.int64, count=len(tagged))
        node_tags = np.zeros(len(refs), dtype=np.int64)
        place = np.minimum(np.searchsorted(refs, tagged), len(refs) - 1)
        used = refs[place] == tagged
        node_tags[place[used]] = tagged_as[used]
        turns = self._turns(refs)
        split_at = node_tags > 0
        split_at[turns.via] = True
        return build_network(
            way_node_from=way_node_from,
            way_nodes=nodes.astype(np.int64),
            node_lon=np.array(self.lon)[first],
            node_lat=np.array(self.lat)[first],
            node_tags=node_tags,
            split_at=split_at,
            way_id=np.array(self.way_id),
            way_tags=np.array(self.way_tags),
            way_ref=self.way_ref,
            way_name=self.way_name,
            tagsets=[dict(tags) for tags in self.tagsets],
            node_tagsets=[dict(tags) for tags in self.node_tagsets],
            turns=turns,
            counts=dict(sorted(self.counts.items())),
            origin={key: value for key, value in header.items() if value},
            read_for=self.speeds,
        )

    def _check(self, path: Path, header: Mapping[str, str]) -> None:
        if not len(self.way_id):
            kinds = examples(kind or "ferry" for kind, _ in self.classes.most_common())
            raise NetworkError(
                f'{path}: holds no road that the speed table "{self.speeds.name}" opens '
                f"(highway classes met: {kinds}). Cut short, or a clip without ways? "
                "Fetch a whole extract of the region"
            )
        missing = self.counts["way_nodes_missing"]
        if missing > MOST_MISSING_NODES * (missing + len(self.way_nodes)):
            raise NetworkError(
                f"{path}: {missing:,} of the {missing + len(self.way_nodes):,} nodes that its "
                "roads use are not in the file: it was clipped without completing its ways. "
                "Clip again with complete ways (osmium extract --strategy complete_ways)"
            )
        if header["timestamp"] and not self.counts["relations_seen"]:
            raise NetworkError(
                f"{path}: says that it is a whole extract of {header['timestamp']}, but holds no "
                "relation at all: the download stopped at a block boundary. Fetch it again and "
                "compare its size or checksum"
            )

    def _turns(self, refs: np.ndarray) -> Turns:
        """Keep the restrictions whose ways and node are part of the network."""
        index = {way: place for place, way in enumerate(self.way_id)}
        rows = []
        for from_way, via, to_way, only, u_turn in self.restrictions:
            place = int(np.searchsorted(refs, via))
            if from_way in index and to_way in index and place < len(refs) and refs[place] == via:
                rows.append((index[from_way], place, index[to_way], only, u_turn))
        self.counts["turn_restrictions"] = len(rows)
        table = np.array(rows, dtype=np.int64).reshape(-1, 5)
        return Turns(
            from_way=table[:, 0],
            via=table[:, 1],
            to_way=table[:, 2],
            only=table[:, 3].astype(bool),
            u_turn=table[:, 4].astype(bool),
        )


def _is_ever_open(tags: dict[str, str], speeds: SpeedTable) -> bool:
    if tags.get("route") == "ferry":
        return True
    return any(way_speed(tags, speeds, season).is_open for season in ("summer", "winter"))
