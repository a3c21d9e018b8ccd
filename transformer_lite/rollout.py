"""Attention rollout: how much of each input token is in each output token, if attention were all there is.

A layer adds to every token what it collected from others. Rollout counts both halves equally and the heads
alike, leaves out projections, norms and feed-forward networks, and multiplies from the first layer to the last:

    R_0 = I        R_l = (½ I + ½ mean_h A_l) R_{l-1}

Row t of R_l says what token t is made of after layer l; its entries add up to 1. In Swin, A_l lives in windows:
R_{l-1} is cut into the same shifted windows as the tokens were, mixed there, and put back. A merged token is
made of its neighbours in equal parts.

This is bookkeeping, not an explanation: it ignores what the values say.

Source: Abnar and Zuidema 2020, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from transformer_lite import _check
from transformer_lite._record import Record
from transformer_lite._shape import shown
from transformer_lite.swin import from_windows, neighbours, to_windows


def rollout(weights: Sequence[Tensor], *, residual: float = 0.5) -> Tensor:
    """Rollout through layers in which all tokens attend to all.

    Args:
        weights: for each layer, first to last, its attention weights ``(batch, heads, T, T)``.
        residual: the share of a token that stays its own in every layer.

    Returns:
        R, ``(batch, T, T)``: what each token (row) is made of.

    Raises:
        ValueError: for no layer at all, layers that do not fit together, or a share outside [0, 1].
    """
    _check_residual(residual)
    if not weights:
        raise ValueError("there are no layers: give the attention weights of one at least.")
    _check.floating(**{f"layer {i}": layer for i, layer in enumerate(weights)})
    first = weights[0]
    for layer in weights:
        if layer.ndim != 4 or layer.shape[2] != layer.shape[3] or layer.shape[::2] != first.shape[::2]:
            raise ValueError(
                f"a layer's weights have shape {shown(layer.shape)}, but must be (batch, heads, T, T), with one "
                f"batch and one T for all layers; the first has {shown(first.shape)}."
            )
    R = torch.eye(first.shape[2], dtype=first.dtype, device=first.device)  # (T, T), later with batch
    for layer in weights:
        R = residual * R + (1 - residual) * (layer.mean(1) @ R)  # (batch, T, T)
    return R


def rollout_vit(record: Record, *, residual: float = 0.5) -> Tensor:
    """Rollout through a vision Transformer, from what ``ViT`` recorded.

    Args:
        record: the dictionary given to ``ViT.forward`` or ``ViT.encode``.
        residual: the share of a token that stays its own in every layer.

    Returns:
        R, ``(batch, 1 + N, 1 + N)``. Row 0 is the class token; its columns from 1 on are the patches, row by row.

    Raises:
        ValueError: if the record holds no layers, or for a share outside [0, 1].
    """
    layers = _parts(record, "layer")
    return rollout([layer["attention"]["weights"] for layer in layers], residual=residual)


def rollout_swin(record: Record, *, residual: float = 0.5) -> Tensor:
    """Rollout through Swin's windows, shifts and merges, from what ``Swin`` recorded.

    Args:
        record: the dictionary given to ``Swin.forward`` or ``Swin.encode``.
        residual: the share of a token that stays its own in every block.

    Returns:
        ``(batch, h, w, H, W)``: what each token (i, j) of the last stage is made of, as a map of the H × W tokens
        of the first. Its mean over (h, w) tells what the classifier sees.

    Raises:
        ValueError: if the record holds no stages, or for a share outside [0, 1].
    """
    _check_residual(residual)
    R: Tensor | None = None
    for stage in _parts(record, "stage"):
        batch, H, W, _ = stage["output"].shape
        if R is None:
            size = (H, W)
            R = torch.eye(H * W, dtype=stage["output"].dtype, device=stage["output"].device)
            R = R.view(1, H, W, H * W).expand(batch, -1, -1, -1)  # (batch, H, W, tokens of the first stage)
        else:
            R = merged(R)
        for block in _parts(stage, "block"):
            weights = block["attention"]["weights"].mean(1)  # (batch · windows, M · M, M · M)
            window = round(weights.shape[1] ** 0.5)
            windows = to_windows(R, window=window, shift=block["shift"])  # (batch, windows, M · M, tokens)
            mixed = weights.view(*windows.shape[:3], windows.shape[2]) @ windows
            mixed = from_windows(mixed, H, W, window=window, shift=block["shift"])
            R = residual * R + (1 - residual) * mixed  # (batch, H, W, tokens)
    assert R is not None
    return R.unflatten(3, size)  # type: ignore[no-any-return, no-untyped-call]


def merged(R: Tensor) -> Tensor:
    """The mean of each 2 × 2 neighbours, of those that are real: ``(batch, H, W, tokens)`` to half of H and W."""
    batch, H, W, tokens = R.shape
    parts = neighbours(R).view(batch, -(-H // 2), -(-W // 2), 4, tokens)
    real = neighbours(R.new_ones(1, H, W, 1)).sum(dim=3, keepdim=True)  # (1, H / 2, W / 2, 1)
    return parts.sum(dim=3) / real


def _parts(record: Record, name: str) -> list[Record]:
    """What was recorded as ``name 0``, ``name 1``, ..."""
    parts: list[Record] = []
    while f"{name} {len(parts)}" in record:
        parts.append(record[f"{name} {len(parts)}"])
    if not parts:
        raise ValueError(
            f"the record holds no {name!r} parts but {list(record)}: give the dictionary that the model has filled, "
            "model(images, record=record)."
        )
    return parts


def _check_residual(residual: float) -> None:
    if not 0 <= residual <= 1:
        raise ValueError(f"residual is {residual!r}, but is a share and must lie between 0 and 1.")
