"""Travel times: the cells x sites matrix and the searches under it.

`search` is the shortest-path kernel, `node_times` runs it once a site and reads off points on the
network, `matrix` is the result that everything else works on.
"""

from accessibility.traveltime.matrix import TravelTimes, travel_time_matrix, whole_seconds
from accessibility.traveltime.node_times import Direction, NodeTimes, PointTimes, node_times
from accessibility.traveltime.search import ENGINE, UNREACHABLE

__all__ = [
    "ENGINE",
    "UNREACHABLE",
    "Direction",
    "NodeTimes",
    "PointTimes",
    "TravelTimes",
    "node_times",
    "travel_time_matrix",
    "whole_seconds",
]
