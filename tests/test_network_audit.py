"""What a run says of its network: what it holds, and who is near a site and yet far from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from studies import accessibility
from world import World

import accessibility as acc
from accessibility.network import drive_times, holdings
from accessibility.network_audit import DETOUR_LIMITS, DetourLimits, audit_network, detours
from accessibility.notices import notices
from accessibility.services import Text, Tier, Tiers

TIERS = Tiers((Tier(id="L", name=Text({"": "local"})),))
CAR = DETOUR_LIMITS["car"]


def horseshoe(depth_m: float) -> World:
    """Two homes 2 km from one another, and the road between them down and up again.

    a and d are the ends; by road it is twice the depth and 2 km, 45 s each kilometre.
    """
    places = {"a": (0.0, 0.0), "b": (0.0, -depth_m), "c": (2000.0, -depth_m), "d": (2000.0, 0.0)}
    return World(places=places, roads=[("ab", "primary"), ("bc", "primary"), ("cd", "primary")])


def found_by(world: World, cells: str, sites: str, **options: object) -> dict[str, float]:
    """Give the people of the whole and of each municipality that the audit finds."""
    times = world.travel_times(cells, sites, **options)
    people = world.population(cells)
    table = detours(times, people, world.sites(sites), TIERS, CAR)
    return dict(zip(table["area"], table["people"], strict=True))


def test_who_is_2_km_from_a_site_and_28_km_of_road_away_is_found() -> None:
    """2 x 13 + 2 = 28 km are 1,260 s, over 20 minutes; a is 1 person, d (at the site) 2."""
    assert found_by(horseshoe(13_000), "ad", "d") == {"*": 1}
    assert found_by(horseshoe(13_000), "ad", "d", direction="from_sites") == {"*": 1}


def test_20_minutes_by_road_are_not_over_20_minutes() -> None:
    """2 x 12,333 m + 2 km = 26.666 km are 1,199.97 s, rounded 1,200 s; 14 m more are 1,201 s."""
    assert found_by(horseshoe(12_333), "ad", "d") == {"*": 0}
    assert found_by(horseshoe(12_347), "ad", "d") == {"*": 1}


def test_the_straight_line_counts_up_to_5_km() -> None:
    """The same 28 km and more, but 5,001 m apart in a straight line: no detour worth naming."""
    for east, people in ((5000.0, 1), (5001.0, 0)):
        places = {"a": (0.0, 0.0), "b": (0.0, -13e3), "c": (east, -13e3), "d": (east, 0.0)}
        world = World(places=places, roads=[("abcd", "primary")])
        assert found_by(world, "a", "d") == {"*": people}


def test_who_has_no_way_to_a_site_near_by_is_found_too() -> None:
    """An island road of 2 km beside the mainland's: 1 km over water, no way by land."""
    world = World("a-b-c\n\nd-e-f", {"abc": "primary", "def": "primary"})
    # d, 2 people: 2.2 km from c in a straight line, and 1 km from the nearest road of the mainland
    assert found_by(world, "ad", "c", max_leg_m=500) == {"*": 2}


def test_near_and_far_are_of_the_same_site() -> None:
    """a has a site of its own at its door: that it is far from d by road still shows."""
    assert found_by(horseshoe(13_000), "ad", "ad") == {"*": 3}


def test_a_network_of_main_roads_drawn_straight_is_called_so() -> None:
    """1 km of primary: no street at all, and no shape point between its ends."""
    held = holdings(drive_times(World("a-b").network(), acc.read_speeds("plain")))
    assert (held.main_roads_only, held.is_straight, held.straight_share) == (True, True, 1.0)
    assert held.km_by_class == {"primary": pytest.approx(1.0, abs=1e-4)}


@pytest.mark.parametrize(("streets", "main"), [("d", True), ("de", False)])
def test_a_network_with_5_per_cent_of_streets_holds_more_than_main_roads(
    streets: str, main: bool
) -> None:
    """19.4 km of primary: 1 km of street is 4.9 %, 1.1 km are 5.4 %."""
    places = {"a": (0, 0), "b": (9700, 0), "c": (19_400, 0), "d": (0, 1000), "e": (0, 1100)}
    world = World(places=places, roads=[("abc", "primary"), ("a" + streets, "residential")])
    held = holdings(drive_times(world.network(), acc.read_speeds("plain")))
    assert held.main_roads_only is main
    # abc and ade have a shape point between their ends; ad has none
    assert held.straight_share == pytest.approx(1 / 20.4 if main else 0, abs=0.001)


def test_people_by_a_road_are_those_within_100_metres_of_it() -> None:
    """1 person at 95 m, 2 at 105 m, 4 at 500 m: one of seven."""
    places = {"a": (0, 0), "b": (3000, 0), "1": (500, 95), "2": (1000, 105), "3": (1500, 500)}
    world = World(places=places, roads=[("ab", "primary")])
    times = world.travel_times("123", "a")
    audit = audit_network(times, world.population("123"), world.sites("a"), TIERS)
    assert audit.near_share == pytest.approx(1 / 7, abs=1e-4)


def test_walkers_are_held_against_their_own_speed() -> None:
    """5 km on foot take an hour for everybody: that is no detour."""
    assert DETOUR_LIMITS["walk"] == DetourLimits(within_m=2000, over_min=75)
    world = World("a-b-c", drawn_as={"highway": "residential"})
    times = world.travel_times("a", "c", speeds="walk")
    audit = audit_network(times, world.population("a"), world.sites("c"), TIERS)
    assert audit.people("L") == 0


def test_the_run_its_folder_the_report_and_inspect_say_it(tmp_path: Path) -> None:
    world = horseshoe(13_000)
    study = world.write_study(
        tmp_path / "study",
        cells="ad",
        sites={"d": "L"},
        targets=[{"tier": "L", "within_min": 10, "share": 0.5}],
        cell_columns={"town": ["Tornio", "Simo"]},
        settings={"population": {"municipality": "town"}, "language": "en"},
    )
    run = acc.run_study(acc.load_study(study), sensitivity=False)
    assert run.network_audit.areas("L") == {"Tornio": 1}
    said = "\n".join(notices(run))
    assert "1 people live within 5 km of a site that serves tier L" in said
    assert "(Tornio 1)" in said
    assert "main roads only (100% of people live within 100 m of one)" in said
    assert "target-1" in said
    folder = acc.write_run(run, tmp_path / "run")
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))["network_audit"]
    assert record["km_by_class"] == {"primary": pytest.approx(28, abs=0.01)}
    assert (record["straight_share"], record["main_roads_only"]) == (1.0, True)
    assert record["share_of_people_within_100_m"] == 1.0
    assert record["detours"]["people"][:2] == [
        {"tier": "L", "area": "*", "cells": 1, "people": 1.0},
        {"tier": "L", "area": "Tornio", "cells": 1, "people": 1.0},
    ]
    report = (folder / "report.md").read_text(encoding="utf-8")
    assert "The road network holds 28 km of roads that can be used by car" in report
    assert "The network holds main roads only" in report
    assert "| Tornio | 1 |" in report
    stored = acc.read_run(folder).network_audit
    assert stored.holdings == run.network_audit.holdings or stored.holdings.km == pytest.approx(28)
    assert stored.areas("L") == {"Tornio": 1}
    looked = accessibility("inspect", study)
    assert "detours L     1 people within 5 km" in looked.out
    assert "main roads only, next to no streets; 100% of the length" in looked.out


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "tier", "people", "town"),
    [("lappi", "L", 12_310, "Tornio"), ("lappi", "A", 12_297, "Tornio"),
     ("keski-suomi", "L", 544, "Äänekoski")],
)  # fmt: skip
def test_the_detours_of_two_regions(
    name: str, tier: str, people: float, town: str, data_folder: Path
) -> None:
    """Counted by hand over the matrices of `plain` (Tornio 12,297 people, Äänekoski 377)."""
    study = acc.load_study(data_folder / "studies" / f"{name}.toml")
    roads = acc.read_network(study.inputs["network"], speeds="plain")
    cells, sites = acc.read_population(study), acc.read_sites(study)
    times = acc.travel_times(roads, cells, sites)
    audit = audit_network(times, cells, sites, study.tiers)
    assert audit.people(tier) == pytest.approx(people, abs=1)
    assert next(iter(audit.areas(tier))) == town
