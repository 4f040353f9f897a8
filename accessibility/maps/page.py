"""The page that holds a map: one file that opens without a network and runs only its own scripts.

folium's own page fetches ten files and shows nothing without them. Here Leaflet's files, from the
installed package, stand in the page; what a map shows stands in it as JSON that no template engine
reads; a content security policy names the page's own scripts and forbids everything else.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from importlib import resources
from pathlib import Path

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink

from accessibility.errors import OutputError
from accessibility.maps.offline import as_json, leaflet_script, leaflet_style, policy
from accessibility.maps.panel import heading, panel
from accessibility.maps.sheet import Json, Sheet
from accessibility.maps.words import sentence, words_in

#: What folium links to by itself and these maps do without, or hold inline.
_REPLACED = frozenset(name for name, _ in (*folium.Map.default_js, *folium.Map.default_css))
_SCRIPT_WORDS = (
    "one_person", "people", "external", "unreachable", "withheld", "nobody",
    "zoom_in", "zoom_out", "close",
)  # fmt: skip


class _Verbatim(Element):
    """Text that is written as it stands; an ordinary element would be compiled as a template."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render(self, **kwargs: object) -> str:
        del kwargs
        return self.text


class _Drawing(Element):
    """Has the page's script draw a sheet on the map that this is a child of."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__()
        self._name = "Drawing"
        self.sheet = sheet

    def render(self, **kwargs: object) -> str:
        del kwargs
        figure, chart = self.get_root(), self._parent
        if not isinstance(figure, Figure) or chart is None:
            raise OutputError("a drawing can only be rendered on a map in a figure")
        name = self.get_name()
        call = f'drawSheet({chart.get_name()}, "{name}");\n'
        figure.script.add_child(_Verbatim(call), name=name)
        if not isinstance(figure, _Page):  # a plain folium figure: same content, online page
            for what, file in (("style", "page.css"), ("script", "page.js")):
                text = _Verbatim(f"<{what}>{_asset(file)}</{what}>")
                figure.header.add_child(text, name=f"{name}_{what}")
            figure.html.add_child(_Verbatim(self.content()), name=name)
        return ""

    def content(self) -> str:
        """Give the panel beside the map, and the data."""
        data = as_json(_drawn(self.sheet))
        return (
            f"{panel(self.sheet)}\n"
            f'<script type="application/json" id="{self.get_name()}">{data}</script>\n'
        )


class _Page(Figure):
    """A folium figure that renders as a page of its own."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__(ratio="75%")
        self.sheet = sheet
        self._numbered: list[Element] = []

    def foreign_links(self) -> list[str]:
        """List the files that layers added later would fetch, such as a plugin's or jQuery."""
        needs_all = "$(" in self.script.render()
        return [
            child.url
            for name, child in self.header._children.items()
            if isinstance(child, JavascriptLink | CssLink)
            and (name not in _REPLACED or (needs_all and "leaflet" not in name))
        ]

    def _number(self) -> None:
        """Give every element a number in place of folium's random id, once."""
        waiting = list(reversed(self._children.values()))
        while waiting:
            element = waiting.pop()
            if not any(element is known for known in self._numbered):
                element._id = f"{len(self._numbered):032x}"
                self._numbered.append(element)
            inner = [getattr(element, part, None) for part in ("header", "html", "script")]
            waiting += [one for one in inner if isinstance(one, Element)]
            waiting += reversed(element._children.values())

    def render(self, **kwargs: object) -> str:
        self._number()
        for child in self._children.values():
            child.render(**kwargs)
        maps = [child for child in self._children.values() if isinstance(child, folium.Map)]
        drawings = [
            child for one in maps for child in one._children.values() if isinstance(child, _Drawing)
        ]
        skipped = {"meta_http", *(one.get_name() for one in maps)}
        links, extras = [], []
        kept = set(self.foreign_links())
        for name, child in self.header._children.items():
            if isinstance(child, JavascriptLink | CssLink):
                links += [child.render()] if child.url in kept else []
            elif name not in skipped:
                extras.append(child.render(**kwargs))
        scripts = [leaflet_script(), _asset("page.js"), self.script.render(**kwargs)]
        return _assembled(
            self.sheet,
            head="\n".join([*links, *extras]),
            policy="" if links or extras else policy(scripts),
            scripts=scripts,
            map_html=self.html.render(**kwargs),
            content="".join(one.content() for one in drawings),
        )


def sheet_map(sheet: Sheet) -> folium.Map:
    """Make the folium map of a sheet.

    Parameters
    ----------
    sheet
        What it shows.

    Returns
    -------
    folium.Map
        Without tiles; in a figure whose page needs no network.
    """
    (south, west), (north, east) = sheet.bounds
    chart = folium.Map(
        location=[(south + north) / 2, (west + east) / 2],
        tiles=None,
        prefer_canvas=True,
        zoom_control=False,
        zoom_snap=0.25,
        zoom_delta=0.5,
        font_size="16px",
    )
    _Page(sheet).add_child(chart)
    _Drawing(sheet).add_to(chart)
    return chart


def map_html(chart: folium.Map) -> str:
    """Write a map as one page that fetches nothing; the same map gives the same bytes.

    Parameters
    ----------
    chart
        A map of this package.

    Raises
    ------
    OutputError
        If layers were added that need files from the network.
    """
    page = chart.get_root()
    if not isinstance(page, _Page):
        raise OutputError("only maps made by accessibility.maps can be written as an offline page")
    text: str = page.render()
    links = page.foreign_links()
    if links:
        raise OutputError(
            f"the map has layers that need files from the network ({', '.join(links)}); "
            "leave them out, or save it with folium's own save()"
        )
    return text


def save_map(chart: folium.Map, path: str | Path) -> None:
    """Write a map to a file: afterwards the old page is there or the new one, never half of it.

    Parameters
    ----------
    chart
        A map of this package.
    path
        Where to.

    Raises
    ------
    OutputError
        If the page would need the network, or the file cannot be written.
    """
    text = map_html(chart)
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    except OSError as problem:
        raise OutputError(f"{target}: the map cannot be written: {problem}") from problem
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(target)
    except OSError as problem:
        part.unlink(missing_ok=True)
        raise OutputError(f"{target}: the map cannot be written: {problem}") from problem


def _drawn(sheet: Sheet) -> dict[str, Json]:
    """Give what the page's script needs to draw a sheet."""
    words = words_in(sheet.language)
    if any(one.label == words["nothing"] for one in sheet.classes):  # a popup says as the legend
        words = {**words, "unreachable": words["nothing"]}
    return {
        "language": sheet.language,
        "bounds": sheet.bounds,
        "attribution": sheet.attribution,
        "words": {key: words[key] for key in _SCRIPT_WORDS},
        "classes": [[one.colour, one.fill] for one in sheet.classes],
        "marks": [[one.letter, one.name, one.rank] for one in sheet.marks],
        "choices": [[one.name, list(one.classes)] for one in sheet.choices],
        **sheet.data,
    }


def _assembled(
    sheet: Sheet, *, head: str, policy: str, scripts: list[str], map_html: str, content: str
) -> str:
    words = words_in(sheet.language)
    body = "\n".join(f"<script>{script}</script>" for script in scripts)
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="{sheet.language}">\n<head>\n<meta charset="utf-8">\n{policy}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{sheet.title}</title>\n"
        f"<style>{leaflet_style()}</style>\n<style>{_asset('page.css')}</style>\n{head}\n"
        '</head>\n<body class="sheet">\n'
        f'<a class="skip" href="#panel">{sentence(words["skip"])}</a>\n'
        f"{heading(sheet)}\n"
        "<main>\n"
        f'<section class="chart" aria-label="{sentence(words["map"])}">{map_html}</section>\n'
        f"{content}</main>\n{body}\n</body>\n</html>\n"
    )


@cache
def _asset(name: str) -> str:
    return resources.files("accessibility.maps").joinpath(name).read_text(encoding="utf-8")
