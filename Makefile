# Two words for people: `make run` and `make test`. Everything else serves those two.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Two to a processor: much of a test is waiting for a browser, a database or a process of its own.
WORKERS ?= $(shell expr 2 '*' $$(getconf _NPROCESSORS_ONLN))
# Every worker and every simulator of the tests would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run demo test test-fast test-newest simulate mutants screenshots docs check lint types contracts lock clean programs

run: $(VENV)/.installed
	$(BIN)/acs-sim up

demo: $(VENV)/.installed
	$(BIN)/acs-sim demo

# Every test; those of storage and of who comes at once, on SQLite and on PostgreSQL.
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist worksteal
test: $(VENV)/.installed-tests programs
	$(PYTEST) $(ARGS)

# What needs neither a browser nor a process of its own nor PostgreSQL: the protocols and the services.
test-fast: $(VENV)/.installed-tests
	$(PYTEST) -m "not slow" tests/threedsecure tests/acs tests/directory_server tests/issuer_sms $(ARGS)

# Whether the tests notice mistakes, written into the code one at a time; ARGS="--sample 30 states" plays a part of them.
mutants: $(VENV)/.installed-tests
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/mutants.lock
	$(BIN)/python -m benchmarks.mutants $(ARGS)

# The simulator of the simulator, with new seeds until so many seconds are over, on all processors (docs/promises.md).
SECONDS ?= 600
simulate: $(VENV)/.installed-tests
	$(BIN)/python -m tests.simulation --seconds $(SECONDS) $(ARGS)

# The same on the newest Python at hand, in an environment of its own.
test-newest:
	@newest=$$(sh tests/support/newest-python.sh); \
	if [ -n "$$newest" ]; then $(MAKE) test-fast VENV=.venv-newest PYTHON="$$newest"; \
	else echo "no Python newer than 3.11 is at hand: nothing is run on it"; fi

# The pictures of docs/images, taken while the browser tests run.
screenshots: $(VENV)/.installed-tests programs
	ACS_SIM_SCREENSHOTS=1 $(BIN)/pytest -q tests/system/test_shops_in_chromium.py tests/system/test_methods_in_chromium.py

# What is written from tables in README.md and docs: elements, endings, findings, faults, cards, states.
docs: $(VENV)/.installed
	$(BIN)/python -m docs.generate

check: lint types contracts

lint: $(VENV)/.installed-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-tests
	$(BIN)/mypy

contracts: $(VENV)/.installed-tests
	$(BIN)/lint-imports

$(VENV)/.installed: requirements/run.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@

$(VENV)/.installed-tests: requirements/test.lock $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.lock
	touch $@

# The tests drive a real Chromium and a real PostgreSQL; what is missing, the system's package manager brings.
programs:
	@sh tests/support/install-programs.sh
	@sh tests/support/install-cypress.sh $(VENV)/cypress

# Written with hashes and without an index address, for every platform and Python that the project supports.
lock: $(VENV)/.installed-tests
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		--upgrade --extra fast --extra postgresql pyproject.toml requirements/build.in -o requirements/run.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		--upgrade --constraint requirements/run.lock --extra fast --extra postgresql --extra mcp --extra otel --group test --group check pyproject.toml requirements/build.in -o requirements/test.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-deps --python-version 3.11 \
		requirements/kits.in -o requirements/kits.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		--constraint requirements/test.lock requirements/mutants.in -o requirements/mutants.lock

clean:
	rm -rf $(VENV) .venv-newest data dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
