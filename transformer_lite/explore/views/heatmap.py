"""`Heatmap`: a matrix as coloured cells."""

from dataclasses import KW_ONLY, dataclass
from typing import Any

from torch import Tensor

from ..axes import Axis
from ..palette import CATEGORICAL, LEVELS
from ..pen import Pen, ticks
from ..text import number, say
from ..words import extremes, largest, without_noise
from .view import Named, View, check_role, shaped

# With more cells than these the still picture holds no numbers.
MAX_TEXT_CELLS = 120


@dataclass
class Heatmap(View):
    """A matrix as coloured cells, shape (rows, columns).

    `signed=False` uses the sequential palette from 0 to 1 (or `limit`); `signed=True` the diverging one, centred on
    0. `limit` fixes the scale so that colours mean the same at every setting; without it a signed map follows the
    largest magnitude on display. `role` colours the title. Cells of −inf are drawn as masked. With
    `categories=True` the numbers are ids, each in a colour of its own, and negative ones are drawn as masked.
    `shade`, of the shape of the matrix, colours the cells in place of their numbers: those of a table, whose columns
    have units of their own.
    """

    values: Tensor | str | None = None
    _: KW_ONLY
    shade: Tensor | str | None = None
    rows: Axis | str = "row"
    columns: Axis | str = "column"
    title: str | None = None
    role: str | None = None
    signed: bool = False
    limit: float | None = None
    categories: bool = False
    kind = "heatmap"
    parts = {"": "values", "shade": "shade"}  # noqa: RUF012
    settings = ("role", "signed", "limit", "categories")

    def prepare(self) -> None:
        self.values = shaped("Heatmap", self.values, 2)  # (rows, columns)
        if self.shade is not None:
            self.shade = shaped("Heatmap shade", self.shade, 2)  # (rows, columns)
            sizes = [*self.shade.shape, *self.values.shape]
            # While a graph is traced, sizes may be symbols; they were compared when the figure was made.
            if all(isinstance(size, int) for size in sizes) and sizes[:2] != sizes[2:]:
                raise ValueError(
                    f"Heatmap shade: each cell has one, so its shape is {tuple(self.values.shape)}, "
                    f"got {tuple(self.shade.shape)}"
                )
        if not self.signed and self.limit is None:
            self.limit = 1.0
        check_role("Heatmap", self.role)

    def axes(self) -> list[Axis]:
        return [Axis.of(self.rows), Axis.of(self.columns)]

    def _limit(self) -> float:
        """The number at the end of the colour scale: its limit, or the largest magnitude on display."""
        return self.limit or largest(self._coloured()) or 1.0

    def _coloured(self) -> Tensor:
        """What the colours of the cells stand for."""
        tensors = self.tensors()
        return tensors.get("shade", tensors[""])

    @property
    def _scale(self) -> str:
        return "diverging" if self.signed else "sequential"

    def guess(self) -> str:
        return "place"

    def summary(self, named: Named) -> str:
        values = without_noise(self.tensors()[""])
        size = {"rows": values.shape[0], "columns": values.shape[1]}
        if not values.isfinite().any():
            return say("summary-heatmap-empty", title=self.title, **size)
        low, high = extremes(values)
        places = {"max_row": named[0][high[0]], "max_column": named[1][high[1]]}
        places |= {"min_row": named[0][low[0]], "min_column": named[1][low[1]]}
        numbers = {"min": number(values[low].item()), "max": number(values[high].item())}
        return say("summary-heatmap", title=self.title, **size, **places, **numbers)

    def legend(self) -> str:
        if self.categories or self.shade is not None:
            return ""
        stops = ", ".join(f"var(--tl-{self._scale}-{level})" for level in range(0, LEVELS, 4))
        low, high = number(-self._limit() if self.signed else 0), number(self._limit())
        return (
            f'<span class="tl-legend"><span>{low}</span>'
            f'<span class="tl-ramp" style="background: linear-gradient(to right, {stops})"></span>'
            f"<span>{high}</span></span>"
        )

    def height(self, rows: int) -> int:
        return max(110, min(380, 70 + 34 * rows))

    def draw(self, axes: Any, pen: Pen, named: Named) -> None:
        values, coloured = self.tensors()[""], self._coloured()
        limit = self._limit()
        if self.categories:
            colours = [pen.colour(f"washed-{i}") for i in range(len(CATEGORICAL["light"]))]
            shown = (coloured % len(colours)).masked_fill(coloured < 0, float("nan"))
            low, high = -0.5, len(colours) - 0.5
        else:
            colours = pen.scale(self._scale)
            shown = coloured.masked_fill(~coloured.isfinite(), float("nan"))
            low, high = (-limit if self.signed else 0), limit
        axes.pcolormesh(shown.numpy(), cmap=pen.map(colours), vmin=low, vmax=high)
        axes.invert_yaxis()
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        rows, columns = named
        flat = max(map(len, columns)) * len(columns) < 50
        ticks(axes.set_yticks, rows, middle=0.5)
        ticks(axes.set_xticks, columns, middle=0.5, rotation=0 if flat else 45)
        if values.numel() <= MAX_TEXT_CELLS and values.shape[1] <= 12:
            self._write(axes, pen, limit)

    def _write(self, axes: Any, pen: Pen, limit: float) -> None:
        """The numbers in the cells, in the page's ink or its background, as the front end's charts would choose."""
        values, coloured = self.tensors()[""].tolist(), self._coloured().tolist()
        for row, (numbers, colours) in enumerate(zip(values, coloured, strict=True)):
            for column, (x, colour) in enumerate(zip(numbers, colours, strict=True)):
                if self.categories and colour < 0:
                    continue
                strong = abs(colour) > 0.6 * limit and not self.categories
                text = axes.text(
                    column + 0.5, row + 0.5, number(round(x, 2)), ha="center", va="center", fontsize=10
                )
                # It stands in its cell: to measure each for the layout would take a third of the time.
                text.set_in_layout(False)
                text.set_color(pen.colour("paper") if strong else pen.INK)
