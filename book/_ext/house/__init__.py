"""The website's own part of the build: where results are kept, formulas, figures, and pages under a strict policy."""

from house import cache


def setup(app):
    app.connect("config-inited", cache.choose_folders)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
