"""What a value may be: one place for the checks of the study's file, of options and of Python.

A number out of its limits, a word that nothing knows, one text where a list is expected: each is
refused here with the same words, whichever door it came in by. The limits are those of the field
or plainly absurd beyond; none of them is a policy.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from accessibility.errors import InputError, StudyError, did_you_mean, examples

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The numbers that a setting may take: finite, and within these bounds.

    Parameters
    ----------
    above, at_least, at_most
        Exclusive lower bound, inclusive lower bound, inclusive upper bound; None: there is none.

    Examples
    --------
    >>> str(Limits(above=0, at_most=130))
    'above 0 and at most 130'
    """

    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def field(self) -> dict[str, Any]:
        """The same limits as keywords of a pydantic `Field`."""
        named = {"gt": self.above, "ge": self.at_least, "le": self.at_most}
        return {key: bound for key, bound in named.items() if bound is not None}

    def hold(self, value: float) -> bool:
        """Return whether a number is finite and within the limits."""
        return (
            math.isfinite(value)
            and (self.above is None or value > self.above)
            and (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
        )

    def __str__(self) -> str:
        named = (("above", self.above), ("at least", self.at_least), ("at most", self.at_most))
        said = [f"{word} {bound:g}" for word, bound in named if bound is not None]
        return " and ".join(said) or "any finite number"


#: Speed of access legs: up to the highest speed limit that the speed tables know.
ACCESS_SPEED_KM_H = Limits(above=0, at_most=130)
MAX_LEG_M = Limits(above=0, at_most=100_000)
MIN_COMPONENT_M = Limits(at_least=0)
#: A factor on every driving speed: ten times slower or faster is a slip of the hand beyond.
SPEED_FACTOR = Limits(above=0, at_most=10)
SET_SPEED_KM_H = Limits(above=0, at_most=130)
#: Minutes by which a modelled time may be off.
ERROR_MIN = Limits(at_least=0, at_most=60)
BAND_MIN = Limits(above=0, at_most=100_000)
RESOLUTION_M = Limits(above=0, at_most=100_000)
#: From an address to a country; a size of a cell beyond is a slip of the hand.
CELL_SIZE_M = Limits(at_least=0.1, at_most=1_000_000)
#: As many as people are taken in a cell.
CAPACITY = Limits(at_least=0, at_most=1e12)
SAVING_EUR = Limits(at_least=-1e15, at_most=1e15)
PEOPLE_FACTOR = Limits(at_least=0, at_most=100)
#: Half of the Earth's circumference: nothing is further away.
WITHIN_M = Limits(above=0, at_most=20_040_000)
LONGITUDE = Limits(at_least=-180, at_most=180)
LATITUDE = Limits(at_least=-90, at_most=90)
POSITIVE = Limits(above=0)
FINITE = Limits()


def number(
    value: object, what: str, limits: Limits = FINITE, *, error: type[InputError] = StudyError
) -> float:
    """Return a number as a float, or say what it should have been.

    Parameters
    ----------
    value
        An int, a float or a NumPy number; text and true or false are not numbers.
    what
        What the setting is called.
    limits
        Its limits; NaN and infinity are refused whatever they are.
    error
        What is raised.

    Examples
    --------
    >>> number(20, "access_speed_km_h", ACCESS_SPEED_KM_H)
    20.0
    >>> number(float("nan"), "access_speed_km_h", ACCESS_SPEED_KM_H)
    Traceback (most recent call last):
    accessibility.errors.StudyError: access_speed_km_h is nan, expected a number above 0 and at \
most 130
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise error(f"{what} must be a number, expected {limits} (it is {_shown(value)})")
    found = float(value)
    if not limits.hold(found):
        said = f"a number {limits}" if limits != FINITE else str(limits)
        raise error(f"{what} is {found:g}, expected {said}")
    return found


def whole_number(
    value: object, what: str, limits: Limits = FINITE, *, error: type[InputError] = StudyError
) -> int:
    """Return a whole number as an int, or say what it should have been."""
    found = number(value, what, limits, error=error)
    if not isinstance(value, Integral):
        raise error(f"{what} must be a whole number (it is {_shown(value)})")
    return int(found)


def word(
    value: object, what: str, known: Collection[str], *, error: type[InputError] = StudyError
) -> str:
    """Return a word that is one of those known, or say which was perhaps meant.

    >>> word("Winter", "season", ("summer", "winter"))
    Traceback (most recent call last):
    accessibility.errors.StudyError: season is "Winter" (did you mean "winter"?); expected one of \
summer, winter
    """
    if isinstance(value, str) and value in known:
        return str(value)
    shown = f'"{value}"' if isinstance(value, str) else _shown(value)
    hint = did_you_mean(value, known) if isinstance(value, str) else ""
    raise error(f"{what} is {shown}{hint}; expected one of {', '.join(known)}")


def text(value: object, what: str, *, error: type[InputError] = StudyError) -> str:
    """Return a text that is not empty, or say that one was expected."""
    if not isinstance(value, str) or not value.strip():
        raise error(f"{what} must be text (it is {_shown(value)})")
    return str(value)


def texts(values: object, what: str, *, error: type[InputError] = StudyError) -> tuple[str, ...]:
    """Return a list of texts, such as ids; a single text is not a list of its letters.

    >>> texts(["S1", "S2"], "sites")
    ('S1', 'S2')
    >>> texts("12", "sites")
    Traceback (most recent call last):
    accessibility.errors.StudyError: sites is the text "12", expected a list: ["12"]
    """
    if isinstance(values, str):
        raise error(f'{what} is the text "{values}", expected a list: ["{values}"]')
    if not isinstance(values, Iterable) or isinstance(values, (bytes, Mapping)):
        raise error(f"{what} must be a list of texts (it is {_shown(values)})")
    found = tuple(values)
    wrong = [one for one in found if not isinstance(one, str)]
    if wrong:
        raise error(
            f"{what} must be a list of texts; {len(wrong)} of them are not: "
            f"{examples(_shown(one) for one in wrong)}. Ids are text, as in {str(wrong[0])!r}"
        )
    return tuple(str(one) for one in found)


def flag(value: object, what: str, *, error: type[InputError] = StudyError) -> bool:
    """Return a flag: true or false, not a text or a number that Python would take for one."""
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):  # NumPy's own
        return bool(value)
    raise error(f"{what} must be true or false (it is {_shown(value)})")


def of_kind(
    value: object,
    what: str,
    kind: type[Kind],
    hint: str = "",
    *,
    error: type[InputError] = StudyError,
) -> Kind:
    """Return a value of a kind, or say which kind was expected and how to come by one."""
    if isinstance(value, kind):
        return value
    how = f"; {hint}" if hint else ""
    raise error(f"{what} must be a {kind.__name__} (it is {_shown(value)}){how}")


def list_of(
    values: object, what: str, kind: type[Kind], *, error: type[InputError] = StudyError
) -> tuple[Kind, ...]:
    """Return a list of values of one kind; a single value is not a list of it."""
    if isinstance(values, (kind, str, Mapping)) or not isinstance(values, Iterable):
        raise error(f"{what} must be a list of {kind.__name__} (it is {_shown(values)})")
    found = tuple(values)
    for place, one in enumerate(found):
        of_kind(one, f"{what}[{place}]", kind, error=error)
    return found


def check_frame(
    frame: Any, what: str, columns: Collection[str], *, rows: str, error: type[InputError]
) -> None:
    """Check a GeoDataFrame given by hand: its CRS, its columns, and ids that are text, each once.

    Parameters
    ----------
    frame
        What was given.
    what, rows
        What it is called, and its rows.
    columns
        Those that it must have, geometry apart.
    error
        What is raised.
    """
    if not hasattr(frame, "crs") or not hasattr(frame, "columns"):
        raise error(f"{what} must be a GeoDataFrame (it is {_shown(frame)})")
    lacking = [column for column in columns if column not in frame.columns]
    if lacking:
        hint = did_you_mean(lacking[0], frame.columns)
        raise error(f'{what} has no column "{lacking[0]}"{hint}')
    if frame.crs is None:
        raise error(f"{what} has no CRS; say which with set_crs")
    if frame.crs.is_geographic:
        raise error(f"{what} is in degrees ({frame.crs.to_string()}); bring it to metres: to_crs")
    if not frame.index.is_unique:
        twice = frame.index[frame.index.duplicated()].unique()
        raise error(f"{what} has {rows} with the same id: {examples(twice)}; give each its own")
    wrong = [one for one in frame.index if not isinstance(one, str)]
    if wrong:
        raise error(
            f"the ids of {what} must be text: {examples(_shown(one) for one in wrong)}; "
            "set_index with ids as text"
        )


def path_of(value: object, what: str, *, error: type[InputError] = StudyError) -> Path:
    """Return a path given as text or as a path."""
    if isinstance(value, str) and not value.strip():
        raise error(f"{what} is an empty path; name a file")
    if not isinstance(value, (str, PathLike)):
        raise error(f"{what} must be a path (it is {_shown(value)})")
    return Path(value)


def _shown(value: object) -> str:
    """Show a value shortly; a large one by its type alone."""
    if value is None or isinstance(value, (str, bytes, int, float)):
        return f"{value!r:.80}"
    if isinstance(value, Real):
        return str(value)
    return f"of type {type(value).__name__}"
