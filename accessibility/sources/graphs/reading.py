"""Makes a road network of a networkx or osmnx graph, or of a GraphML file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

import numpy as np
import shapely
from pyproj import CRS, Transformer

from accessibility.errors import NetworkError
from accessibility.network import RoadNetwork
from accessibility.network.roads import geodesic_m
from accessibility.sources.graphs.edges import Edge, is_given, node_tags, read_edges
from accessibility.sources.graphs.simplified import what_simplifying_lost
from accessibility.speeds import SpeedTable, node_keys_read

if TYPE_CHECKING:
    import networkx as nx

_HIGHEST_ID = np.iinfo(np.int64).max


def read_graphml(path: Path, speeds: SpeedTable) -> RoadNetwork:
    """Read a GraphML file as osmnx writes it.

    Raises
    ------
    NetworkError
        If the file is broken, or its nodes have no place or its edges no length.
    """
    import networkx as nx

    try:
        graph = nx.read_graphml(path, force_multigraph=True)
    except (ParseError, nx.NetworkXError, ValueError, KeyError) as problem:
        raise NetworkError(
            f"{path}: cannot be read as GraphML ({problem}; {path.stat().st_size:,} bytes). "
            "An unfinished download or copy? Fetch it again"
        ) from problem
    try:
        return network_from_graph(graph, speeds)
    except NetworkError as problem:
        raise NetworkError(f"{path}: {problem}") from problem


def network_from_graph(graph: nx.MultiDiGraph, speeds: SpeedTable) -> RoadNetwork:
    """Take a networkx or osmnx graph over as a road network.

    The graph's two one-way edges of a two-way road become one edge. An edge's `length` is kept,
    whatever its drawn line; without a line it runs straight between its nodes. Where osmnx has
    merged ways of other tags into one edge, it keeps lists of values without their lengths: such an
    edge is driven at the mean of its values' speeds, and closed where one of them closes it.

    Parameters
    ----------
    graph
        Nodes with `x` and `y`; edges with `length` in metres and, where known, `highway`,
        `maxspeed`, `speed_kph`, `travel_time` (seconds; read where `speed_kph` is missing or a
        list), `geometry`, `osmid`, `ref`, `name`, `reversed` (drawn against its way, as osmnx says
        of the way back). Never changed.
    speeds
        The speed table, which says which tags matter.

    Raises
    ------
    NetworkError
        If nodes have no place, edges no length, or there is no edge.
    """
    if not graph.is_directed() or not graph.is_multigraph():
        raise NetworkError("the graph must be a MultiDiGraph, as osmnx makes it")
    lon, lat, index = _nodes(graph)
    found = read_edges(graph, index, speeds)
    edges = found.roads
    if not edges:
        raise NetworkError("the graph has no edges: nothing can be driven on")
    to_degrees = _to_degrees(graph)
    tagsets: dict[tuple[tuple[str, str], ...], int] = {}
    ways: dict[tuple[str, int, str, str], int] = {}
    edge_way, point_count, segment_m = [], [], []
    points: list[np.ndarray] = []
    for edge in edges:
        tags = tagsets.setdefault(edge.all_tags(), len(tagsets))
        edge_way.append(ways.setdefault((edge.osmid, tags, edge.ref, edge.name), len(ways)))
        line = _line(edge, lon, lat, to_degrees)
        points.append(line)
        point_count.append(len(line))
        drawn_m = geodesic_m(line[:-1, 0], line[:-1, 1], line[1:, 0], line[1:, 1])
        whole_m = drawn_m.sum()
        share = drawn_m / whole_m if whole_m > 0 else np.full(len(drawn_m), 1 / len(drawn_m))
        segment_m.append(share * edge.length)
    line_points = np.concatenate(points)
    simplified = what_simplifying_lost(graph, edges, speeds)
    found.counts["edges_without_a_line"] = sum(edge.line is None for edge in edges)
    node_tagsets, tags_of_nodes = _node_tags(graph, node_keys_read(speeds))
    keys = list(ways)
    return RoadNetwork(
        node_lon=lon,
        node_lat=lat,
        node_tags=tags_of_nodes,
        edge_start=np.array([edge.start for edge in edges], dtype=np.int64),
        edge_end=np.array([edge.end for edge in edges], dtype=np.int64),
        edge_way=np.array(edge_way, dtype=np.int64),
        point_from=np.concatenate([[0], np.cumsum(point_count)]).astype(np.int64),
        point_lon=line_points[:, 0].copy(),
        point_lat=line_points[:, 1].copy(),
        segment_m=np.concatenate(segment_m),
        way_id=np.array([_way_id(key[0]) for key in keys], dtype=np.int64),
        way_tags=np.array([key[1] for key in keys], dtype=np.int64),
        way_ref=[key[2] for key in keys],
        way_name=[key[3] for key in keys],
        tagsets=[dict(tags) for tags in tagsets],
        node_tagsets=node_tagsets,
        counts=dict(sorted((found.counts + simplified.counts).items())),
        origin=simplified.origin,
        read_for=speeds,
    )


def _way_id(osmid: str) -> int:
    """Give a way's id as a number; -1 where the graph's is none."""
    if not (osmid.isascii() and osmid.lstrip("-").isdigit()):
        return -1
    number = int(osmid)
    return number if abs(number) <= _HIGHEST_ID else -1


def _to_degrees(graph: nx.MultiDiGraph) -> Transformer | None:
    """Give the way from the graph's own CRS to degrees, where it is another."""
    crs = CRS.from_user_input(str(graph.graph.get("crs", "EPSG:4326")))
    return (
        None if crs.equals(CRS.from_epsg(4326)) else Transformer.from_crs(crs, 4326, always_xy=True)
    )


def _nodes(graph: nx.MultiDiGraph) -> tuple[np.ndarray, np.ndarray, dict[object, int]]:
    """Read every node's place in degrees, and number the nodes."""
    index = {node: place for place, node in enumerate(graph.nodes)}
    try:
        x = np.array([float(data["x"]) for _, data in graph.nodes(data=True)])
        y = np.array([float(data["y"]) for _, data in graph.nodes(data=True)])
    except (KeyError, ValueError, TypeError) as problem:
        raise NetworkError(
            f"the graph's nodes need numbers x and y (longitude, latitude): {problem!r}"
        ) from problem
    transformer = _to_degrees(graph)
    if transformer is not None:
        x, y = transformer.transform(x, y)
    return np.asarray(x, dtype=float), np.asarray(y, dtype=float), index


def _node_tags(
    graph: nx.MultiDiGraph, keys: Sequence[str]
) -> tuple[list[dict[str, str]], np.ndarray]:
    tagsets: dict[tuple[tuple[str, str], ...], int] = {(): 0}
    found = []
    for _, data in graph.nodes(data=True):
        tags = node_tags({key: value for key, value in data.items() if is_given(value)}, keys)
        found.append(tagsets.setdefault(tags, len(tagsets)))
    return [dict(tags) for tags in tagsets], np.array(found, dtype=np.int64)


def _line(
    edge: Edge, lon: np.ndarray, lat: np.ndarray, to_degrees: Transformer | None
) -> np.ndarray:
    """Give an edge's points in degrees, from its start to its end."""
    start, end = edge.start, edge.end
    ends = np.array([[lon[start], lat[start]], [lon[end], lat[end]]])
    if edge.line is None:
        return ends
    drawn = edge.line
    line = shapely.get_coordinates(shapely.from_wkt(drawn) if isinstance(drawn, str) else drawn)
    if to_degrees is not None:
        line = np.column_stack(to_degrees.transform(line[:, 0], line[:, 1]))
    if len(line) < 2:
        return ends
    if np.hypot(*(line[0] - ends[0])) > np.hypot(*(line[-1] - ends[0])):
        line = line[::-1]
    line = line.copy()
    line[0], line[-1] = ends
    return line
