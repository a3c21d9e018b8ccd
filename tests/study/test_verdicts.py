"""`SEED_BASE=2000 make records`: experiments on other seeds, and which of a chapter's verdicts change there."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from transformer_lite.study import StaleRecord, store
from transformer_lite.study.plan import Plan

from . import cells
from .cells import ROOT
from .test_measured import make

sys.path.insert(0, str(ROOT / "tools"))

import verdicts

SET_UP = """
    import os

    import torch

    from transformer_lite.study import Table, difference, measured, tuned, verdict
"""
# What a seed gives depends on which kind it is: reported, for tuning, or another.
EXPERIMENT = """
    @measured("part/chapter", seeds=18, kind=("plain", "turns", "fades", "stays", "clears"), rate=tuned(0.1, 0.2, 0.3))
    def score(seed, kind, rate):
        with open(os.environ["LOG"], "a") as file:
            file.write(f"{kind} {rate} {seed}\\n")
        if 1000 <= seed < 2000:
            return -abs(rate - 0.2)
        here, there = {"turns": (1, -1), "fades": (1, 0), "stays": (1, 1), "clears": (0, 1)}.get(kind, (0, 0))
        return (here if seed < 1000 else there) + 0.1 * (seed % 2)
"""
READ = """
    found = score.record()
    plain = found.of(kind="plain")

    def word(kind):
        return verdict(found.of(kind=kind), plain)

    print(f"{len(plain)} seeds")
    print("turns against plain:", word("turns"))
    for kind in ("fades", "stays"):
        print(f"  {kind}, {found.mean(kind=kind).mean:.2f}: {word(kind)} and {word('stays')}")
    say = {"better": "grows", "worse": "falls"}
    Table({"turns": {"a & b": say[word("turns")]}, "clears": {"a & b": word("clears")}}, corner="kind")
"""
EXPECTED = """\
part/chapter: 7 verdicts, 4 changed
  turned round: turns against plain: …: better → worse
  turned round: turns, a & b: grows → falls
  no longer resolved: turns against plain: …: fades, 1.05: … and … (word 1): better → not resolved
  resolved only now: clears, a & b: not resolved → better
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A book of one chapter, whose record is made."""
    folder = tmp_path_factory.mktemp("verdicts")
    shutil.copytree(ROOT / "transformer_lite", folder / "transformer_lite", copy_function=shutil.copy2)
    (folder / "tools").mkdir()
    for tool in ("records.py", "experiments.py", "verdicts.py"):
        shutil.copy2(ROOT / "tools" / tool, folder / "tools")
    cells.write(folder / "book/part/chapter.ipynb", SET_UP, EXPERIMENT, READ)
    done = records(folder)
    assert done.returncode == 0, done.stderr
    assert "verdicts" not in done.stdout
    return folder


def records(folder, **environment):
    return subprocess.run(
        [sys.executable, folder / "tools/records.py"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "LOG": str(folder / "log")} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_each_verdict_that_changes_is_told_and_the_book_is_left_alone(project):
    record = project / "book/records/part/chapter/score.json"
    before, runs = record.read_bytes(), len((project / "log").read_text().splitlines())
    done = records(project, SEED_BASE="2000")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(EXPECTED), done.stdout
    assert record.read_bytes() == before
    assert [*(project / "book/records").rglob("*.*")] == [record]
    # A third of 18 seeds; none for tuning, and each at the rate that was the best.
    lines = (project / "log").read_text().splitlines()[runs:]
    assert {line.split()[1] for line in lines} == {"0.2"}
    assert sorted(int(line.split()[2]) for line in lines) == sorted(5 * [*range(2000, 2006)])
    other = json.loads((project / "_build/records-2000/part/chapter/score.json").read_text())
    assert {run["seed"] for run in other["runs"]} == {1000, 1001, 1002, *range(2000, 2006)}

    again = records(project, SEED_BASE="2000")
    assert again.stdout.endswith(EXPECTED)
    assert len((project / "log").read_text().splitlines()) == runs + 30


def test_seeds_that_are_in_use_are_refused(project, monkeypatch):
    for base in ("0", "998", "1000", "1999", "-1", "many"):
        monkeypatch.setenv("SEED_BASE", base)
        with pytest.raises(ValueError, match=f"SEED_BASE is {base}, but must be a whole number from 2000 on"):
            store.seed_base()
    done = records(project, SEED_BASE="1000")
    assert done.returncode == 1
    assert done.stderr.startswith("SEED_BASE is 1000, but must be")
    assert not (project / "_build/records-1000").exists()


def test_without_a_record_there_is_nothing_to_try(project, tmp_path):
    folder = tmp_path / "other"
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("_build"))
    shutil.rmtree(folder / "book/records")
    done = records(folder, SEED_BASE="2000")
    assert done.returncode == 1
    assert done.stderr == (
        "part/chapter: The record of score is missing. This mends it: make records part/chapter\n"
    )


FIVE = """
    from transformer_lite.study import measured, tuned

    @measured("part/chapter", seeds=5, rate=tuned(0.1, 0.2, 0.3))
    def score(seed, rate):
        return seed - abs(rate - 0.2)
"""


def test_on_other_seeds_another_record_is_read(book, monkeypatch):
    make(cells.run(FIVE)["score"])
    monkeypatch.setenv("SEED_BASE", "3000")
    score = cells.run(FIVE)["score"]
    with pytest.raises(StaleRecord, match=r"score is missing.*: SEED_BASE=3000 make records part/chapter"):
        score.record()
    make(score.elsewhere(3000))
    record = score.record()
    assert [*record.of()] == [3000, 3001, 3002, 3003, 3004]
    assert record.settings() == {"rate": 0.2}
    assert {run.seed for run in record.trials} == {1000, 1001, 1002}
    monkeypatch.delenv("SEED_BASE")
    assert [*score.record().of()] == [0, 1, 2, 3, 4]


def test_other_seeds_need_a_record_of_this_code(book):
    make(cells.run(FIVE)["score"])
    with pytest.raises(StaleRecord, match=r"was made with other code \(score\).*: make records part/chapter"):
        cells.run(FIVE.replace("seed -", "seed +"))["score"].elsewhere(2000)


@pytest.mark.parametrize(("seeds", "others"), [(3, 5), (5, 5), (15, 5), (16, 6), (30, 10)])
def test_a_third_of_the_seeds_is_enough_for_a_verdict(seeds, others):
    plan = Plan.of(seeds, {}).elsewhere(2000)
    assert plan.reported_seeds == range(2000, 2000 + others)
    assert {seed for _, seed in plan.missing({})} == {*plan.reported_seeds}


def test_what_is_said_on_some_seeds_only_is_told():
    def said(text):
        return verdicts.words([[{"output_type": "stream", "text": text}]])

    assert verdicts.changes(said("a: better\nb: worse\n"), said("a: worse\n")) == [
        ("turned round", "a: …", "better", "worse"),
        ("no longer resolved", "b: …", "worse", "nothing"),
    ]
