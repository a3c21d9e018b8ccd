"""When something is missing: WebAssembly, the runtime, JavaScript, the network."""

import pytest

from transformer_lite.explore.text import catalogue, say

from .settings import other_values
from .visit import LIVE


def assert_the_picture_is_still_there(visit, id_):
    figure = visit.page.locator(f"figure#{id_}")
    pictures = figure.locator(".tl-slot > svg")
    assert pictures.count() == figure.locator(".tl-slot").count()
    for picture in pictures.all():
        assert picture.bounding_box()["height"] > 80
    for number in figure.locator(".tl-number").all():
        assert any(character.isdigit() for character in number.text_content())
    summary = visit.said(id_, "details .tl-summary")
    assert any(character.isdigit() for character in summary)
    assert figure.locator("fieldset").get_attribute("disabled") is not None


def failed(visit):
    """Waits until every figure has said that it cannot be live."""
    for id_ in visit.figures():
        visit.page.evaluate("(id) => probe.figure(id).scrollIntoView()", id_)
        visit.until("(id) => probe.figure(id).dataset.state === 'failed'", id_, timeout=LIVE)


def test_webassembly_forbidden(visiting, site_without_webassembly, one_of_few):
    with visiting() as visit:
        visit.open(site_without_webassembly + one_of_few, live=False)
        failed(visit)
        for id_ in visit.figures():
            assert_the_picture_is_still_there(visit, id_)
            assert visit.said(id_) == say("failed-wasm")
            values = visit.values(id_)
            name = next(iter(values))
            assert visit.set(id_, **{name: values[name]})["refused"] == say("failed-wasm")


@pytest.mark.parametrize("missing", ["*.wasm", "ort.wasm.min.mjs", "plotly.min.js"])
def test_a_part_of_the_runtime_does_not_come(visiting, site, one_of_few, missing):
    with visiting() as visit:
        visit.page.route(f"**/runtime/{missing}", lambda route: route.abort())
        visit.open(site + one_of_few, live=False)
        failed(visit)
        start, end = catalogue()["failed-load"].split("{reason}")
        for id_ in visit.figures():
            assert_the_picture_is_still_there(visit, id_)
            assert visit.said(id_).startswith(start), visit.said(id_)
            assert visit.said(id_).endswith(end)
        assert not visit.foreign()


def test_a_figure_s_own_file_does_not_come(visiting, site, one_of_few):
    with visiting() as visit:
        visit.page.route("**/figures/*.json", lambda route: route.fulfill(status=404, body="none"))
        visit.open(site + one_of_few, live=False)
        failed(visit)
        for id_ in visit.figures():
            assert_the_picture_is_still_there(visit, id_)
            assert "404" in visit.said(id_)


def test_javascript_off(visiting, site, one_of_few):
    with visiting(java_script_enabled=False) as visit:
        visit.open(site + one_of_few, live=False)
        figures = visit.page.locator("figure.explorable")
        assert figures.count()
        for figure in figures.all():
            assert figure.get_attribute("data-state") == "picture"
            assert_the_picture_is_still_there_without_scripts(figure)
        assert not visit.errors
        assert not visit.foreign()


def assert_the_picture_is_still_there_without_scripts(figure):
    pictures = figure.locator(".tl-slot > svg")
    assert pictures.count() == figure.locator(".tl-slot").count()
    for picture in pictures.all():
        assert picture.bounding_box()["height"] > 80
    said = figure.locator("noscript").inner_text()
    assert say("no-javascript") in said
    assert figure.locator("noscript").is_visible()
    assert figure.locator("fieldset").get_attribute("disabled") is not None
    # The summary is there, and can be seen.
    summary = figure.locator("details .tl-summary").text_content()
    assert any(character.isdigit() for character in summary)
    figure.locator("details:has(.tl-summary) summary").click()
    assert figure.locator("details .tl-summary").is_visible()


def test_nothing_is_asked_of_the_network_once_the_page_is_whole(visiting, site, one_of_few):
    with visiting() as visit:
        visit.open(site + one_of_few)
        # The last thing that a page fetches, in its own time, are the recorded settings of each figure.
        traces = visit.page.locator("[data-source]").count()
        visit.settled_after(lambda: sum(url.endswith(".trace.json") for url in visit.requests) >= traces)
        visit.context.set_offline(True)
        before = len(visit.requests)
        for id_ in visit.figures():
            for name, control in visit.controls(id_).items():
                for value in other_values(control, visit.controls(id_), visit.values(id_)):
                    assert visit.set(id_, **{name: value})[name] == value
            assert visit.check(id_)["passed"]
            visit.reset(id_)
        # Chromium asks for the page's icon whenever its address changes.
        icon = visit.page.evaluate("document.querySelector('link[rel~=icon]')?.href")
        asked = [
            url for url in visit.requests[before:] if url != icon and not url.startswith(("data:", "blob:"))
        ]
        assert not asked
        assert not visit.errors


def test_a_page_far_from_its_figures_does_not_load_the_runtime(visiting, site):
    with visiting(height=300) as visit:
        # Everything above the first figure, stretched.
        visit.page.route(
            "**/workbench.html",
            lambda route: route.fulfill(
                response=(answer := route.fetch()),
                body=answer.text().replace("<h1>", "<div style='height:5000px'></div><h1>"),
            ),
        )
        visit.open(site + "workbench/workbench.html", live=False)
        visit.page.wait_for_timeout(700)
        assert not [url for url in visit.requests if "/runtime/" in url]
        visit.wake()
        runtime = [url for url in visit.requests if "/runtime/" in url]
        assert len(runtime) == len(set(runtime)) == 4, "one copy for all figures"
