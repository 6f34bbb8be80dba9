# Two commands are enough on a fresh machine with Python >= 3.11:
#   make run     the demo: paper TWS, signal service and the supervisor process (make run ARGS="--for 30s")
#   make test    the whole test suite, the same that .ci/run runs
# and for a night: make soak (make soak ARGS="--hours 8"), storms from seeds, see docs/simulation.md

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=
# clients that are not ours, each in an environment of its own: they cannot be installed side by side
CLIENTS := ib_async ibapi
CLIENT_STAMPS := $(CLIENTS:%=.venv-%/.installed)

.PHONY: run test soak mutants golden lint nautilus bench clean

run: $(STAMP)
	$(BIN)/pitboss demo $(ARGS)

# a process for each core; the tests of one file stay together, for they share what is costly to set up
test: lint $(CLIENT_STAMPS)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile $(ARGS)

# whole storms in virtual time, from seeds; the tests have a few of them
soak: $(STAMP)
	$(BIN)/pitboss soak $(if $(ARGS),$(ARGS),--seeds 1000)

# each guard of the product taken away in turn, until a storm sees it
mutants: $(STAMP)
	$(BIN)/python -m simulation.mutants $(ARGS)

# writes the transcripts in tests/conformance/golden anew, from what the clients and the paper TWS say now
golden: $(STAMP) $(CLIENT_STAMPS)
	PITBOSS_REWRITE_GOLDEN=1 $(BIN)/python -m pytest tests/conformance

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

# NautilusTrader for `python -m benchmarks.replay`, in an environment of its own; no test needs it
nautilus: .venv-nautilus/.installed

bench: $(STAMP) nautilus
	$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf $(VENV) $(CLIENTS:%=.venv-%) .venv-nautilus build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# made anew when what it is made from has changed
$(STAMP): setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Pitboss needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Choose another: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --config-settings editable_mode=compat --editable '.[dev]'
	touch $@

.venv-%/.installed: tests/conformance/requirements-%.txt | $(STAMP)
	$(PYTHON) -m venv --clear --without-pip .venv-$*
	$(BIN)/python -m pip --python .venv-$*/bin/python install --quiet --disable-pip-version-check --requirement $<
	touch $@

.venv-nautilus/.installed: benchmarks/nautilus/requirements.txt | $(STAMP)
	$(PYTHON) -m venv --clear --without-pip .venv-nautilus
	$(BIN)/python -m pip --python .venv-nautilus/bin/python install --quiet --disable-pip-version-check --requirement $<
	touch $@
