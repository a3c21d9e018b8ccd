"""The checks themselves: what they may look at, what they let through, and what they turn away everywhere."""

import warnings
from unittest.mock import patch

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from transformer_lite import (
    _check,
    attention,
    convolution,
    cost,
    layers,
    masks,
    memory,
    mlp,
    objective,
    reshape,
    rollout,
    scores,
    vit,
)

close = torch.testing.assert_close
MAPS = {"size": (4, 6), "size_out": (2, 3)}
VIT = {"image": 8, "patch": 4, "d_model": 6, "depth": 1, "heads": 2, "d_ff": 5, "channels": 1, "classes": 3}


def test_numbers_are_looked_at_only_where_they_can_be_read():
    whole, real = torch.arange(3), nn.Parameter(torch.ones(2))
    assert _check.may_look()
    assert _check.may_look(whole, real)
    assert not _check.may_look(whole, torch.empty(2, device="meta"))
    seen = []
    torch.func.vmap(lambda x: seen.append(_check.may_look(x)) or x)(torch.ones(2, 3))
    assert seen == [False]
    with patch.object(torch.compiler, "_is_compiling_flag", True):  # as while a graph is traced
        assert not _check.may_look(whole)


# --- mixed precision ---


def heads(**options):
    layer = attention.MultiHeadAttention(d_model=6, heads=2)
    return lambda x, memory, bias: layer(x, memory, bias=bias, **options)


def coordinates():
    network = mlp.CoordinateMLP(d_in=2, d_out=3, d_hidden=4, hidden_layers=1, objects=2, d_code=3)
    return lambda x, code: network(x, code=code)


# name: a maker of the function, and the shapes of its tensors.
REAL = {
    "dot": (lambda: scores.dot, (2, 5, 4), (2, 7, 4)),
    "scaled_dot": (lambda: scores.scaled_dot, (2, 5, 4), (2, 7, 4)),
    "cosine": (lambda: scores.cosine, (2, 5, 4), (2, 7, 4)),
    "bilinear": (lambda: scores.bilinear, (2, 5, 4), (2, 7, 3), (4, 3)),
    "additive": (lambda: scores.additive, (2, 5, 4), (2, 7, 3), (6, 4), (6, 3), (6,)),
    "Bilinear": (lambda: scores.Bilinear(d_query=4, d_key=3), (2, 5, 4), (2, 7, 3)),
    "Additive": (lambda: scores.Additive(d_query=4, d_key=3, d_hidden=6), (2, 5, 4), (2, 7, 3)),
    "attention": (lambda: attention.attention, (2, 5, 4), (2, 7, 4), (2, 7, 3)),
    "attention with a bias": (
        lambda: lambda q, k, v, bias: attention.attention(q, k, v, bias=bias),
        *((2, 5, 4), (2, 7, 4), (2, 7, 3), (5, 7)),
    ),
    "attention with a frozen bias and a mask": (
        lambda: (
            lambda q, k, v, bias: attention.attention(
                q, k, v, masks.causal(5, 7, device=q.device), bias=bias.detach()
            )
        ),
        *((2, 5, 4), (2, 7, 4), (2, 7, 3), (5, 7)),
    ),
    "attention with a scale": (
        lambda: lambda q, k, v, scale: attention.attention(q, k, v, scale=scale),
        *((2, 5, 4), (2, 7, 4), (2, 7, 3), (2, 1, 1)),
    ),
    "attention with weights": (
        lambda: lambda q, k, v, bias: attention.attention(q, k, v, bias=bias, return_weights=True)[0],
        *((2, 5, 4), (2, 7, 4), (2, 7, 3), (5, 7)),
    ),
    "MultiHeadAttention": (heads, (2, 5, 6), (2, 7, 6), (5, 7)),
    "MultiHeadAttention, recorded": (lambda: heads(record={}), (2, 5, 6), (2, 7, 6), (5, 7)),
    "EncoderLayer": (lambda: layers.EncoderLayer(d_model=6, heads=2, d_ff=5), (2, 5, 6)),
    "DecoderLayer": (lambda: layers.DecoderLayer(d_model=6, heads=2, d_ff=5), (2, 5, 6), (2, 7, 6)),
    "FeedForward": (lambda: layers.FeedForward(d_model=6, d_ff=5), (2, 5, 6)),
    "energy": (lambda: lambda state, patterns: memory.energy(state, patterns, beta=0.5), (5, 4), (7, 4)),
    "update": (lambda: lambda state, patterns: memory.update(state, patterns, beta=0.5), (5, 4), (7, 4)),
    "retrieve": (
        lambda: lambda state, patterns: memory.retrieve(state, patterns, beta=0.5, steps=2),
        *((5, 4), (7, 4)),
    ),
    "convolve": (lambda: convolution.convolve, (2, 3, 5, 6), (4, 3, 2, 2), (4,)),
    "SeparableConvolution": (
        lambda: convolution.SeparableConvolution(channels=3, channels_out=4),
        (2, 3, 5, 6),
    ),
    "ConvolutionalNetwork": (lambda: convolution.ConvolutionalNetwork(widths=(3,)), (2, 1, 8, 8)),
    "rollout": (lambda: lambda *layers: rollout.rollout(layers), (2, 3, 5, 5), (2, 3, 5, 5)),
    "MLP": (lambda: mlp.MLP([4, 5, 3]), (2, 4)),
    "CoordinateMLP": (coordinates, (5, 2), (3,)),
    "StridedConvolution": (lambda: reshape.StridedConvolution(**MAPS), (2, 4, 6, 5)),
    "PositionMLP": (lambda: reshape.PositionMLP(**MAPS), (2, 4, 6, 5)),
    "OutputQueries": (
        lambda: reshape.OutputQueries(**MAPS, features=5, d_k=4, keys="content", query_content=True),
        (2, 4, 6, 5),
    ),
    "OutputQueries.mixing": (
        lambda: reshape.OutputQueries(**MAPS, features=5, d_k=4, keys="content").mixing,
        (2, 4, 6, 5),
    ),
    "ViT": (lambda: vit.ViT(**VIT), (2, 1, 8, 8)),
}


def values_and_gradients(function, tensors):
    tensors = [x.detach().requires_grad_() for x in tensors]
    output = function(*tensors)
    output.float().sin().sum().backward()
    return output.float(), [torch.zeros(()) if x.grad is None else x.grad.float() for x in tensors]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", REAL)
def test_inside_autocast_halves_meet_wholes(name, dtype):
    """Each of the tensors in turn is what autocast makes of it; the rest are as parameters and states are."""
    make, *shapes = REAL[name]
    function, tensors = make(), [torch.randn(shape) for shape in shapes]
    for i in range(len(tensors)):
        mixed = [x.to(dtype) if i == j else x for j, x in enumerate(tensors)]
        with torch.autocast(tensors[0].device.type, dtype=dtype):
            found = values_and_gradients(function, mixed)
        close(found, values_and_gradients(function, [x.float() for x in mixed]), rtol=0.1, atol=0.15)


def test_autocast_brings_neither_float64_nor_whole_numbers_together_with_others():
    x, layer = torch.randn(2, 5, 6), attention.MultiHeadAttention(d_model=6, heads=2)
    with torch.autocast(x.device.type, dtype=torch.bfloat16):
        for call, sentence in (
            (lambda: scores.dot(x, x.double()), "the numbers are of different kinds"),
            (lambda: layer(x.double()), "x holds torch.float64, but the weights torch.float32"),
            (lambda: layer(x, bias=torch.zeros(5, 5, dtype=torch.float64)), "of different kinds"),
            (lambda: layer(x.long()), "x holds torch.int64, but must hold real numbers"),
        ):
            with pytest.raises(ValueError, match=sentence):
                call()
    meta = torch.empty(2, 5, 6, device="meta")  # a device without autocast
    with pytest.raises(ValueError, match="of different kinds"):
        scores.dot(meta, meta.half())


# --- devices ---


class OneDevice(TorchDispatchMode):
    """Refuses every operation that takes or gives a tensor of another device; single numbers may come from anywhere."""

    def __init__(self, device):
        super().__init__()
        self.device = device

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        output = operation(*args, **(kwargs or {}))
        for leaf in tree_leaves((args, kwargs, output)):
            assert not isinstance(leaf, torch.Tensor) or leaf.ndim == 0 or leaf.device.type == self.device, (
                operation
            )
        return output


def ids(*shape):
    return torch.zeros(shape, dtype=torch.int64)


WITHOUT_NUMBERS = {
    **{name: (make, [torch.empty(shape) for shape in shapes]) for name, (make, *shapes) in REAL.items()},
    "attention with nothing to see": (
        lambda: lambda x, mask: attention.attention(x, x, x, mask, causal=True),
        [torch.empty(2, 5, 4), torch.zeros(2, 5, 5, dtype=torch.bool)],
    ),
    "TokenEmbedding": (lambda: layers.TokenEmbedding(vocabulary=7, d_model=4), [ids(2, 5)]),
    "objects": (
        lambda: mlp.CoordinateMLP(d_in=2, d_out=3, d_hidden=4, hidden_layers=1, octaves=2, objects=3),
        [torch.empty(5, 2), ids(5)],
    ),
    "a learned β": (
        lambda: lambda x, beta: memory.retrieve(x, x, beta=beta, steps=1),
        [torch.empty(5, 4), torch.ones(1)],
    ),
    "smooth_labels": (lambda: lambda targets: objective.smooth_labels(targets, vocabulary=7), [ids(2, 5)]),
    "translation_loss": (lambda: objective.translation_loss, [torch.empty(2, 5, 7), ids(2, 5)]),
    "Pooling": (lambda: reshape.Pooling(**MAPS), [torch.empty(2, 4, 6, 5)]),
    "Pooling.mixing": (lambda: reshape.Pooling(**MAPS).mixing, [torch.empty(2, 4, 6, 5)]),
    "StridedConvolution.mixing": (
        lambda: reshape.StridedConvolution(**MAPS).mixing,
        [torch.empty(2, 4, 6, 5)],
    ),
}


@pytest.mark.parametrize("name", WITHOUT_NUMBERS)
def test_everything_is_made_where_the_tensors_are_and_without_their_numbers(name):
    make, tensors = WITHOUT_NUMBERS[name]
    expected = make()(*tensors)
    with torch.device("meta"):
        function, tensors = make(), [x.to("meta") for x in tensors]
    with OneDevice("meta"):
        found = function(*tensors)
    assert (found.shape, found.dtype, found.device.type) == (expected.shape, expected.dtype, "meta")


# --- sizes ---


@pytest.mark.parametrize(
    ("make", "sizes", "x"),
    [
        (attention.MultiHeadAttention, {"d_model": 6, "heads": 2}, (2, 5, 6)),
        (layers.EncoderLayer, {"d_model": 6, "heads": 2, "d_ff": 5, "d_k": 4}, (2, 5, 6)),
        (layers.FeedForward, {"d_model": 6, "d_ff": 5}, (2, 5, 6)),
        (lambda a, b, c: mlp.MLP([a, b, c]), {"a": 3, "b": 4, "c": 5}, (2, 3)),
        (
            mlp.CoordinateMLP,
            {"d_in": 2, "d_out": 3, "d_hidden": 4, "hidden_layers": 2, "octaves": 3, "objects": 1},
            (5, 2),
        ),
        (vit.ViT, VIT, (2, 1, 8, 8)),
        (convolution.SeparableConvolution, {"channels": 2, "channels_out": 3, "stride": 2}, (2, 2, 5, 6)),
        (
            lambda width, **sizes: convolution.ConvolutionalNetwork(widths=[width, width], **sizes),
            {"width": 3, "channels": 1, "classes": 4, "kernel": 3},
            (2, 1, 8, 8),
        ),
        (
            lambda H, W, h, w: reshape.StridedConvolution(size=[H, W], size_out=[h, w]),
            {"H": 4, "W": 6, "h": 2, "w": 3},
            (2, 4, 6, 5),
        ),
        (
            lambda H, W, h, w, **sizes: reshape.OutputQueries(size=[H, W], size_out=[h, w], **sizes),
            {"H": 4, "W": 6, "h": 2, "w": 3, "features": 5, "d_k": 4},
            (2, 4, 6, 5),
        ),
    ],
)
def test_sizes_may_be_numpys_and_become_pythons(make, sizes, x):
    numpy = pytest.importorskip("numpy")
    plain, counted = make(**sizes), make(**{name: numpy.int64(size) for name, size in sizes.items()})
    counted.load_state_dict(plain.state_dict())
    x = torch.randn(x)
    close(counted.eval()(x), plain.eval()(x), rtol=0, atol=0)
    for module in counted.modules():
        kept = {name: value for name, value in vars(module).items() if not name.startswith("_")}
        assert not [name for name, value in kept.items() if isinstance(value, numpy.generic)], module
        for value in kept.values():
            assert not isinstance(value, tuple) or not any(isinstance(part, numpy.generic) for part in value)


def test_numpys_numbers_count_like_pythons():
    numpy = pytest.importorskip("numpy")
    large = {"n": numpy.int32(100_000), "d": numpy.int32(512)}
    assert cost.self_attention(**large) == cost.self_attention(n=100_000, d=512)  # would overflow
    assert cost.restricted_self_attention(**large, r=numpy.int32(9)).operations == 2 * 9 * 512 * 100_000
    targets = torch.tensor([[1, 3]])
    close(
        objective.smooth_labels(targets, vocabulary=numpy.int64(5), pad=numpy.int64(0)),
        objective.smooth_labels(targets, vocabulary=5),
    )
    for wrong in (numpy.int64(0), numpy.float64(2), numpy.bool_(True), numpy.array([2])):
        with pytest.raises(ValueError, match="d_model is"):
            attention.MultiHeadAttention(d_model=wrong, heads=1)


def test_two_numbers_may_stand_in_a_list():
    assert vit.ViT(**{**VIT, "image": [8, 12]}).grid == (2, 3)
    x, weight = torch.randn(2, 3, 7, 9), torch.randn(4, 3, 2, 3)
    for options in ({"stride": [1, 2]}, {"padding": [0, 1]}, {"dilation": [2, 1]}):
        as_tuples = {name: tuple(pair) for name, pair in options.items()}
        close(convolution.convolve(x, weight, **options), convolution.convolve(x, weight, **as_tuples))
    for call, sentence in (
        (
            lambda: vit.ViT(**{**VIT, "image": [8, 8, 8]}),
            r"image is \[8, 8, 8\], but must be one number, or two",
        ),
        (lambda: convolution.convolve(x, weight, stride=(1, 2, 3)), r"stride is \(1, 2, 3\), but must be"),
        (lambda: reshape.Pooling(size=4, size_out=(2, 2)), "size is 4, but must be a height and a width"),
    ):
        with pytest.raises(ValueError, match=sentence):
            call()


# --- quantisation ---


@pytest.mark.parametrize(
    "name",
    ["EncoderLayer", "DecoderLayer", "FeedForward", "MLP", "ViT", "ConvolutionalNetwork"],
)
def test_packed_weights_are_refused_with_a_sentence(name):
    quantization = pytest.importorskip("torch.ao.quantization")
    make, *shapes = REAL[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch means to leave it to another package
        packed = quantization.quantize_dynamic(make().eval(), {nn.Linear}, dtype=torch.qint8)
    with pytest.raises(ValueError, match="the weights of this layer are packed"):
        packed(*(torch.randn(shape) for shape in shapes))
