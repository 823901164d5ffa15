"""Training: one function for every network, driven by a Recipe."""

from roadseg.training.recipes import RECIPES, Recipe, get_recipe
from roadseg.training.run import Run, folder_name, load_best, open_run
from roadseg.training.trainer import train

__all__ = [
    "RECIPES",
    "Recipe",
    "Run",
    "folder_name",
    "get_recipe",
    "load_best",
    "open_run",
    "train",
]
