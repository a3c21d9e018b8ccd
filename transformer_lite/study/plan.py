"""Which runs an experiment consists of: every combination of its settings, each tuned by itself, on every seed."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .intervals import FEWEST
from .runs import Run, Setting, key_of

FIRST_TUNING_SEED = 1000
"""Settings are tuned on seeds from here on, which are never among those reported."""

Settings = dict[str, Setting]


@dataclass(frozen=True)
class Tuned:
    """Values to choose from, by each contestant for itself; see `tuned`."""

    values: tuple[Setting, ...]
    lower_is_better: bool = False
    by: str | None = None
    seeds: int = 3


def tuned(*values: Setting, lower_is_better: bool = False, by: str | None = None, seeds: int = 3) -> Tuned:
    """A setting that each contestant has for itself: a learning rate, a scale, a base.

    For every combination of the other settings all values are tried, on seeds of their own, and the one with the best
    mean is run on the seeds that are reported. A best number that is the first or the last of those tried is refused
    when the record is made, for a better one may lie beyond.

    Args:
        *values: what to try; three numbers or more, in rising order, or two names or more.
        lower_is_better: for errors and losses.
        by: which of the numbers decides, if the function returns several.
        seeds: on how many seeds each value is tried.

    Raises:
        ValueError: for too few values, or numbers out of order.
    """
    numbers = [value for value in values if isinstance(value, int | float) and _is_number(value)]
    if len(values) < 2 or (numbers and (len(numbers) < max(3, len(values)) or sorted(numbers) != numbers)):
        raise ValueError(
            f"tuned{values} needs three numbers or more, in rising order, so that the best has neighbours; or two "
            "names or more."
        )
    return Tuned(values, lower_is_better, by, seeds)


@dataclass(frozen=True)
class Plan:
    """The contestants, what each of them tunes, and the seeds."""

    contestants: list[Settings]
    tuned: dict[str, Tuned]
    seeds: int
    first: int = 0

    @classmethod
    def of(cls, seeds: int, settings: Mapping[str, Any]) -> Plan:
        """Every combination of the settings that are not tuned is a contestant.

        Raises:
            ValueError: for values that a record cannot hold, or tuned settings that do not agree on what is best.
        """
        if not 1 <= seeds <= FIRST_TUNING_SEED:
            raise ValueError(f"seeds is {seeds}, but must be from 1 to {FIRST_TUNING_SEED}.")
        choices = {name: of for name, of in settings.items() if isinstance(of, Tuned)}
        listed = {name: of for name, of in settings.items() if name not in choices}
        for name, values in {**listed, **{name: of.values for name, of in choices.items()}}.items():
            if not isinstance(values, list | tuple) or not values:
                raise ValueError(f"{name} is {values!r}, but must list its values: {name}=({values!r},).")
            for value in values:
                if not isinstance(value, Setting):
                    raise ValueError(
                        f"{name} has the value {value!r}; a record holds numbers, texts, True, False, None."
                    )
        if len({(of.lower_is_better, of.by, of.seeds) for of in choices.values()}) > 1:
            raise ValueError(
                f"{', '.join(choices)} are tuned together: they must agree on what is best, and on seeds."
            )
        return cls([*_combinations(listed)], choices, seeds)

    @property
    def reported_seeds(self) -> range:
        """The seeds whose results are reported; none of them served for tuning."""
        return range(self.first, self.first + self.seeds)

    def elsewhere(self, first: int) -> Plan:
        """The same on other seeds, `first` and those that follow: a third as many, but enough for a verdict."""
        return replace(self, seeds=max(FEWEST, math.ceil(self.seeds / 3)), first=first)

    def trials(self) -> Iterator[tuple[Settings, int]]:
        """The runs that choose the tuned settings."""
        for contestant, choice in itertools.product(self.contestants, self._grid() if self.tuned else ()):
            for seed in self._tuning_seeds():
                yield contestant | choice, seed

    def chosen(self, runs: Mapping[str, Run], contestant: Settings) -> Settings | None:
        """The tuned settings that served a contestant best; None until all its trials are there.

        Of several that are equally good, it is the one in the middle.
        """
        if not self.tuned:
            return {}
        scores = []
        for choice in (grid := [*self._grid()]):
            keys = [key_of(contestant | choice, seed) for seed in self._tuning_seeds()]
            if not all(key in runs for key in keys):
                return None
            scores.append(statistics.fmean(self._score(runs[key]) for key in keys))
        alike = [choice for score, choice in zip(scores, grid, strict=True) if score == max(scores)]
        return alike[len(alike) // 2]

    def reported(self, runs: Mapping[str, Run]) -> Iterator[tuple[Settings, int]]:
        """The runs whose results are reported, of contestants whose tuned settings are known."""
        for contestant in self.contestants:
            choice = self.chosen(runs, contestant)
            if choice is not None:
                yield from ((contestant | choice, seed) for seed in self.reported_seeds)

    def order(self, runs: Mapping[str, Run]) -> list[tuple[Settings, int]]:
        """All runs that are known to be needed, as a record lists them."""
        return [*self.trials(), *self.reported(runs)]

    def missing(self, runs: Mapping[str, Run]) -> list[tuple[Settings, int]]:
        """The runs that can be done now. Others may follow, with the settings that were chosen by them."""
        return [(settings, seed) for settings, seed in self.order(runs) if key_of(settings, seed) not in runs]

    def total(self) -> int:
        """How many runs there are in all."""
        return sum(1 for _ in self.trials()) + self.seeds * len(self.contestants)

    def edges(self, runs: Mapping[str, Run]) -> list[str]:
        """A sentence for every contestant whose best setting is the first or the last of the numbers tried."""
        said = []
        for contestant in self.contestants:
            for name, value in (self.chosen(runs, contestant) or {}).items():
                values = self.tuned[name].values
                if _is_number(value) and value in (values[0], values[-1]):
                    end = "lowest" if value == values[0] else "highest"
                    who = f" for {told(contestant)}" if contestant else ""
                    said.append(f"the best {name}{who} is {value}, the {end} tried: try more beyond it")
        return said

    def few(self, seeds: int, runs: Mapping[str, Run]) -> Plan:
        """The same with fewer seeds, and what was tuned already as it was found; otherwise tuned on a single seed."""
        found = [self.chosen(runs, contestant) for contestant in self.contestants]
        if None not in found:
            chosen = [c | (choice or {}) for c, choice in zip(self.contestants, found, strict=True)]
            return Plan(chosen, {}, min(seeds, self.seeds))
        less = {name: Tuned(of.values, of.lower_is_better, of.by, 1) for name, of in self.tuned.items()}
        return Plan(self.contestants, less, min(seeds, self.seeds))

    def _grid(self) -> Iterator[Settings]:
        return _combinations({name: of.values for name, of in self.tuned.items()})

    def _tuning_seeds(self) -> range:
        count = max((of.seeds for of in self.tuned.values()), default=0)
        return range(FIRST_TUNING_SEED, FIRST_TUNING_SEED + count)

    def _score(self, run: Run) -> float:
        """How good a run was. NaN, from a training that diverged, is worse than any number."""
        of = next(iter(self.tuned.values()))
        result = run.result if of.by is None or not isinstance(run.result, dict) else run.result.get(of.by)
        if not isinstance(result, float):
            raise ValueError(
                f"the function returned {run.result}, and tuned(…, by={of.by!r}) names none of its numbers."
            )
        score = -result if of.lower_is_better else result
        return -math.inf if math.isnan(score) else score


def told(settings: Mapping[str, Setting]) -> str:
    """Settings as a call writes them: `heads=4, rate=0.01`."""
    return ", ".join(f"{name}={value!r}" for name, value in settings.items())


def _combinations(values: Mapping[str, Iterable[Setting]]) -> Iterator[Settings]:
    for combination in itertools.product(*values.values()):
        yield dict(zip(values, combination, strict=True))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
