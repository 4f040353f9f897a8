"""Commands that run a study: the demo, a run into a folder, a check of the targets."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accessibility.cli.shared import (
    EXIT_UNMET,
    EXIT_USAGE,
    FORMATS,
    PATH,
    close_option,
    drop_stdout,
    dry_run_option,
    engine_option,
    force_option,
    language_option,
    load,
    log,
    log_notices,
    log_options,
    no_cache_option,
    print_plan,
    print_verdicts,
    run_with_scenario,
    scenario_of,
    scenario_option,
    scheduler_option,
    set_up_log,
    stop,
    strict_option,
    study_argument,
    workers_option,
)

if TYPE_CHECKING:
    from accessibility.comparison import Comparison
    from accessibility.runs import Run
    from accessibility.scenarios import Scenario
    from accessibility.study import Study
    from accessibility.traveltime import EngineChoice

NEWLY_OUTSIDE = re.compile(r"newly-outside=(\d+)")


@click.command()
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

    set_up_log(quiet=quiet, verbose=verbose)
    earlier = (out / MARKER).is_file() and _is_demo_run(out / MARKER)
    study = load(demo_study())
    found = _run_and_write(study, out, force=force or earlier, language=language)
    print_verdicts(found, language)
    click.echo(f"\nWritten to {out}: open {out / 'index.html'}, or read {out / 'report.md'}")


@click.command()
@study_argument
@click.option("--out", type=PATH, help="Folder of results; STUDY-run unless given.")
@scenario_option
@close_option
@language_option
@force_option
@strict_option
@dry_run_option
@no_cache_option
@engine_option
@workers_option
@scheduler_option
@log_options
def run(
    study: Path,
    out: Path | None,
    scenario: Path | None,
    close: tuple[str, ...],
    language: str | None,
    force: bool,
    strict: bool,
    dry_run: bool,
    no_cache: bool,
    engine: EngineChoice,
    workers: int | None,
    scheduler: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Run a study: travel times, coverage, verdicts, isochrones, report and map."""
    set_up_log(quiet=quiet, verbose=verbose)
    loaded, changes = load(study), scenario_of(scenario, close)
    folder = out or Path(f"{study.stem}-run")
    if dry_run:
        print_plan(loaded, folder, changes)
        return
    found = _run_and_write(
        loaded,
        folder,
        scenario=changes,
        scenario_file=scenario,
        force=force,
        language=language,
        strict=strict,
        cache=not no_cache,
        workers=workers,
        scheduler=scheduler,
        engine=engine,
    )
    print_verdicts(found, language)
    click.echo(f"\nWritten to {folder}")


@click.command()
@study_argument
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", help="Form of the result."
)
@scenario_option
@close_option
@click.option(
    "--fail-on",
    default="target",
    show_default=True,
    help="Exit 1 if: a target is not met or undecided (target), falls below the baseline (worse), "
    "or more than N people are newly outside one (newly-outside=N).",
)
@click.option(
    "--margin", is_flag=True, help="Also say how much slower roads may get before a verdict flips."
)
@language_option
@strict_option
@dry_run_option
@no_cache_option
@engine_option
@workers_option
@scheduler_option
@log_options
def check(
    study: Path,
    form: str,
    scenario: Path | None,
    close: tuple[str, ...],
    fail_on: str,
    margin: bool,
    language: str | None,
    strict: bool,
    dry_run: bool,
    no_cache: bool,
    engine: EngineChoice,
    workers: int | None,
    scheduler: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Check a study's targets; exit 1 if any is not met or undecided."""
    set_up_log(quiet=quiet, verbose=verbose)
    loaded, changes = load(study), scenario_of(scenario, close)
    _check_rule(fail_on, changes)
    if dry_run:
        print_plan(loaded, None, changes)
        return
    if not loaded.targets:
        stop(EXIT_USAGE, f"{study}: the study has no [[targets]] to check")
    base, found = run_with_scenario(
        loaded,
        changes,
        cache=not no_cache,
        workers=workers,
        scheduler=scheduler,
        engine=engine,
    )
    log_notices(found, strict=strict)
    spoken = language or loaded.language
    comparison = None
    if changes is not None:
        from accessibility.what_if import compare_runs

        comparison = compare_runs(base, found, spoken)
    text = _rendered(found, comparison, form, spoken, margin=margin)
    try:
        click.echo(text, nl=not text.endswith("\n"))
    except BrokenPipeError:  # the verdict stands, whoever reads it
        drop_stdout()
    if _fails(fail_on, found, comparison):
        click.get_current_context().exit(EXIT_UNMET)


def _check_rule(fail_on: str, scenario: Scenario | None) -> None:
    """Refuse a rule that does not exist, or that needs a scenario and has none."""
    if fail_on == "target":
        return
    if fail_on != "worse" and NEWLY_OUTSIDE.fullmatch(fail_on) is None:
        stop(EXIT_USAGE, f'--fail-on "{fail_on}" is no rule; known: target, worse, newly-outside=N')
    if scenario is None:
        stop(
            EXIT_USAGE,
            f"--fail-on {fail_on} compares with the baseline: give --scenario or --close",
        )


def _fails(fail_on: str, found: Run, comparison: Comparison | None) -> bool:
    if comparison is None or fail_on == "target":
        return any(verdict.word != "met" for verdict in found.verdicts)
    targets = comparison.targets
    if fail_on == "worse":
        after, before = targets["measured_after"], targets["measured_before"]
        return bool((after < before - 1e-12).any() or (after.isna() & before.notna()).any())
    limit = int(fail_on.removeprefix("newly-outside="))
    return bool((targets["newly_outside"] > limit + 1e-6).any())


def _rendered(
    found: Run, comparison: Comparison | None, form: str, language: str, *, margin: bool
) -> str:
    """Lay the verdicts out, with what a scenario changes and the margins where asked."""
    from accessibility.margins import speed_margins
    from accessibility.reports import area_names_of, card, change_lines, render_run
    from accessibility.reports.escaping import json_text, terminal_text

    text = render_run(found, format=form, language=language)
    mode, areas = found.study.file.network.mode, area_names_of(found, language)
    margins = speed_margins(found) if margin else []
    if form == "json" and (comparison is not None or margins):
        data = json.loads(text)
        if comparison is not None:
            data["changes"] = {**comparison.to_dict(), "effects": list(found.effects)}
        if margins:
            data["margins"] = [
                {"target": one.target, "verdict": one.word, "flips_at_speed_factor": one.factor}
                for one in margins
            ]
        return json_text(json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)) + "\n"
    if form == "text":
        text += "".join(f"\n{line}" for line in margin_lines(margins))
        if comparison is not None:
            effects = "".join(f"note: {terminal_text(one)}\n" for one in found.effects)
            lines = change_lines(comparison, language=language, mode=mode, area_names=areas)
            text += f"\n{lines}\n{effects}"
    if form == "markdown" and comparison is not None:
        text += "\n" + card(
            comparison,
            language=language,
            study_name=found.study.name.in_language(language),
            scenario=found.scenario,
            effects=found.effects,
            mode=mode,
            area_names=areas,
        )
    return text


def margin_lines(margins: list) -> list[str]:  # type: ignore[type-arg]
    """Say in English how far each verdict is from flipping."""
    lines = []
    for one in margins:
        if one.slower is None:
            lines.append(f"{one.target}: {one.word} at every speed from 0.4 to 2 times the study's")
        else:
            way = "slower" if one.slower > 0 else "faster"
            lines.append(f"{one.target}: {one.word} until roads are {abs(one.slower):.1%} {way}")
    return [*lines, ""] if lines else []


def _run_and_write(
    study: Study,
    folder: Path,
    *,
    force: bool,
    language: str | None,
    scenario: Scenario | None = None,
    scenario_file: Path | None = None,
    strict: bool = False,
    cache: bool = True,
    workers: int | None = None,
    scheduler: str | None = None,
    engine: EngineChoice = "auto",
) -> Run:
    from accessibility.run_folder import check_folder, inputs_of, write_run

    inputs = inputs_of(study, scenario)
    if scenario_file is not None:
        inputs["scenario"] = scenario_file.resolve()
    check_folder(folder, force=force, inputs=inputs)
    base, found = run_with_scenario(
        study, scenario, cache=cache, workers=workers, scheduler=scheduler, engine=engine
    )
    log_notices(found, strict=strict)
    log.info("writing %s", folder)
    baseline = base if scenario is not None else None
    write_run(found, folder, force=force, language=language, baseline=baseline)
    return found


def _is_demo_run(marker: Path) -> bool:
    try:
        study = json.loads(marker.read_text(encoding="utf-8"))["inputs"]["study"]["file"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(study == "demo.toml")
