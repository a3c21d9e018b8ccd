"""What a translator is trained to do: give the right token a high probability, but not all of it.

Source: Vaswani et al. 2017, section 5.4; Szegedy et al. 2016 for label smoothing.
"""

from __future__ import annotations

import torch
from torch import Tensor

from transformer_lite import _check
from transformer_lite._shape import shown


def smooth_labels(targets: Tensor, *, vocabulary: int, smoothing: float = 0.1, pad: int = 0) -> Tensor:
    """The distribution to aim at: ``1 - ε`` for the right token, the rest shared by the other words.

    The padding token is no word: it gets nothing, and where it is the target the whole row is zero.

    Args:
        targets: ids ``(...)``.
        vocabulary: number of tokens, padding among them; at least 3.
        smoothing: ε.
        pad: the id of the padding token.

    Returns:
        ``(..., vocabulary)``; rows sum to 1, or to 0 for padding.

    Raises:
        ValueError: for ids outside the vocabulary, where they can be read, or ε outside [0, 1).
    """
    _check.probability(smoothing=smoothing)
    _check.positive(vocabulary=vocabulary)
    _check.counted(pad=pad)
    if vocabulary < 3 or not pad < vocabulary:
        raise ValueError(
            f"vocabulary = {vocabulary} with pad = {pad}: there must be two words besides the padding token, "
            "and its id must be in the vocabulary."
        )
    if targets.dtype != torch.int64:
        raise ValueError(f"targets hold {targets.dtype}, but must be ids of type torch.int64.")
    if _check.may_look(targets) and targets.numel():
        low, high = (int(bound) for bound in targets.aminmax())
        if low < 0 or high >= vocabulary:
            raise ValueError(
                f"targets run from {low} to {high}, but the vocabulary holds 0 to {vocabulary - 1}."
            )
    tokens, targets = torch.arange(vocabulary, device=targets.device), targets[..., None]
    labels = torch.where(tokens == targets, 1 - smoothing, smoothing / (vocabulary - 2))  # (..., vocabulary)
    return labels.masked_fill((tokens == pad) | (targets == pad), 0)  # (..., vocabulary)


def translation_loss(logits: Tensor, targets: Tensor, *, smoothing: float = 0.1, pad: int = 0) -> Tensor:
    """Cross-entropy with smoothed labels, averaged over the words and not over the padding.

    Equal to ``F.cross_entropy(logits, smooth_labels(targets))`` at the words. (PyTorch's own
    ``label_smoothing`` also gives a share to the padding token and to the right token.)

    Args:
        logits: scores ``(..., vocabulary)``.
        targets: ids ``(...)``.
        smoothing: ε.
        pad: the id of the padding token.

    Returns:
        A number; 0 if there are no words.

    Raises:
        ValueError: as for ``smooth_labels``, and if the shapes do not fit.
    """
    _check.floating(logits=logits)
    if logits.shape[:-1] != targets.shape:
        raise ValueError(
            f"logits have shape {shown(logits.shape)} and targets {shown(targets.shape)}, but logits need one "
            "more axis, the vocabulary, and the others alike."
        )
    labels = smooth_labels(targets, vocabulary=logits.shape[-1], smoothing=smoothing, pad=pad)
    # Like the logits, but float32 at least: many words are added up. New tensors may be of another kind by default.
    labels = labels.to(torch.promote_types(logits.dtype, torch.float32))  # (..., vocabulary)
    entropies = -(labels * logits.log_softmax(dim=-1)).sum(dim=-1)  # (...), zero at padding
    return entropies.sum() / (targets != pad).sum().clamp(min=1)


def warm_up(step: int, *, d_model: int, steps: int = 4000) -> float:
    """The learning rate of the paper: rising in a straight line, then falling as ``1 / √step``.

        rate = d_model^-0.5 · min(step^-0.5, step · steps^-1.5)

    Source: Vaswani et al. 2017, equation 3.

    Args:
        step: of training, counted from 1.
        d_model: features of the model.
        steps: how long the rate rises.

    Returns:
        The learning rate.

    Raises:
        ValueError: if ``step`` or ``steps`` is below 1.
    """
    _check.positive(step=step, steps=steps, d_model=d_model)
    return float(d_model**-0.5 * min(step**-0.5, step * steps**-1.5))
