"""Travel times between two lists of points, without a study around them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from accessibility.errors import DataError, OutputError, StudyError, examples
from accessibility.network import (
    NOWHERE,
    Parts,
    RoadNetwork,
    Snapped,
    Snapper,
    drive_times,
    search_graph,
)
from accessibility.projections import transformer
from accessibility.reports.escaping import csv_text
from accessibility.sources.tables import read_table
from accessibility.speeds import Season, SpeedTable
from accessibility.traveltime import (
    AUTO,
    UNREACHABLE,
    PointTimes,
    SearchBy,
    node_times,
    settings_for,
    whole_seconds,
)
from accessibility.traveltime.node_times import Progress

Floats = npt.NDArray[np.float64]

OUTPUT_KINDS = (".parquet", ".csv")
LONG_LEG_M = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Named points: ids as text, longitude and latitude in degrees."""

    ids: pd.Index[str]
    lon: Floats
    lat: Floats


def read_points(path: Path, *, id_column: str = "id") -> Points:
    """Read points from a CSV file with `id`, `lon`, `lat`; ids stay text.

    Raises
    ------
    DataError
        For repeated or empty ids and impossible coordinates, naming the rows.
    """
    table = read_table(path, "points")
    ids = table.text(id_column, "--id-column")
    lon, lat = table.numbers("lon", "points"), table.numbers("lat", "points")
    if not len(ids):
        raise DataError(f"{path}: holds no point")
    empty = ids.eq("").to_numpy()
    repeated = ids.duplicated(keep=False).to_numpy()
    if empty.any() or repeated.any():
        what = "no id" if empty.any() else f'an id that comes twice ("{ids[repeated].iloc[0]}")'
        raise DataError(f"{path}: row {table.rows(empty if empty.any() else repeated)} has {what}")
    nowhere = (lon == 0) & (lat == 0)
    if nowhere.any():
        raise DataError(
            f"{path}: row {table.rows(nowhere)} stands at 0, 0: its coordinates are missing"
        )
    outside = (np.abs(lon) > 180) | (np.abs(lat) > 90)
    if outside.any():
        raise DataError(
            f"{path}: row {table.rows(outside)} has no longitude and latitude in degrees "
            f"({lon[outside][0]:g}, {lat[outside][0]:g}); expected EPSG:4326"
        )
    return Points(ids=pd.Index(ids, dtype="object"), lon=lon, lat=lat)


def point_matrix(
    network: RoadNetwork,
    origins: Points,
    destinations: Points,
    *,
    speeds: SpeedTable,
    season: Season = "summer",
    access_speed_km_h: float | None = None,
    max_leg_m: float | None = None,
    min_component_m: float = 1000,
    progress: Progress | None = None,
    by: SearchBy = AUTO,
) -> pd.DataFrame:
    """Compute the travel time from every origin to every destination.

    Parameters
    ----------
    network
        The roads.
    origins, destinations
        Points; both are snapped as sites are: to the nearest road where one can arrive and leave,
        whichever part of the network it lies in.
    speeds, season
        The speed table and the season.
    access_speed_km_h, max_leg_m, min_component_m
        See `accessibility.travel_times`.
    progress
        Called with the searches done and all searches.
    by
        How to search.

    Returns
    -------
    DataFrame
        `from_id`, `to_id` (text), `travel_time_s` (whole seconds), in the order of the files;
        pairs without a way are left out. `attrs["notes"]` says which points were moved or far,
        `attrs["engine"]` what searched, `attrs["access_legs"]` how points get to their road.

    Raises
    ------
    DataError
        If no point lies near the network.
    """
    crs = _local_crs(network)
    to_local = transformer(4326, crs)
    start_xy = np.column_stack(to_local.transform(origins.lon, origins.lat))
    end_xy = np.column_stack(to_local.transform(destinations.lon, destinations.lat))
    settings = settings_for(
        speeds,
        crs=crs,
        season=season,
        access_speed_km_h=access_speed_km_h,
        max_leg_m=max_leg_m,
        min_component_m=min_component_m,
    )
    max_leg_m = settings.max_leg_m
    times = drive_times(network, speeds, season=settings.season)
    snapper = Snapper(
        times,
        crs,
        access_speed_km_h=settings.access_speed_km_h,
        max_leg_m=max_leg_m,
        min_component_m=settings.min_component_m,
    )
    ends = snapper.snap_sites(end_xy)
    starts = snapper.snap_sites(start_xy)
    for what, points, snapped in (
        ("origins", origins, starts),
        ("destinations", destinations, ends),
    ):
        if snapped.too_far.all():
            raise DataError(
                f"all {len(points.ids)} {what} are over {max_leg_m:g} m from any road: the points "
                f"span {_extent(points)}, the roads {_degrees(*network.bounds)}. "
                "Are longitude and latitude swapped, or is it another region's file?"
            )
    graph = search_graph(times)
    if len(ends) <= len(starts):
        reader = PointTimes(graph, starts, direction="to_sites")
        found = node_times(
            graph, ends, direction="to_sites", progress=progress, by=by, nodes=reader.nodes
        )
        drive_ds = reader.of_sites(found, np.arange(len(ends))).T
    else:
        reader = PointTimes(graph, ends, direction="from_sites")
        found = node_times(
            graph, starts, direction="from_sites", progress=progress, by=by, nodes=reader.nodes
        )
        drive_ds = reader.of_sites(found, np.arange(len(starts)))
    pairs = _pairs(drive_ds, starts, ends, origins, destinations)
    pairs.attrs["engine"] = found.engine
    pairs.attrs["access_legs"] = (
        f"{settings.access_speed_km_h:g} km/h, at most {settings.max_leg_m:g} m"
    )
    pairs.attrs["notes"] = [
        *_notes("origins", origins, starts, max_leg_m),
        *_notes("destinations", destinations, ends, max_leg_m),
        *_cut_off(snapper.parts, destinations, starts, ends),
    ]
    return pairs


def _cut_off(parts: Parts, destinations: Points, starts: Snapped, ends: Snapped) -> list[str]:
    """Name the destinations on a part of the network where no origin stands."""
    on_road = ~ends.too_far & (ends.edge != NOWHERE)
    part = parts.part[np.maximum(ends.edge, 0)]
    left = starts.edge[~starts.too_far & (starts.edge != NOWHERE)]
    apart = on_road & ~np.isin(part, parts.part[left])
    if not apart.any():
        return []
    names = [
        f"{name} ({parts.length_m[one] / 1000:.1f} km of road)"
        for name, one in zip(destinations.ids[apart], part[apart], strict=True)
    ]
    return [
        f"{int(apart.sum())} destinations stand on a part of the road network that nothing joins "
        f"to the roads of any origin: no way there: {examples(names)}. An island, or a road that "
        "the map has not joined?"
    ]


def _notes(what: str, points: Points, stand: Snapped, max_leg_m: float) -> list[str]:
    """Say which points were moved, are far from any road, or too far."""
    return [
        f"{int(mask.sum())} {what} {text}: {examples(points.ids[mask])}"
        for mask, text in (
            (stand.moved, "stand by a road that is cut off and were moved to the nearest other"),
            (stand.too_far, f"are over {max_leg_m:g} m from any road: left out"),
            ((stand.leg_m > LONG_LEG_M) & ~stand.too_far, "are over 1 km from their road"),
        )
        if mask.any()
    ]


def _pairs(
    drive_ds: npt.NDArray[np.int32], starts: Snapped, ends: Snapped, origins: Points,
    destinations: Points,
) -> pd.DataFrame:  # fmt: skip
    """List the pairs that have a way, access legs included, in whole seconds."""
    usable = (drive_ds != UNREACHABLE) & ~starts.too_far[:, None] & ~ends.too_far[None, :]
    rows, columns = np.nonzero(usable)
    total_ds = drive_ds[rows, columns].astype(np.int64) + starts.leg_ds[rows] + ends.leg_ds[columns]
    same = (origins.lon[rows] == destinations.lon[columns]) & (
        origins.lat[rows] == destinations.lat[columns]
    )
    total_ds[same] = 0  # nobody travels to where they are
    return pd.DataFrame(
        {
            "from_id": origins.ids.to_numpy()[rows],
            "to_id": destinations.ids.to_numpy()[columns],
            "travel_time_s": whole_seconds(total_ds).astype(np.int32),
        }
    )


def check_output(path: Path, *, force: bool, inputs: Iterable[Path]) -> None:
    """Check, before any work, that a result may be written to a file.

    Raises
    ------
    StudyError
        If it ends in something else than .parquet or .csv, is there already and `force` is not
        given, is a folder or a link, or is one of the inputs.
    """
    if path.suffix not in OUTPUT_KINDS:
        raise StudyError(f"--out: {path} must end in {' or '.join(OUTPUT_KINDS)}")
    if path.is_symlink():
        raise StudyError(f"--out: {path} is a link; name the file itself")
    if path.is_dir():
        raise StudyError(f"--out: {path} is a folder; name a file")
    for one in inputs:
        if path.resolve() == one.resolve():
            raise StudyError(f"--out: {path} is read by this command; name another file")
    if path.exists() and not force:
        raise StudyError(f"--out: {path} is there already; name another file or give --force")


def write_pairs(pairs: pd.DataFrame, path: Path) -> None:
    """Write pairs as .parquet or .csv, whole or not at all.

    Raises
    ------
    StudyError
        If the path ends in something else.
    OutputError
        If it cannot be written.
    """
    if path.suffix not in OUTPUT_KINDS:
        raise StudyError(f"--out: {path} must end in {' or '.join(OUTPUT_KINDS)}")
    new = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-", suffix=path.suffix)
        os.close(handle)
        new = Path(name)
        new.chmod(0o644)
        if path.suffix == ".csv":
            _for_spreadsheets(pairs).to_csv(new, index=False, lineterminator="\n")
        else:
            pairs.to_parquet(new, index=False)
        new.replace(path)
    except OSError as problem:
        raise OutputError(f"{path}: cannot be written ({problem.strerror or problem})") from problem
    finally:
        if new is not None:
            new.unlink(missing_ok=True)


def _for_spreadsheets(pairs: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before ids that a spreadsheet would take for formulas, as in every CSV."""
    shown = {}
    for column in ("from_id", "to_id"):
        ids = pairs[column].astype("category")
        # any other id stays as it is, to the last space: results are joined by it
        safe = [
            escaped if (escaped := csv_text(one)).startswith("'") else one
            for one in ids.cat.categories
        ]
        shown[column] = np.array(safe, dtype=object)[ids.cat.codes.to_numpy()]
    return pairs.assign(**shown) if len(pairs) else pairs


def left_out(pairs: pd.DataFrame, origins: Points, destinations: Points) -> str:
    """Say how many pairs have no way, and which points reach nothing."""
    all_pairs = len(origins.ids) * len(destinations.ids)
    text = f"{len(pairs):,} of {all_pairs:,} pairs have a way"
    for what, points, column in (
        ("origins", origins, "from_id"),
        ("destinations", destinations, "to_id"),
    ):
        cut_off = points.ids[~points.ids.isin(pairs[column])]
        if len(cut_off):
            text += f"; {len(cut_off)} {what} have none: {examples(cut_off)}"
    return text


def _local_crs(network: RoadNetwork) -> str:
    """Make a projection in metres around the middle of the network."""
    west, south, east, north = network.bounds
    return (
        f"+proj=aeqd +lat_0={(south + north) / 2:.4f} +lon_0={(west + east) / 2:.4f} "
        "+datum=WGS84 +units=m +type=crs"
    )


def _extent(points: Points) -> str:
    return _degrees(points.lon.min(), points.lat.min(), points.lon.max(), points.lat.max())


def _degrees(west: float, south: float, east: float, north: float) -> str:
    return f"{west:.2f}-{east:.2f} E, {south:.2f}-{north:.2f} N"
