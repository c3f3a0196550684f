# `make` alone prints the targets. Everything is installed below .venv from lock files with hashes.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Every package comes with its hash from the lock; nothing is resolved or built from what is not in it.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL_SELF := $(PIP) install --no-build-isolation --no-deps --no-index --editable .
# How many tests run side by side: one for each processor. `make test WORKERS=0` runs them in this process, in order.
WORKERS ?= auto
PACKAGES := sahut collectors classifiers storage triage_api config

.PHONY: help
help: ## Print the targets
	@echo "Sahut: make TARGET"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# --- run ---------------------------------------------------------------------------------------------------------

.PHONY: run
run: $(VENV)/.run ## Install what is needed and start Sahut on http://127.0.0.1:8000
	@exec $(BIN)/sahut run

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Sahut needs Python 3.11 or newer: install it, or name it: make run PYTHON=python3.12" >&2; exit 1; }
	@echo "Making the virtual environment $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }

# Either lock will do for running, so what is installed for development is not taken back.
$(VENV)/.run: requirements/run.lock pyproject.toml | $(VENV)/bin/python
	@if [ ! -e $(VENV)/.dev ]; then \
	  echo "Installing from requirements/run.lock (some 300 MB the first time; a few minutes on a slow line)"; \
	  $(PIP) install --progress-bar on --require-hashes -r requirements/run.lock; \
	else \
	  echo "Installing from requirements/dev.lock"; \
	  $(PIP) install --progress-bar on --require-hashes -r requirements/dev.lock; \
	fi
	@$(INSTALL_SELF)
	@touch $@

$(VENV)/.dev: requirements/dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing from requirements/dev.lock"
	@$(PIP) install --progress-bar on --require-hashes -r requirements/dev.lock
	@$(INSTALL_SELF)
	@touch $@ $(VENV)/.run

.PHONY: platforms
platforms: $(VENV)/.run ## Also install what reads Mastodon, Bluesky, YouTube, Google Play, Telegram, mail and XLSX
	@echo "Installing from requirements/platforms.lock"
	@$(PIP) install --progress-bar on --require-hashes -r requirements/platforms.lock

# --- test --------------------------------------------------------------------------------------------------------

.PHONY: test
test: $(VENV)/.dev browser ## Run every test, those in the browser included
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile $(PYTEST)

.PHONY: test-fast
test-fast: $(VENV)/.dev ## Run the tests that need no browser, no PostgreSQL and no second process
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile -m "not browser and not postgres and not processes and not train" $(PYTEST)

.PHONY: test-train
test-train: $(VENV)/.train ## Install torch and run the tests of training
	@$(BIN)/pytest -m train $(PYTEST)

# Installed by plain version: each platform's index has its own build of torch, with hashes of its own.
$(VENV)/.train: $(VENV)/.dev
	@echo "Installing torch"
	@$(PIP) install --progress-bar on torch==2.13.0 onnx
	@touch $@

.PHONY: browser
browser: $(VENV)/.dev
	@sh deploy/install-chromium.sh $(BIN)

.PHONY: lint
lint: $(VENV)/.dev ## Check style, types, arrows between packages and dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

.PHONY: bench
bench: $(VENV)/.dev ## Run the benchmarks; results go to benchmarks/results
	@for bench in benchmarks/bench_*.py; do echo "$$bench"; $(BIN)/python $$bench; done

# --- what is generated -------------------------------------------------------------------------------------------

.PHONY: schemas
schemas: $(VENV)/.dev ## Write the JSON Schemas of the settings, policy and sources files
	@$(BIN)/python -m config.schemas

CATALOGUE := triage_api/web/locale/en/LC_MESSAGES/board.po

.PHONY: catalogue
catalogue: $(VENV)/.dev ## Bring the board's new texts into the English catalogue, to be translated there
	@mkdir -p .tools
	@$(BIN)/pybabel --quiet extract -F pyproject.toml --no-default-keywords -k "_ N_ gettext ngettext:1,2" \
	  --sort-by-file --add-location=file -o .tools/board.pot triage_api/web
	@$(BIN)/pybabel --quiet update -i .tools/board.pot -o $(CATALOGUE) -l en --no-fuzzy-matching --ignore-obsolete \
	  --width=120
	@$(BIN)/python -c "from babel.messages.pofile import read_po; \
	  left = [m.id for m in read_po(open('$(CATALOGUE)', 'rb')) if m.id and not all(m.string if m.pluralizable else [m.string])]; \
	  print(len(left), 'left to translate in $(CATALOGUE)', *left, sep='\n  ')"

.PHONY: screens
screens: $(VENV)/.dev browser ## Take the README's pictures of the board
	@$(BIN)/python docs/screens.py

# No index host is written into a lock, so that any mirror serves it. The locks hold for every platform and Python.
COMPILE = .tools/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: lock
lock: .tools/bin/uv ## Resolve the dependencies anew into requirements/*.lock
	$(COMPILE) pyproject.toml requirements/build.in -o requirements/run.lock $(LOCK)
	$(COMPILE) --extra platforms pyproject.toml requirements/build.in -o requirements/platforms.lock $(LOCK)
	$(COMPILE) --extra dev --extra platforms pyproject.toml requirements/build.in -o requirements/dev.lock $(LOCK)

.tools/bin/uv:
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip --disable-pip-version-check --quiet install uv

.PHONY: clean
clean: ## Remove caches and environments; var/ with its data stays
	rm -rf $(VENV) .tools build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache test-results
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +
