"""The picture of a view at the default settings.

It is what print, a browser without JavaScript, and every reader's first glance show; matplotlib draws it as an inline
SVG whose colours are CSS variables, so that it follows the page's theme.
"""

import io
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
import matplotlib.figure
import torch
from matplotlib.colors import ListedColormap
from matplotlib.ticker import FuncFormatter, NullFormatter
from torch import Tensor

from .palette import CATEGORICAL, LEVELS
from .text import number
from .views import WIDTH, View, heatmap_limit

MAX_TEXT_CELLS = 120

# Stand-ins that matplotlib draws with, each replaced by a CSS variable in the finished SVG.
_INK = "#010203"
_stand_ins = {_INK: "currentColor"}


def _stand_in(variable: str) -> str:
    for colour, used in _stand_ins.items():
        if used == f"var(--tl-{variable})":
            return colour
    colour = f"#01{len(_stand_ins) // 256:02x}{len(_stand_ins) % 256:02x}"
    _stand_ins[colour] = f"var(--tl-{variable})"
    return colour


def _ink(i: int, roles: Sequence[str] | None) -> str:
    return _stand_in(roles[i] if roles else f"category-{i % len(CATEGORICAL['light'])}")


def svg(view: View, described: dict[str, Any], labels: list[list[str]], height: int, prefix: str) -> str:
    """The picture as an `<svg>` element. `labels` names the indices of each axis; `prefix` keeps its ids apart."""
    settings: dict[Any, Any] = {
        "svg.fonttype": "none",
        "text.parse_math": False,
        "svg.hashsalt": "transformer_lite",
        "font.size": 11,
        "text.color": _INK,
        "axes.edgecolor": _INK,
        "axes.labelcolor": _INK,
        "xtick.color": _INK,
        "ytick.color": _INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.5,
        "legend.frameon": False,
    }
    with matplotlib.rc_context(settings):
        figure = matplotlib.figure.Figure(figsize=(WIDTH / 72, height / 72), layout="constrained")
        axes = figure.add_subplot()
        _DRAW[described["kind"]](axes, view.tensors(), described, labels)
        file = io.StringIO()
        with warnings.catch_warnings():
            # The page's own font draws the text, so that matplotlib's need not have every character.
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _for_the_page(file.getvalue(), prefix)


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


def _for_the_page(text: str, prefix: str) -> str:
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
    text = re.sub(r"(?<=[a-z]: )#01[0-9a-f]{4}\b", lambda colour: _stand_ins.get(colour[0], colour[0]), text)
    # The page's own font; matplotlib's is not there.
    text = re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1", text)
    text = re.sub(r" font-family: [^;\"]*;?", "", text)
    text = re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2)
    return re.sub(r"\n\s*", "\n", text).strip()


def _heatmap(
    axes: Any, tensors: dict[str, Tensor], described: dict[str, Any], labels: list[list[str]]
) -> None:
    values = tensors[""]
    limit = heatmap_limit(described, values)
    if described["categories"]:
        colours = ListedColormap([_stand_in(f"washed-{i}") for i in range(len(CATEGORICAL["light"]))])
        shown = (values % colours.N).masked_fill(values < 0, float("nan")).numpy()
        axes.pcolormesh(shown, cmap=colours, vmin=-0.5, vmax=colours.N - 0.5)
    else:
        name = "diverging" if described["signed"] else "sequential"
        colours = ListedColormap([_stand_in(f"{name}-{i}") for i in range(LEVELS)])
        shown = values.masked_fill(~values.isfinite(), float("nan")).numpy()
        axes.pcolormesh(shown, cmap=colours, vmin=-limit if described["signed"] else 0, vmax=limit)
    axes.invert_yaxis()
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    _ticks(axes.set_yticks, labels[0])
    _ticks(axes.set_xticks, labels[1], rotation=0 if max(map(len, labels[1])) * len(labels[1]) < 50 else 45)
    if values.numel() <= MAX_TEXT_CELLS and values.shape[1] <= 12:
        for row in range(values.shape[0]):
            for column in range(values.shape[1]):
                # In the page's ink or its background, whichever the front end's charts would choose there.
                x = float(values[row, column])
                if described["categories"] and x < 0:
                    continue
                strong = abs(x) > 0.6 * limit and not described["categories"]
                text = axes.text(
                    column + 0.5, row + 0.5, number(round(x, 2)), ha="center", va="center", fontsize=10
                )
                text.set_color(_stand_in("paper") if strong else _INK)


def _ticks(place: Callable[..., Any], labels: list[str], **style: Any) -> None:
    every = -(-len(labels) // 24)
    at = range(0, len(labels), every)
    place([i + 0.5 for i in at], [labels[i] for i in at], **style)


def _lines(axes: Any, tensors: dict[str, Tensor], described: dict[str, Any], labels: list[list[str]]) -> None:
    rows = tensors[""].reshape(-1, tensors[""].shape[-1])
    x = tensors["x"].tolist() if "x" in tensors else list(range(rows.shape[1]))
    for i, row in enumerate(rows):
        name = described["names"][i] if described["names"] else None
        axes.plot(x, row.tolist(), color=_ink(i, described["roles"]), label=name, linewidth=1.5)
    if "at" in tensors:
        axes.axvline(tensors["at"].item(), color=_INK, linewidth=0.7, linestyle="--")
    if described["names"]:
        axes.legend()
    _scales(axes, described)


def _bars(axes: Any, tensors: dict[str, Tensor], described: dict[str, Any], labels: list[list[str]]) -> None:
    rows = tensors[""].reshape(-1, tensors[""].shape[-1])
    width = 0.8 / len(rows)
    for i, row in enumerate(rows):
        name = described["names"][i] if described["names"] else None
        places = [at + (i - (len(rows) - 1) / 2) * width for at in range(len(row))]
        axes.bar(places, row.tolist(), width, color=_ink(i, described["roles"]), label=name)
    every = -(-len(labels[-1]) // 24)
    at = range(0, len(labels[-1]), every)
    axes.set_xticks(
        list(at), [labels[-1][i] for i in at], rotation=0 if sum(map(len, labels[-1])) < 60 else 45
    )
    axes.axhline(0, color=_INK, linewidth=0.5)
    if described["names"]:
        axes.legend()
    axes.set_ylabel(described["y_title"])
    if described["range"]:
        axes.set_ylim(*described["range"])


def _scatter(
    axes: Any, tensors: dict[str, Tensor], described: dict[str, Any], labels: list[list[str]]
) -> None:
    low, high = described["range"]
    if "field" in tensors:
        field = tensors["field"]
        across, up = (torch.linspace(low, high, n).numpy() for n in (field.shape[1], field.shape[0]))
        colours = [
            _stand_in(f"sequential-{round(i * (LEVELS - 1) / (FIELD_LEVELS - 1))}")
            for i in range(FIELD_LEVELS)
        ]
        axes.contourf(across, up, field.numpy(), levels=contour_levels(field), colors=colours, extend="both")
    if "path" in tensors:
        # Few points are steps, and many are a curve.
        marker = "o" if len(tensors["path"]) <= 16 else None
        axes.plot(*tensors["path"].T.tolist(), color=_INK, linewidth=1.2, marker=marker, markersize=3)
    for i, (x, y) in enumerate(tensors[""].tolist()):
        colour = _ink(i, described["roles"])
        if described["arrows"]:
            style = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", (x, y), (0, 0), arrowprops=style)
        else:
            axes.plot(x, y, "o", color=colour, markersize=6)
        if described["axes"][0]["labels"]:
            axes.annotate(labels[0][i], (x, y), (5, 5), textcoords="offset points", annotation_clip=True)
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    axes.set_xlabel(described["x_title"])
    axes.set_ylabel(described["y_title"])


FIELD_LEVELS = 12


def contour_levels(field: Tensor) -> list[float]:
    """The borders between the colours of a field."""
    low, high = float(field.min()), float(field.max())
    return torch.linspace(low, high if high > low else low + 1, FIELD_LEVELS + 1)[1:-1].tolist()


def _image(axes: Any, tensors: dict[str, Tensor], described: dict[str, Any], labels: list[list[str]]) -> None:
    values = tensors[""].clamp(0, 1).numpy()
    axes.imshow(values, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set(xticks=[], yticks=[], anchor="NW")
    axes.spines[:].set_visible(True)
    if described["grid"]:
        for across, size in ((True, values.shape[0]), (False, values.shape[1])):
            for at in range(0, size + 1, described["grid"]):
                (axes.axhline if across else axes.axvline)(at - 0.5, color="#ffd400", linewidth=0.6)


def _scales(axes: Any, described: dict[str, Any]) -> None:
    axes.set_xlabel(described["x_title"])
    axes.set_ylabel(described["y_title"])
    for wanted, set_scale, axis in (
        (described["log_x"], axes.set_xscale, axes.xaxis),
        (described["log_y"], axes.set_yscale, axes.yaxis),
    ):
        if wanted:
            set_scale("log")
            axis.set_major_formatter(FuncFormatter(lambda x, _: number(x)))
            axis.set_minor_formatter(NullFormatter())
    if described["range"]:
        axes.set_ylim(*described["range"])


_DRAW: dict[str, Callable[..., None]] = {
    "heatmap": _heatmap,
    "lines": _lines,
    "bars": _bars,
    "scatter": _scatter,
    "image": _image,
}
