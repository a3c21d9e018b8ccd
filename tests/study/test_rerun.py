"""What counts as the same result on another machine."""

import math

import pytest

from transformer_lite.study.runs import Run

from .rerun import agrees


@pytest.mark.parametrize(
    ("recorded", "again", "same"),
    [
        ([0.90, 0.94, 0.92], 0.94, True),
        ([0.90, 0.94, 0.92], 0.975, True),
        ([0.90, 0.94, 0.92], 0.99, False),
        ([0.90, 0.94, 0.92], 0.85, False),
        ([1.0, 1.0, 1.0], 0.995, True),
        ([1.0, 1.0, 1.0], 0.98, False),
        ([0.5], 0.5, True),
        ([0.5, math.inf], math.nan, True),
        ([0.5, 0.6], math.nan, False),
        ([math.nan, math.nan], 0.5, False),
        ([{"a": 1.0, "b": 2.0}], {"a": 1.0, "b": 2.0}, True),
        ([{"a": 1.0, "b": 2.0}], {"a": 1.0, "b": 3.0}, False),
        ([{"a": 1.0}], {"a": 1.0, "b": 3.0}, False),
    ],
)
def test_a_run_agrees_with_those_of_other_seeds(recorded, again, same):
    runs = [Run({"heads": 1}, seed, result, 0.1) for seed, result in enumerate(recorded)]
    elsewhere = Run({"heads": 2}, 0, 100.0, 0.1)
    assert agrees([*runs, elsewhere], Run({"heads": 1}, 0, again, 0.1)) is same
