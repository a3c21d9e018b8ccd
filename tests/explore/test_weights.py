"""Trained weights beside the graphs: once for all graphs and figures, and the page computes what PyTorch does."""

import json
import re
from base64 import b64decode, b64encode

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from transformer_lite.explore import Bars, Heatmap, Length, Number, Slider, Toggle, explore, host, kept
from transformer_lite.explore import graph as exporter
from transformer_lite.explore.graph import export
from transformer_lite.explore.weights import LARGE, MANY, session, taken_out


def rounded(*shape, seed=0):
    return (torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) / 16).half().float()


def layers(count, width):
    weights = [rounded(width, width, seed=i) for i in range(count)]

    @explore(row=Length(1, width, value=4), half=Toggle())
    def deep(row, half):
        """Many layers, or the first half of them."""
        x = weights[0][row]  # (n, width)
        for weight in weights[: count // 2 if half else count]:
            x = (x @ weight.T).tanh()  # (n, width)
        return {"mean": Number(x.mean()), "last": Bars(x[0, :8])}

    return deep


@pytest.fixture
def built(tmp_path, monkeypatch):
    """`built(figure)` writes its files, and gives its description as the page gets it, and what its markup says."""
    monkeypatch.setenv(host.SITE, str(tmp_path))

    def build(figure):
        markup = figure._repr_mimebundle_()["text/html"]
        said = {name: re.search(f'data-{name}="([^"]*)"', markup)[1] for name in ("source", "weights")}
        return json.loads((tmp_path / f"{said['source']}.json").read_text()), said["weights"]

    return build


def test_five_megabytes_with_a_toggle_are_written_as_half_as_many(built, tmp_path):
    count, width = 20, 256
    content, said = built(layers(count, width))
    numbers = count * width * width
    assert numbers * 4 > 5e6, "in float32"
    assert len(content["graphs"]) == 2
    files = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    weights = {name: size for name, size in files.items() if name.startswith("weights-")}
    assert sum(weights.values()) == 2 * numbers, "each once"
    assert sum(files.values()) < 2.65e6
    assert {f"weights-{each.split(':')[0]}.bin": int(each.split(":")[1]) for each in said.split()} == weights


def test_figures_share_weights_whichever_way_round(built, tmp_path):
    first, second = rounded(2, 96, 128)

    @explore(x=Slider(0, 1, value=0.5))
    def one(x):
        """Multiplied by one matrix as it is, and by the other turned, as a linear layer does."""
        return {"y": Bars(((x + torch.arange(128.0)) @ first.T @ second)[:8])}

    @explore(row=Length(1, 96, value=3))
    def other(row):
        """Rows and columns are looked up."""
        return {"rows": Heatmap(first[row] + second[row]), "columns": Number(first.T[row].sum())}

    (_, said), (_, also) = built(one), built(other)
    assert said
    assert set(also.split()) == set(said.split())
    assert len(list(tmp_path.glob("weights-*"))) == 2


def graph_of(*arrays):
    """A graph that gives its constants back."""
    helper = onnx.helper
    constants = [onnx.numpy_helper.from_array(x, f"x{i}") for i, x in enumerate(arrays)]
    nodes = [helper.make_node("Identity", [f"x{i}"], [f"y{i}"]) for i in range(len(arrays))]
    outputs = [
        helper.make_tensor_value_info(f"y{i}", constant.data_type, x.shape)
        for i, (x, constant) in enumerate(zip(arrays, constants, strict=True))
    ]
    opset = helper.make_opsetid("", 18)
    graph = helper.make_graph(nodes, "constants", [], outputs, constants)
    return helper.make_model(graph, opset_imports=[opset], ir_version=9).SerializeToString()


def every_half():
    every = np.arange(2**16, dtype="<u2").view("<f2")
    return every[~np.isnan(every)].astype("f4")


def test_every_number_of_16_bits_comes_back():
    every = every_half()
    matrix = every[: 2 * MANY].reshape(64, -1)
    graph = graph_of(every, matrix, matrix.T.copy(), matrix[:2])
    apart = taken_out(graph)
    assert len(apart.files) == 3
    assert len(apart.paths) == 4
    for got, wanted in zip(session(graph).run(None, {}), (every, matrix, matrix.T, matrix[:2]), strict=True):
        assert got.tobytes() == np.ascontiguousarray(wanted).tobytes(), "minus zero and infinity too"


@pytest.mark.parametrize(
    "left",
    [
        [np.ones(LARGE - 1, "f4")] * 20,  # many small ones
        [np.full(MANY, 0.1, "f4")],  # of 24 bits
        [np.full(MANY, 70_000, "f4")],  # too large for 16
        [np.full(MANY, np.nan, "f4")],
        [np.ones(MANY, "i8")],
    ],
    ids=["small", "precise", "large", "nan", "whole"],
)
def test_what_stays_in_the_graph(left):
    graph = graph_of(*left)
    assert taken_out(graph).graph == graph
    assert not taken_out(graph).files
    assert (
        taken_out(graph_of(*left, every_half())).files.keys()
        == taken_out(graph_of(every_half())).files.keys()
    )


def test_few_numbers_stay_in_the_graph():
    graph = graph_of(np.ones(MANY - 1, "f4"))
    assert taken_out(graph).graph == graph
    assert len(taken_out(graph_of(np.ones(MANY, "f4"))).files) == 1


def test_the_graph_itself_is_checked_with_its_weights(monkeypatch):
    """A fault in the way of the weights is a fault of the graph."""
    monkeypatch.setattr("transformer_lite.explore.weights.LARGE", 10**9)
    assert export(layers(4, 96).frames())
    monkeypatch.undo()
    widened = "transformer_lite.explore.weights._widened"
    monkeypatch.setattr(widened, lambda path, files: bytes(2 * len(files[path.partition("/")[0]])))
    with pytest.raises(ValueError, match="does not follow PyTorch"):
        export(layers(4, 96).frames())


def test_kept_graphs_keep_their_weights(built, tmp_path, monkeypatch):
    monkeypatch.setenv(kept.FOLDER, str(tmp_path / "kept"))
    first = built(layers(4, 96))
    weights = {path.name: path.read_bytes() for path in tmp_path.glob("weights-*")}
    for path in tmp_path.glob("*.*"):
        path.unlink()
    monkeypatch.setattr(exporter, "_to_onnx", None)  # nothing may be exported again
    assert built(layers(4, 96)) == first
    assert {path.name: path.read_bytes() for path in tmp_path.glob("weights-*")} == weights
    assert weights


def test_the_page_widens_as_numpy_does(node):
    every = np.arange(2**16, dtype="<u2")
    numbers = node(
        """const { widened } = await front("engine/halves.mjs");
        const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
        const base64 = (bytes) => Buffer.from(bytes).toString("base64");
        return [base64(widened(bytes)), base64(widened(bytes, 1024))];""",
        b64encode(every.tobytes()).decode(),
    )
    plain, turned = (np.frombuffer(b64decode(x), "<f4") for x in numbers)
    wanted = every.view("<f2").astype("f4")
    np.testing.assert_array_equal(plain, wanted)
    np.testing.assert_array_equal(turned.reshape(1024, 64), wanted.reshape(64, 1024).T)


def test_graphs_are_optimised_when_they_are_built(monkeypatch):
    """Fewer nodes are left to a browser that optimises nothing, and no number is stored a second time."""
    packed = rounded(96, 96)

    @explore(row=Length(1, 96, value=4))
    def scores(row):
        """Scores of packed queries and keys."""
        x = packed[row]  # (n, 96)
        return {"scores": Heatmap((x @ packed[:48].T) @ (x @ packed[48:].T).T / 4)}

    (optimised,) = export(scores.frames()).values()
    monkeypatch.setattr(exporter, "_optimised", bytes)
    (plain,) = export(scores.frames()).values()
    nodes = [onnx.load_from_string(graph).graph.node for graph in (plain, optimised)]
    assert len(nodes[1]) < len(nodes[0])
    assert {node.domain for node in nodes[1]} == {"", "com.microsoft"}
    assert len(optimised) < len(plain) < 4 * packed.numel() * 1.5
    onnxruntime.InferenceSession(optimised)
