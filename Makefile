# Everything here works in a fresh clone with Python 3.11 or later and nothing else: each target first makes .venv and
# installs the locked, hashed dependencies into it. Nothing outside this folder is written.
# Extra arguments go through ARGS, for instance: make test ARGS="-k ledger".

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON ?= python3
ARGS ?=
VENV := .venv
PY := $(VENV)/bin/python

# A stamp carries the checksum of the lock file it stands for, so a changed lock is installed and an unchanged one is not.
digest = $(shell cksum < $(1) | tr ' ' '-')
RUNTIME := $(VENV)/.runtime-$(call digest,requirements.lock)
DEV := $(VENV)/.dev-$(call digest,requirements-dev.lock)

# Caches stay in the checkout, compiled modules among them: five processes start from them. Whatever Python environment
# the caller is in stays out of ours.
ifeq ($(PATH),)
export PATH := /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
endif
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/.cache/hypothesis
export XDG_CACHE_HOME := $(CURDIR)/.cache
export PYTHONNOUSERSITE := 1
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PYTHONDONTWRITEBYTECODE

# Tests run in several processes at once; make test ARGS="-n 0" runs them in one, which a debugger can follow.
# What takes longest begins (tests/support/spreading.py).
SPREAD := -p tests.support.no_skips -n auto --dist loadscope --no-loadscope-reorder

# Where tests need no whole gateway: to look for tests elsewhere would take as long as half of these.
QUICK := tests/architecture tests/properties tests/rules tests/unit

CHECKS := lint format types imports docs

.PHONY: help up down demo test test-quick check fix bench faults revision docs lock $(addprefix check-,$(CHECKS))

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(RUNTIME) ## Start the gateway and the four agency services on this machine (stop with ctrl-C)
	@exec $(PY) -m mesh up $(ARGS)

down: $(RUNTIME) ## Stop a mesh started with `make up`
	@$(PY) -m mesh down $(ARGS)

demo: $(RUNTIME) ## Tell one whole referral story over HTTP and verify the ledger
	@$(PY) -m mesh demo $(ARGS)

test: $(DEV) ## Run every test
	@$(PY) -m pytest $(SPREAD) $(ARGS)

test-quick: $(DEV) ## Run the tests that need no whole gateway and no patience (half a minute)
	@$(PY) -m pytest $(SPREAD) -m "not slow" --hypothesis-profile quick $(QUICK) $(ARGS)

check: $(DEV) ## Lint, format, types, import contracts, generated docs: runs them all, changes nothing
	@failed=0; \
	for step in $(CHECKS); do \
		echo "-- $$step"; $(MAKE) --no-print-directory check-$$step || failed=$$((failed + 1)); \
	done; \
	if [ $$failed -gt 0 ]; then echo "check: $$failed of $(words $(CHECKS)) failed" >&2; exit 1; fi; \
	echo "check: all $(words $(CHECKS)) passed"

check-lint: $(DEV)
	@$(PY) -m ruff check --no-cache .

check-format: $(DEV)
	@$(PY) -m ruff format --check .

check-types: $(DEV)
	@$(PY) -m mypy

check-imports: $(DEV)
	@$(PY) -c 'from importlinter.cli import lint_imports_command as lint; lint()' --no-cache --no-logo

check-docs: $(DEV)
	@$(PY) -m mesh docs --check

fix: $(DEV) ## Mend what can be mended by machine: lint and format
	@$(PY) -m ruff check --fix . ; $(PY) -m ruff format .

bench: $(DEV) ## Measure admissions per second beside the floor (docs/explanation tells how to read it)
	@$(PY) -m bench $(ARGS)

faults: $(DEV) ## Inject faults into real processes and judge what they broke: make faults ARGS="--engine sqlite --faults 5000"
	@$(PY) -m bench.faults $(ARGS)

revision: $(DEV) ## Write the next revision of a room's tables: make revision ARGS="people 'what changes'"
	@$(PY) -m mesh revise $(ARGS) && $(PY) -m ruff format --quiet .

docs: $(DEV) ## Write the generated reference into docs/reference
	@$(PY) -m mesh docs

lock: ## Compile the lock files from pyproject.toml (the only target that needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv, the Python package installer; no other target does." >&2; exit 1; }
	@UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.lock
	@UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --group dev -c requirements.lock \
		pyproject.toml -o requirements-dev.lock

# $(call install,LOCK): a usable virtual environment holding exactly the locked versions, each checked by its hash.
define install
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or later is needed, and '$(PYTHON)' was not found. Install it, or name one: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; '$(PYTHON)' is $$($(PYTHON) -V 2>&1). Name another: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "'$(PYTHON)' cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing $(1) into $(VENV) (about a minute the first time) ..."
	@$(PY) -m pip install --quiet --require-hashes --requirement $(1)
endef

$(RUNTIME):
	$(call install,requirements.lock)
	@touch $@

$(DEV):
	$(call install,requirements-dev.lock)
	@touch $@ $(RUNTIME)
