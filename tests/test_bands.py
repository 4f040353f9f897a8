"""Bands of isochrones: nothing that people live in is lost while they are simplified and nested."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from accessibility.isochrone.bands import _area_under_zero, _inside, _without_points_outside

HAIR = 1e-9


def test_a_band_of_a_part_of_one_pixel_is_kept() -> None:
    # the band reaches a few metres from one pixel's centre: less than simplifying leaves out
    x, y = np.meshgrid(np.arange(9) * 250.0, np.arange(9) * 250.0)
    for inside in (0.005, 0.02, 0.2):
        height = np.full((9, 9), 1.0)
        height[4, 4] = -inside
        shape = _area_under_zero(x, y, height, 250.0)
        assert shape.area == pytest.approx(2 * (250 * inside / (1 + inside)) ** 2)
        assert shape.contains(shapely.Point(1000, 1000))


def test_a_corner_that_rounding_puts_outside_is_not_cut_off() -> None:
    # both share a border of kilometres; of the inner one a corner lies a hair further out
    corners = [(0, 0), (4000, 0), (4000, 4000), (2000, 6000), (0, 4000)]
    outer = shapely.MultiPolygon([shapely.Polygon(corners)])
    moved = [(x, y + HAIR) if y == 6000 else (x, y) for x, y in corners]
    inner = shapely.MultiPolygon([shapely.Polygon(moved)])
    shapely.prepare(outer)
    assert _without_points_outside(inner, outer) is None
    nested = _inside(inner, outer)
    assert outer.covers(nested)
    assert inner.area - nested.area < 20_000  # a metre along sixteen kilometres of border


def test_a_point_that_a_cut_left_a_hair_outside_is_left_out() -> None:
    outer = shapely.MultiPolygon([shapely.box(0, 0, 1000, 1000)])
    cut = [(0, 0), (1000, 0), (1000, 1000), (501, 1000 + HAIR), (500, 999), (499, 1000), (0, 1000)]
    shape = shapely.MultiPolygon([shapely.Polygon(cut)])
    shapely.prepare(outer)
    found = _without_points_outside(shape, outer)
    assert found is not None
    assert outer.covers(found)
    assert shape.area - found.area < 500
    assert found.geoms[0].exterior.is_closed


def test_holes_and_pieces_stay_where_a_point_is_left_out() -> None:
    outer = shapely.MultiPolygon([shapely.box(0, 0, 1000, 1000), shapely.box(2000, 0, 2500, 500)])
    first = [(1000, 0.5 - HAIR), (1000 + HAIR, 0), (0, 0), (0, 1000), (1000, 1000)]
    holed = shapely.Polygon(first, [[(100, 100), (200, 100), (200, 200)]])
    shape = shapely.MultiPolygon([holed, shapely.box(2100, 100, 2200, 200)])
    shapely.prepare(outer)
    found = _without_points_outside(shape, outer)
    assert found is not None
    assert [len(part.interiors) for part in found.geoms] == [1, 0]
    assert found.geoms[1].equals(shape.geoms[1])
