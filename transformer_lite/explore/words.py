"""What helps a view to say its numbers in words; the front end says the same (front/words.mjs)."""

from torch import Tensor

from .text import number


def largest(values: Tensor) -> float:
    """The largest finite magnitude, of any shape; 0 if there is none."""
    finite = values[values.isfinite()]  # (n,)
    return float(finite.abs().max()) if len(finite) else 0.0


def without_noise(tensor: Tensor) -> Tensor:
    """0 for what is but rounding beside the largest number: PyTorch and the browser round differently."""
    return tensor.masked_fill(tensor.abs() < 1e-6 * largest(tensor), 0)


def ends(tensor: Tensor, named: list[list[str]]) -> dict[str, str]:
    """The smallest and the largest number, and the item at which each stands, by the labels of each dimension."""
    said = {}
    for end, at in zip(("min", "max"), extremes(tensor), strict=True):
        said[end] = number(tensor[at].item())
        said[f"{end}_item"] = " ".join(labels[i] for labels, i in zip(named, at, strict=True))
    return said


def extremes(tensor: Tensor) -> tuple[tuple[int, ...], tuple[int, ...]]:
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
