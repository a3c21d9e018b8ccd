"""The experiments of a notebook, without running the rest of it.

Of a chapter's cells only those statements are run that an experiment needs: its function, what gives its names their
values up to the place where its record is first read, and what these need in turn. Nothing is shown or trained.
"""

import ast
import json
import linecache
import re
from dataclasses import dataclass
from pathlib import Path

import torch

from transformer_lite.study.fingerprint import names_used

NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass
class Statement:
    """A statement of a cell, and the names that it gives a value or uses."""

    node: ast.stmt
    file: str
    binds: set[str]
    uses: set[str]

    @property
    def measured(self) -> bool:
        decorators = getattr(self.node, "decorator_list", ())
        return any(isinstance(d, ast.Call) and ast.unparse(d.func).endswith("measured") for d in decorators)

    def reads_record_of(self, name: str) -> bool:
        return any(
            isinstance(node, ast.Attribute) and node.attr == "record" and ast.unparse(node.value) == name
            for node in ast.walk(self.node)
        )


def experiments(notebook: Path, chapter: str) -> dict:
    """The measured functions of a notebook, by name.

    Raises:
        ValueError: if a function names another chapter, or needs a value that is drawn from PyTorch's own random
            numbers: what these give depends on statements that are not run here.
    """
    statements = read(notebook, chapter)
    found = {}
    for place, statement in enumerate(statements):
        if not statement.measured:
            continue
        name = statement.node.name
        ends = (i for i, s in enumerate(statements) if i > place and s.reads_record_of(name))
        found[name] = run(needed(statements[: next(ends, len(statements))], statement), name)
        if found[name].chapter != chapter:
            raise ValueError(f"{name} stands in the chapter {chapter}, but says {found[name].chapter!r}.")
    return found


def read(notebook: Path, chapter: str) -> list[Statement]:
    """The statements of all code cells, in their order."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    statements, imported = [], set()
    for number, source in enumerate(sources, 1):
        source = re.sub(r"^(\s*)[%!].*", r"\1pass", source, flags=re.MULTILINE)
        file = f"<{chapter}, code cell {number}>"
        # So that Python finds the source of what the cell defines.
        linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
        for node in ast.parse(source, file).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                imported |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
            statements.append(Statement(node, file, bound(node, imported), {*names_used(node)}))
    return statements


def bound(statement: ast.stmt, imported: set[str]) -> set[str]:
    """The names that get a value, or whose value is changed: `x = …`, `x[0] = …`, `x.append(…)`."""
    names: set[str] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            names |= root(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            names |= root(node.value.func) - imported
        if isinstance(node, NESTED):
            names |= {node.name} if hasattr(node, "name") else set()
        elif isinstance(node, ast.comprehension):  # what it counts with is its own
            waiting += [node.iter, *node.ifs]
        else:
            waiting += ast.iter_child_nodes(node)
    return names


def root(node: ast.AST) -> set[str]:
    """`x` of `x.y[0].z`; nothing of a plain `x`, or of what is not a name."""
    start = node
    while isinstance(start, ast.Subscript | ast.Attribute | ast.Call):
        start = start.func if isinstance(start, ast.Call) else start.value
    return {start.id} if isinstance(start, ast.Name) and start is not node else set()


def needed(statements: list[Statement], wanted: Statement) -> list[Statement]:
    """Those that the wanted one needs, and itself, in their order; of the other experiments, none that only reads."""
    names, chosen = set(wanted.uses), {id(wanted)}
    while more := [s for s in statements if id(s) not in chosen and s.binds & names]:
        chosen |= {id(s) for s in more}
        names |= {name for s in more for name in s.uses}
    return [s for s in statements if id(s) in chosen]


def run(statements: list[Statement], name: str):
    """What the name stands for after these statements."""
    # As in a notebook, where cells are the main program.
    namespace = {"__name__": "__main__"}
    for statement in statements:
        before = torch.get_rng_state()
        exec(compile(ast.Module([statement.node], []), statement.file, "exec"), namespace)
        if not torch.equal(torch.get_rng_state(), before):
            raise ValueError(
                f"{statement.file}, line {statement.node.lineno}, which {name} needs, draws from PyTorch's own random "
                "numbers: what it gives depends on other cells. Let it draw from a torch.Generator of its own."
            )
    return namespace[name]
