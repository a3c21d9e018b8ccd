"""Who may attend to whom.

A mask is a boolean tensor: ``True`` where a query (row) may attend to a key (column). Its last two axes are
``(T, S)``; a batch axis may stand before them, and either of the two may be 1 where all rows or all columns
agree. Masks therefore combine by "and".

Where there are fewer queries than keys, the queries are the *last* positions: this is what decoding with
cached keys needs, and it puts the corner of a causal mask at the bottom right::

    causal(4)        causal(2, 4)      local(5, radius=1)     padding([3, 1], S=4)
    x . . .                            x x . . .              x x x .
    x x . .                            x x x . .
    x x x .          x x x .           . x x x .              x . . .
    x x x x          x x x x           . . x x x
                                       . . . x x              (one row for all the queries)
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from transformer_lite import _check
from transformer_lite._shape import shown


def causal(T: int, S: int | None = None, *, device: torch.device | str | None = None) -> Tensor:
    """Each query attends to its own position and to those before it.

    Query ``t`` stands at position ``t + S - T``, so it may see key ``s`` if ``s <= t + S - T``. With more
    queries than keys the first ``T - S`` queries see nothing.

    Source: Vaswani et al. 2017, section 3.2.3.

    Args:
        T: number of queries, at least 0.
        S: number of keys; ``T`` if not given.
        device: where the mask is made.

    Returns:
        A mask ``(T, S)``.

    Raises:
        ValueError: for a negative length.
    """
    queries, keys = _places(T, S, device)
    return keys <= queries[:, None]


def local(T: int, S: int | None = None, *, radius: int, device: torch.device | str | None = None) -> Tensor:
    """Each query attends to the keys at most ``radius`` positions away: a band ``2 radius + 1`` wide.

    Also called restricted self-attention; the neighbourhood size of the paper is ``r = 2 radius + 1``.
    A sliding window that looks back only is ``combine(causal(T, S), local(T, S, radius=...))``.

    Source: Vaswani et al. 2017, section 4.

    Args:
        T: number of queries, at least 0.
        S: number of keys; ``T`` if not given. The queries are the last ``T`` positions.
        radius: greatest distance, at least 0; 0 leaves each position only itself.
        device: where the mask is made.

    Returns:
        A mask ``(T, S)``.

    Raises:
        ValueError: for a negative length or radius.
    """
    (radius,) = _check.counted(radius=radius)
    queries, keys = _places(T, S, device)
    near = keys >= queries[:, None] - radius  # (T, S)
    return near.logical_and_(keys <= queries[:, None] + radius)


def padding(lengths: Tensor | Sequence[int], *, S: int | None = None) -> Tensor:
    """Nobody attends to the padding behind a sentence.

    Where the numbers of a tensor cannot be looked at (on the meta device, in a compiled graph, inside
    ``torch.func.vmap``), ``S`` has to be given, and lengths outside its range are not noticed.

    Args:
        lengths: the true length of each sentence, ``(batch,)``, each between 0 and ``S``.
        S: the padded length; the longest sentence's if not given.

    Returns:
        A mask ``(batch, 1, S)``, the same for all queries of a sentence, on the device of ``lengths``.

    Raises:
        ValueError: if ``lengths`` is not one row of whole numbers between 0 and ``S``.
    """
    given, lengths = lengths, torch.as_tensor(lengths)
    if lengths.numel() == 0:
        lengths = lengths.long()
    if lengths.ndim != 1 or lengths.is_floating_point() or lengths.dtype == torch.bool:
        raise ValueError(
            f"lengths has shape {shown(lengths.shape)} and holds {lengths.dtype}, but must be one row of "
            "whole numbers, one for each sentence. For a tensor of word ids use padding_of(ids, pad=...)."
        )
    if not isinstance(given, Tensor) or _check.may_look(given):
        numbers = given.tolist() if isinstance(given, Tensor) else [int(length) for length in given]
        shortest, longest = min(numbers, default=0), max(numbers, default=0)
        S = longest if S is None else S
        if shortest < 0 or longest > S:
            raise ValueError(f"lengths run from {shortest} to {longest}, but must lie between 0 and S = {S}.")
    if S is None:
        raise ValueError(
            "S is not given, and the longest sentence's length cannot be read from lengths on the meta device, in a "
            "compiled graph or inside torch.func.vmap: give S."
        )
    (S,) = _check.counted(S=S)
    return (torch.arange(S, device=lengths.device) < lengths[:, None])[:, None, :]  # (batch, 1, S)


def padding_of(ids: Tensor, *, pad: int = 0) -> Tensor:
    """Nobody attends to a padding token, wherever it stands.

    Args:
        ids: token ids ``(batch, S)``.
        pad: the id that stands for padding.

    Returns:
        A mask ``(batch, 1, S)``, the same for all queries of a sentence.

    Raises:
        ValueError: if ``ids`` is not a batch of rows of whole numbers.
    """
    if ids.ndim != 2 or ids.is_floating_point() or ids.dtype == torch.bool:
        raise ValueError(
            f"ids has shape {shown(ids.shape)} and holds {ids.dtype}, but must be whole numbers (batch, S)."
        )
    return (ids != pad)[:, None, :]  # (batch, 1, S)


def combine(*masks: Tensor | None) -> Tensor | None:
    """What every one of the masks allows. ``None`` stands for a mask that allows everything.

    Args:
        masks: boolean masks whose shapes broadcast against one another.

    Returns:
        The combined mask; ``None`` if there is nothing to combine.

    Raises:
        ValueError: for a mask that is not boolean, or shapes that do not broadcast.
    """
    combined: Tensor | None = None
    for mask in masks:
        if mask is None:
            continue
        check(mask)
        if combined is None:
            combined = mask
            continue
        try:
            combined = combined & mask
        except RuntimeError as error:
            raise ValueError(
                f"masks of shapes {shown(combined.shape)} and {shown(mask.shape)} do not fit together: "
                "axis by axis from the right, the sizes must agree or one of them must be 1."
            ) from error
    return combined


def check(mask: Tensor, T: int | None = None, S: int | None = None) -> None:
    """A mask must be boolean, have at least two axes, and fit ``T`` queries and ``S`` keys where given.

    Raises:
        ValueError: otherwise.
    """
    _check.boolean(mask, T, S)


def _places(T: int, S: int | None, device: torch.device | str | None) -> tuple[Tensor, Tensor]:
    """Where queries ``(T,)`` and keys ``(S,)`` stand, the last of both being together.

    Masks compare the two and never write down a distance: whole numbers would take eight times a mask's memory.
    """
    T, S = _check.counted(T=T, S=T if S is None else S)
    return torch.arange(T, device=device) + (S - T), torch.arange(S, device=device)
