"""Workers that are those of a dask cluster which is there already.

The cluster carries paths and numbers; the files lie on a disk that all its machines share. A worker
that dies costs its batch, which dask gives to another, at most as often as the scheduler allows.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from concurrent.futures import CancelledError
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from accessibility import __version__
from accessibility.distributed.batches import look
from accessibility.distributed.job import JOB
from accessibility.distributed.workers import BatchError, Done, Name, Task, Work
from accessibility.errors import InputError, StudyError, examples
from accessibility.sources.network_cache import FOLDER_VARIABLE

#: Seconds to wait for the scheduler, and then for its first worker.
PATIENCE_S = 5
#: A batch that raises an error is tried so many times more, perhaps by another worker.
RETRIES = 2


class ClusterWorkers:
    """The workers of a dask.distributed cluster, to be used in a `with` block.

    Parameters
    ----------
    address
        Of the scheduler, such as tcp://10.0.0.5:8786.

    Raises
    ------
    StudyError
        If dask.distributed is not installed, or the address is none.
    InputError
        If no scheduler answers there, it has no workers, or they cannot do the work.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._client: Any = None

    def __enter__(self) -> Self:
        self._client = _connect(self.address)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    @property
    def count(self) -> int:
        """How many tasks the cluster works on at once: the threads of its workers."""
        return max(1, sum(self._client.nthreads().values()))

    def run(self, work: Work, tasks: Sequence[Task], *, done: Done, name: Name) -> None:
        """Run tasks; see `accessibility.distributed.Workers`."""
        if not tasks:
            return
        self._check(Path(tasks[0][0]))
        futures = {
            self._client.submit(work, *task, pure=False, retries=RETRIES): task for task in tasks
        }
        try:
            ready = _dask(self.address).as_completed(list(futures), loop=self._client.loop)
            for future in ready:
                task = futures[future]
                done(task, self._result(future, name(task)))
                future.release()
        except BaseException:
            self._client.cancel(list(futures), force=True)
            raise

    def _result(self, future: Any, batch: str) -> str:
        try:
            return str(future.result())
        except _dask(self.address).KilledWorker as problem:
            raise BatchError(
                f"the worker of the batch of {batch} died every time that the cluster tried it. "
                "Was it killed for want of memory? Give the workers more memory each"
            ) from problem
        except (CancelledError, asyncio.CancelledError) as problem:
            raise InputError(
                f"--scheduler {self.address}: the cluster was lost over the batch of {batch}; "
                "nothing was written. Start it again, then this"
            ) from problem

    def _check(self, folder: Path) -> None:
        """Refuse a cluster whose workers cannot do the work: another disk, another version."""
        expected = (folder / JOB).read_text(encoding="utf-8")
        answers = self._client.run(look, str(folder), on_error="return")
        where = f"--scheduler {self.address}"
        if not answers:
            raise InputError(f"{where}: the cluster has lost its workers")
        failed = {worker: one for worker, one in answers.items() if isinstance(one, BaseException)}
        if failed:
            worker, problem = next(iter(failed.items()))
            raise InputError(
                f"{where}: {len(failed)} of {len(answers)} workers cannot do the work "
                f"({worker}: {type(problem).__name__}: {problem}). Install accessibility "
                f"{__version__} where they run"
            )
        others = [worker for worker, one in answers.items() if one[0] != __version__]
        if others:
            raise InputError(
                f"{where}: workers {examples(others)} have another version of accessibility than "
                f"{__version__}; their figures might differ. Install the same everywhere"
            )
        blind = [worker for worker, one in answers.items() if one[1] != expected]
        if blind:
            raise InputError(
                f"{where}: workers {examples(blind)} do not see {folder}. The workers and this "
                f"machine must share that disk under the same path: name a folder on a shared one "
                f"in {FOLDER_VARIABLE}"
            )


def _dask(address: str) -> Any:
    """Give the library, which is an optional one."""
    try:
        return import_module("distributed")
    except ImportError as problem:
        raise StudyError(
            f"--scheduler {address}: dask.distributed is not installed; "
            'pip install "accessibility[distributed]"'
        ) from problem


def _connect(address: str) -> Any:
    where = f"--scheduler {address}"
    dask = _dask(address)
    if not re.fullmatch(r"[a-z]+://\S+:\d+", address):
        raise StudyError(f"{where}: is no address; expected one like tcp://10.0.0.5:8786")
    try:
        client = dask.Client(address, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as problem:  # of time-outs and of an unknown protocol, too
        raise InputError(
            f"{where}: no scheduler answers there within {PATIENCE_S} s. Is it running (`dask "
            "scheduler`), and is the address the one that it prints? On one machine --workers "
            "needs none"
        ) from problem
    try:
        client.wait_for_workers(1, timeout=PATIENCE_S)
    except TimeoutError as problem:
        client.close()
        raise InputError(
            f"{where}: the scheduler has no workers; start some with `dask worker {address}`"
        ) from problem
    return client
