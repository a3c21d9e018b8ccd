"""A figure: a torch function with its controls, and what it shows at each setting; it knows no screen."""

import copy
import functools
import inspect
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from .axes import Setting
from .controls import Control, State
from .predict import Predict
from .stepping import Steps, Tensors
from .text import say
from .views import View

Values = dict[str, Any]
# What a figure's function draws: a view, views by name, or tensors by name whose views are declared beside it.
Drawn = View | Mapping[str, View] | Mapping[str, Tensor]
# A figure with a `State` also returns the next one.
Returned = Drawn | tuple[Drawn, Mapping[str, Tensor]]


@dataclass(frozen=True)
class Shown:
    """What a figure shows at one setting: its views, and all that is said about them."""

    setting: Setting
    views: dict[str, View]
    # Of a figure with a `State`: what it was drawn from, and the next.
    state: Tensors = field(default_factory=dict)
    following: Tensors = field(default_factory=dict)

    @functools.cached_property
    def outputs(self) -> dict[str, Tensor]:
        """All numbers on display: see `outputs`."""
        return outputs(self.views)

    @functools.cached_property
    def described(self) -> dict[str, dict[str, Any]]:
        """What the front end needs to draw the views, besides their numbers."""
        found = {name: view.describe() for name, view in self.views.items()}
        for view in found.values():
            view["axes"] = [self.setting.resolve(axis) for axis in view["axes"]]
        return found

    def labels(self, name: str) -> list[list[str]]:
        """What the indices of each axis of a view are called."""
        return self.views[name].labels(self.setting)

    def summary(self) -> str:
        """One sentence or two for each view, computed from its numbers."""
        return " ".join(view.summary(self.labels(name)) for name, view in self.views.items())


class Figure:
    """A torch function, its controls and its views. Calling it calls the function.

    `show` says how each tensor that the function returns is drawn, where it returns tensors and not views; `predict` is
    a question that the reader answers first.
    """

    def __init__(
        self,
        function: Callable[..., Returned],
        controls: Mapping[str, Control],
        show: View | Mapping[str, View] | None = None,
        predict: Predict | None = None,
    ):
        functools.update_wrapper(self, function)
        self.function = function
        self.name = function.__name__.replace("_", "-")
        self.caption = inspect.getdoc(function) or ""
        self.looks = {show.kind: show} if isinstance(show, View) else dict(show or {})
        self.predict = predict
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
        self.memory = self._memory()
        # An error in the function surfaces here, in the cell that declares it.
        self._declared: Frames | None = Frames(self)
        self._place(self._declared)

    def __call__(self, *args: Any, **kwargs: Any) -> Returned:
        """What the torch function returns."""
        return self.function(*args, **kwargs)

    # -- what a reader does ------------------------------------------------------------------------------------

    def check(self, changes: Mapping[str, Any], values: Values | None = None) -> Values:
        """All values after `changes` to `values` (the defaults unless given).

        Raises `ValueError` with a sentence for the first change that does not fit.
        """
        unknown = [name for name in changes if name not in self.controls]
        if unknown:
            raise ValueError(say("unknown-control", name=unknown[0], known=", ".join(self.controls)))
        values = dict(values or self.defaults)
        values |= {name: self.controls[name].check(value) for name, value in changes.items()}
        setting = Setting(self.controls, values)
        for name, control in self.controls.items():
            values[name] = control.settle(values[name], setting, asked=name in changes)
        return values

    def run(self, **changes: Any) -> dict[str, View]:
        """The views at the default settings with `changes`, computed by the function."""
        return self.show(self.check(changes)).views

    def show(self, values: Values, steps: Steps | None = None) -> Shown:
        """What is shown at checked `values`; raises `ValueError` if a number on display is NaN or +inf.

        `steps` goes on from what it has reached before; without it a figure with memory begins at its start.
        """
        return self.show_from(values, (steps or self.steps()).reach(values) if self.memory else {})

    def show_from(self, values: Values, state: Tensors) -> Shown:
        """The same from a state, however many steps `values` say."""
        views, following = self.views(self.arguments(values, state))
        shown = Shown(Setting(self.controls, values), views, state, following)
        for view, tensor in shown.outputs.items():
            if bool((tensor.isnan() | tensor.isposinf()).any()):
                raise ValueError(say("not-finite", figure=self.name, view=view, values=values))
        return shown

    def arguments(self, values: Values, state: Tensors) -> dict[str, Any]:
        """What the function receives at checked values and, if it has memory, for a state."""
        found = {name: self.controls[name].encode(value) for name, value in values.items()}
        if self.memory:
            # Copies: a step may ask for gradients of what it receives.
            found[self.memory] = {part: tensor.detach().clone() for part, tensor in state.items()}
        return found

    def views(self, arguments: Mapping[str, Any]) -> tuple[dict[str, View], Tensors]:
        """What the function shows for encoded arguments, by name, and the next state, if it has memory.

        A single view is named after its kind.
        """
        returned, following = self._returned(arguments)
        views: Any = self._drawn(returned, arguments) if self.looks else returned
        views = {views.kind: views} if isinstance(views, View) else views
        if (
            not isinstance(views, Mapping)
            or not views
            or not all(isinstance(v, View) for v in views.values())
        ):
            raise ValueError(
                f"{self.name} must return a view or a dict of views, got {type(returned).__name__}"
            )
        for name, view in views.items():
            if not view.is_filled:
                raise ValueError(f"{self.name}: the view {name!r} has no tensor to show")
            view.title = view.title or name.replace("_", " ").capitalize()
        return dict(views), following

    # -- memory ------------------------------------------------------------------------------------------------

    def _memory(self) -> str | None:
        """The name of the `State`, if there is one."""
        found = [name for name, control in self.controls.items() if control.remembers]
        if len(found) > 1:
            raise ValueError(f"{self.name} has several states, {', '.join(found)}: put all tensors into one")
        for name in found:
            for moved in self._state(name).anew:
                if moved not in self.controls or moved == name:
                    raise ValueError(f"State {name!r}: anew names {moved!r}, which is no other control")
        return found[0] if found else None

    def _state(self, name: str) -> State:
        control = self.controls[name]
        assert isinstance(control, State)
        return control

    def steps(self) -> Steps:
        """Steps from the start of a figure with memory."""
        assert self.memory
        return Steps(self.memory, self._state(self.memory), self._next)

    def _next(self, values: Mapping[str, Any], state: Tensors) -> Tensors:
        return self._returned(self.arguments(dict(values), state))[1]

    def _returned(self, arguments: Mapping[str, Any]) -> tuple[Any, Tensors]:
        """What the function draws, and the next state."""
        returned = self.function(**arguments)
        if not self.memory:
            return returned, {}
        if not (isinstance(returned, tuple) and len(returned) == 2 and isinstance(returned[1], Mapping)):
            raise ValueError(
                f"{self.name} has a State, so it must return two things: what is drawn, and the next state as a dict"
            )
        drawn, following = returned
        control, before = self._state(self.memory), arguments[self.memory]
        if following.keys() != before.keys():
            raise ValueError(
                f"{self.name}: the next state holds {', '.join(following) or 'nothing'}, but the state holds "
                f"{', '.join(before)}"
            )
        for part, tensor in before.items():
            after = following[part]
            if not control.follows(tensor, after, part):
                longer = f" or longer along axis {control.grows[part]}" if part in control.grows else ""
                raise ValueError(
                    f"{self.name}: the next {part!r} is {after.dtype} of shape {tuple(after.shape)}, but must be "
                    f"{tensor.dtype} of shape {tuple(tensor.shape)}, as before the step{longer}"
                )
        # A copy, in the order of the state: what is remembered must not change with what it was made of.
        return drawn, {part: following[part].detach().clone() for part in before}

    def _drawn(self, returned: Any, arguments: Mapping[str, Any]) -> dict[str, View]:
        """Each tensor as its view."""
        if isinstance(returned, Tensor) and len(self.looks) == 1:
            returned = dict.fromkeys(self.looks, returned)
        if not isinstance(returned, Mapping):
            raise ValueError(
                f"{self.name} must return tensors by name, as show= says how each is drawn, got "
                f"{type(returned).__name__}"
            )
        known = {name: x for name, x in arguments.items() if isinstance(x, Tensor)} | dict(returned)
        views = {name: look.filled(name, known) for name, look in self.looks.items()}
        wanted = {of for name, look in self.looks.items() for of in look.wants(name).values()}
        if self.predict:
            wanted |= self.predict.answered(self.name, views, returned)
        unused = returned.keys() - wanted
        if unused:
            raise ValueError(f"{self.name} returns {min(unused)!r}, but show= does not say how it is drawn")
        return views

    # -- graphs ------------------------------------------------------------------------------------------------

    def variants(self) -> Iterator[tuple[str, Values]]:
        """Every combination of toggles and choices, each under a key such as `0,2` (indices of the options)."""
        options = {
            name: control.extremes() for name, control in self.controls.items() if not control.is_tensor
        }
        for indices in itertools.product(*(range(len(of)) for of in options.values())):
            yield (
                ",".join(map(str, indices)),
                {name: of[i] for (name, of), i in zip(options.items(), indices, strict=True)},
            )

    def describe(self) -> dict[str, Any]:
        """The figure as the front end sees it, without its views and their numbers."""
        described: dict[str, Any] = {
            "name": self.name,
            "controls": {name: control.describe() for name, control in self.controls.items()},
        }
        return described | ({"predict": self.asked} if self.asked else {})

    # -- controls that are moved in a view ---------------------------------------------------------------------

    def _place(self, frames: "Frames") -> None:
        """Controls that are moved in a view find what they need to know of it."""
        shown = frames.at(self.defaults)
        self.asked: dict[str, Any] = {}
        if self.predict:
            self.predict.place(self.name, shown.views)
            self.asked = self.predict.describe(shown.views)
        for name, control in self.controls.items():
            within = control.within
            if within is None:
                continue
            if within not in shown.views:
                raise ValueError(
                    f"{type(control).__name__} {name!r}: there is no view {within!r}; "
                    f"the views are {', '.join(shown.views)}"
                )
            control.place(name, shown.views[within], shown.described[within])
        origins = {name: c.origin for name, c in self.controls.items() if c.origin is not None}
        if origins:
            for name, control in self.controls.items():
                for value in control.extremes():
                    views = frames.at(self.check({name: value} | origins)).views
                    for index in origins:
                        picking = self.controls[index]
                        picking.confirm(index, views[str(picking.within)], {name: value})
        self.defaults = self.check(self.defaults)

    # -- display -----------------------------------------------------------------------------------------------

    def frames(self) -> "Frames":
        """What is shown at each setting, computed when it is asked for.

        The first to ask takes over what was computed when the figure was declared: that is the cell which declares it,
        and nothing can have changed since.
        """
        frames, self._declared = self._declared or Frames(self), None
        return frames


class Frames:
    """What a figure shows at each setting, computed once however many ask."""

    def __init__(self, figure: Figure):
        self.figure = figure
        self._shown: dict[str, Shown] = {}

    def at(self, values: Values) -> Shown:
        """At checked values."""
        key = json.dumps(values, sort_keys=True)
        if key not in self._shown:
            self._shown[key] = self.figure.show(values)
        return self._shown[key]

    def variants(self) -> dict[str, Shown]:
        """At the defaults of each variant, by its key."""
        defaults = self.figure.defaults
        return {key: self.at(defaults | variant) for key, variant in self.figure.variants()}


def outputs(views: Mapping[str, View]) -> dict[str, Tensor]:
    """All numbers on display: `scores` for a view's own tensor, `scores.x` for another of its tensors."""
    return {
        f"{name}.{part}" if part else name: tensor
        for name, view in views.items()
        for part, tensor in view.tensors().items()
    }
