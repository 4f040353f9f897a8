"""Effects: the minutes that every closure costs, and the verdicts that it turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from accessibility.coverage_table import joint_share
from accessibility.screening.closing import Closings, Floats, Measure, felt
from accessibility.screening.closures import TargetEffect
from accessibility.screening.labels import Ints, Labels
from accessibility.services import Target
from accessibility.targets import VerdictWord, verdict_word
from accessibility.traveltime import UNREACHABLE

Masks = npt.NDArray[np.bool_]

#: Sums are rounded before they are shown or compared, so that the last bits of a float never
#: decide a rank: people to a millionth, person-seconds to a thousandth.
PEOPLE_DECIMALS = 6
SECONDS_DECIMALS = 3


def rounded(values: Floats, decimals: int = PEOPLE_DECIMALS) -> Floats:
    """Round sums, without minus zeros."""
    return values.round(decimals) + 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """Who is affected by each closure and what it costs them in time; shape (closures,).

    Parameters
    ----------
    affected
        People whose nearest site of some tier changes.
    left_without
        Of these, who reach no site of some tier any longer.
    left_without_by_tier
        The same by tier.
    person_s_by_tier
        Seconds lost by tier, each counted by itself: over the affected who still reach a site of
        it, whatever they lose elsewhere.
    trips
        People affected at a tier who still reach a site of it, summed over the tiers.
    worst_s
        The most seconds that anybody loses; infinite where somebody is left without.
    """

    affected: Floats
    left_without: Floats
    left_without_by_tier: Mapping[str, Floats]
    person_s_by_tier: Mapping[str, Floats]
    trips: Floats
    worst_s: Floats

    @property
    def person_s(self) -> Floats:
        """Seconds lost, summed over the tiers."""
        return rounded(np.sum(list(self.person_s_by_tier.values()), axis=0), SECONDS_DECIMALS)


def minutes_lost(by_tier: Mapping[str, Labels], people: Floats, closings: Closings) -> Minutes:
    """Work out who is affected by each closure and what it costs them in time.

    Parameters
    ----------
    by_tier
        Labels of every tier, on the same matrix.
    people
        People by cell; cells without people do not count.
    closings
        What is closed.
    """
    kinds = list(by_tier.values())
    where = felt(kinds, closings, cells=np.flatnonzero(people > 0))

    def people_and_seconds(cell: Ints, a: Ints, b: Ints) -> Floats:
        hit, lost, added_s = _felt_time(kinds, cell, a, b)
        still = (hit & ~lost).sum(axis=0)
        return people[cell] * np.vstack([hit.any(axis=0), lost.any(axis=0), still, lost, added_s])

    def most_seconds(cell: Ints, a: Ints, b: Ints) -> Floats:
        _, lost, added_s = _felt_time(kinds, cell, a, b)
        return np.where(lost.any(axis=0), np.inf, added_s.max(axis=0))[np.newaxis]

    affected, gone, trips, *rows = where.sums(people_and_seconds)
    lost, added = rows[: len(kinds)], rows[len(kinds) :]
    return Minutes(
        affected=rounded(affected),
        left_without=rounded(gone),
        left_without_by_tier={tier: rounded(row) for tier, row in zip(by_tier, lost, strict=True)},
        person_s_by_tier={
            tier: rounded(row, SECONDS_DECIMALS) for tier, row in zip(by_tier, added, strict=True)
        },
        trips=rounded(trips),
        worst_s=where.maxima(most_seconds),
    )


def _felt_time(kinds: Sequence[Labels], cell: Ints, a: Ints, b: Ints) -> tuple[Masks, Masks, Ints]:
    """Tell of each kind and cell whether it is hit, whether it is lost, and the seconds added."""
    hit = np.zeros((len(kinds), len(cell)), dtype=bool)
    lost, added_s = np.zeros_like(hit), np.zeros(hit.shape, dtype=np.int64)
    for row, kind in enumerate(kinds):
        after_s = kind.time_after(cell, a, b)
        hit[row] = kind.is_hit(cell, a, b)
        lost[row] = hit[row] & (after_s == UNREACHABLE)
        added_s[row] = np.where(hit[row] & ~lost[row], after_s - kind.time_s[cell, 0], 0)
    return hit, lost, added_s


def share_effects(
    target: Target, labels: Labels, bounds: tuple[Floats, Floats], closings: Closings
) -> list[TargetEffect]:
    """Say what each closure does to a target that asks for a share.

    Parameters
    ----------
    target
        The target.
    labels
        Of the sites that count for it.
    bounds
        The fewest and the most people of its group, by cell.
    closings
        What is closed.
    """
    low, high = bounds
    inside = labels.time_s[:, 0] <= target.cutoff_s
    where = felt([labels], closings, cells=np.flatnonzero(inside & (high > 0)))
    outside_low, outside_high = where.sums(_pushed_out(labels, target, low, high))
    in_low, in_high, share_low, share_high = joint_share(inside, low, high)
    required = float(target.share or 0)
    before = _word(share_low, share_high, required)
    low_after = _share(in_low - outside_low, float(high[~inside].sum()) + outside_high, 0.0)
    high_after = _share(in_high - outside_high, float(low[~inside].sum()) + outside_low, 1.0)
    if np.isnan(share_low):  # there is nobody, now or afterwards
        low_after, high_after = np.full((2, len(closings)), np.nan)
    return [
        TargetEffect(
            target=target.id,
            newly_outside_low=out_low,
            newly_outside_high=out_high,
            measured_low=None if np.isnan(left_low) else left_low,
            measured_high=None if np.isnan(left_high) else left_high,
            before=before,
            after=_word(left_low, left_high, required),
            now_low=None if np.isnan(share_low) else share_low,
            now_high=None if np.isnan(share_high) else share_high,
        )
        for out_low, out_high, left_low, left_high in zip(
            rounded(outside_low).tolist(),
            rounded(outside_high).tolist(),
            low_after.tolist(),
            high_after.tolist(),
            strict=True,
        )
    ]


def _pushed_out(labels: Labels, target: Target, low: Floats, high: Floats) -> Measure:
    def measure(cell: Ints, a: Ints, b: Ints) -> Floats:
        out = labels.time_after(cell, a, b) > target.cutoff_s
        return np.vstack([low[cell] * out, high[cell] * out])

    return measure


def _share(inside: Floats, outside: Floats, nobody: float) -> Floats:
    """Divide as `joint_share` does, for all closures at once."""
    inside = np.maximum(inside, 0.0)  # a difference of floats may fall below
    total = inside + outside
    return np.divide(inside, total, out=np.full_like(total, nobody), where=total > 0)


def _word(share_low: float, share_high: float, required: float) -> VerdictWord:
    return "undecided" if np.isnan(share_low) else verdict_word(share_low, share_high, required)


def count_effects(target: Target, columns: Ints, closings: Closings) -> list[TargetEffect]:
    """Say what each closure does to a target that asks for a number of sites.

    Parameters
    ----------
    target
        The target.
    columns
        The sites that count for it.
    closings
        What is closed.
    """
    required = float(target.min_sites or 0)
    now = float(len(columns))
    words: tuple[VerdictWord, VerdictWord] = ("not_met", "met")
    return [
        TargetEffect(
            target=target.id,
            newly_outside_low=0.0,
            newly_outside_high=0.0,
            measured_low=left,
            measured_high=left,
            before=words[now >= required],
            after=words[left >= required],
            now_low=now,
            now_high=now,
        )
        for left in (now - closings.count(columns)).tolist()
    ]


def with_possible(
    target: Target, certain: Sequence[TargetEffect], possible: Sequence[TargetEffect]
) -> list[TargetEffect]:
    """Put the effects on sites that count for certain together with those that may count.

    Parameters
    ----------
    target
        The target.
    certain, possible
        Its effects with the sites that count for certain, and with all that may, closure by
        closure. The lowest figures are those of the first, the highest those of the second.
    """
    required = float((target.share if target.min_sites is None else target.min_sites) or 0)
    return [
        replace(
            sure,
            measured_high=perhaps.measured_high,
            now_high=perhaps.now_high,
            before=_bounded_word(sure.now_low, perhaps.now_high, required),
            after=_bounded_word(sure.measured_low, perhaps.measured_high, required),
        )
        for sure, perhaps in zip(certain, possible, strict=True)
    ]


def _bounded_word(low: float | None, high: float | None, required: float) -> VerdictWord:
    return "undecided" if low is None or high is None else verdict_word(low, high, required)
