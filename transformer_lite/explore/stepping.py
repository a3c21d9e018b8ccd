"""The state of a figure with memory after a number of steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from .controls import State

Tensors = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class _Reached:
    step: int
    meaning: list[Any]  # the values of the controls that would start anew
    state: Tensors


class Steps:
    """Takes steps: on from the last state that was asked for, or from the one before it, or from the start.

    Controls may move meanwhile. The one before is kept, because what comes of the last state may be no number: the
    reader goes back then.

    Args:
        name, control: the figure's `State`.
        step: makes the next state from the values of all controls and a state.
    """

    def __init__(self, name: str, control: State, step: Callable[[Mapping[str, Any], Tensors], Tensors]):
        self.name, self.control, self.step = name, control, step
        self._kept: list[_Reached] = []

    def reach(self, values: Mapping[str, Any]) -> Tensors:
        """The state after as many steps as `values` say."""
        wanted = values[self.name]
        meaning = [values[name] for name in self.control.anew]
        start = _Reached(0, meaning, dict(self.control.start))
        fitting = [kept for kept in self._kept if kept.meaning == meaning and kept.step <= wanted]
        last = fitting[-1] if fitting else start
        if last.step == wanted and fitting:
            self._kept = self._kept[: self._kept.index(last) + 1]
            return last.state
        state = last.state
        for _ in range(last.step, wanted):
            state = self.step(values, state)
        self._kept = [last, _Reached(wanted, meaning, state)]
        return state
