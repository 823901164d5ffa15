# make notebook   runs a notebook from top to bottom (NOTEBOOK, DATA, SEQUENCES, VALIDATION, SCALE, NETWORKS,
#                 RECIPE, EPOCHS, LEAKAGE; edgesegnet_study and ideas know DATA, SCALE and EPOCHS;
#                 use_network knows IMAGE, WEIGHTS, SECONDS and EPOCHS)
# make scenes     renders road scenes into Code/Data/scenes (WORLDS, VARIATIONS, FRAMES, SEED)
# make data       fetches sequences of Virtual KITTI (SEQUENCES, ACCEPT_LICENCE, VKITTI, ARCHIVES, DATA)
# make test       lint and tests
# All need nothing but python3 and make: they set up .venv when it is missing or out of date.

PYTHON ?= python3
BIN := .venv/bin
SHELL := /bin/sh

.PHONY: notebook scenes data test

notebook: .venv/installed
	@$(BIN)/roadseg notebook $(NOTEBOOK) $(if $(DATA),--data "$(DATA)") \
	  $(if $(SEQUENCES),--sequences $(SEQUENCES)) $(if $(VALIDATION),--validation $(VALIDATION)) \
	  $(if $(SCALE),--scale $(SCALE)) $(if $(NETWORKS),--networks $(NETWORKS)) \
	  $(if $(RECIPE),--recipe $(RECIPE)) $(if $(EPOCHS),--epochs $(EPOCHS)) \
	  $(if $(LEAKAGE),--leakage $(LEAKAGE)) $(if $(IMAGE),--image "$(IMAGE)") \
	  $(if $(WEIGHTS),--weights $(WEIGHTS)) $(if $(SECONDS),--seconds $(SECONDS))

scenes: .venv/installed
	@$(BIN)/roadseg render $(if $(WORLDS),--worlds $(WORLDS)) $(if $(VARIATIONS),--variations $(VARIATIONS)) \
	  $(if $(FRAMES),--frames $(FRAMES)) $(if $(SEED),--seed $(SEED)) --output Code/Data/scenes

data: .venv/installed
	@$(BIN)/roadseg fetch $(SEQUENCES) $(if $(VKITTI),--version $(VKITTI)) \
	  $(if $(ARCHIVES),--url "$(ARCHIVES)") --output "$(or $(DATA),Code/Data)" \
	  $(if $(filter yes,$(ACCEPT_LICENCE)),--accept-licence)

test: .venv/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pytest -n 2 --dist loadscope

.venv/installed: requirements.txt pyproject.toml
	@echo "Installing the packages into .venv: 3.5 GB on disk, a few minutes, silent meanwhile"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --disable-pip-version-check -q -e ".[dev]"
	@touch $@
