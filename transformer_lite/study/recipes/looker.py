"""A vision Transformer that tells ten digits and ten clothes apart, photographed or drawn: some minutes of training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.nn import functional as F

from transformer_lite.study.digits import digits
from transformer_lite.study.fashion import CLOTHES, fashion
from transformer_lite.vit import ViT

SEED = 0
STEPS = 4000
BATCH = 32
"""Of each kind in a step: so many digits, and so many clothes."""

CLASSES = (*"0123456789", *CLOTHES)
"""What the model tells apart, in the order of its scores."""

LEARNT = 1400
"""So many digits are learned from; the other 397 are held out."""


def untrained() -> ViT:
    """The model, as it is before training."""
    return ViT(image=28, patch=4, d_model=64, depth=3, heads=4, d_ff=128, channels=1, classes=len(CLASSES))


def train(
    *,
    seed: int = SEED,
    steps: int = STEPS,
    progress: Callable[[Iterable[int]], Iterable[int]] = lambda steps: steps,
) -> ViT:
    """Train a model that looks at pictures.

    Args:
        seed: of the first weights, of the order of the pictures, and of how each one is drawn.
        steps: how many, of 32 digits and 32 clothes each.
        progress: wraps the steps, for instance `tqdm`.

    Returns:
        The model, in evaluation mode.

    Raises:
        MissingData: if there are steps, and Fashion-MNIST is not on this computer.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = untrained()
        if steps == 0:
            return model.eval()
        written, worn = handwritten("train"), clothes("train")
        optimiser = torch.optim.AdamW(model.parameters(), weight_decay=0.05, fused=True)
        for step in progress(range(steps)):
            share = step / steps
            optimiser.param_groups[0]["lr"] = (
                0.002 * min(1, (step + 1) / 200) * math.cos(share * math.pi / 2) ** 2
            )
            some = [torch.randint(len(kinds), (BATCH,)) for _, kinds in (written, worn)]
            pictures = torch.cat([of[rows] for (of, _), rows in zip((written, worn), some, strict=True)])
            kinds = torch.cat([of[rows] for (_, of), rows in zip((written, worn), some, strict=True)])
            loss = F.cross_entropy(model(drawn(pictures, kinds)), kinds)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return model.eval()


# -- pictures ---------------------------------------------------------------------------------------------------


def handwritten(part: str) -> tuple[Tensor, Tensor]:
    """Digits to learn from ("train") or held out ("test"), enlarged smoothly: (n, 1, 28, 28), and which ones (n,)."""
    pictures, kinds = digits()
    pictures = F.interpolate(pictures[:, None], size=20, mode="bicubic").clamp(0, 1)
    pictures = F.pad(pictures, (4, 4, 4, 4))  # (1797, 1, 28, 28)
    rows = slice(0, LEARNT) if part == "train" else slice(LEARNT, None)
    return pictures[rows], kinds[rows]


def clothes(part: str) -> tuple[Tensor, Tensor]:
    """Clothes of Fashion-MNIST, (n, 1, 28, 28) from 0 to 1, and their classes (n,), from 10 to 19."""
    pictures, kinds = fashion("train" if part == "train" else "test")
    return pictures[:, None] / 255, kinds + 10


def drawn(pictures: Tensor, kinds: Tensor) -> Tensor:
    """The pictures as if somebody had drawn them, each in a way of its own: moved, and all but a third in strokes.

    A stand-in: these are no drawings by people, who leave out much, and add what no photograph shows.

    Args:
        pictures: (n, 1, 28, 28), from 0 to 1.
        kinds: (n,), their classes.
    """
    pictures = moved(pictures, kinds)
    chance = torch.rand(len(pictures), 1, 1, 1)
    digit = (kinds < 10)[:, None, None, None]
    as_strokes = torch.where(digit, strokes(pictures), outlines(pictures))
    return torch.where(chance < 1 / 3, pictures, as_strokes)


def moved(pictures: Tensor, kinds: Tensor) -> Tensor:
    """Each picture turned by at most 11 degrees, slanted, resized and shifted, by chance: (n, 1, 28, 28)."""
    n = len(pictures)

    def between(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(n)

    turn, lean = between(-0.2, 0.2), between(-0.25, 0.25)
    # Where each point of the new picture is looked up in the old one. Clothes fill it already, so they only shrink.
    larger = torch.where(kinds < 10, between(0.75, 1.3), between(1.0, 1.5))
    wide, high = larger * between(0.9, 1.1), larger * between(0.9, 1.1)
    place = torch.stack(
        [
            torch.stack([turn.cos() * wide, lean - turn.sin() * high, between(-0.18, 0.18)], dim=-1),
            torch.stack([turn.sin() * wide, turn.cos() * high, between(-0.18, 0.18)], dim=-1),
        ],
        dim=1,
    )  # (n, 2, 3)
    grid = F.affine_grid(place, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, align_corners=False)


def strokes(pictures: Tensor) -> Tensor:
    """Grey lines as black ones, whose thickness differs from picture to picture."""
    level = 0.25 + 0.45 * torch.rand(len(pictures), 1, 1, 1)
    return ((pictures - level) / 0.25 + 0.5).clamp(0, 1)


def outlines(pictures: Tensor) -> Tensor:
    """A photograph as its filled shape, its outline or its edges, in lines of about two to four points."""
    n = len(pictures)
    shape = ((pictures - 0.12) / 0.1 + 0.5).clamp(0, 1)
    seams = ((_larger(pictures) - _smaller(pictures) - 0.35) / 0.3 + 0.5).clamp(0, 1)
    thick = torch.rand(n, 1, 1, 1) < 0.5
    rim = torch.where(thick, _larger(_larger(shape)), _larger(shape)) - _smaller(shape)
    seams = torch.where(thick, _larger(seams), seams)
    chance = torch.rand(n, 1, 1, 1)
    return torch.where(chance < 0.25, shape, torch.where(chance < 0.7, rim, seams))


def _larger(pictures: Tensor) -> Tensor:
    return F.max_pool2d(pictures, 3, stride=1, padding=1)


def _smaller(pictures: Tensor) -> Tensor:
    return -_larger(-pictures)


@torch.no_grad()
def measure(model: ViT) -> dict[str, float]:
    """Shares of right answers for held-out digits and 2,000 held-out clothes, as they are and as if drawn."""
    found = {}
    for name, (pictures, kinds) in {"digits": handwritten("test"), "clothes": clothes("test")}.items():
        pictures, kinds = pictures[:2000], kinds[:2000]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            shown = {name: pictures, f"drawn {name}": drawn(pictures, kinds)}
        for what, images in shown.items():
            said = torch.cat([model(part).argmax(-1) for part in torch.split(images, 500)])
            found[what] = (said == kinds).float().mean().item()
    return found
