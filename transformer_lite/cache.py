"""Keys and values that need not be computed again.

A decoder speaks one position at a time. The keys and values of the positions already spoken stay the same
from step to step, so each step adds one row to them, and only the newest query is computed.
"""

from __future__ import annotations

import torch
from torch import Tensor

from transformer_lite import _check
from transformer_lite._shape import shown


class KeyValueCache:
    """The keys and values of one attention layer, growing along the positions.

    ``append`` writes into memory that is set aside in advance and doubled when it is full, instead of copying
    everything at every step. This is for inference: what is cached takes no part in back-propagation.

    ``length`` says how many positions are cached, as ``len`` does. In a graph that is exported it is a size like
    any other, where ``len`` would freeze it to that of the example.
    """

    length: int
    """Positions cached so far."""

    def __init__(self) -> None:
        self.length = 0
        self._key: Tensor | None = None  # (batch, heads, capacity, d_k), filled up to length
        self._value: Tensor | None = None

    def __len__(self) -> int:
        return self.length

    @property
    def key(self) -> Tensor:
        """The keys so far, ``(batch, heads, length, d_k)``.

        Raises:
            ValueError: before the first ``append``.
        """
        if self._key is None:
            raise ValueError("the cache is empty: append keys and values first.")
        return self._key[:, :, : self.length]

    @property
    def value(self) -> Tensor:
        """The values so far, ``(batch, heads, length, d_v)``.

        Raises:
            ValueError: before the first ``append``.
        """
        if self._value is None:
            raise ValueError("the cache is empty: append keys and values first.")
        return self._value[:, :, : self.length]

    def append(self, key: Tensor, value: Tensor) -> None:
        """Add the keys ``(batch, heads, new, d_k)`` and values ``(batch, heads, new, d_v)`` of new positions.

        Raises:
            ValueError: if they need gradients, are not equally many, or do not fit what is there.
        """
        if torch.is_grad_enabled() and (key.requires_grad or value.requires_grad):
            raise ValueError("a cache is for inference, but gradients are on: decode inside torch.no_grad().")
        if key.ndim != 4 or value.ndim != 4 or key.shape[:3] != value.shape[:3]:
            raise ValueError(
                f"key has shape {shown(key.shape)} and value {shown(value.shape)}, but must be "
                "(batch, heads, new, d_k) and (batch, heads, new, d_v)."
            )
        if self._key is not None and self._value is not None:
            for name, old, new in (("key", self._key, key), ("value", self._value, value)):
                if old.shape[:2] != new.shape[:2] or old.shape[3] != new.shape[3]:
                    raise ValueError(
                        f"{name} has shape {shown(new.shape)}, but the cache holds "
                        f"{shown((*old.shape[:2], self.length, old.shape[3]))}: only the length may differ."
                    )
        end = self.length + key.shape[2]
        self._key = _written(self._key, key, self.length, end)
        self._value = _written(self._value, value, self.length, end)
        self.length = end

    def reorder(self, rows: Tensor) -> None:
        """Let row ``i`` of the batch continue what row ``rows[i]`` has cached: beams move between rows.

        Args:
            rows: indices into the batch, ``(new_batch,)``.

        Raises:
            ValueError: if they are no such indices.
        """
        if self._key is not None and self._value is not None:
            batch = len(self._key)
            whole = rows.ndim == 1 and rows.dtype in (torch.int64, torch.int32)
            if not whole or (rows.numel() and not 0 <= int(rows.min()) <= int(rows.max()) < batch):
                raise ValueError(
                    f"rows are {rows.tolist()}, but must be a row of indices from 0 to {batch - 1}."
                )
            self._key = self._key.index_select(0, rows)
            self._value = self._value.index_select(0, rows)


def _written(memory: Tensor | None, new: Tensor, start: int, end: int) -> Tensor:
    """``memory`` with ``new`` at positions ``start`` to ``end``, twice as long if they did not fit.

    A graph that is exported cannot ask whether they fit, as it must not depend on the lengths: it copies.
    """
    if torch.compiler.is_compiling():
        return new if memory is None else torch.cat([memory[:, :, :start], new], dim=2)
    batch, heads, _, features = new.shape
    if memory is None or memory.shape[2] < end:
        larger = new.new_empty(batch, heads, max(16, 2 * end), features)
        if memory is not None:
            larger[:, :, :start] = memory[:, :, :start]
        memory = larger
    memory[:, :, start:end] = new
    return memory


class DecoderCache:
    """What a whole decoder has cached: for each layer, of its own positions and of the encoder's memory.

    Args:
        layers: number of decoder layers.
    """

    def __init__(self, *, layers: int) -> None:
        _check.positive(layers=layers)
        self.own = [KeyValueCache() for _ in range(layers)]
        self.memory = [KeyValueCache() for _ in range(layers)]

    @property
    def length(self) -> int:
        """Positions of its own that are cached; a size like any other in a graph, where ``len`` is frozen."""
        return self.own[0].length

    def __len__(self) -> int:
        return self.length

    def reorder(self, rows: Tensor) -> None:
        """Let row ``i`` of the batch go on from what row ``rows[i]`` has said.

        Beams move between the rows of one sentence only, and these share one memory: it stays where it is.

        Args:
            rows: indices into the batch, ``(batch,)``.
        """
        for cache in self.own:
            cache.reorder(rows)
