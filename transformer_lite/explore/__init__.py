"""The interactive layer: a torch function with its controls declared beside it becomes a live figure."""

from .controls import Choice, Length, Pick, Slider, Toggle, Words
from .exercise import Exercise, exercise
from .figure import Explorable, explore
from .views import Axis, Bars, Heatmap, Lines, Number, Tokens

__all__ = [
    "Axis",
    "Bars",
    "Choice",
    "Exercise",
    "Explorable",
    "Heatmap",
    "Length",
    "Lines",
    "Number",
    "Pick",
    "Slider",
    "Toggle",
    "Tokens",
    "Words",
    "exercise",
    "explore",
]
