"""Scenarios on a run folder: its study is run again, checked to be the same, and read back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from accessibility.errors import StudyError
from accessibility.run_folder import draw_shapes, write_record
from accessibility.run_reading import StoredRun, check_comparable, read_run
from accessibility.runs import Run, run_study
from accessibility.scenarios import Scenario
from accessibility.sources.files import sha256
from accessibility.starters import demo_study
from accessibility.study import Study, load_study
from accessibility.traveltime.node_times import Progress
from accessibility.what_if import run_scenario


def find_study(stored: StoredRun, named: Path | None = None) -> Study:
    """Find the study that a run folder came from, by its content.

    Without a name it is looked for beside the run folder, in the current folder and in the
    built-in demo.

    Parameters
    ----------
    stored
        The run.
    named
        The study's file, where it is known.

    Raises
    ------
    StudyError
        If it is not found, or it or one of its files has changed since the run.
    """
    inputs = stored.provenance["inputs"]
    name, wanted = inputs["study"]["file"], inputs["study"]["sha256"]
    folder = stored.folder.resolve()
    if named is not None:
        study = load_study(named)
        _check_unchanged(stored, study)
        return study
    for place in (folder.parent / name, Path.cwd() / name, Path(demo_study())):
        if place.is_file() and sha256(place) == wanted:
            study = load_study(place)
            _check_unchanged(stored, study)
            return study
    raise StudyError(
        f"{stored.folder}: a scenario needs the study that this run came from ({name}), which was "
        "not found beside the run folder or in the current folder, or has changed since; name it "
        "with --study"
    )


def _check_unchanged(stored: StoredRun, study: Study) -> None:
    """Refuse a study one of whose files is not the one that the run was made from."""
    before = {what: one["sha256"] for what, one in stored.provenance["inputs"].items()}
    changed = []
    for what, path in study.inputs.items():
        if what not in before or not path.is_file() or sha256(path) != before[what]:
            changed.append(f"{what} ({path.name})")
    changed += [what for what in before if what not in study.inputs]
    if changed:
        raise StudyError(
            f"{study.path}: changed since {stored.folder} was made: {', '.join(changed)}; run the "
            "study anew, then make the page"
        )


def _check_same(stored: StoredRun, again: Run) -> None:
    """Refuse a run that comes out otherwise now: a scenario would be blamed for the difference."""
    for column in stored.nearest:
        before, after = (
            nearest[column].to_numpy(dtype=object, na_value="")
            for nearest in (stored.nearest, again.nearest)
        )
        if not np.array_equal(before, after):
            raise StudyError(
                f"{stored.folder}: its study comes out otherwise now ({column} differs), so that "
                "what a scenario changes cannot be told; run the study anew, then make the page"
            )


@contextmanager
def with_scenarios(
    stored: StoredRun,
    scenarios: Sequence[Scenario],
    *,
    study: Path | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> Iterator[list[StoredRun]]:
    """Apply scenarios to a stored run, each to the run itself, not to one another.

    Parameters
    ----------
    stored
        The run; one of a scenario keeps it: further changes come on top.
    scenarios
        What to change.
    study
        The study's file, where it does not lie beside the run folder.
    cache
        Whether the network may come from the cache.
    progress
        Called with the sites done and all sites.

    Yields
    ------
    list of StoredRun
        One a scenario, in a temporary folder.

    Raises
    ------
    StudyError
        If the study cannot be found, or is not the same any more.
    """
    base = run_study(find_study(stored, study), cache=cache, progress=progress)
    if stored.scenario is not None:
        base = run_scenario(base, stored.scenario)
    _check_same(stored, base)
    with tempfile.TemporaryDirectory(prefix="accessibility-") as folder:
        found = []
        for number, scenario in enumerate(scenarios, start=1):
            place = Path(folder) / f"option-{number}"
            found.append(store(run_scenario(base, scenario), place))
            check_comparable(stored, found[-1])
        yield found


def store(run: Run, folder: Path) -> StoredRun:
    """Write what a run is read back from, and read it back."""
    folder.mkdir()
    write_record(run, draw_shapes(run, sites=False), folder)
    return read_run(folder)
