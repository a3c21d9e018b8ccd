"""The chapter as a notebook: a real JupyterLab, a real kernel, and a reader who changes the code."""

import re

import pytest

from transformer_lite.explore.text import number, say

from .lab import open_notebook, running_lab
from .visit import LIVE, ROOT

CHAPTER = "book/attention/scaled-dot-product.ipynb"


@pytest.fixture(scope="module")
def notebook(visiting, tmp_path_factory):
    """The chapter in JupyterLab, with all of its cells run."""
    with running_lab(tmp_path_factory.mktemp("lab")) as lab, visiting(height=1000) as visit:
        visit.frames = []
        visit.page.on(
            "websocket",
            lambda socket: socket.on("framereceived", lambda content: visit.frames.append(len(content))),
        )
        open_notebook(visit, lab, CHAPTER)
        source = (ROOT / CHAPTER).read_text(encoding="utf-8")
        visit.until("(n) => probe.figures().length === n", source.count('"@explore('), timeout=LIVE)
        visit.wake()
        yield visit


def control(visit, id_, name):
    return visit.page.locator(f'figure#{id_} [data-control="{name}"]')


def test_every_cell_ran_and_every_figure_is_live(notebook):
    errors = notebook.page.locator(
        "[data-mime-type='application/vnd.jupyter.stderr'], .jp-RenderedText[data-mime-type*=error]"
    )
    assert errors.all_text_contents() == []
    assert {id_: notebook.state(id_) for id_ in notebook.figures()} == dict.fromkeys(
        notebook.figures(), "live"
    )
    assert not notebook.foreign(), "a notebook needs no other host"
    instead = notebook.page.locator(".jp-OutputArea-output img")
    assert not any(picture.is_visible() for picture in instead.all()), "they are for where no kernel is"


def test_plotly_travels_once_for_the_whole_notebook(notebook):
    assert len(notebook.figures()) > 1
    assert sum(length > 4_000_000 for length in notebook.frames) == 1


def test_the_kernel_s_figures_keep_their_promises(notebook):
    for id_ in notebook.figures():
        result = notebook.check(id_)
        assert result["passed"] and result["cases"] > 5
        assert result["worst"] <= 1e-5
        values = notebook.values(id_)
        assert "refused" in notebook.set(id_, no_such_control=1)
        assert notebook.values(id_) == values


def test_moving_a_slider_moves_the_picture_through_the_kernel(notebook):
    id_ = "scores-cell-by-cell"
    place = control(notebook, id_, "computed")
    place.scroll_into_view_if_needed()
    before = notebook.outputs(id_)
    assert before["scores"]["data"].count("-Infinity") == 36 - notebook.values(id_)["computed"]
    picture = notebook.page.locator(f'figure#{id_} [data-view="scores"] .tl-slot')
    texts = picture.locator(".textpoint, .heatmap-label").all_text_contents()
    notebook.changes()
    place.locator("input[type=range]").focus()
    for _ in range(3):
        notebook.page.keyboard.press("ArrowLeft")
    notebook.settle(id_)
    computed = notebook.values(id_)["computed"]
    assert computed == 36 - before["scores"]["data"].count("-Infinity") - 3
    assert notebook.outputs(id_)["scores"]["data"].count("-Infinity") == 36 - computed
    assert id_ in notebook.changes()
    assert picture.locator(".textpoint, .heatmap-label").all_text_contents() != texts
    notebook.reset(id_)
    assert notebook.outputs(id_) == before


def test_bad_input_gets_a_sentence_and_nothing_typed_is_lost(notebook):
    id_ = "attention-of-a-sentence"
    described = notebook.controls(id_)["sentence"]
    known = ", ".join(described["vocabulary"])
    field = control(notebook, id_, "sentence").locator("input")
    field.scroll_into_view_if_needed()
    outputs = notebook.outputs(id_)
    word, most = described["vocabulary"][0], described["maximum"]
    for typed, sentence in [
        ("the zebra", say("unknown-words", unknown="zebra", known=known)),
        ("", say("no-words", known=known)),
        (" ".join([word] * (most + 1)), say("too-many-words", count=most + 1, maximum=most)),
    ]:
        field.fill(typed)
        field.press("Tab")
        notebook.settle(id_)
        assert control(notebook, id_, "sentence").locator(".tl-problem").text_content() == sentence
        assert field.input_value() == typed
        assert notebook.outputs(id_) == outputs
    for typed in (word, " ".join([word] * most)):
        field.fill(typed)
        notebook.settle(id_)
        assert control(notebook, id_, "sentence").locator(".tl-problem").text_content() == ""
        assert notebook.outputs(id_)["weights"]["shape"] == [len(typed.split())] * 2
    notebook.reset(id_)


def test_a_number_typed_outside_its_range(notebook):
    id_ = "three-divisors"
    described = notebook.controls(id_)["d_k"]
    field = control(notebook, id_, "d_k").locator("input[type=text]")
    field.scroll_into_view_if_needed()
    for typed in (described["max"] + 1, described["min"] - 1):
        field.fill(str(typed))
        field.press("Enter")
        notebook.settle(id_)
        ends = {"min": number(described["min"]), "max": number(described["max"])}
        wanted = say("out-of-range", label=described["label"], value=number(typed), **ends)
        assert control(notebook, id_, "d_k").locator(".tl-problem").text_content() == wanted
        assert field.input_value() == str(typed)
        assert notebook.values(id_)["d_k"] == described["value"]
    notebook.reset(id_)


def replace_line(visit, cell, old, new):
    """As a reader edits: a click into the line, the keyboard, Shift+Enter."""
    line = cell.locator(".cm-line", has_text=re.compile(old)).first
    line.scroll_into_view_if_needed()
    line.click()
    visit.page.keyboard.press("Home")
    visit.page.keyboard.press("Shift+End")
    visit.page.keyboard.insert_text(new)
    visit.page.keyboard.press("Escape")
    visit.page.keyboard.press("Shift+Enter")


def test_a_changed_line_changes_the_figure_and_its_mistakes_are_named(notebook):
    """From here on the notebook is not the chapter any more."""
    id_ = "attention-of-a-sentence"
    cell = notebook.page.locator(".jp-CodeCell", has_text="def attention_of_a_sentence")
    n = len(notebook.values(id_)["sentence"].split())
    assert len(set(notebook.outputs(id_)["weights"]["data"])) > 1
    replace_line(
        notebook, cell, r"weights = \(Q @ K", "weights = torch.full((X.shape[0], X.shape[0]), 1 / X.shape[0])"
    )
    notebook.until(
        """([id, n]) => {
          const figure = probe.figure(id);
          if (figure?.dataset.state !== "live") return false;
          const { data } = figure.explorable.outputs.weights;
          return data.length === n * n && data.every((x) => Math.abs(x - 1 / n) < 1e-6);
        }""",
        [id_, n],
        timeout=LIVE,
    )
    assert number(1 / n) in notebook.page.locator(f"figure#{id_} .tl-token i").first.text_content()
    control(notebook, id_, "sentence").locator("input").fill("the cat")
    notebook.settle(id_)
    assert notebook.outputs(id_)["weights"]["data"] == [0.5] * 4
    assert notebook.check(id_)["passed"], "the trace is that of the new function"

    # A mistake that shows at once has Python's own words below the cell; one that shows only with some sentences
    # is named beside the control.
    replace_line(
        notebook, cell, r"weights = torch\.full", "weights = torch.eye(X.shape[0]) + torch.zeros(2, 2)"
    )
    notebook.page.locator(".jp-CodeCell [data-mime-type$=stderr]").wait_for()
    only_two = "weights = X @ X.T + torch.zeros({2: 3}.get(X.shape[0], 1), 1)"
    replace_line(notebook, cell, r"weights = torch\.eye", only_two)
    notebook.until("(id) => probe.figure(id)?.dataset.state === 'live'", id_, timeout=LIVE)
    field = control(notebook, id_, "sentence").locator("input")
    field.fill("the cat")
    field.press("Enter")
    notebook.until("(id) => probe.figure(id).querySelector('.tl-problem').textContent", id_)
    assert "RuntimeError" in control(notebook, id_, "sentence").locator(".tl-problem").text_content()
    assert field.input_value() == "the cat"
    assert notebook.outputs(id_)["weights"]["shape"] == [n, n]


def test_a_restarted_kernel_is_said_and_nothing_pretends_to_have_moved(notebook):
    """Last in this file: behind the figures there is no kernel any more that knows them."""
    id_, gone = "three-divisors", say("kernel-gone")
    values, outputs = notebook.values(id_), notebook.outputs(id_)
    handle = control(notebook, id_, "d_k").locator("input[type=range]")
    typed = control(notebook, id_, "d_k").locator("input[type=text]")
    shown = handle.input_value(), typed.input_value()

    def nothing_moved():
        assert notebook.values(id_) == values
        assert notebook.outputs(id_) == outputs
        assert (handle.input_value(), typed.input_value()) == shown
        assert control(notebook, id_, "d_k").locator(".tl-problem").text_content() == ""
        assert notebook.said(id_) == gone

    notebook.page.get_by_role("menuitem", name="Kernel", exact=True).click()
    notebook.page.locator(".lm-Menu [data-command='kernelmenu:restart']").click()
    notebook.page.locator(".jp-Dialog .jp-mod-accept").click()
    # Said at once, before the reader does anything, by figures and exercises alike.
    notebook.until(
        """(gone) => [...document.querySelectorAll("figure.explorable, form.tl-exercise")]
          .every((each) => each.querySelector(".tl-message").textContent === gone)""",
        gone,
    )
    handle.scroll_into_view_if_needed()
    handle.focus()
    for key in ("ArrowRight", "ArrowRight"):
        notebook.page.keyboard.press(key)
    notebook.page.evaluate("(id) => probe.figure(id).explorable.set({}).catch(() => {})", id_)
    nothing_moved()
    described = notebook.controls(id_)["d_k"]
    assert notebook.set(id_, d_k=described["max"]) == {"refused": gone}
    nothing_moved()
    refused = "(id) => probe.figure(id).explorable.check().catch(({ message }) => message)"
    assert notebook.page.evaluate(refused, id_) == gone
    # A sentence that was typed is not lost.
    sentence = control(notebook, "attention-of-a-sentence", "sentence")
    sentence.locator("input").fill("the girl ate")
    notebook.until(
        "([id, gone]) => probe.figure(id).querySelector('.tl-problem').textContent === gone",
        ["attention-of-a-sentence", gone],
    )
    assert sentence.locator("input").input_value() == "the girl ate"
    # A slider that plays stops.
    play = control(notebook, id_, "d_k").locator(".tl-play")
    label = play.get_attribute("aria-label")
    play.click()
    notebook.until(
        """([id, label]) => {
          const play = probe.figure(id).querySelector(".tl-play");
          return play.ariaPressed === "false" && play.ariaLabel === label;
        }""",
        [id_, label],
    )
    nothing_moved()
