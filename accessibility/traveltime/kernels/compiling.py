"""Compiles kernels once a machine: to machine code that is kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a kernel at its first call; it runs without holding other threads up.

    The machine code is kept beside the module, or in the user's cache folder; where neither may
    be written to, it is made anew in each process.
    """
    try:
        made = numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba found no folder to keep it in
        made = numba.njit(nogil=True)(function)
    return cast("F", made)
