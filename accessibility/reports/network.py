"""The report's section on the road network: what it holds, and who is near and yet far."""

from __future__ import annotations

from accessibility.findings import Findings
from accessibility.network_audit import NEAR_M
from accessibility.reports.phrases import Phrases
from accessibility.reports.tables import markdown_table

MOST_CLASSES = 3
MOST_AREAS = 10


def network_section(run: Findings, phrases: Phrases, *, min_people: int = 0) -> str:
    """Say what the network holds, and count who is near a service point and far by the network.

    Parameters
    ----------
    run, phrases
        What is told, and how.
    min_people
        Where above 0, no fewer people than this are told, and numbers are in tens.
    """
    say = phrases.words.gettext
    parts = ["## " + say("What does the road network hold?"), _holdings(run, phrases)]
    return "\n\n".join([*parts, *_detours(run, phrases, min_people)])


def _holdings(run: Findings, phrases: Phrases) -> str:
    words, say = phrases.words, phrases.words.gettext
    audit = run.network_audit
    classes = [phrases.safe(name) for name in audit.holdings.km_by_class if name != "ferry"]
    sentences = [
        say(
            "The road network holds {km} km of roads that can be used {by_mode}, most of them of "
            "the classes {classes}.",
            km=words.whole(audit.holdings.km),
            by_mode=phrases.by_mode(),
            classes=words.listed(classes[:MOST_CLASSES]),
        )
    ]
    if audit.near_share is not None:
        sentences.append(
            say(
                "{share} of the residents live within {metres} m of one of them.",
                share=words.percent(audit.near_share),
                metres=words.whole(NEAR_M),
            )
        )
    sentences.append(
        say(
            "The roads are drawn as straight lines between junctions, so that where a home stands "
            "along its road is rough."
        )
        if audit.holdings.is_straight
        else say("The roads are drawn as they run.")
    )
    if audit.holdings.main_roads_only:
        sentences.append(
            say(
                "The network holds main roads only, next to no streets: shares at short time "
                "limits are rough."
            )
        )
    short = audit.short_targets(run.study.targets)
    if short:
        names = words.listed([phrases.name(target) for target in short])
        sentences.append(say("This concerns most: {targets}.", targets=names))
    return " ".join(sentences)


def _detours(run: Findings, phrases: Phrases, min_people: int) -> list[str]:
    words, say = phrases.words, phrases.words.gettext
    audit = run.network_audit
    values = {
        "distance": words.shortest(audit.limits.within_m / 1000),
        "limit": words.minutes(audit.limits.over_min),
        "by_mode": phrases.by_mode(),
    }
    rows = []
    for tier in run.tiers.ids:
        told = [(say("the whole region"), audit.people(tier))]
        told += [(phrases.area(name), n) for name, n in audit.areas(tier).items()][:MOST_AREAS]
        rows += [
            [phrases.tier(tier), name, words.whole(_told(people, min_people))]
            for name, people in told
            if people > 0 and people >= min_people
        ]
    if not rows:
        nobody = say(
            "Hardly anybody lives within {distance} km in a straight line of a service point but "
            "over {limit} {by_mode} from it.",
            **values,
        )
        return [nobody]
    return [
        say(
            "Near and yet far: these residents live within {distance} km in a straight line of a "
            "service point that offers the level, but over {limit} {by_mode} from the same one, or "
            "without a way to it. Where no river or the like explains it, the map lacks a street.",
            **values,
        ),
        markdown_table([say("level"), say("municipality"), say("residents")], rows),
    ]


def _told(people: float, min_people: int) -> float:
    return float(round(people, -1)) if min_people else people
