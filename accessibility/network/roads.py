"""The road network: junctions, the edges between them, and what the map says of each way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from accessibility.errors import NetworkError
from accessibility.projections import transformer
from accessibility.speeds import SpeedTable

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_WGS84 = Geod(ellps="WGS84")
_MOST_STEPS = 2**20 - 1
_SPREAD = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


def geodesic_m(lon: Floats, lat: Floats, to_lon: Floats, to_lat: Floats) -> Floats:
    """Measure the geodesic length on the WGS 84 ellipsoid between pairs of points, in metres."""
    return np.asarray(_WGS84.inv(lon, lat, to_lon, to_lat)[2], dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """Turn restrictions: from edges of way `from_way` at node `via` to those of `to_way`.

    Where `only` is true every other turn is forbidden, else this one is. Ways are indices into
    `RoadNetwork.way_id`. Arrays of shape (restrictions,) but for the ways passed on the way.

    Parameters
    ----------
    via, via_end
        The node where `from_way` ends, and the one where `to_way` begins; the same, unless the
        restriction leads over ways.
    via_way_from, via_ways
        The ways in between, in order: those of restriction i are
        `via_ways[via_way_from[i]:via_way_from[i + 1]]`; none where it is at one node.
    """

    from_way: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    via: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    via_end: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    via_way_from: Ints = field(default_factory=lambda: np.zeros(1, np.int64))
    via_ways: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    to_way: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    only: npt.NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    u_turn: npt.NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadNetwork:
    """A road network as the map has it, before any speed is applied.

    An edge runs between two junctions along its shape points; both directions are one edge. Arrays
    are read-only.

    Parameters
    ----------
    node_lon, node_lat
        Junctions, degrees (EPSG:4326), shape (nodes,).
    node_tags
        Index into `node_tagsets` of each junction (0: no tags).
    edge_start, edge_end, edge_way
        Junctions and way of each edge, shape (edges,).
    point_from
        Points of edge i are `point_from[i]:point_from[i + 1]`, its ends included.
    point_lon, point_lat
        Shape points, degrees.
    segment_m
        Length in metres from each shape point to the next of the same edge; edge i's segments
        are `point_from[i] - i : point_from[i + 1] - i - 1`.
    way_id, way_tags, way_ref, way_name
        The map's id of each way, its index into `tagsets`, road number and name.
    tagsets, node_tagsets
        Distinct sets of tags; the first of `node_tagsets` is empty.
    turns
        Turn restrictions.
    counts
        What reading met and dropped.
    origin
        What the file says of itself: its date and what wrote it.
    read_for
        The speed table that it was read for: ways that this table never opens were left out, and
        tags that it does not read; None in a network that lacks nothing.

    Raises
    ------
    NetworkError
        If there are no edges, or coordinates or lengths are not finite.
    """

    node_lon: Floats
    node_lat: Floats
    node_tags: Ints
    edge_start: Ints
    edge_end: Ints
    edge_way: Ints
    point_from: Ints
    point_lon: Floats
    point_lat: Floats
    segment_m: Floats
    way_id: Ints
    way_tags: Ints
    way_ref: Sequence[str]
    way_name: Sequence[str]
    tagsets: Sequence[Mapping[str, str]]
    node_tagsets: Sequence[Mapping[str, str]] = (MappingProxyType({}),)
    turns: Turns = field(default_factory=Turns)
    counts: Mapping[str, int] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)
    read_for: SpeedTable | None = None
    _kept: dict[str, npt.NDArray[Any]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if not self.edges:
            raise NetworkError("the road network has no edges: nothing can be driven on")
        for name in ("node_lon", "node_lat", "point_lon", "point_lat", "segment_m"):
            values = getattr(self, name)
            if not np.isfinite(values).all():
                raise NetworkError(f"the road network's {name} holds a value that is not a number")
        for value in (self, self.turns):
            for part in fields(value):
                array = getattr(value, part.name)
                if isinstance(array, np.ndarray):
                    array.flags.writeable = False
        if (np.abs(self.point_lat) > 90).any() or (np.abs(self.point_lon) > 180).any():
            raise NetworkError(
                "the road network has points outside the globe; "
                "coordinates are expected in degrees (EPSG:4326)"
            )
        if (self.segment_m < 0).any():
            raise NetworkError("the road network has segments of negative length")

    @property
    def nodes(self) -> int:
        """Number of junctions."""
        return len(self.node_lon)

    @property
    def edges(self) -> int:
        """Number of edges; the two directions of a road are one edge."""
        return len(self.edge_start)

    @property
    def edge_m(self) -> Floats:
        """Length of each edge in metres."""
        return np.add.reduceat(self.segment_m, self.segment_from[:-1])

    @property
    def segment_from(self) -> Ints:
        """Segments of edge i are `segment_from[i]:segment_from[i + 1]`."""
        return self._once("segment_from", lambda: self.point_from - np.arange(self.edges + 1))

    @property
    def segment_edge(self) -> Ints:
        """The edge of each segment."""
        return self._once(
            "segment_edge", lambda: np.repeat(np.arange(self.edges), np.diff(self.segment_from))
        )

    @property
    def drawn_as(self) -> Ints:
        """The first edge that is drawn on the same line as each edge: one road of several ways.

        Two one-way ways on the same nodes, or a road that is tagged twice, are edges of their own
        but no junction where they meet other roads.
        """
        return self._once("drawn_as", self._find_same_lines)

    def _find_same_lines(self) -> Ints:
        low = np.minimum(self.edge_start, self.edge_end)
        high = np.maximum(self.edge_start, self.edge_end)
        order = np.lexsort((high, low))
        alike = (low[order[1:]] == low[order[:-1]]) & (high[order[1:]] == high[order[:-1]])
        drawn_as = np.arange(self.edges)
        first: dict[tuple[object, ...], int] = {}
        for edge in np.unique(np.concatenate([order[1:][alike], order[:-1][alike]])).tolist():
            points = slice(self.point_from[edge], self.point_from[edge + 1])
            lon, lat = self.point_lon[points], self.point_lat[points]
            if self.edge_start[edge] > self.edge_end[edge]:
                lon, lat = lon[::-1], lat[::-1]
            segments = slice(self.segment_from[edge], self.segment_from[edge + 1])
            length_cm = round(float(self.segment_m[segments].sum()) * 100)  # graphs: straight lines
            line = low[edge], high[edge], length_cm, lon.tobytes(), lat.tobytes()
            drawn_as[edge] = first.setdefault(line, edge)
        return drawn_as

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        lon, lat = self.point_lon, self.point_lat
        return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())

    def points_in(self, crs: str) -> Floats:
        """Project the shape points to `crs`: shape (points, 2), in its units, read-only."""
        return self._once(f"points in {crs}", lambda: self._project(crs))

    def _project(self, crs: str) -> Floats:
        x, y = transformer(4326, crs).transform(self.point_lon, self.point_lat)
        projected = np.column_stack([x, y])
        if not np.isfinite(projected).all():
            raise NetworkError(
                f"the road network does not fit the study's crs {crs}: some points have no place "
                "in it. Is it another region's, or are longitude and latitude swapped?"
            )
        return projected

    def _once(self, name: str, make: Callable[[], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Work an array out once, and keep it."""
        if name not in self._kept:
            self._kept[name] = make()
            self._kept[name].flags.writeable = False
        return self._kept[name]

    def __repr__(self) -> str:
        west, south, east, north = self.bounds
        return (
            f"<RoadNetwork: {self.edges:,} edges, {self.nodes:,} junctions, "
            f"{self.segment_m.sum() / 1000:,.0f} km, "
            f"{west:.2f}-{east:.2f} E {south:.2f}-{north:.2f} N>"
        )


def spatial_order(lon: Floats, lat: Floats) -> Ints:
    """Put places in Morton order, along a curve that keeps neighbours near one another.

    Searches walk from neighbour to neighbour: numbered so, SciPy's take 1.2x less time on Iceland
    and Porto, where the map's own ids are fairly local, and 3x less on a million junctions numbered
    at random. Folding the junctions where just two edges meet (13 to 15 % there) would gain 1.2x
    and is left undone: every time would have to be unfolded again.

    >>> spatial_order(np.array([1.0, 0.0, 1.0, 0.0]), np.array([1.0, 1.0, 0.0, 0.0])).tolist()
    [3, 2, 1, 0]
    """
    code = np.zeros(len(lon), dtype=np.uint64)
    for degrees, shift in ((lon, 0), (lat, 1)):
        low, span = degrees.min(), np.ptp(degrees)
        bits = np.floor((degrees - low) / (span or 1.0) * _MOST_STEPS).astype(np.uint64)
        for step, mask in _SPREAD:  # each bit moves to twice its place
            bits = (bits | (bits << np.uint64(step))) & np.uint64(mask)
        code |= bits << np.uint64(shift)
    return np.argsort(code, kind="stable")


def build_network(
    *,
    way_node_from: Ints,
    way_nodes: Ints,
    node_lon: Floats,
    node_lat: Floats,
    node_tags: Ints,
    split_at: npt.NDArray[np.bool_],
    way_id: Ints,
    way_tags: Ints,
    way_ref: Sequence[str],
    way_name: Sequence[str],
    tagsets: Sequence[Mapping[str, str]],
    node_tagsets: Sequence[Mapping[str, str]],
    turns: Turns | None = None,
    counts: Mapping[str, int] | None = None,
    origin: Mapping[str, str] | None = None,
    piece_way: Ints | None = None,
    read_for: SpeedTable | None = None,
) -> RoadNetwork:
    """Cut ways at their junctions and measure the pieces.

    A node is a junction where ways end or meet, or where `split_at` says so (signals, barriers,
    nodes of turn restrictions). A node where two ways run together, drawn on the same nodes, is
    none; of edges with the same nodes and tags the first is kept. Junctions are numbered in
    `spatial_order`.

    Parameters
    ----------
    way_node_from, way_nodes
        Nodes of piece i are `way_nodes[way_node_from[i]:way_node_from[i + 1]]`, at least two.
    piece_way
        The way of each piece; None: every way is one piece.
    node_lon, node_lat, node_tags, split_at
        Every node that a way uses, shape (nodes,).
    turns
        With `via` as an index of these nodes.
    """
    ends = np.zeros(len(way_nodes), dtype=bool)
    ends[way_node_from[:-1]] = True
    ends[way_node_from[1:] - 1] = True
    pieces = len(way_node_from) - 1
    way_of_piece = np.arange(pieces) if piece_way is None else piece_way
    piece_of_place = np.repeat(np.arange(pieces), np.diff(way_node_from))
    is_junction = _met(way_nodes, piece_of_place, len(node_lon)) | split_at
    is_junction[way_nodes[ends]] = True

    cuts = np.flatnonzero(is_junction[way_nodes])
    same_piece = piece_of_place[cuts[:-1]] == piece_of_place[cuts[1:]]
    first, last = cuts[:-1][same_piece], cuts[1:][same_piece]
    edge_way = way_of_piece[piece_of_place[first]]
    again = _drawn_again(way_nodes, first, last, way_tags[edge_way], tagsets)
    if again.any():
        first, last, edge_way = first[~again], last[~again], edge_way[~again]
        counts = {**(counts or {}), "edges_drawn_twice": int(again.sum())}

    sizes = last - first + 1
    point_from = np.concatenate([[0], np.cumsum(sizes)])
    places = np.arange(point_from[-1]) - np.repeat(point_from[:-1] - first, sizes)
    point_node = way_nodes[places]

    junctions = np.flatnonzero(is_junction)
    junctions = junctions[spatial_order(node_lon[junctions], node_lat[junctions])]
    junction_of = np.full(len(node_lon), -1)
    junction_of[junctions] = np.arange(len(junctions))
    lon, lat = node_lon[point_node], node_lat[point_node]
    within = np.ones(len(lon), dtype=bool)
    within[point_from[1:] - 1] = False
    at = np.flatnonzero(within)
    turns = turns or Turns()
    return RoadNetwork(
        node_lon=node_lon[junctions],
        node_lat=node_lat[junctions],
        node_tags=node_tags[junctions],
        edge_start=junction_of[way_nodes[first]],
        edge_end=junction_of[way_nodes[last]],
        edge_way=edge_way,
        point_from=point_from,
        point_lon=lon,
        point_lat=lat,
        segment_m=geodesic_m(lon[at], lat[at], lon[at + 1], lat[at + 1]),
        way_id=way_id,
        way_tags=way_tags,
        way_ref=way_ref,
        way_name=way_name,
        tagsets=tagsets,
        node_tagsets=node_tagsets,
        turns=Turns(
            from_way=turns.from_way,
            via=junction_of[turns.via] if len(turns.via) else turns.via,
            via_end=junction_of[turns.via_end] if len(turns.via_end) else turns.via_end,
            via_way_from=turns.via_way_from,
            via_ways=turns.via_ways,
            to_way=turns.to_way,
            only=turns.only,
            u_turn=turns.u_turn,
        ),
        counts=counts or {},
        origin=origin or {},
        read_for=read_for,
    )


def _met(way_nodes: Ints, piece_of_place: Ints, nodes: int) -> npt.NDArray[np.bool_]:
    """Mark the nodes where ways meet: used more than once, with other than two neighbours.

    A node that is used twice and has two neighbours lies on two ways that run together.
    """
    met = np.bincount(way_nodes, minlength=nodes) > 1
    follows = np.flatnonzero(piece_of_place[1:] == piece_of_place[:-1])
    node = np.concatenate([way_nodes[follows], way_nodes[follows + 1]])
    neighbour = np.concatenate([way_nodes[follows + 1], way_nodes[follows]])
    of_met = met[node]
    pairs = np.unique(node[of_met] * nodes + neighbour[of_met])
    neighbours = np.bincount(pairs // nodes, minlength=nodes)
    return met & (neighbours != 2)


def _drawn_again(
    way_nodes: Ints, first: Ints, last: Ints, tags: Ints, tagsets: Sequence[Mapping[str, str]]
) -> npt.NDArray[np.bool_]:
    """Mark edges that are drawn on the same nodes, with the same tags, as an earlier one.

    One drawn the other way round is the same only where its tags read alike from both ends.
    """
    start, end = way_nodes[first], way_nodes[last]
    low, high, size = np.minimum(start, end), np.maximum(start, end), last - first
    order = np.lexsort((np.arange(len(first)), tags, size, high, low))
    alike = np.ones(len(order) - 1, dtype=bool) if len(order) else np.zeros(0, dtype=bool)
    for key in (low, high, size, tags):
        alike &= key[order[1:]] == key[order[:-1]]
    again = np.zeros(len(first), dtype=bool)
    kept: list[int] = []
    for place in np.flatnonzero(alike):
        one, other = order[place], order[place + 1]
        if place == 0 or not alike[place - 1]:
            kept = [one]
        if any(
            _same_nodes(way_nodes, first, last, before, other, tagsets[tags[other]])
            for before in kept
        ):
            again[other] = True
        else:
            kept.append(other)
    return again


def _same_nodes(
    way_nodes: Ints, first: Ints, last: Ints, one: int, other: int, tags: Mapping[str, str]
) -> bool:
    """Tell whether two edges are drawn on the same nodes, and read alike in that order."""
    before = way_nodes[first[one] : last[one] + 1]
    after = way_nodes[first[other] : last[other] + 1]
    return np.array_equal(before, after) or (
        np.array_equal(before, after[::-1]) and _reads_alike(tags)
    )


def _reads_alike(tags: Mapping[str, str]) -> bool:
    """Tell whether a way's tags say the same from both of its ends."""
    sided = ("oneway", "forward", "backward", "junction", "left", "right")
    return not any(word in key for key in tags for word in sided) and tags.get("highway") not in (
        "motorway",
        "motorway_link",
    )
