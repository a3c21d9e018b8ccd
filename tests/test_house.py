"""What the project says about itself in several places agrees, and its own tools do what they say."""

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import tomllib
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "book/_ext")]

from house import cache, docstrings, folded, icons, pages, styles, times, transforms  # noqa: E402 (the path comes first)
from house.policy import POLICY  # noqa: E402
from normalise_notebooks import book, normalise  # noqa: E402

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ADDRESS = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"]


def project_files():
    """Every text file of the project, whether it is committed yet or not."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    for name in listed:
        path = ROOT / name
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            yield name, content.decode()


def requirements():
    """Everything that pyproject.toml asks for, our own extras apart."""
    extras = PROJECT["optional-dependencies"].values()
    every = [Requirement(r) for r in [*PROJECT["dependencies"], *(r for extra in extras for r in extra)]]
    return [r for r in every if r.name != PROJECT["name"]]


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


# -- one fact, several places --------------------------------------------------------------------------------


def test_the_package_asks_for_torch_alone():
    assert [Requirement(r).name for r in PROJECT["dependencies"]] == ["torch"]


def test_environment_follows_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["name"] == PROJECT["name"]
    *conda, pip = environment["dependencies"]
    given = {Requirement(re.sub(r"(?<![=<>~!])=(?!=)", "==", r)).name: r for r in conda}
    python = re.sub(r"^python=", "", given.pop("python"))
    assert python in SpecifierSet(PROJECT["requires-python"])
    # What pyproject.toml asks for is asked for there alone; JupyterLab opens notebooks, with the version we test.
    given.pop("pip")
    assert list(given.values()) == [r for r in PROJECT["optional-dependencies"]["test"] if "jupyterlab" in r]
    [install] = [line for line in pip["pip"] if not line.startswith("--")]
    extra = re.fullmatch(r"-e \.\[(\w+)\]", install)[1]
    assert extra in PROJECT["optional-dependencies"]


def test_constraints_pin_what_is_installed():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    pins = {canonical(name): version for name, version in pins.items()}
    for requirement in requirements():
        pin = pins[canonical(requirement.name)]
        assert requirement.specifier.contains(pin), f"{requirement} does not allow the pinned {pin}"
        installed = metadata.version(requirement.name).partition("+")[0]
        assert installed == pin, f"{requirement.name} {installed} is installed, {pin} is pinned"


def test_plotly_is_the_same_in_python_and_on_the_page():
    from plotly.offline import get_plotlyjs_version

    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert wanted["plotly.js-cartesian-dist-min"] == get_plotlyjs_version()


def test_lock_file_names_no_host():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    named = [name for name, package in lock["packages"].items() if "resolved" in package]
    assert not named
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


def test_the_address_is_the_one_of_config():
    owner, repository = ADDRESS.removeprefix("https://github.com/").split("/")
    named = f"transformer_lite|{re.escape(repository)}"
    mention = re.compile(rf"(?:github\.com|/github|/gh)/([\w.-]+)/({named})\b")
    seen = 0
    for name, text in project_files():
        for found in mention.finditer(text):
            seen += 1
            assert found.groups() == (owner, repository), (
                f"{name} says {found[0]}, _config.yml says {ADDRESS}"
            )
    assert seen > 3
    assert PROJECT["urls"]["Homepage"] == ADDRESS


def test_first_code_cell_installs_from_the_address():
    notebooks = book()
    assert notebooks
    for path in notebooks:
        cells = json.loads(path.read_text())["cells"]
        first = "".join(next(c for c in cells if c["cell_type"] == "code")["source"])
        assert f"transformer_lite[explore] @ git+{ADDRESS}" in first, path


def test_no_path_of_one_machine():
    pattern = re.compile(r"(?<![\w.:/~-])/(?:home|root|Users|work|opt)/[\w.]")
    for name, text in project_files():
        if name != "package-lock.json":
            assert not (found := pattern.search(text)), f"{name} names {text[found.start() :][:40]!r}"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_examples_run(name, capsys):
    examples = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)
    assert examples
    for example in examples:
        exec(compile(example, name, "exec"), {})


# -- notebooks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", book(), ids=lambda path: path.stem)
def test_notebooks_are_stored_normalised(path):
    assert normalise(path.read_text()) == path.read_text(), "`make notebooks` mends this"


@pytest.mark.parametrize("path", book(), ids=lambda path: path.stem)
def test_every_picture_of_a_chapter_is_a_view(path):
    """Matplotlib gives a chapter a photograph at most: what it draws has the colours of a light page, and no words."""
    cells = json.loads(path.read_text())["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    named = re.findall(r"^\s*(?:from|import) (matplotlib[\w.]*)", code, re.MULTILINE)
    assert set(named) <= {"matplotlib.cbook", "matplotlib.image"}


def test_normalise_removes_what_a_run_leaves_and_keeps_the_rest():
    import nbformat

    v4 = nbformat.v4
    cells = [
        v4.new_markdown_cell("# Title"),
        v4.new_code_cell(
            "x = 1\nx",
            execution_count=3,
            outputs=[v4.new_output("stream", text="1")],
            metadata={"tags": ["hide-input"], "execution": {"iopub.status.busy": "2026"}, "collapsed": True},
        ),
        v4.new_code_cell("x = 1\nx"),
    ]
    mine = {"name": "my-env", "display_name": "Mine"}
    before = v4.new_notebook(cells=cells, metadata={"kernelspec": mine, "widgets": {"state": {}}})
    before.cells[2].id = before.cells[1].id  # as after copying a cell in an editor that keeps ids

    after = nbformat.reads(normalise(json.dumps(before)), as_version=4)

    nbformat.validate(after)
    assert [cell.source for cell in after.cells] == [cell.source for cell in cells]
    assert [cell.id for cell in after.cells[:2]] == [cell.id for cell in cells[:2]]
    assert len({cell.id for cell in after.cells}) == 3
    assert after.cells[1].outputs == []
    assert after.cells[1].execution_count is None
    assert after.cells[1].metadata == {"tags": ["hide-input"]}
    assert after.metadata.kernelspec.name == "python3"
    assert "widgets" not in after.metadata
    assert normalise(json.dumps(after)) == normalise(json.dumps(before))


def test_normalise_refuses_old_formats():
    with pytest.raises(ValueError, match="format 3"):
        normalise('{"nbformat": 3, "worksheets": [], "metadata": {}}')


# -- setting up ------------------------------------------------------------------------------------------------


def setup_output(tmp_path, **environment):
    """What tools/setup.sh says on a machine where it must stop; it stops before it changes anything."""
    done = subprocess.run(
        ["sh", str(ROOT / "tools/setup.sh"), "book"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr


def program(folder, name, answer):
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {answer}\n")
    path.chmod(0o755)
    return path


def test_missing_python_is_one_sentence(tmp_path):
    said = setup_output(tmp_path, PYTHON=str(tmp_path / "python3"))
    assert "needs Python 3.11 or newer, and found none" in said


def test_old_python_is_one_sentence(tmp_path):
    path = tmp_path / "python3"
    path.write_text('#!/bin/sh\n[ "$1" != --version ] && exit 1\necho Python 3.9.2\n')
    path.chmod(0o755)
    assert "needs Python 3.11 or newer, and found Python 3.9.2" in setup_output(tmp_path, PYTHON=str(path))


def test_old_node_is_one_sentence(tmp_path):
    program(tmp_path, "node", "v18.19.0")
    said = setup_output(tmp_path, PYTHON=sys.executable, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert "needs Node 20 or newer" in said
    assert "found v18.19.0" in said


# -- the website's part of the build -----------------------------------------------------------------------------


def test_the_website_is_built_again_for_what_pages_are_made_of_alone(tmp_path, monkeypatch):
    # Not by `import site`: Python has a module of that name.
    spec = spec_from_file_location("website", ROOT / "tools/site.py")
    spec.loader.exec_module(site := module_from_spec(spec))
    monkeypatch.setattr(site, "ROOT", tmp_path)
    chapter = tmp_path / "book/part/chapter.ipynb"
    chapter.parent.mkdir(parents=True)
    chapter.write_text("a")
    before = site.fingerprint()
    for made in (
        "book/.ruff_cache/0",
        "book/part/.ipynb_checkpoints/chapter.ipynb",
        "book/_ext/__pycache__/a.pyc",
    ):
        (tmp_path / made).parent.mkdir(parents=True)
        (tmp_path / made).write_text("made by a tool, perhaps while the website is built")
    assert site.fingerprint() == before
    chapter.write_text("b")
    assert site.fingerprint() != before


PAGE = """<html><head><meta charset="utf-8" />
<script data-first-paint src="_static/first.js"></script>
<script>var a = 1;</script><script src="_static/b.js"></script>
<script type="application/json">{"data": 1}</script>
</head><body><p>Text</p><script defer src="_static/c.js"></script></body></html>
"""


def test_inline_scripts_become_files_in_their_order(tmp_path):
    html = pages.state_policy(pages.externalise(PAGE, "", tmp_path))

    [file] = (tmp_path / "inline").iterdir()
    assert file.read_text() == "var a = 1;\n"
    sources = re.findall(r"<script[^>]* src=\"([^\"]+)\"", html)
    assert sources == ["_static/first.js", "_static/c.js", f"_static/inline/{file.name}", "_static/b.js"]
    assert '{"data": 1}' in html.partition("</head>")[0]
    assert "var a" not in html
    assert html.index("Content-Security-Policy") < html.index("<script")
    again = pages.state_policy(pages.externalise(html, "", tmp_path))
    assert again == html


def test_a_page_says_at_its_top_what_to_do_where_it_was_opened_as_a_file():
    html = f"<main>{pages.ARTICLE}<section><h1>Masks</h1></section></article></main>"
    once = pages.opened_as_file(html)
    assert re.search(r'<article[^>]*>\s*<p class="house-file"[^>]* hidden>[^<]+</p><section>', once)
    assert pages.opened_as_file(once) == once
    script = (ROOT / "book/_static/house.js").read_text()
    assert 'location.protocol === "file:"' in script and ".house-file" in script


def test_the_policy_is_as_strict_as_it_can_be():
    from .browser import visit

    stated = dict(directive.split(" ", 1) for directive in POLICY.split("; "))
    # A page cannot say who may frame it: only a server can.
    assert stated == {name: value for name, value in visit.POLICY.items() if name != "frame-ancestors"}


def test_the_home_page_reads_the_same_from_the_top():
    from urllib.parse import urljoin

    html = """<html data-content_root="../"><a href="#here"></a><a href="map.html#x"></a><a href="a/b.html">
    <img src="../_images/x.png?v=1"><a href="https://else.where/book/"></a><form action="../search.html">"""
    pattern = re.compile(r'(?:href|src|action|root)="([^"]*)"')
    here, there = "https://site/book/index.html", "https://site/index.html"
    wanted = [urljoin(here, a) for a in pattern.findall(html)]
    found = [urljoin(there, a) for a in pattern.findall(pages.at_the_top(html, "book"))]
    assert found[1].endswith("#here")
    assert found[:1] + found[2:] == wanted[:1] + wanted[2:]


def test_purging_keeps_what_can_match():
    css = """
    p > a.link, .gone a { color: red }
    .shown .gone { color: red }
    .shown:not(.gone) { color: green }
    .bs-tooltip-top { color: blue }
    @media (min-width: 1px) { .gone { x: y } .shown { margin: 0 } }
    @media print { .gone { x: y } }
    @font-face { font-family: "Font Awesome 6 Free"; src: url(x) }
    @font-face { font-family: "KaTeX_Main"; src: url(y) }
    """
    kept = styles.bundle([css], {"shown", "link"})
    assert "p > a.link{color: red}" in kept
    assert ".shown:not(.gone){color: green}" in kept
    assert ".bs-tooltip-top{" in kept
    assert "@media (min-width: 1px){.shown{margin: 0}}" in kept
    assert "KaTeX_Main" in kept
    for dropped in (".gone a", ".shown .gone", "print", "Font Awesome"):
        assert dropped not in kept


def test_icons_are_found_with_their_family():
    html = '<i class="fab fa-github"></i><i class="theme fa-solid fa-moon fa-lg"></i><b class="fa-not"></b>'
    assert icons.used(html) == {("brands", "github"), ("solid", "moon")}


def test_package_hash_sees_code_and_not_the_front_end(tmp_path):
    (tmp_path / "a.py").write_text("x = 1")
    (tmp_path / "front.mjs").write_text("let x = 1")
    first = cache.package_hash(tmp_path)
    (tmp_path / "front.mjs").write_text("let x = 2")
    assert cache.package_hash(tmp_path) == first
    (tmp_path / "a.py").write_text("x = 2")
    second = cache.package_hash(tmp_path)
    assert second != first
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert cache.package_hash(tmp_path) != second


def test_a_cell_of_the_table_of_transforms_leads_to_its_sentence():
    table = {
        "a": {"vmap": "works", "meta": "not asked: takes no tensor"},
        "b": {"vmap": "refused: x is too long.", "meta": "not asked: takes no tensor"},
    }
    numbers = transforms.numbered(table)
    assert numbers == {"refused: x is too long.": 1, "not asked: takes no tensor": 2}
    shown = [transforms.sign(cell, numbers) for row in table.values() for cell in row.values()]
    assert shown == ["✓", "–\u00a02", "✗\u00a01", "–\u00a02"]
    refused, asked = (transforms.listed(kind, numbers)[1] for kind in ("refused", "not asked"))
    assert (refused.astext(), refused["start"]) == ("x is too long.", 1)
    assert (asked.astext(), asked["start"]) == ("takes no tensor", 2)


class Events:
    """As much of Sphinx's application as tells an extension what happens."""

    def __init__(self, srcdir):
        self.srcdir, self.listeners = srcdir, []

    def connect(self, event, listener, priority=500):
        self.listeners.append((priority, event, listener))

    def emit(self, event, *given):
        for _, wanted, listener in sorted(self.listeners, key=lambda of: of[0]):
            if wanted == event:
                listener(self, *given)


def test_stages_and_chapters_are_timed(tmp_path, monkeypatch):
    clock = iter([0.0, 2, 12, 15, 21, 25])
    monkeypatch.setattr(times.time, "monotonic", lambda: next(clock))
    app = Events(tmp_path)
    times.setup(app)
    app.connect("env-before-read-docs", lambda app, *_: times.note(app, "book/a", 7.04))
    assert times.last(tmp_path) == {}
    for event in ("builder-inited", "env-before-read-docs", "env-updated", "build-finished"):
        app.emit(event, None)
    assert times.last(tmp_path) == {
        "reading the package": 2,
        "book/a": 7.0,
        "running chapters": 10,
        "reading pages": 3,
        "writing pages": 6,
        "finishing pages": 4,
    }
    assert (tmp_path / "_build/times/site.json").is_file()


def test_autoapi_reads_the_package_and_not_pytorch(monkeypatch):
    from astroid.exceptions import AstroidImportError
    from astroid.manager import AstroidManager

    monkeypatch.setattr(AstroidManager, "ast_from_module_name", AstroidManager.ast_from_module_name)
    docstrings.stay_in_the_package()
    assert AstroidManager().ast_from_module_name("abc").name == "abc"
    for name in ("torch", "torch.nn"):
        with pytest.raises(AstroidImportError):
            AstroidManager().ast_from_module_name(name)


def test_docstrings_are_drawn_as_written():
    from docutils.core import publish_doctree
    from docutils.nodes import block_quote, bullet_list, literal_block

    text = "A formula:\n\n    Z = A V | x\n\nMore.\n\n- a point\n\n  goes on\n\nNext::\n\n    as is\n"
    tree = publish_doctree("\n".join(docstrings.draw_as_written(text.splitlines())))
    assert [block.astext() for block in tree.findall(literal_block)] == ["Z = A V | x", "as is"]
    assert len(list(tree.findall(bullet_list))) == 1
    assert not list(tree.findall(block_quote))


FIGURE = """import torch

@explore(
    x=Slider(0, 1),
    y=Slider(0, 1),
    show=Number(),
)
@other
def figure(x, y):
    \"""Caption.\"""
    return x + y

print(1)"""


def test_the_looks_of_a_figure_are_folded_in_its_code():
    before, looks, function = folded.pieces(FIGURE)
    assert before == ("import torch", False)
    assert looks == (FIGURE[FIGURE.index("@explore") : FIGURE.index("\n@other")], True)
    assert function == (FIGURE[FIGURE.index("@other") :], False)


@pytest.mark.parametrize(
    "source",
    [
        "@explore(x=Slider(0, 1))\ndef short(x): ...",
        "@exercise(\n  a=1,\n  b=2,\n  c=3)\ndef no_figure(): ...",
        "%pip install something\n@explore(\n  a=1,\n  b=2,\n  c=3)\ndef shell(): ...",
        "",
    ],
)
def test_other_code_stays_in_one_piece(source):
    assert folded.pieces(source) in ([(source, False)], [])
