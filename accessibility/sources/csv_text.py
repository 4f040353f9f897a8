"""CSV files as people have them: any separator, encoding and quoting, titles above the header."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from accessibility.errors import DataError, examples

NAMES_OF_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
ENCODINGS = ("utf-8-sig", "cp1252")
#: Spreadsheets name the separator in a first line of its own.
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\1*\s*', re.IGNORECASE)
#: Two values that may be one number, thousands apart.
MAY_BE_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}"), re.compile(r"\d{3}(\.\d*)?")
ROWS_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class CsvText:
    """The rows of a CSV file, all as wide as its header.

    Parameters
    ----------
    names
        The header.
    rows, lines
        Values of each row, and its line in the file.
    delimiter
        What separates the columns.
    notes
        What reading assumed.
    """

    names: list[str]
    rows: list[list[str]]
    lines: list[int]
    delimiter: str
    notes: list[str]


def read_csv_text(path: Path) -> CsvText:
    """Read a CSV file in whatever dialect it is; every value stays text.

    Raises
    ------
    DataError
        For a file that is no text, has an open quotation mark, no header, or rows longer than it.
    """
    notes = []
    text, encoding = _decoded(path.read_bytes(), path)
    if encoding != ENCODINGS[0]:
        notes.append(f"{path.name}: read as {encoding}")
    first = text.lstrip("\n\r").split("\n", 1)[0].rstrip("\r")
    said = SEPARATOR_LINE.fullmatch(first)
    delimiter = said[1] if said else _delimiter(text, path)
    if delimiter != ",":
        shown = NAMES_OF_DELIMITERS.get(delimiter, f'"{delimiter}"')
        notes.append(f"{path.name}: columns are separated by {shown}")
    rows, lines = _rows(text, delimiter, path)
    if said:
        rows, lines = rows[1:], lines[1:]
    titles = _titles(rows)
    if titles:
        notes.append(f"{path.name}: {titles} title rows above the header are left out")
        rows, lines = rows[titles:], lines[titles:]
    if not rows:
        raise DataError(f"{path}: the file has no header row")
    width = len(rows[0])
    long = [place for place, row in enumerate(rows) if any(value.strip() for value in row[width:])]
    if long:
        named = NAMES_OF_DELIMITERS.get(delimiter, f'"{delimiter}"')
        raise DataError(
            f"{path}: row {examples(lines[place] for place in long)} has not the {width} "
            f"values of the header (the first has {len(rows[long[0]])}); "
            f"a {named} inside a value needs quotes"
        )
    short = [place for place, row in enumerate(rows) if len(row) < width]
    if short:
        if delimiter == ",":
            _check_thousands(rows, lines, short, path)
        notes.append(
            f"{path.name}: {len(short)} rows lack values at their end, read as empty: row "
            f"{examples(lines[place] for place in short)}"
        )
    rows = [[*row[:width], *[""] * (width - len(row))] for row in rows]
    return CsvText(rows[0], rows[1:], lines[1:], delimiter, notes)


def _check_thousands(rows: list[list[str]], lines: list[int], short: list[int], path: Path) -> None:
    """Refuse rows that lack values and hold two that may be one, as 1,234 without quotes is."""
    first, second = MAY_BE_THOUSANDS
    for place in short:
        row = [value.strip() for value in rows[place]]
        for one, other in pairwise(row):
            if first.fullmatch(one) and second.fullmatch(other):
                raise DataError(
                    f"{path}: row {lines[place]} lacks values at its end, and its {one},{other} "
                    "may be one number or two: write numbers without thousands separators, or "
                    "give every row all its values"
                )


def _rows(text: str, delimiter: str, path: Path) -> tuple[list[list[str]], list[int]]:
    """Take text apart, leaving empty rows out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows, lines, line = [], [], 1
    try:
        for row in reader:
            if any(value.strip() for value in row):
                rows.append(row)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as problem:
        raise DataError(
            f"{path}: row {line}: {problem}; is a quotation mark left open there?"
        ) from problem
    return rows, lines


def _delimiter(text: str, path: Path) -> str:
    """Find the separator: the one by which most of the first rows fit below their header."""
    start = "\n".join(text.splitlines()[:ROWS_LOOKED_AT])

    def score(delimiter: str) -> tuple[int, int]:
        try:
            rows = _rows(start, delimiter, path)[0]
        except DataError:
            return 0, 0
        table = rows[_titles(rows) :]
        width = len(table[0]) if table else 0
        return sum(1 < len(row) <= width for row in table), width

    return max(NAMES_OF_DELIMITERS, key=score)


def _titles(rows: list[list[str]]) -> int:
    """Count the title rows above the header: one value only, where the table has more columns."""
    filled = [sum(bool(value.strip()) for value in row) for row in rows]
    if len(filled) < 3 or max(filled) < 2:
        return 0
    titles = 0
    for values in filled[:-2]:  # padded to the width of the table by spreadsheets, or not
        if values != 1:
            break
        titles += 1
    return titles


def _decoded(raw: bytes, path: Path) -> tuple[str, str]:
    """Decode a text file, and say as what."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace"), "utf-16"
    if b"\x00" in raw:
        raise DataError(f"{path}: is not a text file; expected CSV, saved as UTF-8 text")
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1"), "latin-1"
