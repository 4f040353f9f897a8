"""The errors that a caller of this package can meet.

::

    AccessibilityError
    ├── InputError (ValueError)      something given to us cannot be used
    │   ├── StudyError               a study, a speed table, an option: exit code 2
    │   │   └── ScenarioError        a scenario or a closure that cannot be applied
    │   └── DataError                the content of a data file: exit code 3
    │       ├── NetworkError         roads
    │       ├── PopulationError      people
    │       └── SitesError           sites
    └── OutputError (OSError)        a result that cannot be written: exit code 3

Every message says what is wrong, where, what was expected and how to mend it. A target that is not
met is a verdict, never an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MOST_EXAMPLES = 5


class AccessibilityError(Exception):
    """Base of every error that this package raises on purpose."""


class InputError(AccessibilityError, ValueError):
    """Something given to the package cannot be used."""


class StudyError(InputError):
    """A study, a speed table or an option is wrong."""


class ScenarioError(StudyError):
    """A scenario cannot be applied to its study."""


class DataError(InputError):
    """A data file is missing, broken, or says something impossible."""


class NetworkError(DataError):
    """A road network cannot be used."""


class PopulationError(DataError):
    """A population grid cannot be used."""


class SitesError(DataError):
    """A list of sites cannot be used."""


class OutputError(AccessibilityError, OSError):
    """A result cannot be written where it was asked for."""


def examples(values: Iterable[object]) -> str:
    """Name at most five values, and how many more there are.

    >>> examples([1, 2, 3])
    '1, 2, 3'
    >>> examples(range(7))
    '0, 1, 2, 3, 4 and 2 more'
    >>> examples([])
    'none'
    """
    listed = [str(value) for value in values]
    if not listed:
        return "none"
    shown = ", ".join(listed[:MOST_EXAMPLES])
    more = len(listed) - MOST_EXAMPLES
    return f"{shown} and {more} more" if more > 0 else shown


def did_you_mean(word: object, known: Iterable[object]) -> str:
    """Give a hint that names the known word nearest to `word`, or nothing.

    >>> did_you_mean("shre", ["share", "tier"])
    ' (did you mean "share"?)'
    >>> did_you_mean("zzz", ["share"])
    ''
    >>> did_you_mean("SHARE", ["share"]), did_you_mean("share", ["share"])
    (' (did you mean "share"?)', '')
    """
    by_case = {str(one).casefold(): str(one) for one in known if str(one) != str(word)}
    near = get_close_matches(str(word).casefold(), by_case, n=1, cutoff=0.6)
    return f' (did you mean "{by_case[near[0]]}"?)' if near else ""
