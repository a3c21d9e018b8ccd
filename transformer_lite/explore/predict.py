"""`Predict`: the reader says what a figure will show, and then sees it.

    @explore(
        rate=Slider(0.0, 1.0, value=0.1),
        show={"loss": Number()},
        predict=Predict("How large is the loss after one step?", view="loss"),
    )

The view is covered until the reader has guessed or skipped the question. What is right is never written down: it is
what the figure's own function gives at the reader's settings.
"""

# ruff: noqa: E501 - markup reads best with an element a line

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from html import escape
from typing import Any

from . import markup
from .text import say
from .views import View
from .views.view import shaped


@dataclass(frozen=True)
class Predict:
    """A question that comes before a view of a figure, and what it asks for.

    With `options` the guess is one of them, and `answer` names a scalar among what the function returns: the index of
    the right one. Without, the view decides: of a `Number` the guess is a number; of `Lines` with a `range` it is a curve,
    drawn by hand, of the series with this index; of a `Heatmap` it is a cell and of `Bars` a bar, where the largest number
    stands, unless `answer` names a tensor with other indices, shape (2,) or ().

    `hides` names further views that would give the answer away. In a figure with a `State` the guess comes before the
    first step, and is compared with what is shown at the end.
    """

    question: str
    _: KW_ONLY
    view: str
    options: Sequence[str] = ()
    answer: str | None = None
    series: int = 0
    hides: Sequence[str] = ()

    @property
    def hidden(self) -> list[str]:
        """The views that are covered until the reader has guessed."""
        return [self.view, *self.hides]

    def kind(self, views: Mapping[str, View]) -> str:
        """What is asked for: a `choice`, or what the view takes."""
        return "choice" if self.options else str(views[self.view].guess())

    def answered(self, figure: str, views: Mapping[str, View], known: Mapping[str, Any]) -> set[str]:
        """Hands the answer, if it is named, to the view: it is among the numbers on display, as the view's own are.

        Gives that name.
        """
        if self.answer is None:
            return set()
        if self.answer not in known:
            raise ValueError(
                f"{figure}: predict= finds its answer under {self.answer!r}, but the function returns "
                f"{', '.join(known)}"
            )
        if self.view in views:
            views[self.view].answer = shaped("Predict", known[self.answer], 0, 1)
        return {self.answer}

    def place(self, figure: str, views: Mapping[str, View]) -> None:
        """Called once with the views at the defaults; a question that does not fit them raises `ValueError`."""
        for name in self.hidden:
            if name not in views:
                raise ValueError(
                    f"{figure}: predict= hides a view {name!r}; the views are {', '.join(views)}"
                )
        view = views[self.view]
        if not self.question.strip():
            raise ValueError(f"{figure}: predict= needs a question")
        if not self.options and view.guess() is None:
            raise ValueError(
                f"{figure}: a {type(view).__name__} takes no guess of its own; give predict= options to choose from"
            )
        if self.answer is not None and view.answer is None:
            raise ValueError(
                f"{figure}: predict= names its answer, so the function must return tensors by name, with show="
            )
        _CHECKS[self.kind(views)](self, figure, view)

    def describe(self, views: Mapping[str, View]) -> dict[str, Any]:
        """The question as the front end sees it, without the answer."""
        own = {"kind": self.kind(views), "view": self.view, "hidden": self.hidden}
        return own | {"options": list(self.options), "series": self.series}

    def html(self, id_: str, views: Mapping[str, View], labels: list[list[str]]) -> str:
        """The question, a place for the guess, and a place for what came of it; `labels` are those of the view's axes.

        It cannot be answered until a script listens.
        """
        asked = _PLACES[self.kind(views)](self, id_, views[self.view], labels)
        return f"""<fieldset class="tl-predict" disabled><legend id="{id_}">{escape(self.question)}</legend>
<div class="tl-answer">{asked}
<button type="button" class="tl-say">{escape(say("guess-say"))}</button>
<button type="button" class="tl-skip">{escape(say("guess-skip"))}</button></div>
<p class="tl-problem" role="alert"></p>
<p class="tl-verdict" role="status" tabindex="-1"></p>
</fieldset>"""


# -- what each kind of guess needs ---------------------------------------------------------------------------------


def _check_choice(predict: Predict, figure: str, view: View) -> None:
    count = len(predict.options)
    if count < 2 or len(set(predict.options)) < count:
        raise ValueError(
            f"{figure}: predict= needs two options or more, all different, got {list(predict.options)}"
        )
    if predict.answer is None:
        raise ValueError(f"{figure}: predict= with options needs answer=, the name of the right one's index")
    right = view.tensors()["answer"]
    if right.ndim or right not in range(count):
        raise ValueError(
            f"{figure}: {predict.answer!r} must be an index of the {count} options, got {right.tolist()}"
        )


def _check_place(predict: Predict, figure: str, view: View) -> None:
    if predict.answer is None:
        return
    right = view.tensors()["answer"]
    sizes = list(view.tensors()[""].shape)
    indices = right.reshape(-1).tolist()
    if right.shape != ((2,) if len(sizes) == 2 else ()) or any(
        at not in range(size) for at, size in zip(indices, sizes, strict=True)
    ):
        raise ValueError(
            f"{figure}: {predict.answer!r} must hold an index for each dimension of {predict.view!r}, of shape "
            f"{tuple(sizes)}, got {right.tolist()}"
        )


def _check_number(predict: Predict, figure: str, view: View) -> None:
    _without_answer(predict, figure, "the number on display")


def _check_curve(predict: Predict, figure: str, view: View) -> None:
    _without_answer(predict, figure, "the curve on display")
    settings = view.describe()
    if settings["range"] is None or settings["log_y"]:
        raise ValueError(
            f"{figure}: a curve is drawn by hand between fixed ends of a linear scale; give {predict.view!r} a "
            f"range= and no log_y="
        )
    values = view.tensors()[""]
    count = values.shape[0] if values.ndim == 2 else 1
    if predict.series not in range(count):
        raise ValueError(
            f"{figure}: predict= asks for series {predict.series} of {predict.view!r}, which has {count}"
        )
    if values.shape[-1] < 2:
        raise ValueError(f"{figure}: a curve to draw has two places or more, got {values.shape[-1]}")


def _without_answer(predict: Predict, figure: str, what: str) -> None:
    if predict.answer is not None:
        raise ValueError(
            f"{figure}: predict= compares the guess with {what}; leave answer={predict.answer!r} out"
        )


_CHECKS: dict[str, Callable[[Predict, str, View], None]] = {
    "choice": _check_choice,
    "number": _check_number,
    "place": _check_place,
    "curve": _check_curve,
}


# -- where it is given ---------------------------------------------------------------------------------------------


def _chosen(predict: Predict, id_: str, view: View, labels: list[list[str]]) -> str:
    return markup.options(f"{id_}--guess", predict.options, None, id_)


def _typed(predict: Predict, id_: str, view: View, labels: list[list[str]]) -> str:
    return markup.typed(f"{id_}--guess", say("guess"), id_)


def _picked(predict: Predict, id_: str, view: View, labels: list[list[str]]) -> str:
    # The two dimensions of a matrix may be one axis, such as the words of a sentence.
    titles = (
        [say("row"), say("column")] if len(labels) == 2 else [axis.title or axis.name for axis in view.axes()]
    )
    selects = [
        f"<label>{escape(title)} {markup.select(['–', *names], 0)}</label>"
        for title, names in zip(titles, labels, strict=True)
    ]
    return f'{" ".join(selects)}<p class="tl-help">{escape(say("guess-place-help"))}</p>'


def _drawn(predict: Predict, id_: str, view: View, labels: list[list[str]]) -> str:
    return f'<p class="tl-help">{escape(say("guess-curve-help"))}</p>'


# Where the guess of each kind is given.
_PLACES: dict[str, Callable[[Predict, str, View, list[list[str]]], str]] = {
    "choice": _chosen,
    "number": _typed,
    "place": _picked,
    "curve": _drawn,
}
