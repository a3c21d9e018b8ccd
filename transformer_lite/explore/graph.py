"""Exports a figure's torch function to ONNX: one graph for each combination of toggles and choices."""

import functools
import logging
import math
import warnings
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.fx.experimental.proxy_tensor import make_fx

from .figure import Explorable, Values, outputs
from .trace import trace
from .views import largest

# What a float32 sum may lose by being added in another order, relative to the largest number in the view.
TOLERANCE = 1e-5

# Before the name of a control, so that a view may have the same name.
INPUT = "control:"


class _Computation(nn.Module):
    """The function of a figure with its Python arguments fixed: tensors in, tensors out."""

    def __init__(self, figure: Explorable, variant: Values):
        super().__init__()
        self.figure, self.variant = figure, variant
        self.inputs = [name for name, control in figure.controls.items() if control.is_tensor]

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        views = self.figure.views(dict(zip(self.inputs, tensors, strict=True)) | self.variant)
        # A view that shows an input as it is would alias it, which a graph may not.
        return tuple(tensor.detach().clone() for tensor in outputs(views).values())


class _Traced(nn.Module):
    """The same computation as a flat list of tensor operations, gradients included.

    `torch.export` cannot follow a function that differentiates; `make_fx` writes the backward pass of autograd down
    as ordinary operations first.
    """

    def __init__(self, computation: nn.Module, example: tuple[Tensor, ...]):
        super().__init__()
        # As while exporting, the numbers are not known: the package's checks and shortcuts must not ask for them.
        with patch.object(torch.compiler, "_is_compiling_flag", True):
            self.operations = make_fx(computation, tracing_mode="symbolic", _allow_non_fake_inputs=True)(
                *example
            )

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.operations(*tensors))


def export(figure: Explorable) -> dict[str, bytes]:
    """The figure's graphs by variant key, each checked against PyTorch in onnxruntime on the whole trace.

    Raises `ValueError` if the function cannot be exported, or if its graph does not follow PyTorch.
    """
    cases = trace(figure)
    graphs = {}
    for key, variant in figure.variants():
        mine = [case for case in cases if variant.items() <= case["values"].items()]
        graphs[key] = _export_variant(figure, variant, mine)
    return graphs


def _export_variant(figure: Explorable, variant: Values, cases: list[dict[str, Any]]) -> bytes:
    computation = _Computation(figure, variant).eval()
    example = _example(figure)
    reasons = []
    captures: list[Callable[[], nn.Module]] = [lambda: computation, lambda: _Traced(computation, example)]
    for capture in captures:
        try:
            graph = _to_onnx(capture(), figure, computation, example)
            _follow(figure, graph, cases)
            return graph
        except Exception as reason:
            reasons.append(f"{type(reason).__name__}: {reason}")
    settings = f" with {variant}" if variant else ""
    raise ValueError(f"{figure.name}{settings} cannot become a graph.\n\n" + "\n\n".join(reasons))


def _example(figure: Explorable) -> tuple[Tensor, ...]:
    """Inputs to trace with. Lengths are 2 or more and pairwise different: an example length of 1, or two that
    happen to agree, would be frozen into the graph.
    """
    taken: set[int] = set()
    example = []
    for control in figure.controls.values():
        if not control.is_tensor:
            continue
        tensor = control.encode(control.value)
        if control.is_dynamic:
            length = next(n for n in range(max(2, len(tensor)), 10**6) if n not in taken)
            taken.add(length)
            tensor = torch.arange(length) % (int(tensor.max()) + 1) if len(tensor) != length else tensor
        example.append(tensor)
    return tuple(example)


@functools.cache
def _keep_operators() -> None:
    """The exporter parses the sources of all its operators anew for each graph, a third of its time; once will do."""
    from torch.onnx._internal.exporter._registration import ONNXRegistry

    ONNXRegistry.from_torchlib = staticmethod(functools.cache(ONNXRegistry.from_torchlib))  # type: ignore


def _to_onnx(
    module: nn.Module, figure: Explorable, computation: _Computation, example: tuple[Tensor, ...]
) -> bytes:
    dynamic = [
        {0: torch.export.Dim.DYNAMIC} if figure.controls[name].is_dynamic else {}
        for name in computation.inputs
    ]
    names = list(
        outputs(figure.views(dict(zip(computation.inputs, example, strict=True)) | computation.variant))
    )
    _keep_operators()
    # The exporter reports on optional packages and on its own progress; a reason for failure arrives as an exception.
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                module,
                example,
                dynamo=True,
                # One entry for the variadic parameter of `forward`.
                dynamic_shapes=(tuple(dynamic),) if dynamic else None,
                input_names=[INPUT + name for name in computation.inputs],
                output_names=names,
                verbose=False,
            )
    finally:
        logging.disable(logging.NOTSET)
    assert program is not None
    model = program.model_proto
    _cosine_as_sine(model.graph)
    # Stack traces with the paths of the building machine make up most of an exported graph.
    for node in model.graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    model.graph.ClearField("value_info")
    model.ClearField("metadata_props")
    return bytes(model.SerializeToString())


def _cosine_as_sine(graph: Any) -> None:
    """In the browser onnxruntime has a sine of 64-bit numbers and no cosine: cos x = sin(x + π/2)."""
    from onnx import TensorProto, helper

    known = {value.name: value.type.tensor_type.elem_type for value in (*graph.value_info, *graph.input)}
    for i, node in reversed(list(enumerate(graph.node))):
        if node.op_type == "Cos" and known.get(node.input[0]) == TensorProto.DOUBLE:
            quarter, later = f"{node.output[0]}_quarter", f"{node.output[0]}_later"
            graph.initializer.append(helper.make_tensor(quarter, TensorProto.DOUBLE, [], [math.pi / 2]))
            graph.node.insert(i, helper.make_node("Add", [node.input[0], quarter], [later]))
            graph.node[i + 1].op_type = "Sin"
            graph.node[i + 1].input[0] = later


def _follow(figure: Explorable, graph: bytes, cases: list[dict[str, Any]]) -> None:
    """Raises `ValueError` unless the graph gives what PyTorch gave in every case."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(graph, options)
    names = [output.name for output in session.get_outputs()]
    for case in cases:
        feeds = {
            INPUT + name: figure.controls[name].encode(case["values"][name]).numpy()
            for name in (node.name.removeprefix(INPUT) for node in session.get_inputs())
        }
        computed = dict(zip(names, session.run(None, feeds), strict=True))
        for name, wanted in case["outputs"].items():
            got = torch.from_numpy(
                computed[name].copy() if computed[name].ndim else computed[name].reshape(())
            )
            scale = max(1.0, largest(wanted))
            if got.shape != wanted.shape or not torch.allclose(
                got / scale, wanted / scale, rtol=0, atol=TOLERANCE
            ):
                raise ValueError(
                    f"the graph of {name!r} does not follow PyTorch at {case['values']}; a size taken by len(x) is "
                    "frozen into the graph (use x.shape), and so is a branch that depends on a tensor (use torch.where)"
                )
