"""When something is missing: WebAssembly, the runtime, JavaScript, the network; or comes late."""

import threading

import pytest
from playwright.sync_api import expect

from transformer_lite.explore.text import catalogue, say

from .settings import other_values
from .visit import LIVE, Handler, serving


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
    assert figure.locator("fieldset.tl-controls").get_attribute("disabled") is not None


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
    assert figure.locator("fieldset.tl-controls").get_attribute("disabled") is not None
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


# -- what comes late -----------------------------------------------------------------------------------------------


class HalfWay(Handler):
    """Sends half of the runtime's largest file, and waits; asked again, it sends all."""

    done = threading.Event()

    def copyfile(self, source, outputfile):
        if self.path.endswith(".wasm"):
            half = source.read()
            outputfile.write(half[: len(half) // 2])
            outputfile.flush()
            self.done.wait(LIVE)
        else:
            super().copyfile(source, outputfile)


def megabytes(visit, served, *missing):
    """What the first figure says it waits for, where these files, or so many bytes, are missing."""
    folder = served / "sub/workbench/_static/runtime"
    size = {path.name: path.stat().st_size for path in folder.iterdir()}
    own = visit.page.locator("figure#attention-matrix").get_attribute("data-bytes").split()[0]
    whole = sum(size.values()) + int(own)
    come = whole - sum(size.get(name, name) for name in missing)
    return say("loading-amount", come=f"{come / 1e6:.1f}", size=f"{whole / 1e6:.1f}")


def stop_the_clock(visit):
    """The page's time goes on only when it is told to, however slow this machine is."""
    visit.page.clock.install(time=0)
    visit.page.clock.pause_at(1000)


def ticking(visit, place, text):
    """Lets a quarter of a second pass after the other, of the page's time, until this is written there."""
    for _ in range(38):
        visit.page.clock.run_for(250)
        if place.text_content() == text:
            return
        visit.page.wait_for_timeout(100)
    raise AssertionError(f"{text!r} was not written, but {place.text_content()!r}")


def revived(visit):
    """Waits until every figure that is near the screen lives."""
    id_ = "attention-matrix"
    visit.until("(id) => probe.figure(id).dataset.state === 'live'", id_, timeout=LIVE)
    assert visit.said(id_) == ""
    assert visit.said(id_, ".tl-waiting [role=status]") == ""
    assert visit.page.locator(".tl-again:visible").count() == 0
    assert visit.outputs(id_)


def test_a_wait_says_how_much_has_come_and_what_stalls_can_be_asked_for_again(visiting, served):
    with serving(served, HalfWay) as address, visiting() as visit:
        stop_the_clock(visit)
        visit.open(address + "workbench/workbench.html", live=False)
        figure = visit.page.locator("figure#attention-matrix")
        height = figure.bounding_box()["height"]
        status, amount = figure.locator(".tl-waiting [role=status]"), figure.locator(".tl-amount")
        # All but half of the largest file; what is expected is known from the page.
        wasm = served / "sub/workbench/_static/runtime/ort-wasm-simd-threaded.wasm"
        ticking(visit, amount, megabytes(visit, served, wasm.stat().st_size / 2))
        assert status.text_content() == say("loading-figure")
        described = figure.locator("fieldset.tl-controls").get_attribute("aria-describedby")
        assert status.get_attribute("id") == described, "grey controls say why"
        assert figure.bounding_box()["height"] == height, "nothing moves"
        # An exercise waits for the same, and keeps what was typed.
        form = visit.page.locator("form#score-of-two")
        form.locator("input").fill("0,5")
        form.locator("button[type=submit]").click()
        ticking(visit, form.locator(".tl-waiting [role=status]"), say("loading-exercise"))

        again = figure.locator(".tl-again")
        assert not again.is_visible()
        visit.page.clock.run_for(11_000)
        assert status.text_content() == say("loading-stalled", seconds=10)
        again.click()
        visit.page.clock.resume()
        revived(visit)
        HalfWay.done.set()
        expect(form.locator(".tl-message")).not_to_be_empty()
        assert form.locator("input").input_value() == "0,5"
        assert [url for url in visit.requests if "again" in url] == [
            url + "?again=1" for url in visit.requests if url.endswith(".wasm")
        ], "what had come is not asked for again"


def test_a_script_or_a_module_that_hangs_can_be_asked_for_again(visiting, site, served):
    hung = "plotly.min.js", "ort-wasm-simd-threaded.mjs"
    with visiting() as visit:
        stop_the_clock(visit)
        for name in hung:
            visit.page.route(f"**/runtime/{name}", lambda route: None)
        visit.open(site + "workbench/workbench.html", live=False)
        figure = visit.page.locator("figure#attention-matrix")
        ticking(visit, figure.locator(".tl-amount"), megabytes(visit, served, *hung))
        visit.page.clock.run_for(11_000)
        figure.get_by_role("button", name=say("try-again")).click()
        visit.page.clock.resume()
        revived(visit)


def test_what_failed_can_be_tried_again_without_loading_the_page_anew(visiting, site):
    with visiting() as visit:
        visit.page.route("**/runtime/*.wasm", lambda route: route.abort())
        visit.open(site + "workbench/workbench.html#two-picks?row=2", live=False)
        failed(visit)
        form = visit.page.locator("form#score-of-two")
        field, told = form.locator("input"), form.locator(".tl-message")
        field.fill("12345,5")
        field.press("Enter")
        expect(told).to_have_text(say("answer-failed", reason="Failed to fetch"))
        for id_ in visit.figures():
            assert visit.page.locator(f"figure#{id_} .tl-again").is_visible()
        visit.page.locator("figure#two-picks .tl-again").click()
        visit.wake()
        assert {visit.state(id_) for id_ in visit.figures()} == {"live"}, "one asks for all"
        revived(visit)
        visit.until("() => probe.figure('two-picks').explorable.values.row === 2")
        assert field.input_value() == "12345,5"
        field.press("Enter")
        expect(told).to_have_text(say("answer-wrong"))


def test_a_forbidden_webassembly_is_not_worth_another_try(visiting, site_without_webassembly):
    with visiting() as visit:
        visit.open(site_without_webassembly + "workbench/workbench.html", live=False)
        visit.until("() => probe.figure('attention-matrix').dataset.state === 'failed'")
        assert visit.page.locator(".tl-again:visible").count() == 0


# -- when the page's own script does not run -----------------------------------------------------------------------


@pytest.mark.parametrize("why", ["opened as a file", "blocked", "too new for the browser"])
def test_a_page_whose_script_does_not_run_says_what_to_do(visiting, site, served, why):
    with visiting() as visit:
        if why == "blocked":
            visit.page.route("**/explore/site.mjs", lambda route: route.abort())
        if why == "too new for the browser":
            newer = {"body": "const a = a |> b;", "content_type": "text/javascript"}
            visit.page.route("**/explore/explore.mjs", lambda route: route.fulfill(**newer))
        root = f"{served.as_uri()}/sub/" if why == "opened as a file" else site
        visit.open(root + "workbench/workbench.html", live=False)
        asleep = visit.page.locator("figure#two-picks .tl-asleep, form#score-of-two .tl-asleep")
        # As it begins, however late this is asked.
        anew = (
            "(place) => { place.style.animation = 'none'; place.offsetHeight; place.style.animation = ''; }"
        )
        for place in asleep.all():
            place.evaluate(anew)
            assert place.bounding_box()["height"] == 0, "nobody sees it come and go"
        visit.page.evaluate("document.getAnimations().forEach((late) => late.finish())")
        assert asleep.all_inner_texts() == [say("asleep")] * 2
        # An answer can be typed, and is not lost by asking.
        form = visit.page.locator("form#score-of-two")
        form.locator("input").fill("0.5")
        form.locator("input").press("Enter")
        form.locator("button[type=submit]").click(force=True)
        visit.page.wait_for_timeout(100)
        assert visit.page.url == root + "workbench/workbench.html"
        assert form.locator("input").input_value() == "0.5"
        assert form.locator("button[type=submit]").is_disabled()


def test_a_page_whose_script_runs_does_not_speak_of_it(visiting, site):
    with visiting() as visit:
        visit.open(site + "workbench/workbench.html", live=False)
        assert visit.page.locator(".tl-asleep").count() == 0
        assert visit.page.locator("form [type=submit]:disabled").count() == 0


def test_the_book_opened_as_a_file_says_what_to_do(visiting, served, one_of_few):
    if one_of_few.startswith("workbench"):
        pytest.skip("the workbench has no frame of the book")
    with visiting() as visit:
        visit.open(f"{served.as_uri()}/sub/{one_of_few}", live=False)
        assert visit.page.locator(".house-file").inner_text() == say("opened-as-file")
