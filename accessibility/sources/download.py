"""Downloads a road network from OpenStreetMap, when asked to and only then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from accessibility.checks import text
from accessibility.errors import DataError, StudyError
from accessibility.network import RoadNetwork
from accessibility.sources.graphs import network_from_graph
from accessibility.sources.graphs.simplified import KEPT_APART
from accessibility.sources.speed_tables import read_speeds
from accessibility.speeds import SpeedTable, keys_read, node_keys_read

if TYPE_CHECKING:
    import networkx as nx

_STOPS = "stops_here"  # a mark on nodes, while a graph is simplified
NETWORK_TYPES = {"car": "drive_service", "bicycle": "bike", "walk": "walk"}


def download_network(
    place: str, path: str | Path | None = None, *, speeds: SpeedTable | str = "finland-car"
) -> RoadNetwork:
    """Download the roads of a place from OpenStreetMap through osmnx.

    Every tag that the speed table reads is kept, and no edge is joined across ways that differ in
    one: all limits hold where they are posted. Ferries and turn restrictions are not downloaded;
    an extract (.osm.pbf) has them.

    Parameters
    ----------
    place
        A name that OpenStreetMap knows, such as "Jyväskylä, Finland".
    path
        Where to keep them as GraphML, for a study's `network.source`; None keeps no file.
    speeds
        The speed table of the mode of travel.

    Raises
    ------
    StudyError
        If the path is not .graphml.
    DataError
        If OpenStreetMap cannot be reached or does not know the place.

    Notes
    -----
    Needs the internet. Licence of the data: Open Database License, © OpenStreetMap contributors.
    """
    text(place, "place")
    table = speeds if isinstance(speeds, SpeedTable) else read_speeds(speeds)
    if path is not None and Path(path).suffix != ".graphml":
        raise StudyError(f"download_network: {path} must end in .graphml")
    import osmnx
    import requests

    try:
        with _all_tags(table):
            graph = osmnx.graph_from_place(
                place, network_type=NETWORK_TYPES[table.mode], simplify=False, retain_all=True
            )
    except requests.RequestException as problem:
        raise DataError(
            f'the roads of "{place}" could not be downloaded (no connection to OpenStreetMap?: '
            f"{type(problem).__name__}). Without internet, put an extract (.osm.pbf) beside the "
            "study and name it as network.source"
        ) from problem
    except (osmnx._errors.InsufficientResponseError, ValueError, TypeError) as problem:
        raise DataError(f'OpenStreetMap found no roads for "{place}" ({problem})') from problem
    graph = _simplified(graph, table)
    if path is not None:
        osmnx.save_graphml(graph, path)
    return network_from_graph(graph, table)


@contextmanager
def _all_tags(table: SpeedTable) -> Iterator[None]:
    """Have osmnx keep the tags that a speed table reads, for as long as this lasts."""
    import osmnx

    settings = osmnx.settings
    before = settings.useful_tags_way, settings.useful_tags_node
    settings.useful_tags_way = list(dict.fromkeys([*before[0], *keys_read(table)]))
    settings.useful_tags_node = list(dict.fromkeys([*before[1], *node_keys_read(table)]))
    try:
        yield
    finally:
        settings.useful_tags_way, settings.useful_tags_node = before


def _simplified(graph: nx.MultiDiGraph, table: SpeedTable) -> nx.MultiDiGraph:
    """Join the edges between junctions, but none that differ in a tag that the table reads."""
    import osmnx

    for _, data in graph.nodes(data=True):
        if data.get("highway") == "traffic_signals" or "barrier" in data or "ford" in data:
            data[_STOPS] = True
    apart = (*keys_read(table), "ref")
    graph = osmnx.simplify_graph(graph, node_attrs_include=[_STOPS], edge_attrs_differ=apart)
    for _, data in graph.nodes(data=True):
        data.pop(_STOPS, None)
    graph.graph[KEPT_APART] = " ".join(apart)
    return graph
