"""The command that makes the council page of run folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accessibility.cli.shared import (
    EXIT_USAGE,
    PATH,
    called_by_name,
    close_option,
    language_option,
    log,
    log_options,
    no_cache_option,
    set_up_log,
    show_progress,
    stop,
)

if TYPE_CHECKING:
    from accessibility.run_reading import StoredRun
    from accessibility.scenarios import Scenario


@click.command()
@click.argument("runs", type=PATH, nargs=-1, required=True, metavar="RUN_DIR [RUN_DIR2 ...]")
@click.option(
    "--scenario",
    "scenarios",
    type=PATH,
    multiple=True,
    help="A scenario's TOML file: an option beside the run; repeatable.",
)
@close_option
@click.option(
    "--study", type=PATH, help="The run's study, where it does not lie beside the run folder."
)
@click.option("--out", type=PATH, default="page.html", show_default=True, help="The page.")
@click.option("--pdf", type=PATH, help="A tagged PDF of the page too; needs Chromium or Chrome.")
@click.option(
    "--min-people",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Cells with fewer people show as such, their age groups are withheld.",
)
@language_option
@no_cache_option
@log_options
def page(
    runs: tuple[Path, ...],
    scenarios: tuple[Path, ...],
    close: tuple[str, ...],
    study: Path | None,
    out: Path,
    pdf: Path | None,
    min_people: int,
    language: str | None,
    no_cache: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Make one HTML page of run folders: the answer, maps, tables, and how they were made.

    The first run is the current situation (VE0); further runs, scenarios and closures are the
    options VE1, VE2 ... that it is compared with. The page fetches nothing: it opens from an
    e-mail. The same tables are written beside it as CSV.
    """
    from accessibility.run_reading import check_comparable, read_run

    set_up_log(quiet=quiet, verbose=verbose)
    _check_outputs(out, pdf)
    stored = [read_run(folder) for folder in runs]
    if stored[0].scenario is not None and any(one.scenario is None for one in stored[1:]):
        stop(
            EXIT_USAGE,
            f"{runs[0]} is the run of a scenario, but the first is what the others are compared "
            "with; give the run of the current situation first",
        )
    for other in stored[1:]:
        check_comparable(stored[0], other)
    changes = _scenarios(scenarios, close, stored[0])
    if changes:
        from accessibility.stored_scenarios import with_scenarios

        with (
            show_progress("Searching from sites") as progress,
            with_scenarios(
                stored[0], changes, study=study, cache=not no_cache, progress=progress
            ) as options,
        ):
            _write([*stored, *options], out, pdf, language=language, min_people=min_people)
    else:
        _write(stored, out, pdf, language=language, min_people=min_people)


def _check_outputs(out: Path, pdf: Path | None) -> None:
    """Refuse, before any work, outputs that could not be what they are asked to be."""
    for option, path, ending in (("--out", out, ".html"), ("--pdf", pdf, ".pdf")):
        if path is None:
            continue
        if path.suffix.lower() != ending:
            stop(EXIT_USAGE, f"{option}: {path} must end in {ending}")
        if path.is_dir():
            stop(EXIT_USAGE, f"{option}: {path} is a folder; name a file")
    if pdf is not None:
        from accessibility.pages.pdf import chromium_path

        chromium_path()


def _scenarios(files: Sequence[Path], close: tuple[str, ...], base: StoredRun) -> list[Scenario]:
    """Read the scenarios that the options ask for; the sites of --close are one of their own."""
    from accessibility.scenarios import closing
    from accessibility.sources.scenario_file import load_scenario

    found = [load_scenario(file) for file in files]
    if close:
        found.append(called_by_name(closing(close), base.sites))
    return found


def _write(
    runs: Sequence[StoredRun],
    out: Path,
    pdf: Path | None,
    *,
    language: str | None,
    min_people: int,
) -> None:
    from accessibility.pages import write_page
    from accessibility.pages.pdf import write_pdf

    spoken = language or runs[0].language
    log.info("writing %s", out)
    written = write_page(runs, out, language=spoken, min_people=min_people)
    click.echo("\n".join(str(path) for path in written))
    if pdf is not None:
        log.info("printing %s", pdf)
        write_pdf(out, pdf)
        click.echo(str(pdf))
