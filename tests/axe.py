"""axe-core in an opened page: the rules of WCAG 2.0 to 2.2, levels A and AA, and good practice."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from playwright.sync_api import Page

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule, and an element that breaks it or that it could not judge."""

    rule: str
    element: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What axe found: what breaks a rule, what it could not judge, how many rules held."""

    violations: tuple[Finding, ...]
    unsure: tuple[Finding, ...]
    passes: int


@cache
def _source() -> str:
    folder = resources.files("axe_playwright_python")
    return folder.joinpath("axe.min.js").read_text(encoding="utf-8")


def axe(page: Page, *, within: str = "") -> Findings:
    """Run axe over a page.

    Parameters
    ----------
    page
        The opened page. Its policy stays in force: axe comes in through the debugger.
    within
        A selector of the part to look at; all of it unless given.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"() => {{ {_source()} }}")
    settings = {
        "runOnly": {"type": "tag", "values": TAGS},
        "resultTypes": ["violations", "incomplete"],
    }
    found: dict[str, Any] = page.evaluate(
        f"async () => await axe.run({json.dumps(within or None)} ?? document, "
        f"{json.dumps(settings)})"
    )
    return Findings(
        violations=_findings(found["violations"]),
        unsure=_findings(found["incomplete"]),
        passes=len(found["passes"]),
    )


def _findings(rules: list[dict[str, Any]]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            rule=rule["id"],
            element=" ".join(str(one) for one in node["target"]),
            said=" ".join(node.get("failureSummary", "").split()),
        )
        for rule in rules
        for node in rule["nodes"]
    )


def assert_sound(page: Page, *, within: str = "", judged_elsewhere: Collection[str] = ()) -> None:
    """Assert that no rule is broken, and that axe left nothing open.

    Parameters
    ----------
    page, within
        As of `axe`.
    judged_elsewhere
        Rules that axe may leave open for single elements, since other tests judge every element.
    """
    found = axe(page, within=within)
    assert found.passes > 0, "axe looked at nothing"
    assert not found.violations, found.violations
    unsure = [one for one in found.unsure if one.rule not in judged_elsewhere]
    assert not unsure, unsure
