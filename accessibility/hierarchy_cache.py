"""Keeps contracted topologies on disk, beside the cached networks.

A topology takes seconds to minutes to make and depends on the network's junctions alone, so that
every speed table, season and scenario finds it there.
"""

from __future__ import annotations

from accessibility.sources.network_cache import load_arrays, save_arrays
from accessibility.traveltime.engines import Arrays
from accessibility.traveltime.topology import LAYOUT

NAME = "topology"


class TopologyCache:
    """The cache's folder, as searches use it; what cannot be read is made anew."""

    def load(self, key: str) -> Arrays | None:
        """Give the arrays of a topology; None where there are none that can be read."""
        return load_arrays(key, NAME, layout=LAYOUT)

    def save(self, key: str, arrays: Arrays) -> None:
        """Keep the arrays of a topology; a folder that cannot be written to is only reported."""
        save_arrays(key, NAME, arrays, layout=LAYOUT)
