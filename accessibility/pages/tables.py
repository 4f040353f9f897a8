"""Tables of the page: the same values as HTML to read, sort and copy, and as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from accessibility.reports import csv_table

Value = float | int | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its heading, what its values are called in a file, and whether it is text."""

    heading: Markup | str
    files: tuple[str, ...]
    is_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell: what is read, a second line under it, and the exact values behind both.

    Parameters
    ----------
    shown, under
        As read, escaped.
    values
        One a file column: exact numbers, or text.
    is_withheld
        Whether a figure is withheld to protect privacy; then no value may be given.
    """

    shown: Markup | str
    under: Markup | str = ""
    values: tuple[Value, ...]
    is_withheld: bool = False

    @property
    def sort(self) -> str:
        """The value that the column is sorted by; "" comes last."""
        value = self.values[0]
        return repr(float(value)) if isinstance(value, (int, float)) else str(value or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with a caption.

    Parameters
    ----------
    id
        Of its element, and of its file.
    caption
        What it shows.
    columns, rows
        The first column names the row.
    notes
        What stands under it.
    total
        Whether the last row is the whole of the others, and stays last when sorted.
    """

    id: str
    caption: Markup | str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    notes: tuple[Markup | str, ...] = ()
    total: bool = False

    @property
    def has_withheld(self) -> bool:
        """Whether any cell is withheld."""
        return any(cell.is_withheld for row in self.rows for cell in row)

    def csv(self, withheld: str) -> str:
        """Write the table as CSV, with exact values; `withheld` stands where none is given."""
        names = [name for column in self.columns for name in column.files]
        rows = [[one for cell in row for one in _filed(cell, withheld)] for row in self.rows]
        frame = pd.DataFrame(rows, columns=names, dtype=object)
        return csv_table(frame)


def _filed(cell: Cell, withheld: str) -> Iterable[Value]:
    if cell.is_withheld:
        return [withheld] * len(cell.values)
    return cell.values
