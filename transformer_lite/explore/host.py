"""Where the code runs: in the site's build, in a notebook, or in neither."""

import os

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
