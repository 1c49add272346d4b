# Every target makes the environment that it needs in .venv. Needed beforehand: Python >= 3.11 with venv, make, a package index;
# for the guests of tests and examples Node.js >= 20 with npm. What they need besides lies in .cache.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))

.DEFAULT_GOAL := help
.PHONY: help venv demo guests test lint format types imports check proto reference docs tutorial other-pythons other-python clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

venv: $(STAMP) ## Make the virtual environment

# Dependency groups need pip 25.1. The kernel needs a plugin and the plugin the kernel: one command installs both by path.
$(STAMP): pyproject.toml $(wildcard plugins/*/pyproject.toml)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet -e . $(addprefix -e ,$(PLUGINS)) --group dev
	touch $@

demo: $(STAMP) ## Run a server and a workflow of 500 steps
	$(BIN)/python tools/demo.py

guests: $(STAMP) ## Build the components in Python and JavaScript
	$(BIN)/python tools/build_guest.py examples tests/guests

test: $(STAMP) ## Run every test
	$(BIN)/python tools/run_tests.py

lint: $(STAMP) ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: $(STAMP) ## Check types
	$(BIN)/mypy

imports: $(STAMP) ## Check who imports whom
	$(BIN)/lint-imports

check: lint types imports test ## Everything that has to pass

proto: $(STAMP) ## Generate the gRPC modules from the proto file
	$(BIN)/python tools/generate_proto.py

reference: $(STAMP) ## Generate the reference from the code
	$(BIN)/python tools/generate_reference.py
	$(BIN)/python tools/generate_reference_pages.py

docs: $(STAMP) ## Make a site of docs/ in .cache/site; warnings are errors
	$(BIN)/sphinx-build -W --keep-going -q -b html -d .cache/doctrees docs .cache/site

tutorial: $(STAMP) ## Do what the tutorial shows, in a new environment, and time it
	$(BIN)/python tools/walk_tutorial.py

other-pythons: $(STAMP) ## Run the demo and near tests under every other interpreter at hand
	$(BIN)/nox

other-python: $(STAMP) ## Run the demo, and TESTS, under OTHER, the command of an interpreter
	PYTHON='$(OTHER)' tools/try_python.sh $(TESTS)

clean: ## Remove what the targets made
	rm -rf $(VENV) .cache examples/*/build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
