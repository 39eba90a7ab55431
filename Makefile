# Two commands matter: `make run` and `make test`. Everything they need they install, from requirements/*.lock.
SHELL := /bin/sh
VENV  := .venv
BIN   := $(VENV)/bin
# The system's own python3 first: distributions build theirs with profile-guided optimisation, pyenv and the like do not,
# and onhand is a quarter faster on it (docs/performance.md). One without ensurepip can make no virtual environment.
FIND_PYTHON := for p in $(PYTHON) /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; do \
  wanted="import sys; sys.exit(sys.version_info < (3, 11))"; [ "$$p" != /usr/bin/python3 ] || wanted="import ensurepip; $$wanted"; \
  command -v $$p >/dev/null 2>&1 && $$p -c "$$wanted" 2>/dev/null && { echo $$p; break; }; done
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test check format lock clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | column -t -s "$$(printf '\t')" 2>/dev/null || grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## a live shop: embedded PostgreSQL, demo data, server and jobs (Ctrl-C stops it)
	@exec $(BIN)/onhand serve --migrate --demo

test: $(VENV)/dev.stamp check chromium ## style gates, then every test against a real PostgreSQL
	$(BIN)/pytest $(PYTEST_ARGS)

.PHONY: chromium
chromium: $(VENV)/dev.stamp # the pages are tested in a real one: the system's, else apt's as root, else Playwright's own, which needs no root
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do command -v $$name >/dev/null && exit 0; done; \
	[ -z "$$CHROMIUM" ] || exit 0; \
	echo "onhand: installing Chromium for the tests of the pages (once)"; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium; } >/dev/null 2>&1; then exit 0; fi; \
	$(BIN)/playwright install --only-shell chromium >/dev/null 2>&1 || \
	echo "onhand: Chromium could not be installed; name one with CHROMIUM=/path. Without one the tests of the pages are skipped, and fail where CI is set" >&2

check: $(VENV)/dev.stamp ## ruff, mypy --strict, import contracts
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache > /dev/null || $(BIN)/lint-imports --no-cache

format: $(VENV)/dev.stamp ## let ruff format and mend what it can
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format --quiet .

lock: $(VENV)/dev.stamp ## resolve requirements/*.lock anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --group pyproject.toml:build --universal --python-version 3.11 \
	  --generate-hashes --upgrade --quiet --custom-compile-command "make lock" -o requirements/run.lock
	$(BIN)/uv pip compile pyproject.toml --group pyproject.toml:build --group pyproject.toml:dev --universal --python-version 3.11 \
	  --generate-hashes --upgrade --quiet --custom-compile-command "make lock" -o requirements/dev.lock

clean: ## remove the virtual environment and caches (never your data)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@python=$$($(FIND_PYTHON)); \
	[ -n "$$python" ] || { echo "onhand needs Python 3.11 or newer; none was found. Name one with: make PYTHON=/path/to/python3 …" >&2; exit 1; }; \
	echo "onhand: making $(VENV) with $$($$python --version)"; \
	$$python -m venv $(VENV) >/dev/null 2>&1 || { rm -rf $(VENV); \
	  $$python -m venv --without-pip $(VENV) && $$python -m pip --python $(VENV)/bin/python install --quiet pip; } || { rm -rf $(VENV); \
	  echo "$$python can make no virtual environment: install its venv module (Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }

$(VENV)/run.stamp: requirements/run.lock pyproject.toml | $(VENV)/bin/python
	@echo "onhand: installing the locked dependencies (a minute, once)"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "onhand: installing the locked dependencies and test tools (a minute or two, once)"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/run.stamp
