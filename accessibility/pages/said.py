"""The page's own sentences: headings, notes, and the text for an accessibility statement."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from accessibility.pages.options import Option
from accessibility.pages.voice import Voice
from accessibility.reports import ReportFacts
from accessibility.scenarios import Proposal


def said(voice: Voice, options: Sequence[Option]) -> dict[str, str]:
    """Give the headings and notes by the names that the template has for them."""
    say, by_mode = voice.words.gettext, voice.phrases.by_mode()
    found = dict(contents(voice, options))
    return {
        "topic": say("Geographical access to services"),
        "skip": say("Skip to the answer"),
        "contents": say("Contents"),
        "no_proposal": say(
            "The runs name no proposal: nobody has put this forward for a decision. It is a "
            "calculation."
        ),
        "example": say(
            "The targets are examples: the study names no body that has set them. Not a basis "
            "for decisions."
        ),
        "assumptions": say(
            "A time limit is inclusive to the second. Where a source says “about” or "
            "“the great majority” without a number, the limit and the share required are "
            "assumptions of this calculation."
        ),
        "people_note": say(
            "Every resident stands in one zone, by travel time {by_mode} to the nearest service "
            "point of the level.",
            by_mode=by_mode,
        ),
        "map_note": say(
            "Most of a map is land where few people live: read the figures above first. The "
            "tables below hold what the map shows."
        ),
        "options_note": say(
            "Figures in tens; exact ones are in the tables. Minutes are those {by_mode} of the "
            "residents whose travel time grows.",
            by_mode=by_mode,
        ),
        "tables_note": say(
            "Exact figures. A heading sorts its table; a table can be copied to a spreadsheet."
        ),
        "by_municipality": say("By municipality"),
        "same_tables": say("the same tables"),
        "worst": say("The worst places")
        if len(options) > 1
        else say("Where the ways are longest now"),
        "loads": say("Residents by service point"),
        "loads_note": say(
            "To how many residents each service point is the nearest {by_mode}: a computed area, "
            "not the number of its clients.",
            by_mode=by_mode,
        ),
        "curves_note": say(
            "The higher the line, the more residents are within that many minutes {by_mode}.",
            by_mode=by_mode,
        ),
        "as_table": say("The same as a table"),
        "growth": say("Growth of travel time {by_mode}.", by_mode=by_mode),
        "statement_note": say(
            "A text that the body publishing this page may use in its own accessibility statement "
            "of digital services:"
        ),
        **found,
    }


def contents(voice: Voice, options: Sequence[Option]) -> list[tuple[str, str]]:
    """List the sections of the page: id and heading."""
    say = voice.words.gettext
    sections = [
        ("paper", say("Whose paper this is")),
        ("answer", say("Are the targets met?")),
        ("card", say("What the options change")),
        ("people", say("How far is it to the services?")),
        ("map", say("Map")),
        ("options", say("The options side by side")),
        ("tables", say("Tables")),
        ("charts", say("Charts")),
        ("method", say("How this was computed, and what was not assessed")),
        ("statement", say("Digital accessibility of this page")),
    ]
    left_out = () if len(options) > 1 else ("card", "options")
    return [one for one in sections if one[0] not in left_out]


def statement(voice: Voice, proposal: Proposal | None) -> list[Markup]:
    """Write the text for an accessibility statement; it claims no conformance."""
    say = voice.words.gettext
    parts = [
        say(
            "This page was made to follow the level A and AA criteria of the Web Content "
            "Accessibility Guidelines (WCAG) 2.2. Whether it conforms has not been established "
            "by an outside assessment."
        ),
        say(
            "The map is not meant for finding one's way. What it shows also stands in the tables, "
            "which can be read with a screen reader and without scripts."
        ),
        say(
            "Known shortcomings: neighbouring colours of the map differ by less than 3:1, so the "
            "minutes also stand in the legend, in the text that opens from a cell, and in the "
            "tables."
        ),
    ]
    texts = [voice.html(one) for one in parts]
    if proposal is not None and proposal.contact:
        contact = say("Feedback on the accessibility of this page: {contact}", contact="\0")
        before, _, after = contact.partition("\0")
        texts.append(voice.html(before) + voice.name(proposal.contact) + voice.html(after))
    else:
        texts.append(
            voice.html(
                say(
                    "Feedback on the accessibility of this page: the body that publishes it adds "
                    "its own contact details here."
                )
            )
        )
    return texts


def made(voice: Voice, facts: ReportFacts) -> Markup:
    """Say what made the page."""
    text = voice.words.gettext(
        "Computed with accessibility {version}, search engine {engine}.",
        version=voice.safe(facts.version),
        engine=voice.safe(facts.engine),
    )
    return voice.html(text)
