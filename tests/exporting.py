"""Functions as ONNX graphs, run in onnxruntime beside PyTorch."""

import pytest
import torch
from torch import Tensor, nn


class _Together(nn.Module):
    """Functions of the same inputs as one module: a graph of several costs little more than a graph of one."""

    def __init__(self, functions):
        super().__init__()
        self.functions = functions
        self.used = nn.ModuleList(f for f in functions.values() if isinstance(f, nn.Module))

    def forward(self, *inputs):
        return tuple(tensor for function in self.functions.values() for tensor in _tensors(function(*inputs)))


def _tensors(result):
    return (result,) if isinstance(result, Tensor) else result


def assert_graph_follows(functions, inputs, *, dynamic_shapes=None, rtol=1e-4, atol=1e-5):
    """The functions, by name, give the same numbers in one exported graph as in PyTorch for each of the inputs.

    The graph is made for the first inputs.
    """
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    from transformer_lite.explore.graph import tables

    tables()  # from now on, the exporter sets its own up once
    program = torch.onnx.export(
        _Together(functions).eval(),
        inputs[0],
        dynamo=True,
        # One entry for the variadic parameter of `forward`.
        dynamic_shapes=dynamic_shapes and (dynamic_shapes,),
        verbose=False,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(program.model_proto.SerializeToString(), options)
    names = [node.name for node in session.get_inputs()]
    for given in inputs:
        outputs = iter(session.run(None, {n: x.numpy() for n, x in zip(names, given, strict=True)}))
        sizes = [tuple(x.shape) for x in given]
        for name, function in functions.items():
            for ours in _tensors(function(*given)):
                torch.testing.assert_close(
                    torch.from_numpy(next(outputs)),
                    ours.detach(),
                    rtol=rtol,
                    atol=atol,
                    msg=lambda text, name=name, sizes=sizes: f"{name} of {sizes}: {text}",
                )
        assert next(outputs, None) is None
