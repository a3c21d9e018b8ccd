"""Recipes of the trained weights, one a module: see `recipe.py`."""
