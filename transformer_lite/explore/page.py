"""A figure as HTML: its controls, the place of each view with its default picture, and its words.

The front end brings exactly this markup to life, on the website and in a notebook, so nothing moves when it does.
What stands inside a control or a view, each kind writes itself.
"""

# ruff: noqa: E501 - markup reads best with an element a line

from html import escape

from .figure import Figure, Frames, Shown
from .markup import UNTRANSLATED, asleep, data, paragraphs, waiting, without_javascript
from .text import say


def html(frames: Frames, source: str = "", sizes: str = "", weights: str = "", *, pictures: bool) -> str:
    """The figure's markup at its default settings, with or without the default pictures.

    `source` is the name of its files on the website, `sizes` are their bytes, and `weights` names trained weights, with
    their bytes. Elsewhere there are none, the script is there before the markup, and no address holds settings to link
    to.
    """
    figure = frames.figure
    shown = frames.at(figure.defaults)
    name = escape(figure.name)
    controls = "\n".join(_control(figure, control, shown) for control in figure.controls)
    slots = "\n".join(_slot(frames, view, shown, pictures) for view in shown.views)
    summary = shown.summary()
    said = escape(summary)
    tools = "".join(
        f'<button type="button" data-tool="{tool}">{escape(say(tool))}</button>'
        for tool in ("reset", *(["link"] if source else []), "table", "csv", "png", "svg", "check")
    )
    asked = _question(figure, shown)
    return f"""<figure class="explorable" id="{name}"{' data-guess="asleep"' if asked else ""} data-state="picture" data-source="{escape(source)}" data-bytes="{sizes}" data-weights="{weights}">
<script type="application/json" class="tl-description">{data(figure.describe())}</script>
<fieldset class="tl-controls" aria-describedby="{name}--waiting" disabled><legend class="tl-hidden">{escape(figure.name.replace("-", " "))}</legend>
{controls}
</fieldset>
{asked}
<div class="tl-views">
{slots}
</div>
<p class="tl-message" role="status"></p>
{without_javascript(say("no-javascript"), summary)}
{asleep() if source else ""}
<figcaption>{paragraphs(figure.caption)}</figcaption>
<details class="tl-words"><summary>{escape(say("summary-label"))}</summary><p class="tl-summary" id="{name}--summary">{said}</p></details>
<div class="tl-foot">{waiting(f"{name}--waiting")}<div class="tl-tools" role="group" aria-label="{escape(say("tools"))}">{tools}</div></div>
<div class="tl-table" role="group" tabindex="0" aria-label="{escape(say("table"))}" hidden></div>
</figure>"""


def _control(figure: Figure, name: str, shown: Shown) -> str:
    control, id_ = figure.controls[name], f"{figure.name}--{name}"
    return f"""<div class="tl-control" data-control="{escape(name)}" data-kind="{control.kind}">
{control.html(id_, shown.setting.values[name], shown.setting)}
<p class="tl-problem" id="{id_}--problem" role="alert"></p>
</div>"""


def _question(figure: Figure, shown: Shown) -> str:
    """What the reader is asked first, if anything."""
    predict = figure.predict
    if not predict:
        return ""
    return predict.html(f"{figure.name}--predict", shown.views, shown.labels(predict.view))


def _slot(frames: Frames, name: str, shown: Shown, pictures: bool) -> str:
    figure, view = frames.figure, shown.views[name]
    # A name may have blanks, and an id none.
    id_ = "-".join(f"{figure.name}--{name}".split())
    title_id = f"{id_}--title"
    body = view.text(shown.labels(name))
    if body is None:
        height = _height(frames, name)
        drawn = view.picture(shown.labels(name), height, id_) if pictures else ""
        body = f'<div class="tl-slot"{UNTRANSLATED} role="img" aria-labelledby="{title_id}" aria-describedby="{figure.name}--summary" style="height:{height}px">{drawn}</div>'
        handled = any(control.handled and control.within == name for control in figure.controls.values())
        if handled or figure.asked.get("view") == name:
            body = f'<div class="tl-stage">{body}<div class="tl-handles"></div></div>'
        body += '<output class="tl-readout"></output>'
    return view.framed(name, title_id, body, covered=name in figure.asked.get("hidden", ()))


def _height(frames: Frames, name: str) -> int:
    """In CSS pixels; chosen once, for the largest the view can become, so that nothing below it ever moves."""
    heights = []
    for shown in frames.variants().values():
        view, axes = shown.views[name], shown.described[name]["axes"]
        rows = view.tensors()[""].shape[0]
        heights.append(view.height(shown.setting.longest(axes[0], rows) if axes else rows))
    return max(heights)
