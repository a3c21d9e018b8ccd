"""`@explore`: a torch function with its controls declared beside it becomes a figure.

    @explore(temperature=Slider(0.1, 4.0, value=1.0))
    def softmax(temperature):
        \"\"\"How temperature flattens a distribution.\"\"\"
        return Bars((scores / temperature).softmax(-1))

In a notebook the figure runs the function in the kernel. When the website is built, the same function is exported
to ONNX graphs (graph.py) that run in the browser.
"""

from collections.abc import Callable, Mapping
from typing import Any

from . import host, page, site, still, widget
from .controls import Control
from .figure import Figure, Returned
from .predict import Predict
from .views import View


class Explorable(Figure):
    """A figure that shows itself: live in a notebook, and on the website."""

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str] | widget.Bundle:
        frames = self.frames()
        if host.building():
            return site.mimebundle(frames, lambda *files: page.html(frames, *files, pictures=True))
        return widget.mimebundle(self, page.html(frames, pictures=False), lambda: still.figure(frames))


def explore(
    *, show: View | Mapping[str, View] | None = None, predict: Predict | None = None, **controls: Control
) -> Callable[[Callable[..., Returned]], Explorable]:
    """Turns a torch function into a figure, and shows it when run in a notebook. One control for each parameter.

    The function returns a view, or several by name: `{"scores": Heatmap(…), "sum": Number(…)}`. Or it returns tensors
    by name, and `show` says how each is drawn: `show={"scores": Heatmap(rows="word"), "sum": Number()}`; there the
    name of a tensor, or of a control, may stand for a view's other tensors (`Lines(at="time")`). `predict` covers a
    view until the reader has said what it will show. The docstring is the caption. Everything on display must be
    computed with torch from the arguments. These are float32 and int64, whatever PyTorch's default type, on its default
    device; what the function returns may be of any type of real numbers, on any device, and is shown as float32.
    """

    def decorate(function: Callable[..., Returned]) -> Explorable:
        figure = Explorable(function, controls, show, predict)
        host.display(figure)
        return figure

    return decorate
