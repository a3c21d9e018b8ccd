"""`@task`: a few lines of code for the reader to write in the notebook, checked by running them.

    @task(inputs=[(5,), (1,)], hints={"transposed": "Rows are those who look."})
    def causal(n):
        \"\"\"Write a causal mask for n words.\"\"\"
        mask = torch.ones(n, n).tril().bool()
        return {"right": mask, "transposed": mask.T}

    def answer(n): ...

    causal.check(answer)

The function returns the right result for these arguments, and the typical wrong ones, each with its hint.
"""

import inspect
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from . import host
from .text import say


class Task:
    """A task (the docstring), the arguments to try, and a hint for each typical wrong result."""

    def __init__(
        self,
        function: Callable[..., dict[str, Tensor]],
        inputs: Sequence[tuple[Any, ...]],
        hints: Mapping[str, str],
    ):
        self.function, self.inputs, self.hints = function, list(inputs), dict(hints)
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
        answers = []
        for arguments, results in zip(self.inputs, self.results, strict=True):
            said = {"arguments": ", ".join(map(_brief, arguments))}
            try:
                result = answer(*(a.clone() if isinstance(a, Tensor) else a for a in arguments))
            except Exception as reason:
                return say("task-failed", reason=traceback.format_exception_only(reason)[-1].strip(), **said)
            right = results["right"]
            if result is None:
                return say("task-none")
            if not isinstance(result, Tensor):
                return say("task-not-a-tensor", got=type(result).__name__, shape=tuple(right.shape), **said)
            if result.shape != right.shape:
                return say("task-shape", got=tuple(result.shape), shape=tuple(right.shape), **said)
            answers.append(result.detach())
        for name in ("right", *self.hints):
            if all(map(_same, answers, (results[name] for results in self.results))):
                return say("answer-right") if name == "right" else say("answer-hint", hint=self.hints[name])
        return say("answer-wrong")


def _same(one: Tensor, other: Tensor) -> bool:
    """Equal up to rounding, whatever the types of the numbers and wherever they are."""
    return one.shape == other.shape and torch.allclose(
        one.cpu().double(), other.cpu().double(), rtol=1e-4, atol=1e-6, equal_nan=True
    )


def _brief(argument: Any) -> str:
    return f"a tensor of shape {tuple(argument.shape)}" if isinstance(argument, Tensor) else repr(argument)


def task(
    *, inputs: Sequence[tuple[Any, ...]], hints: Mapping[str, str]
) -> Callable[[Callable[..., dict[str, Tensor]]], Task]:
    """Turns a function that knows the right result, and typical wrong ones, into a task for the reader's own code.

    `inputs` holds the arguments to try; the wrong results must differ from the right one for some of them.
    """

    def decorate(function: Callable[..., dict[str, Tensor]]) -> Task:
        made = Task(function, inputs, hints)
        host.display(made)
        return made

    return decorate
