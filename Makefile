# Everything that is run by hand or by CI. `make` alone explains itself.
#
# PYTHON  the interpreter that makes the virtual environment, 3.11 to 3.13
# WORKERS how many processes share the tests, each a file at a time
# ARGS    more arguments for `make test`, `loop`, `up`, `bench`, `bench-peers` and `chaos`
PYTHON ?= python3
VENV ?= .venv
BUF ?= npx --yes @bufbuild/buf@1.75.0
WORKERS ?= 2
ARGS ?=

BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
CONTRACT := protos/chimera.v1.binpb

.DEFAULT_GOAL := help
.PHONY: help install demo loop test check lint types imports drift buf protos protos-release reference constraints up bench \
	bench-peers chaos

help:  ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.dev  ## Make .venv with everything that development needs

demo: $(VENV)/.standalone  ## Build the 100-sample demo dataset, offline: installs what that needs, nothing else
	$(BIN)/chimera build run examples/demo.yaml

loop: $(VENV)/.loop  ## Build a dataset, train a small model on it and measure the gain, offline; installs PyTorch and Ray
	$(BIN)/chimera loop run examples/loop.yaml $(ARGS)

up: $(VENV)/.standalone  ## Run all services here until ctrl-C; try ARGS=--help
	$(BIN)/chimera up $(ARGS)

test: $(VENV)/.dev  ## Run the tests; for some of them: ARGS=tests/unit
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: lint types imports drift buf  ## Lint, types, import rules, generated files, the contract's compatibility

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports --no-cache

drift: $(VENV)/.dev
	$(BIN)/python tools/protos.py --check
	$(BIN)/python tools/reference.py --check

# Without npx, or without a network to fetch buf, the rest of `check` still says what it can.
buf:
	@if $(BUF) --version >/dev/null 2>&1; then \
		echo "buf lint and buf breaking against $(CONTRACT)" && \
		cd protos && $(BUF) lint && $(BUF) breaking --against ../$(CONTRACT); \
	else \
		echo "buf was not run: it cannot be started with '$(BUF)'; install Node.js, or set BUF to a buf executable"; \
	fi

protos: $(VENV)/.dev  ## Generate protos/gen from protos/chimera
	$(BIN)/python tools/protos.py

protos-release:  ## Take protos/ as they are for the contract that `make check` compares with; do it at a release
	cd protos && $(BUF) build --exclude-source-info -o ../$(CONTRACT)

reference: $(VENV)/.dev  ## Generate docs/reference from the code
	$(BIN)/python tools/reference.py

constraints: $(VENV)/.dev  ## Write the versions installed in .venv to constraints.txt
	$(BIN)/python tools/constraints.py > constraints.tmp && mv constraints.tmp constraints.txt

bench: $(VENV)/.dev  ## Measure how full endpoints are kept and what a call costs us; one JSON line per figure
	$(BIN)/python tests/benchmarks/run.py $(ARGS)

bench-peers: $(VENV)/.dev  ## Measure against distilabel, Curator and Data Designer, each in a venv of its own; some minutes
	$(BIN)/python tests/benchmarks/peers/run.py $(ARGS)

chaos: $(VENV)/.dev  ## Kill every process at random while a build of 300 samples runs, and count what that cost
	$(BIN)/python tests/chaos/run.py $(ARGS)

# Stamps: nothing is installed again until a requirement changes. What `dev` installs contains what `standalone` does.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || \
		{ echo "$(PYTHON) is not Python 3.11, 3.12 or 3.13; name one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.standalone: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing the services into $(VENV); the first time takes a minute or two"
	$(INSTALL) -e '.[standalone]'
	@touch $@

$(VENV)/.loop: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing the services, PyTorch and Ray into $(VENV); the first time takes some minutes"
	$(INSTALL) -e '.[loop]'
	@touch $@ $(VENV)/.standalone

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing the services and the tools of development into $(VENV); the first time takes a few minutes"
	$(INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/.standalone $(VENV)/.loop
