"""Reads OpenStreetMap files (.osm.pbf, .osm, .osm.bz2, .osm.gz) into a road network.

`reader` goes through the file; `nodes`, `ways` and `restrictions` collect what it meets,
`ferry_routes` what a route says of its ferries, and `edits` knows what an editor has deleted.
"""

from accessibility.sources.osm.reader import HISTORY_SUFFIXES, read_osm

__all__ = ["HISTORY_SUFFIXES", "read_osm"]
