"""Looking inside: the dictionary that a module fills with what it computed on the way."""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]
"""What a module saw, by name: tensors, and one nested dictionary for every part it calls."""


def within(record: Record | None, name: str) -> Record | None:
    """The dictionary for the part called ``name``; nothing if nobody asked to look inside."""
    if record is None:
        return None
    part: Record = record.setdefault(name, {})
    return part
