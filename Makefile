# SPDX-License-Identifier: MIT
# Every target sets up what it needs below build/ and then calls tools/.
PYTHON ?= python3
ONLY   ?=
ARGS   ?=
export PYTHON
VENV   := build/venv/bin/python
export PYTHONPATH := .:firmware:boards/virtual/cpython
.DEFAULT_GOAL := help
.PHONY: help run test check bench clean

##@ On the desk
run:    ## the meter made of software: display in the terminal, keys for buttons; ARGS="--help" tells more
	@tools/setup.sh python
	@$(VENV) -m tools.virtual_meter $(ARGS)
test:   ## every test on CPython, then the portable ones on MicroPython; ONLY=word selects
	@tools/setup.sh python node micropython
	@$(VENV) -m pytest $(if $(ONLY),-k "$(ONLY)") || failed=1; \
	$(VENV) -m tools.portable_tests $(if $(ONLY),--only "$(ONLY)") || failed=1; exit $${failed:-0}
check:  ## lint, types against each port, layers, registers, segments, version
	@tools/setup.sh python node
	@$(VENV) -m tools.checks
bench:  ## figures of accuracy, memory and speed beside their goals; ONLY="id ..." selects
	@tools/setup.sh python micropython
	@$(VENV) -m tools.bench $(if $(ONLY),--only "$(ONLY)")

##@ House
clean:  ## remove everything that was made
	@rm -rf build .pytest_cache .ruff_cache .hypothesis; find . -name __pycache__ -prune -exec rm -rf {} +

help:
	@awk -F ':.*## ' '/^##@/ {print "\n" substr($$0, 5)} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile
