"""The vision Transformer: a picture is a sequence of patches.

    z_0 = [x_class; x_1 E; x_2 E; ...; x_N E] + E_pos

Each patch is flattened to a vector x_i and mapped by one matrix E; a learned class token goes first; learned
positions are added. From there on it is an encoder like any other, and the class token's output decides::

    +---+---+---+
    | 1 | 2 | 3 |      [class]  1   2   3   4   5   6
    +---+---+---+  →      +     +   +   +   +   +   +   →  encoder  →  class token  →  scores
    | 4 | 5 | 6 |       pos 0   1   2   3   4   5   6
    +---+---+---+

Source: Dosovitskiy et al. 2021.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from transformer_lite import _check
from transformer_lite._record import Record, within
from transformer_lite._shape import shown
from transformer_lite.layers import EncoderLayer

SIZES: dict[str, dict[str, int]] = {
    "Ti": {"d_model": 192, "depth": 12, "heads": 3, "d_ff": 768},
    "S": {"d_model": 384, "depth": 12, "heads": 6, "d_ff": 1536},
    "B": {"d_model": 768, "depth": 12, "heads": 12, "d_ff": 3072},
    "L": {"d_model": 1024, "depth": 24, "heads": 16, "d_ff": 4096},
    "H": {"d_model": 1280, "depth": 32, "heads": 16, "d_ff": 5120},
}
"""The published sizes, by name: Dosovitskiy et al. 2021, table 1; Ti and S from Touvron et al. 2021 (DeiT)."""


def vit(size: str, *, image: int | tuple[int, int] | list[int] = 224, patch: int = 16, **options: Any) -> ViT:
    """A vision Transformer of a published size: ``vit("B", patch=32)`` is ViT-B/32, with random weights.

    Raises:
        ValueError: for an unknown size.
    """
    if size not in SIZES:
        raise ValueError(f"size is {size!r}, but must be one of {', '.join(SIZES)}.")
    return ViT(image=image, patch=patch, **(SIZES[size] | options))


def cut(images: Tensor, *, patch: int) -> Tensor:
    """Cut images into square patches, and flatten each: channel by channel, row by row.

    Args:
        images: ``(batch, channels, H, W)``.
        patch: P, height and width of a patch; divides H and W.

    Returns:
        ``(batch, H / P, W / P, channels · P · P)``.

    Raises:
        ValueError: if the images do not divide into patches.
    """
    _check.positive(patch=patch)
    if images.ndim != 4:
        raise ValueError(f"images have shape {shown(images.shape)}, but must be (batch, channels, H, W).")
    batch, channels, H, W = images.shape
    if H % patch or W % patch:
        raise ValueError(
            f"images of {H} × {W} pixels do not divide into patches of {patch} × {patch}: crop or pad them to "
            f"{-(-H // patch) * patch} × {-(-W // patch) * patch}, or take another patch."
        )
    images = images.view(batch, channels, H // patch, patch, W // patch, patch)
    return images.permute(0, 2, 4, 1, 3, 5).flatten(3)  # (batch, H / P, W / P, channels · P · P)


def join(patches: Tensor, *, patch: int) -> Tensor:
    """Put the patches of images together again; undoes ``cut``.

    Args:
        patches: ``(batch, rows, columns, channels · P · P)``, as ``cut`` returns them.
        patch: P, height and width of a patch.

    Returns:
        Images ``(batch, channels, rows · P, columns · P)``.

    Raises:
        ValueError: if ``patches`` has other axes, or its features are not whole patches.
    """
    _check.positive(patch=patch)
    if patches.ndim != 4 or patches.shape[3] % patch**2:
        raise ValueError(
            f"patches have shape {shown(patches.shape)}, but must be (batch, rows, columns, channels · {patch} · "
            f"{patch})."
        )
    batch, rows, columns, features = patches.shape
    channels = features // patch**2
    patches = patches.view(batch, rows, columns, channels, patch, patch)
    images = patches.permute(0, 3, 1, 4, 2, 5)  # (batch, channels, rows, P, columns, P)
    return images.reshape(batch, channels, rows * patch, columns * patch)


class PatchEmbedding(nn.Module):
    """Cut into patches, and map each by the same matrix E.

    It is a convolution whose kernel and stride are the size of a patch; E is its kernel, flattened.

    Args:
        patch: P, height and width of a patch.
        channels: channels of the images.
        d_model: features of an embedded patch.

    Raises:
        ValueError: if a size is below 1.
    """

    def __init__(self, *, patch: int, channels: int, d_model: int) -> None:
        super().__init__()
        patch, channels, d_model = _check.positive(patch=patch, channels=channels, d_model=d_model)
        self.patch, self.channels = patch, channels
        self.projection = nn.Linear(channels * patch * patch, d_model)

    def forward(self, images: Tensor) -> Tensor:
        """Images ``(batch, channels, H, W)`` to ``(batch, H / P, W / P, d_model)``.

        Raises:
            ValueError: if the images have other channels, or do not divide into patches.
        """
        _check.floating(images=images)
        if images.ndim != 4 or images.shape[1] != self.channels:
            raise ValueError(
                f"images have shape {shown(images.shape)}, but must be (batch, channels = {self.channels}, H, W)."
            )
        _check.dtype(self.projection.weight, images=images)
        embedded: Tensor = self.projection(cut(images, patch=self.patch))  # (batch, H / P, W / P, d_model)
        return embedded


def stretch(positions: Tensor, rows: int, columns: int) -> Tensor:
    """Positions learned on one grid, for a grid of another size: bicubic interpolation.

    Source: Dosovitskiy et al. 2021, section 3.2.

    Args:
        positions: ``(rows_learned, columns_learned, d_model)``.
        rows: rows of the new grid.
        columns: columns of the new grid.

    Returns:
        ``(rows, columns, d_model)``; the very same tensor if the grid is the same.

    Raises:
        ValueError: if a size is below 1, or ``positions`` has another number of axes.
    """
    _check.positive(rows=rows, columns=columns)
    _check.floating(positions=positions)
    if positions.ndim != 3 or 0 in positions.shape:
        raise ValueError(
            f"positions has shape {shown(positions.shape)}, but must be (rows, columns, d_model), none of them 0."
        )
    if positions.shape[:2] == (rows, columns):
        return positions
    image = positions.permute(2, 0, 1)[None]  # (1, d_model, rows_learned, columns_learned)
    # size, not scale_factor: 61 / 14 · 14 may round down to 60.
    image = F.interpolate(image, size=(rows, columns), mode="bicubic", align_corners=False)
    return image[0].permute(1, 2, 0)  # (rows, columns, d_model)


class ViT(nn.Module):
    """A vision Transformer: patches, class token, positions, a pre-norm encoder, a linear classifier.

    Args:
        image: height and width of the images to be learned from, or one number for a square. Images of other
            sizes may follow; positions are stretched to them.
        patch: P, height and width of a patch; divides the sides of the images.
        d_model: features of one patch.
        depth: number of encoder layers.
        heads: attention heads of each.
        d_ff: inner features of the feed-forward networks.
        channels: channels of the images.
        classes: numbers in the output.
        dropout: share set to zero in training.
        eps: what layer normalisation adds to the variance.

    Raises:
        ValueError: if sizes do not fit.
    """

    def __init__(
        self,
        *,
        image: int | tuple[int, int] | list[int],
        patch: int,
        d_model: int,
        depth: int,
        heads: int,
        d_ff: int,
        channels: int = 3,
        classes: int = 1000,
        dropout: float = 0.0,
        eps: float = 1e-6,
    ) -> None:
        super().__init__()
        height, width = _check.pair("image", image)
        height, width, patch, d_model, depth, classes = _check.positive(
            height=height, width=width, patch=patch, d_model=d_model, depth=depth, classes=classes
        )
        if height % patch or width % patch:
            raise ValueError(
                f"images of {height} × {width} pixels do not divide into patches of {patch} × {patch}: "
                "take a patch that divides both sides."
            )
        self.grid = (height // patch, width // patch)
        self.patches = PatchEmbedding(patch=patch, channels=channels, d_model=d_model)
        self.class_token = nn.Parameter(torch.zeros(d_model))
        places = 1 + self.grid[0] * self.grid[1]  # the class token has a position too
        self.positions = nn.Parameter(nn.init.trunc_normal_(torch.empty(places, d_model), std=0.02))
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(
            EncoderLayer(
                d_model=d_model,
                heads=heads,
                d_ff=d_ff,
                norm="pre",
                dropout=dropout,
                activation=F.gelu,
                eps=eps,
            )
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(d_model, eps=eps)
        self.head = nn.Linear(d_model, classes)

    def embed(self, images: Tensor) -> Tensor:
        """z_0, the sequence that the encoder reads.

        Args:
            images: ``(batch, channels, H, W)``.

        Returns:
            ``(batch, 1 + N, d_model)``, the class token first, then the N patches row by row.

        Raises:
            ValueError: if the images have other channels, or do not divide into patches.
        """
        patches = self.patches(images)  # (batch, H / P, W / P, d_model)
        batch, rows, columns, d_model = patches.shape
        class_token = (self.class_token + self.positions[0]).expand(batch, 1, d_model)
        positions = stretch(self.positions[1:].view(*self.grid, d_model), rows, columns)
        return torch.cat([class_token, (patches + positions).flatten(1, 2)], dim=1)

    def encode(self, images: Tensor, *, record: Record | None = None) -> Tensor:
        """What the encoder makes of the images.

        Args:
            images: ``(batch, channels, H, W)``.
            record: a dictionary that receives ``embedded``, z_0, and the layers under ``layer 0``, ``layer 1`` ...

        Returns:
            ``(batch, 1 + N, d_model)``, the class token first.

        Raises:
            ValueError: if the images have other channels, or do not divide into patches.
        """
        x = self.dropout(self.embed(images))  # (batch, 1 + N, d_model)
        if record is not None:
            record["embedded"] = x
        for i, layer in enumerate(self.layers):
            x = layer(x, record=within(record, f"layer {i}"))
        output: Tensor = self.norm(x)
        return output

    def forward(self, images: Tensor, *, record: Record | None = None) -> Tensor:
        """Classify images ``(batch, channels, H, W)``: scores ``(batch, classes)``. See ``encode``."""
        output: Tensor = self.head(self.encode(images, record=record)[:, 0])  # (batch, classes)
        return output
