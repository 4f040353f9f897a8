"""Measures one piece of work in a process of its own: time, spread, peak memory and the result.

A *case* is a function of a family's module that prepares everything and gives a `Work`. The parent
calls `measure`; the child (`python -m benchmarks.measuring`) prepares, warms up, repeats, writes
what must be equal to a file and prints the figures as JSON in its last line.
"""

from __future__ import annotations

import cProfile
import importlib
import json
import os
import pstats
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
FEWEST = 5
MOST = 25
LONG_ENOUGH_S = 2.0
#: One piece of work that takes longer than this is measured once.
TOO_SLOW_S = 60.0
PROFILE_LINES = 6

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A piece of work that is ready to be timed.

    Parameters
    ----------
    run
        What is timed; gives its result.
    compared
        Turns the last result into what another tool's result must equal.
    facts
        Turns it into further figures, such as a share that is judged.
    warm_up
        Run once before; `run` itself unless given.
    share
        Part of the whole work that `run` does (a slow peer's): times are divided by it.
    subset
        What that part is, in words.
    in_children
        Whether the work is done by processes that `run` starts: their memory counts then.
    once
        Whether a single repetition must do.
    profiled
        For work in other processes: does it once more under cProfile, into the file given.
    """

    run: Callable[[], Any]
    compared: Callable[[Any], Arrays] = lambda _: {}
    facts: Callable[[Any], Mapping[str, float]] = lambda _: {}
    warm_up: Callable[[], Any] | None = None
    share: float = 1.0
    subset: str = ""
    in_children: bool = False
    once: bool = False
    profiled: Callable[[Path], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Which work, at which size: a function of a module of this folder, and its arguments."""

    module: str
    function: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Name the case, its settings included."""
        return json.dumps([self.module, self.function, dict(self.settings)], sort_keys=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What measuring a case gave.

    Parameters
    ----------
    times_s
        Seconds of every repetition, scaled to the whole work.
    peak_mib
        Largest resident memory of the process, what prepares the work included.
    subset
        What was really run, if it was only a part.
    facts
        Further figures.
    profile
        Where the time goes, if asked: lines of text.
    compared
        What must equal the other tool's.
    """

    times_s: tuple[float, ...]
    peak_mib: float
    subset: str = ""
    facts: Mapping[str, float] = field(default_factory=dict)
    profile: tuple[str, ...] = ()
    compared: Arrays = field(default_factory=dict, repr=False)

    @property
    def median_s(self) -> float:
        """Median of the repetitions."""
        return statistics.median(self.times_s)


class CaseError(RuntimeError):
    """A case that failed, with what its process said."""


def prepare(case: Case) -> Work:
    """Prepare the work of a case in this process."""
    work = getattr(importlib.import_module(f"benchmarks.{case.module}"), case.function)
    return work(**case.settings)


def measure(case: Case, *, profile: bool = False) -> Measured:
    """Measure a case in a process of its own.

    Raises
    ------
    CaseError
        If the process failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.measuring", case.module, case.function]
        command += [json.dumps(dict(case.settings)), str(Path(folder) / "compared.npz")]
        command += ["profile"] if profile else []
        # modules are compiled once a machine, as after any installation
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CaseError(f"{case.function}: {done.stderr.strip()[-2000:]}")
        figures = json.loads(done.stdout.splitlines()[-1])
        with np.load(Path(folder) / "compared.npz", allow_pickle=False) as archive:
            compared = {name: archive[name] for name in archive.files}
    return Measured(
        times_s=tuple(figures["times_s"]),
        peak_mib=figures["peak_mib"],
        subset=figures["subset"],
        facts=figures["facts"],
        profile=tuple(figures["profile"]),
        compared=compared,
    )


def perform(work: Work, *, profile: bool = False) -> Measured:
    """Warm up, repeat and time a piece of work in this process."""
    if work.warm_up is not None:
        work.warm_up()
    elif not work.once:
        work.run()
    times_s: list[float] = []
    while _goes_on(times_s, once=work.once):
        result = None  # two results at once would double the memory
        before = time.perf_counter()
        result = work.run()
        times_s.append(time.perf_counter() - before)
    who = resource.RUSAGE_CHILDREN if work.in_children else resource.RUSAGE_SELF
    peak_mib = resource.getrusage(who).ru_maxrss / 1024
    return Measured(
        times_s=tuple(one / work.share for one in times_s),
        peak_mib=peak_mib,
        subset=work.subset,
        facts=dict(work.facts(result)),
        profile=_profile(work) if profile else (),
        compared=dict(work.compared(result)),
    )


def _goes_on(times_s: list[float], *, once: bool) -> bool:
    if not times_s:
        return True
    if once or times_s[0] > TOO_SLOW_S or len(times_s) >= MOST:
        return False
    return len(times_s) < FEWEST or sum(times_s) < LONG_ENOUGH_S


def _profile(work: Work) -> tuple[str, ...]:
    """Say which functions take most of the time by themselves, the most expensive first."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "profile"
        if work.profiled is not None:
            work.profiled(place)
        else:
            watched = cProfile.Profile()
            with patch.object(ThreadPoolExecutor, "submit", _at_once):
                watched.runcall(work.run)
            watched.dump_stats(place)
        stats = pstats.Stats(str(place)).stats  # type: ignore[attr-defined]
    whole_s = sum(own_s for _, _, own_s, _, _ in stats.values()) or 1.0
    ranked = sorted(stats.items(), key=lambda one: -one[1][2])[:PROFILE_LINES]
    return tuple(
        f"{own_s / whole_s:.0%} `{_place(path)}{name}` ({calls} calls)"
        for (path, _, name), (calls, _, own_s, _, _) in ranked
    )


def _at_once(_: ThreadPoolExecutor, work: Callable[..., Any], *given: Any) -> Future[Any]:
    """Do what a thread would have done here and now: the profiler sees this thread only."""
    done: Future[Any] = Future()
    done.set_result(work(*given))
    return done


def _place(path: str) -> str:
    """Name the module of a file, without the folders of this machine."""
    if path.startswith(("~", "<")):
        return ""
    parts = Path(path).with_suffix("").parts
    for top in ("accessibility", "benchmarks", "site-packages"):
        if top in parts:
            start = len(parts) - parts[::-1].index(top) - (top != "site-packages")
            return ".".join(parts[start:]) + "."
    return parts[-1] + "."


def main() -> None:
    """Measure the case that the command line names and print its figures."""
    module, function, settings, place, *rest = sys.argv[1:]
    case = Case(module=module, function=function, settings=json.loads(settings))
    found = perform(prepare(case), profile="profile" in rest)
    np.savez(place, **found.compared)
    shown = ("times_s", "peak_mib", "subset", "facts", "profile")
    print(json.dumps({name: getattr(found, name) for name in shown}))


if __name__ == "__main__":
    main()
