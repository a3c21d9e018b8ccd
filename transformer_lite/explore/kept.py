"""Graphs kept from one build to the next, each under a hash of everything that it is made of."""

import contextlib
import hashlib
import os
import time
from pathlib import Path

# Set by the site's build, and for the workbench of its tests, to the folder that keeps them.
FOLDER = "TRANSFORMER_LITE_GRAPHS"
# A graph that nothing has asked for in so many days is removed.
DAYS = 30


def read(name: str) -> bytes | None:
    """The graph of this name, or None if there is none, or if it is damaged."""
    if FOLDER not in os.environ:
        return None
    path = Path(os.environ[FOLDER]) / name
    try:
        stored = path.read_bytes()
        os.utime(path)
    except FileNotFoundError:
        return None
    digest, graph = stored[:32], stored[32:]
    return graph if hashlib.sha256(graph).digest() == digest else None


def write(name: str, graph: bytes) -> None:
    """Keep a graph; several processes may keep the same one at once."""
    if FOLDER not in os.environ:
        return
    folder = Path(os.environ[FOLDER])
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{name}.{os.getpid()}"
    unfinished.write_bytes(hashlib.sha256(graph).digest() + graph)
    unfinished.replace(folder / name)


def prune(folder: Path) -> None:
    """Remove what has not been used lately."""
    for path in folder.glob("*"):
        with contextlib.suppress(FileNotFoundError):  # another process has just finished it
            if path.stat().st_mtime < time.time() - DAYS * 86400:
                path.unlink()
