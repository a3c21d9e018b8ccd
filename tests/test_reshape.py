"""Reshaping a map: each way against its matrix, and against PyTorch's own."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from transformer_lite.reshape import OutputQueries, Pooling, PositionMLP, StridedConvolution

double = torch.float64
close = torch.testing.assert_close
SIZE, SIZE_OUT, FEATURES = (7, 11), (3, 5), 2


def random(*shape):
    return torch.randn(*shape, dtype=double)


def ways(size=SIZE, size_out=SIZE_OUT):
    sizes = {"size": size, "size_out": size_out}
    return {
        "pooling": Pooling(**sizes),
        "convolution": StridedConvolution(**sizes),
        "MLP": PositionMLP(**sizes),
        "attention": OutputQueries(**sizes, features=FEATURES, d_k=13),
        "attention by content": OutputQueries(**sizes, features=FEATURES, d_k=13, keys="content"),
        "attention by position": OutputQueries(**sizes, features=FEATURES, d_k=13, keys="position"),
        "attention with content in the queries": OutputQueries(
            **sizes, features=FEATURES, d_k=13, query_content=True
        ),
    }


ATTENTIONS = [name for name in ways() if "attention" in name]
FIXED = [name for name in ways() if name not in ATTENTIONS]


@pytest.mark.parametrize("name", ways())
@pytest.mark.parametrize("size_out", [(3, 5), (1, 1), (7, 2), (1, 11), (7, 11)])
def test_output_is_matrix_times_input(name, size_out):
    """Written out with einsum, for the function and for its derivative."""
    way = ways(size_out=size_out)[name].double()
    x = random(3, *SIZE, FEATURES).requires_grad_()
    W, y = way.mixing(x).double(), way(x)
    assert W.shape[-2:] == (size_out[0] * size_out[1], 7 * 11)
    assert y.shape == (3, *size_out, FEATURES)
    expected = torch.einsum("...qp, npc -> nqc" if W.ndim == 2 else "nqp, npc -> nqc", W, x.flatten(1, 2))
    close(y.flatten(1, 2), expected, rtol=1e-6, atol=1e-6)  # pooling's matrix is float32
    loss = torch.randn_like(expected)
    (ours,) = torch.autograd.grad(y.flatten(1, 2), x, loss, retain_graph=True)
    (theirs,) = torch.autograd.grad(expected, x, loss)
    close(ours, theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("way", "options"), [(Pooling, {}), (PositionMLP, {}), (OutputQueries, {"features": FEATURES, "d_k": 5})]
)
def test_maps_can_grow(way, options):
    way = way(size=SIZE, size_out=(13, 12), **options).double()
    x = random(1, *SIZE, FEATURES)
    W = way.mixing(x).double()
    assert way(x).shape == (1, 13, 12, FEATURES)
    close((W @ x.flatten(1, 2)).view(1, 13, 12, FEATURES), way(x), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", FIXED)
def test_a_fixed_matrix_does_not_look_at_the_input(name):
    way = ways()[name]
    x = torch.randn(1, *SIZE, FEATURES)
    assert torch.equal(way.mixing(), way.mixing(x))
    assert way.mixing().shape == (15, 77)


@pytest.mark.parametrize("name", ATTENTIONS)
def test_rows_of_attention_are_distributions(name):
    W = ways()[name].mixing(torch.randn(3, *SIZE, FEATURES))
    assert W.shape == (3, 15, 77)
    assert (W > 0).all()
    close(W.sum(-1), torch.ones(3, 15))


@pytest.mark.parametrize("name", ATTENTIONS)
def test_what_the_matrix_of_attention_depends_on(name):
    W = ways()[name].mixing(torch.randn(2, *SIZE, FEATURES))
    assert torch.equal(W[0], W[1]) == (name == "attention by position")


def permuted(x, order):
    return x.flatten(1, 2)[:, order].view_as(x)


def test_permuting_the_inputs():
    """By content, attention gives the same output; with positions, and for a fixed W, it does not."""
    x, order = random(1, *SIZE, FEATURES), torch.randperm(77)
    for name, way in ways().items():
        way = way.double()
        unmoved = torch.allclose(way(permuted(x, order)), way(x))
        assert unmoved == (name == "attention by content"), name
    way = ways()["attention by content"].double()
    close(way.mixing(permuted(x, order)), way.mixing(x)[:, :, order])


@given(H=st.integers(1, 12), W=st.integers(1, 12), H_out=st.integers(1, 12), W_out=st.integers(1, 12))
def test_pooling_is_pytorchs(H, W, H_out, W_out):
    """Each column of the matrix is the image of one pixel."""
    matrix = Pooling(size=(H, W), size_out=(H_out, W_out)).mixing()
    pixels = torch.eye(H * W).view(H * W, 1, H, W)
    close(matrix.T, F.adaptive_avg_pool2d(pixels, (H_out, W_out)).flatten(1))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_poolings_matrix_is_of_its_inputs_kind(dtype):
    way, x = Pooling(size=(7, 11), size_out=(3, 4)), torch.randn(1, 7, 11, 2).to(dtype)
    W, exact = way.mixing(x), way.mixing(x.double())
    assert W.dtype == dtype
    close(exact.sum(1), torch.ones(12, dtype=torch.float64))
    close(W.double(), exact, rtol=2 * torch.finfo(dtype).eps, atol=0)


def test_pooling_by_hand():
    assert Pooling(size=(1, 4), size_out=(1, 2)).mixing().tolist() == [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]
    x = torch.arange(12.0).view(1, 3, 4, 1)
    assert Pooling(size=(3, 4), size_out=(1, 2))(x).flatten().tolist() == [4.5, 6.5]


@given(H=st.integers(1, 12), W=st.integers(1, 12), data=st.data())
def test_convolution_arrives_at_any_smaller_size(H, W, data):
    size_out = (data.draw(st.integers(1, H)), data.draw(st.integers(1, W)))
    way = StridedConvolution(size=(H, W), size_out=size_out).double()
    x = random(2, H, W, 3)
    expected = F.conv2d(x.permute(0, 3, 1, 2).reshape(6, 1, H, W), way.kernel[None, None], stride=way.stride)
    close(way(x).permute(0, 3, 1, 2), expected.view(2, 3, *size_out))
    nn.init.ones_(way.kernel)
    assert (way.mixing().sum(0) > 0).all()  # no input is left out
    if H % size_out[0] == W % size_out[1] == 0:  # pooling is the convolution with equal weights
        nn.init.constant_(way.kernel, 1 / way.kernel.numel())
        close(way.mixing(), Pooling(size=(H, W), size_out=size_out).mixing().double())


def test_what_is_learned():
    def count(way):
        return sum(p.numel() for p in way.parameters())

    found = {name: count(way) for name, way in ways().items()}
    assert found == {
        "pooling": 0,
        "convolution": 3 * 3,  # 7 rows in steps of 2, 11 columns in steps of 2
        "MLP": 15 * 77,
        "attention": 15 * 13 + 77 * 13 + 2 * 13,
        "attention by content": 15 * 13 + 2 * 13,
        "attention by position": 15 * 13 + 77 * 13,
        "attention with content in the queries": 15 * 13 + 77 * 13 + 2 * 13 + 2 * 13,
    }


@pytest.mark.parametrize("keys", ["content", "position", "both"])
@pytest.mark.parametrize("query_content", [False, True])
def test_queries_and_keys_are_made_of_what_they_should_be(keys, query_content):
    way = OutputQueries(
        size=(2, 4), size_out=(1, 2), features=3, d_k=5, keys=keys, query_content=query_content
    ).double()
    x = random(2, 2, 4, 3)
    query, key = way.queries.expand(2, 2, 5), torch.zeros(2, 8, 5, dtype=double)
    if query_content:
        means = torch.stack([x[:, :, :2].mean((1, 2)), x[:, :, 2:].mean((1, 2))], dim=1)  # (2, 2, 3)
        query = query + means @ way.query.weight.T
    if keys != "position":
        key = key + x.flatten(1, 2) @ way.key.weight.T
    if keys != "content":
        key = key + way.positions
    expected = F.scaled_dot_product_attention(query, key, x.flatten(1, 2))
    close(way(x).flatten(1, 2), expected)
    assert len(list(way.parameters())) == 1 + query_content + (2 if keys == "both" else 1)


@pytest.mark.parametrize("name", ways())
def test_every_way_can_be_learned(name):
    """But for pooling: a gradient reaches each parameter."""
    way = ways()[name]
    way(torch.randn(2, *SIZE, FEATURES)).square().sum().backward() if name != "pooling" else None
    assert all(p.grad.abs().sum() > 0 for p in way.parameters())


X = torch.zeros(1, *SIZE, FEATURES)
SIZES = {"size": SIZE, "size_out": SIZE_OUT}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        *[
            (
                lambda way=way: way(X[:, :6]),
                "x has shape (1, 6, 11, 2), but must be (batch, H = 7, W = 11, features)",
            )
            for way in ways().values()
        ],
        *[(lambda way=way: way(X[0]), "x has shape (7, 11, 2)") for way in ways().values()],
        *[(lambda way=way: way(X.long()), "x holds torch.int64") for way in ways().values()],
        (lambda: ways()["attention"](X[..., :1]), "the tokens must have 2 features"),
        (lambda: ways()["attention"].mixing(X[0]), "x has shape (7, 11, 2)"),
        (lambda: Pooling(size=(0, 3), size_out=(1, 1)), "the height in size is 0"),
        (lambda: PositionMLP(size=(3, 3), size_out=(1, 0)), "the width in size_out is 0"),
        (lambda: PositionMLP(size=(3, 3, 3), size_out=(1, 1)), "size is (3, 3, 3), but must be a height and"),
        (lambda: StridedConvolution(size=(3, 3), size_out=(4, 1)), "(4, 1) is larger than size (3, 3)"),
        (lambda: StridedConvolution(size=(3, 3), size_out=(1, 4)), "can only shrink"),
        (lambda: OutputQueries(**SIZES, features=2, d_k=3, keys="rows"), "keys is 'rows', but must be"),
        (lambda: OutputQueries(**SIZES, features=0, d_k=3), "features is 0"),
        (lambda: OutputQueries(**SIZES, features=2, d_k=0), "d_k is 0"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in str(caught.value)
