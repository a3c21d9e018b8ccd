"""How a figure looks is folded: a reader meets the mathematics, and unfolds the controls and looks if curious.

The decorator `@explore(…)` of a cell stands between the lines before it and its function, under one line that says
what it is and how long.
"""

import ast
from html import escape

from docutils import nodes

# A shorter one is read faster than it is unfolded.
LEAST = 4


def decorators(source: str) -> list[tuple[int, int]]:
    """The first and the last line, from 1, of each `@explore(…)` that is long enough to fold."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a line for the shell, which no figure needs
        return []
    found = []
    for statement in statements:
        for decorator in getattr(statement, "decorator_list", []):
            called = decorator.func if isinstance(decorator, ast.Call) else None
            if isinstance(called, ast.Name) and called.id == "explore":
                first, last = decorator.lineno, decorator.end_lineno
                if last - first + 1 >= LEAST:
                    found.append((first, last))
    return found


def fold(app, doctree):
    """Splits the code of cells at their figures' decorators."""
    for container in doctree.findall(nodes.container):
        if "cell_input" not in container["classes"]:
            continue
        for block in list(container.findall(nodes.literal_block)):
            source = block.astext()
            parts = pieces(source)
            if len(parts) > 1:
                block.parent.replace(block, [node for part in parts for node in written(block, *part)])


def pieces(source: str) -> list[tuple[str, bool]]:
    """The source in parts, each with whether it is folded."""
    lines, parts, after = source.split("\n"), [], 0
    for first, last in decorators(source):
        parts += [(lines[after : first - 1], False), (lines[first - 1 : last], True)]
        after = last
    parts.append((lines[after:], False))
    texts = [("\n".join(part).strip("\n"), folded) for part, folded in parts]
    return [(text, folded) for text, folded in texts if text]


def written(block, text: str, folded: bool) -> list[nodes.Node]:
    copy = block.copy()  # its language, and what else it carries
    copy.rawsource = text
    copy += nodes.Text(text)
    if not folded:
        return [copy]
    said = escape(f"Controls and looks, {text.count(chr(10)) + 1} lines")
    start = f'<details class="looks"><summary>{said}</summary>'
    return [nodes.raw("", start, format="html"), copy, nodes.raw("", "</details>", format="html")]


def setup(app):
    app.connect("doctree-read", fold)
