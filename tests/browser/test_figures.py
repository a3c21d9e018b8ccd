"""What only a page's own figures can get wrong, asked of every page with figures on one visit.

They become live where their pictures stood, show PyTorch's numbers, follow each control, and can be read at both ends
of each, in light and dark, wide and narrow, folded and unfolded, by everyone. What depends on the front end alone is
asked of the workbench, in test_front_end.py and test_reader.py.
"""

import numpy as np
import pytest

from transformer_lite.explore.text import say

from ..built import trace
from .accessibility import audit
from .conftest import WORKBENCH
from .exercises import described, exercises, give, told
from .settings import assert_close, memory_of, numbers, other_values
from .visit import PROBE, SIZES

# Each differs from the one before in one thing, so that charts are drawn again once. The visit begins with the first.
LOOKS = [("light", "wide"), ("dark", "wide"), ("dark", "phone"), ("light", "phone")]
# What says or shows something else once a reader has unfolded it.
FOLDED = ["figure.explorable details", ".tl-tools", ".tl-table"]


@pytest.fixture
def recorded(opened, served, live_page):
    """The recorded cases of a figure, or of an exercise, as they lie beside the page."""
    static = served / "sub" / ("workbench" if live_page == WORKBENCH else "") / "_static"
    source = "(id) => document.getElementById(id).dataset.source"
    return lambda id_: trace(static, opened.page.evaluate(source, id_))


def faults_of(visit):
    """What covers something else, is cut off, or reaches out of the window now."""
    found = [f"{id_}: {what}" for id_ in visit.figures() for what in visit.objections(id_)]
    wider = visit.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*found, f"the page is {wider} px wider than the window"] if wider > 0 else found


# -- as it is opened -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_nothing_moves_when_figures_become_live(opened, size):
    moved = opened.page.evaluate("(size) => probe.moved(`${size} before`, `${size} after`)", size)
    assert not moved, moved[:5]


def test_every_figure_becomes_live(opened):
    assert opened.figures()
    said = {id_: (opened.state(id_), opened.said(id_)) for id_ in opened.figures()}
    assert said == dict.fromkeys(opened.figures(), ("live", ""))
    opened.page.wait_for_load_state("networkidle")
    assert not opened.errors
    assert not opened.foreign()


def test_outputs_at_the_defaults_are_pytorch_s(live, recorded):
    for id_ in live.figures():
        case = recorded(id_)[0]
        assert case["values"] == live.values(id_), id_
        shown = live.outputs(id_)
        assert shown.keys() == case["outputs"].keys(), id_
        for name, wanted in case["outputs"].items():
            assert_close(numbers(shown, name), wanted, (id_, name))


def test_check_replays_the_whole_trace(live, recorded):
    for id_ in live.figures():
        cases = recorded(id_)
        result = live.check(id_)
        assert result.keys() >= {"passed", "cases", "worst"}
        assert result["passed"] is True, (id_, result)
        assert result["cases"] == len(cases), id_
        largest = max(
            np.abs(t[np.isfinite(t)]).max(initial=1) for case in cases for t in case["outputs"].values()
        )
        assert 0 <= result["worst"] <= 1e-5 * largest, (id_, result)
        assert not live.changes(), "a check must not move what is on display"


def test_every_exercise_accepts_the_right_answer(opened, recorded):
    """Which its graph computes; the wrong ones are asked in tests/explore/test_built_figures.py."""
    for id_ in exercises(opened):
        form = opened.page.locator(f"form#{id_}")
        (case,) = recorded(id_)
        give(form, described(opened, id_), case["outputs"]["right"])
        assert told(form) == say("answer-right"), id_


# -- without JavaScript --------------------------------------------------------------------------------------------


def test_the_default_picture_is_whole(still):
    """As it is drawn at first paint, and stays where figures cannot be live."""
    still.page.evaluate(PROBE.read_text(encoding="utf-8"))
    for size in SIZES:
        still.page.set_viewport_size(SIZES[size])
        for id_ in still.figures():
            slots = still.page.locator(f"figure#{id_} .tl-slot")
            assert slots.locator("> svg").count() == slots.count(), id_
        assert not faults_of(still), size
    assert not still.errors


def test_the_summary_at_the_defaults_is_the_one_that_was_written(live, still):
    for id_ in live.figures():
        written = still.page.locator(f"figure#{id_} details .tl-summary").text_content()
        assert live.said(id_, ".tl-summary") == written, id_


# -- in every look -------------------------------------------------------------------------------------------------


def unfold(visit, is_open):
    """Opens or closes the summary and the table of every figure."""
    visit.page.evaluate(
        """(open) => probe.figures().forEach((figure) => {
          figure.querySelectorAll("details").forEach((details) => { details.open = open; });
          figure.querySelector("[data-tool=table]").click();
        })""",
        is_open,
    )


def moved_to_its_ends(visit, id_, name, control):
    """What goes wrong when one control goes from end to end."""
    moved = []
    # Of a figure with memory it is the next steps that a control changes, or the last ones.
    controls = visit.controls(id_)
    memory = memory_of(controls)
    for steps in [{}] if memory in (None, name) else [{memory: 2}, {memory: controls[memory]["steps"]}]:
        visit.set(id_, **steps)
        before = visit.outputs(id_)
        for value in other_values(control, controls, visit.values(id_)):
            visit.set(id_, **dict.fromkeys(steps, 0))
            came = visit.move(id_, **{name: value}, **steps)
            moved.append(visit.outputs(id_) != before if steps else came.get("changed"))
            wanted = {"changes": [id_], "unfit": [], "objections": []}
            seen = {what: came.get(what) for what in wanted}
            if "refused" in came or came["values"][name] != value or seen != wanted:
                yield f"{id_}, {name} = {value!r}: {came}; see {visit.keep(f'{id_}-{name}-{value}', id_)}"
        visit.reset(id_)
        if any(moved):
            return
    yield f"{id_}: {name} changes no number"


@pytest.mark.parametrize(("theme", "size"), LOOKS)
def test_a_page_is_clean_and_every_control_changes_a_number(opened, theme, size):
    """Nothing is hidden, axe objects to nothing, and each control changes a number, at its ends too.

    In the second look of a size, the page shows the same elements and its figures' texts stand in the same places as in
    the first; so nothing but colours is left to be asked.
    """
    opened.look(theme, size)
    first = (theme, size) in LOOKS[::2]
    faults = []
    for id_ in opened.figures() if first else []:
        start = opened.outputs(id_)
        for name, control in opened.controls(id_).items():
            faults += moved_to_its_ends(opened, id_, name, control)
        if opened.outputs(id_) != start:
            faults.append(f"{id_}: reset does not bring back what was there")
    unfold(opened, True)
    faults += [f"unfolded: {what}" for what in faults_of(opened)]
    if first:
        faults += [f"unfolded: {what}" for what in audit(opened)]
    unfold(opened, False)
    faults += faults_of(opened)
    faults += audit(opened, inside=FOLDED) if first else audit(opened, colours_only=True)
    for what in ("otherElements", "otherPlaces"):
        other = opened.page.evaluate("([what, size]) => probe[what](size)", [what, size])
        faults += [f"not as in the first look of this size: {difference}" for difference in other[:5]]
    assert not faults, "\n".join(map(str, faults))
    assert not opened.errors
