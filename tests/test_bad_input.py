"""Bad input: one clear message with file, row and mend, exit 2 or 3, and nothing half-written.

Every fault goes through the real command line. `fault` spoils one thing of the tiny study that
`studies` writes, and `refused` holds the command to the promise: the right exit code, one message
without a traceback, no result on stdout, and no file or folder that appeared or changed.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import stat
import struct
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import pytest
import shapely
from osmium.osm.mutable import Node, Way
from studies import (
    ROAD,
    accessibility,
    assert_refused,
    put,
    put_column,
    python_command,
    replace,
    state_of,
    write_tiny_study,
)
from world import World

from accessibility import read_network
from accessibility.errors import NetworkError

Spoil = Callable[[Path], object]
PLAIN = "plain"
PEOPLE, SITES, NETWORK = "people.csv", "sites.csv", "network.osm.pbf"
STUDY, DATA = 2, 3


def spoilt(file: str, row: int, column: str, value: object) -> Spoil:
    return lambda folder: put(folder / file, row, column, value)


def column(file: str, name: str, values: list[object]) -> Spoil:
    return lambda folder: put_column(folder / file, name, values)


def replaced(old: str, new: str, file: str = "study.toml") -> Spoil:
    return lambda folder: replace(folder / file, old, new)


def content(file: str, raw: bytes | str) -> Spoil:
    data = raw.encode() if isinstance(raw, str) else raw
    return lambda folder: (folder / file).write_bytes(data)


def both(*steps: Spoil) -> Spoil:
    return lambda folder: [step(folder) for step in steps]


def refused(
    folder: Path,
    code: int,
    words: list[str],
    *,
    spoil: Spoil | None = None,
    settings: Mapping[str, Any] | None = None,
    command: tuple[str, ...] = ("run",),
) -> str:
    """Spoil the tiny study, and hold `run` to refusing it."""
    study = write_tiny_study(folder / "in", settings=settings)
    if spoil is not None:
        spoil(folder / "in")
    arguments = (*command, study, "--out", folder / "out")
    return assert_refused(folder, arguments, code=code, words=words)


def test_the_tiny_study_itself_is_right(tmp_path: Path) -> None:
    answer = accessibility("run", write_tiny_study(tmp_path / "in"), "--out", tmp_path / "out")
    assert (answer.code, answer.err) == (0, f"info: writing {tmp_path / 'out'}\n")
    assert "error" not in answer.out


# --- the study -----------------------------------------------------------------------------------

L = {"id": "L", "name": "local"}
A = {"id": "A", "name": "area", "includes": ["L"]}
E = {"id": "E", "name": "special", "includes": ["A", "L"]}
ONE = {"id": "x", "name": "x", "tier": "L", "within_min": 30, "share": 0.9}
COUNT = {"id": "x", "name": "x", "tier": "L", "min_sites": 1}

STUDY_SETTINGS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown table": (
        {"isochronen": {"bands_min": [15]}},
        ["isochronen: unknown key", 'did you mean "isochrones"?'],
    ),
    "unknown key": (
        {"network": {"spedes": "plain"}},
        ["network.spedes: unknown key", 'did you mean "speeds"?'],
    ),
    "unknown key of the register": (
        {"population": {"register": {"source": "r.csv", "municipality": "m", "poeple": "p"}}},
        ["population.register.poeple: unknown key", 'did you mean "people"?', "is missing"],
    ),
    "misspelt register": (
        {"population": {"registr": {"source": "r.csv"}}},
        ["population.registr: unknown key", 'did you mean "register"?'],
    ),
    "no version": ({"schema_version": None}, ["schema_version is missing", "schema_version = 1"]),
    "a later version": (
        {"schema_version": 2},
        ["schema_version is 2", "reads schema_version = 1", "newer version of accessibility"],
    ),
    "version as text": ({"schema_version": "1"}, ["schema_version is '1'"]),
    "version true": ({"schema_version": True}, ["schema_version is True"]),
    "bands unsorted": ({"isochrones": {"bands_min": [30, 15]}}, ["bands_min", "sort them"]),
    "band twice": ({"isochrones": {"bands_min": [30, 30]}}, ["bands_min", "without repeats"]),
    "band of zero": (
        {"isochrones": {"bands_min": [0, 200]}},
        ["bands_min", "must be above 0 minutes"],
    ),
    "band below zero": (
        {"isochrones": {"bands_min": [-5, 200]}},
        ["bands_min", "must be above 0 minutes"],
    ),
    "no bands": ({"isochrones": {"bands_min": []}}, ["bands_min is empty", "[15, 30, 60]"]),
    "band as text": (
        {"isochrones": {"bands_min": ["15"]}},
        ["isochrones.bands_min[0]: must be a number (it is '15')"],
    ),
    "target beyond the last band": (
        {"targets": [ONE | {"within_min": 200}]},
        ['target "x"', "within_min = 200", "last band (180 min)", "add a band"],
    ),
    "two targets that ask the same": (
        {"targets": [ONE, ONE | {"id": "y", "share": 0.8}]},
        ['"x" and "y" ask the same', "keep one"],
    ),
    "two counts that ask the same": (
        {"targets": [COUNT, COUNT | {"id": "y", "min_sites": 2}]},
        ['"x" and "y" ask the same', "keep one"],
    ),
    "two targets of one id": (
        {"targets": [ONE, ONE | {"within_min": 60}]},
        ['two targets have the id "x"'],
    ),
    "both kinds of target": (
        {"targets": [ONE | {"min_sites": 1}]},
        ['target "x"', "either within_min and share, or min_sites"],
    ),
    "neither kind of target": (
        {"targets": [{"id": "x", "name": "x", "tier": "L"}]},
        ['target "x"', "either within_min and share, or min_sites"],
    ),
    "a share without a time": (
        {"targets": [{"id": "x", "name": "x", "tier": "L", "share": 0.9}]},
        ['target "x"', "within_min and share go together"],
    ),
    "no site asked for": ({"targets": [COUNT | {"min_sites": 0}]}, ["must be at least 1"]),
    "percent for a share": (
        {"targets": [ONE | {"share": 80}]},
        ['target "x"', "share is 80", "fraction", "did you mean 0.8?"],
    ),
    "share of nothing": ({"targets": [ONE | {"share": 0}]}, ["share is 0", "above 0"]),
    "share with a comma": (
        {"targets": [ONE | {"share": "0,9"}]},
        ["targets[0].share: must be a number (it is '0,9')"],
    ),
    "target of no tier": (
        {"targets": [ONE | {"tier": "LL"}]},
        ['target "x": "LL" is no tier', 'did you mean "L"?', "known: L, A, E"],
    ),
    "target of no group": (
        {"targets": [ONE | {"group": "yung"}]},
        ['target "x": there is no group "yung"', 'did you mean "young"?', "known: young, old"],
    ),
    "tiers in a circle": (
        {"tiers": [L | {"includes": ["E"]}, A, E]},
        ["include each other in a circle (L -> E -> A -> L)", "break it"],
    ),
    "a tier that includes itself": (
        {"tiers": [L | {"includes": ["L"]}, A, E]},
        ["in a circle (L -> L)"],
    ),
    "a tier twice": ({"tiers": [L, L, A, E]}, ["tiers: the id L is given more than once"]),
    "a tier that includes no tier": (
        {"tiers": [L, A, E | {"includes": ["AA"]}]},
        ['tiers: "E" includes "AA", which is no tier', 'did you mean "A"?'],
    ),
    "no tiers": ({"tiers": None}, ["tiers: is missing"]),
    "mode and speeds": (
        {"network": {"mode": "bicycle"}},
        ['network.mode is "bicycle"', 'speed table "plain" is for "car"'],
    ),
    "unknown mode": ({"network": {"mode": "cra"}}, ["network.mode", "'car'", "it is 'cra'"]),
    "unknown season": ({"network": {"season": "Winter"}}, ["network.season", "'winter'"]),
    "unknown speed table": (
        {"network": {"speeds": "finnland-car"}},
        ['"finnland-car" is no built-in', 'did you mean "finland-car"?', "path of a .toml"],
    ),
    "missing speed table": ({"network": {"speeds": "my.toml"}}, ["there is no file", "my.toml"]),
    "a language we do not speak": ({"name": {"de": "Hallo"}}, ["name: expected text", "fi = "]),
    "no crs": ({"crs": None}, ["crs: is missing"]),
    "crs in degrees": ({"crs": "EPSG:4326"}, ["crs:", "not a projected CRS", "EPSG:3067"]),
    "crs in feet": ({"crs": "EPSG:2263"}, ["crs:", "in metres"]),
    "crs of web maps": ({"crs": "EPSG:3857"}, ["crs:", "not metres on the ground"]),
    "no such crs": ({"crs": "EPSG:99999"}, ['crs: "EPSG:99999" is no CRS']),
    "no crs of the grid": ({"population": {"crs": None}}, ["population.crs is missing"]),
    "no such crs of the grid": (
        {"population": {"crs": "foo"}},
        ['population.crs: "foo" is no CRS', "EPSG:3067"],
    ),
    "x without y": ({"population": {"y": None}}, ["x and y go together"]),
    "unknown anchor": ({"population": {"anchor": "center"}}, ["population.anchor", "'centre'"]),
    "cells of no size": (
        {"population": {"cell_size_m": 0}},
        ["cell_size_m", "greater than or equal to 0.1"],
    ),
    "legs of no speed": (
        {"snapping": {"access_speed_km_h": 0}},
        ["snapping.access_speed_km_h", "greater than 0"],
    ),
}


@pytest.mark.parametrize("fault", STUDY_SETTINGS)
def test_a_wrong_study_is_refused_with_its_key(tmp_path: Path, fault: str) -> None:
    settings, words = STUDY_SETTINGS[fault]
    refused(tmp_path, STUDY, words, settings=settings)


STUDY_TEXTS: dict[str, tuple[Spoil, list[str]]] = {
    "syntax": (replaced('tier = "E"', 'tier = E"'), ["is not valid TOML", "at line", "column"]),
    "a key twice": (
        replaced("schema_version = 1", "schema_version = 1\nschema_version = 1"),
        ["is not valid TOML", "at line 2, column"],
    ),
    "a comma in a number": (replaced("share = 0.9", "share = 0,9"), ["at line", "column"]),
    "not a number": (replaced("share = 0.9", "share = nan"), ["targets[0].share", "finite"]),
    "no end": (replaced("within_min = 30", "within_min = inf"), ["within_min", "finite"]),
    "a band that is no number": (replaced("= [15, 30", "= [nan, 30"), ["bands_min[0]", "finite"]),
    "cells without end": (replaced("cell_size_m = 100", "cell_size_m = inf"), ["cell_size_m"]),
    "two faults at once": (
        both(replaced("share = 0.9", "shre = 0.9"), replaced("cell_size_m", "cell_siez_m")),
        ['targets[0].shre: unknown key (did you mean "share"?)', '"cell_size_m"?'],
    ),
    "empty": (content("study.toml", ""), ["schema_version is missing"]),
    "cp1252": (
        content("study.toml", b'schema_version = 1\nname = "J\xe4ms\xe4"'),
        ["line 2 is not"],
    ),
    "bytes": (content("study.toml", bytes(range(128, 256))), ["is not UTF-8", "save the file"]),
    "6 MB": (content("study.toml", b"#" * 6_000_000), ["6,000,000 bytes", "small text file"]),
    "a deep nest": (content("study.toml", "a=" + "[" * 99_999 + "]" * 99_999), ["nested too deep"]),
}


@pytest.mark.parametrize("fault", STUDY_TEXTS)
def test_a_broken_study_file_is_refused_with_its_line(tmp_path: Path, fault: str) -> None:
    spoil, words = STUDY_TEXTS[fault]
    refused(tmp_path, STUDY, ["study.toml", *words], spoil=spoil)


@pytest.mark.parametrize("name", ["study.yaml", "study.pkl", "study.joblib", "study.py", "."])
def test_only_toml_is_a_study(tmp_path: Path, name: str) -> None:
    write_tiny_study(tmp_path / "in")
    if name != ".":
        (tmp_path / "in" / name).write_bytes(b"import os\n")
    words = [str(tmp_path / "in" / name), "is not a .toml file"]
    assert_refused(tmp_path, ["run", tmp_path / "in" / name], code=STUDY, words=words)


def test_a_missing_study_names_the_one_beside_it(tmp_path: Path) -> None:
    write_tiny_study(tmp_path / "in")
    words = ["there is no file", "stdy.toml", 'did you mean "study.toml"?']
    assert_refused(tmp_path, ["run", tmp_path / "in" / "stdy.toml"], code=STUDY, words=words)


def test_a_name_too_long_for_the_disk_is_no_fault_of_ours(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300 + ".toml")
    assert_refused(tmp_path, ["run", path], code=STUDY, words=["cannot be read", "too long"])


# --- speed tables --------------------------------------------------------------------------------

SPEED_TABLES = {
    "negative": ("speed_km_h = {primary = -5}", ["speed_km_h.primary", "greater than 0", "-5"]),
    "zero": ("speed_km_h = {primary = 0}", ["speed_km_h.primary", "greater than 0"]),
    "too fast, or miles": ("speed_km_h = {primary = 131}", ["speed_km_h.primary", "130"]),
    "miles": ('speed_km_h = {primary = "50 mph"}', ["speed_km_h.primary", "number", "50 mph"]),
    "no number": ("speed_km_h = {primary = nan}", ["speed_km_h.primary", "finite"]),
    "no class": ("speed_km_h = {}", ["names no highway class"]),
    "unknown key": (
        "speed_km_h = {primary = 80}\nuse_maxspeeds = true",
        ["use_maxspeeds: unknown key", 'did you mean "use_maxspeed"?'],
    ),
    "syntax": ("speed_km_h = ", ["is not valid TOML", "line 3"]),
}


@pytest.mark.parametrize("fault", SPEED_TABLES)
def test_a_wrong_speed_table_is_refused_with_its_key(tmp_path: Path, fault: str) -> None:
    text, words = SPEED_TABLES[fault]
    spoil = content("speeds.toml", f'name = "own"\nmode = "car"\n{text}\n')
    settings = {"network": {"speeds": "speeds.toml"}}
    refused(tmp_path, STUDY, ["speeds.toml", *words], spoil=spoil, settings=settings)


def test_a_class_that_no_road_has_opens_nothing(tmp_path: Path) -> None:
    spoil = content("speeds.toml", 'name = "own"\nmode = "car"\nspeed_km_h = {busway = 80}\n')
    words = [NETWORK, 'no road that the speed table "own" opens', "classes met: primary"]
    settings = {"network": {"speeds": "speeds.toml"}}
    refused(tmp_path, DATA, words, spoil=spoil, settings=settings)


# --- the population ------------------------------------------------------------------------------


def degrees(*, swapped: bool = False) -> Spoil:
    lon, lat = ROAD.lonlat("abcd").T
    x, y = (lat, lon) if swapped else (lon, lat)
    return both(column(PEOPLE, "x", list(x)), column(PEOPLE, "y", list(y)))


def moved(row: int, x: object, y: object) -> Spoil:
    return both(spoilt(PEOPLE, row, "x", x), spoilt(PEOPLE, row, "y", y))


BLANK_LINE = content(PEOPLE, "id,x,y,people,young,old\na,1,1,1,1,0\n\nb,b,1,1,1,1,1\n")

POPULATION: dict[str, tuple[Spoil, list[str]]] = {
    "negative people": (
        spoilt(PEOPLE, 3, "people", -2),
        ['"people"', "negative people in row 3 (-2)", "expected 0 or more"],
    ),
    "people that are no number": (
        spoilt(PEOPLE, 3, "people", "NaN"),
        ['"people" (population.people)', 'row 3: "NaN"', "hidden or missing figure"],
    ),
    "people missing": (spoilt(PEOPLE, 5, "people", ""), ["no number in row 5", "finite number"]),
    "people without end": (spoilt(PEOPLE, 3, "people", "inf"), ['row 3: "inf"']),
    "people too many to count": (spoilt(PEOPLE, 3, "people", "1e999"), ["row 3", "finite"]),
    "people in words": (spoilt(PEOPLE, 4, "people", "kaksi"), ['row 4: "kaksi"']),
    "a group hidden without saying so": (
        spoilt(PEOPLE, 3, "young", -1),
        ['"young"', "row 3 (-1)", "is it population.suppressed?"],
    ),
    "nobody anywhere": (column(PEOPLE, "people", [0, 0, 0, 0]), ["nobody lives in the grid"]),
    "an id twice": (spoilt(PEOPLE, 3, "id", "a"), ["row 2, 3", "the same id", "must come once"]),
    "an empty id": (spoilt(PEOPLE, 4, "id", "  "), ["row 4 has no id"]),
    "no row": (content(PEOPLE, "id,x,y,people,young,old\n"), ["the grid has no cell"]),
    "0 bytes": (content(PEOPLE, b""), ["0 bytes", "fetch it again"]),
    "blank lines only": (content(PEOPLE, b"\n\n \n"), ["no header row"]),
    "a comma without quotes": (
        replaced("c,", "c,c,", PEOPLE),
        ["row 4 has not the 6 values of the header", "has 7", "needs quotes"],
    ),
    "a row after a blank line keeps its number": (BLANK_LINE, ["row 4 has not the 6 values"]),
    "a quotation mark left open": (
        content(PEOPLE, 'id,x,y,people\n"a,1,1,1\n' + "b,1,1,1\n" * 20_000),
        ["row 2", "quotation mark left open"],
    ),
    "two columns of one name": (
        replaced("young,old", "young,young", PEOPLE),
        ["two columns are named young", "rename one"],
    ),
    "bytes": (content(PEOPLE, bytes(range(256)) * 40), ["is not a text file", "expected CSV"]),
    "a packed file under a wrong name": (content(PEOPLE, b"PK\x03\x04\x00\x00"), ["not a text"]),
    "a web page": (content(PEOPLE, "\n<!DOCTYPE html><html>404"), ["looks like a web page"]),
    "thousands or a decimal": (
        content(PEOPLE, 'id,x,y,people,young,old\na,26500000,6900000,"1,234",1,0\n'),
        ["row 2 could be read in two ways", '"1,234"', "without thousands separators"],
    ),
    "points and commas in one column": (
        content(PEOPLE, "id;x;y;people;young;old\na;1;1;1,5;1;0\nb;1;1;1.5;1;0\n"),
        ["row 3 could be read in two ways", "one decimal sign"],
    ),
    "degrees as metres": (
        degrees(),
        ["4 of 4 cells", "row 2, 3, 4, 5", "EPSG:4326", "population.crs"],
    ),
    "x and y swapped": (
        replaced('x = "x"\ny = "y"', 'x = "y"\ny = "x"'),
        [PEOPLE, "4 of 4 cells lie outside", "Are x and y swapped?"],
    ),
    "longitude and latitude swapped": (
        both(
            degrees(swapped=True),
            replaced('crs = "EPSG:3880"\nanchor', 'crs = "EPSG:4326"\nanchor'),
        ),
        ["Are longitude and latitude swapped? Swapped, they fit"],
    ),
    "metres as degrees": (
        replaced('crs = "EPSG:3880"\nanchor', 'crs = "EPSG:4326"\nanchor'),
        [PEOPLE, "look like metres of ETRS89 / GK26FIN", "population.crs"],
    ),
    "another CRS": (
        replaced('crs = "EPSG:3880"\nanchor', 'crs = "EPSG:3067"\nanchor'),
        [PEOPLE, "4 of 4 cells lie outside", "Check the file's crs"],
    ),
    "a cell at 0, 0": (moved(3, 0, 0), ["1 of 4 cells", "row 3", "coordinates are missing"]),
    "a cell without a place": (moved(3, "", ""), ['"x" (population.x)', "no number in row 3"]),
    "another region": (
        column(PEOPLE, "y", [7_400_000 + 200 * row for row in range(4)]),
        ["no cell of people.csv", "the cells span", "the roads", "of the same region?"],
    ),
    "no such column": (
        replaced('people = "people"', 'people = "peopel"'),
        ['no column "peopel" (population.people)', 'did you mean "people"?', "columns: id, x, y"],
    ),
    "kept nothing": (
        replaced("cell_size_m = 100", 'cell_size_m = 100\nkeep = {id = ["zz"]}'),
        ["no row has id = zz (population.keep)", "values there: a, b, c, d"],
    ),
    "a kept row keeps its number": (
        both(
            replaced("cell_size_m = 100", 'cell_size_m = 100\nkeep = {id = ["c", "d"]}'),
            spoilt(PEOPLE, 5, "people", -8),
        ),
        ["negative people in row 5 (-8)"],
    ),
}


@pytest.mark.parametrize("fault", POPULATION)
def test_a_wrong_grid_is_refused_with_its_row(tmp_path: Path, fault: str) -> None:
    spoil, words = POPULATION[fault]
    refused(tmp_path, DATA, [PEOPLE, *words], spoil=spoil)


def test_hidden_people_are_possible_in_groups_only(tmp_path: Path) -> None:
    settings = {"population": {"suppressed": -1}}
    spoil = spoilt(PEOPLE, 3, "people", -1)
    refused(tmp_path, DATA, [PEOPLE, "row 3", "in groups only"], spoil=spoil, settings=settings)


def test_a_cell_size_that_cannot_be_told_is_asked_for(tmp_path: Path) -> None:
    settings = {"population": {"cell_size_m": None}}
    spoil = spoilt(PEOPLE, 3, "x", "26500700.0")
    words = [PEOPLE, "size of the grid's cells cannot be told", "give population.cell_size_m"]
    refused(tmp_path, DATA, words, spoil=spoil, settings=settings)


REGISTERS: dict[str, tuple[str, list[str]]] = {
    "negative": ("m,p\nÄänekoski,-15\n", ["row 2 has negative people", "expected 0 or more"]),
    "missing": ("m,p\nÄänekoski,\n", ['"p" (population.register.people)', "row 2"]),
    "twice": ("m,p\nÄänekoski,15\nÄänekoski,1\n", ["Äänekoski comes more than once"]),
    "another region": ("m,p\nKuopio,15\n", ["no municipality in common", "Kuopio", "Äänekoski"]),
    "no row": ("m,p\n", ["no municipality in common", "the register has none"]),
    "nobody left": ("m,p\nÄänekoski,0\n", ["nobody is left"]),
    "no column": ("municipality,p\nÄänekoski,1\n", ['no column "m" (population.register.m']),
}


@pytest.mark.parametrize("fault", REGISTERS)
def test_a_wrong_register_is_refused(tmp_path: Path, fault: str) -> None:
    text, words = REGISTERS[fault]
    register = {"source": "r.csv", "municipality": "m", "people": "p", "scale": True}
    settings = {"population": {"municipality": "m", "register": register}}
    spoil = both(column(PEOPLE, "m", ["Äänekoski"] * 4), content("r.csv", text))
    refused(tmp_path, DATA, ["r.csv", *words], spoil=spoil, settings=settings)


def test_a_register_needs_municipalities(tmp_path: Path) -> None:
    settings = {"population": {"register": {"source": "r.csv", "municipality": "m", "people": "p"}}}
    words = ["r.csv", "name it in population.municipality"]
    refused(tmp_path, DATA, words, spoil=content("r.csv", "m,p\nJyväskylä,1\n"), settings=settings)


# --- sites ---------------------------------------------------------------------------------------


def site_at(lon: object, lat: object) -> Spoil:
    return both(spoilt(SITES, 3, "lon", lon), spoilt(SITES, 3, "lat", lat))


SITE_LISTS: dict[str, tuple[Spoil, list[str]]] = {
    "an id twice": (spoilt(SITES, 3, "id", "a"), ["site id a", "row 2, 3", "an id of its own"]),
    "an id twice but for spaces": (spoilt(SITES, 3, "id", " a "), ["site id a", "row 2, 3"]),
    "an empty id": (spoilt(SITES, 3, "id", ""), ["row 3 has no site id"]),
    "no such tier": (
        spoilt(SITES, 3, "tier", "LE"),
        ['row 3 has tier "LE"', 'did you mean "L"?', "known: L, A, E"],
    ),
    "no tier": (spoilt(SITES, 3, "tier", ""), ['row 3 has tier ""', "known: L, A, E"]),
    "longitude and latitude swapped": (
        site_at(62.207, 26.05),
        ["1 of 2 sites", "row 3", "Are longitude and latitude swapped? Swapped, they fit"],
    ),
    "0, 0": (site_at(0, 0), ["row 3 stands at 0, 0", "coordinates are missing"]),
    "no number": (site_at("nan", 62.2), ['"lon" (sites.lon)', 'row 3: "nan"']),
    "nothing": (site_at("", 62.2), ['"lon" (sites.lon)', "no number in row 3"]),
    "off the globe": (site_at(26.05, 91), ["1 of 2 sites lie outside", "row 3"]),
    "round the globe": (site_at(386.05, 62.2), ["1 of 2 sites lie outside", "row 3"]),
    "metres": (site_at(26_503_000, 6_900_000), ["row 3", "look like metres", "sites.crs"]),
    "another country": (site_at(18.06, 59.33), ["row 3", "18.06, 59.33", "right region"]),
    "another region": (
        both(column(SITES, "lon", [25.7, 25.71]), column(SITES, "lat", [66.5, 66.5])),
        ["no site of sites.csv", "the sites span", "the roads", "of the same region?"],
    ),
    "no row": (content(SITES, "id,name,tier,lon,lat\n"), ["empty", "nobody would reach"]),
    "no column": (replaced("tier,", "teir,", SITES), ['no column "tier"', 'did you mean "teir"?']),
    "NUL": (spoilt(SITES, 2, "name", "a\x00b"), ["is not a text file"]),
}


@pytest.mark.parametrize("fault", SITE_LISTS)
def test_a_wrong_list_of_sites_is_refused_with_its_row(tmp_path: Path, fault: str) -> None:
    spoil, words = SITE_LISTS[fault]
    refused(tmp_path, DATA, [SITES, *words], spoil=spoil)


OPTIONAL_COLUMNS: dict[str, tuple[str, list[object], list[str]]] = {
    "negative capacity": ("capacity", [5, -1], ["capacity is negative in row 3", "0 or more"]),
    "capacity that is no number": ("capacity", [5, "NaN"], ["(sites.capacity)", 'row 3: "NaN"']),
    "negative visits": ("visits", [-1, 2], ["visits is negative in row 2"]),
    "external: perhaps": ("external", ["no", "maybe"], ['row 3 has "maybe"', "true or false"]),
    "no such service": ("services", ["E;X", "L"], ['site a lists service "X"', "known: L, A, E"]),
    "not its own service": ("services", ["A;L", "L"], ["site a is of tier E", "add it"]),
}


@pytest.mark.parametrize("fault", OPTIONAL_COLUMNS)
def test_a_wrong_optional_column_of_sites_is_refused(tmp_path: Path, fault: str) -> None:
    key, values, words = OPTIONAL_COLUMNS[fault]
    spoil = column(SITES, "more", values)
    refused(tmp_path, DATA, [SITES, *words], spoil=spoil, settings={"sites": {key: "more"}})


SITE_POINTS = [shapely.Point(*place) for place in ROAD.lonlat("ad")]
SITE_METRES = [shapely.Point(*place) for place in ROAD.xy("ad")]


def features(name: str, shapes: list[object], crs: int | None) -> Spoil:
    def write(folder: Path) -> None:
        frame = gpd.GeoDataFrame(
            {"id": ["a", "d"], "name": ["A", "D"], "tier": ["E", "L"]}, geometry=shapes, crs=crs
        )
        frame.to_file(folder / name)

    return write


def cut(name: str, size: int) -> Spoil:
    return lambda folder: os.truncate(folder / name, size)


DISGUISED = (
    '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource>'
    "</OGRVRTLayer></OGRVRTDataSource>"
)

FEATURES: dict[str, tuple[str, Spoil, list[str]]] = {
    "a line": (
        "s.geojson",
        features("s.geojson", [SITE_POINTS[0], shapely.LineString(SITE_POINTS)], 4326),
        ["row 2 is no point", "one point a site"],
    ),
    "an area": (
        "s.geojson",
        features("s.geojson", [SITE_POINTS[0], SITE_POINTS[1].buffer(0.001)], 4326),
        ["row 2 is no point"],
    ),
    "an empty point": (
        "s.geojson",
        features("s.geojson", [SITE_POINTS[0], shapely.Point()], 4326),
        ["row 2 is no point"],
    ),
    "no geometry": (
        "s.geojson",
        features("s.geojson", [None, SITE_POINTS[1]], 4326),
        ["row 1 is no point"],
    ),
    "metres labelled degrees": (
        "s.gpkg",
        features("s.gpkg", SITE_METRES, 4326),
        ["2 of 2 sites", "row 1, 2", "look like metres of ETRS89 / GK26FIN"],
    ),
    "degrees labelled metres": (
        "s.gpkg",
        features("s.gpkg", SITE_POINTS, 3067),
        ["2 of 2 sites", "look like degrees (EPSG:4326)"],
    ),
    "a GeoPackage cut short": (
        "s.gpkg",
        both(features("s.gpkg", SITE_METRES, 3880), cut("s.gpkg", 30_000)),
        ["cannot be read as gpkg", "30,000 bytes", "fetch it again"],
    ),
    "GeoJSON cut short": (
        "s.geojson",
        both(features("s.geojson", SITE_POINTS, 4326), cut("s.geojson", 300)),
        ["cannot be read as geojson", "300 bytes", "fetch it again"],
    ),
    "no features": (
        "s.geojson",
        content("s.geojson", '{"type": "FeatureCollection", "features": []}'),
        ["empty"],
    ),
    "a web page": ("s.geojson", content("s.geojson", "<html>404</html>"), ["like a web page"]),
    "a file that names other files": ("s.gpkg", content("s.gpkg", DISGUISED), ["is no gpkg file"]),
    "the same as GeoJSON": ("s.geojson", content("s.geojson", DISGUISED), ["is no geojson file"]),
}


@pytest.mark.parametrize("fault", FEATURES)
def test_a_wrong_file_of_features_is_refused(tmp_path: Path, fault: str) -> None:
    name, spoil, words = FEATURES[fault]
    settings = {"sites": {"source": name, "lon": None, "lat": None}}
    refused(tmp_path, DATA, [name, *words], spoil=spoil, settings=settings)


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_file_that_names_no_crs_is_refused(tmp_path: Path) -> None:
    settings = {"sites": {"source": "s.gpkg", "lon": None, "lat": None}}
    spoil = features("s.gpkg", SITE_METRES, None)
    words = ["s.gpkg", "names no CRS", "save it with one"]
    refused(tmp_path, DATA, words, spoil=spoil, settings=settings)


def test_a_geopackage_with_two_layers_is_not_guessed_at(tmp_path: Path) -> None:
    def two_layers(folder: Path) -> None:
        for layer in ("old", "new"):
            frame = gpd.GeoDataFrame({"id": ["a"]}, geometry=SITE_METRES[:1], crs=3880)
            frame.to_file(folder / "s.gpkg", layer=layer)

    settings = {"sites": {"source": "s.gpkg", "lon": None, "lat": None}}
    words = ["s.gpkg", "has 2 layers (old, new)", 'sites.layer = "old"']
    refused(tmp_path, DATA, words, spoil=two_layers, settings=settings)


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (SITE_METRES, ["areas.gpkg", "row 1, 2", "no polygon"]),
        ([SITE_METRES[0].buffer(9), None], ["areas.gpkg", "row 2", "no polygon"]),
    ],
    ids=["points", "nothing"],
)
def test_areas_must_be_areas(tmp_path: Path, shapes: list[object], words: list[str]) -> None:
    settings = {"areas": {"source": "areas.gpkg", "key": "id", "name": "name"}}
    spoil = features("areas.gpkg", shapes, 3880)
    refused(tmp_path, DATA, words, spoil=spoil, settings=settings)


def test_an_area_in_several_rows_has_one_name(tmp_path: Path) -> None:
    settings = {"areas": {"source": "areas.gpkg", "key": "key", "name": "name"}}

    def twice(folder: Path) -> None:
        frame = gpd.GeoDataFrame(
            {"key": ["005", "005"], "name": ["Äänekoski", "Viitasaari"]},
            geometry=[point.buffer(99) for point in SITE_METRES],
            crs=3880,
        )
        frame.to_file(folder / "areas.gpkg")

    words = ["areas.gpkg", "005 comes more than once, with different names"]
    refused(tmp_path, DATA, words, spoil=twice, settings=settings)


# --- files that are not what they should be ------------------------------------------------------

PARTS = ("population", "sites", "network")
ADDRESSES = [
    "https://example.org/data.csv",
    "http://127.0.0.1/data.osm.pbf",
    "file:///etc/passwd",
    "/vsicurl/data.gpkg",
    "/vsizip/data.zip/data.gpkg",
]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_refused_and_nothing_fetched(tmp_path: Path, part: str, address: str) -> None:
    words = [f"{part}.source", f"{address} is an address, not a file", "Download it"]
    refused(tmp_path, DATA, words, settings={part: {"source": address}})


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", ["data.zip", "data.gpkg.zip", "data.pkl", "data.joblib", "d.vrt"])
def test_packed_files_and_pickles_are_never_opened(tmp_path: Path, part: str, name: str) -> None:
    words = [f"{part}.source", name, "is packed or not a data file", "unpack it"]
    refused(tmp_path, DATA, words, spoil=content(name, b"PK"), settings={part: {"source": name}})


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", ["data.xlsx", "data.pkl.gz", "data", "data.shp", "data.npz"])
def test_another_kind_of_file_is_refused_with_the_kinds(
    tmp_path: Path, part: str, name: str
) -> None:
    words = [f"{part}.source", name, "kind", "expected ."]
    refused(tmp_path, DATA, words, spoil=content(name, b"PK"), settings={part: {"source": name}})


@pytest.mark.parametrize("part", PARTS)
def test_a_folder_is_no_file(tmp_path: Path, part: str) -> None:
    words = [f"{part}.source", "is a folder", "give a file in it"]
    refused(tmp_path, DATA, words, settings={part: {"source": "."}})


@pytest.mark.parametrize(
    ("part", "name", "near"),
    [
        ("population", "peple.csv", PEOPLE),
        ("sites", "site.csv", SITES),
        ("network", "netwrk.osm.pbf", NETWORK),
    ],
)
def test_a_missing_file_names_the_one_beside_it(
    tmp_path: Path, part: str, name: str, near: str
) -> None:
    words = [f"{part}.source", "there is no file", name, f'did you mean "{near}"?']
    refused(tmp_path, DATA, words, settings={part: {"source": name}})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize(("part", "name"), [("population", PEOPLE), ("network", NETWORK)])
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, part: str, name: str) -> None:
    study = write_tiny_study(tmp_path / "in")
    (tmp_path / "in" / name).chmod(0)
    answer = accessibility("run", study, "--out", tmp_path / "out")
    assert answer.code == DATA
    assert f"{part}.source" in answer.err
    assert "cannot be read (Permission denied)" in answer.err
    (tmp_path / "in" / name).chmod(stat.S_IRUSR | stat.S_IWUSR)


def test_a_name_too_long_for_a_file_is_refused(tmp_path: Path) -> None:
    settings = {"population": {"source": "x" * 300 + ".csv"}}
    refused(tmp_path, DATA, ["population.source", "cannot be read"], settings=settings)


# --- OpenStreetMap files -------------------------------------------------------------------------

BOMB = "".join(
    f'<!ENTITY {a} "{(f"&{b};") * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
OSM_BOMB = (
    f'<?xml version="1.0"?><!DOCTYPE l [{BOMB}<!ENTITY i "ha">]><osm version="0.6">'
    '<node id="1" lat="62" lon="26"><tag k="name" v="&a;"/></node></osm>'
)
OSM_FILE_ENTITY = OSM_BOMB.replace('"ha"', 'SYSTEM "file:///etc/passwd"').replace("&a;", "&i;")
GRAPHML_BOMB = (
    f'<?xml version="1.0"?><!DOCTYPE l [{BOMB}<!ENTITY i "ha">]>'
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    '<key id="d0" for="node" attr.name="&a;" attr.type="string"/></graphml>'
)


def flipped(folder: Path) -> None:
    path = folder / NETWORK
    raw = bytearray(path.read_bytes())
    for place in range(len(raw) // 2, len(raw) // 2 + 8):
        raw[place] ^= 0xFF
    path.write_bytes(raw)


def clipped(nodes: int) -> Spoil:
    """Write a road of 200 nodes, of which the file holds some only."""

    def write(folder: Path) -> None:
        writer = osmium.SimpleWriter(str(folder / NETWORK), overwrite=True)
        lon, lat = ROAD.lonlat("a")[0]
        for number in range(nodes):
            writer.add_node(Node(id=number + 1, location=(lon + number * 0.0003, lat)))
        writer.add_way(Way(id=1, nodes=range(1, 201), tags={"highway": "primary"}))
        writer.close()

    return write


FOOTPATHS = World("a-b-c-d", {"ab": "footway", "bc": "steps", "cd": "cycleway"})

OSM_FILES: dict[str, tuple[Spoil, list[str]]] = {
    "0 bytes": (content(NETWORK, b""), ["0 bytes", "fetch it again"]),
    "a web page": (content(NETWORK, "\n <!DOCTYPE html>"), ["looks like a web page", "Fetch"]),
    "an error in XML": (content(NETWORK, "<?xml version='1.0'?><Error/>"), ["bytes", "Fetch it"]),
    "cut inside a block": (
        lambda folder: os.truncate(folder / NETWORK, (folder / NETWORK).stat().st_size - 10),
        ["cannot be read as OpenStreetMap data", "unexpected EOF", "Fetch it again"],
    ),
    "flipped bytes": (flipped, ["cannot be read as OpenStreetMap data", "Fetch it again"]),
    "a block header beyond the format's limit": (
        content(NETWORK, b"\xff\xff\xff\xff" + bytes(100)),
        ["invalid BlobHeader size", "Fetch it again"],
    ),
    "footpaths only": (
        lambda folder: FOOTPATHS.write_osm(folder / NETWORK),
        ['no road that the speed table "plain" opens', "footway, steps, cycleway", "Fetch"],
    ),
    "clipped roads": (clipped(170), ["30 of the 200 nodes", "15% of its roads", "complete_ways"]),
    "roads without a single node": (clipped(0), ["200 of the 200 nodes", "complete_ways"]),
    "a checksum beside it that differs": (
        content(f"{NETWORK}.md5", "0" * 32 + f"  {NETWORK}\n"),
        ["its md5 is", f"{NETWORK}.md5 says 0000", "incomplete or changed", "Fetch both again"],
    ),
    "a sha256 beside it that differs": (
        content(f"{NETWORK}.sha256", "0" * 64),
        ["its sha256 is", "Fetch both again"],
    ),
}


@pytest.mark.parametrize("fault", OSM_FILES)
def test_a_broken_map_file_is_refused(tmp_path: Path, fault: str) -> None:
    spoil, words = OSM_FILES[fault]
    refused(tmp_path, DATA, [NETWORK, *words], spoil=spoil)


def test_a_checksum_counts_even_where_the_network_is_known_already(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path)
    assert accessibility("check", study).code == 0
    (tmp_path / f"{NETWORK}.md5").write_text("0" * 32, encoding="ascii")
    assert_refused(tmp_path, ["check", study], code=DATA, words=["its md5 is"])
    right = hashlib.md5((tmp_path / NETWORK).read_bytes()).hexdigest()  # noqa: S324
    (tmp_path / f"{NETWORK}.md5").write_text(f"{right}  {NETWORK}\n", encoding="ascii")
    assert accessibility("check", study).code == 0


def test_a_checksum_in_the_study_counts(tmp_path: Path) -> None:
    settings = {"network": {"sha256": "00"}}
    words = [NETWORK, "its sha256 is", "the study states 00", "Fetch it again"]
    refused(tmp_path, DATA, words, settings=settings)


def test_a_few_nodes_may_be_missing_but_it_is_told(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path / "in")
    clipped(199)(tmp_path / "in")
    answer = accessibility("check", study)
    assert answer.code == 0
    assert "warning: 1 nodes of roads are not in the file: 1 ways end there (0.5%" in answer.err


@pytest.mark.parametrize("name", ["n.osh.pbf", "n.osc.gz", "n.osm.osc", "n.osh"])
def test_a_history_or_change_file_is_refused(tmp_path: Path, name: str) -> None:
    """By its name, even where its content is in the cache of networks."""
    study = write_tiny_study(tmp_path / "before")
    assert accessibility("check", study).code == 0
    raw = (tmp_path / "before" / NETWORK).read_bytes()
    words = [name, "history or change file", "give an ordinary extract"]
    refused(tmp_path, DATA, words, spoil=content(name, raw), settings={"network": {"source": name}})


def test_a_history_inside_an_ordinary_name_is_refused(tmp_path: Path) -> None:
    def history(folder: Path) -> None:
        writer = osmium.SimpleWriter(str(folder / "n.osh.pbf"))
        for version in (1, 2):
            writer.add_node(Node(id=1, version=version, location=(26.0, 62.2)))
        writer.close()
        (folder / "n.osh.pbf").replace(folder / NETWORK)

    refused(tmp_path, DATA, [NETWORK, "history file"], spoil=history)


@pytest.mark.parametrize(
    ("name", "text"),
    [("n.osm", OSM_BOMB), ("n.osm", OSM_FILE_ENTITY), ("n.graphml", GRAPHML_BOMB)],
    ids=["osm bomb", "osm file", "graphml bomb"],
)
def test_xml_entities_are_not_followed(tmp_path: Path, name: str, text: str) -> None:
    settings = {"network": {"source": name}}
    message = refused(tmp_path, DATA, [name], spoil=content(name, text), settings=settings)
    assert "root:" not in message
    assert "entities" in message


@pytest.mark.parametrize("name", ["n.osm", "n.osm.bz2", "n.osm.gz"])
def test_xml_cut_short_is_refused(tmp_path: Path, name: str) -> None:
    def cut_short(folder: Path) -> None:
        World("a-b-c-d", {"abcd": {"highway": "primary", "ref": name}}).write_osm(folder / name)
        os.truncate(folder / name, (folder / name).stat().st_size - 40)

    words = [name, "cannot be read as OpenStreetMap data", "Fetch it again"]
    refused(tmp_path, DATA, words, spoil=cut_short, settings={"network": {"source": name}})


def test_roads_of_another_region_are_refused_with_both_extents(tmp_path: Path) -> None:
    def elsewhere(folder: Path) -> None:
        there = {name: (x + 200_000, y + 300_000) for name, (x, y) in ROAD.places.items()}
        World("", {"abcd": "primary"}, places=there).write_osm(folder / NETWORK)

    words = ["no site of sites.csv", "the sites span 26500000-26503000 E", "the roads 26700"]
    refused(tmp_path, DATA, [*words, "same region?"], spoil=elsewhere)


# --- a real extract, cut -------------------------------------------------------------------------


def block_ends(raw: bytes) -> Iterator[int]:
    """Give where every block of a PBF file ends: 4 bytes of length, a header, a blob."""
    place = 0
    while place < len(raw):
        size = struct.unpack(">I", raw[place : place + 4])[0]
        header = raw[place + 4 : place + 4 + size]
        place += 4 + size + _blob_size(header)
        yield place


def _blob_size(header: bytes) -> int:
    """Read field 3 (datasize) of a BlobHeader message."""
    place = 0

    def number() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = header[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(header):
        key = number()
        value = number()
        if key >> 3 == 3:
            return value
        place += value if key & 7 == 2 else 0
    raise AssertionError("a block header without a size")


def kinds_in(path: Path) -> tuple[int, int, int]:
    """Count nodes, ways and relations."""
    found = {"n": 0, "w": 0, "r": 0}
    for item in osmium.FileProcessor(str(path)):
        found[item.type_str()] += 1
    return found["n"], found["w"], found["r"]


def read_or_message(path: Path) -> str:
    try:
        read_network(path, speeds=PLAIN, cache=False)
    except NetworkError as problem:
        return str(problem)
    return ""


@pytest.fixture(scope="module")
def liechtenstein(data_folder: Path) -> bytes:
    return (data_folder / "data" / "osm-extracts" / "liechtenstein-latest.osm.pbf").read_bytes()


@pytest.mark.data
def test_a_download_that_stopped_between_two_blocks_is_refused(
    tmp_path: Path, liechtenstein: bytes
) -> None:
    """osmium and GDAL read each of these without a word."""
    path = tmp_path / "liechtenstein.osm.pbf"
    ends = list(block_ends(liechtenstein))
    assert ends[-1] == len(liechtenstein)
    assert len(ends) == 21
    some_ways = 0
    for end in ends[:-1]:
        path.write_bytes(liechtenstein[:end])
        message = read_or_message(path)
        assert message.startswith(f"{path}: "), f"cut at {end}: read as if it were whole"
        if "stopped at a block boundary" in message:
            some_ways += 1
            assert "compare its size or checksum" in message
        else:
            assert "holds no road" in message
            assert "Cut short" in message
    assert some_ways == 2, "cuts after some of the ways, but not all"


@pytest.mark.data
def test_a_cut_download_fails_the_whole_command(tmp_path: Path, liechtenstein: bytes) -> None:
    ends = list(block_ends(liechtenstein))
    for end in (ends[3], ends[-2], ends[-2] + 5000):
        spoil = content(NETWORK, liechtenstein[:end])
        words = [NETWORK, "etch", "checksum" if end > ends[-3] else "whole extract"]
        refused(tmp_path / str(end), DATA, words, spoil=spoil)


@pytest.mark.data
def test_a_download_that_stopped_inside_a_block_is_refused(
    tmp_path: Path, liechtenstein: bytes
) -> None:
    path = tmp_path / "liechtenstein.osm.pbf"
    for size in (1, 100, 5_000, len(liechtenstein) // 2, len(liechtenstein) - 1):
        path.write_bytes(liechtenstein[:size])
        message = read_or_message(path)
        assert "cannot be read as OpenStreetMap data" in message
        assert f"{size:,} bytes" in message
        assert "Fetch it again" in message


@pytest.mark.data
def test_flipped_bytes_in_a_real_extract_are_refused(tmp_path: Path, liechtenstein: bytes) -> None:
    path = tmp_path / "liechtenstein.osm.pbf"
    for share in (0.1, 0.5, 0.9):
        raw = bytearray(liechtenstein)
        raw[int(len(raw) * share)] ^= 0xFF
        path.write_bytes(raw)
        assert "cannot be read as OpenStreetMap data" in read_or_message(path)


def many_turns(path: Path) -> Path:
    """Write an extract whose ways fill two blocks and whose turn restrictions two more."""
    header = osmium.io.Header()
    header.set("osmosis_replication_timestamp", "2026-01-01T00:00:00Z")
    lon, lat = ROAD.lonlat("a")[0]
    writer = osmium.SimpleWriter(str(path), header=header, overwrite=True)
    for number in range(3):
        writer.add_node(Node(id=number + 1, location=(lon + number * 0.001, lat), version=1))
    for number in range(8_100):
        nodes = [1, 2] if number % 2 else [2, 3]
        writer.add_way(Way(id=number + 1, nodes=nodes, tags={"highway": "primary"}, version=1))
    for number in range(8_100):
        members = [("w", 1, "from"), ("n", 2, "via"), ("w", 2, "to")]
        tags = {"type": "restriction", "restriction": "no_left_turn"}
        writer.add_relation(
            osmium.osm.mutable.Relation(id=number + 1, members=members, tags=tags, version=1)
        )
    writer.close()
    return path


def test_a_cut_between_nodes_ways_and_relations_is_refused_but_inside_relations_cannot_be_told(
    tmp_path: Path,
) -> None:
    """Only a checksum tells a file that lost the last of its relations: it reads as whole."""
    whole = many_turns(tmp_path / "whole.osm.pbf").read_bytes()
    path = tmp_path / "cut.osm.pbf"
    seen = {}
    for end in list(block_ends(whole))[:-1]:
        path.write_bytes(whole[:end])
        seen[kinds_in(path)] = read_or_message(path)
    no_node, no_way, some_ways, all_ways, some_relations = seen
    assert (no_node, no_way) == ((0, 0, 0), (3, 0, 0))
    assert "holds no road" in seen[no_node]
    assert "holds no road" in seen[no_way]
    assert 0 < some_ways[1] < 8_100
    assert "stopped at a block boundary" in seen[some_ways]
    assert all_ways == (3, 8_100, 0)
    assert seen[all_ways] == ""  # every road is there: read, and said to hold no restriction
    assert 0 < some_relations[2] < 8_100
    assert seen[some_relations] == "", "a cut inside the relations can be told now: say so"
    md5 = hashlib.md5(whole).hexdigest()  # noqa: S324
    path.with_name("cut.osm.pbf.md5").write_text(md5, encoding="ascii")
    assert "its md5 is" in read_or_message_of_the_command(path)


def read_or_message_of_the_command(path: Path) -> str:
    return accessibility("inspect", path, "--speeds", PLAIN).err


# --- GraphML -------------------------------------------------------------------------------------


def graph_file(change: Callable[[nx.MultiDiGraph], object]) -> Spoil:
    """Write the tiny road as osmnx would, with a change."""

    def write(folder: Path) -> None:
        graph = nx.MultiDiGraph(crs="EPSG:4326")
        for number, (lon, lat) in enumerate(ROAD.lonlat("abcd")):
            graph.add_node(number, x=float(lon), y=float(lat))
        for start, end in ((0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2)):
            graph.add_edge(start, end, length=1000.0, highway="primary")
        change(graph)
        nx.write_graphml(graph, folder / "n.graphml")

    return write


def edge(**values: object) -> Spoil:
    return graph_file(lambda graph: graph.edges[1, 2, 0].update(values))


def node(**values: object) -> Spoil:
    return graph_file(lambda graph: graph.nodes[2].update(values))


def without_edges(graph: nx.MultiDiGraph) -> None:
    graph.remove_edges_from(list(graph.edges))


GRAPHS: dict[str, tuple[Spoil, list[str]]] = {
    "no place": (graph_file(lambda graph: graph.nodes[2].pop("x")), ["nodes need numbers x and y"]),
    "a place that is no number": (node(x=float("nan")), ["not a number"]),
    "a place off the globe": (node(y=95.0), ["outside the globe", "EPSG:4326"]),
    "no length": (
        graph_file(lambda graph: graph.edges[1, 2, 0].pop("length")),
        ["1 edges", "no length in metres: 1-2"],
    ),
    "a negative length": (edge(length=-5.0), ["1 edges", "no length in metres: 1-2"]),
    "a length that is no number": (edge(length=float("nan")), ["no length in metres: 1-2"]),
    "a length without end": (edge(length=float("inf")), ["no length in metres: 1-2"]),
    "no edges": (graph_file(without_edges), ["no edges", "nothing can be driven on"]),
    "no such crs": (
        graph_file(lambda graph: graph.graph.update(crs="foo")),
        ["a crs or a geometry that cannot be read", "save_graphml"],
    ),
    "a broken line": (
        edge(geometry="LINESTRING (1"),
        ["a crs or a geometry that cannot be read", "save_graphml"],
    ),
    "cut short": (
        both(graph_file(lambda graph: None), cut("n.graphml", 900)),
        ["cannot be read as GraphML", "900 bytes", "Fetch it again"],
    ),
    "0 bytes": (content("n.graphml", b""), ["0 bytes", "fetch it again"]),
    "a web page": (content("n.graphml", "<html></html>"), ["looks like a web page"]),
    "another XML": (content("n.graphml", "<gpx></gpx>"), ["cannot be read as GraphML"]),
}


@pytest.mark.parametrize("fault", GRAPHS)
def test_a_broken_graph_file_is_refused(tmp_path: Path, fault: str) -> None:
    spoil, words = GRAPHS[fault]
    settings = {"network": {"source": "n.graphml"}}
    refused(tmp_path, DATA, ["n.graphml", *words], spoil=spoil, settings=settings)


def test_lists_in_a_graph_file_are_data_and_never_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    study = write_tiny_study(tmp_path / "in", settings={"network": {"source": "n.graphml"}})
    evil = f"[__import__('pathlib').Path({str(trap)!r}).touch()]"
    edge(name=evil, osmid=evil)(tmp_path / "in")
    assert accessibility("check", study).code == 0
    assert not trap.exists()


# --- the command line ----------------------------------------------------------------------------

MATRIX = ["matrix", "--network", "n", "--speeds", "s", "--origins", "o", "--destinations", "d"]
MATRIX += ["--out", "x"]
COMMANDS: dict[str, tuple[list[str], list[str]]] = {
    "no study": (["run"], ["Missing argument 'STUDY'"]),
    "no such option": (["run", "s.toml", "--forec"], ["--forec", "--force"]),
    "no such command": (["chekc"], ["chekc", "check"]),
    "no such format": (["check", "s.toml", "--format", "xml"], ["'xml' is not one of", "json"]),
    "no such language": (["run", "s.toml", "--language", "de"], ["'de' is not one of", "'sv'"]),
    "quiet and verbose": (["run", "s.toml", "-q", "-v"], ["-q and -v exclude each other"]),
    "a leg that is no number": (
        [*MATRIX, "--max-leg", "nan"],
        ["--max-leg", "no finite number"],
    ),
    "a speed of nothing": (
        [*MATRIX, "--access-speed", "0"],
        ["--access-speed", "range"],
    ),
}


@pytest.mark.parametrize("fault", COMMANDS)
def test_a_wrong_command_is_refused_with_its_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.chdir(tmp_path)
    command, words = COMMANDS[fault]
    answer = accessibility(*command)
    assert (answer.code, answer.out) == (STUDY, "")
    assert answer.err.count("Error: ") == 1
    assert "Traceback" not in answer.err
    for word in words:
        assert word in answer.err
    assert state_of(tmp_path) == {}


def test_check_without_targets_is_refused(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path, settings={"targets": None})
    assert_refused(tmp_path, ["check", study], code=STUDY, words=["study.toml", "no [[targets]]"])


def test_a_dry_run_finds_the_same_faults(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path)
    put(tmp_path / SITES, 3, "id", "a")
    words = [SITES, "row 2, 3"]
    assert_refused(tmp_path, ["run", study, "--dry-run"], code=DATA, words=words)


def test_strict_makes_warnings_errors_and_writes_nothing(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path / "in")
    put_column(tmp_path / "in" / SITES, "lon", [26.0, 26.0])
    put_column(tmp_path / "in" / SITES, "lat", [62.207, 62.207])
    words = ["warning: 2 sites share their place", "error: --strict: 1 warnings"]
    command = ["run", study, "--strict", "--out", tmp_path / "out"]
    assert_refused(tmp_path, command, code=DATA, words=words)


# --- the matrix of points ------------------------------------------------------------------------


def matrix_of(folder: Path, **changes: object) -> list[object]:
    options: dict[str, object] = {
        "network": folder / NETWORK,
        "speeds": PLAIN,
        "origins": folder / SITES,
        "destinations": folder / SITES,
        "out": folder.parent / "m.csv",
    } | changes
    return ["matrix", *(part for key, value in options.items() for part in (f"--{key}", value))]


POINTS: dict[str, tuple[Spoil, list[str]]] = {
    "an id twice": (spoilt(SITES, 3, "id", "a"), ["row 2, 3", 'twice ("a")']),
    "an empty id": (spoilt(SITES, 3, "id", ""), ["row 3 has no id"]),
    "off the globe": (spoilt(SITES, 3, "lat", 95), ["row 3", "degrees", "95", "EPSG:4326"]),
    "0, 0": (site_at(0, 0), ["row 3 stands at 0, 0"]),
    "no points": (content(SITES, "id,lon,lat\n"), ["holds no point"]),
    "no column": (replaced("lon", "lng", SITES), ['no column "lon"', 'did you mean "lng"?']),
}


@pytest.mark.parametrize("fault", POINTS)
def test_wrong_points_of_a_matrix_are_refused(tmp_path: Path, fault: str) -> None:
    spoil, words = POINTS[fault]
    write_tiny_study(tmp_path / "in")
    spoil(tmp_path / "in")
    command = matrix_of(tmp_path / "in")
    assert_refused(tmp_path, command, code=DATA, words=[SITES, *words])


def test_points_far_from_all_roads_are_refused_with_both_extents(tmp_path: Path) -> None:
    write_tiny_study(tmp_path / "in")
    put_column(tmp_path / "in" / SITES, "lat", [10, 10])
    words = ["over 5000 m from any road", "10.00-10.00 N", "62.21-62.21 N", "swapped"]
    assert_refused(tmp_path, matrix_of(tmp_path / "in"), code=DATA, words=words)


def test_a_matrix_never_replaces_what_it_should_not(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_tiny_study(folder)
    (tmp_path / "there.csv").write_text("x", encoding="ascii")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link.csv").symlink_to(folder / PEOPLE)
    for out, force, words in (
        (tmp_path / "m.xlsx", [], ["must end in .parquet or .csv"]),
        (tmp_path / "there.csv", [], ["is there already", "--force"]),
        (tmp_path / "folder.csv", ["--force"], ["is a folder"]),
        (tmp_path / "link.csv", ["--force"], ["is a link"]),
        (folder / SITES, ["--force"], ["is read by this command"]),
        (folder / ".." / "in" / NETWORK / ".." / SITES, ["--force"], ["--out"]),
    ):
        command = [*matrix_of(folder, out=out), *force]
        assert_refused(tmp_path, command, code=STUDY, words=["--out", str(out.name), *words])


# --- where results go ----------------------------------------------------------------------------


def test_a_run_never_replaces_what_it_should_not(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path / "in")
    (tmp_path / "file").write_text("x", encoding="ascii")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("x", encoding="ascii")
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "to-inputs").symlink_to(tmp_path)
    for name, force, words in (
        ("in", [], ["holds the study that is read"]),
        ("in", ["--force"], ["holds the study that is read"]),
        ("to-inputs/in", ["--force"], ["holds the study that is read"]),
        ("full/../in", ["--force"], ["holds the study that is read"]),
        (".", ["--force"], ["holds the study that is read"]),
        ("file", ["--force"], ["is a file; name a folder"]),
        ("file/below", ["--force"], ["is a file; name a folder"]),
        (f"in/{PEOPLE}", ["--force"], ["is a file; name a folder"]),
        ("full", [], ["is not empty", "--force"]),
        ("full", ["--force"], ["is no earlier run", "no run.json", "name another folder"]),
        ("link", ["--force"], ["is a link; name the folder itself"]),
    ):
        command = ["run", study, "--out", tmp_path / name, *force]
        assert_refused(tmp_path, command, code=STUDY, words=["--out", *words])


def test_force_replaces_an_earlier_run_only_and_wholly(tmp_path: Path) -> None:
    study, out = write_tiny_study(tmp_path / "in"), tmp_path / "out"
    assert accessibility("run", study, "--out", out).code == 0
    first = state_of(out)
    refusal = ["is not empty", "--force"]
    assert_refused(tmp_path, ["run", study, "--out", out], code=STUDY, words=refusal)
    (out / "mine.txt").write_text("x", encoding="ascii")
    refusal = ["holds what no run wrote", "mine.txt"]
    assert_refused(tmp_path, ["run", study, "--out", out, "--force"], code=STUDY, words=refusal)
    (out / "mine.txt").rename(out / "comparison.json")  # as a scenario's run leaves behind
    assert accessibility("run", study, "--out", out, "--force").code == 0
    assert state_of(out) == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_an_earlier_run_survives_a_failing_one(tmp_path: Path) -> None:
    study, out = write_tiny_study(tmp_path / "in"), tmp_path / "out"
    assert accessibility("run", study, "--out", out).code == 0
    put(tmp_path / "in" / PEOPLE, 3, "people", -1)
    command = ["run", study, "--out", out, "--force"]
    assert_refused(tmp_path, command, code=DATA, words=[PEOPLE, "row 3"])


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path / "in")
    for out in ("/proc/nothing/here", tmp_path / ("x" * 300)):
        words = [str(out), "cannot be"]
        assert_refused(tmp_path, ["run", study, "--out", out], code=DATA, words=words)


def test_init_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / SITES).write_text("x", encoding="ascii")
    words = ["sites.csv is there already", "name another folder"]
    assert_refused(tmp_path, ["init", tmp_path / "mine"], code=STUDY, words=words)
    (tmp_path / "file").write_text("x", encoding="ascii")
    words = ["is a file; name a folder"]
    assert_refused(tmp_path, ["init", tmp_path / "file"], code=STUDY, words=words)
    assert_refused(tmp_path, ["init", "/proc/nothing"], code=DATA, words=["cannot be written"])


# --- a full disk, an impatient user, a small terminal --------------------------------------------


def in_a_process(
    *arguments: object, start: str = "", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        python_command(*arguments, code=start),
        capture_output=True,
        env=os.environ | environment,
        timeout=60,
        check=False,
    )


def full_after(size: int) -> str:
    """Give the code that lets no file grow beyond a size, as a full disk does."""
    return f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"


@pytest.mark.parametrize("size", [2_000, 60_000, 150_000], ids=["parquet", "gpkg", "map"])
def test_a_full_disk_leaves_the_earlier_run_as_it_was(tmp_path: Path, size: int) -> None:
    study, out = write_tiny_study(tmp_path / "in"), tmp_path / "out"
    assert accessibility("run", study, "--out", out).code == 0
    before = state_of(tmp_path)
    put_column(tmp_path / "in" / PEOPLE, "people", [8, 4, 2, 1])
    before[f"in/{PEOPLE}"] = state_of(tmp_path)[f"in/{PEOPLE}"]
    done = in_a_process("run", study, "--out", out, "--force", start=full_after(size))
    message = done.stderr.decode()
    assert done.returncode == DATA, message
    assert "error: " in message
    assert f"{out}: cannot be written" in message
    assert "nothing was changed" in message
    assert "Traceback" not in message
    assert done.stdout == b""
    assert state_of(tmp_path) == before


def test_a_full_disk_leaves_no_half_matrix_and_no_half_study(tmp_path: Path) -> None:
    write_tiny_study(tmp_path / "in")
    before = state_of(tmp_path)
    for command in (matrix_of(tmp_path / "in"), ["init", tmp_path / "in" / "more"]):
        done = in_a_process(*command, start=full_after(20))
        assert done.returncode == DATA, done.stderr
        assert b"cannot be written" in done.stderr
    (tmp_path / "in" / "more").rmdir()
    assert state_of(tmp_path) == before


def test_ctrl_c_stops_with_130_and_leaves_nothing(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path / "in")
    before = state_of(tmp_path)
    hears = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)"
    command = python_command("run", study, "--out", tmp_path / "out", code=hears)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith(b"info: writing")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (out, err.strip()) == (b"", b"interrupted")
    assert state_of(tmp_path) == before


@pytest.mark.parametrize(("share", "code"), [(0.9, 0), (0.95, 1)], ids=["met", "not met"])
def test_a_reader_that_leaves_changes_no_verdict(tmp_path: Path, share: float, code: int) -> None:
    """`check | head -1` ends in silence, and the exit code still says whether targets hold."""
    targets = [ONE | {"share": share, "within_min": 1}]
    study = write_tiny_study(
        tmp_path, settings={"targets": targets, "isochrones": {"bands_min": [1]}}
    )
    put_column(tmp_path / PEOPLE, "people", [90, 6, 4, 0])
    put_column(tmp_path / SITES, "tier", ["L", "L"])
    replace(tmp_path / "study.toml", "within_min = 1", "within_min = 0.5")
    command = python_command("check", study, "-q")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (code, b"")


@pytest.mark.parametrize("command", [["--help"], ["inspect"]], ids=["help", "inspect"])
def test_a_closed_pipe_is_no_error(tmp_path: Path, command: list[object]) -> None:
    study = write_tiny_study(tmp_path)
    command = command if command == ["--help"] else [*command, study]
    with subprocess.Popen(
        python_command(*command), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "cp1252"},
    ],
    ids=["LANG=C", "cp1252"],
)
def test_a_terminal_without_our_letters_stops_nothing(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    name = "Äänekoski – 長野 → Čáhcesuolu"
    study = write_tiny_study(tmp_path, settings={"name": name, "language": "fi"})
    done = in_a_process("check", study, **environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"nekoski" in done.stdout
    missing = in_a_process("check", tmp_path / "長野.toml", **environment)
    assert missing.returncode == STUDY
    assert missing.stderr.startswith(b"error: study: there is no file")


@pytest.mark.parametrize(
    ("problem", "code", "words"),
    [
        (
            ZeroDivisionError("by \x1b[31mzero"),
            4,
            "a fault of ours: ZeroDivisionError: by  [31mzero",
        ),
        (MemoryError(), DATA, "not enough memory"),
        (PermissionError(13, "Permission denied", "/x"), DATA, "Permission denied: '/x'"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
    ids=["ours", "memory", "system", "ctrl-c"],
)
def test_what_nobody_foresaw_is_said_without_a_traceback(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    problem: BaseException,
    code: int,
    words: str,
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise problem

    study = write_tiny_study(tmp_path)
    monkeypatch.setattr("accessibility.runs.run_study", fails)
    answer = accessibility("check", study)
    assert (answer.code, answer.out) == (code, "")
    assert words in answer.err
    assert "Traceback" not in answer.err
    assert ("Please report it" in answer.err) == (code == 4)


# --- names that are more than names --------------------------------------------------------------

PAYLOADS = {
    "colours": "\x1b[31mRED\x1b[0m\x07",
    "a false message": "E\nerror: all is well",
    "a carriage return": "E\rerror: all is well",
    "right to left": "\u202eE",
    "markup": "<script>alert(1)</script>",
    "a template": "{{ 7*191 }}{% raw %}${7*191}`[/red]",
}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_names_in_messages_are_text_on_one_line(tmp_path: Path, payload: str) -> None:
    spoil = spoilt(SITES, 3, "tier", PAYLOADS[payload])
    message = refused(tmp_path, DATA, [SITES, "row 3 has tier"], spoil=spoil)
    assert message.count("\n") == 1
    assert not any(character in message for character in "\x1b\x07\r\u202e")
    assert "1337" not in message, "a name was worked out as a template"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_names_of_columns_and_numbers_are_text_on_one_line(tmp_path: Path, payload: str) -> None:
    spoil = both(
        spoilt(PEOPLE, 3, "people", PAYLOADS[payload]), spoilt(PEOPLE, 1, "old", PAYLOADS[payload])
    )
    message = refused(tmp_path, DATA, [PEOPLE], spoil=spoil)
    assert message.count("\n") == 1
    assert "1337" not in message


def test_a_message_of_several_lines_cannot_be_forged(tmp_path: Path) -> None:
    targets = [ONE | {"id": "x\nerror: all is well", "share": 80}]
    message = refused(tmp_path, STUDY, ["share is 80"], settings={"targets": targets})
    assert [line for line in message.splitlines() if line.startswith("error:")] == [
        message.splitlines()[0]
    ]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_names_that_are_more_than_names_run_like_any_other(tmp_path: Path, payload: str) -> None:
    study = write_tiny_study(tmp_path)
    put(tmp_path / SITES, 2, "name", PAYLOADS[payload])
    put(tmp_path / SITES, 2, "id", f"a{PAYLOADS[payload]}")
    answer = accessibility("check", study, "--format", "json")
    assert answer.code == 0
    assert len(json.loads(answer.out)["targets"]) == 2


# --- the cache of networks -----------------------------------------------------------------------


def test_a_spoilt_cache_entry_is_read_anew_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESSIBILITY_CACHE", str(tmp_path / "cache"))
    study = write_tiny_study(tmp_path / "in")
    first = accessibility("check", study, "--format", "json")
    (folder,) = (tmp_path / "cache").iterdir()
    entry = folder / "segment_m.npy"
    whole = entry.read_bytes()
    flipped_bytes = bytearray(whole)
    flipped_bytes[len(whole) // 2] ^= 0xFF
    buffer = io.BytesIO()
    np.savez(buffer, texts=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    for raw in (b"", whole[:-100], bytes(flipped_bytes), b"\x80\x04pickle", buffer.getvalue()):
        entry.write_bytes(raw)
        again = accessibility("check", study, "--format", "json")
        assert (again.code, again.out) == (0, first.out)
        assert again.err.count("warning: the cached network") == 1
        assert entry.read_bytes() == whole, "the entry was not written anew"


def test_a_cache_that_cannot_be_written_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be", encoding="ascii")
    monkeypatch.setenv("ACCESSIBILITY_CACHE", str(tmp_path / "cache"))
    answer = accessibility("check", write_tiny_study(tmp_path / "in"))
    assert answer.code == 0
    assert "warning: the network could not be cached" in answer.err


# --- without a network ---------------------------------------------------------------------------


def test_without_internet_a_download_says_what_to_put_where(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import osmnx
    import requests

    from accessibility.errors import DataError
    from accessibility.sources.download import download_network

    def offline(*_: object, **__: object) -> None:
        raise requests.ConnectionError("no route")

    monkeypatch.setattr(osmnx, "graph_from_place", offline)
    with pytest.raises(DataError, match=r"could not be downloaded.*put an extract \(.osm.pbf\)"):
        download_network("Jyväskylä, Finland")
