"""`Predict`: what may be asked before a view, what stands in the page by then, and a curve drawn by hand."""

import random
import re

import numpy as np
import pytest
import torch

from transformer_lite.explore import Bars, Heatmap, Lines, Number, Predict, Scatter, Slider, explore, page
from transformer_lite.explore.text import say

SIZES = torch.tensor([0.5, 2.0, 1.0])
LOOKS = {
    "sum": Number(),
    "bars": Bars(),
    "groups": Bars(),
    "cells": Heatmap(),
    "points": Scatter(range=(0, 9)),
    "curve": Lines(range=(0, 9)),
    "free": Lines(),
    "logarithmic": Lines(range=(1, 9), log_y=True),
}


def figure(predict, answer=None):
    @explore(x=Slider(0, 1), show=LOOKS, predict=predict)
    def sizes(x):
        """Sizes of many kinds."""
        grid = torch.stack([SIZES, SIZES * (1 + x)])  # (2, 3)
        shown = dict.fromkeys(LOOKS, grid) | {"sum": grid.sum(), "bars": grid[0], "points": grid[:, :2]}
        return shown | ({} if answer is None else {"right": torch.tensor(answer)})

    return sizes


@pytest.mark.parametrize(
    ("asked", "answer", "reason"),
    [
        ({"view": "no"}, None, "hides a view 'no'; the views are sum, bars"),
        ({"view": "sum", "hides": ["no"]}, None, "hides a view 'no'"),
        ({"view": "sum", "question": " "}, None, "needs a question"),
        ({"view": "points"}, None, "a Scatter takes no guess of its own"),
        ({"view": "groups"}, None, "a Bars takes no guess of its own"),
        ({"view": "sum", "options": ["a"], "answer": "right"}, 0, "two options or more"),
        ({"view": "sum", "options": ["a", "a"], "answer": "right"}, 0, "all different"),
        ({"view": "sum", "options": ["a", "b"]}, None, "needs answer="),
        (
            {"view": "sum", "options": ["a", "b"], "answer": "right"},
            None,
            "'right', but the function returns",
        ),
        ({"view": "sum", "options": ["a", "b"], "answer": "right"}, 2, "index of the 2 options, got 2"),
        ({"view": "sum", "options": ["a", "b"], "answer": "right"}, [1], r"index of the 2 options, got \[1"),
        ({"view": "sum", "answer": "right"}, 0, "the number on display; leave answer='right' out"),
        ({"view": "curve", "answer": "right"}, 0, "the curve on display; leave answer='right' out"),
        ({"view": "curve", "series": 2}, None, "series 2 of 'curve', which has 2"),
        ({"view": "free"}, None, "give 'free' a range="),
        ({"view": "logarithmic"}, None, "no log_y="),
        ({"view": "cells", "answer": "right"}, [2, 0], r"of shape \(2, 3\), got \[2"),
        ({"view": "cells", "answer": "right"}, 1, "an index for each dimension of 'cells'"),
        ({"view": "bars", "answer": "right"}, [1], "an index for each dimension of 'bars'"),
        ({"view": "bars", "answer": "right"}, 1.5, "an index for each dimension of 'bars'"),
    ],
)
def test_unusable_questions_are_refused(asked, answer, reason):
    with pytest.raises(ValueError, match=reason):
        figure(Predict(**{"question": "What?"} | asked), answer)


def test_an_answer_by_name_needs_tensors_by_name():
    asked = Predict("Which?", view="bars", options=["a", "b"], answer="right")
    with pytest.raises(ValueError, match="must return tensors by name"):

        @explore(predict=asked)
        def bars():
            """Bars."""
            return {"bars": Bars(SIZES)}


@pytest.mark.parametrize(
    ("view", "more", "answer", "kind"),
    [
        ("sum", {}, None, "number"),
        ("bars", {}, None, "place"),
        ("bars", {"answer": "right"}, 2, "place"),
        ("cells", {"answer": "right"}, [1, 2], "place"),
        ("curve", {"series": 1}, None, "curve"),
        ("points", {"options": ["a", "b"], "answer": "right"}, 1, "choice"),
    ],
)
def test_the_answer_is_among_the_numbers_on_display_and_not_in_the_markup(view, more, answer, kind):
    asked = figure(Predict("What will it be?", view=view, hides=["free"], **more), answer)
    assert asked.describe()["predict"] == {
        "kind": kind,
        "view": view,
        "hidden": [view, "free"],
        "options": more.get("options", []),
        "series": more.get("series", 0),
    }
    outputs = asked.show(asked.defaults).outputs
    assert {name for name in outputs if "." in name} == ({f"{view}.answer"} if answer is not None else set())
    if answer is not None:
        assert outputs[f"{view}.answer"].tolist() == answer
    html = page.html(asked.frames(), "source-0", pictures=False)
    assert re.findall(r'class="tl-view tl-covered" data-view="(\w+)"', html) == [
        name for name in LOOKS if name in (view, "free")
    ]
    assert html.count(">What will it be?</legend>") == 1
    assert 'data-guess="asleep"' in html
    assert "checked" not in html and html.count(" selected") == html.count("–</option>")
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for reference in re.findall(r'(?:for|aria-labelledby|aria-describedby)="([^"]+)"', html):
        assert reference in ids
    # A question is nothing to those whose browser runs no scripts.
    (style,) = re.findall(r"<noscript><style>(.*?)</style>", html)
    assert ".tl-predict" in style and ".tl-covered" in style


def test_a_figure_without_a_question_covers_nothing(everything):
    html = page.html(everything.frames(), "source-0", pictures=False)
    assert not re.search(r'class="[^"]*tl-(covered|predict)|data-guess', html)
    assert "predict" not in everything.describe()
    assert say("guess-skip") not in html


# -- a curve drawn by hand -----------------------------------------------------------------------------------------


def test_a_drawn_curve_is_straight_between_its_knots(node):
    rng = random.Random(0)
    cases = [([rng.uniform(-3, 3) for _ in range(rng.randint(2, 9))], rng.randint(2, 40)) for _ in range(50)]
    found = node(
        """const { spread } = await front("curve.mjs");
        return data.map(([knots, count]) => spread(knots, count));""",
        cases,
    )
    for (knots, count), got in zip(cases, found, strict=True):
        wanted = np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(knots)), knots)
        np.testing.assert_allclose(got, wanted, atol=1e-12)


def test_the_pen_moves_the_knots_that_it_passes_and_the_nearest(node):
    places = [0, 10, 20, 30, 40]
    strokes = [
        ([12, 5], [12, 5]),  # a tap
        ([0, 0], [40, 4]),
        ([38, 1], [9, 7]),  # back again, over three
        ([21, 1], [24, 9]),  # between two
        ([14, 2], [14, 8]),  # straight up
        ([-9, 3], [55, 3]),  # out of the chart
    ]
    found = node(
        """const { stroke } = await front("curve.mjs");
        return data[1].map(([from, to]) => stroke([-1, -1, -1, -1, -1], data[0], from, to));""",
        [places, strokes],
    )
    for ((x0, y0), (x1, y1)), got in zip(strokes, found, strict=True):
        (left, right), (low, high) = sorted([x0, x1]), sorted([y0, y1])
        nearest = min(places, key=lambda x: abs(x - x1))
        for x, y in zip(places, got, strict=True):
            if x == nearest:
                assert y == y1
            elif x0 != x1 and left <= x <= right:
                np.testing.assert_allclose(y, np.interp(x, [left, right], [y0, y1] if x0 < x1 else [y1, y0]))
                assert low <= y <= high
            else:
                assert y == -1, "the pen was not there"


def test_words_of_a_verdict_are_computed_from_both(node):
    tensor = {"shape": [2, 3], "data": [0.5, 2, 1, 1, 2, 0]}
    series = {"": tensor, "x": {"shape": [3], "data": [10, 20, 40]}}
    labels = [["a", "b"], ["x", "y", "z"]]
    said = node(
        """const { GUESSES } = await front("predict.mjs");
        return data.map(([kind, ...asked]) => GUESSES[kind].verdict(...asked));""",
        [
            ["place", {}, [0, 2], series, labels],
            ["place", {}, [1, 1], series, labels],  # as large as the other
            ["place", {}, [1, 1], series | {"answer": {"shape": [2], "data": [0, 1]}}, labels],
            ["number", {}, 0.25, {"": {"shape": [], "data": [0.0831]}}, []],
            ["number", {}, 0.08311, {"": {"shape": [], "data": [0.0831]}}, []],
            ["choice", {"options": ["yes", "no"]}, "yes", {"answer": {"shape": [], "data": [1]}}, []],
            ["curve", {"series": 1}, [1, 1.5], series, labels],
        ],
    )
    cell = [
        say("answer-cell", row=row, column=column) for row, column in (("a", "z"), ("a", "y"), ("b", "y"))
    ]
    assert said == [
        say("guess-wrong", guess=cell[0], truth=cell[1]),
        say("guess-right", guess=cell[2]),
        say("guess-wrong", guess=cell[2], truth=cell[1]),
        say("guess-wrong", guess="0.25", truth="0.0831"),
        say("guess-right", guess="0.0831"),
        say("guess-wrong", guess="“yes”", truth="“no”"),
        say("guess-curve", place="40", guess="1.5", truth="0"),
    ]
