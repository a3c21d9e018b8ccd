"""Notes how long the tests of each page, and of each file, took, and which failed; tools/times.py prints it."""

import json
import re
from collections import defaultdict
from pathlib import Path

from .groups import group_of

TIMES = Path(__file__).resolve().parents[1] / "_build/times"

_seconds = defaultdict(float)
_failed = {}


def pytest_runtest_logreport(report):
    page = re.search(r"\[(.+)\.html\]", group_of(report.nodeid))
    _seconds[page[1] if page else report.nodeid.partition("::")[0]] += report.duration
    if report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        _failed[report.nodeid] = crash.message if crash else str(report.longrepr)


def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput") and _seconds:  # the process that hears of all tests
        TIMES.mkdir(parents=True, exist_ok=True)
        for name, noted in {"tests": dict(sorted(_seconds.items())), "failed": _failed}.items():
            (TIMES / f"{name}.json").write_text(json.dumps(noted, indent=1) + "\n", encoding="utf-8")
