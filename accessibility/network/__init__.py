"""Road networks: what the map holds, driving times on it, and where points stand on it.

`roads` is the network itself, `drive_times` puts a speed table on it, `graph` is what searches walk
on, `snapping` places cells and sites.
"""

from accessibility.network.closed_roads import ClosedRoads, closed_roads
from accessibility.network.drive_times import (
    CLOSED,
    DS_PER_S,
    DriveTimes,
    at_edge_speeds,
    drive_times,
)
from accessibility.network.graph import SearchGraph, search_graph, sparse
from accessibility.network.holdings import Holdings, holdings
from accessibility.network.parts import Parts, find_parts
from accessibility.network.region import region_problem
from accessibility.network.roads import RoadNetwork, Turns, build_network
from accessibility.network.snapping import NOWHERE, Snapped, Snapper, join, restand, stand, take

__all__ = [
    "CLOSED",
    "DS_PER_S",
    "NOWHERE",
    "ClosedRoads",
    "DriveTimes",
    "Holdings",
    "Parts",
    "RoadNetwork",
    "SearchGraph",
    "Snapped",
    "Snapper",
    "Turns",
    "at_edge_speeds",
    "build_network",
    "closed_roads",
    "drive_times",
    "find_parts",
    "holdings",
    "join",
    "region_problem",
    "restand",
    "search_graph",
    "sparse",
    "stand",
    "take",
]
