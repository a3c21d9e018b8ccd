"""A notebook run from its first cell to its last, and what its outputs hold."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

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


def name(path):
    return str(path.relative_to(ROOT).with_suffix(""))


def code(path):
    """The sources of a notebook's code cells."""
    return [cell["source"] for cell in code_cells(read(path))]


def read(path):
    """A notebook as it is stored."""
    return json.loads(path.read_text(encoding="utf-8"))


def cells(notebook):
    """A notebook's cells, each source as one string."""
    return [{**cell, "source": "".join(cell["source"])} for cell in notebook["cells"]]


def code_cells(notebook):
    """Those of them that hold code."""
    return [cell for cell in cells(notebook) if cell["cell_type"] == "code"]


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
    return code_cells(read(target))


def declared(path):
    """How many live figures and exercises the notebook declares."""
    return sum(len(re.findall(r"^@(?:explore|exercise)\(", source, re.MULTILINE)) for source in code(path))


def widgets(cells):
    """The live figures and exercises that the cells show in a notebook; progress bars are widgets too."""
    return [
        output
        for output in outputs(cells)
        if "application/vnd.jupyter.widget-view+json" in output.get("data", {})
        and re.match("<(figure|exercise) ", "".join(output["data"]["text/plain"]))
    ]


def outputs(cells):
    return [output for cell in cells for output in cell["outputs"]]


def assert_clean(cells):
    """Every cell ran to its end, and wrote nothing to stderr."""
    errors = [
        "\n".join(output["traceback"])[-1500:]
        for output in outputs(cells)
        if output["output_type"] == "error"
    ]
    assert not errors, errors
    assert all(cell["execution_count"] for cell in cells if cell["source"].strip())
    complaints = [output["text"] for output in outputs(cells) if output.get("name") == "stderr"]
    assert not complaints, f"a reader should see no warnings: {complaints}"


def assert_widgets(path, cells):
    """The cells show every figure and exercise that the notebook declares, once, and live; saved, each can be seen."""
    found = widgets(cells)
    assert len(found) == declared(path)
    for output in found:
        assert "text/html" not in output["data"], "Colab may prefer it to the live widget"
        assert output["data"].keys() & {"image/png", "text/markdown"}
    assert sum(len(output["data"].get("image/png", "")) for output in found) < 1_500_000
