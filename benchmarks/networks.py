"""Synthetic road networks of any size: seeded, so that everybody measures on the same one.

Junctions are clustered in towns of very different sizes, 5.5 to the square kilometre over all.
Roads are a minimum spanning tree of the junctions' Gabriel graph with a quarter as many loops: 2.5
arcs a junction, about 45 % of junctions on the way of one road and 9 % dead ends, as on a
simplified road map of a Nordic region. The ways between towns are driven at 80 and 100 km/h, the
others at 30 to 70. All are straight and two-way. Ids follow a Morton curve.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import Transformer
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra, minimum_spanning_tree
from scipy.spatial import Delaunay, cKDTree

from accessibility.network import RoadNetwork
from accessibility.population import Population
from accessibility.services import Text, Tier, Tiers
from accessibility.sites import Sites
from accessibility.sources.network_cache import cache_folder
from accessibility.speeds import SpeedTable
from accessibility.speeds.table import Winter

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

#: Raised whenever the generator draws another network from the same seed.
VERSION = 1
SEED = 20_261
CRS = "EPSG:3067"
JUNCTIONS_PER_KM2 = 5.5
JUNCTIONS_PER_TOWN = 1500
SHARE_IN_TOWNS = 0.65
TOWN_JUNCTIONS_PER_KM2 = 60.0
LOOPS_PER_JUNCTION = 0.25
DEAD_ENDS_JOINED = 0.60
LESS_LIKED = 0.25  # loops from places on the way of one road, so that enough of those are left
MIDDLE_M = (500_000.0, 7_000_000.0)
#: Speed of each road class, under an OSM class name that a speed table knows.
CLASSES = (
    ("trunk", 100.0),
    ("primary", 80.0),
    ("secondary", 70.0),
    ("tertiary", 60.0),
    ("unclassified", 50.0),
    ("residential", 40.0),
    ("living_street", 30.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Streets:
    """A synthetic network, cells and sites.

    Parameters
    ----------
    x, y
        Junctions, metres in `CRS`.
    start, end, length_m
        Roads between them, each once.
    road_class
        Per road: an index into `CLASSES`.
    cell_x, cell_y, people
        Centres of 250 m cells and people in them, drawn where junctions are, the first ones the
        most populous; no cell comes twice.
    site
        Junctions where the sites stand, those of the largest towns first.
    """

    x: Floats
    y: Floats
    start: Ints
    end: Ints
    length_m: Floats
    road_class: npt.NDArray[np.int8]
    cell_x: Floats
    cell_y: Floats
    people: Floats
    site: Ints

    @property
    def junctions(self) -> int:
        """Number of junctions."""
        return len(self.x)

    @property
    def degree(self) -> Ints:
        """Roads that meet at each junction."""
        return np.bincount(np.concatenate([self.start, self.end]), minlength=self.junctions)


def make_streets(
    junctions: int, *, seed: int = SEED, cells: int = 100_000, sites: int = 200
) -> Streets:
    """Draw a network; the same sizes and seed give the same one.

    Parameters
    ----------
    junctions, cells, sites
        How many of each; never more cells or sites than there are places for them.
    seed
        Of every random draw.
    """
    rng = np.random.default_rng(seed)
    xy, towns = _scatter(junctions, rng)
    xy = xy[_morton_order(xy)]
    start, end = _roads(xy, rng)
    length_m = np.hypot(*(xy[start] - xy[end]).T)
    centres = cKDTree(xy).query(towns)[1].astype(np.int32)
    cell_xy, people = _people(xy, cells, rng)
    return Streets(
        x=xy[:, 0] + MIDDLE_M[0],
        y=xy[:, 1] + MIDDLE_M[1],
        start=start,
        end=end,
        length_m=length_m,
        road_class=_classes(xy, start, end, length_m, centres, rng),
        cell_x=cell_xy[:, 0] + MIDDLE_M[0],
        cell_y=cell_xy[:, 1] + MIDDLE_M[1],
        people=people,
        site=_sites(centres, junctions, sites, rng),
    )


def _scatter(junctions: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Scatter junctions over a square around the origin, most of them in towns, and the towns."""
    half_m = np.sqrt(junctions / JUNCTIONS_PER_KM2) * 500
    count = max(junctions // JUNCTIONS_PER_TOWN, 3)
    towns = rng.uniform(-0.95, 0.95, (count, 2)) * half_m
    weight = 1 / np.arange(1, count + 1) ** 0.8
    spare = junctions // 20 + 50  # some fall on the same metre
    in_towns = int((junctions + spare) * SHARE_IN_TOWNS)
    town = rng.choice(count, in_towns, p=weight / weight.sum())
    expected = in_towns * weight / weight.sum()
    radius_m = np.sqrt(expected / TOWN_JUNCTIONS_PER_KM2 / np.pi) * 1000
    around = rng.normal(size=(in_towns, 2)) * radius_m[town][:, None]
    rural = rng.uniform(-half_m, half_m, (junctions + spare - in_towns, 2))
    xy = np.round(np.concatenate([towns[town] + around, rural]))
    xy = np.abs((xy + half_m) % (4 * half_m) - 2 * half_m) - half_m  # what leaves is mirrored
    xy = np.unique(np.round(xy), axis=0)
    return xy[rng.permutation(len(xy))[:junctions]], towns


def _morton_order(xy: Floats) -> npt.NDArray[np.int64]:
    """Order places along a Morton curve, which keeps neighbours near each other in memory."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    steps = ((xy - low) / (high - low).max() * (2**21 - 1)).astype(np.uint64)
    code = np.zeros(len(xy), dtype=np.uint64)
    for axis in (0, 1):
        bits = steps[:, axis]
        for shift, mask in (
            (32, 0x1F00000000FFFF),
            (16, 0x1F0000FF0000FF),
            (8, 0x100F00F00F00F00F),
            (4, 0x10C30C30C30C30C3),
            (2, 0x1249249249249249),
        ):
            bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
        code |= bits << np.uint64(axis)
    return np.argsort(code, kind="stable")


def _gabriel(xy: Floats) -> tuple[Ints, Ints]:
    """Find the pairs of places whose circle holds no third, among the sides of triangles.

    A side of Delaunay's triangles is out if a triangle's third corner sees it under more than a
    right angle.
    """
    corners = Delaunay(xy).simplices
    keys = []
    for third in range(3):
        one, other = corners[:, (third + 1) % 3], corners[:, (third + 2) % 3]
        toward = (xy[one] - xy[corners[:, third]]) * (xy[other] - xy[corners[:, third]])
        low, high = np.minimum(one, other).astype(np.int64), np.maximum(one, other)
        keys.append((low * len(xy) + high) * 2 + (toward.sum(axis=1) < 0))
    del corners
    key = np.concatenate(keys)
    del keys
    key.sort()
    side = key >> 1
    last = np.ones(len(key), dtype=bool)
    last[:-1] = side[1:] != side[:-1]
    kept = side[last & (key & 1 == 0)]
    return (kept // len(xy)).astype(np.int32), (kept % len(xy)).astype(np.int32)


def _roads(xy: Floats, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Build roads: the spanning tree, then loops, first where they make a dead end go on."""
    start, end = _gabriel(xy)
    length_m = np.hypot(*(xy[start] - xy[end]).T)
    size = (len(xy), len(xy))
    tree = minimum_spanning_tree(coo_array((length_m, (start, end)), shape=size).tocsr()).tocoo()
    in_tree = np.isin(
        start.astype(np.int64) * len(xy) + end, tree.row.astype(np.int64) * len(xy) + tree.col
    )
    degree = np.bincount(np.concatenate([start[in_tree], end[in_tree]]), minlength=len(xy))
    joined = (degree == 1) & (rng.random(len(xy)) < DEAD_ENDS_JOINED)
    stays = (degree == 1) & ~joined
    spare = np.flatnonzero(~in_tree & ~stays[start] & ~stays[end])
    wanted = int(LOOPS_PER_JUNCTION * len(xy))
    ends = np.concatenate([start[spare], end[spare]])
    road = np.concatenate([spare, spare])
    order = np.lexsort((length_m[road], ends))
    first = np.ones(len(order), dtype=bool)
    first[1:] = ends[order][1:] != ends[order][:-1]
    shortest = order[first]
    loops = np.unique(road[shortest][joined[ends[shortest]]])[:wanted]
    rest = np.setdiff1d(spare, loops, assume_unique=True)
    on_the_way = (degree[start[rest]] == 2).astype(float) + (degree[end[rest]] == 2)
    liked = np.argsort(rng.random(len(rest)) + LESS_LIKED * on_the_way, kind="stable")
    loops = np.concatenate([loops, rest[liked][: wanted - len(loops)]])
    chosen = in_tree
    chosen[loops] = True
    return start[chosen], end[chosen]


def _classes(
    xy: Floats,
    start: Ints,
    end: Ints,
    length_m: Floats,
    centres: Ints,
    rng: np.random.Generator,
) -> npt.NDArray[np.int8]:
    """Give every road a class: the ways between towns the fast ones, streets the slow ones."""
    count = len(xy)
    both = coo_array((length_m, (start, end)), shape=(count, count)).tocsr()
    roads = csr_array(both + both.T)
    large = centres[: max(len(centres) // 4, 2)]
    centres = np.unique(centres)
    far, before, town = dijkstra(roads, indices=centres, min_only=True, return_predecessors=True)
    one, other = town[start], town[end]
    pair = np.minimum(one, other).astype(np.int64) * count + np.maximum(one, other)
    way_m = far[start] + far[end] + length_m
    order = np.lexsort((way_m, pair))
    first = np.ones(len(order), dtype=bool)
    first[1:] = pair[order][1:] != pair[order][:-1]
    meeting = order[first][(one != other)[order[first]]]
    on_way = np.zeros(count, dtype=bool)
    at = np.unique(np.concatenate([start[meeting], end[meeting]]))
    while len(at):
        on_way[at] = True
        at = before[at]
        at = np.unique(at[at >= 0])
        at = at[~on_way[at]]
    tree_road = (before[end] == start) | (before[start] == end)
    between = on_way[start] & on_way[end] & tree_road
    between[meeting] = True
    dense = length_m < np.median(length_m)
    slow = rng.integers(4, 7, len(start))  # 50, 40, 30
    middling = rng.integers(2, 5, len(start))  # 70, 60, 50
    road_class = np.where(dense, slow, middling)
    largest = np.isin(town, large)
    fast = np.where(largest[start] & largest[end], 0, 1)
    return np.where(between, fast, road_class).astype(np.int8)


def _people(xy: Floats, cells: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw populated 250 m cells: those with the most junctions hold the most people."""
    homes = xy[rng.integers(0, len(xy), 4 * min(cells, len(xy)) + 40)]
    lattice = np.floor((homes + rng.normal(size=homes.shape) * 250) / 250).astype(np.int64)
    key, houses = np.unique(lattice[:, 0] * 2**32 + lattice[:, 1], return_counts=True)
    order = np.lexsort((rng.random(len(key)), -houses))[:cells]
    column, row = (key[order] + 2**31) >> 32, (key[order] + 2**31) % 2**32 - 2**31
    people = 1.0 + rng.poisson(8.0 * houses[order])
    return np.column_stack([column, row]) * 250.0 + 125.0, people


def _sites(centres: Ints, junctions: int, sites: int, rng: np.random.Generator) -> Ints:
    """Place sites in the largest towns, and where those run out at any junction."""
    _, first = np.unique(centres, return_index=True)
    places = centres[np.sort(first)][:sites]
    others = np.setdiff1d(rng.permutation(junctions)[: 4 * sites], places)
    return np.concatenate([places, others[: sites - len(places)]]).astype(np.int32)


def road_network(streets: Streets) -> RoadNetwork:
    """Make the package's own network of it; every road is a way of one segment."""
    lon, lat = Transformer.from_crs(CRS, 4326, always_xy=True).transform(streets.x, streets.y)
    roads = len(streets.start)
    ends = np.column_stack([streets.start, streets.end]).ravel()
    none = ("",) * roads
    return RoadNetwork(
        node_lon=np.asarray(lon),
        node_lat=np.asarray(lat),
        node_tags=np.zeros(streets.junctions, dtype=np.int64),
        edge_start=streets.start.astype(np.int64),
        edge_end=streets.end.astype(np.int64),
        edge_way=np.arange(roads),
        point_from=2 * np.arange(roads + 1),
        point_lon=np.asarray(lon)[ends],
        point_lat=np.asarray(lat)[ends],
        segment_m=np.array(streets.length_m),
        way_id=np.arange(roads),
        way_tags=streets.road_class.astype(np.int64),
        way_ref=none,
        way_name=none,
        tagsets=tuple({"highway": name} for name, _ in CLASSES),
    )


def speed_table() -> SpeedTable:
    """Give the speeds of `CLASSES`, and a winter that is slower on every one."""
    return SpeedTable(
        name="benchmark",
        mode="car",
        speed_km_h=dict(CLASSES),
        winter=Winter(factor={"trunk": 0.9, "primary": 0.93, "*": 0.95}),
    )


def population_of(streets: Streets, cells: int) -> Population:
    """Make the population grid of the first cells."""
    import geopandas as gpd
    import shapely

    x, y = np.array(streets.cell_x[:cells]), np.array(streets.cell_y[:cells])
    frame = gpd.GeoDataFrame(
        {"x": x, "y": y, "people": np.array(streets.people[:cells])},
        geometry=shapely.box(x - 125, y - 125, x + 125, y + 125),
        crs=CRS,
        index=pd.Index([f"c{row:06d}" for row in range(len(x))], name="cell_id"),
    )
    return Population(cells=frame)


def sites_of(streets: Streets, sites: int) -> Sites:
    """Make the list of the first sites: the nearer to the start, the higher the tier."""
    import geopandas as gpd

    at = streets.site[:sites]
    rank = np.arange(len(at))
    tier = np.where(rank < len(at) // 40 + 1, "E", np.where(rank < len(at) // 5 + 1, "A", "L"))
    ids = [f"s{row:04d}" for row in rank]
    return Sites(
        frame=gpd.GeoDataFrame(
            {"name": ids, "tier": tier},
            geometry=gpd.points_from_xy(streets.x[at], streets.y[at]),
            crs=CRS,
            index=pd.Index(ids, name="site_id"),
        )
    )


def three_tiers() -> Tiers:
    """Give the tiers that `sites_of` uses, nested."""
    return Tiers(
        (
            Tier(id="L", name=Text({"en": "local"})),
            Tier(id="A", name=Text({"en": "area"}), includes=("L",)),
            Tier(id="E", name=Text({"en": "hospital"}), includes=("A", "L")),
        )
    )


def load_streets(junctions: int, folder: Path | None = None) -> Streets:
    """Take a network from the folder of drawn ones, drawing it first if it is not there.

    Parameters
    ----------
    junctions
        How many.
    folder
        Where drawn ones are kept, the package's cache unless given; it may be deleted at any time.
    """
    place = (folder or cache_folder() / "benchmarks") / f"streets-{VERSION}-{SEED}-{junctions}"
    if not place.is_dir():
        streets = make_streets(junctions)
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as unfinished:
            whole = Path(unfinished) / "streets"
            whole.mkdir()
            for part in fields(streets):
                np.save(whole / f"{part.name}.npy", getattr(streets, part.name))
            whole.rename(place)
    return Streets(
        **{
            part.name: np.load(place / f"{part.name}.npy", mmap_mode="r")
            for part in fields(Streets)
        }
    )
