"""Training: one function for every network, driven by a Recipe."""

from roadseg.training.recipes import RECIPES, Recipe, get_recipe
from roadseg.training.trainer import Run, folder_name, train

__all__ = ["RECIPES", "Recipe", "Run", "folder_name", "get_recipe", "train"]
