"""A cell of the table: how a transform and a call meet."""

from __future__ import annotations

import traceback
from contextlib import nullcontext
from pathlib import Path

import torch

import transformer_lite

from .columns import COLUMNS, Column, Refusal
from .row import Row

PACKAGE = str(Path(transformer_lite.__file__).parent)


def cell(row: Row, column: Column, device: torch.device) -> str:
    """How they meet, in words.

    `works`; `refused: ` and the package's own sentence; `not asked: ` and a reason; or `fails: ` and what went wrong,
    which no table may hold.
    """
    # Where other devices are the default for new tensors, none of these: a call asks what it meets for its device.
    with nullcontext() if torch.get_default_device().type == "cpu" else torch.device("cpu"), torch.no_grad():
        if reason := row.reasons.get(column.name) or row.lacks["a result"] or row.lacks[column.needs]:
            return f"not asked: {reason}"
        try:
            column.check(row, device)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            ours = place.filename.startswith(PACKAGE) or isinstance(error, Refusal)
            if isinstance(error, ValueError) and ours:
                return f"refused: {error}"
            what = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            return f"fails: {what} ({Path(place.filename).name}, line {place.lineno})"
    return "works"


def cells(row: Row, device: torch.device) -> dict[str, str]:
    """The cells of a row, by column."""
    return {column.name: cell(row, column, device) for column in COLUMNS}
