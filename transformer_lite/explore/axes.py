"""Axes: what a view's dimensions are called, how many indices they have, and what each index is called.

An axis may be named after a control, such as the words of a sentence; then its size and labels follow the reader.
"""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Protocol

from torch import Tensor


class Naming(Protocol):
    """A control, as far as axes ask about it."""

    def labels(self, value: Any) -> list[str] | None:
        """The names of an axis that is named after the control; None if none can be."""

    def length(self, value: Any) -> int | None:
        """How many indices such an axis has."""

    def longest(self) -> int:
        """The most that it may have."""


class Unnamed(list[str]):
    """Numbers that stand where an axis has no names."""


@dataclass
class Axis:
    """One dimension of a view.

    Two dimensions with the same `name` are the same thing in the reader's eyes: hovering over one highlights the
    same index in the other. `labels` names the indices: a list of strings, or the name of a control that has a
    length (`Words`, `Length`, `Order`). `title` is written beside the axis.

    Where the function itself says what stands there, as a model that speaks, `by` is its tensor of ids, or the name of
    one: index i is called `labels[by[i]]`. Such an axis may grow, to `longest` indices.
    """

    name: str
    labels: str | Sequence[str] | None = None
    _: KW_ONLY
    title: str | None = None
    role: str | None = None
    by: Tensor | str | None = None
    longest: int | None = None

    def __post_init__(self) -> None:
        if self.by is None and self.longest is None:
            return
        if self.by is None or self.longest is None or self.labels is None or isinstance(self.labels, str):
            raise ValueError(
                f"Axis {self.name!r}: by= takes a list of labels, of which it names one for each index, and "
                "longest=, the most indices that there may be"
            )

    @classmethod
    def of(cls, axis: "Axis | str") -> "Axis":
        """The axis itself, or one of that name; if a control has that name, the control labels it."""
        return axis if isinstance(axis, Axis) else cls(axis, labels=axis)

    def describe(self) -> dict[str, Any]:
        """The axis as the front end sees it."""
        labels = self.labels if self.labels is None or isinstance(self.labels, str) else list(self.labels)
        found = {"name": self.name, "labels": labels, "title": self.title or self.name, "role": self.role}
        return found if self.by is None else found | {"by": self.name, "longest": self.longest}


@dataclass(frozen=True)
class Setting:
    """The controls of a figure with a value each: what described axes may be named after."""

    controls: Mapping[str, Naming]
    values: Mapping[str, Any]

    def names(self, control: str) -> list[str] | None:
        """The labels that a control gives to an axis; None if there is no such control, or if it has none to give."""
        return self.controls[control].labels(self.values[control]) if control in self.controls else None

    def resolve(self, axis: dict[str, Any]) -> dict[str, Any]:
        """The axis without the name of a control that labels nothing."""
        named = axis["labels"]
        return axis | {"labels": None} if isinstance(named, str) and self.names(named) is None else axis

    def labels(self, axis: dict[str, Any], size: int, by: Tensor | None = None) -> list[str]:
        """The name of each index of an axis; `by` are the ids that it goes by, if any."""
        named = axis["labels"]
        if by is not None:
            return [named[int(id_)] for id_ in by.tolist()]
        found = self.names(named) if isinstance(named, str) else named
        return Unnamed(str(i) for i in range(size)) if found is None else found[:size]

    def size(self, axis: dict[str, Any]) -> int:
        """How many indices a pick's axis has: fixed, or as many as the control has labels."""
        if axis["size"] is not None:
            return int(axis["size"])
        length = self.controls[axis["labels"]].length(self.values[axis["labels"]])
        assert length is not None
        return length

    def longest(self, axis: dict[str, Any], size: int) -> int:
        """The most indices that an axis may come to have, if it has `size` now."""
        if isinstance(axis["labels"], str):
            return self.controls[axis["labels"]].longest()
        return int(axis.get("longest", size))
