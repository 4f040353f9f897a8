"""Draws the pictures of the README and the docs anew from the demo region, in a real browser.

Usage: python docs/screenshots.py. Needs Chromium (`chromium` on the path, or CHROMIUM names it).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import accessibility as acc

DOCS = Path(__file__).resolve().parent
WIDE = {"width": 1280, "height": 860}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


def main() -> None:
    """Run the demo and take its map's picture."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or "chromium"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        run = acc.run_study(acc.load_study(acc.demo_study()))
        page_file = acc.write_run(run, Path(folder) / "demo", language="en") / "map.html"
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport=WIDE)  # type: ignore[arg-type]
        page.goto(page_file.as_uri())
        page.wait_for_timeout(1500)
        page.screenshot(path=DOCS / "map.png")
        browser.close()


if __name__ == "__main__":
    main()
