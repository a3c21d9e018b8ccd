"""Which verdicts of a chapter change on other seeds.

The chapter is run twice, as it is recorded and with `SEED_BASE`, and what it prints and shows in tables is compared: at
each place, the words that `verdict` gives and those that chapters make of them (*grows* for *better* and the like).

A third of the seeds makes intervals wider. A verdict that is no longer resolved is therefore a weak sign, and one that
turns round a strong one: they are told apart.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import zip_longest
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from transformer_lite.explore.host import SITE
from transformer_lite.study.intervals import NOT_RESOLVED

WORDS = re.compile(rf"\b({NOT_RESOLVED}|better|worse|more|less|grows|falls|rises)\b")
NUMBER = re.compile(r"[-−+]?\d[\d.,]*")
NOTHING = "nothing"  # a column that only some results have
UNSURE = NOT_RESOLVED, NOTHING
KINDS = TURNED, LOST, FOUND = "turned round", "no longer resolved", "resolved only now"


@dataclass(frozen=True)
class Place:
    """Where a chapter says something: in which cell, about what (numbers left out), and which of several alike."""

    cell: int
    alike: str
    count: int
    about: str = field(compare=False)


def tell(chapter: str, notebook: Path, base: int) -> bool:
    """Prints the verdicts of a chapter that change on the seeds from `base` on; whether the chapter could be run."""
    try:
        before, after = (words(run(notebook, seeds)) for seeds in ("", str(base)))
    except CellExecutionError as reason:
        print(f"{chapter} could not be run: {reason.ename}: {reason.evalue}", file=sys.stderr)
        return False
    found = changes(before, after)
    print(f"{chapter}: {sum(map(len, before.values()))} verdicts, {len(found)} changed")
    for kind in KINDS:
        for place, old, new in (change[1:] for change in found if change[0] == kind):
            print(f"  {kind}: {place}: {old} → {new}")
    return True


def run(notebook: Path, seeds: str) -> list[list[dict]]:
    """The outputs of each cell of a notebook, run from the first to the last with this `SEED_BASE`, and for no site."""
    cells = nbformat.read(notebook, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            cells,
            timeout=None,
            kernel_name="python3",
            coalesce_streams=True,  # or what a cell prints would come in pieces, of any size
            resources={"metadata": {"path": folder}},
        )
        client.execute(env=os.environ | {"SEED_BASE": seeds, SITE: ""}, stderr=subprocess.DEVNULL)
    return [cell.get("outputs", []) for cell in cells.cells]


def words(cells: list[list[dict]]) -> dict[Place, list[str]]:
    """The words of verdicts in the outputs of a chapter's cells, where there are any."""
    found, seen = {}, Counter()
    for number, outputs in enumerate(cells):
        for about, text in (pair for output in outputs for pair in pairs(output)):
            about = WORDS.sub("…", about)
            alike = number, NUMBER.sub("#", about)  # numbers differ from seed to seed
            if said := WORDS.findall(text):
                found[Place(*alike, seen[alike], about)] = said
            seen[alike] += 1
    return found


def changes(before: dict[Place, list[str]], after: dict[Place, list[str]]) -> list[tuple[str, str, str, str]]:
    """Of each word that has changed: the kind of change, the place, and the word before and after."""
    found = []
    for place in dict.fromkeys([*before, *after]):
        said = [*zip_longest(before.get(place, ()), after.get(place, ()), fillvalue=NOTHING)]
        for number, (old, new) in enumerate(said, 1):
            if old != new:
                kind = LOST if new in UNSURE else FOUND if old in UNSURE else TURNED
                which = f" (word {number})" if len(said) > 1 else ""
                found.append((kind, place.about + which, old, new))
    return found


def pairs(output: dict) -> Iterator[tuple[str, str]]:
    """The lines that an output prints, and the cells of its tables: what each is about, and its text."""
    data = output.get("data", {})
    if "tl-results" in (html := "".join(data.get("text/html", ""))):
        (_, *columns), *rows = table(html)
        for row, *cells in rows:
            yield from zip((f"{row}, {column}" for column in columns), cells, strict=True)
    else:
        yield from lines("".join(output.get("text", data.get("text/plain", ""))))


def table(html: str) -> list[list[str]]:
    """The rows of a table of `transformer_lite.study`, the heading first."""
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    return [[unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


def lines(text: str) -> Iterator[tuple[str, str]]:
    """Each line, and the same after the line above under which it is indented."""
    above = ""
    for line in text.splitlines():
        if line.startswith(" "):
            yield f"{above}: {line.strip()}", line
        else:
            above = line.rstrip(":")
            yield line, line
