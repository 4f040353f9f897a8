"""The map of the sites alone."""

from __future__ import annotations

import folium

from accessibility.maps.compact import extent
from accessibility.maps.escaping import html_text
from accessibility.maps.page import sheet_map
from accessibility.maps.sheet import Json, Mark, Sheet, site_rows
from accessibility.maps.words import sentence, words_in
from accessibility.sites import Sites


def explore_sites(sites: Sites, *, language: str = "en") -> folium.Map:
    """Show service points on a folium map.

    Parameters
    ----------
    sites
        The service points. Without a study nothing says which tier is the higher, so the rarer one
        is drawn larger.
    language
        "fi", "sv" or "en".

    Returns
    -------
    folium.Map
        Its page opens without a network.
    """
    words = words_in(language)
    frame = sites.frame
    counts = frame["tier"].value_counts()
    tiers = sorted(counts.index, key=lambda tier: (-counts[tier], tier))
    marks = [
        Mark(
            letter=html_text(tier if len(tier) <= 2 else tier[:1]), name=html_text(tier), rank=rank
        )
        for rank, tier in enumerate(tiers)
    ]
    index = {tier: place for place, tier in enumerate(tiers)}
    data: dict[str, Json] = {"sites": site_rows(frame, index, [[] for _ in range(len(frame))])}
    return sheet_map(
        Sheet(
            language=language,
            title=sentence(words["sites"]),
            subtitle=f"{len(frame)} {words['sites']}",
            caption=sentence(words["tier"]),
            bounds=extent(frame)[0],
            marks=marks,
            data=data,
        )
    )
