"""`Length`: how many."""

import random
from dataclasses import KW_ONLY, dataclass
from typing import Any

import torch
from torch import Tensor

from ..axes import Setting
from ..text import number, say
from .control import Control, in_range
from .slider import sliding


@dataclass
class Length(Control):
    """A whole number n from `min` to `max`; the function receives `arange(n)`, so n is a dynamic dimension."""

    min: int
    max: int
    step: int = 1
    _: KW_ONLY
    value: int | None = None
    label: str | None = None
    kind = "length"
    is_dynamic = True

    def prepare(self, name: str) -> None:
        if not 1 <= self.min < self.max:
            raise ValueError(f"Length {name!r}: needs 1 ≤ min < max, got min={self.min} and max={self.max}")
        if self.step < 1:
            raise ValueError(f"Length {name!r}: step must be at least 1, got {self.step}")
        self.value = self.min if self.value is None else self.value
        super().prepare(name)

    def check(self, value: Any) -> int:
        value = in_range(value, label=self.label, min=self.min, max=self.max)
        if value != int(value):
            parts = {"label": self.label, "min": number(self.min), "max": number(self.max)}
            raise ValueError(say("not-whole", value=number(value), **parts))
        return int(value)

    def encode(self, value: int) -> Tensor:
        return torch.arange(value)  # (n,)

    def labels(self, value: int) -> list[str]:
        return [str(i) for i in range(value)]

    def longest(self) -> int:
        return self.max

    def sample(self, rng: random.Random, setting: Setting) -> int:
        return rng.randint(self.min, self.max)

    def extremes(self) -> list[int]:
        return [self.min, self.max]

    def html(self, id_: str, value: int, setting: Setting) -> str:
        described = self.describe()
        return sliding(id_, value, described, described | {"value": value})

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"min": self.min, "max": self.max, "step": self.step}
