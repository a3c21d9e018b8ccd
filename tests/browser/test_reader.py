"""What a reader does with one figure, in detail; on the workbench, whose figures are known."""

import base64
import csv
import io
import json
import random
import re
import struct
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from playwright.sync_api import TimeoutError as TookTooLong
from playwright.sync_api import expect

from transformer_lite.explore import palette
from transformer_lite.explore.axes import Setting
from transformer_lite.explore.text import catalogue, number, say

from ..built import unpacked
from .settings import assert_close, numbers
from .visit import LIVE
from .workbench import FIGURES, VOCABULARY

KNOWN = ", ".join(VOCABULARY)


@pytest.fixture(scope="module")
def bench_visit(visiting, site):
    with visiting(accept_downloads=True) as visit:
        visit.open(site + "workbench/workbench.html").skip_questions()
        yield visit


@pytest.fixture
def bench(bench_visit):
    bench_visit.changes()
    yield bench_visit
    for id_ in bench_visit.figures():
        bench_visit.reset(id_)
    assert not bench_visit.errors


def control(visit, id_, name):
    return visit.page.locator(f'figure#{id_} [data-control="{name}"]')


def problem(visit, id_, name):
    return control(visit, id_, name).locator(".tl-problem").text_content()


@pytest.mark.parametrize("id_", FIGURES)
def test_a_figure_shows_what_its_function_computes(bench, id_):
    figure = FIGURES[id_]
    rng = random.Random(1)
    for _ in range(3):
        values = figure.check(
            {n: c.sample(rng, Setting({}, {})) for n, c in figure.controls.items() if c.kind != "pick"}
        )
        assert bench.set(id_, **values) == values
        seen, shown = bench.outputs(id_), figure.show(values)
        for name, tensor in shown.outputs.items():
            assert_close(numbers(seen, name), tensor.detach().numpy())
        assert bench.said(id_, ".tl-summary") == shown.summary()


# -- bad input -----------------------------------------------------------------------------------------------------


MANY = "many-words"
COMPOSE = """(input, [type, text]) => {
  const composing = { bubbles: true, data: text };
  if (type === "input") input.value = text;
  input.dispatchEvent(type === "input"
    ? new InputEvent("input", { ...composing, isComposing: true })
    : new CompositionEvent(`composition${type}`, composing));
}"""


def test_nothing_is_read_while_an_input_method_composes(bench):
    field = control(bench, MANY, "sentence").locator("input[type=text]")
    field.evaluate(COMPOSE, ["start", ""])
    for part in ("g", "go", "猫", "gou'", "猫 qq"):
        field.evaluate(COMPOSE, ["input", part])
        field.dispatch_event("change")
        # Nor does another's move take away what is being put together.
        bench.set(MANY, sentence="追" if len(part) > 1 else "追追")
        assert field.input_value() == part
        assert problem(bench, MANY, "sentence") == ""
    bench.changes()
    field.evaluate(COMPOSE, ["input", "狗？"])
    assert bench.values(MANY)["sentence"] == "追"
    field.evaluate(COMPOSE, ["end", "狗？"])
    bench.settle(MANY)
    assert bench.values(MANY)["sentence"] == "狗？"
    assert bench.changes() == [MANY]
    assert bench.page.locator(f"figure#{MANY} .tl-token b").all_text_contents() == ["狗", "？"]


def test_a_word_of_many_is_found_and_put_in(bench):
    place = control(bench, MANY, "sentence")
    place.locator("summary").click()
    assert place.locator(".tl-word").count() == 60
    search, told = place.locator("input[type=search]"), place.locator(".tl-found")
    assert told.text_content() == say("words-found", count=95, all=95, shown=60)
    search.fill("猫")
    assert place.locator(".tl-word").all_text_contents() == ["猫", "小猫"], (
        "those that begin with it come first"
    )
    assert told.text_content() == say("words-found", count=2, all=95, shown=2)
    place.locator(".tl-word").last.click()
    bench.settle(MANY)
    assert bench.values(MANY)["sentence"] == "小猫追狗小猫", "no blank where none is needed"
    search.fill("?")
    search.press("Enter")
    bench.settle(MANY)
    assert bench.values(MANY)["sentence"] == "小猫追狗小猫？"
    search.fill("")
    assert place.locator(".tl-word").count() == 60
    place.locator("summary").click()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("小狗", say("unknown-words-near", unknown="小", near="小猫", count=95)),
        ("猫飞", say("unknown-words-many", unknown="飞", count=95)),
        ("", say("no-words-many", count=95)),
    ],
)
def test_of_many_words_the_nearest_are_named(bench, typed, sentence):
    field = control(bench, MANY, "sentence").locator("input[type=text]")
    field.fill(typed)
    field.press("Tab")
    bench.settle(MANY)
    assert problem(bench, MANY, "sentence") == sentence
    assert field.input_value() == typed


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("the zebra", say("unknown-words", unknown="zebra", known=KNOWN)),
        ("Zebra the gnu zebra", say("unknown-words", unknown="zebra, gnu", known=KNOWN)),
        ("", say("no-words", known=KNOWN)),
        ("   ", say("no-words", known=KNOWN)),
        ("the cat the cat the cat the cat", say("too-many-words", count=8, maximum=7)),
    ],
)
def test_words_that_do_not_fit(bench, typed, sentence):
    outputs = bench.outputs("attention-matrix")
    field = control(bench, "attention-matrix", "sentence").locator("input")
    field.fill(typed)
    field.press("Tab")
    bench.settle("attention-matrix")
    assert problem(bench, "attention-matrix", "sentence") == sentence
    assert field.input_value() == typed, "nothing typed is lost"
    assert field.get_attribute("aria-invalid") is not None
    described = field.get_attribute("aria-describedby")
    assert bench.page.locator(f'[id="{described}"]').text_content() == sentence
    assert bench.outputs("attention-matrix") == outputs
    assert not bench.changes()


def test_what_was_typed_stays_while_another_control_moves(bench):
    field = control(bench, "attention-matrix", "sentence").locator("input")
    field.fill("the zebra")
    field.press("Tab")
    control(bench, "attention-matrix", "causal").locator("input").click()
    bench.settle("attention-matrix")
    assert bench.values("attention-matrix")["causal"] is True
    if problem(bench, "attention-matrix", "sentence"):
        assert field.input_value() == "the zebra"
    assert field.input_value() == "the zebra"


def test_a_number_typed_stays_while_another_control_moves(bench):
    typed = control(bench, "attention-matrix", "temperature").locator("input[type=text]")
    typed.fill("99")
    typed.press("Enter")
    control(bench, "attention-matrix", "causal").locator("input").click()
    bench.settle("attention-matrix")
    assert typed.input_value() == "99"
    assert problem(bench, "attention-matrix", "temperature") == say(
        "out-of-range", label="Temperature", min="0.1", max="4", value="99"
    )


def test_a_good_value_clears_the_complaint(bench):
    field = control(bench, "attention-matrix", "sentence").locator("input")
    field.fill("the zebra")
    field.press("Tab")
    field.fill("the cat")
    bench.settle("attention-matrix")
    assert problem(bench, "attention-matrix", "sentence") == ""
    assert field.get_attribute("aria-invalid") is None
    assert bench.values("attention-matrix")["sentence"] == "the cat"


@pytest.mark.parametrize(("words", "count"), [("red", 1), ("the cat chased the dog then the", 7)])
def test_the_shortest_and_the_longest_sentence(bench, words, count):
    control(bench, "attention-matrix", "sentence").locator("input").fill(words)
    bench.settle("attention-matrix")
    assert problem(bench, "attention-matrix", "sentence") == ""
    assert bench.outputs("attention-matrix")["weights"]["shape"] == [count, count]
    tokens = bench.page.locator("figure#attention-matrix .tl-token b").all_text_contents()
    assert tokens == words.split()


def test_a_word_still_being_typed_is_not_yet_wrong(bench):
    field = control(bench, "attention-matrix", "sentence").locator("input")
    field.fill("the ca")
    bench.settle("attention-matrix")
    assert problem(bench, "attention-matrix", "sentence") == ""
    field.press("Tab")
    bench.settle("attention-matrix")
    assert problem(bench, "attention-matrix", "sentence") == say("unknown-words", unknown="ca", known=KNOWN)


@pytest.mark.parametrize("delay", [0, 15, 60])
def test_fast_typing_loses_nothing(bench, delay):
    field = control(bench, "attention-matrix", "sentence").locator("input")
    field.fill("")
    text = "a red cat chased then the dog"
    field.press_sequentially(text, delay=delay)
    assert field.input_value() == text
    field.press("Enter")
    bench.settle("attention-matrix")
    bench.settle("attention-matrix")
    assert field.input_value() == text
    assert bench.values("attention-matrix")["sentence"] == text
    assert problem(bench, "attention-matrix", "sentence") == ""


def test_a_space_in_the_middle_stays_where_it_is_typed(bench):
    field = control(bench, "attention-matrix", "sentence").locator("input")
    field.fill("the cat  chased")
    bench.settle("attention-matrix")
    assert field.input_value() == "the cat  chased"


def test_known_words_can_be_put_in_by_their_buttons(bench):
    place = control(bench, "attention-matrix", "sentence")
    place.locator("summary").click()
    assert place.locator(".tl-word").all_text_contents() == VOCABULARY
    place.get_by_role("button", name="<b>").click()
    bench.settle("attention-matrix")
    assert bench.values("attention-matrix")["sentence"] == "the cat chased the dog <b>"
    assert bench.page.locator("figure#attention-matrix .tl-token b").all_text_contents()[-1] == "<b>"
    place.locator("summary").click()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("9", say("out-of-range", label="Temperature", min="0.1", max="4", value="9")),
        ("-1", say("out-of-range", label="Temperature", min="0.1", max="4", value="−1")),
        ("warm", say("not-a-number", label="Temperature", min="0.1", max="4", value="warm")),
        ("", say("not-a-number", label="Temperature", min="0.1", max="4", value="")),
        ("NaN", say("not-a-number", label="Temperature", min="0.1", max="4", value="NaN")),
    ],
)
def test_numbers_that_do_not_fit(bench, typed, sentence):
    field = control(bench, "attention-matrix", "temperature").locator("input[type=text]")
    field.fill(typed)
    field.press("Enter")
    bench.settle("attention-matrix")
    assert problem(bench, "attention-matrix", "temperature") == sentence
    assert field.input_value() == typed
    assert bench.values("attention-matrix")["temperature"] == 1


def test_a_length_is_whole(bench):
    field = control(bench, "gradient-norm", "d").locator("input[type=text]")
    field.fill("2.5")
    field.press("Enter")
    bench.settle("gradient-norm")
    assert problem(bench, "gradient-norm", "d") == say("not-whole", label="d", min="1", max="32", value="2.5")


def test_a_typed_number_may_lie_between_the_steps(bench):
    field = control(bench, "attention-matrix", "temperature").locator("input[type=text]")
    field.fill("1.2345")
    field.press("Enter")
    bench.settle("attention-matrix")
    assert bench.values("attention-matrix")["temperature"] == 1.2345
    assert field.input_value() == "1.2345"


def test_a_logarithmic_slider_moves_evenly_in_the_logarithm(bench):
    place = control(bench, "descent", "rate")
    handle, typed = place.locator("input[type=range]"), place.locator("input[type=text]")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    bench.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    bench.settle("descent")
    middle = bench.values("descent")["rate"]
    assert 0.7 < middle / (0.001 * 0.5) ** 0.5 < 1.4, "the geometric mean"
    handle.press("ArrowRight")
    bench.settle("descent")
    assert bench.values("descent")["rate"] / middle == pytest.approx(10 ** (1 / 20), rel=0.01)
    assert (
        typed.input_value() == handle.get_attribute("aria-valuetext") == str(bench.values("descent")["rate"])
    )
    handle.press("End")
    bench.settle("descent")
    assert bench.values("descent")["rate"] == 0.5
    handle.press("Home")
    bench.settle("descent")
    assert bench.values("descent")["rate"] == 0.001


def test_numbers_are_typed_as_people_and_this_page_write_them(bench):
    figure = "not-always-finite"
    field = control(bench, figure, "x").locator("input[type=text]")
    for typed, value in {
        "−1.5": -1.5,
        "0,5": 0.5,
        "－１．２５": -1.25,
        "+1.5": 1.5,
        "–2": -2,
        "1,234": 1.234,
    }.items():
        field.fill(typed)
        field.press("Enter")
        bench.settle(figure)
        assert problem(bench, figure, "x") == "", typed
        assert bench.values(figure)["x"] == value, typed
    point = control(bench, "dragged-vectors", "vectors").locator("input").first
    point.fill("0,5; −1,25")
    point.press("Enter")
    bench.settle("dragged-vectors")
    assert bench.values("dragged-vectors")["vectors"][0] == [0.5, -1.25]


def test_a_setting_without_a_finite_result_keeps_the_last_picture(bench):
    outputs = bench.outputs("not-always-finite")
    field = control(bench, "not-always-finite", "x").locator("input[type=text]")
    field.fill("0.77")
    field.press("Enter")
    bench.until(
        "() => probe.figure('not-always-finite').querySelector('[data-control=x] .tl-problem').textContent"
    )
    said = problem(bench, "not-always-finite", "x")
    assert "not finite" in said and "power" in said
    assert bench.outputs("not-always-finite") == outputs
    assert bench.values("not-always-finite")["x"] == 1.5
    answer = bench.set("not-always-finite", x=0.77)
    assert "not finite" in answer["refused"]
    assert bench.values("not-always-finite")["x"] == 1.5
    assert not bench.changes()
    # And the figure still works.
    assert bench.set("not-always-finite", x=0.5)["x"] == 0.5


# -- pointing and picking ------------------------------------------------------------------------------------------


def cell(visit, id_, view, row, column):
    """Where a heatmap's cell stands on the screen."""
    place = visit.page.locator(f'figure#{id_} [data-view="{view}"]')
    place.scroll_into_view_if_needed()
    box = place.locator(".nsewdrag").bounding_box()
    rows, columns = visit.outputs(id_)[view]["shape"]
    return box["x"] + box["width"] * (column + 0.5) / columns, box["y"] + box["height"] * (row + 0.5) / rows


def point(visit, x, y):
    visit.page.mouse.move(x - 2, y - 2)
    visit.page.mouse.move(x, y)
    visit.page.wait_for_timeout(120)


def shapes(visit, id_, view):
    """The outlines drawn over a chart, as [x0, x1, y0, y1, dotted]."""
    return visit.page.evaluate(
        """([id, view]) => (probe.figure(id).querySelector(`[data-view="${view}"] .tl-slot`).layout.shapes ?? [])
             .map(({ x0, x1, y0, y1, line }) => [x0, x1, y0, y1, line.dash === "dot"])""",
        [id_, view],
    )


@pytest.mark.parametrize(("row", "column"), [(0, 0), (3, 1), (4, 4)])
def test_clicking_a_cell_picks_it(bench, row, column):
    at = cell(bench, "attention-matrix", "scores", row, column)
    point(bench, *at)
    bench.page.mouse.click(*at)
    bench.until(
        "(cell) => String(probe.figure('attention-matrix').explorable.values.cell) === String(cell)",
        [row, column],
    )
    bench.settle("attention-matrix")
    wanted = FIGURES["attention-matrix"].run(cell=[row, column])["weight"].value.item()
    assert bench.outputs("attention-matrix")["weight"]["data"][0] == pytest.approx(wanted, abs=1e-5)
    selects = control(bench, "attention-matrix", "cell").locator("select")
    assert [s.input_value() for s in selects.all()] == [str(row), str(column)]
    assert [column - 0.5, column + 0.5, row - 0.5, row + 0.5, False] in shapes(
        bench, "attention-matrix", "scores"
    )
    assert set(bench.changes()) == {"attention-matrix"}


def test_a_tap_picks_as_a_click_does(visiting, site):
    with visiting(width=390, height=800, has_touch=True, is_mobile=True) as visit:
        visit.open(site + "workbench/workbench.html")
        for row, column in [(2, 3), (0, 0)]:
            for last in (False, True):  # under load a tap is lost, one in some hundreds: a reader taps again
                visit.page.touchscreen.tap(*cell(visit, "two-picks", "table", row, column))
                try:
                    visit.until(
                        "(wanted) => Object.values(probe.figure('two-picks').explorable.values).join() === wanted",
                        f"{row},{column}",
                        timeout=10 if last else 4,
                    )
                    break
                except AssertionError:
                    if last:
                        raise
            # On a busy machine the chart may still be drawn when the next tap comes.
            visit.settle("two-picks")
            visit.page.wait_for_timeout(400)
        assert not visit.errors


def test_clicking_moves_every_pick_of_the_view(bench):
    at = cell(bench, "two-picks", "table", 2, 3)
    point(bench, *at)
    bench.page.mouse.click(*at)
    bench.settle("two-picks")
    assert bench.values("two-picks") == {"row": 2, "column": 3}


def test_a_view_without_a_pick_does_not_answer_clicks(bench):
    at = cell(bench, "attention-matrix", "weights", 3, 3)
    point(bench, *at)
    bench.page.mouse.click(*at)
    bench.settle("attention-matrix")
    assert bench.values("attention-matrix")["cell"] == [1, 2]


def test_pointing_at_a_cell_marks_its_row_and_column_wherever_they_appear(bench):
    point(bench, *cell(bench, "attention-matrix", "scores", 3, 1))
    for view in ("scores", "weights"):
        dotted = [shape[:4] for shape in shapes(bench, "attention-matrix", view) if shape[4]]
        assert [-0.5, 4.5, 2.5, 3.5] in dotted, view  # the row
        assert [0.5, 1.5, -0.5, 4.5] in dotted, view  # the column
        assert len(dotted) == 2
    tokens = bench.page.locator("figure#attention-matrix .tl-token")
    hovered = ["tl-hovered" in (token.get_attribute("class") or "") for token in tokens.all()]
    assert hovered == [False, True, False, False, False], "the tokens' axis is the key's"
    readout = bench.page.locator('figure#attention-matrix [data-view="scores"] .tl-readout').text_content()
    value = bench.outputs("attention-matrix")["scores"]["data"][3 * 5 + 1]
    assert readout == say("hover-cell", row="the", column="cat", value=number(value))
    # Another figure is not touched.
    assert not [s for s in shapes(bench, "two-picks", "table") if s[4]]
    bench.page.mouse.move(1, 1)
    bench.page.wait_for_timeout(120)
    assert not [s for s in shapes(bench, "attention-matrix", "weights") if s[4]]
    assert not bench.changes()


def test_pointing_at_a_word_marks_its_column(bench):
    # From a chart straight to the word.
    point(bench, *cell(bench, "attention-matrix", "weights", 3, 3))
    token = bench.page.locator("figure#attention-matrix .tl-token").nth(2)
    token.scroll_into_view_if_needed()
    token.hover()
    bench.page.wait_for_timeout(400)  # the chart says only now that the pointer has left it
    dotted = [shape[:4] for shape in shapes(bench, "attention-matrix", "scores") if shape[4]]
    assert dotted == [[1.5, 2.5, -0.5, 4.5]]
    bench.page.mouse.move(1, 1)


def test_pointing_at_a_masked_cell_says_so(bench):
    bench.set("attention-matrix", causal=True)
    point(bench, *cell(bench, "attention-matrix", "scores", 0, 3))
    readout = bench.page.locator('figure#attention-matrix [data-view="scores"] .tl-readout').text_content()
    assert readout == say("hover-cell", row="the", column="the", value=say("masked"))
    bench.page.mouse.move(1, 1)


# -- a tree --------------------------------------------------------------------------------------------------------


def nodes_of(visit):
    """What stands on each node of the workbench's tree that is seen, its marks, and where it stands."""
    return visit.page.evaluate(
        """() => [...document.querySelectorAll("#a-search .tl-node")].filter((e) => e.checkVisibility()).map((e) => {
          const { left, top, width, height } = e.getBoundingClientRect();
          const box = e.closest(".tl-nodes").getBoundingClientRect();
          const place = [left - box.left, top - box.top, width, height].map(Math.round);
          return [e.innerText, [...e.classList].filter((name) => name !== "tl-picked").sort(), place];
        })"""
    )


def test_a_tree_becomes_live_where_its_picture_stood(visiting, site, bench):
    with visiting() as visit:
        visit.open(site + "workbench/workbench.html", live=False)
        still = nodes_of(visit)
        branches = visit.page.locator("#a-search .tl-nodes path").evaluate_all(
            "all => all.map((e) => e.outerHTML)"
        )
        assert len(still) == 10
        bench.reset("a-search")
        live = bench.page.locator("#a-search .tl-nodes path").evaluate_all(
            "all => all.map((e) => e.outerHTML)"
        )
        assert nodes_of(bench) == still
        assert live == branches


def test_a_node_is_picked_by_a_click_and_by_keys(bench):
    nodes = bench.page.locator("#a-search .tl-node:visible")
    nodes.filter(has_text="<b>").click()
    bench.settle("a-search")
    assert bench.values("a-search")["node"] == [1, 2]
    assert bench.outputs("a-search")["sum"]["data"] == [pytest.approx(-0.278, abs=1e-3)]
    picked = bench.page.locator("#a-search .tl-node[aria-pressed=true]")
    assert picked.get_attribute("title").startswith("<b> −0.278, after the (0), in the beam")
    for key, word in [
        ("ArrowUp", "caterpillar"),
        ("ArrowRight", "chased"),
        ("ArrowLeft", "caterpillar"),
        ("ArrowLeft", "the"),
        ("ArrowLeft", "the"),
        ("ArrowRight", "cat"),
        ("ArrowDown", "caterpillar"),
    ]:
        bench.page.keyboard.press(key)
        assert bench.page.evaluate("document.activeElement.firstChild.textContent") == word, key
        assert bench.page.locator("#a-search .tl-node[tabindex='0']").count() == 1
    bench.page.keyboard.press("Enter")
    bench.settle("a-search")
    assert bench.values("a-search")["node"] == [1, 1]
    assert bench.page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"


def test_a_tree_that_grows_is_seen_at_its_end_and_moves_nothing(bench):
    height = "document.querySelector('#a-search .tl-tree').getBoundingClientRect().height"
    bench.set("a-search", steps=1)
    before = bench.page.evaluate(height)
    bench.page.set_viewport_size({"width": 360, "height": 740})
    bench.settle("a-search")
    bench.set("a-search", steps=5)
    assert bench.page.evaluate(height) == before
    box = bench.page.locator("#a-search .tl-tree").bounding_box()
    last = bench.page.locator("#a-search .tl-node:visible").last.bounding_box()
    assert box["x"] <= last["x"] and last["x"] + last["width"] <= box["x"] + box["width"] + 1
    bench.page.set_viewport_size({"width": 1280, "height": 900})


def test_a_masked_id_writes_its_number_again_when_it_comes_back(bench):
    """Ids below 0 are masked; the reader's order decides where they stand."""
    figure = "shuffled-words"
    for order in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 3, 4, 0, 1], [0, 1, 2, 3, 4]):
        bench.set(figure, order=order)
        shown = bench.page.evaluate(
            """(id) => [...probe.figure(id).querySelectorAll('[data-view="regions"] .textpoint')]
              .map((point) => point.textContent.trim())""",
            figure,
        )
        ids = [*order, *(item - 2 for item in order)]
        assert shown == [str(i) if i >= 0 else "" for i in ids]
    bench.reset(figure)


def test_a_picture_keeps_square_pixels_in_every_shape(bench):
    """Its frame is as large as its pixels, whatever stood there before."""
    figure = "a-picture"
    for size in (1, 2, 1):
        bench.set(figure, size=size)
        for view in ("picture", "red"):
            rows, columns = bench.outputs(figure)[view]["shape"][:2]
            box = bench.page.evaluate(
                """([id, view]) => {
                  const { width, height } = probe.figure(id)
                    .querySelector(`[data-view="${view}"] .nsewdrag`).getBoundingClientRect();
                  return [width, height];
                }""",
                [figure, view],
            )
            assert abs(box[0] * rows / columns - box[1]) <= 1, (size, view, box)
    bench.reset(figure)


def test_a_pick_stays_inside_a_view_that_shrinks(bench):
    bench.set("attention-matrix", cell=[4, 4])
    control(bench, "attention-matrix", "sentence").locator("input").fill("the cat")
    bench.settle("attention-matrix")
    assert bench.values("attention-matrix")["cell"] == [1, 1]
    options = control(bench, "attention-matrix", "cell").locator("select").first.locator("option")
    assert options.all_text_contents() == ["the", "cat"]


# -- drawing -------------------------------------------------------------------------------------------------------

DIGIT = FIGURES["drawn"].controls["digit"]


def drawing(visit):
    """The text of the drawing, once what the function makes of it is on display and holds the same ink."""
    visit.settle("drawn")
    text = visit.values("drawn")["digit"]
    assert_close(numbers(visit.outputs("drawn"), "pixels"), DIGIT.encode(DIGIT.check(text)).numpy())
    return text


def pad_of(visit):
    pad = control(visit, "drawn", "digit").locator(".tl-pad")
    pad.scroll_into_view_if_needed()
    return pad


def on_pad(visit, x, y):
    """A place on the screen, from parts of the pad's width and height."""
    box = pad_of(visit).locator("svg").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def go_to_the_corner(pad):
    for key in ("Shift+ArrowLeft", "Shift+ArrowUp"):
        for _ in range(8):
            pad.press(key)


def pen_says(visit):
    return control(visit, "drawn", "digit").locator(".tl-pen").text_content()


def button(visit, name):
    return control(visit, "drawn", "digit").get_by_role("button", name=name, exact=True)


def picture_of(visit, body):
    """A PNG of 120 × 100 pixels that the page's own canvas draws, in base64."""
    return visit.page.evaluate(
        f"""() => {{
          const canvas = Object.assign(document.createElement("canvas"), {{ width: 100, height: 120 }});
          const pen = canvas.getContext("2d");
          {body}
          return canvas.toDataURL().split(",")[1];
        }}"""
    )


BLACK_ON_WHITE = (
    "pen.fillStyle = 'white'; pen.fillRect(0, 0, 100, 120); "
    "pen.fillStyle = 'black'; pen.fillRect(20, 30, 50, 40);"
)
WHITE_ON_GREY = (
    "pen.fillStyle = '#555'; pen.fillRect(0, 0, 100, 120); "
    "pen.fillStyle = 'white'; pen.fillRect(20, 30, 50, 40);"
)
BLACK_ON_CLEAR = "pen.fillRect(20, 30, 50, 40);"
HANDED = """(pad, [type, name, content]) => {
  const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
  const given = new DataTransfer();
  given.items.add(new File([bytes], name, { type: "image/png" }));
  const event = { bubbles: true, cancelable: true };
  const handed = type === "drop" ? new DragEvent(type, { ...event, dataTransfer: given })
    : new ClipboardEvent(type, { ...event, clipboardData: given });
  pad.dispatchEvent(handed);
  return handed.defaultPrevented;
}"""


def test_a_stroke_of_the_mouse_runs_where_the_mouse_ran(bench):
    button(bench, "Clear").click()
    bench.page.mouse.move(*on_pad(bench, 0.25, 0.5))
    bench.page.mouse.down()
    bench.page.mouse.move(*on_pad(bench, 0.75, 0.5), steps=30)
    drawn_so_far = drawing(bench)
    assert drawn_so_far.count(".") == 1 and len(drawn_so_far) > 20, "the figure follows while the pen is down"
    bench.page.mouse.up()
    bench.page.mouse.move(*on_pad(bench, 0.75, 0.9), steps=5)
    assert drawing(bench) == drawn_so_far, "the pen is up"
    ink = numbers(bench.outputs("drawn"), "pixels")
    assert set(zip(*ink.nonzero(), strict=True)) <= {(r, c) for r in (4, 5, 6, 7) for c in range(1, 9)}
    assert (ink[5:7, 3:7] > 0.5).all()


def test_a_finger_draws_on_the_pad_and_scrolls_the_page_beside_it(visiting, site):
    with visiting(width=360, height=740, has_touch=True, is_mobile=True) as visit:
        visit.open(site + "workbench/workbench.html")
        before = drawing(visit)
        finger = visit.page.context.new_cdp_session(visit.page)

        def touch(kind, *places):
            points = [{"x": x, "y": y} for x, y in places]
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        def swipe(start, end):
            touch("touchStart", start)
            for i in range(1, 11):
                touch("touchMove", tuple(a + (b - a) * i / 10 for a, b in zip(start, end, strict=True)))
            touch("touchEnd")

        pad_of(visit)
        top = visit.page.evaluate("scrollY")
        swipe(on_pad(visit, 0.2, 0.8), on_pad(visit, 0.8, 0.2))
        after = drawing(visit)
        assert after.startswith(before + ".") and len(after) > len(before) + 10
        assert visit.page.evaluate("scrollY") == top, "the page stands still under a stroke"
        box = pad_of(visit).bounding_box()
        assert box["width"] > 200 and box["x"] + box["width"] < 340
        beside = (box["x"] + box["width"] + 15, box["y"] + 150)
        swipe(beside, (beside[0], beside[1] - 140))
        visit.until("(top) => scrollY > top + 50", top)
        assert drawing(visit) == after
        assert not visit.errors


def test_keys_move_a_pen_that_draws_and_say_where_it_is(bench):
    button(bench, "Clear").click()
    pad = pad_of(bench)
    go_to_the_corner(pad)
    pad.press("Shift+ArrowDown")
    assert pen_says(bench) == say("sketch-pen-up", column=0, row=1)
    assert drawing(bench) == "3"
    pad.press("Space")
    assert pen_says(bench) == say("sketch-pen-down", column=0, row=1)
    pad.press("Shift+ArrowRight")
    pad.press("ArrowDown")
    pad.press("Space")
    pad.press("ArrowUp")
    assert drawing(bench) == "3.AIIIIK", "from (0, 8) eight places to the right and two down"
    assert pen_says(bench) == say("sketch-pen-up", column=1, row=1)
    pad.press("Space")
    pad.press("Control+z")
    assert drawing(bench) == "3.AIIIIK"
    pad.press("Backspace")
    assert drawing(bench) == "3"
    assert pen_says(bench) == say("sketch-strokes", count=0)
    for _ in range(10):
        pad.press("Shift+ArrowRight")
    assert pen_says(bench) == say("sketch-pen-up", column=9, row=1), "the pen stays on the pad"
    pad.press("Space")
    pad.press("Delete")
    pad.press("ArrowLeft")
    assert drawing(bench) == "3", "a pen that was down is up where the drawing is cleared"


def test_undo_clear_thickness_and_examples(bench):
    before = drawing(bench)
    button(bench, "one").click()
    assert drawing(bench) == DIGIT.examples["one"]
    button(bench, "slope").click()
    assert drawing(bench) == DIGIT.examples["slope"]
    go_to_the_corner(pad_of(bench))
    pad_of(bench).press("Space")
    pad_of(bench).press("Space")
    assert drawing(bench) == DIGIT.examples["slope"] + ".AA", "strokes lie on a picture"
    button(bench, "Undo").click()
    assert drawing(bench) == DIGIT.examples["slope"]
    button(bench, "Undo").click()
    button(bench, "Undo").click()
    assert drawing(bench) == "3"
    bench.reset("drawn")
    assert drawing(bench) == before
    thickness = control(bench, "drawn", "digit").get_by_role("slider", name="Thickness")
    assert thickness.input_value() == "1.5"
    thickness.fill("4")
    assert drawing(bench) == "8" + before[1:]
    button(bench, "Clear").click()
    assert drawing(bench) == "8"


def test_a_drawing_that_is_full_takes_no_more_ink_and_says_so(bench):
    full = "3." + 748 * "AA"
    bench.set("drawn", digit=full)
    bench.page.mouse.move(*on_pad(bench, 0.5, 0.5))
    bench.page.mouse.down()
    bench.page.mouse.move(*on_pad(bench, 0.9, 0.9), steps=5)
    bench.page.mouse.up()
    assert pen_says(bench) == say("sketch-full")
    assert drawing(bench) == full


def test_a_reset_under_the_pen_lifts_it(bench):
    before = drawing(bench)
    bench.page.mouse.move(*on_pad(bench, 0.3, 0.8))
    bench.page.mouse.down()
    bench.page.mouse.move(*on_pad(bench, 0.6, 0.8), steps=5)
    assert drawing(bench) != before
    bench.reset("drawn")
    bench.page.mouse.move(*on_pad(bench, 0.9, 0.8), steps=5)
    bench.page.mouse.up()
    assert drawing(bench) == before


@pytest.mark.parametrize("picture", [BLACK_ON_WHITE, WHITE_ON_GREY, BLACK_ON_CLEAR])
@pytest.mark.parametrize("way", ["drop", "paste", "choose"])
def test_a_picture_becomes_ink_whatever_its_paper(bench, way, picture):
    content = picture_of(bench, picture)
    before = drawing(bench)
    if way == "choose":
        with bench.page.expect_file_chooser() as chooser:
            button(bench, "Picture…").click()
        chooser.value.set_files(
            {"name": "a.png", "mimeType": "image/png", "buffer": base64.b64decode(content)}
        )
    else:
        assert pad_of(bench).evaluate(HANDED, [way, "a.png", content])
    bench.until("(before) => probe.figure('drawn').explorable.values.digit !== before", before)
    assert drawing(bench).startswith("3.*")
    # 100 × 120 pixels on 10 × 12: ten to one, and a rectangle along their borders.
    wanted = np.zeros((12, 10))
    wanted[3:7, 2:7] = 1
    assert np.abs(numbers(bench.outputs("drawn"), "pixels") - wanted).max() < 0.2
    assert not bench.foreign()


def test_what_is_no_picture_is_refused_with_a_sentence(bench):
    before = drawing(bench)
    content = base64.b64encode(b"no picture").decode()
    assert pad_of(bench).evaluate(HANDED, ["drop", "a.png", content])
    bench.until(
        "(said) => probe.figure('drawn').querySelector('.tl-pen').textContent === said",
        say("sketch-no-picture"),
    )
    assert drawing(bench) == before


def test_an_address_holds_strokes_and_pictures_as_they_are(bench):
    for text in ["3.egeYgY.__", "12." + 748 * "_-", DIGIT.extremes()[2] + ".AA"]:
        bench.set("drawn", digit="1")
        bench.page.evaluate("(text) => { location.hash = `drawn?digit=${text}`; }", text)
        bench.until("(text) => probe.figure('drawn').explorable.values.digit === text", text)
        assert drawing(bench) == text
    bench.page.evaluate("location.hash = 'drawn?digit=4.A'")
    bench.until("probe.figure('drawn').querySelector('.tl-message').textContent")
    refused = say("not-a-drawing", label="Digit", max=12, value="4.A")
    assert bench.said("drawn") == say("failed-link", reason=refused)
    bench.reset("drawn")
    go_to_the_corner(pad_of(bench))
    pad_of(bench).press("Space")
    bench.until("() => location.hash.endsWith('=3.MKzKZ6.AA')", timeout=5)


def test_the_pad_is_named_and_explained_to_those_who_do_not_see_it(bench):
    pad = control(bench, "drawn", "digit").get_by_role("application", name="Digit", exact=True)
    expect(pad).to_have_accessible_description(say("sketch-help"))
    expect(control(bench, "drawn", "digit").locator(".tl-pen")).to_have_role("status")
    examples = control(bench, "drawn", "digit").get_by_role("group", name=say("sketch-examples"))
    assert examples.get_by_role("button").all_text_contents() == ["one", "slope"]


# -- the keyboard ------------------------------------------------------------------------------------------------


def test_arrow_keys_move_a_point(bench):
    handle = bench.page.locator("figure#dragged-vectors .tl-handle").nth(1)
    for keys, place in [("ArrowRight", [2.1, -0.5]), ("Shift+ArrowDown", [2.1, -1])]:
        handle.press(keys)
        bench.settle("dragged-vectors")
        assert bench.values("dragged-vectors")["vectors"] == [[1, 2], place, [-1, -1]]
    name = say("point", name="key 1", x=number(2.1), y=number(-1))
    assert bench.page.evaluate("document.activeElement.ariaLabel") == name


def test_the_focus_goes_along_with_a_word(bench):
    control(bench, "shuffled-words", "order").locator(".tl-chip").nth(1).press("ArrowRight")
    for place in (3, 4):
        bench.settle("shuffled-words")
        name = say("chip", item="cat", place=place, count=5)
        assert bench.page.evaluate("document.activeElement.ariaLabel") == name
        bench.page.keyboard.press("ArrowRight")
    bench.settle("shuffled-words")


# -- the theme, the window -----------------------------------------------------------------------------------------


def test_a_change_of_theme_draws_again_without_a_change_event(bench):
    def ink():
        return bench.page.evaluate(
            "probe.figure('attention-matrix').querySelector('[data-view=scores] .tl-slot').layout.font.color"
        )

    light = ink()
    bench.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    bench.page.wait_for_timeout(400)
    assert ink() != light
    bench.page.evaluate("document.documentElement.dataset.theme = 'light'")
    bench.page.wait_for_timeout(400)
    assert ink() == light
    assert not bench.changes()


def test_a_narrower_window_fits_again(bench):
    bench.page.set_viewport_size({"width": 420, "height": 800})
    bench.page.wait_for_timeout(500)
    for id_ in bench.figures():
        assert not bench.objections(id_), id_
    bench.page.set_viewport_size({"width": 1280, "height": 900})
    bench.page.wait_for_timeout(500)
    assert not bench.changes()


def test_a_window_that_was_folded_away_leaves_no_trace(bench):
    """At a width of nothing plotly gives up margins, and has to find them again."""

    def margins():
        return bench.page.evaluate(
            "[...document.querySelectorAll('.js-plotly-plot')].map((chart) => chart._fullLayout._size)"
        )

    before = margins()
    bench.page.set_viewport_size({"width": 1, "height": 1})
    bench.settled_after(lambda: margins() != before)
    bench.page.set_viewport_size({"width": 1280, "height": 900})
    bench.settled_after(lambda: margins() == before)
    for id_ in bench.figures():
        assert not bench.objections(id_), id_


def test_nothing_overlaps_at_the_extremes_of_every_control(bench):
    from transformer_lite.explore.trace import settings

    for id_, figure in FIGURES.items():
        for values in settings(figure):
            bench.set(id_, **values)
            assert not bench.objections(id_), (id_, values)


# -- links ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fragment", "said"),
    [
        (
            "attention-matrix?temperature=99",
            say("out-of-range", label="Temperature", min="0.1", max="4", value="99"),
        ),
        ("attention-matrix?heat=1", "There is no control named “heat” here"),
        ("attention-matrix?sentence=the+zebra", "Not known here: zebra"),
        ("attention-matrix?scale=e", "“e” is not an option of Divide by"),
        ("attention-matrix?causal=maybe", "Causal is either true or false, not “maybe”"),
        (
            "attention-matrix?temperature=",
            say("not-a-number", label="Temperature", min="0.1", max="4", value=""),
        ),
    ],
)
def test_a_link_to_what_does_not_exist(bench, fragment, said):
    bench.page.evaluate("(fragment) => { location.hash = fragment; }", fragment)
    bench.until("() => probe.figure('attention-matrix').querySelector('.tl-message').textContent")
    text = bench.said("attention-matrix")
    assert text.startswith(catalogue()["failed-link"].split("{")[0])
    assert said in text
    assert bench.values("attention-matrix") == FIGURES["attention-matrix"].defaults
    bench.page.evaluate("history.replaceState(null, '', location.pathname)")


def test_a_link_to_a_shorter_sentence_need_not_name_the_pick(bench):
    bench.page.evaluate("location.hash = 'attention-matrix?sentence=the'")
    bench.until(
        "() => probe.figure('attention-matrix').explorable.values.sentence === 'the' || "
        "probe.figure('attention-matrix').querySelector('.tl-message').textContent"
    )
    assert bench.said("attention-matrix") == ""
    assert bench.values("attention-matrix")["cell"] == [0, 0]
    bench.page.evaluate("history.replaceState(null, '', location.pathname)")


def test_an_ordinary_anchor_moves_nothing(bench):
    for fragment in ("attention-matrix", "elsewhere", "a;b?c=d", "%"):
        bench.page.evaluate("(fragment) => { location.hash = fragment; }", fragment)
    bench.settle("attention-matrix")
    assert bench.values("attention-matrix") == FIGURES["attention-matrix"].defaults
    assert not bench.said("attention-matrix")
    bench.page.evaluate("history.replaceState(null, '', location.pathname)")


def test_one_address_holds_several_figures(bench, visiting):
    field = control(bench, "gradient-norm", "d").locator("input[type=text]")
    field.fill("5")
    field.press("Enter")
    control(bench, "attention-matrix", "sentence").locator("input").fill("the red <b>")
    bench.until("location.hash.includes('attention-matrix') && location.hash.includes('gradient-norm')")
    with visiting() as visit:
        visit.open(bench.page.url)
        assert visit.values("gradient-norm")["d"] == 5
        assert visit.values("attention-matrix")["sentence"] == "the red <b>"
        assert visit.values("two-picks") == FIGURES["two-picks"].defaults
    bench.reset("gradient-norm")
    bench.reset("attention-matrix")
    bench.until("() => location.hash === ''")


# -- taking a figure away ------------------------------------------------------------------------------------------


def download(visit, id_, tool):
    # A browser lets a page save a file for a few seconds after a click, which a busy machine may need to draw it.
    for patience in (10_000, 30_000):
        try:
            with visit.page.expect_download(timeout=patience) as waiting:
                visit.page.locator(f"figure#{id_} [data-tool={tool}]").click()
            break
        except TookTooLong:
            if patience == 30_000:
                raise
    assert waiting.value.suggested_filename == f"{id_}.{tool}"
    return waiting.value.path().read_bytes()


@pytest.mark.parametrize("id_", FIGURES)
def test_csv_holds_every_number_on_display(bench, id_):
    rows = list(csv.DictReader(io.StringIO(download(bench, id_, "csv").decode("utf-8-sig"))))
    shown = []
    outputs = bench.outputs(id_)
    for name in outputs:
        output = numbers(outputs, name)
        # Of a curve that is known up to some place, those that are drawn.
        if f"{name}.until" in outputs:
            output = output[..., : int(outputs[f"{name}.until"]["data"][0])]
        shown += [(name, x) for x in output.flatten().tolist()]
    assert [(row["view"], float(row["value"])) for row in rows] == shown


def test_csv_names_rows_and_columns(bench):
    bench.set("attention-matrix", sentence="the <b> dog", causal=True)
    rows = list(csv.DictReader(io.StringIO(download(bench, "attention-matrix", "csv").decode("utf-8-sig"))))
    scores = [row for row in rows if row["view"] == "scores"]
    assert [(row["row"], row["column"]) for row in scores[:4]] == [
        ("the", "the"),
        ("the", "<b>"),
        ("the", "dog"),
        ("<b>", "the"),
    ]
    assert float(scores[1]["value"]) == float("-inf")


@pytest.mark.parametrize("id_", FIGURES)
def test_svg_shows_every_view(bench, id_):
    drawing = download(bench, id_, "svg").decode()
    root = ET.fromstring(drawing)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = "".join(root.itertext())
    for view in FIGURES[id_].run().values():
        assert view.title in texts
    for value in bench.page.locator(f"figure#{id_} .tl-number").all_text_contents():
        assert value in texts
    # Charts are there with their marks.
    charts = bench.page.locator(f"figure#{id_} :is(.tl-slot, .tl-tree)").count()
    assert len(root.findall("{http://www.w3.org/2000/svg}svg")) == charts
    assert not re.findall(r'(?:href|src)="https?:', drawing)


def test_the_svg_of_a_dark_page_is_for_white_paper(bench):
    ink = palette.PLAIN["ink"]["dark"]
    written = {ink, f"rgb({', '.join(map(str, bytes.fromhex(ink[1:])))})"}
    bench.look("dark")
    drawings = {id_: download(bench, id_, "svg").decode() for id_ in FIGURES}
    bench.look("light")
    for id_, drawing in drawings.items():
        assert not [colour for colour in written if colour in drawing], id_


def test_png_is_a_picture_of_the_svg_s_size(bench):
    drawing = download(bench, "attention-matrix", "svg").decode()
    picture = download(bench, "attention-matrix", "png")
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", picture[16:24])
    svg_width, svg_height = map(float, re.search(r'width="([\d.]+)" height="([\d.]+)"', drawing).groups())
    assert (width, height) == (2 * round(svg_width), 2 * round(svg_height))
    assert len(picture) > 20_000


def test_numbers_can_be_read_as_tables(bench):
    figure = bench.page.locator("figure#attention-matrix")
    figure.locator("[data-tool=table]").click()
    tables = figure.locator("table")
    assert tables.count() == 5
    heads = tables.nth(0).locator("thead th").all_text_contents()
    assert heads == ["the", "cat", "chased", "the", "dog"]
    bench.set("attention-matrix", sentence="red dog")
    outputs = bench.outputs("attention-matrix")
    cells = tables.nth(0).locator("tbody td").all_text_contents()
    assert cells == [number(x) for x in outputs["scores"]["data"]]
    figure.locator("[data-tool=table]").click()
    assert figure.locator(".tl-table").is_hidden()


def test_a_tool_that_does_not_work_says_so(bench):
    """Whatever stops it: here, a browser that has no room for the picture."""
    bench.page.evaluate(
        """() => {
          window.toBlob = HTMLCanvasElement.prototype.toBlob;
          HTMLCanvasElement.prototype.toBlob = (give) => give(null);
        }"""
    )
    bench.page.locator("figure#two-picks [data-tool=png]").click()
    said = bench.page.locator("figure#two-picks .tl-message")
    expect(said).to_contain_text(say("failed-tool", tool="PNG", reason="").split("(")[0].strip())
    bench.page.evaluate("() => { HTMLCanvasElement.prototype.toBlob = window.toBlob; }")
    bench.page.locator("figure#two-picks [data-tool=reset]").click()
    expect(said).to_be_empty()


def test_a_link_is_shown_where_there_is_no_clipboard(visiting, site):
    """Browsers give none to a page that came by http, unless it came from this machine."""
    with visiting() as visit:
        address = site.replace("127.0.0.1", "book.test") + "workbench/workbench.html"
        visit.open(address, live=False)
        id_ = "attention-matrix"
        visit.until("(id) => probe.figure(id).dataset.state === 'live'", id_, timeout=LIVE)
        assert visit.page.evaluate("navigator.clipboard === undefined")
        visit.set(id_, temperature=2)
        visit.page.locator(f"figure#{id_} [data-tool=link]").click()
        shown = say("link-shown", link=f"{address}#{id_}?temperature=2")
        expect(visit.page.locator(f"figure#{id_} .tl-message")).to_have_text(shown)
        assert not visit.errors


def test_check_reports_in_a_sentence(bench):
    bench.page.locator("figure#attention-matrix [data-tool=check]").click()
    bench.until(
        "(text) => { const said = probe.figure('attention-matrix').querySelector('.tl-message').textContent; "
        "return said && said !== text; }",
        say("checking"),
    )
    result = bench.check("attention-matrix")
    assert bench.said("attention-matrix") == say(
        "check-passed", cases=result["cases"], worst=number(result["worst"])
    )


def test_check_notices_a_trace_that_differs(visiting, site):
    """The proof is worth something only if it can fail: in what is drawn, and in what is remembered."""

    def falsify(of, name):
        def answer(route):
            response = route.fetch()
            trace = response.json()
            tensor = trace["tensors"][trace["cases"][2][of][name]]
            tensor["data"] = base64.b64encode((unpacked(tensor) + np.float32(0.001)).tobytes()).decode()
            route.fulfill(response=response, body=json.dumps(trace))

        return answer

    with visiting() as visit:
        visit.page.route("**/not-always-finite-*.trace.json", falsify("outputs", "power"))
        visit.page.route("**/descent-*.trace.json", falsify("next", "W"))
        visit.open(site + "workbench/workbench.html")
        for id_ in ("not-always-finite", "descent"):
            result = visit.check(id_)
            assert result["passed"] is False, id_
            assert result["worst"] == pytest.approx(0.001, rel=0.01)
        assert visit.check("two-picks")["passed"] is True


# -- exercises -----------------------------------------------------------------------------------------------------


def answer(visit, id_, text=None, option=None):
    form = visit.page.locator(f"form#{id_}")
    if text is not None:
        form.locator("input[type=text]").fill(text)
    if option is not None:
        form.get_by_label(option, exact=True).check()
    form.locator(".tl-message").evaluate("(place) => { place.textContent = ''; }")
    form.locator("button[type=submit]").click()
    visit.until("(id) => document.getElementById(id).querySelector('.tl-message').textContent", id_)
    return form.locator(".tl-message").text_content()


def test_an_exercise_knows_right_answers_from_typical_wrong_ones(bench):
    from .workbench import score_of_two

    answers = {name: view.value.item() for name, view in score_of_two.figure.run().items()}
    assert answer(bench, "score-of-two", "") == say("answer-none")
    for typed in ("many", "1/0", "1.2.3"):
        assert answer(bench, "score-of-two", typed) == say("answer-not-a-number", given=typed)
    assert answer(bench, "score-of-two", f"{answers['right'] * 1.2 + 0.5:.3f}") == say("answer-wrong")
    for key, hint in score_of_two.hints.items():
        assert answer(bench, "score-of-two", f"{answers[key]:.4f}") == say("answer-hint", hint=hint)
    digits = f"{answers['right']:.3f}"
    full_width = digits.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789.-"})
    typed_so = (digits.replace("-", "−"), digits.replace(".", ","), full_width, number(answers["right"]))
    percent, fraction = f"{answers['right'] * 100:.3f} %", f"{answers['right'] * 7:.4f}/7"
    for typed in (f"{answers['right']:.2f}", digits, *typed_so, percent, fraction):
        assert answer(bench, "score-of-two", typed) == say("answer-right"), typed


def test_an_exercise_with_options(bench):
    assert answer(bench, "which-scale") == say("answer-none")
    assert answer(bench, "which-scale", option="by d") == say("answer-hint", hint="Then the scores vanish.")
    assert answer(bench, "which-scale", option="by √d") == say("answer-right")


def test_progress_stays_in_the_browser(bench):
    answer(bench, "which-scale", option="by √d")
    other = bench.context.new_page()
    other.goto(bench.page.url)
    expect(other.locator("form#which-scale .tl-message")).to_have_text(say("solved-before"))
    other.close()


def test_no_answer_stands_in_the_page(bench):
    from .workbench import score_of_two

    markup = bench.page.evaluate("async () => (await fetch(location.href)).text()")
    right = score_of_two.figure.run()["right"].value.item()
    part = markup[markup.index('id="score-of-two"') : markup.index('id="which-scale"')]
    assert f"{right:.2f}" not in part


# -- figures with memory -------------------------------------------------------------------------------------------

# Between two drawings while it plays, for a reader who wants little motion.
STILL = 0.9


def steps_of(bench):
    """The buttons of the figure with memory, and what it says of its steps."""
    place = bench.page.locator('figure#descent [data-control="training"]')
    return place, lambda: place.locator(".tl-steps").text_content()


def test_steps_are_taken_one_by_one_and_back_to_the_start(bench):
    descent, (place, said) = FIGURES["descent"], steps_of(bench)
    assert said() == say("steps-taken", step=0, steps=30)
    for count in (1, 2, 3):
        place.locator(".tl-step").click()
        bench.settle("descent")
        assert said() == say("steps-taken", step=count, steps=30)
    wanted = descent.show(descent.check({"training": 3}))
    for name, tensor in wanted.outputs.items():
        assert_close(numbers(bench.outputs("descent"), name), tensor.detach().numpy(), name)
    state = bench.page.evaluate("probe.figure('descent').explorable.state")
    assert state["step"] == {"shape": [], "data": [3]}
    assert_close(numbers(state, "W"), wanted.state["W"].numpy())
    told = bench.controls("descent")["training"]
    assert (told["step"], told["steps"], told["done"]) == (3, 30, False)
    place.locator(".tl-restart").click()
    bench.settle("descent")
    assert said() == say("steps-taken", step=0, steps=30)
    assert bench.values("descent")["training"] == 0


def test_what_a_state_holds_grows_and_names_the_axis_it_grows_along(bench):
    speaker = FIGURES["a-word-a-step"]
    place = bench.page.locator("figure#a-word-a-step")
    for count in (1, 2, 3):
        place.locator(".tl-step").click()
        bench.settle("a-word-a-step")
        wanted = speaker.show(speaker.check({"speaking": count}))
        (words, source), _ = wanted.labels("attention"), wanted.labels("mean")
        assert len(words) == count + 1 and len(source) == 3
        assert place.locator(".tl-token b").all_text_contents() == words
        assert place.locator("[data-view=attention] .ytick text").all_text_contents() == words
        for name, tensor in wanted.outputs.items():
            assert_close(numbers(bench.outputs("a-word-a-step"), name), tensor.numpy(), name)
        assert place.locator(".tl-summary").text_content() == wanted.summary()
    assert words[-1] == "then" and bench.controls("a-word-a-step")["speaking"]["done"] is True
    state = bench.page.evaluate("probe.figure('a-word-a-step').explorable.state")
    assert state["keys"]["shape"] == [3, 4] and state["said"]["data"] == [
        0,
        *map(VOCABULARY.index, words[1:]),
    ]
    # Another sentence has another length, and the words go on.
    bench.set("a-word-a-step", sentence="cat", speaking=5)
    assert bench.outputs("a-word-a-step")["attention"]["shape"] == [6, 1]


def test_scripts_take_steps_too(bench):
    def call(what):
        return bench.page.evaluate(
            f"probe.figure('descent').explorable.{what}.catch(({{ message }}) => message)"
        )

    assert call("step()")["training"] == 1
    assert call("step(4)")["training"] == 5
    assert call("restart()")["training"] == 0
    assert "Train" in call("step(31)") and bench.values("descent")["training"] == 0


def test_a_rate_moves_in_the_middle_of_training(bench):
    descent = FIGURES["descent"]
    steps = descent.steps()
    for changes in ({"training": 5}, {"rate": 0.05}, {"training": 9}, {"rate": 0.45}, {"training": 10}):
        values = bench.set("descent", **changes)
        wanted = descent.show(values, steps).outputs
        for name, tensor in wanted.items():
            assert_close(numbers(bench.outputs("descent"), name), tensor.detach().numpy(), (name, changes))


def test_what_changes_the_state_s_meaning_starts_anew_and_says_so(bench):
    bench.set("descent", training=7)
    bench.page.locator('figure#descent [data-control="form"] input:not(:checked)').click()
    bench.settle("descent")
    assert bench.values("descent") == {"rate": 0.2, "form": "momentum", "training": 0}
    assert bench.said("descent") == say("started-anew", label="Train", moved="Form")
    bench.page.locator('figure#descent [data-control="training"] .tl-step').click()
    bench.settle("descent")
    assert bench.said("descent") == ""


def test_training_plays_to_its_end_and_then_once_more(bench):
    place, said = steps_of(bench)
    bench.set("descent", training=28)
    play = place.locator(".tl-play")
    play.click()
    bench.until("() => probe.figure('descent').explorable.values.training === 30")
    expect(play).to_have_attribute("aria-pressed", "false")
    assert bench.controls("descent")["training"]["done"] is True
    assert place.locator(".tl-step").get_attribute("aria-disabled") == "true"
    bench.until("() => location.hash.includes('training=30')", timeout=5)
    play.click()
    bench.until("() => [3, 6].includes(probe.figure('descent').explorable.values.training)")
    play.click()
    bench.settle("descent")
    stopped = said()
    play.page.wait_for_timeout(1500 * STILL)
    assert said() == stopped


def test_training_pauses_out_of_sight(bench):
    place, _ = steps_of(bench)
    place.locator(".tl-play").click()
    bench.until("() => probe.figure('descent').explorable.values.training > 0")
    bench.page.evaluate("scrollTo(0, 0)")
    bench.page.wait_for_timeout(300)
    bench.settle("descent")
    before = bench.values("descent")["training"]
    bench.page.wait_for_timeout(1500 * STILL)
    assert bench.values("descent")["training"] == before < 30
    place.scroll_into_view_if_needed()
    bench.until("(before) => probe.figure('descent').explorable.values.training > before", before)
    place.locator(".tl-play").click()


def test_a_step_without_a_number_is_told_and_not_taken(bench):
    place, said = steps_of(bench)
    bench.set("descent", training=4)
    before = bench.outputs("descent")
    bench.set("descent", rate=0.33)
    for _ in range(2):
        place.locator(".tl-step").click()
        bench.until(
            "() => probe.figure('descent').querySelector('[data-control=training] .tl-problem').textContent"
        )
        assert "descent" in place.locator(".tl-problem").text_content()
        assert bench.values("descent")["training"] == 4
        assert bench.outputs("descent") == before
        assert said() == say("steps-taken", step=4, steps=30)
    # The state of the last good step is still there.
    bench.set("descent", rate=0.2)
    bench.set("descent", training=5)
    wanted = FIGURES["descent"].show(FIGURES["descent"].check({"training": 5})).outputs["W"].detach().numpy()
    assert_close(numbers(bench.outputs("descent"), "W"), wanted)


def test_a_link_counts_steps_from_the_start(bench):
    bench.set("descent", rate=0.5, training=9)
    bench.page.evaluate("location.hash = 'descent?rate=0.1&training=12'")
    bench.until("() => probe.figure('descent').explorable.values.training === 12")
    bench.settle("descent")
    figure = FIGURES["descent"]
    wanted = figure.show(figure.check({"rate": 0.1, "training": 12})).outputs["W"].detach().numpy()
    assert_close(numbers(bench.outputs("descent"), "W"), wanted)
