"""The command line: stdout is the result, stderr the log, the exit code the verdict.

Exit codes: 0 done, or every target met; 1 (`check` only) a target not met or undecided; 2 a wrong
option, study or scenario; 3 data that cannot be used or written; 4 a fault of ours; 130 stopped.
"""

from __future__ import annotations

import io
import logging
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from accessibility.runs import Run
    from accessibility.speeds import Season
    from accessibility.study import Study
    from accessibility.traveltime.node_times import Progress

log = logging.getLogger("accessibility")

EXIT_DONE, EXIT_UNMET, EXIT_USAGE, EXIT_DATA, EXIT_INTERNAL, EXIT_INTERRUPTED = 0, 1, 2, 3, 4, 130

Command = Callable[..., None]

PATH = click.Path(path_type=Path)
FORMATS = ("text", "json", "junit", "github", "markdown")

study_argument = click.argument("study", type=PATH)
language_option = click.option(
    "--language",
    type=click.Choice(["fi", "sv", "en"]),
    help="Of reports and maps; the study's unless given.",
)
force_option = click.option("--force", is_flag=True, help="Replace an earlier run in the folder.")
strict_option = click.option("--strict", is_flag=True, help="Treat warnings as data errors.")
dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Check the inputs and say what would be done."
)
no_cache_option = click.option(
    "--no-cache", is_flag=True, help="Read the network from its source, not from the cache."
)


def finite(context: click.Context, parameter: click.Parameter, value: float) -> float:
    """Refuse nan and inf, which pass for numbers."""
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is no finite number.", context, parameter)
    return value


def log_options(command: Command) -> Command:
    """Give a command -q and -v."""
    quiet = click.option("-q", "--quiet", is_flag=True, help="Log errors only.")
    verbose = click.option("-v", "--verbose", is_flag=True, help="Log every step.")
    return quiet(verbose(command))


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="accessibility", prog_name="accessibility")
def app() -> None:
    """Who reaches which service in how many minutes, and whether a region's targets hold."""


@app.command()
@click.option(
    "--out", type=PATH, default="accessibility-demo", show_default=True, help="Folder of results."
)
@language_option
@force_option
@log_options
def demo(out: Path, language: str | None, force: bool, quiet: bool, verbose: bool) -> None:
    """Run the built-in demo region: a simplified model, not for decisions."""
    from accessibility.run_folder import MARKER
    from accessibility.starters import demo_study

    _set_up_log(quiet=quiet, verbose=verbose)
    earlier = (out / MARKER).is_file() and _is_demo_run(out / MARKER)
    study = _load(demo_study())
    found = _run_and_write(study, out, force=force or earlier, language=language)
    _print_verdicts(found, language)
    click.echo(f"\nWritten to {out}: open {out / 'map.html'} or read {out / 'report.md'}")


@app.command()
@study_argument
@click.option("--out", type=PATH, help="Folder of results; STUDY-run unless given.")
@language_option
@force_option
@strict_option
@dry_run_option
@no_cache_option
@log_options
def run(
    study: Path,
    out: Path | None,
    language: str | None,
    force: bool,
    strict: bool,
    dry_run: bool,
    no_cache: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Run a study: travel times, coverage, verdicts, isochrones, report and map."""
    _set_up_log(quiet=quiet, verbose=verbose)
    loaded = _load(study)
    folder = out or Path(f"{study.stem}-run")
    if dry_run:
        _print_plan(loaded, folder)
        return
    found = _run_and_write(
        loaded, folder, force=force, language=language, strict=strict, cache=not no_cache
    )
    _print_verdicts(found, language)
    click.echo(f"\nWritten to {folder}")


@app.command()
@study_argument
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", help="Form of the result."
)
@language_option
@strict_option
@dry_run_option
@no_cache_option
@log_options
def check(
    study: Path,
    form: str,
    language: str | None,
    strict: bool,
    dry_run: bool,
    no_cache: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Check a study's targets; exit 1 if any is not met or undecided."""
    from accessibility.reports import render
    from accessibility.runs import run_study

    _set_up_log(quiet=quiet, verbose=verbose)
    loaded = _load(study)
    if dry_run:
        _print_plan(loaded, None)
        return
    if not loaded.targets:
        _stop(EXIT_USAGE, f"{study}: the study has no [[targets]] to check")
    with _progress("Searching from sites") as progress:
        found = run_study(loaded, cache=not no_cache, progress=progress)
    _log_notices(found, strict=strict)
    spoken = language or loaded.language
    text = render(
        found.verdicts,
        format=form,
        language=spoken,
        study_name=loaded.name.in_language(spoken),
    )
    try:
        click.echo(text, nl=not text.endswith("\n"))
    except BrokenPipeError:  # the verdict stands, whoever reads it
        _drop_stdout()
    if any(verdict.word != "met" for verdict in found.verdicts):
        click.get_current_context().exit(EXIT_UNMET)


@app.command()
@click.option("--network", type=PATH, required=True, help="OSM or GraphML file.")
@click.option("--speeds", required=True, help="Speed table: a built-in name or a TOML file.")
@click.option("--origins", type=PATH, required=True, help="CSV with id, lon, lat.")
@click.option("--destinations", type=PATH, required=True, help="CSV with id, lon, lat.")
@click.option("--out", type=PATH, required=True, help="Result: .parquet or .csv.")
@click.option("--id-column", default="id", show_default=True, help="Column of the ids.")
@click.option("--season", type=click.Choice(["summer", "winter"]), default="summer")
@click.option(
    "--access-speed",
    "access_speed_km_h",
    type=click.FloatRange(0.1, 130),
    callback=finite,
    default=20,
    show_default=True,
    help="Of access legs, km/h.",
)
@click.option(
    "--max-leg",
    "max_leg_m",
    type=click.FloatRange(0),
    callback=finite,
    default=5000,
    show_default=True,
    help="Longest access leg, metres.",
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@no_cache_option
@log_options
def matrix(
    network: Path,
    speeds: str,
    origins: Path,
    destinations: Path,
    out: Path,
    id_column: str,
    season: Season,
    access_speed_km_h: float,
    max_leg_m: float,
    force: bool,
    no_cache: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Compute travel times between two lists of points (from_id, to_id, travel_time_s)."""
    from accessibility.point_matrix import (
        check_output,
        left_out,
        point_matrix,
        read_points,
        write_pairs,
    )
    from accessibility.sources.networks import read_network_file
    from accessibility.sources.speed_tables import read_speeds

    _set_up_log(quiet=quiet, verbose=verbose)
    check_output(out, force=force, inputs=(network, origins, destinations))
    table = read_speeds(speeds)
    starts = read_points(origins, id_column=id_column)
    ends = read_points(destinations, id_column=id_column)
    roads, _ = read_network_file(network, table, cache=not no_cache)
    with _progress("Searching") as progress:
        pairs = point_matrix(
            roads,
            starts,
            ends,
            speeds=table,
            season=season,
            access_speed_km_h=access_speed_km_h,
            max_leg_m=max_leg_m,
            progress=progress,
        )
    write_pairs(pairs, out)
    log.info(left_out(pairs, starts, ends))
    click.echo(str(out))


@app.command()
@click.argument("source", type=PATH)
@click.option(
    "--speeds", default="finland-car", show_default=True, help="Speed table, for a network file."
)
@log_options
def inspect(source: Path, speeds: str, quiet: bool, verbose: bool) -> None:
    """Show what a network, or a study's data, holds."""
    from accessibility.inspection import inspect_network, inspect_run, is_study
    from accessibility.reading import read_network
    from accessibility.runs import run_study
    from accessibility.sources.speed_tables import read_speeds

    _set_up_log(quiet=quiet, verbose=verbose)
    if is_study(source):
        found = run_study(_load(source), sensitivity=False)
        click.echo(inspect_run(found))
        click.echo(inspect_network(found.network, found.speeds), nl=False)
        _log_notices(found, strict=False)
        return
    table = read_speeds(speeds)
    click.echo(inspect_network(read_network(source, speeds=table), table), nl=False)


@app.command()
@click.argument("folder", type=PATH, metavar="DIR")
def init(folder: Path) -> None:
    """Start a study of your own: a commented study.toml and a template for sites."""
    from accessibility.starters import write_starter

    for path in write_starter(folder):
        click.echo(str(path))
    click.echo(
        "Fill in the lines marked <- yours, then: accessibility run "
        f"{folder / 'study.toml'} --dry-run",
        err=True,
    )


def _load(path: Path) -> Study:
    from accessibility.study import load_study

    return load_study(path)


def _run_and_write(
    study: Study,
    folder: Path,
    *,
    force: bool,
    language: str | None,
    strict: bool = False,
    cache: bool = True,
) -> Run:
    from accessibility.run_folder import check_folder, write_run
    from accessibility.runs import run_study

    check_folder(folder, force=force, inputs=study.inputs)
    with _progress("Searching from sites") as progress:
        found = run_study(study, cache=cache, progress=progress)
    _log_notices(found, strict=strict)
    log.info("writing %s", folder)
    write_run(found, folder, force=force, language=language)
    return found


def _print_verdicts(found: Run, language: str | None) -> None:
    from accessibility.reports import render

    spoken = language or found.study.language
    name = found.study.name.in_language(spoken)
    text = render(found.verdicts, format="text", language=spoken, study_name=name)
    click.echo(text, nl=not text.endswith("\n"))


def _print_plan(study: Study, folder: Path | None) -> None:
    """Say what a run would read and do; every input is opened, no route is searched."""
    from accessibility.reading import read_population, read_sites, study_speeds
    from accessibility.sources.files import existing

    for what, path in study.inputs.items():
        existing(path, what)
    speeds = study_speeds(study)
    population, sites = read_population(study), read_sites(study)
    file = study.file
    click.echo(f"study       {study.name.in_language('en')}")
    click.echo(f"network     {file.network.source}, {speeds.name}, {file.network.season}")
    click.echo(f"population  {population.total:,.0f} people in {len(population.cells):,} cells")
    click.echo(f"sites       {len(sites.frame)}")
    click.echo(f"tiers       {', '.join(study.tiers.ids)}")
    click.echo(f"targets     {', '.join(target.id for target in study.targets) or 'none'}")
    click.echo(f"bands       {', '.join(f'{band:g}' for band in study.bands_min)} min")
    if folder is not None:
        click.echo(f"would write {folder}")


def _log_notices(found: Run, *, strict: bool) -> None:
    from accessibility.notices import notices

    texts = notices(found)
    for text in (*found.population.notes, *found.sites.notes):
        log.info(text)
    for text in texts:
        log.warning(text)
    if strict and texts:
        _stop(EXIT_DATA, f"--strict: {len(texts)} warnings, see above")


def _is_demo_run(marker: Path) -> bool:
    import json

    try:
        study = json.loads(marker.read_text(encoding="utf-8"))["inputs"]["study"]["file"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(study == "demo.toml")


def _set_up_log(*, quiet: bool, verbose: bool) -> None:
    if quiet and verbose:
        raise click.UsageError("-q and -v exclude each other.")
    level = logging.ERROR if quiet else logging.DEBUG if verbose else logging.INFO
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(levelname)s: %(message)s"))
    logger = logging.getLogger("accessibility")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False


class _OneLine(logging.Formatter):
    """Writes lower-case levels and no control characters: names come from data."""

    def format(self, record: logging.LogRecord) -> str:
        record.levelname = record.levelname.lower()
        return "".join(
            one if one.isprintable() else " " for one in super().format(record).replace("\n", " ")
        )


@contextmanager
def _progress(what: str) -> Iterator[Progress | None]:
    """Show a progress bar, on a terminal only."""
    if not sys.stderr.isatty() or not log.isEnabledFor(logging.INFO):
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _stop(code: int, message: str) -> NoReturn:
    click.echo(f"error: {message}", err=True)
    raise click.exceptions.Exit(code)


def _code_of(problem: Exception) -> int:
    from accessibility.errors import AccessibilityError, StudyError

    if isinstance(problem, StudyError):
        return EXIT_USAGE
    of_data = (AccessibilityError, MemoryError, OSError)
    return EXIT_DATA if isinstance(problem, of_data) else EXIT_INTERNAL


def _printable(text: str) -> str:
    """Drop control characters from a message, and indent its later lines: names come from data."""
    plain = "".join(one if one.isprintable() or one == "\n" else " " for one in text)
    return plain.replace("\n", "\n  ")


def _drop_stdout() -> None:
    """Stop writing to a pipe whose reader has gone (`| head`)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(argv: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a letter that it cannot show stops nothing
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_main(app, argv))


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
        _drop_stdout()
        return EXIT_DONE
    except Exception as problem:
        code = _code_of(problem)
        if code == EXIT_INTERNAL:
            log.debug("", exc_info=True)
            click.echo(
                f"error: a fault of ours: {type(problem).__name__}: {_printable(str(problem))}\n"
                "Please report it with the command and its output under -v",
                err=True,
            )
        else:
            click.echo(f"error: {_printable(str(problem))}", err=True)
        return code
