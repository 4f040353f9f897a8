"""Measures every row and prints the table: `python -m benchmarks.bench`; --help names options.

Each side of a row runs in a process of its own, one after the other. `--write` keeps the results in
results.json and lays them out in docs/benchmarks.md; `--check` fails if a ratio fell to less than
half of the one that is kept there. Real data is looked for in the folder that ACCESSIBILITY_DATA
names, else in `shared` beside this checkout; without it the rows that need it are left out and
named.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT, Case, CaseError, Measured, measure
from benchmarks.rows import FULL, QUICK, Outcome, Row, Size, compare
from benchmarks.runs import has_data
from benchmarks.table import Kept, keep, machine, notes, page_block, table

PAGE = ROOT / "docs" / "benchmarks.md"
RESULTS = Path(__file__).with_name("results.json")
BEGIN, END = "<!-- benchmarks -->", "<!-- end -->"
FAMILIES = (
    "searches", "closures", "shapes", "snapping", "reading", "runs", "start", "pages",
)  # fmt: skip
#: A ratio that fell below this share of the kept one fails the check.
FELL_BY_HALF = 0.5


def all_rows(size: Size) -> list[Row]:
    """Give the rows of every family that is there."""
    rows: list[Row] = []
    for family in FAMILIES:
        if importlib.util.find_spec(f"benchmarks.{family}") is not None:
            rows += import_module(f"benchmarks.{family}").rows(size)
    names = [row.name for row in rows]
    if len(set(names)) < len(names):
        raise ValueError(f"two rows have one name: {sorted(names)}")
    return rows


class Measuring:
    """Measures rows; a case that several rows share is measured once."""

    def __init__(self, measure: Callable[..., Measured] = measure, *, profile: bool = True) -> None:
        self._measure = measure
        self._profile = profile
        self._known: dict[str, Measured] = {}
        self._profiles: dict[str, tuple[str, ...]] = {}

    def of(self, case: Case) -> Measured:
        """Give what a case measures."""
        if case.key not in self._known:
            self._known[case.key] = self._measure(case)
        return self._known[case.key]

    def profile_of(self, case: Case) -> tuple[str, ...]:
        """Say where a case's time goes."""
        if case.key not in self._profiles:
            self._profiles[case.key] = self._measure(case, profile=True).profile
        return self._profiles[case.key]

    def row(self, row: Row) -> Outcome:
        """Measure a row; where its target is missed, look at where the time goes as well."""
        try:
            ours = self.of(row.ours)
            peer = None if row.peer is None else self.of(row.peer)
            outcome = compare(row, ours, peer)
            if not self._profile or not outcome.misses or outcome.failure:
                return outcome
            profile = self.profile_of(row.ours)
        except CaseError as problem:
            return Outcome(row=row, ours=None, failure=str(problem))
        return Outcome(row=row, ours=ours, peer=peer, agreement=outcome.agreement, profile=profile)


def run_rows(rows: Iterable[Row], measuring: Measuring) -> dict[str, Kept]:
    """Measure rows one after the other, saying on stderr how each came out."""
    found = {}
    for row in rows:
        found[row.name] = keep(measuring.row(row))
        ratio = found[row.name]["ratio"]
        said = "" if ratio is None else f", {ratio:g}x"
        print(f"{row.name}: {found[row.name]['result']}{said}", file=sys.stderr, flush=True)
    return found


def read_results() -> dict[str, Any]:
    """Read the kept results; none where nothing was kept yet."""
    if not RESULTS.is_file():
        return {}
    return dict(json.loads(RESULTS.read_text(encoding="utf-8")))


def write_results(found: Mapping[str, Kept], size: Size, *, whole: bool) -> None:
    """Keep results, beside those of other rows and sizes of the same machine."""
    kept = read_results()
    described = machine()
    if kept and kept["machine"] != described and not whole:
        raise SystemExit(
            "the kept results are another machine's; measure every row to replace them"
        )
    if kept.get("machine") != described:
        kept = {"machine": described}
    earlier = {} if whole else kept.get(size.name, {})
    order = [row.name for row in all_rows(size)]
    merged = {**earlier, **found}
    kept[size.name] = {name: merged[name] for name in order if name in merged}
    text = json.dumps(kept, indent=1, ensure_ascii=False)
    RESULTS.write_text(text + "\n", encoding="utf-8")
    if size.name == FULL.name:
        write_page(page_block(kept[size.name], kept["machine"]))


def write_page(block: str) -> None:
    """Put the table between the page's markers."""
    text = PAGE.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(BEGIN)}\n.*?{re.escape(END)}", re.S)
    if not pattern.search(text):
        raise SystemExit(f"{PAGE}: has no {BEGIN} ... {END} to write between")
    PAGE.write_text(pattern.sub(lambda _: f"{BEGIN}\n{block}{END}", text), encoding="utf-8")


def fallen(found: Mapping[str, Kept], kept: Mapping[str, Kept]) -> list[str]:
    """Say which rows failed, or have a ratio of less than half the kept one."""
    lines = []
    for name, one in found.items():
        if one["failure"]:
            lines.append(f"{name} failed: {one['failure']}")
        before = kept.get(name, {}).get("ratio")
        if before is None or one["ratio"] is None:
            continue
        if one["ratio"] < FELL_BY_HALF * before:
            lines.append(f"{name}: {one['ratio']:g}x, was {before:g}x: fell by more than half")
    return lines


def main() -> int:
    """Measure, print, and write or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="only these rows")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, quick rows only")
    parser.add_argument("--list", action="store_true", help="list the rows")
    does = parser.add_mutually_exclusive_group()
    does.add_argument("--write", action="store_true", help="keep the results, write the page")
    does.add_argument("--check", action="store_true", help="fail where a ratio fell by half")
    asked = parser.parse_args()
    size = QUICK if asked.quick else FULL
    rows = [row for row in all_rows(size) if row.quick or not asked.quick]
    if asked.rows:
        unknown = sorted(set(asked.rows) - {row.name for row in rows})
        if unknown:
            parser.error(f"no such row: {', '.join(unknown)}; --list names them")
        rows = [row for row in rows if row.name in asked.rows]
    if asked.list:
        print("\n".join(f"{row.name}: {row.work}" for row in rows))
        return 0
    found = run_rows(rows, Measuring(profile=not asked.quick))
    print("\n".join([table(found), "", *notes(found)]))
    if not has_data():
        print("without real data: the rows of Iceland and Finland are left out", file=sys.stderr)
    if asked.write:
        write_results(found, size, whole=not asked.rows)
        return 0
    if asked.check:
        wrong = fallen(found, read_results().get(size.name, {}))
        print("\n".join(wrong), file=sys.stderr)
        return int(bool(wrong))
    return int(any(one["failure"] for one in found.values()))


if __name__ == "__main__":
    sys.exit(main())
