"""Trained weights beside the graphs that use them: stored once, whatever the number of graphs and figures.

A graph brings its constants along in float32, and each variant of each figure would bring the same weights again.
Weights that were rounded to 16 bits when they had been trained are taken out here, each tensor under the hash of its
content, as ONNX external data. The page widens them before it starts a graph, and so does the check against PyTorch:
a `Cast` inside the graph would be paid at every run.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Numbers in a tensor that is worth a file of its own: 4 kB in a graph. Biases and norms stay inside.
LARGE = 1024
# Numbers of a graph's such tensors together, from which they are taken out: 64 kB. Tables of a figure that happen to
# fit into 16 bits (masks, letters) are smaller, and cost less inside than another request.
MANY = 16 * LARGE


@dataclass(frozen=True)
class Apart:
    """A graph and its weights.

    Args:
        graph: it names its weights by their paths.
        paths: the hash of a file; or, of a matrix that is stored the other way round, `HASH/COLUMNS`, with the columns
            of what is stored.
        files: little-endian float16, row by row, by the hash of their content.
    """

    graph: bytes
    paths: list[str]
    files: dict[str, bytes]


def taken_out(graph: bytes) -> Apart:
    """The graph without its trained weights, and these; as it is, where they are few."""
    import onnx
    from onnx import TensorProto, numpy_helper

    model = onnx.load_from_string(graph)
    halves = [
        (tensor, half)
        for tensor in model.graph.initializer
        if tensor.data_type == TensorProto.FLOAT and math.prod(tensor.dims) >= LARGE
        if (half := _half(numpy_helper.to_array(tensor))) is not None
    ]
    if sum(half.size for _, half in halves) < MANY:
        return Apart(graph, [], {})
    paths, files = [], {}
    for tensor, half in halves:
        path, stored = _stored(half)
        paths.append(path)
        files[path.partition("/")[0]] = stored
        _point(tensor, path, 4 * half.size)
    return Apart(bytes(model.SerializeToString()), sorted({*paths}), files)


def session(graph: bytes) -> Any:
    """Starts a graph in onnxruntime as the page does: its weights widened, and no optimisation."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    apart = taken_out(graph)
    numbers = [_widened(path, apart.files) for path in apart.paths]
    options.add_external_initializers_from_files_in_memory(apart.paths, numbers, [*map(len, numbers)])
    return onnxruntime.InferenceSession(apart.graph, options)


def _stored(half: NDArray[Any]) -> tuple[str, bytes]:
    """The path of a tensor, and what its file holds.

    Graphs multiply by a matrix as PyTorch keeps it, or turned. One of the two is stored: that of the smaller hash.
    """
    ways = {_hash(half): half.tobytes()}
    if half.ndim == 2:
        ways[_hash(half.T)] = half.T.tobytes()
    name = min(ways)
    return (name if name == _hash(half) else f"{name}/{len(half)}"), ways[name]


def _widened(path: str, files: Mapping[str, bytes]) -> bytes:
    name, _, columns = path.partition("/")
    half = np.frombuffer(files[name], "<f2")
    return (half.reshape(-1, int(columns)).T if columns else half).astype("<f4").tobytes()


def _half(array: NDArray[Any]) -> NDArray[Any] | None:
    """The array in float16, if that loses nothing."""
    with np.errstate(over="ignore"):
        half = array.astype("<f2")
    return half if np.array_equal(half, array) else None


def _hash(half: NDArray[Any]) -> str:
    return hashlib.sha256(half.tobytes()).hexdigest()[:16]


def _point(tensor: Any, path: str, length: int) -> None:
    """Replaces a tensor's numbers by where they are."""
    import onnx

    tensor.ClearField("raw_data")
    tensor.ClearField("float_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in {"location": path, "length": str(length)}.items():
        tensor.external_data.add(key=key, value=value)
