"""Exchanges road networks with osmnx and networkx: GraphML files and MultiDiGraphs, both ways."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import numpy as np
import shapely
from pyproj import CRS, Transformer

from accessibility.checks import of_kind
from accessibility.errors import NetworkError, examples
from accessibility.network import CLOSED, RoadNetwork, drive_times
from accessibility.network.roads import geodesic_m
from accessibility.sources.speed_tables import read_speeds
from accessibility.speeds import Season, SpeedTable, keys_read, node_keys_read

if TYPE_CHECKING:
    import networkx as nx

SAME_LENGTH_M = 0.005


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
    whatever its drawn line; without a line it runs straight between its nodes.

    Parameters
    ----------
    graph
        Nodes with `x` and `y`; edges with `length` in metres and, where known, `highway`,
        `maxspeed`, `speed_kph`, `geometry`, `osmid`, `ref`, `name`, `reversed` (drawn against its
        way, as osmnx says of the way back). Never changed.
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
    edges = _merged_edges(graph, index, keys_read(speeds))
    if not edges:
        raise NetworkError("the graph has no edges: nothing can be driven on")
    to_degrees = _to_degrees(graph)
    tagsets: dict[tuple[tuple[str, str], ...], int] = {}
    ways: dict[tuple[str, int, str, str], int] = {}
    edge_way, point_count, segment_m = [], [], []
    points: list[np.ndarray] = []
    for edge in edges:
        tags = tagsets.setdefault(edge["tags"], len(tagsets))
        key = (edge["osmid"], tags, edge["ref"], edge["name"])
        edge_way.append(ways.setdefault(key, len(ways)))
        line = _line(edge, lon, lat, to_degrees)
        points.append(line)
        point_count.append(len(line))
        drawn_m = geodesic_m(line[:-1, 0], line[:-1, 1], line[1:, 0], line[1:, 1])
        whole_m = drawn_m.sum()
        share = drawn_m / whole_m if whole_m > 0 else np.full(len(drawn_m), 1 / len(drawn_m))
        segment_m.append(share * edge["length"])
    line_points = np.concatenate(points)
    node_tagsets, node_tags = _node_tags(graph, node_keys_read(speeds))
    keys = list(ways)
    return RoadNetwork(
        node_lon=lon,
        node_lat=lat,
        node_tags=node_tags,
        edge_start=np.array([edge["start"] for edge in edges], dtype=np.int64),
        edge_end=np.array([edge["end"] for edge in edges], dtype=np.int64),
        edge_way=np.array(edge_way, dtype=np.int64),
        point_from=np.concatenate([[0], np.cumsum(point_count)]).astype(np.int64),
        point_lon=line_points[:, 0].copy(),
        point_lat=line_points[:, 1].copy(),
        segment_m=np.concatenate(segment_m),
        way_id=np.array([int(key[0]) if key[0].lstrip("-").isdigit() else -1 for key in keys]),
        way_tags=np.array([key[1] for key in keys], dtype=np.int64),
        way_ref=[key[2] for key in keys],
        way_name=[key[3] for key in keys],
        tagsets=[dict(tags) for tags in tagsets],
        node_tagsets=node_tagsets,
        counts={"edges_without_a_line": sum(edge["line"] is None for edge in edges)},
        read_for=speeds,
    )


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
    graph: nx.MultiDiGraph, keys: Iterable[str]
) -> tuple[list[dict[str, str]], np.ndarray]:
    tagsets: dict[tuple[tuple[str, str], ...], int] = {(): 0}
    found = []
    for _, data in graph.nodes(data=True):
        tags = tuple((key, str(data[key])) for key in keys if _is_given(data.get(key)))
        found.append(tagsets.setdefault(tags, len(tagsets)))
    return [dict(tags) for tags in tagsets], np.array(found, dtype=np.int64)


def _merged_edges(
    graph: nx.MultiDiGraph, index: Mapping[object, int], keys: Iterable[str]
) -> list[dict[str, Any]]:
    """Join the two directions of a two-way road to one edge."""
    waiting: dict[tuple[object, ...], list[int]] = defaultdict(list)
    merged: list[dict[str, Any]] = []
    wrong: list[str] = []
    chosen = [key for key in keys if not key.startswith("oneway")]
    for start, end, data in graph.edges(data=True):
        try:
            length = float(data["length"])
        except (KeyError, ValueError, TypeError):
            length = np.nan
        if not (np.isfinite(length) and length >= 0):
            wrong.append(f"{start}-{end}")
            continue
        known = {key: value for key, value in data.items() if _is_given(value)}
        tags = tuple(sorted((key, _single(key, known[key])) for key in chosen if key in known))
        if str(known.get("reversed")) == "True":
            tags = _turned(tags)
        ref = _single("ref", known.get("ref", ""))
        size = round(length / SAME_LENGTH_M)
        twin = (index[end], index[start], size, _turned(tags), ref)
        if waiting[twin]:
            merged[waiting[twin].pop()]["two_way"] = True
            continue
        waiting[index[start], index[end], size, tags, ref].append(len(merged))
        merged.append(
            {
                "start": index[start],
                "end": index[end],
                "length": length,
                "tags": tags,
                "osmid": _single("osmid", known.get("osmid", "")),
                "ref": ref,
                "name": _single("name", known.get("name", "")),
                "line": known.get("geometry"),
                "two_way": False,
            }
        )
    if wrong:
        raise NetworkError(
            f"{len(wrong)} edges of the graph have no length in metres: {examples(wrong)}"
        )
    for edge in merged:
        edge["tags"] += (("oneway", "no" if edge["two_way"] else "yes"),)
    return merged


def _turned(tags: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Give tags as they read from the other end of the road."""
    return tuple(sorted((_other_way(key), value) for key, value in tags))


def _other_way(key: str) -> str:
    """Turn a key that speaks of one direction, such as `maxspeed:forward`."""
    parts = key.split(":")
    turned = {"forward": "backward", "backward": "forward"}
    return ":".join(turned.get(part, part) for part in parts)


def _is_given(value: object) -> bool:
    """Tell whether an attribute says anything: tables that become graphs leave NaN where not."""
    if isinstance(value, float):
        return not np.isnan(value)
    return value is not None and value is not False and value != "" and value != []


def _single(key: str, value: object) -> str:
    """Give one value where osmnx has merged several: the lowest limit, else the first."""
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            return str(value)
    if isinstance(value, (list, tuple, set)):
        several = [str(one) for one in value]
        if key.startswith(("maxspeed", "speed")):
            numeric = [one for one in several if one.replace(".", "", 1).isdigit()]
            return min(numeric, key=float) if numeric else several[0]
        return several[0] if several else ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _line(
    edge: Mapping[str, Any], lon: np.ndarray, lat: np.ndarray, to_degrees: Transformer | None
) -> np.ndarray:
    """Give an edge's points in degrees, from its start to its end."""
    start, end = edge["start"], edge["end"]
    ends = np.array([[lon[start], lat[start]], [lon[end], lat[end]]])
    if edge["line"] is None:
        return ends
    drawn = edge["line"]
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


def graph_from_network(
    network: RoadNetwork, speeds: SpeedTable | str, *, season: Season = "summer"
) -> nx.MultiDiGraph:
    """Give a road network as an osmnx-like MultiDiGraph.

    Parameters
    ----------
    network
        The roads.
    speeds
        The speed table, by value or name; directions that it closes are left out.
    season
        "summer" or "winter".

    Returns
    -------
    MultiDiGraph
        Nodes with `x`, `y` (degrees); edges with `osmid`, `highway`, `ref`, `name`, `oneway`,
        `reversed`, `length` (metres), `travel_time` (seconds, delays at junctions left out) and
        `geometry`. `speed_kph` is the speed driven, unless the table reads that key: then it stays
        as the network has it, so that reading the graph again gives the same times. osmnx can save,
        plot and route on it. Turn restrictions are left out: such graphs cannot hold them.
    """
    of_kind(network, "network", RoadNetwork, "read it with read_network")
    speeds = speeds if isinstance(speeds, SpeedTable) else read_speeds(speeds)
    times = drive_times(network, speeds, season=season)
    import networkx as nx

    graph = nx.MultiDiGraph(crs="EPSG:4326", created_with="accessibility")
    for node in range(network.nodes):
        graph.add_node(
            node,
            x=float(network.node_lon[node]),
            y=float(network.node_lat[node]),
            **dict(network.node_tagsets[network.node_tags[node]]),
        )
    edge_m = network.edge_m
    for edge in range(network.edges):
        both = times.edge_forward_ds[edge] != CLOSED and times.edge_backward_ds[edge] != CLOSED
        points = slice(network.point_from[edge], network.point_from[edge + 1])
        line = np.column_stack([network.point_lon[points], network.point_lat[points]])
        ends = int(network.edge_start[edge]), int(network.edge_end[edge])
        for time_ds, (start, end), drawn, is_reversed in (
            (times.edge_forward_ds[edge], ends, line, False),
            (times.edge_backward_ds[edge], ends[::-1], line[::-1], True),
        ):
            if time_ds == CLOSED:
                continue
            way = network.edge_way[edge]
            tags = dict(network.tagsets[network.way_tags[way]])
            tags.pop("oneway", None)
            length = float(edge_m[edge])
            if not speeds.use_speed_kph:
                tags["speed_kph"] = length / (time_ds / 10) * 3.6
            graph.add_edge(
                start,
                end,
                **tags
                | {
                    "osmid": int(network.way_id[way]),
                    "ref": network.way_ref[way],
                    "name": network.way_name[way],
                    "oneway": not both,
                    "reversed": is_reversed,
                    "length": length,
                    "travel_time": time_ds / 10,
                    "geometry": shapely.LineString(drawn),
                },
            )
    return graph
