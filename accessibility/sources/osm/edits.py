"""What an editor has deleted in a file but still lists there, as JOSM does until it is uploaded."""

from __future__ import annotations

import bz2
import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

CHUNK = 1 << 20
_DELETED = re.compile(rb"<(node|way|relation)\b[^>]*\baction\s*=\s*[\"']delete[\"'][^>]*>")
_ID = re.compile(rb"\bid\s*=\s*[\"'](-?[0-9]+)[\"']")


def deleted_ids(path: Path) -> frozenset[tuple[str, int]]:
    """Return kind and id of the objects that an .osm file marks with `action="delete"`.

    Notes
    -----
    Source: https://wiki.openstreetmap.org/wiki/JOSM_file_format. libosmium reads `visible`, but
    not `action`.
    """
    found = set()
    for text in _elements(path):
        if b"action" not in text:
            continue
        for element in _DELETED.finditer(text):
            number = _ID.search(element[0])
            if number is not None:
                found.add((element[1].decode(), int(number[1])))
    return frozenset(found)


def is_xml(path: Path) -> bool:
    """Tell an XML file from a PBF by its name."""
    return not path.name.lower().endswith(".pbf")


def _elements(path: Path) -> Iterator[bytes]:
    """Read a file in pieces that end between elements."""
    rest = b""
    with _opened(path) as file:
        while piece := file.read(CHUNK):
            text = rest + piece
            end = text.rfind(b"<")
            if end < 0:
                rest = b""
                continue
            rest = text[end:]
            yield text[:end]
    yield rest


def _opened(path: Path) -> IO[bytes]:
    name = path.name.lower()
    if name.endswith(".gz"):
        return cast("IO[bytes]", gzip.open(path))
    if name.endswith(".bz2"):
        return bz2.open(path)
    return path.open("rb")
