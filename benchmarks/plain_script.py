"""Do a study's work the plain way, with pyosmium, shapely and SciPy: the peer of the cold run.

One script as an able analyst writes it in an afternoon: read the roads, make a graph of all their
nodes, snap cells and sites to the nearest piece of road, search from every site, say whether the
targets hold. It knows what the plain speed table asks (class speeds, numeric limits, one-way roads,
private roads) and nothing else: no checks, no cache, no shortened graph.

Usage: python benchmarks/plain_script.py STUDY.toml

It prints a line per target, and last a JSON object with the share of people within each target's
minutes.
"""

from __future__ import annotations

import csv
import json
import sys
import tomllib
from pathlib import Path

import numpy as np
import osmium
import shapely
from pyproj import Geod, Transformer
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

Floats = np.ndarray
ACCESS = ("access", "vehicle", "motor_vehicle", "motorcar")
FEWEST_NODES = 100  # a smaller piece of the network is a slip of the map
KM_H_PER_MPH = 1.609344


def read_roads(path: Path, speed_km_h: dict[str, float]) -> tuple[np.ndarray, ...]:
    """Read every piece of road: its nodes and their places, speed, and whether it is one-way."""
    tails, heads, speeds, one_ways, places = [], [], [], [], {}
    roads = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
    for way in roads.with_filter(osmium.filter.KeyFilter("highway")):
        if not way.is_way():
            continue
        tags = way.tags
        speed = speed_km_h.get(tags["highway"])
        if speed is None or any(tags.get(key) in ("no", "private") for key in ACCESS):
            continue
        number, _, unit = tags.get("maxspeed", "").partition(" ")
        if number.isdigit() and unit in ("", "mph") and 5 <= int(number) <= 150:
            speed = int(number) * (KM_H_PER_MPH if unit else 1)
        around = tags.get("junction") in ("roundabout", "circular") or tags["highway"] == "motorway"
        one_way = tags.get("oneway", "yes" if around else "no")
        nodes = []
        for node in way.nodes:
            if node.location.valid():
                nodes.append(node.ref)
                places[node.ref] = node.lon, node.lat
        if one_way in ("-1", "reverse"):
            nodes.reverse()
        tails += nodes[:-1]
        heads += nodes[1:]
        speeds += [speed] * (len(nodes) - 1)
        one_ways += [one_way in ("yes", "true", "1", "-1", "reverse")] * (len(nodes) - 1)
    refs, ends = np.unique(np.array([tails, heads]), return_inverse=True)
    lonlat = np.array([places[ref] for ref in refs.tolist()])
    return lonlat, *ends.reshape(2, -1), np.array(speeds), np.array(one_ways)


def snap(xy: Floats, roads: Floats, usable: np.ndarray) -> tuple[np.ndarray, Floats, Floats]:
    """Find each place's nearest piece of road, how far along it, and the metres to it."""
    lines = shapely.linestrings(roads[usable])
    points = shapely.points(xy)
    found = shapely.STRtree(lines).nearest(points)
    along = shapely.line_locate_point(lines[found], points, normalized=True)
    return usable[found], along, shapely.distance(lines[found], points)


def read_places(path: Path, columns: dict[str, str]) -> dict[str, np.ndarray]:
    """Read some columns of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([row[column] for row in rows]) for name, column in columns.items()}


def main(path: Path) -> None:
    """Run a study."""
    study = tomllib.loads(path.read_text(encoding="utf-8"))
    folder, crs = path.parent, study["crs"]
    table = tomllib.loads((folder / study["network"]["speeds"]).read_text(encoding="utf-8"))
    leg_m_s = study["snapping"]["access_speed_km_h"] / 3.6

    lonlat, tail, head, speed_km_h, one_way = read_roads(
        folder / study["network"]["source"], table["speed_km_h"]
    )
    metres = Geod(ellps="WGS84").inv(*lonlat[tail].T, *lonlat[head].T)[2]
    seconds = metres / (speed_km_h / 3.6)
    nodes, both = len(lonlat), ~one_way
    arcs = np.concatenate([tail, head[both]]), np.concatenate([head, tail[both]])
    graph = csr_array((np.ones(len(arcs[0])), arcs), shape=(nodes, nodes))
    _, part = connected_components(graph, connection="strong")
    large = np.bincount(part)[part] >= FEWEST_NODES
    usable = np.flatnonzero(large[tail] & (part[tail] == part[head]))

    xy = np.column_stack(Transformer.from_crs(4326, crs, always_xy=True).transform(*lonlat.T))
    roads = np.stack([xy[tail], xy[head]], axis=1)
    grid, listed = study["population"], study["sites"]
    cells = read_places(
        folder / grid["source"], {"x": grid["x"], "y": grid["y"], "people": grid["people"]}
    )
    half_m = grid["cell_size_m"] / 2
    to_crs = Transformer.from_crs(grid["crs"], crs, always_xy=True)
    centres = cells["x"].astype(float) + half_m, cells["y"].astype(float) + half_m
    cell_xy = np.column_stack(to_crs.transform(*centres))
    sites = read_places(
        folder / listed["source"], {name: listed[name] for name in ("tier", "lon", "lat")}
    )
    to_crs = Transformer.from_crs(4326, crs, always_xy=True)
    site_xy = np.column_stack(
        to_crs.transform(sites["lon"].astype(float), sites["lat"].astype(float))
    )
    cell_road, cell_along, cell_leg_m = snap(cell_xy, roads, usable)
    site_road, site_along, site_leg_m = snap(site_xy, roads, usable)

    # every site becomes a node that the ends of its road lead to; searched against the traffic
    site_node = nodes + np.arange(len(site_xy))
    there, back = seconds[site_road] * site_along, seconds[site_road] * (1 - site_along)
    two_way = both[site_road]
    from_node = [tail, head[both], tail[site_road], head[site_road][two_way]]
    to_node = [head, tail[both], site_node, site_node[two_way]]
    weight = np.concatenate([seconds, seconds[both], there, back[two_way]])
    order = np.argsort(-weight, kind="stable")  # of parallel pieces the fastest is written last
    links = dict(
        zip(
            zip(
                np.concatenate(to_node)[order].tolist(),
                np.concatenate(from_node)[order].tolist(),
                strict=True,
            ),
            weight[order].tolist(),
            strict=True,
        )
    )
    against = csr_array(
        (np.fromiter(links.values(), float), np.array(list(links)).T),
        shape=(nodes + len(site_xy),) * 2,
    )
    to_head = seconds[cell_road] * (1 - cell_along)
    to_tail = np.where(both[cell_road], seconds[cell_road] * cell_along, np.inf)
    times = np.empty((len(cell_xy), len(site_xy)))
    for site in range(len(site_xy)):
        found = dijkstra(against, indices=site_node[site])
        drive = np.minimum(found[head[cell_road]] + to_head, found[tail[cell_road]] + to_tail)
        same = cell_road == site_road[site]  # on the site's own piece of road: straight along it
        straight = seconds[cell_road] * np.abs(cell_along - site_along[site])
        straight[one_way[cell_road] & (cell_along > site_along[site])] = np.inf
        drive[same] = np.minimum(drive, straight)[same]
        times[:, site] = drive + (cell_leg_m + site_leg_m[site]) / leg_m_s
    longest_m = study["snapping"]["max_leg_m"]
    times[cell_leg_m > longest_m] = np.inf
    times[:, site_leg_m > longest_m] = np.inf

    people = cells["people"].astype(float)
    serves = {tier["id"]: {tier["id"], *tier.get("includes", ())} for tier in study["tiers"]}
    shares = {}
    for target in study["targets"]:
        open_sites = [target["tier"] in serves[tier] for tier in sites["tier"]]
        nearest = times[:, open_sites].min(axis=1)
        within = np.floor(nearest + 0.5) <= target["within_min"] * 60
        share = float(people[within].sum() / people.sum())
        shares[target["id"]] = share
        word = "holds" if share >= target["share"] else "fails"
        print(f"{target['id']}: {share:.2%} of {target['share']:.0%}: {word}")
    print(json.dumps(shares))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
