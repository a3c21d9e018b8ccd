"""The files beside a page of the website: the graphs and the trace of each figure, and the weights that it uses."""

import hashlib
import os
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from . import host, weights
from .figure import Frames
from .graph import export
from .markup import as_json
from .trace import as_json as trace_as_json
from .trace import packed, trace


def mimebundle(frames: Frames, markup: Callable[..., str]) -> dict[str, str]:
    """What a cell of the website shows: `markup`, given the name of the files that this writes, their bytes, and the
    names of the weights with theirs.
    """
    figure = frames.figure
    cases = trace(frames)
    graphs = export(frames, cases)
    # The first variant with this graph: those that share it are stored, and started in the browser, once.
    first = {graph: key for key, graph in reversed(graphs.items())}
    apart = {key: weights.taken_out(graph) for graph, key in first.items()}
    halves = {name: half for each in apart.values() for name, half in each.files.items()}
    content = figure.describe() | {
        "graphs": {key: b64encode(each.graph).decode() for key, each in apart.items()},
        "weights": sorted({path for each in apart.values() for path in each.paths}),
        "variants": {key: first[graph] for key, graph in graphs.items()},
        "views": {key: shown.described for key, shown in frames.variants().items()},
    }
    if figure.memory:
        content["start"] = packed(figure.controls[figure.memory].encode(0))
    data, record = as_json(content), as_json(trace_as_json(figure, cases))
    source = f"{figure.name}-{hashlib.sha256((data + record).encode()).hexdigest()[:10]}"
    folder = Path(os.environ[host.SITE])
    folder.mkdir(parents=True, exist_ok=True)
    own = {f"{source}.json": data.encode(), f"{source}.trace.json": record.encode()}
    for name, written in (own | {f"weights-{name}.bin": half for name, half in halves.items()}).items():
        (folder / name).write_bytes(written)
    sizes = " ".join(str(len(written)) for written in own.values())
    heavy = " ".join(f"{name}:{len(half)}" for name, half in sorted(halves.items()))
    return {"text/html": markup(source, sizes, heavy), "text/plain": f"<figure {figure.name}>"}
