"""The figures of a page: people by area, tier, option and minutes, as far as they may be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from accessibility.coverage_table import areas_of, seconds
from accessibility.pages.disclosure import Guard, Sums, safe_sums
from accessibility.pages.options import Option
from accessibility.services import WHOLE_AREA, cutoff_s

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]

#: Keys of sums that are no number of minutes: who reaches a site at all, and everybody.
REACHED, EVERYBODY_THERE = "reached", "all"
HEADLINE_MIN = (30.0, 60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """People and their share of an area's residents; None where it is withheld.

    `roughly` is then the share in whole per cents, where these would stay the same with the people
    of a small cell more or fewer.
    """

    people: float | None
    share: float | None
    roughly: float | None = None


WITHHELD = Figure(people=None, share=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """People by option, tier, area and minutes.

    Parameters
    ----------
    options
        The options, the current situation first.
    guard
        Who lives in a small cell.
    areas
        Rows of cells by municipality; `*` is the whole region.
    bands, limits
        The study's bands, and these with the minutes of its targets, as text.
    sums
        Which figures may be told.
    """

    options: Sequence[Option]
    guard: Guard = field(repr=False)
    areas: dict[str, Rows] = field(repr=False)
    bands: tuple[str, ...]
    limits: tuple[str, ...]
    sums: Sums = field(repr=False)

    def people(self, option: int) -> Floats:
        """People by cell."""
        return self.options[option].run.population.people

    def seconds(self, option: int, tier: str) -> Floats:
        """Seconds by cell to the nearest site of a tier."""
        return seconds(self.options[option].run.nearest, tier)

    def residents(self, option: int, area: str) -> Figure:
        """Count an area's residents."""
        tier = self.options[option].run.tiers.ids[0]
        return self.within(option, tier, area, EVERYBODY_THERE)

    def within(self, option: int, tier: str, area: str, limit: str) -> Figure:
        """Count the people of an area within a limit: minutes as text, or `reached`, or `all`."""
        inside = _inside(self.seconds(option, tier), limit)
        if not self.sums.shows(area, (option, tier), limit):
            return self._roughly(option, area, inside)
        return self._figure(option, area, inside)

    def between(self, option: int, tier: str, area: str, low: str, high: str) -> Figure:
        """Count the people beyond one limit and within the next; `low` "" means from the start."""
        time_s = self.seconds(option, tier)
        inside = _inside(time_s, high)
        if low:
            inside = inside & ~_inside(time_s, low)
        ends = [end for end in (low, high) if end]
        if not all(self.sums.shows(area, (option, tier), end) for end in ends):
            return self._roughly(option, area, inside)
        return self._figure(option, area, inside)

    def _roughly(self, option: int, area: str, inside: Mask) -> Figure:
        """Give a withheld share in whole per cents, where they tell nothing of a small cell."""
        rows, people = self.areas[area], self.people(option)
        counted, total = float(people[rows][inside[rows]].sum()), float(people[rows].sum())
        few = self.guard.min_people
        if total <= 0 or min(counted, total - counted) <= 0 or not self._is_told(option, area):
            return WITHHELD
        near = {
            _whole_percent(min(max(counted + more, 0.5), total - 0.5) / total)
            for more in (-few, 0, few)
        }
        return replace(WITHHELD, roughly=counted / total) if len(near) == 1 else WITHHELD

    def _is_told(self, option: int, area: str) -> bool:
        tier = self.options[option].run.tiers.ids[0]
        return self.sums.shows(area, (option, tier), EVERYBODY_THERE)

    def _figure(self, option: int, area: str, inside: Mask) -> Figure:
        rows, people = self.areas[area], self.people(option)
        counted, total = float(people[rows][inside[rows]].sum()), float(people[rows].sum())
        share = counted / total if total > 0 and self._is_told(option, area) else None
        return Figure(people=counted, share=share)

    @property
    def zones(self) -> list[tuple[str, str]]:
        """Give the zones that part all residents: between which limits each lies."""
        ends = [*self.bands, REACHED, EVERYBODY_THERE]
        return list(zip(["", *ends[:-1]], ends, strict=True))

    @property
    def municipalities(self) -> list[str]:
        """Name the municipalities, as the grid does."""
        return [name for name in self.areas if name != WHOLE_AREA]


def figures_of(options: Sequence[Option], *, min_people: int) -> Figures:
    """Take a page's figures from its runs, and choose which of them may be told."""
    first = options[0].run
    areas = areas_of(first.population)
    bands = tuple(f"{band:g}" for band in first.study.bands_min)
    asked = [float(one) for one in minutes_asked(options[0])]
    limits = tuple(f"{one:g}" for one in sorted({*map(float, bands), *asked}))
    people = np.stack([one.run.population.people for one in options])
    fewest = np.where(people > 0, people, np.inf).min(axis=0)
    guard = Guard(people=np.where(np.isinf(fewest), 0.0, fewest), min_people=min_people)
    ends = (*limits, REACHED, EVERYBODY_THERE)
    chains = {
        (place, tier): {end: _inside(seconds(one.run.nearest, tier), end) for end in ends}
        for place, one in enumerate(options)
        for tier in first.tiers.ids
    }
    sums = safe_sums(guard, areas, chains, whole=WHOLE_AREA, first=[f"{one:g}" for one in asked])
    return Figures(options=options, guard=guard, areas=areas, bands=bands, limits=limits, sums=sums)


def minutes_asked(option: Option) -> list[float]:
    """Give the minutes of the study's targets; without any, the headline minutes or last band."""
    study = option.run.study
    asked = {float(one.within_min) for one in study.targets if one.within_min is not None}
    asked = asked or {float(band) for band in study.bands_min if band in HEADLINE_MIN}
    return sorted(asked or {float(study.bands_min[-1])})


def _whole_percent(share: float) -> float:
    """Round as sentences do: nearly everybody is over 99 %, a few are under 1 %."""
    return min(max(float(np.floor(share * 100 + 0.5)), 0.5), 99.5)


def _inside(time_s: Floats, limit: str) -> Mask:
    if limit == EVERYBODY_THERE:
        return np.ones(len(time_s), dtype=bool)
    if limit == REACHED:
        return np.asarray(np.isfinite(time_s))
    return np.asarray(time_s <= cutoff_s(float(limit)))
