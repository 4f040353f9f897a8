"""Opening hours: which sites are open at the time that a target asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from opening_hours import OpeningHours, ParserError  # type: ignore[attr-defined]

from accessibility.errors import SitesError, StudyError
from accessibility.sites import Sites

ALWAYS = "24/7"
DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
#: The week in which "Tu 20:00" is looked up: an ordinary one of winter, without a holiday.
REFERENCE_MONDAY = datetime(2026, 2, 2)
#: A site is open around the clock if it never closes within so long a time.
FAR_AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class OpenSites:
    """Site ids that are open for certain, and those that are or may be (hours not known)."""

    certain: tuple[str, ...]
    possible: tuple[str, ...]


def sites_open_at(sites: Sites, site_ids: Sequence[str], open_at: str | None) -> OpenSites:
    """Find which of some sites are open at a time.

    Parameters
    ----------
    sites
        The sites, with their `hours` as OpenStreetMap writes them.
    site_ids
        The sites that are asked about.
    open_at
        A weekday and time ("Tu 20:00"), a date and time ("2026-07-07 20:00"), or "24/7"; None:
        opening hours do not matter.

    Raises
    ------
    SitesError
        If a site's hours cannot be read.
    """
    if open_at is None:
        return OpenSites(tuple(site_ids), tuple(site_ids))
    moment = None if open_at == ALWAYS else parse_moment(open_at)
    certain, possible = [], []
    has_hours = "hours" in sites.frame
    for site in site_ids:
        text = str(sites.frame.at[site, "hours"] or "").strip() if has_hours else ""
        if not text or text == "nan":
            possible.append(site)
            continue
        if _is_open(parse_hours(text, site), moment):
            certain.append(site)
            possible.append(site)
    return OpenSites(tuple(certain), tuple(possible))


def parse_hours(text: str, site: str) -> OpeningHours:
    """Read opening hours as OpenStreetMap writes them.

    Raises
    ------
    SitesError
        Naming the site and the place of the mistake.
    """
    try:
        return OpeningHours(text)
    except ParserError as problem:
        lines = [line.strip() for line in str(problem).splitlines() if "expected" in line]
        raise SitesError(
            f'site {site}: opening hours "{text}" cannot be read'
            f"{' (' + lines[0].removeprefix('= ') + ')' if lines else ''}; write them as "
            '"Mo-Fr 08:00-16:00" or "24/7"'
        ) from problem


def parse_moment(text: str) -> datetime:
    """Read when a target asks: a weekday of the reference week, or a date, and a time.

    Raises
    ------
    StudyError
        If it is neither.

    Examples
    --------
    >>> parse_moment("Tu 20:00")
    datetime.datetime(2026, 2, 3, 20, 0)
    >>> parse_moment("2026-07-07 20:00")
    datetime.datetime(2026, 7, 7, 20, 0)
    """
    day, _, time = text.strip().partition(" ")
    try:
        if day in DAYS:
            at = datetime.strptime(time, "%H:%M")
            return REFERENCE_MONDAY + timedelta(
                days=DAYS.index(day), hours=at.hour, minutes=at.minute
            )
        return datetime.strptime(text.strip(), "%Y-%m-%d %H:%M")
    except ValueError:
        raise StudyError(
            f'open_at = "{text}" is no time; expected "Tu 20:00", "2026-07-07 20:00" or "24/7"'
        ) from None


def _is_open(hours: OpeningHours, moment: datetime | None) -> bool:
    if moment is not None:
        return bool(hours.is_open(moment))
    if not hours.is_open(REFERENCE_MONDAY):
        return False
    change = hours.next_change(REFERENCE_MONDAY)
    return change is None or change - REFERENCE_MONDAY >= FAR_AHEAD
