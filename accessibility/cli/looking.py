"""Commands that look: travel times between points, what is in the data, and a study to start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from accessibility.cli.shared import (
    PATH,
    engine_option,
    finite,
    load,
    log,
    log_notices,
    log_options,
    no_cache_option,
    set_up_log,
    show,
    show_progress,
)

if TYPE_CHECKING:
    from accessibility.speeds import Season
    from accessibility.traveltime import EngineChoice


@click.command()
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
    help="Of access legs, km/h; 20 by car, 16 by bicycle, 5 on foot unless given.",
)
@click.option(
    "--max-leg",
    "max_leg_m",
    type=click.FloatRange(0),
    callback=finite,
    help="Longest access leg, metres; 5000 by car, 4000 by bicycle, 1250 on foot unless given.",
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@engine_option
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
    access_speed_km_h: float | None,
    max_leg_m: float | None,
    force: bool,
    engine: EngineChoice,
    no_cache: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Compute travel times between two lists of points (from_id, to_id, travel_time_s)."""
    from accessibility.hierarchy_cache import TopologyCache
    from accessibility.notices import network_notices
    from accessibility.point_matrix import (
        check_output,
        left_out,
        point_matrix,
        read_points,
        write_pairs,
    )
    from accessibility.sources.networks import read_network_file
    from accessibility.sources.speed_tables import read_speeds
    from accessibility.traveltime import SearchBy

    set_up_log(quiet=quiet, verbose=verbose)
    check_output(out, force=force, inputs=(network, origins, destinations))
    table = read_speeds(speeds)
    starts = read_points(origins, id_column=id_column)
    ends = read_points(destinations, id_column=id_column)
    roads, _ = read_network_file(network, table, cache=not no_cache)
    with show_progress("Searching") as progress:
        pairs = point_matrix(
            roads,
            starts,
            ends,
            speeds=table,
            season=season,
            access_speed_km_h=access_speed_km_h,
            max_leg_m=max_leg_m,
            progress=progress,
            by=SearchBy(engine=engine, topologies=None if no_cache else TopologyCache()),
        )
    write_pairs(pairs, out)
    for note in (*network_notices(roads), *pairs.attrs["notes"]):
        log.warning(note)
    log.info("access legs: %s", pairs.attrs["access_legs"])
    log.info("searched with %s", pairs.attrs["engine"])
    log.info(left_out(pairs, starts, ends))
    click.echo(str(out))


@click.command()
@click.argument("source", type=PATH)
@click.option(
    "--speeds",
    help="Speed table, for a network file; finland-car in Finland, generic-car elsewhere unless "
    "given.",
)
@log_options
def inspect(source: Path, speeds: str | None, quiet: bool, verbose: bool) -> None:
    """Show what a network, or a study's data, holds."""
    from accessibility.inspection import inspect_network, inspect_run, is_study
    from accessibility.notices import network_notices
    from accessibility.reading import read_network
    from accessibility.runs import run_study

    set_up_log(quiet=quiet, verbose=verbose)
    if is_study(source):
        found = run_study(load(source), sensitivity=False)
        show(inspect_run(found))
        show(inspect_network(found.network, found.speeds), nl=False)
        log_notices(found, strict=False)
        return
    roads = read_network(source, speeds=speeds)
    assert roads.read_for is not None  # noqa: S101  (a file is read for a table)
    show(inspect_network(roads, roads.read_for), nl=False)
    for note in network_notices(roads):
        log.warning(note)


@click.command()
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
