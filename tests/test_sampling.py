"""Chances against Hugging Face's and closed forms, and draws against chances."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.devices import generator
from tests.modes import on_a_device_without_float64
from transformer_lite.sampling import chances, draw

double = torch.float64
close = torch.testing.assert_close


@pytest.mark.parametrize(
    ("temperature", "top_k", "top_p"),
    list(itertools.product([0.3, 1.0, 5.0], [None, 1, 4, 50], [None, 0.02, 0.7, 1.0])),
)
def test_equal_hugging_faces(temperature, top_k, top_p):
    process = pytest.importorskip("transformers.generation.logits_process")
    scores = torch.randn(7, 23, dtype=double) * 3
    steps = [process.TemperatureLogitsWarper(temperature)]
    steps += [process.TopKLogitsWarper(top_k)] if top_k else []
    steps += [process.TopPLogitsWarper(top_p)] if top_p else []
    expected = scores
    for step in steps:
        expected = step(None, expected)
    close(chances(scores, temperature=temperature, top_k=top_k, top_p=top_p), expected.softmax(-1))


def test_by_hand():
    scores = torch.tensor([0.1, 0.4, 0.2, 0.3], dtype=double).log()
    close(chances(scores), torch.tensor([0.1, 0.4, 0.2, 0.3], dtype=double))
    close(chances(scores, temperature=0.5), torch.tensor([1.0, 16.0, 4.0, 9.0], dtype=double) / 30)
    close(chances(scores, top_k=2), torch.tensor([0.0, 4.0, 0.0, 3.0], dtype=double) / 7)
    close(chances(scores, top_p=0.71), torch.tensor([0.0, 4.0, 2.0, 3.0], dtype=double) / 9)
    close(chances(scores, top_p=0.69), torch.tensor([0.0, 4.0, 0.0, 3.0], dtype=double) / 7)
    close(chances(scores, top_k=2, top_p=0.5), torch.tensor([0.0, 1.0, 0.0, 0.0], dtype=double))


@given(seed=st.integers(0, 99), top_k=st.integers(1, 9), top_p=st.floats(0.01, 1.0))
def test_what_must_hold_whatever_the_numbers(seed, top_k, top_p):
    torch.manual_seed(seed)
    scores = torch.randint(0, 4, (3, 8)).to(double)  # many tokens are equally likely
    plain, kept = chances(scores), chances(scores, top_p=top_p)
    assert ((chances(scores, top_k=top_k) > 0).sum(-1) == min(top_k, 8)).all()
    for row, left in zip(plain, kept > 0, strict=True):
        assert row[left].sum() >= top_p - 1e-12  # enough
        assert row[left].sum() - row[left].min() < top_p + 1e-12  # and none too many
        assert left.all() or row[left].min() >= row[~left].max()  # the likeliest
    shuffled = torch.randperm(8)
    close(chances(scores[:, shuffled]), plain[:, shuffled])
    close(chances(scores + 1e3), plain)
    for options in ({"top_k": top_k}, {"top_p": top_p}, {"top_k": top_k, "top_p": top_p}):
        close(chances(scores, **options).sum(-1), torch.ones(3, dtype=double))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("temperature", [1e-3, 1e-30, 1e-300])
def test_the_lowest_temperatures_leave_the_likeliest(dtype, temperature):
    scores = torch.tensor([[3.0, 7.0, -2.0], [-100.0, -300.0, -200.0]], dtype=dtype)
    assert chances(scores, temperature=temperature).tolist() == [[0, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_small_probabilities_are_added_up_exactly(dtype):
    scores = torch.zeros(2**16, dtype=dtype)
    assert (chances(scores, top_p=0.25) > 0).sum() == 2**14
    assert chances(scores).dtype == dtype


def test_a_token_of_minus_infinity_is_never_said():
    scores = torch.tensor([0.0, -math.inf, 0.0])
    for options in ({}, {"top_k": 3}, {"top_p": 1.0}, {"temperature": 1e6}):
        close(chances(scores, **options), torch.tensor([0.5, 0.0, 0.5]))


@pytest.mark.parametrize("options", [{}, {"temperature": 0.5}, {"top_k": 4}, {"top_p": 0.8}])
def test_tokens_come_as_often_as_their_chances_say(options):
    """Pearson's test: a larger deviation than this one comes up in more than one of a hundred such experiments."""
    scores, times = torch.randn(6, dtype=double), 20_000
    drawn = draw(scores.expand(times, -1), generator=generator(5), **options)
    expected = times * chances(scores, **options)
    counts = drawn.bincount(minlength=6)
    possible = expected > 0
    assert (counts[~possible] == 0).all()
    deviation = ((counts - expected).square() / expected)[possible].sum()
    freedom = torch.tensor(possible.sum().item() - 1, dtype=double)
    assert torch.special.gammaincc(freedom / 2, deviation / 2) > 0.01


def test_the_generator_decides():
    scores = torch.randn(50, 9)
    first, second = (draw(scores, generator=generator(seed)) for seed in (1, 1))
    assert torch.equal(first, second)
    assert not torch.equal(draw(scores, generator=generator(2)), first)
    assert draw(scores[:0]).shape == (0,)


def test_a_device_without_float64():
    with on_a_device_without_float64() as device:
        scores = torch.randn(2, 5)
        found = chances(scores, top_k=3, top_p=0.9)
        assert (found.device, found.dtype) == (device, torch.float32)
        assert draw(scores, temperature=0.5).device == device


S = torch.zeros(2, 5)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: chances(S[0, 0]), "scores have shape (), but must be (..., vocabulary)"),
        (lambda: chances(S[:, :0]), "scores have shape (2, 0)"),
        (lambda: chances(S.long()), "scores holds torch.int64"),
        (lambda: chances(S, temperature=0), "temperature is 0, but must be positive"),
        (lambda: chances(S, temperature=math.nan), "temperature is nan"),
        (lambda: chances(S, temperature=math.inf), "temperature is inf, but must be positive and finite"),
        (lambda: chances(S, top_k=0), "top_k is 0"),
        (lambda: chances(S, top_k=2.0), "top_k is 2.0"),
        (lambda: chances(S, top_p=0.0), "top_p is 0.0, but must be above 0"),
        (lambda: chances(S, top_p=1.1), "top_p is 1.1"),
        (lambda: draw(S[0]), "scores have shape (5), but must be (batch, vocabulary)"),
        (lambda: draw(S * math.nan), "scores hold NaN or infinity"),
        (lambda: draw(S - math.inf), "minus infinity for every token"),
        (lambda: chances(S * math.nan), "scores hold NaN or infinity"),
        (lambda: chances(S + math.inf), "scores hold NaN or infinity"),
        (lambda: chances(torch.stack([S[0], S[0] - math.inf])), "minus infinity for every token of a row"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in str(caught.value)
