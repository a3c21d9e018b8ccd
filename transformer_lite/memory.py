"""Attention as a memory: patterns are stored, and a state falls towards those it resembles.

The energy of a state ξ among patterns x_1 ... x_N is a landscape with a valley at every pattern,

    E(ξ) = -1/β log Σ_i exp(β x_i · ξ) + 1/2 ξ · ξ + 1/β log N + 1/2 M²        M = the longest pattern's length

and one step of retrieval goes to the bottom of a bowl that lies above it,

    ξ_new = Σ_i softmax(β x_i · ξ)_i x_i = ξ - ∇E(ξ)

This is attention with one query ξ, the patterns as keys and as values, and β in place of 1 / √d_k.

Source: Ramsauer et al. 2021 (Hopfield Networks is All You Need), equations 2 and 3.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from transformer_lite import _check
from transformer_lite._shape import fits, shown
from transformer_lite.attention import attention
from transformer_lite.scores import scaled_dot


def energy(state: Tensor, patterns: Tensor, *, beta: float | Tensor) -> Tensor:
    """How high each state lies in the landscape of the patterns.

    Args:
        state: ξ, ``(..., T, d)``: T states.
        patterns: x, ``(..., S, d)``: S stored patterns.
        beta: β, the inverse temperature; large values give each pattern a valley of its own.

    Returns:
        E, ``(..., T)``; never below 0.

    Raises:
        ValueError: for shapes that do not fit, no patterns, or β that is not one positive number.
    """
    _check_patterns(state, patterns, beta)
    number = patterns.shape[-2]
    attraction = scaled_dot(state, patterns, scale=beta).logsumexp(dim=-1) / beta  # (..., T)
    bowl = state.square().sum(dim=-1) / 2  # (..., T)
    longest = patterns.square().sum(dim=-1).amax(dim=-1, keepdim=True)  # (..., 1): M²
    return -attraction + bowl + math.log(number) / beta + longest / 2  # (..., T)


def update(state: Tensor, patterns: Tensor, *, beta: float | Tensor) -> Tensor:
    """One step of retrieval: attention from the states to the patterns. The energy never rises.

    Args:
        state: ξ, ``(..., T, d)``.
        patterns: x, ``(..., S, d)``.
        beta: β, the inverse temperature.

    Returns:
        The new states, ``(..., T, d)``.

    Raises:
        ValueError: for shapes that do not fit, no patterns, or β that is not one positive number.
    """
    _check_patterns(state, patterns, beta)
    return attention(state, patterns, patterns, scale=beta)  # (..., T, d)


def retrieve(state: Tensor, patterns: Tensor, *, beta: float | Tensor, steps: int) -> Tensor:
    """Several steps of retrieval, with all states on the way.

    Args:
        state: ξ, ``(..., T, d)``.
        patterns: x, ``(..., S, d)``.
        beta: β, the inverse temperature.
        steps: how many, at least 0.

    Returns:
        The states before, between and after the steps, ``(steps + 1, ..., T, d)``.

    Raises:
        ValueError: for shapes that do not fit, no patterns, β that is not one positive number, or negative ``steps``.
    """
    _check_patterns(state, patterns, beta)
    _check.counted(steps=steps)
    way = [state]
    for _ in range(steps):
        way.append(update(way[-1], patterns, beta=beta))
    return torch.stack(way)  # (steps + 1, ..., T, d)


def _check_patterns(state: Tensor, patterns: Tensor, beta: float | Tensor) -> None:
    _check.matrices(state=state, patterns=patterns)
    fitting = state.shape[-1] == patterns.shape[-1] and fits(patterns.shape[:-2], state.shape[:-2])
    if not fitting or patterns.shape[-2] == 0:
        raise ValueError(
            f"state has shape {shown(state.shape)} and patterns {shown(patterns.shape)}, but they must be (..., T, d) "
            "and (..., S, d) with equally many features, at least one pattern, and no larger leading axes for "
            "patterns."
        )
    _check.above_zero(beta=beta)
