"""What the edges of a graph say: their tags, and which of them are one road."""

from __future__ import annotations

import ast
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from accessibility.errors import NetworkError, examples
from accessibility.speeds import SpeedTable, is_driving_speed, keys_read
from accessibility.speeds.merged import alternatives, merged

if TYPE_CHECKING:
    import networkx as nx

Tags = tuple[tuple[str, str], ...]
Floats = npt.NDArray[np.float64]

SAME_LENGTH_M = 0.005
#: Half the way round the Earth: nothing that is one road is longer.
LONGEST_EDGE_M = 20_038_000.0
SPEED = "speed_kph"
#: What `graph_from_network` says that it was made by.
OWN_MARK = "accessibility"
KM_H_PER_M_S = 3.6
_OTHER_WAY = {"forward": "backward", "backward": "forward"}


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A road between two nodes of a graph.

    Parameters
    ----------
    start, end
        Its nodes.
    length
        Metres.
    tags
        Its tags, sorted by key; direction and assumed speed apart.
    forward_km_h, backward_km_h
        What the graph assumes to be driven (None: it does not say).
    osmid, ref, name
        Of the ways that it is made of.
    line
        How it is drawn, as the graph says; None: straight.
    ways
        How many ways were joined to it.
    two_way
        Whether the graph has it in both directions.
    """

    start: int
    end: int
    length: float
    tags: Tags
    forward_km_h: str | None
    backward_km_h: str | None = None
    osmid: str = ""
    ref: str = ""
    name: str = ""
    line: Any = None
    ways: int = 1
    two_way: bool = False

    def all_tags(self) -> Tags:
        """Give its tags, with those of its direction and its assumed speeds."""
        forward, backward = self.forward_km_h, self.backward_km_h
        speeds: Tags = ()
        if not self.two_way or forward == backward:
            speeds = ((SPEED, forward),) if forward is not None else ()
        else:
            both = ((f"{SPEED}:forward", forward), (f"{SPEED}:backward", backward))
            speeds = tuple((key, km_h) for key, km_h in both if km_h is not None)
        return (*self.tags, *speeds, ("oneway", "yes" if not self.two_way else "no"))


@dataclass
class Edges:
    """The roads of a graph, and what was met on reading them."""

    roads: list[Edge] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def read_edges(graph: nx.MultiDiGraph, index: Mapping[object, int], speeds: SpeedTable) -> Edges:
    """Read the edges of a graph; the two directions of a road become one.

    Parameters
    ----------
    graph
        Edges with `length` in metres.
    index
        Number of each node.
    speeds
        The speed table, which says which tags matter.

    Raises
    ------
    NetworkError
        If edges have no length.
    """
    found = Edges()
    keys = [
        key
        for key in keys_read(speeds)
        if key != SPEED and key.split(":")[0] != "oneway"  # directions are the graph's own
    ]
    # our own graphs keep `speed_kph` as it was read: their times are what a table made of it
    own = {"travel_time"} if graph.graph.get("created_with") == OWN_MARK else set()
    directed, wrong = [], []
    for start, end, data in graph.edges(data=True):
        length = _number(data.get("length"))
        if length is None or not 0 <= length <= LONGEST_EDGE_M:
            wrong.append(f"{start}-{end}")
            continue
        known = {key: value for key, value in data.items() if is_given(value) and key not in own}
        try:
            tags = _tags(known, keys, speeds)
        except ValueError as problem:
            raise NetworkError(f"edge {start}-{end} of the graph: {problem}") from problem
        directed.append(
            Edge(
                start=index[start],
                end=index[end],
                length=length,
                tags=tags,
                forward_km_h=_assumed_km_h(known, length, found.counts),
                osmid=min(_texts(known.get("osmid", "")), key=_by_number, default=""),
                ref=_joined(known.get("ref", "")),
                name=min(_texts(known.get("name", "")), default=""),
                line=known.get("geometry"),
                ways=len(_texts(known.get("osmid", ""))),
            )
        )
    if wrong:
        raise NetworkError(
            f"{len(wrong)} edges of the graph have no length in metres: {examples(wrong)}"
        )
    found.roads = _without_copies(_paired(directed), found.counts)
    return found


def _paired(directed: Iterable[Edge]) -> list[Edge]:
    """Join the two directions of two-way roads."""
    waiting: dict[tuple[object, ...], list[int]] = defaultdict(list)
    roads: list[Edge] = []
    for edge in directed:
        alike = waiting[edge.end, edge.start, turned(edge.tags), edge.ref]
        twin = next((one for one in alike if _is_as_long(roads[one], edge)), None)
        if twin is None:
            waiting[edge.start, edge.end, edge.tags, edge.ref].append(len(roads))
            roads.append(edge)
        else:
            alike.remove(twin)
            roads[twin] = replace(roads[twin], two_way=True, backward_km_h=edge.forward_km_h)
    return roads


def _without_copies(roads: Iterable[Edge], counts: Counter[str]) -> list[Edge]:
    """Leave out a road that is in the graph twice, drawn alike: it would make false junctions."""
    met: dict[tuple[object, ...], list[Edge]] = defaultdict(list)
    kept = []
    for edge in roads:
        # a two-way road reads from its other end as turned: the lesser end goes first
        key = (edge.start, edge.end, edge.all_tags(), edge.ref)
        if edge.two_way and edge.end < edge.start:
            key = (edge.end, edge.start, turned(edge.all_tags()), edge.ref)
        if any(_is_as_long(one, edge) and _is_drawn_alike(one, edge) for one in met[key]):
            counts["edges_drawn_twice"] += 1
            continue
        met[key].append(edge)
        kept.append(edge)
    return kept


def _is_as_long(one: Edge, other: Edge) -> bool:
    return abs(one.length - other.length) <= SAME_LENGTH_M


def _is_drawn_alike(one: Edge, other: Edge) -> bool:
    if one.line is None or other.line is None:
        return one.line is other.line
    return str(one.line) == str(other.line) or (
        one.start == other.end and _points(one.line) == _points(other.line)[::-1]
    )


def _points(line: object) -> list[str]:
    return str(line).partition("(")[2].rstrip(") ").replace(", ", ",").split(",")


# --- tags ----------------------------------------------------------------------------------------


def _tags(known: Mapping[str, Any], keys: Iterable[str], speeds: SpeedTable) -> Tags:
    """Read the tags of an edge, as its way reads from the edge's start."""
    tags: dict[str, str] = {}
    drawn = {text == "True" for text in _texts(known.get("reversed", "False"))}
    for key in keys:
        values = _texts(known[key]) if key in known else []
        other = _turned_key(key)
        if len(drawn) > 1 and other != key:  # parts of it run against their ways
            values = list(dict.fromkeys([*values, *_texts(known.get(other, ""))]))
        if len(values) == 1 and values[0]:
            tags[key] = values[0]
        elif any(values):
            tags |= merged(key, values, _shown(key, values, speeds))
    alternatives(tags)  # too many are an error now, not when times are made
    return turned(tuple(tags.items())) if drawn == {True} else tuple(sorted(tags.items()))


def _shown(key: str, values: Sequence[str], speeds: SpeedTable) -> str:
    """Choose the value that says what kind of road this is: its greatest class, else any."""
    given = sorted(value for value in values if value)
    if key == "highway":
        return max(given, key=lambda value: speeds.speed_km_h.get(value, 0.0))
    return given[0]


def turned(tags: Tags) -> Tags:
    """Give tags as they read from the other end of the road.

    >>> turned((("maxspeed", "80"), ("maxspeed:forward", "60")))
    (('maxspeed', '80'), ('maxspeed:backward', '60'))
    """
    return tuple(sorted((_turned_key(key), value) for key, value in tags))


def _turned_key(key: str) -> str:
    return ":".join(_OTHER_WAY.get(part, part) for part in key.split(":"))


def _assumed_km_h(known: Mapping[str, Any], length: float, counts: Counter[str]) -> str | None:
    """Read the speed that the graph assumes: `speed_kph`, else length over `travel_time`.

    osmnx makes the second of the first, and adds it up over the ways that it merges, where
    `speed_kph` becomes a list.
    """
    given = _texts(known[SPEED]) if SPEED in known else []
    if not given and "travel_time" not in known:
        return None
    km_h = _number(given[0]) if len(given) == 1 else None
    if not is_driving_speed(km_h):
        seconds = _number(known.get("travel_time"))
        km_h = length / seconds * KM_H_PER_M_S if seconds else None
    if not is_driving_speed(km_h):
        numbers = [number for number in map(_number, given) if is_driving_speed(number)]
        km_h = math.fsum(numbers) / len(numbers) if len(numbers) == len(given) > 0 else None
    if not is_driving_speed(km_h):
        counts["edge_speeds_unusable"] += 1
        return None
    return f"{km_h:.9g}"


def node_tags(known: Mapping[str, Any], keys: Iterable[str]) -> Tags:
    """Read the tags of a node; where several nodes were joined, all that they said."""
    tags: dict[str, str] = {}
    for key in keys:
        values = [value for value in _texts(known.get(key, "")) if value]
        if len(values) > 1:
            shown = "traffic_signals" if "traffic_signals" in values else min(values)
            tags |= merged(key, values, shown)
        elif values:
            tags[key] = values[0]
    return tuple(sorted(tags.items()))


# --- values --------------------------------------------------------------------------------------


def is_given(value: object) -> bool:
    """Tell whether an attribute says anything: tables that become graphs leave NaN where not."""
    if isinstance(value, float):
        return not math.isnan(value)
    return value is not None and value is not False and value != "" and value != []


def _texts(value: object) -> list[str]:
    """List the distinct values of an attribute as texts, in order; an empty one for "not given"."""
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            return [str(value)]
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(dict.fromkeys(_text(one) for one in value))
    return [_text(value)]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value)
    if not is_given(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _joined(value: object) -> str:
    """Join road numbers as the map does, in one order whichever way the edge runs."""
    parts = {part.strip() for text in _texts(value) for part in text.split(";")}
    return ";".join(sorted(part for part in parts if part))


def _by_number(text: str) -> tuple[bool, int, str]:
    is_number = text.lstrip("-").isdigit() and text.isascii()
    return not is_number, int(text) if is_number else 0, text


def _number(value: object) -> float | None:
    """Read a number; None where it is none, or not finite."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError):
        return None
    return number if math.isfinite(number) else None
