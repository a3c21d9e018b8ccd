"""A trace: settings of a figure with the outputs that PyTorch computed for them.

The website stores one for every figure; the page replays it ("check against PyTorch"), and so do the browser tests.
"""

import json
import random
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from .axes import Setting
from .figure import Figure, Frames, Values
from .stepping import Tensors

# Enough to catch a frozen size or branch, and few enough that a phone loads the file in the background.
RANDOM_CASES = 8
MAX_NUMBERS = 200_000
# Of each tensor of a next state the page compares so many numbers, evenly spread; the build compares all.
MAX_COMPARED = 300


def settings(figure: Figure, seed: int = 0) -> list[Values]:
    """The default, every extreme of every control, every variant, and random settings of all controls together."""
    rng = random.Random(seed)
    found = [figure.defaults]
    for name, control in figure.controls.items():
        found += [figure.check({name: value}) for value in control.extremes()]
    variants = [variant for _, variant in figure.variants()]
    if figure.memory:
        # What is frozen into a graph by mistake is right at the first step, and wrong at the next.
        counts = figure.controls[figure.memory].extremes()
        found += [figure.check({**variant, figure.memory: count}) for variant in variants for count in counts]
    # An index into a view is drawn last: how many there are depends on the other controls.
    last = sorted(figure.controls, key=lambda name: figure.controls[name].origin is not None)
    for i in range(max(RANDOM_CASES, len(variants))):
        values = dict(figure.defaults)
        for name in last:
            values[name] = figure.controls[name].sample(rng, Setting(figure.controls, values))
            values |= variants[i % len(variants)]
        found.append(figure.check(values))
    return [values for i, values in enumerate(found) if values not in found[:i]]


def states(figure: Figure) -> dict[int, Tensors]:
    """What a figure with memory has reached after none, one, a few and all steps, or none and all, at its defaults.

    The start is as it is. The others are in numbers of 16 bits, as float32: so the file is half as large, and a step
    can begin anywhere.
    """
    if not figure.memory:
        return {}
    steps, found = figure.steps(), {}
    for count in figure.controls[figure.memory].extremes():
        state = steps.reach(figure.defaults | {figure.memory: count})
        rounded = {part: x.bfloat16().float() if x.is_floating_point() else x for part, x in state.items()}
        found[count] = rounded if count else state
    return found


def trace(frames: Frames, seed: int = 0, begin: Mapping[int, Tensors] | None = None) -> list[dict[str, Any]]:
    """`{"values", "outputs"}` for each of the settings; outputs are float32 tensors by name.

    With memory also `{"state", "next"}`: single steps from PyTorch's own states, so that rounding does not add up;
    `begin` holds these, where the caller has them already.
    """
    figure, cases = frames.figure, []
    begin = states(figure) if begin is None else begin
    total = 0
    # However large the figure, each of its graphs has a case, and one of each number of steps.
    keys: list[Values] = [{str(figure.memory): count} for count in begin] or [{}]
    left = [variant | key for _, variant in figure.variants() for key in keys]
    for values in settings(figure, seed):
        mine = [case for case in left if case.items() <= values.items()]
        if total > MAX_NUMBERS and not mine:
            continue
        if figure.memory:
            state = begin[values[figure.memory]]
            shown = figure.show_from(values, state)
            case = {"values": values, "outputs": shown.outputs, "state": state, "next": shown.following}
        else:
            case = {"values": values, "outputs": frames.at(values).outputs}
        total += sum(x.numel() for x in case["outputs"].values())
        cases.append(case)
        left = [one for one in left if one not in mine]
    return cases


def pack(tensor: Tensor) -> dict[str, Any]:
    """A tensor as JSON: its shape, and its numbers in base64 (little endian, row by row); the type, if not float32."""
    kind = {} if tensor.dtype == torch.float32 else {"type": str(tensor.dtype).removeprefix("torch.")}
    numbers = b64encode(tensor.detach().cpu().contiguous().numpy().tobytes()).decode()
    return {"shape": list(tensor.shape), "data": numbers} | kind


def packed(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Tensors by name as JSON."""
    return {name: pack(tensor) for name, tensor in tensors.items()}


def sampled(tensor: Tensor) -> dict[str, Any]:
    """A tensor as JSON with some of its numbers, one of `every` so many."""
    every = -(-tensor.numel() // MAX_COMPARED)
    return pack(tensor.flatten()[::every]) | {"shape": list(tensor.shape), "every": every}


def as_json(figure: Figure, cases: list[dict[str, Any]]) -> dict[str, Any]:
    """A trace as JSON: its tensors, and the cases, which name them by their places among these.

    So a tensor that comes again, such as a picture that no control changes, stands there once. The states that cases
    begin with stand under their numbers of steps, but for the start, which the figure's own file has.
    """
    places: dict[str, int] = {}

    def placed(tensors: Mapping[str, Tensor], pack: Callable[[Tensor], dict[str, Any]]) -> dict[str, int]:
        return {name: places.setdefault(json.dumps(pack(x)), len(places)) for name, x in tensors.items()}

    memory = figure.memory
    found: dict[str, Any] = {"cases": [], "states": {}}
    for case in cases:
        found["cases"].append({"values": case["values"], "outputs": placed(case["outputs"], pack)})
        if memory:
            found["cases"][-1]["next"] = placed(case["next"], sampled)
            if count := case["values"][memory]:
                found["states"][count] = placed(case["state"], pack)
    return found | {"memory": memory, "tensors": [json.loads(tensor) for tensor in places]}


def now(figure: Figure, seed: int = 0, begin: Mapping[int, Tensors] | None = None) -> dict[str, Any]:
    """The figure's trace as JSON, computed now."""
    return as_json(figure, trace(Frames(figure), seed, begin))
