# On a machine with git, make, Python >= 3.11 and pip: `make demo`, `make test`; `make check` for what has been changed.
PYTHON ?= python3
BIN := .venv/bin
# Without `compat`, Python takes a folder named keras_gen, as a clone is, for the package of a script that lies beside it
INSTALL := $(BIN)/python -m pip install --quiet --config-settings editable_mode=compat --editable

.PHONY: check demo test

demo: .venv/installed
	$(BIN)/keras-gen train vae --data digits --epochs 60 --batch-size 64 --out saved_models/vae-digits --resume

check: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tests/changed.py

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
