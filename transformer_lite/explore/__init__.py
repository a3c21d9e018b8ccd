"""The interactive layer: a torch function with its controls declared beside it becomes a live figure."""

from .axes import Axis
from .controls import Choice, Length, Order, Pick, Points, Sketch, Slider, State, Toggle, Words
from .exercise import Exercise, exercise
from .explorable import Explorable, explore
from .predict import Predict
from .progress import progress
from .task import Task, task
from .views import Bars, Heatmap, Image, Lines, Number, Scatter, Tokens, Tree

__all__ = [
    "Axis",
    "Bars",
    "Choice",
    "Exercise",
    "Explorable",
    "Heatmap",
    "Image",
    "Length",
    "Lines",
    "Number",
    "Order",
    "Pick",
    "Points",
    "Predict",
    "Scatter",
    "Sketch",
    "Slider",
    "State",
    "Task",
    "Toggle",
    "Tokens",
    "Tree",
    "Words",
    "exercise",
    "explore",
    "progress",
    "task",
]
