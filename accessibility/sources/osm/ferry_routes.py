"""Ferry routes drawn as relations: what they say holds for those of their ways that are silent."""

from __future__ import annotations

from collections.abc import Mapping

import osmium

from accessibility.sources.osm.ways import Ways

#: Marks the ways that take their duration from one route: it is that of the whole crossing.
ROUTE_KEY = "ferry_route"


class FerryRoutes:
    """Collects the relations of ferry routes.

    Notes
    -----
    Source: https://wiki.openstreetmap.org/wiki/Tag:route=ferry. A way's own tags go before its
    route's; of several routes over a way the one with the smallest id counts.
    """

    def __init__(self) -> None:
        self._found: dict[int, tuple[int, dict[str, str], list[int]]] = {}

    def take(self, relation: osmium.osm.Relation) -> None:
        """Take a relation, if it is a ferry's route; of several versions the newest counts."""
        tags = relation.tags
        if tags.get("type") != "route" or tags.get("route") != "ferry":
            self.drop(relation.id, relation.version)
            return
        before = self._found.get(relation.id)
        if before is None or before[0] <= relation.version:
            members = [one.ref for one in relation.members if one.type == "w"]
            told = {tag.k: tag.v for tag in tags if tag.k not in ("type", "route", "name", "ref")}
            self._found[relation.id] = (relation.version, told, members)

    def drop(self, relation_id: int, version: int) -> None:
        """Forget a relation that is deleted, and its older versions that are still to come."""
        before = self._found.get(relation_id)
        if before is None or before[0] <= version:
            self._found[relation_id] = (version, {}, [])

    def give_tags(self, ways: Ways) -> None:
        """Give each ferry the tags of its route that it does not carry itself."""
        places = ways.places()
        given: set[int] = set()
        names = list(ways.tagsets)
        for relation_id in sorted(self._found):
            _, told, members = self._found[relation_id]
            for way in members:
                place = places.get(way)
                if place is None or place in given:
                    continue
                own = dict(names[ways.tags[place]])
                if own.get("route") != "ferry":
                    continue
                given.add(place)
                merged = self._merged(own, told, relation_id, ways.keys)
                ways.tags[place] = ways.tagset(tuple(merged.items()))
                ways.counts["ferries_tagged_by_their_route"] += merged != own

    def _merged(
        self, own: Mapping[str, str], told: Mapping[str, str], relation: int, keys: tuple[str, ...]
    ) -> dict[str, str]:
        merged = dict(own)
        for key in keys:
            if key in told and key not in own:
                merged[key] = told[key]
        if "duration" in told and "duration" not in own:
            merged[ROUTE_KEY] = str(relation)
        return dict(sorted((key, value) for key, value in merged.items() if key in keys))
