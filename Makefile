# Needs Python 3.11, 3.12 or 3.13, pip and make; everything else is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
TARGET ?= sqlite
# one process more than processors: some tests wait for a browser or a server
TEST_PROCESSES ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$(( n < 4 ? n + 1 : 4 )))
PIP_INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile
# pip compiles on one processor; some packages contain templates that are not valid Python
PIP_COMPILE := $(BIN)/python -m compileall -qq -j 0 .venv/lib || true
ENGINES := duckdb postgres spark
COMPILE := echo 'setuptools>=77' | uv pip compile pyproject.toml - --quiet --universal --python-version 3.11 \
	--generate-hashes --no-strip-extras --no-header --no-annotate

.PHONY: help demo test lint lint-code lint-sql format mutants chaos bench lock clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: .venv/installed $(if $(filter-out sqlite,$(TARGET)),.venv/installed-$(TARGET)) ## Generate a demo shop and run everything on it; TARGET=duckdb for another engine
	$(BIN)/tillsight demo --target $(TARGET)

test: .venv/installed-dev ## Run all tests
	$(BIN)/pytest --numprocesses $(TEST_PROCESSES) --dist loadgroup --no-loadscope-reorder

lint: lint-code lint-sql ## Check style of Python, JavaScript and SQL, and types of Python

lint-code: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/oxlint reports/static

lint-sql: .venv/installed-dev
	$(BIN)/tillsight load --quiet --data-dir .venv/lint-data
	TILLSIGHT_DATA_DIR=$(CURDIR)/.venv/lint-data $(BIN)/sqlfluff lint dbt_project/models dbt_project/tests

format: .venv/installed-dev ## Format the Python code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

mutants: .venv/installed-dev ## Apply wrong changes to the SQL one at a time and report which test fails
	$(BIN)/python -m tests.dbt.mutants

bench: .venv/installed-dev .venv/installed-bench ## Measure speed beside other tools, on generated shops of up to a million customers
	$(BIN)/python -m tests.benchmarks.run
	$(BIN)/python -m tests.benchmarks.forecast_speed
	$(BIN)/python -m tests.benchmarks.page
	$(BIN)/python -m tests.benchmarks.api

chaos: .venv/installed-dev ## Kill 200 runs at random moments and check what readers see
	$(BIN)/python -m tests.chaos.run

lock: ## Lock the newest versions that pyproject.toml allows (needs uv)
	$(COMPILE) --upgrade --extra api $(foreach engine,$(ENGINES),--extra $(engine)) --extra dev --output-file requirements-dev.lock
	$(COMPILE) --upgrade --constraints requirements-dev.lock --extra api --output-file requirements.lock
	for extra in bench $(ENGINES); do \
		$(COMPILE) --upgrade --constraints requirements-dev.lock --extra api --extra $$extra \
			--output-file requirements-$$extra.lock || exit; \
	done

clean: ## Remove .venv, builds and caches; data/ is not touched
	rm -rf .venv build dist dbt_project/target dbt_project/logs .mypy_cache .pytest_cache .ruff_cache

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14) and "Python 3.11, 3.12 or 3.13 is needed; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

.venv/installed: requirements.lock pyproject.toml | .venv/bin/python
	$(PIP_INSTALL) --require-hashes --requirement requirements.lock
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	$(PIP_COMPILE)
	touch $@

.venv/installed-%: requirements-%.lock .venv/installed
	$(PIP_INSTALL) --require-hashes --requirement $<
	$(PIP_COMPILE)
	touch $@
