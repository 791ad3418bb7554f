# Both targets set up what they need, in .venv, from nothing but Python and make.
#
#   make run    starts the course, or goes on with it, in the folder byhand-course
#   make test   runs the whole test suite

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: run test setup clean

run: $(VENV)/.ready-to-run
	@$(BIN)/byhand learn

test: $(VENV)/.ready-to-test
	$(BIN)/python -m pytest

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
