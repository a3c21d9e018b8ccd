"""What PyTorch is asked to do: every tensor made, as it is made."""

from contextlib import contextmanager

import torch
from torch import Tensor
from torch._subclasses import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Watched(TorchDispatchMode):
    """While this is on, ``made`` collects each operation with each tensor that has memory of its own."""

    def __init__(self):
        super().__init__()
        self.made, self.known = [], set()

    def __torch_dispatch__(self, operation, types, arguments=(), options=None):
        for tensor in tensors((arguments, options)):
            self.known.add(tensor.untyped_storage().data_ptr())
        result = operation(*arguments, **(options or {}))
        for tensor in tensors(result):
            if tensor.untyped_storage().data_ptr() not in self.known:
                self.made.append((str(operation), tensor))
        return result

    def bytes(self):
        return sum(tensor.nbytes for _, tensor in self.made)


class NoFloat64(TorchDispatchMode):
    """While this is on, a device has no float64, as Apple's GPUs have none."""

    KIND = "lazy"  # in the place of another: a PyTorch for processors alone knows no GPU

    def __torch_dispatch__(self, operation, types, arguments=(), options=None):
        result = operation(*arguments, **(options or {}))
        for tensor in tensors(result):
            if tensor.device.type == self.KIND and tensor.dtype == torch.float64:
                raise TypeError(f"{operation}: this device has no float64")
        return result


@contextmanager
def on_a_device_without_float64():
    """Tensors are made on such a device. They are fake: they have no numbers, but each is somewhere."""
    with FakeTensorMode(), torch.device(NoFloat64.KIND), NoFloat64():
        yield torch.empty(0).device


def tensors(tree):
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]
