# Loomline. `make help` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/sh

UV_VERSION := 0.13.9
DATE ?= 2020-02-29
PYTHON ?= python3
RUN := .venv/bin

.PHONY: help preflight setup demo live test lint engine stop mlflow airflow docs clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

preflight:
	@PYTHON="$(PYTHON)" sh infra/preflight.sh ports

setup: .venv/.ready ## check the machine and install what uv.lock names; once

.venv/.ready: pyproject.toml uv.lock infra/setup.sh
	@PYTHON="$(PYTHON)" UV_VERSION="$(UV_VERSION)" sh infra/setup.sh

demo: preflight .venv/.ready ## run the risk lake end to end; DATA=folder for your own files, DATE=as-of date
	@$(RUN)/loomline demo --date $(DATE) $(if $(DATA),--data "$(DATA)")

test: .venv/.ready ## run every test
	@$(RUN)/python -m pytest -n 2 --dist loadfile

live: .venv/.ready ## let the demo's ecosystem run on: messages, files and marts, until Ctrl-C
	@$(RUN)/loomline live

lint: .venv/.ready ## formatting, lint, types, import rules, SQL
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy
	$(RUN)/lint-imports
	$(RUN)/sqlfluff lint dbt

engine: .venv/.ready ## start the engine
	@$(RUN)/loomline engine start

stop: .venv/.ready ## stop engine, gateway and brokers; tables and messages stay
	@$(RUN)/loomline gateway stop
	@$(RUN)/loomline broker stop
	@$(RUN)/loomline engine stop

mlflow: .venv/.ready ## serve the MLflow page until Ctrl-C
	@$(RUN)/loomline page mlflow

airflow: .venv/.ready ## serve the Airflow page and scheduler until Ctrl-C
	@$(RUN)/loomline page airflow

docs: .venv/.ready ## write the data dictionary and the pages of features, rules, indicators and dimensions
	@$(RUN)/loomline dictionary
	@$(RUN)/loomline indicator page
	@$(RUN)/loomline dimension page
	@$(RUN)/loomline feature pages
	@$(RUN)/loomline rule pages

clean: ## stop the engine and delete this home's tables and reports, after asking; YES=1 does not ask
	@sh infra/clean.sh "$(YES)"
