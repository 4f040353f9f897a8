"""Verdicts counted on paper: the word, the share, who is missing, where, and what would tip it.

Populations are 1, 2, 4, 8 wherever they can be, so that one sum says exactly who was counted.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from on_paper import NO_WAY, TIERS, matrix, people, share_target, sites
from studies import accessibility, write_tiny_study

from accessibility.errors import StudyError
from accessibility.reports import render
from accessibility.run_reading import read_run
from accessibility.services import Target
from accessibility.sites import Sites
from accessibility.targets import Verdict, at_least, check_targets, verdict_word


def hours(**by_site: str | None) -> Sites:
    """Give sites of tier L with these opening hours."""
    listed = sites(**dict.fromkeys(by_site, "L"))
    return Sites(frame=listed.frame.assign(hours=[by_site[one] for one in sorted(by_site)]))


def count_target(number: int, **changes: object) -> Target:
    """Give a target of so many sites of tier L."""
    return share_target(None, within_min=None, min_sites=number, **changes)  # type: ignore[arg-type]


def one_verdict(
    column: list[int], counts: list[float], share: float = 0.5, **groups: list[float | None]
) -> Verdict:
    """Check one target, of the group "old" where it is given, at one site of tier L."""
    target = share_target(share, group="old" if "old" in groups else "*")
    (found,) = check_targets(
        matrix(s=column), people(counts, **groups), sites(s="L"), TIERS, [target]
    )
    return found


# --- the word -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "required", "word"),
    [
        (0.5, 0.5, 0.5, "met"),  # exactly what is asked is enough
        (0.5, 0.9, 0.5, "met"),  # the lowest decides
        (0.4, 0.5, 0.5, "undecided"),  # the highest just reaches it
        (0.4, 0.49, 0.5, "not_met"),
        (0.0, 1.0, 1.0, "undecided"),
    ],
)
def test_the_lowest_meets_and_only_the_highest_can_rule_out(
    low: float, high: float, required: float, word: str
) -> None:
    assert verdict_word(low, high, required) == word


@pytest.mark.parametrize(
    ("share", "is_enough"), [(0.3, True), (0.3 - 1e-13, True), (0.3 - 1e-9, False), (0.31, True)]
)
def test_only_the_last_bits_of_a_float_are_forgiven(share: float, is_enough: bool) -> None:
    assert at_least(share, 0.3) is is_enough


def test_known_people_give_one_share_and_no_reason() -> None:
    found = one_verdict([1800, 1801, 60, NO_WAY], [1, 2, 4, 8], share=0.5)
    assert (found.word, found.reason) == ("not_met", "")
    assert found.measured_low == found.measured_high == pytest.approx(5 / 15)
    assert found.required == 0.5
    assert found.margin == pytest.approx(5 / 15 - 0.5)
    assert found.people == 15


def test_hidden_people_are_low_on_one_side_and_high_on_the_other() -> None:
    # old: 1 for certain inside, up to 4 more there; 2 for certain outside, up to 8 more there
    found = one_verdict([60, 60, 1801, NO_WAY], [1, 4, 2, 8], share=0.6, old=[1, None, 2, None])
    assert found.measured_low == pytest.approx(1 / (1 + 2 + 8))
    assert found.measured_high == pytest.approx(5 / (5 + 2))
    assert (found.word, found.reason, found.people) == ("undecided", "suppressed", 15)
    assert found.margin == pytest.approx(1 / 11 - 0.6)


def test_hidden_people_that_cannot_tip_it_leave_it_decided() -> None:
    grid = {"counts": [1, 4, 2, 8], "old": [1, None, 2, None]}
    not_met = one_verdict([60, 60, 1801, NO_WAY], share=0.72, **grid)  # 5/7 = 0.714 at most
    met = one_verdict([60, 60, 1801, NO_WAY], share=0.09, **grid)  # 1/11 = 0.0909 at least
    assert (not_met.word, not_met.reason) == ("not_met", "")
    assert (met.word, met.reason) == ("met", "")


# --- who is missing -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "missing"),
    [
        (5 / 15, 0),  # exactly met
        (0.34, 1),  # 5.1 of 15: a whole person more
        (0.4, 1),  # 6 of 15: exactly one more, no rounding of a float up to two
        (0.41, 2),  # 6.15: two
        (1.0, 10),
        (0.2, 0),  # met with people to spare: nobody, never a negative number
    ],
)
def test_people_missing_are_whole_people_of_all(share: float, missing: int) -> None:
    assert one_verdict([1800, 1801, 60, NO_WAY], [1, 2, 4, 8], share).people_missing == missing


def test_people_missing_are_counted_in_the_worst_case() -> None:
    # the worst case of the lowest share: 1 inside for certain, 2 + 8 outside at most, 11 in all
    found = one_verdict([60, 60, 1801, NO_WAY], [1, 4, 2, 8], share=0.6, old=[1, None, 2, None])
    assert found.people_missing == 6  # 0.6 of 11 is 6.6; 1 is inside; 5.6


# --- where ----------------------------------------------------------------------------------------


def test_each_municipality_has_its_own_bounds_the_worst_first() -> None:
    grid = people([1, 4, 2, 8, 16], ["Aa", "Bb", "Aa", "Bb", "Cc"], old=[1, None, 2, None, 16])
    (found,) = check_targets(
        matrix(s=[60, 60, 1801, NO_WAY, 60]), grid, sites(s="L"), TIERS,
        [share_target(0.5, group="old")],
    )  # fmt: skip
    assert [
        (one.name, one.people, one.measured_low, one.measured_high, one.people_outside)
        for one in found.by_municipality
    ] == [
        ("Bb", 12, 0.0, 1.0, 8),  # 0 to 4 inside, 0 to 8 outside
        ("Aa", 3, pytest.approx(1 / 3), pytest.approx(1 / 3), 2),
        ("Cc", 16, 1.0, 1.0, 0),
    ]


def test_a_municipality_without_anybody_comes_last_without_a_share() -> None:
    grid = people([1, 0, 2], ["Bb", "Aa", "Cc"])
    (found,) = check_targets(matrix(s=[60, 60, 1801]), grid, sites(s="L"), TIERS, [share_target()])
    assert [(one.name, one.measured_low) for one in found.by_municipality] == [
        ("Cc", 0.0), ("Aa", None), ("Bb", 1.0),
    ]  # fmt: skip


# --- what would tip it ----------------------------------------------------------------------------


def test_sensitivity_has_a_lowest_and_a_highest_share() -> None:
    # at 25 minutes c0 alone is inside; at 35 minutes c1 and c2 are too
    found = one_verdict([1500, 1501, 2100, 2101], [1, 4, 2, 8], old=[1, None, 2, None])
    assert found.sensitivity == {
        "-5_min": pytest.approx(1 / (1 + 4 + 2 + 8)),
        "+5_min": pytest.approx(3 / (3 + 8)),
    }
    assert found.sensitivity_high == {
        "-5_min": pytest.approx(1 / (1 + 2)),
        "+5_min": 1.0,
    }


def test_other_speeds_keep_the_limit_and_change_the_times() -> None:
    grid, listed = people([1, 2, 4]), sites(s="L")
    variants = {"winter": matrix(s=[60, 1801, NO_WAY]), "slower_10_percent": matrix(s=[9999] * 3)}
    (found,) = check_targets(
        matrix(s=[60, 1800, 1801]), grid, listed, TIERS, [share_target()], variants=variants
    )
    assert found.measured_low == pytest.approx(3 / 7)
    assert found.sensitivity["winter"] == pytest.approx(1 / 7)
    assert found.sensitivity["slower_10_percent"] == 0.0


def test_a_verdict_that_flips_at_an_end_of_what_is_not_known_is_undecided() -> None:
    grid, listed, target = people([1, 2, 4]), sites(s="L"), share_target(0.5)
    ends = {"slow": matrix(s=[60, 60, 1801]), "fast": matrix(s=[60, 60, 60])}
    (found,) = check_targets(
        matrix(s=[1801, 1801, 1800]), grid, listed, TIERS, [target], uncertain=ends
    )
    assert (found.word, found.reason) == ("undecided", "uncertainty: slow")
    assert found.measured_low == pytest.approx(4 / 7)  # the share stays that of the study's speeds
    holds = {"fast": ends["fast"]}
    (found,) = check_targets(
        matrix(s=[1801, 1801, 1800]), grid, listed, TIERS, [target], uncertain=holds
    )
    assert (found.word, found.reason) == ("met", "")


# --- the sites that count -------------------------------------------------------------------------


def test_a_site_whose_hours_are_not_known_counts_in_the_highest_share_alone() -> None:
    listed = hours(day="Mo-Fr 08:00-16:00", night="24/7", unknown=None)
    times = matrix(day=[60, 60, 60, 60], night=[60, 9999, 9999, 9999], unknown=[9999, 60, 9999, 60])
    (found,) = check_targets(
        times, people([1, 2, 4, 8]), listed, TIERS, [share_target(0.5, open_at="Tu 20:00")]
    )
    assert found.measured_low == pytest.approx(1 / 15)
    assert found.measured_high == pytest.approx(11 / 15)
    assert (found.word, found.reason) == ("undecided", "hours")
    assert found.people_missing == 7  # 0.5 of 15 is 7.5; 1 is inside for certain
    (found,) = check_targets(
        times, people([1, 2, 4, 8]), listed, TIERS, [share_target(0.8, open_at="Tu 20:00")]
    )
    assert found.word == "not_met"  # even with the unknown one open: 11 of 15


def test_hours_that_are_not_known_widen_a_municipality_as_they_widen_the_whole() -> None:
    listed = hours(night="24/7", unknown=None)
    times = matrix(night=[60, 9999, 9999, 9999], unknown=[9999, 60, 9999, 60])
    grid = people([1, 2, 4, 8], ["Aa", "Aa", "Bb", "Bb"])
    (found,) = check_targets(times, grid, listed, TIERS, [share_target(open_at="Tu 20:00")])
    assert [
        (one.name, one.measured_low, one.measured_high, one.people_outside)
        for one in found.by_municipality
    ] == [("Bb", 0.0, pytest.approx(8 / 12), 12), ("Aa", pytest.approx(1 / 3), 1.0, 2)]


@pytest.mark.parametrize(
    ("number", "word", "reason"),
    [(1, "met", ""), (2, "undecided", "hours"), (3, "not_met", "")],
)
def test_a_number_of_open_sites_has_a_lowest_and_a_highest(
    number: int, word: str, reason: str
) -> None:
    listed = hours(day="Mo-Fr 08:00-16:00", night="24/7", unknown=None)
    (found,) = check_targets(
        matrix(day=[0], night=[0], unknown=[0]), people([1]), listed, TIERS,
        [count_target(number, open_at="Tu 20:00")],
    )  # fmt: skip
    assert (found.word, found.reason) == (word, reason)
    assert (found.measured_low, found.measured_high, found.required) == (1, 2, number)


def test_only_the_sites_that_serve_the_tier_count() -> None:
    listed = sites(hospital="E", station="L")
    times = matrix(hospital=[9999], station=[60])
    local, special = check_targets(
        times, people([1]), listed, TIERS,
        [share_target(), replace(share_target(), id="e", tier="E")],
    )  # fmt: skip
    assert (local.word, special.word) == ("met", "not_met")


def test_the_json_of_a_verdict_says_the_same() -> None:
    found = one_verdict([60, 60, 1801, NO_WAY], [1, 4, 2, 8], share=0.6, old=[1, None, 2, None])
    said = found.to_dict()
    assert (said["verdict"], said["kind"], said["group"]) == ("undecided", "share", "old")
    assert (said["required"], said["within_min"], said["people_missing"]) == (0.6, 30, 6)
    assert said["measured_low"] == pytest.approx(1 / 11)
    assert said["measured_high"] == pytest.approx(5 / 7)
    assert said["margin"] == pytest.approx(1 / 11 - 0.6)
    assert said["reason"] == "suppressed"


# --- limits, and the model's error ----------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "keys"), [(4, ["+5_min"]), (5, ["+5_min"]), (5.1, 2), (1, 1)])
def test_a_limit_of_no_minutes_or_less_is_not_tried(minutes: float, keys: object) -> None:
    (found,) = check_targets(
        matrix(s=[60, 400]), people([1, 2]), sites(s="L"), TIERS, [share_target(within_min=minutes)]
    )
    if isinstance(keys, list):
        assert list(found.sensitivity) == list(found.sensitivity_high) == keys
    else:
        assert len(found.sensitivity) == keys


def test_hours_that_are_not_known_widen_the_sensitivity_too() -> None:
    listed = hours(night="24/7", unknown=None)
    times = matrix(night=[60, 9999], unknown=[9999, 60])
    (found,) = check_targets(
        times, people([1, 2]), listed, TIERS, [share_target(open_at="Tu 20:00")],
        variants={"winter": times},
    )  # fmt: skip
    assert found.sensitivity == dict.fromkeys(["-5_min", "+5_min", "winter"], pytest.approx(1 / 3))
    assert found.sensitivity_high == dict.fromkeys(["-5_min", "+5_min", "winter"], 1.0)


@pytest.mark.parametrize(
    ("seconds", "error_min", "word", "flips"),
    [
        (1740, 1, "met", None),  # still inside at a minute less: 29 min
        (1741, 1, "met", -1),
        (1800, 1, "met", -1),
        (1801, 1, "not_met", 1),
        (1860, 1, "not_met", 1),  # inside at a minute more: exactly 31 min
        (1861, 1, "not_met", None),
        (1861, 2, "not_met", 2),
        (1801, 0, "not_met", None),
        (1830, 0.5, "not_met", 0.5),
        (1831, 0.5, "not_met", None),
    ],
)
def test_a_verdict_that_the_models_error_would_turn_says_so(
    seconds: int, error_min: float, word: str, flips: float | None
) -> None:
    (found,) = check_targets(
        matrix(s=[seconds]), people([1]), sites(s="L"), TIERS, [share_target(0.9)],
        model_error_min=error_min,
    )  # fmt: skip
    assert (found.word, found.flips_at_min) == (word, flips)
    assert found.to_dict()["flips_at_min"] == flips


def test_an_undecided_verdict_flips_nowhere() -> None:
    found = one_verdict([1800, 1801], [1, 4], share=0.6, old=[1, None])
    assert (found.word, found.flips_at_min) == ("undecided", None)


@pytest.mark.parametrize("error_min", [-1, float("nan"), "1", True, 61])
def test_an_error_of_the_model_that_cannot_be_is_refused(error_min: object) -> None:
    with pytest.raises(StudyError, match="model_error_min"):
        check_targets(
            matrix(s=[1]), people([1]), sites(s="L"), TIERS, [share_target()],
            model_error_min=error_min,  # type: ignore[arg-type]
        )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "The verdict flips at +1 minute: modelled travel times may be off by as much"),
        ("fi", "Tulos vaihtuu +1 minuutin muutoksella"),
        ("sv", "Resultatet ändras vid +1 minut:"),
    ],
)
@pytest.mark.parametrize("form", ["text", "markdown", "junit", "github"])
def test_every_answer_says_that_a_verdict_is_not_firm(form: str, language: str, words: str) -> None:
    (found,) = check_targets(
        matrix(s=[1801]), people([1]), sites(s="L"), TIERS, [share_target(0.9)]
    )
    said = render([found], format=form, language=language, study_name="x")
    assert words in " ".join(said.replace("%0A", " ").replace("\xa0", " ").split())


def test_a_study_states_its_models_error(tmp_path: Path) -> None:
    """The people of c stand 90 s from a, by 45 s a kilometre: 1.5 min; the limit is 1 min."""
    target = {"id": "t", "name": "t", "tier": "E", "within_min": 1, "share": 0.4}
    settings = {"targets": [target], "isochrones": {"bands_min": [1, 10]}}
    study = write_tiny_study(tmp_path / "one", settings=settings)
    assert "flips at +1 minute" in " ".join(accessibility("check", study).out.split())
    stated = settings | {"uncertainty": {"model_error_min": 0.25}}
    study = write_tiny_study(tmp_path / "two", settings=stated)
    assert "flips at" not in accessibility("check", study).out
    assert accessibility("run", study, "--out", tmp_path / "out").code == 0


def test_a_tier_without_any_site_is_no_fault_of_the_roads(tmp_path: Path) -> None:
    tiers = [
        {"id": "L", "name": "Local"}, {"id": "E", "name": "Hospital", "includes": ["L"]},
        {"id": "X", "name": "Nowhere"},
    ]  # fmt: skip
    study = write_tiny_study(tmp_path / "in", settings={"tiers": tiers})
    answer = accessibility("run", study, "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    assert "no site of the region serves tier X" in answer.err
    report = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "Nowhere: no service point in the region." in report
    assert "no road connection in the model, or no service point" in report
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "no service point in the region" in page
    page_map = (tmp_path / "out" / "map.html").read_text(encoding="utf-8")
    assert "no road connection in the model, or no service point" in page_map
    whole = write_tiny_study(tmp_path / "whole")
    assert "no site of the region" not in accessibility("run", whole, "--out", tmp_path / "b").err
    assert "no service point" not in (tmp_path / "b" / "report.md").read_text(encoding="utf-8")


def test_report_and_page_say_that_a_verdict_is_not_firm(tmp_path: Path) -> None:
    """The people of d, 8 of 15, stand 135 s from a, by 45 s a kilometre; the limit is 2 min."""
    target = {"id": "t", "name": "t", "tier": "E", "within_min": 2, "share": 0.9}
    settings = {"targets": [target], "isochrones": {"bands_min": [2, 10]}}
    study = write_tiny_study(tmp_path / "in", settings=settings)
    assert accessibility("run", study, "--out", tmp_path / "out").code == 0
    for file in ("report.md", "index.html"):
        text = (tmp_path / "out" / file).read_text(encoding="utf-8")
        assert "The verdict flips at +1 minute" in text.replace("\xa0", " "), file
    told = json.loads((tmp_path / "out" / "targets.json").read_text(encoding="utf-8"))
    assert told["targets"][0]["flips_at_min"] == 1
    assert read_run(tmp_path / "out").verdicts[0].flips_at_min == 1


def test_a_verdict_within_the_uncertainty_flips_at_no_minute() -> None:
    ends = {"slow": matrix(s=[1801])}
    (found,) = check_targets(
        matrix(s=[1800]), people([1]), sites(s="L"), TIERS, [share_target()], uncertain=ends
    )
    assert (found.word, found.flips_at_min, found.is_within_uncertainty) == (
        "undecided",
        None,
        True,
    )
