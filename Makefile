# Each target sets up what it needs, in .venv, from nothing but Python and make.
#
#   make run        starts the course, or goes on with it, in the folder byhand-course
#   make test       runs the tests, but for the long ones
#   make test-long  runs the long ones: the whole course in a terminal, sandboxes, training, kills

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: run test test-long setup clean

run: $(VENV)/.ready-to-run
	@trap : INT; $(BIN)/byhand learn || [ $$? -eq 130 ]  # 130: stopped with Ctrl-C

test: $(VENV)/.ready-to-test
	$(BIN)/python -m pytest

test-long: $(VENV)/.ready-to-test
	$(BIN)/python -m pytest -m long

setup: $(VENV)/.ready-to-test

clean:
	rm -rf $(VENV)

$(VENV)/.ready-to-run: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	@touch $@

$(VENV)/.ready-to-test: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[dev]'
	@touch $(VENV)/.ready-to-run $@
