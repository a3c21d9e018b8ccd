"""Figures that ask before they show: each kind of guess, by mouse, finger and keys; what is hidden, and how long."""

import csv
import io

import numpy as np
import pytest
from playwright.sync_api import expect

from transformer_lite.explore.text import number, say

from . import workbench
from .accessibility import audit
from .visit import SIZES, serving

ASKING = [figure for figure in workbench.FIGURES.values() if figure.predict]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("asking") / "sub"
    workbench.make(folder, ASKING)
    with serving(folder.parent) as served:
        yield f"{served}workbench.html"


@pytest.fixture
def page(visiting, address):
    """Opened anew for each test: a question is asked once."""
    with visiting(accept_downloads=True) as visit:
        yield visit.open(address)
        assert not visit.errors


def figure(visit, id_):
    return visit.page.locator(f"figure#{id_}")


def predict(visit, id_):
    return visit.page.evaluate("(id) => probe.figure(id).explorable.predict", id_)


def say_it(visit, id_):
    """Presses the button, and gives the verdict."""
    figure(visit, id_).locator(".tl-say").click()
    expect(figure(visit, id_).locator(".tl-verdict")).not_to_be_empty()
    visit.settle(id_)
    assert predict(visit, id_)["asked"] is False
    assert not figure(visit, id_).locator(".tl-covered").count()
    return visit.said(id_, ".tl-verdict")


def guess(visit, id_, value):
    return visit.page.evaluate(
        "([id, value]) => probe.figure(id).explorable.guess(value).then(() => '', ({ message }) => message)",
        [id_, value],
    )


def dashed(visit, id_):
    """The shapes of the guess in the figure's charts."""
    return visit.page.evaluate(
        """(id) => [...probe.figure(id).querySelectorAll(".js-plotly-plot")]
          .flatMap(({ layout }) => layout.shapes.filter(({ line }) => line.dash === "dash" && line.width > 2))""",
        id_,
    )


def bars_of(visit, id_):
    """How many bars are drawn that have a height."""
    heights = "(bars) => bars.filter((bar) => bar.getBBox().height > 1).length"
    return figure(visit, id_).locator(".bars .point path").evaluate_all(heights)


# -- what is hidden ------------------------------------------------------------------------------------------------


def test_what_is_covered_is_in_no_picture_word_table_or_file(page):
    for asked in ASKING:
        id_ = asked.name
        hidden = asked.asked["hidden"]
        shown = asked.show(asked.defaults)
        summary = page.said(id_, ".tl-summary")
        for name in hidden:
            view = shown.views[name]
            assert say("covered", title=view.title) in summary
            assert view.summary(shown.labels(name)) not in summary
            place = figure(page, id_).locator(f"[data-view={name}]")
            assert not place.locator(".tl-number, .tl-legend, .bars .point path").filter(visible=True).count()
        figure(page, id_).locator("[data-tool=table]").click()
        titles = figure(page, id_).locator("caption").all_text_contents()
        assert titles == [view.title for name, view in shown.views.items() if name not in hidden]
        with page.page.expect_download() as came:
            figure(page, id_).locator("[data-tool=csv]").click()
        rows = list(csv.DictReader(io.StringIO(came.value.path().read_text(encoding="utf-8-sig"))))
        assert {row["view"] for row in rows} == {
            name for name in shown.outputs if name.split(".")[0] not in hidden
        }
        # Scripts, and so the tests of every page, are told all the same.
        assert page.outputs(id_).keys() == shown.outputs.keys()
        assert page.check(id_)["passed"]
    assert not audit(page)


@pytest.mark.parametrize("size", SIZES)
def test_the_cover_is_there_before_the_script_and_nothing_moves_when_it_comes(visiting, address, size):
    with visiting(**SIZES[size]) as visit:
        visit.page.route("**/site.mjs", lambda route: held.append(route))
        held = []
        visit.page.goto(address, wait_until="commit")
        visit.page.locator(".after").last.wait_for()
        for asked in ASKING:
            for name in asked.asked["hidden"]:
                body = figure(visit, asked.name).locator(f"[data-view={name}] :is(.tl-slot, .tl-number)")
                expect(body).to_be_hidden()
        visit.page.evaluate("probe.notePlaces('before')")
        held[0].continue_()
        visit.page.wait_for_load_state("load")
        visit.wake()
        visit.page.evaluate("probe.notePlaces('after')")
        assert not visit.page.evaluate("probe.moved('before', 'after')")
        assert not [what for asked in ASKING for what in visit.objections(asked.name)]


def test_where_no_script_comes_the_cover_goes(visiting, address):
    with visiting() as visit:
        visit.page.route("**/site.mjs", lambda route: route.abort())
        visit.page.goto(address)
        slot = figure(visit, "which-cell").locator(".tl-slot")
        assert not slot.is_visible()
        expect(slot).to_be_visible(timeout=12_000)
        expect(figure(visit, "which-cell").locator(".tl-predict")).to_be_hidden()


def test_without_javascript_nothing_is_asked_or_covered(visiting, address):
    with visiting(java_script_enabled=False) as visit:
        visit.open(address, live=False)
        for place in visit.page.locator(":is(.tl-slot, .tl-number)").all():
            assert place.is_visible()
        assert not visit.page.locator(".tl-predict").filter(visible=True).count()
        cover = visit.page.locator(".tl-covered").first
        assert cover.evaluate("(e) => getComputedStyle(e, '::after').display") == "none"


def test_a_runtime_that_does_not_come_leaves_the_picture(visiting, address):
    with visiting() as visit:
        visit.page.route("**/runtime/*.wasm", lambda route: route.abort())
        visit.open(address)
        assert visit.state("how-many") == "failed"
        assert figure(visit, "how-many").locator(".tl-number").first.is_visible()
        asked = workbench.how_many
        assert visit.said("how-many", ".tl-summary") == asked.show(asked.defaults).summary()


def test_paper_shows_everything_and_asks_nothing(page):
    page.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.page.emulate_media(media="print")
    for place in page.page.locator(":is(.tl-slot, .tl-number)").all():
        assert place.is_visible()
    assert bars_of(page, "which-bar") == 4
    assert "covered" not in page.said("which-bar", ".tl-summary")
    assert not page.page.locator(".tl-predict").filter(visible=True).count()
    page.page.emulate_media(media="screen")
    page.page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.settle("which-bar")
    assert bars_of(page, "which-bar") == 0
    assert predict(page, "which-bar") == {"asked": True, "guess": None, "skipped": False}


# -- each kind -----------------------------------------------------------------------------------------------------


def test_a_number_is_typed_and_stands_beside_the_computed_one(page):
    field = figure(page, "how-many").locator(".tl-predict input")
    page.set("how-many", bias=1)
    for typed, complaint in (("", say("answer-none")), ("few", say("answer-not-a-number", given="few"))):
        field.fill(typed)
        figure(page, "how-many").locator(".tl-say").click()
        expect(figure(page, "how-many").locator(".tl-predict .tl-problem")).to_have_text(complaint)
    field.fill("25 %")
    field.press("Enter")
    truth = (workbench.ROWS[0] > 1).float().mean().item()
    expect(figure(page, "how-many").locator(".tl-verdict")).to_have_text(
        say("guess-wrong", guess="0.25", truth=number(truth))
    )
    assert figure(page, "how-many").locator(".tl-number").first.text_content() == number(truth)
    beside = figure(page, "how-many").locator("[data-view=share] .tl-beside")
    assert beside.text_content() == say("guess-beside", guess="0.25")
    assert predict(page, "how-many") == {"asked": False, "guess": 0.25, "skipped": False}
    # At other settings it was not asked.
    page.set("how-many", bias=0)
    assert beside.text_content() == ""
    page.reset("how-many")
    page.set("how-many", bias=1)
    assert beside.text_content() == say("guess-beside", guess="0.25")
    assert guess(page, "how-many", 0.5) == say("guess-over")


@pytest.mark.parametrize("way", ["mouse", "keys"])
def test_a_cell_is_picked_and_outlined(page, way):
    id_, words = "which-cell", ["red", "cat", "dog"]
    page.set(id_, sentence=" ".join(words))
    selects = figure(page, id_).locator(".tl-predict select")
    if way == "keys":
        for at, index in enumerate((1, 2)):
            selects.nth(at).focus()
            for _ in range(index + 1):
                page.page.keyboard.press("ArrowDown")
    else:
        layer = figure(page, id_).locator(".tl-handles")
        layer.scroll_into_view_if_needed()
        x, y, left, top = page.page.evaluate(
            """(id) => { const { xaxis, yaxis } = probe.figure(id).querySelector(".tl-slot")._fullLayout;
              return [xaxis.l2p(2), yaxis.l2p(1), xaxis._offset, yaxis._offset]; }""",
            id_,
        )
        layer.click(position={"x": x + left, "y": y + top})
    assert [select.input_value() for select in selects.all()] == ["2", "3"]
    x = workbench.EMBEDDING[[workbench.VOCABULARY.index(word) for word in words]]
    row, column = np.unravel_index(int((x @ x.T).argmax()), (3, 3))
    cells = [say("answer-cell", row=words[r], column=words[c]) for r, c in ((1, 2), (int(row), int(column)))]
    assert say_it(page, id_) == say("guess-wrong", guess=cells[0], truth=cells[1])
    (shape,) = dashed(page, id_)
    assert (shape["x0"], shape["x1"], shape["y0"], shape["y1"]) == (1.5, 2.5, 0.5, 1.5)
    assert "nan" not in figure(page, id_).locator(".tl-slot").inner_text().lower()


def test_a_bar_is_picked_by_a_finger(visiting, address):
    with visiting(**SIZES["phone"], has_touch=True) as visit:
        visit.open(address)
        layer = figure(visit, "which-bar").locator(".tl-handles")
        layer.scroll_into_view_if_needed()
        box = layer.bounding_box()
        layer.tap(position={"x": box["width"] - 20, "y": box["height"] / 2})
        lowest = "abcd"[int(workbench.ROWS[1, :4].argmin())]
        assert say_it(visit, "which-bar") == say("guess-wrong", guess="d", truth=lowest)
        # The empty chart leaves nothing behind: bars have their numbers, as in any other.
        assert figure(visit, "which-bar").locator(".bartext").count() == 4


@pytest.mark.parametrize("way", ["mouse", "keys"])
def test_a_curve_is_drawn_over_the_empty_chart(page, way):
    id_ = "which-curve"
    figure(page, id_).locator(".tl-say").click()
    expect(figure(page, id_).locator(".tl-predict .tl-problem")).to_have_text(say("answer-none"))
    knots = figure(page, id_).locator(".tl-knot")
    layer = figure(page, id_).locator(".tl-handles")
    layer.scroll_into_view_if_needed()
    if way == "keys":
        wanted = [2.0, 0.9, *[1.0] * 6, 0.0]
        for at, key in ((0, "End"), (1, "ArrowDown"), (8, "Home")):
            knots.nth(at).press(key)
    else:
        # From the first knot, in the middle of the scale, straight to the last, at its top.
        wanted = np.linspace(1, 2, 9)
        ends = [knots.nth(at).bounding_box() for at in (0, 8)]
        (x0, y0), (x1, _) = ((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in ends)
        page.page.mouse.move(x0, y0)
        page.page.mouse.down()
        page.page.mouse.move(x1, layer.bounding_box()["y"])
        page.page.mouse.up()
    now = [float(knot.get_attribute("aria-valuenow")) for knot in knots.all()]
    assert np.allclose(now, wanted, atol=0.02 if way == "mouse" else 1e-9), now
    x = np.linspace(0.1, 1.3, 25)
    apart = np.interp(x, np.linspace(0.1, 1.3, 9), now) - x**2
    at = np.abs(apart).argmax()
    said = say_it(page, id_)
    place, drawn, truth = (float(part.strip(",.:")) for part in said.split() if part[0].isdigit())
    assert (
        abs(place - x[at]) < 0.006
        and abs(truth - x[at] ** 2) < 0.006
        and abs(drawn - truth - apart[at]) < 0.02
    )
    (shape,) = dashed(page, id_)
    assert shape["type"] == "path" and shape["path"].count("L") == 24
    assert not layer.locator("*").count()


def test_a_guess_that_does_not_fit_is_refused_with_a_sentence(page):
    refused = {
        "descent": ("neither", say("guess-not-an-option", given="neither", options="below 0.7, above it")),
        "how-many": ("many", say("answer-not-a-number", given="many")),
        "which-cell": ([0, 5], say("guess-not-a-place", given="0,5", axes="sentence, sentence")),
        "which-bar": (-1, say("guess-not-a-place", given="-1", axes="order")),
        "which-curve": ([1], say("guess-not-a-curve", given="1")),
    }
    assert refused.keys() == {asked.name for asked in ASKING}
    for id_, (value, sentence) in refused.items():
        assert guess(page, id_, value) == sentence
        assert predict(page, id_)["asked"] is True


# -- memory, skipping ----------------------------------------------------------------------------------------------


def test_a_figure_with_memory_is_answered_before_its_first_step_and_compared_at_its_end(page):
    id_ = "descent"
    complaint = figure(page, id_).locator('[data-control="training"] .tl-problem')
    for button in (".tl-step", ".tl-play"):
        figure(page, id_).locator('[data-control="training"]').locator(button).click()
        expect(complaint).to_have_text(say("guess-first"))
        assert page.values(id_)["training"] == 0
    figure(page, id_).locator(".tl-predict input").nth(1).check()
    assert say_it(page, id_) == say("guess-kept", guess="“above it”")
    figure(page, id_).locator('[data-control="training"] .tl-step').click()
    page.until("(id) => probe.figure(id).explorable.values.training === 1", id_)
    assert complaint.text_content() == ""
    assert page.said(id_, ".tl-verdict") == say("guess-kept", guess="“above it”")
    page.set(id_, training=30)
    loss = page.outputs(id_)["loss"]["data"][0]
    verdict = {True: say("guess-right", guess="“above it”")}
    verdict[False] = say("guess-wrong", guess="“above it”", truth="“below 0.7”")
    assert page.said(id_, ".tl-verdict") == verdict[loss > 0.7]


def test_skipping_is_one_click_and_costs_nothing(page):
    for asked in ASKING:
        id_ = asked.name
        figure(page, id_).locator(".tl-skip").click()
        page.settle(id_)
        assert predict(page, id_) == {"asked": False, "guess": None, "skipped": True}
        assert page.said(id_) == say("guess-skipped")
        assert page.said(id_, ".tl-summary") == asked.show(asked.defaults).summary()
        assert not figure(page, id_).locator(".tl-predict, .tl-covered").filter(visible=True).count()
    page.set("descent", training=2)
    # A page that is loaded anew asks anew.
    page.page.reload()
    page.wake()
    assert predict(page, "descent")["asked"] is True


def test_a_link_asks_at_its_settings(visiting, address):
    with visiting() as visit:
        visit.open(f"{address}#how-many?bias=-1")
        visit.settle("how-many")
        assert predict(visit, "how-many")["asked"] is True
        figure(visit, "how-many").locator(".tl-predict input").fill("1/2")
        truth = (workbench.ROWS[0] > -1).float().mean().item()
        assert say_it(visit, "how-many") == say("guess-wrong", guess="0.5", truth=number(truth))


def test_colours_stand_out_in_the_dark(visiting, address):
    with visiting(dark=True) as visit:
        visit.open(address)
        assert not audit(visit, colours_only=True)
