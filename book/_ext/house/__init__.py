"""The website's own part of the build.

`cache` where chapters' results are kept; `mathematics` formulas drawn at build time; `explorables` live figures;
`styles`, `icons`, `palette` one small style sheet; `pages` the strict content security policy.
"""


def setup(app):
    # Here, not above: tools/serve.py reads `house.policy` without Sphinx or torch.
    from house import cache, mathematics, pages

    app.connect("config-inited", cache.choose_folders)
    mathematics.setup(app)
    pages.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
