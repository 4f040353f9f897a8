"""The second half of a report: who was left out, whose numbers these are, how they were made."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from types import MappingProxyType

import pandas as pd

from accessibility.findings import Findings
from accessibility.population import REGISTER_WARNING, far_off
from accessibility.reports.facts import ReportFacts
from accessibility.reports.phrases import Phrases
from accessibility.reports.tables import markdown_table
from accessibility.runs import LONG_LEG_M, STATUSES

OSM_ATTRIBUTION = "© OpenStreetMap contributors, ODbL"


def audit_section(
    run: Findings, phrases: Phrases, *, hidden: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Count everybody once, by how their cell stands to the roads.

    Parameters
    ----------
    run, phrases
        What is told, and how.
    hidden
        What stands in place of a status's people, where they may not be told.
    """
    words, say = phrases.words, phrases.words.gettext
    audit = run.audit()
    names = _status_names(run, phrases)
    rows = [_audit_row(audit, what, names[what], phrases, hidden) for what in STATUSES]
    cells, people = len(run.population.cells), run.population.total
    total = [say("all residents"), words.whole(cells), words.whole(people)]
    rows.append([f"**{cell}**" for cell in total])
    rows += [
        _audit_row(audit, what, names[what], phrases, hidden)
        for what in audit.index
        if what not in STATUSES
    ]
    parts = [
        "## " + say("Is everybody counted?"),
        say(
            "Every cell of the population grid is counted once, by its nearest service point of "
            "any level. Those without a route {by_mode} count as not covered.",
            by_mode=phrases.by_mode(),
        ),
        markdown_table([say("cells and their residents"), say("cells"), say("residents")], rows),
    ]
    parts += _sites_left_out(run, phrases)
    return "\n\n".join(parts)


def _sites_left_out(run: Findings, phrases: Phrases) -> list[str]:
    """Say which sites serve nobody for want of a road, and how many lie outside the region."""
    words, parts = phrases.words, []
    off = run.stranded_sites
    if off:
        parts.append(
            words.ngettext(
                "{count} service point is too far from any road and serves nobody: {names}.",
                "{count} service points are too far from any road and serve nobody: {names}.",
                len(off),
                count=words.whole(len(off)),
                names=words.listed(
                    [f"{phrases.safe(name)} ({phrases.safe(one)})" for one, name in off.items()]
                ),
            )
        )
    external = int(run.sites.is_external.sum())
    if external:
        parts.append(
            words.ngettext(
                "{count} service point outside the region is left out of all figures above.",
                "{count} service points outside the region are left out of all figures above.",
                external,
                count=words.whole(external),
            )
        )
    return parts


def _status_names(run: Findings, phrases: Phrases) -> dict[str, str]:
    words, say = phrases.words, phrases.words.gettext
    last, by_mode = words.minutes(run.study.bands_min[-1]), phrases.by_mode()
    leg_km = words.shortest(run.study.file.snapping.max_leg_m / 1000)
    long_km = words.shortest(LONG_LEG_M / 1000)
    return {
        "reached": say("at most {limit} {by_mode}", limit=last, by_mode=by_mode),
        "beyond": say("over {limit} {by_mode}", limit=last, by_mode=by_mode),
        "moved": say(
            "at most {limit} {by_mode}, from a road further off: the nearest one is cut off",
            limit=last,
            by_mode=by_mode,
        ),
        "too_far": say("further than {distance} km from a road", distance=leg_km),
        "unreachable": say("no road connection to any service point"),
        "leg_over_1_km": say(
            "of these, over {distance} km but at most {limit} km from a road",
            distance=long_km,
            limit=leg_km,
        ),
        "leg_over_border": say("of these, the straight way to the road leaves the region"),
    }


def _audit_row(
    audit: pd.DataFrame, what: str, name: str, phrases: Phrases, hidden: Mapping[str, str]
) -> list[str]:
    cells = phrases.words.whole(float(audit["cells"][what]))
    people = phrases.words.whole(float(audit["people"][what]))
    return [name, cells, hidden.get(what, people)]


def population_section(
    run: Findings, phrases: Phrases, *, hidden: Container[str] = frozenset()
) -> str:
    """Say whose numbers of people these are, and how they differ from the register.

    Parameters
    ----------
    run, phrases
        What is told, and how.
    hidden
        Municipalities whose residents may not be told.
    """
    words, say = phrases.words, phrases.words.gettext
    part, counts = run.study.file.population, run.population.counts
    values = {
        "people": words.whole(run.population.total),
        "cells": words.whole(len(run.population.cells)),
    }
    first = say("{people} residents in {cells} cells of the population grid.", **values)
    if part.date is not None:
        day = phrases.safe(words.date(part.date))
        first = say(
            "{people} residents in {cells} cells of the population grid ({date}).",
            date=day,
            **values,
        )
    sentences = [first, *_withheld(run, phrases)]
    dropped = counts.get("cells_left_out_by_keep", 0)
    if dropped:
        sentences.append(
            say("The study leaves out {cells} other rows of the file.", cells=words.whole(dropped))
        )
    parts = ["## " + say("Population"), " ".join(sentences), *_register(run, phrases, hidden)]
    return "\n\n".join(parts)


def _withheld(run: Findings, phrases: Phrases) -> list[str]:
    """Say how many cells' groups are withheld, and how many do not add up."""
    words, counts = phrases.words, run.population.counts
    hidden = [counts.get(f"suppressed_cells_{group}", 0) for group in run.population.groups]
    sentences = []
    if any(hidden):
        sentences.append(
            words.gettext(
                "To protect privacy the age groups of up to {cells} small cells are withheld "
                "({people} residents whose group is unknown): they are counted as unknown, and "
                "shares of groups are given as lowest and highest.",
                cells=words.whole(max(hidden)),
                people=words.whole(counts.get("suppressed_people", 0)),
            )
        )
    perturbed = counts.get("perturbed_cells", 0)
    if perturbed:
        sentences.append(
            words.gettext(
                "In {cells} cells the age groups do not add up to the cell's residents, and in "
                "{exceed} of them they exceed these: the statistics blur small numbers to protect "
                "privacy. They are used as they stand.",
                cells=words.whole(perturbed),
                exceed=words.whole(counts.get("groups_exceed_cell", 0)),
            )
        )
    return sentences


def _register(run: Findings, phrases: Phrases, hidden: Container[str]) -> list[str]:
    """Compare with the register, municipality by municipality."""
    words, say = phrases.words, phrases.words.gettext
    register, part = run.population.register, run.study.file.population.register_
    if register is None or part is None:
        return [say("The grid was not compared with the population register.")]
    values = {
        "grid": words.whole(float(register["grid"].sum())),
        "register": words.whole(float(register["register"].sum())),
    }
    sentences = [
        say("The grid has {grid} residents, the population register {register}.", **values),
        say("The grid was scaled to the register, municipality by municipality.")
        if part.scale
        else say("The grid was not scaled to the register."),
    ]
    limit = words.percent(REGISTER_WARNING)
    far = register[far_off(register)]
    if not len(far):
        sentences.append(say("No municipality differs by more than {limit}.", limit=limit))
    unknown = register.index[register["register"].isna()]
    if len(unknown):
        sentences.append(
            say(
                "Not in the register: {areas}.",
                areas=words.listed([phrases.area(str(name)) for name in unknown]),
            )
        )
    nowhere = run.population.counts.get("register_people_without_cell", 0)
    if nowhere:
        sentences.append(
            say(
                "{people} residents of the register live in municipalities without a cell and are "
                "missing from all figures.",
                people=words.whole(nowhere),
            )
        )
    parts = [" ".join(sentences)]
    if len(far):
        by_size = far["difference"].abs().sort_values(ascending=False, na_position="first")
        far = far.reindex(by_size.index)
        rows = [
            [
                phrases.area(str(name)),
                "–" if name in hidden else words.whole(row["grid"]),
                words.whole(row["register"]),
                "–" if name in hidden else _difference(float(row["difference"]), phrases),
            ]
            for name, row in far.iterrows()
        ]
        title = words.ngettext(
            "{count} municipality differs by more than {limit}:",
            "{count} municipalities differ by more than {limit}:",
            len(far),
            count=words.whole(len(far)),
            limit=limit,
        )
        header = [say("municipality"), say("grid"), say("register"), say("difference")]
        parts += [title, markdown_table(header, rows)]
        parts.append(
            say(
                "A cell counts whole in one municipality, though some of its residents may live "
                "in the next one or, at the border, in the neighbouring country."
            )
        )
    return parts


def _difference(share: float, phrases: Phrases) -> str:
    if math.isnan(share):  # nobody in the register: no share can be taken
        return "–"
    sign = "+" if share > 0 else "−" if share < 0 else ""
    return sign + phrases.words.percent(abs(share), digits=1)


def method_section(run: Findings, phrases: Phrases, facts: ReportFacts) -> str:
    """Say how the figures were computed, and what was not assessed."""
    say = phrases.words.gettext
    lines = [*_travel(run, phrases), *_precision(phrases, facts), *_left_out(run, phrases)]
    lines.append(
        say("Computed with accessibility {version}, search engine {engine}.").format(
            version=phrases.safe(facts.version), engine=phrases.safe(facts.engine)
        )
    )
    parts = [
        "## " + say("How the figures were computed"),
        "\n".join(f"- {line}" for line in lines),
    ]
    notes = dict.fromkeys([*run.effects, *run.population.notes, *run.sites.notes, *facts.notes])
    if notes:
        parts.append(say("Notes of the programme (in English):"))
        parts.append("\n".join(f"- {phrases.safe(note)}" for note in notes))
    parts.append(say("All settings, counts and checksums: run.json."))
    return "\n\n".join(parts)


def _travel(run: Findings, phrases: Phrases) -> list[str]:
    """Say by which speeds, in which season and direction, and how people get to the road."""
    words, say = phrases.words, phrases.words.gettext
    network, snapping = run.study.file.network, run.study.file.snapping
    season = {"winter": say("winter")}.get(run.season, say("summer"))
    values = {"by_mode": phrases.by_mode(), "speeds": phrases.safe(run.speeds.name)}
    if network.direction == "from_sites":
        way = say(
            "Travel time {by_mode} runs from the service point to the residents, along the "
            "fastest route on the road network. Speed table: {speeds}; season: {season}.",
            season=season,
            **values,
        )
    else:
        way = say(
            "Travel time {by_mode} runs from the residents to the service point that is nearest "
            "by travel time, along the fastest route on the road network. Speed table: {speeds}; "
            "season: {season}.",
            season=season,
            **values,
        )
    legs = say(
        "Between the middle of a cell or a service point and the nearest road the way is straight, "
        "at {speed} km/h and at most {distance} km long.",
        speed=words.shortest(snapping.access_speed_km_h),
        distance=words.shortest(snapping.max_leg_m / 1000),
    )
    lines = [way, legs, *_uncertainty(run, phrases)]
    queues = say("Roads are free of queues; looking for a parking place is not included.")
    return [*lines, queues] if network.mode == "car" else lines


def _uncertainty(run: Findings, phrases: Phrases) -> list[str]:
    """Say within which speeds a verdict must not turn, where the study states any."""
    part, words = run.study.file.uncertainty, phrases.words
    if part is None or part.speed_factor is None:
        return []
    low, high = part.speed_factor
    return [
        words.gettext(
            "Driving speeds are uncertain: the study states {low} to {high} of those assumed. A "
            "target whose verdict turns within them cannot be decided.",
            low=words.percent_exactly(low),
            high=words.percent_exactly(high),
        )
    ]


def _precision(phrases: Phrases, facts: ReportFacts) -> list[str]:
    words, say = phrases.words, phrases.words.gettext
    lines = [
        say(
            "Times are computed in tenths of a second, each stretch of road at least one tenth, "
            "and rounded to whole seconds at the end. A limit of 30 minutes includes 30 min 0 s."
        )
    ]
    if facts.isochrone_mismatch is not None:
        share = words.percent(facts.isochrone_mismatch, digits=1)
        text = say(
            "Figures come from the cells, never from the bands drawn on maps. {share} of the "
            "residents live in cells whose middle lies outside their own band as drawn.",
            share=share,
        )
        if facts.isochrone_resolution_m is not None:
            text += " " + say(
                "The bands are drawn with a spacing of {metres} m.",
                metres=words.shortest(facts.isochrone_resolution_m),
            )
        if facts.isochrone_on_land is not None:
            text += " " + (
                say(
                    "They are cut at the coastline; cells whose middle lies at sea or at the shore "
                    "are left out of this share."
                )
                if facts.isochrone_on_land
                else say("They are not cut at a coastline, and may reach over water.")
            )
        lines.append(text)
    return lines


def _left_out(run: Findings, phrases: Phrases) -> list[str]:
    say = phrases.words.gettext
    left_out = [
        say("waiting times"),
        say("staffing"),
        say("quality"),
        say("room at the service points"),
    ]
    if phrases.mode == "car":
        left_out.insert(0, say("people without a car"))
    if all(target.open_at is None for target in run.study.targets):
        left_out.append(say("opening hours"))
    return [say("Not assessed: {things}.", things=phrases.words.listed(left_out))]


def sources_section(run: Findings, phrases: Phrases) -> str:
    """Name the files that the figures come from, and whom to credit."""
    words, say = phrases.words, phrases.words.gettext
    names = {
        "study": say("study"),
        "network": say("road network"),
        "population": say("population grid"),
        "sites": say("service points"),
        "speeds": say("speed table"),
        "register": say("population register"),
        "areas": say("municipal borders"),
        "places": say("settlements"),
    }
    dates = _dates(run)
    rows = [
        [
            names.get(what, phrases.safe(what)),
            phrases.safe(path.name),
            phrases.safe(words.date(dates[what])) if what in dates else "–",
        ]
        for what, path in run.study.inputs.items()
    ]
    parts = [
        "## " + say("Data sources"),
        markdown_table([say("what"), say("file"), say("date of the data")], rows, text_columns=3),
    ]
    if is_openstreetmap(run):
        parts.append(say("Road network: {credit}.", credit=OSM_ATTRIBUTION))
        parts.append(say("Credit the publishers of the other files as their licences ask."))
    else:
        parts.append(say("Credit the publishers of the files as their licences ask."))
    return "\n\n".join(parts)


def _dates(run: Findings) -> dict[str, str]:
    """Give the dates that the data state of themselves."""
    stated = {
        "population": run.study.file.population.date,
        "network": run.network_origin.get("timestamp"),
    }
    return {what: str(day) for what, day in stated.items() if day is not None}


def is_openstreetmap(run: Findings) -> bool:
    """Tell whether the roads come from an OpenStreetMap file."""
    name = run.study.file.network.source.lower()
    return ".osm" in name or name.endswith(".pbf") or bool(run.network_origin)
