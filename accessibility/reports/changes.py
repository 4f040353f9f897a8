"""What a scenario does to people and targets, in sentences: for the card, and for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from accessibility.comparison import Comparison
from accessibility.reports.phrases import LOWEST_NAMED, MOST_NAMED, Phrases, people_outside
from accessibility.reports.words import NO_BREAK_SPACE, SAME_SHARE, Words
from accessibility.services import EVERYBODY, WHOLE_AREA, Target
from accessibility.targets import Verdict

#: Fewer people than this are never rounded to tens: they would become nobody.
FEW_CHANGED = 5
#: Limits that are told where a study sets no target for travel time.
HEADLINE_MIN = (30, 60)
#: A fall of a municipality's share that is worth a mention: a percentage point.
LEAST_FALL = 0.01

Row = Mapping[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetChange:
    """One target before and after, with the people who cross its limit."""

    before: Verdict
    after: Verdict
    newly_outside: float
    newly_inside: float

    @property
    def target(self) -> Target:
        """What is asked."""
        return self.after.target

    @property
    def flips(self) -> bool:
        """Whether the verdict is another one."""
        return self.before.word != self.after.word

    @property
    def is_unchanged(self) -> bool:
        """Whether nobody crosses the limit and every figure stays."""
        figures = (self.before.measured_low, self.before.measured_high)
        same = figures == (self.after.measured_low, self.after.measured_high)
        return same and not self.flips and not self.newly_outside and not self.newly_inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Sentences about a comparison.

    Whole minutes and tens of people stand in them; of a few people they say that it is a few,
    never that it is nobody.

    Parameters
    ----------
    comparison
        What changes.
    phrases
        The language, the mode of travel, and names.
    min_people
        Where above 0, no fewer people than this are told as a number, and no number exactly.
    """

    comparison: Comparison
    phrases: Phrases
    min_people: int = 0

    # --- figures in words -------------------------------------------------------------------------

    @property
    def words(self) -> Words:
        """The language."""
        return self.phrases.words

    def about(self, people: float) -> str:
        """Write a number of people (or hours) in round figures: about 7,290; fewer than 5."""
        say, few = self.words.gettext, max(FEW_CHANGED, self.min_people)
        if people < few:
            return say("fewer than {people}", people=self.words.whole(few))
        return say("about {people}", people=self.words.tens(people))

    def residents(self, people: float, group: str = EVERYBODY) -> str:
        """Write a number of residents, of a group where one is meant."""
        say, about = self.words.gettext, self.about(people)
        if group == EVERYBODY:
            return say("{people} residents", people=about)
        return say(
            "{people} residents in group {group}", people=about, group=self.phrases.safe(group)
        )

    def minutes(self, minutes: float) -> str:
        """Write a difference in whole minutes."""
        whole = self.words.whole(minutes)
        if whole == "0":
            return self.words.gettext("less than 1 minute")
        return self.words.ngettext(
            "{minutes} minute", "{minutes} minutes", 1 if whole == "1" else 2, minutes=whole
        )

    def minutes_shortly(self, minutes: float) -> str:
        """Write a difference in whole minutes, for a list."""
        whole = self.words.whole(minutes)
        unit = f"{NO_BREAK_SPACE}min"
        if whole == "0":
            return self.words.gettext("under {share}", share=f"1{unit}")
        return f"{whole}{unit}"

    # --- people -----------------------------------------------------------------------------------

    @property
    def tiers(self) -> tuple[str, ...]:
        """Ids of the tiers."""
        return self.comparison.after.tiers.ids

    def losing(self) -> list[str]:
        """List the tiers on which anybody loses."""
        return [tier for tier in self.tiers if self.comparison.of_everybody(tier)["lose"] > 0]

    def gaining(self) -> list[str]:
        """List the tiers on which anybody gains."""
        return [tier for tier in self.tiers if self.comparison.of_everybody(tier)["gain"] > 0]

    def nothing(self) -> bool:
        """Tell whether nothing changes for anybody."""
        before, after = self.comparison.before, self.comparison.after
        return (
            not self.losing()
            and not self.gaining()
            and all(one.is_unchanged for one in self.targets())
            and not (self.comparison.flows["people"] > 0).any()
            and bool(np.array_equal(before.population.people, after.population.people))
        )

    def cut_off(self, tier: str) -> str:
        """Say how many people reach nothing any more; "" where nobody."""
        people = float(self.comparison.of_everybody(tier)["cut_off"])
        if not people > 0:
            return ""
        said = self.words.gettext(
            "{people} residents no longer reach any service point of this level {by_mode}.",
            people=self.about(people),
            by_mode=self.phrases.by_mode(),
        )
        return _capital(said)

    def cut_off_where(self, tier: str) -> str:
        """Say in which municipalities people reach nothing any more."""
        rows = [row for row in self._areas(tier) if row["cut_off"] > 0]
        areas = [(self.phrases.area(row["area"]), float(row["cut_off"]), 0.0) for row in rows]
        return self._by_municipality(areas)

    def grows(self, tier: str) -> str:
        """Say for how many people travel time grows, and by how much; "" where for nobody."""
        row = self.comparison.of_everybody(tier)
        people = float(row["lose"] - row["cut_off"])
        if not people > 0:
            return ""
        say, by_mode = self.words.gettext, self.phrases.by_mode()
        figures = (row["mean_added_min"], row["p90_added_min"], row["worst_added_min"])
        mean, most, worst = (self.minutes(float(one)) for one in figures)
        about = self.about(people)
        if mean == worst:
            return say(
                "Travel time {by_mode} grows for {people} residents: by {worst} for each of them.",
                by_mode=by_mode, people=about, worst=worst,
            )  # fmt: skip
        if most in (mean, worst):
            return say(
                "Travel time {by_mode} grows for {people} residents: by {mean} on average and by "
                "{worst} at worst.",
                by_mode=by_mode, people=about, mean=mean, worst=worst,
            )  # fmt: skip
        return say(
            "Travel time {by_mode} grows for {people} residents: by {mean} on average, by at most "
            "{most} for nine in ten of them, and by {worst} at worst.",
            by_mode=by_mode, people=about, mean=mean, worst=worst,
            most=self.minutes(max(float(row["p90_added_min"]), 1.0)),
        )  # fmt: skip

    def grows_where(self, tier: str) -> str:
        """Say in which municipalities travel time grows, with the mean growth."""
        areas = []
        for row in self._areas(tier):
            people = float(row["lose"] - row["cut_off"])
            if people > 0:
                minutes = float(row["mean_added_min"])
                areas.append((self.phrases.area(row["area"]), people, minutes))
        return self._by_municipality(areas)

    def newly_reached(self, tier: str) -> float:
        """Count the people who reached nothing and now reach a site."""
        cells = self.comparison.cells
        old = cells[f"minutes_before_{tier}"].to_numpy(dtype=np.float64)
        new = cells[f"minutes_after_{tier}"].to_numpy(dtype=np.float64)
        people = self.comparison.after.population.people
        return float(people[np.isinf(old) & np.isfinite(new)].sum())

    def shrinks(self, tier: str) -> str:
        """Say for how many people travel time shrinks, and who reaches a site at last."""
        row = self.comparison.of_everybody(tier)
        say, by_mode = self.words.gettext, self.phrases.by_mode()
        reached = self.newly_reached(tier)
        people = float(row["gain"]) - reached
        said = []
        if people > 0:
            said.append(
                say(
                    "Travel time {by_mode} shrinks for {people} residents, by {mean} on average.",
                    by_mode=by_mode,
                    people=self.about(people),
                    mean=self.minutes(float(row["mean_saved_min"])),
                )
            )
        if reached > 0:
            text = say(
                "After the change {people} residents who now reach no service point of this "
                "level {by_mode} do reach one.",
                by_mode=by_mode,
                people=self.about(reached),
            )
            said.append(_capital(text))
        return " ".join(said)

    def shrinks_where(self, tier: str) -> str:
        """Say in which municipalities people gain, with the mean saving."""
        areas = []
        for row in self._areas(tier):
            if row["gain"] > 0:
                saved = float(row["mean_saved_min"])
                areas.append((self.phrases.area(row["area"]), float(row["gain"]), saved))
        return self._by_municipality(areas)

    def yearly(self, tier: str) -> str:
        """Say how much time is spent on the way in a year; "" where visits are not known."""
        hours = self.comparison.yearly.get(tier, 0.0) / 60
        if not hours:
            return ""
        say, about = self.words.gettext, self.about(abs(hours))
        if hours > 0:
            text = say(
                "In all, {hours} hours more are spent on the way {by_mode} in a year (there and "
                "back, with the study's visits per resident)."
            )
        else:
            text = say(
                "In all, {hours} hours less are spent on the way {by_mode} in a year (there and "
                "back, with the study's visits per resident)."
            )
        return text.format(hours=about, by_mode=self.phrases.by_mode())

    def _areas(self, tier: str) -> Sequence[Row]:
        """Give the rows of municipalities, everybody's."""
        rows = self.comparison.summary
        chosen = (rows["tier"] == tier) & (rows["group"] == EVERYBODY)
        return rows[chosen & (rows["area"] != WHOLE_AREA)].to_dict("records")

    def _by_municipality(self, areas: Sequence[tuple[str, float, float]]) -> str:
        """List municipalities with people and mean minutes, the most person-minutes first."""
        if not areas:
            return ""
        ranked = sorted(areas, key=lambda one: (-one[1] * (one[2] or 1), one[0]))
        items = []
        for name, people, minutes in ranked[:MOST_NAMED]:
            item = f"{name} {self.about(people)}"
            items.append(f"{item} ({self.minutes_shortly(minutes)})" if minutes else item)
        rest = ranked[MOST_NAMED:]
        if rest:
            count = self.words.ngettext(
                "{count} other", "{count} others", len(rest), count=self.words.whole(len(rest))
            )
            items.append(f"{count} {self.about(sum(people for _, people, _ in rest))}")
        listed = self.words.listed(items)
        if any(minutes for _, _, minutes in areas):
            return self.words.gettext(
                "By municipality, with the mean change in brackets: {areas}.", areas=listed
            )
        return self.words.gettext("By municipality: {areas}.", areas=listed)

    # --- targets ----------------------------------------------------------------------------------

    def targets(self) -> list[TargetChange]:
        """List the targets in the study's order."""
        found = self.comparison
        return [
            TargetChange(
                before=old,
                after=new,
                newly_outside=float(row["newly_outside"]),
                newly_inside=float(row["newly_inside"]),
            )
            for old, new, row in zip(
                found.before.verdicts,
                found.after.verdicts,
                found.targets.to_dict("records"),
                strict=True,
            )
        ]

    def lost_targets(self) -> str:
        """Name the targets that are met now and no longer after; "" where there is none."""
        lost = [one for one in self.targets() if (one.before.word, one.after.word) == LOST]
        if not lost:
            return ""
        return self.words.gettext("Met now but no longer: {targets}.", targets=self._named(lost))

    def won_targets(self) -> str:
        """Name the targets that are met only after the change; "" where there is none."""
        won = [one for one in self.targets() if one.flips and one.after.word == "met"]
        if not won:
            return ""
        return self.words.gettext("Met only after the change: {targets}.", targets=self._named(won))

    def unsure_targets(self) -> str:
        """Name the targets that can no longer be decided, or only now are found not met."""
        other = [
            one
            for one in self.targets()
            if one.flips and one.after.word != "met" and (one.before.word, one.after.word) != LOST
        ]
        if not other:
            return ""
        return self.words.gettext("The result changes: {targets}.", targets=self._named(other))

    def flips(self) -> list[str]:
        """Say which verdicts flip, or that none does; nothing where there are no targets."""
        if not self.targets():
            return []
        said = [self.lost_targets(), self.unsure_targets(), self.won_targets()]
        found = [one for one in said if one]
        return found or [self.words.gettext("No target changes its result.")]

    def verdicts(self, change: TargetChange) -> str:
        """Say a target's verdict before and after."""
        return self.words.gettext(
            "Now: {before} ({measured_before}). After the change: {after} ({measured_after}).",
            before=self.phrases.verdict(change.before),
            measured_before=self._measured(change.before),
            after=self.phrases.verdict(change.after),
            measured_after=self._measured(change.after),
        )

    def crossing(self, change: TargetChange) -> list[str]:
        """Say who crosses a target's limit, out of it and into it."""
        target = change.target
        if target.within_min is None or change.after.measured_low is None:
            return []
        if target.open_at is not None:  # only then is the time not that of the nearest site
            return self._outside_before_and_after(change)
        said, say = [], self.words.gettext
        limit, by_mode = self.words.minutes(target.within_min), self.phrases.by_mode()
        if change.newly_outside > 0:
            text = say(
                "{residents} who are now within the target time ({limit} {by_mode}) end up "
                "beyond it.",
                residents=self.residents(change.newly_outside, target.group),
                limit=limit, by_mode=by_mode,
            )  # fmt: skip
            said.append(_capital(text))
            if target.group == EVERYBODY:
                said.append(self.groups_outside(target.tier, target.within_min))
            elif self._is_hidden(target.group):
                said.append(
                    say(
                        "Only those known for certain are counted: small groups are withheld to "
                        "protect privacy."
                    )
                )
        if change.newly_inside > 0:
            text = say(
                "{residents} who are now beyond the target time ({limit} {by_mode}) come "
                "within it.",
                residents=self.residents(change.newly_inside, target.group),
                limit=limit, by_mode=by_mode,
            )  # fmt: skip
            said.append(_capital(text))
        return [one for one in said if one]

    def crossing_bands(self) -> list[str]:
        """Say who crosses the headline limits, where the study sets no target for travel time."""
        bands = self.comparison.bands
        shown = [float(one) for one in HEADLINE_MIN if one in set(bands["band_min"])]
        shown = shown or [float(max(self.comparison.after.bands_min))]
        everybody = (bands["group"] == EVERYBODY) & (bands["area"] == WHOLE_AREA)
        said = []
        for row in bands[everybody & bands["band_min"].isin(shown)].to_dict("records"):
            tier, limit = str(row["tier"]), float(row["band_min"])
            values = {
                "limit": self.words.minutes(limit),
                "by_mode": self.phrases.by_mode(),
                "tier": self.phrases.tier(tier),
            }
            sentences = []
            if row["newly_outside"] > 0:
                text = self.words.gettext(
                    "{residents} who are now within {limit} {by_mode} of the nearest service "
                    "point ({tier}) end up beyond it.",
                    residents=self.residents(float(row["newly_outside"])),
                    **values,
                )
                sentences += [_capital(text), self.groups_outside(tier, limit)]
            if row["newly_inside"] > 0:
                text = self.words.gettext(
                    "{residents} who are now beyond {limit} {by_mode} of the nearest service "
                    "point ({tier}) come within it.",
                    residents=self.residents(float(row["newly_inside"])),
                    **values,
                )
                sentences.append(_capital(text))
            if sentences:
                said.append(" ".join(one for one in sentences if one))
        return said

    def groups_outside(self, tier: str, limit_min: float) -> str:
        """Say how many of each group end up beyond a limit; "" where there are no groups."""
        cells, population = self.comparison.cells, self.comparison.after.population
        old = cells[f"minutes_before_{tier}"].to_numpy(dtype=np.float64)
        new = cells[f"minutes_after_{tier}"].to_numpy(dtype=np.float64)
        leaves = (old <= limit_min) & (new > limit_min)
        items, hidden = [], False
        for group in population.groups:
            low, high = population.bounds(group)
            people = float(low[leaves].sum())
            hidden |= bool((high - low)[leaves].sum() > SAME_SHARE)
            if people > 0:
                items.append(f"{self.phrases.safe(group)}: {self.about(people)}")
        if not items:
            return ""
        groups = "; ".join(items)
        if hidden:
            return self.words.gettext(
                "By group, those known for certain (small groups are withheld to protect "
                "privacy): {groups}.",
                groups=groups,
            )
        return self.words.gettext("By group: {groups}.", groups=groups)

    def falls(self, change: TargetChange) -> str:
        """Name the municipalities whose share within the target time falls most."""
        old = {one.name: one for one in change.before.by_municipality}
        found = []
        for new in change.after.by_municipality:
            was = old.get(new.name)
            if was is None or was.measured_low is None or new.measured_low is None:
                continue
            fall = was.measured_low - new.measured_low
            if fall >= LEAST_FALL:
                found.append((fall, was, new))
        if not found:
            return ""
        found.sort(key=lambda one: (-one[0], one[2].name))
        items = []
        for _, was, new in found[:LOWEST_NAMED]:
            before, after = (
                self.phrases.share(
                    one.measured_low or 0, one.measured_high or 0, change.after.required
                )
                for one in (was, new)
            )
            items.append(f"{self.phrases.area(new.name)} {before} → {after}")
        return self.words.gettext(
            "The share within the target time {by_mode} falls most here: {areas}.",
            by_mode=self.phrases.by_mode(),
            areas="; ".join(items),
        )

    def _is_hidden(self, group: str) -> bool:
        """Tell whether a group is withheld in some cells."""
        low, high = self.comparison.after.population.bounds(group)
        return bool((high - low).sum() > SAME_SHARE)

    def _outside_before_and_after(self, change: TargetChange) -> list[str]:
        """Count the people outside on both sides, where opening hours decide which sites count."""
        old, new = people_outside(change.before), people_outside(change.after)
        if old is None or new is None or change.is_unchanged:
            return []
        return [
            self.words.gettext(
                "Residents beyond the target time ({limit} {by_mode}): now {before}, after the "
                "change {after}.",
                limit=self.words.minutes(change.target.within_min or 0),
                by_mode=self.phrases.by_mode(),
                before=self.about(old) if old > 0 else self.words.whole(0),
                after=self.about(new) if new > 0 else self.words.whole(0),
            )
        ]

    def _measured(self, verdict: Verdict) -> str:
        measured = self.phrases.measured(verdict)
        if verdict.target.kind == "share" or verdict.measured_low is None:
            return measured
        return self.words.gettext("service points: {count}", count=measured)

    def _named(self, changes: Sequence[TargetChange]) -> str:
        return "; ".join(self.phrases.name(one.target) for one in changes)

    # --- in short ---------------------------------------------------------------------------------

    def nobody(self, tiers: Sequence[str]) -> str:
        """Name the tiers on which no travel time changes."""
        return self.words.gettext(
            "No travel time {by_mode} changes here: {tiers}.",
            by_mode=self.phrases.by_mode(),
            tiers="; ".join(self.phrases.tier(tier) for tier in tiers),
        )

    def nothing_changes(self) -> str:
        """Say that nothing changes."""
        return self.words.gettext(
            "Nothing changes: nobody's travel time {by_mode} grows or shrinks, and every target "
            "keeps its result.",
            by_mode=self.phrases.by_mode(),
        )

    def worst_municipality(self) -> str:
        """Name the hardest hit municipality; "" where nobody loses or none is known."""
        rows = self.comparison.summary
        chosen = (rows["group"] == EVERYBODY) & (rows["area"] != WHOLE_AREA) & (rows["lose"] > 0)
        hit = rows[chosen]
        if not len(hit):
            return ""
        harm = (hit["lose"] - hit["cut_off"]) * hit["mean_added_min"]
        row = hit.assign(harm=harm).sort_values(["cut_off", "harm"], ascending=False).iloc[0]
        minutes = float(row["mean_added_min"])
        details = [self.residents(float(row["lose"]))]
        if row["cut_off"] > 0:
            text = self.words.gettext(
                "no longer reach any: {people}", people=self.about(float(row["cut_off"]))
            )
            details.append(text)
        if row["worst_added_min"] > 0:
            details.append(f"+{self.minutes_shortly(minutes)}")
        return self.words.gettext(
            "Hardest-hit municipality ({by_mode}): {area}, {details} ({tier}).",
            by_mode=self.phrases.by_mode(),
            area=self.phrases.area(str(row["area"])),
            details=", ".join(details),
            tier=self.phrases.tier(str(row["tier"])),
        )

    def crossed_targets(self) -> list[str]:
        """Say in one line each who ends up beyond the target limits, and who comes within."""
        say = self.words.gettext
        says = {
            "newly_outside": say("Newly outside the target time {by_mode}: {targets}."),
            "newly_inside": say("Newly within the target time {by_mode}: {targets}."),
        }
        lines = []
        for key, text in says.items():
            items = []
            for one in self.targets():
                people = float(getattr(one, key))
                if people > 0 and one.target.open_at is None:
                    items.append(
                        f"{self.phrases.name(one.target)}: "
                        f"{self.residents(people, one.target.group)}"
                    )
            if items:
                lines.append(text.format(by_mode=self.phrases.by_mode(), targets="; ".join(items)))
        return lines


LOST = ("met", "not_met")


def change_lines(
    comparison: Comparison,
    *,
    language: str,
    mode: str = "car",
    area_names: Mapping[str, str] | None = None,
) -> str:
    """Tell in a few plain lines what a scenario changes, for a terminal.

    Parameters
    ----------
    comparison
        What changes.
    language
        "fi", "sv" or "en".
    mode
        "car", "bicycle" or "walk".
    area_names
        Names of municipalities in the language, where they differ from the grid's.
    """
    changes = changes_of(comparison, Phrases(words=Words(language)), mode, area_names)
    if changes.nothing():
        return _narrow(changes.nothing_changes())
    lines, still = [], []
    for tier in changes.tiers:
        said = [changes.cut_off(tier), changes.grows(tier), changes.shrinks(tier)]
        if not any(said):
            still.append(tier)
            continue
        lines.append(f"{changes.phrases.tier(tier)}. {' '.join(one for one in said if one)}")
    if still:
        lines.append(changes.nobody(still))
    lines += [*changes.flips(), *changes.crossed_targets(), changes.worst_municipality()]
    return _narrow("\n".join(one for one in lines if one))


def changes_of(
    comparison: Comparison,
    phrases: Phrases,
    mode: str,
    area_names: Mapping[str, str] | None,
    *,
    min_people: int = 0,
) -> Changes:
    """Give the sentences of a comparison, with the names of its tiers in the language."""
    language = phrases.words.language
    named = Phrases(
        words=phrases.words,
        safe=phrases.safe,
        mode=mode,
        tier_names={
            tier.id: tier.name.in_language(language) for tier in comparison.after.tiers.tiers
        },
        area_names=area_names or {},
    )
    return Changes(comparison=comparison, phrases=named, min_people=min_people)


def _capital(text: str) -> str:
    """Begin a sentence with a capital letter."""
    return text[:1].upper() + text[1:]


def _narrow(text: str) -> str:
    """Write plain spaces and hyphens, as the terminal's table of verdicts does."""
    return text.replace(NO_BREAK_SPACE, " ").replace("−", "-").replace("–", "-")
