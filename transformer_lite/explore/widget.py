"""A figure in a notebook: an anywidget whose engine is this kernel."""

import traceback
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any

import anywidget
import traitlets

from . import bundle, host, trace
from .figure import Figure
from .stepping import Steps, Tensors


@cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


class FigureWidget(anywidget.AnyWidget):
    """Answers the front end's questions (front/engine/kernel.mjs): is anybody there, plotly's source, a run, the trace.

    Each is answered twice: at once, with a sign that it has arrived, and then with what was found or a `problem`.
    """

    _esm = bundle.script()
    _css = bundle.style()
    html = traitlets.Unicode().tag(sync=True)

    def __init__(self, figure: Figure, html: str):
        super().__init__(html=html)
        self.figure = figure
        self.on_msg(self._answer)

    @cached_property
    def steps(self) -> Steps | None:
        """What the reader's steps have reached."""
        return self.figure.steps() if self.figure.memory else None

    @cached_property
    def recorded(self) -> dict[int, Tensors]:
        """What the recorded cases begin with."""
        return trace.states(self.figure)

    def _answer(self, _widget: Any, question: dict[str, Any], _buffers: Any) -> None:
        answers = {"id": question["id"]}
        self.send(answers | {"taken": True})
        try:
            found, buffers = self._found(question)
            self.send(answers | found, buffers)
        except ValueError as reason:
            self.send(answers | {"problem": str(reason)})
        except BaseException as reason:
            # A reader's edit may fail in any way, and the reader may interrupt it; the last line of the trace names it.
            self.send(answers | {"problem": traceback.format_exception_only(reason)[-1].strip()})

    def _found(self, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """The answer to a question, and the numbers that go with it."""
        if question["ask"] == "there":
            return {}, []
        if question["ask"] == "plotly":
            return {"source": _plotly()}, []
        if question["ask"] == "trace":
            return {"trace": trace.now(self.figure, begin=self.recorded)}, []
        values = self.figure.check(question["values"])
        if self.figure.memory and question.get("recorded"):
            # A recorded case leaves the reader's own steps alone.
            shown = self.figure.show_from(values, self.recorded[values[self.figure.memory]])
        else:
            shown = self.figure.show(values, self.steps)
        found: dict[str, Any] = {"views": shown.described}
        buffers: list[bytes] = []
        for what, tensors in (("outputs", shown.outputs), ("state", shown.state), ("next", shown.following)):
            found[what] = [
                {"name": name, "shape": list(x.shape), "type": str(x.dtype).removeprefix("torch.")}
                for name, x in tensors.items()
            ]
            buffers += [x.detach().cpu().contiguous().numpy().tobytes() for x in tensors.values()]
        return found, buffers


# An output in several forms, by MIME type, and what is to be known of some of them.
Bundle = tuple[dict[str, Any], dict[str, Any]]


def mimebundle(figure: Figure, html: str, still: Callable[[], Bundle]) -> Bundle:
    """What a notebook's cell shows: the live widget, and what stands for it where there is no kernel (still.py)."""
    live = FigureWidget(figure, html)._repr_mimebundle_()
    assert live
    if host.in_colab():
        return live  # which form Colab would take is not known: the only one
    data, metadata = still()
    return live[0] | data, live[1] | metadata
