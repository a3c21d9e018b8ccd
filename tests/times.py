"""Notes how long the tests of each page, and of each file, took; tools/times.py prints them."""

import json
import re
from collections import defaultdict
from pathlib import Path

from .groups import group_of

KEPT = Path(__file__).resolve().parents[1] / "_build/times/tests.json"

_seconds = defaultdict(float)


def pytest_runtest_logreport(report):
    page = re.search(r"\[(.+)\.html\]", group_of(report.nodeid))
    _seconds[page[1] if page else report.nodeid.partition("::")[0]] += report.duration


def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput") and _seconds:  # the process that hears of all tests
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        KEPT.write_text(json.dumps(dict(sorted(_seconds.items())), indent=1) + "\n", encoding="utf-8")
