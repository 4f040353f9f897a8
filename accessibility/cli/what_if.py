"""Commands that ask what if: compare two runs, screen every closure, repair a target."""

from __future__ import annotations

from pathlib import Path

import click

from accessibility.cli.shared import (
    PATH,
    close_option,
    language_option,
    load,
    log,
    log_notices,
    log_options,
    no_cache_option,
    run_with_scenario,
    scenario_of,
    scenario_option,
    set_up_log,
    show,
    show_json,
    study_argument,
)

TABLE_ROWS = 40


@click.command()
@click.argument("run1", type=PATH)
@click.argument("run2", type=PATH)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text",
    help="Form of the result.",
)  # fmt: skip
@language_option
@log_options
def compare(
    run1: Path, run2: Path, form: str, language: str | None, quiet: bool, verbose: bool
) -> None:
    """Compare two run folders: who loses, who gains, which verdicts flip."""
    from accessibility.comparison import compare as compare_outcomes
    from accessibility.reports import card, change_lines
    from accessibility.run_reading import check_comparable, read_run

    set_up_log(quiet=quiet, verbose=verbose)
    before, after = read_run(run1), read_run(run2)
    check_comparable(before, after)
    spoken = language or before.language
    found = compare_outcomes(before.outcome(spoken), after.outcome(spoken))
    if form == "json":
        show_json(found.to_dict())
    elif form == "markdown":
        show(card(found, language=spoken, study_name=before.study_name), nl=False)
    else:
        show(change_lines(found, language=spoken))


@click.command()
@study_argument
@click.option("--tier", help="Only sites of this own tier.")
@click.option("--pairs", is_flag=True, help="Every pair of closures too.")
@click.option(
    "--objective",
    type=click.Choice(["people-outside", "mean-minutes", "worst"]),
    default="people-outside",
    show_default=True,
    help="What the ranking is by.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "csv"]), default="text",
    help="Form of the result.",
)  # fmt: skip
@scenario_option
@close_option
@no_cache_option
@log_options
def screen(
    study: Path,
    tier: str | None,
    pairs: bool,
    objective: str,
    form: str,
    scenario: Path | None,
    close: tuple[str, ...],
    no_cache: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Rank every closure of a site from the least to the most harmful."""
    from accessibility.reports import csv_table
    from accessibility.what_if import screen_run

    set_up_log(quiet=quiet, verbose=verbose)
    loaded = load(study)
    _, found = run_with_scenario(
        loaded, scenario_of(scenario, close), cache=not no_cache, sensitivity=False
    )
    log_notices(found, strict=False)
    result = screen_run(found, tier=tier, pairs=pairs, objective=objective)
    if form == "json":
        show_json(result.to_dict())
        return
    table = result.to_frame().reset_index()
    if form == "csv":
        click.echo(csv_table(table), nl=False)
        return
    by_tier = [column for column in table if str(column).startswith("person_minutes")]
    shown = table.drop(columns=["harm", *by_tier]).head(TABLE_ROWS)
    by_mode = {"bicycle": "by bicycle", "walk": "on foot"}.get(loaded.file.network.mode, "by car")
    click.echo(f"Closures by {objective}, the least harmful first; travel times {by_mode}")
    show(f"Rule: {result.rule}")
    show(shown.to_string(index=False, float_format=lambda value: f"{value:,.1f}"))
    if len(table) > TABLE_ROWS:
        click.echo(f"... and {len(table) - TABLE_ROWS:,} more: --format csv lists all")


@click.command()
@study_argument
@scenario_option
@close_option
@click.option(
    "--candidates",
    type=click.Choice(["closed", "centres", "cells"]),
    help="Where a site may be opened; closed sites where a scenario closes any, else centres.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@no_cache_option
@log_options
def repair(
    study: Path,
    scenario: Path | None,
    close: tuple[str, ...],
    candidates: str | None,
    form: str,
    no_cache: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Find, for each target that is not met, the smallest set of openings that restores it."""
    from accessibility.findings import tiers_without_site
    from accessibility.what_if import repair_run

    set_up_log(quiet=quiet, verbose=verbose)
    loaded, changes = load(study), scenario_of(scenario, close)
    base, found = run_with_scenario(loaded, changes, cache=not no_cache, sensitivity=False)
    kind = candidates or ("closed" if len(found.sites.frame) < len(base.sites.frame) else "centres")
    results = repair_run(base, found, kind)
    if form == "json":
        data = {"schema_version": 1, "repairs": [one.to_dict() for one in results]}
        show_json(data)
        return
    if not results:
        click.echo("Every target is met: there is nothing to repair")
    for gone in tiers_without_site(found):
        if gone not in tiers_without_site(base):
            log.warning(f"no site of the region serves tier {gone} any more, whatever targets ask")
    for one in results:
        show(repr(one)[1:-1])
    if any(one.proof == "impossible" for one in results) and kind == "closed":
        log.warning("the closed sites do not suffice; try --candidates centres or cells")
