"""`@exercise`: a question whose answer a torch function computes, on the page as in a notebook.

    @exercise(hints={"transposed": "You read K by columns; a key is a row of K."})
    def score():
        \"\"\"What is the score of query 0 and key 1?\"\"\"
        return {"right": query[0] @ key[1], "transposed": query[0] @ key[:, 1]}

The function returns scalars: the right answer, and the typical wrong ones, each with its hint. The reader's answer is
compared with them only when the reader asks.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from .figure import Explorable, in_notebook
from .views import Number


class Exercise:
    """A question (the docstring), its computed answers, and a hint for each typical wrong one."""

    def __init__(
        self,
        function: Callable[[], dict[str, Tensor]],
        hints: Mapping[str, str],
        options: Sequence[str] | None,
        tolerance: float,
    ):
        def answers() -> dict[str, Number]:
            return {name: Number(torch.as_tensor(answer)) for name, answer in function().items()}

        answers.__name__, answers.__doc__ = function.__name__, function.__doc__
        self.figure = Explorable(answers, {})
        self.hints, self.options, self.tolerance = dict(hints), list(options or []), tolerance
        self._check(
            function.__name__, {name: float(view.tensors()[""]) for name, view in self.figure.run().items()}
        )

    def _check(self, name: str, answers: dict[str, float]) -> None:
        if "right" not in answers:
            raise ValueError(f"{name} must return the answer under 'right', got {', '.join(answers)}")
        right = answers["right"]
        if self.options:
            if right not in range(len(self.options)):
                raise ValueError(
                    f"{name}: 'right' must be an index of the {len(self.options)} options, got {right:g}"
                )
            wrong = {option for i, option in enumerate(self.options) if i != right}
        else:
            wrong = answers.keys() - {"right"}
            near = [key for key in wrong if abs(answers[key] - right) <= self.tolerance * abs(right)]
            if near:
                raise ValueError(
                    f"{name}: the wrong answer {near[0]!r} is as good as the right one, {right:g}"
                )
        if self.hints.keys() != wrong:
            raise ValueError(f"{name}: give one hint for each of {sorted(wrong)}, got {sorted(self.hints)}")

    def describe(self) -> dict[str, Any]:
        """The exercise as the front end sees it, without its answers."""
        return {
            "name": self.figure.name,
            "hints": self.hints,
            "options": self.options,
            "tolerance": self.tolerance,
        }

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        from . import page, widget

        html = page.exercise_html
        if page.building():
            return page.mimebundle(self.figure, lambda source: html(self, source))
        return widget.mimebundle(self.figure, html(self, ""))


def exercise(
    *, hints: Mapping[str, str], options: Sequence[str] | None = None, tolerance: float = 0.01
) -> Callable[[Callable[[], dict[str, Tensor]]], Exercise]:
    """Turns a torch function without parameters into an exercise, and shows it when run in a notebook.

    Without `options` the answer is a number, right if it is within `tolerance` (relative) of `right` or is `right`
    rounded to two decimals or more; `hints` names the other answers that the function returns. With `options` it is
    one of them, `right` is its index, and `hints` has a sentence for each of the others.
    """

    def decorate(function: Callable[[], dict[str, Tensor]]) -> Exercise:
        made = Exercise(function, hints, options, tolerance)
        if in_notebook():
            from IPython.display import display

            display(made)  # type: ignore[no-untyped-call]
        return made

    return decorate
