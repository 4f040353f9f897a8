"""Escaping: text from data is never markup, never a template, never a script.

folium compiles what it has rendered as a Jinja template once more, and Leaflet puts popups and
labels into the page as HTML. So `html.escape` is not enough: it leaves braces, percent signs and
backticks. Whatever comes from a file goes through one of these two functions.
"""

from __future__ import annotations

import re

import pandas as pd

#: Characters that mean something to HTML, Jinja, JavaScript, CSS or a URL.
ACTIVE = "&<>\"'`${}\\%#=/"

_ENTITIES = str.maketrans({character: f"&#{ord(character)};" for character in ACTIVE})
_SPACES = str.maketrans(dict.fromkeys(ACTIVE, " "))


def html_text(value: object) -> str:
    """Write text from data so that a page shows it and nothing runs it.

    Characters that cannot be printed (controls, line and paragraph separators, marks that turn the
    direction of writing, unpaired surrogates) become spaces; active ones become numeric entities,
    which every HTML sink decodes back to the right text.

    Parameters
    ----------
    value
        Anything; what is missing gives an empty text.

    Returns
    -------
    str
        Safe inside elements and quoted attributes, in a Jinja template, and in a string of a script
        that puts it into the page as HTML.

    Examples
    --------
    >>> html_text("Äänekoski {{7*191}}")
    'Äänekoski &#123;&#123;7*191&#125;&#125;'
    >>> html_text(None)
    ''
    """
    return _printable(value).translate(_ENTITIES)


def plain_text(value: object) -> str:
    """Write text from data for a place that shows text as it stands, such as a caption.

    Entities would be shown there as they are written, so the active characters are left out.

    Parameters
    ----------
    value
        Anything; what is missing gives an empty text.

    Returns
    -------
    str
        Without active characters, and with single spaces.

    Examples
    --------
    >>> plain_text("<b>Jämsä</b>  {{x}}")
    'b Jämsä b x'
    """
    return re.sub(r" +", " ", _printable(value).translate(_SPACES)).strip()


def _printable(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    return "".join(one if one.isprintable() else " " for one in str(value))
