"""Intervals hold the truth as often as they say, and verdicts say no more than the intervals allow."""

import math

import pytest
import torch

from transformer_lite.study import difference, interval, verdict
from transformer_lite.study.intervals import quantile


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 10, 29, 200])
def test_quantiles_are_those_of_the_density(freedom):
    t = quantile(freedom)
    x = torch.linspace(-t, t, 200_001, dtype=torch.float64)
    density = (
        torch.distributions.StudentT(torch.tensor(float(freedom), dtype=torch.float64)).log_prob(x).exp()
    )
    assert torch.trapezoid(density, x).item() == pytest.approx(0.95, abs=1e-7)


def test_quantiles_are_those_of_printed_tables():
    # Fisher and Yates 1963, table III.
    assert [round(quantile(n), 3) for n in (1, 4, 9, 120)] == [12.706, 2.776, 2.262, 1.980]
    with pytest.raises(ValueError, match="at least 1"):
        quantile(0)


def test_an_interval_by_hand():
    # Mean 3, standard deviation √2.5, five seeds.
    found = interval([1, 2, 3, 4, 5])
    reach = 2.776445 * math.sqrt(2.5 / 5)
    assert found == pytest.approx((3, 3 - reach, 3 + reach, 5), abs=1e-6)
    assert interval({7: 1.0, 9: 5.0}).mean == 3
    assert f"{found:.1f}" == "3.0 (1.0 to 5.0)"
    assert f"{interval([0.5, 0.5]):.0%}" == "50% (50% to 50%)"


def test_intervals_hold_the_true_mean_in_95_of_100_experiments():
    experiments = torch.randn(4000, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) + 3
    held = [low <= 3 <= high for _, low, high, _ in map(interval, experiments.tolist())]
    # Three standard deviations of 4,000 experiments.
    assert sum(held) / 4000 == pytest.approx(0.95, abs=0.0105)


def test_one_seed_says_nothing():
    found = interval([0.5])
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert str(found) == "0.5 (one seed)"
    with pytest.raises(ValueError, match="one result or more"):
        interval([])


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        ([5, 6, 5, 6, 5], [1, 2, 1, 2, 1], "better"),
        ([1, 2, 1, 2, 1], [5, 6, 5, 6, 5], "worse"),
        ([5, 6, 5, 6], [1, 2, 1, 2, 1], "not resolved"),  # four seeds
        ([5, 6, 5, 6, 5], [4, 7, 4, 7, 4], "not resolved"),
        ([1, 1, 1, 1, 1], [1, 1, 1, 1, 1], "not resolved"),
        ([5, 6, 5, 6, math.nan], [1, 2, 1, 2, 1], "not resolved"),
    ],
)
def test_verdicts(a, b, words):
    assert verdict(a, b) == words
    other = {"better": "worse", "worse": "better"}.get(words, words)
    assert verdict(a, b, lower_is_better=True) == other
    assert verdict(b, a) == other


def test_seeds_that_are_shared_resolve_more():
    luck = [0.0, 10.0, 20.0, 30.0, 40.0]
    a = {seed: x + 1 for seed, x in enumerate(luck)}
    b = {seed: x + 0.01 * seed for seed, x in reversed([*enumerate(luck)])}
    assert verdict(a, b) == "not resolved"
    assert verdict(a, b, paired=True) == "better"
    assert difference(a, b).mean == pytest.approx(0.98)
    with pytest.raises(ValueError, match="must be the same"):
        difference(a, {0: 1.0})


def test_equals_are_told_apart_by_chance_in_five_of_a_hundred_experiments_at_most():
    a, b = torch.randn(2, 2000, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2)).tolist()
    for paired, low, high in ((True, 0.035, 0.065), (False, 0.0, 0.02)):
        said = [verdict(*pair, paired=paired) for pair in zip(a, b, strict=True)]
        assert low <= 1 - said.count("not resolved") / 2000 <= high
