"""What is told when a page is waited for in vain."""

import pytest

from transformer_lite.explore.text import say

from .conftest import WORKBENCH
from .visit import LIVE


def vain(visit):
    """What is told of a wait for what never comes, in lines."""
    with pytest.raises(AssertionError) as reason:
        visit.until("() => false", timeout=0)
    return str(reason.value).splitlines()


def test_a_wait_in_vain_tells_what_the_page_was_at(visiting, site):
    with visiting() as visit:
        visit.page.route("**/figures/drawn-*", lambda route: None)  # which is never answered
        visit.open(site + WORKBENCH, live=False)
        visit.page.evaluate("probe.figure('drawn').scrollIntoView()")
        visit.until("() => probe.figure('drawn').textContent.includes('MB')", timeout=LIVE)
        told = vain(visit)
        assert told[0] == "waited 0 s in vain: () => false of None"
        assert "the page: visible" in told
        assert "a frame: comes" in told
        (line,) = [line for line in told if line.startswith("figure drawn: ")]
        assert line.startswith(f"figure drawn: loading | {say('loading-figure')} | ")
        assert any(line.startswith("without an answer for ") and "/figures/drawn-" in line for line in told)


def test_a_page_without_frames_is_told_of(visiting, site):
    with visiting() as visit:
        visit.open(site + WORKBENCH, live=False)
        visit.page.evaluate("window.requestAnimationFrame = () => 0")
        visit.page.evaluate("probe.figure('drawn').scrollIntoView()")
        # All that the figure needs is here, and it has nothing to say.
        visit.until("() => document.querySelector('#drawn .js-plotly-plot')", timeout=LIVE)
        told = vain(visit)
        assert "a frame: none within 1 s" in told
        assert "figure drawn: loading" in told
        assert not [line for line in told if "/figures/drawn-" in line]
