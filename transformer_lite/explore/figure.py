"""`@explore`: a torch function with its controls declared beside it becomes a figure.

    @explore(temperature=Slider(0.1, 4.0, value=1.0))
    def softmax(temperature):
        \"\"\"How temperature flattens a distribution.\"\"\"
        return Bars((scores / temperature).softmax(-1))

In a notebook the figure runs the function in the kernel. When the website is built, the same function is exported
to ONNX graphs (graph.py) that run in the browser.
"""

import copy
import functools
import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor

from .controls import Choice, Control, Length, Order, Pick, Points, Toggle, Words
from .host import in_notebook as in_notebook
from .text import say
from .views import Scatter, View

Values = dict[str, Any]


class Explorable:
    """A torch function, its controls and its views. Calling it calls the function."""

    def __init__(self, function: Callable[..., View | Mapping[str, View]], controls: Mapping[str, Control]):
        functools.update_wrapper(self, function)
        self.function = function
        self.name = function.__name__.replace("_", "-")
        self.caption = inspect.getdoc(function) or ""
        parameters = list(inspect.signature(function).parameters)
        if parameters != list(controls):
            raise ValueError(
                f"{function.__name__} takes {', '.join(parameters) or 'nothing'}, but its controls are "
                f"{', '.join(controls) or 'none'}; give one control for each parameter, in the same order"
            )
        if not self.caption:
            raise ValueError(f"{function.__name__} needs a docstring: it is the figure's caption")
        # Copies, so that one declaration can serve several figures.
        self.controls = {name: copy.copy(control) for name, control in controls.items()}
        for name, control in self.controls.items():
            control.prepare(name)
        self.defaults: Values = {name: control.value for name, control in self.controls.items()}
        # An error in the function surfaces here, in the cell that declares it.
        views = self.show(self.defaults)
        self._place_points(views)
        self._place_picks(views)

    def __call__(self, *args: Any, **kwargs: Any) -> View | Mapping[str, View]:
        """What the torch function returns."""
        return self.function(*args, **kwargs)

    # -- what a reader does ------------------------------------------------------------------------------------

    def check(self, changes: Mapping[str, Any], values: Values | None = None) -> Values:
        """All values after `changes` to `values` (the defaults unless given).

        Raises `ValueError` with a sentence for the first change that does not fit. A pick that the reader did not
        touch moves to the last index when its view shrinks.
        """
        unknown = [name for name in changes if name not in self.controls]
        if unknown:
            raise ValueError(say("unknown-control", name=unknown[0], known=", ".join(self.controls)))
        values = dict(values or self.defaults)
        values |= {name: self.controls[name].check(value) for name, value in changes.items()}
        for name, control in self.controls.items():
            if isinstance(control, Pick):
                picked = values[name] if isinstance(values[name], list) else [values[name]]
                lasts = [self.size(axis, values) - 1 for axis in control.axes]
                for index, last in zip(picked, lasts, strict=True):
                    if name in changes and not 0 <= index <= last:
                        raise ValueError(say("pick-out-of-range", label=control.label, value=index, max=last))
                inside = [min(index, last) for index, last in zip(picked, lasts, strict=True)]
                values[name] = inside if isinstance(values[name], list) else inside[0]
        return values

    def run(self, **changes: Any) -> dict[str, View]:
        """The views at the default settings with `changes`, computed by the function."""
        return self.show(self.check(changes))

    def show(self, values: Values) -> dict[str, View]:
        """The views at checked `values`; raises `ValueError` if a number on display is NaN or +inf."""
        views = self.views({name: self.controls[name].encode(value) for name, value in values.items()})
        for view, tensor in outputs(views).items():
            if bool((tensor.isnan() | tensor.isposinf()).any()):
                raise ValueError(say("not-finite", figure=self.name, view=view, values=values))
        return views

    def views(self, arguments: Mapping[str, Any]) -> dict[str, View]:
        """What the function returns for encoded arguments, by name. A single view is named after its kind."""
        shown = self.function(**arguments)
        views = {shown.kind: shown} if isinstance(shown, View) else shown
        if (
            not isinstance(views, Mapping)
            or not views
            or not all(isinstance(v, View) for v in views.values())
        ):
            raise ValueError(f"{self.name} must return a view or a dict of views, got {type(shown).__name__}")
        for name, view in views.items():
            view.title = view.title or name.replace("_", " ").capitalize()
        return dict(views)

    # -- graphs ------------------------------------------------------------------------------------------------

    def variants(self) -> Iterator[tuple[str, Values]]:
        """Every combination of toggles and choices, each under a key such as `0,2` (indices of the options)."""
        options = {
            name: control.extremes()
            for name, control in self.controls.items()
            if isinstance(control, Toggle | Choice)
        }
        for indices in itertools.product(*(range(len(of)) for of in options.values())):
            yield (
                ",".join(map(str, indices)),
                {name: of[i] for (name, of), i in zip(options.items(), indices, strict=True)},
            )

    def describe_views(self, views: dict[str, View]) -> dict[str, Any]:
        """What the front end needs to draw the views, besides their numbers."""
        described = {name: view.describe() for name, view in views.items()}
        for view in described.values():
            for axis in view["axes"]:
                if isinstance(axis["labels"], str) and not self._has_length(axis["labels"]):
                    axis["labels"] = None
        return described

    def describe(self) -> dict[str, Any]:
        """The figure as the front end sees it, without its numbers."""
        return {
            "name": self.name,
            "controls": {name: control.describe() for name, control in self.controls.items()},
        }

    # -- points and picks ---------------------------------------------------------------------------------------

    def _has_length(self, control: str) -> bool:
        return isinstance(self.controls.get(control), Words | Length | Order)

    def _place_points(self, views: dict[str, View]) -> None:
        """The points that a reader drags must be the first of those that the scatter shows."""
        for name, control in self.controls.items():
            if not isinstance(control, Points):
                continue
            view, points = views.get(control.view), control.encode(control.value)
            if not isinstance(view, Scatter):
                raise ValueError(
                    f"Points {name!r}: there is no Scatter {control.view!r} among {', '.join(views)}"
                )
            if not view.values[: len(points)].equal(points):
                raise ValueError(
                    f"Points {name!r}: the first {len(points)} points of {control.view!r} must be these"
                )

    def _place_picks(self, views: dict[str, View]) -> None:
        """Finds, for each pick, the dimensions of the view that it indexes."""
        picks = {name: control for name, control in self.controls.items() if isinstance(control, Pick)}
        described = self.describe_views(views)
        for name, pick in picks.items():
            if pick.view not in views:
                raise ValueError(
                    f"Pick {name!r}: there is no view {pick.view!r}; the views are {', '.join(views)}"
                )
            axes, shape = described[pick.view]["axes"], views[pick.view].tensors()[""].shape
            if len(axes) <= max(pick.dimensions):
                raise ValueError(
                    f"Pick {name!r}: the view {pick.view!r} has {len(axes)} dimension(s) to pick from"
                )
            pick.axes = [
                axes[d] | {"size": None if isinstance(axes[d]["labels"], str) else shape[d]}
                for d in pick.dimensions
            ]
        if picks:
            self._check_sizes(picks)
        self.defaults = self.check(self.defaults)

    def _check_sizes(self, picks: Mapping[str, Pick]) -> None:
        """An axis that no control labels must keep its size, or a pick along it could fall off its end."""
        start = {name: [0] * len(pick.axes) if len(pick.axes) == 2 else 0 for name, pick in picks.items()}
        for control in self.controls.values():
            for value in control.extremes():
                changes = {name: value for name, c in self.controls.items() if c is control}
                views = self.show(self.check(changes | start))
                for name, pick in picks.items():
                    for dimension, axis in zip(pick.dimensions, pick.axes, strict=True):
                        size = views[pick.view].tensors()[""].shape[dimension]
                        if axis["size"] not in (None, size):
                            raise ValueError(
                                f"Pick {name!r}: {pick.view!r} has {axis['size']} indices along {axis['name']!r}, but "
                                f"{size} at {changes}; give it the labels of the control that its size follows"
                            )

    def size(self, axis: dict[str, Any], values: Values) -> int:
        """How many indices a pick's axis has: fixed, or the length of the control it is named after."""
        if axis["size"] is not None:
            return int(axis["size"])
        return len(self.controls[axis["labels"]].encode(values[axis["labels"]]))

    # -- display -----------------------------------------------------------------------------------------------

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        # Imported here: a plain script that only computes needs neither.
        from . import page, widget

        if page.building():
            return page.mimebundle(self, lambda source: page.html(self, source, pictures=True))
        return widget.mimebundle(self, page.html(self, pictures=False))


def explore(**controls: Control) -> Callable[[Callable[..., View | Mapping[str, View]]], Explorable]:
    """Turns a torch function into a figure, and shows it when run in a notebook. One control for each parameter.

    The function returns a view, or several by name: `{"scores": Heatmap(…), "sum": Number(…)}`. Its docstring is the
    caption. Everything it shows must be computed with torch from its arguments.
    """

    def decorate(function: Callable[..., View | Mapping[str, View]]) -> Explorable:
        figure = Explorable(function, controls)
        if in_notebook():
            from IPython.display import display

            display(figure)  # type: ignore[no-untyped-call]
        return figure

    return decorate


def outputs(views: Mapping[str, View]) -> dict[str, Tensor]:
    """All numbers on display: `scores` for a view's own tensor, `scores.x` for another of its tensors."""
    return {
        f"{name}.{part}" if part else name: tensor
        for name, view in views.items()
        for part, tensor in view.tensors().items()
    }
