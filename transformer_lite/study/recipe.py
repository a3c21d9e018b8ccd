"""Recipes of the trained weights, one a module: `make weights NAME` follows the one of that name.

A recipe has

    SEED, STEPS                 what the shipped weights were made with
    train(*, seed=SEED, steps=STEPS, progress=lambda steps: steps)
                                trains a model and returns it; `progress` wraps the steps, as tqdm does, and with no
                                steps the model is as it starts
    measure(model)              numbers by name, the same for the same model
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from typing import Any, Protocol, cast

from torch import nn

from . import recipes


class Recipe(Protocol):
    """What a recipe's module offers."""

    SEED: int
    STEPS: int

    def train(
        self, *, seed: int = ..., steps: int = ..., progress: Callable[[Iterable[int]], Iterable[int]] = ...
    ) -> nn.Module:
        """A trained model."""

    def measure(self, model: Any) -> dict[str, float]:
        """How good it is."""


def names() -> list[str]:
    """All recipes there are."""
    return sorted(module.name for module in pkgutil.iter_modules(recipes.__path__))


def find(name: str) -> Recipe:
    """The recipe of a name.

    Raises:
        ValueError: if there is none.
    """
    if name not in names():
        known = ", ".join(names()) or "none"
        raise ValueError(f"There is no recipe called {name!r}. The recipes there are: {known}.")
    return cast(Recipe, importlib.import_module(f"{recipes.__name__}.{name}"))
