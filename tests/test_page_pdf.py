"""The page as a PDF: tagged, in its language, with the page's own tables, the same every time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from browser import chromium, chromium_path, visit
from pages_made import demo_runs
from playwright.sync_api import Browser
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from accessibility.errors import OutputError
from accessibility.pages import write_page
from accessibility.pages.pdf import write_pdf

A4_PT = (595.0, 842.0)


@dataclass(frozen=True)
class Printed:
    """A page, and its PDF."""

    page: Path
    pdf: Path


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    """The demo with its closure, in Finnish."""
    chromium_path()
    folder = tmp_path_factory.mktemp("printed")
    found = Printed(folder / "page.html", folder / "page.pdf")
    write_page(demo_runs(folder / "runs"), found.page, language="fi")
    write_pdf(found.page, found.pdf)
    return found


@pytest.fixture(scope="module")
def reader(printed: Printed) -> PdfReader:
    return PdfReader(printed.pdf)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def tags(reader: PdfReader) -> list[DictionaryObject]:
    """Every element of the structure tree."""
    return list(_elements(reader.trailer["/Root"]["/StructTreeRoot"]))


def _elements(under: DictionaryObject) -> Iterator[DictionaryObject]:
    kids: Any = under.get("/K", [])
    for kid in kids if isinstance(kids, ArrayObject) else [kids]:
        one = kid.get_object()
        if isinstance(one, DictionaryObject) and "/S" in one:
            yield one
            yield from _elements(one)


def _of_kind(tags: list[DictionaryObject], kind: str) -> list[DictionaryObject]:
    return [one for one in tags if one["/S"] == kind]


def _squeezed(text: str) -> str:
    """Leave out spaces: a printed line breaks where it must, and hyphens are soft."""
    return re.sub(r"[\s\u00ad\u200b]+", "", text)


def test_it_is_tagged_and_names_its_language_and_title(reader: PdfReader, printed: Printed) -> None:
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is True or bool(root["/MarkInfo"]["/Marked"])
    assert str(root["/Lang"]).lower().startswith("fi")
    html = printed.page.read_text(encoding="utf-8")
    title = re.search(r"<title>(.*?)</title>", html)
    assert title is not None
    assert reader.metadata is not None
    assert reader.metadata.title == title[1]


def test_every_sheet_is_a4(reader: PdfReader) -> None:
    assert len(reader.pages) > 5
    for sheet in reader.pages:
        sides = sorted((float(sheet.mediabox.width), float(sheet.mediabox.height)))
        assert sides == pytest.approx(A4_PT, abs=1.5)


def test_its_tables_have_headers_and_as_many_rows_as_the_page(
    browser: Browser, printed: Printed, tags: list[DictionaryObject]
) -> None:
    with visit(browser, printed.page) as seen:
        # folded tables are printed open; the legend is the live map's, which paper does not have
        tables = seen.page.locator("main table:not(.map-legend)")
        rows = seen.page.locator("main table:not(.map-legend) tr").count()
        wanted = tables.count()
    found = Counter(str(one["/S"]) for one in tags)
    assert found["/Table"] == wanted
    assert found["/TH"] > wanted
    # a table's head is told once, though it is printed on every sheet
    assert rows <= found["/TR"] <= rows + wanted
    scopes = [
        str(attribute.get_object().get("/Scope"))
        for one in _of_kind(tags, "/TH")
        for attribute in _attributes(one)
    ]
    assert {"/Column", "/Row"} <= set(scopes)


def _attributes(element: DictionaryObject) -> list[DictionaryObject]:
    found: Any = element.get("/A", [])
    found = found.get_object()
    listed = found if isinstance(found, ArrayObject) else [found]
    return [one.get_object() for one in listed]


def test_headings_and_figures_are_tagged(tags: list[DictionaryObject]) -> None:
    found = Counter(str(one["/S"]) for one in tags)
    assert found["/H1"] == 1
    assert found["/H2"] >= 7
    figures = _of_kind(tags, "/Figure")
    assert figures
    assert all(str(one.get("/Alt", "")).strip() for one in figures)


def test_it_has_the_texts_of_the_pages_tables(
    browser: Browser, printed: Printed, reader: PdfReader
) -> None:
    text = _squeezed("".join(sheet.extract_text() for sheet in reader.pages))
    with visit(browser, printed.page, java_script_enabled=False) as seen:
        cells = seen.page.locator("main table.data tbody th, main table.side tbody th")
        names = {_squeezed(one) for one in cells.all_text_contents()}
        numbers = seen.page.locator("main table.data td.n:not(.none)").all_text_contents()
    lacking = [name for name in names if name not in text]
    assert lacking == []
    lacking = [one for one in {_squeezed(number) for number in numbers} if one not in text]
    assert lacking == []
    assert len(names) > 25
    assert len(numbers) > 500


def test_the_same_page_gives_the_same_bytes(printed: Printed, tmp_path: Path) -> None:
    again = tmp_path / "again.pdf"
    write_pdf(printed.page, again)
    assert again.read_bytes() == printed.pdf.read_bytes()
    assert list(tmp_path.iterdir()) == [again]


def test_without_a_browser_the_message_says_how_to_mend_it(
    printed: Printed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pdf = tmp_path / "page.pdf"
    pdf.write_bytes(b"the old one")
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "no-such-browser"))
    with pytest.raises(OutputError, match=r"no Chromium.*no-such-browser.*install.*CHROMIUM"):
        write_pdf(printed.page, pdf)
    assert pdf.read_bytes() == b"the old one"


def test_a_browser_that_fails_leaves_the_old_file(
    printed: Printed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho it broke >&2\nexit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    pdf = tmp_path / "out" / "page.pdf"
    pdf.parent.mkdir()
    pdf.write_bytes(b"the old one")
    monkeypatch.setenv("CHROMIUM", str(broken))
    with pytest.raises(OutputError, match="it broke"):
        write_pdf(printed.page, pdf)
    assert [one.name for one in pdf.parent.iterdir()] == ["page.pdf"]
    assert pdf.read_bytes() == b"the old one"
