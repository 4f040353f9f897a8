"""Opening hours as OpenStreetMap writes them: open, closed, or not known to be either."""

from __future__ import annotations

from pathlib import Path

import pytest
from on_paper import TIERS, matrix, people, share_target, sites
from studies import accessibility, assert_refused, put_column, write_tiny_study

from accessibility.errors import StudyError
from accessibility.opening_times import (
    Where,
    check_country,
    is_holiday_unsaid,
    opening_of,
    sites_open_at,
    turns_on_season,
)
from accessibility.scenarios import OpenSite, SetHours, change_sites
from accessibility.sites import Sites
from accessibility.targets import check_targets

FINLAND = Where(country="FI")
IN_JYVASKYLA = Where(lon_lat=(25.75, 62.24))
AT_SEA = Where(lon_lat=(-140.0, -45.0))
CHRISTMAS, FRIDAY = "2026-12-25 12:00", "2026-12-18 12:00"  # both are Fridays


@pytest.mark.parametrize(
    ("hours", "open_at", "state"),
    [
        ("Mo-Fr 08:00-16:00", "Tu 12:00", "open"),
        ("Mo-Fr 08:00-16:00", "Tu 16:00", "closed"),
        ("Mo-Fr 08:00-16:00", "Sa 12:00", "closed"),
        ("24/7", "24/7", "open"),
        ("Mo-Su 00:00-24:00", "24/7", "open"),
        ("Mo-Fr 08:00-16:00", "24/7", "closed"),
        ("24/7; PH off", "24/7", "closed"),
        ("24/7; Dec 25 off", "24/7", "closed"),
        # not known, and said to be
        ("", "Tu 12:00", "not known"),
        ("", "24/7", "not known"),
        ("unknown", "Tu 12:00", "not known"),
        ("Mo-Fr 08:00-16:00; Sa unknown", "Sa 12:00", "not known"),
        ("Mo-Fr 08:00-16:00; Sa unknown", "Su 12:00", "closed"),
        ('24/7 unknown "ask"', "24/7", "not known"),
        # a comment says what a rule cannot
        ('"by appointment"', "Sa 23:00", "not known"),
        ('"by appointment"', "24/7", "not known"),
        ('Mo-Fr 08:00-16:00 "by appointment"', "Tu 12:00", "not known"),
        ('Mo-Fr 08:00-16:00 "by appointment"', "Sa 12:00", "closed"),
        ('Mo-Fr 08:00-16:00 open "ring the bell"', "Tu 12:00", "open"),
        ('Mo-Fr 08:00-16:00 off "moved"', "Tu 12:00", "closed"),
        # a fallback rule
        ('Mo-Fr 08:00-16:00 || "by appointment"', "Tu 12:00", "open"),
        ('Mo-Fr 08:00-16:00 || "by appointment"', "Sa 23:00", "not known"),
        ("Mo-Fr 08:00-16:00 || unknown", "Sa 23:00", "not known"),
        ("Mo-Fr 08:00-16:00 || Sa 10:00-12:00", "Sa 11:00", "open"),
        # an open end
        ("Mo-Fr 08:00-16:00+", "Tu 12:00", "open"),
        ("Mo-Fr 08:00-16:00+", "Tu 17:00", "not known"),
        ("Mo-Fr 08:00-16:00+", "Tu 07:00", "closed"),
        ("Mo-Fr 08:00+", "Tu 12:00", "not known"),
        ("Mo-Fr 08:00+", "Tu 07:59", "closed"),
    ],
)
def test_hours_are_open_closed_or_not_known(hours: str, open_at: str, state: str) -> None:
    assert opening_of(hours, open_at, site="a", where=FINLAND).value == state


@pytest.mark.parametrize(
    ("hours", "open_at", "where", "state"),
    [
        ("Mo-Fr 08:00-16:00; PH off", CHRISTMAS, FINLAND, "closed"),
        ("Mo-Fr 08:00-16:00; PH off", CHRISTMAS, IN_JYVASKYLA, "closed"),
        ("Mo-Fr 08:00-16:00; PH off", FRIDAY, FINLAND, "open"),
        ("Mo-Fr 08:00-16:00; PH off", CHRISTMAS, AT_SEA, "not known"),
        ("Mo-Fr 08:00-16:00; PH off", CHRISTMAS, Where(), "not known"),
        ("Sa 08:00-16:00; PH off", CHRISTMAS, Where(), "closed"),  # either way
        ("PH 10:00-14:00", CHRISTMAS, FINLAND, "open"),
        ("PH 10:00-14:00", FRIDAY, FINLAND, "closed"),
        ('PH "ask"', CHRISTMAS, FINLAND, "not known"),
        ('Mo-Fr 08:00-16:00 open "not PH off"', CHRISTMAS, Where(), "open"),  # a comment, no rule
        # the same day in two countries: 6 December is Finland's alone
        ("Mo-Su 08:00-16:00; PH off", "2026-12-06 12:00", FINLAND, "closed"),
        ("Mo-Su 08:00-16:00; PH off", "2026-12-06 12:00", Where(country="IS"), "open"),
        # school holidays have no calendar here; a weekday is no holiday
        ("Mo-Fr 08:00-16:00; SH off", "2026-07-07 12:00", FINLAND, "not known"),
        ("Mo-Fr 08:00-16:00; SH 10:00-14:00", "2026-07-07 12:00", FINLAND, "open"),
        ("Mo-Fr 08:00-16:00; SH off", "Tu 12:00", FINLAND, "open"),
        ("Mo-Fr 08:00-16:00; PH off", "Fr 12:00", FINLAND, "open"),
        ("Mo-Fr 08:00-16:00; PH off", "Fr 12:00", AT_SEA, "open"),
        ("24/7; SH off", "24/7", FINLAND, "not known"),
        # holidays that fall on some weekdays: after a space both hold; 25 December is a Friday
        ("PH Mo-Fr 10:00-14:00", CHRISTMAS, FINLAND, "open"),
        ("PH Mo-We,Sa 10:00-14:00", CHRISTMAS, FINLAND, "closed"),
        ("PH Sa-Mo 10:00-14:00", "2026-12-06 12:00", FINLAND, "open"),  # a Sunday
        ("PH Mo-Fr 10:00-14:00", FRIDAY, FINLAND, "closed"),
        ("PH Mo-Fr 10:00-14:00", "Fr 12:00", FINLAND, "closed"),
        ("Mo-Su 08:00-16:00; PH Sa off", CHRISTMAS, FINLAND, "open"),
        ("SH Mo-Fr 10:00-14:00", "Tu 12:00", FINLAND, "closed"),
        ("SH Mo-Fr 10:00-14:00", "2026-07-07 12:00", FINLAND, "not known"),
        ("SH Sa,Su 10:00-14:00", "2026-07-07 12:00", FINLAND, "closed"),
        # calendars end somewhere
        ("Mo-Su 08:00-16:00; PH off", "2100-12-25 12:00", FINLAND, "not known"),
        # 6 February is New Zealand's Waitangi Day, also a Friday of the reference week
        ("Mo-Fr 08:00-16:00; PH off", "2026-02-06 12:00", Where(country="NZ"), "closed"),
        ("Mo-Fr 08:00-16:00; PH off", "Fr 12:00", Where(country="NZ"), "open"),
    ],
)
def test_holidays_are_those_of_the_country_or_not_known(
    hours: str, open_at: str, where: Where, state: str
) -> None:
    assert opening_of(hours, open_at, site="a", where=where).value == state


@pytest.mark.parametrize(
    ("hours", "open_at", "unsaid"),
    [
        ("Mo-Fr 08:00-16:00", CHRISTMAS, True),
        ("Mo-Fr 08:00-16:00", FRIDAY, False),
        ("Mo-Fr 08:00-16:00; PH off", CHRISTMAS, False),
        ("24/7", CHRISTMAS, False),
        ("Mo-Fr 08:00-16:00", "Fr 12:00", False),
        ("", CHRISTMAS, False),
    ],
)
def test_hours_that_say_nothing_of_a_holiday_are_found(
    hours: str, open_at: str, unsaid: bool
) -> None:
    assert is_holiday_unsaid(hours, open_at, where=FINLAND) is unsaid


@pytest.mark.parametrize(
    ("hours", "turns"),
    [
        ("Jun-Aug Mo-Fr 08:00-16:00", True),  # open in 13 of 52 weeks
        ("Mo-Fr 08:00-16:00; Jul off", True),  # closed in 4
        ("Tu[1] 10:00-14:00", True),  # 3 February is the first Tuesday
        ("Mo-Fr 08:00-16:00; Dec 22 off", False),  # a Tuesday of its own
        ("Mo-Fr 08:00-16:00; PH off", False),
        ("Mo-Su 22:00-02:00", False),
        ("", False),
    ],
)
def test_hours_that_turn_on_the_season_are_found(hours: str, turns: bool) -> None:
    assert turns_on_season(hours, "Tu 12:00") is turns


def test_a_weekday_whose_hours_turn_on_the_season_is_said(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path / "study", settings={"sites": {"hours": "hours"}})
    put_column(study.parent / "sites.csv", "hours", ["24/7", "Jun-Aug Mo-Fr 08:00-16:00"])
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace('tier = "L"\nwithin', 'tier = "L"\nopen_at = "Tu 12:00"\nwithin'))
    answer = accessibility("check", study)
    assert "the hours of 1 sites at Tu 12:00 are others in further weeks" in answer.err


@pytest.mark.parametrize("year", ["1899", "2101"])
def test_a_year_out_of_reach_is_refused(year: str) -> None:
    with pytest.raises(StudyError, match="looked up from 1900 to 2100"):
        opening_of("24/7", f"{year}-01-01 12:00", site="a")


@pytest.mark.parametrize("code", ["fi", "XX", "Finland", ""])
def test_a_country_without_a_calendar_is_refused(code: str) -> None:
    with pytest.raises(StudyError, match="expected two capitals"):
        check_country(code)


def with_hours(country: str | None = None, **by_site: str) -> Sites:
    """Give sites of tier L with these hours."""
    listed = sites(**dict.fromkeys(by_site, "L"))
    hours = [by_site[one] for one in sorted(by_site)]
    return Sites(frame=listed.frame.assign(hours=hours), country=country)


def test_the_country_of_the_list_decides_for_every_site() -> None:
    listed = with_hours("FI", a="Mo-Fr 08:00-16:00; PH off", b="24/7", c='"by appointment"')
    found = sites_open_at(listed, ["a", "b", "c"], CHRISTMAS)
    assert (found.certain, found.possible) == (("b",), ("b", "c"))


def test_what_is_not_known_of_hours_reaches_the_verdict() -> None:
    listed = with_hours("FI", a="Mo-Fr 08:00-16:00; PH off", b='"by appointment"')
    times, target = matrix(a=[60, 9999], b=[9999, 60]), share_target(0.5, open_at=CHRISTMAS)
    (found,) = check_targets(times, people([1, 2]), listed, TIERS, [target])
    assert (found.word, found.reason) == ("undecided", "hours")
    assert (found.measured_low, found.measured_high) == (0.0, pytest.approx(2 / 3))


def test_a_run_warns_of_hours_that_say_nothing_of_a_holiday(tmp_path: Path) -> None:
    target = {"id": "xmas", "name": "x", "tier": "L", "min_sites": 1, "open_at": CHRISTMAS}
    study = write_tiny_study(
        tmp_path / "in",
        settings={"country": "FI", "sites": {"hours": "hours"}, "targets": [target]},
    )
    put_column(tmp_path / "in" / "sites.csv", "hours", ["Mo-Fr 08:00-16:00", "24/7"])
    answer = accessibility("run", study, "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    assert '"xmas": 2026-12-25 12:00 is a public holiday' in answer.err
    assert "of 1 sites say nothing (a)" in answer.err


def test_a_time_and_a_country_that_are_none_are_refused_before_any_search(tmp_path: Path) -> None:
    target = {"id": "x", "name": "x", "tier": "L", "min_sites": 1, "open_at": "Xx 12:00"}
    study = write_tiny_study(tmp_path / "one", settings={"targets": [target]})
    assert_refused(tmp_path, ["run", study, "--dry-run"], code=2, words=['"Xx 12:00" is no time'])
    study = write_tiny_study(tmp_path / "two", settings={"country": "fi"})
    assert_refused(tmp_path, ["run", study, "--dry-run"], code=2, words=['did you mean "FI"?'])


def test_hours_of_a_scenario_that_cannot_be_read_are_refused() -> None:
    listed = with_hours(a="24/7")
    change = SetHours(site="a", hours="Mo-Fr 8 to 16")
    found = change_sites(listed, [change], TIERS)
    assert "cannot be read" in found.problems[0]
    opened = OpenSite(id="n", name="n", tier="L", lon=25.7, lat=62.2, hours="Mo-Fr 8 to 16")
    assert "cannot be read" in change_sites(listed, [opened], TIERS).problems[0]
