"""Which of several ways to do one job is faster, and by how much.

The ways take turns, so that a busy moment of the machine falls on all of them. What counts is the ratio within each
round, and then the median over the rounds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    """The seconds that each way took in every round."""

    rounds: dict[str, list[float]]

    def seconds(self, name: str) -> float:
        """The median of a way's rounds."""
        return statistics.median(self.rounds[name])

    def ratio(self, name: str, to: str) -> float:
        """How many times as long one way takes as the other."""
        pairs = zip(self.rounds[name], self.rounds[to], strict=True)
        return statistics.median(a / b for a, b in pairs)


def timed(jobs: Mapping[str, Callable[[], object]], *, rounds: int = 15, seconds: float = 0.01) -> Times:
    """Times each job once a round, in turns; a job shorter than `seconds` is repeated until it fills them.

    Args:
        jobs: functions without arguments, by name.
        rounds: how often each is timed.
        seconds: the least time of one measurement, above what the clock can tell.

    Raises:
        ValueError: without a job or a round.
    """
    if not jobs or rounds < 1:
        raise ValueError(f"timing needs one job and one round or more, got {len(jobs)} and {rounds}.")
    repeats = {}
    for name, job in jobs.items():
        job()  # the first call pays for set-up
        repeats[name] = max(1, round(seconds / max(_once(job, 1), 1e-9)))
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(rounds):
        for name in [*jobs] if turn % 2 else [*jobs][::-1]:
            taken[name].append(_once(jobs[name], repeats[name]))
    return Times(taken)


def _once(job: Callable[[], object], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        job()
    return (time.perf_counter() - start) / repeats
