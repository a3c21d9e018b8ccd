"""The files beside a page of the website: the graphs and the trace of each figure."""

import hashlib
import os
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from . import host
from .figure import Frames
from .graph import export
from .markup import as_json
from .trace import as_json as trace_as_json
from .trace import packed, trace


def mimebundle(frames: Frames, markup: Callable[[str, str], str]) -> dict[str, str]:
    """What a cell of the website shows: `markup`, given the name of the files that this writes, and their bytes."""
    figure = frames.figure
    cases = trace(frames)
    graphs = export(frames, cases)
    # The first variant with this graph: those that share it are stored, and started in the browser, once.
    first = {graph: key for key, graph in reversed(graphs.items())}
    content = figure.describe() | {
        "graphs": {key: b64encode(graph).decode() for graph, key in first.items()},
        "variants": {key: first[graph] for key, graph in graphs.items()},
        "views": {key: shown.described for key, shown in frames.variants().items()},
    }
    if figure.memory:
        content["start"] = packed(figure.controls[figure.memory].encode(0))
    data, record = as_json(content), as_json(trace_as_json(figure, cases))
    source = f"{figure.name}-{hashlib.sha256((data + record).encode()).hexdigest()[:10]}"
    folder = Path(os.environ[host.SITE])
    folder.mkdir(parents=True, exist_ok=True)
    files = {f"{source}.json": data.encode(), f"{source}.trace.json": record.encode()}
    for name, written in files.items():
        (folder / name).write_bytes(written)
    sizes = " ".join(str(len(written)) for written in files.values())
    return {"text/html": markup(source, sizes), "text/plain": f"<figure {figure.name}>"}
