"""Exports a figure's torch function to ONNX: one graph for each combination of toggles and choices."""

import contextlib
import functools
import hashlib
import math
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch.export import ExportedProgram

from . import kept, operators, program, weights
from .figure import Figure, Frames, Shown
from .program import Computation, content, drawn, following, quiet, ways
from .trace import trace
from .words import largest

# What a float32 sum may lose by being added in another order, relative to the largest number in the view.
TOLERANCE = 1e-5


def export(frames: Frames, cases: list[dict[str, Any]] | None = None) -> dict[str, bytes]:
    """The figure's graphs by variant key, each checked against PyTorch in onnxruntime on the whole trace.

    Each is whole: `weights.taken_out` gives what the website stores.

    `cases` is the trace, where the caller has it already. Raises `ValueError` if the function cannot be exported, or
    if its graph does not follow PyTorch.
    """
    cases = trace(frames) if cases is None else cases
    graphs = {}
    made: dict[str, bytes] = {}
    shown = frames.variants()
    for key, variant in frames.figure.variants():
        mine = [case for case in cases if variant.items() <= case["values"].items()]
        graphs[key] = _export_variant(frames.figure, shown[key], mine, made)
    return graphs


def _export_variant(
    figure: Figure, shown: Shown, cases: list[dict[str, Any]], made: dict[str, bytes]
) -> bytes:
    """`made` holds the graphs of the figure's other variants: one that is the same is not made again."""
    computation = Computation(figure, shown).eval()
    reasons = []
    for write in ways(computation):
        try:
            written = write()
            name = _name(written, computation)
            graph = made.get(name) or kept.read(name)
            if graph:
                _follow(figure, graph, cases)
            else:
                graph = _make(figure, written, write, computation, cases)
            made[name] = graph
            kept.write(name, graph)
            return graph
        except Exception as reason:
            reasons.append(f"{type(reason).__name__}: {reason}")
    settings = f" with {computation.fixed}" if computation.fixed else ""
    raise ValueError(f"{figure.name}{settings} cannot become a graph.\n\n" + "\n\n".join(reasons))


def _make(
    figure: Figure,
    written: ExportedProgram,
    write: Callable[[], ExportedProgram],
    computation: Computation,
    cases: list[dict[str, Any]],
) -> bytes:
    """The graph of a program, by the exporter's shorter way if that gives a graph which follows PyTorch."""
    if operators.take_apart(written, tables().known):
        with contextlib.suppress(Exception):
            graph = _to_onnx(written, computation, decompose=False)
            _follow(figure, graph, cases)
            return graph
        written = write()  # what has been exported cannot be exported again
    graph = _to_onnx(written, computation, decompose=True)
    _follow(figure, graph, cases)
    return graph


def _name(written: ExportedProgram, computation: Computation) -> str:
    """A hash of everything that a graph is made of: the program, its names, and what turns it into a graph."""
    made_of = [content(written), *computation.inputs, "", *computation.outputs, "", _exporter()]
    return hashlib.sha256("\n".join(made_of).encode()).hexdigest()


@functools.cache
def _exporter() -> str:
    versions = [
        f"{name} {metadata.version(name)}"
        for name in ("torch", "onnxscript", "onnx-ir", "onnx", "onnxruntime")
    ]
    sources = [Path(source).read_text() for source in (__file__, operators.__file__, program.__file__)]
    return "\n".join(versions + sources)


class _Tables:
    """The exporter sets up tables of all its operators anew for each graph, half of its time; once will do."""

    def __init__(self) -> None:
        with quiet():
            self._collect()

    def _collect(self) -> None:
        from torch.export import decomp_utils, exported_program
        from torch.onnx._internal.exporter import _decomp
        from torch.onnx._internal.exporter._registration import ONNXRegistry

        ONNXRegistry.from_torchlib = staticmethod(functools.cache(ONNXRegistry.from_torchlib))  # type: ignore
        for module in (decomp_utils, exported_program):
            collected = functools.cache(module._collect_all_valid_cia_ops)
            module._collect_all_valid_cia_ops = collected  # type: ignore
        # The operators that it can translate, and what the others are decomposed into.
        self.known = set(_decomp.get_onnx_implemented_overloads(ONNXRegistry.from_torchlib()))
        self.decompositions = _decomp.create_onnx_friendly_decomposition_table(self.known)


tables = functools.cache(_Tables)


def _to_onnx(written: ExportedProgram, computation: Computation, *, decompose: bool) -> bytes:
    from torch.onnx._internal.exporter import _fx_passes

    def prepared(program: ExportedProgram, registry: object) -> ExportedProgram:
        return program.run_decompositions(tables().decompositions) if decompose else program

    with quiet(), patch.object(_fx_passes, "decompose_with_registry", prepared):
        found = torch.onnx.export(
            written,
            dynamo=True,
            input_names=computation.inputs,
            output_names=computation.outputs,
            verbose=False,
        )
    assert found is not None
    model = found.model_proto
    _cosine_as_sine(model.graph)
    return _optimised(_bare(model))


def _bare(model: Any) -> bytes:
    """The model without remarks: stack traces with the paths of the building machine make up most of what comes."""
    for node in model.graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    model.graph.ClearField("value_info")
    model.ClearField("metadata_props")
    return bytes(model.SerializeToString())


def _optimised(graph: bytes) -> bytes:
    """The graph as onnxruntime simplifies it for any processor, so that the browser need not, which takes it longer.

    Large constants are inputs meanwhile: what is computed from them beforehand would be stored beside them. As it was,
    where that makes it larger: a short operation may make many numbers.
    """
    import onnx
    import onnxruntime

    model = onnx.load_from_string(graph)
    large = [tensor for tensor in model.graph.initializer if math.prod(tensor.dims) >= weights.LARGE]
    for tensor in large:
        model.graph.initializer.remove(tensor)
        model.graph.input.append(
            onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = str(Path(folder) / "graph.onnx")
        onnxruntime.InferenceSession(model.SerializeToString(), options)
        model = onnx.load(options.optimized_model_filepath)
    names = {tensor.name for tensor in large}
    inputs = [given for given in model.graph.input if given.name not in names]
    used = {node.domain for node in model.graph.node} | {""}
    imported = [opset for opset in model.opset_import if opset.domain in used]
    for field, left in (
        (model.graph.input, inputs),
        (model.graph.initializer, [*model.graph.initializer, *large]),
        (model.opset_import, imported),
    ):
        del field[:]
        field.extend(left)
    return min(graph, _bare(model), key=len)


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


def _follow(figure: Figure, graph: bytes, cases: list[dict[str, Any]]) -> None:
    """Raises `ValueError` unless the graph gives what PyTorch gave in every case, of which there must be one."""
    if not cases:
        raise ValueError(f"{figure.name} has no case in its trace for this graph: nothing would be checked")
    session = weights.session(graph)
    names = [output.name for output in session.get_outputs()]
    for case in cases:
        arguments = figure.arguments(case["values"], case.get("state", {}))
        fed = {
            of: tensor.numpy()
            for name, control in figure.controls.items()
            if control.is_tensor
            for of, tensor in zip(control.inputs(name), control.fed(arguments[name]), strict=True)
        }
        feeds = {node.name: fed[node.name] for node in session.get_inputs()}
        computed = dict(zip(names, session.run(None, feeds), strict=True))
        expected = {drawn(view): x for view, x in case["outputs"].items()}
        expected |= {following(part): x for part, x in case.get("next", {}).items()}
        for name, wanted in expected.items():
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
