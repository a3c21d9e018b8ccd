"""What a saved notebook shows of a figure or an exercise where no kernel answers.

A notebook stores one output in several forms, and who reads it takes the one it likes best. A figure's is a PNG: GitHub
takes scripts, styles and inline SVG away, some versions of nbviewer spoil SVG, and a PDF knows no HTML, but all of them
show a PNG. A live notebook likes the widget better than anything that stands here.
"""

from base64 import b64encode
from typing import Any

from .figure import Frames
from .pen import WIDTH


def figure(frames: Frames) -> tuple[dict[str, str], dict[str, Any]]:
    """A figure at its default settings, as a picture and in words, and the picture's width in CSS pixels."""
    # Imported here: it takes a second, and while the website is built nobody asks for it.
    from .picture import png

    shown = frames.at(frames.figure.defaults)
    named = [(view, shown.labels(name)) for name, view in shown.views.items()]
    parts = [view.panel(of) if view.text(of) is None else view.summary(of) for view, of in named]
    said = f"<figure {frames.figure.name}>\n{frames.figure.caption}\n{shown.summary()}"
    picture = b64encode(png(parts)).decode()
    return {"image/png": picture, "text/plain": said}, {"image/png": {"width": WIDTH}}


def question(name: str, text: str) -> tuple[dict[str, str], dict[str, Any]]:
    """An exercise's question; its answer is computed by a kernel or on the website."""
    quoted = "\n".join(f"> {line}".rstrip() for line in text.splitlines())
    return {"text/markdown": quoted, "text/plain": f"<exercise {name}>\n{text}"}, {}
