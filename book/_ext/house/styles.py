"""One style sheet for the site, without the rules that no page uses.

The theme, Bootstrap and the extensions together send 90 kB of compressed CSS, of which a page of this book uses
a third. A rule stays if each class in its selector is written in some page, or might be written by some script.
"""

import re
import shutil
from itertools import pairwise
from pathlib import Path

import tinycss2
from tinycss2 import ast

CLASSES = re.compile(r"\bclass=\"([^\"]*)\"")
WORD = re.compile(r"[A-Za-z_][\w-]*")
IMPORT = re.compile(r"@import\s+(?:url\()?[\"']?([^\"')]+)[\"']?\)?\s*;")
# At-rules that hold rules.
GROUPS = {"media", "supports", "layer", "container"}


def classes_in(html: str) -> set[str]:
    """Every class that a page's elements carry."""
    return {name for attribute in CLASSES.findall(html) for name in attribute.split()}


def words_in(script: str) -> set[str]:
    """Everything in a script that could be a class."""
    return set(WORD.findall(script))


def selectors(prelude: list) -> list[list]:
    """A rule's selectors, as lists of tokens."""
    found = [[]]
    for token in prelude:
        if token == ",":
            found.append([])
        else:
            found[-1].append(token)
    return found


def can_match(selector: list, known: set[str]) -> bool:
    """Whether every class that the selector asks for is known. What stands in :not(), :is() … is not looked at."""
    return all(
        token.value in known
        or token.value.startswith("bs-")  # Bootstrap composes bs-tooltip-top and the like
        for before, token in pairwise(selector)
        if before == "." and isinstance(token, ast.IdentToken)
    )


def purge(rules: list, known: set[str]) -> str:
    """The rules as text, without those that cannot match."""
    kept = []
    for rule in rules:
        if isinstance(rule, ast.QualifiedRule):
            living = [tinycss2.serialize(s).strip() for s in selectors(rule.prelude) if can_match(s, known)]
            if living:
                kept.append(f"{','.join(living)}{{{tinycss2.serialize(rule.content).strip()}}}")
        elif isinstance(rule, ast.AtRule) and rule.lower_at_keyword in GROUPS and rule.content is not None:
            inner = purge(parse(rule.content), known)
            if inner:
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude).rstrip()}{{{inner}}}")
        elif isinstance(rule, ast.AtRule):
            # FontAwesome's fonts: its icons are drawn otherwise here (icons.py).
            if not (rule.lower_at_keyword == "font-face" and "Font Awesome" in rule.serialize()):
                kept.append(re.sub(r"\s+", " ", rule.serialize()))
        elif isinstance(rule, ast.ParseError):
            raise ValueError(f"a style sheet cannot be read, at line {rule.source_line}: {rule.message}")
    return "\n".join(kept)


def parse(css) -> list:
    return tinycss2.parse_rule_list(css, skip_comments=True, skip_whitespace=True)


def squeeze(css: str) -> str:
    """Without comments and indentation."""
    return re.sub(r"\s*\n\s*", " ", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))


def katex(modules: Path, static: Path) -> str:
    """KaTeX's style sheet with its fonts beside it, in the one format that every browser of today reads."""
    fonts = static / "fonts"
    fonts.mkdir(exist_ok=True)
    for font in (modules / "katex/dist/fonts").glob("*.woff2"):
        shutil.copyfile(font, fonts / font.name)
    css = (modules / "katex/dist/katex.min.css").read_text(encoding="utf-8")
    css = re.sub(r",url\([^)]*\.(?:woff|ttf)\) format\(\"(?:woff|truetype)\"\)", "", css)
    return css.replace("font-display:block", "font-display:swap")


def read(path: Path) -> str:
    """A style sheet with those that it imports put in their places."""
    return IMPORT.sub(lambda found: read(path.parent / found[1]), path.read_text(encoding="utf-8"))


def bundle(sheets: list[str], known: set[str]) -> str:
    """All sheets as one, in their order."""
    return "\n".join(purge(parse(squeeze(sheet)), known) for sheet in sheets) + "\n"
