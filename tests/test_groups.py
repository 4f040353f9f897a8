"""Hidden groups: exact bounds, inside a partition, beside one, and after a scenario's factors."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from on_paper import TIERS, matrix, people, share_target, sites
from scipy.optimize import linprog
from studies import accessibility, put_column, write_tiny_study

from accessibility.errors import PopulationError
from accessibility.partition import is_certain, taken_partition
from accessibility.population import Population
from accessibility.run_reading import read_run
from accessibility.scenarios import ChangePopulation, change_people
from accessibility.targets import check_targets

AGES = (("young", "middle", "old"),)


def ends(grid: Population, group: str) -> list[tuple[float, float]]:
    """Give the bounds of a group by cell."""
    return list(zip(*(one.tolist() for one in grid.bounds(group)), strict=True))


# --- what a partition says ------------------------------------------------------------------------


def test_overlapping_groups_say_nothing_of_a_hidden_one() -> None:
    grid = people([9, 9], men=[4, 4], women=[5, 5], old=[3, None])
    assert ends(grid, "old") == [(3, 3), (0, 9)]


def test_nested_groups_say_nothing_of_a_hidden_one() -> None:
    grid = people([10], adults=[8], old=[None], oldest=[None])
    assert ends(grid, "old") == ends(grid, "oldest") == [(0, 10)]


def test_the_hidden_groups_of_a_partition_share_what_the_known_leave_over() -> None:
    grid = people(
        [10, 10, 10, 10], partition=AGES,
        young=[2, 2, None, None], middle=[5, None, None, None], old=[None, None, 3, None],
    )  # fmt: skip
    assert ends(grid, "old") == [(3, 3), (0, 8), (3, 3), (0, 10)]
    assert ends(grid, "young") == [(2, 2), (2, 2), (0, 7), (0, 10)]


def test_a_group_beside_a_partition_is_not_narrowed_by_it() -> None:
    grid = people([9], partition=(("men", "women"),), men=[4], women=[None], old=[None])
    assert ends(grid, "women") == [(5, 5)]
    assert ends(grid, "old") == [(0, 9)]


def test_one_hidden_group_of_a_partition_decides_a_verdict() -> None:
    grid = people([100, 100], partition=AGES, young=[20, 20], middle=[60, 78], old=[20, None])
    (found,) = check_targets(
        matrix(s=[60, 7200]), grid, sites(s="L"), TIERS, [share_target(0.95, group="old")]
    )
    assert found.word == "not_met"
    assert found.measured_low == found.measured_high == pytest.approx(20 / 22)


def test_overlapping_groups_never_decide_a_verdict() -> None:
    grid = people([9, 9], men=[4, 4], women=[5, 5], old=[3, None])
    (found,) = check_targets(
        matrix(s=[60, 7200]), grid, sites(s="L"), TIERS, [share_target(0.9, group="old")]
    )
    assert (found.word, found.measured_low, found.measured_high) == ("undecided", 3 / 12, 1.0)


@pytest.mark.parametrize(
    ("partition", "message"),
    [
        ([["young", "odl"]], 'no group "odl".*old'),
        ([["young"]], "young alone is no partition"),
        ([[]], "alone is no partition"),
        (["young", "old"], "expected lists of names"),
        ([[1, 2]], "expected lists of names"),
        ([["young", "old"], ["old", "middle"]], '"old" comes twice'),
        ([["young", "old"]], "young, old do not add up to the people in 1 cells .a."),
    ],
)
def test_a_partition_that_cannot_be_one_is_refused(
    partition: list[list[str]], message: str
) -> None:
    known = np.array([[2.0, 3, 5]])
    with pytest.raises(PopulationError, match=message):
        taken_partition(
            np.array([10.0]), known, ["young", "middle", "old"], partition, cell_ids=["a"]
        )


def test_a_partition_whose_known_groups_exceed_the_cell_is_refused() -> None:
    known = np.array([[2.0, 9, np.nan]])
    with pytest.raises(PopulationError, match="do not add up"):
        taken_partition(np.array([10.0]), known, AGES[0], AGES, cell_ids=["a"])


NAN = np.nan


@pytest.mark.parametrize(
    ("counts", "known", "certain"),
    [
        ([100, 100], [[20, 60, 20], [20, 78, NAN]], True),
        ([9] * 3, [[4, 5, 3], [4, 5, 3], [4, 5, NAN]], False),  # men, women, old
        ([9] * 3, [[4, 5, 0], [4, 5, 0], [4, 5, NAN]], False),  # ... known only where there is none
        ([100, 100], [[20, 60, 21], [20, 78, NAN]], False),  # perturbed
        ([100, 100], [[20, 60, 20], [20, 81, NAN]], False),  # more are known than live there
        ([3, 3], [[1, 1, 1], [1, 1, NAN]], False),  # three people may add up by chance
        ([100, 100], [[20, 60, NAN], [20, 78, NAN]], False),  # nothing speaks for it
        ([100], [[NAN]], False),
    ],
)
def test_groups_are_taken_as_a_partition_only_where_the_figures_are_certain(
    counts: list[float], known: list[list[float]], certain: bool
) -> None:
    assert is_certain(np.array(counts, dtype=float), np.array(known, dtype=float)) is certain


def test_what_is_taken_is_said_and_an_empty_declaration_ends_it() -> None:
    counts, known = np.array([100.0, 100]), np.array([[20.0, 60, 20], [20, 78, NAN]])
    taken, note = taken_partition(counts, known, AGES[0], None, cell_ids=["a", "b"])
    assert taken == AGES
    assert "young, middle, old are taken to partition the people" in note
    assert taken_partition(counts, known, AGES[0], [], cell_ids=["a", "b"]) == ((), "")
    known[0, 0] = 19
    taken, note = taken_partition(counts, known, AGES[0], None, cell_ids=["a", "b"])
    assert taken == ()
    assert "anything from nobody to everybody" in note


# --- factors --------------------------------------------------------------------------------------


def factor(by: float, group: str | None = None) -> ChangePopulation:
    """Give a change of a group, or of everybody."""
    return ChangePopulation(factor=by, group=group)


def grown(grid: Population, *changes: ChangePopulation) -> Population:
    """Apply changes that all fit."""
    after, problems = change_people(grid, changes)
    assert not problems
    return after


def test_a_factor_multiplies_the_hidden_part_as_the_known() -> None:
    after = grown(people([10, 20], old=[4, None]), factor(2, "old"))
    assert ends(after, "old") == [(8, 8), (0, 40)]
    assert ends(after, "*") == [(14, 14), (20, 40)]  # 10 + 4; 20 and as many more as are old
    assert after.people.tolist() == [14, 20]


def test_a_group_that_shrinks_takes_its_people_with_it() -> None:
    after = grown(people([10, 20], old=[4, None]), factor(0.5, "old"))
    assert ends(after, "old") == [(2, 2), (0, 10)]
    assert ends(after, "*") == [(8, 8), (10, 20)]


def test_doubling_a_group_everywhere_leaves_its_shares_as_they_are() -> None:
    grid, asked = people([10, 20, 30], old=[4, None, 6]), share_target(0.6, group="old")
    found = [
        check_targets(matrix(s=[60, 60, 7200]), one, sites(s="L"), TIERS, [asked])[0]
        for one in (grid, grown(grid, factor(2, "old")))
    ]
    assert [one.measured_low for one in found] == [4 / 10, 4 / 10]
    assert [one.measured_high for one in found] == [24 / 30, 24 / 30]
    assert [one.word for one in found] == ["undecided", "undecided"]
    assert [one.people for one in found] == [30, 60]


def test_a_factor_on_everybody_needs_no_bounds_of_its_own() -> None:
    after = grown(people([10, 20], old=[4, None]), factor(2))
    assert not after.ranges
    assert ends(after, "old") == [(8, 8), (0, 40)]


def test_one_hidden_group_of_a_partition_grows_by_what_it_is() -> None:
    grid = people([10], partition=AGES, young=[2], middle=[5], old=[None])
    after = grown(grid, factor(3, "old"))
    assert ends(after, "old") == [(9, 9)]
    assert ends(after, "*") == [(16, 16)]


def test_a_second_scenario_grows_what_the_first_left_unknown() -> None:
    once = grown(people([20], old=[None]), factor(2, "old"))
    assert ends(grown(once, factor(0.5)), "old") == [(0, 20)]
    assert ends(grown(once, factor(0.5)), "*") == [(10, 20)]


def test_a_run_tells_both_ends_of_people_that_a_factor_leaves_unknown(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path / "in", settings={"population": {"suppressed": -1}})
    put_column(tmp_path / "in" / "people.csv", "old", [0, 1, 2, -1])  # d: 8 people, old hidden
    scenario = tmp_path / "in" / "s.toml"
    scenario.write_text(
        'schema_version = 1\nname = "x"\n[[changes]]\naction = "population"\nfactor = 3\n'
        'group = "old"\nyear = 2040\n',
        encoding="utf-8",
    )
    answer = accessibility("run", study, "--scenario", scenario, "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    # 15 people, 2 more for each of 3 known old ones, and up to 16 more in d
    assert "there are 21 to 37 people" in answer.err
    assert "multiplied by 3 stands for 2040" in answer.err
    table = pd.read_csv(tmp_path / "out" / "coverage.csv", dtype=str, keep_default_na=False)
    row = table.query("tier == 'L' and group == '*' and area == '*' and band_min == '15'").iloc[0]
    assert (float(row["people_low"]), float(row["people_high"])) == (21, 37)
    stored = read_run(tmp_path / "out").population
    assert stored.groups == ("young", "old")
    assert ends(stored, "old") == [(0, 0), (3, 3), (6, 6), (0, 24)]
    assert ends(stored, "*") == [(1, 1), (4, 4), (8, 8), (8, 24)]


# --- the exact linear program ---------------------------------------------------------------------

FOUR = ("a", "b", "c", "d")


@st.composite
def cells(draw: st.DrawFn) -> tuple[list[int], list[bool], tuple[tuple[str, ...], ...]]:
    """Draw a cell's true groups, which of them are hidden, and how they partition the people."""
    partition = draw(
        st.sampled_from([(), (("a", "b"),), (("a", "b", "c"),), (("a", "b"), ("c", "d"))])
    )
    total = draw(st.integers(0, 12))
    true = [draw(st.integers(0, total)) for _ in FOUR]
    for part in partition:
        left = total
        for group in part[:-1]:
            true[FOUR.index(group)] = draw(st.integers(0, left))
            left -= true[FOUR.index(group)]
        true[FOUR.index(part[-1])] = left
    hidden = [draw(st.booleans()) for _ in FOUR]
    return [total, *true], hidden, partition


def program(
    costs: Sequence[float], total: int, true: Sequence[int], hidden: Sequence[bool],
    partition: Sequence[Sequence[str]],
) -> tuple[float, float]:  # fmt: skip
    """Give the least and the most of a sum over what is known and what is possible."""
    limits = [
        (0, total) if unknown else (one, one) for one, unknown in zip(true, hidden, strict=True)
    ]
    sums = [[float(group in part) for group in FOUR] for part in partition]
    found = [
        linprog(
            sign * np.array(costs),
            A_eq=sums or None,
            b_eq=[total] * len(sums) or None,
            bounds=limits,
        )
        for sign in (1, -1)
    ]
    assert all(one.success for one in found)
    return found[0].fun, -found[1].fun


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    cells(),
    st.lists(
        st.tuples(st.sampled_from([None, *FOUR]), st.sampled_from([0.5, 2.0, 3.0])), max_size=3
    ),
)
def test_all_bounds_are_those_of_the_exact_linear_program(
    cell: tuple[list[int], list[bool], tuple[tuple[str, ...], ...]],
    changes: list[tuple[str | None, float]],
) -> None:
    (total, *true), hidden, partition = cell
    shown = {
        group: [None if unknown else one]
        for group, one, unknown in zip(FOUR, true, hidden, strict=True)
    }
    grid = people([total], partition=partition, **shown)  # type: ignore[arg-type]
    for place, group in enumerate(FOUR):
        alone = [float(place == one) for one in range(4)]
        assert ends(grid, group)[0] == pytest.approx(program(alone, total, true, hidden, partition))
    after = grown(grid, *(factor(by, group) for group, by in changes))
    everybody, own, more = 1.0, [1.0] * 4, [0.0] * 4
    for group, by in changes:
        if group is None:
            everybody, own, more = everybody * by, [by * x for x in own], [by * x for x in more]
        else:
            place = FOUR.index(group)
            more[place] += (by - 1) * own[place]
            own[place] *= by
    for place, group in enumerate(FOUR):
        alone = [own[place] * (place == one) for one in range(4)]
        assert ends(after, group)[0] == pytest.approx(
            program(alone, total, true, hidden, partition)
        )
    low, high = program(more, total, true, hidden, partition)
    expected = max(everybody * total + low, 0), max(everybody * total + high, 0)
    assert ends(after, "*")[0] == pytest.approx(expected)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(cells(), cells(), cells(), st.lists(st.booleans(), min_size=3, max_size=3))
def test_shares_are_the_least_and_the_most_of_all_that_hidden_people_can_be(
    one: tuple[list[int], list[bool], tuple[tuple[str, ...], ...]],
    two: tuple[list[int], list[bool], tuple[tuple[str, ...], ...]],
    three: tuple[list[int], list[bool], tuple[tuple[str, ...], ...]],
    inside: list[bool],
) -> None:
    """Every corner of what is possible, by the program cell by cell, is tried one after another."""
    rows = [one, two, three]
    partition = one[2]
    rows = [row for row in rows if row[2] == partition]
    shown = {
        group: [None if row[1][place] else row[0][place + 1] for row in rows]
        for place, group in enumerate(FOUR)
    }
    grid = people([row[0][0] for row in rows], partition=partition, **shown)  # type: ignore[arg-type]
    ways = [program([1, 0, 0, 0], row[0][0], row[0][1:], row[1], partition) for row in rows]
    found = []
    for corner in product(*ways):
        if sum(corner) > 0:
            near = sum(x for x, is_in in zip(corner, inside, strict=False) if is_in)
            found.append(near / sum(corner))
    times = matrix(s=[60 if is_in else 9999 for is_in in inside[: len(rows)]])
    (verdict,) = check_targets(times, grid, sites(s="L"), TIERS, [share_target(0.5, group="a")])
    if found and len(found) == len(list(product(*ways))):
        assert verdict.measured_low == pytest.approx(min(found))
        assert verdict.measured_high == pytest.approx(max(found))
