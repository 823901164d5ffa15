"""Training: one function for every network, driven by a Recipe."""

from roadseg.training.processes import Processes, connect
from roadseg.training.prolonging import prolong
from roadseg.training.provenance import folder_name
from roadseg.training.recipes import RECIPES, Recipe, get_recipe
from roadseg.training.run import Run, load_best, open_run
from roadseg.training.trainer import train

__all__ = [
    "RECIPES",
    "Processes",
    "Recipe",
    "Run",
    "connect",
    "folder_name",
    "get_recipe",
    "load_best",
    "open_run",
    "prolong",
    "train",
]
