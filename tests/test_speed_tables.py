"""Speed tables: every class, cap, limit and season of the built-in tables, each on a drawn road.

Roads are 9 km long. A segment is rounded half up to tenths of a second, the whole to seconds: at
65 km/h, 498.46 s become 498.5 s and then 499 s.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pydantic import ValidationError
from world import World

from accessibility.errors import StudyError
from accessibility.network import drive_times
from accessibility.sources.speed_tables import built_in_table, built_in_tables, read_speeds
from accessibility.speeds import SpeedTable, keys_read, parse_duration_s
from accessibility.speeds.maxspeed import parse_maxspeed

TABLES = ("bicycle", "finland-car", "plain", "walk")

# Seconds for 9 km, in summer and in winter, by table and highway class.
CLASSES: dict[str, dict[str, tuple[int, int]]] = {
    "plain": {
        "motorway": (324, 324),  # 100 km/h
        "trunk": (360, 360),  # 90
        "primary": (405, 405),  # 80
        "secondary": (463, 463),  # 70
        "tertiary": (540, 540),  # 60
        "unclassified": (648, 648),  # 50
        "road": (648, 648),
        "residential": (810, 810),  # 40
        "living_street": (1620, 1620),  # 20
        "service": (1620, 1620),
        "motorway_link": (540, 540),  # 60
        "trunk_link": (540, 540),
        "primary_link": (648, 648),  # 50
        "secondary_link": (648, 648),
        "tertiary_link": (648, 648),
    },
    "finland-car": {
        "motorway": (303, 336),  # 107 km/h, in winter 0.90 of it
        "trunk": (372, 392),  # 87, 0.95
        "primary": (405, 426),  # 80, 0.95
        "secondary": (438, 447),  # 74, 0.98 like the rest
        "tertiary": (499, 509),  # 65
        "unclassified": (589, 601),  # 55
        "road": (810, 827),  # 40
        "residential": (1080, 1102),  # 30
        "living_street": (2160, 2204),  # 15
        "service": (2160, 2204),
        "track": (1620, 1653),  # 20
        "motorway_link": (540, 600),  # 60, 0.90
        "trunk_link": (623, 636),  # 52
        "primary_link": (720, 735),  # 45
        "secondary_link": (720, 735),
        "tertiary_link": (810, 827),  # 40
    },
    "walk": {
        **dict.fromkeys(
            (
                "trunk", "primary", "secondary", "tertiary", "unclassified", "road", "residential",
                "living_street", "service", "trunk_link", "primary_link", "secondary_link",
                "tertiary_link", "pedestrian", "footway", "cycleway",
            ),
            (6480, 6480),  # 5 km/h
        ),
        "path": (7200, 7200),  # 4.5
        "bridleway": (7200, 7200),
        "track": (7200, 7200),
        "corridor": (8100, 8100),  # 4
        "platform": (8100, 8100),
        "steps": (12960, 12960),  # 2.5
        "elevator": (16200, 16200),  # 2
    },
    "bicycle": {
        **dict.fromkeys(
            (
                "trunk", "primary", "secondary", "tertiary", "unclassified", "road", "residential",
                "trunk_link", "primary_link", "secondary_link", "tertiary_link", "cycleway",
            ),
            (2025, 2025),  # 16 km/h
        ),
        "living_street": (2314, 2314),  # 14
        "service": (2314, 2314),
        "path": (2700, 2700),  # 12
        "track": (2700, 2700),
    },
}  # fmt: skip

# Classes that a table closes although other tables, or careless readers, open them.
CLOSED = {
    "plain": ("track", "footway", "cycleway", "path", "pedestrian", "steps", "bridleway",
              "busway", "bus_guideway", "raceway", "escape", "corridor", "platform", "rest_area"),
    "finland-car": ("footway", "cycleway", "path", "pedestrian", "steps", "bridleway", "busway",
                    "bus_guideway", "raceway", "escape", "corridor", "platform", "rest_area"),
    "walk": ("motorway", "motorway_link", "busway", "bus_guideway", "raceway", "escape"),
    "bicycle": ("motorway", "motorway_link", "footway", "pedestrian", "bridleway", "steps",
                "busway", "corridor", "platform", "elevator", "raceway"),
}  # fmt: skip


def seconds(
    tags: Mapping[str, str], table: str | SpeedTable, season: str = "summer"
) -> tuple[int | None, int | None]:
    """Time 9 km of a road, there and back; ordinary roads at its ends give firm ground."""
    places = {"s": (-4600, 0), "a": (-4500, 0), "b": (4500, 0), "t": (4600, 0)}
    world = World(places=places, roads=[("sa", "primary"), ("ab", tags), ("bt", "primary")])
    found = world.times("ab", "ab", speeds=table, season=season, max_leg_m=1)
    return found["a"]["b"], found["b"]["a"]


@pytest.mark.parametrize(
    ("table", "road_class", "season", "expected"),
    [
        (table, road_class, season, times[place])
        for table, classes in CLASSES.items()
        for road_class, times in classes.items()
        for place, season in enumerate(("summer", "winter"))
        if not (season == "winter" and times[0] == times[1])
    ],
)
def test_every_class_takes_the_time_worked_out_on_paper(table, road_class, season, expected):
    back = None if road_class == "motorway" else expected
    assert seconds({"highway": road_class}, table, season) == (expected, back)


@pytest.mark.parametrize("table", TABLES)
def test_every_class_of_every_built_in_table_has_a_drawn_road(table):
    assert set(built_in_table(table).speed_km_h) == set(CLASSES[table])
    assert built_in_tables() == sorted([*TABLES, "generic-car"])


@pytest.mark.parametrize("table", ["plain", "walk", "bicycle"])
def test_winter_changes_nothing_in_tables_without_a_winter(table):
    assert built_in_table(table).winter is None
    assert seconds({"highway": "primary"}, table, "winter") == (CLASSES[table]["primary"][0],) * 2


@pytest.mark.parametrize("table", TABLES)
def test_classes_that_a_table_does_not_name_are_closed(table):
    # all on one map: the row below, where alone one can drive, keeps the network from being empty
    names = "abcdefghijklmnopqrstuvw"
    closed = CLOSED[table]
    drawing = "-".join(names[: len(closed) + 1]) + "\n\n" + "Y-Z"
    roads = {f"{a}{b}": kind for a, b, kind in zip(names, names[1:], closed, strict=False)}
    world = World(drawing, roads)
    found = world.times(sites="aZ", speeds=table, max_leg_m=1)
    assert [place for place in found if found[place] != {"a": None, "Z": None}] == ["Y", "Z"]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "footway", "bicycle": "yes"}, 2700),  # 12 km/h
        ({"highway": "footway", "bicycle": "designated"}, 2700),
        ({"highway": "footway", "bicycle": "permissive"}, 2700),
        ({"highway": "pedestrian", "bicycle": "yes"}, 3240),  # 10 km/h
        ({"highway": "bridleway", "bicycle": "yes"}, 3240),
        ({"highway": "footway", "bicycle": "no"}, None),
        ({"highway": "footway", "foot": "designated"}, None),
        ({"highway": "steps", "bicycle": "yes"}, None),
    ],
)
def test_a_footway_is_cycled_only_where_a_sign_lets_bicycles_in(tags, expected):
    assert seconds(tags, "bicycle") == (expected, expected)
    assert set(built_in_table("bicycle").designated_km_h) == {"footway", "pedestrian", "bridleway"}


# --- what the surface allows ---------------------------------------------------------------------

CAPS = {
    ("finland-car", "surface"): {
        # motorway, 107 km/h, would take 303 s
        "asphalt": 303, "compacted": 463, "fine_gravel": 540, "gravel": 540, "unpaved": 540,
        "pebblestone": 810, "cobblestone": 1080, "unhewn_cobblestone": 1080, "sett": 810,
        "paving_stones": 648, "wood": 1080, "metal": 810, "grass_paver": 1620, "ground": 1620,
        "dirt": 1620, "earth": 1620, "clay": 1620, "grass": 3240, "rock": 3240, "sand": 3240,
        "mud": 6480, "snow": 1080, "ice": 1080,
    },
    ("finland-car", "tracktype"): {
        "grade1": 648, "grade2": 810, "grade3": 1296, "grade4": 2160, "grade5": 3240,
    },
    ("finland-car", "smoothness"): {
        "good": 303, "intermediate": 540, "bad": 810, "very_bad": 1620, "horrible": 3240,
    },
    ("walk", "surface"): {
        "asphalt": 6480, "gravel": 7200, "ground": 7200, "dirt": 7200, "earth": 7200,
        "grass": 8100, "rock": 10800, "sand": 10800, "snow": 10800, "mud": 12960,
    },
    ("bicycle", "surface"): {
        "asphalt": 2025, "compacted": 2160, "fine_gravel": 2314, "wood": 2700,
        "paving_stones": 2314, "unpaved": 2700, "gravel": 2700, "sett": 2946, "pebblestone": 3600,
        "cobblestone": 3600, "unhewn_cobblestone": 4629, "ground": 3240, "dirt": 3240,
        "earth": 3240, "clay": 4050, "grass": 4629, "rock": 6480, "sand": 6480, "snow": 4050,
        "mud": 8100,
    },
    ("bicycle", "tracktype"): {"grade2": 2314, "grade3": 2946, "grade4": 4050, "grade5": 5400},
    ("bicycle", "smoothness"): {
        "intermediate": 2160, "bad": 2946, "very_bad": 4050, "horrible": 6480,
    },
}  # fmt: skip
FASTEST = {"finland-car": "motorway", "walk": "primary", "bicycle": "primary"}


@pytest.mark.parametrize(
    ("table", "key", "value", "expected"),
    [
        (table, key, value, expected)
        for (table, key), values in CAPS.items()
        for value, expected in values.items()
    ],
)
def test_a_bad_surface_slows_the_fastest_road(table, key, value, expected):
    tags = {"highway": FASTEST[table], "oneway": "no", key: value}
    assert seconds(tags, table) == (expected, expected)


@pytest.mark.parametrize("table", TABLES)
def test_every_cap_of_every_built_in_table_has_a_drawn_road(table):
    for key in ("surface", "tracktype", "smoothness"):
        drawn = set(CAPS.get((table, key), ())) - {"asphalt", "good"}
        assert set(getattr(built_in_table(table), f"{key}_cap_km_h")) == drawn


def test_a_bad_surface_never_speeds_a_slow_road_up():
    tags = {"highway": "service", "surface": "compacted", "tracktype": "grade1"}
    assert seconds(tags, "finland-car") == (2160, 2160)


def test_the_worst_of_several_caps_counts():
    tags = {"highway": "tertiary", "surface": "gravel", "tracktype": "grade4", "smoothness": "bad"}
    assert seconds(tags, "finland-car") == (2160, 2160)  # 15 km/h


def test_the_plain_table_knows_no_surfaces():
    tags = {"highway": "primary", "surface": "mud", "tracktype": "grade5", "smoothness": "horrible"}
    assert seconds(tags, "plain") == (405, 405)


# --- posted limits -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("posted", "plain", "finland"),
    [
        # a primary without a limit: 80 km/h in both tables
        ("80", 405, 426),  # finland-car drives 0.95 of a posted limit: 76 km/h
        ("100", 324, 341),  # 95
        ("50", 648, 682),  # 47.5
        ("30 mph", 671, 706),  # 48.28032 km/h; 45.866304
        ("50mph", 403, 424),  # 80.4672; 76.44384
        ("100 km/h", 324, 341),
        ("100 kmh", 324, 341),
        ("100kph", 324, 341),
        (" 100 ", 324, 341),
        ("5", 6480, 6821),  # 4.75 km/h
        ("walk", 6480, 6821),
        ("1", 32400, 34105),  # the lowest limit taken
        ("130", 249, 262),  # the highest: 249.23 s; 123.5 km/h
        *[
            (nonsense, 405, 405)
            for nonsense in (
                "", "0", "0.9", "151", "999", "1e21", "-50", "none", "signals", "variable",
                "50;80", "50,80", "80|60", "30 knots", "50 km", "ca. 80", "80.5.5", "8O", "٥٠",
                "FI:nowhere", "nan", "inf", "50 80",
            )
        ],
    ],
)  # fmt: skip
def test_a_posted_limit_replaces_the_class_speed_and_nonsense_does_not(posted, plain, finland):
    tags = {"maxspeed": posted}
    assert seconds(tags, "plain") == (plain, plain)
    assert seconds(tags, "finland-car") == (finland, finland)


@pytest.mark.parametrize("table", ["walk", "bicycle"])
def test_a_limit_for_cars_means_nothing_to_those_without(table):
    assert seconds({"maxspeed": "5"}, table) == (CLASSES[table]["primary"][0],) * 2


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"maxspeed": "80", "maxspeed:forward": "50"}, (682, 426)),
        ({"maxspeed": "80", "maxspeed:backward": "50"}, (426, 682)),
        ({"maxspeed:forward": "50"}, (682, 405)),
        ({"maxspeed:forward": "50", "maxspeed:backward": "100"}, (682, 341)),
        ({"maxspeed:forward": "slow", "maxspeed": "100"}, (341, 341)),
        ({"maxspeed:conditional": "30 @ (Mo-Fr)", "maxspeed": "100"}, (341, 341)),
        ({"maxspeed:conditional": "30 @ (Mo-Fr)"}, (405, 405)),
        ({"maxspeed:forward": "100", "oneway": "-1"}, (None, 405)),
    ],
)
def test_limits_of_one_direction_hold_in_that_direction_only(tags, expected):
    assert seconds(tags, "finland-car") == expected
    whole = tags.get("maxspeed", "")
    plain = {"80": 405, "100": 324, "": 405}[whole]  # the plain model does not read them
    assert seconds({**tags, "oneway": "no"}, "plain") == (plain, plain)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        # what a limit in words means; it only ever lowers the class speed, and 0.95 of it is driven
        ({"highway": "trunk", "maxspeed": "FI:motorway"}, 372),  # 120: the class's 87 stays
        ({"highway": "trunk", "maxspeed": "FI:trunk"}, 372),  # 100
        ({"highway": "trunk", "maxspeed": "FI:rural"}, 426),  # 80: 76
        ({"highway": "trunk", "maxspeed": "FI:living_street"}, 1705),  # 20: 19
        ({"highway": "trunk", "maxspeed": "FI:zone20"}, 1705),
        ({"highway": "trunk", "maxspeed": "FI:zone30"}, 1137),  # 28.5
        ({"highway": "trunk", "maxspeed": "FI:zone40"}, 853),  # 38: 852.63
        ({"highway": "trunk", "maxspeed": "FI:zone50"}, 682),  # 47.5
        ({"highway": "trunk", "maxspeed": "FI:zone:20"}, 1705),
        ({"highway": "trunk", "maxspeed": "FI:zone:30"}, 1137),
        ({"highway": "trunk", "maxspeed": "FI:zone:40"}, 853),
        ({"highway": "trunk", "maxspeed": "FI:zone:50"}, 682),
        ({"highway": "motorway_link", "maxspeed": "FI:urban"}, 682),  # no urban speed of its own
        # inside a built-up area each class has a speed of its own
        ({"highway": "trunk", "maxspeed": "FI:urban"}, 540),  # 60
        ({"highway": "primary", "maxspeed": "FI:urban"}, 648),  # 50
        ({"highway": "secondary", "maxspeed": "FI:urban"}, 720),  # 45
        ({"highway": "tertiary", "maxspeed": "FI:urban"}, 810),  # 40
        ({"highway": "unclassified", "maxspeed": "FI:urban"}, 810),
        ({"highway": "road", "maxspeed": "FI:urban"}, 1080),  # 30
        ({"highway": "residential", "maxspeed": "FI:urban"}, 1080),
        ({"highway": "living_street", "maxspeed": "FI:urban"}, 2160),  # 15
        ({"highway": "service", "maxspeed": "FI:urban"}, 3240),  # 10
        ({"highway": "track", "maxspeed": "FI:urban"}, 2160),  # 15
        # the same said beside the limit
        ({"highway": "primary", "source:maxspeed": "FI:urban"}, 648),
        ({"highway": "primary", "maxspeed:type": "FI:urban"}, 648),
        ({"highway": "primary", "zone:traffic": "FI:urban"}, 648),
        ({"highway": "primary", "zone:traffic": "FI:rural"}, 426),
        ({"highway": "primary", "maxspeed": "60", "zone:traffic": "FI:urban"}, 568),  # posted: 57
    ],
)
def test_a_limit_in_words_is_understood(tags, expected):
    assert seconds(tags, "finland-car") == (expected, expected)


def test_every_limit_in_words_and_every_urban_speed_has_a_drawn_road():
    table = built_in_table("finland-car")
    words = {
        "FI:motorway", "FI:trunk", "FI:rural", "FI:urban", "FI:living_street", "FI:zone20",
        "FI:zone30", "FI:zone40", "FI:zone50", "FI:zone:20", "FI:zone:30", "FI:zone:40",
        "FI:zone:50",
    }  # fmt: skip
    urban = {
        "trunk", "primary", "secondary", "tertiary", "unclassified", "road", "residential",
        "living_street", "service", "track",
    }  # fmt: skip
    assert set(table.maxspeed_implicit_km_h) == words
    assert set(table.urban_km_h) == urban


@pytest.mark.parametrize(
    ("road_class", "posted", "expected"),
    [
        ("living_street", "50", 1620),  # capped at 20 km/h
        ("service", "80", 1080),  # at 30
        ("track", "80", 1080),
        ("track", "20", 1705),  # 19: the limit counts
    ],
)
def test_nobody_drives_80_on_a_track(road_class, posted, expected):
    tags = {"highway": road_class, "maxspeed": posted}
    assert seconds(tags, "finland-car") == (expected, expected)
    assert set(built_in_table("finland-car").limit_cap_km_h) == {
        "living_street",
        "service",
        "track",
    }


@pytest.mark.parametrize(
    ("tags", "summer", "winter"),
    [
        ({"highway": "motorway", "oneway": "no", "maxspeed": "120"}, 284, 316),  # 114, 0.90
        ({"highway": "trunk", "maxspeed": "100"}, 341, 371),  # 95; 0.92 of it: 87.4
        ({"highway": "trunk", "maxspeed": "80"}, 426, 435),  # 76; 0.98 of it: 74.48
        ({"highway": "trunk", "maxspeed": "60"}, 568, 568),  # 57 in both
        (
            {"highway": "trunk", "maxspeed": "100", "maxspeed:conditional": "80 @ (Nov-Mar)"},
            341,
            426,
        ),  # the map's own winter limit: 76
        ({"highway": "trunk", "maxspeed": "FI:rural"}, 426, 449),  # 76, 72.2: not posted
        ({"highway": "primary", "surface": "gravel"}, 540, 540),  # the cap stays 60
        ({"highway": "service", "access": "private"}, 2160, 2204),
    ],
)
def test_winter_lowers_posted_limits_and_slows_the_rest(tags, summer, winter):
    assert seconds(tags, "finland-car", "summer") == (summer, summer)
    assert seconds(tags, "finland-car", "winter") == (winter, winter)
    posted = built_in_table("finland-car").winter.posted_factor
    assert posted == {"70": 0.98, "90": 0.92, "110": 0.90}


def test_what_was_assumed_for_limits_is_counted():
    world = World(
        "a-b-c-d-e-f",
        {
            "ab": {"maxspeed": "80"},
            "bc": {"maxspeed": "80|60"},
            "cd": {"maxspeed": "30 knots"},
            "de": {"maxspeed": "FI:rural"},
            "ef": {"access": "private"},
        },
    )
    table = built_in_table("finland-car")
    counts = drive_times(world.network(table), table).counts
    assert counts == {
        "edges_open": 5,
        "edges_closed": 0,
        "maxspeed_unreadable": 2,
        "maxspeed_implied": 1,
        "maxspeed_absent": 1,
        "private_open": 1,
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80", 80.0),
        ("5", 5.0),
        ("130", 130.0),
        ("62.5", 62.5),
        ("50 mph", 80.4672),
        ("80 mph", 128.74752),
        ("81 mph", 130.356864),
        ("94 mph", None),  # 151.3 km/h
        ("3 mph", 4.828032),
        ("walk", 5.0),
        ("0.5", None),
        ("4 mph", 6.437376),
        ("0", None),
        ("050", 50.0),
        ("1000", None),
        ("50;80", None),
        ("80|60", None),
        ("30 knots", None),
        ("999999999999999999999", None),
        ("FI:urban", None),
        ("", None),
    ],
)
def test_a_limit_is_read_strictly(text, expected):
    assert parse_maxspeed(text) == (None if expected is None else pytest.approx(expected, abs=1e-9))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10", 600),
        ("00:10", 600),
        ("01:30", 5400),
        ("01:02:03", 3723),
        ("PT10M", 600),
        ("PT1H", 3600),
        ("PT1H30M", 5400),
        ("pt45s", 45),
        ("0", None),
        ("00:00", None),
        ("soon", None),
        ("10 min", None),
        ("", None),
        ("-5", None),
        ("PT", None),
        ("P1D", 86400),
        ("P1DT2H30M", 95400),
        ("P1W", 604800),
        ("PT1.5H", 5400),
        ("PT1,5H", 5400),
        ("P1M", None),
        ("00:75", None),
        ("1:2:3:4", None),
    ],
)
def test_a_duration_is_read_strictly(text, expected):
    assert parse_duration_s(text) == expected


# --- the tables themselves -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"speed_km_h": {}}, "names no highway class"),
        ({"speed_km_h": {"primary": 0}}, "greater than 0"),
        ({"speed_km_h": {"primary": -80}}, "greater than 0"),
        ({"speed_km_h": {"primary": 131}}, "less than or equal to 130"),
        ({"speed_km_h": {"primary": float("nan")}}, "finite number|greater than 0"),
        ({"speed_km_h": {"primary": "fast"}}, "valid number"),
        ({"mode": "sledge"}, "'car', 'bicycle' or 'walk'"),
        ({"ferries": True}, r"ferries = true needs a \[ferry\] table"),
        ({"junction_delay_s": -1}, "greater than or equal to 0"),
        ({"maxspeed_share": 1.2}, "less than or equal to 1"),
        ({"maxspeeed_share": 0.9}, "Extra inputs are not permitted"),
        ({"access": "some"}, "'hierarchy' or 'any'"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused(wrong, message):
    fine = {"name": "t", "mode": "car", "speed_km_h": {"primary": 80}}
    with pytest.raises(ValidationError, match=message):
        SpeedTable(**{**fine, **wrong})


def test_an_unknown_table_is_refused_with_the_nearest_name():
    with pytest.raises(StudyError, match='did you mean "finland-car"'):
        read_speeds("finland-cra")


def test_a_tables_own_file_is_checked_key_by_key(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\nmode = "car"\nuse_maxsped = true\n[speed_km_h]\nprimary = 80\n')
    with pytest.raises(StudyError, match=r'use_maxsped.*did you mean "use_maxspeed"'):
        read_speeds(path)


def test_a_tables_own_file_is_read(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\nmode = "car"\n[speed_km_h]\nprimary = 36\n')
    assert seconds({"highway": "primary"}, read_speeds(path)) == (900, 900)


@pytest.mark.parametrize("table", TABLES)
def test_a_built_in_table_names_the_source_of_its_speeds_and_of_its_access_rule(table):
    assert {"speed_km_h", "access"} <= set(built_in_table(table).sources)


def test_only_the_tags_that_a_table_reads_are_kept():
    assert "motorcar" in keys_read(built_in_table("finland-car"))
    assert "foot" not in keys_read(built_in_table("finland-car"))
    assert "4wd_only" in keys_read(built_in_table("finland-car"))
    assert "oneway:bicycle" in keys_read(built_in_table("bicycle"))


# --- misspelt classes, and ways of other single users --------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        {"speed_km_h": {"primry": 80}},
        {"urban_km_h": {"Primary": 50}},
        {"designated_km_h": {"primary ": 10}},
        {"limit_cap_km_h": {"primray": 30}},
        {"junction_classes": ["primay"]},
        {"no_stopping": ["primery"]},
        {"winter": {"factor": {"primarry": 0.9}}},
    ],
)
def test_a_misspelt_class_is_refused_with_the_right_one(key):
    with pytest.raises(ValidationError, match='did you mean "primary"'):
        SpeedTable(**{"name": "own", "mode": "car", "speed_km_h": {"secondary": 60}} | key)


def test_a_study_s_own_table_with_a_misspelt_class_names_the_file_and_the_class(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\nmode = "car"\n[speed_km_h]\nprimry = 80\n', encoding="utf-8")
    with pytest.raises(StudyError, match=r'own\.toml.*"primry".*did you mean "primary"'):
        read_speeds(path)


def test_a_class_of_the_maps_own_is_kept_and_told(tmp_path, caplog):
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\nmode = "car"\n[speed_km_h]\nmainroad = 80\n', encoding="utf-8")
    assert read_speeds(path).speed_km_h == {"mainroad": 80}
    assert "mainroad" in caplog.text


@pytest.mark.parametrize(
    ("table", "tags", "is_open"),
    [
        ("finland-car", {"motor_vehicle": "agricultural,forestry"}, False),
        ("finland-car", {"motor_vehicle": "bus;taxi"}, False),
        ("finland-car", {"motor_vehicle": "agricultural;snowmobile"}, False),
        ("finland-car", {"motor_vehicle": "No"}, False),
        ("finland-car", {"motor_vehicle": "bus|yes"}, True),
        ("generic-car", {"access": "hgv"}, False),
        ("walk", {"access": "motor_vehicle"}, False),
        ("walk", {"access": "motor_vehicle", "foot": "yes"}, True),
        ("bicycle", {"access": "motorcar"}, False),
        ("bicycle", {"access": "foot"}, False),
        ("walk", {"access": "bicycle"}, False),
    ],
)
def test_a_way_of_other_users_is_closed_however_the_list_is_written(table, tags, is_open):
    there, back = seconds(tags, table)
    assert (there is not None, back is not None) == (is_open, is_open)
