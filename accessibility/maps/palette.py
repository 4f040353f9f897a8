"""Colours of the maps' classes, told apart by people with any colour vision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# matplotlib's viridis at 13 even steps, from the lightest: near is light, far is dark
_VIRIDIS = (
    "#fde725", "#c8e020", "#90d743", "#5ec962", "#35b779", "#20a486", "#21918c",
    "#287c8e", "#31688e", "#3b528b", "#443983", "#481f70", "#440154",
)  # fmt: skip

Fill = Literal["plain", "hatched", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapClass:
    """A class of cells: what the legend calls it (escaped), its colour, and how it is filled."""

    label: str
    colour: str
    fill: Fill = "plain"


# told from each of seven viridis classes with any colour vision, which a darker grey is not
BEYOND_COLOUR = "#bdbdbd"
OPEN_COLOUR = "#ffffff"


def viridis(count: int) -> list[str]:
    """Take colours at even steps along viridis, the lightest first.

    Parameters
    ----------
    count
        How many.

    Examples
    --------
    >>> viridis(2)
    ['#fde725', '#440154']
    >>> viridis(1)
    ['#fde725']
    """
    last = len(_VIRIDIS) - 1
    places = [last * step / max(count - 1, 1) for step in range(count)]
    return [_between(place) for place in places]


def _between(place: float) -> str:
    low = min(int(place), len(_VIRIDIS) - 2)
    part = place - low
    first, second = (_channels(_VIRIDIS[one]) for one in (low, low + 1))
    mixed = (round(a + (b - a) * part) for a, b in zip(first, second, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
