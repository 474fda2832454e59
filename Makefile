# `make test` and `make demo` set everything up on a fresh machine with Python >= 3.11.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: help test e2e e2e-long lint coverage demo golden clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "gorewrite needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

test: $(READY)  ## run the tests
	$(BIN)/python -m pytest -n auto

e2e: $(READY)  ## real services on a Docker Engine, the report in a browser (root, Debian)
	$(BIN)/python -m pytest tests/e2e tests/formats -m 'e2e and not long' -v

e2e-long: $(READY)  ## those that take long, too
	$(BIN)/python -m pytest tests/e2e tests/formats -m e2e -v

lint: $(READY)  ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

coverage: $(READY)  ## the Dockerfile tree must be covered completely
	$(BIN)/coverage run -m pytest tests/dockerfile
	$(BIN)/coverage report --fail-under=100

demo: $(READY)  ## preview the services under examples/
	$(BIN)/gorewrite --dry-run examples

golden: $(READY)  ## rewrite the expected files of golden/, to be read in the diff
	$(BIN)/python -m pytest -n auto tests/test_golden.py --update-golden

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
