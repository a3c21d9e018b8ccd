"""`@explore`: the controls and the function belong together, and a figure's settings stay inside it."""

import pytest
import torch

from transformer_lite.explore import (
    Axis,
    Bars,
    Choice,
    Explorable,
    Heatmap,
    Length,
    Lines,
    Number,
    Pick,
    Scatter,
    Slider,
    Toggle,
    Words,
    explore,
    host,
)
from transformer_lite.explore.figure import outputs
from transformer_lite.explore.graph import export


def scalar(x):
    """A number."""
    return Number(x)


def test_the_decorated_function_still_computes():
    figure = explore(x=Slider(0, 2))(scalar)
    assert isinstance(figure, Explorable)
    assert figure(torch.tensor(1.5)).value.item() == 1.5
    assert figure.__doc__ == scalar.__doc__


def test_names():
    def softmax_of_scores(x):
        """A caption
        over two lines.
        """
        return Number(x)

    figure = explore(x=Slider(0, 2))(softmax_of_scores)
    assert figure.name == "softmax-of-scores"
    assert figure.caption == "A caption\nover two lines."
    assert list(figure.run()) == ["number"]
    assert figure.run()["number"].title == "Number"


def test_run_computes_what_the_function_computes(everything):
    shown = everything.run(temperature=2.0, scale="d", causal=True, cell=[2, 1])
    x = everything.function.__globals__["EMBEDDING"][[0, 1, 3, 0, 2]]
    scores = (x @ x.T / 8).masked_fill(torch.ones(5, 5).triu(1).bool(), -torch.inf)
    torch.testing.assert_close(shown["scores"].values, scores)
    torch.testing.assert_close(shown["weights"].values, scores.softmax(-1))
    torch.testing.assert_close(shown["weight"].value, scores.softmax(-1)[2, 1])


def test_outputs_are_named_after_views_and_parts(everything, gradient):
    assert list(outputs(everything.run())) == ["scores", "weights", "row", "weight", "vectors"]
    assert list(outputs(gradient.run())) == ["norm", "curve", "curve.at"]


def test_one_declaration_serves_several_figures():
    slider = Slider(0, 2)
    one, two = explore(x=slider)(scalar), explore(x=slider)(scalar)
    assert one.controls["x"] is not two.controls["x"]
    assert slider.label is None


@pytest.mark.parametrize(
    ("controls", "reason"),
    [
        ({}, "scalar takes x, but its controls are none"),
        ({"y": Slider(0, 1)}, "scalar takes x, but its controls are y"),
        ({"x": Slider(0, 1), "y": Slider(0, 1)}, "scalar takes x, but its controls are x, y"),
    ],
)
def test_one_control_for_each_parameter(controls, reason):
    with pytest.raises(ValueError, match=reason):
        explore(**controls)(scalar)


def test_a_figure_needs_a_caption():
    with pytest.raises(ValueError, match="needs a docstring"):
        explore(x=Slider(0, 1))(lambda x: Number(x))


@pytest.mark.parametrize("returned", [lambda x: x, lambda x: {"a": x}, lambda x: [Number(x)], lambda x: {}])
def test_a_figure_returns_views(returned):
    def figure(x):
        """Caption."""
        return returned(x)

    with pytest.raises(ValueError, match="must return a view or a dict of views"):
        explore(x=Slider(0, 1))(figure).run()


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_numbers_on_display_are_finite(bad):
    def quotient(x):
        """Caption."""
        return {"good": Number(x), "bad view": Number(torch.where(x > 1, bad, x))}

    figure = explore(x=Slider(0, 2))(quotient)
    assert figure.run(x=1.0)["good"].value.item() == 1
    with pytest.raises(ValueError, match="quotient gives numbers that are not finite in “bad view”"):
        figure.run(x=2.0)


def test_a_mask_s_minus_infinity_is_shown(everything):
    assert everything.run(causal=True)["scores"].values.isneginf().sum() == 10


# -- settings ------------------------------------------------------------------------------------------------------


def test_check_keeps_what_is_not_changed(everything):
    values = everything.check({"temperature": 2.0})
    assert values == everything.defaults | {"temperature": 2.0}
    assert everything.check({"causal": True}, values) == values | {"causal": True}
    assert everything.defaults["temperature"] == 1.0


def test_an_unknown_control_is_named_with_those_there_are(everything):
    with pytest.raises(ValueError) as refusal:
        everything.check({"heat": 1.0})
    assert str(refusal.value) == (
        "There is no control named “heat” here; the controls are sentence, temperature, cell, scale, causal."
    )


def test_an_untouched_pick_moves_to_the_last_index(everything):
    assert everything.check({"sentence": "the"})["cell"] == [0, 0]
    assert everything.check({"sentence": "the cat"})["cell"] == [1, 1]


@pytest.mark.parametrize("cell", [[5, 0], [0, 5], [-1, 0], [0, -1]])
def test_a_touched_pick_lies_inside_its_view(everything, cell):
    with pytest.raises(ValueError, match="outside Cell; it goes from 0 to 4"):
        everything.check({"cell": cell})


def test_a_pick_may_follow_a_sentence_changed_with_it(everything):
    longer = {"sentence": "the cat chased the red dog", "cell": [5, 5]}
    assert everything.check(longer)["cell"] == [5, 5]
    with pytest.raises(ValueError, match="it goes from 0 to 1"):
        everything.check({"sentence": "the cat", "cell": [2, 0]})


def pick_figure(pick, view):
    def figure(n, at):
        """Caption."""
        return {"curve": view(n.float()), "at": Number(at if at.ndim == 0 else at[0])}

    return explore(n=Length(2, 6, value=4), at=pick)(figure)


def test_picks_know_the_sizes_of_their_axes():
    by_length = pick_figure(Pick("curve", row=1), lambda x: Bars(x, items=Axis("position", "n")))
    assert by_length.check({"n": 2})["at"] == 1
    assert by_length.check({"n": 6, "at": 5})["at"] == 5
    with pytest.raises(ValueError, match="it goes from 0 to 3"):
        by_length.check({"at": 4})
    fixed = pick_figure(Pick("curve", column=2), lambda x: Heatmap(torch.zeros(2, 3) + x[0]))
    with pytest.raises(ValueError, match="it goes from 0 to 2"):
        fixed.check({"at": 3})


def test_a_pick_along_an_unnamed_axis_that_changes_is_refused_or_follows_it():
    # The axis has the length of `n`, but nothing says so: after n = 2 an index of 3 would be outside.
    try:
        figure = pick_figure(Pick("curve", row=3), lambda x: Bars(x))
    except ValueError as reason:
        assert "at {'n': 2}" in str(reason)
    else:
        assert figure.check({"n": 2})["at"] == 1


@pytest.mark.parametrize(
    ("pick", "view", "reason"),
    [
        (Pick("line", row=0), Bars, "there is no view 'line'; the views are curve, at"),
        (Pick("curve", column=0), Bars, "1 dimension"),
        (Pick("at", row=0), Bars, "0 dimension"),
        (Pick("curve", row=0), Lines, "0 dimension"),
        (Pick("curve", row=9), lambda x: Bars(x, items=Axis("position", "n")), "it goes from 0 to 3"),
    ],
)
def test_picks_that_cannot_be(pick, view, reason):
    with pytest.raises(ValueError, match=reason):
        pick_figure(pick, view)


def test_variants_are_the_choices_times_the_toggles(everything):
    variants = dict(everything.variants())
    assert len(variants) == 6
    assert variants["0,0"] == {"scale": "none", "causal": False}
    assert variants["2,1"] == {"scale": "d", "causal": True}


def test_a_figure_without_variants_has_one():
    assert dict(explore(x=Slider(0, 1))(scalar).variants()) == {"": {}}


def test_labels_that_name_no_control_are_left_to_numbers():
    def figure(sentence):
        """Caption."""
        return {"a": Bars(sentence, items="word"), "b": Bars(sentence, items="sentence")}

    shown = explore(sentence=Words("the", vocabulary=["the"]))(figure)
    described = shown.show(shown.defaults).described
    assert described["a"]["axes"][0]["labels"] is None
    assert described["b"]["axes"][0]["labels"] == "sentence"


# -- computed once ---------------------------------------------------------------------------------------------------


def test_a_figure_of_the_website_computes_each_setting_once(monkeypatch, tmp_path):
    monkeypatch.setenv(host.SITE, str(tmp_path))
    computed = []

    @explore(
        x=Slider(0, 1, value=0.5),
        words=Words("a b", vocabulary=["a", "b", "c"]),
        word=Pick("bars", row=1),
        power=Choice([1, 2, 3]),
    )
    def four_views(x, words, word, power):
        """Caption."""
        if type(words) is torch.Tensor and not torch.compiler.is_compiling():
            computed.append((x.item(), tuple(words.tolist()), word.item(), power))
        bars = (words + x) ** power
        return {
            "bars": Bars(bars, items="words"),
            "map": Heatmap(bars.outer(bars), rows="words", signed=True),
            "line": Lines(bars),
            "number": Number(bars[word]),
        }

    four_views._repr_mimebundle_()
    assert len(computed) >= 8  # the defaults, the ends of each control, random settings
    assert len(computed) == len(set(computed)), computed


def test_a_figure_that_is_shown_again_is_computed_again():
    """The reader may have run another cell meanwhile."""
    scale = torch.tensor(1.0)

    @explore(x=Slider(1, 2))
    def scaled(x):
        """Caption."""
        return Number(x * scale)

    assert scaled.frames().at({"x": 1}).outputs["number"].item() == 1
    scale.fill_(3)
    assert scaled.frames().at({"x": 1}).outputs["number"].item() == 3


# -- the mathematics apart from its look -----------------------------------------------------------------------------

CURVE = torch.arange(5.0)


def apart(function, show):
    controls = {"time": Slider(0, 4, value=1), "log": Toggle(False)}
    return explore(**controls, show=show)(function)


def mathematics(time, log):
    """Caption."""
    curve = CURVE.add(1).log() if log else CURVE * time
    return {"curve": curve, "places": CURVE**2, "sum": curve.sum()}


LOOK = {"curve": Lines(x="places", at="time", y_title="y"), "sum": Number(title="All of it")}


def test_tensors_by_name_are_drawn_as_show_says():
    def together(time, log):
        """Caption."""
        found = mathematics(time, log)
        return {
            "curve": Lines(found["curve"], x=found["places"], at=time, y_title="y"),
            "sum": Number(found["sum"], title="All of it"),
        }

    controls = {"time": Slider(0, 4, value=1), "log": Toggle(False)}
    one, other = apart(mathematics, LOOK), explore(**controls)(together)
    for changes in ({}, {"time": 2.5}, {"log": True}):
        shown, wanted = one.show(one.check(changes)), other.show(other.check(changes))
        assert shown.described == wanted.described
        assert list(shown.outputs) == list(wanted.outputs) == ["curve", "curve.x", "curve.at", "sum"]
        for name, tensor in wanted.outputs.items():
            assert shown.outputs[name].equal(tensor), name
    assert set(export(one.frames())) == {"0", "1"}


def test_a_single_view_takes_the_tensor_as_it_is():
    def number(x):
        """Caption."""
        return x * 2

    figure = explore(x=Slider(0, 1, value=0.5), show=Number(title="Twice"))(number)
    assert figure.run()["number"].value.item() == 1
    assert figure.run()["number"].title == "Twice"


def test_one_declaration_of_looks_serves_several_figures():
    one, other = apart(mathematics, LOOK), apart(mathematics, LOOK)
    assert one.run(time=2.0)["sum"].value.item() == 2 * other.run()["sum"].value.item()


@pytest.mark.parametrize(
    ("show", "reason"),
    [
        ({"curve": Lines(x="places")}, "returns 'sum', but show= does not say how it is drawn"),
        (LOOK | {"more": Number()}, "Number 'more': there is no 'more' among"),
        (LOOK | {"sum": Number("total")}, "Number 'sum': there is no 'total' among"),
        (LOOK | {"curve": Lines(x="sum")}, "Lines x shows a tensor of 1 dimension"),
        (Number(), "Number 'number': there is no 'number' among time, curve, places, sum"),
    ],
)
def test_looks_that_do_not_fit(show, reason):
    with pytest.raises(ValueError, match=reason):
        apart(mathematics, show)


def test_a_function_that_returns_views_where_looks_are_given():
    def views(time, log):
        """Caption."""
        return Number(time)

    with pytest.raises(
        ValueError, match="must return tensors by name, as show= says how each is drawn, got Number"
    ):
        apart(views, LOOK)


@pytest.mark.parametrize("view", [Number(), Scatter("points", range=(0, 1))])
def test_a_view_without_its_tensor_is_refused(view):
    def bare(x):
        """Caption."""
        return {"bare": view}

    with pytest.raises(ValueError, match="the view 'bare' has no tensor to show"):
        explore(x=Slider(0, 1))(bare)
