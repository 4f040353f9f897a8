"""What every kind of workers offers: to run the batches of a job, and to say which one failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

#: The folder of a job, the number of a profile, and the first and last (exclusive) of its sites.
Task = tuple[str, int, int, int]
Work = Callable[[str, int, int, int], str]
Done = Callable[[Task, str], None]
Name = Callable[[Task], str]


class BatchError(Exception):
    """A batch cannot be worked out by any worker, however often it is tried."""


class Workers(Protocol):
    """Processes that can be given tasks."""

    @property
    def count(self) -> int:
        """How many tasks they work on at once."""
        ...

    def run(self, work: Work, tasks: Sequence[Task], *, done: Done, name: Name) -> None:
        """Run tasks in any order.

        Parameters
        ----------
        work
            A function of a module, called with the task's parts; it gives the path of its result.
        tasks
            What to do.
        done
            Called here with each task and its path as soon as it is there.
        name
            Says in words which task it is.

        Raises
        ------
        BatchError
            If a task's worker dies every time.
        AccessibilityError, OSError, MemoryError
            What the task itself raised.
        """
        ...
