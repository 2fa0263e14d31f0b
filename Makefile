# `make help` lists the targets. Everything runs in the project's own environment, .venv.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 5000

# Stages call `python`, which must be the environment's own, whatever is active outside.
export PATH := $(CURDIR)/$(BIN):$(PATH)
unexport PYTHONPATH VIRTUAL_ENV PYTHONHOME
export DVC_NO_ANALYTICS := 1

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: .venv/.installed ## set up .venv from requirements.lock (every file checked by its hash)
.venv/.installed: requirements.lock pyproject.toml
	@test -x $(BIN)/python || { echo "making .venv"; $(PYTHON) -m venv .venv; }
	@test -x $(BIN)/uv || python -m pip install --quiet --disable-pip-version-check uv
	@echo "installing requirements.lock"
	@uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode \
		-r requirements.lock
	@uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

repro: env ## run what has changed in the pipeline, then print the experiments
	@python -m phytotron.config.experiments
	@dvc repro
	@python -m phytotron.evaluation.summary

test: env ## run the tests (about 15 minutes on 2 cores of 2.5 GHz)
	@python -m pytest tests/nn tests/models -m "not slow" -n auto --maxprocesses 4 --check-shapes
	@python -m pytest -m "not slow" -n auto --maxprocesses 4 --dist loadgroup \
	  --ignore tests/nn --ignore tests/models

PART ?= 1/1
test-zoo: env ## run the conformance suite over all experiments (a part of them: PART=2/4)
	@python -m pytest tests/conformance --part $(PART) -n auto --maxprocesses 4 --dist loadgroup

test-slow: env ## run the tests that take longer (a part of them: PART=2/4)
	@python -m pytest -m slow --part $(PART) -n auto --maxprocesses 4 --dist loadgroup

check: env ## lint, format and types
	@ruff check .
	@ruff format --check .
	@mypy

format: env ## repair what lint and format can repair by themselves
	@ruff check --fix .
	@ruff format .

bench: env .venv-keras/.installed ## measure against what a user would pick instead, side by side
	@dvc repro --quiet clean  # the documents that preprocessing is measured on
	@for name in crawl extract preprocess training; do python -m benchmarks.$$name || exit; done

# Keras and TensorFlow, which only the benchmark of training needs
.venv-keras/.installed: benchmarks/requirements-keras.lock | env
	@uv venv --quiet --allow-existing --python $(BIN)/python .venv-keras
	@uv pip install --quiet --python .venv-keras/bin/python --require-hashes -r $<
	@touch $@

ui: env ## open the MLflow UI on a loopback port (PORT=5000)
	@mlflow ui --backend-store-uri $${MLFLOW_TRACKING_URI:-sqlite:///mlflow.db} \
		--host 127.0.0.1 --port $(PORT)

lock: env ## resolve pyproject.toml anew for all platforms
	@uv pip compile pyproject.toml --all-extras --universal --generate-hashes --upgrade \
		--python-version 3.11 --no-annotate --no-header --output-file requirements.lock
	@uv pip compile benchmarks/requirements-keras.in --universal --generate-hashes --upgrade \
		--python-version 3.11 --no-annotate --no-header \
		--output-file benchmarks/requirements-keras.lock

clean: ## remove what the pipeline made (DVC's cache, MLflow's store and .venv stay)
	@rm -rf build data/raw data/interim data/processed

.PHONY: help env repro test test-zoo test-slow check format bench ui lock clean
