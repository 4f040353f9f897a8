"""Opening hours: which sites are open at the time that a target asks for, and which may be.

Hours are written as OpenStreetMap writes them. A site is open, closed, or not known to be either:
where its hours are missing, say so (`unknown`, a comment such as "by appointment"), have an open
end, or turn on holidays that no calendar is at hand for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import product

from opening_hours import (  # type: ignore[attr-defined]
    OpeningHours,
    ParserError,
    State,
    UnknownCountryError,
)

from accessibility.errors import SitesError, StudyError
from accessibility.projections import transformer
from accessibility.sites import Sites

ALWAYS = "24/7"
DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
#: The week in which "Tu 20:00" is looked up: an ordinary one of winter, without a holiday.
REFERENCE_MONDAY = datetime(2026, 2, 2)
#: A site is open around the clock if it never closes within so long a time.
FAR_AHEAD = timedelta(days=366)
#: Other weeks in which a weekday is looked up, to tell whether its hours turn on the season.
OTHER_WEEKS = 51
#: Years that opening hours can be looked up in.
YEARS = range(1900, 2101)

# parts of the grammar, looked for outside of comments
COMMENT = re.compile(r'"[^"]*"')
SCHOOL_HOLIDAY, PUBLIC_HOLIDAY = re.compile(r"\bSH\b"), re.compile(r"\bPH\b")
OPEN_END = re.compile(r"(?<![\d:])(\d{1,2}:\d{2})(-\d{1,2}:\d{2})?\+")
EVERY_DAY = "Mo-Su"
#: Holidays followed by weekdays without a comma are those that fall on these weekdays.
DAY_LIST = r"(?:{0})(?:-(?:{0}))?".format("|".join(DAYS))
HOLIDAYS_ON = re.compile(rf"\b([PS]H(?:\s*,\s*[PS]H)*)\s+({DAY_LIST}(?:\s*,\s*{DAY_LIST})*)\b")
Rewriting = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


class Opening(Enum):
    """Whether a site is open."""

    OPEN = "open"
    CLOSED = "closed"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class OpenSites:
    """Site ids that are open for certain, and those that are or may be (hours not known)."""

    certain: tuple[str, ...]
    possible: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Where:
    """Whose public holidays and whose sun: a country's ISO code, else that of a place.

    Parameters
    ----------
    country
        Two letters, or None: the country of the place.
    lon_lat
        Degrees, or None.
    """

    country: str | None = None
    lon_lat: tuple[float, float] | None = None


NOWHERE = Where()


def sites_open_at(sites: Sites, site_ids: Sequence[str], open_at: str | None) -> OpenSites:
    """Find which of some sites are open at a time.

    Parameters
    ----------
    sites
        The sites, with their `hours` as OpenStreetMap writes them. Public holidays are those of
        `sites.country`, else of the country that each site lies in.
    site_ids
        The sites that are asked about.
    open_at
        A weekday and time ("Tu 20:00"), a date and time ("2026-07-07 20:00"), or "24/7"; None:
        opening hours do not matter.

    Raises
    ------
    SitesError
        If a site's hours cannot be read.
    StudyError
        If the time is none, or the country unknown.
    """
    if open_at is None:
        return OpenSites(tuple(site_ids), tuple(site_ids))
    certain, possible = [], []
    for site in site_ids:
        state = opening_of(hours_of(sites, site), open_at, site=site, where=where_is(sites, site))
        if state is Opening.OPEN:
            certain.append(site)
        if state is not Opening.CLOSED:
            possible.append(site)
    return OpenSites(tuple(certain), tuple(possible))


def hours_of(sites: Sites, site: str) -> str:
    """Return a site's hours as they are written; "" where they are not known."""
    if "hours" not in sites.frame:
        return ""
    text = str(sites.frame.at[site, "hours"] or "").strip()
    return "" if text in ("nan", "<NA>", "None") else text


def where_is(sites: Sites, site: str) -> Where:
    """Say where a site is, for its holidays."""
    point = sites.frame.geometry.at[site]
    if point is None or point.is_empty or sites.frame.crs is None:
        return Where(country=sites.country)
    lon, lat = transformer(sites.frame.crs, 4326).transform(point.x, point.y)
    on_earth = abs(lon) <= 180 and abs(lat) <= 90
    return Where(country=sites.country, lon_lat=(lon, lat) if on_earth else None)


def opening_of(text: str, open_at: str, *, site: str, where: Where = NOWHERE) -> Opening:
    """Tell whether a site is open.

    Parameters
    ----------
    text
        Its hours; "": not known.
    open_at
        See `sites_open_at`.
    site
        Its id, for messages.
    where
        Whose holidays count for a date. A weekday is no holiday.

    Examples
    --------
    >>> opening_of("Mo-Fr 08:00-16:00", "Tu 20:00", site="a")
    <Opening.CLOSED: 'closed'>
    >>> opening_of('"by appointment"', "Tu 20:00", site="a")
    <Opening.NOT_KNOWN: 'not known'>
    >>> opening_of("", "Tu 20:00", site="a")
    <Opening.NOT_KNOWN: 'not known'>
    """
    if not text:
        return Opening.NOT_KNOWN
    moment = None if open_at == ALWAYS else parse_moment(open_at)
    is_weekday = moment is not None and open_at.strip().partition(" ")[0] in DAYS
    where = NOWHERE if is_weekday else where
    parse_hours(text, site, where=where)  # named as written, where it cannot be read
    found = {
        _state(parse_hours(one, site, where=where), one, moment)
        for one in _readings(text, moment, is_weekday=is_weekday, where=where)
    }
    return found.pop() if len(found) == 1 else Opening.NOT_KNOWN


def has_calendar(where: Where, year: int = REFERENCE_MONDAY.year) -> bool:
    """Tell whether the public holidays of a place are known in a year: calendars end somewhere."""
    holidays = parse_hours("PH", "", where=where)
    begins = datetime(year, 1, 1)
    change = holidays.next_change(begins)
    return holidays.is_open(begins) or (change is not None and change.year == year)


def turns_on_season(text: str, open_at: str) -> bool:
    """Tell whether hours of a weekday are others in further weeks of the year.

    Only the hours of the reference week count for it. A date of its own, such as Christmas Eve,
    falls on a weekday once a year and is none.

    Examples
    --------
    >>> turns_on_season("Jun-Aug Mo-Fr 08:00-16:00", "Tu 12:00")
    True
    >>> turns_on_season("Mo-Fr 08:00-16:00; Dec 24 off", "Tu 12:00")
    False
    """
    if not text or open_at.strip().partition(" ")[0] not in DAYS:
        return False
    at = parse_moment(open_at)
    one = _readings(text, at, is_weekday=True, where=NOWHERE)[0]
    hours = parse_hours(one, "", where=NOWHERE)
    weeks = (at + timedelta(weeks=week) for week in range(1, OTHER_WEEKS + 1))
    return sum(_state(hours, one, week) is not _state(hours, one, at) for week in weeks) > 1


def is_holiday_unsaid(text: str, open_at: str, *, where: Where) -> bool:
    """Tell whether a date is a public holiday of which a site's hours say nothing.

    By OpenStreetMap's grammar the hours of the weekday hold then, which few sites live by.
    """
    if not text or open_at == ALWAYS or open_at.strip().partition(" ")[0] in DAYS:
        return False
    if PUBLIC_HOLIDAY.search(COMMENT.sub("", text)) or text == ALWAYS:
        return False
    return bool(parse_hours("PH", "", where=where).is_open(parse_moment(open_at)))


def check_country(code: str) -> str:
    """Return a country's code if the calendars of public holidays have it.

    Raises
    ------
    StudyError
        If they do not.
    """
    try:
        OpeningHours("PH", country=code)
    except UnknownCountryError:
        hint = f' (did you mean "{code.upper()}"?)' if code != code.upper() else ""
        raise StudyError(
            f'country = "{code}" is no ISO 3166 code of a country whose public holidays are '
            f'known{hint}; expected two capitals such as "FI"'
        ) from None
    return code


def parse_hours(text: str, site: str, *, where: Where = NOWHERE) -> OpeningHours:
    """Read opening hours as OpenStreetMap writes them.

    Parameters
    ----------
    text
        The hours.
    site
        The site's id, for messages.
    where
        Whose public holidays and sun.

    Raises
    ------
    SitesError
        Naming the site and the place of the mistake.
    """
    lon_lat = where.lon_lat
    try:
        return OpeningHours(
            text,
            country=where.country,
            coords=None if lon_lat is None else (lon_lat[1], lon_lat[0]),
            auto_country=where.country is None and lon_lat is not None,
            auto_timezone=lon_lat is not None,
        )
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
        moment = datetime.strptime(text.strip(), "%Y-%m-%d %H:%M")
    except ValueError:
        raise StudyError(
            f'open_at = "{text}" is no time; expected "Tu 20:00", "2026-07-07 20:00" or "24/7"'
        ) from None
    if moment.year not in YEARS:
        raise StudyError(
            f'open_at = "{text}": opening hours are looked up from {YEARS[0]} to {YEARS[-1]}'
        )
    return moment


def _readings(text: str, moment: datetime | None, *, is_weekday: bool, where: Where) -> list[str]:
    """Write hours in every way that what is not known allows; a single one where all is known.

    School holidays have no calendar here, and public ones may have none: a day of which they
    speak either is one, as every day of the week is, or is not, as the library takes it. An open
    end is the time given, or midnight.
    """
    text = _written(text, [(HOLIDAYS_ON, lambda found: _holidays_on(found, moment, is_weekday))])
    bare = COMMENT.sub("", text)
    school = not is_weekday and SCHOOL_HOLIDAY.search(bare)
    year = REFERENCE_MONDAY.year if moment is None else moment.year
    public = not is_weekday and PUBLIC_HOLIDAY.search(bare) and not has_calendar(where, year)
    ways: list[list[Rewriting | None]] = [
        [None, (SCHOOL_HOLIDAY, EVERY_DAY)] if school else [None],
        [None, (PUBLIC_HOLIDAY, EVERY_DAY)] if public else [None],
    ]
    if OPEN_END.search(bare):
        ways.append([(OPEN_END, _shortest), (OPEN_END, r"\1-24:00")])
    return list(
        dict.fromkeys(_written(text, [one for one in way if one]) for way in product(*ways))
    )


def _written(text: str, changes: Sequence[Rewriting]) -> str:
    """Replace parts of hours outside of their comments."""
    parts = re.split(f"({COMMENT.pattern})", text)
    for pattern, by in changes:
        parts[::2] = [pattern.sub(by, part) for part in parts[::2]]
    return "".join(parts)


def _holidays_on(found: re.Match[str], moment: datetime | None, is_weekday: bool) -> str:
    """Write holidays that fall on some weekdays for one moment: as holidays, or as another day.

    The library takes `PH Mo-Fr` for "holidays and Monday to Friday".

    Notes
    -----
    https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification: after a space both hold.
    """
    if moment is None or is_weekday:
        return found[1]  # an ordinary week has no holidays
    for part in found[2].split(","):
        first, _, last = part.strip().partition("-")
        begins = DAYS.index(first)
        length = (DAYS.index(last or first) - begins) % 7
        if (moment.weekday() - begins) % 7 <= length:
            return found[1]
    return DAYS[(moment.weekday() + 1) % 7]  # tomorrow: never now


def _shortest(found: re.Match[str]) -> str:
    """Write the least that an open end can mean: the time given, or a minute from its start."""
    if found[2]:
        return found[1] + found[2]
    hour, minute = divmod(int(found[1][:-3]) * 60 + int(found[1][-2:]) + 1, 60)
    return f"{found[1]}-{hour:02d}:{minute:02d}"


def _state(hours: OpeningHours, text: str, moment: datetime | None) -> Opening:
    """Tell whether hours are open at a moment, or around the clock."""
    if moment is not None:
        state, comment = hours.state(moment)
        return _opening(state, comment, text)
    found = {
        _opening(state, comment, text)
        for _, _, state, comment in hours.intervals(REFERENCE_MONDAY, REFERENCE_MONDAY + FAR_AHEAD)
    }
    if Opening.CLOSED in found:
        return Opening.CLOSED
    return Opening.OPEN if found == {Opening.OPEN} else Opening.NOT_KNOWN


def _opening(state: State, comment: str, text: str) -> Opening:
    """Read a state: open with a comment alone is not known, unless the hours say `open`.

    Notes
    -----
    https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification: a comment says what a rule
    cannot, such as "by appointment".
    """
    if state == State.CLOSED:
        return Opening.CLOSED
    said_open = re.search(rf'\bopen\s*"{re.escape(comment)}"', text, re.IGNORECASE)
    if state == State.UNKNOWN or (comment and not said_open):
        return Opening.NOT_KNOWN
    return Opening.OPEN
