"""Store notebooks the same way every time: no outputs, stable cell ids, no metadata of the machine that ran them.

`python tools/normalise_notebooks.py [--check] [NOTEBOOK…]`, by default every notebook of the book. With `--check`
nothing is written: notebooks that are not normal are named, and the exit status is 1.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
# What a cell may say about itself: how the website shows it, and nothing else.
CELL_METADATA = {"tags", "mystnb", "slideshow"}


def cell_id(source: str, taken: set[str]) -> str:
    """An id from the cell's text; cells that repeat a text are told apart by a number."""
    stem = hashlib.sha256(source.encode()).hexdigest()[:8]
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}-{number}", number + 1
    return name


def normal_cell(cell: dict, taken: set[str]) -> dict:
    """The cell as it is stored; `taken` holds the ids of other cells, and gains this one's."""
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    identity = cell.get("id", "")
    if not identity or identity in taken:
        identity = cell_id(source, taken)
    taken.add(identity)
    normal = {
        "cell_type": cell["cell_type"],
        "id": identity,
        "metadata": {key: cell["metadata"][key] for key in sorted(CELL_METADATA & cell["metadata"].keys())},
        "source": source.splitlines(keepends=True),
    }
    if cell["cell_type"] == "code":
        normal |= {"execution_count": None, "outputs": []}
    elif "attachments" in cell:
        normal["attachments"] = cell["attachments"]
    return dict(sorted(normal.items()))


def normalise(text: str) -> str:
    """The stored form of a notebook's text; normalising it again changes nothing."""
    notebook = json.loads(text)
    if notebook.get("nbformat") != 4:
        raise ValueError(
            f"notebook format {notebook.get('nbformat')} is not supported; save the notebook as format 4"
        )
    taken: set[str] = set()
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    if "mystnb" in notebook["metadata"]:
        metadata["mystnb"] = notebook["metadata"]["mystnb"]
    normal = {
        "cells": [normal_cell(cell, taken) for cell in notebook["cells"]],
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(normal, indent=1, ensure_ascii=False) + "\n"


def book() -> list[Path]:
    """Every notebook of the book."""
    return [p for p in sorted((ROOT / "book").rglob("*.ipynb")) if ".ipynb_checkpoints" not in p.parts]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing; name what is not normal")
    args = parser.parse_args()
    changed = []
    for path in args.notebooks or book():
        before = path.read_text(encoding="utf-8")
        after = normalise(before)
        if after != before:
            changed.append(path)
            if not args.check:
                path.write_text(after, encoding="utf-8")
    for path in changed:
        print(f"{path}: {'is not' if args.check else 'was not'} in its stored form")
    if changed and args.check:
        print("`make notebooks` rewrites them: no outputs, stable ids, no metadata of one machine.")
    return 1 if changed and args.check else 0


if __name__ == "__main__":
    sys.exit(main())
