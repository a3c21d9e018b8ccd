"""The built website and the workbench, served, and a Chromium to read them."""

import functools
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from . import workbench
from .visit import ROOT, Visit, WithoutWebAssembly, running_chromium, serving


@functools.cache
def built_site() -> Path:
    """The website's folder, built first unless it is up to date; `$SITE` names another copy to test."""
    if "SITE" in os.environ:
        return Path(os.environ["SITE"])
    done = subprocess.run(
        [sys.executable, ROOT / "tools/site.py"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise pytest.UsageError(f"the website could not be built:\n{done.stdout[-5000:]}")
    return ROOT / "_build/html"


@functools.cache
def built_pages() -> tuple[str, ...]:
    """Every page of the built website, by its address under the website's own."""
    site = built_site()
    return tuple(
        sorted(
            str(path.relative_to(site))
            for path in site.rglob("*.html")
            if "_static" not in path.parts and "_sources" not in path.parts
        )
    )


def pages_with(mark: str) -> list[str]:
    """The pages whose markup holds `mark`, and the workbench."""
    held = [name for name in built_pages() if mark in (built_site() / name).read_text(encoding="utf-8")]
    return [*held, "workbench/workbench.html"]


# For what depends on the front end alone, and not on a page's own figures.
FEW = ["book/index.html", "book/attention/scaled-dot-product.html", "workbench/workbench.html"]


def pytest_generate_tests(metafunc):
    if "any_page" in metafunc.fixturenames:
        metafunc.parametrize("any_page", [*built_pages(), "workbench/workbench.html"], scope="module")
    if "live_page" in metafunc.fixturenames:
        pages = pages_with('class="explorable"')
        if "opened" in metafunc.fixturenames:
            # One process opens the page once for all of these tests.
            pages = [pytest.param(page, marks=pytest.mark.xdist_group(page)) for page in pages]
        metafunc.parametrize("live_page", pages, scope="module")
    if "one_of_few" in metafunc.fixturenames:
        metafunc.parametrize("one_of_few", FEW, scope="module")


@pytest.fixture(scope="package")
def served(tmp_path_factory):
    """A folder with the website and the workbench in it."""
    folder = tmp_path_factory.mktemp("served") / "sub"
    workbench.make(folder / "workbench")
    for child in built_site().iterdir():
        (folder / child.name).symlink_to(child)
    return folder.parent


@pytest.fixture(scope="package")
def site(served):
    """The website's address."""
    with serving(served) as address:
        yield address


@pytest.fixture(scope="package")
def site_without_webassembly(served):
    with serving(served, WithoutWebAssembly) as address:
        yield address


@pytest.fixture(scope="package")
def chromium():
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def visiting(chromium):
    """What opens a page of its own, in a `with` statement."""

    @contextmanager
    def visit(**options):
        opened = Visit(chromium, **options)
        try:
            yield opened
        finally:
            opened.close()

    return visit


@pytest.fixture(scope="module")
def opened(visiting, site, live_page):
    """A page whose figures are live, opened once."""
    with visiting() as visit:
        yield visit.open(site + live_page)


@pytest.fixture
def live(opened):
    """The opened page, whose figures start at their defaults."""
    opened.changes()
    yield opened
    for id_ in opened.figures():
        opened.reset(id_)
