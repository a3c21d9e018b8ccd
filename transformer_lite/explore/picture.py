"""The picture of a view at the default settings.

It is what print, a browser without JavaScript, and every reader's first glance show; matplotlib draws it as an inline
SVG whose colours are CSS variables, so that it follows the page's theme. Where neither SVG nor a style sheet is shown,
all views of a figure are one PNG.
"""

import contextlib
import io
import re
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import matplotlib
import matplotlib.figure

from .palette import BACKGROUND
from .pen import WIDTH, InkPen, Pen

Draw = Callable[[Any, Pen], None]


class Panel(NamedTuple):
    """A view's part of a PNG: its title, that one's colour in the palette, what draws it, and its height."""

    title: str
    colour: str
    draw: Draw
    height: int


def svg(draw: Draw, height: int, prefix: str) -> str:
    """What `draw` draws with a pen, as an `<svg>` element; `prefix` keeps its ids apart."""
    pen = Pen()
    with _drawing(pen):
        figure = matplotlib.figure.Figure(figsize=(WIDTH / 72, height / 72), layout="constrained")
        draw(figure.add_subplot(), pen)
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _for_the_page(file.getvalue(), prefix, pen.used())


def png(parts: Sequence[Panel | str]) -> bytes:
    """Views, and sentences in place of those that are written, below each other; two pixels for each CSS pixel."""
    pen = InkPen()
    written = [textwrap.fill(part, 68) if isinstance(part, str) else "" for part in parts]
    heights = [
        12 + 15 * len(text.splitlines()) if isinstance(part, str) else part.height
        for part, text in zip(parts, written, strict=True)
    ]
    with _drawing(pen):
        size = WIDTH / 72, sum(heights) / 72
        figure = matplotlib.figure.Figure(figsize=size, layout="constrained", facecolor=BACKGROUND["light"])
        places = figure.subfigures(len(parts), 1, squeeze=False, height_ratios=heights)[:, 0]
        for place, part, text in zip(places, parts, written, strict=True):
            if isinstance(part, str):
                place.text(0.02, 0.5, text, va="center")
            else:
                place.suptitle(part.title, x=0.02, ha="left", weight="bold", color=pen.colour(part.colour))
                part.draw(place.add_subplot(), pen)
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=144)
    return file.getvalue()


@contextlib.contextmanager
def _drawing(pen: Pen) -> Iterator[None]:
    """Matplotlib as pictures have it, whatever a notebook has set."""
    settings: dict[Any, Any] = {
        "svg.fonttype": "none",
        "text.parse_math": False,
        "svg.hashsalt": "transformer_lite",
        "font.size": 11,
        "text.color": pen.INK,
        "axes.edgecolor": pen.INK,
        "axes.labelcolor": pen.INK,
        "xtick.color": pen.INK,
        "ytick.color": pen.INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.5,
        "legend.frameon": False,
    }
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # On a page its own font draws the text, so that matplotlib's need not have every character.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


# The cells of a heatmap, as matplotlib writes them; and one of them: left, top, right, bottom, style.
_CELLS = re.compile(r'(?<=<g id="QuadMesh_1">\n).*?(?=</g>)', re.DOTALL)
_CELL = re.compile(
    r'<path d="M (\S+) (\S+) \nL (\S+) \2 \nL \3 (\S+) \nL \1 \4 \nL \1 \2 \n"'
    r' clip-path="[^"]*" style="(fill: [^"]*)"/>'
)


def _join_cells(found: re.Match[str]) -> str:
    """Cells of one colour as one path, in units of a cell, and neighbours as one: there may be thousands."""
    cells = [([float(x) for x in corners], style) for *corners, style in _CELL.findall(found[0])]
    if not cells:
        return ""
    (left, top, right, bottom), _ = cells[0]  # the uppermost on the left, as all that follow stand in rows
    width, height = right - left, bottom - top
    left = min(corners[0] for corners, _ in cells)
    outlines: dict[str, list[list[int]]] = {}
    for (x, y, *_), style in cells:
        column, row = round((x - left) / width), round((y - top) / height)
        runs = outlines.setdefault(style, [])
        if runs and runs[-1][0] == row and runs[-1][1] + runs[-1][2] == column:
            runs[-1][2] += 1
        else:
            runs.append([row, column, 1])
    paths = ""
    for style, runs in outlines.items():
        outline = "".join(f"M{column} {row}h{count}v1h-{count}z" for row, column, count in runs)
        paths += f'<path d="{outline}" style="{style}"/>\n'
    place = f"translate({left:.2f} {top:.2f}) scale({width:.4f} {height:.4f})"
    return f'<g transform="{place}">\n{paths}</g>\n'


def _for_the_page(text: str, prefix: str, colours: dict[str, str]) -> str:
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    # A sheet with a rule for everything styles the page's other elements too, and its removal, when a chart takes the
    # picture's place, has the browser restyle them all. The two properties are inherited: the picture's root will do.
    rule = re.search(r'<defs>\s*<style type="text/css">\*\{([^}]*)\}</style>\s*</defs>', text)
    assert rule
    text = text.replace(rule[0], "", 1).replace("<svg ", f'<svg style="{rule[1]}" ', 1)
    text = _CELLS.sub(_join_cells, text)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", text)
    # Only where a colour is used: a label may look like one.
    text = re.sub(r"(?<=[a-z]: )#01[0-9a-f]{4}\b", lambda colour: colours.get(colour[0], colour[0]), text)
    # The page's own font; matplotlib's is not there.
    text = re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1", text)
    text = re.sub(r" font-family: [^;\"]*;?", "", text)
    text = re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2)
    return re.sub(r"\n\s*", "\n", text).strip()
