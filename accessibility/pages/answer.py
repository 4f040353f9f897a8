"""The answer: a verdict on each target, now and with each option, and where few are inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from accessibility.pages.options import Option
from accessibility.pages.voice import Voice
from accessibility.reports.changes import Changes, TargetChange, changes_of
from accessibility.reports.firmness import closeness, firmness
from accessibility.targets import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionAnswer:
    """What an option does to a target."""

    label: Markup
    word: str
    said: Markup
    flips: bool
    details: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is said of one target.

    Parameters
    ----------
    id, name
        The target.
    kind
        "share", or "min_sites": a fact that stands without a mark.
    word
        The verdict now: "met", "not_met", "undecided".
    verdict
        The verdict in words, with what it assumes.
    said
        The share and the people outside.
    where
        The municipalities where few are inside.
    firm
        How firm it is.
    standing
        The target's status and source.
    options
        What each option changes.
    """

    id: str
    name: Markup
    kind: str
    word: str
    verdict: Markup
    said: Markup
    where: Markup
    firm: Markup
    standing: Markup
    options: tuple[OptionAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InShort:
    """The answer for one option, for the page's head.

    Targets may hold on the whole where a village loses its service, so it also says for how many
    travel time grows.

    Parameters
    ----------
    label
        The option.
    met
        How many targets are met.
    flips, flipping
        Whether any verdict flips, and which.
    lost
        The level on which most people lose, how many, and how much.
    """

    label: Markup
    met: Markup
    flips: bool
    flipping: Markup
    lost: Markup


def answers(options: Sequence[Option], voice: Voice) -> list[Answer]:
    """Give the answer to every target, in the study's order."""
    run = options[0].run
    changes = [changes_between(one, voice) for one in options[1:]]
    found = []
    for place, verdict in enumerate(run.verdicts):
        after = tuple(
            _option_answer(one, change, change.targets()[place], voice)
            for one, change in zip(options[1:], changes, strict=True)
        )
        found.append(_answer(options[0], verdict, after, voice))
    return found


def in_short(options: Sequence[Option], voice: Voice) -> list[InShort]:
    """Say the answer for each option in a line or two."""
    found = []
    for option in options:
        changes = changes_between(option, voice) if option.comparison is not None else None
        flips = changes is not None and any(one.flips for one in changes.targets())
        found.append(
            InShort(
                label=voice.html(option.label),
                met=voice.html(voice.phrases.tally(option.run.verdicts)),
                flips=flips,
                flipping=voice.html(" ".join(changes.flips())) if changes else Markup(),
                lost=voice.html(_most_lost(changes)) if changes else Markup(),
            )
        )
    return found


def _most_lost(changes: Changes) -> str:
    tiers = changes.losing()
    if not tiers:
        return ""
    tier = max(tiers, key=lambda one: float(changes.comparison.of_everybody(one)["lose"]))
    said = [f"{changes.phrases.tier(tier)}.", changes.cut_off(tier), changes.grows(tier)]
    return " ".join(one for one in said if one)


def changes_between(option: Option, voice: Voice) -> Changes:
    """Give the sentences on what an option changes."""
    if option.comparison is None:
        raise ValueError("the current situation changes nothing")
    found = changes_of(
        option.comparison,
        voice.phrases,
        voice.phrases.mode,
        voice.phrases.area_names,
        min_people=voice.min_people,
    )
    return found


def _answer(
    now: Option, verdict: Verdict, options: tuple[OptionAnswer, ...], voice: Voice
) -> Answer:
    phrases, target = voice.phrases, verdict.target
    if target.kind == "min_sites":
        said, word = [phrases.sites(verdict), phrases.why_undecided(verdict)], verdict.word
        title = "" if word == "met" else _capital(phrases.verdict(verdict)) + "."
        where, firm = "", ""
    else:
        title = f"{_capital(phrases.verdict(verdict))}, {phrases.condition(verdict)}."
        said = [phrases.reach(verdict)]
        if verdict.measured_low is not None:
            said.append(phrases.outside(*now.run.people_outside[target.id], target.group))
        said += [phrases.why_undecided(verdict), phrases.missing(verdict)]
        where = phrases.municipalities(verdict)
        firm = " ".join(
            one for one in (closeness(verdict, phrases), firmness(verdict, phrases)) if one
        )
    return Answer(
        id=target.id,
        name=voice.html(phrases.name(target)),
        kind=target.kind,
        word=verdict.word,
        verdict=voice.html(title),
        said=voice.html(" ".join(one for one in said if one)),
        where=voice.html(where),
        firm=voice.html(firm),
        standing=voice.html(phrases.standing(target)),
        options=options,
    )


def _option_answer(
    option: Option, changes: Changes, change: TargetChange, voice: Voice
) -> OptionAnswer:
    say = voice.words.gettext
    if change.is_unchanged:
        said, details = say("Nothing changes for this target."), ""
    else:
        said = changes.verdicts(change)
        where = [*_crossing(changes, change), changes.falls(change)]
        if change.flips:
            where.insert(0, voice.phrases.why_undecided(change.after))
        details = " ".join(one for one in where if one)
    return OptionAnswer(
        label=voice.html(option.label),
        word=change.after.word,
        said=voice.html(said),
        flips=change.flips,
        details=voice.html(details),
    )


def _crossing(changes: Changes, change: TargetChange) -> list[str]:
    """Say who crosses the limit; the groups among them are told by the card."""
    target = change.target
    groups = ""
    if target.within_min is not None:
        groups = changes.groups_outside(target.tier, target.within_min)
    return [one for one in changes.crossing(change) if one != groups]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
