"""The coastline of an OpenStreetMap file: closed lines with land on their left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import osmium

from accessibility.sources.files import sha256
from accessibility.sources.network_cache import load_arrays, save_arrays
from accessibility.sources.osm.edits import deleted_ids, is_xml

Floats = npt.NDArray[np.float64]
Ways = list[npt.NDArray[np.int64]]

COASTLINE = ("natural", "coastline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coastline:
    """The coastline of a file, in degrees (EPSG:4326).

    Parameters
    ----------
    rings
        Closed lines, shape (points, 2): around land counter-clockwise, around sea clockwise.
    open_lines
        Lines that do not close, as where an extract ends or a node's place is missing.
    """

    rings: tuple[Floats, ...]
    open_lines: tuple[Floats, ...]


def read_coastline(path: Path) -> Coastline:
    """Read the coastline of an OpenStreetMap file; what was read is kept beside its network.

    Parameters
    ----------
    path
        A PBF or XML file, plain or packed.

    Raises
    ------
    RuntimeError
        If libosmium cannot read it.

    Notes
    -----
    Land lies on the left of the line: https://wiki.openstreetmap.org/wiki/Tag:natural=coastline.
    """
    key = sha256(path)
    arrays = load_arrays(key, "coastline")
    if arrays is None:
        lines, closed = _read(path)
        first = np.cumsum([0, *(len(line) for line in lines)])
        xy = np.concatenate([np.empty((0, 2)), *lines])
        arrays = {"xy": xy, "first": first, "closed": np.array(closed, dtype=bool)}
        save_arrays(key, "coastline", arrays)
    xy = np.asarray(arrays["xy"], dtype=np.float64)
    parts = [part for part in np.split(xy, np.asarray(arrays["first"])[1:-1]) if len(part)]
    shut = np.asarray(arrays["closed"], dtype=bool)
    pairs = list(zip(parts, shut, strict=True))
    return Coastline(
        rings=tuple(part for part, one in pairs if one),
        open_lines=tuple(part for part, one in pairs if not one),
    )


def _read(path: Path) -> tuple[list[Floats], list[bool]]:
    """Read lines, and whether each is closed: ways first, then the nodes that they name."""
    gone = deleted_ids(path) if is_xml(path) else frozenset()
    newest: dict[int, tuple[int, npt.NDArray[np.int64]]] = {}
    ways = osmium.FileProcessor(str(path), osmium.osm.WAY).with_filter(
        osmium.filter.TagFilter(COASTLINE)
    )
    for way in ways:
        if (
            not isinstance(way, osmium.osm.Way)
            or way.deleted
            or not way.visible
            or ("way", way.id) in gone
        ):
            continue
        refs = np.array([node.ref for node in way.nodes], dtype=np.int64)
        if len(refs) > 1 and way.version >= newest.get(way.id, (0, refs))[0]:
            newest[way.id] = (way.version, refs)
    found = _joined([refs for _, refs in newest.values()])
    if not found:
        return [], []
    ids = np.unique(np.concatenate(found))
    places = _places(path, ids)
    lines, closed = [], []
    for refs in found:
        xy = places[np.searchsorted(ids, refs)]
        known = np.isfinite(xy).all(axis=1)
        if known.sum() > 1:
            lines.append(xy[known])
            closed.append(bool(known.all() and refs[0] == refs[-1] and len(refs) > 3))
    return lines, closed


def _places(path: Path, ids: npt.NDArray[np.int64]) -> Floats:
    """Read the places of nodes; NaN where the file has none."""
    places = np.full((len(ids), 2), np.nan)
    nodes = osmium.FileProcessor(str(path), osmium.osm.NODE)
    if ids[0] > 0:  # libosmium's set of ids holds no new ones of an editor, which are negative
        nodes = nodes.with_filter(osmium.filter.IdFilter(ids.tolist()))
    place = {int(one): at for at, one in enumerate(ids)}
    for node in nodes:
        at = place.get(node.id)
        if at is not None and isinstance(node, osmium.osm.Node) and node.location.valid():
            places[at] = node.location.lon, node.location.lat
    return places


def _joined(ways: Ways) -> Ways:
    """Join ways end to start; a ring ends where it began. Forks and gaps end a line."""
    starts: dict[int, list[int]] = {}
    ends: dict[int, int] = {}
    for at, way in enumerate(ways):
        starts.setdefault(int(way[0]), []).append(at)
        ends[int(way[-1])] = ends.get(int(way[-1]), 0) + 1

    def after(at: int) -> int | None:
        node = int(ways[at][-1])
        onward = starts.get(node, [])
        return onward[0] if len(onward) == 1 and ends[node] == 1 else None

    led_to = {one for at in range(len(ways)) if (one := after(at)) is not None}
    # lines with a beginning first, then what goes round
    order = sorted(range(len(ways)), key=lambda at: (at in led_to, at))
    used: set[int] = set()
    found: Ways = []
    for first in order:
        if first in used:
            continue
        chain: Ways = []
        at = first
        while at not in used:
            used.add(at)
            chain.append(ways[at] if not chain else ways[at][1:])
            onward = after(at)
            if onward is None:
                break
            at = onward
        found.append(np.concatenate(chain))
    return found
