"""Fashion-MNIST: small photographs of clothes. The package carries a few of them; the rest is to be installed."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

CLOTHES = (
    "T-shirt",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
"""What the pictures show, in the order of their numbers."""

_DEBIAN = "/usr/share/datasets/fashion-mnist"


class MissingData(FileNotFoundError):
    """Pictures that have to be installed first; it says how."""


def fashion(part: Literal["train", "test"]) -> tuple[Tensor, Tensor]:
    """60,000 pictures to train with, or 10,000 to test with, of 28 × 28 points, and what each one shows.

    Source: Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747 (licence MIT).

    Returns:
        The pictures (n, 28, 28), uint8 from 0 (background) to 255, and their kinds (n,), from 0 to 9, as in `CLOTHES`.

    Raises:
        MissingData: if they are not on this computer.
    """
    name = {"train": "train", "test": "t10k"}[part]
    return _read(f"{name}-images-idx3-ubyte.gz"), _read(f"{name}-labels-idx1-ubyte.gz").long()


def few_clothes() -> tuple[Tensor, Tensor]:
    """The first twelve test pictures of each kind, which the package carries, with their kinds: see `fashion`."""
    from safetensors.torch import load_file

    kept = load_file(Path(__file__).with_suffix(".safetensors"))
    return kept["pictures"], kept["clothes"].long()


def _read(name: str) -> Tensor:
    """A tensor of bytes, stored as "idx": two zeros, the type, the number of axes, each one's length, the numbers."""
    folder = Path(os.environ.get("FASHION_MNIST", _DEBIAN))
    if not (folder / name).is_file():
        raise MissingData(
            f"Fashion-MNIST is not in {folder}: on Debian or Ubuntu, apt-get install dataset-fashion-mnist; elsewhere, "
            "download its four files (30 MB) from https://github.com/zalandoresearch/fashion-mnist and say where they "
            "are, FASHION_MNIST=folder."
        )
    stored = gzip.decompress((folder / name).read_bytes())
    axes = stored[3]
    shape = torch.frombuffer(bytearray(stored[4 : 4 + 4 * axes]), dtype=torch.uint8).view(axes, 4).tolist()
    numbers = torch.frombuffer(bytearray(stored[4 + 4 * axes :]), dtype=torch.uint8)
    return numbers.view([int.from_bytes(bytes(length), "big") for length in shape])
