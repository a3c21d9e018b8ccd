"""The built website, which many tests read: its pages, the files of its figures, the chapters as they ran for it."""

import functools
import json
import os
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import nbformat
import numpy as np
import pytest
from jupyter_cache import get_cache

ROOT = Path(__file__).resolve().parents[1]


@functools.cache
def built_site() -> Path:
    """The website's folder, built first unless it is up to date; `$SITE` names another copy to test."""
    if "SITE" in os.environ:
        return Path(os.environ["SITE"]).resolve()
    done = subprocess.run(
        [sys.executable, ROOT / "tools/site.py"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise pytest.UsageError(f"the website could not be built:\n{done.stdout[-5000:]}")
    return ROOT / "_build/html"


@functools.cache
def built_pages() -> tuple[str, ...]:
    """Every page of the built website, by its address under the website's own; none where `$SITE` is `none`."""
    if os.environ.get("SITE") == "none":
        return ()
    site = built_site()
    return tuple(
        sorted(
            str(path.relative_to(site))
            for path in site.rglob("*.html")
            if "_static" not in path.parts and "_sources" not in path.parts
        )
    )


@functools.cache
def live_pages() -> tuple[str, ...]:
    """The built pages that show a figure."""
    return tuple(page for page in built_pages() if 'class="explorable"' in markup(page))


@functools.cache
def markup(page: str) -> str:
    """A built page as it is sent."""
    return (built_site() / page).read_text(encoding="utf-8")


def trace(static: Path, source: str) -> list[dict]:
    """The recorded cases of the figure or exercise whose files are called `source`, outputs as arrays.

    With memory, also the state that each begins with, and a part of the numbers of the next.
    """
    figure, stored = (
        json.loads((static / f"figures/{source}{suffix}").read_text(encoding="utf-8"))
        for suffix in (".json", ".trace.json")
    )
    tensors = [unpacked(tensor) for tensor in stored["tensors"]]
    start = {part: unpacked(tensor) for part, tensor in figure.get("start", {}).items()}
    found = []
    for case in stored["cases"]:
        one = {"outputs": case["outputs"], "next": case.get("next", {})}
        one = {of: {name: tensors[place] for name, place in places.items()} for of, places in one.items()}
        if stored["memory"]:
            begin = stored["states"].get(str(case["values"][stored["memory"]]))
            one["state"] = {part: tensors[place] for part, place in begin.items()} if begin else start
        found.append({"values": case["values"]} | one)
    return found


def unpacked(tensor: dict) -> np.ndarray:
    """The numbers of a tensor as figures' files store it."""
    kind = {"float32": "<f4", "int64": "<i8"}[tensor.get("type", "float32")]
    numbers = np.frombuffer(b64decode(tensor["data"]), dtype=kind)
    return numbers if "every" in tensor else numbers.reshape(tensor["shape"])


@functools.cache
def built_notebook(path: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs that its cells had when the website was built."""
    [package] = (built_site().parent / "chapters").iterdir()  # named after the package's content
    cache = get_cache(str(package / "notebooks"))
    return cache.merge_match_into_notebook(nbformat.read(path, as_version=4))[1]
