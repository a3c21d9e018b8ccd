"""Cells of a notebook, run in a process that is no notebook, and notebooks made of cells."""

import json
import linecache
from itertools import count
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]

numbers = count()


def run(*cells, **names):
    """The names after running the cells, one after another, as a notebook's kernel would have them."""
    names = {"__name__": "__main__", **names}
    for source in map(dedent, cells):
        file = f"<cell {next(numbers)}>"
        linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
        exec(compile(source, file, "exec"), names)
    return names


def write(path, *cells):
    """A notebook with these code cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": dedent(source),
        }
        for number, source in enumerate(cells)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")
