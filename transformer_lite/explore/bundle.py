"""The front end as one ES module, one style sheet, and the website's entry.

The modules under `front/` are joined in the order of their imports, with no other tool, so that installing the
package from its source needs no JavaScript build. They import only each other, by name (`import { a, b } from
"./file.mjs"`), and every top-level name is used once.
"""

import json
import re
from functools import cache
from importlib.resources import files

from . import palette
from .text import catalogue

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.mjs)";\n', re.MULTILINE)


def _read(name: str) -> str:
    return (files(__package__) / "front" / name).read_text(encoding="utf-8")


def _ordered(name: str, order: list[str]) -> list[str]:
    """`name` after everything it imports."""
    for imported in _IMPORT.findall(_read(name)):
        if imported not in order:
            _ordered(imported, order)
    if name not in order:
        order.append(name)
    return order


@cache
def script() -> str:
    """The bundle: `export { bringToLife, onnxEngine }` for the website, `export default` for anywidget."""
    alphabet = palette.as_json() | {"dark_marks": palette.DARK_MARKS}
    parts = [
        f"const TEXT = {json.dumps(catalogue(), ensure_ascii=False)};",
        f"const PALETTE = {json.dumps(alphabet)};",
    ]
    *modules, main = _ordered("main.mjs", [])
    parts += [re.sub(r"^export ", "", _IMPORT.sub("", _read(name)), flags=re.MULTILINE) for name in modules]
    return "\n".join([*parts, _IMPORT.sub("", _read(main))])


@cache
def style() -> str:
    """The style sheet, with the palette's colours as variables."""
    return palette.as_css() + _read("explore.css")


def site() -> str:
    """The website's entry module; it stands beside `explore.mjs`."""
    return _read("site.mjs")
