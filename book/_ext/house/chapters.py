"""Chapters run before Sphinx reads any, as many at a time as there are processors, the longest first.

Each runs in an empty folder: a reader's notebook has no files of the book beside it.

Each kernel computes with one thread: kernels side by side would only wait for each other's threads, and a chapter's
numbers are the same however many run.
"""

import multiprocessing
import os
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from jupyter_cache.executors.basic import REPORT_LEVEL, ExecutionWorkerTempMProc, ProcessData

from house import times


def run(app, env, docnames):
    """Fill the cache. A chapter that fails is left to MyST-NB, which runs it again and says what went wrong."""
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    cache = get_cache(app.config.nb_execution_cache_path)
    chapters = {str(env.doc2path(name)): name for name in docnames}
    chapters = {path: name for path, name in chapters.items() if path.endswith(".ipynb")}
    for path in chapters:
        cache.add_nb_to_project(path)
    records = load_executor("temp-parallel", cache).get_records(list(chapters))
    if not records:
        return
    before = times.last(Path(app.srcdir))
    # A chapter that has never run may be the longest.
    records.sort(key=lambda record: before.get(chapters[record.uri], float("inf")), reverse=True)
    timeout = app.config.nb_execution_timeout
    multiprocessing.log_to_stderr(REPORT_LEVEL)  # one line for each chapter
    with multiprocessing.Pool() as pool:
        work = [ProcessData(record.pk, record.uri, cache, timeout, False) for record in records]
        pool.map(ExecutionWorkerTempMProc(), work, chunksize=1)
    for record in records:
        if result := cache.get_cached_project_nb(record.uri):
            times.note(app, chapters[record.uri], result.data["execution_seconds"])


def setup(app):
    app.connect("env-before-read-docs", run)
