"""A trace: settings of a figure with the outputs that PyTorch computed for them.

The website stores one for every figure; the page replays it ("check against PyTorch"), and so do the browser tests.
"""

import random
from base64 import b64encode
from typing import Any

from torch import Tensor

from .controls import Pick
from .figure import Explorable, Values, outputs

# Enough to catch a frozen size or branch, and few enough that a phone loads the file in the background.
RANDOM_CASES = 8
MAX_NUMBERS = 200_000


def settings(figure: Explorable, seed: int = 0) -> list[Values]:
    """The default, every extreme of every control, every variant, and random settings of all controls together."""
    rng = random.Random(seed)
    found = [figure.defaults]
    for name, control in figure.controls.items():
        found += [figure.check({name: value}) for value in control.extremes()]
    variants = [variant for _, variant in figure.variants()]
    for i in range(max(RANDOM_CASES, len(variants))):
        drawn = {name: control.sample(rng) for name, control in figure.controls.items()}
        drawn |= variants[i % len(variants)]
        others = {name: value for name, value in drawn.items() if not isinstance(figure.controls[name], Pick)}
        # A pick that is drawn too large settles on the last index; drawing it after the others spreads it.
        values = figure.check(others)
        for name in drawn.keys() - others.keys():
            sizes = [figure.size(axis, values) for axis in figure.controls[name].axes]  # type: ignore[attr-defined]
            inside = [rng.randrange(size) for size in sizes]
            values[name] = inside if len(inside) == 2 else inside[0]
        found.append(values)
    return [values for i, values in enumerate(found) if values not in found[:i]]


def trace(figure: Explorable, seed: int = 0) -> list[dict[str, Any]]:
    """`{"values", "outputs"}` for each of the settings; outputs are float32 tensors by name."""
    cases: list[dict[str, Any]] = []
    total = 0
    for values in settings(figure, seed):
        shown = outputs(figure.show(values))
        total += sum(tensor.numel() for tensor in shown.values())
        cases.append({"values": values, "outputs": shown})
        if total > MAX_NUMBERS:
            break
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


def packed(figure: Explorable, seed: int = 0) -> dict[str, Any]:
    """The figure's trace as JSON."""
    return as_json(trace(figure, seed))
