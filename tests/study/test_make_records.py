"""`make records`, from a notebook to its record and back: interrupted, failing, on a cluster, and read by a kernel."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.book.running import execute

from . import cells
from .cells import ROOT

SET_UP = """
    %pip install nothing
    import os
    import time

    import torch
    from torch import nn

    from transformer_lite.attention import attention
    from transformer_lite.study import measured, tuned
"""
NEEDLESS = """
    for x in range(3):  # the name of a variable of functions that are needed
        raise SystemExit("no experiment needs this cell")
    halves = [base / 0 for base in (1, 2)]  # of its own, whatever stands below
"""
LOG = """
    def log(line):
        with open(os.environ["LOG"], "a") as file:
            file.write(line + "\\n")
"""
SCORE = """
    base = 10.0
    ways = {"plain": lambda x: x}
    ways["twice"] = lambda x: 2 * x

    class Kind:
        half = 0.5

    class Model(nn.Module):
        def __init__(self, heads):
            super().__init__()
            self.heads = heads

        @torch.no_grad()
        def forward(self, x):
            return attention(x, x, x).sum() * 0 + self.heads * Kind.half

    @measured("part/chapter", seeds=6, heads=(1, 2), rate=tuned(0.1, 0.2, 0.3))
    def score(seed, heads, rate):
        log(f"score {heads} {rate} {seed}")
        return base + Model(heads)(torch.randn(2, 2)) - ways["twice"](abs(rate - 0.2))
"""
READ = """
    found = score.record()
    print(found.table(rows="heads", spec=".2f"))
"""
CHANGED = """
    base = 20.0
    print(score.record().table(rows="heads", spec=".2f"))
"""
FAILS = """
    @measured("part/fails", seeds=4, heads=(1, 2))
    def fragile(seed, heads):
        log(f"fragile {heads} {seed}")
        if "BREAK" in os.environ and (seed, heads) == (2, 1):
            raise ArithmeticError("no such luck")
        return seed
"""
SLOW = """
    @measured("part/slow", seeds=24)
    def slow(seed):
        time.sleep(100 if seed >= 8 and os.path.exists(os.environ["LOG"] + ".held") else 0.25)
        log(f"slow {seed}")
        return {"process": os.getpid(), "seed": seed}
"""


def project(folder):
    """As much of the project as makes records, with a book of three chapters."""
    shutil.copytree(ROOT / "transformer_lite", folder / "transformer_lite", copy_function=shutil.copy2)
    (folder / "tools").mkdir()
    for tool in ("records.py", "experiments.py"):
        shutil.copy2(ROOT / "tools" / tool, folder / "tools")
    cells.write(folder / "book/part/chapter.ipynb", SET_UP, NEEDLESS, LOG, SCORE, READ, CHANGED)
    cells.write(folder / "book/part/fails.ipynb", SET_UP, LOG, FAILS)
    cells.write(folder / "book/part/slow.ipynb", SET_UP, LOG, SLOW)
    return folder


def command(project, *names, **environment):
    return {
        "args": [sys.executable, project / "tools/records.py", *names],
        "cwd": project,
        "env": os.environ | {"PYTHONPATH": str(project), "LOG": str(project / "log")} | environment,
        "text": True,
    }


def make(project, *names, **environment):
    return subprocess.run(
        **command(project, *names, **environment), capture_output=True, check=False, timeout=600
    )


def logged(project, name):
    path = project / "log"
    lines = path.read_text().splitlines() if path.is_file() else []
    return [line for line in lines if line.startswith(name)]


def record(project, name):
    return json.loads((project / "book/records/part" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The project after one run that had a failure in it, and what the run said."""
    folder = project(tmp_path_factory.mktemp("records"))
    return folder, make(folder, "part/chapter", "part/fails/fragile", BREAK="1")


def test_a_failure_is_told_and_loses_nothing_else(made):
    folder, first = made
    assert first.returncode == 1
    assert "part/fails: fragile(seed=2, heads=1) failed." in first.stderr
    assert "ArithmeticError: no such luck" in first.stderr
    assert "part/fails/fragile: 1 runs are missing." in first.stderr
    assert "part/chapter/score: 30 runs" in first.stdout
    assert len(logged(folder, "fragile")) == 8
    assert not (folder / "book/records/part/slow").exists()

    again = make(folder, "part/fails")
    assert again.returncode == 0, again.stderr
    assert logged(folder, "fragile")[8:] == ["fragile 1 2"]
    assert [run["result"] for run in record(folder, "fails/fragile")["runs"]] == [0, 1, 2, 3] * 2


def test_a_record_has_each_run_once_and_is_left_alone_when_it_fits(made):
    folder, _ = made
    assert sorted(logged(folder, "score")) == sorted({*logged(folder, "score")})
    found = record(folder, "chapter/score")
    assert len(found["runs"]) == 2 * 3 * 3 + 2 * 6
    assert {run["result"] for run in found["runs"] if run["seed"] < 1000} == {10.5, 11.0}
    assert {"base", "ways", "Kind", "Model", "score", "transformer_lite.attention.attention"} <= found[
        "code"
    ].keys()
    before = (folder / "book/records/part/chapter/score.json").stat().st_mtime_ns
    again = make(folder, "part/chapter/score")
    assert (again.returncode, "up to date" in again.stdout) == (0, True), again.stderr
    assert (folder / "book/records/part/chapter/score.json").stat().st_mtime_ns == before
    assert len(logged(folder, "score")) == 30
    assert make(folder, "part/nothing").returncode == 1


def test_a_notebook_reads_the_record_and_runs_what_was_changed(made, tmp_path):
    folder, _ = made
    path = folder / "book/part/here.ipynb"
    cells.write(path, SET_UP.replace("%pip install nothing", ""), LOG, SCORE, READ, CHANGED)
    runs = len(logged(folder, "score"))
    *_, read, changed = execute(
        path, sys.executable, tmp_path, PYTHONPATH=str(folder), LOG=str(folder / "log")
    )
    path.unlink()

    def said(cell):
        lines = (
            line
            for output in cell["outputs"]
            for line in (*output.get("text", ()), *output.get("traceback", ()))
        )
        return "".join(lines)

    assert "6 seeds, recorded" in said(read), said(read)
    assert "run here" not in said(read)
    assert "3 of 6 seeds, run here because the record was made with other code (base)" in said(changed)
    assert [line.split()[1] for line in said(changed).splitlines() if line[:2] in ("1 ", "2 ")] == [
        "20.50",
        "21.00",
    ]
    assert len(logged(folder, "score")) == runs + 6


def test_interrupted_it_goes_on_from_there(tmp_path):
    folder = project(tmp_path)
    # The first runs are done at once, the others not before they are interrupted.
    (folder / "log.held").touch()
    running = subprocess.Popen(
        **command(folder, "part/slow"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # Whoever runs these tests in the background of a shell has them, and their children, deaf to it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    end = time.monotonic() + 300
    journal = folder / "_build/records/part/slow/slow.jsonl"
    while not journal.is_file() or len(journal.read_text().splitlines()) < 4:
        assert running.poll() is None and time.monotonic() < end, running.communicate()
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "the same command goes on" in said
    assert "Traceback" not in said
    kept = {json.loads(line)["run"]["seed"] for line in journal.read_text().splitlines()}
    assert 4 <= len(kept) < 24
    before = len(logged(folder, "slow"))

    (folder / "log.held").unlink()
    again = make(folder, "part/slow")
    assert again.returncode == 0, again.stderr
    assert {line.split()[1] for line in logged(folder, "slow")[before:]} == {
        str(s) for s in {*range(24)} - kept
    }
    assert [run["result"]["seed"] for run in record(folder, "slow/slow")["runs"]] == [*range(24)]
    assert not journal.exists()


CLUSTER = """
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        print(cluster.scheduler_address, flush=True)
        input()
"""


def test_a_cluster_does_the_runs(tmp_path):
    folder = project(tmp_path)
    (tmp_path / "cluster.py").write_text(CLUSTER)
    options = command(folder) | {"args": [sys.executable, tmp_path / "cluster.py"]}
    with subprocess.Popen(**options, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as cluster:
        address = cluster.stdout.readline().strip()
        done = make(folder, "part/slow", SCHEDULER=address)
        cluster.communicate("\n", timeout=60)
    assert done.returncode == 0, done.stderr
    runs = record(folder, "slow/slow")["runs"]
    assert [run["result"]["seed"] for run in runs] == [*range(24)]
    assert len({run["result"]["process"] for run in runs}) == 2
