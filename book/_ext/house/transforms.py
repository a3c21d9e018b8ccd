"""The directive `transforms` shows the table of `book/transforms.json`: what works, what is refused, what is not asked.

A cell is a sign; where it does not say that all is well, a number beside it leads to a sentence below the table.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

FILE = "book/transforms.json"
SIGNS = {"refused": "✗", "not asked": "–"}
HEADINGS = {"refused": "What is refused", "not asked": "What is not asked, and why"}


def numbered(table: dict[str, dict[str, str]]) -> dict[str, int]:
    """Every cell that says more than that all is well, by its number: first what is refused, then what is not asked."""
    said = dict.fromkeys(cell for row in table.values() for cell in row.values() if ": " in cell)
    in_order = sorted(said, key=lambda cell: [*SIGNS].index(cell.partition(": ")[0]))
    return {cell: number for number, cell in enumerate(in_order, start=1)}


def sign(cell: str, numbers: dict[str, int]) -> str:
    """A cell as it is shown."""
    return f"{SIGNS[cell.partition(': ')[0]]}\u00a0{numbers[cell]}" if cell in numbers else "✓"


class Transforms(SphinxDirective):
    def run(self):
        path = Path(self.env.srcdir) / FILE
        self.env.note_dependency(str(path))
        table = json.loads(path.read_text(encoding="utf-8"))
        numbers = numbered(table)
        return [self.drawn(table, numbers), *(part for kind in SIGNS for part in listed(kind, numbers))]

    def drawn(self, table, numbers):
        columns = [*next(iter(table.values()))]
        group = nodes.tgroup(
            "", *(nodes.colspec(colwidth=1) for _ in range(1 + len(columns))), cols=1 + len(columns)
        )
        rows = [
            entries(self.called(name), *(nodes.Text(sign(cell, numbers)) for cell in row.values()))
            for name, row in table.items()
        ]
        group += [
            nodes.thead("", entries(nodes.Text("call"), *map(nodes.Text, columns))),
            nodes.tbody("", *rows),
        ]
        return nodes.table("", group, classes=["transforms"])

    def called(self, name):
        """The name, which leads to its own page, and what tells this call of it from others."""
        public, _, more = name.partition(",")
        link = addnodes.pending_xref(
            "",
            nodes.literal(public, public),
            refdomain="py",
            reftype="obj",
            reftarget=f"transformer_lite.{public}",
            refdoc=self.env.docname,
        )
        return nodes.inline("", "", link, nodes.Text(more))


def entries(*contents):
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", content)) for content in contents))


def listed(kind, numbers):
    """The sentences of one kind, below a heading."""
    cells = {cell: number for cell, number in numbers.items() if cell.startswith(kind)}
    if not cells:
        return []
    items = (nodes.list_item("", nodes.paragraph("", cell.partition(": ")[2])) for cell in cells)
    first = min(cells.values())
    return [
        nodes.rubric("", HEADINGS[kind]),
        nodes.enumerated_list("", *items, enumtype="arabic", prefix="", suffix=".", start=first),
    ]


def setup(app):
    app.add_directive("transforms", Transforms)
