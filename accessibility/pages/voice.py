"""How a page speaks: sentences in its language, names as text, other languages marked as such."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from markupsafe import Markup, escape

from accessibility.pages.options import Option
from accessibility.reports import Words, area_names_of
from accessibility.reports.escaping import markdown_text, plain
from accessibility.reports.phrases import Phrases, phrases_of
from accessibility.services import LANGUAGES, Text

# Private-use characters, which no text from the data keeps: `plain` takes them out.
_OPEN, _THEN, _CLOSE = "\ue000", "\ue001", "\ue002"
_MARKED = re.compile(f"{_OPEN}([a-z]{{2}}){_THEN}(.*?){_CLOSE}", re.DOTALL)
_FINNISH_ORDER = str.maketrans({"Å": "Z\x01", "Ä": "Z\x02", "Ö": "Z\x03"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The page's language, its sentences, and which names are in another language.

    Parameters
    ----------
    words
        The page's language.
    phrases
        Sentences about the current situation, as text with marks; see `html`.
    foreign
        The language of names that are not in the page's, by name.
    min_people
        Fewer people than this are never told as a number.
    """

    words: Words
    phrases: Phrases
    foreign: Mapping[str, str] = field(repr=False)
    min_people: int

    def html(self, text: str) -> Markup:
        """Escape a text, and mark the names in it that are in another language."""
        return self.marked(str(escape(text)))

    def marked(self, html: str) -> Markup:
        """Turn the marks of finished HTML into elements with a language."""
        return Markup(_MARKED.sub(r'<span lang="\1">\2</span>', html))  # noqa: S704

    def name(self, text: object) -> Markup:
        """Show a name from the data as text."""
        return self.html(self.safe(text))

    def safe(self, text: object) -> str:
        """Make a name fit for a sentence that `html` turns into HTML."""
        return self._mark(text, plain(text))

    def safe_markdown(self, text: object) -> str:
        """Make a name fit for Markdown that `marked` finishes."""
        # no reader of this Markdown makes a link of an address, so it needs no break
        return self._mark(text, markdown_text(text).replace("@\u200b", "@"))

    def _mark(self, text: object, safe: str) -> str:
        language = self.foreign.get(str(text))
        if language is None or not safe:
            return safe
        return f"{_OPEN}{language}{_THEN}{safe}{_CLOSE}"

    def text(self, marked: str) -> str:
        """Give a sentence without its marks, for an attribute or a file."""
        return _MARKED.sub(r"\2", marked)

    @property
    def in_markdown(self) -> Phrases:
        """The same sentences, for Markdown."""
        return replace(self.phrases, safe=self.safe_markdown)

    def tier(self, tier: str) -> str:
        """Name a tier, with marks."""
        return self.phrases.tier(tier)

    def area(self, name: str) -> str:
        """Name a municipality, with marks."""
        return self.phrases.area(name)

    def sort_key(self, name: str) -> str:
        """Order municipalities as a Finnish or Swedish reader expects, by their shown names."""
        return self.phrases.area_names.get(name, name).translate(_FINNISH_ORDER)

    def withheld(self) -> str:
        """Say that a figure is withheld."""
        return self.words.gettext(
            "withheld to protect privacy (fewer than {count})",
            count=self.words.whole(self.min_people),
        )

    def people(self, people: float) -> str:
        """Write people of a sentence in tens; of a few only that they are a few."""
        few = max(self.min_people, 5)
        if 0 < people < few:
            return self.words.gettext("fewer than {people}", people=self.words.whole(few))
        return self.words.tens(people)


def voice_of(options: Sequence[Option], language: str, *, min_people: int) -> Voice:
    """Give the voice of a page about some options."""
    first = options[0].run
    voice = Voice(
        words=Words(language),
        phrases=phrases_of(first, language),
        foreign=_foreign(options, language),
        min_people=min_people,
    )
    spoken = replace(voice.phrases, safe=voice.safe, few_people=max(min_people, 5))
    return replace(voice, phrases=spoken)


def _foreign(options: Sequence[Option], language: str) -> dict[str, str]:
    """Find the names that are shown in another language than the page's."""
    first = options[0].run
    own = first.study.language
    found: dict[str, str] = {}
    texts = [first.study.name, *(target.name for target in first.study.targets)]
    texts += [tier.name for tier in first.tiers.tiers]
    texts += [one.run.scenario.name for one in options if one.run.scenario is not None]
    for text in texts:
        found[text.in_language(language)] = _language_of(text, language) or own
    for target in first.study.targets:
        found[target.source] = own
    for frame in (first.areas, first.places):
        if frame is None:
            continue
        columns = [str(name) for name in frame.columns if str(name).startswith("name_")]
        for row in frame[columns].to_numpy():
            names = {
                column.removeprefix("name_").replace("any", ""): str(name)
                for column, name in zip(columns, row, strict=True)
                if name
            }
            if names:
                text = Text(names)
                found[text.in_language(language)] = _language_of(text, language) or own
    shown = set(area_names_of(first, language).values())
    for one in options:
        sites = one.run.sites.frame["name"]
        found |= {str(name): own for name in sites if str(name) not in shown}
        municipalities = one.run.population.municipalities
        if municipalities is not None and first.areas is None:
            found |= {str(name): own for name in municipalities.dropna().unique()}
        if one.run.scenario is not None and one.run.scenario.proposal is not None:
            proposal = one.run.scenario.proposal
            found |= {proposal.body: own, proposal.replacement: own}
    return {name: spoken for name, spoken in found.items() if name and spoken != language}


def _language_of(text: Text, language: str) -> str:
    """Say in which language a text is shown; "" where it is in no particular one."""
    for key in (language, "", "en"):
        if key in text.by_language:
            return key
    known = next(iter(text.by_language))
    return known if known in LANGUAGES else ""
