"""The notebooks: clean as committed, public calls only, and they run from top to bottom."""

from __future__ import annotations

import ast
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

import accessibility as acc

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LIBRARIES = {"accessibility", "geopandas", "matplotlib", "networkx", "pandas"}
LONGEST_CELL_S = 120

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def code_of(path: Path) -> list[ast.Module]:
    """Parse the code cells; a magic or a shell line is no Python and fails."""
    return [ast.parse(cell.source) for cell in read(path).cells if cell.cell_type == "code"]


def problems_of_calls(cells: list[ast.Module]) -> list[str]:
    """List what a notebook uses that is not public."""
    found = []
    for node in [node for cell in cells for node in ast.walk(cell)]:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            found += [name for name in names if name.startswith("accessibility.")]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "."]
            found += [name for name in names if name.split(".")[0] == "accessibility"]
        else:
            names = []
        found += [
            name
            for name in names
            if name.split(".")[0] not in LIBRARIES | set(sys.stdlib_module_names)
        ]
        if isinstance(node, ast.Attribute):
            if node.attr.startswith("_"):
                found.append(node.attr)
            is_ours = isinstance(node.value, ast.Name) and node.value.id == "acc"
            if is_ours and node.attr not in acc.__all__:
                found.append(f"acc.{node.attr}")
    return found


def test_all_six_are_there_and_the_readme_names_them() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == ["10", "20", "30", "40", "50", "60"]
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in NOTEBOOKS if f"]({path.name})" not in readme] == []


@each_notebook
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert set(notebook.metadata.language_info) == {"name"}
    for place, cell in enumerate(notebook.cells, start=1):
        assert cell.id == f"cell-{place:02d}"
        assert not cell.metadata
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)


@each_notebook
def test_a_notebook_opens_with_a_question_without_figures(path: Path) -> None:
    first, second, *_ = read(path).cells
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert first.source.rstrip("*\n").endswith("?")
    assert not re.search(r"\d", first.source)
    assert second.cell_type == "code"
    assert re.search(r"^[A-Z_]+ = ", second.source, re.MULTILINE), "no named assumption"


@each_notebook
def test_a_notebook_uses_public_names_only(path: Path) -> None:
    assert problems_of_calls(code_of(path)) == []


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import accessibility.runs", "accessibility.runs"),
        ("from accessibility.runs import Run", "accessibility.runs"),
        ("import folium", "folium"),
        ("run._legs_over_border()", "_legs_over_border"),
        ("acc.outcome(run)", "acc.outcome"),
    ],
)
def test_a_call_that_is_not_public_is_noticed(code: str, problem: str) -> None:
    assert problems_of_calls([ast.parse(code)]) == [problem]


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Name the kernel's sockets, in a folder of their own; they have room for a short path only."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", folder)
        monkeypatch.setenv("IPYTHONDIR", str(Path(folder) / "ipython"))
        yield Path(folder) / "kernel"


@each_notebook
def test_a_notebook_runs_offline_and_ends_with_a_picture_and_a_sentence(
    path: Path, sockets: Path
) -> None:
    cells = executed(path, sockets)
    said = "".join(output.get("text", "") for cell in cells for output in cell.outputs)
    assert "Warning" not in said
    pictures = [place for place, cell in enumerate(cells) if has_picture(cell)]
    assert pictures, "no picture"
    assert pictures[-1] == len(cells) - 2, "the picture comes right before the answer"
    assert "by car" in cells[pictures[-1]].source
    (answer,) = cells[-1].outputs
    assert answer.name == "stdout"
    assert re.fullmatch(r"[A-Z][^\n]*\.\n", answer.text), answer.text
    assert not re.search(r"[.!?] [A-Z]|\bnan\b|\binf\b|None", answer.text), answer.text


def executed(path: Path, sockets: Path) -> list[Any]:
    """Run a notebook in a kernel that reaches no host, talking over files; give its code cells."""
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell
    from traitlets.config import Config

    notebook = read(path)
    offline = "__import__('pytest_socket').socket_allow_hosts([], allow_unix_socket=True)"
    notebook.cells.insert(0, new_code_cell(offline))
    NotebookClient(
        notebook,
        timeout=LONGEST_CELL_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(FOLDER)}},
        config=Config({"KernelManager": {"transport": "ipc", "ip": str(sockets)}}),
    ).execute()
    return [cell for cell in notebook.cells[1:] if cell.cell_type == "code"]


def has_picture(cell: Any) -> bool:
    return any("image/png" in output.get("data", {}) for output in cell.outputs)
