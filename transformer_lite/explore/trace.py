"""A trace: settings of a figure with the outputs that PyTorch computed for them.

The website stores one for every figure; the page replays it ("check against PyTorch"), and so do the browser tests.
"""

import random
from base64 import b64encode
from typing import Any

from torch import Tensor

from .axes import Setting
from .figure import Figure, Frames, Values

# Enough to catch a frozen size or branch, and few enough that a phone loads the file in the background.
RANDOM_CASES = 8
MAX_NUMBERS = 200_000


def settings(figure: Figure, seed: int = 0) -> list[Values]:
    """The default, every extreme of every control, every variant, and random settings of all controls together."""
    rng = random.Random(seed)
    found = [figure.defaults]
    for name, control in figure.controls.items():
        found += [figure.check({name: value}) for value in control.extremes()]
    variants = [variant for _, variant in figure.variants()]
    # An index into a view is drawn last: how many there are depends on the other controls.
    last = sorted(figure.controls, key=lambda name: figure.controls[name].origin is not None)
    for i in range(max(RANDOM_CASES, len(variants))):
        values = dict(figure.defaults)
        for name in last:
            values[name] = figure.controls[name].sample(rng, Setting(figure.controls, values))
            values |= variants[i % len(variants)]
        found.append(figure.check(values))
    return [values for i, values in enumerate(found) if values not in found[:i]]


def trace(frames: Frames, seed: int = 0) -> list[dict[str, Any]]:
    """`{"values", "outputs"}` for each of the settings; outputs are float32 tensors by name."""
    cases: list[dict[str, Any]] = []
    total = 0
    left = [variant for _, variant in frames.figure.variants()]
    for values in settings(frames.figure, seed):
        mine = [variant for variant in left if variant.items() <= values.items()]
        # However large the figure, each of its graphs has a case.
        if total > MAX_NUMBERS and not mine:
            continue
        shown = frames.at(values).outputs
        total += sum(tensor.numel() for tensor in shown.values())
        cases.append({"values": values, "outputs": shown})
        left = [variant for variant in left if variant not in mine]
    return cases


def pack(tensor: Tensor) -> dict[str, Any]:
    """A tensor as JSON: its shape, and its float32 numbers in base64 (little endian, row by row)."""
    return {"shape": list(tensor.shape), "data": b64encode(tensor.detach().numpy().tobytes()).decode()}


def as_json(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """A trace as JSON."""
    return {
        "cases": [
            {"values": case["values"], "outputs": {name: pack(t) for name, t in case["outputs"].items()}}
            for case in cases
        ]
    }


def packed(figure: Figure, seed: int = 0) -> dict[str, Any]:
    """The figure's trace as JSON, computed now."""
    return as_json(trace(Frames(figure), seed))
