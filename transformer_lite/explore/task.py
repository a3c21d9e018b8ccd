"""`@task`: a few lines of code for the reader to write in the notebook, checked by running them.

    @task(inputs=[(5,), (1,)], hints={"transposed": "Rows are those who look."})
    def causal(n):
        \"\"\"Write a causal mask for n words.\"\"\"
        mask = torch.ones(n, n).tril().bool()
        return {"right": mask, "transposed": mask.T}

    def answer(n): ...

    causal.check(answer)

The function returns the right result for these arguments, and the typical wrong ones, each with its hint. With
`gradients=True` the reader's result must also have the gradients of the right one, and with `against=` its time is
compared with that of another function.
"""

import inspect
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from . import host
from .text import number, say

# Of so many calls of each function the fastest counts.
CALLS = 20


class Task:
    """A task (the docstring), the arguments to try, and a hint for each typical wrong result."""

    def __init__(
        self,
        function: Callable[..., dict[str, Tensor]],
        inputs: Sequence[tuple[Any, ...]],
        hints: Mapping[str, str],
        *,
        gradients: bool = False,
        against: Callable[..., Any] | None = None,
    ):
        self.function, self.inputs, self.hints = function, list(inputs), dict(hints)
        self.gradients, self.against = gradients, against
        name = function.__name__
        if not self.inputs:
            raise ValueError(f"{name}: give one tuple of arguments or more to try")
        self.results = [function(*arguments) for arguments in self.inputs]
        for results in self.results:
            if results.keys() != self.hints.keys() | {"right"}:
                raise ValueError(
                    f"{name} must return 'right' and {sorted(self.hints)}, got {sorted(results)}"
                )
        for wrong in self.hints:
            if all(_same(results[wrong], results["right"]) for results in self.results):
                raise ValueError(
                    f"{name}: for these inputs the wrong result {wrong!r} is as good as the right one"
                )

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        text = inspect.getdoc(self.function) or ""
        return {"text/markdown": "\n".join(f"> {line}" for line in text.splitlines()), "text/plain": text}

    def check(self, answer: Callable[..., Any]) -> None:
        """Prints what is to be said of the reader's function."""
        print(self.verdict(answer))

    def verdict(self, answer: Callable[..., Any]) -> str:
        """`Right.`, or what is wrong with the function, in a sentence."""
        if host.building():
            return say("task-in-notebook")
        answers, misshapen = [], ""
        for arguments, results in zip(self.inputs, self.results, strict=True):
            said = {"arguments": ", ".join(map(_brief, arguments))}
            try:
                result = answer(*map(_copied, arguments))
            except Exception as reason:
                return say("task-failed", reason=traceback.format_exception_only(reason)[-1].strip(), **said)
            right = results["right"]
            if result is None:
                return say("task-none")
            if not isinstance(result, Tensor):
                return say("task-not-a-tensor", got=type(result).__name__, shape=tuple(right.shape), **said)
            if result.shape != right.shape and not misshapen:
                misshapen = say("task-shape", got=tuple(result.shape), shape=tuple(right.shape), **said)
            answers.append(result.detach())
        for name in ("right", *self.hints):
            if all(map(_same, answers, (results[name] for results in self.results))):
                return self._praise(answer) if name == "right" else say("answer-hint", hint=self.hints[name])
        return misshapen or f"{say('answer-wrong')} {self._where(answers)}"

    def _where(self, answers: Sequence[Tensor]) -> str:
        """The place where the first wrong result is farthest from the right one, and both numbers there."""
        for i, (mine, results) in enumerate(zip(answers, self.results, strict=True)):
            if not _same(mine, results["right"]):
                mine, right = _plain(mine), _plain(results["right"])
                apart = torch.nan_to_num(mine - right, nan=torch.inf).abs()
                place = tuple((apart == apart.max()).nonzero()[0].tolist())
                said: dict[str, Any] = {"mine": _written(mine[place]), "right": _written(right[place])}
                said |= {"trial": i + 1, "trials": len(answers)}
                return say("task-where", place=place, **said) if place else say("task-number", **said)
        return ""

    def _praise(self, answer: Callable[..., Any]) -> str:
        """What is said of right results, and of their gradients and their time where these are asked for."""
        said = [say("answer-right")]
        if self.gradients:
            for arguments in self.inputs:
                names = [*inspect.signature(self.function).parameters]
                mine = _gradients(answer, arguments)
                right = _gradients(lambda *a: self.function(*a)["right"], arguments)
                if mine is None or right is None:
                    return say("task-no-gradient")
                for i, gradient in right.items():
                    if not _same(mine[i], gradient):
                        return say("task-gradient", name=names[i])
            said.append(say("task-gradients-right"))
        if self.against is not None:
            arguments = self.inputs[-1]
            ratio = _seconds(answer, arguments) / _seconds(self.against, arguments)
            said.append(say("task-time", ratio=number(ratio), name=self.against.__name__))
        return " ".join(said)


def _gradients(function: Callable[..., Any], arguments: Sequence[Any]) -> dict[int, Tensor] | None:
    """The gradients of a sum of all numbers of the result, each with a weight of its own, by each argument of real
    numbers; None if the result leads back to none of them.
    """
    copies = [_copied(a) for a in arguments]
    real = {
        i: a.requires_grad_() for i, a in enumerate(copies) if isinstance(a, Tensor) and a.is_floating_point()
    }
    try:
        result = function(*map(_copied, copies))  # copies of the leaves, which may be written into
        weights = torch.arange(1, result.numel() + 1).cos().reshape(result.shape).to(result)
        found = torch.autograd.grad((result * weights).sum(), [*real.values()], allow_unused=True)
    except RuntimeError:  # such as from .numpy(), or because nothing leads back
        return None
    return {
        i: torch.zeros_like(real[i]) if gradient is None else gradient
        for i, gradient in zip(real, found, strict=True)
    }


def _seconds(function: Callable[..., Any], arguments: Sequence[Any]) -> float:
    """The time of the fastest call."""
    times = []
    for _ in range(CALLS):
        copies = [*map(_copied, arguments)]
        start = time.perf_counter()
        function(*copies)
        times.append(time.perf_counter() - start)
    return min(times)


def _copied(argument: Any) -> Any:
    return argument.clone() if isinstance(argument, Tensor) else argument


def _written(x: Tensor) -> str:
    return "NaN" if x.isnan() else number(x.item())


def _plain(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().double()


def _same(one: Tensor, other: Tensor) -> bool:
    """Equal up to rounding, whatever the types of the numbers and wherever they are."""
    return one.shape == other.shape and torch.allclose(
        _plain(one), _plain(other), rtol=1e-4, atol=1e-6, equal_nan=True
    )


def _brief(argument: Any) -> str:
    return f"a tensor of shape {tuple(argument.shape)}" if isinstance(argument, Tensor) else repr(argument)


def task(
    *,
    inputs: Sequence[tuple[Any, ...]],
    hints: Mapping[str, str],
    gradients: bool = False,
    against: Callable[..., Any] | None = None,
) -> Callable[[Callable[..., dict[str, Tensor]]], Task]:
    """Turns a function that knows the right result, and typical wrong ones, into a task for the reader's own code.

    `inputs` holds the arguments to try; the wrong results must differ from the right one for some of them. With
    `gradients` a result that is right must also pass the right gradients on to each argument of real numbers. `against`
    is a function of the same arguments: how many times as long the reader's takes is told, for the last of the inputs.
    """

    def decorate(function: Callable[..., dict[str, Tensor]]) -> Task:
        made = Task(function, inputs, hints, gradients=gradients, against=against)
        host.display(made)
        return made

    return decorate
