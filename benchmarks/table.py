"""Lays results out as the page's table, with the machine named and missed targets explained."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measuring import Measured
from benchmarks.rows import Outcome, Row

LIBRARIES = (
    "numpy", "scipy", "numba", "networkx", "osmnx", "shapely", "contourpy", "geopandas", "osmium",
)  # fmt: skip
HEAD = (
    "row", "work", "target", "against", "its time, s", "ours, s", "ratio", "peak MiB, its / ours",
    "same work", "result",
)  # fmt: skip
LARGE_RATIO = 20

#: What is kept of an outcome: plain values, as JSON has them.
Kept = Mapping[str, Any]


def machine() -> dict[str, str]:
    """Describe the machine: what the figures depend on, and nothing that names it."""
    return {
        "processor": _from_file("/proc/cpuinfo", r"model name\s*:\s*(.+)") or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": f"{_memory_gib():.0f} GiB",
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def _from_file(path: str, pattern: str) -> str:
    try:
        found = re.search(pattern, Path(path).read_text(encoding="utf-8"))
    except OSError:
        return ""
    return found[1].strip() if found else ""


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def keep(outcome: Outcome) -> Kept:
    """Reduce an outcome to what is written to disk."""
    row, ours, peer = outcome.row, outcome.ours, outcome.peer
    return {
        "work": row.work,
        "target": target_of(row),
        "against": row.against,
        "ours": None if ours is None else _kept(ours),
        "peer": None if peer is None else _kept(peer),
        "ratio": None if outcome.ratio is None else float(f"{outcome.ratio:.3g}"),
        "same_work": outcome.agreement,
        "result": outcome.word,
        "failure": outcome.failure,
        "binds": row.binds if outcome.misses else "",
        "profile": list(outcome.profile),
    }


def _kept(measured: Measured) -> Kept:
    def short(value: float) -> float:
        return float(f"{value:.3g}")

    return {
        "median_s": short(measured.median_s),
        "least_s": short(min(measured.times_s)),
        "most_s": short(max(measured.times_s)),
        "repetitions": len(measured.times_s),
        "peak_mib": round(measured.peak_mib),
        "subset": measured.subset,
        "facts": {name: short(value) for name, value in measured.facts.items()},
    }


def target_of(row: Row) -> str:
    """Put a row's target into words."""
    parts = []
    if row.at_least is not None and row.at_least < 1:
        parts.append(f"at most {1 / row.at_least:.3g}x its time")
    elif row.at_least is not None:
        parts.append(f"at least {row.at_least:g}x")
    if row.at_most_s is not None:
        parts.append(f"at most {row.at_most_s:g} s")
    if row.at_most_gib is not None:
        parts.append(f"at most {row.at_most_gib:g} GiB")
    parts += [f"{name} at least {least:g}" for name, least in row.facts_at_least.items()]
    parts += [f"{name} at most {most:g}" for name, most in row.facts_at_most.items()]
    return ", ".join(parts) or "-"


def page_block(results: Mapping[str, Kept], described: Mapping[str, str]) -> str:
    """Lay out everything between the page's markers."""
    cpu = (
        f"{described['processor']}, {described['cores']} cores, {described['memory']}, "
        f"{described['system']}, Python {described['python']}"
    )
    libraries = ", ".join(f"{name} {described[name]}" for name in LIBRARIES if name in described)
    lines = [f"Machine: {cpu}; {libraries}.", "", table(results)]
    return "\n".join([*lines, "", *notes(results)]).rstrip() + "\n"


def table(results: Mapping[str, Kept]) -> str:
    """Lay out the table in Markdown."""
    rows = [_cells(name, one) for name, one in results.items()]
    return "\n".join("| " + " | ".join(row) + " |" for row in [HEAD, ["---"] * len(HEAD), *rows])


def _cells(name: str, one: Kept) -> Sequence[str]:
    peer, ours = one["peer"], one["ours"]
    facts = "" if ours is None else "".join(f"; {k} {v:g}" for k, v in ours["facts"].items())
    peaks = [f"{side['peak_mib']:,}" for side in (peer, ours) if side is not None]
    return (
        f"`{name}`",
        one["work"],
        one["target"],
        one["against"] or "-",
        _seconds(peer) + ("*" if peer and peer["subset"] else ""),
        _seconds(ours),
        "-" if one["ratio"] is None else _ratio(one["ratio"]),
        " / ".join(peaks) or "-",
        one["same_work"] or "-",
        one["result"] + facts,
    )


def _ratio(ratio: float) -> str:
    return f"{ratio:,.0f}x" if ratio >= LARGE_RATIO else f"{ratio:.3g}x"


def _seconds(side: Kept | None) -> str:
    if side is None:
        return "-"
    runs = side["repetitions"]
    spread = f"{_short(side['least_s'])} to {_short(side['most_s'])}" if runs > 1 else "one run"
    return f"{_short(side['median_s'])} ({spread})"


def _short(seconds: float) -> str:
    return f"{seconds:,.0f}" if seconds >= LARGE_RATIO else f"{seconds:.3g}"


def notes(results: Mapping[str, Kept]) -> list[str]:
    """Explain below the table: what was scaled, what failed, and what binds a missed target."""
    lines = []
    scaled = {
        f"`{name}` {one['against']}: {one['peer']['subset']}"
        for name, one in results.items()
        if one["peer"] and one["peer"]["subset"]
    }
    if scaled:
        lines += ["\\* Measured on a part and scaled:", ""]
        lines += [f"- {one}" for one in sorted(scaled)]
    for name, one in results.items():
        if one["failure"]:
            lines += ["", f"`{name}` failed: {one['failure']}"]
        elif "missed" in one["result"]:
            lines += ["", f"`{name}` misses its target. {one['binds']}".rstrip()]
            lines += ["", "Own time by function:", ""] * bool(one["profile"])
            lines += [f"- {line}" for line in one["profile"]]
    return lines
