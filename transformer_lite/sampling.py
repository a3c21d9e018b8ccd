"""Which token to say: one drawn by chance, more or less boldly.

    p = softmax(scores / temperature)

A low temperature makes likely tokens likelier still, and near 0 only the likeliest is left; a high one makes all
tokens alike. ``top_k`` then keeps the k likeliest tokens. ``top_p`` keeps the fewest of the likeliest whose
probabilities reach p together: few where the model is sure, many where it is not. What is left is scaled to add
up to 1 again.
"""

from __future__ import annotations

import torch
from torch import Tensor

from transformer_lite import _check
from transformer_lite._precise import precise
from transformer_lite._shape import shown


def chances(
    scores: Tensor, *, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Tensor:
    """How likely each token is to be drawn.

    Of equally likely tokens, those with the lower ids count as the likelier.

    Source: Holtzman et al. 2020, section 3; top-k is from Fan et al. 2018.

    Args:
        scores: of the next token, ``(..., vocabulary)``; minus infinity for a token that must not be said.
        temperature: what the scores are divided by.
        top_k: how many tokens to keep; all if not given.
        top_p: the probability to keep, above 0 and at most 1; all if not given.

    Returns:
        Probabilities ``(..., vocabulary)``, which add up to 1.

    Raises:
        ValueError: if ``scores`` are no real numbers or none at all, if a row of them holds NaN, or infinity, or allows
            no token, or for a temperature, ``top_k`` or ``top_p`` outside its range.
    """
    return _chances(scores, temperature, top_k, top_p).to(scores.dtype).to(scores.device)


def draw(
    scores: Tensor,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw a token for each row, by its ``chances``.

    Args:
        scores: of the next token, ``(batch, vocabulary)``.
        temperature: see ``chances``.
        top_k: see ``chances``.
        top_p: see ``chances``.
        generator: where chance comes from; PyTorch's own if not given.

    Returns:
        Ids ``(batch,)``.

    Raises:
        ValueError: as for ``chances``, and if scores are not ``(batch, vocabulary)``.
    """
    if scores.ndim != 2:
        raise ValueError(f"scores have shape {shown(scores.shape)}, but must be (batch, vocabulary).")
    probabilities = _chances(scores, temperature, top_k, top_p)
    if probabilities.device != scores.device:  # chance comes from where the scores are
        probabilities = probabilities.float().to(scores.device)
    return probabilities.multinomial(1, generator=generator)[:, 0]  # (batch,)


def _chances(scores: Tensor, temperature: float, top_k: int | None, top_p: float | None) -> Tensor:
    """The chances in float64: float16 cannot add up the small probabilities of a large vocabulary.

    They are where the scores are, or on the CPU if there is no float64.
    """
    _check.floating(scores=scores)
    if scores.ndim == 0 or scores.shape[-1] == 0:
        raise ValueError(f"scores have shape {shown(scores.shape)}, but must be (..., vocabulary).")
    if not 0 < temperature < float("inf"):
        raise ValueError(
            f"temperature is {temperature!r}, but must be positive and finite: for the likeliest token alone, "
            "use greedy search."
        )
    if top_k is not None:
        _check.positive(top_k=top_k)
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p is {top_p!r}, but must be above 0 and at most 1.")

    exact = precise(scores)  # (..., vocabulary)
    highest = exact.amax(dim=-1, keepdim=True)  # (..., 1)
    if _check.may_look(highest) and not bool(highest.isfinite().all()):
        raise ValueError(
            "scores hold NaN or infinity, or minus infinity for every token of a row, but a token can only be "
            "drawn if one at least has a finite score."
        )
    # Differences to the highest score: however low the temperature, that one stays 0, and nothing overflows.
    below = exact - highest  # (..., vocabulary)
    probabilities = (below / temperature).softmax(dim=-1)  # (..., vocabulary)
    if top_k is None and top_p is None:
        return probabilities
    likely, token = probabilities.sort(dim=-1, descending=True, stable=True)  # (..., vocabulary) each
    if top_k is not None:
        likely[..., top_k:] = 0
    if top_p is not None:
        likely = likely / likely.sum(dim=-1, keepdim=True)
        likelier = likely.cumsum(dim=-1) - likely  # (..., vocabulary): all tokens before this one, together
        likely = likely.masked_fill(likelier >= top_p, 0)
    likely = likely / likely.sum(dim=-1, keepdim=True)
    return torch.zeros_like(probabilities).scatter(-1, token, likely)
