"""Numbers of 64 bits, on devices that have them and for those that have none."""

from __future__ import annotations

import torch
from torch import Tensor

_HAVE_FLOAT64 = ("cpu", "cuda", "meta")
"""Kinds of devices that have float64. Others, such as Apple's GPUs, may have none: for them the CPU computes."""


def at_home(device: torch.device | str | None) -> torch.device:
    """The device if it has float64, else the CPU. ``None`` is the device on which tensors are made at present."""
    device = torch.empty(0).device if device is None else torch.device(device)
    return device if device.type in _HAVE_FLOAT64 else torch.device("cpu")


def precise(x: Tensor) -> Tensor:
    """The numbers in float64, on the CPU where their own device has no float64."""
    return x.to(at_home(x.device)).double()
