"""Chapters run before Sphinx reads any, as many at a time as there are processors, the longest first.

Each runs in an empty folder: a reader's notebook has no files of the book beside it.

Each kernel computes with one thread: kernels side by side would only wait for each other's threads, and a chapter's
numbers are the same however many run.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from jupyter_cache.executors.basic import ExecutionWorkerTempSerial, ProcessData
from sphinx.util import logging

from house import kernels, times
from house.records import forget


def run(app, env, docnames):
    """Fill the cache. A chapter that fails is left to MyST-NB, which runs it again and says what went wrong."""
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    cache = get_cache(app.config.nb_execution_cache_path)
    chapters = {str(env.doc2path(name)): name for name in docnames}
    chapters = {path: name for path, name in chapters.items() if path.endswith(".ipynb")}
    for path in chapters:
        cache.add_nb_to_project(path)
    forget(app, cache, chapters)
    records = load_executor("temp-serial", cache).get_records(list(chapters))
    if not records:
        return
    before = times.last(Path(app.srcdir))
    # A chapter that has never run may be the longest.
    records.sort(key=lambda record: before.get(chapters[record.uri], float("inf")), reverse=True)
    timeout = app.config.nb_execution_timeout
    # A single chapter would only wait for the warm process. Apple's libraries do not survive being copied.
    if len(records) > 1 and sys.platform == "linux":
        kernels.start()
    worker = ExecutionWorkerTempSerial(logging.getLogger(__name__))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        work = [ProcessData(record.pk, record.uri, cache, timeout, False) for record in records]
        list(pool.map(worker, work))  # as a list, it raises what a worker has raised
    for record in records:
        if result := cache.get_cached_project_nb(record.uri):
            times.note(app, chapters[record.uri], result.data["execution_seconds"])


def setup(app):
    app.connect("env-before-read-docs", run)
