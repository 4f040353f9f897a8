"""The card of a closure, or of any other scenario: one page that a council can read.

Harm comes first and gross: who loses, by how much and where, before who gains; municipalities and
places by name. Round figures stand in sentences, exact ones in tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, get_args

import pandas as pd

from accessibility.checks import of_kind, word
from accessibility.comparison import MOST_PLACES, Comparison, load_by_site
from accessibility.reports.changes import Changes, TargetChange, changes_of
from accessibility.reports.escaping import markdown_text
from accessibility.reports.firmness import firmness, flips
from accessibility.reports.phrases import Phrases
from accessibility.reports.tables import markdown_table
from accessibility.reports.words import Words
from accessibility.scenarios import (
    ChangePopulation,
    CloseFerry,
    CloseRoad,
    CloseSite,
    MoveSite,
    OpenSite,
    Proposal,
    Roads,
    ScaleSpeed,
    Scenario,
    SetCapacity,
    SetHours,
    SetSeason,
    SetSpeed,
    SetTier,
    closing_of,
)
from accessibility.speeds import Mode

MOST_ROWS = 10
NONE = "–"
CUT = "…"
ROAD_KINDS = (CloseRoad, SetSpeed, ScaleSpeed, CloseFerry)

Row = Mapping[Any, Any]


def card(
    comparison: Comparison,
    *,
    language: str,
    study_name: str,
    scenario: Scenario | None = None,
    effects: Sequence[str] = (),
    mode: str = "car",
    area_names: Mapping[str, str] | None = None,
    safe: Callable[[str], str] = markdown_text,
    min_people: int = 0,
) -> str:
    """Write the card of a scenario in Markdown.

    Parameters
    ----------
    comparison
        What changes, with the names of its places in the language.
    language
        "fi", "sv" or "en".
    study_name
        What the study is called.
    scenario
        What is changed, and whose proposal it is.
    effects
        English sentences on what the changes bring with them; what the card says in its own words
        is not repeated.
    mode
        "car", "bicycle" or "walk".
    area_names
        Names of municipalities in the language, where they differ from the grid's.
    safe
        Makes a name from the data safe in Markdown.
    min_people
        Where above 0, no fewer people than this are told as a number, and tables hold tens.

    Raises
    ------
    StudyError
        If there are no words in that language.
    """
    of_kind(comparison, "comparison", Comparison, "compare two runs with compare_runs")
    word(mode, "mode", get_args(Mode))
    phrases = Phrases(words=Words(language), safe=safe)
    changes = changes_of(comparison, phrases, mode, area_names, min_people=min_people)
    sections = [_heading(changes, study_name, scenario), _edits(changes, scenario)]
    if changes.nothing():
        sections.append(f"**{changes.nothing_changes()}**")
    else:
        rest = [_targets(changes), _places(changes), _flows(changes)]
        savings = _savings(changes)
        sections.append(_growth(changes))
        sections += [*rest, savings] if changes.losing() else [savings, *rest]
    sections += [
        _preparer(changes, scenario.proposal if scenario is not None else None),
        _notes(changes, effects),
        _not_assessed(changes),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


# --- what it is about -----------------------------------------------------------------------------


def _heading(changes: Changes, study_name: str, scenario: Scenario | None) -> str:
    language, safe = changes.words.language, changes.phrases.safe
    name = changes.comparison.after.name
    if scenario is not None:
        name = scenario.name.in_language(language)
    lines = [f"# {safe(name)}", f"**{_kind(changes, scenario)}.** {safe(study_name)}"]
    if scenario is not None and scenario.proposal is not None:
        lines.append(_signed(scenario.proposal, changes))
    return "\n\n".join(line for line in lines if line)


def _kind(changes: Changes, scenario: Scenario | None) -> str:
    """Say what kind of change it is, and that times are by car."""
    say, by_mode = changes.words.gettext, changes.phrases.by_mode()
    edits = scenario.changes if scenario is not None else ()
    kinds = {type(one) for one in edits}
    if kinds == {CloseSite}:
        return changes.words.ngettext(
            "Closure of a service point: effects on travel times {by_mode}",
            "Closure of service points: effects on travel times {by_mode}",
            len(edits), by_mode=by_mode,
        )  # fmt: skip
    if kinds == {OpenSite}:
        return changes.words.ngettext(
            "New service point: effects on travel times {by_mode}",
            "New service points: effects on travel times {by_mode}",
            len(edits), by_mode=by_mode,
        )  # fmt: skip
    if kinds == {MoveSite}:
        return changes.words.ngettext(
            "Move of a service point: effects on travel times {by_mode}",
            "Move of service points: effects on travel times {by_mode}",
            len(edits), by_mode=by_mode,
        )  # fmt: skip
    if kinds and kinds <= set(ROAD_KINDS):
        return say("Change of roads: effects on travel times {by_mode}", by_mode=by_mode)
    if edits and all(isinstance(one, SetSeason) and one.value == "winter" for one in edits):
        return say("Winter: effects on travel times {by_mode}", by_mode=by_mode)
    return say("Effects of the change on travel times {by_mode}", by_mode=by_mode)


def _signed(proposal: Proposal, changes: Changes) -> str:
    """Say whose paper it is."""
    say, words = changes.words.gettext, changes.words
    fields = [
        (say("Proposed by"), proposal.body),
        (say("Diary number"), proposal.diary_number),
        (say("Preparer"), proposal.preparer),
        (say("Date"), words.date(proposal.date) if proposal.date else ""),
        (say("Contact"), proposal.contact),
    ]
    shown = [f"{label}: {changes.phrases.safe(value)}" for label, value in fields if value]
    return " · ".join(shown)


def _edits(changes: Changes, scenario: Scenario | None) -> str:
    """Say what is changed, kind by kind."""
    if scenario is None:
        return ""
    words, say = changes.words, changes.words.gettext
    closed = [one.site for one in scenario.changes if isinstance(one, CloseSite)]
    opened = [one for one in scenario.changes if isinstance(one, OpenSite)]
    moved = [one.site for one in scenario.changes if isinstance(one, MoveSite)]
    said = []
    if closed:
        said.append(
            words.ngettext(
                "Service point to be closed: {names}.",
                "Service points to be closed: {names}.",
                len(closed), names=_sites(changes, closed),
            )
        )  # fmt: skip
        said.append(_services_closed(changes, closed))
    if opened:
        names = [f"{_site(changes, one.id)} ({changes.phrases.tier(one.tier)})" for one in opened]
        said.append(
            words.ngettext(
                "Service point to be opened: {names}.",
                "Service points to be opened: {names}.",
                len(opened), names="; ".join(names),
            )
        )  # fmt: skip
    if moved:
        said.append(
            words.ngettext(
                "Service point to be moved: {names}.",
                "Service points to be moved: {names}.",
                len(moved), names=_sites(changes, moved),
            )
        )  # fmt: skip
    said += _edits_of_sites(changes, scenario)
    said += _edits_of_roads(changes, scenario)
    for one in scenario.changes:
        if isinstance(one, SetSeason):
            said.append(
                say("Speeds are those of winter.")
                if one.value == "winter"
                else say("Speeds are those of summer.")
            )
    people = [one for one in scenario.changes if isinstance(one, ChangePopulation)]
    if people:
        said.append(say("The numbers of residents are those of the option, not today's."))
    return " ".join(one for one in said if one)


def _services_closed(changes: Changes, closed: Sequence[str]) -> str:
    """Name the levels of service that go with closed sites, where there are several."""
    before = changes.comparison.before
    gone = [
        tier
        for tier in before.tiers.ids
        if set(closed) & set(before.sites.serving(tier, before.tiers, external=True))
    ]
    if len(gone) < 2:
        return ""
    return changes.words.ngettext(
        "Service levels that go with it: {tiers}.",
        "Service levels that go with them: {tiers}.",
        len(closed), tiers="; ".join(changes.phrases.tier(tier) for tier in gone),
    )  # fmt: skip


def _edits_of_sites(changes: Changes, scenario: Scenario) -> list[str]:
    say, safe = changes.words.gettext, changes.phrases.safe
    tiers, capacities, hours = [], [], []
    for one in scenario.changes:
        if isinstance(one, SetTier):
            frame = changes.comparison.before.sites.frame
            old = str(frame.at[one.site, "tier"]) if one.site in frame.index else ""
            arrow = f"{changes.phrases.tier(old)} → " if old else ""
            tiers.append(f"{_site(changes, one.site)}: {arrow}{changes.phrases.tier(one.tier)}")
        elif isinstance(one, SetCapacity):
            capacity = changes.words.shortest(one.capacity)
            capacities.append(f"{_site(changes, one.site)}: {capacity}")
        elif isinstance(one, SetHours):
            hours.append(f"{_site(changes, one.site)}: {safe(one.hours)}")
    said = []
    if tiers:
        said.append(say("The service level changes: {changes}.", changes="; ".join(tiers)))
    if capacities:
        said.append(
            say("The capacity in residents changes: {changes}.", changes="; ".join(capacities))
        )
    if hours:
        said.append(say("The opening hours change: {changes}.", changes="; ".join(hours)))
    return said


def _edits_of_roads(changes: Changes, scenario: Scenario) -> list[str]:
    say, words = changes.words.gettext, changes.words
    closed, speeds, ferries = [], [], []
    for one in scenario.changes:
        if isinstance(one, CloseRoad):
            closed.append(_road(changes, one.road))
        elif isinstance(one, SetSpeed):
            speeds.append(f"{_road(changes, one.road)}: {words.shortest(one.km_h)} km/h")
        elif isinstance(one, ScaleSpeed):
            factor = words.percent_exactly(one.factor)
            speeds.append(f"{_road(changes, one.road)}: {factor}")
        elif isinstance(one, CloseFerry):
            ferries.append(_road(changes, one.road) if one.road is not None else say("all"))
    said = []
    if closed:
        said.append(say("Closed to through traffic: {roads}.", roads="; ".join(closed)))
    if speeds:
        said.append(say("Speeds change (per cent of today's): {roads}.", roads="; ".join(speeds)))
    if ferries:
        said.append(say("Ferries that do not run: {roads}.", roads="; ".join(ferries)))
    return said


def _road(changes: Changes, road: Roads) -> str:
    """Name a choice of roads as well as it can be named."""
    say = changes.words.gettext
    if road.ref is not None:
        return say("road {ref}", ref=changes.phrases.safe(road.ref))
    if road.way is not None:
        return say("way {number} of the map", number=str(road.way))
    if road.near is not None:
        degrees = [changes.words.shortest(one) for one in (road.near[1], road.near[0])]
        return say(
            "roads within {metres} m of the point {place}",
            metres=changes.words.shortest(road.within_m or 0),
            place=" ".join(degrees),
        )
    return say("roads in an area drawn on the map")


def _sites(changes: Changes, ids: Iterable[str]) -> str:
    return "; ".join(_site(changes, one) for one in ids)


def _site(changes: Changes, site: str) -> str:
    """Name a site, with its id."""
    for outcome in (changes.comparison.before, changes.comparison.after):
        frame = outcome.sites.frame
        if site in frame.index:
            name = changes.phrases.safe(frame.at[site, "name"])
            return f"{name}, {changes.phrases.safe(site)}" if name else changes.phrases.safe(site)
    return changes.phrases.safe(site)


# --- who loses, who gains -------------------------------------------------------------------------


def _growth(changes: Changes) -> str:
    """Say for whom travel time grows: gross, by tier and municipality."""
    say, by_mode = changes.words.gettext, changes.phrases.by_mode()
    heading = "## " + say("Whose travel time {by_mode} grows", by_mode=by_mode)
    losing = changes.losing()
    nobody = say("Nobody's travel time {by_mode} grows.", by_mode=by_mode)
    if not losing:
        return f"{heading}\n\n**{nobody}**"
    items = []
    for tier in losing:
        lost, grows = changes.cut_off(tier), changes.grows(tier)
        said = [
            f"**{lost}**" if lost else "",
            changes.cut_off_where(tier),
            f"**{grows}**" if grows else "",
            changes.grows_where(tier),
            changes.yearly(tier),
        ]
        items.append(_item(changes, [tier], said))
    still = [tier for tier in changes.tiers if tier not in losing]
    if still:
        items.append(_item(changes, still, [nobody]))
    return heading + "\n\n" + "\n".join(items)


def _savings(changes: Changes) -> str:
    """Say for whom travel time shrinks: gross, by tier and municipality."""
    say, by_mode = changes.words.gettext, changes.phrases.by_mode()
    heading = "## " + say("Whose travel time {by_mode} shrinks", by_mode=by_mode)
    gaining = changes.gaining()
    nobody = say("Nobody's travel time {by_mode} shrinks.", by_mode=by_mode)
    if not gaining:
        return f"{heading}\n\n{nobody}"
    items = []
    for tier in gaining:
        said = [changes.shrinks(tier), changes.shrinks_where(tier)]
        if tier not in changes.losing():
            said.append(changes.yearly(tier))
        items.append(_item(changes, [tier], said))
    still = [tier for tier in changes.tiers if tier not in gaining]
    if still:
        items.append(_item(changes, still, [nobody]))
    return heading + "\n\n" + "\n".join(items)


def _item(changes: Changes, tiers: Sequence[str], said: Iterable[str]) -> str:
    named = "; ".join(changes.phrases.tier(tier) for tier in tiers)
    return " ".join(one for one in (f"- {named}.", *said) if one)


# --- targets --------------------------------------------------------------------------------------


def _targets(changes: Changes) -> str:
    """Say which verdicts flip, and who ends up outside; then the targets that hold all the same."""
    say = changes.words.gettext
    found = changes.targets()
    heading = "## " + say("Targets")
    has_shares = any(one.target.kind == "share" for one in found)
    parts = [heading]
    if not found:
        parts.append(say("The study sets no target."))
    else:
        said = " ".join(changes.flips())
        parts.append(f"**{said}**" if any(one.flips for one in found) else said)
        shown = sorted(found, key=lambda one: not one.flips)
        items = [_target(changes, one) for one in shown if not one.is_unchanged]
        still = [one for one in shown if one.is_unchanged]
        if still:
            names = [
                f"{changes.phrases.name(one.target)} ({changes.phrases.verdict(one.after)})"
                for one in still
            ]
            items.append("- " + say("Unchanged: {targets}.", targets="; ".join(names)))
        parts.append("\n".join(items))
    crossing = changes.crossing_bands() if not has_shares else []
    if crossing:
        parts.append("\n".join(f"- {one}" for one in crossing))
    return "\n\n".join(part for part in parts if part)


def _target(changes: Changes, change: TargetChange) -> str:
    phrases = changes.phrases
    firm = phrases.status(change.target)
    if change.target.kind == "share":
        firm += f"; {phrases.condition(change.after)}"
    name = phrases.name(change.target)
    verdicts = changes.verdicts(change)
    said = [
        f"- **{name}** ({firm}).",
        f"**{verdicts}**" if change.flips else verdicts,
        phrases.why_undecided(change.after) if change.flips else "",
        *changes.crossing(change),
        changes.falls(change),
    ]
    if any(flips(change.after, key) for key in change.after.sensitivity):
        said.append(firmness(change.after, phrases))
    return " ".join(one for one in said if one)


# --- places and sites -----------------------------------------------------------------------------


def _places(changes: Changes) -> str:
    """Draw the hardest hit places, all tiers side by side."""
    say = changes.words.gettext
    places = changes.comparison.places
    tiers = [tier for tier in changes.tiers if tier in set(places["tier"])]
    if not (places["place"] != "").any():
        return ""
    keys = ["place", "municipality"]
    places = places.assign(
        harm=(places["people"] - places["cut_off"]) * places["mean_added_min"].fillna(0)
    )
    ranked = places.groupby(keys, as_index=False)[["cut_off", "harm"]].max()
    ranked = ranked.sort_values(["cut_off", "harm", *keys], ascending=[False, False, True, True])
    found = {
        (row["place"], row["municipality"], row["tier"]): row for row in places.to_dict("records")
    }
    full = {tier for tier in tiers if (places["tier"] == tier).sum() >= MOST_PLACES}
    by_name = changes.comparison.after.places is not None
    rows = []
    for one in ranked.head(MOST_PLACES).to_dict("records"):
        cells = [changes.phrases.area(one["municipality"]) or NONE]
        if by_name:
            cells.insert(0, _place(changes, one))
        for tier in tiers:
            row = found.get((one["place"], one["municipality"], tier))
            if row is not None:
                cells += _harm(changes, row)
            else:
                cells += [CUT, CUT] if tier in full else [changes.words.whole(0), NONE]
        rows.append(cells)
    header = [say("place"), say("municipality")] if by_name else [say("municipality")]
    people, minutes = say("residents"), say("more minutes: mean / worst")
    for tier in tiers:
        prefix = f"{changes.phrases.safe(tier)}: " if len(tiers) > 1 else ""
        header += [prefix + people, prefix + minutes]
    by_mode = changes.phrases.by_mode()
    parts = [
        "## " + say("Where travel time {by_mode} grows most", by_mode=by_mode),
        _levels(changes, tiers),
        markdown_table(header, rows, text_columns=1 + by_name),
    ]
    if any(CUT in row for row in rows):
        parts.append(say("{sign} = not among the ten hardest-hit places of that level.", sign=CUT))
    return "\n\n".join(part for part in parts if part)


def _place(changes: Changes, row: Row) -> str:
    """Name a place; where no settlement is near, it is the rest of its municipality."""
    places = changes.comparison.after.places
    known = set() if places is None else set(places["name"])
    if row["place"] == row["municipality"] and row["place"] not in known:
        return changes.words.gettext("elsewhere in the municipality")
    return changes.phrases.safe(row["place"]) or NONE


def _harm(changes: Changes, row: Row) -> list[str]:
    """Write people and minutes exactly, and those who reach nothing any more."""
    words = changes.words
    said: list[str] = []
    if pd.notna(row["mean_added_min"]):
        mean, worst = float(row["mean_added_min"]), float(row["worst_added_min"])
        said.append(f"{words.decimal(mean)} / {words.decimal(worst)}")
    if row["cut_off"] > 0:
        people = _exact(changes, float(row["cut_off"]))
        said.append(words.gettext("no longer reach any: {people}", people=people))
    return [_exact(changes, float(row["people"])), "; ".join(said)]


def _exact(changes: Changes, people: float) -> str:
    """Write people as whole numbers; part of a person, which scaling leaves, is not nobody."""
    if changes.min_people > 0 and people > 0:
        return changes.about(people)
    whole = changes.words.whole(people)
    if whole == "0" and people > 0:
        return changes.words.gettext("under {share}", share=changes.words.whole(1))
    return whole


def _levels(changes: Changes, tiers: Sequence[str]) -> str:
    """Explain the ids of tiers in a table's headings; "" where there is one tier only."""
    if len(tiers) < 2:
        return ""
    safe = changes.phrases.safe
    return "; ".join(f"{safe(tier)} = {changes.phrases.tier(tier)}" for tier in tiers) + "."


def _flows(changes: Changes) -> str:
    """Draw where people go, and what load the sites get."""
    say, words = changes.words.gettext, changes.words
    flows = changes.comparison.flows
    flows = flows[flows["people"] > 0]
    if not len(flows):
        return ""
    stay = set(changes.comparison.after.sites.frame.index)
    flows = flows.assign(
        nowhere=flows["to_site"] == "", closed=~flows["from_site"].isin(stay)
    ).sort_values(["nowhere", "closed", "people"], ascending=False, kind="stable")
    rows_of = flows.to_dict("records")
    has_tiers, has_from = flows["tier"].nunique() > 1, flows["from_site"].nunique() > 1
    loads = changes.comparison.loads
    capacities = {
        (row["site"], row["tier"]): float(row["capacity"])
        for row in loads.to_dict("records")
        if row["capacity"] is not None and pd.notna(row["capacity"])
    }
    before = {tier: load_by_site(changes.comparison.before, tier) for tier in changes.tiers}
    after = {tier: load_by_site(changes.comparison.after, tier) for tier in changes.tiers}
    rows = []
    for row in sorted(rows_of[:MOST_ROWS], key=lambda row: _flow_order(row, changes)):
        tier, site = str(row["tier"]), str(row["to_site"])
        cells = [_site(changes, str(row["from_site"])) or NONE] if has_from else []
        cells.append(_site(changes, site) or say("none"))
        if has_tiers:
            cells.append(changes.phrases.safe(tier))
        cells.append(_exact(changes, float(row["people"])))
        load = [float(side[tier].get(site, 0.0)) for side in (before, after)]
        cells += [_exact(changes, one) if site else NONE for one in load]
        if capacities:
            capacity = capacities.get((site, tier))
            cells.append(NONE if capacity is None else words.shortest(capacity))
        rows.append(cells)
    header = [say("nearest now")] if has_from else []
    header.append(say("nearest after the change"))
    if has_tiers:
        header.append(say("level"))
    texts = len(header)
    header += [say("residents who change"), say("its residents now"), say("its residents after")]
    if capacities:
        header.append(say("capacity"))
    rest = rows_of[MOST_ROWS:]
    if rest:
        people = _exact(changes, sum(float(row["people"]) for row in rest))
        others = words.ngettext(
            "{count} other", "{count} others", len(rest), count=words.whole(len(rest))
        )
        filler = [NONE] * (texts - 1)
        rows.append([others, *filler, people, *[NONE] * (len(header) - texts - 1)])
    origin = str(rows_of[0]["from_site"])
    parts = [
        "## "
        + say(
            "Nearest service point {by_mode} after the change", by_mode=changes.phrases.by_mode()
        ),
        _flow_sentence(changes, origin if not has_from else ""),
        _over_capacity(changes),
        markdown_table(header, rows, text_columns=texts),
    ]
    return "\n\n".join(part for part in parts if part)


def _flow_order(row: Row, changes: Changes) -> tuple[bool, bool, str, int, float]:
    """Order flows: those who reach nothing and closed sites first, then by site and tier."""
    tier = changes.tiers.index(row["tier"])
    return not row["nowhere"], not row["closed"], row["from_site"], tier, -row["people"]


def _flow_sentence(changes: Changes, origin: str) -> str:
    say, by_mode = changes.words.gettext, changes.phrases.by_mode()
    if origin:
        return say(
            "Nearest service point {by_mode} now: {site}. The table shows which one is nearest to "
            "these residents after the change, and to how many residents it is nearest in all, "
            "now and after.",
            by_mode=by_mode,
            site=_site(changes, origin),
        )
    return say(
        "Residents whose nearest service point {by_mode} changes, and to how many residents the "
        "new one is nearest in all, now and after.",
        by_mode=by_mode,
    )


def _over_capacity(changes: Changes) -> str:
    """Name the sites that get more people than they have room for."""
    loads = changes.comparison.loads
    over = loads[loads["over_capacity"].astype(bool)]
    said = []
    for row in over.to_dict("records"):
        if row["people_after"] > row["people_before"]:
            text = changes.words.gettext(
                "Over capacity: {site} has room for {capacity} residents and is the nearest "
                "{by_mode} to {people} (now {before}).",
                site=_site(changes, str(row["site"])),
                capacity=changes.words.shortest(float(row["capacity"])),
                by_mode=changes.phrases.by_mode(),
                people=changes.about(float(row["people_after"])),
                before=changes.about(float(row["people_before"])),
            )
            said.append(f"**{text}**")
    return "\n\n".join(said)


# --- the end --------------------------------------------------------------------------------------


def _preparer(changes: Changes, proposal: Proposal | None) -> str:
    """Show the preparer's own text, marked as theirs."""
    if proposal is None or not (proposal.replacement or proposal.saving_eur is not None):
        return ""
    say, words = changes.words.gettext, changes.words
    said = []
    if proposal.replacement:
        text = changes.phrases.safe(proposal.replacement)
        said.append("- " + say("Replacement, in the preparer's words: “{text}”", text=text))
    if proposal.saving_eur is not None:
        amount = words.shortest(proposal.saving_eur)
        said.append("- " + say("Saving, according to the preparer: {amount} euros.", amount=amount))
    note = say("These are the preparer's own statements; the calculation has not checked them.")
    return "\n\n".join(["## " + say("What the preparer says"), note, "\n".join(said)])


def _notes(changes: Changes, effects: Sequence[str]) -> str:
    """List the programme's notes, save those that the card says in its own words."""
    gone = set(changes.comparison.before.sites.frame.index) - set(
        changes.comparison.after.sites.frame.index
    )
    told = tuple(closing_of(str(site)) for site in gone)
    kept = [one for one in effects if not one.startswith(told)] if told else list(effects)
    if not kept:
        return ""
    heading = changes.words.gettext("Notes of the programme (in English):")
    return heading + "\n\n" + "\n".join(f"- {changes.phrases.safe(one)}" for one in kept)


def _not_assessed(changes: Changes) -> str:
    """Say what the figures are, and what they leave out."""
    say = changes.words.gettext
    things = []
    if changes.phrases.mode == "car":
        things.append(say("people without a car"))
    things += [say("waiting times"), say("staffing"), say("quality")]
    if "capacity" not in changes.comparison.after.sites.frame:
        things.append(say("room at the service points"))
    if all(one.target.open_at is None for one in changes.comparison.after.verdicts):
        things.append(say("opening hours"))
    times = say(
        "Travel times are modelled travel times {by_mode}.", by_mode=changes.phrases.by_mode()
    )
    left_out = say("Not assessed: {things}.", things=changes.words.listed(things))
    return f"{times} {left_out}"
