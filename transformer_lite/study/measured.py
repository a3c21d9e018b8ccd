"""`@measured`: an experiment whose results are made once, and shown always.

    @measured("attention/multi-head", seeds=10, heads=(1, 2, 4), rate=tuned(0.001, 0.003, 0.01, 0.03, 0.1))
    def right_letters(seed, heads, rate):
        \"\"\"Share of right letters, on new sequences.\"\"\"
        ...
        return share

    right_letters(0, heads=2, rate=0.01)  # one run, here and now
    found = right_letters.record()  # all of them, from the chapter's record

`make records` runs what a record lacks. While the website is built, a missing or stale record is an error; in a
notebook the function is run on a few seeds instead. With `SEED_BASE=2000` around them, both are about other seeds.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch

from . import store
from .fingerprint import Parts, differences, fingerprint
from .plan import Plan, Tuned
from .record import Record
from .runs import Run, Setting, perform

LIVE_SEEDS = 3
"""So many seeds are run in a notebook whose code differs from the record's."""


class StaleRecord(RuntimeError):
    """The website needs a record that is missing, or that was made with other code."""


def measured(
    chapter: str, /, *, seeds: int, **settings: tuple[Setting, ...] | list[Setting] | Tuned
) -> Callable[[Callable[..., Any]], Measured]:
    """Makes an experiment of a function of a seed and settings, which returns a number, or several by name.

    Every combination of the settings is run, with PyTorch's random numbers started from the seed.

    Args:
        chapter: the notebook's path within the book, such as `attention/multi-head`.
        seeds: results are reported for the seeds 0, 1, … below this number.
        **settings: for each parameter but the first, `seed`, the values to measure, or `tuned(…)`.

    Raises:
        ValueError: if the settings are not the function's parameters, or hold what a record cannot.
    """

    def decorate(function: Callable[..., Any]) -> Measured:
        return Measured(function, chapter, seeds, settings)

    return decorate


class Measured:
    """A function of a seed and settings, and all that is measured of it. Called, it is that function."""

    def __init__(
        self, function: Callable[..., Any], chapter: str, seeds: int, settings: Mapping[str, Any]
    ) -> None:
        parameters = [*inspect.signature(function).parameters]
        if parameters[:1] != ["seed"] or {*parameters[1:]} != {*settings}:
            raise ValueError(
                f"{function.__name__} takes ({', '.join(parameters)}), and its settings are ({', '.join(settings)}): "
                "it must take seed first, and then exactly the settings."
            )
        functools.update_wrapper(self, function)
        self.function, self.chapter, self.name = function, chapter, function.__name__
        self.plan = Plan.of(seeds, settings)
        self._here: tuple[Parts, Record] | None = None  # what was run in this notebook, and with which code

    def __call__(self, seed: int, /, *args: Any, **settings: Any) -> Any:
        """One run, here and now, with the numbers that the record has for this seed."""
        torch.manual_seed(seed)
        return self.function(seed, *args, **settings)

    def record(self) -> Record:
        """The results: from the record, if it was made with this very code, or else from a few seeds, run here.

        Raises:
            StaleRecord: instead of a run, while the website is built, or with `SEED_BASE` set.
            ValueError: if other seeds cannot start at `SEED_BASE`.
        """
        base = store.seed_base()
        if base is not None and base != self.plan.first:
            return self.elsewhere(base).record()
        code = fingerprint(self.function)
        kept = store.load(self.chapter, self.name)
        reason = self.unfit(kept, code)
        if kept and not reason:
            return Record(self.name, self.plan, kept.runs, made=kept.made)
        # Here, because only experiments that are run on the spot need to know where they are.
        from transformer_lite.explore.host import building

        if building() or base is not None:
            raise self._stale(reason, base)
        if self._here is None or differences(self._here[0], code):
            self._here = code, self._run_here(kept, reason)
        print(self._here[1].note)
        return self._here[1]

    def elsewhere(self, first: int) -> Measured:
        """The same experiment on other seeds, with everything tuned as the book's record found it.

        Args:
            first: the first of them; see `store.seed_base`.

        Raises:
            StaleRecord: if the book's record is missing, or was made with other code.
        """
        if reason := self.unfit(store.recorded(self.chapter, self.name), fingerprint(self.function)):
            raise self._stale(reason)
        other = copy.copy(self)
        other.plan = self.plan.elsewhere(first)
        return other

    def _stale(self, reason: str, base: int | None = None) -> StaleRecord:
        command = "make records" if base is None else f"SEED_BASE={base} make records"
        return StaleRecord(f"The record of {self.name} {reason}. This mends it: {command} {self.chapter}")

    def unfit(self, kept: store.Kept | None, code: Parts) -> str:
        """Why a record cannot be used, as the end of a sentence; empty if it can."""
        if kept is None:
            return "is missing"
        if changed := differences(kept.code, code):
            return f"was made with other code ({', '.join(changed)})"
        return "lacks runs" if self.plan.missing(kept.runs) else ""

    def _run_here(self, kept: store.Kept | None, reason: str) -> Record:
        from transformer_lite.explore import progress

        few = self.plan.few(LIVE_SEEDS, kept.runs if kept else {})
        runs: dict[str, Run] = {}
        while missing := few.missing(runs):
            for settings, seed in progress(missing, self.name):
                run = perform(self.function, settings, seed)
                runs[run.key] = run
        note = f"{self.name}: {few.seeds} of {self.plan.seeds} seeds, run here because the record {reason}."
        return Record(self.name, few, runs, note=note)
