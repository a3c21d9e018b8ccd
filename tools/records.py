"""Make the records of the book's experiments: run what is missing or stale, and nothing else.

`python tools/records.py [NAME…]`: each name a part (`attention`), a chapter (`attention/multi-head`) or an experiment
(`attention/multi-head/linear_readout`); by default the whole book.

All settings and seeds run side by side, one on each processor; with `SCHEDULER=tcp://…`, on a Dask cluster, whose
workers must have this very version of the package. A finished run is on the disk at once, and starting again goes on
from there. A run that fails is told with its settings, and the others go on.

With `SEED_BASE=2000`, the experiments run on a third of their seeds (five or more), from that one on, with the settings
that were tuned for their records, into `_build/records-2000`; then each verdict that has changed is told.
"""

import argparse
import os
import sys
import traceback
from contextlib import ExitStack
from pathlib import Path

import joblib
import torch
from experiments import experiments
from joblib.externals.loky import get_reusable_executor
from tqdm import tqdm

from transformer_lite.study import StaleRecord, store
from transformer_lite.study.fashion import MissingData
from transformer_lite.study.fingerprint import fingerprint
from transformer_lite.study.plan import told
from transformer_lite.study.runs import key_of, perform

BOOK = Path(__file__).resolve().parent.parent / "book"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    try:
        base = store.seed_base()
    except ValueError as reason:
        print(reason, file=sys.stderr)
        return 1
    # As a path to the notebook, too.
    names = [
        name.removeprefix("book/").removesuffix(".ipynb").rstrip("/") for name in parser.parse_args().names
    ]
    found, broken = find(names, base)
    if names and not found and not broken:
        print(f"There is no experiment in {' '.join(names)}.", file=sys.stderr)
        return 1
    kept = {name: store.resume(*name, fingerprint(of.function)) for name, of in found.items()}
    try:
        with ExitStack() as stack:
            if scheduler := os.environ.get("SCHEDULER"):
                from distributed import Client

                stack.enter_context(Client(scheduler))
                stack.enter_context(joblib.parallel_config("dask"))
            failed = work(found, kept)
    except KeyboardInterrupt:
        get_reusable_executor().shutdown(wait=False, kill_workers=True)
        print(
            "\nInterrupted. What is finished is kept: the same command goes on from there.", file=sys.stderr
        )
        return 130
    unfit = finish(found, kept) or failed or broken
    if base is not None and not unfit:
        unfit = not compare({chapter for chapter, _ in found}, base)
    return 1 if unfit else 0


def find(names, base):
    """The experiments of these names, by chapter and function; and whether a notebook could not be read."""
    found, broken = {}, False
    for path in sorted(BOOK.rglob("*.ipynb")):
        chapter = path.relative_to(BOOK).with_suffix("").as_posix()
        if "measured(" not in path.read_text(encoding="utf-8") or ".ipynb_checkpoints" in path.parts:
            continue
        if names and not any(
            f"{name}/".startswith(f"{chapter}/") or f"{chapter}/".startswith(f"{name}/") for name in names
        ):
            continue
        try:
            of = experiments(path, chapter)
            if base is not None:
                of = {name: experiment.elsewhere(base) for name, experiment in of.items()}
        except StaleRecord as reason:
            broken = True
            print(f"{chapter}: {reason}", file=sys.stderr)
            continue
        except Exception:
            broken = True
            print(
                f"The experiments of {chapter} could not be read:\n{traceback.format_exc()}", file=sys.stderr
            )
            continue
        for name, experiment in of.items():
            if not names or any(f"{chapter}/{name}/".startswith(f"{wanted}/") for wanted in names):
                found[chapter, name] = experiment
    return found, broken


def work(found, kept):
    """Does all runs that the experiments lack; whether one has failed."""
    failed = set()
    there = sum(
        len(of.plan.order(kept[name].runs)) - len(of.plan.missing(kept[name].runs))
        for name, of in found.items()
    )
    left = sum(of.plan.total() for of in found.values()) - there
    with tqdm(total=left, unit="run", disable=not left) as bar:
        # When the trials are done, what is tuned is known, and the next runs can start.
        while wanted := [
            (name, settings, seed)
            for name, of in found.items()
            for settings, seed in of.plan.missing(kept[name].runs)
            if (name, key_of(settings, seed)) not in failed
        ]:
            calls = (
                joblib.delayed(attempt)(found[name].function, name, settings, seed)
                for name, settings, seed in wanted
            )
            workers = joblib.Parallel(n_jobs=-1, return_as="generator_unordered", batch_size=1)
            for name, settings, seed, done, reason in workers(calls):
                if done:
                    store.note(*name, kept[name], *done)
                else:
                    failed.add((name, key_of(settings, seed)))
                    call = f"{name[1]}(seed={seed}{', ' * bool(settings)}{told(settings)})"
                    bar.write(f"{name[0]}: {call} failed.\n{reason}", file=sys.stderr)
                bar.update()
    return bool(failed)


def attempt(function, name, settings, seed):
    """One run with one thread, and what it was made with, wherever that is; or why there is none."""
    torch.set_num_threads(1)
    try:
        return name, settings, seed, (perform(function, settings, seed), store.circumstances()), ""
    except MissingData as reason:
        return name, settings, seed, None, str(reason)
    except Exception:
        return name, settings, seed, None, traceback.format_exc()


def finish(found, kept):
    """Writes the records that are complete and new; whether one cannot be used as it is."""
    unfit = False
    for name, experiment in found.items():
        plan, runs = experiment.plan, kept[name].runs
        record = store.load(*name)
        if missing := plan.missing(runs):
            unfit = True
            print(f"{'/'.join(name)}: {len(missing)} runs are missing.", file=sys.stderr)
            continue
        order = [key_of(settings, seed) for settings, seed in plan.order(runs)]
        if record and not experiment.unfit(record, kept[name].code) and {*record.runs} == {*order}:
            said = "up to date"
        else:
            store.save(*name, kept[name], order)
            said = "written"
        print(
            f"{'/'.join(name)}: {len(order)} runs, {sum(runs[key].seconds for key in order):.0f} s, {said}."
        )
        for edge in plan.edges(runs):
            unfit = True
            print(f"{'/'.join(name)}: {edge}.", file=sys.stderr)
    return unfit


def compare(chapters, base):
    """Tells each verdict of these chapters that changes on other seeds; whether all chapters could be run."""
    from verdicts import tell  # who only makes records needs no kernel

    return all([tell(chapter, BOOK / f"{chapter}.ipynb", base) for chapter in sorted(chapters)])


if __name__ == "__main__":
    sys.exit(main())
