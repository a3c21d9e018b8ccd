"""A figure in a notebook: an anywidget whose engine is this kernel."""

import traceback
from functools import cache
from typing import Any

import anywidget
import traitlets

from . import bundle
from .figure import Figure
from .trace import packed


@cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


class FigureWidget(anywidget.AnyWidget):
    """Answers the front end's questions (front/engine/kernel.mjs): plotly's source, a run, the trace."""

    _esm = bundle.script()
    _css = bundle.style()
    html = traitlets.Unicode().tag(sync=True)

    def __init__(self, figure: Figure, html: str):
        super().__init__(html=html)
        self.figure = figure
        self.on_msg(self._answer)

    def _answer(self, _widget: Any, question: dict[str, Any], _buffers: Any) -> None:
        answer: dict[str, Any] = {"id": question["id"]}
        buffers: list[bytes] = []
        try:
            if question["ask"] == "plotly":
                answer["source"] = _plotly()
            elif question["ask"] == "trace":
                answer["trace"] = packed(self.figure)
            else:
                shown = self.figure.show(self.figure.check(question["values"]))
                answer["views"] = shown.described
                answer["outputs"] = [{"name": n, "shape": list(t.shape)} for n, t in shown.outputs.items()]
                buffers = [t.detach().contiguous().numpy().tobytes() for t in shown.outputs.values()]
        except ValueError as reason:
            answer["problem"] = str(reason)
        except Exception as reason:
            # A reader's edit may fail in any way; the last line of the trace names it.
            answer["problem"] = traceback.format_exception_only(reason)[-1].strip()
        self.send(answer, buffers)


def mimebundle(figure: Figure, html: str) -> dict[str, str]:
    """What a notebook cell shows: the live widget alone."""
    return FigureWidget(figure, html)._repr_mimebundle_()  # type: ignore[return-value]
