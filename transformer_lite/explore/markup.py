"""Pieces of HTML that figures and exercises share."""

# ruff: noqa: E501 - markup reads best with an element a line

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from .text import say

# Names that the code, the charts and the messages say as well: a browser that translates the page leaves them alone.
# What an exercise offers is prose, and is translated like its question.
UNTRANSLATED = ' translate="no"'


def chips(items: Sequence[str], shown: Sequence[str], labelled_by: str, attributes: str = "") -> str:
    """Items in a row, to be dragged into another order."""
    buttons = "".join(
        f'<button type="button" class="tl-chip" aria-label="{escape(say("chip", item=item, place=at + 1, count=len(items)))}">{escape(item)}</button>'
        for at, item in enumerate(shown)
    )
    return f"""<span class="tl-chips" role="group" aria-labelledby="{labelled_by}" title="{escape(say("chip-help"))}"{attributes}>{buttons}</span>"""


def options(
    name: str, texts: Sequence[str], chosen: int | None, labelled_by: str, attributes: str = ""
) -> str:
    """Texts of which one may be chosen."""
    labels = "".join(
        f'<label><input type="radio" name="{name}" value="{i}"{" checked" if i == chosen else ""}> {escape(text)}</label>'
        for i, text in enumerate(texts)
    )
    return f'<span role="radiogroup" aria-labelledby="{labelled_by}" class="tl-options"{attributes}>{labels}</span>'


def paragraphs(text: str) -> str:
    """Text whose paragraphs are apart by an empty line."""
    return "".join(f"<p>{escape(' '.join(part.split()))}</p>" for part in text.split("\n\n"))


def data(content: Any) -> str:
    """JSON that may stand inside a `<script>`."""
    return as_json(content).replace("<", "\\u003c")


def as_json(content: Any) -> str:
    """JSON without spaces."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
