"""The structure that CONTRIBUTING describes: layers, lazy names, one door to each library."""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "accessibility"
LAYERS = {
    "errors": -1,
    "checks": 0,
    "projections": 0,
    "partition": 1,
    "services": 1,
    "speeds": 1,
    "population": 2,
    "sites": 2,
    "network": 2,
    "traveltime": 3,
    "isochrone": 4,
    "coverage_table": 4,
    "opening_times": 3,
    "scenarios": 6,
    "comparison": 6,
    "screening": 6,
    "location": 6,
    "reading": 7,
    "notices": 7,
    "what_if": 7,
    "margins": 7,
    "run_reading": 7,
    "findings": 7,
    "forecasts": 7,
    "surroundings": 7,
    "coasts": 7,
    "stored_scenarios": 7,
    "speed_profiles": 7,
    "distributed": 7,
    "pages": 7,
    "targets": 5,
    "network_audit": 5,
    "study": 7,
    "sources": 7,
    "maps": 7,
    "reports": 7,
    "runs": 7,
    "run_folder": 7,
    "point_matrix": 7,
    "hierarchy_cache": 7,
    "inspection": 7,
    "starters": 7,
    "cli": 8,
    "__main__": 9,
}
EDGE = 7
#: Methods that show a value may reach up to the edges inside their bodies.
MAY_REACH_UP = {("population", "maps"), ("sites", "maps")}
ONLY_AT_HOME = {"folium": "maps", "branca": "maps", "osmnx": "sources", "osmium": "sources"}


def imports(path: Path) -> list[tuple[str, str]]:
    """List what a module imports: module, and the name from it."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [(node.module, alias.name) for alias in node.names]
    return found


def home(path: Path) -> str:
    """Name the module or folder of the package that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


MODULES = sorted(
    path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py" or path.parent != PACKAGE
)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_lower_layers(path: Path) -> None:
    own = home(path)
    for module, _ in imports(path):
        if not module.startswith("accessibility.") or (own, module.split(".")[1]) in MAY_REACH_UP:
            continue
        other = module.split(".")[1]
        if other == own:
            continue
        assert LAYERS[other] < LAYERS[own] or LAYERS[own] == LAYERS[other] == EDGE, (
            f"{own} (layer {LAYERS[own]}) imports {other} (layer {LAYERS[other]})"
        )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_library_is_used_only_where_it_is_at_home(path: Path) -> None:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        for name in names:
            library = name.split(".")[0]
            assert ONLY_AT_HOME.get(library, home(path)) == home(path), f"{library} in {path.name}"


def test_a_change_of_the_lanes_makes_numba_compile_the_sweeps_anew() -> None:
    kernels = PACKAGE / "traveltime" / "kernels"
    stamp = hashlib.blake2b((kernels / "lanes.py").read_bytes(), digest_size=6).hexdigest()
    sweeps = (kernels / "sweeps.py").read_text(encoding="utf-8")
    assert f'LANES_STAMP = "{stamp}"' in sweeps, f"write {stamp} as LANES_STAMP into sweeps.py"


def test_nothing_is_ever_unpickled_or_evaluated() -> None:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        for word in ("import pickle", "pickle.load", "eval(", "yaml.load", "shell=True", "exec("):
            found = text.replace("literal_eval(", "")
            assert word not in found, f"{word} in {path.name}"


@pytest.mark.parametrize("command", ["import accessibility", "import accessibility.cli"])
def test_importing_the_package_loads_no_heavy_library(command: str) -> None:
    heavy = "('pandas', 'numpy', 'folium')"
    code = f"{command}; import sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there_and_is_no_module() -> None:
    code = (
        "import types, accessibility as acc, accessibility.runs, accessibility.run_folder\n"
        "bad = [n for n in acc.__all__ if isinstance(getattr(acc, n), types.ModuleType)]\n"
        "print(bad, acc.coverage.__name__, acc.isochrones.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] coverage isochrones"
