"""Workers that are processes of this machine.

They are started afresh ("spawn"), never forked: a fork copies locks that threads of GDAL or numba
may hold. A process that is killed costs the batch that it had; another takes its place.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import signal
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Self

from accessibility import errors
from accessibility.distributed.workers import BatchError, Done, Name, Task, Work

#: A batch whose worker died is given to another; if that dies too, it is tried once more alone.
TRIES_BESIDE_OTHERS = 2
READY, DONE, FAILED = "ready", "done", "failed"
GRACE_S = 5.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Process:
    """A process, our end of the pipe to it, and what it is busy with."""

    process: BaseProcess
    pipe: Connection
    is_ready: bool = False
    task: Task | None = None


class ProcessWorkers:
    """Processes of this machine, to be used in a `with` block.

    They start at once, so that they are ready by the time that the files of a study are read.

    Parameters
    ----------
    count
        How many.
    """

    def __init__(self, count: int) -> None:
        if count < 1:
            raise ValueError("there must be at least one worker")
        self.count = count
        self._processes: list[_Process] = []

    def __enter__(self) -> Self:
        self._start(self.count)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def run(self, work: Work, tasks: Sequence[Task], *, done: Done, name: Name) -> None:
        """Run tasks; see `accessibility.distributed.Workers`."""
        left = self._work(work, tasks, self.count, TRIES_BESIDE_OTHERS, done, name)
        if left:
            log.warning("%d batches are tried once more, one at a time", len(left))
        dead = self._work(work, left, 1, 1, done, name)
        if dead:
            raise BatchError(
                f"the worker of the batch of {name(dead[0])} died {TRIES_BESIDE_OTHERS + 1} times, "
                "the last time with nothing beside it. Was it killed for want of memory? Take "
                "fewer workers, a smaller region or a machine with more memory"
            )

    def stop(self) -> None:
        """End every process, whatever it is busy with."""
        for one in self._processes:
            one.process.terminate()
        for one in self._processes:
            one.process.join(GRACE_S)
            if one.process.is_alive():
                one.process.kill()
                one.process.join()
            one.pipe.close()
            one.process.close()
        self._processes.clear()

    def _work(
        self, work: Work, tasks: Sequence[Task], most: int, tries: int, done: Done, name: Name
    ) -> list[Task]:
        """Work on tasks by at most so many processes; give those whose worker died each time."""
        waiting, deaths, lost = deque(tasks), dict.fromkeys(tasks, 0), []
        while waiting or any(one.task is not None for one in self._processes):
            busy = sum(one.task is not None for one in self._processes)
            self._start(min(self.count, busy + len(waiting)) - len(self._processes))
            for one in self._processes:
                if waiting and one.is_ready and one.task is None and busy < most:
                    self._give(one, work, waiting.popleft())
                    busy += 1
            for one in self._heard():
                task, answer = one.task, self._answer(one)
                if answer is not None:
                    if answer[0] == DONE and task is not None:
                        done(task, answer[1])
                    continue
                if task is None:
                    continue
                deaths[task] += 1
                log.warning("a worker died over the batch of %s", name(task))
                if deaths[task] < tries:
                    waiting.append(task)
                else:
                    lost.append(task)
        return lost

    def _give(self, one: _Process, work: Work, task: Task) -> None:
        one.task = task
        with contextlib.suppress(OSError):  # it died while idle: the next look at it tells
            one.pipe.send((work, task))

    def _heard(self) -> list[_Process]:
        """Wait until some processes answer or die."""
        by_signal: dict[Any, _Process] = {}
        for one in self._processes:
            by_signal[one.pipe] = by_signal[one.process.sentinel] = one
        heard = {id(by_signal[one]): by_signal[one] for one in wait(list(by_signal))}
        return list(heard.values())

    def _answer(self, one: _Process) -> tuple[str, ...] | None:
        """Take a process's answer; None: it died, and is buried."""
        try:
            answer = one.pipe.recv() if one.pipe.poll() else None
        except (EOFError, OSError):
            answer = None
        if answer is None:
            self._bury(one)
            return None
        one.is_ready, one.task = True, None
        if answer[0] == FAILED:
            _, kind, text, trace = answer
            log.debug("in a worker: %s", trace)
            raise _raised(kind, text)
        return answer

    def _bury(self, one: _Process) -> None:
        one.process.join()
        code, was_ready = one.process.exitcode, one.is_ready
        self._processes.remove(one)
        one.pipe.close()
        one.process.close()
        if not was_ready:
            raise BatchError(
                f"worker processes cannot be started (exit code {code}). In a script, call this "
                'under `if __name__ == "__main__":`, since every worker imports the script first'
            )

    def _start(self, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs,), daemon=True)
            with _no_interrupt():
                process.start()
            theirs.close()
            self._processes.append(_Process(process=process, pipe=ours))


def serve(pipe: Connection) -> None:
    """Work in a process of its own: take tasks from the pipe until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    import accessibility.distributed.batches  # noqa: F401  (before the first task, not in it)

    with contextlib.suppress(EOFError, OSError):  # the parent is gone
        pipe.send((READY,))
        while True:
            work, task = pipe.recv()
            try:
                answer: tuple[str, ...] = (DONE, work(*task))
            except Exception as problem:
                kind, text = type(problem).__name__, str(problem)
                answer = (FAILED, kind, text, traceback.format_exc())
            pipe.send(answer)


def _raised(kind: str, text: str) -> Exception:
    """Make the error that a worker met: one of this package, for want of memory, or of a file."""
    known = getattr(errors, kind, None)
    if isinstance(known, type) and issubclass(known, errors.AccessibilityError):
        return known(text)
    for builtin in (MemoryError, FileNotFoundError, PermissionError, OSError):
        if kind == builtin.__name__:
            return builtin(text)
    return BatchError(f"a worker failed with {kind}: {text}")


@contextlib.contextmanager
def _no_interrupt() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach: they inherit what is blocked here."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # else the first process to start starts it, and it lets Ctrl-C through again in between
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
