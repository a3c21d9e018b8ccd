"""A figure as HTML: its controls, the place of each view with its default picture, and its words.

The front end brings exactly this markup to life, on the website and in a notebook, so nothing moves when it does.
When the website is built, the graphs and the trace go into two files beside the page.
"""

# ruff: noqa: E501 - markup reads best with an element a line

import hashlib
import json
import os
from base64 import b64encode
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from .controls import Length, Order, Pick, Points, Slider, Words
from .figure import Explorable, Values
from .host import SITE as SITE
from .host import building as building
from .palette import LEVELS
from .text import number, say
from .trace import as_json, trace
from .views import WIDTH, View, heatmap_limit
from .words import labels, summary

if TYPE_CHECKING:
    from .exercise import Exercise


def mimebundle(figure: Explorable, markup: Callable[[str], str]) -> dict[str, str]:
    """What a cell of the website shows: `markup`, given the name of the files that this writes."""
    from .graph import export

    cases = trace(figure)
    graphs = export(figure, cases)
    # The first variant with this graph: those that share it are stored, and started in the browser, once.
    first = {graph: key for key, graph in reversed(graphs.items())}
    content = figure.describe() | {
        "graphs": {key: b64encode(graph).decode() for graph, key in first.items()},
        "variants": {key: first[graph] for key, graph in graphs.items()},
        "views": {
            key: figure.describe_views(figure.show(figure.defaults | variant))
            for key, variant in figure.variants()
        },
    }
    data, record = _json(content), _json(as_json(cases))
    source = f"{figure.name}-{hashlib.sha256((data + record).encode()).hexdigest()[:10]}"
    folder = Path(os.environ[SITE])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{source}.json").write_text(data, encoding="utf-8")
    (folder / f"{source}.trace.json").write_text(record, encoding="utf-8")
    return {"text/html": markup(source), "text/plain": f"<figure {figure.name}>"}


def html(figure: Explorable, source: str = "", *, pictures: bool) -> str:
    """The figure's markup at its default settings, with or without the default pictures."""
    values, name = figure.defaults, escape(figure.name)
    views = figure.show(values)
    described = figure.describe_views(views)
    controls = "\n".join(_control(figure, control, values) for control in figure.controls)
    slots = "\n".join(_slot(figure, view, views[view], described[view], values, pictures) for view in views)
    said = escape(summary(figure, views, values))
    tools = "".join(
        f'<button type="button" data-tool="{tool}">{escape(say(tool))}</button>'
        for tool in ("reset", "link", "table", "csv", "png", "svg", "check")
    )
    return f"""<figure class="explorable" id="{name}" data-state="picture" data-source="{escape(source)}">
<script type="application/json" class="tl-description">{_data(figure.describe())}</script>
<fieldset class="tl-controls" disabled><legend class="tl-hidden">{escape(figure.name.replace("-", " "))}</legend>
{controls}
</fieldset>
<div class="tl-views">
{slots}
</div>
<p class="tl-message" role="status"></p>
<noscript><p class="tl-message">{escape(say("no-javascript"))}</p><p class="tl-message">{said}</p></noscript>
<figcaption>{_paragraphs(figure.caption)}</figcaption>
<details class="tl-words"><summary>{escape(say("summary-label"))}</summary><p class="tl-summary" id="{name}--summary">{said}</p></details>
<div class="tl-tools" role="group" aria-label="{escape(say("tools"))}">{tools}</div>
<div class="tl-table" role="group" tabindex="0" aria-label="{escape(say("table"))}" hidden></div>
</figure>"""


def exercise_html(exercise: "Exercise", source: str) -> str:
    """An exercise's markup: the question, a place for the answer, a place for what is said about it."""
    name = escape(exercise.figure.name)
    if exercise.kind == "choice":
        answer = "".join(
            f'<label><input type="radio" name="{name}--answer" value="{i}"> {escape(option)}</label>'
            for i, option in enumerate(exercise.options)
        )
        answer = (
            f'<span role="radiogroup" aria-labelledby="{name}--question" class="tl-options">{answer}</span>'
        )
    elif exercise.kind == "order":
        answer = _chips(exercise.order, exercise.order, f"{name}--question")
        answer += f'<p class="tl-help">{escape(say("chip-help"))}</p>'
    elif exercise.kind == "mask":
        head = "".join(f'<th scope="col">{escape(column)}</th>' for column in exercise.columns)
        body = ""
        for row in exercise.rows:
            cells = "".join(
                f'<td><button type="button" class="tl-cell" aria-pressed="false" aria-label="{escape(say("answer-cell", row=row, column=column))}"></button></td>'
                for column in exercise.columns
            )
            body += f'<tr><th scope="row">{escape(row)}</th>{cells}</tr>'
        answer = f'<div class="tl-grid"><table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div><p class="tl-help">{escape(say("mask-help"))}</p>'
    else:
        answer = f"""<label for="{name}--answer">{escape(say("answer"))}</label>
<input type="text" inputmode="decimal" autocomplete="off" id="{name}--answer" aria-describedby="{name}--question">"""
    return f"""<form class="tl-exercise" id="{name}" data-source="{escape(source)}">
<script type="application/json" class="tl-description">{_data(exercise.describe())}</script>
<div class="tl-question" id="{name}--question">{_paragraphs(exercise.figure.caption)}</div>
<div class="tl-answer">{answer} <button type="submit">{escape(say("answer-check"))}</button></div>
<p class="tl-message" role="status"></p>
<noscript><p class="tl-message">{escape(say("exercise-no-javascript"))}</p></noscript>
</form>"""


def _chips(items: list[str], shown: list[str], labelled_by: str) -> str:
    """Items in a row, to be dragged into another order."""
    chips = "".join(
        f'<button type="button" class="tl-chip" aria-label="{escape(say("chip", item=item, place=at + 1, count=len(items)))}">{escape(item)}</button>'
        for at, item in enumerate(shown)
    )
    return f"""<span class="tl-chips" role="group" aria-labelledby="{labelled_by}" title="{escape(say("chip-help"))}">{chips}</span>"""


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(' '.join(part.split()))}</p>" for part in text.split("\n\n"))


def _data(content: Any) -> str:
    """JSON that may stand inside a `<script>`."""
    return _json(content).replace("<", "\\u003c")


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _control(figure: Explorable, name: str, values: Values) -> str:
    control = figure.controls[name]
    id_, label = f"{figure.name}--{name}", escape(str(control.label))
    value = values[name]
    if isinstance(control, Slider | Length):
        play = say("play", label=control.label)
        inside = f"""<label for="{id_}">{label}</label>
<input type="range" id="{id_}" min="{control.min}" max="{control.max}" step="{control.step}" value="{value}">
<input type="text" inputmode="decimal" autocomplete="off" aria-label="{escape(say("typed", label=control.label))}" value="{value:g}">
<button type="button" class="tl-play" aria-pressed="false" aria-label="{escape(play)}"></button>"""
    elif control.kind == "toggle":
        inside = f"""<input type="checkbox" id="{id_}"{" checked" if value else ""}> <label for="{id_}">{label}</label>"""
    elif control.kind == "choice":
        options = "".join(
            f'<label><input type="radio" name="{id_}" value="{i}"{" checked" if option == value else ""}> {escape(str(option))}</label>'
            for i, option in enumerate(control.describe()["options"])
        )
        inside = f"""<span id="{id_}" class="tl-label">{label}</span>
<span role="radiogroup" aria-labelledby="{id_}" class="tl-options">{options}</span>"""
    elif isinstance(control, Words):
        known = "".join(
            f'<button type="button" class="tl-word">{escape(word)}</button>' for word in control.vocabulary
        )
        inside = f"""<label for="{id_}">{label}</label>
<input type="text" id="{id_}" autocomplete="off" autocapitalize="off" spellcheck="false" value="{escape(value)}">
<details class="tl-known"><summary>{escape(say("words-help", maximum=control.maximum))}</summary><span>{known}</span></details>"""
    elif isinstance(control, Order):
        shown = [control.items[i] for i in value]
        inside = f"""<span id="{id_}" class="tl-label">{label}</span>
{_chips(list(control.items), shown, id_)}
<button type="button" class="tl-shuffle">{escape(say("shuffle"))}</button>"""
    elif isinstance(control, Points):
        inside = f'<span class="tl-label">{label}</span>'
        for point, place in zip(control.names or (), value, strict=True):
            inside += f"""
<label>{escape(point)} <input type="text" autocomplete="off" value="{place[0]:g}, {place[1]:g}"></label>"""
    else:
        assert isinstance(control, Pick)
        picked = value if isinstance(value, list) else [value]
        selects = ""
        for at, (index, axis) in enumerate(zip(picked, control.axes, strict=True)):
            named = enumerate(labels(figure, axis, figure.size(axis, values), values))
            options = "".join(
                f'<option value="{i}"{" selected" if i == index else ""}>{escape(text)}</option>'
                for i, text in named
            )
            said = escape(f"{control.label}: {axis['title']}")
            selects += f'<select data-at="{at}" aria-label="{said}">{options}</select>'
        inside = f'<span class="tl-label">{label}</span> {selects}'
    return f"""<div class="tl-control" data-control="{escape(name)}" data-kind="{control.kind}">
{inside}
<p class="tl-problem" id="{id_}--problem" role="alert"></p>
</div>"""


def _slot(
    figure: Explorable, name: str, view: View, described: dict[str, Any], values: Values, pictures: bool
) -> str:
    title_id = f"{figure.name}--{name}--title"
    style = f"color: var(--tl-{described['role']})" if described.get("role") else ""
    head = f'<div class="tl-title" id="{title_id}" style="{style}">{escape(described["title"])}</div>'
    tensor = view.tensors()[""]
    if described["kind"] == "heatmap" and not described["categories"]:
        head += _legend(described, tensor)
    named = [
        labels(figure, axis, size, values)
        for axis, size in zip(described["axes"], tensor.shape, strict=False)
    ]
    if described["kind"] == "number":
        body = f'<output class="tl-number">{escape(number(tensor.item()))}</output>'
    elif described["kind"] == "tokens":
        body = "".join(
            f'<span class="tl-token" style="--tl-weight:{min(1, max(0, x / described["limit"])) * 100:.0f}%">'
            f"<b>{escape(word)}</b> <i>{escape(number(x))}</i></span>"
            for word, x in zip(named[0], tensor.tolist(), strict=True)
        )
        body = f'<div class="tl-tokens">{body}</div>'
    else:
        height = _height(figure, name)
        body = ""
        if pictures:
            from .picture import svg

            body = svg(view, described, named, height, f"{figure.name}-{name}")
        body = f'<div class="tl-slot" role="img" aria-labelledby="{title_id}" aria-describedby="{figure.name}--summary" style="height:{height}px">{body}</div>'
        if any(isinstance(control, Points) and control.view == name for control in figure.controls.values()):
            body = f'<div class="tl-stage">{body}<div class="tl-handles"></div></div>'
        body += '<output class="tl-readout"></output>'
    return (
        f'<div class="tl-view" data-view="{escape(name)}" data-kind="{described["kind"]}">{head}{body}</div>'
    )


def _legend(described: dict[str, Any], values: Tensor) -> str:
    """The colour scale of a heatmap and its two ends."""
    name = "diverging" if described["signed"] else "sequential"
    limit = heatmap_limit(described, values)
    stops = ", ".join(f"var(--tl-{name}-{level})" for level in range(0, LEVELS, 4))
    low, high = number(-limit if described["signed"] else 0), number(limit)
    return (
        f'<span class="tl-legend"><span>{low}</span>'
        f'<span class="tl-ramp" style="background: linear-gradient(to right, {stops})"></span>'
        f"<span>{high}</span></span>"
    )


HEIGHTS = {"lines": 260, "bars": 260, "scatter": 340}


def _height(figure: Explorable, name: str) -> int:
    """In CSS pixels; chosen once, for the largest the view can become, so that nothing below it ever moves."""
    heights = []
    for _, variant in figure.variants():
        views = figure.show(figure.defaults | variant)
        described, shape = figure.describe_views(views)[name], views[name].tensors()[""].shape
        if described["kind"] in HEIGHTS:
            heights.append(HEIGHTS[described["kind"]])
            continue
        if described["kind"] == "image":
            heights.append(max(110, min(320, round(WIDTH * shape[0] / shape[1]))))
            continue
        rows, named = shape[0], described["axes"][0]["labels"]
        if isinstance(named, str):
            control = figure.controls[named]
            if isinstance(control, Words):
                rows = control.maximum
            elif isinstance(control, Length):
                rows = control.max
        heights.append(max(110, min(380, 70 + 34 * rows)))
    return max(heights)
