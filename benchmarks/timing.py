"""Timing several ways to do one job.

The ways take turns, round after round, so that whatever else the machine does falls on all of them. What
counts is the ratio: within each round, our time over theirs; then the median over the rounds.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Job = Callable[[], object]

device = torch.device("cpu")
"""Where jobs compute; ``python -m benchmarks --device cuda`` says another."""


@dataclass
class Measured:
    """The seconds of every round for each way, by name; the first is ours."""

    rounds: dict[str, list[float]]

    def milliseconds(self, name: str) -> float:
        """The median time of one call."""
        return 1000 * statistics.median(self.rounds[name])

    def ratio(self, name: str) -> float:
        """Our time over theirs: below 1, ours is the faster."""
        ours = next(iter(self.rounds.values()))
        return statistics.median(a / b for a, b in zip(ours, self.rounds[name], strict=True))


def wait() -> None:
    """Wait until the device has done what it was told: a graphics card answers before it has computed."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def threads() -> list[int]:
    """With how many threads to measure: with one and with all. A graphics card does not care."""
    return sorted({1, torch.get_num_threads()}) if device.type == "cpu" else [torch.get_num_threads()]


def compare(jobs: dict[str, Job], *, rounds: int = 15, seconds: float = 0.01) -> Measured:
    """Time every job ``rounds`` times by turns; calls are repeated until they fill ``seconds``."""
    repeats = {}
    for name, job in jobs.items():
        job()  # the first call pays for set-up
        wait()
        start = time.perf_counter()
        job()
        wait()
        repeats[name] = max(1, round(seconds / (time.perf_counter() - start)))
    measured: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(rounds):
        names = list(jobs) if turn % 2 else list(reversed(jobs))
        for name in names:
            start = time.perf_counter()
            for _ in range(repeats[name]):
                jobs[name]()
            wait()
            measured[name].append((time.perf_counter() - start) / repeats[name])
    print(".", end="", file=sys.stderr, flush=True)  # a sign of life for every comparison
    return Measured(measured)


def placed(
    module: Callable[..., Tensor], inputs: Sequence[Tensor]
) -> tuple[Callable[..., Tensor], list[Tensor]]:
    """A module and its inputs on the device."""
    there = module.to(device) if isinstance(module, torch.nn.Module) else module
    return there, [x.detach().to(device).requires_grad_(x.requires_grad) for x in inputs]


def forward(module: Callable[..., Tensor], *inputs: Tensor) -> Job:
    """A job that computes the output, without gradients."""
    there, given = placed(module, inputs)

    def job() -> None:
        with torch.inference_mode():
            there(*given)

    return job


def training(module: Callable[..., Tensor], *inputs: Tensor) -> Job:
    """A job that computes the output and the gradients of its sum."""
    there, given = placed(module, inputs)

    def job() -> None:
        there(*given).sum().backward()
        for part in (there, *given):
            if isinstance(part, torch.nn.Module):
                part.zero_grad(set_to_none=True)
            elif isinstance(part, Tensor):
                part.grad = None

    return job


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table in Markdown."""
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        cells = (f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in row)
        print("| " + " | ".join(cells) + " |")
    print(flush=True)


def verdict(ratio: float, bar: float) -> str:
    """The ratio beside its bar, and whether it is met."""
    return f"{ratio:.2f} (≤ {bar:.2f}{'' if ratio <= bar else ', missed'})"
