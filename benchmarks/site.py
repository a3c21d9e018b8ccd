"""The website: what a page weighs, how soon its figures answer, how long the book takes to build."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from tests.browser.lab import open_notebook, running_lab
from tests.browser.settings import other_values
from tests.browser.visit import Visit, running_chromium, serving

from .timing import table

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build/html"
CHAPTER = "book/attention/scaled-dot-product"
# Fonts and pictures that are compressed already gain nothing from gzip.
PACKED = {".woff2", ".png", ".jpg", ".webp"}
MOVES = 12


def gzipped(path: Path) -> int:
    content = path.read_bytes()
    return len(content) if path.suffix in PACKED else len(gzip.compress(content, 6))


def kilobytes(count: float) -> str:
    return f"{count / 1000:.0f} kB"


def milliseconds(times: list[float]) -> str:
    return f"{statistics.median(times):.0f}"


# -- weight --------------------------------------------------------------------------------------------------------


def weigh(chromium, address: str, page: str) -> dict[str, int]:
    """The gzipped bytes that a cold visit asks for, by what they are."""
    visit = Visit(chromium)
    visit.open(f"{address}{page}", live=False)
    visit.page.wait_for_load_state("networkidle")
    weights: dict[str, int] = defaultdict(int)
    for url in dict.fromkeys(visit.requests):
        name = urlsplit(url).path.removeprefix("/sub/")
        if not url.startswith("http") or not (SITE / name).is_file():
            continue
        if "/runtime/" in name:
            kind = "runtime"
        elif "/figures/" in name:
            continue
        else:
            kind = {".html": "page", ".css": "style", ".woff2": "fonts"}.get(
                Path(name).suffix, "scripts and icons"
            )
        weights[kind] += gzipped(SITE / name)
    visit.close()
    # They come in the page's own time, some perhaps after it was left.
    html = (SITE / page).read_text(encoding="utf-8")
    sources = re.findall(r'data-source="([^"]+)"', html)
    tensors = {
        each.split(":")[0] for found in re.findall(r'data-weights="([^"]*)"', html) for each in found.split()
    }
    names = [f"{source}.*" for source in sources] + [f"weights-{name}.bin" for name in tensors]
    files = [path for name in names for path in (SITE / "_static/figures").glob(name)]
    weights["graphs, traces, weights"] = sum(map(gzipped, files))
    return weights


def weights(chromium, address: str) -> None:
    """Prints what the pages with figures weigh."""
    kinds = ["page", "style", "scripts and icons", "fonts"]
    pages = [
        path
        for path in sorted(SITE.rglob("*.html"))
        if 'class="explorable"' in path.read_text(encoding="utf-8")
    ]
    rows = []
    for path in pages:
        found = weigh(chromium, address, str(path.relative_to(SITE)))
        first = sum(found[kind] for kind in kinds)
        rows.append([path.relative_to(SITE), *(kilobytes(found[kind]) for kind in kinds), kilobytes(first)])
        rows[-1].append(kilobytes(found["graphs, traces, weights"]))
    print("Gzipped bytes of a cold visit; the first picture needs no more than the text (budget: 300 kB).\n")
    table(["page", *kinds, "text and first picture", "graphs, traces, weights, later"], rows)
    runtime = {path.name: gzipped(path) for path in sorted((SITE / "_static/runtime").iterdir())}
    print("The runtime, once for the whole site (budget: 4.5 MB gzipped).\n")
    rows = [[name, kilobytes(size)] for name, size in runtime.items()]
    table(["file", "gzipped"], [*rows, ["together", f"{sum(runtime.values()) / 1e6:.2f} MB"]])


# -- answers -------------------------------------------------------------------------------------------------------

TIMED = """async ([id, changes]) => {
  const start = performance.now();
  await probe.figure(id).explorable.set(changes);
  return performance.now() - start;
}"""


def answers(chromium, address: str, lab: str) -> None:
    """Prints the time from control to painted picture, on the page beside the notebook, by turns."""
    page, notebook = Visit(chromium), Visit(chromium)
    start = time.perf_counter()
    page.open(f"{address}{CHAPTER}.html", live=False)
    first = page.figures()[0]
    page.until("(id) => probe.figure(id).dataset.state === 'live'", first, timeout=60)
    alive = time.perf_counter() - start
    page.wake()
    open_notebook(notebook, lab, f"{CHAPTER}.ipynb")
    notebook.wake()
    rows = []
    every: dict[str, list[float]] = {"page": [], "notebook": []}
    for id_ in page.figures():
        controls, values = page.controls(id_), page.values(id_)
        for name, control in controls.items():
            there = other_values(control, controls, values)[0]
            times: dict[str, list[float]] = {"page": [], "notebook": []}
            for turn in range(MOVES):
                changes = {name: there if turn % 2 == 0 else control["value"]}
                for where, visit in (("page", page), ("notebook", notebook)):
                    visit.page.evaluate("(id) => probe.figure(id).scrollIntoView()", id_)
                    times[where].append(visit.page.evaluate(TIMED, [id_, changes]))
            page.set(id_, **values)
            notebook.set(id_, **values)
            # The first two moves pay for what later ones find ready: a graph for each option, plotly's layout.
            for where, of in every.items():
                of += times[where][2:]
            medians = [milliseconds(of[2:]) for of in times.values()]
            rows.append([id_, name, *medians, milliseconds(times["page"][:2])])
    rows.append(["all", "all", *(milliseconds(of) for of in every.values()), ""])
    page.close()
    notebook.close()
    print(
        f"From control to painted picture, in milliseconds, medians of {MOVES - 2} moves (budget: 50 ms).\n"
    )
    table(["figure", "control", "page", "JupyterLab", "page, first two"], rows)
    print(f"From opening the page to its first live figure: {alive:.1f} s.\n")


# -- builds --------------------------------------------------------------------------------------------------------


def copied(folder: Path) -> Path:
    """A copy of the checkout to build in, so that nothing here is touched."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder


def build(folder: Path) -> float:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, folder / "tools/site.py"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"The book could not be built:\n{done.stdout[-3000:]}")
    return time.perf_counter() - start


def edit(path: Path, kind: str, text: str) -> None:
    """Add a line to the last cell of a kind."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = [cell for cell in notebook["cells"] if cell["cell_type"] == kind][-1]
    cell["source"] = "".join(cell["source"]) + text
    path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")


def builds() -> None:
    """Prints how long the book takes to build."""
    with tempfile.TemporaryDirectory() as name:
        folder = copied(Path(name))
        chapter = folder / f"{CHAPTER}.ipynb"
        times = {"clean, the whole book (budget: 10 min)": build(folder)}
        edit(chapter, "code", "\n# changed")
        times["after changing code in one chapter (budget: 60 s)"] = build(folder)
        edit(chapter, "markdown", "\n\nOne more sentence.")
        times["after editing prose (budget: 30 s)"] = build(folder)
        times["with nothing changed"] = build(folder)
    table(["build", "seconds"], [[what, f"{seconds:.1f}"] for what, seconds in times.items()])


def main() -> None:
    if not (SITE / "index.html").is_file():
        sys.exit("There is no website to measure; `make site` builds one.")
    with ExitStack() as stack:
        served = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (served / "sub").symlink_to(SITE)
        lab_folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        chromium = stack.enter_context(running_chromium())
        address = stack.enter_context(serving(served))
        weights(chromium, address)
        answers(chromium, address, stack.enter_context(running_lab(lab_folder)))
    builds()


if __name__ == "__main__":
    main()
