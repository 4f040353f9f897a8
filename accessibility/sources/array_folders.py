"""Named arrays on disk: a folder of .npy files that any number of processes map at once.

The folder's manifest lists every file with its size and the CRC-32 of all its bytes. Loading checks
them all, at gigabytes a second, so that an array is the one that was written or an error. Nothing
is ever unpickled. A folder appears whole or not at all: it is written beside its place and renamed.
What a power cut leaves half on the disk the checks find, so that no write waits for the disk.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[np.generic]]

MANIFEST = "manifest.json"
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
#: Times that a folder is put into its place, where other processes put theirs there meanwhile.
TRIES = 5


class BrokenFolderError(ValueError):
    """A folder of arrays that is not as it was written, or of another layout."""


def save_folder(folder: Path, arrays: Arrays, *, layout: int) -> None:
    """Write arrays as a folder, in the place of whatever is there.

    Processes that have mapped an earlier folder of the name keep what they have.

    Parameters
    ----------
    folder
        Where to; the folder above it is made.
    arrays
        By name: letters, digits, `_`, `.` and `-`.
    layout
        What the arrays mean: a number that rises when they change.

    Raises
    ------
    OSError
        If it cannot be written; nothing is left behind.
    ValueError
        If an array has another name, or holds Python objects.
    """
    wrong = [name for name in arrays if not NAME.fullmatch(name)]
    if wrong:
        raise ValueError(f"arrays cannot be named {wrong}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    writing = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".writing-"))
    try:
        written = {}
        for name, array in arrays.items():
            path = writing / f"{name}.npy"
            np.save(path, array, allow_pickle=False)
            written[name] = {"bytes": path.stat().st_size, "crc32": _crc32(path)}
        manifest = json.dumps({"layout": layout, "arrays": written}, indent=1)
        (writing / MANIFEST).write_text(manifest, encoding="utf-8")
        _put(writing, folder, layout)
    finally:
        shutil.rmtree(writing, ignore_errors=True)


def load_folder(folder: Path, *, layout: int) -> dict[str, npt.NDArray[np.generic]]:
    """Map the arrays of a folder, after checking all of their bytes.

    Parameters
    ----------
    folder
        A folder that `save_folder` wrote.
    layout
        The layout that is expected.

    Returns
    -------
    dict
        Read-only arrays that lie in the file's pages: processes share them.

    Raises
    ------
    BrokenFolderError
        If anything is missing, cut short or changed, or the layout is another.
    FileNotFoundError
        If there is no such folder.
    """
    try:
        return _all_mapped(folder, layout)
    except FileNotFoundError:
        if not folder.exists():
            raise FileNotFoundError(f"there is no folder {folder}") from None
    except OSError as problem:
        raise BrokenFolderError(str(problem)) from problem
    try:  # perhaps another process was mending it
        return _all_mapped(folder, layout)
    except OSError as problem:
        raise BrokenFolderError(str(problem)) from problem


def _all_mapped(folder: Path, layout: int) -> dict[str, npt.NDArray[np.generic]]:
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        if manifest["layout"] != layout:
            raise BrokenFolderError(f"layout {manifest['layout']}, expected {layout}")
        return {
            name: _mapped(folder / f"{name}.npy", expected)
            for name, expected in manifest["arrays"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise BrokenFolderError(str(problem)) from problem


def _mapped(path: Path, expected: Mapping[str, int]) -> npt.NDArray[np.generic]:
    size = path.stat().st_size
    if size != expected["bytes"]:
        raise BrokenFolderError(f"{path.name} has {size} bytes instead of {expected['bytes']}")
    if _crc32(path) != expected["crc32"]:
        raise BrokenFolderError(f"{path.name} is not what was written (CRC-32)")
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    return np.asarray(array)  # the plain array over the same pages: results are plain, too


def _crc32(path: Path) -> int:
    return zlib.crc32(np.memmap(path, dtype=np.uint8, mode="r"))  # type: ignore[arg-type]


def _put(writing: Path, folder: Path, layout: int) -> None:
    """Rename a finished folder into its place, unless another process has put the same there.

    Whatever else is there goes away in one step, too.
    """
    for left in reversed(range(TRIES)):
        try:
            writing.rename(folder)
        except OSError:
            if not left or not folder.exists():
                raise
        else:
            return
        if _is_same(writing, folder, layout):
            return
        aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".writing-"))
        try:
            folder.rename(aside / folder.name)
        except FileNotFoundError:
            pass  # another process was faster
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _is_same(writing: Path, folder: Path, layout: int) -> bool:
    """Tell whether a folder is whole and holds what another holds."""
    try:
        load_folder(folder, layout=layout)
        return (folder / MANIFEST).read_bytes() == (writing / MANIFEST).read_bytes()
    except (OSError, BrokenFolderError):
        return False
