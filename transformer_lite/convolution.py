"""Convolution: every position looks at its neighbours, with the same weights everywhere.

    y[o, i, j] = b[o] + Σ_c Σ_u Σ_v  W[o, c, u, v] · x[c, stride·i + dilation·u, stride·j + dilation·v]

A 3 × 3 kernel on a 5 × 5 image without padding, stride 1; the kernel's window for the output marked ``y``::

    x x x . .
    x x x . .        . y . | the nine x under the kernel, each times its own weight,
    x x x . .   →    . . . | add up to y; the next output moves the window by ``stride``
    . . . . .        . . .
    . . . . .

Images are ``(batch, channels, H, W)``, as everywhere in PyTorch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from transformer_lite import _check
from transformer_lite._record import Record
from transformer_lite._shape import shown

Steps = int | tuple[int, int] | list[int]
"""One number for both axes, or one down and one across."""


def output_size(size: int, *, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """How many places the kernel finds along one axis, ``⌊(size + 2 padding - reach) / stride⌋ + 1``.

    The reach of the kernel is ``dilation · (kernel - 1) + 1``.

    Raises:
        ValueError: if the kernel reaches further than the padded image, or a number is too small.
    """
    size, kernel, stride, dilation = _check.positive(
        size=size, kernel=kernel, stride=stride, dilation=dilation
    )
    (padding,) = _check.counted(padding=padding)
    reach = dilation * (kernel - 1) + 1
    if reach > size + 2 * padding:
        raise ValueError(
            f"the kernel reaches over {reach} positions, but there are {size + 2 * padding} with padding: "
            "take a smaller kernel or dilation, or more padding."
        )
    return (size + 2 * padding - reach) // stride + 1


def neighbourhoods(
    x: Tensor, kernel: Steps, *, stride: Steps = 1, padding: Steps = 0, dilation: Steps = 1
) -> Tensor:
    """What the kernel sees at each of its places, zeros beyond the edge.

    Args:
        x: images ``(batch, channels, H, W)``.
        kernel: height and width of the kernel.
        stride: distance between neighbouring places.
        padding: zeros added on each side.
        dilation: distance between neighbouring points of the kernel.

    Returns:
        ``(batch, channels, H', W', height, width)``.

    Raises:
        ValueError: if the kernel does not fit, or ``x`` is not a batch of images.
    """
    _check_images(x)
    down, right = _check.pair("padding", padding)
    steps, holes = _check.pair("stride", stride), _check.pair("dilation", dilation)
    places = []
    for size, reach, step, edge, hole in zip(
        x.shape[2:], _check.pair("kernel", kernel), steps, (down, right), holes, strict=True
    ):
        count = output_size(size, kernel=reach, stride=step, padding=edge, dilation=hole)
        starts = step * torch.arange(count, device=x.device)  # (H',), then (W',)
        places.append(
            starts[:, None] + hole * torch.arange(reach, device=x.device)
        )  # (H', height), (W', width)
    rows, columns = places
    x = nn.functional.pad(x, (right, right, down, down))  # (batch, channels, H + 2 padding, W + 2 padding)
    return x[:, :, rows[:, None, :, None], columns[None, :, None, :]]


def convolve(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Steps = 1,
    padding: Steps = 0,
    dilation: Steps = 1,
) -> Tensor:
    """Convolution, written out: gather each neighbourhood, multiply it with the kernel, add up.

    (What deep learning calls convolution does not turn the kernel round; mathematics calls it
    cross-correlation.) For speed use ``torch.nn.functional.conv2d``, which gives the same numbers.

    Source: LeCun et al. 1989; dilation: Yu and Koltun 2016, equation 2.

    Args:
        x: images ``(batch, channels, H, W)``.
        weight: the kernels W, ``(channels_out, channels, height, width)``.
        bias: b, ``(channels_out,)``.
        stride: distance between neighbouring outputs, in pixels of the input.
        padding: zeros added on each side.
        dilation: distance between neighbouring points of the kernel.

    Returns:
        ``(batch, channels_out, H', W')``; see ``output_size``.

    Raises:
        ValueError: for shapes that do not fit.
    """
    _check_kernel(weight)
    if x.ndim == 4 and x.shape[1] != weight.shape[1]:
        raise ValueError(
            f"x has {x.shape[1]} channels and the kernels {weight.shape[1]} (shapes {shown(x.shape)} and "
            f"{shown(weight.shape)}), but they need equally many."
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(
            f"bias has shape {shown(bias.shape)}, but {len(weight)} kernels need ({len(weight)},)."
        )
    _check.floating(x=x, weight=weight, **({} if bias is None else {"bias": bias}))
    height, width = weight.shape[2:]
    seen = neighbourhoods(x, (height, width), stride=stride, padding=padding, dilation=dilation)
    output = torch.einsum("ncijuv, ocuv -> noij", seen, weight)  # (batch, channels_out, H', W')
    return output if bias is None else output + bias[:, None, None]


def convolution_matrix(
    weight: Tensor, H: int, W: int, *, stride: Steps = 1, padding: Steps = 0, dilation: Steps = 1
) -> Tensor:
    """The same convolution as one matrix over positions: few weights, repeated along diagonals.

        y[o] = Σ_c  matrix[o, c] · x[c],   with the images flattened row by row

    Args:
        weight: the kernels, ``(channels_out, channels, height, width)``.
        H: height of the images.
        W: width of the images.
        stride: distance between neighbouring outputs.
        padding: zeros added on each side.
        dilation: distance between neighbouring points of the kernel.

    Returns:
        ``(channels_out, channels, H' · W', H · W)``.

    Raises:
        ValueError: if the kernel does not fit.
    """
    _check_kernel(weight)
    _check.positive(H=H, W=W)
    one_pixel_each = torch.eye(H * W, dtype=weight.dtype, device=weight.device).view(H * W, 1, H, W)
    height, width = weight.shape[2:]
    seen = neighbourhoods(one_pixel_each, (height, width), stride=stride, padding=padding, dilation=dilation)
    return torch.einsum("pijuv, ocuv -> ocijp", seen[:, 0], weight).flatten(2, 3)


class ReceptiveField(NamedTuple):
    """What one output of a stack of layers depends on, along one axis."""

    size: int
    """Pixels of the input that can change it."""
    step: int
    """Pixels of the input between two neighbouring outputs."""


def receptive_field(layers: Sequence[tuple[int, int] | tuple[int, int, int]]) -> ReceptiveField:
    """How many input pixels one output sees, along one axis.

        size = 1 + Σ_l (kernel_l - 1) · dilation_l · step_{l-1},   step_l = Π_{m ≤ l} stride_m

    Args:
        layers: from first to last, ``(kernel, stride)`` or ``(kernel, stride, dilation)``. Pooling counts
            like a convolution of its size.

    Raises:
        ValueError: for a number below 1.
    """
    size, step = 1, 1
    for kernel, stride, *rest in layers:
        dilation = rest[0] if rest else 1
        kernel, stride, dilation = _check.positive(kernel=kernel, stride=stride, dilation=dilation)
        size += (kernel - 1) * dilation * step
        step *= stride
    return ReceptiveField(size, step)


class SeparableConvolution(nn.Module):
    """First each channel by itself over space, then each position by itself over channels.

    ``kernel² · channels + channels · channels_out`` weights instead of ``kernel² · channels · channels_out``.

    Source: Chollet 2017; Vaswani et al. 2017, section 4.

    Args:
        channels: channels of the input.
        channels_out: channels of the output.
        kernel: height and width, odd, so that the image keeps its size.
        stride: distance between neighbouring outputs.

    Raises:
        ValueError: for a size below 1, or an even kernel.
    """

    def __init__(self, *, channels: int, channels_out: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        channels, channels_out, kernel, stride = _check.positive(
            channels=channels, channels_out=channels_out, kernel=kernel, stride=stride
        )
        half = _half(kernel)
        self.over_space = nn.Conv2d(channels, channels, kernel, stride, half, groups=channels, bias=False)
        self.over_channels = nn.Conv2d(channels, channels_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Images ``(batch, channels, H, W)`` to ``(batch, channels_out, ⌈H / stride⌉, ⌈W / stride⌉)``."""
        _check_images(x, self.over_space.weight, self.over_space.in_channels)
        output: Tensor = self.over_channels(self.over_space(x))
        return output


class ConvolutionalNetwork(nn.Module):
    """A small CNN that classifies images: convolve and halve, again and again, then average and decide.

    Each stage is a convolution that keeps the size, a normalisation, a ReLU, and a 2 × 2 maximum. A side of
    odd length loses its last row or column at the maximum.

    Args:
        channels: channels of the images.
        widths: channels after each stage.
        classes: numbers in the output.
        kernel: height and width of the kernels, odd.

    Raises:
        ValueError: for a size below 1, no stage at all, or an even kernel.
    """

    def __init__(
        self, *, channels: int = 1, widths: Sequence[int] = (16, 32, 64), classes: int = 10, kernel: int = 3
    ) -> None:
        super().__init__()
        channels, classes, kernel = _check.positive(channels=channels, classes=classes, kernel=kernel)
        half = _half(kernel)
        if not widths:
            raise ValueError("widths is empty, but must name the channels of one stage at least.")
        widths = [_check.positive(width=width)[0] for width in widths]
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, after, kernel, padding=half, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
                nn.MaxPool2d(2),
            )
            for before, after in zip((channels, *widths), widths, strict=False)
        )
        self.head = nn.Linear(widths[-1], classes)
        self.channels = channels

    def forward(self, images: Tensor, *, record: Record | None = None) -> Tensor:
        """Classify.

        Args:
            images: ``(batch, channels, H, W)``, each side at least ``2`` to the power of the stages.
            record: a dictionary that receives ``stages``, the list of maps after each stage.

        Returns:
            Scores ``(batch, classes)``.

        Raises:
            ValueError: for shapes that do not fit.
        """
        _check_images(images, self.head.weight, self.channels)
        smallest = 2 ** len(self.stages)
        if min(images.shape[2:]) < smallest:
            raise ValueError(
                f"images have shape {shown(images.shape)}, but {len(self.stages)} stages halve them to "
                f"nothing: each side needs {smallest} pixels at least."
            )
        x, maps = images, []
        for stage in self.stages:
            x = stage(x)  # (batch, width, H / 2, W / 2)
            maps.append(x)
        if record is not None:
            record["stages"] = maps
        output: Tensor = self.head(x.mean((2, 3)))  # (batch, classes)
        return output


def _half(kernel: int) -> int:
    """The padding that keeps the size of the image."""
    if kernel % 2 == 0:
        raise ValueError(f"kernel is {kernel}, but must be odd: only then does the output keep its place.")
    return kernel // 2


def _check_images(x: Tensor, weight: Tensor | None = None, channels: int | None = None) -> None:
    _check.floating(images=x)
    if x.ndim != 4 or channels not in (None, x.shape[1]):
        wanted = "channels" if channels is None else f"channels = {channels}"
        raise ValueError(f"images have shape {shown(x.shape)}, but must be (batch, {wanted}, H, W).")
    if weight is not None:
        _check.dtype(weight, images=x)
        if 0 in x.shape[2:]:
            raise ValueError(f"images have shape {shown(x.shape)}, but need one pixel at least.")


def _check_kernel(weight: Tensor) -> None:
    if weight.ndim != 4 or 0 in weight.shape:
        raise ValueError(
            f"weight has shape {shown(weight.shape)}, but must be (channels_out, channels, height, width), "
            "none of them 0."
        )
