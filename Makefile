# make notebook   runs a notebook from top to bottom (NOTEBOOK, DATA, SEQUENCES, VALIDATION, SCALE, NETWORKS,
#                 RECIPE, EPOCHS, LEAKAGE; edgesegnet_study and ideas know DATA, SCALE and EPOCHS)
# make data       fetches sequences of Virtual KITTI (SEQUENCES, ACCEPT_LICENCE, VKITTI, ARCHIVES, DATA)
# make test       lint and tests
# All need nothing but python3 and make: they set up .venv when it is missing or out of date.

PYTHON ?= python3
BIN := .venv/bin
SHELL := /bin/sh

.PHONY: notebook data test

notebook: .venv/installed
	$(BIN)/roadseg notebook $(NOTEBOOK) $(if $(DATA),--data "$(DATA)") \
	  $(if $(SEQUENCES),--sequences $(SEQUENCES)) $(if $(VALIDATION),--validation $(VALIDATION)) \
	  $(if $(SCALE),--scale $(SCALE)) $(if $(NETWORKS),--networks $(NETWORKS)) \
	  $(if $(RECIPE),--recipe $(RECIPE)) $(if $(EPOCHS),--epochs $(EPOCHS)) \
	  $(if $(LEAKAGE),--leakage $(LEAKAGE))

data: .venv/installed
	$(BIN)/roadseg fetch $(SEQUENCES) $(if $(VKITTI),--version $(VKITTI)) \
	  $(if $(ARCHIVES),--url "$(ARCHIVES)") --output "$(or $(DATA),Code/Data)" \
	  $(if $(filter yes,$(ACCEPT_LICENCE)),--accept-licence)

test: .venv/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pytest -n 2 --dist loadscope

.venv/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --disable-pip-version-check -q -e ".[dev]"
	touch $@
