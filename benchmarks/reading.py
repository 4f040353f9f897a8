"""Reading: the ways to take roads and their places out of an OpenStreetMap file.

All give the same: of every way with a highway tag, and of every ferry, its id, its nodes, and where
these lie. What `accessibility.sources.osm` does is the first.
"""

from __future__ import annotations

import importlib.util
import tomllib
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import osmium

from benchmarks.measuring import Arrays, Case, Work
from benchmarks.rows import Row, Size
from benchmarks.runs import STUDIES, has_data

Ints = npt.NDArray[np.int64]
STEPS = 10_000_000  # a file counts in steps of a ten millionth of a degree
#: Ids of the ways, the number of nodes of each, and of these nodes in turn the longitudes and
#: latitudes in steps.
Roads = tuple[Ints, Ints, Ints, Ints]


class _Taking:
    """Takes ways whose nodes know their places."""

    def __init__(self) -> None:
        self.ids, self.sizes = array("q"), array("q")
        self.lon, self.lat = array("q"), array("q")

    def way(self, way: osmium.osm.Way) -> None:
        tags = way.tags
        if "highway" not in tags and tags.get("route") != "ferry":
            return
        self.ids.append(way.id)
        nodes = [node.location for node in way.nodes]
        self.sizes.append(len(nodes))
        self.lon.extend([place.x for place in nodes])
        self.lat.extend([place.y for place in nodes])

    def found(self) -> Roads:
        parts = (self.ids, self.sizes, self.lon, self.lat)
        return tuple(np.array(part, dtype=np.int64) for part in parts)  # type: ignore[return-value]


def one_pass(path: Path) -> Roads:
    """Read with pyosmium's FileProcessor: one pass, places kept in memory, filtered by key."""
    taking = _Taking()
    processor = osmium.FileProcessor(str(path)).with_locations()
    for item in processor.with_filter(osmium.filter.KeyFilter("highway", "route")):
        if isinstance(item, osmium.osm.Way):
            taking.way(item)
    return taking.found()


def handler(path: Path) -> Roads:
    """Read with a handler that pyosmium calls for every way."""

    class Handler(osmium.SimpleHandler):
        def way(self, way: osmium.osm.Way) -> None:
            taking.way(way)

    taking = _Taking()
    Handler().apply_file(str(path), locations=True, idx="flex_mem")
    return taking.found()


def two_passes(path: Path) -> Roads:
    """Read the ways, then only the nodes that they use."""
    tracker, ids, sizes, refs = osmium.IdTracker(), array("q"), array("q"), array("q")
    ways = osmium.FileProcessor(str(path), osmium.osm.WAY)
    for way in ways.with_filter(osmium.filter.KeyFilter("highway", "route")):
        if "highway" in way.tags or way.tags.get("route") == "ferry":
            ids.append(way.id)
            nodes = [node.ref for node in way.nodes]
            sizes.append(len(nodes))
            refs.extend(nodes)
            tracker.add_references(way)
    known, lon, lat = array("q"), array("q"), array("q")
    nodes = osmium.FileProcessor(str(path), osmium.osm.NODE).with_filter(tracker.id_filter())
    for node in nodes:
        known.append(node.id)
        lon.append(node.location.x)
        lat.append(node.location.y)
    places = (np.array(part, dtype=np.int64) for part in (known, lon, lat))
    return np.array(ids), np.array(sizes), *_looked_up(np.array(refs), *places)


def duckdb_spatial(path: Path) -> Roads:
    """Read with DuckDB's spatial extension, where it is installed."""
    import duckdb
    import duckdb_extension_spatial as spatial

    folder = Path(spatial.__file__).parent
    extension = next(folder.rglob("*.duckdb_extension"))
    base = duckdb.connect(config={"allow_unsigned_extensions": True})
    base.execute(f"LOAD '{extension}'")
    ways = base.execute(
        "SELECT id, refs FROM ST_ReadOSM(?) WHERE kind = 'way' AND "
        "(tags['highway'] IS NOT NULL OR tags['route'] = 'ferry') ORDER BY id",
        [str(path)],
    ).fetch_arrow_table()
    lists = ways["refs"].combine_chunks()
    refs = lists.flatten().to_numpy().astype(np.int64)
    sizes = np.diff(lists.offsets.to_numpy()).astype(np.int64)
    nodes = base.execute(
        "SELECT id, lon, lat FROM ST_ReadOSM(?) WHERE kind = 'node'", [str(path)]
    ).fetchnumpy()
    lon, lat = (np.rint(nodes[name] * STEPS).astype(np.int64) for name in ("lon", "lat"))
    places = _looked_up(refs, nodes["id"].astype(np.int64), lon, lat)
    return ways["id"].to_numpy().astype(np.int64), sizes, *places


def _looked_up(refs: Ints, known: Ints, lon: Ints, lat: Ints) -> tuple[Ints, Ints]:
    order = np.argsort(known, kind="stable")
    at = order[np.searchsorted(known[order], refs)]
    return lon[at], lat[at]


WAYS: dict[str, Callable[[Path], Roads]] = {
    "one_pass": one_pass,
    "handler": handler,
    "two_passes": two_passes,
    "duckdb_spatial": duckdb_spatial,
}


def read(way: str) -> Work:
    """Read Iceland's roads in one of the ways."""
    study = STUDIES / "iceland.toml"
    source = tomllib.loads(study.read_text(encoding="utf-8"))["network"]["source"]
    path = study.parent / source
    return Work(run=lambda: WAYS[way](path), compared=_digest)


def _digest(roads: Roads) -> Arrays:
    """Reduce what was read to what must be equal, whatever the order of the ways."""
    ids, sizes, lon, lat = roads
    way = np.repeat(np.arange(len(ids)), sizes)
    sums = (np.bincount(way, weights=part, minlength=len(ids)) for part in (lon, lat))
    order = np.argsort(ids, kind="stable")
    return {
        "ids": ids[order],
        "nodes": sizes[order],
        **{name: part[order] for name, part in zip(("lon", "lat"), sums, strict=True)},
    }


def rows(size: Size) -> list[Row]:
    """Give the rows of this family: real data only."""
    if not (size.timed and has_data()):
        return []
    peers: Iterable[tuple[str, str]] = (
        ("handler", "pyosmium, a handler"),
        ("two_passes", "pyosmium, two passes"),
    )
    if importlib.util.find_spec("duckdb_extension_spatial") is not None:
        peers = [*peers, ("duckdb_spatial", "DuckDB's spatial extension")]
    return [
        Row(
            name=f"read-{name.replace('_', '-')}",
            work="Iceland: roads, ferries and their places out of the PBF",
            ours=Case(module="reading", function="read", settings={"way": "one_pass"}),
            peer=Case(module="reading", function="read", settings={"way": name}),
            against=against,
            quick=False,
        )
        for name, against in peers
    ]
