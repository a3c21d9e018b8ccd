"""`Slider`: a number."""

# ruff: noqa: E501 - markup reads best with an element a line

import math
import random
from dataclasses import KW_ONLY, dataclass
from html import escape
from typing import Any, Literal

import torch
from torch import Tensor

from ..axes import Setting
from ..text import say
from .control import Control, in_range, random_step

# Closer positions of a logarithmic slider would round to one number.
MOST_IN_TEN = 200


@dataclass
class Slider(Control):
    """A number between `min` and `max`; the function receives a float32 scalar tensor.

    `step` is the distance between neighbouring positions of the handle; a typed number may lie between them, and
    may have any minus sign, a decimal point or comma, and thousands set apart.

    With `scale="log"` the handle moves evenly in the logarithm: `min` is above 0, and `step` is how many positions a
    factor of ten has, at most 200. Between the ends they are numbers of three significant digits, so that what is
    shown is what is used.
    """

    min: float
    max: float
    step: float | None = None
    _: KW_ONLY
    value: float | None = None
    scale: Literal["linear", "log"] = "linear"
    label: str | None = None
    kind = "slider"

    def prepare(self, name: str) -> None:
        if not -math.inf < self.min < self.max < math.inf:
            raise ValueError(
                f"Slider {name!r}: needs finite ends, min below max, got min={self.min} and max={self.max}"
            )
        if self.scale not in ("linear", "log"):
            raise ValueError(f"Slider {name!r}: scale is 'linear' or 'log', got {self.scale!r}")
        if self.scale == "log":
            self._prepare_log(name)
        elif self.step is None:
            self.step = float(f"{(self.max - self.min) / 100:.1g}")
        assert self.step is not None
        if self.step <= 0:
            raise ValueError(f"Slider {name!r}: step must be above 0, got {self.step}")
        self.value = self.min if self.value is None else self.value
        super().prepare(name)

    def _prepare_log(self, name: str) -> None:
        if self.min <= 0:
            raise ValueError(f"Slider {name!r}: a logarithm needs min above 0, got min={self.min}")
        if self.step is None:
            self.step = max(1, min(MOST_IN_TEN, round(100 / math.log10(self.max / self.min))))
        if not (self.step == int(self.step) and self.step <= MOST_IN_TEN):
            raise ValueError(
                f"Slider {name!r}: step is how many positions a factor of ten has, a whole number up to {MOST_IN_TEN}, "
                f"got {self.step}"
            )
        if self.step > 0 and not self._place(self.max):
            raise ValueError(
                f"Slider {name!r}: {self.min} and {self.max} are less than one position apart; give a larger step"
            )

    def check(self, value: Any) -> float:
        return in_range(value, label=self.label, min=self.min, max=self.max)

    def encode(self, value: float) -> Tensor:
        return torch.tensor(float(value), dtype=torch.float32)  # ()

    def sample(self, rng: random.Random, setting: Setting) -> float:
        assert self.step is not None
        if self.scale == "log":
            return self._at(rng.randint(0, self._place(self.max)))
        return random_step(rng, self.min, self.max, self.step)

    def extremes(self) -> list[float]:
        return [self.min, self.max]

    def html(self, id_: str, value: float, setting: Setting) -> str:
        described = self.describe()
        if self.scale == "log":
            handle = {"min": 0, "max": self._place(self.max), "step": 1, "value": self._place(value)}
            return sliding(id_, value, described, described | handle)
        return sliding(id_, value, described, described | {"value": value})

    def _place(self, value: float) -> int:
        """The position of a logarithmic slider's handle, counted from 0 at its left end."""
        assert self.step is not None
        return math.floor(math.log10(value / self.min) * self.step + 0.5)

    def _at(self, place: int) -> float:
        """The number at a position of a logarithmic slider's handle; the same as in the front end's controls.mjs."""
        assert self.step is not None
        if place in (0, self._place(self.max)):
            return self.max if place else self.min
        return float(f"{self.min * 10 ** (place / self.step):.3g}")

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"min": self.min, "max": self.max, "step": self.step, "scale": self.scale}


def sliding(id_: str, value: float, described: dict[str, Any], handle: dict[str, Any]) -> str:
    """The markup of a number that slides, is typed, and plays; `handle` has the numbers by which its handle moves."""
    label = described["label"]
    # Keypads of numbers have no minus sign on some phones.
    keypad = ' inputmode="decimal"' if described["min"] >= 0 else ""
    return f"""<label for="{id_}">{escape(label)}</label>
<input type="range" id="{id_}" min="{handle["min"]}" max="{handle["max"]}" step="{handle["step"]}" value="{handle["value"]}" aria-valuetext="{value:g}">
<input type="text"{keypad} autocomplete="off" aria-label="{escape(say("typed", label=label))}" value="{value:g}">
<button type="button" class="tl-play" aria-pressed="false" aria-label="{escape(say("play", label=label))}"></button>"""
