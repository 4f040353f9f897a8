"""What is said of a verdict, in sentences that the report and `check` share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from accessibility.reports.escaping import plain
from accessibility.reports.words import SAME_SHARE, Words
from accessibility.services import EVERYBODY, Target, Text
from accessibility.targets import AreaShare, Verdict, at_least

if TYPE_CHECKING:
    from accessibility.findings import Findings

#: Hardly anybody: fewer than this share of a municipality's people are within the target time.
HARDLY_ANYBODY = 0.1
FEW_PEOPLE = 10
EXACT_PEOPLE = 100
LOWEST_NAMED = 3
MOST_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Sentences about verdicts, in one language and for one mode of travel.

    Parameters
    ----------
    words
        The language.
    safe
        Makes a name from the data safe where the sentence is printed.
    mode, direction
        How people travel, and whether residents travel to the site or somebody comes from it.
    tier_names, area_names
        Names by id, safe or not; a missing one is called by its id.
    few_people
        Fewer people than this are only said to be fewer.
    """

    words: Words
    safe: Callable[[str], str] = plain
    mode: str = "car"
    direction: str = "to_sites"
    tier_names: Mapping[str, str] = field(default_factory=dict)
    area_names: Mapping[str, str] = field(default_factory=dict)
    few_people: int = FEW_PEOPLE

    # --- names ------------------------------------------------------------------------------------

    def name(self, target: Target) -> str:
        """Name a target."""
        return self.safe(target.name.in_language(self.words.language))

    def tier(self, tier_id: str) -> str:
        """Name a tier."""
        return self.safe(self.tier_names.get(tier_id, tier_id))

    def service(self, target: Target) -> str:
        """Name the tier that a target asks for, and when it has to be open."""
        tier = self.tier(target.tier)
        if target.open_at is None:
            return tier
        moment = self.safe(self.words.moment(target.open_at))
        return self.words.gettext("{tier}; open {moment}", tier=tier, moment=moment)

    def area(self, name: str) -> str:
        """Name a municipality."""
        return self.safe(self.area_names.get(name, name))

    def by_mode(self) -> str:
        """Say how people travel: by car."""
        say = self.words.gettext
        return {"bicycle": say("by bicycle"), "walk": say("on foot")}.get(self.mode, say("by car"))

    def within(self, minutes: float) -> str:
        """Say a time limit: at most 30 minutes by car."""
        say, number = self.words.gettext, self.words.shortest(minutes)
        if self.mode == "bicycle":
            return say("at most {minutes} minutes by bicycle", minutes=number)
        if self.mode == "walk":
            return say("at most {minutes} minutes on foot", minutes=number)
        return say("at most {minutes} minutes by car", minutes=number)

    def not_assessed(self) -> str:
        """Say whom the mode of travel leaves out."""
        if self.mode == "car":
            return self.words.gettext(
                "All travel times are modelled travel times by car. "
                "People without a car are not assessed."
            )
        return self.words.gettext(
            "All travel times are modelled travel times {by_mode}. "
            "Other ways of travelling are not assessed.",
            by_mode=self.by_mode(),
        )

    # --- verdicts ---------------------------------------------------------------------------------

    def verdict(self, verdict: Verdict) -> str:
        """Say the verdict: target met."""
        say = self.words.gettext
        return {
            "met": say("target met"),
            "not_met": say("target not met"),
            "undecided": say("cannot be decided from these data"),
        }[verdict.word]

    def verdict_shortly(self, verdict: Verdict) -> str:
        """Say the verdict in a column headed "target"."""
        say = self.words.gettext
        return {
            "met": say("met"),
            "not_met": say("NOT MET"),
            "undecided": say("cannot be decided"),
        }[verdict.word]

    def status(self, target: Target) -> str:
        """Say how firm a target is."""
        say = self.words.gettext
        return {
            "preliminary": say("preliminary"),
            "adopted": say("adopted"),
            "illustrative": say("illustrative"),
        }[target.status]

    def standing(self, target: Target) -> str:
        """Say how firm a target is and where it stands."""
        say = self.words.gettext
        status = self.status(target)
        if not target.source:
            return say("Status: {status}. The study names no source.", status=status)
        source = self.safe(target.source).rstrip(".")
        return say("Status: {status}. Source: {source}.", status=status, source=source)

    def condition(self, verdict: Verdict) -> str:
        """Say what the verdict assumes of the share required."""
        share = self.words.percent_exactly(verdict.required)
        if verdict.target.status == "adopted":
            return self.words.gettext("when the required share is {share}", share=share)
        return self.words.gettext("if the great majority means at least {share}", share=share)

    def tally(self, verdicts: Sequence[Verdict]) -> str:
        """Say how many targets are met; a number of sites that stand is a fact, not a count."""
        shares = [one for one in verdicts if one.target.kind == "share"]
        met = sum(one.word == "met" for one in shares)
        undecided = sum(one.word == "undecided" for one in verdicts)
        lacking = sum(one.word == "not_met" for one in verdicts if one.target.kind == "min_sites")
        say = self.words.gettext
        parts = []
        if shares:
            text = say("Targets for travel time {by_mode} that are met: {met} of {all}.")
            parts.append(
                text.format(
                    by_mode=self.by_mode(),
                    met=self.words.whole(met),
                    all=self.words.whole(len(shares)),
                )
            )
        if undecided:
            parts.append(
                say(
                    "Cannot be decided from these data: {count}.",
                    count=self.words.whole(undecided),
                )
            )
        if lacking:
            parts.append(
                say(
                    "Targets for a number of service points that are not met: {count}.",
                    count=self.words.whole(lacking),
                )
            )
        return " ".join(parts)

    # --- figures ----------------------------------------------------------------------------------

    def measured(self, verdict: Verdict) -> str:
        """Write what was measured, as exactly as the verdict needs."""
        low, high = verdict.measured_low, verdict.measured_high
        if low is None or high is None:
            return self.words.gettext("nobody")
        if verdict.target.kind == "min_sites":
            first, last = self.words.whole(low), self.words.whole(high)
            return first if first == last else f"{first}–{last}"
        return self.share(low, high, verdict.required)

    def share(self, low: float, high: float, required: float) -> str:
        """Write a share or its bounds so that it cannot be mistaken for the one required."""
        if high - low <= SAME_SHARE:
            return self.words.percent_apart(low, required)
        return self.words.spanned(
            self.words.percent_apart(low, required), self.words.percent_apart(high, required)
        )

    def required(self, verdict: Verdict) -> str:
        """Write what is required."""
        if verdict.target.kind == "min_sites":
            return self.words.whole(verdict.required)
        return self.words.percent_exactly(verdict.required)

    # --- sentences --------------------------------------------------------------------------------

    def reach(self, verdict: Verdict) -> str:
        """Say which share of whom is within the target time, of what, and by what means."""
        target, say = verdict.target, self.words.gettext
        if verdict.measured_low is None or target.within_min is None:
            return say("The data have nobody in this group: there is nobody to measure.")
        of_whom = say("of residents")
        if target.group != EVERYBODY:
            of_whom = say("of residents in group {group}", group=self.safe(target.group))
        said = say("{share} {of_whom} live {within} from the nearest service point ({tier}).")
        if self.direction == "from_sites":
            said = say(
                "{share} {of_whom} live {within} from the nearest service point ({tier}), "
                "travelling from the service point to the resident."
            )
        said = said.format(
            share=self.measured(verdict),
            of_whom=of_whom,
            within=self.within(target.within_min),
            tier=self.service(target),
        )
        return said[:1].upper() + said[1:]

    def outside(self, low: float, high: float, group: str) -> str:
        """Say how many people of a group are beyond the target time."""
        say, by_mode = self.words.gettext, self.by_mode()
        if high <= 0:
            return say("Nobody is beyond the target time {by_mode}.", by_mode=by_mode)
        few = high < self.few_people
        people = self.words.whole(self.few_people) if few else self.words.tens(high)
        residents = say("{people} residents", people=people)
        if group != EVERYBODY:
            residents = say(
                "{people} residents in group {group}", people=people, group=self.safe(group)
            )
        if few:
            text = say("Fewer than {residents} are beyond the target time {by_mode}.")
        elif high - low > SAME_SHARE * high:
            text = say("At most {residents} are beyond the target time {by_mode}.")
        else:
            text = say("About {residents} are beyond the target time {by_mode}.")
        return text.format(residents=residents, by_mode=by_mode)

    def missing(self, verdict: Verdict) -> str:
        """Say how many more people would have to be within the target time; "" where none."""
        count = verdict.people_missing
        if verdict.word == "met" or count <= 0:
            return ""
        people = self.words.whole(count) if count < EXACT_PEOPLE else self.words.tens(count)
        if is_range(verdict):
            return self.words.ngettext(
                "The target would be met for certain if {people} more resident were within it.",
                "The target would be met for certain if {people} more residents were within it.",
                round(count),
                people=people,
            )
        return self.words.ngettext(
            "The target would be met if {people} more resident were within it.",
            "The target would be met if {people} more residents were within it.",
            round(count),
            people=people,
        )

    def why_undecided(self, verdict: Verdict) -> str:
        """Say why a verdict is undecided; "" where it is not, or where nobody was measured."""
        if verdict.word != "undecided" or verdict.measured_low is None:
            return ""
        say = self.words.gettext
        if verdict.reason == "hours":
            return say("The opening hours of some service points are not known.")
        if verdict.is_within_uncertainty:
            return say(
                "The verdict turns within the uncertainty of driving speeds that the study states."
            )
        return say(
            "The data withhold the age groups of small cells, and the share required lies "
            "between the lowest and the highest share possible."
        )

    def sites(self, verdict: Verdict) -> str:
        """Say how many sites a tier has and how many are required: a fact, no measure."""
        count, least = round(verdict.measured_high or 0), round(verdict.required)
        return self.words.ngettext(
            "{count} service point in the region ({tier}); at least {least} required. "
            "This is a fact of the list of service points; it says nothing about travel times.",
            "{count} service points in the region ({tier}); at least {least} required. "
            "This is a fact of the list of service points; it says nothing about travel times.",
            count,
            count=self.measured(verdict),
            tier=self.service(verdict.target),
            least=self.words.whole(least),
        )

    def municipalities(self, verdict: Verdict) -> str:
        """Say where few people are within the target time; "" where municipalities are unknown."""
        known = [one for one in verdict.by_municipality if one.measured_low is not None]
        if not known:
            return ""
        below = [one for one in known if not at_least(one.measured_low or 0, verdict.required)]
        share = self.words.percent_exactly(verdict.required)
        values = {"share": share, "by_mode": self.by_mode()}
        if not below:
            first = self.words.gettext(
                "In every municipality at least {share} are within the target time {by_mode}.",
                **values,
            )
        else:
            first = self.words.ngettext(
                "In {count} municipality of {all} fewer than {share} are within the target time "
                "{by_mode}.",
                "In {count} municipalities of {all} fewer than {share} are within the target time "
                "{by_mode}.",
                len(below),
                count=self.words.whole(len(below)),
                all=self.words.whole(len(known)),
                **values,
            )
        return " ".join(part for part in (first, *self._lowest(known, verdict)) if part)

    def _lowest(self, known: Sequence[AreaShare], verdict: Verdict) -> list[str]:
        """Name where nobody or hardly anybody is inside, and the lowest of the others."""
        nobody = [one for one in known if not one.measured_high]
        few = [one for one in known if 0 < (one.measured_high or 0) < HARDLY_ANYBODY]
        named = {one.name for one in (*nobody, *few)}
        others = [one for one in known if one.name not in named][:LOWEST_NAMED]
        said = []
        if nobody:
            said.append(
                self.words.gettext(
                    "Nobody is within the target time {by_mode} here: {areas}.",
                    by_mode=self.by_mode(),
                    areas=self._named([self.area(one.name) for one in nobody]),
                )
            )
        if few:
            said.append(
                self.words.gettext(
                    "Hardly anybody (under {share}): {areas}.",
                    share=self.words.percent_exactly(HARDLY_ANYBODY),
                    areas=self._named([self.area_share(one, verdict.required) for one in few]),
                )
            )
        if others:
            areas = self.words.listed([self.area_share(one, verdict.required) for one in others])
            text = (
                self.words.gettext("Lowest of the others: {areas}.", areas=areas)
                if said
                else self.words.gettext("Lowest shares: {areas}.", areas=areas)
            )
            said.append(text)
        return said

    def area_share(self, one: AreaShare, required: float) -> str:
        """Name a municipality with its share."""
        if one.measured_low is None or one.measured_high is None:
            return self.area(one.name)
        return f"{self.area(one.name)} {self.share(one.measured_low, one.measured_high, required)}"

    def _named(self, areas: Sequence[str]) -> str:
        """List areas, the first ten by name."""
        more = len(areas) - MOST_NAMED
        if more <= 0:
            return self.words.listed(areas)
        count = self.words.ngettext(
            "{count} other", "{count} others", more, count=self.words.whole(more)
        )
        return self.words.listed([*areas[:MOST_NAMED], count])


def people_outside(verdict: Verdict) -> float | None:
    """Count the people beyond the target time, at most; None where the verdict does not tell."""
    if verdict.target.kind != "share" or verdict.measured_low is None:
        return None
    if is_range(verdict):
        areas = verdict.by_municipality
        return sum(one.people_outside for one in areas) if areas else None
    return verdict.people * (1 - verdict.measured_low)


def is_range(verdict: Verdict) -> bool:
    """Tell whether a share is known by bounds only."""
    low, high = verdict.measured_low, verdict.measured_high
    return low is not None and high is not None and high - low > SAME_SHARE


def phrases_of(run: Findings, language: str, *, safe: Callable[[str], str] = plain) -> Phrases:
    """Give the sentences in which a run is told, with its names in the language."""
    part = run.study.file.network
    return Phrases(
        words=Words(language),
        safe=safe,
        mode=part.mode,
        direction=part.direction,
        tier_names={tier.id: tier.name.in_language(language) for tier in run.tiers.tiers},
        area_names=area_names_of(run, language),
    )


def area_names_of(run: Findings, language: str) -> dict[str, str]:
    """Give what each municipality is called in a language, by the name that the grid has."""
    areas: dict[str, str] = {}
    if run.areas is not None:
        columns = [str(name) for name in run.areas.columns if str(name).startswith("name_")]
        for key, row in zip(run.areas.index, run.areas[columns].to_numpy(), strict=True):
            names = {
                column.removeprefix("name_").replace("any", ""): str(name)
                for column, name in zip(columns, row, strict=True)
                if name
            }
            areas[str(key)] = Text(names).in_language(language) if names else str(key)
    return areas


def not_reached(phrases: Phrases, *, without_site: bool, some: bool = True) -> str:
    """Name people who reach nothing: for want of a road, or of a service point of the level.

    Parameters
    ----------
    phrases
        The language.
    without_site
        Whether a level that is meant has no service point.
    some
        Whether another that is meant has one.
    """
    say = phrases.words.gettext
    if not without_site:
        return say("no road connection in the model")
    if some:
        return say("no road connection in the model, or no service point")
    return say("no service point in the region")
