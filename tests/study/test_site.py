"""While the website is built: a chapter runs again when its records have changed, and not otherwise."""

import subprocess
import sys

from . import cells
from .cells import ROOT

RUN = """
import sys; sys.path.insert(0, sys.argv[1] + "/book/_ext")
from pathlib import Path
from types import SimpleNamespace
from house import chapters, records
root = Path(sys.argv[2])
config = SimpleNamespace(nb_execution_cache_path=str(root / "kept/notebooks"), nb_execution_timeout=60)
app = SimpleNamespace(config=config, srcdir=str(root), house_seconds={})
env = SimpleNamespace(doc2path=lambda name: str(root / f"{name}.ipynb"), found_docs={"book/part/chapter", "book/other"})
(root / "kept").mkdir(exist_ok=True)
for step in range(3):
    print(records.outdated(app, env, set(), set(), set()))
    chapters.run(app, env, ["book/part/chapter"])
    if step:
        (root / "book/records/part/chapter/score.json").write_text("{}")
"""


def test_a_chapter_runs_again_when_its_records_have_changed(tmp_path):
    log = tmp_path / "log"
    cells.write(
        tmp_path / "book/part/chapter.ipynb", f"with open({str(log)!r}, 'a') as file:\n    file.write('ran.')"
    )
    record = tmp_path / "book/records/part/chapter/score.json"
    record.parent.mkdir(parents=True)
    record.write_text("{ }")
    done = subprocess.run(
        [sys.executable, "-c", RUN, ROOT, tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    # New records; the same; changed ones.
    assert done.stdout.splitlines() == ["['book/part/chapter']", "[]", "['book/part/chapter']"]
    assert log.read_text() == "ran.ran."
