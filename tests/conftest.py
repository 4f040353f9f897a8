"""What all tests share: a cache of their own, the folder of real data, steady random examples."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
DATA_VARIABLE = "ACCESSIBILITY_DATA"
CACHE_VARIABLE = "ACCESSIBILITY_CACHE"

# "steady" draws the same examples in every run, so that a failure is a change of the code;
# `pytest --hypothesis-profile=search` draws new ones, many, and prints the seed that repeats them.
_LAWS = {"deadline": None, "print_blob": True, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("steady", derandomize=True, max_examples=40, **_LAWS)
settings.register_profile("search", max_examples=300, **_LAWS)
settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def network_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Send the cache of read networks to a folder of this test run, subprocesses included."""
    folder = tmp_path_factory.mktemp("network-cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(folder))
        yield folder


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """Undo what a command of the test did to the package's log."""
    logger = logging.getLogger("accessibility")
    before = (list(logger.handlers), logger.level, logger.propagate)
    yield
    logger.handlers[:] = before[0]
    logger.setLevel(before[1])
    logger.propagate = before[2]


def _data_folder() -> Path:
    return Path(os.environ.get(DATA_VARIABLE) or ROOT.parent / "shared").resolve()


def _missing_data() -> str:
    """Say what is wrong with the folder of real data; nothing where it is there."""
    folder = _data_folder()
    if all((folder / part).is_dir() for part in ("data", "studies")):
        return ""
    named = DATA_VARIABLE if os.environ.get(DATA_VARIABLE) else f"{DATA_VARIABLE} is not set;"
    return f"no real data: {named} {folder} has no folders data and studies"


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder with `data/` and `studies/`: `ACCESSIBILITY_DATA`, else `shared` beside the repo.

    A test that asks for it carries `@pytest.mark.data`. Where the folder is missing the test is
    skipped, but fails where the variable CI is set: there, no data test may be lost in silence.
    """
    missing = _missing_data()
    if missing:
        if os.environ.get("CI"):
            pytest.fail(f"{missing} (CI is set: data tests must run)")
        pytest.skip(missing)
    return _data_folder()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hold tests to the mark: who uses real data says so, and who says so uses it."""
    for item in items:
        asks = "data_folder" in getattr(item, "fixturenames", ())
        marked = item.get_closest_marker("data") is not None
        if asks and not marked:
            raise pytest.UsageError(f"{item.nodeid} uses data_folder without @pytest.mark.data")
        if marked and not asks:
            item.fixturenames.insert(0, "data_folder")  # type: ignore[attr-defined]


def pytest_report_header() -> str:
    """Say at the start which real data and which random examples are used."""
    return f"real data: {_missing_data() or _data_folder()}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end how many tests were left out for want of data."""
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if "no real data:" in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.section("tests with real data")
        terminalreporter.line(f"{len(skipped)} data tests SKIPPED: {_missing_data()}")
        terminalreporter.line(
            f"Set {DATA_VARIABLE} to the folder that holds data/ and studies/ to run them."
        )
