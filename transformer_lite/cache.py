"""Keys and values that need not be computed again.

A decoder speaks one position at a time. The keys and values of the positions already spoken stay the same
from step to step, so each step adds one row to them, and only the newest query is computed.

Several continuations of one beginning need it read only once. A copy of a cache is a cache of its own::

    prompt = model.new_cache()
    with torch.no_grad():
        model.step(beginning, prompt)  # ids (batch, n)
    for question in questions:  # ids (batch, more)
        ids = torch.cat([beginning, question], dim=1)
        answer = greedy(model.step, ids, max_new=50, cache=copy.copy(prompt))
"""

from __future__ import annotations

from copy import copy

import torch
from torch import Tensor

from transformer_lite import _check
from transformer_lite._shape import shown


class KeyValueCache:
    """The keys and values of one attention layer, growing along the positions.

    ``append`` writes into memory that is set aside in advance and doubled when it is full, instead of copying
    everything at every step. This is for inference: what is cached takes no part in back-propagation.

    All that is cached is of one kind and on one device: those of the first ``append``. ``copy.copy`` and
    ``copy.deepcopy`` both give a cache of its own, which goes on by itself.

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

    def __copy__(self) -> KeyValueCache:
        """A cache that shares no memory with this one: what either appends, the other does not see."""
        twin = KeyValueCache()
        twin.length = self.length
        twin._key = None if self._key is None else self._key.clone()
        twin._value = None if self._value is None else self._value.clone()
        return twin

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
            ValueError: if they need gradients, are not equally many, or do not fit what is there: in size, in kind
                (as after a beginning that was read inside autocast), or in device.
        """
        if torch.is_grad_enabled() and (key.requires_grad or value.requires_grad):
            raise ValueError("a cache is for inference, but gradients are on: decode inside torch.no_grad().")
        if key.ndim != 4 or value.ndim != 4 or key.shape[:3] != value.shape[:3]:
            raise ValueError(
                f"key has shape {shown(key.shape)} and value {shown(value.shape)}, but must be "
                "(batch, heads, new, d_k) and (batch, heads, new, d_v)."
            )
        if key.dtype != value.dtype or key.device != value.device:
            raise ValueError(
                f"key holds {key.dtype} on {key.device} and value {value.dtype} on {value.device}, but both must be of "
                "one kind and on one device."
            )
        if self._key is not None and self._value is not None:
            for name, old, new in (("key", self._key, key), ("value", self._value, value)):
                if old.shape[:2] != new.shape[:2] or old.shape[3] != new.shape[3]:
                    raise ValueError(
                        f"{name} has shape {shown(new.shape)}, but the cache holds "
                        f"{shown((*old.shape[:2], self.length, old.shape[3]))}: only the length may differ."
                    )
                if old.dtype != new.dtype or old.device != new.device:
                    raise ValueError(
                        f"{name} holds {new.dtype} on {new.device}, but the cache {old.dtype} on {old.device}: go on "
                        "as it was begun, inside autocast or outside, on one device."
                    )
        end = self.length + key.shape[2]
        self._key = _written(self._key, key, self.length, end)
        self._value = _written(self._value, value, self.length, end)
        self.length = end

    def reorder(self, rows: Tensor) -> None:
        """Let row ``i`` of the batch continue what row ``rows[i]`` has cached: beams move between rows.

        Args:
            rows: indices into the batch, ``(new_batch,)``. Their numbers are checked where they can be looked at: not
                in a compiled graph.

        Raises:
            ValueError: if they are no such indices.
        """
        if self._key is not None and self._value is not None:
            batch = len(self._key)
            if rows.ndim != 1 or rows.dtype not in (torch.int64, torch.int32):
                raise ValueError(
                    f"rows have shape {shown(rows.shape)} and hold {rows.dtype}, but must be a row of indices from 0 "
                    f"to {batch - 1}."
                )
            numbers = rows.tolist() if _check.may_look(rows) else []
            if numbers and not 0 <= min(numbers) <= max(numbers) < batch:
                raise ValueError(f"rows are {numbers}, but must be a row of indices from 0 to {batch - 1}.")
            rows = rows.to(self._key.device)
            self._key = self._key.index_select(0, rows)
            self._value = self._value.index_select(0, rows)


def _written(memory: Tensor | None, new: Tensor, start: int, end: int) -> Tensor:
    """``memory`` with ``new`` at positions ``start`` to ``end``, twice as long if they did not fit.

    A graph that is exported cannot ask whether they fit, as it must not depend on the lengths: it copies.
    """
    if torch.compiler.is_compiling():
        return new if memory is None else torch.cat([memory[:, :, :start], new], dim=2)
    batch, heads, _, features = new.shape
    # What was made in inference mode cannot be written to outside.
    sealed = memory is not None and memory.is_inference() and not torch.is_inference_mode_enabled()
    if memory is None or sealed or memory.shape[2] < end:
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

    def __copy__(self) -> DecoderCache:
        """A cache that shares no memory with this one: what either appends, the other does not see."""
        twin = DecoderCache(layers=len(self.own))
        twin.own, twin.memory = [copy(cache) for cache in self.own], [copy(cache) for cache in self.memory]
        return twin

    def reorder(self, rows: Tensor, *, memory: bool = False) -> None:
        """Let row ``i`` of the batch go on from what row ``rows[i]`` has said.

        Beams move between the rows of one sentence only, and these share one memory: it stays where it is. Where rows
        of another sentence go on, or another number of rows, what is cached of the memory has to follow.

        Args:
            rows: indices into the batch, ``(batch,)``; ``(new_batch,)`` with ``memory``.
            memory: whether what is cached of the encoder's memory follows.

        Raises:
            ValueError: if they are no such indices, or their number changes and the memory does not follow.
        """
        for cache in self.memory:
            if memory:
                cache.reorder(rows)
            elif cache.length and rows.numel() != len(cache.key):
                raise ValueError(
                    f"there are {rows.numel()} rows, but the memory of {len(cache.key)} is cached: with memory=True it "
                    "follows."
                )
        for cache in self.own:
            cache.reorder(rows)
