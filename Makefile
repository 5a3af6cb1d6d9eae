# On a machine with git, make, Python >= 3.11 and pip: `make demo`, `make test`; `make check` for what has been changed.
PYTHON ?= python3
BIN := .venv/bin

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
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/installed-test: .venv/installed
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@
