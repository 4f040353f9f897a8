"""Turns that may not be driven, and what a drive has to remember for them.

A restriction forbids a sequence of arcs: one into a junction and one out of it, or some in between
where it leads over ways. A search that walks on junctions forgets how it came there; so, just where
it matters, a junction gets copies that remember the last arcs. Without restrictions a U-turn never
shortens a way. With them it may dodge one: there it costs what the speed table says, and the copies
reach on beyond the restricted junction as far as a U-turn deeper in could still be the cheaper one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from accessibility.network.roads import Floats, Ints, RoadNetwork

Path = tuple[int, ...]

#: Copies reach on until a deeper U-turn would take this much more than the charge, so that they
#: serve somewhat higher speeds too (a scenario's, a sensitivity's).
SPARE = 1.3
#: So many junctions in a row may forbid a U-turn before one further on counts as free.
MOST_JUNCTIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Arcs:
    """The arcs of a network: arc 2e leads along edge e, arc 2e + 1 back.

    Parameters
    ----------
    tail, head
        Junctions.
    is_open
        Whether it may be driven.
    way
        Index of its way.
    """

    tail: Ints
    head: Ints
    is_open: npt.NDArray[np.bool_]
    way: Ints


def restricted_junctions(network: RoadNetwork) -> Ints:
    """List the junctions where restrictions begin, end or pass."""
    turns = network.turns
    passed = np.isin(network.edge_way, turns.via_ways)
    return np.unique(
        np.concatenate(
            [turns.via, turns.via_end, network.edge_start[passed], network.edge_end[passed]]
        )
    )


def forbidden_paths(network: RoadNetwork, arcs: Arcs) -> frozenset[Path]:
    """List the sequences of arcs that turn restrictions forbid, each of two arcs or more.

    A `no_` restriction forbids the whole way from its first to its last member. An `only_` one
    leaves no other choice: at its junction, and where it leads over ways at every junction on them.
    Several `only_` for the same approach leave a choice between them. A turn that leads where
    nobody may drive forbids and forces nothing.
    """
    turns = network.turns
    arriving, leaving = _at_junctions(network, arcs)
    forbidden: set[Path] = set()
    forced: dict[Path, set[int]] = defaultdict(set)
    for row in range(len(turns.via)):
        via, via_end = int(turns.via[row]), int(turns.via_end[row])
        ways = turns.via_ways[turns.via_way_from[row] : turns.via_way_from[row + 1]].tolist()
        middle = _along(leaving, arcs, via, via_end, ways) if ways else ()
        to_arcs = {arc for arc in leaving[via_end] if arcs.way[arc] == turns.to_way[row]}
        if not to_arcs or middle is None:
            continue
        for arc in arriving[via]:
            if arcs.way[arc] != turns.from_way[row] or (middle and middle[0] == arc ^ 1):
                continue
            path = (arc, *middle)
            back = path[-1] ^ 1
            if turns.only[row]:
                for place, following in enumerate(middle, start=1):
                    forced[path[:place]].add(following)
                forced[path] |= to_arcs
            elif turns.u_turn[row] and not middle and turns.from_way[row] == turns.to_way[row]:
                forbidden.add((arc, back))
            else:
                ends = to_arcs if turns.u_turn[row] else to_arcs - {back}
                forbidden |= {(*path, end) for end in ends}
    for path, choice in forced.items():
        forbidden |= {
            (*path, end) for end in leaving[int(arcs.head[path[-1]])] if end not in choice
        }
    return frozenset(forbidden)


def _at_junctions(
    network: RoadNetwork, arcs: Arcs
) -> tuple[defaultdict[int, list[int]], defaultdict[int, list[int]]]:
    """List the open arcs into and out of the junctions of restrictions."""
    junctions = restricted_junctions(network)
    arriving: defaultdict[int, list[int]] = defaultdict(list)
    leaving: defaultdict[int, list[int]] = defaultdict(list)
    for arc in np.flatnonzero(arcs.is_open & np.isin(arcs.head, junctions)).tolist():
        arriving[int(arcs.head[arc])].append(arc)
    for arc in np.flatnonzero(arcs.is_open & np.isin(arcs.tail, junctions)).tolist():
        leaving[int(arcs.tail[arc])].append(arc)
    return arriving, leaving


def _along(
    leaving: defaultdict[int, list[int]], arcs: Arcs, start: int, end: int, ways: list[int]
) -> Path | None:
    """Find the way over some ways from junction to junction; None where it cannot be driven."""
    seen, paths = {start}, [((), start)]
    found: list[tuple[Path, int]] = [*paths]
    for path, junction in found:  # grows while it is walked: the fewest arcs first
        if junction == end and path:
            return path
        for arc in leaving[junction]:
            there = int(arcs.head[arc])
            if arcs.way[arc] in ways and (there not in seen or there == end):
                seen.add(there)
                found.append(((*path, arc), there))
    return None


@dataclass(slots=True)
class Memory:
    """What has to be remembered of the arcs driven so far.

    Parameters
    ----------
    forbidden
        Sequences of arcs that may not be driven.
    arc_ds
        Per arc: deciseconds, delays at its end included.
    is_open
        Per arc.
    u_turn_ds
        What a U-turn costs.
    """

    forbidden: frozenset[Path]
    arc_ds: Ints
    is_open: npt.NDArray[np.bool_]
    u_turn_ds: int
    prefixes: set[Path] = field(init=False)
    #: Sequences beyond which a U-turn is taken as free: there and back takes longer than the charge
    enough: set[Path] = field(init=False, default_factory=set)
    _known: dict[Path, Path] = field(init=False, default_factory=dict)
    _longest: int = field(init=False)

    def __post_init__(self) -> None:
        self.prefixes = {path[:size] for path in self.forbidden for size in range(1, len(path))}
        self._longest = max((len(path) for path in self.forbidden), default=0)

    def forbids(self, path: Path, arc: int) -> bool:
        """Say whether an arc may not follow a sequence."""
        whole = (*path, arc)
        return any(
            whole[-size:] in self.forbidden for size in range(2, min(len(whole), self._longest) + 1)
        )

    def of(self, path: Path) -> Path:
        """Give the longest last part of a sequence that matters to what may follow; () is none."""
        found = self._known.get(path)
        if found is None:
            ends = (path[start:] for start in range(len(path)))
            found = self._known[path] = next(filter(self._matters, ends), ())
        return found

    def _matters(self, path: Path) -> bool:
        most = min(len(path), self._longest)
        return any(
            path[:size] in self.prefixes and self._may_return(path[size:])
            for size in range(1, most + 1)
        )

    def _may_return(self, beyond: Path) -> bool:
        """Say whether a U-turn beyond a restricted approach may be worth its charge there."""
        if not beyond:
            return True
        if not self.u_turn_ds or len(beyond) > MOST_JUNCTIONS:
            return False
        # the first may be a U-turn itself: another right after it leads back, and costs again
        for place, arc in enumerate(beyond):
            if (place and arc == beyond[place - 1] ^ 1) or not self.is_open[arc ^ 1]:
                return False
        first = next(
            (
                place
                for place, arc in enumerate(beyond)
                if not self.forbids(beyond[:place + 1], arc ^ 1)
            ),
            None,
        )  # fmt: skip
        if first is None:
            return True
        deeper = beyond[first + 1 :]
        if deeper and sum(self._there_and_back(deeper)) >= self.u_turn_ds * SPARE:
            self.enough.add(deeper)
            return False
        return True

    def _there_and_back(self, path: Path) -> Iterator[int]:
        return (int(self.arc_ds[arc] + self.arc_ds[arc ^ 1]) for arc in path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enough:
    """Sequences of arcs that take longer, there and back, than a U-turn costs.

    Parameters
    ----------
    arc, first
        Arcs of sequence i are `arc[first[i]:first[i + 1]]`.
    u_turn_ds
        What a U-turn costs.
    """

    arc: Ints
    first: Ints
    u_turn_ds: int

    @classmethod
    def of(cls, memory: Memory) -> Enough:
        """Take those of a memory."""
        paths = sorted(memory.enough)
        return cls(
            arc=np.array([arc for path in paths for arc in path], dtype=np.int64),
            first=np.concatenate([[0], np.cumsum([len(path) for path in paths])]).astype(np.int64),
            u_turn_ds=memory.u_turn_ds,
        )

    def holds(self, arc_ds: Ints) -> bool:
        """Say whether that is so at other times of the arcs."""
        if not len(self.arc):
            return True
        both_ds: Floats = (arc_ds[self.arc] + arc_ds[self.arc ^ 1]).astype(np.float64)
        return bool((np.add.reduceat(both_ds, self.first[:-1]) >= self.u_turn_ds).all())
