"""One run of an experiment: a seed and its settings, and the number or numbers that came out."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Setting = int | float | str | bool | None
Result = float | dict[str, float]


@dataclass(frozen=True)
class Run:
    """What one call of a measured function gave, and the seconds it took."""

    settings: Mapping[str, Setting]
    seed: int
    result: Result
    seconds: float

    @property
    def key(self) -> str:
        """What tells it from the other runs of its function."""
        return key_of(self.settings, self.seed)

    def as_json(self) -> dict[str, Any]:
        """Plain values; numbers that are not finite as texts, which JSON has no other way to hold."""
        result = self.result
        kept = {name: _kept(x) for name, x in result.items()} if isinstance(result, dict) else _kept(result)
        return {"settings": dict(self.settings), "seed": self.seed, "seconds": self.seconds, "result": kept}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Run:
        """The inverse of `as_json`."""
        return cls(kept["settings"], kept["seed"], as_result(kept["result"]), kept["seconds"])


def key_of(settings: Mapping[str, Setting], seed: int) -> str:
    """A text that two runs share if they have the same seed and settings; 1, 1.0 and true are three settings."""
    return json.dumps([dict(sorted(settings.items())), seed])


def perform(function: Callable[..., Any], settings: Mapping[str, Setting], seed: int) -> Run:
    """Runs the function once, with PyTorch's random numbers started from the seed.

    Raises:
        ValueError: if it returns something else than a number, or a dictionary of numbers.
    """
    torch.manual_seed(seed)
    start = time.perf_counter()
    returned = function(seed, **settings)
    return Run(settings, seed, as_result(returned), round(time.perf_counter() - start, 3))


def as_result(returned: Any) -> Result:
    """A number (a tensor of one will do) or numbers by name, as plain floats."""
    try:
        if isinstance(returned, Mapping):
            return {str(name): _number(x) for name, x in returned.items()}
        return _number(returned)
    except (TypeError, ValueError, RuntimeError) as reason:
        raise ValueError(
            f"a measured function returns a number, or a dictionary of numbers by name; this one returned {returned!r}."
        ) from reason


def _number(returned: Any) -> float:
    return float(returned.item() if isinstance(returned, Tensor) else returned)


def _kept(number: float) -> float | str:
    return number if math.isfinite(number) else str(number)
