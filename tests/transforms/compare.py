"""Whether two results agree."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

# How far each floating type may be off, relative to the largest number: a few of its last places.
PRECISION = {torch.float16: 0.01, torch.bfloat16: 0.08, torch.float32: 1e-5, torch.float64: 1e-5}


def agree(
    found: Sequence[Tensor],
    wanted: Sequence[Tensor],
    dtype: torch.dtype = torch.float32,
    *,
    same_kind: bool = True,
) -> None:
    """The results hold the same numbers, to the precision of `dtype`, the kind in which they were computed.

    What the plain call gives in float32 comes in `dtype`, unless `same_kind` is false; whole numbers and kinds that the
    call itself names stay.
    """
    assert len(found) == len(wanted), f"there are {len(found)} results, not {len(wanted)}"
    for a, b in zip(found, wanted, strict=True):
        assert a.shape == b.shape, f"the shape is {tuple(a.shape)}, not {tuple(b.shape)}"
        kind = dtype if b.dtype == torch.float32 else b.dtype
        assert a.dtype == kind or not same_kind, f"the result holds {a.dtype}, not {kind}"
        if b.is_floating_point():
            size = b[b.isfinite()].abs().max().item() if b.isfinite().any() else 0.0
            off = PRECISION[dtype]
            torch.testing.assert_close(
                a.cpu().double(), b.cpu().double(), rtol=off, atol=off * max(size, 1e-3)
            )
        else:
            assert torch.equal(a.cpu(), b.cpu()), f"there stands {a.tolist()}, not {b.tolist()}"


def finite(gradients: Sequence[Tensor | None], of: Sequence[Tensor]) -> None:
    """Every gradient is a finite tensor of the kind of what it belongs to; what takes no part has none."""
    for gradient, number in zip(gradients, of, strict=True):
        if gradient is not None:
            assert gradient.dtype == number.dtype, f"a gradient holds {gradient.dtype}, not {number.dtype}"
            assert gradient.isfinite().all(), "a gradient is not finite"
