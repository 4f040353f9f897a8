"""Travel times: the cells x sites matrix and the searches under it.

`search` is SciPy's Dijkstra, the reference; `engines` chooses between it, the bucket queue and the
contraction hierarchy (`hierarchy`, `topology`), whose compiled loops are in `kernels`.
`node_times` searches once a site and reads off points on the network, `matrix` is the result that
everything else works on.
"""

from accessibility.traveltime.engines import (
    AUTO,
    ENGINES,
    LEAST_PAIRS,
    Engine,
    EngineChoice,
    SearchBy,
    TopologyStore,
    choose_engine,
    numba_problem,
)
from accessibility.traveltime.links import Direction
from accessibility.traveltime.matrix import TravelTimes, travel_time_matrix, whole_seconds
from accessibility.traveltime.node_times import NodeTimes, PointTimes, node_times
from accessibility.traveltime.search import UNREACHABLE
from accessibility.traveltime.settings import TravelSettings, settings_for

__all__ = [
    "AUTO",
    "ENGINES",
    "LEAST_PAIRS",
    "UNREACHABLE",
    "Direction",
    "Engine",
    "EngineChoice",
    "NodeTimes",
    "PointTimes",
    "SearchBy",
    "TopologyStore",
    "TravelSettings",
    "TravelTimes",
    "choose_engine",
    "node_times",
    "numba_problem",
    "settings_for",
    "travel_time_matrix",
    "whole_seconds",
]
