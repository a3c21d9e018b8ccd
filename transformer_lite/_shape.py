"""Shapes: as a reader writes them, and whether one fits another."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def shown(shape: Sequence[int]) -> str:
    """A shape as a reader writes it: ``(2, 3)``."""
    return "(" + ", ".join(str(size) for size in shape) + ")"


def broadcast(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The shape that several shapes broadcast to."""
    first, *others = shapes
    if all(shape == first for shape in others):  # as nearly always; PyTorch's way there is long
        return tuple(first)
    return tuple(torch.broadcast_shapes(*shapes))  # type: ignore[no-untyped-call]


def fits(shape: Sequence[int], into: Sequence[int]) -> bool:
    """Whether a shape broadcasts to another without making it larger."""
    return len(shape) <= len(into) and all(
        size in (1, wanted) for size, wanted in zip(reversed(shape), reversed(into), strict=False)
    )
