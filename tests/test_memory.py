"""The memory against its formulas, and against attention."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from transformer_lite.memory import energy, retrieve, update

double = torch.float64
close = torch.testing.assert_close


def drawn(seed, states, patterns, d):
    torch.manual_seed(seed)
    return torch.randn(states, d, dtype=double) * 2, torch.randn(patterns, d, dtype=double)


cases = given(
    seed=st.integers(0, 99),
    states=st.integers(1, 4),
    patterns=st.integers(1, 7),
    d=st.integers(1, 5),
    beta=st.sampled_from([0.01, 0.5, 1.0, 8.0, 100.0]),
)


@cases
def test_energy_by_its_formula(seed, states, patterns, d, beta):
    state, stored = drawn(seed, states, patterns, d)
    for xi, height in zip(state, energy(state, stored, beta=beta), strict=True):
        inner = torch.stack([beta * (x @ xi) for x in stored])
        expected = -(inner - inner.max()).exp().sum().log() / beta - inner.max() / beta + xi @ xi / 2
        expected = expected + math.log(patterns) / beta + max(x @ x for x in stored) / 2
        close(height, expected)
        assert height >= -1e-9


@cases
def test_energy_never_rises(seed, states, patterns, d, beta):
    state, stored = drawn(seed, states, patterns, d)
    heights = energy(retrieve(state, stored, beta=beta, steps=6), stored, beta=beta)
    assert heights.shape == (7, states)
    assert (heights.diff(dim=0) <= 1e-9).all()


@cases
def test_a_step_goes_down_the_gradient(seed, states, patterns, d, beta):
    state, stored = drawn(seed, states, patterns, d)
    state.requires_grad_()
    [gradient] = torch.autograd.grad(energy(state, stored, beta=beta).sum(), state)
    close(update(state, stored, beta=beta), state - gradient)


def test_a_step_is_attention():
    state, stored = torch.randn(2, 5, 11), torch.randn(2, 7, 11)
    close(update(state, stored, beta=0.3), F.scaled_dot_product_attention(state, stored, stored, scale=0.3))
    close(update(state, stored, beta=11**-0.5), F.scaled_dot_product_attention(state, stored, stored))


def test_cold_memories_return_the_pattern_and_warm_ones_the_mean():
    stored = torch.eye(5, dtype=double) * 3
    noisy = stored + 0.3 * torch.randn(5, 5, dtype=double)
    close(retrieve(noisy, stored, beta=20.0, steps=1)[-1], stored)
    close(retrieve(noisy, stored, beta=1e-6, steps=1)[-1], stored.mean(0).expand(5, -1), atol=1e-4, rtol=0)


def test_retrieval_keeps_the_way():
    state, stored = torch.randn(5, 3), torch.randn(7, 3)
    way = retrieve(state, stored, beta=1.0, steps=2)
    close(way[0], state)
    close(way[1], update(state, stored, beta=1.0))
    close(way[2], update(way[1], stored, beta=1.0))
    assert retrieve(state, stored, beta=1.0, steps=0).shape == (1, 5, 3)
    assert energy(state[None], stored, beta=1.0).shape == (1, 5)
    assert retrieve(state[:0], stored, beta=1.0, steps=2).shape == (3, 0, 3)


@pytest.mark.parametrize("shape", [(), (1,)])
@pytest.mark.parametrize("function", [energy, update, lambda *a, beta: retrieve(*a, beta=beta, steps=2)])
def test_beta_may_be_learned(function, shape):
    state, stored = drawn(0, 5, 7, 3)
    beta = torch.full(shape, 0.7, dtype=double, requires_grad=True)
    expected = function(state, stored, beta=0.7)
    close(function(state, stored, beta=beta), expected)
    [slope] = torch.autograd.grad(function(state, stored, beta=beta).sum(), beta)
    up, down = (function(state, stored, beta=0.7 + step).sum() for step in (1e-5, -1e-5))
    close(slope, ((up - down) / 2e-5).expand(shape), rtol=1e-6, atol=1e-6)
    beta = beta.detach()
    close(torch.func.grad(lambda beta: function(state, stored, beta=beta).sum())(beta), slope)
    several = torch.func.vmap(lambda beta: function(state, stored, beta=beta))(beta.expand(3, *shape))
    close(several, expected.expand_as(several))


STATE, STORED = torch.randn(5, 3), torch.randn(7, 3)


@pytest.mark.parametrize("function", [energy, update, lambda *a, **k: retrieve(*a, **k, steps=1)])
@pytest.mark.parametrize(
    ("state", "stored", "beta", "sentence"),
    [
        (STATE[0], STORED, 1.0, "state has shape (3), but needs two axes"),
        (STATE, STORED[0], 1.0, "patterns has shape (3), but needs two axes"),
        (STATE[:, :2], STORED, 1.0, "state has shape (5, 2) and patterns (7, 3)"),
        (STATE, STORED[:0], 1.0, "at least one pattern"),
        (STATE, STORED[None], 1.0, "no larger leading axes for patterns"),
        (STATE.long(), STORED, 1.0, "state holds torch.int64"),
        (STATE, STORED, 0.0, "beta is 0.0"),
        (STATE, STORED, -1, "beta is -1"),
        (STATE, STORED, torch.tensor([-1.0]), "beta is tensor([-1.])"),
        (STATE, STORED, torch.ones(2), "beta has shape (2), but must be one number"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(function, state, stored, beta, sentence):
    with pytest.raises(ValueError) as caught:
        function(state, stored, beta=beta)
    assert sentence in str(caught.value)


def test_steps_are_not_negative():
    with pytest.raises(ValueError, match="steps is -1"):
        retrieve(STATE, STORED, beta=1.0, steps=-1)
