"""`progress`: a bar in the notebook while an experiment runs."""

from collections.abc import Iterable
from typing import TypeVar

from tqdm.auto import tqdm

from . import host

T = TypeVar("T")


def progress(steps: Iterable[T], label: str) -> Iterable[T]:
    """The same steps, with a bar under the cell that disappears at the end. The website shows none."""
    bar: Iterable[T] = tqdm(steps, desc=label, leave=False, disable=host.building())
    return bar
