"""The compiled searches against SciPy's Dijkstra: laws on random networks, and examples on paper.

Networks have one-way and parallel links, links back to where they begin, and parts that nothing
joins. A turn restriction's copy of a junction is a node like any other here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accessibility.screening import labels
from accessibility.traveltime import UNREACHABLE, SearchBy
from accessibility.traveltime.engines import find_times
from accessibility.traveltime.hierarchy import (
    customized,
    customized_again,
)
from accessibility.traveltime.kernels.contraction import postorder
from accessibility.traveltime.kernels.customization import customize_again
from accessibility.traveltime.links import Links, Seeds, positions_of
from accessibility.traveltime.matrix import compiled_labels
from accessibility.traveltime.topology import Topology, contract, topology_key

ENGINES = ("scipy", "buckets", "hierarchy")


def links_of(nodes: int, *rows: tuple[int, int, int]) -> Links:
    """Make links from (tail, head, deciseconds)."""
    tail, head, weight_ds = np.array(rows, dtype=np.int64).reshape(-1, 3).T.copy()
    return Links(nodes=nodes, tail=tail, head=head, weight_ds=weight_ds)


def seeds_of(*sites: dict[int, int]) -> Seeds:
    """Make seeds from one {node: deciseconds} a site."""
    counts = [len(site) for site in sites]
    return Seeds(
        first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        node=np.array([node for site in sites for node in site], dtype=np.int64),
        ds=np.array([ds for site in sites for ds in site.values()], dtype=np.int64),
    )


def search(links: Links, seeds: Seeds, engine: str, threads: int = 1, **options) -> np.ndarray:
    """Search with one engine."""
    by = SearchBy(engine=engine, threads=threads)  # type: ignore[arg-type]
    found = find_times(links, seeds, by=by, **options)
    assert found.engine == engine
    return found.ds


@st.composite
def networks(draw: st.DrawFn) -> Links:
    nodes = draw(st.integers(1, 40))  # a hierarchy lays its result out in sixteens, and the rest
    node = st.integers(0, nodes - 1)
    # a few long links beside many short ones: more than one bucket is 32 ds wide
    weight = st.one_of(st.integers(1, 60), st.integers(1, 5000))
    both = draw(st.lists(st.tuples(node, node, weight), max_size=32))
    one_way = draw(st.lists(st.tuples(node, node, weight), max_size=24))
    rows = [*both, *[(head, tail, ds) for tail, head, ds in both], *one_way]
    return links_of(nodes, *draw(st.permutations(rows)))


@st.composite
def searches(draw: st.DrawFn) -> tuple[Links, Seeds]:
    links = draw(networks())
    site = st.dictionaries(st.integers(0, links.nodes - 1), st.integers(0, 3000), max_size=3)
    return links, seeds_of(*draw(st.lists(site, min_size=1, max_size=20)))


#: A square of roads with a one-way diagonal, a node of its own (4) and a dead end into it (5).
#:     0 -10- 1
#:     |      |       2 > 0 takes 15, one-way; 4 > 5 takes 7, one-way
#:    30     20
#:     |      |
#:     3 -40- 2
SQUARE = links_of(
    6,
    *[(0, 1, 10), (1, 0, 10), (1, 2, 20), (2, 1, 20), (2, 3, 40), (3, 2, 40)],
    *[(3, 0, 30), (0, 3, 30), (2, 0, 15), (2, 0, 99), (4, 5, 7)],
)
NO = UNREACHABLE


@pytest.mark.parametrize("engine", ENGINES)
def test_a_square_of_roads_on_paper(engine: str) -> None:
    found = search(SQUARE, seeds_of({0: 0}, {2: 3}, {5: 0}, {}, {4: 2, 1: 5}), engine)
    assert found.tolist() == [
        [0, 10, 30, 30, NO, NO],
        [18, 23, 3, 43, NO, NO],  # by the diagonal to 0, and to 3 straight
        [NO, NO, NO, NO, NO, 0],
        [NO, NO, NO, NO, NO, NO],
        [15, 5, 25, 45, 2, 9],
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_of_two_ways_to_begin_the_faster_counts(engine: str) -> None:
    # from 3 it takes 30 to 0, and 1 is 10 on; beginning at 1 with 35 is faster there, not at 0
    assert search(SQUARE, seeds_of({3: 0, 1: 35}), engine)[0, :4].tolist() == [30, 35, 40, 0]


@given(case=searches(), threads=st.sampled_from([1, 3]))
def test_law_every_engine_equals_scipy(case: tuple[Links, Seeds], threads: int) -> None:
    links, seeds = case
    wanted = search(links, seeds, "scipy")
    for engine in ENGINES[1:]:
        np.testing.assert_array_equal(search(links, seeds, engine, threads), wanted)


@given(case=searches(), data=st.data())
def test_law_asking_for_some_nodes_gives_their_columns(
    case: tuple[Links, Seeds], data: st.DataObject
) -> None:
    links, seeds = case
    chosen = data.draw(st.sets(st.integers(0, links.nodes - 1)))
    nodes = np.array(sorted(chosen), dtype=np.int64)
    wanted = search(links, seeds, "scipy")[:, nodes]
    for engine in ENGINES:
        np.testing.assert_array_equal(search(links, seeds, engine, nodes=nodes), wanted)


@given(case=searches(), cutoff_ds=st.integers(0, 4000))
def test_law_a_cutoff_leaves_out_what_is_longer(case: tuple[Links, Seeds], cutoff_ds: int) -> None:
    links, seeds = case
    wanted = search(links, seeds, "scipy")
    wanted[wanted > cutoff_ds] = UNREACHABLE
    for engine in ENGINES:
        np.testing.assert_array_equal(search(links, seeds, engine, cutoff_ds=cutoff_ds), wanted)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_cutoff_is_inclusive(engine: str) -> None:
    found = search(SQUARE, seeds_of({0: 0}), engine, cutoff_ds=30)
    assert found[0].tolist() == [0, 10, 30, 30, NO, NO]
    assert search(SQUARE, seeds_of({0: 0}), engine, cutoff_ds=29)[0, 2] == NO


@given(case=searches(), data=st.data())
def test_law_the_order_of_links_and_sites_changes_nothing(
    case: tuple[Links, Seeds], data: st.DataObject
) -> None:
    links, seeds = case
    order = np.array(data.draw(st.permutations(range(len(links.tail)))), dtype=np.int64)
    mixed = replace(
        links, tail=links.tail[order], head=links.head[order], weight_ds=links.weight_ds[order]
    )
    sites = data.draw(st.permutations(range(len(seeds))))
    other = seeds_of(
        *(
            dict(zip(part.node.tolist(), part.ds.tolist(), strict=True))
            for part in (seeds.part(site, site + 1) for site in sites)
        )
    )
    for engine in ENGINES:
        wanted = search(links, seeds, engine)
        np.testing.assert_array_equal(search(mixed, other, engine), wanted[sites])
    one, two = (contract(each.nodes, each.tail, each.head) for each in (links, mixed))
    for name, values in one.to_arrays().items():
        np.testing.assert_array_equal(values, two.to_arrays()[name])


def test_more_sites_than_lanes_are_searched_in_any_number_of_threads() -> None:
    chain = links_of(50, *[(node, node + 1, node + 1) for node in range(49)])
    seeds = seeds_of(*({node: node} for node in range(50)))
    wanted = search(chain, seeds, "scipy")
    assert wanted[0, 49] == 49 * 50 / 2
    for threads in (1, 2, 5):
        np.testing.assert_array_equal(search(chain, seeds, "hierarchy", threads), wanted)
        np.testing.assert_array_equal(search(chain, seeds, "buckets", threads), wanted)


def test_a_full_room_of_bucket_entries_is_enlarged() -> None:
    star = links_of(9001, *[(0, leaf, 1 + leaf % 50) for leaf in range(1, 9001)])
    wanted = search(star, seeds_of({0: 4}), "scipy")
    np.testing.assert_array_equal(search(star, seeds_of({0: 4}), "buckets"), wanted)


# --- topologies and weights ----------------------------------------------------------------------


def test_contracting_the_middle_of_a_chain_makes_no_shortcut_and_of_a_star_none_at_its_tips():
    chain = contract(3, np.array([0, 1]), np.array([1, 2]))
    assert chain.arcs == 2
    star = contract(6, np.zeros(5, dtype=np.int64), np.arange(1, 6))
    assert star.arcs == 5  # the middle is contracted last, or with one tip left
    ring = contract(4, np.array([0, 1, 2, 3]), np.array([1, 2, 3, 0]))
    assert ring.arcs == 5  # whichever is first joins its two neighbours


def test_postorder_puts_each_subtree_in_one_run():
    #   4: children 0 and 3; 3: children 1 and 2
    assert postorder(np.array([4, 3, 3, 4, -1], dtype=np.int32)).tolist() == [0, 1, 2, 3, 4]
    assert postorder(np.array([3, 2, 4, 4, -1, -1], dtype=np.int32)).tolist() == [2, 0, 1, 3, 4, 5]


@given(links=networks(), data=st.data())
def test_law_partial_customization_equals_all_of_it(links: Links, data: st.DataObject) -> None:
    topology = contract(links.nodes, links.tail, links.head)
    before = customized(topology, links)
    weight = st.one_of(st.integers(1, 60), st.integers(1, 5000), st.none())  # None: closed
    changes = data.draw(st.dictionaries(st.integers(0, max(0, len(links.tail) - 1)), weight))
    weights_ds, kept = links.weight_ds.copy(), np.ones(len(links.tail), dtype=bool)
    for link, ds in changes.items():
        if len(kept):
            weights_ds[link], kept[link] = ds or 1, ds is not None
    after = Links(
        nodes=links.nodes,
        tail=links.tail[kept],
        head=links.head[kept],
        weight_ds=weights_ds[kept],
    )
    wanted = customized(topology, after)
    found = _again_for_sure(before, after)
    np.testing.assert_array_equal(found[0], wanted.up_ds)
    np.testing.assert_array_equal(found[1], wanted.down_ds)
    again = customized_again(before, after)
    np.testing.assert_array_equal(again.up_ds, wanted.up_ds)
    np.testing.assert_array_equal(again.own_down_ds, wanted.own_down_ds)


def test_one_change_after_another_equals_customizing_anew() -> None:
    # 8 x 8 junctions; each way of each road has a weight of its own, so each must be looked after
    rng = np.random.default_rng(3)
    node = np.arange(64).reshape(8, 8)
    one = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    other = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    links = Links(
        nodes=64,
        tail=np.concatenate([one, other]),
        head=np.concatenate([other, one]),
        weight_ds=rng.integers(1, 30, 2 * len(one)),
    )
    known = customized(contract(64, links.tail, links.head), links)
    for _ in range(300):
        weight_ds = links.weight_ds.copy()
        weight_ds[rng.integers(0, len(weight_ds), rng.integers(1, 4))] = rng.integers(1, 60)
        links = replace(links, weight_ds=weight_ds)
        up_ds, down_ds = _again_for_sure(known, links)
        known = customized(known.topology, links)
        np.testing.assert_array_equal(up_ds, known.up_ds)
        np.testing.assert_array_equal(down_ds, known.down_ds)


def _again_for_sure(before, after: Links) -> tuple[np.ndarray, np.ndarray]:
    """Customize arc by arc, however many changed."""
    from accessibility.traveltime.kernels.contraction import arcs_by_head

    topology, wanted = before.topology, customized(before.topology, after)
    changed = (wanted.own_up_ds != before.own_up_ds) | (wanted.own_down_ds != before.own_down_ds)
    up_ds, down_ds = before.up_ds.copy(), before.down_ds.copy()
    customize_again(
        topology.up_first, topology.up_head, *arcs_by_head(topology.up_first, topology.up_head),
        wanted.own_up_ds, wanted.own_down_ds, np.flatnonzero(changed).astype(np.int64),
        up_ds, down_ds,
    )  # fmt: skip
    return up_ds, down_ds


def test_a_closed_bridge_touches_few_arcs_of_a_long_road():
    # a road of 1,000 junctions beside a parallel one, joined at every tenth
    rows = [(node, node + 1, 5) for node in range(999)]
    rows += [(1000 + node, 1001 + node, 7) for node in range(999)]
    rows += [(node, 1000 + node, 3) for node in range(0, 1000, 10)]
    road = links_of(2000, *rows, *[(head, tail, ds) for tail, head, ds in rows])
    open_ = ~((road.tail == 500) & (road.head == 501))
    closed = Links(
        nodes=2000,
        tail=road.tail[open_],
        head=road.head[open_],
        weight_ds=road.weight_ds[open_],
    )
    before = customized(contract(2000, road.tail, road.head), road)
    again = customized_again(before, closed)
    np.testing.assert_array_equal(again.up_ds, customized(before.topology, closed).up_ds)
    found = search(closed, seeds_of({500: 0}), "hierarchy", known=before)
    assert found[0, 501] == 3 + 10 * 7 + 3 + 9 * 5  # round by the parallel road, and back
    np.testing.assert_array_equal(found, search(closed, seeds_of({500: 0}), "scipy"))


@given(links=networks())
def test_law_a_topology_is_the_same_after_its_arrays(links: Links) -> None:
    topology = contract(links.nodes, links.tail, links.head)
    again = Topology.from_arrays(topology.to_arrays(), key=topology.key)
    arcs, _ = again.arcs_of(links.tail, links.head)
    assert (arcs[links.tail != links.head] >= 0).all()
    for name, values in topology.to_arrays().items():
        np.testing.assert_array_equal(values, again.to_arrays()[name])


@pytest.mark.parametrize("name", ["place", "up_first", "up_head"])
def test_arrays_that_are_no_topology_are_refused(name: str) -> None:
    arrays = {key: np.array(values) for key, values in contract_square().to_arrays().items()}
    arrays[name][1] += 3
    with pytest.raises(ValueError, match="no topology"):
        Topology.from_arrays(arrays, key="x")


def contract_square() -> Topology:
    return contract(SQUARE.nodes, SQUARE.tail, SQUARE.head)


def test_the_key_of_a_topology_knows_the_pairs_and_nothing_else():
    key = topology_key(6, SQUARE.tail, SQUARE.head)
    assert topology_key(6, SQUARE.head[::-1], SQUARE.tail[::-1]) == key
    assert topology_key(7, SQUARE.tail, SQUARE.head) != key
    assert topology_key(6, SQUARE.tail[1:-1], SQUARE.head[1:-1]) != key  # 4-5 is missing


def test_a_link_without_an_arc_is_refused():
    more = links_of(6, (0, 5, 1))
    with pytest.raises(ValueError, match="contract the network anew"):
        customized(contract_square(), more)
    known = customized(contract_square(), SQUARE)
    found = search(more, seeds_of({0: 0}), "hierarchy", known=known)  # so it does
    assert found.tolist() == [[0, NO, NO, NO, NO, 1]]


def test_a_network_of_another_size_is_contracted_anew():
    known = customized(contract_square(), SQUARE)
    found = search(links_of(7, (0, 6, 1)), seeds_of({0: 0}), "hierarchy", known=known)
    assert found.tolist() == [[0, NO, NO, NO, NO, NO, 1]]


def test_positions_of_values_that_come_often_once_or_never():
    places, found = positions_of(np.array([4, 2, 4, 9, 2, 4]), np.array([2, 7, 4]))
    assert places.tolist() == [0, 0, 2, 2, 2]
    assert found.tolist() == [1, 4, 0, 2, 5]


# --- labels --------------------------------------------------------------------------------------

#: Seconds of four cells to four sites.
MATRIX = np.array(
    [[60, 60, 5, NO], [90, 30, 5, 30], [NO, NO, NO, NO], [7, 8, 9, 9]], dtype=np.int32
)


@pytest.fixture(params=["numpy", "compiled"])
def labelling(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    least = 0 if request.param == "compiled" else 10**9
    monkeypatch.setattr(labels, "LEAST_PAIRS", least)
    return request.param


@pytest.mark.usefixtures("labelling")
def test_labels_on_paper() -> None:
    found = labels.nearest_labels(MATRIX, np.array([0, 1, 3]), depth=2)
    assert found.site.tolist() == [[0, 1], [1, 3], [-1, -1], [0, 1]]
    assert found.time_s.tolist() == [[60, 60], [30, 30], [NO, NO], [7, 8]]


@pytest.mark.usefixtures("labelling")
def test_the_first_open_label_is_nearest_and_else_the_matrix_knows() -> None:
    known = labels.OpenSites(MATRIX, np.array([0, 1, 2, 3]), depth=2)
    site, time_s = known.nearest(np.array([True, False, False, True]))
    assert site.tolist() == [0, 3, -1, 0]
    assert time_s.tolist() == [60, 30, NO, 7]
    site, time_s = known.nearest(np.array([False, False, False, True]))
    assert site.tolist() == [-1, 3, -1, 3]  # the last cell's two labels are closed
    assert time_s.tolist() == [NO, 30, NO, 9]
    site, _ = known.nearest(np.zeros(4, dtype=bool))
    assert site.tolist() == [-1, -1, -1, -1]


@pytest.mark.parametrize("cells", [2047, 2048, 2049, 5000])
def test_labels_of_more_cells_than_are_looked_at_in_one_go(cells: int) -> None:
    rng = np.random.default_rng(cells)
    time_s = rng.integers(0, 9, (cells, 7)).astype(np.int32)  # ties everywhere
    time_s[rng.random(time_s.shape) < 0.3] = NO
    columns = np.array([0, 2, 3, 5, 6])
    site, found_s = compiled_labels(time_s, columns, depth=3)
    wanted, wanted_s = labels._plain_labels(time_s, columns, 3)
    np.testing.assert_array_equal(found_s, wanted_s)
    np.testing.assert_array_equal(site, wanted)


@st.composite
def matrices(draw: st.DrawFn) -> np.ndarray:
    cells, sites = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    seconds = st.sampled_from([0, 1, 2, 3, 50, NO])
    rows = st.lists(seconds, min_size=sites, max_size=sites)
    drawn = np.array(draw(st.lists(rows, min_size=cells, max_size=cells)), dtype=np.int32)
    return np.asfortranarray(drawn) if draw(st.booleans()) else drawn


@given(time_s=matrices(), depth=st.integers(1, 4), data=st.data())
def test_law_compiled_labels_and_any_open_set_equal_the_column_minimum(
    time_s: np.ndarray, depth: int, data: st.DataObject
) -> None:
    count = time_s.shape[1]
    columns = np.array(sorted(data.draw(st.sets(st.integers(0, count - 1)))), dtype=np.int64)
    is_open = np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    counted = columns[is_open[columns]]
    wanted_s = time_s[:, counted].min(axis=1, initial=NO)
    wanted = np.array([
        counted[row[counted].argmin()] if best < NO else -1
        for row, best in zip(time_s, wanted_s, strict=True)
    ])  # fmt: skip
    for least in (0, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(labels, "LEAST_PAIRS", least)
            site, found_s = labels.OpenSites(time_s, columns, depth=depth).nearest(is_open)
            some = labels.nearest_labels(time_s, columns, depth=depth)
        np.testing.assert_array_equal(site, wanted)
        np.testing.assert_array_equal(found_s, wanted_s)
        plain_site, plain_s = labels._plain_labels(time_s, columns, depth)
        np.testing.assert_array_equal(some.site, plain_site.T)
        np.testing.assert_array_equal(some.time_s, plain_s.T)
