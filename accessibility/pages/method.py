"""The end of the page: how the figures were made, and the text for an accessibility statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from accessibility.pages.cells import SIGN
from accessibility.pages.figures import Figures
from accessibility.pages.markup import html_of
from accessibility.pages.options import Option
from accessibility.pages.voice import Voice
from accessibility.reports.card import card
from accessibility.reports.markdown import sensitivity_section
from accessibility.reports.method import (
    audit_section,
    method_section,
    population_section,
    sources_section,
)
from accessibility.reports.network import network_section
from accessibility.scenarios import Proposal, Scenario

HEADING_LEVEL = 2


def cards(options: Sequence[Option], voice: Voice) -> list[Markup]:
    """Write the card of each option."""
    told, found = proposal_of(options), []
    for option in options[1:]:
        assert option.comparison is not None  # noqa: S101
        run = option.run
        text = card(
            option.comparison,
            language=voice.words.language,
            study_name=option.label,
            scenario=_without_signature(run.scenario, told),
            effects=run.effects,
            mode=voice.phrases.mode,
            area_names=voice.phrases.area_names,
            safe=voice.safe_markdown,
            min_people=voice.min_people,
        )
        found.append(html_of(text, voice, top=3, about=option.short))
    return found


def _without_signature(scenario: Scenario | None, told: Proposal | None) -> Scenario | None:
    """Leave out whose proposal it is where the page's own block has just said the same."""
    if scenario is None or scenario.proposal is None or told is None:
        return scenario
    own = scenario.proposal
    if replace(told, replacement=own.replacement, saving_eur=own.saving_eur) != own:
        return scenario
    bare = replace(own, body="", diary_number="", preparer="", date="", contact="")
    return replace(scenario, proposal=bare)


def method(figures: Figures, voice: Voice) -> Markup:
    """Say how the figures were computed, from which data, and what was left out."""
    run, phrases = figures.options[0].run, voice.in_markdown
    hidden = {name for name in figures.municipalities if figures.residents(0, name).people is None}
    sections = [
        method_section(run, phrases, run.facts),
        sensitivity_section(run, phrases),
        audit_section(run, phrases, hidden=_hidden_statuses(figures, voice)),
        network_section(run, phrases, min_people=voice.min_people),
        population_section(run, phrases, hidden=hidden),
        sources_section(run, phrases),
    ]
    text = "\n\n".join(section for section in sections if section)
    return html_of(text, voice, top=HEADING_LEVEL)


def _hidden_statuses(figures: Figures, voice: Voice) -> dict[str, str]:
    """Find the rows of the audit whose people may not be told."""
    run = figures.options[0].run
    status = run.status.to_numpy()
    audit = run.audit()
    names = [str(name) for name in audit.index if (status == name).any()]
    told = figures.guard.shown_parts([status == name for name in names])
    found = {name: SIGN for name, one in zip(names, told, strict=True) if not one}
    few = voice.words.gettext("fewer than {people}", people=voice.words.whole(voice.min_people))
    for name in audit.index:
        if name not in names and 0 < float(audit["people"][name]) < voice.min_people:
            found[str(name)] = few
    return found


def proposal_of(options: Sequence[Option]) -> Proposal | None:
    """Find whose paper it is: the first proposal among the options."""
    for option in options:
        if option.run.scenario is not None and option.run.scenario.proposal is not None:
            return option.run.scenario.proposal
    return None


def is_only_an_example(options: Sequence[Option]) -> bool:
    """Tell whether no body has set any of the study's targets."""
    targets = options[0].run.study.targets
    return bool(targets) and all(target.status == "illustrative" for target in targets)
