"""Coverage and verdicts on worlds small enough to count on paper."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from on_paper import NO_WAY, TIERS, matrix, people, share_target, sites

from accessibility.coverage_table import BEYOND, UNREACHABLE_BAND, coverage, nearest_by_tier
from accessibility.errors import StudyError
from accessibility.services import Text, Tier, Tiers, check_bands
from accessibility.sites import Sites
from accessibility.targets import check_targets


def test_exactly_thirty_minutes_is_inside_and_a_second_more_is_not() -> None:
    nearest = nearest_by_tier(matrix(s=[1800, 1801, 0, NO_WAY]), sites(s="L"), TIERS)
    table = coverage(nearest, people([1, 2, 4, 8]), TIERS, bands_min=[15, 30])
    inside = table[table["tier"] == "L"].set_index("band_min")["people_low"]
    assert inside.to_dict() == {"15": 4, "30": 5, BEYOND: 2, UNREACHABLE_BAND: 8}


def test_an_e_site_serves_every_tier_and_an_l_site_only_its_own() -> None:
    nearest = nearest_by_tier(
        matrix(hospital=[900], station=[60]), sites(hospital="E", station="L"), TIERS
    )
    assert nearest.loc["c0", ["site_L", "site_A", "site_E"]].to_list() == [
        "station", "hospital", "hospital",
    ]  # fmt: skip
    assert nearest.loc["c0", ["time_s_L", "time_s_A", "time_s_E"]].to_list() == [60, 900, 900]


def test_a_tie_goes_to_the_smaller_id_as_text() -> None:
    nearest = nearest_by_tier(
        matrix(**{"9": [60], "10": [60]}), sites(**{"9": "L", "10": "L"}), TIERS
    )
    assert nearest.loc["c0", "site_L"] == "10"


def test_a_cell_without_a_way_has_no_time_and_no_site() -> None:
    nearest = nearest_by_tier(matrix(s=[NO_WAY]), sites(s="L"), TIERS)
    assert nearest[["time_s_L", "site_L", "time_s_E"]].isna().all(axis=None)


def test_suppressed_people_are_inside_or_outside_never_both() -> None:
    # c0 inside: 10 people, 4 known old; c1 outside: 5 people, age hidden: 0 to 5 old
    grid = people([10, 5], old=[4, None], young=[6, None])
    table = coverage(
        nearest_by_tier(matrix(s=[60, 7200]), sites(s="L"), TIERS), grid, TIERS, bands_min=[30]
    )
    row = table.query("tier == 'L' and group == 'old' and band_min == '30'").iloc[0]
    assert (row["people_low"], row["people_high"]) == (4, 4)
    assert row["share_low"] == pytest.approx(4 / 9)
    assert row["share_high"] == 1.0


def test_the_one_hidden_group_of_a_partition_is_exactly_the_rest() -> None:
    low, high = people([10], old=[None], young=[7], partition=(("young", "old"),)).bounds("old")
    assert (low.tolist(), high.tolist()) == ([3.0], [3.0])


def test_a_perturbed_group_larger_than_its_cell_never_gives_negative_people() -> None:
    grid = people([3], old=[4], young=[None], partition=(("young", "old"),))
    low, high = grid.bounds("young")
    assert (low.tolist(), high.tolist()) == ([0.0], [0.0])


def test_every_municipality_is_counted_apart_and_together() -> None:
    grid = people([1, 2, 4], municipality=["Aa", "Bb", "Aa"])
    nearest = nearest_by_tier(matrix(s=[60, 60, 7200]), sites(s="L"), TIERS)
    table = coverage(nearest, grid, TIERS, bands_min=[30]).query("tier == 'L' and band_min == '30'")
    assert dict(zip(table["area"], table["people_low"], strict=True)) == {"*": 3, "Aa": 1, "Bb": 2}


@pytest.mark.parametrize(
    ("inside", "outside", "word", "missing"),
    [(90, 10, "met", 0), (89, 11, "not_met", 1), (0, 100, "not_met", 90)],
)
def test_a_verdict_turns_exactly_at_the_required_share(
    inside: int, outside: int, word: str, missing: int
) -> None:
    (verdict,) = check_targets(
        matrix(s=[1800, 1801]), people([inside, outside]), sites(s="L"), TIERS, [share_target(0.9)]
    )
    assert (verdict.word, verdict.people_missing) == (word, missing)
    assert verdict.margin == pytest.approx(inside / 100 - 0.9)


def test_a_verdict_that_hidden_people_could_tip_is_undecided() -> None:
    grid = people([10, 5], old=[4, None], young=[6, None])
    (verdict,) = check_targets(
        matrix(s=[60, 7200]), grid, sites(s="L"), TIERS, [share_target(0.9, group="old")]
    )
    assert (verdict.word, verdict.reason) == ("undecided", "suppressed")
    assert verdict.people_missing == 5  # 0.9 of at most 9 is 8.1, 4 are inside for certain: 4.1


def test_sensitivity_moves_the_limit_by_five_minutes_each_way() -> None:
    (verdict,) = check_targets(
        matrix(s=[1500, 1501, 2100, 2101]),
        people([1, 2, 4, 8]),
        sites(s="L"),
        TIERS,
        [share_target()],
    )
    assert verdict.sensitivity == {"-5_min": 1 / 15, "+5_min": 7 / 15}


def test_the_worst_municipality_comes_first() -> None:
    grid = people([1, 2, 4], municipality=["Aa", "Bb", "Bb"])
    (verdict,) = check_targets(
        matrix(s=[60, 60, 7200]), grid, sites(s="L"), TIERS, [share_target()]
    )
    assert [(one.name, one.people_outside) for one in verdict.by_municipality] == [
        ("Bb", 4),
        ("Aa", 0),
    ]


def test_a_number_of_sites_is_counted_without_external_ones() -> None:
    listed = sites(a="E", b="E")
    outside = Sites(frame=listed.frame.assign(external=[True, False]))
    target = share_target(None, within_min=None, min_sites=2, tier="E")  # type: ignore[arg-type]
    (verdict,) = check_targets(matrix(a=[0], b=[0]), people([1]), outside, TIERS, [target])
    assert (verdict.word, verdict.measured_low) == ("not_met", 1)


def test_nobody_to_measure_is_undecided_and_not_a_share_of_zero() -> None:
    grid = people([5], old=[0])
    (verdict,) = check_targets(
        matrix(s=[60]), grid, sites(s="L"), TIERS, [share_target(group="old")]
    )
    assert (verdict.word, verdict.measured_low, verdict.reason) == ("undecided", None, "nobody")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"share": 80}, r"did you mean 0\.8\?"),
        ({"share": None}, "within_min and share go together"),
        ({"min_sites": 1}, "either within_min and share, or min_sites"),
        ({"within_min": 0}, "above 0"),
    ],
)
def test_a_target_that_asks_nonsense_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        share_target(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("bands", [[], [0, 30], [30, 15], [15, 15], [float("inf")], [-5]])
def test_bands_that_do_not_rise_from_above_zero_are_refused(bands: list[float]) -> None:
    with pytest.raises(StudyError, match="bands"):
        check_bands(bands)


def test_tiers_in_a_circle_are_refused() -> None:
    with pytest.raises(StudyError, match="circle \\(L -> A -> L\\)"):
        Tiers(
            (
                Tier(id="L", name=Text({"": "l"}), includes=("A",)),
                Tier(id="A", name=Text({"": "a"}), includes=("L",)),
            )
        )


CELL_TIMES = st.lists(
    st.tuples(*[st.sampled_from([0, 60, 899, 900, 901, 1800, 10_800, 10_801, NO_WAY])] * 3),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, derandomize=True)
@given(CELL_TIMES, st.data())
def test_laws_of_coverage(rows: list[tuple[int, int, int]], data: st.DataObject) -> None:
    """People are conserved, bands nest, and reach(E) is within reach(A) within reach(L)."""
    counts = data.draw(st.lists(st.integers(0, 99), min_size=len(rows), max_size=len(rows)))
    local, area, special = (list(column) for column in zip(*rows, strict=True))
    table = coverage(
        nearest_by_tier(matrix(l=local, a=area, e=special), sites(l="L", a="A", e="E"), TIERS),
        people(counts),
        TIERS,
        bands_min=[15, 30, 180],
    ).pivot(index="tier", columns="band_min", values="people_low")
    assert (table["15"] <= table["30"]).all()
    assert (table["30"] <= table["180"]).all()
    assert (table["180"] + table[BEYOND] + table[UNREACHABLE_BAND] == sum(counts)).all()
    assert (table.loc["E", ["15", "30", "180"]] <= table.loc["A", ["15", "30", "180"]]).all()
    assert (table.loc["A", ["15", "30", "180"]] <= table.loc["L", ["15", "30", "180"]]).all()
