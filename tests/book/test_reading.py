"""Words before use, the figure before its code, and what a chapter says of itself at its top."""

import re

import pytest

from .reading import (
    CHAPTERS,
    chapter,
    chinese,
    glossary,
    lines_before_figures,
    linked,
    named,
    plain,
    used,
)
from .running import ROOT, cells, read

GLOSSARY = (ROOT / "book/glossary.md").read_text(encoding="utf-8")
TERMS = glossary(GLOSSARY)

# Terms that need no link on every page.
ORDINARY = {
    # They stand on every page: a link on each would say nothing.
    "attention",
    "feature",
    "layer",
    "output",
    "vector",
    # Everyday words: a page may use them as everybody does, and then a link would mislead.
    "energy",
    "region",
    "score",
    "stage",
    "value",
    "window",
}

LINES = 15  # of code, at most, that a reader meets before a figure

every_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=chapter)


def text_of(path):
    return "\n\n".join(cell["source"] for cell in cells(read(path)) if cell["cell_type"] == "markdown")


def not_linked(text, terms=TERMS):
    """The terms that a text uses and never links, as they stand there first."""
    links = linked(text)
    return {
        term: shown
        for term, shown in used(plain(text), terms).items()
        if term not in ORDINARY and not links.intersection(terms[term])
    }


def test_a_term_counts_where_it_stands_for_itself():
    terms = {
        "attention weight": ["attention weight"],
        "head": ["head"],
        "Adam": ["Adam"],
        "linear map": ["linear map"],
        "multilayer perceptron": ["multilayer perceptron", "MLP"],
        "entropy": ["entropy"],
    }
    text = """
# Heads in a title
Multi-head layers, `head`, $head$, [head](head.ipynb), ahead, Adam's rib, adam,
{term}`linear maps <linear map>`, and an MLP with entropies. Attention
weights.

## Sources
- One head.
"""
    assert used(plain(text), terms) == {
        "Adam": "Adam",
        "multilayer perceptron": "MLP",
        "entropy": "entropies",
        "attention weight": "Attention\nweights",
    }
    assert linked(text) == {"linear map"}
    assert set(not_linked(text, terms)) == set(terms) - {"head", "linear map"}
    assert {*TERMS} >= ORDINARY
    assert TERMS["multilayer perceptron"] == ["multilayer perceptron", "MLP"]


@every_chapter
def test_a_page_links_each_term_of_the_glossary_that_it_uses(path):
    assert not not_linked(text_of(path))


@every_chapter
def test_a_term_has_one_chinese_name(path):
    names = chinese(GLOSSARY)
    wrong = {term: name for term, name in named(text_of(path)) if name not in names[term]}
    assert not wrong


@every_chapter
def test_a_reader_meets_a_figure_before_much_code(path):
    figures, before_the_first = lines_before_figures(path)
    print(f"{chapter(path)}: {before_the_first} lines of code before the first figure")
    for figure, lines in figures.items():
        print(f"{lines:7} before {figure}")
    long = {figure: lines for figure, lines in figures.items() if lines > LINES}
    assert not long


@every_chapter
def test_a_chapter_says_at_its_top_how_long_it_takes_and_what_to_read_first(path):
    top = cells(read(path))[0]["source"]
    said = re.search(r"^\*[A-Z][\w-]+ minutes\. Read first: [^*]+\.\*$", top, re.MULTILINE)
    assert said, "no line such as *Thirty minutes. Read first: …*"


@every_chapter
def test_under_the_heading_of_the_exercises_the_next_code_is_one(path):
    every = cells(read(path))
    [at] = [i for i, cell in enumerate(every) if re.search("^## Exercises$", cell["source"], re.MULTILINE)]
    code = next(cell["source"] for cell in every[at:] if cell["cell_type"] == "code")
    assert re.search("^@(exercise|task)\\b", code, re.MULTILINE), code
