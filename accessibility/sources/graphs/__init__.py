"""Exchanges road networks with osmnx and networkx: GraphML files and MultiDiGraphs, both ways.

`reading` makes a network of a graph, with `edges` for what its edges say; `writing` goes back.
"""

from accessibility.sources.graphs.reading import network_from_graph, read_graphml
from accessibility.sources.graphs.writing import graph_from_network

__all__ = ["graph_from_network", "network_from_graph", "read_graphml"]
