"""Makes a networkx graph of a road network, as osmnx has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from accessibility.checks import of_kind
from accessibility.network import CLOSED, RoadNetwork, drive_times
from accessibility.sources.graphs.edges import OWN_MARK, SPEED
from accessibility.sources.speed_tables import read_speeds
from accessibility.speeds import Season, SpeedTable
from accessibility.speeds.merged import MERGED

if TYPE_CHECKING:
    import networkx as nx


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

    graph = nx.MultiDiGraph(crs="EPSG:4326", created_with=OWN_MARK)
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
            tags = _attributes(network.tagsets[network.way_tags[way]], is_reversed)
            length = float(edge_m[edge])
            if not speeds.use_speed_kph:
                tags[SPEED] = length / (time_ds / 10) * 3.6
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


def _attributes(tags: Mapping[str, str], is_reversed: bool) -> dict[str, Any]:
    """Give a way's tags as an edge of a graph has them: several values as a list."""
    found: dict[str, Any] = dict(tags)
    found.pop("oneway", None)
    for direction, is_that_way in (("forward", not is_reversed), ("backward", is_reversed)):
        assumed = found.pop(f"{SPEED}:{direction}", None)
        if assumed is not None and is_that_way:
            found[SPEED] = assumed
    for key in [key for key in found if key.startswith(MERGED)]:
        found[key.removeprefix(MERGED)] = json.loads(found.pop(key))
    return found
