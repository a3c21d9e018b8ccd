"""Imported once, by the process whose copies the chapters' kernels are: all that each of them would do first."""

import gc
import os

import ipykernel.kernelapp
import ipykernel.zmqshell  # noqa: F401

from transformer_lite.explore import Heatmap, Slider, explore, graph, kept, page

# A graph that was kept would not be made.
os.environ.pop(kept.FOLDER, None)


@explore(x=Slider(0, 1, value=0.5))
def warm(x):
    """Any figure: the exporter and the picture's library load what they need, and set up their tables."""
    return Heatmap(x.expand(2, 2).softmax(-1))


frames = warm.frames()
graph.export(frames)
page.html(frames, "warm", pictures=True)

# What is here now will never be garbage: copies need not look through it again and again.
gc.collect()
gc.freeze()
