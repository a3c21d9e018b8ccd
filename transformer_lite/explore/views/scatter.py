"""`Scatter`: points in a plane."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import torch
from torch import Tensor

from ..axes import Axis, Unnamed
from ..palette import LEVELS
from ..pen import Pen
from ..text import number, say
from ..words import without_noise
from .view import Named, View, check_roles, pairs, shaped

# So many points are named one by one in the summary.
MAX_POINTS = 8
# In so many colours the still picture draws a field.
FIELD_LEVELS = 12


@dataclass
class Scatter(View):
    """Points in a plane, shape (n, 2): the first number goes to the right, the second up.

    `range` is the scale of both. `points` is the axis of the points: its labels stand beside them. `roles` gives each
    point its colour, `arrows=True` draws it as a vector from the origin. `path`, shape (m, 2), is joined by a line.
    `field`, shape (rows, columns), is a number for each place of the plane, drawn in colours behind the points: its
    first row is the lowest, its first column the leftmost, and its outer ones lie on the edges of `range`.
    """

    values: Tensor | str | None = None
    _: KW_ONLY
    range: tuple[float, float]
    points: Axis | str = "point"
    path: Tensor | str | None = None
    field: Tensor | str | None = None
    roles: Sequence[str] | None = None
    arrows: bool = False
    title: str | None = None
    x_title: str = ""
    y_title: str = ""
    kind = "scatter"
    parts = {"": "values", "path": "path", "field": "field"}  # noqa: RUF012
    settings = ("roles", "arrows", "range", "x_title", "y_title")

    def prepare(self) -> None:
        self.values = pairs("Scatter", self.values)  # (n, 2)
        check_roles("Scatter", self.roles, self.values.shape[0], "points")
        if self.path is not None:
            self.path = pairs("Scatter path", self.path)  # (m, 2)
        if self.field is not None:
            self.field = shaped("Scatter field", self.field, 2)  # (rows, columns)

    def axes(self) -> list[Axis]:
        return [Axis.of(self.points), Axis("coordinate", ["x", "y"])]

    def summary(self, named: Named) -> str:
        points, names = without_noise(self.tensors()[""]).tolist(), named[0]
        said = [
            say("summary-point", name=name, x=number(x), y=number(y))
            for name, (x, y) in zip(names[:MAX_POINTS], points, strict=False)
        ]
        if len(names) > MAX_POINTS:  # a cloud of many is not read out whole
            said.append(say("summary-more", count=len(names) - MAX_POINTS))
        return say("summary-scatter", title=self.title, points="; ".join(said))

    def height(self, rows: int) -> int:
        return 340

    def draw(self, axes: Any, pen: Pen, named: Named) -> None:
        tensors, names = self.tensors(), named[0]
        low, high = self.range
        if "field" in tensors:
            field = tensors["field"]
            across, up = (torch.linspace(low, high, n).tolist() for n in (field.shape[1], field.shape[0]))
            colours = [
                pen.colour(f"sequential-{round(i * (LEVELS - 1) / (FIELD_LEVELS - 1))}")
                for i in range(FIELD_LEVELS)
            ]
            axes.contourf(
                across, up, field.numpy(), levels=contour_levels(field), colors=colours, extend="both"
            )
        if "path" in tensors:
            # Few points are steps, and many are a curve.
            marker = "o" if len(tensors["path"]) <= 16 else None
            axes.plot(*tensors["path"].T.tolist(), color=pen.INK, linewidth=1.2, marker=marker, markersize=3)
        for i, (x, y) in enumerate(tensors[""].tolist()):
            colour = pen.series(i, self.roles)
            if self.arrows:
                style = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0}
                axes.annotate("", (x, y), (0, 0), arrowprops=style)
            else:
                axes.plot(x, y, "o", color=colour, markersize=6)
            if not isinstance(names, Unnamed):
                axes.annotate(names[i], (x, y), (5, 5), textcoords="offset points", annotation_clip=True)
        axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
        axes.set_xlabel(self.x_title)
        axes.set_ylabel(self.y_title)


def contour_levels(field: Tensor) -> list[float]:
    """The borders between the colours of a field."""
    low, high = float(field.min()), float(field.max())
    return torch.linspace(low, high if high > low else low + 1, FIELD_LEVELS + 1)[1:-1].tolist()
