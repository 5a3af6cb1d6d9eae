# On a machine with git, make, Python >= 3.11 and pip: `make demo`, `test`, `docs`, `notebooks`; `make check` for changes
PYTHON ?= python3
BIN := .venv/bin
# Without `compat`, Python takes a folder named keras_gen, as a clone is, for the package of a script that lies beside it
INSTALL := $(BIN)/python -m pip install --quiet --config-settings editable_mode=compat --editable

.PHONY: check demo docs notebooks test

demo: .venv/installed
	$(BIN)/keras-gen train vae --data digits --epochs 60 --batch-size 64 --out saved_models/vae-digits --resume

check: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tests/changed.py

# The theme announces its end of life at each build, unless the variable is set
docs: .venv/installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

notebooks: .venv/installed-docs
	PYTHONPATH=docs $(BIN)/python -m site_pages.notebooks

test: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2 --dist worksteal

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python setup.cfg pyproject.toml
	$(INSTALL) .
	touch $@

.venv/installed-test: .venv/installed
	$(INSTALL) '.[test]'
	touch $@

.venv/installed-docs: .venv/installed
	$(INSTALL) '.[docs]'
	touch $@
