# Two commands: make run, make test. Both do all the set-up themselves; later starts reinstall nothing.
ENV := . .tools/env;
BIN := .venv/bin
# Three processes for two cores: about a quarter of a run is waiting for servers and child processes. A file's tests stay together, so that
# its fixtures are made once; the order of files is that of tests/conftest.py, long ones first.
PARALLEL := -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: run test pytest fast check screens lock ship clean

run:
	@sh .ci/setup run
	@$(ENV) exec $(BIN)/quanmai demo

test:
	@sh .ci/setup test
	@$(MAKE) --no-print-directory -j 2 check pytest

# Bytecode is kept even where the environment says not to: tests start hundreds of processes, and each would compile the program again.
PYTEST = $(ENV) PYTHONDONTWRITEBYTECODE= exec $(BIN)/python -m pytest $(PARALLEL)

# All tests without set-up. `make test` runs the checks beside them: mypy is one process for a minute, and many tests wait.
pytest:
	@$(PYTEST)

# The fast tier: no Qt, no servers, under a minute.
fast:
	@sh .ci/setup test
	@$(PYTEST) -m "not slow and not gui"

check:
	@$(ENV) $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

# Pictures of the main states at five sizes, both languages and themes, compared with those kept (minutes; not part of the suite).
# Whole pictures: make screens SCREENS="--to out/screens"; after an intended change, once they were looked at: SCREENS=--renew.
screens:
	@$(ENV) exec $(BIN)/python -m tests.screens $(SCREENS)

# Pins every package anew: names, versions and hashes only.
lock:
	@uv pip compile --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 \
		pyproject.toml --group build --group dev --all-extras -o .ci/requirements.lock
	@uv pip compile --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 \
		pyproject.toml --group build --group ship --all-extras -c .ci/requirements.lock -o .ci/ship/requirements.lock

# The program for desks without Python, and its smoke test: .ci/ship/README.md.
ship:
	@sh .ci/ship/build
	@$(ENV) out/ship/venv/bin/python .ci/ship/smoke.py out/ship/quanmai/quanmai

clean:
	@rm -rf .venv .tools out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
