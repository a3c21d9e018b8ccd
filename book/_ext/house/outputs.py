"""A cell that shows an error fails the build, even if it did not stop the notebook.

An object that cannot be displayed prints a traceback, and the notebook runs on: it counts as a success, and would be
kept in the cache as one. A cell that means to fail says so with the tag `raises-exception`.
"""

import shutil
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)


def look_for_errors(app, doctree):
    for cell in doctree.findall(lambda node: isinstance(node, nodes.container) and "cell" in node["classes"]):
        if "tag_raises-exception" in cell["classes"]:
            continue
        for output in cell.findall(
            lambda node: "traceback" in getattr(node, "attributes", {}).get("classes", [])
        ):
            logger.warning("a cell shows an error:\n%s", output.astext(), location=cell, type="cell")
            app.env.house_errors = True


def forget_errors(app, exception):
    """A chapter with an error is run again by the next build."""
    if getattr(app.env, "house_errors", False):
        shutil.rmtree(Path(app.config.nb_execution_cache_path), ignore_errors=True)


def setup(app):
    app.connect("doctree-read", look_for_errors)
    app.connect("build-finished", forget_errors)
