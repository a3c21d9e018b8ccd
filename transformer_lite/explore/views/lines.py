"""`Lines`: curves."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

from torch import Tensor

from ..pen import Pen, legend
from ..text import number, say
from ..words import without_noise
from .view import Named, View, check_series, rows_of, shaped


@dataclass
class Lines(View):
    """One or more curves, shape (n,) or (series, n), over `x` of shape (n,) (0 … n-1 unless given).

    `names` and `roles` label and colour the series. `range` fixes the vertical scale, `log_x` and `log_y` make a
    scale logarithmic, `at` (a scalar tensor) marks a place on the horizontal axis.
    """

    values: Tensor | str | None = None
    _: KW_ONLY
    x: Tensor | str | None = None
    at: Tensor | str | None = None
    names: Sequence[str] | None = None
    roles: Sequence[str] | None = None
    title: str | None = None
    x_title: str = ""
    y_title: str = ""
    range: tuple[float, float] | None = None
    log_x: bool = False
    log_y: bool = False
    kind = "lines"
    parts = {"": "values", "x": "x", "at": "at"}  # noqa: RUF012
    settings = ("names", "roles", "x_title", "y_title", "range", "log_x", "log_y")

    def prepare(self) -> None:
        self.values = values = shaped("Lines", self.values, 1, 2)  # (n,) or (series, n)
        check_series("Lines", values, self.names, self.roles)
        if self.x is not None:
            self.x = shaped("Lines x", self.x, 1)  # (n,)
            sizes = self.x.shape[0], values.shape[-1]
            # While a graph is traced, sizes may be symbols; they were compared when the figure was made.
            if all(isinstance(size, int) for size in sizes) and sizes[0] != sizes[1]:
                raise ValueError(f"Lines: x has {sizes[0]} places for {sizes[1]} values; give one for each")
        if self.at is not None:
            self.at = shaped("Lines at", self.at, 0)  # ()

    def guess(self) -> str:
        return "curve"

    def summary(self, named: Named) -> str:
        values = self.tensors()[""]
        series = []
        for i, row in enumerate(rows_of(values if self.log_y else without_noise(values))):
            there = row[~row.isnan()]  # by itself, a view may have gaps
            ends = {"first": there[0], "last": there[-1], "min": there.min(), "max": there.max()}
            parts = {key: number(x.item()) for key, x in ends.items()}
            series.append(say("summary-line", name=self.names[i] if self.names else str(i), **parts))
        return say("summary-lines", title=self.title, series="; ".join(series))

    def height(self, rows: int) -> int:
        return 260

    def draw(self, axes: Any, pen: Pen, named: Named) -> None:
        tensors = self.tensors()
        rows = rows_of(tensors[""])
        x = tensors["x"].tolist() if "x" in tensors else list(range(rows.shape[1]))
        for i, row in enumerate(rows.tolist()):
            name = self.names[i] if self.names else None
            axes.plot(x, row, color=pen.series(i, self.roles), label=name, linewidth=1.5)
        if "at" in tensors:
            axes.axvline(tensors["at"].item(), color=pen.INK, linewidth=0.7, linestyle="--")
        legend(axes, self.names)
        axes.set_xlabel(self.x_title)
        axes.set_ylabel(self.y_title)
        if self.log_x:
            pen.logarithmic(axes.set_xscale, axes.xaxis)
        if self.log_y:
            pen.logarithmic(axes.set_yscale, axes.yaxis)
        if self.range:
            axes.set_ylim(*self.range)
