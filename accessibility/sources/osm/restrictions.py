"""Turn restrictions, as relations of the map give them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import osmium

from accessibility.network import Turns

Ints = npt.NDArray[np.int64]

RESTRICTION = re.compile(r"(no|only)_(\w+)")
#: Keys that limit a restriction to some hours or days: it then does not hold for certain.
TIMED_KEYS = ("day_on", "day_off", "hour_on", "hour_off")


@dataclass(frozen=True, slots=True)
class Restriction:
    """One turn that is forbidden or forced, by the map's ids; `via` is one node or some ways."""

    from_way: int
    via_node: int | None
    via_ways: tuple[int, ...]
    to_way: int
    only: bool
    u_turn: bool


class Restrictions:
    """Collects the restrictions that bind a mode of travel.

    Parameters
    ----------
    modes
        The mode's access keys but the most general: `restriction:<mode>` goes before
        `restriction`, and `except` spares a mode.

    Notes
    -----
    Source: https://wiki.openstreetmap.org/wiki/Relation:restriction. Restrictions of some hours
    (`day_on`, `hour_on`, `restriction:conditional`) do not hold for certain: they are left out and
    counted.
    """

    def __init__(self, modes: Sequence[str]) -> None:
        self._modes = modes
        self._found: dict[int, tuple[int, list[Restriction], tuple[str, ...]]] = {}
        self.counts: Counter[str] = Counter()

    def take(self, relation: osmium.osm.Relation) -> None:
        """Take a relation, if it is a restriction; of several versions the newest counts."""
        kind = relation.tags.get("type") or ""
        if kind == "restriction" or kind.startswith("restriction:"):
            found, counts = self._read(relation, kind)
            self._keep(relation.id, relation.version, found, counts)
        else:
            self._keep(relation.id, relation.version, [], ())

    def drop(self, relation_id: int, version: int) -> None:
        """Forget a relation that is deleted, and its older versions that are still to come."""
        self._keep(relation_id, version, [], ())

    def _keep(
        self, relation_id: int, version: int, found: list[Restriction], counts: tuple[str, ...]
    ) -> None:
        before = self._found.get(relation_id)
        if before is None or before[0] <= version:
            self._found[relation_id] = (version, found, counts)

    def _read(
        self, relation: osmium.osm.Relation, kind: str
    ) -> tuple[list[Restriction], tuple[str, ...]]:
        """Read a restriction, and name what is to be counted of it."""
        tags = relation.tags
        bound = kind.removeprefix("restriction").removeprefix(":")
        keys = [*(f"restriction:{mode}" for mode in reversed(self._modes)), "restriction"]
        counts: tuple[str, ...] = ()
        if any(f"{key}:conditional" in tags for key in keys):
            counts = ("turn_restrictions_timed",)
        value = next((tags[key] for key in keys if key in tags), "")
        kinds = [RESTRICTION.fullmatch(one.strip()) for one in value.split(";")]
        found = [one for one in kinds if one is not None]
        spared = {one.strip() for one in (tags.get("except") or "").split(";")}
        is_spared = bool(spared & set(self._modes)) or (bound and bound not in self._modes)
        if len(found) != len(kinds) or len({one[1] for one in found}) != 1 or is_spared:
            return [], counts or ("turn_restrictions_left_out",)
        if any(key in tags for key in TIMED_KEYS):
            return [], ("turn_restrictions_timed",)
        members: dict[tuple[str, str], list[int]] = defaultdict(list)
        for one in relation.members:
            members[one.type, one.role].append(one.ref)
        from_ways, to_ways = members["w", "from"], members["w", "to"]
        nodes, ways = members["n", "via"], tuple(members["w", "via"])
        if not from_ways or not to_ways or (len(nodes) != 1) == (not ways):
            return [], (*counts, "turn_restrictions_incomplete")
        only, u_turn = found[0][1] == "only", all(one[2] == "u_turn" for one in found)
        turns = [  # no_entry and no_exit have several ways at one end
            Restriction(from_way, None if ways else nodes[0], ways, to_way, only, u_turn)
            for from_way, to_way in product(from_ways, to_ways)
        ]
        return turns, counts

    def turns(self, ways: Mapping[int, int], nodes: Ints, way_ends: WayEnds) -> Turns:
        """Keep the restrictions whose ways and nodes are part of the network.

        Parameters
        ----------
        ways
            Index of each way by its id.
        nodes
            The map's ids of the nodes that ways use, ascending.
        way_ends
            The nodes of ways.
        """
        rows, via_ways = [], []
        for _, _, counts in self._found.values():
            self.counts.update(counts)
        for one in (each for _, every, _ in self._found.values() for each in every):
            named = (one.from_way, *one.via_ways, one.to_way)
            if any(way not in ways for way in named):
                continue  # a part of it lies outside, or is closed to the mode
            if one.via_node is not None:
                ends = (one.via_node, one.via_node)
            else:
                found = way_ends.chain([ways[way] for way in named])
                if found is None:
                    self.counts["turn_restrictions_incomplete"] += 1
                    continue
                ends = found
            place = np.minimum(np.searchsorted(nodes, ends), len(nodes) - 1)
            if (nodes[place] != ends).any():
                continue
            rows.append((ways[one.from_way], *place, ways[one.to_way], one.only, one.u_turn))
            via_ways.append([ways[way] for way in one.via_ways])
        self.counts["turn_restrictions"] = len(rows)
        table = np.array(rows, dtype=np.int64).reshape(-1, 6)
        sizes = [len(one) for one in via_ways]
        return Turns(
            from_way=table[:, 0],
            via=table[:, 1],
            via_end=table[:, 2],
            via_way_from=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            via_ways=np.array([way for one in via_ways for way in one], dtype=np.int64),
            to_way=table[:, 3],
            only=table[:, 4].astype(bool),
            u_turn=table[:, 5].astype(bool),
        )


@dataclass(frozen=True)
class WayEnds:
    """The nodes of ways, by the map's ids.

    Parameters
    ----------
    first, last
        Positions of each way's first and last node in `nodes`.
    nodes
        Node ids of all ways, one way after the other.
    """

    first: Ints
    last: Ints
    nodes: Ints

    def chain(self, ways: Sequence[int]) -> tuple[int, int] | None:
        """Find where a chain of ways passes into its second and into its last way.

        Parameters
        ----------
        ways
            From way, via ways, to way.

        Returns
        -------
        tuple | None
            The node where the via ways begin and the one where they end; None where the ways do
            not join end to end.
        """
        before, *vias, after = ways
        for start, end in (self._ends(vias[0]), self._ends(vias[0])[::-1]):
            if not self._has(before, start):
                continue
            here = end
            for way in vias[1:]:
                ends = self._ends(way)
                if here not in ends:
                    break
                here = ends[1] if here == ends[0] else ends[0]
            else:
                if self._has(after, here):
                    return start, here
        return None

    def _ends(self, way: int) -> tuple[int, int]:
        return int(self.nodes[self.first[way]]), int(self.nodes[self.last[way]])

    def _has(self, way: int, node: int) -> bool:
        return bool((self.nodes[self.first[way] : self.last[way] + 1] == node).any())
