"""Tables as text: CSV for scripts and spreadsheets, Markdown for readers."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO

import numpy as np
import pandas as pd

from accessibility.reports.escaping import csv_text

PEOPLE_DIGITS = 6


def coverage_csv(frame: pd.DataFrame) -> str:
    """Write the coverage table as coverage.csv has it.

    People are rounded to six decimals, which takes off the noise that scaling leaves in the last
    bits; shares keep every bit, so that a script that compares them with a target finds what the
    verdict found. A missing share is an empty cell.

    Parameters
    ----------
    frame
        From `accessibility.coverage_table.coverage`.

    Examples
    --------
    >>> frame = pd.DataFrame({"area": ["=A1", "Inari"], "people_low": [4.0, 1.5],
    ...                       "share_low": [1.0, np.nan]})
    >>> print(coverage_csv(frame), end="")
    area,people_low,share_low
    '=A1,4,1
    Inari,1.5,
    """
    people = [name for name in frame.columns if str(name).startswith("people")]
    return csv_table(frame.assign(**{name: frame[name].round(PEOPLE_DIGITS) for name in people}))


def csv_table(frame: pd.DataFrame) -> str:
    r"""Write a table as CSV: commas, decimal points, `\n`, no index.

    Text cells that a spreadsheet would take for a formula get a leading apostrophe; numbers never
    do. Missing and infinite values are empty cells.
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([csv_text(name) for name in frame.columns])
    columns = [[_cell(value) for value in frame[name].tolist()] for name in frame.columns]
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None or value is pd.NA:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if not np.isfinite(number):
            return ""
        return str(int(number)) if number.is_integer() else repr(number)
    return csv_text(value)


def markdown_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, text_columns: int = 1
) -> str:
    """Draw a Markdown table; all but the first columns are numbers, set to the right.

    Examples
    --------
    >>> print(markdown_table(["band", "people"], [["15 min", "8"]]))
    | band | people |
    | --- | ---: |
    | 15 min | 8 |
    """
    rule = ["---" if place < text_columns else "---:" for place in range(len(header))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, rule, *rows))
