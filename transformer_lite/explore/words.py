"""What a figure says in words: the labels of its axes and the summary of its numbers.

The front end says the same after every change (front/words.mjs); a browser test compares the two at the defaults.
"""

from typing import Any

from torch import Tensor

from .controls import Order, Words
from .figure import Explorable, Values
from .text import number, say
from .views import View, largest

# So many points of a scatter are named one by one.
MAX_POINTS = 8


def labels(figure: Explorable, axis: dict[str, Any], size: int, values: Values) -> list[str]:
    """The name of each index of an axis."""
    named = axis["labels"]
    if isinstance(named, list):
        return named[:size]
    control = figure.controls[named] if named else None
    if isinstance(control, Words):
        return str(values[named]).lower().split()
    if isinstance(control, Order):
        return [control.items[i] for i in values[named]]
    return [str(i) for i in range(size)]


def summary(figure: Explorable, views: dict[str, View], values: Values) -> str:
    """One sentence or two for each view, computed from its numbers."""
    described = figure.describe_views(views)
    return " ".join(_sentence(figure, view, described[name], values) for name, view in views.items())


def _sentence(figure: Explorable, view: View, described: dict[str, Any], values: Values) -> str:
    tensor, title, kind = view.tensors()[""], described["title"], described["kind"]
    tensor = tensor if described.get("log_y") else _without_noise(tensor)
    if kind == "number":
        return say("summary-number", title=title, value=number(tensor.item()))
    if kind == "lines":
        return say("summary-lines", title=title, series="; ".join(_series(tensor, described["names"])))
    named = [
        labels(figure, axis, size, values) for axis, size in zip(described["axes"], tensor.shape, strict=True)
    ]
    if kind == "scatter":
        return say("summary-scatter", title=title, points="; ".join(_places(tensor, named[0])))
    low, high = _extremes(tensor)
    parts = {"title": title, "min": number(tensor[low].item()), "max": number(tensor[high].item())}
    if kind == "image":
        size = {"rows": tensor.shape[0], "columns": tensor.shape[1]}
        return say("summary-image", mean=number(tensor.double().mean().item()), **size, **parts)
    if kind == "heatmap":
        places = {"max_row": named[0][high[0]], "max_column": named[1][high[1]]}
        places |= {"min_row": named[0][low[0]], "min_column": named[1][low[1]]}
        return say("summary-heatmap", rows=len(tensor), columns=tensor.shape[1], **places, **parts)
    low_item, high_item = (" ".join(n[i] for n, i in zip(named, at, strict=True)) for at in (low, high))
    return say(f"summary-{kind}", count=tensor.numel(), min_item=low_item, max_item=high_item, **parts)


def _without_noise(tensor: Tensor) -> Tensor:
    """0 for what is but rounding beside the view's largest number: PyTorch and the browser round differently."""
    return tensor.masked_fill(tensor.abs() < 1e-6 * largest(tensor), 0)


def _series(tensor: Tensor, names: list[str] | None) -> list[str]:
    rows = tensor.reshape(-1, tensor.shape[-1])  # (series, n)
    said = []
    for i, row in enumerate(rows):
        ends = {"first": row[0], "last": row[-1], "min": row.min(), "max": row.max()}
        parts = {key: number(x.item()) for key, x in ends.items()}
        said.append(say("summary-line", name=names[i] if names else str(i), **parts))
    return said


def _places(points: Tensor, names: list[str]) -> list[str]:
    """The first points by name; a cloud of many is not read out whole."""
    shown = zip(names[:MAX_POINTS], points.tolist(), strict=False)
    said = [say("summary-point", name=name, x=number(x), y=number(y)) for name, (x, y) in shown]
    return said + [say("summary-more", count=len(names) - MAX_POINTS)] * (len(names) > MAX_POINTS)


def _extremes(tensor: Tensor) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where the smallest and the largest number stand; masked ones (−inf) count only if there are no others.

    Among numbers that differ by rounding alone it is the first: PyTorch and the browser add up in different orders.
    """
    flat = tensor.flatten()
    finite = flat.isfinite() if flat.isfinite().any() else flat == flat
    places = finite.nonzero().flatten()
    found = flat[places].double()
    slack = 1e-5 * max(1.0, largest(tensor))
    ends = (
        places[(found <= found.min() + slack).nonzero()[0, 0]],
        places[(found >= found.max() - slack).nonzero()[0, 0]],
    )
    low, high = (tuple(int(i) for i in unravel(int(end), tensor.shape)) for end in ends)
    return low, high


def unravel(index: int, shape: tuple[int, ...]) -> list[int]:
    """The indices along each dimension of a place in the flattened tensor."""
    indices: list[int] = []
    for size in reversed(shape):
        index, at = divmod(index, size)
        indices.insert(0, at)
    return indices
