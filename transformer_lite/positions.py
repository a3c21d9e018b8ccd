"""Telling positions apart: attention alone sees a set, not a sequence.

Sinusoidal codes give each pair of features a clock hand that turns at its own speed,

    PE(t, 2i) = sin(ω_i t)      PE(t, 2i + 1) = cos(ω_i t)      ω_i = base^(-2i / d_model)

so that moving on by k positions is a rotation, PE(t + k) = M_k PE(t), and PE(t) · PE(t + k) = Σ cos(ω_i k)
does not depend on t. Rotary codes turn queries and keys themselves by the same hands. Learned codes are a
table; relative biases are a table of what is added to the score, by distance.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from transformer_lite import _check
from transformer_lite._precise import at_home, precise
from transformer_lite._shape import fits, shown


def frequencies(
    *, d_model: int, base: float | Tensor = 10000.0, device: torch.device | str | None = None
) -> Tensor:
    """The speed of each clock hand, ``ω_i = base^(-2i / d_model)``, in radians per position.

    Source: Vaswani et al. 2017, section 3.5.

    Args:
        d_model: features of the code; hand ``i`` drives features ``2i`` and ``2i + 1``.
        base: how much slower the last hand is than the first, nearly.
        device: where they are computed; the CPU stands in for a device without float64.

    Returns:
        ``(⌈d_model / 2⌉,)`` in float64.

    Raises:
        ValueError: if ``d_model`` is below 1 or ``base`` is not positive.
    """
    (d_model,) = _check.positive(d_model=d_model)
    _check.above_zero(base=base)
    device = at_home(base.device if device is None and isinstance(base, Tensor) else device)
    exponents = torch.arange(0, d_model, 2, dtype=torch.float64, device=device) / d_model  # (d_model / 2,)
    base = (
        precise(base) if isinstance(base, Tensor) else torch.tensor(base, dtype=torch.float64, device="cpu")
    )
    return base.to(device) ** -exponents  # (d_model / 2,)


def sinusoidal(
    positions: Tensor | int,
    *,
    d_model: int,
    base: float | Tensor = 10000.0,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Sinusoidal position codes, ``sin`` and ``cos`` in turn.

    Angles are computed in float64, on the CPU where the device has none: in float32 they are off by 0.0002 at
    position 5000, and bfloat16 cannot even count to 300. With an odd ``d_model`` the last hand shows its sine only.

    Source: Vaswani et al. 2017, section 3.5.

    Args:
        positions: any tensor of positions, negative and fractional ones too; or a number ``T`` for
            ``0 ... T - 1``.
        d_model: features of the code.
        base: see ``frequencies``.
        dtype: of the result.

    Returns:
        Codes ``(*positions.shape, d_model)``, on the device of the positions.

    Raises:
        ValueError: for a negative ``T``, ``d_model`` below 1, or a ``base`` that is not positive.
    """
    if not isinstance(positions, Tensor):
        (T,) = _check.counted(T=positions)
        positions = torch.arange(T)
    angles = _angles(positions, d_model, base)  # (..., d_model / 2)
    both = torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)  # (..., d_model), 1 more if odd
    return both[..., :d_model].to(dtype).to(positions.device)


def sinusoidal_2d(
    height: int,
    width: int,
    *,
    d_model: int,
    base: float | Tensor = 10000.0,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Sinusoidal codes on a grid: the first half of the features tells the row, the second the column.

    Args:
        height: rows of the grid.
        width: columns of the grid.
        d_model: features of the code, an even number.
        base: see ``frequencies``.
        dtype: of the result.

    Returns:
        Codes ``(height, width, d_model)``.

    Raises:
        ValueError: if ``d_model`` is odd, or a size is negative.
    """
    if d_model % 2:
        raise ValueError(f"d_model = {d_model} is odd, but rows and columns take half of the features each.")
    rows = sinusoidal(height, d_model=d_model // 2, base=base, dtype=dtype)  # (height, d_model / 2)
    columns = sinusoidal(width, d_model=d_model // 2, base=base, dtype=dtype)  # (width, d_model / 2)
    return torch.cat(
        [rows[:, None].expand(-1, width, -1), columns[None].expand(height, -1, -1)], dim=-1
    )  # (height, width, d_model)


def shift(
    k: Tensor | float, *, d_model: int, base: float | Tensor = 10000.0, dtype: torch.dtype = torch.float32
) -> Tensor:
    """The matrix ``M_k`` that moves every sinusoidal code on by ``k`` positions: ``PE(t + k) = M_k PE(t)``.

    Along its diagonal stand rotations, ``[[cos ω_i k, sin ω_i k], [-sin ω_i k, cos ω_i k]]``.

    Source: Vaswani et al. 2017, section 3.5, where it is claimed; the matrix follows from the sum formulas.

    Args:
        k: how far; any number, or a tensor of numbers.
        d_model: features of the code, an even number.
        base: see ``frequencies``.
        dtype: of the result.

    Returns:
        ``(*k.shape, d_model, d_model)``, on the device of ``k``.

    Raises:
        ValueError: if ``d_model`` is odd: a sine without its cosine cannot be moved.
    """
    if d_model % 2:
        raise ValueError(
            f"d_model = {d_model} is odd: the last sine has no cosine, so no matrix can move it."
        )
    if isinstance(k, Tensor):
        angles, device = _angles(k, d_model, base), k.device  # (..., d_model / 2)
    else:  # a Python number keeps all its digits
        angles, device = frequencies(d_model=d_model, base=base) * k, torch.empty(0).device
    # On and beside the diagonal: [0, 1, 0, 1, ...] picks the first or the second feature of a hand.
    diagonal = angles.cos().repeat_interleave(2, dim=-1)  # (..., d_model)
    beside = torch.stack([angles.sin(), torch.zeros_like(angles)], dim=-1).flatten(-2)[..., :-1]
    matrix = diagonal.diag_embed() + beside.diag_embed(1) - beside.diag_embed(-1)
    return matrix.to(dtype).to(device)  # (..., d_model, d_model)


def rotate(x: Tensor, positions: Tensor | int, *, base: float | Tensor = 10000.0) -> Tensor:
    """Rotary codes: turn each pair of features ``(2i, 2i + 1)`` of a query or key by the angle ``ω_i t``.

    The dot product of a query turned to ``t`` and a key turned to ``s`` depends on ``t - s`` only.

    Source: Su et al. 2021 (RoFormer), equation 34.

    Args:
        x: ``(..., T, d_k)`` with an even ``d_k``.
        positions: ``(T,)``, or with as many axes as ``x`` has before the last, each of the same size or 1; or the
            number ``T`` itself. Where sentences have positions of their own, and ``x`` is
            ``(batch, heads, T, d_k)``, they are ``(batch, 1, T)``.
        base: see ``frequencies``.

    Returns:
        ``(..., T, d_k)``.

    Raises:
        ValueError: if ``d_k`` is odd, or the positions do not fit. ``(batch, T)`` does not fit
            ``(batch, heads, T, d_k)``: it could be meant for either of the two axes.
    """
    if x.ndim < 2 or x.shape[-1] % 2 or x.shape[-1] == 0:
        raise ValueError(
            f"x has shape {shown(x.shape)}, but must be (..., T, d_k) with an even d_k to be turned."
        )
    _check.floating(x=x)
    if not isinstance(positions, Tensor):
        (T,) = _check.counted(T=positions)
        positions = torch.arange(T, device=x.device)
    if positions.ndim == 0 or not fits(positions.shape, x.shape[:-1]):
        raise ValueError(
            f"there are {positions.shape[-1] if positions.ndim else 'no'} positions for x with {x.shape[-2]} rows, "
            f"shape {shown(x.shape)}: give one for each."
        )
    if positions.ndim < x.ndim - 1 and any(size != 1 for size in positions.shape[:-1]):
        raise ValueError(
            f"positions have shape {shown(positions.shape)}, and x has {shown(x.shape)}: give (T,), or all axes before "
            "the last, such as (batch, 1, T), so that it is clear which of them the positions follow."
        )
    angles = _angles(positions, x.shape[-1], base)  # (..., T, d_k / 2)
    cos, sin = (part.to(x.dtype).to(x.device) for part in (angles.cos(), angles.sin()))  # (..., T, d_k / 2)
    first, second = x[..., 0::2], x[..., 1::2]  # (..., T, d_k / 2)
    return torch.stack([first * cos - second * sin, first * sin + second * cos], dim=-1).flatten(-2)


class SinusoidalPositions(nn.Module):
    """Adds sinusoidal codes to a batch of embeddings, of any length.

    A table for the first ``max_length`` positions is kept beside the parameters. It follows from these numbers, so
    it is not saved: wherever the module moves, it is made anew, and stays in float32. Codes beyond it, or for
    float64, are computed when they are needed.

    A graph that is exported with the table (``torch.export``, ONNX) takes no more positions than there are in it: for
    longer sequences, give a larger ``max_length`` before.

    Args:
        d_model: features of the embeddings.
        max_length: positions to keep in the table.
        base: see ``frequencies``.
    """

    table: Tensor

    def __init__(self, *, d_model: int, max_length: int = 1024, base: float = 10000.0) -> None:
        super().__init__()
        d_model, max_length = *_check.positive(d_model=d_model), *_check.counted(max_length=max_length)
        self.d_model, self.base = d_model, base
        self.register_buffer("table", sinusoidal(max_length, d_model=d_model, base=base), persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> SinusoidalPositions:
        """Move to where ``fn`` puts tensors. Rounded, or in memory that is only set aside, the table would be lost."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        positions = torch.arange(len(self.table), device=self.table.device)
        self.table = sinusoidal(positions, d_model=self.d_model, base=self.base)  # (max_length, d_model)
        return self

    def forward(self, x: Tensor, *, start: int = 0) -> Tensor:
        """Add the codes of positions ``start, start + 1, ...``.

        Args:
            x: ``(batch, T, d_model)``.
            start: position of the first row, for decoding step by step.

        Returns:
            ``(batch, T, d_model)``.

        Raises:
            ValueError: if ``x`` is not ``(batch, T, d_model)``, or ``start`` is negative.
        """
        _check_embeddings(x, self.d_model, start)
        end = start + x.shape[1]
        at_hand = self.table.device == x.device  # not after weights were assigned to a module without memory
        # For float64 the table would be too coarse.
        if end <= len(self.table) and at_hand and x.dtype != torch.float64:
            return x + self.table[start:end].to(x.dtype)  # (batch, T, d_model)
        positions = torch.arange(start, end, device=x.device)  # (T,)
        codes = sinusoidal(positions, d_model=self.d_model, base=self.base, dtype=x.dtype)  # (T, d_model)
        return x + codes  # (batch, T, d_model)


class LearnedPositions(nn.Module):
    """Adds a learned vector for each position.

    Args:
        d_model: features of the embeddings.
        max_length: positions that have a vector; there is nothing to add beyond.
    """

    def __init__(self, *, d_model: int, max_length: int) -> None:
        super().__init__()
        d_model, max_length = _check.positive(d_model=d_model, max_length=max_length)
        self.weight = nn.Parameter(nn.init.normal_(torch.empty(max_length, d_model), std=0.02))

    def forward(self, x: Tensor, *, start: int = 0) -> Tensor:
        """Add the vectors of positions ``start, start + 1, ...``.

        Args:
            x: ``(batch, T, d_model)``.
            start: position of the first row, for decoding step by step.

        Returns:
            ``(batch, T, d_model)``.

        Raises:
            ValueError: if ``x`` is not ``(batch, T, d_model)``, or reaches beyond the last vector.
        """
        max_length, d_model = self.weight.shape
        _check_embeddings(x, d_model, start)
        end = start + x.shape[1]
        if end > max_length:
            raise ValueError(
                f"positions {start} to {end - 1} are asked for, but only {max_length} were learned: take a larger "
                "max_length, or sinusoidal positions, which have no last one."
            )
        return x + self.weight[start:end]  # (batch, T, d_model)


class RelativeBias(nn.Module):
    """A learned number for each head and distance, added to the scores.

    Distances beyond ``max_distance`` share the number of the farthest.

    Source: Raffel et al. 2020 (T5), section 2.1, with one bucket for each distance; the clipping is that of
    Shaw et al. 2018, equation 4.

    Args:
        heads: number of heads.
        max_distance: the farthest distance told apart, at least 1.
    """

    def __init__(self, *, heads: int, max_distance: int) -> None:
        super().__init__()
        heads, max_distance = _check.positive(heads=heads, max_distance=max_distance)
        self.table = nn.Parameter(nn.init.normal_(torch.empty(heads, 2 * max_distance + 1), std=0.02))

    def forward(self, T: int, S: int | None = None) -> Tensor:
        """The bias for ``T`` queries, the last of ``S`` positions: ``(heads, T, S)``.

        Raises:
            ValueError: for a negative length.
        """
        S = T if S is None else S
        T, S = _check.counted(T=T, S=S)
        farthest = self.table.shape[1] // 2
        queries = torch.arange(T, device=self.table.device) + (S - T)  # (T,)
        keys = torch.arange(S, device=self.table.device)  # (S,)
        distances = (keys - queries[:, None]).clamp(-farthest, farthest)  # (T, S)
        return self.table[:, distances + farthest]  # (heads, T, S)


def relative_index(height: int, width: int, *, device: torch.device | str | None = None) -> Tensor:
    """Which entry of the bias table belongs to each pair of positions in a window.

    A query at (row, column) = (i, j) and a key at (i', j') are told apart by their offset only:

        index = (i - i' + height - 1) · (2 width - 1) + (j - j' + width - 1)

    For a window of 2 × 2 whose positions are numbered 0 1 / 2 3::

        key    0  1  2  3
        query 0  4  3  1  0
              1  5  4  2  1
              2  7  6  4  3
              3  8  7  5  4

    Source: Liu et al. 2021 (Swin), equation 4 and its code.

    Args:
        height: rows of the window.
        width: columns of the window.
        device: where it is made.

    Returns:
        ``(height · width, height · width)``, integers from 0 to ``(2 height - 1)(2 width - 1) - 1``.

    Raises:
        ValueError: if a size is below 1.
    """
    height, width = _check.positive(height=height, width=width)
    row = torch.arange(height, device=device).repeat_interleave(width)  # (height · width,)
    column = torch.arange(width, device=device).repeat(height)  # (height · width,)
    rows = row[:, None] - row + height - 1  # (height · width, height · width)
    columns = column[:, None] - column + width - 1
    return rows * (2 * width - 1) + columns


class RelativeBias2d(nn.Module):
    """A learned number for each head and each offset between two positions of a window, added to the scores.

    The index follows from the window and is not saved: wherever the module moves, it is made anew.

    Source: Liu et al. 2021 (Swin), equation 4.

    Args:
        heads: number of heads.
        height: rows of the window.
        width: columns of the window.
    """

    index: Tensor

    def __init__(self, *, heads: int, height: int, width: int) -> None:
        super().__init__()
        heads, height, width = _check.positive(heads=heads, height=height, width=width)
        self.height, self.width = height, width
        self.register_buffer("index", relative_index(height, width), persistent=False)
        entries = (2 * height - 1) * (2 * width - 1)
        self.table = nn.Parameter(nn.init.trunc_normal_(torch.empty(entries, heads), std=0.02))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> RelativeBias2d:
        """Move to where ``fn`` puts tensors. In memory that is only set aside, the index would be lost."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        with torch.inference_mode(False):  # what is made in that mode cannot be trained with later
            self.index = relative_index(self.height, self.width, device=self.index.device)
        return self

    def forward(self) -> Tensor:
        """The bias for all pairs of positions, ``(heads, height · width, height · width)``."""
        index = self.index
        if index.device != self.table.device:  # weights were assigned to a module without memory
            index = relative_index(self.height, self.width, device=self.table.device)
        # On a GPU the fused kernels of attention take no bias whose rows are scattered.
        return self.table[index].permute(2, 0, 1).contiguous()


def _angles(positions: Tensor, d_model: int, base: float | Tensor) -> Tensor:
    """How far each hand has turned at each position: ``(*positions.shape, d_model / 2)`` in float64.

    They are where the positions are, or on the CPU if there is no float64.
    """
    speeds = frequencies(d_model=d_model, base=base, device=positions.device)  # (d_model / 2,)
    return precise(positions)[..., None] * speeds


def _check_embeddings(x: Tensor, d_model: int, start: int) -> None:
    _check.floating(x=x)
    _check.sequence(x, d_model, x=x)
    _check.counted(start=start)
