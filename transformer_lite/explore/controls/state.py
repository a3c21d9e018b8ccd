"""`State`: what a figure remembers from one step to the next."""

# ruff: noqa: E501 - markup reads best with an element a line

import random
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from html import escape
from typing import Any

import torch
from torch import Tensor

from ..axes import Setting
from ..text import say
from .control import Control, in_range

# A state of more numbers stands in the trace as it is after none and after all steps only: each takes two bytes a number.
LARGE = 20_000


@dataclass
class State(Control):
    """Tensors by name, which each step makes anew. The control's value is the number of steps that were taken.

    The function receives them as a dict, and returns two things: what is drawn, which belongs to the state that it
    received, and the next state, with the same names, shapes and types:
    `return shown, {"W": W - rate * gradient, "step": state["step"] + 1}`. No step may draw random numbers: they are made
    beforehand, and taken by the number of the step.

    `start` is the state after 0 steps, in float32 and int64; `steps` is how many the reader may take. `grows` names the
    axis along which a part may get longer from step to step, by as much as the step likes: `grows={"said": 1, "keys": 2}`
    for the words that a model has said, and for their keys. All other sizes stay. `anew` names the
    controls that give the state another meaning: when one of them moves, the figure goes back to the start. Where the
    start itself depends on a control, the function puts it in place of the state while its count of steps is 0. Playing
    stops after all steps, or at a state whose part `done`, a scalar, is not 0.
    """

    start: Mapping[str, Tensor]
    _: KW_ONLY
    steps: int
    grows: Mapping[str, int] = field(default_factory=dict)
    anew: Sequence[str] = ()
    label: str | None = None
    value: int = field(default=0, init=False)
    kind = "state"
    remembers = True

    def prepare(self, name: str) -> None:
        if isinstance(self.steps, bool) or not isinstance(self.steps, int) or self.steps < 1:
            raise ValueError(f"State {name!r}: steps must be a whole number above 0, got {self.steps!r}")
        if not self.start:
            raise ValueError(f"State {name!r}: a state needs at least one tensor")
        for part, tensor in self.start.items():
            kind = tensor.dtype if isinstance(tensor, Tensor) else type(tensor).__name__
            if kind not in (torch.float32, torch.int64):
                raise ValueError(f"State {name!r}: {part!r} must be a float32 or int64 tensor, got {kind}")
        self.start = {part: tensor.detach().clone() for part, tensor in self.start.items()}
        for part, axis in self.grows.items():
            if part not in self.start or not 0 <= axis < self.start[part].ndim:
                raise ValueError(
                    f"State {name!r}: grows says axis {axis} of {part!r}, but the parts are "
                    + ", ".join(f"{of} of shape {tuple(tensor.shape)}" for of, tensor in self.start.items())
                )
        self.anew = tuple(self.anew)
        super().prepare(name)

    def check(self, value: Any) -> int:
        value = in_range(value, label=self.label, min=0, max=self.steps)
        if value != int(value):
            raise ValueError(say("not-whole", label=self.label, min=0, max=self.steps, value=value))
        return int(value)

    def encode(self, value: int) -> dict[str, Tensor]:
        """The state before the first step; `stepping.Steps` takes it further."""
        return dict(self.start)

    def inputs(self, name: str) -> list[str]:
        return [f"state:{part}" for part in self.start]

    def fed(self, encoded: dict[str, Tensor]) -> list[Tensor]:
        return [encoded[part] for part in self.start]

    def lengths(self) -> list[int | None]:
        return [self.grows.get(part) for part in self.start]

    def follows(self, before: Tensor, after: Tensor, part: str) -> bool:
        """Has the next state of a part the type and the sizes that it must have?"""
        sizes = list(after.shape)
        if part in self.grows and after.ndim == before.ndim:
            axis = self.grows[part]
            sizes[axis] = min(sizes[axis], before.shape[axis])
        return sizes == list(before.shape) and after.dtype == before.dtype

    def argument(self, tensors: Sequence[Tensor]) -> dict[str, Tensor]:
        return dict(zip(self.start, tensors, strict=True))

    def sample(self, rng: random.Random, setting: Setting) -> int:
        return rng.choice(self.extremes())

    def extremes(self) -> list[int]:
        large = sum(tensor.numel() for tensor in self.start.values()) > LARGE
        return sorted({0, self.steps} if large else {0, 1, min(10, self.steps), self.steps})

    def html(self, id_: str, value: int, setting: Setting) -> str:
        said = {what: escape(say(what, label=self.label)) for what in ("play", "step", "restart")}
        return f"""<span class="tl-label" id="{id_}">{escape(str(self.label))}</span>
<button type="button" class="tl-play" aria-pressed="false" aria-label="{said["play"]}"></button>
<button type="button" class="tl-step">{said["step"]}</button>
<button type="button" class="tl-restart">{said["restart"]}</button>
<output class="tl-steps" aria-labelledby="{id_}">{escape(say("steps-taken", step=value, steps=self.steps))}</output>"""

    def describe(self) -> dict[str, Any]:
        return super().describe() | {
            "min": 0,
            "max": self.steps,
            "steps": self.steps,
            "anew": list(self.anew),
        }
