"""Draws the pictures of the README and the docs anew from the demo region, in a real browser.

Usage: python docs/screenshots.py [--check]. Needs Chromium (on the path, or CHROMIUM names it).
`--check` says, without a browser, whether the pictures of the page show what it looks like now.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops
from playwright.sync_api import Browser, sync_playwright

import accessibility as acc
from accessibility.pages import page_html
from accessibility.pages.pdf import chromium_path
from accessibility.run_folder import draw_shapes, write_record
from accessibility.run_reading import StoredRun, read_run
from accessibility.what_if import run_scenario

DOCS = Path(__file__).resolve().parent
#: Hashes of the pages that the pictures were taken of, and of the pictures.
KEPT = DOCS / "screenshots.json"
SIZES = {"wide": (1280, 860), "narrow": (390, 844)}
#: What each picture shows: where the window stands, and the map's view, as its radio buttons count.
SHOWN = {
    ("page", "wide"): ("#map-figure", 0),
    ("page", "narrow"): ("#answer", 0),
    ("page-closure", "wide"): ("#map-figure", 2),
    ("page-closure", "narrow"): ("#card", 0),
}
LARGEST_BYTES = 300_000
COLOURS = 256
#: A colour may be shifted by so many of 255 parts, not more.
FARTHEST = 16
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
MAP = "map.png"
DATA = re.compile(r'<script type="application/json".*?</script>', re.DOTALL)
DRAWN = re.compile(r' (?:d|points|x|y|x1|y1|x2|y2|transform|width|height)="[^"]*"')


def demo_pages(folder: Path) -> dict[str, str]:
    """Write the demo's page, alone and with its closure, in Finnish."""
    base = acc.run_study(acc.load_study(acc.demo_study()))
    closure = acc.load_scenario(Path(acc.demo_study()).parent / "closure.toml")
    runs = [_stored(base, folder / "now"), _stored(run_scenario(base, closure), folder / "option")]
    return {
        "page": page_html(runs[:1], language="fi"),
        "page-closure": page_html(runs, language="fi"),
    }


def _stored(run: acc.Run, folder: Path) -> StoredRun:
    folder.mkdir()
    write_record(run, draw_shapes(run, sites=False), folder)
    return read_run(folder)


def page_hashes(pages: dict[str, str]) -> dict[str, str]:
    """Give the hashes of pages: their texts, style and scripts.

    Left out are the coordinates of drawings, whose last digits are the libraries', and the
    package's version.
    """
    found = {}
    for name, html in pages.items():
        text = DATA.sub("", html).replace(acc.__version__, "")
        found[name] = hashlib.sha256(DRAWN.sub("", text).encode()).hexdigest()
    return found


def stale(pages: dict[str, str]) -> list[str]:
    """Name the pictures of the page that are missing, were changed, or show another page."""
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    found = page_hashes(pages)
    names = []
    for name in pages:
        for size in SIZES:
            picture = DOCS / f"{name}-{size}.png"
            same = picture.is_file() and kept.get(picture.name) == _hash(picture.read_bytes())
            if not same or kept.get(name) != found[name]:
                names.append(picture.name)
    return names


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def take_pictures(pages: dict[str, str], folder: Path, browser: Browser) -> None:
    """Take the pictures of the pages, and keep what they were taken of."""
    kept = page_hashes(pages)
    for name, html in pages.items():
        path = folder / f"{name}.html"
        path.write_text(html, encoding="utf-8")
        for size in SIZES:
            picture = DOCS / f"{name}-{size}.png"
            shot = _shot(browser, path, SIZES[size], *SHOWN[name, size])
            picture.write_bytes(_small(shot))
            kept[picture.name] = _hash(picture.read_bytes())
            if picture.stat().st_size > LARGEST_BYTES:
                raise SystemExit(f"{picture}: {picture.stat().st_size:,} bytes are too many")
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def _shot(browser: Browser, path: Path, size: tuple[int, int], section: str, view: int) -> bytes:
    """Picture one window of a page, from a section on, its map showing a view."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce", offline=True
    )
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("#map-figure[data-painted]", state="attached")
    if view:
        page.locator(f"input[name=map-view][value='{view}']").check()
        page.wait_for_selector(f"#map-figure[data-painted^='{view}-']", state="attached")
        page.evaluate("document.activeElement.blur()")
    page.locator(section).evaluate("(one) => one.scrollIntoView()")
    shot = page.screenshot()
    context.close()
    return shot


def _small(shot: bytes) -> bytes:
    """Write a picture in as few bytes as keep its colours: a rare class of the map is one too."""
    picture = Image.open(BytesIO(shot)).convert("RGB")
    frequent = picture.quantize(COLOURS, kmeans=1, dither=Image.Dither.NONE)
    apart = ImageChops.difference(picture, frequent.convert("RGB")).getextrema()
    true = all(most <= FARTHEST for _, most in apart)
    out = BytesIO()
    (frequent if true else picture).save(out, format="PNG", optimize=True)
    return out.getvalue()


def take_map(folder: Path, browser: Browser) -> None:
    """Take the picture of the analyst's map."""
    run = acc.run_study(acc.load_study(acc.demo_study()))
    page_file = acc.write_run(run, folder / "demo", language="en") / "map.html"
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    page.goto(page_file.as_uri())
    page.wait_for_timeout(1500)
    page.screenshot(path=DOCS / MAP)
    page.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Take every picture, or say which are not current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="take none; fail if one is stale")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pages = demo_pages(folder)
        if asked.check:
            found = stale(pages)
            print("\n".join(f"{one}: not current; make screenshots" for one in found))
            return int(bool(found))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
            take_pictures(pages, folder, browser)
            take_map(folder, browser)
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
