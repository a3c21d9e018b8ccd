"""Figures with memory: every step is PyTorch's, in the kernel, in the graph, and after any moves of the controls."""

import json
import math
from base64 import b64decode

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from transformer_lite.explore import Axis, Choice, Heatmap, Lines, Number, Slider, State, Toggle, Words
from transformer_lite.explore.controls import State as Control
from transformer_lite.explore.figure import Figure, Frames
from transformer_lite.explore.graph import export
from transformer_lite.explore.trace import as_json, trace
from transformer_lite.explore.widget import FigureWidget

X = torch.randn(12, 4, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(12) % 3
STEPS = 12


def start(**more):
    return {"W": torch.zeros(4, 3), "step": torch.tensor(0)} | more


def trained(figure, values):
    return figure.show(figure.check(values)).state


def linear(rate, training):
    """Softmax regression by gradient descent."""
    W = training["W"].requires_grad_()
    loss = -(X @ W).log_softmax(-1).gather(1, LABELS[:, None]).mean()
    (gradient,) = torch.autograd.grad(loss, W)
    return {"loss": loss}, {"W": W - rate * gradient, "step": training["step"] + 1}


def figure_of(function, looks=None, /, **controls):
    return Figure(function, controls, looks or {"loss": Number()})


@pytest.fixture
def figure():
    return figure_of(linear, rate=Slider(0.0, 2.0, value=0.5), training=State(start(), steps=STEPS))


def by_pytorch(rates, begin=None):
    """The same by PyTorch's own module, loss and optimiser, with a rate for each step."""
    layer = nn.Linear(4, 3, bias=False)
    nn.init.zeros_(layer.weight)
    if begin is not None:
        layer.weight.data = begin.T.clone()
    optimiser = torch.optim.SGD(layer.parameters(), lr=1.0)
    for rate in rates:
        optimiser.param_groups[0]["lr"] = rate
        optimiser.zero_grad()
        F.cross_entropy(layer(X), LABELS).backward()
        optimiser.step()
    return layer.weight.detach().T


def run(graph, state, **controls):
    """The state that a graph makes of a state."""
    session = onnxruntime.InferenceSession(graph)
    given = {f"state:{name}": x for name, x in state.items()} | {
        f"control:{n}": np.array(x, np.float32) for n, x in controls.items()
    }
    found = session.run(None, {node.name: given[node.name] for node in session.get_inputs()})
    named = dict(zip([node.name for node in session.get_outputs()], found, strict=True))
    return {name: named[f"next:{name}"] for name in state}


def test_steps_are_those_of_pytorch_s_own_optimiser(figure):
    for steps in (0, 1, 7, STEPS):
        torch.testing.assert_close(trained(figure, {"training": steps})["W"], by_pytorch([0.5] * steps))
    assert trained(figure, {"training": 7})["step"] == 7


def test_a_graph_takes_the_same_steps_one_after_the_other(figure):
    (graph,) = export(Frames(figure)).values()
    state = {"W": np.zeros((4, 3), np.float32), "step": np.array(0)}
    rates = [0.5, 0.5, 2.0, 0.1, 1.3, 0.0, 0.7, 0.7, 0.7, 0.7]
    for rate in rates:
        state = run(graph, state, rate=rate)
    assert state["step"] == len(rates)
    np.testing.assert_allclose(state["W"], by_pytorch(rates).numpy(), atol=1e-5)


def test_controls_move_in_the_middle_and_a_step_back_is_one_back(figure):
    steps = figure.steps()

    def at(training, rate):
        return figure.show({"rate": rate, "training": training}, steps).state["W"]

    at(3, 0.5)
    torch.testing.assert_close(at(5, 2.0), by_pytorch([0.5] * 3 + [2.0] * 2))
    torch.testing.assert_close(at(5, 0.1), by_pytorch([0.5] * 3 + [2.0] * 2))  # no step, so nothing changes
    torch.testing.assert_close(at(6, 0.1), by_pytorch([0.5] * 3 + [2.0] * 2 + [0.1]))
    torch.testing.assert_close(at(5, 0.1), by_pytorch([0.5] * 3 + [2.0] * 2))
    # What was left long ago is gone: from the start, at the present rate.
    torch.testing.assert_close(at(2, 0.1), by_pytorch([0.1] * 2))


def test_a_control_that_gives_the_state_another_meaning_starts_anew():
    def scaled(large, training):
        """Scaled or not."""
        drawn, following = linear(torch.tensor(1.0 if large else 0.1), training)
        return drawn, following

    figure = figure_of(scaled, large=Toggle(True), training=State(start(), steps=STEPS, anew=["large"]))
    steps = figure.steps()
    figure.show({"large": True, "training": 4}, steps)
    seen = figure.show({"large": False, "training": 4}, steps).state["W"]
    torch.testing.assert_close(seen, by_pytorch([0.1] * 4))


def test_what_the_function_does_to_its_tensors_leaves_the_state_alone():
    def careless(training):
        """Writes into what it has received."""
        before = training["W"].sum()
        training["W"] += 1
        return {"loss": before}, training

    figure = figure_of(careless, training=State({"W": torch.zeros(2)}, steps=5))
    steps = figure.steps()
    assert [float(figure.show({"training": n}, steps).outputs["loss"]) for n in (2, 2, 1, 3, 0)] == [
        4,
        4,
        2,
        6,
        0,
    ]


def test_a_trace_holds_single_steps_from_pytorch_s_own_states(figure):
    cases = trace(Frames(figure))
    counts = [case["values"]["training"] for case in cases]
    assert {0, 1, 10, STEPS} <= set(counts)
    assert len({case["values"]["rate"] for case in cases}) > 3
    for case in cases:
        rate, count = case["values"]["rate"], case["values"]["training"]
        reached = by_pytorch([0.5] * count)  # at the default rate, whatever rate the next step has
        assert torch.equal(case["state"]["W"], reached.bfloat16().float() if count else reached)
        assert case["state"]["step"] == count
        torch.testing.assert_close(case["next"]["W"], by_pytorch([rate], case["state"]["W"]))


def test_each_graph_has_cases_after_none_one_a_few_and_all_steps(monkeypatch):
    monkeypatch.setattr("transformer_lite.explore.trace.RANDOM_CASES", 0)  # which may be those by chance

    def either(large, training):
        """Scaled or not."""
        return linear(torch.tensor(1.0 if large else 0.1), training)

    figure = figure_of(either, large=Toggle(True), training=State(start(), steps=STEPS))
    seen = {(case["values"]["large"], case["values"]["training"]) for case in trace(Frames(figure))}
    assert seen == {(large, count) for large in (True, False) for count in (0, 1, 10, STEPS)}


def test_a_state_stands_once_in_the_file_and_of_a_large_next_one_a_part():
    def growing(rate, training):
        """Every number grows."""
        return {"loss": training["W"].sum()}, {"W": training["W"] + rate}

    figure = figure_of(
        growing, rate=Slider(0.0, 1.0, value=0.5), training=State({"W": torch.zeros(70, 90)}, steps=3)
    )
    cases = trace(Frames(figure))
    written = as_json(figure, cases)
    tensors = written["tensors"]
    assert len({json.dumps(tensor) for tensor in tensors}) == len(tensors), "each stands there once"
    assert list(written["states"]) == [1, 3], "the start stands in the figure's own file"
    assert {one["outputs"]["loss"] for one in written["cases"] if not one["values"]["training"]} == {0}
    for case, one in zip(cases, written["cases"], strict=True):
        packed = tensors[one["next"]["W"]]
        assert "state" not in one
        numbers = np.frombuffer(b64decode(packed["data"]), np.float32)
        assert packed["shape"] == [70, 90] and 200 <= len(numbers) <= 300
        np.testing.assert_array_equal(numbers, case["next"]["W"].flatten()[:: packed["every"]].numpy())


def test_the_kernel_goes_on_from_its_own_state_and_checks_from_the_start(figure):
    widget = FigureWidget(figure, "")

    def state(recorded=False, **values):
        question = {"ask": "run", "values": values, "recorded": recorded}
        content, buffers = widget._found(question)
        names = [one["name"] for what in ("outputs", "state", "next") for one in content[what]]
        assert names == ["loss", "W", "step", "W", "step"]
        assert [one["type"] for one in content["state"]] == ["float32", "int64"]
        return torch.frombuffer(bytearray(buffers[1]), dtype=torch.float32).reshape(4, 3)

    state(rate=0.5, training=3)
    torch.testing.assert_close(state(rate=2.0, training=4), by_pytorch([0.5] * 3 + [2.0]))
    # A recorded case begins with what is recorded.
    torch.testing.assert_close(state(True, rate=1.0, training=1), by_pytorch([0.5]).bfloat16().float())
    torch.testing.assert_close(state(rate=0.0, training=5), by_pytorch([0.5] * 3 + [2.0, 0.0]))


def test_a_race_runs_side_by_side():
    starts = torch.randn(3, 4, 3, generator=torch.Generator().manual_seed(1))

    def one(W, rate):
        return W - rate * torch.func.grad(
            lambda W: -(X @ W).log_softmax(-1).gather(1, LABELS[:, None]).mean()
        )(W)

    def race(rate, training):
        """Three starts, one rate."""
        W = training["W"]
        return {"loss": W.square().mean((1, 2))}, {"W": torch.vmap(one, (0, None))(W, rate)}

    figure = figure_of(
        race, {"loss": Lines()}, rate=Slider(0.0, 2.0, value=0.5), training=State({"W": starts}, steps=4)
    )
    (graph,) = export(Frames(figure)).values()
    state = {"W": starts.numpy()}
    for _ in range(4):
        state = run(graph, state, rate=0.5)
    for W, found in zip(starts, torch.from_numpy(state["W"]), strict=True):
        layer = nn.Linear(4, 3, bias=False)
        layer.weight.data = W.T.clone()
        optimiser = torch.optim.SGD(layer.parameters(), lr=0.5)
        for _ in range(4):
            optimiser.zero_grad()
            F.cross_entropy(layer(X), LABELS).backward()
            optimiser.step()
        torch.testing.assert_close(found, layer.weight.detach().T, atol=1e-5, rtol=0)


# -- parts that grow ---------------------------------------------------------------------------------------------------

NAMES = ["start", "a", "b", "c"]
TABLE = torch.randn(4, 5, generator=torch.Generator().manual_seed(3))


def speak(sentence, speaking):
    """A word a step, by attention to the sentence; the keys of all that was said are kept."""
    keys = torch.cat([speaking["keys"], TABLE[speaking["said"][-1:]][None]], dim=1)  # (1, n, 5)
    attention = (keys[0] @ TABLE[sentence].T).softmax(-1)  # (n, S)
    word = (attention.sum(0) @ TABLE[sentence] @ TABLE.T).argmax()
    after = {"said": torch.cat([speaking["said"], word[None]]), "keys": keys}
    return {"attention": attention, "said": speaking["said"]}, after


def speaker(grows=None, start=None, steps=6, longest=7, **more):
    start = {"said": torch.tensor([0]), "keys": torch.zeros(1, 0, 5)} | (start or {})
    state = State(start, steps=steps, grows={"said": 0, "keys": 1} if grows is None else grows, **more)
    looks = {"attention": Heatmap(rows=Axis("word", NAMES, by="said", longest=longest), columns="sentence")}
    return figure_of(speak, looks, sentence=Words("a b c", vocabulary=NAMES, maximum=5), speaking=state)


def test_parts_grow_and_a_graph_follows_from_nothing_to_the_end():
    figure = speaker()
    (graph,) = export(Frames(figure)).values()
    session = onnxruntime.InferenceSession(graph)
    for sentence in ("a b c", "b", "c a c b a"):
        state = figure.controls["speaking"].start
        for count in range(7):
            wanted = figure.show(figure.check({"sentence": sentence, "speaking": count}))
            assert wanted.state["keys"].shape == (1, count, 5)
            fed = {f"state:{part}": x.numpy() for part, x in state.items()}
            fed["control:sentence"] = figure.controls["sentence"].encode(sentence).numpy()
            found = dict(
                zip([node.name for node in session.get_outputs()], session.run(None, fed), strict=True)
            )
            np.testing.assert_allclose(
                found["view:attention"], wanted.outputs["attention"].numpy(), atol=1e-6
            )
            np.testing.assert_array_equal(found["view:attention.word"], wanted.state["said"].numpy())
            state = {part: torch.from_numpy(found[f"next:{part}"]) for part in state}


def test_an_axis_is_called_by_what_the_function_says():
    figure = speaker()
    for count in (0, 3, 6):
        shown = figure.show(figure.check({"speaking": count}))
        words, source = shown.labels("attention")
        assert words == [NAMES[i] for i in shown.state["said"].tolist()] and source == ["a", "b", "c"]
        assert f"row {words[0]}" in shown.summary() or any(f"row {word}" in shown.summary() for word in words)


@pytest.mark.parametrize(
    ("refused", "because"),
    [
        ({"grows": {"spoken": 0}}, "grows says axis 0 of 'spoken', but the parts are said of shape"),
        ({"grows": {"said": 1}}, "grows says axis 1 of 'said'"),
        ({"grows": {"said": 0}}, r"the next 'keys' is torch.float32 of shape \(1, 1, 5\), but must be"),
        ({"grows": {"keys": 1}}, r"the next 'said' is torch.int64 of shape \(2,\)"),
        ({"grows": {"said": 0, "keys": 2}}, r"as before the step or longer along axis 2"),
    ],
)
def test_what_may_grow_is_declared(refused, because):
    with pytest.raises(ValueError, match=because):
        speaker(**refused)


def test_what_grows_may_not_shrink():
    def forgetting(memory):
        """Loses its first number."""
        return {"loss": memory["kept"].sum()}, {"kept": memory["kept"][1:]}

    with pytest.raises(ValueError, match=r"the next 'kept' is torch.float32 of shape \(2,\)"):
        figure_of(forgetting, memory=State({"kept": torch.ones(3)}, steps=3, grows={"kept": 0}))


def test_a_graph_needs_lengths_that_cannot_be_taken_for_another():
    with pytest.raises(ValueError, match="must come to a length of 2 or more"):
        export(Frames(speaker(steps=1, longest=2)))


def test_an_axis_by_ids_needs_its_names_and_its_longest():
    for wrong in ({"by": "said"}, {"by": "said", "labels": "sentence", "longest": 3}, {"longest": 3}):
        with pytest.raises(ValueError, match="by= takes a list of labels"):
            Axis("word", **wrong)


# -- what exporters get wrong ----------------------------------------------------------------------------------------


def by_cross_entropy(training):
    """The loss by PyTorch's own function, whose exported gradient has lost the division of the mean."""
    W = training["W"].requires_grad_()
    loss = F.cross_entropy(X @ W, LABELS)
    return {"loss": loss}, {"W": W - 0.5 * torch.autograd.grad(loss, W)[0], "step": training["step"] + 1}


def by_power(training):
    """A Python number to the power of a tensor."""
    W = training["W"] + 0.9 ** training["step"]
    return {"loss": W.sum()}, {"W": W, "step": training["step"] + 1}


def by_fused_attention(training):
    """PyTorch's fused attention, whose backward has no operator of its own."""
    W = training["W"].requires_grad_()
    z = F.scaled_dot_product_attention(X @ W, X @ W, X @ W)
    return {"loss": z.square().mean()}, {
        "W": W - 0.1 * torch.autograd.grad(z.square().mean(), W)[0],
        "step": training["step"] + 1,
    }


def by_index(training):
    """A row taken by the step's number: PyTorch asks the number what it is, so that it is no tensor any more."""
    W = training["W"] + X[training["step"] % 12][:, None]
    return {"loss": W.sum()}, {"W": W, "step": training["step"] + 1}


def by_itself(training):
    """A part that stays as it is: an input that is an output."""
    return {"loss": training["W"].sum()}, {"W": training["W"], "step": training["step"] + 1}


@pytest.mark.parametrize(
    "function",
    [by_cross_entropy, by_power, by_fused_attention, by_index, by_itself],
    ids=lambda f: f.__name__,
)
def test_what_a_graph_would_get_wrong_is_right_or_refused(function):
    begin = start(W=torch.randn(4, 3, generator=torch.Generator().manual_seed(2)))
    figure = figure_of(function, training=State(begin, steps=STEPS))
    try:
        (graph,) = export(Frames(figure)).values()
    except ValueError as refusal:
        assert "does not follow PyTorch" in str(refusal) or "cannot become a graph" in str(refusal)
        return
    state = {name: x.numpy() for name, x in begin.items()}
    for _ in range(STEPS):
        state = run(graph, state)
    # Errors of one step would have added up by now.
    np.testing.assert_allclose(state["W"], trained(figure, {"training": STEPS})["W"].numpy(), atol=1e-4)


# -- declarations that cannot be used --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "sentence"),
    [
        (lambda: Control(start(), steps=0), "steps must be a whole number above 0, got 0"),
        (lambda: Control(start(), steps=1.5), "steps must be a whole number above 0, got 1.5"),
        (lambda: Control({}, steps=3), "needs at least one tensor"),
        (lambda: Control(start(W=[0.0]), steps=3), "'W' must be a float32 or int64 tensor, got list"),
        (lambda: Control(start(W=torch.zeros(2).double()), steps=3), "'W' must be .*, got torch.float64"),
        (lambda: Control(start(), steps=3, anew=["form"]), "anew names 'form', which is no other control"),
        (
            lambda: Control(start(), steps=3, anew=["training"]),
            "anew names 'training', which is no other control",
        ),
    ],
)
def test_a_state_that_cannot_be_is_refused(control, sentence):
    with pytest.raises(ValueError, match=sentence):
        figure_of(linear, rate=Slider(0.0, 2.0), training=control())


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        (lambda s: {"loss": s["W"].sum()}, "must return two things"),
        (lambda s: ({"loss": s["W"].sum()}, s["W"]), "must return two things"),
        (
            lambda s: ({"loss": s["W"].sum()}, {"W": s["W"]}),
            "the next state holds W, but the state holds W, step",
        ),
        (
            lambda s: ({"loss": s["W"].sum()}, s | {"W": s["W"][:2]}),
            r"the next 'W' is torch.float32 of shape \(2, 3\)",
        ),
        (
            lambda s: ({"loss": s["W"].sum()}, s | {"step": s["step"] + 0.5}),
            "the next 'step' is torch.float32",
        ),
    ],
)
def test_a_function_that_forgets_its_state_is_refused(returned, sentence):
    def function(training):
        """Nothing."""
        return returned(training)

    with pytest.raises(ValueError, match=sentence):
        figure_of(function, training=State(start(), steps=3))


def test_two_states_are_refused():
    def function(one, two):
        """Nothing."""

    with pytest.raises(ValueError, match="has several states, one, two: put all tensors into one"):
        figure_of(function, one=State(start(), steps=3), two=State(start(), steps=3))


def test_a_number_of_steps_must_fit(figure):
    for bad in (-1, STEPS + 1, 0.5, "many", None, math.nan):
        with pytest.raises(ValueError, match="Training"):
            figure.check({"training": bad})
    assert figure.check({"training": 3.0})["training"] == 3


def test_a_choice_shares_its_graph_where_the_step_is_the_same():
    def same(form, training):
        """The choice changes nothing."""
        return linear(torch.tensor(0.5), training)

    figure = figure_of(same, form=Choice(["a", "b"]), training=State(start(), steps=3))
    assert len(set(export(Frames(figure)).values())) == 1
