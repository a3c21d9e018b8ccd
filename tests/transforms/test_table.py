"""The table in the book says what is true, has every public name, and no cell that is empty or wrong."""

import inspect

import pytest

from ..public import public_things
from .cell import cells
from .columns import COLUMNS
from .rows import ROWS
from .table import written


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_table_says_what_is_true(row, device):
    assert cells(row, device) == written().get(row.name), "`make transforms` writes the table anew"


def test_every_cell_works_or_says_why_not():
    for name, row in written().items():
        assert [*row] == [column.name for column in COLUMNS], name
        for column, text in row.items():
            kind, _, why = text.partition(": ")
            assert kind in ("works", "refused", "not asked"), f"{name}, {column}: {text}"
            assert (len(why.split()) > 5) if kind == "refused" else bool(why) == (kind == "not asked")


def test_no_public_name_is_missing():
    results = {name for name, thing in public_things() if inspect.isclass(thing) and issubclass(thing, tuple)}
    listed = {row.name.partition(",")[0] for row in ROWS}
    assert {name for name, _ in public_things()} - results - listed == set()
    assert [*written()] == [row.name for row in ROWS], "`make transforms` writes the table anew"


def test_reasons_are_given_for_columns_that_there_are():
    for row in ROWS:
        assert not row.reasons.keys() - {column.name for column in COLUMNS}, row.name
