# Everything starts from here: Python 3.11, git, make and a package index are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PROJECT ?= manifests/emberfall
# Extra arguments for pytest: make test PYTEST="-k manifest"
PYTEST ?=
# What else the tests install: make test EXTRAS=dev,quality
EXTRAS ?= dev
# How much make chaos breaks: cases in virtual time, faults on real processes, kills with long leases.
CASES ?= 10000
FAULTS ?= 200
TAKEOVERS ?= 20

.DEFAULT_GOAL := help
.PHONY: help demo service-demo flawed-demo test lint types contracts unit fix clean service-secrets chaos

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | sort

demo: $(VENV)/.main ## Set up and render the example project into build/emberfall
	$(BIN)/barkline build $(PROJECT)

service-demo: $(VENV)/.dev ## Run the service with real servers, kill a worker, flush Redis, ship all the same
	$(BIN)/python scripts/service_demo.py $(PROJECT)

flawed-demo: $(VENV)/.main ## Render truly defective takes and show in build/flawed/report what the gate finds
	$(BIN)/python scripts/flawed_takes.py

test: $(VENV)/.dev lint types contracts unit ## Set up and pass the tests, lint, types and contracts

lint: $(VENV)/.dev ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## Check types
	$(BIN)/mypy

contracts: $(VENV)/.dev ## Check who imports whom
	$(BIN)/lint-imports

unit: $(VENV)/.dev ## Run the tests
	$(BIN)/python -m pytest $(PYTEST)

chaos: $(VENV)/.dev ## Break the service at every step (CASES=500 FAULTS=45 for less)
	$(BIN)/python -m tests.chaos.campaign --cases $(CASES) --jobs 2 --write
	$(BIN)/python -m tests.chaos.processes --cases $(FAULTS) --disk 6 --takeover $(TAKEOVERS) --write

fix: $(VENV)/.dev ## Mend what the linter can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

service-secrets: ## Write random passwords for `docker compose up` into .secrets
	$(PYTHON) scripts/service_secrets.py .secrets

clean: ## Remove everything generated, the environment too
	rm -rf build $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.main: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cpu]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS)]'
	@touch $@ $(VENV)/.main
