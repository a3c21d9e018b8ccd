"""Means of several seeds with their 95 % intervals, and the words that these allow.

An interval is Student's: with n results of mean m and standard deviation s it is

    m ± t s / √n,   t being the 0.975 quantile with n − 1 degrees of freedom

It holds the true mean in 95 of 100 experiments if the results are about normal, and a little less often if they are
far from it, as shares close to 1 are.

Source: Student 1908; the distribution function is that of Abramowitz and Stegun 1964, 26.7.3 and 26.7.4.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

Results = Mapping[int, float] | Sequence[float]
"""One number a seed: by seed, or in any order where it does not matter which seed gave which."""

FEWEST = 5
"""A verdict needs this many seeds."""

NOT_RESOLVED = "not resolved"
"""The verdict where there is none."""


class Interval(NamedTuple):
    """A mean and its 95 % interval.

    Printed, it reads `0.931 (0.912 to 0.95)`; a format goes to each number: `f"{interval:.0%}"`.
    """

    mean: float
    low: float
    high: float
    seeds: int

    def __format__(self, spec: str) -> str:
        """The mean, and the interval in brackets; of one seed, whose interval is unbounded, the mean alone."""
        spec = spec or ".3g"
        if self.seeds == 1:
            return f"{self.mean:{spec}} (one seed)"
        return f"{self.mean:{spec}} ({self.low:{spec}} to {self.high:{spec}})"

    def __str__(self) -> str:
        return format(self)

    def overlaps(self, other: Interval) -> bool:
        """Whether the two intervals have a number in common; one that is not finite overlaps everything."""
        return not (self.high < other.low or other.high < self.low)


def interval(results: Results) -> Interval:
    """The mean of the results and its 95 % interval.

    Raises:
        ValueError: without any result.
    """
    numbers = _numbers(results)
    if not numbers:
        raise ValueError("an interval needs one result or more, and there is none.")
    if not all(map(math.isfinite, numbers)):
        return Interval(math.nan, math.nan, math.nan, len(numbers))
    mean = statistics.fmean(numbers)
    if len(numbers) == 1:
        return Interval(mean, -math.inf, math.inf, 1)
    reach = quantile(len(numbers) - 1) * statistics.stdev(numbers) / math.sqrt(len(numbers))
    return Interval(mean, mean - reach, mean + reach, len(numbers))


def difference(a: Results, b: Results) -> Interval:
    """How much more a gives than b, seed by seed: the mean of the differences and its 95 % interval.

    Where a seed fixes what both meet (the data, the order of batches), this is much narrower than a comparison of
    the two intervals.

    Args:
        a: results by seed, or in the order of seeds.
        b: results of the same seeds.

    Raises:
        ValueError: if the seeds are not the same.
    """
    first, second = _by_seed(a), _by_seed(b)
    if first.keys() != second.keys():
        raise ValueError(
            f"a has the seeds {sorted(first)} and b {sorted(second)}: to compare seed by seed they must be the same."
        )
    return interval({seed: first[seed] - second[seed] for seed in first})


def verdict(a: Results, b: Results, *, lower_is_better: bool = False, paired: bool = False) -> str:
    """`better`, `worse` or `not resolved`: what may be said of a beside b.

    Fewer than five seeds resolve nothing. Otherwise the two intervals must not overlap; or, paired, the interval of
    the differences must not hold 0. The first asks for more than a test at 5 % does, the second for just that.

    Args:
        a: results of one contestant.
        b: results of the other.
        lower_is_better: for errors and times.
        paired: compare seed by seed; see `difference`.

    Raises:
        ValueError: without any result, or, paired, if the seeds are not the same.
    """
    one, other = interval(a), interval(b)
    if paired:
        one, other = difference(a, b), Interval(0.0, 0.0, 0.0, other.seeds)
    if min(one.seeds, other.seeds) < FEWEST or one.overlaps(other):
        return NOT_RESOLVED
    return "better" if (one.mean > other.mean) is not lower_is_better else "worse"


@cache
def quantile(freedom: int) -> float:
    """The t with 95 % of Student's distribution between −t and t, for whole degrees of freedom.

    Raises:
        ValueError: for less than one degree of freedom.
    """
    if freedom < 1:
        raise ValueError(f"freedom is {freedom}, but must be at least 1.")
    low, high = 0.0, 16.0  # with one degree of freedom, t is 12.7
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if _within(middle, freedom) < 0.95 else (low, middle)
    return high


def _within(t: float, freedom: int) -> float:
    """The share of Student's distribution between −t and t: a finite sum for whole degrees of freedom."""
    angle = math.atan(t / math.sqrt(freedom))
    odd = freedom % 2
    term = math.sin(angle) * (math.cos(angle) if odd else 1.0)
    terms = []
    for k in range(1 + odd, freedom, 2):
        terms.append(term)
        term *= math.cos(angle) ** 2 * k / (k + 1)
    return 2 / math.pi * (angle + sum(terms)) if odd else sum(terms)


def _numbers(results: Results) -> list[float]:
    return [float(x) for x in (results.values() if isinstance(results, Mapping) else results)]


def _by_seed(results: Results) -> dict[int, float]:
    return dict(results) if isinstance(results, Mapping) else dict(enumerate(results))
