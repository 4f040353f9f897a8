"""Downloads a road network from OpenStreetMap, when asked to and only then."""

from __future__ import annotations

from pathlib import Path

from accessibility.checks import text
from accessibility.errors import DataError, StudyError
from accessibility.network import RoadNetwork
from accessibility.sources.graphs import network_from_graph
from accessibility.sources.speed_tables import read_speeds
from accessibility.speeds import SpeedTable

NETWORK_TYPES = {"car": "drive_service", "bicycle": "bike", "walk": "walk"}


def download_network(
    place: str, path: str | Path | None = None, *, speeds: SpeedTable | str = "finland-car"
) -> RoadNetwork:
    """Download the roads of a place from OpenStreetMap through osmnx.

    Parameters
    ----------
    place
        A name that OpenStreetMap knows, such as "Jyväskylä, Finland".
    path
        Where to keep them as GraphML, for a study's `network.source`; None keeps no file.
    speeds
        The speed table of the mode of travel.

    Raises
    ------
    StudyError
        If the path is not .graphml.
    DataError
        If OpenStreetMap cannot be reached or does not know the place.

    Notes
    -----
    Needs the internet. Licence of the data: Open Database License, © OpenStreetMap contributors.
    """
    text(place, "place")
    table = speeds if isinstance(speeds, SpeedTable) else read_speeds(speeds)
    if path is not None and Path(path).suffix != ".graphml":
        raise StudyError(f"download_network: {path} must end in .graphml")
    import osmnx
    import requests

    try:
        graph = osmnx.graph_from_place(place, network_type=NETWORK_TYPES[table.mode], simplify=True)
    except requests.RequestException as problem:
        raise DataError(
            f'the roads of "{place}" could not be downloaded (no connection to OpenStreetMap?: '
            f"{type(problem).__name__}). Without internet, put an extract (.osm.pbf) beside the "
            "study and name it as network.source"
        ) from problem
    except (osmnx._errors.InsufficientResponseError, ValueError, TypeError) as problem:
        raise DataError(f'OpenStreetMap found no roads for "{place}" ({problem})') from problem
    if path is not None:
        osmnx.save_graphml(graph, path)
    return network_from_graph(graph, table)
