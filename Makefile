# Two commands do everything on a machine with Python 3.11 to 3.13 and make:
#   make demo    install, generate grasps on a mug, draw them
#   make test    install what development needs, run the test suite
.PHONY: demo test check lint types layers data train evaluate clean

PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# The trainers and tests are sized for few cores; more threads only spin.
export OMP_NUM_THREADS ?= 2

demo: $(VENV)/.core
	$(BIN)/semgrasp demo --output out/demo
	@if [ -n "$(VIEW)" ]; then echo "The interactive viewer is not part of this release; open out/demo/*.png."; fi

test: $(VENV)/.dev
	$(BIN)/python -m pytest

check: lint types layers

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/pyright

layers: $(VENV)/.dev
	$(BIN)/lint-imports

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "semgrasp needs Python 3.11, 3.12 or 3.13; none was found."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) -e '.[training,judge,dev]'
	@touch $@ $(VENV)/.core

clean:
	rm -rf $(VENV) out build *.egg-info
