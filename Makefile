# make run     install, index data/, serve the page and the REST interface
# make test    install the test extras, run every test
# make check   lint, formatting, types
# make clean   remove the virtual environment, the built collection and caches in this directory

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
PAPERKIN_COLLECTION ?= $(CURDIR)/.collection
export PAPERKIN_COLLECTION
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test check clean
.DEFAULT_GOAL := run

run: $(VENV)/.installed
	@echo "== Indexing data/papers.jsonl into $(PAPERKIN_COLLECTION)"
	@$(BIN)/paperkin index data/papers.jsonl
	@echo "== Serving"
	@exec $(BIN)/paperkin serve --host $(HOST) --port $(PORT)

test: $(VENV)/.installed-test
	@echo "== Running the tests"
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4

check: $(VENV)/.installed-test
	@echo "== Checking formatting, lint and types"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

clean:
	rm -rf $(VENV) .collection build .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

# pip and not python: without Debian's python3-venv a first try leaves an environment that lacks it.
$(VENV)/bin/pip:
	@echo "== Making a virtual environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Paperkin needs Python 3.11 or later; name one with: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/pip
	@echo "== Installing Paperkin (some minutes and 2 GB the first time)"
	@$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml | $(VENV)/bin/pip
	@echo "== Installing Paperkin with its test extras (some minutes and 2 GB the first time)"
	@$(BIN)/pip install --quiet --editable ".[test]"
	@touch $@ $(VENV)/.installed
