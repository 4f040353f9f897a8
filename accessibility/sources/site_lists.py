"""Reads lists of sites."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from accessibility.errors import SitesError, did_you_mean, examples
from accessibility.opening_times import parse_hours
from accessibility.services import Tiers
from accessibility.sites import Sites, check_tiers
from accessibility.sources.places import to_study
from accessibility.sources.tables import Table, read_table

#: Yes and no as databases and spreadsheets write them: English, Finnish, Swedish, Norwegian,
#: Danish, German, Dutch, Estonian, French, Spanish, Portuguese, Italian. None is in both lists.
# fmt: off
TRUE = frozenset([
    "1", "1.0", "true", "t", "yes", "y", "x", "kyllä", "tosi", "ja", "sant", "sann", "sand", "wahr",
    "waar", "jah", "tõene", "vrai", "oui", "verdadero", "sí", "verdadeiro", "sim", "vero", "sì",
])
FALSE = frozenset([
    "", "0", "0.0", "false", "f", "no", "n", "ei", "epätosi", "nej", "falskt", "falsk", "usann",
    "usant", "nei", "nein", "falsch", "onwaar", "nee", "väär", "faux", "non", "falso", "não",
])
# fmt: on
ROUNDS_TO_NOTHING_DEG = 1e-9


def read_site_list(path: Path, columns: Mapping[str, str], *, crs: str, tiers: Tiers) -> Sites:
    """Read the sites of a study.

    Parameters
    ----------
    path
        .csv with `lon` and `lat` in EPSG:4326, or .geojson / .gpkg with points.
    columns
        The study's name of a column -> the file's: `id`, `name`, `tier`, `lon`, `lat` and the
        optional ones of CONTRACT.
    crs
        The study's CRS.
    tiers
        The study's tiers.

    Raises
    ------
    SitesError
        For a missing or repeated id, an unknown tier or service, a place that cannot be right.
    """
    table = read_table(path, "sites.source", layer=columns.get("layer"))
    if not len(table.frame):
        raise SitesError(f"{path}: the list of sites is empty; nobody would reach anything")
    ids = table.text(columns["id"], "sites.id")
    _check_ids(ids, table)
    tier = table.text(columns["tier"], "sites.tier")
    _check_tier_words(tier, tiers, table)
    x, y = _places(table, columns, crs)
    frame: dict[str, object] = {
        "name": table.text(columns["name"], "sites.name").to_numpy(),
        "tier": tier.to_numpy(),
    }
    for key in ("municipality", "hours", "provider", "languages", "services"):
        if key in columns:
            frame[key] = table.text(columns[key], f"sites.{key}").to_numpy()
    for key in ("capacity", "visits"):
        if key in columns:
            values = table.numbers(columns[key], f"sites.{key}", missing="keep", counts=True)
            if (values < 0).any():
                raise SitesError(
                    f"{path}: {key} is negative in row {table.rows(values < 0)}; expected 0 or more"
                )
            frame[key] = values
    if "hours" in columns:
        for site, text in zip(ids, table.text(columns["hours"], "sites.hours"), strict=True):
            if text:
                parse_hours(text, site)
    if "external" in columns:
        frame["external"] = _flags(table, columns["external"])
    sites = gpd.GeoDataFrame(
        frame,
        geometry=gpd.points_from_xy(x, y),
        crs=crs,
        index=pd.Index(ids, name="site_id", dtype="object"),
    ).sort_index()
    _check_services(sites, tiers, table)
    shared = sites.geometry.to_wkb().duplicated(keep=False)
    read = Sites(
        frame=sites,
        counts={"sites_at_the_same_place": int(shared.sum())},
        notes=(*table.notes, *_notes_on_ids(sites.index, table)),
    )
    check_tiers(read, tiers)
    return read


def _check_ids(ids: pd.Series, table: Table) -> None:
    empty = ids.eq("").to_numpy()
    if empty.any():
        raise SitesError(f"{table.path}: row {table.rows(empty)} has no site id")
    repeated = ids.duplicated(keep=False).to_numpy()
    if repeated.any():
        twice = ids[repeated].unique()
        raise SitesError(
            f"{table.path}: site id {examples(twice)} comes more than once "
            f"(row {table.rows(repeated)}); give every site an id of its own"
        )


def _notes_on_ids(ids: pd.Index[str], table: Table) -> list[str]:
    """Say which ids differ by capitals only, as a slip of the pen may do."""
    alike = ids[ids.str.casefold().duplicated(keep=False)]
    if not len(alike):
        return []
    return [f"{table.path.name}: site ids {examples(alike)} differ by capitals only"]


def _check_tier_words(tier: pd.Series, tiers: Tiers, table: Table) -> None:
    unknown = ~tier.isin(tiers.ids).to_numpy()
    if unknown.any():
        first = tier[unknown].iloc[0]
        raise SitesError(
            f'{table.path}: row {table.rows(unknown)} has tier "{first}", which the study does not '
            f"define{did_you_mean(first, tiers.ids)}; known: {examples(tiers.ids)}"
        )


def _check_services(sites: gpd.GeoDataFrame, tiers: Tiers, table: Table) -> None:
    if "services" not in sites:
        return
    for site_id, listed in sites["services"].items():
        words = [word.strip() for word in str(listed).replace(",", ";").split(";") if word.strip()]
        for word in words:
            if word not in tiers.ids:
                raise SitesError(
                    f'{table.path}: site {site_id} lists service "{word}", which is no tier of the '
                    f"study{did_you_mean(word, tiers.ids)}; known: {examples(tiers.ids)}"
                )
        own = sites.at[site_id, "tier"]
        if words and own not in words:
            raise SitesError(
                f"{table.path}: site {site_id} is of tier {own} but does not list it among its "
                f"services ({', '.join(words)}); add it or change the tier"
            )


def _places(table: Table, columns: Mapping[str, str], crs: str) -> tuple[np.ndarray, np.ndarray]:
    lon_column, lat_column = columns.get("lon", "lon"), columns.get("lat", "lat")
    has_columns = {lon_column, lat_column} <= set(table.frame.columns)
    geometry = table.geometry if table.is_spatial or not has_columns else None
    if geometry is not None:  # attributes lon and lat may be older than the points
        declared = table.crs or columns.get("crs")
        if declared is None:
            raise SitesError(
                f"{table.path}: the file names no CRS; save it with one, or give sites.crs"
            )
        single = shapely.get_num_geometries(geometry) == 1
        geometry = np.where(single, shapely.get_geometry(geometry, 0), geometry)
        wrong = shapely.is_missing(geometry) | shapely.is_empty(geometry)
        wrong |= shapely.get_type_id(geometry) != shapely.GeometryType.POINT
        if wrong.any():
            raise SitesError(
                f"{table.path}: row {table.rows(wrong)} is no point; expected one point a site, "
                "such as its entrance"
            )
        lon, lat = shapely.get_x(geometry), shapely.get_y(geometry)
    else:
        lon = table.numbers(lon_column, "sites.lon")
        lat = table.numbers(lat_column, "sites.lat")
        declared = columns.get("crs") or "EPSG:4326"
    nowhere = (np.abs(lon) < ROUNDS_TO_NOTHING_DEG) & (np.abs(lat) < ROUNDS_TO_NOTHING_DEG)
    if nowhere.any():
        raise SitesError(
            f"{table.path}: row {table.rows(nowhere)} stands at 0, 0: its coordinates are missing"
        )
    return to_study(lon, lat, source=declared, target=crs, table=table, what="sites")


def _flags(table: Table, name: str) -> np.ndarray:
    words = table.text(name, "sites.external").str.lower()
    wrong = ~words.isin(TRUE | FALSE).to_numpy()
    if wrong.any():
        raise SitesError(
            f'{table.path}: row {table.rows(wrong)} has "{words[wrong].iloc[0]}" in {name}; '
            "expected true or false"
        )
    return words.isin(TRUE).to_numpy()
