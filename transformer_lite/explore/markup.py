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


def typed(id_: str, label: str, described_by: str) -> str:
    """A field for a number."""
    return f"""<label for="{id_}">{escape(label)}</label>
<input type="text" autocomplete="off" id="{id_}" aria-describedby="{described_by}">"""


def select(texts: Sequence[str], chosen: int, attributes: str = "") -> str:
    """Names of which one is chosen; their values are their indices."""
    options = "".join(
        f'<option value="{i}"{" selected" if i == chosen else ""}>{escape(text)}</option>'
        for i, text in enumerate(texts)
    )
    return f"<select{attributes}{UNTRANSLATED}>{options}</select>"


def waiting(id_: str) -> str:
    """Where the front end tells of a wait: what loads, how much of it has come, and a button to ask for it again."""
    return f"""<div class="tl-waiting"><span role="status" id="{id_}"></span> <span class="tl-amount"></span> <button type="button" class="tl-again" hidden>{escape(say("try-again"))}</button></div>"""


def asleep() -> str:
    """What to do where the page's script does not run, though scripts are allowed; the script takes it away.

    Shown some seconds late, so that nobody sees it come and go.
    """
    return f'<p class="tl-asleep">{escape(say("asleep"))}</p>'


def without_javascript(*messages: str) -> str:
    """What is said where scripts are switched off, in place of `asleep`; nothing is asked there, and nothing covered."""
    said = "".join(f'<p class="tl-message">{escape(message)}</p>' for message in messages)
    instead = ".tl-asleep, .tl-predict, .tl-covered::after { display: none !important } .tl-covered > * { visibility: visible !important }"
    return f"<noscript><style>{instead}</style>{said}</noscript>"


def opened_as_file() -> str:
    """For the top of a page, hidden: what to do where a browser has opened it as a file, which a script finds out."""
    return f'<p class="house-file" role="note" hidden>{escape(say("opened-as-file"))}</p>'


def paragraphs(text: str) -> str:
    """Text whose paragraphs are apart by an empty line."""
    return "".join(f"<p>{escape(' '.join(part.split()))}</p>" for part in text.split("\n\n"))


def data(content: Any) -> str:
    """JSON that may stand inside a `<script>`."""
    return as_json(content).replace("<", "\\u003c")


def as_json(content: Any) -> str:
    """JSON without spaces."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
