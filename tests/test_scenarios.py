"""Scenarios: laws with a worked example beside each, and the messages of what cannot be applied."""

from __future__ import annotations

import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import accessibility as acc
from accessibility.cli import main
from accessibility.network import search_graph
from accessibility.runs import Run, run_study
from accessibility.scenarios import change_roads, select_edges
from accessibility.services import Text
from accessibility.traveltime import UNREACHABLE, node_times, travel_time_matrix

NAME = Text({"": "test"})
DEMO = acc.load_study(acc.demo_study())
BASE = run_study(DEMO, sensitivity=False)
SITES = list(BASE.sites.ids)
BRIDGE = acc.Roads(ref="610", near=(25.6717, 62.0056), within_m=300)


def scenario(*changes: object) -> acc.Scenario:
    """Make a scenario of these changes."""
    return acc.Scenario(name=NAME, changes=changes)  # type: ignore[arg-type]


def nearest_s(run: Run, tier: str = "L") -> np.ndarray:
    """Give each cell's seconds to its nearest site of a tier; infinite where there is none."""
    return run.nearest[f"time_s_{tier}"].to_numpy(dtype=float, na_value=np.inf)


def as_opened(site: str) -> acc.OpenSite:
    """Make the change that opens a closed site again as it was."""
    row = BASE.sites.frame.to_crs(4326).loc[site]
    return acc.OpenSite(
        id=site, name=row["name"], tier=row["tier"], lon=row.geometry.x, lat=row.geometry.y
    )


def full_search(base: Run, *changes: object) -> np.ndarray:
    """Search every site on the changed roads: what the incremental search must give."""
    search, cells = base.times.search, base.times.cells
    assert search is not None
    assert cells is not None
    roads, problems = change_roads(search.graph.times, changes, base.study.crs)  # type: ignore[arg-type]
    assert not problems
    from accessibility.network import restand

    speed = base.study.file.snapping.access_speed_km_h
    found = node_times(
        search_graph(roads),
        restand(roads, search.sites, access_speed_km_h=speed),
        direction=search.direction,
    )
    return travel_time_matrix(
        found,
        restand(roads, cells, access_speed_km_h=speed),
        cell_ids=base.times.cell_ids,
        site_ids=base.times.site_ids,
    ).time_s


def test_a_scenario_without_changes_is_the_baseline_exactly() -> None:
    after = acc.run_scenario(BASE, scenario())
    assert after.times is BASE.times
    pd.testing.assert_frame_equal(after.coverage, BASE.coverage)
    assert after.verdicts == BASE.verdicts


def test_the_baseline_is_never_changed() -> None:
    times, frame = BASE.times.time_s.copy(), BASE.sites.frame.copy()
    acc.run_scenario(BASE, scenario(acc.CloseSite(site="KS-HAN"), acc.CloseRoad(road=BRIDGE)))
    np.testing.assert_array_equal(BASE.times.time_s, times)
    pd.testing.assert_frame_equal(BASE.sites.frame, frame)


def test_a_closed_site_serves_nobody_and_its_people_take_their_second_nearest() -> None:
    after = acc.run_scenario(BASE, acc.closing(["KS-HAN"]))
    assert not (after.nearest["site_L"] == "KS-HAN").any()
    column = list(BASE.times.site_ids).index("KS-HAN")
    second = np.delete(BASE.times.time_s, column, axis=1).min(axis=1)
    local = second != UNREACHABLE
    np.testing.assert_array_equal(nearest_s(after)[local], second[local])


@settings(max_examples=15)
@given(st.sets(st.sampled_from(SITES), min_size=1, max_size=6))
def test_closing_never_shortens(closed: set[str]) -> None:
    after = acc.run_scenario(BASE, acc.closing(sorted(closed)))
    for tier in DEMO.tiers.ids:
        assert (nearest_s(after, tier) >= nearest_s(BASE, tier)).all()


@settings(max_examples=10)
@given(st.floats(24.3, 26.3), st.floats(61.7, 63.3), st.sampled_from(["L", "A", "E"]))
def test_opening_never_lengthens(lon: float, lat: float, tier: str) -> None:
    new = acc.OpenSite(id="NEW", name="new", tier=tier, lon=lon, lat=lat)
    after = acc.run_scenario(BASE, scenario(new))
    for one in DEMO.tiers.ids:
        assert (nearest_s(after, one) <= nearest_s(BASE, one)).all()
        if one not in DEMO.tiers.served_by(tier):
            np.testing.assert_array_equal(nearest_s(after, one), nearest_s(BASE, one))


def test_a_new_site_next_door_is_everybodys_nearest_there() -> None:
    old = BASE.sites.frame.to_crs(4326).loc["KS-HAN"]
    new = acc.OpenSite(id="A-0", name="twin", tier="L", lon=old.geometry.x, lat=old.geometry.y)
    after = acc.run_scenario(BASE, scenario(new))
    mine = BASE.nearest["site_L"] == "KS-HAN"
    assert (after.nearest.loc[mine, "site_L"] == "A-0").all()  # a tie goes to the smaller id
    np.testing.assert_array_equal(nearest_s(after), nearest_s(BASE))


@settings(max_examples=8)
@given(st.sampled_from(SITES))
def test_closing_and_reopening_is_the_baseline_exactly(site: str) -> None:
    after = acc.run_scenario(BASE, scenario(acc.CloseSite(site=site), as_opened(site)))
    np.testing.assert_array_equal(after.times.time_s, BASE.times.time_s)
    assert list(after.times.site_ids) == list(BASE.times.site_ids)
    pd.testing.assert_frame_equal(after.coverage, BASE.coverage)


@settings(max_examples=8)
@given(st.lists(st.sampled_from(SITES), min_size=2, max_size=4, unique=True))
def test_disjoint_changes_commute(closed: list[str]) -> None:
    road = acc.CloseRoad(road=BRIDGE)
    changes = [acc.CloseSite(site=site) for site in closed]
    there = acc.run_scenario(BASE, scenario(road, *changes))
    back = acc.run_scenario(BASE, scenario(*reversed(changes), road))
    np.testing.assert_array_equal(there.times.time_s, back.times.time_s)
    pd.testing.assert_frame_equal(there.coverage, back.coverage)


def test_an_unrelated_change_alters_no_time() -> None:
    after = acc.run_scenario(BASE, scenario(acc.SetCapacity(site="KS-HAN", capacity=1)))
    assert after.times is BASE.times
    pd.testing.assert_frame_equal(after.nearest, BASE.nearest)


@pytest.mark.parametrize(
    "change",
    [
        acc.CloseRoad(road=BRIDGE),
        acc.CloseRoad(road=acc.Roads(ref="9")),
        acc.SetSpeed(road=acc.Roads(ref="4"), km_h=120),
        acc.SetSpeed(road=acc.Roads(ref="4"), km_h=40),
        acc.ScaleSpeed(road=acc.Roads(ref="58"), factor=1.7),
        acc.ScaleSpeed(
            road=acc.Roads(polygon=((25.0, 62.0), (26.0, 62.0), (26.0, 62.6))), factor=0.5
        ),
    ],
    ids=lambda change: f"{type(change).__name__} {change.road.ref or 'polygon'}",
)
def test_the_incremental_search_equals_the_full_one(change: object) -> None:
    after = acc.run_scenario(BASE, scenario(change))
    expected = full_search(BASE, change)
    np.testing.assert_array_equal(after.times.time_s, expected)
    assert (expected != BASE.times.time_s).any()  # else the test could not fail


@settings(max_examples=15)
@given(
    st.sampled_from([int(way) for way in BASE.network.way_id]),
    st.sampled_from(["close", "slow", "fast"]),
)
def test_any_change_of_any_road_is_searched_as_in_full(way: int, kind: str) -> None:
    road = acc.Roads(way=way)
    changes = {
        "close": acc.CloseRoad(road=road),
        "slow": acc.ScaleSpeed(road=road, factor=0.4),
        "fast": acc.ScaleSpeed(road=road, factor=2.5),
    }
    after = acc.run_scenario(BASE, scenario(changes[kind]))
    np.testing.assert_array_equal(after.times.time_s, full_search(BASE, changes[kind]))
    if kind == "fast":
        assert (after.times.time_s <= BASE.times.time_s).all()
    else:
        assert (after.times.time_s >= BASE.times.time_s).all()


def test_closing_a_road_never_shortens_and_its_residents_still_drive_out() -> None:
    after = acc.run_scenario(BASE, scenario(acc.CloseRoad(road=BRIDGE)))
    assert (after.times.time_s >= BASE.times.time_s).all()
    assert after.times.cells is not None
    on_bridge = select_edges(BASE.network, BRIDGE, DEMO.crs)[after.times.cells.edge]
    assert (after.times.time_s[on_bridge] != UNREACHABLE).all()
    slower_min = (nearest_s(after) - nearest_s(BASE)).max() / 60
    assert slower_min > 15  # the detour round Päijänne


def test_only_sites_that_a_change_can_touch_are_searched_again() -> None:
    searched = set()
    for way in BASE.network.way_id[:120:6]:
        closed = acc.CloseRoad(road=acc.Roads(way=int(way)))
        after = acc.run_scenario(BASE, scenario(closed))
        found = re.search(r"paths of (\d+) of", after.effects[0])
        assert found is not None
        searched.add(int(found[1]))
        np.testing.assert_array_equal(after.times.time_s, full_search(BASE, closed))
    assert min(searched) < len(SITES) / 2


def test_winter_is_the_season_that_the_speed_table_knows() -> None:
    whole = run_study(DEMO)
    after = acc.run_scenario(whole, scenario(acc.SetSeason(value="winter")))
    np.testing.assert_array_equal(after.times.time_s, whole.variants["winter"].time_s)


def test_closing_an_e_site_says_that_its_lower_services_go_too() -> None:
    after = acc.run_scenario(BASE, acc.closing(["KS-JYV"]))
    assert "also removes its services of tier A, L" in after.effects[0]
    assert after.nearest["time_s_E"].isna().all()


def test_closing_every_site_leaves_everybody_unreached() -> None:
    after = acc.run_scenario(BASE, acc.closing(SITES))
    assert set(after.status) == {"unreachable"}
    assert {verdict.word for verdict in after.verdicts} == {"not_met"}


def test_people_are_multiplied_where_and_for_whom_the_scenario_says() -> None:
    change = acc.ChangePopulation(factor=2, municipality="Keuruu")
    after = acc.run_scenario(BASE, scenario(change))
    before_by = BASE.population.cells.groupby("municipality")["people"].sum()
    after_by = after.population.cells.groupby("municipality")["people"].sum()
    assert after_by["Keuruu"] == 2 * before_by["Keuruu"]
    pd.testing.assert_series_equal(after_by.drop("Keuruu"), before_by.drop("Keuruu"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([acc.CloseSite(site="KS-HAM")], 'no site "KS-HAM" .did you mean "KS-'),
        ([acc.CloseSite(site="KS-HAN")] * 2, '"KS-HAN" is closed already'),
        ([acc.SetTier(site="KS-HAN", tier="L")], "tier = L already"),
        ([acc.SetTier(site="KS-HAN", tier="Q")], '"Q" is no tier'),
        ([acc.OpenSite(id="KS-HAN", name="x", tier="L", lon=25, lat=62)], "already a site"),
        ([acc.OpenSite(id="N", name="x", tier="L", lon=62, lat=25)], "swapped"),
        ([acc.CloseRoad(road=acc.Roads(ref="99999"))], "selects no road"),
        ([acc.CloseRoad(road=BRIDGE)] * 2, "alters nothing"),
        ([acc.ScaleSpeed(road=acc.Roads(ref="9"), factor=1)], "alters nothing"),
        ([acc.CloseFerry()], "selects no road"),
        ([acc.SetSeason(value="summer")], "alters nothing"),
        ([acc.ChangePopulation(factor=1)], "alters nothing"),
        ([acc.ChangePopulation(factor=0)], "nobody is left after these changes"),
        ([acc.OpenSite(id=" KS-HAN ", name="x", tier="L", lon=25, lat=62)], "already a site"),
        ([acc.CloseSite(site=" KS-HAN")] * 2, '"KS-HAN" is closed already'),
        ([acc.ChangePopulation(factor=2, municipality="Keuru")], 'did you mean "Keuruu"'),
        ([acc.ChangePopulation(factor=2, group="old")], 'no group "old"'),
    ],
)
def test_a_change_that_cannot_be_or_alters_nothing_is_refused(
    changes: list[object], message: str
) -> None:
    with pytest.raises(acc.ScenarioError, match=message):
        acc.run_scenario(BASE, scenario(*changes))


def test_all_problems_are_reported_at_once() -> None:
    changes = [acc.CloseSite(site="NO-1"), acc.CloseRoad(road=acc.Roads(ref="99999"))]
    with pytest.raises(acc.ScenarioError) as raised:
        acc.run_scenario(BASE, scenario(*changes))
    assert str(raised.value).count("\n") == 1
    assert "NO-1" in str(raised.value)
    assert "99999" in str(raised.value)


def write(folder: Path, text: str) -> Path:
    """Write a scenario file."""
    path = folder / "scenario.toml"
    path.write_text("schema_version = 1\nname = 't'\n" + text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[changes]]\naction = 'close_sit'\nsite = 'x'", 'did you mean "close_site"'),
        ("[[changes]]\nsite = 'x'", "action: is missing"),
        ("[[changes]]\naction = 'close_site'\nsit = 'x'", 'did you mean "site"'),
        ("[[changes]]\naction = 'open_site'\nid = 'x'", "name: is missing"),
        ("[[changes]]\naction = 'set_speed'\nroad = { ref = '9' }\nkm_h = 500", "km_h"),
        ("[[changes]]\naction = 'close_road'\nroad = { near = [25, 62] }", "within_m go together"),
        (
            "[[changes]]\naction = 'close_road'\nroad = { near = [25, 62], within_m = 1e300 }",
            "at most 20040000|at most 2.004e",
        ),
        ("[[changes]]\naction = 'close_road'\nroad = {}", "give ref, way, near"),
        ("[[chnges]]\naction = 'close_site'", "unknown key"),
    ],
)
def test_a_scenario_file_with_a_slip_is_refused_by_place(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(acc.ScenarioError, match=message):
        acc.load_scenario(write(tmp_path, text))


def test_every_action_of_the_contract_can_be_written(tmp_path: Path) -> None:
    road = "road = { ref = '9', near = [25.7, 62.2], within_m = 900 }"
    actions = f"""
[[changes]]\naction = "close_site"\nsite = "KS-HAN"
[[changes]]\naction = "open_site"\nid = "N"\nname = "n"\ntier = "L"\nlon = 25\nlat = 62.1
[[changes]]\naction = "move_site"\nsite = "KS-KEU"\nlon = 24.8\nlat = 62.3
[[changes]]\naction = "set_tier"\nsite = "KS-KEU"\ntier = "L"
[[changes]]\naction = "set_capacity"\nsite = "KS-KEU"\ncapacity = 5
[[changes]]\naction = "set_hours"\nsite = "KS-KEU"\nhours = "24/7"
[[changes]]\naction = "close_road"\n{road}
[[changes]]\naction = "set_speed"\nroad = {{ ref = "4" }}\nkm_h = 70
[[changes]]\naction = "scale_speed"\nroad = {{ ref = "58" }}\nfactor = 0.9
[[changes]]\naction = "season"\nvalue = "winter"
[[changes]]\naction = "population"\nfactor = 1.1\ngroup = "65+"
[proposal]\nbody = "b"\ndate = 2026-01-15\nsaving_eur = 1
"""
    read = acc.load_scenario(write(tmp_path, actions))
    after = acc.run_scenario(BASE, read)
    assert len(read.changes) == 11
    assert after.season == "winter"
    assert "KS-HAN" not in after.sites.ids


def test_evening_targets_count_only_sites_that_are_open_then() -> None:
    import dataclasses

    target = DEMO.targets[0]
    evening = dataclasses.replace(target, id="evening", open_at="Tu 20:00")
    always = dataclasses.replace(target, id="always", open_at="24/7")
    found = acc.check_targets(
        BASE.times, BASE.population, BASE.sites, DEMO.tiers, [evening, always]
    )
    hours = BASE.sites.frame["hours"]
    open_around_the_clock = list(hours.index[hours == "24/7"])
    assert open_around_the_clock
    seconds = BASE.times.nearest(open_around_the_clock)["time_s"].to_numpy(float, na_value=np.inf)
    inside = BASE.population.people[seconds <= target.cutoff_s].sum()
    assert found[1].measured_low == pytest.approx(inside / BASE.population.total)
    assert found[0].measured_low is not None
    assert found[0].measured_low < BASE.verdicts[0].measured_low  # type: ignore[operator]


def run_cli(*argv: str) -> int:
    """Run the command line and give its exit code."""
    with pytest.raises(SystemExit) as left:
        main(list(argv))
    return int(left.value.code or 0)


@pytest.mark.data
def test_ivalos_closure_is_recounted_from_the_times(
    data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = str(data_folder / "studies" / "lappi.toml")
    code = run_cli("check", study, "--close", "S148", "--format", "json", "-q")
    found = json.loads(capsys.readouterr().out)
    assert code == 1
    assert run_cli("run", study, "--out", str(tmp_path / "base"), "-q") == 0
    assert run_cli("run", study, "--close", "S148", "--out", str(tmp_path / "ve1"), "-q") == 0
    cells = gpd.read_parquet(tmp_path / "base" / "cells.parquet").set_index("cell_id")
    times = pd.read_parquet(tmp_path / "base" / "times.parquet")
    times = times.astype({"cell_id": str, "site_id": str})
    sites = pd.read_csv(data_folder / "studies" / "lappi_sites.csv", dtype=str)
    for tier, offering in (("L", "LAE"), ("A", "AE"), ("E", "E")):
        ids = sites.loc[sites["tier"].isin(list(offering)), "id"]
        rows = times[times["site_id"].isin(ids)]
        before = rows.groupby("cell_id")["travel_time_s"].min().reindex(cells.index)
        left = rows[rows["site_id"] != "S148"]
        after = left.groupby("cell_id")["travel_time_s"].min().reindex(cells.index)
        loses = (after > before).to_numpy() | (before.notna() & after.isna()).to_numpy()
        lost = cells["people"][loses].sum()
        (row,) = [
            one
            for one in found["changes"]["summary"]
            if (one["tier"], one["group"], one["area"]) == (tier, "*", "*")
        ]
        assert row["lose"] == pytest.approx(lost, abs=1e-6)
        assert row["gain"] == 0
    flows = pd.read_csv(tmp_path / "ve1" / "flows.csv", dtype={"from_site": str, "to_site": str})
    first = times[times["site_id"].isin(sites["id"])].sort_values(["travel_time_s", "site_id"])
    nearest = first.groupby("cell_id")["site_id"].first().reindex(cells.index)
    second = first[first["site_id"] != "S148"].groupby("cell_id")["site_id"].first()
    moved = nearest == "S148"
    expected = cells["people"][moved].groupby(second.reindex(cells.index)[moved]).sum()
    local = flows[flows["tier"] == "L"].set_index("to_site")["people"]
    pd.testing.assert_series_equal(
        local.sort_index(), expected.sort_index(), check_names=False, rtol=1e-9
    )
    for name in ("comparison.json", "card.fi.md", "card.sv.md", "card.en.md"):
        assert (tmp_path / "ve1" / name).stat().st_size > 500
    capsys.readouterr()
    assert (
        run_cli("compare", str(tmp_path / "base"), str(tmp_path / "ve1"), "--format", "json") == 0
    )
    compared = json.loads(capsys.readouterr().out)
    assert compared["targets"] == found["changes"]["targets"]


@pytest.mark.data
@pytest.mark.parametrize(
    ("rule", "code"),
    [("target", 1), ("worse", 1), ("newly-outside=100", 1), ("newly-outside=100000", 0)],
)
def test_fail_on_rules_decide_the_exit_code(
    data_folder: Path, rule: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    study = str(data_folder / "studies" / "lappi.toml")
    assert run_cli("check", study, "--close", "S148", "--fail-on", rule, "-q") == code
    assert capsys.readouterr().out


@pytest.mark.data
def test_a_closed_bridge_in_keski_suomi_is_searched_as_in_full(data_folder: Path) -> None:
    base = run_study(
        acc.load_study(data_folder / "studies" / "keski-suomi.toml"), sensitivity=False
    )
    closed = acc.CloseRoad(road=acc.Roads(ref="610", near=(25.6717, 62.0056), within_m=2500))
    after = acc.run_scenario(base, scenario(closed))
    np.testing.assert_array_equal(after.times.time_s, full_search(base, closed))
    assert (after.times.time_s >= base.times.time_s).all()
    known = np.isfinite(nearest_s(base))
    assert (nearest_s(after)[known] - nearest_s(base)[known]).max() > 10 * 60


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["--close", "KS-HAM"], 2, "did you mean"),
        (["--fail-on", "worse"], 2, "give --scenario or --close"),
        (["--fail-on", "nonsense"], 2, "known: target, worse"),
        (["--scenario", "nowhere.toml"], 2, "there is no file nowhere.toml"),
    ],
)
def test_a_wrong_scenario_option_is_a_usage_error(
    argv: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli("check", str(acc.demo_study()), "-q", *argv) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert message in shown.err


def test_names_in_a_scenario_are_those_of_tables_whatever_their_unicode_form() -> None:
    assert acc.CloseSite(site=" Jyva\u0308skyla\u0308 ").site == "Jyv\u00e4skyl\u00e4"
    assert acc.ChangePopulation(factor=2, municipality="a\u030a ").municipality == "\u00e5"
