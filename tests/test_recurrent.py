"""The recurrent network against PyTorch's, with padded and with packed batches."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from transformer_lite.recurrent import RNN, last_state, packed_rows

double = torch.float64
close = torch.testing.assert_close


def pair():
    ours = RNN(d_in=3, d_hidden=5).double()
    theirs = nn.RNN(3, 5, batch_first=True, dtype=double)
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(ours.input.weight)
        theirs.bias_ih_l0.copy_(ours.input.bias)
        theirs.weight_hh_l0.copy_(ours.recurrent.weight)
        theirs.bias_hh_l0.zero_()
    return ours, theirs


@pytest.mark.parametrize("given", [False, True])
def test_equals_pytorchs_in_outputs_and_gradients(given):
    ours, theirs = pair()
    x = torch.randn(2, 7, 3, dtype=double, requires_grad=True)
    state = torch.randn(2, 5, dtype=double) if given else None
    output = ours(x, state=state)
    expected, last = theirs(x, None if state is None else state[None])
    close(output, expected)
    close(last_state(output, [7, 7]), last[0])
    weights = torch.randn_like(output)
    ours_grad = torch.autograd.grad((output * weights).sum(), [x, *ours.parameters()])
    wanted = [x, theirs.weight_ih_l0, theirs.bias_ih_l0, theirs.weight_hh_l0]
    names = [n for n, _ in ours.named_parameters()]
    assert names == ["input.weight", "input.bias", "recurrent.weight"]
    close(ours_grad, torch.autograd.grad((expected * weights).sum(), wanted))


@given(lengths=st.lists(st.integers(1, 6), min_size=1, max_size=5), more=st.integers(0, 2))
def test_ragged_batches_equal_packed_ones(lengths, more):
    ours, theirs = pair()
    x = torch.randn(len(lengths), max(lengths) + more, 3, dtype=double)
    state = torch.randn(len(lengths), 5, dtype=double)
    packed = pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    expected, last = theirs(packed, state[None])
    expected, _ = pad_packed_sequence(expected, batch_first=True, total_length=x.shape[1])
    record = {}
    output = ours(x, lengths, state=state, record=record)
    close(output, expected)
    close(last_state(output, lengths), last[0])
    assert packed_rows(lengths) == packed.batch_sizes.tolist() == record["rows"]
    assert sum(record["rows"]) == sum(lengths)
    close(ours(x, torch.tensor(lengths), state=state), output)


def test_what_stands_behind_an_end_is_not_read():
    ours, _ = pair()
    x = torch.randn(2, 4, 3, dtype=double)
    changed = x.clone()
    changed[1, 2:] = torch.nan
    close(ours(changed, [4, 2]), ours(x, [4, 2]))


def test_empty_sequences_and_batches():
    ours, _ = pair()
    x = torch.randn(2, 4, 3, dtype=double)
    output = ours(x, [0, 3])
    close(output[1], ours(x[1:], [3])[0])
    assert (output[0] == 0).all()
    assert (last_state(output + 1, [0, 3])[0] == 0).all()
    assert ours(x[:0]).shape == (0, 4, 5)
    assert ours(x[:0], []).shape == (0, 4, 5)
    assert ours(x[:, :0]).shape == (2, 0, 5)
    assert last_state(ours(x[:, :0]), [0, 0]).shape == (2, 5)
    assert packed_rows([]) == packed_rows([0, 0]) == []


def test_the_state_at_the_end_where_lengths_cannot_be_looked_at():
    states, several = torch.randn(3, 4, 5), torch.tensor([[4, 0, 2], [1, 3, 3]])
    mapped = torch.func.vmap(lambda lengths: last_state(states, lengths))(several)
    close(mapped, torch.stack([last_state(states, lengths.tolist()) for lengths in several]))
    assert last_state(states.to("meta"), several[0].to("meta")).shape == (3, 5)
    with pytest.raises(ValueError, match="there must be one whole number for each sequence"):
        last_state(states.to("meta"), several.to("meta"))


def test_known_lengths_do_anywhere_and_unknown_ones_are_refused():
    ours = RNN(d_in=3, d_hidden=5)
    x, lengths = torch.randn(2, 3, 4, 3), [2, 4, 0]
    mapped = torch.func.vmap(lambda x: ours(x, lengths))(x)
    close(mapped, torch.stack([ours(each, torch.tensor(lengths)) for each in x]))
    assert ours.to("meta")(x[0].to("meta"), lengths).shape == (3, 4, 5)
    assert packed_rows(np.array(lengths)) == packed_rows(torch.tensor(lengths)) == [2, 2, 1, 1]
    ours = RNN(d_in=3, d_hidden=5)
    for call in (packed_rows, lambda lengths: ours(x[0], lengths)):
        with pytest.raises(ValueError, match="give a list, or leave them out and take last_state"):
            call(torch.tensor(lengths, device="meta"))
        with pytest.raises(ValueError, match=r"inside torch\.func\.vmap"):
            torch.func.vmap(call)(torch.tensor([lengths]))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_inside_autocast_it_goes_on_from_its_own_state(dtype):
    ours, _ = pair()
    ours, x = ours.float(), torch.randn(2, 5, 3)
    with torch.autocast("cpu", dtype):
        whole = ours(x)
        first = ours(x[:, :2])
        rest = ours(x[:, 2:], [3, 2], state=first[:, -1])
    assert first.dtype == rest.dtype == dtype
    close(rest[0].float(), whole[0, 2:].float())
    close(ours(x), whole.float(), rtol=0.05, atol=0.05)
    with pytest.raises(ValueError, match=f"state holds {dtype}, but the weights torch.float32"):
        ours(x, state=first[:, -1])


def test_parameters():
    assert sum(p.numel() for p in RNN(d_in=3, d_hidden=5).parameters()) == 3 * 5 + 5 + 5 * 5
    assert max(p.abs().max() for p in RNN(d_in=30, d_hidden=100).parameters()) <= 0.1


X = torch.randn(2, 4, 3)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: RNN(d_in=0, d_hidden=5), "d_in is 0"),
        (lambda: RNN(d_in=3, d_hidden=-5), "d_hidden is -5"),
        (lambda: RNN(d_in=3, d_hidden=5)(X[0]), "x has shape (4, 3)"),
        (lambda: RNN(d_in=4, d_hidden=5)(X), "x has shape (2, 4, 3)"),
        (lambda: RNN(d_in=3, d_hidden=5)(X.long()), "x holds torch.int64"),
        (lambda: RNN(d_in=3, d_hidden=5)(X, [4]), "lengths are [4] for a batch of shape (2, 4, 3)"),
        (lambda: RNN(d_in=3, d_hidden=5)(X, [4, 5]), "lengths are [4, 5] for a batch"),
        (lambda: RNN(d_in=3, d_hidden=5)(X, [4, -1]), "lengths are [4, -1], but must be"),
        (lambda: RNN(d_in=3, d_hidden=5)(X, [[4, 1]]), "lengths are [[4, 1]], but must be"),
        (
            lambda: RNN(d_in=3, d_hidden=5)(X, state=torch.zeros(2, 4)),
            "state has shape (2, 4) and holds torch.float32, but must be (2, 5)",
        ),
        (lambda: packed_rows([1.5]), "lengths are [1.5]"),
        (lambda: packed_rows([True]), "lengths are [True]"),
        (lambda: last_state(X, [1]), "lengths are [1] for a batch"),
        (lambda: last_state(X[0], [1] * 4), "for a batch of shape (4, 3)"),
        (lambda: last_state(X, [1, 5]), "lengths are [1, 5] for a batch"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in str(caught.value)
