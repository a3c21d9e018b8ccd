"""Views: how a tensor is shown.

A view holds the tensors on display (`tensors`) and everything else that the front end needs to draw them
(`describe`). What `describe` returns must not depend on the tensors' values: on the website it is fixed when the
page is built, while the tensors are computed anew whenever a control moves.
"""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

from torch import Tensor, float32

from .palette import ROLES

# CSS pixels; close to what a view gets on the page.
WIDTH = 460


@dataclass
class Axis:
    """One dimension of a view.

    Two dimensions with the same `name` are the same thing in the reader's eyes: hovering over one highlights the
    same index in the other. `labels` names the indices: a list of strings, or the name of a `Words` or `Length`
    control. `title` is written beside the axis.
    """

    name: str
    labels: str | Sequence[str] | None = None
    _: KW_ONLY
    title: str | None = None
    role: str | None = None

    def describe(self) -> dict[str, Any]:
        labels = self.labels if self.labels is None or isinstance(self.labels, str) else list(self.labels)
        return {"name": self.name, "labels": labels, "title": self.title or self.name, "role": self.role}


def _axis(axis: "Axis | str") -> Axis:
    # A plain string is an axis of that name; if a control has that name, the control labels it.
    return axis if isinstance(axis, Axis) else Axis(axis, labels=axis)


def _shaped(view: str, tensor: Tensor, *dims: int) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise ValueError(f"{view} shows a tensor, got {type(tensor).__name__}")
    if tensor.ndim not in dims:
        wanted = " or ".join(map(str, dims))
        raise ValueError(f"{view} shows a tensor of {wanted} dimension(s), got shape {tuple(tensor.shape)}")
    return tensor.detach().to(float32)


def _series(view: str, values: Tensor, names: Sequence[str] | None, roles: Sequence[str] | None) -> None:
    """Names and roles must be one for each series, and roles known."""
    count = values.shape[0] if values.ndim == 2 else 1
    _one_each(view, names, count, "names", "series")
    _roles(view, roles, count, "series")


def _one_each(view: str, given: Sequence[str] | None, count: int, what: str, of: str) -> None:
    # While a graph is traced, the count may be a symbol; it was compared when the figure was made.
    if given is not None and isinstance(count, int) and len(given) != count:
        raise ValueError(
            f"{view}: {what} has {len(given)} entries for {count} {of}, give one for each: {', '.join(given)}"
        )


def _roles(view: str, roles: Sequence[str] | None, count: int, of: str) -> None:
    _one_each(view, roles, count, "roles", of)
    for role in roles or ():
        _role(view, role)


def _role(view: str, role: str | None) -> None:
    if role is not None and role not in ROLES:
        raise ValueError(f"{view}: there is no role {role!r}; the roles are {', '.join(ROLES)}")


class View:
    """What all views share. `kind` is the view's name in lower case."""

    kind: str
    title: str | None
    # The fields that decide how it is drawn, beside its title.
    settings: tuple[str, ...] = ()

    def tensors(self) -> dict[str, Tensor]:
        """The numbers on display: the view's own under the empty name, others (`x`, …) under theirs."""
        raise NotImplementedError

    def axes(self) -> list[Axis]:
        """One for each dimension of the view's own tensor."""
        return []

    def describe(self) -> dict[str, Any]:
        """How to draw the view, apart from its numbers."""
        own = {name: getattr(self, name) for name in self.settings}
        axes = [axis.describe() for axis in self.axes()]
        return {"kind": self.kind, "title": self.title, "axes": axes} | own


@dataclass
class Heatmap(View):
    """A matrix as coloured cells, shape (rows, columns).

    `signed=False` uses the sequential palette from 0 to 1 (or `limit`); `signed=True` the diverging one, centred on
    0. `limit` fixes the scale so that colours mean the same at every setting; without it a signed map follows the
    largest magnitude on display. `role` colours the title. Cells of −inf are drawn as masked. With
    `categories=True` the numbers are ids, each in a colour of its own, and negative ones are drawn as masked.
    """

    values: Tensor
    _: KW_ONLY
    rows: Axis | str = "row"
    columns: Axis | str = "column"
    title: str | None = None
    role: str | None = None
    signed: bool = False
    limit: float | None = None
    categories: bool = False
    kind = "heatmap"
    settings = ("role", "signed", "limit", "categories")

    def __post_init__(self) -> None:
        self.values = _shaped("Heatmap", self.values, 2)
        if not self.signed and self.limit is None:
            self.limit = 1.0
        _role("Heatmap", self.role)

    def tensors(self) -> dict[str, Tensor]:
        return {"": self.values}  # (rows, columns)

    def axes(self) -> list[Axis]:
        return [_axis(self.rows), _axis(self.columns)]


def heatmap_limit(described: dict[str, Any], values: Tensor) -> float:
    """The number at the end of a described heatmap's colour scale: its limit, or the largest magnitude on display."""
    return described["limit"] or largest(values) or 1.0


def largest(values: Tensor) -> float:
    """The largest finite magnitude, of any shape; 0 if there is none."""
    finite = values[values.isfinite()]  # (n,)
    return float(finite.abs().max()) if len(finite) else 0.0


@dataclass
class Lines(View):
    """One or more curves, shape (n,) or (series, n), over `x` of shape (n,) (0 … n-1 unless given).

    `names` and `roles` label and colour the series. `range` fixes the vertical scale, `log_x` and `log_y` make a
    scale logarithmic, `at` (a scalar tensor) marks a place on the horizontal axis.
    """

    values: Tensor
    _: KW_ONLY
    x: Tensor | None = None
    at: Tensor | None = None
    names: Sequence[str] | None = None
    roles: Sequence[str] | None = None
    title: str | None = None
    x_title: str = ""
    y_title: str = ""
    range: tuple[float, float] | None = None
    log_x: bool = False
    log_y: bool = False
    kind = "lines"
    settings = ("names", "roles", "x_title", "y_title", "range", "log_x", "log_y")

    def __post_init__(self) -> None:
        self.values = _shaped("Lines", self.values, 1, 2)
        _series("Lines", self.values, self.names, self.roles)
        if self.x is not None:
            self.x = _shaped("Lines x", self.x, 1)
            sizes = self.x.shape[0], self.values.shape[-1]
            # While a graph is traced, sizes may be symbols; they were compared when the figure was made.
            if all(isinstance(size, int) for size in sizes) and sizes[0] != sizes[1]:
                raise ValueError(f"Lines: x has {sizes[0]} places for {sizes[1]} values; give one for each")
        if self.at is not None:
            self.at = _shaped("Lines at", self.at, 0)

    def tensors(self) -> dict[str, Tensor]:
        own = {"": self.values, "x": self.x, "at": self.at}
        return {name: tensor for name, tensor in own.items() if tensor is not None}


@dataclass
class Bars(View):
    """One bar a number, shape (n,), or one group of bars an item, shape (series, n).

    `items` is the axis of the n items, `names` and `roles` label and colour the series, `range` fixes the scale.
    """

    values: Tensor
    _: KW_ONLY
    items: Axis | str = "item"
    names: Sequence[str] | None = None
    roles: Sequence[str] | None = None
    title: str | None = None
    y_title: str = ""
    range: tuple[float, float] | None = None
    kind = "bars"
    settings = ("names", "roles", "y_title", "range")

    def __post_init__(self) -> None:
        self.values = _shaped("Bars", self.values, 1, 2)
        _series("Bars", self.values, self.names, self.roles)

    def tensors(self) -> dict[str, Tensor]:
        return {"": self.values}  # (n,) or (series, n)

    def axes(self) -> list[Axis]:
        return [*([Axis("series", labels=self.names)] if self.values.ndim == 2 else []), _axis(self.items)]


@dataclass
class Scatter(View):
    """Points in a plane, shape (n, 2): the first number goes to the right, the second up.

    `range` is the scale of both. `points` is the axis of the points: its labels stand beside them. `roles` gives each
    point its colour, `arrows=True` draws it as a vector from the origin. `path`, shape (m, 2), is joined by a line.
    `field`, shape (rows, columns), is a number for each place of the plane, drawn in colours behind the points: its
    first row is the lowest, its first column the leftmost, and its outer ones lie on the edges of `range`.
    """

    values: Tensor
    _: KW_ONLY
    range: tuple[float, float]
    points: Axis | str = "point"
    path: Tensor | None = None
    field: Tensor | None = None
    roles: Sequence[str] | None = None
    arrows: bool = False
    title: str | None = None
    x_title: str = ""
    y_title: str = ""
    kind = "scatter"
    settings = ("roles", "arrows", "range", "x_title", "y_title")

    def __post_init__(self) -> None:
        self.values = _pairs("Scatter", self.values)
        _roles("Scatter", self.roles, self.values.shape[0], "points")
        if self.path is not None:
            self.path = _pairs("Scatter path", self.path)
        if self.field is not None:
            self.field = _shaped("Scatter field", self.field, 2)

    def tensors(self) -> dict[str, Tensor]:
        own = {"": self.values, "path": self.path, "field": self.field}
        return {name: tensor for name, tensor in own.items() if tensor is not None}

    def axes(self) -> list[Axis]:
        return [_axis(self.points), Axis("coordinate", ["x", "y"])]


def _pairs(view: str, tensor: Tensor) -> Tensor:
    tensor = _shaped(view, tensor, 2)
    if tensor.shape[1] != 2:
        raise ValueError(f"{view} shows points of two numbers each, got shape {tuple(tensor.shape)}")
    return tensor


@dataclass
class Image(View):
    """A picture, shape (rows, columns) in grey or (rows, columns, 3) in red, green and blue; 0 is black and 1 full.

    `grid` draws a line every so many pixels.
    """

    values: Tensor
    _: KW_ONLY
    rows: Axis | str = "row"
    columns: Axis | str = "column"
    grid: int | None = None
    title: str | None = None
    kind = "image"
    settings = ("grid",)

    def __post_init__(self) -> None:
        self.values = _shaped("Image", self.values, 2, 3)
        if self.values.ndim == 3 and self.values.shape[2] != 3:
            raise ValueError(
                f"Image shows 3 colours (red, green, blue), got shape {tuple(self.values.shape)}"
            )
        if self.grid is not None and self.grid < 1:
            raise ValueError(f"Image: grid must be at least 1 pixel, got {self.grid}")

    def tensors(self) -> dict[str, Tensor]:
        return {"": self.values}  # (rows, columns) or (rows, columns, 3)

    def axes(self) -> list[Axis]:
        colours = [Axis("colour", ["red", "green", "blue"])] if self.values.ndim == 3 else []
        return [_axis(self.rows), _axis(self.columns), *colours]


@dataclass
class Tokens(View):
    """A sentence whose words are shaded by a weight each, shape (n,); `words` is their axis.

    `limit` is the weight of full shade (1 unless given).
    """

    values: Tensor
    _: KW_ONLY
    words: Axis | str
    title: str | None = None
    role: str | None = None
    limit: float = 1.0
    kind = "tokens"
    settings = ("role", "limit")

    def __post_init__(self) -> None:
        self.values = _shaped("Tokens", self.values, 1)
        _role("Tokens", self.role)

    def tensors(self) -> dict[str, Tensor]:
        return {"": self.values}  # (n,)

    def axes(self) -> list[Axis]:
        return [_axis(self.words)]


@dataclass
class Number(View):
    """A single number, a scalar tensor, written large."""

    value: Tensor
    _: KW_ONLY
    title: str | None = None
    role: str | None = None
    kind = "number"
    settings = ("role",)

    def __post_init__(self) -> None:
        self.value = _shaped("Number", self.value, 0)
        _role("Number", self.role)

    def tensors(self) -> dict[str, Tensor]:
        return {"": self.value}  # ()
