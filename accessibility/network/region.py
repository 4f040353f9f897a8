"""Whether a network lies where a speed table's numbers hold."""

from __future__ import annotations

import numpy as np

from accessibility.network.roads import RoadNetwork
from accessibility.speeds import SpeedTable

#: Share of a network's points outside the region from which it counts as another place.
MOSTLY = 0.5


def region_problem(network: RoadNetwork, table: SpeedTable) -> str:
    """Say that a network lies outside the region that a speed table was made for.

    Parameters
    ----------
    network
        The roads.
    table
        The speed table.

    Returns
    -------
    str
        What is wrong and what to do; empty where the table holds there, or anywhere.
    """
    if table.region is None:
        return ""
    west, south, east, north = table.region
    lon, lat = network.point_lon, network.point_lat
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    outside = 1 - float(np.mean(inside))
    if outside < MOSTLY:
        return ""
    return (
        f'the speed table "{table.name}" was made for {west:g}-{east:g} E, {south:g}-{north:g} N, '
        f"and {outside:.0%} of the network lies outside: its speeds and general limits are those "
        'of another place. Name "generic-car", or make a table of the country'
    )
