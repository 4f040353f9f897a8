"""Tables as people keep them: CSV in any of its dialects, Parquet, GeoPackage, GeoJSON."""

from __future__ import annotations

import json
import re
import unicodedata
import warnings
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from accessibility.errors import DataError, did_you_mean, examples
from accessibility.sources.csv_text import read_csv_text
from accessibility.sources.files import check_no_web_page, existing
from accessibility.sources.numbers import GAPS, is_code, parse

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
GEOMETRY_COLUMNS = ("geometry", "geom", "the_geom", "wkt", "wkb", "wkb_geometry")
#: Largest whole numbers of 32 and 64 bits: rasters mark cells without data by them.
NO_DATA = (2.0**31 - 1, 2.0**32 - 1, 2.0**63, 2.0**64)
#: No count of people or places is larger (`Population` takes no more).
MOST_COUNTED = 1e12
EWKT = re.compile(r"SRID=(\d+);", re.IGNORECASE)
HEX = re.compile(r"[0-9A-Fa-f]{18,}")
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
        What reading assumed (separator, decimal comma, encoding); grows as columns are read.
    row_numbers
        Number of each row in the file, as an editor counts lines; from 1 where it has no lines.
    delimiter
        What separates the columns of a text file.
    """

    path: Path
    frame: pd.DataFrame
    notes: list[str] = field(default_factory=list)
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
        name = plain_text(name)
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
        return texts.map(plain_text).astype("object")

    @property
    def is_spatial(self) -> bool:
        """Whether the file has geometry of its own, not only text that may be geometry."""
        return isinstance(self.frame, gpd.GeoDataFrame)

    @property
    def geometry(self) -> npt.NDArray[np.object_] | None:
        """The file's geometry; also text columns of WKT or WKB where no other is there.

        Raises
        ------
        DataError
            If a column of that name holds something else.
        """
        if isinstance(self.frame, gpd.GeoDataFrame):
            if self.frame._geometry_column_name is None:
                return None
            return np.asarray(self.frame.geometry.array)
        named = [name for name in self.frame.columns if str(name).lower() in GEOMETRY_COLUMNS]
        if not named:
            return None
        column = self.frame[named[0]].astype("object").where(self.frame[named[0]].notna(), None)
        try:
            if all(isinstance(one, bytes) or one is None for one in column):
                return np.asarray(shapely.from_wkb(column.to_numpy()))
            texts = [str(one).strip() if one is not None else "" for one in column]
            is_hex = all(HEX.fullmatch(one) for one in texts if one)
            if is_hex:
                return np.asarray(shapely.from_wkb(np.array([one or None for one in texts])))
            return _from_wkt(texts)
        except shapely.errors.ShapelyError as problem:
            raise DataError(
                f'{self.path}: column "{named[0]}" holds no geometry ({problem}); expected WKT '
                "such as POINT (25.7 62.2), or name the columns of coordinates"
            ) from problem

    @property
    def crs(self) -> str | None:
        """The CRS that the file names, if it does."""
        if isinstance(self.frame, gpd.GeoDataFrame):
            return str(self.frame.crs) if self.frame.crs is not None else None
        geometry = self.geometry
        codes = [] if geometry is None else np.unique(shapely.get_srid(geometry)).tolist()
        codes = [code for code in codes if code > 0]  # PostGIS writes the CRS into the geometry
        if len(codes) > 1:
            raise DataError(f"{self.path}: its geometry is in several CRS (EPSG {examples(codes)})")
        return f"EPSG:{codes[0]}" if codes else None

    def numbers(
        self,
        name: str,
        key: str,
        *,
        missing: str = "refuse",
        counts: bool = False,
        codes: Collection[str] = (),
    ) -> npt.NDArray[np.float64]:
        """Give a column as numbers.

        Parameters
        ----------
        name, key
            Column, and the study's key that named it.
        missing
            "refuse" empty values, or "keep" them as NaN.
        counts
            Whether it counts people or places: `1.234` may then be over a thousand.
        codes
            What stands for a hidden figure: NaN.

        Raises
        ------
        DataError
            Naming the rows that hold no number.
        """
        column = self.column(name, key)
        if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
            values = self._parsed(column, name, key, counts=counts, codes=codes)
        else:
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        if counts:
            self._check_counts(values, name, key)
        bad = ~np.isfinite(values) if missing == "refuse" else np.isinf(values)
        if bad.any():
            raise DataError(
                f'{self.path}: column "{name}" ({key}) has no number in row {self.rows(bad)}; '
                "expected a finite number"
            )
        return values

    def _parsed(
        self, column: pd.Series, name: str, key: str, *, counts: bool, codes: Collection[str]
    ) -> npt.NDArray[np.float64]:
        texts = [str(one) for one in column.astype("object").where(column.notna(), "")]
        values, bad, written = parse(
            texts, counts=counts, comma_separated=self.delimiter == ",", codes=codes
        )
        if written.unclear.any():
            first = plain_text(texts[int(np.flatnonzero(written.unclear)[0])])
            raise DataError(
                f'{self.path}: column "{name}" ({key}): row {self.rows(written.unclear)} could be '
                f'read in two ways ("{first:.80}"): write numbers without thousands separators, '
                "with one decimal sign throughout the column"
            )
        if bad.any():
            first = plain_text(texts[int(np.flatnonzero(bad)[0])])
            hint = "expected a number"
            if is_code(first):
                hint = (
                    f'"{first}" is what offices write for a hidden or missing figure, or for none'
                )
                if key.startswith("population.groups."):
                    hint += f'; if it is a hidden one, say so: population.suppressed = ["{first}"]'
            raise DataError(
                f'{self.path}: column "{name}" ({key}) has something else than a number in row '
                f'{self.rows(bad)}: "{first:.80}"; {hint}'
            )
        self._note(written.decimal == ",", "numbers are written with a decimal comma")
        shown = {",": "commas", ".": "points"}.get(written.thousands, "")
        self._note(bool(shown), f"{shown} inside numbers separate thousands")
        gaps = any(GAPS.search(one) for one in texts)
        self._note(gaps, "spaces inside numbers separate thousands")
        return values

    def _check_counts(self, values: npt.NDArray[np.float64], name: str, key: str) -> None:
        """Refuse counts that only stand for "no data", as rasters have it, and impossible ones."""
        empty = np.isin(values, NO_DATA)
        if empty.any():
            raise DataError(
                f'{self.path}: column "{name}" ({key}) has {values[empty][0]:.0f} in row '
                f"{self.rows(empty)}: it stands for no data in rasters; leave such rows out"
            )
        many = np.isfinite(values) & (values > MOST_COUNTED)
        if many.any():
            raise DataError(
                f'{self.path}: column "{name}" ({key}) has {values[many][0]:g} in row '
                f"{self.rows(many)}; expected at most {MOST_COUNTED:g}"
            )

    def _note(self, holds: bool, what: str) -> None:
        note = f"{self.path.name}: {what}"
        if holds and note not in self.notes:
            self.notes.append(note)


def read_table(path: Path, what: str, *, layer: str | None = None) -> Table:
    """Read a table of any kind that a study may name.

    Parameters
    ----------
    path
        .csv, .parquet, .gpkg or .geojson.
    what
        What it holds, for messages.
    layer
        The layer of a GeoPackage that has several.

    Raises
    ------
    DataError
        If the file is missing, of another kind, or broken, or has no such layer.
    """
    existing(path, what)
    kind = path.suffix.lower()
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty (0 bytes); save or fetch it again")
    check_no_web_page(path)
    if layer is not None and kind != ".gpkg":
        raise DataError(f"{path}: has no layers ({_part(what)}.layer); only a .gpkg does")
    if kind in (".csv", ".txt", ".tsv"):
        return _read_csv(path)
    try:
        if kind in (".parquet", ".geoparquet"):
            return Table(path, _named(_read_parquet(path)))
        if kind in FIRST_BYTES:
            return Table(path, _read_features(path, what, layer))
    except DataError:
        raise
    except (
        OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError,
        shapely.errors.ShapelyError,
    ) as problem:  # fmt: skip
        text = str(problem).split(";")[0].split("\n")[0]
        raise DataError(
            f"{path}: cannot be read as {kind[1:]} ({text}; {path.stat().st_size:,} bytes). "
            "A broken or unfinished file? Save or fetch it again"
        ) from problem
    raise DataError(
        f'{what}: {path} is of kind "{kind}"; expected .csv, .parquet, .gpkg or .geojson'
    )


def _from_wkt(texts: Sequence[str]) -> npt.NDArray[np.object_]:
    """Read WKT, with or without the CRS that PostGIS writes before it (`SRID=3067;POINT ...`)."""
    found = [EWKT.match(text) for text in texts]
    plain = [
        text[one.end() :] if one else text or None for text, one in zip(texts, found, strict=True)
    ]
    read = shapely.from_wkt(np.array(plain, dtype=object))
    return np.asarray(shapely.set_srid(read, [int(one[1]) if one else 0 for one in found]))


def _part(what: str) -> str:
    """Name the study's table that a file belongs to: `sites` of `sites.source`."""
    return what.removesuffix(".source")


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Give columns trimmed names in composed form, and named levels of an index columns."""
    named = [one for one in frame.index.names if one is not None and one not in frame.columns]
    frame = frame.reset_index(level=named) if named else frame
    frame = frame.reset_index(drop=True)
    names = {column: plain_text(column) for column in frame.columns}
    own = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    return frame.rename(columns={old: new for old, new in names.items() if old != own})


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow.parquet as pq

    metadata = pq.read_schema(path).metadata or {}
    if b"geo" in metadata and json.loads(metadata[b"geo"]).get("columns"):
        return gpd.read_parquet(path)
    return pd.read_parquet(path)


def _read_features(path: Path, what: str, layer: str | None) -> gpd.GeoDataFrame:
    """Read one layer of a GeoPackage or GeoJSON file."""
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
    names = [str(name) for name, _ in layers]
    spatial = [str(name) for name, geometry in layers if geometry is not None]
    key = f"{_part(what)}.layer"
    if layer is not None and layer not in names:
        raise DataError(
            f'{path}: has no layer "{layer}" ({key}){did_you_mean(layer, names)}; layers: '
            f"{examples(names)}"
        )
    if layer is None and len(spatial) > 1:
        raise DataError(
            f"{path}: has {len(spatial)} layers ({examples(spatial)}), and which one is meant is "
            f'unclear; name it: {key} = "{spatial[0]}"'
        )
    chosen = layer or (spatial[0] if spatial else None)
    # the key that GDAL keeps apart: QGIS shows it as a column, under the name that the file has
    key_column = pyogrio.read_info(path, layer=chosen)["fid_column"]
    if kind == ".gpkg":
        key_column = key_column or "fid"
    frame = _features(path, chosen)
    is_running = (np.asarray(frame.index) == np.arange(len(frame))).all()
    if kind != ".gpkg" and not is_running:
        key_column = "id"  # whole numbers as ids of GeoJSON features, kept apart likewise
    frame.index.name = key_column or None
    return _named(frame)


def _features(path: Path, layer: str | None) -> gpd.GeoDataFrame:
    """Read one layer, naming the rows whose shapes are broken (a ring that is not closed)."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Non closed ring", RuntimeWarning)  # refused below
        try:
            return gpd.read_file(path, layer=layer, fid_as_index=True)
        except shapely.errors.ShapelyError as error:
            problem = error
            kept = gpd.read_file(path, layer=layer, fid_as_index=True, on_invalid="ignore")
    rows = examples((np.flatnonzero(kept.geometry.isna()) + 1).tolist())
    raise DataError(
        f"{path}: row {rows} has a shape that cannot be read ({problem}); a ring must end where it "
        "begins: close it, or save the file anew"
    ) from problem


def plain_text(value: object) -> str:
    """Return text in Unicode's composed form, trimmed and without control characters.

    A whole number is written without decimals, as tables that were once integers have it.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return CONTROL.sub(" ", unicodedata.normalize("NFC", str(value))).strip()


def _read_csv(path: Path) -> Table:
    """Read a CSV file in whatever dialect it is; every value stays text."""
    read = read_csv_text(path)
    names = [plain_text(name) for name in read.names]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise DataError(f"{path}: two columns are named {examples(twice)}; rename one")
    nameless = [place for place, name in enumerate(names) if not name]
    if any(row[place].strip() for row in read.rows for place in nameless):
        raise DataError(f"{path}: a column has values but no name in the header; name it")
    frame = pd.DataFrame(read.rows, columns=names, dtype="object")
    frame = frame.loc[:, [bool(name) for name in names]]  # without a spreadsheet's empty columns
    return Table(
        path,
        frame,
        read.notes,
        row_numbers=np.array(read.lines, dtype=np.int64),
        delimiter=read.delimiter,
    )
