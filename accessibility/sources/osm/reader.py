"""Goes through an OpenStreetMap file once, and makes a road network of what it holds."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import osmium

from accessibility.errors import NetworkError, examples
from accessibility.network import RoadNetwork, build_network
from accessibility.sources.osm.edits import deleted_ids, is_xml
from accessibility.sources.osm.ferry_routes import FerryRoutes
from accessibility.sources.osm.nodes import (
    NodeTags,
    come_once,
    node_index,
    read_nodes,
    tagged_nodes,
)
from accessibility.sources.osm.restrictions import Restrictions, WayEnds
from accessibility.sources.osm.ways import Floats, Ways
from accessibility.speeds import SpeedTable, node_keys_read

#: Of the length of roads at most this share may end at a node that is not in the file. Clips that
#: leave out the nodes beyond their rim miss some 4 % (the usual sample of Helsinki's centre).
MOST_MISSING_ROAD = 0.10
#: Writers of PBF files (libosmium, Osmosis) close a block of ways after so many, or where ways end.
WAYS_IN_A_BLOCK = 8_000
#: Whole extracts hold hardly a node without tags that no way uses; one that lost ways holds many.
MOST_LONELY_NODES = 0.01
Item = osmium.osm.Node | osmium.osm.Way | osmium.osm.Relation
HISTORY_SUFFIXES = (".osh", ".osc", ".osh.pbf", ".osc.gz", ".osc.bz2", ".osh.bz2", ".osh.gz")


@dataclass(frozen=True)
class Header:
    """What a file says of itself: its date, what wrote it, and whether ways carry their places."""

    timestamp: str
    generator: str
    locations_on_ways: bool


def read_osm(path: Path, speeds: SpeedTable) -> RoadNetwork:
    """Read the roads of an OpenStreetMap file that a speed table can open in some season.

    Nodes, ways and relations may come in any order and in several versions (the newest counts);
    what is deleted there is left out. A way ends where the place of a node is not in the file, and
    goes on after the gap.

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
        If the file is broken, cut short, a history file, holds no usable road, or lacks the nodes
        of more than a tenth of its roads.
    """
    try:
        header = _header(path)
        reading = None if is_xml(path) else _in_one_pass(path, header, speeds)
        if reading is None or not reading.is_certain:
            deleted = deleted_ids(path) if is_xml(path) else frozenset()
            reading = _carefully(path, speeds, deleted)
    except NetworkError:
        raise
    except (RuntimeError, ValueError, OSError, EOFError, osmium.InvalidLocationError) as problem:
        size = path.stat().st_size
        raise NetworkError(
            f"{path}: cannot be read as OpenStreetMap data ({problem}; {size:,} bytes). "
            "A broken or unfinished download? Fetch it again and compare its size or checksum"
        ) from problem
    return reading.finish(path, header)


def _in_one_pass(path: Path, header: Header, speeds: SpeedTable) -> _Reading:
    """Read a file as extracts are: nodes, ways, relations, each once.

    Whatever is otherwise makes the reading uncertain.
    """
    reading = _Reading(speeds, frozenset())
    with tempfile.TemporaryDirectory(prefix="accessibility-") as folder:
        index, met = node_index(path, Path(folder))
        processor = osmium.FileProcessor(str(path))
        if not header.locations_on_ways:
            processor = processor.with_locations(index)
        processor = processor.with_filter(
            osmium.filter.KeyFilter("highway", "route", "barrier", "ford", "type")
        )
        for item in processor:
            reading.take(item)
        if not header.locations_on_ways and met is not None and met.exists():
            reading.is_certain = come_once(met)
    reading.nodes = tagged_nodes(reading.tags_of_nodes)
    again = reading.ways.counts["ways_met_again"]
    reading.is_certain &= not again and reading.ways.are_placed()
    return reading


def _carefully(path: Path, speeds: SpeedTable, deleted: frozenset[tuple[str, int]]) -> _Reading:
    """Read a file whatever its order and however often an object comes, nodes by themselves."""
    reading = _Reading(speeds, deleted)
    for item in osmium.FileProcessor(str(path), osmium.osm.WAY | osmium.osm.RELATION):
        reading.take(item)
    wanted = np.array(reading.ways.nodes, dtype=np.int64)
    reading.nodes = read_nodes(
        path, wanted, reading.node_tags, lambda node: reading.is_gone(node, "node")
    )
    return reading


def _header(path: Path) -> Header:
    """Read what the file says of itself."""
    reader = osmium.io.Reader(str(path), osmium.osm.NOTHING)
    header = reader.header()
    try:
        if header.has_multiple_object_versions:
            raise NetworkError(
                f"{path}: a history file holds no single state of the map; give an extract"
            )
        features = {header.get(f"pbf_optional_feature_{number}") for number in range(8)}
        return Header(
            timestamp=header.get("osmosis_replication_timestamp") or header.get("timestamp"),
            generator=header.get("generator"),
            locations_on_ways="LocationsOnWays" in features,
        )
    finally:
        reader.close()


class _Reading:
    """Collects ways, the nodes that matter, turn restrictions and ferry routes."""

    def __init__(self, speeds: SpeedTable, deleted: frozenset[tuple[str, int]]) -> None:
        self.speeds = speeds
        self.deleted = deleted
        self.ways = Ways(speeds)
        self.restrictions = Restrictions(speeds.keys_of_access[1:])
        self.ferry_routes = FerryRoutes()
        self.node_tags = NodeTags(node_keys_read(speeds))
        self.tags_of_nodes: dict[int, int] = {}
        self.nodes = tagged_nodes({})
        self.relations = 0
        #: Whether each object came once, where one pass over the file could take it.
        self.is_certain = True

    def take(self, item: object) -> None:
        """Take one object of the file."""
        if isinstance(item, osmium.osm.Way):
            if self.is_gone(item, "way"):
                self.ways.drop(item.id, item.version)
            else:
                self.ways.take(item)
        elif isinstance(item, osmium.osm.Node):
            index = self.node_tags.of(item)
            if index:
                self.tags_of_nodes[item.id] = index
        elif isinstance(item, osmium.osm.Relation):
            self.relations += 1
            if self.is_gone(item, "relation"):
                self.restrictions.drop(item.id, item.version)
                self.ferry_routes.drop(item.id, item.version)
            else:
                self.restrictions.take(item)
                self.ferry_routes.take(item)

    def is_gone(self, item: Item, kind: str) -> bool:
        """Tell whether an object is deleted, on the server or in an editor."""
        if not item.visible or item.deleted:
            return True
        return bool(self.deleted) and (kind, item.id) in self.deleted

    def _places(self) -> tuple[Floats, Floats]:
        """Give the place of every node of every way; NaN where it is not known.

        A node's own place goes before the one that its way carries.
        """
        lon, lat = self.ways.own_places()
        if not np.isfinite(self.nodes.lon).any():
            return lon, lat
        row, is_there = self.nodes.find(np.array(self.ways.nodes, dtype=np.int64))
        return np.where(is_there, self.nodes.lon[row], lon), np.where(
            is_there, self.nodes.lat[row], lat
        )

    def finish(self, path: Path, header: Header) -> RoadNetwork:
        """Check what was read as a whole, and cut it at its junctions."""
        self._check_roads(path)
        self.ferry_routes.give_tags(self.ways)
        pieces = self.ways.finish(*self._places())
        self._check_whole(path, header, len(pieces.way))
        refs, first, nodes = np.unique(pieces.nodes, return_index=True, return_inverse=True)
        row, is_there = self.nodes.find(refs)
        node_tags = np.zeros(len(refs), dtype=np.int64)
        node_tags[is_there] = self.nodes.tags[row[is_there]]
        sizes = np.array(self.ways.sizes, dtype=np.int64)
        last = np.cumsum(sizes)
        ends = WayEnds(
            first=last - sizes, last=last - 1, nodes=np.array(self.ways.nodes, dtype=np.int64)
        )
        turns = self.restrictions.turns(self.ways.places(), refs, ends)
        split_at = node_tags > 0
        split_at[turns.via] = True
        split_at[turns.via_end] = True
        counts = self.ways.counts + self.restrictions.counts
        return build_network(
            way_node_from=pieces.node_from,
            way_nodes=nodes.astype(np.int64),
            piece_way=pieces.way,
            node_lon=pieces.lon[first],
            node_lat=pieces.lat[first],
            node_tags=node_tags,
            split_at=split_at,
            way_id=np.array(self.ways.ids),
            way_tags=np.array(self.ways.tags),
            way_ref=self.ways.refs,
            way_name=self.ways.names,
            tagsets=[dict(tags) for tags in self.ways.tagsets],
            node_tagsets=[dict(tags) for tags in self.node_tags.tagsets],
            turns=turns,
            counts=dict(sorted(counts.items())),
            origin=self._origin(header),
            read_for=self.speeds,
        )

    def _origin(self, header: Header) -> Mapping[str, str]:
        """Say of the file its date, its maker and the roads cut for want of a node."""
        said = {"timestamp": header.timestamp, "generator": header.generator}
        if self.ways.cut_ways:
            said["share_of_road_missing"] = f"{self.ways.share_missing:.4f}"
            said["ways_cut"] = examples(self.ways.cut_ways)
        return {key: value for key, value in said.items() if value}

    def _check_roads(self, path: Path) -> None:
        if len(self.ways):
            return
        kinds = examples(kind or "ferry" for kind, _ in self.ways.classes.most_common())
        raise NetworkError(
            f'{path}: holds no road that the speed table "{self.speeds.name}" opens '
            f"(highway classes met: {kinds}). Cut short, or a clip without ways? "
            "Fetch a whole extract of the region"
        )

    def _check_whole(self, path: Path, header: Header, pieces: int) -> None:
        missing, share = self.ways.counts["way_nodes_missing"], self.ways.share_missing
        if share > MOST_MISSING_ROAD or not pieces:
            raise NetworkError(
                f"{path}: {missing:,} of the {len(self.ways.nodes):,} nodes that its roads use are "
                f"not in the file ({share:.0%} of its roads; at most {MOST_MISSING_ROAD:.0%} may "
                "end at such a node): it was clipped without completing its ways. "
                "Clip again with complete ways (osmium extract --strategy complete_ways)"
            )
        if self.relations or is_xml(path):
            return
        ways, lonely = _signs_of_a_cut(path)
        is_full = ways % WAYS_IN_A_BLOCK == 0
        if is_full or lonely > MOST_LONELY_NODES:
            sign = "its last block of ways is full" if is_full else ""
            raise NetworkError(
                f"{path}: holds no relation at all, and "
                f"{sign or f'no way uses {lonely:.0%} of its nodes'}: the download stopped at a "
                "block boundary. Fetch it again and compare its size or checksum; if it was "
                "filtered, filter it again with its relations "
                "(osmium tags-filter IN w/highway w/route=ferry r/restriction -o OUT)"
            )
        if header.timestamp:
            self.ways.counts["files_without_relations"] = 1


def _signs_of_a_cut(path: Path) -> tuple[int, float]:
    """Count the ways of a file, and the share of its nodes without tags that no way uses."""
    ways = 0
    plain, used = array("q"), array("q")
    for item in osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY):
        if isinstance(item, osmium.osm.Way):
            ways += 1
            used.extend([node.ref for node in item.nodes])
        elif isinstance(item, osmium.osm.Node) and not len(item.tags):
            plain.append(item.id)
    if not plain:
        return ways, 0.0
    lonely = ~np.isin(np.array(plain, dtype=np.int64), np.array(used, dtype=np.int64))
    return ways, float(lonely.mean())
