"""Numbers as people write them: thousands and decimals in any language, told by the whole column.

`1.234` is a thousand in a German table and one and a bit in an English one. A column says which it
is by its other values; where it does not, it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]

#: Spaces, also those that do not break, and the apostrophes of Swiss tables separate thousands.
GAP = "[ \u00a0\u202f\u2007\u2009'\u2019]"
GAPS = re.compile(rf"(?<=\d){GAP}(?=\d{{3}}(?:\D|$))")
NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
MINUS = "\u2212"
#: What statistics offices write for a figure that is hidden, not known or nil; which of them it is
#: differs from office to office, so none is read as a number.
CODES = frozenset(
    [
        ".",
        "..",
        "...",
        "-",
        "--",
        "–",
        "—",
        ":",
        "*",
        "**",
        "x",
        "X",
        "c",
        "C",
        "s",
        "S",
        "u",
        "U",
        "np",
        "n.p.",
        "na",
        "NA",
        "n/a",
        "N/A",
        "nan",
        "NaN",
        "null",
        "NULL",
    ]
)
LESS_THAN = re.compile(r"[<\u2264]\s*\d+")


@dataclass(frozen=True, slots=True)
class Written:
    """How the numbers of a column are written.

    Parameters
    ----------
    decimal, thousands
        The signs; empty where there is none.
    unclear
        Marks the values that could be read in two ways, if any.
    """

    decimal: str
    thousands: str
    unclear: Mask


def is_code(text: str) -> bool:
    """Tell whether a text is what offices write for a figure that is hidden, not known or nil."""
    return text in CODES or bool(LESS_THAN.fullmatch(text))


def how_written(texts: Sequence[str], *, counts: bool, comma_separated: bool = False) -> Written:
    """Tell how a column writes its numbers.

    Parameters
    ----------
    texts
        Trimmed values without gaps, empty and hidden ones left out.
    counts
        Whether they count people or places. Coordinates and the like are never in thousands unless
        they carry both signs.
    comma_separated
        Whether commas separate the file's columns too: a decimal comma is then unlikely.

    Examples
    --------
    >>> how_written(["1.234", "567,5"], counts=True).thousands
    '.'
    >>> how_written(["1.234", "567"], counts=True).unclear.tolist()
    [True, False]
    >>> how_written(["1.234", "5.67"], counts=True).decimal
    '.'
    """
    none = np.zeros(len(texts), dtype=bool)
    has = {sign: np.array([sign in one for one in texts], dtype=bool) for sign in ",."}
    if not (has[","].any() or has["."].any()):
        return Written("", "", none)
    both = has[","] & has["."]
    fitting = [
        Written(decimal, thousands, none)
        for decimal, thousands in ((".", ","), (",", "."))
        if has[thousands].any() and _fit(texts, decimal, thousands)
    ]
    if has[","].any() and has["."].any():
        # one value with both signs, or one that can only be a decimal, decides for the column
        return (
            fitting[0] if len(fitting) == 1 else Written("", "", both if both.any() else has["."])
        )
    several = [one for one in fitting if any(text.count(one.thousands) > 1 for text in texts)]
    if several:
        return several[0]
    sign = "," if has[","].any() else "."
    if any(one.count(sign) > 1 for one in texts):
        return Written("", "", np.array([one.count(sign) > 1 for one in texts]))
    if not counts and not (comma_separated and sign == ","):
        return Written(sign, "", none)
    like_thousands = re.compile(rf"[-+]?[1-9]\d{{0,2}}{re.escape(sign)}\d{{3}}")
    unclear = np.array([bool(like_thousands.fullmatch(one)) for one in texts])
    if (has[sign] & ~unclear).any():
        return Written(sign, "", none)  # some other value can only be a decimal
    return Written("", "", unclear)


def _fit(texts: Sequence[str], decimal: str, thousands: str) -> bool:
    """Tell whether all values can be numbers with these signs."""
    digits = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|\d*"
    number = re.compile(rf"[-+]?(?:{digits})(?:{re.escape(decimal)}\d*)?")
    return all(number.fullmatch(text) for text in texts)


def parse(
    texts: Sequence[str],
    *,
    counts: bool,
    comma_separated: bool = False,
    codes: Collection[str] = (),
) -> tuple[npt.NDArray[np.float64], Mask, Written]:
    """Read numbers from text.

    Parameters
    ----------
    texts
        The values as written; an empty one is missing.
    counts, comma_separated
        See `how_written`.
    codes
        What stands for a hidden figure: read as missing.

    Returns
    -------
    tuple
        Numbers (NaN: missing, hidden or none), which values are no number, and how they are
        written.
    """
    plain = [GAPS.sub("", one.strip()).replace(MINUS, "-") for one in texts]
    missing = np.array(
        [one == "" or raw.strip() in codes for one, raw in zip(plain, texts, strict=True)],
        dtype=bool,
    )
    named = np.array([is_code(one) for one in plain], dtype=bool) & ~missing
    chosen = np.flatnonzero(~missing & ~named)
    written = how_written(
        [plain[i] for i in chosen], counts=counts, comma_separated=comma_separated
    )
    values = np.full(len(plain), np.nan)
    bad = named.copy()
    for i in chosen:
        text = plain[i]
        if written.thousands:
            text = text.replace(written.thousands, "")
        if written.decimal == ",":
            text = text.replace(",", ".")
        if NUMBER.fullmatch(text):
            values[i] = float(text)
        else:
            bad[i] = True
    unclear = np.zeros(len(plain), dtype=bool)
    unclear[chosen] = written.unclear
    return values, bad & ~unclear, Written(written.decimal, written.thousands, unclear)
