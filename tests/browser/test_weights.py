"""Trained weights on a page: loaded once, when a figure that has them is near, and again if they did not come."""

import re

import pytest
from playwright.sync_api import expect

from transformer_lite.explore.text import say

from .visit import LIVE

HEAVY = ["two-layers", "the-same-weights"]
PAGE = "workbench/workbench.html"


def weights(visit):
    return [url for url in visit.requests if "/weights-" in url]


def come_near(visit, id_):
    visit.page.evaluate("(id) => probe.figure(id).scrollIntoView()", id_)


def until_live(visit, id_):
    visit.until("(id) => probe.figure(id).dataset.state === 'live'", id_, timeout=LIVE)


def test_figures_and_variants_share_one_request(visiting, site):
    with visiting() as visit:
        visit.open(site + PAGE)
        assert len(weights(visit)) == len(set(weights(visit))) == 2, (
            "two matrices, one of them used in both ways"
        )
        for id_ in HEAVY:
            assert visit.check(id_)["passed"]
        straight = visit.set("two-layers", bent=False) and visit.outputs("two-layers")
        bent = visit.set("two-layers", bent=True) and visit.outputs("two-layers")
        assert straight != bent
        assert len(weights(visit)) == 2
        assert not visit.errors


@pytest.fixture
def far(visiting, site):
    """A page on which figures with weights are far from the first, which is live."""
    with visiting() as visit:
        stretched = '<div style=\'height: 5000px\'></div><figure class="explorable" id="two-layers"'

        def stretch(route):
            answer = route.fetch()
            text = answer.text().replace('<figure class="explorable" id="two-layers"', stretched)
            # As if each were 5 MB more, so that it is seen in what is said of the wait.
            text = re.sub(r"(?<=:)18432\b", "5018432", text)
            route.fulfill(response=answer, body=text)

        visit.page.route(f"**/{PAGE}", stretch)
        yield visit


def traces(visit):
    return {re.search(r"([a-z-]+)-[0-9a-f]{10}\.trace", url)[1] for url in visit.requests if ".trace." in url}


def test_weights_wait_until_their_figure_is_near(far, site):
    far.open(site + PAGE, live=False)
    light = far.page.evaluate("document.querySelectorAll('[data-source][data-weights=\"\"]').length")
    far.settled_after(lambda: len(traces(far)) == light, timeout=LIVE)
    assert not weights(far)
    assert not traces(far) & {*HEAVY}
    assert {far.state(id_) for id_ in HEAVY} == {"picture"}
    come_near(far, "two-layers")
    until_live(far, "two-layers")
    assert len(weights(far)) == 2
    # From now on, it works without a network.
    far.settled_after(lambda: "two-layers" in traces(far), timeout=LIVE)
    far.context.set_offline(True)
    assert far.set("two-layers", bent=False)["bent"] is False
    assert far.check("two-layers")["passed"]


def test_a_wait_for_weights_says_how_much_and_what_failed_is_asked_for_again(far, site):
    held = []
    far.page.route("**/weights-*", lambda route: held.append(route))
    far.open(site + PAGE, live=False)
    until_live(far, "attention-matrix")
    come_near(far, "two-layers")
    figure = far.page.locator("figure#two-layers")
    expect(figure.locator(".tl-waiting [role=status]")).to_have_text(say("loading-figure"))
    words = say("loading-amount", come="(.*)", size="(.*)")
    far.until("() => probe.figure('two-layers').querySelector('.tl-amount').textContent")
    come, size = map(float, re.fullmatch(words, figure.locator(".tl-amount").text_content()).groups())
    assert size - come == pytest.approx(2 * 5.018432, abs=0.11)
    while len(held) < 2:
        far.page.wait_for_timeout(25)
    for route in held:
        route.abort()
    far.until("() => probe.figure('two-layers').dataset.state === 'failed'")
    assert far.state("attention-matrix") == "live", "others need them not"
    far.page.unroute("**/weights-*")
    far.page.wait_for_timeout(1100)  # what was just asked for is not asked for again
    figure.locator(".tl-again").click()
    until_live(far, "two-layers")
    assert far.said("two-layers") == ""
    assert far.check("two-layers")["passed"]
