"""Swin: a vision Transformer that attends within windows, and shifts the windows from block to block.

Global attention between N tokens costs N² scores. Swin cuts the map of tokens into windows of M × M, and a
token attends within its own window only: M² scores a token, however large the image. So that information
still travels, every second block shifts the windows by half their size. Shown for 8 × 8 tokens, M = 4, shift 2::

    regular windows        shifted windows        the same, rolled        regions
    a a a a b b b b        a a b b b b c c        e e e e f f d d         0 0 0 0 1 1 2 2
    a a a a b b b b        a a b b b b c c        e e e e f f d d         0 0 0 0 1 1 2 2
    a a a a b b b b        d d e e e e f f        e e e e f f d d         0 0 0 0 1 1 2 2
    a a a a b b b b        d d e e e e f f        e e e e f f d d         0 0 0 0 1 1 2 2
    c c c c d d d d        d d e e e e f f        h h h h i i g g         3 3 3 3 4 4 5 5
    c c c c d d d d        d d e e e e f f        h h h h i i g g         3 3 3 3 4 4 5 5
    c c c c d d d d        g g h h h h i i        b b b b c c a a         6 6 6 6 7 7 8 8
    c c c c d d d d        g g h h h h i i        b b b b c c a a         6 6 6 6 7 7 8 8

Shifted windows are nine, of four sizes. Rolled up and left by the shift they fit into four regular windows
again, but now a window may hold tokens from opposite edges of the image. A mask keeps these apart: two
tokens of a window see each other only if they are of one region. Afterwards everything is rolled back.

Maps of tokens are ``(batch, H, W, features)``. Source: Liu et al. 2021.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch._C._functorch import maybe_current_level
from torch.nn import functional as F

from transformer_lite import _check
from transformer_lite._record import Record, within
from transformer_lite._shape import shown
from transformer_lite.attention import MultiHeadAttention
from transformer_lite.layers import FeedForward
from transformer_lite.positions import RelativeBias2d
from transformer_lite.vit import PatchEmbedding

Pair = tuple[int, int]
"""Along the rows and along the columns."""


# --- windows ---


def partition(x: Tensor, *, window: int) -> Tensor:
    """Cut a map into windows of M × M, row of windows by row of windows; tokens row by row in each.

    Map ``(batch, H, W, features)`` to ``(batch, H/M · W/M, M · M, features)``; M divides H and W.
    """
    batch, H, W, features = _check_map(x)
    (window,) = _check.positive(window=window)
    if H % window or W % window:
        raise ValueError(f"a map of {H} × {W} does not divide into windows of {window}: pad it first.")
    down, across = H // window, W // window
    x = x.view(batch, down, window, across, window, features)
    return x.transpose(2, 3).reshape(batch, down * across, window * window, features)


def reverse(windows: Tensor, H: int, W: int) -> Tensor:
    """Put the windows of a map of H × W together again; undoes ``partition``."""
    batch, count, tokens, features = _check_map(windows)
    window = round(tokens**0.5)
    if window == 0 or window**2 != tokens or H % window or W % window or count * tokens != H * W:
        raise ValueError(f"{count} windows of {tokens} tokens do not make a map of {H} × {W}.")
    x = windows.view(batch, H // window, W // window, window, window, features)
    return x.transpose(2, 3).reshape(batch, H, W, features)


def roll(x: Tensor, shift: Pair) -> Tensor:
    """Move a map ``(batch, H, W, features)`` up and left by ``shift``; what leaves it comes in on the other side.

    Token (i, j) goes to (i - shift, j - shift). A negative shift rolls back.
    """
    _check_map(x)
    if not all(isinstance(s, int) for s in shift):
        raise ValueError(f"shift is {shift}, but must be two whole numbers.")
    return x if shift == (0, 0) else x.roll((-shift[0], -shift[1]), dims=(1, 2))


def pad(x: Tensor, *, multiple: int, value: float = 0) -> Tensor:
    """Fill up a map ``(batch, H, W, features)`` below and on the right, until both sides are multiples."""
    _, H, W, _ = _check_map(x)
    (multiple,) = _check.positive(multiple=multiple)
    below, right = -H % multiple, -W % multiple
    if not x.numel():  # it stays empty; PyTorch 2.6 would not pad it
        return x.new_empty(len(x), H + below, W + right, x.shape[3])
    return F.pad(x, (0, 0, 0, right, 0, below), value=value) if below or right else x


def to_windows(x: Tensor, *, window: int, shift: Pair) -> Tensor:
    """Pad, roll, partition: a map ``(batch, H, W, features)`` to ``(batch, windows, M · M, features)``."""
    return partition(roll(pad(x, multiple=window), shift), window=window)


def from_windows(windows: Tensor, H: int, W: int, *, window: int, shift: Pair) -> Tensor:
    """Put together, roll back, cut off the padding: undoes ``to_windows`` for a map of H × W."""
    H, W, window = _check.positive(H=H, W=W, window=window)
    x = reverse(windows, H + -H % window, W + -W % window)  # (batch, H', W', features)
    return roll(x, (-shift[0], -shift[1]))[:, :H, :W]  # (batch, H, W, features)


def regions(H: int, W: int, *, window: int, shift: Pair, device: torch.device | str | None = None) -> Tensor:
    """Which region each place of the padded and rolled map belongs to: ``(H', W')``, 0 to 8, -1 for padding.

    Along a shifted side there are three bands. Before the roll, from top to bottom or from left to right:
    band 2 is what will be rolled over the edge, band 1 what it will share the last window with::

        2: 0 ... shift | 0: shift ... H' - window + shift | 1: H' - window + shift ... H'
    """
    _check_window(H, W, window, shift)

    def bands(size: int, shift: int) -> Tensor:
        place = torch.arange(size, device=device)  # (H,) or (W,)
        last_window = size + -size % window - window
        return (shift > 0) * (2 * (place < shift) + (place >= last_window + shift))

    region = 3 * bands(H, shift[0])[:, None] + bands(W, shift[1])  # (H, W)
    region = pad(region[None, :, :, None], multiple=window, value=-1)  # (1, H', W', 1)
    return roll(region, shift)[0, :, :, 0]  # (H', W')


def window_mask(
    H: int, W: int, *, window: int, shift: Pair, device: torch.device | str | None = None
) -> Tensor | None:
    """Who sees whom in each window of the rolled map: ``(windows, M · M, M · M)``, ``True`` where one may.

    ``None`` if all see all: nothing was shifted, and nothing padded. ``device`` is where the mask is made.
    """
    _check_window(H, W, window, shift)
    if shift == (0, 0) and H % window == 0 and W % window == 0:
        return None
    region = regions(H, W, window=window, shift=shift, device=device)  # (H', W')
    region = partition(region[None, :, :, None], window=window)[0, :, :, 0]  # (windows, M · M)
    return region[:, :, None] == region[:, None, :]  # (windows, M · M, M · M)


@lru_cache(maxsize=32)
def _kept_mask(H: int, W: int, window: int, shift: Pair, device: torch.device) -> Tensor | None:
    """A ``window_mask`` for all blocks that meet a map of this size, made once. Nobody may change it."""
    with torch.inference_mode(False):  # what is made in that mode cannot be trained with later
        return window_mask(H, W, window=window, shift=shift, device=device)


def half_window(H: int, W: int, *, window: int) -> Pair:
    """The shift of every second block. A direction in which one window covers the map is not shifted."""
    H, W, window = _check.positive(H=H, W=W, window=window)
    down, right = (window // 2 if size > window else 0 for size in (H, W))
    return down, right


# --- the network ---


class SwinBlock(nn.Module):
    """A pre-norm encoder layer that attends within windows, with a learned bias for each offset of two tokens.

    The bias is a table of (2 M - 1)² numbers a head; ``positions.relative_index`` tells which belongs to which
    pair. Only attention needs windows; all else looks at one token at a time, and never at padding.

    Which windows there are follows from the size of the map. A graph that is exported or compiled therefore holds
    the H and W of its example, while the batch may be of any size (``torch.export.Dim.DYNAMIC``).

    Args:
        d_model: features of one token.
        heads: number of attention heads.
        window: M, height and width of a window.
        shifted: whether the windows are shifted by half their size.
        dropout: share set to zero in training.
    """

    def __init__(self, *, d_model: int, heads: int, window: int, shifted: bool, dropout: float = 0.0) -> None:
        super().__init__()
        d_model, window = _check.positive(d_model=d_model, window=window)
        self.d_model, self.window, self.shifted = d_model, window, shifted
        self.norm_attention, self.norm_feed_forward = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.attention = MultiHeadAttention(d_model=d_model, heads=heads, dropout=dropout)
        self.bias = RelativeBias2d(heads=heads, height=window, width=window)
        self.feed_forward = FeedForward(d_model=d_model, d_ff=4 * d_model, dropout=dropout, activation=F.gelu)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, *, record: Record | None = None) -> Tensor:
        """Apply the block to a map ``(batch, H, W, d_model)``.

        ``record`` receives ``shift``, ``mask``, ``attention`` (windows being its batch), ``feed_forward``, and
        the maps behind either part, ``after_attention`` and ``output``.
        """
        _, H, W, _ = _check_map(x)
        _check.features(self.feed_forward.inner.weight, self.d_model, x=x)
        shift = half_window(H, W, window=self.window) if self.shifted else (0, 0)
        windows = to_windows(self.norm_attention(x), window=self.window, shift=shift)
        shape = windows.shape  # (batch, windows, M · M, d_model)
        if _check.may_look(x) and maybe_current_level() is None:
            mask = _kept_mask(H, W, self.window, shift, x.device)  # (windows, M · M, M · M)
        else:  # what is made inside a graph or a transform belongs to it
            mask = window_mask(H, W, window=self.window, shift=shift, device=x.device)

        bias = self.bias()[None]  # (1, heads, M · M, M · M)
        if mask is not None and record is None:
            # As every token sees itself, a bias can hide the others, and attention has one tensor less to add: half
            # the lowest number leaves exactly nothing of a weight.
            hidden = torch.finfo(bias.dtype).min / 2
            bias = torch.where(mask[:, None], bias, hidden)  # (windows, heads, M · M, M · M)
            bias, mask = _for_each(shape[0], bias), None  # (batch · windows, heads, M · M, M · M)
        elif mask is not None:
            mask = _for_each(shape[0], mask)  # (batch · windows, M · M, M · M)

        seen = within(record, "attention")
        windows = self.attention(windows.flatten(0, 1), mask=mask, bias=bias, record=seen)
        back = from_windows(windows.view(shape), H, W, window=self.window, shift=shift)
        attended = x + self.dropout(back)  # (batch, H, W, d_model)
        fed = self.feed_forward(self.norm_feed_forward(attended), record=within(record, "feed_forward"))
        output: Tensor = attended + self.dropout(fed)  # (batch, H, W, d_model)
        if record is not None:
            record.update(shift=shift, mask=mask, after_attention=attended, output=output)
        return output


def _for_each(batch: int, x: Tensor) -> Tensor:
    """The same windows for each image of a batch, ``(windows, ...)`` to ``(batch · windows, ...)``; a view for one."""
    return x.expand(batch, *x.shape).flatten(0, 1)


class PatchMerging(nn.Module):
    """Four neighbours become one token with twice the features: the map halves and deepens.

    Their features are put one behind the other in the order 0 1 2 3, going down first::

        0 2
        1 3

    A map of odd height or width gets zeros below or on the right.

    Args:
        d_model: features of one token going in; ``2 d_model`` come out.
    """

    def __init__(self, *, d_model: int) -> None:
        super().__init__()
        (d_model,) = _check.positive(d_model=d_model)
        self.norm = nn.LayerNorm(4 * d_model)
        self.reduction = nn.Linear(4 * d_model, 2 * d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, H, W, d_model)`` to ``(batch, ⌈H / 2⌉, ⌈W / 2⌉, 2 d_model)``."""
        _check.features(self.reduction.weight, self.reduction.in_features // 4, x=x)
        merged: Tensor = self.reduction(self.norm(neighbours(x)))
        return merged


def neighbours(x: Tensor) -> Tensor:
    """The features of each 2 × 2 tokens in one row, as ``PatchMerging`` orders them.

    Map ``(batch, H, W, features)`` to ``(batch, ⌈H / 2⌉, ⌈W / 2⌉, 4 features)``.
    """
    x = pad(x, multiple=2)
    batch, H, W, features = x.shape
    x = x.view(batch, H // 2, 2, W // 2, 2, features)
    return x.permute(0, 1, 3, 4, 2, 5).flatten(3)  # (batch, H / 2, W / 2, 4 features)


class Stage(nn.Module):
    """Blocks at one resolution, every second one shifted; before them, but in the first stage, a merging.

    Args:
        d_model: features of one token in the blocks.
        depth: number of blocks.
        heads: attention heads in each.
        window: M, height and width of a window.
        merge: whether to merge first, from ``d_model / 2`` features.
        dropout: share set to zero in training.
    """

    def __init__(
        self, *, d_model: int, depth: int, heads: int, window: int, merge: bool, dropout: float = 0.0
    ) -> None:
        super().__init__()
        d_model, depth = _check.positive(d_model=d_model, depth=depth)
        if merge and d_model % 2:
            raise ValueError(f"d_model = {d_model} is odd, but merging doubles the features.")
        self.merge = PatchMerging(d_model=d_model // 2) if merge else None
        self.blocks = nn.ModuleList(
            SwinBlock(d_model=d_model, heads=heads, window=window, shifted=i % 2 == 1, dropout=dropout)
            for i in range(depth)
        )

    def forward(self, x: Tensor, *, record: Record | None = None) -> Tensor:
        """Apply the stage to a map. ``record`` receives ``block 0``, ``block 1``, ... and the map ``output``."""
        if self.merge is not None:
            x = self.merge(x)  # (batch, ⌈H / 2⌉, ⌈W / 2⌉, d_model)
        for i, block in enumerate(self.blocks):
            x = block(x, record=within(record, f"block {i}"))
        if record is not None:
            record["output"] = x
        return x


class Swin(nn.Module):
    """Stages of blocks, each at half the resolution of the one before; then the mean of all tokens decides.

    Images may be of any size. A graph that is exported (``torch.export``, ONNX) or compiled holds the height and width
    of its example, and takes a batch of any size.

    Args:
        d_model: C, features of a token in the first stage; they double from stage to stage.
        depths: blocks in each stage; every second one is shifted.
        heads: attention heads in each stage.
        window: M, height and width of a window.
        patch: height and width of a patch. Images that do not divide get zeros below and on the right.
        channels: channels of the images.
        classes: numbers in the output.
        dropout: share set to zero in training.
    """

    def __init__(
        self,
        *,
        d_model: int,
        depths: Sequence[int],
        heads: Sequence[int],
        window: int = 7,
        patch: int = 4,
        channels: int = 3,
        classes: int = 1000,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if len(depths) != len(heads) or not depths:
            raise ValueError(f"depths {depths} and heads {heads} must name one number for each stage.")
        d_model, classes = _check.positive(d_model=d_model, classes=classes)
        self.patches = PatchEmbedding(patch=patch, channels=channels, d_model=d_model)
        self.norm_patches = nn.LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)
        widths = [d_model * 2**i for i in range(len(depths))]
        self.stages = nn.ModuleList(
            Stage(d_model=C, depth=depth, heads=h, window=window, merge=i > 0, dropout=dropout)
            for i, (C, depth, h) in enumerate(zip(widths, depths, heads, strict=True))
        )
        self.norm = nn.LayerNorm(widths[-1])
        self.head = nn.Linear(widths[-1], classes)

    def encode(self, images: Tensor, *, record: Record | None = None) -> Tensor:
        """What the last stage makes of images ``(batch, channels, H, W)``: a map ``(batch, h, w, features)``.

        ``record`` receives ``stage 0``, ``stage 1``, ..., each with its blocks, ``block 0`` and so on, and its
        ``output``, a map.
        """
        if images.ndim == 4:  # anything else is refused by the patch embedding
            patch = self.patches.patch
            images = F.pad(images, (0, -images.shape[3] % patch, 0, -images.shape[2] % patch))
        x = self.dropout(self.norm_patches(self.patches(images)))  # (batch, H / patch, W / patch, C)
        for i, stage in enumerate(self.stages):
            x = stage(x, record=within(record, f"stage {i}"))  # (batch, h, w, 2^i C)
        output: Tensor = self.norm(x)
        return output

    def forward(self, images: Tensor, *, record: Record | None = None) -> Tensor:
        """Classify images ``(batch, channels, H, W)`` of any size: scores ``(batch, classes)``. See ``encode``."""
        scores: Tensor = self.head(self.encode(images, record=record).mean((1, 2)))
        return scores


SIZES: dict[str, dict[str, Any]] = {
    "T": {"d_model": 96, "depths": (2, 2, 6, 2), "heads": (3, 6, 12, 24)},
    "S": {"d_model": 96, "depths": (2, 2, 18, 2), "heads": (3, 6, 12, 24)},
    "B": {"d_model": 128, "depths": (2, 2, 18, 2), "heads": (4, 8, 16, 32)},
    "L": {"d_model": 192, "depths": (2, 2, 18, 2), "heads": (6, 12, 24, 48)},
}
"""The published sizes, by name: section 3.3 of the paper."""


def swin(size: str, **options: Any) -> Swin:
    """A Swin Transformer of a published size, with random weights: ``swin("T")`` is Swin-T."""
    if size not in SIZES:
        raise ValueError(f"size is {size!r}, but must be one of {', '.join(SIZES)}.")
    return Swin(**(SIZES[size] | options))


# --- what cannot be ---


def _check_map(x: Tensor) -> tuple[int, int, int, int]:
    if x.ndim != 4:
        raise ValueError(f"the tensor has shape {shown(x.shape)}, but must be (batch, H, W, features).")
    batch, H, W, features = x.shape
    return batch, H, W, features


def _check_window(H: int, W: int, window: int, shift: Pair) -> None:
    _check.positive(H=H, W=W, window=window)
    if not all(0 <= s < window for s in shift):
        raise ValueError(
            f"shift is {shift}, but both numbers must be at least 0 and less than window = {window}."
        )
