"""The notebook's widget: it answers the front end's questions with the live function."""

import re
import sys
from types import ModuleType

import numpy as np
import pytest
import torch

from transformer_lite.explore import (
    Axis,
    Image,
    Number,
    Order,
    Points,
    Scatter,
    Slider,
    Toggle,
    exercise,
    explore,
    page,
)
from transformer_lite.explore.figure import outputs
from transformer_lite.explore.trace import now
from transformer_lite.explore.widget import FigureWidget


@pytest.fixture
def ask():
    """Sends a question as the front end does, and gives the answer."""

    def send(figure, question, values=None):
        widget = FigureWidget(figure, page.html(figure.frames(), pictures=False))
        sent = []
        widget.send = lambda content, buffers=None: sent.append((content, buffers or []))
        widget._handle_custom_msg({"id": 7, "ask": question, "values": values}, [])
        # First that the question has arrived, then the answer.
        taken, (content, buffers) = sent
        assert taken == ({"id": 7, "taken": True}, [])
        assert content["id"] == 7
        return content, buffers

    return send


def test_a_run_gives_the_function_s_numbers(ask, everything):
    # Numbers arrive as JSON writes them: a whole temperature is an int.
    values = everything.defaults | {"temperature": 2, "causal": True, "cell": [4, 3]}
    content, buffers = ask(everything, "run", values)
    wanted = outputs(everything.run(temperature=2.0, causal=True, cell=[4, 3]))
    assert [output["name"] for output in content["outputs"]] == list(wanted)
    for output, buffer, tensor in zip(content["outputs"], buffers, wanted.values(), strict=True):
        got = np.frombuffer(buffer, dtype="<f4").reshape(output["shape"])
        np.testing.assert_array_equal(got, tensor.numpy())
    assert content["views"]["scores"]["axes"][0]["labels"] == "sentence"


def test_a_view_may_show_a_transposed_tensor(ask, everything):
    from transformer_lite.explore import Heatmap

    @explore(x=Slider(0, 1))
    def transposed(x):
        """Caption."""
        return Heatmap((torch.arange(6.0).reshape(2, 3) + x).T)

    content, buffers = ask(transposed, "run", {"x": 0})
    assert content["outputs"][0]["shape"] == [3, 2]
    assert np.frombuffer(buffers[0], dtype="<f4").tolist() == [0, 3, 1, 4, 2, 5]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"sentence": "the zebra"},
            "Not known here: zebra. The words known here: the, cat, dog, chased, a, red.",
        ),
        ({"sentence": ""}, "Type at least one word. The words known here: the, cat, dog, chased, a, red."),
        ({"sentence": "the " * 8}, "That is 8 words; this figure takes at most 7."),
        ({"temperature": 9}, "9 is outside the range of Temperature; it goes from 0.1 to 4."),
        ({"cell": [0, 5]}, "5 is outside Cell; it goes from 0 to 4."),
    ],
)
def test_bad_input_gets_a_sentence(ask, everything, changes, sentence):
    content, buffers = ask(everything, "run", everything.defaults | changes)
    assert content == {"id": 7, "problem": sentence}
    assert not buffers


def test_a_reader_s_own_error_is_named(ask):
    @explore(x=Slider(0, 1), broken=Toggle())
    def broken_by_its_reader(x, broken):
        """Caption."""
        return Number(x + undefined_name if broken else x)  # noqa: F821

    content, _ = ask(broken_by_its_reader, "run", {"x": 0, "broken": True})
    assert content["problem"] == "NameError: name 'undefined_name' is not defined"


@pytest.mark.parametrize("stops", [KeyboardInterrupt, SystemExit])
def test_a_run_that_is_interrupted_is_answered_too(ask, stops):
    @explore(x=Slider(0, 1), slow=Toggle())
    def stopped_by_its_reader(x, slow):
        """Caption."""
        if slow:
            raise stops
        return Number(x)

    content, _ = ask(stopped_by_its_reader, "run", {"x": 0, "slow": True})
    assert content == {"id": 7, "problem": stops.__name__}


def test_an_answer_that_cannot_be_sent_is_a_problem(gradient):
    widget = FigureWidget(gradient, "")
    sent = []

    def send(content, buffers=None):
        if "views" in content:
            raise TypeError("Object of type Tensor is not JSON serializable")
        sent.append(content)

    widget.send = send
    widget._handle_custom_msg({"id": 7, "ask": "run", "values": gradient.defaults}, [])
    assert sent[1:] == [{"id": 7, "problem": "TypeError: Object of type Tensor is not JSON serializable"}]


def test_a_sign_of_life_costs_nothing(ask, gradient):
    assert ask(gradient, "there") == ({"id": 7}, [])


@pytest.mark.parametrize("default", [torch.float64, torch.bfloat16])
def test_a_figure_works_whatever_a_notebook_takes_for_numbers(ask, default):
    weights = torch.eye(2)

    @explore(x=Slider(0, 1), places=Points("map", [[0.5, 1.0]]))
    def made_with_float32(x, places):
        """Caption."""
        return {
            "product": Number((weights @ weights * x).sum()),
            "map": Scatter(places @ weights, range=(-3, 3)),
        }

    torch.set_default_dtype(default)
    try:
        content, buffers = ask(made_with_float32, "run", {"x": 0.5, "places": [[0.5, 1]]})
    finally:
        torch.set_default_dtype(torch.float32)
    assert "problem" not in content
    assert np.frombuffer(buffers[0], dtype="<f4").tolist() == [1]
    assert np.frombuffer(buffers[1], dtype="<f4").tolist() == [0.5, 1]


def test_the_trace_is_the_one_that_the_website_has(ask, gradient):
    content, _ = ask(gradient, "trace")
    assert content["trace"] == now(gradient)


def test_plotly_travels_as_text(ask, gradient):
    content, _ = ask(gradient, "plotly")
    assert "Plotly" in content["source"]
    assert len(content["source"]) > 1_000_000


@pytest.fixture
def shown(monkeypatch):
    """What a notebook's cell shows of a figure or an exercise: the widget, and nothing that could hide it."""
    monkeypatch.delenv("TRANSFORMER_LITE_SITE", raising=False)

    def show(thing):
        bundle = thing._repr_mimebundle_()
        bundle = bundle[0] if isinstance(bundle, tuple) else bundle
        assert "application/vnd.jupyter.widget-view+json" in bundle
        assert "text/html" not in bundle
        return bundle

    return show


def test_a_notebook_gets_the_live_widget_alone(shown, gradient, everything, places):
    for figure in (gradient, everything, places):
        shown(figure)


def test_colab_gets_nothing_else_at_all(shown, gradient, monkeypatch):
    """Which form it would take is written down nowhere."""
    live = "application/vnd.jupyter.widget-view+json"
    assert shown(gradient).keys() == {live, "image/png", "text/plain"}
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    assert shown(gradient).keys() == {live, "text/plain"}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"options": ["none", "one"], "hints": {"none": "It is more."}},
        {"order": ["a", "b"]},
        {"mask": (["a"], ["b"])},
    ],
)
def test_a_notebook_gets_an_exercise_as_a_widget_alone(shown, options):
    answers = {"order": torch.tensor([1, 0]), "mask": torch.ones(1, 1).bool()}

    @exercise(**{"hints": {}} | options)
    def question():
        """How much?"""
        return {"right": answers.get(next(iter(options), ""), torch.tensor(1))}

    shown(question)


def test_a_notebook_gets_the_markup_of_the_page_without_its_pictures(gradient, everything, places):
    """Whatever figure the page can show, a notebook can."""
    for figure in (gradient, everything, places):
        with_pictures = page.html(figure.frames(), "source-0", pictures=True)
        # Nor why its script has not run, as it is there, nor a link, as its address holds no settings.
        left_out = r'<svg.*?</svg>|<p class="tl-asleep">.*?</p>|<button [^>]*data-tool="link">.*?</button>'
        empty = re.sub(left_out, "", with_pictures.replace("source-0", ""), flags=re.DOTALL)
        assert empty == page.html(figure.frames(), pictures=False)


@pytest.fixture
def places():
    """A figure with the controls and the views that the others lack."""
    start = [[0.0, 1.0], [2.0, 0.5], [1.0, 1.0]]

    @explore(points=Points("map", start), order=Order(["a", "b", "c"]))
    def places_in_order(points, order):
        """Three places."""
        return {
            "map": Scatter(points, range=(-3, 3), points=Axis("place", ["a", "b", "c"])),
            "picture": Image(points[order].sigmoid()),
        }

    return places_in_order
