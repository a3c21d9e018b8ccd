"""Which tests one process takes together: those that share an opened page, a JupyterLab or a module's fixtures.

pytest-xdist's own groups do nothing with pytest 9 (it renames tests, and pytest no longer reads the name it writes),
so the scheduler is told here.
"""

import os
import re

from xdist.scheduler import LoadScopeScheduling


def group_of(nodeid: str) -> str:
    """The name of a test's group: its page, where each page is opened once for all of its tests, or else its file.

    The table of transforms is shared out by the files of the package: it takes longer than any other file of tests.
    """
    file, _, test = nodeid.partition("::")
    page = re.search(r"\[([\w/.-]+\.html)", test)
    if page and file.endswith(("test_figures.py", "test_without.py")):
        return f"{file}[{page[1]}]"
    row = re.search(r"\[(\w+)\.", test)
    return f"{file}[{row[1]}]" if row and file.endswith("transforms/test_table.py") else file


def order(nodeid: str) -> int:
    """What takes long begins first, so that no process waits for another at the end."""
    return next((i for i, part in enumerate(("/book/", "/browser/")) if part in nodeid), 2)


class ByGroup(LoadScopeScheduling):
    """Gives each group to one process, in the order in which they were collected."""

    def _split_scope(self, nodeid):
        return group_of(nodeid)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: order(item.nodeid))


def pytest_xdist_auto_num_workers(config):
    """One more than there are processors: while a test waits for its browser, one would be idle."""
    return (os.cpu_count() or 1) + 1


def pytest_xdist_make_scheduler(config, log):
    config.option.loadscopereorder = False
    return ByGroup(config, log)
