"""How firm a verdict is: what would change it, in sentences."""

from __future__ import annotations

import re

from accessibility.reports.phrases import Phrases, is_range
from accessibility.reports.words import Words
from accessibility.services import Target
from accessibility.targets import Verdict, verdict_word

#: A verdict is close where the share is less than this from the one required.
CLOSE = 0.01
SAME_SHARE = 1e-9
_SHIFT = re.compile(r"([+-]\d+)_min")
_SLOWER = re.compile(r"slower_(\d+)_percent")


def closeness(verdict: Verdict, phrases: Phrases) -> str:
    """Warn where an error of the model, or a small one in the data, could turn a verdict."""
    return " ".join(
        one for one in (_within_error(verdict, phrases), _close(verdict, phrases)) if one
    )


def _within_error(verdict: Verdict, phrases: Phrases) -> str:
    """Say at which change of the limit, within the model's error, the verdict flips."""
    shift = verdict.flips_at_min
    if shift is None or verdict.word == "undecided":
        return ""
    words = phrases.words
    return words.ngettext(
        "The verdict flips at {shift} minute: modelled travel times may be off by as much, so "
        "that it is not firm.",
        "The verdict flips at {shift} minutes: modelled travel times may be off by as much, so "
        "that it is not firm.",
        2 if abs(shift) != 1 else 1,
        shift=words.decimal(shift, digits=0 if shift == round(shift) else 1, sign=True),
    )


def _close(verdict: Verdict, phrases: Phrases) -> str:
    margin = verdict.margin
    if margin is None or is_range(verdict) or abs(margin) >= CLOSE:
        return ""
    return phrases.words.gettext(
        "The share is less than {points} percentage point from the one required: a small "
        "error in the data could turn the verdict.",
        points=phrases.words.shortest(CLOSE * 100),
    )


def firmness(verdict: Verdict, phrases: Phrases) -> str:
    """Say what would change a verdict; "" where nothing was tried or nothing can be said."""
    words = phrases.words
    tried = {key: share for key, share in verdict.sensitivity.items() if share is not None}
    if not tried or verdict.is_within_uncertainty:
        return ""
    changed = [key for key in tried if flips(verdict, key)]
    if changed:
        changes = [
            f"{variant(key, verdict.target, phrases)} ({_shown(verdict, key, words)})"
            for key in changed
        ]
        return words.gettext(
            "Travelling {by_mode}, the verdict would change: {changes}.",
            by_mode=phrases.by_mode(),
            changes=words.listed(changes),
        )
    return words.gettext(
        "Travelling {by_mode}, the verdict stays the same: {changes}.",
        by_mode=phrases.by_mode(),
        changes=words.listed([variant(key, verdict.target, phrases) for key in tried]),
    )


def flips(verdict: Verdict, key: str) -> bool:
    """Tell whether what a variant changes would give another verdict."""
    low = verdict.sensitivity[key]
    high = verdict.sensitivity_high.get(key, low)
    if low is None or high is None:
        return False
    return verdict_word(low, high, verdict.required) != verdict.word


def _shown(verdict: Verdict, key: str, words: Words) -> str:
    """Write a variant's share, as a range where people are hidden."""
    low = verdict.sensitivity[key] or 0.0
    high = verdict.sensitivity_high.get(key, low)
    if high is None or high - low < SAME_SHARE:
        return words.percent_apart(low, verdict.required)
    return words.percent_range(low, high)


def variant(key: str, target: Target, phrases: Phrases) -> str:
    """Name what is changed to see how firm a verdict is."""
    say, words = phrases.words.gettext, phrases.words
    shift, slower = _SHIFT.fullmatch(key), _SLOWER.fullmatch(key)
    if shift and target.within_min is not None:
        limit = words.shortest(target.within_min + int(shift[1]))
        return say("with a limit of {minutes} minutes", minutes=limit)
    if slower:
        return say("on roads {share} slower", share=words.percent(int(slower[1]) / 100))
    return say("in winter") if key == "winter" else phrases.safe(key)


def variant_heading(key: str, phrases: Phrases) -> str:
    """Name the same in a table's heading."""
    say, words = phrases.words.gettext, phrases.words
    shift, slower = _SHIFT.fullmatch(key), _SLOWER.fullmatch(key)
    if shift:
        return say("limit {shift} min", shift=words.decimal(int(shift[1]), digits=0, sign=True))
    if slower:
        return say("{share} slower", share=words.percent(int(slower[1]) / 100))
    return say("winter") if key == "winter" else phrases.safe(key)
