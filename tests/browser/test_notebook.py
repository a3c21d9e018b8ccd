"""The chapter as a notebook: a real JupyterLab, a real kernel, and a reader who changes the code."""

import re

import nbformat
import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook

from transformer_lite.explore import Sketch
from transformer_lite.explore.text import number, say

from .lab import open_notebook, running_lab
from .settings import assert_close, numbers
from .visit import LIVE, ROOT

CHAPTER = "book/attention/scaled-dot-product.ipynb"


# A figure with memory that asks first, and one to draw into.
OWN = [
    """\
import torch
from transformer_lite.explore import Heatmap, Image, Number, Predict, Sketch, Slider, State, explore

generator = torch.Generator().manual_seed(0)
x, y = torch.randn(30, 4, generator=generator), torch.randn(30, 3, generator=generator)""",
    """\
@explore(
    rate=Slider(0.0, 1.0, value=0.1, label="Learning rate"),
    training=State({"W": torch.zeros(4, 3)}, steps=100, label="Train"),
    show={"weights": Heatmap(signed=True, limit=2), "loss": Number()},
    predict=Predict("How large is the loss after ten steps?", view="loss"),
)
def learning(rate, training):
    \"\"\"Gradient descent, a step at a time.\"\"\"
    W = training["W"].requires_grad_()
    loss = (x @ W - y).square().mean()
    (gradient,) = torch.autograd.grad(loss, W)
    step = rate * gradient
    return {"weights": W, "loss": loss}, {"W": W - step}""",
    """\
@explore(digit=Sketch((12, 10), value=[[(2, 2), (8, 2)]], label="Digit"), show={"pixels": Image()})
def drawn(digit):
    \"\"\"What was drawn.\"\"\"
    return {"pixels": digit}""",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab with the book, and with a notebook `own.ipynb` of the tests."""
    folder = tmp_path_factory.mktemp("lab")
    with running_lab(folder) as address:
        nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in OWN]), folder / "root/own.ipynb")
        yield address


@pytest.fixture(scope="module")
def own(visiting, lab):
    with visiting(height=1000) as visit:
        open_notebook(visit, lab, "own.ipynb")
        visit.until("() => probe.figures().length === 2", timeout=LIVE)
        visit.wake()
        yield visit


@pytest.fixture(scope="module")
def notebook(visiting, lab):
    """The chapter in JupyterLab, with all of its cells run."""
    with visiting(height=1000) as visit:
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


def losses(rates):
    """The same by PyTorch's own optimiser: the loss before each step, and after the last."""
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(30, 4, generator=generator), torch.randn(30, 3, generator=generator)
    W = torch.zeros(4, 3, requires_grad=True)
    found = []
    for rate in [*rates, 0.0]:
        loss = torch.nn.functional.mse_loss(x @ W, y)
        found.append(loss.item())
        (gradient,) = torch.autograd.grad(loss, W)
        W = (W - rate * gradient).detach().requires_grad_()
    return found


def test_a_figure_asks_first_and_steps_run_in_the_kernel(own):
    id_, place = "learning", own.page.locator("figure#learning")
    place.scroll_into_view_if_needed()
    assert own.said(id_, "[data-control=training] .tl-problem") == ""
    place.locator(".tl-step").click()
    own.until("() => probe.figure('learning').querySelector('.tl-problem:not(:empty)')")
    assert own.said(id_, "[data-control=training] .tl-problem") == say("guess-first")
    place.locator(".tl-predict input").fill("0.5")
    place.locator(".tl-predict input").press("Enter")
    for count in (1, 2, 3):
        place.locator(".tl-step").click()
        own.until("(count) => probe.figure('learning').explorable.values.training === count", count)
        own.settle(id_)
    shown = own.outputs(id_)["loss"]["data"][0]
    assert shown == pytest.approx(losses([0.1] * 3)[3], rel=1e-5)
    own.set(id_, rate=0.5)
    own.set(id_, training=5)
    shown = own.outputs(id_)["loss"]["data"][0]
    assert shown == pytest.approx(losses([0.1] * 3 + [0.5] * 2)[5], rel=1e-5)
    assert own.check(id_)["passed"]
    # Played to the end: the guess stands beside what came.
    place.locator("[data-control=training] .tl-play").click()
    own.until("() => probe.figure('learning').explorable.values.training === 100", timeout=LIVE)
    own.settle(id_)
    loss = own.outputs(id_)["loss"]["data"][0]
    assert loss == pytest.approx(losses([0.1] * 3 + [0.5] * 97)[100], rel=1e-4)
    assert number(loss) in own.said(id_, ".tl-verdict")


def test_a_drawing_reaches_the_kernel(own):
    sketch, strokes = Sketch((12, 10)), "4.AAff.BC"
    sketch.prepare("digit")
    own.set("drawn", digit=strokes)
    wanted = sketch.encode(sketch.check(strokes)).numpy()
    assert_close(numbers(own.outputs("drawn"), "pixels"), wanted)
    assert own.check("drawn")["passed"]


def test_an_edited_step_shows_at_the_next_press(own):
    cell = own.page.locator(".jp-CodeCell", has_text="def learning")
    replace_line(own, cell, r"step = rate", "step = 2 * rate * gradient")
    own.until(
        """() => {
          const { dataset, explorable } = probe.figure("learning") ?? { dataset: {} };
          return dataset.state === "live" && explorable.values.training === 0;
        }""",
        timeout=LIVE,
    )
    own.skip_questions()
    own.page.locator("figure#learning .tl-step").click()
    own.until("() => probe.figure('learning').explorable.values.training === 1")
    own.settle("learning")
    assert own.outputs("learning")["loss"]["data"][0] == pytest.approx(losses([0.2])[1], rel=1e-5)
    assert own.check("learning")["passed"]


def test_a_restarted_kernel_is_said_and_nothing_pretends_to_have_moved(notebook):
    """Last in this file: behind the figures there is no kernel any more that knows them."""
    id_, gone = "three-divisors", say("kernel-gone")
    values, outputs = notebook.values(id_), notebook.outputs(id_)
    handle = control(notebook, id_, "d_k").locator("input[type=range]")
    typed = control(notebook, id_, "d_k").locator("input[type=text]")
    shown = handle.input_value(), typed.input_value()

    def nothing_moved():
        # What a key has moved goes back once the kernel is found to be silent.
        notebook.until(
            """([id, shown]) => [...probe.figure(id).querySelectorAll("[data-control=d_k] input")]
              .every((input, i) => input.value === shown[i])""",
            [id_, shown],
        )
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
