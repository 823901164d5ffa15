# make notebook   runs a notebook from top to bottom (NOTEBOOK, DATA, SEQUENCES, VALIDATION, SCALE, NETWORKS,
#                 START, RECIPE, EPOCHS, LEAKAGE; edgesegnet_study and ideas know DATA, SCALE and EPOCHS;
#                 use_network knows IMAGE, WEIGHTS, SECONDS and EPOCHS)
# make lab        opens copies of the notebooks, in Code/Runs/lab, in JupyterLab
# make scenes     renders road scenes into Code/Data/scenes (WORLDS, VARIATIONS, FRAMES, SEED)
# make data       fetches sequences of Virtual KITTI (SEQUENCES, ACCEPT_LICENCE, VKITTI, ARCHIVES, DATA)
# make test       lint and tests
# All need nothing but Python and make: they set up .venv when it is missing or out of date.

PYTHON ?= python3
BIN := .venv/bin
SHELL := /bin/sh

# A value reaches the command as it was given: neither make nor the shell expands anything in it. Lists are
# divided at spaces.
quoted = '$(subst ','\'',$(value $1))'
one = $(if $(value $1),$2 $(quoted))
several = $(if $(value $1),$2 $(foreach word,$(subst ','\'',$(value $1)),'$(word)'))
unexport NOTEBOOK DATA SEQUENCES VALIDATION SCALE NETWORKS START RECIPE EPOCHS LEAKAGE IMAGE WEIGHTS \
  SECONDS WORLDS VARIATIONS FRAMES SEED ACCEPT_LICENCE VKITTI ARCHIVES

.PHONY: notebook lab scenes data test

notebook: .venv/installed
	@$(BIN)/roadseg notebook $(call one,NOTEBOOK) $(call one,DATA,--data) \
	  $(call several,SEQUENCES,--sequences) $(call several,VALIDATION,--validation) \
	  $(call one,SCALE,--scale) $(call several,NETWORKS,--networks) $(call one,START,--start) \
	  $(call one,RECIPE,--recipe) $(call one,EPOCHS,--epochs) $(call one,LEAKAGE,--leakage) \
	  $(call one,IMAGE,--image) $(call one,WEIGHTS,--weights) $(call one,SECONDS,--seconds)

# Kernels start in Code, as the notebooks expect: copies and originals share data and trainings.
lab: .venv/installed
	@mkdir -p Code/Runs/lab
	@for each in Code/*.ipynb; do copy=Code/Runs/lab/$${each##*/}; test -e $$copy || cp $$each $$copy; done
	@$(BIN)/jupyter lab --ServerApp.root_dir=Code/Runs/lab --MappingKernelManager.root_dir="$(CURDIR)/Code"

scenes: .venv/installed
	@$(BIN)/roadseg render $(call several,WORLDS,--worlds) $(call several,VARIATIONS,--variations) \
	  $(call one,FRAMES,--frames) $(call one,SEED,--seed) --output Code/Data/scenes

data: .venv/installed
	@$(BIN)/roadseg fetch $(call several,SEQUENCES) $(call one,VKITTI,--version) \
	  $(call one,ARCHIVES,--url) --output $(if $(value DATA),$(call quoted,DATA),Code/Data) \
	  $(if $(filter yes,$(value ACCEPT_LICENCE)),--accept-licence)

test: .venv/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pytest -n 2 --dist loadscope --no-loadscope-reorder

VERSION = $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
.venv/installed: requirements.txt pyproject.toml
	$(if $(filter 3.11 3.12 3.13,$(VERSION)),,$(error $(PYTHON) is $(or $(VERSION:%=Python %),no Python), \
	  but Python 3.11 to 3.13 is needed: make PYTHON=python3.12))
	@echo "Installing the packages into .venv: 3.5 GB on disk, a few minutes, silent meanwhile"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --disable-pip-version-check -q -e ".[dev]" -c requirements.txt
	@touch $@
