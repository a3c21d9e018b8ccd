"""The website's own part of the build.

`cache` where chapters' results are kept; `chapters` their runs, in `kernels` that start `warm`; `records` which of them
must run again; `times` how long all took; `outputs` cells that failed; `folded` the looks of figures in their code;
`mathematics` formulas drawn at build time; `sources` links from formulas to code; `explorables` live figures;
`docstrings` what the package says of itself; `transforms` what PyTorch may do to it;
`styles`, `icons`, `palette` one small style sheet; `pages` the strict content security policy.
"""

import shutil
from pathlib import Path


def setup(app):
    # Here, not above: tools/serve.py reads `house.policy` without Sphinx or torch.
    from house import (
        cache,
        chapters,
        docstrings,
        folded,
        mathematics,
        outputs,
        pages,
        records,
        sources,
        times,
        transforms,
    )

    # sphinx-autoapi writes its pages again on each build. Those that a build cut short has left behind must be gone
    # before the table of contents is read, which would take them for pages that it does not list.
    shutil.rmtree(Path(app.srcdir) / "book/api", ignore_errors=True)
    times.setup(app)
    cache.setup(app)
    chapters.setup(app)
    records.setup(app)
    outputs.setup(app)
    folded.setup(app)
    docstrings.setup(app)
    mathematics.setup(app)
    sources.setup(app)
    transforms.setup(app)
    pages.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
