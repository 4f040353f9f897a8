"""What a table of cells says of itself that can hardly be meant: totals among cells, names twice.

A row of totals is refused where it is named so. What figures alone suggest is said, not refused: by
chance they may be as they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from accessibility.errors import PopulationError, examples
from accessibility.sources.tables import Table

Floats = npt.NDArray[np.float64]

#: How tables of offices name the row of their totals, in lower case.
TOTALS = frozenset(
    {
        "total", "totals", "grand total", "sum", "all", "whole country",
        "yhteensä", "summa", "kaikki", "koko maa", "totalt", "hela landet", "sammanlagt", "i alt",
        "gesamt", "insgesamt", "summe", "samtals", "kokku", "totale", "totaal", "razem", "celkem",
    }
)  # fmt: skip
#: Fewer rows than these add up by chance too often to be spoken of.
FEWEST_ROWS = 5
SAME_SUM = 0.01
LEADING_ZEROS = re.compile(r"0+(?=\d+$)")


def refuse_totals(table: Table, columns: Iterable[str]) -> None:
    """Refuse rows that are named as totals in one of some columns.

    Raises
    ------
    PopulationError
        Naming the rows.
    """
    for column in columns:
        names = table.text(column, column)
        wrong = names.str.casefold().isin(TOTALS).to_numpy(dtype=bool)
        if wrong.any():
            raise PopulationError(
                f'{table.path}: row {table.rows(wrong)} is a total ("{names[wrong].iloc[0]}" in '
                f'column "{column}"), and no cell: its people would count twice; leave it out'
            )


def like_a_total(table: Table, people: Floats) -> str:
    """Say that the first or last row holds as many people as all others together; "" if not."""
    if len(people) < FEWEST_ROWS:
        return ""
    marked = np.zeros(len(people), dtype=bool)
    marked[[0, -1]] = True
    marked &= np.abs(2 * people - people.sum()) <= SAME_SUM
    if not marked.any():
        return ""
    return (
        f"row {table.rows(marked)} has as many people as all other rows together: is it their "
        "total? Leave it out then"
    )


def more_than_all(people: Floats, groups: Mapping[str, Floats]) -> str:
    """Say which groups (NaN: hidden) have more people than all have together; "" if none."""
    found = []
    for name, own in groups.items():
        known = ~np.isnan(own)
        most = people[known].sum()
        if own[known].sum() > most + SAME_SUM:
            found.append(f"{name} {own[known].sum():,.0f} of {most:,.0f}")
    if not found:
        return ""
    return (
        f"a group has more people than all its cells together ({examples(found)}): is it the "
        "right column?"
    )


def alike_names(names: Iterable[str]) -> str:
    """Say which names differ by case, spaces or leading zeros alone; "" if none do.

    Examples
    --------
    >>> alike_names(["Kemi", "KEMI", "Oulu"]).split(":")[0]
    'KEMI, Kemi differ by case, spaces or leading zeros alone'
    >>> alike_names(["5", "005"]).split(" differ")[0]
    '005, 5'
    """
    alike: dict[str, set[str]] = {}
    for name in set(names):
        shown = "".join(one for one in name if unicodedata.category(one) != "Cf")
        key = LEADING_ZEROS.sub("", " ".join(shown.split()).casefold())
        alike.setdefault(key, set()).add(name)
    several = sorted(name for same in alike.values() if len(same) > 1 for name in same)
    if not several:
        return ""
    return (
        f"{examples(several)} differ by case, spaces or leading zeros alone: they count as "
        "municipalities of their own"
    )


__all__ = ["alike_names", "like_a_total", "more_than_all", "refuse_totals"]
