"""Where this code runs: for the website's build, in a notebook's kernel, or in a plain script."""

import os
import sys

# Set by the site's build to the folder that collects the figures' files.
SITE = "TRANSFORMER_LITE_SITE"


def building() -> bool:
    """Is the website being built?"""
    return bool(os.environ.get(SITE))


def in_notebook() -> bool:
    """Is this code run by a notebook's kernel, so that showing something makes sense?"""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return get_ipython() is not None


def in_colab() -> bool:
    """Is this Google Colab?"""
    return "google.colab" in sys.modules


def display(thing: object) -> None:
    """Shows something under the cell that is being run; a plain script shows nothing."""
    if in_notebook():
        from IPython.display import display

        display(thing)  # type: ignore[no-untyped-call]
