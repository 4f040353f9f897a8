"""Tiers, the nesting between them, and what a target asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, get_args

from accessibility.checks import BAND_MIN, number, of_kind, text, texts, whole_number, word
from accessibility.errors import StudyError, did_you_mean, examples

LANGUAGES = ("fi", "sv", "en")
EVERYBODY = "*"
WHOLE_AREA = "*"
#: Minutes by which modelled times are taken to be off where a study says nothing of it: what free
#: flow and access legs leave open (docs/method.md, "Coverage and verdicts").
MODEL_ERROR_MIN = 1.0

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

    def __post_init__(self) -> None:
        if not isinstance(self.by_language, Mapping) or not self.by_language:
            raise StudyError(
                f"a name is {self.by_language!r:.80}, expected texts by language, such as "
                '{"fi": "Lähitaso"}, or {"": "Lähitaso"} for one in no particular language'
            )
        for language, name in self.by_language.items():
            word(language, "a name's language", ("", *LANGUAGES))
            of_kind(name, f"the name in {language!r}", str)

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

    def __post_init__(self) -> None:
        text(self.id, "a tier's id")
        of_kind(self.name, f'tier "{self.id}": name', Text, 'such as Text({"fi": "Lähitaso"})')
        object.__setattr__(self, "includes", texts(self.includes, f'tier "{self.id}": includes'))


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
        if not isinstance(self.tiers, Iterable):
            raise StudyError("tiers must be a list of Tier")
        object.__setattr__(self, "tiers", tuple(self.tiers))
        ids = [of_kind(tier, "each of tiers", Tier).id for tier in self.tiers]
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
        self._check_words()
        asks_share = self.within_min is not None or self.share is not None
        if asks_share == (self.min_sites is not None):
            raise StudyError(f'target "{self.id}": give either within_min and share, or min_sites')
        if asks_share and (self.within_min is None or self.share is None):
            raise StudyError(f'target "{self.id}": within_min and share go together')
        self._check_numbers()

    def _check_words(self) -> None:
        text(self.id, "a target's id")
        what = f'target "{self.id}"'
        of_kind(self.name, f"{what}: name", Text, 'such as Text({"fi": "Lähipalvelu"})')
        for name in ("tier", "group", *(("open_at",) if self.open_at is not None else ())):
            text(getattr(self, name), f"{what}: {name}")
        of_kind(self.source, f"{what}: source", str)
        word(self.status, f"{what}: status", get_args(TargetStatus))

    def _check_numbers(self) -> None:
        what = f'target "{self.id}"'
        if self.share is not None and not 0 < number(self.share, f"{what}: share") <= 1:
            hint = f" (did you mean {self.share / 100:g}?)" if 1 < self.share <= 100 else ""
            raise StudyError(
                f"{what}: share is {self.share:g}, expected a fraction above 0 and at most 1{hint}"
            )
        if self.within_min is not None:
            number(self.within_min, f"{what}: within_min", BAND_MIN)
        if self.min_sites is not None and whole_number(self.min_sites, f"{what}: min_sites") < 1:
            raise StudyError(f"{what}: min_sites must be at least 1")

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
    if isinstance(bands_min, (str, Mapping)) or not isinstance(bands_min, Iterable):
        raise StudyError(f"isochrones.bands_min: {bands_min!r:.80}: expected a list of minutes")
    bands = tuple(bands_min)
    for band in bands:
        number(band, "isochrones.bands_min: a band")
    if not bands:
        raise StudyError("isochrones.bands_min is empty; expected minutes such as [15, 30, 60]")
    if any(not 0 < band < 100_000 for band in bands):
        raise StudyError(f"isochrones.bands_min: {list(bands)}: every band must be above 0 minutes")
    if any(later <= earlier for earlier, later in pairwise(bands)):
        raise StudyError(
            f"isochrones.bands_min: {list(bands)}: bands must rise, without repeats; sort them"
        )
    return bands
