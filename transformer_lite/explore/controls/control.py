"""What all controls share.

A control checks a value (`check`), turns it into what the torch function receives (`encode`), writes its markup
(`html`), describes itself to the front end (`describe`), names the axes that follow it (`labels`) and draws random
settings for the trace (`sample`). A value that does not fit raises `ValueError` with a sentence from the catalogue.
The front end's half of each kind stands in front/controls.mjs.
"""

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from torch import Tensor

from ..axes import Setting
from ..text import number, say
from ..views import View


class Control:
    """A label (the parameter's name unless given) and a default value. `kind` is its name in lower case."""

    kind: str
    label: str | None
    value: Any
    # Python values choose between graphs; tensors are the graph's inputs.
    is_tensor = True
    # Controls whose tensor (n,) has a length of its own make that length a dynamic dimension of the graph.
    is_dynamic = False
    # Is it moved there by handles of its own, which lie over the view?
    handled = False
    # Does it hold what the function returns for its next call?
    remembers = False

    def prepare(self, name: str) -> None:
        """Called once with the parameter's name; an unusable declaration raises here."""
        self.label = self.label or name.replace("_", " ").capitalize()
        self.value = self.check(self.value)

    # -- its value ---------------------------------------------------------------------------------------------

    def check(self, value: Any) -> Any:
        """The value, if it fits; else `ValueError` with a sentence for the reader."""
        raise NotImplementedError

    def encode(self, value: Any) -> Any:
        """What the torch function receives for a checked value."""
        return value

    def inputs(self, name: str) -> list[str]:
        """The names of the graph's inputs for it: not its own, so that a view may have that."""
        return [f"control:{name}"]

    def fed(self, encoded: Any) -> list[Tensor]:
        """What these inputs receive."""
        return [encoded]

    def lengths(self) -> list[int | None]:
        """The axis of each of these inputs along which its length may change, if there is one."""
        return [0 if self.is_dynamic else None]

    def argument(self, tensors: Sequence[Tensor]) -> Any:
        """What the function receives, back from these inputs."""
        return tensors[0]

    def labels(self, value: Any) -> list[str] | None:
        """The names of an axis that is named after the control; None if none can be."""
        return None

    def length(self, value: Any) -> int | None:
        """How many indices such an axis has."""
        labels = self.labels(value)
        return None if labels is None else len(labels)

    def longest(self) -> int:
        """The most that `length` may become."""
        raise NotImplementedError

    def sample(self, rng: random.Random, setting: Setting) -> Any:
        """A random value for the trace, the other controls being set as they are."""
        raise NotImplementedError

    def extremes(self) -> list[Any]:
        """The values most likely to break a graph; each stands in the trace. Of a choice between graphs, all."""
        return []

    # -- its place among the others ----------------------------------------------------------------------------

    @property
    def within(self) -> str | None:
        """The name of the view in which it is moved; None if it is moved beside the views alone."""
        return None

    @property
    def origin(self) -> Any:
        """For an index into a view, one that a view of any size has; None for all other controls."""
        return None

    def place(self, name: str, view: View, described: Mapping[str, Any]) -> None:
        """Called once with the view in which it is moved; one that does not fit raises `ValueError`."""

    def confirm(self, name: str, view: View, changes: Mapping[str, Any]) -> None:
        """Called with that view at the extremes of every control, for those that have an origin."""

    def settle(self, value: Any, setting: Setting, *, asked: bool) -> Any:
        """The value where the other controls leave it; raises `ValueError` if it does not fit and was asked for."""
        return value

    # -- on the page -------------------------------------------------------------------------------------------

    def html(self, id_: str, value: Any, setting: Setting) -> str:
        """Its markup inside the figure's frame for a control; ids begin with `id_`."""
        raise NotImplementedError

    def describe(self) -> dict[str, Any]:
        """The control as the front end sees it."""
        return {"kind": self.kind, "label": self.label, "value": self.value}


def is_number(value: Any) -> TypeGuard[float]:
    """Is it a number, and not a bool that passes for one?"""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


def in_range(value: Any, *, label: str | None, min: float, max: float) -> float:
    """The value, if it is a number in this range; else `ValueError` with a sentence for the reader."""
    parts = {"label": label, "min": number(min), "max": number(max)}
    if not is_number(value):
        raise ValueError(say("not-a-number", value=value, **parts))
    if not min <= value <= max:
        raise ValueError(say("out-of-range", value=number(value), **parts))
    return value


def random_step(rng: random.Random, low: float, high: float, step: float) -> float:
    """One of the positions of a handle that moves by steps."""
    return round(min(high, low + step * rng.randint(0, int((high - low) / step))), 9)
