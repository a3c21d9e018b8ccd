"""The table as it stands in the book."""

import json
from pathlib import Path

TABLE = Path(__file__).resolve().parents[2] / "book/transforms.json"


def written() -> dict[str, dict[str, str]]:
    """The cells by row and column, as they were last written."""
    return json.loads(TABLE.read_text(encoding="utf-8"))
