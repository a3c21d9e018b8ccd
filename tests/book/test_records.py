"""The book's records: made with the code that stands there now, tuned within their grids, and true when run again."""

import sys

import pytest

from tests.study.rerun import agrees
from transformer_lite.study import store
from transformer_lite.study.fingerprint import fingerprint
from transformer_lite.study.plan import FIRST_TUNING_SEED
from transformer_lite.study.runs import perform

from .running import NOTEBOOKS, ROOT

sys.path.insert(0, str(ROOT / "tools"))

from experiments import experiments

MEASURED = [path for path in NOTEBOOKS if "measured(" in path.read_text(encoding="utf-8")]


def chapter_of(path):
    return path.relative_to(ROOT / "book").with_suffix("").as_posix()


@pytest.mark.parametrize("path", MEASURED, ids=chapter_of)
def test_a_chapters_records_are_those_of_its_code_and_a_run_of_each_gives_the_same_again(path):
    chapter = chapter_of(path)
    found = experiments(path, chapter)
    recorded = {file.stem for file in (ROOT / "book/records" / chapter).glob("*.json")}
    assert recorded == {*found}, (
        "make records makes what is missing; what no experiment reads is to be deleted"
    )
    for name, experiment in found.items():
        kept = store.load(chapter, name)
        assert not experiment.unfit(kept, fingerprint(experiment.function)), f"make records {chapter}"
        assert not experiment.plan.edges(kept.runs)
        reported = (run for run in kept.runs.values() if run.seed < FIRST_TUNING_SEED)
        cheapest = min(reported, key=lambda run: run.seconds)
        again = perform(experiment.function, cheapest.settings, cheapest.seed)
        assert agrees(kept.runs.values(), again), (name, again, cheapest)


def test_every_record_has_its_chapter():
    folders = {
        path.parent.relative_to(ROOT / "book/records").as_posix()
        for path in (ROOT / "book/records").rglob("*.json")
    }
    assert folders <= {*map(chapter_of, MEASURED)}
