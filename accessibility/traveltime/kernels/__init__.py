"""Search kernels, compiled by numba: loops over plain arrays that know nothing of roads or sites.

Only `accessibility.traveltime.engines` and what lies above it import these modules, inside
function bodies: loading them takes longer than SciPy needs for a small network.

Times are unsigned 32-bit deciseconds here: two of them, `UNREACHABLE` included, add up without
overflow, and whatever comes to `UNREACHABLE` or more is never smaller than it.

The inner loops index with unsigned integers: of a signed one numba asks each time whether it counts
from the end, which takes up to half of a kernel's time.
"""
