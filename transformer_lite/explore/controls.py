"""Controls: what a reader may change, and how it becomes a tensor.

Each control has a `kind` (its name in lower case), checks a value (`check`), turns it into what the torch
function receives (`encode`), describes itself to the front end (`describe`) and draws random settings for the
trace (`sample`). A value that does not fit raises `ValueError` with a sentence from the catalogue.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, TypeGuard

import torch
from torch import Tensor

from .text import number, say


class Control:
    """What all controls share: a label (the parameter's name unless given) and a default value."""

    kind: str
    label: str | None
    value: Any
    # Python values choose between graphs; tensors are the graph's inputs.
    is_tensor = True
    # Controls whose tensor has a length of its own make that length a dynamic dimension of the graph.
    is_dynamic = False

    def prepare(self, name: str) -> None:
        """Called once with the parameter's name; an unusable declaration raises here."""
        self.label = self.label or name.replace("_", " ").capitalize()
        self.value = self.check(self.value)

    def check(self, value: Any) -> Any:
        """The value, if it fits; else `ValueError` with a sentence for the reader."""
        raise NotImplementedError

    def encode(self, value: Any) -> Any:
        """What the torch function receives for a checked value."""
        return value

    def sample(self, rng: random.Random) -> Any:
        """A random setting for the trace."""
        raise NotImplementedError

    def extremes(self) -> list[Any]:
        """The settings most likely to break a graph; each stands in the trace."""
        return []

    def describe(self) -> dict[str, Any]:
        """The control as the front end sees it."""
        return {"kind": self.kind, "label": self.label, "value": self.value}


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


def _number_in_range(control: "Slider | Length | Points", value: Any) -> float:
    assert control.label is not None
    parts = {"label": control.label, "min": number(control.min), "max": number(control.max)}
    if not _is_number(value):
        raise ValueError(say("not-a-number", value=value, **parts))
    if not control.min <= value <= control.max:
        raise ValueError(say("out-of-range", value=number(value), **parts))
    return value


def _random_step(rng: random.Random, low: float, high: float, step: float) -> float:
    """One of the positions of a handle that moves by steps."""
    return round(min(high, low + step * rng.randint(0, int((high - low) / step))), 9)


@dataclass
class Slider(Control):
    """A number between `min` and `max`; the function receives a float32 scalar tensor.

    `step` is the distance between neighbouring positions of the handle; a typed number may lie between them.
    """

    min: float
    max: float
    step: float | None = None
    _: KW_ONLY
    value: float | None = None
    label: str | None = None
    kind = "slider"

    def prepare(self, name: str) -> None:
        if not -math.inf < self.min < self.max < math.inf:
            raise ValueError(
                f"Slider {name!r}: needs finite ends, min below max, got min={self.min} and max={self.max}"
            )
        if self.step is None:
            self.step = float(f"{(self.max - self.min) / 100:.1g}")
        if self.step <= 0:
            raise ValueError(f"Slider {name!r}: step must be above 0, got {self.step}")
        self.value = self.min if self.value is None else self.value
        super().prepare(name)

    def check(self, value: Any) -> float:
        return _number_in_range(self, value)

    def encode(self, value: float) -> Tensor:
        return torch.tensor(float(value))  # ()

    def sample(self, rng: random.Random) -> float:
        assert self.step is not None
        return _random_step(rng, self.min, self.max, self.step)

    def extremes(self) -> list[float]:
        return [self.min, self.max]

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"min": self.min, "max": self.max, "step": self.step}


@dataclass
class Length(Control):
    """A whole number n from `min` to `max`; the function receives `arange(n)`, so n is a dynamic dimension."""

    min: int
    max: int
    step: int = 1
    _: KW_ONLY
    value: int | None = None
    label: str | None = None
    kind = "length"
    is_dynamic = True

    def prepare(self, name: str) -> None:
        if not 1 <= self.min < self.max:
            raise ValueError(f"Length {name!r}: needs 1 ≤ min < max, got min={self.min} and max={self.max}")
        if self.step < 1:
            raise ValueError(f"Length {name!r}: step must be at least 1, got {self.step}")
        self.value = self.min if self.value is None else self.value
        super().prepare(name)

    def check(self, value: Any) -> int:
        value = _number_in_range(self, value)
        if value != int(value):
            parts = {"label": self.label, "min": number(self.min), "max": number(self.max)}
            raise ValueError(say("not-whole", value=number(value), **parts))
        return int(value)

    def encode(self, value: int) -> Tensor:
        return torch.arange(value)  # (n,)

    def sample(self, rng: random.Random) -> int:
        return rng.randint(self.min, self.max)

    def extremes(self) -> list[int]:
        return [self.min, self.max]

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"min": self.min, "max": self.max, "step": self.step}


@dataclass
class Toggle(Control):
    """On or off; the function receives a Python bool, and the website holds a graph for each."""

    value: bool = False
    _: KW_ONLY
    label: str | None = None
    kind = "toggle"
    is_tensor = False

    def check(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(say("not-true-or-false", label=self.label, value=value))
        return value

    def sample(self, rng: random.Random) -> bool:
        return rng.random() < 0.5

    def extremes(self) -> list[bool]:
        return [False, True]


@dataclass
class Choice(Control):
    """One of several options; the function receives it as it is, and the website holds a graph for each."""

    options: Sequence[str | int | float]
    _: KW_ONLY
    value: str | int | float | None = None
    label: str | None = None
    kind = "choice"
    is_tensor = False

    def prepare(self, name: str) -> None:
        self.options = list(self.options)
        if len(self.options) < 2 or len(set(self.options)) < len(self.options):
            raise ValueError(f"Choice {name!r}: needs two or more different options, got {self.options}")
        self.value = self.options[0] if self.value is None else self.value
        super().prepare(name)

    def check(self, value: Any) -> str | int | float:
        for option in self.options:
            if type(option) is type(value) and option == value:
                return option
        options = ", ".join(map(str, self.options))
        raise ValueError(say("not-an-option", label=self.label, value=value, options=options))

    def sample(self, rng: random.Random) -> str | int | float:
        return rng.choice(list(self.options))

    def extremes(self) -> list[str | int | float]:
        return list(self.options)

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"options": self.options}


@dataclass
class Words(Control):
    """Words typed by the reader, from a known vocabulary; the function receives their ids, int64 of shape (n,).

    Words are separated by white space and compared in lower case. A word that is not in the vocabulary is named to
    the reader; it is never dropped.
    """

    value: str
    _: KW_ONLY
    vocabulary: Sequence[str]
    maximum: int = 10
    label: str | None = None
    kind = "words"
    is_dynamic = True

    def prepare(self, name: str) -> None:
        self.vocabulary = [word.lower() for word in self.vocabulary]
        if len(set(self.vocabulary)) < len(self.vocabulary):
            twice = sorted({word for word in self.vocabulary if self.vocabulary.count(word) > 1})
            raise ValueError(f"Words {name!r}: the vocabulary holds {', '.join(twice)} more than once")
        parted = [word for word in self.vocabulary if word.split() != [word]]
        if parted:
            raise ValueError(
                f"Words {name!r}: {parted[0]!r} cannot be typed as one word; leave out its white space"
            )
        if self.maximum < 2:
            raise ValueError(f"Words {name!r}: maximum must be at least 2, got {self.maximum}")
        super().prepare(name)

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(say("not-text", label=self.label, value=value))
        words, known = value.lower().split(), ", ".join(self.vocabulary)
        if not words:
            raise ValueError(say("no-words", known=known))
        unknown = [word for word in dict.fromkeys(words) if word not in self.vocabulary]
        if unknown:
            raise ValueError(say("unknown-words", unknown=", ".join(unknown), known=known))
        if len(words) > self.maximum:
            raise ValueError(say("too-many-words", count=len(words), maximum=self.maximum))
        return value

    def encode(self, value: str) -> Tensor:
        return torch.tensor([self.vocabulary.index(word) for word in value.lower().split()])  # (n,)

    def sample(self, rng: random.Random) -> str:
        return " ".join(rng.choices(list(self.vocabulary), k=rng.randint(1, self.maximum)))

    def extremes(self) -> list[str]:
        words = [self.vocabulary[i % len(self.vocabulary)] for i in range(self.maximum)]
        return [words[0], " ".join(words)]

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"maximum": self.maximum, "vocabulary": list(self.vocabulary)}


@dataclass
class Order(Control):
    """Named items that the reader drags into another order; the function receives int64 of shape (n,): which item
    stands at each place.
    """

    items: Sequence[str]
    _: KW_ONLY
    value: Sequence[int] | None = None
    label: str | None = None
    kind = "order"

    def prepare(self, name: str) -> None:
        self.items = list(self.items)
        if len(self.items) < 2:
            raise ValueError(f"Order {name!r}: needs two or more items, got {self.items}")
        self.value = list(range(len(self.items))) if self.value is None else self.value
        super().prepare(name)

    def check(self, value: Any) -> list[int]:
        count = len(self.items)
        whole = isinstance(value, (list, tuple)) and all(type(i) is int for i in value)
        if not whole or sorted(value) != list(range(count)):
            raise ValueError(say("not-an-order", label=self.label, max=count - 1, value=value))
        return list(value)

    def encode(self, value: Sequence[int]) -> Tensor:
        return torch.tensor(value)  # (n,)

    def sample(self, rng: random.Random) -> list[int]:
        return rng.sample(range(len(self.items)), len(self.items))

    def extremes(self) -> list[list[int]]:
        order = list(range(len(self.items)))
        return [order[::-1], [*order[1:], 0]]

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"items": self.items}


@dataclass
class Points(Control):
    """Points that the reader drags in the `Scatter` called `view`, whose first points must be these.

    The function receives float32 of shape (n, 2). Both numbers of a point go from `min` to `max`; dragging and the
    arrow keys move it by `step`.
    """

    view: str
    value: Sequence[Sequence[float]]
    _: KW_ONLY
    names: Sequence[str] | None = None
    min: float = -3.0
    max: float = 3.0
    step: float = 0.1
    label: str | None = None
    kind = "points"

    def prepare(self, name: str) -> None:
        if not -math.inf < self.min < self.max < math.inf or self.step <= 0:
            raise ValueError(
                f"Points {name!r}: needs finite ends, min below max, and a step above 0, "
                f"got min={self.min}, max={self.max}, step={self.step}"
            )
        self.names = [str(i + 1) for i in range(len(self.value))] if self.names is None else list(self.names)
        if not self.names or len(self.names) != len(self.value):
            raise ValueError(
                f"Points {name!r}: {len(self.names)} names for {len(self.value)} points; give one each"
            )
        super().prepare(name)

    def check(self, value: Any) -> list[list[float]]:
        assert self.names is not None
        pairs = isinstance(value, (list, tuple)) and all(
            isinstance(point, (list, tuple)) and len(point) == 2 and all(map(_is_number, point))
            for point in value
        )
        if not pairs or len(value) != len(self.names):
            raise ValueError(say("not-points", label=self.label, count=len(self.names), value=value))
        return [[_number_in_range(self, x) for x in point] for point in value]

    def encode(self, value: Sequence[Sequence[float]]) -> Tensor:
        return torch.tensor(value, dtype=torch.float32)  # (n, 2)

    def sample(self, rng: random.Random) -> list[list[float]]:
        return [[_random_step(rng, self.min, self.max, self.step) for _ in range(2)] for _ in self.value]

    def extremes(self) -> list[list[list[float]]]:
        # All in one corner, and all in one place near the middle: nothing to tell them apart, and no length.
        middle = min(self.max, max(self.min, 0.0))
        return [[[place, place] for _ in self.value] for place in (self.min, middle)]

    def describe(self) -> dict[str, Any]:
        own = {"min": self.min, "max": self.max, "step": self.step}
        return super().describe() | own | {"view": self.view, "names": self.names}


@dataclass
class Pick(Control):
    """An index chosen by clicking a view: `Pick("scores", row=1)` is an index along the view's first dimension,
    `Pick("scores", column=2)` along its second, `Pick("scores", row=1, column=2)` a cell.

    The function receives an int64 scalar for a row or a column, and a tensor of shape (2,) for a cell.
    """

    view: str
    _: KW_ONLY
    row: int | None = None
    column: int | None = None
    label: str | None = None
    kind = "pick"

    def prepare(self, name: str) -> None:
        chosen = [index for index in (self.row, self.column) if index is not None]
        if not chosen:
            raise ValueError(f"Pick {name!r}: give row=, column= or both as the first choice")
        if min(chosen) < 0:
            raise ValueError(
                f"Pick {name!r}: row and column count from 0, got row={self.row}, column={self.column}"
            )
        self.dimensions = [d for d, index in enumerate((self.row, self.column)) if index is not None]
        self.value = chosen if len(chosen) == 2 else chosen[0]
        # The axis behind each dimension; the figure fills this in once it knows the view.
        self.axes: list[dict[str, Any]] = []
        super().prepare(name)

    def check(self, value: Any) -> int | list[int]:
        indices = list(value) if isinstance(value, (list, tuple)) else [value]
        whole = all(isinstance(i, int) and not isinstance(i, bool) for i in indices)
        if not whole or len(indices) != len(self.dimensions):
            raise ValueError(say("not-a-pick", label=self.label, count=len(self.dimensions), value=value))
        # Whether each lies inside the view depends on the other controls; the figure checks that.
        return indices if len(indices) == 2 else indices[0]

    def encode(self, value: int | list[int]) -> Tensor:
        return torch.tensor(value)  # () or (2,)

    def sample(self, rng: random.Random) -> int | list[int]:
        # The figure brings it into the range that the other controls leave.
        drawn = [rng.randint(0, 10**6) for _ in self.dimensions]
        return drawn if len(drawn) == 2 else drawn[0]

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"view": self.view, "dimensions": self.dimensions, "axes": self.axes}
