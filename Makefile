# Everything that a person or a CI does here; `make` alone lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check format figures screenshots bench bench-check build clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

demo: $(VENV)/.installed ## Run the demo region into ./accessibility-demo
	$(BIN)/accessibility demo

check: $(VENV)/.installed-dev ## Format, lint and types, without running tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: check ## Everything that must hold before a change lands
	$(BIN)/python -m pytest -n 2 --dist loadfile $(PYTEST)

format: $(VENV)/.installed-dev ## Bring the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

figures: $(VENV)/.installed-dev ## Reprint the figures of the README and docs
	$(BIN)/python docs/figures.py

screenshots: $(VENV)/.installed-dev ## Draw the pictures of the README anew
	$(BIN)/python docs/screenshots.py

bench: $(VENV)/.installed-dev ## Measure every claimed speed anew, about 15 minutes
	$(BIN)/python -m benchmarks.bench --write
	$(BIN)/python -m benchmarks.bench --quick --write

bench-check: $(VENV)/.installed-dev ## Fail if a speed fell by half
	$(BIN)/python -m benchmarks.bench --quick --check

build: $(VENV)/.installed-dev ## Build the wheel and the source archive
	$(BIN)/python -m pip install --quiet --disable-pip-version-check build
	$(BIN)/python -m build

clean: ## Remove what the other targets made
	rm -rf $(VENV) dist build accessibility-demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
