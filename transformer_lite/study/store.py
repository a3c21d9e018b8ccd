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


def load(chapter: str, name: str) -> Kept | None:
    """The record of a chapter's function, if there is one."""
    path = _folder() / chapter / f"{name}.json"
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
    """What is there for this code already: the runs of its record and of its journal, and none of other code."""
    record = load(chapter, name)
    kept = record if record and not differences(record.code, code) else Kept(code)
    kept.code = code
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


def _folder() -> _Path:
    """An installed package carries its records; a checkout has them in the book."""
    return _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT / "book/records"


def _journal(chapter: str, name: str) -> _Path:
    return _CHECKOUT / "_build/records" / chapter / f"{name}.jsonl"


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
