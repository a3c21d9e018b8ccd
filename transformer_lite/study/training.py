"""The training loop that the chapters' experiments share."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn


def train(
    what: nn.Module | Iterable[Tensor],
    loss: Callable[[int], Tensor],
    *,
    steps: int,
    rate: float,
    schedule: Callable[[float], float] | None = None,
) -> list[float]:
    """Adam, for so many steps, on the loss of each step; returns the losses.

    It changes `what` in place. A loss that is not finite is not an error: a learning rate may be too large, and the
    result shows it.

    Args:
        what: a module, or the tensors to learn.
        loss: given the step's number, from 0, one number to be made small. It draws its own examples.
        steps: how many.
        rate: the learning rate.
        schedule: the factor of the rate at a share of the steps done, 0 ≤ share < 1; see `linear_to_zero`.
    """
    optimiser = torch.optim.Adam(what.parameters() if isinstance(what, nn.Module) else [*what], lr=rate)
    losses = []
    for step in range(steps):
        if schedule is not None:
            optimiser.param_groups[0]["lr"] = rate * schedule(step / steps)
        optimiser.zero_grad()
        now = loss(step)
        now.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(now.detach())
    return torch.stack(losses).tolist() if losses else []


def linear_to_zero(share: float) -> float:
    """A schedule: the rate falls in a straight line, so that the last steps settle."""
    return 1 - share
