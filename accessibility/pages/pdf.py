"""The page as a tagged PDF, printed by the Chromium that the machine has."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from accessibility.errors import OutputError

#: Names the browser where it is not on the path.
CHROMIUM_VARIABLE = "CHROMIUM"
CHROMIUM_NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge",
)  # fmt: skip
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # the page needs no network, and gets none
    "--no-pdf-header-footer",
    "--export-tagged-pdf",
    "--generate-pdf-document-outline",
)
PRINT_TIMEOUT_S = 180
#: Same page, same bytes: the clock that Chromium writes into a PDF is set back to a fixed time.
_DATES = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}[^)]*\)")
_NO_CLOCK = b"D:20000101000000+00'00'"


def chromium_path() -> str:
    """Find the browser that prints.

    Raises
    ------
    OutputError
        If there is none; the message says how to mend it.
    """
    named = os.environ.get(CHROMIUM_VARIABLE)
    for name in [named] if named else CHROMIUM_NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    looked = f"{CHROMIUM_VARIABLE}={named}" if named else ", ".join(CHROMIUM_NAMES)
    raise OutputError(
        f"--pdf: no Chromium to print with (looked for {looked}); install Chromium or Chrome, or "
        f"name it in the environment variable {CHROMIUM_VARIABLE}; or open the page in any browser "
        "and print it to a PDF there"
    )


def write_pdf(page: Path, pdf: Path) -> None:
    """Print a page to a tagged PDF: afterwards the old file is there or the new, never half of it.

    Parameters
    ----------
    page
        A page of this package: it fetches nothing.
    pdf
        Where to.

    Raises
    ------
    OutputError
        If there is no browser, or it does not print.
    """
    browser = chromium_path()
    try:
        with tempfile.TemporaryDirectory(prefix=f".{pdf.name}-", dir=pdf.parent) as folder:
            printed = Path(folder) / "printed.pdf"
            _print(browser, page.resolve(), printed, profile=Path(folder) / "profile")
            printed.write_bytes(_without_clock(printed.read_bytes()))
            printed.chmod(0o644)
            printed.replace(pdf)
    except OutputError:
        raise
    except OSError as problem:
        raise OutputError(f"--pdf: {pdf} cannot be written ({problem.strerror})") from problem


def _print(browser: str, page: Path, printed: Path, *, profile: Path) -> None:
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    command = [
        browser, *FLAGS, *sandbox, f"--user-data-dir={profile}", f"--print-to-pdf={printed}",
        page.as_uri(),
    ]  # fmt: skip
    process = subprocess.Popen(  # noqa: S603  (the browser's own path, our own file)
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        _, said = process.communicate(timeout=PRINT_TIMEOUT_S)
    except subprocess.TimeoutExpired as problem:
        raise OutputError(
            f"--pdf: {browser} did not print within {PRINT_TIMEOUT_S} s; the page itself is written"
        ) from problem
    finally:
        _end(process)
    if process.returncode != 0 or not printed.is_file() or not printed.stat().st_size:
        last = said.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise OutputError(f"--pdf: {browser} could not print the page: {last[0]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the browser with the processes that it started, where they still run."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _without_clock(pdf: bytes) -> bytes:
    """Set the times in a PDF to a fixed one of the same length, so that no offset moves."""

    def fixed(match: re.Match[bytes]) -> bytes:
        inside = len(match[0]) - len(match[1]) - 4
        return b"/" + match[1] + b" (" + _NO_CLOCK[:inside].ljust(inside) + b")"

    return _DATES.sub(fixed, pdf)
