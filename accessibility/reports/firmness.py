"""How firm a verdict is: what would change it, in sentences."""

from __future__ import annotations

import re

from accessibility.reports.phrases import Phrases, is_range
from accessibility.services import Target
from accessibility.targets import Verdict, at_least

#: A verdict is close where the share is less than this from the one required.
CLOSE = 0.01
_SHIFT = re.compile(r"([+-]\d+)_min")
_SLOWER = re.compile(r"slower_(\d+)_percent")


def closeness(verdict: Verdict, phrases: Phrases) -> str:
    """Warn where a share is so close to the one required that small errors decide; else ""."""
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
    if not tried or verdict.reason.startswith("uncertainty"):
        return ""
    changed = [key for key, share in tried.items() if flips(verdict, share)]
    if changed:
        changes = [
            f"{variant(key, verdict.target, phrases)} "
            f"({words.percent_apart(tried[key], verdict.required)})"
            for key in changed
        ]
        return words.gettext(
            "Travelling {by_mode}, the verdict would change: {changes}.",
            by_mode=phrases.by_mode(),
            changes=words.listed(changes),
        )
    if verdict.word == "undecided" or (verdict.word == "not_met" and is_range(verdict)):
        return ""  # the lowest share alone cannot tell
    return words.gettext(
        "Travelling {by_mode}, the verdict stays the same: {changes}.",
        by_mode=phrases.by_mode(),
        changes=words.listed([variant(key, verdict.target, phrases) for key in tried]),
    )


def flips(verdict: Verdict, share: float) -> bool:
    """Tell whether another (lowest) share would give another verdict."""
    return at_least(share, verdict.required) != (verdict.word == "met")


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
