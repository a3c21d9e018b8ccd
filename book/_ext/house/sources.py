"""The role `src` leads from a formula to the lines that implement it.

`` {src}`transformer_lite.attention.attention` `` becomes a link to this name on the page of the module's source. A name
that the package does not have is a warning, and so fails the build.
"""

import ast
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

logger = logging.getLogger(__name__)


@cache
def defined(source: str) -> set[str]:
    """The functions and classes of a module, and the methods of its classes, as `Class.method`."""
    names = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{part.name}" for part in node.body if isinstance(part, ast.FunctionDef)}
    return names


class Source(SphinxRole):
    def run(self):
        package, _, rest = self.text.partition(".")
        module, _, name = rest.partition(".")
        path = Path(self.env.srcdir) / package / f"{module}.py"
        if not path.is_file() or name not in defined(path.read_text(encoding="utf-8")):
            logger.warning("there is no %s to link to", self.text, location=self.get_location(), type="src")
            return [nodes.literal(self.text, self.text)], []
        self.env.note_dependency(str(path))
        page = self.env.app.builder.get_relative_uri(self.env.docname, f"_modules/{package}/{module}")
        link = nodes.reference("", "", internal=True, refuri=f"{page}#{name}")
        link += nodes.literal(name, name)
        return [link], []


def setup(app):
    app.add_role("src", Source())
