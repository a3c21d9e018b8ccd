"""Scores against closed forms and written-out loops."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from transformer_lite import scores

T, S, D = 5, 7, 3
double = torch.float64


def pairs(function, query, key):
    """One score for each pair, by two loops."""
    return torch.stack([torch.stack([function(q, k) for k in key]) for q in query])


@pytest.fixture
def query():
    return torch.randn(2, T, D, dtype=double)


@pytest.fixture
def key():
    return torch.randn(2, S, D, dtype=double)


def batched(function, query, key):
    return torch.stack([pairs(function, q, k) for q, k in zip(query, key, strict=True)])


def test_dot(query, key):
    torch.testing.assert_close(scores.dot(query, key), batched(lambda q, k: sum(q * k), query, key))


def test_scaled_dot_has_the_scale_asked_for(query, key):
    torch.testing.assert_close(scores.scaled_dot(query, key), scores.dot(query, key) / math.sqrt(D))
    torch.testing.assert_close(scores.scaled_dot(query, key, scale=0.25), scores.dot(query, key) / 4)
    torch.testing.assert_close(scores.scaled_dot(query, key, scale=0), torch.zeros(2, T, S, dtype=double))


def test_scaled_dot_has_variance_one_and_dot_d_k():
    d_k = 64
    query, key = torch.randn(2, 1500, d_k)
    for function, variance in ((scores.dot, d_k), (scores.scaled_dot, 1)):
        values = function(query, key)
        assert abs(values.mean()) < 0.02 * math.sqrt(variance)
        assert values.var().item() == pytest.approx(variance, rel=0.05)


def test_bilinear_equals_torch_bilinear(query):
    key = torch.randn(2, S, 11, dtype=double)
    layer = scores.Bilinear(d_query=D, d_key=11).double()
    reference = nn.Bilinear(D, 11, 1, bias=False).double()
    with torch.no_grad():
        reference.weight.copy_(layer.weight[None])
    expected = batched(lambda q, k: reference(q, k)[0], query, key)
    torch.testing.assert_close(layer(query, key), expected)


def test_bilinear_with_the_identity_is_dot(query, key):
    torch.testing.assert_close(
        scores.bilinear(query, key, torch.eye(D, dtype=double)), scores.dot(query, key)
    )


def test_additive_is_a_network_on_the_pair_put_together(query):
    key = torch.randn(2, S, 11, dtype=double)
    layer = scores.Additive(d_query=D, d_key=11, d_hidden=13).double()
    both = torch.cat([layer.weight_query, layer.weight_key], dim=1)
    expected = batched(lambda q, k: torch.tanh(both @ torch.cat([q, k])) @ layer.v, query, key)
    torch.testing.assert_close(layer(query, key), expected)


def test_cosine_equals_pytorch_on_every_pair(query, key):
    expected = F.cosine_similarity(query[:, :, None], key[:, None], dim=-1)
    torch.testing.assert_close(scores.cosine(query, key), expected)
    torch.testing.assert_close(scores.cosine(5 * query, key / 7), expected)


def test_cosine_of_a_zero_vector_is_zero_and_its_gradient_finite(query, key):
    query[0, 0] = 0
    query.requires_grad_()
    values = scores.cosine(query, key)
    assert (values[0, 0] == 0).all()
    values.sum().backward()
    assert query.grad.isfinite().all()


def test_cosine_divides_by_no_less_than_eps():
    assert scores.cosine(torch.tensor([[1e-3]]), torch.ones(1, 1), eps=1.0).item() == pytest.approx(1e-3)


@pytest.mark.parametrize(
    "function",
    [
        scores.dot,
        scores.scaled_dot,
        scores.cosine,
        scores.Bilinear(d_query=D, d_key=D).double(),
        scores.Additive(d_query=D, d_key=D, d_hidden=4).double(),
    ],
)
def test_gradients(function, query, key):
    assert torch.autograd.gradcheck(function, (query.requires_grad_(), key.requires_grad_()))


@pytest.mark.parametrize("shape", [(), (11,), (11, 13)])
def test_leading_axes_are_kept_and_broadcast(shape):
    query, key = torch.randn(*shape, T, D), torch.randn(S, D)
    for function in (scores.dot, scores.scaled_dot, scores.cosine):
        assert function(query, key).shape == (*shape, T, S)
    assert scores.Bilinear(d_query=D, d_key=D)(query, key).shape == (*shape, T, S)
    assert scores.Additive(d_query=D, d_key=D, d_hidden=4)(query, key).shape == (*shape, T, S)


def test_parameters_are_counted():
    count = lambda layer: sum(p.numel() for p in layer.parameters())  # noqa: E731
    assert count(scores.Bilinear(d_query=3, d_key=5)) == 15
    assert count(scores.Additive(d_query=3, d_key=5, d_hidden=7)) == 7 * (3 + 5 + 1)
