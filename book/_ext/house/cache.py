"""Where chapters' results are kept between builds: in a folder named after the package's content and the weights'.

jupyter-cache looks at a notebook's code cells alone, so a chapter whose package has changed would show the old
package's results. Here another package means another folder, and the folders of earlier packages are removed.

The figures' graphs outlive a change of the package: each is kept under a hash of all that it is made of.
"""

import hashlib
import os
import shutil
from pathlib import Path

from transformer_lite.explore import kept

# What every chapter's results can depend on: the package, and trained weights.
SOURCES = ("transformer_lite", "book/weights")
KEPT = Path("_build/chapters")
GRAPHS = Path("_build/graphs")
# The front end is bundled into the site after the chapters have run; they do not depend on it.
FRONT_END = {".mjs", ".js", ".css", ".ts", ".mts"}


def package_hash(*folders: Path) -> str:
    """A short hash of the files that a chapter's results can depend on."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix not in FRONT_END:
                digest.update(
                    f"{path.relative_to(folder)}\0".encode() + hashlib.sha256(path.read_bytes()).digest()
                )
    return digest.hexdigest()[:16]


def choose_folders(app, config):
    """Send notebooks' outputs, and the figures that they write, to this package's folder."""
    root = Path(app.srcdir)
    folder = root / KEPT / package_hash(*(root / source for source in SOURCES))
    for other in (root / KEPT).glob("*"):
        if other != folder:
            shutil.rmtree(other)
    figures = folder / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    # Read by transformer_lite.explore in the chapters' kernels: figures are being built for the website.
    os.environ["TRANSFORMER_LITE_SITE"] = str(figures)
    os.environ[kept.FOLDER] = str(root / GRAPHS)
    kept.prune(root / GRAPHS)
    config.house_figures = str(figures)
    config.nb_execution_cache_path = str(folder / "notebooks")


def setup(app):
    app.connect("config-inited", choose_folders)
