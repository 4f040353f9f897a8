"""Measures the council page: its size, how soon its map stands, how it moves.

`python benchmarks/pages.py` prints the table; `--write` puts it into docs/benchmarks.md;
`--studies demo iceland` takes some studies alone; `--runs DIR` keeps the run folders there and
uses those that are there. The real studies lie in the folder that ACCESSIBILITY_DATA names, else in
`shared` beside this checkout. Needs Chromium, on the path or named in CHROMIUM.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

import accessibility as acc
from accessibility.pages import write_page
from accessibility.pages.pdf import chromium_path
from accessibility.run_folder import draw_shapes, write_record
from accessibility.run_reading import StoredRun, read_run
from accessibility.scenarios import closing
from accessibility.what_if import run_scenario

ROOT = Path(__file__).resolve().parent.parent
STUDIES = Path(os.environ.get("ACCESSIBILITY_DATA") or ROOT.parent / "shared") / "studies"
TABLE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- the council page -->", "<!-- end of the council page -->"
HEAD = (
    "page", "people's cells", "page, MB", "gzipped, MB", "written in, s", "map stands after, s",
    "all layers drawn after, s", "longest stall, ms", "target", "result",
)  # fmt: skip
VISITS = 5
ROUNDS = 3
#: A page that takes longer to write than this is written once.
LONG_ENOUGH_S = 30.0
MB = 1e6
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

# draws every layer once, and gives the milliseconds that each took
DRAW_LAYERS = """async () => {
  const figure = document.getElementById("map-figure"), took = [];
  const inputs = (name) => [...document.querySelectorAll(`input[name=${name}]`)];
  const painted = (key) => new Promise((done) => {
    if (figure.dataset.painted === key) return done();
    const watch = new MutationObserver(() => {
      if (figure.dataset.painted !== key) return;
      watch.disconnect();
      done();
    });
    watch.observe(figure, { attributes: true, attributeFilter: ["data-painted"] });
  });
  for (const view of inputs("map-view")) {
    for (const tier of inputs("map-tier")) {
      const key = `${view.value}-${tier.value}`;
      if (figure.dataset.painted === key) continue;
      const start = performance.now();
      for (const input of [view, tier]) {
        if (input.checked) continue;
        input.checked = true;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      }
      await painted(key);
      took.push(performance.now() - start);
    }
  }
  return took;
}"""
# the longest time without a frame, and the longest task, from here on
WATCH_FRAMES = """() => {
  window.stall = 0;
  let last = performance.now();
  (function next(now) {
    window.stall = Math.max(window.stall, now - last);
    last = now;
    requestAnimationFrame(next);
  })(last);
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) window.stall = Math.max(window.stall, one.duration);
  }).observe({ type: "longtask" });
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A page to measure: its study, what closes, and what it must hold."""

    name: str
    study: str
    close: tuple[str, ...] = ()
    most_mb: float | None = None
    most_ready_s: float | None = None
    most_stall_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a page came to: the median of several visits."""

    cells: int
    page_mb: float
    gzipped_mb: float
    written_s: float
    ready_s: float
    layers_s: float
    stall_ms: float


SUBJECTS = {
    "demo": Subject(name="demo", study="demo"),
    "keski-suomi": Subject(name="Keski-Suomi", study="keski-suomi", most_mb=1.2, most_ready_s=2.0),
    "lappi": Subject(name="Lapland, S148 closed", study="lappi", close=("S148",)),
    "iceland": Subject(name="Iceland", study="iceland", most_mb=2.0),
    "finland": Subject(name="Finland", study="finland", most_mb=8.0, most_stall_ms=200.0),
}


def rows(size: object) -> list[object]:
    """Give no row to the other benchmarks' table: a page is measured in a browser, here."""
    return []


def stored_runs(subject: Subject, folder: Path) -> list[StoredRun]:
    """Give the runs of a page; they are computed where the folder does not have them."""
    names = ["now", *(["option"] if subject.close else [])]
    places = [folder / subject.study / name for name in names]
    if not all((place / "run.json").is_file() for place in places):
        path = acc.demo_study() if subject.study == "demo" else STUDIES / f"{subject.study}.toml"
        run = acc.run_study(acc.load_study(path))
        runs = [run, *([run_scenario(run, closing(subject.close))] if subject.close else [])]
        for one, place in zip(runs, places, strict=True):
            place.mkdir(parents=True, exist_ok=True)
            write_record(one, draw_shapes(one, sites=False), place)
    return [read_run(place) for place in places]


def measure(subject: Subject, runs: Sequence[StoredRun], browser: Browser) -> Measured:
    """Write the page, and visit it several times."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        written: list[float] = []
        while len(written) < ROUNDS and sum(written) < LONG_ENOUGH_S:
            start = time.perf_counter()
            write_page(runs, path)
            written.append(time.perf_counter() - start)
        data = path.read_bytes()
        visits = [_visit(browser, path) for _ in range(VISITS)]
        stalls = [_stall_ms(browser, path) for _ in range(ROUNDS)]
    return Measured(
        cells=len(runs[0].population.cells),
        page_mb=len(data) / MB,
        gzipped_mb=len(gzip.compress(data, mtime=0)) / MB,
        written_s=statistics.median(written),
        ready_s=statistics.median(ready for ready, _ in visits),
        layers_s=statistics.median(ready + rest for ready, rest in visits),
        stall_ms=statistics.median(stalls),
    )


def _open(browser: Browser, path: Path) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 860}, offline=True).new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("#map-figure[data-painted]", state="attached", timeout=120_000)
    return page


def _visit(browser: Browser, path: Path) -> tuple[float, float]:
    """Give seconds until the map's first layer stands, and those that all others take."""
    page = _open(browser, path)
    ready = float(page.evaluate("window.__mapReady"))
    rest = sum(page.evaluate(DRAW_LAYERS))
    page.context.close()
    return ready / 1000, rest / 1000


def _stall_ms(browser: Browser, path: Path) -> float:
    """Drag, zoom and walk the map, and give the longest time in which nothing moved."""
    page = _open(browser, path)
    canvas = page.locator("#map-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    if box is None:
        raise SystemExit("the map is not to be seen")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    canvas.focus()
    page.wait_for_timeout(300)
    page.evaluate(WATCH_FRAMES)
    for side in (1, -1):
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + side * 150, y + side * 80, steps=30)
        page.mouse.up()
    for key in ("+", "+", "ArrowLeft", "ArrowUp", "+", "ArrowRight", "-", "-", "-"):
        page.keyboard.press(key)
        page.wait_for_timeout(60)
    page.mouse.move(x, y)
    for turn in (-240, -240, 240, 240):
        page.mouse.wheel(0, turn)
        page.wait_for_timeout(120)
    page.wait_for_timeout(300)
    stall = float(page.evaluate("window.stall"))
    page.context.close()
    return stall


def row(subject: Subject, found: Measured) -> list[str]:
    """Lay out a row of the table."""
    bounds = [
        (subject.most_mb, found.page_mb, "at most {:g} MB"),
        (subject.most_ready_s, found.layers_s, "all layers in {:g} s"),
        (subject.most_stall_ms, found.stall_ms, "no stall over {:g} ms"),
    ]
    held = [(value <= most, words.format(most)) for most, value, words in bounds if most]
    result = "met" if all(is_met for is_met, _ in held) else "**missed**"
    return [
        subject.name,
        f"{found.cells:,}",
        f"{found.page_mb:.2f}",
        f"{found.gzipped_mb:.2f}",
        f"{found.written_s:.1f}",
        f"{found.ready_s:.2f}",
        f"{found.layers_s:.2f}",
        f"{found.stall_ms:.0f}",
        ", ".join(words for _, words in held) or "-",
        result if held else "-",
    ]


def table(rows_found: Sequence[Sequence[str]], version: str) -> str:
    """Lay out the table in Markdown."""
    lines = [HEAD, ["---"] * len(HEAD), *rows_found]
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    cores = os.cpu_count()
    return f"{text}\n\nChromium {version}, headless, software rendering, {cores} cores.\n"


def write_table(text: str) -> None:
    """Put the table between its markers on the page of benchmarks."""
    page = TABLE.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(BEGIN)}\n.*?{re.escape(END)}", re.S)
    if not pattern.search(page):
        raise SystemExit(f"{TABLE}: has no {BEGIN} ... {END} to write between")
    TABLE.write_text(pattern.sub(lambda _: f"{BEGIN}\n{text}{END}", page), encoding="utf-8")


def main() -> int:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table to the docs")
    parser.add_argument("--studies", nargs="+", choices=SUBJECTS, default=list(SUBJECTS))
    parser.add_argument("--runs", type=Path, help="keep and use run folders here")
    asked = parser.parse_args()
    if asked.write and len(asked.studies) < len(SUBJECTS):
        parser.error("--write needs every study: the table is written as a whole")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        found = []
        for name in asked.studies:
            runs = stored_runs(SUBJECTS[name], asked.runs or Path(folder))
            found.append(row(SUBJECTS[name], measure(SUBJECTS[name], runs, browser)))
            print(" | ".join(found[-1]), file=sys.stderr, flush=True)
        text = table(found, browser.version)
        browser.close()
    print(text)
    if asked.write:
        write_table(text)
    return int(any("**missed**" in one[-1] for one in found))


if __name__ == "__main__":
    sys.exit(main())
