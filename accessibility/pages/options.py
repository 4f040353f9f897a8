"""The options on a page: the current situation first, then what would change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from accessibility.comparison import Comparison, compare
from accessibility.errors import StudyError
from accessibility.reports import Words
from accessibility.run_reading import StoredRun, check_comparable


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One situation on a page.

    Parameters
    ----------
    label, short
        What it is called: "Current situation (VE0)", and shortly "VE0".
    name
        What its own file calls it; the study's name for the current situation.
    run
        Its figures.
    comparison
        What it changes; None for the current situation.
    """

    label: str
    short: str
    name: str
    run: StoredRun
    comparison: Comparison | None = field(default=None, repr=False)


def options_of(runs: Sequence[StoredRun], language: str) -> list[Option]:
    """Name stored runs as a council paper does, and compare all but the first with the first.

    Parameters
    ----------
    runs
        The current situation, then the options.
    language
        "fi", "sv" or "en".

    Raises
    ------
    StudyError
        If there is no run.
    ScenarioError
        If a run rests on other inputs or settings than the first.
    """
    if not runs:
        raise StudyError("a page needs at least one run; give a folder that `run` wrote")
    say = Words(language).gettext
    first = runs[0]
    now = first.outcome(language)
    decided = first.scenario is not None  # say, closures decided already: options come on top
    label = say("Starting point (VE0)") if decided else say("Current situation (VE0)")
    options = [Option(label=label, short=say("VE0"), name=now.name, run=first)]
    for number, run in enumerate(runs[1:], start=1):
        check_comparable(first, run)
        then = run.outcome(language)
        options.append(
            Option(
                label=say("Option {number} (VE{number})", number=number),
                short=say("VE{number}", number=number),
                name=then.name,
                run=run,
                comparison=compare(now, then),
            )
        )
    return options
