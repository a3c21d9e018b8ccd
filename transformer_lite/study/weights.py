"""Trained weights: made once by a recipe, rounded to 16 bits, and loaded wherever the model is shown.

They are `book/weights/NAME.safetensors`, which `make weights NAME` writes, and the package carries all of them, so that
a notebook on another machine finds them. Everybody widens the same 16-bit numbers, and gets the same results::

    model.load_state_dict(weights.load("translator"))
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

_INSTALLED = Path(__file__).parent / "trained"  # pyproject.toml puts them there
_BOOK = Path(__file__).parents[2] / "book/weights"


def path(name: str) -> Path:
    """Where the weights of a name are, or will be: in the installed package, or in a checkout's book."""
    return (_INSTALLED if _INSTALLED.is_dir() else _BOOK) / f"{name}.safetensors"


def load(name: str) -> dict[str, Tensor]:
    """A model's state: float32 tensors by name, each number one of 16 bits.

    Raises:
        ValueError: if there are no weights of this name.
    """
    with _opened(name) as file:
        state: dict[str, Tensor] = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no dictionary
        shared = json.loads(file.metadata()["shared"])
    state = {key: x.float() if x.is_floating_point() else x for key, x in state.items()}
    return state | {key: state[kept] for key, kept in shared.items()}


def metadata(name: str) -> dict[str, Any]:
    """How weights were made: `seed`, `steps`, `seconds`, `metrics` by name, the date, and the versions that matter.

    Raises:
        ValueError: if there are no weights of this name.
    """
    with _opened(name) as file:
        made: dict[str, Any] = json.loads(file.metadata()["made"])
    return made


@torch.no_grad()
def round_to_16_bits(model: nn.Module) -> None:
    """Rounds what a model has learned to float16, in place; it goes on computing in its own type.

    Tables that the model makes by itself, which are no part of its state, stay as they are.

    Raises:
        ValueError: if a number is not finite in 16 bits: above 65504, or not finite before.
    """
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            half = tensor.half()
            if not half.isfinite().all():
                largest = tensor.abs().max().item()
                raise ValueError(
                    f"{name} has numbers up to {largest:g}, but 16 bits hold no more than 65504."
                )
            tensor.copy_(half)


def save(name: str, model: nn.Module, made: Mapping[str, Any]) -> Path:
    """Stores a model that has been rounded, and how it was made; returns where.

    A tensor that the model's state holds under several names is stored once.
    """
    from safetensors.torch import save_file

    stored: dict[str, Tensor] = {}
    first: dict[tuple[int, torch.Size], str] = {}
    shared: dict[str, str] = {}
    for key, tensor in model.state_dict().items():
        kept = first.setdefault((tensor.data_ptr(), tensor.shape), key)
        if kept != key:
            shared[key] = kept
        else:
            stored[key] = (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
    about = {"shared": json.dumps(shared), "made": json.dumps(made, ensure_ascii=False)}
    path(name).parent.mkdir(parents=True, exist_ok=True)
    new = path(name).with_suffix(".new")
    save_file(stored, new, metadata=about)
    return new.replace(path(name))  # all or nothing


def _opened(name: str) -> Any:
    from safetensors import safe_open

    if not path(name).is_file():
        raise ValueError(f"There are no weights called {name!r}. This makes them: make weights {name}")
    return safe_open(path(name), "pt")
