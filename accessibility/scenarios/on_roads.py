"""What a scenario does to the roads: speeds of chosen edges, before anything is searched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from accessibility.network import DriveTimes, RoadNetwork, at_edge_speeds
from accessibility.projections import transformer
from accessibility.scenarios.changes import (
    CloseFerry,
    CloseRoad,
    RoadChange,
    Roads,
    ScaleSpeed,
    SetSpeed,
)

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def select_edges(network: RoadNetwork, roads: Roads, crs: str) -> Mask:
    """Mark the edges that a choice of roads means.

    Parameters
    ----------
    network
        The roads.
    roads
        The choice; an edge must meet all its conditions.
    crs
        The study's CRS, in which distances are measured.

    Returns
    -------
    Mask
        Shape (edges,).
    """
    chosen = np.ones(network.edges, dtype=bool)
    if roads.ref is not None:
        numbers = [{one.strip() for one in ref.split(";")} for ref in network.way_ref]
        chosen &= np.array([roads.ref in one for one in numbers])[network.edge_way]
    if roads.way is not None:
        chosen &= (network.way_id == roads.way)[network.edge_way]
    if roads.near is None and roads.polygon is None:
        return chosen
    edges = np.flatnonzero(chosen)
    edge_of_point = np.repeat(np.arange(network.edges), np.diff(network.point_from))
    lines = shapely.linestrings(network.points_in(crs), indices=edge_of_point)[edges]
    to_crs = transformer(4326, crs)
    if roads.near is not None and roads.within_m is not None:
        point = shapely.Point(to_crs.transform(*roads.near))
        chosen[edges] &= shapely.dwithin(lines, point, roads.within_m)
    if roads.polygon is not None:
        corners = [to_crs.transform(lon, lat) for lon, lat in roads.polygon]
        area = shapely.make_valid(shapely.Polygon(corners))
        shapely.prepare(area)
        chosen[edges] &= shapely.intersects(area, lines)
    return chosen


def change_roads(
    times: DriveTimes, changes: Sequence[RoadChange], crs: str
) -> tuple[DriveTimes, list[str]]:
    """Apply changes to the speeds of a network, in order.

    Parameters
    ----------
    times
        The baseline's driving times, in the scenario's season.
    changes
        Changes of roads.
    crs
        The study's CRS.

    Returns
    -------
    tuple
        The new driving times, and the problems: changes that select or alter nothing.
    """
    forward_km_h, backward_km_h = times.forward_km_h.copy(), times.backward_km_h.copy()
    through = times.through.copy()
    problems = []
    for change in changes:
        everything = np.ones(times.network.edges, dtype=bool)
        edges = everything if change.road is None else select_edges(times.network, change.road, crs)
        edges = edges & times.ferry if isinstance(change, CloseFerry) else edges
        usable = edges & through & ((forward_km_h > 0) | (backward_km_h > 0))
        what = _described(change)
        if not edges.any():
            problems.append(f"{what} selects no road")
        elif not usable.any():
            problems.append(f"{what} alters nothing: that road is closed already")
        elif isinstance(change, (CloseRoad, CloseFerry)):
            through[edges] = False
        elif not _change_speeds(change, edges, forward_km_h, backward_km_h):
            problems.append(f"{what} alters nothing: the road has that speed already")
    return at_edge_speeds(times, forward_km_h, backward_km_h, through=through), problems


def _change_speeds(
    change: SetSpeed | ScaleSpeed, edges: Mask, forward_km_h: Floats, backward_km_h: Floats
) -> bool:
    """Change the speeds of chosen edges in place; tell whether any is another now."""
    altered = False
    for speed_km_h in (forward_km_h, backward_km_h):
        old_km_h = speed_km_h[edges]
        new_km_h = change.km_h if isinstance(change, SetSpeed) else old_km_h * change.factor
        speed_km_h[edges] = np.where(old_km_h > 0, new_km_h, 0.0)
        altered |= bool((speed_km_h[edges] != old_km_h).any())
    return altered


def _described(change: RoadChange) -> str:
    """Name a change as its scenario wrote it."""
    action = {
        "CloseRoad": "close_road",
        "SetSpeed": "set_speed",
        "ScaleSpeed": "scale_speed",
        "CloseFerry": "close_ferry",
    }[type(change).__name__]
    road = change.road
    if road is None:
        return action
    given = ("ref", "way", "near", "within_m", "polygon")
    parts = [f"{key} = {getattr(road, key)}" for key in given if getattr(road, key) is not None]
    return f"{action} ({', '.join(parts)})"
