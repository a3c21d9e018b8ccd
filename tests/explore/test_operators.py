"""Operators taken apart by us, not by the exporter: the graph computes what PyTorch does, by the shorter way."""

import numpy as np
import onnxruntime
import pytest
import torch
from torch.export import ExportedProgram

from transformer_lite.explore import Heatmap, Number, Words, explore, operators
from transformer_lite.explore.graph import export

VOCABULARY = ["a", "b", "c"]


def item(x):
    return torch.arange(6.0).reshape(2, 3)[x[0].item() % 2, None]


# Each takes token ids, a vector of integers, and holds one of the operators (the last ones several).
MADE_OF_OTHERS = {
    torch.ops.aten.to.dtype: lambda x: (x.to(torch.float64) / 3).to(torch.float32)[None],
    torch.ops.aten.to.dtype_layout: lambda x: (
        torch.ops.aten.to.dtype_layout(x, dtype=torch.float32, layout=torch.strided, device="cpu")[None] / 2
    ),
    torch.ops.aten.to.device: lambda x: x.to(torch.device("cpu"), torch.float32)[None] / 2,
    torch.ops.aten.detach_.default: lambda x: (x + 0.5).detach_()[None],
    torch.ops.aten.item.default: item,
    torch.ops.aten.numpy_T.default: lambda x: (x[None].expand(2, -1) + torch.arange(2)[:, None]).T / 2,
    torch.ops.aten.square.default: lambda x: (x[None] - 1.5).square(),
    torch.ops.aten.rsub.Scalar: lambda x: torch.rsub(x, 2.5, alpha=3)[None] + (1 - x),
    torch.ops.aten.__and__.Tensor: lambda x: ((x > 0) & (x < 2))[None] + (x & torch.ones_like(x)),
    torch.ops.aten.__or__.Tensor: lambda x: ((x < 1) | (x > 1))[None] + (x | torch.ones_like(x)),
}


@pytest.fixture
def decomposed(monkeypatch):
    """How often the exporter has decomposed a program."""
    calls = []
    original = ExportedProgram.run_decompositions

    def spy(program, *given):
        calls.append(program)
        return original(program, *given)

    monkeypatch.setattr(ExportedProgram, "run_decompositions", spy)
    return calls


def assert_follows(function, view=Heatmap):
    @explore(words=Words("a b c", vocabulary=VOCABULARY, maximum=6))
    def figure(words):
        """Caption."""
        return {"shown": view(function(words).float())}

    (graph,) = export(figure.frames()).values()
    session = onnxruntime.InferenceSession(graph)
    for ids in ([0], [2, 1], [1, 1, 2, 0, 2]):
        wanted = function(torch.tensor(ids)).float().numpy()
        (got,) = session.run(None, {"control:words": np.array(ids)})
        np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-6, err_msg=str(ids))


def test_every_operator_is_asked_for():
    assert operators.MADE_OF.keys() == MADE_OF_OTHERS.keys()


@pytest.mark.parametrize("operator", MADE_OF_OTHERS, ids=str)
def test_an_operator_made_of_others_needs_no_decomposition(operator, decomposed, monkeypatch):
    seen = []
    take_apart = operators.take_apart

    def spy(program, known):
        seen.extend(node.target for node in program.graph.nodes)
        return take_apart(program, known)

    monkeypatch.setattr(operators, "take_apart", spy)
    assert_follows(MADE_OF_OTHERS[operator])
    assert operator in seen, "the function does not hold the operator"
    assert not decomposed


def test_what_the_exporter_cannot_translate_is_decomposed(decomposed):
    """With an operator beside it that would be taken apart: `item`, whose number no second trace may meet twice."""
    assert_follows(lambda x: torch.eye(x.shape[0]) + item(x)[0, 0])
    assert len(decomposed) == 1


def test_what_changes_its_argument_is_decomposed(decomposed):
    def filled(x):
        y = x.float()[None] / 2
        y[0, 0] = 7
        return y.add_(1)

    assert_follows(filled)
    assert decomposed


def test_a_program_inside_the_program_is_decomposed(decomposed):
    def either(x):
        y = x.float() / 3
        return torch.cond(y.sum() > 0.5, lambda y: y.exp(), lambda y: y - 1, (y,))[None]

    assert_follows(either)
    assert decomposed


def test_a_graph_that_the_shorter_way_spoils_is_decomposed(decomposed, monkeypatch):
    """Here an operator is taken apart into something else."""
    square = torch.ops.aten.square.default
    monkeypatch.setitem(operators.MADE_OF, square, lambda call, x: call(torch.ops.aten.mul.Scalar, x, 2))
    assert_follows(lambda x: x[None].square())
    assert decomposed


def test_a_number_is_a_view_too(decomposed):
    assert_follows(lambda x: x.square().sum(), Number)
    assert not decomposed
