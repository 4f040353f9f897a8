"""Worlds drawn as text: a map to look at, a real OpenStreetMap file, travel times in a table.

A world is drawn once and then goes the way of a user's data: it is written as OpenStreetMap data
with osmium, read back by the package, and timed. Expected times stand in the tests as tables, and
can be checked on paper: by default one step of the drawing is 1 km and every road is a `primary`,
45 seconds a kilometre under the `plain` speed table (80 km/h).

>>> world = World('''
...     a-b-c
...       |
...       d
... ''')
>>> world.expect('''
...     |   |  a |  b |  c |  d |
...     | a |  0 | 45 | 90 | 90 |
...     | d | 90 | 45 | 90 |  0 |
... ''')

How a world is drawn
--------------------
- Two characters across, or two lines down, are one step of `step_m` metres.
- A *letter* is a node of the map, and a named place. A *digit* is a named place that the map knows
  nothing of: it may stand on a line (`a-1-b`), between two lines, or far from any road.
- `-`, `|`, `/` and `\\` draw roads between letters. `+` lets two lines cross without meeting.
- `.` and spaces are nothing.

What is on the map
------------------
`roads` says what the ways are: `{"abc": "motorway", "cd": {"highway": "track", "ford": "yes"}}`,
or a list of such pairs where a way comes twice (parallel roads). A way runs straight from one
letter to the next, in that order; that is its direction for `oneway`. What is drawn but not named
becomes one way a piece, with the tags `drawn_as`; a piece runs to the right, or down where it is
upright. What is named need not be drawn.

`nodes` gives tags to letters: `{"b": {"barrier": "gate"}}`. `turns` are turn restrictions:
`("ab", "b", "bc", "no_left_turn")`, by the names of ways; a longer middle part is a via way; a
mapping as the last item gives all the relation's tags.

The ground is flat: places lie in EPSG:3880 at its central meridian, where a metre of the drawing is
a metre of the projection and, to within a centimetre in a kilometre, of the ellipsoid.

A study's folder
----------------
`world.write_study(folder, cells="123", sites={"a": "E", "b": "L"})` writes network.osm.pbf,
people.csv, sites.csv and study.toml, and returns the path of the last. Cells hold 1, 2, 4, 8 ...
people in the order of `cells`, so that any sum says who is in it; see there.
"""

from __future__ import annotations

import csv
import itertools
import json
import tempfile
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely
from osmium.osm.mutable import Node, Relation, Way
from pyproj import Geod, Transformer

from accessibility import read_network, travel_times
from accessibility.network import RoadNetwork
from accessibility.population import Population
from accessibility.sites import Sites
from accessibility.sources.speed_tables import read_speeds
from accessibility.speeds import SpeedTable
from accessibility.traveltime import TravelTimes

CRS = "EPSG:3880"
ORIGIN = (26_500_000.0, 6_900_000.0)  # where the first character stands: near Jyväskylä
PRIMARY = {"highway": "primary"}
LINES = {"-": (0, 1), "|": (1, 0), "\\": (1, 1), "/": (1, -1)}
CROSSING = "+"

Tags = Mapping[str, str]
Roads = Mapping[str, str | Tags] | Sequence[tuple[str, str | Tags]]

#: The tiers of a study, by the model's three levels.
TIERS = (
    {"id": "L", "name": {"fi": "Lähitaso", "sv": "Närnivå", "en": "Local level"}},
    {
        "id": "A",
        "name": {"fi": "Seututaso", "sv": "Delregional nivå", "en": "Sub-regional level"},
        "includes": ["L"],
    },
    {
        "id": "E",
        "name": {"fi": "Erityistaso", "sv": "Specialiserad nivå", "en": "Specialised level"},
        "includes": ["A", "L"],
    },
)


class World:
    """A small world: places, roads, turn restrictions.

    Parameters
    ----------
    drawing
        The map as text; see the module.
    roads
        Ways by the letters that they run through, with a highway class or their tags; a way whose
        tags name neither `highway` nor `route` is a `primary`.
    drawn_as
        Tags of the roads that are drawn but not named.
    nodes
        Tags of nodes, by letter.
    turns
        Turn restrictions: (from way, via node, to way, kind or tags).
    step_m
        Metres of one step: two characters across, two lines down.
    places
        Places in metres east and north, instead of a drawing or besides it.
    """

    def __init__(
        self,
        drawing: str = "",
        roads: Roads = (),
        *,
        drawn_as: Tags = PRIMARY,
        nodes: Mapping[str, Tags] | None = None,
        turns: Sequence[tuple[str, str, str, str | Tags]] = (),
        step_m: float = 1000,
        places: Mapping[str, tuple[float, float]] | None = None,
    ) -> None:
        self.text = textwrap.dedent(drawing).strip("\n")
        found, pieces = _read_drawing(self.text)
        half = step_m / 2
        self.places = {
            name: (column * half, -line * half) for name, (line, column) in found.items()
        }
        self.places |= dict(places or {})
        self.step_m = step_m
        self.nodes = dict(nodes or {})
        self.turns = list(turns)
        named = list(roads.items()) if isinstance(roads, Mapping) else list(roads)
        self.roads = [(way, _tags(tags)) for way, tags in named]
        covered = {frozenset(pair) for way, _ in self.roads for pair in itertools.pairwise(way)}
        self.roads += [
            (piece, dict(drawn_as)) for piece in pieces if frozenset(piece) not in covered
        ]
        unknown = {letter for way, _ in self.roads for letter in way} - set(self.places)
        unknown |= set(self.nodes) - set(self.places)
        if unknown:
            raise ValueError(f"the drawing has no {sorted(unknown)}")

    # --- where things are ------------------------------------------------------------------------

    def xy(self, names: Iterable[str]) -> np.ndarray:
        """Give places in metres of the world's CRS, shape (names, 2)."""
        return np.array([self.places[name] for name in names]).reshape(-1, 2) + ORIGIN

    def lonlat(self, names: Iterable[str]) -> np.ndarray:
        """Give places in degrees, as the map stores them (seven decimals), shape (names, 2)."""
        to_degrees = _to_degrees(CRS)
        return np.round(np.column_stack(to_degrees.transform(*self.xy(names).T)), 7)

    def length_m(self, names: str) -> float:
        """Measure the line through some places on the ellipsoid, in metres."""
        return float(Geod(ellps="WGS84").line_length(*self.lonlat(names).T))

    # --- the map ---------------------------------------------------------------------------------

    def write_osm(self, path: Path, *, header: Mapping[str, str] | None = None) -> Path:
        """Write the map as OpenStreetMap data; the file's name says in which form.

        Nodes have the ids 1, 2, 3 ... in the alphabetical order of their letters, ways 101, 102 ...
        in the order of `roads` (named ones first), relations 1001 and on.
        """
        letters = sorted({letter for way, _ in self.roads for letter in way} | set(self.nodes))
        node_id = {letter: number for number, letter in enumerate(letters, start=1)}
        way_id = {way: 101 + number for number, (way, _) in reversed([*enumerate(self.roads)])}
        head = osmium.io.Header()
        head.set("generator", "drawn")
        for key, value in (header or {}).items():
            head.set(key, value)
        writer = osmium.SimpleWriter(str(path), header=head, overwrite=True)
        try:
            for letter, (lon, lat) in zip(letters, self.lonlat(letters), strict=True):
                place = (float(lon), float(lat))
                tags = dict(self.nodes.get(letter, {}))
                writer.add_node(Node(id=node_id[letter], location=place, tags=tags, version=1))
            for number, (way, tags) in enumerate(self.roads):
                refs = [node_id[letter] for letter in way]
                writer.add_way(Way(id=101 + number, nodes=refs, tags=dict(tags), version=1))
            for number, (start, via, end, kind) in enumerate(self.turns):
                tags = {"restriction": kind} if isinstance(kind, str) else dict(kind)
                middle = ("n", node_id[via], "via") if len(via) == 1 else ("w", way_id[via], "via")
                members = [
                    *(("w", way_id[one], "from") for one in start.split()),
                    middle,
                    *(("w", way_id[one], "to") for one in end.split()),
                ]
                writer.add_relation(
                    Relation(
                        id=1001 + number,
                        members=members,
                        tags={"type": "restriction"} | tags,
                        version=1,
                    )
                )
        finally:
            writer.close()
        return path

    def network(self, speeds: str | SpeedTable = "plain") -> RoadNetwork:
        """Write the map as a PBF file and read it back through the package."""
        table = read_speeds(speeds) if isinstance(speeds, str) else speeds
        key = table.model_dump_json()
        if key not in self._networks:
            with tempfile.TemporaryDirectory() as folder:
                path = self.write_osm(Path(folder) / "world.osm.pbf")
                self._networks[key] = read_network(path, speeds=table, cache=False)
        return self._networks[key]

    @cached_property
    def _networks(self) -> dict[str, RoadNetwork]:
        return {}

    # --- people, sites, times --------------------------------------------------------------------

    def population(self, cells: Iterable[str], *, size_m: float = 100) -> Population:
        """Give cells at some places, with 1, 2, 4, 8 ... people."""
        names = tuple(cells)
        return _population(names, tuple(map(tuple, self.xy(names).tolist())), size_m)

    def sites(self, sites: Iterable[str] | Mapping[str, str], *, tier: str = "L") -> Sites:
        """Give sites at some places; a mapping names their tiers."""
        names = tuple(sorted(sites))
        tiers = tuple(sites[name] if isinstance(sites, Mapping) else tier for name in names)
        return _sites(names, tuple(map(tuple, self.xy(names).tolist())), tiers)

    def travel_times(
        self,
        cells: Iterable[str],
        sites: Iterable[str],
        *,
        speeds: str | SpeedTable = "plain",
        network: RoadNetwork | None = None,
        **options: Any,
    ) -> TravelTimes:
        """Compute the matrix as `accessibility.travel_times` does, with the same `options`."""
        table = read_speeds(speeds) if isinstance(speeds, str) else speeds
        return travel_times(
            self.network(table) if network is None else network,
            self.population(cells),
            self.sites(sites),
            speeds=table,
            **options,
        )

    def times(
        self, cells: Iterable[str] = "", sites: Iterable[str] = "", **options: Any
    ) -> dict[str, dict[str, int | None]]:
        """Give `times[cell][site]` in whole seconds; None where there is no way.

        Cells and sites are all letters of the map where none are named.
        """
        everywhere = "".join(sorted(name for name in self.places if name.isalpha()))
        found = self.travel_times(cells or everywhere, sites or everywhere, **options)
        return {
            cell: {
                site: int(time_s) if reached else None
                for site, time_s, reached in zip(found.site_ids, row, reach, strict=True)
            }
            for cell, row, reach in zip(found.cell_ids, found.time_s, found.reached, strict=True)
        }

    def expect(self, table: str, *, sites: str = "columns", **options: Any) -> None:
        """Compare travel times with a table of seconds: from the row's place to the column's.

        An empty field means that there is no way. The table is worked out twice: as cells (rows)
        that travel to sites (columns), and as sites (rows) that travel out to cells (columns).
        Where the two must differ (cells and sites are snapped by different rules), name what the
        sites are: `sites="columns only"` or `sites="rows only"`.

        Raises
        ------
        AssertionError
            Showing the table as it was found.
        """
        starts, ends, wanted = _read_table(table)
        if sites != "rows only":
            found = self.times(starts, ends, **options)
            cells_drive = {row: {end: found[row][end] for end in ends} for row in starts}
            _compare(cells_drive, wanted, "cells in rows, to_sites", self)
        if sites != "columns only":
            found = self.times(ends, starts, direction="from_sites", **options)
            sites_drive = {row: {end: found[end][row] for end in ends} for row in starts}
            _compare(sites_drive, wanted, "sites in rows, from_sites", self)

    # --- a study's folder ------------------------------------------------------------------------

    def write_study(
        self,
        folder: Path,
        *,
        cells: Iterable[str] | Mapping[str, float],
        sites: Iterable[str] | Mapping[str, str],
        speeds: str | SpeedTable = "plain",
        targets: Sequence[Mapping[str, Any]] = (),
        cell_columns: Mapping[str, Sequence[Any]] | None = None,
        site_columns: Mapping[str, Sequence[Any]] | None = None,
        cell_size_m: float = 100,
        network: str = "network.osm.pbf",
        settings: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write everything that a study needs into a folder.

        Parameters
        ----------
        folder
            Made where it is not there; files in it are replaced.
        cells
            Places that people live at: "abc" gives them 1, 2 and 4 people, a mapping the numbers
            that it says.
        sites
            Places with a site: "ab" makes sites of tier L, a mapping names their tiers (L, A, E).
        speeds
            A built-in speed table, or one of the test's own, written as speeds.toml.
        targets
            `[[targets]]`; each needs `tier` and its rule. `id` and `name` are made where missing.
        cell_columns, site_columns
            More columns of people.csv and sites.csv: one value a cell or site, in their order.
            The study's keys for them go to `settings`.
        cell_size_m
            Side of the cells' squares.
        network
            Name of the network's file; its ending says in which form it is written.
        settings
            Tables and keys of the study that are to be otherwise, `{"network": {"season":
            "winter"}, "language": "en"}`. A table is merged into the default one, a key of the
            value None is left out, and anything else replaces it.

        Returns
        -------
        Path
            study.toml. Its text follows CONTRACT: three nested tiers, the bands 15 to 180 minutes,
            legs at 20 km/h of at most 5 km, in the world's CRS.

        Examples
        --------
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     study = World("a-b-c").write_study(
        ...         Path(folder), cells="abc", sites={"b": "E"},
        ...         targets=[{"tier": "L", "within_min": 30, "share": 0.9}])
        ...     sorted(file.name for file in study.parent.iterdir())
        ['network.osm.pbf', 'people.csv', 'sites.csv', 'study.toml']
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.write_osm(folder / network)
        names = list(cells)
        people = (
            [cells[name] for name in names]
            if isinstance(cells, Mapping)
            else [2**number for number in range(len(names))]
        )
        xy = self.xy(names).round(3)
        _write_csv(
            folder / "people.csv",
            {"id": names, "x": xy[:, 0].tolist(), "y": xy[:, 1].tolist(), "people": people}
            | dict(cell_columns or {}),
        )
        site_ids = list(sites)
        lonlat = self.lonlat(site_ids)
        tiers = [sites[name] if isinstance(sites, Mapping) else "L" for name in site_ids]
        _write_csv(
            folder / "sites.csv",
            {
                "id": site_ids,
                "name": [f"Sote-asema {name}" for name in site_ids],
                "tier": tiers,
                "lon": lonlat[:, 0].tolist(),
                "lat": lonlat[:, 1].tolist(),
            }
            | dict(site_columns or {}),
        )
        if isinstance(speeds, SpeedTable):
            table = speeds.model_dump(exclude_none=True, exclude_defaults=True)
            (folder / "speeds.toml").write_text(_toml(table), encoding="utf-8")
        mode = speeds.mode if isinstance(speeds, SpeedTable) else read_speeds(speeds).mode
        study: dict[str, Any] = {
            "schema_version": 1,
            "name": {"fi": "Piirretty maailma", "sv": "En ritad värld", "en": "A drawn world"},
            "crs": CRS,
            "network": {
                "source": network,
                "mode": mode,
                "speeds": speeds if isinstance(speeds, str) else "speeds.toml",
            },
            "snapping": {"access_speed_km_h": 20, "max_leg_m": 5000},
            "population": {
                "source": "people.csv",
                "id": "id",
                "x": "x",
                "y": "y",
                "crs": CRS,
                "anchor": "centre",
                "cell_size_m": cell_size_m,
                "people": "people",
            },
            "sites": {
                "source": "sites.csv",
                **{key: key for key in ("id", "name", "tier", "lon", "lat")},
            },
            "tiers": [dict(tier) for tier in TIERS],
            "isochrones": {"bands_min": [15, 30, 60, 90, 120, 150, 180]},
            "targets": [
                {"id": f"target-{number}", "name": f"Target {number}"} | dict(target)
                for number, target in enumerate(targets, start=1)
            ],
        }
        path = folder / "study.toml"
        path.write_text(_toml(_merged(study, settings or {})), encoding="utf-8")
        return path


@lru_cache
def _to_degrees(crs: str) -> Transformer:
    return Transformer.from_crs(crs, 4326, always_xy=True)


@lru_cache(maxsize=64)
def _population(names: tuple[str, ...], places: tuple[Any, ...], size_m: float) -> Population:
    xy = np.array(places)
    frame = gpd.GeoDataFrame(
        {"x": xy[:, 0], "y": xy[:, 1], "people": 2.0 ** np.arange(len(names))},
        geometry=shapely.box(*(xy - size_m / 2).T, *(xy + size_m / 2).T),
        crs=CRS,
        index=pd.Index(names, name="cell_id", dtype="object"),
    )
    return Population(cells=frame)


@lru_cache(maxsize=64)
def _sites(names: tuple[str, ...], places: tuple[Any, ...], tiers: tuple[str, ...]) -> Sites:
    frame = gpd.GeoDataFrame(
        {"name": [f"Sote-asema {name}" for name in names], "tier": list(tiers)},
        geometry=shapely.points(np.array(places)),
        crs=CRS,
        index=pd.Index(names, name="site_id", dtype="object"),
    )
    return Sites(frame=frame)


def _tags(tags: str | Tags) -> dict[str, str]:
    """Give a way's tags: a highway class alone is enough, and `primary` where none is named."""
    if isinstance(tags, str):
        return {"highway": tags}
    return dict(tags) if {"highway", "route"} & set(tags) else PRIMARY | dict(tags)


# --- reading the drawing -------------------------------------------------------------------------


def _read_drawing(text: str) -> tuple[dict[str, tuple[int, int]], list[str]]:
    """Find the named places (line, column), and the pieces of road drawn between letters."""
    rows = text.split("\n")
    places: dict[str, tuple[int, int]] = {}
    strange = set()
    for line, row in enumerate(rows):
        for column, character in enumerate(row):
            if character.isalnum():
                if character in places:
                    raise ValueError(f"{character} is drawn twice")
                places[character] = line, column
            elif character not in {*LINES, CROSSING, " ", "."}:
                strange.add(character)
    if strange:
        raise ValueError(f"a drawing cannot hold {sorted(strange)}")
    pieces = []
    for name, start in places.items():
        for character, step in LINES.items():
            if name.isalpha() and (end := _follow(rows, start, step, character)):
                pieces.append(name + end)
    return places, pieces


def _follow(rows: list[str], start: tuple[int, int], step: tuple[int, int], character: str) -> str:
    """Follow a line from a letter to the next one; nothing where it ends in the open."""
    (line, column), lines = start, 0
    while True:
        line, column = line + step[0], column + step[1]
        there = rows[line][column] if line < len(rows) and 0 <= column < len(rows[line]) else " "
        if there.isalpha():
            return there if lines else ""
        if there not in (character, CROSSING) and not there.isdigit():
            if lines and there in LINES:
                raise ValueError(f"a line meets {there} at line {line + 1}: put a letter there")
            return ""
        lines += there == character


# --- tables of seconds ---------------------------------------------------------------------------

Times = dict[str, dict[str, int | None]]


def _read_table(text: str) -> tuple[list[str], list[str], Times]:
    rows = [
        [field.strip() for field in row.strip().strip("|").split("|")]
        for row in text.strip().splitlines()
    ]
    if any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("the table's rows differ in length")
    ends = rows[0][1:]
    wanted = {
        row[0]: {
            end: int(field) if field else None for end, field in zip(ends, row[1:], strict=True)
        }
        for row in rows[1:]
    }
    return list(wanted), ends, wanted


def _compare(found: Times, wanted: Times, how: str, world: World) -> None:
    if found != wanted:
        roads = "\n".join(f"{way}: {tags}" for way, tags in world.roads)
        raise AssertionError(
            f"{how}: expected\n{_table(wanted)}\nfound\n{_table(found)}\nin\n{world.text}\n{roads}"
        )


def _table(times: Times) -> str:
    ends = list(next(iter(times.values())))
    rows = [["", *ends]]
    rows += [
        [start, *("" if t is None else str(t) for t in row.values())]
        for start, row in times.items()
    ]
    width = max(len(field) for row in rows for field in row)
    return "\n".join("| " + " | ".join(field.rjust(width) for field in row) + " |" for row in rows)


# --- writing files -------------------------------------------------------------------------------


def _write_csv(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _merged(merged[key], value)
        else:
            merged[key] = value
    return merged


def _toml(data: Mapping[str, Any]) -> str:
    """Write a study or a speed table as TOML."""
    plain, tables = [], []
    for key, value in data.items():
        if isinstance(value, Mapping):
            tables.append(f"\n[{_key(key)}]\n" + _lines(value))
        elif isinstance(value, (list, tuple)) and value and isinstance(value[0], Mapping):
            tables += [f"\n[[{_key(key)}]]\n" + _lines(one) for one in value]
        else:
            plain.append(f"{_key(key)} = {_value(value)}\n")
    return "".join(plain) + "".join(tables)


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in table.items())


def _key(key: str) -> str:
    return key if key.replace("_", "").isalnum() and key.isascii() else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
