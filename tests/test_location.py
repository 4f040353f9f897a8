"""Location: the fewest openings equal trying every set, and the proof says what it is worth."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_screening import TIERS, asks, grid, matrix, site_list

from accessibility.coverage_table import joint_share
from accessibility.errors import DataError, ScenarioError, SitesError
from accessibility.location import Restoration, restore
from accessibility.population import Population
from accessibility.services import Target
from accessibility.targets import at_least, check_targets
from accessibility.traveltime import TravelTimes

INF = float("inf")
FAR = 99


def places(reach_by_id: Mapping[str, str], cells: int) -> TravelTimes:
    """Give candidates by the digits of the cells that each has within exactly 30 minutes."""
    return matrix(
        {
            one: [30 if str(cell) in reach else INF for cell in range(cells)]
            for one, reach in reach_by_id.items()
        }
    )


def answer(
    reach_by_id: Mapping[str, str],
    population: Population,
    *,
    target: Target | None = None,
    inside: str = "",
    **options: object,
) -> Restoration:
    """Restore a target of tier L where one site has some cells within the limit now."""
    cells = len(population.cells)
    now = matrix({"now": [5 if str(cell) in inside else FAR for cell in range(cells)]})
    return restore(
        target or asks("reception", "L"),
        places(reach_by_id, cells),
        now,
        population,
        site_list({"now": "L"}),
        TIERS,
        **options,  # type: ignore[arg-type]
    )


def with_openings(
    opened: Sequence[str], candidates: TravelTimes, inside: str, population: Population, t: Target
) -> str:
    """Put openings into the list of sites, and give the verdict as any run would."""
    cells = len(population.cells)
    columns = {"now": [5 if str(cell) in inside else FAR for cell in range(cells)]}
    for one in opened:
        time_s = candidates.time_s[:, list(candidates.site_ids).index(one)]
        columns[one] = [INF if seconds > 10**6 else seconds / 60 for seconds in time_s.tolist()]
    sites = site_list({one: "L" for one in columns})  # noqa: C420
    (verdict,) = check_targets(matrix(columns), population, sites, TIERS, [t])
    return verdict.word


# --- worked out on paper -------------------------------------------------------------------------


def test_two_openings_do_where_the_greedy_choice_takes_three() -> None:
    # greedy opens the middle first (6 of 10), then still needs both sides
    found = answer(
        {"left": "01", "middle": "12", "right": "23"},
        grid([2, 3, 3, 2]),
        target=asks("reception", "L", share=1.0),
    )
    assert (found.opened, found.proof, found.at_least) == (("left", "right"), "optimal", 2)
    assert (found.before_low, found.after_low, found.people_gained) == (0, 1, 10)
    assert repr(found) == "<Restoration of reception: open left, right (optimal); then 1>"


def test_openings_that_share_their_people_are_proved_necessary_one_by_one() -> None:
    # counted without the overlap, two would do: 11 + 11 of 13
    found = answer(
        {"a": "03", "b": "13", "c": "23"},
        grid([1, 1, 1, 10]),
        target=asks("reception", "L", share=1.0),
    )
    assert (found.opened, found.proof, found.at_least) == (("a", "b", "c"), "optimal", 3)


def test_one_opening_is_enough_where_the_share_allows_people_outside() -> None:
    found = answer({"a": "0", "b": "12", "c": "1"}, grid([1, 2, 4, 8]), inside="3")
    # 90 % of 15 is 13.5: 8 + 2 + 4 do
    assert (found.opened, found.after, found.after_low) == (("b",), "met", pytest.approx(14 / 15))
    assert found.people_gained == 6


def test_of_equally_small_sets_the_one_that_gains_most_is_taken_then_the_first_ids() -> None:
    population = grid([10, 1, 2])
    target = asks("reception", "L", share=0.75)
    # anything more than cell 0 is needed? no: 10 of 13 do, but b brings one more, c two more
    assert answer({"a": "0", "b": "01", "c": "02"}, population, target=target).opened == ("c",)
    # 7.5 of 10 are needed: the largest, in the middle, and either side reach 8, both sides 10
    sides = {"left": "01", "middle": "12", "right": "23"}
    assert answer(sides, grid([2, 3, 3, 2]), target=target).opened == ("left", "right")
    equal = grid([10, 1, 1])
    assert answer({"a": "01", "b": "02"}, equal, target=target).opened == ("a",)
    assert answer({"z": "01", "b": "02"}, equal, target=target).opened == ("b",)
    assert answer({"x": "01", "y": "01"}, equal, target=target).opened == ("x",)


def test_a_target_that_all_candidates_together_miss_is_impossible_and_says_how_far_they_get() -> (
    None
):
    found = answer({"a": "0", "b": "1"}, grid([1, 2, 4, 8]), inside="3")
    assert (found.opened, found.proof, found.at_least, found.gap) == ((), "impossible", 0, 0)
    assert (found.before_low, found.after_low) == (pytest.approx(8 / 15), pytest.approx(11 / 15))
    assert (found.after, found.people_gained) == ("not_met", 3)
    assert "impossible; all 2 candidates reach 0.7333" in repr(found)


def test_a_target_that_is_met_needs_nothing_opened() -> None:
    found = answer({"a": "0"}, grid([1, 9]), inside="1")
    assert (found.opened, found.proof, found.at_least) == ((), "optimal", 0)
    assert found.before_low == found.after_low == pytest.approx(0.9)


def test_a_target_for_a_group_of_nobody_cannot_be_restored() -> None:
    found = answer({"a": "0"}, grid([5], old=[0]), target=asks("old", "L", group="old"))
    assert (found.proof, found.before_low, found.after_low) == ("impossible", None, None)
    assert found.after == "undecided"


def test_hidden_people_count_as_outside_until_they_are_surely_inside() -> None:
    # cell 0: 4 old for certain; cell 1: 0 to 5 old; cell 2: 6 old, inside now
    population = grid([4, 5, 6], old=[4, None, 6])
    target = asks("old", "L", group="old", share=0.9)
    assert answer({"a": "0"}, population, target=target, inside="2").proof == "impossible"
    both = answer({"a": "0", "b": "1"}, population, target=target, inside="2")
    assert (both.opened, both.after_low, both.people_gained) == (("a", "b"), 1, 4)
    one = answer({"a": "0", "b": "1"}, population, target=asks("old", "L", group="old", share=0.6),
                 inside="2")  # fmt: skip
    # a: (6 + 4) of at most 15; b: 6 of at most 10; both reach 60 %, a gains more
    assert (one.opened, one.after_low) == (("a",), pytest.approx(10 / 15))


def test_sites_that_are_missing_are_counted() -> None:
    target = asks("wards", "E", min_sites=2)
    found = answer({"a": "0", "b": "0", "c": "0"}, grid([1]), target=target)
    assert (found.opened, found.proof, found.after_low) == (("a", "b"), "optimal", 2)
    short = answer({"a": "0"}, grid([1]), target=target)
    assert (short.opened, short.proof, short.after_low) == ((), "impossible", 1)
    enough = answer({"a": "0"}, grid([1]), target=asks("desk", "L", min_sites=1))
    assert (enough.opened, enough.at_least) == ((), 0)


def test_only_sites_of_the_region_that_count_are_inside_now() -> None:
    population, now = grid([1, 1]), matrix({"near": [5, FAR], "outer": [FAR, 5]})
    sites = site_list({"near": "L", "outer": "L"}, external={"near": False, "outer": True})
    target = asks("reception", "L", share=1.0)
    ask = (target, places({"a": "0", "b": "1"}, 2), now, population, sites, TIERS)
    assert restore(*ask).opened == ("b",)
    assert restore(*ask, counted=["outer"]).opened == ("a", "b")


def test_the_json_names_the_openings_and_the_proof() -> None:
    found = answer({"a": "0", "b": "1"}, grid([1, 2, 4, 8]), inside="23")
    table = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert table == {
        "target": "reception", "kind": "share", "opened": ["b"], "proof": "optimal",
        "at_least": 1, "gap": 0, "before_low": 12 / 15, "before_high": 12 / 15,
        "after_low": 14 / 15, "after_high": 14 / 15, "after": "met", "people_gained": 2,
        "candidates": 2, "useful": 2,
    }  # fmt: skip


def test_what_does_not_belong_together_is_refused() -> None:
    population = grid([1, 2])
    with pytest.raises(DataError, match="to the candidates and the population grid"):
        restore(
            asks("t", "L"), places({"a": "0"}, 3), places({"now": ""}, 2), population,
            site_list({"now": "L"}), TIERS,
        )  # fmt: skip
    with pytest.raises(ScenarioError, match='the candidates now count for the target "reception"'):
        answer({"now": "0"}, population)
    with pytest.raises(SitesError, match='no site "q"'):
        answer({"a": "0"}, population, counted=["q"])


# --- the same as trying every set ----------------------------------------------------------------


@st.composite
def tasks(draw: st.DrawFn) -> tuple[Population, dict[str, str], str, Target]:
    """Draw people, candidates' reach, who is inside now, and a target."""
    cells = draw(st.integers(1, 9))
    counts = draw(st.lists(st.sampled_from([0, 1, 2, 4, 8]), min_size=cells, max_size=cells))
    old = [draw(st.sampled_from([None, count, 0])) for count in counts]
    digits = st.sets(st.sampled_from([str(cell) for cell in range(cells)]))
    reach = {
        f"k{number}": "".join(sorted(draw(digits))) for number in range(draw(st.integers(0, 7)))
    }
    group = draw(st.sampled_from(["*", "old"]))
    share = draw(st.sampled_from([0.1, 0.5, 0.75, 0.9, 1.0]))
    inside = "".join(sorted(draw(digits)))
    return grid(counts, old=old), reach, inside, asks("t", "L", group=group, share=share)


def try_every_set(
    task: tuple[Population, dict[str, str], str, Target],
) -> tuple[int, float] | None:
    """Find the smallest number of openings and the most weight that so many gain, or nothing."""
    population, reach, inside, target = task
    low, high = population.bounds(target.group)
    share = float(target.share or 0)
    cells = [str(cell) for cell in range(len(low))]
    for size in range(len(reach) + 1):
        gains = []
        for some in combinations(sorted(reach), size):
            new = {cell for one in some for cell in reach[one]} - set(inside)
            covered = np.array([cell in inside or cell in new for cell in cells])
            if at_least(joint_share(covered, low, high)[2], share):
                fresh = np.array([cell in new for cell in cells])
                gains.append(float(((1 - share) * low + share * high)[fresh].sum()))
        if gains:
            return size, max(gains)
    return None


@given(tasks())
def test_the_answer_is_as_small_and_gains_as_much_as_any_set_does(
    task: tuple[Population, dict[str, str], str, Target],
) -> None:
    population, reach, inside, target = task
    expected = try_every_set(task)
    if not reach:
        candidates = TravelTimes(
            cell_ids=population.cells.index,
            site_ids=matrix({"a": [0]}).site_ids[:0],
            time_s=np.empty((len(population.cells), 0), dtype=np.int32),
        )
        now = matrix(
            {"now": [5 if str(c) in inside else FAR for c in range(len(candidates.cell_ids))]}
        )
        found = restore(target, candidates, now, population, site_list({"now": "L"}), TIERS)
    else:
        candidates = places(reach, len(population.cells))
        found = answer(reach, population, target=target, inside=inside)
    if expected is None:
        assert (found.proof, found.opened) == ("impossible", ())
        return
    size, gain = expected
    assert (found.proof, len(found.opened), found.at_least) == ("optimal", size, size)
    assert with_openings(found.opened, candidates, inside, population, target) == "met"
    if size:
        low, high = population.bounds(target.group)
        fresh = {cell for one in found.opened for cell in reach[one]} - set(inside)
        weight = (1 - float(target.share or 0)) * low + float(target.share or 0) * high
        assert sum(weight[int(cell)] for cell in fresh) == pytest.approx(gain)


@given(tasks())
def test_one_candidate_more_never_needs_more_openings(
    task: tuple[Population, dict[str, str], str, Target],
) -> None:
    population, reach, inside, target = task
    if not reach:
        return
    fewer = answer(reach, population, target=target, inside=inside)
    more = answer(reach | {"m": "01"}, population, target=target, inside=inside)
    if fewer.proof == "optimal":
        assert more.proof == "optimal"
        assert len(more.opened) <= len(fewer.opened)


def large_task() -> tuple[Population, TravelTimes]:
    """Give 1,500 cells on a map and 150 candidates, each with a circle of cells in reach."""
    random = np.random.default_rng(20)
    place, sites = random.random((1500, 2)), random.random((150, 2))
    distance = np.hypot(*(place[:, np.newaxis] - sites[np.newaxis]).transpose(2, 0, 1))
    minutes = {f"k{number:03}": distance[:, number] * 200 for number in range(150)}
    return grid(random.integers(1, 100, 1500).tolist()), matrix(minutes)


@pytest.mark.parametrize(
    ("time_limit_s", "proofs"), [(60.0, {"optimal"}), (0.0, {"gap", "optimal"})]
)
def test_a_search_that_runs_out_of_time_says_what_it_proved(
    time_limit_s: float, proofs: set[str]
) -> None:
    population, candidates = large_task()
    now = matrix({"now": [FAR] * len(population.cells)})
    found = restore(
        asks("reception", "L", share=0.6), candidates, now, population, site_list({"now": "L"}),
        TIERS, time_limit_s=time_limit_s,
    )  # fmt: skip
    assert found.proof in proofs
    assert (found.proof == "optimal") == (found.gap == 0)
    assert 1 <= found.at_least <= len(found.opened)
    assert found.after == "met"
