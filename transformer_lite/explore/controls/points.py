"""`Points`: places in a plane, to be dragged."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from html import escape
from typing import Any

import torch
from torch import Tensor

from ..axes import Setting
from ..text import say
from ..views import Scatter, View
from .control import Control, in_range, is_number, random_step


@dataclass
class Points(Control):
    """Points that the reader drags in the `Scatter` called `view`, whose first points must be these.

    The function receives float32 of shape (n, 2). Both numbers of a point go from `min` to `max`; dragging and the
    arrow keys move it by `step`.
    """

    view: str
    value: Sequence[Sequence[float]]
    _: KW_ONLY
    names: Sequence[str] | None = None
    min: float = -3.0
    max: float = 3.0
    step: float = 0.1
    label: str | None = None
    kind = "points"
    handled = True

    def prepare(self, name: str) -> None:
        if not -math.inf < self.min < self.max < math.inf or self.step <= 0:
            raise ValueError(
                f"Points {name!r}: needs finite ends, min below max, and a step above 0, "
                f"got min={self.min}, max={self.max}, step={self.step}"
            )
        self.names = [str(i + 1) for i in range(len(self.value))] if self.names is None else list(self.names)
        if not self.names or len(self.names) != len(self.value):
            raise ValueError(
                f"Points {name!r}: {len(self.names)} names for {len(self.value)} points; give one each"
            )
        super().prepare(name)

    def check(self, value: Any) -> list[list[float]]:
        assert self.names is not None
        pairs = isinstance(value, (list, tuple)) and all(
            isinstance(point, (list, tuple)) and len(point) == 2 and all(map(is_number, point))
            for point in value
        )
        if not pairs or len(value) != len(self.names):
            raise ValueError(say("not-points", label=self.label, count=len(self.names), value=value))
        return [[in_range(x, label=self.label, min=self.min, max=self.max) for x in point] for point in value]

    def encode(self, value: Sequence[Sequence[float]]) -> Tensor:
        return torch.tensor(value, dtype=torch.float32)  # (n, 2)

    def sample(self, rng: random.Random, setting: Setting) -> list[list[float]]:
        return [[random_step(rng, self.min, self.max, self.step) for _ in range(2)] for _ in self.value]

    def extremes(self) -> list[list[list[float]]]:
        # All in one corner, and all in one place near the middle: nothing to tell them apart, and no length.
        middle = min(self.max, max(self.min, 0.0))
        return [[[place, place] for _ in self.value] for place in (self.min, middle)]

    @property
    def within(self) -> str:
        return self.view

    def place(self, name: str, view: View, described: Mapping[str, Any]) -> None:
        if not isinstance(view, Scatter):
            raise ValueError(f"Points {name!r}: {self.view!r} is no Scatter")
        points = self.encode(self.value).cpu()  # as a view's are
        if not view.tensors()[""][: len(points)].equal(points):
            raise ValueError(
                f"Points {name!r}: the first {len(points)} points of {self.view!r} must be these"
            )

    def html(self, id_: str, value: Sequence[Sequence[float]], setting: Setting) -> str:
        inputs = "".join(
            f'\n<label>{escape(point)} <input type="text" autocomplete="off" value="{x:g}, {y:g}"></label>'
            for point, (x, y) in zip(self.names or (), value, strict=True)
        )
        return f'<span class="tl-label">{escape(str(self.label))}</span>{inputs}'

    def describe(self) -> dict[str, Any]:
        own = {"min": self.min, "max": self.max, "step": self.step}
        return super().describe() | own | {"view": self.view, "names": self.names}
