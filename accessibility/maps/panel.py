"""The text beside the map: heading, choices and legend, as HTML that reads without scripts."""

from __future__ import annotations

from accessibility.maps.palette import MapClass
from accessibility.maps.sheet import Choice, Mark, Sheet
from accessibility.maps.words import sentence, words_in

#: The shapes of marks, by rank, in a box of 24 x 24.
SHAPES = (
    '<circle cx="12" cy="12" r="8.5"/>',
    '<rect x="3" y="3" width="18" height="18" rx="2"/>',
    '<path d="M12 0.5 23.5 12 12 23.5 0.5 12Z"/>',
    '<path d="M12 0.5 22.5 6.5V17.5L12 23.5 1.5 17.5V6.5Z"/>',
)


def mark_svg(mark: Mark) -> str:
    """Draw a mark: its shape by rank, with its letter."""
    return (
        f'<svg class="mark" viewBox="0 0 24 24" aria-hidden="true">{SHAPES[mark.rank % 4]}'
        f'<text x="12" y="16.2" text-anchor="middle">{mark.letter}</text></svg>'
    )


def heading(sheet: Sheet) -> str:
    """Give the page's heading."""
    return f"<header><h1>{sheet.title}</h1><p>{sheet.subtitle}</p></header>"


def panel(sheet: Sheet) -> str:
    """Give the panel: what to show, and what the colours and marks mean."""
    words = words_in(sheet.language)
    parts = [
        _choices(sheet, sentence(words["tier"])),
        _legend(sheet),
        _marks(sheet),
        _overlays(sheet, sentence(words["show"])),
        *(f'<p class="note">{note}</p>' for note in sheet.notes),
    ]
    if sheet.attribution:
        parts.append(f'<p class="note">{sheet.attribution}</p>')
    inside = "\n".join(part for part in parts if part)
    label = sentence(words["legend"])
    return f'<aside id="panel" tabindex="-1" aria-label="{label}">\n{inside}\n</aside>'


def _choices(sheet: Sheet, title: str) -> str:
    """Give a radio button for each tier, with its mark."""
    if len(sheet.choices) < 2:
        return ""
    rows = [
        f'<label><input type="radio" name="choice" value="{index}"{" checked" * (index == 0)}>'
        f"{_mark_of(sheet, choice)}<span>{choice.name}</span></label>"
        for index, choice in enumerate(sheet.choices)
    ]
    return f"<fieldset><legend>{title}</legend>{''.join(rows)}</fieldset>"


def _mark_of(sheet: Sheet, choice: Choice) -> str:
    return "" if choice.mark is None else mark_svg(sheet.marks[choice.mark])


def _legend(sheet: Sheet) -> str:
    """Give the classes with their people; a column pair for each choice, one of them shown."""
    if not sheet.classes:
        return ""
    words = words_in(sheet.language)
    numbers = range(len(sheet.choices))
    head = "".join(
        f'<th scope="col" class="of of{one}">{sentence(words[word])}</th>'
        for one in numbers
        for word in ("residents", "share")
    )
    names = "".join(
        f'<th scope="colgroup" colspan="2" class="of of{one}">{sheet.choices[one].name}</th>'
        for one in numbers
    )
    names = f'<tr class="names"><td></td>{names}</tr>' if len(sheet.choices) > 1 else ""
    rows = "".join(
        f'<tr><th scope="row">{swatch(one)}{one.label}</th>{_figures(sheet, place)}</tr>'
        for place, one in enumerate(sheet.classes)
    )
    return (
        f"<table><caption>{sheet.caption}</caption><thead>{names}"
        f"<tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _figures(sheet: Sheet, place: int) -> str:
    """Give a class's people and share for each choice."""
    return "".join(
        f'<td class="of of{one}{" none" * (choice.people[place] == "0")}">{figure}</td>'
        for one, choice in enumerate(sheet.choices)
        for figure in (choice.people[place], choice.shares[place])
    )


def swatch(one: MapClass) -> str:
    """Draw the sample of a class's colour."""
    return f'<span class="swatch {one.fill}" style="background-color:{one.colour}"></span>'


def _marks(sheet: Sheet) -> str:
    """Give the marks where no choice shows them."""
    if len(sheet.choices) > 1 or not sheet.marks:
        return ""
    rows = [f"<li>{mark_svg(mark)}<span>{mark.name}</span></li>" for mark in sheet.marks]
    title = "" if sheet.classes else f"<p>{sheet.caption}</p>"
    return f'{title}<ul class="marks">{"".join(rows)}</ul>'


def _overlays(sheet: Sheet, title: str) -> str:
    if not sheet.overlays:
        return ""
    rows = [
        f'<label><input type="checkbox" name="overlay" value="{key}"{" checked" * on}>'
        f"<span>{sentence(words)}</span></label>"
        for key, words, on in sheet.overlays
    ]
    return f"<fieldset><legend>{title}</legend>{''.join(rows)}</fieldset>"
