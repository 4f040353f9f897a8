"""Make the demo data: a simplified model of Central Finland, not for decisions.

Reads only ``facts/*.csv`` beside this file (places, populations, main roads: see README.md) and
writes ``roads.graphml``, ``population_1km.csv``, ``areas.geojson`` and ``places.geojson`` beside
it. Municipal areas, small roads, streets and the place of every resident are generated, with a
fixed seed, so that a rerun gives the same files byte for byte.

    python data/demo/make_demo.py [--out FOLDER]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Transformer
from scipy.spatial import Delaunay, cKDTree
from shapely import LineString, Point, Polygon
from shapely.ops import substring

HERE = Path(__file__).resolve().parent
SEED = 20180219  # the date of the region's preliminary guidelines
AGES = ["age_0_14", "age_15_64", "age_65_"]
HIDDEN_BELOW = 10  # people in a cell; the age groups of smaller cells are hidden
HIDDEN = -1
CELL_M = 1000
TO_METRES = Transformer.from_crs(4326, 3067, always_xy=True)
TO_DEGREES = Transformer.from_crs(3067, 4326, always_xy=True)
GRID_TO_METRES = Transformer.from_crs(3035, 3067, always_xy=True)
GRID_TO_DEGREES = Transformer.from_crs(3035, 4326, always_xy=True)
METRES_TO_GRID = Transformer.from_crs(3067, 3035, always_xy=True)

Array = npt.NDArray[Any]
Rng = np.random.Generator


# ------------------------------------------------------------------------------------ facts


@dataclass(frozen=True)
class Section:
    """A stretch of a numbered road between two named points, drawn in EPSG:3067."""

    ref: str
    highway: str
    name: str
    start: str
    end: str
    length_m: float
    speed_km_h: int
    line: LineString


@dataclass(frozen=True)
class Facts:
    """What the model takes from the real region; everything else is generated."""

    places: pd.DataFrame
    municipalities: pd.DataFrame
    sections: list[Section]
    lakes: shapely.Geometry
    outline: Polygon


def read_table(name: str, folder: Path) -> pd.DataFrame:
    """Read one table of facts; codes and road numbers stay text, empty cells stay empty."""
    return pd.read_csv(
        folder / f"{name}.csv", dtype={"code": str, "ref": str}, keep_default_na=False
    )


def metres(lon: float, lat: float) -> tuple[float, float]:
    """Coordinates in EPSG:3067 of a point in degrees."""
    return TO_METRES.transform(lon, lat)


def parse_points(text: str) -> list[tuple[float, float]]:
    """Points of a compact ``lon/lat lon/lat`` column, in EPSG:3067."""
    pairs = (pair.split("/") for pair in text.split())
    return [metres(float(lon), float(lat)) for lon, lat in pairs]


def read_sections(folder: Path, places: pd.DataFrame) -> list[Section]:
    """Road sections, with the points they pass drawn between their two named ends."""
    ends = pd.concat([places, read_table("junctions", folder)])
    at = {row.name: metres(row.lon, row.lat) for row in ends.itertuples(index=False)}
    return [
        Section(
            row["ref"], row["highway"], row["name"], row["from"], row["to"],
            float(row["length_m"]), int(row["speed_km_h"]),
            LineString([at[row["from"]], *parse_points(row["via"]), at[row["to"]]]),
        )
        for row in read_table("roads", folder).to_dict("records")
    ]  # fmt: skip


def read_facts(folder: Path) -> Facts:
    """Read all tables of facts."""
    places = read_table("places", folder)
    places["x"], places["y"] = TO_METRES.transform(places["lon"], places["lat"])
    lakes = [
        LineString(parse_points(lake.line)).buffer(lake.half_width_km * 1000)
        for lake in read_table("lakes", folder).itertuples()
    ]
    outline = read_table("outline", folder)
    corners = zip(*TO_METRES.transform(outline["lon"], outline["lat"]), strict=True)
    return Facts(
        places=places,
        municipalities=read_table("municipalities", folder),
        sections=read_sections(folder, places),
        lakes=shapely.union_all(lakes),
        outline=Polygon(corners),
    )


# --------------------------------------------------------------------------- municipal areas


def lattice_cells(outline: Polygon) -> pd.DataFrame:
    """1 km cells of the EPSG:3035 lattice whose centre lies inside the region's outline.

    ``x``, ``y`` are the lower-left corner in EPSG:3035; ``mx``, ``my`` the centre in EPSG:3067.
    """
    rim = shapely.segmentize(outline, 5000).exterior.coords
    rim_x, rim_y = METRES_TO_GRID.transform(*np.array(rim).T)
    x, y = np.meshgrid(
        np.arange(min(rim_x) // CELL_M, max(rim_x) // CELL_M + 1) * CELL_M,
        np.arange(min(rim_y) // CELL_M, max(rim_y) // CELL_M + 1) * CELL_M,
    )
    cells = pd.DataFrame({"x": x.ravel().astype(int), "y": y.ravel().astype(int)})
    centre = cells["x"] + CELL_M / 2, cells["y"] + CELL_M / 2
    cells["mx"], cells["my"] = GRID_TO_METRES.transform(*centre)
    cells["lon"], cells["lat"] = GRID_TO_DEGREES.transform(*centre)
    inside = shapely.contains_xy(outline, cells["mx"], cells["my"])
    return cells[inside].reset_index(drop=True)


def nearest_place_km(cells: pd.DataFrame, facts: Facts) -> Array:
    """Straight-line km from each cell to each municipality's nearest place (cells x names)."""
    columns = []
    for name in facts.municipalities["name"]:
        own = facts.places[facts.places["municipality"] == name]
        tree = cKDTree(own[["x", "y"]].to_numpy())
        columns.append(tree.query(cells[["mx", "my"]].to_numpy())[0] / 1000)
    return np.column_stack(columns)


def assign_municipalities(cells: pd.DataFrame, facts: Facts) -> Array:
    """Municipality of each cell: that of the nearest place, after a head start in km.

    The head starts are adjusted until the areas are near the true ones.
    """
    distance = nearest_place_km(cells, facts)
    true_area = facts.municipalities["area_km2"].to_numpy(dtype=float)
    wanted = np.sqrt(true_area * len(cells) / true_area.sum())
    head_start = np.zeros(len(wanted))
    for _ in range(150):
        owner = (distance - head_start).argmin(axis=1)
        area = np.bincount(owner, minlength=len(wanted))
        head_start = np.clip(head_start + 0.1 * (wanted - np.sqrt(area)), -9, 9)
    return facts.municipalities["name"].to_numpy(dtype=object)[owner]


def join_fragments(squares: Array, owner: Array) -> Array:
    """Owners with each small detached part given to the neighbour it borders most."""
    owner = owner.copy()
    for name in np.unique(owner):
        parts = shapely.get_parts(shapely.union_all(squares[owner == name]))
        for part in parts[shapely.area(parts) < shapely.area(parts).max()]:
            own = shapely.covers(part, squares)
            border = shapely.length(shapely.intersection(part.boundary, squares)) * ~own
            if border.any():
                shared = {other: border[owner == other].sum() for other in np.unique(owner)}
                owner[own] = max(shared, key=lambda other: shared[other])
    return owner


def draw_areas(cells: pd.DataFrame, names: list[str]) -> dict[str, shapely.Geometry]:
    """Municipal areas in degrees: cells united, the stairs of the lattice smoothed away."""
    squares = shapely.box(cells["x"], cells["y"], cells["x"] + CELL_M, cells["y"] + CELL_M)
    owner = join_fragments(squares, cells["municipality"].to_numpy())
    united = [shapely.union_all(squares[owner == name]) for name in names]
    smooth = shapely.coverage_simplify(united, 1300)
    return {
        name: shapely.transform(
            shape, lambda c: np.round(np.column_stack(GRID_TO_DEGREES.transform(*c.T)), 4)
        )
        for name, shape in zip(names, smooth, strict=True)
    }


def keep_cells_in_areas(cells: pd.DataFrame, areas: dict[str, shapely.Geometry]) -> pd.DataFrame:
    """Cells whose centre lies in a drawn area, with that area as their municipality.

    A centre so near a border that its side depends on the map projection is left out.
    """
    owner = np.full(len(cells), "", dtype=object)
    for name, area in areas.items():
        flat = shapely.transform(area, lambda c: np.column_stack(TO_METRES.transform(*c.T)))
        inside = shapely.contains_xy(area, cells["lon"], cells["lat"])
        inside &= shapely.contains_xy(flat.buffer(-20), cells["mx"], cells["my"])
        owner[inside] = name
    cells = cells.assign(municipality=owner)
    return cells[owner != ""].reset_index(drop=True)


# ------------------------------------------------------------------------------------ roads


@dataclass
class Network:
    """A road network under construction: points in EPSG:3067 and the ways between them."""

    points: list[tuple[float, float]] = field(default_factory=list)
    ways: list[dict[str, Any]] = field(default_factory=list)

    def add_point(self, x: float, y: float) -> int:
        """Add a point and give its number."""
        self.points.append((float(x), float(y)))
        return len(self.points) - 1

    def add_way(self, start: int, end: int, line: LineString, **tags: Any) -> None:
        """Add a way between two points; its line is drawn from the first to the second."""
        self.ways.append({"start": start, "end": end, "line": line, **tags})


def way_line(start: tuple[float, float], end: tuple[float, float], bend: Array) -> LineString:
    """A line with bends: each a share of the length, to the side, evenly along the way."""
    a, b = np.array(start), np.array(end)
    along = np.linspace(0, 1, len(bend) + 2)[1:-1, None]
    side = np.array([-(b - a)[1], (b - a)[0]])
    return LineString([a, *(a + along * (b - a) + bend[:, None] * side), b])


def scatter_hamlets(cells: pd.DataFrame, facts: Facts, rng: Rng) -> Array:
    """Points on land, away from each other and from the numbered roads (EPSG:3067)."""
    roads = shapely.union_all([section.line for section in facts.sections])
    candidates = cells[["mx", "my"]].to_numpy() + rng.uniform(-400, 400, (len(cells), 2))
    points = shapely.points(candidates)
    dry = ~shapely.intersects(facts.lakes.buffer(300), points)
    candidates = candidates[dry & (shapely.distance(points, roads) > 2200)]
    chosen: list[Array] = []
    for point in rng.permutation(candidates):
        if not chosen or np.hypot(*(np.array(chosen) - point).T).min() > 4300:
            chosen.append(point)
    return np.array(chosen)


def blocked(line: LineString, facts: Facts, roads: shapely.Geometry) -> bool:
    """Whether a straight line would cross a lake or a numbered road, or leave the region."""
    return bool(
        line.intersects(facts.lakes)
        or line.intersects(roads)
        or not line.within(facts.outline.buffer(500))
    )


def hamlet_links(hamlets: Array, facts: Facts, rng: Rng) -> list[tuple[int, int]]:
    """Pairs of neighbouring hamlets to be joined by a small road."""
    roads = shapely.union_all([section.line for section in facts.sections])
    triangles = Delaunay(hamlets).simplices
    sides = np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]])
    links = []
    for i, j in np.unique(np.sort(sides, axis=1), axis=0):
        line = LineString([hamlets[i], hamlets[j]])
        if line.length < 8500 and rng.random() < 0.6 and not blocked(line, facts, roads):
            links.append((int(i), int(j)))
    return links


def nearest_section(
    point: Point, facts: Facts, over_water: bool, within_m: float
) -> tuple[int, float]:
    """Number of the nearest section that can be reached, and how far along it (0..1)."""
    distances = np.array([section.line.distance(point) for section in facts.sections])
    for number in np.argsort(distances, kind="stable")[:6]:
        line = facts.sections[number].line
        share = line.project(point, normalized=True)
        access = LineString([point, line.interpolate(share, normalized=True)])
        if distances[number] < within_m and (over_water or not access.intersects(facts.lakes)):
            return int(number), float(share)
    return -1, 0.0


def plan_joins(
    points: Array | list[Array], facts: Facts, over_water: bool = False, within_m: float = 1e6
) -> list[tuple[int, float]]:
    """For each point, the section and the place on it where a small road joins (-1: none)."""
    return [nearest_section(Point(point), facts, over_water, within_m) for point in points]


def merge_joins(joins: list[tuple[int, float]], facts: Facts) -> list[tuple[int, float]]:
    """The same joins, with those within 300 m of an end or of an earlier join moved to it."""
    used: dict[int, list[float]] = {}
    merged = []
    for number, share in joins:
        if number >= 0:
            shares = used.setdefault(number, [0.0, 1.0])
            length = facts.sections[number].line.length
            near = [known for known in shares if abs(known - share) * length < 300]
            share = near[0] if near else share
            shares.append(share)
        merged.append((number, share))
    return merged


def lay_sections(
    network: Network, facts: Facts, joins: list[tuple[int, float]]
) -> tuple[dict[str, int], dict[tuple[int, float], int]]:
    """Add the numbered roads, split where small roads join; the official length is kept."""
    at_name: dict[str, int] = {}
    at_join: dict[tuple[int, float], int] = {}
    for number, section in enumerate(facts.sections):
        for name, end in ((section.start, 0), (section.end, -1)):
            if name not in at_name:
                at_name[name] = network.add_point(*section.line.coords[end])
        shares = sorted({share for n, share in joins if n == number} | {0.0, 1.0})
        nodes = [at_name[section.start]]
        for share in shares[1:-1]:
            at = section.line.interpolate(share, normalized=True)
            nodes.append(network.add_point(at.x, at.y))
        nodes.append(at_name[section.end])
        at_join |= {(number, share): node for share, node in zip(shares, nodes, strict=True)}
        for i in range(len(nodes) - 1):
            network.add_way(
                nodes[i], nodes[i + 1],
                substring(section.line, shares[i], shares[i + 1], normalized=True),
                highway=section.highway, ref=section.ref, name=section.name,
                length=section.length_m * (shares[i + 1] - shares[i]),
                speed_kph=section.speed_km_h,
            )  # fmt: skip
    return at_name, at_join


def add_small_road(network: Network, start: int, end: int, rng: Rng, **tags: Any) -> None:
    """Add a generated road with two gentle bends, a tenth longer than it is drawn."""
    line = way_line(network.points[start], network.points[end], rng.uniform(-0.07, 0.07, 2))
    network.add_way(start, end, line, ref="", name="", length=line.length * 1.1, **tags)


def add_hamlet_roads(
    network: Network, hamlets: Array, links: list[tuple[int, int]], ends: list[int], rng: Rng
) -> None:
    """Add the roads of the hamlets: one to a numbered road each, and those between them."""
    nodes = [network.add_point(*hamlet) for hamlet in hamlets]
    for node, end in zip(nodes, ends, strict=True):
        if end >= 0:
            add_small_road(network, node, end, rng, highway="unclassified", speed_kph=55)
    for i, j in links:
        add_small_road(network, nodes[i], nodes[j], rng, highway="unclassified", speed_kph=50)


def spread_km(people: Array | float) -> Any:
    """How widely a settlement spreads: the standard deviation of its residents' places."""
    return 0.3 + 0.4 * (np.asarray(people) / 1000) ** 0.4


def street_rings(place: Any, rng: Rng) -> list[Array]:
    """Corners of a settlement's streets, ring by ring; one ring in the smaller ones."""
    spokes = int(np.clip(2 + place.people / 600, 3, 10))
    rings = 1 + int(place.people > 1500) + int(place.people > 12000)
    turn = rng.uniform(0, 2 * np.pi)
    corners = []
    for ring in range(1, rings + 1):
        radius = 1000 * spread_km(place.people) * 1.5 * ring / rings
        angle = turn + (np.arange(spokes) + rng.uniform(-0.2, 0.2, spokes)) * 2 * np.pi / spokes
        offset = radius * np.column_stack([np.cos(angle), np.sin(angle)])
        corners.append(np.array([place.x, place.y]) + offset)
    return corners


def add_street(network: Network, start: int, end: int, highway: str, speed_kph: int) -> None:
    """Add a straight generated street, a little longer than it is drawn."""
    line = LineString([network.points[start], network.points[end]])
    tags = {"ref": "", "name": "", "length": line.length * 1.15, "speed_kph": speed_kph}
    network.add_way(start, end, line, highway=highway, **tags)


def add_streets(network: Network, centre: int, rings: list[Array], ringed: bool) -> list[int]:
    """Add a settlement's streets: spokes from the centre, and rings; give the outer corners."""
    inner = [centre] * len(rings[0])
    for corners in rings:
        outer = [network.add_point(x, y) for x, y in corners]
        pairs = list(zip(inner, outer, strict=True))
        if ringed:
            pairs += list(zip(outer, outer[1:] + outer[:1], strict=True))
        for start, end in pairs:
            add_street(network, start, end, "residential", 40)
        inner = outer
    return inner


def add_settlements(
    network: Network,
    facts: Facts,
    at_name: dict[str, int],
    joined: dict[str, int],
    rings: dict[str, list[Array]],
    exits: dict[str, list[int]],
) -> None:
    """Join the places that lie beside a numbered road to it, and give each place streets.

    The outer streets of the towns have exits to the numbered roads of their own.
    """
    for place in facts.places.itertuples():
        node = at_name.get(place.name)
        if node is None:
            node = network.add_point(place.x, place.y)
            add_street(network, node, joined[place.name], "tertiary", 50)
        corners = add_streets(network, node, rings[place.name], place.people > 1500)
        for corner, end in zip(corners, exits.get(place.name, []), strict=False):
            if end >= 0:
                add_street(network, corner, end, "residential", 40)


def plan_exits(
    places: pd.DataFrame, rings: dict[str, list[Array]]
) -> tuple[list[str], list[Array]]:
    """Outer street corners of the towns (over 1,500 people), which may join numbered roads."""
    towns = places[places["people"] > 1500]["name"]
    corners = [(name, corner) for name in towns for corner in rings[name][-1]]
    return [name for name, _ in corners], [corner for _, corner in corners]


def build_network(cells: pd.DataFrame, facts: Facts, rng: Rng) -> Network:
    """Numbered roads from the facts; small roads and streets generated."""
    network = Network()
    hamlets = scatter_hamlets(cells, facts, rng)
    rings = {place.name: street_rings(place, rng) for place in facts.places.itertuples()}
    named = {name for section in facts.sections for name in (section.start, section.end)}
    beside = facts.places[~facts.places["name"].isin(named)]
    exit_names, exit_points = plan_exits(facts.places, rings)
    joins = plan_joins(beside[["x", "y"]].to_numpy(), facts, over_water=True)
    joins += plan_joins(exit_points, facts, within_m=900)
    joins = merge_joins(joins + plan_joins(hamlets, facts), facts)
    at_name, at_join = lay_sections(network, facts, joins)
    ends = [at_join.get(join, -1) for join in joins]
    place_ends, ends = ends[: len(beside)], ends[len(beside) :]
    exit_ends, hamlet_ends = ends[: len(exit_points)], ends[len(exit_points) :]
    exits: dict[str, list[int]] = {}
    for name, end in zip(exit_names, exit_ends, strict=True):
        exits.setdefault(name, []).append(end)
    joined = dict(zip(beside["name"], place_ends, strict=True))
    add_settlements(network, facts, at_name, joined, rings, exits)
    add_hamlet_roads(network, hamlets, hamlet_links(hamlets, facts, rng), hamlet_ends, rng)
    return network


def edge_tags(way: dict[str, Any], line: LineString, osmid: int) -> dict[str, str]:
    """Attributes of one edge as osmnx writes them: text; empty ones and straight lines left out."""
    tags = {
        "osmid": str(osmid),
        "highway": way["highway"],
        "ref": way["ref"],
        "name": way["name"],
        "oneway": "False",
        "length": str(round(way["length"], 1)),
        "speed_kph": str(way["speed_kph"]),
    }
    if len(line.coords) > 2:
        tags["geometry"] = "LINESTRING ({})".format(
            ", ".join(f"{round(x, 5)} {round(y, 5)}" for x, y in line.coords)
        )
    return {key: value for key, value in tags.items() if value}


def to_graph(network: Network) -> nx.MultiDiGraph:
    """The network's connected main part as a graph for osmnx.load_graphml, both directions."""
    graph = nx.MultiDiGraph(
        crs="epsg:4326",
        name="Keski-Suomi, yksinkertaistettu malli",
        created_date="fixed",
        created_with="make_demo.py",
    )
    lon, lat = TO_DEGREES.transform(*np.array(network.points).T)
    for node, (x, y) in enumerate(zip(lon, lat, strict=True)):
        graph.add_node(node, y=str(round(y, 5)), x=str(round(x, 5)))
    for osmid, way in enumerate(network.ways, start=1):
        line = shapely.transform(way["line"], lambda c: np.column_stack(TO_DEGREES.transform(*c.T)))
        graph.add_edge(way["start"], way["end"], **edge_tags(way, line, osmid))
        graph.add_edge(way["end"], way["start"], **edge_tags(way, line.reverse(), osmid))
    main = max(nx.weakly_connected_components(graph), key=len)
    graph.remove_nodes_from([node for node in list(graph) if node not in main])
    return graph


# --------------------------------------------------------------------------------- residents


def road_distance_km(cells: pd.DataFrame, network: Network) -> Array:
    """Straight-line km from each cell's centre to the nearest road."""
    lines = shapely.segmentize([way["line"] for way in network.ways], 250)
    tree = cKDTree(shapely.get_coordinates(lines))
    return tree.query(cells[["mx", "my"]].to_numpy())[0] / 1000


def settle_places(cells: pd.DataFrame, places: pd.DataFrame, dry: Array, rng: Rng) -> Array:
    """Residents of the settlements of one municipality, by cell: dense round each point."""
    people = np.zeros(len(cells), dtype=int)
    for place in places.itertuples():
        km = np.hypot(cells["mx"] - place.x, cells["my"] - place.y).to_numpy() / 1000
        spread = spread_km(place.people)
        weight = np.exp(-0.5 * (km / spread) ** 2) * dry * (km < max(1.2, 2.6 * spread))
        people += rng.multinomial(place.people, weight / weight.sum())
    return people


def settle_countryside(count: int, road_km: Array, place_km: Array, dry: Array, rng: Rng) -> Array:
    """Dispersed residents of one municipality, by cell: near roads and places, a few further."""
    near = 0.45 + 0.75 * np.exp(-place_km / 6)
    chance = dry * np.minimum(near * np.exp(-road_km / 1.5) + 0.01, 1)
    houses = min(round(chance.sum()), count // 6)
    chosen = rng.choice(len(chance), size=houses, replace=False, p=chance / chance.sum())
    weight = rng.gamma(1.1, size=houses) * (0.25 + np.exp(-road_km[chosen] / 1.5))
    people = np.zeros(len(chance), dtype=int)
    people[chosen] = rng.multinomial(count, weight / weight.sum())
    return people


def settle_people(cells: pd.DataFrame, network: Network, facts: Facts, rng: Rng) -> Array:
    """Residents by cell; each municipality's sum is its population in the register."""
    dry = ~shapely.contains_xy(facts.lakes, cells["mx"], cells["my"])
    road_km = road_distance_km(cells, network)
    place_tree = cKDTree(facts.places[["x", "y"]].to_numpy())
    place_km = place_tree.query(cells[["mx", "my"]].to_numpy())[0] / 1000
    people = np.zeros(len(cells), dtype=int)
    for municipality in facts.municipalities.itertuples():
        own = (cells["municipality"] == municipality.name).to_numpy()
        places = facts.places[facts.places["municipality"] == municipality.name]
        rest = municipality.people_2021 - int(places["people"].sum())
        people[own] = settle_places(cells[own], places, dry[own], rng)
        people[own] += settle_countryside(rest, road_km[own], place_km[own], dry[own], rng)
    return people


def draw_ages(cells: pd.DataFrame, facts: Facts, rng: Rng) -> Array:
    """Age groups by cell, drawn with the municipality's shares; hidden in small cells."""
    shares = facts.municipalities.set_index("name")[["share_0_14", "share_15_64", "share_65_"]]
    chances = shares.loc[cells["municipality"]].to_numpy()
    ages = rng.multinomial(cells["people"].to_numpy(), chances / chances.sum(axis=1, keepdims=True))
    ages[cells["people"].to_numpy() < HIDDEN_BELOW] = HIDDEN
    return ages


def build_population(cells: pd.DataFrame, network: Network, facts: Facts, rng: Rng) -> pd.DataFrame:
    """The table of populated cells, as it is written."""
    cells = cells.assign(people=settle_people(cells, network, facts, rng))
    cells = cells[cells["people"] > 0].sort_values(["y", "x"]).reset_index(drop=True)
    cells[AGES] = draw_ages(cells, facts, rng)
    cells["id"] = [f"CRS3035RES1000mN{y}E{x}" for x, y in zip(cells["x"], cells["y"], strict=True)]
    return cells[["id", "x", "y", "people", *AGES, "municipality"]]


# ---------------------------------------------------------------------------------- writing


def write_geojson(path: Path, name: str, features: list[dict[str, Any]]) -> None:
    """Write features in degrees, one a line."""
    lines = ",\n".join(
        json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features
    )
    head = f'{{"type":"FeatureCollection","name":"{name}","features":[\n'
    path.write_text(f"{head}{lines}\n]}}\n", encoding="utf-8", newline="\n")


def feature(geometry: shapely.Geometry, **properties: Any) -> dict[str, Any]:
    """One GeoJSON feature."""
    shape = shapely.geometry.mapping(geometry)
    return {"type": "Feature", "properties": properties, "geometry": shape}


def write_areas(path: Path, areas: dict[str, shapely.Geometry], facts: Facts) -> None:
    """Write the municipal areas."""
    rows = facts.municipalities.itertuples()
    write_geojson(path, "areas", [
        feature(areas[row.name], name_fi=row.name, name_sv=row.name_sv) for row in rows
    ])  # fmt: skip


def write_places(path: Path, facts: Facts) -> None:
    """Write the centres and settlements; a place without a Swedish name keeps the Finnish one."""
    write_geojson(path, "places", [
        feature(
            Point(row.lon, row.lat),
            name_fi=row.name, name_sv=row.name_sv or row.name, people=row.people,
        )
        for row in facts.places.itertuples()
    ])  # fmt: skip


def make_demo(out: Path, facts_folder: Path = HERE / "facts") -> None:
    """Generate the demo data in a folder."""
    rng = np.random.default_rng(SEED)
    facts = read_facts(facts_folder)
    cells = lattice_cells(facts.outline)
    cells["municipality"] = assign_municipalities(cells, facts)
    areas = draw_areas(cells, list(facts.municipalities["name"]))
    cells = keep_cells_in_areas(cells, areas)
    network = build_network(cells, facts, rng)
    population = build_population(cells, network, facts, rng)
    out.mkdir(parents=True, exist_ok=True)
    # the plain XML writer: its output does not depend on whether lxml is installed
    nx.write_graphml_xml(to_graph(network), out / "roads.graphml", prettyprint=True)
    population.to_csv(out / "population_1km.csv", index=False, lineterminator="\n")
    write_areas(out / "areas.geojson", areas, facts)
    write_places(out / "places.geojson", facts)
    print(f"{len(population)} cells, {population['people'].sum()} people, {out}")


def main() -> None:
    """Read the command line and make the demo data."""
    parser = argparse.ArgumentParser(description="Make the demo data.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    make_demo(parser.parse_args().out)


if __name__ == "__main__":
    main()
