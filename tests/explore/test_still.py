"""What stands for a figure where no kernel answers: in a saved notebook, and in what is made of one."""

import io
import json
import re
from base64 import b64decode
from html import unescape

import nbformat
import numpy as np
import pytest
import torch
from matplotlib.image import imread
from nbconvert import HTMLExporter, LatexExporter

from transformer_lite.explore import Heatmap, Slider, exercise, explore, page, palette, still
from transformer_lite.explore.pen import WIDTH


@pytest.fixture
def saved(monkeypatch):
    """A notebook that shows these, as JupyterLab would save it: without the state of its widgets."""
    monkeypatch.delenv("TRANSFORMER_LITE_SITE", raising=False)

    def save(*shown):
        bundles = [each._repr_mimebundle_() for each in shown]
        outputs = [
            nbformat.v4.new_output("display_data", data, metadata=metadata) for data, metadata in bundles
        ]
        cells = [nbformat.v4.new_code_cell("figure", outputs=[output]) for output in outputs]
        notebook = nbformat.v4.new_notebook(cells=cells)
        nbformat.validate(notebook)
        return notebook

    return save


@exercise(hints={"halved": "Nothing is halved."})
def how_much():
    """How much is it?

    Count *all* of it.
    """
    return {"right": torch.tensor(4.0), "halved": torch.tensor(2.0)}


def picture(figure):
    data, metadata = still.figure(figure.frames())
    pixels = imread(io.BytesIO(b64decode(data["image/png"])))
    assert metadata == {"image/png": {"width": WIDTH}}
    assert pixels.shape[1] == 2 * WIDTH
    return pixels


def test_a_saved_notebook_shows_its_figures_as_a_page_and_on_paper_and_stays_small(saved, everything):
    notebook = saved(everything, how_much)
    html, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    png = notebook.cells[0].outputs[0].data["image/png"]
    assert f"data:image/png;base64,{png}" in html.replace("\n", "")
    assert f'width="{WIDTH}"' in html
    assert "Count <em>all</em> of it." in html
    assert "widget" not in html.lower()

    notebook.cells = notebook.cells[:1]
    assert len(json.dumps(notebook)) < 200_000
    latex, resources = LatexExporter().from_notebook_node(notebook)
    (name,) = resources["outputs"]
    assert name in latex
    assert resources["outputs"][name] == b64decode(png)


def test_the_picture_has_every_view_of_the_figure(everything):
    """Those that are drawn at their height; those that are written as a sentence."""
    pixels = picture(everything)
    views = everything.run()
    drawn = sum(
        view.height(view.tensors()[""].shape[0])
        for view in views.values()
        if view.kind in ("heatmap", "bars")
    )
    assert 2 * drawn + 2 * 2 * 20 <= len(pixels) <= 2 * drawn + 2 * 2 * 60


def test_the_picture_has_the_palette_s_colours_on_paper():
    @explore(x=Slider(0, 1))
    def cells(x):
        """Caption."""
        return Heatmap(torch.tensor([[0.0, 0.5, 1.0]]) + 0 * x)

    pixels = (picture(cells)[..., :3] * 255).round().astype(int)
    seen = {tuple(pixel) for pixel in np.unique(pixels.reshape(-1, 3), axis=0).tolist()}
    light = palette.colours("light")
    for name in ("paper", "ink", "sequential-0", "sequential-16", "sequential-32"):
        assert tuple(int(light[name][i : i + 2], 16) for i in (1, 3, 5)) in seen, name
    corners = pixels[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners == 255).all(), "and not transparent: whoever shows it may be dark"


def test_a_figure_is_said_in_words_where_no_picture_is_shown(everything):
    data, _ = still.figure(everything.frames())
    name, caption, said = data["text/plain"].split("\n")
    assert name == "<figure attention-matrix>"
    assert caption == "How much each word attends to each."
    assert said.startswith("Scores: 5 × 5 numbers.")
    assert said in page.html(everything.frames(), pictures=False)


def test_a_view_by_itself_has_a_picture_for_those_who_take_its_drawing_away(monkeypatch, tmp_path):
    """As GitHub does: without the style sheet the picture is there, and with it hidden."""
    monkeypatch.delenv("TRANSFORMER_LITE_SITE", raising=False)
    view = Heatmap(torch.eye(3), title="Nobody <else>")
    data = view._repr_mimebundle_()
    (sheet,) = re.findall(r"<style>(.*?)</style>", data["text/html"], re.DOTALL)
    assert re.search(r"\.tl-still \.tl-instead \{ display: none; \}", sheet)
    left = re.sub(r"<(style|svg)\b.*?</\1>", "", data["text/html"], flags=re.DOTALL)
    (shown,) = re.findall(
        r'<img class="tl-instead" alt="([^"]*)" width="460" src="data:image/png;base64,', left
    )
    assert unescape(shown) == data["text/plain"]
    assert left.count("Nobody &lt;else&gt;</div>") == 1, "the title, which is not in the picture"
    # The website takes nothing away.
    monkeypatch.setenv("TRANSFORMER_LITE_SITE", str(tmp_path))
    assert "<img" not in view._repr_mimebundle_()["text/html"]
