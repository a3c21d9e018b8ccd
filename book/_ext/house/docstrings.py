"""Constants' docstrings are prose.

Napoleon, which reads the sections of docstrings ("Args:", "Raises:"), takes the words before a colon in a constant's
docstring for its type. So a constant keeps its docstring as it was before Napoleon.
"""

PROSE = {"data", "attribute"}


def setup(app):
    kept = {}

    def keep(app, what, name, obj, options, lines):
        if what in PROSE:
            kept[name] = list(lines)

    def restore(app, what, name, obj, options, lines):
        if what in PROSE:
            lines[:] = kept.pop(name)

    app.connect("autodoc-process-docstring", keep, priority=400)  # Napoleon's priority is 500
    app.connect("autodoc-process-docstring", restore, priority=600)
