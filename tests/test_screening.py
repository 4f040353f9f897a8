"""Screening: every closure worked out from the matrix equals closing it and counting again."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import accessibility as acc
from accessibility.coverage_table import nearest_by_tier, seconds
from accessibility.errors import PopulationError, SitesError, StudyError
from accessibility.population import Population
from accessibility.screening import OBJECTIVES, Closure, Objective, Screening, screen_closures
from accessibility.services import Target, Text, Tier, Tiers
from accessibility.sites import Sites
from accessibility.targets import Verdict, check_targets
from accessibility.traveltime import UNREACHABLE, TravelTimes

TIERS = Tiers(
    (
        Tier(id="L", name=Text({"": "local"})),
        Tier(id="A", name=Text({"": "area"}), includes=("L",)),
        Tier(id="E", name=Text({"": "special"}), includes=("A", "L")),
    )
)
DOCTOR_AND_DENTIST = Tiers(
    (Tier(id="doctor", name=Text({"": "d"})), Tier(id="dentist", name=Text({"": "t"})))
)
INF = float("inf")


# --- small regions, in minutes -------------------------------------------------------------------


def grid(counts: Sequence[float], **groups: Sequence[float | None]) -> Population:
    """Give a grid of cells c0, c1, ... with so many people, and groups (None: hidden)."""
    frame = {
        "x": np.arange(len(counts), dtype=float),
        "y": np.zeros(len(counts)),
        "people": np.array(counts, dtype=float),
        **{name: pd.array(list(values), "Float64") for name, values in groups.items()},
    }
    index = pd.Index([f"c{number}" for number in range(len(counts))], name="cell_id", dtype=object)
    points = gpd.points_from_xy(frame["x"], frame["y"])
    cells = gpd.GeoDataFrame(frame, geometry=points, crs="EPSG:3067", index=index)
    return Population(cells=cells, groups=tuple(groups))


def site_list(tier_by_id: Mapping[str, str], **columns: Mapping[str, object]) -> Sites:
    """Give sites of these tiers; further columns by id."""
    ids = sorted(tier_by_id)
    frame = gpd.GeoDataFrame(
        {
            "name": [f"Site {one}" for one in ids],
            "tier": [tier_by_id[one] for one in ids],
            **{name: [values.get(one) for one in ids] for name, values in columns.items()},
        },
        geometry=gpd.points_from_xy(range(len(ids)), [0] * len(ids)),
        crs="EPSG:3067",
        index=pd.Index(ids, name="site_id", dtype=object),
    )
    return Sites(frame=frame)


def matrix(minutes_by_site: Mapping[str, Sequence[float]]) -> TravelTimes:
    """Give a matrix from one column of minutes a site; infinite where there is no way."""
    ids = sorted(minutes_by_site)
    minutes = np.array([minutes_by_site[one] for one in ids], dtype=float).T
    time_s = np.where(np.isinf(minutes), UNREACHABLE, np.nan_to_num(minutes, posinf=0) * 60)
    cells = pd.Index([f"c{number}" for number in range(len(minutes))], dtype=object)
    return TravelTimes(
        cell_ids=cells.rename("cell_id"),
        site_ids=pd.Index(ids, dtype=object),
        time_s=time_s.astype(np.int32),
    )


def asks(target_id: str, tier: str, **changes: object) -> Target:
    """Give a target: 90 % within 30 minutes unless changed."""
    wanted = {"within_min": 30, "share": 0.9} if "min_sites" not in changes else {}
    return Target(id=target_id, name=Text({"": target_id}), tier=tier, **(wanted | changes))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Region:
    """All that a screening needs."""

    times: TravelTimes
    population: Population
    sites: Sites
    targets: tuple[Target, ...]
    tiers: Tiers = field(default=TIERS)

    def screen(self, **options: object) -> Screening:
        return screen_closures(
            self.times, self.population, self.sites, self.tiers, self.targets, **options
        )  # type: ignore[arg-type]


def village_and_hospital(**columns: Mapping[str, object]) -> Region:
    """Give a region that can be worked out on paper: stations a and b, a hospital h."""
    return Region(
        #                people:  1   2   4   8
        times=matrix({"a": [10, 20, 35, 45], "b": [40, 25, 5, 70], "h": [50, 90, 60, 5]}),
        population=grid([1, 2, 4, 8]),
        sites=site_list({"a": "L", "b": "L", "h": "E"}, **columns),
        targets=(asks("reception", "L"), asks("ward", "E", min_sites=1)),
    )


def closure(screening: Screening, *sites: str) -> Closure:
    """Find one closure."""
    (found,) = [one for one in screening.closures if one.sites == sites]
    return found


# --- worked out on paper -------------------------------------------------------------------------


def test_closing_a_station_moves_its_people_to_the_next_one() -> None:
    one = closure(village_and_hospital().screen(), "a")
    # c0 goes to b: 10 -> 40 min, c1 as well: 20 -> 25 min
    assert (one.rank, one.names, one.tiers) == (1, ("Site a",), ("L",))
    assert (one.people_affected, one.worst_added_min, one.person_minutes) == (3, 30, 40)
    assert one.mean_added_min == pytest.approx(40 / 3)
    assert one.harm == one.targets[0].newly_outside_high == 1
    assert (one.targets[0].before, one.targets[0].after, one.flips) == ("met", "met", ())
    assert [(to.site, to.people, to.load) for to in one.receivers] == [("b", 3, 7)]
    assert one.people_left_without == 0


def test_closing_the_only_hospital_leaves_everybody_without_one() -> None:
    one = closure(village_and_hospital().screen(), "h")
    assert one.left_without == {"A": 15, "E": 15}
    assert (one.people_left_without, one.worst_added_min) == (15, INF)
    assert (one.lost_tiers, one.broken) == (("A", "E"), ("ward",))
    # c3 drives 45 instead of 5 minutes to a reception: 8 people x 40, whatever they lose elsewhere
    assert one.person_minutes_by_tier == {"L": 320, "A": 0, "E": 0}
    assert (one.person_minutes, one.mean_added_min) == (320, 40)
    assert one.flips == ("reception", "ward")
    assert [effect.measured_low for effect in one.targets] == [pytest.approx(7 / 15), 0]
    assert [(to.site, to.tier, to.people, to.load) for to in one.receivers] == [("a", "L", 8, 11)]


def test_a_pair_takes_the_third_nearest_site_where_the_second_is_closed_too() -> None:
    one = closure(village_and_hospital().screen(pairs=True), "a", "b")
    # c0, c1 and c2 all go to h: +40, +70 and +55 min
    assert (one.people_affected, one.worst_added_min, one.person_minutes) == (7, 70, 400)
    assert one.targets[0].newly_outside_high == 7
    assert [(to.site, to.people, to.load) for to in one.receivers] == [("h", 7, 15)]


@pytest.mark.parametrize(
    ("objective", "order", "harm"),
    [
        ("people-outside", "a b a+b h a+h b+h", [1, 4, 7, 8, 9, 12]),
        # of those that lose the hospital, by person-minutes: 320, 440 (b+h), 560 (a+h)
        ("mean-minutes", "a b a+b h b+h a+h", [40 / 15, 8, 400 / 15, INF, INF, INF]),
        ("worst", "a b a+b h b+h a+h", [30, 30, 70, INF, INF, INF]),
    ],
)
def test_singles_and_pairs_stand_in_one_order_by_harm(
    objective: Objective, order: str, harm: list[float]
) -> None:
    found = village_and_hospital().screen(pairs=True, objective=objective)
    assert " ".join("+".join(one.sites) for one in found.closures) == order
    assert [one.harm for one in found.closures] == pytest.approx(harm)
    assert [one.rank for one in found.closures] == [1, 2, 3, 4, 5, 6]


def test_equal_harm_is_ranked_by_who_is_left_without_then_flips_then_minutes_then_ids() -> None:
    region = Region(
        # nobody leaves the 30 minutes; d's person reaches A nowhere else
        times=matrix(
            {"a": [1, 9, 9, 9], "b": [9, 1, 9, 9], "c": [9, 9, 1, 8], "d": [9, 9, 8, INF]}
        ),
        population=grid([1, 1, 2, 0]),
        sites=site_list({"a": "L", "b": "L", "c": "L", "d": "A"}),
        targets=(asks("reception", "L"),),
    )
    found = region.screen()
    assert [one.harm for one in found.closures] == [0, 0, 0, 0]
    assert [one.sites for one in found.closures] == [("a",), ("b",), ("c",), ("d",)]
    assert [one.person_minutes for one in found.closures] == [8, 8, 14, 0]
    assert [one.people_left_without for one in found.closures] == [0, 0, 0, 4]


def test_a_broken_number_of_sites_weighs_more_than_somebody_left_without() -> None:
    region = Region(
        times=matrix({"a": [5, 5], "b": [5, 5], "d": [1, INF], "e": [INF, 1]}),
        population=grid([1, 2]),
        sites=site_list({"a": "doctor", "b": "doctor", "d": "dentist", "e": "dentist"}),
        targets=(asks("doctors", "doctor", min_sites=2),),
        tiers=DOCTOR_AND_DENTIST,
    )
    found = region.screen()
    assert [one.sites for one in found.closures] == [("d",), ("e",), ("a",), ("b",)]
    assert [one.people_left_without for one in found.closures] == [1, 2, 0, 0]
    assert [one.broken for one in found.closures] == [(), (), ("doctors",), ("doctors",)]
    assert [one.people_affected for one in found.closures] == [1, 2, 3, 0]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_only_hospital_comes_last_however_many_lose_minutes(objective: Objective) -> None:
    region = Region(
        # a and b are the only receptions of many; h serves E alone, for few, asked by no target
        times=matrix({"a": [5, 5, 60], "b": [60, 50, 5], "h": [INF, INF, 1]}),
        population=grid([800, 900, 1]),
        sites=site_list({"a": "doctor", "b": "doctor", "h": "dentist"}),
        targets=(asks("doctors", "doctor"),),
        tiers=DOCTOR_AND_DENTIST,
    )
    found = region.screen(objective=objective)
    assert found.closures[-1].sites == ("h",)
    assert found.closures[-1].lost_tiers == ("dentist",)
    assert found.closures[-1].people_affected == 1


def test_a_lost_tier_weighs_more_than_a_broken_number_of_sites() -> None:
    region = Region(
        times=matrix({"a": [5, 5], "b": [5, 5], "d": [1, INF]}),
        population=grid([1, 2]),
        sites=site_list({"a": "doctor", "b": "doctor", "d": "dentist"}),
        targets=(asks("doctors", "doctor", min_sites=2),),
        tiers=DOCTOR_AND_DENTIST,
    )
    found = region.screen()
    assert [one.sites for one in found.closures] == [("a",), ("b",), ("d",)]
    assert [one.broken for one in found.closures] == [("doctors",), ("doctors",), ()]
    assert [one.lost_tiers for one in found.closures] == [(), (), ("dentist",)]


def test_people_left_without_come_before_minutes() -> None:
    region = Region(
        times=matrix({"a": [5, 5, INF], "b": [60, 50, INF], "c": [INF, INF, 5], "d": [90, 90, 90]}),
        population=grid([800, 900, 1]),
        sites=site_list({"a": "L", "b": "L", "c": "L", "d": "L"}, external={"d": True}),
        targets=(asks("reception", "L"),),
    )
    found = region.screen()
    assert [one.sites for one in found.closures] == [("b",), ("a",), ("c",)]
    assert [one.harm for one in found.closures] == [0, 1700, 1]
    assert found.closures[-1].people_left_without == 1


def test_the_rule_of_the_ranking_is_told() -> None:
    found = village_and_hospital().screen(objective="worst")
    assert found.rule.startswith("ranked first by tiers that no site would serve any more, then by")
    assert "; then by the most minutes that anybody loses; then by verdicts" in found.rule
    assert found.to_dict()["rule"] == found.rule


def test_a_tie_on_whole_seconds_sends_people_to_the_smaller_id() -> None:
    region = Region(
        times=matrix({"10": [20], "9": [20], "a": [5]}),
        population=grid([4]),
        sites=site_list({"10": "L", "9": "L", "a": "L"}),
        targets=(),
    )
    (receiver,) = closure(region.screen(), "a").receivers
    assert receiver.site == "10"


def test_a_receiver_is_over_capacity_with_more_people_than_room_and_not_with_as_many() -> None:
    def over(room: float | None) -> tuple[str, ...]:
        found = village_and_hospital(capacity={"a": None, "b": room, "h": 99}).screen()
        return closure(found, "a").over_capacity

    assert over(6) == ("b",)
    assert over(7) == over(None) == ()


def test_sites_outside_the_region_are_never_closed_and_receive_nobody() -> None:
    found = village_and_hospital(external={"a": False, "b": True, "h": False}).screen(pairs=True)
    assert {one.sites for one in found.closures} == {("a",), ("h",), ("a", "h")}
    assert [to.site for to in closure(found, "a").receivers] == ["h"]
    assert closure(found, "a", "h").people_left_without == 15


def test_only_sites_of_the_tier_asked_for_are_closed() -> None:
    region = village_and_hospital()
    assert {one.sites for one in region.screen(tier="L").closures} == {("a",), ("b",)}
    assert [one.sites for one in region.screen(tier="E", pairs=True).closures] == [("h",)]
    nobody = region.screen(tier="A", pairs=True)
    assert len(nobody) == len(nobody.to_frame()) == 0
    assert repr(nobody) == "<Screening by people-outside: no closure>"


def test_hidden_people_are_newly_outside_perhaps() -> None:
    region = Region(
        # c0 may have 10 old people, c2, which is outside anyway, 2
        times=matrix({"a": [5, 5, 60], "b": [60, 5, 60]}),
        population=grid([10, 10, 2], old=[None, 6, None], young=[7, 4, 0]),
        sites=site_list({"a": "L", "b": "L"}),
        targets=(asks("old", "L", group="old", share=0.7),),
    )
    one = closure(region.screen(), "a").targets[0]
    assert (one.newly_outside_low, one.newly_outside_high) == (0, 10)
    assert (one.measured_low, one.measured_high) == (pytest.approx(6 / 18), 1)
    assert (one.before, one.after, one.flips) == ("met", "undecided", True)


def test_a_target_may_count_other_sites_than_its_tier_does() -> None:
    region = village_and_hospital()
    by_tier = closure(region.screen(), "b").targets
    open_at_night = closure(region.screen(sites_of_target={"reception": ["h", "a"]}), "b").targets
    assert by_tier[0].newly_outside_high == 4
    assert open_at_night[0].newly_outside_high == 0
    assert open_at_night[0].measured_low == pytest.approx(11 / 15)
    assert closure(region.screen(sites_of_target={"ward": ["a", "h"]}), "h").flips == ("reception",)


def test_sites_that_may_count_leave_a_verdict_undecided_as_a_check_does() -> None:
    region = village_and_hospital()
    options = {
        "sites_of_target": {"reception": ["a"], "ward": []},
        "perhaps_of_target": {"reception": ["a", "b", "h"], "ward": ["h"]},
    }
    a, h = (closure(region.screen(**options), one).targets for one in ("a", "h"))
    # a alone has c0 and c1, 3 of 15, for certain; with b and h all may be inside
    assert (a[0].now_low, a[0].now_high, a[0].before) == (3 / 15, 1, "undecided")
    # without a: nobody for certain; c1 and c2 by b, c3 by h: 14 of 15
    assert (a[0].measured_low, a[0].measured_high) == (0, pytest.approx(14 / 15))
    assert (a[0].after, a[0].newly_outside_high) == ("undecided", 3)
    assert (h[1].now_low, h[1].now_high, h[1].before) == (0, 1, "undecided")
    assert (h[1].measured_low, h[1].measured_high, h[1].after) == (0, 0, "not_met")


def test_services_that_are_not_nested_each_have_receivers_of_their_own() -> None:
    region = Region(
        times=matrix({"a": [5, 9], "b": [7, 8], "c": [9, 3], "d": [1, 1], "e": [4, 2]}),
        population=grid([1, 2]),
        sites=site_list(dict.fromkeys("abc", "doctor") | {"d": "dentist", "e": "dentist"}),
        targets=(),
        tiers=DOCTOR_AND_DENTIST,
    )
    found = region.screen(pairs=True)
    assert [(to.site, to.tier) for to in closure(found, "d").receivers] == [("e", "dentist")]
    moved = [(to.site, to.tier, to.people) for to in closure(found, "a", "d").receivers]
    assert moved == [("e", "dentist", 3), ("b", "doctor", 1)]


def test_a_cell_without_people_worsens_nothing() -> None:
    region = Region(
        times=matrix({"a": [5, 5], "b": [6, INF]}),
        population=grid([1, 0]),
        sites=site_list({"a": "L", "b": "L"}),
        targets=(),
    )
    one = closure(region.screen(), "a")
    assert (one.worst_added_min, one.people_left_without) == (1, 0)


def test_the_json_has_no_infinity_and_follows_the_order() -> None:
    found = village_and_hospital().screen(objective="worst")
    table = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert (table["schema_version"], table["objective"]) == (1, "worst")
    assert [one["sites"] for one in table["closures"]] == [["a"], ["b"], ["h"]]
    last = table["closures"][-1]
    assert (last["worst_added_min"], last["harm"], last["people_left_without"]) == (None, None, 15)
    assert last["flips"] == ["reception", "ward"]


def test_the_table_has_a_row_a_closure_and_the_page_shows_names_as_text() -> None:
    region = village_and_hospital()
    found = region.screen()
    assert found.to_frame()["outside_reception"].to_dict() == {1: 1, 2: 4, 3: 8}
    assert repr(found) == (
        "<Screening by people-outside: 3 closures, least harmful Site a (1), most harmful "
        "Site h (8)>"
    )
    region.sites.frame["name"] = "<b>"
    assert "<b>" not in region.screen()._repr_html_()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"objective": "wurst"}, StudyError, 'did you mean "worst"'),
        ({"tier": "Q"}, StudyError, '"Q" is no tier'),
        ({"sites_of_target": {"recption": []}}, StudyError, 'did you mean "reception"'),
        ({"sites_of_target": {"reception": ["q"]}}, SitesError, 'there is no site "q"'),
    ],
)
def test_what_is_unknown_is_refused_by_name(
    options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        village_and_hospital().screen(**options)


def test_a_matrix_of_other_cells_or_sites_is_refused() -> None:
    region = village_and_hospital()
    with pytest.raises(PopulationError, match="different cells"):
        screen_closures(region.times, grid([1, 2]), region.sites, TIERS, [])
    more = site_list({"a": "L", "b": "L", "h": "E", "z": "L"})
    with pytest.raises(SitesError, match="no column for the sites z"):
        screen_closures(region.times, region.population, more, TIERS, [])


# --- the same as closing, counting and judging again ---------------------------------------------


def judge(region: Region, sites: Sites) -> list[Verdict]:
    return check_targets(region.times, region.population, sites, region.tiers, region.targets)


def count_every_closure(region: Region, *, pairs: bool) -> dict[tuple[str, ...], dict[str, object]]:
    """Count every closure by itself, each from the start."""
    own = list(region.sites.ids[~region.sites.is_external])
    closures = [(one,) for one in own] + (list(combinations(own, 2)) if pairs else [])
    before = nearest_by_tier(region.times, region.sites, region.tiers)
    verdicts = judge(region, region.sites)
    return {closed: count_again(region, closed, before, verdicts) for closed in closures}


def count_again(
    region: Region, closed: tuple[str, ...], before: pd.DataFrame, verdicts: Sequence[Verdict]
) -> dict[str, object]:
    """Close sites in the list of sites, and count from the start."""
    left = Sites(frame=region.sites.frame.drop(index=list(closed)))
    after = nearest_by_tier(region.times, left, region.tiers)
    people = region.population.people
    person_s, trips = {}, 0.0
    worst_s = np.zeros(len(people))
    affected = np.zeros(len(people), dtype=bool)
    for tier in region.tiers.ids:
        was_s, now_s = seconds(before, tier), seconds(after, tier)
        grown = np.where(np.isfinite(was_s), now_s - np.where(np.isfinite(was_s), was_s, 0), 0)
        worst_s = np.maximum(worst_s, grown)
        hit = before[f"site_{tier}"].isin(closed).to_numpy()
        affected |= hit
        person_s[tier] = (people * np.where(np.isinf(grown), 0, grown)).sum()
        trips += people[hit & np.isfinite(grown)].sum()
    gone = np.isinf(worst_s)
    lost_tiers = tuple(
        tier
        for tier in region.tiers.ids
        if region.sites.serving(tier, region.tiers) and not left.serving(tier, region.tiers)
    )
    outside = []
    for target in region.targets:
        if target.kind == "share":
            low, high = region.population.bounds(target.group)
            was = seconds(before, target.tier) <= target.cutoff_s
            now = seconds(after, target.tier) <= target.cutoff_s
            outside.append((low[was & ~now].sum(), high[was & ~now].sum()))
        else:
            outside.append((0.0, 0.0))
    judged = judge(region, left)
    moved = before["site_L"].isin(closed).to_numpy() & (people > 0)
    flow = pd.Series(people[moved]).groupby(after["site_L"].to_numpy(dtype=object)[moved]).sum()
    load = pd.Series(people).groupby(after["site_L"].to_numpy(dtype=object)).sum()
    return {
        "sites": closed,
        "outside": outside,
        "words": [(one.word, two.word) for one, two in zip(verdicts, judged, strict=True)],
        "measured": [(one.measured_low, one.measured_high) for one in judged],
        "affected": people[affected].sum(),
        "left_without": people[gone].sum(),
        "person_s": sum(person_s.values()),
        "person_s_by_tier": person_s,
        "trips": trips,
        "lost_tiers": lost_tiers,
        "broken": tuple(
            one.target.id
            for one, two in zip(verdicts, judged, strict=True)
            if one.target.kind == "min_sites" and (one.word, two.word) == ("met", "not_met")
        ),
        "worst_s": worst_s[people > 0].max(initial=0),
        "receivers": {str(one): (flow[one], load[one]) for one in flow.index},
    }


def harm_of(counted: dict[str, object], objective: str, everybody: float) -> float:
    if objective == "people-outside":
        return float(sum(high for _, high in counted["outside"]))  # type: ignore[attr-defined]
    if objective == "worst":
        return counted["worst_s"] / 60  # type: ignore[operator]
    if counted["left_without"]:
        return INF
    return counted["person_s"] / 60 / everybody if everybody else 0.0  # type: ignore[operator]


def ranking(counted: Sequence[dict[str, object]], objective: str, everybody: float) -> list[object]:
    """Put closures counted one by one in order."""

    def key(one: dict[str, object]) -> tuple[object, ...]:
        flips = sum(before != after for before, after in one["words"])  # type: ignore[attr-defined]
        return (
            len(one["lost_tiers"]),  # type: ignore[arg-type]
            len(one["broken"]),  # type: ignore[arg-type]
            round(one["left_without"], 6),  # type: ignore[call-overload]
            round(harm_of(one, objective, everybody), 6),
            flips,
            round(one["person_s"], 3),  # type: ignore[call-overload]
            len(one["sites"]),  # type: ignore[arg-type]
            one["sites"],
        )

    return [one["sites"] for one in sorted(counted, key=key)]


def assert_same(found: Closure, counted: dict[str, object], *, exactly: float = 1e-6) -> None:
    """Hold one closure of a screening against one that was counted from the start."""

    def near(value: object) -> object:
        return pytest.approx(value, abs=exactly, rel=1e-9, nan_ok=True)

    outside = [(one.newly_outside_low, one.newly_outside_high) for one in found.targets]
    assert [list(one) for one in outside] == [near(list(one)) for one in counted["outside"]]  # type: ignore[attr-defined]
    assert [(one.before, one.after) for one in found.targets] == counted["words"]
    for one, (low, high) in zip(found.targets, counted["measured"], strict=True):  # type: ignore[call-overload]
        assert (one.measured_low is None) == (low is None)
        if low is not None:
            assert [one.measured_low, one.measured_high] == near([low, high])
    assert found.people_affected == near(counted["affected"])
    assert found.people_left_without == near(counted["left_without"])
    assert found.person_minutes * 60 == near(counted["person_s"])
    assert found.worst_added_min * 60 == near(counted["worst_s"])
    assert (found.lost_tiers, found.broken) == (counted["lost_tiers"], counted["broken"])
    for tier, person_s in counted["person_s_by_tier"].items():  # type: ignore[attr-defined]
        assert found.person_minutes_by_tier[tier] * 60 == near(person_s)
    trips: float = counted["trips"]  # type: ignore[assignment]
    mean = counted["person_s"] / 60 / trips if trips > exactly else None  # type: ignore[operator]
    assert (found.mean_added_min is None) == (mean is None)
    assert mean is None or found.mean_added_min == near(mean)
    receivers: dict[str, tuple[float, float]] = counted["receivers"]  # type: ignore[assignment]
    assert {one.site for one in found.receivers} == set(receivers)
    for one in found.receivers:
        assert (one.people, one.load) == near(receivers[one.site])


@st.composite
def regions(draw: st.DrawFn) -> Region:
    """Draw a region with ties, cells without a way, hidden groups and a site outside it."""
    cells = draw(st.integers(1, 7))
    ids = [f"s{number}" for number in range(draw(st.integers(2, 5)))]
    minutes = st.sampled_from([0, 5, 10, 10, 20, 30, 30 + 1 / 60, 45, 60, 90, INF])
    table = {
        one: draw(st.lists(minutes, min_size=cells, max_size=cells)) for one in [*ids, "outer"]
    }
    counts = draw(st.lists(st.sampled_from([0, 1, 2, 4, 8]), min_size=cells, max_size=cells))
    old = [draw(st.sampled_from([None, 0, count])) for count in counts]
    young = [draw(st.sampled_from([None, 0])) for _ in counts]
    capacity = {one: draw(st.sampled_from([None, 0.0, 3.0, 9.0])) for one in ids}
    share = st.sampled_from([0.3, 0.5, 0.8, 1.0])
    targets = (
        asks("reception", "L", share=draw(share)),
        asks("wide", "A", within_min=60, share=draw(share)),
        asks("old", "L", group="old", share=draw(share)),
        asks("ward", "E", min_sites=draw(st.integers(1, 2))),
    )
    return Region(
        times=matrix(table),
        population=grid(counts, old=old, young=young),
        sites=site_list(
            {one: draw(st.sampled_from("LAE")) for one in ids} | {"outer": "E"},
            capacity=capacity,
            external={one: one == "outer" for one in [*ids, "outer"]},
        ),
        targets=targets,
    )


@given(regions(), st.sampled_from(OBJECTIVES), st.booleans())
def test_screening_equals_closing_one_by_one_and_counting_again(
    region: Region, objective: Objective, pairs: bool
) -> None:
    found = region.screen(objective=objective, pairs=pairs)
    counted = count_every_closure(region, pairs=pairs)
    everybody = region.population.total
    expected = ranking(list(counted.values()), objective, everybody)
    assert [one.sites for one in found.closures] == expected
    for one in found.closures:
        assert_same(one, counted[one.sites])
        assert one.harm == pytest.approx(harm_of(counted[one.sites], objective, everybody))


@given(regions())
def test_a_pair_is_never_less_harmful_than_either_of_its_sites(region: Region) -> None:
    for objective in OBJECTIVES:
        found = region.screen(objective=objective, pairs=True)
        harm = {one.sites: one.harm for one in found.closures}
        affected = {one.sites: one.people_affected for one in found.closures}
        for pair in (sites for sites in harm if len(sites) == 2):
            for one in pair:
                assert harm[pair] >= harm[one,] - 1e-9
                assert affected[pair] >= affected[one,]


@given(regions(), st.randoms())
def test_the_order_of_cells_changes_nothing(region: Region, random: object) -> None:
    rows = list(range(len(region.population.cells)))
    random.shuffle(rows)  # type: ignore[attr-defined]
    shuffled = Region(
        times=TravelTimes(
            cell_ids=region.times.cell_ids[rows],
            site_ids=region.times.site_ids,
            time_s=region.times.time_s[rows],
        ),
        population=Population(
            cells=region.population.cells.iloc[rows], groups=region.population.groups
        ),
        sites=region.sites,
        targets=region.targets,
    )
    assert shuffled.screen(pairs=True) == region.screen(pairs=True)


@given(regions())
def test_people_of_a_closed_site_are_received_or_left_without(region: Region) -> None:
    nearest = nearest_by_tier(region.times, region.sites, region.tiers)
    load = pd.Series(region.population.people).groupby(nearest["site_L"].to_numpy(object)).sum()
    for one in region.screen(pairs=True).closures:
        received = sum(to.people for to in one.receivers)
        own = sum(load.get(site, 0.0) for site in one.sites)
        assert received + one.left_without.get("L", 0.0) == own


# --- real regions --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lapland(data_folder: Path) -> Region:
    run = acc.run_study(acc.load_study(data_folder / "studies" / "lappi.toml"), sensitivity=False)
    return Region(
        times=run.times,
        population=run.population,
        sites=run.sites,
        targets=tuple(run.study.targets),
        tiers=run.tiers,
    )


@pytest.mark.data
def test_lapland_is_ranked_as_if_every_closure_were_run_by_itself(lapland: Region) -> None:
    counted = count_every_closure(lapland, pairs=True)
    assert len(counted) == 21 + 210
    for objective in OBJECTIVES:
        found = lapland.screen(objective=objective, pairs=True)
        expected = ranking(list(counted.values()), objective, lapland.population.total)
        assert [one.sites for one in found.closures] == expected
        for one in found.closures:
            assert_same(one, counted[one.sites], exactly=1e-3)
        singles = [one.sites for one in lapland.screen(objective=objective).closures]
        assert singles == [sites for sites in expected if len(sites) == 1]  # type: ignore[arg-type]


@pytest.mark.data
def test_the_only_central_hospital_of_central_finland_comes_last(data_folder: Path) -> None:
    study = acc.load_study(data_folder / "studies" / "keski-suomi.toml")
    run = acc.run_study(study, sensitivity=False)
    last = acc.screen_run(run).closures[-1]
    assert (last.sites, last.lost_tiers, last.broken) == (("S179",), ("E",), ("ward-in-region",))
    assert last.people_left_without == pytest.approx(269_998, rel=0.01)
    people = run.population.people
    for tier in ("L", "A"):  # the same summed up by hand, from the matrix
        serving = run.sites.serving(tier, run.tiers)
        before = run.times.nearest(serving)["time_s"].to_numpy(dtype=float, na_value=np.nan)
        left = [one for one in serving if one != "S179"]
        after = run.times.nearest(left)["time_s"].to_numpy(dtype=float, na_value=np.nan)
        added = np.nansum((after - before) * people) / 60
        assert last.person_minutes_by_tier[tier] == pytest.approx(added)
    assert last.person_minutes == pytest.approx(sum(last.person_minutes_by_tier.values()))


@pytest.mark.data
@pytest.mark.slow
def test_screening_iceland_costs_little_beside_one_full_run(data_folder: Path) -> None:
    study = acc.load_study(data_folder / "studies" / "iceland.toml")
    acc.run_study(study)  # the network is in the cache from here on: the fastest full run
    start = time.perf_counter()
    run = acc.run_study(study)
    full_s = time.perf_counter() - start

    def screen_s(*, pairs: bool, closures: int) -> float:
        taken = []
        for _ in range(3):
            start = time.perf_counter()
            found = screen_closures(
                run.times, run.population, run.sites, run.tiers, study.targets, pairs=pairs
            )
            taken.append(time.perf_counter() - start)
            assert len(found) == closures
        return min(taken)

    # a full run is down to about a second: what is left is far above the noise of a busy machine
    assert screen_s(pairs=False, closures=55) < 0.25 * full_s
    assert screen_s(pairs=True, closures=55 + 1485) < full_s
