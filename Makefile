# SPDX-License-Identifier: MIT
# Every target sets up what it needs below build/ and then calls tools/.
PYTHON ?= python3
ONLY   ?=
ARGS   ?=
BOARD  ?= rpi_pico
DEBUG  ?=
PORT   ?= auto
IMAGE  ?=
WIRING ?=
CASE   ?=
FULL   ?=
MICROPYTHON ?=
export PYTHON MICROPYTHON
VENV   := build/venv/bin/python
export PYTHONPATH := .:firmware:boards/virtual/cpython
.DEFAULT_GOAL := help
.PHONY: help run test check bench report calibrate soak mutants image emulate flash repl smoke clean

##@ On the desk
run:    ## the meter made of software: display in the terminal, keys for buttons; ARGS="--help" tells more
	@tools/setup.sh python
	@$(VENV) -m tools.virtual_meter $(ARGS)
test:   ## every test on CPython, then the portable ones on MicroPython; ONLY=word selects
	@tools/setup.sh python node micropython image
	@for kind in "" --debug --stock; do $(VENV) -m tools.image --quiet $$kind || exit 1; done
	@$(VENV) -m pytest $(if $(ONLY),-k "$(ONLY)") || failed=1; \
	$(VENV) -m tools.portable_tests $(if $(ONLY),--only "$(ONLY)") || failed=1; exit $${failed:-0}
check:  ## lint, types against each port, layers, registers, segments, version
	@tools/setup.sh python node
	@$(VENV) -m tools.checks
bench:  ## figures of accuracy, memory and speed beside their goals; ONLY="id ..." selects, FULL=1 does all cases
	@tools/setup.sh python node micropython image
	@$(VENV) -m tools.image --quiet
	@$(VENV) -m tools.bench $(if $(ONLY),--only "$(ONLY)") $(if $(FULL),--full)

report: ## error curves of a calibrated meter against its class: pictures and a table in build/report/
	@tools/setup.sh python
	@$(VENV) -m tools.report

calibrate: ## calibrate the meter at PORT against a reference; ARGS="run --by NAME --usual", ARGS="--help" tells more
	@tools/setup.sh python
	@$(VENV) -m tools.calibrate --port $(PORT) $(ARGS)

soak:   ## power cuts, rot and wear of the permanent memory, hundreds of thousands of cases; CASE=id does one again
	@tools/setup.sh python
	@$(VENV) -m tools.soak $(if $(ONLY),--only "$(ONLY)") $(if $(CASE),--case "$(CASE)")
mutants: ## faults seeded in the permanent memory's code: does its suite notice?  ONLY=word selects
	@tools/setup.sh python
	@$(VENV) -m tools.mutants $(if $(ONLY),--only "$(ONLY)")

##@ On a controller
image:  ## the product image of BOARD, build/BOARD/ctmeter.uf2; DEBUG=1 keeps a prompt, MICROPYTHON=path builds from yours
	@tools/setup.sh python image
	@$(VENV) -m tools.image --board $(BOARD) $(if $(DEBUG),--debug)
emulate: ## that image on an emulated RP2040 in this terminal, as "run"; DEBUG=1, ARGS="--console 2300": a prompt on TCP
	@tools/setup.sh python node image
	@$(VENV) -m tools.image --quiet $(if $(DEBUG),--debug)
	@$(VENV) -m tools.emulator $(if $(DEBUG),--debug) $(ARGS)
flash:  ## a development copy onto the board at PORT, which runs MicroPython; IMAGE=1 the product image, by BOOTSEL
	@tools/setup.sh python $(if $(IMAGE),image)
	@$(if $(IMAGE),$(VENV) -m tools.image --quiet --board $(BOARD) $(if $(DEBUG),--debug))
	@$(VENV) -m tools.flash --board $(BOARD) --port $(PORT) $(if $(IMAGE),--image $(if $(DEBUG),--debug))
repl:   ## a prompt on the board at PORT, the meter running beside it
	@tools/setup.sh python
	@$(VENV) -m tools.repl --port $(PORT)
smoke:  ## tests on the board at PORT; WIRING=name says what is wired to it (host_tests/target/wiring)
	@tools/setup.sh python
	@$(VENV) -m host_tests.target --board $(BOARD) --port $(PORT) $(if $(WIRING),--wiring $(WIRING)) $(if $(ONLY),--only $(ONLY))

##@ House
clean:  ## remove everything that was made
	@rm -rf build .pytest_cache .ruff_cache .hypothesis; find . -name __pycache__ -prune -exec rm -rf {} +

help:
	@awk -F ':.*## ' '/^##@/ {print "\n" substr($$0, 5)} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile
