"""A chapter on a machine that has never seen us."""

import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from .running import ADDRESS, ROOT, assert_clean, assert_widgets, execute

CHAPTER = "book/attention/scaled-dot-product"
COMPANIONS = ["torch", "numpy", "matplotlib", "ipywidgets", "plotly", "ipykernel", "pip"]


def required(names):
    """What pip would install for these names here, by its own records."""
    found, wanted = {}, [(Requirement(name), {""}) for name in names]
    while wanted:
        requirement, extras = wanted.pop()
        marker = requirement.marker
        key = re.sub(r"[-_.]+", "-", requirement.name).lower(), frozenset(requirement.extras)
        if key in found or (marker and not any(marker.evaluate({"extra": extra}) for extra in extras)):
            continue
        found[key] = metadata.distribution(requirement.name)
        wanted += [(Requirement(text), requirement.extras | {""}) for text in found[key].requires or []]
    return found.values()


def put(distribution, folder):
    """The distribution's modules, compiled already, in a folder of another environment."""
    for file in distribution.files:
        source = Path(distribution.locate_file(file))
        if ".." in file.parts or "__pycache__" in file.parts or not source.is_file():
            continue
        compiled = Path(cache_from_source(str(source))) if source.suffix == ".py" else source
        for path in {source, compiled}:
            if path.is_file():
                target = folder / file.parent / path.relative_to(source.parent)
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    os.link(path, target)
                except OSError:  # another disk
                    shutil.copy2(path, target)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """A virtual environment as Colab offers it: torch and the usual companions, and nothing of ours.

    Its files are those that pip installed here under the same names, not downloaded and compiled once more.
    """
    folder = tmp_path_factory.mktemp("stranger")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    python = folder / "venv/bin/python"
    paths = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    modules = Path(subprocess.run(paths, capture_output=True, text=True, check=True).stdout.strip())
    for distribution in required(COMPANIONS):
        put(distribution, modules)
    for name in ("transformer_lite", "anywidget"):
        missing = subprocess.run(
            [python, "-c", f"import {name}"], cwd=folder, capture_output=True, text=True, check=False
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
    path = ROOT / f"{CHAPTER}.ipynb"
    cells = execute(path, stranger / "venv/bin/python", elsewhere, **rewritten)
    assert_clean(cells)
    assert_widgets(path, cells)
    where = subprocess.run(
        [stranger / "venv/bin/python", "-c", "import transformer_lite; print(transformer_lite.__file__)"],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert str(stranger / "venv") in where, "installed there, and not found here"
