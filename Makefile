# Python 3.11, 3.12 or 3.13, pip and make are all that is needed; the rest is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
TARGET ?= sqlite
# some tests wait for a browser or a server: one process more than there are processors keeps these busy
TEST_PROCESSES ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$(( n < 4 ? n + 1 : 4 )))
PIP_INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile
# on all processors, where pip takes one; templates within packages that are no Python are passed over
PIP_COMPILE := $(BIN)/python -m compileall -qq -j 0 .venv/lib || true
ENGINES := duckdb postgres spark
COMPILE := echo 'setuptools>=77' | uv pip compile pyproject.toml - --quiet --universal --python-version 3.11 \
	--generate-hashes --no-strip-extras --no-header --no-annotate

.PHONY: help demo test lint lint-code lint-sql format mutants chaos bench lock clean

help: ## List what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: .venv/installed $(if $(filter-out sqlite,$(TARGET)),.venv/installed-$(TARGET)) ## Make up a shop, run everything on it, say where the page is; TARGET=duckdb on another engine
	$(BIN)/tillsight demo --target $(TARGET)

test: .venv/installed-dev ## Run all tests
	$(BIN)/pytest --numprocesses $(TEST_PROCESSES) --dist loadgroup --no-loadscope-reorder

lint: lint-code lint-sql ## Check style and types of Python, JavaScript and SQL

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

mutants: .venv/installed-dev ## Make the SQL wrong on purpose, one change at a time, and see which test notices
	$(BIN)/python -m tests.dbt.mutants

bench: .venv/installed-dev .venv/installed-bench ## Time each step against peers, on made-up shops of up to a million customers
	$(BIN)/python -m tests.benchmarks.run
	$(BIN)/python -m tests.benchmarks.forecast_speed
	$(BIN)/python -m tests.benchmarks.page
	$(BIN)/python -m tests.benchmarks.api

chaos: .venv/installed-dev ## Kill 200 runs at random moments, while a reader looks on
	$(BIN)/python -m tests.chaos.run

lock: ## Pin the newest versions that pyproject.toml allows (needs uv)
	$(COMPILE) --upgrade --extra api $(foreach engine,$(ENGINES),--extra $(engine)) --extra dev --output-file requirements-dev.lock
	$(COMPILE) --upgrade --constraints requirements-dev.lock --extra api --output-file requirements.lock
	for extra in bench $(ENGINES); do \
		$(COMPILE) --upgrade --constraints requirements-dev.lock --extra api --extra $$extra \
			--output-file requirements-$$extra.lock || exit; \
	done

clean: ## Remove what dbt and the tools left; data/ stays
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
