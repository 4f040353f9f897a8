"""Files as they are found: whether they are there, what they plainly are not, their checksums."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from accessibility.errors import DataError, did_you_mean

REFUSED = (".zip", ".7z", ".rar", ".pkl", ".pickle", ".joblib", ".vrt")
WEB_PAGE = (b"<!doctype html", b"<html")
SIDECARS = ((".md5", "md5"), (".sha256", "sha256"))


def existing(path: Path, what: str) -> Path:
    """Return the path of a file that is there and may be read.

    Raises
    ------
    DataError
        If it is missing, a folder, a web address, or of a kind that is never opened.
    """
    text = str(path)
    if "://" in text or text.startswith("/vsi") or ":/" in text[:8].replace(":\\", ""):
        address = re.sub(r"^(\w+):/+", r"\1://", text)  # a Path swallows strokes
        address = address.replace("file://", "file:///")
        raise DataError(
            f"{what}: {address} is an address, not a file; nothing is fetched unasked. "
            "Download it and give its path"
        )
    if path.suffix.lower() in REFUSED:
        raise DataError(f"{what}: {path} is packed or not a data file; unpack it and give its path")
    try:
        if path.is_dir():
            raise DataError(f"{what}: {path} is a folder; give a file in it")
        if not path.is_file():
            near = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
            raise DataError(f"{what}: there is no file {path}{did_you_mean(path.name, near)}")
        with path.open("rb"):
            return path
    except OSError as problem:
        raise DataError(f"{what}: {path} cannot be read ({problem.strerror})") from problem


def check_no_web_page(path: Path) -> None:
    """Refuse an empty file, or a web page that was saved under a data file's name.

    Raises
    ------
    DataError
        If the file is empty, or starts as a web page does.
    """
    with path.open("rb") as file:
        first = file.read(512)
    if not first:
        raise DataError(f"{path}: the file is empty (0 bytes); fetch it again")
    if first.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(WEB_PAGE):
        raise DataError(
            f"{path}: looks like a web page, not a data file: the download address was probably "
            "wrong. Fetch the file itself"
        )


def check_sidecar(path: Path) -> None:
    """Compare with the checksum that download servers put beside a file, if it is there.

    Raises
    ------
    DataError
        If it is another file's.
    """
    for suffix, algorithm in SIDECARS:
        sidecar = path.with_name(path.name + suffix)
        if sidecar.is_file():
            stated = sidecar.read_text(encoding="ascii", errors="replace").split()[:1]
            with path.open("rb") as file:
                found = hashlib.file_digest(file, algorithm).hexdigest()
            if stated and stated[0].lower() != found:
                raise DataError(
                    f"{path}: its {algorithm} is {found}, but {sidecar.name} says {stated[0]}: "
                    "the file is incomplete or changed. Fetch both again"
                )


def sha256(path: Path) -> str:
    """Give a file's SHA-256 checksum in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
