"""Multilayer perceptrons against written-out networks and finite differences."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from transformer_lite.mlp import MLP, CoordinateMLP, fourier_features

double = torch.float64
close = torch.testing.assert_close


@pytest.mark.parametrize(("activation", "module"), [(F.relu, nn.ReLU), (F.tanh, nn.Tanh)])
def test_equals_pytorchs_modules_in_a_row(activation, module):
    ours = MLP([3, 5, 7, 2], activation=activation)
    theirs = nn.Sequential(nn.Linear(3, 5), module(), nn.Linear(5, 7), module(), nn.Linear(7, 2))
    for a, b in zip(ours.layers, theirs[::2], strict=True):
        b.load_state_dict(a.state_dict())
    x, record = torch.randn(11, 13, 3), {}
    close(ours(x, record=record), theirs(x))
    close(ours(x), theirs(x))
    close(record["hidden 1"], theirs[:2](x))
    close(record["hidden 2"], theirs[:4](x))
    assert set(record) == {"hidden 1", "hidden 2"}
    assert len(MLP([3, 2]).layers) == 1


def test_gradients_equal_finite_differences():
    ours = MLP([3, 5, 2], activation=F.tanh).double()
    x = torch.randn(4, 3, dtype=double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, *_: ours(x), (x, *ours.parameters()))
    step = 1e-5
    weight = ours.layers[0].weight
    [gradient] = torch.autograd.grad(ours(x).square().sum(), weight)
    with torch.no_grad():
        weight[1, 2] += step
        up = ours(x).square().sum()
        weight[1, 2] -= 2 * step
        down = ours(x).square().sum()
    assert gradient[1, 2].item() == pytest.approx(((up - down) / (2 * step)).item(), rel=1e-6)


def test_parameters_grow_with_the_picture():
    count = lambda m: sum(p.numel() for p in m.parameters())  # noqa: E731
    assert count(MLP([28 * 28, 100, 10])) == 784 * 100 + 100 + 100 * 10 + 10


def test_fourier_features_by_the_formula():
    x = torch.tensor([[0.3, -0.7]], dtype=double)
    expected = []
    for p in (0.3, -0.7):
        expected += [math.sin(2**j * math.pi * p) for j in range(3)]
        expected += [math.cos(2**j * math.pi * p) for j in range(3)]
    close(fourier_features(x, octaves=3), torch.tensor([expected], dtype=double))
    assert fourier_features(torch.zeros(5, 7, 2), octaves=4).shape == (5, 7, 16)


@pytest.mark.parametrize("octaves", [0, 3])
def test_a_network_for_one_object(octaves):
    network = CoordinateMLP(d_in=2, d_out=3, d_hidden=8, hidden_layers=2, octaves=octaves)
    points = torch.rand(5, 7, 2)
    close(network(points), network.mlp(fourier_features(points, octaves=3) if octaves else points))
    assert network(points).shape == (5, 7, 3)
    assert [layer.out_features for layer in network.mlp.layers] == [8, 8, 3]
    assert network.mlp.layers[0].in_features == (12 if octaves else 2)
    assert network.codes is None


def test_a_network_for_several_objects():
    network = CoordinateMLP(d_in=2, d_out=1, d_hidden=8, hidden_layers=1, objects=3, d_code=4)
    points, objects = torch.rand(5, 2), torch.tensor([0, 2, 1, 1, 0])
    output = network(points, objects)
    close(output, network.mlp(torch.cat([points, network.codes[objects]], dim=-1)))
    close(network(points, torch.tensor(2))[1], output[1])
    close(network(points, code=network.codes[2])[1], output[1])
    halfway = network(points, code=network.codes[:2].mean(0))
    assert not torch.allclose(halfway, network(points, torch.tensor(0)))
    assert network.codes.shape == (3, 4)
    assert network.codes.std() < 0.03
    output.sum().backward()
    assert (network.codes.grad.abs().sum(-1) > 0).all()


def test_objects_that_cannot_be_read_are_found_all_the_same():
    network = CoordinateMLP(d_in=2, d_out=1, d_hidden=8, hidden_layers=1, objects=3, d_code=4)
    points, objects = torch.rand(6, 5, 2), torch.randint(0, 3, (6, 5))
    close(torch.func.vmap(network)(points, objects), network(points, objects))


def test_fourier_features_learn_what_plain_coordinates_do_not():
    x = torch.linspace(-1, 1, 128)[:, None]
    target = torch.sin(8 * math.pi * x)
    errors = []
    for octaves in (0, 4):
        torch.manual_seed(0)
        network = CoordinateMLP(d_in=1, d_out=1, d_hidden=32, hidden_layers=2, octaves=octaves)
        optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
        for _ in range(100):
            optimiser.zero_grad()
            loss = (network(x) - target).square().mean()
            loss.backward()
            optimiser.step()
        errors.append(loss.item())
    assert errors[1] < errors[0] / 10


ONE = CoordinateMLP(d_in=2, d_out=1, d_hidden=3, hidden_layers=1)
MANY = CoordinateMLP(d_in=2, d_out=1, d_hidden=3, hidden_layers=1, objects=3, d_code=4)
POINTS = torch.rand(5, 2)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: MLP([3]), "sizes are [3]"),
        (lambda: MLP([3, 0, 2]), "sizes[1] is 0"),
        (lambda: MLP([3, 2])(torch.rand(5, 4)), "x has shape (5, 4), but its last axis must hold 3 features"),
        (lambda: MLP([1, 2])(torch.tensor(1.0)), "x has shape ()"),
        (lambda: MLP([3, 2])(torch.ones(5, 3).long()), "x holds torch.int64"),
        (lambda: fourier_features(POINTS, octaves=0), "octaves is 0"),
        (lambda: fourier_features(torch.tensor(0.5), octaves=1), "x is a single number"),
        (lambda: fourier_features(POINTS.long(), octaves=2), "x holds torch.int64"),
        (lambda: CoordinateMLP(d_in=0, d_out=1, d_hidden=3, hidden_layers=1), "d_in is 0"),
        (lambda: CoordinateMLP(d_in=1, d_out=1, d_hidden=3, hidden_layers=0), "hidden_layers is 0"),
        (lambda: CoordinateMLP(d_in=1, d_out=1, d_hidden=3, hidden_layers=1, octaves=-1), "octaves is -1"),
        (lambda: CoordinateMLP(d_in=1, d_out=1, d_hidden=3, hidden_layers=1, objects=0), "objects is 0"),
        (lambda: CoordinateMLP(d_in=1, d_out=1, d_hidden=3, hidden_layers=1, d_code=0), "d_code is 0"),
        (lambda: ONE(torch.rand(5, 3)), "points has shape (5, 3), but its last axis must hold 2"),
        (lambda: ONE(POINTS.long()), "points holds torch.int64"),
        (lambda: ONE(POINTS, torch.tensor(0)), "holds one object"),
        (lambda: ONE(POINTS, code=torch.zeros(4)), "holds one object"),
        (lambda: MANY(POINTS), "give either objects or a code"),
        (lambda: MANY(POINTS, torch.tensor(0), code=torch.zeros(4)), "give either objects or a code"),
        (lambda: MANY(POINTS, torch.tensor(3)), "objects run from 3 to 3, but there are 0 to 2"),
        (lambda: MANY(POINTS, torch.tensor([0, -1, 1, 1, 1])), "objects run from -1 to 1"),
        (lambda: MANY(POINTS, torch.tensor(1.0)), "objects hold torch.float32"),
        (lambda: MANY(POINTS, code=torch.zeros(3)), "codes of shape (3) do not fit points of shape (5, 2)"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in str(caught.value)


def test_no_points_have_no_values():
    assert ONE(torch.zeros(0, 2)).shape == (0, 1)
    assert MANY(torch.zeros(0, 2), torch.zeros(0).long()).shape == (0, 1)
