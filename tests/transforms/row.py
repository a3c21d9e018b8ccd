"""A row of the table: one call of a public name, with tensors that suit every transform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

BATCH = 3  # No other size is 3: that is how a batch is told from the other axes.
CHANCE = torch.Generator().manual_seed(0)


def real(*shape: int) -> Tensor:
    """Random numbers that every floating type can hold exactly, so that only the computing differs."""
    return torch.randn(*shape, generator=CHANCE, device="cpu").bfloat16().float()


def whole(*shape: int, low: int = 1, high: int = 7) -> Tensor:
    """Random whole numbers, such as ids."""
    return torch.randint(low, high, shape, generator=CHANCE, device="cpu")


def given(numbers: object) -> Tensor:
    """These numbers."""
    return torch.tensor(numbers, device="cpu")


def flags(*shape: int) -> Tensor:
    """A mask that hides some keys, and from the first of several queries all."""
    mask = torch.rand(*shape, generator=CHANCE, device="cpu") > 0.4
    if mask.shape[-2] > 1:
        mask[..., 0, :] = False
    return mask


def tensors_of(result: object) -> tuple[Tensor, ...]:
    """The tensors in what a function returned, one after another."""
    if isinstance(result, Tensor):
        return (result,)
    parts = result if isinstance(result, (tuple, list)) else ()
    return tuple([tensor for part in parts for tensor in tensors_of(part)])


class Called(nn.Module):
    """A row's call as a module from tensors to tensors, which is what every transform can be applied to."""

    def __init__(self, part: object, call: Callable[..., object], names: list[str]) -> None:
        super().__init__()
        self.part, self.call, self.names = part, call, names

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return tensors_of(self.call(self.part, **dict(zip(self.names, inputs, strict=True))))


@dataclass(frozen=True)
class Row:
    """One call.

    `build` makes what is called or what the call needs: a new module, or the function itself; `call` calls it, with
    `inputs` by name. `reasons` says of a column why it asks nothing here, where that cannot be seen from the call.
    `keeps_kind` is false where float16 goes in and something more precise comes out, `learns` where gradients are
    refused.
    """

    name: str
    keeps_state: bool
    build: Callable[[], object]
    call: Callable[..., object]
    inputs: dict[str, Tensor]
    reasons: Mapping[str, str]
    keeps_kind: bool = True
    learns: bool = True

    def subject(self) -> Called:
        """The call, with the same weights each time; every floating type can hold them exactly."""
        torch.manual_seed(0)
        part = self.build()
        if isinstance(part, nn.Module):
            part.eval()
            with torch.no_grad():
                for parameter in part.parameters():
                    parameter.copy_(parameter.bfloat16())
        return Called(part, self.call, list(self.inputs))

    @cached_property
    def plain(self) -> tuple[Tensor, ...]:
        """What the call gives when nothing is done to it."""
        with torch.no_grad():
            return self.subject()(*self.inputs.values())

    @cached_property
    def lacks(self) -> dict[str, str]:
        """Why a transform that needs something has nothing to ask of this call, by what it needs."""
        inputs, parameters = [*self.inputs.values()], [*self.subject().parameters()]
        takes_real = any(tensor.is_floating_point() for tensor in (*inputs, *parameters))
        gives_real = any(tensor.is_floating_point() for tensor in self.plain)
        why = {
            "a result": "gives no tensor" if not self.plain else "",
            "a tensor": "takes no tensor" if not inputs else "",
            "a batch": "takes no batch" if all(x.shape[:1] != (BATCH,) for x in inputs) else "",
            "real numbers": "is not meant for real numbers" if not takes_real else "",
            "a derivative": "gives no real numbers" if not gives_real else "",
            "state": "keeps nothing" if not self.keeps_state else "",
            "weights": "has no weights" if not parameters else "",
        }
        why["a derivative"] = why["real numbers"] or why["a derivative"]
        why["weights"] = why["state"] or why["weights"]
        return {need: why["a result"] or reason for need, reason in why.items()}

    @property
    def may_learn(self) -> bool:
        """Whether gradients can be asked of the call."""
        return self.learns and not self.lacks["a derivative"] and "functorch gradients" not in self.reasons


def used(
    thing: Callable[..., object],
    call: Callable[..., object],
    build: Callable[[], object] = lambda: None,
    *,
    no: Mapping[str, str] | None = None,
    keeps_kind: bool = True,
    learns: bool = True,
    **inputs: Tensor,
) -> Row:
    """The row of something that needs more than tensors; `call` uses it, given what is built, and these inputs."""
    return Row(named(thing), False, build, call, inputs, no or {}, keeps_kind, learns)


def function(
    thing: Callable[..., object], *, also: str = "", no: Mapping[str, str] | None = None, **arguments: Any
) -> Row:
    """The row of a function, called with these arguments; `also` tells it from others of the same function."""
    inputs, options = parted(arguments)
    return Row(
        named(thing) + also,
        False,
        lambda: None,
        lambda _, **given: thing(**given, **options),
        inputs,
        no or {},
    )


def module(
    kind: Callable[..., nn.Module],
    sizes: Mapping[str, object],
    method: str = "forward",
    *,
    also: str = "",
    no: Mapping[str, str] | None = None,
    **arguments: Any,
) -> Row:
    """The row of a module of these sizes, or of one of its methods, called with these arguments."""
    inputs, options = parted(arguments)
    name = named(kind) + (f".{method}" if method != "forward" else "") + also
    return Row(
        name,
        True,
        lambda: kind(**sizes),
        lambda part, **given: getattr(part, method)(**given, **options),
        inputs,
        no or {},
    )


def parted(arguments: Mapping[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The arguments that are tensors, and the others."""
    inputs = {name: value for name, value in arguments.items() if isinstance(value, Tensor)}
    return inputs, {name: value for name, value in arguments.items() if name not in inputs}


def named(thing: Callable[..., object]) -> str:
    """The name of something public: its file's and its own."""
    return f"{thing.__module__.removeprefix('transformer_lite.')}.{thing.__qualname__}"
