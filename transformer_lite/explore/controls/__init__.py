"""Controls: what a reader may change, and how it becomes a tensor; a file for each kind, which knows all about it."""

from .choice import Choice
from .control import Control
from .length import Length
from .order import Order
from .pick import Pick
from .points import Points
from .sketch import Sketch
from .slider import Slider
from .state import State
from .toggle import Toggle
from .words import Words

__all__ = [
    "Choice",
    "Control",
    "Length",
    "Order",
    "Pick",
    "Points",
    "Sketch",
    "Slider",
    "State",
    "Toggle",
    "Words",
]
