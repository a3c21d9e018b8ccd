"""A book of its own for tests that make records."""

import pytest

from transformer_lite.study import store


@pytest.fixture
def book(tmp_path, monkeypatch):
    """The folder of an empty book whose records this process reads and writes."""
    monkeypatch.setattr(store, "_CHECKOUT", tmp_path)
    return tmp_path / "book"
