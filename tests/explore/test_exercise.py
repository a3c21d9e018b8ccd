"""`@exercise`: a question that checks itself against what a torch function computes."""

import json
import re

import pytest
import torch

from transformer_lite.explore import Exercise, exercise, host

QUERY, KEY = torch.tensor([[1.0, 2.0], [0.5, -1.0]]), torch.tensor([[3.0, 1.0], [2.0, 4.0]])


def score():
    """What is the score of query 0 and key 1?"""
    return {"right": QUERY[0] @ KEY[1], "transposed": QUERY[0] @ KEY[:, 1]}


HINTS = {"transposed": "A key is a row of K."}
SCALES = ["not at all", "by √d", "by d"]
SCALE_HINTS = {"not at all": "The scores grow.", "by d": "The scores vanish."}


def scale():
    """What to divide by?"""
    return {"right": torch.tensor(1)}


ORDER_HINTS = {"reversed": "The other way round."}
MASK_HINTS = {"none": "Then nobody sees anything."}


def order():
    """What comes first?"""
    return {"right": torch.tensor([1, 0, 2]), "reversed": torch.tensor([2, 0, 1])}


def mask():
    """Who sees whom?"""
    return {"right": torch.ones(3, 2).tril().bool(), "none": torch.zeros(3, 2).bool()}


def test_orders_and_masks_are_answers_too():
    ordered = exercise(hints=ORDER_HINTS, order=["a", "b", "c"])(order)
    masked = exercise(hints=MASK_HINTS, mask=(["x", "y", "z"], ["x", "y"]))(mask)
    assert (ordered.kind, masked.kind) == ("order", "mask")
    assert ordered.figure.run()["right"].tensors()[""].tolist() == [1, 0, 2]
    assert masked.figure.run()["right"].tensors()[""].tolist() == [[1, 0], [1, 1], [1, 1]]
    assert masked.html().count("tl-cell") == 6
    assert 'aria-label="row z, column y"' in masked.html()
    assert re.findall(r'class="tl-chip"[^>]*>(\w)<', ordered.html()) == ["a", "b", "c"]


def test_answers_are_computed():
    made = exercise(hints=HINTS)(score)
    assert isinstance(made, Exercise)
    shown = made.figure.run()
    assert {name: view.value.item() for name, view in shown.items()} == {"right": 10, "transposed": 9}


def test_the_description_holds_no_answer():
    described = exercise(hints=HINTS)(score).describe()
    assert described == {
        "name": "score",
        "kind": "number",
        "hints": HINTS,
        "options": [],
        "order": [],
        "tolerance": 0.01,
    }
    assert "10" not in json.dumps(described)


@pytest.mark.parametrize(
    ("function", "arguments", "reason"),
    [
        (lambda: {"wrong": torch.tensor(1.0)}, {"hints": {}}, "under 'right', got wrong"),
        (score, {"hints": {}}, r"one hint for each of \['transposed'\], got \[\]"),
        (score, {"hints": HINTS | {"other": "…"}}, "one hint for each"),
        (score, {"hints": HINTS, "tolerance": 0.1}, "'right' and 'transposed' cannot be told apart, 10"),
        (
            lambda: {"right": torch.tensor(1.0), "one": torch.tensor(5.0), "other": torch.tensor(4.96)},
            {"hints": {"one": "…", "other": "…"}},
            "'one' and 'other' cannot be told apart, 5",
        ),
        (
            lambda: {"right": torch.tensor(3)},
            {"hints": SCALE_HINTS, "options": SCALES},
            "index of the 3 options, got 3",
        ),
        (scale, {"hints": {"by d": "…"}, "options": SCALES}, "one hint for each"),
        (lambda: {"right": torch.tensor(torch.nan)}, {"hints": {}}, "not finite"),
        (score, {"hints": HINTS, "options": SCALES, "order": SCALES}, "one kind, got choice and order"),
        (order, {"hints": ORDER_HINTS, "order": ["a", "b"]}, "'right' must be an order of the 2 items"),
        (mask, {"hints": MASK_HINTS, "mask": (["a"], ["b"])}, r"'right' must be a mask of shape \(1, 1\)"),
        (
            lambda: {"right": torch.tensor([0, 1]), "same": torch.tensor([0, 1])},
            {"hints": {"same": "…"}, "order": ["a", "b"]},
            "'right' and 'same' cannot be told apart",
        ),
    ],
)
def test_unusable_exercises_are_refused(function, arguments, reason):
    function.__doc__ = function.__doc__ or "Question?"
    with pytest.raises(ValueError, match=reason):
        exercise(**arguments)(function)


def test_an_exercise_needs_a_question():
    with pytest.raises(ValueError, match="docstring"):
        exercise(hints={})(lambda: {"right": torch.tensor(1.0)})


@pytest.mark.parametrize(("function", "options"), [(score, None), (scale, SCALES)])
def test_the_markup_shows_the_question_and_not_the_answer(function, options):
    made = exercise(hints=HINTS if options is None else SCALE_HINTS, options=options)(function)
    text = made.html("score-0")
    visible = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert function.__doc__.replace("?", "") in visible
    assert "A key is a row" not in visible
    assert "scores vanish" not in visible
    assert "checked" not in visible
    ids = re.findall(r'\bid="([^"]+)"', text)
    for reference in re.findall(r'(?:for|aria-labelledby|aria-describedby)="([^"]+)"', text):
        assert reference in ids


def test_building_writes_a_graph_that_computes_the_answers(tmp_path, monkeypatch):
    import base64

    import onnxruntime

    monkeypatch.setenv(host.SITE, str(tmp_path))
    html = exercise(hints=HINTS)(score)._repr_mimebundle_()["text/html"]
    source = re.search(r'data-source="([^"]+)"', html)[1]
    graph = json.loads((tmp_path / f"{source}.json").read_text())["graphs"][""]
    session = onnxruntime.InferenceSession(base64.b64decode(graph))
    names = [node.name for node in session.get_outputs()]
    assert dict(zip(names, session.run(None, {}), strict=True)) == {"view:right": 10, "view:transposed": 9}


def test_a_small_answer_rounded_to_two_decimals_is_right(node):
    """Further from the answer than its tolerance allows, and as near as two decimals can be."""
    said = node(
        """const { judge } = await front("exercise.mjs");
        const exercise = { hints: {}, kind: "number", tolerance: 0.01 };
        return data.map((typed) => judge(exercise, { right: [0.0149] }, typed).right);""",
        ["0.01", "0.0149", "0.02", "0.0"],
    )
    assert said == [True, True, False, False]
