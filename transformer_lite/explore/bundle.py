"""The front end as one ES module, one style sheet, and the website's entry.

The modules under `front/` are joined in the order of their imports, with no other tool, so that installing the
package from its source needs no JavaScript build. They import only each other, by name (`import { a, b } from
"./folder/file.mjs"`), in no circle, and every top-level name is used once. What they know from Python, the catalogue
and the palette, is a module as well, `data.mjs`, made here.
"""

import json
import posixpath
import re
from functools import cache
from importlib.resources import files

from . import palette
from .text import catalogue

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]+)";\n', re.MULTILINE)


def data() -> str:
    """The module `data.mjs`: every sentence and every colour."""
    text, alphabet = json.dumps(catalogue(), ensure_ascii=False), json.dumps(palette.as_json())
    return f"export const TEXT = {text};\nexport const PALETTE = {alphabet};\n"


def _read(name: str) -> str:
    return data() if name == "data.mjs" else (files(__package__) / "front" / name).read_text(encoding="utf-8")


def _ordered(name: str, order: list[str]) -> list[str]:
    """`name` after everything it imports."""
    for path in _IMPORT.findall(_read(name)):
        imported = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        if imported not in order:
            _ordered(imported, order)
    order.append(name)
    return order


@cache
def script() -> str:
    """The bundle: `export { bringToLife, onnxEngine }` for the website, `export default` for anywidget."""
    *modules, main = _ordered("main.mjs", [])
    parts = [re.sub(r"^export ", "", _IMPORT.sub("", _read(name)), flags=re.MULTILINE) for name in modules]
    return "\n".join([*parts, _IMPORT.sub("", _read(main))])


@cache
def style() -> str:
    """The style sheet, with the palette's colours as variables."""
    return palette.as_css() + _read("explore.css")


def site() -> str:
    """The website's entry module; it stands beside `explore.mjs`."""
    return _read("site.mjs")
