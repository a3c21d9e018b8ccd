"""Tables that read well on the page, in a notebook, and as plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from torch import Tensor


class Table:
    """Rows of cells by name. A cell is a text, a number, or a mean with its interval; what is missing is shown as –.

    Args:
        cells: by row, then by column.
        corner: what the rows are.
        spec: the format of each number: `.2f`, `.0%`, `,`.
        note: a sentence below, such as how it was measured.
    """

    def __init__(
        self,
        cells: Mapping[str, Mapping[str, Any]],
        *,
        corner: str = "",
        spec: str = ".3g",
        note: str = "",
    ) -> None:
        # In the order in which columns first appear.
        self.columns = [*dict.fromkeys(column for row in cells.values() for column in row)]
        self.rows = {
            name: [_shown(row[column], spec) if column in row else "–" for column in self.columns]
            for name, row in cells.items()
        }
        self.corner, self.note = corner, note

    @classmethod
    def of(cls, matrix: Tensor, rows: Sequence[str], columns: Sequence[str], **options: Any) -> Table:
        """The numbers of a matrix, (rows, columns), each under its names; `options` as for a table."""
        lines = zip(rows, matrix.tolist(), strict=True)
        return cls({row: dict(zip(columns, line, strict=True)) for row, line in lines}, **options)

    def __str__(self) -> str:
        lines = [[self.corner, *self.columns], *([name, *row] for name, row in self.rows.items())]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [
            "  ".join([first.ljust(widths[0]), *map(str.rjust, rest, widths[1:])]).rstrip()
            for first, *rest in lines
        ]
        return "\n".join([*text, self.note] if self.note else text)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Without colours: those of the page, light or dark, are right."""
        # An empty heading would be one to a screen reader.
        head = "".join(
            f'<th scope="col">{escape(name)}</th>' if name else "<td></td>"
            for name in [self.corner, *self.columns]
        )
        rows = "".join(
            f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row)}</tr>'
            for name, row in self.rows.items()
        )
        caption = f"<caption>{escape(self.note)}</caption>" if self.note else ""
        return f'<table class="table tl-results">{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _shown(cell: Any, spec: str) -> str:
    return cell if isinstance(cell, str) else format(cell.item() if isinstance(cell, Tensor) else cell, spec)
