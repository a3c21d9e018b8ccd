"""The book's notebooks run from the first cell to the last: all when the website is built, and some as a reader's."""

import ast
import re
import subprocess
import sys

import nbformat
import pytest
import yaml
from jupyter_cache import get_cache

from tests.built import built_notebook
from transformer_lite.explore import widget

from .running import (
    ADDRESS,
    NOTEBOOKS,
    ROOT,
    assert_clean,
    assert_widgets,
    code,
    code_cells,
    declared,
    execute,
    name,
    outputs,
)
from .test_stranger import CHAPTER

# What a chapter does in a notebook that it does not do while the website is built depends on transformer_lite.explore
# (the tests below hold it to that), so that one chapter of each part, the one that runs fastest, stands for the others.
RUN_AS_NOTEBOOKS = [
    "book/index",
    "book/before/rnn",
    "book/position/dot-products",
    "book/transformer/training",
    "book/vision/vit",
    "book/reshape/adapters",
]

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=name)


def pictures(cells):
    """The figures and exercises that the cells show on the website, as markup."""
    shown = ["".join(output.get("data", {}).get("text/html", "")) for output in outputs(cells)]
    return [html for html in shown if re.match(r'<figure class="explorable"|<form class="tl-exercise"', html)]


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 2


@every_notebook
def test_a_notebook_ran_when_the_website_was_built(path):
    cells = code_cells(built_notebook(path))
    assert [cell["source"] for cell in cells] == code(path)
    assert_clean(cells)
    assert len(pictures(cells)) == declared(path)


def test_a_notebook_finds_no_files_beside_it_when_the_website_is_built(tmp_path):
    (tmp_path / "beside.txt").write_text("not for a reader")
    cell = nbformat.v4.new_code_cell("import os\nprint(os.listdir())")
    chapter = tmp_path / "chapter.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": KERNEL}), chapter)
    kept = tmp_path / "kept"
    run = f"""
import sys; sys.path.insert(0, {str(ROOT / "book/_ext")!r})
from types import SimpleNamespace
from house import chapters
config = SimpleNamespace(nb_execution_cache_path={str(kept)!r}, nb_execution_timeout=60)
app = SimpleNamespace(config=config, srcdir={str(tmp_path)!r}, house_seconds={{}})
chapters.run(app, SimpleNamespace(doc2path=lambda name: {str(chapter)!r}), ["chapter"])
"""
    subprocess.run(
        [sys.executable, "-c", run], check=True, capture_output=True
    )  # its workers are forks of itself
    [cell] = get_cache(str(kept)).merge_match_into_file(str(chapter))[1].cells
    assert cell.outputs[0].text == "[]\n"
    # A notebook that failed there is run again by MyST-NB, which asks the configuration.
    assert (
        yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["execute"]["run_in_temp"] is True
    )


@every_notebook
def test_a_notebook_shows_a_figure_of_the_page_as_a_widget_alone(path):
    for markup in pictures(code_cells(built_notebook(path))):
        shown = widget.FigureWidget(None, markup)._repr_mimebundle_()
        shown = shown[0] if isinstance(shown, tuple) else shown
        assert "application/vnd.jupyter.widget-view+json" in shown
        assert "text/html" not in shown, "Colab may prefer it to the live widget"


@pytest.mark.parametrize("chapter", RUN_AS_NOTEBOOKS)
def test_a_chapter_runs_as_a_notebook(chapter, tmp_path):
    path = ROOT / f"{chapter}.ipynb"
    cells = execute(path, sys.executable, tmp_path)
    assert_clean(cells)
    assert_widgets(path, cells)


def test_a_chapter_of_each_part_runs_as_a_notebook():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = [[entry["file"] for entry in part["chapters"]] for part in contents["parts"]]
    notebooks = {name(path) for path in NOTEBOOKS}
    for part in [[contents["root"]], *parts]:
        if notebooks & {*part}:
            assert {*RUN_AS_NOTEBOOKS, CHAPTER} & {*part}, part
    assert {*RUN_AS_NOTEBOOKS, CHAPTER} <= notebooks


def test_only_the_interactive_layer_asks_where_it_runs():
    """Eight of its modules do; `measured`, which runs nothing there; `store`, which asks for other seeds only; and
    `fashion`, which asks where its pictures are. So a chapter's own lines do the same in a notebook as while the
    website is built.
    """
    asking = re.compile(r"\bbuilding\(|TRANSFORMER_LITE_SITE|\bget_ipython\b|\benviron\b|\bgetenv\b")
    modules = {
        path.name for path in (ROOT / "transformer_lite").rglob("*.py") if asking.search(path.read_text())
    }
    assert modules == {
        "host.py",
        "explorable.py",
        "site.py",
        "view.py",
        "exercise.py",
        "task.py",
        "progress.py",
        "kept.py",
        "measured.py",
        "store.py",
        "fashion.py",
    }
    for path in NOTEBOOKS:
        assert not [source for source in code(path) if asking.search(source)], path


@every_notebook
def test_a_task_meets_no_answer_until_the_reader_writes_one(path):
    """The website does not run the reader's function, a notebook does: it holds nothing yet that could fail."""
    tree = ast.parse(
        "\n".join(re.sub(r"^(\s*)[%!].*", r"\1pass", source, flags=re.MULTILINE) for source in code(path))
    )
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    tasks = [
        f for f, node in functions.items() for d in node.decorator_list if ast.unparse(d).startswith("task(")
    ]
    checks = [
        (call.func.value.id, call.args)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "check"
    ]
    assert [task for task, _ in checks] == tasks
    for _, [answer] in checks:
        assert ast.unparse(functions[answer.id].body) == "..."


@every_notebook
def test_the_first_code_cell_installs_the_package_where_it_is_missing(path):
    first, *others = code(path)
    assert f'%pip install -q "transformer_lite[explore] @ git+{ADDRESS}"' in first
    assert "except ImportError" in first
    assert not any("pip install" in source for source in others)
