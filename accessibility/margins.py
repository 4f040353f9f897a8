"""Margins: how much slower, or faster, the roads may get before a verdict flips."""

from __future__ import annotations

from dataclasses import dataclass

from accessibility.checks import of_kind
from accessibility.runs import Run, at_other_speeds
from accessibility.targets import Verdict, check_targets

SLOWEST, FASTEST = 0.4, 2.0
PRECISION = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """The speed factor at which a target's verdict flips.

    Parameters
    ----------
    target
        The target's id.
    word
        Its verdict at the study's speeds.
    factor
        The factor on every driving speed nearest to 1 at which the verdict is another (0.9: 10 %
        slower), to within 0.005; None: it holds from 0.4 to 2.
    """

    target: str
    word: str
    factor: float | None

    @property
    def slower(self) -> float | None:
        """By what share roads must get slower for the flip; negative: faster; None: no flip."""
        return None if self.factor is None else 1 - self.factor


def speed_margins(run: Run) -> list[Margin]:
    """Find each share target's margin by bisection on the driving speed.

    Parameters
    ----------
    run
        A run with its searches. A met target is tried on slower roads, any other on faster ones.

    Returns
    -------
    list of Margin
        One a share target, in the study's order.
    """
    of_kind(run, "run", Run, "run the study with run_study")
    known: dict[float, list[Verdict]] = {1.0: run.verdicts}

    def word_at(place: int, factor: float) -> str:
        if factor not in known:
            times = at_other_speeds(
                run.times,
                season=run.season,
                speed_factor=factor,
                road_changes=run.road_changes,
            )
            study = run.study
            known[factor] = check_targets(
                times, run.population, run.sites, study.tiers, study.targets
            )
        return known[factor][place].word

    margins = []
    for place, verdict in enumerate(run.verdicts):
        if verdict.target.kind != "share":
            continue
        word = word_at(place, 1.0)
        holds, flips = 1.0, SLOWEST if word == "met" else FASTEST
        if word_at(place, flips) == word:
            margins.append(Margin(target=verdict.target.id, word=word, factor=None))
            continue
        while abs(holds - flips) > PRECISION:
            middle = round((holds + flips) / 2, 6)
            if word_at(place, middle) == word:
                holds = middle
            else:
                flips = middle
        margins.append(Margin(target=verdict.target.id, word=word, factor=flips))
    return margins
