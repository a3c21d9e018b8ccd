"""The public names of the package: what its reference pages describe."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

from torch import nn

import transformer_lite


def public_things() -> Iterator[tuple[str, object]]:
    """Every public function and class, by name: ``attention.MultiHeadAttention``."""
    for module in pkgutil.iter_modules(transformer_lite.__path__):
        if module.ispkg or module.name.startswith("_"):
            continue
        found = importlib.import_module(f"transformer_lite.{module.name}")
        for name, thing in vars(found).items():
            if name.startswith("_") or getattr(thing, "__module__", "") != found.__name__:
                continue
            if inspect.isfunction(thing) or inspect.isclass(thing):
                yield f"{module.name}.{name}", thing


def public_names() -> Iterator[str]:
    """The same names, and those of the modules' methods: ``swin.Swin.encode``."""
    for name, thing in public_things():
        yield name
        if inspect.isclass(thing) and issubclass(thing, nn.Module):
            for method, body in vars(thing).items():
                if inspect.isfunction(body) and not method.startswith("_") and method != "forward":
                    yield f"{name}.{method}"
