"""Masks against PyTorch's own, and against two written-out loops."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tests.modes import Watched
from transformer_lite import masks
from transformer_lite.attention import attention

lengths = st.integers(0, 9)


@given(T=st.integers(1, 9))
def test_causal_is_where_pytorch_adds_nothing(T):
    added = nn.Transformer.generate_square_subsequent_mask(T)
    assert torch.equal(masks.causal(T), added == 0)


@given(T=lengths, S=lengths)
def test_causal_aligns_the_last_query_with_the_last_key(T, S):
    expected = [[(s - S) <= (t - T) for s in range(S)] for t in range(T)]
    assert masks.causal(T, S).tolist() == expected
    assert masks.causal(T, S).shape == (T, S)


def test_a_single_query_sees_all_cached_keys():
    assert masks.causal(1, 5).all()


@given(T=lengths, S=lengths, radius=st.integers(0, 5))
def test_local_is_a_band(T, S, radius):
    expected = [[abs((s - S) - (t - T)) <= radius for s in range(S)] for t in range(T)]
    assert masks.local(T, S, radius=radius).tolist() == expected


def test_local_without_S_is_square():
    assert masks.local(4, radius=0).tolist() == torch.eye(4, dtype=torch.bool).tolist()


@given(rows=st.lists(st.integers(0, 6), max_size=4), more=st.integers(0, 3))
def test_padding_hides_what_lies_behind_each_sentence(rows, more):
    S = max(rows, default=0) + more
    expected = [[[s < length for s in range(S)]] for length in rows]
    mask = masks.padding(rows, S=S)
    assert mask.tolist() == expected
    assert mask.shape == (len(rows), 1, S)
    assert torch.equal(masks.padding(torch.tensor(rows, dtype=torch.long), S=S), mask)


def test_padding_is_as_long_as_the_longest_sentence_unless_told():
    assert masks.padding([2, 3, 0]).shape == (3, 1, 3)
    assert masks.padding([]).shape == (0, 1, 0)


def test_padding_of_finds_the_pad_token_anywhere():
    ids = torch.tensor([[7, 7, 0], [0, 5, 0]])
    assert masks.padding_of(ids).tolist() == [[[True, True, False]], [[False, True, False]]]
    assert masks.padding_of(ids, pad=7).tolist() == [[[False, False, True]], [[True, True, True]]]


@given(T=st.integers(1, 5), S=st.integers(1, 5), rows=st.lists(st.integers(0, 3), min_size=1, max_size=3))
def test_combine_allows_what_all_allow(T, S, rows):
    padding, causal, local = masks.padding(rows, S=max(S, 3)), masks.causal(T, max(S, 3)), None
    both = masks.combine(padding, local, causal)
    for b in range(len(rows)):
        for t in range(T):
            for s in range(max(S, 3)):
                assert both[b, t, s] == (padding[b, 0, s] and causal[t, s])


def test_combine_of_nothing_is_nothing():
    assert masks.combine() is None
    assert masks.combine(None, None) is None
    only = masks.causal(3)
    assert masks.combine(None, only) is only


@pytest.mark.parametrize("shape", [(5, 7), (1, 7), (5, 1), (1, 1), (2, 5, 7), (2, 1, 7), (2, 3, 5, 7)])
def test_masks_that_fit_pass(shape):
    masks.check(torch.ones(shape, dtype=torch.bool), 5, 7)


@pytest.mark.parametrize("shape", [(2, 7), (5, 2), (7, 5), (5, 6, 7), (7, 5, 6), (5, 7, 5), (5, 7, 1, 3)])
def test_masks_that_do_not_fit_are_refused(shape):
    with pytest.raises(ValueError, match="its last two axes must be"):
        masks.check(torch.ones(shape, dtype=torch.bool), 5, 7)


def test_masks_are_made_where_they_are_asked_for():
    assert masks.causal(3, device="meta").device.type == "meta"
    assert masks.local(3, radius=1, device="meta").device.type == "meta"


@pytest.mark.parametrize(
    ("make", "times"), [(lambda T: masks.causal(T), 1), (lambda T: masks.local(T, T + 9, radius=7), 2)]
)
def test_no_mask_takes_the_memory_of_whole_numbers(make, times):
    with Watched() as watched:
        mask = make(500)
    assert mask.nbytes <= watched.bytes() < 1.1 * times * mask.nbytes


def test_neither_does_attention_to_earlier_keys():
    x, mask = torch.randn(1, 300, 2), masks.padding([290], S=300)
    with Watched() as watched:
        attention(x, x, x, mask, causal=True, return_weights=True)
    assert max(made.numel() for _, made in watched.made if made.dtype == torch.int64) <= 300


@pytest.mark.parametrize("lengths", [torch.tensor([2, 0, 3]), torch.tensor([1], dtype=torch.int32)])
def test_padding_where_lengths_cannot_be_looked_at(lengths):
    expected = masks.padding(lengths, S=5)
    several = torch.stack([lengths, lengths.flip(0)])
    mapped = torch.func.vmap(lambda lengths: masks.padding(lengths, S=5))(several)
    assert torch.equal(mapped, torch.stack([expected, masks.padding(lengths.flip(0), S=5)]))
    nowhere = masks.padding(lengths.to("meta"), S=5)
    assert nowhere.shape == expected.shape and nowhere.device.type == "meta"
    with pytest.raises(ValueError, match="S is not given, and the longest sentence's length cannot be read"):
        masks.padding(lengths.to("meta"))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: masks.causal(-1), "T is -1, but must be a whole number of at least 0"),
        (lambda: masks.causal(2, -3), "S is -3"),
        (lambda: masks.local(3, radius=-1), "radius is -1"),
        (lambda: masks.local(-3, radius=1), "T is -3"),
        (lambda: masks.padding([1, 5], S=4), "run from 1 to 5, but must lie between 0 and S = 4"),
        (lambda: masks.padding([-1, 2]), "run from -1 to 2"),
        (lambda: masks.padding([1.5]), "torch.float32, but must be one row of whole numbers"),
        (lambda: masks.padding([True]), "torch.bool, but must be one row"),
        (lambda: masks.padding(torch.ones(2, 3, dtype=torch.long)), "shape (2, 3)"),
        (lambda: masks.padding_of(torch.ones(3, dtype=torch.long)), "shape (3)"),
        (lambda: masks.padding_of(torch.ones(2, 3)), "torch.float32"),
        (lambda: masks.padding_of(torch.ones(2, 3, dtype=torch.bool)), "torch.bool"),
        (lambda: masks.combine(torch.ones(2, 2)), "torch.float32, but must be boolean"),
        (lambda: masks.combine(masks.causal(2), masks.causal(3)), "shapes (2, 2) and (3, 3) do not fit"),
        (lambda: masks.check(torch.ones(3, dtype=torch.bool)), "shape (3), but needs two axes"),
        (lambda: masks.check(masks.causal(2), 3, 2), "T = 3 queries and S = 2 keys"),
        (lambda: masks.check(masks.causal(2), 2, 3), "T = 2 queries and S = 3 keys"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in str(caught.value)
