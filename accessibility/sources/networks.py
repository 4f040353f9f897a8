"""Reads a road network from whatever a study names."""

from __future__ import annotations

from pathlib import Path

from pyproj.exceptions import CRSError
from shapely.errors import ShapelyError

from accessibility.errors import NetworkError
from accessibility.network import RoadNetwork
from accessibility.sources.files import check_no_web_page, check_sidecar, existing, sha256
from accessibility.sources.graphs import read_graphml
from accessibility.sources.network_cache import cached_network
from accessibility.sources.osm import HISTORY_SUFFIXES, read_osm
from accessibility.speeds import SpeedTable

OSM_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.bz2", ".osm.gz")


def read_network_file(
    path: Path, speeds: SpeedTable, *, expected_sha256: str | None = None, cache: bool = True
) -> tuple[RoadNetwork, bool]:
    """Read a road network file of any kind.

    Parameters
    ----------
    path
        .osm.pbf, .osm, .osm.bz2, .osm.gz or .graphml.
    speeds
        The speed table it is read for.
    expected_sha256
        The checksum that the study states.
    cache
        Whether to use the cache of read networks.

    Returns
    -------
    tuple
        The network, and whether it came from the cache.

    Raises
    ------
    NetworkError
        If the file is missing, of another kind or broken.
    """
    existing(path, "network.source")
    if expected_sha256 and sha256(path) != expected_sha256.lower():
        raise NetworkError(
            f"{path}: its sha256 is {sha256(path)}, but the study states {expected_sha256}: "
            "the file is incomplete or another version. Fetch it again"
        )
    check_no_web_page(path)
    check_sidecar(path)
    name = path.name.lower()
    if name.endswith(HISTORY_SUFFIXES):  # before the cache, which knows a file by its content only
        raise NetworkError(
            f"{path}: a history or change file holds no single state of the map; "
            "give an ordinary extract (.osm.pbf)"
        )
    if name.endswith(".graphml"):
        read = read_graphml
    elif name.endswith(OSM_SUFFIXES):
        read = read_osm
    else:
        raise NetworkError(
            f"network.source: {path} is of no known kind; "
            "expected .osm.pbf, .osm, .osm.bz2, .osm.gz or .graphml"
        )
    try:
        return cached_network(path, speeds, read) if cache else (read(path, speeds), False)
    except (CRSError, ShapelyError) as problem:
        raise NetworkError(
            f"{path}: has a crs or a geometry that cannot be read ({problem}). "
            "Write it again with osmnx.save_graphml"
        ) from problem
