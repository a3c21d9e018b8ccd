"""`Image`: a picture."""

from dataclasses import KW_ONLY, dataclass
from typing import Any

from torch import Tensor

from ..axes import Axis
from ..palette import PATCH_LINE
from ..pen import WIDTH, Pen
from ..text import number, say
from ..words import extremes, without_noise
from .view import Named, View, shaped


@dataclass
class Image(View):
    """A picture, shape (rows, columns) in grey or (rows, columns, 3) in red, green and blue; 0 is black and 1 full.

    `grid` draws a line every so many pixels.
    """

    values: Tensor | str | None = None
    _: KW_ONLY
    rows: Axis | str = "row"
    columns: Axis | str = "column"
    grid: int | None = None
    title: str | None = None
    kind = "image"
    settings = ("grid",)

    def prepare(self) -> None:
        self.values = shaped("Image", self.values, 2, 3)  # (rows, columns) or (rows, columns, 3)
        if self.values.ndim == 3 and self.values.shape[2] != 3:
            raise ValueError(
                f"Image shows 3 colours (red, green, blue), got shape {tuple(self.values.shape)}"
            )
        if self.grid is not None and self.grid < 1:
            raise ValueError(f"Image: grid must be at least 1 pixel, got {self.grid}")

    def axes(self) -> list[Axis]:
        coloured = self.tensors()[""].ndim == 3
        colours = [Axis("colour", ["red", "green", "blue"])] if coloured else []
        return [Axis.of(self.rows), Axis.of(self.columns), *colours]

    def summary(self, named: Named) -> str:
        values = without_noise(self.tensors()[""])
        low, high = extremes(values)
        numbers = {"min": values[low], "max": values[high], "mean": values.double().mean()}
        said = {name: number(x.item()) for name, x in numbers.items()}
        return say("summary-image", title=self.title, rows=values.shape[0], columns=values.shape[1], **said)

    def height(self, rows: int) -> int:
        shape = self.tensors()[""].shape
        return max(110, min(320, round(WIDTH * shape[0] / shape[1])))

    def draw(self, axes: Any, pen: Pen, named: Named) -> None:
        values = self.tensors()[""].clamp(0, 1)
        axes.imshow(values.numpy(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set(xticks=[], yticks=[], anchor="NW")
        axes.spines[:].set_visible(True)
        if self.grid:
            for line, size in ((axes.axhline, values.shape[0]), (axes.axvline, values.shape[1])):
                for at in range(0, size + 1, self.grid):
                    line(at - 0.5, color=PATCH_LINE, linewidth=0.6)
