"""The book's notebooks: each runs from its first cell to its last, here and on a machine that has never seen us."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(
    path for path in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
)
ADDRESS = re.search(r"^\s+url: (\S+)$", (ROOT / "_config.yml").read_text(encoding="utf-8"), re.MULTILINE)[1]

# Runs a notebook with a kernel of the interpreter that runs this, and writes it with its outputs. It has a process of
# its own because the kernel's client wants an event loop, and the browser tests have one.
RUN = """
import sys, nbformat
from nbclient import NotebookClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

source, target, python, folder = sys.argv[1:]

class Manager(AsyncKernelManager):
    kernel_spec = KernelSpec(
        argv=[python, "-m", "ipykernel_launcher", "-f", "{connection_file}"], display_name="stranger", language="python"
    )

notebook = nbformat.read(source, as_version=4)
resources = {"metadata": {"path": folder}}
NotebookClient(notebook, timeout=900, km=Manager(), allow_errors=True, resources=resources).execute()
nbformat.write(notebook, target)
"""


def sources(path):
    return ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]


def execute(path, python, folder, **environment):
    """The code cells of a notebook after running it in `folder` with the kernel of `python`."""
    target = folder / "executed.ipynb"
    done = subprocess.run(
        [sys.executable, "-c", RUN, path, target, python, folder],
        env={name: value for name, value in os.environ.items() if not name.startswith("TRANSFORMER_LITE")}
        | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    cells = json.loads(target.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def errors(cells):
    return [
        "\n".join(output["traceback"])[-1500:]
        for cell in cells
        for output in cell["outputs"]
        if output["output_type"] == "error"
    ]


def figures(cells):
    """The live figures and exercises that the cells show; progress bars are widgets too."""
    return [
        output
        for cell in cells
        for output in cell["outputs"]
        if "application/vnd.jupyter.widget-view+json" in output.get("data", {})
        and "FigureWidget" in "".join(output["data"]["text/plain"])
    ]


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_notebook_runs_in_this_environment(path, tmp_path):
    cells = execute(path, sys.executable, tmp_path)
    assert not errors(cells)
    assert all(cell["execution_count"] for cell in cells if "".join(cell["source"]).strip())
    declared = sum(
        len(re.findall(r"^@(?:explore|exercise)\(", source, re.MULTILINE)) for source in sources(path)
    )
    assert len(figures(cells)) == declared
    for output in figures(cells):
        assert "text/html" not in output["data"], "Colab may prefer it to the live widget"
    complaints = [
        output["text"] for cell in cells for output in cell["outputs"] if output.get("name") == "stderr"
    ]
    assert not complaints, "a reader should see no warnings"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_first_code_cell_installs_the_package_where_it_is_missing(path):
    code = [
        "".join(cell["source"])
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    assert f'%pip install -q "transformer_lite[explore] @ git+{ADDRESS}"' in code[0]
    assert "except ImportError" in code[0]
    assert not any("pip install" in source for source in code[1:])


# -- a stranger's machine ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """A virtual environment as Colab offers it: torch and the usual companions, and nothing of ours."""
    folder = tmp_path_factory.mktemp("stranger")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv/bin/python"
    constraints = ["--constraint", ROOT / "constraints.txt"]
    companions = ["torch", "numpy", "matplotlib", "ipywidgets", "plotly", "ipykernel"]
    subprocess.run(
        [
            python,
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--prefer-binary",
            *constraints,
            *companions,
        ],
        check=True,
    )
    missing = subprocess.run(
        [python, "-c", "import transformer_lite"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert "ModuleNotFoundError" in missing.stderr
    return folder


def checkout(folder):
    """A repository with what git has here, and what is about to be committed: what a reader would get."""
    copy = folder / "repository"
    git = [
        "git",
        "-c",
        "user.name=nobody",
        "-c",
        "user.email=nobody@example.org",
        "-c",
        "commit.gpgsign=false",
    ]
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.split(b"\0")
    for name in map(os.fsdecode, filter(None, files)):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run([*git, "init", "-q", "-b", "main"], cwd=copy, check=True)
    subprocess.run([*git, "add", "-A"], cwd=copy, check=True)
    subprocess.run([*git, "commit", "-q", "-m", "Everything"], cwd=copy, check=True)
    return copy


def test_a_chapter_runs_where_the_package_has_never_been(stranger):
    """Only the repository's public address is rewritten, to a copy of this checkout."""
    rewritten = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{checkout(stranger).as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": ADDRESS,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_CONSTRAINT": str(ROOT / "constraints.txt"),
    }
    elsewhere = stranger / "elsewhere"
    elsewhere.mkdir()
    chapter = ROOT / "book/attention/scaled-dot-product.ipynb"
    cells = execute(chapter, stranger / "venv/bin/python", elsewhere, **rewritten)
    assert not errors(cells)
    assert figures(cells)
    where = subprocess.run(
        [stranger / "venv/bin/python", "-c", "import transformer_lite; print(transformer_lite.__file__)"],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert str(stranger / "venv") in where, "installed there, and not found here"
