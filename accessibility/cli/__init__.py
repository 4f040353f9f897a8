"""The command line: stdout is the result, stderr the log, the exit code the verdict.

Exit codes: 0 done, or every target met; 1 (`check` only) a target not met or undecided; 2 a wrong
option, study or scenario; 3 data that cannot be used or written; 4 a fault of ours; 130 stopped.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
from collections.abc import Callable
from typing import NoReturn

import click

from accessibility.cli.looking import init, inspect, matrix
from accessibility.cli.paper import page
from accessibility.cli.running import check, demo, run
from accessibility.cli.shared import (
    EXIT_DATA,
    EXIT_DONE,
    EXIT_INTERNAL,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    drop_stdout,
    log,
)
from accessibility.cli.what_if import compare, repair, screen


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="accessibility", prog_name="accessibility")
def app() -> None:
    """Who reaches which service in how many minutes, and whether a region's targets hold."""


for _command in (demo, run, check, matrix, inspect, init, compare, screen, repair, page):
    app.add_command(_command)


def _code_of(problem: Exception) -> int:
    from accessibility.errors import AccessibilityError, StudyError

    if isinstance(problem, StudyError):
        return EXIT_USAGE
    of_data = (AccessibilityError, MemoryError, OSError)
    return EXIT_DATA if isinstance(problem, of_data) else EXIT_INTERNAL


def printable(text: str) -> str:
    """Drop control characters from a message, and indent its later lines: names come from data."""
    plain = "".join(one if one.isprintable() or one == "\n" else " " for one in text)
    return plain.replace("\n", "\n  ")


def main(argv: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a letter that it cannot show stops nothing
            stream.reconfigure(errors="backslashreplace")
    atexit.register(gc.freeze)  # else Python looks through all that is left, for half a second
    sys.exit(_main(app, argv))


def _open_closed_streams() -> None:
    """Give what is printed somewhere to go where a stream was closed (`2>&-`, some services).

    A file that is opened next would else take the stream's number, and what a library prints to
    standard error would end up in it.
    """
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _main(command: Callable[..., object], argv: list[str] | None) -> int:
    try:
        code = command(args=argv, prog_name="accessibility", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code if isinstance(code, int) else EXIT_DONE
    except click.exceptions.Exit as done:
        return int(done.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except click.ClickException as problem:
        problem.show()
        return EXIT_USAGE
    except (BrokenPipeError, SystemExit):  # click leaves with 1, as if a target were missed
        drop_stdout()
        return EXIT_DONE
    except Exception as problem:
        code = _code_of(problem)
        if code == EXIT_INTERNAL:
            log.debug("", exc_info=True)
            click.echo(
                f"error: a fault of ours: {type(problem).__name__}: {printable(str(problem))}\n"
                "Please report it with the command and its output under -v",
                err=True,
            )
        else:
            text = str(problem)
            if isinstance(problem, MemoryError):
                text = f"not enough memory ({text or 'none left'}); take a smaller region"
            click.echo(f"error: {printable(text)}", err=True)
        return code
