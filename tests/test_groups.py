"""Tests that share a page run in one process, whatever versions of pytest and pytest-xdist meet."""

import os
import subprocess
import sys
from pathlib import Path

from .groups import group_of

ROOT = Path(__file__).resolve().parents[1]

SUITE = """
import os
import pytest

@pytest.mark.parametrize("look", ["light", "dark", "wide"])
@pytest.mark.parametrize("page", ["a/b.html", "a/c.html", "d.html", "e.html"])
def test_page(page, look, request):
    with open("ran", "a") as ran:
        ran.write(f"{request.node.nodeid} {os.environ['PYTEST_XDIST_WORKER']}\\n")
"""


def test_the_tests_of_a_page_run_in_one_process(tmp_path):
    (tmp_path / "conftest.py").write_text("from tests.groups import *\n")
    (tmp_path / "test_figures.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment = {k: v for k, v in environment.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = [line.rsplit(" ", 1) for line in (tmp_path / "ran").read_text().splitlines()]
    workers = {}
    for test, worker in ran:
        workers.setdefault(group_of(test), set()).add(worker)
    assert len(ran) == 12
    assert len(workers) == 4
    assert all(len(of) == 1 for of in workers.values()), workers
    assert len(set.union(*workers.values())) == 2, "both processes had something to do"


def test_groups():
    page = "tests/browser/test_figures.py::test_x[book/attention/scaled-dot-product.html-dark-wide]"
    assert group_of(page) == "tests/browser/test_figures.py[book/attention/scaled-dot-product.html]"
    assert group_of("tests/browser/test_notebook.py::test_y") == "tests/browser/test_notebook.py"
    assert group_of("tests/test_bad_input.py::test_z[attention-a.html]") == "tests/test_bad_input.py"
    table = "tests/transforms/test_table.py"
    assert group_of(f"{table}::test_x[swin.Stage, deep]") == f"{table}[swin]"
    assert group_of(f"{table}::test_every_cell") == table
