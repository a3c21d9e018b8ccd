"""Toy data on which small models show what they can do. Ids in, right ids out, drawn anew for every batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor


def neighbours(
    count: int, n: int, *, symbols: int, offsets: Sequence[int], generator: Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Random symbols, and for each place those that stand at the offsets from it; the sequence is a ring.

    With the one offset −1 it is "say the word before".

    Args:
        count: sequences.
        n: symbols of each.
        symbols: how many kinds there are.
        offsets: where to look: −1 is one to the left.
        generator: where the random numbers come from; PyTorch's own by default.

    Returns:
        The ids (count, n), and the right answers (count, n, offsets).
    """
    ids = torch.randint(symbols, (count, n), generator=generator)  # (count, n)
    return ids, torch.stack([ids.roll(-offset, dims=1) for offset in offsets], dim=2)  # (count, n, offsets)
