"""Conditions on limits and access: what holds through a whole season is applied, the rest counted.

Source: https://wiki.openstreetmap.org/wiki/Conditional_restrictions. `no @ (Nov-Apr)` holds all
winter; `no @ (Mo-Fr 07:00-09:00)` and `no @ snow` do not, and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from accessibility.speeds.table import Season

SUFFIX = ":conditional"
LEFT_OUT = "conditional_left_out"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: A condition holds in a season if it holds through all of these months; the season's edges differ
#: from year to year and from country to country.
MONTHS_OF: Mapping[Season, frozenset[int]] = {
    "summer": frozenset({5, 6, 7}),
    "winter": frozenset({11, 0, 1}),
}
_CLAUSE = re.compile(r"\s*([^@;]+?)\s*@\s*(\([^)]*\)|[^;]+)\s*(?:;|$)")
_DAY = r"(?:\s+[0-9]{1,2})?"
_RANGE = re.compile(rf"([a-z]{{3}})[a-z]*{_DAY}\s*-\s*([a-z]{{3}})[a-z]*{_DAY}")


def at_season(
    tags: Mapping[str, str], keys: Iterable[str], season: Season
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Apply the conditions that hold through a season.

    Parameters
    ----------
    tags
        A way's tags.
    keys
        The keys whose `:conditional` is read.
    season
        "summer" or "winter".

    Returns
    -------
    tuple
        The tags with what holds in the season put in, and what to count.

    Examples
    --------
    >>> tags = {"maxspeed": "100", "maxspeed:conditional": "80 @ (Nov-Mar)"}
    >>> at_season(tags, ["maxspeed"], "winter")[0]["maxspeed"]
    '80'
    >>> at_season({"access:conditional": "no @ (22:00-06:00)"}, ["access"], "summer")[1]
    ('conditional_left_out',)
    """
    found: dict[str, str] = dict(tags)
    counts: list[str] = []
    for key in keys:
        text = tags.get(key + SUFFIX, "").strip()
        if not text:
            continue
        clauses = _CLAUSE.findall(text)
        if not clauses:
            counts.append(LEFT_OUT)
        for value, condition in clauses:  # the last one that holds counts
            holds = holds_in(condition.strip("() "), season)
            if holds is None:
                counts.append(LEFT_OUT)
            elif holds:
                found[key] = value
    return found, tuple(dict.fromkeys(counts))


def holds_in(condition: str, season: Season) -> bool | None:
    """Tell whether a condition holds through a season; None where that is not certain.

    >>> [holds_in(text, "winter") for text in ("Nov-Apr", "May 15-Sep 30", "winter", "snow")]
    [True, False, True, None]
    """
    text = condition.strip().lower()
    if text in MONTHS_OF:
        return text == season
    found = _RANGE.fullmatch(text)
    if not found or found[1] not in MONTHS or found[2] not in MONTHS:
        return None
    first, last = MONTHS.index(found[1]), MONTHS.index(found[2])
    months = {(first + step) % 12 for step in range((last - first) % 12 + 1)}
    wanted = MONTHS_OF[season]
    if wanted <= months:
        # the first and last month may be covered in part only
        partly = {first, last} if re.search(r"[0-9]", text) else set()
        return None if wanted & partly else True
    return None if wanted & months else False
