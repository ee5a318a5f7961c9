# Everything that people and CI run. `make` alone lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LIST ?=

.DEFAULT_GOAL := help
.PHONY: help demo test dev check lint types imports tests debian lock reference bench torture clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.run ## Play a three-day campaign in a minute; LIST=people.csv plays your own list
	@$(BIN)/clarion demo $(if $(LIST),--list "$(LIST)")

test: $(VENV)/.dev tests ## Set up and run the tests

dev: $(VENV)/.dev ## Set up a developer: .venv with clarion and every tool
	@echo "Ready: $(BIN)/clarion --help"

check: lint types imports tests ## Everything that CI checks

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

tests: $(VENV)/.dev debian
	$(BIN)/pytest -n 2

# Far ends of the SIP tests. Where this may not install them, those tests say the command, and fail in CI.
DEBIAN := sip-tester kamailio kamailio-tls-modules
debian:
	@if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && ! dpkg -s $(DEBIAN) >/dev/null 2>&1; then \
		echo "Installing $(DEBIAN) …"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(DEBIAN) >/dev/null; \
	fi

bench: $(VENV)/.dev ## Run the benchmarks at a size for a quick look
	$(BIN)/python bench/import_contacts.py
	$(BIN)/python bench/dispatch.py
	$(BIN)/python bench/pacing.py
	$(BIN)/python bench/simulate.py
	$(BIN)/python bench/surfaces.py --quick

torture: $(VENV)/.dev ## Kill, cut and pause for ten minutes; the ledger must balance
	$(BIN)/clarion torture --kills 100

reference: $(VENV)/.dev ## Write the reference pages of the vendors' surfaces from their shapes
	$(BIN)/python -m clarion.boot.reference docs/reference

lock: $(VENV)/.dev ## Pin the newest allowed versions of all dependencies
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --extra dev pyproject.toml -o requirements-dev.lock

clean: ## Remove the virtual environment, caches and the demo's data
	rm -rf $(VENV) clarion-demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "clarion needs Python 3.11 or newer: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "On Debian: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }

# The lock files name every version with its hashes and no registry, so pip's own configuration decides where from.
$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	@test -e $(VENV)/.dev || { echo "Installing clarion into $(VENV) …"; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing clarion and its tools into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@ $(VENV)/.run
