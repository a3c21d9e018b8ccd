"""Where results are kept: the records, which everybody reads, and the journals of records that are being made.

A record is `book/records/<chapter>/<function>.json`, with a run a line. The package carries all of them, so that a
notebook on another machine finds them. A journal holds finished runs, a line each, until their record is complete.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path as _Path
from typing import Any

import torch

from transformer_lite import __version__

from .fingerprint import Parts, differences
from .plan import FIRST_TUNING_SEED
from .runs import Run

_INSTALLED = _Path(__file__).parent / "records"  # pyproject.toml puts them there
_CHECKOUT = _Path(__file__).parents[2]


@dataclass
class Kept:
    """Runs of one function, with the parts of the code that they measured, and when and with what they were made."""

    code: Parts
    runs: dict[str, Run] = field(default_factory=dict)
    made: list[dict[str, str]] = field(default_factory=list)

    def add(self, run: Run, made: dict[str, str]) -> None:
        """Adds a run, and its circumstances if no other run had them."""
        self.runs[run.key] = run
        if made not in self.made:
            self.made.append(made)


def circumstances() -> dict[str, str]:
    """What a run made now was made with: the date, and the versions that matter."""
    return {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "transformer_lite": __version__,
    }


def seed_base() -> int | None:
    """The first of the other seeds on which `SEED_BASE=2000 make records` tries what the records say; None without it.

    While it is set, records are read and written in a folder of their own, and the book's are left as they are.

    Raises:
        ValueError: if it is not a whole number, or its seeds would meet those of the records or of their tuning.
    """
    given = os.environ.get("SEED_BASE")
    if not given:
        return None
    if not given.isdecimal() or int(given) < 2 * FIRST_TUNING_SEED:
        raise ValueError(
            f"SEED_BASE is {given}, but must be a whole number from {2 * FIRST_TUNING_SEED} on: records report seeds "
            f"below {FIRST_TUNING_SEED}, and settings are tuned on the next."
        )
    return int(given)


def recorded(chapter: str, name: str) -> Kept | None:
    """The book's own record of a chapter's function, if there is one, on whatever seeds we are."""
    return _read(_book(), chapter, name)


def load(chapter: str, name: str) -> Kept | None:
    """The record of a chapter's function, if there is one: on the seeds that are asked for."""
    return _read(_folder(), chapter, name)


def _read(folder: _Path, chapter: str, name: str) -> Kept | None:
    path = folder / chapter / f"{name}.json"
    if not path.is_file():
        return None
    kept = json.loads(path.read_text(encoding="utf-8"))
    runs = map(Run.from_json, kept["runs"])
    return Kept(kept["code"], {run.key: run for run in runs}, kept["made"])


def save(chapter: str, name: str, kept: Kept, order: Iterable[str]) -> None:
    """Writes a record, with the runs of `order` alone, and forgets its journal."""
    runs = [kept.runs[key] for key in order]
    about = {
        "function": name,
        "made": kept.made,
        "seconds": round(sum(run.seconds for run in runs), 1),
        "code": kept.code,
    }
    lines = ",\n  ".join(json.dumps(run.as_json(), ensure_ascii=False) for run in runs)
    head = ",\n ".join(_entry(key, value) for key, value in about.items())
    _write(_folder() / chapter / f"{name}.json", f'{{\n {head},\n "runs": [\n  {lines}\n ]\n}}\n')
    _journal(chapter, name).unlink(missing_ok=True)


def resume(chapter: str, name: str, code: Parts) -> Kept:
    """What is there for this code already: the runs of its record and of its journal, and none of other code.

    On other seeds, the runs of the book's record are there, too: tuning is not done again.
    """
    kept = Kept(code)
    for folder in dict.fromkeys((_book(), _folder())):
        record = _read(folder, chapter, name)
        if record and not differences(record.code, code):
            kept.runs |= record.runs
            kept.made = record.made
    path = _journal(chapter, name)
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            entry = json.loads(line)
        except ValueError:  # the last line, cut short by an interruption
            continue
        if not differences(entry["code"], code):
            kept.add(Run.from_json(entry["run"]), entry["made"])
    return kept


def note(chapter: str, name: str, kept: Kept, run: Run, made: dict[str, str]) -> None:
    """Adds a finished run and its circumstances, here and at once on the disk."""
    kept.add(run, made)
    path = _journal(chapter, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    torn = path.is_file() and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as journal:
        entry = {"code": kept.code, "made": made, "run": run.as_json()}
        journal.write("\n" * torn + json.dumps(entry, ensure_ascii=False) + "\n")
        journal.flush()
        os.fsync(journal.fileno())


def _book() -> _Path:
    """An installed package carries its records; a checkout has them in the book."""
    return _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT / "book/records"


def _making() -> _Path:
    """Where journals are; those of other seeds have a place of their own, and their records stay there."""
    base = seed_base()
    return _CHECKOUT / "_build" / ("records" if base is None else f"records-{base}")


def _folder() -> _Path:
    return _book() if seed_base() is None else _making()


def _journal(chapter: str, name: str) -> _Path:
    return _making() / chapter / f"{name}.jsonl"


def _entry(key: str, value: Any) -> str:
    """One entry of a record; a part of the code a line, so that a change of one is a change of one line."""
    if not isinstance(value, Mapping):
        return f'"{key}": {json.dumps(value, ensure_ascii=False)}'
    parts = ",\n  ".join(f"{json.dumps(name)}: {json.dumps(part)}" for name, part in value.items())
    return f'"{key}": {{\n  {parts}\n }}'


def _write(path: _Path, text: str) -> None:
    """All or nothing: an interruption leaves the file as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
