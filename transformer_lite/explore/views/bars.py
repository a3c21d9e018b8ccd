"""`Bars`: numbers as lengths."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

from torch import Tensor

from ..axes import Axis
from ..pen import Pen, legend, ticks
from ..text import say
from ..words import ends, without_noise
from .view import Named, View, check_series, rows_of, shaped


@dataclass
class Bars(View):
    """One bar a number, shape (n,), or one group of bars an item, shape (series, n).

    `items` is the axis of the n items, `names` and `roles` label and colour the series, `range` fixes the scale.
    """

    values: Tensor | str | None = None
    _: KW_ONLY
    items: Axis | str = "item"
    names: Sequence[str] | None = None
    roles: Sequence[str] | None = None
    title: str | None = None
    y_title: str = ""
    range: tuple[float, float] | None = None
    kind = "bars"
    settings = ("names", "roles", "y_title", "range")

    def prepare(self) -> None:
        self.values = shaped("Bars", self.values, 1, 2)  # (n,) or (series, n)
        check_series("Bars", self.values, self.names, self.roles)

    def axes(self) -> list[Axis]:
        series = [Axis("series", labels=self.names)] if self.tensors()[""].ndim == 2 else []
        return [*series, Axis.of(self.items)]

    def guess(self) -> str | None:
        return "place" if self.tensors()[""].ndim == 1 else None

    def summary(self, named: Named) -> str:
        values = without_noise(self.tensors()[""])
        return say("summary-bars", title=self.title, count=values.numel(), **ends(values, named))

    def height(self, rows: int) -> int:
        return 260

    def draw(self, axes: Any, pen: Pen, named: Named) -> None:
        rows, items = rows_of(self.tensors()[""]), named[-1]
        width = 0.8 / len(rows)
        for i, row in enumerate(rows.tolist()):
            name = self.names[i] if self.names else None
            places = [at + (i - (len(rows) - 1) / 2) * width for at in range(len(row))]
            axes.bar(places, row, width, color=pen.series(i, self.roles), label=name)
        ticks(axes.set_xticks, items, rotation=0 if sum(map(len, items)) < 60 else 45)
        axes.axhline(0, color=pen.INK, linewidth=0.5)
        legend(axes, self.names)
        axes.set_ylabel(self.y_title)
        if self.range:
            axes.set_ylim(*self.range)
