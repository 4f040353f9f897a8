"""Tiers, the nesting between them, and what a target asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from accessibility.errors import StudyError, did_you_mean, examples

LANGUAGES = ("fi", "sv", "en")
EVERYBODY = "*"
WHOLE_AREA = "*"

TargetStatus = Literal["preliminary", "adopted", "illustrative"]


@dataclass(frozen=True, slots=True)
class Text:
    """A name in one or several languages.

    Examples
    --------
    >>> Text({"fi": "Lähitaso", "en": "Local level"}).in_language("sv")
    'Local level'
    >>> Text({"": "Hoitola"}).in_language("fi")
    'Hoitola'
    """

    by_language: Mapping[str, str]

    def in_language(self, language: str) -> str:
        """Give the name in a language; a missing one falls back to English, then to any."""
        for key in (language, "", "en"):
            if key in self.by_language:
                return self.by_language[key]
        return next(iter(self.by_language.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A level of service.

    Parameters
    ----------
    id
        Short name, as the sites' tier column has it.
    name
        What people call it.
    includes
        Ids of the tiers that a site of this tier serves as well.
    """

    id: str
    name: Text
    includes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tiers:
    """The tiers of a study, with their nesting checked.

    Raises
    ------
    StudyError
        If a tier is named twice, includes one that does not exist, or includes itself in the end.

    Examples
    --------
    >>> tiers = Tiers((Tier(id="L", name=Text({"": "local"})),
    ...                Tier(id="E", name=Text({"": "hospital"}), includes=("L",))))
    >>> tiers.served_by("E"), tiers.offering("L")
    (('E', 'L'), ('E', 'L'))
    """

    tiers: tuple[Tier, ...]
    _served: dict[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ids = [tier.id for tier in self.tiers]
        if not ids:
            raise StudyError("the study has no tier; expected at least one [[tiers]] with an id")
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise StudyError(f"tiers: the id {examples(twice)} is given more than once")
        by_id = {tier.id: tier for tier in self.tiers}
        for tier in self.tiers:
            for other in tier.includes:
                if other not in by_id:
                    raise StudyError(
                        f'tiers: "{tier.id}" includes "{other}", which is no tier'
                        f"{did_you_mean(other, ids)}; known: {examples(ids)}"
                    )
        served = {one: tuple(sorted(self._closure(one, by_id, ()))) for one in ids}
        object.__setattr__(self, "_served", served)

    def _closure(self, one: str, by_id: Mapping[str, Tier], path: Sequence[str]) -> set[str]:
        if one in path:
            circle = " -> ".join([*path[list(path).index(one) :], one])
            raise StudyError(f"tiers: they include each other in a circle ({circle}); break it")
        served = {one}
        for other in by_id[one].includes:
            served |= self._closure(other, by_id, [*path, one])
        return served

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids in the study's order."""
        return tuple(tier.id for tier in self.tiers)

    def __getitem__(self, tier_id: str) -> Tier:
        for tier in self.tiers:
            if tier.id == tier_id:
                return tier
        raise StudyError(
            f'"{tier_id}" is no tier{did_you_mean(tier_id, self.ids)}; known: {examples(self.ids)}'
        )

    def served_by(self, tier_id: str) -> tuple[str, ...]:
        """Ids of the tiers that a site of this tier serves, its own included, sorted."""
        return self._served[self[tier_id].id]

    def offering(self, tier_id: str) -> tuple[str, ...]:
        """Ids of the tiers whose sites serve this tier, sorted."""
        wanted = self[tier_id].id
        return tuple(sorted(one for one, served in self._served.items() if wanted in served))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a region has promised, or tries out: a share within minutes, or a number of sites.

    Parameters
    ----------
    id, name
        Short name and what people call it.
    tier
        The tier whose nearest site counts.
    group
        The demand group that it is for; `*`: everybody.
    within_min, share
        At least this share (0..1) of the people at most this many minutes away, inclusive.
    min_sites
        At least this many sites in the region (instead of `within_min` and `share`).
    open_at
        Only sites open then count.
    status, source
        How firm the target is, and where it stands.

    Raises
    ------
    StudyError
        If it asks for both kinds or for neither, or a share is not in 0..1.
    """

    id: str
    name: Text
    tier: str
    group: str = EVERYBODY
    within_min: float | None = None
    share: float | None = None
    min_sites: int | None = None
    open_at: str | None = None
    status: TargetStatus = "illustrative"
    source: str = ""

    def __post_init__(self) -> None:
        asks_share = self.within_min is not None or self.share is not None
        if asks_share == (self.min_sites is not None):
            raise StudyError(f'target "{self.id}": give either within_min and share, or min_sites')
        if asks_share and (self.within_min is None or self.share is None):
            raise StudyError(f'target "{self.id}": within_min and share go together')
        if self.share is not None and not 0 < self.share <= 1:
            hint = f" (did you mean {self.share / 100:g}?)" if 1 < self.share <= 100 else ""
            raise StudyError(
                f'target "{self.id}": share is {self.share:g}, expected a fraction above 0 and at '
                f"most 1{hint}"
            )
        if self.within_min is not None and not self.within_min > 0:
            raise StudyError(f'target "{self.id}": within_min must be above 0')
        if self.min_sites is not None and self.min_sites < 1:
            raise StudyError(f'target "{self.id}": min_sites must be at least 1')

    @property
    def kind(self) -> Literal["share", "min_sites"]:
        """Which kind of target it is."""
        return "share" if self.min_sites is None else "min_sites"

    @property
    def cutoff_s(self) -> int:
        """The inclusive cutoff in whole seconds."""
        if self.within_min is None:
            raise StudyError(f'target "{self.id}" has no time limit')
        return cutoff_s(self.within_min)


def cutoff_s(minutes: float) -> int:
    """Give an inclusive cutoff in whole seconds, of minutes that may have decimals.

    >>> cutoff_s(4.1), 4.1 * 60 < 246
    (246, True)
    """
    return round(minutes * 60)


def check_bands(bands_min: Iterable[float]) -> tuple[float, ...]:
    """Check that bands are positive, rising and finite.

    Raises
    ------
    StudyError
        If not, or if there is none.

    Examples
    --------
    >>> check_bands([15, 30])
    (15, 30)
    """
    bands = tuple(bands_min)
    if not bands:
        raise StudyError("isochrones.bands_min is empty; expected minutes such as [15, 30, 60]")
    if any(not 0 < band < 100_000 for band in bands):
        raise StudyError(f"isochrones.bands_min: {list(bands)}: every band must be above 0 minutes")
    if any(later <= earlier for earlier, later in pairwise(bands)):
        raise StudyError(
            f"isochrones.bands_min: {list(bands)}: bands must rise, without repeats; sort them"
        )
    return bands
