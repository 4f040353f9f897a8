"""A real browser for tests of pages: Chromium, headless, cut off from any network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM_VARIABLE = "CHROMIUM"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# notes every text drawn on a canvas, so that tests can read it
RECORD_CANVAS_TEXT = """
window.drawnTexts = [];
const fillText = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
  window.drawnTexts.push(text);
  return fillText.call(this, text, ...rest);
};
"""
# notes what the page's own policy stopped
RECORD_POLICY = """
window.stopped = [];
document.addEventListener("securitypolicyviolation", (one) => {
  window.stopped.push(`${one.violatedDirective}: ${one.blockedURI} ${one.sample}`);
});
"""


@dataclass
class Visit:
    """An opened page, with what it asked for and complained about since."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def assert_quiet(self) -> None:
        """Assert that the page fetched nothing, broke no policy, threw and logged nothing."""
        stopped = self.page.evaluate("window.stopped ?? []")
        heard = (self.requests, self.errors, self.dialogs, stopped)
        assert heard == ([], [], [], []), heard


def chromium_path() -> Path:
    """Find Chromium; without it the test is skipped, but fails where the variable CI is set."""
    named = os.environ.get(CHROMIUM_VARIABLE)
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    for name in names:
        found = shutil.which(name)
        if found:
            return Path(found)
    missing = (
        f"no Chromium: none of {', '.join(names)} is there; install it, or name it in the "
        f"variable {CHROMIUM_VARIABLE}"
    )
    if os.environ.get("CI"):
        pytest.fail(f"{missing} (CI is set: pages must be opened)")
    pytest.skip(missing)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium, and stop it afterwards."""
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visit(
    browser: Browser, path: Path, *, width: int = 1280, height: int = 860, **settings: Any
) -> Iterator[Visit]:
    """Open a file in a fresh, offline context, and watch it.

    Further `settings` are those of Playwright's `new_context`, such as `java_script_enabled`.
    """
    context = browser.new_context(
        viewport={"width": width, "height": height}, offline=True, **settings
    )
    try:
        context.add_init_script(RECORD_CANVAS_TEXT)
        context.add_init_script(RECORD_POLICY)
        page = context.new_page()
        seen = Visit(page)
        page.on("dialog", lambda one: (seen.dialogs.append(one.message), one.dismiss()))
        own = path.resolve().as_uri()
        page.on("request", lambda one: _note(seen.requests, one.url, {own}))
        page.on("pageerror", lambda one: seen.errors.append(str(one)))
        page.on(
            "console",
            lambda one: seen.errors.append(one.text) if one.type in ("error", "warning") else None,
        )
        page.goto(own)
        page.wait_for_load_state("load")
        yield seen
    finally:
        context.close()


def _note(requests: list[str], url: str, expected: set[str]) -> None:
    if url not in expected and not url.startswith("data:"):
        requests.append(url)
