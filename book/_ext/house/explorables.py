"""Live figures on the built pages: the runtime, the front end, each figure's graph and trace, and trained weights."""

import json
import re
import shutil
from pathlib import Path

from sphinx.util import logging

from transformer_lite.explore import bundle

logger = logging.getLogger(__name__)

# A live figure, or an exercise that checks itself: both are drawn from files that their chapter has written.
LIVE = re.compile(r"<(?:figure|form)\b[^>]*\bdata-source=\"([\w.-]+)\"")

# The trained weights of one: each tensor's hash, and its bytes.
WEIGHTS = re.compile(r"<(?:figure|form)\b[^>]*\bdata-weights=\"([\w: ]+)\"")

# A view by itself, which needs the same style sheet.
STILL = '<figure class="tl-still">'

# The browser's runtime: one copy for the whole site, fetched when a figure comes near the screen.
RUNTIME = {
    "onnxruntime-web/dist/ort.wasm.min.mjs": "ort.wasm.min.mjs",
    "onnxruntime-web/dist/ort-wasm-simd-threaded.mjs": "ort-wasm-simd-threaded.mjs",
    "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm": "ort-wasm-simd-threaded.wasm",
    "plotly.js-cartesian-dist-min/plotly-cartesian.min.js": "plotly.min.js",
}


def install_front_end(modules: Path, static: Path):
    """The files that all figures share."""
    runtime = static / "runtime"
    runtime.mkdir(exist_ok=True)
    sizes = {}
    for source, name in RUNTIME.items():
        sizes[name] = shutil.copyfile(modules / source, runtime / name).stat().st_size
    explore = static / "explore"
    explore.mkdir(exist_ok=True)
    for name, text in {
        "explore.mjs": bundle.script(),
        "explore.css": bundle.style(),
        "site.mjs": bundle.site(),
        "sizes.mjs": f"export const SIZES = {json.dumps(sizes)};\n",
    }.items():
        (explore / name).write_text(text, encoding="utf-8")


def stored(html: str) -> set[str]:
    """The names of the files that a page's figures are made of."""
    weights = (each.partition(":")[0] for found in WEIGHTS.findall(html) for each in found.split())
    own = {f"{name}{suffix}" for name in LIVE.findall(html) for suffix in (".json", ".trace.json")}
    return own | {f"weights-{name}.bin" for name in weights}


def install_figures(wanted: set[str], figures: Path, static: Path):
    """Copy what the pages name, and remove what no page names any more."""
    target = static / "figures"
    target.mkdir(exist_ok=True)
    for old in target.iterdir():
        if old.name not in wanted:
            old.unlink()
    for name in sorted(wanted):
        if (figures / name).is_file():
            shutil.copyfile(figures / name, target / name)
        else:
            logger.warning("a page needs %s, which no chapter has written", name, type="explore")


def head(root: str) -> str:
    """What the head of a page with live figures needs; `root` leads from the page to the site's top."""
    return (
        f'<link rel="stylesheet" href="{root}_static/explore/explore.css" />\n'
        f'<script type="module" src="{root}_static/explore/site.mjs"></script>\n'
    )
