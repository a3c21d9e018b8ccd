"""A trace: settings of a figure with the outputs that PyTorch computed for them.

The website stores one for every figure; the page replays it ("check against PyTorch"), and so do the browser tests.
"""

import random
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import torch
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
        shown = frames.at(values)
        case = {"values": values, "outputs": shown.outputs}
        if frames.figure.memory:
            # One step from PyTorch's own state, so that rounding does not add up.
            case |= {"state": shown.state, "next": shown.following}
        total += sum(x.numel() for of in case if of != "values" for x in case[of].values())
        cases.append(case)
        left = [variant for variant in left if variant not in mine]
    return cases


def pack(tensor: Tensor) -> dict[str, Any]:
    """A tensor as JSON: its shape, and its numbers in base64 (little endian, row by row); the type, if not float32."""
    kind = {} if tensor.dtype == torch.float32 else {"type": str(tensor.dtype).removeprefix("torch.")}
    numbers = b64encode(tensor.detach().cpu().contiguous().numpy().tobytes()).decode()
    return {"shape": list(tensor.shape), "data": numbers} | kind


def packed(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Tensors by name as JSON."""
    return {name: pack(tensor) for name, tensor in tensors.items()}


def as_json(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """A trace as JSON."""
    return {"cases": [{of: x if of == "values" else packed(x) for of, x in case.items()} for case in cases]}


def now(figure: Figure, seed: int = 0) -> dict[str, Any]:
    """The figure's trace as JSON, computed now."""
    return as_json(trace(Frames(figure), seed))
