"""What a page needs to open without a network: Leaflet inside it, data as JSON, and a policy."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from importlib import resources

from accessibility.maps.sheet import Json

_STATIC = "static/js_lib_leaflet"


def as_json(data: Json) -> str:
    """Write JSON that can stand inside a script element.

    Examples
    --------
    >>> as_json({"name": "</script>"})
    '{"name":"\\\\u003c/script\\\\u003e"}'
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def content_hash(text: str) -> str:
    """Give the source expression of a content security policy that allows one script or style.

    Examples
    --------
    >>> content_hash("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(scripts: Sequence[str]) -> str:
    """Allow the page's own scripts, by their hash, and nothing from anywhere else."""
    hashes = " ".join(content_hash(one) for one in scripts)
    rules = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return f'<meta http-equiv="Content-Security-Policy" content="{rules}">\n'


@cache
def leaflet_script() -> str:
    """Give Leaflet with its licence, without its link home and its pointer to a source map."""
    code = _leaflet("leaflet.js").decode("utf-8").replace("\r\n", "\n")
    code = re.sub(r"//# sourceMappingURL=.*", "", code)
    code = code.replace('href="https://leafletjs.com"', 'href="#"')
    licence = resources.files("accessibility.maps").joinpath("leaflet-licence.txt")
    return f"/*\n{licence.read_text(encoding='utf-8')}*/\n{code}"


@cache
def leaflet_style(*, pictures: bool = True) -> str:
    """Give Leaflet's style.

    Parameters
    ----------
    pictures
        Whether its pictures (the buttons of controls, the default marker) stand inside; without
        them the rules that name them are left out.
    """
    style = _leaflet("leaflet.css").decode("utf-8").replace("\r\n", "\n")
    style = re.sub(r"[^\n]*url\(#default#VML\)[^\n]*\n", "", style)
    if not pictures:
        return re.sub(r"[^\n]*url\(images/[\w.-]+\)[^\n]*\n", "", style)

    def inside(match: re.Match[str]) -> str:
        picture = base64.b64encode(_leaflet(match[1])).decode()
        return f"url(data:image/png;base64,{picture})"

    return re.sub(r"url\((images/[\w.-]+)\)", inside, style)


def _leaflet(name: str) -> bytes:
    return resources.files("js_lib_leaflet").joinpath(_STATIC, *name.split("/")).read_bytes()
