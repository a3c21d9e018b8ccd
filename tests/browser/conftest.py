"""The built website and the workbench, served, and a Chromium to read them."""

import fcntl
import os
from contextlib import contextmanager

import pytest

from ..built import built_pages, built_site, live_pages
from . import workbench
from .visit import Visit, WithoutWebAssembly, running_chromium, serving

# Every kind of control, view and exercise, and what may go wrong with them.
WORKBENCH = "workbench/workbench.html"


def pytest_generate_tests(metafunc):
    pages = {
        # Of its own figures, a page is asked what only they can get wrong; the workbench, everything.
        "live_page": [*live_pages(), WORKBENCH],
        "still_page": [page for page in built_pages() if page not in live_pages()],
        # What a page does when something is missing depends on the front end and on the site, not on its figures.
        "one_of_few": [*(page for page in built_pages() if page == "book/index.html"), WORKBENCH],
    }
    for name in pages.keys() & set(metafunc.fixturenames):
        metafunc.parametrize(name, pages[name], scope="module")


def asks_the_workbench(item):
    """Pages of the website are asked by themselves: whoever runs only these need not wait for it."""
    return WORKBENCH in item.nodeid or item.path.name not in ("test_figures.py", "test_pages.py")


@pytest.fixture(scope="session")
def served(request, tmp_path_factory):
    """A folder with the website and the workbench in it, which the first process that needs it makes for all."""
    folder = tmp_path_factory.mktemp("served") / "sub"
    folder.mkdir()
    if any(map(asks_the_workbench, request.session.items)):
        (folder / "workbench").symlink_to(made_workbench(tmp_path_factory))
    if built_pages():
        for child in built_site().iterdir():
            (folder / child.name).symlink_to(child)
    return folder.parent


def made_workbench(tmp_path_factory):
    """Its folder, whichever process of this run has made it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with (shared / "workbench.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "workbench.made").exists():
            workbench.make(shared / "workbench")
            (shared / "workbench.made").touch()
    return shared / "workbench"


@pytest.fixture(scope="session")
def site(served):
    """The website's address."""
    with serving(served) as address:
        yield address


@pytest.fixture(scope="session")
def site_without_webassembly(served):
    with serving(served, WithoutWebAssembly) as address:
        yield address


@pytest.fixture(scope="session")
def chromium():
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
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
    """A page whose figures are live, opened once for all that is asked of it."""
    with visiting() as visit:
        visit.open_watched(site + live_page).skip_questions()
        yield visit


@pytest.fixture(scope="module")
def still(visiting, site, live_page):
    """The same page without JavaScript."""
    with visiting(java_script_enabled=False) as visit:
        yield visit.open(site + live_page, live=False)


@pytest.fixture
def live(opened):
    """The opened page, whose figures start at their defaults."""
    opened.changes()
    yield opened
    for id_ in opened.figures():
        opened.reset(id_)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """What failed is kept as a picture, which the report names."""
    report = yield
    if report.failed:
        seen = {id(visit): visit for visit in item.funcargs.values() if isinstance(visit, Visit)}
        for visit in seen.values():
            try:
                report.sections.append(("seen", f"{visit.page.url}: {visit.keep(item.nodeid)}"))
            except Exception as reason:  # a page that is gone has no picture
                report.sections.append(("seen", f"no picture: {reason}"))
    return report
