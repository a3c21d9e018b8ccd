"""What still pictures are drawn with: colours that stand for the page's own, and the ticks of an axis."""

from collections.abc import Callable, Sequence
from typing import Any

from .palette import CATEGORICAL, LEVELS, PLAIN, colours
from .text import number

# Of a still picture, in CSS pixels; close to what a view gets on the page.
WIDTH = 460


class Pen:
    """Colours for matplotlib, each of which becomes a CSS variable in the finished picture."""

    INK = "#010203"

    def __init__(self) -> None:
        self._variables: dict[str, str] = {}

    def colour(self, variable: str) -> str:
        """A stand-in for one of the palette's variables, without `--tl-`."""
        at = len(self._variables)
        return self._variables.setdefault(variable, f"#01{at // 256:02x}{at % 256:02x}")

    def series(self, i: int, roles: Sequence[str] | None) -> str:
        """The colour of a role, or of the i-th series without one."""
        return self.colour(roles[i] if roles else f"category-{i % len(CATEGORICAL['light'])}")

    def scale(self, name: str) -> list[str]:
        """The colours of a scale, from its low end to its high one."""
        return [self.colour(f"{name}-{level}") for level in range(LEVELS)]

    def map(self, colours: list[str]) -> Any:
        """Colours as matplotlib's map."""
        from matplotlib.colors import ListedColormap

        return ListedColormap(colours)

    def logarithmic(self, set_scale: Callable[[str], Any], axis: Any) -> None:
        """Gives one of matplotlib's axes a logarithmic scale, with numbers as the page writes them."""
        from matplotlib.ticker import LogFormatter

        class Numbers(LogFormatter):
            """Matplotlib says which ticks are named: of a short scale the smaller ones, too."""

            def __call__(self, x: float, pos: int | None = None) -> str:
                return number(x) if super().__call__(x, pos) else ""

        set_scale("log")
        axis.set_major_formatter(Numbers())
        axis.set_minor_formatter(Numbers())

    def used(self) -> dict[str, str]:
        """What each stand-in stands for, in CSS."""
        return {self.INK: "currentColor"} | {c: f"var(--tl-{v})" for v, c in self._variables.items()}


class InkPen(Pen):
    """The palette's own colours, those of a light page, for a picture that no style sheet reaches."""

    INK = PLAIN["ink"]["light"]

    def colour(self, variable: str) -> str:
        """The palette's colour of this name."""
        return colours("light")[variable]


def ticks(place: Callable[..., Any], labels: list[str], *, middle: float = 0.0, **style: Any) -> None:
    """Writes at most 24 labels along an axis; `middle` is how far a label stands from where its index begins."""
    every = -(-len(labels) // 24)
    at = range(0, len(labels), every)
    place([i + middle for i in at], [labels[i] for i in at], **style)


def legend(axes: Any, names: Sequence[str] | None) -> None:
    """Names the series above the curves or bars, as the front end's charts do, where they hide nothing."""
    if names and len(names) > 1:
        entry = 45 + 6 * max(map(len, names))  # about, in CSS pixels, with its line
        columns = max(1, (WIDTH - 40) // entry)
        axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderaxespad=0, columnspacing=1.2
        )
