"""Turns the reports' Markdown into HTML that fits the page: headings, tables, nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from accessibility.pages.voice import Voice

_NUMBER = "text-align:right"


def html_of(markdown: str, voice: Voice, *, top: int, about: str = "") -> Markup:
    """Turn Markdown whose names are escaped into HTML.

    Raw HTML, links and pictures are not known here: whatever looks like them is text.

    Parameters
    ----------
    markdown
        From the reports.
    voice
        The page's.
    top
        The level that the first heading (`#`) gets; deeper ones follow.
    about
        What sets this text's tables apart from those of another with the same headings.
    """
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.disable(["link", "image", "autolink", "html_inline", "html_block", "entity"])
    reader.enable("entity")  # names are escaped as entities
    tokens = reader.parse(markdown)
    shown = _with_tables(_with_headings(tokens, top), voice, about)
    return voice.marked(reader.renderer.render(shown, reader.options, {}))


def _with_headings(tokens: Sequence[Token], top: int) -> list[Token]:
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + top - 1, 6)}"
    return list(tokens)


def _with_tables(tokens: Sequence[Token], voice: Voice, about: str) -> list[Token]:
    """Give tables a caption, scopes and a box that scrolls; no style in attributes."""
    found: list[Token] = []
    heading, in_body, first, closing = "", False, False, "td"
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = _plain(tokens[place + 1])
        elif token.type == "table_open":
            caption = " ".join(one for one in (heading, f"({about})" if about else "") if one)
            label = escape(voice.text(caption))
            found.append(
                _raw(f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">')
            )
            found += [token, _raw(f'<caption class="quiet">{escape(caption)}</caption>')]
            continue
        elif token.type in ("tbody_open", "tbody_close"):
            in_body = token.type == "tbody_open"
        elif token.type == "tr_open":
            first = True
        elif token.type in ("th_open", "td_open"):
            is_number = token.attrs.pop("style", "") == _NUMBER
            if is_number:
                token.attrSet("class", "n")
            if token.type == "th_open":
                token.attrSet("scope", "col")
            elif first and in_body:
                token.tag, closing = "th", "th"
                token.attrSet("scope", "row")
            first = False
        elif token.type == "td_close":
            token.tag, closing = closing, "td"
        found.append(token)
        if token.type == "table_close":
            found.append(_raw("</div>"))
    return found


def _plain(inline: Token) -> str:
    """Read a heading's text, with the marks of its names."""
    return "".join(
        one.content for one in inline.children or () if one.type in ("text", "text_special")
    )


def _raw(html: str) -> Token:
    return Token("html_block", "", 0, content=html + "\n")
