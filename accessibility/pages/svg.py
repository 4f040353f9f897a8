"""Charts drawn by hand as SVG: text stays text, nothing is a picture, and every chart has a twin.

Colours never stand alone: lines have dashes, bars have numbers, series are named beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

#: Okabe and Ito's colours that stand out from white at 3:1 or more; the first is the present.
SERIES = ("#1d1d1b", "#0072b2", "#d55e00", "#007a5a", "#8a4a79")
DASHES = ("", "9 4", "3 3", "12 3 2 3", "1 4")
LINE_PX = 21
#: How far the longest bar reaches, in per cent of the width; what is written has the rest.
LONGEST = 42
PLOT_PX, PLOT_UNITS = 250, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One row of values of a chart: its name, and values as long as the chart's labels."""

    name: str
    values: Sequence[float | None]
    written: Sequence[str] = ()


def bars(
    *, id: str, title: str, description: str, labels: Sequence[str], series: Sequence[Series],
    top: float,
) -> Markup:  # fmt: skip
    """Draw horizontal bars, one group a label, one bar a series; withheld values have no bar.

    Lengths are shares of the width and texts are in pixels, so the chart fits any width.

    Parameters
    ----------
    id
        Of the element; its title and description are named after it.
    title, description
        What it shows, and where the same figures stand.
    labels
        What each group is called.
    series
        The values, with what is written at the end of each bar.
    top
        The value of a full bar.
    """
    bar, gap = 19, 13
    parts, y = _key(series, bar=True) if len(series) > 1 else ([], 0)
    for row, label in enumerate(labels):
        parts.append(f'<text x="0" y="{y + 14}">{escape(label)}</text>')
        y += LINE_PX
        for place, one in enumerate(series):
            value = one.values[row]
            length = 0.0 if value is None or top <= 0 else LONGEST * value / top
            if length > 0:
                parts.append(
                    f'<rect x="1" y="{y}" width="{max(length, 0.2):.2f}%" height="{bar - 4}" '
                    f"{_fill(place)}/>"
                )
            parts.append(
                f'<text x="{length:.2f}%" dx="9" y="{y + bar - 7}" class="value">'
                f"{escape(one.written[row])}</text>"
            )
            y += bar
        y += gap
    return _svg(id, title, description, y - gap, parts)


def lines(
    *, id: str, title: str, description: str, x: Sequence[float], series: Sequence[Series],
    x_marks: Sequence[tuple[float, str]], y_marks: Sequence[tuple[float, str]], x_title: str,
) -> Markup:  # fmt: skip
    """Draw lines of shares (0..1) over x; a missing value is bridged.

    Parameters
    ----------
    id, title, description
        As of `bars`.
    x
        Rising places of the values.
    series
        The lines.
    x_marks, y_marks
        Places of the axes, and what is written there.
    x_title
        What x is.
    """
    end = max(x)
    parts, top = _key(series) if len(series) > 1 else ([], 0)
    top += LINE_PX
    floor = top + PLOT_PX
    for share, _ in y_marks:
        y = top + PLOT_PX * (1 - share)
        kind = "grid" if share else "axis"
        parts.append(f'<line x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}" class="{kind}"/>')
    for place, label in x_marks:
        at, anchor = 100 * place / end, "end" if place == end else "middle"
        parts.append(
            f'<line x1="{at:.2f}%" x2="{at:.2f}%" y1="{floor}" y2="{floor + 5}" class="axis"/>'
            f'<text x="{at:.2f}%" y="{floor + 20}" text-anchor="{anchor}">{escape(label)}</text>'
        )
    parts.append(f'<text x="0" y="{floor + 42}">{escape(x_title)}</text>')
    parts.append(
        f'<svg x="0" y="{top}" width="100%" height="{PLOT_PX}" overflow="visible" '
        f'viewBox="0 0 {PLOT_UNITS} {PLOT_PX}" preserveAspectRatio="none">'
    )
    for number, one in reversed(list(enumerate(series))):
        points = [
            f"{PLOT_UNITS * a / end:.1f} {PLOT_PX * (1 - b):.1f}"
            for a, b in zip(x, one.values, strict=True)
            if b is not None
        ]
        if points:
            parts.append(
                f'<path d="M{"L".join(points)}" fill="none" vector-effect="non-scaling-stroke" '
                f"{_stroke(number)}/>"
            )
    parts.append("</svg>")
    parts += [
        f'<text x="0" y="{top + PLOT_PX * (1 - share) - 5:.1f}" class="soft">{escape(label)}</text>'
        for share, label in y_marks
    ]
    return _svg(id, title, description, floor + 48, parts)


def icon(word: str) -> Markup:
    """Draw a verdict's mark: a tick in a circle, a cross in a square, a question in a diamond."""
    shapes = {
        "met": '<circle cx="12" cy="12" r="10.5"/><path class="sign" d="M6.8 12.4l3.6 3.6 7-7.6"/>',
        "not_met": (
            '<rect x="1.8" y="1.8" width="20.4" height="20.4"/>'
            '<path class="sign" d="M7.4 7.4l9.2 9.2M16.6 7.4l-9.2 9.2"/>'
        ),
        "undecided": (
            '<path d="M12 .8L23.2 12 12 23.2.8 12z"/>'
            '<path class="sign" d="M9.2 9.6c0-3.6 5.6-3.6 5.6 0 0 2.1-2.8 2-2.8 4.2M12 16.4v.4"/>'
        ),
    }
    return Markup(  # noqa: S704  (no text from the data)
        f'<svg class="icon {word}" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" '
        f'focusable="false">{shapes[word]}</svg>'
    )


def _svg(id: str, title: str, description: str, height: float, parts: Sequence[str]) -> Markup:
    return Markup(  # noqa: S704  (every text is escaped where it is put in)
        f'<svg class="chart" id="{escape(id)}" width="100%" height="{height:g}" role="img" '
        f'aria-labelledby="{escape(id)}-title {escape(id)}-desc">'
        f'<title id="{escape(id)}-title">{escape(title)}</title>'
        f'<desc id="{escape(id)}-desc">{escape(description)}</desc>{"".join(parts)}</svg>'
    )


def _key(series: Sequence[Series], *, bar: bool = False) -> tuple[list[str], int]:
    """Name the series, one a line; give the height that this takes."""
    parts = []
    for place, one in enumerate(series):
        y = place * LINE_PX
        if bar:
            parts.append(f'<rect x="1" y="{y + 3}" width="30" height="13" {_fill(place)}/>')
        else:
            parts.append(f'<line x1="0" x2="32" y1="{y + 10}" y2="{y + 10}" {_stroke(place)}/>')
        parts.append(f'<text x="40" y="{y + 14.5}">{escape(one.name)}</text>')
    return parts, len(series) * LINE_PX + 8


def _stroke(place: int) -> str:
    dash = DASHES[place % len(DASHES)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'stroke="{SERIES[place % len(SERIES)]}" stroke-width="2.5"{dashed}'


def _fill(place: int) -> str:
    """Fill a bar: the present solid, options pale with an outline."""
    colour = SERIES[place % len(SERIES)]
    if place == 0:
        return f'fill="{colour}"'
    return f'fill="{colour}" fill-opacity=".3" stroke="{colour}" stroke-width="1.6"'
