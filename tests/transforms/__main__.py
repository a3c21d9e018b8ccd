"""Write the table anew: `python -m tests.transforms`. A cell that fails is printed, and then nothing is written."""

import json
import sys
import warnings

import torch

from .cell import cells
from .rows import ROWS
from .table import TABLE


def main() -> int:
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    table = {row.name: cells(row, torch.device("cpu")) for row in ROWS}
    failing = [
        f"{name}, {column}: {text}"
        for name, row in table.items()
        for column, text in row.items()
        if text.startswith("fails")
    ]
    if failing:
        print("\n".join(failing), file=sys.stderr)
        return 1
    TABLE.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{TABLE.name}: {len(table)} rows of {len(next(iter(table.values())))} cells.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
