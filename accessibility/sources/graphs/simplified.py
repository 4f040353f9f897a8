"""What simplifying a graph has lost: which tag lay on which part of an edge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from accessibility.errors import examples
from accessibility.sources.graphs.edges import Edge
from accessibility.speeds import Season, SpeedTable, WaySpeed, way_speed
from accessibility.speeds.merged import MERGED, alternatives

if TYPE_CHECKING:
    import networkx as nx

#: The attribute of a graph that says which tags its edges were kept apart by.
KEPT_APART = "edge_attrs_differ"


@dataclass(frozen=True)
class Simplified:
    """What is counted of merged edges, and said of them."""

    counts: Counter[str]
    origin: Mapping[str, str]


def what_simplifying_lost(
    graph: nx.MultiDiGraph, edges: Sequence[Edge], speeds: SpeedTable
) -> Simplified:
    """Count the edges whose time or access hangs on which value holds on which part.

    Parameters
    ----------
    graph
        As osmnx makes it; the attribute `edge_attrs_differ`, which `download_network` writes, names
        the tags that no edge was joined across.
    edges
        Its roads.
    speeds
        The speed table.
    """
    counts: Counter[str] = Counter()
    whole_m = sum(edge.length for edge in edges) or 1.0
    merged_m, keys = 0.0, set()
    unsure: dict[tuple[tuple[str, str], ...], bool] = {}
    for edge in edges:
        tags = edge.all_tags()
        if tags not in unsure:
            unsure[tags] = _is_unsure(dict(tags), speeds)
        if unsure[tags]:
            counts["edges_merged"] += 1
            counts["edges_closed_by_a_part"] += _is_closed(dict(tags), speeds)
            merged_m += edge.length
            keys |= {key.removeprefix(MERGED) for key, _ in tags if key.startswith(MERGED)}
    joined = (
        []
        if KEPT_APART in graph.graph
        else [
            edge
            for edge in edges
            if edge.ways > 1 and not (speeds.use_speed_kph and edge.forward_km_h is not None)
        ]
    )
    counts["edges_of_several_ways"] = len(joined)
    origin = {}
    if counts["edges_merged"]:
        origin["share_of_road_merged"] = f"{merged_m / whole_m:.4f}"
        origin["merged_tags"] = examples(sorted(keys))
    if joined:
        origin["share_of_road_joined"] = f"{sum(edge.length for edge in joined) / whole_m:.4f}"
    return Simplified(Counter({what: n for what, n in counts.items() if n}), origin)


def _is_unsure(tags: dict[str, str], speeds: SpeedTable) -> bool:
    """Tell whether the values of a merged edge differ in what the table makes of them."""
    several = alternatives(tags)
    return any(
        len({_both(way_speed(one, speeds, season)) for one in several}) > 1
        for season in get_args(Season)
    )


def _both(speed: WaySpeed) -> tuple[float, float]:
    return speed.forward_km_h, speed.backward_km_h


def _is_closed(tags: dict[str, str], speeds: SpeedTable) -> bool:
    """Tell whether an edge is closed while a part of it is open."""
    if any(way_speed(tags, speeds, season).is_open for season in get_args(Season)):
        return False
    return any(way_speed(one, speeds).is_open for one in alternatives(tags))
