"""Arguments that cannot work, each answered with a sentence: what was given, and what would do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral

import torch
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor
from torch._subclasses import FakeTensor

from transformer_lite._shape import broadcast, fits, shown

Weight = Tensor | Callable[[], Tensor]
"""The weights of a layer: a tensor, or what gives it in a layer that quantisation has replaced."""


def may_look(*tensors: Tensor) -> bool:
    """Whether the numbers of the tensors can be read now.

    They cannot while a graph is traced, compiled or captured, where there are none (on the meta device, in fake
    tensors), and where one tensor stands for many (inside ``torch.func.vmap`` and its like). A check on numbers asks
    here first, and lets pass what it cannot see.
    """
    if torch.compiler.is_compiling():
        return False
    return not any(
        tensor.is_meta
        or isinstance(tensor, FakeTensor)
        or is_functorch_wrapped_tensor(tensor)
        or (tensor.is_cuda and torch.cuda.is_current_stream_capturing())
        for tensor in tensors
    )


def floating(**tensors: Tensor) -> None:
    """Every tensor must hold real numbers of one kind: word ids have to be embedded first.

    Inside autocast the kinds may differ, as it makes them differ: its products bring them together again.
    """
    first: Tensor | None = None
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            raise ValueError(
                f"{name} holds {tensor.dtype}, but must hold real numbers such as torch.float32: "
                f"convert with {name}.float(), or embed word ids first."
            )
        if first is None:
            first = tensor
        elif tensor.dtype != first.dtype and not _brought_together(tensor, first):
            kinds = ", ".join(f"{name}: {tensor.dtype}" for name, tensor in tensors.items())
            raise ValueError(f"the numbers are of different kinds ({kinds}): convert all to one of them.")


def matrices(**tensors: Tensor) -> None:
    """Every tensor must be ``(..., positions, features)``, and their leading axes must fit together."""
    floating(**tensors)
    leading: list[Sequence[int]] = []
    for name, tensor in tensors.items():
        if tensor.ndim < 2:
            raise ValueError(
                f"{name} has shape {shown(tensor.shape)}, but needs two axes at least, positions and "
                f"features: for a single vector, {name}.unsqueeze(0)."
            )
        leading.append(tensor.shape[:-2])
    if any(axes != leading[0] for axes in leading):
        try:
            broadcast(*leading)
        except RuntimeError as error:
            shapes = ", ".join(f"{name} {shown(tensor.shape)}" for name, tensor in tensors.items())
            raise ValueError(
                f"the axes before the last two do not fit together: {shapes}. Axis by axis from the right, "
                "the sizes must agree or be 1."
            ) from error


def positive(**sizes: int) -> list[int]:
    """Every size must be a whole number of at least 1; an exported graph may not know it yet.

    Returns the sizes; those that NumPy counted become Python's.
    """
    return [_whole(name, size, 1) for name, size in sizes.items()]


def above_zero(**numbers: float | Tensor) -> None:
    """Every number must be positive. A tensor must hold just one, which may be unknown: see ``may_look``."""
    for name, number in numbers.items():
        if isinstance(number, Tensor):
            if number.shape not in ((), (1,)):
                raise ValueError(f"{name} has shape {shown(number.shape)}, but must be one number.")
            if not may_look(number):
                continue
        if not number > 0:
            raise ValueError(f"{name} is {number!r}, but must be positive.")


def probability(**rates: float) -> None:
    """Every rate must lie in [0, 1)."""
    for name, rate in rates.items():
        if not 0 <= rate < 1:
            raise ValueError(f"{name} is {rate!r}, but must be at least 0 and less than 1.")


def counted(**lengths: int) -> list[int]:
    """Every length must be a whole number of at least 0; an exported graph may not know it yet. See ``positive``."""
    return [_whole(name, length, 0) for name, length in lengths.items()]


def pair(name: str, numbers: int | tuple[int, int] | list[int]) -> tuple[int, int]:
    """One number for both axes of an image, or two, down and across: always two."""
    if not isinstance(numbers, (tuple, list)):
        return _pythons(numbers), _pythons(numbers)
    if len(numbers) != 2:
        raise ValueError(f"{name} is {numbers}, but must be one number, or two, down and across.")
    return _pythons(numbers[0]), _pythons(numbers[1])


def dtype(weight: Weight, **tensors: Tensor) -> None:
    """Every tensor must hold the same kind of numbers as the weights it meets; autocast brings them together."""
    if not isinstance(weight, Tensor):
        raise ValueError(
            "the weights of this layer are packed, as torch.ao's quantize_dynamic does it, but must be a tensor, of "
            "which parts can be taken: use the layer as it was."
        )
    for name, tensor in tensors.items():
        if tensor.dtype != weight.dtype:
            floating(**{name: tensor})
            if not _brought_together(tensor, weight):
                raise ValueError(
                    f"{name} holds {tensor.dtype}, but the weights {weight.dtype}: convert one of them, with "
                    f"{name}.to(...) or module.to(...)."
                )


def features(weight: Weight, d: int, **tensors: Tensor) -> None:
    """Every tensor must be ``(..., d)`` and hold the same kind of numbers as the weights it meets."""
    for name, tensor in tensors.items():
        if tensor.ndim == 0 or tensor.shape[-1] != d:
            raise ValueError(
                f"{name} has shape {shown(tensor.shape)}, but its last axis must hold {d} features."
            )
        if not isinstance(weight, Tensor) or tensor.dtype != weight.dtype:
            dtype(weight, **{name: tensor})


def sequence(weight: Weight, d_model: int, **tensors: Tensor) -> None:
    """Every tensor must be a batch of sequences ``(batch, positions, d_model)``; see ``features``."""
    for name, tensor in tensors.items():
        if tensor.ndim != 3 or tensor.shape[-1] != d_model:
            raise ValueError(
                f"{name} has shape {shown(tensor.shape)}, but must be (batch, positions, d_model = {d_model})."
            )
        if not isinstance(weight, Tensor) or tensor.dtype != weight.dtype:
            dtype(weight, **{name: tensor})


def boolean(mask: Tensor, T: int | None = None, S: int | None = None) -> None:
    """A mask must be boolean, have at least two axes, and fit ``T`` queries and ``S`` keys where given."""
    if mask.dtype != torch.bool:
        raise ValueError(
            f"the mask holds {mask.dtype}, but must be boolean, True where a query may attend to a key. "
            "Numbers to be added to the scores are given as bias instead."
        )
    if mask.ndim < 2:
        raise ValueError(
            f"the mask has shape {shown(mask.shape)}, but needs two axes at least, queries and keys: "
            "(T, S), (1, S), (batch, T, S) or (batch, 1, S)."
        )
    if T is not None and S is not None and (mask.shape[-2] not in (1, T) or mask.shape[-1] not in (1, S)):
        raise ValueError(
            f"the mask has shape {shown(mask.shape)}, but there are T = {T} queries and S = {S} keys: "
            f"its last two axes must be ({T}, {S}), or 1 where all rows or all columns agree."
        )


def fit(scores: Sequence[int], **tensors: Tensor) -> None:
    """Every mask or bias must broadcast to the scores without making them larger."""
    for name, tensor in tensors.items():
        if not fits(tensor.shape, scores):
            raise ValueError(
                f"{name} has shape {shown(tensor.shape)}, which does not fit scores of shape {shown(scores)}: "
                "axis by axis from the right, its sizes must agree or be 1, and it may not have more axes."
            )


def factor(query: Tensor, key: Tensor, *, scale: float | Tensor) -> None:
    """A factor of the scores that is a tensor must be one number, or one for each row, head or batch."""
    if isinstance(scale, Tensor) and scale.ndim:
        floating(query=query, scale=scale)
        fit((*broadcast(query.shape[:-2], key.shape[:-2]), query.shape[-2], 1), scale=scale)


def attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, bias: Tensor | None) -> None:
    """Queries and keys need equally many features, keys and values equally many rows; mask and bias must fit."""
    matrices(query=query, key=key, value=value)
    q, k, v = query.shape, key.shape, value.shape
    if q[-1] != k[-1]:
        raise ValueError(
            f"query has {q[-1]} features and key {k[-1]} (shapes {shown(q)} and {shown(k)}), but a dot product needs "
            "equally many."
        )
    if k[-2] != v[-2]:
        raise ValueError(
            f"there are {k[-2]} keys and {v[-2]} values (shapes {shown(k)} and {shown(v)}), but each key needs its "
            "value."
        )
    if mask is not None or bias is not None:
        scores = (*broadcast(q[:-2], k[:-2], v[:-2]), q[-2], k[-2])
        if mask is not None:
            boolean(mask, *scores[-2:])
            fit(scores, mask=mask)
        if bias is not None:
            floating(query=query, bias=bias)
            fit(scores, bias=bias)


def _whole(name: str, size: int, least: int) -> int:
    if isinstance(size, bool) or not isinstance(size, (int, torch.SymInt, Integral)) or size < least:
        raise ValueError(f"{name} is {size!r}, but must be a whole number of at least {least}.")
    return _pythons(size)


def _pythons(size: int) -> int:
    """A whole number that NumPy counted as one of Python's, which compilers know and which never overflows."""
    return int(size) if isinstance(size, Integral) and not isinstance(size, int) else size


def _brought_together(one: Tensor, other: Tensor) -> bool:
    """Whether autocast makes one kind of two kinds of numbers; float64 it leaves as it is."""
    device = one.device.type
    return (
        torch.float64 not in (one.dtype, other.dtype)
        and torch.amp.is_autocast_available(device)
        and torch.is_autocast_enabled(device)
    )
