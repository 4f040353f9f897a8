"""The words of reports and pages: sentences, numbers and dates in the reader's language.

The English sentence is the message id; the other languages are gettext catalogs (.po) under
`locales/`, read when they are first needed. docs/languages.md says how to add one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib import resources
from io import BytesIO

from babel import Locale
from babel.dates import format_date, format_time, get_day_names
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

from accessibility.errors import StudyError, did_you_mean
from accessibility.services import LANGUAGES

#: Whose way of writing numbers and dates each language follows.
LOCALES = {"fi": "fi_FI", "sv": "sv_FI", "en": "en_GB"}
#: Where the locale's long date is not what official texts of the language write.
DATE_PATTERNS = {"fi": "d.M.y", "sv": "d.M.y"}
WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MOST_DIGITS = 6
SAME_SHARE = 1e-12
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words, numbers and dates.

    Parameters
    ----------
    language
        "fi", "sv" or "en".

    Raises
    ------
    StudyError
        If there are no words in that language.

    Examples
    --------
    >>> Words("sv").gettext("target not met")
    'målet uppnås inte'
    >>> Words("en").whole(1234567.4), Words("en").percent(0.8731)
    ('1,234,567', '87%')
    """

    language: str

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise StudyError(
                f'there are no reports in "{self.language}"'
                f"{did_you_mean(self.language, LANGUAGES)}; known: {', '.join(LANGUAGES)}"
            )

    @property
    def locale(self) -> Locale:
        """The locale whose numbers and dates are written."""
        return Locale.parse(LOCALES.get(self.language, self.language))

    def gettext(self, message: str, /, **values: object) -> str:
        """Say a sentence, with its `{placeholders}` filled in."""
        said = str(catalog(self.language).gettext(message))
        return said.format(**values) if values else said

    def ngettext(self, singular: str, plural: str, number: int, /, **values: object) -> str:
        """Say a sentence about a number of things."""
        said = str(catalog(self.language).ngettext(singular, plural, number))
        return said.format(**values) if values else said

    def whole(self, number: float) -> str:
        """Write a whole number, rounded half up."""
        return self.decimal(number, digits=0)

    def tens(self, number: float) -> str:
        """Write a number rounded half up to tens."""
        return self.whole(float(_rounded(number / 10, 0)) * 10)

    def decimal(self, number: float, *, digits: int = 1, sign: bool = False) -> str:
        """Write a number with a fixed count of decimals, rounded half up."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        rounded = _rounded(number, digits)
        text = str(format_decimal(rounded, format=pattern, locale=self.locale))
        return f"+{text}" if sign and rounded > 0 else text

    def shortest(self, number: float) -> str:
        """Write a number with the decimals that it has: 30, 0.5."""
        return self.decimal(number, digits=_decimals(number))

    def percent(self, share: float, *, digits: int = 0) -> str:
        """Write a share (0..1) in per cent.

        Rounding never makes everybody of nearly everybody, or nobody of a few.

        Examples
        --------
        >>> words = Words("en")
        >>> words.percent(0.9996), words.percent(1), words.percent(0.001), words.percent(0)
        ('over 99%', '100%', 'under 1%', '0%')
        """
        digits = 0 if share in (0, 1) else digits  # everybody and nobody are exact
        rounded = _rounded(share * 100, digits)
        step = Decimal(1).scaleb(-digits)
        if rounded >= 100 and share < 1 - SAME_SHARE:
            return self.gettext("over {share}", share=self._percent(100 - step, digits))
        if rounded <= 0 and share > SAME_SHARE:
            return self.gettext("under {share}", share=self._percent(step, digits))
        return self._percent(rounded, digits)

    def percent_range(self, low: float, high: float, *, digits: int = 0) -> str:
        """Write a share that is known by its bounds.

        Examples
        --------
        >>> Words("en").percent_range(0.8, 0.95), Words("en").percent_range(0.8, 0.8)
        ('80–95%', '80%')
        """
        return self.spanned(self.percent(low, digits=digits), self.percent(high, digits=digits))

    def spanned(self, first: str, last: str) -> str:
        """Join two written shares to a range with one per cent sign; equal ones are one."""
        if first == last:
            return first
        sign = str(self.locale.percent_formats[None].pattern).removeprefix("#,##0")
        bare = first.removesuffix(sign) if first[0].isdigit() else first
        return f"{bare}–{last}"

    def percent_exactly(self, share: float) -> str:
        """Write a share with the decimals that it has, such as one that a target requires."""
        return self._percent(Decimal(repr(round(share * 100, 9))), _decimals(share * 100))

    def percent_apart(self, share: float, required: float) -> str:
        """Write a share with as many decimals as keep it apart from the one required.

        Examples
        --------
        >>> Words("en").percent_apart(0.8998, 0.9), Words("en").percent_apart(0.92, 0.9)
        ('89.98%', '92%')
        """
        if abs(share - required) <= SAME_SHARE:
            return self.percent_exactly(required)
        limit = _rounded(required * 100, MOST_DIGITS)
        for digits in range(MOST_DIGITS):
            rounded = _rounded(share * 100, digits)
            if rounded != limit and (rounded > limit) == (share > required):
                return self.percent(share, digits=digits)
        return self.percent(share, digits=MOST_DIGITS)

    def points(self, difference: float) -> str:
        """Write a difference of shares in percentage points, with its sign and without a unit.

        Examples
        --------
        >>> Words("en").points(0.086), Words("en").points(-0.0001)
        ('+8.6', '-0.01')
        """
        digits = 1
        while digits < MOST_DIGITS and difference and not _rounded(difference * 100, digits):
            digits += 1
        return self.decimal(difference * 100, digits=digits, sign=True)

    def minutes(self, minutes: float) -> str:
        """Write minutes with their unit."""
        return f"{self.shortest(minutes)}{NO_BREAK_SPACE}min"

    def date(self, day: str | date) -> str:
        """Write a day, given as a date or in ISO 8601; any other text stays as it is."""
        if isinstance(day, str):
            try:
                day = date.fromisoformat(day[:10])
            except ValueError:
                return str(day)
        pattern = DATE_PATTERNS.get(self.language, "long")
        return str(format_date(day, pattern, locale=self.locale))

    def moment(self, moment: str) -> str:
        """Write the time that a target asks about: a weekday or a date, and a time.

        Examples
        --------
        >>> Words("fi").moment("Tu 20:00"), Words("fi").moment("24/7")
        ('ti 20.00', '24/7')
        """
        day, _, clock = moment.strip().partition(" ")
        try:
            at = str(format_time(time.fromisoformat(clock), "short", locale=self.locale))
        except ValueError:
            return moment
        if day in WEEKDAYS:
            return f"{get_day_names('abbreviated', locale=self.locale)[WEEKDAYS.index(day)]} {at}"
        return f"{self.date(day)} {at}"

    def listed(self, items: Sequence[str]) -> str:
        """Join items as a sentence does: A, B and C."""
        return str(format_list(items, locale=self.locale))

    def _percent(self, number: Decimal | int, digits: int) -> str:
        pattern = str(self.locale.percent_formats[None].pattern)
        return pattern.replace("#,##0", self.decimal(float(number), digits=digits))


@cache
def catalog(language: str) -> NullTranslations:
    """Read a language's catalog, once; a language without one speaks the ids' English."""
    path = resources.files(__package__) / "locales" / language / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(path.read_bytes()), locale=language))
    compiled.seek(0)
    return Translations(compiled)


def _rounded(number: float, digits: int) -> Decimal:
    exact = Decimal(repr(round(float(number), 9)))
    return exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP) + 0


def _decimals(number: float) -> int:
    """Count the decimals that a number has, at most six."""
    text = f"{number:.{MOST_DIGITS}f}".rstrip("0")
    return len(text.split(".")[1])
