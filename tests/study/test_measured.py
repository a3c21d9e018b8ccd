"""A measured function reads its record, or says why it cannot."""

import math
import sys

import pytest
import tomllib
import torch

from transformer_lite.explore.host import SITE
from transformer_lite.study import StaleRecord, measured, store, weights
from transformer_lite.study.fingerprint import fingerprint
from transformer_lite.study.runs import perform

from . import cells

CELLS = """
from transformer_lite.study import measured, tuned
import torch

base = 10.0

@measured("part/chapter", seeds=6, heads=(1, 2), rate=tuned(0.1, 0.2, 0.3))
def score(seed, heads, rate):
    return {"score": base * heads + torch.rand(()), "best": -abs(rate - 0.2)}
""".replace("0.3)", "0.3, by='best')")


def make(experiment):
    """The record of an experiment, made here."""
    kept = store.resume(experiment.chapter, experiment.name, fingerprint(experiment.function))
    while missing := experiment.plan.missing(kept.runs):
        for settings, seed in missing:
            kept.add(perform(experiment.function, settings, seed), store.circumstances())
    store.save(experiment.chapter, experiment.name, kept, kept.runs)
    return kept


def test_called_it_is_the_function(book):
    score = cells.run(CELLS)["score"]
    torch.manual_seed(4)
    expected = 20 + torch.rand(())
    assert score(4, heads=2, rate=0.1)["score"] == expected
    assert score(4, 2, 0.1)["score"] == expected
    assert score.__name__ == "score"
    assert not book.exists()


def test_a_record_is_read_and_nothing_runs(book, capsys, monkeypatch):
    kept = make(cells.run(CELLS)["score"])
    monkeypatch.setattr(sys.modules[measured.__module__], "perform", None)
    record = cells.run(CELLS)["score"].record()
    assert record.runs == kept.runs
    assert record.of("score", heads=2) == {
        seed: kept.runs[f'[{{"heads": 2, "rate": 0.2}}, {seed}]'].result["score"] for seed in range(6)
    }
    assert record.mean("score", heads=1).mean == pytest.approx(10.5, abs=0.5)
    assert record.settings(heads=1) == {"heads": 1, "rate": 0.2}
    assert capsys.readouterr().out == ""


def test_a_record_holds_what_it_was_made_with(book):
    make(cells.run(CELLS)["score"])
    text = (book / "records/part/chapter/score.json").read_text()
    for held in (
        '"function": "score"',
        f'"torch": "{torch.__version__}"',
        '"python": "',
        '"transformer_lite": "0',
        '"date": "20',
    ):
        assert held in text
    assert text.count('{"settings"') == 2 * 3 * 3 + 2 * 6
    assert '"base": [' in text


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("part/chapter", "part/other", "is missing"),
        ("base * heads", "base + heads", r"was made with other code \(score\)"),
        ("base = 10.0", "base = 11.0", r"was made with other code \(base\)"),
        ("seeds=6", "seeds=7", "lacks runs"),
        ("(1, 2)", "(1, 2, 4)", "lacks runs"),
    ],
)
def test_the_site_stops_at_a_record_that_does_not_fit(old, new, reason, book, monkeypatch):
    make(cells.run(CELLS)["score"])
    changed = cells.run(CELLS.replace(old, new))["score"]
    monkeypatch.setenv(SITE, str(book))
    cells.run(CELLS)["score"].record()  # reads
    with pytest.raises(StaleRecord, match=f"score {reason}.*make records part/"):
        changed.record()


def test_elsewhere_few_seeds_run_and_it_says_so(book, capsys):
    make(cells.run(CELLS)["score"])
    changed = cells.run(CELLS.replace("base * heads", "100 * heads"))["score"]
    record = changed.record()
    said = capsys.readouterr().out
    assert "3 of 6 seeds, run here because the record was made with other code (base, score)" in said
    assert [*record.of("score", heads=2)] == [0, 1, 2]
    assert record.mean("score", heads=2).mean == pytest.approx(200.5, abs=0.5)
    assert len(record.runs) == 2 * 3  # rates are the record's
    assert changed.record() is record  # and are not run twice


def test_a_record_with_more_than_is_asked_is_enough(book):
    make(cells.run(CELLS)["score"])
    fewer = cells.run(CELLS.replace("seeds=6", "seeds=5").replace("(1, 2)", "(2,)"))["score"]
    assert [*fewer.record().of("score")] == [0, 1, 2, 3, 4]


def test_other_words_and_other_looks_keep_a_record(book, monkeypatch):
    make(cells.run(CELLS)["score"])
    monkeypatch.setenv(SITE, str(book))
    cells.run(CELLS.replace("rate):\n", 'rate):\n    """Says more."""\n\n    # A comment.\n'))[
        "score"
    ].record()


def test_tables_show_means_with_their_intervals(book):
    record = make(cells.run(CELLS)["score"]) and cells.run(CELLS)["score"].record()
    text = str(record.table("score", rows="heads", spec=".1f"))
    head, one, two, note = text.splitlines()
    assert head.split() == ["heads", "score"]
    assert one.split()[0] == "1" and f"{record.mean('score', heads=1):.1f}" in one
    assert two.split()[0] == "2" and " to " in two
    assert note.startswith("score: 6 seeds, recorded 20")
    both = str(record.table(rows="heads", spec=".2f")).splitlines()
    assert both[0].split() == ["heads", "score", "best"]
    assert both[1].endswith(f"{record.mean('best', heads=1):.2f}")
    text = str(record.table("score", rows="heads", columns="rate"))
    assert text.splitlines()[0].split("  ")[-1].strip() == "rate = 0.2"


def test_a_contestant_must_be_named(book):
    make(cells.run(CELLS)["score"])
    record = cells.run(CELLS)["score"].record()
    with pytest.raises(ValueError, match=r"2 contestants.*heads=1, rate=0.2; heads=2, rate=0.2"):
        record.of("score")
    with pytest.raises(ValueError, match="0 contestants with heads=3"):
        record.of("score", heads=3)
    with pytest.raises(ValueError, match="'score', 'best' and not 'share'"):
        record.of("share", heads=1)
    with pytest.raises(ValueError, match="'score', 'best' and not None"):
        record.of(heads=1)


def test_settings_must_be_the_parameters():
    for function in (lambda heads: 0, lambda seed: 0, lambda heads, seed: 0, lambda seed, heads, rate: 0):
        with pytest.raises(ValueError, match="must take seed first"):
            measured("part/chapter", seeds=5, heads=(1,))(function)


@pytest.mark.parametrize("result", [math.nan, math.inf, -math.inf, 0.1, 3])
def test_every_number_comes_back(result, book):
    kept = store.Kept({})
    kept.add(perform(lambda seed, on: result, {"on": True}, 0), store.circumstances())
    store.save("part", "any", kept, kept.runs)
    [run] = store.load("part", "any").runs.values()
    assert run.result == pytest.approx(float(result), nan_ok=True)
    assert run.settings == {"on": True}


@pytest.mark.parametrize("result", ["a", None, [1.0], torch.ones(2), {"a": None}])
def test_other_results_are_refused(result):
    with pytest.raises(ValueError, match="returns a number, or a dictionary of numbers"):
        perform(lambda seed: result, {}, 0)


def test_a_journal_cut_short_keeps_its_whole_lines(book):
    kept = store.Kept({"code": ["1"]})
    for seed in range(3):
        store.note("part", "any", kept, perform(lambda seed: seed, {}, seed), {"date": "today"})
    path = store._journal("part", "any")
    path.write_text(path.read_text()[:-20])
    again = store.resume("part", "any", {"code": ["1"]})
    assert sorted(run.seed for run in again.runs.values()) == [0, 1]
    store.note("part", "any", again, perform(lambda seed: seed, {}, 2), {"date": "later"})
    whole = store.resume("part", "any", {"code": ["1"]})
    assert len(whole.runs) == 3
    assert whole.made == [{"date": "today"}, {"date": "later"}]
    assert store.resume("part", "any", {"code": ["2"]}).runs == {}


def test_a_package_that_was_installed_carries_its_records(book, tmp_path, monkeypatch):
    make(cells.run(CELLS)["score"])
    installed = tmp_path / "installed/records"
    monkeypatch.setattr(store, "_INSTALLED", installed)
    installed.parent.mkdir()
    (book / "records").rename(installed)
    assert len(cells.run(CELLS)["score"].record().of("score", heads=1)) == 6


def test_the_package_is_built_with_the_books_records_and_weights():
    wheel = tomllib.loads((cells.ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    here = {store._folder(): store._INSTALLED, weights._BOOK: weights._INSTALLED}  # this is a checkout
    included = {cells.ROOT / source: cells.ROOT / target for source, target in wheel["force-include"].items()}
    assert included == here
    assert all(source.is_dir() for source in included)
