"""The page's map: a drawing that needs no script, and a map that one builds from numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from accessibility.maps.layers import attribution
from accessibility.maps.offline import leaflet_script, leaflet_style
from accessibility.maps.sheet import Json
from accessibility.maps.words import sentence, words_in
from accessibility.pages.figures import Figures, figures_of
from accessibility.pages.map_data import map_data
from accessibility.pages.options import Option
from accessibility.pages.static_map import static_map
from accessibility.reports.words import Words
from accessibility.run_reading import StoredRun

#: The id of the script element that must hold `MapSection.data` as JSON.
DATA_ID = "map-data"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSection:
    """What a page puts where for its map.

    Parameters
    ----------
    html
        The figure: the static drawing, and controls that stay hidden until the script has run.
    data
        What the script draws, for `<script type="application/json" id="map-data">`.
    data_id
        That id.
    script, style
        The map's own.
    leaflet_script, leaflet_style
        Leaflet's; its script comes before the map's.
    """

    html: Markup
    data: Mapping[str, Json] = field(repr=False)
    script: str = field(repr=False)
    style: str = field(repr=False)
    leaflet_script: str = field(repr=False)
    leaflet_style: str = field(repr=False)
    data_id: str = DATA_ID


def map_section(
    options: Sequence[Option], words: Words, *, min_people: int, figures: Figures | None = None
) -> MapSection:
    """Make the map of a page.

    Parameters
    ----------
    options
        The current situation first, then what would change it.
    words
        The page's language.
    min_people
        A cell with fewer people is sent without their number.
    figures
        The page's figures of the same options, where they are at hand; else they are taken here.

    Raises
    ------
    ScenarioError
        If the options' runs have different cells.
    """
    data = map_data(figures or figures_of(options, min_people=min_people), words)
    return MapSection(
        html=_figure(options, words, data, min_people=min_people),
        data=data,
        script=_asset("map.js"),
        style=_asset("map.css"),
        leaflet_script=leaflet_script(),
        leaflet_style=leaflet_style(pictures=False),
    )


def _figure(
    options: Sequence[Option], words: Words, data: Mapping[str, Json], *, min_people: int
) -> Markup:
    """Fill in the template of the figure."""
    say, known = words.gettext, words_in(words.language)
    run = options[0].run
    drawing = static_map(options, words)
    boxes = [
        ("sites", sentence(known["sites"]), True, len(run.sites.frame) > 0),
        ("outlines", sentence(known["outlines"]), False, len(run.isochrones) > 0),
        ("borders", sentence(known["borders"]), True, bool(data["borders"])),
        ("roads", sentence(known["roads"]), True, bool(data["roads"])),
        ("places", sentence(known["places"]), True, bool(data["places"])),
    ]
    text = _template().render(
        drawing=drawing,
        data=data,
        boxes=[box[:3] for box in boxes if box[3]],
        caption=_caption(run, words),
        attribution=attribution(run.study),
        said={
            "map": sentence(known["map"]),
            "tier": sentence(known["tier"]),
            "shown": say("What the colours show"),
            "overlays": sentence(known["show"]),
            "find": say("Find on the map"),
            "find_hint": say("Municipality, settlement or service point"),
            "found": say("Found"),
            "keys": say(
                "Keyboard: the arrow keys move the map, with Shift in small steps; + and − change "
                "the scale; Enter opens the cell under the cross in the middle; Esc closes."
            ),
            "closed": _closed_word(options, words),
            "note_ground": _note_on_ground(run, words),
            "class": sentence(known["band"]),
            "residents": sentence(known["residents"]),
            "share": sentence(known["share"]),
            "note_bands": known["note_bands"],
            "note_click": known["note_click"],
            "note_figures": say(
                "Numbers so small that they could tell of single homes are withheld; those of a "
                "change are to the nearest ten."
            )
            if min_people > 1
            else "",
        },
    )
    return Markup(text)  # noqa: S704  (made by an escaping template)


def _closed_word(options: Sequence[Option], words: Words) -> str:
    """Name the mark of a closed site; "" where no option closes any."""
    stood = set(options[0].run.sites.frame.index)
    gone = any(stood - set(one.run.sites.frame.index) for one in options[1:])
    return sentence(words.gettext("closed in this option")) if gone else ""


def _note_on_ground(run: StoredRun, words: Words) -> str:
    """Say what the pale ground is where no municipality's outline is known."""
    if run.areas is not None and len(run.areas):
        return ""
    return words.gettext(
        "The pale ground is drawn around homes and main roads, for orientation only: it is not a "
        "coastline, nor a border."
    )


def _caption(run: StoredRun, words: Words) -> str:
    part, known = run.study.file.network, words_in(words.language)
    season = f", {known['winter']}" if part.season == "winter" else ""
    return sentence(f"{known[f'time_{part.mode}']} {known[part.direction]}{season}")


@cache
def _template_environment() -> Environment:
    return Environment(
        loader=PackageLoader("accessibility.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _template() -> Template:
    return _template_environment().get_template("map.html.jinja")


@cache
def _asset(name: str) -> str:
    return resources.files("accessibility.pages").joinpath(name).read_text(encoding="utf-8")
