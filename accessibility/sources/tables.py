"""Tables as people keep them: CSV in any of its dialects, Parquet, GeoPackage, GeoJSON."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from accessibility.errors import DataError, did_you_mean, examples
from accessibility.sources.files import check_no_web_page, existing

NAMES_OF_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
ENCODINGS = ("utf-8-sig", "cp1252")
SPACE = "[ \u00a0\u202f]"
THOUSANDS = re.compile(rf"(?<=\d){SPACE}(?=\d{{3}}(?:\D|$))")
ENGLISH_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?")
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
WHOLE = re.compile(r"[-+]?\d+")
NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
#: How files of a kind begin: GDAL looks at the content, and some formats name other files.
FIRST_BYTES = {".gpkg": b"SQLite format 3\x00", ".geojson": b"{", ".json": b"{"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table and where its rows stand in the file.

    Parameters
    ----------
    path
        The file.
    frame
        Its rows; text stays text. A GeoDataFrame where the file has geometry.
    notes
        What reading assumed (separator, decimal comma, encoding).
    row_numbers
        Number of each row in the file, as an editor counts lines; from 1 where it has no lines.
    delimiter
        What separates the columns of a text file.
    """

    path: Path
    frame: pd.DataFrame
    notes: tuple[str, ...] = ()
    row_numbers: npt.NDArray[np.int64] | None = None
    delimiter: str = ""

    def rows(self, mask: npt.NDArray[np.bool_] | Iterable[int]) -> str:
        """Name the rows that a mask marks, as the file counts them."""
        numbers = self.row_numbers
        if numbers is None:
            numbers = np.arange(1, len(self.frame) + 1)
        return examples(numbers[np.flatnonzero(np.asarray(mask))].tolist())

    def where(self, chosen: npt.NDArray[np.bool_]) -> Table:
        """Give the rows that a mask chooses; they keep their numbers."""
        numbers = self.row_numbers
        if numbers is None:
            numbers = np.arange(1, len(self.frame) + 1)
        kept = self.frame[chosen].reset_index(drop=True)
        return replace(self, frame=kept, row_numbers=numbers[chosen])

    def column(self, name: str, key: str) -> pd.Series:
        """Give a column, or say that there is none, and which was perhaps meant.

        Parameters
        ----------
        name
            The column's name in the file.
        key
            The study's key that named it.

        Raises
        ------
        DataError
            If the file has no such column.
        """
        if name not in self.frame.columns:
            columns = [str(column) for column in self.frame.columns if column != "geometry"]
            raise DataError(
                f'{self.path}: there is no column "{name}" ({key})'
                f"{did_you_mean(name, columns)}; columns: {', '.join(columns[:30])}"
            )
        return self.frame[name]

    def text(self, name: str, key: str) -> pd.Series:
        """Give a column as trimmed text in Unicode's composed form; missing values are empty.

        Control characters (line breaks, colours of a terminal) become spaces.
        """
        column = self.column(name, key)
        if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
            column = column.astype("Int64")
        texts = column.astype("object").where(column.notna(), "")
        return texts.map(_plain).astype("object")

    def numbers(self, name: str, key: str, *, missing: str = "refuse") -> npt.NDArray[np.float64]:
        """Give a column as numbers.

        Parameters
        ----------
        name, key
            Column, and the study's key that named it.
        missing
            "refuse" empty values, or "keep" them as NaN.

        Raises
        ------
        DataError
            Naming the rows that hold no number.
        """
        column = self.column(name, key)
        if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
            values = self._parsed(column, name, key)
        else:
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        bad = ~np.isfinite(values) if missing == "refuse" else np.isinf(values)
        if bad.any():
            raise DataError(
                f'{self.path}: column "{name}" ({key}) has no number in row {self.rows(bad)}; '
                "expected a finite number"
            )
        return values

    def _parsed(self, column: pd.Series, name: str, key: str) -> npt.NDArray[np.float64]:
        texts = column.astype("object").where(column.notna(), "").map(str).str.strip()
        texts = texts.str.replace(THOUSANDS, "", regex=True)
        self._check_commas(texts, name, key)
        texts = texts.str.replace(",", ".", regex=False)
        empty = texts.eq("").to_numpy()
        good = texts.str.fullmatch(NUMBER).to_numpy(dtype=bool)
        bad = ~good & ~empty
        if bad.any():
            raise DataError(
                f'{self.path}: column "{name}" ({key}) has something else than a number in row '
                f'{self.rows(bad)}: "{_plain(texts[bad].iloc[0]):.80}"; expected a number'
            )
        return np.array(
            [float(text) if ok else np.nan for text, ok in zip(texts, good, strict=True)]
        )

    def _check_commas(self, texts: pd.Series, name: str, key: str) -> None:
        """Refuse commas that may mean thousands, or stand beside points, rather than guess."""
        comma = texts.str.contains(",", regex=False).to_numpy(dtype=bool)
        point = texts.str.contains(".", regex=False).to_numpy(dtype=bool)
        unclear = comma & point
        if self.delimiter == ",":
            unclear |= texts.str.fullmatch(ENGLISH_THOUSANDS).to_numpy(dtype=bool)
        if comma.any() and not unclear.any():
            unclear = point
        if unclear.any():
            raise DataError(
                f'{self.path}: column "{name}" ({key}): row {self.rows(unclear)} could be read in '
                f'two ways ("{_plain(texts[unclear].iloc[0]):.80}"): write numbers without '
                "thousands separators, with one decimal sign throughout the column"
            )


def read_table(path: Path, what: str) -> Table:
    """Read a table of any kind that a study may name.

    Parameters
    ----------
    path
        .csv, .parquet, .gpkg or .geojson.
    what
        What it holds, for messages.

    Raises
    ------
    DataError
        If the file is missing, of another kind, or broken.
    """
    existing(path, what)
    kind = path.suffix.lower()
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty (0 bytes); save or fetch it again")
    check_no_web_page(path)
    if kind in (".csv", ".txt", ".tsv"):
        return _read_csv(path)
    try:
        if kind in (".parquet", ".geoparquet"):
            return Table(path, _read_parquet(path))
        if kind in FIRST_BYTES:
            return Table(path, _read_features(path))
    except DataError:
        raise
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as problem:
        text = str(problem).split(";")[0].split("\n")[0]
        raise DataError(
            f"{path}: cannot be read as {kind[1:]} ({text}; {path.stat().st_size:,} bytes). "
            "A broken or unfinished file? Save or fetch it again"
        ) from problem
    raise DataError(
        f'{what}: {path} is of kind "{kind}"; expected .csv, .parquet, .gpkg or .geojson'
    )


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow.parquet as pq

    metadata = pq.read_schema(path).metadata or {}
    if b"geo" in metadata and json.loads(metadata[b"geo"]).get("columns"):
        return gpd.read_parquet(path)
    return pd.read_parquet(path)


def _read_features(path: Path) -> gpd.GeoDataFrame:
    """Read the one layer of a GeoPackage or GeoJSON file."""
    import pyogrio

    kind = path.suffix.lower()
    with path.open("rb") as file:
        first = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not first.startswith(FIRST_BYTES[kind]):
        raise DataError(
            f"{path}: is no {kind[1:]} file, by its first bytes; save it anew in the format of its "
            "name"
        )
    layers = pyogrio.list_layers(path)
    spatial = [str(name) for name, geometry in layers if geometry is not None]
    if len(spatial) > 1:
        raise DataError(
            f"{path}: has {len(spatial)} layers ({examples(spatial)}), and which one is meant is "
            "unclear; save the one as a file of its own"
        )
    return gpd.read_file(path, layer=spatial[0] if spatial else None)


def _plain(value: object) -> str:
    """Give text in Unicode's composed form, trimmed and without control characters."""
    return CONTROL.sub(" ", unicodedata.normalize("NFC", str(value))).strip()


def _read_csv(path: Path) -> Table:
    """Read a CSV file in whatever dialect it is; every value stays text."""
    raw = path.read_bytes()
    notes = []
    text, encoding = _decoded(raw, path)
    if encoding != ENCODINGS[0]:
        notes.append(f"{path.name}: read as {encoding}")
    header = text.lstrip().split("\n", 1)[0]
    delimiter = max(NAMES_OF_DELIMITERS, key=header.count)
    if delimiter != ",":
        shown = NAMES_OF_DELIMITERS[delimiter]
        notes.append(f"{path.name}: columns are separated by {shown}")
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
    if not rows:
        raise DataError(f"{path}: the file has no header row")
    names = [_plain(name) for name in rows[0]]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise DataError(f"{path}: two columns are named {examples(twice)}; rename one")
    wrong = [place for place, row in enumerate(rows) if len(row) != len(names)]
    if wrong:
        raise DataError(
            f"{path}: row {examples(lines[place] for place in wrong)} has not the {len(names)} "
            f"values of the header (the first has {len(rows[wrong[0]])}); "
            f"a {NAMES_OF_DELIMITERS[delimiter]} inside a value needs quotes"
        )
    frame = pd.DataFrame(rows[1:], columns=names, dtype="object")
    nameless = [place for place, name in enumerate(names) if not name]
    if any(row[place].strip() for row in rows for place in nameless):
        raise DataError(f"{path}: a column has values but no name in the header; name it")
    frame = frame.loc[:, [bool(name) for name in names]]  # without a spreadsheet's empty columns
    notes += [f"{path.name}: {what}" for what in _ways_of_writing_numbers(text, delimiter)]
    return Table(
        path,
        frame,
        tuple(notes),
        row_numbers=np.array(lines[1:], dtype=np.int64),
        delimiter=delimiter,
    )


def _ways_of_writing_numbers(text: str, delimiter: str) -> list[str]:
    """Say how the numbers of a file are written where that is not the plain way."""
    quote = '"' if delimiter == "," else '"?'
    start, end = f"(?:^|{re.escape(delimiter)}){quote}", f"{quote}(?:{re.escape(delimiter)}|\\r?$)"
    ways = {
        "numbers are written with a decimal comma": DECIMAL_COMMA.pattern,
        "spaces inside numbers separate thousands": rf"\d{{1,3}}(?:{SPACE}\d{{3}})+",
    }
    return [
        what for what, number in ways.items() if re.search(start + number + end, text, re.MULTILINE)
    ]


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
