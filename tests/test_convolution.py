"""Convolution against PyTorch's own, and receptive fields against gradients."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from transformer_lite.convolution import (
    ConvolutionalNetwork,
    SeparableConvolution,
    convolution_matrix,
    convolve,
    neighbourhoods,
    output_size,
    receptive_field,
)

double = torch.float64
close = torch.testing.assert_close


def one_or_two(low, high):
    return st.integers(low, high) | st.tuples(st.integers(low, high), st.integers(low, high))


settings = {
    "kernel": st.tuples(st.integers(1, 3), st.integers(1, 4)),
    "stride": one_or_two(1, 3),
    "padding": one_or_two(0, 2),
    "dilation": one_or_two(1, 2),
}


@given(**settings)
def test_equals_pytorch(kernel, stride, padding, dilation):
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    x = torch.randn(2, 3, 7, 11, dtype=double, requires_grad=True)
    weight = torch.randn(5, 3, *kernel, dtype=double, requires_grad=True)
    bias = torch.randn(5, dtype=double, requires_grad=True)
    ours, theirs = convolve(x, weight, bias, **options), F.conv2d(x, weight, bias, **options)
    close(ours, theirs)
    for axis, size in enumerate((7, 11)):
        along = {name: steps if isinstance(steps, int) else steps[axis] for name, steps in options.items()}
        assert ours.shape[2 + axis] == output_size(size, kernel=kernel[axis], **along)
    loss = torch.randn_like(theirs)
    for mine, reference in zip(
        torch.autograd.grad(ours, (x, weight, bias), loss),
        torch.autograd.grad(theirs, (x, weight, bias), loss),
        strict=True,
    ):
        close(mine, reference)
    close(convolve(x, weight, **options), F.conv2d(x, weight, **options))


@given(**settings)
def test_the_matrix_does_the_same(kernel, stride, padding, dilation):
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    x, weight = torch.randn(2, 3, 6, 9, dtype=double), torch.randn(5, 3, *kernel, dtype=double)
    matrix = convolution_matrix(weight, 6, 9, **options)
    expected = F.conv2d(x, weight, **options)
    close(torch.einsum("ocqp, ncp -> noq", matrix, x.flatten(2)), expected.flatten(2))


def test_the_matrix_of_a_small_kernel_by_hand():
    """The kernel (2, 3) over a row of four pixels."""
    matrix = convolution_matrix(torch.tensor([[[[2.0, 3.0]]]]), 1, 4)
    assert matrix[0, 0].tolist() == [[2, 3, 0, 0], [0, 2, 3, 0], [0, 0, 2, 3]]


def test_neighbourhoods_by_hand():
    x = torch.arange(12.0).view(1, 1, 3, 4)
    seen = neighbourhoods(x, (2, 2), stride=2, padding=1)
    assert seen.shape == (1, 1, 2, 3, 2, 2)
    assert seen[0, 0, 0, 0].tolist() == [[0, 0], [0, 0]]  # the corner: three zeros of padding and pixel 0
    assert seen[0, 0, 1, 1].tolist() == [[5, 6], [9, 10]]
    assert seen[0, 0, 1, 2].tolist() == [[7, 0], [11, 0]]


@given(
    layers=st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=4
    )
)
def test_receptive_field_is_what_the_gradient_reaches(layers):
    size, step = receptive_field(layers)
    length = size + 2 * step  # room for three outputs
    x = torch.ones(1, 1, 1, length, dtype=double, requires_grad=True)
    y = x
    for kernel, stride, dilation in layers:
        y = F.conv2d(y, torch.ones(1, 1, 1, kernel, dtype=double), stride=stride, dilation=dilation)
    assert y.shape[-1] == 3
    reached = [
        torch.autograd.grad(y[0, 0, 0, i], x, retain_graph=True)[0].flatten().nonzero() for i in range(3)
    ]
    for i in range(3):
        assert reached[i].min() == i * step
        assert reached[i].max() == i * step + size - 1


def test_receptive_field_without_dilation_and_without_layers():
    assert receptive_field([(3, 1), (2, 2), (3, 1)]) == (8, 2)
    assert receptive_field([]) == (1, 1)


@pytest.mark.parametrize("stride", [1, 2])
def test_separable_convolution_is_a_full_one_of_rank_one(stride):
    layer = SeparableConvolution(channels=3, channels_out=5, kernel=3, stride=stride).double()
    x = torch.randn(2, 3, 7, 11, dtype=double)
    full = layer.over_channels.weight * layer.over_space.weight[:, 0]  # (5, 3, 1, 1) times (3, 3, 3)
    close(layer(x), F.conv2d(x, full, layer.over_channels.bias, stride=stride, padding=1))
    assert sum(p.numel() for p in layer.parameters()) == 9 * 3 + 3 * 5 + 5


def test_network_learns_where_a_spot_is_bright():
    """Left or right half: after thirty steps the training images are told apart."""
    network = ConvolutionalNetwork(widths=(4, 8), classes=2)
    images = torch.rand(32, 1, 9, 8) * 0.1
    side = torch.arange(32) % 2
    images[torch.arange(32), 0, torch.arange(32) % 9, 4 * side + 1] = 1
    images[:, :, :, 4:] *= 2
    optimizer = torch.optim.Adam(network.parameters(), 0.02)
    for _ in range(30):
        loss = F.cross_entropy(network(images), side)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (network(images).argmax(1) == side).float().mean() > 0.9


def test_network_shows_its_maps_when_asked():
    network = ConvolutionalNetwork(channels=3, widths=(4, 5), classes=7)
    images, seen = torch.randn(2, 3, 13, 11), {}
    close(network.eval()(images, record=seen), network(images))
    assert [tuple(x.shape) for x in seen["stages"]] == [(2, 4, 6, 5), (2, 5, 3, 2)]
    close(network.head(seen["stages"][-1].mean((2, 3))), network(images))
    assert network(images).shape == (2, 7)
    assert network(images[:0]).shape == (0, 7)


X, KERNEL = torch.zeros(2, 3, 7, 7), torch.zeros(5, 3, 2, 2)
NETWORK = ConvolutionalNetwork()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: convolve(X[0], KERNEL), "images have shape (3, 7, 7), but must be (batch, channels, H, W)"),
        (lambda: convolve(X[:, :2], KERNEL), "x has 2 channels and the kernels 3"),
        (lambda: convolve(X, KERNEL[0]), "weight has shape (3, 2, 2)"),
        (lambda: convolve(X, KERNEL[..., :0]), "none of them 0"),
        (lambda: convolve(X, KERNEL, torch.zeros(3)), "bias has shape (3), but 5 kernels need (5,)"),
        (lambda: convolve(X.long(), KERNEL), "x holds torch.int64"),
        (lambda: convolve(X, KERNEL, stride=0), "stride is 0"),
        (lambda: convolve(X, KERNEL, padding=-1), "padding is -1"),
        (lambda: convolve(X, KERNEL, dilation=7), "reaches over 8 positions, but there are 7"),
        (lambda: neighbourhoods(X, (8, 1)), "reaches over 8 positions, but there are 7"),
        (lambda: neighbourhoods(X, (1, 0)), "kernel is 0"),
        (lambda: convolution_matrix(KERNEL, 0, 3), "H is 0"),
        (lambda: convolution_matrix(KERNEL[0], 3, 3), "weight has shape (3, 2, 2)"),
        (lambda: output_size(0, kernel=1), "size is 0"),
        (lambda: receptive_field([(3, 0)]), "stride is 0"),
        (lambda: SeparableConvolution(channels=3, channels_out=5, kernel=2), "kernel is 2, but must be odd"),
        (lambda: SeparableConvolution(channels=3, channels_out=5)(X[:, :2]), "channels = 3, H, W)"),
        (lambda: ConvolutionalNetwork(widths=()), "widths is empty"),
        (lambda: ConvolutionalNetwork(widths=(3, 0)), "width is 0"),
        (lambda: ConvolutionalNetwork(kernel=4), "kernel is 4, but must be odd"),
        (lambda: NETWORK(X), "images have shape (2, 3, 7, 7), but must be (batch, channels = 1, H, W)"),
        (lambda: NETWORK(X[:, :1]), "each side needs 8 pixels"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in str(caught.value)
