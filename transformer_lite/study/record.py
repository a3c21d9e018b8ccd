"""What a chapter reads of an experiment: each contestant's results by seed, and tables of them with their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .intervals import Interval, interval
from .plan import Plan, Settings, told
from .runs import Run, key_of
from .tables import Table


class Record:
    """The results of a measured function.

    Iterating gives the settings of each contestant, the tuned ones among them, with its results by seed.
    """

    def __init__(
        self,
        name: str,
        plan: Plan,
        runs: Mapping[str, Run],
        *,
        made: Sequence[Mapping[str, str]] = (),
        note: str = "",
    ) -> None:
        self.name, self.plan, self.runs, self.made = name, plan, runs, made
        self.note = (
            note
            or f"{name}: {plan.seeds} seeds, recorded {made[-1]['date']} with PyTorch {made[-1]['torch']}."
        )

    def __iter__(self) -> Iterator[tuple[Settings, dict[int, Any]]]:
        for contestant in self.plan.contestants:
            settings = contestant | (self.plan.chosen(self.runs, contestant) or {})
            found = [self.runs[key_of(settings, seed)] for seed in self.plan.reported_seeds]
            yield settings, {run.seed: run.result for run in found}

    def settings(self, **given: Any) -> Settings:
        """All settings of the one contestant that has the given ones: what was tuned for it, too.

        Raises:
            ValueError: if several have them, or none.
        """
        return self._the_one(given)[0]

    def of(self, number: str | None = None, /, **given: Any) -> dict[int, float]:
        """The results of the one contestant that has these settings, by seed.

        Args:
            number: which one, where the function returned several by name.
            **given: as many settings as tell it from the others; what was tuned need not be among them.

        Raises:
            ValueError: if several have them, or none; or if there is no number of this name.
        """
        results = self._the_one(given)[1]
        if number not in self.numbers:
            raise ValueError(f"{self.name} gives {', '.join(map(repr, self.numbers))} and not {number!r}.")
        return {seed: result if number is None else result[number] for seed, result in results.items()}

    @property
    def seconds(self) -> float:
        """What all runs took, one after the other; those in which settings were tuned, too."""
        return sum(run.seconds for run in self.runs.values())

    @property
    def trials(self) -> list[Run]:
        """The runs in which settings were tuned; none, where they were known before."""
        return [self.runs[key_of(settings, seed)] for settings, seed in self.plan.trials()]

    @property
    def numbers(self) -> list[str | None]:
        """The names of the numbers that the function returned; None alone, if it was a single one without a name."""
        result = next(iter(self.runs.values())).result
        return [*result] if isinstance(result, dict) else [None]

    def mean(self, number: str | None = None, /, **given: Any) -> Interval:
        """The mean of these results and its 95 % interval; see `of`."""
        return interval(self.of(number, **given))

    def table(
        self,
        number: str | None = None,
        /,
        *,
        rows: str,
        columns: str | None = None,
        spec: str = ".3g",
        **given: Any,
    ) -> Table:
        """The means with their intervals, by one setting or two; or by a setting and all numbers that were returned.

        Args:
            number: which one, where the function returned several by name.
            rows: the setting whose values name the rows.
            columns: the setting whose values name the columns, if there is a second.
            spec: the format of each number, such as `.1%`.
            **given: the other settings that have more than one value.

        Raises:
            ValueError: if a cell has several contestants: more must be given.
        """
        cells: dict[str, dict[str, Interval]] = {}
        for settings, _ in self:
            if all(settings.get(name) == value for name, value in given.items()):
                at = {**given, **{name: settings[name] for name in (rows, columns) if name}}
                row = cells.setdefault(str(settings[rows]), {})
                if columns:
                    row[f"{columns} = {settings[columns]}"] = self.mean(number, **at)
                else:
                    for name in self.numbers if number is None else [number]:
                        row[(name or self.name).replace("_", " ")] = self.mean(name, **at)
        return Table(cells, corner=rows, spec=spec, note=self.note)

    def _the_one(self, given: Mapping[str, Any]) -> tuple[Settings, dict[int, Any]]:
        found = [
            (settings, results)
            for settings, results in self
            if all(name in settings and settings[name] == value for name, value in given.items())
        ]
        if len(found) != 1:
            known = "; ".join(told(settings) for settings, _ in (found or self))
            raise ValueError(
                f"{self.name} has {len(found)} contestants with {told(given) or 'any settings'}, but one is needed. "
                f"There are: {known}."
            )
        return found[0]
