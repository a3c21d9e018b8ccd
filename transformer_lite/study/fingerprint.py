"""What a function's results depend on, in a form that can be compared with another day's.

A record must go stale when the code that it measured changes, and only then. So the fingerprint follows names, from the
function through everything that is *ours*, the notebook's and this package's: functions, classes, constants, one part
for each. Of the code of others (PyTorch, Python) it keeps the names; their versions stand in the record, and no new
version makes it stale.

Code counts as its syntax tree, so that formatting and comments do not matter; docstrings, annotations of arguments,
and what an error says are left out. Constants count by value. Computed numbers differ in their last digits from machine
to machine: of a real tensor its size and one projection are kept, and compared to five digits.
"""

from __future__ import annotations

import ast
import builtins
import enum
import functools
import hashlib
import inspect
import linecache
import symtable
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

Parts = dict[str, list[Any]]
"""By name: a hash, then the numbers that are compared to five digits, each after the size that it is compared at."""

PACKAGE = __name__.partition(".")[0]
PLAIN = (type(None), bool, int, str, bytes, type(...), range, slice, torch.dtype, torch.device, enum.Enum)


def fingerprint(function: Callable[..., Any]) -> Parts:
    """The parts of a function: itself, and everything of its own module and of this package that it uses.

    Raises:
        ValueError: for something whose value cannot be compared, an open file for instance, or has no source.
    """
    parts: Parts = {}
    walk = _Walk(function.__module__, function.__globals__, parts)
    walk.token(function, function.__name__, [])
    return dict(sorted(parts.items()))


def differences(one: Parts, other: Parts) -> list[str]:
    """The names of parts that only one of them has, or that are not the same."""
    return [name for name in sorted({*one, *other}) if not _same(one.get(name), other.get(name))]


def _same(one: list[Any] | None, other: list[Any] | None) -> bool:
    if one is None or other is None or one[0] != other[0] or len(one) != len(other):
        return False
    for size, a, size_b, b in zip(one[1::2], one[2::2], other[1::2], other[2::2], strict=True):
        within = 1e-5 * max(size, size_b)
        if abs(size - size_b) > within or abs(a - b) > within:
            return False
    return True


class _Walk:
    """Follows names from one function; `home` is the module whose objects are the notebook's."""

    def __init__(self, home: str, names: dict[str, Any], parts: Parts):
        self.home, self.names, self.parts = home, names, parts
        self.known: dict[int, str] = {}  # definitions that have a part already

    def ours(self, module: str | None) -> bool:
        return module is not None and (module == self.home or module.partition(".")[0] == PACKAGE)

    def token(self, value: Any, name: str, numbers: list[float]) -> str:
        """The value as a text; real numbers go to `numbers`, definitions of ours become parts of their own."""
        if isinstance(value, PLAIN):
            return repr(value)
        if isinstance(value, float | complex):
            kind = torch.float64 if isinstance(value, float) else torch.complex128
            return _real(torch.tensor(value, dtype=kind), numbers)
        if isinstance(value, Tensor):
            return _tensor(value, numbers)
        if isinstance(value, types.ModuleType):
            return self.source(value) if self.ours(value.__name__) else value.__name__
        if isinstance(value, torch.Generator):
            return _tensor(value.get_state(), numbers)
        inner = functools.partial(self.token, name=name, numbers=numbers)
        if isinstance(value, functools.partial):
            return f"partial({inner(value.func)}, {inner(value.args)}, {inner(value.keywords)})"
        if isinstance(value, Mapping) and not self.ours(type(value).__module__):
            return "{" + ", ".join(f"{inner(key)}: {inner(of)}" for key, of in value.items()) + "}"
        if isinstance(value, tuple) and hasattr(value, "_fields") and self.ours(type(value).__module__):
            return f"{inner(type(value))}({', '.join(map(inner, value))})"
        if isinstance(value, list | tuple) and not self.ours(type(value).__module__):
            return f"{type(value).__name__}({', '.join(map(inner, value))})"
        if isinstance(value, set | frozenset):
            return "{" + ", ".join(sorted(map(inner, value))) + "}"
        if isinstance(value, types.MethodType):
            return f"{inner(value.__self__)}.{value.__name__}"
        plain = inspect.unwrap(value) if callable(value) and not isinstance(value, type) else value
        if isinstance(plain, types.FunctionType | type) and self.ours(plain.__module__):
            return self.definition(plain)
        if callable(value) and hasattr(value, "__qualname__"):
            return f"{value.__module__}.{value.__qualname__}"
        if isinstance(value, nn.Module):
            return f"{[inner(type(part)) for part in value.modules()]} {value} {inner(value.state_dict())}"
        if self.ours(type(value).__module__) and hasattr(value, "__dict__"):
            return f"{inner(type(value))} {inner(vars(value))}"
        if type(value).__module__ in ("typing", "types"):  # a name that stands for a type
            return repr(value)
        raise ValueError(
            f"{name} holds a {type(value).__module__}.{type(value).__qualname__}, whose value cannot be compared with "
            "another day's. Make it inside the function that uses it."
        )

    def definition(self, what: Any) -> str:
        """Adds a function or class of ours, and gives its name."""
        if id(what) in self.known:
            return self.known[id(what)]
        within = "" if what.__module__ == self.home else f"{what.__module__}."
        name: str = within + what.__qualname__.replace(".<locals>", "")
        stem, number = name, 2
        while name in self.parts:  # one function made twice, around other values
            name, number = f"{stem} {number}", number + 1
        self.known[id(what)] = name
        self.parts[name] = []  # now, because it may use itself
        nodes = _nodes(what)
        tokens = [_text(node) for node in nodes]
        numbers: list[float] = []
        closed: Mapping[str, Any] = {}
        if isinstance(what, type):
            around = self.names if what.__module__ == self.home else vars(sys.modules[what.__module__])
        else:
            around, closed = what.__globals__, inspect.getclosurevars(what).nonlocals
        for used, value in sorted(_used(nodes, {**around, **closed}, self.ours), key=lambda pair: pair[0]):
            follow = self.token(value, used, numbers) if used in closed else None
            tokens.append(f"{used}={follow or self.constant(used, value, what.__module__, numbers)}")
        self.parts[name] = [_hash("\n".join(tokens)), *numbers]
        return name

    def constant(self, used: str, value: Any, module: str, numbers: list[float]) -> str:
        """What stands for a name in the definition that uses it; a constant of ours becomes a part of its own."""
        told: list[float] = []
        text = self.token(value, used, told)
        if text in self.parts or isinstance(value, types.ModuleType | type) or inspect.isroutine(value):
            numbers += told
            return text
        name = used if module == self.home else f"{module}.{used}"
        if used != "__file__":  # where a module lies is another place on each machine
            self.parts[name] = [_hash(text), *told]
        return name

    def source(self, module: types.ModuleType) -> str:
        """A whole module of this package, where it is handed on as a value."""
        self.parts[module.__name__] = [_hash(_text(_Bare().visit(ast.parse(inspect.getsource(module)))))]
        return module.__name__


def _real(number: Tensor, numbers: list[float]) -> str:
    """Real numbers: their type and shape, and where they are not finite; their size and a projection, rounded."""
    flat = torch.view_as_real(number.detach().resolve_conj()) if number.is_complex() else number.detach()
    flat = flat.cpu().double().flatten()
    finite = flat.isfinite()
    known = flat.where(finite, torch.zeros_like(flat))
    # Weights that no two places share, so that an exchange of two numbers is seen.
    weights = torch.arange(len(flat), dtype=torch.float64).mul(0.7).cos()
    for x in (known.norm(), known @ weights):
        numbers.append(float(f"{x:.9g}"))
    odd = "" if finite.all() else _hash(repr(flat[~finite].tolist()) + repr(finite.tolist()))
    return f"{number.dtype}{tuple(number.shape)}{odd}"


def _tensor(tensor: Tensor, numbers: list[float]) -> str:
    if tensor.is_floating_point() or tensor.is_complex():
        return _real(tensor, numbers)
    held = tensor.detach().cpu().contiguous().flatten().view(torch.uint8).tolist()
    return f"{tensor.dtype}{tuple(tensor.shape)}{_hash(bytes(held))}"


# -- code ------------------------------------------------------------------------------------------------------------


def _used(
    nodes: list[Any], around: Mapping[str, Any], ours: Callable[[str | None], bool]
) -> Iterator[tuple[str, Any]]:
    """What the code takes from around it, by name: of a module of ours, its members (`masks.causal`)."""
    names = {name for node in nodes for name in names_used(node)}
    members: set[str] = set()
    bare: set[str] = set()
    for node in (found for top in nodes for found in ast.walk(top)):
        if isinstance(node, ast.Attribute):
            members.add(ast.unparse(node))
            bare.add(ast.unparse(node.value))
    for name in names:
        if name not in around:
            if not hasattr(builtins, name):
                raise ValueError(f"{name} is used, but is not there: define it in a cell above.")
            continue
        value = around[name]
        if hasattr(builtins, name) and callable(value) and not ours(getattr(value, "__module__", None)):
            continue  # IPython gives notebooks an `open` of its own
        if isinstance(value, types.ModuleType) and ours(value.__name__) and name in bare:
            yield from _members(name, value, members, ours)
        else:
            yield name, value


def _members(
    name: str, module: types.ModuleType, members: set[str], ours: Callable[[str | None], bool]
) -> Iterator[tuple[str, Any]]:
    for member in members:
        owner, _, attribute = member.rpartition(".")
        if owner != name or not hasattr(module, attribute):
            continue
        value = getattr(module, attribute)
        if isinstance(value, types.ModuleType) and ours(value.__name__):
            yield from _members(member, value, members, ours)
        else:
            yield member, value


def names_used(node: ast.AST) -> Iterator[str]:
    """The names that a statement of a module takes from the module: not those of its own functions' variables."""

    def walk(table: symtable.SymbolTable, top: bool) -> Iterator[str]:
        for symbol in table.get_symbols():
            # From Python 3.12 on, the variables of a comprehension belong to the scope around it.
            if symbol.is_referenced() and (not symbol.is_assigned() if top else symbol.is_global()):
                yield symbol.get_name()
        for child in table.get_children():
            yield from walk(child, False)

    return walk(symtable.symtable(ast.unparse(node), "code", "exec"), True)


def _nodes(what: Any) -> list[Any]:
    """The syntax trees of a function (all lambdas of one line, which cannot be told apart) or a class, bare."""
    lines, first = _class_lines(what) if isinstance(what, type) else _function_lines(what)
    found = _bare_nodes("".join(lines), isinstance(what, type), what.__name__, first)
    if not found:
        raise ValueError(
            f"the source of {what.__qualname__} was not found: define it in a cell, not by exec."
        )
    return found


@cache  # a chapter's experiments use the same definitions again and again
def _bare_nodes(source: str, of_class: bool, name: str, first: int) -> list[Any]:
    kind = (ast.ClassDef,) if of_class else (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    found = []
    for node in ast.walk(_parsed(source)):
        if isinstance(node, kind) and getattr(node, "name", "<lambda>") == name:
            start = min(of.lineno for of in (node, *getattr(node, "decorator_list", ())))
            # A class is found by a line of one of its methods.
            if start == first or (of_class and start <= first <= (node.end_lineno or 0)):
                found.append(_Bare().visit(_copy(node)))
    return found


def _function_lines(function: types.FunctionType) -> tuple[list[str], int]:
    code = function.__code__
    return linecache.getlines(code.co_filename, function.__globals__), code.co_firstlineno


def _class_lines(what: type) -> tuple[list[str], int]:
    """The lines of the file that defines a class, and one line within it. A notebook's class does not know its cell."""
    for member in vars(what).values():
        function = getattr(member, "__func__", getattr(member, "fget", member))
        if not isinstance(function, types.FunctionType) or function.__module__ != what.__module__:
            continue  # a named tuple's methods are written elsewhere
        if function.__qualname__.startswith(what.__qualname__):
            lines, line = _function_lines(function)
            if lines:
                return lines, line
    cells = [linecache.getlines(name) for name in [*linecache.cache]]
    files = [linecache.getlines(getattr(sys.modules.get(what.__module__), "__file__", None) or "")]
    for lines in [*files, *reversed(cells)]:  # the last cell to define it counts
        for number, text in enumerate(lines, 1):
            if text.lstrip().startswith((f"class {what.__name__}(", f"class {what.__name__}:")):
                return lines, number
    return [], 0


@cache
def _parsed(source: str) -> ast.Module:
    return ast.parse(source)


def _copy(node: ast.AST) -> ast.AST:
    """The same tree again: what is bared must not be the one that is kept."""
    return ast.parse(ast.unparse(node)).body[0]


class _Bare(ast.NodeTransformer):
    """Takes away what no result depends on: docstrings, annotations of arguments, errors' words, `@measured`."""

    def body(self, node: Any) -> Any:
        self.generic_visit(node)
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return node

    visit_Module = body
    visit_ClassDef = body

    def visit_FunctionDef(self, node: Any) -> Any:
        node.returns = None
        node.decorator_list = [
            decorator
            for decorator in node.decorator_list
            if not (isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("measured"))
        ]
        return self.body(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> Any:
        # Some versions of Python end a format with an empty text.
        node.values = [
            part for part in node.values if not (isinstance(part, ast.Constant) and part.value == "")
        ]
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        if isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        node.cause = None
        return node


def _text(node: Any) -> str:
    """A syntax tree as a text that is the same in every version of Python."""
    if isinstance(node, ast.AST):
        fields = (
            f"{name}={_text(value)}"
            for name, value in ast.iter_fields(node)
            if value is not None
            and value != []
            and name not in ("ctx", "kind", "type_comment", "type_params")
        )
        return f"{type(node).__name__}({', '.join(fields)})"
    if isinstance(node, list):
        return f"[{', '.join(map(_text, node))}]"
    return repr(node)


def _hash(text: str | bytes) -> str:
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()[:12]
