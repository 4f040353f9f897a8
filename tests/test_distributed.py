"""Searches in many processes: the same bytes whoever works, and what a killed worker costs."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import batches
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studies import accessibility, python_command, state_of, write_tiny_study

import accessibility as acc
from accessibility.distributed import BatchError, FanOut, ProcessWorkers, fan_out, job
from accessibility.distributed.fan_out import batch_size
from accessibility.distributed.workers import Done, Name, Task, Work
from accessibility.errors import NetworkError
from accessibility.runs import Run, run_study
from accessibility.services import Text
from accessibility.speed_profiles import SpeedProfile, search_here, standing_of
from accessibility.traveltime import TravelTimes
from accessibility.what_if import run_scenario

TESTS = Path(__file__).resolve().parent
DEMO = acc.load_study(acc.demo_study())
BASE = run_study(DEMO)
BRIDGE = acc.Roads(ref="610", near=(25.6717, 62.0056), within_m=300)


class InThisProcess:
    """Workers that are no processes: to try many ways of cutting quickly."""

    count = 2

    def run(self, work: Work, tasks: Sequence[Task], *, done: Done, name: Name) -> None:
        """Work off the tasks from the last to the first."""
        for task in reversed(tasks):
            done(task, work(*task))


class Spoiled(ProcessWorkers):
    """Real processes that do something else than they are told."""

    def __init__(self, count: int, work: Work) -> None:
        super().__init__(count)
        self.other = work

    def run(self, work: Work, tasks: Sequence[Task], *, done: Done, name: Name) -> None:
        """Do the other work."""
        super().run(self.other, tasks, done=done, name=name)


def assert_same_times(found: TravelTimes, wanted: TravelTimes) -> None:
    """Hold two matrices and the searches under them to the same values."""
    np.testing.assert_array_equal(found.time_s, wanted.time_s)
    assert list(found.cell_ids) == list(wanted.cell_ids)
    assert list(found.site_ids) == list(wanted.site_ids)
    assert found.search is not None
    assert wanted.search is not None
    np.testing.assert_array_equal(found.search.ds, wanted.search.ds)
    assert found.search.ds.dtype == wanted.search.ds.dtype
    assert found.search.engine == wanted.search.engine


def assert_same_run(found: Run, wanted: Run) -> None:
    """Hold every matrix of two runs to the same values."""
    assert_same_times(found.times, wanted.times)
    for those, others in ((found.variants, wanted.variants), (found.uncertain, wanted.uncertain)):
        assert list(those) == list(others)
        for name, times in those.items():
            assert_same_times(times, others[name])
    assert found.verdicts == wanted.verdicts


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where workers note what they began."""
    folder = tmp_path / "notes"
    folder.mkdir()
    monkeypatch.setenv(batches.FOLDER_VARIABLE, str(folder))
    return folder


def wait_for(found: Callable[[], bool], what: str, within_s: float = 300) -> None:
    """Wait until something is so."""
    end = time.monotonic() + within_s
    while not found():
        assert time.monotonic() < end, f"{what} did not come about within {within_s} s"
        time.sleep(0.02)


def process_of(notes: Path, batch: str) -> int:
    """Wait for the note of a batch, and give the process that works on it."""
    wait_for(lambda: any(notes.glob(f"{batch}-*")), f"batch {batch}")
    return int(next(notes.glob(f"{batch}-*")).read_text(encoding="utf-8"))


@contextmanager
def killing(notes: Path, batch: str) -> Iterator[None]:
    """Kill the process that works on a batch, as soon as it does."""
    killer = threading.Thread(
        target=lambda: os.kill(process_of(notes, batch), signal.SIGKILL), daemon=True
    )
    killer.start()
    yield
    killer.join(300)
    assert not killer.is_alive()


# --- the same, whoever searches ------------------------------------------------------------------


@pytest.mark.parametrize("batch_sites", [1, 5, 28, 1000])
def test_the_size_of_batches_changes_nothing(batch_sites: int) -> None:
    workers = FanOut(workers=InThisProcess(), batch_sites=batch_sites)
    assert_same_run(run_study(DEMO, searcher=workers), BASE)


@settings(max_examples=8)
@given(
    batch_sites=st.integers(1, 40),
    season=st.sampled_from(["summer", "winter"]),
    speed_factor=st.floats(0.5, 2),
)
def test_any_profile_is_searched_as_in_one_process(
    batch_sites: int, season: acc.speeds.Season, speed_factor: float
) -> None:
    standing = standing_of(BASE.times)
    profile = SpeedProfile(season=season, speed_factor=speed_factor)
    workers = FanOut(workers=InThisProcess(), batch_sites=batch_sites)
    found, wanted = workers(standing, [profile]), search_here(standing, [profile])
    assert_same_times(found[profile], wanted[profile])


@pytest.mark.parametrize("engine", ["buckets", "hierarchy"])
def test_every_engine_is_handed_to_the_workers(engine: acc.traveltime.EngineChoice) -> None:
    wanted = run_study(DEMO, engine=engine)
    workers = FanOut(workers=InThisProcess(), batch_sites=9)
    found = run_study(DEMO, engine=engine, searcher=workers)
    assert found.times.search is not None
    assert found.times.search.engine == engine
    assert_same_run(found, wanted)
    assert_same_run(found, wanted)


@pytest.mark.parametrize(
    "change",
    [
        acc.CloseRoad(road=BRIDGE),
        acc.SetSeason(value="winter"),
        acc.ScaleSpeed(
            road=acc.Roads(polygon=((25, 62), (26, 62), (26, 63), (25, 63))), factor=0.5
        ),
        acc.OpenSite(id="new", name="New", tier="L", lon=25.7, lat=62.2),
    ],
    ids=lambda change: type(change).__name__,
)
def test_a_scenario_is_searched_as_in_one_process(change: object) -> None:
    scenario = acc.Scenario(name=Text({"": "test"}), changes=(change,))  # type: ignore[arg-type]
    workers = FanOut(workers=InThisProcess(), batch_sites=10)
    base = run_study(DEMO, searcher=workers)
    found = run_scenario(base, scenario, searcher=workers)
    wanted = run_scenario(BASE, scenario)
    assert_same_run(found, wanted)
    assert found.effects == wanted.effects


@pytest.mark.parametrize("direction", ["to_sites", "from_sites"])
@pytest.mark.parametrize("workers", [1, 2])
def test_every_file_of_a_run_is_the_same_bytes(
    tmp_path: Path, direction: str, workers: int
) -> None:
    settings = {
        "network": {"direction": direction},
        "uncertainty": {"speed_factor": [0.8, 1.1]},
    }
    study = write_tiny_study(tmp_path / "study", settings=settings)
    serial, spread = tmp_path / "serial", tmp_path / "spread"
    for folder, more in ((serial, ()), (spread, ("--workers", workers))):
        answer = accessibility("run", study, "--out", folder, "--close", "d", "-q", *more)
        assert (answer.code, answer.err) == (0, "")
    assert state_of(spread) == state_of(serial)
    assert (serial / "comparison.json").is_file()


def test_a_job_is_read_as_it_was_written(tmp_path: Path) -> None:
    changes = (
        acc.CloseRoad(road=BRIDGE),
        acc.SetSpeed(road=acc.Roads(way=12), km_h=30),
        acc.ScaleSpeed(road=acc.Roads(polygon=((25, 62), (26, 62.5), (26, 63))), factor=0.1),
        acc.CloseFerry(),
    )
    profiles = [
        SpeedProfile(season="winter", speed_factor=1 / 3),
        SpeedProfile(season="summer", road_changes=changes),
    ]
    standing = standing_of(BASE.times)
    job.write_job(tmp_path, standing, profiles, engine="buckets")
    found = job.read_job(tmp_path)
    assert list(found.profiles) == profiles
    assert (found.engine, found.direction, found.crs) == ("buckets", "to_sites", DEMO.crs)
    assert found.table == BASE.speeds
    cells = found.standing("cells", standing.times)
    np.testing.assert_array_equal(cells.before_forward_ds, standing.cells.before_forward_ds)
    np.testing.assert_array_equal(cells.leg_ds, standing.cells.leg_ds)


def test_nothing_but_paths_and_numbers_is_sent() -> None:
    sent: list[Task] = []

    class Listening(InThisProcess):
        def run(self, work: Work, tasks: Sequence[Task], *, done: Done, name: Name) -> None:
            sent.extend(tasks)
            super().run(work, tasks, done=done, name=name)

    run_study(DEMO, searcher=FanOut(workers=Listening()))
    assert {type(part) for task in sent for part in task} == {str, int}
    assert len(sent) == len(set(sent)) > 2
    assert not Path(sent[0][0]).exists(), "the private folder was left behind"


@pytest.mark.parametrize(
    ("sites", "profiles", "workers", "size"),
    [(309, 3, 2, 64), (55, 3, 2, 32), (1, 1, 8, 16), (28, 1, 2, 16), (10_000, 3, 64, 64)],
)
def test_batches_are_whole_lanes(sites: int, profiles: int, workers: int, size: int) -> None:
    assert batch_size(sites, profiles, workers) == size


def test_progress_counts_every_search() -> None:
    shown: list[tuple[int, int]] = []
    run_study(
        DEMO,
        searcher=FanOut(workers=InThisProcess(), batch_sites=10),
        progress=lambda done, every: shown.append((done, every)),
    )
    every = len(BASE.sites.frame) * (1 + len(BASE.variants))
    assert [done for done, _ in shown] == sorted(done for done, _ in shown)
    assert shown[-1] == (every, every)


# --- workers that are killed ---------------------------------------------------------------------


def test_a_killed_worker_costs_its_batch_only(
    notes: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("accessibility"), "propagate", True)
    caplog.set_level(logging.WARNING, "accessibility")
    with (
        Spoiled(2, batches.hangs_at_first) as workers,
        killing(notes, "0-0"),
    ):
        found = run_study(DEMO, searcher=FanOut(workers=workers, batch_sites=7))
    assert_same_run(found, BASE)
    begun = [name.name.rsplit("-", 2)[0] for name in notes.iterdir()]
    assert begun.count("0-0") == 2
    assert len(begun) == len(set(begun)) + 1, "more than the killed batch was searched again"
    assert "a worker died over the batch of sites" in caplog.text


def test_a_batch_that_always_dies_is_named(notes: Path) -> None:
    first, last = BASE.sites.ids[0], BASE.sites.ids[6]
    with (
        Spoiled(2, batches.dies_over_one) as workers,
        pytest.raises(BatchError, match=rf"sites {first} to {last} \(summer, speed x 1\) died 3"),
    ):
        run_study(DEMO, searcher=FanOut(workers=workers, batch_sites=7))
    begun = {name.name.rsplit("-", 2)[0] for name in notes.iterdir()}
    assert len(begun) == 12, "the other batches were not worked out"


def test_a_batch_that_always_dies_is_exit_4(
    tmp_path: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = write_tiny_study(tmp_path / "study")
    monkeypatch.setattr(fan_out, "search_batch", batches.dies_over_one)
    answer = accessibility("check", study, "--workers", 1, "-q")
    assert (answer.code, answer.out) == (4, "")
    assert "sites a to d (summer, speed x 1) died 3 times" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("work", "kind", "words"),
    [
        (batches.cannot_read, NetworkError, "^the roads are gone$"),
        (batches.has_a_fault, BatchError, "a worker failed with KeyError"),
    ],
)
def test_an_error_in_a_worker_is_raised_here(work: Work, kind: type[Exception], words: str) -> None:
    with Spoiled(1, work) as workers, pytest.raises(kind, match=words):
        run_study(DEMO, searcher=FanOut(workers=workers))


def test_ctrl_c_stops_the_workers(tmp_path: Path, notes: Path) -> None:
    study = write_tiny_study(tmp_path / "study")
    code = (
        "import batches, signal, accessibility.distributed.fan_out as f\n"
        "f.search_batch = batches.hangs\n"
        # a shell may have started the tests with Ctrl-C ignored
        "signal.signal(signal.SIGINT, signal.default_int_handler)"
    )
    running = subprocess.Popen(
        python_command("check", study, "--workers", 2, code=code),
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        worker = process_of(notes, "0-0")
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to workers too
        out, err = running.communicate(timeout=300)
    finally:
        running.kill()
    assert running.returncode == 130
    assert (out, err.splitlines()[-1]) == ("", "interrupted")
    assert "Traceback" not in err
    wait_for(lambda: not Path(f"/proc/{worker}").exists(), "the worker's end", 60)


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="needs signal masks")
def test_ctrl_c_reaches_no_worker_even_before_it_has_started(tmp_path: Path) -> None:
    """Every worker is interrupted the moment that it exists: it still gets ready."""
    script = tmp_path / "script.py"
    script.write_text(
        "import os, signal, time\n"
        "from accessibility.distributed import ProcessWorkers\n"
        "if __name__ == '__main__':\n"
        "    with ProcessWorkers(2) as workers:\n"
        "        for _ in range(40):\n"
        "            for one in workers._processes:\n"
        "                os.kill(one.process.pid, signal.SIGINT)\n"
        "            time.sleep(0.05)\n"
        "        for one in workers._processes:\n"
        "            print(one.pipe.recv())\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=300
    )
    assert (done.stdout.splitlines(), done.stderr) == (["('ready',)"] * 2, "")


def test_a_script_without_a_main_guard_is_told_so(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from accessibility.distributed import ProcessWorkers\n"
        "with ProcessWorkers(1) as workers:\n"
        "    workers.run(print, [('', 0, 0, 1)], done=print, name=str)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=300
    )
    assert "BatchError: worker processes cannot be started" in done.stderr
    assert '__name__ == "__main__"' in done.stderr.splitlines()[-1]


# --- the private folder --------------------------------------------------------------------------


def test_folders_of_killed_processes_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESSIBILITY_CACHE", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    host = socket.gethostname()
    names = [f"searching-{host}-{gone.pid}-a", f"searching-{host}-{os.getppid()}-b", "searching-x"]
    for name in names:
        (tmp_path / name).mkdir()
    with job.private_folder() as folder:
        assert folder.is_dir()
        assert not (tmp_path / names[0]).exists()
        assert (tmp_path / names[1]).exists()
        assert (tmp_path / names[2]).exists()
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_to_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = write_tiny_study(tmp_path / "study")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ACCESSIBILITY_CACHE", str(tmp_path / "file"))
    answer = accessibility("check", study, "--workers", 1, "-q")
    assert answer.code == 3
    assert "ACCESSIBILITY_CACHE" in answer.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--workers", 0), "0 is not in the range"),
        (("--workers", "many"), "'many' is not a valid integer"),
        (("--workers", 2, "--scheduler", "tcp://127.0.0.1:1"), "exclude each other"),
    ],
)
def test_impossible_options_are_refused(
    tmp_path: Path, options: tuple[object, ...], words: str
) -> None:
    answer = accessibility("check", write_tiny_study(tmp_path / "study"), *options)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err


# --- a dask cluster ------------------------------------------------------------------------------

CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(
        n_workers=int(sys.argv[1]), threads_per_worker=1, processes=True, host="127.0.0.1",
        dashboard_address=None, worker_dashboard_address=None, silence_logs=50,
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@contextmanager
def cluster_of(folder: Path, workers: int, **environment: str) -> Iterator[str]:
    """Run a real cluster on the loopback address: a scheduler, and workers in processes."""
    pytest.importorskip("distributed")
    script = folder / "cluster.py"
    script.write_text(CLUSTER)
    running = subprocess.Popen(
        [sys.executable, str(script), str(workers)],
        env={
            **os.environ,
            "PYTHONPATH": str(TESTS),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
            **environment,
        },
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert running.stdin is not None
    assert running.stdout is not None
    try:
        address = running.stdout.readline().strip()
        assert address.startswith("tcp://127.0.0.1:")
        yield address
        running.stdin.close()
        running.wait(300)
    finally:
        running.kill()
        running.wait()
        running.stdout.close()


@dataclass(frozen=True)
class Cluster:
    """A cluster, and the folder where its workers note what they begin."""

    address: str
    notes: Path

    def run(self, *arguments: object, code: str = "") -> subprocess.CompletedProcess[str]:
        """Run the command line on it, in a process of its own."""
        return subprocess.run(
            python_command(*arguments, "--scheduler", self.address, code=code),
            env={
                **os.environ,
                "PYTHONPATH": str(TESTS),
                batches.FOLDER_VARIABLE: str(self.notes),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of two workers."""
    folder = tmp_path_factory.mktemp("cluster")
    notes = folder / "notes"
    notes.mkdir()
    with cluster_of(folder, 2, **{batches.FOLDER_VARIABLE: str(notes)}) as address:
        yield Cluster(address, notes)


@pytest.fixture
def on_cluster(cluster: Cluster) -> Cluster:
    """The cluster, with its notes emptied."""
    for note in cluster.notes.iterdir():
        note.unlink()
    return cluster


def spoiled(work: str) -> str:
    """Write the code that gives the cluster other work."""
    return (
        f"import batches, accessibility.distributed.fan_out as f\nf.search_batch = batches.{work}"
    )


def test_a_cluster_gives_the_same_bytes(tmp_path: Path, on_cluster: Cluster) -> None:
    serial, spread = tmp_path / "serial", tmp_path / "spread"
    assert accessibility("run", DEMO.path, "--out", serial, "-q").code == 0
    done = on_cluster.run("run", DEMO.path, "--out", spread, "-q")
    assert (done.returncode, done.stderr) == (0, "")
    assert state_of(spread) == state_of(serial)


def test_a_killed_worker_of_a_cluster_costs_its_batch_only(
    tmp_path: Path, on_cluster: Cluster
) -> None:
    wanted = accessibility("check", DEMO.path, "--format", "json", "-q")
    with killing(on_cluster.notes, "0-0"):
        done = on_cluster.run(
            "check", DEMO.path, "--format", "json", "-q", code=spoiled("hangs_at_first")
        )
    assert (done.returncode, done.stderr) == (wanted.code, "")
    assert json.loads(done.stdout) == json.loads(wanted.out)
    begun = [name.name.rsplit("-", 2)[0] for name in on_cluster.notes.iterdir()]
    assert begun.count("0-0") == 2


def test_a_batch_that_kills_every_worker_of_a_cluster_is_exit_4(on_cluster: Cluster) -> None:
    done = on_cluster.run("check", DEMO.path, "-q", code=spoiled("dies_over_one"))
    assert (done.returncode, done.stdout) == (4, "")
    assert f"sites {BASE.sites.ids[0]} to" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_on_a_cluster_is_raised_here(on_cluster: Cluster) -> None:
    done = on_cluster.run("check", DEMO.path, "-q", code=spoiled("cannot_read"))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "error: the roads are gone\n"


@pytest.mark.parametrize(
    ("look", "words"),
    [("sees_nothing", "ACCESSIBILITY_CACHE"), ("is_older", "another version of accessibility")],
)
def test_workers_that_cannot_do_the_work_are_refused(
    on_cluster: Cluster, look: str, words: str
) -> None:
    code = f"import batches, accessibility.distributed.cluster as c\nc.look = batches.{look}"
    done = on_cluster.run("check", DEMO.path, "-q", code=code)
    assert (done.returncode, done.stdout) == (3, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_workers_without_the_package_are_told_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "accessibility").mkdir()
    (tmp_path / "accessibility" / "__init__.py").write_text("raise ImportError('none here')")
    with cluster_of(tmp_path, 1, PYTHONPATH=str(tmp_path)) as address:
        done = Cluster(address, tmp_path).run("check", DEMO.path, "-q")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"Install accessibility {acc.__version__}" in done.stderr


def test_a_scheduler_without_workers_is_said_to_have_none(tmp_path: Path) -> None:
    with cluster_of(tmp_path, 0) as address:
        done = Cluster(address, tmp_path).run("check", DEMO.path, "-q")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"start some with `dask worker {address}`" in done.stderr


@pytest.mark.parametrize(
    ("address", "code", "words"),
    [
        ("tcp://127.0.0.1:1", 3, "no scheduler answers there within 5 s"),
        ("nonsense", 2, "expected one like tcp://"),
    ],
)
def test_a_scheduler_that_is_not_there_is_said_so_soon(
    tmp_path: Path, address: str, code: int, words: str
) -> None:
    pytest.importorskip("distributed")
    done = Cluster(address, tmp_path).run("check", DEMO.path, "-q")
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_dask_the_option_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    study = write_tiny_study(tmp_path / "study")
    answer = accessibility("check", study, "--scheduler", "tcp://127.0.0.1:1", "-q")
    assert (answer.code, answer.out) == (2, "")
    assert 'pip install "accessibility[distributed]"' in answer.err
