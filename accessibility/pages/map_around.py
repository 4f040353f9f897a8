"""What the page's map shows around its cells: sites, names, borders, roads and outlines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry as Geometry

from accessibility.errors import DataError, examples
from accessibility.findings import Findings
from accessibility.maps.compact import line_steps, lon_lat, point_steps
from accessibility.maps.sheet import Json
from accessibility.reports.escaping import plain
from accessibility.run_reading import StoredRun
from accessibility.services import Tiers

#: The largest settlements that are named and found.
MOST_PLACES = 600
NOT_THERE = -1
#: How many steps of the ground's outline go on the longer side, where no areas are known.
GROUND_PARTS = 120


def said_name(row: Mapping[str, object], language: str, own: str) -> tuple[str, str]:
    """Give a name in a language, and the language that it is in where that is another.

    Parameters
    ----------
    row
        With `name_<language>`; `name_any` is in the study's language.
    language
        The page's.
    own
        The study's.

    Examples
    --------
    >>> said_name({"name_fi": "Turku", "name_sv": "Åbo"}, "sv", "fi")
    ('Åbo', '')
    >>> said_name({"name_fi": "Kuopio", "name_sv": None}, "sv", "fi")
    ('Kuopio', 'fi')
    """
    names = {
        key.removeprefix("name_"): str(value)
        for key, value in row.items()
        if str(key).startswith("name_") and value and not _missing(value)
    }
    for key in (language, "any", "en", *names):
        if key in names:
            spoken = own if key == "any" else key
            return plain(names[key]), "" if spoken == language else spoken
    return "", ""


def _missing(value: object) -> bool:
    return value is pd.NA or (isinstance(value, float) and value != value)


def other_language(language: str, own: str) -> str:
    """Give the language of names that are only in the study's, where the page speaks another."""
    return "" if language == own else own


def site_list(runs: Sequence[Findings]) -> list[str]:
    """List the sites that stand in any option, by name and then by id."""
    names: dict[str, str] = {}
    for run in runs:
        for site, name in run.sites.frame["name"].items():
            names.setdefault(str(site), str(name))
    return sorted(names, key=lambda site: (names[site].casefold(), site))


def sites_data(runs: Sequence[Findings], ids: Sequence[str]) -> list[Json]:
    """Write the sites: place, name, id, municipality, whether external, and what each option does.

    An option's part is the index of the site's tier (-1 where it does not stand), the tiers that
    it serves and, where it stands elsewhere than first, its place there.
    """
    serving = [[set(run.sites.serving(tier, run.tiers)) for tier in run.tiers.ids] for run in runs]
    frames = [run.sites.frame for run in runs]
    records = [next(one.loc[site] for one in frames if site in one.index) for site in ids]
    points = gpd.GeoSeries([record["geometry"] for record in records], crs=frames[0].crs)
    missing = points.isna() | points.is_empty
    if missing.any():
        lost = examples([site for site, no in zip(ids, missing, strict=True) if no])
        raise DataError(f"sites {lost} have no place in the run folder; run the study again")
    places = point_steps(points.get_coordinates().to_numpy(), points.crs) if len(ids) else []
    rows: list[Json] = []
    for site, record, place in zip(ids, records, places, strict=True):
        town = record.get("municipality", "")
        options: list[Json] = [
            [
                _tier_at(one, site, run.tiers),
                [at for at, members in enumerate(served) if site in members],
                *_moved_to(one, site, place),
            ]
            for one, run, served in zip(frames, runs, serving, strict=True)
        ]
        external = bool(record.get("external", False))
        name = plain(record["name"])
        rows.append(
            [
                *place,
                name,
                plain(site),
                "" if pd.isna(town) else plain(town),
                int(external),
                options,
            ]
        )
    return rows


def _moved_to(frame: gpd.GeoDataFrame, site: str, place: Sequence[float]) -> list[float]:
    """Give a site's place in an option where it is another one."""
    if site not in frame.index:
        return []
    own = point_steps(frame.loc[[site]].geometry.get_coordinates().to_numpy(), frame.crs)[0]
    return [] if own == list(place) else list(own)


def _tier_at(frame: gpd.GeoDataFrame, site: str, tiers: Tiers) -> int:
    return tiers.ids.index(str(frame.at[site, "tier"])) if site in frame.index else NOT_THERE


def places_data(run: Findings, language: str) -> list[Json]:
    """Write the settlements of the region, the largest first: place, name, its language."""
    places = run.places
    if places is None or not len(places):
        return []
    west, south, east, north = run.population.cells.total_bounds
    near = places.cx[west:east, south:north]
    near = inside_areas(near, run.areas)
    if "people" in near:
        near = near.sort_values("people", ascending=False, kind="stable")
    near = near.head(MOST_PLACES)
    points = point_steps(near.geometry.get_coordinates().to_numpy(), near.crs)
    names = [said_name(row, language, run.study.language) for row in near.to_dict("records")]
    return [[*point, *name] for point, name in zip(points, names, strict=True) if name[0].strip()]


def inside_areas(places: gpd.GeoDataFrame, areas: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Keep the places that lie in some area; all, where no area is known."""
    if areas is None or not len(areas):
        return places
    found, _ = areas.sindex.query(places.geometry, predicate="intersects")
    return places.iloc[np.unique(found)]


def ground_of(run: StoredRun) -> Geometry | None:
    """Give the ground that lies under the cells: the areas, or what is near cells and main roads.

    The second is only for orientation, and as coarse as that allows.
    """
    if run.areas is not None and len(run.areas):
        return shapely.union_all(np.asarray(run.areas.geometry.array))
    xy = run.population.xy
    if not len(xy):
        return None
    step_m = float(np.ptp(xy, axis=0).max()) / GROUND_PARTS
    step_m = max(step_m, float(np.sqrt(run.population.cells.geometry.area.median())))
    near = shapely.points(np.unique(np.round(xy / step_m), axis=0) * step_m)
    roads = shapely.simplify(np.asarray(run.roads.geometry.array), step_m / 2)
    ground = shapely.union_all(shapely.buffer([*near, *roads], 2.5 * step_m, quad_segs=2))
    ground = shapely.buffer(ground, -step_m, quad_segs=4)
    rings = shapely.get_exterior_ring(shapely.get_parts(ground))  # what roads go around is in it
    return shapely.simplify(shapely.union_all(shapely.polygons(rings)), step_m / 8)


def ground_lines(run: StoredRun, tolerance_m: float) -> list[list[int]]:
    """Write the outline of the ground."""
    ground = ground_of(run)
    if ground is None:
        return []
    return line_steps([ground], run.study.crs, tolerance_m=tolerance_m)


def towns_data(run: Findings, language: str) -> tuple[list[Json], list[int]]:
    """Write the municipalities (name, its language, south, west, north, east), and each cell's.

    Returns
    -------
    tuple
        The municipalities, and by cell the index of its own; -1 where the grid names none.
    """
    named = run.population.municipalities
    if named is None:
        return [], []
    names = {} if run.areas is None else _area_names(run.areas, language, run.study.language)
    order = sorted({str(one) for one in named.dropna()})
    cells = run.population.cells
    shapes = np.asarray(cells.geometry.array)
    boxes = shapely.bounds(shapely.transform(shapes, lambda xy: lon_lat(xy, cells.crs)))
    table = pd.DataFrame(boxes, index=cells.index, columns=["minx", "miny", "maxx", "maxy"])
    bounds = table.groupby(named.astype(object)).agg(
        {"miny": "min", "minx": "min", "maxy": "max", "maxx": "max"}
    )
    other = other_language(language, run.study.language)
    rows: list[Json] = []
    for one in order:
        box = [round(float(edge), 4) for edge in bounds.loc[one].to_numpy()]
        rows.append([*names.get(one, (one, other)), *box])
    place = {one: at for at, one in enumerate(order)}
    return rows, [-1 if pd.isna(one) else place[str(one)] for one in named]


def _area_names(areas: gpd.GeoDataFrame, language: str, own: str) -> dict[str, tuple[str, str]]:
    rows = pd.DataFrame(areas.drop(columns="geometry")).to_dict("records")
    named = {
        str(key): said_name({str(column): one for column, one in row.items()}, language, own)
        for key, row in zip(areas.index, rows, strict=True)
    }
    return {key: name for key, name in named.items() if name[0]}


def first_tier(run: StoredRun) -> int:
    """Give the place of the tier that is shown first: the one of the first target with a limit."""
    limited = [target.tier for target in run.study.targets if target.within_min is not None]
    return run.tiers.ids.index(limited[0]) if limited else 0


def road_lines(run: StoredRun) -> list[list[int]]:
    """Write the main roads; they are simplified already."""
    if not len(run.roads):
        return []
    return line_steps(np.asarray(run.roads.geometry.array), run.roads.crs)


def outlines_data(runs: Sequence[StoredRun], tolerance_m: float) -> dict[str, Json]:
    """Write the outlines of bands: each line once, and by option and tier the band and its lines.

    An option that leaves a band as it was costs a few numbers, not its lines again.
    """
    lines: dict[tuple[int, ...], int] = {}
    options: list[Json] = []
    bands = [float(band) for band in runs[0].study.bands_min]
    for run in runs:
        tiers: list[list[Json]] = [[] for _ in run.tiers.ids]
        frame = run.isochrones
        rows = zip(frame["tier"], frame["band_min"], frame.geometry, strict=True)
        for tier, band, shape in rows:
            if tier not in run.tiers.ids or float(band) not in bands or shape.is_empty:
                continue
            drawn = line_steps([shape], frame.crs, tolerance_m=tolerance_m)
            known = [lines.setdefault(tuple(line), len(lines)) for line in drawn]
            tiers[run.tiers.ids.index(tier)].append([bands.index(float(band)), known])
        options.append(tiers)
    return {"lines": [list(line) for line in lines], "options": options}
