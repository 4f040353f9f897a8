"""Disclosure control: no figure of a page tells how many people live in a small cell.

A cell with fewer people than the limit is *small*. The page shows every larger cell's people on its
map, so a reader can take those off any sum: a sum over cells gives a small cell away where it holds
exactly one, and several sums together do where one can be made of them. Here the sums of a page are
collected as equations about the small cells; a sum that would let one be worked out is withheld,
and so is a second one wherever the first could be found from a total. Totals of the whole region
stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

#: A vector this close to the known ones, or a cell this close to being known, counts as such.
CLOSE = 1e-9
#: The same for what follows from all sums together, which is computed less exactly.
LOOSE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Tells which single figures may be shown.

    Parameters
    ----------
    people
        People by cell.
    min_people
        Cells with fewer people are small; 0 or 1: none is.
    """

    people: Floats = field(repr=False)
    min_people: int

    @property
    def small(self) -> Mask:
        """Mark the small cells; empty ones hide nobody."""
        return np.asarray((self.people > 0) & (self.people < self.min_people))

    def shows(self, cells: Mask) -> bool:
        """Tell whether the sum over some cells may stand alone.

        Examples
        --------
        >>> guard = Guard(people=np.array([40.0, 3.0, 8.0]), min_people=10)
        >>> guard.shows(np.array([True, True, False])), guard.shows(np.array([True, True, True]))
        (False, True)
        """
        total = float(self.people[cells].sum())
        few = 0 < total < self.min_people
        return not few and int((self.small & cells).sum()) != 1

    def shown_parts(self, parts: Sequence[Mask]) -> list[bool]:
        """Tell which parts of a total may be shown so that no part can be found from the rest.

        Examples
        --------
        >>> guard = Guard(people=np.array([40.0, 3.0, 80.0, 20.0]), min_people=10)
        >>> parts = [np.array([True, True, False, False]), np.array([False, False, True, False]),
        ...          np.array([False, False, False, True])]
        >>> guard.shown_parts(parts)
        [False, True, False]
        """
        shown = [self.shows(part) for part in parts]
        if shown.count(False) != 1:
            return shown
        people = [float(self.people[part].sum()) for part in parts]
        others = [place for place, one in enumerate(shown) if one and people[place] > 0]
        if others:
            shown[min(others, key=lambda place: (people[place], place))] = False
        return shown


class Known:
    """What some published sums tell: a growing space of equations about the small cells."""

    def __init__(self, size: int) -> None:
        self.basis = np.zeros((0, size))
        self.known = np.zeros(size)

    def rest(self, row: Floats) -> Floats:
        """Give what a sum tells beyond the known ones."""
        left = row - self.basis.T @ (self.basis @ row)
        return np.asarray(left - self.basis.T @ (self.basis @ left))

    def add(self, row: Floats, *, protected: Mask | None = None) -> bool:
        """Add a sum, unless it would give a protected cell away; tell whether it is known now."""
        left = self.rest(row)
        length = float(np.linalg.norm(left))
        if length < CLOSE * max(1.0, float(np.linalg.norm(row))):
            return True
        left /= length
        grown = self.known + left**2
        if protected is not None and bool((grown[protected] > 1 - CLOSE).any()):
            return False
        self.basis, self.known = np.vstack([self.basis, left]), grown
        return True

    def gives_away(self, protected: Mask) -> Mask:
        """Mark the protected cells that can be worked out."""
        return np.asarray(protected & (self.known > 1 - CLOSE))


#: An option and a tier: the nested sums of one set of travel times.
Chain = tuple[int, str]
Key = tuple[Chain, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The sums that a table by municipality shows, and which of them may be shown.

    Parameters
    ----------
    shown
        By area and (chain, limit): whether the sum may be shown. A chain is a sequence of nested
        sums, such as an option's and a tier's people within 15, 30 ... minutes.
    """

    shown: Mapping[str, Mapping[Key, bool]] = field(repr=False)

    def shows(self, area: str, chain: Chain, limit: str) -> bool:
        """Tell whether a sum may be shown."""
        return self.shown[area][(chain, limit)]


def safe_sums(
    guard: Guard,
    areas: Mapping[str, npt.NDArray[np.intp]],
    chains: Mapping[Chain, Mapping[str, Mask]],
    *,
    whole: str,
    first: Iterable[str] = (),
) -> Sums:
    """Choose which sums by area, chain and limit may be shown together.

    Parameters
    ----------
    guard
        Who is small.
    areas
        Rows of cells by area; the whole region among them, the others its parts.
    chains
        Per chain its nested sums, from the smallest to everybody: limit, and the cells within it.
    whole
        The name of the whole region among the areas: its sums come first.
    first
        Limits that are shown before others, such as a target's.

    Returns
    -------
    Sums
        A sum that is withheld cannot be found from those that are shown.
    """
    return _Choice(guard, areas, chains, whole, tuple(first)).sums()


class _Choice:
    """Chooses sums: the whole region's first, then area by area, the largest first.

    A sum is chosen unless a protected cell would follow from it and all that is chosen already; so
    the smallest areas bear what has to be withheld to protect the others.
    """

    def __init__(
        self,
        guard: Guard,
        areas: Mapping[str, npt.NDArray[np.intp]],
        chains: Mapping[Chain, Mapping[str, Mask]],
        whole: str,
        first: tuple[str, ...],
    ) -> None:
        self.guard, self.whole = guard, whole
        self.parts = {name: rows for name, rows in areas.items() if name != whole}
        self.chains = chains
        limits = next(iter(chains.values()))
        order = [one for one in (*list(limits)[-1:], *first) if one in limits]
        order += [one for one in limits if one not in order]
        self.keys: list[Key] = [(chain, limit) for limit in order for chain in chains]
        self.rank = {limit: place for place, limit in enumerate(limits)}
        self.people = {
            name: self._people(rows) for name, rows in (*self.parts.items(), (whole, self._all()))
        }
        self._classify()

    def _all(self) -> npt.NDArray[np.intp]:
        return np.arange(len(self.guard.people))

    def _people(self, rows: npt.NDArray[np.intp]) -> dict[Key, float]:
        people = self.guard.people[rows]
        return {
            (chain, limit): float(people[cells[rows]].sum())
            for chain, nested in self.chains.items()
            for limit, cells in nested.items()
        }

    def _classify(self) -> None:
        """Put small cells together that no sum tells apart, area by area."""
        small = np.flatnonzero(self.guard.small)
        area = np.full(len(self.guard.people), -1)
        for place, rows in enumerate(self.parts.values()):
            area[rows] = place
        within = np.column_stack(
            [
                np.sum([cells[small] for cells in nested.values()], axis=0)
                for nested in self.chains.values()
            ]
        )
        signature = np.column_stack([area[small], within])
        kinds, kind = np.unique(signature, axis=0, return_inverse=True)
        kind = kind.reshape(-1)
        self.count = np.bincount(kind, minlength=len(kinds))
        totals = np.bincount(kind, weights=self.guard.people[small], minlength=len(kinds))
        self.protected = (self.count == 1) | (totals < self.guard.min_people)
        self.area_of = kinds[:, 0]
        reached = kinds[:, 1:]
        self.rows: dict[Key, Floats] = {}
        for place, (chain, nested) in enumerate(self.chains.items()):
            sizes = len(nested)
            for limit in nested:  # nested: within a limit is within all the later ones
                self.rows[(chain, limit)] = np.asarray(
                    reached[:, place] >= sizes - self.rank[limit], dtype=np.float64
                )

    def _is_few(self, people: Mapping[Key, float], shown: set[Key], key: Key) -> bool:
        """Tell whether a sum, taken from its shown neighbours, leaves a few people."""
        chain, own = key[0], people[key]
        known = [0.0, *(people[one] for one in shown if one[0] == chain)]
        below = max((one for one in known if one <= own), default=0.0)
        above = min((one for one in known if one >= own), default=own)
        few = self.guard.min_people
        return 0 < own - below < few or 0 < above - own < few

    def sums(self) -> Sums:
        """Choose all of them."""
        whole = self._choose_whole()
        totals = Known(len(self.count))
        for key in sorted(whole, key=self.keys.index):
            totals.add(self.rows[key])
        self.left = totals.basis.copy()
        self.told = np.zeros(len(self.count))
        shown = {self.whole: whole}
        last = self.keys[0]
        for name in sorted(self.parts, key=lambda one: (-self.people[one][last], one)):
            shown[name] = self._choose_part(name)
        return Sums(
            shown={name: {key: key in keys for key in self.keys} for name, keys in shown.items()}
        )

    def _choose_whole(self) -> set[Key]:
        """Choose the region's sums; everybody is always told, so what that tells is no secret."""
        known = Known(len(self.count))
        shown = {key for key in self.keys if key[1] == self.keys[0][1]}
        known.add(np.ones(len(self.count)))
        self.protected &= ~known.gives_away(self.protected)
        return self._choose(self.whole, self.keys, known, self.protected, shown)

    def _choose(
        self, area: str, keys: Sequence[Key], known: Known, protected: Mask, shown: set[Key]
    ) -> set[Key]:
        """Choose sums one by one that tell nothing together, the totals left aside."""
        kinds = self._kinds(area)
        for key in keys:
            if not self._is_few(self.people[area], shown, key) and known.add(
                self.rows[key][kinds], protected=protected
            ):
                shown.add(key)
        return shown

    def _kinds(self, area: str) -> npt.NDArray[np.intp]:
        """List the unknowns that lie in an area."""
        if area == self.whole:
            return np.arange(len(self.count))
        return np.flatnonzero(self.area_of == list(self.parts).index(area))

    def _choose_part(self, area: str) -> set[Key]:
        """Choose an area's sums that tell nothing with the totals and the areas chosen before."""
        kinds = self._kinds(area)
        alone = self._choose(area, self.keys, Known(len(kinds)), self.protected[kinds], set())
        chosen: list[Key] = []
        waiting = [[key for key in self.keys if key in alone]]
        while waiting:
            keys = waiting.pop(0)
            if self._tells_nothing(kinds, [*chosen, *keys]):
                chosen += keys
            elif len(keys) > 1:
                half = len(keys) // 2
                waiting[:0] = [keys[:half], keys[half:]]
        known = self._known(kinds, chosen)
        self.left[:, kinds] = self._without(known, kinds)
        self.told[kinds] = known.known
        return set(chosen)

    def _known(self, kinds: npt.NDArray[np.intp], keys: Sequence[Key]) -> Known:
        known = Known(len(kinds))
        for key in keys:
            known.add(self.rows[key][kinds])
        return known

    def _without(self, known: Known, kinds: npt.NDArray[np.intp]) -> Floats:
        """Take what an area's sums tell off the totals."""
        part = self.left[:, kinds]
        return np.asarray(part - (part @ known.basis.T) @ known.basis)

    def _tells_nothing(self, kinds: npt.NDArray[np.intp], keys: Sequence[Key]) -> bool:
        """Tell whether no protected cell follows from the totals and all that is shown by areas."""
        known = self._known(kinds, keys)
        left, told = self.left.copy(), self.told.copy()
        left[:, kinds] = self._without(known, kinds)
        told[kinds] = known.known
        size, turned = np.linalg.eigh(left @ left.T)
        real = size > CLOSE * max(float(size.max(initial=0.0)), 1.0)
        rest = (turned[:, real] / np.sqrt(size[real])).T @ left
        told += (rest**2).sum(axis=0)
        return not bool((told[self.protected] > 1 - LOOSE).any())
