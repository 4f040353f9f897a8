"""The Python door: what the study's file refuses, a call refuses too, with the same words."""

from __future__ import annotations

import numpy as np
import pytest
from world import World

import accessibility as acc
from accessibility.errors import InputError
from accessibility.services import Text, Tier, Tiers

LINE = World("a-b-c")
TIERS = Tiers((Tier(id="L", name=Text({"": "local"})),))


# --- a matrix carries what it was made with -------------------------------------------------------


def test_a_matrix_says_what_it_was_made_with() -> None:
    times = LINE.travel_times(
        "ac", "b", access_speed_km_h=5, max_leg_m=1500, season="winter", speed_factor=0.5,
        direction="from_sites",
    )  # fmt: skip
    made = times.settings
    assert made is not None
    assert (made.access_speed_km_h, made.max_leg_m, made.min_component_m) == (5, 1500, 1000)
    assert (made.season, made.direction, made.speed_factor) == ("winter", "from_sites", 0.5)
    assert (made.speeds.name, made.crs) == ("plain", "EPSG:3880")


def test_isochrones_are_drawn_with_the_access_legs_of_their_matrix() -> None:
    """People walk 1,000 m at 6 km/h to the road: 10 minutes, so the 5-minute band ends at 500 m."""
    people, sites = LINE.population("ac"), LINE.sites("b")
    times = LINE.travel_times("ac", "b", access_speed_km_h=6)
    options = {"bands_min": [5], "resolution_m": 50}
    drawn = acc.isochrones(times, people, sites, TIERS, **options)
    told = acc.isochrones(times, people, sites, TIERS, access_speed_km_h=6, **options)
    assert drawn.geometry.iloc[0].equals(told.geometry.iloc[0])
    south, north = drawn.total_bounds[[1, 3]]
    assert (north - south) / 2 == pytest.approx(500, abs=20)  # 5 min at 6 km/h are 500 m


@pytest.mark.parametrize("given", [{"access_speed_km_h": 20}, {"max_leg_m": 5000}])
def test_isochrones_refuse_access_legs_that_the_matrix_was_not_made_with(given: dict) -> None:
    times = LINE.travel_times("ac", "b", access_speed_km_h=6, max_leg_m=800)
    with pytest.raises(InputError, match=r"were made with (6|800)"):
        acc.isochrones(times, LINE.population("ac"), LINE.sites("b"), TIERS, bands_min=[5], **given)


# --- travel_times ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["access_speed_km_h", "max_leg_m", "speed_factor"])
@pytest.mark.parametrize("value", [0, -5, float("nan"), float("inf"), 1e300, "20", None, True])
def test_a_setting_of_travel_times_that_is_no_sensible_number_is_refused(
    name: str, value: object
) -> None:
    if value is None and name != "speed_factor":
        pytest.skip("None stands for the mode's own")
    with pytest.raises(InputError, match=name):
        LINE.travel_times("a", "b", **{name: value})


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "1000"])
def test_a_least_component_that_is_no_sensible_number_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="min_component_m"):
        LINE.travel_times("a", "b", min_component_m=value)


@pytest.mark.parametrize(
    ("setting", "meant"),
    [
        ({"direction": "to_site"}, "to_sites"),
        ({"direction": "From_Sites"}, "from_sites"),
        ({"season": "Winter"}, "winter"),
        ({"season": "sumer"}, "summer"),
    ],
)
def test_a_word_that_nothing_knows_is_refused_with_the_one_that_was_meant(
    setting: dict, meant: str
) -> None:
    with pytest.raises(InputError, match=f'did you mean "{meant}"'):
        LINE.travel_times("a", "b", **setting)


def test_numbers_of_numpy_are_numbers() -> None:
    plain = LINE.travel_times("ac", "b", access_speed_km_h=5, speed_factor=0.5)
    for number in (np.float32, np.float64):
        again = LINE.travel_times("ac", "b", access_speed_km_h=number(5), speed_factor=number(0.5))
        assert again.time_s.tolist() == plain.time_s.tolist()
    assert LINE.travel_times("ac", "b", access_speed_km_h=np.int64(5)).settings is not None
