"""Which runs an experiment needs, and which of its settings are reported."""

import pytest

from transformer_lite.study.plan import FIRST_TUNING_SEED, Plan, tuned
from transformer_lite.study.runs import Run, key_of


def played(plan, result):
    """All runs of a plan, made in as many rounds as it asks for, and how many each round had."""
    runs, rounds = {}, []
    while missing := plan.missing(runs):
        rounds.append(len(missing))
        for settings, seed in missing:
            runs[key_of(settings, seed)] = Run(settings, seed, float(result(seed=seed, **settings)), 0.1)
    return runs, rounds


def test_without_tuning_every_combination_runs_on_every_seed():
    plan = Plan.of(3, {"heads": (1, 2), "wide": (True, False)})
    runs, rounds = played(plan, lambda **_: 0)
    assert rounds == [12] == [plan.total()]
    assert {run.seed for run in runs.values()} == {0, 1, 2}


def test_each_contestant_is_tuned_on_seeds_that_are_not_reported():
    plan = Plan.of(5, {"heads": (1, 4), "rate": tuned(0.1, 0.2, 0.4, 0.8)})

    def result(seed, heads, rate):
        # Reported seeds would choose another rate: they must not be asked.
        best = 0.2 * (2 if heads == 4 else 1) if seed >= FIRST_TUNING_SEED else 0.1
        return -abs(rate - best)

    runs, rounds = played(plan, result)
    assert rounds == [2 * 4 * 3, 2 * 5]
    assert sum(rounds) == plan.total()
    assert plan.chosen(runs, {"heads": 1}) == {"rate": 0.2}
    assert plan.chosen(runs, {"heads": 4}) == {"rate": 0.4}
    assert {(s["heads"], s["rate"]) for s, seed in plan.reported(runs)} == {(1, 0.2), (4, 0.4)}
    assert plan.edges(runs) == []


@pytest.mark.parametrize(("best", "end"), [(0.1, "lowest"), (0.8, "highest")])
def test_a_best_value_at_the_edge_is_told(best, end):
    plan = Plan.of(1, {"heads": (2,), "rate": tuned(0.1, 0.2, 0.8, lower_is_better=True)})
    runs, _ = played(plan, lambda seed, heads, rate: abs(rate - best))
    assert plan.edges(runs) == [f"the best rate for heads=2 is {best}, the {end} tried: try more beyond it"]


def test_names_have_no_edge_and_ties_go_to_the_middle():
    plan = Plan.of(1, {"start": tuned("zero", "random"), "rate": tuned(0.1, 0.2, 0.3, 0.4, 0.5)})
    runs, _ = played(plan, lambda seed, start, rate: (start == "zero") * (rate < 0.6))
    assert plan.chosen(runs, {}) == {"start": "zero", "rate": 0.3}
    assert plan.edges(runs) == []


def test_a_training_that_diverged_is_never_the_best():
    plan = Plan.of(1, {"rate": tuned(0.1, 0.2, 0.3, lower_is_better=True)})
    runs, _ = played(plan, lambda seed, rate: {0.1: 5, 0.2: 4, 0.3: float("nan")}[rate])
    assert plan.chosen(runs, {}) == {"rate": 0.2}


def test_one_of_several_numbers_decides():
    plan = Plan.of(1, {"rate": tuned(0.1, 0.2, 0.3, by="right")})
    runs = {}
    for settings, seed in plan.trials():
        result = {"right": float(settings["rate"] == 0.2), "loss": settings["rate"]}
        runs[key_of(settings, seed)] = Run(settings, seed, result, 0.1)
    assert plan.chosen(runs, {}) == {"rate": 0.2}
    with pytest.raises(ValueError, match="names none of its numbers"):
        Plan.of(1, {"rate": tuned(0.1, 0.2, 0.3)}).chosen(runs, {})


def test_few_seeds_keep_what_was_tuned():
    plan = Plan.of(10, {"heads": (1, 2), "rate": tuned(0.1, 0.2, 0.3)})
    runs, _ = played(plan, lambda seed, heads, rate: -abs(rate - 0.2))
    few = plan.few(3, runs)
    assert few.contestants == [{"heads": 1, "rate": 0.2}, {"heads": 2, "rate": 0.2}]
    assert few.total() == 6
    assert plan.few(3, {}).total() == 2 * 3 + 2 * 3  # nothing known: each rate on one seed


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"heads": 4}, r"heads=\(4,\)"),
        ({"heads": ()}, "must list its values"),
        ({"heads": (len,)}, "a record holds numbers"),
        ({"a": tuned(1, 2, 3), "b": tuned(1, 2, 3, lower_is_better=True)}, "must agree"),
    ],
)
def test_unusable_settings_are_refused(settings, reason):
    with pytest.raises(ValueError, match=reason):
        Plan.of(5, settings)


@pytest.mark.parametrize("values", [(1,), (1, 2), (3, 2, 1), ("a",), (1, 2, "a")])
def test_unusable_grids_are_refused(values):
    with pytest.raises(ValueError, match="rising order"):
        tuned(*values)


@pytest.mark.parametrize("seeds", [0, FIRST_TUNING_SEED + 1])
def test_unusable_seeds_are_refused(seeds):
    with pytest.raises(ValueError, match="from 1 to"):
        Plan.of(seeds, {})
