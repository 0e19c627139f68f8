# Everything starts here: `make demo`, `make run`, `make test`, `make check`. Needs Python 3.11 or newer; no database.
# PG=16 runs on the PostgreSQL 16 of the wheel; DATABASE_URL on any other PostgreSQL from 15.

SHELL := /bin/sh
.DEFAULT_GOAL := help
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
export PG
export PYTHONPATH := src

.PHONY: help demo test check run server relay worker database soak bench

help:
	@echo "make demo      830 orders of Northwind, then a server to play with"
	@echo "make run       database, server, relay and worker; alone: make database, make server, make relay, make worker"
	@echo "make test      all tests on a real PostgreSQL; make test PG=16"
	@echo "make check     format, lint, types, import contracts, migrations, schema"
	@echo "make soak      the long proofs; can be interrupted and resumed"
	@echo "make bench     the benchmarks"

demo: .venv/.runtime
	@exec $(MANAGE) demo

run: .venv/.runtime
	@exec $(MANAGE) serve

server relay worker database: .venv/.runtime
	@exec $(MANAGE) serve $@

test: .venv/.development
	@exec $(BIN)/python -m pytest $(ARGS)

check: .venv/.development
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@# The history is compared with a database only where there is one; its absence is no news here.
	$(BIN)/python -W "ignore:Got an error checking a consistent migration history" manage.py makemigrations --check --dry-run
	$(MANAGE) schema --check

soak: .venv/.development
	@exec $(BIN)/python -m tests.soak $(ARGS)

bench: .venv/.development
	@exec $(BIN)/python -m tests.bench $(ARGS)

# The virtual environment: made once, installed into only when the pinned requirements changed.
.venv/.python:
	@python=; for name in python3.11 python3 python3.12 python3.13; do \
		if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer is needed; install it and run make again" >&2; exit 1; fi; \
	if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$python cannot make virtual environments; install its venv package (Debian: python3-venv)" >&2; exit 1; fi; \
	echo "making .venv with $$($$python --version)"; \
	$(BIN)/python -c 'import pip' 2>/dev/null || $$python -m venv --clear .venv
	@touch $@

.venv/.runtime: .venv/.python requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.development: .venv/.runtime requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
