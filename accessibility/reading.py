"""Reads the parts of a study, from its file or from files and graphs given one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from accessibility.checks import flag, list_of, path_of, text
from accessibility.errors import DataError, StudyError, did_you_mean, examples
from accessibility.network import RoadNetwork, region_problem
from accessibility.population import Population
from accessibility.projections import transformer
from accessibility.services import Tier, Tiers
from accessibility.sites import Sites
from accessibility.sources.areas import read_areas, read_places
from accessibility.sources.graphs import network_from_graph
from accessibility.sources.grids import GridColumns, read_grid, with_register
from accessibility.sources.networks import read_network_file
from accessibility.sources.site_lists import read_site_list
from accessibility.sources.speed_tables import read_speeds
from accessibility.speeds import SpeedTable
from accessibility.study import SitesPart, Study

if TYPE_CHECKING:
    import networkx as nx


#: Keys of `[sites]` that are read and kept for later.
UNUSED_KEYS = ("provider", "languages")
#: Whoever is nearer than this to the roads' extent is far from a road, not in another region.
NEXT_REGION_M = 5000.0
#: The speed tables that are taken where none is named: by car, by place.
FINLAND, ELSEWHERE = "finland-car", "generic-car"
OF_MODE = {"bicycle": "bicycle", "walk": "walk"}


def read_network(
    source: Study | str | Path | nx.MultiDiGraph,
    *,
    speeds: str | Path | SpeedTable | None = None,
    cache: bool = True,
) -> RoadNetwork:
    """Read a road network.

    Parameters
    ----------
    source
        A study, an OSM or GraphML file, or an osmnx / networkx MultiDiGraph.
    speeds
        The speed table it is read for, by name, path or value; a study brings its own. None:
        "finland-car" in Finland, "generic-car" elsewhere.
    cache
        Whether files may come from the cache of read networks.

    Raises
    ------
    NetworkError
        If the roads cannot be used.
    """
    return network_and_cache(source, speeds=speeds, cache=cache)[0]


def network_and_cache(
    source: Study | str | Path | nx.MultiDiGraph,
    *,
    speeds: str | Path | SpeedTable | None = None,
    cache: bool = True,
) -> tuple[RoadNetwork, bool]:
    if isinstance(source, Study):
        part = source.file.network
        return read_network_file(
            source.source(part.source),
            study_speeds(source),
            expected_sha256=part.sha256,
            cache=cache,
        )
    if speeds is None:  # where it lies is known once it is read; the cache keeps both
        network, from_cache = network_and_cache(source, speeds=FINLAND, cache=cache)
        if not region_problem(network, read_speeds(FINLAND)):
            return network, from_cache
        speeds = ELSEWHERE
    table = speeds if isinstance(speeds, SpeedTable) else read_speeds(speeds)
    if isinstance(source, RoadNetwork):
        raise StudyError("source is a road network already; nothing is left to read")
    if hasattr(source, "is_multigraph"):  # a graph, told without loading networkx
        return network_from_graph(source, table), False
    return read_network_file(path_of(source, "source"), table, cache=flag(cache, "cache"))


def named_speeds(study: Study) -> Study:
    """Name the speed table of a study that names none: that of its mode, and by car of its place.

    By car it is Finland's where the middle of the sites lies in Finland, and no country's in
    particular elsewhere.

    Raises
    ------
    SitesError
        If the sites, which say where the study is, cannot be read.
    """
    part = study.file.network
    if part.speeds is not None:
        return study
    name = OF_MODE.get(part.mode, FINLAND)
    if name == FINLAND:
        middle = np.median(read_sites(study).xy, axis=0)
        lon, lat = transformer(study.crs, 4326).transform(*middle)
        west, south, east, north = read_speeds(FINLAND).region or (-180, -90, 180, 90)
        name = FINLAND if west <= lon <= east and south <= lat <= north else ELSEWHERE
    network = part.model_copy(update={"speeds": name})
    return replace(study, file=study.file.model_copy(update={"network": network}))


def study_speeds(study: Study) -> SpeedTable:
    """Read the speed table that a study names, or that of its mode and place."""
    name = named_speeds(study).file.network.speeds
    table = read_speeds(name or FINLAND, folder=study.path.parent)
    if table.mode != study.file.network.mode:
        raise StudyError(
            f'{study.path}: network.mode is "{study.file.network.mode}", but the speed table '
            f'"{table.name}" is for "{table.mode}"; name one for the mode'
        )
    return table


def read_population(
    source: Study | str | Path, *, crs: str | None = None, **columns: object
) -> Population:
    """Read a population grid.

    Parameters
    ----------
    source
        A study, or a .csv, .parquet, .gpkg or .geojson file.
    crs
        The CRS to work in, for a file.
    **columns
        For a file, the keys of a study's `[population]`: `people`, `x`, `y`, `id` ... Without
        `people` the columns of well-known grids are looked for.

    Raises
    ------
    DataError
        If the grid cannot be used.
    """
    if not isinstance(source, Study):
        if crs is None:
            raise DataError("read_population needs crs, the projected CRS to work in")
        known = {one.name for one in fields(GridColumns)} - {"crs"} | {"grid_crs"}
        _check_keys("read_population", columns, known)
        place = columns.pop("grid_crs", None)
        return read_grid(path_of(source, "source"), GridColumns(crs=place, **columns), crs=crs)  # type: ignore[arg-type]
    part = source.file.population
    grid = GridColumns(
        people=part.people,
        id=part.id,
        x=part.x,
        y=part.y,
        crs=part.crs,
        anchor=part.anchor,
        cell_size_m=part.cell_size_m,
        layer=part.layer,
        groups=part.groups or None,
        partition=part.partition,
        municipality=part.municipality,
        suppressed=part.suppressed,
        keep=part.keep or None,
    )
    population = read_grid(source.source(part.source), grid, crs=source.crs)
    borders = source.file.areas
    if borders is not None and population.municipalities is None:  # before a register needs them
        population, _ = with_areas(population, _borders(source), borders.source)
    register = part.register_
    if register is None:
        return population
    return with_register(
        population,
        source.source(register.source),
        municipality=register.municipality,
        people=register.people,
        scale=register.scale,
    )


def read_sites(
    source: Study | str | Path,
    *,
    crs: str | None = None,
    tiers: Sequence[Tier] | Tiers | None = None,
    **columns: str,
) -> Sites:
    """Read a list of sites.

    Parameters
    ----------
    source
        A study, or a .csv, .geojson or .gpkg file.
    crs, tiers
        For a file: the CRS to work in, and the tiers.
    **columns
        For a file: the names of its columns where they are not `id`, `name`, `tier`, `lon`, `lat`,
        and of optional ones such as `capacity`; `layer` of a GeoPackage, and `sites_crs` where
        `lon` and `lat` are no degrees.

    Raises
    ------
    SitesError
        If the list cannot be used.
    """
    if isinstance(source, Study):
        named = source.file.sites.model_dump(exclude={"source"}, exclude_none=True)
        path = source.source(source.file.sites.source)
        listed = read_site_list(path, named, crs=source.crs, tiers=source.tiers)
        unused = [f"sites.{key}" for key in UNUSED_KEYS if key in named]
        said = (
            [f"{', '.join(unused)}: kept in the list, but no figure uses it yet"] if unused else []
        )
        return replace(listed, country=source.file.country, notes=(*listed.notes, *said))
    if crs is None or tiers is None:
        raise DataError("read_sites needs crs and tiers")
    known = tiers if isinstance(tiers, Tiers) else Tiers(list_of(tiers, "tiers", Tier))
    _check_keys(
        "read_sites", columns, set(SitesPart.model_fields) - {"source", "crs"} | {"sites_crs"}
    )
    for key, column in columns.items():
        text(column, f"read_sites: {key}")
    if "sites_crs" in columns:
        columns["crs"] = columns.pop("sites_crs")
    standard = {key: key for key in ("id", "name", "tier", "lon", "lat")}
    return read_site_list(path_of(source, "source"), standard | columns, crs=crs, tiers=known)


def _check_keys(function: str, given: Mapping[str, object], known: Collection[str]) -> None:
    """Refuse keywords that name no column of a file that is read."""
    for key in given:
        if key not in known:
            raise StudyError(
                f'{function}: "{key}" is no column it knows{did_you_mean(key, known)}; '
                f"known: {', '.join(sorted(known))}"
            )


def read_surroundings(
    study: Study,
) -> tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]:
    """Read the municipal borders and the settlements that a study names."""
    places = None
    named = study.file.places
    if named is not None:
        places = read_places(
            study.source(named.source),
            name=named.name,
            people=named.people,
            crs=study.crs,
            layer=named.layer,
        )
    return _borders(study), places


def _borders(study: Study) -> gpd.GeoDataFrame | None:
    """Read a study's municipal borders, where it has any."""
    part = study.file.areas
    if part is None:
        return None
    return read_areas(
        study.source(part.source), key=part.key, name=part.name, crs=study.crs, layer=part.layer
    )


def with_areas(
    population: Population, areas: gpd.GeoDataFrame | None, source: str
) -> tuple[Population, gpd.GeoDataFrame | None]:
    """Bring the grid's municipalities and the borders together.

    A grid without municipalities takes those of the areas that its cells' centres lie in. Areas
    whose keys lost their leading zeros (`5` for `005`) are matched by the number.

    Parameters
    ----------
    population, areas
        Who lives where, and the borders, indexed by municipality.
    source
        The file of the borders, for messages.

    Returns
    -------
    tuple
        Both; the areas' `attrs["notes"]` say what did not match.
    """
    if areas is None:
        return population, None
    if population.municipalities is None:
        return _in_areas(population, areas, source), areas
    names = sorted(set(population.municipalities.dropna()))
    numbered = _by_number(areas.index)
    renamed = {}
    for number, name in _by_number(names).items():
        found = numbered.get(number)
        if found is not None and name not in areas.index and found not in names:
            renamed[found] = name
    areas = gpd.GeoDataFrame(areas.rename(index=renamed)).sort_index()
    notes = []
    if renamed:
        told = [f"{old} as {new}" for old, new in sorted(renamed.items())]
        notes.append(f"{source}: areas are taken by their number: {examples(told)}")
    lacking = [name for name in names if name not in areas.index]
    if len(lacking) == len(names):
        notes.append(
            f"{source}: none of its areas ({examples(areas.index)}) is a municipality of the grid "
            f"({examples(names)}): is areas.key the right column?"
        )
    elif lacking:
        notes.append(
            f"{source}: has no area for {len(lacking)} municipalities of the grid: "
            f"{examples(lacking)}"
        )
    areas.attrs["notes"] = notes
    return population, areas


def _by_number(names: Iterable[object]) -> dict[int, str]:
    """Return names that are numbers by their value, where no two are the same number."""
    found: dict[int, list[str]] = defaultdict(list)
    for name in names:
        text = str(name)
        if text.isascii() and text.isdigit():
            found[int(text)].append(text)
    return {number: texts[0] for number, texts in found.items() if len(texts) == 1}


def _in_areas(population: Population, areas: gpd.GeoDataFrame, source: str) -> Population:
    """Give each cell the area that its centre lies in; on a border, the first by name."""
    points = shapely.points(population.xy)
    tree = shapely.STRtree(np.asarray(areas.geometry.array))
    cell, area = tree.query(points, "intersects")
    first = np.full(len(points), len(areas))
    np.minimum.at(first, cell, area)
    names = np.array([*areas.index, None], dtype=object)
    cells = population.cells.copy()
    cells["municipality"] = pd.array(names[first], dtype="string")
    nowhere = first == len(areas)
    note = f"cells take their municipality from {source}, by their centre"
    if nowhere.any():
        people = population.people[nowhere].sum()
        note += f"; {int(nowhere.sum()):,} cells with {people:,.0f} people lie in none"
    within = np.bincount(tree.query(points, "within")[0], minlength=len(points))
    several = within > 1
    if several.any():
        people = population.people[several].sum()
        note += (
            f"; {int(several.sum()):,} cells with {people:,.0f} people "
            f"({examples(population.cells.index[several])}) lie in several, which overlap there: "
            "they are taken to be in the first by name"
        )
    return replace(population, cells=gpd.GeoDataFrame(cells), notes=(*population.notes, note))


def check_region(study: Study, network: RoadNetwork, population: Population, sites: Sites) -> None:
    """Refuse data of different regions: people or sites that all lie outside the roads' extent."""
    file = study.file
    names = (file.network.source, file.population.source, file.sites.source)
    try:
        check_same_region(network, population, sites, file.snapping.max_leg_m, names=names)
    except DataError as problem:
        raise DataError(f"{study.path}: {problem}") from None


def check_same_region(
    network: RoadNetwork,
    population: Population,
    sites: Sites,
    max_leg_m: float,
    *,
    names: tuple[str, str, str] = ("the network", "the population", "the list"),
) -> None:
    """Refuse people or sites that all lie outside the roads' extent.

    Parameters
    ----------
    network, population, sites
        What should be of the same region; people and sites in the same CRS.
    max_leg_m
        How far outside the roads' extent a place may still lie; 5 km at least.
    names
        What roads, people and sites are called in the message.

    Raises
    ------
    DataError
        Naming both extents.
    """
    crs = str(population.cells.crs)
    points = network.points_in(crs)
    reach_m = max(max_leg_m, NEXT_REGION_M)
    low, high = points.min(axis=0) - reach_m, points.max(axis=0) + reach_m
    for what, xy, source in (("site", sites.xy, names[2]), ("cell", population.xy, names[1])):
        inside = ((xy >= low) & (xy <= high)).all(axis=1)
        if len(xy) and not inside.any():
            raise DataError(
                f"no {what} of {source} lies in the region of {names[0]}: the {what}s span "
                f"{_span(xy)}, the roads {_span(points)} (metres in {crs}). Are they of the same "
                "region?"
            )


def _span(xy: np.ndarray) -> str:
    (west, south), (east, north) = xy.min(axis=0), xy.max(axis=0)
    return f"{west:.0f}-{east:.0f} E, {south:.0f}-{north:.0f} N"
