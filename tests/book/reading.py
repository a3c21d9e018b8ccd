"""What a reader meets on a page: the words of its text, and the code that stands before its figures."""

import ast
import importlib.util
import re

from .running import NOTEBOOKS, ROOT, cells, read
from .running import name as page

CHAPTERS = [path for path in NOTEBOOKS if path.parent != ROOT / "book"]
HIDDEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}

_spec = importlib.util.spec_from_file_location("folded", ROOT / "book/_ext/house/folded.py")
folded = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(folded)


def chapter(path):
    """The chapter's name, such as attention/masks."""
    return page(path).removeprefix("book/")


# ---------------------------------------------------------------------------------------------------------------------
# Words
# ---------------------------------------------------------------------------------------------------------------------


def glossary(text):
    """The names under which each term of the glossary may stand in a text, by its first name.

    Several lines above one explanation are names of one term, and so is what the explanation calls its short form.
    """
    entries = re.search(r"```\{glossary\}\n(.*?)\n```", text, re.DOTALL)[1].split("\n\n")
    found = {}
    for entry in entries:
        names = [line for line in entry.split("\n") if not line.startswith(" ")]
        found[names[0]] = [*names, *re.findall(r"Short: (\w+)\.", entry)]
    return found


def linked(text):
    """The names of terms to which a text links; at the beginning of a sentence they may have a capital."""
    found = {target or shown for shown, target in re.findall(r"\{term\}`([^`<]+?)\s*(?:<([^`>]+)>)?`", text)}
    return found | {name[0].lower() + name[1:] for name in found}


def chinese(text):
    """The Chinese names of each term of the glossary: an explanation begins with one, or with two, one in brackets."""
    found = {}
    for term, its in glossary(text).items():
        begins = re.search(rf"^{re.escape(term)}\n(?:\S.*\n)*  ([^.]*)", text, re.MULTILINE)[1]
        names = {name.strip() for name in re.split(r"[()]", begins) if name.strip()}
        found |= dict.fromkeys([*its, *map(str.capitalize, its)], names)
    return found


def named(text):
    """The terms beside whose link a text gives a Chinese name, each with that name."""
    link = r"\{term\}`([^`<]+?)\s*(?:<([^`>]+)>)?`\*{0,2}(?: [a-z]+)? \(([\u4e00-\u9fff]+)\)"
    for shown, target, name in re.findall(link, text):
        yield target or shown, name


NOT_WORDS = re.compile(
    r"""
    ^\#\#\ Sources$.*\Z            # of what was read elsewhere
    | ```.*?```                     # code
    | \$\$.*?\$\$ | \$[^$]*\$       # formulas
    | \{[\w:]+\}`[^`]*` | `[^`]*`   # roles, and code in a line
    | \[[^]]*\]\([^)]*\)            # links: they lead to an explanation already
    | ^\#+\ [^\n]*$                 # headings
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)


def plain(text):
    """The words of a page's text, without its headings, links, formulas and code."""
    return NOT_WORDS.sub(" ", text)


def used(text, terms):
    """The terms that stand in a text, each with how it stands there first.

    A word inside a longer term, such as *attention* in *linear attention*, or one joined to others by a hyphen, is not
    the term itself.
    """
    names = {name: term for term, its in terms.items() for name in its}
    found = {}
    for name in sorted(names, key=len, reverse=True):
        for match in whole(name).finditer(text):
            found.setdefault(names[name], match[0])
        text = whole(name).sub(" ", text)
    return found


def whole(name):
    """The name as whole words, one or many of the thing."""
    words = r"\s+".join(map(re.escape, name.split()))
    plural = rf"(?:{words[:-1]}ies|{words})" if re.search(r"[^aeiou]y$", name) else rf"{words}(?:s|es)?"
    capital = words[:2] == words[:2].upper() and words[:1].isupper()
    return re.compile(rf"(?<![\w-]){plural}(?![\w-])", 0 if capital else re.IGNORECASE)


# ---------------------------------------------------------------------------------------------------------------------
# Code
# ---------------------------------------------------------------------------------------------------------------------


def visible(cell):
    """How many lines of code of a cell a reader sees at once: without what is folded, without empty lines, and without
    docstrings, which are text.
    """
    if HIDDEN.intersection(cell["metadata"].get("tags", [])):
        return 0
    return sum(lines_of(text) for text, is_folded in folded.pieces(cell["source"]) if not is_folded)


def lines_of(source):
    seen = {number for number, line in enumerate(source.split("\n"), 1) if line.strip()}
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a line for the shell
        return len(seen)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            seen -= {*range(node.body[0].lineno, node.body[0].end_lineno + 1)}
    return len(seen)


def lines_before_figures(path):
    """For each figure of a notebook, the lines of code that a reader sees between the last text or figure and it; and
    all those before the first figure.
    """
    found, since_text, since_top = {}, 0, 0
    for cell in cells(read(path)):
        if cell["cell_type"] == "markdown":
            since_text = 0
            continue
        since_text += visible(cell)
        if not found:
            since_top += visible(cell)
        figures = re.findall(r"^@explore\(.*?^def (\w+)", cell["source"], re.MULTILINE | re.DOTALL)
        if figures:
            found |= dict.fromkeys(figures, since_text)
            since_text = 0
    return found, since_top
