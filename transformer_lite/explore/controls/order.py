"""`Order`: items in a row, to be dragged."""

import random
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from html import escape
from typing import Any

import torch
from torch import Tensor

from .. import markup
from ..axes import Setting
from ..text import say
from .control import Control


@dataclass
class Order(Control):
    """Named items that the reader drags into another order; the function receives int64 of shape (n,): which item
    stands at each place.
    """

    items: Sequence[str]
    _: KW_ONLY
    value: Sequence[int] | None = None
    label: str | None = None
    kind = "order"

    def prepare(self, name: str) -> None:
        self.items = list(self.items)
        if len(self.items) < 2:
            raise ValueError(f"Order {name!r}: needs two or more items, got {self.items}")
        self.value = list(range(len(self.items))) if self.value is None else self.value
        super().prepare(name)

    def check(self, value: Any) -> list[int]:
        count = len(self.items)
        whole = isinstance(value, (list, tuple)) and all(type(i) is int for i in value)
        if not whole or sorted(value) != list(range(count)):
            raise ValueError(say("not-an-order", label=self.label, max=count - 1, value=value))
        return list(value)

    def encode(self, value: Sequence[int]) -> Tensor:
        return torch.tensor(value)  # (n,)

    def labels(self, value: Sequence[int]) -> list[str]:
        return [self.items[i] for i in value]

    def longest(self) -> int:
        return len(self.items)

    def sample(self, rng: random.Random, setting: Setting) -> list[int]:
        return rng.sample(range(len(self.items)), len(self.items))

    def extremes(self) -> list[list[int]]:
        order = list(range(len(self.items)))
        return [order[::-1], [*order[1:], 0]]

    def html(self, id_: str, value: Sequence[int], setting: Setting) -> str:
        return f"""<span id="{id_}" class="tl-label">{escape(str(self.label))}</span>
{markup.chips(self.items, self.labels(value), id_, markup.UNTRANSLATED)}
<button type="button" class="tl-shuffle">{escape(say("shuffle"))}</button>"""

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"items": self.items}
