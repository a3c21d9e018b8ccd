"""What experiments share: results that are made once, the words they allow, training loops, timers, toy data, tables.

An experiment is a function of a seed and its settings in a cell of a chapter, under `measured`. `make records` runs it
on all seeds, and the chapter reads the results::

    from transformer_lite.study import measured, tuned, verdict
"""

from .intervals import Interval, difference, interval, verdict
from .measured import Measured, StaleRecord, measured
from .plan import tuned
from .record import Record
from .tables import Table
from .timing import timed
from .training import linear_to_zero, train

__all__ = [
    "Interval",
    "Measured",
    "Record",
    "StaleRecord",
    "Table",
    "difference",
    "interval",
    "linear_to_zero",
    "measured",
    "timed",
    "train",
    "tuned",
    "verdict",
]
