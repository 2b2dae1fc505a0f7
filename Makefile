# `make` alone lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

# The first of these that is new enough makes the virtual environment; name another with PYTHON=/path/to/python3.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
VENV := .venv
BIN := $(VENV)/bin
PLUGIN ?=
ARGS ?=
# Processes that the tests run in; 0 runs them in the one of pytest, as --pdb and -s want it.
WORKERS ?= auto
# Whole files, which share a database, and the long ones first (tests/conftest.py). Every process that the tests start
# would compile Tripfile anew where the environment forbids bytecode.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest

.PHONY: help
help: ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | \
		while IFS='|' read -r name what; do printf '  make %-13s %s\n' "$$name" "$$what"; done

.PHONY: run
run: $(VENV)/.embedded ## Run Tripfile with its own PostgreSQL: the API and /docs on port 3000
	@exec $(BIN)/tripfile run

.PHONY: dev
dev: $(VENV)/.dev ## Install everything that tests and checks need

.PHONY: test
test: $(VENV)/.dev ## Every test that gates, in as many processes as there are cores
	$(PYTEST) -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: test-fast
test-fast: $(VENV)/.dev ## The quick tests, of one plugin with PLUGIN=leads
	$(PYTEST) -x -q -m "not slow" $(if $(PLUGIN),$(wildcard plugins/$(PLUGIN)/tests tests/plugins/$(PLUGIN)),tests) $(ARGS)

.PHONY: check
check: $(VENV)/.dev ## The static half: style, types, architecture, licences, secrets, advisories, migrations
	@.ci/check

.PHONY: fuzz
fuzz: $(VENV)/.dev ## A long run of random requests against the API's own description
	TRIPFILE_FUZZ=long $(PYTEST) tests/contract/test_fuzz.py $(ARGS)

.PHONY: bench
bench: $(VENV)/.drawing ## Leads beside NestJS, FastAPI and DRF (BENCH_PEERS=folder), into bench/results/leads.json
	$(BIN)/python -m bench.leads $(ARGS)

.PHONY: bench-gateway
bench-gateway: $(VENV)/.bench ## Fan-out beside node's socket.io, into bench/results/gateway.json
	$(BIN)/python -m bench.gateway $(ARGS)

.PHONY: bench-logins
bench-logins: $(VENV)/.bench ## How long a list takes while 50 people sign in, into bench/results/logins.json
	$(BIN)/python -m bench.logins $(ARGS)

.PHONY: bench-jobs
bench-jobs: $(VENV)/.bench ## Jobs beside BullMQ and bare Huey, into bench/results/jobs.json
	$(BIN)/python -m bench.jobs $(ARGS)

.PHONY: faults
faults: $(VENV)/.dev ## The long form of the tests that kill, stop and cut off processes under load
	TRIPFILE_FAULTS=long $(PYTEST) tests/faults tests/gateway/test_behind_nginx.py $(ARGS)

.PHONY: format
format: $(VENV)/.dev ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

.PHONY: lock
lock: $(VENV)/.dev ## Resolve the dependencies again: ARGS="--upgrade" for newer ones
	.ci/lock $(ARGS)

.PHONY: sbom
sbom: $(VENV)/.dev ## The bill of materials of what is shipped, into dist/sbom.json
	@.ci/sbom

.PHONY: clean
clean: ## Remove the virtual environment and caches; var/ with its database stays
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(BIN)/python:
	@for candidate in $(PYTHON); do \
		"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		echo 'Making a virtual environment in $(VENV)'; \
		"$$candidate" -m venv $(VENV) && exit; \
		rm -rf $(VENV); \
		echo "$$candidate has no venv module: install it (Debian: apt install python3-venv)" >&2; exit 1; \
	done; \
	echo 'Tripfile needs Python 3.11 or newer: install it, or name it with make PYTHON=/path/to/python3' >&2; exit 1

# What tests need includes what running needs, so either stamp serves `make run`.
$(VENV)/.embedded: pyproject.toml requirements/build.txt requirements/embedded.txt | $(BIN)/python
	@if test $(VENV)/.dev -nt pyproject.toml && test $(VENV)/.dev -nt requirements/dev.txt; then touch $@; exit; fi; \
		.ci/install $(BIN)/python embedded && touch $@

$(VENV)/.dev: pyproject.toml requirements/build.txt requirements/dev.txt clients/js/package-lock.json tests/node/package-lock.json | $(BIN)/python
	@.ci/install $(BIN)/python dev && touch $@ $(VENV)/.embedded

$(VENV)/.bench: $(VENV)/.dev bench/node/package-lock.json
	@.ci/npm $(BIN)/python bench/node && touch $@

$(VENV)/.drawing: $(VENV)/.bench requirements/bench.txt
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes --requirement requirements/bench.txt && touch $@
