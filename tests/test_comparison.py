"""Comparisons counted on paper: who loses and gains, and what is printed of their minutes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from on_paper import NO_WAY, TIERS, matrix, people, sites

from accessibility.comparison import Comparison, Outcome, compare, weighted_quantile
from accessibility.coverage_table import nearest_by_tier
from accessibility.population import Population


def outcome(population: Population, *seconds: int) -> Outcome:
    """Give a region whose only site is so far from each cell."""
    listed = sites(s="E")
    return Outcome(
        name="x",
        population=population,
        sites=listed,
        tiers=TIERS,
        nearest=nearest_by_tier(matrix(s=list(seconds)), listed, TIERS),
        verdicts=[],
        bands_min=[30],
    )


def compared(grid: Population, before: list[int], after: list[int]) -> Comparison:
    """Compare two regions of the same people."""
    return compare(outcome(grid, *before), outcome(grid, *after))


def test_a_second_more_is_a_loss_and_a_second_less_a_gain() -> None:
    row = compared(people([1, 2, 4, 8]), [60, 60, 60, 60], [61, 59, 60, 120]).of_everybody("L")
    assert (row["people"], row["lose"], row["gain"], row["cut_off"]) == (15, 9, 2, 0)
    assert row["mean_added_min"] == pytest.approx((1 * 1 + 8 * 60) / 9 / 60)
    assert row["worst_added_min"] == 1
    assert row["mean_saved_min"] == pytest.approx(1 / 60)


def test_who_reaches_nothing_any_more_loses_but_has_no_minutes() -> None:
    grid = people([1, 2, 4, 8])
    row = compared(grid, [60, 60, NO_WAY, 60], [NO_WAY, 120, NO_WAY, 60]).of_everybody("L")
    assert (row["lose"], row["gain"], row["cut_off"]) == (3, 0, 1)
    assert (row["mean_added_min"], row["p90_added_min"], row["worst_added_min"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("share", "value"), [(0.1, 1), (0.5, 1), (0.51, 2), (0.9, 2), (0.91, 3), (1.0, 3)]
)
def test_a_percentile_is_the_least_minutes_that_so_many_people_do_not_exceed(
    share: float, value: float
) -> None:
    minutes, weights = np.array([3.0, 1, 2]), np.array([1.0, 5, 4])
    assert weighted_quantile(minutes, weights, share) == value


def test_the_90th_percentile_is_over_people_who_lose_and_not_over_cells() -> None:
    row = compared(people([8, 1, 1]), [60] * 3, [120, 180, 240]).of_everybody("L")
    assert (row["p90_added_min"], row["worst_added_min"]) == (2, 3)
    assert row["mean_added_min"] == pytest.approx((8 * 1 + 1 * 2 + 1 * 3) / 10)


def test_who_leaves_and_enters_a_band_is_counted_apart() -> None:
    found = compared(people([1, 2, 4, 8]), [1800, 1801, 60, 9999], [1801, 1800, 60, 9999])
    row = found.bands.query("tier == 'L' and group == '*' and area == '*'").iloc[0]
    assert (row["newly_outside"], row["newly_inside"]) == (1, 2)


def test_a_register_of_nobody_ends_no_comparison() -> None:
    grid = people([1, 2], ["Aa", "Bb"])
    assert compared(grid, [60, 60], [120, 60]).summary["people"].notna().all()


def test_people_are_those_afterwards() -> None:
    before, after = outcome(people([1, 2]), 60, 60), outcome(people([10, 20]), 120, 60)
    assert compare(before, replace(after, name="y")).of_everybody("L")["lose"] == 10
