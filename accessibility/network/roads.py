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
    """Turn restrictions: at `via` (node), from edges of way `from_way` to those of `to_way`.

    Where `only` is true every other turn is forbidden, else this one is. Ways are indices into
    `RoadNetwork.way_id`.
    """

    from_way: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    via: Ints = field(default_factory=lambda: np.empty(0, np.int64))
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
    read_for: SpeedTable | None = None,
) -> RoadNetwork:
    """Cut ways at their junctions and measure the pieces.

    A node is a junction where ways end or meet, or where `split_at` says so (signals, barriers,
    nodes of turn restrictions). Junctions are numbered in `spatial_order`.

    Parameters
    ----------
    way_node_from, way_nodes
        Nodes of way i are `way_nodes[way_node_from[i]:way_node_from[i + 1]]`, at least two.
    node_lon, node_lat, node_tags, split_at
        Every node that a way uses, shape (nodes,).
    turns
        With `via` as an index of these nodes.
    """
    ends = np.zeros(len(way_nodes), dtype=bool)
    ends[way_node_from[:-1]] = True
    ends[way_node_from[1:] - 1] = True
    uses = np.bincount(way_nodes, minlength=len(node_lon))
    is_junction = (uses > 1) | split_at
    is_junction[way_nodes[ends]] = True

    way_of_place = np.repeat(np.arange(len(way_id)), np.diff(way_node_from))
    cuts = np.flatnonzero(is_junction[way_nodes])
    same_way = way_of_place[cuts[:-1]] == way_of_place[cuts[1:]]
    first, last = cuts[:-1][same_way], cuts[1:][same_way]

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
        edge_way=way_of_place[first],
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
            to_way=turns.to_way,
            only=turns.only,
            u_turn=turns.u_turn,
        ),
        counts=counts or {},
        origin=origin or {},
        read_for=read_for,
    )
