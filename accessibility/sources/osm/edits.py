"""What an editor has deleted in a file but still lists there, as JOSM does until it is uploaded."""

from __future__ import annotations

import bz2
import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from accessibility.errors import NetworkError

CHUNK = 1 << 20
_ELEMENT = re.compile(
    rb"<!--.*?-->|<(node|way|relation)\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>", re.DOTALL
)
_DELETED = re.compile(rb"(?<![\w:-])action\s*=\s*[\"']delete[\"']")
_REMARK = re.compile(rb"<remark>(.*?)</remark>", re.DOTALL)
_ID = re.compile(rb"(?<![\w:-])id\s*=\s*[\"'](-?[0-9]+)[\"']")


def deleted_ids(path: Path) -> frozenset[tuple[str, int]]:
    """Return kind and id of the objects that an .osm file marks with `action="delete"`.

    Raises
    ------
    NetworkError
        If the file says that the server stopped before it was whole (Overpass).

    Notes
    -----
    Source: https://wiki.openstreetmap.org/wiki/JOSM_file_format. libosmium reads `visible`, but
    not `action`. Overpass writes what it had when its time or memory ended, and a `<remark>`:
    https://dev.overpass-api.de/overpass-doc/en/preface/commons.html.
    """
    found = set()
    for text in _elements(path):
        if b"<remark" in text and (remark := _REMARK.search(text)) and b"error" in remark[1]:
            said = " ".join(remark[1].decode("utf-8", "replace").split())
            raise NetworkError(
                f"{path}: the server that wrote it stopped before it was whole ({said}). "
                "Fetch it again, with a longer timeout or a smaller region"
            )
        if b"action" not in text:
            continue
        for element in _ELEMENT.finditer(text):
            if element[1] is None or not _DELETED.search(element[2]):
                continue
            number = _ID.search(element[2])
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
            text = rest + piece.replace(b"\0", b"")  # UTF-16, of which the marks are plain
            end = max(text.rfind(b"<node"), text.rfind(b"<way"), text.rfind(b"<rel"))
            if end < 0:
                rest = text[-CHUNK:]
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
