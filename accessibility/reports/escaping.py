"""Makes names that come from data safe to print: in a terminal, in Markdown, in XML, in CSV.

A name is shown as text, whatever it holds. Cleaning happens here and when a text is printed, never
in the data.
"""

from __future__ import annotations

import re
import unicodedata

_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f]).*?(?:\x07|\x1b\\|\x9c|$)"  # titles, links
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)
_KEPT_FORMATS = "\u200c\u200d"  # joiners that some scripts need
_DROPPED = frozenset({"Cf", "Cs", "Co", "Cn"})
_SPACES = frozenset({"Cc", "Zl", "Zp", "Zs"})
_MARKDOWN = re.compile(r"[\\`*\[\]|~${}#]|(?<![^\W_])_|_(?![^\W_])")
_ENTITY = re.compile(r"&(?=#|[A-Za-z])")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_UNSEEN = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def plain(text: object) -> str:
    """Give a text in one line, in NFC, without control, bidirectional or ANSI characters.

    Examples
    --------
    >>> plain("A\\x1b[31mred\\x1b[0m\\nB\\u202e")
    'Ared B'
    """
    seen = []
    for character in _ANSI.sub("", unicodedata.normalize("NFC", str(text))):
        category = unicodedata.category(character)
        if category in _SPACES:
            seen.append(" ")
        elif category not in _DROPPED or character in _KEPT_FORMATS:
            seen.append(character)
    return " ".join("".join(seen).split())


def terminal_text(text: str) -> str:
    """Give lines as a terminal may show them: their spacing stays, what it would obey goes.

    Examples
    --------
    >>> terminal_text("a  \\x1b]0;owned\\x07b\\n  c\\x9b2J")
    'a  b\\n  c'
    """
    return "\n".join(
        "".join(
            one
            for one in _ANSI.sub("", line)
            if one in _KEPT_FORMATS or unicodedata.category(one) not in _DROPPED | {"Cc"}
        )
        for line in text.split("\n")
    )


def markdown_text(text: object) -> str:
    """Give a text that Markdown shows as it stands: no markup, table, tag, link or mention.

    Examples
    --------
    >>> markdown_text("<b>*Inari*</b> | [x](http://y)")
    '&lt;b&gt;\\\\*Inari\\\\*&lt;/b&gt; \\\\| \\\\[x\\\\](http\\\\://y)'
    >>> markdown_text("lappi_sites.csv")
    'lappi_sites.csv'
    """
    shown = _MARKDOWN.sub(lambda found: "\\" + found[0], plain(text))
    shown = _ENTITY.sub("&amp;", shown).replace("<", "&lt;").replace(">", "&gt;")
    shown = shown.replace("://", "\\://").replace("www.", "www\\.")
    return shown.replace("@", "@\u200b")  # no mention, no mail link


def csv_text(text: object) -> str:
    """Give a text cell that no spreadsheet takes for a formula; a plain number stays one.

    Examples
    --------
    >>> csv_text('=HYPERLINK("x")'), csv_text("-5"), csv_text("Inari")
    ('\\'=HYPERLINK("x")', '-5', 'Inari')
    """
    raw = str(text)
    cleaned = plain(raw)
    is_formula = raw.startswith(_FORMULA) or cleaned.startswith(_FORMULA)
    return f"'{cleaned}" if is_formula and not _NUMBER.fullmatch(cleaned) else cleaned


def json_text(text: str) -> str:
    """Escape what a terminal would obey or hide in a finished JSON text."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def workflow_text(text: str, *, is_property: bool = False) -> str:
    """Escape the message, or a property such as `title`, of a GitHub workflow command.

    Notes
    -----
    Source: https://github.com/actions/toolkit, packages/core/src/command.ts.

    Examples
    --------
    >>> workflow_text("90 %\\nA"), workflow_text("a: b, c", is_property=True)
    ('90 %25%0AA', 'a%3A b%2C c')
    """
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace(":", "%3A").replace(",", "%2C") if is_property else escaped
