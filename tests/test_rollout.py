"""Rollout against matrices written out entry by entry, and against signals sent through the layers."""

import itertools

import pytest
import torch

from transformer_lite.rollout import merged, rollout, rollout_swin, rollout_vit
from transformer_lite.swin import Swin
from transformer_lite.vit import ViT

double = torch.float64
close = torch.testing.assert_close


def random_weights(*shape):
    return torch.randn(*shape, dtype=double).softmax(-1)


def test_by_hand():
    """Token 1 looks at token 0 only: after one layer it is half of it, after two three quarters."""
    A = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])
    assert rollout([A])[0].tolist() == [[1, 0], [0.5, 0.5]]
    assert rollout([A, A])[0].tolist() == [[1, 0], [0.75, 0.25]]


@pytest.mark.parametrize("residual", [0.0, 0.3, 0.5, 1.0])
def test_is_the_sum_over_all_paths(residual):
    """A path stays or moves in every layer, and its share is the product of its steps."""
    layers = [random_weights(2, 3, 4, 4) for _ in range(3)]
    expected = torch.zeros(2, 4, 4, dtype=double)
    for path in itertools.product(range(4), repeat=4):  # tokens passed, from the input on
        share = torch.ones(2, dtype=double)
        for layer, (before, after) in zip(layers, itertools.pairwise(path), strict=True):
            step = layer[:, :, after, before].mean(1) * (1 - residual)
            share = share * (step + (residual if before == after else 0))
        expected[:, path[-1], path[0]] += share
    R = rollout(layers, residual=residual)
    close(R, expected)
    close(R.sum(-1), torch.ones(2, 4, dtype=double))


def test_through_vit():
    model = ViT(image=(8, 12), patch=4, d_model=6, depth=3, heads=2, d_ff=7).double()
    seen = {}
    model(torch.randn(2, 3, 8, 12, dtype=double), record=seen)
    weights = [seen[f"layer {i}"]["attention"]["weights"] for i in range(3)]
    expected = torch.eye(7, dtype=double)
    for A in weights:
        expected = (0.5 * torch.eye(7, dtype=double) + 0.5 * (A[:, 0] + A[:, 1]) / 2) @ expected
    close(rollout_vit(seen), expected)
    close(rollout_vit(seen, residual=0), (weights[2].mean(1) @ weights[1].mean(1) @ weights[0].mean(1)))


def block_matrix(weights, batch, H, W, window, shift):
    """The weights of windows as one matrix over all tokens, looked up pair by pair."""
    across, down = -(-W // window), -(-H // window)
    A = weights.mean(1).view(batch, down * across, window**2, window**2)
    matrix = torch.zeros(batch, H * W, H * W, dtype=double)

    def place(i, j):
        i, j = (i - shift[0]) % (down * window), (j - shift[1]) % (across * window)
        return i // window * across + j // window, i % window * window + j % window

    for (a, here), (b, there) in itertools.product(
        enumerate(itertools.product(range(H), range(W))), repeat=2
    ):
        (window_a, token_a), (window_b, token_b) = place(*here), place(*there)
        if window_a == window_b:
            matrix[:, a, b] = A[:, window_a, token_a, token_b]
    return matrix


def merge_matrix(H, W):
    matrix = torch.zeros(-(-H // 2), -(-W // 2), H, W, dtype=double)
    for i, j in itertools.product(range(H), range(W)):
        matrix[i // 2, j // 2, i, j] = 1
    matrix = matrix.flatten(2).flatten(0, 1)
    return matrix / matrix.sum(1, keepdim=True)


@pytest.mark.parametrize(("H", "W"), [(8, 8), (12, 8), (9, 5), (3, 11), (1, 1)])
@pytest.mark.parametrize("residual", [0.5, 0.2])
def test_through_swin(H, W, residual):
    """Sizes that divide and sizes that do not, with shifts, padding and odd merges."""
    model = Swin(d_model=6, depths=(2, 2, 1), heads=(2, 3, 2), window=4, patch=2, classes=5).double()
    for stage in model.stages:
        for block in stage.blocks:
            torch.nn.init.normal_(block.bias.table)
    seen, batch = {}, 2
    model(torch.randn(batch, 3, 2 * H, 2 * W, dtype=double), record=seen)
    expected = torch.eye(H * W, dtype=double).expand(batch, -1, -1)
    h, w = H, W
    for i, depth in enumerate((2, 2, 1)):
        if i > 0:
            expected = merge_matrix(h, w) @ expected
            h, w = -(-h // 2), -(-w // 2)
        for j in range(depth):
            block = seen[f"stage {i}"][f"block {j}"]
            A = block_matrix(block["attention"]["weights"], batch, h, w, 4, block["shift"])
            close(A.sum(-1), torch.ones(batch, h * w, dtype=double))  # nothing goes to the padding
            expected = residual * expected + (1 - residual) * A @ expected
    R = rollout_swin(seen, residual=residual)
    assert R.shape == (batch, h, w, H, W)
    close(R.flatten(3).flatten(1, 2), expected)
    close(R.sum((3, 4)), torch.ones(batch, h, w, dtype=double))


def test_what_rollout_leaves_out_has_no_influence():
    """A token of the first stage that rollout gives no share of an output cannot change it."""
    model = Swin(d_model=6, depths=(1, 2), heads=(2, 2), window=2, patch=1, classes=5).double()
    images, seen = torch.randn(1, 3, 12, 12, dtype=double).requires_grad_(), {}
    output = model.encode(images, record=seen)[0, 2, 3] @ torch.randn(12, dtype=double)
    share = rollout_swin(seen)[0, 2, 3]  # (12, 12)
    (gradient,) = torch.autograd.grad(output, images)
    assert torch.equal(share > 0, gradient[0].abs().sum(0) > 0)
    assert 0 < (share > 0).sum() < 144


def test_merging_takes_the_mean_of_what_is_there():
    R = torch.eye(6).view(1, 2, 3, 6)
    assert merged(R)[0, 0].tolist() == [[0.25, 0.25, 0, 0.25, 0.25, 0], [0, 0, 0.5, 0, 0, 0.5]]


A = torch.full((1, 1, 2, 2), 0.5)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: rollout([]), "there are no layers"),
        (lambda: rollout([A[0]]), "shape (1, 2, 2), but must be (batch, heads, T, T)"),
        (lambda: rollout([A[..., :1]]), "shape (1, 1, 2, 1)"),
        (lambda: rollout([A, A.repeat(2, 1, 1, 1)]), "shape (2, 1, 2, 2)"),
        (lambda: rollout([A, torch.ones(1, 1, 3, 3)]), "the first has (1, 1, 2, 2)"),
        (lambda: rollout([A], residual=1.1), "residual is 1.1"),
        (lambda: rollout([A], residual=-0.1), "residual is -0.1"),
        (lambda: rollout_vit({}), "the record holds no 'layer' parts but []"),
        (lambda: rollout_swin({"layer 0": {}}), "no 'stage' parts but ['layer 0']"),
        (lambda: rollout_swin({}, residual=2), "residual is 2"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in str(caught.value)
