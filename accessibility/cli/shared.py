"""What the commands share: options, the log, progress, exit codes."""

from __future__ import annotations

import json
import logging
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from accessibility.runs import Run
    from accessibility.scenarios import Scenario
    from accessibility.sites import Sites
    from accessibility.speed_profiles import Searcher
    from accessibility.study import Study
    from accessibility.traveltime import EngineChoice
    from accessibility.traveltime.node_times import Progress

log = logging.getLogger("accessibility")

EXIT_DONE, EXIT_UNMET, EXIT_USAGE, EXIT_DATA, EXIT_INTERNAL, EXIT_INTERRUPTED = 0, 1, 2, 3, 4, 130

Command = Callable[..., None]

PATH = click.Path(path_type=Path)
ENGINES = ("auto", "scipy", "buckets", "hierarchy")
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
engine_option = click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="auto",
    show_default=True,
    help="What searches; the result is the same. auto chooses by size.",
)
scenario_option = click.option("--scenario", type=PATH, help="A scenario's TOML file.")
close_option = click.option(
    "--close", multiple=True, metavar="ID", help="Close a site; repeatable."
)
workers_option = click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Search in N processes of this machine.",
)
scheduler_option = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Search on the dask cluster with this scheduler, such as tcp://10.0.0.5:8786.",
)


def finite(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    """Refuse nan and inf, which pass for numbers; an option may be left out."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is no finite number.", context, parameter)
    return value


def log_options(command: Command) -> Command:
    """Give a command -q and -v."""
    quiet = click.option("-q", "--quiet", is_flag=True, help="Log errors only.")
    verbose = click.option("-v", "--verbose", is_flag=True, help="Log every step.")
    return quiet(verbose(command))


def load(path: Path) -> Study:
    """Read a study."""
    from accessibility.study import load_study

    return load_study(path)


def scenario_of(file: Path | None, close: tuple[str, ...]) -> Scenario | None:
    """Read the scenario that the options ask for; None: the baseline."""
    from accessibility.scenarios import CloseSite, closing
    from accessibility.sources.scenario_file import load_scenario

    if file is None:
        return closing(close) if close else None
    scenario = load_scenario(file)
    more = tuple(CloseSite(site=site) for site in close)
    return replace(scenario, changes=(*scenario.changes, *more))


def run_with_scenario(
    study: Study,
    scenario: Scenario | None,
    *,
    cache: bool,
    sensitivity: bool = True,
    workers: int | None = None,
    scheduler: str | None = None,
    engine: EngineChoice = "auto",
) -> tuple[Run, Run]:
    """Run a study, and its scenario where there is one: the baseline, and what is asked about."""
    from accessibility.runs import run_study
    from accessibility.what_if import run_scenario

    with searching(workers, scheduler) as searcher:
        with show_progress("Searching from sites") as progress:
            base = run_study(
                study,
                cache=cache,
                sensitivity=sensitivity,
                progress=progress,
                searcher=searcher,
                engine=engine,
            )
        if scenario is None:
            return base, base
        found = run_scenario(base, called_by_name(scenario, base.sites), searcher=searcher)
    for effect in found.effects:
        log.info(effect)
    return base, found


@contextmanager
def searching(workers: int | None, scheduler: str | None) -> Iterator[Searcher]:
    """Say who searches: this process, others of this machine, or a cluster."""
    if workers is not None and scheduler is not None:
        raise click.UsageError("--workers and --scheduler exclude each other.")
    if workers is None and scheduler is None:
        from accessibility.speed_profiles import search_here

        yield search_here
        return
    from accessibility.distributed import BatchError, ClusterWorkers, FanOut, ProcessWorkers

    try:
        with ClusterWorkers(scheduler) if scheduler else ProcessWorkers(workers or 1) as those:
            yield FanOut(workers=those)
    except BatchError as problem:
        stop(EXIT_INTERNAL, str(problem))


def called_by_name(scenario: Scenario, sites: Sites) -> Scenario:
    """Call the sites that --close names by their names, where they are known."""
    from accessibility.scenarios import CloseSite, closing

    ids = [change.site for change in scenario.changes if isinstance(change, CloseSite)]
    if not ids or scenario != closing(ids) or not set(ids) <= set(sites.ids):
        return scenario
    return closing(ids, [f"{sites.frame.at[one, 'name']} ({one})" for one in ids])


def print_verdicts(found: Run, language: str | None) -> None:
    """Print a run's verdicts as text."""
    from accessibility.reports import render_run

    text = render_run(found, format="text", language=language or found.study.language)
    click.echo(text, nl=not text.endswith("\n"))


def print_plan(study: Study, folder: Path | None, scenario: Scenario | None = None) -> None:
    """Say what a run would read and do; every input is opened, no route is searched."""
    from accessibility.reading import (
        read_population,
        read_sites,
        read_surroundings,
        study_speeds,
        with_areas,
    )
    from accessibility.sources.files import existing

    for what, path in study.inputs.items():
        existing(path, what)
    speeds = study_speeds(study)
    population, sites = read_population(study), read_sites(study)
    file = study.file
    areas, places = read_surroundings(study)
    if file.areas is not None:
        population, areas = with_areas(population, areas, file.areas.source)
    show(f"study       {study.name.in_language('en')}")
    show(f"network     {file.network.source}, {speeds.name}, {file.network.season}")
    show(f"population  {population.total:,.0f} people in {len(population.cells):,} cells")
    show(f"sites       {len(sites.frame)}")
    if areas is not None:
        show(f"areas       {len(areas)}")
        for note in areas.attrs.get("notes", []):
            log.warning(note)
    if places is not None:
        show(f"places      {len(places)}")
    show(f"tiers       {', '.join(study.tiers.ids)}")
    show(f"targets     {', '.join(target.id for target in study.targets) or 'none'}")
    show(f"bands       {', '.join(f'{band:g}' for band in study.bands_min)} min")
    if scenario is not None:
        show(f"scenario    {scenario.name.in_language('en')}: {len(scenario.changes)} changes")
    if folder is not None:
        show(f"would write {folder}")


def log_notices(found: Run, *, strict: bool) -> None:
    from accessibility.notices import notices

    texts = notices(found)
    for text in (*found.population.notes, *found.sites.notes):
        log.info(text)
    for text in texts:
        log.warning(text)
    if strict and texts:
        stop(EXIT_DATA, f"--strict: {len(texts)} warnings, see above")


def set_up_log(*, quiet: bool, verbose: bool) -> None:
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
def show_progress(what: str) -> Iterator[Progress | None]:
    """Show a progress bar, on a terminal only."""
    if not sys.stderr.isatty() or not log.isEnabledFor(logging.INFO):
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def show(text: str, *, nl: bool = True) -> None:
    """Print lines in which names from the data stand, without what a terminal would obey."""
    from accessibility.reports.escaping import terminal_text

    click.echo(terminal_text(text), nl=nl)


def show_json(data: object) -> None:
    """Print a result as JSON; what a terminal would obey or hide is escaped."""
    from accessibility.reports.escaping import json_text

    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    click.echo(json_text(text))


def stop(code: int, message: str) -> NoReturn:
    plain = "".join(one if one.isprintable() or one == "\n" else " " for one in message)
    click.echo(f"error: {plain}", err=True)
    raise click.exceptions.Exit(code)


def drop_stdout() -> None:
    """Stop writing to a pipe whose reader has gone (`| head`)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
