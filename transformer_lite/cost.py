r"""What a layer costs: operations, steps that must wait, path length, parameters, memory.

For n positions of d features, kernels of k positions, and neighbourhoods of r positions:

=====================  ==============  ============  =================  ==============
layer                  operations      sequential    longest path       parameters
=====================  ==============  ============  =================  ==============
self-attention         2 n² d          1             1                  0
restricted attention   2 r n d         1             (n - 1) / (r - 1)  0
recurrent              2 n d²          n             n                  2 d²
convolution            k n d²          1             (n - 1) / (k - 1)  k d²
dilated convolution    k n d²          1             log_k n            k d²
separable convolution  k n d + n d²    1             (n - 1) / (k - 1)  k d + d²
=====================  ==============  ============  =================  ==============

One operation is a multiplication with its addition. Paths are rounded up: they count layers, or steps of
the recurrent one, until the last output can depend on the first input. Kernels and neighbourhoods look back:
they hold a position and the k - 1 or r - 1 before it. (Centred ones cost the same and reach half as far, to
both sides; their paths are twice as long.) Softmax, tanh, biases and norms are left out, as is usual; they
are small beside the rest.

Every number may also be a tensor; then so is the result, and nothing is checked.

(PyTorch's ``FlopCounterMode`` knows nothing of the fused kernel on the CPU and counts 0 for attention. With
``return_weights=True`` or ``record={}`` the formula is written out, and all is counted.)

Source: Vaswani et al. 2017, table 1, of which these are the exact forms; sections 3.3 and 4 for the others.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from transformer_lite import _check

Number = int | Tensor


class Cost(NamedTuple):
    """What one layer costs, for one sequence."""

    operations: Number
    """Multiplications, each with its addition."""
    sequential: Number
    """Steps of which each waits for the one before."""
    path: Number
    """Layers (or recurrent steps) on the way between the two positions farthest apart."""
    parameters: Number
    """Weights to learn, without biases."""
    bytes: Number
    """Memory for what back-propagation needs again, apart from the parameters."""


def self_attention(
    *, n: Number, d: Number, heads: Number = 1, projections: bool = False, itemsize: Number = 4
) -> Cost:
    """Every position attends to every position.

    The paper's table leaves out the projections to queries, keys, values and output. They cost 4 n d², as
    much as a kernel of 4 would, and are the larger part until n reaches 2 d.

    Kept for back-propagation: queries, keys, values, and a weight for each pair and head; with projections
    also their inputs.

    Args:
        n: positions.
        d: features, of all heads together.
        heads: h; it changes nothing but the memory.
        projections: whether to count W_Q, W_K, W_V and W_O.
        itemsize: bytes for one number.

    Raises:
        ValueError: for a number below 1.
    """
    n, d, heads, itemsize = _sizes(n=n, d=d, heads=heads, itemsize=itemsize)
    kept = 3 * n * d + heads * n * n
    if not projections:
        return Cost(2 * n * n * d, 1, 1, 0, itemsize * kept)
    return Cost(2 * n * n * d + 4 * n * d * d, 1, 1, 4 * d * d, itemsize * (kept + 2 * n * d))


def restricted_self_attention(
    *, n: Number, d: Number, r: Number, heads: Number = 1, itemsize: Number = 4
) -> Cost:
    """Every position attends to itself and the r - 1 before it.

    Raises:
        ValueError: for a number below 1, or r = 1, which sees no neighbour.
    """
    n, d, heads, itemsize = _sizes(n=n, d=d, heads=heads, itemsize=itemsize)
    r = _reach("r", r)
    return Cost(2 * r * n * d, 1, _steps(n, r), 0, itemsize * (3 * n * d + heads * n * r))


def recurrent(*, n: Number, d: Number, itemsize: Number = 4) -> Cost:
    """``h_t = tanh(W x_t + U h_{t-1})``: every position waits for the one before.

    Raises:
        ValueError: for a number below 1.
    """
    n, d, itemsize = _sizes(n=n, d=d, itemsize=itemsize)
    return Cost(2 * n * d * d, n, n, 2 * d * d, itemsize * 2 * n * d)


def convolution(*, n: Number, d: Number, k: Number, itemsize: Number = 4) -> Cost:
    """Every position sees itself and the k - 1 before it; the path is through a stack of such layers.

    Raises:
        ValueError: for a number below 1, or k = 1, which sees no neighbour.
    """
    n, d, itemsize = _sizes(n=n, d=d, itemsize=itemsize)
    k = _reach("k", k)
    return Cost(k * n * d * d, 1, _steps(n, k), k * d * d, itemsize * n * d)


def dilated_convolution(*, n: Number, d: Number, k: Number, itemsize: Number = 4) -> Cost:
    """A convolution whose points stand 1, k, k², ... apart, layer by layer; the path is through such a stack.

    Source: Kalchbrenner et al. 2017 (ByteNet), section 3.3.

    Raises:
        ValueError: for a number below 1, or k = 1, which sees no neighbour.
    """
    n, d, itemsize = _sizes(n=n, d=d, itemsize=itemsize)
    k = _reach("k", k)
    # After l layers k^l positions are in sight. Count the layers that are not enough.
    base = k.double() if isinstance(k, Tensor) else float(k)
    path = sum(base**layers < n for layers in range(1, 54)) + 1
    return Cost(k * n * d * d, 1, path, k * d * d, itemsize * n * d)


def separable_convolution(*, n: Number, d: Number, k: Number, itemsize: Number = 4) -> Cost:
    """Over positions for each feature by itself, then over features for each position by itself.

    With k = n it grows like self-attention and a feed-forward layer together, n² d and n d², as the paper remarks.

    Raises:
        ValueError: for a number below 1, or k = 1, which sees no neighbour.
    """
    n, d, itemsize = _sizes(n=n, d=d, itemsize=itemsize)
    k = _reach("k", k)
    return Cost(k * n * d + n * d * d, 1, _steps(n, k), k * d + d * d, itemsize * 2 * n * d)


def table(*, n: Number, d: Number, k: Number, r: Number) -> dict[str, Cost]:
    """All of them side by side, by name.

    Raises:
        ValueError: as the layers do.
    """
    return {
        "self-attention": self_attention(n=n, d=d),
        "restricted attention": restricted_self_attention(n=n, d=d, r=r),
        "recurrent": recurrent(n=n, d=d),
        "convolution": convolution(n=n, d=d, k=k),
        "dilated convolution": dilated_convolution(n=n, d=d, k=k),
        "separable convolution": separable_convolution(n=n, d=d, k=k),
    }


def global_attention(*, H: Number, W: Number, d: Number) -> Number:
    """Operations of self-attention over a map of H × W tokens, with its projections: 4 HW d² + 2 (HW)² d.

    Source: Liu et al. 2021 (Swin), equation 1.

    Raises:
        ValueError: for a number below 1.
    """
    H, W, d = _sizes(H=H, W=W, d=d)
    return 4 * H * W * d * d + 2 * (H * W) * (H * W) * d


def window_attention(*, H: Number, W: Number, d: Number, window: Number) -> Number:
    """The same within windows of M × M: 4 HW d² + 2 M² HW d, which grows with the map and not its square.

    Source: Liu et al. 2021 (Swin), equation 2.

    Raises:
        ValueError: for a number below 1.
    """
    H, W, d, window = _sizes(H=H, W=W, d=d, window=window)
    return 4 * H * W * d * d + 2 * window * window * H * W * d


def _steps(n: Number, k: Number) -> Number:
    """Layers of reach k - 1 that it takes to go n - 1 positions; 1 at least."""
    steps = -(-(n - 1) // (k - 1))
    return steps.clamp(min=1) if isinstance(steps, Tensor) else max(1, steps)


def _sizes(**sizes: Number) -> list[Number]:
    return [
        size if isinstance(size, Tensor) else _check.positive(**{name: size})[0]
        for name, size in sizes.items()
    ]


def _reach(name: str, size: Number) -> Number:
    if isinstance(size, Tensor):
        return size
    (size,) = _check.positive(**{name: size})
    if size == 1:
        raise ValueError(
            f"{name} is 1, but must be at least 2: a position that sees only itself leads nowhere."
        )
    return size
