"""`Pick`: an index, chosen by clicking a view."""

import random
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from html import escape
from typing import Any

import torch
from torch import Tensor

from .. import markup
from ..axes import Setting
from ..text import say
from ..views import View
from .control import Control


@dataclass
class Pick(Control):
    """An index chosen by clicking a view: `Pick("scores", row=1)` is an index along the view's first dimension,
    `Pick("scores", column=2)` along its second, `Pick("scores", row=1, column=2)` a cell.

    The function receives an int64 scalar for a row or a column, and a tensor of shape (2,) for a cell.
    """

    view: str
    _: KW_ONLY
    row: int | None = None
    column: int | None = None
    label: str | None = None
    kind = "pick"

    def prepare(self, name: str) -> None:
        chosen = [index for index in (self.row, self.column) if index is not None]
        if not chosen:
            raise ValueError(f"Pick {name!r}: give row=, column= or both as the first choice")
        if min(chosen) < 0:
            raise ValueError(
                f"Pick {name!r}: row and column count from 0, got row={self.row}, column={self.column}"
            )
        self.dimensions = [d for d, index in enumerate((self.row, self.column)) if index is not None]
        self.value = chosen if len(chosen) == 2 else chosen[0]
        # The axis behind each dimension, described, with its size unless that follows a control; see `place`.
        self.axes: list[dict[str, Any]] = []
        super().prepare(name)

    def check(self, value: Any) -> int | list[int]:
        indices = list(value) if isinstance(value, (list, tuple)) else [value]
        whole = all(isinstance(i, int) and not isinstance(i, bool) for i in indices)
        if not whole or len(indices) != len(self.dimensions):
            raise ValueError(say("not-a-pick", label=self.label, count=len(self.dimensions), value=value))
        # Whether each lies inside the view depends on the other controls: see `settle`.
        return self._as_value(indices)

    def encode(self, value: int | list[int]) -> Tensor:
        return torch.tensor(value)  # () or (2,)

    def sample(self, rng: random.Random, setting: Setting) -> int | list[int]:
        return self._as_value([rng.randrange(setting.size(axis)) for axis in self.axes])

    @property
    def origin(self) -> int | list[int]:
        return self._as_value([0] * len(self.dimensions))

    @property
    def within(self) -> str:
        return self.view

    def place(self, name: str, view: View, described: Mapping[str, Any]) -> None:
        axes, shape = described["axes"], view.tensors()[""].shape
        if len(axes) <= max(self.dimensions):
            raise ValueError(
                f"Pick {name!r}: the view {self.view!r} has {len(axes)} dimension(s) to pick from"
            )
        self.axes = [
            axes[d] | {"size": None if isinstance(axes[d]["labels"], str) else shape[d]}
            for d in self.dimensions
        ]

    def confirm(self, name: str, view: View, changes: Mapping[str, Any]) -> None:
        # An axis that no control labels must keep its size, or an index along it could fall off its end.
        for dimension, axis in zip(self.dimensions, self.axes, strict=True):
            size = view.tensors()[""].shape[dimension]
            if axis["size"] not in (None, size):
                raise ValueError(
                    f"Pick {name!r}: {self.view!r} has {axis['size']} indices along {axis['name']!r}, but "
                    f"{size} at {changes}; give it the labels of the control that its size follows"
                )

    def settle(self, value: int | list[int], setting: Setting, *, asked: bool) -> int | list[int]:
        inside = []
        for index, axis in zip(self._indices(value), self.axes, strict=True):
            last = setting.size(axis) - 1
            if asked and not 0 <= index <= last:
                raise ValueError(say("pick-out-of-range", label=self.label, value=index, max=last))
            # One that the reader did not touch moves to the last index when its view shrinks.
            inside.append(min(index, last))
        return self._as_value(inside)

    def html(self, id_: str, value: int | list[int], setting: Setting) -> str:
        selects = ""
        for at, (index, axis) in enumerate(zip(self._indices(value), self.axes, strict=True)):
            said = escape(f"{self.label}: {axis['title']}")
            labels = setting.labels(axis, setting.size(axis))
            selects += markup.select(labels, index, f' data-at="{at}" aria-label="{said}"')
        return f'<span class="tl-label">{escape(str(self.label))}</span> {selects}'

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"view": self.view, "dimensions": self.dimensions, "axes": self.axes}

    # The value of a single dimension stands by itself.

    def _as_value(self, indices: list[int]) -> int | list[int]:
        return indices if len(indices) == 2 else indices[0]

    def _indices(self, value: int | list[int]) -> list[int]:
        return value if isinstance(value, list) else [value]
