"""A small Swin that names the clothes of Fashion-MNIST, trained in about five minutes on one processor."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.nn import functional as F

from transformer_lite.study.fashion import fashion
from transformer_lite.swin import Swin

SEED = 0
STEPS = 5000
BATCH = 64
RATE = 0.002
WARM_UP = 200
"""Steps in which the learning rate rises; from there it falls in a straight line to 0."""


def untrained() -> Swin:
    """The model, as it is before training: a map of 16 × 16 tokens, merged into one of 8 × 8."""
    return Swin(d_model=16, depths=(2, 2), heads=(1, 2), window=4, patch=2, channels=1, classes=10)


def framed(pictures: Tensor) -> Tensor:
    """Pictures (n, 28, 28), bytes, as the model wants them: (n, 1, 32, 32) from 0 to 1, with a frame of zeros."""
    return F.pad(pictures[:, None].float() / 255, (2, 2, 2, 2))


def train(
    *,
    seed: int = SEED,
    steps: int = STEPS,
    progress: Callable[[Iterable[int]], Iterable[int]] = lambda steps: steps,
) -> Swin:
    """Train on the 60,000 pictures, each as it is or as in a mirror.

    Args:
        seed: of the first weights, and of the pictures that are drawn.
        steps: how many, of 64 pictures each.
        progress: wraps the steps, for instance `tqdm`.

    Returns:
        The model, in evaluation mode.

    Raises:
        MissingData: if Fashion-MNIST is not on this computer.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = untrained()
        if steps:
            pictures, clothes = fashion("train")
            optimiser = torch.optim.Adam(model.parameters())
        for step in progress(range(steps)):
            optimiser.param_groups[0]["lr"] = RATE * min((step + 1) / WARM_UP, 1 - step / steps)
            rows = torch.randint(len(pictures), (BATCH,))
            mirrored = torch.rand(BATCH, 1, 1) < 0.5
            seen = torch.where(mirrored, pictures[rows].flip(2), pictures[rows])  # (64, 28, 28)
            loss = F.cross_entropy(model(framed(seen)), clothes[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return model.eval()


@torch.no_grad()
def measure(model: Swin) -> dict[str, float]:
    """The share of the first 3,000 test pictures that are named rightly, and the mean loss."""
    pictures, clothes = (x[:3000] for x in fashion("test"))
    scores = torch.cat([model(framed(part)) for part in torch.split(pictures, 250)])  # (3000, 10)
    right = (scores.argmax(1) == clothes).float().mean()
    return {"right": right.item(), "loss": F.cross_entropy(scores, clothes).item()}
