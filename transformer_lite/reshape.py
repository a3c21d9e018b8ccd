"""Four ways to turn a map of H × W tokens into one of H' × W'.

Each mixes positions and leaves the features of a token together, so each is a matrix times the input,

    Y = W X,      X: (H · W, features)    W: (H' · W', H · W)    Y: (H' · W', features)

and the four differ in where W comes from::

                  W depends on            weights to learn
    pooling       nothing                 none
    convolution   a small kernel          kernel height · width, the same at every place
    MLP           training                H' · W' · H · W, one for every pair of positions
    attention     training and the input  projections only; W is softmax(Q Kᵀ / √d_k)

``mixing`` gives W. Maps are ``(batch, H, W, features)``, and positions are counted row by row.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from transformer_lite import _check
from transformer_lite._shape import shown
from transformer_lite.attention import attention
from transformer_lite.convolution import convolution_matrix

Size = tuple[int, int]
"""Height and width of a map."""


class Pooling(nn.Module):
    """Every output is the mean of the inputs below it. Nothing is learned.

    Output i covers the inputs from ``⌊i H / H'⌋`` to ``⌈(i + 1) H / H'⌉``; these regions may overlap where H'
    does not divide H, and inputs are repeated where H' is larger.

    Args:
        size: H, W.
        size_out: H', W'.

    Raises:
        ValueError: if a size is below 1.
    """

    def __init__(self, *, size: Size, size_out: Size) -> None:
        super().__init__()
        self.size, self.size_out = _sizes(size, size_out)

    def mixing(self, x: Tensor | None = None) -> Tensor:
        """W, ``(H' · W', H · W)``: rows and columns are pooled one after the other.

        With ``x``, on its device and in its kind of numbers: without weights, there is nothing else to go by.
        """
        if x is None:
            x = torch.empty(0)
        _check.floating(x=x)
        rows, columns = (_means(n, n_out, x) for n, n_out in zip(self.size, self.size_out, strict=True))
        return torch.kron(rows, columns)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, H, W, features)`` to ``(batch, H', W', features)``."""
        _check_map(x, self.size)
        pooled = F.adaptive_avg_pool2d(x.permute(0, 3, 1, 2), self.size_out)  # (batch, features, H', W')
        return pooled.permute(0, 2, 3, 1)


class StridedConvolution(nn.Module):
    """Every output is a weighted sum of the inputs below it, with the same weights at every place.

    One kernel serves all features. (A full convolution learns one kernel for each pair of an input and an
    output feature, and so mixes features at the same time; see ``convolution.py``.) Along a side, stride and
    kernel are the ones that make H' of H without padding::

        stride = ⌊H / H'⌋     kernel = H - (H' - 1) · stride

    Args:
        size: H, W.
        size_out: H', W', not larger than H, W.

    Raises:
        ValueError: if a size is below 1, or the output larger than the input.
    """

    def __init__(self, *, size: Size, size_out: Size) -> None:
        super().__init__()
        self.size, self.size_out = size, size_out = _sizes(size, size_out)
        if size_out[0] > size[0] or size_out[1] > size[1]:
            raise ValueError(
                f"size_out {shown(size_out)} is larger than size {shown(size)}, but a strided convolution can "
                "only shrink: pooling, an MLP and attention can make larger maps."
            )
        self.stride = (size[0] // size_out[0], size[1] // size_out[1])
        height, width = (n - (n_out - 1) * s for n, n_out, s in zip(size, size_out, self.stride, strict=True))
        self.kernel = nn.Parameter(torch.empty(height, width))
        nn.init.normal_(self.kernel, mean=1 / (height * width), std=(height * width) ** -0.5)

    def mixing(self, x: Tensor | None = None) -> Tensor:
        """W, ``(H' · W', H · W)``: the kernel again and again, along diagonals."""
        return convolution_matrix(self.kernel[None, None], *self.size, stride=self.stride)[0, 0]

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, H, W, features)`` to ``(batch, H', W', features)``."""
        features = _check_map(x, self.size, self.kernel)
        kernels = self.kernel.expand(features, 1, -1, -1)  # (features, 1, height, width)
        output = F.conv2d(x.permute(0, 3, 1, 2), kernels, stride=self.stride, groups=features)
        return output.permute(0, 2, 3, 1)  # (batch, H', W', features)


class PositionMLP(nn.Module):
    """Every output is a weighted sum of all inputs, with a weight for each pair of positions.

    This is one layer of an MLP over positions, without a bend, so that it is W itself.

    Source: Tolstikhin et al. 2021 (MLP-Mixer), where a token-mixing MLP has two such layers.

    Args:
        size: H, W.
        size_out: H', W'.

    Raises:
        ValueError: if a size is below 1.
    """

    def __init__(self, *, size: Size, size_out: Size) -> None:
        super().__init__()
        self.size, self.size_out = size, size_out = _sizes(size, size_out)
        self.weight = nn.Parameter(torch.empty(size_out[0] * size_out[1], size[0] * size[1]))
        nn.init.normal_(self.weight, std=(size[0] * size[1]) ** -0.5)

    def mixing(self, x: Tensor | None = None) -> Tensor:
        """W, ``(H' · W', H · W)``: the learned weights as they are."""
        return self.weight

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, H, W, features)`` to ``(batch, H', W', features)``."""
        features = _check_map(x, self.size, self.weight)
        return (self.weight @ x.flatten(1, 2)).view(len(x), *self.size_out, features)


class OutputQueries(nn.Module):
    """Cross-attention: every output place has a query of its own, and collects the inputs that answer it.

        W = softmax(Q Kᵀ / √d_k)       Y = W X

    The values are the inputs themselves. What W depends on is for the reader to choose: with keys made of
    positions only it is the same for every input, like the MLP's; with keys made of content only, permuting
    the inputs permutes W's columns, and the output stays as it was.

    Source: Lee et al. 2019 (Set Transformer), section 3.2; Jaegle et al. 2021 (Perceiver IO), section 3.2.

    Args:
        size: H, W.
        size_out: H', W'.
        features: features of a token.
        d_k: features of a query or key.
        keys: what keys are made of: ``"content"``, ``"position"`` or ``"both"``, which adds them.
        query_content: whether a query also knows what stands at its place in the input, pooled to H' × W'.

    Raises:
        ValueError: if a size is below 1, or ``keys`` is none of these names.
    """

    def __init__(
        self,
        *,
        size: Size,
        size_out: Size,
        features: int,
        d_k: int,
        keys: Literal["content", "position", "both"] = "both",
        query_content: bool = False,
    ) -> None:
        super().__init__()
        features, d_k = _check.positive(features=features, d_k=d_k)
        if keys not in ("content", "position", "both"):
            raise ValueError(f'keys is {keys!r}, but must be "content", "position" or "both".')
        self.size, self.size_out = size, size_out = _sizes(size, size_out)
        self.features = features
        self.queries = nn.Parameter(torch.randn(size_out[0] * size_out[1], d_k))
        self.positions = nn.Parameter(torch.randn(size[0] * size[1], d_k)) if keys != "content" else None
        self.key = nn.Linear(features, d_k, bias=False) if keys != "position" else None
        self.query = nn.Linear(features, d_k, bias=False) if query_content else None

    def mixing(self, x: Tensor) -> Tensor:
        """W for each input of the batch ``x``: ``(batch, H' · W', H · W)``."""
        query, key, tokens = self._project(x)
        _, weights = attention(query, key, tokens, return_weights=True)
        return weights

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, H, W, features)`` to ``(batch, H', W', features)``."""
        return attention(*self._project(x)).reshape(len(x), *self.size_out, self.features)

    def _project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries ``(batch, H' · W', d_k)``, keys ``(batch, H · W, d_k)``, and the tokens as values."""
        features = _check_map(x, self.size, self.queries)
        if features != self.features:
            raise ValueError(
                f"x has shape {shown(x.shape)}, but the tokens must have {self.features} features."
            )
        tokens = x.flatten(1, 2)  # (batch, H · W, features)
        query, key = self.queries, torch.zeros((), dtype=x.dtype, device=x.device)
        if self.query is not None:
            pooled = Pooling(size=self.size, size_out=self.size_out)(x)  # (batch, H', W', features)
            query = query + self.query(pooled.flatten(1, 2))  # (batch, H' · W', d_k)
        if self.key is not None:
            key = key + self.key(tokens)  # (batch, H · W, d_k)
        if self.positions is not None:
            key = key + self.positions  # (H · W, d_k), or with batch
        return query.expand(len(x), -1, -1), key.expand(len(x), -1, -1), tokens


def _means(n: int, n_out: int, like: Tensor) -> Tensor:
    """One side of pooling: ``(n_out, n)``."""
    place, out = torch.arange(n, device=like.device), torch.arange(n_out, device=like.device)[:, None]
    start, end = out * n // n_out, -(-(out + 1) * n // n_out)
    covered = ((place >= start) & (place < end)).to(like.dtype)  # (n_out, n)
    return covered / covered.sum(dim=1, keepdim=True)


def _sizes(size: Size, size_out: Size) -> tuple[Size, Size]:
    checked = []
    for name, pair in (("size", size), ("size_out", size_out)):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError(f"{name} is {pair}, but must be a height and a width.")
        height, width = _check.positive(**{f"the height in {name}": pair[0], f"the width in {name}": pair[1]})
        checked.append((height, width))
    return checked[0], checked[1]


def _check_map(x: Tensor, size: Size, weight: Tensor | None = None) -> int:
    _check.floating(x=x)
    if x.ndim != 4 or x.shape[1:3] != size:
        raise ValueError(
            f"x has shape {shown(x.shape)}, but must be (batch, H = {size[0]}, W = {size[1]}, features)."
        )
    _check.positive(features=x.shape[3])
    if weight is not None:
        _check.dtype(weight, x=x)
    return x.shape[3]
