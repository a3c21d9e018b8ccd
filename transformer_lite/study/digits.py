"""Handwritten digits, small enough to learn from in a second."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor


def digits() -> tuple[Tensor, Tensor]:
    """1,797 pictures of 8 × 8 points, written by 13 people, and which digit each one is.

    Source: Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository
    (licence CC BY 4.0): their test set, as scikit-learn's `load_digits` has it.

    Returns:
        The pictures (1797, 8, 8), from 0 (paper) to 1 (ink), and the digits (1797,), from 0 to 9.
    """
    from safetensors.torch import load_file

    kept = load_file(Path(__file__).with_suffix(".safetensors"))
    return kept["pictures"].float() / 16, kept["digits"].long()
