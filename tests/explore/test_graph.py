"""Graphs and traces: what the website computes is what PyTorch computes."""

import inspect
import json
import os
import time
from base64 import b64decode

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from transformer_lite.explore import (
    Bars,
    Choice,
    Heatmap,
    Length,
    Lines,
    Number,
    Order,
    Pick,
    Slider,
    Toggle,
    Tokens,
    Words,
    explore,
    kept,
)
from transformer_lite.explore import graph as exporter
from transformer_lite.explore.graph import export
from transformer_lite.explore.trace import now, pack, settings, trace
from transformer_lite.memory import energy


def computed(figure, graph, values):
    """What the graph gives for settings, by name."""
    session = onnxruntime.InferenceSession(graph)
    feeds = {}
    for node in session.get_inputs():
        name = node.name.removeprefix("control:")
        feeds[node.name] = figure.controls[name].encode(values[name]).numpy()
    names = [node.name.removeprefix("view:") for node in session.get_outputs()]
    return dict(zip(names, session.run(None, feeds), strict=True))


def assert_follows(figure, graphs, changes):
    values = figure.check(changes)
    key = next(key for key, variant in figure.variants() if variant.items() <= values.items())
    got, wanted = computed(figure, graphs[key], values), figure.show(values).outputs
    assert got.keys() == wanted.keys()
    for name, tensor in wanted.items():
        assert got[name].shape == tuple(tensor.shape), (name, changes)
        np.testing.assert_allclose(
            got[name], tensor.detach().numpy(), rtol=1e-5, atol=1e-6, err_msg=f"{name} at {changes}"
        )


def test_graphs_follow_pytorch_at_settings_that_are_not_in_the_trace(everything):
    graphs = export(everything.frames())
    assert graphs.keys() == {f"{scale},{causal}" for scale in range(3) for causal in range(2)}
    for sentence in ["dog", "red red", "a red dog chased the red cat"]:
        last = len(sentence.split()) - 1
        for scale in ["none", "√d", "d"]:
            for causal in [False, True]:
                changes = {
                    "sentence": sentence,
                    "cell": [last, 0],
                    "scale": scale,
                    "causal": causal,
                    "temperature": 0.37,
                }
                assert_follows(everything, graphs, changes)


def test_gradients_inside_a_function_are_in_its_graph(gradient):
    graphs = export(gradient.frames())
    for d in [1, 2, 8, 31, 32]:
        assert_follows(gradient, graphs, {"d": d})


def test_the_package_s_checks_do_not_read_numbers_under_a_gradient():
    stored = torch.tensor([[1.0, 0.0], [0.0, 1.0]])

    @explore(beta=Slider(0.5, 8, value=2), place=Slider(-1, 1, value=0.3))
    def slope(beta, place):
        """The slope of the energy."""
        state = torch.stack([place, 1 - place])[None].detach().requires_grad_()  # (1, 2)
        (grad,) = torch.autograd.grad(energy(state, stored, beta=beta).sum(), state)
        return {"slope": Bars(grad[0])}

    graphs = export(slope.frames())
    for beta, place in [(0.5, -1), (8, 1), (2, 0)]:
        assert_follows(slope, graphs, {"beta": beta, "place": place})


def test_a_cosine_of_64_bit_numbers_is_written_as_a_sine():
    """The browser's runtime has no kernel for it; the Python one, which checks the graphs, has."""

    @explore(k=Slider(-5, 5, value=1))
    def turned(k):
        """Both kinds of cosine."""
        angle = k.double() * torch.tensor([1.0, 0.1], dtype=torch.float64)
        return {"wide": Bars(angle.cos()), "narrow": Number(k.cos())}

    (graph,) = export(turned.frames()).values()
    model = onnx.load_from_string(graph)
    model = onnx.shape_inference.infer_shapes(model)
    types = {
        value.name: value.type.tensor_type.elem_type
        for value in (*model.graph.value_info, *model.graph.input)
    }
    cosines = [types[node.input[0]] for node in model.graph.node if node.op_type == "Cos"]
    assert cosines == [onnx.TensorProto.FLOAT]
    for k in [-5, 0, 0.3, 5]:
        assert_follows(turned, {"": graph}, {"k": k})


def test_lengths_that_happen_to_agree_stay_apart():
    @explore(
        n=Length(1, 6, value=4), m=Length(1, 6, value=4), words=Words("a b c d", vocabulary=list("abcdef"))
    )
    def table(n, m, words):
        """Three lengths, equal at the defaults."""
        return {"outer": Heatmap(n[:, None] * m[None, :]), "sum": Number((words[:, None] + n).sum())}

    graphs = export(table.frames())
    for n, m, words in [(1, 1, "a"), (1, 6, "f e"), (6, 1, "a b c d e f"), (4, 4, "a b c d"), (5, 4, "f")]:
        assert_follows(table, graphs, {"n": n, "m": m, "words": words})


def test_lengths_that_happen_to_agree_stay_apart_under_a_gradient():
    @explore(n=Length(1, 6, value=4), m=Length(1, 6, value=4))
    def table(n, m):
        """Two lengths, equal at the defaults, and a derivative."""
        x = n.float().detach().requires_grad_()  # (n,)
        (grad,) = torch.autograd.grad((x[:, None] * m[None, :]).sin().sum(), x)
        return {"gradient": Bars(grad), "outer": Heatmap(grad[:, None] * m[None, :])}

    graphs = export(table.frames())
    for n, m in [(1, 1), (1, 6), (6, 1), (4, 4), (5, 4)]:
        assert_follows(table, graphs, {"n": n, "m": m})


def test_every_view_and_every_part_comes_out():
    @explore(x=Slider(0, 1, value=0.5), n=Length(2, 9, value=3))
    def all_views(x, n):
        """Caption."""
        curve = (n + 1.0) ** x  # (n,)
        return {
            "heat": Heatmap(torch.outer(curve, curve)),
            "lines": Lines(torch.stack([curve, -curve]), x=n + 1, at=x),
            "bars": Bars(curve),
            "tokens": Tokens(curve / curve.sum(), words="n"),
            "number": Number(curve.sum()),
        }

    graphs = export(all_views.frames())
    for changes in [{"n": 2, "x": 0.0}, {"n": 9, "x": 1.0}, {"n": 5, "x": 0.125}]:
        assert_follows(all_views, graphs, changes)


def test_a_view_may_show_an_input_as_it_is():
    @explore(x=Slider(0, 1), n=Length(1, 4, value=2))
    def echo(x, n):
        """Caption."""
        return {"x": Number(x), "n": Bars(n)}

    assert_follows(echo, export(echo.frames()), {"x": 0.25, "n": 1})


def test_picks_index_with_one_and_with_two_dimensions():
    table = torch.arange(12.0).reshape(3, 4)

    @explore(row=Pick("table", row=0), cell=Pick("table", row=0, column=0))
    def look(row, cell):
        """Caption."""
        return {"table": Heatmap(table), "row": Bars(table[row]), "cell": Number(table[cell[0], cell[1]])}

    assert_follows(look, export(look.frames()), {"row": 2, "cell": [1, 3]})


def test_an_unused_control_does_not_break_the_export():
    @explore(x=Slider(0, 1), unused=Slider(0, 1), flag=Toggle())
    def one(x, unused, flag):
        """Caption."""
        return Number(x * 2)

    assert_follows(one, export(one.frames()), {"x": 0.5, "unused": 0.5, "flag": True})


def test_a_branch_on_a_tensor_is_refused_with_a_reason():
    @explore(x=Slider(-1, 1, value=1))
    def branch(x):
        """Caption."""
        return Number(x if x > 0 else -x)

    with pytest.raises(ValueError, match="branch cannot become a graph") as refusal:
        export(branch.frames())
    assert len(str(refusal.value)) > 60


def test_a_frozen_length_is_refused_with_the_settings_that_show_it():
    @explore(n=Length(1, 6, value=3))
    def frozen(n):
        """Caption."""
        return Number(n.sum() / len(n.tolist()))

    with pytest.raises(ValueError, match="frozen"):
        export(frozen.frames())


def test_every_variant_of_a_large_figure_is_checked(monkeypatch):
    """The trace ends after so many numbers, but not before each graph has a case."""

    @explore(x=Slider(-1, 1, value=1), option=Choice(["a", "b", "c", "d", "e"]))
    def large(x, option):
        """Caption."""
        return Heatmap(x.expand(300, 300) * {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}[option], signed=True)

    cases = trace(large.frames())
    assert {case["values"]["option"] for case in cases} == set("abcde")
    assert len(cases) <= 8  # three of them are 200,000 numbers

    make = exporter._to_onnx

    def wrong(written, computation, **options):
        graph = make(written, computation, **options)
        if computation.fixed["option"] != "e":
            return graph
        model = onnx.load_from_string(graph)
        for node in model.graph.node:
            node.op_type = "Add" if node.op_type == "Mul" else node.op_type
        return model.SerializeToString()

    monkeypatch.setattr(exporter, "_to_onnx", wrong)
    with pytest.raises(ValueError, match="does not follow"):
        export(large.frames())


def test_a_graph_without_a_case_is_refused(everything):
    with pytest.raises(ValueError, match="no case"):
        export(everything.frames(), trace(everything.frames())[:1])


def test_a_graph_that_is_off_by_more_than_rounding_is_refused(monkeypatch):
    @explore(x=Slider(-1, 1, value=1))
    def thrice(x):
        """Caption."""
        return Number(3 * x)

    def trace_of_another(frames):
        return [
            case | {"outputs": {name: tensor + 5e-5 for name, tensor in case["outputs"].items()}}
            for case in trace(frames)
        ]

    monkeypatch.setattr(exporter, "trace", trace_of_another)
    with pytest.raises(ValueError, match="does not follow"):
        export(thrice.frames())


def test_a_graph_says_nothing_about_the_machine_that_built_it(everything):
    graph = export(everything.frames())["0,0"]
    model = onnx.load_from_string(graph)
    assert not model.graph.value_info
    assert not any(node.doc_string or node.metadata_props for node in model.graph.node)
    for trace_of_a_path in (b".py", b"/home", b"site-packages", b"/tmp"):
        assert trace_of_a_path not in graph
    assert len(graph) < 20_000


# -- traces --------------------------------------------------------------------------------------------------------


def test_a_trace_holds_the_default_the_extremes_and_every_variant(everything):
    found = settings(everything)
    assert found[0] == everything.defaults
    assert {values["temperature"] for values in found} >= {0.1, 4.0}
    assert {len(values["sentence"].split()) for values in found} >= {1, 7}
    assert {(values["scale"], values["causal"]) for values in found} == {
        (scale, causal) for scale in ["none", "√d", "d"] for causal in [False, True]
    }
    assert all(everything.check(values) == values for values in found)
    assert all(values not in found[:i] for i, values in enumerate(found))


def test_random_picks_reach_more_than_the_last_index(everything):
    cells = {tuple(values["cell"]) for values in settings(everything)}
    assert len(cells) > 4


def test_a_trace_holds_what_pytorch_computed(everything):
    for case in trace(everything.frames()):
        wanted = everything.show(case["values"]).outputs
        for name, tensor in wanted.items():
            assert torch.equal(case["outputs"][name], tensor)


def test_the_same_seed_gives_the_same_trace(everything):
    assert now(everything, seed=3) == now(everything, seed=3)
    assert now(everything, seed=3) != now(everything, seed=4)


def test_a_packed_tensor_is_little_endian_float32_row_by_row():
    tensor = torch.tensor([[1.0, -torch.inf, 0.1], [2.0, 3.0, 4.0]])
    for of in (tensor, tensor.T):
        content = json.loads(json.dumps(pack(of)))
        again = np.frombuffer(b64decode(content["data"]), dtype="<f4").reshape(content["shape"])
        np.testing.assert_array_equal(again, of.numpy())


def test_options_of_every_type_reach_their_graph():
    @explore(power=Choice([1, 2, 0.5]), x=Slider(0, 2, value=2))
    def raised(power, x):
        """Caption."""
        return Number(x**power)

    graphs = export(raised.frames())
    assert graphs.keys() == {"0", "1", "2"}
    for power in [1, 2, 0.5]:
        assert_follows(raised, graphs, {"power": power, "x": 1.5})


# -- what has been exported before is not exported again -----------------------------------------------------------

WEIGHTS = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
CONTROLS = {"n": Length(1, 6, value=3), "x": Slider(0, 1, value=0.5), "flag": Toggle()}


def doubled(x):
    return x * 2


def row(n, x, flag):
    """Caption."""
    return {"row": Bars(doubled(WEIGHTS[n % 2, 0] + x))}


def with_another_label(n, x, flag):
    """Other words."""
    # And a remark.
    chosen = WEIGHTS[n % 2, 0]
    return {"row": Bars(doubled(chosen + x), title="Another title")}


def with_another_number(n, x, flag):
    """Caption."""
    return {"row": Bars(doubled(WEIGHTS[n % 2, 0] + 1.0001 * x))}


def with_another_operation(n, x, flag):
    """Caption."""
    return {"row": Bars(doubled(WEIGHTS[n % 2, 0] - x))}


def with_another_view(n, x, flag):
    """Caption."""
    return {"bars": Bars(doubled(WEIGHTS[n % 2, 0] + x))}


def with_another_input(m, x, flag):
    """Caption."""
    return row(m, x, flag)


def with_the_toggle(n, x, flag):
    """Caption."""
    return {"row": Bars(doubled(WEIGHTS[n % 2, 0] + x) * (2 if flag else 1))}


@pytest.fixture
def exported(tmp_path, monkeypatch):
    """`exported(function, …)` exports a figure, and says how many graphs had to be made."""
    monkeypatch.setenv(kept.FOLDER, str(tmp_path))
    made = []
    to_onnx = exporter._to_onnx

    def make(*given, **way):
        made.append(1)
        return to_onnx(*given, **way)

    monkeypatch.setattr(exporter, "_to_onnx", make)

    def count(function, **controls):
        made.clear()
        names = inspect.signature(function).parameters
        of = dict(zip(names, (CONTROLS | controls).values(), strict=True))
        figure = explore(**of)(function)
        graphs = export(figure.frames())
        for flag in (False, True):
            assert_follows(figure, graphs, {"flag": flag})
        return len(made)

    assert count(row) == 1, "the toggle changes nothing: both variants share a graph"
    return count


def test_what_has_been_exported_is_not_exported_again(exported):
    assert exported(row) == 0
    assert exported(with_another_label) == 0
    assert exported(row, x=Slider(-3, 3, value=1, label="Other"), n=Length(2, 9, value=3)) == 0


@pytest.mark.parametrize(
    "function",
    [with_another_number, with_another_operation, with_another_view, with_another_input, with_the_toggle],
)
def test_another_function_is_another_graph(exported, function):
    assert exported(function) == (2 if function is with_the_toggle else 1)


@pytest.mark.parametrize(
    "weights",
    [WEIGHTS + 1e-4, WEIGHTS.double(), torch.cat([WEIGHTS, WEIGHTS])],
    ids=["value", "type", "size"],
)
def test_another_tensor_is_another_graph(exported, monkeypatch, weights):
    monkeypatch.setitem(globals(), "WEIGHTS", weights)
    assert exported(row) == 1


def test_another_helper_is_another_graph(exported, monkeypatch):
    monkeypatch.setitem(globals(), "doubled", lambda x: x + x)
    assert exported(row) == 1


def test_another_package_is_another_graph(exported, monkeypatch):
    def score(n, x, flag):
        """Caption."""
        return {"row": Bars(energy(x.expand(1, 2), WEIGHTS, beta=2.0) + n)}

    assert exported(score) == 1
    assert exported(score) == 0
    code = energy.__code__
    monkeypatch.setattr(
        energy, "__code__", (lambda states, patterns, *, beta: 2 * patterns[0] * states[0]).__code__
    )
    assert energy.__code__ is not code
    assert exported(score, n=Order("ab")) == 1


def test_inputs_of_another_type_or_shape_are_another_graph(exported):
    assert exported(row, n=Order("abc")) == 1  # three, whatever the reader does
    assert exported(row, n=Order("abc"), x=Pick("row", row=0)) == 1  # an integer


def test_another_exporter_makes_another_graph(exported, monkeypatch):
    monkeypatch.setattr(exporter, "_exporter", lambda: "torch 3")
    assert exported(row) == 1


def test_a_kept_graph_that_does_not_follow_is_not_used(exported, tmp_path):
    """Here a graph stands under another's name; `exported` compares what comes of it with PyTorch."""
    (name,) = [path.name for path in tmp_path.iterdir()]
    assert exported(with_another_number) == 1
    (other,) = [path.name for path in tmp_path.iterdir() if path.name != name]
    kept.write(name, kept.read(other))
    assert exported(row) >= 1


def test_a_damaged_graph_is_made_again(exported, tmp_path):
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    assert exported(row) == 1
    assert exported(row) == 0


def test_what_nobody_has_used_lately_is_removed(exported, tmp_path):
    (used,) = tmp_path.iterdir()
    old = time.time() - (kept.DAYS + 1) * 86400
    os.utime(used, (old, old))
    assert exported(row) == 0
    (tmp_path / "other").touch()
    os.utime(tmp_path / "other", (old, old))
    kept.prune(tmp_path)
    assert list(tmp_path.iterdir()) == [used]


def test_without_a_folder_nothing_is_kept(monkeypatch):
    monkeypatch.delenv(kept.FOLDER, raising=False)
    kept.write("name", b"graph")
    assert kept.read("name") is None


def test_a_view_may_have_the_name_of_an_operation():
    """As the exporter calls what it computes on the way."""

    @explore(rows=Slider(0.0, 2.0, value=1.0))
    def averages(rows):
        """A mean, and its sum."""
        x = torch.arange(12.0).reshape(3, 4) * rows
        return {"mean": Bars(x.mean(1) * 2), "sum_1": Number(x.mean(1).sum() * 2)}

    assert_follows(averages, export(averages.frames()), {"rows": 2.0})
