"""`@exercise`: a question whose answer a torch function computes, on the page as in a notebook.

    @exercise(hints={"transposed": "You read K by columns; a key is a row of K."})
    def score():
        \"\"\"What is the score of query 0 and key 1?\"\"\"
        return {"right": query[0] @ key[1], "transposed": query[0] @ key[:, 1]}

The function returns the right answer, and the typical wrong ones, each with its hint. The reader's answer is compared
with them only when the reader asks.
"""

# ruff: noqa: E501 - markup reads best with an element a line

from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from . import host, markup, site, still, widget
from .figure import Figure
from .text import say
from .views import Bars, Heatmap, Number, View

Answers = dict[str, Tensor]

# What holds an answer of each kind.
_VIEWS: dict[str, Callable[[Tensor], View]] = {
    "number": Number,
    "choice": Number,
    "order": Bars,
    "mask": Heatmap,
}


class Exercise:
    """A question (the docstring), its computed answers, and a hint for each typical wrong one."""

    def __init__(
        self,
        function: Callable[[], Answers],
        hints: Mapping[str, str],
        *,
        options: Sequence[str] | None = None,
        order: Sequence[str] | None = None,
        mask: tuple[Sequence[str], Sequence[str]] | None = None,
        tolerance: float = 0.01,
    ):
        name = function.__name__
        given = {"choice": options, "order": order, "mask": mask}
        kinds = [kind for kind, what in given.items() if what is not None]
        if len(kinds) > 1:
            raise ValueError(f"{name}: an answer has one kind, got {' and '.join(kinds)}")
        self.kind = kinds[0] if kinds else "number"

        def answers() -> dict[str, View]:
            return {key: _VIEWS[self.kind](torch.as_tensor(answer)) for key, answer in function().items()}

        answers.__name__, answers.__doc__ = name, function.__doc__
        self.figure = Figure(answers, {})
        self.hints, self.tolerance = dict(hints), tolerance
        self.options, self.order = list(options or []), list(order or [])
        self.rows, self.columns = ([*labels] for labels in mask or ((), ()))
        self._check(name, {key: view.tensors()[""] for key, view in self.figure.run().items()})

    def _check(self, name: str, answers: Answers) -> None:
        if "right" not in answers:
            raise ValueError(f"{name} must return the answer under 'right', got {', '.join(answers)}")
        right = answers["right"]
        wrong = answers.keys() - {"right"}
        if self.kind == "choice":
            if right not in range(len(self.options)):
                raise ValueError(
                    f"{name}: 'right' must be an index of the {len(self.options)} options, got {right:g}"
                )
            wrong = {option for i, option in enumerate(self.options) if i != right}
        elif self.kind == "order":
            places = list(range(len(self.order)))
            odd = [key for key, answer in answers.items() if sorted(answer.tolist()) != places]
            if odd:
                raise ValueError(f"{name}: {odd[0]!r} must be an order of the {len(places)} items")
        elif self.kind == "mask":
            shape = len(self.rows), len(self.columns)
            odd = [key for key, answer in answers.items() if tuple(answer.shape) != shape]
            if odd:
                raise ValueError(f"{name}: {odd[0]!r} must be a mask of shape {shape}, as the labels say")
        for (name_a, a), (name_b, b) in combinations(answers.items(), 2):
            near = self.tolerance * torch.maximum(a.abs(), b.abs()) if self.kind == "number" else 0
            if ((a - b).abs() <= near).all():
                raise ValueError(f"{name}: {name_a!r} and {name_b!r} cannot be told apart, {a.tolist()}")
        if self.hints.keys() != wrong:
            raise ValueError(f"{name}: give one hint for each of {sorted(wrong)}, got {sorted(self.hints)}")

    def describe(self) -> dict[str, Any]:
        """The exercise as the front end sees it, without its answers."""
        return {
            "name": self.figure.name,
            "kind": self.kind,
            "hints": self.hints,
            "options": self.options,
            "order": self.order,
            "tolerance": self.tolerance,
        }

    def html(self, source: str = "", sizes: str = "", weights: str = "") -> str:
        """The question, a place for the answer, and a place for what is said about it; see `page.html`.

        It cannot be submitted until a script answers: a browser would load the page anew, without what was typed.
        """
        name = escape(self.figure.name)
        return f"""<form class="tl-exercise" id="{name}" data-source="{escape(source)}" data-bytes="{sizes}" data-weights="{weights}">
<script type="application/json" class="tl-description">{markup.data(self.describe())}</script>
<div class="tl-question" id="{name}--question">{markup.paragraphs(self.figure.caption)}</div>
<div class="tl-answer">{_ANSWERS[self.kind](self, name)} <button type="submit" disabled>{escape(say("answer-check"))}</button></div>
<p class="tl-message" role="status"></p>
{markup.waiting(f"{name}--waiting")}
{markup.without_javascript(say("exercise-no-javascript"))}
{markup.asleep() if source else ""}
</form>"""

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str] | widget.Bundle:
        if host.building():
            return site.mimebundle(self.figure.frames(), self.html)
        asked = self.figure.name, self.figure.caption
        return widget.mimebundle(self.figure, self.html(), lambda: still.question(*asked))


def _typed(exercise: Exercise, name: str) -> str:
    return markup.typed(f"{name}--answer", say("answer"), f"{name}--question")


def _chosen(exercise: Exercise, name: str) -> str:
    return markup.options(f"{name}--answer", exercise.options, None, f"{name}--question")


def _ordered(exercise: Exercise, name: str) -> str:
    chips = markup.chips(exercise.order, exercise.order, f"{name}--question")
    return f'{chips}<p class="tl-help">{escape(say("chip-help"))}</p>'


def _masked(exercise: Exercise, name: str) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in exercise.columns)
    body = ""
    for row in exercise.rows:
        cells = "".join(
            f'<td><button type="button" class="tl-cell" aria-pressed="false" aria-label="{escape(say("answer-cell", row=row, column=column))}"></button></td>'
            for column in exercise.columns
        )
        body += f'<tr><th scope="row">{escape(row)}</th>{cells}</tr>'
    return f'<div class="tl-grid"><table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div><p class="tl-help">{escape(say("mask-help"))}</p>'


# Where the answer of each kind is given.
_ANSWERS: dict[str, Callable[[Exercise, str], str]] = {
    "number": _typed,
    "choice": _chosen,
    "order": _ordered,
    "mask": _masked,
}


def exercise(
    *,
    hints: Mapping[str, str],
    options: Sequence[str] | None = None,
    order: Sequence[str] | None = None,
    mask: tuple[Sequence[str], Sequence[str]] | None = None,
    tolerance: float = 0.01,
) -> Callable[[Callable[[], Answers]], Exercise]:
    """Turns a torch function without parameters into an exercise, and shows it when run in a notebook.

    The answer is a number, right if it is within `tolerance` (relative) of `right` or is `right` rounded to two
    decimals or more; `hints` names the other answers that the function returns. It may be typed with any minus sign,
    with a decimal point or comma, with thousands set apart, as a fraction (1/3) or as a percentage (25%); what may mean
    two numbers (1,234) may mean either.

    With `options` it is one of them, `right` is its index, and `hints` has a sentence for each of the others. With
    `order` it is an order of these items, and answers are permutations, int64 of shape (n,): which item stands at each
    place. With `mask`, the labels of rows and columns, it is clicked cell by cell, and answers are bool matrices: True
    where a row may look.
    """

    def decorate(function: Callable[[], Answers]) -> Exercise:
        made = Exercise(function, hints, options=options, order=order, mask=mask, tolerance=tolerance)
        host.display(made)
        return made

    return decorate
