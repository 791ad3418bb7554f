# Both targets set up what they need, in .venv, from nothing but Python and make.
#
#   make run    checks the 26 gradients of the model `mlp`, trains it, and prints 20 new names
#   make test   runs the whole test suite

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: run test setup clean

run: $(VENV)/.ready-to-run
	$(BIN)/byhand check mlp
	@rm -rf runs/make-run
	$(BIN)/byhand train mlp --out runs/make-run
	$(BIN)/byhand sample runs/make-run -n 20

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
