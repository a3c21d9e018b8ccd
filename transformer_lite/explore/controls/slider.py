"""`Slider`: a number."""

# ruff: noqa: E501 - markup reads best with an element a line

import math
import random
from dataclasses import KW_ONLY, dataclass
from html import escape
from typing import Any

import torch
from torch import Tensor

from ..axes import Setting
from ..text import say
from .control import Control, in_range, random_step


@dataclass
class Slider(Control):
    """A number between `min` and `max`; the function receives a float32 scalar tensor.

    `step` is the distance between neighbouring positions of the handle; a typed number may lie between them, and
    may have any minus sign, a decimal point or comma, and thousands set apart.
    """

    min: float
    max: float
    step: float | None = None
    _: KW_ONLY
    value: float | None = None
    label: str | None = None
    kind = "slider"

    def prepare(self, name: str) -> None:
        if not -math.inf < self.min < self.max < math.inf:
            raise ValueError(
                f"Slider {name!r}: needs finite ends, min below max, got min={self.min} and max={self.max}"
            )
        if self.step is None:
            self.step = float(f"{(self.max - self.min) / 100:.1g}")
        if self.step <= 0:
            raise ValueError(f"Slider {name!r}: step must be above 0, got {self.step}")
        self.value = self.min if self.value is None else self.value
        super().prepare(name)

    def check(self, value: Any) -> float:
        return in_range(value, label=self.label, min=self.min, max=self.max)

    def encode(self, value: float) -> Tensor:
        return torch.tensor(float(value), dtype=torch.float32)  # ()

    def sample(self, rng: random.Random, setting: Setting) -> float:
        assert self.step is not None
        return random_step(rng, self.min, self.max, self.step)

    def extremes(self) -> list[float]:
        return [self.min, self.max]

    def html(self, id_: str, value: float, setting: Setting) -> str:
        return sliding(id_, value, self.describe())

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"min": self.min, "max": self.max, "step": self.step}


def sliding(id_: str, value: float, described: dict[str, Any]) -> str:
    """The markup of a number that slides, is typed, and plays."""
    label = described["label"]
    # Keypads of numbers have no minus sign on some phones.
    keypad = ' inputmode="decimal"' if described["min"] >= 0 else ""
    return f"""<label for="{id_}">{escape(label)}</label>
<input type="range" id="{id_}" min="{described["min"]}" max="{described["max"]}" step="{described["step"]}" value="{value}">
<input type="text"{keypad} autocomplete="off" aria-label="{escape(say("typed", label=label))}" value="{value:g}">
<button type="button" class="tl-play" aria-pressed="false" aria-label="{escape(say("play", label=label))}"></button>"""
