"""`Lines`: curves."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

from torch import Tensor

from ..pen import Pen, legend
from ..text import number, say
from ..words import without_noise
from .view import Named, View, check_series, rows_of, shaped

# The same as in the front end's lines.mjs.
BAND_OPACITY = 0.2


@dataclass
class Lines(View):
    """One or more curves, shape (n,) or (series, n), over `x` of shape (n,) (0 … n-1 unless given).

    `names` and `roles` label and colour the series. `range` fixes the vertical scale, `log_x` and `log_y` make a
    scale logarithmic, `at` (a scalar tensor) marks a place on the horizontal axis. `low` and `high`, of the shape of
    the curves, are the edges of a band around each, such as an interval. `until` (a scalar tensor) says how many
    places are known: those after them are neither drawn nor told of, while the horizontal axis keeps its length.
    """

    values: Tensor | str | None = None
    _: KW_ONLY
    x: Tensor | str | None = None
    at: Tensor | str | None = None
    low: Tensor | str | None = None
    high: Tensor | str | None = None
    until: Tensor | str | None = None
    names: Sequence[str] | None = None
    roles: Sequence[str] | None = None
    title: str | None = None
    x_title: str = ""
    y_title: str = ""
    range: tuple[float, float] | None = None
    log_x: bool = False
    log_y: bool = False
    kind = "lines"
    parts = {"": "values", "x": "x", "at": "at", "low": "low", "high": "high", "until": "until"}  # noqa: RUF012
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
        if (self.low is None) != (self.high is None):
            raise ValueError("Lines: a band has two edges; give both low and high")
        if self.low is not None:
            self.low = _edge("low", self.low, values)
            self.high = _edge("high", self.high, values)
        if self.until is not None:
            self.until = shaped("Lines until", self.until, 0)  # ()

    def _known(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The curves and the edges of their bands as far as their places are known, (series, known) each."""
        known = max(0, int(tensors["until"])) if "until" in tensors else tensors[""].shape[-1]
        return {part: rows_of(tensors[part])[:, :known] for part in ("", "low", "high") if part in tensors}

    def guess(self) -> str:
        return "curve"

    def summary(self, named: Named) -> str:
        tensors = self.tensors()
        if not self.log_y:
            tensors = {part: without_noise(tensor) for part, tensor in tensors.items()}
        known = self._known(tensors)
        if not known[""].numel():
            return say("summary-lines", title=self.title, series=say("summary-lines-none"))
        series = []
        for i, row in enumerate(known[""]):
            there = (~row.isnan()).nonzero().flatten()  # by itself, a view may have gaps
            ends = {
                "first": row[there[0]],
                "last": row[there[-1]],
                "min": row[there].min(),
                "max": row[there].max(),
            }
            if "low" in known:
                ends |= {edge: known[edge][i, there[-1]] for edge in ("low", "high")}
            parts = {key: number(x.item()) for key, x in ends.items()}
            key = "summary-line-band" if "low" in known else "summary-line"
            name = self.names[i] if self.names else say("summary-line-unnamed", number=i + 1)
            series.append(say(key, name=name, **parts))
        return say("summary-lines", title=self.title, series="; ".join(series))

    def height(self, rows: int) -> int:
        return 260

    def draw(self, axes: Any, pen: Pen, named: Named) -> None:
        tensors = self.tensors()
        places = tensors["x"].tolist() if "x" in tensors else list(range(tensors[""].shape[-1]))
        known = {part: rows.tolist() for part, rows in self._known(tensors).items()}
        x = places[: len(known[""][0])]
        for i, row in enumerate(known[""]):
            colour, name = pen.series(i, self.roles), self.names[i] if self.names else None
            # A single number makes no line.
            axes.plot(x, row, color=colour, label=name, linewidth=1.5, marker="o" if len(row) == 1 else None)
            if "low" in known:
                low, high = known["low"][i], known["high"][i]
                axes.fill_between(x, low, high, color=colour, alpha=BAND_OPACITY, linewidth=0)
        if "at" in tensors:
            axes.axvline(tensors["at"].item(), color=pen.INK, linewidth=0.7, linestyle="--")
        legend(axes, self.names)
        axes.set_xlabel(self.x_title)
        axes.set_ylabel(self.y_title)
        if self.log_x:
            pen.logarithmic(axes.set_xscale, axes.xaxis)
        if self.log_y:
            pen.logarithmic(axes.set_yscale, axes.yaxis)
        if "until" in tensors and len(places) > 1:
            axes.set_xlim(min(places), max(places))
        if self.range:
            axes.set_ylim(*self.range)


def _edge(name: str, edge: Tensor | str | None, values: Tensor) -> Tensor:
    """One edge of a band around the curves, of their shape."""
    edge = shaped(f"Lines {name}", edge, values.ndim)  # as the curves
    # While a graph is traced, sizes may be symbols; they were compared when the figure was made.
    sizes = [*edge.shape, *values.shape]
    if all(isinstance(size, int) for size in sizes) and edge.shape != values.shape:
        raise ValueError(
            f"Lines {name}: the edge of a band has the shape of the curves, {tuple(values.shape)}, "
            f"got {tuple(edge.shape)}"
        )
    return edge
