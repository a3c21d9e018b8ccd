"""Trained weights: made once by a recipe (`make weights NAME`), rounded to 16 bits, and loaded wherever a model is shown.

They are `book/weights/<name>.safetensors`, and the package carries all of them, so that a notebook on another machine
finds them. Whoever computes with them widens the same 16-bit numbers, so that all get the same results.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path as _Path
from typing import Any

import torch
from torch import Tensor, nn

_INSTALLED = _Path(__file__).parent / "weights"  # pyproject.toml puts them there
_CHECKOUT = _Path(__file__).parents[2] / "book/weights"


def load(name: str, model: nn.Module) -> dict[str, Any]:
    """Fills a model with the weights of this name, in its own type of numbers.

    Returns:
        How they were made: `seed`, `steps`, `seconds`, `metrics`, and the date and versions of `store.circumstances`.

    Raises:
        ValueError: if there are none of this name, or if they do not fit the model.
    """
    from safetensors import safe_open
    from safetensors.torch import load_model

    path = path_of(name)
    if not path.is_file():
        raise ValueError(f"There are no weights called {name!r}. They are made by: make weights {name}")
    try:
        load_model(model, path)  # type: ignore[no-untyped-call]
    except RuntimeError as reason:
        raise ValueError(f"The weights {name!r} are those of another model. {reason}") from reason
    with safe_open(path, "pt") as file:  # type: ignore[no-untyped-call]
        about: dict[str, Any] = json.loads(file.metadata()["made"])
    return about


def save(name: str, model: nn.Module, about: Mapping[str, Any]) -> _Path:
    """Stores a model whose numbers have been rounded, with what is known about them; returns the path.

    Tensors that share memory are stored once, and tables that the model can make by itself are not.
    """
    from safetensors.torch import save_model

    path = path_of(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    save_model(model, new)
    new.replace(path)
    return path


@torch.no_grad()
def round_(model: nn.Module) -> None:
    """Rounds what a model has learned to the nearest numbers of 16 bits (float16), in place; their type stays.

    Raises:
        ValueError: if a number is too large for 16 bits.
    """


def path_of(name: str) -> _Path:
    """Where the weights of a name are: in the package that was installed, or in the checkout's book."""
    return (_INSTALLED if _INSTALLED.is_dir() else _CHECKOUT) / f"{name}.safetensors"
