"""Who goes where: people by service point, before and after, and the hardest-hit places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from accessibility.comparison import Comparison, load_by_site, place_of_cells
from accessibility.pages.cells import (
    NONE,
    minutes_cell,
    number_column,
    people_cell,
    text_cell,
    text_column,
    withheld_note,
)
from accessibility.pages.figures import Figures
from accessibility.pages.options import Option
from accessibility.pages.tables import Cell, Table
from accessibility.pages.voice import Voice

Mask = npt.NDArray[np.bool_]


def load_tables(figures: Figures, voice: Voice) -> list[Table]:
    """Show how many residents each service point is the nearest to, tier by tier, by option."""
    tiers = figures.options[0].run.tiers.ids
    return [_loads(figures, voice, tier, place) for place, tier in enumerate(tiers)]


def site_name(voice: Voice, options: Sequence[Option], site: str) -> str:
    """Name a site, with its id; "" is none."""
    if not site:
        return voice.words.gettext("none")
    for option in options:
        frame = option.run.sites.frame
        if site in frame.index and str(frame.at[site, "name"]):
            name = str(frame.at[site, "name"])
            if names_itself(name, site):
                return voice.safe(name)
            return f"{voice.safe(name)}, {voice.safe(site)}"
    return voice.safe(site)


def names_itself(name: str, site: str) -> bool:
    """Tell whether a site's name ends with its id, as that of a site without a name may.

    >>> names_itself("Unnamed clinic n12", "n12"), names_itself("Clinic 12", "2")
    (True, False)
    """
    return name == site or name.endswith(f" {site}")


def _loads(figures: Figures, voice: Voice, tier: str, place: int) -> Table:
    say, options = voice.words.gettext, figures.options
    loads = [load_by_site(option.run.outcome(voice.words.language), tier) for option in options]
    sites = sorted({str(site) for load in loads for site in load.index})
    told = _told(figures, tier, sites)
    capacity = _capacities(options)
    order = sorted(sites, key=lambda site: (-float(loads[0].get(site, 0.0)), site))
    rows = []
    for site in order:
        cells = [text_cell(voice, site_name(voice, options, site))]
        for number, load in enumerate(loads):
            cells.append(_load(voice, options, number, site, load, told[number][site]))
        if capacity:
            cells.append(_capacity(voice, capacity.get(site, [])))
        rows.append(cells)
    columns = [text_column(say("service point"))]
    columns += [number_column(option.label) for option in options]
    if capacity:
        columns.append(number_column(say("capacity")))
    caption = say(
        "Residents whose nearest service point {by_mode} it is: {tier}",
        by_mode=voice.phrases.by_mode(),
        tier=voice.tier(tier),
    )
    hidden = any(cell.is_withheld for row in rows for cell in row)
    return Table(
        id=f"service-points-{place + 1}",
        caption=voice.html(caption),
        columns=columns,
        rows=rows,
        notes=(withheld_note(voice),) if hidden else (),
    )


def _capacities(options: Sequence[Option]) -> dict[str, list[float]]:
    """List each site's capacities, those of the options that change it after today's."""
    found: dict[str, list[float]] = {}
    for option in options:
        frame = option.run.sites.frame
        if "capacity" not in frame:
            continue
        for site, value in frame["capacity"].dropna().items():
            known = found.setdefault(str(site), [])
            if float(value) not in known:
                known.append(float(value))
    return found


def _load(
    voice: Voice,
    options: Sequence[Option],
    number: int,
    site: str,
    load: pd.Series[float],
    told: bool,
) -> Cell:
    if site not in options[number].run.sites.frame.index:
        stood = site in options[0].run.sites.frame.index  # what another option opens never stood
        return Cell(shown=voice.words.gettext("closed") if stood else NONE, values=(None,))
    return people_cell(voice, float(load.get(site, 0.0)) if told else None)


def _capacity(voice: Voice, capacities: Sequence[float]) -> Cell:
    if not capacities:
        return Cell(shown=NONE, values=(None,))
    shown = " → ".join(voice.words.shortest(one) for one in capacities)
    return Cell(shown=shown, values=(capacities[0] if len(capacities) == 1 else None,))


def _told(figures: Figures, tier: str, sites: Sequence[str]) -> list[dict[str, bool]]:
    """Choose the loads that may be told: none gives a small cell away, nor does any change."""
    nearest = [
        option.run.nearest[f"site_{tier}"].fillna("").astype(str).to_numpy()
        for option in figures.options
    ]
    found = []
    for own in nearest:
        parts = [own == site for site in sites]
        shown = figures.guard.shown_parts([*parts, own == ""])
        found.append(dict(zip(sites, shown, strict=False)))
    for own, told in zip(nearest[1:], found[1:], strict=True):
        for site in sites:
            changed = (own == site) ^ (nearest[0] == site)
            if changed.any() and not figures.guard.shows(changed):
                told[site] = False
        hidden = [site for site in sites if not told[site]]
        others = [site for site in sites if told[site] and (own == site).any()]
        if len(hidden) == 1 and others:
            people = figures.guard.people
            told[min(others, key=lambda site: (float(people[own == site].sum()), site))] = False
    return found


# --- places ---------------------------------------------------------------------------------------


def place_tables(figures: Figures, voice: Voice, option: Option, number: int) -> list[Table]:
    """Show the settlements or municipalities that an option hits hardest, tier by tier."""
    comparison = option.comparison
    if comparison is None:
        return []
    tables = []
    for place, tier in enumerate(comparison.after.tiers.ids):
        rows = comparison.places[comparison.places["tier"] == tier]
        if len(rows):
            tables.append(_places(figures, voice, option, rows, f"places-{number}-{place + 1}"))
    return tables


def _places(figures: Figures, voice: Voice, option: Option, places: pd.DataFrame, id: str) -> Table:
    say = voice.words.gettext
    comparison = option.comparison
    assert comparison is not None  # noqa: S101
    tier = str(places["tier"].iloc[0])
    known = set() if comparison.after.places is None else set(comparison.after.places["name"])
    rows = []
    for row in places.to_dict("records"):
        cells, cut = _cells_of(comparison, tier, str(row["place"]), str(row["municipality"]))
        told = figures.guard.shows(cells)
        cut_told = told and figures.guard.shows(cut) and figures.guard.shows(cells & ~cut)
        worst = None if row["cut_off"] >= row["people"] else _number(row["worst_added_min"])
        elsewhere = row["place"] == row["municipality"] and row["place"] not in known
        name = say("elsewhere in the municipality") if elsewhere else voice.safe(row["place"])
        if not known:
            name = voice.area(str(row["municipality"]))
        rows.append(
            [
                text_cell(voice, name),
                text_cell(voice, voice.area(str(row["municipality"]))),
                people_cell(voice, float(row["people"]) if told else None),
                minutes_cell(voice, _number(row["mean_added_min"])),
                minutes_cell(voice, worst),
                people_cell(voice, float(row["cut_off"]) if cut_told else None),
            ]
        )
    caption = f"{option.label}. " + say(
        "Where travel time {by_mode} grows most: {tier}",
        by_mode=voice.phrases.by_mode(),
        tier=voice.tier(tier),
    )
    hidden = any(cell.is_withheld for row in rows for cell in row)
    return Table(
        id=id,
        caption=voice.html(caption),
        columns=[
            text_column(say("place")),
            text_column(say("municipality")),
            number_column(say("residents whose travel time grows")),
            number_column(say("more minutes: mean")),
            number_column(say("more minutes: worst")),
            number_column(say("no longer reach any")),
        ],
        rows=rows,
        notes=(withheld_note(voice),) if hidden else (),
    )


def _number(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else float(value)


def _cells_of(
    comparison: Comparison, tier: str, place: str, municipality: str
) -> tuple[Mask, Mask]:
    """Mark the cells of a place whose travel time grows, and those of them that are cut off."""
    area = comparison.after.population.municipalities
    index = comparison.cells.index
    named = pd.Series("", index) if area is None else area.fillna("")
    here = (named == municipality) & (place_of_cells(comparison.after, named) == place)
    before = comparison.cells[f"minutes_before_{tier}"]
    after = comparison.cells[f"minutes_after_{tier}"]
    grows = np.asarray(here & (after > before), dtype=np.bool_)
    return grows, grows & ~np.isfinite(after.to_numpy(dtype=np.float64))
