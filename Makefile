# What a developer runs. Needs python3.11 with its venv module, git and make; everything else comes from PyPI, as locked.

UV := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from
IS_GOOD := -c 'import sys, venv; from importlib.util import find_spec as has; \
	sys.exit(sys.version_info[:2] != (3, 11) or not (has("ensurepip") or has("pip")))' 2>/dev/null
ifndef PYTHON
# The distribution's own before others on the path: one that pyenv builds is a fifth slower, unless it was told to optimize.
PYTHON := $(shell /usr/bin/python3.11 $(IS_GOOD) && echo /usr/bin/python3.11 || echo python3.11)
endif
# Of the tests, which wait a quarter of their time: one more than the two processors for which they are measured.
WORKERS ?= 3
ARGS ?=

# Tests and the demo start some hundred processes: where none keeps its bytecode, each compiles 1,700 files anew, for seconds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
CHECKS := check-style check-format check-layers check-types check-migrations
.PHONY: help setup demo test lint format clean $(CHECKS)

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1 - \2/p' Makefile

setup: ## make .venv from uv.lock; nothing to do when it is current
	@fail() { echo "$$1" >&2; exit 1; }; \
	command -v git >/dev/null || fail "Gatepost needs git. On Debian: apt-get install git"; \
	wanted="$$(cat pyproject.toml uv.lock | git hash-object --stdin) uv $(UV) in $$(pwd)"; \
	made="$$(cat $(STAMP) 2>/dev/null)"; \
	if [ "$$made" = "$$wanted" ] && $(BIN)/python $(IS_GOOD); then exit 0; fi; \
	$(PYTHON) $(IS_GOOD) || fail "Gatepost needs Python 3.11 with its venv module, and '$(PYTHON)' is not that. \
	On Debian: apt-get install python3.11-venv; from elsewhere: make PYTHON=/path/to/python3.11 ..."; \
	echo "Making $(VENV) from uv.lock ..."; \
	case "$$made" in *" in $$(pwd)") $(BIN)/python $(IS_GOOD);; *) false;; esac || $(PYTHON) -m venv --clear --without-pip $(VENV) && \
	rm -f $(STAMP) && \
	if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then $(BIN)/python -m ensurepip >/dev/null; \
	else $(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check pip; fi && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV) && \
	UV_PROJECT_ENVIRONMENT=$(VENV) UV_PYTHON_DOWNLOADS=never $(BIN)/uv sync --quiet --frozen --inexact --all-groups --compile-bytecode --python $(BIN)/python && \
	echo "$$wanted" >$(STAMP)

demo: setup ## run everything here: a receiving server, a demo tenant, one message through every door
	@$(BIN)/python manage.py demo $(ARGS)

test: setup ## run the tests on PostgreSQL and Redis, then those that use the database again on SQLite
	GATEPOST_TEST_ON=postgresql $(BIN)/pytest -n $(WORKERS) $(ARGS)
	GATEPOST_TEST_ON=sqlite $(BIN)/pytest -n $(WORKERS) --only-database $(ARGS)

lint: setup ## check style, types, layers and migrations
	@failed=; for check in $(CHECKS); do echo "make $$check"; $(MAKE) --no-print-directory $$check || failed="$$failed $$check"; done; \
	[ -z "$$failed" ] || { echo "These checks failed:$$failed" >&2; exit 1; }

check-style:
	@$(BIN)/ruff check

check-format:
	@$(BIN)/ruff format --check

check-layers:
	@$(BIN)/lint-imports --no-logo

check-types:
	@$(BIN)/mypy

check-migrations:
	@data=$$(mktemp -d) && trap "rm -rf $$data" EXIT && \
	DATABASE_URL= GATEPOST_DATA=$$data $(BIN)/python manage.py makemigrations --check --dry-run

format: setup ## put the code in order
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

clean: ## remove .venv and what the tools keep; var/ stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
