"""Partitions: groups that add up to everybody, and what that says of a hidden one.

Statistics offices hide a group of a small cell. What is hidden lies between nobody and everybody of
the cell, whatever other groups say: men and women leave no room for people over 75, and yet there
are some. Only groups that *partition* the people, so that everybody is in exactly one of them,
narrow each other: together, the hidden ones of a partition are what its known ones leave over.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from accessibility.errors import PopulationError, did_you_mean, examples

Floats = npt.NDArray[np.float64]
Partition = tuple[tuple[str, ...], ...]

#: Sums of people are equal if they differ by less: figures in files have a few decimals at most.
SAME_PEOPLE = 0.01
SAME_SHARE = 1e-6
#: Groups are taken to partition the people if the chance that unrelated figures add up as they do
#: is at most this; in a cell of n people, one sum of n + 1 fits (our choice; a study that declares
#: its partition, or declares `[]`, does not need it).
CHANCE = 0.01


def check_partition(partition: Sequence[Sequence[str]], groups: Sequence[str]) -> None:
    """Check that a partition names groups that exist, each once, and at least two together.

    Parameters
    ----------
    partition
        Lists of groups; the groups of each list add up to everybody.
    groups
        The grid's groups.

    Raises
    ------
    PopulationError
        Naming the group.
    """
    named: set[str] = set()
    for part in partition:
        if isinstance(part, str) or not all(isinstance(group, str) for group in part):
            raise PopulationError(
                f"population.partition: expected lists of names of groups, found {part!r}: write "
                '[["young", "middle", "old"]]'
            )
        if len(part) < 2:
            raise PopulationError(
                f"population.partition: {examples(part) if part else '[]'} alone is no partition; "
                'expected lists of at least two groups, such as [["young", "middle", "old"]]'
            )
        for group in part:
            if group not in groups:
                raise PopulationError(
                    f'population.partition: there is no group "{group}"'
                    f"{did_you_mean(group, groups)}; known: {examples(groups)}"
                )
            if group in named:
                raise PopulationError(
                    f'population.partition: the group "{group}" comes twice; a group may stand in '
                    "one list, once"
                )
            named.add(group)


def unlike_sums(people: Floats, known: Floats) -> npt.NDArray[np.bool_]:
    """Mark the cells where the groups of a partition cannot add up to the people.

    Parameters
    ----------
    people
        Shape (cells,).
    known
        People of each group of one partition, shape (cells, groups), NaN where hidden.

    Returns
    -------
    array
        Whether all are known and add up to another number, or the known alone exceed the people.
    """
    hidden = np.isnan(known).any(axis=1)
    excess = np.nansum(known, axis=1) - people
    tolerance = SAME_PEOPLE + SAME_SHARE * people
    return np.asarray(np.where(hidden, excess, np.abs(excess)) > tolerance)


def is_certain(people: Floats, known: Floats) -> bool:
    """Tell from the figures alone whether all groups together partition the people.

    They do if no cell speaks against it, each group has somebody where all are known, and the cells
    where every group has somebody would hardly add up by chance. Without the second, a group that
    is known only where it is empty (so few are) would pass beside any partition.

    Parameters
    ----------
    people, known
        See `unlike_sums`.

    Examples
    --------
    >>> people = np.array([100.0, 100.0])
    >>> is_certain(people, np.array([[20.0, 60, 20], [20, 78, np.nan]]))
    True
    >>> is_certain(people, np.array([[40.0, 60, 0], [40, 60, np.nan]]))  # men, women, over 90
    False
    """
    if known.shape[1] < 2 or unlike_sums(people, known).any():
        return False
    speaking = (known > 0).all(axis=1)  # NaN is not above 0
    return bool(np.log1p(people[speaking]).sum() >= -np.log(CHANCE))


def hidden_bounds(people: Floats, own: Floats, partners: Floats | None) -> tuple[Floats, Floats]:
    """Return the fewest and the most people of a group in each cell.

    Parameters
    ----------
    people
        Shape (cells,).
    own
        The group's people, NaN where hidden; a known figure is kept as it stands.
    partners
        The other groups of its partition, shape (cells, groups), NaN where hidden; None: it stands
        in no partition, and a hidden figure is anything from nobody to everybody.

    Returns
    -------
    tuple
        Low and high, shape (cells,).

    Examples
    --------
    >>> low, high = hidden_bounds(np.array([9.0]), np.array([np.nan]), np.array([[4.0]]))
    >>> low, high
    (array([5.]), array([5.]))
    """
    hidden = np.isnan(own)
    low, high = np.zeros(len(people)), people
    if partners is not None:
        high = np.maximum(people - np.nansum(partners, axis=1), 0.0)
        low = np.where(np.isnan(partners).any(axis=1), 0.0, high)
    return np.where(hidden, low, own), np.where(hidden, high, own)


def taken_partition(
    people: Floats,
    known: Floats,
    groups: Sequence[str],
    declared: Sequence[Sequence[str]] | None,
    *,
    cell_ids: Sequence[str],
) -> tuple[Partition, str]:
    """Decide which groups partition the people: as declared, or as the figures show for certain.

    Parameters
    ----------
    people, known
        Shape (cells,) and (cells, groups), NaN where hidden.
    groups
        The names of `known`'s columns.
    declared
        What the study says; an empty list: nothing; None: it says nothing, and only all groups
        together are tried.
    cell_ids
        Names of the cells, for messages.

    Returns
    -------
    tuple
        The partition, and a sentence on what was taken where a group is hidden and the study
        declares nothing; else "".

    Raises
    ------
    PopulationError
        If what is declared does not hold in the figures.
    """
    if declared is not None:
        check_partition(declared, groups)
        partition = tuple(tuple(part) for part in declared)
        for part in partition:
            columns = [list(groups).index(group) for group in part]
            wrong = unlike_sums(people, known[:, columns])
            if wrong.any():
                raise PopulationError(
                    f"population.partition: {', '.join(part)} do not add up to the people in "
                    f"{int(wrong.sum()):,} cells ({examples(np.asarray(cell_ids)[wrong])}); either "
                    "they are no partition, or the figures are perturbed, so that no hidden one "
                    "follows from the others: leave it out of the partition"
                )
        return partition, ""
    if len(groups) < 2 or not np.isnan(known).any():
        return (), ""
    if is_certain(people, known):
        return (tuple(groups),), (
            f"{', '.join(groups)} are taken to partition the people: where all of them are known "
            "they add up in every cell; declare it as population.partition, or partition = [] if "
            "they do not"
        )
    return (), (
        "hidden groups are taken as anything from nobody to everybody of their cell: nothing shows "
        "for certain that the groups partition the people; if some do, declare them as "
        "population.partition"
    )
