"""Reprint the figures of speeds.md from the data, as Markdown.

    python docs/speeds_check.py             # print the tables
    python docs/speeds_check.py --check     # exit 1 if a printed table row is not in speeds.md

The data folder is the one that the environment variable ACCESSIBILITY_DATA names, else `shared`
beside the repository; the files lie in its subfolder `data`.
"""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import osmnx as ox
import pandas as pd
import shapely
from pyproj import Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

import accessibility.speeds
from accessibility import read_network
from accessibility.point_matrix import Points, point_matrix
from accessibility.speeds import Season, SpeedTable, way_speed

REPO = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("ACCESSIBILITY_DATA", REPO.parent / "shared")) / "data"
LINKS = "reference/official-road-distances"
LINK_M = 300  # a site of a link farther than this from a node is not compared
LONG_LINK_M = 3000  # nodes stand up to LINK_M off: shorter links say nothing
MATCH_M = 300  # a station farther than this from a road of its number is not compared
FASTEST_KM_H = 105  # free flow from here up is driven on 120 km/h roads only
ACCESS_LEG_KM_H = 20  # as in the studies
FREE_FLOW = "{season}_free_flow_kmh_dir{direction}"
CLASSES = {
    "valtatie": "trunk",
    "kantatie": "primary",
    "seututie": "secondary",
    "yhdystie": "unclassified",
}
DRIVES = (  # region, from, to, window in minutes (summer)
    ("keski-suomi", "Jyväskylä", "Viitasaari", (72, 80)),
    ("lappi", "Inari", "Rovaniemi", (205, 225)),  # the map label of Inari stands in Ivalo
    ("lappi", "Utsjoki", "Rovaniemi", (320, 345)),
)


def read_table(name: str) -> SpeedTable:
    """Read a built-in speed table."""
    path = Path(accessibility.speeds.__file__).with_name(f"{name}.toml")
    return SpeedTable(**tomllib.loads(path.read_text(encoding="utf-8")))


def read_directions() -> pd.DataFrame:
    """Read the stations, one row a direction: free flow summer and winter (NaN: missing), class.

    `placeholder` marks stations whose four speeds are all whole tens: limits, not measurements.
    """
    path = DATA / "reference/official-road-distances/tms_station_free_flow_speeds.csv"
    stations = pd.read_csv(path)
    speeds = [FREE_FLOW.format(season=s, direction=d) for s in ("summer", "winter") for d in (1, 2)]
    stations["placeholder"] = (stations[speeds] % 10 == 0).all(axis=1)
    parts = [
        stations.assign(
            summer=stations[FREE_FLOW.format(season="summer", direction=direction)].astype(float),
            winter=stations[FREE_FLOW.format(season="winter", direction=direction)].replace(
                0, np.nan
            ),
        )
        for direction in (1, 2)
    ]
    rows = pd.concat(parts, ignore_index=True)
    rows["highway"] = rows["road_class"].str.split().str[0].map(CLASSES)
    fastest = (rows["highway"] == "trunk") & (rows["summer"] >= FASTEST_KM_H)
    return rows.assign(highway=rows["highway"].mask(fastest, "motorway"))


def match_roads(stations: pd.DataFrame) -> pd.DataFrame:
    """Give each station the nearest edge of the same road number: distance, class, speed."""
    folder = DATA / "finland-road-network"
    edges = pd.read_parquet(folder / "fi_state_roads_edges.parquet")
    lines = shapely.from_wkb(edges["geometry"].to_numpy())
    to_metres = Transformer.from_crs(4326, 3067, always_xy=True)
    lines = shapely.transform(lines, to_metres.transform, interleaved=False)
    found = []
    for station in stations.itertuples():
        same = np.flatnonzero(edges["road_number"] == station.road_number)
        distances_m = shapely.distance(
            lines[same], shapely.Point(station.x_or_lon, station.y_or_lat)
        )
        if not len(same):
            found.append((np.inf, "", np.nan))
            continue
        edge = edges.iloc[same[distances_m.argmin()]]
        found.append((distances_m.min(), edge["highway"], float(edge["speed_kmh"])))
    columns = ["distance_m", "edge_class", "edge_km_h"]
    return stations.join(pd.DataFrame(found, columns=columns, index=stations.index))


def edge_km_h(table: SpeedTable, highway: str, speed_kph: float, season: Season) -> float:
    """Ask the package for the speed of a state-road edge."""
    tags = {"highway": highway, "speed_kph": f"{speed_kph:g}"}
    return way_speed(tags, table, season).forward_km_h


def report_stations(rows: pd.DataFrame) -> Iterator[str]:
    """Say how many stations there are and which are left out."""
    one = rows.drop_duplicates("tms_id")
    measured = rows[~rows["placeholder"]]
    near = measured[measured["distance_m"] <= MATCH_M]
    yield "| stations | placeholders | winter missing | compared (directions) |"
    yield "|---|---|---|---|"
    yield (
        f"| {len(one)} | {one['placeholder'].sum()} | {rows['winter'].isna().sum()} directions "
        f"| {near['tms_id'].nunique()} ({len(near)}) |"
    )


def report_comparison(rows: pd.DataFrame, table: SpeedTable) -> Iterator[str]:
    """Compare the table's speeds on the state-road graph with free flow at the stations."""
    near = rows[~rows["placeholder"] & (rows["distance_m"] <= MATCH_M)]
    near = near.assign(group=near["edge_class"].where(near["highway"] != "motorway", "motorway *"))
    yield "| class | season | n | table | free flow | difference, median (quartiles) |"
    yield "|---|---|---|---|---|---|"
    for group in ("motorway *", "trunk", "primary", "secondary", "unclassified"):
        for season in ("summer", "winter"):
            part = near[(near["group"] == group) & near[season].notna()]
            pairs = zip(part["edge_class"], part["edge_km_h"], strict=True)
            ours = np.array([edge_km_h(table, c, v, season) for c, v in pairs])
            low, mid, high = np.quantile(ours - part[season], [0.25, 0.5, 0.75])
            yield (
                f"| {group} | {season} | {len(part)} | {np.median(ours):.1f} "
                f"| {part[season].median():.1f} | {mid:+.1f} ({low:+.1f} to {high:+.1f}) |"
            )


def report_winter(rows: pd.DataFrame, table: SpeedTable) -> Iterator[str]:
    """Give winter over summer free flow by class beside the table's factor."""
    measured = rows[~rows["placeholder"] & rows["winter"].notna()]
    factors = table.winter.factor if table.winter else {}
    yield "| class | directions | winter / summer, median (quartiles) | factor of the table |"
    yield "|---|---|---|---|"
    for name in ("motorway", "trunk", "primary", "secondary", "unclassified"):
        part = measured[measured["highway"] == name]
        low, mid, high = (part["winter"] / part["summer"]).quantile([0.25, 0.5, 0.75])
        factor = factors.get(name, factors.get("*", 1.0))
        yield f"| {name} | {len(part)} | {mid:.3f} ({low:.3f} to {high:.3f}) | {factor:.2f} |"


def report_winter_by_speed(rows: pd.DataFrame, table: SpeedTable) -> Iterator[str]:
    """Give winter over summer free flow by summer free flow beside the table's factor."""
    measured = rows[~rows["placeholder"] & rows["winter"].notna()]
    factors = table.winter.posted_factor if table.winter else {}
    yield "| summer free flow, km/h | directions | winter / summer, median (quartiles) | factor |"
    yield "|---|---|---|---|"
    for low, high in pairwise((0, 70, 90, 110, 140)):
        part = measured[(measured["summer"] >= low) & (measured["summer"] < high)]
        ratio = part["winter"] / part["summer"]
        quarter, middle, three = ratio.quantile([0.25, 0.5, 0.75])
        limits = [limit for limit in map(float, factors) if limit <= low]
        factor = factors[f"{max(limits):g}"] if limits else 1.0
        yield (
            f"| {low} to {high} | {len(part)} | {middle:.3f} ({quarter:.3f} to {three:.3f}) | "
            f"{factor:.2f} |"
        )


def report_limits(rows: pd.DataFrame) -> Iterator[str]:
    """Give what the stations say of limits: 120 km/h roads, and the placeholders' winter steps."""
    measured = rows[~rows["placeholder"]]
    fast = measured[measured["highway"] == "motorway"]["summer"]
    marked = rows[rows["placeholder"]]
    yield "| what | directions | figure |"
    yield "|---|---|---|"
    yield (
        f"| free flow where it is {FASTEST_KM_H} km/h or more, over 120 | {len(fast)} "
        f"| {fast.median():.1f} / 120 = {fast.median() / 120:.2f} |"
    )
    for limit in (120, 100, 80):
        part = marked[(marked["summer"] == limit) & marked["winter"].notna()]
        counts = part["winter"].value_counts().sort_index(ascending=False)
        steps = ", ".join(f"{winter:.0f}: {count}" for winter, count in counts.items())
        yield f"| placeholder {limit} in summer: its winter value | {len(part)} | {steps} |"


def read_centres(region: str) -> dict[str, tuple[float, float]]:
    """Read the municipal centres of a region: name -> easting, northing in metres."""
    path = DATA / f"finland-municipalities/municipal_centres_{region}.geojson"
    to_metres = Transformer.from_crs(4326, 3067, always_xy=True)
    return {
        feature["properties"]["namefin"]: to_metres.transform(*feature["geometry"]["coordinates"])
        for feature in json.loads(path.read_text(encoding="utf-8"))["features"]
    }


def find_junctions(graph: nx.MultiDiGraph, classes: tuple[str, ...]) -> set[int]:
    """Find the nodes where at least three edges of the classes meet."""
    meeting: dict[int, set[int]] = {node: set() for node in graph}
    for start, end, edge in graph.edges(data=True):
        if edge["highway"] in classes:
            meeting[start].add(edge["osmid"])
            meeting[end].add(edge["osmid"])
    return {node for node, edges in meeting.items() if len(edges) >= 3}


def nearest_node(graph: nx.MultiDiGraph, x: float, y: float) -> tuple[int, float]:
    """Find the node nearest to a point, and how far it is in metres."""
    to_metres = Transformer.from_crs(4326, 3067, always_xy=True)
    nodes = list(graph)
    lon = [graph.nodes[node]["x"] for node in nodes]
    lat = [graph.nodes[node]["y"] for node in nodes]
    xs, ys = to_metres.transform(lon, lat)
    distances_m = np.hypot(np.asarray(xs) - x, np.asarray(ys) - y)
    return nodes[int(distances_m.argmin())], float(distances_m.min())


def time_arcs(graph: nx.MultiDiGraph, table: SpeedTable, season: Season) -> nx.DiGraph:
    """Time each arc without delays, the quickest of parallel ones; mark those into a junction."""
    junctions = find_junctions(graph, table.junction_classes)
    arcs = nx.DiGraph()
    for start, end, edge in graph.edges(data=True):
        km_h = edge_km_h(table, edge["highway"], edge["speed_kph"], season)
        driven_s = edge["length"] * 3.6 / km_h
        if not arcs.has_edge(start, end) or driven_s < arcs[start][end]["driven_s"]:
            delays = int(end in junctions)
            arcs.add_edge(start, end, driven_s=driven_s, length_m=edge["length"], delays=delays)
    return arcs


class Drive:
    """One known drive on its region's state roads: between the nodes nearest to two centres."""

    def __init__(self, region: str, start: str, goal: str, table: SpeedTable) -> None:
        network = DATA / f"finland-road-network/{region}_state_roads.graphml"
        graph = ox.load_graphml(network)
        centres = read_centres(region)
        self.name = f"{start.replace('Inari', 'Ivalo')}-{goal}"
        self.start, leg_m = nearest_node(graph, *centres[start])
        self.goal, last_leg_m = nearest_node(graph, *centres[goal])
        self.legs_s = (leg_m + last_leg_m) * 3.6 / ACCESS_LEG_KM_H
        self.arcs: dict[Season, nx.DiGraph] = {
            "summer": time_arcs(graph, table, "summer"),
            "winter": time_arcs(graph, table, "winter"),
        }

    def path(self, delay_s: float, season: Season) -> list[dict[str, float]]:
        """Find the arcs of the quickest way, with a delay at the head of those into a junction."""
        arcs = self.arcs[season]

        def weight(_start: int, _end: int, arc: dict[str, float]) -> float:
            return arc["driven_s"] + delay_s * arc["delays"]

        nodes = nx.dijkstra_path(arcs, self.start, self.goal, weight=weight)
        return [arcs[start][end] for start, end in pairwise(nodes)]

    def minutes(self, delay_s: float, season: Season = "summer") -> float:
        """Give the minutes of the quickest way, access legs included."""
        path = self.path(delay_s, season)
        road_s = sum(arc["driven_s"] + delay_s * arc["delays"] for arc in path)
        return (road_s + self.legs_s) / 60


def report_drives(table: SpeedTable) -> Iterator[str]:
    """Time the known drives: without delay, with a measured one (8 s), and as the table says."""
    yield "| drive | km | junctions | window | no delay | 8 s | **table** | winter | 10 % slower |"
    yield "|---|---|---|---|---|---|---|---|---|"
    delay_s = table.junction_delay_s
    for *ends, (low, high) in DRIVES:
        drive = Drive(*ends, table)
        path = drive.path(delay_s, "summer")
        km = sum(arc["length_m"] for arc in path) / 1000
        minutes = drive.minutes(delay_s)
        inside = "" if low <= minutes <= high else " (outside)"
        yield (
            f"| {drive.name} | {km:.1f} | {sum(arc['delays'] for arc in path)} | {low}-{high} "
            f"| {drive.minutes(0):.1f} | {drive.minutes(8):.1f} | **{minutes:.1f}**{inside} "
            f"| {drive.minutes(delay_s, 'winter'):.1f} | {minutes / 0.9:.1f} |"
        )


def report_delays(table: SpeedTable) -> Iterator[str]:
    """Say which whole seconds of junction delay bring each drive into its window."""
    yield "| drive | least delay, s | greatest delay, s |"
    yield "|---|---|---|"
    for *ends, (low, high) in DRIVES:
        drive = Drive(*ends, table)
        fits = [delay_s for delay_s in range(61) if low <= drive.minutes(delay_s) <= high]
        yield f"| {drive.name} | {fits[0]} | {fits[-1]} |"


def report_links() -> Iterator[str]:
    """Compare official lengths of links with the shortest way on the state-road graph."""
    folder = DATA / "finland-road-network"
    edges = pd.read_parquet(folder / "fi_state_roads_edges.parquet")
    nodes = pd.read_parquet(folder / "fi_state_roads_nodes.parquet")
    links = pd.read_csv(DATA / LINKS / "travel_time_links_official_length.csv")
    sites = pd.read_csv(DATA / LINKS / "travel_time_link_sites.csv").set_index("site")
    place = pd.Series(np.arange(len(nodes)), index=nodes["node"])
    start, end = place[edges["u"]].to_numpy(), place[edges["v"]].to_numpy()
    graph = coo_array((edges["length_m"], (start, end)), shape=(len(nodes), len(nodes)))
    to_metres = Transformer.from_crs(4326, 3067, always_xy=True)
    tree = KDTree(np.column_stack(to_metres.transform(nodes["lon"], nodes["lat"])))
    off_m, near = tree.query(np.column_stack(to_metres.transform(sites["lon"], sites["lat"])))
    off_m, near = pd.Series(off_m, sites.index), pd.Series(near, sites.index)
    close = links["from_site"].map(off_m).le(LINK_M) & links["to_site"].map(off_m).le(LINK_M)
    links = links[close & links["official_m"].ge(LONG_LINK_M)]
    found = dijkstra(graph.tocsr(), directed=False, indices=near.to_numpy())
    row = pd.Series(np.arange(len(near)), near.index)
    ways_m = found[links["from_site"].map(row), links["to_site"].map(near)]
    ratio = ways_m[np.isfinite(ways_m)] / links["official_m"][np.isfinite(ways_m)]
    quartiles = np.quantile(ratio, [0.25, 0.5, 0.75])
    yield "| links compared | ours / official length, median (quartiles) |"
    yield "|---|---|"
    yield f"| {len(ratio)} | {quartiles[1]:.3f} ({quartiles[0]:.3f} to {quartiles[2]:.3f}) |"


def report_streets(table: SpeedTable) -> Iterator[str]:
    """Compare drives on streets with what OSRM's car profile was measured to need for them."""
    drives = pd.read_csv(REPO / "docs/street_drives.csv")
    yield "| streets of | drives | ours / OSRM, median (10 %, 90 %) | every node a crossing |"
    yield "|---|---|---|---|"
    for extract in sorted(set(drives["extract"])):
        part = drives[drives["extract"] == extract]
        network = read_network(DATA / f"osm-extracts/{extract}.osm.pbf", speeds=table, cache=False)
        names = pd.Index([str(name) for name in part.index], dtype=object)
        starts, goals = (
            Points(ids=names, lon=part[f"{one}_lon"].to_numpy(), lat=part[f"{one}_lat"].to_numpy())
            for one in ("from", "to")
        )
        ratios = []
        for used in (table, table.model_copy(update={"crossing_piece_m": 0.0})):
            found = point_matrix(network, starts, goals, speeds=used)
            own = found[found["from_id"] == found["to_id"]].set_index("from_id")
            ratios.append(own["travel_time_s"].reindex(names).to_numpy() / part["osrm_s"])
        low, middle, high = np.quantile(ratios[0], [0.1, 0.5, 0.9])
        yield (
            f"| {extract} | {len(part)} | {middle:.2f} ({low:.2f} to {high:.2f}) "
            f"| {np.median(ratios[1]):.2f} |"
        )


def main(arguments: list[str]) -> int:
    """Print every table, or check that speeds.md holds every row of them."""
    table = read_table("finland-car")
    rows = read_directions().pipe(match_roads)
    reports: dict[str, Callable[[], Iterator[str]]] = {
        "Counting stations": lambda: report_stations(rows),
        "Table against stations, km/h": lambda: report_comparison(rows, table),
        "Winter over summer": lambda: report_winter(rows, table),
        "Winter over summer by speed": lambda: report_winter_by_speed(rows, table),
        "Limits": lambda: report_limits(rows),
        "Known drives, minutes": lambda: report_drives(table),
        "Junction delays that fit": lambda: report_delays(table),
        "Official links": report_links,
        "Streets": lambda: report_streets(table),
    }
    page = (REPO / "docs/speeds.md").read_text(encoding="utf-8") if "--check" in arguments else None
    missing = 0
    for title, report in reports.items():
        sys.stdout.write(f"\n{title}\n\n")
        for line in report():
            is_missing = page is not None and line not in page.splitlines()
            missing += is_missing
            sys.stdout.write(f"{line}{'   <- not in speeds.md' if is_missing else ''}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
