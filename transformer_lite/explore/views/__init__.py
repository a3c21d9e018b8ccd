"""Views: how tensors are shown; a file for each kind, which knows all about it."""

from .bars import Bars
from .heatmap import Heatmap
from .image import Image
from .lines import Lines
from .number import Number
from .scatter import Scatter
from .tokens import Tokens
from .tree import Tree
from .view import View

__all__ = ["Bars", "Heatmap", "Image", "Lines", "Number", "Scatter", "Tokens", "Tree", "View"]
